/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spark's functions that write numbers and words in other ways. */

#include <math.h>
#include <stdio.h>

#include "core/num.h"
#include "sql/scalar.h"
#include "sql/spark_cast.h"

#define TEXT_RESULT                                                                                \
    {                                                                                              \
        NLT_TYPE_STRING, NLT_TYPE_STRING, 0                                                        \
    }

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* ---- conv ---- */

enum { BASE_MIN = 2, BASE_MAX = 36 };

static int digit_of(char c)
{
    c = upper(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : BASE_MAX;
}

/* The digits at the beginning as an unsigned number; all ones if it needs more than 64 bits. */
static uint64_t read_base(nlt_bytes text, int base)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len && digit_of(text.ptr[i]) < base; i++) {
        if (__builtin_mul_overflow(value, (uint64_t)base, &value)
            || __builtin_add_overflow(value, (uint64_t)digit_of(text.ptr[i]), &value)) {
            return UINT64_MAX;
        }
    }
    return value;
}

static nlt_status conv(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    nlt_bytes text = nlt__arg_text(call, 0, row);
    int64_t from = nlt__arg_i64(call, 1, row);
    int64_t to = nlt__arg_i64(call, 2, row);
    int64_t width = to < 0 && to >= -BASE_MAX ? -to : to;
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    if (from < BASE_MIN || from > BASE_MAX || width < BASE_MIN || width > BASE_MAX
        || text.len == 0) {
        return NLT_OK;
    }
    bool is_negative = text.ptr[0] == '-';
    uint64_t value =
        read_base((nlt_bytes){text.ptr + is_negative, text.len - is_negative}, (int)from);
    if (is_negative && to > 0) {
        value = (int64_t)value < 0 ? UINT64_MAX : -value;
    }
    if (to < 0 && (int64_t)value < 0) {
        value = -value;
        is_negative = true;
    }
    char digits[66];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % (uint64_t)width];
        value /= (uint64_t)width;
    } while (value > 0);
    if (is_negative && to < 0) {
        digits[--at] = '-';
    }
    return nlt__put_copy(call, row, (nlt_bytes){digits + at, sizeof digits - at}, err);
}

const nlt_scalar nlt_scalar_conv = {
    .name = "nlt_conv",
    .usage = "nlt_conv(text, from, to)",
    .is_spark = true,
    .summary =
        "conv: digits of one base as digits of another, by way of 64 bits; to a negative base, "
        "signed",
    .n_args = 3,
    .args = {NLT_ARG_STRING, NLT_ARG_INT64, NLT_ARG_INT64},
    .result = TEXT_RESULT,
    .row = conv,
};

/* ---- soundex ---- */

/* Codes of A to Z: 0 ends a run, 7 (H, W) does not count. */
static const char codes[] = "01230127022455012623017202";

static nlt_status soundex(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    nlt_bytes text = nlt__arg_text(call, 0, row);
    char first = text.len > 0 ? upper(text.ptr[0]) : '\0';
    if (first < 'A' || first > 'Z') {
        nlt__put_text(call, row, text);
        return NLT_OK;
    }
    char out[4] = {first, '0', '0', '0'};
    size_t n = 1;
    char last = codes[first - 'A'];
    for (size_t i = 1; i < text.len && n < sizeof out; i++) {
        char c = upper(text.ptr[i]);
        char code = c >= 'A' && c <= 'Z' ? codes[c - 'A'] : '0';
        if (code == '7') {
            continue;
        }
        if (code != '0' && code != last) {
            out[n++] = code;
        }
        last = code;
    }
    return nlt__put_copy(call, row, (nlt_bytes){out, sizeof out}, err);
}

const nlt_scalar nlt_scalar_soundex = {
    .name = "nlt_soundex",
    .usage = "nlt_soundex(text)",
    .is_spark = true,
    .summary =
        "soundex: a letter and three digits for how an English word sounds; a text that begins "
        "with no letter stays as it is",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = TEXT_RESULT,
    .row = soundex,
};

/* ---- format_number ---- */

enum { PLACES_MAX = 340, PLAIN_MAX = 720, GROUPED_MAX = 1024 };

