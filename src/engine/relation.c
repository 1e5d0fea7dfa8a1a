/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables under construction: each call copies the plans of its inputs and appends nodes.
 *
 * Relations have names that are unique in their session. What a statement calls them is bound to them
 * twice: for the last statement of a plan by views, so that it runs as its author wrote it and messages
 * show its own lines; for those before it by a WITH around them, which no later name can change. */

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/cache.h"
#include "engine/engine.h"
#include "engine/files.h"
#include "engine/plan_table.h"
#include "engine/prune.h"
#include "plan/append.h"

enum { SQL_MAX = 4 << 20, RELATION_NAME_MAX = 64 };

#define KEPT " kept" /* behind the name of a statement whose rows are kept */
#define KEPT_SCAN "netlytics scan %d kept"

static nlt_status table_new(nlt_session *session, nlt_table **out, nlt_error *err)
{
    nlt_table *table = nlt_alloc_zero(1, sizeof *table);
    *out = table;
    if (table == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    table->session = session;
    atomic_store(&table->n_holders, 1);
    (void)snprintf(table->name, sizeof table->name, "%s", NLT_TABLE_NAME);
    nlt__plan_init(&table->plan);
    return NLT_OK;
}

nlt_status nlt_table_set_name(nlt_table *table, const char *name, nlt_error *err)
{
    NLT_TRY(nlt__table_name_check(name, err));
    (void)snprintf(table->name, sizeof table->name, "%s", name);
    return NLT_OK;
}

/* A new relation's name, which no user's table can have; algorithms name theirs themselves. */
static void relation_name(nlt_session *session, char name[RELATION_NAME_MAX])
{
    (void)snprintf(name, RELATION_NAME_MAX, "%s_%d", NLT_TABLE_NAME, ++session->n_relations);
}

void nlt_table_free(nlt_table *table)
{
    if (table == NULL || atomic_fetch_sub(&table->n_holders, 1) > 1) {
        return;
    }
    nlt__plan_clear(&table->plan);
    nlt__params_free(table->params);
    nlt__arena_clear(&table->arena);
    nlt_free(table->columns);
    nlt_free(table);
}

int nlt_table_column_count(const nlt_table *table)
{
    return table->n_columns;
}

const nlt_column_desc *nlt_table_column(const nlt_table *table, int index)
{
    return index >= 0 && index < table->n_columns ? &table->columns[index] : NULL;
}

static nlt_status set_columns(
    nlt_table *table, const nlt_column_desc *columns, int n, nlt_error *err)
{
    nlt_free(table->columns);
    table->columns = nlt_alloc_zero((size_t)n, sizeof *columns);
    if (table->columns == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    memcpy(table->columns, columns, (size_t)n * sizeof *columns);
    table->n_columns = n;
    return NLT_OK;
}

/* ---- datasets ---- */

static nlt_status fill_dataset(nlt_table *table, nlt_scan *scan, nlt_error *err)
{
    nlt_session *session = table->session;
    table->desc = nlt__scan_table(scan);
    NLT_TRY(set_columns(table, table->desc->columns, table->desc->n_columns, err));
    NLT_TRY(nlt_table_set_name(table, nlt__scan_name(scan), err));
    char name[RELATION_NAME_MAX];
    relation_name(session, name);
    return nlt__plan_scan(&table->plan, name, session->n_scans, err);
}

static nlt_status open_scan(nlt_session *session, const nlt_dataset_request *request,
    nlt_strings *warnings, nlt_scan **out, nlt_error *err)
{
    NLT_TRY(nlt__scan_open(request, session->threads, 0, warnings, out, err));
    nlt__scan_spill_to(*out, &session->budget.disk);
    return NLT_OK;
}

/* The scan is known to the session already, so that it can be looked at and cancelled meanwhile. */
static nlt_status use_cache(
    nlt_session *session, int index, const nlt_dataset_request *request, nlt_error *err)
{
    bool is_used = false;
    bool is_spent = false;
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status =
        nlt__cache_open(session, index, request, &is_used, &is_spent, &warnings, err);
    if (status == NLT_OK && is_spent) {
        session->spent[index] = session->scans[index];
        status = open_scan(session, request, NULL, &session->scans[index], err);
        if (status != NLT_OK) {
            session->scans[index] = session->spent[index];
            session->spent[index] = NULL;
        }
    }
    nlt__warn_all(session, &warnings);
    return status;
}

static nlt_status learn_columns(nlt_table *table, const char *sql, nlt_error *err);

/* A statement over DuckDB's own reader; a Data Table if the files are said to hold one. */
static nlt_status fill_files(nlt_table *table, const nlt_files *files, nlt_error *err)
{
    char name[RELATION_NAME_MAX];
    NLT_TRY(nlt_table_set_name(table, files->name, err));
    relation_name(table->session, name);
    NLT_TRY(nlt__plan_sql(&table->plan, name, files->sql, err));
    nlt_status status = learn_columns(table, files->sql, err);
    if (status == NLT_ERR_SQL) {
        nlt__files_unfit(files, err);
        status = NLT_ERR_DAMAGED;
    }
    table->desc = files->desc;
    return status;
}

static nlt_status files_dataset(
    nlt_session *session, const nlt_dataset_request *request, nlt_table **out, nlt_error *err)
{
    nlt_files *files = NULL;
    nlt_table *table = NULL;
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = nlt__files_open(session, request, &warnings, &files, err);
    nlt__warn_all(session, &warnings);
    NLT_TRY(status);
    status = table_new(session, &table, err);
    if (status == NLT_OK) {
        status = fill_files(table, files, err);
    }
    if (status != NLT_OK) { /* the files stay the session's */
        nlt_table_free(table);
        return status;
    }
    *out = table;
    return NLT_OK;
}

static nlt_status scan_dataset(
    nlt_session *session, const nlt_dataset_request *request, nlt_table **out, nlt_error *err)
{
    nlt_scan *scan = NULL;
    nlt_table *table = NULL;
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = open_scan(session, request, &warnings, &scan, err);
    nlt__warn_all(session, &warnings);
    NLT_TRY(status);
    status = table_new(session, &table, err);
    if (status == NLT_OK) {
        status = fill_dataset(table, scan, err);
    }
    if (status != NLT_OK) {
        nlt_table_free(table);
        nlt__scan_close(scan);
        return status;
    }
    session->scans[session->n_scans] = scan;
    atomic_fetch_add(&session->n_scans, 1);
    status = nlt__explain_keep_request(session, session->n_scans - 1, request, err);
    if (status != NLT_OK) {
        nlt_table_free(table);
        return status;
    }
    if (session->n_files > 0) {
        nlt__duck_shut(session); /* it was set up for files alone */
    }
    if (request->cache_dir != NULL) {
        status = use_cache(session, session->n_scans - 1, request, err);
        if (status != NLT_OK) {
            nlt_table_free(table);
            return status;
        }
    }
    *out = table;
    return NLT_OK;
}

static nlt_status warn_uncached(
    nlt_session *session, const nlt_dataset_request *request, nlt_error *err)
{
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = request->cache_dir == NULL
        ? NLT_OK
        : nlt__strings_add(&warnings, err, "--cache: %s is read as it lies; only logs are kept",
            request->connector);
    nlt__warn_all(session, &warnings);
    return status;
}

nlt_status nlt_dataset(
    nlt_session *session, const nlt_dataset_request *request, nlt_table **out, nlt_error *err)
{
    *out = NULL;
    if (request->struct_size != sizeof *request) {
        return nlt_fail(err, NLT_ERR_ARG, "nlt_dataset_request of another version of the library");
    }
    nlt_files_format format;
    const nlt_table_desc *desc = NULL;
    if (session->n_scans + session->n_files == NLT_SESSION_SCANS_MAX) {
        return nlt_fail(
            err, NLT_ERR_LIMIT, "more than %d datasets in a session", NLT_SESSION_SCANS_MAX);
    }
    if (request->connector != NULL && nlt__files_find(request->connector, &format, &desc)) {
        NLT_TRY(warn_uncached(session, request, err));
        return files_dataset(session, request, out, err);
    }
    if (request->columns != NULL) {
        nlt_fail(err, NLT_ERR_ARG, "--columns: a connector's columns have their types");
        nlt_error_hint(err, "it says the types of -c csv and -c ndjson");
        return NLT_ERR_ARG;
    }
    return scan_dataset(session, request, out, err);
}

/* ---- rows of the caller's own ---- */

static nlt_status fill_arrow(nlt_table *table, const char *given, nlt_error *err)
{
    char name[RELATION_NAME_MAX];
    char sql[64];
    if (given != NULL) {
        NLT_TRY(nlt_table_set_name(table, given, err));
    }
    relation_name(table->session, name);
    (void)snprintf(
        sql, sizeof sql, "SELECT * FROM netlytics_arrow(%d)", table->session->n_arrows - 1);
    NLT_TRY(nlt__plan_sql(&table->plan, name, sql, err));
    NLT_TRY(nlt__duck_open(table->session, err));
    return learn_columns(table, sql, err);
}

nlt_status nlt_arrow_table(nlt_session *session, const char *name, struct ArrowArrayStream *rows,
    nlt_table **out, nlt_error *err)
{
    *out = NULL;
    nlt_table *table = NULL;
    NLT_TRY(nlt__arrow_keep(session, rows, err));
    nlt_status status = table_new(session, &table, err);
    if (status == NLT_OK) {
        status = fill_arrow(table, name, err);
    }
    if (status != NLT_OK) { /* the rows stay the session's */
        nlt_table_free(table);
        return status;
    }
    *out = table;
    return NLT_OK;
}

/* ---- statements over an input ---- */

/* The name of the relation that a plan ends in. */
static const char *last_name(const nlt_plan *plan)
{
    return plan->nodes[plan->n_nodes - 1].name;
}

/* To binding `j` of the last node; NULL: none. */
static nlt_status copy_arguments(nlt_plan *plan, int j, const char *text, nlt_error *err)
{
    if (text == NULL) {
        return NLT_OK;
    }
    char *copy = nlt__arena_copy(&plan->arena, (nlt_bytes){text, strlen(text)});
    plan->nodes[plan->n_nodes - 1].bindings[j].arguments = copy;
    return copy != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
}

/* Copies the nodes of a plan; kernels keep their parameters, which the input table owns. What is there
 * already is not copied again. */
static nlt_status copy_plan(const nlt_plan *from, nlt_plan *to, nlt_error *err)
{
    for (int i = 0; i < from->n_nodes; i++) {
        const nlt_node *node = &from->nodes[i];
        if (node->kind == NLT_NODE_KERNEL) {
            return nlt_fail(
                err, NLT_ERR_ARG, "the answer of an algorithm cannot be the input of another step");
        }
        if (nlt__plan_find(to, node->name) != NULL) {
            continue;
        }
        if (node->kind == NLT_NODE_SCAN) {
            NLT_TRY(nlt__plan_scan(to, node->name, node->scan, err));
            continue;
        }
        NLT_TRY(nlt__plan_sql(to, node->name, node->sql, err));
        for (int j = 0; j < node->n_bindings; j++) {
            NLT_TRY(nlt__plan_bind(
                to, to->n_nodes - 1, node->bindings[j].alias, node->bindings[j].relation, err));
            NLT_TRY(copy_arguments(to, j, node->bindings[j].arguments, err));
        }
    }
    return NLT_OK;
}

/* ---- relations of DuckDB's ---- */

/* Length of NAME in "NAME with row key"; 0: it has no such end. */
static size_t keyed_length(const char *name)
{
    size_t len = strlen(name);
    size_t end = strlen(NLT_WITH_ROW_KEY);
    return len > end && strcmp(name + len - end, NLT_WITH_ROW_KEY) == 0 ? len - end : 0;
}

/* The scan that a name stands for, with or without its row key; NULL: it is no scan. */
static const nlt_node *find_scan(const nlt_plan *plan, const char *name)
{
    size_t len = keyed_length(name);
    len = len > 0 ? len : strlen(name);
    for (int i = 0; i < plan->n_nodes; i++) {
        const nlt_node *node = &plan->nodes[i];
        if (node->kind == NLT_NODE_SCAN && strlen(node->name) == len
            && strncmp(node->name, name, len) == 0) {
            return node;
        }
    }
    return NULL;
}

/* The rows of a relation. Scans are written out, since any name may come to mean another scan. */
static nlt_status put_relation(const nlt_session *session, const nlt_plan *plan, const char *name,
    const char *arguments, nlt_buf *out, nlt_error *err)
{
    const nlt_node *scan = find_scan(plan, name);
    if (scan == NULL) {
        return nlt__buf_printf(out, err, "SELECT * FROM \"%s\"", name);
    }
    bool has_key = keyed_length(name) > 0;
    char rows[NLT_SCAN_TEXT_MAX];
    nlt__scan_text(session, scan->scan, rows);
    NLT_TRY(nlt__buf_printf(
        out, err, has_key ? "SELECT *" : "SELECT * EXCLUDE (\"" NLT_ROW_KEY_COLUMN "\")"));
    if (session->are_scans_kept[scan->scan]) {
        return nlt__buf_printf(out, err, " FROM \"" KEPT_SCAN "\"", scan->scan);
    }
    static const char function[] = "netlytics_scan(";
    bool is_function = strncmp(rows, function, sizeof function - 1) == 0;
    return arguments != NULL && is_function
        ? nlt__buf_printf(out, err, " FROM %.*s%s)", (int)strlen(rows) - 1, rows, arguments)
        : nlt__buf_printf(out, err, " FROM %s", rows);
}

/* A statement with what it calls its relations around it. */
static nlt_status put_bound(const nlt_session *session, const nlt_plan *plan, const nlt_node *node,
    nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < node->n_bindings; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%s\"%s\" AS NOT MATERIALIZED (", i > 0 ? ", " : "WITH ",
            node->bindings[i].alias));
        NLT_TRY(put_relation(
            session, plan, node->bindings[i].relation, node->bindings[i].arguments, out, err));
        NLT_TRY(nlt__buf_append(out, ")", 1, err));
    }
    size_t len = strlen(node->sql);
    while (len > 0 && (node->sql[len - 1] == ';' || node->sql[len - 1] == ' ')) {
        len--;
    }
    /* the newline ends a comment at the end of the statement */
    return nlt__buf_printf(out, err, " SELECT * FROM (%.*s\n)", (int)len, node->sql);
}

