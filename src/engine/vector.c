/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns into DuckDB's vectors. Both are laid out alike, so what is fixed in width is copied as it is. */

#include <string.h>

#include "engine/engine.h"

duckdb_logical_type nlt__duck_type(nlt_dtype dtype)
{
    static const duckdb_type types[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = DUCKDB_TYPE_BOOLEAN,
        [NLT_TYPE_INT64] = DUCKDB_TYPE_BIGINT,
        [NLT_TYPE_DOUBLE] = DUCKDB_TYPE_DOUBLE,
        [NLT_TYPE_STRING] = DUCKDB_TYPE_VARCHAR,
        [NLT_TYPE_DATE] = DUCKDB_TYPE_DATE,
        [NLT_TYPE_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
        [NLT_TYPE_DECIMAL] = DUCKDB_TYPE_HUGEINT};
    if (dtype.type == NLT_TYPE_DECIMAL) {
        return duckdb_create_decimal_type(38, dtype.scale);
    }
    if (dtype.type != NLT_TYPE_LIST) {
        return duckdb_create_logical_type(types[dtype.type]);
    }
    duckdb_logical_type item = nlt__duck_type((nlt_dtype){dtype.item, dtype.item, dtype.scale});
    duckdb_logical_type list = duckdb_create_list_type(item);
    duckdb_destroy_logical_type(&item);
    return list;
}

static void copy_validity(duckdb_vector vector, const nlt_vec *vec, int64_t n)
{
    uint64_t all = ~UINT64_C(0);
    int64_t words = (n + 63) / 64;
    for (int64_t i = 0; i < words; i++) {
        int64_t left = n - i * 64;
        all &= vec->valid[i] | (left < 64 ? ~UINT64_C(0) << left : 0);
    }
    if (~all != 0) { /* vectors begin all valid */
        duckdb_vector_ensure_validity_writable(vector);
        memcpy(duckdb_vector_get_validity(vector), vec->valid, (size_t)words * sizeof(uint64_t));
    }
}

static void copy_strings(duckdb_vector vector, const nlt_vec *vec, int64_t n)
{
    nlt_str *to = duckdb_vector_get_data(vector);
    const nlt_str *from = vec->data;
    for (int64_t i = 0; i < n; i++) {
        if (!nlt__valid(vec->valid, i)) {
            continue;
        }
        if (from[i].len <= NLT_STR_INLINE) {
            to[i] = from[i];
        } else {
            nlt_bytes text = nlt__str_bytes(&from[i]);
            duckdb_vector_assign_string_element_len(vector, (idx_t)i, text.ptr, text.len);
        }
    }
}

void nlt__duck_column(duckdb_vector vector, const nlt_vec *vec, int64_t n, bool is_borrowed)
{
    if (vec->dtype.type == NLT_TYPE_STRING && !is_borrowed) {
        copy_strings(vector, vec, n);
    } else {
        memcpy(duckdb_vector_get_data(vector), vec->data, (size_t)n * nlt__dtype_size(vec->dtype));
    }
    copy_validity(vector, vec, n);
    if (vec->child != NULL) {
        duckdb_list_vector_reserve(vector, (idx_t)vec->n_child);
        duckdb_list_vector_set_size(vector, (idx_t)vec->n_child);
        nlt__duck_column(
            duckdb_list_vector_get_child(vector), vec->child, vec->n_child, is_borrowed);
    }
}
