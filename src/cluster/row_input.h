/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_ROW_INPUT_H
#define NLT_CLUSTER_ROW_INPUT_H

/* Rows of an Arrow stream as batches. */

#include "output/writer.h"
#include "table/arrow_in.h"

typedef struct nlt_row_input {
    struct ArrowArrayStream stream; /* owned */
    nlt_arrow_in *in;               /* owned */
    struct ArrowArray array;        /* owned; release NULL: none */
    int64_t at;
} nlt_row_input;

/* Takes the stream, also on failure. Clear it whatever is returned. NLT_ERR_ARG: a column's type.
 */
nlt_status nlt__row_input_open(
    nlt_row_input *input, struct ArrowArrayStream *stream, nlt_error *err) NLT_MUST_CHECK;
void nlt__row_input_clear(nlt_row_input *input);
/* The next rows, borrowed until the next call; *batch = NULL at the end. NLT_ERR_IO: what the
 * stream says. */
nlt_status nlt__row_input_next(
    nlt_row_input *input, const nlt_batch **batch, nlt_error *err) NLT_MUST_CHECK;
/* NLT_ERR_ARG if the rows do not have these columns, in their order and by their types. */
nlt_status nlt__row_input_expect(const nlt_row_input *input, const nlt_column_desc *columns,
    int n_columns, const char *who, nlt_error *err) NLT_MUST_CHECK;

/* rows_write.c: writes what is left of the rows into a file. */
nlt_status nlt__rows_put(nlt_row_input *input, const nlt_format *format, nlt_outfile *file,
    int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

#endif