/* Finishes "CREATE VIEW ..." and runs it. */
static nlt_status run_text(nlt_session *session, nlt_buf *sql, nlt_status status, nlt_error *err)
{
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(sql);
        status = text != NULL ? nlt__duck_run(session, text, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(sql);
    return status;
}

/* NAME as a view of a relation that put_relation knows. */
static nlt_status install_view(nlt_session *session, const nlt_plan *plan, const char *name,
    const char *relation, const char *arguments, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&sql, err, "CREATE OR REPLACE TEMP VIEW \"%s\" AS ", name);
    if (status == NLT_OK) {
        status = put_relation(session, plan, relation, arguments, &sql, err);
    }
    return run_text(session, &sql, status, err);
}

/* The scan, and the scan with its row key. */
static nlt_status install_scan(
    nlt_session *session, const nlt_plan *plan, const nlt_node *node, bool is_kept, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    if (is_kept && !session->are_scans_kept[node->scan]) {
        char rows[NLT_SCAN_TEXT_MAX];
        nlt__scan_text(session, node->scan, rows);
        nlt_status status = nlt__buf_printf(&sql, err,
            "CREATE OR REPLACE TEMP TABLE \"" KEPT_SCAN "\" AS SELECT * FROM %s", node->scan, rows);
        NLT_TRY(run_text(session, &sql, status, err));
        session->are_scans_kept[node->scan] = true;
    }
    nlt_buf keyed = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&keyed, err, "%s" NLT_WITH_ROW_KEY, node->name);
    const char *name = status == NLT_OK ? nlt__buf_cstr(&keyed) : NULL;
    if (status == NLT_OK) {
        status = name != NULL ? install_view(session, plan, name, name, NULL, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&keyed);
    return status == NLT_OK ? install_view(session, plan, node->name, node->name, NULL, err)
                            : status;
}

