/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a few long streams for more threads than there are streams.
 *
 * A compressed file is read by one thread, however many could work with its rows. So threads of the
 * feed's own read the splits and pack their batches into parcels, together with all that they point into,
 * and whoever asks gets the next parcel. Feeders wait only for empty parcels, of which there is a fixed
 * number, and never for what the engine does: who asks can always go on, or end. */

#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>

#include "core/alloc.h"
#include "scan/feed.h"

enum {
    PARCELS_AHEAD = 24,   /* some 50,000 rows, some 16 MB */
    BYTES_MAX = 24 << 20, /* of the buffers; long lines make them larger */
    FEEDERS_MAX = 16
};

struct nlt_feed {
    nlt_scan_run *run;
    pthread_mutex_t lock;          /* guards all that follows */
    pthread_cond_t has_room;       /* feeders wait for it */
    pthread_cond_t has_rows;       /* those who ask wait for it */
    nlt_scan_parcel *first, *last; /* full ones, in the order in which they are handed out */
    nlt_scan_parcel *empty;
    int n_parcels, n_parcels_max;
    size_t bytes; /* of their buffers, as they were when they were last full */
    int n_feeding;
    bool is_closing;
    nlt_error failure; /* the first one */
    int n_threads;
    pthread_t threads[FEEDERS_MAX];
};

/* ---- parcels ---- */

/* An empty parcel, as soon as there is one; NULL: the feed is being closed. */
static nlt_status take_empty(nlt_feed *feed, nlt_scan_parcel **parcel, nlt_error *err)
{
    bool is_made = false;
    *parcel = NULL;
    pthread_mutex_lock(&feed->lock);
    while (feed->empty == NULL && !feed->is_closing && feed->n_parcels > 0
        && (feed->n_parcels == feed->n_parcels_max || feed->bytes > BYTES_MAX)) {
        pthread_cond_wait(&feed->has_room, &feed->lock);
    }
    if (!feed->is_closing && feed->empty != NULL) {
        *parcel = feed->empty;
        feed->empty = (*parcel)->next;
    } else if (!feed->is_closing) {
        *parcel = nlt_alloc_zero(1, sizeof **parcel);
        is_made = true;
        feed->n_parcels += *parcel != NULL;
    }
    pthread_mutex_unlock(&feed->lock);
    return is_made && *parcel == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory") : NLT_OK;
}

static void free_parcel(nlt_scan_parcel *parcel)
{
    nlt__builder_free(parcel->builder);
    nlt_free(parcel->buf);
    nlt_free(parcel);
}

static void give_empty(nlt_feed *feed, nlt_scan_parcel *parcel)
{
    pthread_mutex_lock(&feed->lock);
    if (feed->bytes > BYTES_MAX) {
        feed->bytes -= parcel->counted;
        feed->n_parcels--;
        free_parcel(parcel);
    } else {
        parcel->next = feed->empty;
        feed->empty = parcel;
    }
    pthread_cond_signal(&feed->has_room);
    pthread_mutex_unlock(&feed->lock);
}

static void give_full(nlt_feed *feed, nlt_scan_parcel *parcel)
{
    pthread_mutex_lock(&feed->lock);
    feed->bytes += parcel->cap - parcel->counted;
    parcel->counted = parcel->cap;
    parcel->next = NULL;
    *(feed->first == NULL ? &feed->first : &feed->last->next) = parcel;
    feed->last = parcel;
    pthread_cond_signal(&feed->has_rows);
    pthread_mutex_unlock(&feed->lock);
}

/* NULL: there is none. */
static nlt_scan_parcel *take_full(nlt_feed *feed)
{
    nlt_scan_parcel *parcel = feed->first;
    feed->first = parcel != NULL ? parcel->next : NULL;
    return parcel;
}

/* ---- feeding ---- */

