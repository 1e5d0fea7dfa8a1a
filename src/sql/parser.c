/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recursive descent parser for queries of Spark SQL, after the grammar of Spark 4
 * (SqlBaseParser.g4): the same precedences, the same words that may be names. Only SELECT and what
 * it is made of are known; what Spark knows beyond that is refused by name. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "sql/lexer.h"
#include "sql/syntax.h"
#include "sql/text.h"

enum { DEPTH_MAX = 200, TREE_MAX = 400, TOKENS_MAX = 1 << 18, EXCERPT_MAX = 120 };

typedef struct parser {
    nlt_bytes sql;
    nlt_arena *arena;
    nlt_error *err;
    const nlt_token *tokens; /* the last one is NLT_TOKEN_END */
    int n_tokens;
    int pos;
    int depth; /* of the descent */
} parser;

nlt_status nlt__sql_error(nlt_bytes sql, nlt_bytes place, nlt_error *err, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    int line = 1;
    int column = 1;
    nlt__lexer_place(sql, place.ptr, &line, &column);
    const char *begin = place.ptr - (column - 1);
    const char *end = memchr(begin, '\n', (size_t)(sql.ptr + sql.len - begin));
    size_t len = (size_t)((end != NULL ? end : sql.ptr + sql.len) - begin);
    /* a long line is shown around the place */
    size_t skip = column > EXCERPT_MAX / 2 ? (size_t)column - EXCERPT_MAX / 2 : 0;
    len = len - skip > EXCERPT_MAX ? EXCERPT_MAX : len - skip;
    int caret =
        column - 1 - (int)skip + (int)strlen("LINE : ") + (line > 9 ? line > 99 ? 3 : 2 : 1);
    nlt_fail(err, NLT_ERR_SQL, "line %d, column %d: %s\nLINE %d: %.*s\n%*s^", line, column, message,
        line, (int)len, begin + skip, caret, "");
    if (err != NULL) {
        err->offset = place.ptr - sql.ptr;
    }
    return NLT_ERR_SQL;
}

/* ---- tokens ---- */

static const nlt_token *peek(const parser *p, int ahead)
{
    int last = p->n_tokens - 1;
    return &p->tokens[ahead < last - p->pos ? p->pos + ahead : last];
}

static bool is_word(const nlt_token *token, const char *word)
{
    return token->kind == NLT_TOKEN_WORD && nlt__token_is(token, word);
}

static bool is_symbol(const nlt_token *token, const char *symbol)
{
    return token->kind == NLT_TOKEN_SYMBOL && nlt__token_is(token, symbol);
}

static bool at_word(const parser *p, const char *word)
{
    return is_word(peek(p, 0), word);
}

static bool at_words(const parser *p, const char *first, const char *second)
{
    return is_word(peek(p, 0), first) && is_word(peek(p, 1), second);
}

static bool at_symbol(const parser *p, const char *symbol)
{
    return is_symbol(peek(p, 0), symbol);
}

static void advance(parser *p)
{
    p->pos += p->tokens[p->pos].kind != NLT_TOKEN_END;
}

static bool take_word(parser *p, const char *word)
{
    bool is_there = at_word(p, word);
    p->pos += is_there;
    return is_there;
}

static bool take_words(parser *p, const char *first, const char *second)
{
    bool is_there = at_words(p, first, second);
    p->pos += is_there ? 2 : 0;
    return is_there;
}

static bool take_symbol(parser *p, const char *symbol)
{
    bool is_there = at_symbol(p, symbol);
    p->pos += is_there;
    return is_there;
}

static nlt_status fail_at(const parser *p, const nlt_token *token, const char *what)
{
    if (token->kind == NLT_TOKEN_END) {
        return nlt__sql_error(p->sql, token->text, p->err, "syntax error at the end: %s", what);
    }
    if (token->kind == NLT_TOKEN_BAD) {
        return nlt__sql_error(p->sql, token->text, p->err, "a quote or comment does not end");
    }
    int len = token->text.len > 40 ? 40 : (int)token->text.len;
    return nlt__sql_error(
        p->sql, token->text, p->err, "syntax error at %.*s: %s", len, token->text.ptr, what);
}

static nlt_status fail_here(const parser *p, const char *what)
{
    return fail_at(p, peek(p, 0), what);
}

static nlt_status refuse_here(const parser *p, const char *what)
{
    nlt_status status =
        nlt__sql_error(p->sql, peek(p, 0)->text, p->err, "%s is not supported", what);
    nlt_error_hint(p->err, "--dialect duckdb takes the statement as DuckDB's SQL");
    return status;
}

static nlt_status need_symbol(parser *p, const char *symbol)
{
    char what[32];
    (void)snprintf(what, sizeof what, "%s is expected", symbol);
    return take_symbol(p, symbol) ? NLT_OK : fail_here(p, what);
}

static nlt_status need_word(parser *p, const char *word)
{
    char what[64];
    (void)snprintf(what, sizeof what, "%s is expected", word);
    return take_word(p, word) ? NLT_OK : fail_here(p, what);
}

static nlt_status out_of_memory(const parser *p)
{
    return nlt_fail(p->err, NLT_ERR_NOMEM, "out of memory");
}

/* ---- memory ---- */

static nlt_status make(parser *p, size_t size, void *out)
{
    void *ptr = nlt__arena_alloc(p->arena, size);
    if (ptr == NULL) {
        return out_of_memory(p);
    }
    memset(ptr, 0, size);
    memcpy(out, &ptr, sizeof ptr);
    return NLT_OK;
}

/* Room for one more element behind the `n` of an array; sizes double. */
static nlt_status grow(parser *p, void *array, int n, size_t size)
{
    void *old;
    void *grown;
    memcpy(&old, array, sizeof old);
    if (n > 0 && (n < 4 || (n & (n - 1)) != 0)) {
        return NLT_OK;
    }
    NLT_TRY(make(p, size * (size_t)(n < 4 ? 4 : n * 2), &grown));
    if (n > 0) {
        memcpy(grown, old, size * (size_t)n);
    }
    memcpy(array, &grown, sizeof grown);
    return NLT_OK;
}

static nlt_status copy_text(parser *p, nlt_bytes text, const char **out)
{
    *out = nlt__arena_copy(p->arena, text);
    return *out != NULL ? NLT_OK : out_of_memory(p);
}

static nlt_status new_expr(parser *p, nlt_sql_expr_kind kind, nlt_bytes place, nlt_sql_expr **out)
{
    NLT_TRY(make(p, sizeof **out, out));
    (*out)->kind = kind;
    (*out)->place = place;
    (*out)->depth = 1;
    return NLT_OK;
}

static nlt_status add_arg(parser *p, nlt_sql_expr *expr, nlt_sql_expr *arg)
{
    NLT_TRY(grow(p, &expr->args, expr->n_args, sizeof *expr->args));
    expr->args[expr->n_args++] = arg;
    expr->depth = arg->depth + 1 > expr->depth ? arg->depth + 1 : expr->depth;
    return expr->depth <= TREE_MAX ? NLT_OK
                                   : nlt__sql_error(p->sql, expr->place, p->err,
                                       "an expression of more than %d levels", TREE_MAX);
}

/* ---- names ---- */

/* Words that begin or separate parts of a query, so they are no names unless quoted. */
static const char *const reserved[] = {"select", "from", "where", "group", "having", "order",
    "union", "intersect", "except", "minus", "join", "on", "using", "case", "when", "then", "else",
    "and", "or", "not", "in", "between", "like", "ilike", "rlike", "is", "cross", "inner",
    "natural", "lateral", "limit", "with", "as", "distinct", "end", "by"};

/* Words that may be names but no alias without AS: they go on with the query. */
static const char *const no_alias[] = {"left", "right", "full", "semi", "anti", "window", "sort",
    "cluster", "distribute", "offset", "tablesample", "pivot", "unpivot", "qualify", "regexp",
    "div", "rows", "range", "asc", "desc", "nulls", "escape", "outer"};

