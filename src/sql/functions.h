/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_FUNCTIONS_H
#define NLT_SQL_FUNCTIONS_H

/* The table of Spark's functions: which are admitted, and how each is written for DuckDB.
 *
 * Parameters are codes, one for each argument:
 *   s i l d b y t   cast to string, int, bigint, double, boolean, date, timestamp
 *   S I N R A M Y T X U must be string, integer, decimal, real, array, map, date, timestamp,
 * binary, struct or array, Z date or timestamp, v an interval, O an array of what is no struct, V of
 * structs; else the next row of the name is tried. NULL is all of them but N, X and U . any c g all
 * such get their common type; g: text meets only text E F             element, array: meets the
 * elements of argument 1 k               a constant text u               not translated: the row's
 * own function does it (lambdas) ? behind a code: may be left out; * behind a code: any number of
 * times
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

static inline void set_type(nlt_sql_value *out, nlt_sql_kind kind)
{
    out->type = nlt__sql_plain(kind);
}

/* Of all files: array of `item`; a constant integer argument, or `fallback` where it was left out.
 */
nlt_status nlt__sql_array_of(
    nlt_sql_call_state *call, nlt_sql_type item, nlt_sql_type *out) NLT_MUST_CHECK;
nlt_status nlt__sql_constant_integer(
    nlt_sql_call_state *call, int index, int64_t fallback, int64_t *out) NLT_MUST_CHECK;

/* Whether no argument is NULL, as a condition; a text as a literal. */
nlt_status nlt__sql_all_not_null(nlt_sql_call_state *call, const char **out) NLT_MUST_CHECK;
nlt_status nlt__sql_quote(
    nlt_sql_call_state *call, const nlt_buf *text, const char **out) NLT_MUST_CHECK;

/* ---- lambdas (functions_lambda.c) ---- */

enum { NLT_SQL_LAMBDA_PARAMS_MAX = 2 };

/* A lambda in DuckDB's words. */
typedef struct nlt_sql_lambda {
    const char *names[NLT_SQL_LAMBDA_PARAMS_MAX]; /* of its parameters */
    nlt_sql_value body;
} nlt_sql_lambda;

/* Translates argument `index` with parameters of the types. `texts` may say what stands for a
 * parameter, with %s for its name. */
nlt_status nlt__sql_translate_lambda(nlt_sql_call_state *call, int index, int n_params,
    const nlt_sql_type *types, const char *const *texts, nlt_sql_lambda *out) NLT_MUST_CHECK;
/* A name of our own for a parameter. */
nlt_status nlt__sql_new_param(nlt_sql_translator *tr, const char **out) NLT_MUST_CHECK;

/* ---- Java patterns (functions_pattern.c) ---- */

typedef struct nlt_sql_pattern {
    const char *sql;     /* RE2's, quoted */
    const char *literal; /* quoted; NULL: it is a pattern */
    nlt_java_regex info;
} nlt_sql_pattern;

/* The constant pattern of argument `index`. */
nlt_status nlt__sql_read_pattern(
    nlt_sql_call_state *call, int index, bool is_search, nlt_sql_pattern *out) NLT_MUST_CHECK;

/* Functions that need more than a text. */
/* clang-format off */
#define NLT_SQL_SPECIALS(X) \
    X(count) X(sum_decimal) X(avg_decimal) X(percentile) X(percentile_disc) X(first) X(last) \
    X(concat) X(concat_ws) X(nvl2) X(nullif) X(element_at) X(get) X(date_part) X(date_trunc) \
    X(trunc) X(round_decimal) X(round_integer) X(floor_decimal) X(ceil_decimal) X(grouping_id) \
    X(array) X(map) X(type_of) X(regexp_like) X(regexp_extract) X(regexp_extract_all) \
    X(regexp_replace) X(regexp_count) X(split) X(transform) X(filter) X(exists) X(forall) \
    X(aggregate) X(zip_with) X(lag) X(cast_call) X(cast_timestamp) X(abs_number) X(floor_real) \
    X(ceil_real) X(if_then) X(pmod) X(sequence) X(get_json) X(least_of) X(greatest_of) \
    X(map_keys) X(map_values) X(shift) X(hash) X(moment) X(listagg) X(percentile_within) \
    X(regexp_substr) X(regexp_instr) X(str_to_map) X(decode) X(encode) X(equal_null) X(operator) \
    X(timestampadd) X(timestampdiff) X(sequence_time) X(max_struct) X(array_sort) X(arrays_zip) \
    X(map_concat) X(map_entries) X(map_filter) X(map_from_arrays) X(map_from_entries) \
    X(named_struct) X(transform_map) X(sort_structs) X(window) X(format_string) \
    X(array_join) X(to_json) X(format_decimal) X(mode_within)
/* clang-format on */

#define X(name) nlt_status nlt__sql_##name(nlt_sql_call_state *call, nlt_sql_value *out);
NLT_SQL_SPECIALS(X)
#undef X

#endif
