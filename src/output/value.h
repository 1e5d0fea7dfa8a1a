/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_OUTPUT_VALUE_H
#define NLT_OUTPUT_VALUE_H

/* One value as text, for all writers. */

#include "core/buf.h"
#include "core/json_text.h"
#include "table/batch.h"

/* As JSON: null, quoted and escaped texts, arrays; NaN and infinities are texts. */
nlt_status nlt__value_json(
    const nlt_vec *vec, int64_t row, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;
/* Without quotes; lists as JSON; nothing for NULL. */
nlt_status nlt__value_plain(
    const nlt_vec *vec, int64_t row, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
