/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expressions: names are found, types are given as Spark gives them, operators get DuckDB's text
 * that computes the same. */

#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "sql/spark_cast.h"
#include "sql/text.h"
#include "sql/translate.h"

enum { SQL_MAX = 16 << 20 };

const char *nlt__sql_type_text(nlt_sql_translator *tr, nlt_sql_type type)
{
    const char *text = "?";
    nlt_buf buf = NLT_BUF_INIT(1 << 16);
    if (nlt__sql_put_duck_type(&buf, type, NULL) == NLT_OK
        && nlt__sql_keep(tr, &buf, &text) != NLT_OK) {
        text = "?";
    }
    nlt__buf_clear(&buf);
    return text;
}

const char *nlt__sql_spark_type_text(nlt_sql_translator *tr, nlt_sql_type type)
{
    const char *text = "?";
    nlt_buf buf = NLT_BUF_INIT(1 << 16);
    if (nlt__sql_put_spark_type(&buf, type, NULL) == NLT_OK
        && nlt__sql_keep(tr, &buf, &text) != NLT_OK) {
        text = "?";
    }
    nlt__buf_clear(&buf);
    return text;
}

/* ---- literals ---- */

/* A number as a double: "2.5" -> "2.5e0". */
static nlt_status double_text(nlt_sql_translator *tr, const char *text, const char **out)
{
    bool has_exponent = strpbrk(text, "eE") != NULL;
    return nlt__sql_text(tr, out, "%s%s", text, has_exponent ? "" : "e0");
}

