/* SPDX-License-Identifier: GPL-3.0-or-later */
/* External merge sort (Knuth, TAOCP 5.4): ordered runs of HELD_MAX bytes, merged in one pass
 * through a heap. What a run's reader holds is small, so memory grows with the square root of the
 * input at most. */

#define _GNU_SOURCE
#include "scan/spill.h"

#include <unistd.h>

#include "core/alloc.h"

enum {
    HELD_MAX = 4 << 20,    /* bytes of records that become a run */
    GIVE_BYTES = 1 << 20,  /* of records given back at once */
    READ_BYTES = 64 << 10, /* of a run read at once */
    WRITE_BYTES = 256 << 10
};

/* A run and how far it is read: its next record is the first in `window`. */
typedef struct run {
    int64_t at, end; /* bytes of the file that are not read yet */
    nlt_buf window;
    size_t pos;
    nlt_record_ref next;
} run;

struct nlt_spill {
    nlt_temp_space *space;
    nlt_buf held; /* not yet written */
    int fd;       /* -1: there is none yet */
    int64_t written;
    int64_t taken; /* of the space; what of it is not written had no room */
    run *runs;     /* once merging: a heap, the run with the first record in front */
    int64_t n_runs, cap_runs;
    bool is_merging;
    nlt_record_ref *refs; /* merging without a file: the held records in order; owned */
    int64_t n_refs, next_ref;
};

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for records");
}

/* ---- writing ---- */

static nlt_status write_bytes(nlt_spill *spill, nlt_buf *bytes, nlt_error *err)
{
    NLT_TRY(nlt__temp_file_write(spill->fd, bytes->ptr, bytes->len, spill->written, err));
    spill->written += (int64_t)bytes->len;
    bytes->len = 0;
    return NLT_OK;
}

/* The held records in order. */
static nlt_status sort_held(nlt_spill *spill, nlt_error *err)
{
    spill->n_refs = nlt__record_count(&spill->held);
    spill->refs = nlt_alloc((size_t)spill->n_refs * sizeof *spill->refs);
    if (spill->refs == NULL) {
        return no_memory(err);
    }
    nlt__record_refs(&spill->held, NULL, spill->refs);
    return nlt__record_sort(spill->refs, 0, spill->n_refs, err);
}

static nlt_status write_refs(nlt_spill *spill, nlt_error *err)
{
    nlt_buf out = NLT_BUF_INIT(WRITE_BYTES + NLT_RECORD_MAX + (int)sizeof(nlt_record) + 8);
    nlt_status status = NLT_OK;
    for (int64_t i = 0; i < spill->n_refs && status == NLT_OK; i++) {
        const nlt_record *record = spill->refs[i].record;
        status = nlt__buf_append(&out, record, nlt__record_size(record->len), err);
        if (status == NLT_OK && (out.len >= WRITE_BYTES || i + 1 == spill->n_refs)) {
            status = write_bytes(spill, &out, err);
        }
    }
    nlt__buf_clear(&out);
    return status;
}

static nlt_status add_run(nlt_spill *spill, int64_t begin, nlt_error *err)
{
    if (spill->n_runs == spill->cap_runs) {
        int64_t cap = spill->cap_runs == 0 ? 16 : spill->cap_runs * 2;
        run *grown = nlt_realloc_array(spill->runs, (size_t)cap, sizeof *grown);
        if (grown == NULL) {
            return no_memory(err);
        }
        spill->runs = grown;
        spill->cap_runs = cap;
    }
    spill->runs[spill->n_runs++] =
        (run){.at = begin, .end = spill->written, .window = NLT_BUF_INIT(2 * NLT_RECORD_MAX)};
    return NLT_OK;
}

/* The held records become a run. */
static nlt_status write_held(nlt_spill *spill, nlt_error *err)
{
    int64_t begin = spill->written;
    int64_t bytes = (int64_t)spill->held.len;
    NLT_TRY(nlt__temp_space_take(spill->space, bytes, err));
    spill->taken += bytes;
    if (spill->fd < 0) {
        NLT_TRY(nlt__temp_file_open(spill->space->folder, &spill->fd, err));
    }
    nlt_status status = sort_held(spill, err);
    if (status == NLT_OK) {
        status = write_refs(spill, err);
    }
    nlt_free(spill->refs);
    spill->refs = NULL;
    spill->n_refs = 0;
    spill->held.len = 0;
    return status == NLT_OK ? add_run(spill, begin, err) : status;
}

nlt_status nlt__spill_add(nlt_spill **spill, nlt_temp_space *space, nlt_buf *bytes, nlt_error *err)
{
    if (*spill == NULL) {
        *spill = nlt_alloc_zero(1, sizeof **spill);
        if (*spill == NULL) {
            return no_memory(err);
        }
        (*spill)->held = (nlt_buf)NLT_BUF_INIT(SIZE_MAX / 2);
        (*spill)->fd = -1;
        (*spill)->space = space;
    }
    NLT_TRY(nlt__buf_append(&(*spill)->held, bytes->ptr, bytes->len, err));
    nlt__buf_clear(bytes);
    return (*spill)->held.len < HELD_MAX ? NLT_OK : write_held(*spill, err);
}

