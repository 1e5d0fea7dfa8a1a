/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of arrays, maps and structs. */

#include <string.h>

#include "sql/functions.h"
#include "sql/text.h"

enum { WINDOWS_MAX = 100000 };

/* ---- arrays and maps ---- */

nlt_status nlt__sql_array(nlt_sql_call_state *call, nlt_sql_value *out)
{
    NLT_TRY(nlt__sql_array_of(call, call->common, &out->type));
    NLT_TRY(nlt__sql_fill(call, "$*", &out->sql));
    return nlt__sql_text(call->tr, &out->sql, "[%s]", out->sql);
}

nlt_status nlt__sql_map(nlt_sql_call_state *call, nlt_sql_value *out)
{
    int n = call->n_args / 2;
    if (call->n_args % 2 != 0 || n == 0) {
        return nlt__sql_wrong(call->tr, call->expr->place, "map takes pairs of key and value");
    }
    nlt_sql_value *sides = nlt__sql_alloc(call->tr, (size_t)n * 2, sizeof *sides);
    nlt_sql_type *types = nlt__sql_alloc(call->tr, 2, sizeof *types);
    const char *lists[2] = {"", ""};
    if (sides == NULL || types == NULL) {
        return nlt__sql_oom(call->tr);
    }
    for (int i = 0; i < call->n_args; i++) {
        sides[i % 2 * n + i / 2] = call->args[i];
    }
    for (int side = 0; side < 2; side++) {
        NLT_TRY(nlt__sql_unify(
            call->tr, NLT_SQL_MEET_WIDEN, sides + side * n, n, call->expr, &types[side]));
        for (int i = 0; i < n; i++) {
            NLT_TRY(nlt__sql_text(call->tr, &lists[side], "%s%s%s", lists[side], i > 0 ? ", " : "",
                sides[side * n + i].sql));
        }
    }
    set_type(out, NLT_SQL_MAP);
    out->type.key = &types[0];
    out->type.item = &types[1];
    return nlt__sql_text(call->tr, &out->sql, "map([%s], [%s])", lists[0], lists[1]);
}

nlt_status nlt__sql_map_keys(nlt_sql_call_state *call, nlt_sql_value *out)
{
    NLT_TRY(nlt__sql_array_of(call, *call->args[0].type.key, &out->type));
    return nlt__sql_fill(call, "map_keys($1)", &out->sql);
}

nlt_status nlt__sql_map_values(nlt_sql_call_state *call, nlt_sql_value *out)
{
    NLT_TRY(nlt__sql_array_of(call, *call->args[0].type.item, &out->type));
    return nlt__sql_fill(call, "map_values($1)", &out->sql);
}

nlt_status nlt__sql_element_at(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_type type = call->args[0].type;
    if (type.kind == NLT_SQL_MAP) {
        NLT_TRY(nlt__sql_cast(call->tr, &call->args[1], *type.key));
        out->type = *type.item;
        return nlt__sql_fill(call, "map_extract_value($1, $2)", &out->sql);
    }
    if (type.kind != NLT_SQL_ARRAY || !nlt__sql_is_integer(call->args[1].type.kind)) {
        return nlt__sql_wrong(call->tr, call->expr->place,
            "element_at takes an array and an "
            "integer, or a map and a key");
    }
    out->type = *type.item;
    return nlt__sql_fill(call,
        "list_extract($1, CASE WHEN $2 = 0 THEN error('element_at: elements count from 1') "
        "ELSE $2 END)",
        &out->sql);
}

nlt_status nlt__sql_get(nlt_sql_call_state *call, nlt_sql_value *out)
{
    out->type = *call->args[0].type.item;
    return nlt__sql_fill(
        call, "list_extract($1, CASE WHEN $2 >= 0 THEN CAST($2 AS BIGINT) + 1 END)", &out->sql);
}

