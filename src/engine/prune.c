/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions of a statement's WHERE as arguments of the table function.
 *
 * The engine applies the WHERE in any case, so it is enough that no row is left out that it would take:
 * bounds are drawn a little wider than they are written, and whatever is not plainly a condition on a
 * column of this table is passed over. A statement qualifies only if the table stands in it once, alone
 * behind FROM. */

#include "engine/prune.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/syntax.h"

#define TIME_FROM "time_from"
#define TIME_TO "time_to"
#define EQUALS "equals"

static const double slack =
    1e-12; /* of a bound: how a decimal becomes a double is the engine's matter */

typedef struct finding {
    const nlt_table_desc *desc;
    const char *table; /* how columns may be qualified */
    const char *alias;
    double from, to;
    nlt_buf *equals;
    int n_equals;
    nlt_error *err;
    nlt_status status;
} finding;

/* ---- columns and constants ---- */

/* Position of the column that an expression is; -1: it is none of the table's. */
static int column_of(const finding *f, const json_t *expression)
{
    const json_t *names = json_object_get(expression, "column_names");
    size_t n = json_array_size(names);
    if (strcmp(nlt__syntax_text(expression, "class"), "COLUMN_REF") != 0 || n < 1 || n > 2) {
        return -1;
    }
    const char *name = json_string_value(json_array_get(names, n - 1));
    const char *table = n == 2 ? json_string_value(json_array_get(names, 0)) : NULL;
    const char *own = f->alias[0] != '\0' ? f->alias : f->table;
    if (name == NULL || (n == 2 && (table == NULL || !nlt__equal_ignore_case(table, own)))) {
        return -1;
    }
    for (int i = 0; i < f->desc->n_columns; i++) {
        if (nlt__equal_ignore_case(f->desc->columns[i].name, name)) {
            return i;
        }
    }
    return -1;
}

/* The value of a constant that is not NULL, and the name of its type. */
static const json_t *constant_of(const json_t *expression, const char **type)
{
    const json_t *value = json_object_get(expression, "value");
    if (strcmp(nlt__syntax_text(expression, "class"), "CONSTANT") != 0
        || !json_is_false(json_object_get(value, "is_null"))) {
        return NULL;
    }
    *type = nlt__syntax_text(json_object_get(value, "type"), "id");
    return json_object_get(value, "value");
}

static bool number_of(const json_t *expression, double *out)
{
    static const char *const types[] = {"INTEGER", "BIGINT", "DOUBLE", "DECIMAL"};
    const char *type = "";
    const json_t *value = constant_of(expression, &type);
    bool is_known = false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        is_known |= strcmp(type, types[i]) == 0;
    }
    if (!json_is_number(value) || !is_known) {
        return false;
    }
    *out = json_number_value(value);
    if (strcmp(type, "DECIMAL") == 0) {
        const json_t *info = json_object_get(
            json_object_get(json_object_get(expression, "value"), "type"), "type_info");
        const json_t *scale = json_object_get(info, "scale");
        if (!json_is_number(scale)) {
            return false;
        }
        *out /= pow(10.0, json_number_value(scale));
    }
    return isfinite(*out);
}

static bool text_of(const json_t *expression, const char **out)
{
    const char *type = "";
    const json_t *value = constant_of(expression, &type);
    *out = json_string_value(value);
    return *out != NULL && strcmp(type, "VARCHAR") == 0
        && strlen(*out) == json_string_length(value);
}

/* ---- conditions ---- */

static void at_least(finding *f, double bound)
{
    bound -= fabs(bound) * slack;
    f->from = bound > f->from ? bound : f->from;
}

static void at_most(finding *f, double bound)
{
    bound += fabs(bound) * slack;
    f->to = bound < f->to ? bound : f->to;
}

