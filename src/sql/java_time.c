/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Date and time patterns.
 *
 * Sources: the documentation of java.time.format.DateTimeFormatterBuilder (appendPattern, appendValue
 * with its rules for adjacent numbers, strict parsing and strict resolving), of Spark ("Datetime
 * Patterns for Formatting and Parsing"). A pattern becomes a list of operations; the letters are a
 * table. */

#include "sql/java_time.h"

#include <string.h>

#include "core/num.h"
#include "core/time.h"
#include "sql/spark_cast.h"

enum { TEXT_LETTERS_SHORT = 3, TEXT_LETTERS_FULL = 4, FREE_DIGITS = 19, US_DIGITS = 6 };

static const int64_t day_us = INT64_C(86400000000);

/* ---- fields ---- */

typedef enum time_field {
    F_NONE = 0,
    F_YEAR, /* proleptic */
    F_YEAR_OF_ERA,
    F_ERA,
    F_MONTH,
    F_DAY,
    F_DAY_OF_YEAR,
    F_QUARTER,
    F_WEEKDAY,              /* 1 = Monday */
    F_DAY_OF_WEEK_IN_MONTH, /* aligned: days 1, 8, 15... have 1 */
    F_HALF,                 /* of the day */
    F_HOUR,
    F_HOUR24, /* 1..24 */
    F_HOUR_OF_HALF,
    F_HOUR12, /* 1..12 */
    F_MINUTE,
    F_SECOND,
    F_NANO,
    F_OFFSET, /* seconds of a zone */
    FIELD_COUNT
} time_field;

typedef enum op_kind {
    OP_LITERAL = 0,
    OP_NUMBER,
    OP_TWO_DIGIT_YEAR, /* 2000..2099 */
    OP_TEXT_SHORT,
    OP_TEXT_FULL,
    OP_FRACTION,
    OP_ZONE_ID,    /* "UTC" */
    OP_ZONE_NAME,  /* "Coordinated Universal Time" */
    OP_OFFSET_GMT, /* "GMT", "GMT+01:00" */
    OP_OFFSET_Z,   /* min: the number of letters; zero is "Z" */
    OP_OFFSET,     /* as above, zero is "+00" */
    OP_OPTIONAL,   /* the part up to its end may be missing */
    OP_OPTIONAL_END
} op_kind;

typedef enum sign_style {
    SIGN_NEVER = 0,
    SIGN_NORMAL,  /* '-' */
    SIGN_EXCEEDS, /* '-', and '+' if there are more digits than the pattern has letters */
} sign_style;

static const char *const month_names[] = {"January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"};
static const char *const weekday_names[] = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const quarter_names[] = {
    "1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
static const char *const quarter_short[] = {"Q1", "Q2", "Q3", "Q4"};
static const char *const era_names[] = {"Before Christ", "Anno Domini"};
static const char *const era_short[] = {"BC", "AD"};
static const char *const half_names[] = {"AM", "PM"};

/* What a field is called; short names are the first three letters unless there is a list. */
typedef struct field_text {
    const char *const *names, *const *shorts;
    int n, first; /* value of the first name */
} field_text;

static const field_text texts[FIELD_COUNT] = {
    [F_MONTH] = {month_names, NULL, 12, 1},
    [F_WEEKDAY] = {weekday_names, NULL, 7, 1},
    [F_QUARTER] = {quarter_names, quarter_short, 4, 1},
    [F_ERA] = {era_names, era_short, 2, 0},
    [F_HALF] = {half_names, half_names, 2, 0},
};

static const struct {
    int64_t least, most;
} ranges[FIELD_COUNT] = {
    [F_YEAR] = {-999999999, 999999999},
    [F_YEAR_OF_ERA] = {1, 1000000000},
    [F_ERA] = {0, 1},
    [F_MONTH] = {1, 12},
    [F_DAY] = {1, 31},
    [F_DAY_OF_YEAR] = {1, 366},
    [F_QUARTER] = {1, 4},
    [F_WEEKDAY] = {1, 7},
    [F_DAY_OF_WEEK_IN_MONTH] = {1, 7},
    [F_HALF] = {0, 1},
    [F_HOUR] = {0, 23},
    [F_HOUR24] = {1, 24},
    [F_HOUR_OF_HALF] = {0, 11},
    [F_HOUR12] = {1, 12},
    [F_MINUTE] = {0, 59},
    [F_SECOND] = {0, 59},
    [F_NANO] = {0, 999999999},
    [F_OFFSET] = {-64800, 64800},
};

/* ---- letters ---- */

typedef enum letter_class {
    L_UNKNOWN = 0,
    L_YEAR,
    L_NUMBER,      /* as many digits as letters, one letter: as many as it has */
    L_NUMBER_TEXT, /* up to two letters: number; three: short text; four: full text */
    L_TEXT,        /* up to three letters: short text; four: full text */
    L_FRACTION,
    L_ZONE_ID,
    L_ZONE_NAME,
    L_OFFSET_GMT,
    L_OFFSET_Z,
    L_OFFSET_X,
    L_OFFSET_RFC, /* Z: +0000, GMT, or as XXXXX */
    L_WEEK        /* of week years: Spark refuses them */
} letter_class;

typedef struct letter {
    char c;
    uint8_t class, field, max;
    bool is_format_only;
} letter;

static const letter letters[] = {
    {'G', L_TEXT, F_ERA, 4, false},
    {'y', L_YEAR, F_YEAR, 6, false},
    {'M', L_NUMBER_TEXT, F_MONTH, 4, false},
    {'L', L_NUMBER_TEXT, F_MONTH, 4, false},
    {'d', L_NUMBER, F_DAY, 2, false},
    {'D', L_NUMBER, F_DAY_OF_YEAR, 3, false},
    {'Q', L_NUMBER_TEXT, F_QUARTER, 4, true},
    {'q', L_NUMBER_TEXT, F_QUARTER, 4, true},
    {'E', L_TEXT, F_WEEKDAY, 4, true},
    {'F', L_NUMBER, F_DAY_OF_WEEK_IN_MONTH, 1, true},
    {'a', L_TEXT, F_HALF, 1, false},
    {'H', L_NUMBER, F_HOUR, 2, false},
    {'k', L_NUMBER, F_HOUR24, 2, false},
    {'K', L_NUMBER, F_HOUR_OF_HALF, 2, false},
    {'h', L_NUMBER, F_HOUR12, 2, false},
    {'m', L_NUMBER, F_MINUTE, 2, false},
    {'s', L_NUMBER, F_SECOND, 2, false},
    {'S', L_FRACTION, F_NANO, 9, false},
    {'V', L_ZONE_ID, F_OFFSET, 2, true},
    {'z', L_ZONE_NAME, F_OFFSET, 4, true},
    {'O', L_OFFSET_GMT, F_OFFSET, 4, true},
    {'X', L_OFFSET_Z, F_OFFSET, 5, false},
    {'x', L_OFFSET_X, F_OFFSET, 5, false},
    {'Z', L_OFFSET_RFC, F_OFFSET, 5, false},
    {'Y', L_WEEK, F_NONE, 0, false},
    {'w', L_WEEK, F_NONE, 0, false},
    {'W', L_WEEK, F_NONE, 0, false},
    {'u', L_WEEK, F_NONE, 0, false},
    {'e', L_WEEK, F_NONE, 0, false},
    {'c', L_WEEK, F_NONE, 0, false},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const letter *find_letter(char c)
{
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (letters[i].c == c) {
            return &letters[i];
        }
    }
    return NULL;
}

/* ---- compiling ---- */

typedef struct compiler {
    nlt_bytes text;
    bool is_parsing, has_era;
    nlt_time_pattern *out;
    size_t n_text;
    int depth;        /* of optional parts */
    int first_number; /* the number before those that follow it directly; -1: none */
    nlt_error *err;
} compiler;

static nlt_status refuse(const compiler *c, const char *what, char which, const char *why)
{
    nlt_fail(c->err, NLT_ERR_SQL, "time pattern \"%.*s\": %s %c %s",
        (int)(c->text.len < 100 ? c->text.len : 100), c->text.ptr, what, which, why);
    nlt_error_hint(c->err, "patterns are those of Spark 4, as yyyy-MM-dd HH:mm:ss.SSS");
    return NLT_ERR_SQL;
}

/* There is always room: an operation takes at least one byte of the pattern. */
static nlt_time_op *add_op(compiler *c, op_kind kind, int field, int min, int max)
{
    nlt_time_op *op = &c->out->ops[c->out->n_ops++];
    *op = (nlt_time_op){(uint8_t)kind, (uint8_t)field, (uint8_t)min, (uint8_t)max, SIGN_NEVER, 0};
    return op;
}

/* A number of fixed width behind another number is reserved by the first one of the run. */
static void add_number(compiler *c, int field, int min, int max, sign_style sign)
{
    nlt_time_op *op = add_op(c, OP_NUMBER, field, min, max);
    op->sign = (uint8_t)sign;
    bool is_fixed = min == max && sign == SIGN_NEVER;
    if (is_fixed && c->first_number >= 0) {
        c->out->ops[c->first_number].reserved =
            (int8_t)(c->out->ops[c->first_number].reserved + max);
    } else {
        if (c->first_number >= 0) { /* what follows is free: the first one has its own width only */
            c->out->ops[c->first_number].reserved = 0;
        }
        c->first_number = c->out->n_ops - 1;
    }
}

static void add_year(compiler *c, int n)
{
    int field = c->has_era ? F_YEAR_OF_ERA : F_YEAR;
    if (n == 2) {
        add_number(c, field, 2, 2, SIGN_NEVER);
        c->out->ops[c->out->n_ops - 1].kind = OP_TWO_DIGIT_YEAR;
    } else {
        add_number(c, field, n, FREE_DIGITS, n < TEXT_LETTERS_FULL ? SIGN_NORMAL : SIGN_EXCEEDS);
    }
}

static void add_plain_number(compiler *c, int field, int n)
{
    if (n == 1) {
        add_number(c, field, 1, FREE_DIGITS, SIGN_NORMAL);
    } else if (field == F_DAY_OF_YEAR) {
        add_number(c, field, n, 3, SIGN_NEVER);
    } else {
        add_number(c, field, n, n, SIGN_NEVER);
    }
}

static nlt_status add_run(compiler *c, const letter *rule, int n)
{
    bool is_full = n == TEXT_LETTERS_FULL;
    bool is_number = rule->class == L_YEAR || rule->class == L_NUMBER
        || (rule->class == L_NUMBER_TEXT && n < TEXT_LETTERS_SHORT);
    if (!is_number) {
        c->first_number = -1;
    }
    switch ((letter_class)rule->class) {
    case L_YEAR:
        add_year(c, n);
        break;
    case L_NUMBER:
        add_plain_number(c, rule->field, n);
        break;
    case L_NUMBER_TEXT:
        if (is_number) {
            add_plain_number(c, rule->field, n);
            break;
        }
        add_op(c, is_full ? OP_TEXT_FULL : OP_TEXT_SHORT, rule->field, 0, 0);
        break;
    case L_TEXT:
        add_op(c, is_full ? OP_TEXT_FULL : OP_TEXT_SHORT, rule->field, 0, 0);
        break;
    case L_FRACTION:
        add_op(c, OP_FRACTION, rule->field, c->is_parsing ? 1 : n, n);
        break;
    case L_ZONE_ID:
        if (n != 2) {
            return refuse(c, "letter", rule->c, "stands twice or not at all");
        }
        add_op(c, OP_ZONE_ID, rule->field, 0, 0);
        break;
    case L_ZONE_NAME:
        add_op(c, is_full ? OP_ZONE_NAME : OP_ZONE_ID, rule->field, 0, 0);
        break;
    case L_OFFSET_GMT:
        if (n != 1 && !is_full) {
            return refuse(c, "letter", rule->c, "stands once or four times");
        }
        add_op(c, OP_OFFSET_GMT, rule->field, 0, 0);
        break;
    case L_OFFSET_Z:
    case L_OFFSET_X:
        add_op(c, rule->class == L_OFFSET_Z ? OP_OFFSET_Z : OP_OFFSET, rule->field, n, 0);
        break;
    case L_OFFSET_RFC:
        if (is_full && c->is_parsing) {
            return refuse(c, "letter", rule->c, "cannot be parsed when it stands four times");
        }
        add_op(c,
            is_full      ? OP_OFFSET_GMT
                : n == 5 ? OP_OFFSET_Z
                         : OP_OFFSET,
            rule->field, n < TEXT_LETTERS_FULL ? 2 : n, 0);
        break;
    case L_UNKNOWN:
    case L_WEEK:
        break;
    }
    return NLT_OK;
}

static nlt_status compile_letters(compiler *c, size_t *at)
{
    char c0 = c->text.ptr[*at];
    const letter *rule = find_letter(c0);
    int n = 0;
    while (*at < c->text.len && c->text.ptr[*at] == c0) {
        n++;
        (*at)++;
    }
    if (rule == NULL) {
        return refuse(c, "letter", c0, "has no meaning; text stands between quotes");
    }
    if (rule->class == L_WEEK) {
        return refuse(c, "letter", c0, "belongs to week years, which are not supported");
    }
    if (n > rule->max) {
        return refuse(c, "letter", c0, "stands too often");
    }
    if (c->is_parsing && rule->is_format_only) {
        return refuse(c, "letter", c0, "cannot be parsed, only written");
    }
    return add_run(c, rule, n);
}

static void add_literal(compiler *c, const char *text, size_t len)
{
    c->first_number = -1;
    add_op(c, OP_LITERAL, F_NONE, (int)c->n_text, (int)len);
    memcpy(c->out->text + c->n_text, text, len);
    c->n_text += len;
}

/* 'text' from its quote on; '' is a quote, inside and outside. */
static nlt_status compile_quoted(compiler *c, size_t *at)
{
    char text[NLT_PATTERN_MAX];
    size_t n = 0;
    for (size_t i = *at + 1; i < c->text.len; i++) {
        char byte = c->text.ptr[i];
        if (byte == '\'' && (i + 1 == c->text.len || c->text.ptr[i + 1] != '\'')) {
            add_literal(c, n == 0 && i == *at + 1 ? "'" : text, n == 0 && i == *at + 1 ? 1 : n);
            *at = i + 1;
            return NLT_OK;
        }
        i += byte == '\'';
        text[n++] = byte;
    }
    return refuse(c, "the quote", '\'', "does not end");
}

static nlt_status compile_one(compiler *c, size_t *at)
{
    char byte = c->text.ptr[*at];
    if (is_letter(byte)) {
        return compile_letters(c, at);
    }
    if (byte == '\'') {
        return compile_quoted(c, at);
    }
    ++*at;
    if (byte == '[') {
        c->first_number = -1;
        c->depth++;
        add_op(c, OP_OPTIONAL, F_NONE, 0, 0);
    } else if (byte == ']') {
        if (c->depth-- == 0) {
            return refuse(c, "the bracket", byte, "closes nothing");
        }
        c->first_number = -1;
        add_op(c, OP_OPTIONAL_END, F_NONE, 0, 0);
    } else if (byte == '{' || byte == '}' || byte == '#') {
        return refuse(c, "the character", byte, "is reserved");
    } else {
        add_literal(c, &byte, 1);
    }
    return NLT_OK;
}

/* G outside of quotes: then y counts within the era. */
static bool has_era(nlt_bytes text)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        is_quoted ^= text.ptr[i] == '\'';
        if (text.ptr[i] == 'G' && !is_quoted) {
            return true;
        }
    }
    return false;
}

