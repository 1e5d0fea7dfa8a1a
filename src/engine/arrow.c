/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table's rows as an Arrow C stream.
 *
 * A statement's rows are pulled as they are asked for; an algorithm's answer, which is small, is made
 * whole first. A dataset as it is becomes a statement that names its columns. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"

typedef struct stream_state {
    nlt_table *table;       /* borrowed until the stream is released */
    nlt_statement statement;
    bool is_statement;
    struct ArrowArray *ready; /* an algorithm's answer; owned */
    int64_t n_ready, cap_ready, next;
    nlt_error error;
} stream_state;

static int errno_of(nlt_status status)
{
    return status == NLT_ERR_NOMEM ? ENOMEM : status == NLT_ERR_CANCELLED ? ECANCELED : EIO;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    stream_state *state = stream->private_data;
    nlt_status status = nlt__arrow_schema(state->table->columns, state->table->n_columns, out,
        &state->error);
    return status == NLT_OK ? 0 : errno_of(status);
}

static nlt_status next_rows(stream_state *state, struct ArrowArray *out)
{
    const nlt_batch *batch = NULL;
    NLT_TRY(nlt__statement_next(&state->statement, &batch, &state->error));
    if (batch == NULL) {
        state->is_statement = false; /* the end, also when asked again */
        nlt__statement_clear(&state->statement);
        return nlt__run_finish(state->table->session, &state->error);
    }
    return nlt__arrow_from_batch(batch, out, &state->error);
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_state *state = stream->private_data;
    memset(out, 0, sizeof *out);
    if (state->next < state->n_ready) {
        *out = state->ready[state->next];
        state->ready[state->next++].release = NULL; /* moved */
        return 0;
    }
    nlt_status status = state->is_statement ? next_rows(state, out) : NLT_OK;
    return status == NLT_OK ? 0 : errno_of(status);
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
    const stream_state *state = stream->private_data;
    return state->error.message[0] != '\0' ? state->error.message : NULL;
}

static void state_free(stream_state *state)
{
    for (int64_t i = state->next; i < state->n_ready; i++) {
        state->ready[i].release(&state->ready[i]);
    }
    nlt_free(state->ready);
    nlt__statement_clear(&state->statement);
    nlt_free(state);
}

static void stream_release(struct ArrowArrayStream *stream)
{
    state_free(stream->private_data);
    stream->release = NULL;
}

static nlt_status keep_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    stream_state *state = ctx;
    if (state->n_ready == state->cap_ready) {
        int64_t cap = state->cap_ready == 0 ? 8 : state->cap_ready * 2;
        struct ArrowArray *ready = nlt_realloc_array(state->ready, (size_t)cap, sizeof *ready);
        if (ready == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        state->ready = ready;
        state->cap_ready = cap;
    }
    NLT_TRY(nlt__arrow_from_batch(batch, &state->ready[state->n_ready], err));
    state->n_ready++;
    return NLT_OK;
}

static nlt_status start(stream_state *state, nlt_error *err)
{
    nlt_table *table = state->table;
    const nlt_node *last = nlt__last_node(table);
    if (last->kind == NLT_NODE_KERNEL) {
        return nlt__run(table, keep_rows, state, err);
    }
    NLT_TRY(nlt__run_before_last(table, err));
    if (last->kind == NLT_NODE_SCAN) {
        NLT_TRY(nlt__relation_install(table->session, &table->plan, table->plan.n_nodes - 1, false,
            err));
    }
    state->is_statement = true;
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", last->name);
    return nlt__statement_prepare(table->session, last->kind == NLT_NODE_SQL ? last->sql : sql,
        &state->statement, err);
}

nlt_status nlt_table_arrow_stream(nlt_table *table, struct ArrowArrayStream *out, nlt_error *err)
{
    memset(out, 0, sizeof *out);
    stream_state *state = nlt_alloc_zero(1, sizeof *state);
    if (state == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    state->table = table;
    state->statement.session = table->session;
    nlt_status status = start(state, err);
    if (status != NLT_OK) {
        state_free(state);
        return status;
    }
    *out = (struct ArrowArrayStream){
        .get_schema = stream_schema,
        .get_next = stream_next,
        .get_last_error = stream_error,
        .release = stream_release,
        .private_data = state,
    };
    return NLT_OK;
}
