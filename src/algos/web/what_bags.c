/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT, between training and classification: frequencies and weights of the names of each core, and
 * the text of bags.json.
 *
 * weight(core, name) = freq log10(L / df): L bags are not empty, df of them have the name. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "algos/web/what.h"
#include "core/alloc.h"
#include "core/json_text.h"
#include "core/num.h"

enum { IN_CORE, IN_DOMAIN, IN_N, IN_COUNT };
enum { LINE_NUMBER, LINE_TEXT, LINE_COUNT };
enum { TEXT_MAX = 1 << 28, NAMED_MAX = 10 };

static const nlt_column_desc count_columns[IN_COUNT] = {
    {.name = "core", .dtype = {.type = NLT_TYPE_STRING}, .unit = "", .help = "core domain"},
    {.name = "domain",
        .dtype = {.type = NLT_TYPE_STRING},
        .unit = "",
        .help = "name in its windows"},
    {.name = "n", .dtype = {.type = NLT_TYPE_INT64}, .unit = "windows", .help = "windows"},
};

const nlt_column_desc nlt__what_bag_columns[NLT_WHAT_BAG_COUNT] = {
    {.name = "core",
        .dtype = {.type = NLT_TYPE_STRING},
        .is_required = true,
        .unit = "",
        .help = "core domain"},
    {.name = "domain",
        .dtype = {.type = NLT_TYPE_STRING},
        .unit = "",
        .help = "name in its bag; NULL: of the core itself"},
    {.name = "windows",
        .dtype = {.type = NLT_TYPE_INT64},
        .is_required = true,
        .unit = "windows",
        .help = "training windows of the core; of these with the name"},
    {.name = "freq",
        .dtype = {.type = NLT_TYPE_DOUBLE},
        .unit = "",
        .help = "share of the windows"},
    {.name = "weight",
        .dtype = {.type = NLT_TYPE_DOUBLE},
        .unit = "",
        .help = "freq log10(bags / bags with the name)"},
};

static const nlt_column_desc line_columns[LINE_COUNT] = {
    {.name = "number",
        .dtype = {.type = NLT_TYPE_INT64},
        .is_required = true,
        .unit = "",
        .help = "of the line"},
    {.name = "line",
        .dtype = {.type = NLT_TYPE_STRING},
        .is_required = true,
        .unit = "",
        .help = "of bags.json"},
};

static const char *const bag_order[] = {"core", "domain"};

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the names of the cores");
}

/* ---- weights ---- */

typedef struct bag_name {
    int32_t core;
    uint32_t domain;
    int64_t n;
} bag_name;

typedef struct weighing {
    nlt_what_settings settings;
    nlt_strings *warnings; /* borrowed */
    int64_t *windows;      /* by core; owned */
    int64_t *sizes;        /* of bags, by core; owned */
    nlt_text_ids domains;
    int64_t *n_bags; /* by domain; owned */
    uint32_t cap_bags;
    bag_name *names; /* that are frequent, core by core; owned */
    int64_t n_names, cap_names;
    nlt_what_out out;
} weighing;

static nlt_status weights_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    weighing *w = nlt_alloc_zero(1, sizeof *w);
    *state = w;
    if (w == NULL) {
        return no_memory(err);
    }
    w->warnings = env->warnings;
    w->out = (nlt_what_out){NULL, nlt__what_bag_columns, NLT_WHAT_BAG_COUNT};
    NLT_TRY(nlt__what_settings_read(env->params, &w->settings, err));
    w->windows = nlt_alloc_zero(w->settings.cores.n, sizeof *w->windows);
    w->sizes = nlt_alloc_zero(w->settings.cores.n, sizeof *w->sizes);
    return w->windows != NULL && w->sizes != NULL ? NLT_OK : no_memory(err);
}

static double frequency(const weighing *w, int32_t core, int64_t n)
{
    return (double)n / (double)w->windows[core];
}

static nlt_status add_name(weighing *w, int32_t core, nlt_bytes domain, int64_t n, nlt_error *err)
{
    uint32_t known = w->domains.n;
    uint32_t id = nlt__text_id_put(&w->domains, domain);
    if (id == NLT_TEXT_ID_NONE) {
        return no_memory(err);
    }
    if (id >= w->cap_bags) {
        uint32_t cap = w->cap_bags == 0 ? 256 : w->cap_bags * 2;
        int64_t *n_bags = nlt_realloc_array(w->n_bags, cap, sizeof *n_bags);
        if (n_bags == NULL) {
            return no_memory(err);
        }
        w->n_bags = n_bags;
        w->cap_bags = cap;
    }
    if (w->n_names == w->cap_names) {
        int64_t cap = w->cap_names == 0 ? 256 : w->cap_names * 2;
        bag_name *names = nlt_realloc_array(w->names, (size_t)cap, sizeof *names);
        if (names == NULL) {
            return no_memory(err);
        }
        w->names = names;
        w->cap_names = cap;
    }
    w->n_bags[id] = id < known ? w->n_bags[id] + 1 : 1;
    w->sizes[core]++;
    w->names[w->n_names++] = (bag_name){core, id, n};
    return NLT_OK;
}

