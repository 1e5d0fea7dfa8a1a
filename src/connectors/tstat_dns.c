/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tstat log_dns_complete: a line per question, per answer record, per error; one row per
 * transaction.
 *
 * A transaction is what the two ends say under one id with no pause of more than a minute. It also
 * ends where something else is asked after a response. */

#include "connectors/name.h"
#include "connectors/open_rows.h"
#include "connectors/tstat.h"
#include "connectors/tstat_probe.h"
#include "core/alloc.h"
#include "core/num.h"

#define GAP_NS INT64_C(60000000000)

enum {
    DNS_TIME = TSTAT_ID_FIELDS,
    DNS_ENTRY,
    DNS_TRANS_ID,
    DNS_QUERY,
    DNS_TTL,
    DNS_CLASS,
    DNS_TYPE,
    DNS_ANSWER,
    DNS_FLAGS,
    DNS_FIELDS
};

static const tstat_log dns_log = {' ', DNS_FIELDS, DNS_FIELDS,
    {"c_ip", "c_port", "s_ip", "s_port", "time", "entry", "trans_id", "query", "ttl", "class",
        "type", "answer", "flags"}};

/* What the log calls the kinds of its lines. */
typedef enum dns_kind { DNS_REQ, DNS_RESP, DNS_RESP_ERR, DNS_KINDS } dns_kind;

static const char *const entries[DNS_KINDS] = {"REQ", "RESP", "RESP_ERR"};

/* ---- lines ---- */

enum { NUMBER_FLAGS, NUMBER_TTL };
enum {
    TEXT_C_IP,
    TEXT_S_IP,
    TEXT_TRANS_ID,
    TEXT_KEY,
    TEXT_QUERY = TEXT_KEY,
    TEXT_CLASS,
    TEXT_TYPE,
    TEXT_ANSWER,
    TEXT_COUNT
};

static const int text_fields[TEXT_COUNT] = {
    TSTAT_C_IP, TSTAT_S_IP, DNS_TRANS_ID, DNS_QUERY, DNS_CLASS, DNS_TYPE, DNS_ANSWER};

/* Fields that tell which transaction a line is of, when, and from whom. */
static const int head_fields[] = {
    TSTAT_C_IP, TSTAT_C_PORT, TSTAT_S_IP, TSTAT_S_PORT, DNS_TIME, DNS_ENTRY, DNS_TRANS_ID};

enum { HEAD_MAX = 256 };

/* The lines of a response follow each other and begin alike: but for the first, they add answers
 * and nothing else. */
typedef struct dns_lines {
    nlt_columns columns;
    bool has_head;   /* the columns tell it */
    int head_field;  /* the last column of it */
    size_t head_len; /* of the response that was used last, with the separator behind it; 0: none */
    char head[HEAD_MAX];
} dns_lines;

static bool wants_answers(const nlt_builder *out)
{
    return nlt_wants(out, NLT_DNS_ANSWERS) || nlt_wants(out, NLT_DNS_ANSWER_TYPES)
        || nlt_wants(out, NLT_DNS_ANSWER_TTLS);
}

static int32_t column_of(const nlt_columns *columns, int field)
{
    int i = 0;
    while (columns->needs[i].field != field) {
        i++;
    }
    return columns->needs[i].column;
}

static void find_head(dns_lines *lines)
{
    int32_t last = -1;
    lines->head_len = 0;
    lines->has_head = lines->columns.is_known;
    for (size_t i = 0; lines->has_head && i < sizeof head_fields / sizeof head_fields[0]; i++) {
        int32_t column = column_of(&lines->columns, head_fields[i]);
        if (column > last) {
            last = column;
            lines->head_field = head_fields[i];
        }
    }
    lines->has_head = lines->has_head && last + 1 < lines->columns.n;
}

static void keep_head(dns_lines *lines, nlt_bytes line, const nlt_bytes *values)
{
    const nlt_bytes *last = &values[lines->head_field];
    size_t len = (size_t)(last->ptr - line.ptr) + last->len + 1;
    lines->head_len = lines->has_head && len <= HEAD_MAX ? len : 0;
    memcpy(lines->head, line.ptr, lines->head_len);
}

