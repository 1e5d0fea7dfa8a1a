/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What job and query share: a session from the flags, signals that stop it, warnings, the closing
 * line, and places to write to. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/* ---- signals ---- */

/* A signal handler has no argument but the signal: these three are the only variables of the
 * program at file scope. */
static cli_run *volatile running;
static volatile sig_atomic_t n_signals;
static sem_t is_interrupted;

static void on_signal(int number)
{
    enum { PATIENCE = 3 };
    (void)number;
    n_signals = n_signals + 1;
    if (n_signals >= PATIENCE) {
        _exit(130);
    }
    const cli_run *run = running;
    if (run != NULL) {
        nlt_session_cancel(run->session);
        (void)sem_post(&is_interrupted);
    }
}

/* Ends a run that does not notice: one value of a query may take a function for minutes. */
static void *end_late(void *arg)
{
    static const cli_option outputs[] = {CLI_OPT_OUTPUT_PATH, CLI_OPT_OUTPUT,
        CLI_OPT_OUTPUT_FILE_LOCAL, CLI_OPT_REPORT_JSON, CLI_OPT_CACHE};
    static const char message[] = "netlytics: error: interrupted\n";
    const struct timespec grace = {0, 900000000};
    (void)arg;
    while (sem_wait(&is_interrupted) != 0) {
    }
    (void)nanosleep(&grace, NULL);
    const cli_run *run = running;
    if (run == NULL) {
        return NULL; /* it is about to end */
    }
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        const char *path = run->options->values[outputs[i]];
        if (path != NULL) {
            nlt_drop_begun(path);
        }
    }
    nlt_session_abandon(run->session);
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(130);
}

void cli_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    pthread_t late;
    if (sem_init(&is_interrupted, 0, 0) == 0 && pthread_create(&late, NULL, end_late, NULL) == 0) {
        (void)pthread_detach(late);
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction old;
        bool is_nohup =
            numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
        if (!is_nohup) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
}

nlt_status cli_check_signals(nlt_error *err)
{
    return n_signals == 0 ? NLT_OK : nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
}

/* ---- a run ---- */

double cli_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_warning(void *ctx, const char *message)
{
    cli_run *run = ctx;
    cli_progress_clear(&run->progress);
    cli_print_warning(message);
}

static nlt_status session_options(cli_run *run, nlt_session_options *out, nlt_error *err)
{
    *out = (nlt_session_options)NLT_SESSION_OPTIONS_INIT;
    NLT_TRY(cli_option_count(run->options, CLI_OPT_THREADS, &out->threads, err));
    NLT_TRY(cli_option_size(run->options, CLI_OPT_MEMORY, &out->memory_bytes, err));
    NLT_TRY(cli_option_size(run->options, CLI_OPT_TEMP_LIMIT, &out->temp_bytes_max, err));
    out->temp_dir = run->options->values[CLI_OPT_TEMP_DIR_LOCAL];
    out->asn_view = run->options->values[CLI_OPT_ASN];
    out->asn_names = run->options->values[CLI_OPT_ASN_NAMES];
    const char *dialect = run->options->values[CLI_OPT_DIALECT];
    if (dialect != NULL && strcmp(dialect, "duckdb") == 0) {
        out->dialect = NLT_DIALECT_DUCKDB;
    }
    out->persistent_dir = run->options->values[CLI_OPT_PERSISTENT_DIR_LOCAL];
    const char *hdfs = run->options->values[CLI_OPT_PERSISTENT_DIR_HDFS];
    if (out->persistent_dir == NULL && hdfs != NULL) {
        NLT_TRY(nlt_path_to_hdfs(hdfs, run->persistent_dir, sizeof run->persistent_dir, err));
        out->persistent_dir = run->persistent_dir;
    }
    out->hooks = (nlt_hooks){on_warning, run};
    return NLT_OK;
}

static nlt_status dataset_request(
    const cli_options *options, nlt_dataset_request *out, nlt_error *err)
{
    *out = (nlt_dataset_request)NLT_DATASET_REQUEST_INIT;
    NLT_TRY(cli_option_fraction(options, CLI_OPT_MAX_BAD_FRACTION, &out->max_bad_fraction, err));
    out->connector = options->values[CLI_OPT_CONNECTOR];
    out->input_path = options->values[CLI_OPT_INPUT_PATH];
    out->start_day = options->values[CLI_OPT_START_DAY];
    out->end_day = options->values[CLI_OPT_END_DAY];
    out->columns = options->values[CLI_OPT_COLUMNS];
    out->timezone = options->values[CLI_OPT_TIMEZONE];
    out->cache_dir = options->values[CLI_OPT_CACHE];
    out->filter_rows = cli_option_is_on(options, CLI_OPT_FILTER_ROWS);
    out->strict_days = cli_option_is_on(options, CLI_OPT_STRICT_DAYS);
    out->strict_files = cli_option_is_on(options, CLI_OPT_STRICT_FILES);
    return NLT_OK;
}

