/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A buffer that is filled when it holds no whole line. */

#include "io/lines.h"

#include <string.h>

#include "core/alloc.h"

nlt_status nlt__lines_open(const char *path, nlt_lines *out, nlt_error *err)
{
    *out = (nlt_lines){0};
    NLT_TRY(nlt__source_open(path, 0, NULL, &out->source, err));
    out->buf = nlt_alloc(NLT_LINE_MAX);
    return out->buf != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", path);
}

void nlt__lines_close(nlt_lines *lines)
{
    nlt__source_close(lines->source);
    nlt_free(lines->buf);
    *lines = (nlt_lines){0};
}

static nlt_status fill(nlt_lines *lines, nlt_error *err)
{
    size_t n = 0;
    memmove(lines->buf, lines->buf + lines->pos, lines->len - lines->pos);
    lines->len -= lines->pos;
    lines->pos = 0;
    if (lines->len == NLT_LINE_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "line %lld has more than %d bytes",
            (long long)lines->number + 1, NLT_LINE_MAX);
    }
    NLT_TRY(nlt__source_read(
        lines->source, lines->buf + lines->len, NLT_LINE_MAX - lines->len, &n, err));
    lines->len += n;
    lines->is_end = n == 0;
    return NLT_OK;
}

nlt_status nlt__lines_next(nlt_lines *lines, nlt_bytes *line, nlt_error *err)
{
    for (;;) {
        char *begin = lines->buf + lines->pos;
        size_t left = lines->len - lines->pos;
        const char *end = left == 0 ? NULL : memchr(begin, '\n', left);
        if (end != NULL || (lines->is_end && left > 0)) {
            size_t len = end != NULL ? (size_t)(end - begin) : left;
            lines->pos += len + (end != NULL);
            lines->number++;
            len -= len > 0 && begin[len - 1] == '\r';
            *line = (nlt_bytes){begin, len};
            return NLT_OK;
        }
        if (lines->is_end) {
            *line = (nlt_bytes){NULL, 0};
            return NLT_OK;
        }
        NLT_TRY(fill(lines, err));
    }
}

nlt_bytes nlt__line_trim(nlt_bytes text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}
