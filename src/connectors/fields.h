/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_FIELDS_H
#define NLT_CONNECTORS_FIELDS_H

/* The fields of a line that are separated by runs of blanks, one after the other.
 *
 * A field is a pair of edges between blank and not blank, as the connector's marking (of kind BLANKS)
 * finds them. If the line's marks are not known, they are found here, a few blocks ahead. Reads up to
 * 64 bytes behind the line, whose meaning does not matter. */

#include "core/marks.h"
#include "core/num.h"
#include "core/simd.h"

enum {
    NLT_FIELDS_PEEK = 10,
    NLT_FIELDS_AHEAD = 2 * NLT_FIELDS_PEEK,
    NLT_FIELDS_EDGES = NLT_FIELDS_AHEAD + 64 + NLT_PUSH_STEP
};

typedef struct nlt_fields {
    const char *base;
    const uint32_t *edges; /* behind `base` */
    unsigned n;            /* edges found */
    unsigned next;         /* of them used */
    nlt_bytes left;        /* of the line, where edges have not been looked for */
    uint64_t carry;        /* 1: the byte before that is a blank */
    char blanks[2];
    uint32_t own[NLT_FIELDS_EDGES];
} nlt_fields;

/* Finds more edges of a line whose marks are not known. */
void nlt__fields_fill(nlt_fields *fields);

static inline void nlt__fields_init(
    nlt_fields *fields, nlt_bytes line, const nlt_cuts *cuts, const nlt_marking *marking)
{
    fields->next = 0;
    if (cuts->at != NULL) {
        fields->base = cuts->base;
        fields->edges = cuts->at;
        fields->n = cuts->n;
        fields->left = (nlt_bytes){line.ptr, 0};
        return;
    }
    fields->base = line.ptr;
    fields->edges = fields->own;
    fields->n = 0;
    fields->left = line;
    fields->carry = 1;
    memcpy(fields->blanks, marking->separators, sizeof fields->blanks);
    nlt__fields_fill(fields);
}

/* The next field; false at the end of the line. */
static inline bool nlt__fields_next(nlt_fields *fields, nlt_bytes *field)
{
    if (fields->next + 1 >= fields->n) {
        nlt__fields_fill(fields);
        if (fields->next + 1 >= fields->n) {
            return false;
        }
    }
    uint32_t begin = fields->edges[fields->next];
    uint32_t end = fields->edges[fields->next + 1];
    fields->next += 2;
    *field = (nlt_bytes){fields->base + begin, end - begin};
    return true;
}

/* How many of the next fields are known: all that are left, or NLT_FIELDS_PEEK or more behind
 * nlt__fields_init. */
static inline unsigned nlt__fields_known(const nlt_fields *fields)
{
    return (fields->n - fields->next) / 2;
}

/* One of those, without using it up; i < nlt__fields_known. */
static inline nlt_bytes nlt__fields_peek(const nlt_fields *fields, unsigned i)
{
    const uint32_t *edges = fields->edges + fields->next + (size_t)2 * i;
    return (nlt_bytes){fields->base + edges[0], edges[1] - edges[0]};
}

/* Uses up `n` known ones. */
static inline void nlt__fields_skip(nlt_fields *fields, unsigned n)
{
    fields->next += 2 * n;
}

/* An integer of a line; as nlt__parse_i64, faster for the short ones. */
static inline bool nlt__field_i64(nlt_bytes field, int64_t *value)
{
    uint64_t digits = 0;
    if (field.len - 1 < 8 && nlt__digits8(field.ptr, field.len, &digits)) {
        *value = (int64_t)digits;
        return true;
    }
    return nlt__parse_i64(field, value);
}

/* Six decimals behind one to ten digits, as most logs write seconds, in millionths. False: it is written
 * in another way. */
static inline bool nlt__field_usual_millionths(nlt_bytes field, int64_t *value)
{
    const char *at = field.ptr;
    size_t n = field.len - 7; /* digits before the point */
    uint64_t head = 0;
    uint64_t tail = 0; /* the last two of them, and the decimals */
    if (n - 1 >= 10 || at[n] != '.') {
        return false;
    }
    if (n == 1) {
        uint64_t decimals = 0;
        unsigned first = (unsigned)(unsigned char)at[0] - '0';
        *value = (int64_t)first * 1000000;
        if (first > 9 || !nlt__digits8(at + 2, 6, &decimals)) {
            return false;
        }
        *value += (int64_t)decimals;
        return true;
    }
    uint64_t word = nlt__load_le64(at + n - 2);
    word = (word & 0xffff) | word >> 24 << 16 | (uint64_t)(unsigned char)at[n + 6] << 56;
    if (!nlt__word_digits(word, 8, &tail) || (n > 2 && !nlt__digits8(at, n - 2, &head))) {
        return false;
    }
    *value = (int64_t)(head * 100000000 + tail);
    return true;
}

/* As nlt__parse_fixed(field, 6, value), faster where six decimals are written. */
static inline bool nlt__field_millionths(nlt_bytes field, int64_t *value)
{
    const size_t behind = 7; /* the point and the decimals */
    const char *at = field.ptr;
    size_t n = field.len - behind;
    uint64_t parts[3] = {0, 0, 0};
    int64_t whole = 0;
    if (nlt__field_usual_millionths(field, value)) {
        return true;
    }
    if (n - 1 >= 16 || n <= 8 || at[n] != '.' || !nlt__digits8(at + n + 1, 6, &parts[2])
        || !nlt__digits8(at, n - 8, &parts[0]) || !nlt__digits8(at + n - 8, 8, &parts[1])) {
        return nlt__parse_fixed(field, 6, value);
    }
    bool is_over = __builtin_mul_overflow(parts[0] * 100000000 + parts[1], 1000000, &whole);
    return !is_over && !__builtin_add_overflow(whole, (int64_t)parts[2], value);
}

static inline bool nlt__is_dash(nlt_bytes text)
{
    return text.len == 1 && text.ptr[0] == '-';
}

#endif
