/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_ENGINE_H
#define NLT_ENGINE_ENGINE_H

/* The inside of the embedded engine. DuckDB is known in this folder only. */

#include <pthread.h>
#include <stdatomic.h>

#include <duckdb.h>

#include "algos/algo.h"
#include "engine/row_store.h"
#include "io/asn_view.h"
#include "netlytics/session.h"
#include "output/writer.h"
#include "plan/explain.h"
#include "scan/scan.h"
#include "sql/scalar.h"
#include "sql/table_name.h"

enum { NLT_SESSION_SCANS_MAX = 64, NLT_RESULT_COLUMNS_MAX = 1024 };

typedef struct nlt_files nlt_files; /* files.h */

typedef struct nlt_sink nlt_sink;

typedef struct nlt_kept_arrow nlt_kept_arrow; /* arrow_table.c */

/* What a kernel emitted, as a relation: netlytics_rows(i) reads relations[i]. */
typedef struct nlt_stored_relation {
    nlt_row_store *store; /* owned */
    const nlt_kernel *kernel;
} nlt_stored_relation;

/* A private folder for temporary files. */
typedef struct nlt_temp_folder {
    char *path; /* owned; NULL: none */
    int lock;   /* descriptor by which it is locked; -1: none */
} nlt_temp_folder;

/* Makes one below `base` (NULL: $TMPDIR or /tmp) and removes those that killed processes of the same
 * user have left there. NLT_ERR_OUTPUT, NLT_ERR_NOMEM. */
nlt_status nlt__temp_folder_make(
    const char *base, nlt_temp_folder *out, nlt_error *err) NLT_MUST_CHECK;
void nlt__temp_folder_remove(nlt_temp_folder *folder);

struct nlt_session {
    atomic_int n_holders; /* its owner and open streams; the last one to leave closes it */
    atomic_int n_streams;
    nlt_error failure; /* why the last stream ended early */
    int threads;
    nlt_dialect dialect;
    int64_t memory_bytes;
    int64_t temp_bytes_max; /* 0: no limit */
    nlt_budget budget;      /* of rows between kernels; on disk, of records that scans sort, too */
    int64_t kernel_bytes; /* its memory while kernels run; while SQL runs, DuckDB needs room, too */
    int64_t sql_bytes;
    int64_t sort_bytes; /* what one thread may use to sort a part of them */
    nlt_hooks hooks;
    nlt_temp_folder temp;  /* removed at the end */
    bool has_many_folders; /* of --partition_by: rows are sorted, and few gathered at a time */
    char *persistent_dir;  /* of states; NULL: none */

    duckdb_database db; /* opened when the first statement needs it */
    duckdb_connection con;
    nlt_strings allowed; /* files and (with '/' at the end) folders that DuckDB may touch */

    nlt_scan *scans[NLT_SESSION_SCANS_MAX];
    atomic_int n_scans;
    struct nlt_cached
        *cached[NLT_SESSION_SCANS_MAX];      /* what is read instead (cache.h); NULL: itself */
    bool is_followed[NLT_SESSION_SCANS_MAX]; /* read instead is what was added so far (follow.c) */
    nlt_scan
        *spent[NLT_SESSION_SCANS_MAX]; /* replaced by another; kept for who still looks at it */
    bool are_scans_kept[NLT_SESSION_SCANS_MAX]; /* as tables, in this run: pipes are read once */
    nlt_files *files[NLT_SESSION_SCANS_MAX];    /* datasets that DuckDB reads itself */
    int n_files;
    nlt_kept_arrow *arrows[NLT_SESSION_SCANS_MAX]; /* rows of the caller's own; owned */
    int n_arrows;
    int n_relations;   /* named so far; makes names unique in the session */
    nlt_strings names; /* that stand for relations in the statement that was prepared last */
    atomic_bool is_cancelled;

