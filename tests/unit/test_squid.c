/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Squid lines to rows. Expected rows are worked out by hand from the definition of Squid's log
 * formats and the rules for URLs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/line_rows.h"

typedef struct line_case {
    const char *line;
    const char *expected;
} line_case;

static const line_case http_cases[] = {
    /* the worked example */
    {"1488326400.500    200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/1.2.3.4 text/html",
        "c_ip=10.0.0.1 content_type=text/html host=a.com method=GET path=/x req_time=1488326400.3 "
        "resp_time=1488326400.5 response_body_len=1500 s_ip=1.2.3.4 s_port=80 status_code=200"},
    /* CONNECT to an IPv6 address, no content type */
    {"1795405049.516    301 127.0.0.1 TCP_TUNNEL/200 39 CONNECT [::1]:3980 - HIER_DIRECT/::1 -",
        "c_ip=127.0.0.1 host=::1 method=CONNECT req_time=1795405049.215 resp_time=1795405049.516 "
        "response_body_len=39 s_ip=::1 s_port=3980 status_code=200"},
    /* nothing was requested: status 000, no URL's host, no peer */
    {"1795405050.734      0 127.0.0.1 NONE_NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -",
        "c_ip=127.0.0.1 path=error:transaction-end-before-headers req_time=1795405050.734 "
        "resp_time=1795405050.734 response_body_len=0"},
    {"1795405047.638      0 127.0.0.1 NONE_NONE/501 3402 OPTIONS http://:80* - HIER_NONE/- text/html",
        "c_ip=127.0.0.1 content_type=text/html method=OPTIONS req_time=1795405047.638 "
        "resp_time=1795405047.638 response_body_len=3402 status_code=501"},
    /* mime headers behind the content type are no part of the row */
    {"1.000 1 c TCP_MISS/200 5 GET https://h/ - HIER_DIRECT/p text/html [Host: a\\r\\n] [HTTP/1.1 200 OK\\r\\n]",
        "c_ip=c content_type=text/html host=h method=GET path=/ req_time=0.999 resp_time=1.0 "
        "response_body_len=5 s_ip=p s_port=443 status_code=200"},
    /* no content type at all; userinfo; default port of ftp; negative size */
    {"1.000 0 c TCP_MISS/200 -1 GET ftp://user@host/a - HIER_DIRECT/p",
        "c_ip=c host=host method=GET path=/a req_time=1.0 resp_time=1.0 s_ip=p s_port=21 "
        "status_code=200"},
    /* a raw blank in the URL stays */
    {"1.000 0 c TCP_MISS/200 1 GET http://h/a b c u HIER_DIRECT/p t/t",
        "c_ip=c content_type=t/t host=h method=GET path=/a b c req_time=1.0 resp_time=1.0 "
        "response_body_len=1 s_ip=p s_port=80 status_code=200"},
    /* hierarchy without prefix (2.x), with a colon (some builds) */
    {"1.000 0 c TCP_HIT/200 1 GET http://h/ - NONE/- t/t",
        "c_ip=c content_type=t/t host=h method=GET path=/ req_time=1.0 resp_time=1.0 "
        "response_body_len=1 s_port=80 status_code=200"},
    {"1.000 0 c TCP_HIT/200 1 GET http://h:81/ - HIER_NONE:/- t/t",
        "c_ip=c content_type=t/t host=h method=GET path=/ req_time=1.0 resp_time=1.0 "
        "response_body_len=1 s_port=81 status_code=200"},
    /* URLs that are none */
    {"1.000 0 c A/200 1 GET urn:isbn:1 - H/- -",
        "c_ip=c method=GET path=urn:isbn:1 req_time=1.0 resp_time=1.0 response_body_len=1 "
        "status_code=200"},
    {"1.000 0 c A/200 1 GET /a/b - H/- -",
        "c_ip=c method=GET path=/a/b req_time=1.0 resp_time=1.0 response_body_len=1 "
        "status_code=200"},
    {"1.000 0 c A/200 1 CONNECT h:443 - H/- -",
        "c_ip=c host=h method=CONNECT req_time=1.0 resp_time=1.0 response_body_len=1 s_port=443 "
        "status_code=200"},
    {"1.000 0 c A/200 1 CONNECT h:65536 - H/- -",
        "c_ip=c host=h method=CONNECT req_time=1.0 resp_time=1.0 response_body_len=1 "
        "status_code=200"},
    {"1.000 0 c A/200 1 GET gopher://h?q - H/- -",
        "c_ip=c host=h method=GET path=?q req_time=1.0 resp_time=1.0 response_body_len=1 "
        "status_code=200"},
    /* combined: one time, offset applied */
    {"127.0.0.1 - - [01/Mar/2017:01:00:00 +0100] \"GET http://o.test:3980/ HTTP/1.1\" 200 1514 \"-\" "
     "\"Mozilla/5.0 (x)\" TCP_MISS:HIER_DIRECT",
        "c_ip=127.0.0.1 host=o.test method=GET path=/ req_time=1488326400.0 "
        "resp_time=1488326400.0 response_body_len=1514 s_port=3980 status_code=200 "
        "user_agent=Mozilla/5.0 (x)"},
    /* quotes inside are not escaped */
    {"c - - [01/Mar/2017:00:00:00 +0000] \"GET http://h/q\"and'a HTTP/1.1\" 0 1 \"w \"q\" \\ r\" \"a\" X:Y",
        "c_ip=c host=h method=GET path=/q\"and'a referrer=w \"q\" \\ r req_time=1488326400.0 "
        "resp_time=1488326400.0 response_body_len=1 s_port=80 user_agent=a"},
    /* common, with and without Squid's own last field */
    {"c - u [01/Mar/2017:00:00:00 +0000] \"GET http://h/ HTTP/1.0\" 200 1",
        "c_ip=c host=h method=GET path=/ req_time=1488326400.0 resp_time=1488326400.0 "
        "response_body_len=1 s_port=80 status_code=200"},
    {"c - u [01/Mar/2017:00:00:00 +0000] \"- error:x NONE/0.0\" 0 1 TAG_NONE:HIER_NONE",
        "c_ip=c path=error:x req_time=1488326400.0 resp_time=1488326400.0 response_body_len=1"},
    /* what is no row */
    {"# 1 2 3 4/5 6 7 8 9 H/- -", "ignored"},
    {"1488326400.500 200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x -",
        "rejected too_few_fields"},
    {"a", "rejected too_few_fields"},
    {"1x 0 c A/200 1 GET http://h/ - H/- -", "rejected bad_time"},
    {"-1.5 0 c A/200 1 GET http://h/ - H/- -", "rejected bad_time"},
    {"9223372036.855 0 c A/200 1 GET http://h/ - H/- -", "rejected bad_time"}, /* > 2^63 ns */
    {"9223372036.854 0 c A/200 1 GET urn:x - H/- -",
        "c_ip=c method=GET path=urn:x req_time=9223372036.854 resp_time=9223372036.854 "
        "response_body_len=1 status_code=200"},
    {"1.000 x c A/200 1 GET http://h/ - H/- -", "rejected bad_number"},
    {"1.000 0 c A/2x0 1 GET http://h/ - H/- -", "rejected bad_number"},
    {"1.000 0 c A/200 9223372036854775808 GET http://h/ - H/- -", "rejected bad_number"},
    {"1.000 0 c A/200 1 GET http://[h/ - H/- -", "rejected bad_url"},
    {"c - u [31/Feb/2017:00:00:00 +0000] \"GET http://h/ HTTP/1.0\" 200 1", "rejected bad_time"},
    {"c - u [01/Mar/2017:00:00:00 +0000] \"GET http://h/\" 200 1", "rejected too_few_fields"},
};

