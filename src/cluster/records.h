/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_RECORDS_H
#define NLT_CLUSTER_RECORDS_H

/* Records of paired connectors on their way between processes, as rows. */

#include "cluster/task.h"
#include "scan/scan_types.h"

enum {
    NLT_RECORD_FILE, /* number of the file in the dataset */
    NLT_RECORD_HASH, /* of the key, its highest bit flipped: as a signed number it keeps its order
                      */
    NLT_RECORD_TIME, /* ns */
    NLT_RECORD_ROW_KEY,
    NLT_RECORD_ORDINAL, /* in its split: ends all ties */
    NLT_RECORD_KIND,
    NLT_RECORD_BODY, /* any bytes */
    NLT_RECORD_COLUMNS
};

extern const nlt_column_desc nlt__record_columns[NLT_RECORD_COLUMNS];

#define NLT_RECORD_FLIP (UINT64_C(1) << 63)

/* task_records.c: as nlt_task_scan(), of a split whose connector pairs. Takes the scan. */
nlt_status nlt__task_records(
    nlt_scan *scan, const int *wanted, int n_wanted, nlt_task **out, nlt_error *err) NLT_MUST_CHECK;

/* Begins the split of a scan of nlt__split_open. */
nlt_status nlt__split_begin(
    nlt_scan_reader *reader, nlt_records *records, nlt_error *err) NLT_MUST_CHECK;

/* What nlt_task_scan() and nlt_task_pair() make of names that end in '\n'. */
typedef struct nlt_named_columns {
    int wanted[NLT_BUILDER_COLUMNS_MAX]; /* positions in the table */
    int n_wanted;
    bool has_key; /* the row key is behind them */
    nlt_column_desc columns[NLT_BUILDER_COLUMNS_MAX + 1];
} nlt_named_columns;

nlt_status nlt__named_columns(const nlt_table_desc *table, const char *names,
    nlt_named_columns *out, nlt_error *err) NLT_MUST_CHECK;

/* Rows of a reader or a pairing, with their key as a column if that is asked for. */
typedef struct nlt_keyed_view {
    nlt_batch batch;
    nlt_vec cols[NLT_BUILDER_COLUMNS_MAX + 1];
    uint64_t all_valid[NLT_BATCH_ROWS / 64];
} nlt_keyed_view;

const nlt_batch *nlt__keyed_view(
    nlt_keyed_view *view, const nlt_batch *batch, const nlt_named_columns *columns);

#endif
