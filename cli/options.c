/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags as data, and the one loop that reads them.
 *
 * The table below feeds parsing, --help, completion and did-you-mean. Names are written with
 * underscores, as documented; hyphens are taken for underscores. */

#include <string.h>

#include "cli.h"

enum {
    JOB = 1u << CLI_JOB,
    QUERY = 1u << CLI_QUERY,
    RUNS = JOB | QUERY,
    LISTS = 1u << CLI_CONNECTORS | 1u << CLI_ALGOS | 1u << CLI_SCHEMA | 1u << CLI_FUNCTIONS
        | 1u << CLI_PROBE,
    ALL = RUNS | LISTS | 1u << CLI_COMPLETION
};

const char *const cli_group_titles[CLI_GROUP_COUNT] = {
    [CLI_GROUP_INPUT] = "Input",
    [CLI_GROUP_WORK] = "What to do",
    [CLI_GROUP_OUTPUT] = "Output",
    [CLI_GROUP_RUNNING] = "Running",
    [CLI_GROUP_IGNORED] = "Accepted, without effect in this version",
};

const cli_flag cli_flags[] = {
    {CLI_OPT_CONNECTOR, "connector", 'c', "NAME", CLI_GROUP_INPUT, RUNS, NULL,
        "class name or alias (squid:flows), auto, csv, ndjson or parquet"},
    {CLI_OPT_INPUT_PATH, "input_path", 'i', "PATH", CLI_GROUP_INPUT, RUNS, NULL,
        "base folder of the logs; or a file, a glob, - for standard input"},
    {CLI_OPT_TABLE, "table", 0, "NAME=CONNECTOR:PATH", CLI_GROUP_INPUT, QUERY, NULL,
        "one more table for the query; may be repeated"},
    {CLI_OPT_COLUMNS, "columns", 0, "TYPES", CLI_GROUP_INPUT, RUNS, NULL,
        "types of a csv's or ndjson's columns: 'a INT, b DOUBLE'"},
    {CLI_OPT_START_DAY, "start_day", 's', "YYYY_MM_DD", CLI_GROUP_INPUT, RUNS, NULL,
        "first day, in the names of the files; not given: open"},
    {CLI_OPT_END_DAY, "end_day", 'e', "YYYY_MM_DD", CLI_GROUP_INPUT, RUNS, NULL,
        "last day, included; not given: open"},
    {CLI_OPT_FILTER_ROWS, "filter_rows", 0, NULL, CLI_GROUP_INPUT, RUNS, NULL,
        "keep only rows whose time lies in these days (UTC)"},
    {CLI_OPT_TIMEZONE, "timezone", 0, "ZONE", CLI_GROUP_INPUT, RUNS, NULL,
        "of times that name none: UTC (default), +HH:MM, Europe/Rome"},
    {CLI_OPT_ASN, "asn", 0, "FILE", CLI_GROUP_INPUT, RUNS, NULL,
        "prefixes and their AS numbers (as pyasn's, .mmdb), for asn()"},
    {CLI_OPT_ASN_NAMES, "asn_names", 0, "FILE", CLI_GROUP_INPUT, RUNS, NULL,
        "names of AS numbers (JSON, lines), for as_name()"},
    {CLI_OPT_MAX_BAD_FRACTION, "max_bad_fraction", 0, "F", CLI_GROUP_INPUT, RUNS, NULL,
        "stop when more of a file's lines are rejected (0.5)"},
    {CLI_OPT_STRICT_DAYS, "strict_days", 0, NULL, CLI_GROUP_INPUT, RUNS, NULL,
        "a day without a file is an error"},
    {CLI_OPT_STRICT_FILES, "strict_files", 0, NULL, CLI_GROUP_INPUT, RUNS, NULL,
        "a damaged file is an error"},

    {CLI_OPT_ALGO, "algo", 0, "NAME", CLI_GROUP_WORK, JOB, NULL,
        "class name or alias; see \"netlytics algos\""},
    {CLI_OPT_PARAMS, "params", 0, "JSON", CLI_GROUP_WORK, JOB, NULL, "parameters as a JSON object"},
    {CLI_OPT_PARAMETER, "parameter", 'p', "KEY=VALUE", CLI_GROUP_WORK, JOB, NULL,
        "one parameter; may be repeated"},
    {CLI_OPT_QUERY, "query", 'q', "SQL", CLI_GROUP_WORK, QUERY, NULL,
        "one SELECT; the table is called netlytics"},
    {CLI_OPT_DIALECT, "dialect", 0, "NAME", CLI_GROUP_WORK, QUERY, "spark|duckdb",
        "of the query: spark (default) or duckdb"},

    {CLI_OPT_EXPLAIN, "explain", 0, "[analyze]", CLI_GROUP_WORK, RUNS, "analyze",
        "print the plan; analyze: run it, too, and print what each step did"},

    {CLI_OPT_OUTPUT_PATH, "output_path", 'o', "DIR", CLI_GROUP_OUTPUT, JOB, NULL,
        "folder for the result and report.json; created"},
    {CLI_OPT_OVERWRITE, "overwrite", 0, NULL, CLI_GROUP_OUTPUT, RUNS, NULL,
        "replace results that are there already"},
    {CLI_OPT_OUTPUT, "output", 'o', "FILE", CLI_GROUP_OUTPUT, QUERY, NULL,
        "result file; its suffix decides the format"},
    {CLI_OPT_OUTPUT_FILE_LOCAL, "output_file_local", 0, "FILE", CLI_GROUP_OUTPUT, QUERY, NULL,
        "result file, as CSV unless --format says otherwise"},
    {CLI_OPT_OUTPUT_FILE_HDFS, "output_file_HDFS", 0, "PATH", CLI_GROUP_OUTPUT, QUERY, NULL,
        "folder of part-*.csv, _report.json and _SUCCESS on HDFS"},
    {CLI_OPT_FORMAT, "format", 0, "FORMAT", CLI_GROUP_OUTPUT, QUERY,
        "table|csv|ndjson|json|parquet|arrow",
        "table (on a terminal), csv (in a pipe), ndjson, json, parquet, arrow"},
    {CLI_OPT_PARTITION_BY, "partition_by", 0, "COLUMN", CLI_GROUP_OUTPUT, QUERY, NULL,
        "--output is a folder of Parquet files by COLUMN; day, day(COLUMN)"},
    {CLI_OPT_FOLLOW, "follow", 0, NULL, CLI_GROUP_OUTPUT, QUERY, NULL,
        "answer again while the logs grow, until interrupted"},
    {CLI_OPT_EVERY, "every", 0, "SECONDS", CLI_GROUP_OUTPUT, QUERY, NULL,
        "how often --follow looks for new lines (5)"},
    {CLI_OPT_FORMAT, "format", 0, "FORMAT", CLI_GROUP_OUTPUT, LISTS, "text|json", "text or json"},
    {CLI_OPT_FORMAT, "format", 0, "FORMAT", CLI_GROUP_OUTPUT, JOB, "text|json",
        "of --explain: text or json"},
    {CLI_OPT_REPORT_JSON, "report_json", 0, "FILE", CLI_GROUP_OUTPUT, QUERY, NULL,
        "what became of every line of the input"},

    {CLI_OPT_ENGINE, "engine", 0, "NAME", CLI_GROUP_RUNNING, RUNS, "duckdb|spark",
        "where it runs: duckdb, in this process (default), or spark"},
    {CLI_OPT_MASTER, "master", 0, "URL", CLI_GROUP_RUNNING, RUNS, NULL,
        "of --engine spark: local[N], spark://HOST:PORT, yarn (Spark's default)"},
    {CLI_OPT_VERIFY, "verify", 0, NULL, CLI_GROUP_RUNNING, RUNS, NULL,
        "run it over one file of the input on both engines and compare; nothing is written"},
    {CLI_OPT_THREADS, "threads", 0, "N", CLI_GROUP_RUNNING, RUNS, NULL, "threads (all cores)"},
    {CLI_OPT_MEMORY, "memory", 0, "SIZE", CLI_GROUP_RUNNING, RUNS, NULL,
        "memory, e.g. 2G, at least 256M (60 % of the machine's)"},
    {CLI_OPT_TEMP_DIR_LOCAL, "temp_dir_local", 0, "DIR", CLI_GROUP_RUNNING, RUNS, NULL,
        "spill files go below it ($TMPDIR or /tmp)"},
    {CLI_OPT_PERSISTENT_DIR_LOCAL, "persistent_dir_local", 0, "DIR", CLI_GROUP_RUNNING, RUNS, NULL,
        "what an algorithm learns for later runs goes here (WHAT)"},
    {CLI_OPT_PERSISTENT_DIR_HDFS, "persistent_dir_HDFS", 0, "DIR", CLI_GROUP_RUNNING, RUNS, NULL,
        "the same on HDFS, unless there is a local one"},
    {CLI_OPT_CACHE, "cache", 0, "DIR", CLI_GROUP_RUNNING, RUNS, NULL,
        "keep rows as Parquet in DIR, so that a log is parsed once"},
    {CLI_OPT_TEMP_LIMIT, "temp_limit", 0, "SIZE", CLI_GROUP_RUNNING, RUNS, NULL,
        "all spill files together, e.g. 20G (what there is room for)"},
    {CLI_OPT_PROGRESS, "progress", 0, "WHEN", CLI_GROUP_RUNNING, RUNS, "auto|always|never",
        "auto (on a terminal), always, never"},
    {CLI_OPT_VERBOSE, "verbose", 'v', NULL, CLI_GROUP_RUNNING, RUNS, NULL,
        "print the report of the input, too"},
    {CLI_OPT_QUIET, "quiet", 0, NULL, CLI_GROUP_RUNNING, RUNS, NULL, "only warnings and errors"},
    {CLI_OPT_HELP, "help", 'h', NULL, CLI_GROUP_RUNNING, ALL, NULL, "this text"},

    {CLI_OPT_TEMP_DIR_HDFS, "temp_dir_HDFS", 0, "DIR", CLI_GROUP_IGNORED, RUNS, NULL,
        "one machine works in --temp_dir_local"},
};

