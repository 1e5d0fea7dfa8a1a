/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SPILL_H
#define NLT_SCAN_SPILL_H

/* Records in any order and of any number, given back in order: held until there are some MiB of
 * them, then written as an ordered run to a file without a name, which goes with the process. The runs
 * are merged as they are read. */

#include "core/temp_file.h"
#include "scan/record_sort.h"

typedef struct nlt_spill nlt_spill;

/* Adds the records of `bytes`, which is left empty; *spill is made by the first call and borrows
 * `space`. NLT_ERR_OUTPUT: no room; NLT_ERR_NOMEM. */
nlt_status nlt__spill_add(
    nlt_spill **spill, nlt_temp_space *space, nlt_buf *bytes, nlt_error *err) NLT_MUST_CHECK;
/* The next of all records in order, about a MiB of them, into `out`, which is empty; *n is their
 * number, 0 at the end. Nothing can be added any more. */
nlt_status nlt__spill_next(
    nlt_spill *spill, nlt_buf *out, int64_t *n, nlt_error *err) NLT_MUST_CHECK;
void nlt__spill_close(nlt_spill *spill); /* NULL is fine */

#endif
