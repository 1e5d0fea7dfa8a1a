/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables in files with named columns, read by DuckDB's own readers.
 *
 * A dataset becomes one SELECT over a reader that is given whole paths, types and all options, so that
 * nothing is guessed anew when it runs. What DuckDB cannot read as it lies (standard input, pipes, other
 * packings, names that its patterns would take apart) is unpacked into the private temporary folder
 * first. The engine can reach these files and nothing else.
 *
 * Lines of a csv that are no rows are kept apart by the reader. Since it looks only at the columns that
 * are asked for, a function is given all of them: which lines are rows must not depend on the query. */

#define _GNU_SOURCE

#include "engine/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/time.h"
#include "io/fs.h"
#include "io/source.h"
#include "sql/column_types.h"

enum { SQL_MAX = 64 << 20, BLOCK_BYTES = 256 << 10, LINES_LOOKED_AT = 20480 /* as DuckDB does */ };

/* A row of csv is a row whatever columns are asked for. */
#define ROW_FUNCTION "netlytics_row"

typedef struct format_row {
    const char *name;
    const char *layouts[3]; /* files of a folder; NULL: no more */
    const char *reader;
} format_row;

static const format_row formats[NLT_FILES_FORMAT_COUNT] = {
    [NLT_FILES_CSV] = {"csv", {"*.csv", "day=%Y-%m-%d/*.csv", NULL}, "read_csv"},
    [NLT_FILES_NDJSON] = {"ndjson", {"*.ndjson", "*.jsonl", "day=%Y-%m-%d/*.ndjson"},
        "read_ndjson"},
    /* rows without a time go into a folder of their own, which no range leaves out */
    [NLT_FILES_PARQUET] = {"parquet",
        {"day=%Y-%m-%d/*.parquet", "*.parquet", "day=__HIVE_DEFAULT_PARTITION__/*.parquet"},
        "read_parquet"},
};

bool nlt__files_find(const char *connector, nlt_files_format *format, const nlt_table_desc **desc)
{
    *desc = NULL;
    for (int i = 0; i < NLT_FILES_FORMAT_COUNT; i++) {
        if (nlt__equal_ignore_case(connector, formats[i].name)) {
            *format = (nlt_files_format)i;
            return true;
        }
    }
    static const char prefix[] = "parquet:";
    char head[sizeof prefix];
    (void)snprintf(head, sizeof head, "%s", connector);
    *format = NLT_FILES_PARQUET;
    *desc = nlt__equal_ignore_case(head, prefix)
        ? nlt_table_desc_find(connector + sizeof prefix - 1)
        : NULL;
    return *desc != NULL;
}

const char *nlt__files_shown(const nlt_files *files, int64_t file)
{
    const char *path = files->list.items[file].path;
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* ---- failures ---- */

/* Where DuckDB begins to advise what to change in a call that the user has not written. */
static size_t useful_length(const char *message)
{
    static const char *const ends[] = {"\nPossible", "\nPotential", "\nThe search space", "\nLINE ",
        "\n\nLINE ", "Try ", "If you are trying", "\n  file =", "\nThis type was",
        "\nThis can happen", "\nCandidate names", "\n\n"};
    size_t len = strlen(message);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *at = strstr(message, ends[i]);
        if (at != NULL && (size_t)(at - message) < len) {
            len = (size_t)(at - message);
        }
    }
    return len;
}

/* Without "... Error: " in front, in one line, files as the user calls them. */
static void put_message(const char *message, const char *path, const char *shown, nlt_buf *out)
{
    size_t len = useful_length(message);
    const char *colon = strstr(message, "Error: ");
    size_t skip = colon != NULL && (size_t)(colon - message) < 32
        ? (size_t)(colon - message) + strlen("Error: ")
        : 0;
    bool has_path = path[0] == '\0';
    nlt_status status = NLT_OK;
    const char *end = message + (len > skip ? len : skip);
    for (const char *p = message + skip; p < end && status == NLT_OK;) {
        if (path[0] != '\0' && strncmp(p, path, strlen(path)) == 0) {
            status = nlt__buf_printf(out, NULL, "%s", shown);
            p += strlen(path);
            has_path = true;
        } else if (strncmp(p, " in line ", strlen(" in line ")) == 0) { /* it may be one off */
            status = nlt__buf_printf(out, NULL, " near line ");
            p += strlen(" in line ");
        } else {
            status = nlt__buf_append(out, *p == '\n' ? " " : p, 1, NULL);
            p++;
        }
    }
    while (out->len > 0 && strchr(" .\n", out->ptr[out->len - 1]) != NULL) {
        out->len--;
    }
    if (!has_path) {
        (void)!nlt__buf_printf(out, NULL, " (%s)", shown);
    }
}