static nlt_status add_input(cli_run *run, nlt_dataset_request *request, nlt_error *err)
{
    nlt_probe_choice choice;
    NLT_TRY(cli_choose_connector(run->options, request, &choice, err));
    bool is_converting = request->cache_dir != NULL;
    if (is_converting) {
        cli_progress_start(&run->progress, run->session, run->options, false);
    }
    nlt_status status = nlt_dataset(run->session, request, &run->inputs[run->n_inputs], err);
    if (is_converting) {
        cli_progress_stop(&run->progress);
    }
    nlt_probe_choice_clear(&choice);
    request->head = (nlt_bytes){NULL, 0};
    run->n_inputs += status == NLT_OK;
    return status;
}

/* One more table, with the days and rules of all. */
static nlt_status add_table(
    cli_run *run, const char *text, nlt_dataset_request request, nlt_error *err)
{
    nlt_table_spec spec;
    NLT_TRY(nlt_table_spec_parse(text, &spec, err));
    request.name = spec.name;
    request.columns = NULL; /* of the table of --connector */
    request.connector = spec.connector;
    request.input_path = spec.input_path;
    return add_input(run, &request, err);
}

nlt_status cli_run_session(
    cli_run *run, const cli_options *options, nlt_dataset_request *request, nlt_error *err)
{
    *run = (cli_run){.options = options, .start_s = cli_now_s()};
    nlt_session_options session;
    NLT_TRY(session_options(run, &session, err));
    NLT_TRY(dataset_request(options, request, err));
    cli_catch_signals();
    NLT_TRY(nlt_session_open(&session, &run->session, err));
    nlt_session_cap_process(run->session);
    running = run;
    return cli_check_signals(err);
}

nlt_status cli_run_open(cli_run *run, const cli_options *options, nlt_error *err)
{
    nlt_dataset_request request;
    if (cli_is_spark(options)) {
        return cli_spark_open(run, options, err);
    }
    NLT_TRY(cli_run_session(run, options, &request, err));
    if (request.connector != NULL) {
        NLT_TRY(add_input(run, &request, err));
    }
    for (int i = 0; i < options->n_tables; i++) {
        NLT_TRY(add_table(run, options->tables[i], request, err));
    }
    return NLT_OK;
}

nlt_status cli_run_write(
    cli_run *run, const char *format, const char *path, int64_t *n_rows, nlt_error *err)
{
    if (run->is_spark) {
        return cli_spark_write(run, format, path, n_rows, err);
    }
    NLT_TRY(cli_check_signals(err));
    bool is_streaming = strcmp(path, "-") == 0 && strcmp(format, "table") != 0;
    cli_progress_start(
        &run->progress, run->session, run->options, is_streaming && isatty(STDOUT_FILENO));
    nlt_status status = nlt_table_write(run->answer, format, path, n_rows, err);
    cli_progress_stop(&run->progress);
    return status;
}

nlt_status cli_run_job(cli_run *run, const char *folder, int64_t *n_rows, nlt_error *err)
{
    if (run->is_spark) {
        return cli_spark_job(run, folder, n_rows, err);
    }
    NLT_TRY(cli_check_signals(err));
    cli_progress_start(&run->progress, run->session, run->options, false);
    nlt_status status =
        nlt_job_write(run->answer, folder, run->options->values[CLI_OPT_TEMP_DIR_LOCAL],
            cli_option_is_on(run->options, CLI_OPT_OVERWRITE), n_rows, err);
    cli_progress_stop(&run->progress);
    return status;
}

nlt_status cli_run_write_folder(
    cli_run *run, const char *partition_by, const char *path, nlt_error *err)
{
    NLT_TRY(cli_check_signals(err));
    cli_progress_start(&run->progress, run->session, run->options, false);
    nlt_status status = nlt_table_write_folder(run->answer, path, partition_by,
        cli_option_is_on(run->options, CLI_OPT_OVERWRITE), NULL, err);
    cli_progress_stop(&run->progress);
    return status;
}

nlt_status cli_run_report(cli_run *run, const char *path, nlt_error *err)
{
    NLT_TRY(cli_check_signals(err));
    char *text = NULL;
    if (run->is_spark) {
        return nlt_file_write(path, run->spark.report != NULL ? run->spark.report : "", err);
    }
    NLT_TRY(nlt_session_report(run->session, &text, err));
    nlt_status status = nlt_file_write(path, text, err);
    nlt_text_free(text);
    return status;
}

nlt_status cli_run_explain(cli_run *run, nlt_error *err)
{
    const char *format = run->options->values[CLI_OPT_FORMAT];
    bool is_json = format != NULL && strcmp(format, "json") == 0;
    unsigned what = is_json ? NLT_EXPLAIN_JSON : NLT_EXPLAIN_TEXT;
    if (strcmp(run->options->values[CLI_OPT_EXPLAIN], "analyze") == 0) {
        NLT_TRY(cli_run_write(run, "csv", "/dev/null", NULL, err));
        what |= NLT_EXPLAIN_RAN;
    }
    char *text = NULL;
    NLT_TRY(nlt_table_explain(run->answer, what, &text, err));
    (void)fputs(text, stdout);
    nlt_text_free(text);
    return fflush(stdout) == 0
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_OUTPUT, "standard output: %s", strerror(errno));
}

