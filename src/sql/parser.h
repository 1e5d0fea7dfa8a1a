/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_PARSER_H
#define NLT_SQL_PARSER_H

/* What the files of the parser share: parser.c (tokens, names, whole statements), parse_literal.c,
 * parse_expr.c, parse_query.c. */

#include <stdio.h>
#include <string.h>

#include "sql/lexer.h"
#include "sql/syntax.h"

enum { NLT_PARSER_DEPTH_MAX = 200 };

typedef struct nlt_parser {
    nlt_bytes sql;
    nlt_arena *arena;
    nlt_error *err;
    const nlt_token *tokens; /* the last one is NLT_TOKEN_END */
    int n_tokens;
    int pos;
    int depth; /* of the descent */
} nlt_parser;

/* ---- parser.c ---- */

/* A syntax error at a token: what is wrong. NLT_ERR_SQL. */
nlt_status nlt__parser_fail_at(const nlt_parser *p, const nlt_token *token, const char *what);
/* Spark knows what begins here, we do not. NLT_ERR_SQL. */
nlt_status nlt__parser_refuse(const nlt_parser *p, const char *what);
/* Zeroed memory of the tree; `out` points to a pointer. */
nlt_status nlt__parser_make(nlt_parser *p, size_t size, void *out) NLT_MUST_CHECK;
/* Room for one more element behind the `n` of an array; `array` points to its pointer. */
nlt_status nlt__parser_grow(nlt_parser *p, void *array, int n, size_t size) NLT_MUST_CHECK;
nlt_status nlt__parser_add_arg(nlt_parser *p, nlt_sql_expr *expr, nlt_sql_expr *arg) NLT_MUST_CHECK;
bool nlt__parser_is_name(const nlt_token *token);
/* May it be an alias without AS? */
bool nlt__parser_is_alias(const nlt_token *token);
nlt_status nlt__parser_name(nlt_parser *p, const char **out) NLT_MUST_CHECK;
/* A name behind a dot: any word may be one there. */
nlt_status nlt__parser_field(nlt_parser *p, const char **out) NLT_MUST_CHECK;
/* name (, name)* */
nlt_status nlt__parser_names(nlt_parser *p, const char ***names, int *n) NLT_MUST_CHECK;

/* ---- parse_literal.c ---- */

nlt_status nlt__parser_type(nlt_parser *p, nlt_sql_type *out) NLT_MUST_CHECK;
/* 'a' 'b' is one text. */
nlt_status nlt__parser_text(nlt_parser *p, const char **out) NLT_MUST_CHECK;
/* A number, with the '-' in front of it if there is one. */
nlt_status nlt__parser_number(
    nlt_parser *p, bool is_negative, nlt_bytes place, nlt_sql_expr **out) NLT_MUST_CHECK;
nlt_status nlt__parser_interval(nlt_parser *p, nlt_sql_expr **out) NLT_MUST_CHECK;

/* ---- parse_expr.c ---- */

nlt_status nlt__parser_expr(nlt_parser *p, nlt_sql_expr **out) NLT_MUST_CHECK;
/* An operand, in which operators from `level` on may stand: no AND, no IN, no LIKE. */
nlt_status nlt__parser_value(nlt_parser *p, int level, nlt_sql_expr **out) NLT_MUST_CHECK;
nlt_status nlt__parser_function(nlt_parser *p, nlt_sql_expr **out) NLT_MUST_CHECK;
nlt_status nlt__parser_list(nlt_parser *p, nlt_sql_expr *into) NLT_MUST_CHECK;
/* [ASC | DESC] [NULLS FIRST | LAST] */
nlt_status nlt__parser_direction(
    nlt_parser *p, bool *is_descending, bool *is_nulls_last) NLT_MUST_CHECK;
nlt_status nlt__parser_order(nlt_parser *p, nlt_sql_order **order, int *n) NLT_MUST_CHECK;
nlt_status nlt__parser_window(nlt_parser *p, nlt_sql_window **out) NLT_MUST_CHECK;

/* ---- parse_query.c ---- */

/* Does a query begin here, perhaps in parentheses? */
bool nlt__parser_at_query(const nlt_parser *p);
nlt_status nlt__parser_query(nlt_parser *p, nlt_sql_query **out) NLT_MUST_CHECK;

/* ---- tokens ---- */

static inline const nlt_token *peek(const nlt_parser *p, int ahead)
{
    int last = p->n_tokens - 1;
    return &p->tokens[ahead < last - p->pos ? p->pos + ahead : last];
}

static inline bool is_word(const nlt_token *token, const char *word)
{
    return token->kind == NLT_TOKEN_WORD && nlt__token_is(token, word);
}

static inline bool is_symbol(const nlt_token *token, const char *symbol)
{
    return token->kind == NLT_TOKEN_SYMBOL && nlt__token_is(token, symbol);
}

static inline bool at_word(const nlt_parser *p, const char *word)
{
    return is_word(peek(p, 0), word);
}

static inline bool at_words(const nlt_parser *p, const char *first, const char *second)
{
    return is_word(peek(p, 0), first) && is_word(peek(p, 1), second);
}

static inline bool at_symbol(const nlt_parser *p, const char *symbol)
{
    return is_symbol(peek(p, 0), symbol);
}

static inline void advance(nlt_parser *p)
{
    p->pos += p->tokens[p->pos].kind != NLT_TOKEN_END;
}

static inline bool take_word(nlt_parser *p, const char *word)
{
    bool is_there = at_word(p, word);
    p->pos += is_there;
    return is_there;
}

static inline bool take_words(nlt_parser *p, const char *first, const char *second)
{
    bool is_there = at_words(p, first, second);
    p->pos += is_there ? 2 : 0;
    return is_there;
}

static inline bool take_symbol(nlt_parser *p, const char *symbol)
{
    bool is_there = at_symbol(p, symbol);
    p->pos += is_there;
    return is_there;
}

static inline nlt_status fail_here(const nlt_parser *p, const char *what)
{
    return nlt__parser_fail_at(p, peek(p, 0), what);
}

static inline nlt_status need_symbol(nlt_parser *p, const char *symbol)
{
    char what[32];
    (void)snprintf(what, sizeof what, "%s is expected", symbol);
    return take_symbol(p, symbol) ? NLT_OK : fail_here(p, what);
}

static inline nlt_status need_word(nlt_parser *p, const char *word)
{
    char what[64];
    (void)snprintf(what, sizeof what, "%s is expected", word);
    return take_word(p, word) ? NLT_OK : fail_here(p, what);
}

static inline nlt_status out_of_memory(const nlt_parser *p)
{
    return nlt_fail(p->err, NLT_ERR_NOMEM, "out of memory");
}

static inline nlt_status copy_text(nlt_parser *p, nlt_bytes text, const char **out)
{
    *out = nlt__arena_copy(p->arena, text);
    return *out != NULL ? NLT_OK : out_of_memory(p);
}

static inline nlt_status new_expr(
    nlt_parser *p, nlt_sql_expr_kind kind, nlt_bytes place, nlt_sql_expr **out)
{
    NLT_TRY(nlt__parser_make(p, sizeof **out, out));
    (*out)->kind = kind;
    (*out)->place = place;
    (*out)->depth = 1;
    return NLT_OK;
}

#endif
