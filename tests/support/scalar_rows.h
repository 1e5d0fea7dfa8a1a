/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_SCALAR_ROWS_H
#define NLT_TESTS_SCALAR_ROWS_H

/* Functions of SQL without an engine: a call written as in SQL, its result as text.
 *
 * Arguments are literals: 'text' ('' is a quote), 12, 1.5 or 1e3 (doubles), true, NULL,
 * DATE '2017-03-01', TIMESTAMP '2017-03-01 10:00:00.5'. A result is its text, `NULL`, a list as
 * `[a,b]`, numbers and times as Spark writes them; a failure is `error: MESSAGE`. */

#include "sql/scalar.h"

typedef struct scalar_rows scalar_rows;

scalar_rows *scalar_rows_open(const nlt_scalar_env *env);
void scalar_rows_close(scalar_rows *rows);
/* The result; borrowed until the next call. Stops the program if the call cannot be read, no row of
 * the table takes such arguments, or a text is not valid UTF-8. */
const char *scalar_rows_eval(scalar_rows *rows, const char *call);

/* A call and the result that it must have. */
typedef struct scalar_case {
    const char *call, *result;
} scalar_case;

/* Compares all; prints those that differ; returns how many do. */
int scalar_rows_check(const scalar_case *cases, size_t n, const nlt_scalar_env *env);

#endif
