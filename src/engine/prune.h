/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_PRUNE_H
#define NLT_ENGINE_PRUNE_H

/* Conditions of a statement's WHERE as arguments of the table function, so that rows are left out where
 * they are made. */

#include "engine/engine.h"
#include "table/prune.h"

/* Appends ", time_from := ..., time_to := ..., equals := [...]": what the top-level WHERE of a SELECT
 * over the one table `alias` says of its time and texts in plain conditions. Appends nothing where the
 * statement is another, or is not sure to be this. */
nlt_status nlt__prune_put(nlt_session *session, const char *sql, const char *alias,
    const nlt_table_desc *desc, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

typedef struct nlt_prune_given {
    nlt_prune prune;
    nlt_arena arena; /* of its texts */
    bool is_given;
} nlt_prune_given;

/* Declares the arguments of a table function, and reads them where it is bound. NLT_ERR_NOMEM. */
void nlt__prune_declare(duckdb_table_function function);
nlt_status nlt__prune_read(duckdb_bind_info info, const nlt_table_desc *desc, nlt_prune_given *out,
    nlt_error *err) NLT_MUST_CHECK;

#endif
