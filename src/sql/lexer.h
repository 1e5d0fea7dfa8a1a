/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_LEXER_H
#define NLT_SQL_LEXER_H

/* Tokens of a statement, in the lexical grammar that DuckDB, PostgreSQL and Spark share. Where they
 * differ the lexer follows DuckDB, or Spark if `is_spark`: "x" is a text, a backslash escapes in
 * texts, r'x' has no escapes, `$` begins nothing, operators of several bytes are one token. */

#include "netlytics/base.h"

typedef enum nlt_token_kind {
    NLT_TOKEN_END = 0,
    NLT_TOKEN_WORD,       /* identifier or keyword, not quoted */
    NLT_TOKEN_QUOTED,     /* "name" */
    NLT_TOKEN_BACKQUOTED, /* `name` */
    NLT_TOKEN_STRING,     /* 'text', E'text', $tag$text$tag$; Spark: 'text', "text", r'text' */
    NLT_TOKEN_NUMBER,
    NLT_TOKEN_SYMBOL, /* one byte of punctuation; Spark: an operator */
    NLT_TOKEN_BAD     /* a quote or comment that does not end */
} nlt_token_kind;

typedef struct nlt_token {
    nlt_token_kind kind;
    nlt_bytes text; /* with its quotes; borrowed from the statement */
} nlt_token;

typedef struct nlt_lexer {
    nlt_bytes sql;
    size_t pos;
    bool is_spark;
} nlt_lexer;

/* The next token behind blanks and comments. */
NLT_API nlt_token nlt__lexer_next(nlt_lexer *lexer);
/* ASCII case-insensitive comparison of a token's text. */
NLT_API bool nlt__token_is(const nlt_token *token, const char *text);
/* Line and column (from 1) of a place in the statement. */
NLT_API void nlt__lexer_place(nlt_bytes sql, const char *at, int *line, int *column);

#endif