nlt_status nlt__sql_sequence(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_type item;
    NLT_TRY(
        nlt__sql_unify(call->tr, NLT_SQL_MEET_WIDEN, call->args, call->n_args, call->expr, &item));
    NLT_TRY(nlt__sql_array_of(call, item, &out->type));
    NLT_TRY(nlt__sql_fill(call,
        call->n_args == 3 ? "generate_series($1, $2, $3)"
                          : "CASE WHEN $1 <= $2 THEN generate_series($1, $2) ELSE "
                            "generate_series($1, $2, -1) END",
        &out->sql));
    return nlt__sql_text(
        call->tr, &out->sql, "CAST(%s AS %s)", out->sql, nlt__sql_type_text(call->tr, out->type));
}

/* ---- structs ---- */

static nlt_status new_struct(
    nlt_sql_call_state *call, int n_fields, nlt_sql_field **fields, nlt_sql_type *out)
{
    *fields = nlt__sql_alloc(call->tr, (size_t)n_fields + 1, sizeof **fields);
    if (*fields == NULL) {
        return nlt__sql_oom(call->tr);
    }
    *out = nlt__sql_plain(NLT_SQL_STRUCT);
    out->fields = *fields;
    out->n_fields = n_fields;
    return NLT_OK;
}

static nlt_status set_field(
    nlt_sql_call_state *call, nlt_sql_field *field, const char *name, nlt_sql_type type)
{
    nlt_sql_type *copy = nlt__sql_alloc(call->tr, 1, sizeof *copy);
    if (copy == NULL) {
        return nlt__sql_oom(call->tr);
    }
    *copy = type;
    *field = (nlt_sql_field){name, copy};
    return NLT_OK;
}

/* NAMED_STRUCT(name, value, ...); STRUCT(...) is parsed as one. */
nlt_status nlt__sql_named_struct(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_field *fields = NULL;
    int n = call->n_args / 2;
    const char *list = "";
    if (n == 0 || call->n_args % 2 != 0) {
        return nlt__sql_wrong(tr, call->expr->place, "a struct takes names and values");
    }
    NLT_TRY(new_struct(call, n, &fields, &out->type));
    for (int i = 0; i < n; i++) {
        const char *name = nlt__sql_constant(call, 2 * i);
        const nlt_sql_value *value = &call->args[2 * i + 1];
        const char *quoted = NULL;
        if (name == NULL) {
            return nlt__sql_refuse(
                tr, call->expr->place, "named_struct: a name that is no constant text");
        }
        for (int j = 0; j < i; j++) {
            if (nlt__sql_equal_names(fields[j].name, name)) {
                return nlt__sql_refuse(
                    tr, call->expr->place, "a struct with two fields of one name (%s)", name);
            }
        }
        NLT_TRY(set_field(call, &fields[i], name, value->type));
        NLT_TRY(nlt__sql_quoted(tr, name, '\'', &quoted));
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s%s: CAST(%s AS %s)", list, i > 0 ? ", " : "", quoted,
            value->sql, nlt__sql_type_text(tr, value->type)));
    }
    return nlt__sql_text(tr, &out->sql, "{%s}", list);
}

/* ---- windows of time ---- */

typedef struct time_window {
    const char *time;
    int64_t width, slide, offset; /* microseconds; windows begin at offset + n * slide */
} time_window;

static nlt_status read_window(nlt_sql_call_state *call, time_window *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_bytes place = call->expr->place;
    int64_t spans[3] = {0, 0, 0};
    for (int i = 1; i < call->n_args; i++) {
        if (!nlt__sql_interval_micros(nlt__sql_constant(call, i), &spans[i - 1])) {
            return nlt__sql_refuse(tr, place, "a window of other than '5 minutes' or the like");
        }
    }
    *out = (time_window){
        call->args[0].sql, spans[0], call->n_args > 2 ? spans[1] : spans[0], spans[2]};
    if (out->width <= 0 || out->slide <= 0) {
        return nlt__sql_refuse(tr, place, "a window of other than '5 minutes' or the like");
    }
    if (out->slide > out->width) {
        return nlt__sql_wrong(tr, place, "a window slides by no more than its width");
    }
    if (out->offset <= -out->slide || out->offset >= out->slide) {
        return nlt__sql_wrong(tr, place, "the start of a window is less than what it slides by");
    }
    return out->width / out->slide <= WINDOWS_MAX
        ? NLT_OK
        : nlt__sql_refuse(tr, place, "more than %d windows for a time", WINDOWS_MAX);
}

