/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAST as Spark does it with spark.sql.ansi.enabled = false: what cannot be cast is NULL, numbers
 * are truncated, integers wrap, reals stop at the limits. */

#include <string.h>

#include "sql/text.h"
#include "sql/translate.h"

/* Kinds whose values are cast in one way. */
enum {
    TEXT = 1u << NLT_SQL_STRING,
    BOOLEAN = 1u << NLT_SQL_BOOLEAN,
    TINY = 1u << NLT_SQL_TINYINT,
    SMALL = 1u << NLT_SQL_SMALLINT,
    INT = 1u << NLT_SQL_INT,
    BIG = 1u << NLT_SQL_BIGINT,
    INTEGERS = TINY | SMALL | INT | BIG,
    DECIMAL = 1u << NLT_SQL_DECIMAL,
    FLOAT = 1u << NLT_SQL_FLOAT,
    DOUBLE = 1u << NLT_SQL_DOUBLE,
    REALS = FLOAT | DOUBLE,
    BINARY = 1u << NLT_SQL_BINARY,
    DATE = 1u << NLT_SQL_DATE,
    TIMESTAMP = 1u << NLT_SQL_TIMESTAMP
};

typedef struct cast_rule {
    unsigned from, to;
    const char *sql; /* $1: the value; $t: the type; NULL: CAST */
} cast_rule;

/* Beyond the largest float lies infinity; NaN is no more than it. */
#define TO_FLOAT(x)                                                                                \
    "CASE WHEN abs(" x ") >= 3.4028235677973366e38 AND NOT isnan(" x ") THEN CAST(CASE WHEN " x    \
    " > 0 THEN 'Infinity' ELSE '-Infinity' END AS FLOAT) ELSE CAST(" x " AS FLOAT) END"

static const cast_rule rules[] = {
    /* to the wider: as DuckDB */
    {TINY, SMALL | INT | BIG, NULL},
    {SMALL, INT | BIG, NULL},
    {INT, BIG, NULL},
    {DOUBLE, FLOAT, TO_FLOAT("$1")},
    {INTEGERS | DECIMAL | REALS, REALS, NULL},
    {REALS, DECIMAL, "TRY_CAST(nlt_cast_string(CAST($1 AS DOUBLE)) AS $t)"},
    {BOOLEAN, INTEGERS | REALS, NULL},
    {BOOLEAN, DECIMAL, "CAST(CAST($1 AS INTEGER) AS $t)"},
    {INTEGERS | REALS | DECIMAL, BOOLEAN, "($1 <> 0)"},
    /* to the narrower */
    {INTEGERS | REALS | TEXT, TINY, "CAST(nlt_cast_tinyint($1) AS TINYINT)"},
    {INTEGERS | REALS | TEXT, SMALL, "CAST(nlt_cast_smallint($1) AS SMALLINT)"},
    {INTEGERS | REALS | TEXT, INT, "CAST(nlt_cast_int($1) AS INTEGER)"},
    {REALS | TEXT, BIG, "nlt_cast_bigint($1)"},
    {DECIMAL, BIG, "CAST(trunc($1) AS BIGINT)"},
    {DECIMAL, INT, "CAST(nlt_cast_int(CAST(trunc($1) AS BIGINT)) AS INTEGER)"},
    {DECIMAL, SMALL, "CAST(nlt_cast_smallint(CAST(trunc($1) AS BIGINT)) AS SMALLINT)"},
    {DECIMAL, TINY, "CAST(nlt_cast_tinyint(CAST(trunc($1) AS BIGINT)) AS TINYINT)"},
    /* texts */
    {INTEGERS | BOOLEAN, TEXT, NULL},
    {DOUBLE | DATE | TIMESTAMP, TEXT, "nlt_cast_string($1)"},
    {FLOAT, TEXT, "nlt_cast_float_string(CAST($1 AS DOUBLE))"},
    {BINARY, TEXT, "decode($1)"},
    {TEXT, BINARY, "encode($1)"},
    {TEXT, DOUBLE, "nlt_cast_double($1)"},
    {TEXT, FLOAT, TO_FLOAT("nlt_cast_double($1)")},
    {TEXT, DECIMAL, "TRY_CAST(nlt_number_text($1) AS $t)"},
    {TEXT, BOOLEAN, "nlt_cast_boolean($1)"},
    {TEXT, DATE, "nlt_to_date($1)"},
    {TEXT, TIMESTAMP, "nlt_to_timestamp($1)"},
    /* times; numbers are seconds since 1970 */
    {DATE, TIMESTAMP, NULL},
    {TIMESTAMP, DATE, NULL},
    {TIMESTAMP, BIG, "nlt_cast_bigint($1)"},
    {TIMESTAMP, INT, "TRY_CAST(nlt_cast_bigint($1) AS INTEGER)"},
    {TIMESTAMP, DOUBLE, "nlt_cast_double($1)"},
    {INTEGERS, TIMESTAMP, "make_timestamp(CAST($1 AS BIGINT) * 1000000)"},
    {DOUBLE, TIMESTAMP,
        "CASE WHEN isfinite($1) THEN make_timestamp(CAST(trunc($1 * 1000000) AS "
        "BIGINT)) END"},
    {DECIMAL, TIMESTAMP, "make_timestamp(CAST(trunc($1 * 1000000) AS BIGINT))"},
};

