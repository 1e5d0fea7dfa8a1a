/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_TEXT_H
#define NLT_SQL_TEXT_H

/* Texts of Spark SQL, and how DuckDB wants to have them. */

#include "core/buf.h"
#include "sql/types.h"

/* ASCII letters to lower case into `out`, which has room for a NUL behind them. */
static inline void nlt__sql_lower(nlt_bytes text, char *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    out[text.len] = '\0';
}

/* ASCII case-insensitive. */
bool nlt__sql_equal_names(const char *a, const char *b);

/* Appends the value of 'text', "text" or r'text': escapes as Spark has them. */
nlt_status nlt__sql_unquote(nlt_bytes quoted, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

/* Appends 'text' or "name" for DuckDB. */
nlt_status nlt__sql_put_quoted(
    nlt_buf *out, const char *text, char quote, nlt_error *err) NLT_MUST_CHECK;

/* The type that a word means in CAST; false: none. */
bool nlt__sql_type_word(const char *word, nlt_sql_kind *out);

#endif
