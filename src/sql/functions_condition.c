/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions, operators as functions, casts as functions. */

#include <string.h>

#include "sql/functions.h"
#include "sql/text.h"

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
        status = nlt__sql_quote(call, &buf, &out->sql);
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
