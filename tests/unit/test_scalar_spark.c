/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions with Spark's meaning against the results of Spark (tests/golden), and what differs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <stdio.h>

#include <cmocka.h>

#include "support/scalar_rows.h"

static const scalar_case spark_cases[] = {
#include "golden/spark_scalars.inc"
};

/* Known differences: what Spark does there is refused, or none of our own. */
static const scalar_case known[] = {
    /* JDK 17 does not write the shortest text of this one; JDK 19 does */
    {"nlt_cast_string(1.0E23)", "1.0E23"},
    /* hexadecimal doubles are no numbers here */
    {"nlt_cast_double('0x1p3')", "NULL"},
    /* case is ignored in ASCII only */
    {"nlt_to_timestamp('2017É', 'yyyy''é''')", "NULL"},
    /* of the least doubles Java writes two digits where one would do */
    {"nlt_cast_string(4.9E-324)", "5.0E-324"},
    /* Spark fails on years that a timestamp cannot hold */
    {"nlt_to_timestamp('+999999999', 'yyyy')", "NULL"}, {"nlt_to_timestamp('1234567', 'y')", "NULL"},
    {"nlt_to_timestamp('300000', 'yyyyyy')", "NULL"},
};

/* Letters that are refused although Spark knows them. */
static const char *const refused[] = {"'g')", "HH VV')", "HH z')", "HH O')", "HH ZZZZ')"};

static const char *known_result(const char *call)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].call, call) == 0) {
            return known[i].result;
        }
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        size_t len = strlen(call);
        size_t end = strlen(refused[i]);
        bool is_parsed = strstr(call, "to_timestamp") != NULL || refused[i][0] == '\'';
        if (is_parsed && len > end && strcmp(call + len - end, refused[i]) == 0) {
            return "error";
        }
    }
    return NULL;
}

static void as_spark(void **state)
{
    (void)state;
    scalar_rows *rows = scalar_rows_open(NULL);
    int n_bad = 0;
    for (size_t i = 0; i < sizeof spark_cases / sizeof spark_cases[0]; i++) {
        const char *ours = scalar_rows_eval(rows, spark_cases[i].call);
        const char *other = known_result(spark_cases[i].call);
        const char *wanted = other != NULL ? other : spark_cases[i].result;
        bool is_error = strncmp(ours, "error", 5) == 0;
        if (strcmp(wanted, "error") == 0 ? !is_error : strcmp(ours, wanted) != 0) {
            (void)fprintf(stderr, "%s = %s, not %s\n", spark_cases[i].call, ours, wanted);
            n_bad++;
        }
    }
    scalar_rows_close(rows);
    assert_int_equal(n_bad, 0);
}

static void what_errors_say(void **state)
{
    (void)state;
    static const scalar_case cases[] = {
        {"nlt_date_format('2017-03-05', 'YYYY-MM')",
            "error: time pattern \"YYYY-MM\": letter Y belongs to week years, which are not supported"},
        {"nlt_date_format('2017-03-05', 'yyyy-MM-ddThh')",
            "error: time pattern \"yyyy-MM-ddThh\": letter T has no meaning; text stands between quotes"},
        {"nlt_date_format('2017-03-05', 'HHH')", "error: time pattern \"HHH\": letter H stands too often"},
        {"nlt_to_date('Sun', 'E')", "error: time pattern \"E\": letter E cannot be parsed, only written"},
        {"nlt_date_format('2017-03-05', 'yyyy''x')",
            "error: time pattern \"yyyy'x\": the quote ' does not end"},
        {"nlt_date_format('2017-03-05', '"
         "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
         "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy')", "error: a time pattern of more than 126 bytes"},
        /* a pattern is looked at only where there is something to write */
        {"nlt_date_format('x', 'YYYY')", "NULL"},
    };
    assert_int_equal(scalar_rows_check(cases, sizeof cases / sizeof cases[0], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_spark),
        cmocka_unit_test(what_errors_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
