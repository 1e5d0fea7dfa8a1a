/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions: options, datasets' scans, progress and report. The database itself is opened late:
 * writing a table as it is needs none. */

#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/thread.h"
#include "engine/cache.h"
#include "engine/engine.h"
#include "engine/files.h"
#include "engine/plan_table.h"

enum { MEMORY_MIN = 256 << 20, REPORT_MAX = 64 << 20, SORT_BYTES_MIN = 8 << 20 };

static nlt_status open_asn_view(
    nlt_session *session, const nlt_session_options *options, nlt_error *err)
{
    if (options->asn_view == NULL) {
        return options->asn_names == NULL ? NLT_OK
                                          : nlt_fail(err, NLT_ERR_ARG, "--asn_names: needs --asn");
    }
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = nlt__asn_view_open(
        options->asn_view, options->asn_names, &warnings, &session->asn_view, err);
    nlt__warn_all(session, &warnings);
    session->scalar_env.asn = session->asn_view;
    return status;
}

/* What rows between kernels may use: 0.8 of what program and buffers leave (design: cli.md), a
 * quarter of it to sort parts; 0.3 while DuckDB works, too. */
static void share_memory(nlt_session *session)
{
    int64_t rows = nlt__memory_rest(session) / 10 * 8;
    int64_t sorting = rows / 4;
    session->kernel_bytes = rows - sorting;
    session->sql_bytes = nlt__memory_rest(session) / 10 * 3;
    session->budget.memory_max = session->sql_bytes;
    session->budget.disk.bytes_max = session->temp_bytes_max > 0 ? session->temp_bytes_max : -1;
    session->budget.disk.folder = session->temp.path;
    session->sort_bytes = sorting / session->threads;
    if (session->sort_bytes < SORT_BYTES_MIN) {
        session->sort_bytes = SORT_BYTES_MIN;
    }
}