/* A view; or a table, and a view of it, since a name cannot change from the one to the other. */
static nlt_status install_statement(
    nlt_session *session, const nlt_plan *plan, const nlt_node *node, bool is_kept, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(2 * SQL_MAX);
    nlt_status status = is_kept
        ? nlt__buf_printf(&sql, err, "CREATE OR REPLACE TEMP TABLE \"%s" KEPT "\" AS ", node->name)
        : nlt__buf_printf(&sql, err, "CREATE OR REPLACE TEMP VIEW \"%s\" AS ", node->name);
    if (status == NLT_OK) {
        status = put_bound(session, plan, node, &sql, err);
    }
    NLT_TRY(run_text(session, &sql, status, err));
    if (!is_kept) {
        return NLT_OK;
    }
    status = nlt__buf_printf(&sql, err,
        "CREATE OR REPLACE TEMP VIEW \"%s\" AS SELECT * FROM \"%s" KEPT "\"", node->name,
        node->name);
    return run_text(session, &sql, status, err);
}

static nlt_status install_stored(
    nlt_session *session, const nlt_node *node, int index, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&sql, err,
        "CREATE OR REPLACE TEMP VIEW \"%s\" AS SELECT * FROM netlytics_rows(%d)", node->name,
        index);
    return run_text(session, &sql, status, err);
}

