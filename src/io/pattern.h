/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_PATTERN_H
#define NLT_IO_PATTERN_H

/* Names with days in them: the patterns of layout.h, one segment or the end of a path at a time. */

#include "core/buf.h"
#include "netlytics/base.h"

enum { NLT_PATTERN_SEGMENTS_MAX = 16 };

/* Segments of a pattern, without empty ones; borrows the text. */
typedef struct nlt_pattern {
    nlt_bytes segments[NLT_PATTERN_SEGMENTS_MAX];
    int n; /* at least 1 */
} nlt_pattern;

/* What the names so far tell of a day; -1: nothing. */
typedef struct nlt_date {
    int year;
    int month;
    int day;
} nlt_date;

#define NLT_DATE_NONE                                                                              \
    {                                                                                              \
        -1, -1, -1                                                                                 \
    }

/* NLT_ERR_ARG: unknown token, no segment, too many. */
NLT_API nlt_status nlt__pattern_parse(
    const char *text, nlt_pattern *out, nlt_error *err) NLT_MUST_CHECK;

/* Does a directory or file name match segment `depth`? `date` holds what the segments above told,
 * which must agree; the name's parts are added to it. Unchanged if there is no match. */
NLT_API bool nlt__pattern_match(
    const nlt_pattern *pattern, int depth, nlt_bytes name, nlt_date *date);

/* Does the end of `path` match the end of the pattern? Segments that the path has no names for are
 * not asked for. */
NLT_API bool nlt__pattern_match_end(const nlt_pattern *pattern, const char *path, nlt_date *date);

/* Days since 1970-01-01; NLT_DAY_OPEN unless year, month and day are known. */
NLT_API int64_t nlt__date_day(const nlt_date *date);
/* Can the day lie in [first, last], as far as is known? Bounds may be NLT_DAY_OPEN. */
NLT_API bool nlt__date_may_lie_in(const nlt_date *date, int64_t first, int64_t last);

/* Rank of the compressed ending of a name (0: none, else by the bytes of the ending) and the length
 * of what stands in front of it. */
NLT_API int nlt__packed_ending(nlt_bytes name, size_t *stem_len);

/* Appends the pattern with the day filled in, or "YYYY" etc. if it is open. */
NLT_API nlt_status nlt__pattern_describe(
    const char *text, int64_t day, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
