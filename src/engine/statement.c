/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SELECT: prepared, then its rows as they come. */

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "engine/plan_table.h"

static const char *prepare(nlt_session *session, const char *sql, nlt_statement *out)
{
    if (duckdb_prepare(session->con, sql, &out->prepared) != DuckDBSuccess) {
        const char *message = duckdb_prepare_error(out->prepared);
        return message != NULL ? message : "the statement cannot be prepared";
    }
    if (duckdb_prepared_statement_type(out->prepared) != DUCKDB_STATEMENT_TYPE_SELECT) {
        return "only a SELECT is run";
    }
    if (duckdb_nparams(out->prepared) > 0) {
        return "a query has no parameters ('?', '$1')";
    }
    return NULL;
}

/* Result types; counts those without a place in a batch. */
static nlt_status read_types(nlt_statement *statement, int *n_foreign, nlt_error *err)
{
    idx_t n = duckdb_prepared_statement_column_count(statement->prepared);
    if (n == 0 || n > NLT_RESULT_COLUMNS_MAX) {
        return nlt_fail(err, NLT_ERR_SQL, "a result of %llu columns; at most %d are possible",
            (unsigned long long)n, NLT_RESULT_COLUMNS_MAX);
    }
    nlt_free(statement->dtypes);
    statement->n_columns = (int)n;
    statement->dtypes = nlt_alloc_zero(n, sizeof *statement->dtypes);
    if (statement->dtypes == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *n_foreign = 0;
    for (idx_t i = 0; i < n; i++) {
        duckdb_logical_type type =
            duckdb_prepared_statement_column_logical_type(statement->prepared, i);
        if (type == NULL || !nlt__duck_dtype(type, &statement->dtypes[i])) {
            statement->dtypes[i].type = NLT_TYPE_COUNT;
            ++*n_foreign;
        }
        duckdb_destroy_logical_type(&type);
    }
    return NLT_OK;
}

/* SELECT around the statement that casts what has no place in a batch to text. */
static nlt_status wrap(
    const nlt_statement *statement, const char *sql, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < statement->n_columns; i++) {
        bool is_foreign = statement->dtypes[i].type == NLT_TYPE_COUNT;
        const char *name = duckdb_prepared_statement_column_name(statement->prepared, (idx_t)i);
        NLT_TRY(nlt__buf_printf(out, err, is_foreign ? "%s CAST(#%d AS VARCHAR) AS " : "%s #%d AS ",
            i > 0 ? "," : "SELECT", i + 1));
        NLT_TRY(nlt__duck_name(name != NULL ? name : "", out, err));
        duckdb_free((void *)(uintptr_t)name);
    }
    size_t len = strlen(sql);
    while (len > 0 && (sql[len - 1] == ';' || sql[len - 1] == ' ' || sql[len - 1] == '\n')) {
        len--;
    }
    /* the newline ends a comment at the end of the query */
    return nlt__buf_printf(out, err, " FROM (%.*s\n)", (int)len, sql);
}

static nlt_status prepare_wrapped(nlt_statement *statement, const char *sql, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(16 << 20);
    int n_foreign = 0;
    nlt_status status = wrap(statement, sql, &text, err);
    duckdb_destroy_prepare(&statement->prepared);
    if (status == NLT_OK) {
        const char *wrapped = nlt__buf_cstr(&text);
        const char *why =
            wrapped == NULL ? "out of memory" : prepare(statement->session, wrapped, statement);
        status = why == NULL ? read_types(statement, &n_foreign, err)
                             : nlt__duck_failure(statement->session, why, err);
    }
    nlt__buf_clear(&text);
    return status;
}

nlt_status nlt__statement_prepare(
    nlt_session *session, const char *sql, nlt_statement *out, nlt_error *err)
{
    *out = (nlt_statement){.session = session};
    int n_foreign = 0;
    const char *why = prepare(session, sql, out);
    if (why != NULL) {
        return nlt__duck_failure(session, why, err);
    }
    NLT_TRY(read_types(out, &n_foreign, err));
    return n_foreign == 0 ? NLT_OK : prepare_wrapped(out, sql, err);
}

