/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns with types as a user writes them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sql/column_types.h"

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown; /* name=type; */
    } good[] = {
        {"a INT", "a=INT;"},
        {" a INT , b\tDOUBLE\n", "a=INT;b=DOUBLE;"},
        {"\"b \"\"c\" DECIMAL(10, 2),`d``e` varchar[]", "b \"c=DECIMAL(10, 2);d`e=varchar[];"},
        {"t TIMESTAMP WITH TIME ZONE, s STRUCT(x INT, y DOUBLE[])",
            "t=TIMESTAMP WITH TIME ZONE;s=STRUCT(x INT, y DOUBLE[]);"},
        {"a INT -- the first\n, b INT", "a=INT;b=INT;"},
        {"int INT, Int2 INT", "int=INT;Int2=INT;"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        nlt_arena arena = NLT_ARENA_INIT;
        nlt_column_type *columns = NULL;
        int n = 0;
        char shown[256] = "";
        assert_int_equal(nlt__column_types_parse(good[i].text, &arena, &columns, &n, NULL), NLT_OK);
        for (int j = 0; j < n; j++) {
            size_t len = strlen(shown);
            (void)snprintf(
                shown + len, sizeof shown - len, "%s=%s;", columns[j].name, columns[j].type);
        }
        assert_string_equal(shown, good[i].shown);
        nlt__arena_clear(&arena);
    }
}

static void no_lists(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " ", ",", "a", "a,", "a INT,", "a INT,,b INT", "INT 5",
        "a 5", "a 'x'", "a INT 'x'", "a INT; b INT", "a INT) FROM (b", "a DECIMAL(10", "a INT]",
        "a DECIMAL(10]", "a \"INT\"", "\"\" INT", "a INT, A INT", "'a' INT", "a INT /*",
        "a INT = 1", "a x(((((((((((((((((1)))))))))))))))))"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_arena arena = NLT_ARENA_INIT;
        nlt_column_type *columns = NULL;
        int n = 0;
        nlt_error err = NLT_ERROR_INIT;
        if (nlt__column_types_parse(bad[i], &arena, &columns, &n, &err) != NLT_ERR_ARG) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_int_equal(strncmp(err.message, "--columns: ", strlen("--columns: ")), 0);
        nlt__arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(no_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
