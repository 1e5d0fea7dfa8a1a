/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Natural merge sort (Knuth, TAOCP 5.2.4): runs that are in order already, as of a split's packets
 * and streams, are merged pair by pair. */

#include "scan/record_sort.h"

#include <string.h>

#include "core/alloc.h"

enum {
    AHEAD_BYTES = 4096, /* what is on its way from memory while records are walked */
    SHORT_RUN = 16      /* a run so many times shorter is put into the other one piece by piece */
};

int64_t nlt__record_count(const nlt_buf *records)
{
    int64_t n = 0;
    for (size_t at = 0; at < records->len; n++) {
        const nlt_record *record = (const void *)(records->ptr + at);
        at += nlt__record_size(record->len);
    }
    return n;
}

void nlt__record_refs(const nlt_buf *records, void *home, nlt_record_ref *refs)
{
    for (size_t at = 0; at < records->len;) {
        const nlt_record *record = (const void *)(records->ptr + at);
        __builtin_prefetch((const char *)record + AHEAD_BYTES);
        *refs++ = (nlt_record_ref){record->time, record->row_key, record, home};
        at += nlt__record_size(record->len);
    }
}

/* How many of an ordered run may stay before `next`. */
static int64_t count_before(const nlt_record_ref *refs, int64_t n, const nlt_record_ref *next)
{
    int64_t low = 0;
    while (low < n) {
        int64_t middle = low + (n - low) / 2;
        if (nlt__ref_is_before(next, &refs[middle])) {
            n = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Where `next` comes behind the ordered run [0, n), of which it passes only the last few. */
static int64_t count_before_from_end(
    const nlt_record_ref *refs, int64_t n, const nlt_record_ref *next)
{
    int64_t step = 1;
    while (step < n && nlt__ref_is_before(next, &refs[n - step])) {
        step *= 2;
    }
    int64_t known = step < n ? n - step : 0;
    return known + count_before(refs + known, n - known, next);
}

/* Puts the ordered run [middle, n), which is short, into the one before it, the last first: what lies
 * between two of it moves at once. */
static void insert(nlt_record_ref *refs, int64_t middle, int64_t n, nlt_record_ref *scratch)
{
    int64_t left = middle;
    memcpy(scratch, refs + middle, (size_t)(n - middle) * sizeof *scratch);
    for (int64_t right = n - middle; right > 0; right--) {
        int64_t at = count_before_from_end(refs, left, &scratch[right - 1]);
        memmove(refs + at + right, refs + at, (size_t)(left - at) * sizeof *refs);
        refs[at + right - 1] = scratch[right - 1];
        left = at;
    }
}

/* Merges the ordered runs [0, middle) and [middle, n); `scratch` has room for the shorter one. */
static void merge(nlt_record_ref *refs, int64_t middle, int64_t n, nlt_record_ref *scratch)
{
    int64_t begin = count_before(refs, middle, &refs[middle]);
    int64_t n_left = middle - begin;
    if (n - middle < n_left / SHORT_RUN) {
        insert(refs + begin, n_left, n - begin, scratch);
        return;
    }
    memcpy(scratch, refs + begin, (size_t)n_left * sizeof *scratch);
    int64_t left = 0;
    int64_t right = middle;
    nlt_record_ref *to = refs + begin;
    while (left < n_left && right < n) {
        bool is_right = nlt__ref_is_before(&refs[right], &scratch[left]);
        *to++ = is_right ? refs[right++] : scratch[left++];
    }
    memcpy(to, scratch + left, (size_t)(n_left - left) * sizeof *scratch);
}

static int64_t run_end(const nlt_record_ref *refs, int64_t begin, int64_t n)
{
    int64_t end = begin + 1;
    while (end < n && !nlt__ref_is_before(&refs[end], &refs[end - 1])) {
        end++;
    }
    return end < n ? end : n;
}

/* Merges the runs of [0, n), pair by pair, until there is one. */
static void merge_runs(nlt_record_ref *refs, int64_t n, nlt_record_ref *scratch)
{
    int64_t n_runs = 0;
    do {
        n_runs = 0;
        for (int64_t begin = 0; begin < n; n_runs++) {
            int64_t middle = run_end(refs, begin, n);
            int64_t end = middle < n ? run_end(refs, middle, n) : n;
            if (middle < n) {
                merge(refs + begin, middle - begin, end - begin, scratch);
            }
            begin = end;
        }
    } while (n_runs > 1);
}

nlt_status nlt__record_sort(nlt_record_ref *refs, int64_t sorted, int64_t n, nlt_error *err)
{
    if (n == sorted || run_end(refs, sorted > 0 ? sorted - 1 : 0, n) == n) {
        return NLT_OK;
    }
    nlt_record_ref *scratch = nlt_alloc((size_t)n * sizeof *scratch);
    if (scratch == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory to sort %lld records", (long long)n);
    }
    merge_runs(refs + sorted, n - sorted, scratch);
    if (sorted > 0) {
        merge(refs, sorted, n, scratch);
    }
    nlt_free(scratch);
    return NLT_OK;
}
