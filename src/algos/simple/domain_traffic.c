/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DomainTraffic: bytes per server name, the largest first.
 *
 * One statement sums the bytes of each name; the finishing kernel folds NULL, '' and '-' into one
 * group, checks the 64-bit range, and ranks the names.
 * The statement groups by the bare column: an expression around it would be made per row, whereas
 * the kernel folds three groups. A sum is NULL only if no row of the group has a byte count. */

#include <math.h>
#include <string.h>

#include "algos/algo.h"
#include "algos/exact_sum.h"
#include "algos/simple/ranking.h"
#include "core/alloc.h"
#include "core/num.h"
#include "table/tables.h"

static const nlt_param_desc parameters[] = {
    NLT_PARAM_N_TOP("domains", "Domains to report, the largest first; -1 = all."),
};

enum { IN_DOMAIN, IN_C_BYTES, IN_S_BYTES, IN_COUNT };
enum { OUT_DOMAIN, OUT_BYTES, OUT_COUNT };

static const nlt_column_desc input_columns[IN_COUNT] = {
    {.name = "domain", .dtype = {.type = NLT_TYPE_STRING}, .unit = "", .help = "server name"},
    {.name = "c_bytes",
        .dtype = {.type = NLT_TYPE_DECIMAL},
        .unit = "bytes",
        .help = "sum of what the clients sent"},
    {.name = "s_bytes",
        .dtype = {.type = NLT_TYPE_DECIMAL},
        .unit = "bytes",
        .help = "sum of what the servers sent"},
};

static const nlt_column_desc output_columns[OUT_COUNT] = {
    {.name = "domain",
        .dtype = {.type = NLT_TYPE_STRING},
        .is_required = true,
        .unit = "",
        .help = "server name, - where there is none"},
    {.name = "bytes",
        .dtype = {.type = NLT_TYPE_INT64},
        .is_required = true,
        .unit = "bytes",
        .help = "bytes in both directions"},
};

static const char sum_statement[] = "SELECT name AS domain, " NLT_EXACT_SUM(
    "c_bytes") ", " NLT_EXACT_SUM("s_bytes") " FROM netlytics GROUP BY name";

typedef struct top {
    nlt_ranking ranking;
    nlt_i128 nameless_bytes;
    bool has_nameless;
    bool has_rows;
    bool has_bytes;
    nlt_strings *warnings; /* borrowed */
} top;

static const nlt_bytes nameless = {"-", 1};

static nlt_status rank(top *t, nlt_bytes domain, nlt_i128 bytes, nlt_error *err)
{
    if (bytes > INT64_MAX || bytes < INT64_MIN) {
        return nlt_fail(err, NLT_ERR_SQL, "bytes of domain \"%.*s\" do not fit into 64 bits",
            domain.len < 253 ? (int)domain.len : 253, domain.ptr);
    }
    return nlt__ranking_add(&t->ranking, domain, (int64_t)bytes, err);
}

/* ---- the kernel ---- */

static nlt_i128 sum_at(top *t, const nlt_vec *vec, int64_t row)
{
    if (!nlt__valid(vec->valid, row)) {
        return 0;
    }
    nlt_i128 value;
    memcpy(&value, (const char *)vec->data + (size_t)row * sizeof value, sizeof value);
    t->has_bytes = true;
    return value;
}

static nlt_status top_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    top *t = nlt_alloc_zero(1, sizeof *t);
    *state = t;
    if (t == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    t->ranking =
        (nlt_ranking){.limit = nlt__params_i64(env->params, "N_TOP"), .order = nlt__compare_bytes};
    t->warnings = env->warnings;
    return NLT_OK;
}

static nlt_status top_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    top *t = state;
    const nlt_vec *domains = &rows->cols[IN_DOMAIN];
    for (int64_t row = 0; row < rows->n_rows; row++) {
        nlt_bytes domain = {"", 0};
        if (nlt__valid(domains->valid, row)) {
            domain = nlt__str_bytes((const nlt_str *)domains->data + row);
        }
        nlt_i128 bytes =
            sum_at(t, &rows->cols[IN_C_BYTES], row) + sum_at(t, &rows->cols[IN_S_BYTES], row);
        t->has_rows = true;
        if (domain.len == 0 || (domain.len == 1 && domain.ptr[0] == '-')) {
            t->has_nameless = true;
            t->nameless_bytes += bytes;
        } else {
            NLT_TRY(rank(t, domain, bytes, err));
        }
    }
    return NLT_OK;
}

static nlt_status top_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    top *t = state;
    if (t->has_nameless) {
        NLT_TRY(rank(t, nameless, t->nameless_bytes, err));
    }
    if (!t->has_rows) {
        return nlt__strings_add(t->warnings, err, "the table has no rows");
    }
    if (!t->has_bytes) {
        NLT_TRY(nlt__strings_add(t->warnings, err, "no byte counts in this table"));
    }
    return nlt__ranking_emit(&t->ranking, output_columns, emit, err);
}

static void top_close(void *state)
{
    top *t = state;
    if (t == NULL) {
        return;
    }
    nlt__ranking_clear(&t->ranking);
    nlt_free(t);
}

static const nlt_kernel finish_kernel = {
    .name = "domain_traffic.finish",
    .input = input_columns,
    .n_input = IN_COUNT,
    .output = output_columns,
    .n_output = OUT_COUNT,
    .open = top_open,
    .push = top_push,
    .finish = top_finish,
    .close = top_close,
};

static nlt_status domain_traffic_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    NLT_TRY(nlt__plan_sql(plan, "domain_sums", sum_statement, err));
    return nlt__plan_kernel(plan, "domain_traffic", &finish_kernel, params, "domain_sums", err);
}

static const char *const read_columns[] = {"name", "c_bytes", "s_bytes"};

const nlt_algo nlt_algo_domain_traffic = {
    .class_name = "algos.domain_traffic.DomainTraffic",
    .alias = "domain_traffic",
    .summary = "Bytes per server name, the largest first",
    .input = &nlt_table_named_flows,
    .columns = read_columns,
    .n_columns = sizeof read_columns / sizeof read_columns[0],
    .params = parameters,
    .n_params = sizeof parameters / sizeof parameters[0],
    .output = "report.csv",
    .plan = domain_traffic_plan,
};
