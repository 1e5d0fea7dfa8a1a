/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_ZEEK_PROBE_H
#define NLT_CONNECTORS_ZEEK_PROBE_H

/* The probe of Zeek's logs. Every Zeek log has times and addresses where the others have them: what
 * tells one from another are fields that the others lack. */

#include "connectors/probe.h"
#include "connectors/zeek_line.h"

enum { ZEEK_KEYS_MAX = 8, ZEEK_AGES_MAX = 6 };

/* An age of a log; the first row of which the field is there counts. */
typedef struct zeek_age {
    const char *field;
    const char *versions;
} zeek_age;

typedef struct zeek_shape {
    const char *name;                /* "dns.log" */
    const char *no_header;           /* the versions of which lines without header are taken for */
    const char *keys[ZEEK_KEYS_MAX]; /* fields of its own; NULL behind the last */
    zeek_age ages[ZEEK_AGES_MAX];
    const nlt_feed *feeds;
    int n_feeds;
} zeek_shape;

extern const zeek_shape zeek_dns_shape, zeek_http_shape, zeek_conn_shape, zeek_ssl_shape;

/* What nlt_connector.probe returns, for the log that `shape` describes. */
int zeek_probe(const zeek_log *log, const zeek_shape *shape, const nlt_sample *sample,
    const zeek_state *state, nlt_finding *finding);

#endif
