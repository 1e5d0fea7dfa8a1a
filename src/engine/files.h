/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_FILES_H
#define NLT_ENGINE_FILES_H

/* Tables in files with named columns: csv, ndjson, parquet, read by DuckDB's own readers. */

#include "engine/engine.h"
#include "io/layout.h"

/* Tables in which DuckDB keeps the lines that it rejects; %d: index of the dataset. */
#define NLT_FILES_REJECTS "netlytics_rejects_%d"
#define NLT_FILES_SCANS "netlytics_scans_%d"

typedef enum nlt_files_format {
    NLT_FILES_CSV = 0,
    NLT_FILES_NDJSON,
    NLT_FILES_PARQUET,
    NLT_FILES_FORMAT_COUNT
} nlt_files_format;

/* What became of a file. */
typedef struct nlt_files_counts {
    int64_t rows; /* -1: not counted */
    int64_t skipped;
} nlt_files_counts;

/* A dataset of such files. */
struct nlt_files {
    char *name; /* of its table; owned */
    int index;  /* in the session */
    nlt_files_format format;
    const nlt_table_desc *desc; /* whose columns the files have ("parquet:DNS"); NULL: their own */
    nlt_file_list list;
    char **
        paths; /* that DuckDB opens: of a file itself or of its unpacked copy; owned; NULL: the file
                     is empty */
    nlt_files_counts *counts;
    char *columns;   /* {'name': 'TYPE', ...} as a literal of SQL; owned; NULL: parquet */
    char *sql;       /* the SELECT that reads it; owned */
    char *count_sql; /* filename, count(*) of the same reading; owned */
    int64_t bytes;   /* of all files; -1: unknown */
    int64_t n_empty;
    int64_t skipped; /* lines that are no rows, so far */
    int64_t by_reason[NLT_REJECT_COUNT];
    double max_bad_fraction;
    bool is_done; /* was read at least once */
};

/* "csv", "ndjson", "parquet", "parquet:DNS" in any case: what it means. False: no such name. */
bool nlt__files_find(const char *connector, nlt_files_format *format, const nlt_table_desc **desc);

/* Lists the files, unpacks what DuckDB cannot read as it lies, lets the engine reach them and learns
 * their columns. The database is open afterwards. NLT_ERR_ARG; NLT_ERR_NOT_FOUND; NLT_ERR_DAMAGED: no
 * such table is in them; NLT_ERR_OUTPUT: no room for what is unpacked. */
nlt_status nlt__files_open(nlt_session *session, const nlt_dataset_request *request,
    nlt_strings *warnings, nlt_files **out, nlt_error *err) NLT_MUST_CHECK;
void nlt__files_close(nlt_files *files);

/* The function that makes the reader of text look at all columns of a row, whatever is asked for. */
nlt_status nlt__files_register(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;

/* True if DuckDB's message speaks of one of the session's files: then `err` says it in our words. */
bool nlt__files_failure(const nlt_session *session, const char *message, nlt_error *err);

/* An error of a statement that only reads the files is one of the files. */
void nlt__files_unfit(const nlt_files *files, nlt_error *err);

/* Refuses a statement that names a table or a function of tables but `names` and its own:
 * NLT_ERR_SQL. To be asked before the statement is bound, which opens files. */
nlt_status nlt__files_guard(
    nlt_session *session, const nlt_node *node, nlt_error *err) NLT_MUST_CHECK;

/* ---- files_types.c ---- */

/* The type of Spark's that stands for one of DuckDB's; the type with BIGINT for HUGEINT, which is what
 * DuckDB infers of integers of both signs. NULL: it stays. */
nlt_status nlt__files_spark_type(
    const char *type, nlt_arena *arena, const char **other, nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__files_narrow_type(
    const char *type, nlt_arena *arena, const char **other, nlt_error *err) NLT_MUST_CHECK;

/* ---- files_report.c ---- */

/* After a run: what was rejected. NLT_ERR_DAMAGED: too much of a file. */
nlt_status nlt__files_finish(nlt_session *session, nlt_files *files, nlt_error *err) NLT_MUST_CHECK;
/* Its report.json. Rows of text files are counted now, by one more reading. */
nlt_status nlt__files_report(
    nlt_session *session, nlt_files *files, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* Adds to the totals; rows become -1 if they are not known. */
void nlt__files_totals(const nlt_files *files, nlt_totals *out);

/* ---- both ---- */

/* How the user calls a file. */
const char *nlt__files_shown(const nlt_files *files, int64_t file);
/* ['path', ...] as a literal of SQL. */
nlt_status nlt__files_put_paths(
    const nlt_files *files, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
