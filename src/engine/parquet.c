/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table's rows into Parquet files, by DuckDB's writer.
 *
 * COPY writes only where the engine was allowed to write just before: the temporary file that is
 * renamed in the end. Column types are those of all other formats (integers of 64 bits, decimals of
 * 38 digits, times in UTC). */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/engine.h"

enum { SQL_MAX = 16 << 20, BLOCK_BYTES = 256 << 10 };

/* ---- the statement ---- */

static nlt_status put_type(nlt_dtype dtype, nlt_buf *out, nlt_error *err)
{
    static const char *const names[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = "BOOLEAN",
        [NLT_TYPE_INT64] = "BIGINT", [NLT_TYPE_DOUBLE] = "DOUBLE", [NLT_TYPE_STRING] = "VARCHAR",
        [NLT_TYPE_DATE] = "DATE", [NLT_TYPE_TIMESTAMP] = "TIMESTAMPTZ"};
    if (dtype.type == NLT_TYPE_DECIMAL) {
        return nlt__buf_printf(out, err, "DECIMAL(38, %d)", dtype.scale);
    }
    if (dtype.type != NLT_TYPE_LIST) {
        return nlt__buf_printf(out, err, "%s", names[dtype.type]);
    }
    NLT_TRY(put_type((nlt_dtype){dtype.item, dtype.item, dtype.scale}, out, err));
    return nlt__buf_printf(out, err, "[]");
}

/* Column `i` (from 1) as the type it has in a batch. */
static nlt_status put_column(int i, const nlt_column_desc *column, nlt_buf *out, nlt_error *err)
{
    bool is_list = column->dtype.type == NLT_TYPE_LIST;
    nlt_type type = is_list ? column->dtype.item : column->dtype.type;
    if (type == NLT_TYPE_TIMESTAMP && is_list) {
        NLT_TRY(nlt__buf_printf(out, err,
            "list_transform(#%d, lambda t: make_timestamptz(epoch_us(t)))", i));
    } else if (type == NLT_TYPE_TIMESTAMP) { /* a cast would depend on the session's time zone */
        NLT_TRY(nlt__buf_printf(out, err, "make_timestamptz(epoch_us(#%d))", i));
    } else {
        NLT_TRY(nlt__buf_printf(out, err, "CAST(#%d AS ", i));
        NLT_TRY(put_type(column->dtype, out, err));
        NLT_TRY(nlt__buf_printf(out, err, ")"));
    }
    NLT_TRY(nlt__buf_printf(out, err, " AS "));
    return nlt__duck_name(column->name, out, err);
}

/* The rows of the table's last node as a SELECT. */
static nlt_status put_rows(const nlt_table *table, nlt_buf *out, nlt_error *err)
{
    const nlt_node *last = nlt__last_node(table);
    if (last->kind == NLT_NODE_KERNEL) {
        nlt_fail(err, NLT_ERR_ARG, "an algorithm's answer is not written as Parquet");
        nlt_error_hint(err, "write it as csv, ndjson, json or arrow");
        return NLT_ERR_ARG;
    }
    for (int i = 0; i < table->n_columns; i++) {
        NLT_TRY(nlt__buf_printf(out, err, i > 0 ? ", " : "SELECT "));
        NLT_TRY(put_column(i + 1, &table->columns[i], out, err));
    }
    if (last->kind == NLT_NODE_SCAN) {
        return nlt__buf_printf(out, err, " FROM \"%s\"", last->name);
    }
    size_t len = strlen(last->sql);
    while (len > 0 && strchr("; \n\t\r", last->sql[len - 1]) != NULL) {
        len--;
    }
    return nlt__buf_printf(out, err, " FROM (%.*s\n)", (int)len, last->sql);
}

static nlt_status put_copy(const nlt_table *table, const char *path, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "COPY ("));
    NLT_TRY(put_rows(table, out, err));
    NLT_TRY(nlt__buf_printf(out, err, ") TO "));
    NLT_TRY(nlt__duck_literal(path, out, err));
    return nlt__buf_printf(out, err,
        " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, USE_TMP_FILE false)");
}

/* ---- running it ---- */