nlt_status nlt__time_pattern_compile(
    nlt_bytes text, bool is_parsing, nlt_time_pattern *out, nlt_error *err)
{
    compiler c = {.text = text,
        .is_parsing = is_parsing,
        .has_era = has_era(text),
        .out = out,
        .first_number = -1,
        .err = err};
    out->n_ops = 0;
    if (text.len > NLT_PATTERN_MAX - 2) { /* two for what closes open parts */
        return nlt_fail(
            err, NLT_ERR_SQL, "a time pattern of more than %d bytes", NLT_PATTERN_MAX - 2);
    }
    for (size_t at = 0; at < text.len;) {
        NLT_TRY(compile_one(&c, &at));
    }
    return NLT_OK; /* an optional part that does not end, ends with the pattern */
}

/* ---- writing ---- */

/* The value of every field at a time. */
static void split_time(int64_t us, int64_t fields[FIELD_COUNT])
{
    int64_t days = us / day_us - (us % day_us < 0);
    int64_t rest = (us % day_us + day_us) % day_us;
    nlt_civil civil = nlt__civil_from_days(days);
    int64_t seconds = rest / 1000000;
    fields[F_YEAR] = civil.year;
    fields[F_ERA] = civil.year > 0;
    fields[F_YEAR_OF_ERA] = civil.year > 0 ? civil.year : 1 - civil.year;
    fields[F_MONTH] = civil.month;
    fields[F_DAY] = civil.day;
    fields[F_DAY_OF_YEAR] = days - nlt__days_from_civil((nlt_civil){civil.year, 1, 1}) + 1;
    fields[F_QUARTER] = (civil.month + 2) / 3;
    fields[F_WEEKDAY] = ((days + 3) % 7 + 7) % 7 + 1; /* 1970-01-01 was a Thursday */
    fields[F_DAY_OF_WEEK_IN_MONTH] = (civil.day - 1) % 7 + 1;
    fields[F_HOUR] = seconds / 3600;
    fields[F_HALF] = fields[F_HOUR] / 12;
    fields[F_HOUR24] = fields[F_HOUR] == 0 ? 24 : fields[F_HOUR];
    fields[F_HOUR_OF_HALF] = fields[F_HOUR] % 12;
    fields[F_HOUR12] = fields[F_HOUR_OF_HALF] == 0 ? 12 : fields[F_HOUR_OF_HALF];
    fields[F_MINUTE] = seconds / 60 % 60;
    fields[F_SECOND] = seconds % 60;
    fields[F_NANO] = rest % 1000000 * 1000;
    fields[F_OFFSET] = 0;
}

