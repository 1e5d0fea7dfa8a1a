/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_ALLOC_H
#define NLT_CORE_ALLOC_H

/* The only door to the heap. Every function returns NULL when memory is short; callers turn that
 * into NLT_ERR_NOMEM. Memory is aligned to 16 bytes; nlt_alloc_aligned to 64. */

#include "netlytics/base.h"

NLT_API void *nlt_alloc(size_t size) NLT_MUST_CHECK;
NLT_API void *nlt_alloc_zero(size_t count, size_t size) NLT_MUST_CHECK; /* NULL on overflow */
NLT_API void *nlt_alloc_aligned(size_t size) NLT_MUST_CHECK;            /* 64 bytes; nlt_free */
NLT_API void *nlt_realloc(void *ptr, size_t size) NLT_MUST_CHECK;       /* keeps ptr on failure */
/* As nlt_alloc_zero, for tables that are read here and there: large ones lie on huge pages where
 * the system has them. Freed by nlt_free. */
NLT_API void *nlt_alloc_table(size_t count, size_t size) NLT_MUST_CHECK;
/* Grows an array to hold `count` items of `size`; NULL on overflow or shortage, ptr kept. */
NLT_API void *nlt_realloc_array(void *ptr, size_t count, size_t size) NLT_MUST_CHECK;
NLT_API char *nlt_strdup(const char *text) NLT_MUST_CHECK;
NLT_API char *nlt_strndup(const char *text, size_t len) NLT_MUST_CHECK;
NLT_API void nlt_free(void *ptr); /* NULL is fine */
/* Gives what was freed back to the system, where that can be told; takes milliseconds. */
NLT_API void nlt_alloc_trim(void);

/* Tests only: the n-th allocation from now on (1 = the next) fails, and every later one of this
 * process until it is set to 0 again. */
NLT_API void nlt__alloc_fail_at(int64_t n);

#endif
