/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_JSON_TEXT_H
#define NLT_CORE_JSON_TEXT_H

#include "core/buf.h"

/* Appends a text as a string of JSON, with its quotes (RFC 8259 7). */
NLT_API nlt_status nlt__json_text(nlt_bytes text, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
