/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_BATCH_H
#define NLT_TABLE_BATCH_H

/* A batch: up to NLT_BATCH_ROWS rows of typed columns with validity bits.
 *
 * Strings are 16-byte views: short ones inline, long ones a pointer that the batch *borrows* from
 * the buffer (or arena) they were read from, until the producer's next call. The layouts of
 * nlt_str and nlt_list equal DuckDB's, so an engine copies columns with memcpy and no string. */

#include <string.h>

#include "netlytics/arrow.h"
#include "netlytics/table.h"

enum { NLT_BATCH_ROWS = 2048, NLT_STR_INLINE = 12 };

typedef struct nlt_str {
    uint32_t len;
    union {
        char text[NLT_STR_INLINE]; /* len <= 12: all of it, zero-padded */
        struct {
            char prefix[4];
            char ptr[8]; /* an unaligned `const char *` keeps the struct packed to 16 bytes */
        } view;
    } as;
} nlt_str;

static inline nlt_bytes nlt__str_bytes(const nlt_str *str)
{
    nlt_bytes bytes = {str->as.text, str->len};
    if (str->len > NLT_STR_INLINE) {
        memcpy(&bytes.ptr, str->as.view.ptr, sizeof bytes.ptr);
    }
    return bytes;
}

static inline void nlt__str_set(nlt_str *str, const char *ptr, size_t len)
{
    str->len = (uint32_t)len;
    if (len <= NLT_STR_INLINE) {
        memset(str->as.text, 0, NLT_STR_INLINE);
        memcpy(str->as.text, ptr, len);
    } else {
        memcpy(str->as.view.prefix, ptr, 4);
        memcpy(str->as.view.ptr, &ptr, sizeof ptr);
    }
}

typedef struct nlt_list {
    uint64_t offset; /* into the child vector */
    uint64_t length;
} nlt_list;

/* One column. `data` holds uint8_t (bool), int64_t, double, nlt_str, int32_t (date), int64_t
 * (timestamp), 16-byte integers (decimal) or nlt_list, as the type says. */
typedef struct nlt_vec {
    nlt_dtype dtype;
    void *data;
    uint64_t *valid;       /* bit i set: row i is not NULL; never NULL itself */
    struct nlt_vec *child; /* lists: the items, `n_child` of them in use, `child_cap` room */
    int64_t n_child;
    int64_t child_cap;
} nlt_vec;

typedef struct nlt_batch {
    int64_t n_rows;
    int n_cols;
    nlt_vec *cols;
    int64_t *row_key; /* file index * 2^40 + offset of the row's line; NULL if there is none */
} nlt_batch;

static inline bool nlt__valid(const uint64_t *valid, int64_t row)
{
    return (valid[row >> 6] >> (row & 63)) & 1;
}

static inline void nlt__set_valid(uint64_t *valid, int64_t row)
{
    valid[row >> 6] |= UINT64_C(1) << (row & 63);
}

/* Bytes of one value of a type in nlt_vec.data. */
NLT_API size_t nlt__dtype_size(nlt_dtype dtype);

/* A batch with its own storage of `cap_rows` rows; all rows NULL. Owned: nlt__batch_free. */
NLT_API nlt_status nlt__batch_new(const nlt_dtype *dtypes, int n_cols, int64_t cap_rows,
    nlt_batch **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__batch_free(nlt_batch *batch);
/* n_rows = 0, all of `cap_rows` NULL, lists empty. */
NLT_API void nlt__batch_reset(nlt_batch *batch, int64_t cap_rows);
/* Room for `extra` more items in a list column's child; NLT_ERR_NOMEM, NLT_ERR_LIMIT. */
NLT_API nlt_status nlt__vec_reserve_child(
    nlt_vec *vec, int64_t extra, nlt_error *err) NLT_MUST_CHECK;

/* ---- Arrow: one copy out ---- */

/* Schema of a table's columns: struct of nullable children, formats b l g u tdD tsu:UTC d:38,s +l.
 */
NLT_API nlt_status nlt__arrow_schema(const nlt_column_desc *columns, int n_columns,
    struct ArrowSchema *out, nlt_error *err) NLT_MUST_CHECK;
/* Copies a batch into a self-contained array (int32 offsets). Released by its consumer. */
NLT_API nlt_status nlt__arrow_from_batch(
    const nlt_batch *batch, struct ArrowArray *out, nlt_error *err) NLT_MUST_CHECK;

#endif
