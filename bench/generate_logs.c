/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek, Tstat, BIND and DNS captures: what benchmarks read besides Squid.
 *
 * Each item of a log (a flow, a transaction) is drawn from the seed and its number alone. So the
 * three Zeek logs of one seed tell of the same flows, whichever is written. */

#define _GNU_SOURCE

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "generator.h"

enum { ITEM_MAX = 8192, ITEMS_MAX = 1 << 20, NAME_WIRE_MAX = 80 };

#define BEGIN_US INT64_C(1488326400000000)
#define STEP_US 2000

typedef struct client {
    char ip[48];
    unsigned port;
} client;

static client draw_client(generator *g)
{
    client c = {.port = 1024 + below(g, 60000)};
    uint32_t number = below(g, CLIENTS);
    if (number % 16 == 0) {
        (void)snprintf(c.ip, sizeof c.ip, "2001:db8:%x::%x", number / 256, number % 256 + 1);
    } else {
        (void)snprintf(
            c.ip, sizeof c.ip, "10.%u.%u.%u", number / 65536, number / 256 % 256, number % 256);
    }
    return c;
}

static void draw_server(generator *g, char out[48])
{
    uint32_t address = below(g, 1U << 24);
    (void)snprintf(out, 48, "198.%u.%u.%u", address >> 16 & 255, address >> 8 & 255, address & 255);
}

static int64_t draw_size(generator *g)
{
    return 300 + (int64_t)(exp(uniform(g) * 9.0) * 40.0);
}

static void put_time(char out[32], int64_t us)
{
    (void)snprintf(out, 32, "%lld.%06d", (long long)(us / 1000000), (int)(us % 1000000));
}

/* ---- Zeek ---- */

typedef enum flow_kind { FLOW_PLAIN, FLOW_HTTP, FLOW_TLS, FLOW_DNS } flow_kind;

typedef struct flow {
    flow_kind kind;
    char ts[32];
    char uid[24];
    client c;
    char s_ip[48];
    const char *host;
    int64_t c_bytes, s_bytes;
} flow;

static flow draw_flow(generator *g, int64_t number)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    flow f = {.uid = "C"};
    uint32_t kind = below(g, 100);
    f.kind = kind < 28 ? FLOW_HTTP : kind < 68 ? FLOW_TLS : kind < 80 ? FLOW_PLAIN : FLOW_DNS;
    put_time(f.ts, BEGIN_US + number * STEP_US + below(g, STEP_US));
    for (int i = 1; i < 18; i++) {
        f.uid[i] = digits[below(g, 62)];
    }
    f.c = draw_client(g);
    draw_server(g, f.s_ip);
    f.host = draw_host(g);
    f.c_bytes = draw_size(g) / 8;
    f.s_bytes = draw_size(g);
    return f;
}

/* The types are not looked at: enough that the line is there. */
#define ZEEK_HEAD(path, fields)                                                                    \
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t" path    \
    "\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t" fields                      \
    "\n#types\ttime\tstring\n"

static int zeek_conn(generator *g, int64_t number, char *out)
{
    flow f = draw_flow(g, number);
    bool is_dns = f.kind == FLOW_DNS;
    static const char *const services[] = {"-", "http", "ssl", "dns"};
    return snprintf(out, ITEM_MAX,
        "%s\t%s\t%s\t%u\t%s\t%d\t%s\t%s\t%u.%06u\t%lld\t%lld\tSF\tT\tF\t0\tShADadFf\t%u\t%lld\t%u\t%lld\t-\n",
        f.ts, f.uid, f.c.ip, f.c.port, f.s_ip,
        is_dns                    ? 53
            : f.kind == FLOW_HTTP ? 80
                                  : 443,
        is_dns ? "udp" : "tcp", services[f.kind], below(g, 30), below(g, 1000000),
        (long long)f.c_bytes, (long long)f.s_bytes, below(g, 100) + 1, (long long)f.c_bytes + 400,
        below(g, 200) + 1, (long long)f.s_bytes + 800);
}

