/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_SYNTAX_H
#define NLT_SQL_SYNTAX_H

/* The syntax tree of a query in Spark SQL. All nodes and texts are owned by one arena. */

#include "sql/types.h"

typedef struct nlt_sql_expr nlt_sql_expr;
typedef struct nlt_sql_query nlt_sql_query;
typedef struct nlt_sql_relation_node nlt_sql_relation_node;

typedef enum nlt_sql_expr_kind {
    NLT_SQL_EXPR_LITERAL,  /* `type`; `text`: its value, without quotes */
    NLT_SQL_EXPR_COLUMN,   /* `parts` */
    NLT_SQL_EXPR_STAR,     /* `parts`: the qualifier, perhaps none; columns of EXCEPT */
    NLT_SQL_EXPR_UNARY,    /* `text`: "-", "+", "~", "not" */
    NLT_SQL_EXPR_BINARY,   /* `text`: the operator; "and" and "or" take two arguments or more */
    NLT_SQL_EXPR_CALL,     /* `text`: the function in lower case; `call` */
    NLT_SQL_EXPR_CAST,     /* `type` */
    NLT_SQL_EXPR_CASE,     /* [operand] (condition value)* [else] */
    NLT_SQL_EXPR_BETWEEN,  /* value, low, high */
    NLT_SQL_EXPR_IN,       /* value, choices; or `query` */
    NLT_SQL_EXPR_LIKE,     /* `text`: "like", "ilike", "rlike"; value, patterns */
    NLT_SQL_EXPR_IS,       /* `text`: "null", "true", "false", "unknown" */
    NLT_SQL_EXPR_EXISTS,   /* `query` */
    NLT_SQL_EXPR_SUBQUERY, /* `query` */
    NLT_SQL_EXPR_INDEX,    /* value, index */
    NLT_SQL_EXPR_FIELD,    /* `text`: a field of a struct */
    NLT_SQL_EXPR_LAMBDA,   /* `parts`: parameters; body */
    NLT_SQL_EXPR_TUPLE,
    NLT_SQL_EXPR_INTERVAL /* `text`: in DuckDB's words */
} nlt_sql_expr_kind;

/* ORDER BY, GROUP BY within windows. */
typedef struct nlt_sql_order {
    nlt_sql_expr *expr;
    bool is_descending, is_nulls_last;
} nlt_sql_order;

typedef struct nlt_sql_window {
    nlt_sql_expr **partition;
    int n_partition;
    nlt_sql_order *order;
    int n_order;
    nlt_bytes name;                      /* of a named window that it refers to; empty: none */
    const char *frame_unit;              /* "ROWS", "RANGE"; NULL: no frame */
    const char *frame_start, *frame_end; /* "UNBOUNDED PRECEDING" ...; "PRECEDING" has a value */
    nlt_sql_expr *start_value, *end_value;
} nlt_sql_window;

/* What a function call may carry. */
typedef struct nlt_sql_call {
    bool is_distinct;
    bool ignores_nulls;
    nlt_sql_expr *filter;
    nlt_sql_window *over;
    nlt_sql_order *within; /* WITHIN GROUP (ORDER BY ...) */
    int n_within;
} nlt_sql_call;

struct nlt_sql_expr {
    nlt_sql_expr_kind kind;
    nlt_bytes place; /* where it begins in the user's text */
    const char *text;
    const char **parts;
    nlt_sql_expr **args;
    int n_parts, n_args;
    int depth;        /* of the tree below */
    bool is_not;      /* NOT IN, NOT LIKE, IS NOT ... */
    bool has_operand; /* CASE x WHEN */
    bool has_else;    /* CASE: the last argument */
    bool is_all;      /* LIKE ALL (...); otherwise ANY */
    char escape;      /* LIKE */
    nlt_sql_type type;
    nlt_sql_call *call;
    nlt_sql_query *query;
};

typedef struct nlt_sql_item {
    nlt_sql_expr *expr;
    const char **aliases; /* several for a generator */
    int n_aliases;
} nlt_sql_item;

typedef enum nlt_sql_join {
    NLT_SQL_JOIN_INNER,
    NLT_SQL_JOIN_CROSS,
    NLT_SQL_JOIN_LEFT,
    NLT_SQL_JOIN_RIGHT,
    NLT_SQL_JOIN_FULL,
    NLT_SQL_JOIN_SEMI,
    NLT_SQL_JOIN_ANTI
} nlt_sql_join;

