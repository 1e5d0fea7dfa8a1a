/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_ZONE_RULE_H
#define NLT_CORE_ZONE_RULE_H

/* The rule behind the last transition of a time zone file, as "CET-1CEST,M3.5.0,M10.5.0/3"
 * (RFC 8536 3.3, POSIX.1-2017 8.3 with times of -167 to 167 hours). */

#include "netlytics/base.h"

/* A day of the year and a time of it. */
typedef struct nlt_zone_date {
    char kind;    /* 'M': week of a month, 'J': day 1..365 without 29 February, 'N': day 0..365 */
    int month;    /* M: 1..12 */
    int week;     /* M: 1..5, 5 being the last */
    int day;      /* M: 0..6, Sunday being 0 */
    int32_t time; /* seconds of that day, local */
} nlt_zone_date;

typedef struct nlt_zone_rule {
    int32_t standard; /* seconds east of UTC */
    int32_t summer;
    bool has_summer;
    nlt_zone_date begin; /* of summer time */
    nlt_zone_date end;
} nlt_zone_rule;

/* False: the text is no rule. Summer time without dates is none: no default is standardised. */
NLT_API bool nlt__zone_rule_parse(nlt_bytes text, nlt_zone_rule *out);
/* When summer time begins and ends in a year: seconds since 1970-01-01 UTC. */
NLT_API int64_t nlt__zone_rule_begin(const nlt_zone_rule *rule, int year);
NLT_API int64_t nlt__zone_rule_end(const nlt_zone_rule *rule, int year);

#endif
