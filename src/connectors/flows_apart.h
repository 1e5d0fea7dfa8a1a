/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_FLOWS_APART_H
#define NLT_CONNECTORS_FLOWS_APART_H

/* What the connectors of nlt_connector.apart are made of, for flows that are named by other files.
 */

#include "connectors/connector.h"

/* A line of a flow's file: a record instead of a row. Those of tellers are records already. */
nlt_row nlt__flow_apart_line(
    const nlt_connector *flows, nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out);

extern const nlt_pairing nlt__flow_apart_pairing;

#endif
