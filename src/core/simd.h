/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_SIMD_H
#define NLT_CORE_SIMD_H

/* Bytes of a text as bits of a word: what separators and quotes are found with. Each function looks
 * at 64 bytes from `p`, all of which must be readable. Bit i stands for p[i]. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* Blanks: space and tab. */
static inline uint64_t nlt__blank_bits(const char *p)
{
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i tab = _mm_set1_epi8('\t');
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        __m128i is_blank = _mm_or_si128(_mm_cmpeq_epi8(v, space), _mm_cmpeq_epi8(v, tab));
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(is_blank) << (16 * i);
    }
    return bits;
}

static inline uint64_t nlt__byte_bits(const char *p, char byte)
{
    const __m128i wanted = _mm_set1_epi8(byte);
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, wanted)) << (16 * i);
    }
    return bits;
}

/* What ends or divides the authority of a URL: / ? # @ : */
static inline uint64_t nlt__authority_bits(const char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('/'));
        __m128i query = _mm_cmpeq_epi8(v, _mm_set1_epi8('?'));
        __m128i hash = _mm_cmpeq_epi8(v, _mm_set1_epi8('#'));
        __m128i at = _mm_cmpeq_epi8(v, _mm_set1_epi8('@'));
        __m128i colon = _mm_cmpeq_epi8(v, _mm_set1_epi8(':'));
        __m128i any = _mm_or_si128(_mm_or_si128(_mm_or_si128(slash, query), hash),
            _mm_or_si128(at, colon));
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(any) << (16 * i);
    }
    return bits;
}

#else

static inline uint64_t nlt__authority_bits(const char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        bits |= (uint64_t)(p[i] == '/' || p[i] == '?' || p[i] == '#' || p[i] == '@' || p[i] == ':')
            << i;
    }
    return bits;
}

static inline uint64_t nlt__byte_bits(const char *p, char byte)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        bits |= (uint64_t)(p[i] == byte) << i;
    }
    return bits;
}

static inline uint64_t nlt__blank_bits(const char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        bits |= (uint64_t)(p[i] == ' ' || p[i] == '\t') << i;
    }
    return bits;
}

#endif

/* The number that `len` (1 to 8) digits at `p` stand for; false: other bytes. Reads 8 bytes. The
 * digits move to the high end, zeros come in front; then pairs, fours and eights are joined. */
static inline bool nlt__digits8(const char *p, size_t len, uint64_t *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    uint64_t word;
    memcpy(&word, p, sizeof word);
    unsigned shift = (unsigned)(8 - len) * 8;
    word = word << shift | (shift > 0 ? zeros >> (64 - shift) : 0);
    uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    if ((word & high) != zeros
        || ((word + UINT64_C(0x0606060606060606)) & high) != zeros) {
        return false;
    }
    word -= zeros;
    word = word * 10 + (word >> 8);
    *value = ((word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)
                 + (word >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))
        >> 32;
    return true;
#else
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return false;
        }
        *value = *value * 10 + (uint64_t)(p[i] - '0');
    }
    return true;
#endif
}

#endif
