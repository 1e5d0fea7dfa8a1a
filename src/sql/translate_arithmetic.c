/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arithmetic of integers, decimals, times and bits, typed as Spark types it. */

#include <string.h>

#include "sql/translate.h"

/* The decimal that an operand is in decimal arithmetic: a literal has its own digits only. */
static nlt_sql_type as_decimal(const nlt_sql_value *value)
{
    if (value->type.kind == NLT_SQL_DECIMAL) {
        return value->type;
    }
    if (nlt__sql_is_literal(value)) {
        int n = (int)strspn(value->expr->text + (value->expr->text[0] == '-'), "0123456789");
        return nlt__sql_decimal(n > 0 ? n : 1, 0);
    }
    return nlt__sql_decimal_of(value->type.kind);
}

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

static nlt_sql_type decimal_result(char op, nlt_sql_type a, nlt_sql_type b)
{
    int scale = max_of(a.scale, b.scale);
    int whole = max_of(a.precision - a.scale, b.precision - b.scale);
    if (op == '*') {
        return nlt__sql_adjusted(a.precision + b.precision + 1, a.scale + b.scale);
    }
    if (op == '/') {
        int digits = max_of(6, a.scale + b.precision + 1);
        return nlt__sql_adjusted(a.precision - a.scale + b.scale + digits, digits);
    }
    if (op == '%') {
        int least = a.precision - a.scale < b.precision - b.scale ? a.precision - a.scale
                                                                  : b.precision - b.scale;
        return nlt__sql_adjusted(least + scale, scale);
    }
    return nlt__sql_adjusted(whole + scale + 1, scale);
}

/* A decimal's digits as HUGEINT. */
static nlt_status unscaled(nlt_sql_translator *tr, const nlt_sql_value *value, const char **out)
{
    if (value->type.scale == 0) {
        return nlt__sql_text(tr, out, "CAST(%s AS HUGEINT)", value->sql);
    }
    /* DuckDB keeps a product of narrow decimals narrow */
    return nlt__sql_text(tr, out,
        "CAST(CAST(%s AS DECIMAL(38, %d)) * CAST('1%0*d' AS DECIMAL(%d, 0)) AS HUGEINT)",
        value->sql, value->type.scale, value->type.scale, 0, value->type.scale + 1);
}

nlt_status nlt__sql_decimal_quotient(
    nlt_sql_translator *tr, nlt_sql_value a, nlt_sql_value b, nlt_sql_type type, const char **out)
{
    const char *top = NULL;
    const char *bottom = NULL;
    const char *unit = NULL;
    int shift = type.scale + b.type.scale - a.type.scale;
    NLT_TRY(unscaled(tr, &a, &top));
    NLT_TRY(unscaled(tr, &b, &bottom));
    const char **scaled = shift >= 0 ? &top : &bottom;
    if (shift != 0) {
        NLT_TRY(nlt__sql_text(
            tr, scaled, "(%s * CAST('1%0*d' AS HUGEINT))", *scaled, shift > 0 ? shift : -shift, 0));
    }
    NLT_TRY(
        nlt__sql_text(tr, &unit, "CAST('%s%0*d' AS DECIMAL(%d, %d))", type.scale > 0 ? "0." : "",
            type.scale > 0 ? type.scale : 1, 1, type.scale > 0 ? type.scale + 1 : 1, type.scale));
    /* half away from zero: the remainder is compared with half of the divisor */
    return nlt__sql_text(tr, out,
        "CAST(CAST((%s // %s) + CASE WHEN 2 * abs(%s %% %s) >= abs(%s) THEN sign(%s) * sign(%s) "
        "ELSE 0 END AS DECIMAL(38, 0)) * %s AS DECIMAL(%d, %d))",
        top, bottom, top, bottom, bottom, top, bottom, unit, type.precision, type.scale);
}

/* DuckDB keeps results of narrow decimals narrow (18 digits), and fails where they are not. */
static nlt_status widen_first(nlt_sql_translator *tr, nlt_sql_value *values, nlt_sql_type result)
{
    enum { NARROW_MAX = 18 };
    bool is_narrow =
        values[0].type.precision <= NARROW_MAX && values[1].type.precision <= NARROW_MAX;
    return is_narrow && result.precision > NARROW_MAX ? nlt__sql_text(tr, &values[0].sql,
               "CAST(%s AS DECIMAL(%d, %d))", values[0].sql, result.precision, values[0].type.scale)
                                                      : NLT_OK;
}

