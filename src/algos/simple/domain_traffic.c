/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DomainTraffic: bytes per server name, the largest first.
 *
 * One statement sums the bytes of each name; the finishing kernel folds NULL, '' and '-' into one
 * group, checks the 64-bit range, and keeps the best N in a heap whose root is the worst kept.
 * The statement groups by the bare column: an expression around it would be made per row, whereas
 * the kernel folds three groups. A sum is NULL only if no row of the group has a byte count. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "algos/algo.h"
#include "core/alloc.h"
#include "core/num.h"
#include "table/tables.h"

static const nlt_param_desc parameters[] = {
    {.name = "N_TOP", .alias = "N", .type = NLT_PARAM_INTEGER, .fallback = "50", .minimum = 1,
        .maximum = HUGE_VAL, .special = -1, .unit = "domains",
        .help = "Domains to report, the largest first; -1 = all."},
};

enum { IN_DOMAIN, IN_C_BYTES, IN_S_BYTES, IN_COUNT };
enum { OUT_DOMAIN, OUT_BYTES, OUT_COUNT };

static const nlt_column_desc input_columns[IN_COUNT] = {
    {.name = "domain", .dtype = {.type = NLT_TYPE_STRING}, .unit = "", .help = "server name"},
    {.name = "c_bytes", .dtype = {.type = NLT_TYPE_DECIMAL}, .unit = "bytes",
        .help = "sum of what the clients sent"},
    {.name = "s_bytes", .dtype = {.type = NLT_TYPE_DECIMAL}, .unit = "bytes",
        .help = "sum of what the servers sent"},
};

static const nlt_column_desc output_columns[OUT_COUNT] = {
    {.name = "domain", .dtype = {.type = NLT_TYPE_STRING}, .is_required = true, .unit = "",
        .help = "server name, - where there is none"},
    {.name = "bytes", .dtype = {.type = NLT_TYPE_INT64}, .is_required = true, .unit = "bytes",
        .help = "bytes in both directions"},
};

/* The sum of a BIGINT column, exact on both engines: one wraps at 64 bits where the other widens,
 * and a cast of every value to a wide decimal costs as much as the grouping itself. So both halves
 * of the value are summed as integers and put together once per group. */
#define EXACT_SUM(column) \
    "CAST(CAST(SUM(" column " >> 32) AS DECIMAL(20,0)) * CAST(4294967296 AS DECIMAL(10,0))" \
    " + CAST(SUM(" column " & 4294967295) AS DECIMAL(20,0)) AS DECIMAL(38,0)) AS " column

static const char sum_statement[] = "SELECT name AS domain, " EXACT_SUM("c_bytes") ", "
    EXACT_SUM("s_bytes") " FROM netlytics GROUP BY name";

typedef struct ranked {
    nlt_bytes domain; /* into `text`; before it is kept: into the batch */
    int64_t bytes;
    char *text;       /* owned */
} ranked;

typedef struct top {
    ranked *items; /* owned; a heap if there is a limit */
    int64_t n, cap;
    int64_t limit; /* -1: keep all */
    nlt_i128 nameless_bytes;
    bool has_nameless;
    bool has_rows;
    bool has_bytes;
    nlt_strings *warnings; /* borrowed */
} top;

static const nlt_bytes nameless = {"-", 1};

