/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time zones out of hand-made TZif files. Instants: worked out from RFC 8536 and the rules of POSIX TZ;
 * the dates of European, American and Australian clock changes are those of the public calendars. */

#define _GNU_SOURCE /* mkdtemp, setenv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/time.h"
#include "core/zone.h"
#include "core/zone_rule.h"

#define DAY INT64_C(86400)

static char folder[] = "/tmp/test_core_zone.XXXXXX";

static int64_t at(int year, int month, int day, int hour, int minute)
{
    return nlt__days_from_civil((nlt_civil){year, month, day}) * DAY + hour * 3600 + minute * 60;
}

/* ---- files ---- */

typedef struct writer {
    uint8_t bytes[4096];
    size_t len;
} writer;

static void put(writer *w, int64_t value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        w->bytes[w->len++] = (uint8_t)((uint64_t)value >> (8 * i));
    }
}

static void put_header(writer *w, int times, int types)
{
    memcpy(w->bytes + w->len, "TZif2", 5);
    w->len += 5;
    put(w, 0, 8);
    put(w, 0, 7);
    const int counts[6] = {0, 0, 0, times, types, 4};
    for (int i = 0; i < 6; i++) {
        put(w, counts[i], 4);
    }
}

typedef struct transition {
    int64_t time;
    int type;
} transition;

/* A version 2 file with types 0: +1:00, 1: +2:00, and the footer. */
static writer make_file(const transition *times, int n, const char *footer)
{
    writer w = {.len = 0};
    put_header(&w, 0, 1);
    put(&w, 0, 6);
    memcpy(w.bytes + w.len, "UTC", 4);
    w.len += 4;
    put_header(&w, n, 2);
    for (int i = 0; i < n; i++) {
        put(&w, times[i].time, 8);
    }
    for (int i = 0; i < n; i++) {
        put(&w, times[i].type, 1);
    }
    for (int type = 0; type < 2; type++) {
        put(&w, 3600 * (type + 1), 4);
        put(&w, type, 1);
        put(&w, 0, 1);
    }
    memcpy(w.bytes + w.len, "XXX", 4);
    w.len += 4;
    size_t len = strlen(footer);
    memcpy(w.bytes + w.len, footer, len);
    w.len += len;
    return w;
}

static void write_file(const char *name, const writer *w, size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(w->bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static nlt_zone *open_zone(const transition *times, int n, const char *footer)
{
    writer w = make_file(times, n, footer);
    write_file("Zone", &w, w.len);
    nlt_zone *zone = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__zone_open("Zone", &zone, &err), NLT_OK);
    return zone;
}

static int64_t to_utc(const nlt_zone *zone, int64_t local)
{
    return nlt__zone_to_utc(zone, local, INT64_MIN);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || setenv("TZDIR", folder, 1) != 0;
}

static int tear_down(void **state)
{
    char path[256];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/Zone", folder);
    (void)unlink(path);
    return rmdir(folder);
}

/* ---- tests ---- */

static void fixed_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t east;
    } good[] = {{"UTC", 0}, {"Z", 0}, {"+00:00", 0}, {"+05:30", 19800}, {"-03:00", -10800},
        {"+23:59", 86340}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        nlt_zone *zone = NULL;
        assert_int_equal(nlt__zone_open(good[i].name, &zone, NULL), NLT_OK);
        assert_true(nlt__zone_is_fixed(zone));
        assert_int_equal(to_utc(zone, 1000000), 1000000 - good[i].east);
        nlt__zone_close(zone);
    }
    assert_int_equal(to_utc(NULL, 5), 5);
    nlt__zone_close(NULL);
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Nowhere", "../Zone", "/etc/passwd", ".Zone", "a/../Zone",
        "+24:00", "+01:60", "+1:00", "+0100", "Zone\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_zone *zone = NULL;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt__zone_open(bad[i], &zone, &err), NLT_ERR_ARG);
        assert_null(zone);
        assert_non_null(strstr(err.message, "there is no zone"));
    }
}

