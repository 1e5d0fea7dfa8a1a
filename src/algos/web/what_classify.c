/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT, classification: every flow of a client goes to the core visit that explains it.
 *
 * Flows wait in a queue until those of the next EW seconds are there, which only the trigger test looks
 * at. What the test needs of the past is kept with each open window: the sum of the weights of the names
 * since it was opened, and how many different ones there were, which the last place of each name tells.
 * So a flow costs as much as there are open windows, a test as much as there are flows in EW seconds. */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "algos/web/what.h"
#include "core/alloc.h"
#include "core/num.h"
#include "table/tables.h"

enum { HISTORY = 5 }; /* times EW */

/* ---- bags, shared by all instances ---- */

typedef struct bag_entry {
    uint32_t domain;
    int32_t core;
    double weight;
} bag_entry;

typedef struct bags {
    nlt_what_settings settings;
    nlt_strings *warnings; /* borrowed */
    nlt_text_ids domains;
    bag_entry *entries; /* by domain, then core; owned */
    int64_t n, cap;
    uint32_t *begin;   /* by domain: its first entry; one more at the end; owned */
    bool *has_bag;     /* by core; owned */
    int64_t n_windows; /* training windows of all cores */
} bags;

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory to classify flows");
}

static nlt_status bags_open(const nlt_kernel_env *env, void **shared, nlt_error *err)
{
    bags *b = nlt_alloc_zero(1, sizeof *b);
    *shared = b;
    if (b == NULL) {
        return no_memory(err);
    }
    b->warnings = env->warnings;
    NLT_TRY(nlt__what_settings_read(env->params, &b->settings, err));
    b->has_bag = nlt_alloc_zero(b->settings.cores.n, sizeof *b->has_bag);
    return b->has_bag != NULL ? NLT_OK : no_memory(err);
}

static nlt_status add_entry(bags *b, uint32_t core, nlt_bytes domain, double weight, nlt_error *err)
{
    uint32_t id = nlt__text_id_put(&b->domains, domain);
    if (id == NLT_TEXT_ID_NONE) {
        return no_memory(err);
    }
    if (b->n == b->cap) {
        int64_t cap = b->cap == 0 ? 256 : b->cap * 2;
        bag_entry *entries =
            cap < UINT32_MAX ? nlt_realloc_array(b->entries, (size_t)cap, sizeof *entries) : NULL;
        if (entries == NULL) {
            return no_memory(err);
        }
        b->entries = entries;
        b->cap = cap;
    }
    b->entries[b->n++] = (bag_entry){id, (int32_t)core, weight};
    b->has_bag[core] = true;
    return NLT_OK;
}

static nlt_status bags_rows(void *shared, int side, const nlt_batch *rows, nlt_error *err)
{
    (void)side;
    bags *b = shared;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        nlt_bytes domain = nlt__what_text(rows, NLT_WHAT_BAG_DOMAIN, row);
        uint32_t core =
            nlt__text_id_find(&b->settings.cores, nlt__what_text(rows, NLT_WHAT_BAG_CORE, row));
        if (core == NLT_TEXT_ID_NONE) {
            return nlt_fail(err, NLT_ERR_INTERNAL, "a bag of a core that was not asked for");
        }
        if (domain.ptr == NULL) {
            b->n_windows += nlt__what_i64(rows, NLT_WHAT_BAG_WINDOWS, row);
        } else {
            NLT_TRY(
                add_entry(b, core, domain, nlt__what_real(rows, NLT_WHAT_BAG_WEIGHT, row, 0), err));
        }
    }
    return NLT_OK;
}

/* ---- bags.json of an earlier run ---- */

static nlt_status fail_bags(nlt_error *err, const char *what)
{
    return nlt_fail(err, NLT_ERR_DAMAGED, NLT_WHAT_STATE ": %s", what);
}

static bool is_amount(const json_t *value)
{
    return json_is_number(value) && isfinite(json_number_value(value))
        && json_number_value(value) >= 0;
}

