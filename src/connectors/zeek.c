/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek (Bro) logs: dns, http, and conn with the names that http and ssl tell. */

#include "connectors/flow_names.h"
#include "connectors/flows_apart.h"
#include "connectors/name.h"
#include "connectors/zeek_line.h"
#include "connectors/zeek_probe.h"
#include "core/ip.h"
#include "core/num.h"
#include "core/utf8.h"

#define PORT_MAX 65535

/* The four columns of every flow. */
#define ID_FIELDS                                                                                  \
    {{"id.orig_h", "id_orig_h", "src", NULL}, 2},                                                  \
        {{"id.orig_p", "id_orig_p", "src_port", NULL}, 3},                                         \
        {{"id.resp_h", "id_resp_h", "dst", NULL}, 4},                                              \
    {                                                                                              \
        {"id.resp_p", "id_resp_p", "dst_port", NULL}, 5                                            \
    }

enum { ID_C_IP, ID_C_PORT, ID_S_IP, ID_S_PORT, ID_COUNT };

#define FIELD_COUNT(fields) ((int)(sizeof(fields) / sizeof(fields)[0]))

/* ---- what all logs have ---- */

/* A number that a column of a table gets. */
typedef struct number_field {
    int field;
    int column;
    int64_t max;
} number_field;

static bool put_numbers(
    nlt_builder *out, const number_field *numbers, int n, const zeek_value *values)
{
    for (int i = 0; i < n; i++) {
        int64_t number = 0;
        bool has = false;
        if (!zeek_integer(&values[numbers[i].field], 0, numbers[i].max, &number, &has)) {
            return false;
        }
        if (has) {
            nlt_put_i64(out, numbers[i].column, number);
        }
    }
    return true;
}

/* A field whose text a column of a table gets. */
typedef struct text_field {
    int field;
    int column;
} text_field;

static void put_texts(nlt_builder *out, const text_field *texts, int n, const zeek_value *values,
    const nlt_line_ctx *ctx)
{
    for (int i = 0; i < n; i++) {
        zeek_put(out, texts[i].column, &values[texts[i].field], ctx);
    }
}

static void put_time(nlt_builder *out, int column, int64_t ns)
{
    if (nlt_wants(out, column)) {
        nlt_put_double(out, column, nlt__seconds_from_ns(ns));
    }
}

static bool are_addresses(const zeek_value *ids)
{
    return zeek_is_address(&ids[ID_C_IP]) && zeek_is_address(&ids[ID_S_IP]);
}

/* ---- dns ---- */

enum {
    DNS_ID,
    DNS_TS = ID_COUNT,
    DNS_TRANS_ID,
    DNS_RTT,
    DNS_QUERY,
    DNS_QCLASS_NAME,
    DNS_QTYPE_NAME,
    DNS_RCODE,
    DNS_RCODE_NAME,
    DNS_AA,
    DNS_TC,
    DNS_RD,
    DNS_RA,
    DNS_ANSWERS,
    DNS_TTLS,
    DNS_FIELDS
};

static const zeek_field dns_fields[DNS_FIELDS] = {ID_FIELDS, {{"ts", NULL}, 0},
    {{"trans_id", NULL}, 7}, {{"rtt", NULL}, 8}, {{"query", NULL}, 9}, {{"qclass_name", NULL}, 11},
    {{"qtype_name", NULL}, 13}, {{"rcode", NULL}, 14}, {{"rcode_name", NULL}, 15},
    {{"AA", NULL}, 16}, {{"TC", NULL}, 17}, {{"RD", NULL}, 18}, {{"RA", NULL}, 19},
    {{"answers", NULL}, 21}, {{"TTLs", NULL}, 22}};

static const zeek_log dns_log = {dns_fields, DNS_FIELDS, 24};

static const number_field dns_ports[] = {
    {DNS_ID + ID_C_PORT, NLT_DNS_C_PORT, PORT_MAX}, {DNS_ID + ID_S_PORT, NLT_DNS_S_PORT, PORT_MAX}};