static nlt_status fill(nlt_sql_translator *tr, const char *format, const char *value,
    const char *type, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(16 << 20);
    nlt_status status = NLT_OK;
    for (const char *p = format; status == NLT_OK && *p != '\0'; p++) {
        const char *inner = p[0] == '$' && p[1] == '1' ? value
            : p[0] == '$' && p[1] == 't'               ? type
                                                       : NULL;
        status = inner != NULL ? nlt__buf_append(&buf, inner, strlen(inner), tr->err)
                               : nlt__buf_append(&buf, p, 1, tr->err);
        p += inner != NULL;
    }
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &buf, out);
    }
    nlt__buf_clear(&buf);
    return status;
}

static nlt_status no_cast(nlt_sql_translator *tr, const nlt_sql_value *value, nlt_sql_type to)
{
    nlt_buf from_text = NLT_BUF_INIT(1 << 16);
    nlt_buf to_text = NLT_BUF_INIT(1 << 16);
    nlt_status status = nlt__sql_put_spark_type(&from_text, value->type, tr->err);
    if (status == NLT_OK) {
        status = nlt__sql_put_spark_type(&to_text, to, tr->err);
    }
    if (status == NLT_OK) {
        nlt_bytes place = value->expr != NULL ? value->expr->place : (nlt_bytes){tr->sql.ptr, 0};
        status = nlt__sql_refuse(tr, place, "a cast of %.*s to %.*s is not supported",
            (int)from_text.len, from_text.ptr, (int)to_text.len, to_text.ptr);
    }
    nlt__buf_clear(&from_text);
    nlt__buf_clear(&to_text);
    return status;
}

/* An array's elements one by one. */
static nlt_status cast_items(nlt_sql_translator *tr, nlt_sql_value *value, nlt_sql_type to)
{
    nlt_sql_value item = {NULL, *value->type.item, value->expr};
    const char *name = NULL;
    NLT_TRY(nlt__sql_text(tr, &name, "\"x%d\"", ++tr->n_names));
    item.sql = name;
    NLT_TRY(nlt__sql_cast(tr, &item, *to.item));
    value->type = to;
    return nlt__sql_text(
        tr, &value->sql, "list_transform(%s, lambda %s: %s)", value->sql, name, item.sql);
}

