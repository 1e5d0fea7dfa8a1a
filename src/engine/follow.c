/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --follow: a query over logs that are still being written.
 *
 * Each poll parses the bytes that were added since the last one, up to the last newline, and appends
 * their rows to a table of the engine; only the columns that the query reads are kept, within the
 * session's memory, then in its temporary folder. The query runs over that table.
 *
 * A file is known by device and inode and read through a descriptor that stays open, so a log that was
 * renamed is read to its end beside its successor. A file that became shorter, or begins otherwise
 * than before, was truncated and is read from its beginning. A new file that has what was read of another one
 * is its copy (copytruncate), which is read from where that one was left. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "engine/engine.h"
#include "engine/files.h"
#include "io/layout.h"
#include "io/source.h"
#include "scan/range.h"

enum {
    HEAD_BYTES = 4 << 10,
    TAIL_BYTES = 256,
    BACK_BYTES = 64 << 10,
    OPEN_MAX_FILES = 64,
    IDLE_MAX = 5,
    SQL_MAX = 1 << 20
};

#define ROWS "\"netlytics followed rows\""

/* A file that was seen. */
typedef struct followed {
    char *path; /* owned */
    int fd;     /* -1: closed until it is listed again */
    dev_t device;
    ino_t inode;
    int64_t day;
    int64_t offset; /* all lines before it are rows */
    int64_t head_len, tail_len;
    uint64_t head, tail; /* hashes of the first bytes and of those before `offset` */
    nlt_buf headers;     /* header lines so far */
    bool is_packed;      /* read once, at the beginning */
    bool is_listed, has_grown;
    int n_idle;
} followed;

struct nlt_follow {
    nlt_session *session;
    nlt_dataset_request request; /* texts owned */
    nlt_table *input, *answer;   /* owned */
    const nlt_connector *connector;
    int64_t first_day, last_day;
    int base; /* scan of the dataset as it was asked for */
    int slot; /* scan of the range that is being read; -1: none was yet */
    bool is_wanted[NLT_BUILDER_COLUMNS_MAX];
    followed *files; /* owned */
    int64_t n_files, cap_files;
    bool has_begun;
    nlt_totals totals;
};

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* ---- the table ---- */

static void want_name(nlt_follow *follow, const char *name)
{
    const nlt_table_desc *table = follow->connector->table;
    for (int i = 0; i < table->n_columns; i++) {
        follow->is_wanted[i] |= strcmp(table->columns[i].name, name) == 0;
    }
}

/* Marks what the scans of an explained plan read; false: one does not tell. */
static bool want_projections(nlt_follow *follow, const json_t *node)
{
    bool is_ok = true;
    const char *name = json_string_value(json_object_get(node, "name"));
    const json_t *extra = json_object_get(node, "extra_info");
    if (name != NULL && strstr(name, "NETLYTICS_SCAN") != NULL) {
        const json_t *columns = json_object_get(extra, "Projections");
        is_ok = json_is_string(columns) || json_is_array(columns);
        if (json_is_string(columns)) {
            want_name(follow, json_string_value(columns));
        }
        for (size_t i = 0; i < json_array_size(columns); i++) {
            want_name(follow, json_string_value(json_array_get(columns, i)));
        }
    }
    const json_t *children = json_object_get(node, "children");
    for (size_t i = 0; i < json_array_size(children); i++) {
        is_ok = want_projections(follow, json_array_get(children, i)) && is_ok;
    }
    return is_ok;
}

static bool want_explained(nlt_follow *follow, const char *text)
{
    json_t *plan = json_loads(text, 0, NULL);
    bool is_ok = json_array_size(plan) > 0;
    for (size_t i = 0; i < json_array_size(plan); i++) {
        is_ok = want_projections(follow, json_array_get(plan, i)) && is_ok;
    }
    json_decref(plan);
    return is_ok;
}

/* The second column of EXPLAIN's only row. NULL: it is none. Owned: duckdb_free. */
static char *explain(nlt_session *session, const char *sql)
{
    duckdb_result result;
    char *text = NULL;
    if (duckdb_query(session->con, sql, &result) == DuckDBSuccess
        && duckdb_column_count(&result) == 2) {
        text = duckdb_value_varchar(&result, 1, 0);
    }
    duckdb_destroy_result(&result);
    return text;
}

