/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spark's functions over times and patterns. */

#include <time.h>

#include "sql/java_time.h"
#include "sql/scalar.h"
#include "sql/spark_cast.h"

static const int64_t second_us = 1000000;
static const int64_t day_us = INT64_C(86400000000);

/* The pattern of the last row: mostly the same text for all rows. */
typedef struct pattern_memo {
    bool is_set;
    nlt_bytes text;
    nlt_time_pattern pattern;
} pattern_memo;

static const nlt_bytes default_pattern = {"yyyy-MM-dd HH:mm:ss", 19};

/* The pattern that argument `arg` gives, or the default one. */
static nlt_status take_pattern(nlt_scalar_call *call, int arg, int64_t row, bool is_parsing,
    const nlt_time_pattern **out, nlt_error *err)
{
    pattern_memo *memo = call->memo;
    nlt_bytes text = arg < call->n_args ? nlt__arg_text(call, arg, row) : default_pattern;
    *out = &memo->pattern;
    if (memo->is_set && nlt__bytes_equal(memo->text, text)) {
        return NLT_OK;
    }
    memo->is_set = false;
    NLT_TRY(nlt__time_pattern_compile(text, is_parsing, &memo->pattern, err));
    memo->text = text;
    memo->is_set = true;
    return NLT_OK;
}

static int64_t today(void)
{
    return (int64_t)time(NULL) / 86400;
}

