/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_JAVA_TIME_H
#define NLT_SQL_JAVA_TIME_H

/* Times by patterns as Spark has them: those of java.time.format.DateTimeFormatter without week years
 * and the letters that Spark forbids. Zone UTC, English names, proleptic Gregorian calendar. */

#include "netlytics/base.h"

enum { NLT_PATTERN_MAX = 128, NLT_PATTERN_TEXT_MAX = 3072 };

typedef struct nlt_time_op {
    uint8_t kind, field;
    uint8_t min, max; /* digits; of literals: begin and length */
    uint8_t sign;     /* how numbers take a sign */
    int8_t reserved;  /* digits of the fixed numbers that follow directly */
} nlt_time_op;

typedef struct nlt_time_pattern {
    nlt_time_op ops[NLT_PATTERN_MAX];
    int n_ops;
    char text[NLT_PATTERN_MAX]; /* of literals */
} nlt_time_pattern;

/* NLT_ERR_SQL: what Spark refuses, or cannot be had here; the message names the letter. */
NLT_API nlt_status nlt__time_pattern_compile(
    nlt_bytes text, bool is_parsing, nlt_time_pattern *out, nlt_error *err) NLT_MUST_CHECK;
/* Text of a time (microseconds since 1970); its length. `out` has NLT_PATTERN_TEXT_MAX bytes. */
NLT_API size_t nlt__time_pattern_format(const nlt_time_pattern *pattern, int64_t us, char *out);
/* The time of a text. What is not told is 1970-01-01 00:00. False: it does not follow the pattern, or
 * is no time that there is. */
NLT_API bool nlt__time_pattern_parse(const nlt_time_pattern *pattern, nlt_bytes text, int64_t *us);

#endif