static bool is_any_word(const nlt_token *token, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_word(token, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_name(const nlt_token *token)
{
    return token->kind == NLT_TOKEN_BACKQUOTED
           || (token->kind == NLT_TOKEN_WORD
               && !is_any_word(token, reserved, sizeof reserved / sizeof reserved[0]));
}

static bool is_alias(const nlt_token *token)
{
    return is_name(token) && !is_any_word(token, no_alias, sizeof no_alias / sizeof no_alias[0]);
}

static nlt_status take_name(parser *p, const char **out)
{
    const nlt_token *token = peek(p, 0);
    if (!is_name(token)) {
        return fail_here(p, token->kind == NLT_TOKEN_STRING
                                ? "a name is expected; names are quoted `so`"
                                : "a name is expected");
    }
    advance(p);
    if (token->kind == NLT_TOKEN_WORD) {
        return copy_text(p, token->text, out);
    }
    nlt_bytes inner = {token->text.ptr + 1, token->text.len - 2};
    char *copy = nlt__arena_alloc(p->arena, inner.len + 1);
    if (copy == NULL) {
        return out_of_memory(p);
    }
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++) {
        copy[len++] = inner.ptr[i];
        i += inner.ptr[i] == '`'; /* doubled */
    }
    copy[len] = '\0';
    *out = copy;
    return NLT_OK;
}

/* name (, name)* */
static nlt_status take_names(parser *p, const char ***names, int *n)
{
    do {
        NLT_TRY(grow(p, names, *n, sizeof **names));
        NLT_TRY(take_name(p, &(*names)[*n]));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

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

static nlt_status take_small_number(parser *p, int *out)
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

static nlt_status take_decimal(parser *p, nlt_sql_type *out)
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
        return fail_at(p, begin, "a decimal has 1 to 38 digits");
    }
    *out = nlt__sql_decimal(precision, scale);
    return NLT_OK;
}

static nlt_status take_type(parser *p, nlt_sql_type *out);

static nlt_status take_item_type(parser *p, const nlt_sql_type **out)
{
    nlt_sql_type *item;
    NLT_TRY(make(p, sizeof *item, &item));
    *out = item;
    return take_type(p, item);
}

/* The '>' that ends a type; ">>" ends two. */
static nlt_status take_type_end(parser *p)
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

static nlt_status take_type(parser *p, nlt_sql_type *out)
{
    char word[32];
    const nlt_token *token = peek(p, 0);
    nlt_sql_kind kind = NLT_SQL_NULL;
    if (token->kind != NLT_TOKEN_WORD || token->text.len >= sizeof word) {
        return fail_here(p, "a type is expected");
    }
    nlt__sql_lower(token->text, word);
    if (!nlt__sql_type_word(word, &kind)) {
        return refuse_here(p, "this type");
    }
    if (++p->depth > DEPTH_MAX) {
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

static nlt_status take_text(parser *p, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_status status = NLT_OK;
    const nlt_token *begin = peek(p, 0);
    while (status == NLT_OK && peek(p, 0)->kind == NLT_TOKEN_STRING) { /* 'a' 'b' is one */
        status = nlt__sql_unquote(peek(p, 0)->text, &buf, p->err);
        advance(p);
    }
    if (status == NLT_OK && buf.len > 0 && memchr(buf.ptr, '\0', buf.len) != NULL) {
        status = fail_at(p, begin, "a text cannot hold the character NUL");
    }
    if (status == NLT_OK) {
        status = copy_text(p, (nlt_bytes){buf.ptr, buf.len}, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

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

static nlt_status number_type(
    parser *p, const nlt_token *token, nlt_bytes *digits, nlt_sql_type *out)
{
    static const number_suffix suffixes[] = {{"bd", NLT_SQL_DECIMAL}, {"l", NLT_SQL_BIGINT},
        {"s", NLT_SQL_SMALLINT}, {"y", NLT_SQL_TINYINT}, {"d", NLT_SQL_DOUBLE},
        {"f", NLT_SQL_FLOAT}};
    char word[64] = "";
    nlt_bytes text = token->text;
    if (text.len >= sizeof word) {
        return fail_at(p, token, "a number of too many digits");
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
    *digits = text;
    int scale = 0;
    int n = decimal_digits(text, &scale);
    double value = 0;
    bool is_point = memchr(text.ptr, '.', text.len) != NULL;
    if (kind == NLT_SQL_DOUBLE || kind == NLT_SQL_FLOAT) {
        *out = nlt__sql_plain(kind);
        nlt_bytes cut = {text.ptr, text.len - (text.len > 1 && text.ptr[text.len - 1] == '.')};
        return nlt__parse_double(cut, &value) || n >= 0 ? NLT_OK
                                                        : fail_at(p, token, "this is no number");
    }
    if (n < 0 || (is_point && nlt__sql_is_integer(kind)) || n > NLT_SQL_DECIMAL_MAX) {
        return fail_at(p, token,
            n > NLT_SQL_DECIMAL_MAX ? "a number of more than 38 digits" : "this is no number");
    }
    int64_t whole = 0;
    bool is_whole = !is_point && nlt__parse_i64(text, &whole);
    if (kind == NLT_SQL_NULL) {
        kind = !is_whole ? NLT_SQL_DECIMAL : whole <= INT32_MAX ? NLT_SQL_INT : NLT_SQL_BIGINT;
    } else if ((kind == NLT_SQL_TINYINT && whole > INT8_MAX)
               || (kind == NLT_SQL_SMALLINT && whole > INT16_MAX)
               || (kind == NLT_SQL_BIGINT && !is_whole)) {
        return fail_at(p, token, "the number does not fit its type");
    }
    *out = kind == NLT_SQL_DECIMAL ? nlt__sql_decimal(n > 0 ? n : 1, scale) : nlt__sql_plain(kind);
    return NLT_OK;
}

/* A number, with the '-' in front of it if there is one. */
static nlt_status parse_number(parser *p, bool is_negative, nlt_bytes place, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    nlt_bytes digits = {NULL, 0};
    char text[80];
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, place, out));
    NLT_TRY(number_type(p, token, &digits, &(*out)->type));
    (void)snprintf(
        text, sizeof text, "%s%.*s", is_negative ? "-" : "", (int)digits.len, digits.ptr);
    advance(p);
    /* the two integers whose positive twins are one too large */
    if (is_negative && strcmp(text, "-2147483648") == 0) {
        (*out)->type = nlt__sql_plain(NLT_SQL_INT);
    } else if (is_negative && strcmp(text, "-9223372036854775808") == 0) {
        (*out)->type = nlt__sql_plain(NLT_SQL_BIGINT);
    }
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

static bool add_interval(interval *sum, nlt_bytes number, const interval_unit *unit)
{
    int64_t value = 0; /* millionths: only seconds may have decimals */
    bool is_negative = number.len > 0 && number.ptr[0] == '-';
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
        if (unit == NULL || !add_interval(sum, number, unit)) {
            return false;
        }
        is_any = true;
    }
}

static nlt_status finish_interval(parser *p, const interval *sum, nlt_sql_expr *expr)
{
    char text[160];
    (void)snprintf(text, sizeof text, "(to_months(%lld) + to_days(%lld) + to_microseconds(%lld))",
        (long long)sum->months, (long long)sum->days, (long long)sum->micros);
    expr->type = nlt__sql_plain(NLT_SQL_INTERVAL);
    expr->type.precision = sum->has_time ? 0 : sum->months != 0 ? 2 : 1;
    return copy_text(p, (nlt_bytes){text, strlen(text)}, &expr->text);
}

static nlt_status parse_interval(parser *p, nlt_sql_expr **out)
{
    const nlt_token *begin = peek(p, 0);
    interval sum = {0, 0, 0, false};
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_INTERVAL, begin->text, out));
    advance(p);
    bool is_any = false;
    for (;;) {
        bool is_negative = (at_symbol(p, "-") && peek(p, 1)->kind == NLT_TOKEN_NUMBER);
        const nlt_token *number = peek(p, is_negative);
        const nlt_token *word = peek(p, is_negative + 1);
        bool is_text = number->kind == NLT_TOKEN_STRING;
        const interval_unit *unit = word->kind == NLT_TOKEN_WORD ? find_unit(word->text) : NULL;
        if (is_text && unit == NULL && !is_any) {
            const char *text = NULL;
            NLT_TRY(take_text(p, &text));
            return read_interval_text(text, &sum)
                       ? finish_interval(p, &sum, *out)
                       : fail_at(p, number, "this interval is not understood");
        }
        if (unit == NULL || (!is_text && number->kind != NLT_TOKEN_NUMBER)) {
            break;
        }
        nlt_bytes digits =
            is_text ? (nlt_bytes){number->text.ptr + 1, number->text.len - 2} : number->text;
        if (!add_interval(&sum, digits, unit)) {
            return fail_at(p, number, "this interval is not understood");
        }
        if (is_negative) {
            return refuse_here(p, "a negative interval");
        }
        p->pos += 2;
        is_any = true;
    }
    if (!is_any || at_word(p, "to")) {
        return fail_at(p, begin, "this interval is not understood");
    }
    return finish_interval(p, &sum, *out);
}

/* ---- expressions ---- */

static nlt_status parse_expr(parser *p, nlt_sql_expr **out);
static nlt_status parse_value(parser *p, int level, nlt_sql_expr **out);
static nlt_status parse_query(parser *p, nlt_sql_query **out);

static bool at_query(const parser *p)
{
    int ahead = 0;
    while (is_symbol(peek(p, ahead), "(")) {
        ahead++;
    }
    const nlt_token *token = peek(p, ahead);
    return is_word(token, "select") || is_word(token, "with")
           || (is_word(token, "values") && !is_symbol(peek(p, ahead + 1), ","))
           || (is_word(token, "from") && ahead > 0);
}

static nlt_status parse_list(parser *p, nlt_sql_expr *into)
{
    do {
        nlt_sql_expr *arg;
        NLT_TRY(parse_expr(p, &arg));
        NLT_TRY(add_arg(p, into, arg));
    } while (take_symbol(p, ","));
    return NLT_OK;
}

/* [ASC | DESC] [NULLS FIRST | LAST] */
static nlt_status parse_direction(parser *p, bool *is_descending, bool *is_nulls_last)
{
    *is_descending = !take_word(p, "asc") && take_word(p, "desc");
    *is_nulls_last = *is_descending;
    if (take_word(p, "nulls")) {
        *is_nulls_last = take_word(p, "last");
        return *is_nulls_last ? NLT_OK : need_word(p, "first");
    }
    return NLT_OK;
}

static nlt_status parse_order(parser *p, nlt_sql_order **order, int *n)
{
    do {
        NLT_TRY(grow(p, order, *n, sizeof **order));
        nlt_sql_order *item = &(*order)[*n];
        NLT_TRY(parse_expr(p, &item->expr));
        NLT_TRY(parse_direction(p, &item->is_descending, &item->is_nulls_last));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_bound(parser *p, const char **bound, nlt_sql_expr **value)
{
    if (take_words(p, "current", "row")) {
        *bound = "CURRENT ROW";
        return NLT_OK;
    }
    bool is_unbounded = take_word(p, "unbounded");
    if (!is_unbounded) {
        NLT_TRY(parse_value(p, 0, value));
    }
    if (take_word(p, "preceding")) {
        *bound = is_unbounded ? "UNBOUNDED PRECEDING" : "PRECEDING";
        return NLT_OK;
    }
    *bound = is_unbounded ? "UNBOUNDED FOLLOWING" : "FOLLOWING";
    return need_word(p, "following");
}

static nlt_status parse_frame(parser *p, nlt_sql_window *window)
{
    window->frame_unit = take_word(p, "rows") ? "ROWS" : take_word(p, "range") ? "RANGE" : NULL;
    if (window->frame_unit == NULL) {
        return NLT_OK;
    }
    if (!take_word(p, "between")) {
        window->frame_end = "CURRENT ROW";
        return parse_bound(p, &window->frame_start, &window->start_value);
    }
    NLT_TRY(parse_bound(p, &window->frame_start, &window->start_value));
    NLT_TRY(need_word(p, "and"));
    return parse_bound(p, &window->frame_end, &window->end_value);
}

/* name | ( [name] [PARTITION BY ...] [ORDER BY ...] [frame] ) */
static nlt_status parse_window(parser *p, nlt_sql_window **out)
{
    NLT_TRY(make(p, sizeof **out, out));
    nlt_sql_window *window = *out;
    if (is_name(peek(p, 0))) {
        window->name = peek(p, 0)->text;
        advance(p);
        return NLT_OK;
    }
    NLT_TRY(need_symbol(p, "("));
    if (take_words(p, "partition", "by") || take_words(p, "distribute", "by")) {
        do {
            NLT_TRY(grow(p, &window->partition, window->n_partition, sizeof *window->partition));
            NLT_TRY(parse_expr(p, &window->partition[window->n_partition]));
            window->n_partition++;
        } while (take_symbol(p, ","));
    } else if (is_name(peek(p, 0)) && is_symbol(peek(p, 1), ")")) {
        window->name = peek(p, 0)->text;
        advance(p);
    }
    if (take_words(p, "order", "by") || take_words(p, "sort", "by")) {
        NLT_TRY(parse_order(p, &window->order, &window->n_order));
    }
    NLT_TRY(parse_frame(p, window));
    return need_symbol(p, ")");
}

/* What follows the arguments of a call. */
static nlt_status parse_call_tail(parser *p, nlt_sql_call *call)
{
    if (take_words(p, "within", "group")) {
        NLT_TRY(need_symbol(p, "("));
        NLT_TRY(need_word(p, "order"));
        NLT_TRY(need_word(p, "by"));
        NLT_TRY(parse_order(p, &call->within, &call->n_within));
        NLT_TRY(need_symbol(p, ")"));
    }
    if (at_word(p, "filter") && is_symbol(peek(p, 1), "(") && is_word(peek(p, 2), "where")) {
        p->pos += 3;
        NLT_TRY(parse_expr(p, &call->filter));
        NLT_TRY(need_symbol(p, ")"));
    }
    if (take_words(p, "ignore", "nulls")) {
        call->ignores_nulls = true;
    } else {
        (void)take_words(p, "respect", "nulls");
    }
    return take_word(p, "over") ? parse_window(p, &call->over) : NLT_OK;
}

static nlt_status new_call(parser *p, nlt_bytes place, const char *name, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_CALL, place, out));
    NLT_TRY(make(p, sizeof *(*out)->call, &(*out)->call));
    (*out)->text = name;
    return NLT_OK;
}

static nlt_status new_literal(
    parser *p, nlt_bytes place, nlt_sql_kind kind, nlt_bytes text, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, place, out));
    (*out)->type = nlt__sql_plain(kind);
    return copy_text(p, text, &(*out)->text);
}

/* EXTRACT(field FROM x) as date_part('field', x). */
static nlt_status parse_extract(parser *p, nlt_sql_expr *call)
{
    const nlt_token *field = peek(p, 0);
    nlt_sql_expr *arg;
    if (field->kind != NLT_TOKEN_WORD) {
        return fail_here(p, "a field of a time is expected");
    }
    advance(p);
    NLT_TRY(new_literal(p, field->text, NLT_SQL_STRING, field->text, &arg));
    NLT_TRY(add_arg(p, call, arg));
    NLT_TRY(need_word(p, "from"));
    NLT_TRY(parse_expr(p, &arg));
    NLT_TRY(add_arg(p, call, arg));
    call->text = "date_part";
    return need_symbol(p, ")");
}

/* TRIM([BOTH | LEADING | TRAILING] [chars] FROM x); false in *is_done: a plain call. */
static nlt_status parse_trim(parser *p, nlt_sql_expr *call, bool *is_done)
{
    static const struct {
        const char *word, *function;
    } sides[] = {{"both", "btrim"}, {"leading", "ltrim_chars"}, {"trailing", "rtrim_chars"}};
    *is_done = false;
    const char *function = "btrim";
    bool has_side = false;
    for (size_t i = 0; i < 3 && !has_side; i++) {
        if (at_word(p, sides[i].word) && !is_symbol(peek(p, 1), ",")
            && !is_symbol(peek(p, 1), ")")) {
            has_side = true;
            function = sides[i].function;
            advance(p);
        }
    }
    nlt_sql_expr *chars = NULL;
    nlt_sql_expr *value = NULL;
    if (has_side && at_word(p, "from")) {
        NLT_TRY(new_literal(p, peek(p, 0)->text, NLT_SQL_STRING, (nlt_bytes){" ", 1}, &chars));
    } else {
        NLT_TRY(parse_expr(p, &chars));
    }
    if (!at_word(p, "from")) {
        return has_side ? fail_here(p, "FROM is expected") : add_arg(p, call, chars);
    }
    advance(p);
    NLT_TRY(parse_expr(p, &value));
    NLT_TRY(add_arg(p, call, value));
    NLT_TRY(add_arg(p, call, chars));
    call->text = function;
    *is_done = true;
    return need_symbol(p, ")");
}

/* What follows the first argument where Spark has a syntax of its own: FROM, IN, FOR. */
static nlt_status parse_special_separator(parser *p, nlt_sql_expr *call)
{
    nlt_sql_expr *arg;
    bool is_substring = strcmp(call->text, "substring") == 0 || strcmp(call->text, "substr") == 0;
    if (is_substring && take_word(p, "from")) {
        NLT_TRY(parse_expr(p, &arg));
        NLT_TRY(add_arg(p, call, arg));
        if (take_word(p, "for")) {
            NLT_TRY(parse_expr(p, &arg));
            NLT_TRY(add_arg(p, call, arg));
        }
    }
    return NLT_OK;
}

static nlt_status parse_arguments(parser *p, nlt_sql_expr *call)
{
    if (take_symbol(p, ")")) {
        return NLT_OK;
    }
    bool is_done = false;
    if (strcmp(call->text, "extract") == 0) {
        return parse_extract(p, call);
    }
    call->call->is_distinct = take_word(p, "distinct");
    if (!call->call->is_distinct && at_word(p, "all") && !is_symbol(peek(p, 1), ")")
        && !is_symbol(peek(p, 1), ",") && !is_symbol(peek(p, 1), ".")) {
        advance(p);
    }
    if (strcmp(call->text, "position") == 0) {
        nlt_sql_expr *needle;
        NLT_TRY(parse_value(p, 0, &needle));
        NLT_TRY(add_arg(p, call, needle));
        if (!take_word(p, "in")) {
            NLT_TRY(need_symbol(p, ","));
        }
    } else if (strcmp(call->text, "trim") == 0) {
        NLT_TRY(parse_trim(p, call, &is_done));
        if (is_done) {
            return NLT_OK;
        }
        return take_symbol(p, ",") ? refuse_here(p, "trim with two arguments")
                                   : need_symbol(p, ")");
    }
    NLT_TRY(parse_list(p, call));
    NLT_TRY(parse_special_separator(p, call));
    return need_symbol(p, ")");
}

static nlt_status parse_cast(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_CAST, peek(p, 0)->text, out));
    nlt_sql_expr *value;
    p->pos += 2;
    NLT_TRY(parse_expr(p, &value));
    NLT_TRY(add_arg(p, *out, value));
    NLT_TRY(need_word(p, "as"));
    NLT_TRY(take_type(p, &(*out)->type));
    return need_symbol(p, ")");
}

