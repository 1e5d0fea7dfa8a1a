/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_ZONE_H
#define NLT_CORE_ZONE_H

/* Time zones: local clock readings to UTC (IANA time zone database, RFC 8536). */

#include "netlytics/base.h"

typedef struct nlt_zone nlt_zone;

/* "UTC", "+HH:MM", "-HH:MM" or an IANA name ("Europe/Rome"), which is looked up below $TZDIR or
 * /usr/share/zoneinfo; a name that leads out of that folder is refused. Owned: nlt__zone_close.
 * NLT_ERR_ARG: no such zone. NLT_ERR_DAMAGED: the database's file is no TZif file. */
NLT_API nlt_status nlt__zone_open(const char *name, nlt_zone **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__zone_close(nlt_zone *zone);
/* One offset for all times. */
NLT_API bool nlt__zone_is_fixed(const nlt_zone *zone);

/* Seconds UTC of `local`, the seconds since 1970-01-01 00:00 that the local clock shows. In a
 * repeated hour, the first pass; or the second one if the first lies before `not_before` (UTC
 * seconds; INT64_MIN: always the first). A time in a gap moves forward by the gap. Any zone, NULL:
 * UTC; constant time for fixed zones, else a binary search. */
NLT_API int64_t nlt__zone_to_utc(const nlt_zone *zone, int64_t local, int64_t not_before);

/* Seconds that the local clock is ahead of UTC at `utc`. */
NLT_API int32_t nlt__zone_offset(const nlt_zone *zone, int64_t utc);

#endif