/* The query whose rows fall into the windows; NULL: none. */
static nlt_sql_scope *query_of(nlt_sql_scope *scope)
{
    while (scope != NULL && scope->select == NULL) {
        scope = scope->parent;
    }
    return scope;
}

/* Microseconds at which the last window begins that has the time in it. */
static nlt_status last_start(nlt_sql_call_state *call, const time_window *w, const char **out)
{
    return nlt__sql_text(call->tr, out,
        "epoch_us(%s) - ((epoch_us(%s) - %lld) %% %lld + %lld) %% %lld", w->time, w->time,
        (long long)w->offset, (long long)w->slide, (long long)w->slide, (long long)w->slide);
}

/* Rows without a time are in none. */
static nlt_status fixed_window(nlt_sql_call_state *call, const time_window *w, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_scope *query = query_of(call->scope);
    const char *start = NULL;
    if (query != NULL && query->needed == NULL) {
        NLT_TRY(nlt__sql_text(tr, &query->needed, "%s IS NOT NULL", w->time));
    }
    NLT_TRY(last_start(call, w, &start));
    return nlt__sql_text(tr, &out->sql,
        "{'start': make_timestamp(%s), 'end': make_timestamp(%s + %lld)}", start, start,
        (long long)w->width);
}

/* Each row is there once for every window that it falls into: the query's FROM gets them all. */
static nlt_status sliding_window(nlt_sql_call_state *call, const time_window *w, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_scope *query = query_of(call->scope);
    const char *start = NULL;
    const char *list = NULL;
    if (query == NULL || query->grouping == NULL) {
        return nlt__sql_refuse(
            tr, call->expr->place, "a sliding window outside SELECT and GROUP BY");
    }
    NLT_TRY(last_start(call, w, &start));
    /* a lambda in LATERAL does not see the row */
    NLT_TRY(nlt__sql_text(tr, &list,
        "list_transform(range(%s, epoch_us(%s) - %lld, -%lld), lambda nlt_w: {'start': "
        "make_timestamp(nlt_w), 'end': make_timestamp(nlt_w + %lld)})",
        start, w->time, (long long)w->width, (long long)w->slide, (long long)w->width));
    if (query->windows == NULL) {
        query->windows = list;
        NLT_TRY(nlt__sql_new_param(tr, &query->windows_name));
    } else if (strcmp(query->windows, list) != 0) {
        return nlt__sql_wrong(tr, call->expr->place, "two different windows in one SELECT");
    }
    return nlt__sql_text(tr, &out->sql, "%s.w", query->windows_name);
}

/* WINDOW(time, width[, slide[, start]]): windows count from 1970. */
nlt_status nlt__sql_window(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_field *fields = NULL;
    time_window window = {NULL, 0, 0, 0};
    const nlt_sql_type type = nlt__sql_plain(NLT_SQL_TIMESTAMP);
    NLT_TRY(read_window(call, &window));
    NLT_TRY(new_struct(call, 2, &fields, &out->type));
    NLT_TRY(set_field(call, &fields[0], "start", type));
    NLT_TRY(set_field(call, &fields[1], "end", type));
    return window.slide == window.width ? fixed_window(call, &window, out)
                                        : sliding_window(call, &window, out);
}

/* ---- arrays of structs ---- */

