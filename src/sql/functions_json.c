/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TO_JSON: the text that Spark's JacksonGenerator writes. Fields of structs that are NULL are left out,
 * elements and values of maps are null. */

#include <string.h>

#include "sql/functions.h"
#include "sql/text.h"

static nlt_status value_json(
    nlt_sql_call_state *call, nlt_sql_value value, const char **out, int depth);

static nlt_status text_json(nlt_sql_call_state *call, const char *sql, const char **out)
{
    return nlt__sql_text(call->tr, out, "CAST(to_json(%s) AS VARCHAR)", sql);
}

/* Numbers and booleans are as CAST writes them; NaN and infinities in quotes. */
static nlt_status number_json(nlt_sql_call_state *call, nlt_sql_value value, const char **out)
{
    nlt_sql_value text = value;
    NLT_TRY(nlt__sql_cast(call->tr, &text, nlt__sql_plain(NLT_SQL_STRING)));
    if (!nlt__sql_is_real(value.type.kind)) {
        *out = text.sql;
        return NLT_OK;
    }
    return nlt__sql_text(call->tr, out,
        "CASE WHEN isfinite(%s) THEN %s ELSE '\"' || %s || '\"' END", value.sql, text.sql,
        text.sql);
}

static nlt_status list_json(
    nlt_sql_call_state *call, nlt_sql_value list, const char **out, int depth)
{
    nlt_sql_value item = {.type = *list.type.item, .expr = list.expr};
    const char *text = NULL;
    NLT_TRY(nlt__sql_new_param(call->tr, &item.sql));
    NLT_TRY(value_json(call, item, &text, depth + 1));
    return nlt__sql_text(call->tr, out,
        "'[' || array_to_string(list_transform(%s, lambda %s: coalesce(%s, 'null')), ',') || ']'",
        list.sql, item.sql, text);
}

static nlt_status struct_json(
    nlt_sql_call_state *call, nlt_sql_value value, const char **out, int depth)
{
    nlt_sql_translator *tr = call->tr;
    const char *list = "";
    for (int i = 0; i < value.type.n_fields; i++) {
        nlt_sql_value field = value;
        const char *quoted = NULL;
        const char *key = NULL;
        const char *text = NULL;
        NLT_TRY(nlt__sql_field_of(tr, &field, value.type.fields[i].name, call->expr->place));
        NLT_TRY(value_json(call, field, &text, depth + 1));
        NLT_TRY(nlt__sql_quoted(tr, value.type.fields[i].name, '\'', &quoted));
        NLT_TRY(text_json(call, quoted, &key));
        NLT_TRY(nlt__sql_text(tr, &list, "%s, CASE WHEN %s IS NOT NULL THEN %s || ':' || %s END",
            list, field.sql, key, text));
    }
    return nlt__sql_text(tr, out,
        "CASE WHEN %s IS NOT NULL THEN '{' || concat_ws(','%s) || '}' END", value.sql, list);
}

static nlt_status map_json(nlt_sql_call_state *call, nlt_sql_value map, const char **out, int depth)
{
    nlt_sql_translator *tr = call->tr;
    const char *entry = NULL;
    const char *key = NULL;
    const char *text = NULL;
    nlt_sql_value value = {.type = *map.type.item, .expr = map.expr};
    nlt_sql_kind kind = map.type.key->kind;
    if (kind != NLT_SQL_STRING && !nlt__sql_is_integer(kind)) {
        return nlt__sql_refuse(
            tr, call->expr->place, "to_json of a map whose keys are no texts or integers");
    }
    NLT_TRY(nlt__sql_new_param(tr, &entry));
    NLT_TRY(nlt__sql_text(tr, &key, "CAST(%s.key AS VARCHAR)", entry));
    NLT_TRY(text_json(call, key, &key));
    NLT_TRY(nlt__sql_text(tr, &value.sql, "%s.value", entry));
    NLT_TRY(value_json(call, value, &text, depth + 1));
    return nlt__sql_text(tr, out,
        "'{' || array_to_string(list_transform(map_entries(%s), lambda %s: %s || ':' || "
        "coalesce(%s, 'null')), ',') || '}'",
        map.sql, entry, key, text);
}

