/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_TEMP_FILE_H
#define NLT_CORE_TEMP_FILE_H

/* Temporary files without a name: nothing is left of them whatever happens. */

#include "netlytics/base.h"

/* A new file below `folder` (NULL: $TMPDIR or /tmp). NLT_ERR_OUTPUT. */
NLT_API nlt_status nlt__temp_file_open(const char *folder, int *fd, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__temp_file_write(int fd, const void *bytes, size_t len, int64_t offset,
    nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__temp_file_read(int fd, void *bytes, size_t len, int64_t offset,
    nlt_error *err) NLT_MUST_CHECK;
/* Bytes that the named files of a folder take on disk; 0: it cannot be read. */
NLT_API int64_t nlt__temp_folder_bytes(const char *folder);

#endif