/* "..., ['column', 'value', ...]" */
static nlt_status put_equal(finding *f, int column, const json_t *const *values, size_t n)
{
    nlt_buf *out = f->equals;
    NLT_TRY(nlt__buf_printf(
        out, f->err, "%s['%s'", f->n_equals > 0 ? ", " : "", f->desc->columns[column].name));
    for (size_t i = 0; i < n; i++) {
        const char *text = NULL;
        (void)text_of(values[i], &text);
        NLT_TRY(nlt__buf_append(out, ", ", 2, f->err));
        NLT_TRY(nlt__duck_literal(text, out, f->err));
    }
    f->n_equals++;
    return nlt__buf_append(out, "]", 1, f->err);
}

static void take_equal(finding *f, int column, const json_t *const *values, size_t n)
{
    if (f->desc->columns[column].dtype.type != NLT_TYPE_STRING || n > NLT_PRUNE_VALUES_MAX
        || f->n_equals == NLT_PRUNE_EQUALS_MAX) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = NULL;
        if (!text_of(values[i], &text)) {
            return;
        }
    }
    f->status = put_equal(f, column, values, n);
}

/* column OP constant */
static void take_comparison(finding *f, const char *type, int column, const json_t *constant)
{
    double bound = 0;
    bool is_equal = strcmp(type, "COMPARE_EQUAL") == 0;
    if (column != f->desc->time_column || !number_of(constant, &bound)) {
        if (is_equal) {
            take_equal(f, column, &constant, 1);
        }
        return;
    }
    if (is_equal || strncmp(type, "COMPARE_GREATERTHAN", strlen("COMPARE_GREATERTHAN")) == 0) {
        at_least(f, bound);
    }
    if (is_equal || strncmp(type, "COMPARE_LESSTHAN", strlen("COMPARE_LESSTHAN")) == 0) {
        at_most(f, bound);
    }
}

/* The comparison with its sides changed. */
static const char *turned(const char *type)
{
    static const char *const pairs[][2] = {
        {"COMPARE_EQUAL", "COMPARE_EQUAL"},
        {"COMPARE_GREATERTHAN", "COMPARE_LESSTHAN"},
        {"COMPARE_LESSTHAN", "COMPARE_GREATERTHAN"},
        {"COMPARE_GREATERTHANOREQUALTO", "COMPARE_LESSTHANOREQUALTO"},
        {"COMPARE_LESSTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (strcmp(type, pairs[i][0]) == 0) {
            return pairs[i][1];
        }
    }
    return "";
}

static void take_sides(finding *f, const json_t *condition)
{
    const char *type = nlt__syntax_text(condition, "type");
    const json_t *left = json_object_get(condition, "left");
    const json_t *right = json_object_get(condition, "right");
    int column = column_of(f, left);
    if (column >= 0 && turned(type)[0] != '\0') {
        take_comparison(f, type, column, right);
        return;
    }
    column = column_of(f, right);
    if (column >= 0) {
        take_comparison(f, turned(type), column, left);
    }
}

static void take_between(finding *f, const json_t *condition)
{
    double bound = 0;
    int column = column_of(f, json_object_get(condition, "input"));
    if (column < 0 || column != f->desc->time_column) {
        return;
    }
    if (number_of(json_object_get(condition, "lower"), &bound)) {
        at_least(f, bound);
    }
    if (number_of(json_object_get(condition, "upper"), &bound)) {
        at_most(f, bound);
    }
}

static void take_in(finding *f, const json_t *condition)
{
    const json_t *children = json_object_get(condition, "children");
    const json_t *values[NLT_PRUNE_VALUES_MAX];
    size_t n = json_array_size(children);
    int column = column_of(f, json_array_get(children, 0));
    if (column < 0 || n < 2 || n - 1 > NLT_PRUNE_VALUES_MAX) {
        return;
    }
    for (size_t i = 1; i < n; i++) {
        values[i - 1] = json_array_get(children, i);
    }
    take_equal(f, column, values, n - 1);
}

