/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_SPARK_CAST_H
#define NLT_SQL_SPARK_CAST_H

/* Casts as Spark has them (spark.sql.ansi.enabled = false, zone UTC). A text that is none gives false,
 * which SQL shows as NULL. Blanks and controls around a text do not count. */

#include "core/zone.h"

/* Digits with a sign; a fraction is checked and cut ("7.9" is 7). False: beyond 64 bits. */
NLT_API bool nlt__spark_i64(nlt_bytes text, int64_t *out);
/* As Java reads doubles: "1.", ".5", "1e5", "1d", "Infinity", "NaN"; and "inf" in any case. */
NLT_API bool nlt__spark_double(nlt_bytes text, double *out);
/* t, true, y, yes, 1; f, false, n, no, 0; in any case. */
NLT_API bool nlt__spark_bool(nlt_bytes text, bool *out);
/* "2017-03-01 10:20:30.5 +01:00" and its shorter forms; a time alone is of the day `today` (days since
 * 1970). Zones: Z, UTC, offsets, regions (looked up in the system's database each time). */
NLT_API bool nlt__spark_timestamp(nlt_bytes text, int64_t today, int64_t *us);
/* "2017-03-01" and its shorter forms; what follows a blank or T does not matter. */
NLT_API bool nlt__spark_date(nlt_bytes text, int32_t *days);

/* Whether there is such a day, in any year of an int. */
NLT_API bool nlt__spark_is_civil(int64_t year, int64_t month, int64_t day);

/* A zone by the names that Spark takes: Z, UTC, GMT, UT, offsets, both ("GMT+1"), regions, and Java's
 * names of three letters. */
typedef struct nlt_spark_zone {
    nlt_zone *zone; /* owned: nlt__spark_zone_close; NULL: `offset` tells all */
    int64_t offset; /* seconds ahead of UTC */
} nlt_spark_zone;

/* False: no such zone; there is nothing to close then. */
NLT_API bool nlt__spark_zone_open(nlt_bytes name, nlt_spark_zone *out);
NLT_API void nlt__spark_zone_close(nlt_spark_zone *zone);
/* Of a local clock's reading, in seconds; a time in a gap moves forward, of two the first counts. */
NLT_API int64_t nlt__spark_zone_to_utc(const nlt_spark_zone *zone, int64_t local);
NLT_API int64_t nlt__spark_zone_to_local(const nlt_spark_zone *zone, int64_t utc);

/* Cuts the fraction; stops at the limits; NaN is 0. */
NLT_API int64_t nlt__spark_i64_from_double(double value);

enum { NLT_SPARK_TEXT_MAX = 64 };

/* Java's text of a double: "3.0", "1.0E7", "1.0E-4", "NaN", "-Infinity"; its length, no NUL. */
NLT_API size_t nlt__spark_double_text(double value, char out[NLT_SPARK_TEXT_MAX]);
/* The same of a number of 32 bits. */
NLT_API size_t nlt__spark_float_text(float value, char out[NLT_SPARK_TEXT_MAX]);
/* "2017-03-01 10:20:30.5", the fraction without zeros at its end; its length, no NUL. */
NLT_API size_t nlt__spark_timestamp_text(int64_t us, char out[NLT_SPARK_TEXT_MAX]);
NLT_API size_t nlt__spark_date_text(int64_t days, char out[NLT_SPARK_TEXT_MAX]);

#endif
