/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting sort by key, then a natural merge sort of each key's rows, which logs nearly are in order
 * of already.
 *
 * What does not fit is sorted in passes over the part, each taking the keys of a range of hashes; where
 * one key alone does not fit, each taking a range of its first ordering column. */

#include "engine/key_sort.h"

#include <string.h>

#include "core/alloc.h"
#include "core/num.h"

enum {
    ROW_BYTES = 64, /* beside the lanes: group, place, scratch, bits, the table of keys */
    ROWS_MAX = INT32_MAX,
    TABLE_MIN = 256,
    BUCKETS = 1024 /* of a range of the ordering column */
};

/* A row on its way to its place. */
typedef struct item {
    uint64_t prefix; /* of its first ordering column */
    uint32_t row;
} item;

typedef struct group {
    uint64_t hash; /* of its key, halves exchanged: see turned() */
    uint32_t row;  /* its first */
    uint32_t n_rows;
    uint32_t begin; /* its rows' place among the items */
} group;

typedef struct sorter {
    nlt_row_store *store;
    const nlt_key_order *order;
    nlt_row_lanes rows; /* owned, with room for `cap` */
    int64_t n, cap;
    nlt_arena texts;    /* of blocks that are not in memory */
    uint32_t *group_of; /* per row; owned */
    group *groups;      /* owned */
    int64_t n_groups, cap_groups;
    uint32_t *table; /* group + 1, by hash; owned */
    uint64_t n_table;
    item *items;   /* owned */
    item *scratch; /* owned; as many as the largest group needs */
} sorter;

static nlt_status no_memory(nlt_error *err)
{
    nlt_fail(err, NLT_ERR_NOMEM, "out of memory to sort the rows of a step");
    nlt_error_hint(err, "give more with --memory, or use fewer threads");
    return NLT_ERR_NOMEM;
}

static int column_count(const nlt_row_store *store)
{
    int n;
    (void)nlt__row_store_dtypes(store, &n);
    return n;
}

/* ---- loading ---- */

static bool grow(void **array, int64_t cap, size_t size)
{
    void *grown = nlt_realloc_array(*array, (size_t)cap, size);
    *array = grown != NULL ? grown : *array;
    return grown != NULL;
}

static bool grow_lane(uint64_t **lane, int64_t cap)
{
    void *array = *lane;
    bool is_ok = grow(&array, cap, sizeof **lane);
    *lane = array;
    return is_ok;
}

static nlt_status reserve(sorter *s, int64_t extra, nlt_error *err)
{
    if (s->n + extra <= s->cap) {
        return NLT_OK;
    }
    int64_t cap = s->cap + s->cap / 2 > s->n + extra ? s->cap + s->cap / 2 : s->n + extra;
    cap = (cap + 63) / 64 * 64;
    bool is_ok = cap <= ROWS_MAX;
    for (int l = 0; is_ok && l < nlt__row_lane_count(s->store); l++) {
        is_ok = grow_lane(&s->rows.lanes[l], cap);
    }
    for (int c = 0; is_ok && c < column_count(s->store); c++) {
        is_ok = grow_lane(&s->rows.nulls[c], cap / 64);
    }
    if (is_ok) {
        void *array = s->group_of;
        is_ok = grow(&array, cap, sizeof *s->group_of);
        s->group_of = array;
    }
    s->cap = is_ok ? cap : s->cap;
    return is_ok ? NLT_OK : no_memory(err);
}

/* ---- keys ---- */

static int compare_keys(const sorter *s, uint32_t i, uint32_t j)
{
    int order = 0;
    for (int k = 0; order == 0 && k < s->order->n_keys; k++) {
        order = nlt__row_compare(s->store, s->order->keys[k], &s->rows, i, &s->rows, j);
    }
    return order;
}

static bool grow_table(sorter *s)
{
    uint64_t n = s->n_table == 0 ? TABLE_MIN : s->n_table * 2;
    uint32_t *table = nlt_alloc_zero(n, sizeof *table);
    if (table == NULL) {
        return false;
    }
    for (int64_t g = 0; g < s->n_groups; g++) {
        uint64_t at = s->groups[g].hash & (n - 1);
        while (table[at] != 0) {
            at = (at + 1) & (n - 1);
        }
        table[at] = (uint32_t)g + 1;
    }
    nlt_free(s->table);
    s->table = table;
    s->n_table = n;
    return true;
}