/* The rows of a core begin with that of its windows: NULL comes first. */
static nlt_status weights_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    weighing *w = state;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        uint32_t core = nlt__text_id_find(&w->settings.cores, nlt__what_text(rows, IN_CORE, row));
        nlt_bytes domain = nlt__what_text(rows, IN_DOMAIN, row);
        int64_t n = nlt__what_i64(rows, IN_N, row);
        if (core == NLT_TEXT_ID_NONE) {
            return nlt_fail(err, NLT_ERR_INTERNAL, "counts of a core that was not asked for");
        }
        if (domain.ptr == NULL) {
            w->windows[core] = n;
        } else if (frequency(w, (int32_t)core, n) >= w->settings.min_freq) {
            NLT_TRY(add_name(w, (int32_t)core, domain, n, err));
        }
    }
    return NLT_OK;
}

static nlt_status emit_bag(weighing *w, int32_t core, nlt_bytes domain, int64_t n, double freq,
    double weight, nlt_emit *emit, nlt_error *err)
{
    int64_t row;
    NLT_TRY(nlt__what_out_row(&w->out, emit, &row, err));
    nlt__what_put_text(&w->out, NLT_WHAT_BAG_CORE, row, w->settings.cores.texts[core]);
    nlt__what_put_i64(&w->out, NLT_WHAT_BAG_WINDOWS, row, n);
    if (domain.ptr != NULL) {
        nlt__what_put_text(&w->out, NLT_WHAT_BAG_DOMAIN, row, domain);
        nlt__what_put_real(&w->out, NLT_WHAT_BAG_FREQ, row, freq);
        nlt__what_put_real(&w->out, NLT_WHAT_BAG_WEIGHT, row, weight);
    }
    return NLT_OK;
}

/* One warning, however many cores there are. */
static nlt_status warn_empty(const weighing *w, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    int64_t n = 0;
    nlt_status status = NLT_OK;
    for (uint32_t core = 0; status == NLT_OK && core < w->settings.cores.n; core++) {
        if (w->sizes[core] == 0 && n++ < NAMED_MAX) {
            nlt_bytes name = w->settings.cores.texts[core];
            status = nlt__buf_printf(&text, err, "%s%.*s%s", n > 1 ? ", " : "", (int)name.len,
                name.ptr, w->windows[core] == 0 ? " (never seen after a silence)" : "");
        }
    }
    if (status == NLT_OK && n > NAMED_MAX) {
        status = nlt__buf_printf(&text, err, " and %lld more", (long long)(n - NAMED_MAX));
    }
    const char *names = status == NLT_OK && n > 0 ? nlt__buf_cstr(&text) : NULL;
    if (names != NULL) {
        status = nlt__strings_add(w->warnings, err, "WHAT: no support domains for %s", names);
    }
    nlt__buf_clear(&text);
    return status;
}

static nlt_status weights_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    weighing *w = state;
    double n_bags = 0;
    for (uint32_t core = 0; core < w->settings.cores.n; core++) {
        n_bags += w->sizes[core] > 0;
        NLT_TRY(
            emit_bag(w, (int32_t)core, (nlt_bytes){NULL, 0}, w->windows[core], 0, 0, emit, err));
    }
    for (int64_t i = 0; i < w->n_names; i++) {
        const bag_name *name = &w->names[i];
        double freq = frequency(w, name->core, name->n);
        double weight = freq * log10(n_bags / (double)w->n_bags[name->domain]);
        NLT_TRY(emit_bag(
            w, name->core, w->domains.texts[name->domain], name->n, freq, weight, emit, err));
    }
    NLT_TRY(nlt__what_out_flush(&w->out, emit, err));
    return warn_empty(w, err);
}

static void weights_close(void *state)
{
    weighing *w = state;
    if (w == NULL) {
        return;
    }
    nlt__what_settings_clear(&w->settings);
    nlt__text_ids_clear(&w->domains);
    nlt__what_out_clear(&w->out);
    nlt_free(w->windows);
    nlt_free(w->sizes);
    nlt_free(w->n_bags);
    nlt_free(w->names);
    nlt_free(w);
}

const nlt_kernel nlt__what_weights = {
    .name = "what.weights",
    .input = count_columns,
    .n_input = IN_COUNT,
    .output = nlt__what_bag_columns,
    .n_output = NLT_WHAT_BAG_COUNT,
    .order = bag_order,
    .n_order = 2,
    .open = weights_open,
    .push = weights_push,
    .finish = weights_finish,
    .close = weights_close,
};

/* ---- bags.json ---- */

typedef struct bags_text {
    nlt_buf occurrences; /* members of the object */
    nlt_buf bags;        /* the same; lines end with \n */
    int64_t n_cores, n_bags, n_in_bag;
    nlt_what_out out;
} bags_text;