nlt_status nlt__statement_column(
    nlt_statement *statement, int index, nlt_arena *arena, nlt_column_desc *out, nlt_error *err)
{
    const char *name = duckdb_prepared_statement_column_name(statement->prepared, (idx_t)index);
    const char *text = name == NULL ? "" : strcmp(name, "count_star()") == 0 ? "count(1)" : name;
    char *copy = nlt__arena_copy(arena, (nlt_bytes){text, strlen(text)});
    duckdb_free((void *)(uintptr_t)name);
    *out =
        (nlt_column_desc){.name = copy, .dtype = statement->dtypes[index], .unit = "", .help = ""};
    return copy != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_status start(nlt_statement *statement, nlt_error *err)
{
    duckdb_pending_result pending = NULL;
    nlt_status status = NLT_OK;
    if (duckdb_pending_prepared_streaming(statement->prepared, &pending) != DuckDBSuccess) {
        status = nlt__duck_failure(statement->session, duckdb_pending_error(pending), err);
    } else {
        statement->has_result = true;
        status = nlt__duck_execute(statement->session, pending, &statement->result, err);
    }
    if (status == NLT_OK) {
        status = nlt__batch_new(
            statement->dtypes, statement->n_columns, NLT_BATCH_ROWS, &statement->batch, err);
    }
    duckdb_destroy_pending(&pending);
    return status;
}

static nlt_status fetch(nlt_statement *statement, const nlt_batch **batch, nlt_error *err)
{
    *batch = NULL;
    if (!statement->has_result) {
        NLT_TRY(start(statement, err));
    }
    duckdb_destroy_data_chunk(&statement->chunk);
    statement->chunk = duckdb_fetch_chunk(statement->result);
    if (statement->chunk == NULL) {
        const char *message = duckdb_result_error(&statement->result);
        bool is_failed = message != NULL && message[0] != '\0';
        return is_failed || atomic_load(&statement->session->is_cancelled)
            ? nlt__duck_failure(statement->session, message, err)
            : NLT_OK;
    }
    NLT_TRY(nlt__duck_chunk(statement->chunk, statement->batch, err));
    *batch = statement->batch;
    return NLT_OK;
}

static void rewind_statement(nlt_statement *statement)
{
    duckdb_destroy_data_chunk(&statement->chunk);
    nlt__batch_free(statement->batch);
    statement->batch = NULL;
    if (statement->has_result) {
        duckdb_destroy_result(&statement->result);
        statement->has_result = false;
    }
    statement->session->scan_error = (nlt_error)NLT_ERROR_INIT;
}

static bool sort_unknown(const nlt_session *session)
{
    bool must_rewind = false;
    for (int i = 0; i < session->n_scans; i++) {
        must_rewind |= nlt__scan_sort_unknown(session->scans[i]);
    }
    return must_rewind;
}

/* Rows that were given cannot be taken back: before the first of them it must be clear that no scan
 * will find its input out of order. One that does makes its rows anew, sorting. */
nlt_status nlt__statement_next(nlt_statement *statement, const nlt_batch **batch, nlt_error *err)
{
    if (statement->has_given || statement->reads_no_scan) {
        return fetch(statement, batch, err);
    }
    for (;;) {
        int sorting = nlt__run_sorting(statement->session);
        nlt_status status = fetch(statement, batch, err);
        bool must_rewind = status == NLT_OK
            ? *batch != NULL && sort_unknown(statement->session)
            : status == NLT_ERR_LIMIT && nlt__run_sorting(statement->session) > sorting;
        if (!must_rewind) {
            statement->has_given = true;
            return status;
        }
        rewind_statement(statement);
    }
}

void nlt__statement_clear(nlt_statement *statement)
{
    duckdb_destroy_data_chunk(&statement->chunk);
    nlt__batch_free(statement->batch);
    if (statement->has_result) {
        duckdb_destroy_result(&statement->result);
    }
    duckdb_destroy_prepare(&statement->prepared);
    nlt_free(statement->dtypes);
    *statement = (nlt_statement){.session = statement->session};
}
