/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_NUM_H
#define NLT_CORE_NUM_H

/* Numbers to and from text: full range, overflow checked, locale-free. A parse takes the whole
 * range of bytes or fails; no blanks, no leading '+'. */

#include "netlytics/base.h"

__extension__ typedef __int128 nlt_i128;
__extension__ typedef unsigned __int128 nlt_u128;

NLT_API bool nlt__parse_i64(nlt_bytes text, int64_t *out);
NLT_API bool nlt__parse_u64(nlt_bytes text, uint64_t *out);
/* Decimal or scientific notation, "inf"/"nan" refused; correctly rounded. */
NLT_API bool nlt__parse_double(nlt_bytes text, double *out);
/* "digits[.digits]" with an optional '-', as an integer of 10^-scale; further digits are checked
 * and cut towards zero; false on overflow. scale <= 18. */
NLT_API bool nlt__parse_fixed(nlt_bytes text, int scale, int64_t *out);

enum { NLT_NUM_TEXT_MAX = 48 };

/* Each writes at most NLT_NUM_TEXT_MAX bytes (no NUL) and returns how many. */
NLT_API size_t nlt__format_i64(int64_t value, char *out);
NLT_API size_t nlt__format_u64(uint64_t value, char *out);
/* Shortest text that reads back equal; fixed notation for 1e-4 <= |x| < 1e16 and always with a
 * point ("1500.0"), else "1e+16", "1e-05"; "NaN", "Infinity", "-Infinity"; zero is "0.0"/"-0.0". */
NLT_API size_t nlt__format_double(double value, char *out);
/* The same; shortest among texts that read back as this float. */
NLT_API size_t nlt__format_float(float value, char *out);
/* 128-bit integer with `scale` digits after the point (none for 0). */
NLT_API size_t nlt__format_i128(nlt_i128 value, int scale, char *out);

/* The double nearest to value / 10^6 (or 10^9): one rounding only. */
NLT_API double nlt__seconds_from_us(int64_t us);
NLT_API double nlt__seconds_from_ns(int64_t ns);

#endif