bool nlt__files_failure(const nlt_session *session, const char *message, nlt_error *err)
{
    for (int i = 0; i < session->n_files; i++) {
        const nlt_files *files = session->files[i];
        for (int64_t j = 0; files->paths != NULL && j < files->list.n; j++) {
            if (files->paths[j] == NULL || strstr(message, files->paths[j]) == NULL) {
                continue;
            }
            nlt_buf text = NLT_BUF_INIT(4096);
            put_message(message, files->paths[j], nlt__files_shown(files, j), &text);
            nlt_fail(err, NLT_ERR_DAMAGED, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
            nlt_error_hint(err,
                files->format == NLT_FILES_PARQUET
                    ? "is it a whole Parquet file, with the columns of the others?"
                    : "is it %s? --columns 'NAME VARCHAR' says what a column holds",
                files->format == NLT_FILES_CSV ? "a table with a line of names"
                                               : "one object per line");
            nlt__buf_clear(&text);
            return true;
        }
    }
    return false;
}

void nlt__files_unfit(const nlt_files *files, nlt_error *err)
{
    if (err == NULL) {
        return;
    }
    nlt_error cause = *err;
    nlt_buf text = NLT_BUF_INIT(4096);
    put_message(cause.message, "", "", &text);
    nlt_fail(err, NLT_ERR_DAMAGED, "%s: %.*s", nlt__files_shown(files, 0), (int)text.len,
        text.len > 0 ? text.ptr : "");
    nlt_error_hint(err, "is it a file of the format %s?", formats[files->format].name);
    nlt__buf_clear(&text);
}

/* ---- the files ---- */

static nlt_status list_files(nlt_files *files, const nlt_dataset_request *request, int64_t first,
    int64_t last, nlt_error *err)
{
    const format_row *format = &formats[files->format];
    int n = 0;
    while (n < 3 && format->layouts[n] != NULL) {
        n++;
    }
    nlt_file_list *list = &files->list;
    NLT_TRY(nlt__layout_direct(request->input_path, format->layouts, n, first, last, list, err));
    if (list->n > 0) {
        return NLT_OK;
    }
    nlt__file_list_clear(list);
    NLT_TRY(nlt__layout_list(request->input_path, format->layouts, n, first, last, list, err));
    if (list->n > 0) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: no %s file for any of the days", request->input_path,
        format->name);
    nlt_error_hint(err, "looked for %s", list->tried != NULL ? list->tried : request->input_path);
    return NLT_ERR_NOT_FOUND;
}

static bool ends_in(const char *path, const char *suffix)
{
    size_t len = strlen(path);
    size_t suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(path + len - suffix_len, suffix) == 0;
}

/* DuckDB knows a packing by the name, and takes names with these bytes for patterns. */
static bool is_read_as_it_is(const nlt_files *files, const char *path, nlt_codec codec)
{
    bool is_local = nlt__fs_for(path)->scheme[0] == '\0';
    if (!is_local || strpbrk(path, "*?[]{}") != NULL) {
        return false;
    }
    nlt_codec named = ends_in(path, ".gz") ? NLT_CODEC_GZIP
        : ends_in(path, ".zst")            ? NLT_CODEC_ZSTD
                                           : NLT_CODEC_PLAIN;
    return files->format == NLT_FILES_PARQUET ? codec == NLT_CODEC_PLAIN : codec == named;
}

static nlt_status write_all(int fd, const char *path, const char *bytes, size_t len, nlt_error *err)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
        }
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return NLT_OK;
}

/* To no file, if `fd` is negative. */
static nlt_status copy_bytes(nlt_source *source, int fd, const char *path, nlt_error *err)
{
    char *block = nlt_alloc(BLOCK_BYTES);
    if (block == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = NLT_OK;
    size_t n = 1;
    while (status == NLT_OK && n > 0) {
        status = nlt__source_read(source, block, BLOCK_BYTES, &n, err);
        if (status == NLT_OK && fd >= 0) {
            status = write_all(fd, path, block, n, err);
        }
    }
    nlt_free(block);
    return status;
}

/* Reads a packed file to its end: DuckDB does not notice one that was cut. */
static nlt_status check_packed(nlt_session *session, const char *path, nlt_error *err)
{
    nlt_source *source = NULL;
    NLT_TRY(nlt__source_open(path, 0, &session->is_cancelled, &source, err));
    nlt_status status = copy_bytes(source, -1, path, err);
    nlt__source_close(source);
    return status == NLT_ERR_IO ? NLT_ERR_DAMAGED : status;
}

/* A plain copy in the temporary folder. */
static nlt_status unpack(nlt_session *session, const char *path, const char *copy, nlt_error *err)
{
    nlt_source *source = NULL;
    NLT_TRY(nlt__source_open(path, 0, &session->is_cancelled, &source, err));
    int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    nlt_status status = fd >= 0 ? copy_bytes(source, fd, copy, err)
                                : nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", copy, strerror(errno));
    if (fd >= 0 && close(fd) != 0 && status == NLT_OK) {
        status = nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", copy, strerror(errno));
    }
    nlt__source_close(source);
    return status == NLT_ERR_IO ? NLT_ERR_DAMAGED : status;
}

static nlt_status copy_of(nlt_session *session, nlt_files *files, int64_t i, nlt_error *err)
{
    char copy[NLT_FS_PATH_MAX];
    int n = snprintf(copy, sizeof copy, "%s/input-%d-%lld.%s", session->temp.path, files->index,
        (long long)i, formats[files->format].name);
    if (n >= (int)sizeof copy) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "%s: the name is too long", session->temp.path);
    }
    NLT_TRY(unpack(session, files->list.items[i].path, copy, err));
    files->paths[i] = nlt_strdup(copy);
    return files->paths[i] != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* The path of a file that DuckDB reads as it lies; NULL in `files` if a copy is needed after all. */
