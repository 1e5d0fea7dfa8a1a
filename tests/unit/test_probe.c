/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which connector a sample is taken for, and what is said about it. Samples are made here, after the
 * tools' documentation. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "connectors/probe.h"
#include "core/alloc.h"
#include "support/line_rows.h"

#define T "\t"

#define ZEEK_IDS "uid" T "id.orig_h" T "id.orig_p" T "id.resp_h" T "id.resp_p"
#define ZEEK_ID_VALUES "C1" T "10.0.0.1" T "4000" T "192.0.2.1" T "53"
#define ZEEK_HEAD(path)                                                                            \
    "#separator \\x09\n#set_separator" T ",\n#empty_field" T "(empty)\n#unset_field" T             \
    "-\n#path" T path "\n"

#define ZEEK_DNS                                                                                   \
    ZEEK_HEAD("dns")                                                                               \
    "#fields" T "ts" T ZEEK_IDS T "proto" T "trans_id" T "rtt" T "query" T "qclass" T              \
    "qclass_name" T "qtype" T "qtype_name" T "rcode" T "rcode_name" T "AA" T "TC" T "RD" T "RA" T  \
    "Z" T "answers" T "TTLs" T "rejected\n"                                                        \
    "1488326400.5" T ZEEK_ID_VALUES T "udp" T "7" T "0.25" T "example.org" T "1" T "C_INTERNET" T  \
    "1" T "A" T "0" T "NOERROR" T "F" T "F" T "T" T "T" T "0" T "192.0.2.9" T "300.0" T "F\n"

/* 2.2 - 2.4: no rtt */
#define ZEEK_DNS_24                                                                                \
    ZEEK_HEAD("dns")                                                                               \
    "#fields" T "ts" T ZEEK_IDS T "proto" T "trans_id" T "query" T "qclass" T "qclass_name" T      \
    "qtype" T "qtype_name" T "rcode" T "rcode_name" T "AA" T "TC" T "RD" T "RA" T "Z" T            \
    "answers" T "TTLs" T "rejected\n"

#define ZEEK_DNS_ROW                                                                               \
    "1488326400.5" T ZEEK_ID_VALUES T "udp" T "7" T "0.25" T "example.org" T "1" T "C_INTERNET" T  \
    "1" T "A" T "0" T "NOERROR" T "F" T "F" T "T" T "T" T "0" T "192.0.2.9" T "300.0" T "F\n"

#define ZEEK_HTTP                                                                                  \
    ZEEK_HEAD("http")                                                                              \
    "#fields" T "ts" T ZEEK_IDS T "trans_depth" T "method" T "host" T "uri" T "referrer" T         \
    "version" T "user_agent" T "origin" T "request_body_len" T "response_body_len" T               \
    "status_code" T "resp_mime_types\n"                                                            \
    "1488326400.5" T ZEEK_ID_VALUES T "1" T "GET" T "example.org" T "/a" T "-" T "1.1" T "curl" T  \
    "-" T "0" T "5" T "200" T "text/html\n"

#define ZEEK_CONN                                                                                  \
    ZEEK_HEAD("conn")                                                                              \
    "#fields" T "_node_name" T "ts" T ZEEK_IDS T "proto" T "service" T "duration" T "orig_bytes" T \
    "resp_bytes" T "conn_state" T "local_orig" T "local_resp" T "missed_bytes" T "history" T       \
    "orig_pkts" T "orig_ip_bytes" T "resp_pkts" T "resp_ip_bytes" T "tunnel_parents\n"             \
    "w1" T "1488326400.5" T ZEEK_ID_VALUES T "tcp" T "-" T "1.5" T "10" T "20" T "SF" T "-" T      \
    "-" T "0" T "S" T "1" T "50" T "2" T "100" T "-\n"

