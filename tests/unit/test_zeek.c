/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek lines to rows. Expected rows are worked out by hand from the definition of the log's fields. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/columns.h"
#include "connectors/flow_names.h"
#include "core/hash.h"
#include "support/line_rows.h"

/* '|' stands for TAB in what follows. */
typedef struct line_case {
    const char *line;
    const char *expected;
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

static void check_cases(const char *connector, const line_case *cases, size_t n)
{
    line_rows rows;
    line_rows_open(&rows, connector, NULL, 0, NULL);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(line_rows_text(&rows, tabs(cases[i].line)), cases[i].expected);
    }
    line_rows_close(&rows);
}

#define CHECK(connector, cases) check_cases(connector, cases, sizeof(cases) / sizeof(cases)[0])

#define HEAD                                                                                       \
    {"#separator \\x09", "ignored"}, {"#set_separator|,", "ignored"},                              \
        {"#empty_field|(empty)", "ignored"}, {"#unset_field|-", "ignored"},                        \
    {                                                                                              \
        "#path|x", "ignored"                                                                       \
    }

#define DNS_HEAD                                                                                   \
    HEAD,                                                                                          \
        {"#fields|ts|uid|id.orig_h|id.orig_p|id.resp_h|id.resp_p|proto|trans_id|rtt|query|"        \
         "qclass|qclass_name|qtype|qtype_name|rcode|rcode_name|AA|TC|RD|RA|Z|answers|TTLs|"        \
         "rejected",                                                                               \
            "ignored"},                                                                            \
    {                                                                                              \
        "#types|time|string", "ignored"                                                            \
    }