static nlt_status take_options(
    nlt_session *session, const nlt_session_options *options, nlt_error *err)
{
    const double share = 0.6;
    session->threads = options->threads > 0 ? options->threads : nlt__cpu_count();
    session->memory_bytes = options->memory_bytes;
    session->temp_bytes_max = options->temp_bytes_max;
    session->hooks = options->hooks;
    session->dialect = options->dialect;
    if (session->memory_bytes == 0) {
        session->memory_bytes = (int64_t)((double)nlt__memory_total() * share);
        session->memory_bytes =
            session->memory_bytes < MEMORY_MIN ? MEMORY_MIN : session->memory_bytes;
    }
    if (session->memory_bytes < MEMORY_MIN) {
        return nlt_fail(err, NLT_ERR_ARG, "--memory: %lld bytes are less than 256 MiB",
            (long long)session->memory_bytes);
    }
    bool has_persistent = options->struct_size
            >= offsetof(nlt_session_options, persistent_dir) + sizeof options->persistent_dir
        && options->persistent_dir != NULL && options->persistent_dir[0] != '\0';
    if (has_persistent) {
        session->persistent_dir = nlt_strdup(options->persistent_dir);
        if (session->persistent_dir == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    NLT_TRY(open_asn_view(session, options, err));
    NLT_TRY(nlt__temp_folder_make(options->temp_dir, &session->temp, err));
    share_memory(session);
    return NLT_OK;
}

nlt_status nlt_session_open(const nlt_session_options *options, nlt_session **out, nlt_error *err)
{
    static const nlt_session_options defaults = NLT_SESSION_OPTIONS_INIT;
    *out = NULL;
    if (options != NULL && options->struct_size != sizeof *options) {
        return nlt_fail(err, NLT_ERR_ARG, "nlt_session_options of another version of the library");
    }
    nlt_session *session = nlt_alloc_zero(1, sizeof *session);
    if (session == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    pthread_mutex_init(&session->lock, NULL);
    atomic_store(&session->n_holders, 1);
    nlt_status status = take_options(session, options != NULL ? options : &defaults, err);
    if (status != NLT_OK) {
        nlt_session_close(session);
        return status;
    }
    *out = session;
    return NLT_OK;
}

void nlt_session_abandon(const nlt_session *session)
{
    if (session->temp.path != NULL) {
        nlt__folder_remove(session->temp.path);
    }
}

void nlt_session_cap_process(const nlt_session *session)
{
    const int64_t least = INT64_C(1) << 30;
    const int64_t of_thread = 64 << 20;
    int64_t above = session->memory_bytes / 3;
    int64_t room = least + session->threads * of_thread;
    nlt__memory_cap(session->memory_bytes + (above > room ? above : room));
}

void nlt__session_row_memory(nlt_session *session, int64_t rows, int64_t sorting)
{
    session->kernel_bytes = rows;
    session->sql_bytes = rows;
    session->sort_bytes = sorting;
}

int64_t nlt__session_spilled(const nlt_session *session)
{
    return atomic_load(&session->budget.spilled);
}

void nlt__session_leave(nlt_session *session)
{
    if (atomic_fetch_sub(&session->n_holders, 1) > 1) {
        return;
    }
    nlt__duck_close(session);
    nlt__asn_view_close(session->asn_view);
    nlt__run_clear(session);
    for (int i = 0; i < session->n_scans; i++) {
        nlt__scan_close(session->scans[i]);
        nlt_free(session->requests[i]);
        nlt__scan_close(session->spent[i]);
        nlt__cached_free(session->cached[i]);
    }
    for (int i = 0; i < session->n_files; i++) {
        nlt__files_close(session->files[i]);
    }
    for (int i = 0; i < session->n_arrows; i++) {
        nlt__kept_arrow_free(session->arrows[i]);
    }
    nlt__strings_clear(&session->names);
    nlt_free(session->persistent_dir);
    pthread_mutex_destroy(&session->lock);
    nlt_free(session);
}

void nlt_session_close(nlt_session *session)
{
    if (session != NULL) {
        session->hooks = (nlt_hooks){NULL, NULL};
        nlt__session_leave(session);
    }
}

void nlt_session_cancel(nlt_session *session)
{
    atomic_store(&session->is_cancelled, true);
    int n_scans = atomic_load(&session->n_scans);
    for (int i = 0; i < n_scans; i++) {
        nlt__scan_cancel(session->scans[i]);
    }
    if (session->con != NULL) {
        duckdb_interrupt(session->con); /* sets a flag */
    }
}

int nlt_session_stream_count(const nlt_session *session)
{
    return atomic_load(&session->n_streams);
}

void nlt_session_failure(const nlt_session *session, nlt_error *out)
{
    *out = session->failure;
}

void nlt_session_progress(const nlt_session *session, nlt_progress *out)
{
    *out = (nlt_progress){0};
    int n_scans = atomic_load(&session->n_scans);
    for (int i = 0; i < n_scans; i++) {
        const nlt_scan *scan = session->scans[i];
        int64_t bytes = nlt__scan_bytes(scan);
        int64_t done = nlt__scan_bytes_done(scan);
        out->bytes_total = bytes < 0 || out->bytes_total < 0 ? -1 : out->bytes_total + bytes;
        out->bytes_done += bytes >= 0 && done > bytes ? bytes : done;
        out->files += nlt__scan_file_count(scan);
        out->rows += nlt__scan_rows_done(scan);
    }
    for (int i = 0; i < session->n_files; i++) { /* DuckDB does not tell how far it is */
        const nlt_files *files = session->files[i];
        out->files += files->list.n;
        out->bytes_total =
            out->bytes_total < 0 || files->bytes < 0 ? -1 : out->bytes_total + files->bytes;
        out->bytes_done += files->is_done && files->bytes > 0 ? files->bytes : 0;
    }
}

void nlt_session_totals(const nlt_session *session, nlt_totals *out)
{
    *out = (nlt_totals){0};
    for (int i = 0; i < session->n_scans; i++) {
        nlt_scan_totals totals;
        nlt__scan_totals(session->scans[i], &totals);
        out->files += totals.files;
        out->lines += totals.lines;
        out->used += totals.used;
        out->rows += totals.rows;
        out->ignored += totals.ignored;
        out->skipped += totals.skipped;
        const nlt_cached *cached = session->cached[i];
        if (cached != NULL) {
            out->cached_files += cached->files;
            out->converted_files += cached->converted;
            out->cache_bytes = cached->bytes;
        }
    }
    for (int i = 0; i < session->n_files; i++) {
        nlt__files_totals(session->files[i], out);
    }
}

/* One dataset: its report. Several: {"datasets": [report, ...]}. */
static nlt_status put_reports(nlt_session *session, nlt_buf *out, nlt_error *err)
{
    int n = session->n_scans + session->n_files;
    if (n != 1) {
        NLT_TRY(nlt__buf_printf(out, err, "{\"datasets\": ["));
    }
    for (int i = 0; i < n; i++) {
        int file = i - session->n_scans;
        NLT_TRY(nlt__buf_printf(out, err, n == 1 ? "" : i > 0 ? ",\n" : "\n"));
        NLT_TRY(file < 0 ? nlt__scan_report_json(session->scans[i], out, err)
                         : nlt__files_report(session, session->files[file], out, err));
    }
    return n != 1 ? nlt__buf_printf(out, err, "]}\n") : NLT_OK;
}

nlt_status nlt_session_report(nlt_session *session, char **text, nlt_error *err)
{
    *text = NULL;
    nlt_buf buf = NLT_BUF_INIT(REPORT_MAX);
    nlt_status status = put_reports(session, &buf, err);
    if (status == NLT_OK && nlt__buf_cstr(&buf) == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the report");
    }
    if (status != NLT_OK) {
        nlt__buf_clear(&buf);
        return status;
    }
    *text = buf.ptr; /* taken by the caller */
    return NLT_OK;
}
