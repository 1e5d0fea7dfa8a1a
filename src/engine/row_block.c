/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packing of rows: frame of reference per lane, in whole bytes (Goldstein et al. 1998), so that a
 * value is one unaligned load and an addition. */

#include "engine/row_block.h"

static char *put(char *out, const void *value, size_t size)
{
    memcpy(out, value, size);
    return out + size;
}

static uint64_t load64(const char *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static size_t null_bytes(int n_rows)
{
    return (size_t)(n_rows + 7) / 8;
}

size_t nlt__block_bound(const nlt_block_shape *shape, const nlt_row_stage *stage)
{
    size_t column = 1 + null_bytes(stage->n_rows);
    size_t lane = 9 + (size_t)stage->n_rows * 8;
    return NLT_BLOCK_HEADER + (size_t)shape->n_cols * column + (size_t)shape->n_lanes * lane
        + stage->texts.len + NLT_BLOCK_PAD;
}

static char *pack_lane(char *out, const uint64_t *values, int n)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (int i = 0; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    uint64_t range = most - least;
    int bits = range == 0 ? 0 : 64 - __builtin_clzll(range);
    uint8_t width = (uint8_t)((bits + 7) / 8);
    out = put(out, &width, 1);
    out = put(out, &least, 8);
    for (int i = 0; width > 0 && i < n; i++) {
        uint64_t rest = values[i] - least;
        memcpy(out, &rest, 8); /* what is above `width` is overwritten by the next */
        out += width;
    }
    return out;
}

size_t nlt__block_pack(
    const nlt_block_shape *shape, const nlt_row_stage *stage, int writer, char *out)
{
    char *p = out + 4;
    uint16_t n_rows = (uint16_t)stage->n_rows;
    uint16_t number = (uint16_t)writer;
    uint32_t texts_len = (uint32_t)stage->texts.len;
    p = put(p, &n_rows, 2);
    p = put(p, &number, 2);
    p = put(p, &texts_len, 4);
    for (int c = 0; c < shape->n_cols; c++) {
        uint8_t has_nulls = (stage->null_columns >> c) & 1;
        p = put(p, &has_nulls, 1);
        p = put(p, stage->nulls[c], has_nulls ? null_bytes(stage->n_rows) : 0);
    }
    for (int l = 0; l < shape->n_lanes; l++) {
        p = pack_lane(p, stage->lanes + (size_t)l * NLT_BLOCK_ROWS, stage->n_rows);
    }
    if (texts_len > 0) {
        p = put(p, stage->texts.ptr, texts_len);
    }
    uint32_t size = (uint32_t)(p - out);
    put(out, &size, 4);
    return size;
}

size_t nlt__block_size(const char *block)
{
    uint32_t size;
    memcpy(&size, block, sizeof size);
    return size;
}

static uint16_t load16(const char *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

int nlt__block_rows(const char *block)
{
    return load16(block + 4);
}

int nlt__block_writer(const char *block)
{
    return load16(block + 6);
}

static const char *unpack_lane(const char *p, uint64_t *out, int n)
{
    int width = (uint8_t)*p;
    uint64_t least = load64(p + 1);
    uint64_t mask = width == 8 ? UINT64_MAX : (UINT64_C(1) << (width * 8)) - 1;
    p += 9;
    for (int i = 0; i < n; i++) {
        out[i] = least + (load64(p + (size_t)i * (size_t)width) & mask);
    }
    return p + (size_t)n * (size_t)width;
}

void nlt__block_unpack(
    const nlt_block_shape *shape, const char *block, nlt_row_lanes *out, const char **texts)
{
    int n = nlt__block_rows(block);
    const char *p = block + NLT_BLOCK_HEADER;
    out->whole_columns = 0;
    for (int c = 0; c < shape->n_cols; c++) {
        size_t bytes = *p++ != 0 ? null_bytes(n) : 0;
        out->whole_columns |= (uint64_t)(bytes == 0) << c;
        memset(out->nulls[c], 0, NLT_BLOCK_ROWS / 8);
        memcpy(out->nulls[c], p, bytes);
        p += bytes;
    }
    for (int l = 0; l < shape->n_lanes; l++) {
        p = unpack_lane(p, out->lanes[l], n);
    }
    *texts = p;
}
