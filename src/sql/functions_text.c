/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of texts and their bytes. */

#include "sql/functions.h"
#include "sql/text.h"

nlt_status nlt__sql_concat(nlt_sql_call_state *call, nlt_sql_value *out)
{
    bool is_array = false;
    nlt_sql_type type = nlt__sql_plain(NLT_SQL_STRING);
    if (call->n_args == 0) {
        set_type(out, NLT_SQL_STRING);
        return nlt__sql_text(call->tr, &out->sql, "''");
    }
    for (int i = 0; i < call->n_args; i++) {
        is_array = is_array || call->args[i].type.kind == NLT_SQL_ARRAY;
        if (call->args[i].type.kind == NLT_SQL_BINARY) {
            return nlt__sql_refuse(call->tr, call->expr->place, "a concatenation of bytes");
        }
    }
    if (is_array) {
        NLT_TRY(nlt__sql_unify(
            call->tr, NLT_SQL_MEET_WIDEN, call->args, call->n_args, call->expr, &type));
    }
    const char *text = "";
    for (int i = 0; i < call->n_args; i++) {
        NLT_TRY(nlt__sql_cast(call->tr, &call->args[i], type));
        NLT_TRY(
            nlt__sql_text(call->tr, &text, "%s%s%s", text, i > 0 ? " || " : "", call->args[i].sql));
    }
    out->type = type;
    return nlt__sql_text(call->tr, &out->sql, "(%s)", text);
}

/* The texts of `list`, none of them NULL, with the separator between. */
static nlt_status join_texts(
    nlt_sql_call_state *call, const char *list, const nlt_sql_value *separator, const char **out)
{
    const nlt_sql_expr *expr = separator->expr;
    bool is_constant = expr->kind == NLT_SQL_EXPR_LITERAL && expr->type.kind == NLT_SQL_STRING;
    return is_constant ? nlt__sql_text(
               call->tr, out, "coalesce(array_to_string(%s, %s), '')", list, separator->sql)
                       : nlt__sql_text(call->tr, out,
                           "CASE WHEN len(%s) = 0 THEN '' ELSE list_reduce(%s, lambda x, y: x || "
                           "%s || y) END",
                           list, list, separator->sql);
}

/* Array, separator, and what stands for NULL. */
nlt_status nlt__sql_array_join(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_type texts;
    const char *list = NULL;
    const char *condition = NULL;
    NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_STRING), &texts));
    NLT_TRY(nlt__sql_cast(call->tr, &call->args[0], texts));
    NLT_TRY(nlt__sql_all_not_null(call, &condition));
    NLT_TRY(nlt__sql_fill(call,
        call->n_args == 3 ? "list_transform($1, lambda x: coalesce(x, $3))"
                          : "list_filter($1, lambda x: x IS NOT NULL)",
        &list));
    NLT_TRY(join_texts(call, list, &call->args[1], &out->sql));
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_text(call->tr, &out->sql, "CASE WHEN %s THEN %s END", condition, out->sql);
}

/* Texts and arrays of texts; what is NULL is left out. */
nlt_status nlt__sql_concat_ws(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_type texts;
    const char *list = "";
    bool has_array = false;
    NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_STRING), &texts));
    for (int i = 1; i < call->n_args; i++) {
        has_array = has_array || call->args[i].type.kind == NLT_SQL_ARRAY;
    }
    for (int i = 1; i < call->n_args; i++) {
        nlt_sql_value *arg = &call->args[i];
        bool is_array = arg->type.kind == NLT_SQL_ARRAY;
        NLT_TRY(nlt__sql_cast(call->tr, arg, is_array ? texts : nlt__sql_plain(NLT_SQL_STRING)));
        NLT_TRY(nlt__sql_text(call->tr, &list,
            is_array        ? "%s%scoalesce(%s, [])"
                : has_array ? "%s%s[%s]"
                            : "%s%s%s",
            list, i > 1 ? ", " : "", arg->sql));
    }
    set_type(out, NLT_SQL_STRING);
    if (call->n_args == 1) {
        return nlt__sql_text(call->tr, &out->sql, "left(%s, 0)", call->args[0].sql);
    }
    if (has_array) {
        NLT_TRY(nlt__sql_text(
            call->tr, &list, "list_filter(flatten([%s]), lambda x: x IS NOT NULL)", list));
        NLT_TRY(join_texts(call, list, &call->args[0], &out->sql));
        return nlt__sql_text(call->tr, &out->sql, "CASE WHEN %s IS NOT NULL THEN %s END",
            call->args[0].sql, out->sql);
    }
    return nlt__sql_text(call->tr, &out->sql, "concat_ws(%s, %s)", call->args[0].sql, list);
}

