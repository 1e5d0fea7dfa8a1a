/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions whose text depends on more than their arguments' texts: on types, constants, lambdas.
 */

#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "sql/functions.h"
#include "sql/text.h"

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

/* ---- aggregates ---- */

static nlt_status all_not_null(nlt_sql_call_state *call, const char **out)
{
    *out = "";
    for (int i = 0; i < call->n_args; i++) {
        NLT_TRY(nlt__sql_text(
            call->tr, out, "%s%s%s IS NOT NULL", *out, i > 0 ? " AND " : "", call->args[i].sql));
    }
    return NLT_OK;
}

nlt_status nlt__sql_count(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *condition = NULL;
    const char *list = NULL;
    set_type(out, NLT_SQL_BIGINT);
    if (call->n_args <= 1) {
        return nlt__sql_fill(call, call->n_args == 0 ? "count(*)$f" : "count($d$1)$f", &out->sql);
    }
    NLT_TRY(all_not_null(call, &condition));
    NLT_TRY(nlt__sql_fill(call, "$*", &list));
    bool is_distinct = call->distinct[0] != '\0';
    return nlt__sql_text(call->tr, &out->sql, "count(%sCASE WHEN %s THEN %s%s%s END)%s",
        call->distinct, condition, is_distinct ? "row(" : "", is_distinct ? list : "1",
        is_distinct ? ")" : "", call->tail);
}

nlt_status nlt__sql_sum_decimal(nlt_sql_call_state *call, nlt_sql_value *out)
{
    int precision = call->args[0].type.precision + 10;
    out->type = nlt__sql_decimal(precision > NLT_SQL_DECIMAL_MAX ? NLT_SQL_DECIMAL_MAX : precision,
        call->args[0].type.scale);
    NLT_TRY(nlt__sql_fill(call, "sum($d$1)$f", &out->sql));
    return nlt__sql_text(
        call->tr, &out->sql, "CAST(%s AS %s)", out->sql, nlt__sql_type_text(call->tr, out->type));
}

nlt_status nlt__sql_avg_decimal(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_value sum = {.expr = call->expr};
    nlt_sql_value count = {NULL, nlt__sql_decimal(20, 0), call->expr};
    nlt_sql_type type = call->args[0].type;
    NLT_TRY(nlt__sql_sum_decimal(call, &sum));
    NLT_TRY(nlt__sql_fill(call, "count($d$1)$f", &count.sql));
    out->type = nlt__sql_adjusted(type.precision + 4, type.scale + 4);
    return nlt__sql_decimal_quotient(call->tr, sum, count, out->type, &out->sql);
}

static nlt_status quantile(nlt_sql_call_state *call, const char *function, nlt_sql_value *out)
{
    const nlt_sql_expr *share = call->args[1].expr;
    bool is_list = share->kind == NLT_SQL_EXPR_CALL && strcmp(share->text, "array") == 0;
    nlt_sql_type type = call->args[0].type;
    if (type.kind == NLT_SQL_STRING) {
        type = nlt__sql_plain(NLT_SQL_DOUBLE);
        NLT_TRY(nlt__sql_cast(call->tr, &call->args[0], type));
    }
    if (call->distinct[0] != '\0') {
        return nlt__sql_refuse(call->tr, call->expr->place, "%s of DISTINCT", call->expr->text);
    }
    if (is_list
            ? call->args[1].type.kind != NLT_SQL_ARRAY
            : share->kind != NLT_SQL_EXPR_LITERAL || !nlt__sql_is_number(call->args[1].type.kind)) {
        return nlt__sql_refuse(call->tr, call->expr->place,
            "%s: the share must be a constant from 0 to 1", call->expr->text);
    }
    out->type = type;
    if (is_list) {
        NLT_TRY(nlt__sql_array_of(call, type, &out->type));
        nlt_sql_type doubles;
        NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_DOUBLE), &doubles));
        const char *list = "";
        for (int i = 0; i < share->n_args; i++) { /* constants, as DuckDB wants them */
            if (share->args[i]->kind != NLT_SQL_EXPR_LITERAL) {
                return nlt__sql_refuse(call->tr, share->place, "shares that are no constants");
            }
            NLT_TRY(nlt__sql_text(
                call->tr, &list, "%s%s%s", list, i > 0 ? ", " : "", share->args[i]->text));
        }
        return nlt__sql_text(
            call->tr, &out->sql, "%s(%s, [%s])%s", function, call->args[0].sql, list, call->tail);
    }
    return nlt__sql_text(
        call->tr, &out->sql, "%s(%s, %s)%s", function, call->args[0].sql, share->text, call->tail);
}

