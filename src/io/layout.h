/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_LAYOUT_H
#define NLT_IO_LAYOUT_H

/* Which files a dataset request means: folder layouts with days in their names.
 *
 * A layout pattern is a path below the base; its segments take `*` (any run of bytes) and the
 * tokens %Y %m %d (4, 2, 2 digits), %H %M %S (2 digits each) and %u (1 to 6 digits). A name may end
 * in .gz .bz2 .xz .zst behind what the pattern says, also when the pattern has no such ending.
 * Names are matched from the right, since a `*` in front of tokens may hold dots; a leading `*` takes
 * no hidden names. Impossible dates do not match. Files of patterns without a day pass any range.
 * Links are followed; a file that cannot be looked at (a dangling link) is listed all the same, so
 * that opening it tells. Folders, pipes and devices are not listed. */

#include "core/time.h"

enum { NLT_FILES_MAX = 1 << 20 }; /* of a list; row keys have room for 2^23 */

typedef struct nlt_file {
    char *path;   /* owned by the list */
    int64_t day;  /* days since 1970-01-01, or NLT_DAY_OPEN */
    int64_t size; /* bytes on disk; -1: unknown */
    int pattern;  /* the first of the patterns that it matched; 0 if none */
} nlt_file;

typedef struct nlt_file_list {
    nlt_file *items; /* sorted by day, then by path bytes */
    int64_t n;
    int64_t cap;
    int64_t *missing_days; /* days of the range without a file; only where both bounds are given */
    int64_t n_missing;
    char *tried;     /* one pattern with the first day filled in, for messages */
    char **shadowed; /* left out, by path: the same name is there plain, or with an ending that
                        comes earlier in .bz2 .gz .xz .zst */
    int64_t n_shadowed;
} nlt_file_list;

/* Files below `base` that match any of the `n_patterns` patterns and lie in [first, last].
 * NLT_ERR_NOT_FOUND: `base` does not exist or is no folder; NLT_ERR_IO: a folder cannot be listed;
 * NLT_ERR_LIMIT: more than NLT_FILES_MAX matches; NLT_ERR_ARG: a bound outside the years 0..9999, a
 * bad pattern. No match is no error here. */
NLT_API nlt_status nlt__layout_list(const char *base, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err) NLT_MUST_CHECK;

/* `path` is a file, "-" or a glob: the files it means, by day, then path (days are read from names
 * whose end matches a pattern's, else open; open days come first and pass any range). Returns n = 0
 * and NLT_OK only when it is a directory. Missing days are filled when every file has a day.
 * NLT_ERR_NOT_FOUND: no such file, no match of the glob, no file within the range. */
NLT_API nlt_status nlt__layout_direct(const char *path, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err) NLT_MUST_CHECK;

NLT_API void nlt__file_list_clear(nlt_file_list *list);

#endif
