/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLI_CLI_H
#define NLT_CLI_CLI_H

/* The program's own vocabulary: commands and flags as data, and what the commands share. */

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "netlytics/netlytics.h"

/* ---- commands ---- */

typedef enum cli_command_id {
    CLI_JOB = 0,
    CLI_QUERY,
    CLI_PROBE,
    CLI_CONNECTORS,
    CLI_ALGOS,
    CLI_SCHEMA,
    CLI_FUNCTIONS,
    CLI_COMPLETION,
    CLI_COMMAND_COUNT
} cli_command_id;

typedef struct cli_options cli_options;

enum { CLI_ANY_WORDS = INT_MAX };

typedef struct cli_command {
    cli_command_id id;
    const char *name;
    const char *summary;
    const char *usage;       /* behind "netlytics NAME" */
    const char *about;       /* what --help says below the usage; lines end with \n */
    const char *examples[2]; /* command lines that work; NULL: none */
    const char *words;       /* of its positional argument, separated by '|'; NULL: any text */
    int max_words;           /* positional arguments it takes; CLI_ANY_WORDS: names of files */
    nlt_status (*run)(const cli_options *options, nlt_error *err);
} cli_command;

extern const cli_command cli_commands[CLI_COMMAND_COUNT];

nlt_status cli_cmd_job(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_query(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_probe(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_connectors(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_algos(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_schema(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_functions(const cli_options *options, nlt_error *err);
nlt_status cli_cmd_completion(const cli_options *options, nlt_error *err);

/* ---- flags ---- */

typedef enum cli_option {
    CLI_OPT_CONNECTOR = 0,
    CLI_OPT_INPUT_PATH,
    CLI_OPT_TABLE,
    CLI_OPT_COLUMNS,
    CLI_OPT_START_DAY,
    CLI_OPT_END_DAY,
    CLI_OPT_FILTER_ROWS,
    CLI_OPT_TIMEZONE,
    CLI_OPT_ASN,
    CLI_OPT_ASN_NAMES,
    CLI_OPT_MAX_BAD_FRACTION,
    CLI_OPT_STRICT_DAYS,
    CLI_OPT_STRICT_FILES,
    CLI_OPT_ALGO,
    CLI_OPT_PARAMS,
    CLI_OPT_PARAMETER,
    CLI_OPT_QUERY,
    CLI_OPT_DIALECT,
    CLI_OPT_EXPLAIN,
    CLI_OPT_OUTPUT_PATH,
    CLI_OPT_OVERWRITE,
    CLI_OPT_OUTPUT,
    CLI_OPT_OUTPUT_FILE_LOCAL,
    CLI_OPT_OUTPUT_FILE_HDFS,
    CLI_OPT_FORMAT,
    CLI_OPT_PARTITION_BY,
    CLI_OPT_FOLLOW,
    CLI_OPT_EVERY,
    CLI_OPT_REPORT_JSON,
    CLI_OPT_ENGINE,
    CLI_OPT_MASTER,
    CLI_OPT_VERIFY,
    CLI_OPT_THREADS,
    CLI_OPT_MEMORY,
    CLI_OPT_TEMP_DIR_LOCAL,
    CLI_OPT_CACHE,
    CLI_OPT_TEMP_LIMIT,
    CLI_OPT_PROGRESS,
    CLI_OPT_VERBOSE,
    CLI_OPT_QUIET,
    CLI_OPT_TEMP_DIR_HDFS,
    CLI_OPT_PERSISTENT_DIR_LOCAL,
    CLI_OPT_PERSISTENT_DIR_HDFS,
    CLI_OPT_HELP,
    CLI_OPT_COUNT
} cli_option;

typedef enum cli_group {
    CLI_GROUP_INPUT = 0,
    CLI_GROUP_WORK,
    CLI_GROUP_OUTPUT,
    CLI_GROUP_RUNNING,
    CLI_GROUP_IGNORED, /* documented, without effect in this version */
    CLI_GROUP_COUNT
} cli_group;

typedef struct cli_flag {
    cli_option id;
    const char *name;  /* without "--" */
    char letter;       /* short form; 0: none */
    const char *value; /* name of the value in help; "[...]": may be left out; NULL: a switch */
    cli_group group;
    unsigned commands; /* bit i: command i takes it */
    const char *words; /* all values it may have, separated by '|'; NULL: any */
    const char *help;
} cli_flag;

enum { CLI_FLAGS_MAX = 64, CLI_PARAMETERS_MAX = 64, CLI_TABLES_MAX = 32 };

extern const cli_flag cli_flags[];
extern const int cli_n_flags;
extern const char *const cli_group_titles[CLI_GROUP_COUNT];

struct cli_options {
    const cli_command *command;
    const char *values[CLI_OPT_COUNT];          /* as given; switches: "true"; NULL: not given */
    const char *parameters[CLI_PARAMETERS_MAX]; /* the -p KEY=VALUE in order */
    int n_parameters;
    const char *tables[CLI_TABLES_MAX]; /* the --table NAME=CONNECTOR:PATH in order */
    int n_tables;
    char **words; /* positional arguments */
    int n_words;
};

static inline bool cli_takes(const cli_flag *flag, cli_command_id command)
{
    return ((flag->commands >> command) & 1u) != 0;
}

/* Reads the arguments behind the command's name; `options` borrows them. Positional ones are moved
 * to the front of `argv`. NLT_ERR_ARG. */
nlt_status cli_options_parse(const cli_command *command, int argc, char **argv,
    cli_options *options, nlt_error *err) NLT_MUST_CHECK;

/* NLT_ERR_ARG naming the flag if it was not given. */
nlt_status cli_option_require(
    const cli_options *options, cli_option id, nlt_error *err) NLT_MUST_CHECK;
bool cli_option_is_on(const cli_options *options, cli_option id);
/* Typed values; `*out` is left alone if the flag was not given. NLT_ERR_ARG. */
nlt_status cli_option_count(
    const cli_options *options, cli_option id, int *out, nlt_error *err) NLT_MUST_CHECK;
nlt_status cli_option_fraction(
    const cli_options *options, cli_option id, double *out, nlt_error *err) NLT_MUST_CHECK;
nlt_status cli_option_size(
    const cli_options *options, cli_option id, int64_t *out, nlt_error *err) NLT_MUST_CHECK;

/* --params and -p as one JSON object: `*out` is NULL if neither was given, else owned: free(). */
nlt_status cli_params_json(const cli_options *options, char **out, nlt_error *err) NLT_MUST_CHECK;

/* NLT_ERR_ARG if a flag of local places names one on HDFS, or the other way round. */
nlt_status cli_options_check_places(const cli_options *options, nlt_error *err) NLT_MUST_CHECK;

/* Length of the first word of "a|b|c"; `*words` moves behind it, and to NULL at the end. */
size_t cli_next_word(const char **words, const char **word);

/* ---- talking ---- */

void cli_print_error(const nlt_error *err);
void cli_print_warning(const char *message);
/* Flushes standard output. A reader that went away is no failure. NLT_ERR_OUTPUT. */
nlt_status cli_flush(nlt_error *err) NLT_MUST_CHECK;
/* `text` as a JSON string with its quotes; NULL gives null. */
void cli_print_json(FILE *out, const char *text);
/* As printf into new memory, owned: free(); NULL when memory is short. */
char *cli_text(const char *format, ...) NLT_PRINTF(1, 2) NLT_MUST_CHECK;
nlt_status cli_no_memory(nlt_error *err);

void cli_help_program(FILE *out);
void cli_help_command(FILE *out, const cli_command *command);

/* ---- running ---- */

/* The progress line and the thread that draws it. */
typedef struct cli_progress {
    const nlt_session *session; /* borrowed; NULL: `told` is shown */
    nlt_progress told;          /* cli_progress_set */
    bool is_running;            /* there is a thread */
    bool is_terminal;
    bool must_stop;
    bool is_drawn;
    struct timespec start;
    pthread_mutex_t lock; /* guards must_stop and the line */
    pthread_cond_t wake;
    pthread_t thread;
} cli_progress;

/* Starts to show how far `session` is, if that is wanted; cli_progress_stop ends it. */
void cli_progress_start(cli_progress *progress, const nlt_session *session,
    const cli_options *options, bool is_stdout_busy);
/* How far it is, where there is no session; rows -1: not known. */
void cli_progress_set(cli_progress *progress, const nlt_progress *state);
/* Takes the line away so that something else can be printed. */
void cli_progress_clear(cli_progress *progress);
void cli_progress_stop(cli_progress *progress);

/* What a job on Spark has told. */
typedef struct cli_spark {
    char *package; /* folder of the Python package; owned */
    char *report;  /* report.json; owned */
    nlt_totals totals;
    int64_t bytes;
} cli_spark;

typedef struct cli_run {
    const cli_options *options;
    bool is_spark; /* --engine spark: there is no session */
    cli_spark spark;
    const char *params;                    /* of a job; NULL: defaults; borrowed */
    nlt_session *session;                  /* owned */
    nlt_table *inputs[CLI_TABLES_MAX + 1]; /* owned; that of --connector first, if it is given */
    int n_inputs;
    nlt_table *answer; /* owned */
    cli_progress progress;
    double start_s;
    char persistent_dir[NLT_PATH_BYTES]; /* on HDFS, as it is reached */
} cli_run;

/* Puts a connector's name where the request says "auto". The request borrows from the choice, which
 * is to be cleared. NLT_ERR_ARG, NLT_ERR_NO_ROWS. */
nlt_status cli_choose_connector(const cli_options *options, nlt_dataset_request *request,
    nlt_probe_choice *choice, nlt_error *err) NLT_MUST_CHECK;

/* Opens a session; the request of --connector, which borrows from the options. On failure, too:
 * cli_run_close(). */
nlt_status cli_run_session(cli_run *run, const cli_options *options, nlt_dataset_request *request,
    nlt_error *err) NLT_MUST_CHECK;
/* query --follow: returns when nobody reads standard output any more; NLT_ERR_CANCELLED. */
nlt_status cli_follow(cli_run *run, const cli_options *options, const char *format,
    const char *path, nlt_error *err) NLT_MUST_CHECK;
/* From now on signals stop what runs. */
void cli_catch_signals(void);
/* NLT_ERR_CANCELLED after a signal. */
nlt_status cli_check_signals(nlt_error *err) NLT_MUST_CHECK;
double cli_now_s(void); /* monotonic */
/* Opens a session and names the datasets of the flags. On failure, too: cli_run_close(). */
nlt_status cli_run_open(cli_run *run, const cli_options *options, nlt_error *err) NLT_MUST_CHECK;
/* --explain: prints the plan of the answer; with analyze, runs it before. */
nlt_status cli_run_explain(cli_run *run, nlt_error *err) NLT_MUST_CHECK;
/* Runs the plan behind run->answer into `path` ("-": standard output). */
nlt_status cli_run_write(cli_run *run, const char *format, const char *path, int64_t *n_rows,
    nlt_error *err) NLT_MUST_CHECK;
/* Runs the job behind run->answer into a folder that exists. */
nlt_status cli_run_job(
    cli_run *run, const char *folder, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;
nlt_status cli_run_write_folder(
    cli_run *run, const char *partition_by, const char *path, nlt_error *err) NLT_MUST_CHECK;
nlt_status cli_run_report(cli_run *run, const char *path, nlt_error *err) NLT_MUST_CHECK;
/* The closing line: files, rows, rejected, seconds, MB/s, peak memory. */
void cli_run_summary(cli_run *run);
void cli_run_close(cli_run *run);

/* ---- spark.c: the same by way of spark-submit; cli_run_... call these ---- */

bool cli_is_spark(const cli_options *options);
/* On failure, too: cli_run_close(). */
nlt_status cli_spark_open(cli_run *run, const cli_options *options, nlt_error *err) NLT_MUST_CHECK;
nlt_status cli_spark_write(cli_run *run, const char *format, const char *path, int64_t *n_rows,
    nlt_error *err) NLT_MUST_CHECK;
nlt_status cli_spark_job(
    cli_run *run, const char *folder, int64_t *n_rows, nlt_error *err) NLT_MUST_CHECK;
void cli_spark_close(cli_run *run);
/* verify.c: --verify; runs the command over a sample on both engines. NLT_ERR_INTERNAL: they differ. */
nlt_status cli_verify(const cli_options *options, nlt_error *err) NLT_MUST_CHECK;

/* ---- places to write to ---- */

/* Names the flag in a failure to write. */
nlt_status cli_name_flag(const char *flag, nlt_status status, nlt_error *err) NLT_MUST_CHECK;
/* A file below an existing folder. NLT_ERR_OUTPUT names the flag and says why not. */
nlt_status cli_check_file(const char *flag, const char *path, nlt_error *err) NLT_MUST_CHECK;

#endif
