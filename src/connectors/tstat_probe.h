/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_TSTAT_PROBE_H
#define NLT_CONNECTORS_TSTAT_PROBE_H

/* The probes of Tstat's logs, given the columns that the line functions have found. Each returns what
 * nlt_connector.probe does. */

#include "connectors/probe.h"
#include "connectors/tstat.h"

int tstat_probe_dns(const tstat_log *log, const nlt_columns *columns, nlt_finding *finding);
int tstat_probe_flows(const tstat_log *log, const nlt_columns *columns, const nlt_sample *sample,
    nlt_finding *finding);
/* Of requests, then of responses. */
int tstat_probe_http(
    const tstat_log *const logs[2], const nlt_columns *const columns[2], nlt_finding *finding);

#endif
