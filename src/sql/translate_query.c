/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries: what SELECT makes of its relations, set operations, WITH. */

#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "sql/text.h"
#include "sql/translate.h"

enum { SQL_MAX = 16 << 20, LEVELS_MAX = 100 };

/* ---- SELECT ---- */

/* The items of a SELECT, stars written out. */
typedef struct select_list {
    nlt_sql_output *outputs;
    int n, cap;
} select_list;

static nlt_status add_output(nlt_sql_translator *tr, select_list *list, nlt_sql_output output)
{
    enum { COLUMNS_MAX = 4096 };
    if (list->n == list->cap) {
        int cap = list->cap == 0 ? 16 : list->cap * 2;
        nlt_sql_output *grown = nlt__sql_alloc(tr, (size_t)cap, sizeof *grown);
        if (grown == NULL || cap > COLUMNS_MAX) {
            return grown == NULL
                ? nlt__sql_oom(tr)
                : nlt_fail(tr->err, NLT_ERR_SQL, "more than %d columns", COLUMNS_MAX);
        }
        if (list->n > 0) {
            memcpy(grown, list->outputs, (size_t)list->n * sizeof *grown);
        }
        list->outputs = grown;
        list->cap = cap;
    }
    list->outputs[list->n++] = output;
    return NLT_OK;
}

/* Is the column meant by the star, or left out by its EXCEPT? */
static bool is_starred(const nlt_sql_expr *star, const nlt_sql_column *column, bool *is_excepted)
{
    *is_excepted = false;
    for (int i = 0; i < star->n_args; i++) {
        *is_excepted = *is_excepted || nlt__sql_equal_names(star->args[i]->parts[0], column->name);
    }
    return star->n_parts == 0
        ? !column->is_qualified_only
        : column->qualifier != NULL && nlt__sql_equal_names(column->qualifier, star->parts[0]);
}

static nlt_status add_star(
    nlt_sql_translator *tr, const nlt_sql_scope *scope, const nlt_sql_expr *star, select_list *list)
{
    bool is_any = false;
    int n_excepted = 0;
    if (star->n_parts > 1) {
        return nlt__sql_refuse(tr, star->place, "* of a field");
    }
    for (int i = 0; i < scope->n_columns; i++) {
        const nlt_sql_column *column = &scope->columns[i];
        bool is_excepted;
        if (!is_starred(star, column, &is_excepted)) {
            continue;
        }
        is_any = true;
        n_excepted += is_excepted;
        nlt_sql_value value = {column->sql, column->type, star};
        if (!is_excepted) {
            NLT_TRY(add_output(tr, list, (nlt_sql_output){column->name, value, false}));
        }
    }
    if (n_excepted != star->n_args) {
        return nlt__sql_wrong(
            tr, star->place, "EXCEPT: each name must be that of one column of the star");
    }
    return is_any ? NLT_OK
                  : nlt__sql_wrong(tr, star->place, "* stands for nothing: no table %s",
                      star->n_parts > 0 ? star->parts[0] : "in FROM");
}

static nlt_status add_generated(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_item *item, select_list *list)
{
    nlt_sql_generated generated;
    NLT_TRY(nlt__sql_generate(tr, scope, item->expr, false, &generated));
    if (item->n_aliases > 0 && item->n_aliases != generated.n_values) {
        return nlt__sql_wrong(tr, item->expr->place, "%s makes %d columns, %d names are given",
            item->expr->text, generated.n_values, item->n_aliases);
    }
    for (int i = 0; i < generated.n_values; i++) {
        const char *name = item->n_aliases > 0 ? item->aliases[i] : generated.names[i];
        NLT_TRY(add_output(tr, list, (nlt_sql_output){name, generated.values[i], true}));
    }
    return NLT_OK;
}

static nlt_status add_item(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_item *item, select_list *list)
{
    if (item->expr->kind == NLT_SQL_EXPR_STAR) {
        return add_star(tr, scope, item->expr, list);
    }
    if (nlt__sql_is_generator(item->expr)) {
        return add_generated(tr, scope, item, list);
    }
    if (item->n_aliases > 1) {
        return nlt__sql_wrong(tr, item->expr->place, "one column has several names");
    }
    nlt_sql_output output = {.name = item->n_aliases > 0 ? item->aliases[0] : NULL};
    NLT_TRY(nlt__sql_expr(tr, scope, item->expr, &output.value));
    if (output.name == NULL) {
        NLT_TRY(nlt__sql_name(tr, item->expr, &output.name));
    }
    return add_output(tr, list, output);
}

