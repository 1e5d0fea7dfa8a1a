/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scan whose only file is opened under another name than it has, and cut to a range of lines. */

#include "scan/range.h"

#include <string.h>

#include "core/alloc.h"
#include "scan/scan_types.h"

/* The file gets its name back; it is opened as before. */
static nlt_status name_file(nlt_scan *scan, const nlt_scan_range *range, nlt_error *err)
{
    nlt_file *entry = &scan->lists[scan->n_lists - 1].items[0];
    char *path = nlt_strdup(range->path);
    if (path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    scan->files[0].place = entry->path;
    entry->path = path;
    entry->day = range->day;
    return NLT_OK;
}

static nlt_status cut(nlt_scan *scan, const nlt_scan_range *range, int threads, nlt_error *err)
{
    NLT_TRY(name_file(scan, range, err));
    if (range->is_whole) {
        return NLT_OK;
    }
    scan->bytes = range->end - range->begin;
    return nlt__scan_split_range(scan, range, threads, err);
}

nlt_status nlt__scan_open_range(const nlt_dataset_request *request, const nlt_scan_range *range,
    int threads, nlt_scan **out, nlt_error *err)
{
    nlt_dataset_request part = *request;
    nlt_scan *scan = NULL;
    *out = NULL;
    part.input_path = range->place;
    NLT_TRY(nlt__scan_open(&part, threads, INT64_MAX, NULL, &scan, err));
    nlt_status status = cut(scan, range, threads, err);
    if (status != NLT_OK) {
        nlt__scan_close(scan);
        return status;
    }
    *out = scan;
    return NLT_OK;
}

nlt_status nlt__scan_check_ranges(const nlt_scan *scan, nlt_error *err)
{
    const nlt_connector *connector = scan->connector;
    if (connector->is_sequential != NULL && connector->is_sequential(scan->zone)) {
        nlt_fail(err, NLT_ERR_ARG,
            "--follow: local times that occur twice are told apart by all %s",
            "the lines before them");
        nlt_error_hint(err, "give --timezone as an offset such as +01:00, or UTC");
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}

nlt_status nlt__scan_range_headers(const nlt_scan *scan, nlt_buf *out, nlt_error *err)
{
    for (int64_t i = 1; i < scan->n_splits; i++) {
        const nlt_split *split = &scan->splits[i];
        if (split->headers_len <= NLT_RANGE_HEADERS_MAX - out->len) {
            NLT_TRY(nlt__buf_append(out, split->headers, split->headers_len, err));
        }
    }
    return NLT_OK;
}

void nlt__scan_forget(nlt_scan *scan)
{
    memset(&scan->report, 0, sizeof scan->report);
    nlt_free(scan->files[0].damage);
    scan->files[0].damage = NULL;
}
