/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialect of a user's statement: Spark's is written anew for DuckDB, with the columns of the
 * relations that the statement may name; DuckDB's passes as it is. Both go through the gate. */

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "sql/gate.h"
#include "sql/spark.h"

enum { SQL_MAX = 4 << 20, TYPE_DEPTH_MAX = 16 };

typedef struct kind_of_type {
    duckdb_type duck;
    nlt_sql_kind kind;
} kind_of_type;

static const kind_of_type kinds[] = {
    {DUCKDB_TYPE_BOOLEAN, NLT_SQL_BOOLEAN},
    {DUCKDB_TYPE_TINYINT, NLT_SQL_TINYINT},
    {DUCKDB_TYPE_SMALLINT, NLT_SQL_SMALLINT},
    {DUCKDB_TYPE_INTEGER, NLT_SQL_INT},
    {DUCKDB_TYPE_BIGINT, NLT_SQL_BIGINT},
    {DUCKDB_TYPE_FLOAT, NLT_SQL_FLOAT},
    {DUCKDB_TYPE_DOUBLE, NLT_SQL_DOUBLE},
    {DUCKDB_TYPE_VARCHAR, NLT_SQL_STRING},
    {DUCKDB_TYPE_BLOB, NLT_SQL_BINARY},
    {DUCKDB_TYPE_DATE, NLT_SQL_DATE},
    {DUCKDB_TYPE_TIMESTAMP, NLT_SQL_TIMESTAMP},
    {DUCKDB_TYPE_DECIMAL, NLT_SQL_DECIMAL},
    {DUCKDB_TYPE_LIST, NLT_SQL_ARRAY},
    {DUCKDB_TYPE_MAP, NLT_SQL_MAP},
    {DUCKDB_TYPE_STRUCT, NLT_SQL_STRUCT},
    {DUCKDB_TYPE_SQLNULL, NLT_SQL_NULL},
};

static nlt_status read_type(
    duckdb_logical_type type, int depth, nlt_arena *arena, nlt_sql_type *out, nlt_error *err);

/* Takes `type`. */
static nlt_status read_inner(
    duckdb_logical_type type, int depth, nlt_arena *arena, const nlt_sql_type **out, nlt_error *err)
{
    nlt_sql_type *inner = nlt__arena_alloc(arena, sizeof *inner);
    nlt_status status = inner != NULL ? read_type(type, depth + 1, arena, inner, err)
                                      : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    duckdb_destroy_logical_type(&type);
    *out = inner;
    return status;
}

static nlt_status read_fields(
    duckdb_logical_type type, int depth, nlt_arena *arena, nlt_sql_type *out, nlt_error *err)
{
    idx_t n = duckdb_struct_type_child_count(type);
    nlt_sql_field *fields = nlt__arena_alloc(arena, (size_t)n * sizeof *fields);
    if (fields == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (idx_t i = 0; i < n; i++) {
        char *name = duckdb_struct_type_child_name(type, i);
        fields[i].name = nlt__arena_copy(arena, (nlt_bytes){name, strlen(name)});
        duckdb_free(name);
        if (fields[i].name == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        NLT_TRY(
            read_inner(duckdb_struct_type_child_type(type, i), depth, arena, &fields[i].type, err));
    }
    out->fields = fields;
    out->n_fields = (int)n;
    return NLT_OK;
}

/* What Spark's dialect calls a type of DuckDB. NLT_SQL_KIND_COUNT: nothing. */
static nlt_status read_type(
    duckdb_logical_type type, int depth, nlt_arena *arena, nlt_sql_type *out, nlt_error *err)
{
    duckdb_type id = duckdb_get_type_id(type);
    *out = nlt__sql_plain(NLT_SQL_KIND_COUNT);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].duck == id) {
            out->kind = kinds[i].kind;
        }
    }
    if (depth > TYPE_DEPTH_MAX) {
        out->kind = NLT_SQL_KIND_COUNT;
    }
    switch ((int)out->kind) {
    case NLT_SQL_DECIMAL:
        *out = nlt__sql_decimal(duckdb_decimal_width(type), duckdb_decimal_scale(type));
        return NLT_OK;
    case NLT_SQL_ARRAY:
        return read_inner(duckdb_list_type_child_type(type), depth, arena, &out->item, err);
    case NLT_SQL_MAP:
        NLT_TRY(read_inner(duckdb_map_type_key_type(type), depth, arena, &out->key, err));
        return read_inner(duckdb_map_type_value_type(type), depth, arena, &out->item, err);
    case NLT_SQL_STRUCT:
        return read_fields(type, depth, arena, out, err);
    default:
        return NLT_OK;
    }
}