static nlt_status select_items(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_select *select, select_list *list)
{
    for (int i = 0; i < select->n_items; i++) {
        scope->outputs = list->outputs; /* aliases may be used to their right */
        scope->n_outputs = list->n;
        NLT_TRY(add_item(tr, scope, &select->items[i], list));
    }
    scope->outputs = list->outputs;
    scope->n_outputs = list->n;
    return NLT_OK;
}

static bool has_aggregate(const nlt_sql_expr *expr)
{
    if (expr->kind == NLT_SQL_EXPR_CALL && expr->call->over == NULL
        && nlt__sql_is_aggregate(expr->text)) {
        return true;
    }
    for (int i = 0; i < expr->n_args; i++) {
        if (has_aggregate(expr->args[i])) {
            return true;
        }
    }
    return false;
}

/* Is there an aggregate, inside of windows, too? */
static bool needs_groups(const nlt_sql_expr *expr)
{
    const nlt_sql_window *window = expr->call != NULL ? expr->call->over : NULL;
    bool is_found = has_aggregate(expr);
    for (int i = 0; i < expr->n_args && !is_found; i++) {
        is_found = needs_groups(expr->args[i]);
    }
    for (int i = 0; window != NULL && i < window->n_partition && !is_found; i++) {
        is_found = needs_groups(window->partition[i]);
    }
    for (int i = 0; window != NULL && i < window->n_order && !is_found; i++) {
        is_found = needs_groups(window->order[i].expr);
    }
    return is_found;
}

/* A number in GROUP BY or ORDER BY is the number of an item; -1: the expression is none. */
static nlt_status item_number(
    nlt_sql_translator *tr, const nlt_sql_scope *scope, const nlt_sql_expr *expr, int *out)
{
    int64_t number = 0;
    *out = -1;
    if (expr->kind != NLT_SQL_EXPR_LITERAL || expr->type.kind != NLT_SQL_INT) {
        return NLT_OK;
    }
    if (!nlt__parse_i64((nlt_bytes){expr->text, strlen(expr->text)}, &number) || number < 1
        || number > scope->n_outputs) {
        return nlt__sql_wrong(
            tr, expr->place, "there is no column %s in the SELECT list", expr->text);
    }
    *out = (int)number - 1;
    return NLT_OK;
}

static nlt_status group_value(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    int number = -1;
    NLT_TRY(item_number(tr, scope, expr, &number));
    if (number >= 0) {
        *out = scope->outputs[number].value;
    } else {
        NLT_TRY(nlt__sql_expr(tr, scope, expr, out));
    }
    if (out->expr != NULL && out->expr->kind == NLT_SQL_EXPR_LITERAL) {
        /* a constant is no column number */
        return nlt__sql_text(
            tr, &out->sql, "CAST(%s AS %s)", out->sql, nlt__sql_type_text(tr, out->type));
    }
    return NLT_OK;
}

/* Remembers the expressions of GROUP BY in order. */
static nlt_status remember_group(
    nlt_sql_translator *tr, nlt_sql_grouping *grouping, nlt_sql_value value)
{
    for (int i = 0; i < grouping->n_values; i++) {
        if (strcmp(grouping->values[i].sql, value.sql) == 0) {
            return NLT_OK;
        }
    }
    nlt_sql_value *grown = nlt__sql_alloc(tr, (size_t)grouping->n_values + 1, sizeof *grown);
    if (grown == NULL) {
        return nlt__sql_oom(tr);
    }
    if (grouping->n_values > 0) {
        memcpy(grown, grouping->values, (size_t)grouping->n_values * sizeof *grown);
    }
    grown[grouping->n_values++] = value;
    grouping->values = grown;
    return NLT_OK;
}