    nlt_asn_view *asn_view;                   /* owned; NULL: none was given */
    nlt_scalar_env scalar_env;                /* borrowed by the functions of `db` */
    char *requests[NLT_SESSION_SCANS_MAX];    /* of scans[], a JSON object without its end; owned */
    nlt_node_stats stats[NLT_PLAN_NODES_MAX]; /* of the last run */
    const nlt_table *stats_of;                /* only compared */

    nlt_sink *sink; /* where netlytics_sink() sends rows; NULL: nowhere */
    nlt_stored_relation relations[NLT_PLAN_NODES_MAX]; /* by node; of the last run */

    pthread_mutex_t lock;
    nlt_error scan_error; /* the first failure of our own code below a statement */
};

/* A plan under construction and the columns of its last node. */
struct nlt_table {
    atomic_int n_holders; /* its owner and open streams */
    nlt_session *session;
    char name[NLT_TABLE_NAME_MAX + 1]; /* what a statement over several tables calls it */
    nlt_plan plan;
    nlt_params *params;         /* of the kernel that ends the plan; owned */
    const nlt_algo *algo;       /* whose answer it is; NULL: none's */
    const nlt_table_desc *desc; /* of a dataset as it is; NULL: another relation */
    nlt_column_desc *columns;
    int n_columns;
    nlt_arena arena; /* names of columns */
};

/* ---- session.c ---- */

/* One holder less; the last one closes the session. */
void nlt__session_leave(nlt_session *session);

/* ---- duck.c: the database ---- */