const int cli_n_flags = sizeof cli_flags / sizeof cli_flags[0];

_Static_assert(sizeof cli_flags / sizeof cli_flags[0] <= CLI_FLAGS_MAX, "CLI_FLAGS_MAX is short");

size_t cli_next_word(const char **words, const char **word)
{
    *word = *words;
    size_t len = strcspn(*words, "|");
    *words = (*words)[len] == '|' ? *words + len + 1 : NULL;
    return len;
}

/* ---- finding a flag ---- */

static bool equal_names(const char *name, const char *given, size_t len)
{
    if (strlen(name) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (name[i] != (given[i] == '-' ? '_' : given[i])) {
            return false;
        }
    }
    return true;
}

static const cli_flag *find_long(cli_command_id command, const char *given, size_t len)
{
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_takes(&cli_flags[i], command) && equal_names(cli_flags[i].name, given, len)) {
            return &cli_flags[i];
        }
    }
    return NULL;
}

static const cli_flag *find_short(cli_command_id command, char letter)
{
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_takes(&cli_flags[i], command) && cli_flags[i].letter == letter) {
            return &cli_flags[i];
        }
    }
    return NULL;
}

static void hint_flag(const cli_command *command, const char *given, size_t len, nlt_error *err)
{
    for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
        if (find_long((cli_command_id)c, given, len) != NULL) {
            nlt_error_hint(
                err, "--%.*s belongs to \"netlytics %s\"", (int)len, given, cli_commands[c].name);
            return;
        }
    }
    const char *names[CLI_FLAGS_MAX];
    size_t n = 0;
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_takes(&cli_flags[i], command->id)) {
            names[n++] = cli_flags[i].name;
        }
    }
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)len, given);
    const char *near = nlt_closest(word, names, n);
    if (near != NULL) {
        nlt_error_hint(err, "did you mean --%s?", near);
    } else {
        nlt_error_hint(err, "\"netlytics %s --help\" lists the flags", command->name);
    }
}

