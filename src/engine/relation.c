/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables under construction: each call copies the plan of its input and appends nodes. */

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "sql/gate.h"
#include "sql/lexer.h"

enum { SQL_MAX = 4 << 20 };

#define INPUT "netlytics" /* what every statement calls the table it reads */

static nlt_status table_new(nlt_session *session, nlt_table **out, nlt_error *err)
{
    nlt_table *table = nlt_alloc_zero(1, sizeof *table);
    *out = table;
    if (table == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    table->session = session;
    nlt__plan_init(&table->plan);
    return NLT_OK;
}

void nlt_table_free(nlt_table *table)
{
    if (table == NULL) {
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

static nlt_status set_columns(nlt_table *table, const nlt_column_desc *columns, int n,
    nlt_error *err)
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
    return nlt__plan_scan(&table->plan, INPUT, session->n_scans, err);
}

nlt_status nlt_dataset(nlt_session *session, const nlt_dataset_request *request, nlt_table **out,
    nlt_error *err)
{
    *out = NULL;
    if (session->n_scans == NLT_SESSION_SCANS_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %d datasets in a session",
            NLT_SESSION_SCANS_MAX);
    }
    nlt_scan *scan = NULL;
    nlt_table *table = NULL;
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = nlt__scan_open(request, session->threads, 0, &warnings, &scan, err);
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
    *out = table;
    return NLT_OK;
}

/* ---- statements over an input ---- */

/* The name of the relation that a plan ends in. */
static const char *last_name(const nlt_plan *plan)
{
    return plan->nodes[plan->n_nodes - 1].name;
}

/* `sql` with INPUT standing for `relation`, by a leading common table expression. */
static nlt_status rebind(const char *sql, const char *relation, nlt_buf *out, nlt_error *err)
{
    nlt_lexer lexer = {{sql, strlen(sql)}, 0};
    nlt_token token = nlt__lexer_next(&lexer);
    if (strcmp(relation, INPUT) == 0) {
        return nlt__buf_printf(out, err, "%s", sql);
    }
    if (!nlt__token_is(&token, "with")) {
        return nlt__buf_printf(out, err, "WITH " INPUT " AS (SELECT * FROM \"%s\") %s", relation,
            sql);
    }
    size_t rest = lexer.pos;
    token = nlt__lexer_next(&lexer);
    bool is_recursive = nlt__token_is(&token, "recursive");
    return nlt__buf_printf(out, err, "WITH %s" INPUT " AS (SELECT * FROM \"%s\"), %s",
        is_recursive ? "RECURSIVE " : "", relation, sql + (is_recursive ? lexer.pos : rest));
}

/* Copies the nodes of a plan; kernels keep their parameters, which the input table owns. */
static nlt_status copy_plan(const nlt_plan *from, nlt_plan *to, nlt_error *err)
{
    for (int i = 0; i < from->n_nodes; i++) {
        const nlt_node *node = &from->nodes[i];
        if (node->kind == NLT_NODE_SCAN) {
            NLT_TRY(nlt__plan_scan(to, node->name, node->scan, err));
        } else if (node->kind == NLT_NODE_SQL) {
            NLT_TRY(nlt__plan_sql(to, node->name, node->sql, err));
        } else {
            return nlt_fail(err, NLT_ERR_ARG,
                "the answer of an algorithm cannot be the input of another step");
        }
    }
    return NLT_OK;
}

/* Appends a statement whose input is the plan's last relation. */
static nlt_status add_statement(nlt_plan *plan, const char *name, const char *sql, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = rebind(sql, last_name(plan), &text, err);
    const char *bound = status == NLT_OK ? nlt__buf_cstr(&text) : NULL;
    if (status == NLT_OK) {
        status = bound != NULL ? nlt__plan_sql(plan, name, bound, err)
                               : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&text);
    return status;
}

static nlt_status install_scan(nlt_session *session, const nlt_node *node, nlt_error *err)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
        "CREATE OR REPLACE TEMP VIEW \"%s\" AS SELECT * EXCLUDE (\"" NLT_ROW_KEY_COLUMN "\") "
        "FROM netlytics_scan(%d)", node->name, node->scan);
    return nlt__duck_run(session, sql, err);
}

static nlt_status install_statement(nlt_session *session, const nlt_node *node, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX + 1024);
    size_t len = strlen(node->sql);
    while (len > 0 && (node->sql[len - 1] == ';' || node->sql[len - 1] == ' ')) {
        len--;
    }
    nlt_status status = nlt__buf_printf(&sql, err, "CREATE OR REPLACE TEMP VIEW \"%s\" AS %.*s",
        node->name, (int)len, node->sql);
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(&sql);
        status = text != NULL ? nlt__duck_run(session, text, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&sql);
    return status;
}

