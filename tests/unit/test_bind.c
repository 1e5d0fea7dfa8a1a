/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of BIND's query log, of all ages, to rows. Expected rows are worked out by hand from the
 * definition of the log; instants come from a calendar. */

#define _GNU_SOURCE /* mkdtemp, setenv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/time.h"
#include "support/line_rows.h"

typedef struct line_case {
    const char *line;
    const char *expected; /* what becomes of it; rows without their empty lists */
} line_case;

#define NO_ANSWERS "answer_ttls=[] answer_types=[] answers=[] "

static void check(line_rows *rows, const line_case *one)
{
    const char *got = line_rows_text(rows, one->line);
    bool is_row = strncmp(got, NO_ANSWERS, sizeof NO_ANSWERS - 1) == 0;
    assert_string_equal(is_row ? got + sizeof NO_ANSWERS - 1 : got, one->expected);
}

static void check_cases(const line_case *cases, size_t n, const char *zone, int64_t file_day)
{
    line_rows rows;
    line_rows_open(&rows, "bind:DNS", NULL, 0, zone);
    rows.ctx.file_day = file_day;
    for (size_t i = 0; i < n; i++) {
        check(&rows, &cases[i]);
    }
    line_rows_close(&rows);
}

#define CHECK(cases, zone, day) check_cases(cases, sizeof(cases) / sizeof(cases)[0], zone, day)

/* ---- the parts of a line ---- */

#define CNN "c_ip=127.0.0.1 c_port=59680 flags_req=8 query=cnn.com req_class=IN "
#define ISE "query=ise.wrccdc.org req_class=IN "

static void lines_of_all_ages(void **state)
{
    (void)state;
    static const line_case cases[] = {
        /* 9.9, 9.10: time only; before them without the name in parentheses, without destination */
        {"12-Nov-2015 23:34:08.622 client 127.0.0.1#59680 (cnn.com): query: cnn.com IN A + "
         "(127.0.0.1)",
            CNN "req_time=1447371248.622 req_type=A s_ip=127.0.0.1"},
        {"12-Nov-2015 23:34:08.622 client 127.0.0.1#59680: query: cnn.com IN A + (127.0.0.1)",
            CNN "req_time=1447371248.622 req_type=A s_ip=127.0.0.1"},
        {"12-Nov-2015 23:34:08.622 client 127.0.0.1#59680: query: cnn.com IN A +",
            CNN "req_time=1447371248.622 req_type=A"},
        {"12-Nov-2015 23:34:08 client 127.0.0.1#59680: view ext: query: cnn.com IN A +",
            CNN "req_time=1447371248.0 req_type=A"},
        /* 9.11 and later: category, severity, both; the pointer of the client */
        {"23-Nov-2026 03:29:59.330 queries: info: client @0x7fccd0759098 127.0.0.1#52496 "
         "(ise.wrccdc.org): query: ise.wrccdc.org IN AAAA -E(0)TDCK (192.0.2.53)",
            "c_ip=127.0.0.1 c_port=52496 flags_req=1 " ISE
            "req_time=1795404599.33 req_type=AAAA s_ip=192.0.2.53"},
        {"23-Nov-2026 03:29:59.330 queries: client @0x7fccd0759098 127.0.0.1#52496 "
         "(ise.wrccdc.org): query: ise.wrccdc.org IN AAAA -E(0)TDCK (192.0.2.53)",
            "c_ip=127.0.0.1 c_port=52496 flags_req=1 " ISE
            "req_time=1795404599.33 req_type=AAAA s_ip=192.0.2.53"},
        {"23-Nov-2026 03:29:59.330 info: client @0x7fccd0759098 127.0.0.1#52496 "
         "(ise.wrccdc.org): query: ise.wrccdc.org IN AAAA -E(0)TDCK (192.0.2.53)",
            "c_ip=127.0.0.1 c_port=52496 flags_req=1 " ISE
            "req_time=1795404599.33 req_type=AAAA s_ip=192.0.2.53"},
        {"queries: info: client @0x7fccd0759098 127.0.0.1#52496 (ise.wrccdc.org): query: "
         "ise.wrccdc.org IN AAAA - (192.0.2.53)",
            "c_ip=127.0.0.1 c_port=52496 flags_req=0 " ISE "req_type=AAAA s_ip=192.0.2.53"},
        {"client @0x7fccd0759098 127.0.0.1#52496 (ise.wrccdc.org): query: ise.wrccdc.org IN AAAA - "
         "(192.0.2.53)",
            "c_ip=127.0.0.1 c_port=52496 flags_req=0 " ISE "req_type=AAAA s_ip=192.0.2.53"},
        /* IPv6, a key, a view, one with blanks, ECS */
        {"client @0x1 2001:db8::1#46308/key k1 (www.example.com): view internal: query: "
         "www.example.com IN A +SE(0)K (2001:db8::53)",
            "c_ip=2001:db8::1 c_port=46308 flags_req=8 query=www.example.com req_class=IN "
            "req_type=A s_ip=2001:db8::53"},
        {"client @0x1 ::1#1 (a.b): view ext v6: query: a.b IN A +C (::1) [ECS 198.51.100.0/24/0]",
            "c_ip=::1 c_port=1 flags_req=9 query=a.b req_class=IN req_type=A s_ip=::1"},
        {"client 10.0.0.1#1/key a.key (a.b): view my client : query: a.b CH TXT + (10.0.0.2)",
            "c_ip=10.0.0.1 c_port=1 flags_req=8 query=a.b req_class=CH req_type=TXT s_ip=10.0.0.2"},
        /* names as they are logged, but for case; the root; types and classes by number */
        {"client 10.0.0.1#1 (A\\032B.Example.com): query: A\\032B.Example.com CLASS300 TYPE65400 "
         "+T "
         "(10.0.0.2)",
            "c_ip=10.0.0.1 c_port=1 flags_req=8 query=a\\032b.example.com req_class=CLASS300 "
            "req_type=TYPE65400 s_ip=10.0.0.2"},
        {"client 10.0.0.1#65535 (.): query: . IN NS - (10.0.0.2)",
            "c_ip=10.0.0.1 c_port=65535 flags_req=0 query=. req_class=IN req_type=NS "
            "s_ip=10.0.0.2"},
        /* the first `: query: ` is the mark, whatever the name is */
        {"client 10.0.0.1#1 (x): query: query: IN A + (10.0.0.2)",
            "c_ip=10.0.0.1 c_port=1 flags_req=8 query=query: req_class=IN req_type=A "
            "s_ip=10.0.0.2"},
        /* flags that are none; no address in the parentheses */
        {"client 10.0.0.1#1 (x): query: x IN A E(0)C (10.0.0.2)",
            "c_ip=10.0.0.1 c_port=1 query=x req_class=IN req_type=A s_ip=10.0.0.2"},
        {"client 10.0.0.1#1 (x): query: x IN A + (ns.example)",
            "c_ip=10.0.0.1 c_port=1 flags_req=8 query=x req_class=IN req_type=A"},
        {"client 10.0.0.1#1 (x): query: x IN A",
            "c_ip=10.0.0.1 c_port=1 query=x req_class=IN req_type=A"},
    };
    CHECK(cases, NULL, NLT_DAY_OPEN);
}