static nlt_status take_path(
    nlt_session *session, nlt_files *files, int64_t i, nlt_codec codec, nlt_error *err)
{
    const char *path = files->list.items[i].path;
    if (codec != NLT_CODEC_PLAIN) {
        NLT_TRY(check_packed(session, path, err));
    }
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    bool is_fit = is_read_as_it_is(files, real, codec);
    files->paths[i] = is_fit ? nlt_strdup(real) : NULL;
    free(real);
    return is_fit && files->paths[i] == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
                                             : NLT_OK;
}

/* What DuckDB is to open for file `i`. */
static nlt_status find_path(nlt_session *session, nlt_files *files, int64_t i, nlt_error *err)
{
    const char *path = files->list.items[i].path;
    nlt_codec codec = NLT_CODEC_PLAIN;
    int64_t size = -1;
    nlt_status status = nlt__source_probe(path, &codec, &size, err);
    if (status != NLT_OK) {
        return status == NLT_ERR_IO ? NLT_ERR_DAMAGED : status;
    }
    files->bytes = size < 0 || files->bytes < 0 ? -1 : files->bytes + size;
    if (size < 0 && files->format == NLT_FILES_PARQUET) {
        return nlt_fail(
            err, NLT_ERR_ARG, "%s: Parquet is read from files only", nlt__files_shown(files, i));
    }
    if (size > 0 && is_read_as_it_is(files, path, codec)) {
        NLT_TRY(take_path(session, files, i, codec, err));
    }
    if (size != 0 && files->paths[i] == NULL) {
        NLT_TRY(copy_of(session, files, i, err));
        NLT_TRY(nlt__source_probe(files->paths[i], &codec, &size, err));
    }
    if (size == 0) {
        nlt_free(files->paths[i]);
        files->paths[i] = NULL;
        files->n_empty++;
        return NLT_OK;
    }
    return nlt__duck_allow(session, files->paths[i], err);
}

static nlt_status find_paths(nlt_session *session, nlt_files *files, nlt_error *err)
{
    size_t n = (size_t)files->list.n;
    files->paths = nlt_alloc_zero(n, sizeof *files->paths);
    files->counts = nlt_alloc_zero(n, sizeof *files->counts);
    if (files->paths == NULL || files->counts == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %zu files", n);
    }
    for (int64_t i = 0; i < files->list.n; i++) {
        NLT_TRY(find_path(session, files, i, err));
        files->counts[i].rows = files->paths[i] != NULL ? -1 : 0;
    }
    return NLT_OK;
}

/* ---- the reader ---- */

nlt_status nlt__files_put_paths(const nlt_files *files, nlt_buf *out, nlt_error *err)
{
    int n = 0;
    for (int64_t i = 0; i < files->list.n; i++) {
        if (files->paths[i] != NULL) {
            NLT_TRY(nlt__buf_printf(out, err, n++ > 0 ? ", " : "["));
            NLT_TRY(nlt__duck_literal(files->paths[i], out, err));
        }
    }
    return nlt__buf_append(out, "]", 1, err);
}

