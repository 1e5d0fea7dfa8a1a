/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "algos/simple/ranking.h"

#include <string.h>

#include "core/alloc.h"

struct nlt_ranked {
    nlt_bytes name; /* into `text`; before it is kept: the caller's */
    int64_t value;
    char *text; /* owned */
};

int nlt__compare_bytes(nlt_bytes a, nlt_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool is_before(const nlt_ranking *r, const nlt_ranked *a, const nlt_ranked *b)
{
    return a->value != b->value ? a->value > b->value : r->order(a->name, b->name) < 0;
}

/* ---- the heap: no item comes before its parent ---- */

static void swap_items(nlt_ranking *r, int64_t i, int64_t j)
{
    nlt_ranked kept = r->items[i];
    r->items[i] = r->items[j];
    r->items[j] = kept;
}

static void sift_up(nlt_ranking *r, int64_t i)
{
    while (i > 0 && is_before(r, &r->items[(i - 1) / 2], &r->items[i])) {
        swap_items(r, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void sift_down(nlt_ranking *r, int64_t n)
{
    for (int64_t i = 0;;) {
        int64_t last = i;
        for (int64_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++) {
            if (is_before(r, &r->items[last], &r->items[child])) {
                last = child;
            }
        }
        if (last == i) {
            return;
        }
        swap_items(r, i, last);
        i = last;
    }
}

/* ---- */

static nlt_status grow(nlt_ranking *r, nlt_error *err)
{
    if (r->n < r->cap) {
        return NLT_OK;
    }
    int64_t cap = r->cap < 64 ? 64 : r->cap * 2;
    nlt_ranked *items = nlt_realloc_array(r->items, (size_t)cap, sizeof *items);
    if (items == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld names", (long long)cap);
    }
    r->items = items;
    r->cap = cap;
    return NLT_OK;
}

nlt_status nlt__ranking_add(nlt_ranking *r, nlt_bytes name, int64_t value, nlt_error *err)
{
    nlt_ranked candidate = {name, value, NULL};
    bool is_full = r->limit >= 0 && r->n >= r->limit;
    if (is_full && !is_before(r, &candidate, &r->items[0])) {
        return NLT_OK;
    }
    NLT_TRY(grow(r, err));
    candidate.text = nlt_strndup(name.ptr, name.len);
    if (candidate.text == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a name of %zu bytes", name.len);
    }
    candidate.name.ptr = candidate.text;
    if (is_full) {
        nlt_free(r->items[0].text);
        r->items[0] = candidate;
        sift_down(r, r->n);
        return NLT_OK;
    }
    r->items[r->n++] = candidate;
    sift_up(r, r->n - 1);
    return NLT_OK;
}

/* Heapsort: the root, last in rank, goes behind what is left. */
static void sort(nlt_ranking *r)
{
    for (int64_t n = r->n - 1; n > 0; n--) {
        swap_items(r, 0, n);
        sift_down(r, n);
    }
}

static nlt_status emit_items(const nlt_ranking *r, nlt_batch *batch, nlt_emit *emit, nlt_error *err)
{
    for (int64_t first = 0; first < r->n; first += NLT_BATCH_ROWS) {
        int64_t n = r->n - first < NLT_BATCH_ROWS ? r->n - first : NLT_BATCH_ROWS;
        nlt__batch_reset(batch, NLT_BATCH_ROWS);
        for (int64_t row = 0; row < n; row++) {
            const nlt_ranked *item = &r->items[first + row];
            nlt_vec *cols = batch->cols;
            nlt__str_set((nlt_str *)cols[0].data + row, item->name.ptr, item->name.len);
            nlt__set_valid(cols[0].valid, row);
            ((int64_t *)cols[1].data)[row] = item->value;
            nlt__set_valid(cols[1].valid, row);
        }
        batch->n_rows = n;
        NLT_TRY(emit->rows(emit->ctx, batch, err));
    }
    return NLT_OK;
}

nlt_status nlt__ranking_emit(
    nlt_ranking *r, const nlt_column_desc columns[2], nlt_emit *emit, nlt_error *err)
{
    const nlt_dtype dtypes[2] = {columns[0].dtype, columns[1].dtype};
    nlt_batch *batch = NULL;
    NLT_TRY(nlt__batch_new(dtypes, 2, NLT_BATCH_ROWS, &batch, err));
    sort(r);
    nlt_status status = emit_items(r, batch, emit, err);
    nlt__batch_free(batch);
    nlt__ranking_clear(r);
    return status;
}

void nlt__ranking_clear(nlt_ranking *r)
{
    for (int64_t i = 0; i < r->n; i++) {
        nlt_free(r->items[i].text);
    }
    nlt_free(r->items);
    r->items = NULL;
    r->n = 0;
    r->cap = 0;
}