#define ZEEK_SSL                                                                                   \
    ZEEK_HEAD("ssl")                                                                               \
    "#fields" T "ts" T ZEEK_IDS T "version" T "cipher" T "curve" T "server_name" T "resumed" T     \
    "established\n"                                                                                \
    "1488326400.5" T ZEEK_ID_VALUES T "TLSv12" T "x" T "y" T "example.org" T "F" T "T\n"

#define ZEEK_JSON_DNS                                                                                           \
    "{\"_path\":\"dns\",\"ts\":1488326400.5,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":4000,"      \
    "\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":53,\"proto\":\"udp\",\"trans_id\":7,\"rtt\":0.1,"                \
    "\"query\":\"example.org\",\"qclass_name\":\"C_INTERNET\",\"qtype_name\":\"A\",\"rcode_name\":\"NOERROR\"," \
    "\"AA\":false,\"TC\":false,\"RD\":true,\"RA\":true,\"answers\":[\"192.0.2.9\"],\"TTLs\":[300.0]}\n"

#define TSTAT_DNS13                                                                                                  \
    "#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5 entry:6 trans_id:7 query:8 ttl:9 class:10 type:11 answer:12 flags:13\n" \
    "10.0.0.1 4000 192.0.2.1 53 1488326400000.5 REQ 0x0007 example.org. - IN A - 0x08\n"                             \
    "10.0.0.1 4000 192.0.2.1 53 1488326400100.5 RESP 0x0007 example.org. 300 IN A 192.0.2.9 0x0c\n"

#define TSTAT_DNS22                                                                                                 \
    "#c_ip:1 c_port:2 c_isint:3 c_iscrypto:4 s_ip:5 s_port:6 s_isint:7 s_iscrypto:8 time:9 entry:10 trans_id:11 "   \
    "query:12 ttl:13 class:14 type:15 answer:16 flags:17 qdcount:18 ancount:19 nscount:20 arcount:21 pkt_size:22\n" \
    "10.0.0.1 4000 1 0 192.0.2.1 53 0 0 1488326400000.5 REQ 0x0007 example.org. - IN A - 0x08 1 0 0 0 38\n"

#define TSTAT_FLOWS                                                                                                      \
    "#3#c_ip:1 c_port:2 c_pkts_all:3 c_bytes_all:4 s_ip:5 s_port:6 s_pkts_all:7 s_bytes_all:8 first:9 last:10 fqdn:11\n" \
    "10.0.0.1 4000 1 10 192.0.2.1 80 2 20 1488326400000.5 1488326401000.5 example.org\n"

#define TSTAT_HTTP                                                                                 \
    "#C#c_ip:1" T "c_port:2" T "s_ip:3" T "s_port:4" T "time_abs:5" T "method:6" T "hostname:7" T  \
    "fqdn:8" T "path:9" T "referer:10" T "user_agent:11" T "cookie:12" T "dnt:13\n"                \
    "#S#c_ip:1" T "c_port:2" T "s_ip:3" T "s_port:4" T "time_abs:5" T "HTTP:6" T "response:7" T    \
    "content_len:8" T "content_type:9" T "server:10" T "range:11" T "location:12" T                \
    "set_cookie:13\n"                                                                              \
    "10.0.0.1" T "4000" T "192.0.2.1" T "80" T "1488326400.5" T "GET" T "example.org" T "-" T      \
    "/a" T "-" T "curl" T "-" T "-\n"                                                              \
    "10.0.0.1" T "4000" T "192.0.2.1" T "80" T "1488326400.6" T "HTTP" T "200" T "5" T             \
    "text/html" T "nginx" T "-" T "-" T "-\n"

#define SQUID_NATIVE                                                                               \
    "1488326400.500    200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/192.0.2.1 text/html\n"
#define SQUID_COMBINED                                                                                                 \
    "10.0.0.1 - - [01/Mar/2017:01:00:00 +0100] \"GET http://a.com/x HTTP/1.1\" 200 1500 \"http://b.com/\" \"curl 7\" " \
    "TCP_MISS:HIER_DIRECT\n"
