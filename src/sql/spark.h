/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_SPARK_H
#define NLT_SQL_SPARK_H

/* Queries in Spark's dialect, written anew in DuckDB's so that they give Spark's answer.
 *
 * query -> tokens -> syntax tree -> names and types, as Spark resolves them -> text. What is not
 * known to give the same answer is refused; only names of `relations` and functions of the table
 * (functions.def) get through, so a query reaches nothing else. */

#include "sql/types.h"

/* A relation that a query may name. Everything is borrowed for the call. */
typedef struct nlt_sql_relation {
    const char *name;
    const char *const *columns;
    const nlt_sql_type *types;
    int n_columns;
} nlt_sql_relation;

/* Appends DuckDB's text of `query`, which is a SELECT of Spark SQL over the relations.
 * NLT_ERR_SQL: refused or wrong, with its place; NLT_ERR_NOMEM, NLT_ERR_LIMIT. */
NLT_API nlt_status nlt__spark_translate(const char *query, const nlt_sql_relation *relations,
    int n_relations, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
