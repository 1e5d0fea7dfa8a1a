/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connector for an input, and what to say when another was used.
 *
 * Every file looked at must be one that the connector reads. What is left is decided by the table
 * that is wanted, then by score; where two of one tool are alike, the first in the list of connectors
 * counts. Two of different tools, or over different files, are for the user to tell apart. */

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/strings.h"
#include "io/fs.h"
#include "scan/probe_types.h"
#include "scan/scan_types.h"

enum { LOOKED_AT = 32, PATTERNS_MAX = 128, LIST_MAX = 1 << 12, CONNECTORS_MAX = 64 };

/* A connector that may be chosen. */
typedef struct candidate {
    const nlt_connector *connector;
    const char *layout; /* of a folder: two with one layout read the same files */
    int64_t n_files;
    int64_t score;                   /* sum over the files looked at */
    char what[NLT_FINDING_WHAT_MAX]; /* of the first of them */
} candidate;

typedef struct choice {
    const char *path;
    const char *table; /* NULL: any */
    int n;
    candidate candidates[CONNECTORS_MAX];
    int64_t n_looked; /* files that told something */
    nlt_buf head;     /* of standard input; its bytes are the caller's in the end */
    nlt_error unread; /* why the first of the others could not be read; code NLT_OK: none */
} choice;

/* ---- messages ---- */

static nlt_status list_candidates(const choice *c, nlt_buf *out, nlt_error *err)
{
    for (int i = 0; i < c->n; i++) {
        const candidate *one = &c->candidates[i];
        NLT_TRY(nlt__buf_printf(out, err, "%s-c %s", i > 0 ? ", " : "", one->connector->alias));
        if (one->layout[0] != '\0') {
            NLT_TRY(nlt__buf_printf(
                out, err, " (%lld file%s)", (long long)one->n_files, one->n_files == 1 ? "" : "s"));
        }
    }
    return NLT_OK;
}

static nlt_status fail_several(const choice *c, nlt_error *err)
{
    nlt_buf list = NLT_BUF_INIT(LIST_MAX);
    nlt_status status = list_candidates(c, &list, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&list) : NULL;
    if (text != NULL) {
        status =
            nlt_fail(err, NLT_ERR_ARG, "-c auto: %s: several connectors could be meant", c->path);
        nlt_error_hint(err, "name one of them: %s", text);
    } else {
        status = nlt__probe_no_memory(err);
    }
    nlt__buf_clear(&list);
    return status;
}

static nlt_status fail_unknown(const nlt_probe *probe, const char *path, nlt_error *err)
{
    if (probe->n > 0) { /* all of them are read beside others */
        nlt_fail(
            err, NLT_ERR_NO_ROWS, "-c auto: %s: %s gives no table by itself", path, probe->what);
        nlt_error_hint(err, "%s reads it beside others: give it their folder",
            probe->entries[0]->owner->alias);
        return NLT_ERR_NO_ROWS;
    }
    nlt_fail(err, NLT_ERR_NO_ROWS, "-c auto: %s: no connector reads it; it looks like %s", path,
        probe->what);
    if (probe->hint[0] != '\0') {
        nlt_error_hint(err, "%s", probe->hint);
    } else {
        nlt_error_hint(err, "\"netlytics connectors\" lists what can be read");
    }
    return NLT_ERR_NO_ROWS;
}

static void add_candidate(choice *c, const nlt_probe_entry *entry)
{
    if (c->n < CONNECTORS_MAX) {
        candidate *one = &c->candidates[c->n++];
        *one = (candidate){
            .connector = entry->owner, .layout = entry->layout, .n_files = entry->n_files};
        (void)snprintf(one->what, sizeof one->what, "%s", entry->finding.what);
    }
}

/* ---- files ---- */

/* Adds what one file is: later files leave only those candidates that read them, too. */
static void narrow(choice *c, const nlt_probe *probe)
{
    int kept = 0;
    for (int i = 0; i < probe->n && c->n_looked == 0; i++) {
        if (!probe->entries[i]->is_side) {
            add_candidate(c, probe->entries[i]);
        }
    }
    for (int i = 0; i < c->n; i++) {
        for (int j = 0; j < probe->n; j++) {
            const nlt_probe_entry *entry = probe->entries[j];
            if (entry->owner == c->candidates[i].connector && !entry->is_side) {
                c->candidates[kept] = c->candidates[i];
                c->candidates[kept++].score += entry->finding.score;
            }
        }
    }
    c->n = kept;
    c->n_looked++;
}

