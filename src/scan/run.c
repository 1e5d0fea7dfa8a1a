/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of all splits, in any order: what engines ask for.
 *
 * Files of tellers come first; every worker helps with them and waits until they are complete. Then
 * splits are claimed one after the other, or records are paired (pairing.c). Where splits are few and long,
 * a feed reads them for all workers (feed.c). */

#include "core/alloc.h"
#include "core/assert.h"
#include "scan/feed.h"

enum { FED_PARTS_MIN = 4 }; /* bytes of files, in part_bytes; fewer are not worth a thread more */

struct nlt_scan_run {
    nlt_scan *scan;
    pthread_mutex_t lock;
    nlt_feed *feed;           /* owned; NULL: workers read themselves, or none has begun */
    nlt_pairing_run *pairing; /* owned; NULL: lines are rows */
    const nlt_prune *prune;   /* NULL: none */
    int64_t first_split, end_split;
    atomic_llong next_split;
    int n_wanted;
    int wanted[NLT_BUILDER_COLUMNS_MAX];
};

struct nlt_scan_worker {
    nlt_scan_run *run;
    nlt_scan_reader *reader; /* owned; NULL: it asks the feed */
    nlt_scan_parcel *parcel; /* of the feed; NULL: none */
    bool has_told;
};

/* ---- tellers ---- */

enum { TOLD_MAX = 1 << 30 }; /* bytes of a share; NLT_SCAN_PART_BYTES is usual */

/* What the lines of a teller's split tell becomes facts, part by part. */
static nlt_status read_teller(
    nlt_scan_reader *reader, int64_t split, nlt_records *told, nlt_scan *scan, nlt_error *err)
{
    const nlt_batch *batch = NULL;
    NLT_TRY(nlt__scan_reader_start(reader, split, told, err));
    while (nlt__scan_reader_is_reading(reader)) {
        NLT_TRY(nlt__scan_reader_next(reader, &batch, err));
        if (scan->connector->facts->take(scan->facts, told) != NLT_OK) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for what other files tell");
        }
        nlt__records_rewind(told);
    }
    return nlt__scan_reader_file(reader, err);
}

static void teller_done(nlt_scan *scan, const nlt_error *failure)
{
    pthread_mutex_lock(&scan->lock);
    scan->n_told++;
    if (failure != NULL && scan->tell_error.code == NLT_OK) {
        scan->tell_error = *failure;
    }
    pthread_cond_broadcast(&scan->told);
    pthread_mutex_unlock(&scan->lock);
}

static nlt_status wait_for_tellers(nlt_scan *scan, nlt_error *err)
{
    pthread_mutex_lock(&scan->lock);
    while (scan->n_told < scan->first_split && scan->tell_error.code == NLT_OK) {
        pthread_cond_wait(&scan->told, &scan->lock);
    }
    nlt_status status = scan->tell_error.code;
    if (status != NLT_OK && err != NULL) {
        *err = scan->tell_error;
    }
    pthread_mutex_unlock(&scan->lock);
    return status;
}

nlt_status nlt__scan_tell(nlt_scan *scan, nlt_error *err)
{
    if (scan->first_split == 0) {
        return NLT_OK;
    }
    nlt_scan_reader *reader = NULL;
    nlt_records told;
    nlt__records_init(&told, TOLD_MAX);
    for (;;) {
        int64_t split = atomic_fetch_add(&scan->next_teller, 1);
        if (split >= scan->first_split) {
            break;
        }
        nlt_error failure = NLT_ERROR_INIT;
        nlt_status status =
            reader != NULL ? NLT_OK : nlt__scan_reader_open(scan, NULL, 0, &reader, &failure);
        if (status == NLT_OK) {
            status = read_teller(reader, split, &told, scan, &failure);
        }
        teller_done(scan, status == NLT_OK ? NULL : &failure);
    }
    nlt__scan_reader_close(reader);
    nlt__records_clear(&told);
    return wait_for_tellers(scan, err);
}

/* ---- runs ---- */

