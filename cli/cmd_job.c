/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics job: an algorithm over a dataset, into a folder: its result and report.json. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static const char report_name[] = "report.json";

typedef struct job {
    const char *folder;
    char *result;   /* FOLDER/report.csv, owned */
    char *report;   /* FOLDER/report.json, owned */
    char *params;   /* owned, NULL: defaults */
    size_t made_at; /* length of the topmost folder that this run made; 0: none */
} job;

/* ---- the folder ---- */

static nlt_status check_name(const cli_options *options, const char *path, nlt_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0 || cli_option_is_on(options, CLI_OPT_OVERWRITE)) {
        return NLT_OK;
    }
    nlt_status status = nlt_fail(err, NLT_ERR_OUTPUT, "--output_path: %s exists already", path);
    nlt_error_hint(err, "choose another folder, or give --overwrite to replace it");
    return status;
}

static nlt_status check_folder(const cli_options *options, const job *j, nlt_error *err)
{
    struct stat info;
    if (stat(j->folder, &info) != 0) {
        return errno == ENOENT ? NLT_OK
                               : nlt_fail(err, NLT_ERR_OUTPUT, "--output_path: %s: %s", j->folder,
                                     strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "--output_path: %s is a file, not a folder",
            j->folder);
    }
    if (access(j->folder, W_OK | X_OK) != 0) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "--output_path: %s: %s", j->folder, strerror(errno));
    }
    NLT_TRY(check_name(options, j->result, err));
    return check_name(options, j->report, err);
}

/* Makes `path` up to `len` and remembers the topmost folder made. */
static nlt_status make_one(job *j, char *path, size_t len, nlt_error *err)
{
    char kept = path[len];
    path[len] = '\0';
    nlt_status status = NLT_OK;
    if (mkdir(path, 0777) == 0) {
        j->made_at = j->made_at == 0 ? len : j->made_at;
    } else if (errno != EEXIST) {
        status = nlt_fail(err, NLT_ERR_OUTPUT, "--output_path: %s: %s", path, strerror(errno));
    }
    path[len] = kept;
    return status;
}

static nlt_status make_folder(job *j, nlt_error *err)
{
    char *path = strdup(j->folder);
    if (path == NULL) {
        return cli_no_memory(err);
    }
    nlt_status status = NLT_OK;
    for (size_t len = 1; status == NLT_OK && path[len - 1] != '\0'; len++) {
        if (path[len - 1] != '/' && (path[len] == '/' || path[len] == '\0')) {
            status = make_one(j, path, len, err);
        }
    }
    free(path);
    return status;
}

/* After a failure: the folders that this run made go, if nothing else is in them. */
static void remove_folder(const job *j)
{
    char *path = j->made_at > 0 ? strdup(j->folder) : NULL;
    if (path == NULL) {
        return;
    }
    for (size_t len = strlen(path); len >= j->made_at; len--) {
        if (path[len - 1] != '/' && (path[len] == '/' || path[len] == '\0')) {
            path[len] = '\0';
            (void)rmdir(path);
        }
    }
    free(path);
}

/* ---- the run ---- */

static nlt_status prepare(const cli_options *options, job *j, nlt_error *err)
{
    NLT_TRY(cli_option_require(options, CLI_OPT_CONNECTOR, err));
    NLT_TRY(cli_option_require(options, CLI_OPT_INPUT_PATH, err));
    NLT_TRY(cli_option_require(options, CLI_OPT_ALGO, err));
    bool is_explained = options->values[CLI_OPT_EXPLAIN] != NULL; /* which writes no files */
    if (!is_explained) {
        NLT_TRY(cli_option_require(options, CLI_OPT_OUTPUT_PATH, err));
        NLT_TRY(cli_options_check_places(options, err));
    }
    int index = -1;
    nlt_algorithm_info algo;
    NLT_TRY(nlt_algorithm_find(options->values[CLI_OPT_ALGO], &index, err));
    NLT_TRY(nlt_algorithm_get(index, &algo));
    NLT_TRY(cli_params_json(options, &j->params, err));
    if (is_explained) {
        return NLT_OK;
    }
    j->folder = options->values[CLI_OPT_OUTPUT_PATH];
    j->result = cli_text("%s/%s", j->folder, algo.output);
    j->report = cli_text("%s/%s", j->folder, report_name);
    if (j->result == NULL || j->report == NULL) {
        return cli_no_memory(err);
    }
    return check_folder(options, j, err);
}

static nlt_status write_results(cli_run *run, job *j, int64_t *n_rows, nlt_error *err)
{
    nlt_status status = make_folder(j, err);
    if (status == NLT_OK) {
        status = cli_run_job(run, j->folder, n_rows, err);
    }
    if (status != NLT_OK) {
        remove_folder(j);
    }
    return status;
}

static nlt_status run_job(cli_run *run, const cli_options *options, job *j, int64_t *n_rows,
    nlt_error *err)
{
    NLT_TRY(prepare(options, j, err));
    NLT_TRY(cli_run_open(run, options, err));
    NLT_TRY(nlt_run(run->inputs[0], options->values[CLI_OPT_ALGO], j->params, &run->answer, err));
    return options->values[CLI_OPT_EXPLAIN] != NULL ? cli_run_explain(run, err)
                                                    : write_results(run, j, n_rows, err);
}

nlt_status cli_cmd_job(const cli_options *options, nlt_error *err)
{
    job j = {0};
    cli_run run = {0};
    int64_t n_rows = 0;
    nlt_status status = run_job(&run, options, &j, &n_rows, err);
    if (status == NLT_OK) {
        if (j.result != NULL && !cli_option_is_on(options, CLI_OPT_QUIET)) {
            (void)fprintf(stderr, "netlytics: %s: %lld row%s\n", j.result, (long long)n_rows,
                n_rows == 1 ? "" : "s");
        }
        cli_run_summary(&run);
    }
    cli_run_close(&run);
    free(j.result);
    free(j.report);
    free(j.params);
    return status;
}