/* read_csv([...], ...). Rejected lines are kept if `keeps_rejects`, else only left out. */
static nlt_status put_reader(
    const nlt_files *files, bool keeps_rejects, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "%s(", formats[files->format].reader));
    NLT_TRY(nlt__files_put_paths(files, out, err));
    NLT_TRY(nlt__buf_printf(out, err, ", hive_partitioning = false"));
    if (files->format == NLT_FILES_CSV) {
        NLT_TRY(nlt__buf_printf(out, err, ", header = true, allow_quoted_nulls = false"));
        NLT_TRY(keeps_rejects ? nlt__buf_printf(out, err,
                    ", store_rejects = true, rejects_limit = 0, "
                    "rejects_table = '" NLT_FILES_REJECTS "', rejects_scan = '" NLT_FILES_SCANS "'",
                    files->index, files->index)
                              : nlt__buf_printf(out, err, ", ignore_errors = true"));
    }
    if (files->columns != NULL) {
        NLT_TRY(nlt__buf_printf(out, err,
            files->format == NLT_FILES_CSV ? ", types = %s" : ", columns = %s", files->columns));
    }
    return nlt__buf_append(out, ")", 1, err);
}

/* ---- columns ---- */

/* What the files say of their columns. */
typedef struct described {
    nlt_arena arena;
    nlt_column_type *columns;
    int n;
} described;

static char *copy_text(nlt_arena *arena, const nlt_vec *vec, int64_t row)
{
    return nlt__arena_copy(arena, nlt__str_bytes((const nlt_str *)vec->data + row));
}

