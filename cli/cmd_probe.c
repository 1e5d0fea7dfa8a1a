/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics probe: what files and folders are, how their fields become columns, and the command to
 * read them; and the connector that `-c auto` stands for. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

/* ---- words ---- */

/* A question that makes sense for any log of a table. */
static const struct {
    const char *table, *sql;
} questions[] = {
    {"DNS", "SELECT query, COUNT(*) AS n FROM netlytics GROUP BY query ORDER BY n DESC LIMIT 10"},
    {"HTTP", "SELECT host, COUNT(*) AS n FROM netlytics GROUP BY host ORDER BY n DESC LIMIT 10"},
    {"NamedFlows",
        "SELECT name, SUM(s_bytes) AS bytes FROM netlytics GROUP BY name ORDER BY bytes DESC LIMIT 10"},
};

static const char *question_for(const char *table)
{
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (strcmp(questions[i].table, table) == 0) {
            return questions[i].sql;
        }
    }
    return "SELECT * FROM netlytics LIMIT 10";
}

/* As an argument for a shell: in single quotes unless it needs none. */
static void put_quoted(FILE *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('\'', out);
    for (const char *p = text; *p != '\0'; p++) {
        (void)fputs(*p == '\'' ? "'\\''" : (char[]){*p, '\0'}, out);
    }
    (void)fputc('\'', out);
}

static void put_day(FILE *out, const char *flag, const char *day)
{
    if (day[0] != '\0') {
        (void)fprintf(out, " %s %.4s_%.2s_%.2s", flag, day, day + 5, day + 8);
    }
}

/* The command line that reads it; owned: free(). NULL: out of memory. */
static char *command_for(const char *path, const nlt_probe_match *match)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out, "netlytics query -c %s -i %s", match->alias,
        path[0] == '-' && path[1] != '\0' ? "./" : "");
    put_quoted(out, path);
    put_day(out, "-s", match->first_day);
    put_day(out, "-e", match->last_day);
    (void)fprintf(out, " -q \"%s\"", question_for(match->table));
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Lines of a log may hold anything: nothing of it must steer a terminal. */
static void put_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        (void)fputc(c < 0x20 || c == 0x7f ? '?' : c, stdout);
    }
}

static const char *note_of(const nlt_probe_match *match)
{
    for (int i = 0; i < nlt_connector_count(); i++) {
        nlt_connector_info info;
        if (nlt_connector_get(i, &info) == NLT_OK
            && strcmp(info.class_name, match->class_name) == 0) {
            return info.note;
        }
    }
    return "";
}

/* ---- as text ---- */

enum { LABEL_WIDTH = 12 };

static void label(const char *name)
{
    (void)printf("  %-*s", LABEL_WIDTH, name);
}

static void text_sample(const nlt_probe_match *match)
{
    label("sample");
    (void)printf("%lld %s: %lld used, %lld ignored, %lld rejected\n", (long long)match->lines,
        match->unit, (long long)match->used, (long long)match->ignored, (long long)match->skipped);
}

static void text_columns(const nlt_probe *probe, const nlt_probe_match *match)
{
    enum { NAME_WIDTH = 18 };
    for (int i = 0; i < match->n_columns; i++) {
        nlt_probe_column column;
        if (nlt_probe_column_get(probe, 0, i, &column) == NLT_OK) {
            label(i == 0 ? "columns" : "");
            (void)printf("%-*s %s\n", NAME_WIDTH, column.column,
                column.source[0] != '\0' ? column.source : "(this file does not tell)");
        }
    }
}

static void text_rejects(const nlt_probe *probe, const nlt_probe_match *match)
{
    for (int i = 0; i < match->n_rejects; i++) {
        nlt_probe_reject reject;
        if (nlt_probe_reject_get(probe, 0, i, &reject) == NLT_OK) {
            label(i == 0 ? "rejected" : "");
            (void)printf("%lld: %s%s", (long long)reject.line, reject.reason,
                reject.text[0] != '\0' ? ": " : "");
            put_plain(reject.text);
            (void)fputc('\n', stdout);
        }
    }
}

static void text_others(const nlt_probe *probe, int n_matches)
{
    for (int i = 1; i < n_matches; i++) {
        nlt_probe_match match;
        if (nlt_probe_match_get(probe, i, &match) == NLT_OK) {
            label(i == 1 ? "also" : "");
            (void)printf("%s, as the table %s\n", match.alias, match.table);
        }
    }
}

static nlt_status text_command(const char *path, const nlt_probe_match *match, nlt_error *err)
{
    char *command = command_for(path, match);
    if (command == NULL) {
        return cli_no_memory(err);
    }
    label("run");
    put_plain(command);
    (void)fputc('\n', stdout);
    free(command);
    return NLT_OK;
}

