/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text to the nearest double, in three steps that each do what the one before could not:
 *
 * 1. Up to 2^53 times or divided by an exact power of ten rounds once (Clinger 1990).
 * 2. The first 19 digits times a 128-bit power of ten bound the number from below and above; if
 *    both bounds round to the same double, that is it (after Lemire 2021).
 * 3. Exact integers compare the number with the midpoints next to the lower bound of step 2. */

#include "core/num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/pow10.h"

__extension__ typedef unsigned __int128 parse_u128;

enum { MANTISSA_BITS = 53, WORD_DIGITS = 19, DIGITS_MAX = 800, LIMBS_MAX = 192 };

/* Zero and infinity begin beyond: the mantissa is in 1..2^64. */
enum { EXPONENT_MIN = NLT_POW10_MIN, EXPONENT_MAX = 308 };

static const uint64_t hidden_bit = UINT64_C(1) << (MANTISSA_BITS - 1);

/* mantissa * 10^exponent, or a little more if digits were cut. */
typedef struct decimal {
    bool is_negative;
    bool is_cut;
    int n_digits; /* of the mantissa */
    uint64_t mantissa;
    int64_t exponent;
    const char *digits, *end; /* the first digit that counts; the end of the digits */
} decimal;

/* ---- scanning ---- */

/* Reads the exponent behind an 'e'. Far ones stop where no text is long enough to take them back.
 */
static bool read_exponent(const char *p, const char *end, int64_t *exponent)
{
    const int64_t far = INT64_C(1) << 58;
    bool is_negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p == end) {
        return false;
    }
    int64_t value = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit > 9) {
            return false;
        }
        value = value < far ? value * 10 + (int64_t)digit : value;
    }
    *exponent = is_negative ? -value : value;
    return true;
}

static void add_digit(decimal *d, const char *p, bool is_fraction)
{
    unsigned digit = (unsigned)(unsigned char)*p - '0';
    if (d->n_digits == WORD_DIGITS) {
        d->is_cut |= digit != 0;
        d->exponent += !is_fraction;
        return;
    }
    if (d->mantissa == 0 && digit != 0) {
        d->digits = p;
    }
    d->mantissa = d->mantissa * 10 + digit;
    d->n_digits += d->mantissa != 0;
    d->exponent -= is_fraction;
}

static bool scan(nlt_bytes text, decimal *d)
{
    if (text.len == 0) {
        return false;
    }
    const char *p = text.ptr;
    const char *end = p + text.len;
    bool has_digit = false;
    bool is_fraction = false;
    *d = (decimal){.is_negative = *p == '-'};
    for (p += d->is_negative; p < end; p++) {
        if (*p >= '0' && *p <= '9') {
            add_digit(d, p, is_fraction);
            has_digit = true;
        } else if (*p == '.' && !is_fraction) {
            is_fraction = true;
        } else {
            break;
        }
    }
    d->end = p;
    int64_t exponent = 0;
    if (!has_digit || (p < end && ((*p | 0x20) != 'e' || !read_exponent(p + 1, end, &exponent)))) {
        return false;
    }
    d->exponent += exponent;
    return true;
}

/* ---- step 2: bounds ---- */

/* Rounds bits * 2^power, and a bit more if `is_more`, to the bits of a double, ties to even. */
static uint64_t round_bits(parse_u128 bits, bool is_more, int power)
{
    int zeros = bits >> 127 != 0 ? 0 : 1; /* never more here */
    int biased = power + 127 - zeros + 1023;
    int kept = biased > 0 ? MANTISSA_BITS : MANTISSA_BITS - 1 + biased;
    if (kept <= 0) {
        return 0; /* half of the least double and below; step 3 looks closer */
    }
    int shift = 128 - zeros - kept;
    uint64_t mantissa = (uint64_t)(bits >> shift);
    parse_u128 half = (parse_u128)1 << (shift - 1);
    parse_u128 rest = bits & ((half << 1) - 1);
    mantissa += rest > half || (rest == half && (is_more || (mantissa & 1) != 0));
    /* The hidden bit, and a carry, count the exponent up. */
    uint64_t rounded = ((uint64_t)(biased > 0 ? biased - 1 : 0) << 52) + mantissa;
    const uint64_t infinity = UINT64_C(0x7ff) << 52;
    return rounded < infinity ? rounded : infinity;
}

