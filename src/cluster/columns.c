/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names become columns. A combined one is called by what it is: "count *", "sum c_bytes s_bytes +",
 * "min time_start". */

#include "cluster/columns.h"

#include <string.h>

#include "core/num.h"
#include "plan/plan.h"

static const nlt_column_desc key_column = {.name = NLT_ROW_KEY_COLUMN,
    .dtype = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .unit = "",
    .help = ""};

static const nlt_dtype bigint = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0};

static bool is_text(nlt_bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

/* ---- columns of the table ---- */

static int find_column(const nlt_table_desc *table, nlt_bytes name)
{
    for (int i = 0; i < table->n_columns; i++) {
        if (is_text(name, table->columns[i].name)) {
            return i;
        }
    }
    return -1;
}

/* Its place in batches; -1: too many. */
static int want(nlt_named_columns *out, int table_column)
{
    for (int i = 0; i < out->n_wanted; i++) {
        if (out->wanted[i] == table_column) {
            return i;
        }
    }
    if (out->n_wanted == NLT_BUILDER_COLUMNS_MAX) {
        return -1;
    }
    out->wanted[out->n_wanted] = table_column;
    return out->n_wanted++;
}

/* ---- combined columns ---- */

static nlt_bytes next_word(nlt_bytes *rest)
{
    const char *blank = rest->len > 0 ? memchr(rest->ptr, ' ', rest->len) : NULL;
    size_t len = blank != NULL ? (size_t)(blank - rest->ptr) : rest->len;
    nlt_bytes word = {rest->ptr, len};
    size_t skipped = blank != NULL ? len + 1 : len;
    *rest = (nlt_bytes){rest->ptr + skipped, rest->len - skipped};
    return word;
}

static bool read_op(nlt_bytes word, nlt_sum_op_kind *kind)
{
    static const struct {
        const char *word;
        nlt_sum_op_kind kind;
    } ops[] = {{"+", NLT_SUM_ADD}, {"-", NLT_SUM_SUBTRACT}, {"*", NLT_SUM_MULTIPLY},
        {"&", NLT_SUM_AND}, {"|", NLT_SUM_OR}, {"^", NLT_SUM_XOR}, {">>", NLT_SUM_SHIFT_RIGHT},
        {"coalesce", NLT_SUM_COALESCE}};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (is_text(word, ops[i].word)) {
            *kind = ops[i].kind;
            return true;
        }
    }
    return false;
}

/* A step; false: it is none. `depth`: values that wait for an operator. */
static bool read_step(
    const nlt_table_desc *table, nlt_bytes word, nlt_named_columns *out, nlt_sum_op *op, int *depth)
{
    int column = find_column(table, word);
    *op = (nlt_sum_op){.kind = NLT_SUM_COLUMN};
    if (column >= 0) {
        op->column = want(out, column);
        return table->columns[column].dtype.type == NLT_TYPE_INT64 && op->column >= 0
            && ++*depth <= NLT_SUM_DEPTH_MAX;
    }
    if (nlt__parse_i64(word, &op->constant)) {
        op->kind = NLT_SUM_CONSTANT;
        return ++*depth <= NLT_SUM_DEPTH_MAX;
    }
    return read_op(word, &op->kind) && --*depth >= 1;
}

static bool read_sum(
    const nlt_table_desc *table, nlt_bytes rest, nlt_named_columns *out, nlt_named_column *column)
{
    int depth = 0;
    while (rest.len > 0) {
        if (column->n_ops == NLT_SUM_OPS_MAX
            || !read_step(table, next_word(&rest), out, &column->ops[column->n_ops++], &depth)) {
            return false;
        }
    }
    return depth == 1;
}

static bool read_combined(
    const nlt_table_desc *table, nlt_bytes name, nlt_named_columns *out, nlt_named_column *column)
{
    static const char *const words[] = {[NLT_COMBINE_COUNT] = "count",
        [NLT_COMBINE_SUM] = "sum",
        [NLT_COMBINE_MIN] = "min",
        [NLT_COMBINE_MAX] = "max"};
    nlt_bytes word = next_word(&name);
    column->desc.dtype = bigint;
    column->column = -1;
    for (int i = NLT_COMBINE_COUNT; i <= NLT_COMBINE_MAX; i++) {
        column->combining = is_text(word, words[i]) ? (nlt_combining)i : column->combining;
    }
    if (column->combining == NLT_COMBINE_SUM) {
        return read_sum(table, name, out, column);
    }
    if (column->combining == NLT_COMBINE_COUNT && is_text(name, "*")) {
        return true;
    }
    int found = column->combining != NLT_COMBINE_PLAIN ? find_column(table, name) : -1;
    if (found < 0) {
        return false;
    }
    nlt_dtype dtype = table->columns[found].dtype;
    if (column->combining != NLT_COMBINE_COUNT) {
        column->desc.dtype = dtype;
    }
    column->column = want(out, found);
    bool has_order = dtype.type != NLT_TYPE_LIST && dtype.type != NLT_TYPE_DECIMAL;
    return column->column >= 0 && (has_order || column->combining == NLT_COMBINE_COUNT);
}

