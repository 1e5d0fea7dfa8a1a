/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes: one table of names, exit codes and exceptions, and the two ways to fill an error. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "netlytics/base.h"

enum { TEXT_SIZE = 1024 };

_Static_assert(sizeof((nlt_error *)0)->message == TEXT_SIZE, "message");
_Static_assert(sizeof((nlt_error *)0)->hint == TEXT_SIZE, "hint");

static const struct {
    const char *name;
    int exit_code;
    const char *exception;
} statuses[NLT_STATUS_COUNT] = {
    [NLT_OK] = {"ok", 0, ""},
    [NLT_ERR_ARG] = {"bad argument", 2, "ArgumentError"},
    [NLT_ERR_NOT_FOUND] = {"not found", 3, "NotFoundError"},
    [NLT_ERR_NO_ROWS] = {"no usable rows", 4, "NoRowsError"},
    [NLT_ERR_SQL] = {"bad statement", 5, "SQLError"},
    [NLT_ERR_DAMAGED] = {"damaged input", 6, "DamagedError"},
    [NLT_ERR_OUTPUT] = {"output cannot be written", 7, "OutputError"},
    [NLT_ERR_FORMAT] = {"bad format", 1, "FormatError"},
    [NLT_ERR_LIMIT] = {"limit passed", 1, "LimitError"},
    [NLT_ERR_IO] = {"reading failed", 1, "ReadError"},
    [NLT_ERR_NOMEM] = {"out of memory", 1, "OutOfMemoryError"},
    [NLT_ERR_INTERNAL] = {"internal error", 1, "InternalError"},
    [NLT_ERR_CANCELLED] = {"interrupted", 130, "CancelledError"},
};

int nlt_status_exit_code(nlt_status status)
{
    return (unsigned)status < NLT_STATUS_COUNT ? statuses[status].exit_code : 1;
}

const char *nlt_status_name(nlt_status status)
{
    return (unsigned)status < NLT_STATUS_COUNT ? statuses[status].name : "unknown status";
}

const char *nlt_status_exception(nlt_status status)
{
    return (unsigned)status < NLT_STATUS_COUNT ? statuses[status].exception
                                               : statuses[NLT_ERR_INTERNAL].exception;
}

/* Takes back a character of several bytes that the end of the text has cut through. */
static void drop_cut_character(char *text, size_t len)
{
    static const size_t lens[] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4};
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        size_t whole = lens[(unsigned char)text[len - back] >> 4];
        if (whole > back) {
            text[len - back] = '\0';
        }
        if (whole > 0) {
            return;
        }
    }
}

static NLT_PRINTF(2, 0) void fill(char *out, const char *format, va_list args)
{
    char text[TEXT_SIZE]; /* the arguments may point into `out` */
    int len = vsnprintf(text, sizeof text, format, args);
    if (len < 0) {
        text[0] = '\0';
    } else if (len >= TEXT_SIZE) {
        drop_cut_character(text, TEXT_SIZE - 1);
    }
    memcpy(out, text, strlen(text) + 1);
}

nlt_status nlt_fail(nlt_error *err, nlt_status code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        fill(err->message, format, args);
        va_end(args);
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
        fill(err->hint, format, args);
        va_end(args);
    }
}

const char *nlt_version(void)
{
    return NLT_VERSION;
}

int nlt_abi_version(void)
{
    return NLT_ABI_VERSION;
}
