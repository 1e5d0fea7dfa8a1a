/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_SYNTAX_H
#define NLT_ENGINE_SYNTAX_H

/* Statements as DuckDB's parser sees them: its tree of syntax as JSON. */

#include <jansson.h>

#include "engine/engine.h"

/* The tree of one SELECT; owned: json_decref(). NULL: it does not parse, which preparing it tells in
 * full. The database is open. NLT_ERR_SQL: it parses, but is nothing that has a tree. */
nlt_status nlt__duck_syntax(
    nlt_session *session, const char *sql, json_t **tree, nlt_error *err) NLT_MUST_CHECK;

/* Called for each object of a tree; false ends the walk. */
typedef bool (*nlt_syntax_visit)(void *ctx, const json_t *object);
/* True if no call ended it. */
bool nlt__syntax_walk(const json_t *tree, nlt_syntax_visit visit, void *ctx);

/* A text of an object; "" if there is none. */
const char *nlt__syntax_text(const json_t *object, const char *key);

#endif
