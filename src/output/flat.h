/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_OUTPUT_FLAT_H
#define NLT_OUTPUT_FLAT_H

/* FlatBuffers, as much as Arrow's messages need, written from front to back: what refers comes
 * before what is referred to, and the reference is filled in when that is placed. Positions count
 * from `base`, which is aligned to 8 in the end. */

#include "core/buf.h"

enum { NLT_FLAT_FIELDS_MAX = 8 };

typedef struct nlt_flat {
    nlt_buf *out;
    size_t base;
} nlt_flat;

/* A table that was placed: where its fields lie; 0: absent. */
typedef struct nlt_flat_table {
    size_t at[NLT_FLAT_FIELDS_MAX];
} nlt_flat_table;

/* Begins at the end of `out` with the reference to the root, which is at position 0. */
nlt_status nlt__flat_begin(nlt_flat *flat, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* Places a table whose field i has sizes[i] bytes (0: absent), all zero, and points `ref` to it. */
nlt_status nlt__flat_table(nlt_flat *flat, size_t ref, const uint8_t *sizes, int n,
    nlt_flat_table *table, nlt_error *err) NLT_MUST_CHECK;
/* Places a vector of `count` items of `size` bytes (all zero, aligned to `size` or 8) and points
 * `ref` to it. *at: its first item. */
nlt_status nlt__flat_vector(nlt_flat *flat, size_t ref, size_t count, size_t size, size_t *at,
    nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__flat_string(
    nlt_flat *flat, size_t ref, const char *text, nlt_error *err) NLT_MUST_CHECK;
/* Zero bytes up to the next multiple of `align`. */
nlt_status nlt__flat_pad(nlt_flat *flat, size_t align, nlt_error *err) NLT_MUST_CHECK;

void nlt__flat_set8(nlt_flat *flat, size_t at, uint8_t value);
void nlt__flat_set16(nlt_flat *flat, size_t at, uint16_t value);
void nlt__flat_set32(nlt_flat *flat, size_t at, uint32_t value);
void nlt__flat_set64(nlt_flat *flat, size_t at, uint64_t value);

#endif
