/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_PRUNE_H
#define NLT_TABLE_PRUNE_H

/* Rows that a statement will not ask for: conditions that all rows it takes meet. Rows that meet them
 * may still be none of its rows; whoever reads looks at its own conditions again. */

#include "netlytics/table.h"

enum { NLT_PRUNE_EQUALS_MAX = 4, NLT_PRUNE_VALUES_MAX = 32 };

/* A column of text that is one of these. */
typedef struct nlt_prune_equal {
    int column; /* in the table */
    int n;
    nlt_bytes values[NLT_PRUNE_VALUES_MAX]; /* borrowed from the owner of the whole */
} nlt_prune_equal;

typedef struct nlt_prune {
    int time_column; /* lies in [from, to]; -1: no condition */
    double from, to;
    nlt_prune_equal equals[NLT_PRUNE_EQUALS_MAX];
    int n_equals;
} nlt_prune;

#endif
