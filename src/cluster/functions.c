/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of scalar functions over Arrow arrays. */

#include <string.h>

#include "core/alloc.h"
#include "netlytics/cluster.h"
#include "sql/scalar.h"
#include "table/arrow_gather.h"
#include "table/arrow_in.h"

/* Rows of the table that every dialect calls by their names. */
static const nlt_scalar *function_at(int index)
{
    for (int i = 0; i < nlt__scalar_count(); i++) {
        const nlt_scalar *scalar = nlt__scalar_at(i);
        if (!scalar->is_spark && index-- == 0) {
            return scalar;
        }
    }
    return NULL;
}

int nlt_own_function_count(void)
{
    int n = 0;
    while (function_at(n) != NULL) {
        n++;
    }
    return n;
}

nlt_status nlt_own_function_get(int index, nlt_own_function *out)
{
    const nlt_scalar *scalar = index >= 0 ? function_at(index) : NULL;
    if (scalar == NULL) {
        return NLT_ERR_ARG;
    }
    *out = (nlt_own_function){.name = scalar->name,
        .usage = scalar->usage,
        .result = nlt_dtype_name(scalar->result),
        .n_args = scalar->n_args,
        .n_optional = scalar->n_optional};
    return NLT_OK;
}

struct nlt_own_functions {
    nlt_asn_view *asn; /* owned; NULL: none */
    nlt_scalar_env env;
};

nlt_status nlt_own_functions_open(
    const char *asn, const char *names, nlt_own_functions **out, nlt_error *err)
{
    nlt_own_functions *functions = nlt_alloc_zero(1, sizeof *functions);
    *out = functions;
    if (functions == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status =
        asn != NULL ? nlt__asn_view_open(asn, names, NULL, &functions->asn, err) : NLT_OK;
    if (status != NLT_OK) {
        nlt_own_functions_close(functions);
        *out = NULL;
        return status;
    }
    functions->env.asn = functions->asn;
    return NLT_OK;
}

void nlt_own_functions_close(nlt_own_functions *functions)
{
    if (functions != NULL) {
        nlt__asn_view_close(functions->asn);
        nlt_free(functions);
    }
}

/* ---- calls ---- */

typedef struct call {
    const nlt_scalar *scalar;
    const nlt_scalar_env *env;
    nlt_arrow_in *in;
    nlt_batch *result;
    nlt_arrow_gather *gather;
    nlt_arena arena;
} call;

static nlt_status call_rows(call *c, const struct ArrowArray *array, nlt_error *err)
{
    for (int64_t at = 0; at < array->length; at += NLT_BATCH_ROWS) {
        int64_t left = array->length - at;
        int64_t n = left < NLT_BATCH_ROWS ? left : NLT_BATCH_ROWS;
        const nlt_batch *args = NULL;
        NLT_TRY(nlt__arrow_in_rows(c->in, array, at, n, &args, err));
        NLT_TRY(nlt__scalar_call(
            c->scalar, c->env, args->cols, args->n_cols, n, &c->result->cols[0], &c->arena, err));
        c->result->n_rows = n;
        NLT_TRY(nlt__arrow_gather_add(c->gather, c->result, err));
        nlt__arena_reset(&c->arena);
    }
    return NLT_OK;
}

static nlt_status check_arguments(const call *c, nlt_error *err)
{
    int n = nlt__arrow_in_count(c->in);
    if (n > c->scalar->n_args || n < c->scalar->n_args - c->scalar->n_optional) {
        return nlt_fail(
            err, NLT_ERR_ARG, "%s: %d arguments; it is %s", c->scalar->name, n, c->scalar->usage);
    }
    for (int i = 0; i < n; i++) {
        nlt_dtype dtype = nlt__arrow_in_columns(c->in)[i].dtype;
        if ((c->scalar->args[i] >> dtype.type & 1u) == 0) {
            return nlt_fail(err, NLT_ERR_ARG, "%s: argument %d cannot be %s; it is %s",
                c->scalar->name, i + 1, nlt_dtype_name(dtype), c->scalar->usage);
        }
    }
    return NLT_OK;
}

static nlt_status run(call *c, const struct ArrowSchema *schema, const struct ArrowArray *array,
    struct ArrowSchema *out_schema, struct ArrowArray *out, nlt_error *err)
{
    const nlt_column_desc column = {.name = c->scalar->name, .dtype = c->scalar->result};
    NLT_TRY(nlt__arrow_in_new(schema, &c->in, err));
    NLT_TRY(check_arguments(c, err));
    NLT_TRY(nlt__batch_new(&c->scalar->result, 1, NLT_BATCH_ROWS, &c->result, err));
    NLT_TRY(nlt__arrow_gather_new(&c->scalar->result, 1, &c->gather, err));
    NLT_TRY(call_rows(c, array, err));
    NLT_TRY(nlt__arrow_gather_take(c->gather, out, err));
    nlt_status status = nlt__arrow_schema(&column, 1, out_schema, err);
    if (status != NLT_OK) {
        out->release(out);
    }
    return status;
}

nlt_status nlt_own_function_call(const nlt_own_functions *functions, const char *name,
    const struct ArrowSchema *schema, const struct ArrowArray *array,
    struct ArrowSchema *out_schema, struct ArrowArray *out, nlt_error *err)
{
    memset(out_schema, 0, sizeof *out_schema);
    memset(out, 0, sizeof *out);
    call c = {.scalar = nlt__scalar_find(name), .env = &functions->env, .arena = NLT_ARENA_INIT};
    if (c.scalar == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "there is no function %.60s", name);
    }
    nlt_status status = run(&c, schema, array, out_schema, out, err);
    nlt__arrow_in_free(c.in);
    nlt__batch_free(c.result);
    nlt__arrow_gather_free(c.gather);
    nlt__arena_clear(&c.arena);
    return status;
}
