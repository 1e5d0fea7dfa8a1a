/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT, training: which names follow a core that a client visits after a silence.
 *
 * A window opens at such a flow and lasts OW seconds. Windows, and windows that hold a name, are
 * counted per core; the counts of instances add up. A name counts once per window, which the serial
 * number of the last window that had it tells. */

#include <math.h>
#include <string.h>

#include "algos/web/what.h"
#include "core/alloc.h"

enum { IN_CLIENT, IN_NAME, IN_START, IN_ROW_KEY, IN_COUNT };
enum { OUT_CORE, OUT_DOMAIN, OUT_N, OUT_COUNT };
enum { TABLE_MIN = 256, COUNTS_MAX = 1 << 17 };

static const nlt_column_desc input_columns[IN_COUNT] = {
    {.name = "c_ip", .dtype = {.type = NLT_TYPE_STRING}, .unit = "", .help = "client address"},
    {.name = "name", .dtype = {.type = NLT_TYPE_STRING}, .unit = "", .help = "server name"},
    {.name = "time_start", .dtype = {.type = NLT_TYPE_DOUBLE}, .unit = "s", .help = "start"},
    {.name = NLT_ROW_KEY_COLUMN, .dtype = {.type = NLT_TYPE_INT64}, .unit = "", .help = "order"},
};

static const nlt_column_desc output_columns[OUT_COUNT] = {
    {.name = "core",
        .dtype = {.type = NLT_TYPE_STRING},
        .is_required = true,
        .unit = "",
        .help = "core domain"},
    {.name = "domain",
        .dtype = {.type = NLT_TYPE_STRING},
        .unit = "",
        .help = "name that follows it, normalised; NULL: of the core itself"},
    {.name = "n",
        .dtype = {.type = NLT_TYPE_INT64},
        .is_required = true,
        .unit = "windows",
        .help = "windows with the name; windows"},
};

/* Windows of a core that have a name. */
typedef struct pair_count {
    int32_t core, normal;
    int64_t n;
    int64_t last; /* serial number of the last window with it */
} pair_count;

typedef struct training {
    nlt_what_settings settings;
    nlt_what_names names;
    int64_t *windows;   /* by core; owned */
    pair_count *counts; /* owned */
    int64_t n_counts, cap_counts;
    uint32_t *table; /* of counts, count + 1; owned */
    uint64_t n_table;
    nlt_what_client client;
    bool has_last, has_window;
    double last, begin; /* the flow before; the window */
    int32_t core;       /* of the window */
    int64_t serial;     /* of the window */
    nlt_what_out out;
} training;

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory to learn which names follow a core");
}

/* ---- counts ---- */

static uint64_t hash_pair(int32_t core, int32_t normal)
{
    uint64_t key = (uint64_t)(uint32_t)core << 32 | (uint32_t)normal;
    key *= UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 29;
}

static bool grow_table(training *t)
{
    uint64_t n = t->n_table == 0 ? TABLE_MIN : t->n_table * 2;
    uint32_t *table = nlt_alloc_zero(n, sizeof *table);
    if (table == NULL) {
        return false;
    }
    for (int64_t i = 0; i < t->n_counts; i++) {
        uint64_t at = hash_pair(t->counts[i].core, t->counts[i].normal) & (n - 1);
        while (table[at] != 0) {
            at = (at + 1) & (n - 1);
        }
        table[at] = (uint32_t)i + 1;
    }
    nlt_free(t->table);
    t->table = table;
    t->n_table = n;
    return true;
}

static bool grow_counts(training *t)
{
    int64_t cap = t->cap_counts == 0 ? TABLE_MIN : t->cap_counts * 2;
    pair_count *counts =
        cap < UINT32_MAX ? nlt_realloc_array(t->counts, (size_t)cap, sizeof *counts) : NULL;
    if (counts != NULL) {
        t->counts = counts;
        t->cap_counts = cap;
    }
    return counts != NULL;
}

/* The count of a pair; NULL: no memory. */
static pair_count *find_count(training *t, int32_t core, int32_t normal)
{
    if ((uint64_t)t->n_counts * 2 >= t->n_table && !grow_table(t)) {
        return NULL;
    }
    uint64_t at = hash_pair(core, normal) & (t->n_table - 1);
    for (; t->table[at] != 0; at = (at + 1) & (t->n_table - 1)) {
        pair_count *count = &t->counts[t->table[at] - 1];
        if (count->core == core && count->normal == normal) {
            return count;
        }
    }
    if (t->n_counts == t->cap_counts && !grow_counts(t)) {
        return NULL;
    }
    t->counts[t->n_counts] = (pair_count){core, normal, 0, 0};
    t->table[at] = (uint32_t)++t->n_counts;
    return &t->counts[t->n_counts - 1];
}

static nlt_status emit_count(
    training *t, int32_t core, nlt_bytes domain, int64_t n, nlt_emit *emit, nlt_error *err)
{
    int64_t row;
    NLT_TRY(nlt__what_out_row(&t->out, emit, &row, err));
    nlt__what_put_text(&t->out, OUT_CORE, row, t->settings.cores.texts[core]);
    nlt__what_put_i64(&t->out, OUT_N, row, n);
    if (domain.ptr != NULL) {
        nlt__what_put_text(&t->out, OUT_DOMAIN, row, domain);
    }
    return NLT_OK;
}

