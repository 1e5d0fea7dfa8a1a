/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table's rows into Parquet files, by DuckDB's writer.
 *
 * COPY writes only where the engine was allowed to write just before: the temporary file that is
 * renamed in the end. Column types are those of all other formats (integers of 64 bits, decimals of
 * 38 digits, times in UTC). */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "engine/plan_table.h"
#include "io/fs.h"
#include "netlytics/storage.h"

enum { SQL_MAX = 16 << 20, BLOCK_BYTES = 256 << 10, NAME_MAX_BYTES = 256 };

/* A column that rows are put into folders by. */
typedef struct partition {
    char name[NAME_MAX_BYTES]; /* of the folders */
    int column;                /* of the result */
    bool is_day;               /* the UTC day of that column's time; else its value */
} partition;

/* ---- the statement ---- */

nlt_status nlt__duck_put_type(nlt_dtype dtype, nlt_buf *out, nlt_error *err)
{
    static const char *const names[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = "BOOLEAN",
        [NLT_TYPE_INT64] = "BIGINT",
        [NLT_TYPE_DOUBLE] = "DOUBLE",
        [NLT_TYPE_STRING] = "VARCHAR",
        [NLT_TYPE_DATE] = "DATE",
        [NLT_TYPE_TIMESTAMP] = "TIMESTAMPTZ"};
    if (dtype.type == NLT_TYPE_DECIMAL) {
        return nlt__buf_printf(out, err, "DECIMAL(38, %d)", dtype.scale);
    }
    if (dtype.type != NLT_TYPE_LIST) {
        return nlt__buf_printf(out, err, "%s", names[dtype.type]);
    }
    NLT_TRY(nlt__duck_put_type((nlt_dtype){dtype.item, dtype.item, dtype.scale}, out, err));
    return nlt__buf_printf(out, err, "[]");
}

/* Column `i` (from 1) as the type it has in a batch. */
static nlt_status put_column(int i, const nlt_column_desc *column, nlt_buf *out, nlt_error *err)
{
    bool is_list = column->dtype.type == NLT_TYPE_LIST;
    nlt_type type = is_list ? column->dtype.item : column->dtype.type;
    if (type == NLT_TYPE_TIMESTAMP && is_list) {
        NLT_TRY(nlt__buf_printf(
            out, err, "list_transform(#%d, lambda t: make_timestamptz(epoch_us(t)))", i));
    } else if (type == NLT_TYPE_TIMESTAMP) { /* a cast would depend on the session's time zone */
        NLT_TRY(nlt__buf_printf(out, err, "make_timestamptz(epoch_us(#%d))", i));
    } else {
        NLT_TRY(nlt__buf_printf(out, err, "CAST(#%d AS ", i));
        NLT_TRY(nlt__duck_put_type(column->dtype, out, err));
        NLT_TRY(nlt__buf_printf(out, err, ")"));
    }
    NLT_TRY(nlt__buf_printf(out, err, " AS "));
    return nlt__duck_name(column->name, out, err);
}

/* The day of column `i`: a date, a time, or seconds since 1970 (NULL outside the years 1 to 9999). */
static nlt_status put_day(
    int i, const nlt_column_desc *column, const char *name, nlt_buf *out, nlt_error *err)
{
    switch (column->dtype.type) {
    case NLT_TYPE_DATE:
        NLT_TRY(nlt__buf_printf(out, err, ", #%d AS ", i));
        break;
    case NLT_TYPE_TIMESTAMP:
        NLT_TRY(nlt__buf_printf(out, err, ", CAST(make_timestamp(epoch_us(#%d)) AS DATE) AS ", i));
        break;
    case NLT_TYPE_DOUBLE:
    case NLT_TYPE_INT64:
        NLT_TRY(nlt__buf_printf(out, err,
            ", CASE WHEN #%d BETWEEN -62135596800 AND 253402300799 "
            "THEN DATE '1970-01-01' + CAST(floor(#%d / 86400.0) AS INTEGER) END AS ",
            i, i));
        break;
    case NLT_TYPE_BOOL:
    case NLT_TYPE_STRING:
    case NLT_TYPE_DECIMAL:
    case NLT_TYPE_LIST:
    case NLT_TYPE_COUNT:
    default:
        return nlt_fail(err, NLT_ERR_ARG, "--partition_by: column %s holds %s, not times",
            column->name, nlt_dtype_name(column->dtype));
    }
    return nlt__duck_name(name, out, err);
}