static bool has_same_head(const dns_lines *lines, nlt_bytes line)
{
    return lines->head_len > 0 && line.len >= lines->head_len
        && memcmp(line.ptr, lines->head, lines->head_len) == 0;
}

static dns_kind kind_of(nlt_bytes entry)
{
    int kind = 0;
    while (kind < DNS_KINDS && !tstat_is(entry, entries[kind])) {
        kind++;
    }
    return (dns_kind)kind;
}

/* "0x0c" */
static bool parse_flags(nlt_bytes text, int64_t *flags)
{
    enum { DIGITS_MAX = 8 };
    bool has_prefix = text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] | 0x20) == 'x';
    size_t i = has_prefix ? 2 : 0;
    *flags = 0;
    if (text.len == i || text.len - i > DIGITS_MAX) {
        return false;
    }
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        char lower = (char)(c | 0x20);
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (lower < 'a' || lower > 'f')) {
            return false;
        }
        *flags = *flags * 16 + (is_digit ? c - '0' : lower - 'a' + 10);
    }
    return true;
}

/* Only a RESP has a TTL. */
static bool parse_ttl(nlt_bytes text, dns_kind kind, int64_t *ttl)
{
    *ttl = TSTAT_ABSENT;
    return (kind != DNS_RESP && tstat_is_missing(text)) || tstat_number(text, INT64_MAX, ttl);
}

/* Which texts a record needs besides its key and the name, which tells questions apart. */
static uint32_t texts_to_keep(const nlt_builder *out)
{
    bool has_answers = wants_answers(out);
    bool has_class = nlt_wants(out, NLT_DNS_REQ_CLASS);
    bool has_type = has_answers || nlt_wants(out, NLT_DNS_REQ_TYPE);
    bool has_answer = has_answers || nlt_wants(out, NLT_DNS_RESP_CODE);
    return ((UINT32_C(1) << TEXT_CLASS) - 1) | (uint32_t)has_class << TEXT_CLASS
        | (uint32_t)has_type << TEXT_TYPE | (uint32_t)has_answer << TEXT_ANSWER
        | (out->is_clean ? TSTAT_CLEAN : 0);
}

static nlt_row put_line(
    nlt_line_ctx *ctx, nlt_bytes line, const nlt_bytes *values, const nlt_builder *out)
{
    dns_lines *lines = ctx->state;
    int64_t time = 0;
    tstat_parts parts = {.kept = texts_to_keep(out)};
    dns_kind kind = kind_of(values[DNS_ENTRY]);
    if (kind == DNS_KINDS) {
        return nlt_reject(ctx, NLT_REJECT_OTHER);
    }
    if (!tstat_ms(values[DNS_TIME], &time)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (!tstat_are_addresses(values)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!tstat_ports(values, parts.ports)
        || !parse_flags(values[DNS_FLAGS], &parts.numbers[NUMBER_FLAGS])
        || !parse_ttl(values[DNS_TTL], kind, &parts.numbers[NUMBER_TTL])) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    for (int i = 0; i < TEXT_COUNT; i++) {
        nlt_bytes text = values[text_fields[i]];
        parts.texts[i] = nlt__is_dash(text) ? (nlt_bytes){NULL, 0} : text;
    }
    nlt_row row = tstat_put_record(ctx, &parts, TEXT_KEY, 0, (uint32_t)kind, time);
    lines->head_len = 0;
    if (row == NLT_ROW_USED && kind == DNS_RESP && !wants_answers(out)) {
        keep_head(lines, line, values);
    }
    return row;
}

static nlt_row tstat_dns_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    dns_lines *lines = ctx->state;
    nlt_bytes values[TSTAT_FIELDS_MAX];
    nlt_row row = tstat_fields(&dns_log, &lines->columns, ctx, line, values);
    if (row != NLT_ROW_USED) {
        if (row == NLT_ROW_IGNORED) {
            find_head(lines);
        }
        return row;
    }
    int64_t number = 0;
    bool adds_nothing = has_same_head(lines, line) && line.len < NLT_RECORD_MAX / 2
        && parse_flags(values[DNS_FLAGS], &number) && parse_ttl(values[DNS_TTL], DNS_RESP, &number);
    return adds_nothing ? NLT_ROW_USED : put_line(ctx, line, values, out);
}

