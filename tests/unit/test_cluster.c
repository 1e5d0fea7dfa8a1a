/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splits read away from each other: together they give the rows and the report of one scan. */

#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "cluster/row_input.h"
#include "connectors/connector.h"
#include "core/alloc.h"
#include "netlytics/cluster.h"
#include "plan/plan.h"
#include "support/cell_text.h"
#include "support/scan_rows.h"

enum { SPLIT_BYTES = 200, TEXT_MAX = 1 << 20 };

typedef struct sample {
    const char *connector, *folder;
    const char *start_day, *end_day; /* of the rows; NULL: all */
} sample;

static const sample samples[] = {
    {"squid:http", "squid_http", NULL, NULL},
    {"squid:flows", "squid_named_flows", "2017_03_02", "2017_03_03"},
    {"zeek:dns", "zeek_dns", NULL, NULL},
    {"zeek:http", "zeek_http", NULL, NULL},
    {"bind:dns", "bind_dns", NULL, NULL},
    {"tstat:flows", "tstat_named_flows", NULL, NULL},
};

static nlt_dataset_request request_of(const sample *s, char path[512])
{
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    snprintf(path, 512, "%s/%s/logs", NLT_SAMPLES, s->folder);
    request.connector = s->connector;
    request.input_path = path;
    request.start_day = s->start_day;
    request.end_day = s->end_day;
    request.filter_rows = s->start_day != NULL;
    request.max_bad_fraction = 1.0;
    return request;
}

static json_t *plan_of(nlt_job *job)
{
    char *text = NULL;
    assert_int_equal(nlt_job_plan(job, &text, NULL), NLT_OK);
    json_t *plan = json_loads(text, 0, NULL);
    assert_non_null(plan);
    nlt_text_free(text);
    return plan;
}

/* Names of all columns and of the row key, as nlt_task_scan() takes them. */
static char *all_columns(const nlt_table_desc *table)
{
    static char names[4096];
    names[0] = '\0';
    for (int i = 0; i < table->n_columns; i++) {
        strcat(strcat(names, table->columns[i].name), "\n");
    }
    return strcat(names, NLT_ROW_KEY_COLUMN);
}

/* "key name=value ...\n" for each row. */
static void add_rows(nlt_row_input *input, const nlt_table_desc *table, nlt_buf *out)
{
    const nlt_batch *batch = NULL;
    while (nlt__row_input_next(input, &batch, NULL) == NLT_OK && batch != NULL) {
        for (int64_t row = 0; row < batch->n_rows; row++) {
            const int64_t *keys = batch->cols[table->n_columns].data;
            assert_int_equal(nlt__buf_printf(out, NULL, "%lld", (long long)keys[row]), NLT_OK);
            for (int i = 0; i < table->n_columns; i++) {
                if (nlt__valid(batch->cols[i].valid, row)) {
                    assert_int_equal(
                        nlt__buf_printf(out, NULL, " %s=", table->columns[i].name), NLT_OK);
                    cell_text(out, &batch->cols[i], row);
                }
            }
            assert_int_equal(nlt__buf_append(out, "\n", 1, NULL), NLT_OK);
        }
    }
}

