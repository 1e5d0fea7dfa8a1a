/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_SESSION_H
#define NETLYTICS_SESSION_H

/**
 * The embedded engine: open a session, name a dataset, transform or run an algorithm, take the
 * answer as a file or as an Arrow stream.
 *
 *   nlt_session_open -> nlt_dataset -> nlt_transform -> nlt_run
 *                                   -> nlt_table_write | nlt_table_arrow_stream
 *
 * A session and its tables are used by one thread at a time; nlt_session_cancel may be called
 * from any thread and from a signal handler. Work is spread over `threads` threads inside.
 */

#include "netlytics/arrow.h"
#include "netlytics/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nlt_session nlt_session;
typedef struct nlt_table nlt_table;

/** What a session tells its owner while it works; each may be NULL. */
typedef struct nlt_hooks {
    void (*warning)(void *ctx, const char *message); /**< called by the thread that called in */
    void *ctx;
} nlt_hooks;

/** In which SQL statements are written. */
typedef enum nlt_dialect {
    NLT_DIALECT_SPARK = 0, /**< Spark SQL, ansi off, zone UTC: Spark's answer, or refused */
    NLT_DIALECT_DUCKDB     /**< DuckDB's SQL as it is */
} nlt_dialect;

typedef struct nlt_session_options {
    size_t struct_size;   /**< sizeof(nlt_session_options) */
    int threads;          /**< 0: all cores */
    int64_t memory_bytes; /**< 0: 60 % of the memory; at least 256 MiB */
    const char *temp_dir; /**< spill below it; NULL: $TMPDIR or /tmp */
    nlt_hooks hooks;
    /** Autonomous systems for asn() and as_name(): lines of prefix and number as pyasn writes them
     * (packed or not), or an .mmdb file. NULL: those functions fail. */
    const char *asn_view;
    const char *asn_names;  /**< JSON {"number": "name"}, or lines of both; NULL: asn_view's own */
    int64_t temp_bytes_max; /**< of all temporary files; 0: as much as there is room */
    nlt_dialect dialect;
    /** Folder, local or on HDFS, in which algorithms keep what they have learned for later runs; made
     * when something is put there. NULL: nothing is kept. */
    const char *persistent_dir;
} nlt_session_options;

#define NLT_SESSION_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(nlt_session_options), 0, 0, NULL, {NULL, NULL}, NULL, NULL, 0, NLT_DIALECT_SPARK,   \
            NULL                                                                                   \
    }

/**
 * Opens a session.
 * @param options [in] NULL for defaults; copied
 * @param out     [out] owned: nlt_session_close()
 * @return NLT_OK; NLT_ERR_ARG (memory below 256 MiB); NLT_ERR_OUTPUT (temp_dir not usable);
 *         NLT_ERR_NOT_FOUND, NLT_ERR_IO, NLT_ERR_FORMAT, NLT_ERR_DAMAGED (asn_view, asn_names);
 *         NLT_ERR_NOMEM; NLT_ERR_INTERNAL (engine library too old)
 */
NLT_API nlt_status nlt_session_open(
    const nlt_session_options *options, nlt_session **out, nlt_error *err) NLT_MUST_CHECK;

/** Closes a session, its tables' storage and its private temporary folder; as long as Arrow streams of
 * it are open, only when the last of them is released. Its hooks are not called any more. NULL is fine. */
NLT_API void nlt_session_close(nlt_session *session);

/** Stops what runs: the running call returns NLT_ERR_CANCELLED soon. Async-signal-safe. */
NLT_API void nlt_session_cancel(nlt_session *session);

/**
 * Names a dataset. Files are listed now, rows are read when an answer is asked for. A session may
 * have up to 64 datasets; its progress, totals and report cover all of them.
 * @param out [out] owned: nlt_table_free(), before the session is closed
 * @return NLT_OK; NLT_ERR_ARG (connector, days, name, columns); NLT_ERR_NOT_FOUND (no file);
 *         NLT_ERR_IO; of csv, ndjson and parquet also NLT_ERR_DAMAGED: no table is in the files;
 *         NLT_ERR_OUTPUT: no room in the temporary folder for standard input or an unpacked file
 */