/* ---- rows ---- */

typedef struct transaction {
    nlt_open_row open;
    bool has_request;
    bool has_response;
    tstat_kept *last;
    tstat_kept
        first; /* behind it the first of the other side, and all answers; its body lies behind */
} transaction;

typedef struct dns_state {
    nlt_open_rows open;
    bool wants_answers;
    bool wants_response; /* or what else the first response tells */
} dns_state;

/* The text in lower case, without last dot; if there is one. */
static bool normalised(nlt_builder *out, nlt_bytes *text)
{
    nlt_bytes domain = nlt__domain_normalise(&out->arena, *text);
    if (domain.ptr == NULL) {
        out->failed = NLT_ERR_NOMEM;
        return false;
    }
    *text = domain;
    return true;
}

/* Blanks in the data of a record are logged as TABs. */
static bool with_blanks(nlt_builder *out, nlt_bytes *text)
{
    if (text->len == 0 || memchr(text->ptr, '\t', text->len) == NULL) {
        return true;
    }
    char *copy = nlt__arena_copy(&out->arena, *text);
    if (copy == NULL) {
        out->failed = NLT_ERR_NOMEM;
        return false;
    }
    for (size_t i = 0; i < text->len; i++) {
        copy[i] = copy[i] == '\t' ? ' ' : copy[i];
    }
    *text = (nlt_bytes){copy, text->len};
    return true;
}

static bool is_name_type(nlt_bytes type)
{
    static const char *const types[] = {"CNAME", "NS", "PTR", "DNAME"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (tstat_is(type, types[i])) {
            return true;
        }
    }
    return false;
}

/* An absent text as the dash that it is in the log: items of a list are not NULL. */
static nlt_bytes text_or_dash(const tstat_body *body, int text)
{
    nlt_bytes value = tstat_body_text(body, text);
    return value.ptr != NULL ? value : (nlt_bytes){"-", 1};
}

static void add_answer(nlt_builder *out, const tstat_body *body)
{
    nlt_bytes type = text_or_dash(body, TEXT_TYPE);
    nlt_bytes answer = text_or_dash(body, TEXT_ANSWER);
    nlt_add_i64(out, NLT_DNS_ANSWER_TTLS, body->numbers[NUMBER_TTL]);
    nlt_add_copy(out, NLT_DNS_ANSWER_TYPES, type);
    if (nlt_wants(out, NLT_DNS_ANSWERS) && with_blanks(out, &answer)
        && (!is_name_type(type) || normalised(out, &answer))) {
        nlt_add_copy(out, NLT_DNS_ANSWERS, answer);
    }
}

static void put_name(nlt_builder *out, const tstat_body *body)
{
    nlt_bytes query = tstat_body_text(body, TEXT_QUERY);
    if (query.ptr == NULL || !nlt_wants(out, NLT_DNS_QUERY)) {
        return;
    }
    bool is_clean = (body->present & TSTAT_CLEAN) != 0;
    if (is_clean && query.len > NLT_STR_INLINE) { /* the copy may be changed, or not */
        query.ptr = nlt__arena_copy(&out->arena, query);
    }
    if (query.ptr == NULL) {
        out->failed = NLT_ERR_NOMEM;
    } else if (normalised(out, &query)) {
        is_clean ? nlt_put_clean(out, NLT_DNS_QUERY, query)
                 : nlt_put_copy(out, NLT_DNS_QUERY, query);
    }
}