/* Reads a split and files its report. */
static void run_split(
    nlt_job *job, int64_t index, const json_t *split, const nlt_table_desc *table, nlt_buf *out)
{
    nlt_task *task = NULL;
    nlt_error err = NLT_ERROR_INIT;
    struct ArrowArrayStream stream;
    nlt_row_input input;
    char *report = NULL;
    if (nlt_task_scan(
            json_string_value(json_object_get(split, "split")), all_columns(table), &task, &err)
        != NLT_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(nlt_task_stream(task, &stream, NULL), NLT_OK);
    assert_int_equal(nlt__row_input_open(&input, &stream, NULL), NLT_OK);
    add_rows(&input, table, out);
    nlt__row_input_clear(&input);
    assert_int_equal(nlt_task_report(task, &report, NULL), NLT_OK);
    /* a repeated task changes nothing */
    assert_int_equal(nlt_job_take(job, 0, index, report, NULL), NLT_OK);
    assert_int_equal(nlt_job_take(job, 0, index, report, NULL), NLT_OK);
    nlt_text_free(report);
    nlt_task_close(task);
}

static void read_apart(const sample *s, nlt_buf *rows, char **report)
{
    char path[512];
    nlt_dataset_request request = request_of(s, path);
    nlt_job *job = NULL;
    assert_int_equal(nlt_job_open(&job, NULL), NLT_OK);
    assert_int_equal(nlt_job_dataset(job, &request, SPLIT_BYTES, NULL), NLT_OK);
    json_t *plan = plan_of(job);
    json_t *dataset = json_object_get(json_array_get(json_object_get(plan, "nodes"), 0), "dataset");
    const nlt_table_desc *table =
        nlt_table_desc_find(json_string_value(json_object_get(dataset, "table")));
    json_t *splits = json_object_get(dataset, "splits");
    assert_true(json_array_size(splits) > 2);
    for (size_t i = 0; i < json_array_size(splits); i++) {
        run_split(job, (int64_t)i, json_array_get(splits, i), table, rows);
    }
    json_decref(plan);
    assert_int_equal(nlt_job_finish(job, NULL), NLT_OK);
    assert_int_equal(nlt_job_report(job, report, NULL), NLT_OK);
    nlt_job_close(job);
}

/* What one scan says, in the same form. */
static void read_together(const sample *s, nlt_buf *rows, char **report)
{
    char path[512];
    nlt_dataset_request request = request_of(s, path);
    const scan_how how = {.threads = 1};
    scan_rows all;
    assert_int_equal(scan_rows_read(&request, &how, &all), NLT_OK);
    for (size_t i = 0; i < all.n; i++) {
        char *text = scan_row_text(&all, i);
        assert_int_equal(nlt__buf_printf(rows, NULL, "%lld%s%s\n", (long long)all.rows[i].key,
                             text[0] == '\0' || text[0] == ' ' ? "" : " ", text),
            NLT_OK);
        free(text);
    }
    *report = nlt_strndup(all.report.ptr, all.report.len);
    scan_rows_clear(&all);
}

static void same_rows_and_report(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        nlt_buf apart = NLT_BUF_INIT(TEXT_MAX);
        nlt_buf together = NLT_BUF_INIT(TEXT_MAX);
        char *report_apart = NULL;
        char *report_together = NULL;
        read_apart(&samples[i], &apart, &report_apart);
        read_together(&samples[i], &together, &report_together);
        assert_true(apart.len > 0);
        assert_string_equal(nlt__buf_cstr(&apart), nlt__buf_cstr(&together));
        assert_string_equal(report_apart, report_together);
        nlt_text_free(report_apart);
        nlt_free(report_together);
        nlt__buf_clear(&apart);
        nlt__buf_clear(&together);
    }
}

/* ---- statements and algorithms ---- */

static nlt_job *open_flows(void)
{
    static char path[512];
    nlt_job *job = NULL;
    nlt_dataset_request request = request_of(&samples[1], path);
    assert_int_equal(nlt_job_open(&job, NULL), NLT_OK);
    assert_int_equal(nlt_job_dataset(job, &request, 0, NULL), NLT_OK);
    return job;
}