NLT_API nlt_status nlt_dataset(nlt_session *session, const nlt_dataset_request *request,
    nlt_table **out, nlt_error *err) NLT_MUST_CHECK;

/**
 * Rows of the caller's own as a table: an Arrow C stream of struct arrays, which is read to its end now.
 * Its arrays are kept, not copied, until the session is closed, and do not count as its memory. Up to 64 in
 * a session. Columns may be bool, integers up to int64, float, double, utf8, date32, timestamp[us],
 * decimal128, and lists of these.
 * @param name [in] as of nlt_table_set_name(); NULL: "netlytics"
 * @param rows [in] taken
 * @param out  [out] owned: nlt_table_free()
 * @return NLT_OK; NLT_ERR_ARG: a column of another type, or a name that cannot be one; NLT_ERR_IO: the stream
 *         failed; NLT_ERR_FORMAT; NLT_ERR_LIMIT; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_arrow_table(nlt_session *session, const char *name,
    struct ArrowArrayStream *rows, nlt_table **out, nlt_error *err) NLT_MUST_CHECK;

/**
 * One SELECT over `input`, which it calls `netlytics`. Checked (names, types) at once, run when
 * an answer is asked for.
 * @return NLT_OK; NLT_ERR_SQL: refused, or an error with its line and a caret in the message
 */
NLT_API nlt_status nlt_transform(
    nlt_table *input, const char *query, nlt_table **out, nlt_error *err) NLT_MUST_CHECK;

/**
 * Gives a table the name that nlt_query() knows it by. A dataset has the name of its request, every
 * other table is called "netlytics" at first.
 * @param name [in] a letter or '_', then letters, digits and '_', at most 63; copied
 * @return NLT_OK; NLT_ERR_ARG: no such name, or a reserved one; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_table_set_name(
    nlt_table *table, const char *name, nlt_error *err) NLT_MUST_CHECK;

/**
 * One SELECT over any number of tables of a session, each by its own name. Otherwise as
 * nlt_transform().
 * @param inputs   [in] n_inputs tables of `session`; borrowed until return; NULL if there are none
 * @param n_inputs [in] 0..64; a SELECT without a table needs none
 * @return as nlt_transform(); NLT_ERR_ARG: two tables of one name, or a table of another session
 */
NLT_API nlt_status nlt_query(nlt_session *session, nlt_table *const *inputs, int n_inputs,
    const char *query, nlt_table **out, nlt_error *err) NLT_MUST_CHECK;

/** A further table as the flag --table writes it. */
typedef struct nlt_table_spec {
    char name[64];
    char connector[192];    /**< "auto" is for the caller to resolve: nlt_probe_choose() */
    const char *input_path; /**< borrows the text */
} nlt_table_spec;

/**
 * Takes "NAME=CONNECTOR:PATH" apart; CONNECTOR may be an alias, which has a colon itself. Both
 * names are checked, the path is not.
 * @return NLT_OK; NLT_ERR_ARG with a hint
 */
NLT_API nlt_status nlt_table_spec_parse(
    const char *text, nlt_table_spec *out, nlt_error *err) NLT_MUST_CHECK;

/**
 * An algorithm over `input`. Parameters are checked at once, run when an answer is asked for.
 * @param algo   [in] class name or alias
 * @param params [in] JSON object; NULL: all defaults
 * @return NLT_OK; NLT_ERR_ARG: unknown algorithm or parameter, a table it cannot take, or saved state
 *         without a persistent directory
 */
NLT_API nlt_status nlt_run(nlt_table *input, const char *algo, const char *params, nlt_table **out,
    nlt_error *err) NLT_MUST_CHECK;

/** Frees a table handle. NULL is fine. */
NLT_API void nlt_table_free(nlt_table *table);

/** Number of columns of a table's rows. */
NLT_API int nlt_table_column_count(const nlt_table *table);

/** Column `index`; borrowed from the table. NULL outside the range. */
NLT_API const nlt_column_desc *nlt_table_column(const nlt_table *table, int index);

