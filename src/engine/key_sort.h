/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_KEY_SORT_H
#define NLT_ENGINE_KEY_SORT_H

/* The rows of one part of a store, key by key, each key's rows in order.
 *
 * Keys come by their hash, then by value, so their order is the same for any number of threads. */

#include "engine/row_store.h"

typedef struct nlt_key_order {
    const int *keys; /* columns of the store */
    int n_keys;
    const int
        *columns; /* columns that order the rows of a key; ties are broken by the later ones */
    int n_columns;
    const atomic_bool *stop; /* true: NLT_ERR_CANCELLED */
} nlt_key_order;

/* Takes rows in order; `index[0..n-1]` are places in `rows`. */
typedef nlt_status (*nlt_sorted_fn)(
    void *ctx, const nlt_row_lanes *rows, const uint32_t *index, int64_t n, nlt_error *err);

/* Sorts part `part` in about `memory_max` bytes and hands its rows on, at most NLT_BATCH_ROWS at a
 * time. NLT_ERR_NOMEM, NLT_ERR_OUTPUT. */
NLT_API nlt_status nlt__key_sort(nlt_row_store *store, int part, const nlt_key_order *order,
    int64_t memory_max, nlt_sorted_fn rows, void *ctx, nlt_error *err) NLT_MUST_CHECK;

#endif
