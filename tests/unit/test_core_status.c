/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes, errors and did-you-mean. Exit codes are those of the public header. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netlytics/base.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void exit_codes(void **state)
{
    (void)state;
    static const struct {
        nlt_status status;
        int exit_code;
    } rows[] = {{NLT_OK, 0}, {NLT_ERR_ARG, 2}, {NLT_ERR_NOT_FOUND, 3}, {NLT_ERR_NO_ROWS, 4},
        {NLT_ERR_SQL, 5}, {NLT_ERR_DAMAGED, 6}, {NLT_ERR_OUTPUT, 7}, {NLT_ERR_FORMAT, 1},
        {NLT_ERR_LIMIT, 1}, {NLT_ERR_IO, 1}, {NLT_ERR_NOMEM, 1}, {NLT_ERR_INTERNAL, 1},
        {NLT_ERR_CANCELLED, 130}, {NLT_STATUS_COUNT, 1}};
    assert_int_equal(COUNT(rows), NLT_STATUS_COUNT + 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(nlt_status_exit_code(rows[i].status), rows[i].exit_code);
    }
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(nlt_status_name(NLT_ERR_ARG), "bad argument");
    for (int i = 0; i <= NLT_STATUS_COUNT; i++) {
        assert_non_null(nlt_status_name((nlt_status)i));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(nlt_status_name((nlt_status)i), nlt_status_name((nlt_status)k));
        }
    }
}

/* Names of classes in Python, one for each way to fail. */
static void every_failure_has_its_exception(void **state)
{
    (void)state;
    assert_string_equal(nlt_status_exception(NLT_OK), "");
    assert_string_equal(nlt_status_exception(NLT_ERR_SQL), "SQLError");
    assert_string_equal(nlt_status_exception(NLT_STATUS_COUNT), "InternalError");
    for (int i = 1; i < NLT_STATUS_COUNT; i++) {
        const char *name = nlt_status_exception((nlt_status)i);
        assert_true(name[0] >= 'A' && name[0] <= 'Z');
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(name, nlt_status_exception((nlt_status)k));
        }
    }
}

static void a_failure_fills_its_error(void **state)
{
    (void)state;
    nlt_error err = NLT_ERROR_INIT;
    err.offset = 5;
    nlt_error_hint(&err, "old hint");
    assert_int_equal(nlt_fail(&err, NLT_ERR_IO, "%s: %d", "file", 7), NLT_ERR_IO);
    assert_int_equal(err.code, NLT_ERR_IO);
    assert_int_equal(err.offset, -1);
    assert_string_equal(err.message, "file: 7");
    assert_string_equal(err.hint, "");
    nlt_error_hint(&err, "try %d", 3);
    assert_string_equal(err.hint, "try 3");
    assert_int_equal(nlt_fail(NULL, NLT_ERR_ARG, "nobody listens"), NLT_ERR_ARG);
    nlt_error_hint(NULL, "nobody listens");
}

static void an_error_can_quote_itself(void **state)
{
    (void)state;
    nlt_error err = NLT_ERROR_INIT;
    (void)nlt_fail(&err, NLT_ERR_IO, "inner");
    (void)nlt_fail(&err, NLT_ERR_FORMAT, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
}

/* A message that is too long ends before a character, not in it. */
static void long_messages_stay_utf8(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\xa9"};
    for (size_t c = 0; c < COUNT(characters); c++) {
        size_t n = strlen(characters[c]);
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2000];
            size_t len = shift;
            memset(text, '-', shift);
            for (; len + n < sizeof text; len += n) {
                memcpy(text + len, characters[c], n);
            }
            text[len] = '\0';
            nlt_error err = NLT_ERROR_INIT;
            (void)nlt_fail(&err, NLT_ERR_IO, "%s", text);
            size_t expected = shift + (sizeof err.message - 1 - shift) / n * n;
            assert_int_equal(strlen(err.message), expected);
            assert_memory_equal(err.message, text, expected);
        }
    }
}

static void did_you_mean(void **state)
{
    (void)state;
    static const char *const names[] = {"tstat", "squid", "zeek", "bind", "save_dataframe", "pcap"};
    static const struct {
        const char *word, *closest;
    } rows[] = {{"tstat", "tstat"}, {"TSTAT", "tstat"}, {"tsat", "tstat"}, {"tsatt", "tstat"},
        {"squidd", "squid"}, {"sqiud", "squid"}, {"save_data_frame", "save_dataframe"},
        {"savedataframe", "save_dataframe"}, {"zek", "zeek"}, {"zeke", "zeek"}, {"bro", NULL},
        {"kmeans", NULL}, {"", NULL}, {"x", NULL}, {"completely_different_word", NULL}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *closest = nlt_closest(rows[i].word, names, COUNT(names));
        if (rows[i].closest == NULL) {
            assert_null(closest);
        } else {
            assert_non_null(closest);
            assert_string_equal(closest, rows[i].closest);
        }
    }
    assert_null(nlt_closest("word", names, 0));
}

/* A third of the length + 1: three edits for eight letters, not four; the first of equals. */
static void how_near_is_near(void **state)
{
    (void)state;
    static const char *const one[] = {"abcdefgh"};
    assert_non_null(nlt_closest("abcdexyz", one, 1));
    assert_null(nlt_closest("abcdwxyz", one, 1));
    static const char *const equals[] = {"cat", "bat", "rat"};
    assert_string_equal(nlt_closest("hat", equals, 3), "cat");
    static const char *const swaps[] = {"abXX", "ba"};
    assert_string_equal(nlt_closest("ab", swaps, 2), "ba");
    char long_word[400];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    const char *const long_names[] = {long_word};
    assert_null(nlt_closest("aaaa", long_names, 1));
    assert_null(nlt_closest(long_word, one, 1));
}

static void version(void **state)
{
    (void)state;
    assert_string_equal(nlt_version(), NLT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(every_failure_has_its_exception),
        cmocka_unit_test(a_failure_fills_its_error),
        cmocka_unit_test(an_error_can_quote_itself),
        cmocka_unit_test(long_messages_stay_utf8),
        cmocka_unit_test(did_you_mean),
        cmocka_unit_test(how_near_is_near),
        cmocka_unit_test(version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
