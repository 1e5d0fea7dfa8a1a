/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BIND query logs (category `queries`), all ages:
 *
 *   [time ][category: ][severity: ]client [@0xPTR ]ADDR#PORT[/key NAME] [(QNAME)]: [view NAME: ]
 *   query: QNAME CLASS TYPE FLAGS (DEST)[ [ECS ...]]
 *
 * The parts in front are found from the word `client` backwards, those behind from `: query: ` on,
 * since names of views hold blanks and everything else may be missing. */

#define _GNU_SOURCE
#include "connectors/connector.h"
#include "connectors/name.h"
#include "connectors/probe.h"
#include "core/ip.h"
#include "core/num.h"
#include "core/simd.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

enum { DAY_S = 86400, PORT_MAX = 65535, FLAG_RD = 8, FLAG_CD = 1 };

/* What lines before tell: only where clocks go back must a file be read in order. */
typedef struct bind_state {
    bool has_time;
    int64_t last_time; /* ns */
    bool has_day;
    nlt_civil day; /* of the last line that had one, and when it begins */
    int64_t day_seconds;
} bind_state;

/* ---- words ---- */

static nlt_bytes skip_blanks(nlt_bytes text)
{
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    return text;
}

/* The next word, which is cut off the text; len = 0: there is none. */
static nlt_bytes next_word(nlt_bytes *text)
{
    *text = skip_blanks(*text);
    const char *blank = text->len == 0 ? NULL : memchr(text->ptr, ' ', text->len);
    nlt_bytes word = {text->ptr, blank == NULL ? text->len : (size_t)(blank - text->ptr)};
    text->ptr += word.len;
    text->len -= word.len;
    return word;
}

