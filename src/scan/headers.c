/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a file's headers grows split by split from its beginning: the state of the connector
 * where a split begins is that of the one before and what its header lines make of it. Mostly there
 * are none, and both share it. */

#include "scan/headers.h"

#include <string.h>

#include "core/alloc.h"
#include "core/thread.h"
#include "core/utf8.h"

enum { LOOK_BYTES = 256 << 10 /* read at once */ };

/* ---- the search ---- */

nlt_status nlt__headers_search(
    nlt_header_search *search, const char *block, size_t len, size_t end, nlt_error *err)
{
    const size_t begin = search->is_file_begin ? nlt__bom_length((nlt_bytes){block, len}) : 0;
    size_t at = begin;
    search->is_file_begin = false;
    while (at < len) {
        if (!search->in_header) {
            size_t stop = end < len ? end : len;
            const char *mark = at < stop ? memchr(block + at, search->mark, stop - at) : NULL;
            if (mark == NULL) {
                break;
            }
            at = (size_t)(mark - block);
            search->in_header = at == begin ? search->is_line_begin : block[at - 1] == '\n';
            at += !search->in_header;
            continue;
        }
        const char *newline = memchr(block + at, '\n', len - at);
        size_t n = newline == NULL ? len - at : (size_t)(newline + 1 - (block + at));
        NLT_TRY(nlt__buf_append(&search->found, block + at, n, err));
        search->in_header = newline == NULL;
        at += n;
    }
    search->is_line_begin = len > 0 ? block[len - 1] == '\n' : search->is_line_begin;
    search->is_done = end <= len && !search->in_header;
    return NLT_OK;
}

void nlt__headers_begin(const nlt_scan *scan, int64_t split, nlt_header_search *search)
{
    const nlt_split *range = &scan->splits[split];
    size_t max = scan->are_headers_kept
        ? NLT_SCAN_HEADERS_MAX
        : (size_t)(range->end - range->begin) + NLT_SCAN_LINE_MAX + 2;
    *search = (nlt_header_search){.found = NLT_BUF_INIT(max),
        .mark = scan->files[range->file].connector->header_mark,
        .is_file_begin = range->begin == 0,
        .is_line_begin = range->begin == 0};
}

/* The header lines that begin in the split. What cannot be read is told when the split is. */
static nlt_status search_split(
    const nlt_scan *scan, int64_t index, char *block, nlt_header_search *search, nlt_error *err)
{
    const nlt_split *split = &scan->splits[index];
    nlt_source *source = NULL;
    int64_t at = split->begin > 0 ? split->begin - 1 : 0;
    nlt__headers_begin(scan, index, search);
    if (nlt__source_open(
            nlt__scan_place(&scan->files[split->file]), at, &scan->is_cancelled, &source, NULL)
        != NLT_OK) {
        return NLT_OK;
    }
    nlt_status status = NLT_OK;
    size_t n = 1;
    while (status == NLT_OK && !search->is_done) {
        if (nlt__source_read(source, block, LOOK_BYTES, &n, NULL) != NLT_OK || n == 0) {
            break;
        }
        int64_t left = split->end - at;
        size_t end = left < (int64_t)n ? (size_t)(left > 0 ? left : 0) : n + 1;
        status = nlt__headers_search(search, block, n, end, err);
        at += (int64_t)n;
    }
    nlt__source_close(source);
    return status == NLT_ERR_LIMIT ? NLT_OK : status; /* what is longer is no line */
}

/* ---- who looks ---- */

void nlt__headers_unknown(nlt_scan *scan, int64_t split)
{
    nlt_split *range = &scan->splits[split];
    range->look =
        scan->files[range->file].connector->header_mark != 0 ? NLT_LOOK_NOT_YET : NLT_LOOK_DONE;
}

/* Holding the lock. */
static bool claim(nlt_scan *scan, int64_t split)
{
    bool is_free = scan->splits[split].look == NLT_LOOK_NOT_YET;
    if (is_free) {
        scan->splits[split].look = NLT_LOOK_UNDER_WAY;
    }
    return is_free;
}

bool nlt__headers_claim(nlt_scan *scan, int64_t split)
{
    pthread_mutex_lock(&scan->lock);
    bool is_free = claim(scan, split);
    pthread_mutex_unlock(&scan->lock);
    return is_free;
}

/* Holding the lock. */
static void tell(nlt_scan *scan, int64_t split, nlt_header_search *search, bool is_found)
{
    nlt_split *range = &scan->splits[split];
    range->look = is_found ? NLT_LOOK_DONE : NLT_LOOK_NOT_YET;
    if (is_found && search->found.len > 0) {
        range->headers = search->found.ptr;
        range->headers_len = search->found.len;
    } else {
        nlt__buf_clear(&search->found);
    }
    pthread_cond_broadcast(&scan->looked);
}

void nlt__headers_tell(nlt_scan *scan, int64_t split, nlt_header_search *search, bool is_found)
{
    pthread_mutex_lock(&scan->lock);
    tell(scan, split, search, is_found);
    pthread_mutex_unlock(&scan->lock);
}

