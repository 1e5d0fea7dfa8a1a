/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The progress line: a thread looks at the session's counters a few times a second and draws one
 * line on standard error; nothing in the first half second, nothing once the input is read.
 *
 * The cursor is left at the start of the line, so whatever is printed next overwrites it. */

#define _GNU_SOURCE
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

enum { FIRST_MS = 500, TERMINAL_MS = 200, FILE_MS = 1000, BAR_WIDTH = 24 };

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void erase(cli_progress *p)
{
    if (p->is_drawn) {
        (void)fputs("\033[K", stderr);
        (void)fflush(stderr);
        p->is_drawn = false;
    }
}

/* "12 % [###.....]  " if the size of the input is known. */
static void format_share(const nlt_progress *state, char *out, size_t size)
{
    double share = (double)state->bytes_done / (double)state->bytes_total;
    share = share < 1 ? share : 1;
    char bar[BAR_WIDTH + 1];
    int filled = (int)(share * BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    memset(bar + filled, '.', (size_t)(BAR_WIDTH - filled));
    bar[BAR_WIDTH] = '\0';
    (void)snprintf(out, size, "[%s] %3d %%  ", bar, (int)(share * 100));
}

static void format_rest(const nlt_progress *state, double seconds, char *out, size_t size)
{
    double left =
        seconds * (double)(state->bytes_total - state->bytes_done) / (double)state->bytes_done;
    int64_t whole = (int64_t)(left + 0.5);
    (void)snprintf(out, size, "  %lld:%02d left", (long long)(whole / 60), (int)(whole % 60));
}

/* What fits into one line of the terminal: \r does not go back over a break. */
static int room(const cli_progress *p)
{
    struct winsize size;
    return p->is_terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
        ? size.ws_col - 1
        : INT_MAX;
}

static void draw(cli_progress *p)
{
    nlt_progress state = p->told;
    if (p->session != NULL) {
        nlt_session_progress(p->session, &state);
    }
    if (state.bytes_done <= 0 || state.bytes_done == state.bytes_total) {
        erase(p);
        return;
    }
    double seconds = seconds_since(&p->start);
    char share[64] = "";
    char rest[48] = "";
    if (state.bytes_total > 0) {
        format_share(&state, share, sizeof share);
        format_rest(&state, seconds, rest, sizeof rest);
    }
    char rows[32] = "";
    if (state.rows >= 0) {
        (void)snprintf(rows, sizeof rows, "  %lld rows", (long long)state.rows);
    }
    char line[256];
    (void)snprintf(line, sizeof line, "reading %s%.0f MB/s%s%s", share,
        (double)state.bytes_done / 1e6 / seconds, rows, rest);
    (void)fprintf(stderr, "%s%.*s%s", p->is_terminal ? "\r" : "", room(p), line,
        p->is_terminal ? "\033[K\r" : "\n");
    (void)fflush(stderr);
    p->is_drawn = p->is_terminal;
}

static void *show(void *ctx)
{
    cli_progress *p = ctx;
    long wait_ms = FIRST_MS;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->must_stop) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        long nanos = until.tv_nsec + wait_ms % 1000 * 1000000;
        until.tv_sec += wait_ms / 1000 + nanos / 1000000000;
        until.tv_nsec = nanos % 1000000000;
        (void)pthread_cond_timedwait(&p->wake, &p->lock, &until);
        if (!p->must_stop) {
            draw(p);
        }
        wait_ms = p->is_terminal ? TERMINAL_MS : FILE_MS;
    }
    erase(p);
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

static bool is_wanted(const cli_options *options, bool is_stdout_busy)
{
    const char *when = options->values[CLI_OPT_PROGRESS];
    if (when != NULL && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    return isatty(STDERR_FILENO) && !is_stdout_busy && !cli_option_is_on(options, CLI_OPT_QUIET);
}

void cli_progress_start(
    cli_progress *p, const nlt_session *session, const cli_options *options, bool is_stdout_busy)
{
    *p = (cli_progress){.session = session};
    if (!is_wanted(options, is_stdout_busy)) {
        return;
    }
    p->is_terminal = isatty(STDERR_FILENO) != 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &p->start);
    (void)pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&p->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    /* A run without a progress line is still a run. */
    p->is_running = pthread_create(&p->thread, NULL, show, p) == 0;
}

void cli_progress_set(cli_progress *p, const nlt_progress *state)
{
    if (p->is_running) {
        (void)pthread_mutex_lock(&p->lock);
        p->told = *state;
        (void)pthread_mutex_unlock(&p->lock);
    }
}

void cli_progress_clear(cli_progress *p)
{
    if (p->is_running) {
        (void)pthread_mutex_lock(&p->lock);
        erase(p);
        (void)pthread_mutex_unlock(&p->lock);
    }
}

void cli_progress_stop(cli_progress *p)
{
    if (!p->is_running) {
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    p->must_stop = true;
    (void)pthread_cond_signal(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
    (void)pthread_cond_destroy(&p->wake);
    (void)pthread_mutex_destroy(&p->lock);
    p->is_running = false;
}
