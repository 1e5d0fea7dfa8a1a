/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialect of Spark without an engine: Java's patterns, what is refused and where, limits.
 * Answers are compared with Spark's in tests/integration/test_spark_sql.py. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/gate.h"
#include "sql/translate.h"

static const char *const columns[] = {"name", "n", "x", "list"};

static nlt_status translate(const char *sql, nlt_buf *out, nlt_error *err)
{
    static const nlt_sql_type item = {.kind = NLT_SQL_STRING};
    const nlt_sql_type types[] = {{.kind = NLT_SQL_STRING}, {.kind = NLT_SQL_BIGINT},
        {.kind = NLT_SQL_DOUBLE}, {.kind = NLT_SQL_ARRAY, .item = &item}};
    const nlt_sql_relation relation = {"netlytics", columns, types, 4};
    return nlt__spark_translate(sql, &relation, 1, out, err);
}

/* ---- patterns ---- */

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *java, *re2;
        int n_groups;
        bool matches_empty, is_literal;
    } cases[] = {
        {"abc", "abc", 0, false, true},
        {"a\\.b", "a\\.b", 0, false, true},
        {"\\d+", "[0-9]+", 0, false, false},
        {"[\\w-]", "[a-zA-Z_0-9\\-]", 0, false, false},
        {"(a)(?:b)(?<n>c)", "(a)(?:b)(?P<n>c)", 2, false, false},
        {"a*", "a*", 0, true, false},
        {"a|", "a|", 0, true, false},
        {"(a?)b", "(a?)b", 1, false, false},
        {"(?s).", "(?s).", 0, false, false},
        {"\\Qa.b\\E", "a\\.b", 0, false, true},
        {"\\u0041\\x42", "\\x{0041}\\x{42}", 0, false, false},
        {"^a", "^a", 0, false, false},
        {"a{2,3}?", "a{2,3}?", 0, false, false},
        {"\\p{Alpha}", "[a-zA-Z]", 0, false, false},
        {"", "", 0, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_buf out = NLT_BUF_INIT(1 << 16);
        nlt_buf literal = NLT_BUF_INIT(1 << 16);
        nlt_error err = NLT_ERROR_INIT;
        nlt_java_regex info;
        if (nlt__java_regex(cases[i].java, false, &out, &literal, &info, &err) != NLT_OK) {
            fail_msg("%s: %s", cases[i].java, err.message);
        }
        assert_string_equal(nlt__buf_cstr(&out), cases[i].re2);
        assert_int_equal(info.n_groups, cases[i].n_groups);
        assert_int_equal(info.matches_empty, cases[i].matches_empty);
        assert_int_equal(info.is_literal, cases[i].is_literal);
        nlt__buf_clear(&literal);
        nlt__buf_clear(&out);
    }
}

static void patterns_that_differ(void **state)
{
    (void)state;
    static const char *const bad[] = {"(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?>a)", "a*+", "a?+",
        "a{1,2}+", "(a)\\1", "[a&&b]", "[a[b]]", "(?x)a", "\\G", "\\Z", "\\R", "(", ")", "[", "a**",
        "*a", "\\", "\\p{Greek}", "a{2000}", "(?m)^a", "\\cA"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_buf out = NLT_BUF_INIT(1 << 16);
        nlt_buf literal = NLT_BUF_INIT(1 << 16);
        nlt_java_regex info;
        if (nlt__java_regex(bad[i], false, &out, &literal, &info, NULL) != NLT_ERR_SQL) {
            fail_msg("%s: taken", bad[i]);
        }
        nlt__buf_clear(&literal);
        nlt__buf_clear(&out);
    }
}

