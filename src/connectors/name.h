/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_NAME_H
#define NLT_CONNECTORS_NAME_H

#include "table/builder.h"

/* Server names (spec: "Server name"): lower case, no brackets, no port, no trailing dot. Puts the
 * normalised candidate; false and nothing put if it is empty. `candidate` lies in the line. */
NLT_API bool nlt__name_put(nlt_builder *out, int column, nlt_bytes candidate);

#endif
