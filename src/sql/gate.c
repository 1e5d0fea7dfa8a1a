/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statement gate works on tokens, so that it refuses alike whatever engine comes behind it. The
 * engine's own locks (no external access, one prepared SELECT) stand behind the gate. */

#include "sql/gate.h"

#include <string.h>

#include "sql/lexer.h"

enum { DEPTH_MAX = 256, NAME_MAX_BYTES = 64, SQL_MAX_BYTES = 1 << 20 };

/* Functions and relations that reach files, the environment or the engine's inside. A '*' at the end
 * stands for any rest. */
static const char *const forbidden[] = {"read_*", "parquet_*", "json_execute*", "sniff_*", "glob",
    "scan_*", "arrow_scan*", "pandas_scan", "python_*", "iceberg_*", "delta_*", "sqlite_*",
    "mysql_*", "postgres_*", "st_read*", "from_substrait*", "get_substrait*", "duckdb_*",
    "pragma_*", "pg_*", "information_schema", "query", "query_table", "getenv", "current_setting",
    "which_secret", "checkpoint", "force_checkpoint", "enable_*", "disable_*", "write_log",
    "load_*", "seq_scan", "index_scan", "netlytics_scan", "netlytics_rows", "netlytics_arrow",
    "netlytics_sink", "nextval", "currval", "java_method", "reflect", "input_file_name",
    "getvariable", "test_*", "sql_auto_complete", "icu_*"};

/* What a level of parentheses is. */
typedef struct level {
    bool is_query; /* it began with SELECT or the like, or is the outermost */
    bool is_empty; /* no token yet */
    bool in_from;  /* between FROM and the next clause */
} level;

typedef struct gate {
    nlt_bytes sql;
    nlt_error *err;
    level levels[DEPTH_MAX];
    int depth;
    nlt_token last, before_last;
    bool in_table; /* the last token is of a table's name, as `b` and `.` of a.b.c */
} gate;

static nlt_status refuse(const gate *g, const nlt_token *token, const char *why)
{
    int line = 1;
    int column = 1;
    nlt__lexer_place(g->sql, token->text.ptr, &line, &column);
    int len = token->text.len > NAME_MAX_BYTES ? NAME_MAX_BYTES : (int)token->text.len;
    nlt_fail(g->err, NLT_ERR_SQL, "line %d, column %d: %.*s: %s", line, column, len,
        token->text.ptr, why);
    nlt_error_hint(g->err, "a query is one SELECT over the table netlytics");
    if (g->err != NULL) {
        g->err->offset = token->text.ptr - g->sql.ptr;
    }
    return NLT_ERR_SQL;
}

