/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows as Arrow streams: who may go first, what fails when. */

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
        assert_true(fprintf(file,
                        "%d.5 9000 10.0.0.1 TCP_MISS/200 7 GET http://a.com/ - HIER_DIRECT/192.0.2.1 -\n",
                        100 + i) > 0);
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
    nlt_table *table =
        transformed(f, "SELECT sum(CAST(resp_time AS BIGINT) + 9223372036854000000) FROM netlytics");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_schema_needs_no_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_outlives_table_and_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_fails_before_any_row_fails_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_stream_tells_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(structs_of_another_version_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
