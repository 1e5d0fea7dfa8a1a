/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DomainTraffic's finishing kernel and SaveDataFrame's plan. Expected rows: spec/simple.md, or
 * worked out by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "algos/algo.h"
#include "core/alloc.h"
#include "core/num.h"

enum { TEXT_MAX = 4096, ROWS_MAX = 5000 };

/* ---- one input row per name: sums as the statement hands them over ---- */

typedef struct sums {
    const char *domain; /* NULL: null */
    nlt_i128 c_bytes, s_bytes;
    bool has_c, has_s;
} sums;

#define ROW(domain, c, s)                                                                          \
    {                                                                                              \
        domain, c, s, true, true                                                                   \
    }
#define ROW_S(domain, s)                                                                           \
    {                                                                                              \
        domain, 0, s, false, true                                                                  \
    }
#define ROW_NULL(domain)                                                                           \
    {                                                                                              \
        domain, 0, 0, false, false                                                                 \
    }

/* What the kernel emitted, as "domain,bytes\n". */
typedef struct answer {
    char text[TEXT_MAX];
    size_t len;
    int64_t n_rows;
    int64_t last_bytes;
} answer;

static nlt_status collect(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    (void)err;
    answer *out = ctx;
    assert_int_equal(batch->n_cols, 2);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        assert_true(nlt__valid(batch->cols[0].valid, row));
        assert_true(nlt__valid(batch->cols[1].valid, row));
        nlt_bytes domain = nlt__str_bytes((const nlt_str *)batch->cols[0].data + row);
        out->last_bytes = ((const int64_t *)batch->cols[1].data)[row];
        if (out->len < TEXT_MAX) {
            out->len += (size_t)snprintf(out->text + out->len, TEXT_MAX - out->len, "%.*s,%lld\n",
                (int)domain.len, domain.ptr, (long long)out->last_bytes);
        }
        out->n_rows++;
    }
    return NLT_OK;
}

static void put_decimal(nlt_vec *vec, int64_t row, nlt_i128 value, bool is_valid)
{
    if (is_valid) {
        memcpy((char *)vec->data + (size_t)row * sizeof value, &value, sizeof value);
        nlt__set_valid(vec->valid, row);
    }
}

static nlt_batch *make_batch(const nlt_kernel *kernel, const sums *rows, int64_t n)
{
    nlt_dtype dtypes[3];
    assert_int_equal(kernel->n_input, 3);
    for (int i = 0; i < 3; i++) {
        dtypes[i] = kernel->input[i].dtype;
    }
    nlt_batch *batch = NULL;
    assert_int_equal(nlt__batch_new(dtypes, 3, NLT_BATCH_ROWS, &batch, NULL), NLT_OK);
    for (int64_t row = 0; row < n; row++) {
        if (rows[row].domain != NULL) {
            nlt__str_set(
                (nlt_str *)batch->cols[0].data + row, rows[row].domain, strlen(rows[row].domain));
            nlt__set_valid(batch->cols[0].valid, row);
        }
        put_decimal(&batch->cols[1], row, rows[row].c_bytes, rows[row].has_c);
        put_decimal(&batch->cols[2], row, rows[row].s_bytes, rows[row].has_s);
    }
    batch->n_rows = n;
    return batch;
}

/* ---- running the kernel of the plan ---- */

typedef struct run {
    const nlt_algo *algo;
    nlt_params *params;
    nlt_plan plan;
    nlt_strings warnings;
    nlt_error err;
    answer out;
} run;

static void run_begin(run *r, const char *algo, const char *json)
{
    memset(r, 0, sizeof *r);
    nlt__plan_init(&r->plan);
    assert_int_equal(nlt__algo_find(algo, &r->algo, NULL), NLT_OK);
    assert_int_equal(nlt__params_parse(r->algo->class_name, r->algo->params, r->algo->n_params,
                         json, &r->params, NULL),
        NLT_OK);
    assert_int_equal(nlt__plan_scan(&r->plan, "netlytics", 0, NULL), NLT_OK);
    assert_int_equal(r->algo->plan(r->params, &r->plan, NULL), NLT_OK);
}

static void run_end(run *r)
{
    nlt__plan_clear(&r->plan);
    nlt__params_free(r->params);
    nlt__strings_clear(&r->warnings);
}

static nlt_status run_rows(run *r, const nlt_kernel *kernel, const sums *rows, int64_t n)
{
    void *state = NULL;
    nlt_emit emit = {collect, &r->out};
    const nlt_kernel_env env = {r->params, &r->warnings, NULL};
    nlt_status status = kernel->open(&env, &state, &r->err);
    for (int64_t first = 0; status == NLT_OK && first < n; first += NLT_BATCH_ROWS) {
        int64_t count = n - first < NLT_BATCH_ROWS ? n - first : NLT_BATCH_ROWS;
        nlt_batch *batch = make_batch(kernel, rows + first, count);
        status = kernel->push(state, batch, &emit, &r->err);
        nlt__batch_free(batch);
    }
    if (status == NLT_OK) {
        status = kernel->finish(state, &emit, &r->err);
    }
    kernel->close(state);
    return status;
}