nlt_status nlt__sql_percentile(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return quantile(call, "quantile_cont", out);
}

nlt_status nlt__sql_percentile_disc(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return quantile(call, "quantile_disc", out);
}

/* FIRST and LAST: NULL counts unless it is ignored. */
static nlt_status edge(nlt_sql_call_state *call, bool is_first, nlt_sql_value *out)
{
    bool ignores = call->expr->call->ignores_nulls;
    if (call->n_args == 2) {
        const nlt_sql_expr *flag = call->args[1].expr;
        if (flag->kind != NLT_SQL_EXPR_LITERAL) {
            return nlt__sql_refuse(call->tr, call->expr->place, "a flag that is no constant");
        }
        ignores = strcmp(flag->text, "true") == 0;
    }
    out->type = call->args[0].type;
    if (call->expr->call->over != NULL) {
        call->ignore_nulls = ignores ? " IGNORE NULLS" : "";
        return nlt__sql_fill(
            call, is_first ? "first_value($1$i)$f" : "last_value($1$i)$f", &out->sql);
    }
    return nlt__sql_fill(call,
        is_first      ? ignores ? "first($1)$n" : "first($1)$f"
            : ignores ? "last($1)$n"
                      : "last($1)$f",
        &out->sql);
}

nlt_status nlt__sql_first(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return edge(call, true, out);
}

nlt_status nlt__sql_last(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return edge(call, false, out);
}

nlt_status nlt__sql_grouping_id(nlt_sql_call_state *call, nlt_sql_value *out)
{
    set_type(out, NLT_SQL_BIGINT);
    const char *list = NULL;
    NLT_TRY(nlt__sql_fill(call, "$*", &list));
    const nlt_sql_grouping *grouping = call->scope->grouping;
    for (int i = 0; call->n_args == 0 && grouping != NULL && i < grouping->n_values; i++) {
        NLT_TRY(nlt__sql_text(
            call->tr, &list, "%s%s%s", list, i > 0 ? ", " : "", grouping->values[i].sql));
    }
    return list[0] == '\0' && call->n_args == 0
        ? nlt__sql_text(call->tr, &out->sql, "CAST(0 AS BIGINT)")
        : nlt__sql_text(call->tr, &out->sql, "CAST(grouping(%s) AS BIGINT)", list);
}

/* LAG and LEAD: value, offset, default. */
nlt_status nlt__sql_lag(nlt_sql_call_state *call, nlt_sql_value *out)
{
    bool is_lead = call->expr->text[1] == 'e';
    out->type = call->args[0].type;
    if (call->n_args == 3) {
        nlt_sql_value values[2] = {call->args[0], call->args[2]};
        NLT_TRY(nlt__sql_unify(call->tr, NLT_SQL_MEET_WIDEN, values, 2, call->expr, &out->type));
        call->args[0] = values[0];
        call->args[2] = values[1];
    }
    NLT_TRY(nlt__sql_fill(call, "($*$i)$f", &out->sql));
    return nlt__sql_text(call->tr, &out->sql, "%s%s", is_lead ? "lead" : "lag", out->sql);
}

/* ---- texts ---- */

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
    NLT_TRY(all_not_null(call, &condition));
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