static bool add_group(sorter *s, uint64_t hash, uint32_t row)
{
    if (s->n_groups == s->cap_groups) {
        int64_t cap = s->cap_groups == 0 ? TABLE_MIN : s->cap_groups * 2;
        void *array = s->groups;
        bool is_ok = grow(&array, cap, sizeof *s->groups);
        s->groups = array;
        if (!is_ok) {
            return false;
        }
        s->cap_groups = cap;
    }
    s->groups[s->n_groups++] = (group){hash, row, 0, 0};
    return true;
}

/* Counts the row to the group of its key. */
static bool join_group(sorter *s, uint64_t hash, uint32_t row)
{
    if ((uint64_t)s->n_groups * 2 >= s->n_table && !grow_table(s)) {
        return false;
    }
    uint64_t at = hash & (s->n_table - 1);
    while (s->table[at] != 0) {
        const group *g = &s->groups[s->table[at] - 1];
        if (g->hash == hash && compare_keys(s, g->row, row) == 0) {
            break;
        }
        at = (at + 1) & (s->n_table - 1);
    }
    if (s->table[at] == 0) {
        if (!add_group(s, hash, row)) {
            return false;
        }
        s->table[at] = (uint32_t)s->n_groups;
    }
    s->group_of[row] = s->table[at] - 1;
    s->groups[s->table[at] - 1].n_rows++;
    return true;
}

/* The rows of one pass: those whose turned hash begins with [from, to), and the prefix of whose first
 * ordering column lies in [first, last]. */
typedef struct selection {
    uint64_t from, to;
    uint64_t first, last;
} selection;

static const selection everything = {0, UINT64_C(1) << 32, 0, UINT64_MAX};

/* The upper bits have chosen the part: the lower ones come first, so that passes are in order. */
static uint64_t turned(uint64_t hash)
{
    return hash << 32 | hash >> 32;
}

static bool is_all(const selection *which)
{
    return memcmp(which, &everything, sizeof *which) == 0;
}

static bool is_in(const sorter *s, const selection *which, const nlt_row_lanes *rows, int64_t row)
{
    uint64_t high = turned(nlt__row_hash(s->store, rows, row)) >> 32;
    if (high < which->from || high >= which->to) {
        return false;
    }
    if (which->first == 0 && which->last == UINT64_MAX) {
        return true;
    }
    uint64_t prefix = nlt__row_prefix(s->store, s->order->columns[0], rows, row);
    return prefix >= which->first && prefix <= which->last;
}

static void set_bit(uint64_t *bits, int64_t at, bool value)
{
    uint64_t bit = UINT64_C(1) << (at & 63);
    bits[at >> 6] = value ? bits[at >> 6] | bit : bits[at >> 6] & ~bit;
}

static void copy_row(sorter *s, const nlt_row_lanes *from, int i)
{
    for (int l = 0; l < nlt__row_lane_count(s->store); l++) {
        s->rows.lanes[l][s->n] = from->lanes[l][i];
    }
    for (int c = 0; c < column_count(s->store); c++) {
        set_bit(s->rows.nulls[c], s->n, nlt__valid(from->nulls[c], i));
    }
    s->n++;
}

/* All rows of a block. */
static void copy_block(sorter *s, const nlt_row_lanes *from, int n)
{
    for (int l = 0; l < nlt__row_lane_count(s->store); l++) {
        memcpy(s->rows.lanes[l] + s->n, from->lanes[l], (size_t)n * sizeof(uint64_t));
    }
    for (int c = 0; c < column_count(s->store); c++) {
        if ((s->n & 63) == 0) {
            memcpy(s->rows.nulls[c] + (s->n >> 6), from->nulls[c],
                (size_t)(n + 63) / 64 * sizeof(uint64_t));
            continue;
        }
        for (int i = 0; i < n; i++) {
            set_bit(s->rows.nulls[c], s->n + i, nlt__valid(from->nulls[c], i));
        }
    }
    s->n += n;
}

static nlt_status load_block(sorter *s, const nlt_row_cursor *cursor, const nlt_row_lanes *block,
    int n, const selection *which, nlt_error *err)
{
    int64_t first = s->n;
    NLT_TRY(reserve(s, n, err));
    s->rows.whole_columns &= block->whole_columns;
    if (is_all(which)) {
        copy_block(s, block, n);
    }
    for (int i = 0; !is_all(which) && i < n; i++) {
        if (is_in(s, which, block, i)) {
            copy_row(s, block, i);
        }
    }
    NLT_TRY(nlt__row_keep_texts(cursor, &s->rows, first, s->n - first, &s->texts, err));
    for (int64_t row = first; row < s->n; row++) {
        uint64_t hash = turned(nlt__row_hash(s->store, &s->rows, row));
        if (!join_group(s, hash, (uint32_t)row)) {
            return no_memory(err);
        }
    }
    return NLT_OK;
}

