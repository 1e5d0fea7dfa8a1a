/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: an empty one in memory that reaches no file and lets no setting be changed. */

#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/cache.h"
#include "engine/engine.h"
#include "engine/files.h"

enum {
    OWN_BYTES = 64 << 20,
    THREAD_BYTES = 16 << 20,
    DUCK_MEMORY_MIN = 128 << 20,
    /* Told of one or two threads, DuckDB 1.5 lets the hash table of a GROUP BY grow until it does not
     * fit, and then cannot spill it. So it is told of one that never comes. */
    DUCK_THREADS_MIN = 3,
    PAUSE_MIN_NS = 50000, /* between two looks for a task */
    PAUSE_MAX_NS = 1000000
};

/* Returns true for versions whose calls and string layout we rely on. */
static bool is_known_version(const char *version)
{
    static const int oldest[3] = {1, 5, 5};
    const char *p = version + (version[0] == 'v');
    for (int i = 0; i < 3; i++) {
        int part = 0;
        for (; *p >= '0' && *p <= '9'; p++) {
            part = part * 10 + (*p - '0');
        }
        if (part != oldest[i]) {
            return part > oldest[i];
        }
        p += *p == '.';
    }
    return true;
}

int64_t nlt__memory_rest(const nlt_session *session)
{
    return session->memory_bytes - OWN_BYTES - (int64_t)session->threads * THREAD_BYTES;
}

/* What DuckDB may use while SQL runs (design: program and buffers, then 0.6 of the rest). */
static int64_t duck_memory(const nlt_session *session)
{
    int64_t memory = nlt__memory_rest(session) / 10 * 6;
    return memory < DUCK_MEMORY_MIN ? DUCK_MEMORY_MIN : memory;
}

static nlt_status configure(nlt_session *session, duckdb_config config, nlt_error *err)
{
    char threads[32];
    char absent[32];
    char memory[32];
    int n_absent = session->threads < DUCK_THREADS_MIN ? DUCK_THREADS_MIN - session->threads : 0;
    (void)snprintf(threads, sizeof threads, "%d", session->threads + n_absent);
    (void)snprintf(absent, sizeof absent, "%d", 1 + n_absent); /* the caller's is one, too */
    (void)snprintf(memory, sizeof memory, "%lldB", (long long)duck_memory(session));
    const struct {
        const char *name, *value;
    } settings[] = {
        {"threads", threads},
        {"external_threads", absent},
        {"memory_limit", memory},
        {"temp_directory", session->temp.path},
        {"partitioned_write_flush_threshold", session->has_many_folders ? "2048" : "524288"},
        /* kept, a scan of ours has one thread; files keep theirs, and their order */
        {"preserve_insertion_order",
            session->n_files > 0 && session->n_scans == 0 ? "true" : "false"},
        {"default_null_order", "nulls_first_on_asc_last_on_desc"}, /* as Spark */
        /* Spark's aggregates may be ordered by a constant; DuckDB's own dialect says that it does nothing */
        {"order_by_non_integer_literal", session->dialect == NLT_DIALECT_SPARK ? "true" : "false"},
        {"ieee_floating_point_ops", "false"}, /* x / 0 is NULL, as Spark */
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (duckdb_set_config(config, settings[i].name, settings[i].value) != DuckDBSuccess) {
            return nlt_fail(
                err, NLT_ERR_INTERNAL, "the engine does not know setting %s", settings[i].name);
        }
    }
    return NLT_OK;
}

static nlt_status open_database(nlt_session *session, nlt_error *err)
{
    duckdb_config config = NULL;
    if (duckdb_create_config(&config) != DuckDBSuccess) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    char *why = NULL;
    nlt_status status = configure(session, config, err);
    if (status == NLT_OK && duckdb_open_ext(NULL, &session->db, config, &why) != DuckDBSuccess) {
        status = nlt_fail(err, NLT_ERR_INTERNAL, "the engine does not start: %s",
            why != NULL ? why : "unknown reason");
    }
    if (why != NULL) {
        duckdb_free(why);
    }
    duckdb_destroy_config(&config);
    return status;
}