static const line_case dns_cases[] = {
    DNS_HEAD,
    /* a chain: the name is a CNAME, lower case, no dot; TTLs are cut */
    {"1398382067.286885|C1|10.0.0.1|51946|10.0.0.2|53|udp|28079|0.010000|WWW.Example.com.|1|"
     "C_INTERNET|1|A|0|NOERROR|F|F|T|T|0|Edge.example.net,1.2.3.4|899.900000,60.000000|F",
        "answer_ttls=[899,60] answer_types=[CNAME,A] answers=[edge.example.net,1.2.3.4] "
        "c_ip=10.0.0.1 c_port=51946 flags_req=8 flags_resp=12 query=www.example.com "
        "req_class=C_INTERNET req_time=1398382067.286885 req_type=A resp_code=NOERROR "
        "resp_time=1398382067.296885 s_ip=10.0.0.2 s_port=53 trans_id=28079"},
    /* nobody answered: rtt, rcode and its name are unset; flags are printed all the same */
    {"1.500000|C1|::1|1|fe80::1|53|udp|7|-|.|1|C_INTERNET|28|AAAA|-|-|F|F|T|F|0|-|-|F",
        "answer_ttls=[] answer_types=[] answers=[] c_ip=::1 c_port=1 flags_req=8 query=. "
        "req_class=C_INTERNET req_time=1.5 req_type=AAAA s_ip=fe80::1 s_port=53 trans_id=7"},
    /* the reply without its query: types are not known, spelling stays */
    {"1.500000|C1|10.0.0.1|1|10.0.0.2|53|udp|7|-|Q|-|-|-|-|0|NOERROR|T|F|F|F|0|A.b.,C.d|1.0,2.0|F",
        "answer_ttls=[1,2] answer_types=[] answers=[A.b.,C.d] c_ip=10.0.0.1 c_port=1 flags_req=0 "
        "flags_resp=32 query=q req_time=1.5 resp_code=NOERROR resp_time=1.5 s_ip=10.0.0.2 s_port=53 "
        "trans_id=7"},
    /* a comma inside an item is escaped; TXT keeps its spelling; \\ is one backslash */
    {"1.0|C1|10.0.0.1|1|10.0.0.2|53|tcp|7|0.5|t|1|C_INTERNET|16|TXT|0|NOERROR|F|T|T|T|0|"
     "TXT 3 A\\x2cb,TXT 1 \\\\|60.0,-1.9|F",
        "answer_ttls=[60,-1] answer_types=[TXT,TXT] answers=[TXT 3 A,b,TXT 1 \\] c_ip=10.0.0.1 "
        "c_port=1 flags_req=8 flags_resp=28 query=t req_class=C_INTERNET req_time=1.0 req_type=TXT "
        "resp_code=NOERROR resp_time=1.5 s_ip=10.0.0.2 s_port=53 trans_id=7"},
    /* '*': addresses by what they are, the rest '*'; PTR and NS are names */
    {"1.0|C|10.0.0.1|1|10.0.0.2|53|udp|7|0.0|t|1|C_INTERNET|255|*|0|NOERROR|F|F|F|F|0|X.y,::1|1.0,1.0|F",
        "answer_ttls=[1,1] answer_types=[*,AAAA] answers=[X.y,::1] c_ip=10.0.0.1 c_port=1 "
        "flags_req=0 flags_resp=0 query=t req_class=C_INTERNET req_time=1.0 req_type=* "
        "resp_code=NOERROR resp_time=1.0 s_ip=10.0.0.2 s_port=53 trans_id=7"},
    {"1.0|C|10.0.0.1|1|10.0.0.2|53|udp|7|0.0|t|1|C_INTERNET|12|PTR|0|NOERROR|F|F|F|F|0|X.Y.|1.0|F",
        "answer_ttls=[1] answer_types=[PTR] answers=[x.y] c_ip=10.0.0.1 c_port=1 flags_req=0 "
        "flags_resp=0 query=t req_class=C_INTERNET req_time=1.0 req_type=PTR resp_code=NOERROR "
        "resp_time=1.0 s_ip=10.0.0.2 s_port=53 trans_id=7"},
    /* a real '-' and a real "(empty)" are escaped by their writer; bytes become \xNN */
    {"1.0|C|10.0.0.1|1|10.0.0.2|53|udp|7|-|\\x2d|-|-|-|-|-|-|F|F|F|F|0|(empty)|(empty)|F",
        "answer_ttls=[] answer_types=[] answers=[] c_ip=10.0.0.1 c_port=1 flags_req=0 query=- "
        "req_time=1.0 s_ip=10.0.0.2 s_port=53 trans_id=7"},
    /* an unset item of a vector is empty, a real "-" is escaped */
    {"1.0|C|-|-|-|-|udp|-|-|-|-|-|12|PTR|-|-|-|-|-|-|-|-,\\x2d,A.|-|-",
        "answer_ttls=[] answer_types=[PTR,PTR,PTR] answers=[,-,a] flags_req=0 req_time=1.0 "
        "req_type=PTR"},
    {"1.0|C|-|-|-|-|udp|-|-|\\xff\\x00\\xc3\\xa9|-|-|-|-|-|-|-|-|-|-|-|-|-|-",
        "answer_ttls=[] answer_types=[] answers=[] flags_req=0 query=\\xff\\x00\xc3\xa9 "
        "req_time=1.0"},
    /* rejected */
    {"1.0|C|10.0.0.1|1", "rejected too_few_fields"},
    {"x|C|10.0.0.1|1|10.0.0.2|53|udp|7|-|q|-|-|-|-|-|-|F|F|F|F|0|-|-|F", "rejected bad_time"},
    {"1.0|C|10.0.0.256|1|10.0.0.2|53|udp|7|-|q|-|-|-|-|-|-|F|F|F|F|0|-|-|F",
        "rejected bad_address"},
    {"1.0|C|10.0.0.1|65536|10.0.0.2|53|udp|7|-|q|-|-|-|-|-|-|F|F|F|F|0|-|-|F",
        "rejected bad_number"},
    {"1.0|C|10.0.0.1|1|10.0.0.2|53|udp|z|-|q|-|-|-|-|-|-|F|F|F|F|0|-|-|F", "rejected bad_number"},
    {"1.0|C|10.0.0.1|1|10.0.0.2|53|udp|7|-|q|-|-|-|-|0|-|F|F|F|F|0|a|x|F", "rejected bad_number"},
    /* the header changes inside the file: other order, fewer columns, names of a shipper */
    {"#fields|query|src|dst|ts", "ignored"},
    {"Q|10.0.0.1|10.0.0.2|5",
        "answer_ttls=[] answer_types=[] answers=[] c_ip=10.0.0.1 flags_req=0 "
        "query=q req_time=5.0 s_ip=10.0.0.2"},
    {"#close|2017", "ignored"},
};