static nlt_status load_bag(bags *b, uint32_t core, json_t *bag, nlt_error *err)
{
    const char *domain;
    json_t *entry;
    if (!json_is_object(bag)) {
        return fail_bags(err, "a bag is no object");
    }
    json_object_foreach(bag, domain, entry)
    {
        const json_t *weight = json_object_get(entry, "weight");
        if (!is_amount(json_object_get(entry, "freq")) || !is_amount(weight)) {
            return fail_bags(
                err, "an entry of a bag lacks \"freq\" or \"weight\", or one is no amount");
        }
        if (core != NLT_TEXT_ID_NONE) { /* else of a core that is not asked for now */
            NLT_TRY(add_entry(
                b, core, (nlt_bytes){domain, strlen(domain)}, json_number_value(weight), err));
        }
    }
    return NLT_OK;
}

static nlt_status load_bags(bags *b, json_t *object, nlt_error *err)
{
    const char *core;
    json_t *bag;
    json_t *all = json_object_get(object, "bags");
    if (!is_amount(json_object_get(object, "L")) || !json_is_object(all)
        || !json_is_object(json_object_get(object, "occurrences"))) {
        return fail_bags(err, "lacks \"L\", \"occurrences\" or \"bags\"");
    }
    json_object_foreach(all, core, bag)
    {
        NLT_TRY(load_bag(
            b, nlt__text_id_find(&b->settings.cores, (nlt_bytes){core, strlen(core)}), bag, err));
    }
    return NLT_OK;
}

static nlt_status warn_no_bags(const bags *b, nlt_error *err)
{
    enum { NAMED_MAX = 10, TEXT_MAX = 1 << 20 };
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    int64_t n = 0;
    nlt_status status = NLT_OK;
    for (uint32_t core = 0; status == NLT_OK && core < b->settings.cores.n; core++) {
        nlt_bytes name = b->settings.cores.texts[core];
        if (!b->has_bag[core] && n++ < NAMED_MAX) {
            status =
                nlt__buf_printf(&text, err, "%s%.*s", n > 1 ? ", " : "", (int)name.len, name.ptr);
        }
    }
    const char *names = status == NLT_OK && n > 0 ? nlt__buf_cstr(&text) : NULL;
    if (names != NULL) {
        status = nlt__strings_add(b->warnings, err,
            "WHAT: " NLT_WHAT_STATE " has no support domains "
            "for %s%s",
            names, n > NAMED_MAX ? " and others" : "");
    }
    nlt__buf_clear(&text);
    return status;
}

static nlt_status bags_bytes(void *shared, int resource, nlt_bytes bytes, nlt_error *err)
{
    (void)resource;
    bags *b = shared;
    json_error_t problem;
    json_t *object = json_loadb(bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, &problem);
    if (object == NULL) {
        return fail_bags(err, problem.text);
    }
    nlt_status status = load_bags(b, object, err);
    json_decref(object);
    return status == NLT_OK ? warn_no_bags(b, err) : status;
}

/* ---- finding weights ---- */

static int by_domain(const void *a, const void *b)
{
    const bag_entry *one = a;
    const bag_entry *other = b;
    return one->domain != other->domain
        ? (one->domain > other->domain) - (one->domain < other->domain)
        : (one->core > other->core) - (one->core < other->core);
}

static nlt_status bags_finish(void *shared, nlt_error *err)
{
    bags *b = shared;
    b->begin = nlt_alloc_zero((size_t)b->domains.n + 1, sizeof *b->begin);
    if (b->begin == NULL) {
        return no_memory(err);
    }
    if (b->n > 0) {
        qsort(b->entries, (size_t)b->n, sizeof *b->entries, by_domain);
    }
    for (int64_t i = 0; i < b->n; i++) {
        b->begin[b->entries[i].domain + 1] = (uint32_t)i + 1;
    }
    return NLT_OK;
}

static void bags_close(void *shared)
{
    bags *b = shared;
    if (b == NULL) {
        return;
    }
    nlt__what_settings_clear(&b->settings);
    nlt__text_ids_clear(&b->domains);
    nlt_free(b->entries);
    nlt_free(b->begin);
    nlt_free(b->has_bag);
    nlt_free(b);
}

/* The entry of a core for a domain; NULL: its bag does not have it. */
static const bag_entry *find_entry(const bags *b, int32_t core, uint32_t domain)
{
    if (domain == NLT_TEXT_ID_NONE) {
        return NULL;
    }
    uint32_t low = b->begin[domain];
    uint32_t end = b->begin[domain + 1];
    uint32_t high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->entries[middle].core < core) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < end && b->entries[low].core == core ? &b->entries[low] : NULL;
}

