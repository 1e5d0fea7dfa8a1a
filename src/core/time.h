/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_TIME_H
#define NLT_CORE_TIME_H

/* Calendar days (proleptic Gregorian) as days since 1970-01-01; clocks. */

#include "netlytics/base.h"

#define NLT_DAY_OPEN INT64_MIN /* a bound that was not given, a name without a day */

typedef struct nlt_civil {
    int year;  /* 0..9999 */
    int month; /* 1..12 */
    int day;   /* 1..31 */
} nlt_civil;

NLT_API int64_t nlt__days_from_civil(nlt_civil civil);
NLT_API nlt_civil nlt__civil_from_days(int64_t days);
NLT_API bool nlt__civil_is_valid(nlt_civil civil);
/* "YYYY_MM_DD" -> days; false on bad syntax or an impossible date. */
NLT_API bool nlt__parse_day(nlt_bytes text, int64_t *days);
/* "Jan".."Dec" (case as given) -> 1..12, else 0. */
NLT_API int nlt__month_from_name(nlt_bytes name);
/* Each writes NUL-terminated text: "YYYY-MM-DD" (11 bytes); "YYYY-MM-DD HH:MM:SS[.ffffff]" (32). */
NLT_API void nlt__format_date(int64_t days, char out[32]);
NLT_API void nlt__format_timestamp_us(int64_t us, char out[40]);
/* Monotonic seconds for durations. */
NLT_API double nlt__now(void);

#endif
