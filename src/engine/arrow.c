/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table's rows as an Arrow C stream.
 *
 * A statement's rows are pulled as they are asked for, but for the first ones: what fails before any
 * row fails with its error. An algorithm's answer, which is small, is made whole first. A dataset as it
 * is becomes a statement that names its columns. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "table/arrow_gather.h"

/* What an array has at least, unless it is the last one. */
enum { GATHER_ROWS = 32 << 10, GATHER_BYTES = 32 << 20 };

typedef struct stream_state {
    nlt_table *table; /* held, as is its session */
    nlt_statement statement;
    bool is_statement;
    bool has_first;
    const nlt_batch *first; /* rows that were pulled at the start; NULL: there are none */
    nlt_arrow_gather *gather;
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
    nlt_status status =
        nlt__arrow_schema(state->table->columns, state->table->n_columns, out, &state->error);
    return status == NLT_OK ? 0 : errno_of(status);
}

/* The end, also when asked again. */
static nlt_status end_statement(stream_state *state)
{
    state->is_statement = false;
    nlt__statement_clear(&state->statement);
    return nlt__run_finish(state->table->session, &state->error);
}

/* Many batches as one array, but for the first one: whoever wants to see some rows only need not wait.
 * No rows: the end. */
static nlt_status next_rows(stream_state *state, struct ArrowArray *out)
{
    const nlt_batch *batch = state->first;
    if (state->has_first && batch != NULL) {
        state->has_first = false;
        return nlt__arrow_from_batch(batch, out, &state->error);
    }
    if (state->gather == NULL) {
        NLT_TRY(nlt__arrow_gather_new(
            state->statement.dtypes, state->statement.n_columns, &state->gather, &state->error));
    }
    while (state->is_statement && nlt__arrow_gather_rows(state->gather) < GATHER_ROWS
        && nlt__arrow_gather_bytes(state->gather) < GATHER_BYTES) {
        batch = NULL;
        if (!state->has_first) {
            NLT_TRY(nlt__statement_next(&state->statement, &batch, &state->error));
        }
        state->has_first = false;
        NLT_TRY(batch == NULL ? end_statement(state)
                              : nlt__arrow_gather_add(state->gather, batch, &state->error));
    }
    return nlt__arrow_gather_rows(state->gather) == 0
        ? NLT_OK
        : nlt__arrow_gather_take(state->gather, out, &state->error);
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
    if (status != NLT_OK) {
        state->table->session->failure = state->error;
    }
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
    nlt__arrow_gather_free(state->gather);
    nlt__statement_clear(&state->statement);
    nlt_session *session = state->table->session;
    nlt_table_free(state->table);
    atomic_fetch_sub(&session->n_streams, 1);
    nlt__session_leave(session);
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

static nlt_status start_statement(stream_state *state, nlt_error *err)
{
    nlt_table *table = state->table;
    const nlt_node *last = nlt__last_node(table);
    NLT_TRY(nlt__run_before_last(table, err));
    if (last->kind == NLT_NODE_SCAN) {
        NLT_TRY(nlt__relation_install(
            table->session, &table->plan, table->plan.n_nodes - 1, false, err));
    }
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", last->name);
    NLT_TRY(nlt__statement_prepare(
        table->session, last->kind == NLT_NODE_SQL ? last->sql : sql, &state->statement, err));
    NLT_TRY(nlt__statement_next(&state->statement, &state->first, err));
    state->is_statement = true;
    state->has_first = true;
    return NLT_OK;
}

static nlt_status start(stream_state *state, nlt_error *err)
{
    return nlt__last_node(state->table)->kind == NLT_NODE_KERNEL
        ? nlt__run(state->table, keep_rows, state, err)
        : start_statement(state, err);
}

nlt_status nlt_table_arrow_schema(const nlt_table *table, struct ArrowSchema *out, nlt_error *err)
{
    memset(out, 0, sizeof *out);
    return nlt__arrow_schema(table->columns, table->n_columns, out, err);
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
    atomic_fetch_add(&table->n_holders, 1);
    atomic_fetch_add(&table->session->n_holders, 1);
    atomic_fetch_add(&table->session->n_streams, 1);
    table->session->failure = (nlt_error)NLT_ERROR_INIT;
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
