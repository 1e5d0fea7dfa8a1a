/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types of DuckDB's that are read as others, at any depth: HUGEINT[] as DOUBLE[]. A type is the text with
 * which DuckDB shows it; names of fields that are no plain words are in quotes there. */

#include <string.h>

#include "engine/files.h"

enum { TYPE_MAX = 1 << 20 };

/* One that ends in "(" stands for all that begin so, up to their bracket. */
typedef struct stand_in {
    const char *type, *other;
} stand_in;

/* Types that Spark does not have, and what it makes of them in Parquet, else text. */
static const stand_in of_spark[] = {
    {"UTINYINT", "SMALLINT"},
    {"USMALLINT", "INTEGER"},
    {"UINTEGER", "BIGINT"},
    {"UBIGINT", "DECIMAL(20,0)"},
    {"HUGEINT", "DOUBLE"},
    {"UHUGEINT", "DOUBLE"},
    {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP"},
    {"TIMESTAMP_S", "TIMESTAMP"},
    {"TIMESTAMP_MS", "TIMESTAMP"},
    {"TIMESTAMP_NS", "TIMESTAMP"},
    {"TIME", "VARCHAR"},
    {"TIME_NS", "VARCHAR"},
    {"TIME WITH TIME ZONE", "VARCHAR"},
    {"INTERVAL", "VARCHAR"},
    {"UUID", "VARCHAR"},
    {"ENUM(", "VARCHAR"},
    {NULL, NULL},
};

static const stand_in narrow[] = {{"HUGEINT", "BIGINT"}, {NULL, NULL}};

/* Behind the quoted text at `p`; a doubled quote is two texts, one at the other. */
static const char *skip_quoted(const char *p)
{
    const char *end = strchr(p + 1, *p);
    return end != NULL ? end + 1 : p + strlen(p);
}

/* Behind the bracket that closes the one in front of `p`. */
static const char *skip_brackets(const char *p)
{
    for (int depth = 1; *p != '\0' && depth > 0;) {
        depth += (*p == '(') - (*p == ')');
        p = *p == '\'' || *p == '"' ? skip_quoted(p) : p + 1;
    }
    return p;
}

/* The end of the type at `p` if it is the row's, else NULL. A name has a blank and its type behind it. */
static const char *end_of_type(const char *p, const stand_in *row)
{
    size_t len = strlen(row->type);
    if (strncmp(p, row->type, len) != 0) {
        return NULL;
    }
    const char *end = row->type[len - 1] == '(' ? skip_brackets(p + len) : p + len;
    return strchr(",)[", *end) != NULL ? end : NULL; /* the NUL is found, too */
}

static nlt_status put_other(
    const char *type, const stand_in *rows, nlt_buf *out, bool *differs, nlt_error *err)
{
    bool begins = true;
    *differs = false;
    for (const char *p = type; *p != '\0';) {
        const char *end = NULL;
        const stand_in *row = rows;
        while (begins && row->type != NULL && (end = end_of_type(p, row)) == NULL) {
            row++;
        }
        if (end != NULL) {
            NLT_TRY(nlt__buf_append(out, row->other, strlen(row->other), err));
            *differs = true;
        } else {
            end = *p == '\'' || *p == '"' ? skip_quoted(p) : p + 1;
            NLT_TRY(nlt__buf_append(out, p, (size_t)(end - p), err));
        }
        begins = *p == ' ' || *p == '(';
        p = end;
    }
    return NLT_OK;
}

static nlt_status find_other(
    const char *type, const stand_in *rows, nlt_arena *arena, const char **other, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(TYPE_MAX);
    bool differs = false;
    *other = NULL;
    nlt_status status = put_other(type, rows, &text, &differs, err);
    if (status == NLT_OK && differs) {
        *other = nlt__arena_copy(arena, (nlt_bytes){text.ptr, text.len});
        status = *other != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&text);
    return status;
}

nlt_status nlt__files_spark_type(
    const char *type, nlt_arena *arena, const char **other, nlt_error *err)
{
    return find_other(type, of_spark, arena, other, err);
}

nlt_status nlt__files_narrow_type(
    const char *type, nlt_arena *arena, const char **other, nlt_error *err)
{
    return find_other(type, narrow, arena, other, err);
}
