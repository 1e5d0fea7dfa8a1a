/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of every line (spec: "Corrupt lines").
 *
 * A split counts once, whoever reads it again: what a reading that stopped early has filed is
 * replaced by one that went further, and the first complete one is final. Sums do not depend on the
 * order in which splits end; the examples are the first of the dataset's order. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/time.h"
#include "core/utf8.h"
#include "scan/probe_types.h"
#include "scan/saved.h"
#include "scan/scan_types.h"

enum { WARNED_FILES_MAX = 10 };

/* ---- filing ---- */

/* `sign` -1 takes out what was added. */
static void add_counts(nlt_line_counts *sum, const nlt_line_counts *more, int sign)
{
    sum->lines += sign * more->lines;
    sum->used += sign * more->used;
    sum->rows += sign * more->rows;
    sum->ignored += sign * more->ignored;
    sum->skipped += sign * more->skipped;
    sum->filtered += sign * more->filtered;
    sum->unknown_links += sign * more->unknown_links;
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        sum->by_reason[i] += sign * more->by_reason[i];
    }
}

static bool is_behind(const nlt_example *a, const nlt_example *b)
{
    return a->split > b->split || (a->split == b->split && a->line > b->line);
}

/* Keeps the first examples by (split, line), each once. */
static void add_example(nlt_kept_report *report, const nlt_example *example)
{
    int at = report->n_examples;
    while (at > 0 && is_behind(&report->examples[at - 1], example)) {
        at--;
    }
    if (at == NLT_SCAN_EXAMPLES || (at > 0 && !is_behind(example, &report->examples[at - 1]))) {
        return;
    }
    int moved = report->n_examples - at - (report->n_examples == NLT_SCAN_EXAMPLES);
    memmove(&report->examples[at + 1], &report->examples[at], (size_t)moved * sizeof *example);
    report->examples[at] = *example;
    report->n_examples += report->n_examples < NLT_SCAN_EXAMPLES;
}

void nlt__scan_report_add(nlt_kept_report *sum, const nlt_kept_report *more)
{
    add_counts(&sum->counts, &more->counts, 1);
    for (int i = 0; i < more->n_examples; i++) {
        add_example(sum, &more->examples[i]);
    }
}

/* Where a split of the file is reported. NULL: no memory. */
static nlt_kept_report *report_of(nlt_scan *scan, nlt_scan_file *file)
{
    if (!scan->keeps_files) {
        return &scan->report;
    }
    if (file->kept == NULL) {
        file->kept = nlt_alloc_zero(1, sizeof *file->kept);
    }
    return file->kept;
}

nlt_status nlt__judge_lines(
    const char *path, int64_t used, int64_t skipped, double max_bad_fraction, nlt_error *err)
{
    int64_t judged = used + skipped;
    if (judged < NLT_SCAN_JUDGED_LINES || (double)skipped <= max_bad_fraction * (double)judged) {
        return NLT_OK;
    }
    return nlt_fail(err, NLT_ERR_DAMAGED,
        "%s: %lld of %lld lines rejected, more than --max_bad_fraction %g", path,
        (long long)skipped, (long long)judged, max_bad_fraction);
}

nlt_status nlt__scan_judge(
    const nlt_scan *scan, int64_t file, int64_t used, int64_t skipped, nlt_error *err)
{
    nlt_status status =
        nlt__judge_lines(scan->files[file].entry->path, used, skipped, scan->max_bad_fraction, err);
    if (status != NLT_OK) {
        nlt_error_hint(err, "is it written by %s? %s reads nothing else", scan->connector->tool,
            scan->connector->class_name);
        nlt__probe_hint(scan->files[file].entry->path, scan->connector, err);
    }
    return status;
}

static nlt_status fail_strict(const char *damage, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_DAMAGED, "%s", damage);
    nlt_error_hint(err, "without --strict_files the rows before the damage are used");
    return NLT_ERR_DAMAGED;
}

