/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_HEADERS_H
#define NLT_SCAN_HEADERS_H

/* Header lines of files that are cut: they tell how the lines of all later splits are to be read.
 *
 * Whoever starts a split looks through all of it first, while it is fresh in the cache, and tells what
 * it has; then it waits until the splits before it have been looked through, too. Each of them is in
 * the hands of a thread that is about to do so, or is looked through by who waits. So a file is read
 * once, and every line by the headers before it. */

#include "core/buf.h"
#include "scan/scan_types.h"

/* A search through the bytes of a split. */
typedef struct nlt_header_search {
    nlt_buf found;
    char mark;
    bool is_file_begin; /* the next byte begins the file */
    bool is_line_begin; /* a line */
    bool in_header;     /* it belongs to a header line */
    bool is_done;
} nlt_header_search;

/* A split behind which lines of its file come, when it is made. */
void nlt__headers_unknown(nlt_scan *scan, int64_t split);
/* True: the caller has to look through the split, and to tell. */
bool nlt__headers_claim(nlt_scan *scan, int64_t split);
/* Begins a search at the byte before the split, or at the file's beginning. */
void nlt__headers_begin(const nlt_scan *scan, int64_t split, nlt_header_search *search);
/* Takes the header lines of a block, of which those count that begin before `end`. */
nlt_status nlt__headers_search(nlt_header_search *search, const char *block, size_t len, size_t end,
    nlt_error *err) NLT_MUST_CHECK;
/* Ends a claim: takes what was found, or, if the search came to no end, leaves it to others. */
void nlt__headers_tell(nlt_scan *scan, int64_t split, nlt_header_search *search, bool is_found);
/* What the header lines before a split leave in ctx->state, which is all zero before. `scratch` is
 * reset. NLT_ERR_NOMEM. */
nlt_status nlt__headers_state(nlt_scan *scan, int64_t split, nlt_line_ctx *ctx,
    nlt_builder *scratch, nlt_error *err) NLT_MUST_CHECK;
/* Looks through all splits, and keeps the lines for who reads them elsewhere. */
nlt_status nlt__headers_find_all(nlt_scan *scan, int threads, nlt_error *err) NLT_MUST_CHECK;
/* Frees what splits own of it. */
void nlt__headers_clear(nlt_scan *scan);

#endif
