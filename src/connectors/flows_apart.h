/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_FLOWS_APART_H
#define NLT_CONNECTORS_FLOWS_APART_H

/* What the connectors of nlt_connector.apart are made of, for flows that are named by other files.
 */

#include "connectors/connector.h"

/* A line of a teller's file, and of a flow's: record instead of fact and row. */
nlt_row nlt__flow_apart_teller(
    const nlt_connector *teller, nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out);
nlt_row nlt__flow_apart_line(
    const nlt_connector *flows, nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out);

extern const nlt_pairing nlt__flow_apart_pairing;

#endif
