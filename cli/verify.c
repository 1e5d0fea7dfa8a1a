/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --verify: the user's own query or job over a sample, one file of the input, on both engines. Nothing
 * is written but to a private folder, which goes. */

#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli.h"

enum { SHOWN = 200 };

typedef struct verify {
    const cli_options *options;
    char *folder;       /* private; owned */
    char *sample;       /* owned */
    char *params;       /* of a job; owned */
    const char *output; /* of a job: the name of its answer */
} verify;

/* ---- the sample ---- */

/* The last of the files that the request finds; those it is read with lie beside it. */
static nlt_status find_sample(verify *v, cli_run *run, nlt_error *err)
{
    char *text = NULL;
    NLT_TRY(nlt_table_explain(run->inputs[0], NLT_EXPLAIN_JSON | NLT_EXPLAIN_SPLITS, &text, err));
    json_t *plan = json_loads(text, 0, NULL);
    nlt_text_free(text);
    const json_t *node = json_array_get(json_object_get(plan, "nodes"), 0);
    const json_t *splits = json_object_get(json_object_get(node, "dataset"), "splits");
    size_t n = json_array_size(splits);
    const char *path =
        json_string_value(json_object_get(json_array_get(splits, n > 0 ? n - 1 : 0), "file"));
    v->sample = path != NULL ? strdup(path) : NULL;
    json_decref(plan);
    return v->sample != NULL
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_NOT_FOUND, "--verify: the input has no file to take as a sample");
}

static nlt_status choose_sample(verify *v, nlt_error *err)
{
    cli_run run = {0};
    cli_options options = *v->options;
    options.values[CLI_OPT_ENGINE] = NULL;
    nlt_status status = cli_option_require(&options, CLI_OPT_CONNECTOR, err);
    if (status == NLT_OK) {
        status = cli_run_open(&run, &options, err);
    }
    if (status == NLT_OK) {
        status = find_sample(v, &run, err);
    }
    cli_run_close(&run);
    return status;
}

/* ---- one engine ---- */

static nlt_status answer(verify *v, cli_run *run, const char *name, nlt_error *err)
{
    bool is_job = v->options->command->id == CLI_JOB;
    if (!run->is_spark) {
        NLT_TRY(is_job ? nlt_run(
                    run->inputs[0], v->options->values[CLI_OPT_ALGO], v->params, &run->answer, err)
                       : nlt_query(run->session, run->inputs, run->n_inputs,
                           v->options->values[CLI_OPT_QUERY], &run->answer, err));
    }
    char *path = cli_text("%s/%s", v->folder, name);
    if (path == NULL) {
        return cli_no_memory(err);
    }
    run->params = v->params;
    nlt_status status = NLT_OK;
    if (is_job) {
        status = mkdir(path, 0700) == 0
            ? cli_run_job(run, path, NULL, err)
            : nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
    } else {
        status = cli_run_write(run, "csv", path, NULL, err);
    }
    free(path);
    return status;
}

static nlt_status run_engine(verify *v, const char *engine, nlt_error *err)
{
    cli_run run = {0};
    cli_options options = *v->options;
    options.values[CLI_OPT_ENGINE] = engine;
    options.values[CLI_OPT_INPUT_PATH] = v->sample;
    options.values[CLI_OPT_TEMP_DIR_LOCAL] = NULL;       /* copies of states go to the folder */
    options.values[CLI_OPT_PERSISTENT_DIR_LOCAL] = NULL; /* and none is replaced */
    options.values[CLI_OPT_PERSISTENT_DIR_HDFS] = NULL;
    nlt_status status = cli_run_open(&run, &options, err);
    if (status == NLT_OK) {
        status = answer(v, &run, engine, err);
    }
    cli_run_close(&run);
    return status;
}

/* ---- comparing ---- */

typedef struct lines {
    char *text;   /* owned */
    char **items; /* owned; each without its newline */
    size_t n;
} lines;

static void clear_lines(lines *l)
{
    free(l->text);
    free(l->items);
}