/* ---- taking its value ---- */

static nlt_status check_words(
    const char *what, const char *words, const char *value, nlt_error *err)
{
    const char *rest = words;
    while (rest != NULL) {
        const char *word;
        size_t len = cli_next_word(&rest, &word);
        if (strlen(value) == len && memcmp(word, value, len) == 0) {
            return NLT_OK;
        }
    }
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "%s: unknown value \"%s\"", what, value);
    nlt_error_hint(err, "one of %s", words);
    return status;
}

static nlt_status fail_no_value(const cli_flag *flag, nlt_error *err)
{
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "--%s: needs a value", flag->name);
    nlt_error_hint(err, "--%s %s: %s", flag->name, flag->value, flag->help);
    return status;
}

static nlt_status store(
    cli_options *options, const cli_flag *flag, const char *value, nlt_error *err)
{
    if (value[0] == '\0') {
        return fail_no_value(flag, err);
    }
    if (flag->words != NULL) {
        char what[64];
        (void)snprintf(what, sizeof what, "--%s", flag->name);
        NLT_TRY(check_words(what, flag->words, value, err));
    }
    if (flag->id == CLI_OPT_PARAMETER) {
        if (options->n_parameters == CLI_PARAMETERS_MAX) {
            return nlt_fail(err, NLT_ERR_ARG, "-p: more than %d parameters", CLI_PARAMETERS_MAX);
        }
        options->parameters[options->n_parameters++] = value;
    } else if (flag->id == CLI_OPT_TABLE) {
        if (options->n_tables == CLI_TABLES_MAX) {
            return nlt_fail(err, NLT_ERR_ARG, "--table: more than %d tables", CLI_TABLES_MAX);
        }
        options->tables[options->n_tables++] = value;
    } else if (options->values[flag->id] != NULL) {
        return nlt_fail(err, NLT_ERR_ARG, "--%s is given more than once", flag->name);
    }
    options->values[flag->id] = value;
    return NLT_OK;
}