/* The name that a word or quoted name stands for, in lower case; empty if too long. */
static void plain_name(const nlt_token *token, char name[NAME_MAX_BYTES])
{
    bool is_quoted = token->kind != NLT_TOKEN_WORD;
    const char *p = token->text.ptr + is_quoted;
    size_t len = token->text.len - (is_quoted ? 2 : 0);
    len = len < NAME_MAX_BYTES ? len : 0;
    for (size_t i = 0; i < len; i++) {
        name[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
    }
    name[len] = '\0';
}

static bool is_name(const nlt_token *token)
{
    return token->kind == NLT_TOKEN_WORD || token->kind == NLT_TOKEN_QUOTED
        || token->kind == NLT_TOKEN_BACKQUOTED;
}

/* A name in lower case. */
static bool is_forbidden_name(const char *name)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        size_t len = strlen(forbidden[i]);
        bool is_prefix = forbidden[i][len - 1] == '*';
        if (is_prefix ? strncmp(name, forbidden[i], len - 1) == 0
                      : strcmp(name, forbidden[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_forbidden(const nlt_token *token)
{
    char name[NAME_MAX_BYTES];
    if (!is_name(token)) {
        return false;
    }
    plain_name(token, name);
    return is_forbidden_name(name);
}

static bool is_any(const nlt_token *token, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (token->kind == NLT_TOKEN_WORD && nlt__token_is(token, words[i])) {
            return true;
        }
    }
    return false;
}

#define IS_ANY(token, ...)                                                                         \
    is_any((token), (const char *const[]){__VA_ARGS__},                                            \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static bool is_symbol(const nlt_token *token, char c)
{
    return token->kind == NLT_TOKEN_SYMBOL && token->text.ptr[0] == c;
}

/* FROM of a clause, not of EXTRACT(... FROM ...) or IS DISTINCT FROM. */
static bool is_from_clause(const gate *g, const nlt_token *token)
{
    if (!g->levels[g->depth].is_query || !IS_ANY(token, "from")) {
        return false;
    }
    return !(IS_ANY(&g->last, "distinct") && IS_ANY(&g->before_last, "is", "not"));
}

/* True if a table's name is expected behind the last token. */
static bool is_table_place(const gate *g)
{
    const level *l = &g->levels[g->depth];
    return l->in_from
        && (IS_ANY(&g->last, "from", "join", "lateral") || is_symbol(&g->last, ',')
            || is_symbol(&g->last, '('));
}

static nlt_status check_token(gate *g, const nlt_token *token)
{
    level *l = &g->levels[g->depth];
    if (token->kind == NLT_TOKEN_BAD) {
        return refuse(g, token, "a quote or comment does not end");
    }
    if (is_table_place(g)) {
        if (token->kind == NLT_TOKEN_STRING) {
            return refuse(g, token, "files cannot be read from a query");
        }
        if (is_forbidden(token)) {
            return refuse(g, token, "is not to be had in a query");
        }
    }
    if (g->in_table && is_symbol(&g->last, '.') && is_forbidden(token)) {
        return refuse(g, token, "is not to be had in a query");
    }
    if (is_symbol(token, '(') && is_forbidden(&g->last)) {
        return refuse(g, &g->last, "is not to be had in a query");
    }
    if (l->is_empty) {
        if (l->in_from && IS_ANY(token, "describe", "desc", "show", "summarize")) {
            return refuse(g, token, "only a SELECT is run");
        }
        l->is_query = l->is_query || IS_ANY(token, "select", "with", "values", "from");
        l->in_from = l->in_from && !IS_ANY(token, "values"); /* rows, no tables */
        l->is_empty = false;
    }
    if (is_from_clause(g, token)) {
        l->in_from = true;
    } else if (IS_ANY(token, "where", "group", "order", "having", "limit", "union", "intersect",
                   "except", "window", "qualify", "select", "on", "using")) {
        /* ON and USING end a table place; a comma behind them opens it again */
        l->in_from = l->in_from && IS_ANY(token, "on", "using");
    }
    return NLT_OK;
}

static nlt_status step(gate *g, const nlt_token *token)
{
    NLT_TRY(check_token(g, token));
    if (is_symbol(token, '(')) {
        if (g->depth + 1 == DEPTH_MAX) {
            return refuse(g, token, "too many parentheses");
        }
        bool is_join = is_table_place(g); /* FROM (a JOIN b ...) */
        g->levels[++g->depth] = (level){is_join, true, is_join};
    } else if (is_symbol(token, ')')) {
        if (g->depth == 0) {
            return refuse(g, token, "closes nothing");
        }
        g->depth--;
    }
    bool goes_on = g->in_table && (is_symbol(token, '.') || is_symbol(&g->last, '.'));
    g->in_table = goes_on || (is_table_place(g) && is_name(token));
    g->before_last = g->last;
    g->last = *token;
    return NLT_OK;
}

/* The first word that is not an opening parenthesis must begin a query. */
static nlt_status check_begin(const gate *g)
{
    nlt_lexer lexer = {g->sql, 0, false};
    nlt_token token = nlt__lexer_next(&lexer);
    while (is_symbol(&token, '(')) {
        token = nlt__lexer_next(&lexer);
    }
    if (token.kind == NLT_TOKEN_END) {
        return refuse(g, &token, "the query is empty");
    }
    return IS_ANY(&token, "select", "with", "values") ? NLT_OK
                                                      : refuse(g, &token, "only a SELECT is run");
}

bool nlt__sql_is_forbidden(const char *name)
{
    nlt_token token = {NLT_TOKEN_WORD, {name, strlen(name)}};
    return is_forbidden(&token);
}

nlt_status nlt__sql_gate(const char *query, nlt_error *err)
{
    gate g = {.sql = {query, strlen(query)}, .err = err};
    g.levels[0] = (level){true, true, false};
    if (g.sql.len > SQL_MAX_BYTES) {
        return nlt_fail(err, NLT_ERR_SQL, "a query of more than %d bytes", SQL_MAX_BYTES);
    }
    NLT_TRY(check_begin(&g));
    nlt_lexer lexer = {g.sql, 0, false};
    bool is_over = false;
    for (;;) {
        nlt_token token = nlt__lexer_next(&lexer);
        if (token.kind == NLT_TOKEN_END) {
            return NLT_OK;
        }
        if (is_over && !is_symbol(&token, ';')) {
            return refuse(&g, &token, "a second statement");
        }
        is_over = is_over || (is_symbol(&token, ';') && g.depth == 0);
        NLT_TRY(step(&g, &token));
    }
}