/* "... with value 9223372036854775808 can't be cast ...": the words of chunk.c for it. */
static nlt_status name_overflow(nlt_error *err)
{
    static const char before[] = "with value ";
    const char *value = strstr(err->message, before);
    if (strstr(err->message, "INT128") == NULL || value == NULL) {
        return NLT_ERR_SQL;
    }
    nlt_error cause = *err;
    const char *start = cause.message + (value - err->message) + strlen(before);
    return nlt_fail(err, NLT_ERR_SQL, "integer overflow: %.*s needs more than 64 bits",
        (int)strcspn(start, " "), start);
}

/* What DuckDB cannot write is the output's failure, not the query's. */
static nlt_status name_failure(nlt_status status, const char *path, nlt_error *err)
{
    if (status != NLT_ERR_SQL || err == NULL) {
        return status;
    }
    if (strncmp(err->message, "IO Error", strlen("IO Error")) != 0) {
        return name_overflow(err);
    }
    nlt_error cause = *err;
    const char *why = strrchr(cause.message, ':');
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be written:%s", path,
        why != NULL ? why + 1 : cause.message);
}

static nlt_status run_copy(nlt_session *session, const char *sql, int64_t *n_rows, nlt_error *err)
{
    duckdb_result result;
    nlt_status status = NLT_OK;
    session->scan_error = (nlt_error)NLT_ERROR_INIT;
    if (duckdb_query(session->con, sql, &result) != DuckDBSuccess) {
        status = nlt__duck_failure(session, duckdb_result_error(&result), err);
    } else {
        *n_rows = (int64_t)duckdb_rows_changed(&result);
    }
    duckdb_destroy_result(&result);
    return status;
}

/* A copy that finds out that its input must be sorted is made again. */
static nlt_status copy_rows(nlt_table *table, const char *path, int64_t *n_rows, nlt_error *err)
{
    nlt_session *session = table->session;
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_copy(table, path, &sql, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (status == NLT_OK && text == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK) {
        status = nlt__relation_install(table, err);
    }
    if (status == NLT_OK) {
        int sorting;
        do {
            sorting = nlt__run_sorting(session);
            status = run_copy(session, text, n_rows, err);
        } while (status == NLT_ERR_LIMIT && nlt__run_sorting(session) > sorting);
    }
    nlt__buf_clear(&sql);
    return status;
}

/* ---- places ---- */

/* The bytes of a file, for outputs that have no name to be written by. */
static nlt_status send_file(const char *path, nlt_outfile *file, nlt_error *err)
{
    char *block = nlt_alloc(BLOCK_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    nlt_status status = block == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
        : fd < 0 ? nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno))
                 : NLT_OK;
    while (status == NLT_OK) {
        ssize_t n = read(fd, block, BLOCK_BYTES);
        if (n <= 0) {
            status = n == 0 ? NLT_OK
                            : nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
            break;
        }
        status = nlt__outfile_write(file, block, (size_t)n, err);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    nlt_free(block);
    return status;
}

static nlt_status make_empty(const char *path, nlt_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
    }
    (void)close(fd);
    return NLT_OK;
}

/* Under a name in the temporary folder first, since a Parquet file is whole only at its end. */
static nlt_status write_indirect(nlt_table *table, nlt_outfile *file, int64_t *n_rows,
    nlt_error *err)
{
    nlt_buf name = NLT_BUF_INIT(1 << 16);
    nlt_status status = nlt__buf_printf(&name, err, "%s/output", table->session->temp_dir);
    const char *path = status == NLT_OK ? nlt__buf_cstr(&name) : NULL;
    if (status == NLT_OK && path == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK) {
        status = make_empty(path, err);
    }
    if (status == NLT_OK) {
        status = nlt__duck_allow(table->session, path, err);
        if (status == NLT_OK) {
            status = name_failure(copy_rows(table, path, n_rows, err), path, err);
        }
        if (status == NLT_OK) {
            status = send_file(path, file, err);
        }
        (void)unlink(path);
    }
    nlt__buf_clear(&name);
    return status;
}

nlt_status nlt__parquet_write(nlt_table *table, const char *path, nlt_outfile *file,
    int64_t *n_rows, nlt_error *err)
{
    const char *place = nlt__outfile_place(file);
    if (place == NULL) {
        NLT_TRY(write_indirect(table, file, n_rows, err));
    } else {
        NLT_TRY(nlt__duck_allow(table->session, place, err));
        NLT_TRY(name_failure(copy_rows(table, place, n_rows, err), path, err));
    }
    return nlt__run_finish(table->session, err);
}