/* A nested value as part of a text. */
static nlt_status part_to_text(
    nlt_sql_translator *tr, const char *sql, nlt_sql_type type, const char **out)
{
    nlt_sql_value part = {sql, type, NULL};
    NLT_TRY(nlt__sql_cast(tr, &part, nlt__sql_plain(NLT_SQL_STRING)));
    return nlt__sql_text(tr, out, "coalesce(%s, 'null')", part.sql);
}

/* [a, null] and {key -> value}. */
static nlt_status items_to_text(nlt_sql_translator *tr, nlt_sql_value *value)
{
    bool is_map = value->type.kind == NLT_SQL_MAP;
    const char *name = NULL;
    const char *item = NULL;
    NLT_TRY(nlt__sql_text(tr, &name, "\"x%d\"", ++tr->n_names));
    if (is_map) {
        const char *key = NULL;
        NLT_TRY(nlt__sql_text(tr, &key, "%s.key", name));
        NLT_TRY(part_to_text(tr, key, *value->type.key, &key));
        NLT_TRY(nlt__sql_text(tr, &item, "%s.value", name));
        NLT_TRY(part_to_text(tr, item, *value->type.item, &item));
        NLT_TRY(nlt__sql_text(tr, &item, "%s || ' -> ' || %s", key, item));
    } else {
        NLT_TRY(part_to_text(tr, name, *value->type.item, &item));
    }
    return nlt__sql_text(tr, &value->sql,
        "('%c' || array_to_string(list_transform(%s%s%s, lambda %s: %s), ', ') || '%c')",
        is_map ? '{' : '[', is_map ? "map_entries(" : "", value->sql, is_map ? ")" : "", name, item,
        is_map ? '}' : ']');
}

/* {a, null} */
static nlt_status fields_to_text(nlt_sql_translator *tr, nlt_sql_value *value)
{
    const char *all = "'{'";
    for (int i = 0; i < value->type.n_fields; i++) {
        const char *field = NULL;
        NLT_TRY(nlt__sql_text(tr, &field, "struct_extract_at(%s, %d)", value->sql, i + 1));
        NLT_TRY(part_to_text(tr, field, *value->type.fields[i].type, &field));
        NLT_TRY(nlt__sql_text(tr, &all, "%s || %s%s", all, i > 0 ? "', ' || " : "", field));
    }
    return nlt__sql_text(
        tr, &value->sql, "CASE WHEN %s IS NOT NULL THEN %s || '}' END", value->sql, all);
}

static nlt_status nested_to_text(nlt_sql_translator *tr, nlt_sql_value *value)
{
    NLT_TRY(
        value->type.kind == NLT_SQL_STRUCT ? fields_to_text(tr, value) : items_to_text(tr, value));
    value->type = nlt__sql_plain(NLT_SQL_STRING);
    return NLT_OK;
}

/* A decimal as text: BigDecimal writes an exponent only below 1E-6. */
static nlt_status decimal_to_text(nlt_sql_translator *tr, nlt_sql_value *value)
{
    enum { PLAIN_SCALE_MAX = 6 };
    if (value->type.scale > PLAIN_SCALE_MAX) {
        NLT_TRY(nlt__sql_text(tr, &value->sql,
            "CASE WHEN abs(%s) >= 0.000001 THEN CAST(%s AS VARCHAR) ELSE error('a decimal below "
            "1E-6 as text is not supported') END",
            value->sql, value->sql));
    } else if (value->type.precision == value->type.scale) { /* with a 0 before the point */
        NLT_TRY(nlt__sql_text(tr, &value->sql, "CAST(CAST(%s AS DECIMAL(%d, %d)) AS VARCHAR)",
            value->sql, value->type.precision + 1, value->type.scale));
    } else {
        NLT_TRY(nlt__sql_text(tr, &value->sql, "CAST(%s AS VARCHAR)", value->sql));
    }
    value->type = nlt__sql_plain(NLT_SQL_STRING);
    return NLT_OK;
}

static const cast_rule *find_rule(nlt_sql_kind from, nlt_sql_kind to)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if ((rules[i].from >> from & 1) != 0 && (rules[i].to >> to & 1) != 0) {
            return &rules[i];
        }
    }
    return NULL;
}