static nlt_status fail_mixture(
    const choice *c, const char *path, const char *what, const char *before, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_ARG,
        "-c auto: %s: files of several kinds: %s is %s, but one before is %s", c->path, path, what,
        before);
    nlt_error_hint(err, "give one kind of files at a time, or name the connector with -c");
    return NLT_ERR_ARG;
}

static nlt_status take_file(choice *c, const char *path, const nlt_probe *probe, nlt_error *err)
{
    bool is_first = c->n_looked == 0;
    char before[NLT_FINDING_WHAT_MAX];
    (void)snprintf(before, sizeof before, "%s", c->candidates[0].what);
    narrow(c, probe);
    if (c->n > 0) {
        return NLT_OK;
    }
    return is_first || probe->n == 0 ? fail_unknown(probe, path, err)
                                     : fail_mixture(c, path, probe->what, before, err);
}

/* A pipe by its name: opening it twice would lose what was read. */
static nlt_status fail_stream(const char *path, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_ARG, "-c auto: %s can be read only once", path);
    nlt_error_hint(err, "name the connector; \"netlytics probe\" tells which it is");
    return NLT_ERR_ARG;
}

/* Files that tell nothing are left to whoever reads them. */
static nlt_status look_at_file(choice *c, const char *path, nlt_error *err)
{
    nlt_fs_info info;
    nlt_probe *probe = NULL;
    nlt_error cause = NLT_ERROR_INIT;
    const nlt_probe_options options = {sizeof options, NLT_PROBE_SMALL_SAMPLE, NULL, NULL};
    nlt_status status = nlt__fs_for(path)->stat(path, &info, &cause);
    if (status == NLT_OK && info.kind == NLT_FS_STREAM) {
        return fail_stream(path, err);
    }
    if (status == NLT_OK) {
        status = nlt_probe_open(path, &options, &probe, &cause);
    }
    if (status == NLT_OK && probe->n == 0 && probe->damage[0] != '\0') {
        status = nlt_fail(&cause, NLT_ERR_DAMAGED, "%s", probe->damage);
    }
    if (status == NLT_OK) {
        status = probe->is_empty ? NLT_OK : take_file(c, path, probe, err);
    } else if (status == NLT_ERR_NOMEM) {
        status = nlt__probe_no_memory(err);
    } else {
        c->unread = c->unread.code == NLT_OK ? cause : c->unread;
        status = NLT_OK;
    }
    nlt_probe_close(probe);
    return status;
}

static nlt_status fail_nothing(const choice *c, nlt_error *err)
{
    if (c->unread.code == NLT_OK) {
        return nlt_fail(err, NLT_ERR_NO_ROWS, "-c auto: %s: empty, which tells nothing", c->path);
    }
    if (err != NULL) {
        *err = c->unread;
    }
    return c->unread.code;
}

static int add_layouts(const nlt_connector *connector, const char **patterns, int n)
{
    for (int i = 0; i < connector->n_layouts && n < PATTERNS_MAX; i++) {
        patterns[n++] = connector->layouts[i];
    }
    for (int i = 0; i < connector->n_tellers; i++) {
        n = add_layouts(connector->tellers[i], patterns, n);
    }
    return n;
}

static nlt_status look_at_files(choice *c, int64_t first, int64_t last, nlt_error *err)
{
    const char *patterns[PATTERNS_MAX];
    int n_patterns = 0;
    for (int i = 0; i < nlt__connector_count(); i++) {
        n_patterns = add_layouts(nlt__connector_at(i), patterns, n_patterns);
    }
    nlt_file_list list;
    NLT_TRY(nlt__layout_direct(c->path, patterns, n_patterns, first, last, &list, err));
    nlt_status status = NLT_OK;
    for (int64_t i = 0; status == NLT_OK && i < list.n && i < LOOKED_AT; i++) {
        int64_t at = nlt__probe_spread(list.n, LOOKED_AT, i);
        status = look_at_file(c, list.items[at].path, err);
    }
    nlt__file_list_clear(&list);
    return status == NLT_OK && c->n_looked == 0 ? fail_nothing(c, err) : status;
}