static nlt_status parse_case(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_CASE, peek(p, 0)->text, out));
    nlt_sql_expr *arg;
    advance(p);
    if (!at_word(p, "when")) {
        NLT_TRY(parse_expr(p, &arg));
        NLT_TRY(add_arg(p, *out, arg));
        (*out)->has_operand = true;
    }
    do {
        NLT_TRY(need_word(p, "when"));
        NLT_TRY(parse_expr(p, &arg));
        NLT_TRY(add_arg(p, *out, arg));
        NLT_TRY(need_word(p, "then"));
        NLT_TRY(parse_expr(p, &arg));
        NLT_TRY(add_arg(p, *out, arg));
    } while (at_word(p, "when"));
    if (take_word(p, "else")) {
        NLT_TRY(parse_expr(p, &arg));
        NLT_TRY(add_arg(p, *out, arg));
        (*out)->has_else = true;
    }
    return need_word(p, "end");
}

static nlt_status parse_function(parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    const char *name = NULL;
    if (at_word(p, "like") || at_word(p, "rlike")) { /* reserved, but functions, too */
        NLT_TRY(copy_text(p, token->text, &name));
        advance(p);
    } else {
        NLT_TRY(take_name(p, &name));
    }
    char *lower = (char *)(uintptr_t)name;
    nlt__sql_lower((nlt_bytes){name, strlen(name)}, lower);
    NLT_TRY(new_call(p, token->text, lower, out));
    NLT_TRY(need_symbol(p, "("));
    NLT_TRY(parse_arguments(p, *out));
    return parse_call_tail(p, (*out)->call);
}

