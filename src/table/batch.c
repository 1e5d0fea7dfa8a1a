/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Storage of batches: one allocation of data and one of validity bits per column. */

#include "table/batch.h"

#include "core/alloc.h"
#include "core/num.h"

enum { CHILD_MIN = 1024, CHILD_MAX = 1 << 26 };

size_t nlt__dtype_size(nlt_dtype dtype)
{
    static const size_t sizes[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = sizeof(uint8_t),
        [NLT_TYPE_INT64] = sizeof(int64_t),
        [NLT_TYPE_DOUBLE] = sizeof(double),
        [NLT_TYPE_STRING] = sizeof(nlt_str),
        [NLT_TYPE_DATE] = sizeof(int32_t),
        [NLT_TYPE_TIMESTAMP] = sizeof(int64_t),
        [NLT_TYPE_DECIMAL] = sizeof(nlt_i128),
        [NLT_TYPE_LIST] = sizeof(nlt_list)};
    return sizes[dtype.type];
}

static size_t valid_words(int64_t rows)
{
    return (size_t)((rows + 63) / 64);
}

static bool vec_init(nlt_vec *vec, nlt_dtype dtype, int64_t cap_rows)
{
    vec->dtype = dtype;
    vec->data = nlt_alloc_aligned((size_t)cap_rows * nlt__dtype_size(dtype));
    vec->valid = nlt_alloc_zero(valid_words(cap_rows), sizeof *vec->valid);
    if (vec->data == NULL || vec->valid == NULL) {
        return false;
    }
    if (dtype.type != NLT_TYPE_LIST) {
        return true;
    }
    vec->child = nlt_alloc_zero(1, sizeof *vec->child);
    vec->child_cap = CHILD_MIN;
    return vec->child != NULL
        && vec_init(vec->child, (nlt_dtype){dtype.item, dtype.item, dtype.scale}, CHILD_MIN);
}

static void vec_clear(nlt_vec *vec)
{
    if (vec->child != NULL) {
        vec_clear(vec->child);
        nlt_free(vec->child);
    }
    nlt_free(vec->data);
    nlt_free(vec->valid);
}

nlt_status nlt__batch_new(
    const nlt_dtype *dtypes, int n_cols, int64_t cap_rows, nlt_batch **out, nlt_error *err)
{
    *out = NULL;
    nlt_batch *batch = nlt_alloc_zero(1, sizeof *batch);
    nlt_vec *cols = nlt_alloc_zero((size_t)n_cols, sizeof *cols);
    bool is_ok = batch != NULL && cols != NULL;
    if (is_ok) {
        batch->cols = cols;
        batch->n_cols = n_cols;
        for (int i = 0; i < n_cols && is_ok; i++) {
            is_ok = vec_init(&cols[i], dtypes[i], cap_rows);
        }
    } else {
        nlt_free(cols);
    }
    if (!is_ok) {
        nlt__batch_free(batch);
        return nlt_fail(
            err, NLT_ERR_NOMEM, "out of memory for a batch of %lld rows", (long long)cap_rows);
    }
    *out = batch;
    return NLT_OK;
}

void nlt__batch_free(nlt_batch *batch)
{
    if (batch == NULL) {
        return;
    }
    for (int i = 0; batch->cols != NULL && i < batch->n_cols; i++) {
        vec_clear(&batch->cols[i]);
    }
    nlt_free(batch->cols);
    nlt_free(batch->row_key);
    nlt_free(batch);
}

void nlt__batch_reset(nlt_batch *batch, int64_t cap_rows)
{
    batch->n_rows = 0;
    for (int i = 0; i < batch->n_cols; i++) {
        nlt_vec *vec = &batch->cols[i];
        memset(vec->valid, 0, valid_words(cap_rows) * sizeof *vec->valid);
        if (vec->child != NULL) {
            memset(vec->child->valid, 0, valid_words(vec->n_child) * sizeof *vec->child->valid);
            vec->n_child = 0;
        }
    }
}

nlt_status nlt__vec_reserve_child(nlt_vec *vec, int64_t extra, nlt_error *err)
{
    int64_t needed = vec->n_child + extra;
    if (needed <= vec->child_cap) {
        return NLT_OK;
    }
    if (needed > CHILD_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %d list items in a batch", CHILD_MAX);
    }
    int64_t cap = vec->child_cap;
    while (cap < needed) {
        cap *= 2;
    }
    nlt_vec *child = vec->child;
    size_t size = nlt__dtype_size(child->dtype);
    void *data = nlt_alloc_aligned((size_t)cap * size);
    uint64_t *valid = nlt_alloc_zero(valid_words(cap), sizeof *valid);
    if (data == NULL || valid == NULL) {
        nlt_free(data);
        nlt_free(valid);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld list items", (long long)cap);
    }
    memcpy(data, child->data, (size_t)vec->n_child * size);
    memcpy(valid, child->valid, valid_words(vec->n_child) * sizeof *valid);
    nlt_free(child->data);
    nlt_free(child->valid);
    child->data = data;
    child->valid = valid;
    vec->child_cap = cap;
    return NLT_OK;
}