static nlt_status quote(nlt_sql_call_state *call, const nlt_buf *text, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_buf copy = NLT_BUF_INIT(1 << 20);
    nlt_status status = nlt__buf_append(&copy, text->ptr, text->len, call->tr->err);
    if (status == NLT_OK) {
        const char *plain = nlt__buf_cstr(&copy);
        status = plain != NULL ? nlt__sql_put_quoted(&buf, plain, '\'', call->tr->err)
                               : nlt__sql_oom(call->tr);
    }
    if (status == NLT_OK) {
        status = nlt__sql_keep(call->tr, &buf, out);
    }
    nlt__buf_clear(&copy);
    nlt__buf_clear(&buf);
    return status;
}

nlt_status nlt__sql_read_pattern(
    nlt_sql_call_state *call, int index, bool is_search, nlt_sql_pattern *out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_buf literal = NLT_BUF_INIT(1 << 20);
    nlt_error err = NLT_ERROR_INIT;
    out->literal = NULL;
    nlt_status status = nlt__java_regex(
        nlt__sql_constant(call, index), is_search, &buf, &literal, &out->info, &err);
    if (status == NLT_OK) {
        status = quote(call, &buf, &out->sql);
        if (status == NLT_OK && out->info.is_literal) {
            status = quote(call, &literal, &out->literal);
        }
    } else {
        status = nlt__sql_refuse(call->tr, call->args[index].expr->place, "%s", err.message);
    }
    nlt__buf_clear(&literal);
    nlt__buf_clear(&buf);
    return status;
}

nlt_status nlt__sql_regexp_like(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, true, &p));
    set_type(out, NLT_SQL_BOOLEAN);
    return p.literal != NULL
        ? nlt__sql_text(call->tr, &out->sql, "contains(%s, %s)", call->args[0].sql, p.literal)
        : nlt__sql_text(call->tr, &out->sql, "regexp_matches(%s, %s)", call->args[0].sql, p.sql);
}

/* The number of the group that is asked for. */
static nlt_status group_number(nlt_sql_call_state *call, const nlt_sql_pattern *p, int64_t *out)
{
    NLT_TRY(nlt__sql_constant_integer(call, 2, 1, out));
    return *out >= 0 && *out <= p->info.n_groups
        ? NLT_OK
        : nlt__sql_wrong(call->tr, call->expr->place, "%s: the pattern has %d groups, not %lld",
            call->expr->text, p->info.n_groups, (long long)*out);
}

static nlt_status extract(nlt_sql_call_state *call, const char *function, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    int64_t group = 1;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(group_number(call, &p, &group));
    if (group > 9) {
        return nlt__sql_refuse(call->tr, call->expr->place, "a group beyond the ninth");
    }
    return nlt__sql_text(call->tr, &out->sql, "%s(%s, %s, %lld)", function, call->args[0].sql,
        p.sql, (long long)group);
}

nlt_status nlt__sql_regexp_extract(nlt_sql_call_state *call, nlt_sql_value *out)
{
    set_type(out, NLT_SQL_STRING);
    return extract(call, "regexp_extract", out);
}

static nlt_status no_empty_match(nlt_sql_call_state *call, const nlt_sql_pattern *p)
{
    return !p->info.matches_empty
        ? NLT_OK
        : nlt__sql_refuse(call->tr, call->args[1].expr->place,
            "%s with a pattern that matches nothing, too", call->expr->text);
}

nlt_status nlt__sql_regexp_extract_all(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(no_empty_match(call, &p));
    NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_STRING), &out->type));
    return extract(call, "regexp_extract_all", out);
}

nlt_status nlt__sql_regexp_count(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(no_empty_match(call, &p));
    set_type(out, NLT_SQL_INT);
    return nlt__sql_text(call->tr, &out->sql, "CAST(len(regexp_extract_all(%s, %s)) AS INTEGER)",
        call->args[0].sql, p.sql);
}

nlt_status nlt__sql_regexp_substr(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN regexp_matches(%s, %s) THEN regexp_extract(%s, %s) END", call->args[0].sql,
        p.sql, call->args[0].sql, p.sql);
}

