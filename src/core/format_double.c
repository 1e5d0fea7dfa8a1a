/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Doubles to the shortest text that reads back equal; of several the nearest. Method: R. Giulietti,
 * "The Schubfach way to render doubles" (2020). All numbers that read back as c * 2^q lie between
 * the midpoints to its neighbours. With 10^k the largest power of ten below the length of that
 * interval, one or more multiples of 10^k lie in it, and at most one multiple of 10^(k+1), which
 * then is the shorter text. Products with the 128-bit power are cut to 64 bits "to odd": the last
 * bit says that something was cut, so that comparisons with exact bounds stay right. */

#include "core/num.h"

#include <math.h>
#include <string.h>

#include "core/pow10.h"

__extension__ typedef unsigned __int128 format_u128;

enum {
    FIXED_POWER_MIN = -4,
    FIXED_POWER_MAX = 15,
    SMALLEST_POWER = -1074,
    SMALLEST_FLOAT_POWER = -149
};

/* digits * 10^exponent */
typedef struct shortest {
    uint64_t digits;
    int exponent;
} shortest;

/* value * power / 2^128 */
static uint64_t multiply_to_odd(nlt_pow10 power, uint64_t value)
{
    uint64_t low = (uint64_t)(((format_u128)value * power.low) >> 64);
    format_u128 product = (format_u128)value * power.high + low;
    /* 1 is what the rounding of the power itself may leave */
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* Rounded up, as the method wants it. */
static nlt_pow10 power_above(int exponent)
{
    nlt_pow10 power = nlt__pow10(exponent);
    if (!nlt__pow10_is_exact(exponent)) {
        power.low++;
        power.high += power.low == 0;
    }
    return power;
}

/* floor(log10(2^q)), or floor(log10(3/4 * 2^q)) */
static int floor_log10(int q, bool is_three_quarters)
{
    const int64_t above = INT64_C(1) << 40; /* keeps the shifted number positive */
    int64_t scaled = (int64_t)q * 1262611 - (is_three_quarters ? 524031 : 0);
    return (int)((scaled + above) >> 22) - (1 << 18);
}

/* c * 2^q > 0. Below a power of two (`is_lower_near`) the neighbour is half as far. */
static shortest find_shortest(uint64_t c, int q, bool is_lower_near)
{
    int k = floor_log10(q, is_lower_near);
    int h = q + nlt__pow10_log2(-k) + 1;
    nlt_pow10 power = power_above(-k);
    /* Four times the number and its bounds, in units of 10^k. Bounds count for an even c. */
    bool is_odd = (c & 1) != 0;
    uint64_t lower = multiply_to_odd(power, (4 * c - 2 + is_lower_near) << h) + is_odd;
    uint64_t upper = multiply_to_odd(power, (4 * c + 2) << h) - is_odd;
    uint64_t middle = multiply_to_odd(power, (4 * c) << h);
    uint64_t s = middle / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool is_below_in = lower <= 40 * tens;
        bool is_above_in = 40 * tens + 40 <= upper;
        if (is_below_in != is_above_in) {
            return (shortest){tens + is_above_in, k + 1};
        }
    }
    bool is_below_in = lower <= 4 * s;
    bool is_above_in = 4 * s + 4 <= upper;
    if (is_below_in != is_above_in) {
        return (shortest){s + is_above_in, k};
    }
    uint64_t half = 4 * s + 2;
    bool is_up = middle > half || (middle == half && (s & 1) != 0);
    return (shortest){s + is_up, k};
}

/* Takes `n` zeros from the end, if there are as many: 10^n is `scale`, a constant to divide by. */
static inline void strip(shortest *x, uint64_t scale, int n)
{
    if (x->digits % scale == 0) {
        x->digits /= scale;
        x->exponent += n;
    }
}

/* The number without zeros at its end, of which there are at most 16. */
static shortest strip_zeros(shortest x)
{
    strip(&x, 100000000, 8);
    strip(&x, 100000000, 8);
    strip(&x, 10000, 4);
    strip(&x, 100, 2);
    strip(&x, 10, 1);
    return x;
}

/* value = k / 10^d for the scales of logs: seconds, with milli- and microseconds. Below 2^52
 * doubles lie nearer than such decimals, so that at most one of these reads back as the value. */
