/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of algorithms and the search in it. The list is algos.def: an algorithm joins by one
 * row there and one file. */

#include "algos/algo.h"

#include <string.h>

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
