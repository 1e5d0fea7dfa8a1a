/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PIVOT as aggregates with a filter for each value, UNPIVOT as rows from lists. */

#include <string.h>

#include "sql/text.h"
#include "sql/translate.h"

/* Columns of the answer as they are made. */
typedef struct columns {
    nlt_sql_answer *answer;
    const char *list;   /* of SELECT */
    const char *groups; /* of GROUP BY */
} columns;

static nlt_status reserve(nlt_sql_translator *tr, nlt_sql_answer *answer, int n)
{
    *answer = (nlt_sql_answer){.n_columns = 0};
    answer->names = nlt__sql_alloc(tr, (size_t)n + 1, sizeof *answer->names);
    answer->inner_names = nlt__sql_alloc(tr, (size_t)n + 1, sizeof *answer->inner_names);
    answer->types = nlt__sql_alloc(tr, (size_t)n + 1, sizeof *answer->types);
    bool is_ok = answer->names != NULL && answer->inner_names != NULL && answer->types != NULL;
    return is_ok ? NLT_OK : nlt__sql_oom(tr);
}

static nlt_status add(
    nlt_sql_translator *tr, columns *to, const char *name, nlt_sql_type type, const char *sql)
{
    nlt_sql_answer *answer = to->answer;
    int n = answer->n_columns++;
    answer->names[n] = name;
    answer->types[n] = type;
    NLT_TRY(nlt__sql_text(tr, &answer->inner_names[n], "p%d", n + 1));
    return nlt__sql_text(
        tr, &to->list, "%s%s%s AS \"p%d\"", to->list, n > 0 ? ", " : "", sql, n + 1);
}

/* Does the expression name the column? */
static bool names_column(const nlt_sql_expr *expr, const nlt_sql_column *column)
{
    if (expr->kind == NLT_SQL_EXPR_COLUMN
        && nlt__sql_equal_names(expr->parts[expr->n_parts - 1], column->name)) {
        return true;
    }
    for (int i = 0; i < expr->n_args; i++) {
        if (names_column(expr->args[i], column)) {
            return true;
        }
    }
    return expr->call != NULL && expr->call->filter != NULL
        && names_column(expr->call->filter, column);
}

/* The columns that rows are grouped by: those that nothing else names. */
static nlt_status add_rest(
    nlt_sql_translator *tr, const nlt_sql_scope *inner, const nlt_sql_pivot *pivot, columns *to)
{
    for (int i = 0; i < inner->n_columns; i++) {
        const nlt_sql_column *column = &inner->columns[i];
        bool is_used = column->is_qualified_only;
        for (int j = 0; j < pivot->n_items; j++) {
            is_used = is_used || names_column(pivot->items[j].expr, column);
        }
        for (int j = 0; pivot->on == NULL && j < pivot->n_values; j++) {
            is_used = is_used || names_column(pivot->values[j].expr, column);
        }
        if (is_used || (pivot->on != NULL && names_column(pivot->on, column))) {
            continue;
        }
        NLT_TRY(nlt__sql_text(tr, &to->groups, "%s%s%s", to->groups,
            to->groups[0] == '\0' ? " GROUP BY " : ", ", column->sql));
        NLT_TRY(add(tr, to, column->name, column->type, column->sql));
    }
    return NLT_OK;
}

static nlt_status new_binary(nlt_sql_translator *tr, const char *op, nlt_sql_expr *left,
    nlt_sql_expr *right, nlt_sql_expr **out)
{
    *out = nlt__sql_alloc(tr, 1, sizeof **out);
    nlt_sql_expr **args = nlt__sql_alloc(tr, 2, sizeof *args);
    if (*out == NULL || args == NULL) {
        return nlt__sql_oom(tr);
    }
    args[0] = left;
    args[1] = right;
    **out = (nlt_sql_expr){.kind = NLT_SQL_EXPR_BINARY,
        .place = right->place,
        .text = op,
        .args = args,
        .n_args = 2,
        .depth = 1};
    return NLT_OK;
}

