/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_FEED_H
#define NLT_SCAN_FEED_H

#include "scan/scan_types.h"

/* A run's rows, read by threads of the feed's own and handed out batch by batch. */
typedef struct nlt_feed nlt_feed;

/* Begins to read with `n_feeders` threads for `n_workers` that will ask. NLT_ERR_NOMEM. */
nlt_status nlt__feed_open(
    nlt_scan_run *run, int n_feeders, int n_workers, nlt_feed **out, nlt_error *err) NLT_MUST_CHECK;
/* When all parcels have been returned. NULL is fine. */
void nlt__feed_close(nlt_feed *feed);
/* Returns *parcel, unless it is NULL, and puts the next one there; NULL: there are no more. Any thread.
 * The failure of a feeder. */
nlt_status nlt__feed_next(nlt_feed *feed, nlt_scan_parcel **parcel, nlt_error *err) NLT_MUST_CHECK;
void nlt__feed_return(nlt_feed *feed, nlt_scan_parcel *parcel);

/* ---- what feeders call (run.c) ---- */

/* A reader of the run's columns and conditions. */
nlt_status nlt__scan_run_reader(
    nlt_scan_run *run, nlt_scan_reader **out, nlt_error *err) NLT_MUST_CHECK;
/* The next rows of the reader's split, or of another that nobody has begun; NULL: there are no more. */
nlt_status nlt__scan_run_read(nlt_scan_run *run, nlt_scan_reader *reader, const nlt_batch **batch,
    nlt_error *err) NLT_MUST_CHECK;

#endif
