/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of Java patterns: constants, written anew for RE2. */

#include "sql/functions.h"
#include "sql/text.h"

nlt_status nlt__sql_quote(nlt_sql_call_state *call, const nlt_buf *text, const char **out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_buf copy = NLT_BUF_INIT(1 << 20);
    nlt_status status = nlt__buf_append(&copy, text->ptr, text->len, call->tr->err);
    if (status == NLT_OK) {
        const char *plain = nlt__buf_cstr(&copy);
        status = plain != NULL ? nlt__sql_put_quoted(&buf, plain, '\'', call->tr->err)
                               : nlt__sql_oom(call->tr);
    }
    if (status == NLT_OK) {
        status = nlt__sql_keep(call->tr, &buf, out);
    }
    nlt__buf_clear(&copy);
    nlt__buf_clear(&buf);
    return status;
}

nlt_status nlt__sql_read_pattern(
    nlt_sql_call_state *call, int index, bool is_search, nlt_sql_pattern *out)
{
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_buf literal = NLT_BUF_INIT(1 << 20);
    nlt_error err = NLT_ERROR_INIT;
    out->literal = NULL;
    nlt_status status = nlt__java_regex(
        nlt__sql_constant(call, index), is_search, &buf, &literal, &out->info, &err);
    if (status == NLT_OK) {
        status = nlt__sql_quote(call, &buf, &out->sql);
        if (status == NLT_OK && out->info.is_literal) {
            status = nlt__sql_quote(call, &literal, &out->literal);
        }
    } else {
        status = nlt__sql_refuse(call->tr, call->args[index].expr->place, "%s", err.message);
    }
    nlt__buf_clear(&literal);
    nlt__buf_clear(&buf);
    return status;
}

nlt_status nlt__sql_regexp_like(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, true, &p));
    set_type(out, NLT_SQL_BOOLEAN);
    return p.literal != NULL
        ? nlt__sql_text(call->tr, &out->sql, "contains(%s, %s)", call->args[0].sql, p.literal)
        : nlt__sql_text(call->tr, &out->sql, "regexp_matches(%s, %s)", call->args[0].sql, p.sql);
}

/* The number of the group that is asked for. */
static nlt_status group_number(nlt_sql_call_state *call, const nlt_sql_pattern *p, int64_t *out)
{
    NLT_TRY(nlt__sql_constant_integer(call, 2, 1, out));
    return *out >= 0 && *out <= p->info.n_groups
        ? NLT_OK
        : nlt__sql_wrong(call->tr, call->expr->place, "%s: the pattern has %d groups, not %lld",
            call->expr->text, p->info.n_groups, (long long)*out);
}

static nlt_status extract(nlt_sql_call_state *call, const char *function, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    int64_t group = 1;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(group_number(call, &p, &group));
    if (group > 9) {
        return nlt__sql_refuse(call->tr, call->expr->place, "a group beyond the ninth");
    }
    return nlt__sql_text(call->tr, &out->sql, "%s(%s, %s, %lld)", function, call->args[0].sql,
        p.sql, (long long)group);
}

nlt_status nlt__sql_regexp_extract(nlt_sql_call_state *call, nlt_sql_value *out)
{
    set_type(out, NLT_SQL_STRING);
    return extract(call, "regexp_extract", out);
}

static nlt_status no_empty_match(nlt_sql_call_state *call, const nlt_sql_pattern *p)
{
    return !p->info.matches_empty
        ? NLT_OK
        : nlt__sql_refuse(call->tr, call->args[1].expr->place,
            "%s with a pattern that matches nothing, too", call->expr->text);
}

nlt_status nlt__sql_regexp_extract_all(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(no_empty_match(call, &p));
    NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_STRING), &out->type));
    return extract(call, "regexp_extract_all", out);
}

nlt_status nlt__sql_regexp_count(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(no_empty_match(call, &p));
    set_type(out, NLT_SQL_INT);
    return nlt__sql_text(call->tr, &out->sql, "CAST(len(regexp_extract_all(%s, %s)) AS INTEGER)",
        call->args[0].sql, p.sql);
}

nlt_status nlt__sql_regexp_substr(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_text(
        call->tr, &out->sql, "nullif(regexp_extract(%s, %s), '')", call->args[0].sql, p.sql);
}