static bool find_scaled(double value, shortest *out)
{
    static const struct {
        double scale;
        int exponent;
    } scales[] = {{1e0, 0}, {1e3, -3}, {1e6, -6}};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        double scaled = value * scales[i].scale;
        if (scaled >= 0x1p52) {
            return false;
        }
        uint64_t k = (uint64_t)(scaled + 0.5);
        if ((double)k / scales[i].scale == value) {
            *out = (shortest){k, scales[i].exponent};
            return true;
        }
    }
    return false;
}

static shortest decompose(double value)
{
    shortest scaled;
    if (find_scaled(value, &scaled)) {
        return strip_zeros(scaled);
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int biased = (int)(bits >> 52 & 0x7ff);
    if (biased == 0) {
        return strip_zeros(find_shortest(mantissa, SMALLEST_POWER, false));
    }
    uint64_t c = mantissa | UINT64_C(1) << 52;
    return strip_zeros(find_shortest(c, SMALLEST_POWER + biased - 1, mantissa == 0 && biased > 1));
}

static shortest decompose_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t mantissa = bits & ((UINT32_C(1) << 23) - 1);
    int biased = (int)(bits >> 23 & 0xff);
    uint32_t c = biased > 0 ? mantissa | UINT32_C(1) << 23 : mantissa;
    int q = SMALLEST_FLOAT_POWER + (biased > 0 ? biased - 1 : 0);
    return strip_zeros(find_shortest(c, q, mantissa == 0 && biased > 1));
}

static size_t put_text(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

static size_t put_zeros(char *out, int n)
{
    for (int i = 0; i < n; i++) {
        out[i] = '0';
    }
    return n > 0 ? (size_t)n : 0;
}

/* `n` digits d.ddd * 10^power in fixed notation, with a point in any case. */
static size_t put_fixed(char *out, const char *digits, int n, int power)
{
    size_t len = 0;
    if (power < 0) {
        len += put_text(out, "0.");
        len += put_zeros(out + len, -1 - power);
        memcpy(out + len, digits, (size_t)n);
        return len + (size_t)n;
    }
    int whole = power + 1 < n ? power + 1 : n;
    memcpy(out, digits, (size_t)whole);
    len = (size_t)whole;
    len += put_zeros(out + len, power + 1 - n);
    out[len++] = '.';
    if (whole == n) {
        out[len++] = '0';
    }
    memcpy(out + len, digits + whole, (size_t)(n - whole));
    return len + (size_t)(n - whole);
}

static size_t put_scientific(char *out, const char *digits, int n, int power)
{
    size_t len = 0;
    out[len++] = digits[0];
    if (n > 1) {
        out[len++] = '.';
        memcpy(out + len, digits + 1, (size_t)n - 1);
        len += (size_t)n - 1;
    }
    out[len++] = 'e';
    out[len++] = power < 0 ? '-' : '+';
    uint64_t magnitude = (uint64_t)(power < 0 ? -power : power);
    if (magnitude < 10) {
        out[len++] = '0';
    }
    return len + nlt__format_u64(magnitude, out + len);
}

/* NaN, the infinities and zeros; 0: it is none of them. */
static size_t put_special(double value, char *out)
{
    if (isnan(value)) {
        return put_text(out, "NaN");
    }
    const char *text = isinf(value) ? "-Infinity" : value == 0.0 ? "-0.0" : "";
    return put_text(out, text[0] != '\0' && !signbit(value) ? text + 1 : text);
}

static size_t put_finite(bool is_negative, shortest x, char *out)
{
    char digits[20];
    int n = (int)nlt__format_u64(x.digits, digits);
    int power = x.exponent + n - 1;
    bool is_fixed = power >= FIXED_POWER_MIN && power <= FIXED_POWER_MAX;
    out[0] = '-';
    return is_negative
        + (is_fixed ? put_fixed : put_scientific)(out + is_negative, digits, n, power);
}

size_t nlt__format_double(double value, char *out)
{
    size_t len = put_special(value, out);
    return len > 0 ? len : put_finite(signbit(value), decompose(fabs(value)), out);
}

size_t nlt__format_float(float value, char *out)
{
    size_t len = put_special((double)value, out);
    return len > 0 ? len : put_finite(signbit(value), decompose_float(fabsf(value)), out);
}