static size_t put_number(const nlt_time_op *op, int64_t value, char *out)
{
    char digits[NLT_NUM_TEXT_MAX];
    size_t n = nlt__format_i64(value < 0 ? -value : value, digits);
    size_t len = 0;
    if (value < 0) {
        out[len++] = '-';
    } else if (op->sign == SIGN_EXCEEDS && n > op->min) {
        out[len++] = '+';
    }
    for (size_t pad = n; pad < op->min; pad++) {
        out[len++] = '0';
    }
    memcpy(out + len, digits, n);
    return len + n;
}

static nlt_bytes text_of(const nlt_time_op *op, int64_t value)
{
    const field_text *text = &texts[op->field];
    bool is_short = op->kind == OP_TEXT_SHORT;
    const char *name =
        (is_short && text->shorts != NULL ? text->shorts : text->names)[value - text->first];
    size_t len = strlen(name);
    return (nlt_bytes){name, is_short && text->shorts == NULL ? 3 : len};
}

static size_t put_fraction(const nlt_time_op *op, int64_t nano, char *out)
{
    int64_t unit = 100000000;
    for (int i = 0; i < op->max; i++, unit /= 10) {
        out[i] = (char)('0' + nano / unit % 10);
    }
    return op->max;
}

/* What zero is written as, by the number of letters. */
static const char *zero_offset(int n)
{
    static const char *const forms[] = {"", "+00", "+0000", "+00:00", "+0000", "+00:00"};
    return forms[n];
}

