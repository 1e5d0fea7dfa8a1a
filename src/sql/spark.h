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

/* A row of the table of functions, for lists and docs. All strings static. */
typedef struct nlt_sql_function_info {
    const char *name;
    const char *kind;   /* "scalar", "aggregate", "window", "generator", "refused" */
    const char *params; /* codes, see functions.h */
    const char *how;    /* DuckDB's text, or why it is refused */
} nlt_sql_function_info;

NLT_API int nlt__sql_function_count(void);
/* Row `index` in 0..count-1: rows of one name (its overloads) lie side by side. */
NLT_API void nlt__sql_function_get(int index, nlt_sql_function_info *out);

#endif