typedef nlt_status (*block_fn)(
    void *ctx, const nlt_row_cursor *cursor, const nlt_row_lanes *block, int n, nlt_error *err);

static nlt_status for_each_block(const nlt_key_order *order, nlt_row_store *store, int part,
    block_fn take, void *ctx, const bool *is_over, nlt_error *err)
{
    nlt_row_cursor *cursor = NULL;
    const nlt_row_lanes *block = NULL;
    int n = 0;
    nlt_status status = nlt__row_cursor_open(store, part, &cursor, err);
    while (status == NLT_OK && !*is_over) {
        status = nlt__row_cursor_next(cursor, &block, &n, err);
        if (status != NLT_OK || n == 0) {
            break;
        }
        status = take(ctx, cursor, block, n, err);
        if (status == NLT_OK && order->stop != NULL && atomic_load(order->stop)) {
            status = nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
        }
    }
    nlt__row_cursor_close(cursor);
    return status;
}

typedef struct loading {
    sorter *s;
    const selection *which;
    int64_t limit; /* rows */
    bool is_over;  /* there are more */
} loading;

static nlt_status take_block(
    void *ctx, const nlt_row_cursor *cursor, const nlt_row_lanes *block, int n, nlt_error *err)
{
    loading *l = ctx;
    NLT_TRY(load_block(l->s, cursor, block, n, l->which, err));
    l->is_over = l->s->n > l->limit;
    return NLT_OK;
}

static nlt_status load(loading *l, int part, nlt_error *err)
{
    sorter *s = l->s;
    s->rows.whole_columns = UINT64_MAX;
    if (is_all(l->which)) {
        l->is_over = nlt__row_store_rows(s->store, part) > l->limit;
        NLT_TRY(l->is_over ? NLT_OK : reserve(s, nlt__row_store_rows(s->store, part), err));
    }
    return for_each_block(s->order, s->store, part, take_block, l, &l->is_over, err);
}

/* ---- order within a key ---- */

static bool is_before(const sorter *s, item a, item b)
{
    if (a.prefix != b.prefix) {
        return a.prefix < b.prefix;
    }
    int order = 0;
    for (int k = 0; order == 0 && k < s->order->n_columns; k++) {
        order = nlt__row_compare(s->store, s->order->columns[k], &s->rows, a.row, &s->rows, b.row);
    }
    return order < 0;
}

static int64_t run_end(const sorter *s, const item *items, int64_t begin, int64_t n)
{
    int64_t end = begin + 1;
    while (end < n && !is_before(s, items[end], items[end - 1])) {
        end++;
    }
    return end < n ? end : n;
}

/* Merges the ordered runs [0, middle) and [middle, n). */
static void merge(const sorter *s, item *items, int64_t middle, int64_t n)
{
    memcpy(s->scratch, items, (size_t)middle * sizeof *items);
    int64_t left = 0;
    int64_t right = middle;
    item *to = items;
    while (left < middle && right < n) {
        *to++ = is_before(s, items[right], s->scratch[left]) ? items[right++] : s->scratch[left++];
    }
    memcpy(to, s->scratch + left, (size_t)(middle - left) * sizeof *items);
}

/* Natural merge sort (Knuth, TAOCP 5.2.4). */
static void sort_group(const sorter *s, item *items, int64_t n)
{
    for (int64_t n_runs = 2; n_runs > 1;) {
        n_runs = 0;
        for (int64_t begin = 0; begin < n; n_runs++) {
            int64_t middle = run_end(s, items, begin, n);
            int64_t end = middle < n ? run_end(s, items, middle, n) : n;
            if (middle < n) {
                merge(s, items + begin, middle - begin, end - begin);
            }
            begin = end;
        }
    }
}

/* ---- groups in order ---- */

static bool is_group_before(const sorter *s, const group *a, const group *b)
{
    return a->hash != b->hash ? a->hash < b->hash : compare_keys(s, a->row, b->row) < 0;
}

static void sift(const sorter *s, uint32_t *ranked, int64_t at, int64_t n)
{
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n
            && is_group_before(s, &s->groups[ranked[child]], &s->groups[ranked[child + 1]])) {
            child++;
        }
        if (!is_group_before(s, &s->groups[ranked[at]], &s->groups[ranked[child]])) {
            return;
        }
        uint32_t kept = ranked[at];
        ranked[at] = ranked[child];
        ranked[child] = kept;
        at = child;
    }
}