static nlt_status put_group(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_group *group, nlt_sql_grouping *grouping, nlt_buf *out)
{
    nlt_sql_value value;
    if (group->kind == NULL) {
        NLT_TRY(group_value(tr, scope, group->exprs[0], &value));
        NLT_TRY(remember_group(tr, grouping, value));
        return nlt__buf_printf(out, tr->err, "%s", value.sql);
    }
    NLT_TRY(nlt__buf_printf(out, tr->err, "%s (", group->kind));
    for (int i = 0; i < group->n_exprs; i++) {
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s(", i > 0 ? ", " : ""));
        for (int j = 0; j < group->exprs[i]->n_args; j++) {
            NLT_TRY(group_value(tr, scope, group->exprs[i]->args[j], &value));
            NLT_TRY(remember_group(tr, grouping, value));
            NLT_TRY(nlt__buf_printf(out, tr->err, "%s%s", j > 0 ? ", " : "", value.sql));
        }
        NLT_TRY(nlt__buf_append(out, ")", 1, tr->err));
    }
    return nlt__buf_append(out, ")", 1, tr->err);
}

static nlt_status put_group_all(const nlt_sql_translator *tr, const nlt_sql_scope *scope,
    const nlt_sql_select *select, nlt_buf *out)
{
    const char *before = " GROUP BY ";
    for (int i = 0; i < scope->n_outputs; i++) {
        const nlt_sql_value *value = &scope->outputs[i].value;
        bool is_constant = value->expr->kind == NLT_SQL_EXPR_LITERAL;
        if (has_aggregate(value->expr) || is_constant) {
            continue;
        }
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s%s", before, value->sql));
        before = ", ";
    }
    (void)select;
    return NLT_OK;
}

static nlt_status put_group_by(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_select *select, nlt_sql_grouping *grouping, nlt_buf *out)
{
    if (select->is_group_all) {
        return put_group_all(tr, scope, select, out);
    }
    for (int i = 0; i < select->n_groups; i++) {
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s", i > 0 ? ", " : " GROUP BY "));
        NLT_TRY(put_group(tr, scope, &select->groups[i], grouping, out));
    }
    return NLT_OK;
}

/* The item that an expression of ORDER BY stands for; -1: none. */
static nlt_status find_output(
    nlt_sql_translator *tr, const nlt_sql_scope *scope, const nlt_sql_expr *expr, int *out)
{
    NLT_TRY(item_number(tr, scope, expr, out));
    if (*out >= 0 || expr->kind != NLT_SQL_EXPR_COLUMN || expr->n_parts != 1) {
        return NLT_OK;
    }
    for (int i = 0; i < scope->n_outputs; i++) {
        if (!nlt__sql_equal_names(scope->outputs[i].name, expr->parts[0])) {
            continue;
        }
        if (*out >= 0 && strcmp(scope->outputs[*out].value.sql, scope->outputs[i].value.sql) != 0) {
            return nlt__sql_wrong(
                tr, expr->place, "%s is ambiguous: two columns have that name", expr->parts[0]);
        }
        *out = *out >= 0 ? *out : i;
    }
    return NLT_OK;
}

/* The key of an array, as of which the columns of a SELECT may be named; NULL: none of them. */
static nlt_status put_array_order(nlt_sql_translator *tr, const nlt_sql_output *output,
    nlt_sql_value *value, bool is_distinct, nlt_buf *out)
{
    if (output != NULL && (is_distinct || output->is_generated)) {
        return nlt__sql_refuse(tr, value->expr->place,
            "ORDER BY of an array of SELECT DISTINCT, a set operation or a generator");
    }
    const char *key = NULL;
    NLT_TRY(nlt__sql_order_key(tr, value, &key));
    return nlt__buf_printf(out, tr->err, "%s", key);
}

static nlt_status put_order_item(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_order *order, bool is_distinct, const char *before, nlt_buf *out)
{
    int number = -1;
    nlt_sql_value value = {.sql = NULL};
    NLT_TRY(find_output(tr, scope, order->expr, &number));
    if (number < 0) {
        NLT_TRY(nlt__sql_expr(tr, scope, order->expr, &value));
        for (int i = 0; i < scope->n_outputs && number < 0; i++) {
            number = strcmp(scope->outputs[i].value.sql, value.sql) == 0 ? i : -1;
        }
    }
    nlt_sql_kind kind = number >= 0 ? scope->outputs[number].value.type.kind : value.type.kind;
    if (kind == NLT_SQL_STRUCT || kind == NLT_SQL_MAP) {
        return nlt__sql_refuse(tr, order->expr->place, "ORDER BY of a struct or a map");
    }
    if (number < 0 && is_distinct) {
        return nlt__sql_wrong(tr, order->expr->place,
            "ORDER BY of a SELECT DISTINCT or set operation takes its columns only");
    }
    NLT_TRY(nlt__buf_printf(out, tr->err, "%s", before));
    if (kind == NLT_SQL_ARRAY) {
        const nlt_sql_output *output = number >= 0 ? &scope->outputs[number] : NULL;
        value = output != NULL ? output->value : value;
        NLT_TRY(put_array_order(tr, output, &value, is_distinct, out));
    } else if (number >= 0) {
        NLT_TRY(nlt__buf_printf(out, tr->err, "%d", number + 1));
    } else if (order->expr->kind == NLT_SQL_EXPR_LITERAL) {
        NLT_TRY(nlt__buf_printf(
            out, tr->err, "CAST(%s AS %s)", value.sql, nlt__sql_type_text(tr, value.type)));
    } else {
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s", value.sql));
    }
    return nlt__buf_printf(out, tr->err, " %s NULLS %s", order->is_descending ? "DESC" : "ASC",
        order->is_nulls_last ? "LAST" : "FIRST");
}

static nlt_status put_count(
    nlt_sql_translator *tr, const nlt_sql_expr *expr, const char *word, nlt_buf *out)
{
    nlt_sql_scope scope = {0};
    nlt_sql_value value;
    NLT_TRY(nlt__sql_expr(tr, &scope, expr, &value));
    if (!nlt__sql_is_integer(value.type.kind)) {
        return nlt__sql_wrong(tr, expr->place, "%s takes an integer", word);
    }
    if (expr->kind == NLT_SQL_EXPR_LITERAL && expr->text[0] == '-') {
        return nlt__sql_wrong(tr, expr->place, "%s cannot be negative", word);
    }
    return nlt__buf_printf(out, tr->err, " %s %s", word, value.sql);
}

static nlt_status put_order_and_limit(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_query *query, bool is_distinct, nlt_buf *out)
{
    scope->prefers_outputs = true;
    for (int i = 0; i < query->n_order; i++) {
        NLT_TRY(put_order_item(
            tr, scope, &query->order[i], is_distinct, i > 0 ? ", " : " ORDER BY ", out));
    }
    for (int i = 0; query->is_order_all && i < scope->n_outputs; i++) {
        nlt_sql_output *output = &scope->outputs[i];
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s", i > 0 ? ", " : " ORDER BY "));
        NLT_TRY(output->value.type.kind == NLT_SQL_ARRAY
                ? put_array_order(tr, output, &output->value, is_distinct, out)
                : nlt__buf_printf(out, tr->err, "%d", i + 1));
        NLT_TRY(nlt__buf_printf(out, tr->err, " %s NULLS %s",
            query->is_order_all_descending ? "DESC" : "ASC",
            query->is_order_all_nulls_last ? "LAST" : "FIRST"));
    }
    if (query->limit != NULL) {
        NLT_TRY(put_count(tr, query->limit, "LIMIT", out));
    }
    return query->offset != NULL ? put_count(tr, query->offset, "OFFSET", out) : NLT_OK;
}

/* Names that differ for DuckDB, which takes no notice of case. */
static nlt_status unique_names(nlt_sql_translator *tr, nlt_sql_answer *answer)
{
    for (int i = 0; i < answer->n_columns; i++) {
        answer->inner_names[i] = answer->names[i];
        for (int j = 0; j < i; j++) {
            if (nlt__sql_equal_names(answer->names[j], answer->names[i])) {
                NLT_TRY(
                    nlt__sql_text(tr, &answer->inner_names[i], "%s#%d", answer->names[i], i + 1));
                break;
            }
        }
    }
    return NLT_OK;
}

/* The columns of an answer, from the items of a SELECT. */
static nlt_status name_answer(
    nlt_sql_translator *tr, const select_list *list, bool is_top, nlt_sql_answer *out)
{
    size_t n = (size_t)list->n;
    *out = (nlt_sql_answer){.n_columns = list->n};
    out->names = nlt__sql_alloc(tr, n + 1, sizeof *out->names);
    out->inner_names = nlt__sql_alloc(tr, n + 1, sizeof *out->inner_names);
    out->types = nlt__sql_alloc(tr, n + 1, sizeof *out->types);
    if (out->names == NULL || out->inner_names == NULL || out->types == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < list->n; i++) {
        out->names[i] = list->outputs[i].name;
        out->inner_names[i] = out->names[i];
        out->types[i] = list->outputs[i].value.type;
        if (is_top && out->types[i].kind == NLT_SQL_INTERVAL) {
            return nlt__sql_refuse(
                tr, list->outputs[i].value.expr->place, "an interval as a column of the answer");
        }
    }
    return is_top ? NLT_OK : unique_names(tr, out);
}

static bool has_fields(const nlt_sql_type *type)
{
    return type->kind == NLT_SQL_STRUCT || type->kind == NLT_SQL_MAP
        || (type->kind == NLT_SQL_ARRAY && has_fields(type->item));
}

/* Structs and maps leave a query as JSON texts. */
static nlt_status put_items(nlt_sql_translator *tr, const select_list *list, bool is_top,
    const nlt_sql_answer *answer, nlt_buf *out)
{
    for (int i = 0; i < list->n; i++) {
        const nlt_sql_value *value = &list->outputs[i].value;
        bool is_json = is_top && has_fields(&value->type);
        NLT_TRY(nlt__buf_printf(out, tr->err,
            is_json ? "%sCAST(to_json(%s) AS VARCHAR) AS " : "%s%s AS ", i > 0 ? ", " : " ",
            value->sql));
        NLT_TRY(nlt__sql_put_quoted(out, answer->inner_names[i], '"', tr->err));
    }
    return NLT_OK;
}

static bool has_grouping_id(const nlt_sql_expr *expr)
{
    if (expr->kind == NLT_SQL_EXPR_CALL && expr->n_args == 0
        && strcmp(expr->text, "grouping_id") == 0) {
        return true;
    }
    for (int i = 0; i < expr->n_args; i++) {
        if (has_grouping_id(expr->args[i])) {
            return true;
        }
    }
    return false;
}

static bool needs_grouping(const nlt_sql_select *select)
{
    for (int i = 0; i < select->n_items; i++) {
        if (has_grouping_id(select->items[i].expr)) {
            return true;
        }
    }
    return false;
}

/* The step of a recursive CTE counts its levels, so that one without an end has one. */
static nlt_status add_next_level(nlt_sql_translator *tr, const nlt_sql_scope *scope,
    const nlt_sql_query *query, select_list *list)
{
    nlt_sql_expr *expr = nlt__sql_alloc(tr, 1, sizeof *expr);
    const nlt_sql_column *level = NULL;
    for (int i = 0; i < scope->n_columns; i++) {
        level = scope->columns[i].name == nlt__sql_level_name ? &scope->columns[i] : level;
    }
    if (expr == NULL || level == NULL) {
        return expr == NULL ? nlt__sql_oom(tr)
                            : nlt__sql_refuse(tr, query->place,
                                "a recursive query that does not read itself in its FROM");
    }
    expr->kind = NLT_SQL_EXPR_COLUMN;
    expr->place = query->place;
    nlt_sql_output output = {nlt__sql_level_name, {NULL, nlt__sql_plain(NLT_SQL_INT), expr}, false};
    NLT_TRY(nlt__sql_text(tr, &output.value.sql,
        "CASE WHEN %s < %d THEN %s + 1 ELSE error('a recursion of more than %d levels') END",
        level->sql, LEVELS_MAX, level->sql, LEVELS_MAX));
    return add_output(tr, list, output);
}

static nlt_status put_select(nlt_sql_translator *tr, nlt_sql_scope *outer,
    const nlt_sql_query *query, bool is_top, nlt_sql_answer *answer, nlt_buf *out)
{
    const nlt_sql_select *select = &query->select;
    nlt_sql_scope scope = {.parent = outer, .select = select};
    nlt_sql_grouping grouping = {NULL, 0};
    select_list list = {NULL, 0, 0};
    const char *from = NULL;
    const char *condition = NULL;
    nlt_buf groups = NLT_BUF_INIT(SQL_MAX);
    if (select->from != NULL) {
        NLT_TRY(nlt__sql_relation_text(tr, &scope, select->from, &from));
    }
    if (select->where != NULL) {
        NLT_TRY(nlt__sql_condition(tr, &scope, select->where, "WHERE", &condition));
    }
    scope.grouping = &grouping;
    int n_names = tr->n_names;
    nlt_status status = select_items(tr, &scope, select, &list);
    if (status == NLT_OK) {
        status = put_group_by(tr, &scope, select, &grouping, &groups);
    }
    if (status == NLT_OK && needs_grouping(select)) {
        /* the list's aliases were needed for GROUP BY; now the list again, with its groups. The
         * same names are made up again, so that equal expressions stay equal. */
        int n_names_after = tr->n_names;
        tr->n_names = n_names;
        list = (select_list){NULL, 0, 0};
        scope.n_outputs = 0;
        status = select_items(tr, &scope, select, &list);
        tr->n_names = tr->n_names > n_names_after ? tr->n_names : n_names_after;
    }
    if (status == NLT_OK && query == tr->step) {
        status = add_next_level(tr, &scope, query, &list);
    }
    if (status == NLT_OK) {
        status = name_answer(tr, &list, is_top, answer);
    }
    const char *group_text = "";
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &groups, &group_text);
    }
    nlt__buf_clear(&groups);
    NLT_TRY(status);
    NLT_TRY(nlt__buf_printf(out, tr->err, "SELECT%s", select->is_distinct ? " DISTINCT" : ""));
    NLT_TRY(put_items(tr, &list, is_top, answer, out));
    if (from != NULL) {
        NLT_TRY(nlt__buf_printf(out, tr->err, " FROM %s", from));
    }
    if (scope.windows != NULL) {
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s(SELECT unnest(%s) AS w) AS %s",
            from != NULL ? ", LATERAL " : " FROM ", scope.windows, scope.windows_name));
    }
    if (condition != NULL || scope.needed != NULL) {
        NLT_TRY(nlt__buf_printf(out, tr->err, " WHERE %s%s%s", condition != NULL ? condition : "",
            condition != NULL && scope.needed != NULL ? " AND " : "",
            scope.needed != NULL ? scope.needed : ""));
    }
    NLT_TRY(nlt__buf_printf(out, tr->err, "%s", group_text));
    if (select->having != NULL) {
        scope.prefers_outputs = true;
        scope.is_having = true;
        NLT_TRY(nlt__sql_condition(tr, &scope, select->having, "HAVING", &condition));
        scope.is_having = false;
        NLT_TRY(nlt__buf_printf(out, tr->err, " HAVING %s", condition));
    }
    if (select->qualify != NULL) {
        if (needs_groups(select->qualify)) { /* Spark does not find their GROUP BY */
            return nlt__sql_wrong(tr, select->qualify->place,
                "QUALIFY takes no aggregates; it may name those of the SELECT list");
        }
        scope.prefers_outputs = false;
        NLT_TRY(nlt__sql_condition(tr, &scope, select->qualify, "QUALIFY", &condition));
        NLT_TRY(nlt__buf_printf(out, tr->err, " QUALIFY %s", condition));
    }
    return put_order_and_limit(tr, &scope, query, select->is_distinct, out);
}

