/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only callers of malloc. A test can make the n-th and all later allocations fail. */

#define _GNU_SOURCE

#include "core/alloc.h"

#include <stdatomic.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static atomic_llong allocs_left; /* 0: never fail; 1: fail from now on */

static bool must_fail(void)
{
    long long left = atomic_load_explicit(&allocs_left, memory_order_relaxed);
    while (left > 1) { /* stops at 1, whichever threads count down */
        if (atomic_compare_exchange_weak(&allocs_left, &left, left - 1)) {
            return false;
        }
    }
    return left == 1;
}

void nlt__alloc_fail_at(int64_t n)
{
    atomic_store(&allocs_left, n);
}

void *nlt_alloc(size_t size)
{
    return must_fail() ? NULL : malloc(size > 0 ? size : 1);
}

void *nlt_alloc_zero(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || must_fail()) {
        return NULL;
    }
    return calloc(1, bytes > 0 ? bytes : 1);
}

void *nlt_alloc_aligned(size_t size)
{
    void *ptr = NULL;
    return must_fail() || posix_memalign(&ptr, 64, size > 0 ? size : 1) != 0 ? NULL : ptr;
}

void *nlt_alloc_table(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    if (bytes < HUGE_PAGE) {
        return nlt_alloc_zero(count, size);
    }
    void *ptr = NULL;
    if (must_fail() || posix_memalign(&ptr, HUGE_PAGE, bytes) != 0) {
        return NULL;
    }
    (void)madvise(ptr, bytes, MADV_HUGEPAGE); /* not everywhere, and it need not be */
    return memset(ptr, 0, bytes);
}

void *nlt_realloc(void *ptr, size_t size)
{
    return must_fail() ? NULL : realloc(ptr, size > 0 ? size : 1);
}

void *nlt_realloc_array(void *ptr, size_t count, size_t size)
{
    size_t bytes = 0;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : nlt_realloc(ptr, bytes);
}

char *nlt_strndup(const char *text, size_t len)
{
    char *copy = nlt_alloc(len + 1);
    if (copy != NULL) {
        if (len > 0) {
            memcpy(copy, text, len);
        }
        copy[len] = '\0';
    }
    return copy;
}

char *nlt_strdup(const char *text)
{
    return nlt_strndup(text, strlen(text));
}

void nlt_free(void *ptr)
{
    free(ptr);
}

void nlt_alloc_trim(void)
{
#if defined(__GLIBC__)
    (void)malloc_trim(0);
#endif
}