nlt_status nlt__sql_quoted(nlt_sql_translator *tr, const char *text, char quote, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__sql_put_quoted(&buf, text, quote, tr->err);
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

static nlt_status time_literal(nlt_sql_translator *tr, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value text = nlt__sql_value_of(NULL, NLT_SQL_STRING, expr);
    nlt_bytes bytes = {expr->text, strlen(expr->text)};
    bool is_date = expr->type.kind == NLT_SQL_DATE;
    int32_t days = 0;
    int64_t us = 0;
    if (is_date ? !nlt__spark_date(bytes, &days) : !nlt__spark_timestamp(bytes, 0, &us)) {
        nlt__sql_wrong(
            tr, expr->place, "'%s' is no %s", expr->text, is_date ? "date" : "timestamp");
        nlt_error_hint(tr->err,
            is_date ? "it is written date'2024-01-31'"
                    : "it is written timestamp'2024-01-31 23:59:59'");
        return NLT_ERR_SQL;
    }
    NLT_TRY(nlt__sql_quoted(tr, expr->text, '\'', &text.sql));
    NLT_TRY(nlt__sql_cast(tr, &text, expr->type));
    *out = text;
    return NLT_OK;
}

static nlt_status literal(nlt_sql_translator *tr, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    *out = (nlt_sql_value){expr->text, expr->type, expr};
    switch ((int)expr->type.kind) {
    case NLT_SQL_STRING:
        return nlt__sql_quoted(tr, expr->text, '\'', &out->sql);
    case NLT_SQL_DATE:
    case NLT_SQL_TIMESTAMP:
        return time_literal(tr, expr, out);
    case NLT_SQL_DOUBLE:
        return double_text(tr, expr->text, &out->sql);
    case NLT_SQL_DECIMAL:
        return nlt__sql_text(tr, &out->sql, "CAST('%s' AS DECIMAL(%d, %d))", expr->text,
            expr->type.precision, expr->type.scale);
    case NLT_SQL_TINYINT:
    case NLT_SQL_SMALLINT:
    case NLT_SQL_BIGINT:
    case NLT_SQL_FLOAT:
        return nlt__sql_text(
            tr, &out->sql, "CAST(%s AS %s)", expr->text, nlt__sql_type_text(tr, expr->type));
    default:
        if (expr->text[0] == '-') { /* the smallest INT is a BIGINT's negative for DuckDB */
            return nlt__sql_text(tr, &out->sql, "CAST(%s AS INTEGER)", expr->text);
        }
        return NLT_OK;
    }
}

/* ---- names ---- */

typedef struct found_column {
    const nlt_sql_column *column;
    int n; /* that match */
} found_column;

static found_column search_scope(
    const nlt_sql_scope *scope, const char *qualifier, const char *name)
{
    found_column found = {NULL, 0};
    for (int i = 0; i < scope->n_columns; i++) {
        const nlt_sql_column *column = &scope->columns[i];
        bool is_match = nlt__sql_equal_names(column->name, name)
            && (qualifier == NULL ? !column->is_qualified_only
                                  : column->qualifier != NULL
                        && nlt__sql_equal_names(column->qualifier, qualifier));
        if (is_match) {
            found.column = column;
            found.n++;
        }
    }
    return found;
}

static const nlt_sql_output *search_outputs(const nlt_sql_scope *scope, const char *name, int *n)
{
    const nlt_sql_output *found = NULL;
    *n = 0;
    for (int i = 0; i < scope->n_outputs; i++) {
        if (nlt__sql_equal_names(scope->outputs[i].name, name)) {
            *n += found == NULL || strcmp(found->value.sql, scope->outputs[i].value.sql) != 0;
            found = &scope->outputs[i];
        }
    }
    return found;
}

static nlt_status hint_columns(
    nlt_sql_translator *tr, const nlt_sql_scope *scope, const nlt_sql_expr *expr)
{
    enum { NAMES_MAX = 256 };
    const char *names[NAMES_MAX];
    size_t n = 0;
    const char *name = expr->parts[expr->n_parts - 1];
    for (; scope != NULL; scope = scope->parent) {
        for (int i = 0; i < scope->n_columns && n < NAMES_MAX; i++) {
            names[n++] = scope->columns[i].name;
        }
    }
    nlt_status status = nlt__sql_wrong(tr, expr->place, "there is no column %s%s%s",
        expr->n_parts > 1 ? expr->parts[0] : "", expr->n_parts > 1 ? "." : "", name);
    const char *near = nlt_closest(name, names, n);
    if (near != NULL) {
        nlt_error_hint(tr->err, "did you mean %s?", near);
    } else if (n == 0) {
        nlt_error_hint(tr->err, "there is no FROM; a text is written 'so'");
    }
    return status;
}

nlt_status nlt__sql_field_of(
    nlt_sql_translator *tr, nlt_sql_value *value, const char *name, nlt_bytes place)
{
    for (int i = 0; value->type.kind == NLT_SQL_STRUCT && i < value->type.n_fields; i++) {
        if (nlt__sql_equal_names(value->type.fields[i].name, name)) {
            const char *quoted = NULL;
            NLT_TRY(nlt__sql_quoted(tr, value->type.fields[i].name, '\'', &quoted));
            NLT_TRY(nlt__sql_text(tr, &value->sql, "struct_extract(%s, %s)", value->sql, quoted));
            value->type = *value->type.fields[i].type;
            return NLT_OK;
        }
    }
    return nlt__sql_wrong(tr, place, "there is no field %s", name);
}

/* Whether GROUP BY names the column itself. */
static bool is_group(const nlt_sql_scope *scope, const nlt_sql_column *column)
{
    const nlt_sql_grouping *grouping = scope->grouping;
    for (int i = 0; grouping != NULL && i < grouping->n_values; i++) {
        if (strcmp(grouping->values[i].sql, column->sql) == 0) {
            return true;
        }
    }
    return false;
}

/* One or two parts of a name in one scope; *found false: nothing is called so. */
static nlt_status resolve_in(nlt_sql_translator *tr, const nlt_sql_scope *scope,
    const nlt_sql_expr *expr, int *n_used, nlt_sql_value *out)
{
    found_column found = {NULL, 0};
    int n_outputs = 0;
    const nlt_sql_output *output = search_outputs(scope, expr->parts[0], &n_outputs);
    if (output != NULL && expr->n_parts > 1 && output->value.type.kind != NLT_SQL_STRUCT) {
        output = NULL;
    }
    *n_used = 0;
    if (expr->n_parts > 1) {
        found = search_scope(scope, expr->parts[0], expr->parts[1]);
        *n_used = found.n > 0 ? 2 : 0;
    }
    if (found.n == 0) {
        found = search_scope(scope, NULL, expr->parts[0]);
        *n_used = found.n > 0 ? 1 : 0;
    }
    bool prefers_output = scope->prefers_outputs
        && !(scope->is_having && found.n == 1 && is_group(scope, found.column));
    bool is_output = output != NULL && (found.n == 0 || prefers_output);
    if ((is_output ? n_outputs : found.n) > 1) {
        return nlt__sql_wrong(tr, expr->place, "%s is ambiguous: several columns are called so",
            expr->parts[expr->n_parts - 1]);
    }
    if (is_output) {
        *n_used = 1;
        *out = output->value;
        return output->is_generated && !scope->prefers_outputs
            ? nlt__sql_refuse(tr, expr->place, "an alias of a generator in the same SELECT")
            : NLT_OK;
    }
    if (found.n == 1) {
        *out = (nlt_sql_value){found.column->sql, found.column->type, expr};
    }
    return NLT_OK;
}

/* GROUP BY window(time, '5 minutes') makes a column `window`. */
static nlt_status resolve_window(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_expr *expr, int *n_used, nlt_sql_value *out)
{
    const nlt_sql_select *select = scope->select;
    if (select == NULL || !nlt__sql_equal_names(expr->parts[0], "window")) {
        return NLT_OK;
    }
    for (int i = 0; i < select->n_groups; i++) {
        const nlt_sql_group *group = &select->groups[i];
        const nlt_sql_expr *call = group->kind == NULL ? group->exprs[0] : NULL;
        if (call != NULL && call->kind == NLT_SQL_EXPR_CALL && strcmp(call->text, "window") == 0) {
            *n_used = 1;
            return nlt__sql_expr(tr, scope, call, out);
        }
    }
    return NLT_OK;
}

static nlt_status column(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    int n_used = 0;
    for (const nlt_sql_scope *s = scope; s != NULL && n_used == 0; s = s->parent) {
        NLT_TRY(resolve_in(tr, s, expr, &n_used, out));
    }
    for (nlt_sql_scope *s = scope; s != NULL && n_used == 0; s = s->parent) {
        NLT_TRY(resolve_window(tr, s, expr, &n_used, out));
    }
    if (n_used == 0) {
        return hint_columns(tr, scope, expr);
    }
    for (int i = n_used; i < expr->n_parts; i++) {
        NLT_TRY(nlt__sql_field_of(tr, out, expr->parts[i], expr->place));
    }
    return NLT_OK;
}

/* ---- types that meet ---- */

nlt_status nlt__sql_unify(nlt_sql_translator *tr, nlt_sql_meeting meeting, nlt_sql_value *values,
    int n, const nlt_sql_expr *expr, nlt_sql_type *out)
{
    *out = nlt__sql_plain(NLT_SQL_NULL);
    bool has_text = false;
    for (int i = 0; i < n; i++) {
        has_text = has_text || values[i].type.kind == NLT_SQL_STRING;
    }
    for (int i = 0; i < n; i++) {
        nlt_sql_type before = *out;
        /* texts first: the rule is not associative, Spark puts them in front */
        if (has_text && i == 0 && meeting == NLT_SQL_MEET_WIDEN) {
            before = nlt__sql_plain(NLT_SQL_STRING);
        }
        if (!nlt__sql_meet(meeting, before, values[i].type, tr->arena, out)) {
            return nlt__sql_wrong(tr, expr->place, "the types %s and %s do not go together",
                nlt__sql_spark_type_text(tr, before), nlt__sql_spark_type_text(tr, values[i].type));
        }
    }
    for (int i = 0; i < n; i++) {
        NLT_TRY(nlt__sql_cast(tr, &values[i], *out));
    }
    return NLT_OK;
}

nlt_status nlt__sql_compare(nlt_sql_translator *tr, const char *op, nlt_sql_value left,
    nlt_sql_value right, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value values[2] = {left, right};
    nlt_sql_type type;
    bool is_safe = strcmp(op, "<=>") == 0;
    bool is_equality = is_safe || op[0] == '=' || strcmp(op, "<>") == 0;
    for (int i = 0; i < 2; i++) {
        bool is_number = nlt__sql_is_number(values[i].type.kind);
        if (is_number && values[1 - i].type.kind == NLT_SQL_BOOLEAN && is_equality) {
            NLT_TRY(nlt__sql_cast(tr, &values[1 - i], values[i].type));
        }
        bool has_months = values[i].type.kind == NLT_SQL_INTERVAL
            && (values[i].type.precision & NLT_SQL_INTERVAL_MONTHS) != 0;
        if (values[i].type.kind == NLT_SQL_MAP || has_months) {
            return nlt__sql_refuse(tr, expr->place, "a comparison of %s",
                nlt__sql_spark_type_text(tr, values[i].type));
        }
    }
    NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_COMPARE, values, 2, expr, &type));
    if (!is_equality && strcmp(op, "distinct") != 0) {
        for (int i = 0; i < 2; i++) {
            NLT_TRY(nlt__sql_order_key(tr, &values[i], &values[i].sql));
        }
    }
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql, "(%s %s %s)", values[0].sql,
        is_safe                           ? "IS NOT DISTINCT FROM"
            : strcmp(op, "distinct") == 0 ? "IS DISTINCT FROM"
                                          : op,
        values[1].sql);
}

