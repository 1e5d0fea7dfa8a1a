/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of tables: what every dialect takes without quotes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sql/table_name.h"

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "_", "dns", "DNS", "netlytics", "NetLytics",
        "flows_2017", "x12345678901234567890123456789012345678901234567890123456789012", "selects",
        "netlytic_1"};
    static const char *const bad[] = {"", "1", "1a", " a", "a ", "a b", "a-b", "a.b", "\"a\"",
        "`a`", "a;", "a\nb", "\xc3\xa9", "a\x80", "select", "SELECT", "From", "table", "values",
        "anti", "netlytics_", "Netlytics_1", "read_csv", "glob", "query", "duckdb_settings",
        "pg_class", "information_schema",
        "x123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt__table_name_check(good[i], &err), NLT_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt__table_name_check(bad[i], &err), NLT_ERR_ARG);
        assert_true(err.message[0] != '\0' && err.hint[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