static const text_field dns_texts[] = {{DNS_ID + ID_C_IP, NLT_DNS_C_IP},
    {DNS_ID + ID_S_IP, NLT_DNS_S_IP}, {DNS_TRANS_ID, NLT_DNS_TRANS_ID},
    {DNS_QCLASS_NAME, NLT_DNS_REQ_CLASS}, {DNS_QTYPE_NAME, NLT_DNS_REQ_TYPE}};

enum { FLAG_RA = 4, FLAG_RD = 8, FLAG_TC = 16, FLAG_AA = 32 };

static void put_dns_flags(nlt_builder *out, const zeek_value *values, bool has_response)
{
    int64_t rd = zeek_is_true(&values[DNS_RD]) ? FLAG_RD : 0;
    nlt_put_i64(out, NLT_DNS_FLAGS_REQ, rd);
    if (has_response && nlt_wants(out, NLT_DNS_FLAGS_RESP)) {
        nlt_put_i64(out, NLT_DNS_FLAGS_RESP,
            rd | (zeek_is_true(&values[DNS_AA]) ? FLAG_AA : 0)
                | (zeek_is_true(&values[DNS_TC]) ? FLAG_TC : 0)
                | (zeek_is_true(&values[DNS_RA]) ? FLAG_RA : 0));
    }
}

/* A name in lower case without its last dot. */
static void put_domain(nlt_builder *out, int column, const zeek_value *value,
    const nlt_line_ctx *ctx, void (*put)(nlt_builder *, int, nlt_bytes))
{
    nlt_bytes text = zeek_text(value, ctx, &out->arena);
    if (text.ptr != NULL) {
        text = nlt__domain_normalise(&out->arena, text);
    }
    if (text.ptr == NULL) {
        out->failed = NLT_ERR_NOMEM;
    } else {
        put(out, column, text);
    }
}

typedef enum answer_rule {
    ANSWERS_UNKNOWN, /* no question type: types are not known */
    ANSWERS_ADDRESS, /* A, AAAA: by what the answer looks like */
    ANSWERS_ANY,     /* '*' likewise, but for names */
    ANSWERS_QTYPE    /* all have the question's */
} answer_rule;

static inline bool is_text(const zeek_value *value, const char *text)
{
    size_t len = strlen(text); /* known where it is called */
    return value->kind != ZEEK_ABSENT && value->text.len == len
        && memcmp(value->text.ptr, text, len) == 0;
}

static answer_rule rule_of(const zeek_value *qtype)
{
    if (qtype->kind == ZEEK_ABSENT) {
        return ANSWERS_UNKNOWN;
    }
    if (is_text(qtype, "A") || is_text(qtype, "AAAA")) {
        return ANSWERS_ADDRESS;
    }
    return is_text(qtype, "*") ? ANSWERS_ANY : ANSWERS_QTYPE;
}

static bool is_name_type(const zeek_value *qtype)
{
    return is_text(qtype, "CNAME") || is_text(qtype, "NS") || is_text(qtype, "PTR")
        || is_text(qtype, "DNAME");
}

static void put_answer(nlt_builder *out, const zeek_value *item, const zeek_value *qtype,
    answer_rule rule, const nlt_line_ctx *ctx)
{
    nlt_ip ip;
    bool is_name = rule == ANSWERS_QTYPE && is_name_type(qtype);
    if (rule == ANSWERS_ADDRESS || rule == ANSWERS_ANY) {
        const char *names[] = {rule == ANSWERS_ANY ? "*" : "CNAME", "A", "AAAA"};
        bool is_ip = nlt__ip_parse(item->text, &ip);
        const char *type = names[!is_ip ? 0 : ip.family == 4 ? 1 : 2];
        nlt_add_text(out, NLT_DNS_ANSWER_TYPES, (nlt_bytes){type, strlen(type)});
        is_name = !is_ip && rule == ANSWERS_ADDRESS;
    } else if (rule == ANSWERS_QTYPE) {
        nlt_add_copy(out, NLT_DNS_ANSWER_TYPES, zeek_text(qtype, ctx, &out->arena));
    }
    if (!nlt_wants(out, NLT_DNS_ANSWERS)) {
        return;
    }
    if (is_name && item->kind != ZEEK_ABSENT) {
        put_domain(out, NLT_DNS_ANSWERS, item, ctx, nlt_add_copy);
        return;
    }
    nlt_bytes text =
        item->kind == ZEEK_ABSENT ? (nlt_bytes){"", 0} : zeek_text(item, ctx, &out->arena);
    if (text.ptr == NULL) {
        out->failed = NLT_ERR_NOMEM;
        return;
    }
    nlt_add_copy(out, NLT_DNS_ANSWERS, text);
}

