/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types, numbers, texts and intervals. */

#include "core/num.h"
#include "sql/parser.h"
#include "sql/text.h"

/* ---- types ---- */

typedef struct type_word {
    const char *word;
    nlt_sql_kind kind;
} type_word;

static const type_word type_words[] = {{"boolean", NLT_SQL_BOOLEAN}, {"tinyint", NLT_SQL_TINYINT},
    {"byte", NLT_SQL_TINYINT}, {"smallint", NLT_SQL_SMALLINT}, {"short", NLT_SQL_SMALLINT},
    {"int", NLT_SQL_INT}, {"integer", NLT_SQL_INT}, {"bigint", NLT_SQL_BIGINT},
    {"long", NLT_SQL_BIGINT}, {"float", NLT_SQL_FLOAT}, {"real", NLT_SQL_FLOAT},
    {"double", NLT_SQL_DOUBLE}, {"decimal", NLT_SQL_DECIMAL}, {"dec", NLT_SQL_DECIMAL},
    {"numeric", NLT_SQL_DECIMAL}, {"string", NLT_SQL_STRING}, {"binary", NLT_SQL_BINARY},
    {"date", NLT_SQL_DATE}, {"timestamp", NLT_SQL_TIMESTAMP}, {"timestamp_ltz", NLT_SQL_TIMESTAMP},
    {"array", NLT_SQL_ARRAY}, {"map", NLT_SQL_MAP}};

bool nlt__sql_type_word(const char *word, nlt_sql_kind *out)
{
    for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++) {
        if (strcmp(type_words[i].word, word) == 0) {
            *out = type_words[i].kind;
            return true;
        }
    }
    return false;
}

static nlt_status take_small_number(nlt_parser *p, int *out)
{
    int64_t value = 0;
    const nlt_token *token = peek(p, 0);
    if (token->kind != NLT_TOKEN_NUMBER || !nlt__parse_i64(token->text, &value) || value > 1000) {
        return fail_here(p, "a number is expected");
    }
    advance(p);
    *out = (int)value;
    return NLT_OK;
}

static nlt_status take_decimal(nlt_parser *p, nlt_sql_type *out)
{
    int precision = 10;
    int scale = 0;
    const nlt_token *begin = peek(p, 0);
    if (take_symbol(p, "(")) {
        NLT_TRY(take_small_number(p, &precision));
        if (take_symbol(p, ",")) {
            NLT_TRY(take_small_number(p, &scale));
        }
        NLT_TRY(need_symbol(p, ")"));
    }
    if (precision < 1 || precision > NLT_SQL_DECIMAL_MAX || scale > precision) {
        return nlt__parser_fail_at(p, begin, "a decimal has 1 to 38 digits");
    }
    *out = nlt__sql_decimal(precision, scale);
    return NLT_OK;
}

static nlt_status take_item_type(nlt_parser *p, const nlt_sql_type **out)
{
    nlt_sql_type *item;
    NLT_TRY(nlt__parser_make(p, sizeof *item, &item));
    *out = item;
    return nlt__parser_type(p, item);
}

/* The '>' that ends a type; ">>" ends two. */
static nlt_status take_type_end(nlt_parser *p)
{
    const nlt_token *token = peek(p, 0);
    if (token->kind == NLT_TOKEN_SYMBOL && token->text.len > 1 && token->text.ptr[0] == '>'
        && token->text.ptr[1] == '>') {
        nlt_token *rest = (nlt_token *)(uintptr_t)token;
        rest->text.ptr++;
        rest->text.len--;
        return NLT_OK;
    }
    return need_symbol(p, ">");
}

