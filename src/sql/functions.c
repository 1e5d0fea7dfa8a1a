/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls: the row is found by name and arguments, arguments are cast as the row says, the row's text
 * is written out. */

#include "sql/functions.h"

#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "sql/text.h"

enum { SQL_MAX = 16 << 20, ARGS_MAX = 255 };

#define SCALAR(name, params, result, sql)                                                          \
    {name, NLT_SQL_FUNCTION_SCALAR, params, result, sql, NULL},
#define AGGREGATE(name, params, result, sql)                                                       \
    {name, NLT_SQL_FUNCTION_AGGREGATE, params, result, sql, NULL},
#define WINDOW(name, params, result, sql)                                                          \
    {name, NLT_SQL_FUNCTION_WINDOW, params, result, sql, NULL},
#define SPECIAL(name, params, function)                                                            \
    {name, NLT_SQL_FUNCTION_SCALAR, params, "", NULL, nlt__sql_##function},
#define SPECIAL_AGGREGATE(name, params, function)                                                  \
    {name, NLT_SQL_FUNCTION_AGGREGATE, params, "", NULL, nlt__sql_##function},
#define ORDERED_AGGREGATE(name, params, function)                                                  \
    {name, NLT_SQL_FUNCTION_AGGREGATE, params, NLT_SQL_WITHIN_GROUP, NULL, nlt__sql_##function},
#define SPECIAL_WINDOW(name, params, function)                                                     \
    {name, NLT_SQL_FUNCTION_WINDOW, params, "", NULL, nlt__sql_##function},
#define GENERATOR(name) {name, NLT_SQL_FUNCTION_GENERATOR, ".", "", "unnest($1)", NULL},
#define REFUSED(name, why) {name, NLT_SQL_FUNCTION_REFUSED, ".*", "", why, NULL},
#define GROUP(title)
#define ABOUT(name, args, help)

/* The result of rows that take WITHIN GROUP. */
#define NLT_SQL_WITHIN_GROUP "within"

static const nlt_sql_function functions[] = {
#include "sql/functions.def"
};

enum { N_FUNCTIONS = sizeof functions / sizeof functions[0] };

static const nlt_sql_function *find_name(const char *name)
{
    for (int i = 0; i < N_FUNCTIONS; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

bool nlt__sql_is_aggregate(const char *name)
{
    const nlt_sql_function *row = find_name(name);
    return row != NULL && row->kind == NLT_SQL_FUNCTION_AGGREGATE;
}

bool nlt__sql_is_generator(const nlt_sql_expr *expr)
{
    if (expr->kind != NLT_SQL_EXPR_CALL) {
        return false;
    }
    const nlt_sql_function *row = find_name(expr->text);
    return row != NULL && row->kind == NLT_SQL_FUNCTION_GENERATOR;
}

/* ---- arguments ---- */

/* The code of argument `index`; '\0': there is none. Moves over '?' and '*'. */
static char code_at(const char *params, int index, bool *is_optional)
{
    const char *p = params;
    for (int i = 0; *p != '\0'; i++) {
        char suffix = p[1];
        *is_optional = suffix == '?' || suffix == '*';
        if (i == index || suffix == '*') {
            return *p;
        }
        p += *is_optional ? 2 : 1;
    }
    *is_optional = true;
    return '\0';
}

static bool is_kind(char code, nlt_sql_kind kind)
{
    switch (code) {
    case 'S':
        return kind == NLT_SQL_STRING;
    case 'I':
        return nlt__sql_is_integer(kind);
    case 'N':
        return kind == NLT_SQL_DECIMAL;
    case 'R':
        return nlt__sql_is_real(kind);
    case 'A':
        return kind == NLT_SQL_ARRAY;
    case 'M':
        return kind == NLT_SQL_MAP;
    case 'Y':
        return kind == NLT_SQL_DATE;
    case 'T':
        return kind == NLT_SQL_TIMESTAMP;
    case 'F':
        return kind == NLT_SQL_ARRAY;
    case 'X':
        return kind == NLT_SQL_BINARY;
    case 'U':
        return kind == NLT_SQL_STRUCT || kind == NLT_SQL_ARRAY;
    case 'Z':
        return kind == NLT_SQL_DATE || kind == NLT_SQL_TIMESTAMP;
    case 'v':
        return kind == NLT_SQL_INTERVAL;
    case 'O':
    case 'V':
        return kind == NLT_SQL_ARRAY;
    default:
        return true;
    }
}

static bool is_constant_text(const nlt_sql_value *value)
{
    return value->expr != NULL && value->expr->kind == NLT_SQL_EXPR_LITERAL
        && value->expr->type.kind == NLT_SQL_STRING;
}

const char *nlt__sql_constant(const nlt_sql_call_state *call, int index)
{
    return index < call->n_args && is_constant_text(&call->args[index])
        ? call->args[index].expr->text
        : NULL;
}

/* Do the arguments fit the row, by number and strict kinds? */
static bool fits(const nlt_sql_function *row, const nlt_sql_value *args, int n)
{
    bool is_optional = true;
    for (int i = 0; i < n; i++) {
        char code = code_at(row->params, i, &is_optional);
        if (code == '\0') {
            return false;
        }
        if (code != 'u' && args[i].expr->kind == NLT_SQL_EXPR_LAMBDA) {
            return false;
        }
        bool is_null = args[i].type.kind == NLT_SQL_NULL && strchr("NXU", code) == NULL
            && (code != 'Z' || i > 0);
        if (code != 'u' && !is_null && !is_kind(code, args[i].type.kind)) {
            return false;
        }
        bool has_structs =
            args[i].type.kind == NLT_SQL_ARRAY && args[i].type.item->kind == NLT_SQL_STRUCT;
        if (has_structs ? code == 'O' : code == 'V') {
            return false;
        }
    }
    return code_at(row->params, n, &is_optional) == '\0' || is_optional;
}

static const nlt_sql_function *choose(
    const nlt_sql_function *first, const nlt_sql_value *args, int n)
{
    for (const nlt_sql_function *row = first;
         row < functions + N_FUNCTIONS && strcmp(row->name, first->name) == 0; row++) {
        if (fits(row, args, n)) {
            return row;
        }
    }
    return NULL;
}

static nlt_sql_kind code_kind(char code)
{
    switch (code) {
    case 's':
    case 'k':
        return NLT_SQL_STRING;
    case 'i':
        return NLT_SQL_INT;
    case 'l':
        return NLT_SQL_BIGINT;
    case 'd':
        return NLT_SQL_DOUBLE;
    case 'b':
        return NLT_SQL_BOOLEAN;
    case 'y':
        return NLT_SQL_DATE;
    case 't':
        return NLT_SQL_TIMESTAMP;
    case 'h':
        return NLT_SQL_TINYINT;
    case 'B':
        return NLT_SQL_BINARY;
    default:
        return NLT_SQL_NULL;
    }
}

/* Element and array arguments meet argument 1. */
static nlt_status meet_first(nlt_sql_call_state *call, int index, bool is_array)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_value *first = &call->args[0];
    nlt_sql_value *other = &call->args[index];
    nlt_sql_type *item = nlt__sql_alloc(tr, 1, sizeof *item);
    if (item == NULL) {
        return nlt__sql_oom(tr);
    }
    if (first->type.kind != NLT_SQL_ARRAY
        || (is_array && other->type.kind != NLT_SQL_ARRAY && other->type.kind != NLT_SQL_NULL)) {
        return nlt__sql_refuse(tr, call->expr->place, "%s of these arguments", call->expr->text);
    }
    nlt_sql_type right = !is_array         ? other->type
        : other->type.kind == NLT_SQL_NULL ? *first->type.item
                                           : *other->type.item;
    if (!nlt__sql_meet(NLT_SQL_MEET_NO_TEXT, *first->type.item, right, tr->arena, item)) {
        return nlt__sql_wrong(
            tr, call->expr->place, "%s: the types do not go together", call->expr->text);
    }
    nlt_sql_type array = nlt__sql_plain(NLT_SQL_ARRAY);
    array.item = item;
    NLT_TRY(nlt__sql_cast(tr, first, array));
    return nlt__sql_cast(tr, other, is_array ? array : *item);
}

/* Implicit casts that Spark does not do. */
static nlt_status check_implicit(
    nlt_sql_call_state *call, const nlt_sql_value *value, nlt_sql_kind to)
{
    nlt_sql_kind from = value->type.kind;
    bool is_bad = (from == NLT_SQL_BOOLEAN && nlt__sql_is_number(to))
        || (nlt__sql_is_number(from)
            && (to == NLT_SQL_BOOLEAN || to == NLT_SQL_DATE || to == NLT_SQL_TIMESTAMP))
        || ((from == NLT_SQL_DATE || from == NLT_SQL_TIMESTAMP) && nlt__sql_is_number(to));
    return is_bad ? nlt__sql_wrong(
               call->tr, value->expr->place, "%s: an argument has the wrong type", call->expr->text)
                  : NLT_OK;
}

static nlt_status unify_code(nlt_sql_call_state *call, const nlt_sql_function *row, char code)
{
    nlt_sql_value *values = nlt__sql_alloc(call->tr, (size_t)call->n_args + 1, sizeof *values);
    int n = 0;
    bool is_optional;
    if (values == NULL) {
        return nlt__sql_oom(call->tr);
    }
    for (int i = 0; i < call->n_args; i++) {
        if (code_at(row->params, i, &is_optional) == code) {
            values[n++] = call->args[i];
        }
    }
    if (n == 0) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_unify(call->tr, code == 'g' ? NLT_SQL_MEET_NO_TEXT : NLT_SQL_MEET_WIDEN,
        values, n, call->expr, &call->common));
    n = 0;
    for (int i = 0; i < call->n_args; i++) {
        if (code_at(row->params, i, &is_optional) == code) {
            call->args[i] = values[n++];
        }
    }
    return NLT_OK;
}

/* NULL where an array or a map is needed is one of NULLs. */
static nlt_status type_null(nlt_sql_call_state *call, char code, nlt_sql_value *value)
{
    static const nlt_sql_type nothing = {.kind = NLT_SQL_NULL};
    if (value->type.kind != NLT_SQL_NULL || strchr("AOMF", code) == NULL) {
        return NLT_OK;
    }
    value->type = nlt__sql_plain(code == 'M' ? NLT_SQL_MAP : NLT_SQL_ARRAY);
    value->type.item = &nothing;
    value->type.key = &nothing;
    return nlt__sql_text(
        call->tr, &value->sql, "CAST(NULL AS %s)", nlt__sql_type_text(call->tr, value->type));
}

static nlt_status cast_arguments(nlt_sql_call_state *call, const nlt_sql_function *row)
{
    for (int i = 0; i < call->n_args; i++) {
        bool is_optional;
        NLT_TRY(type_null(call, code_at(row->params, i, &is_optional), &call->args[i]));
    }
    NLT_TRY(unify_code(call, row, 'c'));
    NLT_TRY(unify_code(call, row, 'g'));
    for (int i = 0; i < call->n_args; i++) {
        bool is_optional;
        char code = code_at(row->params, i, &is_optional);
        nlt_sql_kind kind = code_kind(code);
        nlt_sql_value *arg = &call->args[i];
        if (code == 'k' && !is_constant_text(arg)) {
            return nlt__sql_refuse(call->tr, call->expr->place,
                "%s: argument %d must be a constant text", call->expr->text, i + 1);
        }
        if (code == 'E' || code == 'F') {
            NLT_TRY(meet_first(call, i, code == 'F'));
        } else if (kind != NLT_SQL_NULL && arg->sql != NULL) {
            NLT_TRY(check_implicit(call, arg, kind));
            NLT_TRY(nlt__sql_cast(call->tr, arg, nlt__sql_plain(kind)));
        }
    }
    return NLT_OK;
}

/* ---- texts ---- */

static nlt_status put_list(const nlt_sql_call_state *call, int first, nlt_buf *out)
{
    for (int i = first; i < call->n_args; i++) {
        NLT_TRY(
            nlt__buf_printf(out, call->tr->err, "%s%s", i > first ? ", " : "", call->args[i].sql));
    }
    return NLT_OK;
}

/* What is behind a '$'; moves over it. */
static nlt_status put_mark(const nlt_sql_call_state *call, const char **p, nlt_buf *out)
{
    char c = *++*p;
    if (c == '*') {
        return put_list(call, 0, out);
    }
    if (c >= '1' && c <= '9') {
        int index = c - '1';
        if ((*p)[1] == '*') {
            ++*p;
            return put_list(call, index, out);
        }
        return nlt__buf_printf(
            out, call->tr->err, "%s", index < call->n_args ? call->args[index].sql : "NULL");
    }
    return nlt__buf_printf(out, call->tr->err, "%s",
        c == 'd'       ? call->distinct
            : c == 'f' ? call->tail
            : c == 'n' ? call->not_null_tail
            : c == 'i' ? call->ignore_nulls
                       : "$");
}

nlt_status nlt__sql_fill(nlt_sql_call_state *call, const char *format, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = NLT_OK;
    for (const char *p = format; status == NLT_OK && *p != '\0'; p++) {
        status = *p == '$' ? put_mark(call, &p, &buf) : nlt__buf_append(&buf, p, 1, call->tr->err);
    }
    if (status == NLT_OK) {
        status = nlt__sql_keep(call->tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

static nlt_status result_type(nlt_sql_call_state *call, const char *code, nlt_sql_type *out)
{
    if (code[0] == '[') {
        nlt_sql_type *item = nlt__sql_alloc(call->tr, 1, sizeof *item);
        if (item == NULL) {
            return nlt__sql_oom(call->tr);
        }
        *out = nlt__sql_plain(NLT_SQL_ARRAY);
        out->item = item;
        return result_type(call, code + 1, item);
    }
    *out = code[0] == '1' ? call->args[0].type
        : code[0] == 'c'  ? call->common
        : code[0] == 'e'  ? *call->args[0].type.item
                          : nlt__sql_plain(code_kind(code[0]));
    return NLT_OK;
}

/* ---- FILTER, OVER ---- */

static nlt_status find_window(nlt_sql_call_state *call, const nlt_sql_window **window)
{
    const nlt_sql_window *named = *window;
    if (named->name.len == 0) {
        return NLT_OK;
    }
    char name[128];
    (void)snprintf(name, sizeof name, "%.*s", (int)named->name.len, named->name.ptr);
    for (const nlt_sql_scope *s = call->scope; s != NULL; s = s->parent) {
        for (int i = 0; s->select != NULL && i < s->select->n_windows; i++) {
            if (nlt__sql_equal_names(s->select->windows[i].name, name)) {
                *window = s->select->windows[i].window;
                return (*window)->name.len == 0 && named->n_order == 0
                    ? NLT_OK
                    : nlt__sql_refuse(call->tr, named->name, "a window that refines another");
            }
        }
    }
    return nlt__sql_wrong(call->tr, named->name, "there is no window %s", name);
}

static nlt_status put_bound(
    nlt_sql_call_state *call, const char *bound, const nlt_sql_expr *value, nlt_buf *out)
{
    if (value != NULL) {
        nlt_sql_value amount;
        NLT_TRY(nlt__sql_expr(call->tr, call->scope, value, &amount));
        NLT_TRY(nlt__buf_printf(out, call->tr->err, " %s", amount.sql));
    }
    return nlt__buf_printf(out, call->tr->err, " %s", bound);
}

static nlt_status put_window(nlt_sql_call_state *call, const nlt_sql_window *window, nlt_buf *out)
{
    nlt_sql_translator *tr = call->tr;
    NLT_TRY(find_window(call, &window));
    NLT_TRY(nlt__buf_printf(out, tr->err, " OVER ("));
    for (int i = 0; i < window->n_partition; i++) {
        nlt_sql_value value;
        NLT_TRY(nlt__sql_expr(tr, call->scope, window->partition[i], &value));
        NLT_TRY(nlt__buf_printf(out, tr->err, "%s%s", i > 0 ? ", " : "PARTITION BY ", value.sql));
    }
    if (window->n_order > 0) {
        NLT_TRY(nlt__buf_printf(out, tr->err, " ORDER BY "));
        NLT_TRY(nlt__sql_order_items(tr, call->scope, window->order, window->n_order, out));
    }
    if (window->frame_unit != NULL) {
        NLT_TRY(nlt__buf_printf(out, tr->err, " %s BETWEEN", window->frame_unit));
        NLT_TRY(put_bound(call, window->frame_start, window->start_value, out));
        NLT_TRY(nlt__buf_printf(out, tr->err, " AND"));
        NLT_TRY(put_bound(call, window->frame_end, window->end_value, out));
    }
    return nlt__buf_append(out, ")", 1, tr->err);
}

static nlt_status put_tail(
    nlt_sql_call_state *call, const char *condition, bool is_not_null, nlt_buf *out)
{
    const nlt_sql_call *details = call->expr->call;
    const char *and = condition != NULL && is_not_null ? " AND " : "";
    if (condition != NULL || is_not_null) {
        NLT_TRY(nlt__buf_printf(
            out, call->tr->err, " FILTER (WHERE %s%s", condition != NULL ? condition : "", and));
        if (is_not_null) {
            NLT_TRY(nlt__buf_printf(out, call->tr->err, "%s IS NOT NULL", call->args[0].sql));
        }
        NLT_TRY(nlt__buf_append(out, ")", 1, call->tr->err));
    }
    return details->over != NULL ? put_window(call, details->over, out) : NLT_OK;
}

static nlt_status one_tail(
    nlt_sql_call_state *call, const char *condition, bool is_not_null, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_tail(call, condition, is_not_null, &buf);
    if (status == NLT_OK) {
        status = nlt__sql_keep(call->tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

static nlt_status tails(nlt_sql_call_state *call, const nlt_sql_function *row)
{
    const nlt_sql_call *details = call->expr->call;
    const char *condition = NULL;
    bool is_aggregate = row->kind == NLT_SQL_FUNCTION_AGGREGATE;
    bool is_window = row->kind == NLT_SQL_FUNCTION_WINDOW;
    nlt_bytes place = call->expr->place;
    call->distinct = details->is_distinct ? "DISTINCT " : "";
    call->ignore_nulls = details->ignores_nulls ? " IGNORE NULLS" : "";
    if (!is_aggregate && (details->is_distinct || details->filter != NULL)) {
        return nlt__sql_wrong(
            call->tr, place, "%s is no aggregate: no DISTINCT, no FILTER", row->name);
    }
    if (!is_aggregate && !is_window && (details->over != NULL || details->ignores_nulls)) {
        return nlt__sql_wrong(call->tr, place, "%s is no window function: no OVER", row->name);
    }
    if (is_window && details->over == NULL) {
        return nlt__sql_wrong(call->tr, place, "%s needs OVER (...)", row->name);
    }
    if (details->is_distinct && details->over != NULL) {
        return nlt__sql_wrong(call->tr, place, "DISTINCT with OVER");
    }
    bool takes_order = strcmp(row->result, NLT_SQL_WITHIN_GROUP) == 0;
    if (details->n_within > 0 && !takes_order) {
        return nlt__sql_refuse(call->tr, place, "%s with WITHIN GROUP", row->name);
    }
    if (details->filter != NULL) {
        NLT_TRY(nlt__sql_condition(call->tr, call->scope, details->filter, "FILTER", &condition));
    }
    NLT_TRY(one_tail(call, condition, false, &call->tail));
    call->not_null_tail = call->tail;
    return is_aggregate && call->n_args > 0 ? one_tail(call, condition, true, &call->not_null_tail)
                                            : NLT_OK;
}

/* ---- calls ---- */

static nlt_status unknown_function(nlt_sql_translator *tr, const nlt_sql_expr *expr)
{
    const char *names[N_FUNCTIONS];
    for (int i = 0; i < N_FUNCTIONS; i++) {
        names[i] = functions[i].name;
    }
    nlt_status status =
        nlt__sql_refuse(tr, expr->place, "the function %s is not supported", expr->text);
    const char *near = nlt_closest(expr->text, names, N_FUNCTIONS);
    if (near != NULL) {
        nlt_error_hint(tr->err, "did you mean %s? --dialect duckdb has DuckDB's functions", near);
    }
    return status;
}

/* count(*) is count(1); other stars have no place in a call. */
static nlt_status translate_arguments(nlt_sql_call_state *call, const nlt_sql_function *first)
{
    const nlt_sql_expr *expr = call->expr;
    call->args = nlt__sql_alloc(call->tr, (size_t)expr->n_args + 1, sizeof *call->args);
    if (call->args == NULL) {
        return nlt__sql_oom(call->tr);
    }
    call->n_args = expr->n_args;
    bool is_star = expr->n_args == 1 && expr->args[0]->kind == NLT_SQL_EXPR_STAR
        && expr->args[0]->n_parts == 0 && expr->args[0]->n_args == 0;
    if (is_star && strcmp(first->name, "count") == 0) {
        call->n_args = 0;
        return NLT_OK;
    }
    bool is_optional;
    for (int i = 0; i < expr->n_args; i++) {
        call->args[i].expr = expr->args[i];
        if (code_at(first->params, i, &is_optional) != 'u'
            && expr->args[i]->kind != NLT_SQL_EXPR_LAMBDA) {
            NLT_TRY(nlt__sql_expr(call->tr, call->scope, expr->args[i], &call->args[i]));
        }
    }
    return NLT_OK;
}

static nlt_status translate_call(
    nlt_sql_call_state *call, const nlt_sql_function *first, nlt_sql_value *out)
{
    NLT_TRY(translate_arguments(call, first));
    const nlt_sql_function *row = choose(first, call->args, call->n_args);
    if (row == NULL) {
        return nlt__sql_refuse(
            call->tr, call->expr->place, "%s: these arguments are not supported", call->expr->text);
    }
    NLT_TRY(cast_arguments(call, row));
    NLT_TRY(tails(call, row));
    *out = (nlt_sql_value){.expr = call->expr};
    if (row->special != NULL) {
        return row->special(call, out);
    }
    NLT_TRY(result_type(call, row->result, &out->type));
    return nlt__sql_fill(call, row->sql, &out->sql);
}

nlt_status nlt__sql_call_function(
    nlt_sql_translator *tr, nlt_sql_scope *scope, const nlt_sql_expr *expr, nlt_sql_value *out)
{
    const nlt_sql_function *first = find_name(expr->text);
    if (first == NULL) {
        return unknown_function(tr, expr);
    }
    if (first->kind == NLT_SQL_FUNCTION_REFUSED) {
        return nlt__sql_wrong(
            tr, expr->place, "%s is not to be had in a query: %s", expr->text, first->sql);
    }
    if (first->kind == NLT_SQL_FUNCTION_GENERATOR) {
        return nlt__sql_wrong(tr, expr->place,
            "%s stands alone as an item of SELECT, or behind "
            "LATERAL VIEW",
            expr->text);
    }
    if (expr->n_args > ARGS_MAX) {
        return nlt__sql_wrong(tr, expr->place, "more than %d arguments", ARGS_MAX);
    }
    nlt_sql_call_state call = {.tr = tr, .scope = scope, .expr = expr};
    bool is_over = expr->call != NULL && expr->call->over != NULL;
    if (scope == NULL || first->kind != NLT_SQL_FUNCTION_AGGREGATE || is_over) {
        return translate_call(&call, first, out);
    }
    bool prefers_outputs = scope->prefers_outputs;
    scope->prefers_outputs = false; /* they may be aggregates themselves */
    nlt_status status = translate_call(&call, first, out);
    scope->prefers_outputs = prefers_outputs;
    return status;
}

/* ---- for the special functions ---- */

nlt_status nlt__sql_array_of(nlt_sql_call_state *call, nlt_sql_type item, nlt_sql_type *out)
{
    nlt_sql_type *copy = nlt__sql_alloc(call->tr, 1, sizeof *copy);
    if (copy == NULL) {
        return nlt__sql_oom(call->tr);
    }
    *copy = item;
    *out = nlt__sql_plain(NLT_SQL_ARRAY);
    out->item = copy;
    return NLT_OK;
}

/* A constant integer argument, or `fallback` where it was left out. */
nlt_status nlt__sql_constant_integer(
    nlt_sql_call_state *call, int index, int64_t fallback, int64_t *out)
{
    *out = fallback;
    if (index >= call->n_args) {
        return NLT_OK;
    }
    const nlt_sql_expr *expr = call->args[index].expr;
    bool is_number = expr->kind == NLT_SQL_EXPR_LITERAL && nlt__sql_is_integer(expr->type.kind);
    if (!is_number || !nlt__parse_i64((nlt_bytes){expr->text, strlen(expr->text)}, out)) {
        return nlt__sql_refuse(call->tr, call->expr->place,
            "%s: argument %d must be a constant integer", call->expr->text, index + 1);
    }
    return NLT_OK;
}