/* Its first bytes are kept, so that the dataset has them, too. */
static nlt_status look_at_stdin(choice *c, nlt_error *err)
{
    nlt_probe *probe = NULL;
    bool is_all = false;
    c->head = (nlt_buf)NLT_BUF_INIT(NLT_PROBE_SMALL_SAMPLE);
    NLT_TRY(nlt__buf_reserve(&c->head, NLT_PROBE_SMALL_SAMPLE, err));
    NLT_TRY(nlt__source_read_head(c->head.ptr, NLT_PROBE_SMALL_SAMPLE, &c->head.len, &is_all, err));
    NLT_TRY(nlt__probe_head((nlt_bytes){c->head.ptr, c->head.len}, is_all, &probe, err));
    nlt_status status =
        probe->is_empty ? fail_nothing(c, err) : take_file(c, "standard input", probe, err);
    nlt_probe_close(probe);
    return status;
}

/* ---- folders ---- */

static nlt_status look_at_folder(choice *c, const nlt_probe_options *options, nlt_error *err)
{
    nlt_probe *probe = NULL;
    NLT_TRY(nlt_probe_open(c->path, options, &probe, err));
    for (int i = 0; i < probe->n && i < CONNECTORS_MAX; i++) {
        add_candidate(c, probe->entries[i]);
        c->candidates[i].score = probe->entries[i]->finding.score;
    }
    nlt_status status = NLT_OK;
    if (probe->n == 0) {
        nlt_fail(err, NLT_ERR_NOT_FOUND, "-c auto: %s: %s", c->path, probe->what);
        nlt_error_hint(err, "%s", probe->hint);
        status = NLT_ERR_NOT_FOUND;
    }
    nlt_probe_close(probe);
    return status;
}

/* ---- the choice ---- */

static bool gives_table(const choice *c, const candidate *one)
{
    return c->table == NULL || nlt__equal_ignore_case(one->connector->table->name, c->table);
}

static nlt_status filter_table(choice *c, nlt_error *err)
{
    int kept = 0;
    for (int i = 0; i < c->n; i++) {
        if (gives_table(c, &c->candidates[i])) {
            c->candidates[kept++] = c->candidates[i];
        }
    }
    if (kept == 0) {
        nlt_fail(err, NLT_ERR_ARG, "-c auto: %s: %s does not give the table %s", c->path,
            c->candidates[0].what, c->table);
        nlt_error_hint(err, "\"netlytics connectors\" tells which connectors give %s", c->table);
        return NLT_ERR_ARG;
    }
    c->n = kept;
    return NLT_OK;
}

/* Is the choice between two free of consequences, or told by their order? */
static bool are_alike(const candidate *a, const candidate *b)
{
    bool is_one_tool = strcmp(a->connector->tool, b->connector->tool) == 0;
    bool is_one_table = a->connector->table == b->connector->table;
    return strcmp(a->layout, b->layout) == 0 && (is_one_tool || is_one_table);
}

static nlt_status decide(const choice *c, const candidate **out, nlt_error *err)
{
    const candidate *best = &c->candidates[0];
    for (int i = 1; i < c->n; i++) {
        const candidate *one = &c->candidates[i];
        bool is_other_set = strcmp(best->layout, one->layout) != 0;
        if (is_other_set || (one->score == best->score && !are_alike(best, one))) {
            return fail_several(c, err);
        }
        best = one->score > best->score ? one : best;
    }
    *out = best;
    return NLT_OK;
}

static nlt_status choose(
    choice *c, const nlt_probe_options *options, const candidate **out, nlt_error *err)
{
    int64_t first = 0;
    int64_t last = 0;
    nlt_fs_info info = {NLT_FS_FILE, -1};
    NLT_TRY(nlt__scan_days(options->start_day, options->end_day, &first, &last, err));
    bool is_stdin = strcmp(c->path, "-") == 0;
    bool is_folder = !is_stdin && nlt__fs_for(c->path)->stat(c->path, &info, NULL) == NLT_OK
        && info.kind == NLT_FS_DIRECTORY;
    NLT_TRY(is_stdin    ? look_at_stdin(c, err)
            : is_folder ? look_at_folder(c, options, err)
                        : look_at_files(c, first, last, err));
    NLT_TRY(filter_table(c, err));
    return decide(c, out, err);
}

