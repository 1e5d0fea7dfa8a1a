/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SCAN_TYPES_H
#define NLT_SCAN_SCAN_TYPES_H

/* What the files of src/scan share: the inside of a scan, its splits, its readers, its report. */

#include <pthread.h>

#include "io/layout.h"
#include "io/source.h"
#include "scan/scan.h"
#include "wire/capture.h"

enum {
    NLT_SCAN_LISTS_MAX = 4,         /* tellers and the connector itself */
    NLT_SCAN_HEADERS_MAX = 4 << 20, /* bytes of header lines of a file that is cut */
    NLT_SCAN_EXAMPLES = 5,          /* rejected lines shown in a report */
    NLT_SCAN_EXCERPT_BYTES = 160,   /* of each */
    NLT_SCAN_LINE_MAX = 16 << 20,   /* a longer line is skipped without being held */
    NLT_SCAN_HEAD_BYTES = 16 << 20, /* the part of a file that alone may stop a run */
    NLT_SCAN_PART_BYTES = 1 << 20,  /* of records that a reader gives at once */
    NLT_SCAN_JUDGED_LINES = 100     /* fewer lines of a file say nothing about it */
};

typedef enum nlt_look {
    NLT_LOOK_DONE = 0, /* or there is nothing to look for */
    NLT_LOOK_NOT_YET,
    NLT_LOOK_UNDER_WAY
} nlt_look;

/* A range of a file that one reader reads: the lines or packets that begin in [begin, end). */
typedef struct nlt_split {
    int64_t file;
    int64_t begin;
    int64_t end;   /* INT64_MAX: to the end of the file */
    int64_t lines; /* once filed */
    bool is_filed; /* was read to its end */
    struct nlt_line_counts
        *partial; /* what a reading that stopped early counted; owned; NULL: none */
    /* headers.h; guarded by the scan's lock */
    nlt_look look; /* for header lines */
    char *headers; /* that begin in it, each with its newline; owned; NULL: none, or not kept */
    size_t headers_len;
    const void
        *state; /* of the connector where it begins; shared with neighbours; NULL: all zero */
} nlt_split;

typedef struct nlt_line_counts {
    int64_t lines, used, rows, ignored, skipped, filtered;
    int64_t unknown_links; /* of the ignored ones */
    int64_t by_reason[NLT_REJECT_COUNT];
} nlt_line_counts;

/* A rejected line, shown to the user. */
typedef struct nlt_example {
    int64_t split;
    int64_t line;   /* within the split, from 0 */
    int64_t offset; /* of the file, decompressed */
    nlt_reject_reason reason;
    size_t len;
    char text[NLT_SCAN_EXCERPT_BYTES]; /* raw bytes, cut */
} nlt_example;

/* What a reader has seen of its split. */
typedef struct nlt_split_report {
    nlt_line_counts counts;
    nlt_example examples[NLT_SCAN_EXAMPLES]; /* the first ones of the split */
    int n_examples;
    uint32_t unknown_link; /* LINKTYPE_ value of one of them */
    bool is_complete;
    bool is_damaged;
    nlt_error damage;
} nlt_split_report;

/* Counts and the first examples, of one file or of all. */
typedef struct nlt_kept_report {
    nlt_line_counts counts;
    nlt_example examples[NLT_SCAN_EXAMPLES]; /* by split, then line */
    int n_examples;
} nlt_kept_report;

typedef struct nlt_scan_file {
    const nlt_file *entry; /* borrowed from the scan's list */
    char *place;           /* what is opened instead of the entry's path; owned; NULL: the path */
    const nlt_connector *connector;
    int64_t first_split;
    int64_t splits_left; /* not yet read to their end */
    int64_t head_left;   /* of them, such that begin in the first NLT_SCAN_HEAD_BYTES */
    int64_t n_states;    /* splits behind the first whose beginning is known (headers.h) */
    int64_t used, skipped, rows;
    int64_t head_used, head_skipped;
    bool are_pieces_counted; /* packets that were held and are now judged */
    char *damage;            /* owned; NULL: none */
    nlt_kept_report
        *kept; /* owned; what is not yet in the scan's report (saved.h); NULL: nothing */
} nlt_scan_file;

