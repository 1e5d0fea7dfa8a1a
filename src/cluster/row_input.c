/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/row_input.h"

#include <string.h>

static nlt_status fail(nlt_row_input *input, int code, nlt_error *err)
{
    const char *why = input->stream.get_last_error(&input->stream);
    return nlt_fail(err, NLT_ERR_IO, "%s", why != NULL ? why : strerror(code));
}

nlt_status nlt__row_input_open(
    nlt_row_input *input, struct ArrowArrayStream *stream, nlt_error *err)
{
    *input = (nlt_row_input){.stream = *stream};
    stream->release = NULL; /* moved */
    struct ArrowSchema schema = {.release = NULL};
    int code = input->stream.get_schema(&input->stream, &schema);
    if (code != 0) {
        return fail(input, code, err);
    }
    nlt_status status = nlt__arrow_in_new(&schema, &input->in, err);
    schema.release(&schema);
    return status;
}

void nlt__row_input_clear(nlt_row_input *input)
{
    if (input->array.release != NULL) {
        input->array.release(&input->array);
    }
    if (input->stream.release != NULL) {
        input->stream.release(&input->stream);
    }
    nlt__arrow_in_free(input->in);
    *input = (nlt_row_input){.in = NULL};
}

nlt_status nlt__row_input_next(nlt_row_input *input, const nlt_batch **batch, nlt_error *err)
{
    *batch = NULL;
    while (input->array.release == NULL || input->at == input->array.length) {
        if (input->array.release != NULL) {
            input->array.release(&input->array);
        }
        memset(&input->array, 0, sizeof input->array);
        input->at = 0;
        int code = input->stream.get_next(&input->stream, &input->array);
        if (code != 0) {
            return fail(input, code, err);
        }
        if (input->array.release == NULL) {
            return NLT_OK;
        }
    }
    int64_t left = input->array.length - input->at;
    int64_t n = left < NLT_BATCH_ROWS ? left : NLT_BATCH_ROWS;
    NLT_TRY(nlt__arrow_in_rows(input->in, &input->array, input->at, n, batch, err));
    input->at += n;
    return NLT_OK;
}

nlt_status nlt__row_input_expect(const nlt_row_input *input, const nlt_column_desc *columns,
    int n_columns, const char *who, nlt_error *err)
{
    const nlt_column_desc *given = nlt__arrow_in_columns(input->in);
    int n = nlt__arrow_in_count(input->in);
    if (n != n_columns) {
        return nlt_fail(err, NLT_ERR_ARG, "%s reads %d columns, not %d", who, n_columns, n);
    }
    for (int i = 0; i < n; i++) {
        nlt_dtype a = given[i].dtype;
        nlt_dtype b = columns[i].dtype;
        bool is_scaled = b.type == NLT_TYPE_DECIMAL || b.item == NLT_TYPE_DECIMAL;
        if (a.type != b.type || (b.type == NLT_TYPE_LIST && a.item != b.item)
            || (is_scaled && a.scale != b.scale)) {
            return nlt_fail(err, NLT_ERR_ARG, "%s reads column \"%s\" as %s, it comes as %s", who,
                columns[i].name, nlt_dtype_name(b), nlt_dtype_name(a));
        }
    }
    return NLT_OK;
}