/* ---- set operations, VALUES, parentheses ---- */

/* Columns of an answer as outputs, so that ORDER BY finds them. */
static nlt_status answer_outputs(nlt_sql_translator *tr, const nlt_sql_answer *answer,
    const char *sql_name, const nlt_sql_query *query, nlt_sql_scope *scope)
{
    nlt_sql_expr *expr = nlt__sql_alloc(tr, 1, sizeof *expr);
    scope->outputs = nlt__sql_alloc(tr, (size_t)answer->n_columns + 1, sizeof *scope->outputs);
    if (expr == NULL || scope->outputs == NULL) {
        return nlt__sql_oom(tr);
    }
    expr->kind = NLT_SQL_EXPR_COLUMN;
    expr->place = query->place;
    for (int i = 0; i < answer->n_columns; i++) {
        const char *name = NULL;
        const char *text = NULL;
        NLT_TRY(nlt__sql_quoted(tr, answer->inner_names[i], '"', &name));
        NLT_TRY(nlt__sql_text(tr, &text, "%s.%s", sql_name, name));
        scope->outputs[i] =
            (nlt_sql_output){answer->names[i], {text, answer->types[i], expr}, false};
    }
    scope->n_outputs = answer->n_columns;
    return NLT_OK;
}

/* SELECT "t1"."a" AS "a", ... FROM (answer) AS "t1" ORDER BY ... LIMIT ... */
static nlt_status put_around(nlt_sql_translator *tr, const nlt_sql_answer *inner,
    const nlt_sql_query *query, bool is_top, nlt_sql_answer *answer, nlt_buf *out)
{
    nlt_sql_scope scope = {0};
    const char *name = NULL;
    const char *columns = NULL;
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    NLT_TRY(answer_outputs(tr, inner, name, query, &scope));
    select_list list = {scope.outputs, scope.n_outputs, scope.n_outputs};
    NLT_TRY(name_answer(tr, &list, is_top, answer));
    NLT_TRY(nlt__sql_named_columns(tr, inner, &columns));
    NLT_TRY(nlt__buf_printf(out, tr->err, "SELECT"));
    NLT_TRY(put_items(tr, &list, is_top, answer, out));
    NLT_TRY(nlt__buf_printf(out, tr->err, " FROM (%s) AS %s(%s)", inner->sql, name, columns));
    return put_order_and_limit(tr, &scope, query, query->kind == NLT_SQL_QUERY_SET, out);
}

