/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EXPLODE and the like: columns of several rows, by DuckDB's unnest. Columns of one SELECT are
 * unnested side by side. */

#include <string.h>

#include "core/num.h"
#include "sql/translate.h"

/* What a generator is called with. */
typedef struct generator {
    nlt_sql_translator *tr;
    const nlt_sql_expr *expr;
    bool is_outer;
    nlt_sql_generated *out;
} generator;

static nlt_status add(generator *g, const char *name, nlt_sql_type type, const char *sql)
{
    g->out->names[g->out->n_values] = name;
    g->out->values[g->out->n_values++] = (nlt_sql_value){sql, type, g->expr};
    return NLT_OK;
}

static nlt_status reserve(generator *g, int n)
{
    g->out->values = nlt__sql_alloc(g->tr, (size_t)n + 1, sizeof *g->out->values);
    g->out->names = nlt__sql_alloc(g->tr, (size_t)n + 1, sizeof *g->out->names);
    return g->out->values != NULL && g->out->names != NULL ? NLT_OK : nlt__sql_oom(g->tr);
}

/* The elements; OUTER: [NULL] for none. */
static nlt_status elements(generator *g, const char *list, const char **out)
{
    *out = list;
    return g->is_outer
        ? nlt__sql_text(g->tr, out, "CASE WHEN len(%s) > 0 THEN %s ELSE [NULL] END", list, list)
        : NLT_OK;
}

static nlt_status add_positions(generator *g, const char *list)
{
    const char *sql = NULL;
    NLT_TRY(nlt__sql_text(g->tr, &sql,
        g->is_outer ? "CAST(unnest(CASE WHEN len(%s) > 0 THEN range(len(%s)) ELSE [NULL] END) AS "
                      "INTEGER)"
                    : "CAST(unnest(range(len(%s))) AS INTEGER)",
        list, list));
    return add(g, "pos", nlt__sql_plain(NLT_SQL_INT), sql);
}

static nlt_status add_elements(generator *g, const char *name, nlt_sql_type type, const char *list)
{
    const char *sql = NULL;
    NLT_TRY(elements(g, list, &sql));
    NLT_TRY(nlt__sql_text(g->tr, &sql, "unnest(%s)", sql));
    return add(g, name, type, sql);
}

/* EXPLODE, POSEXPLODE of an array or a map. */
static nlt_status explode(generator *g, nlt_sql_value value, bool has_position)
{
    NLT_TRY(reserve(g, 3));
    if (value.type.kind == NLT_SQL_ARRAY) {
        if (has_position) {
            NLT_TRY(add_positions(g, value.sql));
        }
        return add_elements(g, "col", *value.type.item, value.sql);
    }
    if (value.type.kind != NLT_SQL_MAP) {
        return nlt__sql_wrong(g->tr, g->expr->place, "%s takes an array or a map", g->expr->text);
    }
    const char *keys = NULL;
    const char *items = NULL;
    NLT_TRY(nlt__sql_text(g->tr, &keys, "map_keys(%s)", value.sql));
    NLT_TRY(nlt__sql_text(g->tr, &items, "map_values(%s)", value.sql));
    if (has_position) {
        NLT_TRY(add_positions(g, keys));
    }
    NLT_TRY(add_elements(g, "key", *value.type.key, keys));
    return add_elements(g, "value", *value.type.item, items);
}

/* INLINE: a column for each field of the structs of an array. */
static nlt_status inline_structs(generator *g, nlt_sql_value value)
{
    bool is_list = value.type.kind == NLT_SQL_ARRAY && value.type.item->kind == NLT_SQL_STRUCT;
    const char *list = NULL;
    if (!is_list) {
        return nlt__sql_wrong(g->tr, g->expr->place, "%s takes an array of structs", g->expr->text);
    }
    const nlt_sql_type *type = value.type.item;
    NLT_TRY(reserve(g, type->n_fields));
    NLT_TRY(elements(g, value.sql, &list));
    for (int i = 0; i < type->n_fields; i++) {
        nlt_sql_value field = {NULL, *type, g->expr};
        NLT_TRY(nlt__sql_text(g->tr, &field.sql, "unnest(%s)", list));
        NLT_TRY(nlt__sql_field_of(g->tr, &field, type->fields[i].name, g->expr->place));
        NLT_TRY(add(g, type->fields[i].name, field.type, field.sql));
    }
    return NLT_OK;
}