static nlt_status file_damage(
    nlt_scan *scan, nlt_scan_file *file, const nlt_split_report *report, nlt_error *err)
{
    if (file->damage == NULL) {
        file->damage = nlt_strdup(report->damage.message);
        if (file->damage == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    return scan->strict_files ? fail_strict(report->damage.message, err) : NLT_OK;
}

/* What a split adds to its file and to the report; `sign` -1 takes it out again. */
static void count_split(const nlt_split *split, nlt_scan_file *file, nlt_kept_report *sum,
    const nlt_line_counts *counts, int sign)
{
    add_counts(&sum->counts, counts, sign);
    file->used += sign * counts->used;
    file->skipped += sign * counts->skipped;
    file->rows += sign * counts->rows;
    if (split->begin < NLT_SCAN_HEAD_BYTES) {
        file->head_used += sign * counts->used;
        file->head_skipped += sign * counts->skipped;
    }
}

/* Counts a report of a split instead of the one before it, which stopped early. */
static nlt_status count_report(
    nlt_scan *scan, nlt_split *split, const nlt_split_report *report, nlt_error *err)
{
    nlt_scan_file *file = &scan->files[split->file];
    nlt_kept_report *sum = report_of(scan, file);
    bool is_again = split->partial != NULL;
    if (!is_again && !report->is_complete) {
        split->partial = nlt_alloc_zero(1, sizeof *split->partial);
    }
    if (sum == NULL || (split->partial == NULL && !report->is_complete)) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (is_again) {
        count_split(split, file, sum, split->partial, -1);
    }
    count_split(split, file, sum, &report->counts, 1);
    if (report->is_complete) {
        nlt_free(split->partial);
        split->partial = NULL;
    } else {
        *split->partial = report->counts;
    }
    for (int i = 0; i < report->n_examples; i++) {
        add_example(sum, &report->examples[i]);
    }
    return NLT_OK;
}

static nlt_status file_locked(
    nlt_scan *scan, int64_t split_index, const nlt_split_report *report, nlt_error *err)
{
    nlt_split *split = &scan->splits[split_index];
    nlt_scan_file *file = &scan->files[split->file];
    const nlt_line_counts *counts = &report->counts;
    bool is_less =
        !report->is_complete && split->partial != NULL && counts->lines <= split->partial->lines;
    if (split->is_filed || is_less) {
        return NLT_OK;
    }
    NLT_TRY(count_report(scan, split, report, err));
    scan->unknown_link = counts->unknown_links > 0 ? report->unknown_link : scan->unknown_link;
    if (report->is_damaged) {
        NLT_TRY(file_damage(scan, file, report, err));
    }
    if (!report->is_complete) {
        return NLT_OK; /* nothing is known about the whole */
    }
    split->is_filed = true;
    split->lines = counts->lines;
    scan->n_filed++;
    file->splits_left--;
    bool is_head_done = split->begin < NLT_SCAN_HEAD_BYTES && --file->head_left == 0;
    if (is_head_done && file->splits_left > 0) {
        NLT_TRY(nlt__scan_judge(scan, split->file, file->head_used, file->head_skipped, err));
    }
    return file->splits_left > 0
        ? NLT_OK
        : nlt__scan_judge(scan, split->file, file->used, file->skipped, err);
}

nlt_status nlt__scan_file_report(
    nlt_scan *scan, int64_t split, const nlt_split_report *report, nlt_error *err)
{
    pthread_mutex_lock(&scan->lock);
    nlt_status status = file_locked(scan, split, report, err);
    pthread_mutex_unlock(&scan->lock);
    return status;
}

/* ---- totals ---- */

static bool is_empty_file(const nlt_scan_file *file)
{
    return file->splits_left == 0 && file->damage == NULL && file->used + file->skipped == 0;
}

static bool is_complete(const nlt_scan *scan)
{
    return scan->n_filed == scan->n_splits;
}

void nlt__scan_totals(const nlt_scan *scan, nlt_scan_totals *out)
{
    memset(out, 0, sizeof *out);
    const nlt_line_counts *counts = &scan->report.counts;
    out->files = scan->n_files;
    out->lines = counts->lines;
    out->used = counts->used;
    out->rows = counts->rows;
    out->ignored = counts->ignored;
    out->skipped = counts->skipped;
    out->filtered = counts->filtered;
    memcpy(out->by_reason, counts->by_reason, sizeof out->by_reason);
    for (int64_t i = 0; i < scan->n_files; i++) {
        out->empty_files += is_empty_file(&scan->files[i]);
        out->damaged_files += scan->files[i].damage != NULL;
    }
    out->is_complete = is_complete(scan);
}

/* Where records are paired, no row belongs to one file. */
static nlt_status tell_damage(
    const nlt_scan *scan, const nlt_scan_file *file, nlt_strings *warnings, nlt_error *err)
{
    bool is_paired = scan->connector->pairing != NULL;
    const char *unit = scan->connector->packet != NULL ? "packets" : is_paired ? "lines" : "rows";
    int64_t n = is_paired ? file->used : file->rows;
    return n == 0 ? nlt__strings_add(warnings, err, "%s; nothing of it is used", file->damage)
                  : nlt__strings_add(warnings, err, "%s; its %lld %s before that are used",
                      file->damage, (long long)n, unit);
}

/* Every line was ignored or rejected, but too few for a limit: perhaps another tool's. Or all were
 * used, but mean something else. */
static nlt_status tell_useless(const nlt_scan *scan, nlt_strings *warnings, nlt_error *err)
{
    const nlt_line_counts *counts = &scan->report.counts;
    const char *path = scan->files[scan->n_files - 1].entry->path;
    nlt_error found = NLT_ERROR_INIT;
    if (counts->lines == 0) {
        return NLT_OK;
    }
    if (counts->used > 0) {
        return nlt__probe_is_other(path, scan->connector, &found)
            ? nlt__strings_add(warnings, err, "%s", found.hint)
            : NLT_OK;
    }
    if (!is_complete(scan)) {
        return NLT_OK;
    }
    nlt__probe_hint(path, scan->connector, &found);
    if (found.hint[0] == '\0' && counts->skipped == 0) {
        return NLT_OK;
    }
    return nlt__strings_add(warnings, err, "no line of the input could be used%s%s",
        found.hint[0] != '\0' ? ": " : "", found.hint);
}

nlt_status nlt__scan_finish(const nlt_scan *scan, nlt_strings *warnings, nlt_error *err)
{
    int64_t damaged = 0;
    const nlt_scan_file *first = NULL;
    for (int64_t i = 0; i < scan->n_files; i++) {
        const nlt_scan_file *file = &scan->files[i];
        if (file->splits_left == 0) { /* a later run is told as the first one was */
            NLT_TRY(nlt__scan_judge(scan, i, file->used, file->skipped, err));
        }
        if (file->damage == NULL) {
            continue;
        }
        if (scan->strict_files) {
            return fail_strict(file->damage, err);
        }
        first = damaged++ == 0 ? file : first;
        if (damaged <= WARNED_FILES_MAX) {
            NLT_TRY(tell_damage(scan, file, warnings, err));
        }
    }
    if (damaged > WARNED_FILES_MAX) {
        NLT_TRY(nlt__strings_add(
            warnings, err, "%lld more files are damaged", (long long)(damaged - WARNED_FILES_MAX)));
    }
    if (scan->report.counts.unknown_links > 0) {
        NLT_TRY(nlt__strings_add(warnings, err,
            "%lld packets are ignored: how link type %u frames them is not known",
            (long long)scan->report.counts.unknown_links, scan->unknown_link));
    }
    /* Rows that are paired count once all are made: a limit may have ended the run before. */
    const nlt_line_counts *counts = &scan->report.counts;
    if (damaged > 0 && damaged == scan->n_files && counts->rows == 0 && counts->used == 0) {
        nlt_fail(err, NLT_ERR_DAMAGED, "no row could be read: %s%s", first->damage,
            damaged > 1 ? " (and all other files)" : "");
        nlt__probe_hint(first->entry->path, scan->connector, err);
        return NLT_ERR_DAMAGED;
    }
    return damaged == 0 ? tell_useless(scan, warnings, err) : NLT_OK;
}

/* ---- report.json ---- */

json_t *nlt__report_text(nlt_bytes text)
{
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_bytes clean = {"", 0};
    json_t *json = nlt__text_escape(&arena, text, &clean) == NLT_OK
        ? json_stringn(clean.ptr, clean.len)
        : NULL;
    nlt__arena_clear(&arena);
    return json;
}

static json_t *json_path(const nlt_scan_file *file)
{
    const char *path = file->entry->path;
    return nlt__report_text((nlt_bytes){path, strlen(path)});
}

/* 1-based line in its file; null where an earlier part was not read. */
static json_t *json_line(const nlt_scan *scan, const nlt_example *example)
{
    int64_t line = example->line + 1;
    int64_t first = scan->files[scan->splits[example->split].file].first_split;
    for (int64_t i = first; i < example->split; i++) {
        if (!scan->splits[i].is_filed) {
            return json_null();
        }
        line += scan->splits[i].lines;
    }
    return json_integer(line);
}

static json_t *json_examples(const nlt_scan *scan)
{
    json_t *list = json_array();
    for (int i = 0; i < scan->report.n_examples; i++) {
        const nlt_example *example = &scan->report.examples[i];
        const nlt_scan_file *file = &scan->files[scan->splits[example->split].file];
        json_array_append_new(list,
            json_pack("{s:o, s:o, s:s, s:I, s:o}", "file", json_path(file), "line",
                json_line(scan, example), "reason", nlt__reject_name(example->reason), "offset",
                (json_int_t)example->offset, "text",
                nlt__report_text((nlt_bytes){example->text, example->len})));
    }
    return list;
}

static json_t *json_by_reason(const nlt_scan *scan)
{
    json_t *object = json_object();
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        if (scan->report.counts.by_reason[i] > 0) {
            json_object_set_new(object, nlt__reject_name((nlt_reject_reason)i),
                json_integer(scan->report.counts.by_reason[i]));
        }
    }
    return object;
}

static json_t *json_damaged(const nlt_scan *scan)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < scan->n_files; i++) {
        if (scan->files[i].damage != NULL) {
            json_array_append_new(list, json_path(&scan->files[i]));
        }
    }
    return list;
}

