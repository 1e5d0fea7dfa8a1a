/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aligned columns for a terminal. Widths are those of a batch, so any number of rows streams; what
 * controls a terminal is shown as \xNN, since texts come from logs. */

#include "core/alloc.h"
#include "output/formats.h"
#include "output/value.h"

enum { GAP = 2 };

/* A row's texts one behind the other, and how many characters each has. */
typedef struct cell {
    size_t begin, end; /* in the text */
    int width;
} cell;

typedef struct grid {
    nlt_buf text;
    cell *cells; /* n_rows x n_cols */
    int *widths; /* n_cols */
    int64_t n_rows;
    int n_cols;
} grid;

static bool is_number(nlt_dtype dtype)
{
    return dtype.type == NLT_TYPE_INT64 || dtype.type == NLT_TYPE_DOUBLE
        || dtype.type == NLT_TYPE_DECIMAL;
}

/* Copies text; control characters (C0, DEL, C1) become \xNN. Returns its width in *width. */
static nlt_status put_visible(nlt_bytes text, nlt_buf *out, int *width, nlt_error *err)
{
    static const char hex[] = "0123456789abcdef";
    NLT_TRY(nlt__buf_reserve(out, text.len * 4, err));
    *width = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        unsigned char next = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
        bool is_c1 = c == 0xc2 && next >= 0x80 && next < 0xa0;
        if (c < 0x20 || c == 0x7f || is_c1) {
            unsigned char shown = is_c1 ? next : c;
            nlt__buf_put(out, (char[4]){'\\', 'x', hex[shown >> 4], hex[shown & 15]}, 4);
            *width += 4;
            i += is_c1;
            continue;
        }
        nlt__buf_put_char(out, (char)c);
        *width += (c & 0xc0) != 0x80; /* not a continuation byte */
    }
    return NLT_OK;
}

static nlt_status add_cell(grid *g, nlt_bytes text, int64_t row, int col, nlt_error *err)
{
    cell *c = &g->cells[row * g->n_cols + col];
    c->begin = g->text.len;
    NLT_TRY(put_visible(text, &g->text, &c->width, err));
    c->end = g->text.len;
    g->widths[col] = c->width > g->widths[col] ? c->width : g->widths[col];
    return NLT_OK;
}

static nlt_status fill_grid(grid *g, const nlt_batch *batch, nlt_buf *scratch, nlt_error *err)
{
    for (int64_t row = 0; row < batch->n_rows; row++) {
        for (int i = 0; i < batch->n_cols; i++) {
            const nlt_vec *vec = &batch->cols[i];
            scratch->len = 0;
            NLT_TRY(nlt__value_plain(vec, row, scratch, err));
            nlt_bytes text = nlt__valid(vec->valid, row) ? (nlt_bytes){scratch->ptr, scratch->len}
                                                         : (nlt_bytes){"NULL", 4};
            NLT_TRY(add_cell(g, text, row + 1, i, err));
        }
    }
    return NLT_OK;
}

static nlt_status put_padding(nlt_buf *out, int n, char c, nlt_error *err)
{
    NLT_TRY(nlt__buf_reserve(out, (size_t)n, err));
    for (int i = 0; i < n; i++) {
        nlt__buf_put_char(out, c);
    }
    return NLT_OK;
}

static nlt_status put_line(
    const grid *g, const nlt_column_desc *columns, int64_t row, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < g->n_cols; i++) {
        const cell *c = &g->cells[row * g->n_cols + i];
        int padding = g->widths[i] - c->width;
        bool is_right = is_number(columns[i].dtype);
        bool is_last = i + 1 == g->n_cols;
        NLT_TRY(put_padding(out, is_right ? padding : 0, ' ', err));
        NLT_TRY(nlt__buf_append(out, g->text.ptr + c->begin, c->end - c->begin, err));
        NLT_TRY(put_padding(out, is_last ? 0 : GAP + (is_right ? 0 : padding), ' ', err));
    }
    return nlt__buf_append(out, "\n", 1, err);
}

static nlt_status put_rule(const grid *g, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < g->n_cols; i++) {
        NLT_TRY(put_padding(out, g->widths[i], '-', err));
        NLT_TRY(put_padding(out, i + 1 == g->n_cols ? 0 : GAP, ' ', err));
    }
    return nlt__buf_append(out, "\n", 1, err);
}

/* Header (line 0 of the grid, always measured) and rows. */
static nlt_status lay_out(grid *g, const nlt_column_desc *columns, const nlt_batch *batch,
    bool with_header, nlt_buf *out, nlt_error *err)
{
    nlt_buf scratch = NLT_BUF_INIT(out->max);
    nlt_status status = NLT_OK;
    for (int i = 0; i < g->n_cols && status == NLT_OK; i++) {
        status = add_cell(g, (nlt_bytes){columns[i].name, strlen(columns[i].name)}, 0, i, err);
    }
    if (status == NLT_OK && batch != NULL) {
        status = fill_grid(g, batch, &scratch, err);
    }
    nlt__buf_clear(&scratch);
    NLT_TRY(status);
    if (with_header) {
        NLT_TRY(put_line(g, columns, 0, out, err));
        NLT_TRY(put_rule(g, out, err));
    }
    for (int64_t row = 1; row < g->n_rows; row++) {
        NLT_TRY(put_line(g, columns, row, out, err));
    }
    return NLT_OK;
}

static nlt_status put_grid(const nlt_column_desc *columns, int n_columns, const nlt_batch *batch,
    bool with_header, nlt_buf *out, nlt_error *err)
{
    grid g = {.text = NLT_BUF_INIT(out->max),
        .n_cols = n_columns,
        .n_rows = 1 + (batch != NULL ? batch->n_rows : 0)};
    g.cells = nlt_alloc_zero((size_t)g.n_rows * (size_t)n_columns, sizeof *g.cells);
    g.widths = nlt_alloc_zero((size_t)n_columns, sizeof *g.widths);
    nlt_status status = g.cells == NULL || g.widths == NULL
        ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a table")
        : lay_out(&g, columns, batch, with_header, out, err);
    nlt__buf_clear(&g.text);
    nlt_free(g.cells);
    nlt_free(g.widths);
    return status;
}

static nlt_status table_begin(
    const nlt_column_desc *columns, int n_columns, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)n_columns;
    (void)out;
    (void)err;
    return NLT_OK; /* the header is as wide as the first rows */
}

static nlt_status table_rows(const nlt_column_desc *columns, const nlt_batch *batch,
    int64_t first_row, nlt_buf *out, nlt_error *err)
{
    return batch->n_rows == 0 ? NLT_OK
                              : put_grid(columns, batch->n_cols, batch, first_row == 0, out, err);
}

static nlt_status table_end(
    const nlt_column_desc *columns, int n_columns, int64_t n_rows, nlt_buf *out, nlt_error *err)
{
    return n_rows > 0 ? NLT_OK : put_grid(columns, n_columns, NULL, true, out, err);
}

const nlt_format nlt__format_table = {
    .name = "table",
    .suffix = "",
    .help = "aligned columns for people",
    .begin = table_begin,
    .rows = table_rows,
    .end = table_end,
    .is_first_row_used = true,
};
