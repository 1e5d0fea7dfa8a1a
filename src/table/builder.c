/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows into batches: the parts of the builder that are not on the hot path. */

#include "table/builder.h"

#include "core/alloc.h"
#include "core/assert.h"
#include "core/utf8.h"

nlt_status nlt__builder_new(
    const nlt_table_desc *table, const int *wanted, int n_wanted, nlt_builder **out, nlt_error *err)
{
    *out = NULL;
    NLT_ASSERT(table->n_columns <= NLT_BUILDER_COLUMNS_MAX && n_wanted <= NLT_BUILDER_COLUMNS_MAX);
    nlt_dtype dtypes[NLT_BUILDER_COLUMNS_MAX];
    nlt_builder *builder = nlt_alloc_zero(1, sizeof *builder);
    if (builder == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    memset(builder->slot, -1, sizeof builder->slot);
    builder->filter_slot = -1;
    for (int i = 0; i < n_wanted; i++) {
        builder->slot[wanted[i]] = (int16_t)i;
        dtypes[i] = table->columns[wanted[i]].dtype;
    }
    nlt_status status = nlt__batch_new(dtypes, n_wanted, NLT_BATCH_ROWS, &builder->batch, err);
    if (status == NLT_OK) {
        builder->batch->row_key = nlt_alloc_zero(NLT_BATCH_ROWS, sizeof(int64_t));
        if (builder->batch->row_key == NULL) {
            status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    if (status != NLT_OK) {
        nlt__builder_free(builder);
        return status;
    }
    *out = builder;
    return NLT_OK;
}

nlt_status nlt__builder_like(
    const nlt_builder *other, const nlt_table_desc *table, nlt_builder **out, nlt_error *err)
{
    int wanted[NLT_BUILDER_COLUMNS_MAX];
    for (int column = 0; column < table->n_columns; column++) {
        if (other->slot[column] >= 0) {
            wanted[other->slot[column]] = column;
        }
    }
    NLT_TRY(nlt__builder_new(table, wanted, other->batch->n_cols, out, err));
    (*out)->filter_slot = other->filter_slot;
    (*out)->filter_from = other->filter_from;
    (*out)->filter_to = other->filter_to;
    return NLT_OK;
}

void nlt__builder_free(nlt_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    nlt__batch_free(builder->batch);
    nlt__arena_clear(&builder->arena);
    nlt_free(builder);
}

void nlt__builder_reset(nlt_builder *builder)
{
    nlt__batch_reset(builder->batch, NLT_BATCH_ROWS);
    nlt__arena_reset(&builder->arena);
    builder->row = 0;
    builder->failed = NLT_OK;
}

static nlt_vec *column_of(const nlt_builder *out, int column)
{
    int slot = out->slot[column];
    return slot < 0 ? NULL : &out->batch->cols[slot];
}

void nlt__builder_undo(nlt_builder *builder)
{
    for (int i = 0; i < builder->batch->n_cols; i++) {
        nlt_vec *vec = &builder->batch->cols[i];
        if (!nlt__valid(vec->valid, builder->row)) {
            continue;
        }
        vec->valid[builder->row >> 6] &= ~(UINT64_C(1) << (builder->row & 63));
        if (vec->child == NULL) {
            continue;
        }
        const nlt_list *list = (const nlt_list *)vec->data + builder->row;
        for (int64_t j = (int64_t)list->offset; j < vec->n_child; j++) {
            vec->child->valid[j >> 6] &= ~(UINT64_C(1) << (j & 63));
        }
        vec->n_child = (int64_t)list->offset;
    }
}

static bool passes_filter(const nlt_builder *builder)
{
    const nlt_vec *vec = &builder->batch->cols[builder->filter_slot];
    double value = ((const double *)vec->data)[builder->row];
    return nlt__valid(vec->valid, builder->row) && value >= builder->filter_from
        && value < builder->filter_to;
}

static bool is_one_of(const nlt_str *text, const nlt_prune_equal *equal)
{
    nlt_bytes bytes = nlt__str_bytes(text);
    for (int i = 0; i < equal->n; i++) {
        if (equal->values[i].len == bytes.len
            && memcmp(equal->values[i].ptr, bytes.ptr, bytes.len) == 0) {
            return true;
        }
    }
    return false;
}

/* The column of the current row; NULL: it has no value. */
static const nlt_vec *value_of(const nlt_builder *builder, int column)
{
    const nlt_vec *vec = &builder->batch->cols[builder->slot[column]];
    return nlt__valid(vec->valid, builder->row) ? vec : NULL;
}

bool nlt__row_is_pruned(const nlt_builder *builder, const nlt_prune *prune)
{
    if (prune->time_column >= 0) {
        const nlt_vec *vec = value_of(builder, prune->time_column);
        double time = vec != NULL ? ((const double *)vec->data)[builder->row] : 0.0;
        if (vec == NULL || time < prune->from || time > prune->to) {
            return true;
        }
    }
    for (int i = 0; i < prune->n_equals; i++) {
        const nlt_vec *vec = value_of(builder, prune->equals[i].column);
        if (vec == NULL
            || !is_one_of((const nlt_str *)vec->data + builder->row, &prune->equals[i])) {
            return true;
        }
    }
    return false;
}

bool nlt__row_end(nlt_builder *builder, int64_t row_key)
{
    if (builder->filter_slot >= 0 && !passes_filter(builder)) {
        builder->n_filtered++;
        nlt__builder_undo(builder);
        return false;
    }
    builder->batch->row_key[builder->row++] = row_key;
    return true;
}

static void fail(nlt_builder *out, nlt_status status)
{
    if (out->failed == NLT_OK) {
        out->failed = status;
    }
}

void nlt__put_dirty(nlt_builder *out, int column, nlt_bytes text)
{
    nlt_bytes clean = {"", 0};
    nlt_status status = nlt__text_escape(&out->arena, text, &clean);
    if (status != NLT_OK) {
        fail(out, status);
        return;
    }
    nlt_put_clean(out, column, clean);
}

/* The text in the arena; short texts need no copy, since they are stored inline. */
static bool copy(nlt_builder *out, nlt_bytes *text)
{
    const char *kept = text->len > NLT_STR_INLINE ? nlt__arena_copy(&out->arena, *text) : text->ptr;
    if (kept == NULL) {
        fail(out, NLT_ERR_NOMEM);
        return false;
    }
    text->ptr = kept;
    return true;
}

static bool copy_clean(nlt_builder *out, nlt_bytes text, nlt_bytes *clean)
{
    nlt_status status = nlt__text_escape(&out->arena, text, clean);
    if (status != NLT_OK) {
        fail(out, status);
        return false;
    }
    return clean->ptr != text.ptr || copy(out, clean);
}

void nlt_put_copy(nlt_builder *out, int column, nlt_bytes text)
{
    nlt_bytes clean = {"", 0};
    if (nlt_wants(out, column) && copy_clean(out, text, &clean)) {
        nlt_put_clean(out, column, clean);
    }
}

void nlt_put_clean_copy(nlt_builder *out, int column, nlt_bytes text)
{
    if (nlt_wants(out, column) && copy(out, &text)) {
        nlt_put_clean(out, column, text);
    }
}

void nlt_put_list(nlt_builder *out, int column)
{
    nlt_vec *vec = column_of(out, column);
    if (vec != NULL) {
        ((nlt_list *)vec->data)[out->row] = (nlt_list){(uint64_t)vec->n_child, 0};
        nlt__set_valid(vec->valid, out->row);
    }
}

/* Room for one more item of the current row's list; its position, or -1. */
static int64_t add_item(nlt_builder *out, nlt_vec *vec)
{
    nlt_status status = nlt__vec_reserve_child(vec, 1, NULL);
    if (status != NLT_OK) {
        fail(out, status);
        return -1;
    }
    ((nlt_list *)vec->data)[out->row].length++;
    nlt__set_valid(vec->child->valid, vec->n_child);
    return vec->n_child++;
}

void nlt_add_i64(nlt_builder *out, int column, int64_t value)
{
    nlt_vec *vec = column_of(out, column);
    int64_t at = vec == NULL ? -1 : add_item(out, vec);
    if (at >= 0) {
        ((int64_t *)vec->child->data)[at] = value;
    }
}

static void add_clean(nlt_builder *out, nlt_vec *vec, nlt_bytes clean)
{
    int64_t at = add_item(out, vec);
    if (at >= 0) {
        nlt__str_set((nlt_str *)vec->child->data + at, clean.ptr, clean.len);
    }
}

void nlt_add_text(nlt_builder *out, int column, nlt_bytes text)
{
    nlt_vec *vec = column_of(out, column);
    if (vec == NULL) {
        return;
    }
    nlt_bytes clean = text;
    nlt_status status = out->is_clean ? NLT_OK : nlt__text_escape(&out->arena, text, &clean);
    if (status != NLT_OK) {
        fail(out, status);
        return;
    }
    add_clean(out, vec, clean);
}

void nlt_add_copy(nlt_builder *out, int column, nlt_bytes text)
{
    nlt_vec *vec = column_of(out, column);
    nlt_bytes clean = {"", 0};
    if (vec != NULL && copy_clean(out, text, &clean)) {
        add_clean(out, vec, clean);
    }
}

void nlt_add_clean_copy(nlt_builder *out, int column, nlt_bytes text)
{
    nlt_vec *vec = column_of(out, column);
    if (vec != NULL && copy(out, &text)) {
        add_clean(out, vec, text);
    }
}
