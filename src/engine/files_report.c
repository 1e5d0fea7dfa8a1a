/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of the lines of files that DuckDB reads: the reports of scans, as far as it tells.
 *
 * DuckDB keeps rejected lines of a csv in tables of its own, once for every time that a line was read,
 * so lines are counted by file and number. Rows are not counted while they are read: Parquet says how
 * many it has, text is read once more, if somebody asks. */

#include "engine/files.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/time.h"

enum { SQL_MAX = 64 << 20, EXAMPLES = 5, EXCERPT_BYTES = 160 };

/* The rejected lines: file, number, reason, offset, text. Of several reasons the first column's. */
#define LINES                                                                                      \
    "WITH lines AS (SELECT s.file_path AS f, CAST(e.line AS BIGINT) AS l, arg_min(CASE "           \
    "WHEN CAST(e.error_type AS VARCHAR) = 'MISSING COLUMNS' THEN 'too_few_fields' "                \
    "WHEN regexp_matches(e.error_message, 'to ''(DATE|TIME)') THEN 'bad_time' "                    \
    "WHEN regexp_matches(e.error_message, "                                                        \
    "'to ''(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)') THEN 'bad_number' "       \
    "ELSE 'other' END, e.column_idx) AS r, CAST(min(e.line_byte_position) AS BIGINT) - 1 AS o, "   \
    "coalesce(min(e.csv_line), '') AS x FROM \"" NLT_FILES_REJECTS "\" e JOIN \"" NLT_FILES_SCANS  \
    "\" s USING (scan_id, file_id) GROUP BY s.file_path, e.line) "

/* Rows of a statement of ours, one after the other. */
typedef nlt_status (*take_row)(void *ctx, const nlt_batch *batch, int64_t row, nlt_error *err);

typedef struct row_taker {
    take_row take;
    void *ctx;
} row_taker;

static nlt_status take_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    const row_taker *taker = ctx;
    for (int64_t i = 0; i < batch->n_rows; i++) {
        NLT_TRY(taker->take(taker->ctx, batch, i, err));
    }
    return NLT_OK;
}

static nlt_status each_row(
    nlt_session *session, const char *sql, take_row take, void *ctx, nlt_error *err)
{
    row_taker taker = {take, ctx};
    return nlt__run_statement(session, sql, take_rows, &taker, err);
}

static nlt_bytes text_at(const nlt_batch *batch, int column, int64_t row)
{
    return nlt__str_bytes((const nlt_str *)batch->cols[column].data + row);
}

static int64_t number_at(const nlt_batch *batch, int column, int64_t row)
{
    return ((const int64_t *)batch->cols[column].data)[row];
}