/* The connection is taken away first, since a signal handler may look at it. */
void nlt__duck_shut(nlt_session *session)
{
    duckdb_connection con = session->con;
    session->con = NULL;
    if (con != NULL) {
        duckdb_disconnect(&con);
    }
    if (session->db != NULL) {
        duckdb_close(&session->db);
    }
}

static nlt_status put_escaped(const char *text, char quote, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_append(out, &quote, 1, err));
    for (const char *p = text; *p != '\0'; p++) {
        NLT_TRY(nlt__buf_append(out, p, 1, err));
        NLT_TRY(nlt__buf_append(out, &quote, *p == quote, err));
    }
    return nlt__buf_append(out, &quote, 1, err);
}

nlt_status nlt__duck_literal(const char *text, nlt_buf *out, nlt_error *err)
{
    return put_escaped(text, '\'', out, err);
}

nlt_status nlt__duck_name(const char *name, nlt_buf *out, nlt_error *err)
{
    return put_escaped(name, '"', out, err);
}

static nlt_status put_allowed(
    const nlt_session *session, bool are_folders, nlt_buf *out, nlt_error *err)
{
    int n = 0;
    NLT_TRY(nlt__buf_printf(
        out, err, "SET %s = [", are_folders ? "allowed_directories" : "allowed_paths"));
    for (size_t i = 0; i < session->allowed.n; i++) {
        const char *path = session->allowed.items[i];
        bool is_folder = path[strlen(path) - 1] == '/';
        if (is_folder == are_folders) {
            NLT_TRY(nlt__buf_append(out, ", ", n++ > 0 ? 2 : 0, err));
            NLT_TRY(nlt__duck_literal(path, out, err));
        }
    }
    return nlt__buf_printf(out, err, "];");
}

/* Shuts the box: no file but the allowed ones, no setting. The order counts, which options of a
 * database do not have. */
static nlt_status lock_database(nlt_session *session, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(64 << 20);
    nlt_status status = put_allowed(session, false, &sql, err);
    if (status == NLT_OK) {
        status = put_allowed(session, true, &sql, err);
    }
    if (status == NLT_OK && session->temp_bytes_max > 0) { /* as an option it has no effect */
        status = nlt__buf_printf(&sql, err, "SET max_temp_directory_size = '%lldB';",
            (long long)session->temp_bytes_max);
    }
    if (status == NLT_OK && session->dialect == NLT_DIALECT_SPARK) {
        status = nlt__buf_printf(&sql, err, "SET TimeZone = 'UTC';");
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(
            &sql, err, "SET enable_external_access = false; SET lock_configuration = true");
    }
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(&sql);
        status = text != NULL ? nlt__duck_run(session, text, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&sql);
    return status;
}

nlt_status nlt__duck_open(nlt_session *session, nlt_error *err)
{
    if (session->con != NULL) {
        return NLT_OK;
    }
    if (!is_known_version(duckdb_library_version())) {
        return nlt_fail(
            err, NLT_ERR_INTERNAL, "libduckdb %s is older than 1.5.5", duckdb_library_version());
    }
    NLT_TRY(open_database(session, err));
    duckdb_connection con = NULL;
    if (duckdb_connect(session->db, &con) != DuckDBSuccess) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    session->con = con;
    nlt_status status = nlt__table_function_register(session, err);
    if (status == NLT_OK) {
        status = nlt__row_table_register(session, err);
    }
    if (status == NLT_OK) {
        status = nlt__arrow_table_register(session, err);
    }
    if (status == NLT_OK) {
        status = nlt__sink_register(session, err);
    }
    if (status == NLT_OK) {
        status = nlt__scalar_functions_register(session, err);
    }
    if (status == NLT_OK) {
        status = nlt__files_register(session, err);
    }
    if (status == NLT_OK) {
        status = lock_database(session, err); /* last: what is set, is set before */
    }
    if (status == NLT_OK) {
        status = nlt__cache_install(session, err);
    }
    if (status != NLT_OK) {
        nlt__duck_shut(session);
    }
    return status;
}