/* The elements of an array, each as a struct that leads with whether it is there. */
static nlt_status array_key(nlt_sql_translator *tr, const nlt_sql_value *value, const char **out)
{
    nlt_sql_value item = {NULL, *value->type.item, value->expr};
    const char *key = NULL;
    NLT_TRY(nlt__sql_text(tr, &item.sql, "\"x%d\"", ++tr->n_names));
    NLT_TRY(nlt__sql_order_key(tr, &item, &key));
    return nlt__sql_text(tr, out, "list_transform(%s, lambda %s: {'p': %s IS NOT NULL, 'f': %s})",
        value->sql, item.sql, item.sql, key);
}

/* DuckDB takes a NULL inside a struct or an array for the largest, Spark for the smallest: each field
 * and element is led by whether it is there. */
nlt_status nlt__sql_order_key(nlt_sql_translator *tr, const nlt_sql_value *value, const char **out)
{
    const char *list = "";
    const nlt_sql_type *type = &value->type;
    *out = value->sql;
    if (type->kind == NLT_SQL_ARRAY && type->item->kind == NLT_SQL_STRUCT) {
        return nlt__sql_refuse(tr, value->expr->place, "an order of arrays of structs");
    }
    if (type->kind == NLT_SQL_ARRAY && type->item->kind != NLT_SQL_NULL) {
        return array_key(tr, value, out);
    }
    if (type->kind != NLT_SQL_STRUCT) {
        return NLT_OK;
    }
    for (int i = 0; i < type->n_fields; i++) {
        nlt_sql_value field = *value;
        const char *key = NULL;
        NLT_TRY(nlt__sql_field_of(tr, &field, type->fields[i].name, value->expr->place));
        NLT_TRY(nlt__sql_order_key(tr, &field, &key));
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s'p%d': %s IS NOT NULL, 'f%d': %s", list,
            i > 0 ? ", " : "", i, field.sql, i, key));
    }
    return nlt__sql_text(tr, out, "CASE WHEN %s IS NOT NULL THEN {%s} END", value->sql, list);
}

