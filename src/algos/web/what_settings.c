/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT's parameters as its kernels use them. Every kernel reads them anew from the checked JSON. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "algos/simple/ranking.h"
#include "algos/web/what.h"
#include "algos/web/what_name.h"
#include "core/alloc.h"

/* A core and its service as they are read, before they are numbered. */
typedef struct pair {
    nlt_bytes core;
    nlt_bytes service;
} pair;

typedef struct pairs {
    nlt_arena arena; /* of the texts */
    pair *items;     /* owned */
    size_t n, cap;
} pairs;

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_status fail_cores(nlt_error *err, const char *what)
{
    nlt_fail(err, NLT_ERR_ARG, "--params: CORES %s", what);
    nlt_error_hint(err,
        "CORES is a list of host names, as [\"news.example\", \"www.news.example\"], or an "
        "object of services with theirs, as {\"news\": [\"news.example\"]}");
    return NLT_ERR_ARG;
}

/* ---- reading ---- */

static nlt_status add_pair(
    pairs *list, const json_t *name, const nlt_bytes *service, nlt_error *err)
{
    nlt_bytes given = {json_string_value(name), json_string_length(name)};
    if (given.ptr == NULL) {
        return fail_cores(err, "holds something that is no text");
    }
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 16 : list->cap * 2;
        pair *items = nlt_realloc_array(list->items, cap, sizeof *items);
        if (items == NULL) {
            return no_memory(err);
        }
        list->items = items;
        list->cap = cap;
    }
    char *plain = nlt__arena_alloc(&list->arena, given.len + 1);
    if (plain == NULL) {
        return no_memory(err);
    }
    nlt_bytes core = {plain, nlt__what_plain_name(given, plain)};
    if (core.len == 0) {
        return fail_cores(err, "holds an empty name");
    }
    list->items[list->n++] = (pair){core, service != NULL ? *service : core};
    return NLT_OK;
}

static nlt_status add_list(
    pairs *list, const json_t *names, const nlt_bytes *service, nlt_error *err)
{
    size_t i;
    json_t *name;
    if (!json_is_array(names) || json_array_size(names) == 0) {
        return fail_cores(err, json_is_array(names) ? "holds no host name" : "is no list");
    }
    json_array_foreach(names, i, name)
    {
        NLT_TRY(add_pair(list, name, service, err));
    }
    return NLT_OK;
}

static nlt_status add_services(pairs *list, json_t *services, nlt_error *err)
{
    const char *key;
    json_t *names;
    if (json_object_size(services) == 0) {
        return fail_cores(err, "holds no host name");
    }
    json_object_foreach(services, key, names)
    {
        nlt_bytes service = {
            nlt__arena_copy(&list->arena, (nlt_bytes){key, strlen(key)}), strlen(key)};
        if (service.ptr == NULL) {
            return no_memory(err);
        }
        if (service.len == 0 || strcmp(key, NLT_WHAT_UNKNOWN) == 0) {
            return fail_cores(err, "holds a service of no name, or of the name " NLT_WHAT_UNKNOWN);
        }
        NLT_TRY(add_list(list, names, &service, err));
    }
    return NLT_OK;
}

/* ---- numbering ---- */

static int by_core(const void *a, const void *b)
{
    const pair *one = a;
    const pair *other = b;
    int order = nlt__compare_bytes(one->core, other->core);
    return order != 0 ? order : nlt__compare_bytes(one->service, other->service);
}

static int by_service(const void *a, const void *b)
{
    return nlt__compare_bytes(((const pair *)a)->service, ((const pair *)b)->service);
}

static nlt_status number_pairs(pairs *list, nlt_what_settings *out, nlt_error *err)
{
    qsort(list->items, list->n, sizeof *list->items, by_service);
    for (size_t i = 0; i < list->n; i++) {
        if (nlt__text_id_put(&out->services, list->items[i].service) == NLT_TEXT_ID_NONE) {
            return no_memory(err);
        }
    }
    qsort(list->items, list->n, sizeof *list->items, by_core);
    out->service_of = nlt_alloc_zero(list->n, sizeof *out->service_of);
    if (out->service_of == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < list->n; i++) {
        int32_t service = (int32_t)nlt__text_id_find(&out->services, list->items[i].service);
        uint32_t known = out->cores.n;
        uint32_t core = nlt__text_id_put(&out->cores, list->items[i].core);
        if (core == NLT_TEXT_ID_NONE) {
            return no_memory(err);
        }
        if (core < known && out->service_of[core] != service) {
            nlt_bytes name = list->items[i].core;
            return nlt_fail(err, NLT_ERR_ARG, "--params: CORES has %.*s in two services",
                (int)(name.len < 200 ? name.len : 200), name.ptr);
        }
        out->service_of[core] = service;
    }
    return NLT_OK;
}

static nlt_status read_cores(json_t *cores, nlt_what_settings *out, nlt_error *err)
{
    pairs list = {.arena = NLT_ARENA_INIT};
    nlt_status status =
        json_is_object(cores) ? add_services(&list, cores, err) : add_list(&list, cores, NULL, err);
    if (status == NLT_OK) {
        status = number_pairs(&list, out, err);
    }
    nlt_free(list.items);
    nlt__arena_clear(&list.arena);
    return status;
}

nlt_status nlt__what_settings_read(const nlt_params *params, nlt_what_settings *out, nlt_error *err)
{
    *out = (nlt_what_settings){
        .window = nlt__params_real(params, "OW"),
        .gap = nlt__params_real(params, "GAP"),
        .extend = nlt__params_real(params, "EW"),
        .min_freq = nlt__params_real(params, "MINFREQ"),
        .n_top = nlt__params_i64(params, "N_TOP"),
        .counts_flows = strcmp(nlt__params_text(params, "BAG_COUNT"), "flows") == 0,
        .is_future = strcmp(nlt__params_text(params, "TRIGGER"), "future") == 0,
        .is_saved = nlt__params_bool(params, "USE_SAVED"),
    };
    json_t *values = json_loads(nlt__params_json(params), 0, NULL);
    if (values == NULL) {
        return no_memory(err);
    }
    nlt_status status = read_cores(json_object_get(values, "CORES"), out, err);
    json_decref(values);
    return status;
}

void nlt__what_settings_clear(nlt_what_settings *settings)
{
    nlt__text_ids_clear(&settings->cores);
    nlt__text_ids_clear(&settings->services);
    nlt_free(settings->service_of);
    settings->service_of = NULL;
}

nlt_bytes nlt__what_service(const nlt_what_settings *settings, int32_t service)
{
    return (uint32_t)service < settings->services.n
        ? settings->services.texts[service]
        : (nlt_bytes){NLT_WHAT_UNKNOWN, sizeof NLT_WHAT_UNKNOWN - 1};
}
