/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of formats that are written row by row. */

#include "output/formats.h"

static const nlt_format *const formats[] = {&nlt__format_table, &nlt__format_csv,
    &nlt__format_ndjson, &nlt__format_json, &nlt__format_arrow};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const nlt_format *nlt__format_at(int index)
{
    return index >= 0 && index < FORMAT_COUNT ? formats[index] : NULL;
}

const nlt_format *nlt__format_find(const char *name)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            return formats[i];
        }
    }
    return NULL;
}
