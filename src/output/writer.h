/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_OUTPUT_WRITER_H
#define NLT_OUTPUT_WRITER_H

/* Forms of tables: CSV, NDJSON, JSON, the aligned table of a terminal, Arrow IPC streams. All their
 * bytes come from here, on every engine. A format is one row of a table in formats.c. */

#include <stdatomic.h>

#include "core/buf.h"
#include "table/batch.h"

typedef struct nlt_format {
    const char *name;   /* "csv" */
    const char *suffix; /* ".csv"; "": none */
    const char *help;
    /* Text before the first row, e.g. the CSV header. */
    nlt_status (*begin)(
        const nlt_column_desc *columns, int n_columns, nlt_buf *out, nlt_error *err);
    /* Rows of a batch, which has these columns. `first_row` is the number of rows written before
     * (JSON needs commas). Pure: threads may format different batches at the same time. */
    nlt_status (*rows)(const nlt_column_desc *columns, const nlt_batch *batch, int64_t first_row,
        nlt_buf *out, nlt_error *err);
    nlt_status (*end)(const nlt_column_desc *columns, int n_columns, int64_t n_rows, nlt_buf *out,
        nlt_error *err);
    bool is_first_row_used; /* else threads may format before it is known what comes before */
} nlt_format;

/* csv, ndjson, json, table, arrow; NULL if unknown. Parquet belongs to the engine. */
NLT_API const nlt_format *nlt__format_find(const char *name);
NLT_API const nlt_format *nlt__format_at(int index); /* NULL behind the last */

/* ---- files that appear whole or not at all ---- */

typedef struct nlt_outfile nlt_outfile;

/* Opens a hidden .NAME.tmp-... beside `path`, or beside what a link there leads to, local or on HDFS
 * (or stdout for "-"). NLT_ERR_OUTPUT says why not. */
NLT_API nlt_status nlt__outfile_open(
    const char *path, nlt_outfile **out, nlt_error *err) NLT_MUST_CHECK;
/* The same, but `stop` gives up waiting for HDFS (NLT_ERR_CANCELLED). It is borrowed until the end. */
NLT_API nlt_status nlt__outfile_open_until(
    const char *path, const atomic_bool *stop, nlt_outfile **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__outfile_write(
    nlt_outfile *file, const void *bytes, size_t len, nlt_error *err) NLT_MUST_CHECK;
/* Where the file is written until it is committed: for who writes by name. NULL: standard output, a
 * pipe, a device or HDFS, to be written by nlt__outfile_write only. */
NLT_API const char *nlt__outfile_place(const nlt_outfile *file);
/* fsync-free close and rename over `path`. Takes the file. */
NLT_API nlt_status nlt__outfile_commit(nlt_outfile *file, nlt_error *err) NLT_MUST_CHECK;
/* Commits files together: what is on local disks is synced first, and if one cannot be renamed those
 * before it are taken back, and what they replaced. Takes the files. */
NLT_API nlt_status nlt__outfiles_commit(nlt_outfile **files, int n, nlt_error *err) NLT_MUST_CHECK;
/* Closes and removes the temporary file. NULL is fine. */
NLT_API void nlt__outfile_discard(nlt_outfile *file);
/* True if writing stopped because the reader of a pipe went away: end quietly. */
NLT_API bool nlt__outfile_is_broken_pipe(const nlt_outfile *file);

/* ---- folders: netlytics/storage.h ---- */

/* DIR/.NAME.tmp-PID-CLOCK for DIR/NAME: a name that neither Hadoop nor a glob takes for data. Owned;
 * NULL: no memory. */
#define NLT_TEMPORARY_MARK ".tmp-%ld-" /* of a process */
NLT_API char *nlt__temporary_name(const char *path);
/* Removes a folder and what is in it; what cannot be removed stays. */
NLT_API void nlt__folder_remove(const char *path);

#endif
