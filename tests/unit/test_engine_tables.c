/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions with several tables: names, answers of statements joined, what each statement can see. */

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

#include "engine/plan_table.h"
#include "engine/engine.h"
#include "netlytics/netlytics.h"

typedef struct fixture {
    char folder[64];
    char slow[128], fast[128]; /* two Squid logs */
    nlt_session *session;
} fixture;

static void write_file(char path[128], const char *folder, const char *name, const char *text)
{
    (void)snprintf(path, 128, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/nlt-tables-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    write_file(f->slow, f->folder, "slow.log",
        "10.5 9000 10.0.0.1 TCP_MISS/200 7 GET http://a.com/ - HIER_DIRECT/192.0.2.1 -\n"
        "11.5 9000 10.0.0.2 TCP_MISS/200 8 GET http://b.com/ - HIER_DIRECT/192.0.2.1 -\n");
    write_file(f->fast, f->folder, "fast.log",
        "20.5 10 10.0.0.2 TCP_MISS/200 9 GET http://c.com/ - HIER_DIRECT/192.0.2.1 -\n");
    assert_int_equal(nlt_session_open(NULL, &f->session, NULL), NLT_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    nlt_session_close(f->session);
    (void)unlink(f->slow);
    (void)unlink(f->fast);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

static nlt_table *dataset_of(
    const fixture *f, const char *connector, const char *path, const char *name)
{
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_table *table = NULL;
    request.connector = connector;
    request.input_path = path;
    request.name = name;
    assert_int_equal(nlt_dataset(f->session, &request, &table, NULL), NLT_OK);
    return table;
}

static nlt_table *dataset(const fixture *f, const char *path, const char *name)
{
    return dataset_of(f, "squid:HTTP", path, name);
}

/* The answer as CSV without its newlines: "n;3;" */
static void assert_answer(nlt_table *table, const char *expected)
{
    char path[] = "/tmp/nlt-answer-XXXXXX";
    char text[1024] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(nlt_table_write(table, "csv", path, NULL, NULL), NLT_OK);
    (void)close(fd);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    (void)unlink(path);
    for (size_t i = 0; i < n; i++) {
        text[i] = text[i] == '\n' ? ';' : text[i];
    }
    assert_string_equal(text, expected);
}

static nlt_table *query(fixture *f, nlt_table **inputs, int n, const char *sql)
{
    nlt_table *answer = NULL;
    nlt_error err = NLT_ERROR_INIT;
    if (nlt_query(f->session, inputs, n, sql, &answer, &err) != NLT_OK) {
        fail_msg("%s: %s", sql, err.message);
    }
    return answer;
}

static void two_datasets(void **state)
{
    fixture *f = *state;
    nlt_table *inputs[] = {dataset(f, f->slow, "slow"), dataset(f, f->fast, "Fast")};
    nlt_table *answer = query(
        f, inputs, 2, "SELECT s.host AS h, f.host AS g FROM slow s JOIN fast f ON s.c_ip = f.c_ip");
    assert_answer(answer, "h,g;b.com,c.com;");
    nlt_table_free(answer);
    nlt_table_free(inputs[0]);
    nlt_table_free(inputs[1]);
}

/* Answers of statements as tables; both inputs of the first ones were called netlytics. */
static void answers_as_tables(void **state)
{
    fixture *f = *state;
    nlt_table *data[] = {dataset(f, f->slow, NULL), dataset(f, f->fast, NULL)};
    nlt_table *parts[2] = {NULL, NULL};
    assert_int_equal(nlt_transform(data[0],
                         "WITH netlytics AS (SELECT * FROM netlytics WHERE host = 'b.com') "
                         "SELECT host, c_ip FROM netlytics -- all",
                         &parts[0], NULL),
        NLT_OK);
    assert_int_equal(
        nlt_transform(data[1], "SELECT host, c_ip FROM netlytics;", &parts[1], NULL), NLT_OK);
    nlt_table *answer = NULL;
    assert_int_equal(nlt_query(f->session, parts, 2, "SELECT 1", &answer, NULL), NLT_ERR_ARG);
    assert_null(answer);
    assert_int_equal(nlt_table_set_name(parts[0], "p", NULL), NLT_OK);
    assert_int_equal(nlt_table_set_name(parts[1], "q", NULL), NLT_OK);
    answer = query(f, parts, 2, "SELECT p.host AS a, q.host AS b FROM p, q");
    assert_answer(answer, "a,b;b.com,c.com;");
    nlt_table *mixed[] = {data[0], parts[1]};
    nlt_table *second =
        query(f, mixed, 2, "SELECT count(*) AS n, min(q.host) AS h FROM netlytics, q");
    assert_answer(second, "n,h;2,c.com;");
    assert_answer(answer, "a,b;b.com,c.com;"); /* again, after another statement's names */
    nlt_table_free(second);
    nlt_table_free(answer);
    for (int i = 0; i < 2; i++) {
        nlt_table_free(parts[i]);
        nlt_table_free(data[i]);
    }
}

/* A statement sees its own inputs, not those of the one before. */
static void names_of_others(void **state)
{
    fixture *f = *state;
    nlt_table *inputs[] = {dataset(f, f->slow, "slow"), dataset(f, f->fast, "fast")};
    nlt_table *answer = query(f, inputs, 2, "SELECT 1 AS n FROM slow, fast LIMIT 1");
    nlt_table *other = NULL;
    assert_int_equal(
        nlt_query(f->session, inputs, 1, "SELECT * FROM fast", &other, NULL), NLT_ERR_SQL);
    assert_int_equal(
        nlt_query(f->session, NULL, 0, "SELECT * FROM slow", &other, NULL), NLT_ERR_SQL);
    assert_int_equal(nlt_transform(inputs[0], "SELECT * FROM slow", &other, NULL), NLT_ERR_SQL);
    assert_null(other);
    assert_answer(answer, "n;1;");
    nlt_table_free(answer);
    nlt_table_free(inputs[0]);
    nlt_table_free(inputs[1]);
}

static void no_table(void **state)
{
    fixture *f = *state;
    nlt_table *answer = query(f, NULL, 0, "SELECT 7 AS n");
    assert_answer(answer, "n;7;");
    nlt_table_free(answer);
}

static void algorithm_over_a_named_table(void **state)
{
    fixture *f = *state;
    nlt_table *input = dataset(f, f->slow, "slow");
    nlt_table *answer = NULL;
    assert_int_equal(nlt_run(input, "save_dataframe", "{\"N\": 1}", &answer, NULL), NLT_OK);
    int64_t n_rows = 0;
    assert_int_equal(nlt_table_write(answer, "csv", "/dev/null", &n_rows, NULL), NLT_OK);
    assert_int_equal(n_rows, 1);
    nlt_table_free(answer);
    nlt_table_free(input);
}

static void bad_names(void **state)
{
    fixture *f = *state;
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_table *table = NULL;
    request.connector = "squid:HTTP";
    request.input_path = f->slow;
    request.name = "no name";
    assert_int_equal(nlt_dataset(f->session, &request, &table, NULL), NLT_ERR_ARG);
    assert_null(table);
}

static void specs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *connector, *path;
    } good[] = {
        {"dns=zeek:DNS:logs", "dns", "zeek:DNS", "logs"},
        {"dns=bro:dns:logs", "dns", "bro:dns", "logs"},
        {"f=tstat:flows:/a:b/c=d", "f", "tstat:flows", "/a:b/c=d"},
        {"h=connectors.squid_to_HTTP.Squid_To_HTTP:x:y", "h",
            "connectors.squid_to_HTTP.Squid_To_HTTP", "x:y"},
        {"p=pcap:DNS:-", "p", "pcap:DNS", "-"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        nlt_table_spec spec;
        assert_int_equal(nlt_table_spec_parse(good[i].text, &spec, NULL), NLT_OK);
        assert_string_equal(spec.name, good[i].name);
        assert_string_equal(spec.connector, good[i].connector);
        assert_string_equal(spec.input_path, good[i].path);
    }
    static const char *const bad[] = {"", "=", "dns", "dns=", "dns=:", "dns=zeek:DNS",
        "dns=zeek:DNS:", "dns=::", "dns=zeek::x", "=zeek:DNS:x", "dns =zeek:DNS:x",
        "dns=zeek:HTP:x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_table_spec spec;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt_table_spec_parse(bad[i], &spec, &err), NLT_ERR_ARG);
        assert_int_equal(strncmp(err.message, "--table: ", strlen("--table: ")), 0);
        assert_true(err.hint[0] != '\0');
    }
}

/* Lines that are paired are only sorted where their times step back too far, however many statements
 * look at the query itself before it runs. */
static void no_sort_of_what_is_in_order(void **state)
{
    fixture *f = *state;
    char path[128];
    write_file(path, f->folder, "log_dns_complete",
        "#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5 entry:6 trans_id:7 query:8 ttl:9 class:10 type:11 "
        "answer:12 flags:13\n"
        "10.0.0.1 1025 192.0.2.53 53 1000 REQ 0x0001 a.com. - IN A - 0x08\n"
        "10.0.0.1 1025 192.0.2.53 53 1010 RESP 0x0001 a.com. 9 IN A 192.0.2.1 0x0c\n"
        "10.0.0.1 1026 192.0.2.53 53 1020 REQ 0x0002 b.com. - IN A - 0x08\n");
    nlt_table *input = dataset_of(f, "tstat:DNS", path, NULL);
    nlt_table *answer = query(f, &input, 1,
        "SELECT query, count(*) AS n FROM netlytics WHERE c_ip = '10.0.0.1' GROUP BY query ORDER BY "
        "query");
    assert_answer(answer, "query,n;a.com,1;b.com,1;");
    assert_int_equal(nlt__run_sorting(f->session), 0);
    nlt_table_free(answer);
    nlt_table_free(input);
    assert_int_equal(unlink(path), 0);
}

/* A file that ends a run for its rejected lines ends the next one, too. */
static void damaged_again(void **state)
{
    fixture *f = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/bad.log", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 300; i++) {
        assert_true(
            fputs(i % 3 > 0 ? "what is this\n"
                            : "10.5 9 10.0.0.1 TCP_MISS/200 7 GET http://a.com/ - NONE/- -\n",
                file)
            >= 0);
    }
    assert_int_equal(fclose(file), 0);
    nlt_table *table = dataset(f, path, NULL);
    for (int i = 0; i < 3; i++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt_table_write(table, i == 1 ? "table" : "csv", "/dev/null", NULL, &err),
            NLT_ERR_DAMAGED);
        assert_non_null(strstr(err.message, "200 of 300 lines rejected"));
    }
    nlt_table_free(table);
    assert_int_equal(unlink(path), 0);
}

