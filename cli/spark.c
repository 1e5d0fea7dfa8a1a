/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --engine spark: starts spark-submit with the package's script and shows what it tells.
 *
 * The script writes one line `NLX <kind> <json>` on its standard output for each thing that
 * happens; what Spark logs goes into a file and is shown only if it ends without telling why. The
 * job is a process group of its own, which ends with this program. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "cli.h"

enum { WORDS_MAX = 160, POLL_MS = 100, PATIENCE_MS = 20000, LOG_LINES = 12, LOG_BYTES = 4096 };

#define SCRIPTS "netlytics/scripts"

/* ---- what it can do ---- */

bool cli_is_spark(const cli_options *options)
{
    const char *engine = options->values[CLI_OPT_ENGINE];
    return engine != NULL && strcmp(engine, "spark") == 0;
}

/* Flags of the embedded engine alone. */
static const struct {
    cli_option id;
    const char *name;
} embedded_flags[] = {
    {CLI_OPT_COLUMNS, "columns"},
    {CLI_OPT_EXPLAIN, "explain"},
    {CLI_OPT_PARTITION_BY, "partition_by"},
    {CLI_OPT_FOLLOW, "follow"},
    {CLI_OPT_CACHE, "cache"},
    {CLI_OPT_TEMP_LIMIT, "temp_limit"},
    {CLI_OPT_MEMORY, "memory"},
};

static nlt_status check_flags(const cli_options *options, nlt_error *err)
{
    for (size_t i = 0; i < sizeof embedded_flags / sizeof embedded_flags[0]; i++) {
        if (options->values[embedded_flags[i].id] != NULL) {
            nlt_fail(err, NLT_ERR_ARG, "--%s is not for --engine spark", embedded_flags[i].name);
            nlt_error_hint(err, "leave out one of them");
            return NLT_ERR_ARG;
        }
    }
    const char *dialect = options->values[CLI_OPT_DIALECT];
    const char *format = options->values[CLI_OPT_FORMAT];
    const char *path = options->values[CLI_OPT_INPUT_PATH];
    if (dialect != NULL && strcmp(dialect, "spark") != 0) {
        return nlt_fail(err, NLT_ERR_ARG, "--dialect: Spark has its own, not \"%s\"", dialect);
    }
    if (format != NULL && strcmp(format, "parquet") == 0) {
        return nlt_fail(err, NLT_ERR_ARG, "--format: parquet is not for --engine spark");
    }
    if (path != NULL && strcmp(path, "-") == 0) {
        return nlt_fail(err, NLT_ERR_ARG, "--input_path: Spark cannot read standard input");
    }
    return NLT_OK;
}

/* ---- the command line ---- */

typedef struct command {
    char *words[WORDS_MAX + 1]; /* owned */
    int n;
    bool is_short; /* of room or memory */
} command;

/* Takes the word, which may be NULL. */
static void add(command *c, char *word)
{
    if (word == NULL || c->n == WORDS_MAX) {
        c->is_short = true;
        free(word);
        return;
    }
    c->words[c->n++] = word;
}

static void clear_command(command *c)
{
    for (int i = 0; i < c->n; i++) {
        free(c->words[i]);
    }
}

/* Flags that go to the script as they are. */
static const struct {
    cli_option id;
    const char *name;
    bool is_switch;
} passed_flags[] = {
    {CLI_OPT_CONNECTOR, "connector", false},
    {CLI_OPT_INPUT_PATH, "input_path", false},
    {CLI_OPT_START_DAY, "start_day", false},
    {CLI_OPT_END_DAY, "end_day", false},
    {CLI_OPT_TIMEZONE, "timezone", false},
    {CLI_OPT_MAX_BAD_FRACTION, "max_bad_fraction", false},
    {CLI_OPT_FILTER_ROWS, "filter_rows", true},
    {CLI_OPT_STRICT_DAYS, "strict_days", true},
    {CLI_OPT_STRICT_FILES, "strict_files", true},
    {CLI_OPT_QUERY, "query", false},
    {CLI_OPT_ASN, "asn", false},
    {CLI_OPT_ASN_NAMES, "asn_names", false},
    {CLI_OPT_ALGO, "algo", false},
    {CLI_OPT_TEMP_DIR_LOCAL, "temp_dir_local", false},
    {CLI_OPT_TEMP_DIR_HDFS, "temp_dir_HDFS", false},
    {CLI_OPT_PERSISTENT_DIR_LOCAL, "persistent_dir_local", false},
    {CLI_OPT_PERSISTENT_DIR_HDFS, "persistent_dir_HDFS", false},
};

