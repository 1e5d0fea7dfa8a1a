/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file's first bytes, decompressed, in front of every connector. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "io/fs.h"
#include "scan/probe_types.h"
#include "scan/scan_types.h"

enum { PAD_BYTES = 64, TEXT_MAX = 512 };

nlt_status nlt__probe_no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a probe");
}

/* ---- samples ---- */

static nlt_status read_bytes(
    nlt_source *source, size_t max_bytes, nlt_file_sample *out, nlt_error *err)
{
    size_t n = 1;
    size_t len = 0;
    nlt_status status = NLT_OK;
    nlt_error cause = NLT_ERROR_INIT;
    while (status == NLT_OK && n > 0 && len <= max_bytes) { /* one more tells whether it goes on */
        status = nlt__source_read(source, out->bytes + len, max_bytes + 1 - len, &n, &cause);
        len += n;
    }
    out->sample.is_whole = status == NLT_OK && len <= max_bytes;
    out->sample.head = (nlt_bytes){out->bytes, len < max_bytes ? len : max_bytes};
    memset(out->bytes + out->sample.head.len, 0, PAD_BYTES);
    if (status == NLT_ERR_DAMAGED) {
        out->damage = cause;
        return NLT_OK;
    }
    if (status != NLT_OK && err != NULL) {
        *err = cause;
    }
    return status;
}

static nlt_status sample_begin(
    const char *name, size_t max_bytes, nlt_file_sample *out, nlt_error *err)
{
    *out = (nlt_file_sample){.damage = NLT_ERROR_INIT};
    out->sample.name = name;
    out->bytes = nlt_alloc(max_bytes + 1 + PAD_BYTES);
    return out->bytes != NULL ? NLT_OK : nlt__probe_no_memory(err);
}

nlt_status nlt__file_sample_read(
    const char *path, size_t max_bytes, nlt_file_sample *out, nlt_error *err)
{
    const char *slash = strrchr(path, '/');
    nlt_source *source = NULL;
    NLT_TRY(sample_begin(slash == NULL ? path : slash + 1, max_bytes, out, err));
    NLT_TRY(nlt__source_open(path, 0, NULL, &source, err));
    out->codec = nlt__source_codec(source);
    nlt_status status = read_bytes(source, max_bytes, out, err);
    nlt__source_close(source);
    return status;
}

/* Of bytes that were read already. A packed stream that ends with them is not damaged for that. */
static nlt_status sample_unpack(nlt_bytes head, bool is_all, nlt_file_sample *out, nlt_error *err)
{
    nlt_source *source = NULL;
    NLT_TRY(sample_begin("-", NLT_PROBE_SMALL_SAMPLE, out, err));
    NLT_TRY(nlt__source_open_behind(head, true, NULL, &source, err));
    out->codec = nlt__source_codec(source);
    nlt_status status = read_bytes(source, NLT_PROBE_SMALL_SAMPLE, out, err);
    out->sample.is_whole &= is_all;
    if (!is_all) {
        out->damage = (nlt_error)NLT_ERROR_INIT;
    }
    nlt__source_close(source);
    return status;
}

void nlt__file_sample_clear(nlt_file_sample *sample)
{
    nlt_free(sample->bytes);
    sample->bytes = NULL;
}

/* ---- texts ---- */

const char *nlt__probe_text(nlt_probe *probe, nlt_bytes bytes)
{
    nlt_bytes clean = {"", 0};
    return nlt__text_escape(&probe->arena, bytes, &clean) == NLT_OK
        ? nlt__arena_copy(&probe->arena, clean)
        : NULL;
}

const char *nlt__probe_printf(nlt_probe *probe, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return nlt__probe_text(probe, (nlt_bytes){text, n < 0 ? 0 : strlen(text)});
}

/* ---- matches ---- */

nlt_status nlt__probe_add(nlt_probe *probe, const nlt_probe_entry *entry, nlt_error *err)
{
    nlt_probe_entry *copy = probe->n < NLT_PROBE_MATCHES_MAX ? nlt_alloc(sizeof *copy) : NULL;
    if (copy == NULL) {
        return nlt__probe_no_memory(err);
    }
    *copy = *entry;
    int at = probe->n++;
    while (at > 0 && probe->entries[at - 1]->finding.score < entry->finding.score) {
        probe->entries[at] = probe->entries[at - 1];
        at--;
    }
    probe->entries[at] = copy;
    for (int i = 0; i < copy->finding.n_rejects; i++) {
        const nlt_finding_reject *reject = &copy->finding.rejects[i];
        copy->reject_texts[i] = nlt__probe_text(probe, (nlt_bytes){reject->text, reject->len});
        if (copy->reject_texts[i] == NULL) {
            return nlt__probe_no_memory(err);
        }
    }
    return NLT_OK;
}

