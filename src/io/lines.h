/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_LINES_H
#define NLT_IO_LINES_H

/* Lines of a small file (a list, a table of names), whatever it is packed with. */

#include "io/source.h"

enum { NLT_LINE_MAX = 64 << 10 };

typedef struct nlt_lines {
    nlt_source *source;
    char *buf; /* owned */
    size_t pos, len;
    int64_t number; /* of the last line, from 1 */
    bool is_end;
} nlt_lines;

/* NLT_ERR_NOT_FOUND, NLT_ERR_IO, NLT_ERR_NOMEM. Close it whatever is returned. */
NLT_API nlt_status nlt__lines_open(const char *path, nlt_lines *out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__lines_close(nlt_lines *lines);
/* The next line without its end ("\n" or "\r\n"); ptr is NULL behind the last one. Borrowed until the
 * next call. NLT_ERR_LIMIT: a line above NLT_LINE_MAX bytes. */
NLT_API nlt_status nlt__lines_next(
    nlt_lines *lines, nlt_bytes *line, nlt_error *err) NLT_MUST_CHECK;
/* Without blanks at both ends. */
NLT_API nlt_bytes nlt__line_trim(nlt_bytes text);

#endif
