/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_SIMD_H
#define NLT_CORE_SIMD_H

/* Bytes of a text as bits of a word: what separators and quotes are found with. Each function looks
 * at 64 bytes from `p`, all of which must be readable. Bit i stands for p[i]. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE4_1__)
#include <smmintrin.h>

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

/* Of 32 bytes. */
static inline uint32_t nlt__byte_bits32(const char *p, char byte)
{
    const __m128i wanted = _mm_set1_epi8(byte);
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(low, wanted))
        | (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(high, wanted)) << 16;
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
        __m128i any =
            _mm_or_si128(_mm_or_si128(_mm_or_si128(slash, query), hash), _mm_or_si128(at, colon));
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(any) << (16 * i);
    }
    return bits;
}

/* A text of 7 to 15 bytes, with zeros behind; reads no others. */
static inline __m128i nlt__load_short(const char *p, size_t len)
{
    uint64_t low = 0;
    uint64_t high = 0;
    if (len >= 8) {
        memcpy(&low, p, 8);
        memcpy(&high, p + len - 8, 8);
        high = high >> (15 - len) * 8 >> 8;
    } else {
        uint32_t first, last;
        memcpy(&first, p, 4);
        memcpy(&last, p + 3, 4);
        low = first | (uint64_t)last << 24;
    }
    return _mm_set_epi64x((long long)high, (long long)low);
}

/* Whether a text is four numbers 0..255 without leading zeros, with points between. Reads no byte
 * behind it. */
static inline bool nlt__is_v4_text(const char *p, size_t len)
{
    if (len - 7 > 8) {
        return false;
    }
    __m128i v = nlt__load_short(p, len);
    __m128i value = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    /* unsigned: not greater than 9 */
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    unsigned all = (1U << len) - 1;
    unsigned digits = (unsigned)_mm_movemask_epi8(is_digit) & all;
    unsigned points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.'))) & all;
    unsigned begins = points << 1 | 1; /* where numbers begin */
    unsigned three = digits & digits >> 1 & digits >> 2;
    unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_setzero_si128()));
    unsigned ones = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_set1_epi8(1)));
    unsigned twos = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_set1_epi8(2)));
    unsigned fives = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_set1_epi8(5)));
    unsigned below5 = (unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(value, _mm_set1_epi8(5)));
    unsigned below256 = ones | (twos & (below5 >> 1 | (fives >> 1 & (below5 | fives) >> 2)));
    bool has_four = (digits | points) == all && __builtin_popcount(points) == 3
        && (begins & ~digits) == 0 && (three & digits >> 3) == 0;
    return has_four && (begins & zeros & digits >> 1) == 0 && (begins & three & ~below256) == 0;
}