/* What must be true for the whole to be true. */
static void take_condition(finding *f, const json_t *condition, int depth)
{
    enum { DEPTH_MAX = 64 };
    const char *type = nlt__syntax_text(condition, "type");
    const char *class = nlt__syntax_text(condition, "class");
    if (strcmp(type, "CONJUNCTION_AND") == 0 && depth < DEPTH_MAX) {
        const json_t *children = json_object_get(condition, "children");
        for (size_t i = 0; i < json_array_size(children) && f->status == NLT_OK; i++) {
            take_condition(f, json_array_get(children, i), depth + 1);
        }
    } else if (strcmp(class, "COMPARISON") == 0) {
        take_sides(f, condition);
    } else if (strcmp(type, "COMPARE_BETWEEN") == 0) {
        take_between(f, condition);
    } else if (strcmp(type, "COMPARE_IN") == 0) {
        take_in(f, condition);
    }
}

/* ---- the statement ---- */

/* Counts tables; a statement that shows one is none of ours. */
static bool count_table(void *ctx, const json_t *object)
{
    int *n = ctx;
    const char *type = nlt__syntax_text(object, "type");
    *n += strcmp(type, "BASE_TABLE") == 0;
    return strcmp(type, "SHOW_REF") != 0;
}

/* The SELECT with the WHERE, if the statement is one over the table alone; else NULL. */
static const json_t *plain_select(const json_t *tree, const char *alias)
{
    int n = 0;
    const json_t *statements = json_object_get(tree, "statements");
    const json_t *node = json_object_get(json_array_get(statements, 0), "node");
    const json_t *from = json_object_get(node, "from_table");
    const json_t *names = json_object_get(json_object_get(node, "cte_map"), "map");
    bool is_plain = json_array_size(statements) == 1
        && strcmp(nlt__syntax_text(node, "type"), "SELECT_NODE") == 0 && json_array_size(names) == 0
        && json_is_null(json_object_get(node, "sample"))
        && strcmp(nlt__syntax_text(from, "type"), "BASE_TABLE") == 0
        && nlt__equal_ignore_case(nlt__syntax_text(from, "table_name"), alias)
        && nlt__syntax_text(from, "schema_name")[0] == '\0'
        && nlt__syntax_text(from, "catalog_name")[0] == '\0'
        && json_is_null(json_object_get(from, "sample"))
        && json_is_null(json_object_get(from, "at_clause"))
        && json_array_size(json_object_get(from, "column_name_alias")) == 0
        && json_is_object(json_object_get(node, "where_clause"));
    return is_plain && nlt__syntax_walk(tree, count_table, &n) && n == 1 ? node : NULL;
}

static nlt_status put_found(const finding *f, nlt_buf *out, nlt_error *err)
{
    if (f->from > -HUGE_VAL) {
        NLT_TRY(nlt__buf_printf(out, err, ", " TIME_FROM " := CAST('%.17g' AS DOUBLE)", f->from));
    }
    if (f->to < HUGE_VAL) {
        NLT_TRY(nlt__buf_printf(out, err, ", " TIME_TO " := CAST('%.17g' AS DOUBLE)", f->to));
    }
    if (f->n_equals == 0) {
        return NLT_OK;
    }
    NLT_TRY(nlt__buf_printf(out, err, ", " EQUALS " := ["));
    NLT_TRY(nlt__buf_append(out, f->equals->ptr, f->equals->len, err));
    return nlt__buf_append(out, "]", 1, err);
}

nlt_status nlt__prune_put(nlt_session *session, const char *sql, const char *alias,
    const nlt_table_desc *desc, nlt_buf *out, nlt_error *err)
{
    json_t *tree = NULL;
    nlt_status parsed = nlt__duck_syntax(session, sql, &tree, NULL);
    const json_t *node = parsed == NLT_OK && tree != NULL ? plain_select(tree, alias) : NULL;
    nlt_status status = parsed == NLT_ERR_NOMEM || parsed == NLT_ERR_CANCELLED
        ? nlt_fail(err, parsed, "%s", nlt_status_name(parsed))
        : NLT_OK; /* else what is wrong with it is told when it is prepared */
    if (node != NULL) {
        nlt_buf equals = NLT_BUF_INIT(1 << 20);
        finding f = {.desc = desc,
            .table = alias,
            .alias = nlt__syntax_text(json_object_get(node, "from_table"), "alias"),
            .from = -HUGE_VAL,
            .to = HUGE_VAL,
            .equals = &equals,
            .err = err,
            .status = NLT_OK};
        take_condition(&f, json_object_get(node, "where_clause"), 0);
        status = f.status == NLT_OK ? put_found(&f, out, err) : f.status;
        nlt__buf_clear(&equals);
    }
    json_decref(tree);
    return status;
}