/* Columns that the query reads; all, where the engine does not tell. */
static nlt_status learn_wanted(nlt_follow *follow, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX + 64);
    NLT_TRY(nlt__run_before_last(follow->answer, err));
    nlt_status status =
        nlt__buf_printf(&sql, err, "EXPLAIN (FORMAT json) %s", nlt__last_node(follow->answer)->sql);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (text != NULL) {
        char *plan = explain(follow->session, text);
        bool is_told = plan != NULL && want_explained(follow, plan);
        for (int i = 0; !is_told && i < follow->connector->table->n_columns; i++) {
            follow->is_wanted[i] = true;
        }
        duckdb_free(plan);
    }
    nlt__buf_clear(&sql);
    return status;
}

/* "a", "b": the wanted columns; the row key if there are none. */
static nlt_status put_wanted(const nlt_follow *follow, nlt_buf *sql, nlt_error *err)
{
    const nlt_table_desc *table = follow->connector->table;
    int n = 0;
    for (int i = 0; i < table->n_columns; i++) {
        if (follow->is_wanted[i]) {
            NLT_TRY(nlt__buf_append(sql, ", ", n++ > 0 ? 2 : 0, err));
            NLT_TRY(nlt__duck_name(table->columns[i].name, sql, err));
        }
    }
    return n > 0 ? NLT_OK : nlt__duck_name(NLT_ROW_KEY_COLUMN, sql, err);
}

static nlt_status put_view(const nlt_follow *follow, nlt_buf *sql, nlt_error *err)
{
    const nlt_table_desc *table = follow->connector->table;
    char name[NLT_SCAN_TEXT_MAX];
    nlt__scan_text(follow->session, follow->base, name);
    NLT_TRY(nlt__buf_printf(sql, err, "CREATE VIEW %s AS SELECT ", name));
    for (int i = 0; i < table->n_columns; i++) {
        if (!follow->is_wanted[i]) {
            NLT_TRY(nlt__buf_printf(sql, err, "CAST(NULL AS "));
            NLT_TRY(nlt__duck_put_type(table->columns[i].dtype, sql, err));
            NLT_TRY(nlt__buf_printf(sql, err, ") AS "));
        }
        NLT_TRY(nlt__duck_name(table->columns[i].name, sql, err));
        NLT_TRY(nlt__buf_printf(sql, err, ", "));
    }
    return nlt__buf_printf(
        sql, err, "CAST(NULL AS BIGINT) AS \"" NLT_ROW_KEY_COLUMN "\" FROM " ROWS);
}

static nlt_status run_text(nlt_session *session, nlt_buf *sql, nlt_status status, nlt_error *err)
{
    const char *text = status == NLT_OK ? nlt__buf_cstr(sql) : NULL;
    if (status == NLT_OK) {
        status = text != NULL ? nlt__duck_run(session, text, err) : no_memory(err);
    }
    nlt__buf_clear(sql);
    return status;
}

/* An empty table with the types of the scan, and what the query sees of it. */
static nlt_status make_table(nlt_follow *follow, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&sql, err, "CREATE TABLE " ROWS " AS SELECT ");
    if (status == NLT_OK) {
        status = put_wanted(follow, &sql, err);
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&sql, err, " FROM netlytics_scan(%d) LIMIT 0", follow->base);
    }
    NLT_TRY(run_text(follow->session, &sql, status, err));
    follow->session->is_followed[follow->base] = true;
    nlt_buf view = NLT_BUF_INIT(SQL_MAX);
    status = put_view(follow, &view, err);
    return run_text(follow->session, &view, status, err);
}

static nlt_status add_rows(nlt_follow *follow, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__buf_printf(&sql, err, "INSERT INTO " ROWS " SELECT ");
    if (status == NLT_OK) {
        status = put_wanted(follow, &sql, err);
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&sql, err, " FROM netlytics_scan(%d)", follow->slot);
    }
    follow->session->scan_error = (nlt_error)NLT_ERROR_INIT;
    return run_text(follow->session, &sql, status, err);
}

/* ---- ranges ---- */

/* The scan that was read before is let go only when nobody can look at it any more. */
static nlt_status take_scan(nlt_follow *follow, nlt_scan *scan, nlt_error *err)
{
    nlt_session *session = follow->session;
    if (follow->slot < 0) {
        if (session->n_scans == NLT_SESSION_SCANS_MAX) {
            nlt__scan_close(scan);
            return nlt_fail(
                err, NLT_ERR_LIMIT, "more than %d datasets in a session", NLT_SESSION_SCANS_MAX);
        }
        follow->slot = session->n_scans;
        session->scans[follow->slot] = scan;
        atomic_fetch_add(&session->n_scans, 1);
        return NLT_OK;
    }
    nlt_scan *before = session->scans[follow->slot];
    session->scans[follow->slot] = scan;
    nlt__scan_close(before);
    return NLT_OK;
}

