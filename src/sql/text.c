/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escapes in texts: org.apache.spark.sql.catalyst.util.SparkParserUtils.unescapeSQLString. */

#include "sql/text.h"

bool nlt__sql_equal_names(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a >= 'A' && *a <= 'Z' ? (char)(*a | 0x20) : *a;
        char y = *b >= 'A' && *b <= 'Z' ? (char)(*b | 0x20) : *b;
        if (x != y) {
            return false;
        }
    }
    return *a == *b;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
        : c >= 'a' && c <= 'f'  ? c - 'a' + 10
        : c >= 'A' && c <= 'F'  ? c - 'A' + 10
                                : 99;
}

/* `n` digits of a base at `p`; -1: they are not there. */
static int64_t digits_at(nlt_bytes text, size_t at, size_t n, int base)
{
    int64_t value = 0;
    if (at + n > text.len) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        int digit = digit_of(text.ptr[at + i]);
        if (digit >= base) {
            return -1;
        }
        value = value * base + digit;
    }
    return value;
}

static nlt_status put_code(nlt_buf *out, int64_t code, nlt_error *err)
{
    char bytes[4];
    size_t n = 0;
    if (code < 0x80) {
        bytes[n++] = (char)code;
    } else if (code < 0x800) {
        bytes[n++] = (char)(0xc0 | code >> 6);
        bytes[n++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[n++] = (char)(0xe0 | code >> 12);
        bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[n++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[n++] = (char)(0xf0 | code >> 18);
        bytes[n++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[n++] = (char)(0x80 | (code & 0x3f));
    }
    return nlt__buf_append(out, bytes, n, err);
}

/* The escape behind the backslash at `at`; moves past it. */
static nlt_status put_escape(nlt_bytes text, size_t *at, nlt_buf *out, nlt_error *err)
{
    static const char from[] = "0bnrtZ";
    static const char to[] = "\0\b\n\r\t\x1a";
    size_t i = *at;
    char c = text.ptr[i];
    int64_t code = c == 'u'    ? digits_at(text, i + 1, 4, 16)
        : c == 'U'             ? digits_at(text, i + 1, 8, 16)
        : c >= '0' && c <= '3' ? digits_at(text, i, 3, 8)
                               : -1;
    if (code >= 0xd800 && code < 0xe000) {
        return nlt_fail(err, NLT_ERR_SQL, "half a surrogate pair in a text");
    }
    if (code >= 0 && code <= 0x10ffff) {
        *at += c == 'u' ? 5 : c == 'U' ? 9 : 3;
        return put_code(out, code, err);
    }
    *at += 1;
    if (c == '%' || c == '_') {
        NLT_TRY(nlt__buf_append(out, "\\", 1, err));
    }
    const char *known = memchr(from, c, sizeof from - 1);
    return nlt__buf_append(out, known != NULL ? &to[known - from] : &c, 1, err);
}

nlt_status nlt__sql_unquote(nlt_bytes quoted, nlt_buf *out, nlt_error *err)
{
    bool is_raw = quoted.ptr[0] == 'r' || quoted.ptr[0] == 'R';
    char quote = quoted.ptr[is_raw];
    nlt_bytes text = {quoted.ptr + is_raw + 1, quoted.len - is_raw - 2};
    for (size_t i = 0; i < text.len;) {
        char c = text.ptr[i];
        if (c == '\\' && !is_raw && i + 1 < text.len) {
            i++;
            NLT_TRY(put_escape(text, &i, out, err));
        } else {
            NLT_TRY(nlt__buf_append(out, &c, 1, err));
            i += c == quote ? 2 : 1;
        }
    }
    return NLT_OK;
}

nlt_status nlt__sql_put_quoted(nlt_buf *out, const char *text, char quote, nlt_error *err)
{
    NLT_TRY(nlt__buf_append(out, &quote, 1, err));
    for (const char *p = text; *p != '\0'; p++) {
        NLT_TRY(nlt__buf_append(out, p, 1, err));
        NLT_TRY(nlt__buf_append(out, p, *p == quote, err));
    }
    return nlt__buf_append(out, &quote, 1, err);
}