/* Emits all counts and forgets them and the names. Between two clients. */
static nlt_status emit_counts(training *t, nlt_emit *emit, nlt_error *err)
{
    for (uint32_t core = 0; core < t->settings.cores.n; core++) {
        if (t->windows[core] > 0) {
            NLT_TRY(
                emit_count(t, (int32_t)core, (nlt_bytes){NULL, 0}, t->windows[core], emit, err));
            t->windows[core] = 0;
        }
    }
    for (int64_t i = 0; i < t->n_counts; i++) {
        const pair_count *count = &t->counts[i];
        NLT_TRY(
            emit_count(t, count->core, t->names.normal.texts[count->normal], count->n, emit, err));
    }
    NLT_TRY(nlt__what_out_flush(&t->out, emit, err));
    t->n_counts = 0;
    if (t->n_table > 0) {
        memset(t->table, 0, t->n_table * sizeof *t->table);
    }
    nlt__what_names_clear(&t->names);
    return NLT_OK;
}

/* ---- flows ---- */

static nlt_status begin_client(training *t, nlt_emit *emit, nlt_error *err)
{
    t->has_last = false;
    t->has_window = false;
    return t->n_counts > COUNTS_MAX || nlt__what_names_are_many(&t->names)
        ? emit_counts(t, emit, err)
        : NLT_OK;
}

static nlt_status count_name(training *t, uint32_t raw, nlt_error *err)
{
    int32_t normal = nlt__what_name_normal(&t->names, raw);
    if (normal < 0) {
        return normal == NLT_WHAT_UNNAMED ? NLT_OK : no_memory(err);
    }
    pair_count *count = find_count(t, t->core, normal);
    if (count == NULL) {
        return no_memory(err);
    }
    if (t->settings.counts_flows || count->last != t->serial) {
        count->last = t->serial;
        count->n++;
    }
    return NLT_OK;
}

static nlt_status take_flow(training *t, double start, nlt_bytes name, nlt_error *err)
{
    bool is_silent = t->has_last && start - t->last > t->settings.gap;
    t->last = start;
    t->has_last = true;
    if (t->has_window && start - t->begin > t->settings.window) {
        t->has_window = false;
    }
    if (!is_silent && !t->has_window) {
        return NLT_OK;
    }
    uint32_t raw = nlt__what_name_put(&t->names, name);
    if (raw == NLT_TEXT_ID_NONE) {
        return no_memory(err);
    }
    int32_t core = t->names.seen[raw].core;
    if (core >= 0 && is_silent) {
        t->has_window = true;
        t->core = core;
        t->begin = start;
        t->serial++;
        t->windows[core]++;
        return NLT_OK;
    }
    return t->has_window ? count_name(t, raw, err) : NLT_OK;
}

/* ---- the kernel ---- */

static nlt_status train_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    training *t = nlt_alloc_zero(1, sizeof *t);
    *state = t;
    if (t == NULL) {
        return no_memory(err);
    }
    t->client = (nlt_what_client)NLT_WHAT_CLIENT_INIT;
    t->names.settings = &t->settings;
    t->out = (nlt_what_out){NULL, output_columns, OUT_COUNT};
    NLT_TRY(nlt__what_settings_read(env->params, &t->settings, err));
    t->windows = nlt_alloc_zero(t->settings.cores.n, sizeof *t->windows);
    return t->windows != NULL ? NLT_OK : no_memory(err);
}

static nlt_status train_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    training *t = state;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        double start = nlt__what_real(rows, IN_START, row, (double)NAN);
        bool is_new;
        NLT_TRY(nlt__what_client_take(&t->client, rows, IN_CLIENT, row, &is_new, err));
        if (is_new) {
            NLT_TRY(begin_client(t, emit, err));
        }
        if (isfinite(start)) {
            NLT_TRY(take_flow(t, start, nlt__what_text(rows, IN_NAME, row), err));
        }
    }
    return NLT_OK;
}

static nlt_status train_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    return emit_counts(state, emit, err);
}

static void train_close(void *state)
{
    training *t = state;
    if (t == NULL) {
        return;
    }
    nlt__what_names_clear(&t->names);
    nlt__what_settings_clear(&t->settings);
    nlt__what_out_clear(&t->out);
    nlt__buf_clear(&t->client.text);
    nlt_free(t->windows);
    nlt_free(t->counts);
    nlt_free(t->table);
    nlt_free(t);
}

const nlt_kernel nlt__what_train = {
    .name = "what.train",
    .input = input_columns,
    .n_input = IN_COUNT,
    .output = output_columns,
    .n_output = OUT_COUNT,
    .keys = nlt__what_keys,
    .n_keys = 1,
    .order = nlt__what_order,
    .n_order = 2,
    .open = train_open,
    .push = train_push,
    .finish = train_finish,
    .close = train_close,
};
