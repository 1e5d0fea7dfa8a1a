/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_BUF_H
#define NLT_CORE_BUF_H

/* A growable byte buffer with a maximum given at birth. */

#include <string.h>

#include "netlytics/base.h"

typedef struct nlt_buf {
    char *ptr; /* owned; not NUL-terminated unless nlt__buf_cstr was called */
    size_t len;
    size_t cap;
    size_t max;
} nlt_buf;

#define NLT_BUF_INIT(max_bytes)                                                                    \
    {                                                                                              \
        NULL, 0, 0, (max_bytes)                                                                    \
    }

/* Room for `extra` more bytes; NLT_ERR_LIMIT above max, NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__buf_reserve(nlt_buf *buf, size_t extra, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__buf_append(
    nlt_buf *buf, const void *bytes, size_t len, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__buf_printf(nlt_buf *buf, nlt_error *err, const char *format, ...)
    NLT_PRINTF(3, 4) NLT_MUST_CHECK;
/* The bytes as a NUL-terminated string (the NUL is not counted); NULL when memory is short. */
NLT_API const char *nlt__buf_cstr(nlt_buf *buf);
NLT_API void nlt__buf_clear(nlt_buf *buf); /* frees */

/* Unchecked append: the caller has reserved. */
static inline void nlt__buf_put(nlt_buf *buf, const void *bytes, size_t len)
{
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

static inline void nlt__buf_put_char(nlt_buf *buf, char c)
{
    buf->ptr[buf->len++] = c;
}

#endif
