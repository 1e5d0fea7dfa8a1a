/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dataset request becomes files (spec: "A dataset request"). */

#include "scan/scan.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/time.h"
#include "io/fs.h"
#include "scan/headers.h"
#include "scan/scan_types.h"

enum { LISTED_MAX = 10 };

/* ---- the request ---- */

static nlt_status parse_bound(const char *name, const char *text, int64_t *day, nlt_error *err)
{
    *day = NLT_DAY_OPEN;
    if (text == NULL) {
        return NLT_OK;
    }
    if (!nlt__parse_day((nlt_bytes){text, strlen(text)}, day)) {
        nlt_fail(err, NLT_ERR_ARG, "--%s: \"%s\" is not a day of the calendar", name, text);
        nlt_error_hint(err, "days are written YYYY_MM_DD, as 2017_03_31");
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}

nlt_status nlt__scan_days(
    const char *start_day, const char *end_day, int64_t *first, int64_t *last, nlt_error *err)
{
    NLT_TRY(parse_bound("start_day", start_day, first, err));
    NLT_TRY(parse_bound("end_day", end_day, last, err));
    if (*first != NLT_DAY_OPEN && *last != NLT_DAY_OPEN && *first > *last) {
        nlt_fail(err, NLT_ERR_ARG, "--start_day %s is after --end_day %s", start_day, end_day);
        nlt_error_hint(err, "both days are included; swap them");
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}

nlt_status nlt__request_check(
    const nlt_dataset_request *request, int64_t *first, int64_t *last, nlt_error *err)
{
    if (request->head.len > NLT_SOURCE_HEAD_MAX
        || (request->head.len > 0
            && (request->input_path == NULL || strcmp(request->input_path, "-") != 0))) {
        return nlt_fail(err, NLT_ERR_ARG, "the head of a dataset is one of standard input");
    }
    if (request->connector == NULL || request->input_path == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "a dataset needs %s",
            request->connector == NULL ? "--connector" : "--input_path");
    }
    if (!(request->max_bad_fraction >= 0.0 && request->max_bad_fraction <= 1.0)) {
        return nlt_fail(
            err, NLT_ERR_ARG, "--max_bad_fraction: %g is not in 0..1", request->max_bad_fraction);
    }
    return nlt__scan_days(request->start_day, request->end_day, first, last, err);
}

/* ---- files ---- */

static nlt_status list_files(
    nlt_scan *scan, const char *path, int64_t first, int64_t last, bool *is_folder, nlt_error *err)
{
    const nlt_connector *connector = scan->connector;
    nlt_file_list *list = &scan->lists[connector->n_tellers];
    NLT_TRY(
        nlt__layout_direct(path, connector->layouts, connector->n_layouts, first, last, list, err));
    *is_folder = list->n == 0;
    if (!*is_folder) {
        return NLT_OK;
    }
    nlt__file_list_clear(list);
    NLT_TRY(
        nlt__layout_list(path, connector->layouts, connector->n_layouts, first, last, list, err));
    if (list->n > 0) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: no %s file for any of the days", path, connector->tool);
    nlt_error_hint(err, "looked for %s", list->tried != NULL ? list->tried : path);
    return NLT_ERR_NOT_FOUND;
}

/* "dir/conn.log" -> "dir/http.log"; NULL: the name begins otherwise, or memory is short. */
static char *sibling(const char *path, const char *stem, const char *other)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - path);
    size_t len = strlen(stem);
    if (strncmp(path + folder, stem, len) != 0) {
        return NULL;
    }
    nlt_buf name = NLT_BUF_INIT(1 << 16);
    char *copy = NULL;
    if (nlt__buf_printf(&name, NULL, "%.*s%s%s", (int)folder, path, other, path + folder + len)
        == NLT_OK) {
        copy = nlt_strdup(nlt__buf_cstr(&name));
    }
    nlt__buf_clear(&name);
    return copy;
}

