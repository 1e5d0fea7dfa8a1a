/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BIND query logs (category `queries`), all ages:
 *
 *   [time ][category: ][severity: ]client [@0xPTR ]ADDR#PORT[/key NAME] [(QNAME)]: [view NAME: ]
 *   query: QNAME CLASS TYPE FLAGS (DEST)[ [ECS ...]]
 *
 * The parts in front are told from the word `client` on, those behind from `: query: ` on, since names
 * of views hold blanks and everything else may be missing. */

#include "connectors/connector.h"
#include "connectors/fields.h"
#include "connectors/name.h"
#include "connectors/probe.h"
#include "core/ip.h"
#include "core/num.h"
#include "core/simd.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

enum { DAY_S = 86400, PORT_MAX = 65535, FLAG_RD = 8, FLAG_CD = 1 };

#define BIND_MARKING                                                                               \
    {                                                                                              \
        NLT_MARKING_BLANKS,                                                                        \
        {                                                                                          \
            ' ', ' '                                                                               \
        }                                                                                          \
    }

static const nlt_marking bind_marking = BIND_MARKING;

/* What lines before tell: only where clocks go back must a file be read in order. */
typedef struct bind_state {
    bool has_time;
    int64_t last_time;   /* ns */
    char day_text[12];   /* as the last line that had a day wrote it */
    size_t day_len;      /* 0: none had */
    int64_t day_seconds; /* when it begins */
} bind_state;

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

/* Whether the last line that had a day wrote it so. */
static bool is_last_day(const nlt_line_ctx *ctx, nlt_bytes text)
{
    const bind_state *state = ctx->state;
    return state->day_len == text.len && memcmp(state->day_text, text.ptr, text.len) == 0;
}

/* What `text` means; false: no day of the calendar. */
static bool set_day(const nlt_line_ctx *ctx, nlt_bytes text, nlt_civil day)
{
    bind_state *state = ctx->state;
    if (!nlt__civil_is_valid(day)) {
        return false;
    }
    state->day_len = text.len <= sizeof state->day_text ? text.len : 0;
    memcpy(state->day_text, text.ptr, state->day_len);
    state->day_seconds = nlt__days_from_civil(day) * DAY_S;
    return true;
}

/* Seconds since 1970 of the last day and "HH:MM:SS" as a clock shows them. */
static bool clock_seconds(const nlt_line_ctx *ctx, nlt_bytes clock, int64_t *local)
{
    const bind_state *state = ctx->state;
    uint64_t digits = 0;
    if (clock.len < 8 || clock.ptr[2] != ':' || clock.ptr[5] != ':') {
        return false;
    }
    uint64_t word = nlt__load_le64(clock.ptr);
    word =
        (word & 0xffff) | (word >> 24 & 0xffff) << 16 | word >> 48 << 32; /* without the colons */
    if (!nlt__word_digits(word, 6, &digits)) {
        return false;
    }
    unsigned hour = (unsigned)digits / 10000;
    unsigned minute = (unsigned)digits / 100 % 100;
    unsigned second = (unsigned)digits % 100;
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
    uint64_t ms = 0;
    *ns = 0;
    if (end - p < 4 || *p != '.' || !nlt__digits8(p + 1, 3, &ms)) {
        return p;
    }
    *ns = (int64_t)ms * NS_PER_MS;
    return p + 4;
}

