/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SaveDataFrame: the table itself, all columns in schema order, rows in dataset order.
 *
 * No node is added: the scan itself is the answer, told to keep the order and to stop
 * after N rows, so the engine can write it while it reads. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "algos/algo.h"

static const nlt_param_desc parameters[] = {
    {.name = "N",
        .alias = "N_TOP",
        .type = NLT_PARAM_INTEGER,
        .fallback = "-1",
        .minimum = 0,
        .maximum = HUGE_VAL,
        .special = -1,
        .unit = "rows",
        .help = "Rows to write, the first of the dataset; -1 = all."},
};

static nlt_status limit_statement(nlt_plan *plan, int64_t n_rows, nlt_error *err)
{
    char sql[64] = "SELECT * FROM netlytics LIMIT ";
    int len = (int)strlen(sql);
    (void)snprintf(sql + len, sizeof sql - (size_t)len, "%lld", (long long)n_rows);
    return nlt__plan_sql(plan, "dataframe", sql, err);
}

static nlt_status save_dataframe_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    int64_t n_rows = nlt__params_i64(params, "N");
    nlt_node *input = &plan->nodes[plan->n_nodes - 1];
    if (input->kind == NLT_NODE_SCAN) {
        input->is_ordered = true;
        input->limit = n_rows;
        return NLT_OK;
    }
    /* The table is a statement's answer, whose order is the statement's own. */
    return n_rows < 0 ? NLT_OK : limit_statement(plan, n_rows, err);
}

const nlt_algo nlt_algo_save_dataframe = {
    .class_name = "algos.save_Dataframe.SaveDataFrame",
    .alias = "save_dataframe",
    .summary = "The table itself as CSV, rows in the order of the files",
    .input = NULL,
    .params = parameters,
    .n_params = sizeof parameters / sizeof parameters[0],
    .output = "dataframe.csv",
    .plan = save_dataframe_plan,
};
