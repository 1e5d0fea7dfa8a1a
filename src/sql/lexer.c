/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lexer that never copies. Comments nest, as in PostgreSQL and DuckDB. */

#include "sql/lexer.h"

#include <string.h>

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (signed char)c < 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_part(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static char at(const nlt_lexer *lexer, size_t pos)
{
    return pos < lexer->sql.len ? lexer->sql.ptr[pos] : '\0';
}

static bool skip_block_comment(nlt_lexer *lexer)
{
    int depth = 0;
    while (lexer->pos < lexer->sql.len) {
        char c = at(lexer, lexer->pos);
        char next = at(lexer, lexer->pos + 1);
        bool is_open = c == '/' && next == '*';
        bool is_close = c == '*' && next == '/';
        depth += is_open;
        depth -= is_close;
        lexer->pos += is_open || is_close ? 2 : 1;
        if (depth == 0) {
            return true;
        }
    }
    return false;
}

/* False: a comment does not end; the lexer stays where it begins. */
static bool skip_blanks(nlt_lexer *lexer)
{
    while (lexer->pos < lexer->sql.len) {
        char c = at(lexer, lexer->pos);
        char next = at(lexer, lexer->pos + 1);
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            lexer->pos++;
        } else if (c == '-' && next == '-') {
            const char *p = lexer->sql.ptr + lexer->pos;
            const char *end = memchr(p, '\n', lexer->sql.len - lexer->pos);
            lexer->pos = end == NULL ? lexer->sql.len : (size_t)(end - lexer->sql.ptr);
        } else if (c == '/' && next == '*') {
            size_t begin = lexer->pos;
            if (!skip_block_comment(lexer)) {
                lexer->pos = begin;
                return false;
            }
        } else {
            break;
        }
    }
    return true;
}

/* Past the quote that ends a text opened at `pos`; a doubled quote stays inside. False: no end. */
static bool skip_quoted(nlt_lexer *lexer, char quote, bool has_escapes)
{
    for (lexer->pos++; lexer->pos < lexer->sql.len; lexer->pos++) {
        char c = at(lexer, lexer->pos);
        if (c == '\\' && has_escapes) {
            lexer->pos++;
        } else if (c == quote && at(lexer, lexer->pos + 1) == quote) {
            lexer->pos++;
        } else if (c == quote) {
            lexer->pos++;
            return true;
        }
    }
    return false;
}

/* $tag$...$tag$; 0: there is none. 1: read. -1: it does not end. */
static int skip_dollar(nlt_lexer *lexer)
{
    size_t i = lexer->pos + 1;
    while (is_word_start(at(lexer, i)) || (i > lexer->pos + 1 && is_digit(at(lexer, i)))) {
        i++;
    }
    if (at(lexer, i) != '$') {
        return 0;
    }
    size_t tag = i + 1 - lexer->pos;
    const char *p = lexer->sql.ptr + lexer->pos;
    for (size_t end = i + 1; end + tag <= lexer->sql.len; end++) {
        if (memcmp(lexer->sql.ptr + end, p, tag) == 0) {
            lexer->pos = end + tag;
            return 1;
        }
    }
    lexer->pos = lexer->sql.len;
    return -1;
}

static nlt_token_kind skip_number(nlt_lexer *lexer)
{
    while (is_word_part(at(lexer, lexer->pos)) || at(lexer, lexer->pos) == '.') {
        char c = at(lexer, lexer->pos++);
        char next = at(lexer, lexer->pos);
        if ((c == 'e' || c == 'E') && (next == '+' || next == '-')) {
            lexer->pos++;
        }
    }
    return NLT_TOKEN_NUMBER;
}

/* Spark's operators of more than one byte, longest first. */
static const char *const operators[] = {
    "<=>", ">>>", "<=", ">=", "<>", "!=", "==", "||", "->", "=>", "::", "<<", ">>", "!<", "!>"};

