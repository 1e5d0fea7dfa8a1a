/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ALGOS_WEB_WHAT_NAME_H
#define NLT_ALGOS_WEB_WHAT_NAME_H

/* Host names as WHAT compares them. */

#include "netlytics/base.h"

/* Lower case without a final dot: what host names are equal by. `out` has room for name.len bytes;
 * returns how many are used. */
NLT_API size_t nlt__what_plain_name(nlt_bytes name, char *out);
/* N(name): a plain name whose numbers, single letters and CDN labels are replaced by D, C and X, so
 * that the many names of one service become one. `out` as above. */
NLT_API size_t nlt__what_normal_name(nlt_bytes name, char *out);
/* True for what tells no name: empty, "-", ".", an IP address. */
NLT_API bool nlt__what_is_unnamed(nlt_bytes name);

#endif