static int zeek_http(generator *g, int64_t number, char *out)
{
    static const char *const types[] = {"text/html", "image/jpeg", "image/png", "text/css", "-"};
    flow f = draw_flow(g, number);
    if (f.kind != FLOW_HTTP) {
        return 0;
    }
    return snprintf(out, ITEM_MAX,
        "%s\t%s\t%s\t%u\t%s\t80\t1\tGET\t%s\t/static/%08x.html\thttp://%s/\t1.1\tMozilla/5.0 (X11; "
        "Linux x86_64; rv:%u.0) Gecko/20100101 Firefox/%u.0\t-\t0\t%lld\t200\tOK\t-\t-\t(empty)\t-\t-"
        "\t-\t-\t-\t-\tF%08x\t-\t%s\n",
        f.ts, f.uid, f.c.ip, f.c.port, f.s_ip, f.host, below(g, UINT32_MAX), f.host,
        40 + below(g, 20), 40 + below(g, 20), (long long)f.s_bytes, below(g, UINT32_MAX),
        PICK(g, types));
}

static int zeek_ssl(generator *g, int64_t number, char *out)
{
    flow f = draw_flow(g, number);
    if (f.kind != FLOW_TLS) {
        return 0;
    }
    return snprintf(out, ITEM_MAX,
        "%s\t%s\t%s\t%u\t%s\t443\tTLSv12\tTLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\tsecp256r1\t%s\tF\t-\th2"
        "\tT\tF%08x,F%08x\t(empty)\tCN=%s\tCN=Example CA\t-\t-\n",
        f.ts, f.uid, f.c.ip, f.c.port, f.s_ip, f.host, below(g, UINT32_MAX), below(g, UINT32_MAX),
        f.host);
}

/* A transaction's answers: 0 to 3. */
static int draw_answers(generator *g)
{
    return below(g, 8) == 0 ? 0 : 1 + (int)below(g, 3);
}

static int zeek_dns(generator *g, int64_t number, char *out)
{
    flow f = draw_flow(g, number);
    char answers[160] = "-";
    char ttls[80] = "-";
    int n = draw_answers(g);
    int at = 0;
    int at_ttl = 0;
    for (int i = 0; i < n; i++) {
        char ip[48];
        draw_server(g, ip);
        at += snprintf(answers + at, sizeof answers - (size_t)at, "%s%s", i > 0 ? "," : "", ip);
        at_ttl += snprintf(ttls + at_ttl, sizeof ttls - (size_t)at_ttl, "%s%u.000000",
            i > 0 ? "," : "", below(g, 3600));
    }
    return snprintf(out, ITEM_MAX,
        "%s\t%s\t%s\t%u\t10.0.0.53\t53\tudp\t%u\t0.%06u\t%s\t1\tC_INTERNET\t1\tA\t%d\t%s\tF\tF\tT\tT\t0"
        "\t%s\t%s\tF\n",
        f.ts, f.uid, f.c.ip, f.c.port, below(g, 65536), below(g, 90000), f.host, n > 0 ? 0 : 3,
        n > 0 ? "NOERROR" : "NXDOMAIN", answers, ttls);
}

/* ---- Tstat ---- */

/* Mask 15: core, end-to-end, P2P, options and layer 7 columns, as Tstat 3.1 names them. */
#define TSTAT_SIDE(s, a)                                                                           \
#s "_ip:" #a " " #s "_port " #s "_pkts_all " #s "_rst_cnt " #s "_ack_cnt " #s "_ack_cnt_p " #s \
       "_bytes_uniq " #s "_pkts_data " #s "_bytes_all " #s "_pkts_retx " #s "_bytes_retx " #s      \
       "_pkts_ooo " #s "_syn_cnt " #s "_fin_cnt "

enum { TSTAT_BETWEEN = 66 }; /* columns of the sets between core and layer 7 */

static int tstat_tcp_head(char *out)
{
    int n = snprintf(out, ITEM_MAX,
        "#15#" TSTAT_SIDE(c, 1) TSTAT_SIDE(s,
            15) "first last durat c_first s_first c_last s_last c_first_ack s_first_ack c_isint s_isint "
                "c_iscrypto s_iscrypto con_t p2p_t http_t ");
    for (int i = 0; i < TSTAT_BETWEEN; i++) {
        n += snprintf(out + n, ITEM_MAX - (size_t)n, "option%d ", i);
    }
    return n
        + snprintf(out + n, ITEM_MAX - (size_t)n,
            "http_req_cnt http_res_cnt http_res c_pkts_push s_pkts_push c_tls_SNI s_tls_SCN c_npnalpn "
            "s_npnalpn tls_session_stat c_last_handshakeT s_last_handshakeT c_appdataT s_appdataT "
            "c_appdataB s_appdataB fqdn dns_rslv req_tm res_tm http_hostname\n");
}