static void lines_that_are_no_query(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"23-Nov-2026 03:29:59.330 general: info: all zones loaded", "ignored"},
        {"23-Nov-2026 03:29:59.330 security: info: client @0x7f 127.0.0.1#4 (x.org): query (cache) "
         "'x.org/A/IN' denied",
            "ignored"},
        {"23-Nov-2026 03:29:59.330 client 127.0.0.1#4: query 'x/ANY/IN' denied", "ignored"},
        {"23-Nov-2026 03:29:59.330 xfer-out: info: client 127.0.0.1#4 (x): transfer of 'x/IN': "
         "AXFR "
         "started",
            "ignored"},
        {"23-Nov-2026 03:29:59.330 client 127.0.0.1#4: update 'x/IN' denied", "ignored"},
        {"23-Nov-2026 03:29:59.330 responses: info: client @0x7f 127.0.0.1#4 (x): response: x IN A "
         "NOERROR 1 0 1 +E(0) (127.0.0.1)",
            "ignored"},
        {"myclient 10.0.0.1#1 (x): query: x IN A +", "ignored"},
        {"nothing: query: x IN A +", "ignored"},
        {": query: x IN A + client 10.0.0.1#1", "ignored"},
        {"client ", "ignored"},
        {"x", "ignored"},
        {"99-Foo-2026 no time is read of other lines", "ignored"},
    };
    CHECK(cases, NULL, NLT_DAY_OPEN);
}

