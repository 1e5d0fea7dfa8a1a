/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Integers and fixed-point numbers to and from text. Eight digits at a time are read as one word:
 * pairs, then fours, then eights are joined by multiplications (Langdale, Lemire 2018). */

#include "core/num.h"

#include <string.h>

/* ---- from text ---- */

static uint64_t load_le64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* False if one of the eight is no digit: the upper half of each is 3, also with 6 added. */
static bool read_eight(const char *p, uint64_t *value)
{
    const uint64_t upper = UINT64_C(0xf0f0f0f0f0f0f0f0);
    const uint64_t threes = UINT64_C(0x3030303030303030);
    uint64_t word = load_le64(p);
    uint64_t above = word + UINT64_C(0x0606060606060606);
    if ((word & upper) != threes || (above & upper) != threes) {
        return false;
    }
    word = ((word - threes) * (10 * 256 + 1)) >> 8;
    word = ((word & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 65536 + 1)) >> 16;
    *value = ((word & UINT64_C(0x0000ffff0000ffff)) * (10000 * UINT64_C(4294967296) + 1)) >> 32;
    return true;
}

/* value * scale + digits; what does not fit is told once and for all. */
static void append_digits(uint64_t *value, uint64_t scale, uint64_t digits, bool *fits)
{
    bool is_over = __builtin_mul_overflow(*value, scale, value);
    is_over |= __builtin_add_overflow(*value, digits, value);
    *fits = *fits && !is_over;
}

/* Appends the digits up to `end` or another character, and returns where that is. */
static const char *read_digits(const char *p, const char *end, uint64_t *value, bool *fits)
{
    uint64_t eight = 0;
    while (end - p >= 8 && read_eight(p, &eight)) {
        append_digits(value, 100000000, eight, fits);
        p += 8;
    }
    if (*value < UINT64_C(100000000000)) { /* at most seven digits follow, which fit */
        uint64_t sum = *value;
        for (; p < end && (unsigned char)(*p - '0') <= 9; p++) {
            sum = sum * 10 + (unsigned char)(*p - '0');
        }
        *value = sum;
        return p;
    }
    for (; p < end; p++) {
        unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit > 9) {
            break;
        }
        append_digits(value, 10, digit, fits);
    }
    return p;
}

static bool give_sign(uint64_t magnitude, bool is_negative, int64_t *out)
{
    if (magnitude > (uint64_t)INT64_MAX + is_negative) {
        return false;
    }
    *out = (int64_t)(is_negative ? 0 - magnitude : magnitude);
    return true;
}

bool nlt__parse_u64(nlt_bytes text, uint64_t *out)
{
    if (text.len == 0) {
        return false;
    }
    uint64_t value = 0;
    bool fits = true;
    const char *end = text.ptr + text.len;
    if (read_digits(text.ptr, end, &value, &fits) != end || !fits) {
        return false;
    }
    *out = value;
    return true;
}

bool nlt__parse_i64(nlt_bytes text, int64_t *out)
{
    if (text.len == 0) {
        return false;
    }
    bool is_negative = text.ptr[0] == '-';
    nlt_bytes digits = {text.ptr + is_negative, text.len - is_negative};
    uint64_t magnitude = 0;
    return nlt__parse_u64(digits, &magnitude) && give_sign(magnitude, is_negative, out);
}

/* The digits behind the point as an integer of 10^-scale; those behind the scale are checked. */
static bool read_fraction(const char *p, const char *end, int scale, uint64_t *value, bool *fits)
{
    static const uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
        1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
        1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000};
    const char *cut = end - p > scale ? p + scale : end;
    uint64_t beyond = 0;
    bool beyond_fits = true;
    bool is_good = read_digits(p, cut, value, fits) == cut
        && read_digits(cut, end, &beyond, &beyond_fits) == end;
    append_digits(value, powers[scale - (cut - p)], 0, fits);
    return is_good;
}

bool nlt__parse_fixed(nlt_bytes text, int scale, int64_t *out)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    if (text.len == is_negative) {
        return false;
    }
    const char *end = text.ptr + text.len;
    const char *first = text.ptr + is_negative;
    uint64_t value = 0;
    bool fits = true;
    const char *p = read_digits(first, end, &value, &fits);
    /* A point has a digit before and behind it. */
    if (p == first || (p < end && (*p != '.' || p + 1 == end))) {
        return false;
    }
    return read_fraction(p < end ? p + 1 : end, end, scale, &value, &fits) && fits
        && give_sign(value, is_negative, out);
}

/* ---- to text ---- */

size_t nlt__format_u64(uint64_t value, char *out)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char text[20];
    size_t at = sizeof text;
    while (value >= 100) {
        at -= 2;
        memcpy(text + at, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(text + at, pairs + value * 2, 2);
    } else {
        text[--at] = (char)('0' + value);
    }
    memcpy(out, text + at, sizeof text - at);
    return sizeof text - at;
}

size_t nlt__format_i64(int64_t value, char *out)
{
    if (value >= 0) {
        return nlt__format_u64((uint64_t)value, out);
    }
    out[0] = '-';
    return 1 + nlt__format_u64(0 - (uint64_t)value, out + 1);
}

size_t nlt__format_i128(nlt_i128 value, int scale, char *out)
{
    nlt_u128 magnitude = value < 0 ? 0 - (nlt_u128)value : (nlt_u128)value;
    char text[NLT_NUM_TEXT_MAX];
    size_t at = sizeof text;
    for (int digits = 0; magnitude > 0 || digits <= scale; digits++) {
        if (digits == scale && scale > 0) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
    }
    if (value < 0) {
        text[--at] = '-';
    }
    memcpy(out, text + at, sizeof text - at);
    return sizeof text - at;
}

/* ---- seconds ---- */

/* value / divisor with one rounding. Below 2^53 the value is exact as a double. Otherwise the
 * quotient is taken to 62 bits or more, and a last bit tells of the remainder, so that the
 * conversion rounds as the exact quotient would. `bits` = floor(log2(divisor)). */
static double divide_once(int64_t value, uint64_t divisor, int bits)
{
    const int64_t exact = INT64_C(1) << 53;
    if (value <= exact && value >= -exact) {
        return (double)value / (double)divisor;
    }
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int shift = __builtin_clzll(magnitude) + bits;
    nlt_u128 dividend = (nlt_u128)magnitude << shift;
    uint64_t quotient = (uint64_t)(dividend / divisor);
    quotient |= (nlt_u128)quotient * divisor != dividend;
    double result = (double)quotient / (double)(UINT64_C(1) << shift);
    return value < 0 ? -result : result;
}

double nlt__seconds_from_us(int64_t us)
{
    return divide_once(us, 1000000, 19);
}

/* From 2^30 s on, the midpoints of two doubles are multiples of 2^-23 or more. The fraction's own
 * rounding (2^-54 at most) moves the sum over none of them: a fraction that is none is 2^-23 / 10^9
 * away from it at least. */
double nlt__seconds_from_ns(int64_t ns)
{
    int64_t seconds = ns / 1000000000;
    if (seconds >= INT64_C(1) << 30) {
        return (double)seconds + (double)(ns % 1000000000) / 1e9;
    }
    return divide_once(ns, 1000000000, 29);
}
