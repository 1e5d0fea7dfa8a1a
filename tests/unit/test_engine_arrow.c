/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows as Arrow streams, out of a session and into one: who may go first, what fails when. */

#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlytics/netlytics.h"

typedef struct fixture {
    char log[64];
    nlt_session *session;
    nlt_table *http;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->log, sizeof f->log, "/tmp/nlt-arrow-XXXXXX");
    int fd = mkstemp(f->log);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    for (int i = 0; i < 5000; i++) {
        assert_true(
            fprintf(file,
                "%d.5 9000 10.0.0.1 TCP_MISS/200 7 GET http://a.com/ - HIER_DIRECT/192.0.2.1 -\n",
                100 + i)
            > 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(nlt_session_open(NULL, &f->session, NULL), NLT_OK);
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    request.connector = "squid:HTTP";
    request.input_path = f->log;
    assert_int_equal(nlt_dataset(f->session, &request, &f->http, NULL), NLT_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    nlt_table_free(f->http);
    nlt_session_close(f->session);
    (void)unlink(f->log);
    free(f);
    return 0;
}

static nlt_table *transformed(const fixture *f, const char *sql)
{
    nlt_table *out = NULL;
    nlt_error err = NLT_ERROR_INIT;
    if (nlt_transform(f->http, sql, &out, &err) != NLT_OK) {
        fail_msg("%s: %s", sql, err.message);
    }
    return out;
}

/* Rows of a stream up to its end, which is released. */
static int64_t drain(struct ArrowArrayStream *stream)
{
    int64_t n = 0;
    for (;;) {
        struct ArrowArray array;
        assert_int_equal(stream->get_next(stream, &array), 0);
        if (array.release == NULL) {
            break;
        }
        n += array.length;
        array.release(&array);
    }
    stream->release(stream);
    assert_null(stream->release);
    return n;
}

static void the_schema_needs_no_run(void **state)
{
    fixture *f = *state;
    nlt_table *table = transformed(f, "SELECT host, resp_time, 1 AS n FROM netlytics");
    struct ArrowSchema schema;
    assert_int_equal(nlt_table_arrow_schema(table, &schema, NULL), NLT_OK);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, 3);
    assert_string_equal(schema.children[0]->name, "host");
    assert_string_equal(schema.children[0]->format, "u");
    assert_string_equal(schema.children[1]->format, "g");
    assert_string_equal(schema.children[2]->format, "l");
    schema.release(&schema);
    nlt_table_free(table);
}

static void a_stream_outlives_table_and_session(void **state)
{
    fixture *f = *state;
    nlt_table *table = transformed(f, "SELECT host FROM netlytics WHERE resp_time < 5000");
    struct ArrowArrayStream stream;
    assert_int_equal(nlt_table_arrow_stream(table, &stream, NULL), NLT_OK);
    assert_int_equal(nlt_session_stream_count(f->session), 1);
    nlt_table_free(table);
    nlt_table_free(f->http);
    f->http = NULL;
    nlt_session_close(f->session);
    f->session = NULL;
    assert_int_equal(drain(&stream), 4900); /* of 100.5, 101.5, ... */
}

static void streams_are_counted(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream stream;
    assert_int_equal(nlt_session_stream_count(f->session), 0);
    assert_int_equal(nlt_table_arrow_stream(f->http, &stream, NULL), NLT_OK);
    assert_int_equal(nlt_session_stream_count(f->session), 1);
    assert_int_equal(drain(&stream), 5000);
    assert_int_equal(nlt_session_stream_count(f->session), 0);
    nlt_error err;
    nlt_session_failure(f->session, &err);
    assert_int_equal(err.code, NLT_OK);
}

static void what_fails_before_any_row_fails_at_once(void **state)
{
    fixture *f = *state;
    nlt_table *table = transformed(
        f, "SELECT sum(CAST(resp_time AS BIGINT) + 9223372036854000000) FROM netlytics");
    struct ArrowArrayStream stream;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt_table_arrow_stream(table, &stream, &err), NLT_ERR_SQL);
    assert_non_null(strstr(err.message, "overflow"));
    assert_null(stream.release);
    assert_int_equal(nlt_session_stream_count(f->session), 0);
    nlt_table_free(table);
}