/* Summer time from 26 March 2017, 01:00 UTC, to 29 October, 01:00 UTC. */
static void transitions_of_the_file(void **state)
{
    (void)state;
    const transition times[] = {{at(2017, 3, 26, 1, 0), 1}, {at(2017, 10, 29, 1, 0), 0}};
    nlt_zone *zone = open_zone(times, 2, "\nXXX-1\n");
    assert_false(nlt__zone_is_fixed(zone));
    assert_int_equal(to_utc(zone, at(2017, 1, 1, 12, 0)), at(2017, 1, 1, 11, 0));
    assert_int_equal(to_utc(zone, at(2017, 3, 26, 1, 59)), at(2017, 3, 26, 0, 59));
    assert_int_equal(to_utc(zone, at(2017, 3, 26, 3, 0)), at(2017, 3, 26, 1, 0));
    assert_int_equal(to_utc(zone, at(2017, 7, 1, 12, 0)), at(2017, 7, 1, 10, 0));
    assert_int_equal(to_utc(zone, at(2030, 7, 1, 12, 0)), at(2030, 7, 1, 11, 0)); /* the rule */
    /* 02:30 does not exist: as far behind the change as it would have been */
    assert_int_equal(to_utc(zone, at(2017, 3, 26, 2, 30)), at(2017, 3, 26, 1, 30));
    /* 02:30 comes twice: the first, or the second for who has seen the first */
    int64_t twice = at(2017, 10, 29, 2, 30);
    assert_int_equal(to_utc(zone, twice), at(2017, 10, 29, 0, 30));
    assert_int_equal(
        nlt__zone_to_utc(zone, twice, at(2017, 10, 29, 0, 40)), at(2017, 10, 29, 1, 30));
    nlt__zone_close(zone);
}

/* Files as they are installed today end with the last change that is no rule. */
static void rule_behind_the_last_transition(void **state)
{
    (void)state;
    const transition times[] = {{at(1995, 9, 24, 1, 0), 0}, {at(1996, 3, 31, 1, 0), 1}};
    nlt_zone *zone = open_zone(times, 2, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
    assert_int_equal(to_utc(zone, at(1996, 10, 27, 1, 59)), at(1996, 10, 26, 23, 59));
    assert_int_equal(to_utc(zone, at(1996, 10, 27, 3, 0)), at(1996, 10, 27, 2, 0));
    assert_int_equal(to_utc(zone, at(2026, 3, 29, 1, 59)), at(2026, 3, 29, 0, 59));
    assert_int_equal(to_utc(zone, at(2026, 3, 29, 3, 0)), at(2026, 3, 29, 1, 0));
    assert_int_equal(to_utc(zone, at(2026, 7, 1, 12, 0)), at(2026, 7, 1, 10, 0));
    assert_int_equal(to_utc(zone, at(2026, 12, 1, 12, 0)), at(2026, 12, 1, 11, 0));
    assert_int_equal(to_utc(zone, at(2199, 7, 1, 12, 0)), at(2199, 7, 1, 10, 0));
    nlt__zone_close(zone);
}

static void rules_without_transitions(void **state)
{
    (void)state;
    nlt_zone *zone = open_zone(NULL, 0, "\n\n");
    assert_true(nlt__zone_is_fixed(zone));
    assert_int_equal(to_utc(zone, 7200), 3600);
    nlt__zone_close(zone);
    /* summer time all the year round (RFC 8536 3.3.1, in the east) */
    zone = open_zone(NULL, 0, "\nXXX-1YYY,0/0,J365/25\n");
    assert_int_equal(to_utc(zone, at(2020, 12, 31, 23, 30)), at(2020, 12, 31, 21, 30));
    assert_int_equal(to_utc(zone, at(2021, 1, 1, 0, 30)), at(2020, 12, 31, 22, 30));
    assert_int_equal(to_utc(zone, at(2021, 6, 1, 0, 0)), at(2021, 5, 31, 22, 0));
    nlt__zone_close(zone);
}

/* When summer time begins and ends, UTC. */
static void dates_of_rules(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int year;
        int64_t begin, end;
    } rules[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", 2017, at(2017, 3, 26, 1, 0), at(2017, 10, 29, 1, 0)},
        {"EST5EDT,M3.2.0,M11.1.0", 2024, at(2024, 3, 10, 7, 0), at(2024, 11, 3, 6, 0)},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 2024, at(2024, 10, 5, 16, 0), at(2024, 4, 6, 16, 0)},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2024, at(2024, 10, 5, 15, 30),
            at(2024, 4, 6, 15, 0)},
        /* 29 February: never counted by J, counted by plain days */
        {"AAA0BBB,J60,J61/0", 2024, at(2024, 3, 1, 2, 0), at(2024, 3, 1, 23, 0)},
        {"AAA0BBB,59/0,60/0", 2024, at(2024, 2, 29, 0, 0), at(2024, 2, 29, 23, 0)},
        {"AAA0BBB,59/0,60/0", 2023, at(2023, 3, 1, 0, 0), at(2023, 3, 1, 23, 0)},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2024, at(2024, 3, 31, 1, 0), at(2024, 10, 27, 1, 0)},
        {"IST-2IDT,M3.4.4/26,M10.5.0", 2024, at(2024, 3, 29, 0, 0), at(2024, 10, 26, 23, 0)},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        nlt_zone_rule rule;
        nlt_bytes text = {rules[i].text, strlen(rules[i].text)};
        assert_true(nlt__zone_rule_parse(text, &rule));
        assert_true(rule.has_summer);
        assert_int_equal(nlt__zone_rule_begin(&rule, rules[i].year), rules[i].begin);
        assert_int_equal(nlt__zone_rule_end(&rule, rules[i].year), rules[i].end);
    }
}

