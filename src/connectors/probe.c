/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample through one connector: rows are made and thrown away, verdicts are counted. */

#include "connectors/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "wire/capture.h"

enum {
    RECORDS_MAX = 64 << 20, /* bytes of one share; the sample bounds them far below */
    ARENA_LINES = 256       /* lines whose changed texts are kept until they are dropped */
};

typedef struct probe_run {
    const nlt_connector *connector;
    nlt_builder *out; /* owned */
    nlt_zone *zone;   /* owned */
    nlt_records records;
    nlt_line_ctx ctx;
    nlt_capture capture;
    nlt_finding *finding;
} probe_run;

/* ---- lines ---- */

bool nlt__sample_line(const nlt_sample *sample, size_t *at, nlt_bytes *line)
{
    *at += *at == 0 ? nlt__bom_length(sample->head) : 0;
    size_t left = sample->head.len - *at;
    const char *begin = sample->head.ptr + *at;
    const char *newline = left == 0 ? NULL : memchr(begin, '\n', left);
    if (newline == NULL && (left == 0 || !sample->is_whole)) {
        return false;
    }
    size_t len = newline == NULL ? left : (size_t)(newline - begin);
    *at += len + (newline != NULL);
    *line = (nlt_bytes){begin, len - (len > 0 && begin[len - 1] == '\r')};
    return true;
}

static void count_verdict(probe_run *run, nlt_row verdict, nlt_bytes excerpt)
{
    nlt_finding *finding = run->finding;
    finding->used += verdict == NLT_ROW_USED || verdict == NLT_ROW_HELD;
    finding->ignored += verdict == NLT_ROW_IGNORED || verdict == NLT_ROW_UNKNOWN_LINK;
    finding->skipped += verdict == NLT_ROW_REJECTED;
    if (verdict == NLT_ROW_REJECTED && finding->n_rejects < NLT_FINDING_REJECTS) {
        nlt_finding_reject *reject = &finding->rejects[finding->n_rejects++];
        reject->line = finding->lines;
        reject->reason = run->ctx.reason;
        reject->len = excerpt.len < sizeof reject->text ? excerpt.len : sizeof reject->text;
        memcpy(reject->text, excerpt.ptr, reject->len);
    }
    nlt__builder_undo(run->out);
    if (finding->lines % ARENA_LINES == 0 && run->out->failed == NLT_OK) {
        nlt__builder_reset(run->out);
    }
}

static void take_lines(probe_run *run, const nlt_sample *sample)
{
    size_t at = 0;
    nlt_bytes line;
    while (nlt__sample_line(sample, &at, &line)) {
        run->finding->lines++;
        run->ctx.reason = NLT_REJECT_OTHER;
        run->ctx.row_key = (int64_t)at;
        run->out->is_clean = nlt__text_is_ascii(line);
        nlt_row verdict =
            line.len == 0 ? NLT_ROW_IGNORED : run->connector->line(&run->ctx, line, run->out);
        count_verdict(run, verdict, line);
    }
}

static void take_packets(probe_run *run, const nlt_sample *sample)
{
    size_t at = 0;
    nlt_capture_record record = {.data = NULL};
    nlt_capture_status status =
        nlt__capture_begin(&run->capture, sample->head, sample->is_whole, &at);
    while (status == NLT_CAPTURE_RECORD) {
        nlt_bytes window = {sample->head.ptr + at, sample->head.len - at};
        status = nlt__capture_next(&run->capture, window, sample->is_whole, &record);
        at += record.consumed;
        if (status == NLT_CAPTURE_RECORD
            || (status == NLT_CAPTURE_TRUNCATED && record.data_len > 0)) {
            run->finding->lines++;
            run->ctx.reason = NLT_REJECT_OTHER;
            run->ctx.row_key = (int64_t)at;
            nlt_row verdict = run->connector->packet(&run->ctx, &record, run->out);
            count_verdict(run, verdict, (nlt_bytes){"", 0});
        }
    }
}

/* ---- the run ---- */