/* Its format is known, but too many of its lines are rejected. */
static nlt_status note_near(nlt_probe *probe, const nlt_finding *finding, nlt_error *err)
{
    const nlt_finding_reject *first = &finding->rejects[0];
    probe->near = finding->evidence;
    probe->what = nlt__probe_printf(probe,
        "%s, but %lld of %lld lines of the sample are rejected, "
        "the first as %s in line %lld",
        finding->what, (long long)finding->skipped, (long long)finding->lines,
        nlt__reject_name(first->reason), (long long)first->line);
    return probe->what != NULL ? NLT_OK : nlt__probe_no_memory(err);
}

static nlt_status look_as(nlt_probe *probe, const nlt_connector *connector,
    const nlt_connector *owner, const nlt_sample *sample, nlt_error *err)
{
    nlt_probe_entry entry = {.owner = owner,
        .is_side = connector != owner,
        .layout = "",
        .n_bytes = -1,
        .first_day = NLT_DAY_OPEN,
        .last_day = NLT_DAY_OPEN};
    if (connector->probe == NULL) {
        return NLT_OK;
    }
    NLT_TRY(nlt__probe(connector, owner, sample, &entry.finding, err));
    if (entry.finding.score >= NLT_FINDING_MATCH) {
        return nlt__probe_add(probe, &entry, err);
    }
    return entry.finding.evidence > NLT_FINDING_MATCH && entry.finding.evidence > probe->near
        ? note_near(probe, &entry.finding, err)
        : NLT_OK;
}

static nlt_status look(nlt_probe *probe, const nlt_sample *sample, nlt_error *err)
{
    for (int i = 0; i < nlt__connector_count(); i++) {
        const nlt_connector *connector = nlt__connector_at(i);
        NLT_TRY(look_as(probe, connector, connector, sample, err));
        for (int j = 0; j < connector->n_tellers; j++) {
            NLT_TRY(look_as(probe, connector->tellers[j], connector, sample, err));
        }
    }
    return NLT_OK;
}

/* ---- files ---- */

static const char *const codec_names[NLT_CODEC_COUNT] = {[NLT_CODEC_PLAIN] = "plain",
    [NLT_CODEC_GZIP] = "gzip",
    [NLT_CODEC_ZSTD] = "zstd",
    [NLT_CODEC_BZIP2] = "bzip2",
    [NLT_CODEC_XZ] = "xz"};

static nlt_status name_it(nlt_probe *probe, const nlt_file_sample *sample, nlt_error *err)
{
    const nlt_error *damage = &sample->damage;
    bool has_bytes = sample->sample.head.len > 0;
    nlt_other_format other = nlt__other_format(&sample->sample);
    probe->packing = codec_names[sample->codec];
    probe->is_empty = !has_bytes && damage->code == NLT_OK;
    probe->damage = nlt__probe_text(probe, (nlt_bytes){damage->message, strlen(damage->message)});
    if (probe->n > 0) {
        probe->what = probe->entries[0]->finding.what;
    } else if (probe->near == 0) {
        probe->what = has_bytes || probe->is_empty ? other.what : "nothing that could be unpacked";
        probe->hint = other.hint;
    }
    return probe->damage != NULL ? NLT_OK : nlt__probe_no_memory(err);
}

static nlt_status probe_sample(nlt_probe *probe, const nlt_file_sample *sample, nlt_error *err)
{
    NLT_TRY(look(probe, &sample->sample, err));
    return name_it(probe, sample, err);
}

static nlt_status probe_file(
    nlt_probe *probe, const char *path, int64_t sample_bytes, nlt_error *err)
{
    nlt_file_sample sample;
    size_t max_bytes = sample_bytes <= 0      ? NLT_PROBE_SAMPLE_BYTES
        : sample_bytes > NLT_PROBE_SAMPLE_MAX ? NLT_PROBE_SAMPLE_MAX
                                              : (size_t)sample_bytes;
    nlt_status status = nlt__file_sample_read(path, max_bytes, &sample, err);
    if (status == NLT_OK) {
        status = probe_sample(probe, &sample, err);
    }
    nlt__file_sample_clear(&sample);
    return status;
}

/* ---- probes ---- */

static nlt_status fill(
    nlt_probe *probe, const char *path, const nlt_probe_options *options, nlt_error *err)
{
    int64_t first = 0;
    int64_t last = 0;
    NLT_TRY(nlt__scan_days(options->start_day, options->end_day, &first, &last, err));
    probe->path = nlt__probe_text(probe, (nlt_bytes){path, strlen(path)});
    if (probe->path == NULL) {
        return nlt__probe_no_memory(err);
    }
    nlt_fs_info info = {NLT_FS_STREAM, -1};
    if (strcmp(path, "-") != 0) {
        NLT_TRY(nlt__fs_for(path)->stat(path, &info, err));
    }
    probe->is_folder = info.kind == NLT_FS_DIRECTORY;
    probe->size = info.kind == NLT_FS_FILE ? info.size : -1;
    return probe->is_folder ? nlt__probe_folder(probe, path, first, last, err)
                            : probe_file(probe, path, options->sample_bytes, err);
}

