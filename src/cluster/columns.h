/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_COLUMNS_H
#define NLT_CLUSTER_COLUMNS_H

/* The columns that a task is asked for by name, as nlt_task_scan() (cluster.h) has them: columns of the
 * table, and combined ones. */

#include "scan/scan_types.h"
#include "table/arrow_gather.h"

/* How the values of several rows become one. */
typedef enum nlt_combining {
    NLT_COMBINE_PLAIN = 0, /* rows are combined if they agree in it */
    NLT_COMBINE_COUNT,     /* rows, or those where a column is not NULL */
    NLT_COMBINE_SUM,       /* of an expression, modulo 2^64; NULL: there is no value */
    NLT_COMBINE_MIN,
    NLT_COMBINE_MAX
} nlt_combining;

typedef enum nlt_sum_op_kind {
    NLT_SUM_COLUMN,
    NLT_SUM_CONSTANT,
    NLT_SUM_ADD,
    NLT_SUM_SUBTRACT,
    NLT_SUM_MULTIPLY,
    NLT_SUM_AND,
    NLT_SUM_OR,
    NLT_SUM_XOR,
    NLT_SUM_SHIFT_RIGHT,
    NLT_SUM_COALESCE
} nlt_sum_op_kind;

/* A step of an expression over 64-bit integers in postfix form; it wraps, and NULL makes NULL, as in
 * Spark's SQL (spark.sql.ansi.enabled = false). */
typedef struct nlt_sum_op {
    nlt_sum_op_kind kind;
    int column;       /* of the batch */
    int64_t constant; /* of a shift: 0 to 63 */
} nlt_sum_op;

enum { NLT_SUM_OPS_MAX = 16, NLT_SUM_DEPTH_MAX = 6, NLT_COMBINED_NAME_MAX = 256 };

typedef struct nlt_named_column {
    nlt_column_desc desc; /* of a combined one without its name */
    char name[NLT_COMBINED_NAME_MAX];
    nlt_combining combining;
    int column; /* of the batch; COUNT: -1: rows */
    nlt_sum_op ops[NLT_SUM_OPS_MAX];
    int n_ops;
} nlt_named_column;

enum { NLT_NAMED_COLUMNS_MAX = NLT_BUILDER_COLUMNS_MAX + 1 };

typedef struct nlt_named_columns {
    int wanted[NLT_BUILDER_COLUMNS_MAX]; /* of the table: the columns of batches */
    int n_wanted;
    bool has_key;     /* the row key is the last column */
    bool is_combined; /* one column at least is combined */
    nlt_named_column columns[NLT_NAMED_COLUMNS_MAX];
    int n_columns;
} nlt_named_columns;

/* Names that end in '\n'. NLT_ERR_ARG: no such column. */
NLT_API nlt_status nlt__named_columns(const nlt_table_desc *table, const char *names,
    nlt_named_columns *out, nlt_error *err) NLT_MUST_CHECK;

/* Their names and types; good as long as `columns` is. */
NLT_API void nlt__named_descs(const nlt_named_columns *columns, nlt_column_desc *descs);

/* ---- rows with these columns ---- */

typedef struct nlt_combiner nlt_combiner;

/* Where batches of the wanted columns go. */
typedef struct nlt_named_rows {
    const nlt_named_columns *columns; /* borrowed */
    nlt_combiner *combiner;           /* owned; NULL: rows are not combined */
    nlt_batch view;
    nlt_vec cols[NLT_NAMED_COLUMNS_MAX];
    uint64_t all_valid[NLT_BATCH_ROWS / 64];
} nlt_named_rows;

NLT_API nlt_status nlt__named_rows_open(
    nlt_named_rows *rows, const nlt_named_columns *columns, nlt_error *err) NLT_MUST_CHECK;
/* Takes a batch; what is to go on is added to `out`. */
NLT_API nlt_status nlt__named_rows_add(nlt_named_rows *rows, const nlt_batch *batch,
    nlt_arrow_gather *out, nlt_error *err) NLT_MUST_CHECK;
/* What is left after the last batch. */
NLT_API nlt_status nlt__named_rows_end(
    nlt_named_rows *rows, nlt_arrow_gather *out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__named_rows_clear(nlt_named_rows *rows);

/* ---- combine.c ---- */

nlt_status nlt__combiner_new(
    const nlt_named_columns *columns, nlt_combiner **out, nlt_error *err) NLT_MUST_CHECK;
void nlt__combiner_free(nlt_combiner *combiner);
nlt_status nlt__combiner_add(nlt_combiner *combiner, const nlt_batch *batch, nlt_arrow_gather *out,
    nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__combiner_end(
    nlt_combiner *combiner, nlt_arrow_gather *out, nlt_error *err) NLT_MUST_CHECK;

#endif