#define SQUID_COMMON                                                                               \
    "10.0.0.1 - - [01/Mar/2017:01:00:00 +0100] \"GET http://a.com/x HTTP/1.1\" 200 1500 TCP_MISS:HIER_DIRECT\n"
#define APACHE "10.0.0.1 - - [01/Mar/2017:01:00:00 +0100] \"GET /x HTTP/1.1\" 200 1500\n"

#define BIND_NEW                                                                                              \
    "23-Nov-2026 03:30:34.246 queries: info: client @0x7f051fe7ac98 127.0.0.1#46308/key k1 (a.com): view v: " \
    "query: a.com IN A +SE(0)K (127.0.0.1)\n"
#define BIND_MIDDLE                                                                                \
    "12-Nov-2015 23:34:08.622 client 127.0.0.1#59680 (cnn.com): query: cnn.com IN A + (127.0.0.1)\n"
#define BIND_OLD "client 127.0.0.1#59680: query: cnn.com IN A +\n"
#define BIND_ISO                                                                                   \
    "2026-11-23T03:29:59.330Z queries: client @0x7fc 127.0.0.1#52496 (a.org): query: a.org IN A + (127.0.0.1)\n"

typedef struct sample_case {
    const char *text;
    const char *alias; /* NULL: none reads it */
    const char *what;
} sample_case;

static const sample_case cases[] = {
    {ZEEK_DNS, "zeek:DNS", "Zeek TSV, dns.log of 2.5 - 8.0"},
    {ZEEK_DNS_24, "zeek:DNS", "Zeek TSV, dns.log of 2.2 - 2.4"}, /* no rows: the header tells */
    {ZEEK_DNS_ROW ZEEK_DNS_ROW, "zeek:DNS", "Zeek TSV, dns.log without header, as of 2.5 - 8.0"},
    {ZEEK_JSON_DNS, "zeek:DNS", "Zeek JSON, dns.log"},
    {ZEEK_HTTP, "zeek:HTTP", "Zeek TSV, http.log of 3.0 or later"},
    {ZEEK_CONN, "zeek:NamedFlows", "Zeek TSV, conn.log of 2.4 - 7.0"},
    {TSTAT_DNS13, "tstat:DNS", "Tstat log_dns_complete older than 3.2, 13 columns"},
    {TSTAT_DNS22, "tstat:DNS", "Tstat log_dns_complete of 3.2 or later, 22 columns"},
    {TSTAT_FLOWS, "tstat:NamedFlows", "Tstat log_tcp_complete, 11 columns, end-to-end, layer 7"},
    {TSTAT_HTTP, "tstat:HTTP", "Tstat log_http_complete, 13 columns of requests, 13 of responses"},
    {SQUID_NATIVE, "squid:HTTP", "Squid access.log, native"},
    {SQUID_COMBINED, "squid:HTTP", "Squid access.log, combined"},
    {SQUID_COMMON, "squid:HTTP", "Squid access.log, common"},
    {SQUID_NATIVE SQUID_NATIVE SQUID_COMMON, "squid:HTTP",
        "Squid access.log, native, with 1 common lines"},
    {APACHE, "squid:HTTP", "web server log, common"},
    {BIND_NEW, "bind:DNS",
        "BIND query log of 9.11 or later, local times, category, severity, views, signed queries"},
    {BIND_MIDDLE, "bind:DNS", "BIND query log of 9.9 - 9.10, local times"},
    {BIND_OLD, "bind:DNS", "BIND query log older than 9.9, no times"},
    {BIND_ISO, "bind:DNS", "BIND query log of 9.11 or later, ISO 8601 times with zone, category"},
    {ZEEK_SSL, NULL, "Zeek TSV of another log"},
    {"#c_ip:1 c_port:2 c_first_abs:3\n10.0.0.1 1 1.0\n", NULL, "Tstat log with other columns"},
    {"{\"a\": 1}\n{\"a\": 2}\n", NULL, "NDJSON"},
    {"[1,\n2]\n", NULL, "JSON"},
    {"a,b\n1,2\n\"x,y\",3\n", NULL, "CSV, separated by commas"},
    {"a\tb\n1\t2\n", NULL, "CSV, separated by TABs"},
    {"timestamp;value\n1;2\n", NULL, "CSV, separated by semicolons"},
    {"PAR1....", NULL, "Parquet"},
    {"PK\003\004....", NULL, "zip archive"},
    {"\xff\xfe"
     "a",
        NULL, "UTF-16 text"},
    {"", NULL, "empty"},
    {"\n\n\n", NULL, "text of an unknown form"},
    {"The quick brown fox\njumps\n", NULL, "text of an unknown form"},
};

