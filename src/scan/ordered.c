/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows as bytes, in dataset order, from several threads.
 *
 * Splits are claimed in order. The thread whose split is the head (the earliest one not yet written)
 * writes as it goes; others keep their bytes in the split's slot. Who ends the head also writes the
 * ended splits behind it. Slots are a ring, and a slot has a maximum: a thread that is too far
 * ahead waits for the head, which never waits. */

#include "core/alloc.h"
#include "core/thread.h"
#include "scan/scan_types.h"

enum {
    SLOTS_PER_THREAD = 2,
    SLOT_WAIT_BYTES = 8 << 20, /* a split ahead of the head holds no more than this and a batch */
    SLOT_MAX_BYTES = 1 << 30,
    WRITE_BYTES = 256 << 10
};

typedef struct ordered_slot {
    nlt_buf bytes;
    int64_t rows;
    bool is_done;
} ordered_slot;

typedef struct ordered_run {
    nlt_scan *scan;
    const nlt_scan_ordered *job;
    int64_t n_slots;
    ordered_slot *slots;
    int64_t n_rows; /* written; the head's owner's */

    pthread_mutex_t lock;
    pthread_cond_t moved; /* the head, or is_stopped */
    atomic_llong head;
    int64_t next; /* split to be claimed */
    bool is_stopped;
    nlt_error failure; /* the first one */
} ordered_run;

static bool is_head(ordered_run *run, int64_t split)
{
    return atomic_load_explicit(&run->head, memory_order_acquire) == split;
}

static nlt_status flush(ordered_run *run, ordered_slot *slot, nlt_error *err)
{
    run->n_rows += slot->rows;
    slot->rows = 0;
    nlt_status status = slot->bytes.len == 0
        ? NLT_OK
        : run->job->write(run->job->ctx, slot->bytes.ptr, slot->bytes.len, err);
    slot->bytes.len = 0;
    return status;
}

/* Ends the run for all threads; the first failure is kept, NULL: there is none. */
static void stop(ordered_run *run, const nlt_error *failure)
{
    pthread_mutex_lock(&run->lock);
    if (!run->is_stopped && failure != NULL) {
        run->failure = *failure;
    }
    run->is_stopped = true;
    pthread_cond_broadcast(&run->moved);
    pthread_mutex_unlock(&run->lock);
}

/* Next split whose slot is free; -1: none is left. */
static int64_t claim(ordered_run *run)
{
    pthread_mutex_lock(&run->lock);
    int64_t split = -1;
    if (run->next < run->scan->n_splits) {
        split = run->next++;
    }
    while (split >= 0 && !run->is_stopped && split >= atomic_load(&run->head) + run->n_slots) {
        pthread_cond_wait(&run->moved, &run->lock);
    }
    if (run->is_stopped) {
        split = -1;
    }
    pthread_mutex_unlock(&run->lock);
    return split;
}

/* Waits until `split` is the head. False: the run was stopped. */
static bool wait_for_head(ordered_run *run, int64_t split)
{
    pthread_mutex_lock(&run->lock);
    while (!run->is_stopped && atomic_load(&run->head) != split) {
        pthread_cond_wait(&run->moved, &run->lock);
    }
    bool is_running = !run->is_stopped;
    pthread_mutex_unlock(&run->lock);
    return is_running;
}

/* The batch's rows that the limit lets through. */
static nlt_batch cut(const ordered_run *run, const ordered_slot *slot, const nlt_batch *batch)
{
    nlt_batch some = *batch;
    int64_t limit = run->job->limit;
    if (limit >= 0) {
        int64_t left = limit - run->n_rows - slot->rows;
        some.n_rows = left < batch->n_rows ? left : batch->n_rows;
    }
    return some;
}

/* Formats a batch and writes if it is its split's turn. */
static nlt_status take_batch(
    ordered_run *run, int64_t split, const nlt_batch *batch, nlt_error *err)
{
    ordered_slot *slot = &run->slots[split % run->n_slots];
    nlt_batch rows = cut(run, slot, batch);
    NLT_TRY(run->job->format(run->job->ctx, &rows, &slot->bytes, err));
    slot->rows += rows.n_rows;
    bool is_full = slot->bytes.len >= SLOT_WAIT_BYTES;
    if (is_full && !wait_for_head(run, split)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "stopped");
    }
    return is_head(run, split) && slot->bytes.len >= WRITE_BYTES ? flush(run, slot, err) : NLT_OK;
}