static void texts_that_are_no_rule(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "CE-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J365", "CET-1CEST,366,1", "CET-1CEST,M3.5.0/168,M10.5.0", "<CET-1",
        "CET-1CEST,M3.5.0,M10.5.0/3 ", "CET-1:60", "CET-1CEST,M3.5.0;M10.5.0"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_zone_rule rule;
        assert_false(nlt__zone_rule_parse((nlt_bytes){bad[i], strlen(bad[i])}, &rule));
    }
}

/* Cut anywhere, or with times that step back, types that are not there, a footer that is none. */
static void damaged_files(void **state)
{
    (void)state;
    const transition times[] = {{at(2017, 3, 26, 1, 0), 1}, {at(2017, 10, 29, 1, 0), 0}};
    const transition back[] = {{at(2017, 10, 29, 1, 0), 0}, {at(2017, 3, 26, 1, 0), 1}};
    const transition type[] = {{at(2017, 10, 29, 1, 0), 2}};
    const writer whole = make_file(times, 2, "\nXXX-1\n");
    const writer bad[] = {make_file(back, 2, "\nXXX-1\n"), make_file(type, 1, "\nXXX-1\n"),
        make_file(times, 2, "\nXX\n"), make_file(times, 2, "XXX-1\n")};
    nlt_error err = NLT_ERROR_INIT;
    nlt_zone *zone = NULL;
    for (size_t len = 0; len < whole.len; len++) {
        write_file("Zone", &whole, len);
        assert_int_equal(nlt__zone_open("Zone", &zone, &err), NLT_ERR_DAMAGED);
        assert_null(zone);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file("Zone", &bad[i], bad[i].len);
        assert_int_equal(nlt__zone_open("Zone", &zone, &err), NLT_ERR_DAMAGED);
        assert_non_null(strstr(err.message, "its file is damaged"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_offsets),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(transitions_of_the_file),
        cmocka_unit_test(rule_behind_the_last_transition),
        cmocka_unit_test(rules_without_transitions),
        cmocka_unit_test(dates_of_rules),
        cmocka_unit_test(texts_that_are_no_rule),
        cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
