/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON against a table of parameters. Values are kept as JSON: a checked object in table order. */

#include "plan/params.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/assert.h"
#include "core/buf.h"

enum { HINT_MAX = 1024 };

struct nlt_params {
    json_t *values; /* object: every parameter of the table under its own name */
    char *text;     /* jansson's allocation */
};

/* What one check needs to know. */
typedef struct check {
    const char *who;
    const nlt_param_desc *table;
    int n;
    nlt_error *err;
} check;

/* ---- describing ---- */

const char *nlt__param_type_name(nlt_param_type type)
{
    static const char *const names[NLT_PARAM_TYPE_COUNT] = {[NLT_PARAM_INTEGER] = "integer",
        [NLT_PARAM_REAL] = "number",
        [NLT_PARAM_BOOLEAN] = "true or false",
        [NLT_PARAM_TEXT] = "text",
        [NLT_PARAM_CHOICE] = "one of",
        [NLT_PARAM_JSON] = "JSON value"};
    return names[type];
}

static bool is_number(const nlt_param_desc *desc)
{
    return desc->type == NLT_PARAM_INTEGER || desc->type == NLT_PARAM_REAL;
}

void nlt__param_range(const nlt_param_desc *desc, char out[NLT_PARAM_RANGE_MAX])
{
    bool has_min = is_number(desc) && desc->minimum > -HUGE_VAL;
    bool has_max = is_number(desc) && desc->maximum < HUGE_VAL;
    char special[48] = "";
    if (is_number(desc) && !isnan(desc->special)) {
        (void)snprintf(special, sizeof special, " or %g", desc->special);
    }
    if (has_min && has_max) {
        (void)snprintf(out, NLT_PARAM_RANGE_MAX, "%g..%g%s", desc->minimum, desc->maximum, special);
    } else if (has_min && desc->minimum == DBL_MIN) {
        (void)snprintf(out, NLT_PARAM_RANGE_MAX, "> 0%s", special);
    } else if (has_min || has_max) {
        (void)snprintf(out, NLT_PARAM_RANGE_MAX, "%s %g%s",
            has_min ? ">=" : "<=", has_min ? desc->minimum : desc->maximum, special);
    } else {
        (void)snprintf(
            out, NLT_PARAM_RANGE_MAX, "%s", desc->type == NLT_PARAM_CHOICE ? desc->choices : "");
    }
}

/* "N_TOP (integer >= 1 or -1, default 50)" */
static nlt_status describe(const nlt_param_desc *desc, nlt_buf *out)
{
    NLT_TRY(nlt__buf_printf(out, NULL, "%s", desc->name));
    if (desc->alias != NULL) {
        NLT_TRY(nlt__buf_printf(out, NULL, " or %s", desc->alias));
    }
    NLT_TRY(nlt__buf_printf(out, NULL, " (%s", nlt__param_type_name(desc->type)));
    char range[NLT_PARAM_RANGE_MAX];
    nlt__param_range(desc, range);
    NLT_TRY(nlt__buf_printf(out, NULL, "%s%s", range[0] != '\0' ? " " : "", range));
    return desc->fallback == NULL ? nlt__buf_printf(out, NULL, ", required)")
                                  : nlt__buf_printf(out, NULL, ", default %s)", desc->fallback);
}

/* Hints are a comfort: one that does not fit is cut. */
static void hint_known(const check *c, const nlt_param_desc *only)
{
    nlt_buf text = NLT_BUF_INIT(HINT_MAX);
    nlt_status status = NLT_OK;
    for (int i = 0; i < c->n && status == NLT_OK; i++) {
        if (only == NULL || only == &c->table[i]) {
            status = text.len > 0 ? nlt__buf_append(&text, ", ", 2, NULL) : NLT_OK;
            status = status == NLT_OK ? describe(&c->table[i], &text) : status;
        }
    }
    const char *words = nlt__buf_cstr(&text);
    if (c->n == 0) {
        nlt_error_hint(c->err, "it has no parameters");
    } else if (words != NULL) {
        nlt_error_hint(c->err, only == NULL ? "known keys: %s" : "%s", words);
    }
    nlt__buf_clear(&text);
}

/* ---- checking ---- */

static const nlt_param_desc *find(const check *c, const char *key)
{
    for (int i = 0; i < c->n; i++) {
        const nlt_param_desc *desc = &c->table[i];
        if (strcmp(desc->name, key) == 0
            || (desc->alias != NULL && strcmp(desc->alias, key) == 0)) {
            return desc;
        }
    }
    return NULL;
}

static bool is_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = choices; *p != '\0';) {
        size_t n = strcspn(p, "|");
        if (n == len && memcmp(p, word, n) == 0) {
            return true;
        }
        p += n + (p[n] == '|');
    }
    return false;
}

static bool is_in_range(const nlt_param_desc *desc, double value)
{
    return (value >= desc->minimum && value <= desc->maximum)
        || (!isnan(desc->special) && value == desc->special);
}

static bool fits(const nlt_param_desc *desc, const json_t *value)
{
    switch (desc->type) {
    case NLT_PARAM_INTEGER:
        return json_is_integer(value) && is_in_range(desc, (double)json_integer_value(value));
    case NLT_PARAM_REAL:
        return json_is_number(value) && is_in_range(desc, json_number_value(value));
    case NLT_PARAM_BOOLEAN:
        return json_is_boolean(value);
    case NLT_PARAM_TEXT:
        return json_is_string(value);
    case NLT_PARAM_CHOICE:
        return json_is_string(value) && is_choice(desc->choices, json_string_value(value));
    case NLT_PARAM_JSON:
        return true;
    case NLT_PARAM_TYPE_COUNT:
        break;
    }
    return false;
}