/* ---- samples ---- */

/* Memory that ends 64 bytes behind the sample, which hold newlines and quotes. */
typedef struct sample_memory {
    char *bytes;
    nlt_sample sample;
} sample_memory;

static sample_memory sample_of(const void *bytes, size_t len)
{
    sample_memory memory = {.bytes = nlt_alloc(len + 64)};
    assert_non_null(memory.bytes);
    memcpy(memory.bytes, bytes, len);
    memset(memory.bytes + len, '"', 64);
    memory.sample = (nlt_sample){.head = {memory.bytes, len}, .is_whole = true};
    return memory;
}

/* The first of the highest. */
static void best_of(const nlt_sample *sample, nlt_finding *best)
{
    best->score = 0;
    for (int i = 0; i < nlt__connector_count(); i++) {
        const nlt_connector *connector = nlt__connector_at(i);
        nlt_finding finding;
        assert_int_equal(nlt__probe(connector, connector, sample, &finding, NULL), NLT_OK);
        assert_int_equal(finding.lines, finding.used + finding.ignored + finding.skipped);
        assert_in_range(finding.score, 0, NLT_FINDING_SURE);
        if (finding.score >= NLT_FINDING_MATCH && finding.score > best->score) {
            *best = finding;
        }
    }
}

static void check_case(const sample_case *one, const nlt_sample *sample)
{
    nlt_finding best;
    best_of(sample, &best);
    if (one->alias == NULL) {
        assert_int_equal(best.score, 0);
        assert_string_equal(nlt__other_format(sample).what, one->what);
    } else {
        assert_true(best.score > 0);
        assert_string_equal(best.connector->alias, one->alias);
        assert_string_equal(best.what, one->what);
        assert_int_equal(best.skipped, 0);
    }
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sample_memory memory = sample_of(cases[i].text, strlen(cases[i].text));
        check_case(&cases[i], &memory.sample);
        nlt_free(memory.bytes);
    }
}

/* Every cut of a sample is safe, and no lines are found that are not there. */
static void test_cut_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);
        for (size_t cut = 0; cut < len; cut += 7) {
            sample_memory memory = sample_of(cases[i].text, cut);
            nlt_finding best;
            best_of(&memory.sample, &best);
            memory.sample.is_whole = false;
            best_of(&memory.sample, &best);
            (void)nlt__other_format(&memory.sample);
            nlt_free(memory.bytes);
        }
    }
}

/* ---- columns ---- */

static const char *source_of(const nlt_finding *finding, const char *column)
{
    const nlt_table_desc *table = finding->connector->table;
    for (int i = 0; i < finding->n_columns; i++) {
        if (strcmp(table->columns[finding->columns[i].column].name, column) == 0) {
            return finding->columns[i].source;
        }
    }
    return "";
}

/* Each `column=` of rows as text has a source. */
static void check_sources(const nlt_finding *finding, const char *rows)
{
    const nlt_table_desc *table = finding->connector->table;
    for (int i = 0; i < table->n_columns; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, "%s=", table->columns[i].name);
        const char *at = strstr(rows, key);
        while (at != NULL && at != rows && at[-1] != ' ' && at[-1] != '\n') {
            at = strstr(at + 1, key);
        }
        bool is_empty_list = at != NULL && strncmp(at + strlen(key), "[]", 2) == 0;
        if (at != NULL && !is_empty_list && source_of(finding, table->columns[i].name)[0] == '\0') {
            fail_msg("%s: %s has a value but no source", finding->what, table->columns[i].name);
        }
    }
}