static int count_items(const zeek_value *list, const nlt_line_ctx *ctx)
{
    int n = 0;
    size_t at = 0;
    zeek_value item;
    while (zeek_next_item(list, ctx, &at, &item)) {
        n++;
    }
    return n;
}

/* Seconds, cut towards zero. */
static bool put_ttls(nlt_builder *out, const zeek_value *ttls, bool is_put, const nlt_line_ctx *ctx)
{
    size_t at = 0;
    zeek_value item;
    nlt_put_list(out, NLT_DNS_ANSWER_TTLS);
    while (zeek_next_item(ttls, ctx, &at, &item)) {
        int64_t ns = 0;
        if (item.kind == ZEEK_ABSENT || !zeek_interval(&item, &ns)) {
            return false;
        }
        if (is_put) {
            nlt_add_i64(out, NLT_DNS_ANSWER_TTLS, ns / 1000000000);
        }
    }
    return true;
}

static bool put_answers(nlt_builder *out, const zeek_value *values, const nlt_line_ctx *ctx)
{
    const zeek_value *answers = &values[DNS_ANSWERS];
    const zeek_value *ttls = &values[DNS_TTLS];
    bool wants_some = nlt_wants(out, NLT_DNS_ANSWERS) || nlt_wants(out, NLT_DNS_ANSWER_TYPES);
    bool wants_ttls = nlt_wants(out, NLT_DNS_ANSWER_TTLS);
    /* Lists of one row have one length, or the ones beside the answers are empty. */
    bool is_put = wants_ttls && count_items(answers, ctx) == count_items(ttls, ctx);
    if (!put_ttls(out, ttls, is_put, ctx)) {
        return false;
    }
    if (!wants_some) {
        return true;
    }
    nlt_put_list(out, NLT_DNS_ANSWERS);
    nlt_put_list(out, NLT_DNS_ANSWER_TYPES);
    size_t at = 0;
    zeek_value item;
    answer_rule rule = rule_of(&values[DNS_QTYPE_NAME]);
    while (zeek_next_item(answers, ctx, &at, &item)) {
        put_answer(out, &item, &values[DNS_QTYPE_NAME], rule, ctx);
    }
    return true;
}

static nlt_row zeek_dns_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    zeek_value values[ZEEK_FIELDS_MAX];
    nlt_row row = zeek_split(&dns_log, ctx, line, values);
    if (row != NLT_ROW_USED) {
        return row;
    }
    int64_t ts = 0;
    int64_t rtt = 0;
    int64_t trans_id = 0;
    bool has_id = false;
    if (!zeek_time(&values[DNS_TS], &ts)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (!are_addresses(&values[DNS_ID])) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!zeek_interval(&values[DNS_RTT], &rtt) || __builtin_add_overflow(ts, rtt, &rtt)
        || !zeek_integer(&values[DNS_TRANS_ID], 0, INT64_MAX, &trans_id, &has_id)
        || !put_numbers(out, dns_ports, FIELD_COUNT(dns_ports), values)
        || !put_answers(out, values, ctx)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    bool has_response = values[DNS_RCODE].kind != ZEEK_ABSENT
        || values[DNS_RCODE_NAME].kind != ZEEK_ABSENT || values[DNS_RTT].kind != ZEEK_ABSENT;
    put_time(out, NLT_DNS_REQ_TIME, ts);
    put_dns_flags(out, values, has_response);
    if (has_response) {
        put_time(out, NLT_DNS_RESP_TIME, rtt);
        zeek_put(out, NLT_DNS_RESP_CODE, &values[DNS_RCODE_NAME], ctx);
    }
    put_texts(out, dns_texts, FIELD_COUNT(dns_texts), values, ctx);
    if (values[DNS_QUERY].kind != ZEEK_ABSENT && nlt_wants(out, NLT_DNS_QUERY)) {
        nlt_bytes text = values[DNS_QUERY].text;
        bool has_escapes = nlt__find_byte(text.ptr, text.len, '\\') != NULL;
        put_domain(out, NLT_DNS_QUERY, &values[DNS_QUERY], ctx,
            has_escapes ? nlt__put_dirty : nlt_put_text);
    }
    return NLT_ROW_USED;
}