/* Opens the database unless it is open. NLT_ERR_INTERNAL, NLT_ERR_NOMEM, NLT_ERR_OUTPUT. */
nlt_status nlt__duck_open(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;
void nlt__duck_close(nlt_session *session);
/* Closes the database until the next nlt__duck_open; the temporary folder stays. Relations are to be
 * installed again. */
void nlt__duck_shut(nlt_session *session);
/* Lets DuckDB's own readers and writers reach a file, or what lies below a folder (named with '/' at
 * its end); nothing else ever is within its reach. Links are followed first, so it must exist. An
 * open database is closed and opened anew by the next nlt__duck_open: relations are to be installed
 * after this. NLT_ERR_OUTPUT: no such place. */
nlt_status nlt__duck_allow(nlt_session *session, const char *path, nlt_error *err) NLT_MUST_CHECK;
/* Appends 'text' as a literal of SQL. */
nlt_status nlt__duck_literal(const char *text, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* Appends "name" as an identifier of SQL. */
nlt_status nlt__duck_name(const char *name, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* What of the memory program and buffers leave to DuckDB and to rows between kernels. */
int64_t nlt__memory_rest(const nlt_session *session);
/* Appends the name of the type that a column of a batch has in DuckDB. */
nlt_status nlt__duck_put_type(nlt_dtype dtype, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* Runs statements of our own. */
nlt_status nlt__duck_run(nlt_session *session, const char *sql, nlt_error *err) NLT_MUST_CHECK;
/* The same on any connection; *n_changed (may be NULL): rows that the last one wrote. */
nlt_status nlt__duck_run_on(nlt_session *session, duckdb_connection con, const char *sql,
    int64_t *n_changed, nlt_error *err) NLT_MUST_CHECK;
/* Runs a pending statement to its (first) result, which is to be destroyed whatever is returned. Waits
 * asleep while other threads have the work. */
nlt_status nlt__duck_execute(nlt_session *session, duckdb_pending_result pending,
    duckdb_result *result, nlt_error *err) NLT_MUST_CHECK;
/* What a failed statement failed with: cancelled, a scan's own error, or DuckDB's text. */
nlt_status nlt__duck_failure(nlt_session *session, const char *message, nlt_error *err);
/* Keeps the first failure of our own code below a statement: DuckDB carries only its text. */
void nlt__duck_keep_failure(nlt_session *session, const nlt_error *failure);

/* ---- table_function.c ---- */

/* netlytics_scan(i, file := f): the rows of session->scans[i], or of one file of it; NLT_ROW_KEY_COLUMN behind its columns. */
nlt_status nlt__table_function_register(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;

/* ---- scalar_function.c ---- */

/* Between message and hint of an error that DuckDB carries as one text. */
#define NLT_HINT_MARK "\nhint: "

/* The functions of sql/scalars.def. */
nlt_status nlt__scalar_functions_register(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;

/* ---- bind.c: what our table functions have in common ---- */

/* The first argument: which of `n` things is read. False: none of them, and the statement fails with
 * "there is no such THING". */
bool nlt__bind_index(duckdb_bind_info info, int64_t n, const char *thing, int64_t *index);
void nlt__bind_columns(duckdb_bind_info info, const nlt_column_desc *columns, int n);
/* Which of the first `n_columns` columns are asked for, and the output vector of each; others (the row
 * number of count(*)) are left out. Returns how many. */
int nlt__init_columns(duckdb_init_info info, int n_columns, int *columns, int *outputs);

/* ---- vector.c: columns into DuckDB's vectors ---- */

/* Owned: duckdb_destroy_logical_type. */
duckdb_logical_type nlt__duck_type(nlt_dtype dtype);
/* Copies `n` rows of a column into a fresh vector of its type. `is_borrowed`: long texts stay where
 * they are; else the vector gets copies. */
void nlt__duck_column(duckdb_vector vector, const nlt_vec *vec, int64_t n, bool is_borrowed);

/* ---- row_table.c ---- */

/* netlytics_rows(i): the rows of session->relations[i]. */
nlt_status nlt__row_table_register(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;

/* ---- sink.c: the rows of a relation into C, from DuckDB's threads ---- */

typedef struct nlt_sink_target {
    /* A new worker; any thread. Owned by `ctx`. */
    nlt_status (*open)(void *ctx, void **worker, nlt_error *err);
    /* Rows for a worker, which has one thread at a time. */
    nlt_status (*rows)(void *worker, const nlt_batch *rows, nlt_error *err);
    void *ctx;
} nlt_sink_target;

/* Keeps a stream's arrays as session->arrows[n_arrows++]; `rows` is taken. */
nlt_status nlt__arrow_keep(
    nlt_session *session, struct ArrowArrayStream *rows, nlt_error *err) NLT_MUST_CHECK;
void nlt__kept_arrow_free(nlt_kept_arrow *kept); /* NULL is fine */
/* netlytics_arrow(i): the rows of session->arrows[i]. */
nlt_status nlt__arrow_table_register(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;
/* netlytics_sink(columns...): for nlt__sink_run. */
nlt_status nlt__sink_register(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;
/* Reads `columns` of `relation` (SQL behind FROM), in no order. */
nlt_status nlt__sink_run(nlt_session *session, const char *relation, const nlt_column_desc *columns,
    int n_columns, const nlt_sink_target *target, nlt_error *err) NLT_MUST_CHECK;
/* "BIGINT", "DECIMAL(38,2)", "VARCHAR[]": a type in DuckDB's SQL. */
nlt_status nlt__sql_type(nlt_dtype dtype, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

enum { NLT_SCAN_TEXT_MAX = 64 };
/* What a statement reads for session->scans[i]: the function, or what the cache has. */
void nlt__scan_text(const nlt_session *session, int scan, char out[NLT_SCAN_TEXT_MAX]);

/* ---- chunk.c: DuckDB's chunks as batches ---- */

/* False: the type has no place in a batch and is to be cast to text. */
bool nlt__duck_dtype(duckdb_logical_type type, nlt_dtype *out);
/* Copies a chunk (at most NLT_BATCH_ROWS rows) into a batch of the mapped types. Texts borrow from
 * the chunk. NLT_ERR_SQL: an integer above 64 bits. */
nlt_status nlt__duck_chunk(
    duckdb_data_chunk chunk, nlt_batch *batch, nlt_error *err) NLT_MUST_CHECK;

/* ---- statement.c: a SELECT and its rows ---- */

typedef struct nlt_statement {
    nlt_session *session;
    duckdb_prepared_statement prepared;
    duckdb_result result;
    bool has_result;
    bool has_given;     /* rows, or their end */
    bool reads_no_scan; /* of the session; who prepared it may say so */
    nlt_batch *batch;
    duckdb_data_chunk chunk; /* that the batch borrows from */
    nlt_dtype *dtypes;
    int n_columns;
} nlt_statement;

/* Prepares a SELECT. NLT_ERR_SQL with DuckDB's message. Clear it whatever is returned. */
nlt_status nlt__statement_prepare(
    nlt_session *session, const char *sql, nlt_statement *out, nlt_error *err) NLT_MUST_CHECK;
/* Name of a result column, as Spark calls it. Borrowed from `arena`. */
nlt_status nlt__statement_column(nlt_statement *statement, int index, nlt_arena *arena,
    nlt_column_desc *out, nlt_error *err) NLT_MUST_CHECK;
/* The next rows; *batch = NULL at the end. */
nlt_status nlt__statement_next(
    nlt_statement *statement, const nlt_batch **batch, nlt_error *err) NLT_MUST_CHECK;
void nlt__statement_clear(nlt_statement *statement);

/* ---- relation.c ---- */

#define NLT_TABLE_NAME "netlytics" /* what statements call a table that was given no name */

/* Makes the plan's relations known to DuckDB, all but the last node, and what that one calls them,
 * without running anything: a kernel's is empty. Enough to check a statement. */
nlt_status nlt__relation_declare(nlt_table *table, nlt_error *err) NLT_MUST_CHECK;
/* A node's relation: of a scan, of a statement (a table if `is_kept`), of what a kernel emitted. */
nlt_status nlt__relation_install(nlt_session *session, const nlt_plan *plan, int node, bool is_kept,
    nlt_error *err) NLT_MUST_CHECK;
/* What the plan's last statement calls its relations. */
nlt_status nlt__relation_names(
    nlt_session *session, const nlt_plan *plan, nlt_error *err) NLT_MUST_CHECK;

/* ---- dialect.c ---- */

/* Makes the statement that ends a plan, whose relations are known to DuckDB by now, DuckDB's.
 * NLT_ERR_SQL: refused, by the dialect or the gate. */
nlt_status nlt__dialect_apply(nlt_session *session, nlt_plan *plan, nlt_error *err) NLT_MUST_CHECK;

/* ---- runner.c ---- */

/* Takes rows; batches are borrowed for the call. */
typedef nlt_status (*nlt_rows_fn)(void *ctx, const nlt_batch *batch, nlt_error *err);

/* Runs a table's plan, whatever its last node, then checks its scans. */
nlt_status nlt__run(nlt_table *table, nlt_rows_fn rows, void *ctx, nlt_error *err) NLT_MUST_CHECK;
/* Runs all but the last node. */
nlt_status nlt__run_before_last(nlt_table *table, nlt_error *err) NLT_MUST_CHECK;
/* Runs a statement and hands on its rows. */
nlt_status nlt__run_statement(nlt_session *session, const char *sql, nlt_rows_fn rows, void *ctx,
    nlt_error *err) NLT_MUST_CHECK;
/* Forgets what the run before did, for a run of `table`. */
void nlt__run_clear_stats(const nlt_table *table);
/* Frees what kernels have emitted. */
void nlt__run_clear(nlt_session *session);

/* ---- explain.c ---- */

/* Remembers what a scan was opened for. */
nlt_status nlt__explain_keep_request(nlt_session *session, int scan,
    const nlt_dataset_request *request, nlt_error *err) NLT_MUST_CHECK;

/* ---- kernel_run.c ---- */

/* Parts of rows that several kernels of a plan read. */
typedef struct nlt_kernel_stores {
    const nlt_plan *plan;
    struct nlt_kernel_store *items[NLT_PLAN_NODES_MAX];
    int n;
} nlt_kernel_stores;

/* Runs the kernel of a node; its rows go to `rows` or, if that is NULL, to session->relations. */
nlt_status nlt__kernel_run(nlt_session *session, nlt_kernel_stores *stores, int node,
    nlt_rows_fn rows, void *ctx, nlt_error *err) NLT_MUST_CHECK;
void nlt__kernel_stores_clear(nlt_kernel_stores *stores);

/* After a run: warnings of the scans to the hooks; NLT_ERR_DAMAGED. */
nlt_status nlt__run_finish(nlt_session *session, nlt_error *err) NLT_MUST_CHECK;
/* Hands warnings to the session's owner and empties the list. */
void nlt__warn_all(nlt_session *session, nlt_strings *warnings);

/* ---- write.c ---- */

/* Runs a table's plan into a file as `format` (NULL: Parquet). `path` names it in messages. */
nlt_status nlt__table_write_file(nlt_table *table, const nlt_format *format, const char *path,
    nlt_outfile *file, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;
/* Columns `columns` (`n` of them) of a relation, ordered by its column `order`; as a file. */
nlt_status nlt__relation_run(nlt_session *session, const char *relation, const char *order,
    const nlt_column_desc *columns, int n, nlt_rows_fn rows, void *ctx,
    nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__relation_write_file(nlt_session *session, const char *relation, const char *order,
    const nlt_column_desc *columns, int n, const nlt_format *format, nlt_outfile *file,
    nlt_error *err) NLT_MUST_CHECK;

/* ---- outputs.c: what a plan leaves beside its answer ---- */

typedef struct nlt_outputs {
    const nlt_table *table;
    const char *folder;                               /* for files; NULL: they are left out */
    const char *state_dir;                            /* for a copy of the states; NULL: none */
    nlt_outfile *files[2 * NLT_PLAN_OUTPUTS_MAX + 2]; /* in the order of their commit */
    int n_files;
    struct nlt_state_lock *locks[NLT_PLAN_OUTPUTS_MAX];
    int n_locks;
} nlt_outputs;

/* Before the run: looks whether names are free (unless `overwrite`), takes the locks of states. End it
 * whatever is returned. */
nlt_status nlt__outputs_begin(nlt_outputs *outputs, bool overwrite, nlt_error *err) NLT_MUST_CHECK;
/* After the run: writes all that is to be written, under temporary names. */
nlt_status nlt__outputs_write(nlt_outputs *outputs, nlt_error *err) NLT_MUST_CHECK;
/* Adds a file to what is committed, before those that nlt__outputs_write adds. Takes it. */
void nlt__outputs_add(nlt_outputs *outputs, nlt_outfile *file);
/* All files appear, states last. */
nlt_status nlt__outputs_commit(nlt_outputs *outputs, nlt_error *err) NLT_MUST_CHECK;
void nlt__outputs_end(nlt_outputs *outputs);

/* ---- parquet.c ---- */

/* Runs the plan of a table into a Parquet file. `path` names it in messages. NLT_ERR_ARG: the answer of
 * a kernel. */
nlt_status nlt__parquet_write(nlt_table *table, const char *path, nlt_outfile *file,
    int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

/* Runs a COPY of ours, again if its scans find out that they must sort. Any thread with its own
 * connection. NLT_ERR_OUTPUT: `path` cannot be written. */
nlt_status nlt__parquet_copy(nlt_session *session, duckdb_connection con, const char *sql,
    const char *path, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;

static inline const nlt_node *nlt__last_node(const nlt_table *table)
{
    return &table->plan.nodes[table->plan.n_nodes - 1];
}

#endif
