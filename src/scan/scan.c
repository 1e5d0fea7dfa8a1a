/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dataset request becomes files and splits (spec: "A dataset request").
 *
 * Plain files are cut into ranges of a power of two, so that the first 16 MiB of a file are whole
 * splits whatever the number of threads is; packed files and pipes are one split each. */

#include "scan/scan.h"

#include <string.h>

#include "core/alloc.h"
#include "core/time.h"
#include "scan/scan_types.h"

enum { SPLIT_MIN = 1 << 20, SPLIT_MAX = 4 << 20, SPLITS_PER_THREAD = 8, LISTED_MAX = 10 };

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

static nlt_status parse_days(const nlt_dataset_request *request, int64_t *first, int64_t *last,
    nlt_error *err)
{
    NLT_TRY(parse_bound("start_day", request->start_day, first, err));
    NLT_TRY(parse_bound("end_day", request->end_day, last, err));
    if (*first != NLT_DAY_OPEN && *last != NLT_DAY_OPEN && *first > *last) {
        nlt_fail(err, NLT_ERR_ARG, "--start_day %s is after --end_day %s", request->start_day,
            request->end_day);
        nlt_error_hint(err, "both days are included; swap them");
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}

static nlt_status check_request(const nlt_dataset_request *request, nlt_error *err)
{
    if (request->connector == NULL || request->input_path == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "a dataset needs %s",
            request->connector == NULL ? "--connector" : "--input_path");
    }
    if (!(request->max_bad_fraction >= 0.0 && request->max_bad_fraction <= 1.0)) {
        return nlt_fail(err, NLT_ERR_ARG, "--max_bad_fraction: %g is not in 0..1",
            request->max_bad_fraction);
    }
    return NLT_OK;
}

/* ---- files ---- */