/* SORT_ARRAY(structs[, ascending]), in Spark's order of NULLs. */
nlt_status nlt__sql_sort_structs(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_value x = {.type = *call->args[0].type.item, .expr = call->expr};
    const char *key = NULL;
    const char *pairs = NULL;
    out->type = call->args[0].type;
    NLT_TRY(nlt__sql_new_param(tr, &x.sql));
    NLT_TRY(nlt__sql_order_key(tr, &x, &key));
    NLT_TRY(nlt__sql_text(tr, &pairs, "list_transform(%s, lambda %s: {'k': %s, 'x': %s})",
        call->args[0].sql, x.sql, key, x.sql));
    NLT_TRY(nlt__sql_text(tr, &pairs,
        call->n_args == 1 ? "list_sort(%s, 'ASC', 'NULLS FIRST')"
                          : "CASE WHEN %s THEN list_sort(%s, 'ASC', 'NULLS FIRST') ELSE "
                            "list_sort(%s, 'DESC', 'NULLS LAST') END",
        call->n_args == 1 ? pairs : call->args[1].sql, pairs, pairs));
    return nlt__sql_text(tr, &out->sql, "list_transform(%s, lambda %s: struct_extract(%s, 'x'))",
        pairs, x.sql, x.sql);
}

/* By position, so that shorter arrays are filled up with NULL. Fields are called as the columns, or
 * "0", "1" ... */
nlt_status nlt__sql_arrays_zip(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_field *fields = NULL;
    nlt_sql_type type;
    const char *x = NULL;
    const char *list = "";
    const char *lengths = "";
    const char *conditions = "";
    if (call->n_args == 0) {
        return nlt__sql_wrong(tr, call->expr->place, "arrays_zip takes an array or more");
    }
    NLT_TRY(new_struct(call, call->n_args, &fields, &type));
    NLT_TRY(nlt__sql_new_param(tr, &x));
    for (int i = 0; i < call->n_args; i++) {
        const nlt_sql_value *arg = &call->args[i];
        const nlt_sql_expr *expr = call->expr->args[i];
        const char *name = NULL;
        const char *quoted = NULL;
        if (arg->type.kind != NLT_SQL_ARRAY) {
            return nlt__sql_wrong(tr, call->expr->place, "arrays_zip takes arrays");
        }
        NLT_TRY(nlt__sql_text(tr, &name, "%d", i));
        name = expr->kind == NLT_SQL_EXPR_COLUMN ? expr->parts[expr->n_parts - 1]
            : expr->kind == NLT_SQL_EXPR_FIELD   ? expr->text
                                                 : name;
        NLT_TRY(set_field(call, &fields[i], name, *arg->type.item));
        NLT_TRY(nlt__sql_quoted(tr, name, '\'', &quoted));
        const char *comma = i > 0 ? ", " : "";
        NLT_TRY(nlt__sql_text(
            tr, &list, "%s%s%s: list_extract(%s, %s)", list, comma, quoted, arg->sql, x));
        NLT_TRY(nlt__sql_text(tr, &lengths, "%s%slen(%s)", lengths, comma, arg->sql));
        NLT_TRY(nlt__sql_text(
            tr, &conditions, "%s%s%s IS NOT NULL", conditions, i > 0 ? " AND " : "", arg->sql));
    }
    NLT_TRY(nlt__sql_array_of(call, type, &out->type));
    return nlt__sql_text(tr, &out->sql,
        "CASE WHEN %s THEN list_transform(range(1, greatest(%s) + 1), lambda %s: {%s}) END",
        conditions, lengths, x, list);
}

/* ---- maps ---- */

static nlt_status map_type(
    nlt_sql_call_state *call, nlt_sql_type key, nlt_sql_type item, nlt_sql_type *out)
{
    nlt_sql_type *types = nlt__sql_alloc(call->tr, 2, sizeof *types);
    if (types == NULL) {
        return nlt__sql_oom(call->tr);
    }
    types[0] = key;
    types[1] = item;
    *out = nlt__sql_plain(NLT_SQL_MAP);
    out->key = &types[0];
    out->item = &types[1];
    return NLT_OK;
}

nlt_status nlt__sql_map_entries(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_field *fields = NULL;
    nlt_sql_type type;
    NLT_TRY(new_struct(call, 2, &fields, &type));
    NLT_TRY(set_field(call, &fields[0], "key", *call->args[0].type.key));
    NLT_TRY(set_field(call, &fields[1], "value", *call->args[0].type.item));
    NLT_TRY(nlt__sql_array_of(call, type, &out->type));
    return nlt__sql_fill(call, "map_entries($1)", &out->sql);
}