/* ---- operators ---- */

static nlt_status expressions(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value **out)
{
    *out = nlt__sql_alloc(tr, (size_t)expr->n_args + 1, sizeof **out);
    if (*out == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < expr->n_args; i++) {
        NLT_TRY(nlt__sql_expr(tr, scope, expr->args[i], &(*out)[i]));
    }
    return NLT_OK;
}

static nlt_status make_boolean(nlt_sql_translator *tr, nlt_sql_value *value, const char *what)
{
    if (value->type.kind == NLT_SQL_BOOLEAN || value->type.kind == NLT_SQL_NULL
        || value->type.kind == NLT_SQL_STRING) {
        return nlt__sql_cast(tr, value, nlt__sql_plain(NLT_SQL_BOOLEAN));
    }
    return nlt__sql_wrong(tr, value->expr->place, "%s takes a condition, not %s", what,
        nlt__sql_spark_type_text(tr, value->type));
}

nlt_status nlt__sql_condition(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_expr *expr, const char *what, const char **out)
{
    nlt_sql_value value;
    NLT_TRY(nlt__sql_expr(tr, scope, expr, &value));
    NLT_TRY(make_boolean(tr, &value, what));
    *out = value.sql;
    return NLT_OK;
}

static nlt_status joined(nlt_sql_translator *tr, const nlt_sql_value *values, int n,
    const char *between, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = NLT_OK;
    for (int i = 0; status == NLT_OK && i < n; i++) {
        status = nlt__buf_printf(&buf, tr->err, "%s%s", i > 0 ? between : "", values[i].sql);
    }
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

static nlt_status chain(
    nlt_sql_translator *tr, const nlt_sql_expr *expr, nlt_sql_value *values, nlt_sql_value *out)
{
    bool is_and = expr->text[0] == 'a';
    const char *text = NULL;
    for (int i = 0; i < expr->n_args; i++) {
        NLT_TRY(make_boolean(tr, &values[i], is_and ? "AND" : "OR"));
    }
    NLT_TRY(joined(tr, values, expr->n_args, is_and ? " AND " : " OR ", &text));
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql, "(%s)", text);
}

/* || of texts or of arrays, as CONCAT. */
static nlt_status concatenation(
    nlt_sql_translator *tr, const nlt_sql_expr *expr, nlt_sql_value *values, nlt_sql_value *out)
{
    nlt_sql_type type = nlt__sql_plain(NLT_SQL_STRING);
    bool is_array = values[0].type.kind == NLT_SQL_ARRAY || values[1].type.kind == NLT_SQL_ARRAY;
    if (values[0].type.kind == NLT_SQL_BINARY || values[1].type.kind == NLT_SQL_BINARY) {
        return nlt__sql_refuse(tr, expr->place, "a concatenation of bytes");
    }
    if (is_array) {
        NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, values, 2, expr, &type));
    } else {
        NLT_TRY(nlt__sql_cast(tr, &values[0], type));
        NLT_TRY(nlt__sql_cast(tr, &values[1], type));
    }
    *out = (nlt_sql_value){NULL, type, expr};
    return nlt__sql_text(tr, &out->sql, "(%s || %s)", values[0].sql, values[1].sql);
}

