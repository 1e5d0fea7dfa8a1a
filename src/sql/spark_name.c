/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of result columns without alias, as Spark makes them from the expression: sum(s_bytes),
 * count(1), (a + b), CAST(a AS BIGINT). */

#include <string.h>

#include "sql/text.h"
#include "sql/translate.h"

enum { NAME_MAX_BYTES = 1000 };

typedef struct namer {
    nlt_buf *out;
    nlt_error *err;
} namer;

static nlt_status put_name(const namer *n, const nlt_sql_expr *expr);

static nlt_status put(const namer *n, const char *text)
{
    return nlt__buf_append(n->out, text, strlen(text), n->err);
}

static nlt_status put_args(const namer *n, const nlt_sql_expr *expr, int first, const char *between)
{
    for (int i = first; i < expr->n_args; i++) {
        NLT_TRY(put(n, i > first ? between : ""));
        NLT_TRY(put_name(n, expr->args[i]));
    }
    return NLT_OK;
}

static nlt_status put_call(const namer *n, const nlt_sql_expr *expr)
{
    bool is_star = expr->n_args == 1 && expr->args[0]->kind == NLT_SQL_EXPR_STAR;
    NLT_TRY(put(n, expr->text));
    NLT_TRY(put(n, expr->call->is_distinct ? "(DISTINCT " : "("));
    NLT_TRY(is_star ? put(n, "1") : put_args(n, expr, 0, ", "));
    NLT_TRY(put(n, ")"));
    if (expr->call->filter != NULL) {
        NLT_TRY(put(n, " FILTER (WHERE "));
        NLT_TRY(put_name(n, expr->call->filter));
        NLT_TRY(put(n, ")"));
    }
    return put(n, expr->call->over != NULL ? " OVER (...)" : "");
}

static nlt_status put_cast(const namer *n, const nlt_sql_expr *expr)
{
    nlt_buf type = NLT_BUF_INIT(1 << 16);
    nlt_status status = nlt__sql_put_spark_type(&type, expr->type, n->err);
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(&type);
        char upper[64] = "";
        for (size_t i = 0; text != NULL && i + 1 < sizeof upper && text[i] != '\0'; i++) {
            upper[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 0x20) : text[i];
        }
        status = put(n, "CAST(");
        status = status == NLT_OK ? put_name(n, expr->args[0]) : status;
        status = status == NLT_OK ? put(n, " AS ") : status;
        status = status == NLT_OK ? put(n, upper) : status;
        status = status == NLT_OK ? put(n, ")") : status;
    }
    nlt__buf_clear(&type);
    return status;
}

static nlt_status put_case(const namer *n, const nlt_sql_expr *expr)
{
    NLT_TRY(put(n, "CASE"));
    int i = 0;
    if (expr->has_operand) {
        NLT_TRY(put(n, " "));
        NLT_TRY(put_name(n, expr->args[i++]));
    }
    for (; i + 1 < expr->n_args; i += 2) {
        NLT_TRY(put(n, " WHEN "));
        NLT_TRY(put_name(n, expr->args[i]));
        NLT_TRY(put(n, " THEN "));
        NLT_TRY(put_name(n, expr->args[i + 1]));
    }
    if (expr->has_else) {
        NLT_TRY(put(n, " ELSE "));
        NLT_TRY(put_name(n, expr->args[expr->n_args - 1]));
    }
    return put(n, " END");
}

static nlt_status put_binary(const namer *n, const nlt_sql_expr *expr)
{
    char between[16];
    if (strcmp(expr->text, "||") == 0) {
        NLT_TRY(put(n, "concat("));
        NLT_TRY(put_args(n, expr, 0, ", "));
        return put(n, ")");
    }
    bool is_word = expr->text[0] == 'a' || expr->text[0] == 'o';
    between[0] = ' ';
    size_t len = strlen(expr->text);
    for (size_t i = 0; i < len && i + 3 < sizeof between; i++) {
        between[i + 1] = is_word ? (char)(expr->text[i] - 0x20) : expr->text[i];
    }
    between[len + 1] = ' ';
    between[len + 2] = '\0';
    NLT_TRY(put(n, "("));
    NLT_TRY(put_args(n, expr, 0, between));
    return put(n, ")");
}

static nlt_status put_other(const namer *n, const nlt_sql_expr *expr, const char *op)
{
    NLT_TRY(put(n, expr->is_not ? "(NOT " : ""));
    NLT_TRY(put(n, "("));
    if (expr->n_args > 0) {
        NLT_TRY(put_name(n, expr->args[0]));
    }
    NLT_TRY(put(n, op));
    NLT_TRY(put_args(n, expr, 1, ", "));
    NLT_TRY(put(n, ")"));
    return put(n, expr->is_not ? ")" : "");
}

static nlt_status put_name(const namer *n, const nlt_sql_expr *expr)
{
    if (n->out->len > NAME_MAX_BYTES) {
        return NLT_OK;
    }
    switch (expr->kind) {
    case NLT_SQL_EXPR_LITERAL:
        return put(n, expr->text);
    case NLT_SQL_EXPR_COLUMN:
        return put(n, expr->parts[expr->n_parts - 1]);
    case NLT_SQL_EXPR_CALL:
        return put_call(n, expr);
    case NLT_SQL_EXPR_CAST:
        return put_cast(n, expr);
    case NLT_SQL_EXPR_CASE:
        return put_case(n, expr);
    case NLT_SQL_EXPR_BINARY:
        return put_binary(n, expr);
    case NLT_SQL_EXPR_UNARY:
        NLT_TRY(put(n, "("));
        NLT_TRY(put(n, expr->text[0] == 'n' ? "NOT " : expr->text));
        NLT_TRY(put_name(n, expr->args[0]));
        return put(n, ")");
    case NLT_SQL_EXPR_BETWEEN:
        return put_other(n, expr, " BETWEEN ");
    case NLT_SQL_EXPR_IN:
        return put_other(n, expr, " IN ");
    case NLT_SQL_EXPR_LIKE:
        return put_other(n, expr, " LIKE ");
    case NLT_SQL_EXPR_IS:
        return put_other(n, expr, " IS ");
    case NLT_SQL_EXPR_INDEX:
        NLT_TRY(put_name(n, expr->args[0]));
        NLT_TRY(put(n, "["));
        NLT_TRY(put_name(n, expr->args[1]));
        return put(n, "]");
    case NLT_SQL_EXPR_FIELD:
        NLT_TRY(put_name(n, expr->args[0]));
        NLT_TRY(put(n, "."));
        return put(n, expr->text);
    case NLT_SQL_EXPR_EXISTS:
        return put(n, "exists()");
    case NLT_SQL_EXPR_SUBQUERY:
        return put(n, "scalarsubquery()");
    case NLT_SQL_EXPR_LAMBDA:
        return put(n, "lambda");
    case NLT_SQL_EXPR_STAR:
        return put(n, "*");
    case NLT_SQL_EXPR_TUPLE:
        return put_other(n, expr, ", ");
    case NLT_SQL_EXPR_INTERVAL:
        return put(n, "INTERVAL");
    }
    return NLT_OK;
}

nlt_status nlt__sql_name(nlt_sql_translator *tr, const nlt_sql_expr *expr, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    const namer n = {&buf, tr->err};
    nlt_status status = put_name(&n, expr);
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}
