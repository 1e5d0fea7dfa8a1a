/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DuckDB's chunks as batches. Integers are widened to 64 bits; HUGEINT, which is what SUM of BIGINT
 * gives, must fit into them, since the documented SQL knows no wider integer. */

#include <string.h>

#include "core/num.h"
#include "engine/engine.h"

typedef struct mapping {
    duckdb_type type;
    nlt_type to;
    uint8_t width; /* bytes of a value */
    bool is_signed;
} mapping;

static const mapping mappings[] = {
    {DUCKDB_TYPE_BOOLEAN, NLT_TYPE_BOOL, 1, false},
    {DUCKDB_TYPE_TINYINT, NLT_TYPE_INT64, 1, true},
    {DUCKDB_TYPE_SMALLINT, NLT_TYPE_INT64, 2, true},
    {DUCKDB_TYPE_INTEGER, NLT_TYPE_INT64, 4, true},
    {DUCKDB_TYPE_BIGINT, NLT_TYPE_INT64, 8, true},
    {DUCKDB_TYPE_UTINYINT, NLT_TYPE_INT64, 1, false},
    {DUCKDB_TYPE_USMALLINT, NLT_TYPE_INT64, 2, false},
    {DUCKDB_TYPE_UINTEGER, NLT_TYPE_INT64, 4, false},
    {DUCKDB_TYPE_HUGEINT, NLT_TYPE_INT64, 16, true},
    {DUCKDB_TYPE_UBIGINT, NLT_TYPE_DECIMAL, 8, false},
    {DUCKDB_TYPE_FLOAT, NLT_TYPE_DOUBLE, 4, true},
    {DUCKDB_TYPE_DOUBLE, NLT_TYPE_DOUBLE, 8, true},
    {DUCKDB_TYPE_VARCHAR, NLT_TYPE_STRING, 16, false},
    {DUCKDB_TYPE_DATE, NLT_TYPE_DATE, 4, true},
    {DUCKDB_TYPE_TIMESTAMP, NLT_TYPE_TIMESTAMP, 8, true},
    {DUCKDB_TYPE_TIMESTAMP_TZ, NLT_TYPE_TIMESTAMP, 8, true},
    {DUCKDB_TYPE_DECIMAL, NLT_TYPE_DECIMAL, 0, true}, /* its width depends on its digits */
    {DUCKDB_TYPE_LIST, NLT_TYPE_LIST, 16, false},
};

static const mapping *mapping_of(duckdb_type type)
{
    for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
        if (mappings[i].type == type) {
            return &mappings[i];
        }
    }
    return NULL;
}

bool nlt__duck_dtype(duckdb_logical_type type, nlt_dtype *out)
{
    const mapping *map = mapping_of(duckdb_get_type_id(type));
    if (map == NULL) {
        return false;
    }
    *out = (nlt_dtype){map->to, map->to, 0};
    if (map->type == DUCKDB_TYPE_DECIMAL) {
        out->scale = duckdb_decimal_scale(type);
    }
    if (map->to != NLT_TYPE_LIST) {
        return true;
    }
    duckdb_logical_type child = duckdb_list_type_child_type(type);
    nlt_dtype item;
    bool is_known = nlt__duck_dtype(child, &item) && item.type != NLT_TYPE_LIST;
    duckdb_destroy_logical_type(&child);
    out->item = item.type;
    out->scale = item.scale;
    return is_known;
}

/* ---- values ---- */

static nlt_i128 load_integer(const char *p, const mapping *map)
{
    uint64_t low = 0;
    uint64_t high = 0;
    memcpy(&low, p, map->width < 8 ? map->width : 8);
    if (map->width == 16) {
        memcpy(&high, p + 8, 8);
        return (nlt_i128)((nlt_u128)high << 64 | low);
    }
    if (!map->is_signed) {
        return (nlt_i128)low;
    }
    int shift = 64 - map->width * 8;
    return (nlt_i128)((int64_t)(low << shift) >> shift);
}

