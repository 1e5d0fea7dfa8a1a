/* SPDX-License-Identifier: GPL-3.0-or-later */
/* 64 bytes become words with a bit for each separator and each newline; the positions of their set
 * bits are written down without branching on each (Langdale, Lemire: "Parsing gigabytes of JSON per
 * second", 2019). */

#include "core/marks.h"

#include <string.h>

#include "core/alloc.h"
#include "core/simd.h"
#include "core/utf8.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK = 64, BLOCKS = NLT_MARKS_STEP / BLOCK };

/* Of a step: a bit for each byte. */
typedef struct bitmap {
    uint64_t separators[BLOCKS]; /* without newlines */
    uint64_t newlines[BLOCKS];
} bitmap;

/* ---- bytes to bits; true: all are ASCII without NUL ---- */

static bool classify_plain(const char *p, size_t n_blocks, const char separators[2], bitmap *out)
{
    for (size_t i = 0; i < n_blocks; i++, p += BLOCK) {
        out->separators[i] = nlt__byte_bits(p, separators[0]) | nlt__byte_bits(p, separators[1]);
        out->newlines[i] = nlt__byte_bits(p, '\n');
    }
    return nlt__text_is_ascii((nlt_bytes){p - n_blocks * BLOCK, n_blocks * BLOCK});
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 __attribute__((target("avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt")))

AVX2 static inline uint64_t equal_avx2(__m256i low, __m256i high, char byte)
{
    __m256i wanted = _mm256_set1_epi8(byte);
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return a | (uint64_t)b << 32;
}

AVX2 static bool classify_avx2(
    const char *p, size_t n_blocks, const char separators[2], bitmap *out)
{
    __m256i least = _mm256_set1_epi8(0x7f);
    __m256i any = _mm256_setzero_si256();
    for (size_t i = 0; i < n_blocks; i++, p += BLOCK) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
        out->separators[i] = equal_avx2(low, high, separators[0]);
        if (separators[1] != separators[0]) {
            out->separators[i] |= equal_avx2(low, high, separators[1]);
        }
        out->newlines[i] = equal_avx2(low, high, '\n');
        least = _mm256_min_epu8(least, _mm256_min_epu8(low, high));
        any = _mm256_or_si256(any, _mm256_or_si256(low, high));
    }
    __m256i is_nul = _mm256_cmpeq_epi8(least, _mm256_setzero_si256());
    return _mm256_movemask_epi8(_mm256_or_si256(any, is_nul)) == 0;
}

AVX512 static bool classify_avx512(
    const char *p, size_t n_blocks, const char separators[2], bitmap *out)
{
    const __m512i first = _mm512_set1_epi8(separators[0]);
    const __m512i second = _mm512_set1_epi8(separators[1]);
    const __m512i newline = _mm512_set1_epi8('\n');
    __m512i least = _mm512_set1_epi8(0x7f);
    __m512i any = _mm512_setzero_si512();
    for (size_t i = 0; i < n_blocks; i++, p += BLOCK) {
        __m512i v = _mm512_loadu_si512((const void *)p);
        out->separators[i] = _mm512_cmpeq_epi8_mask(v, first) | _mm512_cmpeq_epi8_mask(v, second);
        out->newlines[i] = _mm512_cmpeq_epi8_mask(v, newline);
        least = _mm512_min_epu8(least, v);
        any = _mm512_or_si512(any, v);
    }
    return _mm512_movepi8_mask(any) == 0 && _mm512_test_epi8_mask(least, least) == ~UINT64_C(0);
}

#endif

/* ---- bits to positions ---- */

/* Appends the marks and lines of a step that begins at `base`, of `n_bytes` bytes. */
static inline __attribute__((always_inline)) void expand(const bitmap *map, uint32_t base,
    size_t n_bytes, nlt_marks *marks, unsigned (*push)(uint64_t bits, uint32_t base, uint32_t *out))
{
    uint64_t is_blank = marks->is_blank;
    uint32_t n = (uint32_t)marks->n;
    size_t n_lines = 0;
    for (size_t i = 0; i * BLOCK < n_bytes; i++, base += BLOCK) {
        size_t left = n_bytes - i * BLOCK;
        uint64_t inside = left < BLOCK ? ~(~UINT64_C(0) << left) : ~UINT64_C(0);
        uint64_t newlines = map->newlines[i] & inside;
        uint64_t bits = (map->separators[i] & inside) | newlines;
        if (marks->marking.kind == NLT_MARKING_BLANKS) {
            uint64_t blanks = bits;
            bits = (blanks ^ (blanks << 1 | is_blank)) & inside;
            is_blank = blanks >> (left < BLOCK ? left - 1 : BLOCK - 1) & 1;
        }
        if (marks->marking.kind == NLT_MARKING_NONE) {
            bits = 0;
        }
        unsigned n_before = n;
        n += push(bits, base, marks->at + n);
        /* One newline or none is the rule, which of them cannot be foretold. */
        do {
            uint64_t last = newlines | UINT64_C(1) << 63;
            marks->lines[n_lines].end = base + (uint32_t)__builtin_ctzll(last);
            marks->lines[n_lines].marks_end =
                n_before + (uint32_t)__builtin_popcountll(bits & (last ^ (last - 1)));
            n_lines += newlines != 0;
            newlines &= newlines - 1;
        } while (newlines != 0);
    }
    marks->is_blank = is_blank;
    marks->n = n;
    marks->n_lines = n_lines;
}

