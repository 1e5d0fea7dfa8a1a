/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_NAME_H
#define NLT_CONNECTORS_NAME_H

#include "table/builder.h"

/* Server names (spec: "Server name"): lower case, no brackets, no port, no trailing dot. Puts the
 * normalised candidate; false and nothing put if it is empty. `candidate` lies in the line. */
NLT_API bool nlt__name_put(nlt_builder *out, int column, nlt_bytes candidate);

/* The normalised candidate, in the text or in memory of the arena; len = 0: none, ptr = NULL: out of
 * memory. */
NLT_API nlt_bytes nlt__name_normalise(nlt_arena *arena, nlt_bytes candidate);

/* A domain name: lower case (ASCII), without trailing dot, the root as ".". As above. */
NLT_API nlt_bytes nlt__domain_normalise(nlt_arena *arena, nlt_bytes name);

#endif