/* ---- the table function ---- */

void nlt__prune_declare(duckdb_table_function function)
{
    duckdb_logical_type real = duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type texts = duckdb_create_list_type(text);
    duckdb_logical_type lists = duckdb_create_list_type(texts);
    duckdb_table_function_add_named_parameter(function, TIME_FROM, real);
    duckdb_table_function_add_named_parameter(function, TIME_TO, real);
    duckdb_table_function_add_named_parameter(function, EQUALS, lists);
    duckdb_destroy_logical_type(&lists);
    duckdb_destroy_logical_type(&texts);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&real);
}

static void read_bound(duckdb_bind_info info, const char *name, const nlt_table_desc *desc,
    nlt_prune_given *out, double *bound)
{
    duckdb_value value = duckdb_bind_get_named_parameter(info, name);
    if (value != NULL) {
        *bound = duckdb_get_double(value);
        duckdb_destroy_value(&value);
        out->prune.time_column = desc->time_column;
        out->is_given = true;
    }
}

/* Item `i` of a list of texts, in the arena; NULL when memory is short. */
static char *item_text(duckdb_value list, idx_t i, nlt_arena *arena)
{
    duckdb_value item = duckdb_get_list_child(list, i);
    char *text = duckdb_get_varchar(item);
    char *copy = text != NULL ? nlt__arena_copy(arena, (nlt_bytes){text, strlen(text)}) : NULL;
    duckdb_free(text);
    duckdb_destroy_value(&item);
    return copy;
}

static nlt_status read_equal(
    duckdb_value list, const nlt_table_desc *desc, nlt_prune_given *out, nlt_error *err)
{
    nlt_prune_equal *equal = &out->prune.equals[out->prune.n_equals];
    idx_t n = duckdb_get_list_size(list);
    const char *name = n > 0 ? item_text(list, 0, &out->arena) : NULL;
    *equal = (nlt_prune_equal){.column = -1};
    for (int i = 0; name != NULL && i < desc->n_columns; i++) {
        equal->column = strcmp(desc->columns[i].name, name) == 0 ? i : equal->column;
    }
    for (idx_t i = 1; i < n && i <= NLT_PRUNE_VALUES_MAX; i++) {
        const char *text = item_text(list, i, &out->arena);
        if (text == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        equal->values[equal->n++] = (nlt_bytes){text, strlen(text)};
    }
    bool is_whole = equal->column >= 0 && n == (idx_t)equal->n + 1;
    out->prune.n_equals += is_whole;
    out->is_given |= is_whole;
    return NLT_OK;
}

nlt_status nlt__prune_read(
    duckdb_bind_info info, const nlt_table_desc *desc, nlt_prune_given *out, nlt_error *err)
{
    *out = (nlt_prune_given){
        .prune = {.time_column = -1, .from = -HUGE_VAL, .to = HUGE_VAL}, .arena = NLT_ARENA_INIT};
    read_bound(info, TIME_FROM, desc, out, &out->prune.from);
    read_bound(info, TIME_TO, desc, out, &out->prune.to);
    duckdb_value lists = duckdb_bind_get_named_parameter(info, EQUALS);
    nlt_status status = NLT_OK;
    idx_t n = lists != NULL ? duckdb_get_list_size(lists) : 0;
    for (idx_t i = 0; i < n && i < NLT_PRUNE_EQUALS_MAX && status == NLT_OK; i++) {
        duckdb_value list = duckdb_get_list_child(lists, i);
        status = read_equal(list, desc, out, err);
        duckdb_destroy_value(&list);
    }
    if (lists != NULL) {
        duckdb_destroy_value(&lists);
    }
    return status;
}
