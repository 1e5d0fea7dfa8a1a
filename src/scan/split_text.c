/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A split as text and back. Header lines are hexadecimal, since they are any bytes. */

#define _GNU_SOURCE
#include "scan/split_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hex.h"
#include "io/fs.h"
#include "scan/scan_types.h"

enum { TEXT_MAX = 64 << 20 };

/* ---- writing ---- */

/* Hexadecimal text; NULL: no memory. */
static json_t *hex_json(const void *bytes, size_t len)
{
    char *hex = nlt_alloc(2 * len + 1);
    if (hex == NULL) {
        return NULL;
    }
    nlt__hex_write((nlt_bytes){bytes, len}, hex);
    json_t *text = json_stringn(hex, 2 * len);
    nlt_free(hex);
    return text;
}

/* Header lines of the file before the split. */
static json_t *headers_json(const nlt_scan *scan, int64_t split)
{
    nlt_buf headers = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status = NLT_OK;
    int64_t first = scan->files[scan->splits[split].file].first_split;
    for (int64_t i = first; i < split && status == NLT_OK; i++) {
        status =
            nlt__buf_append(&headers, scan->splits[i].headers, scan->splits[i].headers_len, NULL);
    }
    json_t *text = status == NLT_OK ? hex_json(headers.ptr, headers.len) : NULL;
    nlt__buf_clear(&headers);
    return text;
}

/* NULL for what is open. */
static json_t *bound_json(int64_t value, int64_t open)
{
    return value == open ? json_null() : json_integer(value);
}

static json_t *second_json(double value)
{
    return __builtin_isfinite(value) ? json_real(value) : json_null();
}

/* Which of the connectors that read files of the dataset reads this one: a teller, or the last. */
static int part_of(const nlt_scan *scan, const nlt_scan_file *file)
{
    int part = 0;
    while (part < scan->connector->n_tellers && scan->connector->tellers[part] != file->connector) {
        part++;
    }
    return part;
}

/* What other processes open: they are in other folders. NULL: no memory. */
static json_t *place_json(const char *path)
{
    char folder[NLT_FS_PATH_MAX];
    bool is_whole = path[0] == '/' || strstr(path, "://") != NULL;
    if (is_whole || getcwd(folder, sizeof folder) == NULL) {
        return json_string(path);
    }
    return json_sprintf("%s/%s", folder, path);
}

static json_t *split_json(const nlt_scan *scan, int64_t index, const char *zone)
{
    const nlt_split *split = &scan->splits[index];
    const nlt_file *file = scan->files[split->file].entry;
    return json_pack("{s:o, s:s, s:i, s:s, s:I, s:o, s:I, s:o, s:s, s:b, s:o, s:o, s:o}", "place",
        place_json(file->path), "connector", scan->connector->class_name, "part",
        part_of(scan, &scan->files[split->file]), "path", file->path, "file",
        (json_int_t)(scan->file_number + split->file), "day", bound_json(file->day, NLT_DAY_OPEN),
        "begin", (json_int_t)split->begin, "end", bound_json(split->end, INT64_MAX), "timezone",
        zone != NULL ? zone : "UTC", "filter_rows", (int)scan->filter_rows, "from",
        second_json(scan->time_from), "to", second_json(scan->time_to), "headers",
        headers_json(scan, index));
}

nlt_status nlt__split_put(
    const nlt_scan *scan, int64_t split, const char *zone, nlt_buf *out, nlt_error *err)
{
    const char *path = scan->files[scan->splits[split].file].entry->path;
    if (strcmp(path, "-") == 0) {
        return nlt_fail(err, NLT_ERR_ARG, "standard input cannot be read by other processes");
    }
    json_t *json = split_json(scan, split, zone);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(json);
    if (text == NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "%s: cannot be named to other processes: no UTF-8", path);
    }
    nlt_status status = nlt__buf_append(out, text, strlen(text), err);
    free(text); /* jansson's own allocation */
    return status;
}

/* ---- reading ---- */

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a split");
}

static int64_t read_bound(const json_t *json, const char *key, int64_t open)
{
    const json_t *value = json_object_get(json, key);
    return json_is_integer(value) ? json_integer_value(value) : open;
}

static double read_second(const json_t *json, const char *key, double open)
{
    const json_t *value = json_object_get(json, key);
    return json_is_number(value) ? json_number_value(value) : open;
}