static nlt_status add_described(described *d, const nlt_batch *batch, nlt_error *err)
{
    for (int64_t i = 0; i < batch->n_rows; i++) {
        if (d->n == NLT_COLUMN_TYPES_MAX) {
            return nlt_fail(err, NLT_ERR_LIMIT, "more than %d columns", NLT_COLUMN_TYPES_MAX);
        }
        nlt_column_type *column = &d->columns[d->n++];
        column->name = copy_text(&d->arena, &batch->cols[0], i);
        column->type = copy_text(&d->arena, &batch->cols[1], i);
        if (column->name == NULL || column->type == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    return NLT_OK;
}

static nlt_status run_described(
    nlt_session *session, const nlt_files *files, nlt_buf *sql, described *d, nlt_error *err)
{
    nlt_statement statement;
    const char *text = nlt__buf_cstr(sql);
    if (text == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = nlt__statement_prepare(session, text, &statement, err);
    statement.reads_no_scan = true;
    while (status == NLT_OK) {
        const nlt_batch *batch = NULL;
        status = nlt__statement_next(&statement, &batch, err);
        if (status != NLT_OK || batch == NULL) {
            break;
        }
        status = add_described(d, batch, err);
    }
    nlt__statement_clear(&statement);
    if (status == NLT_ERR_SQL) {
        nlt__files_unfit(files, err);
        status = NLT_ERR_DAMAGED;
    }
    return status;
}

/* Columns of `reader`, a piece of SQL. */
static nlt_status describe(nlt_session *session, const nlt_files *files, const nlt_buf *reader,
    described *d, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    d->n = 0;
    d->columns = nlt__arena_alloc(&d->arena, NLT_COLUMN_TYPES_MAX * sizeof *d->columns);
    nlt_status status = d->columns != NULL ? nlt__buf_printf(&sql, err,
                            "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM %.*s)",
                            (int)reader->len, reader->ptr)
                                           : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    if (status == NLT_OK) {
        status = run_described(session, files, &sql, d, err);
    }
    nlt__buf_clear(&sql);
    return status;
}

static nlt_status check_type(nlt_session *session, const nlt_column_type *column, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&sql, err, "SELECT CAST(NULL AS %s) AS x", column->type);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (text != NULL) {
        nlt_statement statement;
        status = nlt__statement_prepare(session, text, &statement, NULL);
        nlt__statement_clear(&statement);
    }
    nlt__buf_clear(&sql);
    if (status == NLT_ERR_SQL) {
        nlt_fail(err, NLT_ERR_ARG, "--columns: \"%.100s\" is no type for column \"%.100s\"",
            column->type, column->name);
        nlt_error_hint(
            err, "INT, BIGINT, DOUBLE, DECIMAL(10, 2), VARCHAR, BOOLEAN, DATE, TIMESTAMP");
        return NLT_ERR_ARG;
    }
    return status;
}

static nlt_column_type *find_column(const described *d, const char *name)
{
    for (int i = 0; i < d->n; i++) {
        if (nlt__equal_ignore_case(d->columns[i].name, name)) {
            return &d->columns[i];
        }
    }
    return NULL;
}

/* A column that the files do not show: of ndjson it may come behind the lines that were looked at. */
static nlt_status add_unseen(const nlt_files *files, const nlt_column_type *given, described *d,
    nlt_strings *warnings, nlt_error *err)
{
    if (files->format == NLT_FILES_NDJSON && d->n < NLT_COLUMN_TYPES_MAX) {
        d->columns[d->n++] = *given;
        return nlt__strings_add(warnings, err,
            "--columns: \"%s\" is in none of the lines that were looked at first", given->name);
    }
    const char *names[NLT_COLUMN_TYPES_MAX];
    for (int i = 0; i < d->n; i++) {
        names[i] = d->columns[i].name;
    }
    nlt_fail(err, NLT_ERR_ARG, "--columns: %s has no column \"%.100s\"", nlt__files_shown(files, 0),
        given->name);
    const char *near = nlt_closest(given->name, names, (size_t)d->n);
    nlt_error_hint(err, near != NULL ? "did you mean \"%s\"?" : "its first column is \"%s\"",
        near != NULL   ? near
            : d->n > 0 ? names[0]
                       : "");
    return NLT_ERR_ARG;
}

/* Whether the lines that are looked at first have the column in a narrower type. */
static bool holds_narrow(
    nlt_session *session, const nlt_buf *reader, const nlt_column_type *column, const char *type)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_statement statement = {0};
    const nlt_batch *batch = NULL;
    bool holds =
        nlt__buf_printf(&sql, NULL, "SELECT count(CAST(x AS %s)) FROM (SELECT ", type) == NLT_OK
        && nlt__duck_name(column->name, &sql, NULL) == NLT_OK
        && nlt__buf_printf(&sql, NULL, " AS x FROM %.*s LIMIT %d)", (int)reader->len, reader->ptr,
               LINES_LOOKED_AT)
            == NLT_OK
        && nlt__buf_cstr(&sql) != NULL
        && nlt__statement_prepare(session, sql.ptr, &statement, NULL) == NLT_OK;
    if (holds) {
        statement.reads_no_scan = true;
        holds = nlt__statement_next(&statement, &batch, NULL) == NLT_OK;
    }
    nlt__statement_clear(&statement);
    nlt__buf_clear(&sql);
    return holds;
}

/* DuckDB infers HUGEINT of integers of both signs, and of large ones. */
static nlt_status narrow_types(nlt_session *session, const nlt_files *files, const nlt_buf *reader,
    described *d, nlt_error *err)
{
    for (int i = 0; i < d->n && files->format == NLT_FILES_NDJSON; i++) {
        const char *type = NULL;
        NLT_TRY(nlt__files_narrow_type(d->columns[i].type, &d->arena, &type, err));
        if (type != NULL && holds_narrow(session, reader, &d->columns[i], type)) {
            d->columns[i].type = type;
        }
    }
    return NLT_OK;
}

/* Types that the user gave, over those that were inferred. */
static nlt_status take_types(nlt_session *session, const nlt_files *files, const char *text,
    described *d, nlt_strings *warnings, nlt_error *err)
{
    nlt_column_type *given = NULL;
    int n = 0;
    if (text == NULL) {
        return NLT_OK;
    }
    NLT_TRY(nlt__column_types_parse(text, &d->arena, &given, &n, err));
    for (int i = 0; i < n; i++) {
        NLT_TRY(check_type(session, &given[i], err));
        nlt_column_type *column = find_column(d, given[i].name);
        if (column != NULL) {
            column->type = given[i].type;
        } else {
            NLT_TRY(add_unseen(files, &given[i], d, warnings, err));
        }
    }
    return NLT_OK;
}

static nlt_status keep_buf(nlt_buf *buf, char **out, nlt_error *err)
{
    *out = nlt__buf_cstr(buf) != NULL ? nlt_strdup(buf->ptr) : NULL;
    nlt__buf_clear(buf);
    return *out != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_status put_types(const described *d, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < d->n; i++) {
        NLT_TRY(nlt__buf_printf(out, err, i > 0 ? ", " : "{"));
        NLT_TRY(nlt__duck_literal(d->columns[i].name, out, err));
        NLT_TRY(nlt__buf_printf(out, err, ": "));
        NLT_TRY(nlt__duck_literal(d->columns[i].type, out, err));
    }
    return nlt__buf_append(out, "}", 1, err);
}

/* ---- the columns of the statement ---- */

/* "SELECT *", with what stands for columns in the dialect of the session. */
static nlt_status put_all_columns(
    const nlt_session *session, described *d, nlt_buf *out, nlt_error *err)
{
    int n = 0;
    NLT_TRY(nlt__buf_printf(out, err, "SELECT *"));
    for (int i = 0; i < d->n && session->dialect == NLT_DIALECT_SPARK; i++) {
        const char *type = NULL;
        NLT_TRY(nlt__files_spark_type(d->columns[i].type, &d->arena, &type, err));
        if (type == NULL) {
            continue;
        }
        NLT_TRY(nlt__buf_printf(out, err, "%sCAST(", n > 0 ? ", " : " REPLACE ("));
        NLT_TRY(nlt__duck_name(d->columns[i].name, out, err));
        NLT_TRY(nlt__buf_printf(out, err, " AS %s) AS ", type));
        NLT_TRY(nlt__duck_name(d->columns[i].name, out, err));
        n++;
    }
    return n > 0 ? nlt__buf_append(out, ")", 1, err) : NLT_OK;
}

/* ---- text: the statement ---- */

static nlt_status put_row_check(
    const nlt_files *files, const described *d, nlt_buf *out, nlt_error *err)
{
    if (files->format != NLT_FILES_CSV) {
        return NLT_OK;
    }
    for (int i = 0; i < d->n; i++) {
        NLT_TRY(nlt__buf_printf(out, err, i > 0 ? ", " : " WHERE " ROW_FUNCTION "("));
        NLT_TRY(nlt__duck_name(d->columns[i].name, out, err));
    }
    return nlt__buf_append(out, ")", 1, err);
}

static nlt_status put_text_select(const nlt_session *session, const nlt_files *files, described *d,
    bool counts, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(counts ? nlt__buf_printf(out, err, "SELECT filename AS f, count(*) AS n")
                   : put_all_columns(session, d, out, err));
    NLT_TRY(nlt__buf_printf(out, err, " FROM "));
    NLT_TRY(put_reader(files, true, out, err));
    NLT_TRY(put_row_check(files, d, out, err));
    return counts ? nlt__buf_printf(out, err, " GROUP BY f") : NLT_OK;
}

static nlt_status text_sql(
    const nlt_session *session, nlt_files *files, described *d, nlt_error *err)
{
    nlt_buf types = NLT_BUF_INIT(SQL_MAX);
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_buf count = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_types(d, &types, err);
    if (status == NLT_OK) {
        status = keep_buf(&types, &files->columns, err);
    }
    if (status == NLT_OK) {
        status = put_text_select(session, files, d, false, &sql, err);
    }
    if (status == NLT_OK) {
        status = put_text_select(session, files, d, true, &count, err);
    }
    if (status == NLT_OK) {
        status = keep_buf(&sql, &files->sql, err);
    }
    if (status == NLT_OK) {
        status = keep_buf(&count, &files->count_sql, err);
    }
    nlt__buf_clear(&types);
    nlt__buf_clear(&sql);
    nlt__buf_clear(&count);
    return status;
}

static nlt_status fail_empty(const nlt_files *files, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_DAMAGED, "%s is empty%s: its columns are not known",
        nlt__files_shown(files, 0), files->list.n > 1 ? ", and so are all other files" : "");
    nlt_error_hint(err,
        files->format == NLT_FILES_CSV          ? "a csv begins with a line of names"
            : files->format == NLT_FILES_NDJSON ? "ndjson has one object per line"
                                                : "no writer of Parquet leaves it so");
    return NLT_ERR_DAMAGED;
}

