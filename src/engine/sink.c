/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics_sink(columns...): a volatile scalar function under an aggregate, the one way to get all
 * rows of any relation into C code on all of DuckDB's threads.
 *
 * Vectors are handed on where they lie; a call takes a free worker and gives it back. */

#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "engine/engine.h"

enum { SQL_MAX = 1 << 20, VALID_WORDS = NLT_BATCH_ROWS / 64 };

typedef struct sink_worker {
    struct sink_worker *next_free;
    struct sink_worker *next;
    void *inner; /* the target's */
    nlt_batch batch;
    nlt_vec cols[NLT_STORE_COLUMNS_MAX];
    nlt_vec children[NLT_STORE_COLUMNS_MAX];
    uint64_t all_valid[VALID_WORDS];
    uint64_t *all_children; /* bits set for as many list items as there were; owned */
    size_t n_children;
} sink_worker;

struct nlt_sink {
    const nlt_sink_target *target;
    const nlt_column_desc *columns;
    int n_columns;
    pthread_mutex_t lock;
    sink_worker *free, *all;
};

/* ---- workers ---- */

static sink_worker *new_worker(nlt_sink *sink, nlt_error *err)
{
    sink_worker *worker = nlt_alloc_zero(1, sizeof *worker);
    if (worker == NULL) {
        (void)nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        return NULL;
    }
    if (sink->target->open(sink->target->ctx, &worker->inner, err) != NLT_OK) {
        nlt_free(worker);
        return NULL;
    }
    memset(worker->all_valid, 0xff, sizeof worker->all_valid);
    worker->batch.cols = worker->cols;
    worker->batch.n_cols = sink->n_columns;
    for (int i = 0; i < sink->n_columns; i++) {
        nlt_dtype dtype = sink->columns[i].dtype;
        worker->cols[i].dtype = dtype;
        worker->children[i].dtype = (nlt_dtype){dtype.item, dtype.item, dtype.scale};
        worker->cols[i].child = dtype.type == NLT_TYPE_LIST ? &worker->children[i] : NULL;
    }
    pthread_mutex_lock(&sink->lock);
    worker->next = sink->all;
    sink->all = worker;
    pthread_mutex_unlock(&sink->lock);
    return worker;
}

static sink_worker *take_worker(nlt_sink *sink, nlt_error *err)
{
    pthread_mutex_lock(&sink->lock);
    sink_worker *worker = sink->free;
    if (worker != NULL) {
        sink->free = worker->next_free;
    }
    pthread_mutex_unlock(&sink->lock);
    return worker != NULL ? worker : new_worker(sink, err);
}

static void give_back(nlt_sink *sink, sink_worker *worker)
{
    pthread_mutex_lock(&sink->lock);
    worker->next_free = sink->free;
    sink->free = worker;
    pthread_mutex_unlock(&sink->lock);
}

static void free_workers(nlt_sink *sink)
{
    while (sink->all != NULL) {
        sink_worker *next = sink->all->next;
        nlt_free(sink->all->all_children);
        nlt_free(sink->all);
        sink->all = next;
    }
}

/* ---- vectors as a batch ---- */

/* A statement of the user's cannot name the function; should one come here, its types differ. */
static bool is_type(duckdb_vector vector, nlt_dtype dtype)
{
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    nlt_dtype found;
    bool is_same = nlt__duck_dtype(type, &found) && found.type == dtype.type
        && (dtype.type != NLT_TYPE_LIST || found.item == dtype.item)
        && (dtype.type != NLT_TYPE_INT64 || duckdb_get_type_id(type) == DUCKDB_TYPE_BIGINT)
        && (dtype.type != NLT_TYPE_DECIMAL
            || (duckdb_get_type_id(type) == DUCKDB_TYPE_DECIMAL
                && duckdb_decimal_internal_type(type) == DUCKDB_TYPE_HUGEINT));
    duckdb_destroy_logical_type(&type);
    return is_same;
}