static nlt_status shift(
    nlt_sql_translator *tr, const nlt_sql_expr *expr, nlt_sql_scope *scope, nlt_sql_value *out)
{
    nlt_sql_expr *call = nlt__sql_alloc(tr, 1, sizeof *call);
    nlt_sql_call *details = nlt__sql_alloc(tr, 1, sizeof *details);
    if (call == NULL || details == NULL) {
        return nlt__sql_oom(tr);
    }
    *call = *expr;
    call->kind = NLT_SQL_EXPR_CALL;
    call->call = details;
    call->text = expr->text[0] == '<' ? "shiftleft"
        : expr->text[2] == '>'        ? "shiftrightunsigned"
                                      : "shiftright";
    return nlt__sql_call_function(tr, scope, call, out);
}

static nlt_status binary(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *values;
    const char *op = expr->text;
    if (strcmp(op, "<<") == 0 || strncmp(op, ">>", 2) == 0) {
        return shift(tr, expr, scope, out);
    }
    NLT_TRY(expressions(tr, scope, expr, &values));
    if (op[0] == 'a' || op[0] == 'o') {
        return chain(tr, expr, values, out);
    }
    if (strcmp(op, "||") == 0) {
        return concatenation(tr, expr, values, out);
    }
    if (strchr("&|^", op[0]) != NULL) {
        return nlt__sql_bits(tr, op, values, expr, out);
    }
    if (strchr("+-*/%", op[0]) != NULL || strcmp(op, "div") == 0) {
        return nlt__sql_arithmetic(tr, op, values, expr, out);
    }
    return nlt__sql_compare(tr, op, values[0], values[1], expr, out);
}

static nlt_status unary(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    NLT_TRY(nlt__sql_expr(tr, scope, expr->args[0], out));
    if (expr->text[0] == 'n') {
        NLT_TRY(make_boolean(tr, out, "NOT"));
        out->expr = expr;
        return nlt__sql_text(tr, &out->sql, "(NOT %s)", out->sql);
    }
    if (expr->text[0] == '~') {
        if (!nlt__sql_is_integer(out->type.kind)) {
            return nlt__sql_wrong(tr, expr->place, "~ takes an integer");
        }
    } else if (out->type.kind != NLT_SQL_INTERVAL) {
        NLT_TRY(nlt__sql_to_number(tr, out, expr));
    }
    out->expr = expr;
    return expr->text[0] == '+' ? NLT_OK
                                : nlt__sql_text(tr, &out->sql, "(%s %s)", expr->text, out->sql);
}

static nlt_status between(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *values;
    nlt_sql_value low;
    nlt_sql_value high;
    NLT_TRY(expressions(tr, scope, expr, &values));
    NLT_TRY(nlt__sql_compare(tr, ">=", values[0], values[1], expr, &low));
    NLT_TRY(nlt__sql_compare(tr, "<=", values[0], values[2], expr, &high));
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql, "(%s%s AND %s)%s", expr->is_not ? "NOT (" : "", low.sql,
        high.sql, expr->is_not ? ")" : "");
}

static nlt_status negate(nlt_sql_translator *tr, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    out->expr = expr;
    return expr->is_not ? nlt__sql_text(tr, &out->sql, "(NOT %s)", out->sql) : NLT_OK;
}

/* (a, b) IN ((1, 2), ...): rows are compared as structs, in which NULL is equal to NULL. */
static nlt_status tuple_in_list(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *left;
    const char *text = "";
    NLT_TRY(expressions(tr, scope, expr->args[0], &left));
    for (int i = 1; i < expr->n_args; i++) {
        const nlt_sql_expr *choice = expr->args[i];
        nlt_sql_value *right;
        const char *row = "";
        if (choice->kind != NLT_SQL_EXPR_TUPLE || choice->n_args != expr->args[0]->n_args) {
            return nlt__sql_wrong(
                tr, choice->place, "IN: %d values are expected", expr->args[0]->n_args);
        }
        NLT_TRY(expressions(tr, scope, choice, &right));
        for (int j = 0; j < choice->n_args; j++) {
            nlt_sql_value same;
            NLT_TRY(nlt__sql_compare(tr, "<=>", left[j], right[j], expr, &same));
            NLT_TRY(nlt__sql_text(tr, &row, "%s%s%s", row, j > 0 ? " AND " : "", same.sql));
        }
        NLT_TRY(nlt__sql_text(tr, &text, "%s%s(%s)", text, i > 1 ? " OR " : "", row));
    }
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql, "(%s(%s))", expr->is_not ? "NOT " : "", text);
}