/* The shortest text before a match is what is before the first one. */
nlt_status nlt__sql_regexp_instr(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    set_type(out, NLT_SQL_INT);
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN NOT regexp_matches(%s, %s) THEN 0 ELSE CAST(length(regexp_extract(%s, "
        "'^((?s:.*?))(?:' || %s || ')', 1)) + 1 AS INTEGER) END",
        call->args[0].sql, p.sql, call->args[0].sql, p.sql);
}

nlt_status nlt__sql_regexp_replace(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    const char *replacement = NULL;
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_error err = NLT_ERROR_INIT;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(no_empty_match(call, &p));
    nlt_status status =
        nlt__java_replacement(nlt__sql_constant(call, 2), p.info.n_groups, &buf, &err);
    status = status == NLT_OK
        ? quote(call, &buf, &replacement)
        : nlt__sql_refuse(call->tr, call->args[2].expr->place, "%s", err.message);
    nlt__buf_clear(&buf);
    NLT_TRY(status);
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_text(call->tr, &out->sql, "regexp_replace(%s, %s, %s, 'g')", call->args[0].sql,
        p.sql, replacement);
}

/* The first limit - 1 parts, and what is behind them and their matches. */
static nlt_status split_limited(
    nlt_sql_call_state *call, const nlt_sql_pattern *p, int64_t limit, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    const char *text = call->args[0].sql;
    const char *parts = NULL;
    const char *matches = NULL;
    NLT_TRY(nlt__sql_text(tr, &parts, "string_split_regex(%s, %s)", text, p->sql));
    NLT_TRY(nlt__sql_text(tr, &matches, "regexp_extract_all(%s, %s)", text, p->sql));
    long long n = (long long)limit - 1;
    return nlt__sql_text(tr, &out->sql,
        "CASE WHEN len(%s) <= %lld THEN %s WHEN %s IS NOT NULL THEN list_append(list_slice(%s, 1, "
        "%lld), substring(%s, 1 + CAST(list_sum(list_transform(list_concat(list_slice(%s, 1, "
        "%lld), list_slice(%s, 1, %lld)), lambda x: length(x))) AS BIGINT))) END",
        parts, n + 1, parts, parts, parts, n, text, parts, n, matches, n);
}

nlt_status nlt__sql_split(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    int64_t limit = -1;
    nlt_sql_translator *tr = call->tr;
    const char *text = call->args[0].sql;
    NLT_TRY(nlt__sql_constant_integer(call, 2, -1, &limit));
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_STRING), &out->type));
    bool is_characters = nlt__sql_constant(call, 1)[0] == '\0';
    if (limit == 1) {
        return nlt__sql_text(tr, &out->sql, "CASE WHEN %s IS NOT NULL THEN [%s] END", text, text);
    }
    if (p.literal == NULL || is_characters) {
        if (!is_characters) {
            NLT_TRY(no_empty_match(call, &p));
        }
        if (limit > 1) {
            return is_characters
                ? nlt__sql_refuse(tr, call->expr->place, "split into characters with a limit")
                : split_limited(call, &p, limit, out);
        }
        return is_characters
            ? nlt__sql_text(tr, &out->sql,
                "CASE WHEN %s = '' THEN [''] ELSE string_split(%s, '') END", text, text)
            : nlt__sql_text(tr, &out->sql, "string_split_regex(%s, %s)", text, p.sql);
    }
    const char *parts = NULL;
    NLT_TRY(nlt__sql_text(tr, &parts, "string_split(%s, %s)", text, p.literal));
    if (limit <= 0) {
        out->sql = parts;
        return NLT_OK;
    }
    return nlt__sql_text(tr, &out->sql,
        "CASE WHEN len(%s) <= %lld THEN %s WHEN %s IS NOT NULL THEN list_append(list_slice(%s, 1, "
        "%lld), array_to_string(list_slice(%s, %lld, len(%s)), %s)) END",
        parts, (long long)limit, parts, parts, parts, (long long)limit - 1, parts, (long long)limit,
        parts, p.literal);
}