static double weight_of(const bags *b, int32_t core, uint32_t domain)
{
    const bag_entry *entry = find_entry(b, core, domain);
    return entry != NULL ? entry->weight : 0.0;
}

/* ---- an instance ---- */

/* Sums of many weights of any size: Neumaier 1974. */
typedef struct real_sum {
    double sum, rest;
} real_sum;

static void add_real(real_sum *s, double value)
{
    double sum = s->sum + value;
    s->rest += s->sum >= value ? s->sum - sum + value : value - sum + s->sum; /* none is negative */
    s->sum = sum;
}

/* An open visit. */
typedef struct visit {
    double start, end;
    int64_t index;    /* of the flow that opened it */
    int64_t distinct; /* names of the flows since then */
    real_sum sum;     /* of their weights in its bag */
    int32_t core;
} visit;

/* A copy of rows whose services are not known yet. Only where flows are labelled. */
typedef struct chunk {
    struct chunk *next;
    nlt_batch *batch; /* owned */
    nlt_arena texts;
    int64_t n_waiting;
} chunk;

typedef struct flow {
    double start, end;
    int64_t c_bytes, s_bytes;
    chunk *chunk; /* NULL: only sums */
    uint32_t raw;
    int32_t row; /* in its chunk */
} flow;

/* What is known of N(name). */
typedef struct normal {
    uint32_t domain; /* in the bags; NLT_TEXT_ID_NONE: in none */
    int64_t last;    /* the last flow that had it */
    int64_t test;    /* the last trigger test that met it */
} normal;

typedef struct sums {
    nlt_i128 c_bytes, s_bytes;
    bool is_used;
} sums;

typedef struct classifier {
    const bags *bags;
    nlt_strings *warnings; /* borrowed */
    nlt_what_names names;
    normal *normals; /* by number of N(name); owned */
    uint32_t n_normals, cap_normals;
    nlt_what_client client;
    flow *flows; /* that wait: [head, n); owned */
    int64_t head, n, cap;
    int64_t index; /* of the flow at head, over all clients */
    int64_t n_tests;
    visit *visits; /* open ones, the latest first, then by core; owned */
    int32_t n_visits;
    sums *sums; /* by service, UNKNOWN last; owned */
    bool has_core_flows;
    bool is_labelling;
    chunk *first, *last; /* in the order of their rows; owned */
    nlt_what_out out;
} classifier;

static nlt_status normal_of(classifier *s, uint32_t raw, int32_t *out, nlt_error *err)
{
    *out = nlt__what_name_normal(&s->names, raw);
    if (*out == NLT_WHAT_NOT_YET) {
        return no_memory(err);
    }
    while (s->n_normals < s->names.normal.n) {
        if (s->n_normals == s->cap_normals) {
            uint32_t cap = s->cap_normals == 0 ? 256 : s->cap_normals * 2;
            normal *normals = nlt_realloc_array(s->normals, cap, sizeof *normals);
            if (normals == NULL) {
                return no_memory(err);
            }
            s->normals = normals;
            s->cap_normals = cap;
        }
        nlt_bytes text = s->names.normal.texts[s->n_normals];
        s->normals[s->n_normals++] = (normal){nlt__text_id_find(&s->bags->domains, text), -1, -1};
    }
    return NLT_OK;
}

/* ---- visits ---- */

static void remove_visit(classifier *s, int32_t at)
{
    s->n_visits--;
    memmove(&s->visits[at], &s->visits[at + 1], (size_t)(s->n_visits - at) * sizeof *s->visits);
}

static void close_visits(classifier *s, double now)
{
    for (int32_t i = s->n_visits - 1; i >= 0; i--) {
        if (s->visits[i].end < now) {
            remove_visit(s, i);
        }
    }
}

static void open_visit(classifier *s, int32_t core, double start, double end)
{
    for (int32_t i = s->n_visits - 1; i >= 0; i--) {
        if (s->visits[i].core == core) {
            remove_visit(s, i);
        }
    }
    int32_t at = 0;
    while (at < s->n_visits && s->visits[at].start == start && s->visits[at].core < core) {
        at++;
    }
    memmove(&s->visits[at + 1], &s->visits[at], (size_t)(s->n_visits - at) * sizeof *s->visits);
    s->visits[at] = (visit){start, end, s->index, 0, {0, 0}, core};
    s->n_visits++;
}

