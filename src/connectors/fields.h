/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_FIELDS_H
#define NLT_CONNECTORS_FIELDS_H

/* The fields of a line that are separated by runs of blanks, one after the other.
 *
 * 64 bytes become one word whose bits are the edges between blank and not blank; fields are pairs of
 * edges. Reads up to 64 bytes behind the line, whose meaning does not matter. */

#include "core/simd.h"
#include "netlytics/base.h"

typedef struct nlt_fields {
    nlt_bytes line;
    size_t base;    /* of the block behind `edges` */
    uint64_t edges; /* of the block, not yet used */
    uint64_t carry; /* 1: the byte before the next block is a blank */
} nlt_fields;

/* Edges of the block at `base`; what is behind the line counts as blank. */
static inline void nlt__fields_load(nlt_fields *fields)
{
    size_t left = fields->line.len - fields->base;
    uint64_t blanks = nlt__blank_bits(fields->line.ptr + fields->base);
    if (left < 64) {
        blanks |= ~UINT64_C(0) << left;
    }
    fields->edges = blanks ^ (blanks << 1 | fields->carry);
    fields->carry = blanks >> 63;
}

static inline nlt_fields nlt__fields_of(nlt_bytes line)
{
    nlt_fields fields = {line, 0, 0, 1};
    nlt__fields_load(&fields);
    return fields;
}

/* Position of the next edge; the line's length when there is none. */
static inline size_t nlt__fields_edge(nlt_fields *fields)
{
    while (fields->edges == 0) {
        if (fields->line.len - fields->base <= 64) {
            return fields->line.len;
        }
        fields->base += 64;
        nlt__fields_load(fields);
    }
    size_t at = fields->base + (size_t)__builtin_ctzll(fields->edges);
    fields->edges &= fields->edges - 1;
    return at;
}

/* The next field; false at the end of the line. */
static inline bool nlt__fields_next(nlt_fields *fields, nlt_bytes *field)
{
    size_t begin = nlt__fields_edge(fields);
    if (begin >= fields->line.len) {
        return false;
    }
    *field = (nlt_bytes){fields->line.ptr + begin, nlt__fields_edge(fields) - begin};
    return true;
}

static inline bool nlt__is_dash(nlt_bytes text)
{
    return text.len == 1 && text.ptr[0] == '-';
}

#endif