static void add_flags(command *c, const cli_options *options)
{
    for (size_t i = 0; i < sizeof passed_flags / sizeof passed_flags[0]; i++) {
        const char *value = options->values[passed_flags[i].id];
        if (value != NULL) {
            add(c,
                passed_flags[i].is_switch ? cli_text("--%s", passed_flags[i].name)
                                          : cli_text("--%s=%s", passed_flags[i].name, value));
        }
    }
    for (int i = 0; i < options->n_tables; i++) {
        add(c, cli_text("--table=%s", options->tables[i]));
    }
}

/* Folder of the file that a function of the library is in. Owned; NULL: not known. */
static char *library_folder(void)
{
    Dl_info info;
    const char *slash = NULL;
    if (dladdr((const void *)(uintptr_t)nlt_version, &info) != 0 && info.dli_fname != NULL) {
        slash = strrchr(info.dli_fname, '/');
    }
    return slash != NULL ? strndup(info.dli_fname, (size_t)(slash - info.dli_fname)) : NULL;
}

/* The folder that the Python package is in: told, or beside the library. Owned. */
static nlt_status find_package(char **out, nlt_error *err)
{
    const char *told = getenv("NETLYTICS_PYTHON");
    char *library = library_folder();
    *out = told != NULL ? strdup(told) : cli_text("%s/python", library != NULL ? library : ".");
    free(library);
    if (*out == NULL) {
        return cli_no_memory(err);
    }
    char *scripts = cli_text("%s/" SCRIPTS, *out);
    struct stat info;
    bool is_there = scripts != NULL && stat(scripts, &info) == 0;
    free(scripts);
    if (!is_there) {
        nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: the Python package is not there", *out);
        nlt_error_hint(err, "NETLYTICS_PYTHON names the folder that the package netlytics is in");
        free(*out);
        *out = NULL;
        return NLT_ERR_NOT_FOUND;
    }
    return NLT_OK;
}

static void add_start(command *c, const cli_run *run, const char *package)
{
    const char *home = getenv("SPARK_HOME");
    const char *master = run->options->values[CLI_OPT_MASTER];
    const char *threads = run->options->values[CLI_OPT_THREADS];
    add(c,
        home != NULL && home[0] != '\0' ? cli_text("%s/bin/spark-submit", home)
                                        : strdup("spark-submit"));
    if (master != NULL || threads != NULL) {
        add(c, strdup("--master"));
        add(c, master != NULL ? strdup(master) : cli_text("local[%s]", threads));
    }
    add(c, cli_text("%s/" SCRIPTS "/run_%s.py", package, run->options->command->name));
    add_flags(c, run->options);
}

/* ---- the process ---- */

typedef struct child {
    pid_t pid;
    int out; /* what it writes on standard output */
    FILE *log;
    char *line; /* owned; what has come of one */
    size_t len, cap;
    nlt_error told; /* code NLT_OK: nothing */
    int64_t n_rows;
} child;

static void set_environment(const char *package)
{
    const char *path = getenv("PYTHONPATH");
    char *all = path != NULL ? cli_text("%s:%s", package, path) : strdup(package);
    char *library = library_folder();
    if (all != NULL) {
        (void)setenv("PYTHONPATH", all, 1);
    }
    if (library != NULL) {
        (void)setenv("NL_LIB", library, 0);
    }
    (void)setenv("NETLYTICS_EVENTS", "1", 1);
}