nlt_status nlt__scan_run_open(
    nlt_scan *scan, const int *wanted, int n_wanted, nlt_scan_run **out, nlt_error *err)
{
    *out = NULL;
    NLT_ASSERT(n_wanted <= NLT_BUILDER_COLUMNS_MAX);
    nlt_scan_run *run = nlt_alloc_zero(1, sizeof *run);
    if (run == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    run->scan = scan;
    pthread_mutex_init(&run->lock, NULL);
    run->n_wanted = n_wanted;
    run->first_split = scan->first_split;
    run->next_split = scan->first_split;
    run->end_split = scan->n_splits;
    for (int i = 0; i < n_wanted; i++) {
        run->wanted[i] = wanted[i];
    }
    if (scan->connector->pairing != NULL) {
        nlt_status status = nlt__pairing_open(scan, wanted, n_wanted, &run->pairing, err);
        if (status != NLT_OK) {
            nlt__scan_run_close(run);
            return status;
        }
    }
    *out = run;
    return NLT_OK;
}

void nlt__scan_run_prune(nlt_scan_run *run, const nlt_prune *prune)
{
    run->prune = prune;
}

void nlt__scan_run_one_file(nlt_scan_run *run, int64_t file)
{
    const nlt_scan *scan = run->scan;
    NLT_ASSERT(run->pairing == NULL && file >= 0 && file < scan->n_files);
    run->first_split = scan->files[file].first_split;
    run->next_split = run->first_split;
    run->end_split = file + 1 < scan->n_files ? scan->files[file + 1].first_split : scan->n_splits;
}

void nlt__scan_run_close(nlt_scan_run *run)
{
    if (run != NULL) {
        nlt__feed_close(run->feed);
        nlt__pairing_close(run->pairing);
        pthread_mutex_destroy(&run->lock);
        nlt_free(run);
    }
}

/* Fewer streams than threads that could work with their rows. */
static bool is_fed(const nlt_scan_run *run)
{
    const nlt_scan *scan = run->scan;
    int64_t n = 0;
    bool are_long = scan->bytes < 0 || scan->bytes >= FED_PARTS_MIN * scan->part_bytes;
    for (int64_t i = run->first_split; are_long && i < run->end_split && n < scan->threads; i++) {
        are_long = scan->splits[i].end == INT64_MAX; /* no others: whoever reads those can share */
        n++;
    }
    return run->pairing == NULL && are_long && n > 0 && n < scan->threads;
}

int64_t nlt__scan_run_width(const nlt_scan_run *run)
{
    /* all help with the tellers' files */
    int64_t splits = run->scan->first_split + run->end_split - run->first_split;
    int64_t least = run->pairing != NULL ? NLT_SHARES : is_fed(run) ? run->scan->threads : 0;
    return splits < least ? least : splits;
}

/* ---- reading ---- */

nlt_status nlt__scan_run_reader(nlt_scan_run *run, nlt_scan_reader **out, nlt_error *err)
{
    NLT_TRY(nlt__scan_reader_open(run->scan, run->wanted, run->n_wanted, out, err));
    nlt_status status = run->prune != NULL ? nlt__scan_reader_prune(*out, run->prune, err) : NLT_OK;
    if (status != NLT_OK) {
        nlt__scan_reader_close(*out);
        *out = NULL;
    }
    return status;
}

nlt_status nlt__scan_run_read(
    nlt_scan_run *run, nlt_scan_reader *reader, const nlt_batch **batch, nlt_error *err)
{
    *batch = NULL;
    while (*batch == NULL) {
        if (!nlt__scan_reader_is_reading(reader)) {
            int64_t split = atomic_fetch_add(&run->next_split, 1);
            if (split >= run->end_split) {
                return NLT_OK;
            }
            NLT_TRY(nlt__scan_reader_start(reader, split, NULL, err));
        }
        NLT_TRY(nlt__scan_reader_next(reader, batch, err));
    }
    return NLT_OK;
}

/* ---- workers ---- */

nlt_status nlt__scan_worker_open(nlt_scan_run *run, nlt_scan_worker **out, nlt_error *err)
{
    *out = NULL;
    nlt_scan_worker *worker = nlt_alloc_zero(1, sizeof *worker);
    if (worker == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    worker->run = run;
    nlt_status status = is_fed(run) ? NLT_OK : nlt__scan_run_reader(run, &worker->reader, err);
    if (status != NLT_OK) {
        nlt_free(worker);
        return status;
    }
    *out = worker;
    return NLT_OK;
}

void nlt__scan_worker_close(nlt_scan_worker *worker)
{
    if (worker != NULL) {
        nlt__feed_return(worker->run->feed, worker->parcel);
        nlt__scan_reader_close(worker->reader);
        nlt_free(worker);
    }
}

/* Whoever comes first begins to feed. */
static nlt_status open_feed(nlt_scan_run *run, nlt_error *err)
{
    pthread_mutex_lock(&run->lock);
    int n_feeders = (int)(run->end_split - run->first_split);
    nlt_status status = run->feed != NULL
        ? NLT_OK
        : nlt__feed_open(run, n_feeders, run->scan->threads, &run->feed, err);
    pthread_mutex_unlock(&run->lock);
    return status;
}

static nlt_status next_parcel(nlt_scan_worker *worker, const nlt_batch **batch, nlt_error *err)
{
    NLT_TRY(open_feed(worker->run, err));
    NLT_TRY(nlt__feed_next(worker->run->feed, &worker->parcel, err));
    *batch = worker->parcel != NULL ? &worker->parcel->view : NULL;
    return NLT_OK;
}

nlt_status nlt__scan_worker_next(nlt_scan_worker *worker, const nlt_batch **batch, nlt_error *err)
{
    *batch = NULL;
    nlt_scan_run *run = worker->run;
    if (!worker->has_told) {
        NLT_TRY(nlt__scan_tell(run->scan, err));
        worker->has_told = true;
    }
    if (run->pairing != NULL) {
        return nlt__pairing_next(run->pairing, worker->reader, batch, err);
    }
    return worker->reader != NULL ? nlt__scan_run_read(run, worker->reader, batch, err)
                                  : next_parcel(worker, batch, err);
}