/* Columns whose type Spark does not have are left out: to name one is an error. */
static nlt_status read_columns(duckdb_prepared_statement prepared, nlt_arena *arena,
    nlt_sql_relation *out, nlt_strings *warnings, nlt_error *err)
{
    idx_t n = duckdb_prepared_statement_column_count(prepared);
    const char **names = nlt__arena_alloc(arena, (size_t)n * sizeof *names);
    nlt_sql_type *types = nlt__arena_alloc(arena, (size_t)n * sizeof *types);
    if (names == NULL || types == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    out->columns = names;
    out->types = types;
    for (idx_t i = 0; i < n; i++) {
        int at = out->n_columns;
        const char *name = duckdb_prepared_statement_column_name(prepared, i);
        duckdb_logical_type type = duckdb_prepared_statement_column_logical_type(prepared, i);
        names[at] = nlt__arena_copy(arena, (nlt_bytes){name, strlen(name)});
        nlt_status status = names[at] != NULL ? read_type(type, 0, arena, &types[at], err)
                                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        duckdb_free((void *)(uintptr_t)name);
        duckdb_destroy_logical_type(&type);
        NLT_TRY(status);
        if (types[at].kind != NLT_SQL_KIND_COUNT) {
            out->n_columns++;
        } else {
            NLT_TRY(nlt__strings_add(warnings, err,
                "%s: column \"%.100s\" is left out: Spark has no such type (--dialect duckdb has)",
                out->name, names[at]));
        }
    }
    return NLT_OK;
}

static nlt_status read_relation(
    nlt_session *session, const char *name, nlt_arena *arena, nlt_sql_relation *out, nlt_error *err)
{
    char sql[256];
    duckdb_prepared_statement prepared = NULL;
    *out = (nlt_sql_relation){.name = name};
    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", name);
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_status status = duckdb_prepare(session->con, sql, &prepared) == DuckDBSuccess
        ? read_columns(prepared, arena, out, &warnings, err)
        : nlt__duck_failure(session, duckdb_prepare_error(prepared), err);
    duckdb_destroy_prepare(&prepared);
    nlt__warn_all(session, &warnings);
    return status;
}

static nlt_status translate(
    nlt_session *session, const nlt_node *node, nlt_arena *arena, nlt_buf *out, nlt_error *err)
{
    size_t n = (size_t)node->n_bindings;
    nlt_sql_relation *relations = nlt__arena_alloc(arena, n * sizeof *relations);
    if (relations == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        NLT_TRY(read_relation(session, node->bindings[i].alias, arena, &relations[i], err));
    }
    return nlt__spark_translate(node->sql, relations, (int)n, out, err);
}

nlt_status nlt__dialect_apply(nlt_session *session, nlt_plan *plan, nlt_error *err)
{
    nlt_node *node = &plan->nodes[plan->n_nodes - 1];
    if (session->dialect == NLT_DIALECT_DUCKDB) {
        return nlt__sql_gate(node->sql, err);
    }
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = translate(session, node, &arena, &buf, err);
    if (status == NLT_OK) {
        node->sql = nlt__arena_copy(&plan->arena, (nlt_bytes){buf.ptr, buf.len});
        status = node->sql != NULL ? nlt__sql_gate(node->sql, err)
                                   : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&buf);
    nlt__arena_clear(&arena);
    return status;
}