/* One step of a path: .name, ['name'] or [number], as DuckDB writes it. 0: none of these. */
static size_t path_step(const char *p, nlt_buf *out, nlt_status *status)
{
    bool is_quoted = p[0] == '[' && p[1] == '\'';
    size_t skip = is_quoted ? 2 : 1;
    size_t len = is_quoted ? strcspn(p + 2, "'\"\\*?")
        : p[0] == '['      ? strspn(p + 1, "0123456789")
                           : strcspn(p + 1, ".[]'\"\\*? ");
    const char *end = is_quoted ? "']" : p[0] == '[' ? "]" : "";
    bool is_step =
        (p[0] == '.' || p[0] == '[') && len > 0 && strncmp(p + skip + len, end, strlen(end)) == 0;
    if (!is_step) {
        return 0;
    }
    *status = p[0] == '[' && !is_quoted
        ? nlt__buf_printf(out, NULL, "[%.*s]", (int)len, p + skip)
        : nlt__buf_printf(out, NULL, ".\"%.*s\"", (int)len, p + skip);
    return skip + len + strlen(end);
}

/* Paths of names and numbers only. */
nlt_status nlt__sql_get_json(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *p = nlt__sql_constant(call, 1);
    nlt_buf path = NLT_BUF_INIT(1 << 20);
    nlt_status status = nlt__buf_append(&path, "$", 1, NULL);
    bool is_plain = *p++ == '$' && *p != '\0';
    while (status == NLT_OK && is_plain && *p != '\0') {
        size_t len = path_step(p, &path, &status);
        is_plain = len > 0;
        p += len;
    }
    if (status == NLT_OK && is_plain) {
        status = quote(call, &path, &call->args[1].sql);
    } else if (status == NLT_OK) {
        status = nlt__sql_refuse(call->tr, call->args[1].expr->place,
            "a path other than $.name, $['name'] and $[number]");
    } else {
        status = nlt__sql_oom(call->tr);
    }
    nlt__buf_clear(&path);
    NLT_TRY(status);
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_fill(
        call, "CASE WHEN json_valid($1) THEN json_extract_string($1, $2) END", &out->sql);
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

/* ---- conditions ---- */

nlt_status nlt__sql_equal_null(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return nlt__sql_compare(call->tr, "<=>", call->args[0], call->args[1], call->expr, out);
}

/* Operators as functions: DIV, TRY_ADD ...; the latter give NULL where the operator fails. */
nlt_status nlt__sql_operator(nlt_sql_call_state *call, nlt_sql_value *out)
{
    static const struct {
        const char *function, *op;
    } operators[] = {{"div", "div"}, {"try_add", "+"}, {"try_subtract", "-"}, {"try_multiply", "*"},
        {"try_divide", "/"}, {"try_mod", "%"}, {"mod", "%"}};
    const char *op = "div";
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        op = strcmp(operators[i].function, call->expr->text) == 0 ? operators[i].op : op;
    }
    NLT_TRY(nlt__sql_arithmetic(call->tr, op, call->args, call->expr, out));
    bool is_try = call->expr->text[0] == 't';
    if (is_try && nlt__sql_is_integer(out->type.kind) && op[0] != '%') {
        return nlt__sql_text(call->tr, &out->sql,
            "TRY_CAST(CAST(%s AS HUGEINT) %s CAST(%s AS HUGEINT) AS %s)", call->args[0].sql, op,
            call->args[1].sql, nlt__sql_type_text(call->tr, out->type));
    }
    return is_try && out->type.kind == NLT_SQL_DECIMAL
        ? nlt__sql_text(call->tr, &out->sql, "TRY(%s)", out->sql)
        : NLT_OK;
}

nlt_status nlt__sql_if_then(nlt_sql_call_state *call, nlt_sql_value *out)
{
    out->type = call->common;
    return nlt__sql_fill(call, "CASE WHEN $1 THEN $2 ELSE $3 END", &out->sql);
}

nlt_status nlt__sql_nvl2(nlt_sql_call_state *call, nlt_sql_value *out)
{
    out->type = call->common;
    return nlt__sql_fill(call, "CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END", &out->sql);
}