/* In the new process; does not return. */
static void run_child(char **words, const char *package, int out, int log)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    int none = open("/dev/null", O_RDONLY);
    (void)dup2(none, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    if (log >= 0) {
        (void)dup2(log, STDERR_FILENO);
    }
    (void)signal(SIGPIPE, SIG_DFL);
    set_environment(package);
    (void)execvp(words[0], words);
    (void)dprintf(STDOUT_FILENO,
        "NLX error {\"status\": %d, \"message\": \"%s cannot be started: %s\", \"hint\": \"%s\"}\n",
        NLT_ERR_NOT_FOUND, "spark-submit", strerror(errno),
        "install Spark (pip install pyspark) and set SPARK_HOME, or put spark-submit on the PATH");
    _exit(127);
}

static nlt_status start_child(
    child *c, char **words, const char *package, bool is_verbose, nlt_error *err)
{
    int ends[2];
    c->log = tmpfile();
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return nlt_fail(err, NLT_ERR_IO, "no pipe to spark-submit: %s", strerror(errno));
    }
    int log = is_verbose || c->log == NULL ? -1 : fileno(c->log);
    c->pid = fork();
    if (c->pid == 0) {
        run_child(words, package, ends[1], log);
    }
    int code = errno;
    (void)close(ends[1]);
    c->out = ends[0];
    if (c->pid < 0) {
        return nlt_fail(err, NLT_ERR_IO, "spark-submit cannot be started: %s", strerror(code));
    }
    (void)setpgid(c->pid, c->pid); /* whoever of both is first */
    return NLT_OK;
}

/* The whole group; false: some of it is still there. */
static bool is_gone(child *c, int *state)
{
    return c->pid > 0 && waitpid(c->pid, state, WNOHANG) == c->pid;
}

static void sleep_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

/* Ends the group: it is asked to stop, and after a while made to. */
static void stop_child(child *c, int *state)
{
    (void)kill(-c->pid, SIGTERM);
    for (int ms = 0; ms < PATIENCE_MS && !is_gone(c, state); ms += POLL_MS) {
        sleep_ms(POLL_MS);
        if (ms + POLL_MS >= PATIENCE_MS) {
            (void)kill(-c->pid, SIGKILL);
            (void)waitpid(c->pid, state, 0);
            break;
        }
    }
    (void)kill(-c->pid, SIGKILL); /* what has outlived its leader */
    c->pid = -1;
}

/* ---- what it tells ---- */

static int64_t number(const json_t *json, const char *key)
{
    return json_integer_value(json_object_get(json, key));
}

static const char *text(const json_t *json, const char *key)
{
    const char *value = json_string_value(json_object_get(json, key));
    return value != NULL ? value : "";
}

static void take_error(child *c, const json_t *json)
{
    nlt_status status = (nlt_status)number(json, "status");
    bool is_known = status > NLT_OK && status < NLT_STATUS_COUNT;
    (void)nlt_fail(&c->told, is_known ? status : NLT_ERR_INTERNAL, "%s", text(json, "message"));
    nlt_error_hint(&c->told, "%s", text(json, "hint"));
}

static void take_event(
    cli_run *run, child *c, const char *kind, size_t kind_len, const json_t *json)
{
    static const char *const kinds[] = {
        "progress", "warning", "error", "report", "totals", "result", "info"};
    enum { PROGRESS, WARNING, FAILURE, REPORT, TOTALS, RESULT, INFO, N_KINDS };
    int found = 0;
    while (found < N_KINDS
        && (strlen(kinds[found]) != kind_len || strncmp(kinds[found], kind, kind_len) != 0)) {
        found++;
    }
    if (found == PROGRESS) {
        const nlt_progress state = {.bytes_total = number(json, "bytes_total"),
            .bytes_done = number(json, "bytes_done"),
            .rows = -1};
        cli_progress_set(&run->progress, &state);
    } else if (found == WARNING) {
        cli_progress_clear(&run->progress);
        cli_print_warning(text(json, "message"));
    } else if (found == FAILURE) {
        take_error(c, json);
    } else if (found == REPORT) {
        free(run->spark.report);
        run->spark.report = strdup(text(json, "text"));
    } else if (found == TOTALS) {
        run->spark.totals = (nlt_totals){.files = number(json, "files"),
            .rows = number(json, "rows"),
            .skipped = number(json, "skipped")};
        run->spark.bytes = number(json, "bytes");
    } else if (found == RESULT) {
        c->n_rows = number(json, "rows");
    }
}

