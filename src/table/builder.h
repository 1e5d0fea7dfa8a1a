/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_BUILDER_H
#define NLT_TABLE_BUILDER_H

/* Writes the rows of one table into batches of the columns that were asked for.
 *
 * A connector fills a row with nlt_put_*(out, COLUMN, ...), COLUMN being the position in the
 * table's schema; what was not asked for is skipped, what was not put is NULL. The row counts
 * once the scan ends it; a rejected row is taken back and leaves no trace. */

#include "core/arena.h"
#include "table/batch.h"
#include "table/prune.h"

enum { NLT_BUILDER_COLUMNS_MAX = 64 };

typedef struct nlt_builder {
    nlt_batch *batch;                      /* owned; cols in the order asked for */
    int16_t slot[NLT_BUILDER_COLUMNS_MAX]; /* table column -> batch column, -1: not wanted */
    int64_t row;                           /* row being written */
    bool is_clean;                         /* all bytes of the current line are ASCII without NUL */
    nlt_arena arena;   /* texts that had to be changed; lives as long as the batch's rows */
    nlt_status failed; /* first shortage of memory; checked by the scan */
    int filter_slot;   /* batch column that must lie in [filter_from, filter_to); -1: none */
    double filter_from;
    double filter_to;
    int64_t n_filtered; /* rows that did not; reset by the reader */
} nlt_builder;

/* Columns `wanted` (positions in `table`, in output order). Owned: nlt__builder_free. */
NLT_API nlt_status nlt__builder_new(const nlt_table_desc *table, const int *wanted, int n_wanted,
    nlt_builder **out, nlt_error *err) NLT_MUST_CHECK;
/* An empty one of the same columns and filter. */
NLT_API nlt_status nlt__builder_like(const nlt_builder *other, const nlt_table_desc *table,
    nlt_builder **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__builder_free(nlt_builder *builder);
NLT_API void nlt__builder_reset(nlt_builder *builder); /* empties batch and arena */
/* Takes back what was put into the current row. */
NLT_API void nlt__builder_undo(nlt_builder *builder);

/* The row is complete: counts it, or drops it if the filter does not let it pass. `row_key` says
 * where it comes from. False: dropped. */
NLT_API bool nlt__row_end(nlt_builder *builder, int64_t row_key);

/* True if the row being written does not meet the conditions, whose columns the builder has all. */
NLT_API bool nlt__row_is_pruned(const nlt_builder *builder, const nlt_prune *prune);

static inline bool nlt__is_full(const nlt_builder *builder)
{
    return builder->row == NLT_BATCH_ROWS;
}

static inline bool nlt_wants(const nlt_builder *out, int column)
{
    return out->slot[column] >= 0;
}

static inline void nlt_put_i64(nlt_builder *out, int column, int64_t value)
{
    int slot = out->slot[column];
    if (slot >= 0) {
        nlt_vec *vec = &out->batch->cols[slot];
        ((int64_t *)vec->data)[out->row] = value;
        nlt__set_valid(vec->valid, out->row);
    }
}

static inline void nlt_put_double(nlt_builder *out, int column, double value)
{
    int slot = out->slot[column];
    if (slot >= 0) {
        nlt_vec *vec = &out->batch->cols[slot];
        ((double *)vec->data)[out->row] = value;
        nlt__set_valid(vec->valid, out->row);
    }
}

/* Text that is known to be valid UTF-8 without NUL and to outlive the batch's rows. */
static inline void nlt_put_clean(nlt_builder *out, int column, nlt_bytes text)
{
    int slot = out->slot[column];
    if (slot >= 0) {
        nlt_vec *vec = &out->batch->cols[slot];
        nlt__str_set((nlt_str *)vec->data + out->row, text.ptr, text.len);
        nlt__set_valid(vec->valid, out->row);
    }
}

/* The slow half of nlt_put_text: bytes that are no UTF-8, and NUL, become \xNN. */
NLT_API void nlt__put_dirty(nlt_builder *out, int column, nlt_bytes text);

/* Bytes of the current line (borrowed until the batch is reset). */
static inline void nlt_put_text(nlt_builder *out, int column, nlt_bytes text)
{
    if (out->slot[column] < 0) {
        return;
    }
    if (out->is_clean) {
        nlt_put_clean(out, column, text);
    } else {
        nlt__put_dirty(out, column, text);
    }
}

/* Copies text that does not live in the line (a lower-cased name, a joined list). */
NLT_API void nlt_put_copy(nlt_builder *out, int column, nlt_bytes text);
/* The same of text that is known to be valid UTF-8 without NUL. */
NLT_API void nlt_put_clean_copy(nlt_builder *out, int column, nlt_bytes text);

/* Lists: begin, then items, for a row; a list that was begun and got no item is empty, not NULL. */
NLT_API void nlt_put_list(nlt_builder *out, int column);
NLT_API void nlt_add_i64(nlt_builder *out, int column, int64_t value);
NLT_API void nlt_add_text(nlt_builder *out, int column, nlt_bytes text);
NLT_API void nlt_add_copy(nlt_builder *out, int column, nlt_bytes text);
NLT_API void nlt_add_clean_copy(nlt_builder *out, int column, nlt_bytes text);

#endif