/* ---- http ---- */

enum {
    HTTP_ID,
    HTTP_TS = ID_COUNT,
    HTTP_METHOD,
    HTTP_HOST,
    HTTP_URI,
    HTTP_REFERRER,
    HTTP_USER_AGENT,
    HTTP_REQUEST_LEN,
    HTTP_RESPONSE_LEN,
    HTTP_STATUS,
    HTTP_TYPES,
    HTTP_FIELDS
};

static const zeek_field http_fields[HTTP_FIELDS] = {ID_FIELDS, {{"ts", NULL}, 0},
    {{"method", NULL}, 7}, {{"host", NULL}, 8}, {{"uri", NULL}, 9}, {{"referrer", NULL}, 10},
    {{"user_agent", NULL}, 12}, {{"request_body_len", NULL}, 13}, {{"response_body_len", NULL}, 14},
    {{"status_code", NULL}, 15}, {{"resp_mime_types", "mime_type", NULL}, 28}};

static const zeek_log http_log = {http_fields, HTTP_FIELDS, 29};

static const number_field http_numbers[] = {{HTTP_ID + ID_C_PORT, NLT_HTTP_C_PORT, PORT_MAX},
    {HTTP_ID + ID_S_PORT, NLT_HTTP_S_PORT, PORT_MAX},
    {HTTP_REQUEST_LEN, NLT_HTTP_REQUEST_BODY_LEN, INT64_MAX},
    {HTTP_RESPONSE_LEN, NLT_HTTP_RESPONSE_BODY_LEN, INT64_MAX},
    {HTTP_STATUS, NLT_HTTP_STATUS_CODE, INT64_MAX}};

static const text_field http_texts[] = {{HTTP_ID + ID_C_IP, NLT_HTTP_C_IP},
    {HTTP_ID + ID_S_IP, NLT_HTTP_S_IP}, {HTTP_METHOD, NLT_HTTP_METHOD}, {HTTP_HOST, NLT_HTTP_HOST},
    {HTTP_URI, NLT_HTTP_PATH}, {HTTP_REFERRER, NLT_HTTP_REFERRER},
    {HTTP_USER_AGENT, NLT_HTTP_USER_AGENT}};

/* The vector's items, joined by commas. */
static void put_types(nlt_builder *out, const zeek_value *types, const nlt_line_ctx *ctx)
{
    size_t at = 0;
    zeek_value item;
    if (!nlt_wants(out, NLT_HTTP_CONTENT_TYPE) || !zeek_next_item(types, ctx, &at, &item)) {
        return;
    }
    char *joined = nlt__arena_alloc(&out->arena, types->text.len + 1);
    size_t n = 0;
    do {
        nlt_bytes text =
            item.kind == ZEEK_ABSENT ? (nlt_bytes){"", 0} : zeek_text(&item, ctx, &out->arena);
        if (joined == NULL || text.ptr == NULL) {
            out->failed = NLT_ERR_NOMEM;
            return;
        }
        if (n > 0) {
            joined[n++] = ',';
        }
        memcpy(joined + n, text.ptr, text.len);
        n += text.len;
    } while (zeek_next_item(types, ctx, &at, &item));
    nlt__put_dirty(out, NLT_HTTP_CONTENT_TYPE, (nlt_bytes){joined, n});
}

static nlt_row zeek_http_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    zeek_value values[ZEEK_FIELDS_MAX];
    nlt_row row = zeek_split(&http_log, ctx, line, values);
    if (row != NLT_ROW_USED) {
        return row;
    }
    int64_t ts = 0;
    if (!zeek_time(&values[HTTP_TS], &ts)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (!are_addresses(&values[HTTP_ID])) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!put_numbers(out, http_numbers, FIELD_COUNT(http_numbers), values)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    put_time(out, NLT_HTTP_REQ_TIME, ts);
    put_time(out, NLT_HTTP_RESP_TIME, ts); /* the log has no other */
    put_texts(out, http_texts, FIELD_COUNT(http_texts), values, ctx);
    put_types(out, &values[HTTP_TYPES], ctx);
    return NLT_ROW_USED;
}