static void a_cancelled_stream_tells_why(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream stream;
    assert_int_equal(nlt_table_arrow_stream(f->http, &stream, NULL), NLT_OK);
    nlt_session_cancel(f->session);
    int code = 0;
    for (int i = 0; i < 100 && code == 0; i++) {
        struct ArrowArray array = {0};
        code = stream.get_next(&stream, &array);
        if (code == 0) {
            assert_non_null(array.release); /* it is not the end */
            array.release(&array);
        }
    }
    assert_int_not_equal(code, 0);
    assert_string_equal(stream.get_last_error(&stream), "interrupted");
    stream.release(&stream);
    nlt_error err;
    nlt_session_failure(f->session, &err);
    assert_int_equal(err.code, NLT_ERR_CANCELLED);
}

static void structs_of_another_version_are_refused(void **state)
{
    fixture *f = *state;
    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    options.struct_size -= 8;
    nlt_session *session = NULL;
    assert_int_equal(nlt_session_open(&options, &session, NULL), NLT_ERR_ARG);
    assert_null(session);
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    request.connector = "squid:HTTP";
    request.input_path = f->log;
    request.struct_size = 0;
    nlt_table *table = NULL;
    assert_int_equal(nlt_dataset(f->session, &request, &table, NULL), NLT_ERR_ARG);
    assert_null(table);
}

/* ---- into a session ---- */

static struct ArrowArrayStream stream_of(const fixture *f, const char *sql)
{
    struct ArrowArrayStream stream;
    nlt_table *table = transformed(f, sql);
    assert_int_equal(nlt_table_arrow_stream(table, &stream, NULL), NLT_OK);
    nlt_table_free(table);
    return stream;
}

static void assert_answer(nlt_table *table, const char *expected)
{
    char path[] = "/tmp/nlt-answer-XXXXXX";
    char text[512] = "";
    nlt_error err = NLT_ERROR_INIT;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    if (nlt_table_write(table, "csv", path, NULL, &err) != NLT_OK) {
        fail_msg("%s", err.message);
    }
    (void)close(fd); /* of the file that was replaced */
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && read(fd, text, sizeof text - 1) >= 0);
    (void)close(fd);
    (void)unlink(path);
    assert_string_equal(text, expected);
}

static nlt_table *arrow_table(nlt_session *session, const char *name, struct ArrowArrayStream *rows)
{
    nlt_table *out = NULL;
    nlt_error err = NLT_ERROR_INIT;
    if (nlt_arrow_table(session, name, rows, &out, &err) != NLT_OK) {
        fail_msg("%s", err.message);
    }
    assert_null(rows->release); /* taken */
    return out;
}

static void assert_query(nlt_table *input, const char *sql, const char *expected)
{
    nlt_table *answer = NULL;
    nlt_error err = NLT_ERROR_INIT;
    if (nlt_transform(input, sql, &answer, &err) != NLT_OK) {
        fail_msg("%s: %s", sql, err.message);
    }
    assert_answer(answer, expected);
    nlt_table_free(answer);
}

static void rows_come_back(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream rows = stream_of(f,
        "SELECT CAST(resp_time AS BIGINT) AS t, host, resp_time AS x, "
        "CASE WHEN resp_time < 101 THEN NULL ELSE 'a text that is longer than twelve bytes' END AS s, "
        "resp_time > 200 AS b, DATE '2017-03-01' AS d, TIMESTAMP '2017-03-01 00:00:01.5' AS ts, "
        "CAST(resp_time AS DECIMAL(10,2)) AS m, array(1, NULL, 3) AS l FROM netlytics");
    nlt_session *other = NULL;
    assert_int_equal(nlt_session_open(NULL, &other, NULL), NLT_OK);
    nlt_table *own = arrow_table(other, NULL, &rows);
    assert_int_equal(nlt_table_column_count(own), 9);
    assert_int_equal(nlt_table_column(own, 6)->dtype.type, NLT_TYPE_TIMESTAMP);
    assert_query(own, "SELECT * FROM netlytics ORDER BY t LIMIT 2",
        "t,host,x,s,b,d,ts,m,l\n"
        "100,a.com,100.5,,false,2017-03-01,2017-03-01 00:00:01.5,100.50,\"[1,null,3]\"\n"
        "101,a.com,101.5,a text that is longer than twelve bytes,false,2017-03-01,"
        "2017-03-01 00:00:01.5,101.50,\"[1,null,3]\"\n");
    assert_query(own, "SELECT count(*) AS n FROM netlytics", "n\n5000\n");
    assert_query(own,
        "SELECT sum(m) AS m, count(s) AS s, count(CASE WHEN b THEN 1 END) AS b FROM netlytics",
        "m,s,b\n13000000.00,4999,4900\n");
    assert_query(own,
        "SELECT count(*) AS n FROM netlytics a JOIN netlytics b ON a.t = b.t + 1 WHERE a.t < 110",
        "n\n9\n");
    nlt_table_free(own);
    nlt_session_close(other);
}

