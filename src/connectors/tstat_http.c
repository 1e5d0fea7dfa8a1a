/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tstat log_http_complete: requests and responses of all connections in one log, each kind of line
 * with a header of its own; one row per request.
 *
 * A response belongs to the oldest request of its connection that has none (HTTP pipelining). */

#include <stddef.h>

#include "connectors/open_rows.h"
#include "connectors/tstat.h"
#include "connectors/tstat_probe.h"
#include "core/alloc.h"
#include "core/assert.h"

enum { HTTP_TIME = TSTAT_ID_FIELDS, HTTP_KIND, HTTP_REQUIRED };

enum { REQ_HOST = HTTP_REQUIRED, REQ_PATH, REQ_REFERRER, REQ_USER_AGENT, REQ_COOKIE, REQ_FIELDS };

enum {
    RESP_STATUS = HTTP_REQUIRED,
    RESP_LEN,
    RESP_TYPE,
    RESP_SERVER,
    RESP_RANGE,
    RESP_SET_COOKIE,
    RESP_FIELDS
};

/* A request's method; a response has "HTTP" there. */
static const tstat_log request_log = {'\t', REQ_FIELDS, HTTP_REQUIRED,
    {"c_ip", "c_port", "s_ip", "s_port", "time_abs", "method", "hostname", "path", "referer",
        "user_agent", "cookie"}};

static const tstat_log response_log = {'\t', RESP_FIELDS, HTTP_REQUIRED,
    {"c_ip", "c_port", "s_ip", "s_port", "time_abs", "HTTP", "response", "content_len",
        "content_type", "server", "range", "set_cookie"}};

/* The first two texts are the addresses. */
enum { TEXT_KEY = 2 };

typedef struct text_field {
    int field;
    int column;
} text_field;

static const text_field request_texts[TSTAT_TEXTS] = {{TSTAT_C_IP, NLT_HTTP_C_IP},
    {TSTAT_S_IP, NLT_HTTP_S_IP}, {HTTP_KIND, NLT_HTTP_METHOD}, {REQ_HOST, NLT_HTTP_HOST},
    {REQ_PATH, NLT_HTTP_PATH}, {REQ_REFERRER, NLT_HTTP_REFERRER},
    {REQ_USER_AGENT, NLT_HTTP_USER_AGENT}, {REQ_COOKIE, NLT_HTTP_REQ_COOKIE}};

enum { RESPONSE_TEXTS = 6 };

static const text_field response_texts[RESPONSE_TEXTS] = {{TSTAT_C_IP, NLT_HTTP_C_IP},
    {TSTAT_S_IP, NLT_HTTP_S_IP}, {RESP_TYPE, NLT_HTTP_CONTENT_TYPE}, {RESP_SERVER, NLT_HTTP_SERVER},
    {RESP_RANGE, NLT_HTTP_CONTENT_RANGE}, {RESP_SET_COOKIE, NLT_HTTP_SET_COOKIE}};

enum { NUMBER_STATUS, NUMBER_LEN };

/* ---- lines ---- */

typedef enum http_kind {
    HTTP_REQUEST,
    HTTP_RESPONSE,
    HTTP_CONTINUED /* a later part of a message */
} http_kind;

/* One kind of lines, as its header tells. */
typedef struct http_side {
    nlt_columns columns;
    int32_t kind_column;
} http_side;

typedef struct http_state {
    http_side requests;
    http_side responses;
} http_state;

static void take_side(const tstat_log *log, http_side *side, nlt_bytes names)
{
    tstat_take_header(log, &side->columns, names);
    for (int i = 0; i < side->columns.n_needs; i++) {
        if (side->columns.needs[i].field == HTTP_KIND) {
            side->kind_column = side->columns.needs[i].column;
        }
    }
}

static void take_header(http_state *state, nlt_bytes line)
{
    nlt_bytes tag;
    nlt_bytes names = tstat_header_names(line, &tag);
    if (tstat_is(tag, "C")) {
        take_side(&request_log, &state->requests, names);
    } else if (tstat_is(tag, "S")) {
        take_side(&response_log, &state->responses, names);
    }
}

/* What a line has where this side tells its kind; len = 0: nothing. */
static nlt_bytes kind_word(const http_side *side, nlt_bytes line)
{
    static const nlt_separator tab = {.len = 1, .bytes = {'\t'}};
    return nlt__columns_one(&side->columns, &tab, line, HTTP_KIND);
}