static json_t *json_missing(const nlt_scan *scan)
{
    json_t *list = json_array();
    const nlt_file_list *files = nlt__scan_list(scan);
    for (int64_t i = 0; i < files->n_missing; i++) {
        char day[32];
        nlt__format_date(files->missing_days[i], day);
        json_array_append_new(list, json_string(day));
    }
    return list;
}

nlt_status nlt__scan_report_json(const nlt_scan *scan, nlt_buf *out, nlt_error *err)
{
    nlt_scan_totals totals;
    nlt__scan_totals(scan, &totals);
    json_t *report = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:o, s:o, s:b}", "name",
        scan->name, "connector", scan->connector->class_name, "table", scan->connector->table->name,
        "files", (json_int_t)totals.files, "lines", (json_int_t)totals.lines, "used",
        (json_int_t)totals.used, "rows", (json_int_t)totals.rows, "filtered",
        (json_int_t)totals.filtered, "ignored", (json_int_t)totals.ignored, "skipped",
        (json_int_t)totals.skipped, "by_reason", json_by_reason(scan), "empty_files",
        (json_int_t)totals.empty_files, "damaged_files", json_damaged(scan), "missing_days",
        json_missing(scan), "examples", json_examples(scan), "is_complete",
        (int)totals.is_complete);
    const nlt_facts *facts = scan->connector->facts;
    if (facts != NULL && report != NULL) {
        json_object_set_new(report, facts->unused_key, json_integer(nlt__scan_unused(scan)));
    }
    char *text = report != NULL ? json_dumps(report, JSON_INDENT(2)) : NULL;
    json_decref(report);
    if (text == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the report");
    }
    nlt_status status = nlt__buf_append(out, text, strlen(text), err);
    free(text); /* jansson's own allocation */
    return status == NLT_OK ? nlt__buf_append(out, "\n", 1, err) : status;
}
