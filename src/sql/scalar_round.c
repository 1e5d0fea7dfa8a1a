/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounding of doubles by their decimal digits, as Spark's ROUND and BROUND do it through
 * java.math.BigDecimal, and the texts that BigDecimal takes. */

#include <string.h>

#include "core/num.h"
#include "sql/scalar.h"

/* UTF8String.trimAll: blanks and control characters. */
static nlt_bytes trim(nlt_bytes text)
{
    while (text.len > 0 && ((unsigned char)text.ptr[0] <= ' ' || text.ptr[0] == 0x7f)) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0
        && ((unsigned char)text.ptr[text.len - 1] <= ' ' || text.ptr[text.len - 1] == 0x7f)) {
        text.len--;
    }
    return text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits with a point and an exponent; nothing else. */
static bool is_number(nlt_bytes text)
{
    size_t i = 0;
    size_t n_digits = 0;
    for (; i < text.len && (is_digit(text.ptr[i]) || text.ptr[i] == '.'); i++) {
        n_digits += text.ptr[i] != '.';
    }
    if (n_digits == 0 || i - n_digits > 1) {
        return false;
    }
    if (i == text.len) {
        return true;
    }
    if (text.ptr[i] != 'e' && text.ptr[i] != 'E') {
        return false;
    }
    i++;
    i += i < text.len && (text.ptr[i] == '+' || text.ptr[i] == '-');
    size_t begin = i;
    while (i < text.len && is_digit(text.ptr[i])) {
        i++;
    }
    return i == text.len && i > begin;
}

/* The text of a number that java.math.BigDecimal takes, else NULL. */
static nlt_status number_text(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    nlt_bytes text = trim(nlt__arg_text(call, 0, row));
    size_t sign = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    if (is_number((nlt_bytes){text.ptr + sign, text.len - sign})) {
        nlt__put_text(call, row, text);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_number_text = {
    .name = "nlt_number_text",
    .usage = "nlt_number_text(text)",
    .is_spark = true,
    .summary =
        "the text of a number without blanks around it, NULL if it is none: for CAST(text AS "
        "DECIMAL) of Spark",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = number_text,
};

/* The shortest digits and the place of the point, from the plain text of a double. */
static size_t shortest_digits(nlt_bytes plain, char *digits, int *point)
{
    size_t n = 0;
    int exponent = 0;
    bool has_point = false;
    *point = 0;
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.ptr[i];
        if (c == 'e') {
            nlt_bytes rest = {plain.ptr + i + 1, plain.len - i - 1};
            int64_t value = 0;
            bool is_plus = rest.len > 0 && rest.ptr[0] == '+';
            (void)nlt__parse_i64((nlt_bytes){rest.ptr + is_plus, rest.len - is_plus}, &value);
            exponent = (int)value;
            break;
        }
        if (c == '.') {
            has_point = true;
        } else if (n > 0 || c != '0') {
            digits[n++] = c;
            *point += !has_point;
        } else if (has_point) {
            --*point; /* zeros behind the point */
        }
    }
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    *point += exponent;
    return n;
}

/* Digits of `value` cut behind `keep` of them, rounded half up or half to even, as a number. */
static double round_digits(char *digits, size_t n, int point, int keep, bool is_even)
{
    char text[2 * NLT_NUM_TEXT_MAX];
    bool is_up = false;
    size_t cut = keep < 0 ? 0 : (size_t)keep;
    if (keep >= 0) {
        bool is_half = digits[cut] == '5' && n == cut + 1;
        bool is_odd = cut > 0 && (digits[cut - 1] - '0') % 2 != 0;
        is_up = digits[cut] >= '5' && (!is_half || !is_even || is_odd);
    }
    size_t i = cut;
    while (is_up && i > 0) {
        i--;
        is_up = digits[i] == '9';
        digits[i] = is_up ? '0' : (char)(digits[i] + 1);
    }
    size_t len = 0;
    if (is_up) {
        text[len++] = '1';
    }
    memcpy(text + len, digits, cut);
    len += cut;
    text[len] = '0';
    len += len == 0;
    text[len++] = 'e';
    len += nlt__format_i64(point - (int)cut, text + len);
    double value = 0;
    return nlt__parse_double((nlt_bytes){text, len}, &value) ? value : 0;
}

static nlt_status round_to(nlt_scalar_call *call, int64_t row, bool is_even)
{
    char plain[NLT_NUM_TEXT_MAX];
    char digits[NLT_NUM_TEXT_MAX];
    double value = nlt__arg_double(call, 0, row);
    int64_t places = nlt__arg_i64(call, 1, row);
    size_t len = nlt__format_double(value, plain);
    size_t sign = plain[0] == '-';
    bool is_special = plain[sign] == 'N' || plain[sign] == 'I' || value == 0.0;
    int point = 0;
    size_t n =
        is_special ? 0 : shortest_digits((nlt_bytes){plain + sign, len - sign}, digits, &point);
    if (is_special || places > 400 || point + places >= (int64_t)n) {
        nlt__put_double(call, row, value);
        return NLT_OK;
    }
    int keep = places < -400 ? -1 : point + (int)places;
    value = round_digits(digits, n, point, keep, is_even);
    nlt__put_double(call, row, sign != 0 && value != 0.0 ? -value : value);
    return NLT_OK;
}

static nlt_status round_half_up(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    return round_to(call, row, false);
}

const nlt_scalar nlt_scalar_round = {
    .name = "nlt_round",
    .usage = "nlt_round(number, places)",
    .is_spark = true,
    .summary = "a double rounded half up by its decimal digits, as ROUND of Spark",
    .n_args = 2,
    .args = {NLT_ARG_DOUBLE, NLT_ARG_INT64},
    .result = {NLT_TYPE_DOUBLE, NLT_TYPE_DOUBLE, 0},
    .row = round_half_up,
};

static nlt_status round_half_even(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    return round_to(call, row, true);
}

const nlt_scalar nlt_scalar_bround = {
    .name = "nlt_bround",
    .usage = "nlt_bround(number, places)",
    .is_spark = true,
    .summary = "a double rounded half to even by its decimal digits, as BROUND of Spark",
    .n_args = 2,
    .args = {NLT_ARG_DOUBLE, NLT_ARG_INT64},
    .result = {NLT_TYPE_DOUBLE, NLT_TYPE_DOUBLE, 0},
    .row = round_half_even,
};
