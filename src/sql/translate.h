/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_TRANSLATE_H
#define NLT_SQL_TRANSLATE_H

/* What the parts of the translation share: scopes of names, values, texts. */

#include "sql/spark.h"
#include "sql/syntax.h"

/* An expression in DuckDB's words, with Spark's type. */
typedef struct nlt_sql_value {
    const char *sql;
    nlt_sql_type type;
    const nlt_sql_expr *expr; /* where it comes from */
} nlt_sql_value;

/* A column that a name may mean. */
typedef struct nlt_sql_column {
    const char *qualifier; /* of the relation; NULL: none */
    const char *name;
    const char *sql;
    nlt_sql_type type;
    bool is_qualified_only; /* merged by USING: only t.x finds it, and * skips it */
} nlt_sql_column;

typedef struct nlt_sql_scope nlt_sql_scope;

/* A SELECT item that is translated already: what aliases mean. */
typedef struct nlt_sql_output {
    const char *name;
    nlt_sql_value value;
    bool is_generated; /* by EXPLODE */
} nlt_sql_output;

struct nlt_sql_scope {
    nlt_sql_scope *parent; /* of the query around it, or of the query of a lambda */
    nlt_sql_column *columns;
    int n_columns;
    bool is_lambda;
    const nlt_sql_select *select; /* for named windows */
    nlt_sql_output *outputs;
    int n_outputs;
    bool prefers_outputs;                    /* HAVING and ORDER BY look at aliases first */
    bool is_having;                          /* but HAVING at the columns of GROUP BY before */
    const struct nlt_sql_grouping *grouping; /* GROUP BY's expressions, for grouping_id() */
    const char *needed;                      /* one more condition of WHERE; NULL: none */
    const char *windows;      /* list of the sliding windows that a row falls into; NULL: none */
    const char *windows_name; /* relation whose column w has one of them */
};

typedef struct nlt_sql_grouping {
    nlt_sql_value *values;
    int n_values;
} nlt_sql_grouping;

/* The answer of a query or a relation. */
typedef struct nlt_sql_answer {
    const char *sql;
    const char **names;       /* as the user knows them */
    const char **inner_names; /* unique, as `sql` calls them */
    nlt_sql_type *types;
    int n_columns;
} nlt_sql_answer;

/* A common table expression in force. */
typedef struct nlt_sql_known_cte {
    const char *name;
    const char *sql_name;
    const nlt_sql_answer *answer;
    bool has_level; /* a last column, hidden from queries: the depth of the recursion */
    const struct nlt_sql_known_cte *before;
} nlt_sql_known_cte;

typedef struct nlt_sql_translator {
    nlt_bytes sql;
    nlt_arena *arena;
    nlt_error *err;
    const nlt_sql_relation *relations;
    int n_relations;
    const nlt_sql_known_cte *ctes;
    const nlt_sql_query *step; /* of the recursive CTE that is being made; NULL: none */
    int n_names;               /* made up so far */
    size_t text_bytes;         /* made so far */
} nlt_sql_translator;

static inline nlt_sql_value nlt__sql_value_of(
    const char *sql, nlt_sql_kind kind, const nlt_sql_expr *expr)
{
    return (nlt_sql_value){sql, nlt__sql_plain(kind), expr};
}

static inline bool nlt__sql_is_literal(const nlt_sql_value *value)
{
    return value->expr != NULL && value->expr->kind == NLT_SQL_EXPR_LITERAL;
}

/* ---- texts and errors (translate.c) ---- */

/* A text owned by the translation. NLT_ERR_LIMIT when all texts are too long. */
nlt_status nlt__sql_text(nlt_sql_translator *tr, const char **out, const char *format, ...)
    NLT_PRINTF(3, 4) NLT_MUST_CHECK;
nlt_status nlt__sql_keep(nlt_sql_translator *tr, nlt_buf *buf, const char **out) NLT_MUST_CHECK;
void *nlt__sql_alloc(nlt_sql_translator *tr, size_t n, size_t size);
nlt_status nlt__sql_oom(nlt_sql_translator *tr);
/* The statement is wrong in Spark, too. */
nlt_status nlt__sql_wrong(nlt_sql_translator *tr, nlt_bytes place, const char *format, ...)
    NLT_PRINTF(3, 4);
/* Spark can do it, we cannot: with the hint at the other dialect. */
nlt_status nlt__sql_refuse(nlt_sql_translator *tr, nlt_bytes place, const char *format, ...)
    NLT_PRINTF(3, 4);

/* ---- expressions (translate_expr.c) ---- */

nlt_status nlt__sql_expr(nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr,
    nlt_sql_value *out) NLT_MUST_CHECK;
/* A condition: boolean. */
nlt_status nlt__sql_condition(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_expr *expr, const char *what, const char **out) NLT_MUST_CHECK;
nlt_status nlt__sql_order_items(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_order *order, int n, nlt_buf *out) NLT_MUST_CHECK;
/* A comparison of values as Spark types it: "=", "<=>", "<" ... */
nlt_status nlt__sql_compare(nlt_sql_translator *tr, const char *op, nlt_sql_value left,
    nlt_sql_value right, const nlt_sql_expr *expr, nlt_sql_value *out) NLT_MUST_CHECK;
/* The common type of values, to which they are cast. */
nlt_status nlt__sql_unify(nlt_sql_translator *tr, nlt_sql_meeting meeting, nlt_sql_value *values,
    int n, const nlt_sql_expr *expr, nlt_sql_type *out) NLT_MUST_CHECK;