static nlt_status check_value(
    const check *c, const char *key, const nlt_param_desc *desc, const json_t *value)
{
    if (fits(desc, value)) {
        return NLT_OK;
    }
    char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    nlt_fail(c->err, NLT_ERR_ARG, "--params: %.100s = %.300s is not allowed for %s", key,
        shown != NULL ? shown : "?", c->who);
    free(shown);
    hint_known(c, desc);
    return NLT_ERR_ARG;
}

/* Takes one key of the user's object into `values`. */
static nlt_status take_key(const check *c, const char *key, json_t *value, json_t *values)
{
    const nlt_param_desc *desc = find(c, key);
    if (desc == NULL) {
        nlt_fail(c->err, NLT_ERR_ARG, "--params: unknown key \"%.200s\" for %s", key, c->who);
        hint_known(c, NULL);
        return NLT_ERR_ARG;
    }
    NLT_TRY(check_value(c, key, desc, value));
    const json_t *before = json_object_get(values, desc->name);
    if (before != NULL && !json_equal(before, value)) {
        return nlt_fail(c->err, NLT_ERR_ARG,
            "--params: %s and %s are one parameter of %s and are given different values",
            desc->name, desc->alias, c->who);
    }
    return json_object_set(values, desc->name, value) == 0
        ? NLT_OK
        : nlt_fail(c->err, NLT_ERR_NOMEM, "out of memory");
}

/* `values` with defaults filled in, in the order of the table. */
static nlt_status complete(const check *c, const json_t *given, json_t *values)
{
    for (int i = 0; i < c->n; i++) {
        const nlt_param_desc *desc = &c->table[i];
        json_t *value = json_incref(json_object_get(given, desc->name));
        if (value == NULL && desc->fallback == NULL) {
            nlt_fail(c->err, NLT_ERR_ARG, "--params: %s needs \"%s\"", c->who, desc->name);
            hint_known(c, NULL);
            return NLT_ERR_ARG;
        }
        if (value == NULL) {
            value = json_loads(desc->fallback, JSON_DECODE_ANY, NULL);
            NLT_ASSERT(value == NULL || fits(desc, value));
        }
        if (value == NULL || json_object_set_new(values, desc->name, value) != 0) {
            return nlt_fail(c->err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    return NLT_OK;
}

static nlt_status parse_object(const check *c, const char *json, json_t **out)
{
    json_error_t problem;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &problem);
    if (object == NULL) {
        nlt_fail(c->err, NLT_ERR_ARG, "--params: %s at line %d, column %d", problem.text,
            problem.line, problem.column);
        nlt_error_hint(c->err, "parameters are a JSON object, as '{\"N\": 40}'");
        return NLT_ERR_ARG;
    }
    if (!json_is_object(object)) {
        json_decref(object);
        nlt_fail(c->err, NLT_ERR_ARG, "--params: not a JSON object");
        nlt_error_hint(c->err, "write '{\"KEY\": VALUE}'");
        return NLT_ERR_ARG;
    }
    *out = object;
    return NLT_OK;
}

static nlt_status fill(const check *c, json_t *object, json_t *given, nlt_params *params)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        NLT_TRY(take_key(c, key, value, given));
    }
    NLT_TRY(complete(c, given, params->values));
    params->text = json_dumps(params->values, 0);
    return params->text != NULL ? NLT_OK : nlt_fail(c->err, NLT_ERR_NOMEM, "out of memory");
}

nlt_status nlt__params_parse(const char *who, const nlt_param_desc *table, int n, const char *json,
    nlt_params **out, nlt_error *err)
{
    *out = NULL;
    const check c = {who, table, n, err};
    json_t *object = NULL;
    NLT_TRY(parse_object(&c, json == NULL || json[0] == '\0' ? "{}" : json, &object));
    nlt_params *params = nlt_alloc_zero(1, sizeof *params);
    json_t *given = json_object();
    nlt_status status = NLT_ERR_NOMEM;
    if (params != NULL && given != NULL) {
        params->values = json_object();
        status = params->values != NULL ? fill(&c, object, given, params) : NLT_ERR_NOMEM;
    }
    if (status == NLT_ERR_NOMEM) {
        nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    json_decref(object);
    json_decref(given);
    if (status != NLT_OK) {
        nlt__params_free(params);
        return status;
    }
    *out = params;
    return NLT_OK;
}

void nlt__params_free(nlt_params *params)
{
    if (params != NULL) {
        json_decref(params->values);
        free(params->text);
        nlt_free(params);
    }
}

static const json_t *value_of(const nlt_params *params, const char *name)
{
    const json_t *value = json_object_get(params->values, name);
    NLT_ASSERT(value != NULL);
    return value;
}

int64_t nlt__params_i64(const nlt_params *params, const char *name)
{
    return json_integer_value(value_of(params, name));
}

double nlt__params_real(const nlt_params *params, const char *name)
{
    return json_number_value(value_of(params, name));
}

bool nlt__params_bool(const nlt_params *params, const char *name)
{
    return json_is_true(value_of(params, name));
}

const char *nlt__params_text(const nlt_params *params, const char *name)
{
    return json_string_value(value_of(params, name));
}

const char *nlt__params_json(const nlt_params *params)
{
    return params->text;
}