nlt_status nlt__duck_allow(nlt_session *session, const char *path, nlt_error *err)
{
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
    }
    bool is_folder = path[strlen(path) - 1] == '/';
    nlt_status status = nlt__strings_add(&session->allowed, err, "%s", real);
    if (status == NLT_OK && is_folder) {
        status = nlt__strings_add(&session->allowed, err, "%s/", real);
    }
    free(real);
    nlt__duck_shut(session);
    return status;
}

void nlt__duck_close(nlt_session *session)
{
    nlt__duck_shut(session);
    nlt__strings_clear(&session->allowed);
    nlt__temp_folder_remove(&session->temp); /* with spilled files */
}

/* An error of one of our functions: without DuckDB's words in front, its hint apart. */
static nlt_status function_failure(const char *message, const char *mark, nlt_error *err)
{
    static const char prefix[] = "Invalid Input Error: ";
    bool has_prefix = strncmp(message, prefix, sizeof prefix - 1) == 0;
    message += has_prefix ? sizeof prefix - 1 : 0;
    nlt_fail(err, NLT_ERR_SQL, "%.*s", (int)(mark - message), message);
    nlt_error_hint(err, "%s", mark + sizeof NLT_HINT_MARK - 1);
    return NLT_ERR_SQL;
}

/* The temporary folder, not the statement, has failed. */
static bool is_spill_failure(const char *message)
{
    return strstr(message, "max_temp_directory_size") != NULL
        || (strncmp(message, "IO Error", strlen("IO Error")) == 0
            && strstr(message, "duckdb_temp_") != NULL);
}

static nlt_status spill_failure(const nlt_session *session, const char *message, nlt_error *err)
{
    if (strstr(message, "max_temp_directory_size") == NULL) {
        const char *why = strrchr(message, ':');
        nlt_fail(err, NLT_ERR_OUTPUT, "%s: temporary files cannot be written:%s",
            session->temp.path, why != NULL ? why + 1 : message);
    } else if (session->temp_bytes_max > 0) {
        nlt_fail(err, NLT_ERR_OUTPUT, NLT_TEMP_LIMIT_TEXT,
            (long long)(session->temp_bytes_max / 1000000));
        nlt_error_hint(err, "give more with --temp_limit or --memory");
        return NLT_ERR_OUTPUT;
    } else {
        nlt_fail(
            err, NLT_ERR_OUTPUT, "%s: there is no room for temporary files", session->temp.path);
    }
    nlt_error_hint(err, "choose another folder with --temp_dir_local, or give more with --memory");
    return NLT_ERR_OUTPUT;
}

nlt_status nlt__duck_failure(nlt_session *session, const char *message, nlt_error *err)
{
    if (atomic_load(&session->is_cancelled)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
    }
    pthread_mutex_lock(&session->lock);
    nlt_error scan_error = session->scan_error;
    pthread_mutex_unlock(&session->lock);
    if (scan_error.code != NLT_OK) {
        if (err != NULL) {
            *err = scan_error;
        }
        return scan_error.code;
    }
    if (message == NULL) {
        message = "the engine gave no reason";
    }
    const char *mark = strstr(message, NLT_HINT_MARK);
    if (mark != NULL) {
        return function_failure(message, mark, err);
    }
    if (is_spill_failure(message)) {
        return spill_failure(session, message, err);
    }
    if (nlt__files_failure(session, message, err)) {
        return NLT_ERR_DAMAGED;
    }
    bool is_memory = strncmp(message, "Out of Memory", strlen("Out of Memory")) == 0;
    size_t len = strlen(message);
    static const char wide[] = "Type INT128 with value ";
    const char *value = strstr(message, wide);
    if (value != NULL && strstr(message, "INT64") != NULL) { /* a sum */
        value += sizeof wide - 1;
        return nlt_fail(err, NLT_ERR_SQL, "integer overflow: %.*s needs more than 64 bits",
            (int)strspn(value, "-0123456789"), value);
    }
    if (session->dialect == NLT_DIALECT_SPARK) { /* the place is in our text, not the user's */
        const char *place = strstr(message, "\n\nLINE ");
        len = place != NULL ? (size_t)(place - message) : len;
    }
    if (is_memory) { /* what follows is advice about settings, which a query cannot reach */
        len = strcspn(message, "\n");
    }
    nlt_fail(err, is_memory ? NLT_ERR_NOMEM : NLT_ERR_SQL, "%.*s", (int)len, message);
    if (is_memory) {
        nlt_error_hint(err, "give more with --memory, or ask for less");
    }
    return is_memory ? NLT_ERR_NOMEM : NLT_ERR_SQL;
}