/* ---- all of them ---- */

static bool read_name(
    const nlt_table_desc *table, nlt_bytes name, nlt_named_columns *out, nlt_named_column *column)
{
    int found = find_column(table, name);
    if (found >= 0) {
        column->desc = table->columns[found];
        column->column = want(out, found);
        return column->column >= 0;
    }
    if (is_text(name, NLT_ROW_KEY_COLUMN)) {
        column->desc = key_column;
        out->has_key = true;
        return true;
    }
    if (name.len >= sizeof column->name) {
        return false;
    }
    memcpy(column->name, name.ptr, name.len);
    out->is_combined = true;
    column->desc = (nlt_column_desc){.unit = "", .help = ""};
    return read_combined(table, name, out, column);
}

/* Plain columns are those of batches, in their order, the row key behind them; combined rows have no
 * key and agree in no list. */
static bool is_possible(const nlt_named_columns *columns)
{
    bool is_combined = columns->is_combined;
    for (int i = 0; i < columns->n_columns; i++) {
        const nlt_named_column *column = &columns->columns[i];
        bool is_plain = column->combining == NLT_COMBINE_PLAIN;
        bool is_key = columns->has_key && i == columns->n_columns - 1;
        if (is_combined ? is_plain && column->desc.dtype.type == NLT_TYPE_LIST
                        : !is_key && column->column != i) {
            return false;
        }
    }
    return !(is_combined && columns->has_key);
}

nlt_status nlt__named_columns(
    const nlt_table_desc *table, const char *names, nlt_named_columns *out, nlt_error *err)
{
    *out = (nlt_named_columns){.n_wanted = 0};
    while (*names != '\0') {
        nlt_bytes name = {names, strcspn(names, "\n")};
        if (out->has_key || out->n_columns == NLT_NAMED_COLUMNS_MAX
            || !read_name(table, name, out, &out->columns[out->n_columns++])) {
            return nlt_fail(err, NLT_ERR_ARG, "table %s has no column \"%.*s\"", table->name,
                (int)(name.len < 200 ? name.len : 200), name.ptr);
        }
        names += name.len + (names[name.len] == '\n');
    }
    return is_possible(out)
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_ARG, "columns of %s that cannot be combined", table->name);
}

void nlt__named_descs(const nlt_named_columns *columns, nlt_column_desc *descs)
{
    for (int i = 0; i < columns->n_columns; i++) {
        descs[i] = columns->columns[i].desc;
        if (columns->columns[i].combining != NLT_COMBINE_PLAIN) {
            descs[i].name = columns->columns[i].name;
        }
    }
}

/* ---- rows ---- */

nlt_status nlt__named_rows_open(
    nlt_named_rows *rows, const nlt_named_columns *columns, nlt_error *err)
{
    rows->columns = columns;
    memset(rows->all_valid, 0xff, sizeof rows->all_valid);
    return columns->is_combined ? nlt__combiner_new(columns, &rows->combiner, err) : NLT_OK;
}

nlt_status nlt__named_rows_add(
    nlt_named_rows *rows, const nlt_batch *batch, nlt_arrow_gather *out, nlt_error *err)
{
    if (rows->combiner != NULL) {
        return nlt__combiner_add(rows->combiner, batch, out, err);
    }
    if (!rows->columns->has_key) {
        return nlt__arrow_gather_add(out, batch, err);
    }
    size_t n = (size_t)rows->columns->n_wanted;
    memcpy(rows->cols, batch->cols, n * sizeof *rows->cols);
    rows->cols[n] = (nlt_vec){.dtype = bigint, .data = batch->row_key, .valid = rows->all_valid};
    rows->view = (nlt_batch){
        .n_rows = batch->n_rows, .n_cols = rows->columns->n_wanted + 1, .cols = rows->cols};
    return nlt__arrow_gather_add(out, &rows->view, err);
}

nlt_status nlt__named_rows_end(nlt_named_rows *rows, nlt_arrow_gather *out, nlt_error *err)
{
    return rows->combiner != NULL ? nlt__combiner_end(rows->combiner, out, err) : NLT_OK;
}

void nlt__named_rows_clear(nlt_named_rows *rows)
{
    nlt__combiner_free(rows->combiner);
    rows->combiner = NULL;
}
