/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a stream into files. */

#include "cluster/row_input.h"
#include "netlytics/cluster.h"
#include "output/writer.h"

enum { TEXT_MAX = 1 << 30, WRITE_BYTES = 256 << 10 };

static nlt_status find_format(const char *name, const nlt_format **out, nlt_error *err)
{
    *out = nlt__format_find(name);
    if (*out != NULL) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_ARG, "--format: unknown format \"%.100s\"", name);
    nlt_error_hint(err, "known are table, csv, ndjson, json and arrow");
    return NLT_ERR_ARG;
}

static nlt_status flush(nlt_buf *text, size_t at_least, nlt_outfile *file, nlt_error *err)
{
    size_t len = text->len;
    if (len < at_least || len == 0) {
        return NLT_OK;
    }
    text->len = 0;
    return nlt__outfile_write(file, text->ptr, len, err);
}

static nlt_status put_rows(nlt_row_input *input, const nlt_format *format, nlt_outfile *file,
    int64_t *n_rows, nlt_buf *text, nlt_error *err)
{
    const nlt_column_desc *columns = nlt__arrow_in_columns(input->in);
    int n = nlt__arrow_in_count(input->in);
    const nlt_batch *batch = NULL;
    NLT_TRY(format->begin(columns, n, text, err));
    for (;;) {
        NLT_TRY(nlt__row_input_next(input, &batch, err));
        if (batch == NULL) {
            break;
        }
        NLT_TRY(format->rows(columns, batch, *n_rows, text, err));
        *n_rows += batch->n_rows;
        NLT_TRY(flush(text, WRITE_BYTES, file, err));
    }
    NLT_TRY(format->end(columns, n, *n_rows, text, err));
    return flush(text, 0, file, err);
}

nlt_status nlt__rows_put(nlt_row_input *input, const nlt_format *format, nlt_outfile *file,
    int64_t *n_rows, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    *n_rows = 0;
    nlt_status status = put_rows(input, format, file, n_rows, &text, err);
    nlt__buf_clear(&text);
    return status;
}

static nlt_status write_file(nlt_row_input *input, const nlt_format *format, const char *path,
    int64_t *n_rows, nlt_error *err)
{
    nlt_outfile *file = NULL;
    NLT_TRY(nlt__outfile_open(path, &file, err));
    nlt_status status = nlt__rows_put(input, format, file, n_rows, err);
    bool is_quiet_end = status != NLT_OK && nlt__outfile_is_broken_pipe(file);
    if (status == NLT_OK) {
        status = nlt__outfile_commit(file, err);
    } else {
        nlt__outfile_discard(file);
    }
    return is_quiet_end ? NLT_OK : status;
}

nlt_status nlt_rows_write(struct ArrowArrayStream *rows, const char *format, const char *path,
    int64_t *n_rows, nlt_error *err)
{
    const nlt_format *found = NULL;
    nlt_row_input input;
    int64_t n = 0;
    nlt_status status = nlt__row_input_open(&input, rows, err);
    if (status == NLT_OK) {
        status = find_format(format, &found, err);
    }
    if (status == NLT_OK) {
        status = write_file(&input, found, path, &n, err);
    }
    nlt__row_input_clear(&input);
    if (n_rows != NULL) {
        *n_rows = n;
    }
    return status;
}