static size_t put_op(const nlt_time_pattern *pattern, const nlt_time_op *op,
    const int64_t fields[FIELD_COUNT], char *out)
{
    static const struct {
        op_kind kind;
        const char *text;
    } zones[] = {{OP_ZONE_ID, "UTC"}, {OP_ZONE_NAME, "Coordinated Universal Time"},
        {OP_OFFSET_GMT, "GMT"}, {OP_OFFSET_Z, "Z"}};
    nlt_bytes text = {"", 0};
    op_kind kind = (op_kind)op->kind;
    if (kind == OP_NUMBER) {
        return put_number(op, fields[op->field], out);
    }
    if (kind == OP_TWO_DIGIT_YEAR) {
        int64_t year = fields[op->field] % 100;
        return put_number(op, year < 0 ? -year : year, out);
    }
    if (kind == OP_FRACTION) {
        return put_fraction(op, fields[F_NANO], out);
    }
    if (kind == OP_LITERAL) {
        text = (nlt_bytes){pattern->text + op->min, op->max};
    } else if (kind == OP_TEXT_SHORT || kind == OP_TEXT_FULL) {
        text = text_of(op, fields[op->field]);
    } else if (kind == OP_OFFSET) {
        text = (nlt_bytes){zero_offset(op->min), strlen(zero_offset(op->min))};
    }
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (zones[i].kind == kind) {
            text = (nlt_bytes){zones[i].text, strlen(zones[i].text)};
        }
    }
    memcpy(out, text.ptr, text.len);
    return text.len;
}