/* NULL for NULL. */
static nlt_status value_json(
    nlt_sql_call_state *call, nlt_sql_value value, const char **out, int depth)
{
    enum { DEPTH_MAX = 8 }; /* the text of a value is written once for each struct around it */
    if (depth > DEPTH_MAX) {
        return nlt__sql_refuse(
            call->tr, call->expr->place, "to_json of more than %d levels", DEPTH_MAX);
    }
    switch (value.type.kind) {
    case NLT_SQL_ARRAY:
        return list_json(call, value, out, depth);
    case NLT_SQL_MAP:
        return map_json(call, value, out, depth);
    case NLT_SQL_STRUCT:
        return struct_json(call, value, out, depth);
    case NLT_SQL_STRING:
        return text_json(call, value.sql, out);
    case NLT_SQL_DATE:
        return nlt__sql_text(call->tr, out, "'\"' || nlt_cast_string(%s) || '\"'", value.sql);
    case NLT_SQL_TIMESTAMP:
        return nlt__sql_text(
            call->tr, out, "strftime(%s, '\"%%Y-%%m-%%dT%%H:%%M:%%S.%%gZ\"')", value.sql);
    case NLT_SQL_BOOLEAN:
    case NLT_SQL_TINYINT:
    case NLT_SQL_SMALLINT:
    case NLT_SQL_INT:
    case NLT_SQL_BIGINT:
    case NLT_SQL_DECIMAL:
    case NLT_SQL_FLOAT:
    case NLT_SQL_DOUBLE:
        return number_json(call, value, out);
    case NLT_SQL_NULL:
        *out = "CAST(NULL AS VARCHAR)";
        return NLT_OK;
    case NLT_SQL_BINARY:
        return nlt__sql_text(call->tr, out, "'\"' || to_base64(%s) || '\"'", value.sql);
    case NLT_SQL_INTERVAL:
    case NLT_SQL_KIND_COUNT:
        break;
    }
    return nlt__sql_refuse(call->tr, call->expr->place, "to_json of a value of this type");
}

/* TO_JSON(struct, map or array) */
nlt_status nlt__sql_to_json(nlt_sql_call_state *call, nlt_sql_value *out)
{
    nlt_sql_kind kind = call->args[0].type.kind;
    if (kind != NLT_SQL_STRUCT && kind != NLT_SQL_MAP && kind != NLT_SQL_ARRAY) {
        return nlt__sql_wrong(
            call->tr, call->expr->place, "to_json takes a struct, a map or an array");
    }
    out->type = nlt__sql_plain(NLT_SQL_STRING);
    return value_json(call, call->args[0], &out->sql, 0);
}

/* ---- GET_JSON_OBJECT ---- */

/* One step of a path: .name, ['name'] or [number], as DuckDB writes it. 0: none of these. */
static size_t path_step(const char *p, nlt_buf *out, nlt_status *status)
{
    bool is_quoted = p[0] == '[' && p[1] == '\'';
    size_t skip = is_quoted ? 2 : 1;
    size_t len = is_quoted ? strcspn(p + 2, "'\"\\*?")
        : p[0] == '['      ? strspn(p + 1, "0123456789")
                           : strcspn(p + 1, ".[]'\"\\*? ");
    const char *end = is_quoted ? "']" : p[0] == '[' ? "]" : "";
    bool is_step =
        (p[0] == '.' || p[0] == '[') && len > 0 && strncmp(p + skip + len, end, strlen(end)) == 0;
    if (!is_step) {
        return 0;
    }
    *status = p[0] == '[' && !is_quoted
        ? nlt__buf_printf(out, NULL, "[%.*s]", (int)len, p + skip)
        : nlt__buf_printf(out, NULL, ".\"%.*s\"", (int)len, p + skip);
    return skip + len + strlen(end);
}

/* Paths of names and numbers only. */
nlt_status nlt__sql_get_json(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *p = nlt__sql_constant(call, 1);
    nlt_buf path = NLT_BUF_INIT(1 << 20);
    nlt_status status = nlt__buf_append(&path, "$", 1, NULL);
    bool is_plain = *p++ == '$' && *p != '\0';
    while (status == NLT_OK && is_plain && *p != '\0') {
        size_t len = path_step(p, &path, &status);
        is_plain = len > 0;
        p += len;
    }
    if (status == NLT_OK && is_plain) {
        status = nlt__sql_quote(call, &path, &call->args[1].sql);
    } else if (status == NLT_OK) {
        status = nlt__sql_refuse(call->tr, call->args[1].expr->place,
            "a path other than $.name, $['name'] and $[number]");
    } else {
        status = nlt__sql_oom(call->tr);
    }
    nlt__buf_clear(&path);
    NLT_TRY(status);
    set_type(out, NLT_SQL_STRING);
    return nlt__sql_fill(
        call, "CASE WHEN json_valid($1) THEN json_extract_string($1, $2) END", &out->sql);
}