static void add_totals(nlt_follow *follow, const nlt_scan *scan)
{
    nlt_scan_totals totals;
    nlt__scan_totals(scan, &totals);
    follow->totals.lines += totals.lines;
    follow->totals.used += totals.used;
    follow->totals.rows += totals.rows;
    follow->totals.ignored += totals.ignored;
    follow->totals.skipped += totals.skipped;
}

static nlt_status read_range(nlt_follow *follow, followed *file, int64_t end, nlt_error *err)
{
    char place[64];
    (void)snprintf(place, sizeof place, "/proc/self/fd/%d", file->fd);
    const nlt_scan_range range = {.path = file->path,
        .place = place,
        .day = file->day,
        .begin = file->offset,
        .end = end,
        .is_whole = file->is_packed,
        .headers = {file->headers.ptr, file->headers.len}};
    nlt_scan *scan = NULL;
    NLT_TRY(nlt__scan_open_range(&follow->request, &range, follow->session->threads, &scan, err));
    NLT_TRY(take_scan(follow, scan, err));
    if (atomic_load(&follow->session->is_cancelled)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
    }
    NLT_TRY(add_rows(follow, err));
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = nlt__scan_finish(scan, &warnings, err);
    nlt__warn_all(follow->session, &warnings);
    add_totals(follow, scan);
    if (status == NLT_OK) {
        status = nlt__scan_range_headers(scan, &file->headers, err);
    }
    nlt__scan_forget(scan);
    file->offset = end;
    return status;
}

/* ---- files ---- */

static bool hash_at(int fd, int64_t offset, int64_t len, uint64_t *hash)
{
    char bytes[HEAD_BYTES];
    ssize_t n = len <= HEAD_BYTES ? pread(fd, bytes, (size_t)len, offset) : -1;
    *hash = n == len ? nlt__hash((nlt_bytes){bytes, (size_t)n}, 0) : 0;
    return n == len;
}

/* Behind the last newline in [from, size); `from` if there is none. */
static int64_t last_line_end(int fd, int64_t from, int64_t size, char *block)
{
    int64_t at = size;
    while (at > from) {
        int64_t start = at - BACK_BYTES > from ? at - BACK_BYTES : from;
        ssize_t n = pread(fd, block, (size_t)(at - start), start);
        if (n < at - start) {
            return from; /* it became shorter just now */
        }
        const char *newline = memrchr(block, '\n', (size_t)n);
        if (newline != NULL) {
            return start + (newline - block) + 1;
        }
        at = start;
    }
    return from;
}

static void remember(followed *file, int64_t size)
{
    file->head_len = size < HEAD_BYTES ? size : HEAD_BYTES;
    file->tail_len = file->offset < TAIL_BYTES ? file->offset : TAIL_BYTES;
    if (!hash_at(file->fd, 0, file->head_len, &file->head)) {
        file->head_len = 0;
    }
    if (!hash_at(file->fd, file->offset - file->tail_len, file->tail_len, &file->tail)) {
        file->tail_len = 0;
    }
}

static bool begins_as(int fd, const followed *file)
{
    uint64_t head = 0;
    return file->head_len == 0 || (hash_at(fd, 0, file->head_len, &head) && head == file->head);
}

/* Has `file` what was read of `other`? */
static bool is_copy(const followed *file, const followed *other)
{
    uint64_t tail = 0;
    return other->tail_len > 0 && other->head_len > 0 && begins_as(file->fd, other)
        && hash_at(file->fd, other->offset - other->tail_len, other->tail_len, &tail)
        && tail == other->tail;
}

static nlt_status start_file(nlt_follow *follow, followed *file, nlt_error *err)
{
    nlt_codec codec = NLT_CODEC_PLAIN;
    int64_t size = 0;
    char place[64];
    (void)snprintf(place, sizeof place, "/proc/self/fd/%d", file->fd);
    if (nlt__source_probe(place, &codec, &size, NULL) == NLT_OK && codec != NLT_CODEC_PLAIN) {
        file->is_packed = true;
        return NLT_OK;
    }
    for (int64_t i = 0; i < follow->n_files; i++) {
        const followed *other = &follow->files[i];
        if (other != file && !other->is_packed && is_copy(file, other)) {
            file->offset = other->offset;
            return nlt__buf_append(&file->headers, other->headers.ptr, other->headers.len, err);
        }
    }
    return NLT_OK;
}