/* Bits of the double nearest to the lower bound; true if it is that nearest to the number. */
static bool bound(const decimal *d, uint64_t *bits)
{
    int exponent = (int)d->exponent;
    nlt_pow10 power = nlt__pow10(exponent);
    int zeros = __builtin_clzll(d->mantissa);
    uint64_t mantissa = d->mantissa << zeros;
    int weight = nlt__pow10_log2(exponent) - 127 + 64 - zeros;
    parse_u128 low = (parse_u128)mantissa * power.low;
    parse_u128 product = (parse_u128)mantissa * power.high + (uint64_t)(low >> 64);
    bool is_more = (uint64_t)low != 0;
    *bits = round_bits(product, is_more, weight);
    if (!d->is_cut && nlt__pow10_is_exact(exponent)) {
        return true;
    }
    /* The power is short of less than 1 and a cut mantissa of less than 1 << zeros, so that the
     * product is short of less than 3 and, for a cut mantissa, (1 << zeros) << 64 more. */
    parse_u128 error = 3 + (d->is_cut ? (parse_u128)1 << (64 + zeros) : 0);
    return product <= ~(parse_u128)0 - error && *bits > 0
        && *bits == round_bits(product + error, true, weight);
}

/* ---- step 3: exact ---- */

/* A natural number, little end first. 10^1130 * 2^54 and 10^800 * 2^1077 fit. */
typedef struct natural {
    int n;
    uint32_t limbs[LIMBS_MAX];
} natural;

static void mul_add(natural *x, uint32_t factor, uint32_t addend)
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

static void mul_pow10(natural *x, int power)
{
    for (; power >= 9; power -= 9) {
        mul_add(x, 1000000000U, 0);
    }
    for (; power > 0; power--) {
        mul_add(x, 10, 0);
    }
}

static void shift_left(natural *x, int bits)
{
    int limbs = bits / 32;
    mul_add(x, UINT32_C(1) << (bits % 32), 0);
    if (limbs > 0 && x->n > 0) {
        memmove(x->limbs + limbs, x->limbs, (size_t)x->n * sizeof x->limbs[0]);
        memset(x->limbs, 0, (size_t)limbs * sizeof x->limbs[0]);
        x->n += limbs;
    }
}

static int compare(const natural *a, const natural *b)
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

/* The digits as an integer of 10^*exponent. No midpoint has as many as DIGITS_MAX, so that those
 * behind can only lift the number off one: a last 1 does the same. */
static void read_natural(const decimal *d, natural *x, int *exponent)
{
    int n = 0;
    bool is_more = false;
    x->n = 0;
    for (const char *p = d->digits; p < d->end; p++) {
        if (*p == '.') {
            continue;
        }
        if (n < DIGITS_MAX) {
            mul_add(x, 10, (uint32_t)(*p - '0'));
            n++;
        } else {
            is_more |= *p != '0';
        }
    }
    if (is_more) {
        mul_add(x, 10, 1);
        n++;
    }
    *exponent = (int)d->exponent + d->n_digits - n;
}

/* Compares with mantissa * 2^exponent. */
static int compare_exactly(const decimal *d, uint64_t mantissa, int exponent)
{
    natural left;
    natural right = {.n = mantissa >> 32 != 0 ? 2 : 1};
    int power = 0;
    right.limbs[0] = (uint32_t)mantissa;
    right.limbs[1] = (uint32_t)(mantissa >> 32);
    read_natural(d, &left, &power);
    mul_pow10(power >= 0 ? &left : &right, abs(power));
    shift_left(exponent >= 0 ? &right : &left, abs(exponent));
    return compare(&left, &right);
}

/* Steps up from a double that is not above the nearest. */
static uint64_t step_up(const decimal *d, uint64_t bits)
{
    const uint64_t infinity = UINT64_C(0x7ff) << 52;
    for (; bits < infinity; bits++) {
        int biased = (int)(bits >> 52);
        uint64_t mantissa = (bits & (hidden_bit - 1)) | (biased > 0 ? hidden_bit : 0);
        int exponent = (biased > 0 ? biased : 1) - 1075;
        int above = compare_exactly(d, mantissa * 2 + 1, exponent - 1);
        if (above < 0 || (above == 0 && (mantissa & 1) == 0)) {
            break;
        }
    }
    return bits;
}

/* ---- */

static double convert(const decimal *d)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t power_max = (int64_t)(sizeof powers / sizeof powers[0]) - 1;
    bool is_small = !d->is_cut && d->mantissa <= hidden_bit * 2;
    if (is_small && d->exponent >= -power_max && d->exponent <= power_max) {
        return d->exponent < 0 ? (double)d->mantissa / powers[-d->exponent]
                               : (double)d->mantissa * powers[d->exponent];
    }
    if (d->mantissa == 0 || d->exponent < EXPONENT_MIN) {
        return 0.0;
    }
    if (d->exponent > EXPONENT_MAX) {
        return HUGE_VAL;
    }
    uint64_t bits = 0;
    if (!bound(d, &bits)) {
        bits = step_up(d, bits);
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool nlt__parse_double(nlt_bytes text, double *out)
{
    decimal d;
    if (!scan(text, &d)) {
        return false;
    }
    double value = convert(&d);
    *out = d.is_negative ? -value : value;
    return isfinite(value);
}
