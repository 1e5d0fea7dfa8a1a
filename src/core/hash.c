/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multiply-and-fold hashing: 16 bytes a step through a 64 x 64 -> 128 bit product. */

#include "core/hash.h"

#include <string.h>

#include "core/num.h"

static uint64_t load64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t load32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    nlt_u128 product = (nlt_u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last 0..16 bytes as two words that differ for different bytes of one length. Loads overlap
 * rather than go byte by byte. */
static void load_tail(const char *p, size_t len, uint64_t *a, uint64_t *b)
{
    *a = 0;
    *b = 0;
    if (len >= 8) {
        *a = load64(p);
        *b = load64(p + len - 8);
    } else if (len >= 4) {
        *a = load32(p) << 32 | load32(p + len - 4);
    } else if (len > 0) {
        const unsigned char *u = (const unsigned char *)p;
        *a = (uint64_t)u[0] << 16 | (uint64_t)u[len / 2] << 8 | u[len - 1];
    }
}

uint64_t nlt__hash(nlt_bytes bytes, uint64_t seed)
{
    const uint64_t k0 = UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t k1 = UINT64_C(0xd6e8feb86659fd93);
    const char *p = bytes.ptr;
    size_t left = bytes.len;
    uint64_t h = seed ^ k0 ^ (uint64_t)bytes.len;
    while (left > 16) {
        h = fold(load64(p) ^ k1, load64(p + 8) ^ h);
        p += 16;
        left -= 16;
    }
    uint64_t a;
    uint64_t b;
    load_tail(p, left, &a, &b);
    return fold(fold(a ^ k1, b ^ h) ^ k0, k1 ^ (uint64_t)bytes.len);
}
