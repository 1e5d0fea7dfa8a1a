/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calendar days. Ten thousand years are walked day by day with the lengths of the months. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/time.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static nlt_bytes bytes_of(const char *text)
{
    return (nlt_bytes){text, strlen(text)};
}

static int month_len(int year, int month)
{
    static const int lens[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return lens[month - 1] + (is_leap && month == 2);
}

static void every_day_of_ten_thousand_years(void **state)
{
    (void)state;
    int64_t days = -719528; /* 0000-01-01 */
    for (int year = 0; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= month_len(year, month); day++, days++) {
                nlt_civil civil = nlt__civil_from_days(days);
                assert_true(civil.year == year && civil.month == month && civil.day == day);
                assert_true(nlt__days_from_civil(civil) == days);
                assert_true(nlt__civil_is_valid(civil));
            }
            assert_false(nlt__civil_is_valid((nlt_civil){year, month, month_len(year, month) + 1}));
        }
    }
    assert_true(days == 2932897); /* 10000-01-01 */
}

static void known_days(void **state)
{
    (void)state;
    assert_int_equal(nlt__days_from_civil((nlt_civil){1970, 1, 1}), 0);
    assert_int_equal(nlt__days_from_civil((nlt_civil){1969, 12, 31}), -1);
    assert_int_equal(nlt__days_from_civil((nlt_civil){2000, 2, 29}), 11016);
    assert_int_equal(nlt__days_from_civil((nlt_civil){2000, 3, 1}), 11017);
    assert_int_equal(nlt__days_from_civil((nlt_civil){1900, 3, 1}), -25508);
    assert_int_equal(nlt__days_from_civil((nlt_civil){2038, 1, 19}), 24855);
}

static void days_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t days;
    } good[] = {{"1970_01_01", 0}, {"2000_02_29", 11016}, {"1900_02_28", -25509},
        {"2016_02_29", 16860}, {"0000_02_29", -719469}, {"9999_12_31", 2932896}};
    static const char *const bad[] = {"", "1900_02_29", "2100_02_29", "2017_02_29", "2000_02_30",
        "2000_04_31", "2000_13_01", "2000_00_01", "2000_01_00", "2000_01_32", "2000-01-01",
        "2000_1_01", "2000_01_1", "2000_01_011", " 2000_01_01", "2000_01_0a", "20000_01_1",
        "-200_01_01", "2000_+1_01", "2000_ 1_01", "2000/01/01"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t days = 1;
        assert_true(nlt__parse_day(bytes_of(good[i].text), &days));
        assert_int_equal(days, good[i].days);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t days = 77;
        assert_false(nlt__parse_day(bytes_of(bad[i]), &days));
        assert_int_equal(days, 77);
    }
    assert_false(nlt__civil_is_valid((nlt_civil){-1, 1, 1}));
    assert_false(nlt__civil_is_valid((nlt_civil){10000, 1, 1}));
    assert_false(nlt__civil_is_valid((nlt_civil){INT32_MAX, INT32_MAX, INT32_MAX}));
    assert_false(nlt__civil_is_valid((nlt_civil){INT32_MIN, INT32_MIN, INT32_MIN}));
}

static void month_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const bad[] = {"", "J", "jan", "JAN", "anF", "Janu", "ecJ", "Foo"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(nlt__month_from_name(bytes_of(names[i])), i + 1);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(nlt__month_from_name(bytes_of(bad[i])), 0);
    }
}

static void dates_to_text(void **state)
{
    (void)state;
    static const struct {
        int64_t days;
        const char *text;
    } rows[] = {{0, "1970-01-01"}, {-1, "1969-12-31"}, {11016, "2000-02-29"},
        {-719528, "0000-01-01"}, {2932896, "9999-12-31"}, {2932897, "10000-01-01"}};
    char text[32];
    for (size_t i = 0; i < COUNT(rows); i++) {
        nlt__format_date(rows[i].days, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void timestamps_to_text(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {{0, "1970-01-01 00:00:00"}, {1, "1970-01-01 00:00:00.000001"},
        {-1, "1969-12-31 23:59:59.999999"}, {-1000000, "1969-12-31 23:59:59"},
        {1500000, "1970-01-01 00:00:01.5"}, {86399000000, "1970-01-01 23:59:59"},
        {86400000000, "1970-01-02 00:00:00"}, {-86400000000, "1969-12-31 00:00:00"},
        {-86400000001, "1969-12-30 23:59:59.999999"},
        {1000000000123400, "2001-09-09 01:46:40.1234"},
        {2147483647000100, "2038-01-19 03:14:07.0001"},
        {253402300799999999, "9999-12-31 23:59:59.999999"},
        {INT64_MAX, "294247-01-10 04:00:54.775807"}};
    char text[40];
    for (size_t i = 0; i < COUNT(rows); i++) {
        nlt__format_timestamp_us(rows[i].us, text);
        assert_string_equal(text, rows[i].text);
    }
    nlt__format_timestamp_us(INT64_MIN, text); /* a year before 0: only that it is sound */
    assert_true(strlen(text) < sizeof text);
}

static void the_clock_goes_forward(void **state)
{
    (void)state;
    double last = nlt__now();
    for (int i = 0; i < 1000; i++) {
        double now = nlt__now();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_ten_thousand_years),
        cmocka_unit_test(known_days),
        cmocka_unit_test(days_as_text),
        cmocka_unit_test(month_names),
        cmocka_unit_test(dates_to_text),
        cmocka_unit_test(timestamps_to_text),
        cmocka_unit_test(the_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