size_t nlt__time_pattern_format(const nlt_time_pattern *pattern, int64_t us, char *out)
{
    int64_t fields[FIELD_COUNT] = {0};
    size_t len = 0;
    split_time(us, fields);
    for (int i = 0; i < pattern->n_ops; i++) {
        len += put_op(pattern, &pattern->ops[i], fields, out + len);
    }
    return len;
}

/* ---- reading ---- */

typedef struct reader {
    const nlt_time_pattern *pattern;
    nlt_bytes text;
    size_t at;
    int64_t fields[FIELD_COUNT];
    uint32_t has; /* bit f: fields[f] was read */
} reader;

static char peek(const reader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* A field may be read twice if it has the same value. */
static bool set_field(reader *r, int field, int64_t value)
{
    uint32_t bit = UINT32_C(1) << field;
    bool is_same = (r->has & bit) == 0 || r->fields[field] == value;
    r->fields[field] = value;
    r->has |= bit;
    return is_same;
}

/* Text without regard to case (of ASCII). */
static bool take_text(reader *r, nlt_bytes text)
{
    if (text.len > r->text.len - r->at) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (lower(r->text.ptr[r->at + i]) != lower(text.ptr[i])) {
            return false;
        }
    }
    r->at += text.len;
    return true;
}

/* Up to `most` digits, counting. False: the number needs more than 18 digits. */
static bool take_digits(reader *r, size_t most, int64_t *value, size_t *n)
{
    *value = 0;
    *n = 0;
    while (*n < most && is_digit(peek(r))) {
        if (*n >= 18 && (*value != 0 || *n > 40)) {
            return false;
        }
        *value = *value * 10 + (peek(r) - '0');
        r->at++;
        ++*n;
    }
    return true;
}