nlt_status nlt__relation_install(nlt_table *table, nlt_error *err)
{
    NLT_TRY(nlt__duck_open(table->session, err));
    for (int i = 0; i < table->plan.n_nodes; i++) {
        const nlt_node *node = &table->plan.nodes[i];
        if (node->kind == NLT_NODE_SCAN) {
            NLT_TRY(install_scan(table->session, node, err));
        } else if (node->kind == NLT_NODE_SQL && i + 1 < table->plan.n_nodes) {
            NLT_TRY(install_statement(table->session, node, err));
        }
    }
    return NLT_OK;
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

static nlt_status fill_transform(nlt_table *table, const nlt_table *input, const char *query,
    nlt_error *err)
{
    char name[64];
    NLT_TRY(copy_plan(&input->plan, &table->plan, err));
    (void)snprintf(name, sizeof name, INPUT "_%d", table->plan.n_nodes + 1);
    NLT_TRY(add_statement(&table->plan, name, query, err));
    NLT_TRY(nlt__relation_install(table, err));
    return learn_columns(table, nlt__last_node(table)->sql, err);
}

nlt_status nlt_transform(nlt_table *input, const char *query, nlt_table **out, nlt_error *err)
{
    *out = NULL;
    nlt_table *table = NULL;
    NLT_TRY(nlt__sql_gate(query, err));
    nlt_status status = table_new(input->session, &table, err);
    if (status == NLT_OK) {
        status = fill_transform(table, input, query, err);
    }
    if (status != NLT_OK) {
        nlt_table_free(table);
        return status;
    }
    *out = table;
    return NLT_OK;
}

/* ---- algorithms ---- */

static nlt_status check_input(const nlt_table *input, const nlt_algo *algo, nlt_error *err)
{
    if (algo->input == NULL || input->desc == NULL || input->desc == algo->input) {
        return NLT_OK; /* a statement's answer is checked by its columns */
    }
    nlt_fail(err, NLT_ERR_ARG, "%s needs the table %s, the connector gives %s", algo->class_name,
        algo->input->name, input->desc->name);
    nlt_error_hint(err, "`netlytics connectors` tells which connectors give %s",
        algo->input->name);
    return NLT_ERR_ARG;
}

/* The algorithm writes its nodes as if its input were called INPUT; they are appended rebound. */
static nlt_status append_plan(nlt_table *table, const nlt_algo *algo, nlt_error *err)
{
    nlt_plan *plan = &table->plan;
    int first = plan->n_nodes;
    const char *input = last_name(plan);
    NLT_TRY(algo->plan(table->params, plan, err));
    for (int i = first; i < plan->n_nodes; i++) {
        nlt_node *node = &plan->nodes[i];
        if (node->kind != NLT_NODE_SQL) {
            continue;
        }
        nlt_buf text = NLT_BUF_INIT(SQL_MAX);
        nlt_status status = rebind(node->sql, input, &text, err);
        if (status == NLT_OK) {
            node->sql = nlt__arena_copy(&plan->arena, (nlt_bytes){text.ptr, text.len});
        }
        nlt__buf_clear(&text);
        NLT_TRY(status);
        if (node->sql == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    return NLT_OK;
}

static nlt_status fill_run(nlt_table *table, const nlt_table *input, const nlt_algo *algo,
    const char *params, nlt_error *err)
{
    NLT_TRY(nlt__params_parse(algo->class_name, algo->params, algo->n_params, params,
        &table->params, err));
    NLT_TRY(check_input(input, algo, err));
    NLT_TRY(copy_plan(&input->plan, &table->plan, err));
    NLT_TRY(append_plan(table, algo, err));
    const nlt_node *last = nlt__last_node(table);
    if (last->kind == NLT_NODE_KERNEL) {
        return set_columns(table, last->kernel->output, last->kernel->n_output, err);
    }
    table->desc = last->kind == NLT_NODE_SCAN ? input->desc : NULL;
    return set_columns(table, input->columns, input->n_columns, err);
}

nlt_status nlt_run(nlt_table *input, const char *algo, const char *params, nlt_table **out,
    nlt_error *err)
{
    *out = NULL;
    const nlt_algo *found = NULL;
    nlt_table *table = NULL;
    NLT_TRY(nlt__algo_find(algo, &found, err));
    nlt_status status = table_new(input->session, &table, err);
    if (status == NLT_OK) {
        status = fill_run(table, input, found, params, err);
    }
    if (status != NLT_OK) {
        nlt_table_free(table);
        return status;
    }
    *out = table;
    return NLT_OK;
}