/* ---- merging ---- */

/* Makes `want` bytes of the run readable behind `pos`. */
static nlt_status fill_window(nlt_spill *spill, run *r, size_t want, nlt_error *err)
{
    size_t left = r->window.len - r->pos;
    if (left >= want) {
        return NLT_OK;
    }
    memmove(r->window.ptr, r->window.ptr + r->pos, left);
    r->window.len = left;
    r->pos = 0;
    size_t more = want - left > READ_BYTES ? want - left : READ_BYTES;
    more = (int64_t)more < r->end - r->at ? more : (size_t)(r->end - r->at);
    NLT_TRY(nlt__buf_reserve(&r->window, more, err));
    NLT_TRY(nlt__temp_file_read(spill->fd, r->window.ptr + r->window.len, more, r->at, err));
    r->window.len += more;
    r->at += (int64_t)more;
    return NLT_OK;
}

/* The run's next record; false: there is none. */
static nlt_status read_next(nlt_spill *spill, run *r, bool *has_next, nlt_error *err)
{
    *has_next = r->pos < r->window.len || r->at < r->end;
    if (!*has_next) {
        return NLT_OK;
    }
    if (r->window.ptr == NULL) {
        NLT_TRY(nlt__buf_reserve(&r->window, READ_BYTES, err));
    }
    NLT_TRY(fill_window(spill, r, sizeof(nlt_record), err));
    const nlt_record *record = (const void *)(r->window.ptr + r->pos);
    NLT_TRY(fill_window(spill, r, nlt__record_size(record->len), err));
    record = (const void *)(r->window.ptr + r->pos);
    r->next = (nlt_record_ref){record->time, record->row_key, record, NULL};
    return NLT_OK;
}

/* Runs are in the order of what was added, which decides where records do not. */
static bool is_run_before(const run *a, const run *b)
{
    return nlt__ref_is_before(&a->next, &b->next)
        || (!nlt__ref_is_before(&b->next, &a->next) && a->end < b->end);
}

static void sift_down(run *runs, int64_t at, int64_t n)
{
    for (;;) {
        int64_t first = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++) {
            first = is_run_before(&runs[child], &runs[first]) ? child : first;
        }
        if (first == at) {
            return;
        }
        run swapped = runs[at];
        runs[at] = runs[first];
        runs[first] = swapped;
        at = first;
    }
}

static nlt_status begin_merge(nlt_spill *spill, nlt_error *err)
{
    spill->is_merging = true;
    if (spill->n_runs == 0) {
        return sort_held(spill, err);
    }
    if (spill->held.len > 0) {
        NLT_TRY(write_held(spill, err));
    }
    nlt__buf_clear(&spill->held);
    for (int64_t i = 0; i < spill->n_runs; i++) {
        bool has_next = false;
        NLT_TRY(read_next(spill, &spill->runs[i], &has_next, err));
    }
    for (int64_t i = spill->n_runs / 2; i-- > 0;) {
        sift_down(spill->runs, i, spill->n_runs);
    }
    return NLT_OK;
}

static nlt_status give(nlt_buf *out, const nlt_record *record, int64_t *n, nlt_error *err)
{
    ++*n;
    return nlt__buf_append(out, record, nlt__record_size(record->len), err);
}

static nlt_status give_merged(nlt_spill *spill, nlt_buf *out, int64_t *n, nlt_error *err)
{
    while (spill->n_runs > 0 && out->len < GIVE_BYTES) {
        run *first = &spill->runs[0];
        bool has_next = false;
        NLT_TRY(give(out, first->next.record, n, err));
        first->pos += nlt__record_size(first->next.record->len);
        NLT_TRY(read_next(spill, first, &has_next, err));
        if (!has_next) {
            nlt__buf_clear(&first->window);
            *first = spill->runs[--spill->n_runs];
        }
        sift_down(spill->runs, 0, spill->n_runs);
    }
    return NLT_OK;
}

nlt_status nlt__spill_next(nlt_spill *spill, nlt_buf *out, int64_t *n, nlt_error *err)
{
    *n = 0;
    if (!spill->is_merging) {
        NLT_TRY(begin_merge(spill, err));
    }
    while (spill->next_ref < spill->n_refs && out->len < GIVE_BYTES) {
        NLT_TRY(give(out, spill->refs[spill->next_ref++].record, n, err));
    }
    return give_merged(spill, out, n, err);
}

void nlt__spill_close(nlt_spill *spill)
{
    if (spill == NULL) {
        return;
    }
    for (int64_t i = 0; i < spill->n_runs; i++) {
        nlt__buf_clear(&spill->runs[i].window);
    }
    nlt_free(spill->runs);
    nlt_free(spill->refs);
    nlt__buf_clear(&spill->held);
    if (spill->fd >= 0) {
        (void)close(spill->fd);
    }
    nlt__temp_space_give_back(spill->space, spill->taken);
    nlt_free(spill);
}
