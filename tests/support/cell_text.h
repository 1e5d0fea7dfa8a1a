/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_CELL_TEXT_H
#define NLT_TESTS_CELL_TEXT_H

#include "core/buf.h"
#include "table/batch.h"

/* Appends a value that is not NULL: texts as they are, a double so that it reads back equal, lists
 * as
 * `[a,b]`. Stops the program when memory is short. */
void cell_text(nlt_buf *out, const nlt_vec *vec, int64_t row);

#endif