/* (x, y) -> body, if that is what follows. */
static bool at_lambda(const parser *p)
{
    if (is_name(peek(p, 0))) {
        return is_symbol(peek(p, 1), "->");
    }
    int ahead = 1;
    while (at_symbol(p, "(") && is_name(peek(p, ahead)) && is_symbol(peek(p, ahead + 1), ",")) {
        ahead += 2;
    }
    return at_symbol(p, "(") && is_name(peek(p, ahead)) && is_symbol(peek(p, ahead + 1), ")")
           && is_symbol(peek(p, ahead + 2), "->");
}

static nlt_status parse_lambda(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LAMBDA, peek(p, 0)->text, out));
    nlt_sql_expr *body;
    if (take_symbol(p, "(")) {
        NLT_TRY(take_names(p, &(*out)->parts, &(*out)->n_parts));
        NLT_TRY(need_symbol(p, ")"));
    } else {
        NLT_TRY(grow(p, &(*out)->parts, 0, sizeof *(*out)->parts));
        NLT_TRY(take_name(p, &(*out)->parts[0]));
        (*out)->n_parts = 1;
    }
    NLT_TRY(need_symbol(p, "->"));
    NLT_TRY(parse_expr(p, &body));
    return add_arg(p, *out, body);
}

/* (query), (expression) or (a, b) */
static nlt_status parse_parentheses(parser *p, nlt_sql_expr **out)
{
    nlt_bytes place = peek(p, 0)->text;
    advance(p);
    if (at_query(p)) {
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_SUBQUERY, place, out));
        NLT_TRY(parse_query(p, &(*out)->query));
        return need_symbol(p, ")");
    }
    nlt_sql_expr *tuple;
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, place, &tuple));
    NLT_TRY(parse_list(p, tuple));
    *out = tuple->n_args == 1 ? tuple->args[0] : tuple;
    return need_symbol(p, ")");
}

/* name(.name)*[.*] */
static nlt_status parse_column(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_COLUMN, peek(p, 0)->text, out));
    do {
        if (take_symbol(p, "*")) {
            (*out)->kind = NLT_SQL_EXPR_STAR;
            return NLT_OK;
        }
        NLT_TRY(grow(p, &(*out)->parts, (*out)->n_parts, sizeof *(*out)->parts));
        NLT_TRY(take_name(p, &(*out)->parts[(*out)->n_parts]));
        (*out)->n_parts++;
    } while (take_symbol(p, "."));
    return NLT_OK;
}

static nlt_status parse_typed_text(parser *p, nlt_sql_kind kind, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, peek(p, 0)->text, out));
    (*out)->type = nlt__sql_plain(kind);
    advance(p);
    return take_text(p, &(*out)->text);
}

static nlt_status parse_exists(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_EXISTS, peek(p, 0)->text, out));
    p->pos += 2;
    NLT_TRY(parse_query(p, &(*out)->query));
    return need_symbol(p, ")");
}

static nlt_status parse_word(parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    const nlt_token *next = peek(p, 1);
    bool is_call = is_symbol(next, "(");
    bool is_text = next->kind == NLT_TOKEN_STRING;
    if (at_word(p, "case")) {
        return parse_case(p, out);
    }
    if (is_call && (at_word(p, "cast") || at_word(p, "try_cast"))) {
        return parse_cast(p, out);
    }
    if (at_word(p, "exists") && is_call) {
        parser inside = *p;
        inside.pos += 2;
        if (at_query(&inside)) {
            return parse_exists(p, out);
        }
    }
    if (is_text && at_word(p, "date")) {
        return parse_typed_text(p, NLT_SQL_DATE, out);
    }
    if (is_text && (at_word(p, "timestamp") || at_word(p, "timestamp_ltz"))) {
        return parse_typed_text(p, NLT_SQL_TIMESTAMP, out);
    }
    if (is_text && at_word(p, "x")) {
        return refuse_here(p, "a binary literal");
    }
    if (at_word(p, "interval")
        && (is_text || next->kind == NLT_TOKEN_NUMBER || is_symbol(next, "-"))) {
        return parse_interval(p, out);
    }
    if (!is_call && at_word(p, "null")) {
        advance(p);
        return new_literal(p, token->text, NLT_SQL_NULL, (nlt_bytes){"NULL", 4}, out);
    }
    if (!is_call && (at_word(p, "true") || at_word(p, "false"))) {
        advance(p);
        NLT_TRY(new_literal(p, token->text, NLT_SQL_BOOLEAN, token->text, out));
        nlt__sql_lower(token->text, (char *)(uintptr_t)(*out)->text);
        return NLT_OK;
    }
    if (!is_call && (at_word(p, "current_date") || at_word(p, "current_timestamp"))) {
        NLT_TRY(new_call(p, token->text,
            at_word(p, "current_date") ? "current_date" : "current_timestamp", out));
        advance(p);
        return NLT_OK;
    }
    if (is_call && (is_name(token) || at_word(p, "like") || at_word(p, "rlike"))) {
        return parse_function(p, out);
    }
    return parse_column(p, out);
}