/* The time that an argument is or stands for. */
static bool time_of(const nlt_scalar_call *call, int arg, int64_t row, int64_t *us)
{
    if (nlt__arg_type(call, arg) == NLT_TYPE_TIMESTAMP) {
        *us = nlt__arg_i64(call, arg, row);
        return true;
    }
    if (nlt__arg_type(call, arg) == NLT_TYPE_DATE) {
        return !__builtin_mul_overflow(nlt__arg_date(call, arg, row), day_us, us);
    }
    return nlt__spark_timestamp(nlt__arg_text(call, arg, row), today(), us);
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

#define TIME_ARGS (NLT_ARG_STRING | NLT_ARG_DATE | NLT_ARG_TIMESTAMP)
#define TEXT_RESULT                                                                                \
    {                                                                                              \
        NLT_TYPE_STRING, NLT_TYPE_STRING, 0                                                        \
    }

/* ---- texts of times ---- */

static nlt_status put_formatted(nlt_scalar_call *call, int64_t row, int64_t us, nlt_error *err)
{
    const nlt_time_pattern *pattern = NULL;
    char text[NLT_PATTERN_TEXT_MAX];
    NLT_TRY(take_pattern(call, 1, row, false, &pattern, err));
    size_t len = nlt__time_pattern_format(pattern, us, text);
    return nlt__put_copy(call, row, (nlt_bytes){text, len}, err);
}

static nlt_status date_format(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    int64_t us = 0;
    return time_of(call, 0, row, &us) ? put_formatted(call, row, us, err) : NLT_OK;
}

const nlt_scalar nlt_scalar_date_format = {
    .name = "nlt_date_format",
    .usage = "nlt_date_format(time, pattern)",
    .is_spark = true,
    .summary = "date_format: a time as text by a pattern, as yyyy-MM-dd HH:mm:ss.SSS",
    .n_args = 2,
    .args = {TIME_ARGS, NLT_ARG_STRING},
    .result = TEXT_RESULT,
    .memo_bytes = sizeof(pattern_memo),
    .row = date_format,
};

static nlt_status from_unixtime(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    /* as Spark, which does not look whether it fits */
    uint64_t us = (uint64_t)nlt__arg_i64(call, 0, row) * (uint64_t)second_us;
    return put_formatted(call, row, (int64_t)us, err);
}

const nlt_scalar nlt_scalar_from_unixtime = {
    .name = "nlt_from_unixtime",
    .usage = "nlt_from_unixtime(seconds [, pattern])",
    .is_spark = true,
    .summary = "from_unixtime: seconds since 1970 as text, by default yyyy-MM-dd HH:mm:ss",
    .n_args = 2,
    .n_optional = 1,
    .args = {NLT_ARG_INT64, NLT_ARG_STRING},
    .result = TEXT_RESULT,
    .memo_bytes = sizeof(pattern_memo),
    .row = from_unixtime,
};

/* ---- times of texts ---- */

/* With a pattern only texts are parsed; times are what they are. */
static nlt_status parsed_time(
    nlt_scalar_call *call, int64_t row, bool *is_time, int64_t *us, nlt_error *err)
{
    const nlt_time_pattern *pattern = NULL;
    if (nlt__arg_type(call, 0) != NLT_TYPE_STRING) {
        *is_time = time_of(call, 0, row, us);
        return NLT_OK;
    }
    NLT_TRY(take_pattern(call, 1, row, true, &pattern, err));
    *is_time = nlt__time_pattern_parse(pattern, nlt__arg_text(call, 0, row), us);
    return NLT_OK;
}

static nlt_status to_timestamp(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    int64_t us = 0;
    bool is_time = false;
    if (call->n_args == 1) {
        is_time = time_of(call, 0, row, &us);
    } else {
        NLT_TRY(parsed_time(call, row, &is_time, &us, err));
    }
    if (is_time) {
        nlt__put_i64(call, row, us);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_to_timestamp = {
    .name = "nlt_to_timestamp",
    .usage = "nlt_to_timestamp(text [, pattern])",
    .is_spark = true,
    .summary =
        "to_timestamp, and the cast of a text to TIMESTAMP: the time that a text tells, by a "
        "pattern or as 2017-03-01 10:20:30.5 +01:00 and its shorter forms; NULL if it tells "
        "none",
    .n_args = 2,
    .n_optional = 1,
    .args = {TIME_ARGS, NLT_ARG_STRING},
    .result = {NLT_TYPE_TIMESTAMP, NLT_TYPE_TIMESTAMP, 0},
    .memo_bytes = sizeof(pattern_memo),
    .row = to_timestamp,
};

static nlt_status to_date(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    int64_t us = 0;
    int32_t days = 0;
    bool is_time = false;
    if (nlt__arg_type(call, 0) == NLT_TYPE_STRING && call->n_args == 1) {
        if (nlt__spark_date(nlt__arg_text(call, 0, row), &days)) {
            nlt__put_date(call, row, days);
        }
        return NLT_OK;
    }
    NLT_TRY(parsed_time(call, row, &is_time, &us, err));
    if (is_time) {
        nlt__put_date(call, row, (int32_t)floor_div(us, day_us));
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_to_date = {
    .name = "nlt_to_date",
    .usage = "nlt_to_date(text [, pattern])",
    .is_spark = true,
    .summary =
        "to_date, and the cast of a text to DATE: the day that a text tells, by a pattern or as "
        "2017-03-01 and its shorter forms; NULL if it tells none",
    .n_args = 2,
    .n_optional = 1,
    .args = {TIME_ARGS, NLT_ARG_STRING},
    .result = {NLT_TYPE_DATE, NLT_TYPE_DATE, 0},
    .memo_bytes = sizeof(pattern_memo),
    .row = to_date,
};

static nlt_status unix_timestamp(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    int64_t us = 0;
    bool is_time = false;
    NLT_TRY(parsed_time(call, row, &is_time, &us, err));
    if (is_time) {
        nlt__put_i64(call, row, us / second_us);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_unix_timestamp = {
    .name = "nlt_unix_timestamp",
    .usage = "nlt_unix_timestamp(time [, pattern])",
    .is_spark = true,
    .summary = "unix_timestamp, to_unix_timestamp: seconds since 1970 of a time, or of a text by a "
               "pattern, by default yyyy-MM-dd HH:mm:ss; NULL if it tells no time",
    .n_args = 2,
    .n_optional = 1,
    .args = {TIME_ARGS, NLT_ARG_STRING},
    .result = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .memo_bytes = sizeof(pattern_memo),
    .row = unix_timestamp,
};

/* ---- zones ---- */

/* The zone of the last row. */
typedef struct zone_memo {
    bool is_set;
    nlt_bytes name;
    nlt_spark_zone zone;
} zone_memo;

static void zone_memo_clear(void *ptr)
{
    zone_memo *memo = ptr;
    nlt__spark_zone_close(&memo->zone);
}

static nlt_status take_zone(
    nlt_scalar_call *call, int64_t row, const nlt_spark_zone **out, nlt_error *err)
{
    zone_memo *memo = call->memo;
    nlt_bytes name = nlt__arg_text(call, 1, row);
    *out = &memo->zone;
    if (memo->is_set && nlt__bytes_equal(memo->name, name)) {
        return NLT_OK;
    }
    nlt__spark_zone_close(&memo->zone);
    memo->name = name;
    memo->is_set = nlt__spark_zone_open(name, &memo->zone);
    if (memo->is_set) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_SQL, "there is no time zone \"%.*s\"",
        (int)(name.len < 100 ? name.len : 100), name.ptr);
    nlt_error_hint(err, "zones are UTC, +01:00, or names as Europe/Rome");
    return NLT_ERR_SQL;
}

static nlt_status shift(nlt_scalar_call *call, int64_t row,
    int64_t (*to)(const nlt_spark_zone *zone, int64_t seconds), nlt_error *err)
{
    const nlt_spark_zone *zone = NULL;
    int64_t us = 0;
    if (!time_of(call, 0, row, &us)) {
        return NLT_OK;
    }
    NLT_TRY(take_zone(call, row, &zone, err));
    int64_t seconds = floor_div(us, second_us);
    int64_t moved = 0;
    if (!__builtin_mul_overflow(to(zone, seconds) - seconds, second_us, &moved)
        && !__builtin_add_overflow(us, moved, &us)) {
        nlt__put_i64(call, row, us);
    }
    return NLT_OK;
}

static nlt_status from_utc_timestamp(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    return shift(call, row, nlt__spark_zone_to_local, err);
}

static nlt_status to_utc_timestamp(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    return shift(call, row, nlt__spark_zone_to_utc, err);
}

#define TIME_RESULT                                                                                \
    {                                                                                              \
        NLT_TYPE_TIMESTAMP, NLT_TYPE_TIMESTAMP, 0                                                  \
    }

const nlt_scalar nlt_scalar_from_utc_timestamp = {
    .name = "nlt_from_utc_timestamp",
    .usage = "nlt_from_utc_timestamp(time, zone)",
    .is_spark = true,
    .summary =
        "from_utc_timestamp: what the clock of a zone shows at a time; an unknown zone ends the "
        "query",
    .n_args = 2,
    .args = {TIME_ARGS, NLT_ARG_STRING},
    .result = TIME_RESULT,
    .memo_bytes = sizeof(zone_memo),
    .memo_clear = zone_memo_clear,
    .row = from_utc_timestamp,
};

const nlt_scalar nlt_scalar_to_utc_timestamp = {
    .name = "nlt_to_utc_timestamp",
    .usage = "nlt_to_utc_timestamp(time, zone)",
    .is_spark = true,
    .summary =
        "to_utc_timestamp: the time at which the clock of a zone shows a time; an unknown zone "
        "ends the query",
    .n_args = 2,
    .args = {TIME_ARGS, NLT_ARG_STRING},
    .result = TIME_RESULT,
    .memo_bytes = sizeof(zone_memo),
    .memo_clear = zone_memo_clear,
    .row = to_utc_timestamp,
};