struct nlt_scan {
    char *name; /* owned; what statements and reports call its table */
    const nlt_connector *connector;
    nlt_file_list lists[NLT_SCAN_LISTS_MAX]; /* of the tellers, then of the connector */
    int n_lists;
    nlt_scan_file *files;
    int64_t n_files;
    int64_t file_number; /* of files[0] in the dataset: not 0 where this is a part of it */
    bool is_part;        /* of a dataset that was listed elsewhere: its file must be here, too */
    nlt_split *splits;
    int64_t n_splits;
    int64_t first_split;         /* behind those of the tellers */
    int64_t bytes;               /* -1: unknown */
    nlt_temp_space *spill_space; /* borrowed; own_space, or who reads told another */
    nlt_temp_space own_space;
    int threads;          /* that were spoken of when it was opened */
    atomic_int n_reading; /* of them, such that have a split open */
    int64_t part_bytes;   /* NLT_SCAN_PART_BYTES, or less where splits are smaller (tests) */

    char *head; /* of standard input, read already; owned; NULL: none */
    size_t head_len;
    nlt_zone *zone; /* owned */
    double max_bad_fraction;
    bool strict_files;
    bool filter_rows;
    double time_from, time_to; /* rows in [from, to) pass the filter */

    atomic_bool is_cancelled;
    atomic_llong bytes_done;
    atomic_llong rows_done;
    atomic_bool must_sort;
    atomic_int n_unproved; /* runs that are under way and may still find out that they must sort */
    atomic_bool is_in_order; /* a run found that it need not */

    void *facts; /* of the tellers; complete once n_told == first_split */
    atomic_llong next_teller;
    int64_t n_told;
    nlt_error tell_error;
    pthread_cond_t told;

    bool are_headers_kept;
    pthread_cond_t looked; /* through a split */

    pthread_mutex_t lock; /* guards what follows, n_told, and the counts of files and splits */
    nlt_kept_report report;
    uint32_t unknown_link;
    bool keeps_files; /* reports are kept by file (saved.h) */
    bool has_unused;  /* `unused` was restored */
    int64_t unused;   /* facts of no row */
    int64_t n_filed;
    bool are_pairs_counted;
};

/* The last list: the connector's own files. */
static inline const nlt_file_list *nlt__scan_list(const nlt_scan *scan)
{
    return &scan->lists[scan->n_lists - 1];
}

/* A scan of nothing; owned: nlt__scan_close. */
nlt_status nlt__scan_new(nlt_scan **out, nlt_error *err) NLT_MUST_CHECK;
/* Cuts the files, anew if they were cut before; nobody reads them yet. */
nlt_status nlt__scan_cut(
    nlt_scan *scan, int threads, int64_t split_bytes, nlt_error *err) NLT_MUST_CHECK;

struct nlt_scan_range;
/* Cuts the scan's only file to a range of lines, with a first split that has the headers before it. */
nlt_status nlt__scan_split_range(
    nlt_scan *scan, const struct nlt_scan_range *range, int threads, nlt_error *err) NLT_MUST_CHECK;

static inline const char *nlt__scan_place(const nlt_scan_file *file)
{
    return file->place != NULL ? file->place : file->entry->path;
}

/* ---- one thread's buffers, which are given one split after the other ---- */

typedef struct nlt_scan_reader nlt_scan_reader;

nlt_status nlt__scan_reader_open(nlt_scan *scan, const int *wanted, int n_wanted,
    nlt_scan_reader **out, nlt_error *err) NLT_MUST_CHECK;
void nlt__scan_reader_close(nlt_scan_reader *reader);
/* Rows that do not meet the conditions are counted and not made, from the next split on. */
nlt_status nlt__scan_reader_prune(
    nlt_scan_reader *reader, const nlt_prune *prune, nlt_error *err) NLT_MUST_CHECK;

/* Where the packets of a split begin, or those behind it. */
typedef struct nlt_capture_place {
    int64_t at; /* in the file; NLT_PLACE_UNKNOWN; INT64_MAX: nothing can be reached any more */
    nlt_capture capture; /* how to go on there; format 0: the file's beginning tells */
} nlt_capture_place;

#define NLT_PLACE_UNKNOWN INT64_C(-1)

/* Starts a split. Where there are tellers, those have to be done (nlt__scan_tell). */
nlt_status nlt__scan_reader_start(
    nlt_scan_reader *reader, int64_t split, nlt_records *records, nlt_error *err) NLT_MUST_CHECK;
/* The same of a capture. Where its packets begin is guessed if that is not known
 * (nlt__scan_reader_began). */
