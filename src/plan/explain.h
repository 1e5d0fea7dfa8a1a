/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_PLAN_EXPLAIN_H
#define NLT_PLAN_EXPLAIN_H

/* A plan as JSON, which other engines read, and as text for people.
 *
 *   {"nodes": [node...], "answer": NAME, "columns": [column...], "outputs": [output...]}
 *   node: "name", "kind" (scan, sql, kernel), "inputs" (names), "readers", and of its kind
 *     scan    "dataset" (as the engine describes it), "ordered", "limit" (-1: all)
 *     sql     "sql", "bindings" {name in the statement: relation}, "kept" (rows are made once)
 *     kernel  "kernel", "params", "input", "sides", "instances" ("by key", "row by row", "one"),
 *             "keys", "order", "reads" [column...], "emits" [column...], "side_reads" [[column...]...],
 *             "resources" [{"name", "kind" (state, file), "version"}...]
 *   output: "name" (of a file), "kind" (csv, state), "relation", "order" (its column that is not
 *           written), "version"
 *   column: "name", "type"
 *   after a run, "ran": "rows_in", "rows", "bytes", "seconds", "spilled_bytes" */

#include "core/buf.h"
#include "plan/plan.h"

/* What a node did; -1: not known, as of a statement that runs within its reader. */
typedef struct nlt_node_stats {
    int64_t rows_in, rows, bytes, spilled_bytes;
    double seconds;
} nlt_node_stats;

#define NLT_NODE_STATS_INIT                                                                        \
    {                                                                                              \
        -1, -1, -1, -1, -1                                                                         \
    }

typedef struct nlt_explain {
    const nlt_plan *plan;
    const nlt_column_desc *columns; /* of the answer */
    int n_columns;
    const nlt_node_stats *stats; /* by node; NULL: the plan was not run */
    /* Appends dataset `scan` as a JSON object. */
    nlt_status (*dataset)(void *ctx, int scan, nlt_buf *out, nlt_error *err);
    void *ctx;
} nlt_explain;

NLT_API nlt_status nlt__explain_json(
    const nlt_explain *explain, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__explain_text(
    const nlt_explain *explain, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
