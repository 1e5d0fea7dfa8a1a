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
    {"nlt_to_timestamp('+999999999', 'yyyy')", "NULL"},
    {"nlt_to_timestamp('1234567', 'y')", "NULL"},
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
        {"nlt_date_format('2017-03-05', 'HHH')",
            "error: time pattern \"HHH\": letter H stands too often"},
        {"nlt_to_date('Sun', 'E')",
            "error: time pattern \"E\": letter E cannot be parsed, only written"},
        {"nlt_date_format('2017-03-05', 'yyyy''x')",
            "error: time pattern \"yyyy'x\": the quote ' does not end"},
        {"nlt_date_format('2017-03-05', '"
         "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
         "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy')",
            "error: a time pattern of more than 126 bytes"},
        {"nlt_to_utc_timestamp('2017-03-01', 'Europe//Rome')",
            "error: there is no time zone \"Europe//Rome\""},
        {"nlt_parse_url('http://a.com/?a=1', 'QUERY', 'a|b')",
            "error: parse_url: the key \"a|b\" would be a pattern"},
        /* a pattern is looked at only where there is something to write */
        {"nlt_date_format('x', 'YYYY')", "NULL"},
    };
    assert_int_equal(scalar_rows_check(cases, sizeof cases / sizeof cases[0], NULL), 0);
}

/* Spark's results for hash and xxhash64 of the same values. */
static void hashes(void **state)
{
    (void)state;
    static const scalar_case cases[] = {
        {"nlt_hash('abc')", "1322437556"},
        {"nlt_hash('')", "142593372"},
        {"nlt_hash('abcd')", "-396302900"},
        {"nlt_hash('é€x')", "578460544"},
        {"nlt_hash(1)", "-1712319331"},
        {"nlt_hash_int(1)", "-559580957"},
        {"nlt_hash(1.5)", "1290763749"},
        {"nlt_hash(-0.0)", "-1670924195"},
        {"nlt_hash(0.0)", "-1670924195"},
        {"nlt_hash(true)", "-559580957"},
        {"nlt_hash(false)", "933211791"},
        {"nlt_hash(DATE '2017-03-05')", "503568857"},
        {"nlt_hash(TIMESTAMP '2017-03-05 10:00:00')", "-1949828870"},
        {"nlt_hash(1, 1322437556)", "898287948"}, /* hash('abc', 1L) */
        {"nlt_hash('abc', 42)", "1322437556"},
        {"nlt_hash(NULL)", "42"},
        {"nlt_hash(NULL, 7)", "7"},
        {"nlt_hash(NaN)", "-1281358385"},
        {"nlt_hash_int(-1)", "-1604776387"},
        {"nlt_hash(-1)", "-939490007"},
        {"nlt_hash('Spark SQL is long enough for several blocks')", "2041194990"},
        {"nlt_xxhash64('abc')", "1423657621850124518"},
        {"nlt_xxhash64('')", "-7444071767201028348"},
        {"nlt_xxhash64('abcd')", "-6810745876291105281"},
        {"nlt_xxhash64('é€x')", "-4805254152015869462"},
        {"nlt_xxhash64(1)", "-7001672635703045582"},
        {"nlt_xxhash64_int(1)", "-6698625589789238999"},
        {"nlt_xxhash64(1.5)", "7738255526519901366"},
        {"nlt_xxhash64(-0.0)", "-5252525462095825812"},
        {"nlt_xxhash64(true)", "-6698625589789238999"},
        {"nlt_xxhash64(DATE '2017-03-05')", "6191545395693612204"},
        {"nlt_xxhash64(TIMESTAMP '2017-03-05 10:00:00')", "8199124771139719860"},
        {"nlt_xxhash64(1, 1423657621850124518)", "-6632315360500197349"},
        {"nlt_xxhash64(NULL)", "42"},
        {"nlt_xxhash64(NaN)", "-3127944061524951246"},
        {"nlt_xxhash64_int(-1)", "2017008487422258757"},
        {"nlt_xxhash64(-1)", "3858142552250413010"},
        {"nlt_xxhash64('Spark SQL is long enough for several blocks')", "-4063337047881312005"},
        {"nlt_xxhash64('Spark SQL is long enough for several blocks, 32 bytes each one')",
            "-7846592898559826326"},
    };
    assert_int_equal(scalar_rows_check(cases, sizeof cases / sizeof cases[0], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_spark),
        cmocka_unit_test(hashes),
        cmocka_unit_test(what_errors_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
