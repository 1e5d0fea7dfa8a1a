/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tstat lines to rows. Expected rows are worked out by hand from the definition of the logs and the
 * rules for transactions. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "support/line_rows.h"

/* '|' stands for TAB in lines. */
typedef struct line_case {
    const char *line;
    const char *expected; /* what becomes of it */
} line_case;

static const char *tabs(const char *text)
{
    static char line[4096];
    size_t n = strlen(text);
    assert_true(n < sizeof line);
    for (size_t i = 0; i <= n; i++) {
        line[i] = text[i] == '|' ? '\t' : text[i];
    }
    return line;
}

/* Rows of records are compared where `rows` is given. */
static void check_cases(const char *connector, const line_case *cases, size_t n, const char *rows)
{
    line_rows lines;
    line_rows_open(&lines, connector, NULL, 0, NULL);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(line_rows_text(&lines, tabs(cases[i].line)), cases[i].expected);
    }
    if (rows != NULL) {
        assert_string_equal(line_rows_finish(&lines), rows);
    }
    line_rows_close(&lines);
}

#define CHECK(connector, cases, rows)                                                              \
    check_cases(connector, cases, sizeof(cases) / sizeof(cases)[0], rows)

/* ---- flows ---- */

#define FLOW_HEAD                                                                                     \
    {                                                                                                 \
        "#15#c_ip:1 c_port:2 c_pkts_all:3 c_bytes_uniq:4 c_bytes_all:5 s_ip:6 s_port:7 s_pkts_all:8 " \
        "s_bytes_all:9 first:10 last:11 c_tls_SNI:12 fqdn:13 http_hostname:14 dns_enc:15",            \
            "ignored"                                                                                 \
    }

static const line_case flow_cases[] = {
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1.5 2.5 - - - 0", "rejected too_few_fields"},
    FLOW_HEAD,
    /* names: host before TLS name before DNS before address; normalised; dashes are none */
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1488326400250.5 1488326401000 T.com d.com "
     "WWW.B.com.:8080 0",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=www.b.com s_bytes=2000 s_ip=192.0.2.1 "
        "s_pkt=7 s_port=443 time_end=1488326401.0 time_start=1488326400.2505"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1000 2000 T.com. d.com - 0",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=t.com s_bytes=2000 s_ip=192.0.2.1 "
        "s_pkt=7 s_port=443 time_end=2.0 time_start=1.0"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1000 2000 -- D.com :80 0",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=d.com s_bytes=2000 s_ip=192.0.2.1 "
        "s_pkt=7 s_port=443 time_end=2.0 time_start=1.0"},
    {"10.0.0.1 1025 5 9 100 2001:DB8::1 443 7 2000 1000 2000 ---  - 0",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=2001:db8::1 s_bytes=2000 "
        "s_ip=2001:DB8::1 s_pkt=7 s_port=443 time_end=2.0 time_start=1.0"},
    /* more columns than the header names */
    {"10.0.0.1 0 0 0 0 192.0.2.1 65535 0 0 0 0.000001 ---- - - 0 0 0",
        "c_bytes=0 c_ip=10.0.0.1 c_pkt=0 c_port=0 name=---- s_bytes=0 s_ip=192.0.2.1 s_pkt=0 "
        "s_port=65535 time_end=1e-09 time_start=0.0"},
    /* rejected; blank */
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1000 2000 - - -", "rejected too_few_fields"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 x 2000 - - - 0", "rejected bad_time"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1000 - - - - 0", "rejected bad_time"},
    {"host 1025 5 9 100 192.0.2.1 443 7 2000 1000 2000 - - - 0", "rejected bad_address"},
    {"10.0.0.1 1025 5 9 100 - 443 7 2000 1000 2000 - - - 0", "rejected bad_address"},
    {"10.0.0.1 65536 5 9 100 192.0.2.1 443 7 2000 1000 2000 - - - 0", "rejected bad_number"},
    {"10.0.0.1 1025 5 9 1e3 192.0.2.1 443 7 2000 1000 2000 - - - 0", "rejected bad_number"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 -7 2000 1000 2000 - - - 0", "rejected bad_number"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 9223372036854775808 1000 2000 - - - 0",
        "rejected bad_number"},
    {"   ", "ignored"},
    /* a comment changes nothing; neither does the header of another log */
    {"# nothing", "ignored"},
    {"#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5", "ignored"},
    {"10.0.0.1 1025 5 9 100 192.0.2.1 443 7 2000 1000 2000 - - - 0",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=192.0.2.1 s_bytes=2000 s_ip=192.0.2.1 "
        "s_pkt=7 s_port=443 time_end=2.0 time_start=1.0"},
    /* another set of columns, in another order, with a blank behind the last name */
    {"#0#first:1 last:2 s_ip:3 s_port:4 s_pkts_all:5 s_bytes_all:6 c_ip:7 c_port:8 c_pkts_all:9 "
     "c_bytes_all:10 ",
        "ignored"},
    {"1000 2000 192.0.2.1 443 7 2000 10.0.0.1 1025 5 100",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=192.0.2.1 s_bytes=2000 s_ip=192.0.2.1 "
        "s_pkt=7 s_port=443 time_end=2.0 time_start=1.0"},
};

