/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FORMAT_STRING: a constant format of java.util.Formatter, taken apart here. What is not known to
 * give Java's text is refused. */

#include <stdio.h>
#include <string.h>

#include "sql/functions.h"

enum { PRECISION_MAX = 10, WIDTH_MAX = 1000 };

/* %[flags][width][.precision]conversion */
typedef struct directive {
    bool is_left, has_zeros, has_plus, has_commas;
    int width, precision; /* -1: none */
    char conversion;
} directive;

/* What is behind a '%'; NULL: not understood. */
static const char *read_directive(const char *p, directive *out)
{
    *out = (directive){.width = -1, .precision = -1};
    for (; *p != '\0' && strchr("-0+,", *p) != NULL; p++) {
        out->is_left = out->is_left || *p == '-';
        out->has_zeros = out->has_zeros || *p == '0';
        out->has_plus = out->has_plus || *p == '+';
        out->has_commas = out->has_commas || *p == ',';
    }
    int *number = &out->width;
    for (;; p++) {
        if (*p >= '0' && *p <= '9') {
            *number = (*number < 0 ? 0 : *number) * 10 + (*p - '0');
        } else if (*p == '.' && number == &out->width) {
            number = &out->precision;
            *number = 0;
        } else {
            break;
        }
        if (*number > WIDTH_MAX) {
            return NULL;
        }
    }
    out->conversion = *p;
    return *p == '\0' ? NULL : p + 1;
}

/* Filled up with blanks to the width. */
static nlt_status pad(nlt_sql_call_state *call, const directive *d, const char **sql)
{
    return d->width <= 0 ? NLT_OK
                         : nlt__sql_text(call->tr, sql,
                             "CASE WHEN length(%s) >= %d THEN %s ELSE %s(%s, %d, ' ') END", *sql,
                             d->width, *sql, d->is_left ? "rpad" : "lpad", *sql, d->width);
}

static nlt_status put_text(
    nlt_sql_call_state *call, const directive *d, nlt_sql_value value, const char **out)
{
    NLT_TRY(nlt__sql_cast(call->tr, &value, nlt__sql_plain(NLT_SQL_STRING)));
    NLT_TRY(nlt__sql_text(call->tr, out, "coalesce(%s, 'null')", value.sql));
    if (d->precision >= 0) {
        NLT_TRY(nlt__sql_text(call->tr, out, "left(%s, %d)", *out, d->precision));
    }
    return pad(call, d, out);
}

/* The flags and the width as C's printf has them. */
static void c_format(const directive *d, char *out, size_t size, const char *conversion)
{
    char width[16] = "";
    if (d->width > 0) {
        (void)snprintf(width, sizeof width, "%d", d->width);
    }
    (void)snprintf(out, size, "%%%s%s%s%s%s%s", d->is_left ? "-" : "", d->has_plus ? "+" : "",
        d->has_zeros ? "0" : "", d->has_commas ? "," : "", width, conversion);
}

/* NULL and what is no finite number are padded texts. */
static nlt_status guard(nlt_sql_call_state *call, const directive *d, const char *condition,
    const char *other, const char **sql)
{
    NLT_TRY(pad(call, d, &other));
    return nlt__sql_text(call->tr, sql, "CASE WHEN %s THEN %s ELSE %s END", condition, *sql, other);
}

static nlt_status put_integer(
    nlt_sql_call_state *call, const directive *d, const nlt_sql_value *value, const char **out)
{
    char format[64];
    const char *condition = NULL;
    c_format(d, format, sizeof format, "d");
    NLT_TRY(nlt__sql_text(call->tr, out, "printf('%s', CAST(%s AS BIGINT))", format, value->sql));
    NLT_TRY(nlt__sql_text(call->tr, &condition, "%s IS NOT NULL", value->sql));
    return guard(call, d, condition, "'null'", out);
}

/* Java rounds half up what it shows of a double, C the bits behind it. */
static nlt_status put_real(
    nlt_sql_call_state *call, const directive *d, const nlt_sql_value *value, const char **out)
{
    char format[64];
    char conversion[16];
    const char *condition = NULL;
    const char *other = NULL;
    int precision = d->precision < 0 ? 6 : d->precision;
    (void)snprintf(conversion, sizeof conversion, ".%df", precision);
    c_format(d, format, sizeof format, conversion);
    NLT_TRY(nlt__sql_text(call->tr, out,
        "printf('%s', nlt_round(CASE WHEN abs(%s) < 1e%d THEN %s ELSE error('format_string: a "
        "number of so many digits is not supported') END, %d))",
        format, value->sql, 15 - precision, value->sql, precision));
    NLT_TRY(nlt__sql_text(call->tr, &condition, "isfinite(%s)", value->sql));
    NLT_TRY(nlt__sql_text(call->tr, &other,
        "CASE WHEN %s IS NULL THEN left('null', %d) WHEN isnan(%s) THEN 'NaN' WHEN %s > 0 THEN "
        "'%sInfinity' "
        "ELSE '-Infinity' END",
        value->sql, d->precision < 0 ? 4 : precision, value->sql, value->sql,
        d->has_plus ? "+" : ""));
    return guard(call, d, condition, other, out);
}