nlt_status nlt__parser_type(nlt_parser *p, nlt_sql_type *out)
{
    char word[32];
    const nlt_token *token = peek(p, 0);
    nlt_sql_kind kind = NLT_SQL_NULL;
    if (token->kind != NLT_TOKEN_WORD || token->text.len >= sizeof word) {
        return fail_here(p, "a type is expected");
    }
    nlt__sql_lower(token->text, word);
    if (!nlt__sql_type_word(word, &kind)) {
        return nlt__parser_refuse(p, "this type");
    }
    if (++p->depth > NLT_PARSER_DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    advance(p);
    *out = nlt__sql_plain(kind);
    nlt_status status = NLT_OK;
    if (kind == NLT_SQL_DECIMAL) {
        status = take_decimal(p, out);
    } else if (kind == NLT_SQL_ARRAY || kind == NLT_SQL_MAP) {
        NLT_TRY(need_symbol(p, "<"));
        if (kind == NLT_SQL_MAP) {
            NLT_TRY(take_item_type(p, &out->key));
            NLT_TRY(need_symbol(p, ","));
        }
        NLT_TRY(take_item_type(p, &out->item));
        status = take_type_end(p);
    }
    p->depth--;
    return status;
}

/* ---- literals ---- */

nlt_status nlt__parser_text(nlt_parser *p, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_status status = NLT_OK;
    const nlt_token *begin = peek(p, 0);
    while (status == NLT_OK && peek(p, 0)->kind == NLT_TOKEN_STRING) { /* 'a' 'b' is one */
        status = nlt__sql_unquote(peek(p, 0)->text, &buf, p->err);
        advance(p);
    }
    if (status == NLT_OK && buf.len > 0 && memchr(buf.ptr, '\0', buf.len) != NULL) {
        status = nlt__parser_fail_at(p, begin, "a text cannot hold the character NUL");
    }
    if (status == NLT_OK) {
        status = copy_text(p, (nlt_bytes){buf.ptr, buf.len}, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

enum { NUMBER_MAX = 64, SIGNED_MAX = NUMBER_MAX + 1 };

typedef struct number_suffix {
    const char *suffix;
    nlt_sql_kind kind;
} number_suffix;

/* Digits of a plain decimal number; -1: it is none. */
static int decimal_digits(nlt_bytes text, int *scale)
{
    int digits = 0;
    bool has_point = false;
    *scale = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !has_point) {
            has_point = true;
        } else if (c >= '0' && c <= '9') {
            bool is_leading = digits == 0 && c == '0' && !has_point;
            digits += !is_leading;
            *scale += has_point;
        } else {
            return -1;
        }
    }
    return digits > *scale ? digits : *scale;
}

/* `text`: the number with its sign and without the suffix, as what follows it reads it. */
static nlt_status number_type(nlt_parser *p, const nlt_token *token, bool is_negative,
    char text_out[SIGNED_MAX], nlt_sql_type *out)
{
    static const number_suffix suffixes[] = {{"bd", NLT_SQL_DECIMAL}, {"l", NLT_SQL_BIGINT},
        {"s", NLT_SQL_SMALLINT}, {"y", NLT_SQL_TINYINT}, {"d", NLT_SQL_DOUBLE},
        {"f", NLT_SQL_FLOAT}};
    char word[NUMBER_MAX] = "";
    nlt_bytes text = token->text;
    if (text.len >= sizeof word) {
        return nlt__parser_fail_at(p, token, "a number of too many digits");
    }
    nlt__sql_lower(text, word);
    nlt_sql_kind kind = strchr(word, 'e') != NULL ? NLT_SQL_DOUBLE : NLT_SQL_NULL;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t len = strlen(suffixes[i].suffix);
        if (text.len > len && strcmp(word + text.len - len, suffixes[i].suffix) == 0) {
            kind = suffixes[i].kind;
            text.len -= len;
            break;
        }
    }
    (void)snprintf(text_out, SIGNED_MAX, "%s%.*s", is_negative ? "-" : "", (int)text.len, text.ptr);
    int scale = 0;
    int n = decimal_digits(text, &scale);
    double value = 0;
    bool is_point = memchr(text.ptr, '.', text.len) != NULL;
    if (kind == NLT_SQL_DOUBLE || kind == NLT_SQL_FLOAT) {
        *out = nlt__sql_plain(kind);
        nlt_bytes cut = {text.ptr, text.len - (text.len > 1 && text.ptr[text.len - 1] == '.')};
        return nlt__parse_double(cut, &value) || n >= 0
            ? NLT_OK
            : nlt__parser_fail_at(p, token, "this is no number");
    }
    if (n < 0 || (is_point && nlt__sql_is_integer(kind)) || n > NLT_SQL_DECIMAL_MAX) {
        return nlt__parser_fail_at(p, token,
            n > NLT_SQL_DECIMAL_MAX ? "a number of more than 38 digits" : "this is no number");
    }
    int64_t whole = 0;
    bool is_whole = !is_point && nlt__parse_i64((nlt_bytes){text_out, strlen(text_out)}, &whole);
    if (kind == NLT_SQL_NULL) {
        kind = !is_whole                               ? NLT_SQL_DECIMAL
            : whole >= INT32_MIN && whole <= INT32_MAX ? NLT_SQL_INT
                                                       : NLT_SQL_BIGINT;
    } else if ((kind == NLT_SQL_TINYINT && (whole < INT8_MIN || whole > INT8_MAX))
        || (kind == NLT_SQL_SMALLINT && (whole < INT16_MIN || whole > INT16_MAX))
        || (kind == NLT_SQL_BIGINT && !is_whole)) {
        return nlt__parser_fail_at(p, token, "the number does not fit its type");
    }
    *out = kind == NLT_SQL_DECIMAL ? nlt__sql_decimal(n > 0 ? n : 1, scale) : nlt__sql_plain(kind);
    return NLT_OK;
}

/* A number, with the '-' in front of it if there is one. */
nlt_status nlt__parser_number(nlt_parser *p, bool is_negative, nlt_bytes place, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    char text[SIGNED_MAX];
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, place, out));
    NLT_TRY(number_type(p, token, is_negative, text, &(*out)->type));
    advance(p);
    return copy_text(p, (nlt_bytes){text, strlen(text)}, &(*out)->text);
}