static void print_report(cli_run *run)
{
    char *text = NULL;
    if (run->is_spark) {
        (void)fprintf(stderr, "%s\n", run->spark.report != NULL ? run->spark.report : "");
        return;
    }
    if (nlt_session_report(run->session, &text, NULL) == NLT_OK) {
        (void)fprintf(stderr, "%s\n", text);
    }
    nlt_text_free(text);
}

static void print_cache(const cli_run *run, const nlt_totals *totals)
{
    if (totals->cached_files > 0) {
        (void)fprintf(stderr,
            "netlytics: cache: %lld of %lld files from it, %lld added, %lld MB in %s\n",
            (long long)(totals->cached_files - totals->converted_files), (long long)totals->files,
            (long long)totals->converted_files,
            (long long)((totals->cache_bytes + 500000) / 1000000),
            run->options->values[CLI_OPT_CACHE]);
    }
}

void cli_run_summary(cli_run *run)
{
    if (cli_option_is_on(run->options, CLI_OPT_VERBOSE)) {
        print_report(run);
    }
    const char *explain = run->options->values[CLI_OPT_EXPLAIN];
    bool is_run = explain == NULL || strcmp(explain, "analyze") == 0;
    if (!is_run || cli_option_is_on(run->options, CLI_OPT_QUIET)) {
        return;
    }
    nlt_totals totals = run->spark.totals;
    nlt_progress progress = {.bytes_done = run->spark.bytes};
    if (!run->is_spark) {
        nlt_session_totals(run->session, &totals);
        nlt_session_progress(run->session, &progress);
    }
    print_cache(run, &totals);
    double seconds = cli_now_s() - run->start_s;
    (void)fprintf(
        stderr, "netlytics: %lld file%s, ", (long long)totals.files, totals.files == 1 ? "" : "s");
    if (totals.rows >= 0) {
        (void)fprintf(stderr, "%lld row%s, ", (long long)totals.rows, totals.rows == 1 ? "" : "s");
    }
    (void)fprintf(stderr, "%lld rejected, %.2f s, %.0f MB/s, ", (long long)totals.skipped, seconds,
        (double)progress.bytes_done / 1e6 / seconds);
    (void)fprintf(
        stderr, "peak memory %lld MB\n", (long long)((nlt_memory_peak() + 500000) / 1000000));
}

void cli_run_close(cli_run *run)
{
    running = NULL;
    cli_spark_close(run);
    nlt_table_free(run->answer);
    for (int i = 0; i < run->n_inputs; i++) {
        nlt_table_free(run->inputs[i]);
    }
    nlt_session_close(run->session);
    *run = (cli_run){0};
}

/* ---- places to write to ---- */

nlt_status cli_name_flag(const char *flag, nlt_status status, nlt_error *err)
{
    if (status == NLT_ERR_OUTPUT || status == NLT_ERR_ARG) {
        char why[sizeof err->message];
        memcpy(why, err->message, sizeof why);
        (void)snprintf(err->message, sizeof err->message, "--%s: %.960s", flag, why);
    }
    return status;
}

static nlt_status fail_place(const char *flag, const char *path, const char *why, nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "--%s: %s: %s", flag, path, why);
}

nlt_status cli_check_file(const char *flag, const char *path, nlt_error *err)
{
    struct stat info;
    if (nlt_path_is_hdfs(path)) {
        return NLT_OK; /* told when the file is opened, which is before any row is read */
    }
    bool is_link = lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            return fail_place(flag, path, "is a folder, not a file", err);
        }
        if (!S_ISREG(info.st_mode) || is_link) {
            return NLT_OK; /* /dev/null, a pipe, elsewhere: nothing is needed of this folder */
        }
    }
    const char *slash = strrchr(path, '/');
    char *parent = slash == NULL ? cli_text(".")
        : slash == path          ? cli_text("/")
                                 : strndup(path, (size_t)(slash - path));
    if (parent == NULL) {
        return cli_no_memory(err);
    }
    nlt_status status = NLT_OK;
    if (stat(parent, &info) != 0) {
        status = fail_place(flag, parent, strerror(errno), err);
        nlt_error_hint(err, "create the folder first");
    } else if (!S_ISDIR(info.st_mode)) {
        status = fail_place(flag, parent, "is not a folder", err);
    } else if (access(parent, W_OK | X_OK) != 0) {
        status = fail_place(flag, parent, strerror(errno), err);
    } else if (path[0] == '\0' || (slash != NULL && slash[1] == '\0')) {
        status = fail_place(flag, path, "is not a file name", err);
    }
    free(parent);
    return status;
}
