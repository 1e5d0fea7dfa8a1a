/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of algorithms and the search in it. The list is algos.def: an algorithm joins by one
 * row there and one file. */

#include "algos/algo.h"

#include <string.h>

#include "netlytics/catalog.h"

#define X(name) extern const nlt_algo nlt_algo_##name;
#include "algos/algos.def"
#undef X

static const nlt_algo *const algos[] = {
#define X(name) &nlt_algo_##name,
#include "algos/algos.def"
#undef X
};

enum { N_ALGOS = sizeof algos / sizeof algos[0], NAMES_PER_ALGO = 3 };

int nlt__algo_count(void)
{
    return N_ALGOS;
}

const nlt_algo *nlt__algo_at(int index)
{
    return index >= 0 && index < N_ALGOS ? algos[index] : NULL;
}

/* "DomainTraffic" of "algos.domain_traffic.DomainTraffic". */
static const char *last_part(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');
    return dot != NULL ? dot + 1 : class_name;
}

static bool is_called(const nlt_algo *algo, const char *name)
{
    return strcmp(algo->class_name, name) == 0 || nlt__equal_ignore_case(algo->alias, name)
        || nlt__equal_ignore_case(last_part(algo->class_name), name);
}

static void hint_names(const char *name, nlt_error *err)
{
    const char *names[N_ALGOS * NAMES_PER_ALGO];
    for (int i = 0; i < N_ALGOS; i++) {
        names[NAMES_PER_ALGO * i] = algos[i]->class_name;
        names[NAMES_PER_ALGO * i + 1] = algos[i]->alias;
        names[NAMES_PER_ALGO * i + 2] = last_part(algos[i]->class_name);
    }
    const char *near = nlt_closest(name, names, N_ALGOS * NAMES_PER_ALGO);
    if (near != NULL) {
        nlt_error_hint(err, "did you mean \"%s\"? \"netlytics algos\" lists all", near);
    } else {
        nlt_error_hint(err, "\"netlytics algos\" lists the algorithms");
    }
}

nlt_status nlt__algo_find(const char *name, const nlt_algo **out, nlt_error *err)
{
    *out = NULL;
    for (int i = 0; i < N_ALGOS; i++) {
        if (is_called(algos[i], name)) {
            *out = algos[i];
            return NLT_OK;
        }
    }
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "--algo: unknown algorithm \"%s\"", name);
    hint_names(name, err);
    return status;
}

/* ---- for front ends ---- */

int nlt_algorithm_count(void)
{
    return nlt__algo_count();
}

nlt_status nlt_algorithm_get(int index, nlt_algorithm_info *out)
{
    const nlt_algo *algo = nlt__algo_at(index);
    if (algo == NULL) {
        return NLT_ERR_ARG;
    }
    *out = (nlt_algorithm_info){
        .class_name = algo->class_name,
        .alias = algo->alias,
        .table = algo->input != NULL ? algo->input->name : "any",
        .summary = algo->summary,
        .output = algo->output,
        .n_parameters = algo->n_params,
    };
    return NLT_OK;
}

nlt_status nlt_algorithm_parameter(int index, int parameter, nlt_parameter_info *out)
{
    const nlt_algo *algo = nlt__algo_at(index);
    if (algo == NULL || parameter < 0 || parameter >= algo->n_params) {
        return NLT_ERR_ARG;
    }
    const nlt_param_desc *desc = &algo->params[parameter];
    *out = (nlt_parameter_info){
        .name = desc->name,
        .alias = desc->alias,
        .type = nlt__param_type_name(desc->type),
        .fallback = desc->fallback,
        .unit = desc->unit,
        .help = desc->help,
    };
    nlt__param_range(desc, out->range);
    return NLT_OK;
}

nlt_status nlt_algorithm_find(const char *name, int *index, nlt_error *err)
{
    const nlt_algo *algo = NULL;
    NLT_TRY(nlt__algo_find(name, &algo, err));
    *index = 0;
    while (nlt__algo_at(*index) != algo) {
        ++*index;
    }
    return NLT_OK;
}