/* Digits behind the point of the shortest text. */
static int shortest_places(double value)
{
    char text[NLT_NUM_TEXT_MAX];
    size_t len = nlt__format_double(value, text);
    int places = 0;
    int exponent = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == 'e') {
            int64_t power = 0;
            bool has_plus = text[i + 1] == '+';
            if (nlt__parse_i64(
                    (nlt_bytes){text + i + 1 + has_plus, len - i - 1 - has_plus}, &power)) {
                exponent = (int)power;
            }
            len = i;
        }
    }
    const char *point = memchr(text, '.', len);
    if (point != NULL) {
        places = (int)(text + len - point) - 1;
        places -= places == 1 && point[1] == '0';
    }
    return places - exponent > 0 ? places - exponent : 0;
}

/* With `places` digits behind the point, ties by the exact value and then to even. Digits beyond the
 * shortest text are zeros, as Java has them. */
static size_t put_plain(double value, int places, char out[PLAIN_MAX])
{
    int own = shortest_places(value);
    int exact = own < places ? own : places;
    int len = snprintf(out, PLAIN_MAX, "%.*f", exact, fabs(value));
    for (int i = 0; i < len; i++) {
        out[i] = out[i] >= '0' && out[i] <= '9' ? out[i] : '.'; /* the point of any locale */
    }
    size_t n = (size_t)len;
    if (exact == 0 && places > 0) {
        out[n++] = '.';
    }
    for (; exact < places; exact++) {
        out[n++] = '0';
    }
    return n;
}

/* Above 2^53 Java fills up with zeros behind the shortest digits, where the exact value has others. */
static void zero_tail(double value, char *text, size_t len)
{
    char shortest[NLT_NUM_TEXT_MAX];
    size_t n = nlt__format_double(fabs(value), shortest);
    size_t n_digits = 0;
    char digits[NLT_NUM_TEXT_MAX];
    for (size_t i = 0; i < n && shortest[i] != 'e'; i++) {
        if (shortest[i] != '.') {
            digits[n_digits++] = shortest[i];
        }
    }
    for (size_t i = 0; i < len && text[i] != '.'; i++) {
        text[i] = i < n_digits ? digits[i] : '0';
    }
}

static size_t group(const char *plain, size_t len, bool is_negative, char out[GROUPED_MAX])
{
    const char *point = memchr(plain, '.', len);
    size_t whole = point != NULL ? (size_t)(point - plain) : len;
    size_t n = 0;
    if (is_negative) {
        out[n++] = '-';
    }
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) {
            out[n++] = ',';
        }
        out[n++] = plain[i];
    }
    memcpy(out + n, plain + whole, len - whole);
    return n + len - whole;
}

static size_t plain_integer(int64_t value, int places, char out[PLAIN_MAX])
{
    size_t n = nlt__format_u64(value < 0 ? -(uint64_t)value : (uint64_t)value, out);
    if (places > 0) {
        out[n++] = '.';
        memset(out + n, '0', (size_t)places);
        n += (size_t)places;
    }
    return n;
}

static nlt_status format_number(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    char plain[PLAIN_MAX];
    char grouped[GROUPED_MAX];
    int64_t places = nlt__arg_i64(call, 1, row);
    if (places < 0) {
        return NLT_OK;
    }
    places = places > PLACES_MAX ? PLACES_MAX : places; /* as DecimalFormat */
    if (nlt__arg_type(call, 0) == NLT_TYPE_INT64) {
        int64_t value = nlt__arg_i64(call, 0, row);
        size_t len = plain_integer(value, (int)places, plain);
        len = group(plain, len, value < 0, grouped);
        return nlt__put_copy(call, row, (nlt_bytes){grouped, len}, err);
    }
    double value = nlt__arg_double(call, 0, row);
    if (isnan(value) || isinf(value)) {
        static const char *const names[] = {"NaN", "∞", "-∞"};
        const char *name = names[isnan(value) ? 0 : value > 0 ? 1 : 2];
        nlt__put_text(call, row, (nlt_bytes){name, strlen(name)});
        return NLT_OK;
    }
    size_t len = put_plain(value, (int)places, plain);
    if (fabs(value) >= 9007199254740992.0) {
        zero_tail(value, plain, len);
    }
    len = group(plain, len, signbit(value), grouped);
    return nlt__put_copy(call, row, (nlt_bytes){grouped, len}, err);
}

