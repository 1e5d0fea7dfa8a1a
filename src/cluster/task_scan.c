/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A split as a task: the embedded engine's reader, alone with its split. */

#include <string.h>

#include "cluster/records.h"
#include "core/alloc.h"
#include "scan/saved.h"
#include "scan/scan_types.h"
#include "scan/split_text.h"

enum { SPLIT = 1 }; /* the one before it is empty (split_text.h) */

typedef struct split_task {
    nlt_scan *scan;          /* owned */
    nlt_scan_reader *reader; /* owned */
    nlt_named_columns columns;
    nlt_named_rows rows;
    bool has_begun;
} split_task;

static void close_split(void *state)
{
    split_task *s = state;
    if (s != NULL) {
        nlt__named_rows_clear(&s->rows);
        nlt__scan_reader_close(s->reader);
        nlt__scan_close(s->scan);
        nlt_free(s);
    }
}

nlt_status nlt__split_begin(nlt_scan_reader *reader, nlt_records *records, nlt_error *err)
{
    const nlt_batch *none = NULL;
    NLT_TRY(nlt__scan_reader_start(reader, SPLIT - 1, records, err));
    NLT_TRY(nlt__scan_reader_next(reader, &none, err));
    if (records != NULL) {
        NLT_TRY(nlt__scan_reader_file(reader, err));
    }
    return nlt__scan_reader_start(reader, SPLIT, records, err);
}

static nlt_status step_split(nlt_task *task, nlt_error *err)
{
    split_task *s = task->state;
    const nlt_batch *batch = NULL;
    if (!s->has_begun) {
        s->has_begun = true;
        NLT_TRY(nlt__split_begin(s->reader, NULL, err));
    }
    NLT_TRY(nlt__scan_reader_next(s->reader, &batch, err));
    if (batch == NULL) {
        task->is_done = true;
        return nlt__named_rows_end(&s->rows, task->gather, err);
    }
    return nlt__named_rows_add(&s->rows, batch, task->gather, err);
}

static nlt_status report_split(nlt_task *task, json_t **out, nlt_error *err)
{
    const split_task *s = task->state;
    return nlt__scan_save(s->scan, NLT_SAVED_ALL, out, err);
}

static const nlt_task_kind split_kind = {step_split, report_split, close_split};

static nlt_status open_split(split_task *s, const char *names, nlt_error *err)
{
    NLT_TRY(nlt__named_columns(nlt__scan_table(s->scan), names, &s->columns, err));
    NLT_TRY(nlt__named_rows_open(&s->rows, &s->columns, err));
    return nlt__scan_reader_open(s->scan, s->columns.wanted, s->columns.n_wanted, &s->reader, err);
}

nlt_status nlt_task_scan(const char *split, const char *columns, nlt_task **out, nlt_error *err)
{
    *out = NULL;
    split_task *s = nlt_alloc_zero(1, sizeof *s);
    if (s == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = nlt__split_open(split, &s->scan, err);
    if (status == NLT_OK) {
        status = open_split(s, columns, err);
    }
    if (status != NLT_OK) {
        close_split(s);
        return status;
    }
    if (nlt__scan_connector(s->scan)->pairing != NULL) {
        nlt_scan *scan = s->scan;
        nlt_named_columns named = s->columns;
        s->scan = NULL;
        close_split(s);
        return nlt__task_records(scan, named.wanted, named.n_wanted, out, err);
    }
    nlt_column_desc descs[NLT_NAMED_COLUMNS_MAX];
    nlt__named_descs(&s->columns, descs);
    return nlt__task_new(&split_kind, s, descs, s->columns.n_columns, out, err);
}