/* A key that occurs twice is an error, as in Spark. */
nlt_status nlt__sql_map_concat(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *list = "";
    const char *any_null = "";
    for (int i = 0; i < call->n_args; i++) {
        if (!nlt__sql_same_type(&call->args[i].type, &call->args[0].type)) {
            return nlt__sql_refuse(
                call->tr, call->expr->place, "map_concat of maps of several types");
        }
        NLT_TRY(nlt__sql_text(
            call->tr, &list, "%s%smap_entries(%s)", list, i > 0 ? ", " : "", call->args[i].sql));
        NLT_TRY(nlt__sql_text(call->tr, &any_null, "%s%s%s IS NULL", any_null, i > 0 ? " OR " : "",
            call->args[i].sql));
    }
    if (call->n_args == 0) {
        return nlt__sql_wrong(call->tr, call->expr->place, "map_concat takes a map or more");
    }
    out->type = call->args[0].type;
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN %s THEN NULL ELSE map_from_entries(flatten([%s])) END", any_null, list);
}

nlt_status nlt__sql_map_from_arrays(nlt_sql_call_state *call, nlt_sql_value *out)
{
    if (call->args[0].type.kind != NLT_SQL_ARRAY || call->args[1].type.kind != NLT_SQL_ARRAY) {
        return nlt__sql_refuse(call->tr, call->expr->place, "map_from_arrays of NULL");
    }
    NLT_TRY(map_type(call, *call->args[0].type.item, *call->args[1].type.item, &out->type));
    return nlt__sql_fill(
        call, "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN map($1, $2) END", &out->sql);
}

nlt_status nlt__sql_map_from_entries(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const nlt_sql_type *item =
        call->args[0].type.kind == NLT_SQL_ARRAY ? call->args[0].type.item : NULL;
    if (item == NULL || item->kind != NLT_SQL_STRUCT || item->n_fields != 2) {
        return nlt__sql_wrong(call->tr, call->expr->place,
            "map_from_entries takes an array of structs of two fields");
    }
    NLT_TRY(map_type(call, *item->fields[0].type, *item->fields[1].type, &out->type));
    return nlt__sql_fill(call, "map_from_entries($1)", &out->sql);
}

/* (k, v) -> body over the entry `*entry` of argument 1. */
static nlt_status entry_lambda(nlt_sql_call_state *call, const char **entry, nlt_sql_lambda *out)
{
    const char *texts[2];
    const nlt_sql_type types[2] = {*call->args[0].type.key, *call->args[0].type.item};
    NLT_TRY(nlt__sql_new_param(call->tr, entry));
    NLT_TRY(nlt__sql_text(call->tr, &texts[0], "struct_extract(%s, 'key')", *entry));
    NLT_TRY(nlt__sql_text(call->tr, &texts[1], "struct_extract(%s, 'value')", *entry));
    return nlt__sql_translate_lambda(call, 1, 2, types, texts, out);
}

static nlt_status need_map(const nlt_sql_call_state *call)
{
    return call->args[0].type.kind == NLT_SQL_MAP
        ? NLT_OK
        : nlt__sql_wrong(call->tr, call->expr->place, "%s takes a map", call->expr->text);
}

nlt_status nlt__sql_map_filter(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_lambda l;
    const char *entry = NULL;
    NLT_TRY(need_map(call));
    NLT_TRY(entry_lambda(call, &entry, &l));
    if (l.body.type.kind != NLT_SQL_BOOLEAN) {
        return nlt__sql_wrong(call->tr, call->expr->place, "map_filter takes a condition");
    }
    out->type = call->args[0].type;
    return nlt__sql_text(call->tr, &out->sql,
        "map_from_entries(list_filter(map_entries(%s), lambda %s: coalesce(%s, false)))",
        call->args[0].sql, entry, l.body.sql);
}

