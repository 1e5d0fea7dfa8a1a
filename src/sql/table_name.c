/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names a table of a statement may have: those that need no quotes, so that a message, a hint
 * and the user's statement all write them alike. */

#include "sql/table_name.h"

#include <stdio.h>
#include <string.h>

#include "core/strings.h"
#include "sql/gate.h"

/* Words that DuckDB 1.5 does not take for a table (duckdb_keywords(): reserved, type_function), and
 * Spark's of the same kind. */
static const char *const reserved[] = {"all", "analyse", "analyze", "and", "anti", "any", "array",
    "as", "asc", "asof", "asymmetric", "at", "authorization", "binary", "both", "by", "case",
    "cast", "check", "collate", "collation", "column", "columns", "concurrently", "constraint",
    "create", "cross", "default", "deferrable", "desc", "describe", "distinct", "do", "else", "end",
    "escape", "except", "exists", "false", "fetch", "filter", "for", "foreign", "freeze", "from",
    "full", "generated", "glob", "grant", "group", "having", "ilike", "in", "initially", "inner",
    "intersect", "into", "is", "isnull", "join", "lambda", "lateral", "leading", "left", "like",
    "limit", "map", "minus", "natural", "not", "notnull", "null", "offset", "on", "only", "or",
    "order", "outer", "overlaps", "pivot", "pivot_longer", "pivot_wider", "placing", "positional",
    "primary", "qualify", "references", "returning", "right", "select", "semi", "show", "similar",
    "some", "struct", "summarize", "symmetric", "table", "tablesample", "then", "time", "to",
    "trailing", "true", "try_cast", "union", "unique", "unknown", "unpack", "unpivot", "user",
    "using", "values", "variadic", "verbose", "when", "where", "window", "with", "within"};

static const char own_prefix[] = "netlytics_";

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_plain(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NLT_TABLE_NAME_MAX || !is_letter(name[0])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_letter(name[i]) && !(name[i] >= '0' && name[i] <= '9')) {
            return false;
        }
    }
    return true;
}

static bool is_own(const char *name)
{
    char head[NLT_TABLE_NAME_MAX + 1];
    (void)snprintf(head, sizeof head, "%.*s", (int)(sizeof own_prefix - 1), name);
    return nlt__equal_ignore_case(head, own_prefix);
}

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (nlt__equal_ignore_case(name, reserved[i])) {
            return true;
        }
    }
    return is_own(name) || nlt__sql_is_forbidden(name);
}

nlt_status nlt__table_name_check(const char *name, nlt_error *err)
{
    if (!is_plain(name)) {
        nlt_fail(err, NLT_ERR_ARG, "\"%.100s\" is no name for a table", name);
        nlt_error_hint(
            err, "a letter, then letters, digits and _, at most %d in all", NLT_TABLE_NAME_MAX);
        return NLT_ERR_ARG;
    }
    if (is_reserved(name)) {
        nlt_fail(err, NLT_ERR_ARG, "\"%s\" is reserved: no table can be called so", name);
        nlt_error_hint(err, "%s_1, for example, can be", is_own(name) ? "log" : name);
        return NLT_ERR_ARG;
    }
    return NLT_OK;
}
