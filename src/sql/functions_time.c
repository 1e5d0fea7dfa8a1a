/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of days and times whose text depends on constants and types. */

#include <stdio.h>
#include <string.h>

#include "sql/functions.h"
#include "sql/text.h"

/* ---- fields and units ---- */

typedef struct time_field {
    const char *names; /* "|a|b|" */
    const char *sql;
    bool needs_time;
} time_field;

static const time_field time_fields[] = {
    {"|year|y|years|yr|yrs|", "year($1)", false},
    {"|yearofweek|", "isoyear($1)", false},
    {"|quarter|qtr|", "quarter($1)", false},
    {"|month|mon|mons|months|", "month($1)", false},
    {"|week|w|weeks|", "week($1)", false},
    {"|day|d|days|", "day($1)", false},
    {"|dayofweek|dow|", "(dayofweek($1) + 1)", false},
    {"|dayofweek_iso|dow_iso|", "isodow($1)", false},
    {"|doy|", "dayofyear($1)", false},
    {"|hour|h|hours|hr|hrs|", "hour($1)", true},
    {"|minute|m|min|mins|minutes|", "minute($1)", true},
    {"|second|s|sec|seconds|secs|", NULL, true},
};

nlt_status nlt__sql_date_part(nlt_sql_call_state *call, nlt_sql_value *out)
{
    char name[40];
    const char *text = nlt__sql_constant(call, 0);
    if (strlen(text) + 3 > sizeof name) {
        return nlt__sql_wrong(call->tr, call->expr->place, "there is no field %.40s", text);
    }
    name[0] = '|';
    nlt__sql_lower((nlt_bytes){text, strlen(text)}, name + 1);
    (void)snprintf(name + strlen(name), 2, "|");
    for (size_t i = 0; i < sizeof time_fields / sizeof time_fields[0]; i++) {
        const time_field *field = &time_fields[i];
        if (strstr(field->names, name) == NULL) {
            continue;
        }
        nlt_sql_value time = call->args[1];
        bool is_date = time.type.kind == NLT_SQL_DATE;
        NLT_TRY(nlt__sql_cast(call->tr, &time,
            nlt__sql_plain(is_date && !field->needs_time ? NLT_SQL_DATE : NLT_SQL_TIMESTAMP)));
        call->args[0] = time;
        set_type(out, NLT_SQL_INT);
        if (field->sql == NULL) {
            out->type = nlt__sql_decimal(8, 6);
            return nlt__sql_fill(call,
                "(CAST(date_part('microsecond', $1) AS DECIMAL(8, 0)) * CAST('0.000001' AS "
                "DECIMAL(7, 6)))::DECIMAL(8, 6)",
                &out->sql);
        }
        NLT_TRY(nlt__sql_fill(call, field->sql, &out->sql));
        return nlt__sql_text(call->tr, &out->sql, "CAST(%s AS INTEGER)", out->sql);
    }
    return nlt__sql_wrong(call->tr, call->expr->place, "there is no field %s in a time", text);
}

/* Units of DATE_TRUNC and TRUNC, as DuckDB calls them; NULL: none, which gives NULL. */
static const char *trunc_unit(const char *text, bool is_date)
{
    static const struct {
        const char *names, *unit;
        bool is_date;
    } units[] = {
        {"|year|yyyy|yy|", "year", true},
        {"|quarter|", "quarter", true},
        {"|month|mm|mon|", "month", true},
        {"|week|", "week", true},
        {"|day|dd|", "day", false},
        {"|hour|", "hour", false},
        {"|minute|", "minute", false},
        {"|second|", "second", false},
        {"|millisecond|", "milliseconds", false},
        {"|microsecond|", "microseconds", false},
    };
    char name[40];
    if (strlen(text) + 3 > sizeof name) {
        return NULL;
    }
    name[0] = '|';
    nlt__sql_lower((nlt_bytes){text, strlen(text)}, name + 1);
    (void)snprintf(name + strlen(name), 2, "|");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strstr(units[i].names, name) != NULL && (units[i].is_date || !is_date)) {
            return units[i].unit;
        }
    }
    return NULL;
}

nlt_status nlt__sql_date_trunc(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *unit = trunc_unit(nlt__sql_constant(call, 0), false);
    set_type(out, NLT_SQL_TIMESTAMP);
    return unit == NULL ? nlt__sql_text(call->tr, &out->sql, "CAST(NULL AS TIMESTAMP)")
                        : nlt__sql_text(call->tr, &out->sql,
                            "CAST(date_trunc('%s', %s) AS TIMESTAMP)", unit, call->args[1].sql);
}

