/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The translation from end to end, and the texts it is made of. */

#include "sql/translate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20, QUERY_MAX = 1 << 20, MESSAGE_MAX = 400 };

nlt_status nlt__sql_oom(nlt_sql_translator *tr)
{
    return nlt_fail(tr->err, NLT_ERR_NOMEM, "out of memory");
}

void *nlt__sql_alloc(nlt_sql_translator *tr, size_t n, size_t size)
{
    void *ptr = n <= SIZE_MAX / 2 / size ? nlt__arena_alloc(tr->arena, n * size) : NULL;
    if (ptr != NULL) {
        memset(ptr, 0, n * size);
    }
    return ptr;
}

static nlt_status count_bytes(nlt_sql_translator *tr, size_t len)
{
    tr->text_bytes += len;
    return tr->text_bytes <= TEXT_MAX
        ? NLT_OK
        : nlt_fail(tr->err, NLT_ERR_SQL, "the query is too long when it is written out");
}

nlt_status nlt__sql_text(nlt_sql_translator *tr, const char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = NULL;
    nlt_status status = count_bytes(tr, len > 0 ? (size_t)len : 0);
    if (status == NLT_OK) {
        text = len >= 0 ? nlt__arena_alloc(tr->arena, (size_t)len + 1) : NULL;
        status = text != NULL ? NLT_OK : nlt__sql_oom(tr);
    }
    if (status == NLT_OK) {
        (void)vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    *out = text;
    return status;
}

nlt_status nlt__sql_keep(nlt_sql_translator *tr, nlt_buf *buf, const char **out)
{
    NLT_TRY(count_bytes(tr, buf->len));
    *out = nlt__arena_copy(tr->arena, (nlt_bytes){buf->ptr, buf->len});
    return *out != NULL ? NLT_OK : nlt__sql_oom(tr);
}

nlt_status nlt__sql_wrong(nlt_sql_translator *tr, nlt_bytes place, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return nlt__sql_error(tr->sql, place, tr->err, "%s", message);
}

nlt_status nlt__sql_refuse(nlt_sql_translator *tr, nlt_bytes place, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    nlt_status status = nlt__sql_error(tr->sql, place, tr->err, "%s", message);
    nlt_error_hint(tr->err, "--dialect duckdb takes the statement as DuckDB's SQL");
    return status;
}

static nlt_status translate(nlt_sql_translator *tr, nlt_buf *out)
{
    nlt_sql_query *query = NULL;
    nlt_sql_answer answer;
    NLT_TRY(nlt__sql_parse(tr->sql, tr->arena, &query, tr->err));
    NLT_TRY(nlt__sql_query(tr, NULL, query, true, &answer));
    return nlt__buf_append(out, answer.sql, strlen(answer.sql), tr->err);
}

nlt_status nlt__spark_translate(const char *query, const nlt_sql_relation *relations,
    int n_relations, nlt_buf *out, nlt_error *err)
{
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_sql_translator tr = {.sql = {query, strlen(query)},
        .arena = &arena,
        .err = err,
        .relations = relations,
        .n_relations = n_relations};
    if (tr.sql.len > QUERY_MAX) {
        return nlt_fail(err, NLT_ERR_SQL, "a query of more than %d bytes", QUERY_MAX);
    }
    nlt_status status = translate(&tr, out);
    nlt__arena_clear(&arena);
    return status;
}
