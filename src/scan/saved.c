/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports that outlive their scan.
 *
 * The lines of an example count from the beginning of its file, so that it does not matter how the
 * file was cut; texts are hexadecimal, since they are any bytes. */

#include "scan/saved.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hex.h"
#include "scan/scan_types.h"

void nlt__scan_keep_reports(nlt_scan *scan)
{
    scan->keeps_files = true;
}

int64_t nlt__scan_unused(const nlt_scan *scan)
{
    return scan->has_unused ? scan->unused : scan->connector->facts->unused(scan->facts);
}

const char *nlt__scan_file_path(const nlt_scan *scan, int64_t file)
{
    return file < scan->n_files ? scan->files[file].entry->path : NULL;
}

int64_t nlt__scan_file_day(const nlt_scan *scan, int64_t file)
{
    return scan->files[file].entry->day;
}

int64_t nlt__scan_first_file(const nlt_scan *scan)
{
    return scan->n_files - nlt__scan_list(scan)->n;
}

nlt_status nlt__scan_describe(
    const nlt_scan *scan, const char *timezone, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(
        out, err, "%s|%s", scan->connector->class_name, timezone != NULL ? timezone : "UTC"));
    return scan->filter_rows
        ? nlt__buf_printf(out, err, "|%.17g..%.17g", scan->time_from, scan->time_to)
        : NLT_OK;
}

/* ---- saving ---- */

static int64_t end_of(const nlt_scan *scan, int64_t file)
{
    return file + 1 < scan->n_files ? scan->files[file + 1].first_split : scan->n_splits;
}

static json_t *save_counts(const nlt_line_counts *counts, uint32_t unknown_link)
{
    json_t *by_reason = json_array();
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        json_array_append_new(by_reason, json_integer(counts->by_reason[i]));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "lines",
        (json_int_t)counts->lines, "used", (json_int_t)counts->used, "rows",
        (json_int_t)counts->rows, "ignored", (json_int_t)counts->ignored, "skipped",
        (json_int_t)counts->skipped, "filtered", (json_int_t)counts->filtered, "unknown_links",
        (json_int_t)counts->unknown_links, "unknown_link", (json_int_t)unknown_link, "by_reason",
        by_reason);
}

static json_t *save_example(const nlt_scan *scan, const nlt_example *example, int64_t first_file)
{
    char hex[2 * NLT_SCAN_EXCERPT_BYTES + 1];
    nlt__hex_write((nlt_bytes){example->text, example->len}, hex);
    hex[2 * example->len] = '\0';
    int64_t file = scan->splits[example->split].file;
    int64_t line = example->line;
    for (int64_t i = scan->files[file].first_split; i < example->split; i++) {
        line += scan->splits[i].lines;
    }
    return json_pack("{s:I, s:I, s:I, s:i, s:s}", "file", (json_int_t)(file - first_file), "line",
        (json_int_t)line, "offset", (json_int_t)example->offset, "reason", (int)example->reason,
        "text", hex);
}

static json_t *save_file(const nlt_scan_file *file)
{
    return json_pack("{s:I, s:I, s:I, s:s?}", "used", (json_int_t)file->used, "skipped",
        (json_int_t)file->skipped, "rows", (json_int_t)file->rows, "damage", file->damage);
}

