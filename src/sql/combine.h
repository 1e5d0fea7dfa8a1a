/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_COMBINE_H
#define NLT_SQL_COMBINE_H

/* A statement over rows that were combined before: those that agree in all columns that it uses beside
 * aggregates became one, with counts, sums, least and greatest values. Its answer is the same. */

#include "sql/spark.h"

typedef struct nlt_sql_combined_column {
    const char *
        name; /* of a column of the relation, or as nlt_task_scan() (cluster.h) has combined ones */
    int type_of; /* the column of the relation whose type it has; -1: it is a BIGINT */
} nlt_sql_combined_column;

typedef struct nlt_sql_combined {
    const char *sql; /* Spark's; NULL: rows cannot be combined, or it would not pay */
    const nlt_sql_combined_column *columns;
    int n_columns;
} nlt_sql_combined;

/* Looks at a statement that nlt__spark_translate() has taken. What is put out is owned by the arena.
 * NLT_ERR_SQL: it is no statement; NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__sql_combine(const char *query, const nlt_sql_relation *relation,
    nlt_arena *arena, nlt_sql_combined *out, nlt_error *err) NLT_MUST_CHECK;

#endif
