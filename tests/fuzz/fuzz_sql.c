/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lexer takes every byte of a statement once, in order; the gate judges any text, and a refusal
 * points into it. */

#include <stdlib.h>
#include <string.h>

#include "sql/gate.h"
#include "sql/lexer.h"

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void lex(nlt_bytes sql)
{
    nlt_lexer lexer = {sql, 0, false};
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lex((nlt_bytes){(const char *)data, size});
    char *query = malloc(size + 1);
    check(query != NULL);
    memcpy(query, data, size);
    query[size] = '\0';
    nlt_error err = NLT_ERROR_INIT;
    nlt_status status = nlt__sql_gate(query, &err);
    check(status == NLT_OK || (err.code == status && err.message[0] != '\0'));
    check(nlt__sql_gate(query, NULL) == status);
    free(query);
    return 0;
}
