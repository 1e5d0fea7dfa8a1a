/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A byte buffer that doubles up to its maximum. */

#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/alloc.h"

enum { CAP_MIN = 256 };

nlt_status nlt__buf_reserve(nlt_buf *buf, size_t extra, nlt_error *err)
{
    if (extra <= buf->cap - buf->len) {
        return NLT_OK;
    }
    if (extra > buf->max - buf->len) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %zu bytes of text", buf->max);
    }
    size_t needed = buf->len + extra;
    size_t cap = buf->cap < CAP_MIN ? CAP_MIN : buf->cap;
    while (cap < needed) {
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    }
    char *ptr = nlt_realloc(buf->ptr, cap);
    if (ptr == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %zu bytes", cap);
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return NLT_OK;
}

nlt_status nlt__buf_append(nlt_buf *buf, const void *bytes, size_t len, nlt_error *err)
{
    NLT_TRY(nlt__buf_reserve(buf, len, err));
    if (len > 0) {
        nlt__buf_put(buf, bytes, len);
    }
    return NLT_OK;
}

nlt_status nlt__buf_printf(nlt_buf *buf, nlt_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        return nlt_fail(err, NLT_ERR_INTERNAL, "text cannot be formatted");
    }
    NLT_TRY(nlt__buf_reserve(buf, (size_t)len + 1, err)); /* vsnprintf ends it with a NUL */
    va_start(args, format);
    (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return NLT_OK;
}

const char *nlt__buf_cstr(nlt_buf *buf)
{
    if (nlt__buf_reserve(buf, 1, NULL) != NLT_OK) {
        return NULL;
    }
    buf->ptr[buf->len] = '\0';
    return buf->ptr;
}

void nlt__buf_clear(nlt_buf *buf)
{
    nlt_free(buf->ptr);
    *buf = (nlt_buf)NLT_BUF_INIT(buf->max);
}