nlt_status nlt__sql_trunc(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *unit = trunc_unit(nlt__sql_constant(call, 1), true);
    set_type(out, NLT_SQL_DATE);
    return unit == NULL ? nlt__sql_text(call->tr, &out->sql, "CAST(NULL AS DATE)")
                        : nlt__sql_text(call->tr, &out->sql, "CAST(date_trunc('%s', %s) AS DATE)",
                            unit, call->args[0].sql);
}

/* ---- sequences and differences ---- */

/* Days or times. Months are added to the start each time, so that the 31st stays one. */
nlt_status nlt__sql_sequence_time(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_type item;
    nlt_sql_translator *tr = call->tr;
    bool has_step = call->n_args == 3;
    unsigned parts = has_step ? call->args[2].type.precision : 0;
    NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, call->args, 2, call->expr, &item));
    NLT_TRY(nlt__sql_array_of(call, item, &out->type));
    bool is_date = item.kind == NLT_SQL_DATE;
    if (has_step && is_date && (parts & NLT_SQL_INTERVAL_TIME) != 0) {
        return nlt__sql_wrong(tr, call->expr->place, "a sequence of days has steps of days");
    }
    if ((parts & NLT_SQL_INTERVAL_MONTHS) == 0) {
        NLT_TRY(nlt__sql_fill(call,
            has_step
                ? "generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), $3)"
                : "CASE WHEN $1 <= $2 THEN generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS "
                  "TIMESTAMP), to_days(1)) ELSE generate_series(CAST($1 AS TIMESTAMP), CAST($2 "
                  "AS TIMESTAMP), to_days(-1)) END",
            &out->sql));
    } else if (parts == NLT_SQL_INTERVAL_MONTHS) {
        NLT_TRY(nlt__sql_fill(call,
            "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN list_filter(list_transform(range(0, "
            "greatest((year($2) - year($1)) * 12 + month($2) - month($1), 0) + 1), lambda x: "
            "CAST($1 "
            "AS TIMESTAMP) + $3 * x), lambda x: x <= $2) END",
            &out->sql));
    } else {
        return nlt__sql_refuse(tr, call->expr->place, "a step of months and less");
    }
    return nlt__sql_text(
        tr, &out->sql, "CAST(%s AS %s)", out->sql, nlt__sql_type_text(tr, out->type));
}

typedef struct unit {
    const char *name;
    int months;
    int64_t micros;
} unit;

static const unit units[] = {{"microsecond", 0, 1}, {"millisecond", 0, 1000},
    {"second", 0, 1000000}, {"minute", 0, 60000000}, {"hour", 0, 3600000000},
    {"day", 0, 86400000000}, {"dayofyear", 0, 86400000000}, {"week", 0, 604800000000},
    {"month", 1, 0}, {"quarter", 3, 0}, {"year", 12, 0}};

static nlt_status find_unit(nlt_sql_call_state *call, const unit **out)
{
    const char *name = nlt__sql_constant(call, 0);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (nlt__sql_equal_names(units[i].name, name)) {
            *out = &units[i];
            return NLT_OK;
        }
    }
    return nlt__sql_wrong(call->tr, call->expr->place, "there is no unit %.40s", name);
}

nlt_status nlt__sql_timestampadd(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const unit *u = NULL;
    NLT_TRY(find_unit(call, &u));
    set_type(out, NLT_SQL_TIMESTAMP);
    return u->months > 0
        ? nlt__sql_text(call->tr, &out->sql, "(%s + to_months(CAST(%s * %d AS INTEGER)))",
            call->args[2].sql, call->args[1].sql, u->months)
        : nlt__sql_text(call->tr, &out->sql, "(%s + to_microseconds(%s * %lld))", call->args[2].sql,
            call->args[1].sql, (long long)u->micros);
}

nlt_status nlt__sql_timestampdiff(nlt_sql_call_state *call, nlt_sql_value *out)
{
    static const char months[] =
        "((year($3) - year($2)) * 12 + month($3) - month($2) - CASE WHEN date_trunc('month', $3) > "
        "date_trunc('month', $2) AND $3 - date_trunc('month', $3) < $2 - date_trunc('month', $2) "
        "THEN 1 WHEN date_trunc('month', $3) < date_trunc('month', $2) AND $3 - "
        "date_trunc('month', $3) > $2 - date_trunc('month', $2) THEN -1 ELSE 0 END)";
    const unit *u = NULL;
    const char *amount = NULL;
    NLT_TRY(find_unit(call, &u));
    set_type(out, NLT_SQL_BIGINT);
    NLT_TRY(nlt__sql_fill(call, u->months > 0 ? months : "(epoch_us($3) - epoch_us($2))", &amount));
    return nlt__sql_text(call->tr, &out->sql, "CAST(%s // %lld AS BIGINT)", amount,
        u->months > 0 ? (long long)u->months : (long long)u->micros);
}