/* One side of a set operation, its columns cast to the types of the whole. */
static nlt_status set_side(
    nlt_sql_translator *tr, const nlt_sql_answer *side, const nlt_sql_type *types, const char **out)
{
    const char *name = NULL;
    const char *list = "";
    const char *columns = NULL;
    bool is_same = true;
    for (int i = 0; i < side->n_columns; i++) {
        is_same = is_same && nlt__sql_same_type(&side->types[i], &types[i]);
    }
    *out = side->sql;
    if (is_same) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    for (int i = 0; i < side->n_columns; i++) {
        const char *column = NULL;
        nlt_sql_value value = {.type = side->types[i]};
        NLT_TRY(nlt__sql_quoted(tr, side->inner_names[i], '"', &column));
        NLT_TRY(nlt__sql_text(tr, &value.sql, "%s.%s", name, column));
        NLT_TRY(nlt__sql_cast(tr, &value, types[i]));
        NLT_TRY(
            nlt__sql_text(tr, &list, "%s%s%s AS %s", list, i > 0 ? ", " : "", value.sql, column));
    }
    NLT_TRY(nlt__sql_named_columns(tr, side, &columns));
    return nlt__sql_text(tr, out, "SELECT %s FROM (%s) AS %s(%s)", list, side->sql, name, columns);
}