/* "NLX kind json"; other lines are Spark's. */
static void take_line(cli_run *run, child *c, const char *line)
{
    static const char mark[] = "NLX ";
    if (strncmp(line, mark, sizeof mark - 1) != 0) {
        return;
    }
    const char *kind = line + sizeof mark - 1;
    size_t len = strcspn(kind, " ");
    json_t *json = json_loads(kind + len, 0, NULL);
    if (json != NULL) {
        take_event(run, c, kind, len, json);
        json_decref(json);
    }
}

/* Reads what there is; false at the end. */
static bool read_lines(cli_run *run, child *c)
{
    enum { READ_BYTES = 64 << 10 };
    if (c->cap - c->len < READ_BYTES) {
        char *grown = realloc(c->line, c->cap + READ_BYTES * 2);
        if (grown == NULL) {
            return false;
        }
        c->line = grown;
        c->cap += READ_BYTES * 2;
    }
    ssize_t n = read(c->out, c->line + c->len, READ_BYTES - 1);
    if (n <= 0) {
        return n < 0 && errno == EINTR;
    }
    c->len += (size_t)n;
    char *begin = c->line;
    char *end = NULL;
    while ((end = memchr(begin, '\n', c->len - (size_t)(begin - c->line))) != NULL) {
        *end = '\0';
        take_line(run, c, begin);
        begin = end + 1;
    }
    c->len -= (size_t)(begin - c->line);
    memmove(c->line, begin, c->len);
    return true;
}

/* The last lines of what Spark has logged, as an error. */
static nlt_status fail_by_log(child *c, int state, nlt_error *err)
{
    char tail[LOG_BYTES + 1] = "";
    if (c->log != NULL && fseek(c->log, 0, SEEK_END) == 0) {
        long size = ftell(c->log);
        (void)fseek(c->log, size > LOG_BYTES ? size - LOG_BYTES : 0, SEEK_SET);
        tail[fread(tail, 1, LOG_BYTES, c->log)] = '\0';
    }
    const char *from = tail + strlen(tail);
    for (int lines = 0; from > tail && lines <= LOG_LINES; from--) {
        lines += from[-1] == '\n';
    }
    return WIFSIGNALED(state)
        ? nlt_fail(err, NLT_ERR_INTERNAL, "spark-submit was ended by signal %d", WTERMSIG(state))
        : nlt_fail(err, NLT_ERR_INTERNAL,
            "spark-submit ended with code %d; its last lines:\n%.900s", WEXITSTATUS(state), from);
}

static nlt_status watch(cli_run *run, child *c, nlt_error *err)
{
    int state = 0;
    struct pollfd ready = {.fd = c->out, .events = POLLIN};
    bool has_more = true;
    while (has_more) {
        if (cli_check_signals(NULL) != NLT_OK) {
            stop_child(c, &state);
            return cli_check_signals(err);
        }
        if (poll(&ready, 1, POLL_MS) > 0) {
            has_more = read_lines(run, c);
        }
    }
    while (waitpid(c->pid, &state, 0) < 0 && errno == EINTR) {
    }
    (void)kill(-c->pid, SIGTERM); /* what has outlived its leader */
    c->pid = -1;
    NLT_TRY(cli_check_signals(err));
    if (c->told.code != NLT_OK) {
        *err = c->told;
        return c->told.code;
    }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0 ? NLT_OK : fail_by_log(c, state, err);
}

static void close_child(child *c)
{
    if (c->out >= 0) {
        (void)close(c->out);
    }
    if (c->log != NULL) {
        (void)fclose(c->log);
    }
    free(c->line);
}

