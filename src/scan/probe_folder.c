/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A base folder: which layouts have files below it, and whether these are what their names say. */

#include <string.h>

#include "core/buf.h"
#include "scan/probe_types.h"

enum { LOOKED_AT = 8, HINT_MAX = 1024 };

int64_t nlt__probe_spread(int64_t n, int64_t wanted, int64_t i)
{
    return n <= wanted ? i : i * (n - 1) / (wanted - 1);
}

/* ---- one layout ---- */

static void set_extent(nlt_probe_entry *entry, const nlt_file_list *list)
{
    entry->layout = entry->owner->layouts[list->items[0].pattern];
    entry->n_files = list->n;
    entry->n_bytes = 0;
    for (int64_t i = 0; i < list->n; i++) {
        int64_t size = list->items[i].size;
        int64_t day = list->items[i].day;
        entry->n_bytes = size < 0 || entry->n_bytes < 0 ? -1 : entry->n_bytes + size;
        entry->first_day = entry->first_day == NLT_DAY_OPEN ? day : entry->first_day;
        entry->last_day = day;
    }
}

/* What the files looked at have in common. */
typedef struct folder_look {
    int64_t n_good, n_other, n_empty;
    int score;         /* the lowest */
    nlt_finding first; /* of the good ones */
} folder_look;

static nlt_status look_at_file(
    const nlt_connector *connector, const char *path, folder_look *look, nlt_error *err)
{
    nlt_file_sample sample;
    nlt_finding finding = {.score = 0};
    nlt_status status = nlt__file_sample_read(path, NLT_PROBE_SMALL_SAMPLE, &sample, err);
    bool is_empty = status == NLT_OK && sample.sample.head.len == 0;
    if (status == NLT_OK && !is_empty) {
        status = nlt__probe(connector, connector, &sample.sample, &finding, err);
    }
    nlt__file_sample_clear(&sample);
    if (status == NLT_ERR_IO || status == NLT_ERR_NOT_FOUND) {
        is_empty = true; /* one that cannot be read says nothing about the others */
        status = NLT_OK;
    }
    bool is_good = finding.score >= NLT_FINDING_MATCH;
    if (is_good && look->n_good == 0) {
        look->first = finding;
        look->score = finding.score;
    }
    look->score = is_good && finding.score < look->score ? finding.score : look->score;
    look->n_good += is_good;
    look->n_empty += is_empty;
    look->n_other += !is_good && !is_empty;
    return status;
}

static nlt_status look_at_list(nlt_probe *probe, const nlt_connector *connector,
    const nlt_file_list *list, nlt_buf *hint, nlt_error *err)
{
    folder_look look = {.n_good = 0};
    nlt_probe_entry entry = {.owner = connector, .first_day = NLT_DAY_OPEN};
    for (int64_t i = 0; i < LOOKED_AT && i < list->n; i++) {
        int64_t at = nlt__probe_spread(list->n, LOOKED_AT, i);
        NLT_TRY(look_at_file(connector, list->items[at].path, &look, err));
    }
    set_extent(&entry, list);
    if (look.n_good > look.n_other) {
        entry.finding = look.first;
        entry.finding.score = look.score;
        return nlt__probe_add(probe, &entry, err);
    }
    return nlt__buf_printf(hint, err, "%s%lld file%s named as %s, %s", hint->len > 0 ? "; " : "",
        (long long)list->n, list->n == 1 ? " is" : "s are", entry.layout,
        look.n_other > 0 ? "but written otherwise" : "but empty");
}

static nlt_status look_as(nlt_probe *probe, const char *path, const nlt_connector *connector,
    int64_t first, int64_t last, nlt_buf *hint, nlt_error *err)
{
    nlt_file_list list;
    NLT_TRY(
        nlt__layout_list(path, connector->layouts, connector->n_layouts, first, last, &list, err));
    nlt_status status = list.n > 0 ? look_at_list(probe, connector, &list, hint, err) : NLT_OK;
    nlt__file_list_clear(&list);
    return status;
}

/* ---- all layouts ---- */

/* Each connector's first layout, once. */
static nlt_status tell_layouts(nlt_buf *hint, nlt_error *err)
{
    const char *before = "";
    NLT_TRY(nlt__buf_printf(hint, err, "looked for "));
    for (int i = 0; i < nlt__connector_count(); i++) {
        const char *layout = nlt__connector_at(i)->layouts[0];
        if (strcmp(layout, before) != 0) {
            NLT_TRY(nlt__buf_printf(hint, err, "%s%s", i > 0 ? ", " : "", layout));
        }
        before = layout;
    }
    return nlt__buf_printf(hint, err, "; files of other names can be given one by one");
}

static nlt_status look_at_all(
    nlt_probe *probe, const char *path, int64_t first, int64_t last, nlt_buf *hint, nlt_error *err)
{
    for (int i = 0; i < nlt__connector_count(); i++) {
        NLT_TRY(look_as(probe, path, nlt__connector_at(i), first, last, hint, err));
    }
    if (probe->n > 0) {
        probe->what = probe->entries[0]->finding.what;
        return NLT_OK;
    }
    probe->what = hint->len > 0 ? "a folder whose files are not what their names say"
                                : "a folder in which no layout has files";
    if (hint->len == 0) {
        NLT_TRY(tell_layouts(hint, err));
    }
    probe->hint = nlt__probe_text(probe, (nlt_bytes){hint->ptr, hint->len});
    return probe->hint != NULL ? NLT_OK : nlt__probe_no_memory(err);
}

nlt_status nlt__probe_folder(
    nlt_probe *probe, const char *path, int64_t first, int64_t last, nlt_error *err)
{
    nlt_buf hint = NLT_BUF_INIT(HINT_MAX);
    nlt_status status = look_at_all(probe, path, first, last, &hint, err);
    nlt__buf_clear(&hint);
    return status;
}
