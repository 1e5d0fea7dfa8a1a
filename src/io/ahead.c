/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of blocks between the thread that reads and the one that asks. */

#define _GNU_SOURCE

#include "io/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "core/alloc.h"

enum { AHEAD_BLOCKS = 4, AHEAD_BLOCK_BYTES = 256 << 10 };

typedef struct block {
    char *bytes;
    size_t len, taken;
    int64_t consumed;  /* of the file, behind this block */
    nlt_status status; /* behind its bytes */
    nlt_error failure;
} block;

struct nlt_ahead {
    nlt_ahead_fn read;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock; /* guards n_full and is_closing */
    pthread_cond_t moved;
    int n_full;
    bool is_closing;
    int first;   /* block that is taken from; the consumer's */
    char *bytes; /* of all blocks; owned */
    block blocks[AHEAD_BLOCKS];
};

/* Waits for a free block. False: the stream is being closed. */
static bool await_room(nlt_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    while (ahead->n_full == AHEAD_BLOCKS && !ahead->is_closing) {
        pthread_cond_wait(&ahead->moved, &ahead->lock);
    }
    bool is_open = !ahead->is_closing;
    pthread_mutex_unlock(&ahead->lock);
    return is_open;
}

static void move(nlt_ahead *ahead, int by)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->n_full += by;
    pthread_cond_signal(&ahead->moved);
    pthread_mutex_unlock(&ahead->lock);
}

static void *read_blocks(void *arg)
{
    nlt_ahead *ahead = arg;
    bool is_going_on = true;
    for (int i = 0; is_going_on && await_room(ahead); i = (i + 1) % AHEAD_BLOCKS) {
        block *b = &ahead->blocks[i];
        b->len = 0;
        b->taken = 0;
        b->failure = (nlt_error)NLT_ERROR_INIT;
        b->status = ahead->read(
            ahead->ctx, b->bytes, AHEAD_BLOCK_BYTES, &b->len, &b->consumed, &b->failure);
        is_going_on = b->status == NLT_OK && b->len > 0;
        move(ahead, 1);
    }
    return NULL;
}

/* Signals are for the threads of the program. */
static int start_thread(nlt_ahead *ahead)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&ahead->thread, NULL, read_blocks, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static void free_ahead(nlt_ahead *ahead)
{
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->moved);
    nlt_free(ahead->bytes);
    nlt_free(ahead);
}

nlt_status nlt__ahead_open(nlt_ahead_fn read, void *ctx, nlt_ahead **out, nlt_error *err)
{
    *out = NULL;
    nlt_ahead *ahead = nlt_alloc_zero(1, sizeof *ahead);
    if (ahead == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    ahead->read = read;
    ahead->ctx = ctx;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->moved, NULL);
    ahead->bytes = nlt_alloc((size_t)AHEAD_BLOCKS * AHEAD_BLOCK_BYTES);
    for (int i = 0; ahead->bytes != NULL && i < AHEAD_BLOCKS; i++) {
        ahead->blocks[i].bytes = ahead->bytes + (size_t)i * AHEAD_BLOCK_BYTES;
    }
    if (ahead->bytes == NULL || start_thread(ahead) != 0) {
        free_ahead(ahead);
        return nlt_fail(err, NLT_ERR_NOMEM, "no memory or no thread to read ahead");
    }
    *out = ahead;
    return NLT_OK;
}

nlt_status nlt__ahead_read(
    nlt_ahead *ahead, void *buf, size_t cap, size_t *n, int64_t *consumed, nlt_error *err)
{
    pthread_mutex_lock(&ahead->lock);
    while (ahead->n_full == 0) {
        pthread_cond_wait(&ahead->moved, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    block *b = &ahead->blocks[ahead->first];
    *n = b->len - b->taken < cap ? b->len - b->taken : cap;
    memcpy(buf, b->bytes + b->taken, *n);
    b->taken += *n;
    *consumed = b->consumed;
    if (b->taken < b->len) {
        return NLT_OK;
    }
    if (b->status != NLT_OK || b->len == 0) { /* the last one: it stays */
        if (b->status != NLT_OK && err != NULL) {
            *err = b->failure;
        }
        return b->status;
    }
    ahead->first = (ahead->first + 1) % AHEAD_BLOCKS;
    move(ahead, -1);
    return NLT_OK;
}

void nlt__ahead_close(nlt_ahead *ahead)
{
    if (ahead == NULL) {
        return;
    }
    pthread_mutex_lock(&ahead->lock);
    ahead->is_closing = true;
    pthread_cond_signal(&ahead->moved);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    free_ahead(ahead);
}
