/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_ROW_BLOCK_H
#define NLT_ENGINE_ROW_BLOCK_H

/* Packed form of up to NLT_BLOCK_ROWS rows.
 *
 *   u32 size of all, u16 rows, u16 writer, u32 size of the texts,
 *   per column: u8 has NULLs, then a bit per row if so,
 *   per lane:   u8 width w, u64 least value, rows x w bytes (value - least),
 *   texts:      u64 hash, u32 length, bytes
 *
 * A text's lane is 2 * place in the writer's dictionary, or 2 * offset in the texts + 1. */

#include "core/buf.h"
#include "engine/row_store.h"

enum { NLT_BLOCK_PAD = 8, NLT_BLOCK_HEADER = 12 }; /* lanes are loaded 8 bytes at a time */

/* Rows that wait to be packed. */
typedef struct nlt_row_stage {
    int n_rows;
    uint64_t *lanes; /* n_lanes x NLT_BLOCK_ROWS */
    uint64_t nulls[NLT_STORE_COLUMNS_MAX][NLT_BLOCK_ROWS / 64];
    uint64_t null_columns; /* bit c: column c has a NULL */
    nlt_buf texts;
} nlt_row_stage;

typedef struct nlt_block_shape {
    int n_cols;
    int n_lanes;
    uint64_t text_lanes[2]; /* bit l: lane l is a text or list */
} nlt_block_shape;

static inline bool nlt__is_text_lane(const nlt_block_shape *shape, int lane)
{
    return (shape->text_lanes[lane >> 6] >> (lane & 63)) & 1;
}

/* Most bytes that a stage can be packed into, with the padding. */
size_t nlt__block_bound(const nlt_block_shape *shape, const nlt_row_stage *stage);
/* Packs; returns the size without the padding. */
size_t nlt__block_pack(
    const nlt_block_shape *shape, const nlt_row_stage *stage, int writer, char *out);
/* Size and rows of a packed block. */
size_t nlt__block_size(const char *block);
int nlt__block_rows(const char *block);
/* The writer whose dictionary its texts are in. */
int nlt__block_writer(const char *block);
/* Unpacks into lanes and nulls with room for NLT_BLOCK_ROWS; text lanes are left as packed.
 * `texts` = the block's own texts. */
void nlt__block_unpack(
    const nlt_block_shape *shape, const char *block, nlt_row_lanes *out, const char **texts);

#endif