/** What nlt_table_explain is to print; may be added. */
typedef enum nlt_explain_what {
    NLT_EXPLAIN_TEXT = 0,   /**< for people */
    NLT_EXPLAIN_JSON = 1,   /**< for programs */
    NLT_EXPLAIN_SPLITS = 2, /**< JSON: the pieces that datasets are read in, too */
    NLT_EXPLAIN_RAN = 4     /**< rows, bytes, seconds and spill of each step of the run before */
} nlt_explain_what;

/**
 * The plan behind `table`: its datasets, statements and kernels with what they read and emit.
 * @param what [in] nlt_explain_what, added
 * @param text [out] NUL-terminated; owned: nlt_text_free(). JSON: {"nodes": [...], "answer": name,
 *             "columns": [...]}; keys may be added
 * @return NLT_OK; NLT_ERR_ARG: NLT_EXPLAIN_RAN of a table that was not the last one to be written;
 *         NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_table_explain(
    const nlt_table *table, unsigned what, char **text, nlt_error *err) NLT_MUST_CHECK;

/**
 * Runs the plan behind `table` and writes its rows.
 * @param format [in] "csv", "ndjson", "json", "table", "arrow" (IPC stream), "parquet" (of a dataset
 *               or a query; open Arrow streams of the session end)
 * @param path   [in] a file, replaced by rename at the end; "-": standard output
 * @param n_rows [out] rows written; may be NULL
 * @return NLT_OK; NLT_ERR_ARG (format); NLT_ERR_SQL; NLT_ERR_DAMAGED; NLT_ERR_OUTPUT;
 *         NLT_ERR_CANCELLED; NLT_ERR_NOMEM
 * What an algorithm has learned goes to the session's persistent directory with it; its further files
 * are left out. Nothing partial is left behind on failure. A reader of standard output that goes away
 * ends the run early with NLT_OK.
 */
