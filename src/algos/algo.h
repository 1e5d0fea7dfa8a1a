/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ALGOS_ALGO_H
#define NLT_ALGOS_ALGO_H

/* What an algorithm is: one row of data and a function that writes its plan. */

#include "plan/plan.h"

typedef struct nlt_algo {
    const char *class_name; /* documented: "algos.domain_traffic.DomainTraffic" */
    const char *alias;      /* "domain_traffic" */
    const char *summary;
    const nlt_table_desc *input; /* table it needs; NULL: any */
    const char *const
        *columns; /* that it reads of it: what another table must have to do instead */
    int n_columns;
    const nlt_param_desc *params;
    int n_params;
    const char *output; /* file below output_path: "report.csv" */
    nlt_plan_fn plan;
} nlt_algo;

NLT_API int nlt__algo_count(void);
NLT_API const nlt_algo *nlt__algo_at(int index);
/* By class name or alias (any case); NLT_ERR_ARG with did-you-mean. */
NLT_API nlt_status nlt__algo_find(
    const char *name, const nlt_algo **out, nlt_error *err) NLT_MUST_CHECK;

#endif
