/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --help, made from the tables of commands and flags. One screen per command. */

#include <string.h>

#include "cli.h"

void cli_help_program(FILE *out)
{
    (void)fprintf(out,
        "usage: netlytics COMMAND [FLAGS]\n\n"
        "NetLytics turns network logs of many days into tables and answers.\n\ncommands:\n");
    for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-12s %s\n", cli_commands[i].name, cli_commands[i].summary);
    }
    (void)fprintf(out, "  %-12s %s\n\n", "help", "say more about a command");
    (void)fprintf(out, "examples:\n  %s\n  %s\n\n", cli_commands[CLI_JOB].examples[0],
        cli_commands[CLI_SCHEMA].examples[0]);
    (void)fprintf(
        out, "\"netlytics COMMAND --help\" says more. This is version %s.\n", nlt_version());
}

static bool has_flags(cli_command_id command, cli_group group)
{
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_flags[i].group == group && cli_takes(&cli_flags[i], command)) {
            return true;
        }
    }
    return false;
}

static void print_flag(FILE *out, const cli_flag *flag)
{
    enum { NAME_WIDTH = 27 };
    char letter[8] = "    ";
    if (flag->letter != 0) {
        (void)snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    }
    char name[64];
    (void)snprintf(name, sizeof name, "--%s%s%s", flag->name, flag->value != NULL ? " " : "",
        flag->value != NULL ? flag->value : "");
    (void)fprintf(out, "  %s%-*s %s\n", letter, NAME_WIDTH, name, flag->help);
}

/* Names only: they say nothing but that they are known. */
static void print_ignored(FILE *out, cli_command_id command)
{
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_flags[i].group == CLI_GROUP_IGNORED && cli_takes(&cli_flags[i], command)) {
            (void)fprintf(out, "  --%s", cli_flags[i].name);
        }
    }
    (void)fputc('\n', out);
}

static void print_group(FILE *out, cli_command_id command, cli_group group)
{
    (void)fprintf(out, "%s:\n", cli_group_titles[group]);
    if (group == CLI_GROUP_IGNORED) {
        print_ignored(out, command);
        return;
    }
    for (int i = 0; i < cli_n_flags; i++) {
        if (cli_flags[i].group == group && cli_takes(&cli_flags[i], command)) {
            print_flag(out, &cli_flags[i]);
        }
    }
}

void cli_help_command(FILE *out, const cli_command *command)
{
    (void)fprintf(out, "usage: netlytics %s %s\n%s", command->name, command->usage, command->about);
    for (int group = 0; group < CLI_GROUP_COUNT; group++) {
        if (has_flags(command->id, (cli_group)group)) {
            print_group(out, command->id, (cli_group)group);
        }
    }
    (void)fprintf(out, "Examples:\n  %s\n  %s\n", command->examples[0], command->examples[1]);
}