static nlt_status in_list(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *values;
    nlt_sql_type type;
    const char *list = NULL;
    if (expr->args[0]->kind == NLT_SQL_EXPR_TUPLE) {
        return tuple_in_list(tr, scope, expr, out);
    }
    NLT_TRY(expressions(tr, scope, expr, &values));
    NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, values, expr->n_args, expr, &type));
    NLT_TRY(joined(tr, values + 1, expr->n_args - 1, ", ", &list));
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(
        tr, &out->sql, "(%s %sIN (%s))", values[0].sql, expr->is_not ? "NOT " : "", list);
}

/* IN of several columns: true if a row is equal, NULL if one may be, else false. */
static nlt_status tuple_in_query(nlt_sql_translator *tr, const nlt_sql_expr *expr,
    const nlt_sql_value *values, const nlt_sql_answer *answer, nlt_sql_value *out)
{
    const char *equal = "";
    const char *maybe = "";
    const char *names = "";
    for (int i = 0; i < answer->n_columns; i++) {
        const char *name = NULL;
        nlt_sql_value column = {NULL, answer->types[i], expr};
        nlt_sql_value same;
        const char *and = i > 0 ? " AND " : "";
        NLT_TRY(nlt__sql_text(tr, &name, "\"s%d\"", i + 1));
        NLT_TRY(nlt__sql_text(tr, &names, "%s%s%s", names, i > 0 ? ", " : "", name));
        NLT_TRY(nlt__sql_text(tr, &column.sql, "\"in_set\".%s", name));
        NLT_TRY(nlt__sql_compare(tr, "=", values[i], column, expr, &same));
        NLT_TRY(nlt__sql_text(tr, &equal, "%s%s%s", equal, and, same.sql));
        NLT_TRY(
            nlt__sql_text(tr, &maybe, "%s%s(%s OR (%s IS NULL))", maybe, and, same.sql, same.sql));
    }
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql,
        "CASE WHEN EXISTS (SELECT 1 FROM (%s) AS \"in_set\"(%s) WHERE %s) THEN true "
        "WHEN EXISTS (SELECT 1 FROM (%s) AS \"in_set\"(%s) WHERE %s) THEN NULL ELSE false END",
        answer->sql, names, equal, answer->sql, names, maybe);
}

static nlt_status in_query(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_answer answer;
    nlt_sql_value *values;
    nlt_sql_type type;
    const nlt_sql_expr *left = expr->args[0];
    bool is_tuple = left->kind == NLT_SQL_EXPR_TUPLE;
    NLT_TRY(nlt__sql_query(tr, scope, expr->query, false, &answer));
    if (answer.n_columns != (is_tuple ? left->n_args : 1)) {
        return nlt__sql_wrong(tr, expr->place, "IN: the query has %d columns, not %d",
            answer.n_columns, is_tuple ? left->n_args : 1);
    }
    NLT_TRY(expressions(tr, scope, is_tuple ? left : expr, &values));
    if (is_tuple) {
        NLT_TRY(tuple_in_query(tr, expr, values, &answer, out));
        return negate(tr, expr, out);
    }
    nlt_sql_value sides[2] = {values[0], {"\"in_set\".\"s1\"", answer.types[0], expr}};
    NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_COMPARE, sides, 2, expr, &type));
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql, "(%s %sIN (SELECT %s FROM (%s) AS \"in_set\"(\"s1\")))",
        sides[0].sql, expr->is_not ? "NOT " : "", sides[1].sql, answer.sql);
}

static nlt_status one_like(nlt_sql_translator *tr, const nlt_sql_expr *expr,
    const nlt_sql_value *value, nlt_sql_value pattern, const char **out)
{
    bool is_ilike = strcmp(expr->text, "ilike") == 0;
    bool is_plain = nlt__sql_is_literal(&pattern) && pattern.expr->type.kind == NLT_SQL_STRING
        && strchr(pattern.expr->text, expr->escape) == NULL;
    NLT_TRY(nlt__sql_cast(tr, &pattern, nlt__sql_plain(NLT_SQL_STRING)));
    const char *escape = "";
    if (!is_plain) {
        NLT_TRY(nlt__sql_text(
            tr, &escape, " ESCAPE '%s%c'", expr->escape == '\'' ? "'" : "", expr->escape));
    }
    return nlt__sql_text(
        tr, out, "(%s %s %s%s)", value->sql, is_ilike ? "ILIKE" : "LIKE", pattern.sql, escape);
}