typedef struct interval_unit {
    const char *name;
    int months, days;
    int64_t micros;
} interval_unit;

static const interval_unit interval_units[] = {{"year", 12, 0, 0}, {"month", 1, 0, 0},
    {"week", 0, 7, 0}, {"day", 0, 1, 0}, {"hour", 0, 0, 3600000000}, {"minute", 0, 0, 60000000},
    {"second", 0, 0, 1000000}, {"millisecond", 0, 0, 1000}, {"microsecond", 0, 0, 1}};

static const interval_unit *find_unit(nlt_bytes word)
{
    char name[16];
    if (word.len >= sizeof name) {
        return NULL;
    }
    nlt__sql_lower(word, name);
    size_t len = word.len;
    if (len > 1 && name[len - 1] == 's') {
        name[--len] = '\0';
    }
    for (size_t i = 0; i < sizeof interval_units / sizeof interval_units[0]; i++) {
        if (strcmp(interval_units[i].name, name) == 0) {
            return &interval_units[i];
        }
    }
    return NULL;
}

typedef struct interval {
    int64_t months, days, micros;
    bool has_time;
} interval;

static bool add_interval(
    interval *sum, nlt_bytes number, bool is_negative, const interval_unit *unit)
{
    int64_t value = 0; /* millionths: only seconds may have decimals */
    is_negative ^= number.len > 0 && number.ptr[0] == '-';
    if (number.len > 0 && (number.ptr[0] == '-' || number.ptr[0] == '+')) {
        number.ptr++;
        number.len--;
    }
    bool is_seconds = unit->micros == 1000000;
    if (!nlt__parse_fixed(number, 6, &value) || value > INT64_C(1000000000000000)
        || (!is_seconds && value % 1000000 != 0)) {
        return false;
    }
    value = is_negative ? -value : value;
    sum->months += value / 1000000 * unit->months;
    sum->days += value / 1000000 * unit->days;
    sum->micros += is_seconds ? value : value / 1000000 * unit->micros;
    sum->has_time = sum->has_time || unit->micros != 0;
    return true;
}

/* "1 day 2 hours" of a quoted interval. */
static bool read_interval_text(const char *text, interval *sum)
{
    bool is_any = false;
    for (;;) {
        text += strspn(text, " \t");
        nlt_bytes number = {text, strcspn(text, " \t")};
        text += number.len + strspn(text + number.len, " \t");
        nlt_bytes word = {text, strcspn(text, " \t")};
        text += word.len;
        if (number.len == 0) {
            return is_any;
        }
        const interval_unit *unit = find_unit(word);
        if (unit == NULL || !add_interval(sum, number, false, unit)) {
            return false;
        }
        is_any = true;
    }
}