static void put_ids(nlt_builder *out, const tstat_body *body)
{
    nlt_put_i64(out, NLT_DNS_C_PORT, body->ports[0]);
    nlt_put_i64(out, NLT_DNS_S_PORT, body->ports[1]);
    tstat_put_text(out, NLT_DNS_C_IP, body, TEXT_C_IP);
    tstat_put_text(out, NLT_DNS_S_IP, body, TEXT_S_IP);
    tstat_put_text(out, NLT_DNS_TRANS_ID, body, TEXT_TRANS_ID);
    tstat_put_text(out, NLT_DNS_REQ_CLASS, body, TEXT_CLASS);
    tstat_put_text(out, NLT_DNS_REQ_TYPE, body, TEXT_TYPE);
    put_name(out, body);
}

static void put_response(nlt_builder *out, const tstat_kept *line)
{
    static const char no_error[] = "NOERROR";
    nlt_put_double(out, NLT_DNS_RESP_TIME, nlt__seconds_from_ns(line->time));
    nlt_put_i64(out, NLT_DNS_FLAGS_RESP, line->body->numbers[NUMBER_FLAGS]);
    if (line->kind == DNS_RESP) {
        nlt_put_clean(out, NLT_DNS_RESP_CODE, (nlt_bytes){no_error, sizeof no_error - 1});
    } else {
        tstat_put_text(out, NLT_DNS_RESP_CODE, line->body, TEXT_ANSWER);
    }
}

static void put_lines(nlt_builder *out, const transaction *t)
{
    const tstat_kept *request = NULL;
    const tstat_kept *response = NULL;
    nlt_put_list(out, NLT_DNS_ANSWERS);
    nlt_put_list(out, NLT_DNS_ANSWER_TYPES);
    nlt_put_list(out, NLT_DNS_ANSWER_TTLS);
    for (const tstat_kept *line = &t->first; line != NULL; line = line->next) {
        const tstat_kept **side = line->kind == DNS_REQ ? &request : &response;
        *side = *side == NULL ? line : *side;
        if (line->kind == DNS_RESP) {
            add_answer(out, line->body);
        }
    }
    put_ids(out, t->first.body);
    if (nlt_wants(out, NLT_DNS_REQ_TIME)) {
        int64_t time = request != NULL ? request->time : t->first.time;
        nlt_put_double(out, NLT_DNS_REQ_TIME, nlt__seconds_from_ns(time));
    }
    if (request != NULL) {
        nlt_put_i64(out, NLT_DNS_FLAGS_REQ, request->body->numbers[NUMBER_FLAGS]);
    }
    if (response != NULL) {
        put_response(out, response);
    }
}

static void free_transaction(nlt_open_row *row)
{
    transaction *t = (transaction *)row;
    while (t->first.next != NULL) {
        tstat_kept *line = t->first.next;
        t->first.next = line->next;
        nlt_free(line);
    }
    nlt_free(t);
}

static void end_transaction(dns_state *state, transaction *t, nlt_builder *out)
{
    put_lines(out, t);
    (void)nlt__row_end(out, t->first.row_key);
    nlt__open_rows_remove(&state->open, &t->open);
    free_transaction(&t->open);
}

/* ---- pairing ---- */

