/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partial aggregation: rows that agree in all plain columns become one. Groups go on when there are
 * many of them, and at the end; the engine behind adds up those of a kind. */

#include <string.h>

#include "cluster/columns.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/hash.h"

enum {
    GROUPS_MAX = 1 << 16,
    SLOTS = 2 * GROUPS_MAX,
    TEXT_BYTES_MAX = 16 << 20, /* of the groups' texts */
    NO_GROUP = -1
};

typedef struct values {
    int64_t data[NLT_BATCH_ROWS];
    uint64_t valid[NLT_BATCH_ROWS / 64];
} values;

struct nlt_combiner {
    const nlt_named_columns *columns; /* borrowed */
    nlt_batch *groups;                /* owned; a row each, as it goes on */
    nlt_arena texts;                  /* of the groups */
    size_t text_bytes;
    uint64_t hashes[GROUPS_MAX];
    int32_t slots[SLOTS]; /* groups by hash, with linear probing */
    uint64_t row_hashes[NLT_BATCH_ROWS];
    int32_t group_of[NLT_BATCH_ROWS];
    values stack[NLT_SUM_DEPTH_MAX];
};

static void forget_groups(nlt_combiner *c)
{
    nlt__batch_reset(c->groups, GROUPS_MAX);
    nlt__arena_reset(&c->texts);
    c->text_bytes = 0;
    memset(c->slots, 0xff, sizeof c->slots);
}

