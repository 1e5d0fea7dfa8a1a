/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A split as a task: the embedded engine's reader, alone with its split. */

#include <string.h>

#include "cluster/records.h"
#include "core/alloc.h"
#include "plan/plan.h"
#include "scan/saved.h"
#include "scan/scan_types.h"
#include "scan/split_text.h"

enum { SPLIT = 1 }; /* the one before it is empty (split_text.h) */

typedef struct split_task {
    nlt_scan *scan;          /* owned */
    nlt_scan_reader *reader; /* owned */
    nlt_named_columns columns;
    nlt_keyed_view view;
    bool has_begun;
} split_task;

static const nlt_column_desc key_column = {.name = NLT_ROW_KEY_COLUMN,
    .dtype = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .unit = "",
    .help = ""};

nlt_status nlt__named_columns(
    const nlt_table_desc *table, const char *names, nlt_named_columns *out, nlt_error *err)
{
    *out = (nlt_named_columns){.n_wanted = 0};
    while (*names != '\0') {
        size_t len = strcspn(names, "\n");
        int found = -1;
        for (int i = 0; i < table->n_columns; i++) {
            const char *name = table->columns[i].name;
            found = strlen(name) == len && strncmp(name, names, len) == 0 ? i : found;
        }
        bool is_key =
            len == strlen(NLT_ROW_KEY_COLUMN) && strncmp(names, NLT_ROW_KEY_COLUMN, len) == 0;
        if (out->has_key || (found < 0 && !is_key)
            || out->n_wanted + 1 >= NLT_BUILDER_COLUMNS_MAX) {
            return nlt_fail(
                err, NLT_ERR_ARG, "table %s has no column \"%.*s\"", table->name, (int)len, names);
        }
        out->columns[out->n_wanted] = is_key ? key_column : table->columns[found];
        if (is_key) {
            out->has_key = true;
        } else {
            out->wanted[out->n_wanted++] = found;
        }
        names += len + (names[len] == '\n');
    }
    return NLT_OK;
}

const nlt_batch *nlt__keyed_view(
    nlt_keyed_view *view, const nlt_batch *batch, const nlt_named_columns *columns)
{
    if (!columns->has_key) {
        return batch;
    }
    size_t n = (size_t)columns->n_wanted;
    memset(view->all_valid, 0xff, sizeof view->all_valid);
    memcpy(view->cols, batch->cols, n * sizeof *view->cols);
    view->cols[n] =
        (nlt_vec){.dtype = key_column.dtype, .data = batch->row_key, .valid = view->all_valid};
    view->batch =
        (nlt_batch){.n_rows = batch->n_rows, .n_cols = columns->n_wanted + 1, .cols = view->cols};
    return &view->batch;
}

static void close_split(void *state)
{
    split_task *s = state;
    if (s != NULL) {
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
        return NLT_OK;
    }
    return nlt__arrow_gather_add(task->gather, nlt__keyed_view(&s->view, batch, &s->columns), err);
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
        nlt__scan_reader_close(s->reader);
        s->reader = NULL;
        close_split(s);
        return nlt__task_records(scan, named.wanted, named.n_wanted, out, err);
    }
    return nlt__task_new(
        &split_kind, s, s->columns.columns, s->columns.n_wanted + s->columns.has_key, out, err);
}
