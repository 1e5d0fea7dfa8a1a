/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_CLUSTER_H
#define NETLYTICS_CLUSTER_H

/**
 * What an engine needs that runs in many processes: a driver, which knows the plan and what became
 * of every line, and tasks, which each read a split or run a kernel over their share of the rows.
 *
 *   driver    nlt_job_open -> nlt_job_dataset -> nlt_job_query | nlt_job_algorithm -> nlt_job_plan
 *             ... the engine runs tasks ... -> nlt_job_take -> nlt_job_finish -> nlt_job_report
 *   process   nlt_task_scan | nlt_task_kernel -> nlt_task_stream -> nlt_task_report ->
 * nlt_task_close
 *
 * Rows cross as Arrow C streams of struct arrays whose columns may be NULL, plans and reports as
 * JSON. No engine is in here: the engine moves rows and runs SQL. Handles belong to one thread at a
 * time.
 */

#include "netlytics/arrow.h"
#include "netlytics/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the driver ---- */

/** Datasets and a plan over them. */
typedef struct nlt_job nlt_job;

/** @param out [out] owned: nlt_job_close() @return NLT_OK; NLT_ERR_NOMEM */
NLT_API nlt_status nlt_job_open(nlt_job **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt_job_close(nlt_job *job);

/** Scans give rows as they are, not combined: something else will take their place. To be called before
 * there is a query or an algorithm. */
NLT_API void nlt_job_keep_rows(nlt_job *job);

/**
 * Lists the files of a dataset and cuts them into splits. Up to 64.
 * @param split_bytes [in] about so many bytes of a file that can be cut; 0: 64 MiB, or 256 MiB where rows are combined
 * @return NLT_OK; NLT_ERR_ARG (connector, days, name; a connector that is for one machine only, a
 *         path that is no UTF-8); NLT_ERR_NOT_FOUND; NLT_ERR_IO; NLT_ERR_LIMIT
 */
NLT_API nlt_status nlt_job_dataset(nlt_job *job, const nlt_dataset_request *request,
    int64_t split_bytes, nlt_error *err) NLT_MUST_CHECK;

/**
 * One SELECT of Spark SQL over the datasets, each by its name. It is checked as the embedded engine
 * checks it (statements, functions, names, types) and kept as it is written.
 * @return NLT_OK; NLT_ERR_SQL with the place in the message
 */
NLT_API nlt_status nlt_job_query(nlt_job *job, const char *query, nlt_error *err) NLT_MUST_CHECK;

/**
 * Checks a statement as nlt_job_query() does, over one relation that is no dataset.
 * @param name    [in] of the relation
 * @param columns [in] of a struct: the relation's columns; borrowed
 * @return NLT_OK; NLT_ERR_SQL with the place in the message; NLT_ERR_ARG: a column's type
 * @thread any number at a time
 */
NLT_API nlt_status nlt_query_check(const char *query, const char *name,
    const struct ArrowSchema *columns, nlt_error *err) NLT_MUST_CHECK;

/**
 * An algorithm over the only dataset.
 * @param algo   [in] class name or alias
 * @param params [in] JSON object; NULL: all defaults
 * @return NLT_OK; NLT_ERR_ARG
 */
NLT_API nlt_status nlt_job_algorithm(
    nlt_job *job, const char *algo, const char *params, nlt_error *err) NLT_MUST_CHECK;

/**
 * The plan as JSON: {"nodes": [...], "answer": name, "columns": [...], "output": file name}.
 * Nodes are those of nlt_table_explain() (session.h); of a scan, "dataset" has "bytes",
 * "splits": [{"bytes": n, "split": text for nlt_task_scan()}], and "pairs": "" if tasks of splits give
 * rows, "by time" or "by file" if they give records for nlt_task_pair(); "combines": true if its "columns"
 * are those of combined rows, of which tasks are asked for one combined column at least: the last one is one.
 * Of a kernel, "task" is the text for nlt_task_kernel(). "columns" is [] where only the engine knows them.
 * @param text [out] owned: nlt_text_free()
 */
NLT_API nlt_status nlt_job_plan(nlt_job *job, char **text, nlt_error *err) NLT_MUST_CHECK;

/** Warnings since the last call, as a JSON list of texts; owned: nlt_text_free(). */
NLT_API nlt_status nlt_job_warnings(nlt_job *job, char **text, nlt_error *err) NLT_MUST_CHECK;

/**
 * Takes what a task of a split reported; a second report of a split is without effect.
 * @param dataset [in] in the order of nlt_job_dataset()
 * @param split   [in] position in the plan's list
 * @param report  [in] text of nlt_task_report()
 * @return NLT_OK; NLT_ERR_DAMAGED: rejected lines above max_bad_fraction of a file, or
 * strict_files; NLT_ERR_FORMAT
 */
NLT_API nlt_status nlt_job_take(
    nlt_job *job, int dataset, int64_t split, const char *report, nlt_error *err) NLT_MUST_CHECK;

/**
 * Takes what a task of nlt_task_pair() reported, once for each.
 * @return NLT_OK; NLT_ERR_FORMAT
 */
NLT_API nlt_status nlt_job_take_pairs(
    nlt_job *job, int dataset, const char *report, nlt_error *err) NLT_MUST_CHECK;

/** Checks what only the end can tell; adds warnings. NLT_ERR_DAMAGED: no row could be read. */
NLT_API nlt_status nlt_job_finish(nlt_job *job, nlt_error *err) NLT_MUST_CHECK;

/** report.json as nlt_session_report() gives it; owned: nlt_text_free(). */
NLT_API nlt_status nlt_job_report(nlt_job *job, char **text, nlt_error *err) NLT_MUST_CHECK;

/** Sums over all datasets: {"files", "lines", "used", "rows", "ignored", "skipped", "bytes"} as
 * JSON. */
NLT_API nlt_status nlt_job_totals(nlt_job *job, char **text, nlt_error *err) NLT_MUST_CHECK;

/**
 * Writes rows as nlt_table_write() does.
 * @param rows   [in] taken
 * @param n_rows [out] rows written; may be NULL
 * @return NLT_OK; NLT_ERR_ARG (format, a column's type); NLT_ERR_OUTPUT; what the stream failed
 * with
 */
NLT_API nlt_status nlt_rows_write(struct ArrowArrayStream *rows, const char *format,
    const char *path, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/** What an algorithm leaves in a folder and in its persistent directory: files that appear together
 * or not at all. */
typedef struct nlt_results nlt_results;

/**
 * Takes the locks of the states that will be written; nothing is written yet.
 * @param folder         [in] made if it is not there; local or on HDFS
 * @param state_dir      [in] where a copy of what was learned goes; NULL: `folder`
 * @param persistent_dir [in] where what was learned stays for later runs; NULL: nowhere
 * @param overwrite      [in] names that exist in `folder` are replaced
 * @param out            [out] owned: nlt_results_commit() or nlt_results_discard(), before the job is
 *                       closed
 * @return NLT_OK; NLT_ERR_ARG: the job runs no algorithm; NLT_ERR_OUTPUT: a name exists, or the folder
 *         cannot be made; NLT_ERR_IO: another run writes the same state; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_results_open(nlt_job *job, const char *folder, const char *state_dir,
    const char *persistent_dir, bool overwrite, nlt_results **out, nlt_error *err) NLT_MUST_CHECK;

/**
 * Writes the answer, or an output of the plan.
 * @param output [in] its name in the plan's "outputs"; NULL: the answer
 * @param rows   [in] taken; of an output: the columns of its relation but "order", in that order
 * @param n_rows [out] rows written; may be NULL
 * @return NLT_OK; NLT_ERR_OUTPUT; NLT_ERR_ARG; what the stream failed with
 */
NLT_API nlt_status nlt_results_add(nlt_results *results, const char *output,
    struct ArrowArrayStream *rows, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/** Adds report.json; all files appear. Takes the results; on failure none appears. */
NLT_API nlt_status nlt_results_commit(nlt_results *results, nlt_error *err) NLT_MUST_CHECK;

/** Takes the results; nothing is left of them, nor of folders that were made. NULL is fine. */
NLT_API void nlt_results_discard(nlt_results *results);

/**
 * Bytes that a kernel of the plan is given.
 * @param node           [in] the kernel's relation
 * @param resource       [in] position in its "resources"
 * @param persistent_dir [in] where states are; may be NULL
 * @param bytes          [out] owned: nlt_text_free()
 * @return NLT_OK; NLT_ERR_NOT_FOUND, NLT_ERR_IO, NLT_ERR_DAMAGED; NLT_ERR_ARG: a state without
 *         persistent directory
 */
NLT_API nlt_status nlt_job_resource(nlt_job *job, const char *node, int resource,
    const char *persistent_dir, char **bytes, size_t *len, nlt_error *err) NLT_MUST_CHECK;

/* ---- the processes ---- */

/** A piece of work whose rows are a stream. */
typedef struct nlt_task nlt_task;

/**
 * Reads one split.
 * @param split   [in] text of the plan
 * @param columns [in] names of the columns to make, each followed by '\n', in the table's order; the last one
 *                may be "netlytics row key". With one of these at least, rows are combined: those that agree in
 *                all other columns (no lists) become one, some tens of thousands at a time. "count *"; "count C":
 *                rows where C is not NULL; "min C", "max C"; "sum E": modulo 2^64, NULL if no row has a value,
 *                E a postfix expression of 64-bit integers like "a b + 32 >>" (operators + - * & | ^ >>
 *                coalesce, up to 16 words; it wraps, NULL makes NULL)
 * @param out     [out] owned: nlt_task_close(), after its stream was released
 * @return NLT_OK; NLT_ERR_FORMAT; NLT_ERR_ARG: no such column; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_task_scan(
    const char *split, const char *columns, nlt_task **out, nlt_error *err) NLT_MUST_CHECK;

/**
 * Makes rows of records: what nlt_task_scan() gives for splits of a dataset that "pairs". All records of
 * a "hash" (of "by file": and "file") come to one task; sorted by time, row_key, hash, ordinal ("by
 * file": by row_key, ordinal).
 * @param split   [in] text of any split of the dataset
 * @param columns [in] as nlt_task_scan()'s, which is given the same
 * @param records [in] taken; columns "file", "hash", "time", "row_key", "ordinal", "kind" (64-bit
 *                integers) and "body" (bytes)
 */
NLT_API nlt_status nlt_task_pair(const char *split, const char *columns,
    struct ArrowArrayStream *records, nlt_task **out, nlt_error *err) NLT_MUST_CHECK;

/** What a kernel reads. Streams are taken, also on failure; bytes are borrowed until the call
 * returns. */
typedef struct nlt_kernel_inputs {
    struct ArrowArrayStream *rows; /**< the columns that the node "reads", in this order */
    struct ArrowArrayStream
        *sides; /**< the node's "sides", each in the order of its columns from left
                                         to right; NULL if there are none */
    int n_sides;
    const nlt_bytes *resources; /**< of nlt_job_resource(); NULL if there are none */
    int n_resources;
} nlt_kernel_inputs;

/**
 * Runs an instance of a kernel over rows that come as its node says: partitioned by "keys", sorted by
 * keys, then "order".
 * @param kernel [in] text of the plan
 * @return NLT_OK; NLT_ERR_FORMAT, NLT_ERR_ARG (inputs), NLT_ERR_NOMEM, what the kernel fails with
 */
NLT_API nlt_status nlt_task_kernel(const char *kernel, const nlt_kernel_inputs *inputs,
    nlt_task **out, nlt_error *err) NLT_MUST_CHECK;

/** The rows; once. To be released before the task is closed. A failure of its get_next is told by
 * nlt_task_error(), too. */
NLT_API nlt_status nlt_task_stream(
    nlt_task *task, struct ArrowArrayStream *out, nlt_error *err) NLT_MUST_CHECK;

/** The failure that ended the stream; code NLT_OK if none did. Borrowed until nlt_task_close(). */
NLT_API const nlt_error *nlt_task_error(const nlt_task *task);

/**
 * What became of the lines, and warnings, once the stream was read to its end: JSON for
 * nlt_job_take(); of a kernel {"warnings": [...]}.
 * @param text [out] owned: nlt_text_free()
 * @return NLT_OK; NLT_ERR_INTERNAL: not read to its end
 */
NLT_API nlt_status nlt_task_report(nlt_task *task, char **text, nlt_error *err) NLT_MUST_CHECK;

/** NULL is fine. */
NLT_API void nlt_task_close(nlt_task *task);

/* ---- the functions of SQL that are the project's own, those of dialect "both" in catalog.h ---- */

/** A function; all strings static. */
typedef struct nlt_own_function {
    const char *name, *usage, *result; /**< the result's type as in nlt_dtype_name() */
    int n_args, n_optional;            /**< how many of the last ones may be left out */
} nlt_own_function;

/** Number of functions that statements of every engine call by these names. */
NLT_API int nlt_own_function_count(void);
/** Function `index` in 0..count-1. NLT_ERR_ARG outside the range. */
NLT_API nlt_status nlt_own_function_get(int index, nlt_own_function *out) NLT_MUST_CHECK;

/** The functions with what they look things up in. */
typedef struct nlt_own_functions nlt_own_functions;

/**
 * @param asn   [in] autonomous systems, as nlt_session_options.asn_view; NULL: asn() and as_name()
 * fail
 * @param names [in] as nlt_session_options.asn_names; NULL
 * @param out   [out] owned: nlt_own_functions_close()
 * @return NLT_OK; NLT_ERR_NOT_FOUND, NLT_ERR_IO, NLT_ERR_FORMAT, NLT_ERR_DAMAGED; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt_own_functions_open(
    const char *asn, const char *names, nlt_own_functions **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt_own_functions_close(nlt_own_functions *functions);

/**
 * Calls a function over columns of equal length.
 * @param schema     [in] of a struct with a child for each argument; borrowed
 * @param array      [in] likewise; borrowed
 * @param out_schema [out] of a struct with one child, the results; released by the caller
 * @param out        [out] likewise
 * @return NLT_OK; NLT_ERR_ARG: no such function or arguments; NLT_ERR_SQL; NLT_ERR_NOMEM
 * @thread any number at a time
 */
NLT_API nlt_status nlt_own_function_call(const nlt_own_functions *functions, const char *name,
    const struct ArrowSchema *schema, const struct ArrowArray *array,
    struct ArrowSchema *out_schema, struct ArrowArray *out, nlt_error *err) NLT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