static bool view_items(sink_worker *worker, duckdb_vector vector, nlt_vec *vec)
{
    nlt_vec *child = vec->child;
    duckdb_vector items = duckdb_list_vector_get_child(vector);
    vec->n_child = (int64_t)duckdb_list_vector_get_size(vector);
    vec->child_cap = vec->n_child;
    child->data = duckdb_vector_get_data(items);
    child->valid = duckdb_vector_get_validity(items);
    if (child->valid != NULL) {
        return true;
    }
    size_t words = (size_t)(vec->n_child + 63) / 64;
    if (words > worker->n_children || worker->all_children == NULL) {
        uint64_t *grown = nlt_realloc_array(worker->all_children, words + 1, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        memset(grown, 0xff, (words + 1) * sizeof *grown);
        worker->all_children = grown;
        worker->n_children = words + 1;
    }
    return true;
}

static nlt_status view_chunk(
    nlt_sink *sink, sink_worker *worker, duckdb_data_chunk input, nlt_error *err)
{
    nlt_batch *batch = &worker->batch;
    batch->n_rows = (int64_t)duckdb_data_chunk_get_size(input);
    if (duckdb_data_chunk_get_column_count(input) != (idx_t)sink->n_columns) {
        return nlt_fail(err, NLT_ERR_SQL, "netlytics_sink is not for queries");
    }
    for (int i = 0; i < sink->n_columns; i++) {
        nlt_vec *vec = &worker->cols[i];
        duckdb_vector vector = duckdb_data_chunk_get_vector(input, (idx_t)i);
        if (!is_type(vector, sink->columns[i].dtype)) {
            return nlt_fail(err, NLT_ERR_SQL, "netlytics_sink is not for queries");
        }
        vec->data = duckdb_vector_get_data(vector);
        vec->valid = duckdb_vector_get_validity(vector);
        vec->valid = vec->valid != NULL ? vec->valid : worker->all_valid;
        if (vec->child != NULL && !view_items(worker, vector, vec)) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    for (int i = 0; i < sink->n_columns; i++) { /* the bits may have moved while they grew */
        if (worker->cols[i].child != NULL && worker->children[i].valid == NULL) {
            worker->children[i].valid = worker->all_children;
        }
    }
    return NLT_OK;
}

/* ---- the function ---- */

static nlt_status take_rows(nlt_session *session, duckdb_data_chunk input, nlt_error *err)
{
    nlt_sink *sink = session->sink;
    if (sink == NULL) {
        return nlt_fail(err, NLT_ERR_SQL, "netlytics_sink is not for queries");
    }
    if (atomic_load(&session->is_cancelled)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
    }
    sink_worker *worker = take_worker(sink, err);
    if (worker == NULL) {
        return err->code;
    }
    nlt_status status = view_chunk(sink, worker, input, err);
    if (status == NLT_OK) {
        status = sink->target->rows(worker->inner, &worker->batch, err);
    }
    give_back(sink, worker);
    return status;
}

static void sink_fn(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    nlt_session *session = duckdb_scalar_function_get_extra_info(info);
    idx_t n = duckdb_data_chunk_get_size(input);
    nlt_error failure = NLT_ERROR_INIT;
    memset(duckdb_vector_get_data(output), 0, n * sizeof(int64_t));
    if (take_rows(session, input, &failure) != NLT_OK) {
        nlt__duck_keep_failure(session, &failure);
        duckdb_scalar_function_set_error(info, failure.message);
    }
}

nlt_status nlt__sink_register(nlt_session *session, nlt_error *err)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_scalar_function_set_name(function, "netlytics_sink");
    duckdb_scalar_function_set_varargs(function, any);
    duckdb_scalar_function_set_return_type(function, bigint);
    duckdb_scalar_function_set_special_handling(function); /* NULLs come as they are */
    duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_extra_info(function, session, NULL);
    duckdb_scalar_function_set_function(function, sink_fn);
    duckdb_state state = duckdb_register_scalar_function(session->con, function);
    duckdb_destroy_logical_type(&any);
    duckdb_destroy_logical_type(&bigint);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL, "the engine takes no scalar function");
}

/* ---- runs ---- */

nlt_status nlt__sql_type(nlt_dtype dtype, nlt_buf *out, nlt_error *err)
{
    static const char *const names[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = "BOOLEAN",
        [NLT_TYPE_INT64] = "BIGINT",
        [NLT_TYPE_DOUBLE] = "DOUBLE",
        [NLT_TYPE_STRING] = "VARCHAR",
        [NLT_TYPE_DATE] = "DATE",
        [NLT_TYPE_TIMESTAMP] = "TIMESTAMP"};
    nlt_type type = dtype.type == NLT_TYPE_LIST ? dtype.item : dtype.type;
    const char *suffix = dtype.type == NLT_TYPE_LIST ? "[]" : "";
    return type == NLT_TYPE_DECIMAL
        ? nlt__buf_printf(out, err, "DECIMAL(38,%d)%s", dtype.scale, suffix)
        : nlt__buf_printf(out, err, "%s%s", names[type], suffix);
}

static nlt_status put_statement(
    const char *relation, const nlt_column_desc *columns, int n, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "SELECT max(netlytics_sink("));
    for (int i = 0; i < n; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%sCAST(\"%s\" AS ", i > 0 ? ", " : "", columns[i].name));
        NLT_TRY(nlt__sql_type(columns[i].dtype, out, err));
        NLT_TRY(nlt__buf_printf(out, err, ")"));
    }
    return nlt__buf_printf(out, err, ")) FROM %s", relation);
}

nlt_status nlt__sink_run(nlt_session *session, const char *relation, const nlt_column_desc *columns,
    int n_columns, const nlt_sink_target *target, nlt_error *err)
{
    nlt_sink sink = {.target = target, .columns = columns, .n_columns = n_columns};
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    pthread_mutex_init(&sink.lock, NULL);
    nlt_status status = put_statement(relation, columns, n_columns, &sql, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (status == NLT_OK && text == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK) {
        session->sink = &sink;
        status = nlt__duck_run(session, text, err);
        session->sink = NULL;
    }
    free_workers(&sink);
    pthread_mutex_destroy(&sink.lock);
    nlt__buf_clear(&sql);
    return status;
}
