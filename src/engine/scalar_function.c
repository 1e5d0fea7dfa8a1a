/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of scalar functions as functions of DuckDB.
 *
 * DuckDB's vectors are laid out as our columns are, so arguments are passed as they lie; only results
 * are copied, because a text must belong to the vector. What a call needs besides (the column of
 * results, an arena) waits in the function's row of free workspaces, so threads share nothing and no
 * row allocates. */

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "sql/scalar.h"

enum { WORDS = NLT_SCALAR_ROWS_MAX / 64 };

typedef struct workspace {
    struct workspace *next;
    nlt_batch *result; /* one column */
    nlt_arena arena;
    uint64_t all_valid[WORDS];
} workspace;

/* An overload: a row with one choice of argument types. */
typedef struct overload {
    const nlt_scalar *scalar;
    const nlt_scalar_env *env; /* of the session */
    int n_args;
    nlt_type types[NLT_SCALAR_ARGS_MAX];
    pthread_mutex_t lock;
    workspace *free; /* guarded by lock */
} overload;

/* ---- workspaces ---- */

static void workspace_free(workspace *space)
{
    nlt__batch_free(space->result);
    nlt__arena_clear(&space->arena);
    nlt_free(space);
}

static nlt_status workspace_new(const nlt_scalar *scalar, workspace **out, nlt_error *err)
{
    workspace *space = nlt_alloc_zero(1, sizeof *space);
    *out = space;
    if (space == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    memset(space->all_valid, 0xff, sizeof space->all_valid);
    nlt_status status =
        nlt__batch_new(&scalar->result, 1, NLT_SCALAR_ROWS_MAX, &space->result, err);
    if (status != NLT_OK) {
        workspace_free(space);
    }
    return status;
}

static nlt_status workspace_take(overload *self, workspace **out, nlt_error *err)
{
    pthread_mutex_lock(&self->lock);
    *out = self->free;
    if (*out != NULL) {
        self->free = (*out)->next;
    }
    pthread_mutex_unlock(&self->lock);
    return *out != NULL ? NLT_OK : workspace_new(self->scalar, out, err);
}

static void workspace_give(overload *self, workspace *space)
{
    nlt__arena_reset(&space->arena);
    pthread_mutex_lock(&self->lock);
    space->next = self->free;
    self->free = space;
    pthread_mutex_unlock(&self->lock);
}

/* ---- calls ---- */

static nlt_status call_overload(const overload *self, workspace *space, duckdb_data_chunk input,
    duckdb_vector output, nlt_error *err)
{
    nlt_vec args[NLT_SCALAR_ARGS_MAX];
    int64_t n = (int64_t)duckdb_data_chunk_get_size(input);
    nlt_vec *result = &space->result->cols[0];
    for (int i = 0; i < self->n_args; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(input, (idx_t)i);
        uint64_t *valid = duckdb_vector_get_validity(vector);
        args[i] = (nlt_vec){
            .dtype = {self->types[i], self->types[i], 0},
            .data = duckdb_vector_get_data(vector),
            .valid = valid != NULL ? valid : space->all_valid,
        };
    }
    NLT_TRY(nlt__scalar_call(
        self->scalar, self->env, args, self->n_args, n, result, &space->arena, err));
    nlt__duck_column(output, result, n, false);
    return NLT_OK;
}

static void scalar_fn(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    overload *self = duckdb_scalar_function_get_extra_info(info);
    nlt_error failure = NLT_ERROR_INIT;
    workspace *space = NULL;
    nlt_status status = workspace_take(self, &space, &failure);
    if (status == NLT_OK) {
        status = call_overload(self, space, input, output, &failure);
        workspace_give(self, space);
    }
    if (status != NLT_OK) {
        char text[sizeof failure.message + sizeof failure.hint + 16];
        (void)snprintf(text, sizeof text, "%s" NLT_HINT_MARK "%s", failure.message, failure.hint);
        duckdb_scalar_function_set_error(info, text);
    }
}

/* ---- registration ---- */

static void overload_free(void *ptr)
{
    overload *self = ptr;
    while (self->free != NULL) {
        workspace *next = self->free->next;
        workspace_free(self->free);
        self->free = next;
    }
    pthread_mutex_destroy(&self->lock);
    nlt_free(self);
}

static void describe(duckdb_scalar_function function, const overload *self)
{
    duckdb_scalar_function_set_name(function, self->scalar->name);
    for (int i = 0; i < self->n_args; i++) {
        duckdb_logical_type type = nlt__duck_type((nlt_dtype){self->types[i], self->types[i], 0});
        duckdb_scalar_function_add_parameter(function, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_logical_type result = nlt__duck_type(self->scalar->result);
    duckdb_scalar_function_set_return_type(function, result);
    duckdb_destroy_logical_type(&result);
    if (self->scalar->takes_null) {
        duckdb_scalar_function_set_special_handling(function);
    }
    duckdb_scalar_function_set_function(function, scalar_fn);
}

static nlt_status add_overload(
    duckdb_scalar_function_set set, const overload *choice, nlt_error *err)
{
    overload *self = nlt_alloc(sizeof *self);
    if (self == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *self = *choice;
    pthread_mutex_init(&self->lock, NULL);
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_extra_info(function, self, overload_free);
    describe(function, self);
    duckdb_state state = duckdb_add_scalar_function_to_set(set, function);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL, "the engine does not take %s", self->scalar->usage);
}

/* Every choice of types for the arguments from `choice->n_args` on, up to `n`. */
static nlt_status add_choices(
    duckdb_scalar_function_set set, overload *choice, int n, nlt_error *err)
{
    int arg = choice->n_args;
    if (arg == n) {
        return add_overload(set, choice, err);
    }
    for (int type = 0; type < NLT_TYPE_COUNT; type++) {
        if ((choice->scalar->args[arg] >> type & 1) == 0) {
            continue;
        }
        choice->types[arg] = (nlt_type)type;
        choice->n_args = arg + 1;
        NLT_TRY(add_choices(set, choice, n, err));
        choice->n_args = arg;
    }
    return NLT_OK;
}

/* Adds the overloads of the rows `from`..`to`, which share a name. */
static nlt_status register_rows(nlt_session *session, int from, int to, nlt_error *err)
{
    const char *name = nlt__scalar_at(from)->name;
    duckdb_scalar_function_set set = duckdb_create_scalar_function_set(name);
    nlt_status status = NLT_OK;
    for (int i = from; i < to && status == NLT_OK; i++) {
        const nlt_scalar *scalar = nlt__scalar_at(i);
        overload choice = {.scalar = scalar, .env = &session->scalar_env};
        for (int n = scalar->n_args - scalar->n_optional; n <= scalar->n_args; n++) {
            status = status == NLT_OK ? add_choices(set, &choice, n, err) : status;
        }
    }
    if (status == NLT_OK
        && duckdb_register_scalar_function_set(session->con, set) != DuckDBSuccess) {
        status = nlt_fail(err, NLT_ERR_INTERNAL, "the engine does not take the function %s", name);
    }
    duckdb_destroy_scalar_function_set(&set);
    return status;
}

nlt_status nlt__scalar_functions_register(nlt_session *session, nlt_error *err)
{
    int n = nlt__scalar_count();
    for (int from = 0; from < n;) {
        int to = from + 1;
        while (to < n && strcmp(nlt__scalar_at(to)->name, nlt__scalar_at(from)->name) == 0) {
            to++;
        }
        NLT_TRY(register_rows(session, from, to, err));
        from = to;
    }
    return NLT_OK;
}
