/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Squid access.log: native, common and combined lines, told apart line by line.
 *
 * Source: squid.conf "logformat squid | common | combined". Squid escapes neither blanks of URLs nor
 * quotes, so a native line is anchored on its hierarchy field and a combined one on the protocol,
 * status and size that end its request. A line is written when its transaction ends: the time in it
 * is the end, the start lies `elapsed` before. */

#define _GNU_SOURCE

#include <string.h>

#include "connectors/connector.h"
#include "connectors/fields.h"
#include "connectors/name.h"
#include "connectors/probe.h"
#include "connectors/url.h"
#include "core/num.h"
#include "core/time.h"

#define SQUID_MARKING                                                                              \
    {                                                                                              \
        NLT_MARKING_BLANKS,                                                                        \
        {                                                                                          \
            ' ', '\t'                                                                              \
        }                                                                                          \
    }

static const nlt_marking squid_marking = SQUID_MARKING;

enum { F_TIME, F_ELAPSED, F_CLIENT, F_STATUS, F_SIZE, F_METHOD, F_URL, F_USER, F_HIERARCHY };
enum { NS_DIGITS = 9, NS_PER_MS = 1000000 };

/* A request as either format tells it. Absent texts have ptr = NULL, or are "-". */
typedef struct squid_request {
    int64_t start_ns, end_ns;
    int64_t status; /* 0: none */
    int64_t size;
    bool has_size;
    nlt_bytes client, method, peer, content_type, referrer, agent;
    nlt_bytes url_text;
    nlt_url url;
} squid_request;

static const nlt_bytes absent = {NULL, 0};

/* An integer, or '-' for none. */
static inline bool parse_integer(nlt_bytes text, int64_t *value, bool *has_value)
{
    *value = 0;
    *has_value = true;
    if (nlt__field_i64(text, value)) {
        return true;
    }
    *has_value = false;
    return nlt__is_dash(text);
}

/* ---- native ---- */

/* CODE/... with CODE = an upper-case letter, then upper-case letters, digits, '_' and ':'. Gives
 * what follows the slash. */
static inline bool is_hierarchy(nlt_bytes field, nlt_bytes *peer)
{
    static const char usual[] = "HIER_DIRECT/";
    const size_t usual_len = sizeof usual - 1;
    if (field.len >= usual_len && memcmp(field.ptr, usual, usual_len) == 0) {
        *peer = (nlt_bytes){field.ptr + usual_len, field.len - usual_len};
        return true;
    }
    if (field.ptr[0] < 'A' || field.ptr[0] > 'Z') {
        return false;
    }
    for (size_t i = 1; i < field.len; i++) {
        char c = field.ptr[i];
        if (c == '/') {
            *peer = (nlt_bytes){field.ptr + i + 1, field.len - i - 1};
            return true;
        }
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= ':') || c == '_')) {
            return false;
        }
    }
    return false;
}

/* The fields that every native line has. */
typedef struct native_head {
    nlt_bytes time, elapsed, client, status, size, method, url, user;
} native_head;

/* Finds the hierarchy field behind the first eight, `url` and `user` being the last ones of them; the
 * URL ends before the field before it. */
static inline bool find_hierarchy(
    nlt_fields *fields, nlt_bytes url, nlt_bytes user, squid_request *request)
{
    nlt_bytes before = url;
    nlt_bytes field;
    while (nlt__fields_next(fields, &field)) {
        if (is_hierarchy(field, &request->peer)) {
            const char *end = before.ptr + before.len;
            request->url_text = (nlt_bytes){url.ptr, (size_t)(end - url.ptr)};
            return true;
        }
        before = user;
        user = field;
    }
    return false;
}

static inline bool parse_native_time(nlt_bytes text, int64_t *ns)
{
    /* What Squid writes: ten digits, a point, three digits. */
    uint64_t high = 0;
    uint64_t low = 0;
    if (text.len == 14 && text.ptr[10] == '.' && nlt__digits8(text.ptr, 6, &high)) {
        uint64_t word = nlt__load_le64(text.ptr + 6);
        word = (word & UINT32_MAX) | word >> 40 << 32; /* without the point */
        if (nlt__word_digits(word, 7, &low)) {
            return !__builtin_mul_overflow((int64_t)(high * 10000000 + low), NS_PER_MS, ns);
        }
    }
    return text.ptr[0] != '-' && nlt__parse_fixed(text, NS_DIGITS, ns);
}