typedef enum nlt_sql_relation_kind {
    NLT_SQL_RELATION_TABLE,    /* `parts` */
    NLT_SQL_RELATION_QUERY,    /* `query` */
    NLT_SQL_RELATION_VALUES,   /* `rows`, each a TUPLE */
    NLT_SQL_RELATION_FUNCTION, /* `call`: range(...), explode(...) */
    NLT_SQL_RELATION_JOIN,     /* `left`, `right` */
    NLT_SQL_RELATION_VIEW,     /* LATERAL VIEW: `left`, `call` */
    NLT_SQL_RELATION_PIVOT,    /* `left`, `pivot` */
    NLT_SQL_RELATION_UNPIVOT   /* `left`, `pivot` */
} nlt_sql_relation_kind;

/* PIVOT (items FOR on IN (values)); UNPIVOT (value_name FOR name_name IN (values)). */
typedef struct nlt_sql_pivot {
    nlt_sql_item *items;
    int n_items;
    nlt_sql_expr *on; /* a column, or a TUPLE of them */
    nlt_sql_item *values;
    int n_values;
    const char *value_name, *name_name;
    bool includes_nulls;
} nlt_sql_pivot;

struct nlt_sql_relation_node {
    nlt_sql_relation_kind kind;
    nlt_bytes place;
    const char **parts;
    int n_parts;
    const char *alias; /* NULL: none */
    const char **columns;
    int n_columns;
    nlt_sql_query *query;
    nlt_sql_expr **rows;
    int n_rows;
    nlt_sql_expr *call;
    nlt_sql_pivot *pivot;
    bool is_outer, is_lateral;
    int depth;
    nlt_sql_relation_node *left, *right;
    nlt_sql_join join;
    bool is_natural;
    nlt_sql_expr *on;
    const char **using_columns;
    int n_using;
};

/* One of the elements of GROUP BY. */
typedef struct nlt_sql_group {
    const char *kind;     /* NULL: expressions; "ROLLUP", "CUBE", "GROUPING SETS" */
    nlt_sql_expr **exprs; /* sets are TUPLEs */
    int n_exprs;
} nlt_sql_group;

typedef struct nlt_sql_named_window {
    const char *name;
    nlt_sql_window *window;
} nlt_sql_named_window;

typedef struct nlt_sql_select {
    bool is_distinct;
    nlt_sql_item *items;
    int n_items;
    nlt_sql_relation_node *from;
    nlt_sql_expr *where;
    nlt_sql_group *groups;
    int n_groups;
    bool is_group_all;
    nlt_sql_expr *having;
    nlt_sql_expr *qualify;
    nlt_sql_named_window *windows;
    int n_windows;
} nlt_sql_select;

typedef struct nlt_sql_cte {
    bool is_recursive; /* in WITH RECURSIVE */
    const char *name;
    const char **columns;
    int n_columns;
    nlt_sql_query *query;
} nlt_sql_cte;

typedef enum nlt_sql_query_kind {
    NLT_SQL_QUERY_SELECT,
    NLT_SQL_QUERY_SET,    /* `left` `set` `right` */
    NLT_SQL_QUERY_VALUES, /* `values` */
    NLT_SQL_QUERY_NESTED  /* (query) with an ORDER BY, LIMIT of its own: `left` */
} nlt_sql_query_kind;

struct nlt_sql_query {
    nlt_sql_query_kind kind;
    nlt_bytes place;
    int depth;
    nlt_sql_cte *ctes;
    int n_ctes;
    nlt_sql_select select;
    nlt_sql_relation_node *values;
    const char *set; /* "UNION", "EXCEPT", "INTERSECT" */
    bool is_all;
    nlt_sql_query *left, *right;
    nlt_sql_order *order;
    int n_order;
    bool is_order_all, is_order_all_descending, is_order_all_nulls_last;
    nlt_sql_expr *limit, *offset;
};

/* Fills `err` with line and column of `place` in `sql`, the message, the line and a caret. */
nlt_status nlt__sql_error(nlt_bytes sql, nlt_bytes place, nlt_error *err, const char *format, ...)
    NLT_PRINTF(4, 5);

/* The length of an interval like "5 minutes". False: it is none, or it has months. */
bool nlt__sql_interval_micros(const char *text, int64_t *out);

/* Parses one query; a trailing ';' is fine. NLT_ERR_SQL with the place of what is wrong. */
NLT_API nlt_status nlt__sql_parse(
    nlt_bytes sql, nlt_arena *arena, nlt_sql_query **out, nlt_error *err) NLT_MUST_CHECK;

#endif