static void replacements(void **state)
{
    (void)state;
    static const struct {
        const char *java, *re2;
    } cases[] = {{"x", "x"}, {"<$1>", "<\\1>"}, {"$0", "\\0"}, {"\\$1", "$1"}, {"\\\\", "\\\\"},
        {"$3", NULL}, {"$", NULL}, {"$x", NULL}, {"${n}", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_buf out = NLT_BUF_INIT(1 << 16);
        nlt_status status = nlt__java_replacement(cases[i].java, 2, &out, NULL);
        assert_int_equal(status, cases[i].re2 != NULL ? NLT_OK : NLT_ERR_SQL);
        if (status == NLT_OK) {
            assert_string_equal(nlt__buf_cstr(&out), cases[i].re2);
        }
        nlt__buf_clear(&out);
    }
}

/* ---- types ---- */

static void types_that_meet(void **state)
{
    (void)state;
    static const struct {
        nlt_sql_meeting meeting;
        nlt_sql_kind a, b, result; /* NLT_SQL_KIND_COUNT: they do not meet */
    } cases[] = {
        {NLT_SQL_MEET_COMPARE, NLT_SQL_STRING, NLT_SQL_BIGINT, NLT_SQL_BIGINT},
        {NLT_SQL_MEET_COMPARE, NLT_SQL_STRING, NLT_SQL_DECIMAL, NLT_SQL_DOUBLE},
        {NLT_SQL_MEET_COMPARE, NLT_SQL_DATE, NLT_SQL_STRING, NLT_SQL_DATE},
        {NLT_SQL_MEET_WIDEN, NLT_SQL_STRING, NLT_SQL_BIGINT, NLT_SQL_STRING},
        {NLT_SQL_MEET_WIDEN, NLT_SQL_STRING, NLT_SQL_BOOLEAN, NLT_SQL_KIND_COUNT},
        {NLT_SQL_MEET_NO_TEXT, NLT_SQL_STRING, NLT_SQL_INT, NLT_SQL_KIND_COUNT},
        {NLT_SQL_MEET_WIDEN, NLT_SQL_INT, NLT_SQL_DOUBLE, NLT_SQL_DOUBLE},
        {NLT_SQL_MEET_WIDEN, NLT_SQL_NULL, NLT_SQL_INT, NLT_SQL_INT},
        {NLT_SQL_MEET_WIDEN, NLT_SQL_DATE, NLT_SQL_TIMESTAMP, NLT_SQL_TIMESTAMP},
        {NLT_SQL_MEET_WIDEN, NLT_SQL_DATE, NLT_SQL_INT, NLT_SQL_KIND_COUNT},
    };
    nlt_arena arena = NLT_ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_sql_type out;
        bool is_met = nlt__sql_meet(
            cases[i].meeting, nlt__sql_plain(cases[i].a), nlt__sql_plain(cases[i].b), &arena, &out);
        assert_int_equal(is_met, cases[i].result != NLT_SQL_KIND_COUNT);
        assert_true(!is_met || out.kind == cases[i].result);
    }
    nlt__arena_clear(&arena);
    /* Spark: decimal(20,0) / decimal(4,1) keeps what 38 digits leave */
    nlt_sql_type cut = nlt__sql_adjusted(46, 22);
    assert_int_equal(cut.precision, 38);
    assert_int_equal(cut.scale, 14);
}

/* ---- statements ---- */

static void errors_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"SELECT nam FROM netlytics",
            "line 1, column 8: there is no column nam\nLINE 1: SELECT nam FROM "
            "netlytics\n               ^"},
        {"SELECT 1\nFROM x",
            "line 2, column 6: there is no table x\nLINE 2: FROM x\n             ^"},
        {"SELECT read_csv('a')", "not supported"},
        {"SELECT * FROM read_csv('a')", "not to be had"},
        {"SELECT * FROM 'a'", "files cannot be read"},
        {"SELECT * FROM csv.`a`", "cannot be read"},
        {"DROP TABLE netlytics", "only a SELECT"},
        {"SELECT 1; SELECT 2", "a second statement"},
        {"SELECT 'a", "does not end"},
        {"SELECT '\\0'", "NUL"},
        {"SELECT list + 1 FROM netlytics", "takes numbers"},
        {"SELECT name[0] FROM netlytics", "only an array"},
        {"SELECT * FROM netlytics PIVOT (sum(n) FOR name IN (x))", "no literal"},
        {"SELECT map_entries(a -> 1)", "these arguments"},
        {"SELECT size(a -> 1), hash(a -> 1)", "these arguments"},
        {"SELECT struct(name, n AS name) FROM netlytics", "two fields of one name"},
        {"SELECT * FROM netlytics ORDER BY struct(n)", "ORDER BY of a struct"},
        {"WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n FROM t) SELECT 1", "UNION ALL"},
        {"SELECT format_string('%d', x) FROM netlytics", "%d of DOUBLE"},
        {"SELECT interval '1 2' day to month", "not understood"},
        {"", "empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_buf out = NLT_BUF_INIT(1 << 20);
        nlt_error err = NLT_ERROR_INIT;
        nlt_status status = translate(cases[i].sql, &out, &err);
        if (status != NLT_ERR_SQL || strstr(err.message, cases[i].message) == NULL) {
            fail_msg("%s: %d %s", cases[i].sql, (int)status, err.message);
        }
        nlt__buf_clear(&out);
    }
}

