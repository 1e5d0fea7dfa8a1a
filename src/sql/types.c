/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spark's rules for types that meet: org.apache.spark.sql.catalyst.analysis.TypeCoercion and
 * DecimalPrecision of Spark 4, learned from its answers. */

#include "sql/types.h"

typedef struct type_names {
    const char *spark, *duck;
} type_names;

static const type_names names[NLT_SQL_KIND_COUNT] = {
    [NLT_SQL_NULL] = {"void", "INTEGER"},
    [NLT_SQL_BOOLEAN] = {"boolean", "BOOLEAN"},
    [NLT_SQL_TINYINT] = {"tinyint", "TINYINT"},
    [NLT_SQL_SMALLINT] = {"smallint", "SMALLINT"},
    [NLT_SQL_INT] = {"int", "INTEGER"},
    [NLT_SQL_BIGINT] = {"bigint", "BIGINT"},
    [NLT_SQL_DECIMAL] = {"decimal", "DECIMAL"},
    [NLT_SQL_FLOAT] = {"float", "FLOAT"},
    [NLT_SQL_DOUBLE] = {"double", "DOUBLE"},
    [NLT_SQL_STRING] = {"string", "VARCHAR"},
    [NLT_SQL_BINARY] = {"binary", "BLOB"},
    [NLT_SQL_DATE] = {"date", "DATE"},
    [NLT_SQL_TIMESTAMP] = {"timestamp", "TIMESTAMP"},
    [NLT_SQL_INTERVAL] = {"interval", "INTERVAL"},
    [NLT_SQL_ARRAY] = {"array", ""},
    [NLT_SQL_MAP] = {"map", "MAP"},
    [NLT_SQL_STRUCT] = {"struct", "STRUCT"},
};

static bool same_fields(const nlt_sql_type *a, const nlt_sql_type *b)
{
    if (a->n_fields != b->n_fields) {
        return false;
    }
    for (int i = 0; i < a->n_fields; i++) {
        if (!nlt__sql_same_type(a->fields[i].type, b->fields[i].type)) {
            return false;
        }
    }
    return true;
}

bool nlt__sql_same_type(const nlt_sql_type *a, const nlt_sql_type *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch ((int)a->kind) {
    case NLT_SQL_DECIMAL:
        return a->precision == b->precision && a->scale == b->scale;
    case NLT_SQL_MAP:
        return nlt__sql_same_type(a->key, b->key) && nlt__sql_same_type(a->item, b->item);
    case NLT_SQL_ARRAY:
        return nlt__sql_same_type(a->item, b->item);
    case NLT_SQL_STRUCT:
        return same_fields(a, b);
    default:
        return true;
    }
}

nlt_sql_type nlt__sql_decimal_of(nlt_sql_kind kind)
{
    static const uint8_t digits[] = {3, 5, 10, 20};
    return nlt__sql_is_integer(kind) ? nlt__sql_decimal(digits[kind - NLT_SQL_TINYINT], 0)
                                     : nlt__sql_decimal(NLT_SQL_DECIMAL_MAX, 18);
}

nlt_sql_type nlt__sql_adjusted(int precision, int scale)
{
    enum { SCALE_KEPT = 6 };
    if (precision <= NLT_SQL_DECIMAL_MAX) {
        return nlt__sql_decimal(precision, scale);
    }
    int whole = precision - scale;
    int kept = scale < SCALE_KEPT ? scale : SCALE_KEPT;
    int left = NLT_SQL_DECIMAL_MAX - whole;
    return nlt__sql_decimal(NLT_SQL_DECIMAL_MAX, left > kept ? left : kept);
}

/* Both decimals without loss where 38 digits allow it. */
static nlt_sql_type wider_decimal(nlt_sql_type a, nlt_sql_type b)
{
    int scale = a.scale > b.scale ? a.scale : b.scale;
    int whole_a = a.precision - a.scale;
    int whole_b = b.precision - b.scale;
    int whole = whole_a > whole_b ? whole_a : whole_b;
    return nlt__sql_adjusted(whole + scale, scale);
}

static bool meet_numbers(nlt_sql_type a, nlt_sql_type b, nlt_sql_type *out)
{
    bool is_decimal = a.kind == NLT_SQL_DECIMAL || b.kind == NLT_SQL_DECIMAL;
    if (is_decimal && (nlt__sql_is_real(a.kind) || nlt__sql_is_real(b.kind))) {
        *out = nlt__sql_plain(NLT_SQL_DOUBLE);
    } else if (is_decimal) {
        *out = wider_decimal(a.kind == NLT_SQL_DECIMAL ? a : nlt__sql_decimal_of(a.kind),
            b.kind == NLT_SQL_DECIMAL ? b : nlt__sql_decimal_of(b.kind));
    } else {
        *out = a.kind > b.kind ? a : b;
    }
    return true;
}

/* A text and something else. */
static bool meet_text(nlt_sql_meeting meeting, nlt_sql_type other, nlt_sql_type *out)
{
    if (!nlt__sql_is_atomic(other.kind) || meeting == NLT_SQL_MEET_NO_TEXT) {
        return false;
    }
    if (meeting == NLT_SQL_MEET_WIDEN) {
        *out = nlt__sql_plain(NLT_SQL_STRING);
        return other.kind != NLT_SQL_BINARY && other.kind != NLT_SQL_BOOLEAN;
    }
    *out = other.kind == NLT_SQL_DECIMAL ? nlt__sql_plain(NLT_SQL_DOUBLE) : other;
    return other.kind != NLT_SQL_BINARY;
}