void nlt__duck_keep_failure(nlt_session *session, const nlt_error *failure)
{
    pthread_mutex_lock(&session->lock);
    if (session->scan_error.code == NLT_OK) {
        session->scan_error = *failure;
    }
    pthread_mutex_unlock(&session->lock);
}

/* Left to itself the engine spins on its queue while other threads have all the work, as with one
 * compressed file: a core lost for seconds. */
nlt_status nlt__duck_execute(
    nlt_session *session, duckdb_pending_result pending, duckdb_result *result, nlt_error *err)
{
    long pause_ns = PAUSE_MIN_NS;
    duckdb_pending_state state = duckdb_pending_execute_task(pending);
    *result = (duckdb_result){0};
    while (state == DUCKDB_PENDING_RESULT_NOT_READY || state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
        /* the engine keeps to --temp_limit, but does not know of our files beside its own */
        NLT_TRY(nlt__temp_space_check(&session->budget.disk, err));
        if (state == DUCKDB_PENDING_RESULT_NOT_READY) {
            pause_ns = PAUSE_MIN_NS;
        } else {
            (void)nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
            pause_ns = pause_ns * 2 < PAUSE_MAX_NS ? pause_ns * 2 : PAUSE_MAX_NS;
        }
        state = duckdb_pending_execute_task(pending);
    }
    if (state == DUCKDB_PENDING_ERROR) {
        return nlt__duck_failure(session, duckdb_pending_error(pending), err);
    }
    return duckdb_execute_pending(pending, result) == DuckDBSuccess
        ? NLT_OK
        : nlt__duck_failure(session, duckdb_result_error(result), err);
}

static nlt_status run_extracted(nlt_session *session, duckdb_connection con,
    duckdb_extracted_statements statements, idx_t index, int64_t *n_changed, nlt_error *err)
{
    duckdb_prepared_statement prepared = NULL;
    duckdb_pending_result pending = NULL;
    duckdb_result result = {0};
    nlt_status status = NLT_OK;
    if (duckdb_prepare_extracted_statement(con, statements, index, &prepared) != DuckDBSuccess) {
        status = nlt__duck_failure(session, duckdb_prepare_error(prepared), err);
    } else if (duckdb_pending_prepared(prepared, &pending) != DuckDBSuccess) {
        status = nlt__duck_failure(session, duckdb_pending_error(pending), err);
    } else {
        status = nlt__duck_execute(session, pending, &result, err);
    }
    if (status == NLT_OK && n_changed != NULL) {
        *n_changed = (int64_t)duckdb_rows_changed(&result);
    }
    duckdb_destroy_result(&result);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&prepared);
    return status;
}

nlt_status nlt__duck_run_on(nlt_session *session, duckdb_connection con, const char *sql,
    int64_t *n_changed, nlt_error *err)
{
    duckdb_extracted_statements statements = NULL;
    idx_t n = duckdb_extract_statements(con, sql, &statements);
    nlt_status status = n > 0
        ? NLT_OK
        : nlt__duck_failure(session, duckdb_extract_statements_error(statements), err);
    for (idx_t i = 0; i < n && status == NLT_OK; i++) {
        status = run_extracted(session, con, statements, i, n_changed, err);
    }
    duckdb_destroy_extracted(&statements);
    return status;
}

nlt_status nlt__duck_run(nlt_session *session, const char *sql, nlt_error *err)
{
    return nlt__duck_run_on(session, session->con, sql, NULL, err);
}