static nlt_status parse_primary(parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    if (at_lambda(p)) {
        return parse_lambda(p, out);
    }
    switch (token->kind) {
    case NLT_TOKEN_NUMBER:
        return parse_number(p, false, token->text, out);
    case NLT_TOKEN_STRING:
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, token->text, out));
        (*out)->type = nlt__sql_plain(NLT_SQL_STRING);
        return take_text(p, &(*out)->text);
    case NLT_TOKEN_WORD:
    case NLT_TOKEN_BACKQUOTED:
        return parse_word(p, out);
    case NLT_TOKEN_SYMBOL:
        if (at_symbol(p, "(")) {
            return parse_parentheses(p, out);
        }
        if (take_symbol(p, "*")) {
            return new_expr(p, NLT_SQL_EXPR_STAR, token->text, out);
        }
        break;
    case NLT_TOKEN_QUOTED:
    case NLT_TOKEN_BAD:
    case NLT_TOKEN_END:
        break;
    }
    return fail_here(p, "an expression is expected");
}

static nlt_status wrap(
    parser *p, nlt_sql_expr_kind kind, const char *text, nlt_sql_expr *first, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, kind, first->place, out));
    (*out)->text = text;
    return add_arg(p, *out, first);
}

/* a[i], s.f, x::type */
static nlt_status parse_postfix(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(parse_primary(p, out));
    for (;;) {
        nlt_sql_expr *arg;
        nlt_sql_expr *value = *out;
        if (take_symbol(p, "[")) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_INDEX, "[", value, out));
            NLT_TRY(parse_value(p, 0, &arg));
            NLT_TRY(add_arg(p, *out, arg));
            NLT_TRY(need_symbol(p, "]"));
        } else if (take_symbol(p, "::")) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_CAST, NULL, value, out));
            NLT_TRY(take_type(p, &(*out)->type));
        } else if (value->kind != NLT_SQL_EXPR_STAR && take_symbol(p, ".")) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_FIELD, NULL, value, out));
            NLT_TRY(take_name(p, &(*out)->text));
        } else {
            return NLT_OK;
        }
    }
}

static nlt_status parse_unary(parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    static const char *const signs[] = {"-", "+", "~"};
    for (size_t i = 0; i < 3; i++) {
        if (!at_symbol(p, signs[i])) {
            continue;
        }
        if (++p->depth > DEPTH_MAX) {
            return fail_here(p, "nested too deeply");
        }
        advance(p);
        nlt_sql_expr *arg;
        if (i == 0 && peek(p, 0)->kind == NLT_TOKEN_NUMBER) {
            NLT_TRY(parse_number(p, true, token->text, out));
        } else {
            NLT_TRY(parse_unary(p, &arg));
            NLT_TRY(wrap(p, NLT_SQL_EXPR_UNARY, signs[i], arg, out));
            (*out)->place = token->text;
        }
        p->depth--;
        return NLT_OK;
    }
    return parse_postfix(p, out);
}

typedef struct binary_operator {
    const char *token; /* a symbol or a word */
    const char *name;
    int level; /* higher binds tighter */
} binary_operator;

enum { LEVEL_COMPARISON = 1, LEVEL_MAX = 8 };

static const binary_operator binary_operators[] = {{"*", "*", 7}, {"/", "/", 7}, {"%", "%", 7},
    {"div", "div", 7}, {"+", "+", 6}, {"-", "-", 6}, {"||", "||", 6}, {"<<", "<<", 5},
    {">>", ">>", 5}, {">>>", ">>>", 5}, {"&", "&", 4}, {"^", "^", 3}, {"|", "|", 2}, {"=", "=", 1},
    {"==", "=", 1}, {"<=>", "<=>", 1}, {"<>", "<>", 1}, {"!=", "<>", 1}, {"<", "<", 1},
    {"<=", "<=", 1}, {"!>", "<=", 1}, {">", ">", 1}, {">=", ">=", 1}, {"!<", ">=", 1}};

static const binary_operator *at_operator(const parser *p, int level)
{
    const nlt_token *token = peek(p, 0);
    if (token->kind != NLT_TOKEN_SYMBOL && !is_word(token, "div")) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof binary_operators / sizeof binary_operators[0]; i++) {
        if (binary_operators[i].level == level && nlt__token_is(token, binary_operators[i].token)) {
            return &binary_operators[i];
        }
    }
    return NULL;
}

static nlt_status parse_value(parser *p, int level, nlt_sql_expr **out)
{
    level = level < LEVEL_COMPARISON ? LEVEL_COMPARISON : level;
    if (level == LEVEL_MAX) {
        return parse_unary(p, out);
    }
    NLT_TRY(parse_value(p, level + 1, out));
    for (;;) {
        const nlt_token *token = peek(p, 0);
        const binary_operator *op = at_operator(p, level);
        if (op == NULL) {
            return NLT_OK;
        }
        nlt_sql_expr *left = *out;
        nlt_sql_expr *right;
        advance(p);
        NLT_TRY(parse_value(p, level + 1, &right));
        NLT_TRY(wrap(p, NLT_SQL_EXPR_BINARY, op->name, left, out));
        (*out)->place = token->text;
        NLT_TRY(add_arg(p, *out, right));
    }
}

static nlt_status parse_in(parser *p, nlt_sql_expr *value, nlt_sql_expr **out)
{
    NLT_TRY(wrap(p, NLT_SQL_EXPR_IN, NULL, value, out));
    NLT_TRY(need_symbol(p, "("));
    if (at_query(p)) {
        NLT_TRY(parse_query(p, &(*out)->query));
    } else {
        NLT_TRY(parse_list(p, *out));
    }
    return need_symbol(p, ")");
}

static nlt_status parse_like(parser *p, nlt_sql_expr *value, const char *kind, nlt_sql_expr **out)
{
    NLT_TRY(wrap(p, NLT_SQL_EXPR_LIKE, kind, value, out));
    nlt_sql_expr *pattern;
    (*out)->escape = '\\';
    bool is_any = at_word(p, "any") || at_word(p, "some") || at_word(p, "all");
    if (is_any && is_symbol(peek(p, 1), "(") && strcmp(kind, "rlike") != 0) {
        (*out)->is_all = at_word(p, "all");
        p->pos += 2;
        NLT_TRY(parse_list(p, *out));
        return need_symbol(p, ")");
    }
    NLT_TRY(parse_value(p, 0, &pattern));
    NLT_TRY(add_arg(p, *out, pattern));
    if (take_word(p, "escape")) {
        const char *escape = "";
        const nlt_token *token = peek(p, 0);
        NLT_TRY(take_text(p, &escape));
        if (strlen(escape) != 1 || escape[0] == '%' || escape[0] == '_') {
            return fail_at(p, token, "ESCAPE takes one character, neither % nor _");
        }
        (*out)->escape = escape[0];
    }
    return NLT_OK;
}

static nlt_status parse_is(parser *p, nlt_sql_expr *value, nlt_sql_expr **out)
{
    static const char *const words[] = {"null", "true", "false", "unknown"};
    bool is_not = take_word(p, "not");
    nlt_sql_expr *right;
    for (size_t i = 0; i < 4; i++) {
        if (take_word(p, words[i])) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_IS, words[i], value, out));
            (*out)->is_not = is_not;
            return NLT_OK;
        }
    }
    NLT_TRY(need_word(p, "distinct"));
    NLT_TRY(need_word(p, "from"));
    NLT_TRY(parse_value(p, 0, &right));
    NLT_TRY(wrap(p, NLT_SQL_EXPR_BINARY, is_not ? "<=>" : "distinct", value, out));
    return add_arg(p, *out, right);
}