static nlt_status dns_open(const nlt_builder *out, void **state, nlt_error *err)
{
    dns_state *opened = nlt_alloc_zero(1, sizeof *opened);
    *state = opened;
    if (opened == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    opened->wants_answers = wants_answers(out);
    opened->wants_response = opened->wants_answers || nlt_wants(out, NLT_DNS_RESP_TIME)
        || nlt_wants(out, NLT_DNS_RESP_CODE) || nlt_wants(out, NLT_DNS_FLAGS_RESP);
    return NLT_OK;
}

static void dns_close(void *state)
{
    if (state != NULL) {
        nlt__open_rows_clear(&((dns_state *)state)->open, free_transaction);
    }
    nlt_free(state);
}

static bool is_of_key(const nlt_open_row *row, const void *key)
{
    return tstat_has_same_key(((const transaction *)row)->first.body, key, TEXT_KEY);
}

static nlt_bytes without_dot(nlt_bytes name)
{
    name.len -= name.len > 1 && name.ptr[name.len - 1] == '.';
    return name;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool has_same_query(const tstat_body *a, const tstat_body *b)
{
    nlt_bytes one = without_dot(tstat_body_text(a, TEXT_QUERY));
    nlt_bytes other = without_dot(tstat_body_text(b, TEXT_QUERY));
    size_t i = 0;
    while (one.len == other.len && i < one.len && lower(one.ptr[i]) == lower(other.ptr[i])) {
        i++;
    }
    return i == one.len && i == other.len;
}

static void mark_side(transaction *t, const nlt_record *record)
{
    *(record->kind == DNS_REQ ? &t->has_request : &t->has_response) = true;
}

/* Keeps what the row will need of one more line. */
static bool add_line(const dns_state *state, transaction *t, const nlt_record *record)
{
    bool is_request = record->kind == DNS_REQ;
    bool is_needed = is_request ? !t->has_request
                                : (!t->has_response && state->wants_response)
            || (record->kind == DNS_RESP && state->wants_answers);
    mark_side(t, record);
    if (!is_needed) {
        return true;
    }
    tstat_kept *line = nlt_alloc(sizeof *line + record->len);
    if (line == NULL) {
        return false;
    }
    tstat_keep(record, line, line + 1);
    t->last->next = line;
    t->last = line;
    return true;
}

static bool begin_transaction(dns_state *state, const nlt_record *record)
{
    transaction *t = nlt_alloc(sizeof *t + record->len);
    if (t == NULL) {
        return false;
    }
    t->has_request = false;
    t->has_response = false;
    t->last = &t->first;
    tstat_keep(record, &t->first, t + 1);
    mark_side(t, record);
    if (!nlt__open_rows_add(&state->open, &t->open, record->hash, record->time)) {
        nlt_free(t);
        return false;
    }
    return true;
}

static bool dns_expire(void *state, int64_t now, nlt_builder *out)
{
    dns_state *s = state;
    nlt_open_row *row = NULL;
    while ((row = nlt__open_rows_expired(&s->open, now, GAP_NS)) != NULL) {
        if (nlt__is_full(out)) {
            return true;
        }
        end_transaction(s, (transaction *)row, out);
    }
    return false;
}

static void dns_fetch(const void *state, uint64_t hash)
{
    nlt__open_rows_fetch(&((const dns_state *)state)->open, hash);
}

static nlt_row dns_take(void *state, const nlt_record *record, nlt_builder *out)
{
    dns_state *s = state;
    const tstat_body *body = tstat_record_body(record);
    transaction *t = (transaction *)nlt__open_rows_find(&s->open, record->hash, is_of_key, body);
    if (t != NULL && t->has_response && record->kind == DNS_REQ
        && !has_same_query(t->first.body, body)) {
        end_transaction(s, t, out);
        t = NULL;
    }
    bool is_taken = false;
    if (t == NULL) {
        is_taken = begin_transaction(s, record);
    } else {
        nlt__open_rows_touch(&s->open, &t->open, record->time);
        is_taken = add_line(s, t, record);
    }
    if (!is_taken) {
        out->failed = NLT_ERR_NOMEM;
    }
    return NLT_ROW_USED;
}

static const nlt_pairing dns_pairing = {.open = dns_open,
    .close = dns_close,
    .expire = dns_expire,
    .take = dns_take,
    .fetch = dns_fetch};

static int dns_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)
{
    (void)sample;
    return tstat_probe_dns(&dns_log, state, finding);
}

static const char *const dns_layouts[] = {"*/*/%Y_%m_%d_*/log_dns_complete"};

const nlt_connector nlt_connector_tstat_dns = {
    .class_name = "connectors.tstat_to_DNS.Tstat_To_DNS",
    .alias = "tstat:DNS",
    .tool = "Tstat",
    .table = &nlt_table_dns,
    .layouts = dns_layouts,
    .n_layouts = 1,
    .line = tstat_dns_line,
    .probe = dns_probe,
    .header_mark = '#',
    .state_size = sizeof(dns_lines),
    .pairing = &dns_pairing,
    .summary = "Tstat log_dns_complete: one row per transaction",
    .note =
        "With 13 or 22 columns. A response without answers leaves no line in this log: it looks "
        "like none. Days are those in the names of the runs' folders: the probe's local days.",
};
