/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A keyed kernel over rows that are several times the memory for them: the peak of the process stays within
 * 1.1 of what it was given. A program of its own, since a process has one peak. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/plan_table.h"
#include "netlytics/netlytics.h"

enum { LINES = 60000, COPIES = 100, MEMORY_MIB = 256, PATH_BYTES = 256 };

enum { IN_CLIENT, IN_START, IN_NAME, IN_A, IN_B, IN_C, IN_COUNT };

static const nlt_column_desc in_columns[IN_COUNT] = {
    {.name = "client", .dtype = {.type = NLT_TYPE_STRING}},
    {.name = "start", .dtype = {.type = NLT_TYPE_DOUBLE}},
    {.name = "name", .dtype = {.type = NLT_TYPE_STRING}},
    {.name = "a", .dtype = {.type = NLT_TYPE_INT64}},
    {.name = "b", .dtype = {.type = NLT_TYPE_INT64}},
    {.name = "c", .dtype = {.type = NLT_TYPE_INT64}},
};

static const nlt_column_desc out_columns[] = {
    {.name = "flows", .dtype = {.type = NLT_TYPE_INT64}},
};

typedef struct counter {
    int64_t n_rows;
    double last;
    char client[64];
    nlt_batch *out;
} counter;

static nlt_status count_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    (void)env;
    counter *c = nlt_alloc_zero(1, sizeof *c);
    *state = c;
    return c == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
                     : nlt__batch_new(&out_columns[0].dtype, 1, NLT_BATCH_ROWS, &c->out, err);
}

static nlt_status count_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    (void)err;
    counter *c = state;
    for (int64_t i = 0; i < rows->n_rows; i++) {
        nlt_bytes client = nlt__str_bytes((const nlt_str *)rows->cols[IN_CLIENT].data + i);
        double start = ((const double *)rows->cols[IN_START].data)[i];
        bool is_same =
            strlen(c->client) == client.len && memcmp(c->client, client.ptr, client.len) == 0;
        assert_true(!is_same || start >= c->last);
        (void)snprintf(c->client, sizeof c->client, "%.*s", (int)client.len, client.ptr);
        c->last = start;
    }
    c->n_rows += rows->n_rows;
    return NLT_OK;
}

static nlt_status count_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    counter *c = state;
    ((int64_t *)c->out->cols[0].data)[0] = c->n_rows;
    nlt__set_valid(c->out->cols[0].valid, 0);
    c->out->n_rows = 1;
    return emit->rows(emit->ctx, c->out, err);
}

static void count_close(void *state)
{
    counter *c = state;
    if (c != NULL) {
        nlt__batch_free(c->out);
        nlt_free(c);
    }
}

static const char *const keys[] = {"client"};
static const char *const order[] = {"start"};

static const nlt_kernel count_kernel = {
    .name = "test.count",
    .input = in_columns,
    .n_input = IN_COUNT,
    .output = out_columns,
    .n_output = 1,
    .keys = keys,
    .n_keys = 1,
    .order = order,
    .n_order = 1,
    .open = count_open,
    .push = count_push,
    .finish = count_finish,
    .close = count_close,
};

static nlt_status count_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    NLT_TRY(nlt__plan_kernel(plan, "counts", &count_kernel, params, "netlytics", err));
    return nlt__plan_sql(
        plan, "total", "SELECT CAST(sum(flows) AS BIGINT) AS flows FROM counts", err);
}

static void test_peak(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    char folder[] = "/tmp/nlt-test-XXXXXX";
    char path[PATH_BYTES];
    char text[64] = "";
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/access.log-20170301", folder);
    FILE *log = fopen(path, "w");
    assert_non_null(log);
    for (int i = 0; i < LINES; i++) {
        (void)fprintf(log,
            "%d.%03d 12 10.0.0.%d TCP_MISS/200 %d GET http://h%d.example.com/ - "
            "HIER_DIRECT/192.0.2.1 -\n",
            1488326400 + i, i % 1000, i % 200 + 1, i * 7919 % 100000, i % 3000);
    }
    assert_int_equal(fclose(log), 0);

    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_session *session = NULL;
    nlt_table *tables[3] = {NULL, NULL, NULL};
    options.threads = 2;
    options.dialect = NLT_DIALECT_DUCKDB;
    options.memory_bytes = (int64_t)MEMORY_MIB << 20;
    options.temp_dir = folder;
    request.connector = "squid:flows";
    request.input_path = path;
    assert_int_equal(nlt_session_open(&options, &session, NULL), NLT_OK);
    assert_int_equal(nlt_dataset(session, &request, &tables[0], NULL), NLT_OK);
    /* values that do not pack: about 35 bytes a row, 200 MB in all */
    assert_int_equal(
        nlt_transform(tables[0],
            "SELECT concat(c_ip, '.', CAST(k AS VARCHAR)) AS "
            "client, time_start + k * 3.3 AS start, name, hash(time_start, k, 1) >> 1 AS a, "
            "hash(time_start, k, 2) >> 1 AS b, hash(time_start, k, 3) >> 1 AS c FROM netlytics, "
            "(SELECT i * 10 + j AS k FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) t(i), "
            "(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) u(j)) x",
            &tables[1], NULL),
        NLT_OK);
    assert_int_equal(nlt__table_from_plan(tables[1], count_plan, NULL, &tables[2], NULL), NLT_OK);
    (void)snprintf(path, sizeof path, "%s/answer.csv", folder);
    assert_int_equal(nlt_table_write(tables[2], "csv", path, NULL, NULL), NLT_OK);
    assert_true(nlt__session_spilled(session) > INT64_C(100000000));
    assert_true(nlt_memory_peak() < ((int64_t)MEMORY_MIB << 20) / 10 * 11);
    for (int i = 2; i >= 0; i--) {
        nlt_table_free(tables[i]);
    }
    nlt_session_close(session);

    FILE *in = fopen(path, "r");
    assert_non_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    assert_int_equal(fclose(in), 0);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "flows\n%d\n", LINES * COPIES);
    assert_string_equal(text, expected);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/access.log-20170301", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left in it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_peak)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
