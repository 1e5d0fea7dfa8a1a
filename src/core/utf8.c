/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 by the table of well-formed sequences (Unicode 3.9, table 3-7; RFC 3629). */

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
    return ((word | (word - ones)) & highs) != 0; /* exact: without high bits only 0 borrows first */
}

static uint64_t load64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

#if defined(__SSE2__)
static size_t ascii_blocks(const char *p, size_t len)
{
    const __m128i zero = _mm_setzero_si128();
    size_t i = 0;
    for (; i + 64 <= len; i += 64) {
        int odd = 0;
        for (size_t j = 0; j < 64; j += 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i + j));
            /* signed: bytes above 0x7f and 0 are not greater than 0 */
            odd |= ~_mm_movemask_epi8(_mm_cmpgt_epi8(v, zero)) & 0xffff;
        }
        if (odd != 0) {
            break;
        }
    }
    return i;
}
#else
static size_t ascii_blocks(const char *p, size_t len)
{
    (void)p;
    (void)len;
    return 0;
}
#endif

bool nlt__text_is_ascii(nlt_bytes text)
{
    size_t i = ascii_blocks(text.ptr, text.len);
    for (; i + 8 <= text.len; i += 8) {
        if (has_odd_byte(load64(text.ptr + i))) {
            return false;
        }
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
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, len;
    } rows[] = {
        {0x01, 0x7f, 0, 0, 1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        if (p[0] < rows[r].first_min || p[0] > rows[r].first_max) {
            continue;
        }
        size_t len = rows[r].len;
        if (len > left || (len > 1 && (p[1] < rows[r].second_min || p[1] > rows[r].second_max))) {
            return 0;
        }
        for (size_t i = 2; i < len; i++) {
            if (p[i] < 0x80 || p[i] > 0xbf) {
                return 0;
            }
        }
        return len;
    }
    return 0;
}

/* Bytes of clean text at the beginning. */
static size_t clean_prefix(nlt_bytes text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t i = 0;
    while (i < text.len) {
        if (i + 8 <= text.len && !has_odd_byte(load64(text.ptr + i))) {
            i += 8;
            continue;
        }
        size_t len = sequence_len(p + i, text.len - i);
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