/* A split has been read: leaves its bytes, or writes them and what is ready behind them. */
static nlt_status end_split(ordered_run *run, int64_t split, nlt_error *err)
{
    pthread_mutex_lock(&run->lock);
    run->slots[split % run->n_slots].is_done = true;
    bool is_ours = atomic_load(&run->head) == split;
    nlt_status status = NLT_OK;
    while (is_ours) {
        ordered_slot *slot = &run->slots[atomic_load(&run->head) % run->n_slots];
        pthread_mutex_unlock(&run->lock);
        status = flush(run, slot, err);
        pthread_mutex_lock(&run->lock);
        if (status != NLT_OK) {
            break; /* the head stays: nobody writes behind a gap */
        }
        slot->is_done = false;
        int64_t head = atomic_fetch_add(&run->head, 1) + 1;
        is_ours = run->slots[head % run->n_slots].is_done;
        pthread_cond_broadcast(&run->moved);
    }
    pthread_mutex_unlock(&run->lock);
    return status;
}

static bool is_limit_reached(const ordered_run *run, int64_t split)
{
    int64_t limit = run->job->limit;
    return limit >= 0 && run->n_rows + run->slots[split % run->n_slots].rows >= limit;
}

static nlt_status read_split(
    ordered_run *run, nlt_scan_reader *reader, int64_t split, nlt_error *err)
{
    NLT_TRY(nlt__scan_reader_start(reader, split, NULL, err));
    const nlt_batch *batch = NULL;
    while (!is_limit_reached(run, split)) {
        NLT_TRY(nlt__scan_reader_next(reader, &batch, err));
        if (batch == NULL) {
            break;
        }
        NLT_TRY(take_batch(run, split, batch, err));
    }
    NLT_TRY(end_split(run, split, err));
    if (is_limit_reached(run, split)) {
        stop(run, NULL);
    }
    return NLT_OK;
}

/* Never fails: what went wrong is in the run, where no later failure of another thread covers it. */
static nlt_status ordered_thread(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    (void)err;
    ordered_run *run = ctx;
    nlt_error failure = NLT_ERROR_INIT;
    nlt_scan_reader *reader = NULL;
    nlt_status status = nlt__scan_tell(run->scan, &failure);
    if (status == NLT_OK) {
        status = nlt__scan_reader_open(
            run->scan, run->job->wanted, run->job->n_wanted, &reader, &failure);
    }
    while (status == NLT_OK) {
        int64_t split = claim(run);
        if (split < 0) {
            break;
        }
        status = read_split(run, reader, split, &failure);
    }
    if (status != NLT_OK) {
        stop(run, &failure);
    }
    nlt__scan_reader_close(reader);
    return NLT_OK;
}

static nlt_status run_threads(ordered_run *run, int threads, nlt_error *err)
{
    run->slots = nlt_alloc_zero((size_t)run->n_slots, sizeof *run->slots);
    if (run->slots == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (int64_t i = 0; i < run->n_slots; i++) {
        run->slots[i].bytes = (nlt_buf)NLT_BUF_INIT(SLOT_MAX_BYTES);
    }
    nlt_status status = nlt__parallel(threads, ordered_thread, run, err);
    for (int64_t i = 0; i < run->n_slots; i++) {
        nlt__buf_clear(&run->slots[i].bytes);
    }
    nlt_free(run->slots);
    if (status == NLT_OK && run->failure.code != NLT_OK) {
        status = run->failure.code;
        if (err != NULL) {
            *err = run->failure;
        }
    }
    return status;
}

nlt_status nlt__scan_run_ordered(
    nlt_scan *scan, const nlt_scan_ordered *job, int64_t *n_rows, nlt_error *err)
{
    int threads = job->limit >= 0 || job->threads < 1 ? 1 : job->threads;
    if (threads > scan->n_splits) {
        threads = (int)scan->n_splits;
    }
    ordered_run run = {.scan = scan,
        .job = job,
        .n_slots = (int64_t)threads * SLOTS_PER_THREAD,
        .head = scan->first_split,
        .next = scan->first_split,
        .failure = NLT_ERROR_INIT};
    pthread_mutex_init(&run.lock, NULL);
    pthread_cond_init(&run.moved, NULL);
    nlt_status status = run_threads(&run, threads, err);
    pthread_cond_destroy(&run.moved);
    pthread_mutex_destroy(&run.lock);
    *n_rows = run.n_rows;
    return status;
}
