/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics query: one SELECT over datasets, or none, to one place. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* Where the answer goes, and how it is written. */
typedef struct target {
    const char *flag; /* NULL: standard output */
    const char *path;
    const char *format;
    const char *partition_by; /* then `path` is a folder */
    bool is_parts;            /* `path` is a folder of parts on HDFS, `room` */
    char room[NLT_PATH_BYTES];
} target;

typedef struct suffix {
    const char *suffix, *format;
} suffix;

static const suffix suffixes[] = {
    {".csv", "csv"},
    {".ndjson", "ndjson"},
    {".jsonl", "ndjson"},
    {".json", "json"},
    {".txt", "table"},
    {".parquet", "parquet"},
    {".arrow", "arrow"},
    {".arrows", "arrow"},
};

static nlt_status format_of_suffix(const char *path, const char **format, nlt_error *err)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t suffix_len = strlen(suffixes[i].suffix);
        if (len > suffix_len && strcmp(path + len - suffix_len, suffixes[i].suffix) == 0) {
            *format = suffixes[i].format;
            return NLT_OK;
        }
    }
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "--output: \"%s\" has no known suffix", path);
    nlt_error_hint(err, "use .csv, .ndjson, .json, .txt, .parquet or .arrow, or say --format");
    return status;
}

static bool is_binary(const char *format)
{
    return strcmp(format, "parquet") == 0 || strcmp(format, "arrow") == 0;
}

/* With --partition_by: Parquet below --output. */
static nlt_status choose_folder(const char *named, target *out, nlt_error *err)
{
    if (named == NULL || strcmp(named, "-") == 0 || named[0] == '\0') {
        nlt_fail(err, NLT_ERR_ARG, "--partition_by needs --output DIR");
        nlt_error_hint(err, "each value of the column becomes a folder in DIR");
        return NLT_ERR_ARG;
    }
    if (out->format != NULL && strcmp(out->format, "parquet") != 0) {
        nlt_fail(err, NLT_ERR_ARG, "--partition_by writes parquet, not --format %s", out->format);
        nlt_error_hint(err, "leave out --format, or give --format parquet");
        return NLT_ERR_ARG;
    }
    out->flag = "output";
    out->path = named;
    out->format = "parquet";
    return NLT_OK;
}

/* The names in a folder of --output_file_HDFS; the last says that it is whole. */
static const char *const part_names[] = {"part-*", "_report.json", "_SUCCESS"};

static nlt_folder_options parts_options(const cli_options *options)
{
    nlt_folder_options places = NLT_FOLDER_OPTIONS_INIT;
    places.names = part_names;
    places.n_names = sizeof part_names / sizeof part_names[0];
    places.overwrites = cli_option_is_on(options, CLI_OPT_OVERWRITE);
    places.is_whole = true;
    return places;
}

static nlt_status choose_parts(
    const cli_options *options, const char *hdfs, target *out, nlt_error *err)
{
    if (cli_option_is_on(options, CLI_OPT_FOLLOW)) {
        return nlt_fail(err, NLT_ERR_ARG, "--output_file_HDFS: not with --follow");
    }
    out->flag = "output_file_HDFS";
    out->path = out->room;
    out->is_parts = true;
    out->format = out->format != NULL ? out->format : "csv";
    return nlt_path_to_hdfs(hdfs, out->room, sizeof out->room, err);
}

/* At most one output flag, checked before anything is read. */
static nlt_status choose_target(const cli_options *options, target *out, nlt_error *err)
{
    const char *named = options->values[CLI_OPT_OUTPUT];
    const char *local = options->values[CLI_OPT_OUTPUT_FILE_LOCAL];
    const char *hdfs = options->values[CLI_OPT_OUTPUT_FILE_HDFS];
    if ((named != NULL) + (local != NULL) + (hdfs != NULL) > 1) {
        nlt_status status = nlt_fail(err, NLT_ERR_ARG, "more than one output flag");
        nlt_error_hint(err, "give one of --output, --output_file_local, --output_file_HDFS");
        return status;
    }
    NLT_TRY(cli_options_check_places(options, err));
    out->path = "-";
    out->format = options->values[CLI_OPT_FORMAT];
    out->partition_by = options->values[CLI_OPT_PARTITION_BY];
    if (out->partition_by != NULL) {
        return choose_folder(named, out, err);
    }
    if (hdfs != NULL) {
        return choose_parts(options, hdfs, out, err);
    }
    if (local != NULL) {
        out->flag = "output_file_local";
        out->path = local;
        out->format = out->format != NULL ? out->format : "csv";
    } else if (named != NULL && strcmp(named, "-") != 0) {
        out->flag = "output";
        out->path = named;
        return out->format != NULL ? NLT_OK : format_of_suffix(named, &out->format, err);
    } else if (out->format == NULL) {
        out->format = isatty(STDOUT_FILENO) ? "table" : "csv";
    } else if (isatty(STDOUT_FILENO) && is_binary(out->format)) {
        nlt_status status =
            nlt_fail(err, NLT_ERR_ARG, "--format: %s is not for a terminal", out->format);
        nlt_error_hint(err, "give --output FILE, or send standard output to a file or a pipe");
        return status;
    }
    return NLT_OK;
}