/* In the line, which more bytes follow. */
static const char *find(nlt_bytes text, const char *what, size_t len)
{
    const char *last = text.ptr + text.len - len;
    for (const char *at = text.ptr; text.len >= len && at <= last; at += 64) {
        uint64_t bits = nlt__byte_bits(at, what[0]) & nlt__byte_bits(at + len - 1, what[len - 1]);
        for (; bits != 0; bits &= bits - 1) {
            const char *found = at + __builtin_ctzll(bits);
            if (found > last) {
                return NULL;
            }
            if (memcmp(found, what, len) == 0) {
                return found;
            }
        }
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- times ---- */

/* Compares with a shape: 'd' stands for a digit, 'a' for a letter. */
static bool has_shape(nlt_bytes text, const char *shape)
{
    size_t n = strlen(shape);
    if (text.len < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = text.ptr[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool fits = shape[i] == 'd' ? is_digit(c) : shape[i] == 'a' ? is_letter : c == shape[i];
        if (!fits) {
            return false;
        }
    }
    return true;
}

static int number(const char *p, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

/* Seconds since 1970 of a day and "HH:MM:SS" as a clock shows them. */
static bool clock_seconds(const nlt_line_ctx *ctx, nlt_civil day, const char *p, int64_t *local)
{
    bind_state *state = ctx->state;
    if (!state->has_day || state->day.day != day.day || state->day.month != day.month
        || state->day.year != day.year) {
        if (!nlt__civil_is_valid(day)) {
            return false;
        }
        state->has_day = true;
        state->day = day;
        state->day_seconds = nlt__days_from_civil(day) * DAY_S;
    }
    int hour = number(p, 2);
    int minute = number(p + 3, 2);
    int second = number(p + 6, 2);
    *local = state->day_seconds + (int64_t)hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second <= 60;
}

/* False: beyond what ns can tell, about the years 1678 to 2261. */
static bool to_ns(int64_t seconds, int64_t fraction_ns, int64_t *ns)
{
    const int64_t most = INT64_MAX / NS_PER_S - 1;
    *ns = seconds >= -most && seconds <= most ? seconds * NS_PER_S + fraction_ns : 0;
    return seconds >= -most && seconds <= most;
}

/* In a repeated hour the second pass begins where time would go back. */
static bool to_utc(const nlt_line_ctx *ctx, int64_t local, int64_t fraction_ns, int64_t *ns)
{
    bind_state *state = ctx->state;
    int64_t not_before = INT64_MIN;
    if (state->has_time) { /* in whole seconds, rounded up: a fraction may still be later */
        not_before = (state->last_time - fraction_ns + NS_PER_S - 1) / NS_PER_S;
    }
    if (!to_ns(nlt__zone_to_utc(ctx->zone, local, not_before), fraction_ns, ns)) {
        return false;
    }
    if (!nlt__zone_is_fixed(ctx->zone)) {
        state->has_time = true;
        state->last_time = *ns;
    }
    return true;
}

/* ".ddd" at p; returns behind it. */
static const char *milliseconds(const char *p, const char *end, int64_t *ns)
{
    *ns = 0;
    if (end - p < 4 || *p != '.' || !is_digit(p[1]) || !is_digit(p[2]) || !is_digit(p[3])) {
        return p;
    }
    *ns = number(p + 1, 3) * NS_PER_MS;
    return p + 4;
}

/* "2026-11-23T03:29:59.330", then nothing, Z or +01:00. */
static bool iso_time(const nlt_line_ctx *ctx, nlt_bytes word, int64_t *ns)
{
    const char *end = word.ptr + word.len;
    nlt_civil day = {number(word.ptr, 4), number(word.ptr + 5, 2), number(word.ptr + 8, 2)};
    int64_t local = 0;
    int64_t fraction = 0;
    if (!clock_seconds(ctx, day, word.ptr + 11, &local)) {
        return false;
    }
    nlt_bytes zone = {milliseconds(word.ptr + 19, end, &fraction), 0};
    zone.len = (size_t)(end - zone.ptr);
    if (zone.len == 0) {
        return to_utc(ctx, local, fraction, ns);
    }
    if (zone.len == 1 && zone.ptr[0] == 'Z') {
        return to_ns(local, fraction, ns);
    }
    bool is_east = zone.ptr[0] == '+';
    if (zone.len != 6 || !(has_shape(zone, "+dd:dd") || has_shape(zone, "-dd:dd"))) {
        return false;
    }
    int64_t offset = (int64_t)number(zone.ptr + 1, 2) * 3600 + number(zone.ptr + 4, 2) * 60;
    return to_ns(is_east ? local - offset : local + offset, fraction, ns);
}

/* "23-Nov-2026 03:29:59.330": two words, of which `word` is the first. */
static bool classic_time(const nlt_line_ctx *ctx, nlt_bytes word, nlt_bytes clock, int64_t *ns)
{
    nlt_civil day = {number(word.ptr + 7, 4), nlt__month_from_name((nlt_bytes){word.ptr + 3, 3}),
        number(word.ptr, 2)};
    int64_t local = 0;
    int64_t fraction = 0;
    if (!has_shape(clock, "dd:dd:dd") || !clock_seconds(ctx, day, clock.ptr, &local)
        || milliseconds(clock.ptr + 8, clock.ptr + clock.len, &fraction)
            != clock.ptr + clock.len) {
        return false;
    }
    return to_utc(ctx, local, fraction, ns);
}

/* "Nov 23 03:29:59": the year of the file's day, or the one before. False: no day is known. */
static bool syslog_time(const nlt_line_ctx *ctx, nlt_bytes month, nlt_bytes day_word, nlt_bytes clock,
    int64_t *ns)
{
    int64_t day_number = 0;
    int64_t local = 0;
    if (ctx->file_day == NLT_DAY_OPEN || !nlt__parse_i64(day_word, &day_number)
        || day_number < 1 || day_number > 31) {
        return false;
    }
    nlt_civil file = nlt__civil_from_days(ctx->file_day);
    nlt_civil day = {file.year, nlt__month_from_name(month), (int)day_number};
    if (day.month > file.month || (day.month == file.month && day.day > file.day)) {
        day.year--;
    }
    return clock_seconds(ctx, day, clock.ptr, &local) && to_utc(ctx, local, 0, ns);
}

/* A syslog prefix: "Nov 23 03:29:59 host named[123]: ". Cut off `text` if it is there. */
typedef struct syslog_prefix {
    nlt_bytes month, day, clock; /* month.len = 0: none */
} syslog_prefix;

static syslog_prefix cut_syslog(nlt_bytes *text)
{
    syslog_prefix prefix = {0};
    nlt_bytes rest = *text;
    nlt_bytes month = next_word(&rest);
    if (month.len != 3) {
        return prefix;
    }
    nlt_bytes day = next_word(&rest);
    nlt_bytes clock = next_word(&rest);
    if (nlt__month_from_name(month) == 0 || clock.len != 8
        || !has_shape(clock, "dd:dd:dd") || day.len == 0 || !is_digit(day.ptr[0])) {
        return prefix;
    }
    (void)next_word(&rest); /* host */
    (void)next_word(&rest); /* named[123]: */
    *text = rest;
    return (syslog_prefix){month, day, clock};
}

typedef enum time_found { TIME_NONE, TIME_FOUND, TIME_BAD } time_found;

/* The time in what stands before `client`. */
static time_found find_time(const nlt_line_ctx *ctx, nlt_bytes head, int64_t *ns)
{
    syslog_prefix prefix = cut_syslog(&head);
    nlt_bytes word = next_word(&head);
    bool is_good = false;
    if (has_shape(word, "dddd-dd-ddTdd:dd:dd")) {
        is_good = iso_time(ctx, word, ns);
    } else if (word.len == 11 && has_shape(word, "dd-aaa-dddd")) {
        is_good = classic_time(ctx, word, next_word(&head), ns);
    } else if (word.len > 0 && is_digit(word.ptr[0])) {
        return TIME_BAD;
    } else if (prefix.month.len == 0) {
        return TIME_NONE;
    } else {
        return syslog_time(ctx, prefix.month, prefix.day, prefix.clock, ns) ? TIME_FOUND
                                                                            : TIME_NONE;
    }
    return is_good ? TIME_FOUND : TIME_BAD;
}

/* ---- lines ---- */

typedef struct bind_query {
    nlt_bytes head;   /* before `client` */
    nlt_bytes client; /* behind it, up to `: query: ` */
    nlt_bytes rest;   /* behind that */
} bind_query;

/* The word `client ` that `: query: ` follows; false: another kind of line. */
static bool find_parts(nlt_bytes line, bind_query *query)
{
    static const char client[] = "client ";
    static const char mark[] = ": query: ";
    nlt_bytes left = line;
    for (;;) {
        const char *at = find(left, client, sizeof client - 1);
        if (at == NULL) {
            return false;
        }
        const char *behind = at + sizeof client - 1;
        nlt_bytes rest = {behind, (size_t)(line.ptr + line.len - behind)};
        if (at == line.ptr || at[-1] == ' ') {
            const char *found = find(rest, mark, sizeof mark - 1);
            if (found == NULL) {
                return false;
            }
            const char *begin = found + sizeof mark - 1;
            query->head = (nlt_bytes){line.ptr, (size_t)(at - line.ptr)};
            query->client = (nlt_bytes){behind, (size_t)(found - behind)};
            query->rest = (nlt_bytes){begin, (size_t)(line.ptr + line.len - begin)};
            return true;
        }
        left = rest;
    }
}

/* [@0xPTR ]ADDR#PORT[/key] */
static bool split_client(nlt_bytes text, nlt_bytes *address, nlt_bytes *port)
{
    nlt_bytes word = next_word(&text);
    if (word.len > 0 && word.ptr[0] == '@') {
        word = next_word(&text);
    }
    const char *slash = word.len == 0 ? NULL : memchr(word.ptr, '/', word.len);
    word.len = slash == NULL ? word.len : (size_t)(slash - word.ptr);
    if (word.len > 0 && word.ptr[word.len - 1] == ':') { /* old lines: nothing between */
        word.len--;
    }
    const char *hash = word.len == 0 ? NULL : memrchr(word.ptr, '#', word.len);
    if (hash == NULL) {
        return false;
    }
    *address = (nlt_bytes){word.ptr, (size_t)(hash - word.ptr)};
    *port = (nlt_bytes){hash + 1, (size_t)(word.ptr + word.len - hash - 1)};
    return nlt__ip_is_text(*address);
}

/* "(192.0.2.1)"; others give len = 0. */
static nlt_bytes destination(nlt_bytes word)
{
    bool is_there = word.len > 2 && word.ptr[0] == '(' && word.ptr[word.len - 1] == ')';
    nlt_bytes address = {word.ptr + 1, is_there ? word.len - 2 : 0};
    return is_there && nlt__ip_is_text(address) ? address : (nlt_bytes){word.ptr, 0};
}

static void put_flags(nlt_builder *out, nlt_bytes flags)
{
    if (flags.len == 0 || (flags.ptr[0] != '+' && flags.ptr[0] != '-')) {
        return;
    }
    bool is_cd = memchr(flags.ptr, 'C', flags.len) != NULL;
    nlt_put_i64(out, NLT_DNS_FLAGS_REQ,
        (flags.ptr[0] == '+' ? FLAG_RD : 0) | (is_cd ? FLAG_CD : 0));
}

static void put_query(nlt_builder *out, nlt_bytes name)
{
    if (!nlt_wants(out, NLT_DNS_QUERY)) {
        return;
    }
    nlt_bytes domain = nlt__domain_normalise(&out->arena, name);
    if (domain.ptr == NULL) {
        out->failed = NLT_ERR_NOMEM;
    } else {
        nlt_put_text(out, NLT_DNS_QUERY, domain);
    }
}

static nlt_row bind_dns_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    bind_query query;
    if (!find_parts(line, &query)) {
        return NLT_ROW_IGNORED;
    }
    nlt_bytes name = next_word(&query.rest);
    nlt_bytes class = next_word(&query.rest);
    nlt_bytes type = next_word(&query.rest);
    if (type.len == 0) {
        return nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
    }
    int64_t ns = 0;
    time_found time = find_time(ctx, query.head, &ns);
    if (time == TIME_BAD) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    nlt_bytes address = {NULL, 0};
    nlt_bytes port_text = {NULL, 0};
    int64_t port = 0;
    if (!split_client(query.client, &address, &port_text)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!nlt__parse_i64(port_text, &port) || port < 0 || port > PORT_MAX) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    if (time == TIME_FOUND && nlt_wants(out, NLT_DNS_REQ_TIME)) {
        nlt_put_double(out, NLT_DNS_REQ_TIME, nlt__seconds_from_ns(ns));
    }
    nlt_put_text(out, NLT_DNS_C_IP, address);
    nlt_put_i64(out, NLT_DNS_C_PORT, port);
    put_query(out, name);
    nlt_put_text(out, NLT_DNS_REQ_CLASS, class);
    nlt_put_text(out, NLT_DNS_REQ_TYPE, type);
    put_flags(out, next_word(&query.rest));
    nlt_bytes server = destination(next_word(&query.rest));
    if (server.len > 0) {
        nlt_put_text(out, NLT_DNS_S_IP, server);
    }
    nlt_put_list(out, NLT_DNS_ANSWERS);
    nlt_put_list(out, NLT_DNS_ANSWER_TYPES);
    nlt_put_list(out, NLT_DNS_ANSWER_TTLS);
    return NLT_ROW_USED;
}

static bool is_sequential(const nlt_zone *zone)
{
    return !nlt__zone_is_fixed(zone);
}

static const char *const bind_layouts[] = {"bind.log-%Y%m%d"};

const nlt_connector nlt_connector_bind_dns = {
    .class_name = "connectors.bind_to_DNS.Bind_To_DNS",
    .alias = "bind:DNS",
    .tool = "BIND",
    .table = &nlt_table_dns,
    .layouts = bind_layouts,
    .n_layouts = 1,
    .line = bind_dns_line,
    .probe = bind_probe,
    .state_size = sizeof(bind_state),
    .is_sequential = is_sequential,
    .summary = "BIND query log: one row per query, nothing of the responses",
    .note = "The day in a file name is that of the rotation. Times without zone are those of "
            "--timezone (default UTC).",
};
