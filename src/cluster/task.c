/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tasks as Arrow streams. Rows are gathered until an array is worth the way to another process. */

#include "cluster/task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { ARRAY_ROWS = 32768, ARRAY_BYTES = 16 << 20 };

/* ---- life ---- */

static nlt_status copy_columns(
    nlt_task *task, const nlt_column_desc *columns, int n, nlt_error *err)
{
    nlt_column_desc *copies = nlt__arena_alloc(&task->arena, (size_t)(n + 1) * sizeof *copies);
    nlt_dtype *dtypes = nlt__arena_alloc(&task->arena, (size_t)(n + 1) * sizeof *dtypes);
    if (copies == NULL || dtypes == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        const char *name = columns[i].name;
        copies[i] = columns[i];
        copies[i].name = nlt__arena_copy(&task->arena, (nlt_bytes){name, strlen(name)});
        dtypes[i] = columns[i].dtype;
        if (copies[i].name == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    task->columns = copies;
    task->n_columns = n;
    return nlt__arrow_gather_new(dtypes, n, &task->gather, err);
}

nlt_status nlt__task_new(const nlt_task_kind *kind, void *state, const nlt_column_desc *columns,
    int n_columns, nlt_task **out, nlt_error *err)
{
    *out = NULL;
    nlt_task *task = nlt_alloc_zero(1, sizeof *task);
    if (task == NULL) {
        kind->close(state);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    task->kind = kind;
    task->state = state;
    task->bytes_column = -1;
    task->arena = (nlt_arena)NLT_ARENA_INIT;
    task->error = (nlt_error)NLT_ERROR_INIT;
    nlt_status status = copy_columns(task, columns, n_columns, err);
    if (status != NLT_OK) {
        nlt_task_close(task);
        return status;
    }
    *out = task;
    return NLT_OK;
}

void nlt_task_close(nlt_task *task)
{
    if (task != NULL) {
        task->kind->close(task->state);
        nlt__arrow_gather_free(task->gather);
        nlt__arena_clear(&task->arena);
        nlt_free(task);
    }
}

const nlt_error *nlt_task_error(const nlt_task *task)
{
    return &task->error;
}

/* ---- the stream ---- */

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    nlt_task *task = stream->private_data;
    nlt_status status = nlt__arrow_schema(task->columns, task->n_columns, out, &task->error);
    if (status == NLT_OK && task->bytes_column >= 0) {
        out->children[task->bytes_column]->format = "z";
    }
    return status == NLT_OK ? 0 : ENOMEM;
}

static bool is_enough(const nlt_task *task)
{
    return nlt__arrow_gather_rows(task->gather) >= ARRAY_ROWS
        || nlt__arrow_gather_bytes(task->gather) >= ARRAY_BYTES;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    nlt_task *task = stream->private_data;
    memset(out, 0, sizeof *out);
    nlt_status status = task->has_failed ? task->error.code : NLT_OK;
    while (status == NLT_OK && !task->is_done && !is_enough(task)) {
        status = task->kind->step(task, &task->error);
    }
    if (status == NLT_OK && nlt__arrow_gather_rows(task->gather) > 0) {
        status = nlt__arrow_gather_take(task->gather, out, &task->error);
    }
    task->has_failed = status != NLT_OK;
    return status == NLT_OK ? 0 : EIO;
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
    const nlt_task *task = stream->private_data;
    return task->error.message[0] != '\0' ? task->error.message : NULL;
}

static void stream_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL; /* the task stays its owner's */
}

nlt_status nlt_task_stream(nlt_task *task, struct ArrowArrayStream *out, nlt_error *err)
{
    (void)err;
    *out = (struct ArrowArrayStream){.get_schema = stream_schema,
        .get_next = stream_next,
        .get_last_error = stream_error,
        .release = stream_release,
        .private_data = task};
    return NLT_OK;
}

/* ---- reports ---- */

nlt_status nlt__cluster_text(json_t *json, char **text, nlt_error *err)
{
    char *dumped = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    *text = dumped != NULL ? nlt_strdup(dumped) : NULL;
    free(dumped); /* jansson's own allocation */
    return *text != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

nlt_status nlt_task_report(nlt_task *task, char **text, nlt_error *err)
{
    *text = NULL;
    if (!task->is_done || task->has_failed) {
        return nlt_fail(err, NLT_ERR_INTERNAL, "the rows were not read to their end");
    }
    json_t *json = NULL;
    NLT_TRY(task->kind->report(task, &json, err));
    return nlt__cluster_text(json, text, err);
}