static void check_rows(const sample_case *one, const char *alias)
{
    sample_memory memory = sample_of(one->text, strlen(one->text));
    nlt_finding finding;
    line_rows rows;
    line_rows_open(&rows, alias, NULL, 0, NULL);
    assert_int_equal(
        nlt__probe(rows.connector, rows.connector, &memory.sample, &finding, NULL), NLT_OK);
    size_t at = 0;
    nlt_bytes line;
    while (nlt__sample_line(&memory.sample, &at, &line)) {
        check_sources(&finding, line_rows_take(&rows, line));
    }
    if (rows.connector->pairing != NULL) {
        check_sources(&finding, line_rows_finish(&rows));
    }
    line_rows_close(&rows);
    nlt_free(memory.bytes);
}

static void test_every_value_has_a_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].alias != NULL) {
            check_rows(&cases[i], cases[i].alias);
        }
        if (cases[i].alias != NULL && strcmp(cases[i].alias, "squid:HTTP") == 0) {
            check_rows(&cases[i], "squid:NamedFlows");
        }
    }
}

static void test_sources(void **state)
{
    (void)state;
    static const struct {
        const char *text, *column, *source;
    } sources[] = {
        {ZEEK_DNS, "req_time", "ts:1"},
        {ZEEK_DNS, "resp_time", "ts:1 + rtt:9"},
        {ZEEK_DNS_24, "resp_time", "ts:1 + rtt (not there)"},
        {ZEEK_DNS_24, "query", "query:9"},
        {ZEEK_DNS_ROW, "query", "query:10"},
        {ZEEK_JSON_DNS, "query", "query"},
        {ZEEK_CONN, "time_start", "ts:2"}, /* behind _node_name */
        {ZEEK_HTTP, "content_type", "resp_mime_types:18"},
        {TSTAT_DNS22, "query", "query:12"},
        {TSTAT_DNS13, "query", "query:8"},
        {TSTAT_FLOWS, "name",
            "first of http_hostname (not there), c_tls_SNI (not there), fqdn:11, s_ip:5"},
        {TSTAT_HTTP, "server", "server:10 of the response"},
        {SQUID_NATIVE, "req_time", "time:1 - elapsed:2"},
        {SQUID_NATIVE, "host", "host of URL:7"},
        {SQUID_COMBINED, "user_agent", "agent"},
        {SQUID_COMMON, "user_agent", ""},
        {BIND_MIDDLE, "s_ip", "(address) behind the flags"},
        {BIND_OLD, "s_ip", ""},
        {BIND_OLD, "req_time", ""},
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        sample_memory memory = sample_of(sources[i].text, strlen(sources[i].text));
        nlt_finding best;
        best_of(&memory.sample, &best);
        assert_string_equal(source_of(&best, sources[i].column), sources[i].source);
        nlt_free(memory.bytes);
    }
}

/* ---- rejected lines ---- */

static void test_rejects(void **state)
{
    (void)state;
    static const char text[] = SQUID_NATIVE
        "x 1 10.0.0.1 TCP_MISS/200 1 GET http://a/ - H/p t\n" SQUID_NATIVE "short\n" SQUID_NATIVE;
    sample_memory memory = sample_of(text, sizeof text - 1);
    nlt_finding best;
    best_of(&memory.sample, &best);
    assert_true(best.score > 0);
    assert_string_equal(best.connector->alias, "squid:HTTP");
    assert_int_equal(best.used, 3);
    assert_int_equal(best.skipped, 2);
    assert_int_equal(best.score, 57); /* 3 of 5, of 95 */
    assert_int_equal(best.n_rejects, 2);
    assert_int_equal(best.rejects[0].line, 2);
    assert_int_equal(best.rejects[0].reason, NLT_REJECT_BAD_TIME);
    assert_int_equal(best.rejects[1].line, 4);
    assert_int_equal(best.rejects[1].reason, NLT_REJECT_TOO_FEW_FIELDS);
    assert_memory_equal(best.rejects[1].text, "short", best.rejects[1].len);
    nlt_free(memory.bytes);
}

