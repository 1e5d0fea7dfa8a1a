/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A split as a task: the embedded engine's reader, alone with its split. */

#include <string.h>

#include "cluster/task.h"
#include "core/alloc.h"
#include "plan/plan.h"
#include "scan/saved.h"
#include "scan/scan_types.h"
#include "scan/split_text.h"

enum { SPLIT = 1 }; /* the one before it is empty (split_text.h) */

typedef struct split_task {
    nlt_scan *scan;          /* owned */
    nlt_scan_reader *reader; /* owned */
    nlt_batch view;          /* the reader's batch with the row key as a column */
    nlt_vec cols[NLT_BUILDER_COLUMNS_MAX + 1];
    uint64_t all_valid[NLT_BATCH_ROWS / 64];
    bool has_key;
    bool has_begun;
    int n_wanted;
    int wanted[NLT_BUILDER_COLUMNS_MAX];
} split_task;

static const nlt_column_desc key_column = {.name = NLT_ROW_KEY_COLUMN,
    .dtype = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .unit = "",
    .help = ""};

static void close_split(void *state)
{
    split_task *s = state;
    if (s != NULL) {
        nlt__scan_reader_close(s->reader);
        nlt__scan_close(s->scan);
        nlt_free(s);
    }
}

static nlt_status begin(split_task *s, nlt_error *err)
{
    const nlt_batch *none = NULL;
    s->has_begun = true;
    NLT_TRY(nlt__scan_reader_start(s->reader, SPLIT - 1, NULL, err));
    NLT_TRY(nlt__scan_reader_next(s->reader, &none, err));
    return nlt__scan_reader_start(s->reader, SPLIT, NULL, err);
}

static nlt_status step_split(nlt_task *task, nlt_error *err)
{
    split_task *s = task->state;
    const nlt_batch *batch = NULL;
    if (!s->has_begun) {
        NLT_TRY(begin(s, err));
    }
    NLT_TRY(nlt__scan_reader_next(s->reader, &batch, err));
    if (batch == NULL) {
        task->is_done = true;
        return NLT_OK;
    }
    if (!s->has_key) {
        return nlt__arrow_gather_add(task->gather, batch, err);
    }
    memcpy(s->cols, batch->cols, (size_t)s->n_wanted * sizeof *s->cols);
    s->cols[s->n_wanted] =
        (nlt_vec){.dtype = key_column.dtype, .data = batch->row_key, .valid = s->all_valid};
    s->view = (nlt_batch){.n_rows = batch->n_rows, .n_cols = s->n_wanted + 1, .cols = s->cols};
    return nlt__arrow_gather_add(task->gather, &s->view, err);
}

static nlt_status report_split(nlt_task *task, json_t **out, nlt_error *err)
{
    const split_task *s = task->state;
    return nlt__scan_save(s->scan, NLT_SAVED_ALL, out, err);
}

static const nlt_task_kind split_kind = {step_split, report_split, close_split};

/* Names that end in '\n' become positions in the table. */
static nlt_status read_columns(
    split_task *s, const char *names, nlt_column_desc *columns, nlt_error *err)
{
    const nlt_table_desc *table = nlt__scan_table(s->scan);
    while (*names != '\0') {
        size_t len = strcspn(names, "\n");
        int found = -1;
        for (int i = 0; i < table->n_columns; i++) {
            const char *name = table->columns[i].name;
            found = strlen(name) == len && strncmp(name, names, len) == 0 ? i : found;
        }
        bool is_key =
            len == strlen(NLT_ROW_KEY_COLUMN) && strncmp(names, NLT_ROW_KEY_COLUMN, len) == 0;
        if (s->has_key || (found < 0 && !is_key) || s->n_wanted + 1 >= NLT_BUILDER_COLUMNS_MAX) {
            return nlt_fail(
                err, NLT_ERR_ARG, "table %s has no column \"%.*s\"", table->name, (int)len, names);
        }
        columns[s->n_wanted] = is_key ? key_column : table->columns[found];
        if (is_key) {
            s->has_key = true;
        } else {
            s->wanted[s->n_wanted++] = found;
        }
        names += len + (names[len] == '\n');
    }
    return NLT_OK;
}

static nlt_status open_split(
    split_task *s, const char *split, const char *names, nlt_column_desc *columns, nlt_error *err)
{
    memset(s->all_valid, 0xff, sizeof s->all_valid);
    NLT_TRY(nlt__split_open(split, &s->scan, err));
    NLT_TRY(read_columns(s, names, columns, err));
    return nlt__scan_reader_open(s->scan, s->wanted, s->n_wanted, &s->reader, err);
}

nlt_status nlt_task_scan(const char *split, const char *columns, nlt_task **out, nlt_error *err)
{
    *out = NULL;
    nlt_column_desc made[NLT_BUILDER_COLUMNS_MAX + 1];
    split_task *s = nlt_alloc_zero(1, sizeof *s);
    if (s == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = open_split(s, split, columns, made, err);
    if (status != NLT_OK) {
        close_split(s);
        return status;
    }
    return nlt__task_new(&split_kind, s, made, s->n_wanted + s->has_key, out, err);
}