nlt_status nlt_probe_choose(const char *path, const nlt_probe_options *options, const char *table,
    nlt_probe_choice *out, nlt_error *err)
{
    static const nlt_probe_options defaults = NLT_PROBE_OPTIONS_INIT;
    *out = (nlt_probe_choice){.n_files = 0};
    choice *c = nlt_alloc_zero(1, sizeof *c);
    if (c == NULL) {
        return nlt__probe_no_memory(err);
    }
    c->path = path;
    c->table = table;
    c->unread = (nlt_error)NLT_ERROR_INIT;
    const candidate *best = NULL;
    nlt_status status = choose(c, options != NULL ? options : &defaults, &best, err);
    if (status == NLT_OK) {
        *out = (nlt_probe_choice){.class_name = best->connector->class_name,
            .alias = best->connector->alias,
            .table = best->connector->table->name,
            .n_files = best->n_files > 0 ? best->n_files : c->n_looked};
        (void)snprintf(out->what, sizeof out->what, "%s", best->what);
        out->head = (nlt_bytes){c->head.ptr, c->head.len};
        c->head = (nlt_buf){NULL, 0, 0, 0};
    }
    nlt__buf_clear(&c->head);
    nlt_free(c);
    return status;
}

void nlt_probe_choice_clear(nlt_probe_choice *chosen)
{
    nlt_free((void *)(uintptr_t)chosen->head.ptr);
    chosen->head = (nlt_bytes){NULL, 0};
}

/* ---- the wrong connector ---- */

static bool is_file(const char *path)
{
    nlt_fs_info info;
    return strcmp(path, "-") != 0 && nlt__fs_for(path)->stat(path, &info, NULL) == NLT_OK
        && info.kind == NLT_FS_FILE;
}

/* The sample alone, before all connectors are asked. */
static bool is_own(const char *path, const nlt_connector *connector)
{
    nlt_file_sample sample;
    nlt_finding finding = {.score = 0};
    nlt_status status = nlt__file_sample_read(path, NLT_PROBE_SMALL_SAMPLE, &sample, NULL);
    if (status == NLT_OK) {
        status = nlt__probe(connector, connector, &sample.sample, &finding, NULL);
    }
    nlt__file_sample_clear(&sample);
    return status != NLT_OK || finding.score >= NLT_FINDING_MATCH;
}

bool nlt__probe_is_other(const char *path, const nlt_connector *connector, nlt_error *err)
{
    nlt_probe *probe = NULL;
    const nlt_probe_options options = {sizeof options, NLT_PROBE_SMALL_SAMPLE, NULL, NULL};
    if (!is_file(path) || is_own(path, connector)
        || nlt_probe_open(path, &options, &probe, NULL) != NLT_OK) {
        return false;
    }
    bool is_other = probe->n > 0 && probe->entries[0]->owner != connector;
    if (is_other) {
        nlt_error_hint(
            err, "%s looks like %s: -c %s", path, probe->what, probe->entries[0]->owner->alias);
    }
    nlt_probe_close(probe);
    return is_other;
}

void nlt__probe_hint(const char *path, const nlt_connector *connector, nlt_error *err)
{
    nlt_probe *probe = NULL;
    const nlt_probe_options options = {sizeof options, NLT_PROBE_SMALL_SAMPLE, NULL, NULL};
    if (!is_file(path) || nlt_probe_open(path, &options, &probe, NULL) != NLT_OK) {
        return;
    }
    const nlt_probe_entry *best = probe->n > 0 ? probe->entries[0] : NULL;
    for (int i = 0; i < probe->n; i++) {
        best = probe->entries[i]->owner == connector ? probe->entries[i] : best;
    }
    if (best != NULL && best->owner != connector) {
        nlt_error_hint(err, "it looks like %s: -c %s", best->finding.what, best->owner->alias);
    } else if (best == NULL && !probe->is_empty) {
        nlt_error_hint(err, "it looks like %s%s%s", probe->what, probe->hint[0] != '\0' ? "; " : "",
            probe->hint);
    }
    nlt_probe_close(probe);
}