static void test_flows(void **state)
{
    (void)state;
    CHECK("tstat:flows", flow_cases, NULL);
}

/* ---- dns ---- */

#define DNS_HEAD                                                                                     \
    {                                                                                                \
        "#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5 entry:6 trans_id:7 query:8 ttl:9 class:10 type:11 " \
        "answer:12 flags:13",                                                                        \
            "ignored"                                                                                \
    }

#define Q "10.0.0.1 1025 192.0.2.53 53 "
#define NO_ANSWERS "answer_ttls=[] answer_types=[] answers=[] c_ip=10.0.0.1 c_port=1025 "
#define S "s_ip=192.0.2.53 s_port=53 "

/* The pair straddles a minute. The name's dot goes, TABs in the data of a record become blanks,
 * answers keep their order; those that are names are lower case. */
static void test_dns_answers(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {Q "1 REQ 0x0001 a. - IN A - 0x08", "rejected too_few_fields"},
        DNS_HEAD,
        {Q "1488326459990 REQ 0x2956 WWW.A.com. - IN MX - 0x08", "used"},
        {Q "1488326460010 RESP 0x2956 WWW.A.com. 299 IN CNAME B.net. 0x0c", "used"},
        {Q "1488326460010 RESP 0x2956 b.net. 60 IN MX 10|Mail.B.net. 0x2c", "used"},
        {Q "1488326460010 RESP 0x2956 b.net. 0 IN TXT \"A|b\" 0x0c", "used"},
        {Q "1488326460010 RESP 0x2956 b.net. 5 IN PTR My|Room._http.Local. 0x0c", "used"},
    };
    CHECK("tstat:DNS", cases,
        "answer_ttls=[299,60,0,5] answer_types=[CNAME,MX,TXT,PTR] "
        "answers=[b.net,10 Mail.B.net.,\"A b\",my room._http.local] "
        "c_ip=10.0.0.1 c_port=1025 flags_req=8 flags_resp=12 query=www.a.com req_class=IN "
        "req_time=1488326459.99 req_type=MX resp_code=NOERROR resp_time=1488326460.01 " S
        "trans_id=0x2956\n");
}

/* 22 columns; the answer field of an error tells its code; ms have decimals. */
static void test_dns_error(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"#c_ip:1 c_port:2 c_isint:3 c_iscrypto:4 s_ip:5 s_port:6 s_isint:7 s_iscrypto:8 time:9 "
         "entry:10 trans_id:11 query:12 ttl:13 class:14 type:15 answer:16 flags:17 qdcount:18 "
         "ancount:19 nscount:20 arcount:21 pkt_size:22",
            "ignored"},
        {"10.0.0.1 1025 1 0 192.0.2.53 53 1 0 1484319032865.799072 REQ 0x0001 . - IN OTHER - 0x08 "
         "1 0 0 0 38",
            "used"},
        {"10.0.0.1 1025 1 0 192.0.2.53 53 1 0 1484319032866.5 RESP_ERR 0x0001 . - IN OTHER NXDOMAIN "
         "0x2c 1 0 0 0 38",
            "used"},
        {"10.0.0.1 1025 1 0 192.0.2.53 53 1 0 1484319032866 REQ 0x0002 b. - IN A - 0x08 1 0 0 0",
            "rejected too_few_fields"},
    };
    /* 1484319032.865799072 is no double: the nearest one in the fewest digits */
    CHECK("tstat:DNS", cases,
        NO_ANSWERS "flags_req=8 flags_resp=44 query=. req_class=IN req_time=1484319032.8657992 "
                   "req_type=OTHER resp_code=NXDOMAIN resp_time=1484319032.8665 " S
                   "trans_id=0x0001\n");
}

