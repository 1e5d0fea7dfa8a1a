/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_FLOW_NAMES_H
#define NLT_CONNECTORS_FLOW_NAMES_H

/* Facts: the server names that other logs tell about flows, by the flow's identifier.
 *
 * Any thread may tell; which name is kept does not depend on the order: the lowest rank, then the
 * earliest time, then the first line. About 100 bytes per flow that has a name. */

#include "connectors/connector.h"

typedef enum flow_name_rank { FLOW_NAME_HTTP, FLOW_NAME_TLS, FLOW_NAME_RANKS } flow_name_rank;

typedef struct flow_name {
    flow_name_rank rank;
    int64_t time; /* ns */
    int64_t row_key;
    nlt_bytes name; /* normalised, not empty */
} flow_name;

/* Copies the name. NLT_ERR_NOMEM. */
nlt_status flow_names_tell(void *facts, nlt_bytes uid, const flow_name *name) NLT_MUST_CHECK;
/* The best name of a flow, which is then used; {NULL, 0}: nobody told one. `has_tls`: one came from
 * TLS. After all have told; any thread. */
nlt_bytes flow_names_find(void *facts, nlt_bytes uid, bool *has_tls);

/* These flows (at most NLT_AHEAD_MAX) will be told or looked for soon: begins to fetch their places
 * from memory. `is_told`: all have told. */
void flow_names_expect(void *facts, const nlt_bytes *uids, int n, bool is_told);

extern const nlt_facts flow_names_facts;

/* Facts that only listen: what the last line told, or of which flow it asked. Nothing is found. */
typedef struct flow_names_tap {
    bool has_told, has_asked;
    bool assumes_tls; /* who asks is told that TLS has told a name */
    nlt_bytes uid;    /* borrowed from the line, as name */
    flow_name name;
} flow_names_tap;

extern const nlt_facts flow_names_tap_facts;
/* Of facts that were opened by flow_names_tap_facts. */
flow_names_tap *flow_names_tap_of(void *facts);

#endif