nlt_status nlt__sql_nullif(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_value equal;
    NLT_TRY(nlt__sql_compare(call->tr, "=", call->args[0], call->args[1], call->expr, &equal));
    out->type = call->args[0].type;
    return nlt__sql_text(
        call->tr, &out->sql, "CASE WHEN %s THEN NULL ELSE %s END", equal.sql, call->args[0].sql);
}

static nlt_status extreme(nlt_sql_call_state *call, const char *function, nlt_sql_value *out)
{
    if (call->n_args < 2) {
        return nlt__sql_wrong(
            call->tr, call->expr->place, "%s takes two arguments or more", function);
    }
    out->type = call->common;
    if (out->type.kind == NLT_SQL_STRUCT) {
        return nlt__sql_refuse(call->tr, call->expr->place, "%s of structs", function);
    }
    NLT_TRY(nlt__sql_fill(call, "($*)", &out->sql));
    return nlt__sql_text(call->tr, &out->sql, "%s%s", function, out->sql);
}

nlt_status nlt__sql_greatest_of(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return extreme(call, "greatest", out);
}

nlt_status nlt__sql_least_of(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return extreme(call, "least", out);
}

nlt_status nlt__sql_type_of(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 16);
    nlt_status status = nlt__sql_put_spark_type(&buf, call->args[0].type, call->tr->err);
    if (status == NLT_OK) {
        status = quote(call, &buf, &out->sql);
    }
    nlt__buf_clear(&buf);
    set_type(out, NLT_SQL_STRING);
    return status;
}

nlt_status nlt__sql_cast_call(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_kind kind = NLT_SQL_NULL;
    *out = call->args[0];
    if (!nlt__sql_type_word(call->expr->text, &kind)) {
        return nlt_fail(call->tr->err, NLT_ERR_INTERNAL, "a cast without a type");
    }
    nlt_sql_type type = nlt__sql_plain(kind);
    if (kind == NLT_SQL_DECIMAL) {
        type = nlt__sql_decimal(10, 0);
    }
    NLT_TRY(nlt__sql_cast(call->tr, out, type));
    out->expr = call->expr;
    return NLT_OK;
}

/* TO_TIMESTAMP of a number. */
nlt_status nlt__sql_cast_timestamp(nlt_sql_call_state *call, nlt_sql_value *out)
{
    *out = call->args[0];
    NLT_TRY(nlt__sql_cast(call->tr, out, nlt__sql_plain(NLT_SQL_TIMESTAMP)));
    out->expr = call->expr;
    return NLT_OK;
}

/* ---- numbers ---- */

nlt_status nlt__sql_abs_number(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_kind kind = call->args[0].type.kind;
    if (kind == NLT_SQL_STRING || kind == NLT_SQL_NULL) {
        NLT_TRY(nlt__sql_cast(call->tr, &call->args[0], nlt__sql_plain(NLT_SQL_DOUBLE)));
    } else if (!nlt__sql_is_number(kind)) {
        return nlt__sql_wrong(call->tr, call->expr->place, "abs takes a number");
    }
    out->type = call->args[0].type;
    return nlt__sql_fill(call, "abs($1)", &out->sql);
}

/* MOD is %; PMOD makes it positive. */
/* The remainder, once more from above if it is negative. */
nlt_status nlt__sql_pmod(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    NLT_TRY(nlt__sql_arithmetic(tr, "%", call->args, call->expr, out));
    NLT_TRY(nlt__sql_text(tr, &out->sql, "CASE WHEN %s < 0 THEN (%s + %s) %% %s ELSE %s END",
        out->sql, out->sql, call->args[1].sql, call->args[1].sql, out->sql));
    return out->type.kind == NLT_SQL_DECIMAL ? nlt__sql_text(
               tr, &out->sql, "TRY_CAST(%s AS %s)", out->sql, nlt__sql_type_text(tr, out->type))
                                             : NLT_OK;
}

