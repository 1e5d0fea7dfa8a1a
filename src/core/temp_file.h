/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_TEMP_FILE_H
#define NLT_CORE_TEMP_FILE_H

/* Temporary files without a name: nothing is left of them whatever happens. */

#include <stdatomic.h>

#include "netlytics/base.h"

/* What they may take together. */
typedef struct nlt_temp_space {
    const char *folder; /* borrowed; NULL: $TMPDIR or /tmp */
    int64_t bytes_max;  /* with the named files of the folder; -1: as much as there is room */
    atomic_llong bytes; /* of files that are open */
} nlt_temp_space;

#define NLT_TEMP_LIMIT_TEXT "temporary files would need more than --temp_limit, %lld MB"

/* Counts bytes that are going to be written. NLT_ERR_OUTPUT: too many, and they do not count. */
NLT_API nlt_status nlt__temp_space_take(
    nlt_temp_space *space, int64_t bytes, nlt_error *err) NLT_MUST_CHECK;
/* The same without writing more: whether others have made named files too large beside ours. Looks at
 * the folder only if there are any of ours. */
NLT_API nlt_status nlt__temp_space_check(nlt_temp_space *space, nlt_error *err) NLT_MUST_CHECK;
/* Their file is closed. */
NLT_API void nlt__temp_space_give_back(nlt_temp_space *space, int64_t bytes);

/* A new file below `folder` (NULL: $TMPDIR or /tmp). NLT_ERR_OUTPUT. */
NLT_API nlt_status nlt__temp_file_open(const char *folder, int *fd, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__temp_file_write(
    int fd, const void *bytes, size_t len, int64_t offset, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__temp_file_read(
    int fd, void *bytes, size_t len, int64_t offset, nlt_error *err) NLT_MUST_CHECK;
/* Bytes that the named files of a folder take on disk; 0: it cannot be read. */
NLT_API int64_t nlt__temp_folder_bytes(const char *folder);

#endif