static nlt_status parse_predicate(parser *p, nlt_sql_expr **out)
{
    NLT_TRY(parse_value(p, 0, out));
    nlt_sql_expr *value = *out;
    nlt_sql_expr *arg;
    if (take_word(p, "is")) {
        return parse_is(p, value, out);
    }
    bool is_not = at_word(p, "not");
    const nlt_token *next = peek(p, is_not);
    if (is_word(next, "in")) {
        p->pos += 1 + is_not;
        NLT_TRY(parse_in(p, value, out));
    } else if (is_word(next, "between")) {
        p->pos += 1 + is_not;
        NLT_TRY(wrap(p, NLT_SQL_EXPR_BETWEEN, NULL, value, out));
        NLT_TRY(parse_value(p, 0, &arg));
        NLT_TRY(add_arg(p, *out, arg));
        NLT_TRY(need_word(p, "and"));
        NLT_TRY(parse_value(p, 0, &arg));
        NLT_TRY(add_arg(p, *out, arg));
    } else if (is_word(next, "like") || is_word(next, "ilike") || is_word(next, "rlike")
               || is_word(next, "regexp")) {
        p->pos += 1 + is_not;
        const char *kind = is_word(next, "like")    ? "like"
                           : is_word(next, "ilike") ? "ilike"
                                                    : "rlike";
        NLT_TRY(parse_like(p, value, kind, out));
    } else {
        return NLT_OK;
    }
    (*out)->is_not = is_not;
    return NLT_OK;
}

static nlt_status parse_not(parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    if (!at_word(p, "not") && !at_symbol(p, "!")) {
        return parse_predicate(p, out);
    }
    if (++p->depth > DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    advance(p);
    nlt_sql_expr *arg;
    NLT_TRY(parse_not(p, &arg));
    NLT_TRY(wrap(p, NLT_SQL_EXPR_UNARY, "not", arg, out));
    (*out)->place = token->text;
    p->depth--;
    return NLT_OK;
}

/* AND and OR are one node for a chain of any length. */
static nlt_status parse_chain(parser *p, bool is_or, nlt_sql_expr **out)
{
    const char *word = is_or ? "or" : "and";
    NLT_TRY(is_or ? parse_chain(p, false, out) : parse_not(p, out));
    nlt_sql_expr *first = *out;
    for (bool is_first = true; take_word(p, word); is_first = false) {
        nlt_sql_expr *next;
        NLT_TRY(is_or ? parse_chain(p, false, &next) : parse_not(p, &next));
        if (is_first) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_BINARY, word, first, out));
        }
        NLT_TRY(add_arg(p, *out, next));
    }
    return NLT_OK;
}

static nlt_status parse_expr(parser *p, nlt_sql_expr **out)
{
    if (++p->depth > DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    NLT_TRY(parse_chain(p, true, out));
    p->depth--;
    return NLT_OK;
}

/* ---- relations ---- */

static nlt_status new_relation(parser *p, nlt_sql_relation_kind kind, nlt_sql_relation_node **out)
{
    NLT_TRY(make(p, sizeof **out, out));
    (*out)->kind = kind;
    (*out)->place = peek(p, 0)->text;
    (*out)->depth = 1;
    return NLT_OK;
}

/* [AS] name [(column, ...)] */
static nlt_status parse_table_alias(parser *p, nlt_sql_relation_node *relation)
{
    bool has_as = take_word(p, "as");
    if (!has_as && !is_alias(peek(p, 0))) {
        return NLT_OK;
    }
    NLT_TRY(take_name(p, &relation->alias));
    if (take_symbol(p, "(")) {
        NLT_TRY(take_names(p, &relation->columns, &relation->n_columns));
        return need_symbol(p, ")");
    }
    return NLT_OK;
}

/* VALUES row, ...: a row is one expression or (a, b). */
static nlt_status parse_values(parser *p, nlt_sql_relation_node *relation)
{
    NLT_TRY(need_word(p, "values"));
    do {
        nlt_sql_expr *row;
        nlt_sql_expr *tuple;
        NLT_TRY(grow(p, &relation->rows, relation->n_rows, sizeof *relation->rows));
        NLT_TRY(parse_expr(p, &row));
        tuple = row;
        if (row->kind != NLT_SQL_EXPR_TUPLE) {
            NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, row->place, &tuple));
            NLT_TRY(add_arg(p, tuple, row));
        }
        if (relation->n_rows > 0 && relation->rows[0]->n_args != tuple->n_args) {
            return nlt__sql_error(
                p->sql, tuple->place, p->err, "rows of VALUES differ in their number of columns");
        }
        relation->rows[relation->n_rows++] = tuple;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_relation(parser *p, nlt_sql_relation_node **out);
static nlt_status parse_from(parser *p, nlt_sql_relation_node **out);

static nlt_status parse_table(parser *p, nlt_sql_relation_node **out)
{
    if (peek(p, 0)->kind == NLT_TOKEN_STRING) {
        return fail_here(p, "files cannot be read from a query");
    }
    bool is_call = is_name(peek(p, 0)) && is_symbol(peek(p, 1), "(");
    NLT_TRY(new_relation(p, is_call ? NLT_SQL_RELATION_FUNCTION : NLT_SQL_RELATION_TABLE, out));
    if (is_call) {
        return parse_function(p, &(*out)->call);
    }
    do {
        NLT_TRY(grow(p, &(*out)->parts, (*out)->n_parts, sizeof *(*out)->parts));
        NLT_TRY(take_name(p, &(*out)->parts[(*out)->n_parts]));
        (*out)->n_parts++;
    } while (take_symbol(p, "."));
    return NLT_OK;
}

static nlt_status parse_primary_relation(parser *p, nlt_sql_relation_node **out)
{
    bool is_lateral = take_word(p, "lateral");
    if (at_word(p, "values")) {
        NLT_TRY(new_relation(p, NLT_SQL_RELATION_VALUES, out));
        NLT_TRY(parse_values(p, *out));
    } else if (at_symbol(p, "(")) {
        nlt_bytes place = peek(p, 0)->text;
        advance(p);
        if (!at_query(p)) { /* (a JOIN b) */
            NLT_TRY(parse_from(p, out));
            NLT_TRY(need_symbol(p, ")"));
            return is_alias(peek(p, 0)) ? refuse_here(p, "an alias for a join in parentheses")
                                        : NLT_OK;
        }
        NLT_TRY(new_relation(p, NLT_SQL_RELATION_QUERY, out));
        (*out)->place = place;
        NLT_TRY(parse_query(p, &(*out)->query));
        NLT_TRY(need_symbol(p, ")"));
    } else {
        NLT_TRY(parse_table(p, out));
    }
    (*out)->is_lateral = is_lateral;
    if (at_word(p, "tablesample")) {
        return refuse_here(p, "TABLESAMPLE");
    }
    if (at_word(p, "pivot") || at_word(p, "unpivot")) {
        return refuse_here(p, "PIVOT");
    }
    return parse_table_alias(p, *out);
}

/* The kind of a join whose words begin here; false: there is none. */
static bool take_join(parser *p, nlt_sql_join *join, bool *is_natural)
{
    static const struct {
        const char *words[3];
        nlt_sql_join join;
    } kinds[] = {
        {{"join"}, NLT_SQL_JOIN_INNER},
        {{"inner", "join"}, NLT_SQL_JOIN_INNER},
        {{"cross", "join"}, NLT_SQL_JOIN_CROSS},
        {{"left", "join"}, NLT_SQL_JOIN_LEFT},
        {{"left", "outer", "join"}, NLT_SQL_JOIN_LEFT},
        {{"right", "join"}, NLT_SQL_JOIN_RIGHT},
        {{"right", "outer", "join"}, NLT_SQL_JOIN_RIGHT},
        {{"full", "join"}, NLT_SQL_JOIN_FULL},
        {{"full", "outer", "join"}, NLT_SQL_JOIN_FULL},
        {{"semi", "join"}, NLT_SQL_JOIN_SEMI},
        {{"left", "semi", "join"}, NLT_SQL_JOIN_SEMI},
        {{"anti", "join"}, NLT_SQL_JOIN_ANTI},
        {{"left", "anti", "join"}, NLT_SQL_JOIN_ANTI},
    };
    int natural = at_word(p, "natural");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int n = 0;
        while (n < 3 && kinds[i].words[n] != NULL
               && is_word(peek(p, natural + n), kinds[i].words[n])) {
            n++;
        }
        if (n == 3 || kinds[i].words[n] == NULL) {
            p->pos += natural + n;
            *join = kinds[i].join;
            *is_natural = natural != 0;
            return true;
        }
    }
    return false;
}

