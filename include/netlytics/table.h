/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_TABLE_H
#define NETLYTICS_TABLE_H

/** The three Data Tables as data: names, types, units of their columns. */

#include "netlytics/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nlt_type {
    NLT_TYPE_BOOL = 0,
    NLT_TYPE_INT64,
    NLT_TYPE_DOUBLE,
    NLT_TYPE_STRING,    /**< UTF-8 text without NUL */
    NLT_TYPE_DATE,      /**< int32 days since 1970-01-01 */
    NLT_TYPE_TIMESTAMP, /**< int64 microseconds since 1970-01-01 UTC */
    NLT_TYPE_DECIMAL,   /**< 128-bit integer scaled by 10^scale, at most 38 digits */
    NLT_TYPE_LIST,      /**< list of `item` */
    NLT_TYPE_COUNT
} nlt_type;

/** Type of a column. `item` counts for lists only, `scale` for decimals (or lists of them). */
typedef struct nlt_dtype {
    nlt_type type;
    nlt_type item;
    uint8_t scale;
} nlt_dtype;

/** One column of a table. All strings are static. */
typedef struct nlt_column_desc {
    const char *name;
    nlt_dtype dtype;
    bool is_required; /**< never NULL */
    const char *unit; /**< "s", "bytes", or "" */
    const char *help; /**< one line of meaning */
} nlt_column_desc;

/** A table: its columns in output order (alphabetical). */
typedef struct nlt_table_desc {
    const char *name;
    const char *help;
    const nlt_column_desc *columns;
    int n_columns;
    int time_column; /**< column that `filter_rows` looks at; -1: none */
} nlt_table_desc;

/** Number of Data Tables (3). */
NLT_API int nlt_table_desc_count(void);

/** Data Table `index` in 0..count-1; static storage. NULL outside the range. */
NLT_API const nlt_table_desc *nlt_table_desc_at(int index);

/** Data Table by name, case-insensitive ("DNS", "HTTP", "NamedFlows", "flows"); NULL if unknown. */
NLT_API const nlt_table_desc *nlt_table_desc_find(const char *name);

/** Type as text: "bigint", "double", "string", "array<bigint>", "decimal(38,2)". */
NLT_API const char *nlt_dtype_name(nlt_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif
