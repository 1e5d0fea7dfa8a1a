/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-2 of 224, 256, 384 and 512 bits, after FIPS 180-4. Words of 32 bits are the upper halves of the
 * constants of 64. */

#include <string.h>

#include "sql/scalar.h"

/* First 64 bits of the fractional parts of the cube roots of the first 80 primes. */
static const uint64_t roots[80] = {UINT64_C(0x428a2f98d728ae22), UINT64_C(0x7137449123ef65cd),
    UINT64_C(0xb5c0fbcfec4d3b2f), UINT64_C(0xe9b5dba58189dbbc), UINT64_C(0x3956c25bf348b538),
    UINT64_C(0x59f111f1b605d019), UINT64_C(0x923f82a4af194f9b), UINT64_C(0xab1c5ed5da6d8118),
    UINT64_C(0xd807aa98a3030242), UINT64_C(0x12835b0145706fbe), UINT64_C(0x243185be4ee4b28c),
    UINT64_C(0x550c7dc3d5ffb4e2), UINT64_C(0x72be5d74f27b896f), UINT64_C(0x80deb1fe3b1696b1),
    UINT64_C(0x9bdc06a725c71235), UINT64_C(0xc19bf174cf692694), UINT64_C(0xe49b69c19ef14ad2),
    UINT64_C(0xefbe4786384f25e3), UINT64_C(0x0fc19dc68b8cd5b5), UINT64_C(0x240ca1cc77ac9c65),
    UINT64_C(0x2de92c6f592b0275), UINT64_C(0x4a7484aa6ea6e483), UINT64_C(0x5cb0a9dcbd41fbd4),
    UINT64_C(0x76f988da831153b5), UINT64_C(0x983e5152ee66dfab), UINT64_C(0xa831c66d2db43210),
    UINT64_C(0xb00327c898fb213f), UINT64_C(0xbf597fc7beef0ee4), UINT64_C(0xc6e00bf33da88fc2),
    UINT64_C(0xd5a79147930aa725), UINT64_C(0x06ca6351e003826f), UINT64_C(0x142929670a0e6e70),
    UINT64_C(0x27b70a8546d22ffc), UINT64_C(0x2e1b21385c26c926), UINT64_C(0x4d2c6dfc5ac42aed),
    UINT64_C(0x53380d139d95b3df), UINT64_C(0x650a73548baf63de), UINT64_C(0x766a0abb3c77b2a8),
    UINT64_C(0x81c2c92e47edaee6), UINT64_C(0x92722c851482353b), UINT64_C(0xa2bfe8a14cf10364),
    UINT64_C(0xa81a664bbc423001), UINT64_C(0xc24b8b70d0f89791), UINT64_C(0xc76c51a30654be30),
    UINT64_C(0xd192e819d6ef5218), UINT64_C(0xd69906245565a910), UINT64_C(0xf40e35855771202a),
    UINT64_C(0x106aa07032bbd1b8), UINT64_C(0x19a4c116b8d2d0c8), UINT64_C(0x1e376c085141ab53),
    UINT64_C(0x2748774cdf8eeb99), UINT64_C(0x34b0bcb5e19b48a8), UINT64_C(0x391c0cb3c5c95a63),
    UINT64_C(0x4ed8aa4ae3418acb), UINT64_C(0x5b9cca4f7763e373), UINT64_C(0x682e6ff3d6b2b8a3),
    UINT64_C(0x748f82ee5defb2fc), UINT64_C(0x78a5636f43172f60), UINT64_C(0x84c87814a1f0ab72),
    UINT64_C(0x8cc702081a6439ec), UINT64_C(0x90befffa23631e28), UINT64_C(0xa4506cebde82bde9),
    UINT64_C(0xbef9a3f7b2c67915), UINT64_C(0xc67178f2e372532b), UINT64_C(0xca273eceea26619c),
    UINT64_C(0xd186b8c721c0c207), UINT64_C(0xeada7dd6cde0eb1e), UINT64_C(0xf57d4f7fee6ed178),
    UINT64_C(0x06f067aa72176fba), UINT64_C(0x0a637dc5a2c898a6), UINT64_C(0x113f9804bef90dae),
    UINT64_C(0x1b710b35131c471b), UINT64_C(0x28db77f523047d84), UINT64_C(0x32caab7b40c72493),
    UINT64_C(0x3c9ebe0a15c9bebc), UINT64_C(0x431d67c49c100d4c), UINT64_C(0x4cc5d4becb3e42b6),
    UINT64_C(0x597f299cfc657e2a), UINT64_C(0x5fcb6fab3ad6faec), UINT64_C(0x6c44198c4a475817)};

typedef struct variant {
    int64_t bits;
    bool is_wide; /* words of 64 bits */
    uint64_t start[8];
} variant;

static const variant variants[] = {
    {224, false,
        {UINT64_C(0xc1059ed8), UINT64_C(0x367cd507), UINT64_C(0x3070dd17), UINT64_C(0xf70e5939),
            UINT64_C(0xffc00b31), UINT64_C(0x68581511), UINT64_C(0x64f98fa7),
            UINT64_C(0xbefa4fa4)}},
    {256, false,
        {UINT64_C(0x6a09e667), UINT64_C(0xbb67ae85), UINT64_C(0x3c6ef372), UINT64_C(0xa54ff53a),
            UINT64_C(0x510e527f), UINT64_C(0x9b05688c), UINT64_C(0x1f83d9ab),
            UINT64_C(0x5be0cd19)}},
    {384, true,
        {UINT64_C(0xcbbb9d5dc1059ed8), UINT64_C(0x629a292a367cd507), UINT64_C(0x9159015a3070dd17),
            UINT64_C(0x152fecd8f70e5939), UINT64_C(0x67332667ffc00b31),
            UINT64_C(0x8eb44a8768581511), UINT64_C(0xdb0c2e0d64f98fa7),
            UINT64_C(0x47b5481dbefa4fa4)}},
    {512, true,
        {UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
            UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1),
            UINT64_C(0x9b05688c2b3e6c1f), UINT64_C(0x1f83d9abfb41bd6b),
            UINT64_C(0x5be0cd19137e2179)}}};

static uint64_t rotate(uint64_t x, int n, bool is_wide)
{
    uint32_t low = (uint32_t)x;
    return is_wide ? x >> n | x << (64 - n) : (uint32_t)(low >> n | low << (32 - n));
}

/* Three rotations, or two and a shift, xored. */
static uint64_t mix(uint64_t x, const int n[2][3], bool is_shift, bool is_wide)
{
    const int *r = n[is_wide];
    uint64_t last = is_shift ? x >> r[2] : rotate(x, r[2], is_wide);
    return rotate(x, r[0], is_wide) ^ rotate(x, r[1], is_wide) ^ last;
}

static uint64_t load_word(const unsigned char *bytes, size_t size)
{
    uint64_t word = 0;
    for (size_t i = 0; i < size; i++) {
        word = word << 8 | bytes[i];
    }
    return word;
}

static void compress(const variant *v, uint64_t state[8], const unsigned char *block)
{
    static const int big0[2][3] = {{2, 13, 22}, {28, 34, 39}};
    static const int big1[2][3] = {{6, 11, 25}, {14, 18, 41}};
    static const int small0[2][3] = {{7, 18, 3}, {1, 8, 7}};
    static const int small1[2][3] = {{17, 19, 10}, {19, 61, 6}};
    int n_rounds = v->is_wide ? 80 : 64;
    size_t size = v->is_wide ? 8 : 4;
    uint64_t mask = v->is_wide ? UINT64_MAX : UINT32_MAX;
    uint64_t w[80];
    uint64_t s[8];
    memcpy(s, state, sizeof s);
    for (int i = 0; i < n_rounds; i++) {
        w[i] = i < 16 ? load_word(block + (size_t)i * size, size)
                      : (mix(w[i - 2], small1, true, v->is_wide) + w[i - 7]
                            + mix(w[i - 15], small0, true, v->is_wide) + w[i - 16])
                & mask;
        uint64_t k = v->is_wide ? roots[i] : roots[i] >> 32;
        uint64_t choice = (s[4] & s[5]) ^ (~s[4] & mask & s[6]);
        uint64_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint64_t t1 = s[7] + mix(s[4], big1, false, v->is_wide) + choice + k + w[i];
        uint64_t t2 = mix(s[0], big0, false, v->is_wide) + majority;
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] = (s[4] + t1) & mask;
        s[0] = (t1 + t2) & mask;
    }
    for (int i = 0; i < 8; i++) {
        state[i] = (state[i] + s[i]) & mask;
    }
}

/* The last block or two: the rest of the text, a bit, zeros, the length in bits. */
static void finish(const variant *v, uint64_t state[8], nlt_bytes rest, size_t len)
{
    unsigned char block[256] = {0};
    size_t size = v->is_wide ? 128 : 64;
    size_t end = rest.len + 1 + size / 8 <= size ? size : 2 * size;
    if (rest.len > 0) {
        memcpy(block, rest.ptr, rest.len);
    }
    block[rest.len] = 0x80;
    uint64_t bits = (uint64_t)len * 8;
    for (size_t i = 0; i < 8; i++) {
        block[end - 1 - i] = (unsigned char)(bits >> (8 * i));
    }
    for (size_t at = 0; at < end; at += size) {
        compress(v, state, block + at);
    }
}

static nlt_status sha2(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    static const char digits[] = "0123456789abcdef";
    nlt_bytes text = nlt__arg_text(call, 0, row);
    int64_t bits = nlt__arg_i64(call, 1, row);
    const variant *v = NULL;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        v = variants[i].bits == (bits == 0 ? 256 : bits) ? &variants[i] : v;
    }
    if (v == NULL) {
        return NLT_OK;
    }
    uint64_t state[8];
    size_t size = v->is_wide ? 128 : 64;
    size_t at = 0;
    memcpy(state, v->start, sizeof state);
    for (; at + size <= text.len; at += size) {
        compress(v, state, (const unsigned char *)text.ptr + at);
    }
    finish(v, state, (nlt_bytes){text.ptr + at, text.len - at}, text.len);
    char hex[128];
    size_t n = (size_t)v->bits / 4;
    for (size_t i = 0; i < n; i++) {
        size_t per_word = v->is_wide ? 16 : 8;
        hex[i] = digits[state[i / per_word] >> (4 * (per_word - 1 - i % per_word)) & 15];
    }
    return nlt__put_copy(call, row, (nlt_bytes){hex, n}, err);
}

const nlt_scalar nlt_scalar_sha2 = {
    .name = "nlt_sha2",
    .usage = "nlt_sha2(text, bits)",
    .is_spark = true,
    .summary = "SHA-2 of 224, 256 (or 0), 384 or 512 bits in hexadecimal; NULL for others",
    .n_args = 2,
    .args = {NLT_ARG_STRING, NLT_ARG_INT64},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = sha2,
};