static nlt_status bags_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    (void)env;
    bags_text *b = nlt_alloc_zero(1, sizeof *b);
    *state = b;
    if (b == NULL) {
        return no_memory(err);
    }
    b->occurrences = (nlt_buf)NLT_BUF_INIT(TEXT_MAX);
    b->bags = (nlt_buf)NLT_BUF_INIT(TEXT_MAX);
    b->out = (nlt_what_out){NULL, line_columns, LINE_COUNT};
    return NLT_OK;
}

static nlt_status put_core(bags_text *b, nlt_bytes core, int64_t windows, nlt_error *err)
{
    const char *comma = b->n_cores > 0 ? ",\n" : "\n";
    NLT_TRY(nlt__buf_printf(&b->occurrences, err, "%s", comma));
    NLT_TRY(nlt__json_text(core, &b->occurrences, err));
    NLT_TRY(nlt__buf_printf(&b->occurrences, err, ":%lld", (long long)windows));
    NLT_TRY(nlt__buf_printf(&b->bags, err, "%s%s", b->n_cores > 0 ? "}" : "", comma));
    NLT_TRY(nlt__json_text(core, &b->bags, err));
    b->n_cores++;
    b->n_in_bag = 0;
    return nlt__buf_printf(&b->bags, err, ":{");
}

static nlt_status put_domain(
    bags_text *b, nlt_bytes domain, double freq, double weight, nlt_error *err)
{
    char text[2][NLT_NUM_TEXT_MAX];
    int len[2] = {(int)nlt__format_double(freq, text[0]), (int)nlt__format_double(weight, text[1])};
    NLT_TRY(nlt__buf_printf(&b->bags, err, "%s\n", b->n_in_bag > 0 ? "," : ""));
    NLT_TRY(nlt__json_text(domain, &b->bags, err));
    b->n_bags += b->n_in_bag == 0;
    b->n_in_bag++;
    return nlt__buf_printf(
        &b->bags, err, ":{\"freq\":%.*s,\"weight\":%.*s}", len[0], text[0], len[1], text[1]);
}

static nlt_status bags_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    bags_text *b = state;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        nlt_bytes domain = nlt__what_text(rows, NLT_WHAT_BAG_DOMAIN, row);
        if (domain.ptr == NULL) {
            NLT_TRY(put_core(b, nlt__what_text(rows, NLT_WHAT_BAG_CORE, row),
                nlt__what_i64(rows, NLT_WHAT_BAG_WINDOWS, row), err));
        } else {
            NLT_TRY(put_domain(b, domain, nlt__what_real(rows, NLT_WHAT_BAG_FREQ, row, 0),
                nlt__what_real(rows, NLT_WHAT_BAG_WEIGHT, row, 0), err));
        }
    }
    return NLT_OK;
}

static nlt_status emit_lines(
    bags_text *b, nlt_bytes text, int64_t *number, nlt_emit *emit, nlt_error *err)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;
        int64_t row;
        NLT_TRY(nlt__what_out_row(&b->out, emit, &row, err));
        nlt__what_put_i64(&b->out, LINE_NUMBER, row, (*number)++);
        nlt__what_put_text(&b->out, LINE_TEXT, row, (nlt_bytes){text.ptr, len});
        len += end != NULL;
        text = (nlt_bytes){text.ptr + len, text.len - len};
    }
    return NLT_OK;
}

static nlt_status bags_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    bags_text *b = state;
    int64_t number = 0;
    nlt_buf head = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status =
        nlt__buf_printf(&head, err, "{\"L\":%lld,\n\"occurrences\":{", (long long)b->n_bags);
    if (status == NLT_OK) {
        status = nlt__buf_append(&head, b->occurrences.ptr, b->occurrences.len, err);
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&head, err, "},\n\"bags\":{");
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(&b->bags, err, "%s}}\n", b->n_cores > 0 ? "}" : "");
    }
    if (status == NLT_OK) {
        status = nlt__buf_append(&head, b->bags.ptr, b->bags.len, err);
    }
    if (status == NLT_OK) {
        status = emit_lines(b, (nlt_bytes){head.ptr, head.len}, &number, emit, err);
    }
    if (status == NLT_OK) {
        status = nlt__what_out_flush(&b->out, emit, err);
    }
    nlt__buf_clear(&head);
    return status;
}

static void bags_close(void *state)
{
    bags_text *b = state;
    if (b == NULL) {
        return;
    }
    nlt__buf_clear(&b->occurrences);
    nlt__buf_clear(&b->bags);
    nlt__what_out_clear(&b->out);
    nlt_free(b);
}

const nlt_kernel nlt__what_bags = {
    .name = "what.bags",
    .input = nlt__what_bag_columns,
    .n_input = NLT_WHAT_BAG_COUNT,
    .output = line_columns,
    .n_output = LINE_COUNT,
    .order = bag_order,
    .n_order = 2,
    .open = bags_open,
    .push = bags_push,
    .finish = bags_finish,
    .close = bags_close,
};