static nlt_status put_hex(
    nlt_sql_call_state *call, const directive *d, const nlt_sql_value *value, const char **out)
{
    bool is_big = value->type.kind == NLT_SQL_BIGINT;
    NLT_TRY(nlt__sql_text(call->tr, out,
        is_big ? "%s(to_hex(CAST(%s AS BIGINT)))" : "%s(to_hex(CAST(%s AS BIGINT) & 4294967295))",
        d->conversion == 'x' ? "lower" : "upper", value->sql));
    NLT_TRY(nlt__sql_text(
        call->tr, out, "coalesce(%s, '%s')", *out, d->conversion == 'x' ? "null" : "NULL"));
    return pad(call, d, out);
}

static nlt_status put_directive(
    nlt_sql_call_state *call, const directive *d, const nlt_sql_value *value, const char **out)
{
    nlt_sql_kind kind = value->type.kind;
    bool is_signed = d->has_zeros || d->has_plus || d->has_commas;
    bool is_plain =
        !(d->has_zeros && (d->width < 1 || d->is_left)) && !(d->is_left && d->width < 1);
    if (is_plain && d->conversion == 's' && !is_signed) {
        return put_text(call, d, *value, out);
    }
    if (is_plain && d->conversion == 'd' && nlt__sql_is_integer(kind) && d->precision < 0) {
        return put_integer(call, d, value, out);
    }
    if (is_plain && (d->conversion == 'x' || d->conversion == 'X') && nlt__sql_is_integer(kind)
        && !is_signed && d->precision < 0) {
        return put_hex(call, d, value, out);
    }
    if (is_plain && d->conversion == 'f' && kind == NLT_SQL_DOUBLE
        && d->precision <= PRECISION_MAX) {
        return put_real(call, d, value, out);
    }
    return nlt__sql_refuse(call->tr, value->expr->place, "%%%c of %s in such a format",
        d->conversion, nlt__sql_type_text(call->tr, value->type));
}

static nlt_status append(nlt_sql_call_state *call, const char *piece, const char **text)
{
    return nlt__sql_text(call->tr, text, "%s%s%s", *text, (*text)[0] != '\0' ? " || " : "", piece);
}

/* The plain text from `begin` to `end`. */
static nlt_status append_plain(
    nlt_sql_call_state *call, const char *begin, const char *end, const char **text)
{
    const char *plain = NULL;
    if (begin == end) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_text(call->tr, &plain, "%.*s", (int)(end - begin), begin));
    NLT_TRY(nlt__sql_quoted(call->tr, plain, '\'', &plain));
    return append(call, plain, text);
}

nlt_status nlt__sql_format_string(nlt_sql_call_state *call, nlt_sql_value *out)
{
    const char *p = nlt__sql_constant(call, 0);
    const char *text = "";
    int next = 1;
    out->type = nlt__sql_plain(NLT_SQL_STRING);
    while (*p != '\0') {
        const char *mark = strchr(p, '%');
        const char *end = mark != NULL ? mark : p + strlen(p);
        directive d;
        const char *piece = NULL;
        NLT_TRY(append_plain(call, p, end, &text));
        if (mark == NULL) {
            break;
        }
        p = read_directive(mark + 1, &d);
        bool is_text = p != NULL && (d.conversion == '%' || d.conversion == 'n');
        if (p == NULL || (is_text && p != mark + 2)) {
            return nlt__sql_refuse(call->tr, call->args[0].expr->place, "the format %.10s", mark);
        }
        if (is_text) {
            NLT_TRY(append(call, d.conversion == '%' ? "'%'" : "chr(10)", &text));
            continue;
        }
        if (next >= call->n_args) {
            return nlt__sql_wrong(call->tr, call->expr->place, "%s: a value is missing for %.10s",
                call->expr->text, mark);
        }
        NLT_TRY(put_directive(call, &d, &call->args[next++], &piece));
        NLT_TRY(append(call, piece, &text));
    }
    return nlt__sql_text(call->tr, &out->sql, "(%s)", text[0] != '\0' ? text : "''");
}