static nlt_status like(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *values;
    if (strcmp(expr->text, "rlike") == 0) {
        nlt_sql_expr call = *expr;
        nlt_sql_call details = {false, false, NULL, NULL, NULL, 0};
        call.kind = NLT_SQL_EXPR_CALL;
        call.text = "regexp_like";
        call.call = &details;
        NLT_TRY(nlt__sql_call_function(tr, scope, &call, out));
        return negate(tr, expr, out);
    }
    NLT_TRY(expressions(tr, scope, expr, &values));
    NLT_TRY(nlt__sql_cast(tr, &values[0], nlt__sql_plain(NLT_SQL_STRING)));
    const char *text = "";
    for (int i = 1; i < expr->n_args; i++) {
        const char *one = NULL;
        /* NOT LIKE ALL (...): like none of them; NOT LIKE ANY: unlike one at least */
        NLT_TRY(one_like(tr, expr, &values[0], values[i], &one));
        NLT_TRY(nlt__sql_text(tr, &text, "%s%s%s%s", text,
            i == 1             ? ""
                : expr->is_all ? " AND "
                               : " OR ",
            expr->is_not ? "NOT " : "", one));
    }
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    return nlt__sql_text(tr, &out->sql, "(%s)", text);
}

static nlt_status is(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value value;
    NLT_TRY(nlt__sql_expr(tr, scope, expr->args[0], &value));
    *out = nlt__sql_value_of(NULL, NLT_SQL_BOOLEAN, expr);
    if (strcmp(expr->text, "null") == 0) {
        return nlt__sql_text(
            tr, &out->sql, "(%s IS %sNULL)", value.sql, expr->is_not ? "NOT " : "");
    }
    NLT_TRY(make_boolean(tr, &value, "IS TRUE, IS FALSE"));
    return nlt__sql_text(tr, &out->sql, "(%s IS %sDISTINCT FROM %s)", value.sql,
        expr->is_not ? "" : "NOT ", expr->text[0] == 'u' ? "NULL" : expr->text);
}

static nlt_status case_of(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *values;
    NLT_TRY(expressions(tr, scope, expr, &values));
    int first = expr->has_operand;
    int n_whens = (expr->n_args - first - expr->has_else) / 2;
    nlt_sql_value *results = nlt__sql_alloc(tr, (size_t)n_whens + 1, sizeof *results);
    nlt_sql_type type;
    if (results == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < n_whens; i++) {
        results[i] = values[first + 2 * i + 1];
    }
    if (expr->has_else) {
        results[n_whens] = values[expr->n_args - 1];
    }
    NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, results, n_whens + expr->has_else, expr, &type));
    const char *text = "CASE";
    for (int i = 0; i < n_whens; i++) {
        nlt_sql_value condition = values[first + 2 * i];
        if (expr->has_operand) {
            NLT_TRY(nlt__sql_compare(tr, "=", values[0], condition, expr, &condition));
        } else {
            NLT_TRY(make_boolean(tr, &condition, "WHEN"));
        }
        NLT_TRY(
            nlt__sql_text(tr, &text, "%s WHEN %s THEN %s", text, condition.sql, results[i].sql));
    }
    *out = (nlt_sql_value){NULL, type, expr};
    return nlt__sql_text(tr, &out->sql, "%s%s%s END", text, expr->has_else ? " ELSE " : "",
        expr->has_else ? results[n_whens].sql : "");
}

static nlt_status index_of(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_value *values;
    NLT_TRY(expressions(tr, scope, expr, &values));
    nlt_sql_type type = values[0].type;
    if (type.kind == NLT_SQL_MAP) {
        NLT_TRY(nlt__sql_cast(tr, &values[1], *type.key));
        *out = (nlt_sql_value){NULL, *type.item, expr};
        return nlt__sql_text(
            tr, &out->sql, "map_extract_value(%s, %s)", values[0].sql, values[1].sql);
    }
    if (type.kind == NLT_SQL_STRUCT && nlt__sql_is_literal(&values[1])
        && values[1].type.kind == NLT_SQL_STRING) {
        *out = values[0];
        return nlt__sql_field_of(tr, out, values[1].expr->text, expr->place);
    }
    if (type.kind != NLT_SQL_ARRAY || !nlt__sql_is_integer(values[1].type.kind)) {
        return nlt__sql_wrong(tr, expr->place, "%s[%s]: only an array has numbered elements",
            nlt__sql_spark_type_text(tr, type), nlt__sql_spark_type_text(tr, values[1].type));
    }
    *out = (nlt_sql_value){NULL, *type.item, expr};
    if (nlt__sql_is_literal(&values[1])) {
        int64_t number = 0;
        bool is_number = nlt__parse_i64(
            (nlt_bytes){values[1].expr->text, strlen(values[1].expr->text)}, &number);
        bool is_inside = is_number && number >= 0 && number < INT32_MAX;
        return is_inside ? nlt__sql_text(
                   tr, &out->sql, "list_extract(%s, %lld)", values[0].sql, (long long)number + 1)
                         : nlt__sql_text(tr, &out->sql, "list_extract(%s, NULL)", values[0].sql);
    }
    return nlt__sql_text(tr, &out->sql,
        "list_extract(%s, CASE WHEN %s >= 0 THEN CAST(%s AS BIGINT) + 1 END)", values[0].sql,
        values[1].sql, values[1].sql);
}