/* RESULT/STATUS */
static inline bool parse_native_status(nlt_bytes field, int64_t *status)
{
    uint64_t three = 0;
    if (field.len > 4 && field.ptr[field.len - 4] == '/'
        && nlt__digits8(field.ptr + field.len - 3, 3, &three)) {
        *status = (int64_t)three;
        return true;
    }
    size_t slash = field.len; /* one behind it */
    while (slash > 0 && field.ptr[slash - 1] != '/') {
        slash--;
    }
    bool has_status = false;
    return slash > 0
        && parse_integer((nlt_bytes){field.ptr + slash, field.len - slash}, status, &has_status);
}

static inline bool parse_native_numbers(const native_head *head, squid_request *request)
{
    int64_t elapsed_ms = 0;
    int64_t elapsed_ns = 0;
    bool has_elapsed = false;
    return parse_integer(head->elapsed, &elapsed_ms, &has_elapsed)
        && !__builtin_mul_overflow(elapsed_ms, NS_PER_MS, &elapsed_ns)
        && !__builtin_sub_overflow(request->end_ns, elapsed_ns, &request->start_ns)
        && parse_integer(head->size, &request->size, &request->has_size)
        && parse_native_status(head->status, &request->status);
}

static inline nlt_row parse_native(nlt_line_ctx *ctx, nlt_fields *fields, squid_request *request)
{
    if (nlt__fields_known(fields) < F_HIERARCHY) {
        return nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
    }
    const native_head head = {nlt__fields_peek(fields, F_TIME), nlt__fields_peek(fields, F_ELAPSED),
        nlt__fields_peek(fields, F_CLIENT), nlt__fields_peek(fields, F_STATUS),
        nlt__fields_peek(fields, F_SIZE), nlt__fields_peek(fields, F_METHOD),
        nlt__fields_peek(fields, F_URL), nlt__fields_peek(fields, F_USER)};
    nlt__fields_skip(fields, F_HIERARCHY);
    if (!find_hierarchy(fields, head.url, head.user, request)) {
        return nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
    }
    if (!parse_native_time(head.time, &request->end_ns)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (!parse_native_numbers(&head, request)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    nlt_bytes type;
    request->content_type = nlt__fields_next(fields, &type) ? type : absent;
    request->peer = request->peer.len > 0 ? request->peer : absent;
    request->client = head.client;
    request->method = head.method;
    request->referrer = absent;
    request->agent = absent;
    return NLT_ROW_USED;
}

/* ---- common and combined ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `n` digits; -1: other bytes. */
static int digits(const char *p, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit(p[i])) {
            return -1;
        }
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

/* "[dd/Mon/yyyy:HH:MM:SS +hhmm]" at the beginning of `text`. */
static bool parse_date(nlt_bytes text, int64_t *ns)
{
    static const char form[] = "[dd/Mon/yyyy:HH:MM:SS +hhmm]";
    const char *p = text.ptr;
    if (text.len < sizeof form - 1 || p[3] != '/' || p[7] != '/' || p[12] != ':' || p[15] != ':'
        || p[18] != ':' || p[21] != ' ' || (p[22] != '+' && p[22] != '-') || p[27] != ']') {
        return false;
    }
    nlt_civil civil = {
        digits(p + 8, 4), nlt__month_from_name((nlt_bytes){p + 4, 3}), digits(p + 1, 2)};
    int hour = digits(p + 13, 2);
    int minute = digits(p + 16, 2);
    int second = digits(p + 19, 2);
    int offset_hour = digits(p + 23, 2);
    int offset_minute = digits(p + 25, 2);
    if (!nlt__civil_is_valid(civil) || hour < 0 || hour > 23 || minute < 0 || minute > 59
        || second < 0 || second > 60 || offset_hour < 0 || offset_minute < 0
        || offset_minute > 59) {
        return false;
    }
    int64_t offset = offset_hour * 3600 + offset_minute * 60;
    int64_t seconds = nlt__days_from_civil(civil) * 86400 + hour * 3600 + minute * 60 + second
        - (p[22] == '-' ? -offset : offset);
    /* Years before 1678 and after 2261 are no times of a log. */
    return !__builtin_mul_overflow(seconds, INT64_C(1000000000), ns);
}

/* Bytes of " PROTO/n.n" that end at `end`; 0: none. */
static size_t protocol_len(const char *begin, const char *end)
{
    const char *p = end;
    const char *minor = p;
    while (p > begin && is_digit(p[-1])) {
        p--;
    }
    if (p == minor || p == begin || p[-1] != '.') {
        return 0;
    }
    const char *major = --p;
    while (p > begin && is_digit(p[-1])) {
        p--;
    }
    if (p == major || p == begin || p[-1] != '/') {
        return 0;
    }
    const char *name = --p;
    while (p > begin && p[-1] >= 'A' && p[-1] <= 'Z') {
        p--;
    }
    return p == name || p == begin || p[-1] != ' ' ? 0 : (size_t)(end - p) + 1;
}

/* A number or '-' and the blank or end behind it; NULL: not there. */
static const char *skip_number(const char *p, const char *end, nlt_bytes *number)
{
    const char *begin = p;
    p += p < end && *p == '-';
    while (p < end && is_digit(*p)) {
        p++;
    }
    *number = (nlt_bytes){begin, (size_t)(p - begin)};
    return p == begin || (p < end && *p != ' ') ? NULL : p;
}

/* ` STATUS SIZE` behind the request; NULL: not there. */
static const char *skip_result(const char *p, const char *end, nlt_bytes *status, nlt_bytes *size)
{
    if (p == end || *p != ' ') {
        return NULL;
    }
    p = skip_number(p + 1, end, status);
    return p == NULL || p == end ? NULL : skip_number(p + 1, end, size);
}

/* The request between `begin` and the first ` PROTO/n.n" STATUS SIZE`; NULL: there is none. */
static const char *find_request(
    const char *begin, const char *end, nlt_bytes *request, nlt_bytes *status, nlt_bytes *size)
{
    for (const char *p = begin; p < end; p++) {
        p = memchr(p, '"', (size_t)(end - p));
        if (p == NULL) {
            break;
        }
        size_t protocol = protocol_len(begin, p);
        const char *rest = protocol == 0 ? NULL : skip_result(p + 1, end, status, size);
        if (rest != NULL) {
            *request = (nlt_bytes){begin, (size_t)(p - begin) - protocol};
            return rest;
        }
    }
    return NULL;
}

/* ` "REFERRER" "AGENT"` with or without a result behind it. */
static void parse_referrer_agent(const char *p, const char *end, squid_request *request)
{
    while (p < end && *p == ' ') {
        p++;
    }
    const char *last = p < end && *p == '"' ? memrchr(p, '"', (size_t)(end - p)) : NULL;
    if (last == NULL || last == p) {
        return;
    }
    p++;
    const char *middle = memmem(p, (size_t)(last + 1 - p), "\" \"", 3);
    const char *referrer_end = middle == NULL ? last : middle;
    request->referrer = (nlt_bytes){p, (size_t)(referrer_end - p)};
    if (middle != NULL && middle + 3 <= last) {
        request->agent = (nlt_bytes){middle + 3, (size_t)(last - middle - 3)};
    }
}

static nlt_row parse_combined(
    nlt_line_ctx *ctx, nlt_bytes line, nlt_bytes client, nlt_bytes date, squid_request *request)
{
    const char *end = line.ptr + line.len;
    const char *p = date.ptr + sizeof "[dd/Mon/yyyy:HH:MM:SS +hhmm]" - 1;
    nlt_bytes text = absent;
    nlt_bytes status = absent;
    nlt_bytes size = absent;
    request->peer = absent;
    request->content_type = absent;
    request->referrer = absent;
    request->agent = absent;
    if (!parse_date((nlt_bytes){date.ptr, (size_t)(end - date.ptr)}, &request->end_ns)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    while (p < end && *p == ' ') {
        p++;
    }
    const char *rest =
        p < end && *p == '"' ? find_request(p + 1, end, &text, &status, &size) : NULL;
    if (rest == NULL) {
        return nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
    }
    bool has_status = false;
    if (!parse_integer(status, &request->status, &has_status)
        || !parse_integer(size, &request->size, &request->has_size)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    const char *blank = memchr(text.ptr, ' ', text.len);
    const char *text_end = text.ptr + text.len;
    const char *method_end = blank == NULL ? text_end : blank;
    request->start_ns = request->end_ns;
    request->client = client;
    request->method = (nlt_bytes){text.ptr, (size_t)(method_end - text.ptr)};
    request->url_text =
        blank == NULL ? absent : (nlt_bytes){blank + 1, (size_t)(text_end - blank - 1)};
    parse_referrer_agent(rest, end, request);
    return NLT_ROW_USED;
}

/* ---- lines ---- */

static inline nlt_row parse_line(nlt_line_ctx *ctx, nlt_bytes line, squid_request *request)
{
    nlt_fields fields;
    nlt__fields_init(&fields, line, &ctx->cuts, &squid_marking);
    unsigned n = nlt__fields_known(&fields);
    if (n == 0 || nlt__fields_peek(&fields, 0).ptr[0] == '#') {
        return NLT_ROW_IGNORED;
    }
    bool is_combined = n > F_STATUS && nlt__fields_peek(&fields, F_STATUS).ptr[0] == '[';
    nlt_row row = is_combined ? parse_combined(ctx, line, nlt__fields_peek(&fields, 0),
                      nlt__fields_peek(&fields, F_STATUS), request)
                              : parse_native(ctx, &fields, request);
    if (row == NLT_ROW_USED && !nlt__url_split(request->url_text, &request->url)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_URL);
    }
    return row;
}

static inline void put_part(nlt_builder *out, int column, nlt_bytes text)
{
    if (text.ptr != NULL) {
        nlt_put_text(out, column, text);
    }
}

static inline bool is_absent(nlt_bytes text)
{
    return text.ptr == NULL || nlt__is_dash(text);
}

static inline void put_field(nlt_builder *out, int column, nlt_bytes text)
{
    if (nlt_wants(out, column) && !is_absent(text)) {
        nlt_put_text(out, column, text);
    }
}

static void put_seconds(nlt_builder *out, int column, int64_t ns)
{
    if (nlt_wants(out, column)) {
        nlt_put_double(out, column, nlt__seconds_from_ns(ns));
    }
}

static nlt_row squid_http_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    squid_request request;
    nlt_row row = parse_line(ctx, line, &request);
    if (row != NLT_ROW_USED) {
        return row;
    }
    put_seconds(out, NLT_HTTP_REQ_TIME, request.start_ns);
    put_seconds(out, NLT_HTTP_RESP_TIME, request.end_ns);
    if (request.status != 0) {
        nlt_put_i64(out, NLT_HTTP_STATUS_CODE, request.status);
    }
    if (request.has_size && request.size >= 0) {
        nlt_put_i64(out, NLT_HTTP_RESPONSE_BODY_LEN, request.size);
    }
    if (request.url.port >= 0) {
        nlt_put_i64(out, NLT_HTTP_S_PORT, request.url.port);
    }
    put_field(out, NLT_HTTP_C_IP, request.client);
    put_field(out, NLT_HTTP_METHOD, request.method);
    put_part(out, NLT_HTTP_HOST, request.url.host);
    put_part(out, NLT_HTTP_PATH, request.url.path);
    put_field(out, NLT_HTTP_S_IP, request.peer);
    put_field(out, NLT_HTTP_CONTENT_TYPE, request.content_type);
    put_field(out, NLT_HTTP_REFERRER, request.referrer);
    put_field(out, NLT_HTTP_USER_AGENT, request.agent);
    return NLT_ROW_USED;
}

static nlt_row squid_named_flows_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    squid_request request;
    nlt_row row = parse_line(ctx, line, &request);
    if (row != NLT_ROW_USED) {
        return row;
    }
    if (nlt__is_dash(request.client)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS); /* a flow has a client */
    }
    nlt_put_text(out, NLT_FLOW_C_IP, request.client);
    put_seconds(out, NLT_FLOW_TIME_START, request.start_ns);
    put_seconds(out, NLT_FLOW_TIME_END, request.end_ns);
    if (request.has_size && request.size >= 0) {
        nlt_put_i64(out, NLT_FLOW_S_BYTES, request.size);
    }
    if (request.url.port >= 0) {
        nlt_put_i64(out, NLT_FLOW_S_PORT, request.url.port);
    }
    put_field(out, NLT_FLOW_S_IP, request.peer);
    if (!nlt__name_put(out, NLT_FLOW_NAME, request.url.host) && !is_absent(request.peer)) {
        (void)nlt__name_put(out, NLT_FLOW_NAME, request.peer);
    }
    return NLT_ROW_USED;
}