static const line_case json_cases[] = {
    {"{\"ts\":1575413122.764317,\"id.orig_h\":\"10.18.20.97\",\"id.orig_p\":59102,"
     "\"id.resp_h\":\"10.18.20.8\",\"id.resp_p\":53,\"trans_id\":19084,\"rtt\":9.5e-05,\"query\":"
     "\"_LDAP.\\u00e9\",\"qclass_name\":\"C_INTERNET\",\"qtype_name\":\"AAAA\",\"rcode_name\":\"NOERROR\","
     "\"AA\":true,\"RD\":true,\"RA\":false,\"answers\":[\"X.y\",\"::1\"],\"TTLs\":[1.9,2]}",
        "answer_ttls=[1,2] answer_types=[CNAME,AAAA] answers=[x.y,::1] c_ip=10.18.20.97 c_port=59102 "
        "flags_req=8 flags_resp=40 query=_ldap.\xc3\xa9 req_class=C_INTERNET "
        "req_time=1575413122.764317 req_type=AAAA resp_code=NOERROR resp_time=1575413122.764412 "
        "s_ip=10.18.20.8 s_port=53 trans_id=19084"},
    /* ISO time, nested id, keys nobody asked for, nesting */
    {" {\"@stream\":\"dns\",\"x\":{\"y\":[1,[2,{\"z\":null}]]},\"ts\":\"2017-03-01T00:00:00.250000Z\","
     "\"id\":{\"orig_h\":\"::1\",\"orig_p\":1,\"resp_h\":\"::2\",\"resp_p\":2},\"query\":null}",
        "answer_ttls=[] answer_types=[] answers=[] c_ip=::1 c_port=1 flags_req=0 "
        "req_time=1488326400.25 s_ip=::2 s_port=2"},
    /* milliseconds; keys of a changed scope separator */
    {"{\"ts\":1488326400250,\"id_orig_h\":\"1.2.3.4\"}",
        "answer_ttls=[] answer_types=[] answers=[] c_ip=1.2.3.4 flags_req=0 req_time=1488326400.25"},
    /* as others print numbers; the sum is that of the decimals, not of their nearest doubles */
    {"{\"ts\":1.488326400250E12}",
        "answer_ttls=[] answer_types=[] answers=[] flags_req=0 req_time=1488326400.25"},
    {"{\"ts\":1.398382067286885E9,\"rtt\":1.3983820675e+9}",
        "answer_ttls=[] answer_types=[] answers=[] flags_req=0 flags_resp=0 "
        "req_time=1398382067.286885 resp_time=2796764134.786885"},
    {"{\"ts\":1,\"rtt\":12.5E-7}",
        "answer_ttls=[] answer_types=[] answers=[] flags_req=0 flags_resp=0 req_time=1.0 "
        "resp_time=1.00000125"},
    {"{\"ts\":1e309}", "rejected bad_time"},
    /* an unset item of a list */
    {"{\"ts\":1,\"qtype_name\":\"TXT\",\"answers\":[null,\"null\"],\"TTLs\":[1,2]}",
        "answer_ttls=[1,2] answer_types=[TXT,TXT] answers=[,null] flags_req=0 req_time=1.0 "
        "req_type=TXT"},
    {"{\"ts\":1,\"qtype_name\":\"NS\",\"answers\":[null,\"B.\"]}",
        "answer_ttls=[] answer_types=[NS,NS] answers=[,b] flags_req=0 req_time=1.0 req_type=NS"},
    {"{\"ts\":1,\"query\":\"\\ud83d\\ude00\\ud800\"}",
        "answer_ttls=[] answer_types=[] answers=[] flags_req=0 query=\xf0\x9f\x98\x80\xef\xbf\xbd "
        "req_time=1.0"},
    {"{\"ts\":1", "rejected other"},
    {"{\"ts\":1}}", "rejected other"},
    {"{\"ts\":01}", "rejected other"},
    {"{\"ts\":1,\"a\":\"\\x\"}", "rejected other"},
    {"{\"ts\":1,}", "rejected other"},
    {"{\"a\":1}", "rejected bad_time"},
    {"{\"ts\":1,\"id.orig_h\":\"x\"}", "rejected bad_address"},
    {"{\"ts\":1,\"id.orig_p\":-1}", "rejected bad_number"},
    {"{\"ts\":1,\"id.orig_p\":5.3e1,\"id.resp_p\":443.0}",
        "answer_ttls=[] answer_types=[] answers=[] c_port=53 flags_req=0 req_time=1.0 s_port=443"},
    {"{\"ts\":1,\"id.orig_p\":53.5}", "rejected bad_number"},
    {"{\"ts\":1,\"id.orig_p\":\"53.0\"}", "rejected bad_number"},
    {"{\"ts\":1,\"id.orig_p\":65536.0}", "rejected bad_number"},
    {"{\"ts\":1,\"trans_id\":1e300}", "rejected bad_number"},
};