static nlt_status text_match(
    const nlt_probe *probe, const char *path, int n_matches, nlt_error *err)
{
    nlt_probe_match match;
    NLT_TRY(nlt_probe_match_get(probe, 0, &match));
    label("read by");
    (void)printf("%s, as the table %s%s\n", match.alias, match.table,
        match.is_side ? ", beside the other logs of the folder" : "");
    text_others(probe, n_matches);
    text_sample(&match);
    text_columns(probe, &match);
    text_rejects(probe, &match);
    label("note");
    (void)printf("%s\n", note_of(&match));
    return match.is_side ? NLT_OK : text_command(path, &match, err);
}

/* Each connector that has files below a folder. */
static nlt_status text_layouts(
    const nlt_probe *probe, const char *path, int n_matches, nlt_error *err)
{
    for (int i = 0; i < n_matches; i++) {
        nlt_probe_match match;
        NLT_TRY(nlt_probe_match_get(probe, i, &match));
        (void)printf("  %s, as the table %s: %lld file%s %s", match.alias, match.table,
            (long long)match.n_files, match.n_files == 1 ? "" : "s", match.layout);
        if (match.first_day[0] != '\0') {
            (void)printf(", %s to %s", match.first_day, match.last_day);
        }
        (void)printf("\n    %s\n", match.what);
        NLT_TRY(text_command(path, &match, err));
    }
    return NLT_OK;
}

static void text_looked_for(void)
{
    label("looked for");
    for (int i = 0; i < nlt_connector_count(); i++) {
        nlt_connector_info info;
        if (nlt_connector_get(i, &info) == NLT_OK) {
            (void)printf("%s%s", i > 0 ? ", " : "", info.alias);
        }
    }
    (void)fputc('\n', stdout);
}

static nlt_status print_text(const nlt_probe *probe, const char *path, nlt_error *err)
{
    nlt_probe_info info;
    nlt_probe_get(probe, &info);
    put_plain(info.path);
    if (info.is_folder && info.n_matches > 0) {
        (void)printf(": a folder of logs by day\n");
        return text_layouts(probe, path, info.n_matches, err);
    }
    (void)printf(": %s\n", info.what);
    if (strcmp(info.packing, "plain") != 0 && info.packing[0] != '\0') {
        label("packed");
        (void)printf("%s\n", info.packing);
    }
    if (info.damage[0] != '\0') {
        label("damaged");
        put_plain(info.damage);
        (void)fputc('\n', stdout);
    }
    if (info.n_matches > 0) {
        return text_match(probe, path, info.n_matches, err);
    }
    if (!info.is_folder) { /* of a folder the hint says so, with names */
        text_looked_for();
    }
    return NLT_OK;
}

/* ---- as JSON ---- */

static void json_member(const char *before, const char *key, const char *value)
{
    (void)printf("%s\"%s\": ", before, key);
    cli_print_json(stdout, value != NULL && value[0] != '\0' ? value : NULL);
}

static void json_number(const char *before, const char *key, int64_t value)
{
    if (value < 0) {
        (void)printf("%s\"%s\": null", before, key);
    } else {
        (void)printf("%s\"%s\": %lld", before, key, (long long)value);
    }
}

static void json_details(const nlt_probe *probe, int index, const nlt_probe_match *match)
{
    (void)printf(",\n     \"columns\": {");
    for (int i = 0; i < match->n_columns; i++) {
        nlt_probe_column column;
        if (nlt_probe_column_get(probe, index, i, &column) == NLT_OK) {
            json_member(i > 0 ? ", " : "", column.column, column.source);
        }
    }
    (void)printf("},\n     \"rejects\": [");
    for (int i = 0; i < match->n_rejects; i++) {
        nlt_probe_reject reject;
        if (nlt_probe_reject_get(probe, index, i, &reject) == NLT_OK) {
            json_number(i > 0 ? ", {" : "{", "line", reject.line);
            json_member(", ", "reason", reject.reason);
            json_member(", ", "text", reject.text);
            (void)fputc('}', stdout);
        }
    }
    (void)fputc(']', stdout);
}

static nlt_status json_match(
    const nlt_probe *probe, const char *path, bool is_folder, int index, nlt_error *err)
{
    nlt_probe_match match;
    NLT_TRY(nlt_probe_match_get(probe, index, &match));
    char *command = command_for(path, &match);
    if (command == NULL) {
        return cli_no_memory(err);
    }
    json_member(index > 0 ? ",\n    {" : "\n    {", "connector", match.class_name);
    json_member(", ", "alias", match.alias);
    json_member(", ", "tool", match.tool);
    json_member(", ", "table", match.table);
    json_member(",\n     ", "what", match.what);
    json_number(", ", "score", match.score);
    (void)printf(", \"is_side\": %s", match.is_side ? "true" : "false");
    json_number(",\n     ", "lines", match.lines);
    json_number(", ", "used", match.used);
    json_number(", ", "ignored", match.ignored);
    json_number(", ", "rejected", match.skipped);
    if (is_folder) {
        json_member(",\n     ", "layout", match.layout);
        json_number(", ", "files", match.n_files);
        json_number(", ", "bytes", match.n_bytes);
        json_member(", ", "first_day", match.first_day);
        json_member(", ", "last_day", match.last_day);
    }
    json_details(probe, index, &match);
    json_member(",\n     ", "command", match.is_side ? NULL : command);
    (void)fputc('}', stdout);
    free(command);
    return NLT_OK;
}