/* "2026-11-23T03:29:59.330", then nothing, Z or +01:00. */
static bool iso_time(const nlt_line_ctx *ctx, nlt_bytes word, int64_t *ns)
{
    const char *end = word.ptr + word.len;
    nlt_bytes day = {word.ptr, 10};
    nlt_civil civil = {number(word.ptr, 4), number(word.ptr + 5, 2), number(word.ptr + 8, 2)};
    int64_t local = 0;
    int64_t fraction = 0;
    if ((!is_last_day(ctx, day) && !set_day(ctx, day, civil))
        || !clock_seconds(ctx, (nlt_bytes){word.ptr + 11, 8}, &local)) {
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

/* "23-Nov-2026 03:29:59.330": two words. */
static bool classic_time(const nlt_line_ctx *ctx, nlt_bytes word, nlt_bytes clock, int64_t *ns)
{
    int64_t local = 0;
    int64_t fraction = 0;
    if (!is_last_day(ctx, word)) {
        nlt_civil day = {number(word.ptr + 7, 4),
            nlt__month_from_name((nlt_bytes){word.ptr + 3, 3}), number(word.ptr, 2)};
        if (!set_day(ctx, word, day)) {
            return false;
        }
    }
    return clock_seconds(ctx, clock, &local)
        && milliseconds(clock.ptr + 8, clock.ptr + clock.len, &fraction) == clock.ptr + clock.len
        && to_utc(ctx, local, fraction, ns);
}

/* The words in front of `client`: those that may tell the time. */
enum { HEAD_MAX = 7, SYSLOG_WORDS = 5 };

typedef struct bind_head {
    nlt_bytes words[HEAD_MAX];
    int n;
} bind_head;

static nlt_bytes head_word(const bind_head *head, int i)
{
    return i < head->n ? head->words[i] : (nlt_bytes){"", 0};
}

/* "Nov 23 03:29:59 host named[123]:" */
static bool is_syslog(const bind_head *head)
{
    nlt_bytes month = head_word(head, 0);
    if (month.len != 3) {
        return false;
    }
    nlt_bytes day = head_word(head, 1);
    nlt_bytes clock = head_word(head, 2);
    return nlt__month_from_name(month) != 0 && clock.len == 8 && has_shape(clock, "dd:dd:dd")
        && day.len > 0 && is_digit(day.ptr[0]);
}

/* The year of the file's day, or the one before. False: no day is known. */
static bool syslog_time(const nlt_line_ctx *ctx, const bind_head *head, int64_t *ns)
{
    int64_t day_number = 0;
    int64_t local = 0;
    nlt_bytes month = head->words[0];
    nlt_bytes day_word = head->words[1];
    if (ctx->file_day == NLT_DAY_OPEN || !nlt__parse_i64(day_word, &day_number) || day_number < 1
        || day_number > 31) {
        return false;
    }
    nlt_civil file = nlt__civil_from_days(ctx->file_day);
    nlt_civil day = {file.year, nlt__month_from_name(month), (int)day_number};
    if (day.month > file.month || (day.month == file.month && day.day > file.day)) {
        day.year--;
    }
    nlt_bytes text = {month.ptr, (size_t)(day_word.ptr + day_word.len - month.ptr)};
    return (is_last_day(ctx, text) || set_day(ctx, text, day))
        && clock_seconds(ctx, head->words[2], &local) && to_utc(ctx, local, 0, ns);
}

typedef enum time_found { TIME_NONE, TIME_FOUND, TIME_BAD } time_found;

/* The time in what stands before `client`. */
static time_found find_time(const nlt_line_ctx *ctx, const bind_head *head, int64_t *ns)
{
    bool has_prefix = is_syslog(head);
    int i = has_prefix ? SYSLOG_WORDS : 0;
    nlt_bytes word = head_word(head, i);
    bool is_good = false;
    if (word.len == 11 && (is_last_day(ctx, word) || has_shape(word, "dd-aaa-dddd"))) {
        is_good = classic_time(ctx, word, head_word(head, i + 1), ns);
    } else if (has_shape(word, "dddd-dd-ddTdd:dd:dd")) {
        is_good = iso_time(ctx, word, ns);
    } else if (word.len > 0 && is_digit(word.ptr[0])) {
        return TIME_BAD;
    } else if (!has_prefix) {
        return TIME_NONE;
    } else {
        return syslog_time(ctx, head, ns) ? TIME_FOUND : TIME_NONE;
    }
    return is_good ? TIME_FOUND : TIME_BAD;
}

/* ---- lines ---- */

static bool is_word(nlt_bytes field, const char *word, size_t len)
{
    return field.len == len && memcmp(field.ptr, word, len) == 0;
}

/* The words up to `client`, behind which the line goes on; false: there is none. */
static bool find_client(nlt_fields *fields, const char *end, bind_head *head, const char **behind)
{
    nlt_bytes word;
    head->n = 0;
    while (nlt__fields_next(fields, &word)) {
        if (is_word(word, "client", 6) && word.ptr + word.len < end) {
            *behind = word.ptr + word.len + 1;
            return true;
        }
        if (head->n < HEAD_MAX) {
            head->words[head->n++] = word;
        }
    }
    return false;
}

/* The words from there to `: query: `; false: another kind of line. The first two of them that matter
 * end before it. */
static bool find_query(nlt_fields *fields, const char *behind, const char *end, nlt_bytes client[2])
{
    nlt_bytes word;
    int n = 0;
    client[0] = (nlt_bytes){behind, 0};
    client[1] = (nlt_bytes){behind, 0};
    while (nlt__fields_next(fields, &word)) {
        const char *colon = word.ptr - 2;
        if (is_word(word, "query:", 6) && word.ptr - behind >= 2 && *colon == ':'
            && word.ptr + word.len < end) {
            for (int i = 0; i < n; i++) {
                const char *stop = client[i].ptr + client[i].len;
                client[i].len -= stop > colon ? (size_t)(stop - colon) : 0;
            }
            return true;
        }
        if (n < 2) {
            client[n++] = word;
        }
    }
    return false;
}

/* ADDR#PORT[/key] */
static bool split_client(nlt_bytes word, nlt_bytes *address, nlt_bytes *port)
{
    const char *slash = nlt__find_byte(word.ptr, word.len, '/');
    word.len = slash == NULL ? word.len : (size_t)(slash - word.ptr);
    if (word.len > 0 && word.ptr[word.len - 1] == ':') { /* old lines: nothing between */
        word.len--;
    }
    size_t behind = word.len;
    while (behind > 0 && word.ptr[behind - 1] != '#') {
        behind--;
    }
    if (behind == 0) {
        return false;
    }
    *address = (nlt_bytes){word.ptr, behind - 1};
    *port = (nlt_bytes){word.ptr + behind, word.len - behind};
    return nlt__is_v4_text(address->ptr, address->len) || nlt__ip_is_text(*address);
}

static nlt_bytes next_word(nlt_fields *fields)
{
    nlt_bytes word;
    return nlt__fields_next(fields, &word) ? word : (nlt_bytes){"", 0};
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
    if (!nlt_wants(out, NLT_DNS_FLAGS_REQ) || flags.len == 0
        || (flags.ptr[0] != '+' && flags.ptr[0] != '-')) {
        return;
    }
    bool is_cd = memchr(flags.ptr, 'C', flags.len) != NULL;
    nlt_put_i64(
        out, NLT_DNS_FLAGS_REQ, (flags.ptr[0] == '+' ? FLAG_RD : 0) | (is_cd ? FLAG_CD : 0));
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
    nlt_fields fields;
    bind_head head;
    nlt_bytes client[2];
    const char *behind = NULL;
    const char *end = line.ptr + line.len;
    nlt__fields_init(&fields, line, &ctx->cuts, &bind_marking);
    if (!find_client(&fields, end, &head, &behind) || !find_query(&fields, behind, end, client)) {
        return NLT_ROW_IGNORED;
    }
    nlt_bytes name = next_word(&fields);
    nlt_bytes class = next_word(&fields);
    nlt_bytes type = next_word(&fields);
    if (type.len == 0) {
        return nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
    }
    int64_t ns = 0;
    time_found time = find_time(ctx, &head, &ns);
    if (time == TIME_BAD) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    nlt_bytes address = {NULL, 0};
    nlt_bytes port_text = {NULL, 0};
    int64_t port = 0;
    bool has_pointer = client[0].len > 0 && client[0].ptr[0] == '@';
    if (!split_client(client[has_pointer], &address, &port_text)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!nlt__field_i64(port_text, &port) || port < 0 || port > PORT_MAX) {
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
    put_flags(out, next_word(&fields));
    nlt_bytes server = next_word(&fields);
    server = nlt_wants(out, NLT_DNS_S_IP) ? destination(server) : (nlt_bytes){"", 0};
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
    .marking = BIND_MARKING,
    .probe = bind_probe,
    .state_size = sizeof(bind_state),
    .is_sequential = is_sequential,
    .summary = "BIND query log: one row per query, nothing of the responses",
    .note = "The day in a file name is that of the rotation. Times without zone are those of "
            "--timezone (default UTC).",
};