static nlt_status read_lines(verify *v, const char *engine, lines *out, nlt_error *err)
{
    char *path = v->output != NULL ? cli_text("%s/%s/%s", v->folder, engine, v->output)
                                   : cli_text("%s/%s", v->folder, engine);
    FILE *in = path != NULL ? fopen(path, "r") : NULL;
    size_t size = 0;
    nlt_status status = in != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_IO, "%s cannot be read", path);
    if (status == NLT_OK && getdelim(&out->text, &size, '\0', in) < 0) {
        status = nlt_fail(err, NLT_ERR_IO, "%s cannot be read", path);
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    free(path);
    NLT_TRY(status);
    size_t cap = 1;
    for (const char *at = out->text; *at != '\0'; at++) {
        cap += *at == '\n';
    }
    out->items = calloc(cap, sizeof *out->items);
    if (out->items == NULL) {
        return cli_no_memory(err);
    }
    char *rest = out->text;
    for (char *line = strsep(&rest, "\n"); line != NULL && rest != NULL;
         line = strsep(&rest, "\n")) {
        out->items[out->n++] = line;
    }
    return NLT_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The first line in which they differ; *is_same if there is none. */
static nlt_status compare(const lines *a, const lines *b, bool *is_same, nlt_error *err)
{
    size_t i = 0;
    while (i < a->n && i < b->n && strcmp(a->items[i], b->items[i]) == 0) {
        i++;
    }
    *is_same = i == a->n && i == b->n;
    return *is_same
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_INTERNAL,
            "--verify: the engines differ in line %zu\nduckdb: %.*s\nspark:  %.*s", i + 1, SHOWN,
            i < a->n ? a->items[i] : "(none)", SHOWN, i < b->n ? b->items[i] : "(none)");
}

static nlt_status compare_answers(verify *v, lines *a, lines *b, nlt_error *err)
{
    bool is_same = false;
    NLT_TRY(read_lines(v, "duckdb", a, err));
    NLT_TRY(read_lines(v, "spark", b, err));
    nlt_status status = compare(a, b, &is_same, err);
    bool is_query = v->options->command->id == CLI_QUERY;
    if (!is_same && is_query && a->n > 1 && b->n > 1) { /* rows have an order if it says one */
        qsort(a->items + 1, a->n - 1, sizeof *a->items, by_bytes);
        qsort(b->items + 1, b->n - 1, sizeof *b->items, by_bytes);
        status = compare(a, b, &is_same, err);
    }
    if (status == NLT_OK) {
        (void)fprintf(stderr, "netlytics: both engines give the same %zu row%s for %s\n", a->n - 1,
            a->n == 2 ? "" : "s", v->sample);
    }
    return status;
}

/* ---- all of it ---- */

static nlt_status prepare(verify *v, nlt_error *err)
{
    const char *base = getenv("TMPDIR");
    if (v->options->command->id == CLI_JOB) {
        int index = -1;
        nlt_algorithm_info algo;
        NLT_TRY(cli_option_require(v->options, CLI_OPT_ALGO, err));
        NLT_TRY(nlt_algorithm_find(v->options->values[CLI_OPT_ALGO], &index, err));
        NLT_TRY(nlt_algorithm_get(index, &algo));
        NLT_TRY(cli_params_json(v->options, &v->params, err));
        v->output = algo.output;
    } else {
        NLT_TRY(cli_option_require(v->options, CLI_OPT_QUERY, err));
    }
    v->folder = cli_text("%s/netlytics-XXXXXX", base != NULL && base[0] != '\0' ? base : "/tmp");
    return v->folder != NULL && mkdtemp(v->folder) != NULL
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_OUTPUT, "no temporary folder: %s", strerror(errno));
}

static nlt_status verify_all(verify *v, nlt_error *err)
{
    lines a = {NULL, NULL, 0};
    lines b = {NULL, NULL, 0};
    NLT_TRY(prepare(v, err));
    NLT_TRY(choose_sample(v, err));
    NLT_TRY(run_engine(v, "duckdb", err));
    NLT_TRY(run_engine(v, "spark", err));
    nlt_status status = compare_answers(v, &a, &b, err);
    clear_lines(&a);
    clear_lines(&b);
    return status;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

nlt_status cli_verify(const cli_options *options, nlt_error *err)
{
    verify v = {.options = options};
    nlt_status status = verify_all(&v, err);
    if (v.folder != NULL) {
        (void)nftw(v.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    free(v.folder);
    free(v.sample);
    free(v.params);
    return status;
}
