/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lexer takes every byte of a statement once, in order; the gate judges any text, and a refusal
 * points into it; Spark's dialect is translated or refused with a message; what is taken is taken over
 * combined rows as well. */

#include <stdlib.h>
#include <string.h>

#include "sql/combine.h"
#include "sql/gate.h"
#include "sql/lexer.h"
#include "sql/spark.h"

enum { COLUMNS_MAX = 128 };

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void lex(nlt_bytes sql, bool is_spark)
{
    nlt_lexer lexer = {sql, 0, is_spark};
    const char *behind = sql.ptr;
    const char *end = sql.ptr + sql.len;
    for (;;) {
        nlt_token token = nlt__lexer_next(&lexer);
        if (token.kind == NLT_TOKEN_END) {
            return;
        }
        check(token.text.len > 0 && token.text.ptr >= behind);
        check(token.text.len <= (size_t)(end - token.text.ptr));
        behind = token.text.ptr + token.text.len;
        int line = 0;
        int column = 0;
        nlt__lexer_place(sql, token.text.ptr, &line, &column);
        check(line >= 1 && column >= 1);
        if (token.kind == NLT_TOKEN_BAD) {
            return;
        }
    }
}

/* What reads combined rows is a statement, too, over the columns that it names. */
static void combine(const char *query, const nlt_sql_relation *relation)
{
    const char *names[COLUMNS_MAX];
    nlt_sql_type types[COLUMNS_MAX];
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_buf out = NLT_BUF_INIT(16 << 20);
    nlt_sql_combined found;
    check(nlt__sql_combine(query, relation, &arena, &found, NULL) == NLT_OK);
    check(found.n_columns <= COLUMNS_MAX);
    for (int i = 0; i < found.n_columns; i++) {
        int type_of = found.columns[i].type_of;
        names[i] = found.columns[i].name;
        types[i] = type_of >= 0 ? relation->types[type_of] : nlt__sql_plain(NLT_SQL_BIGINT);
    }
    const nlt_sql_relation combined = {relation->name, names, types, found.n_columns};
    check(found.sql == NULL || nlt__spark_translate(found.sql, &combined, 1, &out, NULL) == NLT_OK);
    nlt__buf_clear(&out);
    nlt__arena_clear(&arena);
}

static void translate(const char *query)
{
    static const char *const columns[] = {"name", "n", "x", "list"};
    static const nlt_sql_type item = {.kind = NLT_SQL_STRING};
    const nlt_sql_type types[] = {{.kind = NLT_SQL_STRING}, {.kind = NLT_SQL_BIGINT},
        {.kind = NLT_SQL_DOUBLE}, {.kind = NLT_SQL_ARRAY, .item = &item}};
    const nlt_sql_relation relation = {"netlytics", columns, types, 4};
    nlt_error err = NLT_ERROR_INIT;
    nlt_buf out = NLT_BUF_INIT(16 << 20);
    nlt_status status = nlt__spark_translate(query, &relation, 1, &out, &err);
    check(status == NLT_OK || (err.code == status && err.message[0] != '\0'));
    nlt__buf_clear(&out);
    if (status == NLT_OK) {
        combine(query, &relation);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lex((nlt_bytes){(const char *)data, size}, false);
    lex((nlt_bytes){(const char *)data, size}, true);
    char *query = malloc(size + 1);
    check(query != NULL);
    memcpy(query, data, size);
    query[size] = '\0';
    nlt_error err = NLT_ERROR_INIT;
    nlt_status status = nlt__sql_gate(query, &err);
    check(status == NLT_OK || (err.code == status && err.message[0] != '\0'));
    check(nlt__sql_gate(query, NULL) == status);
    translate(query);
    free(query);
    return 0;
}
