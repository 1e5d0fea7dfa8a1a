/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs plans node by node: scans and statements are relations of DuckDB's, which run when they are
 * read; kernels run in their turn. A relation that several nodes read is made once: a statement's
 * becomes a table; a scan is read again, which costs less than keeping it, unless it is a pipe. */

#define _GNU_SOURCE

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/files.h"
#include "engine/plan_table.h"

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
    for (int i = 0; i < session->n_files && status == NLT_OK; i++) {
        status = nlt__files_finish(session, session->files[i], err);
    }
    return status;
}

nlt_status nlt__run_statement(
    nlt_session *session, const char *sql, nlt_rows_fn rows, void *ctx, nlt_error *err)
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

/* The rows of a dataset in its order, for connectors whose scan has another. */
static nlt_status run_sorted_scan(
    nlt_session *session, const nlt_node *node, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    char sql[256];
    char limit[32] = "";
    char scan[NLT_SCAN_TEXT_MAX];
    nlt__scan_text(session, node->scan, scan);
    if (node->limit >= 0) {
        (void)snprintf(limit, sizeof limit, " LIMIT %lld", (long long)node->limit);
    }
    (void)snprintf(sql, sizeof sql,
        "SELECT * EXCLUDE (\"" NLT_ROW_KEY_COLUMN "\") FROM %s "
        "ORDER BY \"" NLT_ROW_KEY_COLUMN "\"%s",
        scan, limit);
    return nlt__run_statement(session, sql, rows, ctx, err);
}

void nlt__run_clear(nlt_session *session)
{
    for (int i = 0; i < NLT_PLAN_NODES_MAX; i++) {
        nlt__row_store_free(session->relations[i].store);
        session->relations[i].store = NULL;
    }
}

/* True if a node's rows are to be kept because they are read more than once. */
static bool must_keep(const nlt_session *session, const nlt_plan *plan, int node)
{
    if (nlt__plan_readers(plan, node) < 2) {
        return false;
    }
    return plan->nodes[node].kind == NLT_NODE_SQL
        || nlt__scan_bytes(session->scans[plan->nodes[node].scan]) < 0;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void nlt__run_clear_stats(const nlt_table *table)
{
    nlt_session *session = table->session;
    session->stats_of = table;
    for (int i = 0; i < NLT_PLAN_NODES_MAX; i++) {
        session->stats[i] = (nlt_node_stats)NLT_NODE_STATS_INIT;
    }
}

static nlt_status run_before_last(nlt_table *table, nlt_kernel_stores *stores, nlt_error *err)
{
    nlt_session *session = table->session;
    const nlt_plan *plan = &table->plan;
    session->scan_error = (nlt_error)NLT_ERROR_INIT;
    nlt__run_clear(session);
    memset(session->are_scans_kept, 0, sizeof session->are_scans_kept);
    nlt__run_clear_stats(table);
    for (int i = 0; i + 1 < plan->n_nodes; i++) {
        bool is_kernel = plan->nodes[i].kind == NLT_NODE_KERNEL;
        bool is_kept = !is_kernel && must_keep(session, plan, i);
        double start_s = now_s();
        if (is_kernel) {
            NLT_TRY(nlt__kernel_run(session, stores, i, NULL, NULL, err));
        }
        NLT_TRY(nlt__relation_install(session, plan, i, is_kept, err));
        if (is_kernel || is_kept) {
            session->stats[i].seconds = now_s() - start_s;
        }
    }
    return nlt__relation_names(session, plan, err);
}

static nlt_status run_nodes(
    nlt_table *table, nlt_kernel_stores *stores, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    nlt_session *session = table->session;
    const nlt_node *last = nlt__last_node(table);
    NLT_TRY(run_before_last(table, stores, err));
    switch (last->kind) {
    case NLT_NODE_SCAN:
        return run_sorted_scan(session, last, rows, ctx, err);
    case NLT_NODE_SQL:
        return nlt__run_statement(session, last->sql, rows, ctx, err);
    case NLT_NODE_KERNEL:
    default:
        return nlt__kernel_run(session, stores, table->plan.n_nodes - 1, rows, ctx, err);
    }
}

/* Hands rows on and counts them. */
typedef struct counted_rows {
    nlt_rows_fn rows;
    void *ctx;
    int64_t n;
} counted_rows;

static nlt_status count_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    counted_rows *counted = ctx;
    counted->n += batch->n_rows;
    return counted->rows(counted->ctx, batch, err);
}

static nlt_status run_all(nlt_table *table, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    nlt_kernel_stores stores = {.plan = &table->plan};
    counted_rows counted = {rows, ctx, 0};
    nlt_node_stats *stats = &table->session->stats[table->plan.n_nodes - 1];
    double start_s = now_s();
    nlt_status status = run_nodes(table, &stores, count_rows, &counted, err);
    for (int i = 0; i + 1 < table->plan.n_nodes; i++) {
        start_s += table->session->stats[i].seconds > 0 ? table->session->stats[i].seconds : 0;
    }
    stats->seconds = now_s() - start_s;
    stats->rows = counted.n;
    nlt__kernel_stores_clear(&stores);
    return status;
}

int nlt__run_sorting(const nlt_session *session)
{
    int n = 0;
    for (int i = 0; i < session->n_scans; i++) {
        n += nlt__scan_must_sort(session->scans[i]);
    }
    return n;
}

/* True if a run is to be made again: it found out that its input must be sorted. */
static bool must_repeat(const nlt_session *session, nlt_status status, int *sorting)
{
    int before = *sorting;
    *sorting = nlt__run_sorting(session);
    return status == NLT_ERR_LIMIT && *sorting > before;
}

nlt_status nlt__run_before_last(nlt_table *table, nlt_error *err)
{
    nlt_kernel_stores stores = {.plan = &table->plan};
    int sorting = nlt__run_sorting(table->session);
    NLT_TRY(nlt__duck_open(table->session, err));
    nlt_status status;
    do {
        status = run_before_last(table, &stores, err);
        nlt__kernel_stores_clear(&stores);
    } while (must_repeat(table->session, status, &sorting));
    return status;
}

/* Hands rows on and knows whether there were any. */
typedef struct watched_rows {
    nlt_rows_fn rows;
    void *ctx;
    bool has_begun;
} watched_rows;

static nlt_status watch_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    watched_rows *watched = ctx;
    watched->has_begun = true;
    return watched->rows(watched->ctx, batch, err);
}

nlt_status nlt__run(nlt_table *table, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    watched_rows watched = {rows, ctx, false};
    int sorting = nlt__run_sorting(table->session);
    NLT_TRY(nlt__duck_open(table->session, err));
    nlt_status status;
    do {
        status = run_all(table, watch_rows, &watched, err);
    } while (must_repeat(table->session, status, &sorting) && !watched.has_begun);
    return status == NLT_OK ? nlt__run_finish(table->session, err) : status;
}
