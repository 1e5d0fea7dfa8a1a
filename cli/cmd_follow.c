/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query --follow: the answer again and again while the logs grow, until a signal, or until nobody reads
 * the answers any more. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { EVERY_DEFAULT_S = 5, MS = 1000 };

static nlt_status check(const cli_options *options, const char *format, nlt_error *err)
{
    static const struct {
        cli_option option;
        const char *name;
    } refused[] = {{CLI_OPT_TABLE, "table"}, {CLI_OPT_CACHE, "cache"},
        {CLI_OPT_PARTITION_BY, "partition_by"}, {CLI_OPT_REPORT_JSON, "report_json"}};
    NLT_TRY(cli_option_require(options, CLI_OPT_CONNECTOR, err));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (options->values[refused[i].option] != NULL) {
            return nlt_fail(
                err, NLT_ERR_ARG, "--follow and --%s do not go together", refused[i].name);
        }
    }
    if (strcmp(format, "parquet") == 0 || strcmp(format, "arrow") == 0) {
        return nlt_fail(err, NLT_ERR_ARG, "--follow: answers are not written as %s", format);
    }
    return NLT_OK;
}

/* Waits; true if nobody reads standard output any more. A signal ends the waiting. */
static bool wait_or_leave(double until_s, bool is_stdout)
{
    struct pollfd out = {.fd = is_stdout ? STDOUT_FILENO : -1};
    double left = until_s - cli_now_s();
    int n = poll(&out, 1, left > 0 ? (int)(left * MS) + 1 : 0);
    return n > 0 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

/* On a terminal a result takes the place of the one before; elsewhere an empty line stands between
 * them, but not between rows that are objects. */
static nlt_status separate(const char *format, bool is_first, nlt_error *err)
{
    if (isatty(STDOUT_FILENO) && strcmp(format, "table") == 0) {
        (void)fputs("\033[H\033[2J", stdout);
    } else if (!is_first && (strcmp(format, "csv") == 0 || strcmp(format, "table") == 0)) {
        (void)fputc('\n', stdout);
    }
    return cli_flush(err);
}

static nlt_status show(
    nlt_follow *follow, const char *format, const char *path, bool is_first, nlt_error *err)
{
    if (strcmp(path, "-") == 0) {
        NLT_TRY(separate(format, is_first, err));
    }
    return nlt_table_write(nlt_follow_answer(follow), format, path, NULL, err);
}

static nlt_status follow_on(
    nlt_follow *follow, const char *format, const char *path, int every_s, nlt_error *err)
{
    bool is_stdout = strcmp(path, "-") == 0;
    bool is_first = true;
    for (;;) {
        bool has_new = false;
        double next_s = cli_now_s() + every_s;
        NLT_TRY(nlt_follow_poll(follow, &has_new, err));
        if (has_new) {
            NLT_TRY(show(follow, format, path, is_first, err));
            is_first = false;
        }
        do {
            NLT_TRY(cli_check_signals(err));
            if (wait_or_leave(next_s, is_stdout)) {
                return NLT_OK;
            }
        } while (cli_now_s() < next_s);
    }
}

nlt_status cli_follow(
    cli_run *run, const cli_options *options, const char *format, const char *path, nlt_error *err)
{
    int every_s = EVERY_DEFAULT_S;
    nlt_dataset_request request;
    nlt_probe_choice choice;
    NLT_TRY(check(options, format, err));
    NLT_TRY(cli_option_count(options, CLI_OPT_EVERY, &every_s, err));
    NLT_TRY(cli_run_session(run, options, &request, err));
    NLT_TRY(cli_choose_connector(options, &request, &choice, err));
    nlt_follow *follow = NULL;
    nlt_status status =
        nlt_follow_open(run->session, &request, options->values[CLI_OPT_QUERY], &follow, err);
    nlt_probe_choice_clear(&choice);
    if (status == NLT_OK) {
        status = follow_on(follow, format, path, every_s, err);
        nlt_totals totals;
        nlt_follow_totals(follow, &totals);
        if (!cli_option_is_on(options, CLI_OPT_QUIET)) {
            (void)fprintf(stderr, "netlytics: followed %lld rows, %lld rejected\n",
                (long long)totals.rows, (long long)totals.skipped);
        }
    }
    nlt_follow_close(follow);
    return status;
}