static void lines_that_are_rejected(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"client 10.0.0.1#1 (x): query: x IN", "rejected too_few_fields"},
        {"client 10.0.0.1#1 (x): query: x", "rejected too_few_fields"},
        {"client 10.0.0.1#1 (x): query: ", "rejected too_few_fields"},
        {"client 10.0.0.1 (x): query: x IN A +", "rejected bad_address"},
        {"client 10.0.0#1 (x): query: x IN A +", "rejected bad_address"},
        {"client host#1 (x): query: x IN A +", "rejected bad_address"},
        {"client #1 (x): query: x IN A +", "rejected bad_address"},
        {"client @0x1: query: x IN A +", "rejected bad_address"},
        {"client : query: x IN A +", "rejected bad_address"},
        {"client 10.0.0.1#65536 (x): query: x IN A +", "rejected bad_number"},
        {"client 10.0.0.1#-1 (x): query: x IN A +", "rejected bad_number"},
        {"client 10.0.0.1# (x): query: x IN A +", "rejected bad_number"},
        {"client 10.0.0.1#1x (x): query: x IN A +", "rejected bad_number"},
        /* times */
        {"30-Feb-2026 03:29:59.330 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"23-Foo-2026 03:29:59.330 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"23-Nov-2026 24:00:00.000 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"23-Nov-2026 03:60:00.000 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"23-Nov-2026 03:29:59.33 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"23-Nov-2026 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"3-Nov-2026 03:29:59.330 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"2026-11-23 03:29:59.330 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"2026-13-01T03:29:59.330 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"2026-11-23T03:29:59.330+1:00 client 10.0.0.1#1 (x): query: x IN A +",
            "rejected bad_time"},
        {"2026-11-23T03:29:59.330ZZ client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"1795404599.330 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        /* beyond what nanoseconds can tell */
        {"23-Nov-2715 03:30:34.246 client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"0001-01-01T00:00:00.000Z client 10.0.0.1#1 (x): query: x IN A +", "rejected bad_time"},
        {"9999-12-31T23:59:60.999-23:59 client 10.0.0.1#1 (x): query: x IN A +",
            "rejected bad_time"},
        /* the time is looked at before the address, the fields before both */
        {"23-Foo-2026 03:29:59 client x (x): query: x IN A +", "rejected bad_time"},
        {"23-Foo-2026 03:29:59 client x (x): query: x IN", "rejected too_few_fields"},
    };
    CHECK(cases, NULL, NLT_DAY_OPEN);
}

/* ---- times ---- */

#define QUERY " client 10.0.0.1#1 (x): query: x IN A +"
#define ROW(time)                                                                                  \
    "c_ip=10.0.0.1 c_port=1 flags_req=8 query=x req_class=IN req_time=" time " req_type=A"
#define NO_TIME "c_ip=10.0.0.1 c_port=1 flags_req=8 query=x req_class=IN req_type=A"

static void forms_of_time(void **state)
{
    (void)state;
    static const line_case utc[] = {
        {"23-Nov-2026 03:29:59.330" QUERY, ROW("1795404599.33")},
        {"23-Nov-2026 03:29:60.000" QUERY, ROW("1795404600.0")},
        {"2026-11-23T03:29:59.330" QUERY, ROW("1795404599.33")},
        {"2026-11-23T03:29:59" QUERY, ROW("1795404599.0")},
        {"2026-11-23T03:29:59.330Z" QUERY, ROW("1795404599.33")},
        {"2026-11-23T04:29:59.330+01:00" QUERY, ROW("1795404599.33")},
        {"2026-11-22T21:59:59.330-05:30" QUERY, ROW("1795404599.33")},
    };
    static const line_case east[] = {
        /* only what names no zone is local */
        {"23-Nov-2026 03:29:59.330" QUERY, ROW("1795397399.33")},
        {"2026-11-23T03:29:59.330" QUERY, ROW("1795397399.33")},
        {"2026-11-23T03:29:59.330Z" QUERY, ROW("1795404599.33")},
        {"2026-11-23T04:29:59.330+01:00" QUERY, ROW("1795404599.33")},
    };
    CHECK(utc, NULL, NLT_DAY_OPEN);
    CHECK(east, "+02:00", NLT_DAY_OPEN);
}