static nlt_status add_file(
    nlt_follow *follow, const nlt_file *entry, int fd, const struct stat *info, nlt_error *err)
{
    if (follow->n_files == follow->cap_files) {
        int64_t cap = follow->cap_files == 0 ? 16 : follow->cap_files * 2;
        followed *files = nlt_realloc_array(follow->files, (size_t)cap, sizeof *files);
        if (files == NULL) {
            (void)close(fd);
            return no_memory(err);
        }
        follow->files = files;
        follow->cap_files = cap;
    }
    followed *file = &follow->files[follow->n_files++];
    *file = (followed){.path = nlt_strdup(entry->path),
        .fd = fd,
        .device = info->st_dev,
        .inode = info->st_ino,
        .day = entry->day,
        .is_listed = true,
        .headers = NLT_BUF_INIT(NLT_RANGE_HEADERS_MAX)};
    return file->path != NULL ? start_file(follow, file, err) : no_memory(err);
}

/* The file that is listed under a name now. What cannot be opened is waited for. */
static nlt_status see_file(nlt_follow *follow, const nlt_file *entry, nlt_error *err)
{
    struct stat info;
    int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return NLT_OK;
    }
    for (int64_t i = 0; i < follow->n_files; i++) {
        followed *file = &follow->files[i];
        if (file->device == info.st_dev && file->inode == info.st_ino) {
            file->is_listed = true;
            file->fd = file->fd >= 0 ? (close(fd), file->fd) : fd;
            return NLT_OK;
        }
    }
    return add_file(follow, entry, fd, &info, err);
}

static nlt_status list_files(const nlt_follow *follow, nlt_file_list *list, nlt_error *err)
{
    const nlt_connector *connector = follow->connector;
    const char *path = follow->request.input_path;
    nlt_status status = nlt__layout_direct(path, connector->layouts, connector->n_layouts,
        follow->first_day, follow->last_day, list, err);
    if (status == NLT_OK && list->n == 0) {
        nlt__file_list_clear(list);
        status = nlt__layout_list(path, connector->layouts, connector->n_layouts, follow->first_day,
            follow->last_day, list, err);
    }
    return status == NLT_ERR_NOT_FOUND && follow->has_begun ? NLT_OK : status; /* between two */
}

static nlt_status see_files(nlt_follow *follow, nlt_error *err)
{
    nlt_file_list list = {0};
    for (int64_t i = 0; i < follow->n_files; i++) {
        follow->files[i].is_listed = false;
    }
    nlt_status status = list_files(follow, &list, err);
    for (int64_t i = 0; i < list.n && status == NLT_OK; i++) {
        status = see_file(follow, &list.items[i], err);
    }
    nlt__file_list_clear(&list);
    return status;
}

/* Rows of what was added. */
static nlt_status read_file(
    nlt_follow *follow, followed *file, char *block, bool *has_new, nlt_error *err)
{
    struct stat info;
    if (file->fd < 0 || fstat(file->fd, &info) != 0) {
        return NLT_OK;
    }
    if (file->is_packed) { /* what is packed later was read before */
        bool is_first = !follow->has_begun && file->offset == 0;
        *has_new |= is_first;
        return is_first ? read_range(follow, file, INT64_MAX, err) : NLT_OK;
    }
    if (info.st_size < file->offset || !begins_as(file->fd, file)) {
        file->offset = 0;
        file->headers.len = 0;
    }
    int64_t end = last_line_end(file->fd, file->offset, info.st_size, block);
    file->n_idle++;
    if (end > file->offset) {
        *has_new = true;
        file->n_idle = 0;
        file->has_grown |= follow->has_begun;
        NLT_TRY(read_range(follow, file, end, err));
    }
    remember(file, info.st_size);
    return NLT_OK;
}

static void forget(nlt_follow *follow, int64_t i)
{
    followed *file = &follow->files[i];
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    nlt__buf_clear(&file->headers);
    nlt_free(file->path);
    follow->files[i] = follow->files[--follow->n_files];
}

/* Files that are gone and have not grown for a while; descriptors that are not likely to be needed. */
static void let_go(nlt_follow *follow)
{
    int n_open = 0;
    for (int64_t i = follow->n_files - 1; i >= 0; i--) {
        followed *file = &follow->files[i];
        if (!file->is_listed && file->n_idle >= IDLE_MAX) {
            forget(follow, i);
            continue;
        }
        bool is_kept = !file->is_packed && ++n_open <= OPEN_MAX_FILES;
        if (file->fd >= 0 && !is_kept) {
            (void)close(file->fd);
            file->fd = -1;
        }
    }
}