static nlt_status decimal_arithmetic(nlt_sql_translator *tr, const char *op, nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out)
{
    for (int i = 0; i < 2; i++) {
        NLT_TRY(nlt__sql_cast(tr, &values[i], as_decimal(&values[i])));
    }
    if (strcmp(op, "div") == 0) {
        nlt_sql_value parts[2] = {values[0], values[1]};
        const char *texts[2];
        int scale = max_of(parts[0].type.scale, parts[1].type.scale);
        for (int i = 0; i < 2; i++) {
            int whole = parts[i].type.precision - parts[i].type.scale;
            NLT_TRY(nlt__sql_cast(tr, &parts[i], nlt__sql_adjusted(whole + scale, scale)));
            NLT_TRY(unscaled(tr, &parts[i], &texts[i]));
        }
        *out = nlt__sql_value_of(NULL, NLT_SQL_BIGINT, expr);
        return nlt__sql_text(tr, &out->sql, "CAST(%s // %s AS BIGINT)", texts[0], texts[1]);
    }
    *out = (nlt_sql_value){NULL, decimal_result(op[0], values[0].type, values[1].type), expr};
    if (op[0] == '/') {
        return nlt__sql_decimal_quotient(tr, values[0], values[1], out->type, &out->sql);
    }
    if (op[0] == '*' && values[0].type.scale + values[1].type.scale > NLT_SQL_DECIMAL_MAX) {
        return nlt__sql_refuse(tr, expr->place, "a product of more than 38 decimals");
    }
    NLT_TRY(widen_first(tr, values, out->type));
    return nlt__sql_text(tr, &out->sql, "CAST(%s %s %s AS DECIMAL(%d, %d))", values[0].sql, op,
        values[1].sql, out->type.precision, out->type.scale);
}

/* What is no number becomes one, or is refused. */
nlt_status nlt__sql_to_number(
    nlt_sql_translator *tr, nlt_sql_value *value, const nlt_sql_expr *expr)
{
    if (value->type.kind == NLT_SQL_STRING) {
        return nlt__sql_cast(tr, value, nlt__sql_plain(NLT_SQL_DOUBLE));
    }
    return nlt__sql_is_number(value->type.kind) || value->type.kind == NLT_SQL_NULL
        ? NLT_OK
        : nlt__sql_wrong(tr, expr->place, "%s takes numbers, not %s", expr->text,
            nlt__sql_spark_type_text(tr, value->type));
}

static nlt_status time_arithmetic(nlt_sql_translator *tr, const char *op, nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out)
{
    bool is_minus = op[0] == '-';
    if (values[0].type.kind == NLT_SQL_INTERVAL && !is_minus) { /* interval + time */
        nlt_sql_value swapped = values[0];
        values[0] = values[1];
        values[1] = swapped;
    }
    nlt_sql_kind kind = values[0].type.kind;
    if (values[1].type.kind == NLT_SQL_INTERVAL && kind == NLT_SQL_STRING) {
        NLT_TRY(nlt__sql_cast(tr, &values[0], nlt__sql_plain(NLT_SQL_TIMESTAMP)));
        kind = NLT_SQL_TIMESTAMP;
        NLT_TRY(nlt__sql_text(tr, &out->sql, "(%s %s %s)", values[0].sql, op, values[1].sql));
        *out = nlt__sql_value_of(out->sql, NLT_SQL_TIMESTAMP, expr);
        return nlt__sql_cast(tr, out, nlt__sql_plain(NLT_SQL_STRING));
    }
    if (values[1].type.kind == NLT_SQL_INTERVAL
        && (kind == NLT_SQL_DATE || kind == NLT_SQL_TIMESTAMP)) {
        bool is_date =
            kind == NLT_SQL_DATE && (values[1].type.precision & NLT_SQL_INTERVAL_TIME) == 0;
        *out = nlt__sql_value_of(NULL, is_date ? NLT_SQL_DATE : NLT_SQL_TIMESTAMP, expr);
        return nlt__sql_text(tr, &out->sql, "CAST(%s %s %s AS %s)", values[0].sql, op,
            values[1].sql, is_date ? "DATE" : "TIMESTAMP");
    }
    if (is_minus && (kind == NLT_SQL_DATE || kind == NLT_SQL_TIMESTAMP)
        && (values[1].type.kind == NLT_SQL_DATE || values[1].type.kind == NLT_SQL_TIMESTAMP)) {
        bool are_dates = kind == NLT_SQL_DATE && values[1].type.kind == NLT_SQL_DATE;
        *out = nlt__sql_value_of(NULL, NLT_SQL_INTERVAL, expr);
        out->type.precision =
            are_dates ? NLT_SQL_INTERVAL_DAYS : NLT_SQL_INTERVAL_DAYS | NLT_SQL_INTERVAL_TIME;
        return nlt__sql_text(tr, &out->sql,
            are_dates ? "to_days(CAST(%s - %s AS INTEGER))"
                      : "to_microseconds(epoch_us(%s) - epoch_us(%s))",
            values[0].sql, values[1].sql);
    }
    if (!is_minus && values[1].type.kind == NLT_SQL_DATE) { /* 1 + date */
        nlt_sql_value swapped = values[0];
        values[0] = values[1];
        values[1] = swapped;
        kind = NLT_SQL_DATE;
    }
    nlt_sql_kind days = values[1].type.kind;
    if (kind == NLT_SQL_DATE && nlt__sql_is_integer(days) && days != NLT_SQL_BIGINT) {
        *out = nlt__sql_value_of(NULL, NLT_SQL_DATE, expr);
        return nlt__sql_text(
            tr, &out->sql, "(%s %s CAST(%s AS INTEGER))", values[0].sql, op, values[1].sql);
    }
    return nlt__sql_refuse(tr, expr->place, "%s %s %s",
        nlt__sql_spark_type_text(tr, values[0].type), op,
        nlt__sql_spark_type_text(tr, values[1].type));
}