static nlt_status set_operation(
    nlt_sql_translator *tr, nlt_sql_scope *outer, const nlt_sql_query *query, nlt_sql_answer *out)
{
    nlt_sql_answer sides[2];
    const char *texts[2];
    NLT_TRY(nlt__sql_query(tr, outer, query->left, false, &sides[0]));
    NLT_TRY(nlt__sql_query(tr, outer, query->right, false, &sides[1]));
    if (sides[0].n_columns != sides[1].n_columns) {
        return nlt__sql_wrong(tr, query->place, "%s of %d and %d columns", query->set,
            sides[0].n_columns, sides[1].n_columns);
    }
    *out = sides[0];
    out->types = nlt__sql_alloc(tr, (size_t)out->n_columns + 1, sizeof *out->types);
    if (out->types == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < out->n_columns; i++) {
        if (!nlt__sql_meet(NLT_SQL_MEET_WIDEN, sides[0].types[i], sides[1].types[i], tr->arena,
                &out->types[i])) {
            return nlt__sql_wrong(tr, query->place, "%s: the types of column %d (%s, %s) differ",
                query->set, i + 1, nlt__sql_type_text(tr, sides[0].types[i]),
                nlt__sql_type_text(tr, sides[1].types[i]));
        }
    }
    for (int i = 0; i < 2; i++) {
        NLT_TRY(set_side(tr, &sides[i], out->types, &texts[i]));
    }
    return nlt__sql_text(tr, &out->sql, "(%s) %s%s (%s)", texts[0], query->set,
        query->is_all ? " ALL" : "", texts[1]);
}