/* A teller's files that lie beside the files of a request that names files. */
static nlt_status list_siblings(nlt_scan *scan, int teller, nlt_error *err)
{
    const nlt_file_list *own = nlt__scan_list(scan);
    nlt_file_list *list = &scan->lists[teller];
    list->items = nlt_alloc_zero((size_t)own->n, sizeof *list->items);
    if (list->items == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld files", (long long)own->n);
    }
    for (int64_t i = 0; i < own->n; i++) {
        char *path = sibling(
            own->items[i].path, scan->connector->stem, scan->connector->tellers[teller]->stem);
        nlt_fs_info info;
        if (path == NULL || nlt__fs_for(path)->stat(path, &info, NULL) != NLT_OK) {
            nlt_free(path);
            continue;
        }
        list->items[list->n++] = (nlt_file){path, own->items[i].day, info.size, 0};
    }
    return NLT_OK;
}

static nlt_status list_tellers(
    nlt_scan *scan, const char *path, bool is_folder, int64_t first, int64_t last, nlt_error *err)
{
    for (int i = 0; i < scan->connector->n_tellers; i++) {
        const nlt_connector *teller = scan->connector->tellers[i];
        NLT_TRY(is_folder ? nlt__layout_list(
                    path, teller->layouts, teller->n_layouts, first, last, &scan->lists[i], err)
                          : list_siblings(scan, i, err));
    }
    return NLT_OK;
}

/* "2017-03-02, 2017-03-03 and 5 more" */
static nlt_status name_days(const nlt_file_list *list, nlt_buf *out, nlt_error *err)
{
    int64_t shown = list->n_missing < LISTED_MAX ? list->n_missing : LISTED_MAX;
    for (int64_t i = 0; i < shown; i++) {
        char day[32];
        nlt__format_date(list->missing_days[i], day);
        NLT_TRY(nlt__buf_printf(out, err, "%s%s", i > 0 ? ", " : "", day));
    }
    if (shown < list->n_missing) {
        NLT_TRY(nlt__buf_printf(out, err, " and %lld more", (long long)(list->n_missing - shown)));
    }
    return NLT_OK;
}

static bool is_missing(const nlt_file_list *list, int64_t day)
{
    for (int64_t i = 0; i < list->n_missing; i++) {
        if (list->missing_days[i] == day) {
            return true;
        }
    }
    return false;
}

/* Days for which a teller has no file are no loss where the connector has none either. */
static void drop_known_days(nlt_file_list *list, const nlt_file_list *own)
{
    int64_t n = 0;
    for (int64_t i = 0; i < list->n_missing; i++) {
        if (!is_missing(own, list->missing_days[i])) {
            list->missing_days[n++] = list->missing_days[i];
        }
    }
    list->n_missing = n;
}

nlt_status nlt__tell_missing_days(const nlt_file_list *list, const char *what, bool is_strict,
    nlt_strings *warnings, nlt_error *err)
{
    if (list->n_missing == 0) {
        return NLT_OK;
    }
    nlt_buf days = NLT_BUF_INIT(4096);
    nlt_status status = name_days(list, &days, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&days) : NULL;
    if (status == NLT_OK && text == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK && is_strict) {
        status = nlt_fail(err, NLT_ERR_NOT_FOUND, "no %sfile for %s", what, text);
        nlt_error_hint(err, "without --strict_days the other days are read");
    } else if (status == NLT_OK) {
        status = nlt__strings_add(warnings, err, "no %sfile for %s", what, text);
    }
    nlt__buf_clear(&days);
    return status;
}

static nlt_status tell_missing(
    nlt_scan *scan, bool is_strict, nlt_strings *warnings, nlt_error *err)
{
    NLT_TRY(nlt__tell_missing_days(nlt__scan_list(scan), "", is_strict, warnings, err));
    for (int i = 0; i < scan->connector->n_tellers; i++) {
        char what[32];
        nlt_file_list *list = &scan->lists[i];
        const char *stem = scan->connector->tellers[i]->stem;
        snprintf(what, sizeof what, "%s ", stem);
        drop_known_days(list, nlt__scan_list(scan));
        NLT_TRY(nlt__tell_missing_days(list, what, false, warnings, err));
        if (list->n == 0) {
            NLT_TRY(nlt__strings_add(warnings, err, "no %s file at all: %s", stem,
                "flows that only such a file names keep the address"));
        }
    }
    return NLT_OK;
}