static const char *const squid_layouts[] = {"access.log-%Y%m%d"};

#define SQUID_NOTE                                                                                 \
    "The day in a file name is that of the rotation: rows are usually of the day before. Sizes "   \
    "are those of replies with their headers."

const nlt_connector nlt_connector_squid_http = {
    .class_name = "connectors.squid_to_HTTP.Squid_To_HTTP",
    .alias = "squid:HTTP",
    .tool = "Squid",
    .table = &nlt_table_http,
    .layouts = squid_layouts,
    .n_layouts = 1,
    .line = squid_http_line,
    .marking = SQUID_MARKING,
    .is_repeatable = true,
    .probe = squid_probe,
    .summary = "Squid access.log (native, common, combined) as HTTP requests",
    .note = SQUID_NOTE,
};

const nlt_connector nlt_connector_squid_named_flows = {
    .class_name = "connectors.squid_to_named_flows.Squid_To_Named_Flows",
    .alias = "squid:NamedFlows",
    .tool = "Squid",
    .table = &nlt_table_named_flows,
    .layouts = squid_layouts,
    .n_layouts = 1,
    .line = squid_named_flows_line,
    .marking = SQUID_MARKING,
    .is_repeatable = true,
    .probe = squid_probe,
    .summary = "Squid access.log (native, common, combined) as flows with a name",
    .note = SQUID_NOTE,
};