NLT_API nlt_status nlt_table_write(nlt_table *table, const char *format, const char *path,
    int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/**
 * Runs an algorithm (a table of nlt_run) and writes all that it leaves: its answer as CSV and further
 * files into a folder, the report of the session's scans as report.json, what it has learned into the
 * persistent directory. They appear together or not at all; a second run that would write the same
 * state is refused.
 * @param folder    [in] must exist; local or on HDFS
 * @param state_dir [in] where a copy of what was learned goes, replacing an older one; NULL: `folder`
 * @param overwrite [in] names that exist in `folder` are replaced; else they are NLT_ERR_OUTPUT
 * @param n_rows    [out] rows of the answer; may be NULL
 * @return as nlt_table_write(); NLT_ERR_NOT_FOUND: no saved state; NLT_ERR_IO: another run writes it
 */
NLT_API nlt_status nlt_job_write(nlt_table *table, const char *folder, const char *state_dir,
    bool overwrite, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/**
 * Runs the plan behind `table` and writes its rows as Parquet files into a folder per value of a
 * column, COLUMN=VALUE/, beside _report.json. The folder appears whole at the end; if it exists, what
 * is in it stays, but for names that are written.
 * @param path         [in] the folder; its parent must exist
 * @param partition_by [in] a column of the result; "day": the UTC day of the Data Table's time column;
 *                     "day(COLUMN)": of another column of times, days, or seconds since 1970
 * @param overwrite    [in] names that exist are replaced; else they are NLT_ERR_OUTPUT
 * @param n_rows       [out] rows written; may be NULL
 * @return as nlt_table_write()
 */
NLT_API nlt_status nlt_table_write_folder(nlt_table *table, const char *path,
    const char *partition_by, bool overwrite, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/** The Arrow schema of a table's rows, a struct. `out` is to be released by its consumer. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt_table_arrow_schema(
    const nlt_table *table, struct ArrowSchema *out, nlt_error *err) NLT_MUST_CHECK;

/**
 * Runs the plan behind `table` and hands out its rows as an Arrow C stream of struct arrays. It runs up
 * to the first rows; the rest follows as it is asked for. The next answer of the session ends the
 * stream.
 * @param out [out] to be released by its consumer, also after the table was freed and the session
 *            closed; used by one thread at a time, which counts as one that uses the session
 * @return as nlt_table_write(); what get_next() fails with is told by nlt_session_failure(), too
 */
NLT_API nlt_status nlt_table_arrow_stream(
    nlt_table *table, struct ArrowArrayStream *out, nlt_error *err) NLT_MUST_CHECK;

/** How many Arrow streams of a session are not released. */
NLT_API int nlt_session_stream_count(const nlt_session *session);

/** Why the stream that was opened last has ended early; code NLT_OK: it has not. */
NLT_API void nlt_session_failure(const nlt_session *session, nlt_error *out);

/** A query over logs that are still being written. */
typedef struct nlt_follow nlt_follow;

/**
 * Begins to follow the files of a request, which may be rotated (renamed, or copied and truncated).
 * The rows of all lines since the beginning of the files that are there are kept in the engine: the
 * columns that the query reads, within the session's memory, then in its temporary folder.
 * @param query [in] one SELECT, which calls the table `netlytics`
 * @param out   [out] owned: nlt_follow_close(), before the session is closed
 * @return NLT_OK; NLT_ERR_ARG: not a log of lines that are rows, or standard input; as nlt_dataset()
 *         and nlt_query()
 */
NLT_API nlt_status nlt_follow_open(nlt_session *session, const nlt_dataset_request *request,
    const char *query, nlt_follow **out, nlt_error *err) NLT_MUST_CHECK;

/**
 * Reads the lines that were completed since the last call.
 * @param has_new [out] true if there were any, and the first time
 */
NLT_API nlt_status nlt_follow_poll(
    nlt_follow *follow, bool *has_new, nlt_error *err) NLT_MUST_CHECK;

/** The answer over all rows so far, to be written by nlt_table_write() any number of times (not as
 * Parquet). Borrowed. */
NLT_API nlt_table *nlt_follow_answer(nlt_follow *follow);

NLT_API void nlt_follow_close(nlt_follow *follow); /**< NULL is fine */

/** What the scans behind a session have read so far. Any thread, any time. */
typedef struct nlt_progress {
    int64_t bytes_total; /**< of the input files; -1: unknown */
    int64_t bytes_done;
    int64_t files;
    int64_t rows;
} nlt_progress;

NLT_API void nlt_session_progress(const nlt_session *session, nlt_progress *out);

/** Totals of the scans after an answer was taken. */
typedef struct nlt_totals {
    int64_t files, lines, used, rows, ignored, skipped; /**< rows: -1 if a csv or ndjson table was
                                                             not counted, which the report does */
    int64_t
        cached_files; /**< whose rows came from the cache, those that were put there now included */
    int64_t converted_files; /**< of these: put there now */
    int64_t cache_bytes;     /**< of all that is in the cache's folder */
} nlt_totals;

NLT_API void nlt_session_totals(const nlt_session *session, nlt_totals *out);
/** The same of what was followed. */
NLT_API void nlt_follow_totals(const nlt_follow *follow, nlt_totals *out);

/**
 * report.json of a session's scans: files, lines, used, rows, ignored, skipped, by_reason,
 * empty_files, damaged_files, missing_days, examples. Of several datasets: an object whose
 * `datasets` is the list of their reports, each with the `name` of its table. Of csv and ndjson, rows are counted now, by one more reading.
 * @param text [out] NUL-terminated; owned: nlt_text_free()
 */
NLT_API nlt_status nlt_session_report(
    nlt_session *session, char **text, nlt_error *err) NLT_MUST_CHECK;

/** Stops the whole process from allocating much more than the session may use (a third above its
 * memory, at least 1 GiB and 64 MiB per thread), so that a query whose single values are too large
 * fails with NLT_ERR_NOMEM and not the machine. For a program that does nothing else; it stays when the
 * session is closed, and processes that are started inherit it. */
NLT_API void nlt_session_cap_process(const nlt_session *session);

/** Removes the session's temporary files while it may still be at work: for a program that ends now,
 * without closing it. */
NLT_API void nlt_session_abandon(const nlt_session *session);

/** Peak resident bytes of the process; cores it may use. */
NLT_API int64_t nlt_memory_peak(void);
NLT_API int nlt_cpu_count(void);

#ifdef __cplusplus
}
#endif

#endif
