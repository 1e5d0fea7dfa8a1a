/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ALGOS_EXACT_SUM_H
#define NLT_ALGOS_EXACT_SUM_H

/* The sum of a BIGINT column under its own name, exact on both engines: one wraps at 64 bits where the
 * other widens, and a cast of every value to a wide decimal costs as much as the grouping itself. So
 * both halves of the value are summed as integers and put together once per group. */
#define NLT_EXACT_SUM(column)                                                                      \
    "CAST(CAST(SUM(" column " >> 32) AS DECIMAL(20,0)) * CAST(4294967296 AS DECIMAL(10,0))"        \
    " + CAST(SUM(" column " & 4294967295) AS DECIMAL(20,0)) AS DECIMAL(38,0)) AS " column

#endif