/* Takes the words. */
static nlt_status submit(
    cli_run *run, command *words, const char *package, int64_t *n_rows, nlt_error *err)
{
    child c = {.pid = -1, .out = -1, .told = NLT_ERROR_INIT};
    bool is_verbose = cli_option_is_on(run->options, CLI_OPT_VERBOSE);
    nlt_status status = words->is_short
        ? nlt_fail(err, NLT_ERR_LIMIT, "too many flags for spark-submit")
        : cli_check_signals(err);
    if (status == NLT_OK) {
        status = start_child(&c, words->words, package, is_verbose, err);
    }
    if (status == NLT_OK) {
        cli_progress_start(&run->progress, NULL, run->options, false);
        status = watch(run, &c, err);
        cli_progress_stop(&run->progress);
    }
    close_child(&c);
    clear_command(words);
    if (n_rows != NULL) {
        *n_rows = c.n_rows;
    }
    return status;
}

/* ---- a run ---- */

nlt_status cli_spark_open(cli_run *run, const cli_options *options, nlt_error *err)
{
    *run = (cli_run){.options = options, .start_s = cli_now_s()};
    NLT_TRY(check_flags(options, err));
    cli_catch_signals();
    NLT_TRY(find_package(&run->spark.package, err));
    run->is_spark = true;
    return NLT_OK;
}

void cli_spark_close(cli_run *run)
{
    free(run->spark.package);
    free(run->spark.report);
}

static nlt_status copy_file(const char *path, nlt_error *err)
{
    char bytes[1 << 12];
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        return nlt_fail(err, NLT_ERR_IO, "%s: %s", path, strerror(errno));
    }
    size_t n = 0;
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0 && fwrite(bytes, 1, n, stdout) == n) {
    }
    (void)fclose(in);
    return cli_flush(err);
}

static nlt_status write_to(
    cli_run *run, const char *format, const char *path, int64_t *n_rows, nlt_error *err)
{
    command c = {.n = 0};
    add_start(&c, run, run->spark.package);
    add(&c, cli_text("--format=%s", format));
    add(&c, cli_text("--output=%s", path));
    return submit(run, &c, run->spark.package, n_rows, err);
}

/* By way of a file: a process of Java's hands on no other descriptors. */
static nlt_status write_stdout(cli_run *run, const char *format, int64_t *n_rows, nlt_error *err)
{
    const char *base = run->options->values[CLI_OPT_TEMP_DIR_LOCAL];
    base = base != NULL ? base : getenv("TMPDIR");
    char *folder = cli_text("%s/netlytics-XXXXXX", base != NULL && base[0] != '\0' ? base : "/tmp");
    if (folder == NULL || mkdtemp(folder) == NULL) {
        nlt_status status = folder == NULL
            ? cli_no_memory(err)
            : nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", folder, strerror(errno));
        free(folder);
        return status;
    }
    char *path = cli_text("%s/answer", folder);
    nlt_status status =
        path != NULL ? write_to(run, format, path, n_rows, err) : cli_no_memory(err);
    if (status == NLT_OK) {
        status = copy_file(path, err);
    }
    if (path != NULL) {
        (void)unlink(path);
    }
    (void)rmdir(folder);
    free(path);
    free(folder);
    return status;
}

nlt_status cli_spark_write(
    cli_run *run, const char *format, const char *path, int64_t *n_rows, nlt_error *err)
{
    return strcmp(path, "-") == 0 ? write_stdout(run, format, n_rows, err)
                                  : write_to(run, format, path, n_rows, err);
}

nlt_status cli_spark_job(cli_run *run, const char *folder, int64_t *n_rows, nlt_error *err)
{
    command c = {.n = 0};
    add_start(&c, run, run->spark.package);
    if (run->params != NULL) {
        add(&c, cli_text("--params=%s", run->params));
    }
    if (cli_option_is_on(run->options, CLI_OPT_OVERWRITE)) {
        add(&c, strdup("--overwrite"));
    }
    add(&c, cli_text("--output_path=%s", folder));
    return submit(run, &c, run->spark.package, n_rows, err);
}
