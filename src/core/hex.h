/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_HEX_H
#define NLT_CORE_HEX_H

/* Bytes as hexadecimal digits, two for each: for texts that may hold any. */

#include "netlytics/base.h"

/* Writes 2 * bytes.len digits, without a NUL. */
NLT_API void nlt__hex_write(nlt_bytes bytes, char *out);
/* Writes strlen(text) / 2 bytes. False: no such text, or more than `cap` bytes. */
NLT_API bool nlt__hex_read(const char *text, void *out, size_t cap);

#endif