nlt_status nlt__tell_shadowed(const nlt_file_list *list, nlt_strings *warnings, nlt_error *err)
{
    for (int64_t i = 0; i < list->n_shadowed && i < LISTED_MAX; i++) {
        NLT_TRY(nlt__strings_add(warnings, err, "%s is left out: the same name is there %s",
            list->shadowed[i], "unpacked or packed otherwise"));
    }
    if (list->n_shadowed > LISTED_MAX) {
        NLT_TRY(nlt__strings_add(warnings, err, "%lld more packed files are left out likewise",
            (long long)(list->n_shadowed - LISTED_MAX)));
    }
    return NLT_OK;
}

static nlt_status collect_files(nlt_scan *scan, nlt_error *err)
{
    for (int i = 0; i < scan->n_lists; i++) {
        scan->n_files += scan->lists[i].n;
    }
    scan->files = nlt_alloc_zero((size_t)scan->n_files, sizeof *scan->files);
    if (scan->files == NULL) {
        return nlt_fail(
            err, NLT_ERR_NOMEM, "out of memory for %lld files", (long long)scan->n_files);
    }
    nlt_scan_file *file = scan->files;
    for (int i = 0; i < scan->n_lists; i++) {
        bool is_teller = i < scan->connector->n_tellers;
        for (int64_t j = 0; j < scan->lists[i].n; j++, file++) {
            file->entry = &scan->lists[i].items[j];
            file->connector = is_teller ? scan->connector->tellers[i] : scan->connector;
            int64_t size = file->entry->size;
            scan->bytes = scan->bytes < 0 || size < 0 ? -1 : scan->bytes + size;
        }
    }
    return NLT_OK;
}

static void set_filter(nlt_scan *scan, int64_t first, int64_t last)
{
    const double day_s = 86400.0;
    scan->time_from = first == NLT_DAY_OPEN ? -__builtin_inf() : (double)first * day_s;
    scan->time_to = last == NLT_DAY_OPEN ? __builtin_inf() : (double)(last + 1) * day_s;
}