/* Heap sort: keys are few beside rows. */
static void rank_groups(const sorter *s, uint32_t *ranked)
{
    for (int64_t g = 0; g < s->n_groups; g++) {
        ranked[g] = (uint32_t)g;
    }
    for (int64_t at = s->n_groups / 2 - 1; at >= 0; at--) {
        sift(s, ranked, at, s->n_groups);
    }
    for (int64_t n = s->n_groups - 1; n > 0; n--) {
        uint32_t last = ranked[n];
        ranked[n] = ranked[0];
        ranked[0] = last;
        sift(s, ranked, 0, n);
    }
}

static nlt_status arrange(sorter *s, nlt_error *err)
{
    uint32_t *ranked = nlt_alloc((size_t)s->n_groups * sizeof *ranked);
    s->items = nlt_alloc((size_t)s->n * sizeof *s->items);
    if (ranked == NULL || s->items == NULL) {
        nlt_free(ranked);
        return no_memory(err);
    }
    rank_groups(s, ranked);
    uint32_t at = 0;
    uint32_t largest = 0;
    for (int64_t g = 0; g < s->n_groups; g++) {
        group *next = &s->groups[ranked[g]];
        next->begin = at;
        at += next->n_rows;
        largest = next->n_rows > largest ? next->n_rows : largest;
        next->n_rows = 0;
    }
    nlt_free(ranked);
    s->scratch = nlt_alloc((size_t)largest * sizeof *s->scratch);
    if (s->scratch == NULL) {
        return no_memory(err);
    }
    bool has_order = s->order->n_columns > 0;
    for (int64_t row = 0; row < s->n; row++) {
        group *g = &s->groups[s->group_of[row]];
        uint64_t prefix =
            has_order ? nlt__row_prefix(s->store, s->order->columns[0], &s->rows, row) : 0;
        s->items[g->begin + g->n_rows++] = (item){prefix, (uint32_t)row};
    }
    for (int64_t g = 0; g < s->n_groups; g++) {
        sort_group(s, s->items + s->groups[g].begin, s->groups[g].n_rows);
    }
    return NLT_OK;
}

/* ---- */

static nlt_status hand_on(const sorter *s, nlt_sorted_fn rows, void *ctx, nlt_error *err)
{
    uint32_t index[NLT_BLOCK_ROWS];
    for (int64_t first = 0; first < s->n; first += NLT_BLOCK_ROWS) {
        int64_t n = s->n - first < NLT_BLOCK_ROWS ? s->n - first : NLT_BLOCK_ROWS;
        for (int64_t i = 0; i < n; i++) {
            index[i] = s->items[first + i].row;
        }
        if (s->order->stop != NULL && atomic_load(s->order->stop)) {
            return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
        }
        NLT_TRY(rows(ctx, &s->rows, index, n, err));
    }
    return NLT_OK;
}

static void sorter_clear(sorter *s)
{
    for (int l = 0; l < nlt__row_lane_count(s->store); l++) {
        nlt_free(s->rows.lanes[l]);
    }
    for (int c = 0; c < column_count(s->store); c++) {
        nlt_free(s->rows.nulls[c]);
    }
    nlt__arena_clear(&s->texts);
    nlt_free(s->group_of);
    nlt_free(s->groups);
    nlt_free(s->table);
    nlt_free(s->items);
    nlt_free(s->scratch);
}

/* ---- passes ---- */

typedef struct passes {
    nlt_row_store *store;
    int part;
    const nlt_key_order *order;
    int64_t limit; /* rows of a pass */
    nlt_sorted_fn rows;
    void *ctx;
} passes;

/* Nothing is handed on if there are more than `limit` rows: *is_over. */
static nlt_status sort_pass(
    const passes *p, const selection *which, int64_t limit, bool *is_over, nlt_error *err)
{
    sorter s = {.store = p->store, .order = p->order};
    loading l = {&s, which, limit, false};
    nlt_status status = load(&l, p->part, err);
    if (status == NLT_OK && !l.is_over && s.n > 0) {
        status = arrange(&s, err);
    }
    if (status == NLT_OK && !l.is_over) {
        status = hand_on(&s, p->rows, p->ctx, err);
    }
    sorter_clear(&s);
    *is_over = l.is_over;
    return status;
}

/* What is known of the rows of a selection. */
typedef struct survey {
    const selection *which;
    sorter s; /* with one of the rows */
    bool is_one_key;
    uint64_t first, last;    /* prefixes */
    int64_t counts[BUCKETS]; /* by prefix, if `width` is known */
    uint64_t width;          /* of a bucket; 0: not yet */
    bool is_over;
} survey;

