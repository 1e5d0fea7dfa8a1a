/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checksums and hashes as Spark has them.
 *
 * Sources: RFC 1952 8 (CRC-32); Appleby, MurmurHash3 (x86, 32 bits), whose tail Spark takes byte by
 * byte, each as a block of its own; Collet, XXH64. Spark's hash(a, b) is hash(b) with hash(a) as its
 * seed; the first seed is 42. Numbers are hashed by their width: INT, DATE and BOOLEAN by 4 bytes. */

#include <isa-l/crc.h>
#include <math.h>

#include "sql/scalar.h"

/* ---- crc32 ---- */

static nlt_status crc32_text(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    nlt_bytes text = nlt__arg_text(call, 0, row);
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    nlt__put_i64(call, row, text.len == 0 ? 0 : (int64_t)crc32_gzip_refl(0, bytes, text.len));
    return NLT_OK;
}

const nlt_scalar nlt_scalar_crc32 = {
    .name = "nlt_crc32",
    .usage = "nlt_crc32(text)",
    .is_spark = true,
    .summary = "crc32: the checksum of gzip over a text's bytes",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .row = crc32_text,
};

/* ---- what is hashed ---- */

/* A value as bytes: those of a text, or a number of 4 or 8 bytes. */
typedef struct hashed {
    const char *bytes; /* NULL: a number */
    size_t len;
    uint64_t number;
} hashed;

static hashed value_of(const nlt_scalar_call *call, int64_t row)
{
    hashed value = {NULL, 8, 0};
    switch (nlt__arg_type(call, 0)) {
    case NLT_TYPE_STRING: {
        nlt_bytes text = nlt__arg_text(call, 0, row);
        return (hashed){text.len == 0 ? "" : text.ptr, text.len, 0};
    }
    case NLT_TYPE_DOUBLE: {
        double real = nlt__arg_double(call, 0, row);
        real = isnan(real) ? (double)NAN : real == 0 ? 0.0 : real;
        memcpy(&value.number, &real, sizeof real);
        value.number &= isnan(real) ? UINT64_C(0x7ff8000000000000) : ~UINT64_C(0);
        return value;
    }
    case NLT_TYPE_BOOL:
        return (hashed){NULL, 4, nlt__arg_bool(call, 0, row)};
    case NLT_TYPE_DATE:
        return (hashed){NULL, 4, (uint32_t)nlt__arg_date(call, 0, row)};
    case NLT_TYPE_INT64:
    case NLT_TYPE_TIMESTAMP:
    case NLT_TYPE_DECIMAL:
    case NLT_TYPE_LIST:
    case NLT_TYPE_COUNT:
        break;
    }
    value.number = (uint64_t)nlt__arg_i64(call, 0, row);
    return value;
}

static uint32_t load32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint64_t load64(const char *p)
{
    return (uint64_t)load32(p + 4) << 32 | load32(p);
}

/* ---- Murmur3 ---- */