static nlt_status subquery(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_answer answer;
    bool is_exists = expr->kind == NLT_SQL_EXPR_EXISTS;
    NLT_TRY(nlt__sql_query(tr, scope, expr->query, false, &answer));
    if (!is_exists && answer.n_columns != 1) {
        return nlt__sql_wrong(
            tr, expr->place, "a query in an expression has one column, not %d", answer.n_columns);
    }
    *out =
        (nlt_sql_value){NULL, is_exists ? nlt__sql_plain(NLT_SQL_BOOLEAN) : answer.types[0], expr};
    return nlt__sql_text(tr, &out->sql, "%s(%s)", is_exists ? "EXISTS " : "", answer.sql);
}

nlt_status nlt__sql_order_items(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_order *order, int n, nlt_buf *out)
{
    for (int i = 0; i < n; i++) {
        nlt_sql_value value;
        NLT_TRY(nlt__sql_expr(tr, scope, order[i].expr, &value));
        NLT_TRY(nlt__sql_order_key(tr, &value, &value.sql));
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s%s %s NULLS %s", i > 0 ? ", " : "", value.sql,
            order[i].is_descending ? "DESC" : "ASC", order[i].is_nulls_last ? "LAST" : "FIRST"));
    }
    return NLT_OK;
}

nlt_status nlt__sql_expr(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    switch (expr->kind) {
    case NLT_SQL_EXPR_LITERAL:
        return literal(tr, expr, out);
    case NLT_SQL_EXPR_COLUMN:
        return column(tr, scope, expr, out);
    case NLT_SQL_EXPR_UNARY:
        return unary(tr, scope, expr, out);
    case NLT_SQL_EXPR_BINARY:
        return binary(tr, scope, expr, out);
    case NLT_SQL_EXPR_CALL:
        return nlt__sql_call_function(tr, scope, expr, out);
    case NLT_SQL_EXPR_CAST:
        NLT_TRY(nlt__sql_expr(tr, scope, expr->args[0], out));
        out->expr = expr;
        return nlt__sql_cast(tr, out, expr->type);
    case NLT_SQL_EXPR_CASE:
        return case_of(tr, scope, expr, out);
    case NLT_SQL_EXPR_BETWEEN:
        return between(tr, scope, expr, out);
    case NLT_SQL_EXPR_IN:
        return expr->query != NULL ? in_query(tr, scope, expr, out) : in_list(tr, scope, expr, out);
    case NLT_SQL_EXPR_LIKE:
        return like(tr, scope, expr, out);
    case NLT_SQL_EXPR_IS:
        return is(tr, scope, expr, out);
    case NLT_SQL_EXPR_EXISTS:
    case NLT_SQL_EXPR_SUBQUERY:
        return subquery(tr, scope, expr, out);
    case NLT_SQL_EXPR_INDEX:
        return index_of(tr, scope, expr, out);
    case NLT_SQL_EXPR_FIELD:
        NLT_TRY(nlt__sql_expr(tr, scope, expr->args[0], out));
        return nlt__sql_field_of(tr, out, expr->text, expr->place);
    case NLT_SQL_EXPR_INTERVAL:
        *out = (nlt_sql_value){expr->text, expr->type, expr};
        return NLT_OK;
    case NLT_SQL_EXPR_STAR:
        return nlt__sql_wrong(tr, expr->place, "* cannot stand here");
    case NLT_SQL_EXPR_TUPLE:
        return nlt__sql_refuse(tr, expr->place, "several values in parentheses here");
    case NLT_SQL_EXPR_LAMBDA:
        return nlt__sql_wrong(tr, expr->place, "a lambda cannot stand here");
    }
    return nlt_fail(tr->err, NLT_ERR_INTERNAL, "an unknown expression");
}