static int put_side(char *out, const char *ip, unsigned port, int64_t bytes, unsigned packets)
{
    return snprintf(out, 256, "%s %u %u 0 %u 2 %lld %u %lld 0 0 0 1 1 ", ip, port, packets,
        packets - 1, (long long)bytes, packets / 2 + 1, (long long)bytes);
}

static int put_tstat_tcp(generator *g, const flow *f, int64_t first_us, int64_t last_us, char *out)
{
    bool is_http = f->kind == FLOW_HTTP;
    bool is_tls = f->kind == FLOW_TLS;
    int n = put_side(out, f->c.ip, f->c.port, f->c_bytes, 3 + below(g, 100));
    n += put_side(out + n, f->s_ip, is_http ? 80 : 443, f->s_bytes, 3 + below(g, 100));
    n += snprintf(out + n, ITEM_MAX - (size_t)n,
        "%lld.%03u000 %lld.%03u000 %u.000000 12.134915 70.382293 59.547617 110.894026 47.859938 "
        "93.440282 1 0 0 0 %d 0 0 ",
        (long long)first_us / 1000, (unsigned)(first_us % 1000), (long long)last_us / 1000,
        (unsigned)(last_us % 1000), below(g, 9000), is_http ? 1 : 8192);
    for (int i = 0; i < TSTAT_BETWEEN; i++) {
        n += snprintf(out + n, ITEM_MAX - (size_t)n, i < 10 ? "%u.564158 " : "%u ", below(g, 500));
    }
    return n
        + snprintf(out + n, ITEM_MAX - (size_t)n,
            "%d %d --- 7 8 %s - 0 0 0 0.0 0.0 0.0 0.0 0 0 %s 10.0.0.53 0.0 0.0 %s\n", is_http,
            is_http, is_tls ? f->host : "-", below(g, 2) == 0 ? f->host : "-",
            is_http ? f->host : "-");
}

static int tstat_tcp(generator *g, int64_t number, char *out)
{
    flow f = draw_flow(g, number);
    int64_t first_us = BEGIN_US + number * STEP_US / 1000 * 1000 + below(g, 1000);
    return put_tstat_tcp(g, &f, first_us, first_us / 1000 * 1000 + 1000000 + below(g, 1000), out);
}

static int tstat_dns(generator *g, int64_t number, char *out)
{
    flow f = draw_flow(g, number);
    int n_answers = draw_answers(g);
    unsigned id = below(g, 65536);
    int64_t ms = (BEGIN_US + number * STEP_US) / 1000;
    int n = snprintf(out, ITEM_MAX,
        "%s %u 1 0 10.0.0.53 53 1 0 %lld.%06u REQ 0x%04x %s. - IN A - 0x08 1 0 0 0 %u\n", f.c.ip,
        f.c.port, (long long)ms, below(g, 900000), id, f.host, 40 + below(g, 40));
    ms += 1 + below(g, 90);
    for (int i = 0; i < n_answers; i++) {
        char ip[48];
        draw_server(g, ip);
        n += snprintf(out + n, ITEM_MAX - (size_t)n,
            "%s %u 1 0 10.0.0.53 53 1 0 %lld.500000 RESP 0x%04x %s. %u IN A %s 0x0c 1 %d 0 0 %u\n",
            f.c.ip, f.c.port, (long long)ms, id, f.host, below(g, 3600), ip, n_answers, 80);
    }
    return n_answers > 0 ? n
                         : n
            + snprintf(out + n, ITEM_MAX - (size_t)n,
                "%s %u 1 0 10.0.0.53 53 1 0 %lld.500000 RESP_ERR 0x%04x %s. - IN A NXDOMAIN 0x0c 1 0 1 0 "
                "%u\n",
                f.c.ip, f.c.port, (long long)ms, id, f.host, 90);
}