static bool has_names(const described *d)
{
    for (int i = 0; i < d->n; i++) {
        if (d->columns[i].name[0] == '\0') {
            return false;
        }
    }
    return true;
}

static bool has_objects(const nlt_files *files, const described *d)
{
    return files->format != NLT_FILES_NDJSON || d->n != 1 || strcmp(d->columns[0].name, "json") != 0
        || strncmp(d->columns[0].type, "STRUCT", strlen("STRUCT")) == 0
        || strcmp(d->columns[0].type, "JSON") != 0;
}

static nlt_status learn_text(nlt_session *session, nlt_files *files,
    const nlt_dataset_request *request, nlt_strings *warnings, described *d, nlt_error *err)
{
    nlt_buf reader = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_reader(files, false, &reader, err);
    if (status == NLT_OK) {
        status = describe(session, files, &reader, d, err);
    }
    if (status == NLT_OK) {
        status = narrow_types(session, files, &reader, d, err);
    }
    nlt__buf_clear(&reader);
    NLT_TRY(status);
    if (!has_objects(files, d) || !has_names(d)) {
        bool is_csv = files->format == NLT_FILES_CSV;
        nlt_fail(err, NLT_ERR_DAMAGED, "%s: %s", nlt__files_shown(files, 0),
            is_csv ? "a name in its first line is empty" : "its lines are no objects with names");
        nlt_error_hint(
            err, is_csv ? "a csv begins with a line of names" : "ndjson has one object per line");
        return NLT_ERR_DAMAGED;
    }
    NLT_TRY(take_types(session, files, request->columns, d, warnings, err));
    return text_sql(session, files, d, err);
}

/* ---- parquet: the statement ---- */

static nlt_status fail_columns(
    const nlt_files *files, int64_t file, const char *column, const char *what, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_DAMAGED, "%s: column \"%.100s\" %s", nlt__files_shown(files, file),
        column, what);
    nlt_error_hint(err, "-c parquet reads any columns; those of %s: netlytics schema %s",
        files->desc->name, files->desc->name);
    return NLT_ERR_DAMAGED;
}

