/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_PLAN_KERNEL_H
#define NLT_PLAN_KERNEL_H

/* A kernel: C code over a stream of batches. It never sees the engine and never opens a file.
 *
 * One instance gets whole keys: rows of one key arrive in the stated order, rows of different keys
 * may interleave. A kernel without keys is a *finishing* kernel: one instance over all rows. */

#include "core/strings.h"
#include "plan/params.h"
#include "table/batch.h"

/* Takes the rows a kernel emits; the batch is borrowed for the call. */
typedef struct nlt_emit {
    nlt_status (*rows)(void *ctx, const nlt_batch *batch, nlt_error *err);
    void *ctx;
} nlt_emit;

typedef struct nlt_kernel {
    const char *name; /* "domain_traffic.finish" */
    const nlt_column_desc *input; /* columns it reads, in this order */
    int n_input;
    const nlt_column_desc *output;
    int n_output;
    const char *const *keys;  /* partitioned by these input columns; none: one instance */
    int n_keys;
    const char *const *order; /* rows of a key arrive ordered by these */
    int n_order;
    nlt_status (*open)(const nlt_params *params, nlt_strings *warnings, void **state,
        nlt_error *err);
    nlt_status (*push)(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err);
    nlt_status (*finish)(void *state, nlt_emit *emit, nlt_error *err);
    void (*close)(void *state); /* state may be NULL */
} nlt_kernel;

#endif