static http_kind kind_of(const http_state *state, nlt_bytes line)
{
    static const struct {
        const char *word;
        http_kind kind;
    } words[] = {{"HTTP", HTTP_RESPONSE}, {"RES2", HTTP_CONTINUED}, {"REQ2", HTTP_CONTINUED}};
    const http_side *sides[] = {&state->responses, &state->requests};
    bool are_alike = sides[0]->columns.is_known && sides[1]->columns.is_known
        && sides[0]->kind_column == sides[1]->kind_column;
    for (int i = 0; i < (are_alike ? 1 : 2); i++) {
        nlt_bytes word = kind_word(sides[i], line);
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
            if (tstat_is(word, words[j].word)) {
                return words[j].kind;
            }
        }
    }
    return HTTP_REQUEST;
}

/* Seconds; above 1e11 they are milliseconds. */
static bool parse_time(nlt_bytes text, int64_t *ns)
{
    const int64_t most = INT64_C(100000000000) * 1000000;
    const size_t behind = 7; /* a point and six decimals */
    if (!nlt__field_millionths(text, ns)) {
        return false;
    }
    if (*ns > most) {
        return true;
    }
    return text.len > behind && text.ptr[text.len - behind] == '.'
        ? !__builtin_mul_overflow(*ns, 1000, ns)
        : nlt__parse_fixed(text, 9, ns);
}

