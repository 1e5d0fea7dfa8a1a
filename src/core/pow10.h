/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_POW10_H
#define NLT_CORE_POW10_H

/* Powers of ten to 128 bits: what the readers and writers of doubles share. */

#include "netlytics/base.h"

enum { NLT_POW10_MIN = -342, NLT_POW10_MAX = 324, NLT_POW10_EXACT_MAX = 55 };

/* The first 128 bits of 10^exponent, the top one set, what follows cut off (nothing does for
 * exponents in 0..NLT_POW10_EXACT_MAX). */
typedef struct nlt_pow10 {
    uint64_t high, low;
} nlt_pow10;

NLT_API nlt_pow10 nlt__pow10(int exponent);

/* floor(log2(10^exponent)): the weight of the top bit. */
static inline int nlt__pow10_log2(int exponent)
{
    return (int)(((int64_t)exponent * 1741647 + (INT64_C(1) << 40)) >> 19) - (1 << 21);
}

static inline bool nlt__pow10_is_exact(int exponent)
{
    return exponent >= 0 && exponent <= NLT_POW10_EXACT_MAX;
}

#endif