static uint32_t rotate32(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t murmur_mix(uint32_t h, uint32_t block)
{
    block = rotate32(block * UINT32_C(0xcc9e2d51), 15) * UINT32_C(0x1b873593);
    return rotate32(h ^ block, 13) * 5 + UINT32_C(0xe6546b64);
}

static uint32_t murmur3(const hashed *value, uint32_t h)
{
    size_t len = value->len;
    if (value->bytes == NULL) {
        h = murmur_mix(h, (uint32_t)value->number);
        h = len == 8 ? murmur_mix(h, (uint32_t)(value->number >> 32)) : h;
    } else {
        size_t i = 0;
        for (; i + 4 <= len; i += 4) {
            h = murmur_mix(h, load32(value->bytes + i));
        }
        for (; i < len; i++) {
            h = murmur_mix(h, (uint32_t)(int32_t)(signed char)value->bytes[i]);
        }
    }
    h ^= (uint32_t)len;
    h = (h ^ h >> 16) * UINT32_C(0x85ebca6b);
    h = (h ^ h >> 13) * UINT32_C(0xc2b2ae35);
    return h ^ h >> 16;
}

/* ---- XXH64 ---- */

static const uint64_t p1 = UINT64_C(0x9e3779b185ebca87), p2 = UINT64_C(0xc2b2ae3d27d4eb4f),
                      p3 = UINT64_C(0x165667b19e3779f9), p4 = UINT64_C(0x85ebca77c2b2ae63),
                      p5 = UINT64_C(0x27d4eb2f165667c5);

static uint64_t rotate64(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static uint64_t xx_round(uint64_t lane, uint64_t block)
{
    return rotate64(lane + block * p2, 31) * p1;
}

static uint64_t xx_8(uint64_t h, uint64_t block)
{
    return rotate64(h ^ xx_round(0, block), 27) * p1 + p4;
}

static uint64_t xx_4(uint64_t h, uint32_t block)
{
    return rotate64(h ^ block * p1, 23) * p2 + p3;
}

/* Blocks of 32 bytes; returns how many bytes they are. */
static size_t xx_stripes(const char *bytes, size_t len, uint64_t seed, uint64_t *h)
{
    uint64_t lanes[4] = {seed + p1 + p2, seed + p2, seed, seed - p1};
    size_t at = 0;
    for (; at + 32 <= len; at += 32) {
        for (size_t i = 0; i < 4; i++) {
            lanes[i] = xx_round(lanes[i], load64(bytes + at + 8 * i));
        }
    }
    *h = rotate64(lanes[0], 1) + rotate64(lanes[1], 7) + rotate64(lanes[2], 12)
        + rotate64(lanes[3], 18);
    for (size_t i = 0; i < 4; i++) {
        *h = (*h ^ xx_round(0, lanes[i])) * p1 + p4;
    }
    return at;
}

static uint64_t xxh64(const hashed *value, uint64_t seed)
{
    uint64_t h = seed + p5;
    size_t len = value->len;
    if (value->bytes == NULL) {
        h += len;
        h = len == 8 ? xx_8(h, value->number) : xx_4(h, (uint32_t)value->number);
    } else {
        const char *bytes = value->bytes;
        size_t i = len >= 32 ? xx_stripes(bytes, len, seed, &h) : 0;
        h += len;
        for (; i + 8 <= len; i += 8) {
            h = xx_8(h, load64(bytes + i));
        }
        for (; i + 4 <= len; i += 4) {
            h = xx_4(h, load32(bytes + i));
        }
        for (; i < len; i++) {
            h = rotate64(h ^ (unsigned char)bytes[i] * p5, 11) * p1;
        }
    }
    h = (h ^ h >> 33) * p2;
    h = (h ^ h >> 29) * p3;
    return h ^ h >> 32;
}

/* ---- functions ---- */

enum { FIRST_SEED = 42 };

/* A NULL leaves the seed as it is; `is_int`: the value is an INT, of 4 bytes. */
static int64_t hash_row(const nlt_scalar_call *call, int64_t row, bool is_int, bool is_wide)
{
    bool has_seed = call->n_args > 1 && nlt__arg_valid(call, 1, row);
    int64_t seed = has_seed ? nlt__arg_i64(call, 1, row) : FIRST_SEED;
    if (!nlt__arg_valid(call, 0, row)) {
        return seed;
    }
    hashed value = value_of(call, row);
    value.len = is_int ? 4 : value.len;
    return is_wide ? (int64_t)xxh64(&value, (uint64_t)seed)
                   : (int32_t)murmur3(&value, (uint32_t)seed);
}

#define HASHED_ARGS                                                                                \
    (NLT_ARG_STRING | NLT_ARG_INT64 | NLT_ARG_DOUBLE | NLT_ARG_BOOL | NLT_ARG_DATE                 \
        | NLT_ARG_TIMESTAMP)

#define HASH_FUNCTION(sql_name, types, is_int, is_wide, words)                                     \
    static nlt_status sql_name(nlt_scalar_call *call, int64_t row, nlt_error *err)                 \
    {                                                                                              \
        (void)err;                                                                                 \
        nlt__put_i64(call, row, hash_row(call, row, is_int, is_wide));                             \
        return NLT_OK;                                                                             \
    }                                                                                              \
    const nlt_scalar nlt_scalar_##sql_name = {                                                     \
        .name = "nlt_" #sql_name,                                                                  \
        .usage = "nlt_" #sql_name "(value [, seed])",                                              \
        .is_spark = true,                                                                          \
        .summary = words,                                                                          \
        .takes_null = true,                                                                        \
        .n_args = 2,                                                                               \
        .n_optional = 1,                                                                           \
        .args = {types, NLT_ARG_INT64},                                                            \
        .result = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},                                             \
        .row = sql_name,                                                                           \
    }

HASH_FUNCTION(hash, HASHED_ARGS, false, false,
    "hash: Murmur3 of a value; hash(a, b) is nlt_hash(b, nlt_hash(a)). A BIGINT counts as such");
HASH_FUNCTION(hash_int, NLT_ARG_INT64, true, false, "hash of an INT, SMALLINT or TINYINT");
HASH_FUNCTION(xxhash64, HASHED_ARGS, false, true,
    "xxhash64 of a value; xxhash64(a, b) is nlt_xxhash64(b, nlt_xxhash64(a))");
HASH_FUNCTION(xxhash64_int, NLT_ARG_INT64, true, true, "xxhash64 of an INT, SMALLINT or TINYINT");
