/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics job: an algorithm over a dataset, into a folder: its result and report.json. */

#define _GNU_SOURCE
#include <stdlib.h>

#include "cli.h"

static const char report_name[] = "report.json";

typedef struct job {
    const char *folder;
    const char *names[2]; /* of the result and of the report */
    nlt_folder_options places;
    char *params; /* owned, NULL: defaults */
} job;

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
    j->names[0] = algo.output;
    j->names[1] = report_name;
    j->places = (nlt_folder_options)NLT_FOLDER_OPTIONS_INIT;
    j->places.names = j->names;
    j->places.n_names = 2;
    j->places.is_in_place = true;
    j->places.overwrites = cli_option_is_on(options, CLI_OPT_OVERWRITE);
    return cli_name_flag("output_path", nlt_folder_check(j->folder, &j->places, err), err);
}

static nlt_status write_results(cli_run *run, const job *j, int64_t *n_rows, nlt_error *err)
{
    nlt_folder *folder = NULL;
    NLT_TRY(
        cli_name_flag("output_path", nlt_folder_open(j->folder, &j->places, &folder, err), err));
    nlt_status status = cli_run_job(run, nlt_folder_place(folder), n_rows, err);
    if (status != NLT_OK) {
        nlt_folder_discard(folder, err);
        return status;
    }
    return nlt_folder_commit(folder, err);
}

static nlt_status run_job(
    cli_run *run, const cli_options *options, job *j, int64_t *n_rows, nlt_error *err)
{
    NLT_TRY(prepare(options, j, err));
    NLT_TRY(cli_run_open(run, options, err));
    run->params = j->params;
    if (!run->is_spark) {
        NLT_TRY(
            nlt_run(run->inputs[0], options->values[CLI_OPT_ALGO], j->params, &run->answer, err));
    }
    return options->values[CLI_OPT_EXPLAIN] != NULL ? cli_run_explain(run, err)
                                                    : write_results(run, j, n_rows, err);
}

nlt_status cli_cmd_job(const cli_options *options, nlt_error *err)
{
    job j = {0};
    cli_run run = {0};
    if (cli_option_is_on(options, CLI_OPT_VERIFY)) {
        return cli_verify(options, err);
    }
    int64_t n_rows = 0;
    nlt_status status = run_job(&run, options, &j, &n_rows, err);
    if (status == NLT_OK) {
        if (j.folder != NULL && !cli_option_is_on(options, CLI_OPT_QUIET)) {
            (void)fprintf(stderr, "netlytics: %s/%s: %lld row%s\n", j.folder, j.names[0],
                (long long)n_rows, n_rows == 1 ? "" : "s");
        }
        cli_run_summary(&run);
    }
    cli_run_close(&run);
    free(j.params);
    return status;
}
