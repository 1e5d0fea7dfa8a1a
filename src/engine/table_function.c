/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics_scan(i): a scan as a DuckDB table function.
 *
 * An execution is a run of the scan, a thread of it one of the run's workers. A batch is as
 * large as DuckDB's vectors and laid out alike, so columns are copied as they are: strings stay
 * views into the reader's block until DuckDB asks for the next rows, which was measured to be safe
 * (NLT_COPY_STRINGS copies them instead). */

#include <string.h>

#include "core/alloc.h"
#include "core/assert.h"
#include "engine/engine.h"
#include "engine/prune.h"

typedef struct scan_bind {
    nlt_session *session;
    nlt_scan *scan;
    int64_t file; /* -1: all */
    nlt_prune_given prune;
} scan_bind;

/* Of one execution. */
typedef struct scan_global {
    nlt_scan_run *run;
    int n_wanted;
    int wanted[NLT_BUILDER_COLUMNS_MAX]; /* batch column -> table column */
    int output[NLT_BUILDER_COLUMNS_MAX]; /* batch column -> output vector */
    int key_output;                      /* output vector of the row key; -1: not asked for */
} scan_global;

/* Of one thread. */
typedef struct scan_local {
    nlt_session *session;
    nlt_scan_worker *worker;
} scan_local;

static void local_free(void *ptr)
{
    scan_local *local = ptr;
    nlt__scan_worker_close(local->worker);
    nlt_free(local);
}

static void global_free(void *ptr)
{
    scan_global *global = ptr;
    nlt__scan_run_close(global->run);
    nlt_free(global);
}

/* ---- bind and init ---- */

static void bind_free(void *ptr)
{
    scan_bind *bind = ptr;
    nlt__arena_clear(&bind->prune.arena);
    nlt_free(bind);
}

static void scan_bind_fn(duckdb_bind_info info)
{
    nlt_session *session = duckdb_bind_get_extra_info(info);
    int64_t index = -1;
    if (!nlt__bind_index(info, session->n_scans, "dataset", &index)) {
        return;
    }
    scan_bind *bind = nlt_alloc_zero(1, sizeof *bind);
    if (bind == NULL) {
        duckdb_bind_set_error(info, "out of memory");
        return;
    }
    bind->session = session;
    bind->scan = session->scans[index];
    bind->file = -1;
    duckdb_value file = duckdb_bind_get_named_parameter(info, "file");
    if (file != NULL) {
        bind->file = duckdb_get_int64(file);
        duckdb_destroy_value(&file);
    }
    duckdb_bind_set_bind_data(info, bind, bind_free);
    const nlt_table_desc *table = nlt__scan_table(bind->scan);
    nlt_error failure = NLT_ERROR_INIT;
    if (nlt__prune_read(info, table, &bind->prune, &failure) != NLT_OK) {
        duckdb_bind_set_error(info, failure.message);
        return;
    }
    nlt__bind_columns(info, table->columns, table->n_columns);
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_bind_add_result_column(info, NLT_ROW_KEY_COLUMN, bigint);
    duckdb_destroy_logical_type(&bigint);
}

/* Output vector of the row key, which is the column behind the table's; -1: it is not asked for. */
static int find_key_output(duckdb_init_info info, int key_column)
{
    int found = -1;
    int n = (int)duckdb_init_get_column_count(info);
    for (int i = 0; i < n; i++) {
        found = (int)duckdb_init_get_column_index(info, (idx_t)i) == key_column ? i : found;
    }
    return found;
}