static void statements_are_checked(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "SELECT nothing FROM netlytics",
        "SELECT * FROM elsewhere",
        "SELECT * FROM parquet.`/etc/passwd`",
        "DROP TABLE netlytics",
        "SELECT java_method('java.lang.System', 'exit') FROM netlytics",
        "SELECT 1; SELECT 2",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        nlt_error err = NLT_ERROR_INIT;
        nlt_job *job = open_flows();
        assert_int_equal(nlt_job_query(job, refused[i], &err), NLT_ERR_SQL);
        assert_true(err.message[0] != '\0');
        nlt_job_close(job);
    }
    struct ArrowSchema column = {.format = "u", .name = "x y", .flags = 2};
    struct ArrowSchema *children[] = {&column};
    const struct ArrowSchema columns = {.format = "+s", .n_children = 1, .children = children};
    nlt_error err = NLT_ERROR_INIT;
    const char *reading = "SELECT UPPER(`x y`) FROM t";
    assert_int_equal(nlt_query_check(reading, "t", &columns, &err), NLT_OK);
    assert_int_equal(nlt_query_check("SELECT x FROM t", "t", &columns, &err), NLT_ERR_SQL);
    assert_int_equal(nlt_query_check(refused[2], "t", &columns, &err), NLT_ERR_SQL);
    nlt_job *job = open_flows();
    const char *query = "SELECT name FROM netlytics WHERE s_bytes > 0 -- all";
    assert_int_equal(nlt_job_query(job, query, NULL), NLT_OK);
    assert_int_equal(nlt_job_query(job, query, NULL), NLT_ERR_ARG);
    json_t *plan = plan_of(job);
    json_t *node = json_array_get(json_object_get(plan, "nodes"), 1);
    assert_string_equal(json_string_value(json_object_get(node, "sql")), query);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(node, "bindings"), "netlytics")),
        "netlytics_1");
    json_decref(plan);
    nlt_job_close(job);
}

/* A scan that one statement of sums reads gives combined rows; one that is read twice does not. */
static void scans_give_combined_rows(void **state)
{
    (void)state;
    static const struct {
        const char *query, *first, *last;
        size_t n;
        bool keeps_rows;
    } cases[] = {
        {"SELECT name, SUM(s_bytes) AS b FROM netlytics GROUP BY name", "name", "sum s_bytes", 2,
            false},
        {"SELECT name, SUM(s_bytes) AS b FROM netlytics GROUP BY name", "c_bytes", "time_start", 0,
            true},
        {"SELECT name, SUM(s_bytes) AS b FROM netlytics GROUP BY name UNION ALL SELECT name, 0 FROM "
         "netlytics",
            "c_bytes", "time_start", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_job *job = open_flows();
        if (cases[i].keeps_rows) {
            nlt_job_keep_rows(job);
        }
        assert_int_equal(nlt_job_query(job, cases[i].query, NULL), NLT_OK);
        json_t *plan = plan_of(job);
        json_t *scan = json_array_get(json_object_get(plan, "nodes"), 0);
        json_t *columns = json_object_get(json_object_get(scan, "dataset"), "columns");
        size_t n = json_array_size(columns);
        assert_true(cases[i].n == 0 ? n > 2 : n == cases[i].n);
        json_t *first = json_object_get(json_array_get(columns, 0), "name");
        json_t *last = json_object_get(json_array_get(columns, n - 1), "name");
        assert_string_equal(json_string_value(first), cases[i].first);
        assert_string_equal(json_string_value(last), cases[i].last);
        json_decref(plan);
        nlt_job_close(job);
    }
}

static size_t count_splits(const char *path, const char *query, int64_t split_bytes)
{
    nlt_job *job = NULL;
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    request.connector = "squid:flows";
    request.input_path = path;
    assert_int_equal(nlt_job_open(&job, NULL), NLT_OK);
    assert_int_equal(nlt_job_dataset(job, &request, split_bytes, NULL), NLT_OK);
    assert_int_equal(nlt_job_query(job, query, NULL), NLT_OK);
    json_t *plan = plan_of(job);
    json_t *scan = json_array_get(json_object_get(plan, "nodes"), 0);
    json_t *splits = json_object_get(json_object_get(scan, "dataset"), "splits");
    size_t n = json_array_size(splits);
    int64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += json_integer_value(json_object_get(json_array_get(splits, i), "bytes"));
    }
    assert_int_equal(bytes, 600000000);
    json_decref(plan);
    nlt_job_close(job);
    return n;
}

