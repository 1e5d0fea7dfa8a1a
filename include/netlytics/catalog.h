/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_CATALOG_H
#define NETLYTICS_CATALOG_H

/** What there is: connectors, algorithms and their parameters, functions of queries as data. Needs no session. */

#include "netlytics/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Number of connectors, of algorithms. */
NLT_API int nlt_connector_count(void);
NLT_API int nlt_algorithm_count(void);

/** A connector as data; all strings static. */
typedef struct nlt_connector_info {
    const char *class_name, *alias, *table, *layout, *summary, *note;
} nlt_connector_info;

/** Connector `index` in 0..count-1. NLT_ERR_ARG outside the range. */
NLT_API nlt_status nlt_connector_get(int index, nlt_connector_info *out) NLT_MUST_CHECK;

/** A parameter of an algorithm as data; all strings static, NULL where there is nothing. */
typedef struct nlt_parameter_info {
    const char *name, *alias, *type, *fallback, *unit, *help;
    char range[160]; /**< ">= 1 or -1", "0..1", "a|b|c", "" */
} nlt_parameter_info;

/** An algorithm as data; all strings static. `table` is "any" if it takes every table. */
typedef struct nlt_algorithm_info {
    const char *class_name, *alias, *table, *summary, *output;
    int n_parameters;
} nlt_algorithm_info;

/** Algorithm `index` in 0..count-1, and its parameter `parameter` in 0..n_parameters-1. NLT_ERR_ARG outside
 * the range. */
NLT_API nlt_status nlt_algorithm_get(int index, nlt_algorithm_info *out) NLT_MUST_CHECK;
NLT_API nlt_status nlt_algorithm_parameter(
    int index, int parameter, nlt_parameter_info *out) NLT_MUST_CHECK;
/** Index of an algorithm by class name or alias; NLT_ERR_ARG with a did-you-mean hint. */
NLT_API nlt_status nlt_algorithm_find(const char *name, int *index, nlt_error *err) NLT_MUST_CHECK;

/** A function of queries as data; all strings static. */
typedef struct nlt_function_info {
    const char *name;
    const char *args;    /**< "(text[, n])"; NULL of a refused one */
    const char *kind;    /**< "scalar", "aggregate", "window", "generator" or "refused" */
    const char *group;   /**< "texts", "times" ...; those of a group lie side by side */
    const char *dialect; /**< "spark", or "both" of the project's own */
    const char *help;    /**< what it gives, or why it is refused */
} nlt_function_info;

/** Number of functions of the dialect "spark"; function `index` in 0..count-1. NLT_ERR_ARG outside
 * the range. */
NLT_API int nlt_function_count(void);
NLT_API nlt_status nlt_function_get(int index, nlt_function_info *out) NLT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
