/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_PLAN_APPEND_H
#define NLT_PLAN_APPEND_H

/* An algorithm's nodes behind those of its input. */

#include "plan/plan.h"

#define NLT_PLAN_INPUT "netlytics" /* what every algorithm calls the table it reads */

/* `write` appends its nodes as if the relation of the plan's last node were called NLT_PLAN_INPUT;
 * they are bound to that relation, or where they want its row key, to "NAME with row key".
 * @param first    [out] the first node that was appended
 * @param numbered [out] that name, if the input is no scan and its rows must be numbered under it
 *                 before node `first`; else NULL; borrowed from the plan
 * NLT_ERR_NOMEM, NLT_ERR_LIMIT, and what `write` returns. */
NLT_API nlt_status nlt__plan_append(nlt_plan *plan, nlt_plan_fn write, const nlt_params *params,
    int *first, const char **numbered, nlt_error *err) NLT_MUST_CHECK;

#endif
