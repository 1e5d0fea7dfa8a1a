/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TESTS_PACK_H
#define NLT_TESTS_PACK_H

/* Bytes packed by the libraries themselves. */

#include "io/source.h"

/* ".gz" and so on; "" for plain. */
const char *pack_suffix(nlt_codec codec);
/* One stream into `out`; its length. Stops the program where a library fails. */
size_t pack(nlt_codec codec, const void *in, size_t len, uint8_t *out, size_t cap);

#endif
