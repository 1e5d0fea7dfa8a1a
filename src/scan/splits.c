/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files become splits.
 *
 * Plain files are cut into ranges of a power of two, so that the first 16 MiB of a file are whole
 * splits whatever the number of threads is; packed files and pipes are one split each. A parallel
 * pass looks at what is cut: where header lines may change how later lines are read it collects
 * them, and captures, whose records show no beginnings, it cuts where records end. */

#include <string.h>

#include "core/alloc.h"
#include "core/thread.h"
#include "scan/range.h"
#include "scan/scan_types.h"
#include "wire/capture.h"

enum {
    SPLIT_MIN = 1 << 20,
    SPLIT_MAX = 4 << 20,
    SPLITS_PER_THREAD = 8,
    LOOK_BYTES = 256 << 10, /* read at once when headers are looked for */
    WALK_BYTES = NLT_CAPTURE_BLOCK_MAX + LOOK_BYTES /* holds the longest block of a capture */
};

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
    return NLT_OK;
}

static bool is_sequential(const nlt_scan *scan, const nlt_connector *connector)
{
    return connector->is_sequential != NULL && connector->is_sequential(scan->zone);
}

/* A file that cannot be looked at gets one split, whose reader says what is wrong with it. */
static nlt_status split_file(nlt_scan *scan, int64_t *cap, int64_t file, int64_t split_bytes,
    nlt_error *err)
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
static nlt_status search_block(header_search *search, const char *block, size_t len, size_t end,
    nlt_error *err)
{
    size_t at = 0;
    while (at < len) {
        if (!search->in_header) {
            size_t stop = end < len ? end : len;
            const char *mark =
                at < stop ? memchr(block + at, search->mark, stop - at) : NULL;
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
        .mark = file->connector->header_mark, .is_line_begin = split->begin == 0};
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

/* ---- captures ---- */

/* A walk over the records of a capture. */
typedef struct capture_walk {
    nlt_capture capture;
    nlt_source *source;
    char *window; /* owned; WALK_BYTES */
    size_t len, pos;
    int64_t base; /* offset in the file of window[0] */
    bool at_end;
} capture_walk;

/* More bytes behind those that are left. False: nothing can be read any more. */
static bool walk_on(capture_walk *walk)
{
    size_t left = walk->len - walk->pos;
    memmove(walk->window, walk->window + walk->pos, left);
    walk->base += (int64_t)walk->pos;
    walk->pos = 0;
    size_t room = WALK_BYTES - left;
    size_t n = 0;
    nlt_status status = nlt__source_read(walk->source, walk->window + left,
        room < LOOK_BYTES ? room : LOOK_BYTES, &n, NULL);
    walk->len = left + n;
    walk->at_end = n == 0;
    return status == NLT_OK;
}

/* To the first record at or behind `target`. False: there is none that can be reached. */
static bool walk_to(capture_walk *walk, int64_t target)
{
    nlt_capture_status status = NLT_CAPTURE_MORE;
    while (status == NLT_CAPTURE_MORE) {
        nlt_bytes window = {walk->window + walk->pos, walk->len - walk->pos};
        int64_t at = walk->base + (int64_t)walk->pos;
        size_t consumed = 0;
        status = walk->capture.format == 0
            ? nlt__capture_begin(&walk->capture, window, walk->at_end, &consumed)
            : nlt__capture_skip(&walk->capture, window, walk->at_end,
                target > at ? (size_t)(target - at) : 0, &consumed, NULL);
        walk->pos += consumed;
        if (status == NLT_CAPTURE_RECORD
            && walk->base + (int64_t)walk->pos < target) {
            status = NLT_CAPTURE_MORE;
            continue;
        }
        if (status == NLT_CAPTURE_MORE && !walk_on(walk)) {
            return false;
        }
    }
    return status == NLT_CAPTURE_RECORD;
}

/* Moves the cuts of a file to where records end. What lies behind the last that can be reached is
 * one split, whose reader tells what is wrong there. */
static nlt_status move_cuts(nlt_scan *scan, const nlt_scan_file *file, capture_walk *walk,
    nlt_error *err)
{
    int64_t end = file->first_split + file->splits_left;
    int64_t last = file->first_split; /* the split before the cut */
    for (int64_t i = last + 1; i < end; i++) {
        nlt_split *split = &scan->splits[i];
        bool is_reached = scan->splits[last].end != INT64_MAX && walk_to(walk, split->begin);
        split->begin = is_reached ? walk->base + (int64_t)walk->pos : INT64_MAX;
        split->end = is_reached ? split->end : INT64_MAX;
        scan->splits[last].end = split->begin;
        if (!is_reached) {
            continue;
        }
        split->capture = nlt_alloc(sizeof *split->capture);
        if (split->capture == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        *split->capture = walk->capture;
        last = i;
    }
    return NLT_OK;
}

static nlt_status cut_capture(nlt_scan *scan, int64_t index, nlt_error *err)
{
    const nlt_scan_file *file = &scan->files[index];
    capture_walk walk = {.window = nlt_alloc(WALK_BYTES)};
    if (walk.window == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = NLT_OK;
    if (nlt__source_open(file->entry->path, 0, &scan->is_cancelled, &walk.source, NULL) == NLT_OK) {
        status = move_cuts(scan, file, &walk, err);
        nlt__source_close(walk.source);
    } else {
        join_splits(scan, file);
    }
    nlt_free(walk.window);
    return status;
}

static nlt_status look_at_cut(nlt_scan *scan, int64_t index, char *block, nlt_error *err)
{
    nlt_split *split = &scan->splits[index];
    const nlt_scan_file *file = &scan->files[split->file];
    if (file->splits_left == 1) {
        return NLT_OK;
    }
    if (file->connector->packet != NULL) {
        return index == file->first_split ? cut_capture(scan, split->file, err) : NLT_OK;
    }
    return split->end != INT64_MAX && file->connector->header_mark != 0
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
    if (split_bytes <= 0) {
        split_bytes = choose_split_bytes(scan->bytes, threads);
    }
    int64_t cap = 0;
    int64_t first_file = scan->n_files - nlt__scan_list(scan)->n;
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

nlt_status nlt__scan_split_range(nlt_scan *scan, const nlt_scan_range *range, int threads,
    nlt_error *err)
{
    int64_t cap = 0;
    int64_t bytes = choose_split_bytes(range->end - range->begin, threads);
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
