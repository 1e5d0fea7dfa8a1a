/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ALGOS_SIMPLE_RANKING_H
#define NLT_ALGOS_SIMPLE_RANKING_H

/* The names with the largest values, the largest first; memory follows those that are kept. */

#include <math.h>

#include "plan/kernel.h"

/* The parameter of algorithms that end in a ranking. */
#define NLT_PARAM_N_TOP(unit_text, text)                                                           \
    {                                                                                              \
        .name = "N_TOP", .alias = "N", .type = NLT_PARAM_INTEGER, .fallback = "50", .minimum = 1,  \
        .maximum = HUGE_VAL, .special = -1, .unit = unit_text, .help = text                        \
    }

typedef struct nlt_ranked nlt_ranked;

/* Which of two names with equal values comes first: negative if `a` does. */
typedef int (*nlt_name_order_fn)(nlt_bytes a, nlt_bytes b);

typedef struct nlt_ranking {
    int64_t limit; /* -1: keep all */
    nlt_name_order_fn order;
    nlt_ranked *items; /* a heap whose root is the last in rank; owned */
    int64_t n, cap;
} nlt_ranking;

/* Takes a copy of the name, which was not added before. */
nlt_status nlt__ranking_add(
    nlt_ranking *ranking, nlt_bytes name, int64_t value, nlt_error *err) NLT_MUST_CHECK;
/* Emits what is kept, in order, as rows of the two columns (a string and a 64-bit integer), and
 * empties the ranking. */
nlt_status nlt__ranking_emit(nlt_ranking *ranking, const nlt_column_desc columns[2], nlt_emit *emit,
    nlt_error *err) NLT_MUST_CHECK;
void nlt__ranking_clear(nlt_ranking *ranking);

/* By bytes, a prefix before what it begins. */
int nlt__compare_bytes(nlt_bytes a, nlt_bytes b);

#endif