static nlt_bytes trim(nlt_bytes text)
{
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* A header's number, which may be padded, or missing. */
static bool parse_number(nlt_bytes text, int64_t *number)
{
    text = trim(text);
    *number = TSTAT_ABSENT;
    return tstat_is_missing(text) || tstat_number(text, INT64_MAX, number);
}

static bool parse_response(const nlt_bytes *values, tstat_parts *parts)
{
    int64_t *status = &parts->numbers[NUMBER_STATUS];
    if (!parse_number(values[RESP_STATUS], status)
        || !parse_number(values[RESP_LEN], &parts->numbers[NUMBER_LEN])) {
        return false;
    }
    *status = *status == 0 ? TSTAT_ABSENT : *status;
    return true;
}

/* The texts of the key are always kept. */
static void take_texts(tstat_parts *parts, const text_field *texts, int n, const nlt_bytes *values,
    const nlt_builder *out)
{
    parts->kept = ((UINT32_C(1) << TEXT_KEY) - 1) | (out->is_clean ? TSTAT_CLEAN : 0);
    for (int i = 0; i < n; i++) {
        nlt_bytes text = values[texts[i].field];
        parts->texts[i] = nlt__is_dash(text) ? (nlt_bytes){NULL, 0} : text;
        parts->kept |= (uint32_t)nlt_wants(out, texts[i].column) << i;
    }
}

static nlt_row tstat_http_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    http_state *state = ctx->state;
    if (line.ptr[0] == '#') {
        take_header(state, line);
        return NLT_ROW_IGNORED;
    }
    http_kind kind = kind_of(state, line);
    if (kind == HTTP_CONTINUED || tstat_is_blank(line)) {
        return NLT_ROW_IGNORED;
    }
    bool is_request = kind == HTTP_REQUEST;
    const nlt_columns *columns = is_request ? &state->requests.columns : &state->responses.columns;
    nlt_bytes values[TSTAT_FIELDS_MAX];
    if (!tstat_split(is_request ? &request_log : &response_log, columns, line, values)) {
        return nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
    }
    int64_t time = 0;
    tstat_parts parts = {0};
    if (!parse_time(values[HTTP_TIME], &time)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (!tstat_are_addresses(values)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!tstat_ports(values, parts.ports) || !(is_request || parse_response(values, &parts))) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    take_texts(&parts, is_request ? request_texts : response_texts,
        is_request ? TSTAT_TEXTS : RESPONSE_TEXTS, values, out);
    return tstat_put_record(ctx, &parts, TEXT_KEY, (uint32_t)(ctx->row_key >> 40), kind, time);
}

/* ---- rows ---- */

/* A request that has no response yet. The oldest of a connection is open; it knows the others. */
typedef struct request {
    nlt_open_row open;
    struct request *last; /* of the connection; of no meaning where this is not the oldest */
    tstat_kept line;      /* next: that of the next request; its body lies behind */
} request;

static request *request_of(tstat_kept *line)
{
    return line == NULL ? NULL : (request *)(void *)((char *)line - offsetof(request, line));
}

static void put_time(nlt_builder *out, int column, int64_t ns)
{
    if (nlt_wants(out, column)) {
        nlt_put_double(out, column, nlt__seconds_from_ns(ns));
    }
}

static void put_request(nlt_builder *out, const tstat_kept *line)
{
    put_time(out, NLT_HTTP_REQ_TIME, line->time);
    nlt_put_i64(out, NLT_HTTP_C_PORT, line->body->ports[0]);
    nlt_put_i64(out, NLT_HTTP_S_PORT, line->body->ports[1]);
    for (int i = 0; i < TSTAT_TEXTS; i++) {
        tstat_put_text(out, request_texts[i].column, line->body, i);
    }
}

static void put_number(nlt_builder *out, int column, int64_t number)
{
    if (number != TSTAT_ABSENT) {
        nlt_put_i64(out, column, number);
    }
}

static void put_response(nlt_builder *out, const nlt_record *response)
{
    const tstat_body *body = tstat_record_body(response);
    put_time(out, NLT_HTTP_RESP_TIME, response->time);
    put_number(out, NLT_HTTP_STATUS_CODE, body->numbers[NUMBER_STATUS]);
    put_number(out, NLT_HTTP_RESPONSE_BODY_LEN, body->numbers[NUMBER_LEN]);
    for (int i = TEXT_KEY; i < RESPONSE_TEXTS; i++) {
        tstat_put_text(out, response_texts[i].column, body, i);
    }
}

static void free_connection(nlt_open_row *row)
{
    for (request *first = (request *)row; first != NULL;) {
        request *next = request_of(first->line.next);
        nlt_free(first);
        first = next;
    }
}

/* Puts the row of a connection's oldest request; the next one is the oldest then. */
static void end_request(
    nlt_open_rows *rows, request *first, const nlt_record *response, nlt_builder *out)
{
    put_request(out, &first->line);
    if (response != NULL) {
        put_response(out, response);
    }
    (void)nlt__row_end(out, first->line.row_key);
    request *next = request_of(first->line.next);
    nlt__open_rows_remove(rows, &first->open);
    if (next != NULL) {
        next->last = first->last;
        bool is_added = nlt__open_rows_add(rows, &next->open, first->open.hash, first->open.time);
        NLT_ASSERT(is_added); /* the place of one that was removed */
    }
    nlt_free(first);
}

/* ---- pairing ---- */

static nlt_status http_open(const nlt_builder *out, void **state, nlt_error *err)
{
    (void)out;
    *state = nlt_alloc_zero(1, sizeof(nlt_open_rows));
    return *state != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static void http_close(void *state)
{
    if (state != NULL) {
        nlt__open_rows_clear(state, free_connection);
    }
    nlt_free(state);
}

static bool is_of_key(const nlt_open_row *row, const void *key)
{
    return tstat_has_same_key(((const request *)row)->line.body, key, TEXT_KEY);
}

/* A request behind those of its connection; first = NULL: there are none. */
static bool add_request(nlt_open_rows *rows, request *first, const nlt_record *record)
{
    request *added = nlt_alloc(sizeof *added + record->len);
    if (added == NULL) {
        return false;
    }
    tstat_keep(record, &added->line, added + 1);
    if (first != NULL) {
        first->last->line.next = &added->line;
        first->last = added;
        return true;
    }
    added->last = added;
    if (!nlt__open_rows_add(rows, &added->open, record->hash, record->time)) {
        nlt_free(added);
        return false;
    }
    return true;
}

/* A request may be answered until its file ends. */
static bool http_expire(void *state, int64_t now, nlt_builder *out)
{
    nlt_open_rows *rows = state;
    while (now == INT64_MAX && rows->oldest != NULL) {
        if (nlt__is_full(out)) {
            return true;
        }
        end_request(rows, (request *)rows->oldest, NULL, out);
    }
    return false;
}

static nlt_row http_take(void *state, const nlt_record *record, nlt_builder *out)
{
    request *first =
        (request *)nlt__open_rows_find(state, record->hash, is_of_key, tstat_record_body(record));
    if (record->kind == HTTP_RESPONSE) {
        if (first == NULL) {
            return NLT_ROW_IGNORED;
        }
        end_request(state, first, record, out);
        return NLT_ROW_USED;
    }
    if (!add_request(state, first, record)) {
        out->failed = NLT_ERR_NOMEM;
    }
    return NLT_ROW_USED;
}

static const nlt_pairing http_pairing = {.is_by_file = true,
    .open = http_open,
    .close = http_close,
    .expire = http_expire,
    .take = http_take};

static int http_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)
{
    const http_state *seen = state;
    (void)sample;
    return tstat_probe_http((const tstat_log *const[]){&request_log, &response_log},
        (const nlt_columns *const[]){&seen->requests.columns, &seen->responses.columns}, finding);
}

static const char *const http_layouts[] = {"*/*/%Y_%m_%d_*/log_http_complete"};

const nlt_connector nlt_connector_tstat_http = {
    .class_name = "connectors.tstat_to_HTTP.Tstat_To_HTTP",
    .alias = "tstat:HTTP",
    .tool = "Tstat",
    .table = &nlt_table_http,
    .layouts = http_layouts,
    .n_layouts = 1,
    .line = tstat_http_line,
    .probe = http_probe,
    .header_mark = '#',
    .state_size = sizeof(http_state),
    .pairing = &http_pairing,
    .summary = "Tstat log_http_complete: one row per request, with its response",
    .note = "Responses are found within the request's file. Days are those in the names of the "
            "runs' folders: the probe's local days.",
};