static nlt_status list_files(nlt_scan *scan, const char *path, int64_t first, int64_t last,
    nlt_error *err)
{
    const nlt_connector *connector = scan->connector;
    NLT_TRY(nlt__layout_direct(path, connector->layouts, connector->n_layouts, first, last,
        &scan->list, err));
    if (scan->list.n > 0) {
        return NLT_OK;
    }
    nlt__file_list_clear(&scan->list);
    NLT_TRY(nlt__layout_list(path, connector->layouts, connector->n_layouts, first, last,
        &scan->list, err));
    if (scan->list.n > 0) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: no %s file for any of the days", path, connector->tool);
    nlt_error_hint(err, "looked for %s", scan->list.tried != NULL ? scan->list.tried : path);
    return NLT_ERR_NOT_FOUND;
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

static nlt_status tell_missing_days(const nlt_scan *scan, bool is_strict, nlt_strings *warnings,
    nlt_error *err)
{
    if (scan->list.n_missing == 0) {
        return NLT_OK;
    }
    nlt_buf days = NLT_BUF_INIT(4096);
    nlt_status status = name_days(&scan->list, &days, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&days) : NULL;
    if (status == NLT_OK && text == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK && is_strict) {
        status = nlt_fail(err, NLT_ERR_NOT_FOUND, "no file for %s", text);
        nlt_error_hint(err, "without --strict_days the other days are read");
    } else if (status == NLT_OK) {
        status = nlt__strings_add(warnings, err, "no file for %s", text);
    }
    nlt__buf_clear(&days);
    return status;
}

static nlt_status tell_shadowed(const nlt_scan *scan, nlt_strings *warnings, nlt_error *err)
{
    for (int64_t i = 0; i < scan->list.n_shadowed && i < LISTED_MAX; i++) {
        NLT_TRY(nlt__strings_add(warnings, err, "%s is left out: the same name is there %s",
            scan->list.shadowed[i], "unpacked or packed otherwise"));
    }
    if (scan->list.n_shadowed > LISTED_MAX) {
        NLT_TRY(nlt__strings_add(warnings, err, "%lld more packed files are left out likewise",
            (long long)(scan->list.n_shadowed - LISTED_MAX)));
    }
    return NLT_OK;
}

/* ---- splits ---- */

static int64_t choose_split_bytes(int64_t total, int threads)
{
    int64_t wanted = total / ((int64_t)(threads > 0 ? threads : 1) * SPLITS_PER_THREAD);
    int64_t bytes = SPLIT_MIN;
    while (bytes < SPLIT_MAX && bytes * 2 <= wanted) {
        bytes *= 2;
    }
    return bytes;
}

static nlt_status add_split(nlt_scan *scan, int64_t *cap, int64_t file, int64_t begin, int64_t end,
    nlt_error *err)
{
    if (scan->n_splits == *cap) {
        int64_t grown = *cap == 0 ? 64 : *cap * 2;
        nlt_split *splits = nlt_realloc_array(scan->splits, (size_t)grown, sizeof *splits);
        if (splits == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld splits", (long long)grown);
        }
        scan->splits = splits;
        *cap = grown;
    }
    scan->splits[scan->n_splits++] = (nlt_split){.file = file, .begin = begin, .end = end};
    scan->files[file].splits_left++;
    scan->files[file].head_left += begin < NLT_SCAN_HEAD_BYTES;
    return NLT_OK;
}

/* A file that cannot be looked at gets one split, whose reader says what is wrong with it. */
static nlt_status split_file(nlt_scan *scan, int64_t *cap, int64_t file, int64_t split_bytes,
    nlt_error *err)
{
    nlt_codec codec = NLT_CODEC_PLAIN;
    int64_t size = -1;
    nlt_status probed = nlt__source_probe(scan->files[file].entry->path, &codec, &size, NULL);
    scan->files[file].first_split = scan->n_splits;
    int64_t begin = 0;
    if (probed == NLT_OK && codec == NLT_CODEC_PLAIN) {
        for (; size - begin > split_bytes; begin += split_bytes) {
            NLT_TRY(add_split(scan, cap, file, begin, begin + split_bytes, err));
        }
    }
    return add_split(scan, cap, file, begin, INT64_MAX, err);
}

static nlt_status make_splits(nlt_scan *scan, int threads, int64_t split_bytes, nlt_error *err)
{
    for (int64_t i = 0; i < scan->list.n && scan->bytes >= 0; i++) {
        int64_t size = scan->list.items[i].size;
        scan->bytes = size < 0 ? -1 : scan->bytes + size;
    }
    if (split_bytes <= 0) {
        split_bytes = choose_split_bytes(scan->bytes, threads);
    }
    scan->files = nlt_alloc_zero((size_t)scan->list.n, sizeof *scan->files);
    if (scan->files == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld files",
            (long long)scan->list.n);
    }
    int64_t cap = 0;
    for (int64_t i = 0; i < scan->list.n; i++) {
        scan->files[i].entry = &scan->list.items[i];
        NLT_TRY(split_file(scan, &cap, i, split_bytes, err));
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
    NLT_TRY(check_request(request, err));
    NLT_TRY(nlt__connector_find(request->connector, &scan->connector, err));
    NLT_TRY(parse_days(request, &first, &last, err));
    scan->max_bad_fraction = request->max_bad_fraction;
    scan->strict_files = request->strict_files;
    scan->filter_rows = request->filter_rows && scan->connector->table->time_column >= 0;
    set_filter(scan, first, last);
    NLT_TRY(list_files(scan, request->input_path, first, last, err));
    NLT_TRY(tell_missing_days(scan, request->strict_days, warnings, err));
    NLT_TRY(tell_shadowed(scan, warnings, err));
    return make_splits(scan, threads, split_bytes, err);
}

nlt_status nlt__scan_open(const nlt_dataset_request *request, int threads, int64_t split_bytes,
    nlt_strings *warnings, nlt_scan **out, nlt_error *err)
{
    *out = NULL;
    nlt_scan *scan = nlt_alloc_zero(1, sizeof *scan);
    if (scan == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    pthread_mutex_init(&scan->lock, NULL);
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
    for (int64_t i = 0; scan->files != NULL && i < scan->list.n; i++) {
        nlt_free(scan->files[i].damage);
    }
    nlt_free(scan->files);
    nlt_free(scan->splits);
    nlt__file_list_clear(&scan->list);
    pthread_mutex_destroy(&scan->lock);
    nlt_free(scan);
}

const nlt_connector *nlt__scan_connector(const nlt_scan *scan)
{
    return scan->connector;
}

const nlt_table_desc *nlt__scan_table(const nlt_scan *scan)
{
    return scan->connector->table;
}

int64_t nlt__scan_split_count(const nlt_scan *scan)
{
    return scan->n_splits;
}

int64_t nlt__scan_file_count(const nlt_scan *scan)
{
    return scan->list.n;
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