/* The latest visit whose bag has the name; NULL: none. */
static visit *find_visit(classifier *s, uint32_t domain)
{
    for (int32_t i = 0; i < s->n_visits; i++) {
        if (find_entry(s->bags, s->visits[i].core, domain) != NULL) {
            return &s->visits[i];
        }
    }
    return NULL;
}

/* The flow at head joins the past of all visits but the one that it opened. */
static void remember(classifier *s, int32_t number)
{
    normal *name = &s->normals[number];
    for (int32_t i = 0; i < s->n_visits; i++) {
        visit *v = &s->visits[i];
        if (v->index < s->index) {
            add_real(&v->sum, weight_of(s->bags, v->core, name->domain));
            v->distinct += name->last <= v->index;
        }
    }
    name->last = s->index;
}

/* ---- the trigger test ---- */

/* Names of the next EW seconds: sums of their weights in two bags, how many different ones there are,
 * and how many of these are new to visit `a`. */
typedef struct future {
    real_sum new_sum, old_sum;
    int64_t distinct, distinct_new;
} future;

static nlt_status look_ahead(
    classifier *s, const visit *a, int32_t core, int32_t own, future *out, nlt_error *err)
{
    const bags *b = s->bags;
    double now = s->flows[s->head].start;
    int64_t test = ++s->n_tests;
    *out = (future){{0, 0}, {0, 0}, 0, 0};
    for (int64_t i = s->head + 1; i < s->n && s->flows[i].start - now <= b->settings.extend; i++) {
        int32_t number;
        NLT_TRY(normal_of(s, s->flows[i].raw, &number, err));
        if (number < 0) {
            continue;
        }
        normal *name = &s->normals[number];
        add_real(&out->new_sum, weight_of(b, core, name->domain));
        add_real(&out->old_sum, weight_of(b, a->core, name->domain));
        if (name->test != test) {
            name->test = test;
            out->distinct++;
            out->distinct_new += name->last <= a->index && number != own;
        }
    }
    return NLT_OK;
}

static double score(double sum, int64_t distinct)
{
    return distinct > 0 ? sum / (double)distinct : 0.0;
}

/* True if the core flow at head begins a visit of its own rather than belonging to an open one. */
static nlt_status is_trigger(classifier *s, int32_t core, int32_t own, bool *out, nlt_error *err)
{
    const bags *b = s->bags;
    const double tie = 1.0 - 1e-12; /* equal scores whatever the order of summation */
    const visit *a = find_visit(s, s->normals[own].domain);
    *out = true;
    if (a == NULL || a->start < s->flows[s->head].start - HISTORY * b->settings.extend) {
        return NLT_OK;
    }
    future f;
    NLT_TRY(look_ahead(s, a, core, own, &f, err));
    real_sum old = f.old_sum;
    int64_t distinct = f.distinct;
    if (!b->settings.is_future) {
        add_real(&old, a->sum.sum);
        add_real(&old, a->sum.rest);
        add_real(&old, weight_of(b, a->core, s->normals[own].domain));
        distinct = a->distinct + (s->normals[own].last <= a->index) + f.distinct_new;
    }
    *out = score(f.new_sum.sum + f.new_sum.rest, f.distinct)
        >= tie * score(old.sum + old.rest, distinct);
    return NLT_OK;
}

/* ---- flows ---- */

static void label(classifier *s, const flow *f, int32_t service)
{
    sums *sum = &s->sums[service];
    sum->is_used = true;
    sum->c_bytes += f->c_bytes;
    sum->s_bytes += f->s_bytes;
    if (f->chunk != NULL) {
        nlt_bytes text = nlt__what_service(&s->bags->settings, service);
        nlt_vec *vec = &f->chunk->batch->cols[NLT_FLOW_COLUMN_COUNT];
        nlt__str_set((nlt_str *)vec->data + f->row, text.ptr, text.len);
        nlt__set_valid(vec->valid, f->row);
        f->chunk->n_waiting--;
    }
}