static nlt_status join_relations(parser *p, nlt_sql_relation_node *left,
    nlt_sql_relation_node *right, nlt_sql_relation_node **out)
{
    NLT_TRY(new_relation(p, NLT_SQL_RELATION_JOIN, out));
    (*out)->left = left;
    (*out)->right = right;
    (*out)->join = NLT_SQL_JOIN_CROSS;
    (*out)->depth = 1 + (left->depth > right->depth ? left->depth : right->depth);
    return (*out)->depth <= DEPTH_MAX ? NLT_OK : fail_here(p, "too many joins");
}

static nlt_status parse_relation(parser *p, nlt_sql_relation_node **out)
{
    NLT_TRY(parse_primary_relation(p, out));
    nlt_sql_join kind;
    bool is_natural;
    while (take_join(p, &kind, &is_natural)) {
        nlt_sql_relation_node *left = *out;
        nlt_sql_relation_node *right;
        NLT_TRY(parse_primary_relation(p, &right));
        NLT_TRY(join_relations(p, left, right, out));
        (*out)->join = kind;
        (*out)->is_natural = is_natural;
        if (take_word(p, "on")) {
            NLT_TRY(parse_expr(p, &(*out)->on));
        } else if (take_word(p, "using")) {
            NLT_TRY(need_symbol(p, "("));
            NLT_TRY(take_names(p, &(*out)->using_columns, &(*out)->n_using));
            NLT_TRY(need_symbol(p, ")"));
        }
    }
    return NLT_OK;
}

/* LATERAL VIEW [OUTER] function(...) [table] [AS column, ...] */
static nlt_status parse_lateral_view(parser *p, nlt_sql_relation_node **from)
{
    nlt_sql_relation_node *view;
    NLT_TRY(new_relation(p, NLT_SQL_RELATION_VIEW, &view));
    p->pos += 2;
    view->is_outer = take_word(p, "outer");
    view->left = *from;
    view->depth = (*from)->depth + 1;
    if (!is_name(peek(p, 0)) || !is_symbol(peek(p, 1), "(")) {
        return fail_here(p, "a function is expected");
    }
    NLT_TRY(parse_function(p, &view->call));
    if (!at_word(p, "as") && is_alias(peek(p, 0))) {
        NLT_TRY(take_name(p, &view->alias));
    }
    if (take_word(p, "as")) {
        NLT_TRY(take_names(p, &view->columns, &view->n_columns));
    }
    *from = view;
    return view->depth <= DEPTH_MAX ? NLT_OK : fail_here(p, "too many views");
}

static nlt_status parse_from(parser *p, nlt_sql_relation_node **out)
{
    if (++p->depth > DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    NLT_TRY(parse_relation(p, out));
    while (take_symbol(p, ",")) {
        nlt_sql_relation_node *left = *out;
        nlt_sql_relation_node *right;
        NLT_TRY(parse_relation(p, &right));
        NLT_TRY(join_relations(p, left, right, out));
    }
    while (at_words(p, "lateral", "view")) {
        NLT_TRY(parse_lateral_view(p, out));
    }
    p->depth--;
    return NLT_OK;
}

/* ---- queries ---- */

static nlt_status parse_item(parser *p, nlt_sql_item *item)
{
    NLT_TRY(parse_expr(p, &item->expr));
    if (take_word(p, "as")) {
        if (take_symbol(p, "(")) {
            NLT_TRY(take_names(p, &item->aliases, &item->n_aliases));
            return need_symbol(p, ")");
        }
    } else if (!is_alias(peek(p, 0))) {
        return NLT_OK;
    }
    NLT_TRY(grow(p, &item->aliases, 0, sizeof *item->aliases));
    NLT_TRY(take_name(p, &item->aliases[0]));
    item->n_aliases = 1;
    return NLT_OK;
}

/* ((a, b), a, ()) */
static nlt_status parse_sets(parser *p, nlt_sql_group *group)
{
    NLT_TRY(need_symbol(p, "("));
    do {
        nlt_sql_expr *set;
        NLT_TRY(grow(p, &group->exprs, group->n_exprs, sizeof *group->exprs));
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, peek(p, 0)->text, &set));
        if (at_symbol(p, "(")) {
            advance(p);
            if (!at_symbol(p, ")")) {
                NLT_TRY(parse_list(p, set));
            }
            NLT_TRY(need_symbol(p, ")"));
        } else {
            nlt_sql_expr *one;
            NLT_TRY(parse_expr(p, &one));
            NLT_TRY(add_arg(p, set, one));
        }
        group->exprs[group->n_exprs++] = set;
    } while (take_symbol(p, ","));
    return need_symbol(p, ")");
}

static nlt_status parse_group_element(parser *p, nlt_sql_group *group)
{
    static const char *const kinds[][2] = {{"rollup", "ROLLUP"}, {"cube", "CUBE"}};
    for (size_t i = 0; i < 2; i++) {
        if (at_word(p, kinds[i][0]) && is_symbol(peek(p, 1), "(")) {
            advance(p);
            group->kind = kinds[i][1];
            return parse_sets(p, group);
        }
    }
    if (at_words(p, "grouping", "sets")) {
        p->pos += 2;
        group->kind = "GROUPING SETS";
        return parse_sets(p, group);
    }
    NLT_TRY(grow(p, &group->exprs, 0, sizeof *group->exprs));
    NLT_TRY(parse_expr(p, &group->exprs[0]));
    group->n_exprs = 1;
    return NLT_OK;
}

/* Each expression of GROUP BY a, b WITH ROLLUP becomes a set of its own. */
static nlt_status merge_groups(parser *p, nlt_sql_select *select, const char *kind)
{
    nlt_sql_group merged = {.kind = kind};
    for (int i = 0; i < select->n_groups; i++) {
        nlt_sql_expr *set;
        if (select->groups[i].kind != NULL) {
            return fail_here(p, "it cannot follow another grouping");
        }
        NLT_TRY(grow(p, &merged.exprs, i, sizeof *merged.exprs));
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, select->groups[i].exprs[0]->place, &set));
        NLT_TRY(add_arg(p, set, select->groups[i].exprs[0]));
        merged.exprs[merged.n_exprs++] = set;
    }
    select->groups[0] = merged;
    select->n_groups = 1;
    return NLT_OK;
}

static nlt_status parse_group_by(parser *p, nlt_sql_select *select)
{
    if (at_word(p, "all") && !is_symbol(peek(p, 1), ",") && !is_symbol(peek(p, 1), "(")) {
        advance(p);
        select->is_group_all = true;
        return NLT_OK;
    }
    do {
        NLT_TRY(grow(p, &select->groups, select->n_groups, sizeof *select->groups));
        NLT_TRY(parse_group_element(p, &select->groups[select->n_groups]));
        select->n_groups++;
    } while (take_symbol(p, ","));
    if (take_words(p, "with", "rollup")) {
        return merge_groups(p, select, "ROLLUP");
    }
    if (take_words(p, "with", "cube")) {
        return merge_groups(p, select, "CUBE");
    }
    if (at_words(p, "grouping", "sets")) { /* GROUP BY a, b GROUPING SETS (...) */
        p->pos += 2;
        select->groups[0] = (nlt_sql_group){.kind = "GROUPING SETS"};
        select->n_groups = 1;
        return parse_sets(p, &select->groups[0]);
    }
    return NLT_OK;
}