nlt_status nlt_follow_poll(nlt_follow *follow, bool *has_new, nlt_error *err)
{
    *has_new = !follow->has_begun;
    char *block = nlt_alloc(BACK_BYTES);
    nlt_status status = block != NULL ? see_files(follow, err) : no_memory(err);
    for (int64_t i = 0; i < follow->n_files && status == NLT_OK; i++) {
        status = read_file(follow, &follow->files[i], block, has_new, err);
    }
    nlt_free(block);
    if (status == NLT_OK) {
        follow->totals.files =
            follow->n_files > follow->totals.files ? follow->n_files : follow->totals.files;
        follow->has_begun = true;
        let_go(follow);
    }
    return status;
}

/* ---- opening ---- */

static nlt_status fail_follow(nlt_error *err, const char *what, const char *why)
{
    return nlt_fail(err, NLT_ERR_ARG, "--follow: %s %s", what, why);
}

static nlt_status check_request(
    const nlt_dataset_request *request, const nlt_connector **out, nlt_error *err)
{
    nlt_files_format format;
    const nlt_table_desc *desc = NULL;
    if (request->connector != NULL && nlt__files_find(request->connector, &format, &desc)) {
        return fail_follow(err, request->connector, "is no log of a tool");
    }
    NLT_TRY(nlt__connector_find(request->connector, out, err));
    const nlt_connector *connector = *out;
    if (strcmp(request->input_path, "-") == 0) {
        return fail_follow(err, "standard input", "is read to its end anyway; name a file");
    }
    if (connector->line == NULL) {
        return fail_follow(err, connector->alias, "reads captures, not lines");
    }
    if (connector->pairing != NULL || connector->n_tellers > 0) {
        return fail_follow(err, connector->alias, "makes rows from several lines");
    }
    return NLT_OK;
}

static nlt_status copy_request(
    nlt_follow *follow, const nlt_dataset_request *request, nlt_error *err)
{
    const char **texts[] = {&follow->request.connector, &follow->request.input_path,
        &follow->request.start_day, &follow->request.end_day, &follow->request.timezone,
        &follow->request.name};
    follow->request = *request;
    follow->request.cache_dir = NULL;
    follow->request.head = (nlt_bytes){NULL, 0};
    nlt_status status = NLT_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool is_given = *texts[i] != NULL;
        *texts[i] = is_given ? nlt_strdup(*texts[i]) : NULL;
        status = is_given && *texts[i] == NULL ? no_memory(err) : status;
    }
    return status;
}

static nlt_status fill(
    nlt_follow *follow, const nlt_dataset_request *request, const char *query, nlt_error *err)
{
    nlt_session *session = follow->session;
    NLT_TRY(copy_request(follow, request, err));
    NLT_TRY(check_request(&follow->request, &follow->connector, err));
    NLT_TRY(nlt_dataset(session, &follow->request, &follow->input, err));
    follow->base = session->n_scans - 1;
    NLT_TRY(nlt__scan_check_ranges(session->scans[follow->base], err));
    NLT_TRY(nlt__scan_days(follow->request.start_day, follow->request.end_day, &follow->first_day,
        &follow->last_day, err));
    NLT_TRY(nlt_query(session, &follow->input, 1, query, &follow->answer, err));
    NLT_TRY(learn_wanted(follow, err));
    return make_table(follow, err);
}

nlt_status nlt_follow_open(nlt_session *session, const nlt_dataset_request *request,
    const char *query, nlt_follow **out, nlt_error *err)
{
    *out = NULL;
    nlt_follow *follow = nlt_alloc_zero(1, sizeof *follow);
    if (follow == NULL) {
        return no_memory(err);
    }
    follow->session = session;
    follow->slot = -1;
    nlt_status status = fill(follow, request, query, err);
    if (status != NLT_OK) {
        nlt_follow_close(follow);
        return status;
    }
    *out = follow;
    return NLT_OK;
}

nlt_table *nlt_follow_answer(nlt_follow *follow)
{
    return follow->answer;
}

void nlt_follow_totals(const nlt_follow *follow, nlt_totals *out)
{
    *out = follow->totals;
}

void nlt_follow_close(nlt_follow *follow)
{
    if (follow == NULL) {
        return;
    }
    while (follow->n_files > 0) {
        forget(follow, follow->n_files - 1);
    }
    nlt_table_free(follow->answer);
    nlt_table_free(follow->input);
    nlt_free(follow->files);
    const char *texts[] = {follow->request.connector, follow->request.input_path,
        follow->request.start_day, follow->request.end_day, follow->request.timezone,
        follow->request.name};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        nlt_free((void *)(uintptr_t)texts[i]);
    }
    nlt_free(follow);
}