static int tstat_http(generator *g, int64_t number, char *out)
{
    flow f = draw_flow(g, number);
    char response[32];
    put_time(response, BEGIN_US + number * STEP_US + 5000);
    return snprintf(out, ITEM_MAX,
        "%s\t%u\t%s\t80\t%s\tGET\t%s\t-\t/static/%08x.html\thttp://%s/\tMozilla/5.0 (X11; Linux x86_64) "
        "Firefox/%u.0\t-\t-\n%s\t%u\t%s\t80\t%s\tHTTP\t200\t%lld\ttext/html\tnginx\t-\t-\t-\n",
        f.c.ip, f.c.port, f.s_ip, f.ts, f.host, below(g, UINT32_MAX), f.host, 40 + below(g, 20),
        f.c.ip, f.c.port, f.s_ip, response, (long long)f.s_bytes);
}

/* ---- visits: sessions as lines of logs ---- */

typedef int (*session_line)(generator *g, const visit_flow *f, char *out);

static int put_session(generator *g, int64_t number, char *out, session_line line)
{
    static visit_flow flows[SESSION_FLOWS_MAX];
    int n = draw_session(g, g->seed_value, number, flows);
    int len = 0;
    for (int i = 0; i < n && len < ITEMS_MAX - ITEM_MAX; i++) {
        len += line(g, &flows[i], out + len);
    }
    return len;
}

static int tstat_line(generator *g, const visit_flow *v, char *out)
{
    flow f = {.kind = FLOW_TLS,
        .c = {.port = 1024 + below(g, 60000)},
        .host = v->host,
        .c_bytes = v->c_bytes,
        .s_bytes = v->s_bytes};
    memcpy(f.c.ip, v->client, sizeof f.c.ip);
    draw_server(g, f.s_ip);
    return put_tstat_tcp(g, &f, v->start_us, v->end_us, out);
}

static int squid_line(generator *g, const visit_flow *v, char *out)
{
    char server[48];
    int64_t end_ms = v->end_us / 1000;
    draw_server(g, server);
    return snprintf(out, ITEM_MAX,
        "%lld.%03d %6d %s TCP_TUNNEL/200 %lld CONNECT %s:443 - HIER_DIRECT/%s -\n",
        (long long)end_ms / 1000, (int)(end_ms % 1000), (int)(end_ms - v->start_us / 1000),
        v->client, (long long)v->s_bytes, v->host, server);
}

static int truth_line(generator *g, const visit_flow *v, char *out)
{
    (void)g;
    return snprintf(out, ITEM_MAX, "%s\n", v->service);
}

static int visits_tstat(generator *g, int64_t number, char *out)
{
    return put_session(g, number, out, tstat_line);
}

static int visits_squid(generator *g, int64_t number, char *out)
{
    return put_session(g, number, out, squid_line);
}

static int visits_truth(generator *g, int64_t number, char *out)
{
    return put_session(g, number, out, truth_line);
}

static int visits_cores(generator *g, int64_t number, char *out)
{
    return number < SERVICES
        ? snprintf(out, ITEM_MAX, "%s\n", service_name(g, g->seed_value, (int)number))
        : 0;
}

/* ---- BIND ---- */

static int bind_query(generator *g, int64_t number, char *out)
{
    static const char *const types[] = {"A", "A", "A", "AAAA", "AAAA", "HTTPS", "PTR", "MX"};
    client c = draw_client(g);
    const char *host = draw_host(g);
    int64_t ms = number * STEP_US / 1000;
    return snprintf(out, ITEM_MAX,
        "%02d-Mar-2017 %02d:%02d:%02d.%03d queries: info: client @0x7f05%08x %s#%u (%s): query: %s IN %s "
        "+E(0)K (10.0.0.53)\n",
        1 + (int)(ms / 86400000 % 31), (int)(ms / 3600000 % 24), (int)(ms / 60000 % 60),
        (int)(ms / 1000 % 60), (int)(ms % 1000), below(g, UINT32_MAX), c.ip, c.port, host, host,
        PICK(g, types));
}

/* ---- captures: classic pcap, Ethernet, UDP ---- */

typedef struct octets {
    uint8_t *p;
} octets;