static bool take_number(reader *r, const nlt_time_op *op)
{
    char sign = peek(r);
    bool has_sign = sign == '-' || sign == '+';
    if (has_sign && (op->sign == SIGN_NEVER || (op->sign == SIGN_NORMAL && sign == '+'))) {
        return false;
    }
    r->at += has_sign;
    size_t begin = r->at;
    int64_t value = 0;
    size_t n = 0;
    size_t reserved = (size_t)op->reserved;
    if (!take_digits(r, op->max + reserved, &value, &n)) {
        return false;
    }
    if (reserved > 0) { /* now that the length of the run is known */
        size_t own = n > reserved + op->min ? n - reserved : op->min;
        r->at = begin;
        if (!take_digits(r, own, &value, &n)) {
            return false;
        }
    }
    if (n < op->min || n == 0) {
        return false;
    }
    if (sign == '-' && has_sign) {
        if (value == 0) {
            return false;
        }
        value = -value;
    } else if (op->sign == SIGN_EXCEEDS && has_sign != (n > op->min)) {
        return false; /* '+' where, and only where, there are more digits than letters */
    }
    return set_field(r, op->field, value);
}

static bool take_two_digit_year(reader *r, const nlt_time_op *op)
{
    int64_t value = 0;
    size_t n = 0;
    return take_digits(r, 2, &value, &n) && n == 2 && set_field(r, op->field, 2000 + value);
}

static bool take_fraction(reader *r, const nlt_time_op *op)
{
    int64_t value = 0;
    size_t n = 0;
    if (!take_digits(r, op->max, &value, &n) || n < op->min) {
        return false;
    }
    for (; n < 9; n++) {
        value *= 10;
    }
    return set_field(r, F_NANO, value);
}

static bool take_name(reader *r, const nlt_time_op *op)
{
    const field_text *text = &texts[op->field];
    for (int i = 0; i < text->n; i++) {
        if (take_text(r, text_of(op, text->first + i))) {
            return set_field(r, op->field, text->first + i);
        }
    }
    return false;
}