/* Looks through a split that nobody has begun. Holding the lock, which is given away meanwhile. */
static nlt_status look(nlt_scan *scan, int64_t split, nlt_error *err)
{
    nlt_header_search search = {.found = NLT_BUF_INIT(0)};
    pthread_mutex_unlock(&scan->lock);
    char *block = nlt_alloc(LOOK_BYTES);
    nlt_status status = block != NULL ? search_split(scan, split, block, &search, err)
                                      : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    nlt_free(block);
    pthread_mutex_lock(&scan->lock);
    tell(scan, split, &search, status == NLT_OK);
    return status;
}

/* ---- states ---- */

static void take_lines(const nlt_connector *connector, const char *at, size_t len,
    nlt_line_ctx *ctx, nlt_builder *scratch)
{
    const char *end = at + len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at);
        nlt_bytes line = {at, n - (n > 0 && at[n - 1] == '\r')};
        if (n <= NLT_SCAN_LINE_MAX) {
            (void)connector->line(ctx, line, scratch);
        }
        at += n + 1;
    }
    nlt__builder_reset(scratch);
}

static void load_state(const nlt_scan_file *file, const void *state, nlt_line_ctx *ctx)
{
    if (state != NULL) {
        memcpy(ctx->state, state, file->connector->state_size);
    } else {
        memset(ctx->state, 0, file->connector->state_size);
    }
}

/* The state behind a split whose headers are known. Holding the lock. */
static nlt_status next_state(
    nlt_scan *scan, int64_t split, nlt_line_ctx *ctx, nlt_builder *scratch, nlt_error *err)
{
    nlt_split *range = &scan->splits[split];
    nlt_scan_file *file = &scan->files[range->file];
    const void *state = range->state;
    if (range->headers_len > 0) {
        load_state(file, state, ctx);
        take_lines(file->connector, range->headers, range->headers_len, ctx, scratch);
        void *copy = nlt_alloc(file->connector->state_size);
        if (copy == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        memcpy(copy, ctx->state, file->connector->state_size);
        state = copy;
    }
    if (!scan->are_headers_kept) {
        nlt_free(range->headers);
        range->headers = NULL;
        range->headers_len = 0;
    }
    scan->splits[split + 1].state = state;
    file->n_states++;
    return NLT_OK;
}

nlt_status nlt__headers_state(
    nlt_scan *scan, int64_t split, nlt_line_ctx *ctx, nlt_builder *scratch, nlt_error *err)
{
    nlt_scan_file *file = &scan->files[scan->splits[split].file];
    nlt_status status = NLT_OK;
    if (file->connector->header_mark == 0 || split == file->first_split) {
        return NLT_OK;
    }
    pthread_mutex_lock(&scan->lock);
    while (status == NLT_OK && file->first_split + file->n_states < split) {
        int64_t last = file->first_split + file->n_states;
        if (scan->splits[last].look == NLT_LOOK_DONE) {
            status = next_state(scan, last, ctx, scratch, err);
        } else if (claim(scan, last)) {
            status = look(scan, last, err);
        } else {
            pthread_cond_wait(&scan->looked, &scan->lock);
        }
    }
    if (status == NLT_OK) {
        load_state(file, scan->splits[split].state, ctx);
    }
    pthread_mutex_unlock(&scan->lock);
    return status;
}

void nlt__headers_clear(nlt_scan *scan)
{
    for (int64_t i = 0; scan->splits != NULL && i < scan->n_splits; i++) {
        const void *state = scan->splits[i].state;
        nlt_free(scan->splits[i].headers);
        if (i + 1 == scan->n_splits || scan->splits[i + 1].state != state) {
            nlt_free((void *)(uintptr_t)state);
        }
    }
}

/* ---- all ---- */

/* A pass over the splits that have others behind them in their file. */
typedef struct look_pass {
    nlt_scan *scan;
    atomic_llong next;
    atomic_bool is_stopped;
} look_pass;

static nlt_status look_thread(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    look_pass *pass = ctx;
    nlt_scan *scan = pass->scan;
    nlt_status status = NLT_OK;
    while (status == NLT_OK && !atomic_load(&pass->is_stopped)) {
        int64_t i = atomic_fetch_add(&pass->next, 1);
        if (i >= scan->n_splits) {
            break;
        }
        pthread_mutex_lock(&scan->lock);
        status = claim(scan, i) ? look(scan, i, err) : NLT_OK;
        pthread_mutex_unlock(&scan->lock);
    }
    if (status != NLT_OK) {
        atomic_store(&pass->is_stopped, true);
    }
    return status;
}

/* Files that are mostly headers are read by one reader: what each split would have to be given first
 * would be more than the split. */
static bool has_too_many(const nlt_scan *scan, const nlt_scan_file *file)
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

nlt_status nlt__headers_find_all(nlt_scan *scan, int threads, nlt_error *err)
{
    look_pass pass = {.scan = scan};
    scan->are_headers_kept = true;
    NLT_TRY(nlt__parallel(threads > 0 ? threads : 1, look_thread, &pass, err));
    for (int64_t i = 0; i < scan->n_files; i++) {
        if (has_too_many(scan, &scan->files[i])) {
            join_splits(scan, &scan->files[i]);
        }
    }
    return NLT_OK;
}