static void skip_operator(nlt_lexer *lexer)
{
    size_t left = lexer->sql.len - lexer->pos;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t len = strlen(operators[i]);
        if (len <= left && memcmp(lexer->sql.ptr + lexer->pos, operators[i], len) == 0) {
            lexer->pos += len;
            return;
        }
    }
    lexer->pos++;
}

/* What Spark reads otherwise; NLT_TOKEN_END: nothing of that kind is here. */
static nlt_token_kind skip_spark_token(nlt_lexer *lexer)
{
    char c = at(lexer, lexer->pos);
    char next = at(lexer, lexer->pos + 1);
    bool is_raw = (c == 'r' || c == 'R') && (next == '\'' || next == '"');
    char quote = is_raw ? next : c;
    if (quote == '\'' || quote == '"') {
        lexer->pos += is_raw;
        bool is_closed = skip_quoted(lexer, quote, !is_raw);
        return is_closed ? NLT_TOKEN_STRING : NLT_TOKEN_BAD;
    }
    bool is_other = is_word_start(c) || is_digit(c) || c == '`' || (c == '.' && is_digit(next));
    if (!is_other) {
        skip_operator(lexer);
        return NLT_TOKEN_SYMBOL;
    }
    return NLT_TOKEN_END;
}

static nlt_token_kind skip_token(nlt_lexer *lexer)
{
    nlt_token_kind spark = lexer->is_spark ? skip_spark_token(lexer) : NLT_TOKEN_END;
    if (spark != NLT_TOKEN_END) {
        return spark;
    }
    char c = at(lexer, lexer->pos);
    char next = at(lexer, lexer->pos + 1);
    bool is_escape_string = (c == 'e' || c == 'E') && next == '\'' && !lexer->is_spark;
    if (is_escape_string || c == '\'') {
        lexer->pos += is_escape_string;
        return skip_quoted(lexer, '\'', is_escape_string) ? NLT_TOKEN_STRING : NLT_TOKEN_BAD;
    }
    if (c == '"') {
        return skip_quoted(lexer, c, false) ? NLT_TOKEN_QUOTED : NLT_TOKEN_BAD;
    }
    if (c == '`') {
        return skip_quoted(lexer, c, false) ? NLT_TOKEN_BACKQUOTED : NLT_TOKEN_BAD;
    }
    int dollar = c == '$' ? skip_dollar(lexer) : 0;
    if (dollar != 0) {
        return dollar > 0 ? NLT_TOKEN_STRING : NLT_TOKEN_BAD;
    }
    if (is_word_start(c)) {
        while (is_word_part(at(lexer, lexer->pos))) {
            lexer->pos++;
        }
        return NLT_TOKEN_WORD;
    }
    if (is_digit(c) || (c == '.' && is_digit(next))) {
        return skip_number(lexer);
    }
    lexer->pos++;
    return NLT_TOKEN_SYMBOL;
}

nlt_token nlt__lexer_next(nlt_lexer *lexer)
{
    nlt_token token = {NLT_TOKEN_BAD, {NULL, 0}};
    bool is_blank_closed = skip_blanks(lexer);
    size_t begin = lexer->pos;
    if (!is_blank_closed) {
        lexer->pos = lexer->sql.len;
    } else {
        token.kind = begin < lexer->sql.len ? skip_token(lexer) : NLT_TOKEN_END;
    }
    lexer->pos = lexer->pos > lexer->sql.len ? lexer->sql.len : lexer->pos;
    token.text = (nlt_bytes){lexer->sql.ptr + begin, lexer->pos - begin};
    return token;
}

bool nlt__token_is(const nlt_token *token, const char *text)
{
    size_t len = strlen(text);
    if (token->text.len != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = token->text.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        if (c != text[i]) {
            return false;
        }
    }
    return true;
}

void nlt__lexer_place(nlt_bytes sql, const char *place, int *line, int *column)
{
    *line = 1;
    *column = 1;
    for (const char *p = sql.ptr; p < place; p++) {
        *column = *p == '\n' ? 1 : *column + 1;
        *line += *p == '\n';
    }
}