/* The engine's files and ours keep to --temp_limit together: of 1 GB ours have 1 MB, or all but 1 MB,
 * and the statement sorts 500 MB in 128 MiB. */
static void test_temp_limit_is_one(void **state)
{
    const fixture *f = *state;
    enum { MB = 1000000, LIMIT_MB = 1000 };
    static const char sort[] =
        "SELECT count(*) AS n, max(r) AS r FROM (SELECT row_number() OVER (ORDER "
        "BY t, i) AS r, t FROM (SELECT i, concat(i, repeat('x', 100)) AS t FROM "
        "explode(sequence(1, 4000000)) e(i)))";
    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    nlt_error err = NLT_ERROR_INIT;
    options.memory_bytes = 256 << 20;
    options.temp_bytes_max = (int64_t)LIMIT_MB * MB;
    options.temp_dir = f->folder;
    for (int turn = 0; turn < 2; turn++) {
        nlt_session *session = NULL;
        nlt_table *answer = NULL;
        assert_int_equal(nlt_session_open(&options, &session, NULL), NLT_OK);
        assert_int_equal(nlt_query(session, NULL, 0, sort, &answer, &err), NLT_OK);
        atomic_store(&session->budget.disk.bytes, turn == 0 ? MB : (int64_t)(LIMIT_MB - 1) * MB);
        nlt_status status = nlt_table_write(answer, "csv", "/dev/null", NULL, &err);
        assert_int_equal(status, turn == 0 ? NLT_OK : NLT_ERR_OUTPUT);
        nlt_table_free(answer);
        nlt_session_close(session);
    }
    assert_non_null(strstr(err.message, "--temp_limit, 1000 MB"));
    assert_non_null(strstr(err.hint, "--temp_limit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_temp_limit_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_datasets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_as_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(algorithm_over_a_named_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_sort_of_what_is_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_again, set_up, tear_down),
        cmocka_unit_test(specs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