/* The rows of the table's last node as a SELECT. */
static nlt_status put_rows(
    const nlt_table *table, const partition *by, nlt_buf *out, nlt_error *err)
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
    if (by != NULL && by->is_day) {
        NLT_TRY(put_day(by->column + 1, &table->columns[by->column], by->name, out, err));
    }
    if (last->kind == NLT_NODE_SCAN) {
        char rows[NLT_SCAN_TEXT_MAX];
        nlt__scan_text(table->session, last->scan, rows);
        return nlt__buf_printf(out, err, " FROM %s", rows);
    }
    size_t len = strlen(last->sql);
    while (len > 0 && strchr("; \n\t\r", last->sql[len - 1]) != NULL) {
        len--;
    }
    return nlt__buf_printf(out, err, " FROM (%.*s\n)", (int)len, last->sql);
}

static nlt_status put_copy(
    const nlt_table *table, const char *path, const partition *by, nlt_buf *out, nlt_error *err)
{
    bool is_sorted = by != NULL && table->session->has_many_folders;
    NLT_TRY(nlt__buf_printf(out, err, is_sorted ? "COPY (SELECT * FROM (" : "COPY ("));
    NLT_TRY(put_rows(table, by, out, err));
    if (is_sorted) {
        NLT_TRY(nlt__buf_printf(out, err, ") ORDER BY "));
        NLT_TRY(nlt__duck_name(by->name, out, err));
    }
    NLT_TRY(nlt__buf_printf(out, err, ") TO "));
    NLT_TRY(nlt__duck_literal(path, out, err));
    NLT_TRY(nlt__buf_printf(out, err, " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"));
    if (by == NULL) {
        return nlt__buf_printf(out, err, ", USE_TMP_FILE false)");
    }
    NLT_TRY(nlt__buf_printf(out, err, ", OVERWRITE_OR_IGNORE true, PARTITION_BY ("));
    NLT_TRY(nlt__duck_name(by->name, out, err));
    return nlt__buf_printf(out, err, "))");
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

nlt_status nlt__parquet_copy(nlt_session *session, duckdb_connection con, const char *sql,
    const char *path, int64_t *n_rows, nlt_error *err)
{
    int sorting;
    nlt_status status;
    do {
        sorting = nlt__run_sorting(session);
        status = nlt__duck_run_on(session, con, sql, n_rows, err);
    } while (status == NLT_ERR_LIMIT && nlt__run_sorting(session) > sorting);
    return name_failure(status, path, err);
}

/* `place` is where the rows go to, `path` what it is called in messages. */
static nlt_status copy_rows(nlt_table *table, const char *path, const char *place,
    const partition *by, int64_t *n_rows, nlt_error *err)
{
    nlt_session *session = table->session;
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_copy(table, place, by, &sql, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (status == NLT_OK && text == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK) {
        status = nlt__run_before_last(table, err);
    }
    if (status == NLT_OK) {
        session->scan_error = (nlt_error)NLT_ERROR_INIT;
        status = nlt__parquet_copy(session, session->con, text, path, n_rows, err);
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
            status =
                n == 0 ? NLT_OK : nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
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
static nlt_status write_indirect(
    nlt_table *table, nlt_outfile *file, int64_t *n_rows, nlt_error *err)
{
    nlt_buf name = NLT_BUF_INIT(1 << 16);
    nlt_status status = nlt__buf_printf(&name, err, "%s/output", table->session->temp.path);
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
            status = copy_rows(table, path, path, NULL, n_rows, err);
        }
        if (status == NLT_OK) {
            status = send_file(path, file, err);
        }
        (void)unlink(path);
    }
    nlt__buf_clear(&name);
    return status;
}

nlt_status nlt__parquet_write(
    nlt_table *table, const char *path, nlt_outfile *file, int64_t *n_rows, nlt_error *err)
{
    const char *place = nlt__outfile_place(file);
    if (place == NULL) {
        NLT_TRY(write_indirect(table, file, n_rows, err));
    } else {
        NLT_TRY(nlt__duck_allow(table->session, place, err));
        NLT_TRY(copy_rows(table, path, place, NULL, n_rows, err));
    }
    return nlt__run_finish(table->session, err);
}

/* ---- folders of values ---- */

/* A column of the result by its name, in any case if none is written so; -1: none. */
static int find_column(const nlt_table *table, nlt_bytes name)
{
    int found = -1;
    char text[NAME_MAX_BYTES];
    if (name.len >= sizeof text) {
        return -1;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    for (int i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, text) == 0) {
            return i;
        }
        if (found < 0 && nlt__equal_ignore_case(table->columns[i].name, text)) {
            found = i;
        }
    }
    return found;
}

/* The time column of a Data Table that the plan reads, if the result has it; -1: none. */
static int find_time(const nlt_table *table)
{
    for (int i = 0; i < table->plan.n_nodes; i++) {
        const nlt_node *node = &table->plan.nodes[i];
        if (node->kind != NLT_NODE_SCAN) {
            continue;
        }
        const nlt_table_desc *desc = nlt__scan_table(table->session->scans[node->scan]);
        if (desc != NULL && desc->time_column >= 0) {
            const char *name = desc->columns[desc->time_column].name;
            int column = find_column(table, (nlt_bytes){name, strlen(name)});
            if (column >= 0) {
                return column;
            }
        }
    }
    return -1;
}

static nlt_status fail_column(const nlt_table *table, const char *name, nlt_error *err)
{
    const char *names[NLT_RESULT_COLUMNS_MAX];
    for (int i = 0; i < table->n_columns; i++) {
        names[i] = table->columns[i].name;
    }
    const char *near = nlt_closest(name, names, (size_t)table->n_columns);
    nlt_fail(err, NLT_ERR_ARG, "--partition_by: the result has no column \"%s\"", name);
    if (near != NULL) {
        nlt_error_hint(err, "did you mean %s?", near);
    }
    return NLT_ERR_ARG;
}

/* "COLUMN", "day" or "day(COLUMN)". */
static nlt_status parse_partition(
    const nlt_table *table, const char *text, partition *out, nlt_error *err)
{
    size_t len = strlen(text);
    *out = (partition){.column = find_column(table, (nlt_bytes){text, len})};
    if (out->column >= 0) {
        (void)snprintf(out->name, sizeof out->name, "%s", table->columns[out->column].name);
        return NLT_OK;
    }
    out->is_day = true;
    (void)snprintf(out->name, sizeof out->name, "day");
    if (strcmp(text, "day") == 0) {
        out->column = find_time(table);
        if (out->column >= 0) {
            return NLT_OK;
        }
        nlt_fail(err, NLT_ERR_ARG, "--partition_by day: the result has no time column");
        nlt_error_hint(err, "select it, or name another column of times: day(COLUMN)");
        return NLT_ERR_ARG;
    }
    if (strncmp(text, "day(", 4) == 0 && text[len - 1] == ')') {
        out->column = find_column(table, (nlt_bytes){text + 4, len - 5});
    }
    return out->column >= 0 ? NLT_OK : fail_column(table, text, err);
}

/* A column that alone is the result would leave files without columns. */
static nlt_status check_partition(const nlt_table *table, const partition *by, nlt_error *err)
{
    if (!by->is_day && table->n_columns == 1) {
        nlt_fail(err, NLT_ERR_ARG, "--partition_by: the result has no column but \"%s\"", by->name);
        nlt_error_hint(err, "select another column, too");
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}

static nlt_status put_report(nlt_session *session, const char *folder, nlt_error *err)
{
    nlt_buf path = NLT_BUF_INIT(1 << 16);
    char *text = NULL;
    nlt_status status = nlt__buf_printf(&path, err, "%s/_report.json", folder);
    if (status == NLT_OK) {
        status = nlt_session_report(session, &text, err);
    }
    if (status == NLT_OK) {
        const char *name = nlt__buf_cstr(&path);
        status = name != NULL ? nlt_file_write(name, text, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_text_free(text);
    nlt__buf_clear(&path);
    return status;
}

static nlt_status copy_into(nlt_table *table, const char *path, const char *place,
    const partition *by, int64_t *n_rows, nlt_error *err)
{
    nlt_buf folder = NLT_BUF_INIT(1 << 16);
    nlt_status status = nlt__buf_printf(&folder, err, "%s/", place);
    if (status == NLT_OK) {
        const char *name = nlt__buf_cstr(&folder);
        status = name != NULL ? nlt__duck_allow(table->session, name, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&folder);
    return status == NLT_OK ? copy_rows(table, path, place, by, n_rows, err) : status;
}

static bool can_read_again(const nlt_session *session)
{
    for (int i = 0; i < session->n_scans; i++) {
        if (nlt__scan_bytes(session->scans[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* How many values there are shows in the end. Where their rows are too many to gather, the files are
 * written again, from rows that are sorted by the value, in small row groups. */
static nlt_status fill_folder(nlt_table *table, const char *path, const char *place,
    const partition *by, int64_t *n_rows, nlt_error *err)
{
    nlt_session *session = table->session;
    nlt_status status = copy_into(table, path, place, by, n_rows, err);
    if (status == NLT_ERR_NOMEM && can_read_again(session)) {
        nlt__folder_remove(place);
        status = nlt__fs_for(place)->make_folder(place, err);
        session->has_many_folders = true;
        status = status == NLT_OK ? copy_into(table, path, place, by, n_rows, err) : status;
        session->has_many_folders = false;
    }
    if (status == NLT_OK) {
        status = nlt__run_finish(session, err);
    }
    return status == NLT_OK ? put_report(session, place, err) : status;
}

/* ---- folders that DuckDB cannot write to ---- */

typedef struct sending {
    const char *from, *to;
} sending;

static nlt_status send_folder(const char *from, const char *to, nlt_error *err);

static nlt_status send_whole_file(const char *from, const char *to, nlt_error *err)
{
    nlt_outfile *file = NULL;
    NLT_TRY(nlt__outfile_open(to, &file, err));
    nlt_status status = send_file(from, file, err);
    if (status != NLT_OK) {
        nlt__outfile_discard(file);
        return status;
    }
    return nlt__outfile_commit(file, err);
}

static nlt_status send_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    const sending *all = ctx;
    char *from = nlt__fs_join(all->from, name);
    char *to = nlt__fs_join(all->to, name);
    nlt_status status = from == NULL || to == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
        : info.kind == NLT_FS_DIRECTORY            ? send_folder(from, to, err)
                                                   : send_whole_file(from, to, err);
    nlt_free(from);
    nlt_free(to);
    return status;
}

/* What DuckDB has made: a folder of files for each value, and no deeper. */
static nlt_status send_folder(const char *from, const char *to, nlt_error *err)
{
    sending all = {from, to};
    NLT_TRY(nlt__fs_for(to)->make_folder(to, err));
    return nlt__fs_for(from)->list(from, send_name, &all, err);
}

/* In the temporary folder first. */
static nlt_status fill_far_folder(nlt_table *table, const char *path, const char *place,
    const partition *by, int64_t *n_rows, nlt_error *err)
{
    char *here = nlt__fs_join(table->session->temp.path, "partitions");
    if (here == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = nlt__fs_for(here)->make_folder(here, err);
    if (status == NLT_OK) {
        status = fill_folder(table, path, here, by, n_rows, err);
    }
    if (status == NLT_OK) {
        status = send_folder(here, place, err);
    }
    nlt__folder_remove(here);
    nlt_free(here);
    return status;
}

nlt_status nlt_table_write_folder(nlt_table *table, const char *path, const char *partition_by,
    bool overwrite, int64_t *n_rows, nlt_error *err)
{
    partition by;
    nlt_folder *folder = NULL;
    int64_t n = 0;
    NLT_TRY(parse_partition(table, partition_by, &by, err));
    NLT_TRY(check_partition(table, &by, err));
    nlt_folder_options options = NLT_FOLDER_OPTIONS_INIT;
    options.overwrites = overwrite;
    NLT_TRY(nlt_folder_open(path, &options, &folder, err));
    const char *place = nlt_folder_place(folder);
    nlt_status status = nlt_path_is_hdfs(place) ? fill_far_folder(table, path, place, &by, &n, err)
                                                : fill_folder(table, path, place, &by, &n, err);
    if (n_rows != NULL) {
        *n_rows = n;
    }
    if (status != NLT_OK) {
        nlt_folder_discard(folder, err);
        return status;
    }
    return nlt_folder_commit(folder, err);
}
