/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is, for front ends: connectors, algorithms and their parameters as data. */

#include "engine/engine.h"

int nlt_connector_count(void)
{
    return nlt__connector_count();
}

nlt_status nlt_connector_get(int index, nlt_connector_info *out)
{
    const nlt_connector *connector = nlt__connector_at(index);
    if (connector == NULL) {
        return NLT_ERR_ARG;
    }
    *out = (nlt_connector_info){
        .class_name = connector->class_name,
        .alias = connector->alias,
        .table = connector->table->name,
        .layout = connector->layouts[0],
        .summary = connector->summary,
        .note = connector->note,
    };
    return NLT_OK;
}

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
