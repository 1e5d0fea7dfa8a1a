/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_PLAN_KERNEL_H
#define NLT_PLAN_KERNEL_H

/* A kernel: C code over a stream of batches. It never sees the engine and never opens a file.
 *
 * Three kinds:
 *   with keys   one instance gets whole keys, one key after the other, the rows of a key in the
 *               stated order (ties: by the rows' place in the dataset, or by all columns). There are
 *               several instances, each with some of the keys; its answer must not depend on which.
 *   row by row  rows are independent (is_row_wise): any number of instances, rows in any order
 *   finishing   neither: one instance over all rows; with `order`: in that order
 *
 * A kernel may read further, small relations (sides), such as a learned model, and named bytes
 * (resources): what it makes of them is shared by all of its instances, which only read it. */

#include "core/strings.h"
#include "plan/params.h"
#include "table/batch.h"

/* Takes the rows a kernel emits; the batch is borrowed for the call. */
typedef struct nlt_emit {
    nlt_status (*rows)(void *ctx, const nlt_batch *batch, nlt_error *err);
    void *ctx;
} nlt_emit;

/* A further relation that a kernel reads; the plan says which (nlt_node.sides). */
typedef struct nlt_kernel_side {
    const nlt_column_desc *columns; /* that it reads, in this order */
    int n_columns;
} nlt_kernel_side;

/* What an instance is opened with; all borrowed until it is closed. */
typedef struct nlt_kernel_env {
    const nlt_params *params;
    nlt_strings *warnings; /* equal ones of several instances are told once */
    const void *shared;    /* what nlt_kernel.share made; NULL: nothing */
} nlt_kernel_env;

/* Makes what the instances share, before the first of them. Each function may be NULL but close. */
typedef struct nlt_kernel_share {
    nlt_status (*open)(const nlt_kernel_env *env, void **shared, nlt_error *err);
    /* Rows of side `side`, in the order of their columns from left to right. */
    nlt_status (*rows)(void *shared, int side, const nlt_batch *rows, nlt_error *err);
    /* The bytes of resource `resource`. */
    nlt_status (*bytes)(void *shared, int resource, nlt_bytes bytes, nlt_error *err);
    nlt_status (*finish)(void *shared, nlt_error *err); /* all has been given */
    void (*close)(void *shared);                        /* may be NULL */
} nlt_kernel_share;

enum { NLT_KERNEL_COLUMNS_MAX = 48, NLT_KERNEL_SIDES_MAX = 4, NLT_KERNEL_RESOURCES_MAX = 2 };

typedef struct nlt_kernel {
    const char *name;             /* "domain_traffic.finish" */
    const nlt_column_desc *input; /* columns it reads, in this order */
    int n_input;
    const nlt_column_desc *output;
    int n_output;
    const char *const *keys; /* partitioned by these input columns; none: one instance */
    int n_keys;
    const char *const *order; /* rows of a key arrive ordered by these input columns, NULL first */
    int n_order;
    bool is_row_wise;
    const nlt_kernel_side *sides;
    int n_sides;
    int n_resources; /* named bytes that it reads; the plan says which (nlt_node.resources) */
    const nlt_kernel_share *share; /* NULL: nothing is shared */
    nlt_status (*open)(const nlt_kernel_env *env, void **state, nlt_error *err);
    nlt_status (*push)(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err);
    nlt_status (*finish)(void *state, nlt_emit *emit, nlt_error *err);
    void (*close)(void *state); /* state may be NULL */
} nlt_kernel;

#endif
