/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_OUTPUT_FORMATS_H
#define NLT_OUTPUT_FORMATS_H

/* The rows of the table in formats.c. */

#include "output/writer.h"

extern const nlt_format nlt__format_table;
extern const nlt_format nlt__format_csv;
extern const nlt_format nlt__format_ndjson;
extern const nlt_format nlt__format_json;
extern const nlt_format nlt__format_arrow;

#endif