/* ---- names of flows ---- */

enum { NAME_TS, NAME_UID, NAME_NAME, NAME_FIELDS };

static const zeek_field http_name_fields[NAME_FIELDS] = {
    {{"ts", NULL}, 0}, {{"uid", NULL}, 1}, {{"host", NULL}, 8}};
static const zeek_log http_name_log = {http_name_fields, NAME_FIELDS, 29};

/* Without header there is no telling the versions of this log apart. */
static const zeek_field ssl_name_fields[NAME_FIELDS] = {
    {{"ts", NULL}, -1}, {{"uid", NULL}, -1}, {{"server_name", NULL}, -1}};
static const zeek_log ssl_name_log = {ssl_name_fields, NAME_FIELDS, -1};

static nlt_row tell_name(
    const zeek_log *log, flow_name_rank rank, nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    zeek_value values[ZEEK_FIELDS_MAX];
    nlt_row row = zeek_split(log, ctx, line, values);
    if (row != NLT_ROW_USED) {
        return row;
    }
    flow_name name = {.uid = values[NAME_UID].text, .rank = rank};
    if (!zeek_time(&values[NAME_TS], &name.time)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (values[NAME_UID].kind == ZEEK_ABSENT || values[NAME_NAME].kind == ZEEK_ABSENT) {
        return NLT_ROW_USED;
    }
    nlt__arena_reset(&out->arena); /* no row is put */
    nlt_bytes text = zeek_text(&values[NAME_NAME], ctx, &out->arena);
    text = text.ptr == NULL ? text : nlt__name_normalise(&out->arena, text);
    if (text.ptr == NULL || nlt__text_escape(&out->arena, text, &name.name) != NLT_OK) {
        out->failed = NLT_ERR_NOMEM;
        return NLT_ROW_USED;
    }
    return name.name.len > 0 ? flow_names_tell(ctx, &name) : NLT_ROW_USED;
}

static nlt_row http_name_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    return tell_name(&http_name_log, FLOW_NAME_HTTP, ctx, line, out);
}

static nlt_row ssl_name_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    return tell_name(&ssl_name_log, FLOW_NAME_TLS, ctx, line, out);
}

/* ---- conn ---- */

enum {
    CONN_ID,
    CONN_TS = ID_COUNT,
    CONN_UID,
    CONN_PROTO,
    CONN_DURATION,
    CONN_C_BYTES,
    CONN_S_BYTES,
    CONN_C_PKT,
    CONN_S_PKT,
    CONN_FIELDS
};

static const zeek_field conn_fields[CONN_FIELDS] = {ID_FIELDS, {{"ts", NULL}, 0},
    {{"uid", NULL}, 1}, {{"proto", NULL}, 6}, {{"duration", NULL}, 8}, {{"orig_bytes", NULL}, 9},
    {{"resp_bytes", NULL}, 10}, {{"orig_pkts", NULL}, 16}, {{"resp_pkts", NULL}, 18}};

static const zeek_log conn_log = {conn_fields, CONN_FIELDS, 21};

static const number_field conn_numbers[] = {{CONN_ID + ID_C_PORT, NLT_FLOW_C_PORT, PORT_MAX},
    {CONN_ID + ID_S_PORT, NLT_FLOW_S_PORT, PORT_MAX}, {CONN_C_BYTES, NLT_FLOW_C_BYTES, INT64_MAX},
    {CONN_S_BYTES, NLT_FLOW_S_BYTES, INT64_MAX}, {CONN_C_PKT, NLT_FLOW_C_PKT, INT64_MAX},
    {CONN_S_PKT, NLT_FLOW_S_PKT, INT64_MAX}};

