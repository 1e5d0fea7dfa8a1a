/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_DATASET_H
#define NETLYTICS_DATASET_H

/** What a user asks to be read, and what became of every line of it. */

#include "netlytics/base.h"
#include "netlytics/arrow.h"
#include "netlytics/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A dataset request. All strings are borrowed until the call that takes the request returns. */
typedef struct nlt_dataset_request {
    size_t struct_size;      /**< sizeof(nlt_dataset_request) */
    const char *connector;   /**< class name or alias; for "auto" see nlt_probe_choose(); "csv",
                                   "ndjson", "parquet": any table in a file with named columns,
                                   "parquet:DNS": with those of a Data Table */
    const char *input_path;  /**< base folder, or a file, a glob, "-" for standard input */
    const char *start_day;   /**< "YYYY_MM_DD", first day; NULL: open */
    const char *end_day;     /**< "YYYY_MM_DD", last day, included; NULL: open */
    double max_bad_fraction; /**< 0..1: share of rejected lines of a file that stops the run */
    const char *timezone;    /**< of times without one: IANA name, "+HH:MM"; NULL: "UTC" */
    bool filter_rows;        /**< keep rows whose time column lies in the day range (UTC) */
    bool strict_days;        /**< a day without a file is an error, not a warning */
    bool strict_files;       /**< a damaged file is an error, not a warning */
    const char *columns; /**< csv, ndjson: types of columns, "a INT, b DOUBLE"; NULL: inferred */
    const char
        *cache_dir;   /**< a folder of one's own (made 0700) in which rows are kept as Parquet, so
                                   that a log is parsed once; NULL: none */
    const char *name; /**< of the table in statements and reports; NULL: "netlytics" */
    nlt_bytes head;   /**< of standard input, read already: nlt_probe_choice; len 0: none */
} nlt_dataset_request;

#define NLT_DATASET_REQUEST_INIT                                                                   \
    {                                                                                              \
        sizeof(nlt_dataset_request), NULL, NULL, NULL, NULL, 0.5, NULL, false, false, false, NULL, \
            NULL, NULL,                                                                            \
        {                                                                                          \
            NULL, 0                                                                                \
        }                                                                                          \
    }

#ifdef __cplusplus
}
#endif

#endif