static bool take_two(reader *r, int most, int *value)
{
    if (!is_digit(peek(r)) || r->at + 1 >= r->text.len || !is_digit(r->text.ptr[r->at + 1])) {
        return false;
    }
    *value = (peek(r) - '0') * 10 + (r->text.ptr[r->at + 1] - '0');
    r->at += 2;
    return *value <= most;
}

/* "+hh", "+hhmm", "+hh:mm" and with seconds, as the number of letters says:
 * 1 +HHmm (minutes may be missing), 2 +HHMM, 3 +HH:MM, 4 +HHMMss, 5 +HH:MM:ss. */
static bool take_offset(reader *r, const nlt_time_op *op)
{
    int n = op->min;
    bool has_colon = n == 3 || n == 5;
    int parts[3] = {0, 0, 0};
    if (op->kind == OP_OFFSET_Z && lower(peek(r)) == 'z') {
        r->at++;
        return set_field(r, F_OFFSET, 0);
    }
    char sign = peek(r);
    if ((sign != '+' && sign != '-') || r->at++ > r->text.len || !take_two(r, 18, &parts[0])) {
        return false;
    }
    for (int i = 1; i < (n >= 4 ? 3 : 2); i++) {
        size_t before = r->at;
        bool is_optional = (n == 1 && i == 1) || i == 2;
        bool is_there =
            (!has_colon || (peek(r) == ':' && r->at++ < r->text.len)) && take_two(r, 59, &parts[i]);
        if (!is_there && !is_optional) {
            return false;
        }
        if (!is_there) {
            r->at = before;
            parts[i] = 0;
            break;
        }
    }
    int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    return seconds <= 64800 && set_field(r, F_OFFSET, sign == '-' ? -seconds : seconds);
}

static bool take_op(reader *r, const nlt_time_op *op)
{
    switch ((op_kind)op->kind) {
    case OP_LITERAL:
        return take_text(r, (nlt_bytes){r->pattern->text + op->min, op->max});
    case OP_NUMBER:
        return take_number(r, op);
    case OP_TWO_DIGIT_YEAR:
        return take_two_digit_year(r, op);
    case OP_TEXT_SHORT:
    case OP_TEXT_FULL:
        return take_name(r, op);
    case OP_FRACTION:
        return take_fraction(r, op);
    case OP_OFFSET_Z:
    case OP_OFFSET:
        return take_offset(r, op);
    case OP_ZONE_ID:
    case OP_ZONE_NAME:
    case OP_OFFSET_GMT:
    case OP_OPTIONAL:
    case OP_OPTIONAL_END:
        break;
    }
    return false;
}

/* The operation behind the optional part that begins at `i`. */
static int behind_optional(const nlt_time_pattern *pattern, int i)
{
    int depth = 0;
    for (; i < pattern->n_ops; i++) {
        depth += pattern->ops[i].kind == OP_OPTIONAL;
        depth -= pattern->ops[i].kind == OP_OPTIONAL_END;
        if (depth == 0) {
            return i + 1;
        }
    }
    return i;
}

/* Operations from..to. An optional part that fails leaves no trace. */
static bool take_ops(reader *r, int from, int to)
{
    /* where parts that are open began, to go back there */
    struct {
        reader before;
        int end;
    } open[4];
    int depth = 0;
    for (int i = from; i < to;) {
        const nlt_time_op *op = &r->pattern->ops[i];
        if (op->kind == OP_OPTIONAL) {
            if (depth == (int)(sizeof open / sizeof open[0])) {
                return false;
            }
            open[depth].before = *r;
            open[depth++].end = behind_optional(r->pattern, i);
            i++;
        } else if (op->kind == OP_OPTIONAL_END) {
            depth--;
            i++;
        } else if (take_op(r, op)) {
            i++;
        } else if (depth > 0) {
            depth--;
            *r = open[depth].before;
            i = open[depth].end;
        } else {
            return false;
        }
    }
    return true;
}

/* ---- what was read as a time ---- */

static bool has(const reader *r, time_field f)
{
    return (r->has >> f & 1) != 0;
}

