/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_FUNCTIONS_H
#define NLT_SQL_FUNCTIONS_H

/* The table of Spark's functions: which are admitted, and how each is written for DuckDB.
 *
 * Parameters are codes, one for each argument:
 *   s i l d b y t   cast to string, int, bigint, double, boolean, date, timestamp
 *   S I N R A M Y T must be string, integer, decimal, real, array, map, date, timestamp; else the
 * next row of the name is tried. NULL is all of them .               any c g             all such
 * get their common type; g: text meets only text E F             element, array: meets the elements
 * of argument 1 k               a constant text u               not translated: the row's own
 * function does it (lambdas) ? behind a code: may be left out; * behind a code: any number of times
 *
 * Results: the lower letters above; B binary, h tinyint, 1 the type of argument 1, e the type of
 * its elements, c the common type; [ in front: array of.
 *
 * Texts: $1 ... $9 an argument, $* all, $2* from the second on; $d DISTINCT; $f FILTER and OVER; $n
 * the same with "argument 1 is not NULL" in the filter; $i IGNORE NULLS. */

#include "sql/translate.h"

typedef enum nlt_sql_function_kind {
    NLT_SQL_FUNCTION_SCALAR,
    NLT_SQL_FUNCTION_AGGREGATE,
    NLT_SQL_FUNCTION_WINDOW,
    NLT_SQL_FUNCTION_GENERATOR,
    NLT_SQL_FUNCTION_REFUSED
} nlt_sql_function_kind;

/* A call whose arguments are translated and cast. */
typedef struct nlt_sql_call_state {
    nlt_sql_translator *tr;
    nlt_sql_scope *scope;
    const nlt_sql_expr *expr;
    nlt_sql_value *args;
    int n_args;
    nlt_sql_type common;
    const char *distinct, *tail, *not_null_tail, *ignore_nulls;
} nlt_sql_call_state;

typedef nlt_status (*nlt_sql_special)(nlt_sql_call_state *call, nlt_sql_value *out);

typedef struct nlt_sql_function {
    const char *name;
    nlt_sql_function_kind kind;
    const char *params, *result;
    const char *sql; /* NULL: `special`; of a refused one: why */
    nlt_sql_special special;
} nlt_sql_function;

/* Writes `format` out with the call's arguments. */
nlt_status nlt__sql_fill(
    nlt_sql_call_state *call, const char *format, const char **out) NLT_MUST_CHECK;
/* A constant text argument; NULL if argument `index` is none. */
const char *nlt__sql_constant(const nlt_sql_call_state *call, int index);

/* Functions that need more than a text (functions_special.c). */
#define NLT_SQL_SPECIALS(X)                                                                        \
    X(count)                                                                                       \
    X(sum_decimal)                                                                                 \
    X(avg_decimal)                                                                                 \
    X(percentile) X(percentile_disc) X(first) X(last) X(concat) X(concat_ws) X(nvl2) X(nullif)     \
        X(element_at) X(get) X(date_part) X(date_trunc) X(trunc) X(round_decimal) X(round_integer) \
            X(floor_decimal) X(ceil_decimal) X(grouping_id) X(array) X(map) X(type_of)             \
                X(regexp_like) X(regexp_extract) X(regexp_extract_all) X(regexp_replace)           \
                    X(regexp_count) X(split) X(transform) X(filter) X(exists) X(forall)            \
                        X(aggregate) X(zip_with) X(lag) X(cast_call) X(cast_timestamp)             \
                            X(abs_number) X(floor_real) X(ceil_real) X(if_then) X(pmod)            \
                                X(sequence) X(get_json) X(least_of) X(greatest_of) X(map_keys)     \
                                    X(map_values) X(shift)

#define X(name) nlt_status nlt__sql_##name(nlt_sql_call_state *call, nlt_sql_value *out);
NLT_SQL_SPECIALS(X)
#undef X

#endif