/* A line that the sample cuts is no line of it. */
static void test_cut_line(void **state)
{
    (void)state;
    static const char text[] = SQUID_NATIVE "1488326400.500    200 10.0";
    sample_memory memory = sample_of(text, sizeof text - 1);
    memory.sample.is_whole = false;
    nlt_finding best;
    best_of(&memory.sample, &best);
    assert_int_equal(best.lines, 1);
    assert_int_equal(best.score, 95);
    nlt_free(memory.bytes);
}

/* ---- captures ---- */

static const uint8_t pcap_ns_big[] = {
    0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 113};
static const uint8_t pcap_us_little[] = {
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0};
/* Section, then interfaces of Ethernet, raw IPv4, Ethernet. */
static const uint8_t pcapng[] = {0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0,
    0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 1,
    0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 228, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0,
    0, 1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0};

static void check_capture(const uint8_t *bytes, size_t len, const char *what)
{
    sample_memory memory = sample_of(bytes, len);
    nlt_finding best;
    best_of(&memory.sample, &best);
    assert_int_equal(best.score, NLT_FINDING_SURE);
    assert_string_equal(best.connector->alias, "pcap:DNS"); /* the first of two that read it */
    assert_string_equal(best.what, what);
    assert_int_equal(best.n_columns, NLT_DNS_COLUMN_COUNT);
    nlt_free(memory.bytes);
}

static void test_captures(void **state)
{
    (void)state;
    check_capture(
        pcap_ns_big, sizeof pcap_ns_big, "pcap, nanoseconds, big-endian, Linux cooked, no packets");
    check_capture(pcap_us_little, sizeof pcap_us_little,
        "pcap, microseconds, little-endian, Ethernet, no packets");
    check_capture(pcapng, sizeof pcapng,
        "pcapng, little-endian, 3 interfaces, Ethernet, raw IPv4, no packets");
}

/* ---- tellers ---- */

static void test_teller(void **state)
{
    (void)state;
    const nlt_connector *flows = NULL;
    assert_int_equal(nlt__connector_find("zeek:NamedFlows", &flows, NULL), NLT_OK);
    sample_memory memory = sample_of(ZEEK_SSL, sizeof ZEEK_SSL - 1);
    bool is_found = false;
    for (int i = 0; i < flows->n_tellers; i++) {
        nlt_finding finding;
        assert_int_equal(
            nlt__probe(flows->tellers[i], flows, &memory.sample, &finding, NULL), NLT_OK);
        if (finding.score >= NLT_FINDING_MATCH) {
            is_found = true;
            assert_string_equal(finding.what, "Zeek TSV, ssl.log of 2.3");
            assert_string_equal(finding.columns[0].source, "server_name:10 by uid:2");
        }
    }
    assert_true(is_found);
    nlt_free(memory.bytes);
}

static void test_no_memory(void **state)
{
    (void)state;
    sample_memory memory = sample_of(TSTAT_DNS13, sizeof TSTAT_DNS13 - 1);
    const nlt_connector *connector = NULL;
    assert_int_equal(nlt__connector_find("tstat:DNS", &connector, NULL), NLT_OK);
    nlt_status status = NLT_ERR_NOMEM;
    for (int n = 1; status == NLT_ERR_NOMEM && n < 1000; n++) {
        nlt_finding finding;
        nlt__alloc_fail_at(n);
        status = nlt__probe(connector, connector, &memory.sample, &finding, NULL);
        nlt__alloc_fail_at(0);
    }
    assert_int_equal(status, NLT_OK);
    nlt_free(memory.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_cut_samples),
        cmocka_unit_test(test_every_value_has_a_source),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_cut_line),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_teller),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