static nlt_status put_body(nlt_sql_translator *tr, nlt_sql_scope *outer, const nlt_sql_query *query,
    bool is_top, nlt_sql_answer *answer, nlt_buf *out)
{
    nlt_sql_answer inner;
    switch (query->kind) {
    case NLT_SQL_QUERY_SELECT:
        return put_select(tr, outer, query, is_top, answer, out);
    case NLT_SQL_QUERY_SET:
        NLT_TRY(set_operation(tr, outer, query, &inner));
        break;
    case NLT_SQL_QUERY_VALUES:
        NLT_TRY(nlt__sql_values(tr, outer, query->values, &inner));
        break;
    case NLT_SQL_QUERY_NESTED:
        NLT_TRY(nlt__sql_query(tr, outer, query->left, false, &inner));
        break;
    }
    return put_around(tr, &inner, query, is_top, answer, out);
}

/* ---- WITH ---- */

static nlt_status rename_answer(
    nlt_sql_translator *tr, const nlt_sql_cte *cte, nlt_sql_answer *answer)
{
    if (cte->n_columns == 0) {
        return NLT_OK;
    }
    if (cte->n_columns != answer->n_columns) {
        return nlt__sql_wrong(tr, cte->query->place, "%d names for %d columns of %s",
            cte->n_columns, answer->n_columns, cte->name);
    }
    answer->names = cte->columns;
    return NLT_OK;
}