/* The service of the flow at head, whose name is `raw`. */
static nlt_status classify(classifier *s, int32_t *service, nlt_error *err)
{
    const nlt_what_settings *settings = &s->bags->settings;
    const flow *f = &s->flows[s->head];
    double end = (f->end > f->start ? f->end : f->start) + settings->extend;
    int32_t core = s->names.seen[f->raw].core;
    int32_t own;
    *service = (int32_t)settings->services.n;
    close_visits(s, f->start);
    if (s->names.seen[f->raw].normal == NLT_WHAT_UNNAMED || (core < 0 && s->n_visits == 0)) {
        return NLT_OK; /* without a visit there is no past to join */
    }
    NLT_TRY(normal_of(s, f->raw, &own, err));
    bool is_visit = false;
    if (core >= 0) {
        s->has_core_flows = true;
        NLT_TRY(is_trigger(s, core, own, &is_visit, err));
    }
    visit *v = is_visit ? NULL : find_visit(s, s->normals[own].domain);
    if (is_visit) {
        open_visit(s, core, f->start, end);
        *service = settings->service_of[core];
    } else if (v != NULL) {
        v->end = end > v->end ? end : v->end;
        *service = settings->service_of[v->core];
    }
    remember(s, own);
    return NLT_OK;
}

/* True if all flows are there that the one at head may look at. */
static bool is_complete(const classifier *s, bool is_end)
{
    const flow *f = &s->flows[s->head];
    return is_end || s->names.seen[f->raw].core < 0
        || s->flows[s->n - 1].start - f->start > s->bags->settings.extend;
}

static nlt_status run_queue(classifier *s, bool is_end, nlt_error *err)
{
    for (; s->head < s->n && is_complete(s, is_end); s->head++, s->index++) {
        int32_t service;
        NLT_TRY(classify(s, &service, err));
        label(s, &s->flows[s->head], service);
    }
    if (s->head > s->n / 2) { /* moved at most once per flow */
        memmove(s->flows, s->flows + s->head, (size_t)(s->n - s->head) * sizeof *s->flows);
        s->n -= s->head;
        s->head = 0;
    }
    return NLT_OK;
}

static nlt_status end_client(classifier *s, nlt_error *err)
{
    NLT_TRY(run_queue(s, true, err));
    s->n_visits = 0;
    if (nlt__what_names_are_many(&s->names)) {
        nlt__what_names_clear(&s->names);
        s->n_normals = 0;
    }
    return NLT_OK;
}

static nlt_status add_flow(classifier *s, flow f, nlt_error *err)
{
    if (s->n == s->cap) {
        int64_t cap = s->cap == 0 ? NLT_BATCH_ROWS : s->cap * 2;
        flow *flows = nlt_realloc_array(s->flows, (size_t)cap, sizeof *flows);
        if (flows == NULL) {
            return no_memory(err);
        }
        s->flows = flows;
        s->cap = cap;
    }
    s->flows[s->n++] = f;
    return NLT_OK;
}

/* ---- rows ---- */

enum { IN_C_BYTES, IN_CLIENT, IN_NAME, IN_S_BYTES, IN_END, IN_START, IN_ROW_KEY, IN_COUNT };
enum { SUM_SERVICE, SUM_C_BYTES, SUM_S_BYTES, SUM_COUNT };

/* Where the columns lie that are looked at: in the rows of nlt__what_classify, or of a whole flow. */
static const int sum_places[IN_COUNT] = {
    IN_C_BYTES, IN_CLIENT, IN_NAME, IN_S_BYTES, IN_END, IN_START, IN_ROW_KEY};
static const int flow_places[IN_COUNT] = {NLT_FLOW_C_BYTES, NLT_FLOW_C_IP, NLT_FLOW_NAME,
    NLT_FLOW_S_BYTES, NLT_FLOW_TIME_END, NLT_FLOW_TIME_START, NLT_FLOW_COLUMN_COUNT};