static void put_flow_name(nlt_builder *out, nlt_bytes name, const zeek_value *s_ip)
{
    if (name.ptr != NULL) {
        nlt_put_clean(out, NLT_FLOW_NAME, name); /* lives as long as the facts */
    } else if (s_ip->kind != ZEEK_ABSENT) {
        (void)nlt__name_put(out, NLT_FLOW_NAME, s_ip->text);
    }
}

static nlt_row zeek_flow_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    zeek_value values[ZEEK_FIELDS_MAX];
    nlt_row row = zeek_split(&conn_log, ctx, line, values);
    if (row != NLT_ROW_USED) {
        return row;
    }
    bool has_tls = false;
    nlt_bytes name = values[CONN_UID].kind == ZEEK_ABSENT
        ? (nlt_bytes){NULL, 0}
        : flow_names_find(ctx->facts, values[CONN_UID].text, &has_tls);
    bool is_kept =
        is_text(&values[CONN_PROTO], "tcp") || (has_tls && is_text(&values[CONN_PROTO], "udp"));
    if (!is_kept) {
        return NLT_ROW_IGNORED;
    }
    int64_t ts = 0;
    int64_t duration = 0;
    if (!zeek_time(&values[CONN_TS], &ts)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (values[CONN_ID + ID_C_IP].kind == ZEEK_ABSENT || !are_addresses(&values[CONN_ID])) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!zeek_interval(&values[CONN_DURATION], &duration)
        || __builtin_add_overflow(ts, duration, &duration)
        || !put_numbers(out, conn_numbers, FIELD_COUNT(conn_numbers), values)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    put_time(out, NLT_FLOW_TIME_START, ts);
    put_time(out, NLT_FLOW_TIME_END, duration);
    zeek_put(out, NLT_FLOW_C_IP, &values[CONN_ID + ID_C_IP], ctx);
    zeek_put(out, NLT_FLOW_S_IP, &values[CONN_ID + ID_S_IP], ctx);
    if (nlt_wants(out, NLT_FLOW_NAME)) {
        put_flow_name(out, name, &values[CONN_ID + ID_S_IP]);
    }
    return NLT_ROW_USED;
}

/* The names of the flows that come are wanted soon. */
static void conn_ahead(nlt_line_ctx *ctx, const nlt_bytes *lines, const nlt_cuts *cuts, int n)
{
    const zeek_state *state = ctx->state;
    nlt_bytes uids[NLT_AHEAD_MAX];
    int32_t column = nlt__columns_find(&state->columns, CONN_UID);
    if (column < 0 || !nlt__columns_are_cut(&state->separator, cuts)) {
        return;
    }
    for (int i = 0; i < n; i++) {
        bool is_there = (uint32_t)column < cuts[i].n;
        uids[i] = is_there ? nlt__cuts_column(&cuts[i], lines[i].ptr, (uint32_t)column)
                           : (nlt_bytes){"", 0};
    }
    flow_names_expect(ctx->facts, uids, n);
}

/* ---- connectors ---- */

