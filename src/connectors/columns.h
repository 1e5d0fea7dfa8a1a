/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_COLUMNS_H
#define NLT_CONNECTORS_COLUMNS_H

/* Lines whose fields stand between separators, of which a header line told the names.
 *
 * The map says which column each field of a table is; a line is split only as far as the last one.
 * Lines need 64 readable bytes behind them. */

#include "core/marks.h"

enum { NLT_COLUMNS_FIELDS_MAX = 24, NLT_SEPARATOR_MAX = 16 };

typedef struct nlt_separator {
    uint8_t len; /* > 0 */
    char bytes[NLT_SEPARATOR_MAX];
} nlt_separator;

typedef struct nlt_columns {
    bool is_known;
    int32_t n; /* columns that a line must have */
    int n_needs;
    struct {
        int32_t column; /* ascending */
        int field;
    } needs[NLT_COLUMNS_FIELDS_MAX];
} nlt_columns;

/* What a header's name means: a field, or -1. */
typedef int (*nlt_column_field_fn)(const void *ctx, nlt_bytes name);

/* Makes the map of a header's names. Of two columns of one name the first counts. */
void nlt__columns_set(nlt_columns *columns, const nlt_separator *separator, nlt_bytes names,
    nlt_column_field_fn field_of, const void *ctx);
int32_t nlt__columns_count(const nlt_separator *separator, nlt_bytes line);
/* The column that is a field; -1: none. */
int32_t nlt__columns_find(const nlt_columns *columns, int field);
/* One field of any line; {"", 0}: it has none such. */
nlt_bytes nlt__columns_one(
    const nlt_columns *columns, const nlt_separator *separator, nlt_bytes line, int field);
/* The fields of a line; others of `values` are left alone. False: it has less than columns->n columns,
 * and `values` mean nothing. */
bool nlt__columns_split(
    const nlt_columns *columns, const nlt_separator *separator, nlt_bytes line, nlt_bytes *values);
/* Whether the cuts of a line are those of its columns, all of which they tell (nlt__cuts_column). */
static inline bool nlt__columns_are_cut(const nlt_separator *separator, const nlt_cuts *cuts)
{
    return cuts->at != NULL && separator->len == 1 && separator->bytes[0] == cuts->separator;
}

#endif