const nlt_scalar nlt_scalar_format_number = {
    .name = "nlt_format_number",
    .usage = "nlt_format_number(number, places)",
    .is_spark = true,
    .summary =
        "format_number: 12,345.68 with so many places, ties to even; the form with a pattern is "
        "not to be had",
    .n_args = 2,
    .args = {NLT_ARG_INT64 | NLT_ARG_DOUBLE, NLT_ARG_INT64},
    .result = TEXT_RESULT,
    .row = format_number,
};

/* ---- substring_index ---- */

static bool is_at(nlt_bytes text, size_t at, nlt_bytes part)
{
    return part.len <= text.len - at && memcmp(text.ptr + at, part.ptr, part.len) == 0;
}

/* Each place counts, so separators may overlap (UTF8String.subStringIndex). */
static nlt_status substring_index(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    nlt_bytes text = nlt__arg_text(call, 0, row);
    nlt_bytes part = nlt__arg_text(call, 1, row);
    int64_t count = nlt__arg_i64(call, 2, row);
    nlt_bytes out = text;
    if (count == 0 || part.len == 0 || text.len == 0) {
        nlt__put_text(call, row, (nlt_bytes){"", 0});
        return NLT_OK;
    }
    for (size_t i = 0; count > 0 && i < text.len; i++) {
        if (is_at(text, i, part) && --count == 0) {
            out.len = i;
        }
    }
    for (size_t i = text.len; count < 0 && i-- > 0;) {
        if (is_at(text, i, part) && ++count == 0) {
            out = (nlt_bytes){text.ptr + i + part.len, text.len - i - part.len};
        }
    }
    nlt__put_text(call, row, out);
    return NLT_OK;
}

const nlt_scalar nlt_scalar_substring_index = {
    .name = "nlt_substring_index",
    .usage = "nlt_substring_index(text, separator, n)",
    .is_spark = true,
    .summary =
        "substring_index: what is before the n-th separator, or behind it from the end if n < 0",
    .n_args = 3,
    .args = {NLT_ARG_STRING, NLT_ARG_STRING, NLT_ARG_INT64},
    .result = TEXT_RESULT,
    .row = substring_index,
};

/* ---- levenshtein ---- */

/* Length of the character at the begin of what is left. */
static size_t character(nlt_bytes text)
{
    size_t n = 1;
    while (n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80) {
        n++;
    }
    return n;
}

static nlt_bytes behind(nlt_bytes text, size_t n)
{
    return (nlt_bytes){text.ptr + n, text.len - n};
}

/* Wagner and Fischer's table, a row at a time: `row[j]` is the distance of what is read of `a` from
 * the first j characters of `b`. */
static nlt_status levenshtein(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    nlt_bytes a = nlt__arg_text(call, 0, row);
    nlt_bytes b = nlt__arg_text(call, 1, row);
    int64_t *line = nlt__arena_alloc(call->arena, (b.len + 1) * sizeof *line);
    int64_t n = 0;
    if (line == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    line[0] = 0;
    for (nlt_bytes rest = b; rest.len > 0; rest = behind(rest, character(rest))) {
        n++;
        line[n] = n;
    }
    for (size_t len = 0; a.len > 0; a = behind(a, len)) {
        len = character(a);
        int64_t corner = line[0]++;
        nlt_bytes rest = b;
        for (int64_t j = 1; j <= n; j++) {
            size_t other = character(rest);
            int64_t change =
                corner + !nlt__bytes_equal((nlt_bytes){a.ptr, len}, (nlt_bytes){rest.ptr, other});
            int64_t step = (line[j] < line[j - 1] ? line[j] : line[j - 1]) + 1;
            corner = line[j];
            line[j] = change < step ? change : step;
            rest = behind(rest, other);
        }
    }
    nlt__put_i64(call, row, line[n]);
    return NLT_OK;
}

const nlt_scalar nlt_scalar_levenshtein = {
    .name = "nlt_levenshtein",
    .usage = "nlt_levenshtein(text, text)",
    .is_spark = true,
    .summary =
        "levenshtein: number of characters to add, take or change that make one of the other",
    .n_args = 2,
    .args = {NLT_ARG_STRING, NLT_ARG_STRING},
    .result = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .row = levenshtein,
};