/* The file that DuckDB calls `path`; -1: none. */
static int64_t file_of(const nlt_files *files, nlt_bytes path)
{
    for (int64_t i = 0; i < files->list.n; i++) {
        const char *own = files->paths[i];
        if (own != NULL && strlen(own) == path.len && memcmp(own, path.ptr, path.len) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- rejected lines ---- */

static nlt_status add_rejects(void *ctx, const nlt_batch *batch, int64_t row, nlt_error *err)
{
    (void)err;
    nlt_files *files = ctx;
    int64_t file = file_of(files, text_at(batch, 0, row));
    nlt_bytes reason = text_at(batch, 1, row);
    int64_t n = number_at(batch, 2, row);
    if (file >= 0) {
        files->counts[file].skipped += n;
        files->skipped += n;
    }
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        const char *name = nlt__reject_name((nlt_reject_reason)i);
        if (strlen(name) == reason.len && memcmp(name, reason.ptr, reason.len) == 0) {
            files->by_reason[i] += n;
        }
    }
    return NLT_OK;
}

static nlt_status count_rejects(nlt_session *session, nlt_files *files, nlt_error *err)
{
    char sql[2048];
    files->skipped = 0;
    memset(files->by_reason, 0, sizeof files->by_reason);
    for (int64_t i = 0; i < files->list.n; i++) {
        files->counts[i].skipped = 0;
    }
    if (files->format != NLT_FILES_CSV) {
        return NLT_OK;
    }
    (void)snprintf(sql, sizeof sql, LINES "SELECT f, r, count(*) AS n FROM lines GROUP BY f, r",
        files->index, files->index);
    nlt_status status = each_row(session, sql, add_rejects, files, err);
    return status == NLT_ERR_SQL ? NLT_OK : status; /* no such tables: it was never read */
}

/* ---- rows ---- */

static nlt_status take_count(void *ctx, const nlt_batch *batch, int64_t row, nlt_error *err)
{
    (void)err;
    nlt_files *files = ctx;
    int64_t file = file_of(files, text_at(batch, 0, row));
    if (file >= 0) {
        files->counts[file].rows = number_at(batch, 1, row);
    }
    return NLT_OK;
}

static nlt_status count_rows(nlt_session *session, nlt_files *files, nlt_error *err)
{
    nlt_status status = each_row(session, files->count_sql, take_count, files, err);
    for (int64_t i = 0; i < files->list.n && status == NLT_OK; i++) {
        files->counts[i].rows = files->counts[i].rows < 0 ? 0 : files->counts[i].rows;
    }
    return status == NLT_OK ? count_rejects(session, files, err) : status;
}

/* -1: not counted. */
static int64_t known_rows(const nlt_files *files)
{
    int64_t rows = 0;
    for (int64_t i = 0; i < files->list.n; i++) {
        if (files->counts[i].rows < 0) {
            return -1;
        }
        rows += files->counts[i].rows;
    }
    return rows;
}

nlt_status nlt__files_finish(nlt_session *session, nlt_files *files, nlt_error *err)
{
    files->is_done = true;
    NLT_TRY(count_rejects(session, files, err));
    if (files->format != NLT_FILES_PARQUET && files->skipped == 0) {
        return NLT_OK;
    }
    NLT_TRY(count_rows(session, files, err));
    for (int64_t i = 0; i < files->list.n; i++) {
        nlt_status status = nlt__judge_lines(nlt__files_shown(files, i), files->counts[i].rows,
            files->counts[i].skipped, files->max_bad_fraction, err);
        if (status != NLT_OK) {
            nlt_error_hint(err,
                "--columns 'NAME VARCHAR' says what a column holds; the types were "
                "%.500s",
                files->columns);
            return status;
        }
    }
    return NLT_OK;
}

void nlt__files_totals(const nlt_files *files, nlt_totals *out)
{
    int64_t rows = known_rows(files);
    out->files += files->list.n;
    out->skipped += files->skipped;
    if (rows < 0) {
        out->rows = -1;
    } else if (out->rows >= 0) {
        out->rows += rows;
        out->used += rows;
        out->lines += rows + files->skipped;
    }
}

/* ---- report.json ---- */

typedef struct examples {
    const nlt_files *files;
    json_t *list;
} examples;

static nlt_status add_example(void *ctx, const nlt_batch *batch, int64_t row, nlt_error *err)
{
    examples *e = ctx;
    int64_t file = file_of(e->files, text_at(batch, 0, row));
    const char *shown = file >= 0 ? nlt__files_shown(e->files, file) : "";
    nlt_bytes text = text_at(batch, 4, row);
    nlt_bytes reason = text_at(batch, 2, row);
    text.len = text.len < EXCERPT_BYTES ? text.len : EXCERPT_BYTES;
    json_t *object = json_pack("{s:o, s:I, s:o, s:I, s:o}", "file",
        nlt__report_text((nlt_bytes){shown, strlen(shown)}), "line",
        (json_int_t)number_at(batch, 1, row), "reason", nlt__report_text(reason), "offset",
        (json_int_t)number_at(batch, 3, row), "text", nlt__report_text(text));
    return json_array_append_new(e->list, object) == 0
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the report");
}

/* The first ones, in the order of the files. */
static nlt_status find_examples(
    nlt_session *session, const nlt_files *files, json_t *list, nlt_error *err)
{
    if (files->skipped == 0) {
        return NLT_OK;
    }
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    examples e = {files, list};
    nlt_status status =
        nlt__buf_printf(&sql, err, LINES "SELECT f, l, r, o, x FROM lines ORDER BY list_position(",
            files->index, files->index);
    if (status == NLT_OK) {
        status = nlt__files_put_paths(files, &sql, err);
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&sql, err, ", f), l LIMIT %d", EXAMPLES);
    }
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (text != NULL) {
        status = each_row(session, text, add_example, &e, err);
    }
    nlt__buf_clear(&sql);
    return status;
}

static json_t *json_reasons(const nlt_files *files)
{
    json_t *object = json_object();
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        if (files->by_reason[i] > 0) {
            json_object_set_new(
                object, nlt__reject_name((nlt_reject_reason)i), json_integer(files->by_reason[i]));
        }
    }
    return object;
}

static json_t *json_days(const nlt_file_list *list)
{
    json_t *days = json_array();
    for (int64_t i = 0; i < list->n_missing; i++) {
        char day[32];
        nlt__format_date(list->missing_days[i], day);
        json_array_append_new(days, json_string(day));
    }
    return days;
}

static json_t *json_report(const nlt_files *files, json_t *list)
{
    static const char *const names[NLT_FILES_FORMAT_COUNT] = {"csv", "ndjson", "parquet"};
    int64_t rows = known_rows(files);
    bool is_known = rows >= 0;
    return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:I, s:[], s:o, s:O, "
                     "s:b}",
        "name", files->name, "connector", names[files->format], "table",
        files->desc != NULL ? files->desc->name : files->name, "files", (json_int_t)files->list.n,
        "lines", is_known ? json_integer(rows + files->skipped) : json_null(), "used",
        is_known ? json_integer(rows) : json_null(), "rows",
        is_known ? json_integer(rows) : json_null(), "filtered", (json_int_t)0, "ignored",
        (json_int_t)0, "skipped", (json_int_t)files->skipped, "by_reason", json_reasons(files),
        "empty_files", (json_int_t)files->n_empty, "damaged_files", "missing_days",
        json_days(&files->list), "examples", list, "is_complete", (int)is_known);
}

nlt_status nlt__files_report(nlt_session *session, nlt_files *files, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__duck_open(session, err));
    if (known_rows(files) < 0) {
        nlt_status counted = count_rows(session, files, err);
        if (counted != NLT_OK && counted != NLT_ERR_DAMAGED) { /* behind what the run has read */
            return counted;
        }
    }
    json_t *list = json_array();
    nlt_status status = find_examples(session, files, list, err);
    json_t *report = status == NLT_OK ? json_report(files, list) : NULL;
    char *text = report != NULL ? json_dumps(report, JSON_INDENT(2)) : NULL;
    json_decref(report);
    json_decref(list);
    if (status == NLT_OK && text == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the report");
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(out, err, "%s\n", text);
    }
    free(text); /* jansson's own allocation */
    return status;
}