static nlt_status store_switch(
    cli_options *options, const cli_flag *flag, const char *value, nlt_error *err)
{
    if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        return nlt_fail(err, NLT_ERR_ARG, "--%s: takes no value, or true or false, not \"%s\"",
            flag->name, value);
    }
    return store(options, flag, value != NULL ? value : "true", err);
}

/* The arguments still to be read. */
typedef struct arguments {
    int argc;
    char **argv;
    int next;
} arguments;

/* True if the next argument is a flag of the command: then the value was forgotten. */
static bool is_flag(const cli_command *command, const char *text)
{
    return strncmp(text, "--", 2) == 0 && text[2] != '\0'
        && find_long(command->id, text + 2, strlen(text + 2)) != NULL;
}

/* A value that may be left out, as in "--explain [analyze]": it is taken only if it is a word that
 * the flag knows. */
static nlt_status store_optional(
    cli_options *options, const cli_flag *flag, arguments *args, nlt_error *err)
{
    if (args->next < args->argc
        && check_words(flag->name, flag->words, args->argv[args->next], NULL) == NLT_OK) {
        return store(options, flag, args->argv[args->next++], err);
    }
    options->values[flag->id] = "true";
    return NLT_OK;
}

static nlt_status store_next(cli_options *options, const cli_flag *flag, const char *attached,
    arguments *args, nlt_error *err)
{
    if (flag->value == NULL) {
        return store_switch(options, flag, attached, err);
    }
    if (attached != NULL) {
        return store(options, flag, attached, err);
    }
    if (flag->value[0] == '[') {
        return store_optional(options, flag, args, err);
    }
    if (args->next >= args->argc || is_flag(options->command, args->argv[args->next])) {
        return fail_no_value(flag, err);
    }
    return store(options, flag, args->argv[args->next++], err);
}

static nlt_status take_long(cli_options *options, const char *text, arguments *args, nlt_error *err)
{
    size_t len = strcspn(text, "=");
    const cli_flag *flag = find_long(options->command->id, text, len);
    if (flag == NULL) {
        nlt_status status = nlt_fail(err, NLT_ERR_ARG, "unknown flag --%.*s", (int)len, text);
        hint_flag(options->command, text, len, err);
        return status;
    }
    return store_next(options, flag, text[len] == '=' ? text + len + 1 : NULL, args, err);
}

static nlt_status take_short(
    cli_options *options, const char *text, arguments *args, nlt_error *err)
{
    const cli_flag *flag = find_short(options->command->id, text[0]);
    if (flag == NULL || (flag->value == NULL && text[1] != '\0')) {
        nlt_status status = nlt_fail(err, NLT_ERR_ARG, "unknown flag -%s", text);
        nlt_error_hint(err, "\"netlytics %s --help\" lists the flags", options->command->name);
        return status;
    }
    return store_next(options, flag, text[1] != '\0' ? text + 1 : NULL, args, err);
}