nlt_status nlt__scan_reader_start_packets(nlt_scan_reader *reader, int64_t split,
    const nlt_capture_place *from, nlt_records *records, nlt_error *err) NLT_MUST_CHECK;
/* The next rows of the split, borrowed until the next call on this reader; *batch = NULL at its
 * end, when its report has been filed. NLT_ERR_DAMAGED: bad-line limit or strict_files. Records of
 * paired connectors go to `records`, about scan->part_bytes of them in a call; their split's report
 * is left to be filed (nlt__scan_reader_file). */
nlt_status nlt__scan_reader_next(
    nlt_scan_reader *reader, const nlt_batch **batch, nlt_error *err) NLT_MUST_CHECK;
/* False: no split is open, or it is at its end. */
bool nlt__scan_reader_is_reading(const nlt_scan_reader *reader);
nlt_status nlt__scan_reader_file(nlt_scan_reader *reader, nlt_error *err) NLT_MUST_CHECK;
/* Whether the split's first packet was where the one before it has ended. */
bool nlt__scan_reader_began(const nlt_scan_reader *reader, const nlt_capture_place *reached);
/* Where the packets behind a split at its end begin. */
void nlt__scan_reader_reached(const nlt_scan_reader *reader, nlt_capture_place *place);
/* Leaves the split as if it had not been started; it will be read again. */
void nlt__scan_reader_abandon(nlt_scan_reader *reader);
/* The builder of the columns that were asked for; pairings write into it. */
nlt_builder *nlt__scan_reader_builder(nlt_scan_reader *reader);
const nlt_batch *nlt__scan_reader_view(nlt_scan_reader *reader);

/* A batch with all that it points into. */
typedef struct nlt_scan_parcel {
    nlt_batch view;
    nlt_builder *builder; /* owned */
    char *buf;            /* owned */
    size_t cap;
    struct nlt_scan_parcel *next; /* who keeps it may use this, and the next one */
    size_t counted;
} nlt_scan_parcel;

/* Packs the rows that the last call has given, for another thread; the reader goes on with what was in the
 * parcel, which may be all zero. NLT_ERR_NOMEM. */
nlt_status nlt__scan_reader_part(
    nlt_scan_reader *reader, nlt_scan_parcel *parcel, nlt_error *err) NLT_MUST_CHECK;

/* Reads the tellers' files, together with all other threads that call it, and returns when they are
 * complete. */
nlt_status nlt__scan_tell(nlt_scan *scan, nlt_error *err) NLT_MUST_CHECK;

/* ---- pairing ---- */

typedef struct nlt_pairing_run nlt_pairing_run;

nlt_status nlt__pairing_open(nlt_scan *scan, const int *wanted, int n_wanted, nlt_pairing_run **out,
    nlt_error *err) NLT_MUST_CHECK;
void nlt__pairing_close(nlt_pairing_run *run);
/* Works with the reader until a batch is made or nothing is left (NULL). */
nlt_status nlt__pairing_next(nlt_pairing_run *run, nlt_scan_reader *reader, const nlt_batch **batch,
    nlt_error *err) NLT_MUST_CHECK;

/* Adds what became of a file's packets that were held, once for each file however often it is read. */
void nlt__pairing_count_pieces(nlt_scan *scan, int64_t file, const nlt_piece_counts *counts);
/* Adds what pairings elsewhere have made of records: rows and filtered; used is negative, as ignored is
 * positive, for those that were not used after all. */
void nlt__pairing_count_rows(nlt_scan *scan, const nlt_line_counts *counts, int64_t facts_unused);

void nlt__scan_report_add(nlt_kept_report *sum, const nlt_kept_report *more);
/* Adds a split's report to the scan's, instead of what a shorter reading of the split has added; a
 * complete one is final. NLT_ERR_DAMAGED: a file's rejected lines passed the
 * limit, or strict_files. NLT_ERR_NOMEM. */
nlt_status nlt__scan_file_report(
    nlt_scan *scan, int64_t split, const nlt_split_report *report, nlt_error *err) NLT_MUST_CHECK;
/* NLT_ERR_DAMAGED if the share of rejected lines is above the limit. */
nlt_status nlt__scan_judge(const nlt_scan *scan, int64_t file, int64_t used, int64_t skipped,
    nlt_error *err) NLT_MUST_CHECK;

#endif
