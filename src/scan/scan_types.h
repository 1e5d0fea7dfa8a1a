/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SCAN_TYPES_H
#define NLT_SCAN_SCAN_TYPES_H

/* What the files of src/scan share: the inside of a scan, its splits and its report. */

#include <pthread.h>

#include "io/layout.h"
#include "io/source.h"
#include "scan/scan.h"

enum {
    NLT_SCAN_EXAMPLES = 5,          /* rejected lines shown in a report */
    NLT_SCAN_EXCERPT_BYTES = 160,   /* of each */
    NLT_SCAN_LINE_MAX = 16 << 20,   /* a longer line is skipped without being held */
    NLT_SCAN_HEAD_BYTES = 16 << 20, /* the part of a file that alone may stop a run */
    NLT_SCAN_JUDGED_LINES = 100     /* fewer lines of a file say nothing about it */
};

/* A range of a file that one reader reads: the lines that begin in [begin, end). */
typedef struct nlt_split {
    int64_t file;
    int64_t begin;
    int64_t end;   /* INT64_MAX: to the end of the file */
    int64_t lines; /* once filed */
    bool is_filed;
} nlt_split;

typedef struct nlt_line_counts {
    int64_t lines, used, rows, ignored, skipped, filtered;
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
    bool is_complete;
    bool is_damaged;
    nlt_error damage;
} nlt_split_report;

typedef struct nlt_scan_file {
    const nlt_file *entry; /* borrowed from the scan's list */
    int64_t first_split;
    int64_t splits_left; /* not yet filed */
    int64_t head_left;   /* of them, such that begin in the first NLT_SCAN_HEAD_BYTES */
    int64_t used, skipped, rows;
    int64_t head_used, head_skipped;
    bool is_partial; /* a split was left before its end */
    char *damage;    /* owned; NULL: none */
} nlt_scan_file;

struct nlt_scan {
    const nlt_connector *connector;
    nlt_file_list list;
    nlt_scan_file *files; /* list.n */
    nlt_split *splits;
    int64_t n_splits;
    int64_t bytes; /* -1: unknown */

    double max_bad_fraction;
    bool strict_files;
    bool filter_rows;
    double time_from, time_to; /* rows in [from, to) pass the filter */

    atomic_bool is_cancelled;
    atomic_llong bytes_done;
    atomic_llong rows_done;

    pthread_mutex_t lock; /* guards what follows, and the counts of files and splits */
    nlt_line_counts counts;
    nlt_example examples[NLT_SCAN_EXAMPLES]; /* by split, then line */
    int n_examples;
    int64_t n_filed;
};

/* Adds a split's report to the scan's, once. NLT_ERR_DAMAGED: a file's rejected lines passed the
 * limit, or strict_files. NLT_ERR_NOMEM. */
nlt_status nlt__scan_file_report(nlt_scan *scan, int64_t split, const nlt_split_report *report,
    nlt_error *err) NLT_MUST_CHECK;
/* NLT_ERR_DAMAGED if the share of rejected lines is above the limit. */
nlt_status nlt__scan_judge(const nlt_scan *scan, int64_t file, int64_t used, int64_t skipped,
    nlt_error *err) NLT_MUST_CHECK;

#endif
