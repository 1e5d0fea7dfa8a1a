/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV by RFC 4180 with '\n': NULL is an empty field, an empty text is "". */

#include "core/num.h"
#include "output/formats.h"
#include "output/value.h"

/* A byte of `word` that equals `byte` sets a bit (exact for the question "is there one?"). */
static uint64_t has_byte(uint64_t word, unsigned char byte)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = word ^ (ones * byte);
    return (x - ones) & ~x & (ones << 7);
}

static uint64_t has_special(uint64_t word)
{
    return has_byte(word, ',') | has_byte(word, '"') | has_byte(word, '\n') | has_byte(word, '\r');
}

static bool needs_quotes(nlt_bytes text)
{
    uint64_t special = 0;
    uint64_t word;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        memcpy(&word, text.ptr + i, 8);
        special |= has_special(word);
    }
    word = 0;
    memcpy(&word, text.ptr + i, text.len - i);
    return (special | has_special(word)) != 0;
}

static nlt_status put_text(nlt_bytes text, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_reserve(out, text.len * 2 + 2, err));
    if (text.len > 0 && !needs_quotes(text)) {
        nlt__buf_put(out, text.ptr, text.len);
        return NLT_OK;
    }
    nlt__buf_put_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') {
            nlt__buf_put_char(out, '"');
        }
        nlt__buf_put_char(out, text.ptr[i]);
    }
    nlt__buf_put_char(out, '"');
    return NLT_OK;
}

/* Lists: JSON text in one field. `scratch` is emptied first. */
static nlt_status put_list(
    const nlt_vec *vec, int64_t row, nlt_buf *scratch, nlt_buf *out, nlt_error *err)
{
    scratch->len = 0;
    NLT_TRY(nlt__value_json(vec, row, scratch, err));
    return put_text((nlt_bytes){scratch->ptr, scratch->len}, out, err);
}

static nlt_status put_cell(
    const nlt_vec *vec, int64_t row, nlt_buf *scratch, nlt_buf *out, nlt_error *err)
{
    if (!nlt__valid(vec->valid, row)) {
        return NLT_OK;
    }
    if (vec->dtype.type == NLT_TYPE_STRING) {
        return put_text(nlt__str_bytes((const nlt_str *)vec->data + row), out, err);
    }
    if (vec->dtype.type == NLT_TYPE_DOUBLE) {
        NLT_TRY(nlt__buf_reserve(out, NLT_NUM_TEXT_MAX, err));
        out->len += nlt__format_double(((const double *)vec->data)[row], out->ptr + out->len);
        return NLT_OK;
    }
    return vec->dtype.type == NLT_TYPE_LIST ? put_list(vec, row, scratch, out, err)
                                            : nlt__value_plain(vec, row, out, err);
}

static nlt_status csv_begin(
    const nlt_column_desc *columns, int n_columns, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < n_columns; i++) {
        if (i > 0) {
            NLT_TRY(nlt__buf_append(out, ",", 1, err));
        }
        NLT_TRY(put_text((nlt_bytes){columns[i].name, strlen(columns[i].name)}, out, err));
    }
    return nlt__buf_append(out, "\n", 1, err);
}

static nlt_status put_rows(const nlt_batch *batch, nlt_buf *scratch, nlt_buf *out, nlt_error *err)
{
    for (int64_t row = 0; row < batch->n_rows; row++) {
        for (int i = 0; i < batch->n_cols; i++) {
            NLT_TRY(put_cell(&batch->cols[i], row, scratch, out, err));
            NLT_TRY(nlt__buf_reserve(out, 1, err));
            nlt__buf_put_char(out, i + 1 < batch->n_cols ? ',' : '\n');
        }
    }
    return NLT_OK;
}

static nlt_status csv_rows(const nlt_column_desc *columns, const nlt_batch *batch,
    int64_t first_row, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)first_row;
    nlt_buf scratch = NLT_BUF_INIT(out->max);
    nlt_status status = put_rows(batch, &scratch, out, err);
    nlt__buf_clear(&scratch);
    return status;
}

static nlt_status csv_end(
    const nlt_column_desc *columns, int n_columns, int64_t n_rows, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)n_columns;
    (void)n_rows;
    (void)out;
    (void)err;
    return NLT_OK;
}

const nlt_format nlt__format_csv = {
    .name = "csv",
    .suffix = ".csv",
    .help = "RFC 4180, header, empty field for NULL",
    .begin = csv_begin,
    .rows = csv_rows,
    .end = csv_end,
};