/* 60 s are no pause, more are one: counted from the last line of the key, not from the first. */
static void test_dns_gap(void **state)
{
    (void)state;
    static const line_case cases[] = {
        DNS_HEAD,
        {Q "1000000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {Q "1060000 REQ 0x0001 a. - IN A - 0x00", "used"},
        {Q "1120000 RESP 0x0001 a. 5 IN A 1.2.3.4 0x0c", "used"},
        {Q "1180000.001 RESP 0x0001 a. 6 IN A 1.2.3.4 0x04", "used"},
    };
    CHECK("tstat:DNS", cases,
        "answer_ttls=[5] answer_types=[A] answers=[1.2.3.4] c_ip=10.0.0.1 c_port=1025 flags_req=8 "
        "flags_resp=12 query=a req_class=IN req_time=1000.0 req_type=A resp_code=NOERROR "
        "resp_time=1120.0 " S "trans_id=0x0001\n"
        "answer_ttls=[6] answer_types=[A] answers=[1.2.3.4] c_ip=10.0.0.1 c_port=1025 flags_resp=4 "
        "query=a req_class=IN req_time=1180.000001 req_type=A resp_code=NOERROR "
        "resp_time=1180.000001 " S "trans_id=0x0001\n");
}

/* Another question begins a transaction only once there was a response; the same one never. */
static void test_dns_other_question(void **state)
{
    (void)state;
    static const line_case cases[] = {
        DNS_HEAD,
        {Q "1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {Q "2000 REQ 0x0001 b. - IN AAAA - 0x00", "used"},
        {Q "3000 RESP_ERR 0x0001 a. - IN A SERVFAIL 0x0c", "used"},
        {Q "4000 REQ 0x0001 A - IN A - 0x08", "used"},
        {Q "5000 RESP 0x0001 a. 5 IN A 1.2.3.4 0x2c", "used"},
        {Q "6000 REQ 0x0001 c. - IN A - 0x01", "used"},
    };
    CHECK("tstat:DNS", cases,
        "answer_ttls=[5] answer_types=[A] answers=[1.2.3.4] c_ip=10.0.0.1 c_port=1025 flags_req=8 "
        "flags_resp=12 query=a req_class=IN req_time=1.0 req_type=A resp_code=SERVFAIL "
        "resp_time=3.0 " S "trans_id=0x0001\n" NO_ANSWERS
        "flags_req=1 query=c req_class=IN req_time=6.0 req_type=A " S "trans_id=0x0001\n");
}

/* Each part of the key tells transactions apart. Lines are taken by time. */
static void test_dns_keys(void **state)
{
    (void)state;
    static const line_case cases[] = {
        DNS_HEAD,
        {Q "1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {Q "1000 REQ 0x0002 a. - IN A - 0x08", "used"},
        {"10.0.0.2 1025 192.0.2.53 53 1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {"10.0.0.1 1026 192.0.2.53 53 1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {"10.0.0.1 1025 192.0.2.54 53 1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {"10.0.0.1 1025 192.0.2.53 54 1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {Q "900 REQ 0x0002 b. - - - - 0x00", "used"},
    };
#define ROW(ids, server)                                                                           \
    "answer_ttls=[] answer_types=[] answers=[] " ids "flags_req=8 query=a req_class=IN "           \
    "req_time=1.0 req_type=A " server "trans_id=0x0001\n"
    CHECK("tstat:DNS", cases,
        ROW("c_ip=10.0.0.1 c_port=1025 ", S) ROW("c_ip=10.0.0.2 c_port=1025 ", S)
            ROW("c_ip=10.0.0.1 c_port=1026 ", S)
                ROW("c_ip=10.0.0.1 c_port=1025 ", "s_ip=192.0.2.54 s_port=53 ")
                    ROW("c_ip=10.0.0.1 c_port=1025 ", "s_ip=192.0.2.53 s_port=54 ") NO_ANSWERS
        "flags_req=0 query=b req_time=0.9 " S "trans_id=0x0002\n");
}

/* Lines of one response that add no answer count as if they did; only those of one response are alike,
 * and what is asked for changes nothing. */
static void test_dns_repeated_lines(void **state)
{
    (void)state;
    static const line_case cases[] = {
        DNS_HEAD,
        {Q "1000 REQ 0x0001 a. - IN A - 0x08", "used"},
        {Q "2000 RESP 0x0001 a. 5 IN CNAME b. 0x0c", "used"},
        {Q "2000 RESP 0x0001 b. 6 IN A 1.2.3.4 0x0c", "used"},
        {Q "2000 RESP 0x0001 b. x IN A 1.2.3.4 0x0c", "rejected bad_number"},
        {Q "2000 RESP 0x0001 b. 6 IN A 1.2.3.4 12x", "rejected bad_number"},
        {Q "2000 RESP 0x0001 b. 6 IN A 1.2.3.4", "rejected too_few_fields"},
        {Q "2000 RESP 0x0001 b. 7 IN A 1.2.3.5 0x0c", "used"},
        {Q "2000 RESP 0x00012 c. 7 IN A 1.2.3.5 0x0c", "used"}, /* another one */
        {Q "2000 REQ 0x0001 d. - IN A - 0x08", "used"},
        {Q "62000 RESP 0x0001 d. 8 IN A 1.2.3.6 0x0c", "used"},
        {Q "122000 RESP 0x0001 d. 8 IN A 1.2.3.6 0x0c", "used"}, /* no pause */
        {Q "122000 RESP 0x0001 d. 9 IN A 1.2.3.7 0x0c", "used"},
        {Q "182000.000001 RESP 0x0001 e. 9 IN A 1.2.3.7 0x0c", "used"},
        {"#c_port:1 c_ip:2 s_ip:3 s_port:4 time:5 entry:6 trans_id:7 query:8 ttl:9 class:10 type:11 "
         "answer:12 flags:13",
            "ignored"},
        {"10.0.0.1 1025 192.0.2.53 53 182000.000001 RESP 0x0001 e. 9 IN A 1.2.3.7 0x0c",
            "rejected bad_address"},
    };
    int column = NLT_DNS_QUERY;
    line_rows rows;
    line_rows_open(&rows, "tstat:DNS", &column, 1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(line_rows_text(&rows, cases[i].line), cases[i].expected);
    }
    assert_string_equal(line_rows_finish(&rows), "query=a\nquery=c\nquery=d\nquery=e\n");
    line_rows_close(&rows);
}

static void test_dns_rejects(void **state)
{
    (void)state;
    static const line_case cases[] = {
        DNS_HEAD,
        {Q "1000 REQ 0x0001 a. - IN A -", "rejected too_few_fields"},
        {Q "1000 REQUEST 0x0001 a. - IN A - 0x08", "rejected other"},
        {Q "x REQ 0x0001 a. - IN A - 0x08", "rejected bad_time"},
        {"10.0.0 1025 192.0.2.53 53 1000 REQ 0x0001 a. - IN A - 0x08", "rejected bad_address"},
        {"10.0.0.1 1025 dns 53 1000 REQ 0x0001 a. - IN A - 0x08", "rejected bad_address"},
        {"10.0.0.1 x 192.0.2.53 53 1000 REQ 0x0001 a. - IN A - 0x08", "rejected bad_number"},
        {Q "1000 REQ 0x0001 a. - IN A - 0x", "rejected bad_number"},
        {Q "1000 REQ 0x0001 a. - IN A - 0x0g", "rejected bad_number"},
        {Q "1000 REQ 0x0001 a. - IN A - -", "rejected bad_number"},
        {Q "1000 REQ 0x0001 a. - IN A - ", "rejected bad_number"},
        {Q "1000 RESP 0x0001 a. - IN A 1.2.3.4 0x08", "rejected bad_number"},
        {Q "1000 RESP 0x0001 a. 1s IN A 1.2.3.4 0x08", "rejected bad_number"},
        {Q "1000 REQ 0x0001 a. x IN A - 0x08", "rejected bad_number"},
    };
    CHECK("tstat:DNS", cases, "");
}

/* ---- http ---- */

#define C_HEAD                                                                                        \
    {                                                                                                 \
        "#C#c_ip:1|c_port:2|s_ip:3|s_port:4|time_abs:5|method:6|hostname:7|fqdn:8|path:9|referer:10|" \
        "user_agent:11|cookie:12|dnt:13",                                                             \
            "ignored"                                                                                 \
    }
#define S_HEAD                                                                                     \
    {                                                                                              \
        "#S#c_ip:1|c_port:2|s_ip:3|s_port:4|time_abs:5|HTTP:6|response:7|content_len:8|"           \
        "content_type:9|server:10|range:11|location:12|set_cookie:13",                             \
            "ignored"                                                                              \
    }
#define T "10.0.0.1|1025|192.0.2.80|80|"
#define H "c_ip=10.0.0.1 c_port=1025 "
#define P "s_ip=192.0.2.80 s_port=80 "

/* First in, first out on a connection; padded numbers; status 0 and dashes are NULL. */
static void test_http_pairs(void **state)
{
    (void)state;
    static const line_case cases[] = {
        C_HEAD,
        S_HEAD,
        {T "1488326400.250000|GET|A.com|a.com|/x?q=1|http://r/|Mozilla/5.0 (X)|k=v|1", "used"},
        {T "1488326400.500000|POST|b.com|-|/y|-|-|-|-", "used"},
        {"10.0.0.1|1026|192.0.2.80|80|1488326400.6|-|c.com|-|-|-|-|-|-", "used"},
        {T "1488326401.000001|HTTP|206|       946|text/html; charset=x|nginx|bytes 0-945/9|-|s=1",
            "used"},
        {T "1488326401.1|RES2|200|1|-|-|-|-|-", "ignored"},
        {T "1488326401.2|REQ2|a|-|-|-|-|-|-", "ignored"},
        {T "1488326402|HTTP|0|-|-|-|-|-|-", "used"},
    };
    CHECK("tstat:HTTP", cases,
        H "content_range=bytes 0-945/9 content_type=text/html; charset=x host=A.com method=GET "
          "path=/x?q=1 referrer=http://r/ req_cookie=k=v req_time=1488326400.25 "
          "resp_time=1488326401.000001 response_body_len=946 " P
          "server=nginx set_cookie=s=1 status_code=206 user_agent=Mozilla/5.0 (X)\n" H
          "host=b.com method=POST path=/y req_time=1488326400.5 resp_time=1488326402.0 "
          "s_ip=192.0.2.80 s_port=80\n"
          "c_ip=10.0.0.1 c_port=1026 host=c.com req_time=1488326400.6 "
          "s_ip=192.0.2.80 s_port=80\n");
}

/* A response without a waiting request has no row: one too many, before its request, of another
 * file. Times above 1e11 are milliseconds. */
static void test_http_unpaired(void **state)
{
    (void)state;
    line_rows rows;
    line_rows_open(&rows, "tstat:HTTP", NULL, 0, NULL);
    static const line_case head[] = {C_HEAD, S_HEAD};
    for (int i = 0; i < 2; i++) {
        assert_string_equal(line_rows_text(&rows, tabs(head[i].line)), "ignored");
    }
    static const char *const first[] = {T "9|HTTP|404|-|-|-|-|-|-", T "10|GET|a|-|-|-|-|-|-",
        T "11|HTTP|200|0|-|-|-|-|-", T "12|HTTP|500|-|-|-|-|-|-", T "13|GET|b|-|-|-|-|-|-"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        assert_string_equal(line_rows_text(&rows, tabs(first[i])), "used");
    }
    rows.offset = INT64_C(1) << 40; /* the next file */
    assert_string_equal(line_rows_text(&rows, tabs(T "14|HTTP|301|-|-|-|-|-|-")), "used");
    assert_string_equal(line_rows_text(&rows, tabs(T "1488326400250.5|GET|c|-|-|-|-|-|-")), "used");
    assert_string_equal(line_rows_finish(&rows),
        H "host=a method=GET req_time=10.0 resp_time=11.0 response_body_len=0 " P
          "status_code=200\n" H "host=b method=GET req_time=13.0 s_ip=192.0.2.80 s_port=80\n" H
          "host=c method=GET req_time=1488326400.2505 s_ip=192.0.2.80 s_port=80\n");
    line_rows_close(&rows);
}

static void test_http_rejects(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {T "1|GET|a|-|-|-|-|-|-", "rejected too_few_fields"},
        C_HEAD,
        {T "1|GET|a|-|-|-|-|-|-", "used"},
        {T "1|HTTP|200|-|-|-|-|-|-", "rejected too_few_fields"},
        S_HEAD,
        {T "1|HTTP|200|-|-|-|-|-|-", "used"},
        {T "1|HTTP|200|-|-|-|-|-", "rejected too_few_fields"},
        {T "1|GET|a|-|-", "rejected too_few_fields"},
        {"10.0", "rejected too_few_fields"},
        {T "x|GET|a|-|-|-|-|-|-", "rejected bad_time"},
        {T "9223372037|GET|a|-|-|-|-|-|-", "rejected bad_time"}, /* > 2^63 ns, < 1e11 */
        {T "-|HTTP|200|-|-|-|-|-|-", "rejected bad_time"},
        {"a.com|1025|192.0.2.80|80|1|GET|a|-|-|-|-|-|-", "rejected bad_address"},
        {"10.0.0.1|1025|192.0.2.80|65536|1|GET|a|-|-|-|-|-|-", "rejected bad_number"},
        {T "1|HTTP|2OO|-|-|-|-|-|-", "rejected bad_number"},
        {T "1|HTTP|200|1 2|-|-|-|-|-", "rejected bad_number"},
        {T "1|HTTP|---|  |-|-|-|-|-", "used"},
        {"|||||||||||", "ignored"},
    };
    CHECK("tstat:HTTP", cases,
        H "host=a method=GET req_time=1.0 resp_time=1.0 " P "status_code=200\n");
}

/* Old logs have fewer columns; each kind its own order. */
static void test_http_columns(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"#C#method:1|time_abs:2|c_ip:3|c_port:4|s_ip:5|s_port:6|hostname:7", "ignored"},
        {"#S#c_ip:1|c_port:2|s_ip:3|s_port:4|time_abs:5|HTTP:6|response:7", "ignored"},
        {"#X#c_ip:1", "ignored"},
        {"GET|1|10.0.0.1|1025|192.0.2.80|80|HTTP", "used"},
        {"REQ2|1|10.0.0.1|1025|192.0.2.80|80|HTTP", "ignored"},
        {T "2|HTTP|204", "used"},
    };
    CHECK("tstat:HTTP", cases,
        H "host=HTTP method=GET req_time=1.0 resp_time=2.0 " P "status_code=204\n");
}

/* Bytes that are no UTF-8 are shown as \xNN, in records too. */
static void test_bytes(void **state)
{
    (void)state;
    static const line_case cases[] = {
        C_HEAD,
        {T "1|GET|a\xff\xc3\xa9|-|/a long path with \x01 and \xfe in it|-|-|-|-", "used"},
    };
    CHECK("tstat:HTTP", cases,
        H "host=a\\xff\xc3\xa9 method=GET path=/a long path with \x01 and \\xfe in it req_time=1.0 "
          "s_ip=192.0.2.80 s_port=80\n");
}

/* A column alone has the values that it has among all. */
static void test_projection(void **state)
{
    (void)state;
    static const line_case cases[] = {
        DNS_HEAD,
        {Q "1000 REQ 0x0001 A. - IN CNAME - 0x08", "used"},
        {Q "2000 RESP 0x0001 a. 5 IN CNAME B. 0x0c", "used"},
        {Q "2000 RESP 0x0001 a. 6 IN NS C. 0x0c", "used"},
    };
    static const char *const expected[NLT_DNS_COLUMN_COUNT] = {"answer_ttls=[5,6]",
        "answer_types=[CNAME,NS]", "answers=[b,c]", "c_ip=10.0.0.1", "c_port=1025", "flags_req=8",
        "flags_resp=12", "query=a", "req_class=IN", "req_time=1.0", "req_type=CNAME",
        "resp_code=NOERROR", "resp_time=2.0", "s_ip=192.0.2.53", "s_port=53", "trans_id=0x0001"};
    for (int column = 0; column < NLT_DNS_COLUMN_COUNT; column++) {
        line_rows rows;
        line_rows_open(&rows, "tstat:DNS", &column, 1, NULL);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            assert_string_equal(line_rows_text(&rows, cases[i].line), cases[i].expected);
        }
        const char *row = line_rows_finish(&rows);
        assert_int_equal(strlen(row), strlen(expected[column]) + 1);
        assert_memory_equal(row, expected[column], strlen(expected[column]));
        line_rows_close(&rows);
    }
}

/* Pairs all records that the lines put while memory is short from the n-th allocation on. */
static nlt_status pair_short_of_memory(line_rows *lines, int64_t n)
{
    const nlt_pairing *pairing = lines->connector->pairing;
    nlt_builder *out = lines->out;
    nlt_status status = NLT_OK;
    for (int i = 0; i < NLT_SHARES && status == NLT_OK; i++) {
        const nlt_buf *share = &lines->records.shares[i];
        void *state = NULL;
        nlt__builder_reset(out);
        nlt__alloc_fail_at(n);
        status = pairing->open(out, &state, NULL);
        for (size_t at = 0; at < share->len && status == NLT_OK;) {
            const nlt_record *record = (const void *)(share->ptr + at);
            (void)pairing->take(state, record, out);
            status = out->failed;
            at += nlt__record_size(record->len);
        }
        if (status == NLT_OK) {
            (void)pairing->expire(state, INT64_MAX, out);
            status = out->failed;
        }
        nlt__alloc_fail_at(0);
        pairing->close(state);
    }
    return status;
}

/* Whichever allocation fails, it is told, and nothing is lost. */
static void check_no_memory(const char *connector, const line_case *cases, size_t n)
{
    line_rows lines;
    line_rows_open(&lines, connector, NULL, 0, NULL);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(line_rows_text(&lines, tabs(cases[i].line)), cases[i].expected);
    }
    int64_t failing = 1;
    while (pair_short_of_memory(&lines, failing) != NLT_OK) {
        failing++;
        assert_true(failing < 1000);
    }
    assert_true(failing > 3);
    line_rows_close(&lines);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const line_case dns[] = {
        DNS_HEAD,
        {Q "1000 REQ 0x0001 A-Name-In-Capitals.example. - IN MX - 0x08", "used"},
        {Q "2000 RESP 0x0001 a-name-in-capitals.example. 5 IN MX 10|Mail.example.net. 0x0c",
            "used"},
        {Q "2000 RESP 0x0001 a-name-in-capitals.example. 5 IN CNAME B-Name.example.net. 0x0c",
            "used"},
        {Q "3000 REQ 0x0001 another.name.example. - IN A - 0x08", "used"},
    };
    static const line_case http[] = {
        C_HEAD,
        S_HEAD,
        {T "1|GET|a.example|-|/a/path/of/some/length|-|-|-|-", "used"},
        {T "2|GET|a.example|-|/a/path/of/some/length|-|-|-|-", "used"},
        {T "3|HTTP|200|-|text/html; charset=utf-8|-|-|-|-", "used"},
    };
    check_no_memory("tstat:DNS", dns, sizeof dns / sizeof dns[0]);
    check_no_memory("tstat:HTTP", http, sizeof http / sizeof http[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_dns_answers),
        cmocka_unit_test(test_dns_error),
        cmocka_unit_test(test_dns_gap),
        cmocka_unit_test(test_dns_other_question),
        cmocka_unit_test(test_dns_keys),
        cmocka_unit_test(test_dns_repeated_lines),
        cmocka_unit_test(test_dns_rejects),
        cmocka_unit_test(test_http_pairs),
        cmocka_unit_test(test_http_unpaired),
        cmocka_unit_test(test_http_rejects),
        cmocka_unit_test(test_http_columns),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_projection),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