static void scan_init_fn(duckdb_init_info info)
{
    const scan_bind *bind = duckdb_init_get_bind_data(info);
    scan_global *global = nlt_alloc_zero(1, sizeof *global);
    if (global == NULL) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    const nlt_table_desc *table = nlt__scan_table(bind->scan);
    global->n_wanted = nlt__init_columns(info, table->n_columns, global->wanted, global->output);
    global->key_output = find_key_output(info, table->n_columns);
    nlt_error failure = NLT_ERROR_INIT;
    if (nlt__scan_run_open(bind->scan, global->wanted, global->n_wanted, &global->run, &failure)
        != NLT_OK) {
        nlt_free(global);
        duckdb_init_set_error(info, failure.message);
        return;
    }
    if (bind->file >= 0) {
        nlt__scan_run_one_file(global->run, bind->file);
    }
    if (bind->prune.is_given) {
        nlt__scan_run_prune(global->run, &bind->prune.prune);
    }
    int64_t width = nlt__scan_run_width(global->run);
    int64_t threads = bind->session->threads < width ? bind->session->threads : width;
    duckdb_init_set_init_data(info, global, global_free);
    duckdb_init_set_max_threads(info, (idx_t)(threads > 0 ? threads : 1));
}

static void scan_local_init_fn(duckdb_init_info info)
{
    const scan_bind *bind = duckdb_init_get_bind_data(info);
    scan_local *local = nlt_alloc_zero(1, sizeof *local);
    if (local == NULL) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    local->session = bind->session;
    duckdb_init_set_init_data(info, local, local_free);
}

/* ---- rows ---- */

static nlt_status next_batch(
    scan_global *global, scan_local *local, const nlt_batch **batch, nlt_error *err)
{
    if (local->worker == NULL) {
        NLT_TRY(nlt__scan_worker_open(global->run, &local->worker, err));
    }
    return nlt__scan_worker_next(local->worker, batch, err);
}

static void scan_fn(duckdb_function_info info, duckdb_data_chunk output)
{
    scan_global *global = duckdb_function_get_init_data(info);
    scan_local *local = duckdb_function_get_local_init_data(info);
    const nlt_batch *batch = NULL;
    nlt_error failure = NLT_ERROR_INIT;
    if (next_batch(global, local, &batch, &failure) != NLT_OK) {
        nlt__duck_keep_failure(local->session, &failure);
        duckdb_function_set_error(info, failure.message);
        return;
    }
    if (batch == NULL) {
        duckdb_data_chunk_set_size(output, 0);
        return;
    }
#ifdef NLT_COPY_STRINGS
    const bool is_borrowed = false;
#else
    const bool is_borrowed = true;
#endif
    for (int i = 0; i < batch->n_cols; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, (idx_t)global->output[i]);
        nlt__duck_column(vector, &batch->cols[i], batch->n_rows, is_borrowed);
    }
    if (global->key_output >= 0) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, (idx_t)global->key_output);
        memcpy(duckdb_vector_get_data(vector), batch->row_key,
            (size_t)batch->n_rows * sizeof *batch->row_key);
    }
    duckdb_data_chunk_set_size(output, (idx_t)batch->n_rows);
}

nlt_status nlt__table_function_register(nlt_session *session, nlt_error *err)
{
    NLT_ASSERT(duckdb_vector_size() == NLT_BATCH_ROWS);
    NLT_ASSERT(sizeof(duckdb_string_t) == sizeof(nlt_str));
    NLT_ASSERT(sizeof(duckdb_list_entry) == sizeof(nlt_list));
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(function, "netlytics_scan");
    duckdb_table_function_add_parameter(function, bigint);
    duckdb_table_function_add_named_parameter(function, "file", bigint);
    nlt__prune_declare(function);
    duckdb_table_function_set_extra_info(function, session, NULL);
    duckdb_table_function_set_bind(function, scan_bind_fn);
    duckdb_table_function_set_init(function, scan_init_fn);
    duckdb_table_function_set_local_init(function, scan_local_init_fn);
    duckdb_table_function_set_function(function, scan_fn);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(session->con, function);
    duckdb_destroy_logical_type(&bigint);
    duckdb_destroy_table_function(&function);
    return state == DuckDBSuccess
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL, "the engine takes no table function");
}
