/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statement gate and its lexer: which queries pass, which are refused, where and why. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/gate.h"
#include "sql/lexer.h"

/* ---- lexer ---- */

/* Kinds as letters, each with its text: "w:select s:( ..." */
static void show(const char *sql, char *out, size_t cap)
{
    static const char letters[] = "ewqbtnsX";
    nlt_lexer lexer = {{sql, strlen(sql)}, 0, false};
    size_t len = 0;
    out[0] = '\0';
    for (;;) {
        nlt_token token = nlt__lexer_next(&lexer);
        if (token.kind == NLT_TOKEN_END) {
            return;
        }
        len += (size_t)snprintf(out + len, cap - len, "%s%c:%.*s", len > 0 ? " " : "",
            letters[token.kind], (int)token.text.len, token.text.ptr);
        if (token.kind == NLT_TOKEN_BAD) {
            return;
        }
    }
}

static void tokens(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *shown;
    } cases[] = {
        {"", ""},
        {" \t\r\n", ""},
        {"select a1,_b", "w:select w:a1 s:, w:_b"},
        {"\"a \"\"b\"\"\" `c``d`", "q:\"a \"\"b\"\"\" b:`c``d`"},
        {"'it''s' ''", "t:'it''s' t:''"},
        {"E'a\\'b' 'c'", "t:E'a\\'b' t:'c'"},
        {"'a\\' b'", "t:'a\\' w:b X:'"},
        {"$$a'b$$ $t$ $$ ' $t$", "t:$$a'b$$ t:$t$ $$ ' $t$"},
        {"1 2.5 1e10 1.5E-3 .5", "n:1 n:2.5 n:1e10 n:1.5E-3 n:.5"},
        {"a -- b ' \n c", "w:a w:c"},
        {"a /* b ' */ c", "w:a w:c"},
        {"a /* b /* c */ d */ e", "w:a w:e"},
        {"a/*", "w:a X:/*"},
        {"'abc", "X:'abc"},
        {"\"abc", "X:\"abc"},
        {"$$ abc", "X:$$ abc"},
        {"a<=b", "w:a s:< s:= w:b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char shown[256];
        show(cases[i].sql, shown, sizeof shown);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void places(void **state)
{
    (void)state;
    static const char text[] = "ab\nc\n\nde";
    const nlt_bytes sql = {text, sizeof text - 1};
    static const struct {
        size_t at;
        int line, column;
    } cases[] = {{0, 1, 1}, {1, 1, 2}, {3, 2, 1}, {6, 4, 1}, {7, 4, 2}, {8, 4, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int line = 0;
        int column = 0;
        nlt__lexer_place(sql, text + cases[i].at, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
}

/* ---- gate ---- */

static void queries_that_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "SELECT 1",
        "select * from netlytics;",
        "SELECT 1 ; ; -- over",
        "/* first */ SELECT name FROM netlytics -- ;DROP",
        "WITH t AS (SELECT 1 AS a) SELECT a FROM t",
        "VALUES (1), (2)",
        "(SELECT 1) UNION (SELECT 2)",
        "((SELECT 1))",
        "SELECT 'COPY x TO y; ATTACH' AS text, \"read_csv\" FROM netlytics",
        "SELECT extract(hour FROM ts) FROM netlytics",
        "SELECT a IS DISTINCT FROM 'x', b IS NOT DISTINCT FROM 'y' FROM netlytics",
        "SELECT * FROM netlytics a JOIN netlytics b ON a.c_ip = 'x'",
        "SELECT trim(BOTH 'x' FROM name) FROM netlytics",
        "SELECT count(*) FILTER (WHERE name IN ('a', 'b')), ',' FROM netlytics ORDER BY 1, 'a'",
        "SELECT $$;$$, E'\\';' FROM netlytics",
        "SELECT a FROM (SELECT 1 AS a) t, (VALUES ('x')) u",
        "SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS t",
        "SELECT t.pg_name, t.glob FROM main.netlytics t JOIN u ON t.query = u.query",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        nlt_error err = NLT_ERROR_INIT;
        if (nlt__sql_gate(good[i], &err) != NLT_OK) {
            fail_msg("%s: %s", good[i], err.message);
        }
    }
}

static void queries_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *place, *why;
    } bad[] = {
        {"", "line 1, column 1", "empty"},
        {" -- nothing\n ;", "line 2, column 2", "only a SELECT"},
        {"COPY netlytics TO '/tmp/x'", "line 1, column 1", "only a SELECT"},
        {"ATTACH 'x.db'", "line 1, column 1", "only a SELECT"},
        {"INSTALL httpfs", "line 1, column 1", "only a SELECT"},
        {"PRAGMA version", "line 1, column 1", "only a SELECT"},
        {"SET threads = 1", "line 1, column 1", "only a SELECT"},
        {"\"SELECT\" 1", "line 1, column 1", "only a SELECT"},
        {"SELECT 1; SELECT 2", "line 1, column 11", "second statement"},
        {"SELECT 1;\nDROP TABLE x", "line 2, column 1", "second statement"},
        {"SELECT * FROM '/etc/passwd'", "line 1, column 15", "files cannot be read"},
        {"SELECT * FROM netlytics, 'a.csv'", "line 1, column 26", "files cannot be read"},
        {"SELECT * FROM a JOIN 'b.csv' ON true", "line 1, column 22", "files cannot be read"},
        {"SELECT * FROM (a JOIN 'b.csv' ON true)", "line 1, column 23", "files cannot be read"},
        {"SELECT * FROM ('b.csv')", "line 1, column 16", "files cannot be read"},
        {"SELECT * FROM (('b.csv'))", "line 1, column 17", "files cannot be read"},
        {"SELECT * FROM a JOIN b ON true, 'c.csv'", "line 1, column 33", "files cannot be read"},
        {"WITH t AS (SELECT * FROM 'x') SELECT 1", "line 1, column 26", "files cannot be read"},
        {"SELECT (SELECT a FROM E'x')", "line 1, column 23", "files cannot be read"},
        {"SELECT a FROM $$x$$", "line 1, column 15", "files cannot be read"},
        {"SELECT * FROM read_csv('/etc/passwd')", "line 1, column 15", "not to be had"},
        {"SELECT * FROM READ_CSV_auto ('x')", "line 1, column 15", "not to be had"},
        {"SELECT * FROM \"read_csv\"('x')", "line 1, column 15", "not to be had"},
        {"SELECT * FROM read_text/**/('x')", "line 1, column 15", "not to be had"},
        {"SELECT * FROM glob('*')", "line 1, column 15", "not to be had"},
        {"SELECT getenv('HOME')", "line 1, column 8", "not to be had"},
        {"SELECT * FROM duckdb_settings()", "line 1, column 15", "not to be had"},
        {"SELECT * FROM system.main.duckdb_databases", "line 1, column 27", "not to be had"},
        {"SELECT * FROM a, system . \"pg_catalog\".pg_settings", "line 1, column 27", "not to be"},
        {"SELECT * FROM (SHOW DATABASES)", "line 1, column 16", "only a SELECT"},
        {"SELECT * FROM (a JOIN (DESCRIBE b) ON true)", "line 1, column 24", "only a SELECT"},
        {"SELECT 'abc", "line 1, column 8", "does not end"},
        {"SELECT 1 /* abc", "line 1, column 10", "does not end"},
        {"SELECT 1)", "line 1, column 9", "closes nothing"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_error err = NLT_ERROR_INIT;
        nlt_status status = nlt__sql_gate(bad[i].sql, &err);
        if (status != NLT_ERR_SQL || strstr(err.message, bad[i].place) == NULL
            || strstr(err.message, bad[i].why) == NULL) {
            fail_msg("%s: %d %s", bad[i].sql, (int)status, err.message);
        }
    }
}

static void limits(void **state)
{
    (void)state;
    enum { DEEP = 100000, LONG = 64 << 20 };
    nlt_error err = NLT_ERROR_INIT;
    char *deep = malloc(DEEP + 16);
    assert_non_null(deep);
    memcpy(deep, "SELECT ", 7);
    memset(deep + 7, '(', DEEP);
    deep[7 + DEEP] = '\0';
    assert_int_equal(nlt__sql_gate(deep, &err), NLT_ERR_SQL);
    assert_non_null(strstr(err.message, "too many parentheses"));
    free(deep);
    char *large = malloc(LONG);
    assert_non_null(large);
    memset(large, ' ', LONG - 1);
    memcpy(large, "SELECT 1", 8);
    large[LONG - 1] = '\0';
    assert_int_equal(nlt__sql_gate(large, &err), NLT_ERR_SQL);
    assert_non_null(strstr(err.message, "a query of more than"));
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(places),
        cmocka_unit_test(queries_that_pass),
        cmocka_unit_test(queries_that_are_refused),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