/* In a session with files the database is opened anew; the rows stay. */
static void rows_join_with_datasets(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream rows =
        stream_of(f, "SELECT '10.0.0.1' AS c_ip, 'Ann' AS person FROM netlytics LIMIT 1");
    nlt_table *people = arrow_table(f->session, "people", &rows);
    nlt_table *inputs[] = {f->http, people};
    nlt_table *answer = NULL;
    nlt_error err = NLT_ERROR_INIT;
    if (nlt_query(f->session, inputs, 2,
            "SELECT person, count(*) AS n FROM netlytics JOIN people USING (c_ip) GROUP BY person",
            &answer, &err)
        != NLT_OK) {
        fail_msg("%s", err.message);
    }
    assert_answer(answer, "person,n\nAnn,5000\n");
    nlt_table_free(answer);
    nlt_table_free(people);
}

static void algorithms_take_rows(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream rows = stream_of(
        f, "SELECT host AS name, 1 AS c_bytes, response_body_len AS s_bytes FROM netlytics");
    nlt_table *own = arrow_table(f->session, "own", &rows);
    nlt_table *answer = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt_run(own, "top_dns_servers", NULL, &answer, &err), NLT_ERR_ARG);
    assert_non_null(strstr(err.message, "s_ip"));
    assert_int_equal(nlt_run(own, "domain_traffic", NULL, &answer, &err), NLT_OK);
    assert_answer(answer, "domain,bytes\na.com,40000\n");
    nlt_table_free(answer);
    nlt_table_free(own);
}

static void no_rows(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream rows = stream_of(f, "SELECT host FROM netlytics WHERE host = 'none'");
    nlt_table *own = arrow_table(f->session, "own", &rows);
    assert_query(own, "SELECT count(*) AS n, max(host) AS h FROM netlytics", "n,h\n0,\n");
    nlt_table_free(own);
}

static void statements_cannot_name_the_function(void **state)
{
    fixture *f = *state;
    struct ArrowArrayStream rows = stream_of(f, "SELECT host FROM netlytics LIMIT 1");
    nlt_table *own = arrow_table(f->session, "own", &rows);
    nlt_table *answer = NULL;
    assert_int_equal(
        nlt_transform(f->http, "SELECT * FROM netlytics_arrow(0)", &answer, NULL), NLT_ERR_SQL);
    assert_null(answer);
    nlt_table_free(own);
}

/* A stream that gives a schema of one column and then fails. */
typedef struct bad_stream {
    const char *format;
    int n_released;
} bad_stream;

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static int bad_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static struct ArrowSchema child;
    static struct ArrowSchema *children[] = {&child};
    const bad_stream *bad = stream->private_data;
    child = (struct ArrowSchema){.format = bad->format, .name = "c", .release = release_schema};
    *out = (struct ArrowSchema){.format = "+s",
        .name = "",
        .n_children = 1,
        .children = children,
        .release = release_schema};
    return 0;
}

static int bad_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    (void)stream;
    memset(out, 0, sizeof *out);
    return 5;
}

static const char *bad_reason(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the disk is gone";
}

static void bad_release(struct ArrowArrayStream *stream)
{
    ((bad_stream *)stream->private_data)->n_released++;
    stream->release = NULL;
}

static void bad_streams(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *format, *message;
        nlt_status status;
    } rows[] = {{"+s", "column \"c\" is of a type", NLT_ERR_ARG},
        {"l", "ended early: the disk is gone", NLT_ERR_IO}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bad_stream bad = {rows[i].format, 0};
        struct ArrowArrayStream stream = {.get_schema = bad_schema,
            .get_next = bad_next,
            .get_last_error = bad_reason,
            .release = bad_release,
            .private_data = &bad};
        nlt_error err = NLT_ERROR_INIT;
        nlt_table *out = NULL;
        assert_int_equal(nlt_arrow_table(f->session, "own", &stream, &out, &err), rows[i].status);
        assert_non_null(strstr(err.message, rows[i].message));
        assert_null(out);
        assert_int_equal(bad.n_released, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_schema_needs_no_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_outlives_table_and_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_fails_before_any_row_fails_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_stream_tells_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(structs_of_another_version_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_join_with_datasets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(algorithms_take_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_cannot_name_the_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_streams, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