static const line_case http_cases[] = {
    HEAD,
    {"#fields|ts|uid|id.orig_h|id.orig_p|id.resp_h|id.resp_p|trans_depth|method|host|uri|referrer|"
     "version|user_agent|origin|request_body_len|response_body_len|status_code|resp_mime_types",
        "ignored"},
    {"1300475168.853899|C|141.142.220.118|35634|208.80.152.2|80|1|GET|Upload.org:8080|/a b\\xfc|-|1.1|"
     "Mozilla/5.0 (X11)|-|0|1500|200|text/html,text/plain",
        "c_ip=141.142.220.118 c_port=35634 content_type=text/html,text/plain host=Upload.org:8080 "
        "method=GET path=/a b\\xfc req_time=1300475168.853899 request_body_len=0 "
        "resp_time=1300475168.853899 response_body_len=1500 s_ip=208.80.152.2 s_port=80 "
        "status_code=200 user_agent=Mozilla/5.0 (X11)"},
    {"1|C|1.1.1.1|1|2.2.2.2|80|1|-|-|-|(empty)|-|-|-|0|0|-|-",
        "c_ip=1.1.1.1 c_port=1 referrer= req_time=1.0 request_body_len=0 resp_time=1.0 "
        "response_body_len=0 s_ip=2.2.2.2 s_port=80"},
    {"1|C|1.1.1.1|1|2.2.2.2|80|1|-|-|-|-|-|-|-|0|x|-|-", "rejected bad_number"},
};

static const line_case flow_cases[] = {
    HEAD,
    {"#fields|ts|uid|id.orig_h|id.orig_p|id.resp_h|id.resp_p|proto|service|duration|orig_bytes|"
     "resp_bytes|conn_state|orig_pkts|resp_pkts",
        "ignored"},
    /* nobody told a name: the address */
    {"1.25|C1|10.0.0.1|1025|192.0.2.1|443|tcp|ssl|2.5|100|2000|SF|5|7",
        "c_bytes=100 c_ip=10.0.0.1 c_pkt=5 c_port=1025 name=192.0.2.1 s_bytes=2000 s_ip=192.0.2.1 "
        "s_pkt=7 s_port=443 time_end=3.75 time_start=1.25"},
    {"1.25|C2|10.0.0.1|1025|192.0.2.1|443|tcp|-|-|-|-|S0|1|0",
        "c_ip=10.0.0.1 c_pkt=1 c_port=1025 name=192.0.2.1 s_ip=192.0.2.1 s_pkt=0 s_port=443 "
        "time_end=1.25 time_start=1.25"},
    {"1.25|C3|10.0.0.1|8|192.0.2.1|0|icmp|-|-|-|-|OTH|1|0", "ignored"},
    {"1.25|C4|10.0.0.1|8|192.0.2.1|0|udp|-|-|-|-|OTH|1|0", "ignored"},
    {"1.25|C5|-|8|192.0.2.1|0|tcp|-|-|-|-|OTH|1|0", "rejected bad_address"},
    {"-|C5|10.0.0.1|8|192.0.2.1|0|tcp|-|-|-|-|OTH|1|0", "rejected bad_time"},
};