/* on <=> value, column by column. */
static nlt_status condition_of(nlt_sql_translator *tr, const nlt_sql_pivot *pivot,
    const nlt_sql_item *value, nlt_sql_expr **out)
{
    nlt_sql_expr *on = pivot->on;
    if (on->kind != NLT_SQL_EXPR_TUPLE) {
        return new_binary(tr, "<=>", on, value->expr, out);
    }
    *out = NULL;
    if (value->expr->kind != NLT_SQL_EXPR_TUPLE || value->expr->n_args != on->n_args) {
        return nlt__sql_wrong(tr, value->expr->place, "PIVOT: %d values are expected", on->n_args);
    }
    for (int i = 0; i < on->n_args; i++) {
        nlt_sql_expr *same;
        NLT_TRY(new_binary(tr, "<=>", on->args[i], value->expr->args[i], &same));
        if (*out != NULL) {
            NLT_TRY(new_binary(tr, "and", *out, same, &same));
        }
        *out = same;
    }
    return NLT_OK;
}

/* A copy of the expression whose aggregates see only rows of the condition. */
static nlt_status filtered(nlt_sql_translator *tr, const nlt_sql_expr *expr,
    nlt_sql_expr *condition, bool *has_aggregate, nlt_sql_expr **out)
{
    nlt_sql_expr *copy = nlt__sql_alloc(tr, 1, sizeof *copy);
    nlt_sql_expr **args = nlt__sql_alloc(tr, (size_t)expr->n_args + 1, sizeof *args);
    *out = copy;
    if (copy == NULL || args == NULL) {
        return nlt__sql_oom(tr);
    }
    *copy = *expr;
    if (expr->kind == NLT_SQL_EXPR_CALL && expr->call->over == NULL
        && nlt__sql_is_aggregate(expr->text)) {
        *has_aggregate = true;
        copy->call = nlt__sql_alloc(tr, 1, sizeof *copy->call);
        if (copy->call == NULL) {
            return nlt__sql_oom(tr);
        }
        *copy->call = *expr->call;
        copy->call->filter = condition;
        return expr->call->filter == NULL
            ? NLT_OK
            : new_binary(tr, "and", condition, expr->call->filter, &copy->call->filter);
    }
    for (int i = 0; i < expr->n_args; i++) {
        NLT_TRY(filtered(tr, expr->args[i], condition, has_aggregate, &args[i]));
    }
    copy->args = args;
    return NLT_OK;
}

static nlt_status value_name(nlt_sql_translator *tr, const nlt_sql_item *value, const char **out)
{
    const nlt_sql_expr *expr = value->expr;
    bool is_null = expr->kind == NLT_SQL_EXPR_LITERAL && expr->type.kind == NLT_SQL_NULL;
    if (value->n_aliases > 0) {
        *out = value->aliases[0];
        return NLT_OK;
    }
    if (expr->kind != NLT_SQL_EXPR_LITERAL) {
        return nlt__sql_refuse(
            tr, expr->place, "PIVOT: a value that is no literal and has no name");
    }
    *out = is_null ? "null" : expr->text;
    return NLT_OK;
}

/* The aggregates of one value. A group without a row of it gets NULL, counts included. */
static nlt_status add_value(nlt_sql_translator *tr, nlt_sql_scope *inner,
    const nlt_sql_pivot *pivot, const nlt_sql_item *value, columns *to)
{
    nlt_sql_expr *condition;
    const char *text = NULL;
    const char *prefix = NULL;
    NLT_TRY(condition_of(tr, pivot, value, &condition));
    NLT_TRY(nlt__sql_condition(tr, inner, condition, "PIVOT", &text));
    NLT_TRY(value_name(tr, value, &prefix));
    for (int i = 0; i < pivot->n_items; i++) {
        const nlt_sql_item *item = &pivot->items[i];
        nlt_sql_expr *expr;
        nlt_sql_value answer;
        const char *name = prefix;
        bool has_aggregate = false;
        NLT_TRY(filtered(tr, item->expr, condition, &has_aggregate, &expr));
        if (!has_aggregate) {
            return nlt__sql_wrong(tr, item->expr->place, "PIVOT takes aggregates");
        }
        NLT_TRY(nlt__sql_expr(tr, inner, expr, &answer));
        if (pivot->n_items > 1) {
            const char *suffix = item->n_aliases > 0 ? item->aliases[0] : NULL;
            if (suffix == NULL) {
                NLT_TRY(nlt__sql_name(tr, item->expr, &suffix));
            }
            NLT_TRY(nlt__sql_text(tr, &name, "%s_%s", prefix, suffix));
        }
        NLT_TRY(nlt__sql_text(tr, &answer.sql,
            "CASE WHEN count(*) FILTER (WHERE %s) > 0 THEN %s END", text, answer.sql));
        NLT_TRY(add(tr, to, name, answer.type, answer.sql));
    }
    return NLT_OK;
}

