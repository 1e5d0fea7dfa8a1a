/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the caller's own: Arrow arrays that the session keeps, and netlytics_arrow(i), which reads
 * them as a DuckDB table function. A thread takes a block of rows at a time, only the columns that are
 * asked for; texts stay where they are. */

#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "table/arrow_in.h"

enum { BLOCK_ROWS = 32 * NLT_BATCH_ROWS, COLUMNS_MAX = NLT_RESULT_COLUMNS_MAX };

struct nlt_kept_arrow {
    struct ArrowSchema schema;
    struct ArrowArray *arrays; /* owned */
    int64_t *first_blocks;     /* of each array, counted over all; owned */
    int64_t n, cap;
    int64_t n_blocks, n_rows;
};

/* ---- keeping ---- */

void nlt__kept_arrow_free(nlt_kept_arrow *kept)
{
    if (kept == NULL) {
        return;
    }
    for (int64_t i = 0; i < kept->n; i++) {
        kept->arrays[i].release(&kept->arrays[i]);
    }
    if (kept->schema.release != NULL) {
        kept->schema.release(&kept->schema);
    }
    nlt_free(kept->arrays);
    nlt_free(kept->first_blocks);
    nlt_free(kept);
}

static nlt_status make_room(nlt_kept_arrow *kept, nlt_error *err)
{
    if (kept->n < kept->cap) {
        return NLT_OK;
    }
    size_t cap = kept->cap == 0 ? 16 : (size_t)kept->cap * 2;
    struct ArrowArray *arrays = nlt_realloc_array(kept->arrays, cap, sizeof *arrays);
    if (arrays != NULL) {
        kept->arrays = arrays;
    }
    int64_t *blocks = nlt_realloc_array(kept->first_blocks, cap, sizeof *blocks);
    if (blocks != NULL) {
        kept->first_blocks = blocks;
    }
    if (arrays == NULL || blocks == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    kept->cap = (int64_t)cap;
    return NLT_OK;
}

static nlt_status fail_stream(struct ArrowArrayStream *rows, nlt_error *err)
{
    const char *why = rows->get_last_error(rows);
    return nlt_fail(err, NLT_ERR_IO, "the rows that were given ended early: %s",
        why != NULL ? why : "no reason was told");
}

static nlt_status keep_arrays(nlt_kept_arrow *kept, struct ArrowArrayStream *rows, nlt_error *err)
{
    for (;;) {
        struct ArrowArray array = {0};
        NLT_TRY(make_room(kept, err));
        if (rows->get_next(rows, &array) != 0) {
            return fail_stream(rows, err);
        }
        if (array.release == NULL) {
            return NLT_OK;
        }
        kept->first_blocks[kept->n] = kept->n_blocks;
        kept->arrays[kept->n++] = array;
        if (array.n_children != kept->schema.n_children) {
            return nlt_fail(err, NLT_ERR_FORMAT, "rows of %lld columns where the schema has %lld",
                (long long)array.n_children, (long long)kept->schema.n_children);
        }
        kept->n_rows += array.length;
        kept->n_blocks += (array.length + BLOCK_ROWS - 1) / BLOCK_ROWS;
    }
}

static nlt_status check_schema(const nlt_kept_arrow *kept, nlt_error *err)
{
    nlt_arrow_in *in = NULL;
    if (kept->schema.n_children < 1 || kept->schema.n_children > COLUMNS_MAX) {
        return nlt_fail(err, NLT_ERR_ARG, "rows of %lld columns; 1 to %d are possible",
            (long long)kept->schema.n_children, COLUMNS_MAX);
    }
    nlt_status status = nlt__arrow_in_new(&kept->schema, &in, err);
    nlt__arrow_in_free(in);
    return status;
}

static nlt_status keep(nlt_kept_arrow *kept, struct ArrowArrayStream *rows, nlt_error *err)
{
    if (rows->get_schema(rows, &kept->schema) != 0) {
        kept->schema.release = NULL;
        return fail_stream(rows, err);
    }
    NLT_TRY(check_schema(kept, err));
    return keep_arrays(kept, rows, err);
}

nlt_status nlt__arrow_keep(nlt_session *session, struct ArrowArrayStream *rows, nlt_error *err)
{
    nlt_kept_arrow *kept = nlt_alloc_zero(1, sizeof *kept);
    nlt_status status = kept == NULL                 ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
        : session->n_arrows == NLT_SESSION_SCANS_MAX ? nlt_fail(err, NLT_ERR_LIMIT,
              "more than %d tables of one's own in a session", NLT_SESSION_SCANS_MAX)
                                                     : keep(kept, rows, err);
    rows->release(rows);
    if (status != NLT_OK) {
        nlt__kept_arrow_free(kept);
        return status;
    }
    session->arrows[session->n_arrows++] = kept;
    return NLT_OK;
}

/* ---- reading ---- */

/* Of one execution. */
typedef struct arrow_global {
    const nlt_kept_arrow *kept;
    atomic_llong next_block;
    int n_columns;
    int columns[COLUMNS_MAX]; /* of the rows, in output order */
    int outputs[COLUMNS_MAX]; /* output vector of each */
} arrow_global;

/* Of one thread. */
typedef struct arrow_local {
    nlt_session *session;
    nlt_arrow_in *in;             /* of the columns that are asked for */
    struct ArrowArray chosen;     /* the array that is read, with these columns only; borrows it */
    struct ArrowArray **children; /* owned */
    int64_t at, end;              /* rows of it that are left */
} arrow_local;

static void arrow_local_free(void *ptr)
{
    arrow_local *local = ptr;
    nlt__arrow_in_free(local->in);
    nlt_free(local->children);
    nlt_free(local);
}

static void arrow_bind(duckdb_bind_info info)
{
    nlt_session *session = duckdb_bind_get_extra_info(info);
    int64_t index = -1;
    if (!nlt__bind_index(info, session->n_arrows, "table", &index)) {
        return;
    }
    nlt_kept_arrow *kept = session->arrows[index];
    nlt_arrow_in *in = NULL;
    nlt_error failure = NLT_ERROR_INIT;
    if (nlt__arrow_in_new(&kept->schema, &in, &failure) != NLT_OK) {
        duckdb_bind_set_error(info, failure.message);
        return;
    }
    duckdb_bind_set_bind_data(info, kept, NULL);
    nlt__bind_columns(info, nlt__arrow_in_columns(in), nlt__arrow_in_count(in));
    duckdb_bind_set_cardinality(info, (idx_t)kept->n_rows, true);
    nlt__arrow_in_free(in);
}

static void arrow_init(duckdb_init_info info)
{
    const nlt_kept_arrow *kept = duckdb_init_get_bind_data(info);
    arrow_global *global = nlt_alloc_zero(1, sizeof *global);
    if (global == NULL) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    global->kept = kept;
    global->n_columns =
        nlt__init_columns(info, (int)kept->schema.n_children, global->columns, global->outputs);
    duckdb_init_set_init_data(info, global, nlt_free);
    duckdb_init_set_max_threads(info, (idx_t)(kept->n_blocks > 0 ? kept->n_blocks : 1));
}

static void arrow_local_init(duckdb_init_info info)
{
    arrow_local *local = nlt_alloc_zero(1, sizeof *local);
    if (local == NULL) {
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    local->session = duckdb_init_get_extra_info(info);
    duckdb_init_set_init_data(info, local, arrow_local_free);
}

static nlt_status choose_columns(const arrow_global *global, arrow_local *local, nlt_error *err)
{
    struct ArrowSchema *children[COLUMNS_MAX];
    for (int i = 0; i < global->n_columns; i++) {
        children[i] = global->kept->schema.children[global->columns[i]];
    }
    struct ArrowSchema schema = global->kept->schema; /* shallow; in_new borrows it */
    schema.children = children;
    schema.n_children = global->n_columns;
    local->children = nlt_alloc_zero((size_t)global->n_columns + 1, sizeof(struct ArrowArray *));
    return local->children == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
                                   : nlt__arrow_in_new(&schema, &local->in, err);
}

/* The array that has block `block`: the last one that begins at or before it and is not empty. */
static int64_t find_array(const nlt_kept_arrow *kept, int64_t block)
{
    int64_t low = 0;
    int64_t high = kept->n;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (kept->first_blocks[middle] <= block) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* False: all blocks are taken. */
static bool take_block(arrow_global *global, arrow_local *local)
{
    const nlt_kept_arrow *kept = global->kept;
    int64_t block = atomic_fetch_add(&global->next_block, 1);
    if (block >= kept->n_blocks) {
        return false;
    }
    int64_t index = find_array(kept, block);
    const struct ArrowArray *array = &kept->arrays[index];
    for (int i = 0; i < global->n_columns; i++) {
        local->children[i] = array->children[global->columns[i]];
    }
    local->chosen = *array;
    local->chosen.children = local->children;
    local->chosen.n_children = global->n_columns;
    local->at = (block - kept->first_blocks[index]) * BLOCK_ROWS;
    int64_t left = array->length - local->at;
    local->end = local->at + (left < BLOCK_ROWS ? left : BLOCK_ROWS);
    return true;
}

/* *rows = NULL: the end. */
static nlt_status next_rows(
    arrow_global *global, arrow_local *local, const nlt_batch **rows, nlt_error *err)
{
    *rows = NULL;
    if (local->in == NULL) {
        NLT_TRY(choose_columns(global, local, err));
    }
    if (local->at == local->end && !take_block(global, local)) {
        return NLT_OK;
    }
    int64_t left = local->end - local->at;
    int64_t n = left < NLT_BATCH_ROWS ? left : NLT_BATCH_ROWS;
    NLT_TRY(nlt__arrow_in_rows(local->in, &local->chosen, local->at, n, rows, err));
    local->at += n;
    return NLT_OK;
}

static void arrow_fn(duckdb_function_info info, duckdb_data_chunk output)
{
    arrow_global *global = duckdb_function_get_init_data(info);
    arrow_local *local = duckdb_function_get_local_init_data(info);
    const nlt_batch *rows = NULL;
    nlt_error failure = NLT_ERROR_INIT;
    if (next_rows(global, local, &rows, &failure) != NLT_OK) {
        nlt__duck_keep_failure(local->session, &failure);
        duckdb_function_set_error(info, failure.message);
        return;
    }
    for (int i = 0; rows != NULL && i < global->n_columns; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, (idx_t)global->outputs[i]);
        nlt__duck_column(vector, &rows->cols[i], rows->n_rows, true);
    }
    duckdb_data_chunk_set_size(output, rows != NULL ? (idx_t)rows->n_rows : 0);
}

nlt_status nlt__arrow_table_register(nlt_session *session, nlt_error *err)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(function, "netlytics_arrow");
    duckdb_table_function_add_parameter(function, bigint);
    duckdb_table_function_set_extra_info(function, session, NULL);
    duckdb_table_function_set_bind(function, arrow_bind);
    duckdb_table_function_set_init(function, arrow_init);
    duckdb_table_function_set_local_init(function, arrow_local_init);
    duckdb_table_function_set_function(function, arrow_fn);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(session->con, function);
    duckdb_destroy_logical_type(&bigint);
    duckdb_destroy_table_function(&function);
    return state == DuckDBSuccess
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL, "the engine takes no table function");
}