static void test_dns(void **state)
{
    (void)state;
    CHECK("zeek:DNS", dns_cases);
}

static void test_json(void **state)
{
    (void)state;
    CHECK("bro:dns", json_cases);
}

static void test_http(void **state)
{
    (void)state;
    CHECK("zeek:HTTP", http_cases);
}

static void test_flows(void **state)
{
    (void)state;
    CHECK("zeek:flows", flow_cases);
}

/* Without header, the layout that has as many columns; else nothing can be read. */
static void test_no_header(void **state)
{
    (void)state;
    static const line_case cases[] = {
        {"1.0|C|10.0.0.1|1|10.0.0.2|53|udp|7|0.5|Q|1|C_INTERNET|1|A|0|NOERROR|F|F|T|T|0|-|-|F",
            "answer_ttls=[] answer_types=[] answers=[] c_ip=10.0.0.1 c_port=1 flags_req=8 "
            "flags_resp=12 query=q req_class=C_INTERNET req_time=1.0 req_type=A resp_code=NOERROR "
            "resp_time=1.5 s_ip=10.0.0.2 s_port=53 trans_id=7"},
    };
    static const line_case other[] = {{"1.0|C|10.0.0.1", "rejected too_few_fields"}};
    CHECK("zeek:DNS", cases);
    CHECK("zeek:DNS", other);
}

/* Which name a flow gets does not depend on the order in which names are told. */
static void test_names(void **state)
{
    (void)state;
    static const char *const told[][2] = {{"#fields|ts|uid|host", "0"}, {"2.0|C1|Late.com", "0"},
        {"1.0|C1|B.com:8080", "0"}, {"0.5|C1|-", "0"}, {"#fields|ts|uid|server_name", "1"},
        {"0.1|C1|tls.com", "1"}, {"0.2|C2|Quic.com.", "1"}, {"0.3|C9|orphan.com", "1"}};
    enum { TOLD = sizeof told / sizeof told[0] };
    for (int turn = 0; turn < 2; turn++) {
        line_rows rows;
        line_rows_open(&rows, "zeek:flows", NULL, 0, NULL);
        nlt_records records;
        nlt__records_init(&records, 1 << 20);
        rows.ctx.records = &records;
        void *own = rows.ctx.state;
        void *states[2] = {calloc(1, 4096), calloc(1, 4096)};
        for (int i = 0; i < TOLD; i++) {
            const char *const *line = told[i];
            int other = i == 1 || i == 2 ? 3 - i : i; /* the two hosts the other way round */
            line = turn == 1 ? told[other] : line;
            int teller = line[1][0] - '0';
            char padded[256] = "";
            strncpy(padded, tabs(line[0]), 128);
            rows.ctx.state = states[teller];
            nlt_row row = rows.connector->tellers[teller]->line(
                &rows.ctx, (nlt_bytes){padded, strlen(padded)}, rows.out);
            assert_int_equal(row, padded[0] == '#' ? NLT_ROW_IGNORED : NLT_ROW_USED);
        }
        assert_int_equal(rows.connector->facts->take(rows.ctx.facts, &records), NLT_OK);
        rows.ctx.state = own;
        (void)line_rows_text(&rows, tabs("#fields|ts|uid|id.orig_h|id.resp_h|proto"));
        assert_string_equal(line_rows_text(&rows, tabs("1|C1|1.1.1.1|2.2.2.2|tcp")),
            "c_ip=1.1.1.1 name=b.com s_ip=2.2.2.2 time_end=1.0 time_start=1.0");
        assert_string_equal(line_rows_text(&rows, tabs("1|C2|1.1.1.1|2.2.2.2|udp")),
            "c_ip=1.1.1.1 name=quic.com s_ip=2.2.2.2 time_end=1.0 time_start=1.0");
        assert_int_equal(rows.connector->facts->unused(rows.ctx.facts), 1);
        line_rows_close(&rows);
        nlt__records_clear(&records);
        free(states[0]);
        free(states[1]);
    }
}