static nlt_status scan_fill(nlt_scan *scan, const nlt_dataset_request *request, int threads,
    int64_t split_bytes, nlt_strings *warnings, nlt_error *err)
{
    int64_t first = 0;
    int64_t last = 0;
    NLT_TRY(nlt__request_check(request, &first, &last, err));
    scan->threads = threads;
    NLT_TRY(nlt__connector_find(request->connector, &scan->connector, err));
    const nlt_connector *connector = scan->connector;
    scan->n_lists = connector->n_tellers + 1;
    scan->name = nlt_strdup(request->name != NULL ? request->name : "netlytics");
    if (scan->name == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    scan->max_bad_fraction = request->max_bad_fraction;
    scan->strict_files = request->strict_files;
    scan->filter_rows = request->filter_rows && connector->table->time_column >= 0;
    set_filter(scan, first, last);
    NLT_TRY(
        nlt__zone_open(request->timezone != NULL ? request->timezone : "UTC", &scan->zone, err));
    if (request->head.len > 0) {
        scan->head = nlt_strndup(request->head.ptr, request->head.len);
        scan->head_len = request->head.len;
        if (scan->head == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    bool is_folder = false;
    NLT_TRY(list_files(scan, request->input_path, first, last, &is_folder, err));
    NLT_TRY(list_tellers(scan, request->input_path, is_folder, first, last, err));
    NLT_TRY(tell_missing(scan, request->strict_days, warnings, err));
    for (int i = 0; i < scan->n_lists; i++) {
        NLT_TRY(nlt__tell_shadowed(&scan->lists[i], warnings, err));
    }
    NLT_TRY(collect_files(scan, err));
    if (connector->facts != NULL) {
        NLT_TRY(connector->facts->open(&scan->facts, err));
    }
    scan->part_bytes =
        split_bytes > 0 && split_bytes < NLT_SCAN_PART_BYTES ? split_bytes : NLT_SCAN_PART_BYTES;
    bool is_pipe = scan->bytes < 0; /* it cannot be read again */
    scan->must_sort = is_pipe && connector->pairing != NULL && !connector->pairing->is_by_file;
    return nlt__scan_cut(scan, threads, split_bytes, err);
}

nlt_status nlt__scan_new(nlt_scan **out, nlt_error *err)
{
    nlt_scan *scan = nlt_alloc_zero(1, sizeof *scan);
    *out = scan;
    if (scan == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    scan->tell_error = (nlt_error)NLT_ERROR_INIT;
    scan->own_space.bytes_max = -1;
    scan->spill_space = &scan->own_space;
    pthread_mutex_init(&scan->lock, NULL);
    pthread_cond_init(&scan->told, NULL);
    pthread_cond_init(&scan->looked, NULL);
    return NLT_OK;
}

nlt_status nlt__scan_open(const nlt_dataset_request *request, int threads, int64_t split_bytes,
    nlt_strings *warnings, nlt_scan **out, nlt_error *err)
{
    *out = NULL;
    nlt_scan *scan = NULL;
    NLT_TRY(nlt__scan_new(&scan, err));
    nlt_status status = scan_fill(scan, request, threads, split_bytes, warnings, err);
    if (status != NLT_OK) {
        nlt__scan_close(scan);
        return status;
    }
    *out = scan;
    return NLT_OK;
}

void nlt__scan_close(nlt_scan *scan)
{
    if (scan == NULL) {
        return;
    }
    for (int64_t i = 0; scan->files != NULL && i < scan->n_files; i++) {
        nlt_free(scan->files[i].damage);
        nlt_free(scan->files[i].place);
        nlt_free(scan->files[i].kept);
    }
    for (int64_t i = 0; scan->splits != NULL && i < scan->n_splits; i++) {
        nlt_free(scan->splits[i].partial);
    }
    nlt__headers_clear(scan);
    if (scan->facts != NULL) {
        scan->connector->facts->close(scan->facts);
    }
    nlt_free(scan->head);
    nlt_free(scan->files);
    nlt_free(scan->splits);
    nlt_free(scan->name);
    nlt__zone_close(scan->zone);
    for (int i = 0; i < scan->n_lists; i++) {
        nlt__file_list_clear(&scan->lists[i]);
    }
    pthread_cond_destroy(&scan->told);
    pthread_cond_destroy(&scan->looked);
    pthread_mutex_destroy(&scan->lock);
    nlt_free(scan);
}

void nlt__scan_spill_to(nlt_scan *scan, nlt_temp_space *space)
{
    scan->spill_space = space;
}

const char *nlt__scan_name(const nlt_scan *scan)
{
    return scan->name;
}

const nlt_connector *nlt__scan_connector(const nlt_scan *scan)
{
    return scan->connector;
}

const nlt_table_desc *nlt__scan_table(const nlt_scan *scan)
{
    return scan->connector->table;
}

bool nlt__scan_must_sort(const nlt_scan *scan)
{
    return atomic_load_explicit(&scan->must_sort, memory_order_relaxed);
}

bool nlt__scan_sort_unknown(nlt_scan *scan)
{
    const nlt_pairing *pairing = scan->connector->pairing;
    if (pairing == NULL || pairing->is_by_file || nlt__scan_must_sort(scan)) {
        return false;
    }
    bool is_under_way = atomic_load(&scan->n_unproved) > 0;
    if (is_under_way || !atomic_load(&scan->is_in_order)) {
        atomic_store(&scan->must_sort, true);
    }
    return is_under_way;
}

int64_t nlt__scan_split_count(const nlt_scan *scan)
{
    return scan->n_splits;
}

void nlt__scan_split_place(const nlt_scan *scan, int64_t split, nlt_split_place *out)
{
    const nlt_split *s = &scan->splits[split];
    *out = (nlt_split_place){scan->files[s->file].entry->path, s->begin, s->end};
}

int64_t nlt__scan_split_bytes(const nlt_scan *scan, int64_t split)
{
    const nlt_split *s = &scan->splits[split];
    int64_t size = scan->files[s->file].entry->size;
    int64_t end = s->end == INT64_MAX ? size : s->end;
    return s->begin == INT64_MAX ? 0 : end < s->begin ? -1 : end - s->begin;
}

int64_t nlt__scan_file_count(const nlt_scan *scan)
{
    return scan->n_files;
}

int64_t nlt__scan_bytes(const nlt_scan *scan)
{
    return scan->bytes;
}

int64_t nlt__scan_bytes_done(const nlt_scan *scan)
{
    return atomic_load_explicit(&scan->bytes_done, memory_order_relaxed);
}

int64_t nlt__scan_rows_done(const nlt_scan *scan)
{
    return atomic_load_explicit(&scan->rows_done, memory_order_relaxed);
}

void nlt__scan_cancel(nlt_scan *scan)
{
    atomic_store_explicit(&scan->is_cancelled, true, memory_order_relaxed);
}
