/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files become splits.
 *
 * Plain files are cut into ranges of a power of two, so that the first 16 MiB of a file are whole
 * splits whatever the number of threads is; packed files and pipes are one split each. Where header
 * lines may change how later lines are read, a parallel pass over what is cut collects them. */

#include <string.h>

#include "core/alloc.h"
#include "core/thread.h"
#include "io/fs.h"
#include "scan/range.h"
#include "scan/scan_types.h"

enum {
    SPLIT_MIN = 1 << 20,
    SPLIT_MAX = 4 << 20,
    SPLIT_FAR_MAX = 16 << 20, /* where each one costs round trips */
    SPLITS_PER_THREAD = 8,
    LOOK_BYTES = 256 << 10 /* read at once when headers are looked for */
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
        }
    }
    return add_split(scan, cap, file, begin, INT64_MAX, err);
}

/* ---- header lines ---- */

/* A pass over the splits that have others behind them in their file. */
typedef struct cut_pass {
    nlt_scan *scan;
    atomic_llong next;
    atomic_bool is_stopped;
} cut_pass;

/* Where the search stands in a split. */
typedef struct header_search {
    nlt_buf found;
    char mark;
    bool is_line_begin; /* the next byte begins a line */
    bool in_header;     /* it belongs to a header line */
    bool is_done;
} header_search;

/* Takes the header lines of a block, of which those count that begin before `end`. */
static nlt_status search_block(
    header_search *search, const char *block, size_t len, size_t end, nlt_error *err)
{
    size_t at = 0;
    while (at < len) {
        if (!search->in_header) {
            size_t stop = end < len ? end : len;
            const char *mark = at < stop ? memchr(block + at, search->mark, stop - at) : NULL;
            if (mark == NULL) {
                break;
            }
            at = (size_t)(mark - block);
            search->in_header = at == 0 ? search->is_line_begin : block[at - 1] == '\n';
            at += !search->in_header;
            continue;
        }
        const char *newline = memchr(block + at, '\n', len - at);
        size_t n = newline == NULL ? len - at : (size_t)(newline + 1 - (block + at));
        NLT_TRY(nlt__buf_append(&search->found, block + at, n, err));
        search->in_header = newline == NULL;
        at += n;
    }
    search->is_line_begin = block[len - 1] == '\n';
    search->is_done = end <= len && !search->in_header;
    return NLT_OK;
}

/* The header lines that begin in the split. What cannot be read is told when the split is. */
static nlt_status find_headers(nlt_scan *scan, nlt_split *split, char *block, nlt_error *err)
{
    const nlt_scan_file *file = &scan->files[split->file];
    nlt_source *source = NULL;
    int64_t at = split->begin > 0 ? split->begin - 1 : 0;
    if (nlt__source_open(nlt__scan_place(file), at, NULL, &source, NULL) != NLT_OK) {
        return NLT_OK;
    }
    header_search search = {.found = NLT_BUF_INIT(NLT_SCAN_HEADERS_MAX),
        .mark = file->connector->header_mark,
        .is_line_begin = split->begin == 0};
    nlt_status status = NLT_OK;
    size_t n = 1;
    while (status == NLT_OK && !search.is_done) {
        if (nlt__source_read(source, block, LOOK_BYTES, &n, NULL) != NLT_OK || n == 0) {
            break;
        }
        int64_t left = split->end - at;
        size_t end = left < (int64_t)n ? (size_t)(left > 0 ? left : 0) : n + 1;
        status = search_block(&search, block, n, end, err);
        at += (int64_t)n;
    }
    nlt__source_close(source);
    split->headers = search.found.ptr;
    split->headers_len = search.found.len;
    return status == NLT_ERR_LIMIT ? NLT_OK : status;
}

/* Files that are mostly headers are read by one reader: what each split would have to be given first
 * would be more than the split. */
