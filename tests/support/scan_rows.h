/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_SCAN_ROWS_H
#define NLT_TESTS_SCAN_ROWS_H

/* All rows of a dataset, read by some threads without an engine, as texts in dataset order. */

#include "scan/scan.h"

typedef struct scan_row {
    int64_t key;
    char **cells; /* of the table's columns; NULL: the value is, or the column was not asked for */
} scan_row;

typedef struct scan_rows {
    const nlt_table_desc *table; /* NULL: not even opened */
    scan_row *rows;              /* by key */
    size_t n;
    nlt_scan_totals totals;
    nlt_buf report; /* report.json */
    nlt_strings warnings;
    nlt_status finish; /* what nlt__scan_finish says */
    bool had_to_sort;
    nlt_error err;
} scan_rows;

typedef struct scan_how {
    const int *wanted; /* NULL: all columns */
    int n_wanted;
    int threads;
    int64_t split_bytes; /* 0: the scan chooses */
    bool without_cells;  /* only keys: no memory is asked for by what looks at the rows */
} scan_how;

/* Reads, and reads again where the scan must sort. What is in `out` is owned, also after a failure:
 * scan_rows_clear. */
nlt_status scan_rows_read(const nlt_dataset_request *request, const scan_how *how, scan_rows *out);
void scan_rows_clear(scan_rows *rows);
/* `name=value` of each column that is there, with blanks between; free(). */
char *scan_row_text(const scan_rows *rows, size_t row);

#endif