/* A relation of the kernel's columns without rows. */
static nlt_status declare_kernel(nlt_session *session, const nlt_node *node, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status =
        nlt__buf_printf(&sql, err, "CREATE OR REPLACE TEMP VIEW \"%s\" AS SELECT ", node->name);
    for (int i = 0; status == NLT_OK && i < node->kernel->n_output; i++) {
        status = nlt__buf_printf(&sql, err, "%sCAST(NULL AS ", i > 0 ? ", " : "");
        status =
            status == NLT_OK ? nlt__sql_type(node->kernel->output[i].dtype, &sql, err) : status;
        if (status == NLT_OK) {
            status = nlt__buf_printf(&sql, err, ") AS \"%s\"", node->kernel->output[i].name);
        }
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&sql, err, " WHERE false");
    }
    return run_text(session, &sql, status, err);
}

/* What the last statement calls its relations; what the one before called them is forgotten. */
nlt_status nlt__relation_names(nlt_session *session, const nlt_plan *plan, nlt_error *err)
{
    const nlt_node *last = &plan->nodes[plan->n_nodes - 1];
    for (size_t i = 0; i < session->names.n; i++) {
        nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
        NLT_TRY(run_text(session, &sql,
            nlt__buf_printf(&sql, err, "DROP VIEW IF EXISTS temp.\"%s\"", session->names.items[i]),
            err));
    }
    nlt__strings_clear(&session->names);
    for (int i = 0; i < last->n_bindings; i++) {
        const nlt_binding *binding = &last->bindings[i];
        NLT_TRY(nlt__strings_add(&session->names, err, "%s", binding->alias));
        NLT_TRY(install_view(
            session, plan, binding->alias, binding->relation, binding->arguments, err));
    }
    return NLT_OK;
}

