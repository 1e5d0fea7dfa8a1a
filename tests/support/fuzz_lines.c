/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/fuzz_lines.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/line_rows.h"

static bool is_verdict(const char *text)
{
    return strcmp(text, "ignored") == 0 || strncmp(text, "rejected ", 9) == 0;
}

static void take(line_rows *all, line_rows *none, nlt_bytes line)
{
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r';
    if (line.len == 0) {
        return;
    }
    const char *one = line_rows_take(all, line);
    line_rows_check(all);
    const char *other = line_rows_take(none, line);
    bool is_same = is_verdict(one) ? strcmp(one, other) == 0 : !is_verdict(other);
    if (!is_same) {
        fprintf(stderr, "with columns: %s\nwithout: %s\n", one, other);
        abort();
    }
}

void fuzz_lines(const char *connector, const uint8_t *data, size_t size)
{
    line_rows all;
    line_rows none;
    const int no_columns[1] = {0};
    line_rows_open(&all, connector, NULL, 0, NULL);
    line_rows_open(&none, connector, no_columns, 0, NULL);
    const char *at = (const char *)data;
    const char *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline == NULL ? end : newline;
        take(&all, &none, (nlt_bytes){at, (size_t)(stop - at)});
        at = stop + 1;
    }
    if (all.connector->pairing != NULL) {
        size_t rows = strlen(line_rows_finish(&all));
        size_t others = strlen(line_rows_finish(&none));
        if ((rows == 0) != (others == 0)) {
            abort();
        }
    }
    line_rows_close(&all);
    line_rows_close(&none);
}