static nlt_status parse_windows(parser *p, nlt_sql_select *select)
{
    do {
        NLT_TRY(grow(p, &select->windows, select->n_windows, sizeof *select->windows));
        nlt_sql_named_window *window = &select->windows[select->n_windows];
        NLT_TRY(take_name(p, &window->name));
        NLT_TRY(need_word(p, "as"));
        NLT_TRY(parse_window(p, &window->window));
        select->n_windows++;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_select(parser *p, nlt_sql_select *select)
{
    NLT_TRY(need_word(p, "select"));
    select->is_distinct = take_word(p, "distinct");
    if (!select->is_distinct && at_word(p, "all") && !is_symbol(peek(p, 1), ",")) {
        advance(p);
    }
    do {
        NLT_TRY(grow(p, &select->items, select->n_items, sizeof *select->items));
        NLT_TRY(parse_item(p, &select->items[select->n_items]));
        select->n_items++;
    } while (take_symbol(p, ","));
    if (take_word(p, "from")) {
        NLT_TRY(parse_from(p, &select->from));
    }
    if (take_word(p, "where")) {
        NLT_TRY(parse_expr(p, &select->where));
    }
    if (take_words(p, "group", "by")) {
        NLT_TRY(parse_group_by(p, select));
    }
    if (take_word(p, "having")) {
        NLT_TRY(parse_expr(p, &select->having));
    }
    if (at_word(p, "qualify")) {
        return refuse_here(p, "QUALIFY");
    }
    return take_word(p, "window") ? parse_windows(p, select) : NLT_OK;
}

static nlt_status new_query(parser *p, nlt_sql_query_kind kind, nlt_sql_query **out)
{
    NLT_TRY(make(p, sizeof **out, out));
    (*out)->kind = kind;
    (*out)->place = peek(p, 0)->text;
    (*out)->depth = 1;
    return NLT_OK;
}

static nlt_status parse_query_primary(parser *p, nlt_sql_query **out)
{
    if (at_symbol(p, "(")) {
        NLT_TRY(new_query(p, NLT_SQL_QUERY_NESTED, out));
        advance(p);
        NLT_TRY(parse_query(p, &(*out)->left));
        (*out)->depth = (*out)->left->depth + 1;
        return need_symbol(p, ")");
    }
    if (at_word(p, "values")) {
        NLT_TRY(new_query(p, NLT_SQL_QUERY_VALUES, out));
        NLT_TRY(new_relation(p, NLT_SQL_RELATION_VALUES, &(*out)->values));
        NLT_TRY(parse_values(p, (*out)->values));
        return parse_table_alias(p, (*out)->values);
    }
    if (!at_word(p, "select")) {
        return fail_here(p, "only a SELECT is run");
    }
    NLT_TRY(new_query(p, NLT_SQL_QUERY_SELECT, out));
    return parse_select(p, &(*out)->select);
}

/* UNION and EXCEPT from left to right; INTERSECT binds tighter. */
static nlt_status parse_sets_of(parser *p, bool is_intersect, nlt_sql_query **out)
{
    NLT_TRY(is_intersect ? parse_query_primary(p, out) : parse_sets_of(p, true, out));
    for (;;) {
        const char *set = NULL;
        if (is_intersect) {
            set = at_word(p, "intersect") ? "INTERSECT" : NULL;
        } else {
            bool is_except = at_word(p, "except") || at_word(p, "minus");
            set = at_word(p, "union") ? "UNION" : is_except ? "EXCEPT" : NULL;
        }
        if (set == NULL) {
            return NLT_OK;
        }
        nlt_sql_query *left = *out;
        NLT_TRY(new_query(p, NLT_SQL_QUERY_SET, out));
        nlt_sql_query *node = *out;
        advance(p);
        node->set = set;
        node->is_all = take_word(p, "all");
        if (!node->is_all) {
            (void)take_word(p, "distinct");
        }
        node->left = left;
        NLT_TRY(is_intersect ? parse_query_primary(p, &node->right)
                             : parse_sets_of(p, true, &node->right));
        int depth = left->depth > node->right->depth ? left->depth : node->right->depth;
        node->depth = depth + 1;
        if (node->depth > DEPTH_MAX) {
            return fail_here(p, "too many set operations");
        }
    }
}

static nlt_status parse_ctes(parser *p, nlt_sql_query *query, nlt_sql_cte **ctes, int *n)
{
    (void)query;
    if (at_word(p, "recursive")) {
        return refuse_here(p, "WITH RECURSIVE");
    }
    do {
        NLT_TRY(grow(p, ctes, *n, sizeof **ctes));
        nlt_sql_cte *cte = &(*ctes)[*n];
        NLT_TRY(take_name(p, &cte->name));
        if (take_symbol(p, "(")) {
            NLT_TRY(take_names(p, &cte->columns, &cte->n_columns));
            NLT_TRY(need_symbol(p, ")"));
        }
        (void)take_word(p, "as");
        NLT_TRY(need_symbol(p, "("));
        NLT_TRY(parse_query(p, &cte->query));
        NLT_TRY(need_symbol(p, ")"));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_ordering(parser *p, nlt_sql_query *query)
{
    if (take_words(p, "order", "by")) {
        if (at_word(p, "all") && !is_symbol(peek(p, 1), ",")) {
            advance(p);
            query->is_order_all = true;
            return parse_direction(
                p, &query->is_order_all_descending, &query->is_order_all_nulls_last);
        }
        return parse_order(p, &query->order, &query->n_order);
    }
    if (at_words(p, "cluster", "by") || at_words(p, "distribute", "by")) {
        /* where rows lie: no part of the answer */
        nlt_sql_expr *ignored;
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, peek(p, 0)->text, &ignored));
        p->pos += 2;
        NLT_TRY(parse_list(p, ignored));
    }
    if (take_words(p, "sort", "by")) { /* one partition: the whole order */
        return parse_order(p, &query->order, &query->n_order);
    }
    return NLT_OK;
}

static nlt_status parse_query_inside(parser *p, nlt_sql_query **out)
{
    nlt_sql_cte *ctes = NULL;
    int n_ctes = 0;
    if (take_word(p, "with")) {
        NLT_TRY(parse_ctes(p, NULL, &ctes, &n_ctes));
    }
    NLT_TRY(parse_sets_of(p, false, out));
    nlt_sql_query *query = *out;
    query->ctes = ctes;
    query->n_ctes = n_ctes;
    NLT_TRY(parse_ordering(p, query));
    if (take_word(p, "window")) {
        return refuse_here(p, "WINDOW behind ORDER BY");
    }
    if (take_word(p, "limit") && !take_word(p, "all")) {
        NLT_TRY(parse_expr(p, &query->limit));
    }
    return take_word(p, "offset") ? parse_expr(p, &query->offset) : NLT_OK;
}

static nlt_status parse_query(parser *p, nlt_sql_query **out)
{
    enum { COST = 4 }; /* a query's frames are many */
    p->depth += COST;
    if (p->depth > DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    NLT_TRY(parse_query_inside(p, out));
    p->depth -= COST;
    return NLT_OK;
}

/* ---- whole statements ---- */

static nlt_status read_tokens(parser *p)
{
    nlt_lexer lexer = {p->sql, 0, true};
    nlt_token *tokens = NULL;
    for (int n = 0;; n++) {
        if (n >= TOKENS_MAX) {
            return nlt_fail(p->err, NLT_ERR_SQL, "a query of more than %d words", TOKENS_MAX);
        }
        NLT_TRY(grow(p, &tokens, n, sizeof *tokens));
        tokens[n] = nlt__lexer_next(&lexer);
        p->tokens = tokens;
        p->n_tokens = n + 1;
        if (tokens[n].kind == NLT_TOKEN_BAD) {
            return fail_at(p, &tokens[n], "");
        }
        if (tokens[n].kind == NLT_TOKEN_END) {
            return NLT_OK;
        }
    }
}

static nlt_status check_begin(const parser *p)
{
    int ahead = 0;
    while (is_symbol(peek(p, ahead), "(")) {
        ahead++;
    }
    const nlt_token *token = peek(p, ahead);
    if (token->kind == NLT_TOKEN_END) {
        return fail_at(p, token, "the query is empty");
    }
    if (is_word(token, "select") || is_word(token, "with") || is_word(token, "values")) {
        return NLT_OK;
    }
    nlt_status status = fail_at(p, token, "only a SELECT is run");
    nlt_error_hint(p->err, "a query is one SELECT over the table netlytics");
    return status;
}

nlt_status nlt__sql_parse(nlt_bytes sql, nlt_arena *arena, nlt_sql_query **out, nlt_error *err)
{
    parser p = {.sql = sql, .arena = arena, .err = err};
    *out = NULL;
    NLT_TRY(read_tokens(&p));
    NLT_TRY(check_begin(&p));
    NLT_TRY(parse_query(&p, out));
    bool is_over = false;
    while (take_symbol(&p, ";")) {
        is_over = true;
    }
    return peek(&p, 0)->kind == NLT_TOKEN_END
               ? NLT_OK
               : fail_here(&p, is_over ? "a second statement" : "this does not belong here");
}