enum { FLOWS = 60000, TEXT_BYTES = 32 };

/* PREFIX and eight digits; its length. */
static size_t number_text(char *out, const char *prefix, int number)
{
    int n = snprintf(out, TEXT_BYTES, "%s%08d", prefix, number);
    assert_true(n > 0 && n < TEXT_BYTES);
    return (size_t)n;
}

static void hand_in(void *facts, nlt_records *told)
{
    assert_int_equal(told->failed, NLT_OK);
    assert_int_equal(flow_names_facts.take(facts, told), NLT_OK);
    nlt__records_rewind(told);
}

static void tell(nlt_records *told, int row, nlt_bytes uid, flow_name_rank rank, nlt_bytes text)
{
    nlt_line_ctx ctx = {.records = told, .row_key = row};
    flow_name name = {.uid = uid, .rank = rank, .time = 5, .name = text};
    assert_int_equal(flow_names_tell(&ctx, &name), NLT_ROW_USED);
}

/* Enough flows for tables that grow often; every third one is told a second, worse name. */
static void test_many_names(void **state)
{
    (void)state;
    void *facts = NULL;
    nlt_records told;
    char uid[TEXT_BYTES];
    char text[TEXT_BYTES];
    nlt__records_init(&told, 1 << 20);
    assert_int_equal(flow_names_facts.open(&facts, NULL), NLT_OK);
    for (int i = 0; i < FLOWS; i++) {
        nlt_bytes key = {uid, number_text(uid, "Cabcdefghi", i)};
        tell(&told, i, key, FLOW_NAME_HTTP, (nlt_bytes){text, number_text(text, "host", i)});
        if (i % 3 == 0) {
            tell(&told, i, key, FLOW_NAME_TLS, (nlt_bytes){"other.example", 13});
        }
        if (i % 1000 == 0) {
            hand_in(facts, &told);
        }
    }
    hand_in(facts, &told);
    for (int i = 0; i < FLOWS + 1000; i++) {
        nlt_bytes key = {uid, number_text(uid, "Cabcdefghi", i)};
        bool has_tls = false;
        flow_names_expect(facts, &key, 1);
        nlt_bytes found = flow_names_find(facts, key, &has_tls);
        size_t len = i < FLOWS ? number_text(text, "host", i) : 0;
        assert_int_equal(found.len, len);
        assert_true(len == 0 || memcmp(found.ptr, text, len) == 0);
        assert_int_equal(has_tls, i < FLOWS && i % 3 == 0);
    }
    assert_int_equal(flow_names_facts.unused(facts), 0);
    flow_names_facts.close(facts);
    nlt__records_clear(&told);
}

/* A name that no record holds, and a record that holds less than it says. */
static void test_odd_names(void **state)
{
    (void)state;
    void *facts = NULL;
    char *text = calloc(1, NLT_RECORD_MAX);
    nlt_records told;
    nlt_line_ctx ctx = {.records = &told};
    flow_name name = {.uid = {"C1", 2}, .name = {text, NLT_RECORD_MAX}};
    assert_non_null(text);
    nlt__records_init(&told, 1 << 20);
    assert_int_equal(flow_names_tell(&ctx, &name), NLT_ROW_REJECTED);
    assert_int_equal(ctx.reason, NLT_REJECT_OTHER);
    const nlt_buf *share = &told.shares[nlt__share_of(nlt__hash(name.uid, 0))];
    name.name.len = 100;
    assert_int_equal(flow_names_tell(&ctx, &name), NLT_ROW_USED);
    nlt_record *record = (nlt_record *)(void *)share->ptr;
    record->len -= 10;
    bool has_tls = false;
    assert_int_equal(flow_names_facts.open(&facts, NULL), NLT_OK);
    assert_int_equal(flow_names_take(facts, record), NLT_OK);
    assert_null(flow_names_find(facts, name.uid, &has_tls).ptr);
    flow_names_facts.close(facts);
    nlt__records_clear(&told);
    free(text);
}

