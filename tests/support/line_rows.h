/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_LINE_ROWS_H
#define NLT_TESTS_LINE_ROWS_H

/* Lines through one connector, without files and threads; rows as text.
 *
 * A row is its non-NULL columns in table order: `c_ip=10.0.0.1 c_port=80 answers=[a,b]`; a double is
 * written so that it reads back equal. A line that is no row is `ignored` or `rejected REASON`. For
 * connectors that pair records, what `line_rows_finish` gives is the rows. */

#include "connectors/connector.h"

typedef struct line_rows {
    const nlt_connector *connector;
    nlt_builder *out;
    nlt_line_ctx ctx;
    nlt_records records;
    nlt_buf line; /* with 64 bytes of padding that change every time */
    nlt_buf text;
    int64_t offset;
} line_rows;

/* All columns if `wanted` is NULL. `zone`: NULL = UTC. Owned: line_rows_close. */
void line_rows_open(
    line_rows *rows, const char *connector, const int *wanted, int n_wanted, const char *zone);
void line_rows_close(line_rows *rows);
/* What becomes of one line; borrowed until the next call. */
const char *line_rows_take(line_rows *rows, nlt_bytes line);
/* As above, of a NUL-terminated line. */
const char *line_rows_text(line_rows *rows, const char *line);
/* Rows of all records, each followed by a newline, ordered by their first line. */
const char *line_rows_finish(line_rows *rows);
/* Stops the program if a text of the last row is not valid UTF-8 or holds NUL. */
void line_rows_check(const line_rows *rows);

#endif