/* A local folder that is to be made: in one that is there. */
static nlt_status check_above(const target *to, nlt_error *err)
{
    struct stat info;
    if (nlt_path_is_hdfs(to->path) || stat(to->path, &info) == 0) {
        return NLT_OK;
    }
    size_t len = strlen(to->path);
    while (len > 1 && to->path[len - 1] == '/') {
        len--;
    }
    char *path = strndup(to->path, len);
    nlt_status status = path != NULL ? cli_check_file(to->flag, path, err) : cli_no_memory(err);
    free(path);
    return status;
}

/* The names that the run would write: "COLUMN=...", in any case of letters, and the report. */
static nlt_status check_folder(const cli_options *options, const target *to, nlt_error *err)
{
    enum { NAME_MAX_BYTES = 256 };
    char pattern[4 * NAME_MAX_BYTES + 3];
    size_t n = 0;
    size_t len = strncmp(to->partition_by, "day(", 4) == 0 ? 3 : strlen(to->partition_by);
    for (size_t i = 0; i < len && i < NAME_MAX_BYTES; i++) {
        char c = to->partition_by[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        pattern[n++] = is_letter ? '[' : '\\';
        pattern[n++] = c;
        if (is_letter) {
            pattern[n++] = (char)(c ^ 0x20);
            pattern[n++] = ']';
        }
    }
    memcpy(pattern + n, "=*", sizeof "=*");
    const char *names[] = {pattern, "_report.json"};
    nlt_folder_options places = NLT_FOLDER_OPTIONS_INIT;
    places.names = names;
    places.n_names = 2;
    places.overwrites = cli_option_is_on(options, CLI_OPT_OVERWRITE);
    NLT_TRY(check_above(to, err));
    return nlt_folder_check(to->path, &places, err);
}

/* Names of tables, before any of them is looked for. */
static nlt_status check_tables(const cli_options *options, nlt_error *err)
{
    char names[CLI_TABLES_MAX][sizeof(((nlt_table_spec *)0)->name)];
    for (int i = 0; i < options->n_tables; i++) {
        nlt_table_spec spec;
        NLT_TRY(nlt_table_spec_parse(options->tables[i], &spec, err));
        memcpy(names[i], spec.name, sizeof spec.name);
        bool is_taken =
            options->values[CLI_OPT_CONNECTOR] != NULL && strcasecmp(spec.name, "netlytics") == 0;
        for (int j = 0; j < i; j++) {
            is_taken |= strcasecmp(spec.name, names[j]) == 0;
        }
        if (is_taken) {
            nlt_fail(err, NLT_ERR_ARG, "--table: two tables are called \"%s\"", spec.name);
            nlt_error_hint(err, "the table of --connector is called netlytics");
            return NLT_ERR_ARG;
        }
    }
    return NLT_OK;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a;
    struct stat of_b;
    return strcmp(a, b) == 0
        || (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && S_ISREG(of_a.st_mode)
            && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino);
}

static nlt_status check_report(const char *report, const target *to, nlt_error *err)
{
    if (to->flag != NULL && is_same_file(report, to->path)) {
        return nlt_fail(
            err, NLT_ERR_ARG, "--report_json: \"%s\" is the file of --%s, too", report, to->flag);
    }
    return cli_check_file("report_json", report, err);
}

static nlt_status check_query(const cli_options *options, target *out, nlt_error *err)
{
    if (options->values[CLI_OPT_CONNECTOR] != NULL || options->values[CLI_OPT_INPUT_PATH] != NULL) {
        NLT_TRY(cli_option_require(options, CLI_OPT_CONNECTOR, err));
        NLT_TRY(cli_option_require(options, CLI_OPT_INPUT_PATH, err));
    }
    NLT_TRY(cli_option_require(options, CLI_OPT_QUERY, err));
    NLT_TRY(check_tables(options, err));
    NLT_TRY(choose_target(options, out, err));
    if (out->is_parts) {
        const nlt_folder_options places = parts_options(options);
        NLT_TRY(cli_name_flag(out->flag, nlt_folder_check(out->path, &places, err), err));
    } else if (out->flag != NULL) {
        NLT_TRY(out->partition_by != NULL ? check_folder(options, out, err)
                                          : cli_check_file(out->flag, out->path, err));
    }
    const char *report = options->values[CLI_OPT_REPORT_JSON];
    return report != NULL ? check_report(report, out, err) : NLT_OK;
}

/* True if the query speaks of the table of --connector, which was forgotten. */
static bool lacks_table(const cli_options *options, const nlt_error *err)
{
    return options->values[CLI_OPT_CONNECTOR] == NULL
        && (strstr(err->message, "Table with name netlytics does not exist") != NULL
            || strstr(err->message, "there is no table netlytics") != NULL);
}

static const char *suffix_of(const char *format)
{
    size_t i = 0;
    while (strcmp(suffixes[i].format, format) != 0) {
        i++; /* every format has one */
    }
    return suffixes[i].suffix;
}

static nlt_status write_parts_into(
    cli_run *run, const target *to, const char *place, nlt_error *err)
{
    char *part = cli_text("%s/part-00000%s", place, suffix_of(to->format));
    char *report = cli_text("%s/_report.json", place);
    char *success = cli_text("%s/_SUCCESS", place);
    nlt_status status =
        part != NULL && report != NULL && success != NULL ? NLT_OK : cli_no_memory(err);
    if (status == NLT_OK) {
        status = cli_run_write(run, to->format, part, NULL, err);
    }
    if (status == NLT_OK) {
        status = cli_run_report(run, report, err);
    }
    if (status == NLT_OK) {
        status = nlt_file_write(success, "", err);
    }
    free(part);
    free(report);
    free(success);
    return status;
}

static nlt_status write_parts(cli_run *run, const target *to, nlt_error *err)
{
    const nlt_folder_options places = parts_options(run->options);
    nlt_folder *folder = NULL;
    NLT_TRY(cli_name_flag(to->flag, nlt_folder_open(to->path, &places, &folder, err), err));
    nlt_status status = write_parts_into(run, to, nlt_folder_place(folder), err);
    if (status != NLT_OK) {
        nlt_folder_discard(folder, err);
        return status;
    }
    return nlt_folder_commit(folder, err);
}

static nlt_status write_answer(cli_run *run, const target *to, nlt_error *err)
{
    return to->is_parts            ? write_parts(run, to, err)
        : to->partition_by != NULL ? cli_run_write_folder(run, to->partition_by, to->path, err)
                                   : cli_run_write(run, to->format, to->path, NULL, err);
}

static nlt_status answer_query(
    cli_run *run, const cli_options *options, const target *to, nlt_error *err)
{
    if (cli_option_is_on(options, CLI_OPT_FOLLOW)) {
        return cli_follow(run, options, to->format, to->path, err);
    }
    NLT_TRY(cli_run_open(run, options, err));
    nlt_status asked = run->is_spark ? NLT_OK
                                     : nlt_query(run->session, run->inputs, run->n_inputs,
                                         options->values[CLI_OPT_QUERY], &run->answer, err);
    if (asked == NLT_ERR_SQL && lacks_table(options, err)) {
        return cli_option_require(options, CLI_OPT_CONNECTOR, err);
    }
    NLT_TRY(asked);
    if (options->values[CLI_OPT_EXPLAIN] != NULL) {
        return cli_run_explain(run, err);
    }
    NLT_TRY(write_answer(run, to, err));
    const char *report = options->values[CLI_OPT_REPORT_JSON];
    if (report == NULL) {
        return NLT_OK;
    }
    nlt_status status = cli_run_report(run, report, err);
    if (status != NLT_OK && to->flag != NULL && to->partition_by == NULL && !to->is_parts) {
        (void)(nlt_file_remove(to->path, NULL) == NLT_OK); /* if that can be */
    }
    return status;
}

nlt_status cli_cmd_query(const cli_options *options, nlt_error *err)
{
    target to = {0};
    if (cli_option_is_on(options, CLI_OPT_VERIFY)) {
        return cli_verify(options, err);
    }
    NLT_TRY(check_query(options, &to, err));
    cli_run run = {0};
    nlt_status status = answer_query(&run, options, &to, err);
    if (status == NLT_OK && !cli_option_is_on(options, CLI_OPT_FOLLOW)) {
        cli_run_summary(&run);
    }
    cli_run_close(&run);
    return status;
}
