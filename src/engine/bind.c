/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arguments and columns of our table functions. */

#include <stdio.h>

#include "engine/engine.h"

bool nlt__bind_index(duckdb_bind_info info, int64_t n, const char *thing, int64_t *index)
{
    duckdb_value value = duckdb_bind_get_parameter(info, 0);
    *index = duckdb_get_int64(value);
    duckdb_destroy_value(&value);
    if (*index >= 0 && *index < n) {
        return true;
    }
    char message[64];
    (void)snprintf(message, sizeof message, "there is no such %s", thing);
    duckdb_bind_set_error(info, message);
    return false;
}

void nlt__bind_columns(duckdb_bind_info info, const nlt_column_desc *columns, int n)
{
    for (int i = 0; i < n; i++) {
        duckdb_logical_type type = nlt__duck_type(columns[i].dtype);
        duckdb_bind_add_result_column(info, columns[i].name, type);
        duckdb_destroy_logical_type(&type);
    }
}

int nlt__init_columns(duckdb_init_info info, int n_columns, int *columns, int *outputs)
{
    int n_wanted = 0;
    int n = (int)duckdb_init_get_column_count(info);
    for (int i = 0; i < n; i++) {
        int column = (int)duckdb_init_get_column_index(info, (idx_t)i);
        if (column >= 0 && column < n_columns) {
            columns[n_wanted] = column;
            outputs[n_wanted++] = i;
        }
    }
    return n_wanted;
}