static nlt_status take_word(cli_options *options, char *text, nlt_error *err)
{
    const cli_command *command = options->command;
    if (options->n_words == command->max_words) {
        nlt_status status = nlt_fail(err, NLT_ERR_ARG, "unexpected argument \"%s\"", text);
        nlt_error_hint(err, "usage: netlytics %s %s", command->name, command->usage);
        return status;
    }
    if (command->words != NULL) {
        NLT_TRY(check_words(command->name, command->words, text, err));
    }
    options->words[options->n_words++] = text;
    return NLT_OK;
}

/* Flags that say nothing without another. */
static nlt_status check_company(const cli_options *options, nlt_error *err)
{
    const char *const *given = options->values;
    bool is_spark = given[CLI_OPT_ENGINE] != NULL && strcmp(given[CLI_OPT_ENGINE], "spark") == 0;
    const struct {
        bool is_broken;
        const char *what;
    } rules[] = {
        {given[CLI_OPT_EVERY] != NULL && !cli_option_is_on(options, CLI_OPT_FOLLOW),
            "--every is of --follow, which is not given"},
        {given[CLI_OPT_MASTER] != NULL && !is_spark && !cli_option_is_on(options, CLI_OPT_VERIFY),
            "--master is of --engine spark, which is not given"},
        {options->command->id == CLI_JOB && given[CLI_OPT_FORMAT] != NULL
                && given[CLI_OPT_EXPLAIN] == NULL,
            "--format is of --explain, which is not given: the files of a job are CSV and JSON"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].is_broken) {
            return nlt_fail(err, NLT_ERR_ARG, "%s", rules[i].what);
        }
    }
    return NLT_OK;
}

nlt_status cli_options_parse(
    const cli_command *command, int argc, char **argv, cli_options *options, nlt_error *err)
{
    *options = (cli_options){.command = command, .words = argv};
    arguments args = {argc, argv, 0};
    bool is_over = false; /* behind "--" all arguments are words */
    while (args.next < argc && options->values[CLI_OPT_HELP] == NULL) {
        char *text = argv[args.next++];
        if (is_over || text[0] != '-' || text[1] == '\0') {
            NLT_TRY(take_word(options, text, err));
        } else if (strcmp(text, "--") == 0) {
            is_over = true;
        } else if (text[1] == '-') {
            NLT_TRY(take_long(options, text + 2, &args, err));
        } else {
            NLT_TRY(take_short(options, text + 1, &args, err));
        }
    }
    return options->values[CLI_OPT_HELP] == NULL ? check_company(options, err) : NLT_OK;
}

/* ---- typed values ---- */

static const cli_flag *flag_of(const cli_options *options, cli_option id)
{
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_flags[i].id == id && cli_takes(&cli_flags[i], options->command->id)) {
            return &cli_flags[i];
        }
    }
    return NULL;
}

static nlt_status fail_value(
    const cli_options *options, cli_option id, const char *rule, nlt_error *err)
{
    const cli_flag *flag = flag_of(options, id);
    return nlt_fail(err, NLT_ERR_ARG, "--%s: \"%s\" is not %s", flag != NULL ? flag->name : "",
        options->values[id], rule);
}

nlt_status cli_option_require(const cli_options *options, cli_option id, nlt_error *err)
{
    if (options->values[id] != NULL && options->values[id][0] != '\0') {
        return NLT_OK;
    }
    const cli_flag *flag = flag_of(options, id);
    if (flag == NULL) {
        return nlt_fail(err, NLT_ERR_INTERNAL, "a flag without a row");
    }
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "--%s is missing", flag->name);
    nlt_error_hint(err, "--%s %s: %s", flag->name, flag->value, flag->help);
    return status;
}

bool cli_option_is_on(const cli_options *options, cli_option id)
{
    return options->values[id] != NULL && strcmp(options->values[id], "true") == 0;
}

