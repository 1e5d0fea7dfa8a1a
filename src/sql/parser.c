/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recursive descent parser for queries of Spark SQL, after the grammar of Spark 4
 * (SqlBaseParser.g4): the same precedences, the same words that may be names. Only SELECT and what
 * it is made of are known; what Spark knows beyond that is refused by name. */

#include "sql/parser.h"

#include <stdarg.h>

#include "sql/text.h"

enum { TREE_MAX = 400, TOKENS_MAX = 1 << 18, EXCERPT_MAX = 120 };

nlt_status nlt__sql_error(nlt_bytes sql, nlt_bytes place, nlt_error *err, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    int line = 1;
    int column = 1;
    nlt__lexer_place(sql, place.ptr, &line, &column);
    const char *begin = place.ptr - (column - 1);
    const char *end = memchr(begin, '\n', (size_t)(sql.ptr + sql.len - begin));
    size_t len = (size_t)((end != NULL ? end : sql.ptr + sql.len) - begin);
    /* a long line is shown around the place */
    size_t skip = column > EXCERPT_MAX / 2 ? (size_t)column - EXCERPT_MAX / 2 : 0;
    len = len - skip > EXCERPT_MAX ? EXCERPT_MAX : len - skip;
    int caret =
        column - 1 - (int)skip + (int)strlen("LINE : ") + (line > 9 ? line > 99 ? 3 : 2 : 1);
    nlt_fail(err, NLT_ERR_SQL, "line %d, column %d: %s\nLINE %d: %.*s\n%*s^", line, column, message,
        line, (int)len, begin + skip, caret, "");
    if (err != NULL) {
        err->offset = place.ptr - sql.ptr;
    }
    return NLT_ERR_SQL;
}

/* ---- errors ---- */

nlt_status nlt__parser_fail_at(const nlt_parser *p, const nlt_token *token, const char *what)
{
    if (token->kind == NLT_TOKEN_END) {
        return nlt__sql_error(p->sql, token->text, p->err, "syntax error at the end: %s", what);
    }
    if (token->kind == NLT_TOKEN_BAD) {
        return nlt__sql_error(p->sql, token->text, p->err, "a quote or comment does not end");
    }
    int len = token->text.len > 40 ? 40 : (int)token->text.len;
    return nlt__sql_error(
        p->sql, token->text, p->err, "syntax error at %.*s: %s", len, token->text.ptr, what);
}

nlt_status nlt__parser_refuse(const nlt_parser *p, const char *what)
{
    nlt_status status =
        nlt__sql_error(p->sql, peek(p, 0)->text, p->err, "%s is not supported", what);
    nlt_error_hint(p->err, "--dialect duckdb takes the statement as DuckDB's SQL");
    return status;
}

/* ---- memory ---- */

nlt_status nlt__parser_make(nlt_parser *p, size_t size, void *out)
{
    void *ptr = nlt__arena_alloc(p->arena, size);
    if (ptr == NULL) {
        return out_of_memory(p);
    }
    memset(ptr, 0, size);
    memcpy(out, &ptr, sizeof ptr);
    return NLT_OK;
}

/* Room for one more element behind the `n` of an array; sizes double. */
nlt_status nlt__parser_grow(nlt_parser *p, void *array, int n, size_t size)
{
    void *old = NULL;
    void *grown = NULL;
    memcpy(&old, array, sizeof old);
    if (n > 0 && (n < 4 || (n & (n - 1)) != 0)) {
        return NLT_OK;
    }
    NLT_TRY(nlt__parser_make(p, size * (size_t)(n < 4 ? 4 : n * 2), &grown));
    if (n > 0) {
        memcpy(grown, old, size * (size_t)n);
    }
    memcpy(array, &grown, sizeof grown);
    return NLT_OK;
}

nlt_status nlt__parser_add_arg(nlt_parser *p, nlt_sql_expr *expr, nlt_sql_expr *arg)
{
    NLT_TRY(nlt__parser_grow(p, &expr->args, expr->n_args, sizeof *expr->args));
    expr->args[expr->n_args++] = arg;
    expr->depth = arg->depth + 1 > expr->depth ? arg->depth + 1 : expr->depth;
    return expr->depth <= TREE_MAX ? NLT_OK
                                   : nlt__sql_error(p->sql, expr->place, p->err,
                                       "an expression of more than %d levels", TREE_MAX);
}

/* ---- names ---- */

/* Words that begin or separate parts of a query, so they are no names unless quoted. */
static const char *const reserved[] = {"select", "from", "where", "group", "having", "order",
    "union", "intersect", "except", "minus", "join", "on", "using", "case", "when", "then", "else",
    "and", "or", "not", "in", "between", "like", "ilike", "rlike", "is", "cross", "inner",
    "natural", "lateral", "limit", "with", "as", "distinct", "end", "by"};

