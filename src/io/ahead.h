/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_AHEAD_H
#define NLT_IO_AHEAD_H

/* Reads a stream of bytes ahead on a thread of its own, some blocks far. */

#include "netlytics/base.h"

typedef struct nlt_ahead nlt_ahead;

/* As nlt__source_read; *consumed: bytes of the file so far. Called by one thread at a time. */
typedef nlt_status (*nlt_ahead_fn)(
    void *ctx, void *buf, size_t cap, size_t *n, int64_t *consumed, nlt_error *err);

/* `ctx` is the thread's until nlt__ahead_close. NLT_ERR_NOMEM: no memory or no thread; nothing has been
 * read. */
nlt_status nlt__ahead_open(
    nlt_ahead_fn read, void *ctx, nlt_ahead **out, nlt_error *err) NLT_MUST_CHECK;
/* What `read` would have given, in the same order; waits for it. After a failure: only close. */
nlt_status nlt__ahead_read(nlt_ahead *ahead, void *buf, size_t cap, size_t *n, int64_t *consumed,
    nlt_error *err) NLT_MUST_CHECK;
/* Waits for the call of `read` that is under way. NULL is fine. */
void nlt__ahead_close(nlt_ahead *ahead);

#endif
