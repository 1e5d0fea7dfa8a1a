/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_PLAN_PLAN_H
#define NLT_PLAN_PLAN_H

/* A plan: named relations, each made by a scan, a statement or a kernel over earlier ones.
 *
 * A plan is data. It is written once, by a connector or an algorithm; an engine runs it. SQL in
 * plans keeps to what both engines compute alike: integers, decimals, counts, min and max.
 *
 * Beside its answer a plan may leave outputs: rows of a kernel as a file, or as a state, which is a
 * JSON object that lies in the persistent directory from run to run. A later plan names the state as
 * a resource of a kernel. Engines load and commit; all outputs of a run appear together or none. */

#include "core/arena.h"
#include "core/strings.h"
#include "netlytics/dataset.h"
#include "plan/kernel.h"

/* A hidden column of scans: file index * 2^40 + offset of the row's (first) line: total order, and
 * the place of the evidence. The relation "X" NLT_WITH_ROW_KEY is the scan X with it; a kernel may
 * have it among its input columns. */
#define NLT_ROW_KEY_COLUMN "netlytics row key"
#define NLT_WITH_ROW_KEY " with row key"

typedef enum nlt_node_kind { NLT_NODE_SCAN = 0, NLT_NODE_SQL, NLT_NODE_KERNEL } nlt_node_kind;

/* What a statement calls a relation, where that is not the relation's own name. */
typedef struct nlt_binding {
    const char *alias;
    const char *relation;
    const char *arguments; /* of its scan: what the statement asks for alone; NULL: none */
} nlt_binding;

/* Bytes that a kernel is given. */
typedef enum nlt_resource_kind {
    NLT_RESOURCE_STATE = 0, /* a state of this name and version (io/state.h) */
    NLT_RESOURCE_FILE,      /* a file of this path as it is */
    NLT_RESOURCE_KIND_COUNT
} nlt_resource_kind;

typedef struct nlt_resource {
    const char *name; /* NULL: not set */
    nlt_resource_kind kind;
    int version;
} nlt_resource;

typedef enum nlt_output_kind {
    NLT_OUTPUT_CSV = 0, /* a file beside the answer */
    NLT_OUTPUT_STATE,   /* a JSON object, one line of it in each row */
    NLT_OUTPUT_KIND_COUNT
} nlt_output_kind;

/* The columns of a kernel's relation but `order`, by which its rows are ordered. */
typedef struct nlt_output {
    const char *name; /* of the file: "flows.csv", "bags.json" */
    nlt_output_kind kind;
    const char *relation;
    const char *order;
    int version; /* of a state */
} nlt_output;

typedef struct nlt_node {
    const char *name; /* the relation it makes; unique in the plan */
    nlt_node_kind kind;
    const char *sql;       /* SQL: one SELECT over earlier relations */
    nlt_binding *bindings; /* SQL: names that it uses for them */
    int n_bindings;
    const nlt_kernel *kernel;                /* KERNEL */
    const nlt_params *params;                /* KERNEL: its parameters; borrowed */
    const char *input;                       /* KERNEL: the relation it reads */
    const char *sides[NLT_KERNEL_SIDES_MAX]; /* KERNEL: its further relations, as the kernel's */
    nlt_resource resources[NLT_KERNEL_RESOURCES_MAX]; /* KERNEL */
    int scan;        /* SCAN: index of the dataset in the session */
    int64_t limit;   /* SCAN: first rows in dataset order only; -1: all */
    bool is_ordered; /* SCAN: rows must come in dataset order */
} nlt_node;

enum { NLT_PLAN_NODES_MAX = 64, NLT_PLAN_OUTPUTS_MAX = 4 };

typedef struct nlt_plan {
    nlt_node nodes[NLT_PLAN_NODES_MAX]; /* in order of dependence; the last one is the answer */
    int n_nodes;
    nlt_output outputs[NLT_PLAN_OUTPUTS_MAX]; /* beside the answer */
    int n_outputs;
    nlt_arena arena; /* owns names and statements */
} nlt_plan;

/* Appends the nodes that turn relation "netlytics" (already in the plan) into an answer. */
typedef nlt_status (*nlt_plan_fn)(const nlt_params *params, nlt_plan *plan, nlt_error *err);

NLT_API void nlt__plan_init(nlt_plan *plan);
NLT_API void nlt__plan_clear(nlt_plan *plan);
/* Appends a node; names and texts are copied. NLT_ERR_LIMIT, NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__plan_scan(
    nlt_plan *plan, const char *name, int scan, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__plan_sql(
    nlt_plan *plan, const char *name, const char *sql, nlt_error *err) NLT_MUST_CHECK;
/* The statement of node `index` calls `relation` by the name `alias`. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__plan_bind(nlt_plan *plan, int index, const char *alias,
    const char *relation, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__plan_kernel(nlt_plan *plan, const char *name, const nlt_kernel *kernel,
    const nlt_params *params, const char *input, nlt_error *err) NLT_MUST_CHECK;
/* The node that makes a relation; NULL: there is none. */
NLT_API const nlt_node *nlt__plan_find(const nlt_plan *plan, const char *name);
/* The kernel of node `index` reads `relation`; as its side `side`. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__plan_input(
    nlt_plan *plan, int index, const char *relation, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__plan_side(
    nlt_plan *plan, int index, int side, const char *relation, nlt_error *err) NLT_MUST_CHECK;
/* The kernel of node `index` is given these bytes as its resource `resource`. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__plan_resource(
    nlt_plan *plan, int index, int resource, nlt_resource given, nlt_error *err) NLT_MUST_CHECK;
/* Appends an output; texts are copied. Its relation is a kernel's. NLT_ERR_LIMIT, NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__plan_output(
    nlt_plan *plan, nlt_output output, nlt_error *err) NLT_MUST_CHECK;
/* True if a kernel reads a state. */
NLT_API bool nlt__plan_reads_state(const nlt_plan *plan);
/* Moves node `from` in front of node `to`, which is an earlier one. */
NLT_API void nlt__plan_move(nlt_plan *plan, int from, int to);

/* True if node `node` reads the relation that `from` makes: a statement that has its name as a word
 * or quoted, a kernel whose input or side it is. */
NLT_API bool nlt__plan_reads(const nlt_plan *plan, int node, int from);
/* How many nodes and outputs read the relation of node `from`. */
NLT_API int nlt__plan_readers(const nlt_plan *plan, int from);
/* Position of a column by name; -1: there is none. */
NLT_API int nlt__column_find(const nlt_column_desc *columns, int n, const char *name);

#endif
