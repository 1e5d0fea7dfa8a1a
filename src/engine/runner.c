/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs plans: statements through DuckDB, finishing kernels over a statement's rows. */

#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

enum { SQL_MAX = 1 << 16 };

void nlt__warn_all(nlt_session *session, nlt_strings *warnings)
{
    for (size_t i = 0; i < warnings->n && session->hooks.warning != NULL; i++) {
        session->hooks.warning(session->hooks.ctx, warnings->items[i]);
    }
    nlt__strings_clear(warnings);
}

nlt_status nlt__run_finish(nlt_session *session, nlt_error *err)
{
    nlt_status status = NLT_OK;
    for (int i = 0; i < session->n_scans && status == NLT_OK; i++) {
        nlt_strings warnings = NLT_STRINGS_INIT;
        status = nlt__scan_finish(session->scans[i], &warnings, err);
        nlt__warn_all(session, &warnings);
    }
    return status;
}

static nlt_status run_statement(nlt_session *session, const char *sql, nlt_rows_fn rows, void *ctx,
    nlt_error *err)
{
    nlt_statement statement;
    nlt_status status = nlt__statement_prepare(session, sql, &statement, err);
    while (status == NLT_OK) {
        const nlt_batch *batch = NULL;
        status = nlt__statement_next(&statement, &batch, err);
        if (status != NLT_OK || batch == NULL) {
            break;
        }
        status = rows(ctx, batch, err);
    }
    nlt__statement_clear(&statement);
    return status;
}

/* "SELECT a, b FROM relation": the columns that a kernel reads. */
static nlt_status kernel_input(const nlt_node *node, nlt_buf *out, nlt_error *err)
{
    const nlt_kernel *kernel = node->kernel;
    for (int i = 0; i < kernel->n_input; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%s\"%s\"", i > 0 ? ", " : "SELECT ",
            kernel->input[i].name));
    }
    return nlt__buf_printf(out, err, " FROM \"%s\"", node->input);
}

typedef struct kernel_run {
    const nlt_kernel *kernel;
    void *state;
    nlt_emit emit;
} kernel_run;

static nlt_status push_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    kernel_run *run = ctx;
    return run->kernel->push(run->state, batch, &run->emit, err);
}

static nlt_status run_kernel(nlt_session *session, const nlt_node *node, nlt_rows_fn rows,
    void *ctx, nlt_error *err)
{
    const nlt_kernel *kernel = node->kernel;
    if (kernel->n_keys > 0) {
        return nlt_fail(err, NLT_ERR_INTERNAL, "%s: kernels with keys cannot be run yet",
            kernel->name);
    }
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    kernel_run run = {.kernel = kernel, .emit = {rows, ctx}};
    nlt_status status = kernel->open(node->params, &warnings, &run.state, err);
    if (status == NLT_OK) {
        status = kernel_input(node, &sql, err);
    }
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(&sql);
        status = text != NULL ? run_statement(session, text, push_rows, &run, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK) {
        status = kernel->finish(run.state, &run.emit, err);
    }
    kernel->close(run.state);
    nlt__buf_clear(&sql);
    nlt__warn_all(session, &warnings);
    return status;
}

/* The rows of a dataset in its order, for connectors whose scan has another. */
static nlt_status run_sorted_scan(nlt_session *session, const nlt_node *node, nlt_rows_fn rows,
    void *ctx, nlt_error *err)
{
    char sql[256];
    char limit[32] = "";
    if (node->limit >= 0) {
        (void)snprintf(limit, sizeof limit, " LIMIT %lld", (long long)node->limit);
    }
    (void)snprintf(sql, sizeof sql,
        "SELECT * EXCLUDE (\"" NLT_ROW_KEY_COLUMN "\") FROM netlytics_scan(%d) "
        "ORDER BY \"" NLT_ROW_KEY_COLUMN "\"%s", node->scan, limit);
    return run_statement(session, sql, rows, ctx, err);
}

static nlt_status run_last(nlt_table *table, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    nlt_session *session = table->session;
    const nlt_node *last = nlt__last_node(table);
    session->scan_error = (nlt_error)NLT_ERROR_INIT;
    switch (last->kind) {
    case NLT_NODE_SCAN:
        return run_sorted_scan(session, last, rows, ctx, err);
    case NLT_NODE_SQL:
        return run_statement(session, last->sql, rows, ctx, err);
    case NLT_NODE_KERNEL:
    default:
        return run_kernel(session, last, rows, ctx, err);
    }
}

int nlt__run_sorting(const nlt_session *session)
{
    int n = 0;
    for (int i = 0; i < session->n_scans; i++) {
        n += nlt__scan_must_sort(session->scans[i]);
    }
    return n;
}

nlt_status nlt__run(nlt_table *table, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    NLT_TRY(nlt__relation_install(table, err));
    NLT_TRY(run_last(table, rows, ctx, err));
    return nlt__run_finish(table->session, err);
}
