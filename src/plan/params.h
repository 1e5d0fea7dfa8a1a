/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_PLAN_PARAMS_H
#define NLT_PLAN_PARAMS_H

/* Parameters of an algorithm as data: one table feeds JSON checking, help, lists and bindings. */

#include "netlytics/base.h"

typedef enum nlt_param_type {
    NLT_PARAM_INTEGER = 0,
    NLT_PARAM_REAL,
    NLT_PARAM_BOOLEAN,
    NLT_PARAM_TEXT,
    NLT_PARAM_CHOICE, /* one of the words in `choices`, separated by '|' */
    NLT_PARAM_JSON,   /* any JSON value; the algorithm checks it */
    NLT_PARAM_TYPE_COUNT
} nlt_param_type;

typedef struct nlt_param_desc {
    const char *name;
    const char *alias; /* second name of the same parameter, or NULL */
    nlt_param_type type;
    const char *fallback;    /* default as JSON text ("50", "\"windows\""); NULL: required */
    double minimum, maximum; /* minimum DBL_MIN: above 0 */
    double special;      /* one value outside the range that is allowed too (-1 = all); or NAN */
    const char *choices; /* NLT_PARAM_CHOICE */
    const char *unit;
    const char *help;
} nlt_param_desc;

enum { NLT_PARAM_RANGE_MAX = 160 };

/* "integer", "number", ... */
NLT_API const char *nlt__param_type_name(nlt_param_type type);
/* ">= 1 or -1", "0..1", "a|b|c", "": what values a parameter takes. */
NLT_API void nlt__param_range(const nlt_param_desc *desc, char out[NLT_PARAM_RANGE_MAX]);

typedef struct nlt_params nlt_params; /* checked values, defaults filled in */

/* Checks `json` (NULL or "" = {}) against the table. `who` names the algorithm in messages.
 * NLT_ERR_ARG names the key, its type, range and default; unknown keys list the known ones. */
NLT_API nlt_status nlt__params_parse(const char *who, const nlt_param_desc *table, int n,
    const char *json, nlt_params **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__params_free(nlt_params *params);

NLT_API int64_t nlt__params_i64(const nlt_params *params, const char *name);
NLT_API double nlt__params_real(const nlt_params *params, const char *name);
NLT_API bool nlt__params_bool(const nlt_params *params, const char *name);
NLT_API const char *nlt__params_text(const nlt_params *params, const char *name);
/* All values as one JSON object, keys in table order, for summaries; owned by params. */
NLT_API const char *nlt__params_json(const nlt_params *params);

#endif
