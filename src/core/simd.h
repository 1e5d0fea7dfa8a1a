/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_SIMD_H
#define NLT_CORE_SIMD_H

/* Bytes of a text as bits of a word: what separators and quotes are found with. Each function looks
 * at 64 bytes from `p`, all of which must be readable. Bit i stands for p[i]. */

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

#else

static inline uint64_t nlt__blank_bits(const char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        bits |= (uint64_t)(p[i] == ' ' || p[i] == '\t') << i;
    }
    return bits;
}

#endif

#endif
