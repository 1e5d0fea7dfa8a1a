/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_PLAN_TABLE_H
#define NLT_ENGINE_PLAN_TABLE_H

/* Tables from plans that are no algorithm's, how runs go, and what tests of plans need. */

#include "netlytics/session.h"
#include "plan/plan.h"

/* The answer of the nodes that `plan` appends; it calls the relation of `input` "netlytics".
 * `params` is borrowed until the table is freed. Owned: nlt_table_free. */
NLT_API nlt_status nlt__table_from_plan(nlt_table *input, nlt_plan_fn plan,
    const nlt_params *params, nlt_table **out, nlt_error *err) NLT_MUST_CHECK;

/* How many scans have found out that they must sort: a run that fails with NLT_ERR_LIMIT while this
 * number grows is to be made again. */
NLT_API int nlt__run_sorting(const nlt_session *session);

/* Tests: memory of rows between kernels, and of one thread to sort a part of them. */
NLT_API void nlt__session_row_memory(nlt_session *session, int64_t rows, int64_t sorting);
/* Bytes of rows between kernels that were written to temporary files. */
NLT_API int64_t nlt__session_spilled(const nlt_session *session);

#endif
