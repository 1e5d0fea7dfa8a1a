/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each column grows its own Arrow buffers, which the array takes over as they are. */

#include "table/arrow_gather.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "table/arrow_node.h"

enum { BUFFER_PAD = 16 }; /* readers may look at whole words; and no buffer is NULL */

#define BUFFER_MAX ((size_t)1 << 40) /* texts are held to 2^31 bytes by their offsets */

typedef struct column {
    nlt_dtype dtype;
    nlt_buf valid; /* bits */
    nlt_buf data;  /* values, bits or offsets */
    nlt_buf text;
    int64_t n;
    int64_t n_nulls;
    struct column *child; /* owned; of lists */
} column;

struct nlt_arrow_gather {
    int64_t n_rows;
    int n_cols;
    column *cols; /* owned */
};

/* ---- life ---- */

static bool column_init(column *c, nlt_dtype dtype)
{
    *c = (column){.dtype = dtype,
        .valid = NLT_BUF_INIT(BUFFER_MAX),
        .data = NLT_BUF_INIT(BUFFER_MAX),
        .text = NLT_BUF_INIT(INT32_MAX)};
    if (dtype.type != NLT_TYPE_LIST) {
        return true;
    }
    c->child = nlt_alloc_zero(1, sizeof *c->child);
    return c->child != NULL
        && column_init(c->child, (nlt_dtype){dtype.item, dtype.item, dtype.scale});
}

static void column_clear(column *c)
{
    nlt__buf_clear(&c->valid);
    nlt__buf_clear(&c->data);
    nlt__buf_clear(&c->text);
    if (c->child != NULL) {
        column_clear(c->child);
        nlt_free(c->child);
    }
}

nlt_status nlt__arrow_gather_new(
    const nlt_dtype *dtypes, int n_cols, nlt_arrow_gather **out, nlt_error *err)
{
    nlt_arrow_gather *gather = nlt_alloc_zero(1, sizeof *gather);
    *out = gather;
    bool is_ok = gather != NULL;
    if (is_ok) {
        gather->cols = nlt_alloc_zero((size_t)n_cols + 1, sizeof *gather->cols);
        is_ok = gather->cols != NULL;
    }
    for (int i = 0; is_ok && i < n_cols; i++) {
        gather->n_cols = i + 1;
        is_ok = column_init(&gather->cols[i], dtypes[i]);
    }
    if (!is_ok) {
        nlt__arrow_gather_free(gather);
        *out = NULL;
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for Arrow rows");
    }
    return NLT_OK;
}

void nlt__arrow_gather_free(nlt_arrow_gather *gather)
{
    if (gather == NULL) {
        return;
    }
    for (int i = 0; i < gather->n_cols; i++) {
        column_clear(&gather->cols[i]);
    }
    nlt_free(gather->cols);
    nlt_free(gather);
}

/* ---- rows ---- */

static void put_word(char *at, int shift, uint64_t bits)
{
    uint64_t low;
    memcpy(&low, at, sizeof low);
    low |= bits << shift;
    memcpy(at, &low, sizeof low);
    at[8] = (char)(shift == 0 ? 0 : bits >> (64 - shift));
}

/* Appends `n` bits behind `at` of them. */
static nlt_status add_bits(
    nlt_buf *buf, int64_t at, const uint64_t *bits, int64_t n, int64_t *n_set, nlt_error *err)
{
    size_t bytes = (size_t)((at + n + 7) / 8);
    NLT_TRY(nlt__buf_reserve(buf, bytes - buf->len + 2 * sizeof *bits + 1, err));
    memset(buf->ptr + buf->len, 0, bytes - buf->len + 2 * sizeof *bits + 1);
    for (int64_t i = 0; i < n; i += 64) {
        uint64_t word = bits[i >> 6];
        word = n - i < 64 ? word & ((UINT64_C(1) << (n - i)) - 1) : word;
        *n_set += __builtin_popcountll(word);
        put_word(buf->ptr + ((at + i) >> 3), (int)((at + i) & 7), word);
    }
    buf->len = bytes;
    return NLT_OK;
}

static nlt_status add_bools(column *c, const nlt_vec *vec, int64_t n, nlt_error *err)
{
    const uint8_t *values = vec->data;
    int64_t ignored = 0;
    for (int64_t i = 0; i < n; i += 64) {
        uint64_t word = 0;
        int64_t end = n - i < 64 ? n - i : 64;
        for (int64_t j = 0; j < end; j++) {
            word |= (uint64_t)(nlt__valid(vec->valid, i + j) && values[i + j] != 0) << j;
        }
        NLT_TRY(add_bits(&c->data, c->n + i, &word, end, &ignored, err));
    }
    return NLT_OK;
}

/* Room for `n` more offsets, behind the first, which is 0. Returns the next, and *at its end. */
static nlt_status reserve_offsets(column *c, int64_t n, int32_t **next, int32_t *at, nlt_error *err)
{
    NLT_TRY(nlt__buf_reserve(&c->data, ((size_t)n + 1) * sizeof **next, err));
    if (c->data.len == 0) {
        memset(c->data.ptr, 0, sizeof **next);
        c->data.len = sizeof **next;
    }
    *next = (int32_t *)(void *)(c->data.ptr + c->data.len);
    *at = (*next)[-1];
    return NLT_OK;
}

