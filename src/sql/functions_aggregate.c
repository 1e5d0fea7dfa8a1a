/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aggregates and functions of windows whose text depends on types and constants, that DuckDB computes
 * in another way, or that order their rows (WITHIN GROUP). */

#include <string.h>

#include "sql/functions.h"

nlt_status nlt__sql_all_not_null(nlt_sql_call_state *call, const char **out)
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
    NLT_TRY(nlt__sql_all_not_null(call, &condition));
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

/* SKEWNESS and KURTOSIS of the population, in two passes over the group's values: DuckDB's sums of
 * powers lose all digits where the mean is large, as in times. */
nlt_status nlt__sql_moment(nlt_sql_call_state *call, nlt_sql_value *out)
{
    static const char skewness[] =
        "sqrt(len(l)) * list_sum(list_transform(l, lambda v: (v - m) * (v - m) * (v - m))) / "
        "pow(list_sum(list_transform(l, lambda v: (v - m) * (v - m))), 1.5)";
    static const char kurtosis[] =
        "len(l) * list_sum(list_transform(l, lambda v: (v - m) * (v - m) * (v - m) * (v - m))) / "
        "pow(list_sum(list_transform(l, lambda v: (v - m) * (v - m))), 2) - 3";
    const char *values = NULL;
    out->type = nlt__sql_plain(NLT_SQL_DOUBLE);
    NLT_TRY(nlt__sql_fill(call, "list($d$1)$n", &values));
    return nlt__sql_text(call->tr, &out->sql,
        "list_extract(list_transform([%s], lambda l: list_extract(list_transform([list_avg(l)], "
        "lambda m: CASE WHEN list_min(l) <> list_max(l) THEN %s END), 1)), 1)",
        values, call->expr->text[0] == 's' ? skewness : kurtosis);
}

/* ---- WITHIN GROUP ---- */

static nlt_status order_text(nlt_sql_call_state *call, const char **out)
{
    const nlt_sql_call *details = call->expr->call;
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_status status =
        nlt__sql_order_items(call->tr, call->scope, details->within, details->n_within, &buf);
    if (status == NLT_OK) {
        status = nlt__sql_keep(call->tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

/* LISTAGG(value[, separator]) [WITHIN GROUP (ORDER BY ...)] */
nlt_status nlt__sql_listagg(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *order = "";
    bool has_order = call->expr->call->n_within > 0;
    out->type = nlt__sql_plain(NLT_SQL_STRING);
    NLT_TRY(nlt__sql_cast(call->tr, &call->args[0], out->type));
    if (has_order) {
        NLT_TRY(order_text(call, &order));
    }
    return nlt__sql_text(call->tr, &out->sql, "string_agg(%s%s, %s%s%s)%s", call->distinct,
        call->args[0].sql, call->n_args > 1 ? call->args[1].sql : "''",
        has_order ? " ORDER BY " : "", order, call->tail);
}

static bool is_share(const nlt_sql_expr *expr)
{
    return expr->kind == NLT_SQL_EXPR_LITERAL && nlt__sql_is_number(expr->type.kind);
}

/* The constant shares as DuckDB wants them: 0.5, or [0.1, 0.9]. */
static nlt_status share_text(nlt_sql_call_state *call, bool is_list, const char **out)
{
    const nlt_sql_expr *share = call->expr->args[0];
    bool is_constant = is_list ? share->n_args > 0 : is_share(share);
    *out = share->text;
    for (int i = 0; is_list && i < share->n_args; i++) {
        is_constant = is_constant && is_share(share->args[i]);
        NLT_TRY(nlt__sql_text(call->tr, out, i == 0 ? "%s%s" : "%s, %s", i == 0 ? "" : *out,
            is_constant ? share->args[i]->text : ""));
    }
    if (!is_constant) {
        return nlt__sql_refuse(call->tr, call->expr->place,
            "%s: the share must be a constant from 0 to 1", call->expr->text);
    }
    return is_list ? nlt__sql_text(call->tr, out, "[%s]", *out) : NLT_OK;
}

/* PERCENTILE_CONT and PERCENTILE_DISC(share) WITHIN GROUP (ORDER BY number): doubles. */
nlt_status nlt__sql_percentile_within(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    const nlt_sql_call *details = call->expr->call;
    const nlt_sql_expr *share = call->expr->args[0];
    bool is_list = share->kind == NLT_SQL_EXPR_CALL && strcmp(share->text, "array") == 0;
    const char *shares = NULL;
    nlt_sql_value value;
    if (details->n_within != 1 || call->distinct[0] != '\0') {
        return nlt__sql_wrong(tr, call->expr->place,
            "%s(share) WITHIN GROUP (ORDER BY number) is the whole of it", call->expr->text);
    }
    NLT_TRY(share_text(call, is_list, &shares));
    NLT_TRY(nlt__sql_expr(tr, call->scope, details->within[0].expr, &value));
    out->type = nlt__sql_plain(NLT_SQL_DOUBLE);
    if (!nlt__sql_is_number(value.type.kind) && value.type.kind != NLT_SQL_STRING) {
        return nlt__sql_refuse(tr, call->expr->place, "%s of this type", call->expr->text);
    }
    NLT_TRY(nlt__sql_cast(tr, &value, out->type));
    if (is_list) {
        NLT_TRY(nlt__sql_array_of(call, out->type, &out->type));
    }
    return nlt__sql_text(tr, &out->sql, "quantile_%s(%s, %s ORDER BY %s %s)%s",
        call->expr->text[strlen("percentile_")] == 'c' ? "cont" : "disc", value.sql, shares,
        value.sql, details->within[0].is_descending ? "DESC" : "ASC", call->tail);
}

/* Of equally frequent values the first in the order. */
nlt_status nlt__sql_mode_within(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const nlt_sql_call *details = call->expr->call;
    if (details->n_within != 1 || call->distinct[0] != '\0') {
        return nlt__sql_wrong(
            call->tr, call->expr->place, "mode() WITHIN GROUP (ORDER BY value) is the whole of it");
    }
    NLT_TRY(nlt__sql_expr(call->tr, call->scope, details->within[0].expr, out));
    return nlt__sql_text(call->tr, &out->sql, "mode(%s ORDER BY %s %s)%s", out->sql, out->sql,
        details->within[0].is_descending ? "DESC" : "ASC", call->tail);
}

/* ---- structs and arrays ---- */

/* MAX and MIN of structs and arrays, in Spark's order of NULLs. */
nlt_status nlt__sql_max_struct(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *key = NULL;
    NLT_TRY(nlt__sql_order_key(call->tr, &call->args[0], &key));
    out->type = call->args[0].type;
    return nlt__sql_text(call->tr, &out->sql, "arg_%s(%s, %s)%s", call->expr->text,
        call->args[0].sql, key, call->tail);
}
