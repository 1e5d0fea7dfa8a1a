/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aggregates that DuckDB computes in another way, or that order their rows: moments, WITHIN GROUP,
 * structs. */

#include <string.h>

#include "sql/functions.h"

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