nlt_status nlt__scan_save(const nlt_scan *scan, int64_t file, json_t **out, nlt_error *err)
{
    static const nlt_kept_report nothing;
    int64_t first = file == NLT_SAVED_ALL ? 0 : file;
    int64_t end = file == NLT_SAVED_ALL ? scan->n_files : file + 1;
    const nlt_kept_report *report = file == NLT_SAVED_ALL ? &scan->report
        : scan->files[file].kept != NULL                  ? scan->files[file].kept
                                                          : &nothing;
    *out = NULL;
    json_t *files = json_array();
    json_t *examples = json_array();
    for (int64_t i = first; i < end; i++) {
        if (scan->files[i].splits_left > 0) {
            json_decref(files);
            json_decref(examples);
            return nlt_fail(
                err, NLT_ERR_INTERNAL, "%s was not read to its end", scan->files[i].entry->path);
        }
        json_array_append_new(files, save_file(&scan->files[i]));
    }
    for (int i = 0; i < report->n_examples; i++) {
        json_array_append_new(examples, save_example(scan, &report->examples[i], first));
    }
    *out = json_pack("{s:o, s:o, s:o}", "counts", save_counts(&report->counts, scan->unknown_link),
        "files", files, "examples", examples);
    if (*out != NULL && scan->connector->facts != NULL) {
        json_object_set_new(*out, "unused", json_integer(nlt__scan_unused(scan)));
    }
    return *out != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* ---- restoring ---- */

typedef struct saved_file {
    int64_t used, skipped, rows;
    const char *damage; /* borrowed from the JSON */
} saved_file;

typedef struct saved {
    nlt_kept_report report; /* splits of examples: file numbers until they are placed */
    uint32_t unknown_link;
    int64_t unused;
    saved_file *files; /* owned */
} saved;

/* A count; false: it is none. */
static bool load_count(const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0;
}

static bool load_counts(const json_t *json, nlt_line_counts *out, uint32_t *unknown_link)
{
    int64_t link = 0;
    const json_t *by_reason = json_object_get(json, "by_reason");
    bool is_ok = load_count(json, "lines", &out->lines) && load_count(json, "used", &out->used)
        && load_count(json, "rows", &out->rows) && load_count(json, "ignored", &out->ignored)
        && load_count(json, "skipped", &out->skipped)
        && load_count(json, "filtered", &out->filtered)
        && load_count(json, "unknown_links", &out->unknown_links)
        && load_count(json, "unknown_link", &link)
        && json_array_size(by_reason) == NLT_REJECT_COUNT;
    for (size_t i = 0; is_ok && i < NLT_REJECT_COUNT; i++) {
        const json_t *n = json_array_get(by_reason, i);
        out->by_reason[i] = json_integer_value(n);
        is_ok = json_is_integer(n);
    }
    *unknown_link = (uint32_t)link;
    return is_ok;
}

static bool load_example(const json_t *json, int64_t n_files, nlt_example *out)
{
    int64_t reason = 0;
    const char *hex = json_string_value(json_object_get(json, "text"));
    if (hex == NULL || !load_count(json, "file", &out->split) || out->split >= n_files
        || !load_count(json, "line", &out->line) || !load_count(json, "offset", &out->offset)
        || !load_count(json, "reason", &reason) || reason >= NLT_REJECT_COUNT
        || !nlt__hex_read(hex, out->text, sizeof out->text)) {
        return false;
    }
    out->reason = (nlt_reject_reason)reason;
    out->len = strlen(hex) / 2;
    return true;
}

static bool load(const json_t *json, int64_t n_files, saved *out)
{
    const json_t *files = json_object_get(json, "files");
    const json_t *examples = json_object_get(json, "examples");
    nlt_kept_report *report = &out->report;
    bool is_ok = load_counts(json_object_get(json, "counts"), &report->counts, &out->unknown_link)
        && json_array_size(files) == (size_t)n_files
        && json_array_size(examples) <= NLT_SCAN_EXAMPLES;
    for (size_t i = 0; is_ok && i < (size_t)n_files; i++) {
        const json_t *file = json_array_get(files, i);
        out->files[i].damage = json_string_value(json_object_get(file, "damage"));
        is_ok = load_count(file, "used", &out->files[i].used)
            && load_count(file, "skipped", &out->files[i].skipped)
            && load_count(file, "rows", &out->files[i].rows);
    }
    for (size_t i = 0; is_ok && i < json_array_size(examples); i++) {
        is_ok = load_example(json_array_get(examples, i), n_files, &report->examples[i]);
        report->n_examples = (int)i + 1;
    }
    out->unused = json_integer_value(json_object_get(json, "unused"));
    return is_ok;
}

/* A file that was not read in this scan: all of its splits are filed, with no more lines known than
 * the examples need. */
static nlt_status restore_file(
    nlt_scan *scan, int64_t index, const saved_file *from, nlt_error *err)
{
    nlt_scan_file *file = &scan->files[index];
    for (int64_t i = file->first_split; i < end_of(scan, index); i++) {
        scan->n_filed += !scan->splits[i].is_filed;
        scan->splits[i].is_filed = true;
        scan->splits[i].lines = 0;
    }
    file->splits_left = 0;
    file->used = from->used;
    file->skipped = from->skipped;
    file->rows = from->rows;
    int64_t size = file->entry->size;
    atomic_fetch_add(&scan->bytes_done, size > 0 ? size : 0);
    if (from->damage != NULL) {
        file->damage = nlt_strdup(from->damage);
        if (file->damage == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        if (scan->strict_files) {
            nlt_fail(err, NLT_ERR_DAMAGED, "%s", from->damage);
            nlt_error_hint(err, "without --strict_files the rows before the damage are used");
            return NLT_ERR_DAMAGED;
        }
    }
    return nlt__scan_judge(scan, index, from->used, from->skipped, err);
}

static nlt_status restore(nlt_scan *scan, int64_t first, int64_t n, saved *from, nlt_error *err)
{
    nlt_status status = NLT_OK;
    for (int i = 0; i < from->report.n_examples; i++) {
        nlt_example *example = &from->report.examples[i];
        example->split = scan->files[first + example->split].first_split;
    }
    for (int64_t i = 0; i < n && status == NLT_OK; i++) {
        if (scan->files[first + i].splits_left > 0) {
            status = restore_file(scan, first + i, &from->files[i], err);
        } else if (scan->files[first + i].kept != NULL) { /* read just now: lines are known */
            nlt__scan_report_add(&scan->report, scan->files[first + i].kept);
            nlt_free(scan->files[first + i].kept);
            scan->files[first + i].kept = NULL;
            return NLT_OK;
        }
    }
    nlt__scan_report_add(&scan->report, &from->report);
    scan->unknown_link =
        from->report.counts.unknown_links > 0 ? from->unknown_link : scan->unknown_link;
    atomic_fetch_add(&scan->rows_done, from->report.counts.rows);
    return status;
}

/* What a reader of the split would have filed. */
static void to_split(saved *from, int64_t split, nlt_split_report *out)
{
    *out = (nlt_split_report){.counts = from->report.counts,
        .n_examples = from->report.n_examples,
        .unknown_link = from->unknown_link,
        .is_complete = true,
        .is_damaged = from->files[0].damage != NULL};
    for (int i = 0; i < out->n_examples; i++) {
        out->examples[i] = from->report.examples[i];
        out->examples[i].split = split;
    }
    if (out->is_damaged) {
        (void)nlt_fail(&out->damage, NLT_ERR_DAMAGED, "%s", from->files[0].damage);
    }
}

nlt_status nlt__scan_take_split(nlt_scan *scan, int64_t split, const json_t *json, nlt_error *err)
{
    saved_file file = {0};
    saved from = {.files = &file};
    if (split < 0 || split >= scan->n_splits || !load(json, 1, &from)) {
        return nlt_fail(err, NLT_ERR_FORMAT, "not a saved report of a split");
    }
    nlt_split_report report;
    to_split(&from, split, &report);
    return nlt__scan_file_report(scan, split, &report, err);
}

nlt_status nlt__scan_restore(nlt_scan *scan, int64_t file, const json_t *json, nlt_error *err)
{
    int64_t first = file == NLT_SAVED_ALL ? 0 : file;
    int64_t n = file == NLT_SAVED_ALL ? scan->n_files : 1;
    saved *from = nlt_alloc_zero(1, sizeof *from);
    nlt_status status = NLT_ERR_NOMEM;
    if (from != NULL) {
        from->files = nlt_alloc_zero((size_t)n, sizeof *from->files);
    }
    if (from == NULL || from->files == NULL) {
        nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    } else if (!load(json, n, from)) {
        status = nlt_fail(err, NLT_ERR_FORMAT, "not a saved report");
    } else {
        status = restore(scan, first, n, from, err);
        scan->has_unused = file == NLT_SAVED_ALL && scan->connector->facts != NULL;
        scan->unused = from->unused;
        scan->are_pairs_counted = true;
    }
    if (from != NULL) {
        nlt_free(from->files);
    }
    nlt_free(from);
    return status;
}
