/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files become splits.
 *
 * Plain files are cut into ranges of a power of two, so that the first 16 MiB of a file are whole
 * splits whatever the number of threads is; packed files and pipes are one split each. Where header
 * lines may change how later lines are read, splits are small, so that one fits a core's cache
 * (headers.h). */

#include <string.h>

#include "core/alloc.h"
#include "io/fs.h"
#include "scan/headers.h"
#include "scan/range.h"
#include "scan/scan_types.h"

enum {
    SPLIT_MIN = 1 << 20,
    SPLIT_MAX = 4 << 20,
    SPLIT_FAR_MAX = 16 << 20, /* where each one costs round trips */
    SPLITS_PER_THREAD = 8
};

static int64_t choose_split_bytes(int64_t total, int threads, int64_t max)
{
    int64_t wanted = total / ((int64_t)(threads > 0 ? threads : 1) * SPLITS_PER_THREAD);
    int64_t bytes = SPLIT_MIN;
    while (bytes < max && bytes * 2 <= wanted) {
        bytes *= 2;
    }
    return bytes;
}

/* Bytes of the splits of a file of the connector, where nobody has said how many. */
static int64_t bytes_for(const nlt_connector *connector, int64_t chosen, bool is_far)
{
    int64_t max = is_far ? SPLIT_MAX : SPLIT_MIN;
    return connector->header_mark != 0 && chosen > max ? max : chosen;
}

static nlt_status add_split(
    nlt_scan *scan, int64_t *cap, int64_t file, int64_t begin, int64_t end, nlt_error *err)
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
    return NLT_OK;
}

static bool is_sequential(const nlt_scan *scan, const nlt_connector *connector)
{
    return connector->is_sequential != NULL && connector->is_sequential(scan->zone);
}

/* A file that cannot be looked at gets one split, whose reader says what is wrong with it. */
static nlt_status split_file(
    nlt_scan *scan, int64_t *cap, int64_t file, int64_t split_bytes, nlt_error *err)
{
    nlt_codec codec = NLT_CODEC_PLAIN;
    int64_t size = -1;
    int64_t begin = 0;
    scan->files[file].first_split = scan->n_splits;
    if (!is_sequential(scan, scan->files[file].connector)
        && nlt__source_probe(scan->files[file].entry->path, &codec, &size, NULL) == NLT_OK
        && codec == NLT_CODEC_PLAIN) {
        for (; size - begin > split_bytes; begin += split_bytes) {
            NLT_TRY(add_split(scan, cap, file, begin, begin + split_bytes, err));
            nlt__headers_unknown(scan, scan->n_splits - 1);
        }
    }
    return add_split(scan, cap, file, begin, INT64_MAX, err);
}

/* ---- all ---- */

static nlt_status cut_files(nlt_scan *scan, int threads, int64_t split_bytes, nlt_error *err)
{
    int64_t first_file = scan->n_files - nlt__scan_list(scan)->n;
    bool is_far =
        first_file < scan->n_files && nlt__fs_for(scan->files[first_file].entry->path)->is_far;
    int64_t chosen = choose_split_bytes(scan->bytes, threads, is_far ? SPLIT_FAR_MAX : SPLIT_MAX);
    int64_t cap = 0;
    for (int64_t i = 0; i < scan->n_files; i++) {
        int64_t bytes =
            split_bytes > 0 ? split_bytes : bytes_for(scan->files[i].connector, chosen, is_far);
        scan->first_split = i == first_file ? scan->n_splits : scan->first_split;
        NLT_TRY(split_file(scan, &cap, i, bytes, err));
    }
    return NLT_OK;
}

static void drop_splits(nlt_scan *scan)
{
    nlt__headers_clear(scan);
    nlt_free(scan->splits);
    scan->splits = NULL;
    scan->n_splits = 0;
    for (int64_t i = 0; i < scan->n_files; i++) {
        scan->files[i].splits_left = 0;
        scan->files[i].head_left = 0;
        scan->files[i].n_states = 0;
    }
}

nlt_status nlt__scan_cut(nlt_scan *scan, int threads, int64_t split_bytes, nlt_error *err)
{
    drop_splits(scan);
    NLT_TRY(cut_files(scan, threads, split_bytes, err));
    for (int64_t i = 0; i < scan->n_splits; i++) {
        scan->files[scan->splits[i].file].head_left += scan->splits[i].begin < NLT_SCAN_HEAD_BYTES;
    }
    return NLT_OK;
}

static nlt_status add_headers(nlt_scan *scan, nlt_bytes headers, nlt_error *err)
{
    nlt_split *split = &scan->splits[0];
    split->headers = headers.len > 0 ? nlt_strndup(headers.ptr, headers.len) : NULL;
    split->headers_len = split->headers != NULL ? headers.len : 0;
    return split->headers_len == headers.len ? NLT_OK
                                             : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

nlt_status nlt__scan_split_range(
    nlt_scan *scan, const nlt_scan_range *range, int threads, nlt_error *err)
{
    int64_t cap = 0;
    int64_t bytes = choose_split_bytes(range->end - range->begin, threads, SPLIT_MAX);
    drop_splits(scan);
    NLT_TRY(add_split(scan, &cap, 0, INT64_MAX, INT64_MAX, err)); /* no lines */
    NLT_TRY(add_headers(scan, range->headers, err));
    for (int64_t at = range->begin; at < range->end; at += bytes) {
        int64_t end = range->end - at > bytes ? at + bytes : range->end;
        NLT_TRY(add_split(scan, &cap, 0, at, end, err));
        nlt__headers_unknown(scan, scan->n_splits - 1);
    }
    NLT_TRY(nlt__headers_find_all(scan, threads, err));
    scan->files[0].head_left = scan->n_splits + 1; /* judged as a whole only */
    return NLT_OK;
}
