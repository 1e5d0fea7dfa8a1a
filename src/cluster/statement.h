/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_STATEMENT_H
#define NLT_CLUSTER_STATEMENT_H

/* Statements that another engine will run, checked as the embedded engine checks them. */

#include "core/arena.h"
#include "sql/spark.h"
#include "table/batch.h"

/* A relation with these columns; borrows them, the rest is of the arena. */
nlt_status nlt__statement_relation(const char *name, const nlt_column_desc *columns, int n_columns,
    nlt_arena *arena, nlt_sql_relation *out, nlt_error *err) NLT_MUST_CHECK;

/* NLT_ERR_SQL with the place in the message. */
nlt_status nlt__statement_check(const char *query, const nlt_sql_relation *relations,
    int n_relations, nlt_error *err) NLT_MUST_CHECK;

#endif