static nlt_status take_row(
    classifier *s, const nlt_batch *rows, int64_t row, chunk *in, nlt_error *err)
{
    const int *places = s->is_labelling ? flow_places : sum_places;
    bool is_new;
    NLT_TRY(nlt__what_client_take(&s->client, rows, places[IN_CLIENT], row, &is_new, err));
    if (is_new) {
        NLT_TRY(end_client(s, err));
    }
    flow f = {.start = nlt__what_real(rows, places[IN_START], row, (double)NAN),
        .end = nlt__what_real(rows, places[IN_END], row, (double)NAN),
        .c_bytes = nlt__what_i64(rows, places[IN_C_BYTES], row),
        .s_bytes = nlt__what_i64(rows, places[IN_S_BYTES], row),
        .chunk = in,
        .row = (int32_t)row};
    if (!isfinite(f.start)) { /* no activity at any time */
        label(s, &f, (int32_t)s->bags->settings.services.n);
        return NLT_OK;
    }
    nlt_bytes name = nlt__what_text(rows, places[IN_NAME], row);
    f.raw = nlt__what_name_put(&s->names, name.ptr != NULL ? name : (nlt_bytes){"", 0});
    return f.raw != NLT_TEXT_ID_NONE ? add_flow(s, f, err) : no_memory(err);
}

static nlt_status classify_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        NLT_TRY(take_row(state, rows, row, NULL, err));
    }
    return run_queue(state, false, err);
}

/* ---- sums out ---- */

static const nlt_column_desc input_columns[IN_COUNT] = {
    [IN_C_BYTES] = {"c_bytes", {.type = NLT_TYPE_INT64}, false, "bytes", "sent by the client"},
    [IN_CLIENT] = {"c_ip", {.type = NLT_TYPE_STRING}, true, "", "client address"},
    [IN_NAME] = {"name", {.type = NLT_TYPE_STRING}, false, "", "server name"},
    [IN_S_BYTES] = {"s_bytes", {.type = NLT_TYPE_INT64}, false, "bytes", "sent by the server"},
    [IN_END] = {"time_end", {.type = NLT_TYPE_DOUBLE}, false, "s", "end"},
    [IN_START] = {"time_start", {.type = NLT_TYPE_DOUBLE}, true, "s", "start"},
    [IN_ROW_KEY] = {NLT_ROW_KEY_COLUMN, {.type = NLT_TYPE_INT64}, true, "", "order"},
};

static const nlt_column_desc sum_columns[SUM_COUNT] = {
    {"service", {.type = NLT_TYPE_STRING}, true, "", "service, or " NLT_WHAT_UNKNOWN},
    {"c_bytes", {.type = NLT_TYPE_DECIMAL}, true, "bytes", "sent by clients"},
    {"s_bytes", {.type = NLT_TYPE_DECIMAL}, true, "bytes", "sent by servers"},
};

static void put_sum(nlt_what_out *out, int column, int64_t row, nlt_i128 value)
{
    nlt_vec *vec = &out->batch->cols[column];
    memcpy((char *)vec->data + (size_t)row * sizeof value, &value, sizeof value);
    nlt__set_valid(vec->valid, row);
}

static nlt_status emit_sums(classifier *s, nlt_emit *emit, nlt_error *err)
{
    for (uint32_t i = 0; i <= s->bags->settings.services.n; i++) {
        if (s->sums[i].is_used) {
            int64_t row;
            NLT_TRY(nlt__what_out_row(&s->out, emit, &row, err));
            nlt__what_put_text(
                &s->out, SUM_SERVICE, row, nlt__what_service(&s->bags->settings, (int32_t)i));
            put_sum(&s->out, SUM_C_BYTES, row, s->sums[i].c_bytes);
            put_sum(&s->out, SUM_S_BYTES, row, s->sums[i].s_bytes);
        }
    }
    return nlt__what_out_flush(&s->out, emit, err);
}

static nlt_status warn_no_window(const classifier *s, nlt_error *err)
{
    bool is_odd = s->has_core_flows && !s->bags->settings.is_saved && s->bags->n_windows == 0;
    return is_odd ? nlt__strings_add(s->warnings, err,
               "WHAT: no training window: no client visits a core "
               "after more than GAP = %g s of silence; lower GAP?",
               s->bags->settings.gap)
                  : NLT_OK;
}