/* What is written passes the gate, too. */
static void texts_pass_the_gate(void **state)
{
    (void)state;
    static const char *const good[] = {
        "SELECT * FROM netlytics;",
        "SELECT name, count(*) FROM netlytics WHERE x / 2 > '3' GROUP BY name ORDER BY 2 DESC",
        "SELECT a FROM netlytics LATERAL VIEW OUTER explode(list) t AS a",
        "WITH t AS (SELECT 1 AS a) SELECT * FROM t, (VALUES (1, 'x'), (2, 'y')) u",
        "SELECT transform(list, v -> concat(v, name)) FROM netlytics",
        "SELECT \"read_csv\" AS `glob`, '; DROP' FROM netlytics",
        "SELECT * FROM netlytics PIVOT (sum(n) AS s FOR name IN ('a', 'b'))",
        "SELECT * FROM netlytics UNPIVOT (v FOR k IN (n, x))",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
        "SELECT name, max(struct(x, name)).name FROM netlytics GROUP BY name",
        "SELECT inline(arrays_zip(list, list)), n FROM netlytics",
        "SELECT name FROM netlytics QUALIFY row_number() OVER (PARTITION BY n ORDER BY x) = 1",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), listagg(name, ';') FROM netlytics",
        "SELECT window.start FROM netlytics GROUP BY window(timestamp_seconds(x), '1 hour')",
        "SELECT map_entries(null), map_keys(null), array_max(null), flatten(null), get(null, 1)",
        "SELECT format_string('%5.2f %s', x, name), array_sort(list, (a, b) -> 1) FROM netlytics",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        nlt_buf out = NLT_BUF_INIT(1 << 20);
        nlt_error err = NLT_ERROR_INIT;
        nlt_status status = translate(good[i], &out, &err);
        if (status == NLT_OK) {
            status = nlt__sql_gate(nlt__buf_cstr(&out), &err);
        }
        if (status != NLT_OK) {
            fail_msg("%s: %s", good[i], err.message);
        }
        nlt__buf_clear(&out);
    }
}

/* Deep, long and exploding statements end with an error, not with the stack or the memory. */
static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *again, *end;
        int n;
    } cases[] = {
        {"SELECT ", "(", "1", 100000},
        {"SELECT ", "-", "1", 100000},
        {"SELECT ", "NOT ", "true", 100000},
        {"SELECT 1", " + 1", "", 100000},
        {"SELECT * FROM ", "(SELECT * FROM ", "netlytics", 10000},
        {"SELECT 1", " UNION SELECT 1", "", 10000},
        {"SELECT cast(1 AS ", "array<", "int", 10000},
        {"SELECT 1 FROM netlytics", " CROSS JOIN netlytics", "", 10000},
        {"SELECT ", "left(", "name", 150},
        {"SELECT ", "struct(", "name", 10000},
        {"SELECT * FROM netlytics", " PIVOT (sum(n) FOR x IN (1))", "", 10000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_buf sql = NLT_BUF_INIT(16 << 20);
        nlt_buf out = NLT_BUF_INIT(16 << 20);
        assert_int_equal(nlt__buf_printf(&sql, NULL, "%s", cases[i].begin), NLT_OK);
        for (int j = 0; j < cases[i].n; j++) {
            assert_int_equal(nlt__buf_printf(&sql, NULL, "%s", cases[i].again), NLT_OK);
        }
        assert_int_equal(nlt__buf_printf(&sql, NULL, "%s", cases[i].end), NLT_OK);
        assert_int_equal(translate(nlt__buf_cstr(&sql), &out, NULL), NLT_ERR_SQL);
        nlt__buf_clear(&sql);
        nlt__buf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_that_differ),
        cmocka_unit_test(replacements),
        cmocka_unit_test(types_that_meet),
        cmocka_unit_test(errors_with_their_place),
        cmocka_unit_test(texts_pass_the_gate),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