/* Java's shifts: the count is taken modulo the width, what is shifted out is lost. */
nlt_status nlt__sql_shift(nlt_sql_call_state *call, nlt_sql_value *out)
{
    bool is_big = call->args[0].type.kind == NLT_SQL_BIGINT;
    bool is_left = call->expr->text[5] == 'l';
    bool is_unsigned = strstr(call->expr->text, "unsigned") != NULL;
    set_type(out, is_big ? NLT_SQL_BIGINT : NLT_SQL_INT);
    if (!is_big) {
        return nlt__sql_fill(call,
            is_left ? "CAST(nlt_cast_int(CAST($1 AS BIGINT) * (CAST(1 AS BIGINT) << ($2 & "
                      "31))) AS INTEGER)"
                : is_unsigned ? "CAST(nlt_cast_int((CAST($1 AS BIGINT) & 4294967295) >> ($2 & 31)) "
                                "AS INTEGER)"
                              : "(CAST($1 AS INTEGER) >> ($2 & 31))",
            &out->sql);
    }
    return nlt__sql_fill(call,
        is_left           ? "CAST((CAST($1 AS HUGEINT) * (CAST(1 AS HUGEINT) << ($2 & 63)) + "
                            "9223372036854775808 & 18446744073709551615) - 9223372036854775808 AS BIGINT)"
            : is_unsigned ? "CASE WHEN ($2 & 63) = 0 THEN $1 ELSE CAST((CAST($1 AS HUGEINT) & "
                            "18446744073709551615) >> ($2 & 63) AS BIGINT) END"
                          : "($1 >> ($2 & 63))",
        &out->sql);
}

/* `out` is argument 1 rounded half away from zero: takes a step back from an odd tie. */
static nlt_status half_to_even(nlt_sql_call_state *call, int scale, nlt_sql_value *out)
{
    char zeros[NLT_SQL_DECIMAL_MAX + 1];
    memset(zeros, '0', sizeof zeros);
    /* of the last digit that stays: before the point or behind it */
    int n = scale > 0 ? scale - 1 : 0;
    const char *point = scale > 0 ? "0." : "";
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN abs(%s - %s) = 0.%.*s5 AND %s %% %s%.*s2 <> 0 THEN CAST(%s - sign(%s) * "
        "%s%.*s1 AS %s) ELSE %s END",
        out->sql, call->args[0].sql, scale, zeros, out->sql, point, n, zeros, out->sql, out->sql,
        point, n, zeros, nlt__sql_type_text(call->tr, out->type), out->sql);
}

static nlt_status round_to_tens(
    nlt_sql_call_state *call, nlt_sql_type type, int digits, nlt_sql_value *out)
{
    int whole = type.precision - type.scale + 1;
    int precision = whole > digits + 1 ? whole : digits + 1;
    if (call->expr->text[0] == 'b' || precision > NLT_SQL_DECIMAL_MAX) {
        return nlt__sql_refuse(
            call->tr, call->expr->place, "%s of a decimal to so many tens", call->expr->text);
    }
    out->type = nlt__sql_decimal(precision, 0);
    return nlt__sql_text(call->tr, &out->sql, "CAST(round(%s, %d) AS %s)", call->args[0].sql,
        -digits, nlt__sql_type_text(call->tr, out->type));
}

nlt_status nlt__sql_round_decimal(nlt_sql_call_state *call, nlt_sql_value *out)
{
    int64_t digits = 0;
    nlt_sql_type type = call->args[0].type;
    NLT_TRY(nlt__sql_constant_integer(call, 1, 0, &digits));
    if (digits < 0) {
        int tens = digits < -NLT_SQL_DECIMAL_MAX ? NLT_SQL_DECIMAL_MAX : (int)-digits;
        return round_to_tens(call, type, tens, out);
    }
    int scale = digits < type.scale ? (int)digits : type.scale;
    int precision = type.precision - type.scale + 1 + scale;
    out->type =
        nlt__sql_decimal(precision > NLT_SQL_DECIMAL_MAX ? NLT_SQL_DECIMAL_MAX : precision, scale);
    NLT_TRY(nlt__sql_text(call->tr, &out->sql, "CAST(%s AS %s)", call->args[0].sql,
        nlt__sql_type_text(call->tr, out->type)));
    return call->expr->text[0] == 'b' && scale < type.scale ? half_to_even(call, scale, out)
                                                            : NLT_OK;
}