/* base UNION ALL step, where the step reads the CTE. */
static nlt_status put_recursive_cte(
    nlt_sql_translator *tr, nlt_sql_scope *outer, const nlt_sql_cte *cte, nlt_buf *out)
{
    const nlt_sql_query *query = cte->query;
    nlt_sql_known_cte *known = nlt__sql_alloc(tr, 1, sizeof *known);
    nlt_sql_answer *answer = nlt__sql_alloc(tr, 1, sizeof *answer);
    nlt_sql_answer step;
    const char *columns = NULL;
    if (known == NULL || answer == NULL) {
        return nlt__sql_oom(tr);
    }
    if (!query->is_all || query->right->kind != NLT_SQL_QUERY_SELECT || query->n_ctes > 0
        || query->n_order > 0 || query->limit != NULL) {
        return nlt__sql_refuse(
            tr, query->place, "a recursive query other than base UNION ALL SELECT");
    }
    NLT_TRY(nlt__sql_query(tr, outer, query->left, false, answer));
    NLT_TRY(rename_answer(tr, cte, answer));
    NLT_TRY(nlt__sql_new_relation(tr, &known->sql_name));
    known->name = cte->name;
    known->answer = answer;
    known->has_level = true;
    known->before = tr->ctes;
    tr->ctes = known;
    const nlt_sql_query *around = tr->step;
    tr->step = query->right;
    NLT_TRY(nlt__sql_query(tr, outer, query->right, false, &step));
    tr->step = around;
    if (step.n_columns != answer->n_columns + 1) {
        return nlt__sql_wrong(
            tr, query->place, "UNION of %d and %d columns", answer->n_columns, step.n_columns - 1);
    }
    for (int i = 0; i < answer->n_columns; i++) {
        if (!nlt__sql_same_type(&answer->types[i], &step.types[i])) {
            return nlt__sql_refuse(tr, query->place,
                "a recursive query whose column %d changes its type (%s, %s)", i + 1,
                nlt__sql_type_text(tr, answer->types[i]), nlt__sql_type_text(tr, step.types[i]));
        }
    }
    NLT_TRY(nlt__sql_named_columns(tr, answer, &columns));
    return nlt__buf_printf(out, tr->err, "%s(%s, \"%s\") AS (SELECT *, 1 FROM (%s) UNION ALL (%s))",
        known->sql_name, columns, nlt__sql_level_name, answer->sql, step.sql);
}

static nlt_status put_cte(
    nlt_sql_translator *tr, nlt_sql_scope *outer, const nlt_sql_cte *cte, nlt_buf *out)
{
    nlt_sql_known_cte *known = nlt__sql_alloc(tr, 1, sizeof *known);
    nlt_sql_answer *answer = nlt__sql_alloc(tr, 1, sizeof *answer);
    if (known == NULL || answer == NULL) {
        return nlt__sql_oom(tr);
    }
    NLT_TRY(nlt__sql_query(tr, outer, cte->query, false, answer));
    NLT_TRY(rename_answer(tr, cte, answer));
    NLT_TRY(nlt__sql_new_relation(tr, &known->sql_name));
    known->name = cte->name;
    known->answer = answer;
    known->before = tr->ctes;
    tr->ctes = known;
    return nlt__buf_printf(out, tr->err, "%s AS (%s)", known->sql_name, answer->sql);
}

static bool names_table(const nlt_sql_relation_node *node, const char *name)
{
    return node != NULL
        && ((node->kind == NLT_SQL_RELATION_TABLE && node->n_parts == 1
                && nlt__sql_equal_names(node->parts[0], name))
            || names_table(node->left, name) || names_table(node->right, name));
}

/* Is it base UNION step, with the CTE in the FROM of the step? */
static bool reads_itself(const nlt_sql_cte *cte)
{
    const nlt_sql_query *query = cte->query;
    return query->kind == NLT_SQL_QUERY_SET && strcmp(query->set, "UNION") == 0
        && query->right->kind == NLT_SQL_QUERY_SELECT
        && names_table(query->right->select.from, cte->name);
}

static nlt_status put_query(nlt_sql_translator *tr, nlt_sql_scope *outer,
    const nlt_sql_query *query, bool is_top, nlt_sql_answer *answer, nlt_buf *out)
{
    for (int i = 0; i < query->n_ctes; i++) {
        const nlt_sql_cte *cte = &query->ctes[i];
        bool is_recursive = cte->is_recursive && reads_itself(cte);
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s",
            i > 0                   ? ", "
                : cte->is_recursive ? "WITH RECURSIVE "
                                    : "WITH "));
        NLT_TRY(
            is_recursive ? put_recursive_cte(tr, outer, cte, out) : put_cte(tr, outer, cte, out));
    }
    if (query->n_ctes > 0) {
        NLT_TRY(nlt__buf_append(out, " ", 1, tr->err));
    }
    return put_body(tr, outer, query, is_top, answer, out);
}

nlt_status nlt__sql_query(nlt_sql_translator *tr, nlt_sql_scope *outer, const nlt_sql_query *query,
    bool is_top, nlt_sql_answer *out)
{
    const nlt_sql_known_cte *ctes = tr->ctes;
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_query(tr, outer, query, is_top, out, &buf);
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &buf, &out->sql);
    }
    nlt__buf_clear(&buf);
    tr->ctes = ctes;
    return status;
}