static void expand_plain(const bitmap *map, uint32_t base, size_t n_bytes, nlt_marks *marks)
{
    expand(map, base, n_bytes, marks, nlt__push_bits);
}

#if defined(__x86_64__)

AVX2 static void expand_avx2(const bitmap *map, uint32_t base, size_t n_bytes, nlt_marks *marks)
{
    expand(map, base, n_bytes, marks, nlt__push_bits);
}

/* The numbers 0 to 63 are pressed together where bits are set. */
AVX512 static inline unsigned push_avx512(uint64_t bits, uint32_t base, uint32_t *out)
{
    static const uint8_t numbers[BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
        17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
        40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
        63};
    const __m512i start = _mm512_set1_epi32((int32_t)base);
    __m512i places = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
    __m128i part[4] = {_mm512_castsi512_si128(places), _mm512_extracti32x4_epi32(places, 1),
        _mm512_extracti32x4_epi32(places, 2), _mm512_extracti32x4_epi32(places, 3)};
    unsigned n = (unsigned)__builtin_popcountll(bits);
    for (int i = 0; i < (n > 32 ? 4 : 2); i++) {
        _mm512_storeu_si512(
            out + (ptrdiff_t)16 * i, _mm512_add_epi32(start, _mm512_cvtepu8_epi32(part[i])));
    }
    return n;
}

AVX512 static void expand_avx512(const bitmap *map, uint32_t base, size_t n_bytes, nlt_marks *marks)
{
    expand(map, base, n_bytes, marks, push_avx512);
}

#endif

/* ---- steps ---- */

static const struct {
    bool (*classify)(const char *p, size_t n_blocks, const char separators[2], bitmap *out);
    void (*expand)(const bitmap *map, uint32_t base, size_t n_bytes, nlt_marks *marks);
} kernels[NLT_MARKS_KERNELS] = {
    [NLT_MARKS_PLAIN] = {classify_plain, expand_plain},
#if defined(__x86_64__)
    [NLT_MARKS_AVX2] = {classify_avx2, expand_avx2},
    [NLT_MARKS_AVX512] = {classify_avx512, expand_avx512},
#endif
};

bool nlt__marks_has_kernel(nlt_marks_kernel kernel)
{
#if defined(__x86_64__)
    if (kernel == NLT_MARKS_AVX512) {
        return __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && nlt__marks_has_kernel(NLT_MARKS_AVX2);
    }
    if (kernel == NLT_MARKS_AVX2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
            && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    }
#endif
    return kernel == NLT_MARKS_PLAIN;
}

nlt_status nlt__marks_open(nlt_marks *marks, nlt_error *err)
{
    *marks = (nlt_marks){.kernel = NLT_MARKS_KERNELS - 1, .cap = 2 * NLT_MARKS_STEP, .is_blank = 1};
    while (!nlt__marks_has_kernel(marks->kernel)) {
        marks->kernel--;
    }
    marks->at = nlt_alloc(marks->cap * sizeof *marks->at);
    marks->lines = nlt_alloc((NLT_MARKS_STEP + 1) * sizeof *marks->lines);
    return marks->at != NULL && marks->lines != NULL
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

void nlt__marks_close(nlt_marks *marks)
{
    nlt_free(marks->at);
    nlt_free(marks->lines);
    *marks = (nlt_marks){0};
}

void nlt__marks_begin(nlt_marks *marks, nlt_marking marking)
{
    marks->marking = marking;
    marks->n = 0;
    marks->n_lines = 0;
    marks->known = 0;
    marks->clean_from = 0;
    marks->is_blank = 1;
}

/* Those in front of the `kept`-th one go. */
static void keep_from(nlt_marks *marks, size_t kept)
{
    marks->n -= kept;
    memmove(marks->at, marks->at + kept, marks->n * sizeof *marks->at);
    marks->n_lines = 0;
}

void nlt__marks_drop(nlt_marks *marks, size_t n)
{
    size_t kept = 0;
    while (kept < marks->n && marks->at[kept] < n) {
        kept++;
    }
    keep_from(marks, kept);
    for (size_t i = 0; i < marks->n; i++) {
        marks->at[i] -= (uint32_t)n;
    }
    marks->known = marks->known > n ? marks->known - n : 0;
    marks->clean_from = marks->clean_from > n ? marks->clean_from - n : 0;
}

nlt_status nlt__marks_step(nlt_marks *marks, nlt_bytes text, nlt_error *err)
{
    if (marks->n_lines > 0) {
        keep_from(marks, marks->lines[marks->n_lines - 1].marks_end);
    }
    size_t left = text.len - marks->known;
    size_t n_bytes = left < NLT_MARKS_STEP ? left : NLT_MARKS_STEP;
    size_t room = marks->n + n_bytes + 2 * BLOCK;
    if (room > marks->cap) {
        uint32_t *grown = nlt_realloc(marks->at, 2 * room * sizeof *grown);
        if (grown == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a line of %zu bytes", text.len);
        }
        marks->at = grown;
        marks->cap = 2 * room;
    }
    bitmap map;
    bool is_clean = kernels[marks->kernel].classify(
        text.ptr + marks->known, (n_bytes + BLOCK - 1) / BLOCK, marks->marking.separators, &map);
    kernels[marks->kernel].expand(&map, (uint32_t)marks->known, n_bytes, marks);
    marks->known += n_bytes;
    marks->clean_from = is_clean ? marks->clean_from : marks->known;
    return NLT_OK;
}