/* A file of 600 MB, most of which is not on the disk. */
static void splits_are_longer_where_rows_are_combined(void **state)
{
    (void)state;
    char path[] = "/tmp/netlytics-test-XXXXXX";
    const char *line =
        "1488326400.000 5 10.0.0.1 TCP_MISS/200 7 GET http://a.com/ - DIRECT/192.0.2.1 -\n";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
    assert_int_equal(ftruncate(fd, 600000000), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(count_splits(path, "SELECT name FROM netlytics", 0), 9);
    assert_int_equal(count_splits(path, "SELECT count(*) FROM netlytics", 0), 3);
    assert_int_equal(count_splits(path, "SELECT count(*) FROM netlytics", 100000000), 6);
    assert_int_equal(unlink(path), 0);
}

/* Rows (text, decimal, decimal) of three names, one at a time: as a kernel's input. */
typedef struct sums {
    int at;
} sums;

static int sums_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    const nlt_dtype decimal = {NLT_TYPE_DECIMAL, NLT_TYPE_DECIMAL, 0};
    const nlt_column_desc columns[] = {{.name = "domain", .dtype = {.type = NLT_TYPE_STRING}},
        {.name = "c_bytes", .dtype = decimal}, {.name = "s_bytes", .dtype = decimal}};
    return nlt__arrow_schema(columns, 3, out, NULL) == NLT_OK ? 0 : 12;
}

static int sums_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    static const char *const names[] = {"b.example", "a-name-that-is-long.example", "c.example"};
    const nlt_dtype decimal = {NLT_TYPE_DECIMAL, NLT_TYPE_DECIMAL, 0};
    const nlt_dtype dtypes[] = {{NLT_TYPE_STRING, NLT_TYPE_STRING, 0}, decimal, decimal};
    sums *s = stream->private_data;
    nlt_batch *batch = NULL;
    memset(out, 0, sizeof *out);
    if (s->at == 3) {
        return 0;
    }
    assert_int_equal(nlt__batch_new(dtypes, 3, 1, &batch, NULL), NLT_OK);
    int64_t value[2] = {100 * (s->at + 1), 0};
    nlt__str_set(batch->cols[0].data, names[s->at], strlen(names[s->at]));
    memcpy(batch->cols[1].data, value, sizeof value);
    nlt__set_valid(batch->cols[0].valid, 0);
    nlt__set_valid(batch->cols[1].valid, 0); /* s_bytes stays NULL */
    batch->n_rows = 1;
    assert_int_equal(nlt__arrow_from_batch(batch, out, NULL), NLT_OK);
    nlt__batch_free(batch);
    s->at++;
    return 0;
}

static const char *sums_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void sums_release(struct ArrowArrayStream *stream)
{
    free(stream->private_data);
    stream->release = NULL;
}

static void make_sums(struct ArrowArrayStream *out)
{
    *out = (struct ArrowArrayStream){
        sums_schema, sums_next, sums_error, sums_release, calloc(1, sizeof(sums))};
}

static void kernels_are_found_by_their_plan(void **state)
{
    (void)state;
    nlt_job *job = open_flows();
    assert_int_equal(nlt_job_algorithm(job, "domain_traffic", "{\"N\": 2}", NULL), NLT_OK);
    json_t *plan = plan_of(job);
    json_t *node = json_array_get(json_object_get(plan, "nodes"), 2);
    assert_string_equal(json_string_value(json_object_get(plan, "output")), "report.csv");
    struct ArrowArrayStream rows;
    nlt_task *task = NULL;
    make_sums(&rows);
    assert_int_equal(nlt_task_kernel(json_string_value(json_object_get(node, "task")),
                         &(nlt_kernel_inputs){.rows = &rows}, &task, NULL),
        NLT_OK);
    struct ArrowArrayStream stream;
    char path[] = "/tmp/nlt-test-cluster-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    int64_t n_rows = 0;
    assert_int_equal(nlt_task_stream(task, &stream, NULL), NLT_OK);
    assert_int_equal(nlt_rows_write(&stream, "csv", path, &n_rows, NULL), NLT_OK);
    assert_int_equal(n_rows, 2);
    FILE *in = fopen(path, "r");
    char text[256] = "";
    assert_true(fread(text, 1, sizeof text - 1, in) > 0);
    fclose(in);
    remove(path);
    assert_string_equal(text, "domain,bytes\nc.example,300\na-name-that-is-long.example,200\n");
    nlt_task_close(task);
    json_decref(plan);
    nlt_job_close(job);
}