/* Shifts bytes down: a load from 16 - n on keeps the last n of 16 bytes, with zeros behind. */
static const uint8_t nlt__last_bytes[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

/* Whether each byte lies in [low, low + n). */
static inline __m128i nlt__in_range16(__m128i v, char low, int n)
{
    __m128i from_least = _mm_add_epi8(v, _mm_set1_epi8((char)(128 - low)));
    return _mm_cmplt_epi8(from_least, _mm_set1_epi8((char)(n - 128)));
}

/* 16 octets of a name: lower case, with points for those of 1 to 44. The bits of *bad: all but a-z 0-9 - _
 * and those; of *points: those. */
static inline __m128i nlt__lower16(__m128i v, unsigned *bad, unsigned *points)
{
    __m128i is_upper = nlt__in_range16(v, 'A', 26);
    __m128i lower = _mm_or_si128(v, _mm_and_si128(is_upper, _mm_set1_epi8(0x20)));
    __m128i is_point = nlt__in_range16(v, 1, '-' - 1);
    __m128i is_ok = _mm_or_si128(nlt__in_range16(lower, 'a', 26), nlt__in_range16(v, '0', 10));
    is_ok = _mm_or_si128(is_ok, _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
    is_ok = _mm_or_si128(is_ok, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
    is_ok = _mm_or_si128(is_ok, is_point);
    *bad = (unsigned)_mm_movemask_epi8(is_ok) ^ 0xffff;
    *points = (unsigned)_mm_movemask_epi8(is_point);
    return _mm_blendv_epi8(lower, _mm_set1_epi8('.'), is_point);
}

/* The octets of a name, from the first label on, without the last zero: lower case, and a point for each
 * octet of 1 to 44, of which *n_points are found. False: there are others than those and a-z 0-9 - _.
 * 16 bytes up to p + n can be read; up to 15 more than n are written. */
static inline bool nlt__lower_name(const uint8_t *p, size_t n, char *out, unsigned *n_points)
{
    unsigned any_bad = 0;
    unsigned bad;
    unsigned points;
    size_t i = 0;
    *n_points = 0;
    for (; n - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        _mm_storeu_si128((__m128i *)(void *)(out + i), nlt__lower16(v, &bad, &points));
        *n_points += (unsigned)__builtin_popcount(points);
        any_bad |= bad;
    }
    size_t left = n - i;
    if (left > 0) {
        __m128i last =
            _mm_loadu_si128((const __m128i *)(const void *)(nlt__last_bytes + 16 - left));
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 16));
        v = nlt__lower16(_mm_shuffle_epi8(v, last), &bad, &points);
        _mm_storeu_si128((__m128i *)(void *)(out + i), v);
        *n_points += (unsigned)__builtin_popcount(points);
        any_bad |= bad & ((1U << left) - 1);
    }
    return any_bad == 0;
}

#else

static inline bool nlt__is_v4_text(const char *p, size_t len)
{
    const char *end = p + len;
    for (int i = 0; i < 4; i++) {
        const char *begin = p;
        unsigned value = 0;
        for (; p < end && p - begin < 3 && *p >= '0' && *p <= '9'; p++) {
            value = value * 10 + (unsigned)(*p - '0');
        }
        if (p == begin || value > 255 || (p - begin > 1 && *begin == '0')
            || (i < 3 && (p == end || *p++ != '.'))) {
            return false;
        }
    }
    return p == end;
}

/* The octets of a name, from the first label on, without the last zero: lower case, and a point for each
 * octet of 1 to 44, of which *n_points are found. False: there are others than those and a-z 0-9 - _.
 * 16 bytes up to p + n can be read; up to 15 more than n are written. */
static inline bool nlt__lower_name(const uint8_t *p, size_t n, char *out, unsigned *n_points)
{
    bool is_ok = true;
    *n_points = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_upper = p[i] >= 'A' && p[i] <= 'Z';
        bool is_point = p[i] >= 1 && p[i] < '-';
        uint8_t lower = (uint8_t)(p[i] | (is_upper ? 0x20 : 0));
        is_ok = is_ok
            && (is_point || (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')
                || lower == '-' || lower == '_');
        out[i] = is_point ? '.' : (char)lower;
        *n_points += is_point;
    }
    return is_ok;
}

static inline uint64_t nlt__authority_bits(const char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        bits |= (uint64_t)(p[i] == '/' || p[i] == '?' || p[i] == '#' || p[i] == '@' || p[i] == ':')
            << i;
    }
    return bits;
}

static inline uint32_t nlt__byte_bits32(const char *p, char byte)
{
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) {
        bits |= (uint32_t)(p[i] == byte) << i;
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

#endif

/* The first such byte of a text, 64 bytes behind which can be read; NULL: none. */
static inline const char *nlt__find_byte(const char *p, size_t len, char byte)
{
    for (size_t i = 0; i < len; i += 32) {
        uint32_t bits = nlt__byte_bits32(p + i, byte);
        if (bits != 0) {
            size_t at = i + (size_t)__builtin_ctz(bits);
            return at < len ? p + at : NULL;
        }
    }
    return NULL;
}

enum { NLT_PUSH_STEP = 16 };

/* Writes base + the positions of the set bits, and returns how many: sixteen at once, since branching
 * on each would cost more than writing some that do not count. Room for 16 more. */
static inline unsigned nlt__push_bits(uint64_t bits, uint32_t base, uint32_t *out)
{
    const uint64_t top = UINT64_C(1) << 63;
    unsigned n = (unsigned)__builtin_popcountll(bits);
    do {
        for (int i = 0; i < NLT_PUSH_STEP; i++) {
            out[i] = base + (uint32_t)__builtin_ctzll(bits | top);
            bits &= bits - 1;
        }
        out += NLT_PUSH_STEP;
    } while (bits != 0);
    return n;
}

/* Eight bytes, the first one lowest. */
static inline uint64_t nlt__load_le64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The number that the `len` (1 to 8) lowest bytes of a word stand for, all of them digits; false: they
 * are not. The digits move to the high end, zeros come in front; then pairs, fours and eights are
 * joined. */
static inline bool nlt__word_digits(uint64_t word, size_t len, uint64_t *value)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    unsigned shift = (unsigned)(8 - len) * 8;
    word = word << shift | (shift > 0 ? zeros >> (64 - shift) : 0);
    if ((word & high) != zeros || ((word + UINT64_C(0x0606060606060606)) & high) != zeros) {
        return false;
    }
    word -= zeros;
    word = word * 10 + (word >> 8);
    *value = ((word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)
                 + (word >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))
        >> 32;
    return true;
}

/* The same of bytes at `p`, 8 of which are read. */
static inline bool nlt__digits8(const char *p, size_t len, uint64_t *value)
{
    return nlt__word_digits(nlt__load_le64(p), len, value);
}

#endif
