/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every 128-bit power of ten against exact integers: P is right if P * 2^e <= 10^k < (P + 1) * 2^e,
 * both sides multiplied by 10^-k or 2^-e where these are no integers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pow10.h"

enum { LIMBS = 80 };

typedef struct natural {
    uint32_t limbs[LIMBS]; /* little end first */
} natural;

static void multiply(natural *x, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)x->limbs[i] * factor;
        x->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    assert_true(carry == 0);
}

static void scale(natural *x, int tens, int twos)
{
    for (int i = 0; i < tens; i++) {
        multiply(x, 10);
    }
    for (int i = 0; i < twos; i++) {
        multiply(x, 2);
    }
}

static int compare(const natural *a, const natural *b)
{
    for (int i = LIMBS - 1; i >= 0; i--) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
        }
    }
    return 0;
}

static natural natural_of(nlt_pow10 power, uint32_t addend)
{
    natural x = {{(uint32_t)power.low, (uint32_t)(power.low >> 32), (uint32_t)power.high,
        (uint32_t)(power.high >> 32)}};
    uint64_t carry = addend;
    for (int i = 0; carry > 0; i++) {
        carry += x.limbs[i];
        x.limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return x;
}

static void every_power_is_cut_right(void **state)
{
    (void)state;
    for (int k = NLT_POW10_MIN; k <= NLT_POW10_MAX; k++) {
        nlt_pow10 power = nlt__pow10(k);
        int e = nlt__pow10_log2(k) - 127;
        int tens = k < 0 ? -k : 0;
        int twos = e > 0 ? e : 0;
        natural exact = {{1}};
        natural below = natural_of(power, 0);
        natural above = natural_of(power, 1);
        scale(&exact, k > 0 ? k : 0, e < 0 ? -e : 0);
        scale(&below, tens, twos);
        scale(&above, tens, twos);
        assert_true(power.high >> 63 == 1);
        assert_true(compare(&below, &exact) <= 0);
        assert_true(compare(&exact, &above) < 0);
        assert_int_equal(compare(&below, &exact) == 0, nlt__pow10_is_exact(k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_power_is_cut_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