static bool has_too_many_headers(const nlt_scan *scan, const nlt_scan_file *file)
{
    size_t total = 0;
    for (int64_t i = 0; i < file->splits_left; i++) {
        total += scan->splits[file->first_split + i].headers_len;
    }
    return total >= NLT_SCAN_HEADERS_MAX / 2;
}

/* The first split is the whole file, the others are empty. */
static void join_splits(nlt_scan *scan, const nlt_scan_file *file)
{
    scan->splits[file->first_split].end = INT64_MAX;
    for (int64_t i = file->first_split + 1; i < file->first_split + file->splits_left; i++) {
        scan->splits[i].begin = INT64_MAX;
        scan->splits[i].end = INT64_MAX;
    }
}

static nlt_status look_at_cut(nlt_scan *scan, int64_t index, char *block, nlt_error *err)
{
    nlt_split *split = &scan->splits[index];
    const nlt_scan_file *file = &scan->files[split->file];
    return file->splits_left > 1 && split->end != INT64_MAX && file->connector->header_mark != 0
        ? find_headers(scan, split, block, err)
        : NLT_OK;
}

/* ---- all ---- */

static nlt_status cut_thread(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    cut_pass *pass = ctx;
    nlt_scan *scan = pass->scan;
    char *block = nlt_alloc(LOOK_BYTES);
    nlt_status status = block != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    while (status == NLT_OK && !atomic_load(&pass->is_stopped)) {
        int64_t i = atomic_fetch_add(&pass->next, 1);
        if (i >= scan->n_splits) {
            break;
        }
        status = look_at_cut(scan, i, block, err);
    }
    if (status != NLT_OK) {
        atomic_store(&pass->is_stopped, true);
    }
    nlt_free(block);
    return status;
}

static nlt_status cut_files(nlt_scan *scan, int threads, int64_t split_bytes, nlt_error *err)
{
    int64_t first_file = scan->n_files - nlt__scan_list(scan)->n;
    if (split_bytes <= 0) {
        bool is_far =
            first_file < scan->n_files && nlt__fs_for(scan->files[first_file].entry->path)->is_far;
        split_bytes = choose_split_bytes(scan->bytes, threads, is_far ? SPLIT_FAR_MAX : SPLIT_MAX);
    }
    int64_t cap = 0;
    for (int64_t i = 0; i < scan->n_files; i++) {
        scan->first_split = i == first_file ? scan->n_splits : scan->first_split;
        NLT_TRY(split_file(scan, &cap, i, split_bytes, err));
    }
    if (scan->n_splits == scan->n_files) {
        return NLT_OK; /* nothing was cut */
    }
    cut_pass pass = {.scan = scan};
    NLT_TRY(nlt__parallel(threads > 0 ? threads : 1, cut_thread, &pass, err));
    for (int64_t i = 0; i < scan->n_files; i++) {
        if (has_too_many_headers(scan, &scan->files[i])) {
            join_splits(scan, &scan->files[i]);
        }
    }
    return NLT_OK;
}

nlt_status nlt__scan_make_splits(nlt_scan *scan, int threads, int64_t split_bytes, nlt_error *err)
{
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
    nlt_free(scan->splits);
    scan->splits = NULL;
    scan->n_splits = 0;
    scan->files[0].splits_left = 0;
    scan->files[0].head_left = 0;
    NLT_TRY(add_split(scan, &cap, 0, INT64_MAX, INT64_MAX, err)); /* no lines */
    NLT_TRY(add_headers(scan, range->headers, err));
    for (int64_t at = range->begin; at < range->end; at += bytes) {
        int64_t end = range->end - at > bytes ? at + bytes : range->end;
        NLT_TRY(add_split(scan, &cap, 0, at, end, err));
    }
    cut_pass pass = {.scan = scan};
    NLT_TRY(nlt__parallel(threads > 0 ? threads : 1, cut_thread, &pass, err));
    scan->files[0].head_left = scan->n_splits + 1; /* judged as a whole only */
    return NLT_OK;
}