/* Words that may be names but no alias without AS: they go on with the query. */
static const char *const no_alias[] = {"left", "right", "full", "semi", "anti", "window", "sort",
    "cluster", "distribute", "offset", "tablesample", "pivot", "unpivot", "qualify", "regexp",
    "div", "rows", "range", "for", "asc", "desc", "nulls", "escape", "outer"};

static bool is_any_word(const nlt_token *token, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_word(token, words[i])) {
            return true;
        }
    }
    return false;
}

bool nlt__parser_is_name(const nlt_token *token)
{
    return token->kind == NLT_TOKEN_BACKQUOTED
        || (token->kind == NLT_TOKEN_WORD
            && !is_any_word(token, reserved, sizeof reserved / sizeof reserved[0]));
}

bool nlt__parser_is_alias(const nlt_token *token)
{
    return nlt__parser_is_name(token)
        && !is_any_word(token, no_alias, sizeof no_alias / sizeof no_alias[0]);
}

nlt_status nlt__parser_name(nlt_parser *p, const char **out)
{
    const nlt_token *token = peek(p, 0);
    if (!nlt__parser_is_name(token)) {
        return fail_here(p,
            token->kind == NLT_TOKEN_STRING ? "a name is expected; names are quoted `so`"
                                            : "a name is expected");
    }
    advance(p);
    if (token->kind == NLT_TOKEN_WORD) {
        return copy_text(p, token->text, out);
    }
    nlt_bytes inner = {token->text.ptr + 1, token->text.len - 2};
    char *copy = nlt__arena_alloc(p->arena, inner.len + 1);
    if (copy == NULL) {
        return out_of_memory(p);
    }
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++) {
        copy[len++] = inner.ptr[i];
        i += inner.ptr[i] == '`'; /* doubled */
    }
    copy[len] = '\0';
    *out = copy;
    return NLT_OK;
}

nlt_status nlt__parser_field(nlt_parser *p, const char **out)
{
    const nlt_token *token = peek(p, 0);
    if (token->kind != NLT_TOKEN_WORD) {
        return nlt__parser_name(p, out);
    }
    advance(p);
    return copy_text(p, token->text, out);
}

/* name (, name)* */
nlt_status nlt__parser_names(nlt_parser *p, const char ***names, int *n)
{
    do {
        NLT_TRY(nlt__parser_grow(p, names, *n, sizeof **names));
        NLT_TRY(nlt__parser_name(p, &(*names)[*n]));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

/* ---- whole statements ---- */

static nlt_status read_tokens(nlt_parser *p)
{
    nlt_lexer lexer = {p->sql, 0, true};
    nlt_token *tokens = NULL;
    for (int n = 0;; n++) {
        if (n >= TOKENS_MAX) {
            return nlt_fail(p->err, NLT_ERR_SQL, "a query of more than %d words", TOKENS_MAX);
        }
        NLT_TRY(nlt__parser_grow(p, &tokens, n, sizeof *tokens));
        tokens[n] = nlt__lexer_next(&lexer);
        p->tokens = tokens;
        p->n_tokens = n + 1;
        if (tokens[n].kind == NLT_TOKEN_BAD) {
            return nlt__parser_fail_at(p, &tokens[n], "");
        }
        if (tokens[n].kind == NLT_TOKEN_END) {
            return NLT_OK;
        }
    }
}

static nlt_status check_begin(const nlt_parser *p)
{
    int ahead = 0;
    while (is_symbol(peek(p, ahead), "(")) {
        ahead++;
    }
    const nlt_token *token = peek(p, ahead);
    if (token->kind == NLT_TOKEN_END) {
        return nlt__parser_fail_at(p, token, "the query is empty");
    }
    if (is_word(token, "select") || is_word(token, "with") || is_word(token, "values")) {
        return NLT_OK;
    }
    nlt_status status = nlt__parser_fail_at(p, token, "only a SELECT is run");
    nlt_error_hint(p->err, "a query is one SELECT over the table netlytics");
    return status;
}

nlt_status nlt__sql_parse(nlt_bytes sql, nlt_arena *arena, nlt_sql_query **out, nlt_error *err)
{
    nlt_parser p = {.sql = sql, .arena = arena, .err = err};
    *out = NULL;
    NLT_TRY(read_tokens(&p));
    NLT_TRY(check_begin(&p));
    NLT_TRY(nlt__parser_query(&p, out));
    bool is_over = false;
    while (take_symbol(&p, ";")) {
        is_over = true;
    }
    return peek(&p, 0)->kind == NLT_TOKEN_END
        ? NLT_OK
        : fail_here(&p, is_over ? "a second statement" : "this does not belong here");
}