static nlt_status run_traffic(run *r, const char *json, const sums *rows, int64_t n)
{
    run_begin(r, "domain_traffic", json);
    const nlt_node *last = &r->plan.nodes[r->plan.n_nodes - 1];
    assert_int_equal(last->kind, NLT_NODE_KERNEL);
    return run_rows(r, last->kernel, rows, n);
}

static void expect_report(const char *json, const sums *rows, int64_t n, const char *expected)
{
    run r;
    assert_int_equal(run_traffic(&r, json, rows, n), NLT_OK);
    assert_string_equal(r.out.text, expected);
    assert_int_equal(r.warnings.n, 0);
    run_end(&r);
}

/* ---- DomainTraffic ---- */

static void worked_example(void **state)
{
    (void)state;
    /* (a.com, c 10, s 90), (b.com, c 0, s 300), (a.com, c null, s 50), summed by name. */
    const sums rows[] = {ROW("a.com", 10, 140), ROW("b.com", 0, 300)};
    expect_report("{\"N\":40}", rows, 2, "b.com,300\na.com,150\n");
}

static void ties_go_by_bytes_of_the_name(void **state)
{
    (void)state;
    const sums rows[] = {ROW_S("b", 7), ROW_S("ab", 7), ROW_S("a", 7), ROW_S("\xc3\xa9", 7),
        ROW_S("B", 7), ROW_S("z", 8)};
    expect_report(NULL, rows, 6, "z,8\nB,7\na,7\nab,7\nb,7\n\xc3\xa9,7\n");
}

static void nameless_rows_are_one_group(void **state)
{
    (void)state;
    const sums rows[] = {ROW_S(NULL, 1), ROW_S("", 10), ROW_S("a", 50), ROW("-", 100, 1000)};
    expect_report(NULL, rows, 4, "-,1111\na,50\n");
}

static void best_rows_survive_the_cut(void **state)
{
    (void)state;
    const sums rows[] = {
        ROW_S("e", 5), ROW_S("a", 9), ROW_S("d", 5), ROW_S("c", 5), ROW_S(NULL, 7), ROW_S("b", 8)};
    expect_report("{\"N_TOP\":4}", rows, 6, "a,9\nb,8\n-,7\nc,5\n");
    expect_report("{\"N_TOP\":1}", rows, 6, "a,9\n");
    expect_report("{\"N_TOP\":-1}", rows, 6, "a,9\nb,8\n-,7\nc,5\nd,5\ne,5\n");
}

/* Every value of i * 2741 mod 5000 occurs once (2741 is odd and no multiple of 5), so the best
 * `limit` of them are 4999, 4998, ... whatever the order they came in. */
static void expect_many(const char *json, int64_t limit)
{
    static char names[ROWS_MAX][32];
    static sums rows[ROWS_MAX];
    for (int i = 0; i < ROWS_MAX; i++) {
        int value = i * 2741 % ROWS_MAX;
        (void)snprintf(names[i], sizeof names[i], "host%d.example", value);
        rows[i] = (sums)ROW_S(names[i], value);
    }
    run r;
    assert_int_equal(run_traffic(&r, json, rows, ROWS_MAX), NLT_OK);
    assert_int_equal(r.out.n_rows, limit);
    assert_int_equal(r.out.last_bytes, ROWS_MAX - limit);
    assert_memory_equal(r.out.text, "host4999.example,4999\nhost4998.example,4998\n", 44);
    run_end(&r);
}

static void many_rows(void **state)
{
    (void)state;
    expect_many(NULL, 50);
    expect_many("{\"N\":3000}", 3000);
    expect_many("{\"N\":-1}", ROWS_MAX);
}

static void sums_up_to_64_bits(void **state)
{
    (void)state;
    const sums fits[] = {ROW("a", INT64_MAX, 0), ROW("b", INT64_MAX - 1, 1)};
    expect_report(NULL, fits, 2, "a,9223372036854775807\nb,9223372036854775807\n");
    const sums sum[] = {ROW_S("c", 1), ROW("big.example", INT64_MAX, 1)};
    run r;
    assert_int_equal(run_traffic(&r, NULL, sum, 2), NLT_ERR_SQL);
    assert_non_null(strstr(r.err.message, "big.example"));
    run_end(&r);
    const sums nameless[] = {ROW_S(NULL, INT64_MAX), ROW_S("", 1)};
    assert_int_equal(run_traffic(&r, NULL, nameless, 2), NLT_ERR_SQL);
    assert_non_null(strstr(r.err.message, "\"-\""));
    run_end(&r);
}

static void empty_table_warns(void **state)
{
    (void)state;
    run r;
    assert_int_equal(run_traffic(&r, NULL, NULL, 0), NLT_OK);
    assert_int_equal(r.out.n_rows, 0);
    assert_int_equal(r.warnings.n, 1);
    run_end(&r);
}

