/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the program says: errors, hints and warnings on standard error, JSON texts on standard
 * output. Colours only on a terminal, and not against NO_COLOR (no-color.org). */

#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static bool has_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL
        && strcmp(term, "dumb") != 0;
}

/* Text may quote the input: control characters must not reach a terminal. */
static void print_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        (void)fputc((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, stderr);
    }
}

static void print_line(const char *label, const char *colour, const char *text)
{
    bool is_coloured = has_colours();
    (void)fprintf(stderr, "%s%s%s", is_coloured ? colour : "", label, is_coloured ? "\033[0m" : "");
    print_plain(text);
    (void)fputc('\n', stderr);
}

void cli_print_error(const nlt_error *err)
{
    print_line("netlytics: error: ", "\033[1;31m",
        err->message[0] != '\0' ? err->message : nlt_status_name(err->code));
    if (err->hint[0] != '\0') {
        print_line("hint: ", "\033[1;36m", err->hint);
    }
}

void cli_print_warning(const char *message)
{
    print_line("netlytics: warning: ", "\033[1;33m", message);
}

nlt_status cli_flush(nlt_error *err)
{
    errno = 0;
    bool has_failed = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (has_failed && errno != EPIPE) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "standard output: %s",
            errno != 0 ? strerror(errno) : "cannot be written");
    }
    return NLT_OK;
}

void cli_print_json(FILE *out, const char *text)
{
    if (text == NULL) {
        (void)fputs("null", out);
        return;
    }
    (void)fputc('"', out);
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            (void)fprintf(out, "\\%c", c);
        } else if (c < 0x20) {
            (void)fprintf(out, "\\u%04x", (unsigned)c);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

char *cli_text(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return len < 0 ? NULL : text;
}

nlt_status cli_no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}