/* Until the splits are over, or nobody wants more. */
static nlt_status feed_rows(nlt_feed *feed, nlt_scan_reader *reader, nlt_error *err)
{
    for (;;) {
        const nlt_batch *batch = NULL;
        nlt_scan_parcel *parcel = NULL;
        NLT_TRY(nlt__scan_run_read(feed->run, reader, &batch, err));
        if (batch != NULL) {
            NLT_TRY(take_empty(feed, &parcel, err));
        }
        if (parcel == NULL) {
            return NLT_OK;
        }
        nlt_status status = nlt__scan_reader_part(reader, parcel, err);
        if (status != NLT_OK) {
            give_empty(feed, parcel);
            return status;
        }
        give_full(feed, parcel);
    }
}

static void *run_feeder(void *arg)
{
    nlt_feed *feed = arg;
    nlt_scan_reader *reader = NULL;
    nlt_error failure = NLT_ERROR_INIT;
    nlt_status status = nlt__scan_run_reader(feed->run, &reader, &failure);
    if (status == NLT_OK) {
        status = feed_rows(feed, reader, &failure);
    }
    nlt__scan_reader_close(reader);
    pthread_mutex_lock(&feed->lock);
    if (status != NLT_OK && feed->failure.code == NLT_OK) {
        feed->failure = failure;
    }
    feed->n_feeding--;
    pthread_cond_broadcast(&feed->has_rows);
    pthread_mutex_unlock(&feed->lock);
    return NULL;
}

/* Signals are for the threads of the program. */
static void start_feeders(nlt_feed *feed, int n)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&feed->lock);
    while (feed->n_threads < n
        && pthread_create(&feed->threads[feed->n_threads], NULL, run_feeder, feed) == 0) {
        feed->n_threads++;
        feed->n_feeding++;
    }
    pthread_mutex_unlock(&feed->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

nlt_status nlt__feed_open(
    nlt_scan_run *run, int n_feeders, int n_workers, nlt_feed **out, nlt_error *err)
{
    *out = NULL;
    nlt_feed *feed = nlt_alloc_zero(1, sizeof *feed);
    if (feed == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    feed->run = run;
    feed->n_parcels_max = PARCELS_AHEAD + n_workers;
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->has_room, NULL);
    pthread_cond_init(&feed->has_rows, NULL);
    start_feeders(feed, n_feeders < FEEDERS_MAX ? n_feeders : FEEDERS_MAX);
    if (feed->n_threads == 0) {
        nlt__feed_close(feed);
        return nlt_fail(err, NLT_ERR_NOMEM, "no thread can be started");
    }
    *out = feed;
    return NLT_OK;
}

static void free_parcels(nlt_scan_parcel *parcel)
{
    while (parcel != NULL) {
        nlt_scan_parcel *next = parcel->next;
        free_parcel(parcel);
        parcel = next;
    }
}

void nlt__feed_close(nlt_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    pthread_mutex_lock(&feed->lock);
    feed->is_closing = true;
    pthread_cond_broadcast(&feed->has_room);
    pthread_mutex_unlock(&feed->lock);
    for (int i = 0; i < feed->n_threads; i++) {
        pthread_join(feed->threads[i], NULL);
    }
    free_parcels(feed->first);
    free_parcels(feed->empty);
    pthread_mutex_destroy(&feed->lock);
    pthread_cond_destroy(&feed->has_room);
    pthread_cond_destroy(&feed->has_rows);
    nlt_free(feed);
}

/* ---- asking ---- */

void nlt__feed_return(nlt_feed *feed, nlt_scan_parcel *parcel)
{
    if (parcel != NULL) {
        give_empty(feed, parcel);
    }
}

nlt_status nlt__feed_next(nlt_feed *feed, nlt_scan_parcel **parcel, nlt_error *err)
{
    nlt__feed_return(feed, *parcel);
    *parcel = NULL;
    pthread_mutex_lock(&feed->lock);
    while (feed->first == NULL && feed->n_feeding > 0 && feed->failure.code == NLT_OK) {
        pthread_cond_wait(&feed->has_rows, &feed->lock);
    }
    nlt_status status = feed->failure.code;
    if (status != NLT_OK && err != NULL) {
        *err = feed->failure;
    } else {
        *parcel = take_full(feed);
    }
    pthread_mutex_unlock(&feed->lock);
    return status;
}
