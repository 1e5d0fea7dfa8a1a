/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of arrays that take a lambda. */

#include <string.h>

#include "sql/functions.h"

nlt_status nlt__sql_new_param(nlt_sql_translator *tr, const char **out)
{
    return nlt__sql_text(tr, out, "\"x%d\"", ++tr->n_names);
}

nlt_status nlt__sql_translate_lambda(nlt_sql_call_state *call, int index, int n_params,
    const nlt_sql_type *types, const char *const *texts, nlt_sql_lambda *out)
{
    const nlt_sql_expr *expr = call->args[index].expr;
    nlt_sql_column columns[NLT_SQL_LAMBDA_PARAMS_MAX] = {{.name = NULL}};
    nlt_sql_scope scope = {.parent = call->scope, .columns = columns, .is_lambda = true};
    if (expr->kind != NLT_SQL_EXPR_LAMBDA || expr->n_parts > n_params) {
        return nlt__sql_wrong(call->tr, expr->place, "%s takes a lambda of %d parameters here",
            call->expr->text, n_params);
    }
    scope.n_columns = expr->n_parts;
    for (int i = 0; i < n_params; i++) {
        NLT_TRY(nlt__sql_text(call->tr, &out->names[i], "\"x%d\"", ++call->tr->n_names));
    }
    for (int i = 0; i < expr->n_parts; i++) {
        const char *text = texts != NULL && texts[i] != NULL ? texts[i] : "%s";
        columns[i] = (nlt_sql_column){.name = expr->parts[i], .type = types[i]};
        const char *mark = strstr(text, "%s");
        NLT_TRY(mark == NULL ? nlt__sql_text(call->tr, &columns[i].sql, "%s", text)
                             : nlt__sql_text(call->tr, &columns[i].sql, "%.*s%s%s",
                                 (int)(mark - text), text, out->names[i], mark + 2));
    }
    return nlt__sql_expr(call->tr, &scope, expr->args[0], &out->body);
}

/* x -> body, or (x, i) -> body with i from 0. */
static nlt_status element_lambda(nlt_sql_call_state *call, nlt_sql_lambda *out, const char **params)
{
    const nlt_sql_type types[2] = {*call->args[0].type.item, nlt__sql_plain(NLT_SQL_INT)};
    static const char *const texts[2] = {NULL, "CAST(%s - 1 AS INTEGER)"};
    if (call->args[0].type.kind != NLT_SQL_ARRAY) {
        return nlt__sql_wrong(call->tr, call->expr->place, "%s takes an array", call->expr->text);
    }
    NLT_TRY(nlt__sql_translate_lambda(call, 1, 2, types, texts, out));
    *params = out->names[0];
    return call->args[1].expr->n_parts == 2
        ? nlt__sql_text(call->tr, params, "%s, %s", out->names[0], out->names[1])
        : NLT_OK;
}

static nlt_status condition_lambda(
    nlt_sql_call_state *call, nlt_sql_lambda *out, const char **params)
{
    NLT_TRY(element_lambda(call, out, params));
    return out->body.type.kind == NLT_SQL_BOOLEAN || out->body.type.kind == NLT_SQL_NULL
        ? nlt__sql_cast(call->tr, &out->body, nlt__sql_plain(NLT_SQL_BOOLEAN))
        : nlt__sql_wrong(
            call->tr, call->args[1].expr->place, "%s takes a condition", call->expr->text);
}

nlt_status nlt__sql_transform(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_lambda l;
    const char *params = NULL;
    NLT_TRY(element_lambda(call, &l, &params));
    NLT_TRY(nlt__sql_array_of(call, l.body.type, &out->type));
    return nlt__sql_text(call->tr, &out->sql, "list_transform(%s, lambda %s: %s)",
        call->args[0].sql, params, l.body.sql);
}

nlt_status nlt__sql_filter(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_lambda l;
    const char *params = NULL;
    NLT_TRY(condition_lambda(call, &l, &params));
    out->type = call->args[0].type;
    return nlt__sql_text(call->tr, &out->sql, "list_filter(%s, lambda %s: coalesce(%s, false))",
        call->args[0].sql, params, l.body.sql);
}

