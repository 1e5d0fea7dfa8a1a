/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 by the table of well-formed sequences (Unicode 3.9, table 3-7; RFC 3629). Blocks of ASCII,
 * which logs mostly are, are skipped 16 bytes at a time. */

#include "core/utf8.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* A high bit, or a zero byte, in eight bytes. */
static bool has_odd_byte(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = UINT64_C(0x8080808080808080);
    /* Exact: below 0x80 only a 0 gets a high bit, or what stands above one. */
    return ((word | (word - ones)) & highs) != 0;
}

static uint64_t load64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

enum { BLOCK = 16, BLOCKS = 4 };

#if defined(__SSE2__)
static bool is_ascii_block(const char *p)
{
    /* signed: NUL and the bytes above 0x7f are not greater than 0 */
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm_movemask_epi8(_mm_cmpgt_epi8(v, _mm_setzero_si128())) == 0xffff;
}

static bool are_ascii_blocks(const char *p)
{
    __m128i least = _mm_set1_epi8(0x7f);
    __m128i high = _mm_setzero_si128();
    for (size_t i = 0; i < BLOCKS; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i * BLOCK));
        least = _mm_min_epu8(least, v);
        high = _mm_or_si128(high, v);
    }
    /* `least` is 0 where a byte is; `high` has the sign bit of any */
    __m128i nul = _mm_cmpeq_epi8(least, _mm_setzero_si128());
    return _mm_movemask_epi8(_mm_or_si128(nul, high)) == 0;
}
#else
static bool is_ascii_block(const char *p)
{
    return !has_odd_byte(load64(p)) && !has_odd_byte(load64(p + 8));
}

static bool are_ascii_blocks(const char *p)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (!is_ascii_block(p + i * BLOCK)) {
            return false;
        }
    }
    return true;
}
#endif

/* Bytes of whole blocks of ASCII at the beginning. */
static size_t ascii_blocks(const char *p, size_t len)
{
    size_t i = 0;
    while (len - i >= BLOCK * BLOCKS && are_ascii_blocks(p + i)) {
        i += BLOCK * BLOCKS;
    }
    while (len - i >= BLOCK && is_ascii_block(p + i)) {
        i += BLOCK;
    }
    return i;
}

bool nlt__text_is_ascii(nlt_bytes text)
{
    if (text.len == 0) {
        return true;
    }
    size_t i = ascii_blocks(text.ptr, text.len);
    if (text.len - i >= BLOCK) {
        return false;
    }
    if (text.len - i >= 8) {
        if (has_odd_byte(load64(text.ptr + i))) {
            return false;
        }
        i += 8;
    }
    for (; i < text.len; i++) {
        if ((signed char)text.ptr[i] <= 0) {
            return false;
        }
    }
    return true;
}

/* Bytes of the well-formed sequence at p; 0: there is none, or it is NUL. */
static size_t sequence_len(const unsigned char *p, size_t left)
{
    unsigned first = p[0];
    if (first < 0x80) {
        return first != 0;
    }
    size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || len > left) {
        return 0;
    }
    /* Four first bytes narrow the second one: no overlong forms, no surrogates, no end. */
    unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    bool is_good = p[1] >= least && p[1] <= most;
    for (size_t i = 2; i < len; i++) {
        is_good = is_good && p[i] >> 6 == 2;
    }
    return is_good ? len : 0;
}

/* Bytes of clean text at the beginning. */
static size_t clean_prefix(nlt_bytes text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t i = 0;
    while (i < text.len) {
        size_t len = p[i] < 0x80 ? ascii_blocks(text.ptr + i, text.len - i) : 0;
        len = len > 0 ? len : sequence_len(p + i, text.len - i);
        if (len == 0) {
            break;
        }
        i += len;
    }
    return i;
}

bool nlt__text_is_clean(nlt_bytes text)
{
    return clean_prefix(text) == text.len;
}

nlt_status nlt__text_escape(nlt_arena *arena, nlt_bytes text, nlt_bytes *out)
{
    static const char hex[] = "0123456789abcdef";
    size_t clean = clean_prefix(text);
    if (clean == text.len) {
        *out = text;
        return NLT_OK;
    }
    if (text.len > SIZE_MAX / 4) {
        return NLT_ERR_NOMEM;
    }
    char *escaped = nlt__arena_alloc(arena, clean + 4 * (text.len - clean));
    if (escaped == NULL) {
        return NLT_ERR_NOMEM;
    }
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        size_t len = i == 0 ? clean : clean_prefix((nlt_bytes){text.ptr + i, text.len - i});
        memcpy(escaped + n, text.ptr + i, len);
        n += len;
        i += len;
        if (i < text.len) {
            unsigned char byte = (unsigned char)text.ptr[i++];
            memcpy(escaped + n, (char[4]){'\\', 'x', hex[byte >> 4], hex[byte & 15]}, 4);
            n += 4;
        }
    }
    *out = (nlt_bytes){escaped, n};
    return NLT_OK;
}

size_t nlt__bom_length(nlt_bytes text)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    return text.len >= sizeof mark && memcmp(text.ptr, mark, sizeof mark) == 0 ? sizeof mark : 0;
}