/* Half to even as a decimal; then its digits are few enough to be those of a double. */
nlt_status nlt__sql_format_decimal(nlt_sql_call_state *call, nlt_sql_value *out)
{
    enum { DOUBLE_DIGITS = 15 };
    int64_t digits = 0;
    nlt_sql_type type = call->args[0].type;
    NLT_TRY(nlt__sql_constant_integer(call, 1, 0, &digits));
    if (type.precision >= DOUBLE_DIGITS) {
        return nlt__sql_refuse(
            call->tr, call->expr->place, "format_number of a decimal of so many digits");
    }
    *out = call->args[0];
    if (digits >= 0 && digits < type.scale) {
        int precision = type.precision - type.scale + 1 + (int)digits;
        out->type = nlt__sql_decimal(precision, (int)digits);
        NLT_TRY(nlt__sql_text(call->tr, &out->sql, "CAST(%s AS %s)", out->sql,
            nlt__sql_type_text(call->tr, out->type)));
        NLT_TRY(half_to_even(call, (int)digits, out));
    }
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_text(call->tr, &out->sql, "nlt_format_number(CAST(%s AS DOUBLE), %lld)",
        out->sql, (long long)digits);
}

nlt_status nlt__sql_round_integer(nlt_sql_call_state *call, nlt_sql_value *out)
{
    int64_t digits = 0;
    int64_t unit = 1;
    NLT_TRY(nlt__sql_constant_integer(call, 1, 0, &digits));
    out->type = call->args[0].type;
    if (digits >= 0) {
        out->sql = call->args[0].sql;
        return NLT_OK;
    }
    if (digits < -18 || call->expr->text[0] == 'b') {
        return nlt__sql_refuse(
            call->tr, call->expr->place, "%s to so many digits", call->expr->text);
    }
    for (; digits < 0; digits++) {
        unit *= 10;
    }
    return nlt__sql_text(call->tr, &out->sql,
        "CAST((CAST(%s AS HUGEINT) + sign(%s) * %lld) // %lld * %lld AS %s)", call->args[0].sql,
        call->args[0].sql, (long long)(unit / 2), (long long)unit, (long long)unit,
        nlt__sql_type_text(call->tr, out->type));
}

static nlt_status whole_decimal(nlt_sql_call_state *call, const char *function, nlt_sql_value *out)
{
    nlt_sql_type type = call->args[0].type;
    int precision = type.precision - type.scale + (type.scale > 0);
    out->type =
        nlt__sql_decimal(precision > NLT_SQL_DECIMAL_MAX ? NLT_SQL_DECIMAL_MAX : precision, 0);
    return nlt__sql_text(call->tr, &out->sql, "CAST(%s(%s) AS %s)", function, call->args[0].sql,
        nlt__sql_type_text(call->tr, out->type));
}

nlt_status nlt__sql_floor_decimal(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return whole_decimal(call, "floor", out);
}

nlt_status nlt__sql_ceil_decimal(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return whole_decimal(call, "ceil", out);
}

static nlt_status whole_real(nlt_sql_call_state *call, const char *function, nlt_sql_value *out)
{
    out->type = call->args[0].type;
    out->expr = call->expr;
    NLT_TRY(nlt__sql_text(call->tr, &out->sql, "%s(%s)", function, call->args[0].sql));
    return nlt__sql_cast(call->tr, out, nlt__sql_plain(NLT_SQL_BIGINT));
}

nlt_status nlt__sql_floor_real(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return whole_real(call, "floor", out);
}

nlt_status nlt__sql_ceil_real(nlt_sql_call_state *call, nlt_sql_value *out)
{
    return whole_real(call, "ceil", out);
}

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

/* ---- lambdas ---- */

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
