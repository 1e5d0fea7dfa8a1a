/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_RANGE_H
#define NLT_SCAN_RANGE_H

/* Scans of a part of one file: for who reads a log while it grows. */

#include "scan/scan.h"

enum { NLT_RANGE_HEADERS_MAX = 4 << 20 };

typedef struct nlt_scan_range {
    const char *path;   /* what the file is called */
    const char *place;  /* what is opened */
    int64_t day;        /* of its name */
    int64_t begin, end; /* the lines that begin in it; both at beginnings of lines */
    bool is_whole;      /* instead: all of a packed file */
    nlt_bytes headers;  /* header lines before `begin`, each with its newline */
} nlt_scan_range;

/* A scan of lines [begin, end) only; the request tells everything but what to read. */
NLT_API nlt_status nlt__scan_open_range(const nlt_dataset_request *request,
    const nlt_scan_range *range, int threads, nlt_scan **out, nlt_error *err) NLT_MUST_CHECK;
/* NLT_ERR_ARG: lines of this dataset cannot be read by ranges. */
NLT_API nlt_status nlt__scan_check_ranges(const nlt_scan *scan, nlt_error *err) NLT_MUST_CHECK;
/* Appends the header lines of the range; those beyond the maximum are left out. */
NLT_API nlt_status nlt__scan_range_headers(
    const nlt_scan *scan, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* The report is empty again: it was taken over. */
NLT_API void nlt__scan_forget(nlt_scan *scan);

#endif