/* The file's columns must be the table's, in any order. */
static nlt_status check_columns(
    const nlt_files *files, int64_t file, const described *d, nlt_error *err)
{
    const nlt_table_desc *desc = files->desc;
    for (int i = 0; i < desc->n_columns; i++) {
        nlt_buf type = NLT_BUF_INIT(256);
        const nlt_column_type *column = find_column(d, desc->columns[i].name);
        if (column == NULL) {
            return fail_columns(files, file, desc->columns[i].name, "is missing", err);
        }
        NLT_TRY(nlt__duck_put_type(desc->columns[i].dtype, &type, err));
        const char *wanted = nlt__buf_cstr(&type);
        char what[200] = "";
        if (wanted == NULL || strcmp(column->type, wanted) != 0) {
            (void)snprintf(what, sizeof what, "has the type %.64s, not %.64s", column->type,
                wanted != NULL ? wanted : "");
        }
        nlt__buf_clear(&type);
        if (what[0] != '\0') {
            return fail_columns(files, file, column->name, what, err);
        }
    }
    for (int i = 0; i < d->n; i++) {
        bool is_known = false;
        for (int j = 0; j < desc->n_columns; j++) {
            is_known |= nlt__equal_ignore_case(d->columns[i].name, desc->columns[j].name);
        }
        if (!is_known) {
            return fail_columns(files, file, d->columns[i].name, "is none of the table", err);
        }
    }
    return NLT_OK;
}

static nlt_status check_file(
    nlt_session *session, const nlt_files *files, int64_t file, nlt_error *err)
{
    described d = {.arena = NLT_ARENA_INIT};
    nlt_buf reader = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&reader, err, "read_parquet(");
    if (status == NLT_OK) {
        status = nlt__duck_literal(files->paths[file], &reader, err);
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&reader, err, ", hive_partitioning = false)");
    }
    if (status == NLT_OK) {
        status = describe(session, files, &reader, &d, err);
    }
    if (status == NLT_OK) {
        status = check_columns(files, file, &d, err);
    }
    nlt__buf_clear(&reader);
    nlt__arena_clear(&d.arena);
    return status;
}

/* Rows of the days asked for, if the table has a time. */
static nlt_status put_days(
    const nlt_files *files, int64_t first, int64_t last, nlt_buf *out, nlt_error *err)
{
    const long long day_s = 86400;
    const char *time = files->desc->columns[files->desc->time_column].name;
    NLT_TRY(nlt__buf_printf(out, err, " WHERE \"%s\" IS NOT NULL", time));
    if (first != NLT_DAY_OPEN) {
        NLT_TRY(nlt__buf_printf(out, err, " AND \"%s\" >= %lld", time, (long long)first * day_s));
    }
    if (last != NLT_DAY_OPEN) {
        NLT_TRY(
            nlt__buf_printf(out, err, " AND \"%s\" < %lld", time, ((long long)last + 1) * day_s));
    }
    return NLT_OK;
}

static nlt_status put_table_columns(const nlt_table_desc *desc, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < desc->n_columns; i++) {
        NLT_TRY(
            nlt__buf_printf(out, err, "%s\"%s\"", i > 0 ? ", " : "SELECT ", desc->columns[i].name));
    }
    return NLT_OK;
}

/* All columns of files that need not be one of our tables. */
static nlt_status put_any_columns(
    nlt_session *session, const nlt_files *files, nlt_buf *out, nlt_error *err)
{
    described d = {.arena = NLT_ARENA_INIT};
    nlt_buf reader = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_reader(files, false, &reader, err);
    if (status == NLT_OK) {
        status = describe(session, files, &reader, &d, err);
    }
    if (status == NLT_OK) {
        status = put_all_columns(session, &d, out, err);
    }
    nlt__buf_clear(&reader);
    nlt__arena_clear(&d.arena);
    return status;
}

static nlt_status put_parquet_select(nlt_session *session, const nlt_files *files, bool filters,
    int64_t first, int64_t last, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(files->desc != NULL ? put_table_columns(files->desc, out, err)
                                : put_any_columns(session, files, out, err));
    NLT_TRY(nlt__buf_printf(out, err, " FROM "));
    NLT_TRY(put_reader(files, false, out, err));
    bool has_time = files->desc != NULL && files->desc->time_column >= 0;
    return filters && has_time ? put_days(files, first, last, out, err) : NLT_OK;
}

static nlt_status put_parquet_count(const nlt_files *files, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err,
        "SELECT file_name AS f, CAST(num_rows AS BIGINT) AS n FROM parquet_file_metadata("));
    NLT_TRY(nlt__files_put_paths(files, out, err));
    return nlt__buf_append(out, ")", 1, err);
}

