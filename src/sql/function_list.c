/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of functions.def as a list for people: one entry for each name. */

#include <string.h>

#include "netlytics/catalog.h"
#include "sql/scalar.h"

/* A row of functions.def: what it says about the name, or that its group begins. */
typedef struct entry {
    const char *kind; /* NULL: only words */
    const char *group, *name, *args, *help;
} entry;

#define GROUP(title) {.group = title},
#define ABOUT(name_, args_, help_) {.name = name_, .args = "(" args_ ")", .help = help_},
#define SCALAR(name_, params, result, sql) {.kind = "scalar", .name = name_},
#define AGGREGATE(name_, params, result, sql) {.kind = "aggregate", .name = name_},
#define WINDOW(name_, params, result, sql) {.kind = "window", .name = name_},
#define SPECIAL(name_, params, function) {.kind = "scalar", .name = name_},
#define SPECIAL_AGGREGATE(name_, params, function) {.kind = "aggregate", .name = name_},
#define ORDERED_AGGREGATE(name_, params, function) {.kind = "aggregate", .name = name_},
#define SPECIAL_WINDOW(name_, params, function) {.kind = "window", .name = name_},
#define GENERATOR(name_) {.kind = "generator", .name = name_},
#define REFUSED(name_, why) {.kind = "refused", .name = name_, .help = why},

static const entry entries[] = {
#include "sql/functions.def"
};

enum { N_ENTRIES = sizeof entries / sizeof entries[0] };

/* A function in C that is of no dialect; it says itself what it is. NULL: it is none. */
static const nlt_scalar *own_scalar(const char *name)
{
    const nlt_scalar *scalar = nlt__scalar_find(name);
    return scalar != NULL && !scalar->is_spark ? scalar : NULL;
}

/* Is it the first row of a function that a query may name? Its overloads follow. Names that only
 * the parser makes (TRIM(LEADING ...)) have no ABOUT. */
static bool begins_function(int i)
{
    const entry *row = &entries[i];
    const entry *before = i > 0 ? row - 1 : NULL;
    if (row->kind == NULL
        || (before != NULL && before->kind != NULL && before->name != NULL
            && strcmp(before->name, row->name) == 0)) {
        return false;
    }
    return row->help != NULL || (before != NULL && before->args != NULL)
        || own_scalar(row->name) != NULL;
}

int nlt_function_count(void)
{
    int n = 0;
    for (int i = 0; i < N_ENTRIES; i++) {
        n += begins_function(i);
    }
    return n;
}

static void describe_own(nlt_function_info *out)
{
    const nlt_scalar *scalar = own_scalar(out->name);
    if (scalar != NULL) {
        out->dialect = "both";
        out->args = scalar->usage + strlen(scalar->name);
        out->help = scalar->summary;
    }
}

nlt_status nlt_function_get(int index, nlt_function_info *out)
{
    const char *group = "";
    for (int i = 0; i < N_ENTRIES; i++) {
        group = entries[i].group != NULL ? entries[i].group : group;
        if (!begins_function(i) || index-- > 0) {
            continue;
        }
        const entry *row = &entries[i];
        const entry *about = i > 0 && entries[i - 1].args != NULL ? &entries[i - 1] : row;
        *out = (nlt_function_info){.name = row->name,
            .kind = row->kind,
            .group = group,
            .dialect = "spark",
            .args = about->args,
            .help = about->help};
        describe_own(out);
        return NLT_OK;
    }
    return NLT_ERR_ARG;
}