static nlt_status probe_open(probe_run *run, const nlt_connector *owner, nlt_error *err)
{
    const nlt_connector *connector = run->connector;
    int columns[NLT_BUILDER_COLUMNS_MAX];
    for (int i = 0; i < connector->table->n_columns; i++) {
        columns[i] = i;
    }
    nlt__records_init(&run->records, RECORDS_MAX);
    run->ctx.file_day = NLT_DAY_OPEN;
    run->ctx.records = &run->records;
    run->ctx.state = nlt_alloc_zero(1, connector->state_size + 1);
    if (run->ctx.state == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    NLT_TRY(
        nlt__builder_new(connector->table, columns, connector->table->n_columns, &run->out, err));
    NLT_TRY(nlt__zone_open("UTC", &run->zone, err));
    run->ctx.zone = run->zone;
    return owner->facts != NULL ? owner->facts->open(&run->ctx.facts, err) : NLT_OK;
}

static void probe_close(probe_run *run, const nlt_connector *owner)
{
    if (run->ctx.facts != NULL) {
        owner->facts->close(run->ctx.facts);
    }
    nlt__records_clear(&run->records);
    nlt__zone_close(run->zone);
    nlt__builder_free(run->out);
    nlt_free(run->ctx.state);
}

/* The share of accepted lines, weighed by what else speaks for the format. */
static void judge(probe_run *run, const nlt_sample *sample)
{
    nlt_finding *finding = run->finding;
    const nlt_connector *connector = run->connector;
    bool is_capture = connector->packet != NULL;
    int64_t judged = finding->used + finding->skipped;
    if (connector->probe == NULL) {
        return;
    }
    finding->evidence = connector->probe(
        sample, is_capture ? (const void *)&run->capture : run->ctx.state, finding);
    bool is_by_lines = !is_capture && judged > 0; /* bad packets are those of a capture, too */
    finding->score =
        is_by_lines ? (int)(finding->evidence * finding->used / judged) : finding->evidence;
}

nlt_status nlt__probe(const nlt_connector *connector, const nlt_connector *owner,
    const nlt_sample *sample, nlt_finding *out, nlt_error *err)
{
    *out = (nlt_finding){.connector = connector};
    probe_run run = {.connector = connector, .finding = out};
    nlt_status status = probe_open(&run, owner, err);
    if (status == NLT_OK) {
        (connector->packet != NULL ? take_packets : take_lines)(&run, sample);
        status = run.out->failed != NLT_OK ? run.out->failed : run.records.failed;
        if (status != NLT_OK) {
            status = nlt_fail(err, status, "out of memory for a sample of lines");
        }
    }
    if (status == NLT_OK) {
        judge(&run, sample);
    }
    probe_close(&run, owner);
    return status;
}

/* ---- what probes write ---- */

void nlt__finding_say(nlt_finding *finding, const char *format, ...)
{
    size_t len = strlen(finding->what);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(finding->what + len, sizeof finding->what - len, format, args);
    va_end(args);
}

typedef struct feed_text {
    char *out;
    size_t len;
    int n_fields;
    int n_there;
} feed_text;

static void put(feed_text *text, const char *format, ...) NLT_PRINTF(2, 3);

static void put(feed_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->out + text->len, NLT_FINDING_SOURCE_MAX - text->len, format, args);
    va_end(args);
    size_t room = NLT_FINDING_SOURCE_MAX - 1 - text->len;
    text->len += n > 0 && (size_t)n < room ? (size_t)n : n > 0 ? room : 0;
}

static void put_field(feed_text *text, nlt_bytes name, nlt_field_place_fn place, const void *ctx)
{
    int number = 0;
    bool is_there = place == NULL || place(ctx, &name, &number);
    text->n_fields++;
    text->n_there += is_there;
    put(text, "%.*s", (int)name.len, name.ptr);
    if (number > 0) {
        put(text, ":%d", number);
    }
    if (!is_there) {
        put(text, " (not there)");
    }
}

void nlt__finding_feed(
    nlt_finding *finding, nlt_feed feed, nlt_field_place_fn place, const void *ctx)
{
    nlt_finding_column *column = &finding->columns[finding->n_columns++];
    feed_text text = {.out = column->source};
    *column = (nlt_finding_column){.column = feed.column};
    for (const char *p = feed.source; *p != '\0';) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (end != NULL) {
            put_field(&text, (nlt_bytes){p + 1, (size_t)(end - p - 1)}, place, ctx);
            p = end + 1;
        } else {
            put(&text, "%c", *p++);
        }
    }
    if (text.n_fields > 0 && text.n_there == 0) {
        column->source[0] = '\0';
    }
}

void nlt__finding_feeds(
    nlt_finding *finding, const nlt_feed *feeds, int n, nlt_field_place_fn place, const void *ctx)
{
    for (int i = 0; i < n; i++) {
        nlt__finding_feed(finding, feeds[i], place, ctx);
    }
}
