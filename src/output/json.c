/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NDJSON (an object per line) and JSON (an array of the same objects). */

#include "output/formats.h"
#include "output/value.h"

static nlt_status put(nlt_buf *out, const char *text, nlt_error *err)
{
    return nlt__buf_append(out, text, strlen(text), err);
}

static nlt_status put_object(const nlt_column_desc *columns, const nlt_batch *batch, int64_t row,
    nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < batch->n_cols; i++) {
        NLT_TRY(put(out, i == 0 ? "{" : ",", err));
        NLT_TRY(nlt__json_text((nlt_bytes){columns[i].name, strlen(columns[i].name)}, out, err));
        NLT_TRY(put(out, ":", err));
        NLT_TRY(nlt__value_json(&batch->cols[i], row, out, err));
    }
    return put(out, "}", err);
}

static nlt_status ndjson_begin(
    const nlt_column_desc *columns, int n_columns, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)n_columns;
    (void)out;
    (void)err;
    return NLT_OK;
}

static nlt_status ndjson_rows(const nlt_column_desc *columns, const nlt_batch *batch,
    int64_t first_row, nlt_buf *out, nlt_error *err)
{
    (void)first_row;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        NLT_TRY(put_object(columns, batch, row, out, err));
        NLT_TRY(put(out, "\n", err));
    }
    return NLT_OK;
}

static nlt_status ndjson_end(
    const nlt_column_desc *columns, int n_columns, int64_t n_rows, nlt_buf *out, nlt_error *err)
{
    (void)n_rows;
    return ndjson_begin(columns, n_columns, out, err);
}

static nlt_status json_rows(const nlt_column_desc *columns, const nlt_batch *batch,
    int64_t first_row, nlt_buf *out, nlt_error *err)
{
    for (int64_t row = 0; row < batch->n_rows; row++) {
        NLT_TRY(put(out, first_row + row == 0 ? "[\n" : ",\n", err));
        NLT_TRY(put_object(columns, batch, row, out, err));
    }
    return NLT_OK;
}

static nlt_status json_end(
    const nlt_column_desc *columns, int n_columns, int64_t n_rows, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)n_columns;
    return put(out, n_rows == 0 ? "[]\n" : "\n]\n", err);
}

const nlt_format nlt__format_ndjson = {
    .name = "ndjson",
    .suffix = ".ndjson",
    .help = "one JSON object per line",
    .begin = ndjson_begin,
    .rows = ndjson_rows,
    .end = ndjson_end,
};

const nlt_format nlt__format_json = {
    .name = "json",
    .suffix = ".json",
    .help = "an array of objects",
    .begin = ndjson_begin,
    .rows = json_rows,
    .end = json_end,
    .is_first_row_used = true,
};