static nlt_status survey_block(
    void *ctx, const nlt_row_cursor *cursor, const nlt_row_lanes *block, int n, nlt_error *err)
{
    survey *v = ctx;
    sorter *s = &v->s;
    for (int i = 0; i < n; i++) {
        if (!is_in(s, v->which, block, i)) {
            continue;
        }
        uint64_t prefix = nlt__row_prefix(s->store, s->order->columns[0], block, i);
        if (v->width > 0) {
            v->counts[(prefix - v->first) / v->width]++;
            continue;
        }
        if (s->n == 0) {
            NLT_TRY(reserve(s, 1, err));
            copy_row(s, block, i);
            NLT_TRY(nlt__row_keep_texts(cursor, &s->rows, 0, 1, &s->texts, err));
        }
        for (int k = 0; k < s->order->n_keys; k++) {
            v->is_one_key &=
                nlt__row_compare(s->store, s->order->keys[k], &s->rows, 0, block, i) == 0;
        }
        v->first = prefix < v->first ? prefix : v->first;
        v->last = prefix > v->last ? prefix : v->last;
    }
    v->is_over = !v->is_one_key;
    return NLT_OK;
}

/* First whether all rows have one key, and how far its rows reach; then how they lie. */
static nlt_status look_at_rows(const passes *p, survey *v, nlt_error *err)
{
    v->s = (sorter){.store = p->store, .order = p->order};
    nlt_status status =
        for_each_block(p->order, p->store, p->part, survey_block, v, &v->is_over, err);
    v->width = v->is_one_key && v->last > v->first ? (v->last - v->first) / BUCKETS + 1 : 0;
    if (status == NLT_OK && v->width > 0) {
        status = for_each_block(p->order, p->store, p->part, survey_block, v, &v->is_over, err);
    }
    sorter_clear(&v->s);
    return status;
}

/* The rows of one key, in passes over ranges of the first ordering column. What that does not tell apart
 * is sorted in memory, however much it is; so are keys of one hash. */
static nlt_status sort_key(const passes *p, const selection *which, nlt_error *err)
{
    bool is_over = false;
    survey *v = p->order->n_columns > 0 ? nlt_alloc_zero(1, sizeof *v) : NULL;
    if (v == NULL) {
        return sort_pass(p, which, INT64_MAX, &is_over, err);
    }
    v->which = which;
    v->is_one_key = true;
    v->first = UINT64_MAX;
    nlt_status status = look_at_rows(p, v, err);
    if (status == NLT_OK && v->width == 0) {
        status = sort_pass(p, which, INT64_MAX, &is_over, err);
    }
    for (int begin = 0, end; status == NLT_OK && v->width > 0 && begin < BUCKETS; begin = end) {
        int64_t n = v->counts[begin];
        for (end = begin + 1; end < BUCKETS && n + v->counts[end] <= p->limit; end++) {
            n += v->counts[end];
        }
        selection some = *which;
        some.first = v->first + (uint64_t)begin * v->width;
        uint64_t reach = (uint64_t)end * v->width - 1;
        some.last = reach < v->last - v->first ? v->first + reach : v->last;
        if (n > 0) {
            status = n <= p->limit ? sort_pass(p, &some, INT64_MAX, &is_over, err)
                                   : sort_key(p, &some, err);
        }
    }
    nlt_free(v);
    return status;
}

static nlt_status sort_keys(const passes *p, const selection *which, nlt_error *err)
{
    bool is_over = false;
    NLT_TRY(sort_pass(p, which, p->limit, &is_over, err));
    if (!is_over) {
        return NLT_OK;
    }
    if (which->to - which->from == 1) {
        return sort_key(p, which, err);
    }
    selection half = *which;
    half.to = which->from + (which->to - which->from) / 2;
    NLT_TRY(sort_keys(p, &half, err));
    half.from = half.to;
    half.to = which->to;
    return sort_keys(p, &half, err);
}

nlt_status nlt__key_sort(nlt_row_store *store, int part, const nlt_key_order *order,
    int64_t memory_max, nlt_sorted_fn rows, void *ctx, nlt_error *err)
{
    int64_t fitting = memory_max / (ROW_BYTES + nlt__row_lane_count(store) * 8) + 1;
    int64_t n_passes = nlt__row_store_rows(store, part) / fitting + 1;
    /* keys are of different size: a pass may take twice as much before it is made smaller */
    const passes p = {store, part, order, n_passes > 1 ? 2 * fitting : INT64_MAX, rows, ctx};
    for (int64_t i = 0; i < n_passes; i++) {
        selection which = everything;
        which.from = everything.to * (uint64_t)i / (uint64_t)n_passes;
        which.to = everything.to * (uint64_t)(i + 1) / (uint64_t)n_passes;
        NLT_TRY(sort_keys(&p, &which, err));
    }
    return NLT_OK;
}
