/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_ARROW_IN_H
#define NLT_TABLE_ARROW_IN_H

/* Arrow arrays that others made, as batches.
 *
 * Formats b c s i l f g u U z tdD tsu:* d:p,s and +l of those; narrow integers are widened, bytes
 * are taken as text. */

#include "core/arena.h"
#include "table/batch.h"

typedef struct nlt_arrow_in nlt_arrow_in;

/* Reads a schema of a struct. Owned: nlt__arrow_in_free. NLT_ERR_ARG: a column of another format.
 */
NLT_API nlt_status nlt__arrow_in_new(
    const struct ArrowSchema *schema, nlt_arrow_in **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__arrow_in_free(nlt_arrow_in *in);
NLT_API int nlt__arrow_in_count(const nlt_arrow_in *in);
/* Borrowed. */
NLT_API const nlt_column_desc *nlt__arrow_in_columns(const nlt_arrow_in *in);
/* Rows [first, first + n) of an array of that schema, n <= NLT_BATCH_ROWS; texts borrow from it.
 * The batch is borrowed until the next call. */
NLT_API nlt_status nlt__arrow_in_rows(nlt_arrow_in *in, const struct ArrowArray *array,
    int64_t first, int64_t n, const nlt_batch **out, nlt_error *err) NLT_MUST_CHECK;

#endif