static nlt_status open_classifier(
    const nlt_kernel_env *env, bool is_labelling, void **state, nlt_error *err)
{
    classifier *s = nlt_alloc_zero(1, sizeof *s);
    *state = s;
    if (s == NULL) {
        return no_memory(err);
    }
    s->bags = env->shared;
    s->warnings = env->warnings;
    s->is_labelling = is_labelling;
    s->names.settings = &s->bags->settings;
    s->client = (nlt_what_client)NLT_WHAT_CLIENT_INIT;
    s->out = (nlt_what_out){NULL, sum_columns, SUM_COUNT};
    s->visits = nlt_alloc_zero((size_t)s->bags->settings.cores.n + 1, sizeof *s->visits);
    s->sums = nlt_alloc_zero((size_t)s->bags->settings.services.n + 1, sizeof *s->sums);
    return s->visits != NULL && s->sums != NULL ? NLT_OK : no_memory(err);
}

static nlt_status classify_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    return open_classifier(env, false, state, err);
}

static nlt_status classify_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    NLT_TRY(end_client(state, err));
    NLT_TRY(warn_no_window(state, err));
    return emit_sums(state, emit, err);
}

static void chunk_free(chunk *c)
{
    nlt__batch_free(c->batch);
    nlt__arena_clear(&c->texts);
    nlt_free(c);
}

static void classify_close(void *state)
{
    classifier *s = state;
    if (s == NULL) {
        return;
    }
    while (s->first != NULL) {
        chunk *c = s->first;
        s->first = c->next;
        chunk_free(c);
    }
    nlt__what_names_clear(&s->names);
    nlt__what_out_clear(&s->out);
    nlt__buf_clear(&s->client.text);
    nlt_free(s->normals);
    nlt_free(s->flows);
    nlt_free(s->visits);
    nlt_free(s->sums);
    nlt_free(s);
}

/* ---- flows out ---- */

enum { LABEL_SERVICE = NLT_FLOW_COLUMN_COUNT, LABEL_ROW_KEY, LABEL_COUNT };

#define FLOW_COLUMN(name, kind, is_required, unit, help)                                           \
    {                                                                                              \
        name, {.type = kind}, is_required, unit, help                                              \
    }
/* In the order of the table: tables.h. */
#define FLOW_COLUMNS                                                                               \
    FLOW_COLUMN("c_bytes", NLT_TYPE_INT64, false, "bytes", "payload sent by the client"),          \
        FLOW_COLUMN("c_ip", NLT_TYPE_STRING, true, "", "client address"),                          \
        FLOW_COLUMN("c_pkt", NLT_TYPE_INT64, false, "packets", "packets sent by the client"),      \
        FLOW_COLUMN("c_port", NLT_TYPE_INT64, false, "", "client port"),                           \
        FLOW_COLUMN("name", NLT_TYPE_STRING, false, "", "server name"),                            \
        FLOW_COLUMN("s_bytes", NLT_TYPE_INT64, false, "bytes", "payload sent by the server"),      \
        FLOW_COLUMN("s_ip", NLT_TYPE_STRING, false, "", "server address"),                         \
        FLOW_COLUMN("s_pkt", NLT_TYPE_INT64, false, "packets", "packets sent by the server"),      \
        FLOW_COLUMN("s_port", NLT_TYPE_INT64, false, "", "server port"),                           \
        FLOW_COLUMN("time_end", NLT_TYPE_DOUBLE, false, "s", "end"),                               \
        FLOW_COLUMN("time_start", NLT_TYPE_DOUBLE, true, "s", "start")
#define ROW_KEY_COLUMN FLOW_COLUMN(NLT_ROW_KEY_COLUMN, NLT_TYPE_INT64, true, "", "order")

static const nlt_column_desc flow_columns[] = {FLOW_COLUMNS, ROW_KEY_COLUMN};
static const nlt_column_desc label_columns[LABEL_COUNT] = {FLOW_COLUMNS,
    FLOW_COLUMN("service", NLT_TYPE_STRING, true, "", "service, or " NLT_WHAT_UNKNOWN),
    ROW_KEY_COLUMN};

/* Copies a column; its texts move into `texts`. */
static bool copy_column(const nlt_vec *from, nlt_vec *to, int64_t n, nlt_arena *texts)
{
    memcpy(to->valid, from->valid, (size_t)(n + 63) / 64 * sizeof *to->valid);
    memcpy(to->data, from->data, (size_t)n * nlt__dtype_size(from->dtype));
    for (int64_t row = 0; from->dtype.type == NLT_TYPE_STRING && row < n; row++) {
        nlt_str *text = (nlt_str *)to->data + row;
        if (nlt__valid(from->valid, row) && text->len > NLT_STR_INLINE) {
            const char *copy = nlt__arena_copy(texts, nlt__str_bytes(text));
            if (copy == NULL) {
                return false;
            }
            nlt__str_set(text, copy, text->len);
        }
    }
    return true;
}