/* TRANSFORM_KEYS and TRANSFORM_VALUES */
nlt_status nlt__sql_transform_map(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_lambda l;
    const char *entry = NULL;
    bool is_keys = strcmp(call->expr->text, "transform_keys") == 0;
    NLT_TRY(need_map(call));
    NLT_TRY(entry_lambda(call, &entry, &l));
    const nlt_sql_type *from = &call->args[0].type;
    NLT_TRY(map_type(
        call, is_keys ? l.body.type : *from->key, is_keys ? *from->item : l.body.type, &out->type));
    const char *same = NULL;
    NLT_TRY(nlt__sql_text(
        call->tr, &same, "struct_extract(%s, '%s')", entry, is_keys ? "value" : "key"));
    return nlt__sql_text(call->tr, &out->sql,
        "map_from_entries(list_transform(map_entries(%s), lambda %s: {'key': %s, 'value': %s}))",
        call->args[0].sql, entry, is_keys ? l.body.sql : same, is_keys ? same : l.body.sql);
}

static nlt_status literal_separator(
    nlt_sql_call_state *call, int index, const char *fallback, const char **out)
{
    nlt_sql_pattern p;
    *out = fallback;
    if (index >= call->n_args) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_read_pattern(call, index, false, &p));
    if (p.literal == NULL || p.info.matches_empty) {
        return nlt__sql_refuse(
            call->tr, call->args[index].expr->place, "a separator that is a pattern");
    }
    *out = p.literal;
    return NLT_OK;
}

nlt_status nlt__sql_str_to_map(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *pairs = NULL;
    const char *equals = NULL;
    const char *x = NULL;
    const nlt_sql_type text = nlt__sql_plain(NLT_SQL_STRING);
    NLT_TRY(literal_separator(call, 1, "','", &pairs));
    NLT_TRY(literal_separator(call, 2, "':'", &equals));
    NLT_TRY(nlt__sql_new_param(call->tr, &x));
    NLT_TRY(map_type(call, text, text, &out->type));
    return nlt__sql_text(call->tr, &out->sql,
        "map_from_entries(list_transform(string_split(%s, %s), lambda %s: {'key': "
        "list_extract(string_split(%s, %s), 1), 'value': CASE WHEN contains(%s, %s) THEN "
        "substring(%s, instr(%s, %s) + length(%s)) END}))",
        call->args[0].sql, pairs, x, x, equals, x, equals, x, x, equals, equals);
}

/* ---- arrays ---- */

/* ARRAY_SORT(array, (x, y) -> number): each element is put behind those that are not above it. */
nlt_status nlt__sql_array_sort(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    nlt_sql_lambda l;
    const char *x = NULL;
    const char *next = NULL;
    const char *y = NULL;
    if (call->args[0].type.kind != NLT_SQL_ARRAY) {
        return nlt__sql_wrong(tr, call->expr->place, "array_sort takes an array");
    }
    const nlt_sql_type types[2] = {*call->args[0].type.item, *call->args[0].type.item};
    NLT_TRY(nlt__sql_new_param(tr, &x));
    NLT_TRY(nlt__sql_new_param(tr, &next));
    NLT_TRY(nlt__sql_new_param(tr, &y));
    const char *texts[2] = {y, NULL};
    NLT_TRY(nlt__sql_text(tr, &texts[1], "list_extract(%s, 1)", next));
    NLT_TRY(nlt__sql_translate_lambda(call, 1, 2, types, texts, &l));
    if (l.body.type.kind != NLT_SQL_INT) {
        return nlt__sql_wrong(tr, call->expr->place, "array_sort: the lambda must give an INT");
    }
    const char *order = NULL;
    NLT_TRY(nlt__sql_text(
        tr, &order, "coalesce(%s, error('array_sort: the lambda gave NULL'))", l.body.sql));
    out->type = call->args[0].type;
    const char *type = nlt__sql_type_text(tr, out->type);
    return nlt__sql_text(tr, &out->sql,
        "list_reduce(list_transform(%s, lambda %s: [%s]), lambda %s, %s: "
        "list_concat(list_filter(%s, lambda %s: %s <= 0), list_concat(%s, list_filter(%s, lambda "
        "%s: %s > 0))), CAST([] AS %s))",
        call->args[0].sql, x, x, l.names[0], next, l.names[0], y, order, next, l.names[0], y, order,
        type);
}
