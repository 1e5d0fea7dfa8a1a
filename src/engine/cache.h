/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_CACHE_H
#define NLT_ENGINE_CACHE_H

/* Rows of logs kept as Parquet files, so that a file is parsed once. */

#include "engine/engine.h"

/* Converts the files of session->scans[index] that the folder holds no rows of, then files their
 * reports and sets session->cached[index]. *is_used = false: the dataset cannot be cached; a warning
 * says why and the scan is as new unless *is_spent. NLT_ERR_OUTPUT: the folder is not to be trusted. */
nlt_status nlt__cache_open(nlt_session *session, int index, const nlt_dataset_request *request,
    bool *is_used, bool *is_spent, nlt_strings *warnings, nlt_error *err) NLT_MUST_CHECK;

/* What replaces netlytics_scan(index). Owned by the session. */
typedef struct nlt_cached {
    char *sql;                /* a SELECT of the table's columns and the row key */
    int lock_fd;              /* shared while the session reads */
    int64_t files, converted; /* files of the dataset; those that were converted now */
    int64_t bytes;            /* of everything in the folder */
} nlt_cached;
void nlt__cached_free(nlt_cached *cached); /* NULL is fine */
/* Makes what is cached known to a database that was just opened. */
nlt_status nlt__cache_install(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;

#endif
