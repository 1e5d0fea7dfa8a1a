/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bump allocator over blocks that double up to a maximum. */

#include "core/arena.h"

#include <string.h>

#include "core/alloc.h"

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

/* Under the address sanitizer what lies between allocations may not be touched. */
#if IS_SANITIZED
#include <sanitizer/asan_interface.h>
enum { GAP_BYTES = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
enum { GAP_BYTES = 0 };
#endif

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

static void use_block(nlt_arena *arena, nlt_arena_block *block)
{
    arena->head = block;
    arena->next = block->data;
    arena->left = block->size;
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
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
    use_block(arena, block);
    return true;
}

void *nlt__arena_alloc(nlt_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    /* Nothing still gets an address: NULL means failure. */
    size_t rounded = size == 0 ? ALIGN : (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    size_t taken = rounded + GAP_BYTES;
    if (arena->left < taken && !add_block(arena, taken)) {
        return NULL;
    }
    char *ptr = arena->next;
    ASAN_UNPOISON_MEMORY_REGION(ptr, size);
    arena->next += taken;
    arena->left -= taken;
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
        ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
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
    use_block(arena, largest);
}

void nlt__arena_clear(nlt_arena *arena)
{
    free_blocks(arena->head);
    *arena = (nlt_arena)NLT_ARENA_INIT;
}
