/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: finds the command in a table, reads its flags, runs it, turns what happened into a
 * message and an exit code. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define SQUID_FLOWS "-c squid:flows -i logs/squid -s 2017_03_01 -e 2017_03_31"

const cli_command cli_commands[CLI_COMMAND_COUNT] = {
    [CLI_JOB] = {CLI_JOB, "job", "run an algorithm over logs, results into a folder",
        "--connector NAME --input_path PATH [--start_day DAY] [--end_day DAY]\n"
        "                     --algo NAME [--params JSON] --output_path DIR [FLAGS]",
        "Reads the logs of some days as a table, runs an algorithm over it and writes its result\n"
        "and report.json (what became of every line) into a folder.\n",
        {"netlytics job " SQUID_FLOWS " \\\n"
         "      --algo domain_traffic -p N=40 -o results_DOMAIN_TRAFFIC",
            "netlytics job -c squid:http -i logs/squid --algo save_dataframe -o table_HTTP"},
        NULL, 0, cli_cmd_job},
    [CLI_QUERY] = {CLI_QUERY, "query", "run one SELECT over logs, result to a file or here",
        "--connector NAME --input_path PATH [--start_day DAY] [--end_day DAY]\n"
        "                       [--table NAME=CONNECTOR:PATH]... --query SQL\n"
        "                       [--output FILE | --output_file_local FILE] [FLAGS]",
        "Reads the logs of some days as a table called netlytics and answers one SELECT over it.\n"
        "Without an output flag the answer goes to standard output.\n",
        {"netlytics query " SQUID_FLOWS " \\\n"
         "      -q \"SELECT name, SUM(s_bytes) FROM netlytics GROUP BY name\" -o traffic.csv",
            "netlytics query -c squid:http -i logs/squid -q \"SELECT method, COUNT(*) AS n\n"
            "      FROM netlytics GROUP BY method ORDER BY n DESC\" --format json"},
        NULL, 0, cli_cmd_query},
    [CLI_PROBE] = {CLI_PROBE, "probe", "tell what files are and how to read them",
        "FILE... [--format json]",
        "Looks at the first bytes of files (- for standard input) and below base folders: which tool\n"
        "wrote them, in which format, what feeds the columns of the table, which lines of the sample\n"
        "are rejected, and the command that reads them.\n",
        {"netlytics probe logs/squid",
            "netlytics probe logs/squid/access.log-20170301 --format json"},
        NULL, CLI_ANY_WORDS, cli_cmd_probe},
    [CLI_CONNECTORS] = {CLI_CONNECTORS, "connectors", "list what can be read", "[--format json]",
        "Lists the connectors: class name, alias, table they make, files they look for.\n",
        {"netlytics connectors", "netlytics connectors --format json"}, NULL, 0,
        cli_cmd_connectors},
    [CLI_ALGOS] = {CLI_ALGOS, "algos", "list what can be run, with its parameters",
        "[--format json]",
        "Lists the algorithms: class name, alias, table they need, parameters.\n",
        {"netlytics algos", "netlytics algos --format json"}, NULL, 0, cli_cmd_algos},
    [CLI_SCHEMA] = {CLI_SCHEMA, "schema", "list the columns of the tables",
        "[TABLE] [--format json]",
        "Lists the columns of the Data Tables (DNS, HTTP, NamedFlows), or of one of them.\n",
        {"netlytics schema NamedFlows", "netlytics schema --format json"}, NULL, 1, cli_cmd_schema},
    [CLI_FUNCTIONS] = {CLI_FUNCTIONS, "functions", "list the functions of queries",
        "[TEXT] [--format json]",
        "Lists the functions of Spark's dialect, with what they give or why they are refused, or\n"
        "those whose names hold a text. --dialect duckdb has DuckDB's instead; those of addresses\n"
        "and names are in both.\n",
        {"netlytics functions regexp", "netlytics functions --format json"}, NULL, 1,
        cli_cmd_functions},
    [CLI_COMPLETION] = {CLI_COMPLETION, "completion", "print completions for a shell",
        "bash|zsh|fish",
        "Prints a script that completes commands, flags and their values in a shell.\n",
        {"netlytics completion bash > ~/.local/share/bash-completion/completions/netlytics",
            "netlytics completion fish > ~/.config/fish/completions/netlytics.fish"},
        "bash|zsh|fish", 1, cli_cmd_completion},
};

/* Documented or planned, so that who asks for one is told the truth. */
static const char *const missing_commands[] = {"clustering", "anomaly_detection", "report", "demo"};

static const cli_command *find_command(const char *name)
{
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        if (strcmp(cli_commands[i].name, name) == 0) {
            return &cli_commands[i];
        }
    }
    return NULL;
}

static nlt_status fail_command(const char *name, nlt_error *err)
{
    for (size_t i = 0; i < sizeof missing_commands / sizeof missing_commands[0]; i++) {
        if (strcmp(missing_commands[i], name) == 0) {
            nlt_status status =
                nlt_fail(err, NLT_ERR_ARG, "command \"%s\" is not available in this version", name);
            nlt_error_hint(err, "\"netlytics --help\" lists the commands");
            return status;
        }
    }
    const char *names[CLI_COMMAND_COUNT];
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        names[i] = cli_commands[i].name;
    }
    const char *near = nlt_closest(name, names, CLI_COMMAND_COUNT);
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "unknown command \"%s\"", name);
    if (near != NULL) {
        nlt_error_hint(err, "did you mean \"netlytics %s\"?", near);
    } else {
        nlt_error_hint(err, "\"netlytics --help\" lists the commands");
    }
    return status;
}

static nlt_status run_command(const cli_command *command, int argc, char **argv, nlt_error *err)
{
    cli_options options;
    NLT_TRY(cli_options_parse(command, argc, argv, &options, err));
    if (options.values[CLI_OPT_HELP] != NULL) {
        cli_help_command(stdout, command);
        return cli_flush(err);
    }
    return command->run(&options, err);
}

static nlt_status help(const char *name, nlt_error *err)
{
    const cli_command *command = name != NULL ? find_command(name) : NULL;
    if (name != NULL && command == NULL) {
        return fail_command(name, err);
    }
    if (command != NULL) {
        cli_help_command(stdout, command);
    } else {
        cli_help_program(stdout);
    }
    return cli_flush(err);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static nlt_status run(int argc, char **argv, nlt_error *err)
{
    if (argc < 2) {
        cli_help_program(stderr);
        return nlt_fail(err, NLT_ERR_ARG, "a command is missing");
    }
    if (is_one_of(argv[1], "--help", "-h", "help")) {
        return help(argc > 2 ? argv[2] : NULL, err);
    }
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        (void)printf("netlytics %s\n", nlt_version());
        return cli_flush(err);
    }
    const cli_command *command = find_command(argv[1]);
    return command != NULL ? run_command(command, argc - 2, argv + 2, err)
                           : fail_command(argv[1], err);
}

/* A file that is opened later must not become a standard stream that the caller has closed: it would
 * get our messages. The place is held such that using it fails, as it should. */
static void hold_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int main(int argc, char **argv)
{
    hold_closed_streams();
    /* A reader that goes away (| head) is seen as EPIPE where something can be done about it. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit of the shell's on files is a full disk, too */
    nlt_error err = NLT_ERROR_INIT;
    nlt_status status = run(argc, argv, &err);
    if (status != NLT_OK) {
        (void)fflush(stdout);
        err.code = status;
        cli_print_error(&err);
    }
    return nlt_status_exit_code(status);
}