nlt_status nlt__combiner_new(const nlt_named_columns *columns, nlt_combiner **out, nlt_error *err)
{
    nlt_dtype dtypes[NLT_NAMED_COLUMNS_MAX];
    *out = nlt_alloc_zero(1, sizeof **out);
    if (*out == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    (*out)->columns = columns;
    (*out)->texts = (nlt_arena)NLT_ARENA_INIT;
    for (int i = 0; i < columns->n_columns; i++) {
        dtypes[i] = columns->columns[i].desc.dtype;
    }
    nlt_status status =
        nlt__batch_new(dtypes, columns->n_columns, GROUPS_MAX, &(*out)->groups, err);
    if (status != NLT_OK) {
        nlt__combiner_free(*out);
        *out = NULL;
        return status;
    }
    forget_groups(*out);
    return NLT_OK;
}

void nlt__combiner_free(nlt_combiner *combiner)
{
    if (combiner != NULL) {
        nlt__batch_free(combiner->groups);
        nlt__arena_clear(&combiner->texts);
        nlt_free(combiner);
    }
}

/* ---- groups go on ---- */

static nlt_status give_groups(nlt_combiner *c, nlt_arrow_gather *out, nlt_error *err)
{
    nlt_vec cols[NLT_NAMED_COLUMNS_MAX];
    int64_t n = c->groups->n_rows;
    for (int64_t at = 0; at < n; at += NLT_BATCH_ROWS) {
        nlt_batch some = {.n_rows = n - at < NLT_BATCH_ROWS ? n - at : NLT_BATCH_ROWS,
            .n_cols = c->groups->n_cols,
            .cols = cols};
        for (int i = 0; i < some.n_cols; i++) {
            cols[i] = c->groups->cols[i];
            cols[i].data = (char *)cols[i].data + (size_t)at * nlt__dtype_size(cols[i].dtype);
            cols[i].valid += at / 64;
        }
        NLT_TRY(nlt__arrow_gather_add(out, &some, err));
    }
    forget_groups(c);
    return NLT_OK;
}

/* ---- single values ---- */

static const void *value_at(const nlt_vec *vec, int64_t row)
{
    return (const char *)vec->data + (size_t)row * nlt__dtype_size(vec->dtype);
}

static uint64_t hash_value(const nlt_vec *vec, int64_t row, uint64_t seed)
{
    if (!nlt__valid(vec->valid, row)) {
        return nlt__hash((nlt_bytes){"", 0}, ~seed);
    }
    nlt_bytes bytes = {value_at(vec, row), nlt__dtype_size(vec->dtype)};
    if (vec->dtype.type == NLT_TYPE_STRING) {
        bytes = nlt__str_bytes((const nlt_str *)vec->data + row);
    }
    return nlt__hash(bytes, seed);
}

static bool is_same_value(const nlt_vec *a, int64_t row, const nlt_vec *b, int64_t other)
{
    bool is_valid = nlt__valid(a->valid, row);
    if (!is_valid || !nlt__valid(b->valid, other)) {
        return is_valid == nlt__valid(b->valid, other);
    }
    if (a->dtype.type == NLT_TYPE_STRING) {
        nlt_bytes one = nlt__str_bytes((const nlt_str *)a->data + row);
        nlt_bytes two = nlt__str_bytes((const nlt_str *)b->data + other);
        return one.len == two.len && memcmp(one.ptr, two.ptr, one.len) == 0;
    }
    return memcmp(value_at(a, row), value_at(b, other), nlt__dtype_size(a->dtype)) == 0;
}

/* Texts move into the groups' own memory. */
static nlt_status put_value(
    nlt_combiner *c, nlt_vec *to, int64_t group, const nlt_vec *from, int64_t row, nlt_error *err)
{
    if (!nlt__valid(from->valid, row)) {
        return NLT_OK;
    }
    nlt__set_valid(to->valid, group);
    size_t size = nlt__dtype_size(to->dtype);
    memcpy((char *)to->data + (size_t)group * size, value_at(from, row), size);
    nlt_str *text = (nlt_str *)to->data + group;
    if (to->dtype.type != NLT_TYPE_STRING || text->len <= NLT_STR_INLINE) {
        return NLT_OK;
    }
    const char *copy = nlt__arena_copy(&c->texts, nlt__str_bytes(text));
    if (copy == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for texts of groups");
    }
    nlt__str_set(text, copy, text->len);
    c->text_bytes += text->len;
    return NLT_OK;
}

/* ---- the group of a row ---- */

static void hash_rows(nlt_combiner *c, const nlt_batch *batch)
{
    memset(c->row_hashes, 0, (size_t)batch->n_rows * sizeof *c->row_hashes);
    for (int i = 0; i < c->columns->n_columns; i++) {
        const nlt_named_column *column = &c->columns->columns[i];
        for (int64_t row = 0; column->combining == NLT_COMBINE_PLAIN && row < batch->n_rows;
             row++) {
            c->row_hashes[row] = hash_value(&batch->cols[column->column], row, c->row_hashes[row]);
        }
    }
}

static bool is_of_group(const nlt_combiner *c, int32_t group, const nlt_batch *batch, int64_t row)
{
    for (int i = 0; i < c->columns->n_columns; i++) {
        const nlt_named_column *column = &c->columns->columns[i];
        if (column->combining == NLT_COMBINE_PLAIN
            && !is_same_value(&c->groups->cols[i], group, &batch->cols[column->column], row)) {
            return false;
        }
    }
    return true;
}

static nlt_status add_group(
    nlt_combiner *c, const nlt_batch *batch, int64_t row, int32_t *group, nlt_error *err)
{
    *group = (int32_t)c->groups->n_rows++;
    c->hashes[*group] = c->row_hashes[row];
    for (int i = 0; i < c->columns->n_columns; i++) {
        const nlt_named_column *column = &c->columns->columns[i];
        nlt_vec *to = &c->groups->cols[i];
        if (column->combining == NLT_COMBINE_PLAIN) {
            NLT_TRY(put_value(c, to, *group, &batch->cols[column->column], row, err));
        } else if (column->combining == NLT_COMBINE_COUNT) {
            ((int64_t *)to->data)[*group] = 0;
            nlt__set_valid(to->valid, *group);
        }
    }
    return NLT_OK;
}

static nlt_status find_group(
    nlt_combiner *c, const nlt_batch *batch, int64_t row, int32_t *group, nlt_error *err)
{
    size_t slot = c->row_hashes[row] % SLOTS;
    for (; c->slots[slot] != NO_GROUP; slot = (slot + 1) % SLOTS) {
        *group = c->slots[slot];
        if (c->hashes[*group] == c->row_hashes[row] && is_of_group(c, *group, batch, row)) {
            return NLT_OK;
        }
    }
    NLT_TRY(add_group(c, batch, row, group, err));
    c->slots[slot] = *group;
    return NLT_OK;
}

/* ---- what is combined ---- */

static void count(nlt_combiner *c, nlt_vec *to, const nlt_vec *from, int64_t begin, int64_t end)
{
    int64_t *counts = to->data;
    for (int64_t row = begin; row < end; row++) {
        counts[c->group_of[row]] += from == NULL || nlt__valid(from->valid, row);
    }
}

static int64_t operate(nlt_sum_op_kind kind, int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a;
    uint64_t y = (uint64_t)b;
    switch (kind) {
    case NLT_SUM_ADD:
        return (int64_t)(x + y);
    case NLT_SUM_SUBTRACT:
        return (int64_t)(x - y);
    case NLT_SUM_MULTIPLY:
        return (int64_t)(x * y);
    case NLT_SUM_AND:
        return a & b;
    case NLT_SUM_OR:
        return a | b;
    case NLT_SUM_XOR:
        return a ^ b;
    case NLT_SUM_SHIFT_RIGHT:
        return a >> (b & 63);
    case NLT_SUM_COLUMN:
    case NLT_SUM_CONSTANT:
    case NLT_SUM_COALESCE:
        break;
    }
    return a;
}

/* a = a op b */
static void operate_all(nlt_sum_op_kind kind, values *a, const values *b, int64_t n)
{
    bool is_coalesce = kind == NLT_SUM_COALESCE;
    for (int64_t row = 0; row < n; row++) {
        a->data[row] = !is_coalesce     ? operate(kind, a->data[row], b->data[row])
            : nlt__valid(a->valid, row) ? a->data[row]
                                        : b->data[row];
    }
    for (int64_t i = 0; i * 64 < n; i++) {
        a->valid[i] = is_coalesce ? a->valid[i] | b->valid[i] : a->valid[i] & b->valid[i];
    }
}

static void push(const nlt_sum_op *op, const nlt_batch *batch, values *to)
{
    int64_t n = batch->n_rows;
    if (op->kind == NLT_SUM_COLUMN) {
        memcpy(to->data, batch->cols[op->column].data, (size_t)n * sizeof *to->data);
        memcpy(to->valid, batch->cols[op->column].valid, (size_t)(n + 63) / 64 * 8);
        return;
    }
    memset(to->valid, 0xff, sizeof to->valid);
    for (int64_t row = 0; row < n; row++) {
        to->data[row] = op->constant;
    }
}

static const values *evaluate(
    nlt_combiner *c, const nlt_named_column *column, const nlt_batch *batch)
{
    int depth = 0;
    for (int i = 0; i < column->n_ops; i++) {
        const nlt_sum_op *op = &column->ops[i];
        if (op->kind == NLT_SUM_COLUMN || op->kind == NLT_SUM_CONSTANT) {
            push(op, batch, &c->stack[depth++]);
        } else {
            depth--;
            operate_all(op->kind, &c->stack[depth - 1], &c->stack[depth], batch->n_rows);
        }
    }
    return &c->stack[0];
}

static void sum(nlt_combiner *c, nlt_vec *to, const values *from, int64_t begin, int64_t end)
{
    int64_t *sums = to->data;
    for (int64_t row = begin; row < end; row++) {
        int32_t group = c->group_of[row];
        if (nlt__valid(from->valid, row)) {
            uint64_t before = nlt__valid(to->valid, group) ? (uint64_t)sums[group] : 0;
            sums[group] = (int64_t)(before + (uint64_t)from->data[row]);
            nlt__set_valid(to->valid, group);
        }
    }
}

static int compare_texts(nlt_bytes a, nlt_bytes b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* As Spark orders them: NaN is the greatest. */
static int compare_doubles(double a, double b)
{
    return a != a || b != b ? (a != a) - (b != b) : (a > b) - (a < b);
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const nlt_vec *a, int64_t row, const nlt_vec *b, int64_t other)
{
    nlt_type type = a->dtype.type;
    if (type == NLT_TYPE_STRING) {
        return compare_texts(nlt__str_bytes((const nlt_str *)a->data + row),
            nlt__str_bytes((const nlt_str *)b->data + other));
    }
    if (type == NLT_TYPE_DOUBLE) {
        return compare_doubles(((const double *)a->data)[row], ((const double *)b->data)[other]);
    }
    if (type == NLT_TYPE_BOOL) {
        return compare_integers(((const uint8_t *)a->data)[row], ((const uint8_t *)b->data)[other]);
    }
    if (type == NLT_TYPE_DATE) {
        return compare_integers(((const int32_t *)a->data)[row], ((const int32_t *)b->data)[other]);
    }
    return compare_integers(((const int64_t *)a->data)[row], ((const int64_t *)b->data)[other]);
}

static nlt_status find_extremes(nlt_combiner *c, nlt_combining which, nlt_vec *to,
    const nlt_vec *from, int64_t begin, int64_t end, nlt_error *err)
{
    int sign = which == NLT_COMBINE_MIN ? -1 : 1;
    for (int64_t row = begin; row < end; row++) {
        int32_t group = c->group_of[row];
        if (nlt__valid(from->valid, row)
            && (!nlt__valid(to->valid, group) || sign * compare(from, row, to, group) > 0)) {
            NLT_TRY(put_value(c, to, group, from, row, err));
        }
    }
    return NLT_OK;
}

/* Rows [begin, end), whose groups are known. */
static nlt_status combine_rows(
    nlt_combiner *c, const nlt_batch *batch, int64_t begin, int64_t end, nlt_error *err)
{
    for (int i = 0; i < c->columns->n_columns; i++) {
        const nlt_named_column *column = &c->columns->columns[i];
        nlt_vec *to = &c->groups->cols[i];
        const nlt_vec *from = column->column >= 0 ? &batch->cols[column->column] : NULL;
        switch (column->combining) {
        case NLT_COMBINE_PLAIN:
            break;
        case NLT_COMBINE_COUNT:
            count(c, to, from, begin, end);
            break;
        case NLT_COMBINE_SUM:
            sum(c, to, evaluate(c, column, batch), begin, end);
            break;
        case NLT_COMBINE_MIN:
        case NLT_COMBINE_MAX:
            NLT_TRY(find_extremes(c, column->combining, to, from, begin, end, err));
            break;
        }
    }
    return NLT_OK;
}

static bool is_full(const nlt_combiner *c)
{
    return c->groups->n_rows == GROUPS_MAX || c->text_bytes >= TEXT_BYTES_MAX;
}

nlt_status nlt__combiner_add(
    nlt_combiner *c, const nlt_batch *batch, nlt_arrow_gather *out, nlt_error *err)
{
    hash_rows(c, batch);
    int64_t begin = 0;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        NLT_TRY(find_group(c, batch, row, &c->group_of[row], err));
        if (is_full(c)) {
            NLT_TRY(combine_rows(c, batch, begin, row + 1, err));
            NLT_TRY(give_groups(c, out, err));
            begin = row + 1;
        }
    }
    return combine_rows(c, batch, begin, batch->n_rows, err);
}

nlt_status nlt__combiner_end(nlt_combiner *c, nlt_arrow_gather *out, nlt_error *err)
{
    return give_groups(c, out, err);
}