static bool are_in_range(const reader *r)
{
    for (int f = 1; f < FIELD_COUNT; f++) {
        if (has(r, (time_field)f)
            && (r->fields[f] < ranges[f].least || r->fields[f] > ranges[f].most)) {
            return false;
        }
    }
    return true;
}

/* The year of the era gives the year; both must agree. */
static bool resolve_year(reader *r)
{
    if (!has(r, F_YEAR_OF_ERA)) {
        return !has(r, F_ERA) || !has(r, F_YEAR) || r->fields[F_ERA] == (r->fields[F_YEAR] > 0);
    }
    if (!has(r, F_ERA)) {
        return true; /* strict: stays a year of an era that is not told */
    }
    int64_t year = r->fields[F_YEAR_OF_ERA];
    return set_field(r, F_YEAR, r->fields[F_ERA] == 1 ? year : 1 - year);
}

static bool resolve_date(reader *r, int64_t *days)
{
    if (!resolve_year(r)) {
        return false;
    }
    int64_t year = has(r, F_YEAR) ? r->fields[F_YEAR] : 1970;
    int64_t month = has(r, F_MONTH) ? r->fields[F_MONTH] : 1;
    int64_t day = has(r, F_DAY) ? r->fields[F_DAY] : 1;
    int64_t first = nlt__days_from_civil((nlt_civil){(int)year, 1, 1});
    bool is_whole = has(r, F_YEAR) && has(r, F_MONTH) && has(r, F_DAY);
    if (has(r, F_DAY_OF_YEAR) && !is_whole) {
        *days = first + r->fields[F_DAY_OF_YEAR] - 1;
        nlt_civil civil = nlt__civil_from_days(*days);
        return civil.year == year && (!has(r, F_MONTH) || civil.month == month)
            && (!has(r, F_DAY) || civil.day == day);
    }
    if (!nlt__spark_is_civil(year, month, day)) {
        return false;
    }
    *days = nlt__days_from_civil((nlt_civil){(int)year, (int)month, (int)day});
    return !is_whole || !has(r, F_DAY_OF_YEAR) || *days - first + 1 == r->fields[F_DAY_OF_YEAR];
}

/* One hour from the five ways to tell it. */
static bool resolve_hour(reader *r, int64_t *hour)
{
    if (has(r, F_HOUR24) && !set_field(r, F_HOUR, r->fields[F_HOUR24] % 24)) {
        return false;
    }
    if (has(r, F_HOUR12) && !set_field(r, F_HOUR_OF_HALF, r->fields[F_HOUR12] % 12)) {
        return false;
    }
    if (has(r, F_HALF) && has(r, F_HOUR_OF_HALF)
        && !set_field(r, F_HOUR, r->fields[F_HALF] * 12 + r->fields[F_HOUR_OF_HALF])) {
        return false;
    }
    if (has(r, F_HOUR)) {
        *hour = r->fields[F_HOUR];
        return (!has(r, F_HALF) || r->fields[F_HALF] == *hour / 12)
            && (!has(r, F_HOUR_OF_HALF) || r->fields[F_HOUR_OF_HALF] == *hour % 12);
    }
    *hour = has(r, F_HOUR_OF_HALF)                 ? r->fields[F_HOUR_OF_HALF]
        : has(r, F_HALF) && r->fields[F_HALF] == 1 ? 12
                                                   : 0;
    return true;
}

bool nlt__time_pattern_parse(const nlt_time_pattern *pattern, nlt_bytes text, int64_t *us)
{
    reader r = {.pattern = pattern, .text = text};
    int64_t days = 0;
    int64_t hour = 0;
    if (!take_ops(&r, 0, pattern->n_ops) || r.at != text.len || !are_in_range(&r)
        || !resolve_date(&r, &days) || !resolve_hour(&r, &hour)) {
        return false;
    }
    int64_t seconds =
        hour * 3600 + r.fields[F_MINUTE] * 60 + r.fields[F_SECOND] - r.fields[F_OFFSET];
    int64_t rest = seconds * 1000000 + r.fields[F_NANO] / 1000;
    return !__builtin_mul_overflow(days, day_us, us) && !__builtin_add_overflow(*us, rest, us);
}