static nlt_status copy_integers(
    nlt_vec *out, const char *data, const mapping *map, int64_t n, nlt_error *err)
{
    int64_t *values = out->data;
    for (int64_t i = 0; i < n; i++) {
        if (!nlt__valid(out->valid, i)) {
            continue;
        }
        nlt_i128 value = load_integer(data + i * map->width, map);
        if (value > INT64_MAX || value < INT64_MIN) {
            char text[NLT_NUM_TEXT_MAX];
            int len = (int)nlt__format_i128(value, 0, text);
            return nlt_fail(
                err, NLT_ERR_SQL, "integer overflow: %.*s needs more than 64 bits", len, text);
        }
        values[i] = (int64_t)value;
    }
    return NLT_OK;
}

static void copy_decimals(nlt_vec *out, const char *data, const mapping *map, int64_t n)
{
    char *values = out->data;
    for (int64_t i = 0; i < n; i++) {
        nlt_i128 value = load_integer(data + i * map->width, map);
        memcpy(values + (size_t)i * sizeof value, &value, sizeof value);
    }
}

static void copy_floats(nlt_vec *out, const char *data, int64_t n)
{
    double *values = out->data;
    for (int64_t i = 0; i < n; i++) {
        float value;
        memcpy(&value, data + i * (int64_t)sizeof value, sizeof value);
        values[i] = (double)value;
    }
}

static void copy_valid(nlt_vec *out, duckdb_vector vector, int64_t n)
{
    const uint64_t *valid = duckdb_vector_get_validity(vector);
    size_t words = (size_t)((n + 63) / 64);
    if (valid != NULL) {
        memcpy(out->valid, valid, words * sizeof *valid);
    } else {
        memset(out->valid, 0xff, words * sizeof *valid);
    }
}

/* Width of a decimal's storage. */
static uint8_t decimal_width(duckdb_logical_type type)
{
    const mapping *map = mapping_of(duckdb_decimal_internal_type(type));
    return map != NULL ? map->width : 16;
}

static nlt_status copy_vector(duckdb_vector vector, nlt_vec *out, int64_t n, nlt_error *err);

static nlt_status copy_lists(duckdb_vector vector, nlt_vec *out, int64_t n, nlt_error *err)
{
    nlt_list *lists = out->data;
    int64_t n_items = (int64_t)duckdb_list_vector_get_size(vector);
    memcpy(lists, duckdb_vector_get_data(vector), (size_t)n * sizeof *lists);
    out->n_child = 0;
    NLT_TRY(nlt__vec_reserve_child(out, n_items, err));
    out->n_child = n_items;
    return copy_vector(duckdb_list_vector_get_child(vector), out->child, n_items, err);
}

static nlt_status copy_values(
    duckdb_vector vector, duckdb_logical_type type, nlt_vec *out, int64_t n, nlt_error *err)
{
    mapping map = *mapping_of(duckdb_get_type_id(type));
    const char *data = duckdb_vector_get_data(vector);
    copy_valid(out, vector, n);
    if (map.type == DUCKDB_TYPE_DECIMAL) {
        map.width = decimal_width(type);
    }
    if (map.to == NLT_TYPE_LIST) {
        return copy_lists(vector, out, n, err);
    }
    if (map.to == NLT_TYPE_DECIMAL) {
        copy_decimals(out, data, &map, n);
    } else if (map.to == NLT_TYPE_INT64 && map.type != DUCKDB_TYPE_BIGINT) {
        return copy_integers(out, data, &map, n, err);
    } else if (map.type == DUCKDB_TYPE_FLOAT) {
        copy_floats(out, data, n);
    } else if (n > 0) {
        memcpy(out->data, data, (size_t)n * map.width);
    }
    return NLT_OK;
}

static nlt_status copy_vector(duckdb_vector vector, nlt_vec *out, int64_t n, nlt_error *err)
{
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    nlt_status status = copy_values(vector, type, out, n, err);
    duckdb_destroy_logical_type(&type);
    return status;
}

nlt_status nlt__duck_chunk(duckdb_data_chunk chunk, nlt_batch *batch, nlt_error *err)
{
    batch->n_rows = (int64_t)duckdb_data_chunk_get_size(chunk);
    for (int i = 0; i < batch->n_cols; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (idx_t)i);
        NLT_TRY(copy_vector(vector, &batch->cols[i], batch->n_rows, err));
    }
    return NLT_OK;
}
