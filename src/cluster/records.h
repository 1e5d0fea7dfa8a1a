/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_RECORDS_H
#define NLT_CLUSTER_RECORDS_H

/* Records of paired connectors on their way between processes, as rows. */

#include "cluster/columns.h"
#include "cluster/task.h"

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

#endif