nlt_status nlt__relation_install(
    nlt_session *session, const nlt_plan *plan, int node, bool is_kept, nlt_error *err)
{
    const nlt_node *n = &plan->nodes[node];
    switch (n->kind) {
    case NLT_NODE_SCAN:
        return install_scan(session, plan, n, is_kept, err);
    case NLT_NODE_SQL:
        return install_statement(session, plan, n, is_kept, err);
    case NLT_NODE_KERNEL:
    default:
        return install_stored(session, n, node, err);
    }
}

nlt_status nlt__relation_declare(nlt_table *table, nlt_error *err)
{
    nlt_session *session = table->session;
    const nlt_plan *plan = &table->plan;
    NLT_TRY(nlt__duck_open(session, err));
    for (int i = 0; i < plan->n_nodes; i++) {
        const nlt_node *node = &plan->nodes[i];
        bool is_last = i + 1 == plan->n_nodes;
        if (node->kind == NLT_NODE_KERNEL) {
            NLT_TRY(declare_kernel(session, node, err));
        } else if (node->kind == NLT_NODE_SCAN || !is_last) {
            NLT_TRY(nlt__relation_install(session, plan, i, false, err));
        }
    }
    return nlt__relation_names(session, plan, err);
}

/* Columns of a statement's answer, which checks names and types too. */
static nlt_status learn_columns(nlt_table *table, const char *sql, nlt_error *err)
{
    nlt_statement statement;
    nlt_status status = nlt__statement_prepare(table->session, sql, &statement, err);
    nlt_column_desc *columns = NULL;
    if (status == NLT_OK) {
        columns = nlt_alloc_zero((size_t)statement.n_columns, sizeof *columns);
        status = columns != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; status == NLT_OK && i < statement.n_columns; i++) {
        status = nlt__statement_column(&statement, i, &table->arena, &columns[i], err);
    }
    if (status == NLT_OK) {
        status = set_columns(table, columns, statement.n_columns, err);
    }
    nlt_free(columns);
    nlt__statement_clear(&statement);
    return status;
}