static void wrong_texts_are_refused(void **state)
{
    (void)state;
    nlt_task *task = NULL;
    static const char *const wrong[] = {"", "{}", "[1]", "{\"connector\": \"squid:http\"}",
        "{\"connector\": \"squid:http\", \"path\": \"x\", \"headers\": \"0\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(nlt_task_scan(wrong[i], "host\n", &task, NULL), NLT_ERR_FORMAT);
        assert_null(task);
    }
    nlt_job *job = open_flows();
    assert_int_equal(nlt_job_take(job, 0, 0, "{}", NULL), NLT_ERR_FORMAT);
    assert_int_equal(nlt_job_take(job, 1, 0, "{}", NULL), NLT_ERR_ARG);
    nlt_job_close(job);
}

/* ---- functions ---- */

static void functions_take_columns(void **state)
{
    (void)state;
    const nlt_column_desc column = {.name = "name", .dtype = {.type = NLT_TYPE_STRING}};
    const nlt_dtype dtype = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0};
    nlt_batch *batch = NULL;
    struct ArrowSchema schema;
    struct ArrowSchema out_schema;
    struct ArrowArray array;
    struct ArrowArray out;
    nlt_own_functions *functions = NULL;
    assert_int_equal(nlt_own_functions_open(NULL, NULL, &functions, NULL), NLT_OK);
    assert_int_equal(nlt__batch_new(&dtype, 1, 2, &batch, NULL), NLT_OK);
    nlt__str_set(batch->cols[0].data, "www.example.co.uk", 17);
    nlt__set_valid(batch->cols[0].valid, 0);
    batch->n_rows = 2;
    assert_int_equal(nlt__arrow_schema(&column, 1, &schema, NULL), NLT_OK);
    assert_int_equal(nlt__arrow_from_batch(batch, &array, NULL), NLT_OK);
    assert_int_equal(nlt_own_function_call(
                         functions, "registered_domain", &schema, &array, &out_schema, &out, NULL),
        NLT_OK);
    const int32_t *offsets = out.children[0]->buffers[1];
    assert_int_equal(out.length, 2);
    assert_int_equal(out.children[0]->null_count, 1);
    assert_int_equal(offsets[1], 13);
    assert_memory_equal(out.children[0]->buffers[2], "example.co.uk", 13);
    out_schema.release(&out_schema);
    out.release(&out);
    assert_int_equal(
        nlt_own_function_call(functions, "ip_in", &schema, &array, &out_schema, &out, NULL),
        NLT_ERR_ARG);
    schema.release(&schema);
    array.release(&array);
    nlt__batch_free(batch);
    nlt_own_functions_close(functions);
    nlt_own_function info;
    assert_true(nlt_own_function_count() >= 6);
    assert_int_equal(nlt_own_function_get(0, &info), NLT_OK);
    assert_string_equal(info.name, "registered_domain");
    assert_int_equal(nlt_own_function_get(nlt_own_function_count(), &info), NLT_ERR_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_rows_and_report),
        cmocka_unit_test(statements_are_checked),
        cmocka_unit_test(scans_give_combined_rows),
        cmocka_unit_test(splits_are_longer_where_rows_are_combined),
        cmocka_unit_test(kernels_are_found_by_their_plan),
        cmocka_unit_test(wrong_texts_are_refused),
        cmocka_unit_test(functions_take_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