/* What is compared where the order of values counts: structs get NULL fields first, as in Spark. */
nlt_status nlt__sql_order_key(
    nlt_sql_translator *tr, const nlt_sql_value *value, const char **out) NLT_MUST_CHECK;
/* A field of a struct instead of the struct. */
nlt_status nlt__sql_field_of(
    nlt_sql_translator *tr, nlt_sql_value *value, const char *name, nlt_bytes place) NLT_MUST_CHECK;
/* A text in quotes. */
nlt_status nlt__sql_quoted(
    nlt_sql_translator *tr, const char *text, char quote, const char **out) NLT_MUST_CHECK;
/* DuckDB's name of a type, and Spark's. */
const char *nlt__sql_type_text(nlt_sql_translator *tr, nlt_sql_type type);
const char *nlt__sql_spark_type_text(nlt_sql_translator *tr, nlt_sql_type type);
nlt_status nlt__sql_name(
    nlt_sql_translator *tr, const nlt_sql_expr *expr, const char **out) NLT_MUST_CHECK;

/* ---- arithmetic (translate_arithmetic.c) ---- */

/* +, -, *, /, %, div of two values, which are cast. */
nlt_status nlt__sql_arithmetic(nlt_sql_translator *tr, const char *op, nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out) NLT_MUST_CHECK;
/* Quotient of decimals, rounded half up to the type of the result. */
nlt_status nlt__sql_decimal_quotient(nlt_sql_translator *tr, nlt_sql_value a, nlt_sql_value b,
    nlt_sql_type type, const char **out) NLT_MUST_CHECK;
/* &, |, ^ of integers, which are cast. */
nlt_status nlt__sql_bits(nlt_sql_translator *tr, const char *op, nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out) NLT_MUST_CHECK;
/* A text becomes a double; what is no number is refused. */
nlt_status nlt__sql_to_number(
    nlt_sql_translator *tr, nlt_sql_value *value, const nlt_sql_expr *expr) NLT_MUST_CHECK;

/* ---- casts (casts.c) ---- */

/* CAST, or an implicit cast, of a value. NLT_ERR_SQL: Spark has no such cast, or we do not. */
nlt_status nlt__sql_cast(
    nlt_sql_translator *tr, nlt_sql_value *value, nlt_sql_type to) NLT_MUST_CHECK;

/* ---- relations (translate_relation.c) ---- */

/* The text of what stands in FROM; its columns are appended to `scope`. */
nlt_status nlt__sql_relation_text(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out) NLT_MUST_CHECK;
nlt_status nlt__sql_values(nlt_sql_translator *tr, nlt_sql_scope *outer,
    const nlt_sql_relation_node *node, nlt_sql_answer *out) NLT_MUST_CHECK;
/* "col1", "col2": an answer's columns as its text calls them. */
nlt_status nlt__sql_named_columns(
    nlt_sql_translator *tr, const nlt_sql_answer *answer, const char **out) NLT_MUST_CHECK;
/* A name of our own, quoted. */
nlt_status nlt__sql_new_relation(nlt_sql_translator *tr, const char **out) NLT_MUST_CHECK;
/* The hidden column of a recursive CTE. */
extern const char nlt__sql_level_name[];

/* ---- queries (translate_query.c) ---- */

/* `is_top`: its columns keep their names even if two are the same. */
nlt_status nlt__sql_query(nlt_sql_translator *tr, nlt_sql_scope *outer, const nlt_sql_query *query,
    bool is_top, nlt_sql_answer *out) NLT_MUST_CHECK;

/* ---- pivots (translate_pivot.c) ---- */

/* The text of a PIVOT or UNPIVOT over `from`, whose columns are those of `inner`. */
nlt_status nlt__sql_pivot(nlt_sql_translator *tr, nlt_sql_scope *inner, const char *from,
    const nlt_sql_relation_node *node, nlt_sql_answer *out) NLT_MUST_CHECK;

/* ---- functions (functions.c, generators.c) ---- */

nlt_status nlt__sql_call_function(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_expr *call, nlt_sql_value *out) NLT_MUST_CHECK;
bool nlt__sql_is_aggregate(const char *name);
/* EXPLODE and the like: the columns that it makes. */
typedef struct nlt_sql_generated {
    nlt_sql_value *values;
    const char **names;
    int n_values;
} nlt_sql_generated;
bool nlt__sql_is_generator(const nlt_sql_expr *expr);
nlt_status nlt__sql_generate(nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *call,
    bool is_outer, nlt_sql_generated *out) NLT_MUST_CHECK;

/* ---- Java patterns (java_regex.c) ---- */

typedef struct nlt_java_regex {
    bool matches_empty;
    bool is_literal; /* no operator in it: `literal` is what it matches */
    int n_groups;
} nlt_java_regex;

/* A Java pattern as RE2 takes it. `is_search`: only whether it is found matters, so that $ may take
 * the line end before it. NLT_ERR_SQL with a message that names what differs. */
nlt_status nlt__java_regex(const char *pattern, bool is_search, nlt_buf *out, nlt_buf *literal,
    nlt_java_regex *info, nlt_error *err) NLT_MUST_CHECK;
/* A Java replacement ($1, \$) as RE2 takes it. */
nlt_status nlt__java_replacement(
    const char *text, int n_groups, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
