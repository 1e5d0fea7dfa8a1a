/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TopDNSServers: queries per resolver, the busiest first. */

#include <math.h>
#include <string.h>

#include "algos/algo.h"
#include "algos/simple/ranking.h"
#include "core/alloc.h"
#include "core/ip.h"
#include "table/tables.h"

static const nlt_param_desc parameters[] = {
    NLT_PARAM_N_TOP("resolvers", "Resolvers to report, the busiest first; -1 = all."),
};

enum { RESOLVER, QUERIES, COLUMNS };

static const nlt_column_desc columns[COLUMNS] = {
    {.name = "resolver",
        .dtype = {.type = NLT_TYPE_STRING},
        .unit = "",
        .help = "address of the server, - where the log has none"},
    {.name = "queries",
        .dtype = {.type = NLT_TYPE_INT64},
        .is_required = true,
        .unit = "rows",
        .help = "rows of the DNS table"},
};

static const char count_statement[] =
    "SELECT s_ip AS resolver, COUNT(*) AS queries FROM netlytics GROUP BY s_ip";

typedef struct top {
    nlt_ranking ranking;
    nlt_strings *warnings; /* borrowed */
} top;

/* IPv4 before IPv6, by number; what is no address comes last, by bytes. */
static int compare_addresses(nlt_bytes a, nlt_bytes b)
{
    nlt_ip one = {.family = 0};
    nlt_ip other = {.family = 0};
    bool is_one = nlt__ip_parse(a, &one);
    bool is_other = nlt__ip_parse(b, &other);
    if (!is_one || !is_other) {
        return is_one != is_other ? is_other - is_one : nlt__compare_bytes(a, b);
    }
    int order = (one.family > other.family) - (one.family < other.family);
    order = order != 0 ? order : memcmp(one.bytes, other.bytes, sizeof one.bytes);
    return order != 0 ? order : nlt__compare_bytes(a, b);
}

static nlt_status top_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    top *t = nlt_alloc_zero(1, sizeof *t);
    *state = t;
    if (t == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    t->ranking =
        (nlt_ranking){.limit = nlt__params_i64(env->params, "N_TOP"), .order = compare_addresses};
    t->warnings = env->warnings;
    return NLT_OK;
}

static nlt_status top_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    top *t = state;
    const nlt_vec *resolvers = &rows->cols[RESOLVER];
    const int64_t *queries = rows->cols[QUERIES].data;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        nlt_bytes resolver = {"-", 1};
        if (nlt__valid(resolvers->valid, row)) {
            resolver = nlt__str_bytes((const nlt_str *)resolvers->data + row);
        }
        NLT_TRY(nlt__ranking_add(&t->ranking, resolver, queries[row], err));
    }
    return NLT_OK;
}

static nlt_status top_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    top *t = state;
    return t->ranking.n > 0 ? nlt__ranking_emit(&t->ranking, columns, emit, err)
                            : nlt__strings_add(t->warnings, err, "the table has no rows");
}

static void top_close(void *state)
{
    top *t = state;
    if (t != NULL) {
        nlt__ranking_clear(&t->ranking);
        nlt_free(t);
    }
}

static const nlt_kernel rank_kernel = {
    .name = "top_dns_servers.rank",
    .input = columns,
    .n_input = COLUMNS,
    .output = columns,
    .n_output = COLUMNS,
    .open = top_open,
    .push = top_push,
    .finish = top_finish,
    .close = top_close,
};

static nlt_status top_dns_servers_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    NLT_TRY(nlt__plan_sql(plan, "queries_per_resolver", count_statement, err));
    return nlt__plan_kernel(
        plan, "top_dns_servers", &rank_kernel, params, "queries_per_resolver", err);
}

static const char *const read_columns[] = {"s_ip"};

const nlt_algo nlt_algo_top_dns_servers = {
    .class_name = "algos.top_DNS_servers.TopDNSServers",
    .alias = "top_dns_servers",
    .summary = "Queries per DNS resolver, the busiest first",
    .input = &nlt_table_dns,
    .columns = read_columns,
    .n_columns = sizeof read_columns / sizeof read_columns[0],
    .params = parameters,
    .n_params = sizeof parameters / sizeof parameters[0],
    .output = "report.csv",
    .plan = top_dns_servers_plan,
};
