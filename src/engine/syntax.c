/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements as trees, by json_serialize_sql. It takes a literal only, so the statement is written into
 * one; nothing of it is bound, so no file is opened. */

#include "engine/syntax.h"

#include <string.h>

enum { SQL_MAX = 64 << 20, DEPTH_MAX = 4096 };

static nlt_status load_tree(nlt_session *session, const char *call, json_t **tree, nlt_error *err)
{
    nlt_statement statement;
    const nlt_batch *batch = NULL;
    nlt_status status = nlt__statement_prepare(session, call, &statement, err);
    if (status == NLT_OK) {
        statement.reads_no_scan = true;
        status = nlt__statement_next(&statement, &batch, err);
    }
    if (status == NLT_OK && batch != NULL && batch->n_rows == 1) {
        nlt_bytes text = nlt__str_bytes((const nlt_str *)batch->cols[0].data);
        /* places that are not known are 2^64 - 1, which is no integer of jansson's */
        *tree = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    }
    nlt__statement_clear(&statement);
    if (status == NLT_OK && *tree == NULL) {
        status = nlt_fail(err, NLT_ERR_SQL, "the statement is too deep, or memory is short");
    }
    return status;
}

nlt_status nlt__duck_syntax(nlt_session *session, const char *sql, json_t **tree, nlt_error *err)
{
    *tree = NULL;
    nlt_buf call = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&call, err, "SELECT json_serialize_sql(");
    if (status == NLT_OK) {
        status = nlt__duck_literal(sql, &call, err);
    }
    if (status == NLT_OK) {
        status = nlt__buf_append(&call, ")", 1, err);
    }
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(&call);
        status = text != NULL ? load_tree(session, text, tree, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&call);
    if (status != NLT_OK || !json_is_true(json_object_get(*tree, "error"))) {
        return status;
    }
    bool is_syntax = strcmp(nlt__syntax_text(*tree, "error_type"), "parser") == 0;
    if (!is_syntax) {
        status = nlt_fail(err, NLT_ERR_SQL, "%.500s", nlt__syntax_text(*tree, "error_message"));
    }
    json_decref(*tree);
    *tree = NULL;
    return status;
}

static bool walk(const json_t *value, nlt_syntax_visit visit, void *ctx, int depth)
{
    if (depth == DEPTH_MAX) {
        return false;
    }
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (!walk(json_array_get(value, i), visit, ctx, depth + 1)) {
                return false;
            }
        }
    }
    if (!json_is_object(value)) {
        return true;
    }
    if (!visit(ctx, value)) {
        return false;
    }
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, key, child)
    {
        if (!walk(child, visit, ctx, depth + 1)) {
            return false;
        }
    }
    return true;
}

bool nlt__syntax_walk(const json_t *tree, nlt_syntax_visit visit, void *ctx)
{
    return walk(tree, visit, ctx, 0);
}

const char *nlt__syntax_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}