static bool meet_items(nlt_sql_meeting meeting, const nlt_sql_type *a, const nlt_sql_type *b,
    nlt_arena *arena, const nlt_sql_type **out)
{
    nlt_sql_type *item = nlt__arena_alloc(arena, sizeof *item);
    *out = item;
    return item != NULL && nlt__sql_meet(meeting, *a, *b, arena, item);
}

bool nlt__sql_meet(
    nlt_sql_meeting meeting, nlt_sql_type a, nlt_sql_type b, nlt_arena *arena, nlt_sql_type *out)
{
    if (a.kind == NLT_SQL_NULL || b.kind == NLT_SQL_NULL) {
        *out = a.kind == NLT_SQL_NULL ? b : a;
        return true;
    }
    if (nlt__sql_same_type(&a, &b)) {
        *out = a;
        return true;
    }
    if (nlt__sql_is_number(a.kind) && nlt__sql_is_number(b.kind)) {
        return meet_numbers(a, b, out);
    }
    if (a.kind == NLT_SQL_STRING || b.kind == NLT_SQL_STRING) {
        return meet_text(meeting, a.kind == NLT_SQL_STRING ? b : a, out);
    }
    if ((a.kind == NLT_SQL_DATE && b.kind == NLT_SQL_TIMESTAMP)
        || (a.kind == NLT_SQL_TIMESTAMP && b.kind == NLT_SQL_DATE)) {
        *out = nlt__sql_plain(NLT_SQL_TIMESTAMP);
        return true;
    }
    *out = a;
    if (a.kind == NLT_SQL_ARRAY && b.kind == NLT_SQL_ARRAY) {
        return meet_items(meeting, a.item, b.item, arena, &out->item);
    }
    if (a.kind == NLT_SQL_MAP && b.kind == NLT_SQL_MAP) {
        return meet_items(meeting, a.key, b.key, arena, &out->key)
            && meet_items(meeting, a.item, b.item, arena, &out->item);
    }
    return false;
}

/* ---- names ---- */

static nlt_status put_fields(nlt_buf *out, nlt_sql_type type, nlt_error *err)
{
    for (int i = 0; i < type.n_fields; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%s%s:", i > 0 ? "," : "<", type.fields[i].name));
        NLT_TRY(nlt__sql_put_spark_type(out, *type.fields[i].type, err));
    }
    return nlt__buf_append(out, ">", 1, err);
}

nlt_status nlt__sql_put_spark_type(nlt_buf *out, nlt_sql_type type, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "%s", names[type.kind].spark));
    switch ((int)type.kind) {
    case NLT_SQL_DECIMAL:
        return nlt__buf_printf(out, err, "(%d,%d)", type.precision, type.scale);
    case NLT_SQL_ARRAY:
        NLT_TRY(nlt__buf_append(out, "<", 1, err));
        NLT_TRY(nlt__sql_put_spark_type(out, *type.item, err));
        return nlt__buf_append(out, ">", 1, err);
    case NLT_SQL_MAP:
        NLT_TRY(nlt__buf_append(out, "<", 1, err));
        NLT_TRY(nlt__sql_put_spark_type(out, *type.key, err));
        NLT_TRY(nlt__buf_append(out, ",", 1, err));
        NLT_TRY(nlt__sql_put_spark_type(out, *type.item, err));
        return nlt__buf_append(out, ">", 1, err);
    case NLT_SQL_STRUCT:
        return put_fields(out, type, err);
    default:
        return NLT_OK;
    }
}

static nlt_status put_duck_fields(nlt_buf *out, nlt_sql_type type, nlt_error *err)
{
    for (int i = 0; i < type.n_fields; i++) {
        NLT_TRY(nlt__buf_append(out, i > 0 ? ", \"" : "(\"", i > 0 ? 3 : 2, err));
        for (const char *p = type.fields[i].name; *p != '\0'; p++) {
            NLT_TRY(nlt__buf_append(out, "\"\"", *p == '"', err));
            NLT_TRY(nlt__buf_append(out, p, 1, err));
        }
        NLT_TRY(nlt__buf_append(out, "\" ", 2, err));
        NLT_TRY(nlt__sql_put_duck_type(out, *type.fields[i].type, err));
    }
    return nlt__buf_append(out, ")", 1, err);
}

nlt_status nlt__sql_put_duck_type(nlt_buf *out, nlt_sql_type type, nlt_error *err)
{
    if (type.kind == NLT_SQL_ARRAY) {
        NLT_TRY(nlt__sql_put_duck_type(out, *type.item, err));
        return nlt__buf_append(out, "[]", 2, err);
    }
    NLT_TRY(nlt__buf_printf(out, err, "%s", names[type.kind].duck));
    if (type.kind == NLT_SQL_DECIMAL) {
        return nlt__buf_printf(out, err, "(%d, %d)", type.precision, type.scale);
    }
    if (type.kind == NLT_SQL_MAP) {
        NLT_TRY(nlt__buf_append(out, "(", 1, err));
        NLT_TRY(nlt__sql_put_duck_type(out, *type.key, err));
        NLT_TRY(nlt__buf_append(out, ", ", 2, err));
        NLT_TRY(nlt__sql_put_duck_type(out, *type.item, err));
        return nlt__buf_append(out, ")", 1, err);
    }
    return type.kind == NLT_SQL_STRUCT ? put_duck_fields(out, type, err) : NLT_OK;
}
