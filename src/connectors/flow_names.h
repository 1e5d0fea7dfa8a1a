/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_FLOW_NAMES_H
#define NLT_CONNECTORS_FLOW_NAMES_H

/* Facts: the server names that other logs tell about flows, by the flow's identifier.
 *
 * What a line tells is a record at first, so that threads get in each other's way only where they hand
 * in some thousand of them. Which name is kept does not depend on the order: the lowest rank, then the
 * earliest time, then the first line. About 100 bytes per flow that has a name. */

#include "connectors/connector.h"

typedef enum flow_name_rank { FLOW_NAME_HTTP, FLOW_NAME_TLS, FLOW_NAME_RANKS } flow_name_rank;

enum {
    FLOW_NAME_KIND = 0
}; /* nlt_record.kind of what is told; such a record is before all others */

typedef struct flow_name {
    nlt_bytes uid;
    flow_name_rank rank;
    int64_t time;   /* ns */
    nlt_bytes name; /* normalised, UTF-8 without NUL, not empty */
} flow_name;

/* Puts what the current line tells. REJECTED: it is too long for a record. */
nlt_row flow_names_tell(nlt_line_ctx *ctx, const flow_name *name);
/* Takes a record of kind FLOW_NAME_KIND. One thread, or through flow_names_facts.take. NLT_ERR_NOMEM. */
nlt_status flow_names_take(void *facts, const nlt_record *record) NLT_MUST_CHECK;
/* The best name of a flow, which is then used; owned by the facts. {NULL, 0}: nobody told one.
 * `has_tls`: one came from TLS. After all have told; any thread. */
nlt_bytes flow_names_find(void *facts, nlt_bytes uid, bool *has_tls);

/* These flows (at most NLT_AHEAD_MAX) will be looked for soon: begins to fetch them from memory. */
void flow_names_expect(void *facts, const nlt_bytes *uids, int n);

extern const nlt_facts flow_names_facts;

/* Facts that only listen: of which flow the last line asked. Nothing is found. */
typedef struct flow_names_tap {
    bool has_asked;
    bool assumes_tls; /* who asks is told that TLS has told a name */
    nlt_bytes uid;    /* borrowed from the line */
} flow_names_tap;

extern const nlt_facts flow_names_tap_facts;
/* Of facts that were opened by flow_names_tap_facts. */
flow_names_tap *flow_names_tap_of(void *facts);

#endif