/* name and value of each column, side by side. */
static nlt_status add_unpivoted(
    nlt_sql_translator *tr, nlt_sql_scope *inner, const nlt_sql_pivot *pivot, columns *to)
{
    const char *names = "";
    const char *list = "";
    nlt_sql_type type;
    nlt_sql_value *values = nlt__sql_alloc(tr, (size_t)pivot->n_values, sizeof *values);
    if (values == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < pivot->n_values; i++) {
        const nlt_sql_item *item = &pivot->values[i];
        const char *name = NULL;
        if (item->expr->kind != NLT_SQL_EXPR_COLUMN) {
            return nlt__sql_refuse(tr, item->expr->place, "UNPIVOT of more than columns");
        }
        NLT_TRY(nlt__sql_expr(tr, inner, item->expr, &values[i]));
        NLT_TRY(nlt__sql_quoted(tr,
            item->n_aliases > 0 ? item->aliases[0] : item->expr->parts[item->expr->n_parts - 1],
            '\'', &name));
        NLT_TRY(nlt__sql_text(tr, &names, "%s%s%s", names, i > 0 ? ", " : "", name));
    }
    NLT_TRY(nlt__sql_unify(
        tr, NLT_SQL_MEET_WIDEN, values, pivot->n_values, pivot->values[0].expr, &type));
    for (int i = 0; i < pivot->n_values; i++) {
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s%s", list, i > 0 ? ", " : "", values[i].sql));
    }
    NLT_TRY(nlt__sql_text(tr, &names, "unnest([%s])", names));
    NLT_TRY(nlt__sql_text(tr, &list, "unnest([%s])", list));
    NLT_TRY(add(tr, to, pivot->name_name, nlt__sql_plain(NLT_SQL_STRING), names));
    return add(tr, to, pivot->value_name, type, list);
}

nlt_status nlt__sql_pivot(nlt_sql_translator *tr, nlt_sql_scope *inner, const char *from,
    const nlt_sql_relation_node *node, nlt_sql_answer *out)
{
    enum { COLUMNS_MAX = 4096 };
    const nlt_sql_pivot *pivot = node->pivot;
    columns to = {out, "", ""};
    bool is_pivot = pivot->on != NULL;
    if (pivot->n_items * pivot->n_values > COLUMNS_MAX) {
        return nlt__sql_wrong(tr, node->place, "more than %d columns", COLUMNS_MAX);
    }
    NLT_TRY(reserve(tr, out, inner->n_columns + (is_pivot ? pivot->n_items * pivot->n_values : 2)));
    NLT_TRY(add_rest(tr, inner, pivot, &to));
    for (int i = 0; is_pivot && i < pivot->n_values; i++) {
        NLT_TRY(add_value(tr, inner, pivot, &pivot->values[i], &to));
    }
    if (is_pivot) {
        return nlt__sql_text(tr, &out->sql, "SELECT %s FROM %s%s", to.list, from, to.groups);
    }
    NLT_TRY(add_unpivoted(tr, inner, pivot, &to));
    return nlt__sql_text(tr, &out->sql,
        pivot->includes_nulls ? "SELECT %s FROM %s"
                              : "SELECT * FROM (SELECT %s FROM %s) WHERE \"p%d\" IS NOT NULL",
        to.list, from, out->n_columns);
}