static void syslog_prefixes(void **state)
{
    (void)state;
    int64_t day = nlt__days_from_civil((nlt_civil){2017, 1, 1});
    static const line_case of_new_year[] = {
        /* the year of the file, one less where the day is later in it */
        {"Jan  1 00:00:00 ns1 named[123]:" QUERY, ROW("1483228800.0")},
        {"Jan 01 00:00:00 ns1 named[123]: queries: info:" QUERY, ROW("1483228800.0")},
        {"Dec 31 23:59:59 ns1 named[123]:" QUERY, ROW("1483228799.0")},
        {"Jan  2 00:00:00 ns1 named[123]:" QUERY, ROW("1451692800.0")},
        {"Feb 29 12:00:00 ns1 named[123]:" QUERY, ROW("1456747200.0")}, /* 2016 */
        /* a time of BIND's own comes first */
        {"Dec 31 23:59:59 ns1 named[123]: 23-Nov-2026 03:29:59.330 queries:" QUERY,
            ROW("1795404599.33")},
        {"Dec 31 23:59:59 ns1 named[123]: 23-Foo-2026 03:29:59.330" QUERY, "rejected bad_time"},
        {"Dec 31 25:59:59 ns1 named[123]:" QUERY, NO_TIME},
        {"Dec 32 23:59:59 ns1 named[123]:" QUERY, NO_TIME},
        {"Foo 31 23:59:59 ns1 named[123]:" QUERY, NO_TIME},
    };
    static const line_case of_no_day[] = {
        {"Dec 31 23:59:59 ns1 named[123]:" QUERY, NO_TIME},
        {"queries:" QUERY, NO_TIME},
    };
    CHECK(of_new_year, NULL, day);
    CHECK(of_no_day, NULL, NLT_DAY_OPEN);
    /* 29 February, and the file is of a year after one that has none */
    static const line_case of_2018[] = {{"Feb 29 12:00:00 ns1 named[1]:" QUERY, NO_TIME}};
    CHECK(of_2018, NULL, nlt__days_from_civil((nlt_civil){2018, 1, 1}));
}

/* Central Europe: two hours east from the last Sunday of March to that of October. */
static void clocks_that_change(void **state)
{
    (void)state;
    static const line_case autumn[] = {
        /* on 2017-10-29 the hour from 2 to 3 comes twice */
        {"29-Oct-2017 01:59:59.900" QUERY, ROW("1509235199.9")},
        {"29-Oct-2017 02:30:00.000" QUERY, ROW("1509237000.0")},
        {"29-Oct-2017 02:30:00.000" QUERY, ROW("1509237000.0")},
        {"2017-10-29T00:45:00.000Z" QUERY, ROW("1509237900.0")},
        {"29-Oct-2017 02:59:59.999" QUERY, ROW("1509238799.999")},
        {"29-Oct-2017 02:00:00.000" QUERY, ROW("1509238800.0")}, /* back: the second pass */
        {"29-Oct-2017 02:30:00.000" QUERY, ROW("1509240600.0")},
        {"29-Oct-2017 03:00:00.000" QUERY, ROW("1509242400.0")},
    };
    static const line_case fractions[] = {
        {"29-Oct-2017 02:30:00.500" QUERY, ROW("1509237000.5")},
        {"29-Oct-2017 02:30:00.600" QUERY, ROW("1509237000.6")},
        {"29-Oct-2017 02:30:00.599" QUERY, ROW("1509240600.599")},
    };
    static const line_case spring[] = {
        /* on 2017-03-26 it does not come */
        {"26-Mar-2017 01:59:59.000" QUERY, ROW("1490489999.0")},
        {"26-Mar-2017 02:30:00.000" QUERY, ROW("1490491800.0")},
        {"26-Mar-2017 03:00:00.000" QUERY, ROW("1490490000.0")},
    };
    CHECK(autumn, "Zone", NLT_DAY_OPEN);
    check_cases(autumn + 1, 2, "Zone", NLT_DAY_OPEN); /* the next file: the first pass again */
    CHECK(fractions, "Zone", NLT_DAY_OPEN);
    CHECK(spring, "Zone", NLT_DAY_OPEN);
}

/* ---- the zone's file ---- */

static char folder[] = "/tmp/test_bind.XXXXXX";
static char zone_path[64];

/* RFC 8536, version 2: no transition, one type (UTC+1), a rule. */
#define ZEROS_15 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define HEADER "TZif2" ZEROS_15 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
#define TYPE "\0\0\016\020\0\0CET\0"

static int set_up(void **state)
{
    (void)state;
    static const char bytes[] = HEADER TYPE HEADER TYPE "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(zone_path, sizeof zone_path, "%s/Zone", folder);
    FILE *file = fopen(zone_path, "wb");
    bool is_written = file != NULL && fwrite(bytes, 1, sizeof bytes - 1, file) == sizeof bytes - 1;
    return file == NULL || fclose(file) != 0 || !is_written ? -1 : setenv("TZDIR", folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(zone_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_all_ages),
        cmocka_unit_test(lines_that_are_no_query),
        cmocka_unit_test(lines_that_are_rejected),
        cmocka_unit_test(forms_of_time),
        cmocka_unit_test(syslog_prefixes),
        cmocka_unit_test(clocks_that_change),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