static void put16(octets *b, unsigned value)
{
    *b->p++ = (uint8_t)(value >> 8);
    *b->p++ = (uint8_t)value;
}

static void put32(octets *b, uint32_t value)
{
    put16(b, value >> 16);
    put16(b, value & 0xffff);
}

static void put_le32(octets *b, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        *b->p++ = (uint8_t)(value >> 8 * i);
    }
}

static void put_name(octets *b, const char *name)
{
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        *b->p++ = (uint8_t)len;
        memcpy(b->p, name, len);
        b->p += len;
        name += len + (name[len] == '.');
    }
    *b->p++ = 0;
}

typedef struct exchange {
    bool is_ipv6;
    bool is_response;
    uint32_t client, server;
    unsigned port, id, type;
    const char *host;
    int n_answers;
    int64_t us;
} exchange;

static void put_message(octets *b, const exchange *e)
{
    put16(b, e->id);
    put16(b, !e->is_response ? 0x0100 : e->n_answers > 0 ? 0x8180 : 0x8183);
    put16(b, 1);
    put16(b, e->is_response ? (unsigned)e->n_answers : 0);
    put32(b, 1);
    put_name(b, e->host);
    put16(b, e->type);
    put16(b, 1);
    for (int i = 0; e->is_response && i < e->n_answers; i++) {
        put16(b, 0xc00c);
        put16(b, 1);
        put16(b, 1);
        put32(b, 60);
        put16(b, 4);
        put32(b, e->server + (uint32_t)i);
    }
    memcpy(b->p, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11); /* EDNS */
    b->p += 11;
}

static void put_address(octets *b, bool is_ipv6, uint32_t address)
{
    if (is_ipv6) {
        put32(b, 0x20010db8);
        put32(b, 0);
        put32(b, 0);
    }
    put32(b, address);
}

static void put_ip(octets *b, const exchange *e, unsigned payload)
{
    if (e->is_ipv6) {
        put32(b, 0x60000000);
        put16(b, payload);
        put16(b, 0x1140);
    } else {
        put16(b, 0x4500);
        put16(b, payload + 20);
        put32(b, 0);
        put32(b, 0x40110000);
    }
    put_address(b, e->is_ipv6, e->is_response ? e->server : e->client);
    put_address(b, e->is_ipv6, e->is_response ? e->client : e->server);
}

static int put_packet(uint8_t *out, const exchange *e)
{
    uint8_t message[512];
    octets m = {message};
    put_message(&m, e);
    unsigned len = (unsigned)(m.p - message);
    unsigned frame = 14 + (e->is_ipv6 ? 40U : 20U) + 8 + len;
    octets b = {out};
    put_le32(&b, (uint32_t)(e->us / 1000000));
    put_le32(&b, (uint32_t)(e->us % 1000000));
    put_le32(&b, frame);
    put_le32(&b, frame);
    memset(b.p, 2, 12);
    b.p += 12;
    put16(&b, e->is_ipv6 ? 0x86dd : 0x0800);
    put_ip(&b, e, len + 8);
    put16(&b, e->is_response ? 53 : e->port);
    put16(&b, e->is_response ? e->port : 53);
    put16(&b, len + 8);
    put16(&b, 0);
    memcpy(b.p, message, len);
    return (int)(b.p + len - out);
}

/* A query and, mostly, its response. */
static int pcap_dns(generator *g, int64_t number, char *out)
{
    exchange e = {.is_ipv6 = below(g, 5) == 0,
        .client = 0x0a000000 + below(g, CLIENTS),
        .server = 0x0a000035,
        .port = 1024 + below(g, 60000),
        .id = below(g, 65536),
        .type = below(g, 3) == 0 ? 28 : 1,
        .host = draw_host(g),
        .us = BEGIN_US + number * 20};
    e.n_answers = draw_answers(g);
    int n = put_packet((uint8_t *)out, &e);
    if (below(g, 50) > 0) {
        e.is_response = true;
        e.us += 10;
        n += put_packet((uint8_t *)out + n, &e);
    }
    return n;
}

static int pcap_head(char *out)
{
    octets b = {(uint8_t *)out};
    put_le32(&b, 0xa1b2c3d4);
    put_le32(&b, 0x00040002);
    put_le32(&b, 0);
    put_le32(&b, 0);
    put_le32(&b, 65535);
    put_le32(&b, 1);
    return 24;
}

