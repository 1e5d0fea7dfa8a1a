/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of columns with types: name, then everything up to the next comma outside brackets. */

#include "sql/column_types.h"

#include <string.h>

#include "core/strings.h"
#include "sql/lexer.h"

typedef struct list {
    nlt_lexer lexer;
    nlt_token token; /* the next one */
    nlt_arena *arena;
    nlt_column_type *columns;
    int n;
    nlt_error *err;
} list;

static nlt_status fail_at(const list *l, const char *what)
{
    bool is_end = l->token.kind == NLT_TOKEN_END;
    int len = l->token.text.len < 64 ? (int)l->token.text.len : 64;
    nlt_fail(l->err, NLT_ERR_ARG, "--columns: %s %s%.*s%s", what, is_end ? "at the end" : "at \"",
        is_end ? 0 : len, is_end ? "" : l->token.text.ptr, is_end ? "" : "\"");
    nlt_error_hint(l->err, "--columns 'name TYPE, name TYPE', as in 'a INT, b DOUBLE'");
    return NLT_ERR_ARG;
}

static bool is_symbol(const nlt_token *token, char c)
{
    return token->kind == NLT_TOKEN_SYMBOL && token->text.ptr[0] == c;
}

static void advance(list *l)
{
    l->token = nlt__lexer_next(&l->lexer);
}

/* The name without its quotes, of which a doubled one is one. */
static nlt_status take_name(list *l, const char **name)
{
    bool is_word = l->token.kind == NLT_TOKEN_WORD;
    if (!is_word && l->token.kind != NLT_TOKEN_QUOTED && l->token.kind != NLT_TOKEN_BACKQUOTED) {
        return fail_at(l, "a name is missing");
    }
    char *copy = nlt__arena_copy(l->arena, l->token.text);
    if (copy == NULL) {
        return nlt_fail(l->err, NLT_ERR_NOMEM, "out of memory");
    }
    if (!is_word) {
        char quote = copy[0];
        size_t len = strlen(copy) - 1;
        size_t n = 0;
        for (size_t i = 1; i < len; i++) {
            copy[n++] = copy[i];
            i += copy[i] == quote && copy[i + 1] == quote;
        }
        copy[n] = '\0';
    }
    *name = copy;
    if (copy[0] == '\0') {
        return fail_at(l, "a name is empty");
    }
    advance(l);
    return NLT_OK;
}

static nlt_status take_type(list *l, const char **type)
{
    const char *begin = l->token.text.ptr;
    const char *end = begin;
    char closing[16];
    int depth = 0;
    if (l->token.kind != NLT_TOKEN_WORD) {
        return fail_at(l, "a type is missing");
    }
    while (l->token.kind != NLT_TOKEN_END && (depth > 0 || !is_symbol(&l->token, ','))) {
        bool is_open = is_symbol(&l->token, '(') || is_symbol(&l->token, '[');
        bool is_close = is_symbol(&l->token, ')') || is_symbol(&l->token, ']');
        bool is_plain = l->token.kind == NLT_TOKEN_WORD || l->token.kind == NLT_TOKEN_NUMBER
            || is_symbol(&l->token, ',');
        if (is_open && depth < (int)sizeof closing) {
            closing[depth++] = is_symbol(&l->token, '(') ? ')' : ']';
        } else if (is_close && depth > 0 && is_symbol(&l->token, closing[depth - 1])) {
            depth--;
        } else if (!is_plain) {
            return fail_at(l, "no type goes on like this");
        }
        end = l->token.text.ptr + l->token.text.len;
        advance(l);
    }
    if (depth > 0) {
        return fail_at(l, "a bracket is not closed");
    }
    *type = nlt__arena_copy(l->arena, (nlt_bytes){begin, (size_t)(end - begin)});
    return *type != NULL ? NLT_OK : nlt_fail(l->err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_status take_column(list *l)
{
    nlt_column_type column = {NULL, NULL};
    if (l->n == NLT_COLUMN_TYPES_MAX) {
        return fail_at(l, "too many columns");
    }
    NLT_TRY(take_name(l, &column.name));
    NLT_TRY(take_type(l, &column.type));
    for (int i = 0; i < l->n; i++) {
        if (nlt__equal_ignore_case(l->columns[i].name, column.name)) {
            return nlt_fail(
                l->err, NLT_ERR_ARG, "--columns: \"%.100s\" is given twice", column.name);
        }
    }
    l->columns[l->n++] = column;
    return NLT_OK;
}

nlt_status nlt__column_types_parse(
    const char *text, nlt_arena *arena, nlt_column_type **out, int *n, nlt_error *err)
{
    list l = {.lexer = {{text, strlen(text)}, 0, false}, .arena = arena, .err = err};
    *out = NULL;
    *n = 0;
    l.columns = nlt__arena_alloc(arena, NLT_COLUMN_TYPES_MAX * sizeof *l.columns);
    if (l.columns == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    advance(&l);
    NLT_TRY(take_column(&l));
    while (l.token.kind != NLT_TOKEN_END) {
        advance(&l); /* a type ends at a comma or at the end */
        NLT_TRY(take_column(&l));
    }
    *out = l.columns;
    *n = l.n;
    return NLT_OK;
}