static int field_of_letter(const void *ctx, nlt_bytes name)
{
    (void)ctx;
    return name.len == 1 && name.ptr[0] >= 'a' && name.ptr[0] <= 'c' ? name.ptr[0] - 'a' : -1;
}

static void test_one_column(void **state)
{
    (void)state;
    const nlt_separator tab = {1, "\t"};
    const nlt_separator two = {2, "::"};
    nlt_columns columns;
    char line[256] = "0\t1\t22\t\t4";
    char short_line[256] = "0\t1";
    char doubled[256] = "0::1::22";
    nlt__columns_set(&columns, &tab, (nlt_bytes){"x\tb\ta\tc", 7}, field_of_letter, NULL);
    nlt_bytes value = nlt__columns_one(&columns, &tab, (nlt_bytes){line, strlen(line)}, 0);
    assert_int_equal(value.len, 2);
    assert_memory_equal(value.ptr, "22", 2);
    value = nlt__columns_one(&columns, &tab, (nlt_bytes){line, strlen(line)}, 2);
    assert_int_equal(value.len, 0);
    value = nlt__columns_one(&columns, &tab, (nlt_bytes){line, strlen(line)}, 7); /* unknown */
    assert_int_equal(value.len, 0);
    value = nlt__columns_one(&columns, &tab, (nlt_bytes){short_line, strlen(short_line)}, 0);
    assert_int_equal(value.len, 0);
    value = nlt__columns_one(&columns, &tab, (nlt_bytes){short_line, strlen(short_line)}, 1);
    assert_memory_equal(value.ptr, "1", 1);
    value = nlt__columns_one(&columns, &two, (nlt_bytes){doubled, strlen(doubled)}, 0);
    assert_int_equal(value.len, 2);
    assert_memory_equal(value.ptr, "22", 2);
}

/* A field of a line that is cut at each separator, found here byte by byte. */
static nlt_bytes plain_field(const char *line, int32_t column)
{
    const char *at = line;
    for (; column > 0 && at != NULL; column--) {
        at = strchr(at, '\t');
        at = at == NULL ? NULL : at + 1;
    }
    return at == NULL ? (nlt_bytes){NULL, 0} : (nlt_bytes){at, strcspn(at, "\t")};
}

static int field_of_number(const void *ctx, nlt_bytes name)
{
    int every = *(const int *)ctx;
    int number = name.ptr[0] - '0';
    return number % every == 0 ? number : -1;
}

/* Lines with fewer, as many and more columns than the header, whatever share of them is needed. */
static void test_columns_split(void **state)
{
    (void)state;
    static const nlt_separator tab = {.len = 1, .bytes = "\t"};
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        int every = round % 4 + 1;
        char line[1024] = "";
        size_t len = 0;
        int n_columns = 1;
        for (int i = 0; i < 8 + round % 5; i++) { /* texts of 0 to 63 bytes */
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            size_t n = round % 3 == 0 ? seed >> 62 : seed >> 58;
            memset(line + len, 'a' + i, n);
            len += n;
            line[len++] = '\t';
            n_columns++;
        }
        line[len] = '\0';
        nlt_columns columns;
        nlt_bytes values[NLT_COLUMNS_FIELDS_MAX] = {{NULL, 0}};
        nlt__columns_set(&columns, &tab, (nlt_bytes){"0\t1\t2\t3\t4\t5\t6\t7\t8\t9", 19},
            field_of_number, &every);
        bool is_whole = nlt__columns_split(&columns, &tab, (nlt_bytes){line, len}, values);
        assert_true(is_whole == (n_columns >= 10));
        for (int i = 0; is_whole && i < 10; i++) {
            nlt_bytes expected = i % every == 0 ? plain_field(line, i) : (nlt_bytes){NULL, 0};
            assert_ptr_equal(values[i].ptr, expected.ptr);
            assert_int_equal(values[i].len, expected.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_no_header),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_one_column),
        cmocka_unit_test(test_columns_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
