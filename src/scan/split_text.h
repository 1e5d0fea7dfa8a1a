/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SPLIT_TEXT_H
#define NLT_SCAN_SPLIT_TEXT_H

/* Splits that are read by other processes: a text has all that reading one needs. */

#include "scan/scan.h"

/* Appends split `split` as a JSON object. `timezone` as in the scan's request. NLT_ERR_ARG: the
 * path is no UTF-8, or standard input. */
NLT_API nlt_status nlt__split_put(const nlt_scan *scan, int64_t split, const char *timezone,
    nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* A scan of that split alone; before it is one that is empty. Nothing is judged there: no number of
 * rejected lines, no damage stops it. NLT_ERR_FORMAT: no such text. */
NLT_API nlt_status nlt__split_open(const char *text, nlt_scan **out, nlt_error *err) NLT_MUST_CHECK;

#endif
