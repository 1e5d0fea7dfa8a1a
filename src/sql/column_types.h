/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_COLUMN_TYPES_H
#define NLT_SQL_COLUMN_TYPES_H

/* Columns and their types as a user writes them: a INT, "b c" DECIMAL(10, 2), d VARCHAR[]. */

#include "core/arena.h"

enum { NLT_COLUMN_TYPES_MAX = 1024 };

typedef struct nlt_column_type {
    const char *name; /* without its quotes */
    const char *type; /* words, numbers, brackets; no string and no quote */
} nlt_column_type;

/* NLT_ERR_ARG: not so written, one name twice, too many. Whether there is such a type is not asked.
 * `*out` and its texts live in the arena. */
NLT_API nlt_status nlt__column_types_parse(const char *text, nlt_arena *arena,
    nlt_column_type **out, int *n, nlt_error *err) NLT_MUST_CHECK;

#endif
