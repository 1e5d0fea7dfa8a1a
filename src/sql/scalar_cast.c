/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spark's casts as functions: what DuckDB's own would round, refuse or write differently. */

#include "sql/scalar.h"
#include "sql/spark_cast.h"

/* ---- to integers ---- */

/* Of `bits` bits: a text out of range is none, a double stops at the limits of 32 bits (Java's
 * conversion), an integer wraps. */
static nlt_status cast_integer(nlt_scalar_call *call, int64_t row, int bits)
{
    int64_t value = 0;
    int64_t most = INT64_MAX >> (64 - bits);
    if (nlt__arg_type(call, 0) == NLT_TYPE_STRING) {
        if (nlt__spark_i64(nlt__arg_text(call, 0, row), &value) && value <= most
            && value >= -most - 1) {
            nlt__put_i64(call, row, value);
        }
        return NLT_OK;
    }
    if (nlt__arg_type(call, 0) == NLT_TYPE_DOUBLE) {
        value = nlt__spark_i64_from_double(nlt__arg_double(call, 0, row));
        if (bits < 64) {
            value = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
        }
    } else if (nlt__arg_type(call, 0) == NLT_TYPE_TIMESTAMP) {
        int64_t us = nlt__arg_i64(call, 0, row);
        value = us / 1000000 - (us % 1000000 < 0);
    } else {
        value = nlt__arg_i64(call, 0, row);
    }
    nlt__put_i64(call, row, (int64_t)((uint64_t)value << (64 - bits)) >> (64 - bits));
    return NLT_OK;
}

#define INTEGER_CAST(sql_name, bits, words)                                                        \
    static nlt_status cast_##sql_name(nlt_scalar_call *call, int64_t row, nlt_error *err)          \
    {                                                                                              \
        (void)err;                                                                                 \
        return cast_integer(call, row, bits);                                                      \
    }                                                                                              \
    const nlt_scalar nlt_scalar_cast_##sql_name = {                                                \
        .name = "nlt_cast_" #sql_name,                                                             \
        .usage = "nlt_cast_" #sql_name "(value)",                                                  \
        .is_spark = true,                                                                          \
        .summary = "CAST(value AS " words "): a fraction is cut, blanks are ignored, a text that " \
                   "is no such number is NULL, a double stops at the limit, an integer wraps",     \
        .n_args = 1,                                                                               \
        .args = {NLT_ARG_STRING | NLT_ARG_DOUBLE | NLT_ARG_INT64 | NLT_ARG_TIMESTAMP},             \
        .result = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},                                             \
        .row = cast_##sql_name,                                                                    \
    }

INTEGER_CAST(bigint, 64, "BIGINT");
INTEGER_CAST(int, 32, "INT");
INTEGER_CAST(smallint, 16, "SMALLINT");
INTEGER_CAST(tinyint, 8, "TINYINT");

/* ---- to other types ---- */

static nlt_status cast_double(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    double value = 0;
    if (nlt__arg_type(call, 0) == NLT_TYPE_TIMESTAMP) {
        nlt__put_double(call, row, (double)nlt__arg_i64(call, 0, row) / 1e6);
    } else if (nlt__spark_double(nlt__arg_text(call, 0, row), &value)) {
        nlt__put_double(call, row, value);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_cast_double = {
    .name = "nlt_cast_double",
    .usage = "nlt_cast_double(value)",
    .is_spark = true,
    .summary = "CAST(value AS DOUBLE) of a text, NULL if it is no number, or of a timestamp, in "
               "seconds",
    .n_args = 1,
    .args = {NLT_ARG_STRING | NLT_ARG_TIMESTAMP},
    .result = {NLT_TYPE_DOUBLE, NLT_TYPE_DOUBLE, 0},
    .row = cast_double,
};

static nlt_status cast_boolean(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    bool value = false;
    if (nlt__spark_bool(nlt__arg_text(call, 0, row), &value)) {
        nlt__put_bool(call, row, value);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_cast_boolean = {
    .name = "nlt_cast_boolean",
    .usage = "nlt_cast_boolean(text)",
    .is_spark = true,
    .summary =
        "CAST(text AS BOOLEAN): t, true, y, yes, 1, f, false, n, no, 0 in any case, else NULL",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_BOOL, NLT_TYPE_BOOL, 0},
    .row = cast_boolean,
};

static nlt_status cast_string(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    char text[NLT_SPARK_TEXT_MAX];
    size_t len = nlt__arg_type(call, 0) == NLT_TYPE_DOUBLE
        ? nlt__spark_double_text(nlt__arg_double(call, 0, row), text)
        : nlt__arg_type(call, 0) == NLT_TYPE_DATE
        ? nlt__spark_date_text(nlt__arg_date(call, 0, row), text)
        : nlt__spark_timestamp_text(nlt__arg_i64(call, 0, row), text);
    return nlt__put_copy(call, row, (nlt_bytes){text, len}, err);
}

static nlt_status cast_float_string(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    char text[NLT_SPARK_TEXT_MAX];
    size_t len = nlt__spark_float_text((float)nlt__arg_double(call, 0, row), text);
    return nlt__put_copy(call, row, (nlt_bytes){text, len}, err);
}

const nlt_scalar nlt_scalar_cast_float_string = {
    .name = "nlt_cast_float_string",
    .usage = "nlt_cast_float_string(value)",
    .is_spark = true,
    .summary = "CAST(value AS STRING) of a number of 32 bits: 0.1, not 0.10000000149011612",
    .n_args = 1,
    .args = {NLT_ARG_DOUBLE},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = cast_float_string,
};

const nlt_scalar nlt_scalar_cast_string = {
    .name = "nlt_cast_string",
    .usage = "nlt_cast_string(value)",
    .is_spark = true,
    .summary = "CAST(value AS STRING) of a double (3.0, 1.0E7), a date or a timestamp",
    .n_args = 1,
    .args = {NLT_ARG_DOUBLE | NLT_ARG_DATE | NLT_ARG_TIMESTAMP},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = cast_string,
};