/* Bytes descending, then domain ascending by bytes: negative if `a` comes first. */
static int compare_ranked(const void *left, const void *right)
{
    const ranked *a = left;
    const ranked *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    size_t a_len = a->domain.len;
    size_t b_len = b->domain.len;
    int order = memcmp(a->domain.ptr, b->domain.ptr, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* ---- the heap: no item comes before its parent ---- */

static void swap_items(top *t, int64_t i, int64_t j)
{
    ranked kept = t->items[i];
    t->items[i] = t->items[j];
    t->items[j] = kept;
}

static void sift_up(top *t, int64_t i)
{
    while (i > 0 && compare_ranked(&t->items[(i - 1) / 2], &t->items[i]) < 0) {
        swap_items(t, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void sift_down(top *t, int64_t i)
{
    for (;;) {
        int64_t last = i;
        for (int64_t child = 2 * i + 1; child <= 2 * i + 2 && child < t->n; child++) {
            if (compare_ranked(&t->items[last], &t->items[child]) < 0) {
                last = child;
            }
        }
        if (last == i) {
            return;
        }
        swap_items(t, i, last);
        i = last;
    }
}

static nlt_status grow(top *t, nlt_error *err)
{
    if (t->n < t->cap) {
        return NLT_OK;
    }
    int64_t cap = t->cap < 64 ? 64 : t->cap * 2;
    ranked *items = nlt_realloc_array(t->items, (size_t)cap, sizeof *items);
    if (items == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld domains", (long long)cap);
    }
    t->items = items;
    t->cap = cap;
    return NLT_OK;
}

static nlt_status keep(top *t, nlt_bytes domain, int64_t bytes, nlt_error *err)
{
    ranked candidate = {domain, bytes, NULL};
    bool is_full = t->limit >= 0 && t->n >= t->limit;
    if (is_full && compare_ranked(&candidate, &t->items[0]) >= 0) {
        return NLT_OK;
    }
    NLT_TRY(grow(t, err));
    candidate.text = nlt_strndup(domain.ptr, domain.len);
    if (candidate.text == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a domain of %zu bytes", domain.len);
    }
    candidate.domain.ptr = candidate.text;
    if (is_full) {
        nlt_free(t->items[0].text);
        t->items[0] = candidate;
        sift_down(t, 0);
        return NLT_OK;
    }
    t->items[t->n++] = candidate;
    if (t->limit >= 0) {
        sift_up(t, t->n - 1);
    }
    return NLT_OK;
}

static nlt_status rank(top *t, nlt_bytes domain, nlt_i128 bytes, nlt_error *err)
{
    if (bytes > INT64_MAX || bytes < INT64_MIN) {
        return nlt_fail(err, NLT_ERR_SQL, "bytes of domain \"%.*s\" do not fit into 64 bits",
            domain.len < 253 ? (int)domain.len : 253, domain.ptr);
    }
    return keep(t, domain, (int64_t)bytes, err);
}

/* ---- the kernel ---- */

static nlt_i128 sum_at(top *t, const nlt_vec *vec, int64_t row)
{
    if (!nlt__valid(vec->valid, row)) {
        return 0;
    }
    nlt_i128 value;
    memcpy(&value, (const char *)vec->data + (size_t)row * sizeof value, sizeof value);
    t->has_bytes = true;
    return value;
}

static nlt_status top_open(const nlt_params *params, nlt_strings *warnings, void **state,
    nlt_error *err)
{
    top *t = nlt_alloc_zero(1, sizeof *t);
    *state = t;
    if (t == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    t->limit = nlt__params_i64(params, "N_TOP");
    t->warnings = warnings;
    return NLT_OK;
}

static nlt_status top_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    top *t = state;
    const nlt_vec *domains = &rows->cols[IN_DOMAIN];
    for (int64_t row = 0; row < rows->n_rows; row++) {
        nlt_bytes domain = {"", 0};
        if (nlt__valid(domains->valid, row)) {
            domain = nlt__str_bytes((const nlt_str *)domains->data + row);
        }
        nlt_i128 bytes = sum_at(t, &rows->cols[IN_C_BYTES], row)
            + sum_at(t, &rows->cols[IN_S_BYTES], row);
        t->has_rows = true;
        if (domain.len == 0 || (domain.len == 1 && domain.ptr[0] == '-')) {
            t->has_nameless = true;
            t->nameless_bytes += bytes;
        } else {
            NLT_TRY(rank(t, domain, bytes, err));
        }
    }
    return NLT_OK;
}

static nlt_status emit_ranked(const top *t, nlt_batch *batch, nlt_emit *emit, nlt_error *err)
{
    for (int64_t first = 0; first < t->n; first += NLT_BATCH_ROWS) {
        int64_t n = t->n - first < NLT_BATCH_ROWS ? t->n - first : NLT_BATCH_ROWS;
        nlt__batch_reset(batch, NLT_BATCH_ROWS);
        for (int64_t row = 0; row < n; row++) {
            const ranked *item = &t->items[first + row];
            nlt_vec *cols = batch->cols;
            nlt__str_set((nlt_str *)cols[OUT_DOMAIN].data + row, item->domain.ptr,
                item->domain.len);
            nlt__set_valid(cols[OUT_DOMAIN].valid, row);
            ((int64_t *)cols[OUT_BYTES].data)[row] = item->bytes;
            nlt__set_valid(cols[OUT_BYTES].valid, row);
        }
        batch->n_rows = n;
        NLT_TRY(emit->rows(emit->ctx, batch, err));
    }
    return NLT_OK;
}

static nlt_status top_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    top *t = state;
    if (t->has_nameless) {
        NLT_TRY(rank(t, nameless, t->nameless_bytes, err));
    }
    if (!t->has_rows) {
        return nlt__strings_add(t->warnings, err, "the table has no rows");
    }
    if (!t->has_bytes) {
        NLT_TRY(nlt__strings_add(t->warnings, err, "no byte counts in this table"));
    }
    qsort(t->items, (size_t)t->n, sizeof *t->items, compare_ranked);
    const nlt_dtype dtypes[OUT_COUNT] = {
        output_columns[OUT_DOMAIN].dtype, output_columns[OUT_BYTES].dtype};
    nlt_batch *batch = NULL;
    NLT_TRY(nlt__batch_new(dtypes, OUT_COUNT, NLT_BATCH_ROWS, &batch, err));
    nlt_status status = emit_ranked(t, batch, emit, err);
    nlt__batch_free(batch);
    return status;
}

static void top_close(void *state)
{
    top *t = state;
    if (t == NULL) {
        return;
    }
    for (int64_t i = 0; i < t->n; i++) {
        nlt_free(t->items[i].text);
    }
    nlt_free(t->items);
    nlt_free(t);
}

static const nlt_kernel finish_kernel = {
    .name = "domain_traffic.finish",
    .input = input_columns,
    .n_input = IN_COUNT,
    .output = output_columns,
    .n_output = OUT_COUNT,
    .open = top_open,
    .push = top_push,
    .finish = top_finish,
    .close = top_close,
};

static nlt_status domain_traffic_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    NLT_TRY(nlt__plan_sql(plan, "domain_sums", sum_statement, err));
    return nlt__plan_kernel(plan, "domain_traffic", &finish_kernel, params, "domain_sums", err);
}

const nlt_algo nlt_algo_domain_traffic = {
    .class_name = "algos.domain_traffic.DomainTraffic",
    .alias = "domain_traffic",
    .summary = "Bytes per server name, the largest first",
    .input = &nlt_table_named_flows,
    .params = parameters,
    .n_params = sizeof parameters / sizeof parameters[0],
    .output = "report.csv",
    .plan = domain_traffic_plan,
};
