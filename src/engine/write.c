/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table's rows into a file. A dataset as it is goes from the scan to the writer in its own order,
 * formatted by the threads that read it, unless the connector pairs records; everything else comes
 * from DuckDB. */

#include <string.h>

#include "core/alloc.h"
#include "core/strings.h"
#include "engine/engine.h"

enum { TEXT_MAX = 1 << 30, WRITE_BYTES = 256 << 10, SQL_MAX = 1 << 16 };

#define PARQUET "parquet" /* the one format whose bytes are DuckDB's */

typedef struct sink {
    const nlt_table *table; /* NULL: another relation */
    const nlt_column_desc *columns;
    const nlt_format *format;
    nlt_outfile *file;
    nlt_buf text;
    int64_t n_rows;
} sink;

static nlt_status flush(sink *s, size_t at_least, nlt_error *err)
{
    if (s->text.len < at_least) {
        return NLT_OK;
    }
    size_t len = s->text.len;
    s->text.len = 0;
    return len == 0 ? NLT_OK : nlt__outfile_write(s->file, s->text.ptr, len, err);
}

static nlt_status sink_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    sink *s = ctx;
    NLT_TRY(s->format->rows(s->columns, batch, s->n_rows, &s->text, err));
    s->n_rows += batch->n_rows;
    return flush(s, WRITE_BYTES, err);
}

/* ---- the direct way ---- */

static nlt_status format_rows(void *ctx, const nlt_batch *batch, nlt_buf *out, nlt_error *err)
{
    sink *s = ctx;
    int64_t first = s->format->is_first_row_used ? s->n_rows : 0;
    NLT_TRY(s->format->rows(s->columns, batch, first, out, err));
    if (s->format->is_first_row_used) { /* one thread */
        s->n_rows += batch->n_rows;
    }
    return NLT_OK;
}

static nlt_status write_bytes(void *ctx, const void *bytes, size_t len, nlt_error *err)
{
    sink *s = ctx;
    return nlt__outfile_write(s->file, bytes, len, err);
}

static nlt_status write_scan(sink *s, nlt_error *err)
{
    nlt_session *session = s->table->session;
    const nlt_node *node = nlt__last_node(s->table);
    int wanted[NLT_BUILDER_COLUMNS_MAX];
    for (int i = 0; i < s->table->n_columns; i++) {
        wanted[i] = i;
    }
    const nlt_scan_ordered job = {
        .wanted = wanted,
        .n_wanted = s->table->n_columns,
        .threads = s->format->is_first_row_used ? 1 : session->threads,
        .limit = node->limit,
        .format = format_rows,
        .write = write_bytes,
        .ctx = s,
    };
    NLT_TRY(flush(s, 0, err)); /* the header */
    int64_t n_rows = 0;
    nlt__run_clear_stats(s->table);
    NLT_TRY(nlt__scan_run_ordered(session->scans[node->scan], &job, &n_rows, err));
    s->n_rows = n_rows;
    return nlt__run_finish(session, err);
}

/* ---- both ---- */

static nlt_status write_all(sink *s, nlt_table *table, nlt_error *err)
{
    NLT_TRY(s->format->begin(table->columns, table->n_columns, &s->text, err));
    const nlt_node *last = nlt__last_node(table);
    bool is_direct = last->kind == NLT_NODE_SCAN
        && nlt__scan_connector(table->session->scans[last->scan])->pairing == NULL;
    NLT_TRY(is_direct ? write_scan(s, err) : nlt__run(table, sink_rows, s, err));
    NLT_TRY(s->format->end(table->columns, table->n_columns, s->n_rows, &s->text, err));
    return flush(s, 0, err);
}

/* NULL: Parquet. */
static nlt_status find_format(const char *name, const nlt_format **out, nlt_error *err)
{
    *out = nlt__format_find(name);
    if (*out != NULL || strcmp(name, PARQUET) == 0) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_ARG, "--format: unknown format \"%.100s\"", name);
    nlt_error_hint(err, "known are table, csv, ndjson, json, " PARQUET " and arrow");
    return NLT_ERR_ARG;
}

nlt_status nlt__table_write_file(nlt_table *table, const nlt_format *format, const char *path,
    nlt_outfile *file, int64_t *n_rows, nlt_error *err)
{
    if (format == NULL) {
        return nlt__parquet_write(table, path, file, n_rows, err);
    }
    sink s = {.table = table,
        .columns = table->columns,
        .format = format,
        .file = file,
        .text = NLT_BUF_INIT(TEXT_MAX)};
    nlt_status status = write_all(&s, table, err);
    nlt__buf_clear(&s.text);
    *n_rows = s.n_rows;
    return status;
}

nlt_status nlt_table_write(
    nlt_table *table, const char *format, const char *path, int64_t *n_rows, nlt_error *err)
{
    const nlt_format *found = NULL;
    nlt_outfile *file = NULL;
    nlt_outputs outputs = {.table = table};
    int64_t n = 0;
    NLT_TRY(find_format(format, &found, err));
    NLT_TRY(nlt__outfile_open_until(path, &table->session->is_cancelled, &file, err));
    nlt_status status = nlt__outputs_begin(&outputs, true, err);
    if (status == NLT_OK) {
        status = nlt__table_write_file(table, found, path, file, &n, err);
    }
    if (status == NLT_OK) {
        status = nlt__outputs_write(&outputs, err);
    }
    bool is_quiet_end = status != NLT_OK && nlt__outfile_is_broken_pipe(file);
    if (status != NLT_OK) {
        nlt__outfile_discard(file);
    } else if (outputs.n_files == 0) {
        status = nlt__outfile_commit(file, err);
    } else {
        nlt__outputs_add(&outputs, file);
        status = nlt__outputs_commit(&outputs, err);
    }
    nlt__outputs_end(&outputs);
    if (n_rows != NULL) {
        *n_rows = n;
    }
    return is_quiet_end ? NLT_OK : status;
}

/* ---- a relation of the plan beside its answer ---- */

static nlt_status put_ordered(const char *relation, const char *order,
    const nlt_column_desc *columns, int n, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < n; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%s\"%s\"", i > 0 ? ", " : "SELECT ", columns[i].name));
    }
    return nlt__buf_printf(out, err, " FROM \"%s\" ORDER BY \"%s\"", relation, order);
}

nlt_status nlt__relation_run(nlt_session *session, const char *relation, const char *order,
    const nlt_column_desc *columns, int n, nlt_rows_fn rows, void *ctx, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_ordered(relation, order, columns, n, &sql, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (status == NLT_OK) {
        status = text != NULL ? nlt__run_statement(session, text, rows, ctx, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&sql);
    return status;
}

nlt_status nlt__relation_write_file(nlt_session *session, const char *relation, const char *order,
    const nlt_column_desc *columns, int n, const nlt_format *format, nlt_outfile *file,
    nlt_error *err)
{
    sink s = {.columns = columns, .format = format, .file = file, .text = NLT_BUF_INIT(TEXT_MAX)};
    nlt_status status = format->begin(columns, n, &s.text, err);
    if (status == NLT_OK) {
        status = nlt__relation_run(session, relation, order, columns, n, sink_rows, &s, err);
    }
    if (status == NLT_OK) {
        status = format->end(columns, n, s.n_rows, &s.text, err);
    }
    if (status == NLT_OK) {
        status = flush(&s, 0, err);
    }
    nlt__buf_clear(&s.text);
    return status;
}