/* DECODE(bytes, charset), or a CASE in which NULL is equal to NULL. */
nlt_status nlt__sql_decode(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    if (call->n_args < 2) {
        return nlt__sql_wrong(tr, call->expr->place, "decode takes two arguments or more");
    }
    if (call->n_args == 2) {
        const char *charset = nlt__sql_constant(call, 1);
        if (charset == NULL || !nlt__sql_equal_names(charset, "utf-8")) {
            return nlt__sql_refuse(tr, call->expr->place, "decode of bytes other than 'UTF-8'");
        }
        *out = call->args[0];
        NLT_TRY(nlt__sql_cast(tr, out, nlt__sql_plain(NLT_SQL_BINARY)));
        return nlt__sql_cast(tr, out, nlt__sql_plain(NLT_SQL_STRING));
    }
    int n_pairs = (call->n_args - 1) / 2;
    bool has_else = call->n_args % 2 == 0;
    nlt_sql_value *results = nlt__sql_alloc(tr, (size_t)n_pairs + 1, sizeof *results);
    const char *text = "CASE";
    if (results == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < n_pairs; i++) {
        results[i] = call->args[2 * i + 2];
    }
    results[n_pairs] = call->args[call->n_args - 1];
    NLT_TRY(nlt__sql_unify(
        tr, NLT_SQL_MEET_WIDEN, results, n_pairs + has_else, call->expr, &out->type));
    for (int i = 0; i < n_pairs; i++) {
        nlt_sql_value same;
        NLT_TRY(
            nlt__sql_compare(tr, "<=>", call->args[0], call->args[2 * i + 1], call->expr, &same));
        NLT_TRY(nlt__sql_text(tr, &text, "%s WHEN %s THEN %s", text, same.sql, results[i].sql));
    }
    return nlt__sql_text(tr, &out->sql, "%s%s%s END", text, has_else ? " ELSE " : "",
        has_else ? results[n_pairs].sql : "");
}

nlt_status nlt__sql_encode(nlt_sql_call_state *call, nlt_sql_value *out)
{
    if (!nlt__sql_equal_names(nlt__sql_constant(call, 1), "utf-8")) {
        return nlt__sql_refuse(call->tr, call->expr->place, "encode to bytes other than 'UTF-8'");
    }
    set_type(out, NLT_SQL_BINARY);
    return nlt__sql_fill(call, "encode($1)", &out->sql);
}

/* HASH and XXHASH64: the hash of a value is the seed of the next one's. */
nlt_status nlt__sql_hash(nlt_sql_call_state *call, nlt_sql_value *out)
{
    enum { LONG_DIGITS = 18 };
    nlt_sql_translator *tr = call->tr;
    bool is_wide = call->expr->text[0] == 'x';
    const char *function = is_wide ? "nlt_xxhash64" : "nlt_hash";
    const char *seed = "CAST(42 AS BIGINT)";
    if (call->n_args == 0) {
        return nlt__sql_wrong(tr, call->expr->place, "%s takes an argument", call->expr->text);
    }
    for (int i = 0; i < call->n_args; i++) {
        const nlt_sql_value *arg = &call->args[i];
        nlt_sql_kind kind = arg->type.kind;
        bool is_int = nlt__sql_is_integer(kind) && kind != NLT_SQL_BIGINT;
        bool is_hashed = nlt__sql_is_integer(kind) || kind == NLT_SQL_STRING
            || kind == NLT_SQL_DOUBLE || kind == NLT_SQL_BOOLEAN || kind == NLT_SQL_DATE
            || kind == NLT_SQL_TIMESTAMP;
        if (kind == NLT_SQL_NULL) {
            continue;
        }
        if (kind == NLT_SQL_DECIMAL && arg->type.precision <= LONG_DIGITS) { /* its digits */
            NLT_TRY(nlt__sql_text(tr, &seed,
                "%s(CAST(replace(CAST(%s AS VARCHAR), '.', '') AS BIGINT), %s)", function, arg->sql,
                seed));
            continue;
        }
        if (!is_hashed) {
            return nlt__sql_refuse(tr, arg->expr->place, "%s of %s", call->expr->text,
                nlt__sql_type_text(tr, arg->type));
        }
        NLT_TRY(nlt__sql_text(tr, &seed, is_int ? "%s_int(CAST(%s AS BIGINT), %s)" : "%s(%s, %s)",
            function, arg->sql, seed));
    }
    set_type(out, is_wide ? NLT_SQL_BIGINT : NLT_SQL_INT);
    return nlt__sql_text(tr, &out->sql, is_wide ? "%s" : "CAST(%s AS INTEGER)", seed);
}
