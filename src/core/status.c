/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes: one table of names and exit codes, and the two ways to fill an error. */

#include <stdarg.h>
#include <stdio.h>

#include "netlytics/base.h"

static const struct {
    const char *name;
    int exit_code;
} statuses[NLT_STATUS_COUNT] = {
    [NLT_OK] = {"ok", 0},
    [NLT_ERR_ARG] = {"bad argument", 2},
    [NLT_ERR_NOT_FOUND] = {"not found", 3},
    [NLT_ERR_NO_ROWS] = {"no usable rows", 4},
    [NLT_ERR_SQL] = {"bad statement", 5},
    [NLT_ERR_DAMAGED] = {"damaged input", 6},
    [NLT_ERR_OUTPUT] = {"output cannot be written", 7},
    [NLT_ERR_FORMAT] = {"bad format", 1},
    [NLT_ERR_LIMIT] = {"limit passed", 1},
    [NLT_ERR_IO] = {"reading failed", 1},
    [NLT_ERR_NOMEM] = {"out of memory", 1},
    [NLT_ERR_INTERNAL] = {"internal error", 1},
    [NLT_ERR_CANCELLED] = {"interrupted", 130},
};

int nlt_status_exit_code(nlt_status status)
{
    return (unsigned)status < NLT_STATUS_COUNT ? statuses[status].exit_code : 1;
}

const char *nlt_status_name(nlt_status status)
{
    return (unsigned)status < NLT_STATUS_COUNT ? statuses[status].name : "unknown status";
}

nlt_status nlt_fail(nlt_error *err, nlt_status code, const char *format, ...)
{
    if (err != NULL) {
        /* The arguments may point into *err itself. */
        char message[sizeof err->message];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(message, sizeof message, format, args);
        va_end(args);
        __builtin_memcpy(err->message, message, sizeof message);
        err->code = code;
        err->offset = -1;
        err->hint[0] = '\0';
    }
    return code;
}

void nlt_error_hint(nlt_error *err, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(err->hint, sizeof err->hint, format, args);
        va_end(args);
    }
}

const char *nlt_version(void)
{
    return NLT_VERSION;
}