static nlt_probe *new_probe(void)
{
    nlt_probe *probe = nlt_alloc_zero(1, sizeof *probe);
    if (probe != NULL) {
        probe->path = probe->packing = probe->damage = probe->hint = probe->what = "";
    }
    return probe;
}

nlt_status nlt__probe_head(nlt_bytes head, bool is_all, nlt_probe **out, nlt_error *err)
{
    nlt_file_sample sample = {.bytes = NULL};
    *out = new_probe();
    if (*out == NULL) {
        return nlt__probe_no_memory(err);
    }
    nlt_status status = sample_unpack(head, is_all, &sample, err);
    if (status == NLT_OK) {
        status = probe_sample(*out, &sample, err);
    }
    nlt__file_sample_clear(&sample);
    if (status != NLT_OK) {
        nlt_probe_close(*out);
        *out = NULL;
    }
    return status;
}

nlt_status nlt_probe_open(
    const char *path, const nlt_probe_options *options, nlt_probe **out, nlt_error *err)
{
    static const nlt_probe_options defaults = NLT_PROBE_OPTIONS_INIT;
    *out = NULL;
    nlt_probe *probe = new_probe();
    if (probe == NULL) {
        return nlt__probe_no_memory(err);
    }
    nlt_status status = fill(probe, path, options != NULL ? options : &defaults, err);
    if (status != NLT_OK) {
        nlt_probe_close(probe);
        return status;
    }
    *out = probe;
    return NLT_OK;
}

void nlt_probe_close(nlt_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    for (int i = 0; i < probe->n; i++) {
        nlt_free(probe->entries[i]);
    }
    nlt__arena_clear(&probe->arena);
    nlt_free(probe);
}

void nlt_probe_get(const nlt_probe *probe, nlt_probe_info *out)
{
    *out = (nlt_probe_info){.path = probe->path,
        .is_folder = probe->is_folder,
        .what = probe->what,
        .packing = probe->packing,
        .size = probe->size,
        .damage = probe->damage,
        .hint = probe->hint,
        .n_matches = probe->n};
}

static void put_day(char out[16], int64_t day)
{
    char text[32] = "";
    if (day != NLT_DAY_OPEN) {
        nlt__format_date(day, text);
    }
    memcpy(out, text, 16);
    out[15] = '\0';
}

nlt_status nlt_probe_match_get(const nlt_probe *probe, int index, nlt_probe_match *out)
{
    if (index < 0 || index >= probe->n) {
        return NLT_ERR_ARG;
    }
    const nlt_probe_entry *entry = probe->entries[index];
    const nlt_finding *finding = &entry->finding;
    *out = (nlt_probe_match){.class_name = entry->owner->class_name,
        .alias = entry->owner->alias,
        .tool = entry->owner->tool,
        .table = entry->owner->table->name,
        .what = finding->what,
        .unit = finding->connector->packet != NULL ? "packets" : "lines",
        .score = finding->score,
        .is_side = entry->is_side,
        .lines = finding->lines,
        .used = finding->used,
        .ignored = finding->ignored,
        .skipped = finding->skipped,
        .n_columns = finding->n_columns,
        .n_rejects = finding->n_rejects,
        .layout = entry->layout,
        .n_files = entry->n_files,
        .n_bytes = entry->n_bytes};
    put_day(out->first_day, entry->first_day);
    put_day(out->last_day, entry->last_day);
    return NLT_OK;
}

nlt_status nlt_probe_column_get(const nlt_probe *probe, int match, int index, nlt_probe_column *out)
{
    if (match < 0 || match >= probe->n || index < 0
        || index >= probe->entries[match]->finding.n_columns) {
        return NLT_ERR_ARG;
    }
    const nlt_probe_entry *entry = probe->entries[match];
    const nlt_finding_column *column = &entry->finding.columns[index];
    *out = (nlt_probe_column){entry->owner->table->columns[column->column].name, column->source};
    return NLT_OK;
}

nlt_status nlt_probe_reject_get(const nlt_probe *probe, int match, int index, nlt_probe_reject *out)
{
    if (match < 0 || match >= probe->n || index < 0
        || index >= probe->entries[match]->finding.n_rejects) {
        return NLT_ERR_ARG;
    }
    const nlt_probe_entry *entry = probe->entries[match];
    const nlt_finding_reject *reject = &entry->finding.rejects[index];
    *out = (nlt_probe_reject){
        reject->line, nlt__reject_name(reject->reason), entry->reject_texts[index]};
    return NLT_OK;
}
