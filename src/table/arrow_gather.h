/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_ARROW_GATHER_H
#define NLT_TABLE_ARROW_GATHER_H

/* Rows of many batches as few Arrow arrays: what crosses to another process costs by the array. */

#include "table/batch.h"

typedef struct nlt_arrow_gather nlt_arrow_gather;

/* Owned: nlt__arrow_gather_free. */
NLT_API nlt_status nlt__arrow_gather_new(
    const nlt_dtype *dtypes, int n_cols, nlt_arrow_gather **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__arrow_gather_free(nlt_arrow_gather *gather);
/* Copies the rows of a batch. NLT_ERR_LIMIT: texts of a column above 2^31 bytes; NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__arrow_gather_add(
    nlt_arrow_gather *gather, const nlt_batch *batch, nlt_error *err) NLT_MUST_CHECK;
NLT_API int64_t nlt__arrow_gather_rows(const nlt_arrow_gather *gather);
/* Bytes of all buffers. */
NLT_API size_t nlt__arrow_gather_bytes(const nlt_arrow_gather *gather);
/* All that was added, as one struct array; then there are no rows. Released by its consumer. */
NLT_API nlt_status nlt__arrow_gather_take(
    nlt_arrow_gather *gather, struct ArrowArray *out, nlt_error *err) NLT_MUST_CHECK;

#endif