/* ---- all ---- */

static const struct {
    const char *name;
    int (*item)(generator *g, int64_t number, char *out); /* its bytes, at most ITEMS_MAX */
    int (*put_head)(char *out);
    const char *head;
} logs[] = {
    {"zeek-conn", zeek_conn, NULL,
        ZEEK_HEAD("conn",
            "proto\tservice\tduration\torig_bytes\tresp_bytes\t"
            "conn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\t"
            "resp_ip_bytes\ttunnel_parents")},
    {"zeek-http", zeek_http, NULL,
        ZEEK_HEAD("http",
            "trans_depth\tmethod\thost\turi\treferrer\tversion\t"
            "user_agent\torigin\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg\tinfo_code\t"
            "info_msg\ttags\tusername\tpassword\tproxied\torig_fuids\torig_filenames\torig_mime_types\t"
            "resp_fuids\tresp_filenames\tresp_mime_types")},
    {"zeek-ssl", zeek_ssl, NULL,
        ZEEK_HEAD("ssl",
            "version\tcipher\tcurve\tserver_name\tresumed\tlast_alert\t"
            "next_protocol\testablished\tcert_chain_fuids\tclient_cert_chain_fuids\tsubject\tissuer\t"
            "client_subject\tclient_issuer")},
    {"zeek-dns", zeek_dns, NULL,
        ZEEK_HEAD("dns",
            "proto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\t"
            "qtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected")},
    {"tstat-tcp", tstat_tcp, tstat_tcp_head, NULL},
    {"visits-tstat", visits_tstat, tstat_tcp_head, NULL},
    {"visits-squid", visits_squid, NULL, ""},
    {"visits-truth", visits_truth, NULL, ""},
    {"visits-cores", visits_cores, NULL, ""},
    {"tstat-dns", tstat_dns, NULL,
        "#c_ip:1 c_port:2 c_isint:3 c_iscrypto:4 s_ip:5 s_port:6 s_isint:7 "
        "s_iscrypto:8 time:9 entry:10 trans_id:11 query:12 ttl:13 class:14 type:15 answer:16 flags:17 "
        "qdcount:18 ancount:19 nscount:20 arcount:21 pkt_size:22\n"},
    {"tstat-http", tstat_http, NULL,
        "#C#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tmethod:6\thostname:7\t"
        "fqdn:8\tpath:9\treferer:10\tuser_agent:11\tcookie:12\tdnt:13\n#S#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\t"
        "time_abs:5\tHTTP:6\tresponse:7\tcontent_len:8\tcontent_type:9\tserver:10\trange:11\tlocation:12\t"
        "set_cookie:13\n"},
    {"bind", bind_query, NULL, ""},
    {"pcap-dns", pcap_dns, pcap_head, NULL},
};

const char *log_names(void)
{
    static char names[256];
    names[0] = '\0';
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        (void)strcat(strcat(names, " "), logs[i].name);
    }
    return names + 1;
}

bool write_log(generator *g, const char *log, uint64_t seed_value, int64_t bytes, int64_t items)
{
    size_t i = 0;
    while (i < sizeof logs / sizeof logs[0] && strcmp(logs[i].name, log) != 0) {
        i++;
    }
    if (i == sizeof logs / sizeof logs[0]) {
        (void)fprintf(stderr, "no such log: %s (known: %s)\n", log, log_names());
        return false;
    }
    static char item[ITEMS_MAX];
    g->seed_value = seed_value;
    const char *head = logs[i].head;
    int len = logs[i].put_head != NULL ? logs[i].put_head(item) : (int)strlen(head);
    bool is_ok =
        fwrite(logs[i].put_head != NULL ? item : head, 1, (size_t)len, stdout) == (size_t)len;
    int64_t written = len;
    for (int64_t number = 0; is_ok && (items > 0 ? number < items : written < bytes); number++) {
        seed(g, seed_value * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)number);
        len = logs[i].item(g, number, item);
        is_ok = fwrite(item, 1, (size_t)len, stdout) == (size_t)len;
        written += len;
    }
    return is_ok && fflush(stdout) == 0;
}
