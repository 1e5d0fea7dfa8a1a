/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of numbers whose text depends on types and constants. */

#include <string.h>

#include "sql/functions.h"

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
