/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A statement goes through the translation into the embedded engine's dialect and the gate behind it;
 * what comes out is not needed. */

#include "cluster/statement.h"

#include "netlytics/cluster.h"
#include "sql/gate.h"
#include "table/arrow_in.h"

enum { SQL_MAX = 4 << 20 };

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_sql_type sql_type(nlt_dtype dtype, const nlt_sql_type *item)
{
    static const nlt_sql_kind kinds[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = NLT_SQL_BOOLEAN,
        [NLT_TYPE_INT64] = NLT_SQL_BIGINT,
        [NLT_TYPE_DOUBLE] = NLT_SQL_DOUBLE,
        [NLT_TYPE_STRING] = NLT_SQL_STRING,
        [NLT_TYPE_DATE] = NLT_SQL_DATE,
        [NLT_TYPE_TIMESTAMP] = NLT_SQL_TIMESTAMP,
        [NLT_TYPE_LIST] = NLT_SQL_ARRAY};
    if (dtype.type == NLT_TYPE_DECIMAL) {
        return nlt__sql_decimal(NLT_SQL_DECIMAL_MAX, dtype.scale);
    }
    nlt_sql_type type = nlt__sql_plain(kinds[dtype.type]);
    type.item = dtype.type == NLT_TYPE_LIST ? item : NULL;
    return type;
}

nlt_status nlt__statement_relation(const char *name, const nlt_column_desc *columns, int n_columns,
    nlt_arena *arena, nlt_sql_relation *out, nlt_error *err)
{
    size_t n = (size_t)n_columns;
    const char **names = nlt__arena_alloc(arena, n * sizeof *names);
    nlt_sql_type *types = nlt__arena_alloc(arena, 2 * n * sizeof *types);
    if (names == NULL || types == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        nlt_dtype dtype = columns[i].dtype;
        types[n + i] = sql_type((nlt_dtype){dtype.item, dtype.item, dtype.scale}, NULL);
        types[i] = sql_type(dtype, &types[n + i]);
        names[i] = columns[i].name;
    }
    *out =
        (nlt_sql_relation){.name = name, .columns = names, .types = types, .n_columns = n_columns};
    return NLT_OK;
}

nlt_status nlt__statement_check(
    const char *query, const nlt_sql_relation *relations, int n_relations, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = nlt__spark_translate(query, relations, n_relations, &text, err);
    if (status == NLT_OK) {
        const char *translated = nlt__buf_cstr(&text);
        status = translated != NULL ? nlt__sql_gate(translated, err) : no_memory(err);
    }
    nlt__buf_clear(&text);
    return status;
}

nlt_status nlt_query_check(
    const char *query, const char *name, const struct ArrowSchema *columns, nlt_error *err)
{
    nlt_arrow_in *in = NULL;
    nlt_sql_relation relation;
    nlt_arena arena = NLT_ARENA_INIT;
    NLT_TRY(nlt__arrow_in_new(columns, &in, err));
    nlt_status status = nlt__statement_relation(
        name, nlt__arrow_in_columns(in), nlt__arrow_in_count(in), &arena, &relation, err);
    if (status == NLT_OK) {
        status = nlt__statement_check(query, &relation, 1, err);
    }
    nlt__arena_clear(&arena);
    nlt__arrow_in_free(in);
    return status;
}
