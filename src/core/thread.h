/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_THREAD_H
#define NLT_CORE_THREAD_H

/* A parallel region: `n` threads run the same function; the caller's thread is number 0. */

#include <stdatomic.h>

#include "netlytics/base.h"

typedef nlt_status (*nlt_thread_fn)(void *ctx, int thread, nlt_error *err);

/* Runs fn(ctx, 0..n-1) and waits. Returns the failure of the lowest thread number that failed.
 * fn must notice other threads' failures itself where it would wait for them. */
NLT_API nlt_status nlt__parallel(int n, nlt_thread_fn fn, void *ctx, nlt_error *err);

/* Cores this process may use (affinity), at least 1. */
NLT_API int nlt__cpu_count(void);
/* Bytes of memory of the machine, or of the cgroup where that is less. */
NLT_API int64_t nlt__memory_total(void);
/* From here on the process allocates no more than `bytes`, resident or not: what asks for more gets
 * nothing. Not under a sanitizer, nor above a limit that is set already. */
NLT_API void nlt__memory_cap(int64_t bytes);
/* Peak resident bytes of this process. */
NLT_API int64_t nlt__memory_peak(void);

#endif