static nlt_status add_texts(column *c, const nlt_vec *vec, int64_t n, nlt_error *err)
{
    const nlt_str *texts = vec->data;
    int32_t *next = NULL;
    int32_t at = 0;
    size_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        total += nlt__valid(vec->valid, i) ? texts[i].len : 0;
    }
    NLT_TRY(reserve_offsets(c, n, &next, &at, err));
    NLT_TRY(nlt__buf_reserve(&c->text, total, err));
    for (int64_t i = 0; i < n; i++) {
        nlt_bytes text = nlt__valid(vec->valid, i) ? nlt__str_bytes(&texts[i]) : (nlt_bytes){"", 0};
        if (text.len > 0) { /* else there may be no room at all */
            nlt__buf_put(&c->text, text.ptr, text.len);
            at += (int32_t)text.len;
        }
        next[i] = at;
    }
    c->data.len += (size_t)n * sizeof *next;
    return NLT_OK;
}

static nlt_status add_rows(column *c, const nlt_vec *vec, int64_t n, nlt_error *err);

/* The items of a batch's lists lie one behind the other in the order of rows. */
static nlt_status add_lists(column *c, const nlt_vec *vec, int64_t n, nlt_error *err)
{
    const nlt_list *lists = vec->data;
    int32_t *next = NULL;
    int32_t at = 0;
    NLT_TRY(reserve_offsets(c, n, &next, &at, err));
    for (int64_t i = 0; i < n; i++) {
        at += nlt__valid(vec->valid, i) ? (int32_t)lists[i].length : 0;
        next[i] = at;
    }
    c->data.len += (size_t)n * sizeof *next;
    return add_rows(c->child, vec->child, vec->n_child, err);
}

static nlt_status add_rows(column *c, const nlt_vec *vec, int64_t n, nlt_error *err)
{
    int64_t n_set = 0;
    nlt_status status = NLT_OK;
    NLT_TRY(add_bits(&c->valid, c->n, vec->valid, n, &n_set, err));
    if (vec->dtype.type == NLT_TYPE_LIST) {
        status = add_lists(c, vec, n, err);
    } else if (vec->dtype.type == NLT_TYPE_STRING) {
        status = add_texts(c, vec, n, err);
    } else if (vec->dtype.type == NLT_TYPE_BOOL) {
        status = add_bools(c, vec, n, err);
    } else {
        status = nlt__buf_append(&c->data, vec->data, (size_t)n * nlt__dtype_size(vec->dtype), err);
    }
    c->n += n;
    c->n_nulls += n - n_set;
    return status;
}

nlt_status nlt__arrow_gather_add(nlt_arrow_gather *gather, const nlt_batch *batch, nlt_error *err)
{
    for (int i = 0; i < gather->n_cols; i++) {
        NLT_TRY(add_rows(&gather->cols[i], &batch->cols[i], batch->n_rows, err));
    }
    gather->n_rows += batch->n_rows;
    return NLT_OK;
}

int64_t nlt__arrow_gather_rows(const nlt_arrow_gather *gather)
{
    return gather->n_rows;
}

size_t nlt__arrow_gather_bytes(const nlt_arrow_gather *gather)
{
    size_t bytes = 0;
    for (int i = 0; i < gather->n_cols; i++) {
        for (const column *c = &gather->cols[i]; c != NULL; c = c->child) {
            bytes += c->valid.len + c->data.len + c->text.len;
        }
    }
    return bytes;
}

/* ---- arrays ---- */

static bool give_buffer(struct ArrowArray *array, int index, nlt_buf *buf)
{
    if (nlt__buf_reserve(buf, BUFFER_PAD, NULL) != NLT_OK) {
        return false;
    }
    memset(buf->ptr + buf->len, 0, BUFFER_PAD);
    nlt__arrow_node_take(array, index, buf->ptr);
    *buf = (nlt_buf)NLT_BUF_INIT(buf->max);
    return true;
}

static bool give_column(struct ArrowArray *array, column *c)
{
    bool is_text = c->dtype.type == NLT_TYPE_STRING;
    if (!nlt__arrow_node_init(array, c->n, is_text ? 3 : 2, c->child != NULL)) {
        return false;
    }
    c->text.max += BUFFER_PAD;
    bool is_ok = give_buffer(array, 0, &c->valid) && give_buffer(array, 1, &c->data)
        && (!is_text || give_buffer(array, 2, &c->text))
        && (c->child == NULL || give_column(array->children[0], c->child));
    c->text.max = INT32_MAX;
    array->null_count = c->n_nulls;
    c->n = 0;
    c->n_nulls = 0;
    if (!is_ok) {
        array->release(array);
    }
    return is_ok;
}

nlt_status nlt__arrow_gather_take(nlt_arrow_gather *gather, struct ArrowArray *out, nlt_error *err)
{
    bool is_ok = nlt__arrow_node_init(out, gather->n_rows, 1, gather->n_cols);
    for (int i = 0; is_ok && i < gather->n_cols; i++) {
        is_ok = give_column(out->children[i], &gather->cols[i]);
        if (!is_ok) {
            out->release(out);
        }
    }
    gather->n_rows = 0;
    return is_ok ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for Arrow rows");
}
