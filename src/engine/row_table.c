/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics_rows(i): what a kernel emitted, as a DuckDB table function; a thread reads a part. */

#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"

/* Of one execution. */
typedef struct rows_global {
    const nlt_stored_relation *relation;
    atomic_int next_part;
    int n_columns;
    int columns[NLT_STORE_COLUMNS_MAX]; /* of the store, in output order; */
    int outputs[NLT_STORE_COLUMNS_MAX]; /* output vector of each */
} rows_global;

/* Of one thread. */
typedef struct rows_local {
    nlt_session *session;
    nlt_row_cursor *cursor; /* NULL: a new part is to be taken */
    nlt_batch *batch;
} rows_local;

static void local_free(void *ptr)
{
    rows_local *local = ptr;
    nlt__row_cursor_close(local->cursor);
    nlt__batch_free(local->batch);
    nlt_free(local);
}

static void rows_bind(duckdb_bind_info info)
{
    nlt_session *session = duckdb_bind_get_extra_info(info);
    int64_t index = -1;
    if (!nlt__bind_index(info, NLT_PLAN_NODES_MAX, "step", &index)) {
        return;
    }
    if (session->relations[index].store == NULL) {
        duckdb_bind_set_error(info, "there is no such step");
        return;
    }
    nlt_stored_relation *relation = &session->relations[index];
    duckdb_bind_set_bind_data(info, relation, NULL);
    nlt__bind_columns(info, relation->kernel->output, relation->kernel->n_output);
    duckdb_bind_set_cardinality(info, (idx_t)nlt__row_store_rows(relation->store, -1), true);
}

static void rows_init(duckdb_init_info info)
{
    nlt_stored_relation *relation = duckdb_init_get_bind_data(info);
    rows_global *global = nlt_alloc_zero(1, sizeof *global);
    if (global == NULL) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    global->relation = relation;
    global->n_columns =
        nlt__init_columns(info, relation->kernel->n_output, global->columns, global->outputs);
    duckdb_init_set_init_data(info, global, nlt_free);
    duckdb_init_set_max_threads(info, (idx_t)nlt__row_store_parts(relation->store));
}

static void rows_local_init(duckdb_init_info info)
{
    rows_local *local = nlt_alloc_zero(1, sizeof *local);
    if (local == NULL) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    local->session = duckdb_init_get_extra_info(info);
    duckdb_init_set_init_data(info, local, local_free);
}

static nlt_status make_batch(const rows_global *global, rows_local *local, nlt_error *err)
{
    nlt_dtype dtypes[NLT_STORE_COLUMNS_MAX];
    for (int i = 0; i < global->n_columns; i++) {
        dtypes[i] = global->relation->kernel->output[global->columns[i]].dtype;
    }
    return nlt__batch_new(dtypes, global->n_columns, NLT_BATCH_ROWS, &local->batch, err);
}

/* The next rows of the parts; n_rows = 0 at the end. */
static nlt_status next_rows(rows_global *global, rows_local *local, nlt_error *err)
{
    nlt_row_store *store = global->relation->store;
    if (local->batch == NULL) {
        NLT_TRY(make_batch(global, local, err));
    }
    local->batch->n_rows = 0;
    for (;;) {
        if (local->cursor == NULL) {
            int part = atomic_fetch_add(&global->next_part, 1);
            if (part >= nlt__row_store_parts(store)) {
                return NLT_OK;
            }
            NLT_TRY(nlt__row_cursor_open(store, part, &local->cursor, err));
        }
        const nlt_row_lanes *rows = NULL;
        int n = 0;
        NLT_TRY(nlt__row_cursor_next(local->cursor, &rows, &n, err));
        if (n > 0) {
            return nlt__row_to_batch(store, rows, NULL, n, global->columns, local->batch, err);
        }
        nlt__row_cursor_close(local->cursor);
        local->cursor = NULL;
    }
}

static void rows_fn(duckdb_function_info info, duckdb_data_chunk output)
{
    rows_global *global = duckdb_function_get_init_data(info);
    rows_local *local = duckdb_function_get_local_init_data(info);
    nlt_error failure = NLT_ERROR_INIT;
    if (next_rows(global, local, &failure) != NLT_OK) {
        nlt__duck_keep_failure(local->session, &failure);
        duckdb_function_set_error(info, failure.message);
        return;
    }
    for (int i = 0; i < global->n_columns; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, (idx_t)global->outputs[i]);
        nlt__duck_column(vector, &local->batch->cols[i], local->batch->n_rows, true);
    }
    duckdb_data_chunk_set_size(output, (idx_t)local->batch->n_rows);
}

nlt_status nlt__row_table_register(nlt_session *session, nlt_error *err)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(function, "netlytics_rows");
    duckdb_table_function_add_parameter(function, bigint);
    duckdb_table_function_set_extra_info(function, session, NULL);
    duckdb_table_function_set_bind(function, rows_bind);
    duckdb_table_function_set_init(function, rows_init);
    duckdb_table_function_set_local_init(function, rows_local_init);
    duckdb_table_function_set_function(function, rows_fn);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(session->con, function);
    duckdb_destroy_logical_type(&bigint);
    duckdb_destroy_table_function(&function);
    return state == DuckDBSuccess
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL, "the engine takes no table function");
}
