/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_PROBE_H
#define NETLYTICS_PROBE_H

/**
 * What a file or a base folder is: which tool wrote it, in which format, which connectors read it,
 * and from which of its fields they fill the columns of their tables.
 *
 *   nlt_probe_open -> nlt_probe_get -> nlt_probe_match -> nlt_probe_column, nlt_probe_reject
 *                  -> nlt_probe_choose picks one connector, as `-c auto` does
 *
 * Only the first bytes of a file are read; a folder is listed and some of its files are looked at.
 * A probe is used by one thread at a time.
 */

#include "netlytics/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nlt_probe nlt_probe;

typedef struct nlt_probe_options {
    size_t struct_size;    /**< sizeof(nlt_probe_options) */
    int64_t sample_bytes;  /**< to look at, decompressed; 0: 256 KiB; at most 16 MiB */
    const char *start_day; /**< of a folder, "YYYY_MM_DD"; NULL: open */
    const char *end_day;   /**< likewise, included */
} nlt_probe_options;

#define NLT_PROBE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        sizeof(nlt_probe_options), 0, NULL, NULL                                                   \
    }

/**
 * Looks at a file, at standard input ("-", whose first bytes are then gone) or below a folder.
 * That no connector reads it is no failure: then there is no match.
 *
 * @param options [in] NULL for defaults; borrowed until return
 * @param out     [out] owned: nlt_probe_close()
 * @return NLT_OK, also for damaged files; NLT_ERR_NOT_FOUND; NLT_ERR_IO (not readable);
 *         NLT_ERR_ARG (days); NLT_ERR_LIMIT (more than 2^20 files below the folder); NLT_ERR_NOMEM
 * @cost a few ms for a file; of a folder the time to list it, too
 */
NLT_API nlt_status nlt_probe_open(const char *path, const nlt_probe_options *options,
    nlt_probe **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt_probe_close(nlt_probe *probe); /**< NULL is fine */

/** What was looked at. Texts are valid UTF-8 and belong to the probe. */
typedef struct nlt_probe_info {
    const char *path; /**< bytes that are no UTF-8 as \xNN */
    bool is_folder;
    const char *what;    /**< of the best match; without one, what it looks like ("CSV, ...") */
    const char *packing; /**< "plain", "gzip", "zstd", "bzip2", "xz"; "" of a folder */
    int64_t size;        /**< bytes of the file; -1: unknown */
    const char *damage;  /**< why reading ended early; "": it did not */
    const char *hint;    /**< what can be done where there is no match; "": nothing to say */
    int n_matches;       /**< connectors that read it, best first */
} nlt_probe_info;

NLT_API void nlt_probe_get(const nlt_probe *probe, nlt_probe_info *out);

/**
 * A connector that reads it. Of equal scores the one that comes first in the list of connectors
 * (nlt_connector_get) stands first: HTTP before NamedFlows for Squid.
 */
typedef struct nlt_probe_match {
    const char *class_name, *alias, *tool, *table; /**< static */
    const char *what; /**< tool, format, version: "Zeek TSV, dns.log of 2.5 - 8.0" */
    int score;        /**< 50..100 */
    const char *unit; /**< what is counted: "lines" or "packets"; static */
    bool is_side;     /**< read only beside other files of this connector (Zeek's ssl.log) */
    int64_t lines, used, ignored, skipped; /**< of the sample */
    int n_columns, n_rejects;
    const char *layout;               /**< of a folder: how its files are named; "" of a file */
    int64_t n_files, n_bytes;         /**< of a folder; -1 bytes: unknown */
    char first_day[16], last_day[16]; /**< of a folder, "YYYY-MM-DD"; "": names tell no day */
} nlt_probe_match;

/** Match `index` in 0..n_matches-1. NLT_ERR_ARG outside the range. */
NLT_API nlt_status nlt_probe_match_get(
    const nlt_probe *probe, int index, nlt_probe_match *out) NLT_MUST_CHECK;

/** Where a column of the table comes from. */
typedef struct nlt_probe_column {
    const char *column;
    const char *source; /**< "ts:1 + rtt:9": fields and their places; "": this file tells nothing */
} nlt_probe_column;

/** Column `index` in 0..n_columns-1 of a match. NLT_ERR_ARG outside the range. */
NLT_API nlt_status nlt_probe_column_get(
    const nlt_probe *probe, int match, int index, nlt_probe_column *out) NLT_MUST_CHECK;

/** A line of the sample that the connector rejects. */
typedef struct nlt_probe_reject {
    int64_t line;       /**< or packet, from 1 */
    const char *reason; /**< as in report.json: "bad_time" */
    const char *text;   /**< its first bytes; "" of packets */
} nlt_probe_reject;

/** Rejected line `index` in 0..n_rejects-1 of a match. NLT_ERR_ARG outside the range. */
NLT_API nlt_status nlt_probe_reject_get(
    const nlt_probe *probe, int match, int index, nlt_probe_reject *out) NLT_MUST_CHECK;

/** A connector that was chosen. */
typedef struct nlt_probe_choice {
    const char *class_name, *alias, *table; /**< static */
    char what[256];                         /**< of the first file looked at */
    int64_t n_files;                        /**< that were looked at */
    nlt_bytes head; /**< of standard input, for nlt_dataset_request.head; owned:
                         nlt_probe_choice_clear() */
} nlt_probe_choice;

/**
 * Chooses the connector for an input: the one that reads every file that was looked at (all, or 32 of
 * them spread over the list) and gives `table`.
 *
 * @param path    [in] a file, a glob or a base folder; "-": standard input, whose first 64 KiB are
 *                then in out->head and no longer there
 * @param options [in] the days of the request; NULL for defaults
 * @param table   [in] table that is wanted; NULL: any, then the tool's first one counts
 * @return NLT_OK; NLT_ERR_NOT_FOUND; NLT_ERR_NO_ROWS: no connector reads it; NLT_ERR_ARG: several
 *         could be meant, or files of several kinds (message and hint list them); NLT_ERR_IO;
 *         NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_probe_choose(const char *path, const nlt_probe_options *options,
    const char *table, nlt_probe_choice *out, nlt_error *err) NLT_MUST_CHECK;

/** Frees the head. */
NLT_API void nlt_probe_choice_clear(nlt_probe_choice *chosen);

#ifdef __cplusplus
}
#endif

#endif