static void missing_bytes_warn(void **state)
{
    (void)state;
    const sums rows[] = {ROW_NULL("b"), ROW_NULL("a"), ROW_NULL(NULL)};
    run r;
    assert_int_equal(run_traffic(&r, NULL, rows, 3), NLT_OK);
    assert_string_equal(r.out.text, "-,0\na,0\nb,0\n");
    assert_int_equal(r.warnings.n, 1);
    assert_string_equal(r.warnings.items[0], "no byte counts in this table");
    run_end(&r);
}

static void short_memory_is_reported(void **state)
{
    (void)state;
    const sums rows[] = {ROW_S("a", 1), ROW_S("b", 2)};
    run r;
    run_begin(&r, "domain_traffic", NULL);
    const nlt_kernel *kernel = r.plan.nodes[r.plan.n_nodes - 1].kernel;
    nlt_batch *batch = make_batch(kernel, rows, 2);
    nlt_emit emit = {collect, &r.out};
    bool has_ended = false;
    for (int64_t nth = 1; !has_ended; nth++) {
        void *kernel_state = NULL;
        nlt__alloc_fail_at(nth);
        const nlt_kernel_env env = {r.params, &r.warnings, NULL};
        nlt_status status = kernel->open(&env, &kernel_state, &r.err);
        if (status == NLT_OK) {
            status = kernel->push(kernel_state, batch, &emit, &r.err);
        }
        if (status == NLT_OK) {
            status = kernel->finish(kernel_state, &emit, &r.err);
        }
        nlt__alloc_fail_at(0);
        kernel->close(kernel_state);
        assert_true(status == NLT_OK || status == NLT_ERR_NOMEM);
        has_ended = status == NLT_OK;
        assert_true(nth < 100);
    }
    nlt__batch_free(batch);
    run_end(&r);
}

/* ---- SaveDataFrame ---- */

static void expect_dataframe(const char *json, int64_t limit)
{
    run r;
    run_begin(&r, "save_dataframe", json);
    assert_int_equal(r.plan.n_nodes, 1);
    assert_int_equal(r.plan.nodes[0].kind, NLT_NODE_SCAN);
    assert_true(r.plan.nodes[0].is_ordered);
    assert_int_equal(r.plan.nodes[0].limit, limit);
    run_end(&r);
}

static void dataframe_is_the_ordered_scan(void **state)
{
    (void)state;
    expect_dataframe(NULL, -1);
    expect_dataframe("{\"N\":0}", 0);
    expect_dataframe("{\"N_TOP\":12}", 12);
}

/* ---- names and parameters ---- */

static void names_of_algorithms(void **state)
{
    (void)state;
    static const char *const names[] = {"algos.domain_traffic.DomainTraffic", "domain_traffic",
        "Domain_Traffic", "DomainTraffic", "domaintraffic"};
    const nlt_algo *algo;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(nlt__algo_find(names[i], &algo, NULL), NLT_OK);
        assert_string_equal(algo->class_name, "algos.domain_traffic.DomainTraffic");
    }
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__algo_find("domain_trafic", &algo, &err), NLT_ERR_ARG);
    assert_string_equal(err.message, "--algo: unknown algorithm \"domain_trafic\"");
    assert_non_null(strstr(err.hint, "\"domain_traffic\""));
    assert_null(algo);
    assert_null(nlt__algo_at(-1));
    assert_null(nlt__algo_at(nlt__algo_count()));
}

static void expect_refused(const char *algo_name, const char *json)
{
    const nlt_algo *algo;
    nlt_params *params = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__algo_find(algo_name, &algo, NULL), NLT_OK);
    assert_int_equal(
        nlt__params_parse(algo->class_name, algo->params, algo->n_params, json, &params, &err),
        NLT_ERR_ARG);
    assert_null(params);
}

static void parameters_are_checked(void **state)
{
    (void)state;
    expect_refused("domain_traffic", "{\"N\":0}");
    expect_refused("domain_traffic", "{\"N\":-2}");
    expect_refused("domain_traffic", "{\"N\":1.5}");
    expect_refused("domain_traffic", "{\"N\":\"40\"}");
    expect_refused("domain_traffic", "{\"k\":40}");
    expect_refused("domain_traffic", "{\"N\":40,\"N_TOP\":41}");
    expect_refused("save_dataframe", "{\"N\":-2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example),
        cmocka_unit_test(ties_go_by_bytes_of_the_name),
        cmocka_unit_test(nameless_rows_are_one_group),
        cmocka_unit_test(best_rows_survive_the_cut),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(sums_up_to_64_bits),
        cmocka_unit_test(empty_table_warns),
        cmocka_unit_test(missing_bytes_warn),
        cmocka_unit_test(short_memory_is_reported),
        cmocka_unit_test(dataframe_is_the_ordered_scan),
        cmocka_unit_test(names_of_algorithms),
        cmocka_unit_test(parameters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
