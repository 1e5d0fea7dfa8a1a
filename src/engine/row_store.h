/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_ROW_STORE_H
#define NLT_ENGINE_ROW_STORE_H

/* Rows between two steps of a plan: written by many threads, cut into parts, kept small in memory
 * and, past the budget, in a temporary file.
 *
 *   nlt_row_store   the parts; a part is a chain of packed blocks of up to NLT_BLOCK_ROWS rows
 *   nlt_row_writer  one thread's unfinished blocks and its dictionary of texts
 *   nlt_row_cursor  one thread's way through a part, block by block
 *
 * A value is one or two 64-bit lanes. A block keeps each lane as its least value and the differences
 * to it in as few bytes as the largest needs; a text is its place in the writer's dictionary. So a
 * flow of the tables takes about 30 bytes. */

#include <pthread.h>
#include <stdatomic.h>

#include "core/arena.h"
#include "core/temp_file.h"
#include "table/batch.h"

enum {
    NLT_STORE_COLUMNS_MAX = 64,
    NLT_STORE_LANES_MAX = 2 * NLT_STORE_COLUMNS_MAX,
    NLT_STORE_PARTS = 64, /* of what has keys; fixed, so that rows lie alike for any thread count */
    NLT_BLOCK_ROWS = 512
};

/* What all stores of a session may hold together. */
typedef struct nlt_budget {
    int64_t memory_max; /* bytes in memory; what is above goes to disk */
    nlt_temp_space disk;
    atomic_llong memory;
    atomic_llong spilled; /* bytes written to temporary files so far; never less */
} nlt_budget;

typedef struct nlt_row_store nlt_row_store;
typedef struct nlt_row_writer nlt_row_writer;
typedef struct nlt_row_cursor nlt_row_cursor;

/* Columns of `dtypes`, in `n_parts` parts (1..NLT_STORE_PARTS). `keys` are the columns whose hash
 * chooses the part (no lists). `threads` writers at most are expected. Borrows the budget. */
NLT_API nlt_status nlt__row_store_new(const nlt_dtype *dtypes, int n_cols, const int *keys,
    int n_keys, int n_parts, int threads, nlt_budget *budget, nlt_row_store **out,
    nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__row_store_free(nlt_row_store *store); /* its writers, too; NULL is fine */
NLT_API int nlt__row_store_parts(const nlt_row_store *store);
NLT_API int64_t nlt__row_store_rows(const nlt_row_store *store, int part); /* part -1: all */
NLT_API const nlt_dtype *nlt__row_store_dtypes(const nlt_row_store *store, int *n_cols);
/* Bytes of the rows as they are packed, in memory and on disk. */
NLT_API int64_t nlt__row_store_bytes(nlt_row_store *store);
/* Frees the memory of a part that is not needed again. */
NLT_API void nlt__row_store_drop(nlt_row_store *store, int part);

/* Writes what is above the budget to disk, after the budget has become smaller. */
NLT_API nlt_status nlt__row_store_trim(nlt_row_store *store, nlt_error *err) NLT_MUST_CHECK;

/* ---- writing ---- */

/* A new writer, owned by the store. Any thread. */
NLT_API nlt_status nlt__row_writer_open(
    nlt_row_store *store, nlt_row_writer **out, nlt_error *err) NLT_MUST_CHECK;
/* Copies rows of a batch of the store's columns into `part`, or where their keys say (-1).
 * NLT_ERR_NOMEM, NLT_ERR_OUTPUT (temporary file). */
NLT_API nlt_status nlt__row_writer_add(
    nlt_row_writer *writer, const nlt_batch *rows, int part, nlt_error *err) NLT_MUST_CHECK;
/* Makes the rows of `part` (-1: of all) readable; rows that are added later follow them. */
NLT_API nlt_status nlt__row_writer_flush(
    nlt_row_writer *writer, int part, nlt_error *err) NLT_MUST_CHECK;
/* All writers. No thread may be writing. */
NLT_API nlt_status nlt__row_store_flush(nlt_row_store *store, nlt_error *err) NLT_MUST_CHECK;

/* ---- reading: when writing is over ---- */

/* Values of rows, lane by lane. A text's or list's lane is the address of an nlt_row_text. */
typedef struct nlt_row_lanes {
    uint64_t *lanes[NLT_STORE_LANES_MAX];
    uint64_t *nulls[NLT_STORE_COLUMNS_MAX]; /* bit i set: row i is NULL */
    uint64_t whole_columns;                 /* bit c set: column c has no NULL for sure */
} nlt_row_lanes;

/* hash, length, bytes: at any address. */
enum { NLT_ROW_TEXT_HEADER = 12 };

static inline nlt_bytes nlt__row_text(uint64_t lane)
{
    const char *at = (const char *)(uintptr_t)lane;
    uint32_t len;
    memcpy(&len, at + 8, sizeof len);
    return (nlt_bytes){at + NLT_ROW_TEXT_HEADER, len};
}

NLT_API nlt_status nlt__row_cursor_open(
    nlt_row_store *store, int part, nlt_row_cursor **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__row_cursor_close(nlt_row_cursor *cursor); /* NULL is fine */
/* The next block: *n rows, 0 at the end. `*rows` is borrowed until the next call. */
NLT_API nlt_status nlt__row_cursor_next(
    nlt_row_cursor *cursor, const nlt_row_lanes **rows, int *n, nlt_error *err) NLT_MUST_CHECK;

/* Hash of a row's keys: equal for equal keys; part = hash >> 58 where there are keys. */
NLT_API uint64_t nlt__row_hash(const nlt_row_store *store, const nlt_row_lanes *rows, int64_t row);
/* Order of two rows by one column: NULL first, NaN last, texts by bytes. Lists: not for ordering. */
NLT_API int nlt__row_compare(const nlt_row_store *store, int column, const nlt_row_lanes *a,
    int64_t i, const nlt_row_lanes *b, int64_t j);
/* First 64 bits of a column's order: a < b implies prefix(a) <= prefix(b). */
NLT_API uint64_t nlt__row_prefix(
    const nlt_row_store *store, int column, const nlt_row_lanes *rows, int64_t row);
/* First lane of a column; columns of decimals have two. */
NLT_API int nlt__row_lane(const nlt_row_store *store, int column);
NLT_API int nlt__row_lane_count(const nlt_row_store *store);
/* Copies texts of `rows` that do not live in a dictionary into `arena`. */
NLT_API nlt_status nlt__row_keep_texts(const nlt_row_cursor *cursor, nlt_row_lanes *rows,
    int64_t first, int64_t n, nlt_arena *arena, nlt_error *err) NLT_MUST_CHECK;
/* Rows `index[0..n-1]` (NULL: 0..n-1) as a batch of columns `columns` (NULL: all) of the store;
 * texts are borrowed from the rows. */
NLT_API nlt_status nlt__row_to_batch(const nlt_row_store *store, const nlt_row_lanes *rows,
    const uint32_t *index, int64_t n, const int *columns, nlt_batch *out,
    nlt_error *err) NLT_MUST_CHECK;

#endif