static const char *read_text(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

/* New memory with the bytes of a hexadecimal text. */
static nlt_status read_hex(const char *hex, void **out, size_t *len, nlt_error *err)
{
    *len = strlen(hex) / 2;
    *out = nlt_alloc(*len + 1);
    if (*out == NULL) {
        return no_memory(err);
    }
    return nlt__hex_read(hex, *out, *len)
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_FORMAT, "not a split: \"%.40s\" is not hexadecimal", hex);
}

static nlt_status fill_file(nlt_scan *scan, const json_t *json, nlt_error *err)
{
    const char *path = read_text(json, "path");
    scan->n_lists = 1;
    scan->lists[0].items = nlt_alloc_zero(1, sizeof *scan->lists[0].items);
    scan->files = nlt_alloc_zero(1, sizeof *scan->files);
    if (scan->lists[0].items == NULL || scan->files == NULL) {
        return no_memory(err);
    }
    scan->lists[0].n = 1;
    scan->n_files = 1;
    nlt_file *entry = &scan->lists[0].items[0];
    *entry = (nlt_file){
        .path = nlt_strdup(path), .day = read_bound(json, "day", NLT_DAY_OPEN), .size = -1};
    scan->files[0] = (nlt_scan_file){
        .entry = entry, .connector = scan->connector, .splits_left = 2, .head_left = 3};
    scan->file_number = read_bound(json, "file", 0);
    const char *place = read_text(json, "place");
    scan->files[0].place = place != NULL ? nlt_strdup(place) : NULL;
    if (place != NULL && scan->files[0].place == NULL) {
        return no_memory(err);
    }
    return entry->path != NULL ? NLT_OK : no_memory(err);
}

/* An empty split that has the header lines, and the split. */
static nlt_status fill_splits(nlt_scan *scan, const json_t *json, nlt_error *err)
{
    scan->splits = nlt_alloc_zero(2, sizeof *scan->splits);
    if (scan->splits == NULL) {
        return no_memory(err);
    }
    scan->n_splits = 2;
    nlt_split *head = &scan->splits[0];
    nlt_split *split = &scan->splits[1];
    *head = (nlt_split){.begin = INT64_MAX, .end = INT64_MAX};
    *split = (nlt_split){
        .begin = read_bound(json, "begin", 0), .end = read_bound(json, "end", INT64_MAX)};
    void *headers = NULL;
    NLT_TRY(read_hex(read_text(json, "headers"), &headers, &head->headers_len, err));
    head->headers = headers;
    return NLT_OK;
}

static nlt_status fill(nlt_scan *scan, const json_t *json, nlt_error *err)
{
    if (read_text(json, "connector") == NULL || read_text(json, "path") == NULL
        || read_text(json, "timezone") == NULL || read_text(json, "headers") == NULL) {
        return nlt_fail(err, NLT_ERR_FORMAT, "not a split");
    }
    NLT_TRY(nlt__connector_find(read_text(json, "connector"), &scan->connector, err));
    if (scan->connector->apart != NULL) {
        int64_t part = read_bound(json, "part", 0);
        if (part < 0 || part > scan->connector->n_tellers) {
            return nlt_fail(err, NLT_ERR_FORMAT, "not a split");
        }
        scan->connector = scan->connector->apart[part];
        NLT_TRY(scan->connector->facts->open(&scan->facts, err));
    }
    scan->name = nlt_strdup("netlytics");
    if (scan->name == NULL) {
        return no_memory(err);
    }
    NLT_TRY(nlt__zone_open(read_text(json, "timezone"), &scan->zone, err));
    scan->filter_rows = json_is_true(json_object_get(json, "filter_rows"));
    scan->time_from = read_second(json, "from", -__builtin_inf());
    scan->time_to = read_second(json, "to", __builtin_inf());
    scan->is_part = true;
    scan->max_bad_fraction = 1.0;
    scan->bytes = -1;
    scan->part_bytes = NLT_SCAN_PART_BYTES;
    NLT_TRY(fill_file(scan, json, err));
    return fill_splits(scan, json, err);
}

nlt_status nlt__split_open(const char *text, nlt_scan **out, nlt_error *err)
{
    *out = NULL;
    nlt_scan *scan = NULL;
    json_t *json = json_loads(text, 0, NULL);
    nlt_status status = json == NULL ? nlt_fail(err, NLT_ERR_FORMAT, "not a split") : NLT_OK;
    if (status == NLT_OK) {
        status = nlt__scan_new(&scan, err);
    }
    if (status == NLT_OK) {
        status = fill(scan, json, err);
    }
    json_decref(json);
    if (status != NLT_OK) {
        nlt__scan_close(scan);
        return status;
    }
    *out = scan;
    return NLT_OK;
}