/* The shortest text before a match is what is before the first one. */
nlt_status nlt__sql_regexp_instr(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    set_type(out, NLT_SQL_INT);
    return nlt__sql_text(call->tr, &out->sql,
        "CASE WHEN NOT regexp_matches(%s, %s) THEN 0 ELSE CAST(length(regexp_extract(%s, "
        "'^((?s:.*?))(?:' || %s || ')', 1)) + 1 AS INTEGER) END",
        call->args[0].sql, p.sql, call->args[0].sql, p.sql);
}

nlt_status nlt__sql_regexp_replace(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    const char *replacement = NULL;
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_error err = NLT_ERROR_INIT;
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(no_empty_match(call, &p));
    nlt_status status =
        nlt__java_replacement(nlt__sql_constant(call, 2), p.info.n_groups, &buf, &err);
    status = status == NLT_OK
        ? nlt__sql_quote(call, &buf, &replacement)
        : nlt__sql_refuse(call->tr, call->args[2].expr->place, "%s", err.message);
    nlt__buf_clear(&buf);
    NLT_TRY(status);
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_text(call->tr, &out->sql, "regexp_replace(%s, %s, %s, 'g')", call->args[0].sql,
        p.sql, replacement);
}

/* The first limit - 1 parts, and what is behind them and their matches. */
static nlt_status split_limited(
    nlt_sql_call_state *call, const nlt_sql_pattern *p, int64_t limit, nlt_sql_value *out)
{
    nlt_sql_translator *tr = call->tr;
    const char *text = call->args[0].sql;
    const char *parts = NULL;
    const char *matches = NULL;
    NLT_TRY(nlt__sql_text(tr, &parts, "string_split_regex(%s, %s)", text, p->sql));
    NLT_TRY(nlt__sql_text(tr, &matches, "regexp_extract_all(%s, %s)", text, p->sql));
    long long n = (long long)limit - 1;
    return nlt__sql_text(tr, &out->sql,
        "CASE WHEN len(%s) <= %lld THEN %s WHEN %s IS NOT NULL THEN list_append(list_slice(%s, 1, "
        "%lld), substring(%s, 1 + CAST(list_sum(list_transform(list_concat(list_slice(%s, 1, "
        "%lld), list_slice(%s, 1, %lld)), lambda x: length(x))) AS BIGINT))) END",
        parts, n + 1, parts, parts, parts, n, text, parts, n, matches, n);
}

nlt_status nlt__sql_split(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_pattern p;
    int64_t limit = -1;
    nlt_sql_translator *tr = call->tr;
    const char *text = call->args[0].sql;
    NLT_TRY(nlt__sql_constant_integer(call, 2, -1, &limit));
    NLT_TRY(nlt__sql_read_pattern(call, 1, false, &p));
    NLT_TRY(nlt__sql_array_of(call, nlt__sql_plain(NLT_SQL_STRING), &out->type));
    bool is_characters = nlt__sql_constant(call, 1)[0] == '\0';
    if (limit == 1) {
        return nlt__sql_text(tr, &out->sql, "CASE WHEN %s IS NOT NULL THEN [%s] END", text, text);
    }
    if (p.literal == NULL || is_characters) {
        if (!is_characters) {
            NLT_TRY(no_empty_match(call, &p));
        }
        if (limit > 1) {
            return is_characters
                ? nlt__sql_refuse(tr, call->expr->place, "split into characters with a limit")
                : split_limited(call, &p, limit, out);
        }
        return is_characters
            ? nlt__sql_text(tr, &out->sql,
                "CASE WHEN %s = '' THEN [''] ELSE string_split(%s, '') END", text, text)
            : nlt__sql_text(tr, &out->sql, "string_split_regex(%s, %s)", text, p.sql);
    }
    const char *parts = NULL;
    NLT_TRY(nlt__sql_text(tr, &parts, "string_split(%s, %s)", text, p.literal));
    if (limit <= 0) {
        out->sql = parts;
        return NLT_OK;
    }
    return nlt__sql_text(tr, &out->sql,
        "CASE WHEN len(%s) <= %lld THEN %s WHEN %s IS NOT NULL THEN list_append(list_slice(%s, 1, "
        "%lld), array_to_string(list_slice(%s, %lld, len(%s)), %s)) END",
        parts, (long long)limit, parts, parts, parts, (long long)limit - 1, parts, (long long)limit,
        parts, p.literal);
}
