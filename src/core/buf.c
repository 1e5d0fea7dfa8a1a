/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A byte buffer that doubles up to its maximum. */

#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/alloc.h"

enum { CAP_MIN = 256 };

/* `nul` more bytes than asked for may lie beyond the maximum: they are never part of the text. */
static nlt_status grow(nlt_buf *buf, size_t extra, size_t nul, nlt_error *err)
{
    if (extra > buf->max - buf->len) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %zu bytes of text", buf->max);
    }
    size_t needed = 0;
    if (__builtin_add_overflow(buf->len + extra, nul, &needed)) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (needed <= buf->cap) {
        return NLT_OK;
    }
    size_t cap = buf->cap < CAP_MIN ? CAP_MIN : buf->cap;
    while (cap < needed) {
        cap = cap <= buf->max / 2 ? cap * 2 : needed > buf->max ? needed : buf->max;
    }
    char *ptr = nlt_realloc(buf->ptr, cap);
    if (ptr == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %zu bytes", cap);
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return NLT_OK;
}

nlt_status nlt__buf_reserve(nlt_buf *buf, size_t extra, nlt_error *err)
{
    return grow(buf, extra, 0, err);
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
    NLT_TRY(grow(buf, (size_t)len, 1, err));
    va_start(args, format);
    (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return NLT_OK;
}

const char *nlt__buf_cstr(nlt_buf *buf)
{
    if (grow(buf, 0, 1, NULL) != NLT_OK) {
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
