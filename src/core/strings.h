/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_STRINGS_H
#define NLT_CORE_STRINGS_H

/* A list of texts (warnings, names). */

#include "netlytics/base.h"

typedef struct nlt_strings {
    char **items; /* owned */
    size_t n;
    size_t cap;
} nlt_strings;

#define NLT_STRINGS_INIT                                                                           \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* Appends a text. NULL `list` is fine: the text is dropped. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__strings_add(nlt_strings *list, nlt_error *err, const char *format, ...)
    NLT_PRINTF(3, 4) NLT_MUST_CHECK;
NLT_API void nlt__strings_clear(nlt_strings *list);

/* ASCII case-insensitive equality. */
NLT_API bool nlt__equal_ignore_case(const char *a, const char *b);

#endif