/* interval * integer, integer * interval */
static nlt_status scale_interval(nlt_sql_translator *tr, const nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out)
{
    int at = values[0].type.kind == NLT_SQL_INTERVAL ? 0 : 1;
    if (!nlt__sql_is_integer(values[1 - at].type.kind)) {
        return nlt__sql_refuse(tr, expr->place, "an interval times %s",
            nlt__sql_spark_type_text(tr, values[1 - at].type));
    }
    *out = (nlt_sql_value){NULL, values[at].type, expr};
    return nlt__sql_text(
        tr, &out->sql, "(%s * CAST(%s AS BIGINT))", values[at].sql, values[1 - at].sql);
}

static bool is_time(nlt_sql_kind kind)
{
    return kind == NLT_SQL_DATE || kind == NLT_SQL_TIMESTAMP || kind == NLT_SQL_INTERVAL;
}

nlt_status nlt__sql_arithmetic(nlt_sql_translator *tr, const char *op, nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out)
{
    bool is_division = op[0] == '/';
    bool is_div = strcmp(op, "div") == 0;
    nlt_sql_type type;
    if ((op[0] == '+' || op[0] == '-')
        && (is_time(values[0].type.kind) || is_time(values[1].type.kind))) {
        return time_arithmetic(tr, op, values, expr, out);
    }
    if (op[0] == '*'
        && (values[0].type.kind == NLT_SQL_INTERVAL || values[1].type.kind == NLT_SQL_INTERVAL)) {
        return scale_interval(tr, values, expr, out);
    }
    for (int i = 0; i < 2; i++) {
        NLT_TRY(nlt__sql_to_number(tr, &values[i], expr));
    }
    bool is_real = nlt__sql_is_real(values[0].type.kind) || nlt__sql_is_real(values[1].type.kind);
    bool is_decimal =
        values[0].type.kind == NLT_SQL_DECIMAL || values[1].type.kind == NLT_SQL_DECIMAL;
    bool has_null = values[0].type.kind == NLT_SQL_NULL || values[1].type.kind == NLT_SQL_NULL;
    if (is_decimal && !is_real && !has_null) {
        return decimal_arithmetic(tr, op, values, expr, out);
    }
    if (is_div && is_real) {
        return nlt__sql_wrong(tr, expr->place, "DIV takes integers and decimals");
    }
    if (is_div || is_division) {
        type = nlt__sql_plain(is_div ? NLT_SQL_BIGINT : NLT_SQL_DOUBLE);
        NLT_TRY(nlt__sql_cast(tr, &values[0], type));
        NLT_TRY(nlt__sql_cast(tr, &values[1], type));
    } else {
        NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, values, 2, expr, &type));
        if (type.kind == NLT_SQL_NULL) {
            type = nlt__sql_plain(NLT_SQL_DOUBLE);
        }
    }
    *out = (nlt_sql_value){NULL, type, expr};
    if (op[0] == '%' && nlt__sql_is_integer(type.kind)) { /* the least number by -1 overflows */
        NLT_TRY(nlt__sql_text(tr, &values[1].sql, "CASE WHEN %s = -1 THEN 1 ELSE %s END",
            values[1].sql, values[1].sql));
    }
    return nlt__sql_text(
        tr, &out->sql, "(%s %s %s)", values[0].sql, is_div ? "//" : op, values[1].sql);
}

nlt_status nlt__sql_bits(nlt_sql_translator *tr, const char *op, nlt_sql_value *values,
    const nlt_sql_expr *expr, nlt_sql_value *out)
{
    nlt_sql_type type;
    for (int i = 0; i < 2; i++) {
        if (!nlt__sql_is_integer(values[i].type.kind) && values[i].type.kind != NLT_SQL_NULL) {
            return nlt__sql_wrong(tr, expr->place, "%s takes integers, not %s", op,
                nlt__sql_spark_type_text(tr, values[i].type));
        }
    }
    NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, values, 2, expr, &type));
    *out = (nlt_sql_value){NULL, type, expr};
    return op[0] == '^'
        ? nlt__sql_text(tr, &out->sql, "xor(%s, %s)", values[0].sql, values[1].sql)
        : nlt__sql_text(tr, &out->sql, "(%s %s %s)", values[0].sql, op, values[1].sql);
}