/* Hands what the statement asks for to the scan, if it reads one and nothing else. */
static nlt_status prune_scan(nlt_table *table, nlt_error *err)
{
    nlt_session *session = table->session;
    nlt_plan *plan = &table->plan;
    nlt_node *last = &plan->nodes[plan->n_nodes - 1];
    const nlt_node *scan =
        last->n_bindings == 1 ? nlt__plan_find(plan, last->bindings[0].relation) : NULL;
    if (scan == NULL || scan->kind != NLT_NODE_SCAN) {
        return NLT_OK;
    }
    NLT_TRY(nlt__duck_open(session, err));
    nlt_buf text = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__prune_put(session, last->sql, last->bindings[0].alias,
        nlt__scan_table(session->scans[scan->scan]), &text, err);
    if (status == NLT_OK && text.len > 0) {
        const char *arguments = nlt__buf_cstr(&text);
        status = arguments != NULL ? copy_arguments(plan, 0, arguments, err)
                                   : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&text);
    return status;
}

/* Plans of all inputs, then the statement, which calls each by its name. */
static nlt_status fill_query(nlt_table *table, nlt_table *const *inputs, const char *const *names,
    int n_inputs, const char *query, nlt_error *err)
{
    char name[RELATION_NAME_MAX];
    for (int i = 0; i < n_inputs; i++) {
        NLT_TRY(copy_plan(&inputs[i]->plan, &table->plan, err));
    }
    relation_name(table->session, name);
    NLT_TRY(nlt__plan_sql(&table->plan, name, query, err));
    for (int i = 0; i < n_inputs; i++) {
        NLT_TRY(nlt__plan_bind(
            &table->plan, table->plan.n_nodes - 1, names[i], last_name(&inputs[i]->plan), err));
    }
    NLT_TRY(nlt__relation_declare(table, err));
    NLT_TRY(nlt__dialect_apply(table->session, &table->plan, err));
    NLT_TRY(nlt__files_guard(table->session, nlt__last_node(table), err));
    NLT_TRY(prune_scan(table, err));
    return learn_columns(table, nlt__last_node(table)->sql, err);
}

static nlt_status new_query(nlt_session *session, nlt_table *const *inputs,
    const char *const *names, int n_inputs, const char *query, nlt_table **out, nlt_error *err)
{
    nlt_table *table = NULL;
    nlt_status status = table_new(session, &table, err);
    if (status == NLT_OK) {
        status = fill_query(table, inputs, names, n_inputs, query, err);
    }
    if (status != NLT_OK) {
        nlt_table_free(table);
        return status;
    }
    *out = table;
    return NLT_OK;
}

nlt_status nlt_transform(nlt_table *input, const char *query, nlt_table **out, nlt_error *err)
{
    *out = NULL;
    const char *name = NLT_TABLE_NAME;
    return new_query(input->session, &input, &name, 1, query, out, err);
}

nlt_status nlt_query(nlt_session *session, nlt_table *const *inputs, int n_inputs,
    const char *query, nlt_table **out, nlt_error *err)
{
    *out = NULL;
    const char *names[NLT_SESSION_SCANS_MAX] = {NULL};
    if (n_inputs > NLT_SESSION_SCANS_MAX) {
        return nlt_fail(err, NLT_ERR_ARG, "more than %d tables in a query", NLT_SESSION_SCANS_MAX);
    }
    for (int i = 0; i < n_inputs; i++) {
        names[i] = inputs[i]->name;
        if (inputs[i]->session != session) {
            return nlt_fail(err, NLT_ERR_ARG, "table \"%s\" belongs to another session", names[i]);
        }
        for (int j = 0; j < i; j++) {
            if (nlt__equal_ignore_case(names[i], names[j])) {
                return nlt_fail(err, NLT_ERR_ARG, "two tables are called \"%s\"", names[i]);
            }
        }
    }
    return new_query(session, inputs, names, n_inputs, query, out, err);
}

