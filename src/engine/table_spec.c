/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NAME=CONNECTOR:PATH of --table. An alias has a colon of its own ("zeek:DNS") and so may a path:
 * the longest beginning that names a connector is taken. */

#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/files.h"
#include "sql/table_name.h"

static nlt_status fail_form(const char *text, const char *what, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_ARG, "--table: \"%.200s\" %s", text, what);
    nlt_error_hint(err, "--table NAME=CONNECTOR:PATH, as in dns=zeek:DNS:logs/zeek");
    return NLT_ERR_ARG;
}

/* The error of another flag as one of this. */
static nlt_status fail_as_table(nlt_status status, nlt_error *err)
{
    if (err != NULL) {
        nlt_error copy = *err;
        const char *message = copy.message;
        const char *flag = "--connector: ";
        message += strncmp(message, flag, strlen(flag)) == 0 ? strlen(flag) : 0;
        (void)snprintf(err->message, sizeof err->message, "--table: %.*s",
            (int)(sizeof err->message - 16), message);
    }
    return status;
}

static nlt_status take_name(const char *text, size_t len, nlt_table_spec *out, nlt_error *err)
{
    if (len >= sizeof out->name) {
        return fail_form(text, "has a name that is too long", err);
    }
    memcpy(out->name, text, len);
    out->name[len] = '\0';
    nlt_status status = nlt__table_name_check(out->name, err);
    return status == NLT_OK ? NLT_OK : fail_as_table(status, err);
}

static bool take_connector(const char *text, size_t len, nlt_table_spec *out, nlt_error *err)
{
    const nlt_connector *connector = NULL;
    if (len >= sizeof out->connector) {
        len = sizeof out->connector - 1;
    }
    memcpy(out->connector, text, len);
    out->connector[len] = '\0';
    nlt_files_format format;
    const nlt_table_desc *desc = NULL;
    return nlt__equal_ignore_case(out->connector, "auto")
        || nlt__files_find(out->connector, &format, &desc)
        || nlt__connector_find(out->connector, &connector, err) == NLT_OK;
}

nlt_status nlt_table_spec_parse(const char *text, nlt_table_spec *out, nlt_error *err)
{
    *out = (nlt_table_spec){.input_path = NULL};
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        return fail_form(text, "has no name", err);
    }
    const char *rest = equals + 1;
    const char *first = strchr(rest, ':');
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    NLT_TRY(take_name(text, (size_t)(equals - text), out, err));
    if (first == NULL || (second == NULL && take_connector(rest, strlen(rest), out, NULL))) {
        return fail_form(text, "has no path", err);
    }
    const char *end = NULL;
    if (second != NULL && take_connector(rest, (size_t)(second - rest), out, NULL)) {
        end = second;
    } else if (take_connector(rest, (size_t)(first - rest), out, NULL)) {
        end = first;
    } else { /* once more, for its hint */
        end = second != NULL ? second : first;
        (void)take_connector(rest, (size_t)(end - rest), out, err);
        return fail_as_table(NLT_ERR_ARG, err);
    }
    out->input_path = end + 1;
    return out->input_path[0] != '\0' ? NLT_OK : fail_form(text, "has no path", err);
}
