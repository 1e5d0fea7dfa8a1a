/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FlatBuffers (flatbuffers.dev, "FlatBuffers Internals"): a table begins with the distance back to
 * its vtable, which tells where each field lies; strings, vectors and tables are referred to by the
 * distance forward. All numbers are little-endian. */

#include "output/flat.h"

enum { ALIGN = 8, REF_BYTES = 4 };

static size_t position(const nlt_flat *flat)
{
    return flat->out->len - flat->base;
}

static void set(nlt_flat *flat, size_t at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        flat->out->ptr[flat->base + at + i] = (char)(value >> (8 * i));
    }
}

void nlt__flat_set8(nlt_flat *flat, size_t at, uint8_t value)
{
    set(flat, at, value, 1);
}

void nlt__flat_set16(nlt_flat *flat, size_t at, uint16_t value)
{
    set(flat, at, value, 2);
}

void nlt__flat_set32(nlt_flat *flat, size_t at, uint32_t value)
{
    set(flat, at, value, 4);
}

void nlt__flat_set64(nlt_flat *flat, size_t at, uint64_t value)
{
    set(flat, at, value, 8);
}

static nlt_status put_zeros(nlt_flat *flat, size_t n, nlt_error *err)
{
    NLT_TRY(nlt__buf_reserve(flat->out, n, err));
    memset(flat->out->ptr + flat->out->len, 0, n);
    flat->out->len += n;
    return NLT_OK;
}

/* Zero bytes until the position is `rest` behind a multiple of `align`. */
static nlt_status pad_to(nlt_flat *flat, size_t align, size_t rest, nlt_error *err)
{
    return put_zeros(flat, (rest - position(flat)) & (align - 1), err);
}

nlt_status nlt__flat_pad(nlt_flat *flat, size_t align, nlt_error *err)
{
    return pad_to(flat, align, 0, err);
}

static void refer(nlt_flat *flat, size_t ref)
{
    nlt__flat_set32(flat, ref, (uint32_t)(position(flat) - ref));
}

nlt_status nlt__flat_begin(nlt_flat *flat, nlt_buf *out, nlt_error *err)
{
    *flat = (nlt_flat){out, out->len};
    return put_zeros(flat, REF_BYTES, err);
}

nlt_status nlt__flat_table(
    nlt_flat *flat, size_t ref, const uint8_t *sizes, int n, nlt_flat_table *table, nlt_error *err)
{
    size_t vtable_bytes = 4 + 2 * (size_t)n;
    NLT_TRY(pad_to(flat, ALIGN, -vtable_bytes & (ALIGN - 1), err)); /* the table is aligned */
    size_t vtable = position(flat);
    NLT_TRY(put_zeros(flat, vtable_bytes, err));
    size_t start = position(flat);
    size_t end = REF_BYTES; /* the distance to the vtable */
    for (int i = 0; i < n; i++) {
        table->at[i] = 0;
        if (sizes[i] > 0) {
            end = (end + sizes[i] - 1) & ~((size_t)sizes[i] - 1);
            table->at[i] = start + end;
            nlt__flat_set16(flat, vtable + 4 + 2 * (size_t)i, (uint16_t)end);
            end += sizes[i];
        }
    }
    refer(flat, ref);
    NLT_TRY(put_zeros(flat, end, err));
    nlt__flat_set16(flat, vtable, (uint16_t)vtable_bytes);
    nlt__flat_set16(flat, vtable + 2, (uint16_t)end);
    nlt__flat_set32(flat, start, (uint32_t)(start - vtable));
    return NLT_OK;
}

nlt_status nlt__flat_vector(
    nlt_flat *flat, size_t ref, size_t count, size_t size, size_t *at, nlt_error *err)
{
    NLT_TRY(pad_to(flat, ALIGN, ALIGN - 4, err)); /* the items are aligned */
    refer(flat, ref);
    size_t length = position(flat);
    NLT_TRY(put_zeros(flat, 4 + count * size, err));
    nlt__flat_set32(flat, length, (uint32_t)count);
    *at = length + 4;
    return NLT_OK;
}

nlt_status nlt__flat_string(nlt_flat *flat, size_t ref, const char *text, nlt_error *err)
{
    size_t len = strlen(text);
    size_t at = 0;
    NLT_TRY(nlt__flat_vector(flat, ref, len + 1, 1, &at, err)); /* with its NUL */
    nlt__flat_set32(flat, at - 4, (uint32_t)len);
    memcpy(flat->out->ptr + flat->base + at, text, len);
    return NLT_OK;
}
