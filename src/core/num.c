/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers to and from text.
 *
 * Doubles are read by Clinger's fast path (1990): up to 2^53 times or divided by an exact power of
 * ten rounds once. What is left gets an estimate in extended precision, which exact integer
 * comparisons with the midpoints of its neighbours then correct. */

#include "core/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 num_u128;

/* ---- integers ---- */

bool nlt__parse_u64(nlt_bytes text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        if (digit > 9) {
            return false;
        }
        /* 19 digits always fit */
        if (i >= 19) {
            if (__builtin_mul_overflow(value, 10U, &value)
                || __builtin_add_overflow(value, digit, &value)) {
                return false;
            }
            continue;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool nlt__parse_i64(nlt_bytes text, int64_t *out)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t magnitude = 0;
    if (is_negative) {
        text.ptr++;
        text.len--;
    }
    if (!nlt__parse_u64(text, &magnitude)
        || magnitude > (uint64_t)INT64_MAX + (is_negative ? 1U : 0U)) {
        return false;
    }
    *out = (int64_t)(is_negative ? 0 - magnitude : magnitude);
    return true;
}

bool nlt__parse_fixed(nlt_bytes text, int scale, int64_t *out)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    size_t i = is_negative;
    size_t first = i;
    uint64_t value = 0;
    int decimals = -1; /* -1: before the point */
    for (; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        if (digit > 9) {
            if (text.ptr[i] != '.' || decimals >= 0 || i == first) {
                return false;
            }
            decimals = 0;
            continue;
        }
        if (decimals >= scale) {
            decimals++;
            continue;
        }
        if (__builtin_mul_overflow(value, 10U, &value)
            || __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
        decimals += decimals >= 0;
    }
    if (i == first || decimals == 0) {
        return false; /* nothing, or nothing behind the point */
    }
    for (int k = decimals < 0 ? 0 : decimals; k < scale; k++) {
        if (__builtin_mul_overflow(value, 10U, &value)) {
            return false;
        }
    }
    if (value > (uint64_t)INT64_MAX) {
        return false;
    }
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* ---- text to double ---- */

enum { DIGITS_MAX = 800, LIMBS_MAX = 192, EXACT_POWER_MAX = 22 };

/* A decimal number: digits d1 d2 ... dn times 10^exponent. */
typedef struct decimal {
    bool is_negative;
    int n;
    int exponent;
    uint8_t digits[DIGITS_MAX + 1];
} decimal;

/* Reads the exponent behind an 'e'; far ones stop at +-100000. */
static bool read_exponent(nlt_bytes text, size_t i, int *exponent)
{
    bool is_negative = i < text.len && text.ptr[i] == '-';
    i += i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+');
    if (i == text.len) {
        return false;
    }
    int value = 0;
    for (; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value < 10000 ? value * 10 + (int)digit : value;
    }
    *exponent = is_negative ? -value : value;
    return true;
}

/* Adds a digit; what is behind DIGITS_MAX only tells whether it is zero. */
static void add_digit(decimal *d, uint8_t digit, bool is_fraction)
{
    if (d->n == 0 && digit == 0) {
        d->exponent -= is_fraction;
        return;
    }
    if (d->n < DIGITS_MAX) {
        d->digits[d->n++] = digit;
        d->exponent -= is_fraction;
        return;
    }
    d->exponent += !is_fraction;
    if (digit != 0) {
        d->digits[DIGITS_MAX - 1] |= 1; /* keeps it off a midpoint, which has < 800 digits */
    }
}

static bool read_decimal(nlt_bytes text, decimal *d)
{
    d->is_negative = text.len > 0 && text.ptr[0] == '-';
    d->n = 0;
    d->exponent = 0;
    bool has_digit = false;
    bool is_fraction = false;
    int exponent = 0;
    for (size_t i = d->is_negative; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9') {
            has_digit = true;
            add_digit(d, (uint8_t)(c - '0'), is_fraction);
        } else if (c == '.' && !is_fraction) {
            is_fraction = true;
        } else if ((c == 'e' || c == 'E') && has_digit) {
            if (!read_exponent(text, i + 1, &exponent)) {
                return false;
            }
            break;
        } else {
            return false;
        }
    }
    d->exponent += exponent;
    return has_digit;
}

/* A natural number, little end first. */
typedef struct natural {
    int n;
    uint32_t limbs[LIMBS_MAX];
} natural;

static void natural_mul_add(natural *x, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (int i = 0; i < x->n; i++) {
        carry += (uint64_t)x->limbs[i] * factor;
        x->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) {
        x->limbs[x->n++] = (uint32_t)carry;
    }
}

static void natural_mul_pow10(natural *x, int power)
{
    for (; power >= 9; power -= 9) {
        natural_mul_add(x, 1000000000U, 0);
    }
    for (; power > 0; power--) {
        natural_mul_add(x, 10, 0);
    }
}

static void natural_shift(natural *x, int bits)
{
    int limbs = bits / 32;
    natural_mul_add(x, UINT32_C(1) << (bits % 32), 0);
    if (limbs > 0 && x->n > 0) {
        memmove(x->limbs + limbs, x->limbs, (size_t)x->n * sizeof x->limbs[0]);
        memset(x->limbs, 0, (size_t)limbs * sizeof x->limbs[0]);
        x->n += limbs;
    }
}

static int natural_compare(const natural *a, const natural *b)
{
    if (a->n != b->n) {
        return a->n < b->n ? -1 : 1;
    }
    for (int i = a->n - 1; i >= 0; i--) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Compares the decimal's magnitude with mantissa * 2^exponent, exactly. */
static int decimal_compare(const decimal *d, uint64_t mantissa, int exponent)
{
    natural left = {0, {0}};
    natural right = {2, {(uint32_t)mantissa, (uint32_t)(mantissa >> 32)}};
    right.n -= right.limbs[1] == 0;
    for (int i = 0; i < d->n; i++) {
        natural_mul_add(&left, 10, d->digits[i]);
    }
    natural_mul_pow10(d->exponent >= 0 ? &left : &right, abs(d->exponent));
    natural_shift(exponent >= 0 ? &right : &left, abs(exponent));
    return natural_compare(&left, &right);
}

static double estimate(const decimal *d)
{
    uint64_t head = 0;
    int used = d->n < 19 ? d->n : 19;
    for (int i = 0; i < used; i++) {
        head = head * 10 + d->digits[i];
    }
    long double value = (long double)head;
    int power = d->exponent + d->n - used;
    long double base = 10.0L;
    for (int left = abs(power); left > 0; left >>= 1) {
        if (left & 1) {
            value = power < 0 ? value / base : value * base;
        }
        base = left > 1 ? base * base : base;
    }
    return (double)value;
}

/* The double nearest to the decimal, ties to even, from a guess that is a few units off at most. */
static double correct(const decimal *d, double guess)
{
    const uint64_t top = UINT64_C(1) << 52;
    uint64_t bits;
    guess = guess > DBL_MAX ? DBL_MAX : guess;
    memcpy(&bits, &guess, sizeof bits);
    for (;;) {
        /* bits = mantissa * 2^exponent; one more bit gives the midpoints. */
        int biased = (int)(bits >> 52);
        uint64_t mantissa = (bits & (top - 1)) | (biased > 0 ? top : 0);
        int exponent = (biased > 0 ? biased : 1) - 1075;
        int above = decimal_compare(d, mantissa * 2 + 1, exponent - 1);
        if (above > 0 || (above == 0 && (mantissa & 1) != 0)) {
            bits++; /* the next double; behind the largest one, infinity */
            if (bits >> 52 == 0x7ff) {
                break;
            }
            continue;
        }
        if (bits == 0) {
            break;
        }
        /* Below a power of two the neighbour is half as far. */
        bool is_power = mantissa == top && biased > 1;
        int below = is_power ? decimal_compare(d, mantissa * 4 - 1, exponent - 2)
                             : decimal_compare(d, mantissa * 2 - 1, exponent - 1);
        if (below > 0 || (below == 0 && (mantissa & 1) == 0)) {
            break;
        }
        bits--;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool nlt__parse_double(nlt_bytes text, double *out)
{
    static const double powers[EXACT_POWER_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
        1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal d;
    if (!read_decimal(text, &d)) {
        return false;
    }
    double value = 0.0;
    uint64_t mantissa = 0;
    for (int i = 0; i < d.n && i < 19; i++) {
        mantissa = mantissa * 10 + d.digits[i];
    }
    if (d.n == 0) {
        value = 0.0;
    } else if (d.n <= 19 && mantissa <= UINT64_C(1) << 53 && abs(d.exponent) <= EXACT_POWER_MAX) {
        value = d.exponent < 0 ? (double)mantissa / powers[-d.exponent]
                               : (double)mantissa * powers[d.exponent];
    } else if (d.n + d.exponent > 310) {
        value = INFINITY;
    } else if (d.n + d.exponent < -330) {
        value = 0.0;
    } else {
        value = correct(&d, estimate(&d));
    }
    *out = d.is_negative ? -value : value;
    return isfinite(value);
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
    num_u128 magnitude = value < 0 ? 0 - (num_u128)value : (num_u128)value;
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

/* Digits of `value` * 10^-decimals without trailing zeros, at least one behind the point. */
static size_t format_decimals(uint64_t value, int decimals, char *out)
{
    char digits[24];
    while (decimals > 1 && value % 10 == 0) {
        value /= 10;
        decimals--;
    }
    size_t n = nlt__format_u64(value, digits);
    size_t whole = n > (size_t)decimals ? n - (size_t)decimals : 0;
    size_t len = 0;
    if (whole == 0) {
        out[len++] = '0';
    }
    memcpy(out + len, digits, whole);
    len += whole;
    out[len++] = '.';
    for (size_t i = n - whole; i < (size_t)decimals; i++) {
        out[len++] = '0';
    }
    memcpy(out + len, digits + whole, n - whole);
    return len + n - whole;
}

/* value = k / 10^d for the scales that logs use. Where the unit in the last place is below 10^-d
 * (|k| < 2^52), no other decimal of d digits is as near, so this is the shortest text. 0: it is not.
 */
static size_t format_fixed(double value, char *out)
{
    static const struct {
        int decimals;
        double scale;
    } scales[] = {{1, 1e1}, {3, 1e3}, {6, 1e6}};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        double scaled = value * scales[i].scale;
        if (scaled >= 4503599627370496.0) { /* 2^52 */
            return 0;
        }
        uint64_t k = (uint64_t)(scaled + 0.5);
        if ((double)k / scales[i].scale == value) {
            return format_decimals(k, scales[i].decimals, out);
        }
    }
    return 0;
}

/* True if digits d.ddd * 10^power read back as `value`. */
static bool reads_back(const char *digits, int n, int power, double value)
{
    char text[48];
    int len = snprintf(text, sizeof text, "%.*se%d", n, digits, power - (n - 1));
    double back = 0.0;
    return nlt__parse_double((nlt_bytes){text, (size_t)len}, &back) && back == value;
}

/* The next larger digits of the same length; a carry out of the first one is not followed. */
static void increment(char *digits, int n)
{
    int i = n - 1;
    while (i > 0 && digits[i] == '9') {
        digits[i--] = '0';
    }
    digits[i] = (char)(digits[i] + (digits[i] < '9'));
}

/* Rounds to `precision` digits; returns how many there are. */
static int round_digits(double value, int precision, char digits[20], int *power)
{
    char text[40];
    int len = snprintf(text, sizeof text, "%.*e", precision - 1, value);
    int n = 0;
    int i = 0;
    for (; i < len && text[i] != 'e'; i++) {
        if (text[i] >= '0' && text[i] <= '9') { /* the point depends on the locale */
            digits[n++] = text[i];
        }
    }
    (void)read_exponent((nlt_bytes){text, (size_t)len}, (size_t)i + 1, power);
    return n;
}

/* Shortest digits that read back equal, and the power of ten of the first one. */
static int shortest_digits(double value, char digits[20], int *power)
{
    int binary = 0;
    bool is_power_of_two = frexp(value, &binary) == 0.5;
    /* 15 digits name every double that has a text of 15 or fewer, except below DBL_MIN. */
    for (int precision = value < DBL_MIN ? 1 : 15;; precision++) {
        int n = round_digits(value, precision, digits, power);
        bool is_found = precision == 17 || reads_back(digits, n, *power, value);
        if (!is_found && is_power_of_two) {
            /* Above a power of two doubles lie twice as far apart: the nearest may miss. */
            increment(digits, n);
            is_found = reads_back(digits, n, *power, value);
        }
        if (is_found) {
            while (n > 1 && digits[n - 1] == '0') {
                n--;
            }
            return n;
        }
    }
}

static size_t put_text(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

/* Digits d.ddd * 10^power, -5 <= power <= 15, in fixed notation. */
static size_t lay_out_fixed(const char *digits, int n, int power, char *out)
{
    size_t len = 0;
    if (power < 0) {
        len += put_text(out, "0.");
        for (int i = -1; i > power; i--) {
            out[len++] = '0';
        }
        memcpy(out + len, digits, (size_t)n);
        return len + (size_t)n;
    }
    for (int i = 0; i <= power || i < n; i++) {
        if (i == power + 1) {
            out[len++] = '.';
        }
        out[len++] = i < n ? digits[i] : '0';
    }
    return power + 1 >= n ? len + put_text(out + len, ".0") : len;
}

static size_t format_magnitude(double value, char *out)
{
    if (value == 0.0) {
        return put_text(out, "0.0");
    }
    bool is_fixed = value >= 1e-4 && value < 1e16;
    size_t len = is_fixed ? format_fixed(value, out) : 0;
    if (len > 0) {
        return len;
    }
    char digits[20];
    int power = 0;
    int n = shortest_digits(value, digits, &power);
    if (is_fixed) {
        return lay_out_fixed(digits, n, power, out);
    }
    out[len++] = digits[0];
    if (n > 1) {
        out[len++] = '.';
        memcpy(out + len, digits + 1, (size_t)n - 1);
        len += (size_t)n - 1;
    }
    out[len++] = 'e';
    out[len++] = power < 0 ? '-' : '+';
    if (abs(power) < 10) {
        out[len++] = '0';
    }
    return len + nlt__format_u64((uint64_t)abs(power), out + len);
}

size_t nlt__format_double(double value, char *out)
{
    if (isnan(value)) {
        return put_text(out, "NaN");
    }
    size_t sign = signbit(value) ? 1 : 0;
    if (sign > 0) {
        out[0] = '-';
    }
    if (isinf(value)) {
        return sign + put_text(out + sign, "Infinity");
    }
    return sign + format_magnitude(fabs(value), out + sign);
}

/* value / 10^k with one rounding: doubles below 2^53 are exact, others go through whole and rest. */
static double divide_once(int64_t value, int64_t divisor)
{
    const int64_t exact = INT64_C(1) << 53;
    if (value <= exact && value >= -exact) {
        return (double)value / (double)divisor;
    }
    char text[NLT_NUM_TEXT_MAX];
    size_t len = nlt__format_i64(value, text);
    len += put_text(text + len, divisor == 1000000 ? "e-6" : "e-9");
    double result = 0.0;
    (void)nlt__parse_double((nlt_bytes){text, len}, &result);
    return result;
}

double nlt__seconds_from_us(int64_t us)
{
    return divide_once(us, 1000000);
}

double nlt__seconds_from_ns(int64_t ns)
{
    return ns % 1000 == 0 ? nlt__seconds_from_us(ns / 1000) : divide_once(ns, 1000000000);
}