/* ---- algorithms ---- */

static const nlt_column_desc *find_column(const nlt_column_desc *columns, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (nlt__equal_ignore_case(columns[i].name, name)) {
            return &columns[i];
        }
    }
    return NULL;
}

/* True if values of one type are taken where a table's column has the other. */
static bool is_taken_as(nlt_dtype given, nlt_dtype wanted)
{
    bool is_real = wanted.type == NLT_TYPE_DOUBLE
        && (given.type == NLT_TYPE_INT64 || given.type == NLT_TYPE_DECIMAL);
    return is_real
        || (given.type == wanted.type
            && (given.type != NLT_TYPE_LIST || given.item == wanted.item));
}

/* A table that is none of the Data Tables will do if it has the columns that are read. */
static nlt_status check_columns(const nlt_table *input, const nlt_algo *algo, nlt_error *err)
{
    for (int i = 0; i < algo->n_columns; i++) {
        const char *name = algo->columns[i];
        const nlt_column_desc *wanted =
            find_column(algo->input->columns, algo->input->n_columns, name);
        const nlt_column_desc *given = find_column(input->columns, input->n_columns, name);
        if (wanted == NULL || (given != NULL && is_taken_as(given->dtype, wanted->dtype))) {
            continue;
        }
        if (given == NULL) {
            nlt_fail(err, NLT_ERR_ARG, "%s needs a column \"%s\" (%s), which the table lacks",
                algo->class_name, name, nlt_dtype_name(wanted->dtype));
        } else {
            nlt_fail(err, NLT_ERR_ARG, "%s needs column \"%s\" as %s, the table has it as %s",
                algo->class_name, name, nlt_dtype_name(wanted->dtype),
                nlt_dtype_name(given->dtype));
            nlt_error_hint(err, "of a csv: --columns '%s %s'", name, nlt_dtype_name(wanted->dtype));
            return NLT_ERR_ARG;
        }
        nlt_error_hint(err, "`netlytics schema %s` tells what the column is", algo->input->name);
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}

static nlt_status check_input(const nlt_table *input, const nlt_algo *algo, nlt_error *err)
{
    if (algo->input == NULL || input->desc == algo->input) {
        return NLT_OK;
    }
    if (input->desc == NULL) {
        return check_columns(input, algo, err);
    }
    nlt_fail(err, NLT_ERR_ARG, "%s needs the table %s, the connector gives %s", algo->class_name,
        algo->input->name, input->desc->name);
    nlt_error_hint(err, "`netlytics connectors` tells which connectors give %s", algo->input->name);
    return NLT_ERR_ARG;
}

/* Columns that kernels would pass on if the table had them: NULL. Those that are read for more have been
 * checked. */
static nlt_status put_missing(
    const nlt_plan *plan, const nlt_table *input, const char *keyed, nlt_buf *sql, nlt_error *err)
{
    nlt_column_desc added[NLT_KERNEL_COLUMNS_MAX];
    int n = 0;
    for (const nlt_node *node = plan->nodes; node < plan->nodes + plan->n_nodes; node++) {
        bool is_reader = node->kind == NLT_NODE_KERNEL && strcmp(node->input, keyed) == 0;
        for (int i = 0; is_reader && i < node->kernel->n_input; i++) {
            const nlt_column_desc *wanted = &node->kernel->input[i];
            if (wanted->is_required || strcmp(wanted->name, NLT_ROW_KEY_COLUMN) == 0
                || n == NLT_KERNEL_COLUMNS_MAX
                || find_column(input->columns, input->n_columns, wanted->name) != NULL
                || find_column(added, n, wanted->name) != NULL) {
                continue;
            }
            added[n++] = *wanted;
            NLT_TRY(nlt__buf_append(sql, "CAST(NULL AS ", 13, err));
            NLT_TRY(nlt__sql_type(wanted->dtype, sql, err));
            NLT_TRY(nlt__buf_append(sql, ") AS ", 5, err));
            NLT_TRY(nlt__duck_name(wanted->name, sql, err));
            NLT_TRY(nlt__buf_append(sql, ", ", 2, err));
        }
    }
    return NLT_OK;
}

/* A statement's answer has no row key: its rows are numbered in the order of all its columns. */
static nlt_status add_numbers(
    nlt_plan *plan, const nlt_table *input, const char *keyed, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_append(&sql, "SELECT *, ", 10, err);
    status = status == NLT_OK ? put_missing(plan, input, keyed, &sql, err) : status;
    if (status == NLT_OK) {
        status = nlt__buf_printf(&sql, err, "row_number() OVER (ORDER BY ");
    }
    for (int i = 0; status == NLT_OK && i < input->n_columns; i++) {
        status = nlt__buf_append(&sql, ", ", i > 0 ? 2 : 0, err);
        status = status == NLT_OK ? nlt__duck_name(input->columns[i].name, &sql, err) : status;
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(
            &sql, err, ") - 1 AS \"" NLT_ROW_KEY_COLUMN "\" FROM \"%s\"", last_name(&input->plan));
    }
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (status == NLT_OK) {
        status = text != NULL ? nlt__plan_sql(plan, keyed, text, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&sql);
    return status;
}

static nlt_status append_plan(nlt_table *table, const nlt_table *input, nlt_plan_fn write,
    const nlt_params *params, nlt_error *err)
{
    nlt_plan *plan = &table->plan;
    int first = 0;
    const char *numbered = NULL;
    NLT_TRY(nlt__plan_append(plan, write, params, &first, &numbered, err));
    if (numbered == NULL) {
        return NLT_OK;
    }
    NLT_TRY(add_numbers(plan, input, numbered, err));
    nlt__plan_move(plan, plan->n_nodes - 1, first);
    return NLT_OK;
}

static nlt_status fill_plan(nlt_table *table, const nlt_table *input, nlt_plan_fn write,
    const nlt_params *params, nlt_error *err)
{
    NLT_TRY(copy_plan(&input->plan, &table->plan, err));
    NLT_TRY(append_plan(table, input, write, params, err));
    const nlt_node *last = nlt__last_node(table);
    if (last->kind == NLT_NODE_KERNEL) {
        return set_columns(table, last->kernel->output, last->kernel->n_output, err);
    }
    if (last->kind == NLT_NODE_SQL && table->plan.n_nodes > input->plan.n_nodes) {
        NLT_TRY(nlt__relation_declare(table, err));
        return learn_columns(table, last->sql, err);
    }
    table->desc = last->kind == NLT_NODE_SCAN ? input->desc : NULL;
    return set_columns(table, input->columns, input->n_columns, err);
}

nlt_status nlt__table_from_plan(
    nlt_table *input, nlt_plan_fn plan, const nlt_params *params, nlt_table **out, nlt_error *err)
{
    *out = NULL;
    nlt_table *table = NULL;
    nlt_status status = table_new(input->session, &table, err);
    if (status == NLT_OK) {
        status = fill_plan(table, input, plan, params, err);
    }
    if (status != NLT_OK) {
        nlt_table_free(table);
        return status;
    }
    *out = table;
    return NLT_OK;
}

nlt_status nlt_run(
    nlt_table *input, const char *algo, const char *params, nlt_table **out, nlt_error *err)
{
    *out = NULL;
    const nlt_algo *found = NULL;
    nlt_params *parsed = NULL;
    NLT_TRY(nlt__algo_find(algo, &found, err));
    NLT_TRY(
        nlt__params_parse(found->class_name, found->params, found->n_params, params, &parsed, err));
    nlt_status status = check_input(input, found, err);
    if (status == NLT_OK) {
        status = nlt__table_from_plan(input, found->plan, parsed, out, err);
    }
    if (status == NLT_OK && input->session->persistent_dir == NULL
        && nlt__plan_reads_state(&(*out)->plan)) {
        nlt_table_free(*out);
        *out = NULL;
        status = nlt_fail(err, NLT_ERR_ARG,
            "--params: %s is to use what an earlier run has saved, but "
            "there is no persistent directory",
            found->class_name);
        nlt_error_hint(err, "give --persistent_dir_local DIR");
    }
    if (status != NLT_OK) {
        nlt__params_free(parsed);
        return status;
    }
    (*out)->params = parsed;
    (*out)->algo = found;
    return NLT_OK;
}