#define PROBE(name, shape)                                                                         \
    static int name##_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)     \
    {                                                                                              \
        return zeek_probe(&name##_log, &(shape), sample, state, finding);                          \
    }

PROBE(dns, zeek_dns_shape)
PROBE(http, zeek_http_shape)
PROBE(conn, zeek_conn_shape)
PROBE(ssl_name, zeek_ssl_shape)

#define LAYOUTS(log) "%Y-%m-%d/" log ".*.log", "%Y-%m-%d/" log ".log", log ".log"

static const char *const dns_layouts[] = {LAYOUTS("dns")};
static const char *const http_layouts[] = {LAYOUTS("http")};
static const char *const conn_layouts[] = {LAYOUTS("conn")};
static const char *const ssl_layouts[] = {LAYOUTS("ssl")};

#define ZEEK_NOTE                                                                                  \
    "TSV with #fields in any order, or JSON lines. Days are the sensor's local days, times are UTC."

#define ZEEK_MARKING                                                                               \
    {                                                                                              \
        NLT_MARKING_EACH,                                                                          \
        {                                                                                          \
            '\t', '\t'                                                                             \
        }                                                                                          \
    }

static const nlt_connector http_names = {
    .class_name = "http",
    .tool = "Zeek",
    .table = &nlt_table_http,
    .layouts = http_layouts,
    .n_layouts = FIELD_COUNT(http_layouts),
    .line = http_name_line,
    .header_mark = '#',
    .marking = ZEEK_MARKING,
    .state_size = sizeof(zeek_state),
    .stem = "http",
};

static const nlt_connector ssl_names = {
    .class_name = "ssl",
    .tool = "Zeek",
    .table = &nlt_table_http,
    .layouts = ssl_layouts,
    .n_layouts = FIELD_COUNT(ssl_layouts),
    .line = ssl_name_line,
    .probe = ssl_name_probe,
    .header_mark = '#',
    .marking = ZEEK_MARKING,
    .state_size = sizeof(zeek_state),
    .stem = "ssl",
};

static const nlt_connector *const flow_tellers[] = {&http_names, &ssl_names};

/* ---- the same where no process sees all files ---- */

extern const nlt_connector nlt_connector_zeek_named_flows;

static nlt_row flow_apart(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    return nlt__flow_apart_line(&nlt_connector_zeek_named_flows, ctx, line, out);
}

#define APART(line_function)                                                                       \
    {                                                                                              \
        .class_name = "connectors.bro_to_named_flows.Bro_To_Named_Flows", .tool = "Zeek",          \
        .table = &nlt_table_named_flows, .line = (line_function), .header_mark = '#',              \
        .state_size = sizeof(zeek_state), .facts = &flow_names_tap_facts,                          \
        .pairing = &nlt__flow_apart_pairing                                                        \
    }

static const nlt_connector http_names_apart = APART(http_name_line);
static const nlt_connector ssl_names_apart = APART(ssl_name_line);
static const nlt_connector flows_apart = APART(flow_apart);
static const nlt_connector *const all_apart[] = {&http_names_apart, &ssl_names_apart, &flows_apart};

const nlt_connector nlt_connector_zeek_dns = {
    .class_name = "connectors.bro_to_DNS.Bro_To_DNS",
    .alias = "zeek:DNS",
    .tool = "Zeek",
    .table = &nlt_table_dns,
    .layouts = dns_layouts,
    .n_layouts = FIELD_COUNT(dns_layouts),
    .line = zeek_dns_line,
    .is_repeatable = true,
    .probe = dns_probe,
    .header_mark = '#',
    .marking = ZEEK_MARKING,
    .state_size = sizeof(zeek_state),
    .summary = "Zeek (Bro) dns.log: one row per transaction",
    .note = ZEEK_NOTE,
};

const nlt_connector nlt_connector_zeek_http = {
    .class_name = "connectors.bro_to_HTTP.Bro_To_HTTP",
    .alias = "zeek:HTTP",
    .tool = "Zeek",
    .table = &nlt_table_http,
    .layouts = http_layouts,
    .n_layouts = FIELD_COUNT(http_layouts),
    .line = zeek_http_line,
    .is_repeatable = true,
    .probe = http_probe,
    .header_mark = '#',
    .marking = ZEEK_MARKING,
    .state_size = sizeof(zeek_state),
    .summary = "Zeek (Bro) http.log: one row per request",
    .note = ZEEK_NOTE " The log has no response time: it equals the request's.",
};

const nlt_connector nlt_connector_zeek_named_flows = {
    .class_name = "connectors.bro_to_named_flows.Bro_To_Named_Flows",
    .alias = "zeek:NamedFlows",
    .tool = "Zeek",
    .table = &nlt_table_named_flows,
    .layouts = conn_layouts,
    .n_layouts = FIELD_COUNT(conn_layouts),
    .line = zeek_flow_line,
    .ahead = conn_ahead,
    .probe = conn_probe,
    .header_mark = '#',
    .marking = ZEEK_MARKING,
    .state_size = sizeof(zeek_state),
    .tellers = flow_tellers,
    .n_tellers = FIELD_COUNT(flow_tellers),
    .facts = &flow_names_facts,
    .apart = all_apart,
    .stem = "conn",
    .summary =
        "Zeek (Bro) conn.log with the names that http.log and ssl.log tell: one row per flow",
    .note = ZEEK_NOTE " TCP, and UDP with a TLS name (QUIC).",
};
