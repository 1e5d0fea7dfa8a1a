/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_ZEEK_LINE_H
#define NLT_CONNECTORS_ZEEK_LINE_H

/* A line of a Zeek log, TSV or JSON, as values of the fields that a table needs.
 *
 * Fields are found by name: through `#fields`, by key in JSON, or through the layout that has as many
 * columns where a file has no header. TSV values are escaped (\xNN, \\) until they are put. */

#include "connectors/columns.h"
#include "connectors/connector.h"
#include "connectors/fields.h"
#include "core/ip.h"

enum { ZEEK_FIELDS_MAX = NLT_COLUMNS_FIELDS_MAX, ZEEK_MARKER_MAX = NLT_SEPARATOR_MAX };

enum { ZEEK_NAMES_MAX = 4 };

/* A field that a table uses, and the names it goes by. */
typedef struct zeek_field {
    const char *names[ZEEK_NAMES_MAX]; /* NULL behind the last */
    int column; /* its position in the layout of files without header; -1: it has none */
} zeek_field;

typedef struct zeek_log {
    const zeek_field *fields;
    int n_fields;  /* <= ZEEK_FIELDS_MAX */
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
nlt_row zeek_split(
    const zeek_log *log, nlt_line_ctx *ctx, nlt_bytes line, zeek_value values[ZEEK_FIELDS_MAX]);
/* The log's field of a name; -1: it uses none. `ctx` is the log. */
int zeek_field_of(const void *ctx, nlt_bytes name);
/* JSON's half of it; false: no JSON object. */
bool zeek_json_split(const zeek_log *log, nlt_bytes line, zeek_value values[ZEEK_FIELDS_MAX]);

/* ---- values ---- */

/* Seconds in another form than Zeek's usual one, as below. */
bool zeek_seconds(nlt_bytes text, int64_t *ns);
bool zeek_other_time(const zeek_value *value, int64_t *ns);

/* What Zeek writes: six decimals. */
static inline bool zeek_usual_seconds(nlt_bytes text, int64_t *ns)
{
    int64_t us = 0;
    return nlt__field_usual_millionths(text, &us) && !__builtin_mul_overflow(us, INT64_C(1000), ns);
}

/* Seconds as ns: `digits[.digits]`, scientific notation, ISO 8601 with Z in JSON; a JSON number above
 * 1e11 is milliseconds. False: none, or absent. */
static inline bool zeek_time(const zeek_value *value, int64_t *ns)
{
    return (value->kind != ZEEK_ABSENT && zeek_usual_seconds(value->text, ns))
        || zeek_other_time(value, ns);
}

/* As ns; false: no number. Absent: 0. */
static inline bool zeek_interval(const zeek_value *value, int64_t *ns)
{
    *ns = 0;
    return value->kind == ZEEK_ABSENT || zeek_usual_seconds(value->text, ns)
        || zeek_seconds(value->text, ns);
}

/* 53.0 or 5.3e1 of JSON, as programs write it that know no integers. */
bool zeek_other_integer(const zeek_value *value, int64_t *number);

/* False: no integer between min and max. Absent: *has = false. */
static inline bool zeek_integer(
    const zeek_value *value, int64_t min, int64_t max, int64_t *number, bool *has)
{
    *number = 0;
    *has = value->kind != ZEEK_ABSENT;
    return !*has
        || ((nlt__field_i64(value->text, number) || zeek_other_integer(value, number))
            && *number >= min && *number <= max);
}

static inline bool zeek_is_true(const zeek_value *value)
{
    return value->kind != ZEEK_ABSENT && value->text.len > 0
        && (value->text.ptr[0] == 'T' || value->text.ptr[0] == 't');
}

/* An IP address, or absent. */
static inline bool zeek_is_address(const zeek_value *value)
{
    return value->kind == ZEEK_ABSENT || nlt__is_v4_text(value->text.ptr, value->text.len)
        || nlt__ip_is_text(value->text);
}

/* Unescaped text: of the line, or memory of the arena; ptr = NULL: out of memory. Not for ABSENT. */
nlt_bytes zeek_text(const zeek_value *value, const nlt_line_ctx *ctx, nlt_arena *arena);
/* Puts the text. Not for ABSENT. */
void zeek_put_text(nlt_builder *out, int column, const zeek_value *value, const nlt_line_ctx *ctx);
/* Puts the text unless it is absent or not wanted. */
static inline void zeek_put(
    nlt_builder *out, int column, const zeek_value *value, const nlt_line_ctx *ctx)
{
    if (nlt_wants(out, column) && value->kind != ZEEK_ABSENT) {
        zeek_put_text(out, column, value, ctx);
    }
}

/* Of two bytes or more, which are as many as the text's. */
bool zeek_is_long_marker(nlt_bytes text, const nlt_separator *marker);

static inline bool zeek_is_marker(nlt_bytes text, const nlt_separator *marker)
{
    return text.len == marker->len
        && (text.len == 0
            || (text.ptr[0] == marker->bytes[0]
                && (text.len == 1 || zeek_is_long_marker(text, marker))));
}

/* One of an array, whose text is good JSON. */
bool zeek_next_json_item(const zeek_value *list, size_t *at, zeek_value *item);

static inline bool zeek_next_tsv_item(
    const zeek_value *list, const zeek_state *state, size_t *at, zeek_value *item)
{
    nlt_bytes text = list->text;
    if (*at > text.len || zeek_is_marker(text, &state->empty)) {
        return false;
    }
    const char *begin = text.ptr + *at;
    size_t left = text.len - *at;
    const char *stop = nlt__find_byte(begin, left, state->set_separator);
    size_t len = stop == NULL ? left : (size_t)(stop - begin);
    *at += len + 1;
    *item = (zeek_value){{begin, len}, ZEEK_TSV};
    if (zeek_is_marker(item->text, &state->unset)) {
        item->kind = ZEEK_ABSENT;
    }
    return true;
}

/* The items of a vector or set: *at = 0 for the first; false behind the last. */
static inline bool zeek_next_item(
    const zeek_value *list, const nlt_line_ctx *ctx, size_t *at, zeek_value *item)
{
    if (list->kind == ZEEK_TSV) {
        return zeek_next_tsv_item(list, ctx->state, at, item);
    }
    return list->kind != ZEEK_ABSENT && zeek_next_json_item(list, at, item);
}

#endif
