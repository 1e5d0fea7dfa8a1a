/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_TYPES_H
#define NLT_SQL_TYPES_H

/* Types of Spark SQL, and the types that it gives to what meets in an expression
 * (spark.sql.ansi.enabled = false; Spark's TypeCoercion and DecimalPrecision). */

#include "core/arena.h"
#include "core/buf.h"

typedef enum nlt_sql_kind {
    NLT_SQL_NULL = 0, /* of the literal NULL */
    NLT_SQL_BOOLEAN,
    NLT_SQL_TINYINT, /* numbers: narrow to wide, as Spark orders them */
    NLT_SQL_SMALLINT,
    NLT_SQL_INT,
    NLT_SQL_BIGINT,
    NLT_SQL_DECIMAL,
    NLT_SQL_FLOAT,
    NLT_SQL_DOUBLE,
    NLT_SQL_STRING,
    NLT_SQL_BINARY,
    NLT_SQL_DATE,
    NLT_SQL_TIMESTAMP, /* UTC */
    NLT_SQL_INTERVAL,
    NLT_SQL_ARRAY,
    NLT_SQL_MAP,
    NLT_SQL_STRUCT,
    NLT_SQL_KIND_COUNT
} nlt_sql_kind;

typedef struct nlt_sql_type nlt_sql_type;

typedef struct nlt_sql_field {
    const char *name;
    const nlt_sql_type *type;
} nlt_sql_field;

/* Passed by value; what it points to is owned by an arena of the caller. */
struct nlt_sql_type {
    nlt_sql_kind kind;
    uint8_t precision, scale;    /* DECIMAL; INTERVAL: precision tells its parts */
    const nlt_sql_type *item;    /* ARRAY: element; MAP: value */
    const nlt_sql_type *key;     /* MAP */
    const nlt_sql_field *fields; /* STRUCT */
    int n_fields;
};

enum { NLT_SQL_DECIMAL_MAX = 38 };

/* Parts of an interval. */
enum { NLT_SQL_INTERVAL_DAYS = 1, NLT_SQL_INTERVAL_MONTHS = 2, NLT_SQL_INTERVAL_TIME = 4 };

static inline nlt_sql_type nlt__sql_plain(nlt_sql_kind kind)
{
    return (nlt_sql_type){.kind = kind};
}

static inline nlt_sql_type nlt__sql_decimal(int precision, int scale)
{
    return (nlt_sql_type){
        .kind = NLT_SQL_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
}

static inline bool nlt__sql_is_integer(nlt_sql_kind kind)
{
    return kind >= NLT_SQL_TINYINT && kind <= NLT_SQL_BIGINT;
}

static inline bool nlt__sql_is_number(nlt_sql_kind kind)
{
    return kind >= NLT_SQL_TINYINT && kind <= NLT_SQL_DOUBLE;
}

static inline bool nlt__sql_is_real(nlt_sql_kind kind)
{
    return kind == NLT_SQL_FLOAT || kind == NLT_SQL_DOUBLE;
}

static inline bool nlt__sql_is_atomic(nlt_sql_kind kind)
{
    return kind >= NLT_SQL_BOOLEAN && kind <= NLT_SQL_TIMESTAMP;
}

bool nlt__sql_same_type(const nlt_sql_type *a, const nlt_sql_type *b);

/* The decimal that holds every value of an integer type. */
nlt_sql_type nlt__sql_decimal_of(nlt_sql_kind kind);

/* decimal(precision, scale) cut to 38 digits as Spark does it when precision may be lost. */
nlt_sql_type nlt__sql_adjusted(int precision, int scale);

/* Which types meet where. */
typedef enum nlt_sql_meeting {
    NLT_SQL_MEET_COMPARE, /* =, <, IN (query): a text takes the other's type */
    NLT_SQL_MEET_WIDEN,   /* CASE, COALESCE, IN list, UNION, arrays: text wins */
    NLT_SQL_MEET_NO_TEXT  /* GREATEST, LEAST: text meets only text */
} nlt_sql_meeting;

/* The type that both are cast to. False: they do not meet. Types of items come from `arena`; a
 * shortage of memory is told as false, too. */
bool nlt__sql_meet(
    nlt_sql_meeting meeting, nlt_sql_type a, nlt_sql_type b, nlt_arena *arena, nlt_sql_type *out);

/* Appends the type as Spark or as DuckDB names it. */
nlt_status nlt__sql_put_spark_type(nlt_buf *out, nlt_sql_type type, nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__sql_put_duck_type(nlt_buf *out, nlt_sql_type type, nlt_error *err) NLT_MUST_CHECK;

#endif