/* JSON_TUPLE(text, name, ...): a column for each name; one row. */
static nlt_status json_tuple(generator *g, nlt_sql_scope *scope)
{
    nlt_sql_value text;
    const nlt_sql_type type = nlt__sql_plain(NLT_SQL_STRING);
    NLT_TRY(reserve(g, g->expr->n_args));
    if (g->expr->n_args < 2) {
        return nlt__sql_wrong(g->tr, g->expr->place, "json_tuple takes a text and names");
    }
    NLT_TRY(nlt__sql_expr(g->tr, scope, g->expr->args[0], &text));
    NLT_TRY(nlt__sql_cast(g->tr, &text, type));
    for (int i = 1; i < g->expr->n_args; i++) {
        const nlt_sql_expr *arg = g->expr->args[i];
        const char *name = NULL;
        const char *path = NULL;
        const char *sql = NULL;
        bool is_plain = arg->kind == NLT_SQL_EXPR_LITERAL && arg->type.kind == NLT_SQL_STRING
            && strpbrk(arg->text, "\"\\*") == NULL;
        if (!is_plain) {
            return nlt__sql_refuse(g->tr, arg->place, "a name that is no plain constant text");
        }
        NLT_TRY(nlt__sql_text(g->tr, &name, "c%d", i - 1));
        NLT_TRY(nlt__sql_text(g->tr, &path, "$.\"%s\"", arg->text));
        NLT_TRY(nlt__sql_quoted(g->tr, path, '\'', &path));
        NLT_TRY(nlt__sql_text(g->tr, &sql,
            "CASE WHEN json_valid(%s) THEN json_extract_string(%s, %s) END", text.sql, text.sql,
            path));
        NLT_TRY(add(g, name, type, sql));
    }
    return NLT_OK;
}

/* A column of STACK: every n-th value. */
static nlt_status stack_column(
    generator *g, const nlt_sql_value *values, int n_values, int n_rows, int n_columns, int column)
{
    const char *list = "";
    nlt_sql_type type;
    nlt_sql_value *cells = nlt__sql_alloc(g->tr, (size_t)n_rows, sizeof *cells);
    const char *name = NULL;
    if (cells == NULL) {
        return nlt__sql_oom(g->tr);
    }
    for (int i = 0; i < n_rows; i++) {
        int at = i * n_columns + column;
        cells[i] = at < n_values ? values[at]
                                 : (nlt_sql_value){"NULL", nlt__sql_plain(NLT_SQL_NULL), g->expr};
    }
    NLT_TRY(nlt__sql_unify(g->tr, NLT_SQL_MEET_WIDEN, cells, n_rows, g->expr, &type));
    for (int i = 0; i < n_rows; i++) {
        NLT_TRY(nlt__sql_text(g->tr, &list, "%s%s%s", list, i > 0 ? ", " : "", cells[i].sql));
    }
    NLT_TRY(nlt__sql_text(g->tr, &name, "col%d", column));
    NLT_TRY(
        nlt__sql_text(g->tr, &list, "CAST([%s] AS %s[])", list, nlt__sql_type_text(g->tr, type)));
    NLT_TRY(nlt__sql_text(g->tr, &list, "unnest(%s)", list));
    return add(g, name, type, list);
}

/* STACK(n, value, ...): the values in n rows. */
static nlt_status stack(generator *g, nlt_sql_scope *scope)
{
    enum { ROWS_MAX = 1000 };
    const nlt_sql_expr *expr = g->expr;
    int64_t n_rows = 0;
    int n_values = expr->n_args - 1;
    bool is_constant = n_values > 0 && expr->args[0]->kind == NLT_SQL_EXPR_LITERAL
        && expr->args[0]->type.kind == NLT_SQL_INT
        && nlt__parse_i64((nlt_bytes){expr->args[0]->text, strlen(expr->args[0]->text)}, &n_rows);
    if (!is_constant || n_rows < 1 || n_rows > ROWS_MAX) {
        return nlt__sql_wrong(
            g->tr, expr->place, "stack takes a constant number of rows, and values");
    }
    int n_columns = (n_values + (int)n_rows - 1) / (int)n_rows;
    nlt_sql_value *values = nlt__sql_alloc(g->tr, (size_t)n_values, sizeof *values);
    if (values == NULL) {
        return nlt__sql_oom(g->tr);
    }
    for (int i = 0; i < n_values; i++) {
        NLT_TRY(nlt__sql_expr(g->tr, scope, expr->args[i + 1], &values[i]));
    }
    NLT_TRY(reserve(g, n_columns));
    for (int i = 0; i < n_columns; i++) {
        NLT_TRY(stack_column(g, values, n_values, (int)n_rows, n_columns, i));
    }
    return NLT_OK;
}

nlt_status nlt__sql_generate(nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr,
    bool is_outer, nlt_sql_generated *out)
{
    nlt_sql_value value;
    generator g = {tr, expr, is_outer || strstr(expr->text, "_outer") != NULL, out};
    *out = (nlt_sql_generated){.n_values = 0};
    if (strcmp(expr->text, "json_tuple") == 0) {
        return json_tuple(&g, scope);
    }
    if (strcmp(expr->text, "stack") == 0) {
        return stack(&g, scope);
    }
    if (expr->n_args != 1) {
        return nlt__sql_wrong(tr, expr->place, "%s takes one argument", expr->text);
    }
    NLT_TRY(nlt__sql_expr(tr, scope, expr->args[0], &value));
    return expr->text[0] == 'i' ? inline_structs(&g, value)
                                : explode(&g, value, expr->text[0] == 'p');
}
