/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SCAN_H
#define NLT_SCAN_SCAN_H

/* A scan: a dataset request turned into files, splits, batches and a report. It works without any
 * engine; a table function, the ordered writer and an Arrow stream are its consumers.
 *
 *   nlt_scan         what is read (immutable after opening, shared by all threads) + the report
 *   nlt_scan_run     one reading of all of its rows by some threads, in any order
 *   nlt_scan_worker  one thread of a run */

#include <stdatomic.h>

#include "connectors/connector.h"
#include "core/buf.h"
#include "core/strings.h"
#include "core/temp_file.h"
#include "io/layout.h"
#include "netlytics/dataset.h"

typedef struct nlt_scan nlt_scan;
typedef struct nlt_scan_reader nlt_scan_reader;

/* Lists files and cuts them into splits of about `split_bytes` (0: chosen from the size of the
 * input and `threads`). Warnings (missing days, shadowed files) are appended to `warnings`.
 * NLT_ERR_ARG: connector, days. NLT_ERR_NOT_FOUND: no file, or strict_days. */
NLT_API nlt_status nlt__scan_open(const nlt_dataset_request *request, int threads,
    int64_t split_bytes, nlt_strings *warnings, nlt_scan **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__scan_close(nlt_scan *scan);
/* Where runs that sort keep their records; borrowed. Before the first run. Else: $TMPDIR, no limit. */
NLT_API void nlt__scan_spill_to(nlt_scan *scan, nlt_temp_space *space);

NLT_API const char *nlt__scan_name(const nlt_scan *scan); /* of its table */
/* Days of a request; NLT_DAY_OPEN where one is NULL. NLT_ERR_ARG. */
NLT_API nlt_status nlt__scan_days(const char *start_day, const char *end_day, int64_t *first,
    int64_t *last, nlt_error *err) NLT_MUST_CHECK;

NLT_API const nlt_connector *nlt__scan_connector(const nlt_scan *scan);
NLT_API const nlt_table_desc *nlt__scan_table(const nlt_scan *scan);
NLT_API int64_t nlt__scan_file_count(const nlt_scan *scan);
NLT_API int64_t nlt__scan_bytes(const nlt_scan *scan);      /* of all files; -1: unknown */
NLT_API int64_t nlt__scan_bytes_done(const nlt_scan *scan); /* any thread, any time */
NLT_API int64_t nlt__scan_rows_done(const nlt_scan *scan);  /* any thread, any time */
/* A piece that one reader reads; any of them alone, in any order. */
typedef struct nlt_split_place {
    const char *path;   /* borrowed from the scan */
    int64_t begin, end; /* end INT64_MAX: to the end of the file */
} nlt_split_place;

NLT_API int64_t nlt__scan_split_count(const nlt_scan *scan);
NLT_API void nlt__scan_split_place(const nlt_scan *scan, int64_t split, nlt_split_place *out);
/* Bytes of the file in a split; of all of it if its end is not known, -1 if that is neither. */
NLT_API int64_t nlt__scan_split_bytes(const nlt_scan *scan, int64_t split);
/* Stops all readers at their next batch: NLT_ERR_CANCELLED. Async-signal-safe. */
NLT_API void nlt__scan_cancel(nlt_scan *scan);

/* ---- what every kind of dataset does with its request ---- */

/* First and last day, NLT_DAY_OPEN where not given. NLT_ERR_ARG: no day, the last before the first,
 * no connector or path, a share outside 0..1. */
NLT_API nlt_status nlt__request_check(const nlt_dataset_request *request, int64_t *first,
    int64_t *last, nlt_error *err) NLT_MUST_CHECK;
/* Warns of days without a file ("no `what`file for ..."), or NLT_ERR_NOT_FOUND if that is an error. */
NLT_API nlt_status nlt__tell_missing_days(const nlt_file_list *list, const char *what,
    bool is_strict, nlt_strings *warnings, nlt_error *err) NLT_MUST_CHECK;
/* Warns of files that are left out. */
NLT_API nlt_status nlt__tell_shadowed(
    const nlt_file_list *list, nlt_strings *warnings, nlt_error *err) NLT_MUST_CHECK;
/* Lines of a file of which `used` are fit and `skipped` are not: NLT_ERR_DAMAGED if the share of the
 * latter is above `max_bad_fraction`, of at least 100. No hint. */
NLT_API nlt_status nlt__judge_lines(const char *path, int64_t used, int64_t skipped,
    double max_bad_fraction, nlt_error *err) NLT_MUST_CHECK;
/* Bytes of a log as a text of JSON; NULL when memory is short. */
NLT_API struct json_t *nlt__report_text(nlt_bytes text);

/* ---- rows in any order ---- */

typedef struct nlt_scan_run nlt_scan_run;
typedef struct nlt_scan_worker nlt_scan_worker;

/* Columns `wanted`: positions in the table; in output order, may be none. The run borrows the scan;
 * any number may exist at a time. */
NLT_API nlt_status nlt__scan_run_open(nlt_scan *scan, const int *wanted, int n_wanted,
    nlt_scan_run **out, nlt_error *err) NLT_MUST_CHECK;
/* Narrows a run that has not begun to one file; not where records are paired. */
NLT_API void nlt__scan_run_one_file(nlt_scan_run *run, int64_t file);
/* Rows that do not meet the conditions need not be given; they count as rows all the same. Before the
 * run has workers; borrowed by it. No effect unless the connector's lines may be given twice. */
NLT_API void nlt__scan_run_prune(nlt_scan_run *run, const nlt_prune *prune);
NLT_API void nlt__scan_run_close(nlt_scan_run *run); /* its workers are closed */
/* How many threads can be of use. */
NLT_API int64_t nlt__scan_run_width(const nlt_scan_run *run);
NLT_API nlt_status nlt__scan_worker_open(
    nlt_scan_run *run, nlt_scan_worker **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__scan_worker_close(nlt_scan_worker *worker);
/* The next rows, borrowed until the next call on this worker; *batch = NULL: no more for it. Waits
 * only for workers that are inside this call. NLT_ERR_DAMAGED: bad-line limit or strict_files.
 * NLT_ERR_LIMIT: perhaps nlt__scan_must_sort. */
NLT_API nlt_status nlt__scan_worker_next(
    nlt_scan_worker *worker, const nlt_batch **batch, nlt_error *err) NLT_MUST_CHECK;
/* Records of a paired connector step back further in time than is kept in memory, which showed only
 * after rows had been given: the run has failed and must be made again; it will sort first. */
NLT_API bool nlt__scan_must_sort(const nlt_scan *scan);
/* For who cannot take back the rows that runs gave: where it is not known yet that the input is in
 * order, later runs sort. True: a run is under way that does not, and must be made again. */
NLT_API bool nlt__scan_sort_unknown(nlt_scan *scan);

/* ---- rows in dataset order ---- */

/* Turns a batch into bytes; called from any thread. `first_row` is -1: not known. */
typedef nlt_status (*nlt_scan_format_fn)(
    void *ctx, const nlt_batch *batch, nlt_buf *out, nlt_error *err);
/* Takes bytes in dataset order; one call at a time. */
typedef nlt_status (*nlt_scan_write_fn)(void *ctx, const void *bytes, size_t len, nlt_error *err);

typedef struct nlt_scan_ordered {
    const int *wanted;
    int n_wanted;
    int threads;
    int64_t limit; /* rows; -1: all. Reading stops early. */
    nlt_scan_format_fn format;
    nlt_scan_write_fn write;
    void *ctx;
} nlt_scan_ordered;

/* Reads all splits on `threads` threads and writes their rows in order; memory is bounded by a
 * window of a few splits. *n_rows = rows written. NLT_ERR_ARG: the connector pairs records, whose
 * rows have to be sorted by row_key. */
NLT_API nlt_status nlt__scan_run_ordered(
    nlt_scan *scan, const nlt_scan_ordered *job, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/* ---- report ---- */

typedef struct nlt_scan_totals {
    int64_t files, lines, used, rows, ignored, skipped, filtered;
    int64_t by_reason[NLT_REJECT_COUNT];
    int64_t empty_files, damaged_files;
    bool is_complete; /* every split was read to its end */
} nlt_scan_totals;

NLT_API void nlt__scan_totals(const nlt_scan *scan, nlt_scan_totals *out);
/* report.json as text (spec/datasets.md 1, "Corrupt lines"). Only when no reader is running. */
NLT_API nlt_status nlt__scan_report_json(
    const nlt_scan *scan, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* Checks what only the end of a run can tell (all files damaged and no row); appends warnings about
 * damaged files. NLT_ERR_DAMAGED. */
NLT_API nlt_status nlt__scan_finish(
    const nlt_scan *scan, nlt_strings *warnings, nlt_error *err) NLT_MUST_CHECK;

#endif
