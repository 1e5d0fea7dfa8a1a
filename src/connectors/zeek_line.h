/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_ZEEK_LINE_H
#define NLT_CONNECTORS_ZEEK_LINE_H

/* A line of a Zeek log, TSV or JSON, as values of the fields that a table needs.
 *
 * Fields are found by name: through `#fields`, by key in JSON, or through the layout that has as many
 * columns where a file has no header. TSV values are escaped (\xNN, \\) until they are put. */

#include "connectors/columns.h"
#include "connectors/connector.h"

enum { ZEEK_FIELDS_MAX = NLT_COLUMNS_FIELDS_MAX, ZEEK_MARKER_MAX = NLT_SEPARATOR_MAX };

enum { ZEEK_NAMES_MAX = 4 };

/* A field that a table uses, and the names it goes by. */
typedef struct zeek_field {
    const char *names[ZEEK_NAMES_MAX]; /* NULL behind the last */
    int column; /* its position in the layout of files without header; -1: it has none */
} zeek_field;

typedef struct zeek_log {
    const zeek_field *fields;
    int n_fields; /* <= ZEEK_FIELDS_MAX */
    int n_columns; /* of the layout without header */
} zeek_log;

/* What the header lines of a file say; all zero before the first one. */
typedef struct zeek_state {
    bool has_settings;
    char set_separator;
    nlt_separator separator;
    nlt_separator unset; /* the markers of "nothing" */
    nlt_separator empty;
    nlt_columns columns;
} zeek_state;

typedef enum zeek_kind {
    ZEEK_ABSENT, /* unset, or no such field */
    ZEEK_TSV,
    ZEEK_JSON_TEXT, /* what is between the quotes, escaped */
    ZEEK_JSON_OTHER /* a number, true, false, or all of an array or object */
} zeek_kind;

typedef struct zeek_value {
    nlt_bytes text;
    zeek_kind kind;
} zeek_value;

/* Takes header lines (IGNORED) and splits others: USED, or why they are none. Values are in the order
 * of the log's fields and borrow from the line. */
nlt_row zeek_split(const zeek_log *log, nlt_line_ctx *ctx, nlt_bytes line,
    zeek_value values[ZEEK_FIELDS_MAX]);
/* The log's field of a name; -1: it uses none. `ctx` is the log. */
int zeek_field_of(const void *ctx, nlt_bytes name);
/* JSON's half of it; false: no JSON object. */
bool zeek_json_split(const zeek_log *log, nlt_bytes line, zeek_value values[ZEEK_FIELDS_MAX]);

/* ---- values ---- */

/* Seconds as ns: `digits[.digits]`, scientific notation, ISO 8601 with Z in JSON; a JSON number above
 * 1e11 is milliseconds. False: none, or absent. */
bool zeek_time(const zeek_value *value, int64_t *ns);
/* As ns; false: no number. Absent: 0. */
bool zeek_interval(const zeek_value *value, int64_t *ns);
/* False: no integer between min and max. Absent: *has = false. */
bool zeek_integer(const zeek_value *value, int64_t min, int64_t max, int64_t *number, bool *has);
bool zeek_is_true(const zeek_value *value);
/* An IP address, or absent. */
bool zeek_is_address(const zeek_value *value);
/* Unescaped text: of the line, or memory of the arena; ptr = NULL: out of memory. Not for ABSENT. */
nlt_bytes zeek_text(const zeek_value *value, const nlt_line_ctx *ctx, nlt_arena *arena);
/* Puts the text unless it is absent. */
void zeek_put(nlt_builder *out, int column, const zeek_value *value, const nlt_line_ctx *ctx);

/* The items of a vector or set: *at = 0 for the first; false behind the last. */
bool zeek_next_item(const zeek_value *list, const nlt_line_ctx *ctx, size_t *at, zeek_value *item);

#endif
