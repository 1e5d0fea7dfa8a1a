/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SAVED_H
#define NLT_SCAN_SAVED_H

/* What became of the lines of a file, or of a whole scan, as JSON: for who keeps rows and need not read
 * the lines again. */

#include <jansson.h>

#include "scan/scan.h"

enum { NLT_SAVED_ALL = -1 };

/* From now on reports are kept by file and join the scan's by nlt__scan_restore. Before any run. */
NLT_API void nlt__scan_keep_reports(nlt_scan *scan);
/* Report of a file (of which nothing is restored yet), or of all. NLT_ERR_INTERNAL: not all of it was
 * read. */
NLT_API nlt_status nlt__scan_save(
    const nlt_scan *scan, int64_t file, json_t **out, nlt_error *err) NLT_MUST_CHECK;
/* Files the report of a file, or of all, as if it had been read. Once for each; no run is active.
 * NLT_ERR_FORMAT: no such report, nothing has changed. NLT_ERR_DAMAGED: the bad-line limit or
 * strict_files. */
NLT_API nlt_status nlt__scan_restore(
    nlt_scan *scan, int64_t file, const json_t *saved, nlt_error *err) NLT_MUST_CHECK;
/* Files what became of the lines of a split, as saved by a scan of that split alone (split_text.h); a
 * second time is without effect. NLT_ERR_FORMAT; NLT_ERR_DAMAGED as above. */
NLT_API nlt_status nlt__scan_take_split(
    nlt_scan *scan, int64_t split, const json_t *saved, nlt_error *err) NLT_MUST_CHECK;
/* Facts of no row (nlt_facts.unused), restored or counted. */
NLT_API int64_t nlt__scan_unused(const nlt_scan *scan);

/* ---- what a scan reads ---- */

/* A file of the scan, those of tellers first. NULL behind the last. */
NLT_API const char *nlt__scan_file_path(const nlt_scan *scan, int64_t file);
NLT_API int64_t nlt__scan_file_day(const nlt_scan *scan, int64_t file);
/* Rows come from these files on: row keys begin with their numbers. */
NLT_API int64_t nlt__scan_first_file(const nlt_scan *scan);
/* Everything but files that its rows depend on, as text. */
NLT_API nlt_status nlt__scan_describe(
    const nlt_scan *scan, const char *timezone, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