/* '1 02:03:04' DAY TO SECOND, '1-2' YEAR TO MONTH: numbers from one unit down to another. */
static bool read_interval_range(nlt_bytes text, bool is_negative, const interval_unit *first,
    const interval_unit *last, interval *sum)
{
    bool is_months = first->months != 0;
    is_negative ^= text.len > 0 && text.ptr[0] == '-';
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        text.ptr++;
        text.len--;
    }
    if (first >= last || (last->months != 0) != is_months || first->days == 7) {
        return false;
    }
    for (const interval_unit *unit = first; unit <= last; unit++) {
        char mark = is_months ? '-' : unit->days == 1 ? ' ' : ':';
        const char *end = unit < last ? memchr(text.ptr, mark, text.len) : text.ptr + text.len;
        nlt_bytes number = {text.ptr, end != NULL ? (size_t)(end - text.ptr) : 0};
        bool is_signed = number.len == 0 || number.ptr[0] < '0' || number.ptr[0] > '9';
        if (is_signed || !add_interval(sum, number, is_negative, unit)) {
            return false;
        }
        size_t skipped = number.len + (unit < last);
        text = (nlt_bytes){text.ptr + skipped, text.len - skipped};
    }
    return true;
}

bool nlt__sql_interval_micros(const char *text, int64_t *out)
{
    interval sum = {0, 0, 0, false};
    bool is_plain = read_interval_text(text, &sum) && sum.months == 0;
    *out = sum.days * INT64_C(86400000000) + sum.micros;
    return is_plain;
}

static nlt_status finish_interval(nlt_parser *p, const interval *sum, nlt_sql_expr *expr)
{
    char text[160];
    (void)snprintf(text, sizeof text, "(to_months(%lld) + to_days(%lld) + to_microseconds(%lld))",
        (long long)sum->months, (long long)sum->days, (long long)sum->micros);
    expr->type = nlt__sql_plain(NLT_SQL_INTERVAL);
    expr->type.precision = (uint8_t)((sum->has_time ? NLT_SQL_INTERVAL_TIME : 0)
        | (sum->months != 0 ? NLT_SQL_INTERVAL_MONTHS : 0)
        | (sum->days != 0 ? NLT_SQL_INTERVAL_DAYS : 0));
    return copy_text(p, (nlt_bytes){text, strlen(text)}, &expr->text);
}

nlt_status nlt__parser_interval(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *begin = peek(p, 0);
    interval sum = {0, 0, 0, false};
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_INTERVAL, begin->text, out));
    advance(p);
    bool is_any = false;
    for (;;) {
        nlt_token_kind behind = peek(p, 1)->kind;
        bool is_negative =
            at_symbol(p, "-") && (behind == NLT_TOKEN_NUMBER || behind == NLT_TOKEN_STRING);
        const nlt_token *number = peek(p, is_negative);
        const nlt_token *word = peek(p, is_negative + 1);
        bool is_text = number->kind == NLT_TOKEN_STRING;
        const interval_unit *unit = word->kind == NLT_TOKEN_WORD ? find_unit(word->text) : NULL;
        if (is_text && unit == NULL && !is_any) {
            const char *text = NULL;
            NLT_TRY(nlt__parser_text(p, &text));
            return read_interval_text(text, &sum)
                ? finish_interval(p, &sum, *out)
                : nlt__parser_fail_at(p, number, "this interval is not understood");
        }
        if (unit == NULL || (!is_text && number->kind != NLT_TOKEN_NUMBER)) {
            break;
        }
        nlt_bytes digits =
            is_text ? (nlt_bytes){number->text.ptr + 1, number->text.len - 2} : number->text;
        const interval_unit *last = is_word(peek(p, is_negative + 2), "to")
            ? find_unit(peek(p, is_negative + 3)->text)
            : NULL;
        if (is_text && last != NULL && !is_any) {
            p->pos += is_negative + 4;
            return read_interval_range(digits, is_negative, unit, last, &sum)
                ? finish_interval(p, &sum, *out)
                : nlt__parser_fail_at(p, number, "this interval is not understood");
        }
        if (!add_interval(&sum, digits, is_negative, unit)) {
            return nlt__parser_fail_at(p, number, "this interval is not understood");
        }
        p->pos += 2 + is_negative;
        is_any = true;
    }
    if (!is_any || at_word(p, "to")) {
        return nlt__parser_fail_at(p, begin, "this interval is not understood");
    }
    return finish_interval(p, &sum, *out);
}