static nlt_status learn_parquet(nlt_session *session, nlt_files *files,
    const nlt_dataset_request *request, int64_t first, int64_t last, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_buf count = NLT_BUF_INIT(SQL_MAX);
    for (int64_t i = 0; files->desc != NULL && i < files->list.n; i++) {
        if (files->paths[i] != NULL) {
            NLT_TRY(check_file(session, files, i, err));
        }
    }
    nlt_status status =
        put_parquet_select(session, files, request->filter_rows, first, last, &sql, err);
    if (status == NLT_OK) {
        status = put_parquet_count(files, &count, err);
    }
    if (status == NLT_OK) {
        status = keep_buf(&sql, &files->sql, err);
    }
    if (status == NLT_OK) {
        status = keep_buf(&count, &files->count_sql, err);
    }
    nlt__buf_clear(&sql);
    nlt__buf_clear(&count);
    return status;
}

/* ---- opening ---- */

static bool has_days(const nlt_file_list *list)
{
    return list->items[list->n - 1].day != NLT_DAY_OPEN; /* open ones come first */
}

static nlt_status fill(nlt_session *session, nlt_files *files, const nlt_dataset_request *request,
    nlt_strings *warnings, nlt_error *err)
{
    int64_t first = 0;
    int64_t last = 0;
    NLT_TRY(nlt__request_check(request, &first, &last, err));
    files->name = nlt_strdup(request->name != NULL ? request->name : NLT_TABLE_NAME);
    if (files->name == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (request->columns != NULL && files->format == NLT_FILES_PARQUET) {
        return nlt_fail(err, NLT_ERR_ARG, "--columns: Parquet files say their types themselves");
    }
    files->max_bad_fraction = request->max_bad_fraction;
    NLT_TRY(list_files(files, request, first, last, err));
    if (has_days(&files->list)) {
        NLT_TRY(nlt__tell_missing_days(&files->list, "", request->strict_days, warnings, err));
    } else {
        files->list.n_missing = 0;
    }
    NLT_TRY(nlt__tell_shadowed(&files->list, warnings, err));
    NLT_TRY(find_paths(session, files, err));
    if (files->n_empty == files->list.n) {
        return fail_empty(files, err);
    }
    NLT_TRY(nlt__duck_open(session, err));
    if (files->format == NLT_FILES_PARQUET) {
        return learn_parquet(session, files, request, first, last, err);
    }
    described d = {.arena = NLT_ARENA_INIT};
    nlt_status status = learn_text(session, files, request, warnings, &d, err);
    nlt__arena_clear(&d.arena);
    return status;
}

nlt_status nlt__files_open(nlt_session *session, const nlt_dataset_request *request,
    nlt_strings *warnings, nlt_files **out, nlt_error *err)
{
    *out = NULL;
    nlt_files *files = nlt_alloc_zero(1, sizeof *files);
    if (files == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    files->index = session->n_files;
    session->files[session->n_files++] = files; /* so that failures know the files */
    nlt_status status = nlt__files_find(request->connector, &files->format, &files->desc)
        ? fill(session, files, request, warnings, err)
        : nlt_fail(err, NLT_ERR_INTERNAL, "no format of files: %s", request->connector);
    if (status != NLT_OK) {
        session->n_files--;
        nlt__files_close(files);
        return status;
    }
    *out = files;
    return NLT_OK;
}

void nlt__files_close(nlt_files *files)
{
    if (files == NULL) {
        return;
    }
    for (int64_t i = 0; files->paths != NULL && i < files->list.n; i++) {
        nlt_free(files->paths[i]);
    }
    nlt_free(files->paths);
    nlt_free(files->counts);
    nlt__file_list_clear(&files->list);
    nlt_free(files->name);
    nlt_free(files->columns);
    nlt_free(files->sql);
    nlt_free(files->count_sql);
    nlt_free(files);
}

/* ---- the function of rows ---- */

static void take_row(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    (void)info;
    memset(duckdb_vector_get_data(output), 1, (size_t)duckdb_data_chunk_get_size(input));
}

nlt_status nlt__files_register(nlt_session *session, nlt_error *err)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type boolean = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_name(function, ROW_FUNCTION);
    duckdb_scalar_function_set_varargs(function, any);
    duckdb_scalar_function_set_return_type(function, boolean);
    duckdb_scalar_function_set_special_handling(function); /* a NULL is a value */
    duckdb_scalar_function_set_volatile(function);         /* no call is left out */
    duckdb_scalar_function_set_function(function, take_row);
    duckdb_state state = duckdb_register_scalar_function(session->con, function);
    duckdb_destroy_logical_type(&any);
    duckdb_destroy_logical_type(&boolean);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL, "the engine takes no function " ROW_FUNCTION);
}
