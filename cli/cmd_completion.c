/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics completion: scripts for bash, zsh and fish, from the same tables as --help. */

#include <string.h>

#include "cli.h"

/* ---- the values that a flag may have ---- */

typedef void (*print_word)(const char *word, size_t len);

static void each_word(const char *words, print_word print)
{
    while (words != NULL) {
        const char *word;
        size_t len = cli_next_word(&words, &word);
        print(word, len);
    }
}

static void each_connector(print_word print)
{
    for (int i = 0; i < nlt_connector_count(); i++) {
        nlt_connector_info info;
        if (nlt_connector_get(i, &info) == NLT_OK) {
            print(info.alias, strlen(info.alias));
            print(info.class_name, strlen(info.class_name));
        }
    }
    static const char *const others[] = {
        "auto", "csv", "ndjson", "parquet", "parquet:DNS", "parquet:HTTP", "parquet:NamedFlows"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        print(others[i], strlen(others[i]));
    }
}

static void each_algorithm(print_word print)
{
    for (int i = 0; i < nlt_algorithm_count(); i++) {
        nlt_algorithm_info info;
        if (nlt_algorithm_get(i, &info) == NLT_OK) {
            print(info.alias, strlen(info.alias));
            print(info.class_name, strlen(info.class_name));
        }
    }
}

static void each_table(print_word print)
{
    for (int i = 0; i < nlt_table_desc_count(); i++) {
        const char *name = nlt_table_desc_at(i)->name;
        print(name, strlen(name));
    }
}

static void each_function(print_word print)
{
    for (int i = 0; i < nlt_function_count(); i++) {
        nlt_function_info info;
        if (nlt_function_get(i, &info) == NLT_OK) {
            print(info.name, strlen(info.name));
        }
    }
}

/* False: files are completed. */
static bool has_values(const cli_flag *flag)
{
    return flag->words != NULL || flag->id == CLI_OPT_CONNECTOR || flag->id == CLI_OPT_ALGO;
}

static void each_value(const cli_flag *flag, print_word print)
{
    if (flag->id == CLI_OPT_CONNECTOR) {
        each_connector(print);
    } else if (flag->id == CLI_OPT_ALGO) {
        each_algorithm(print);
    }
    each_word(flag->words, print);
}

static void each_positional(const cli_command *command, print_word print)
{
    if (command->id == CLI_SCHEMA) {
        each_table(print);
    } else if (command->id == CLI_FUNCTIONS) {
        each_function(print);
    }
    each_word(command->words, print);
}

static void print_spaced(const char *word, size_t len)
{
    (void)printf("%.*s ", (int)len, word);
}

static void print_flags(cli_command_id command)
{
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_takes(&cli_flags[i], command)) {
            (void)printf("--%s ", cli_flags[i].name);
            if (cli_flags[i].letter != 0) {
                (void)printf("-%c ", cli_flags[i].letter);
            }
        }
    }
}

static void print_commands(void)
{
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        (void)printf("%s ", cli_commands[i].name);
    }
    (void)fputs("help", stdout);
}

/* ---- bash ---- */

static void bash_command(const cli_command *command)
{
    (void)printf("    %s)\n        words=\"", command->name);
    each_positional(command, print_spaced);
    print_flags(command->id);
    (void)printf("\"\n");
    if (command->max_words == CLI_ANY_WORDS) { /* no words: bash completes files */
        (void)printf("        [[ $current == -* ]] || words=\n");
    }
    (void)printf("        case $previous in\n");
    for (int i = 0; i < cli_n_flags; i++) {
        const cli_flag *flag = &cli_flags[i];
        if (flag->value == NULL || !cli_takes(flag, command->id)) {
            continue;
        }
        (void)printf("        --%s", flag->name);
        if (flag->letter != 0) {
            (void)printf("|-%c", flag->letter);
        }
        (void)printf(") words=\"");
        each_value(flag, print_spaced);
        (void)printf("\" ;;\n");
    }
    (void)printf("        esac ;;\n");
}

/* A value may hold a colon (squid:flows), which bash takes for the end of a word. */
static void print_bash(void)
{
    (void)printf(
        "_netlytics()\n{\n    local current previous words\n"
        "    if declare -F _get_comp_words_by_ref > /dev/null; then\n"
        "        _get_comp_words_by_ref -n : -c current -p previous\n"
        "    else\n"
        "        current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "    fi\n    words=\"");
    print_commands();
    (void)printf("\"\n    [ \"$COMP_CWORD\" -gt 1 ] && case ${COMP_WORDS[1]} in\n");
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        bash_command(&cli_commands[i]);
    }
    (void)printf("    *) words= ;;\n    esac\n"
                 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                 "    if declare -F __ltrim_colon_completions > /dev/null; then\n"
                 "        __ltrim_colon_completions \"$current\"\n    fi\n}\n"
                 "complete -o default -F _netlytics netlytics\n");
}