/* Digits at `*text` as a number; moves behind them. False without digits or above `maximum`. */
static bool read_digits(const char **text, int64_t maximum, int64_t *out)
{
    const char *p = *text;
    int64_t value = 0;
    while (*p >= '0' && *p <= '9') {
        int digit = *p++ - '0';
        if (value > (maximum - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    bool has_digits = p != *text;
    *text = p;
    *out = value;
    return has_digits;
}

nlt_status cli_option_count(const cli_options *options, cli_option id, int *out, nlt_error *err)
{
    enum { COUNT_MAX = 1024 };
    const char *text = options->values[id];
    if (text == NULL) {
        return NLT_OK;
    }
    int64_t value = 0;
    if (!read_digits(&text, COUNT_MAX, &value) || *text != '\0' || value < 1) {
        return fail_value(options, id, "a number from 1 to 1024", err);
    }
    *out = (int)value;
    return NLT_OK;
}

nlt_status cli_option_fraction(
    const cli_options *options, cli_option id, double *out, nlt_error *err)
{
    enum { DIGITS_MAX = 15 }; /* both halves stay exact as double: one rounding, in the division */
    const char *text = options->values[id];
    if (text == NULL) {
        return NLT_OK;
    }
    int64_t whole = 0;
    int64_t part = 0;
    int64_t scale = 1;
    bool is_valid = read_digits(&text, 1, &whole);
    if (is_valid && *text == '.') {
        const char *start = ++text;
        is_valid =
            read_digits(&text, INT64_C(999999999999999), &part) && text - start <= DIGITS_MAX;
        for (const char *p = start; is_valid && p < text; p++) {
            scale *= 10;
        }
    }
    if (!is_valid || *text != '\0' || (whole == 1 && part != 0)) {
        return fail_value(options, id, "a number from 0 to 1, such as 0.25", err);
    }
    *out = (double)(whole * scale + part) / (double)scale;
    return NLT_OK;
}

typedef struct size_unit {
    const char *suffix;
    int64_t bytes;
} size_unit;

static const size_unit size_units[] = {
    {"", 1},
    {"K", INT64_C(1) << 10},
    {"KiB", INT64_C(1) << 10},
    {"KB", 1000},
    {"M", INT64_C(1) << 20},
    {"MiB", INT64_C(1) << 20},
    {"MB", 1000000},
    {"G", INT64_C(1) << 30},
    {"GiB", INT64_C(1) << 30},
    {"GB", 1000000000},
    {"T", INT64_C(1) << 40},
    {"TiB", INT64_C(1) << 40},
    {"TB", INT64_C(1000000000000)},
};

nlt_status cli_option_size(const cli_options *options, cli_option id, int64_t *out, nlt_error *err)
{
    const char *text = options->values[id];
    if (text == NULL) {
        return NLT_OK;
    }
    int64_t value = 0;
    if (read_digits(&text, INT64_MAX, &value)) {
        for (size_t i = 0; i < sizeof size_units / sizeof size_units[0]; i++) {
            if (strcmp(text, size_units[i].suffix) == 0 && value > 0
                && value <= INT64_MAX / size_units[i].bytes) {
                *out = value * size_units[i].bytes;
                return NLT_OK;
            }
        }
    }
    return fail_value(options, id, "a size such as 512M, 2G or 4GB", err);
}

/* ---- places ---- */

nlt_status cli_options_check_places(const cli_options *options, nlt_error *err)
{
    static const struct {
        cli_option id;
        bool is_hdfs;
    } places[] = {
        {CLI_OPT_OUTPUT_FILE_LOCAL, false},
        {CLI_OPT_TEMP_DIR_LOCAL, false},
        {CLI_OPT_PERSISTENT_DIR_LOCAL, false},
        {CLI_OPT_CACHE, false},
        {CLI_OPT_OUTPUT_FILE_HDFS, true},
        {CLI_OPT_TEMP_DIR_HDFS, true},
        {CLI_OPT_PERSISTENT_DIR_HDFS, true},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *path = options->values[places[i].id];
        if (path == NULL) {
            continue;
        }
        if (places[i].is_hdfs) {
            char room[NLT_PATH_BYTES];
            NLT_TRY(cli_name_flag(flag_of(options, places[i].id)->name,
                nlt_path_to_hdfs(path, room, sizeof room, err), err));
        } else if (nlt_path_is_hdfs(path)) {
            return fail_value(options, places[i].id, "a local path", err);
        }
    }
    return NLT_OK;
}
