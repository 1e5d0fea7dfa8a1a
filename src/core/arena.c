/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bump allocator over blocks that double up to a maximum. */

#include "core/arena.h"

#include <string.h>

#include "core/alloc.h"

enum { BLOCK_MIN = 4 << 10, BLOCK_MAX = 1 << 20, ALIGN = 8 };

struct nlt_arena_block {
    nlt_arena_block *next;
    size_t size; /* bytes behind the header */
    char data[];
};

static size_t next_block_size(const nlt_arena *arena, size_t wanted)
{
    size_t size = arena->head == NULL ? BLOCK_MIN : arena->head->size * 2;
    size = size > BLOCK_MAX ? BLOCK_MAX : size;
    return size < wanted ? wanted : size;
}

static bool add_block(nlt_arena *arena, size_t wanted)
{
    size_t size = next_block_size(arena, wanted);
    nlt_arena_block *block = nlt_alloc(sizeof *block + size);
    if (block == NULL) {
        return false;
    }
    block->next = arena->head;
    block->size = size;
    arena->head = block;
    arena->next = block->data;
    arena->left = size;
    return true;
}

void *nlt__arena_alloc(nlt_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    /* Nothing still gets an address: NULL means failure. */
    size_t rounded = size == 0 ? ALIGN : (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (arena->left < rounded && !add_block(arena, rounded)) {
        return NULL;
    }
    char *ptr = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    return ptr;
}

char *nlt__arena_copy(nlt_arena *arena, nlt_bytes bytes)
{
    char *copy = nlt__arena_alloc(arena, bytes.len + 1);
    if (copy != NULL) {
        if (bytes.len > 0) {
            memcpy(copy, bytes.ptr, bytes.len);
        }
        copy[bytes.len] = '\0';
    }
    return copy;
}

static void free_blocks(nlt_arena_block *block)
{
    while (block != NULL) {
        nlt_arena_block *next = block->next;
        nlt_free(block);
        block = next;
    }
}

void nlt__arena_reset(nlt_arena *arena)
{
    nlt_arena_block *largest = arena->head;
    for (nlt_arena_block *b = arena->head; b != NULL; b = b->next) {
        largest = b->size > largest->size ? b : largest;
    }
    if (largest == NULL) {
        return;
    }
    nlt_arena_block **link = &arena->head;
    while (*link != largest) {
        link = &(*link)->next;
    }
    *link = largest->next;
    free_blocks(arena->head);
    largest->next = NULL;
    arena->head = largest;
    arena->next = largest->data;
    arena->left = largest->size;
}

void nlt__arena_clear(nlt_arena *arena)
{
    free_blocks(arena->head);
    *arena = (nlt_arena)NLT_ARENA_INIT;
}