static const line_case flow_cases[] = {
    {"1488326400.500    200 10.0.0.1 TCP_MISS/200 1500 GET http://A.com./x - HIER_DIRECT/1.2.3.4 text/html",
        "c_ip=10.0.0.1 name=a.com s_bytes=1500 s_ip=1.2.3.4 s_port=80 time_end=1488326400.5 "
        "time_start=1488326400.3"},
    /* the peer names what the URL does not */
    {"1.000 0 c A/200 1 GET urn:x - FIRSTUP_PARENT/parent.lan -",
        "c_ip=c name=parent.lan s_bytes=1 s_ip=parent.lan time_end=1.0 time_start=1.0"},
    {"1.000 0 c A/200 1 CONNECT [2001:DB8::1]:443 - H/- -",
        "c_ip=c name=2001:db8::1 s_bytes=1 s_port=443 time_end=1.0 time_start=1.0"},
    {"1.000 0 c A/200 1 GET urn:x - H/- -", "c_ip=c s_bytes=1 time_end=1.0 time_start=1.0"},
    {"127.0.0.1 - - [01/Mar/2017:01:00:00 +0100] \"GET http://b.com/ HTTP/1.1\" 200 7 X:Y",
        "c_ip=127.0.0.1 name=b.com s_bytes=7 s_port=80 time_end=1488326400.0 "
        "time_start=1488326400.0"},
    /* a flow has a client */
    {"1.000 0 - A/200 1 GET http://h/ - H/- -", "rejected bad_address"},
};

static void check_cases(const char *connector, const line_case *cases, size_t n)
{
    line_rows rows;
    line_rows_open(&rows, connector, NULL, 0, NULL);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(line_rows_text(&rows, cases[i].line), cases[i].expected);
    }
    line_rows_close(&rows);
}

static void test_http(void **state)
{
    (void)state;
    check_cases("squid:HTTP", http_cases, sizeof http_cases / sizeof http_cases[0]);
}

static void test_flows(void **state)
{
    (void)state;
    check_cases("squid:NamedFlows", flow_cases, sizeof flow_cases / sizeof flow_cases[0]);
}

/* Bytes that are no UTF-8, and NUL, are shown as \xNN; UTF-8 stays. */
static void test_bytes(void **state)
{
    (void)state;
    static const char line[] = "1.000 0 c A/200 1 GET http://h/\xff\xc3\xa9\0z - H/- -";
    line_rows rows;
    line_rows_open(&rows, "squid:HTTP", (const int[]){NLT_HTTP_PATH}, 1, NULL);
    assert_string_equal(
        line_rows_take(&rows, (nlt_bytes){line, sizeof line - 1}), "path=/\\xff\xc3\xa9\\x00z");
    line_rows_close(&rows);
}

/* Whatever columns are asked for, each has the value that it has among all, and the verdict is the
 * same. */
static void test_projection(void **state)
{
    (void)state;
    for (int column = 0; column < NLT_HTTP_COLUMN_COUNT; column++) {
        line_rows one;
        line_rows all;
        line_rows_open(&one, "squid:HTTP", &column, 1, NULL);
        line_rows_open(&all, "squid:HTTP", NULL, 0, NULL);
        for (size_t i = 0; i < sizeof http_cases / sizeof http_cases[0]; i++) {
            const char *value = line_rows_text(&one, http_cases[i].line);
            const char *row = line_rows_text(&all, http_cases[i].line);
            bool is_row = strncmp(row, "rejected", 8) != 0 && strcmp(row, "ignored") != 0;
            if (is_row) {
                assert_non_null(strstr(row, value));
            } else {
                assert_string_equal(value, row);
            }
        }
        line_rows_close(&one);
        line_rows_close(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_projection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