/* A number in the text as a double, so that no cast is left where values are compared. */
static bool is_plain_number(const nlt_sql_value *value)
{
    return value->expr != NULL && value->expr->kind == NLT_SQL_EXPR_LITERAL
        && (nlt__sql_is_integer(value->type.kind) || value->type.kind == NLT_SQL_DECIMAL)
        && strspn(value->expr->text, "0123456789.") == strlen(value->expr->text);
}

/* Texts that Spark takes for times where they are constants: the answer would be of the day it is asked. */
static bool is_special_time(const nlt_sql_value *value)
{
    static const char *const words[] = {"epoch", "now", "today", "tomorrow", "yesterday"};
    const nlt_sql_expr *expr = value->expr;
    expr = expr != NULL && expr->kind == NLT_SQL_EXPR_CAST ? expr->args[0] : expr;
    if (expr == NULL || expr->kind != NLT_SQL_EXPR_LITERAL || expr->type.kind != NLT_SQL_STRING) {
        return false;
    }
    const char *text = expr->text + strspn(expr->text, " ");
    char word[16] = "";
    size_t len = strcspn(text, " ");
    if (len < sizeof word) {
        nlt__sql_lower((nlt_bytes){text, len}, word);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

nlt_status nlt__sql_cast(nlt_sql_translator *tr, nlt_sql_value *value, nlt_sql_type to)
{
    nlt_sql_type from = value->type;
    const char *type = nlt__sql_type_text(tr, to);
    if (nlt__sql_same_type(&from, &to) || to.kind == NLT_SQL_NULL) {
        return NLT_OK;
    }
    if (from.kind == NLT_SQL_NULL) {
        value->type = to;
        return nlt__sql_text(tr, &value->sql, "CAST(%s AS %s)", value->sql, type);
    }
    if (from.kind == NLT_SQL_ARRAY && to.kind == NLT_SQL_ARRAY) {
        if (from.item->kind != NLT_SQL_NULL) {
            return cast_items(tr, value, to);
        }
        value->type = to;
        return nlt__sql_text(tr, &value->sql, "CAST(%s AS %s)", value->sql, type);
    }
    if (from.kind >= NLT_SQL_ARRAY && to.kind == NLT_SQL_STRING) {
        return nested_to_text(tr, value);
    }
    if (from.kind == NLT_SQL_DECIMAL && to.kind == NLT_SQL_STRING) {
        return decimal_to_text(tr, value);
    }
    if (to.kind == NLT_SQL_DOUBLE && is_plain_number(value)) {
        value->type = to;
        return nlt__sql_text(tr, &value->sql, "%se0", value->expr->text);
    }
    if (to.kind == NLT_SQL_DECIMAL
        && (from.kind == NLT_SQL_DECIMAL || nlt__sql_is_integer(from.kind))) {
        nlt_sql_type digits = from.kind == NLT_SQL_DECIMAL ? from : nlt__sql_decimal_of(from.kind);
        bool is_safe =
            to.precision - to.scale >= digits.precision - digits.scale && to.scale >= digits.scale;
        value->type = to;
        return nlt__sql_text(
            tr, &value->sql, "%sCAST(%s AS %s)", is_safe ? "" : "TRY_", value->sql, type);
    }
    if ((to.kind == NLT_SQL_DATE || to.kind == NLT_SQL_TIMESTAMP) && is_special_time(value)) {
        return nlt__sql_refuse(tr, value->expr->place,
            "a time of such a name is not supported (current_date and current_timestamp are)");
    }
    const cast_rule *rule = find_rule(from.kind, to.kind);
    if (rule == NULL) {
        return no_cast(tr, value, to);
    }
    value->type = to;
    return fill(
        tr, rule->sql != NULL ? rule->sql : "CAST($1 AS $t)", value->sql, type, &value->sql);
}