/* ---- zsh ---- */

/* Text inside '...[text]...' of _arguments. */
static void zsh_text(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'') {
            (void)fputs("'\\''", stdout);
        } else {
            (void)printf("%s%c", *p == '[' || *p == ']' || *p == ':' || *p == '\\' ? "\\" : "", *p);
        }
    }
}

static void zsh_word(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        (void)printf("%s%c", word[i] == ':' ? "\\" : "", word[i]);
    }
    (void)fputc(' ', stdout);
}

static void zsh_spec(const cli_flag *flag, const char *prefix, const char *name, size_t name_len)
{
    (void)printf(" \\\n            '%s%s%.*s[", flag->id == CLI_OPT_PARAMETER ? "*" : "", prefix,
        (int)name_len, name);
    zsh_text(flag->help);
    (void)fputc(']', stdout);
    if (flag->value != NULL) {
        (void)printf(":%s:%s", flag->value, has_values(flag) ? "(" : "_files");
        each_value(flag, zsh_word);
        (void)fputs(has_values(flag) ? ")" : "", stdout);
    }
    (void)fputc('\'', stdout);
}

static void zsh_command(const cli_command *command)
{
    (void)printf("    %s)\n        _arguments", command->name);
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_takes(&cli_flags[i], command->id)) {
            zsh_spec(&cli_flags[i], "--", cli_flags[i].name, strlen(cli_flags[i].name));
            if (cli_flags[i].letter != 0) {
                zsh_spec(&cli_flags[i], "-", &cli_flags[i].letter, 1);
            }
        }
    }
    if (command->max_words == CLI_ANY_WORDS) {
        (void)printf(" \\\n            '*:file:_files'");
    } else if (command->max_words > 0) {
        (void)printf(" \\\n            '1:%s:(", command->name);
        each_positional(command, zsh_word);
        (void)printf(")'");
    }
    (void)printf(" ;;\n");
}

static void print_zsh(void)
{
    (void)printf("#compdef netlytics\n\n_netlytics()\n{\n    local -a commands=(\n");
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        (void)printf("        '%s:%s'\n", cli_commands[i].name, cli_commands[i].summary);
    }
    (void)printf("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
                 "        return\n    fi\n    local command=${words[2]}\n    shift words\n"
                 "    (( CURRENT-- ))\n    case $command in\n");
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        zsh_command(&cli_commands[i]);
    }
    (void)printf("    esac\n}\n\nif [ \"$funcstack[1]\" = _netlytics ]; then\n"
                 "    _netlytics \"$@\"\nelse\n    compdef _netlytics netlytics\nfi\n");
}

/* ---- fish ---- */

static void fish_text(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        (void)printf("%s%c", *p == '\'' || *p == '\\' ? "\\" : "", *p);
    }
}

static void fish_flag(const cli_command *command, const cli_flag *flag)
{
    (void)printf("complete -c netlytics -n '__fish_seen_subcommand_from %s' -l %s", command->name,
        flag->name);
    if (flag->letter != 0) {
        (void)printf(" -s %c", flag->letter);
    }
    if (flag->value != NULL) {
        (void)printf(has_values(flag) ? " -x -a '" : " -r -F");
        each_value(flag, print_spaced);
        (void)fputs(has_values(flag) ? "'" : "", stdout);
    }
    (void)printf(" -d '");
    fish_text(flag->help);
    (void)printf("'\n");
}

static void print_fish(void)
{
    (void)printf("complete -c netlytics -f\n");
    for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
        const cli_command *command = &cli_commands[c];
        (void)printf("complete -c netlytics -n __fish_use_subcommand -a %s -d '%s'\n",
            command->name, command->summary);
        if (command->max_words == CLI_ANY_WORDS) {
            (void)printf(
                "complete -c netlytics -n '__fish_seen_subcommand_from %s' -F\n", command->name);
        } else if (command->max_words > 0) {
            (void)printf(
                "complete -c netlytics -n '__fish_seen_subcommand_from %s' -a '", command->name);
            each_positional(command, print_spaced);
            (void)printf("'\n");
        }
        for (int i = 0; i < cli_n_flags; i++) {
            if (cli_takes(&cli_flags[i], command->id)) {
                fish_flag(command, &cli_flags[i]);
            }
        }
    }
}

/* ---- the command ---- */

typedef struct shell {
    const char *name;
    void (*print)(void);
} shell;

static const shell shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

nlt_status cli_cmd_completion(const cli_options *options, nlt_error *err)
{
    if (options->n_words == 0) {
        nlt_status status = nlt_fail(err, NLT_ERR_ARG, "completion: the shell is missing");
        nlt_error_hint(err, "one of %s", options->command->words);
        return status;
    }
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].name, options->words[0]) == 0) {
            shells[i].print();
        }
    }
    return cli_flush(err);
}
