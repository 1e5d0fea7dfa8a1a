/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_ARENA_H
#define NLT_CORE_ARENA_H

/* Memory for things that die together. Not thread-safe: one owner at a time. */

#include "netlytics/base.h"

typedef struct nlt_arena_block nlt_arena_block;

typedef struct nlt_arena {
    nlt_arena_block *head; /* newest block; owned */
    char *next;            /* free space of the newest block */
    size_t left;
} nlt_arena;

#define NLT_ARENA_INIT                                                                             \
    {                                                                                              \
        NULL, NULL, 0                                                                              \
    }

NLT_API void *nlt__arena_alloc(nlt_arena *arena, size_t size) NLT_MUST_CHECK;    /* 8-aligned */
NLT_API char *nlt__arena_copy(nlt_arena *arena, nlt_bytes bytes) NLT_MUST_CHECK; /* adds a NUL */
/* Frees everything but the largest block, which is reused. */
NLT_API void nlt__arena_reset(nlt_arena *arena);
NLT_API void nlt__arena_clear(nlt_arena *arena);

#endif
