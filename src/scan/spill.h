/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_SPILL_H
#define NLT_SCAN_SPILL_H

/* Bytes that are appended, then read back once: in memory up to a size, in a temporary file behind
 * it ($TMPDIR or /tmp; unlinked at once, so that nothing is left whatever happens). */

#include "core/buf.h"

typedef struct nlt_spill nlt_spill;

/* Appends the buffer, which is empty afterwards. *spill NULL: is made. NLT_ERR_OUTPUT: the file
 * cannot be made or is full. */
nlt_status nlt__spill_add(nlt_spill **spill, nlt_buf *bytes, nlt_error *err) NLT_MUST_CHECK;
/* Everything, in order. NLT_ERR_NOMEM. */
nlt_status nlt__spill_load(nlt_spill *spill, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
void nlt__spill_close(nlt_spill *spill); /* NULL is fine */

#endif
