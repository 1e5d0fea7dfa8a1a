/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a statement may name where the engine can reach files: to DuckDB any name that is no table is a
 * file, and "a.csv" one in the current folder, so all names are looked at before any of them is bound. */

#include <string.h>

#include "engine/files.h"
#include "engine/syntax.h"

typedef struct guard {
    const nlt_node *node;
    nlt_strings inner; /* names that the statement gives by WITH */
    nlt_error *err;
    nlt_status status;
} guard;

static bool is_named(const guard *g, const char *name)
{
    for (int i = 0; i < g->node->n_bindings; i++) {
        if (nlt__equal_ignore_case(g->node->bindings[i].alias, name)) {
            return true;
        }
    }
    for (size_t i = 0; i < g->inner.n; i++) {
        if (nlt__equal_ignore_case(g->inner.items[i], name)) {
            return true;
        }
    }
    return false;
}

static bool add_inner(void *ctx, const json_t *object)
{
    guard *g = ctx;
    const json_t *map = json_object_get(json_object_get(object, "cte_map"), "map");
    for (size_t i = 0; i < json_array_size(map) && g->status == NLT_OK; i++) {
        g->status = nlt__strings_add(
            &g->inner, g->err, "%s", nlt__syntax_text(json_array_get(map, i), "key"));
    }
    return g->status == NLT_OK;
}

/* "BEFORE NAME AFTER" */
static bool fail_guard(guard *g, const char *before, const char *name, const char *after)
{
    const char *names[NLT_SESSION_SCANS_MAX];
    int n = g->node->n_bindings;
    for (int i = 0; i < n; i++) {
        names[i] = g->node->bindings[i].alias;
    }
    g->status = nlt_fail(g->err, NLT_ERR_SQL, "%s %.200s %s", before, name, after);
    const char *near = nlt_closest(name, names, (size_t)n);
    if (near != NULL) {
        nlt_error_hint(g->err, "did you mean \"%s\"?", near);
    } else {
        nlt_error_hint(g->err, "a query reads the tables of the command line and nothing else");
    }
    return false;
}

static bool check_object(void *ctx, const json_t *object)
{
    static const char *const functions[] = {"unnest", "generate_series", "range",
        "generate_subscripts", "repeat", "repeat_row", "json_each", "json_tree"};
    guard *g = ctx;
    const char *type = nlt__syntax_text(object, "type");
    if (strcmp(type, "SHOW_REF") == 0) {
        return fail_guard(g, "statement", "DESCRIBE", "is not to be had in a query");
    }
    if (strcmp(type, "BASE_TABLE") == 0) {
        const char *name = nlt__syntax_text(object, "table_name");
        bool is_plain = nlt__syntax_text(object, "schema_name")[0] == '\0'
            && nlt__syntax_text(object, "catalog_name")[0] == '\0';
        return (is_plain && is_named(g, name))
            || fail_guard(g, "Table with name", name, "does not exist");
    }
    if (strcmp(type, "TABLE_FUNCTION") != 0) {
        return true;
    }
    const char *name = nlt__syntax_text(json_object_get(object, "function"), "function_name");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (nlt__equal_ignore_case(name, functions[i])) {
            return true;
        }
    }
    return fail_guard(g, "function", name, "is not to be had in a query");
}

nlt_status nlt__files_guard(nlt_session *session, const nlt_node *node, nlt_error *err)
{
    json_t *tree = NULL;
    if (session->n_files == 0) {
        return NLT_OK; /* there is no file that it could reach */
    }
    NLT_TRY(nlt__duck_open(session, err));
    NLT_TRY(nlt__duck_syntax(session, node->sql, &tree, err));
    guard g = {.node = node, .inner = NLT_STRINGS_INIT, .err = err, .status = NLT_OK};
    bool is_whole = tree == NULL
        || (nlt__syntax_walk(tree, add_inner, &g) && nlt__syntax_walk(tree, check_object, &g));
    if (!is_whole && g.status == NLT_OK) {
        g.status = nlt_fail(err, NLT_ERR_SQL, "the statement is too deep");
    }
    json_decref(tree);
    nlt__strings_clear(&g.inner);
    return g.status;
}