static nlt_status fill_chunk(chunk *c, const nlt_batch *rows, nlt_error *err)
{
    nlt_dtype dtypes[LABEL_COUNT];
    for (int i = 0; i < LABEL_COUNT; i++) {
        dtypes[i] = label_columns[i].dtype;
    }
    NLT_TRY(nlt__batch_new(dtypes, LABEL_COUNT, NLT_BATCH_ROWS, &c->batch, err));
    c->batch->n_rows = rows->n_rows;
    c->n_waiting = rows->n_rows;
    for (int i = 0; i <= NLT_FLOW_COLUMN_COUNT; i++) {
        int to = i < NLT_FLOW_COLUMN_COUNT ? i : LABEL_ROW_KEY;
        if (!copy_column(&rows->cols[i], &c->batch->cols[to], rows->n_rows, &c->texts)) {
            return no_memory(err);
        }
    }
    return NLT_OK;
}

static nlt_status add_chunk(classifier *s, const nlt_batch *rows, chunk **out, nlt_error *err)
{
    chunk *c = nlt_alloc_zero(1, sizeof *c);
    if (c == NULL) {
        return no_memory(err);
    }
    *(s->first == NULL ? &s->first : &s->last->next) = c;
    s->last = c;
    *out = c;
    return fill_chunk(c, rows, err);
}

static nlt_status emit_chunks(classifier *s, nlt_emit *emit, nlt_error *err)
{
    while (s->first != NULL && s->first->n_waiting == 0) {
        chunk *c = s->first;
        NLT_TRY(emit->rows(emit->ctx, c->batch, err));
        s->first = c->next;
        chunk_free(c);
    }
    return NLT_OK;
}

static nlt_status label_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    return open_classifier(env, true, state, err);
}

static nlt_status label_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    classifier *s = state;
    chunk *c = NULL;
    NLT_TRY(add_chunk(s, rows, &c, err));
    for (int64_t row = 0; row < rows->n_rows; row++) {
        NLT_TRY(take_row(s, rows, row, c, err));
    }
    NLT_TRY(run_queue(s, false, err));
    return emit_chunks(s, emit, err);
}

static nlt_status label_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    NLT_TRY(end_client(state, err));
    NLT_TRY(warn_no_window(state, err));
    return emit_chunks(state, emit, err);
}

/* ---- the kernels ---- */

static const nlt_kernel_share share = {
    .open = bags_open,
    .rows = bags_rows,
    .bytes = bags_bytes,
    .finish = bags_finish,
    .close = bags_close,
};

static const nlt_kernel_side bag_side = {nlt__what_bag_columns, NLT_WHAT_BAG_COUNT};

#define FLOW_KEYS .keys = nlt__what_keys, .n_keys = 1, .order = nlt__what_order, .n_order = 2
#define FROM_BAGS .sides = &bag_side, .n_sides = 1, .share = &share
#define FROM_STATE .n_resources = 1, .share = &share
#define TO_SUMS                                                                                    \
    .input = input_columns, .n_input = IN_COUNT, .output = sum_columns, .n_output = SUM_COUNT,     \
    .open = classify_open, .push = classify_push, .finish = classify_finish,                       \
    .close = classify_close
#define TO_FLOWS                                                                                   \
    .input = flow_columns, .n_input = NLT_FLOW_COLUMN_COUNT + 1, .output = label_columns,          \
    .n_output = LABEL_COUNT, .open = label_open, .push = label_push, .finish = label_finish,       \
    .close = classify_close

const nlt_kernel nlt__what_classify = {.name = "what.classify", FLOW_KEYS, FROM_BAGS, TO_SUMS};
const nlt_kernel nlt__what_classify_saved = {
    .name = "what.classify_saved", FLOW_KEYS, FROM_STATE, TO_SUMS};
const nlt_kernel nlt__what_label = {.name = "what.label", FLOW_KEYS, FROM_BAGS, TO_FLOWS};
const nlt_kernel nlt__what_label_saved = {
    .name = "what.label_saved", FLOW_KEYS, FROM_STATE, TO_FLOWS};