static nlt_status print_json(const nlt_probe *probe, const char *path, nlt_error *err)
{
    nlt_probe_info info;
    nlt_probe_get(probe, &info);
    json_member("  {", "path", info.path);
    (void)printf(", \"is_folder\": %s", info.is_folder ? "true" : "false");
    json_member(",\n   ", "what", info.what);
    json_member(", ", "packing", info.packing);
    json_number(", ", "size", info.size);
    json_member(",\n   ", "damage", info.damage);
    json_member(", ", "hint", info.hint);
    (void)printf(",\n   \"matches\": [");
    for (int i = 0; i < info.n_matches; i++) {
        NLT_TRY(json_match(probe, path, info.is_folder, i, err));
    }
    (void)printf("]}");
    return NLT_OK;
}

static void print_json_error(const char *path, const nlt_error *err)
{
    json_member("  {", "path", path);
    json_member(", ", "error", err->message);
    (void)printf(", \"matches\": []}");
}

/* ---- the command ---- */

static nlt_status judge(const nlt_probe *probe, nlt_error *err)
{
    nlt_probe_info info;
    nlt_probe_get(probe, &info);
    if (info.n_matches > 0) {
        return NLT_OK;
    }
    nlt_status status = info.is_folder
        ? nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: %s", info.path, info.what)
        : nlt_fail(err, NLT_ERR_NO_ROWS, "%s: no connector reads it; it looks like %s", info.path,
            info.what);
    nlt_error_hint(err, "%s",
        info.hint[0] != '\0' ? info.hint : "\"netlytics connectors\" lists what can be read");
    return status;
}

static nlt_status probe_one(const char *path, bool with_json, nlt_error *err)
{
    nlt_probe *probe = NULL;
    nlt_status status = nlt_probe_open(path, NULL, &probe, err);
    if (status != NLT_OK) {
        if (with_json) {
            print_json_error(path, err);
        }
        return status;
    }
    status = (with_json ? print_json : print_text)(probe, path, err);
    if (status == NLT_OK) {
        status = judge(probe, err);
    }
    nlt_probe_close(probe);
    return status;
}

nlt_status cli_cmd_probe(const cli_options *options, nlt_error *err)
{
    const char *format = options->values[CLI_OPT_FORMAT];
    bool with_json = format != NULL && strcmp(format, "json") == 0;
    nlt_status first = NLT_OK;
    int n_failed = 0;
    if (options->n_words == 0) {
        nlt_fail(err, NLT_ERR_ARG, "probe: the file is missing");
        nlt_error_hint(err, "usage: netlytics probe %s", options->command->usage);
        return NLT_ERR_ARG;
    }
    (void)fputs(with_json ? "[\n" : "", stdout);
    for (int i = 0; i < options->n_words; i++) {
        (void)fputs(i == 0 ? "" : with_json ? ",\n" : "\n", stdout);
        nlt_status status = probe_one(options->words[i], with_json, err);
        first = first == NLT_OK ? status : first;
        n_failed += status != NLT_OK;
        if (status != NLT_OK && options->n_words > 1) {
            (void)fflush(stdout);
            cli_print_error(err);
        }
    }
    (void)fputs(with_json ? "\n]\n" : "", stdout);
    if (n_failed > 0 && options->n_words > 1) {
        nlt_fail(err, first, "%d of %d inputs are not recognised", n_failed, options->n_words);
    }
    nlt_status flushed = cli_flush(first == NLT_OK ? err : NULL);
    return first != NLT_OK ? first : flushed;
}

/* ---- -c auto ---- */

/* The table that the algorithm asked for takes; NULL: any, or there is no algorithm. */
static const char *wanted_table(const cli_options *options)
{
    nlt_algorithm_info algo;
    int index = 0;
    const char *name = options->values[CLI_OPT_ALGO];
    if (name == NULL || nlt_algorithm_find(name, &index, NULL) != NLT_OK
        || nlt_algorithm_get(index, &algo) != NLT_OK) {
        return NULL;
    }
    return strcmp(algo.table, "any") == 0 ? NULL : algo.table;
}

nlt_status cli_choose_connector(const cli_options *options, nlt_dataset_request *request,
    nlt_probe_choice *choice, nlt_error *err)
{
    *choice = (nlt_probe_choice){.n_files = 0};
    if (strcasecmp(request->connector, "auto") != 0) {
        return NLT_OK;
    }
    const nlt_probe_options probing = {sizeof probing, 0, request->start_day, request->end_day};
    NLT_TRY(nlt_probe_choose(request->input_path, &probing, wanted_table(options), choice, err));
    request->connector = choice->class_name;
    request->head = choice->head;
    if (!cli_option_is_on(options, CLI_OPT_QUIET)) {
        (void)fprintf(
            stderr, "netlytics: %s: %s: -c %s\n", request->input_path, choice->what, choice->alias);
    }
    return NLT_OK;
}