/* EXISTS is true if any is, FORALL false if any is not; NULL if one is NULL. */
static nlt_status quantify(nlt_sql_call_state *call, const char *sought, const char *found,
    const char *otherwise, nlt_sql_value *out)
{
    nlt_sql_lambda l;
    const char *params = NULL;
    const char *array = call->args[0].sql;
    NLT_TRY(condition_lambda(call, &l, &params));
    set_type(out, NLT_SQL_BOOLEAN);
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN %s IS NULL THEN NULL "
        "WHEN len(list_filter(%s, lambda %s: (%s) IS NOT DISTINCT FROM %s)) > 0 THEN %s "
        "WHEN len(list_filter(%s, lambda %s: (%s) IS NULL)) > 0 THEN NULL ELSE %s END",
        array, array, params, l.body.sql, sought, found, array, params, l.body.sql, otherwise);
}

nlt_status nlt__sql_exists(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return quantify(call, "true", "true", "false", out);
}

nlt_status nlt__sql_forall(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return quantify(call, "false", "false", "true", out);
}

/* AGGREGATE(array, start, (acc, x) -> ..., acc -> ...). DuckDB's list_reduce knows one type only,
 * so where the accumulator has another type, the list becomes one of pairs {a: accumulator, x:
 * element}. */
nlt_status nlt__sql_aggregate(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_value start;
    nlt_sql_lambda merge;
    nlt_sql_translator *tr = call->tr;
    if (call->args[0].type.kind != NLT_SQL_ARRAY) {
        return nlt__sql_wrong(tr, call->expr->place, "%s takes an array", call->expr->text);
    }
    const nlt_sql_type item = *call->args[0].type.item;
    NLT_TRY(nlt__sql_expr(tr, call->scope, call->expr->args[1], &start));
    const nlt_sql_type types[2] = {start.type, item};
    bool is_same = nlt__sql_same_type(&start.type, &item);
    static const char *const fields[2] = {"struct_extract(%s, 'a')", "struct_extract(%s, 'x')"};
    NLT_TRY(nlt__sql_translate_lambda(call, 2, 2, types, is_same ? NULL : fields, &merge));
    if (!nlt__sql_same_type(&merge.body.type, &start.type)) {
        return nlt__sql_wrong(tr, call->expr->place,
            "%s: the lambda must give the type of the start value", call->expr->text);
    }
    const char *type = nlt__sql_type_text(tr, start.type);
    if (is_same) {
        NLT_TRY(nlt__sql_text(tr, &out->sql, "list_reduce(%s, lambda %s, %s: %s, CAST(%s AS %s))",
            call->args[0].sql, merge.names[0], merge.names[1], merge.body.sql, start.sql, type));
    } else {
        const char *item_type = nlt__sql_type_text(tr, item);
        const char *x = NULL;
        NLT_TRY(nlt__sql_new_param(tr, &x));
        NLT_TRY(nlt__sql_text(tr, &out->sql,
            "struct_extract(list_reduce(list_transform(%s, lambda %s: {'a': CAST(NULL AS %s), 'x': "
            "CAST(%s AS %s)}), lambda %s, %s: {'a': CAST(%s AS %s), 'x': struct_extract(%s, 'x')}, "
            "{'a': CAST(%s AS %s), 'x': CAST(NULL AS %s)}), 'a')",
            call->args[0].sql, x, type, x, item_type, merge.names[0], merge.names[1],
            merge.body.sql, type, merge.names[1], start.sql, type, item_type));
    }
    out->type = start.type;
    if (call->n_args == 3) {
        return NLT_OK;
    }
    nlt_sql_lambda finish;
    const char *texts[1] = {out->sql};
    NLT_TRY(nlt__sql_translate_lambda(call, 3, 1, types, texts, &finish));
    out->sql = finish.body.sql;
    out->type = finish.body.type;
    return NLT_OK;
}

/* By position, so that the shorter array is filled up with NULL. */
nlt_status nlt__sql_zip_with(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *texts[2];
    const char *position = NULL;
    nlt_sql_lambda l;
    const nlt_sql_type types[2] = {*call->args[0].type.item, *call->args[1].type.item};
    NLT_TRY(nlt__sql_text(call->tr, &position, "\"x%d\"", ++call->tr->n_names));
    for (int i = 0; i < 2; i++) {
        NLT_TRY(nlt__sql_text(
            call->tr, &texts[i], "list_extract(%s, %s)", call->args[i].sql, position));
    }
    NLT_TRY(nlt__sql_translate_lambda(call, 2, 2, types, texts, &l));
    NLT_TRY(nlt__sql_array_of(call, l.body.type, &out->type));
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN %s IS NOT NULL AND %s IS NOT NULL THEN "
        "list_transform(range(1, greatest(len(%s), len(%s)) + 1), lambda %s: %s) END",
        call->args[0].sql, call->args[1].sql, call->args[0].sql, call->args[1].sql, position,
        l.body.sql);
}
