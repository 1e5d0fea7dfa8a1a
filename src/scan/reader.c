/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread's way through a split: blocks of bytes, lines, rows.
 *
 * A block is read behind what is left of the line before; a batch never outlives the block that its
 * strings point into, so it ends early where a block ends. Lines and their fields are found some KB
 * at a time. Behind the valid bytes lie 64 more that line functions may read without meaning. */

#include <string.h>

#include "core/alloc.h"
#include "core/assert.h"
#include "core/marks.h"
#include "core/utf8.h"
#include "scan/headers.h"
#include "scan/scan_types.h"

enum {
    BLOCK_BYTES = 256 << 10,
    PROBES = 512,              /* lines after which is decided whether looking twice pays */
    WHOLE_MAX = (4 << 20) + 1, /* of a split, and the byte before it, that is read at once */
    HEAD_BYTES = 64 << 10,     /* of a capture, in which its first packet is looked for */
    TAIL_BYTES = 4 << 10,      /* read behind a split's end at once, for the line that crosses it */
    PAD_BYTES = NLT_MARKS_PAD
};

struct nlt_scan_reader {
    nlt_scan *scan;
    nlt_builder *builder;   /* of the columns asked for, and the time column if rows are filtered */
    const nlt_prune *prune; /* conditions; NULL: none */
    nlt_builder *probe;     /* of their columns; owned; NULL: there are none */
    int n_probed, n_passed; /* of the last lines */
    bool is_probing;        /* lines are looked at for the conditions first */
    nlt_batch view;         /* the builder's batch without the added column */
    nlt_line_ctx ctx;       /* of all lines of the split */
    const nlt_connector *connector; /* of the split's file */
    int64_t row_key;                /* of that file, offset 0 */
    nlt_source *source;             /* NULL: no split is open */
    int64_t split;                  /* -1: none */
    int64_t end;                    /* of the split */
    char *buf;                      /* cap + PAD_BYTES */
    size_t cap;
    size_t len;
    size_t pos;           /* where the next line begins */
    int64_t base;         /* offset in the file of buf[0] */
    int64_t consumed;     /* bytes of the file told to the progress */
    nlt_marks marks;      /* of the lines that come next */
    size_t next_line;     /* of them taken */
    size_t n_shown;       /* of them shown to the connector */
    bool at_end;          /* nothing follows buf[len] */
    bool in_skipped_line; /* the rest of a line that an earlier split reads, or that is too long */
    bool is_head_judged;
    bool puts_rows;          /* lines become rows at once */
    bool is_ended;           /* the report is complete */
    nlt_capture capture;     /* of files that are captures; format 0: their header is next */
    nlt_capture_place began; /* of captures: where the first packet was, or is looked for */
    nlt_split_report report;
};

/* ---- opening ---- */

static nlt_status new_builder(
    const nlt_scan *scan, const int *wanted, int n_wanted, nlt_builder **out, nlt_error *err)
{
    const nlt_table_desc *table = scan->connector->table;
    int columns[NLT_BUILDER_COLUMNS_MAX];
    NLT_ASSERT(n_wanted < NLT_BUILDER_COLUMNS_MAX);
    int time_slot = -1;
    for (int i = 0; i < n_wanted; i++) {
        columns[i] = wanted[i];
        time_slot = wanted[i] == table->time_column ? i : time_slot;
    }
    int n = n_wanted;
    if (scan->filter_rows && time_slot < 0) {
        time_slot = n;
        columns[n++] = table->time_column;
    }
    NLT_TRY(nlt__builder_new(table, columns, n, out, err));
    if (scan->filter_rows) {
        (*out)->filter_slot = time_slot;
        (*out)->filter_from = scan->time_from;
        (*out)->filter_to = scan->time_to;
    }
    return NLT_OK;
}

/* Room for the state of any of the scan's connectors. */
static size_t state_size(const nlt_connector *connector)
{
    size_t size = connector->state_size > 0 ? connector->state_size : 1;
    for (int i = 0; i < connector->n_tellers; i++) {
        size_t other = connector->tellers[i]->state_size;
        size = other > size ? other : size;
    }
    return size;
}

nlt_status nlt__scan_reader_open(
    nlt_scan *scan, const int *wanted, int n_wanted, nlt_scan_reader **out, nlt_error *err)
{
    *out = NULL;
    nlt_scan_reader *reader = nlt_alloc_zero(1, sizeof *reader);
    if (reader == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    reader->scan = scan;
    reader->split = -1;
    reader->cap = BLOCK_BYTES;
    reader->buf = nlt_alloc(reader->cap + PAD_BYTES);
    reader->ctx = (nlt_line_ctx){.facts = scan->facts,
        .zone = scan->zone,
        .state = nlt_alloc_zero(1, state_size(scan->connector))};
    nlt_status status = nlt__marks_open(&reader->marks, err);
    if (status == NLT_OK) {
        status = reader->buf == NULL || reader->ctx.state == NULL
            ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
            : new_builder(scan, wanted, n_wanted, &reader->builder, err);
    }
    if (status != NLT_OK) {
        nlt__scan_reader_close(reader);
        return status;
    }
    reader->view = *reader->builder->batch;
    reader->view.n_cols = n_wanted;
    *out = reader;
    return NLT_OK;
}

nlt_status nlt__scan_reader_prune(nlt_scan_reader *reader, const nlt_prune *prune, nlt_error *err)
{
    int columns[NLT_PRUNE_EQUALS_MAX + 1];
    int n = 0;
    if (prune->time_column >= 0) {
        columns[n++] = prune->time_column;
    }
    for (int i = 0; i < prune->n_equals; i++) {
        bool is_there = false;
        for (int j = 0; j < n; j++) {
            is_there |= columns[j] == prune->equals[i].column;
        }
        if (!is_there) {
            columns[n++] = prune->equals[i].column;
        }
    }
    reader->prune = prune;
    return nlt__builder_new(reader->scan->connector->table, columns, n, &reader->probe, err);
}

static void stop_reading(nlt_scan_reader *reader)
{
    atomic_fetch_sub(&reader->scan->n_reading, nlt__scan_reader_is_reading(reader));
    nlt__source_close(reader->source);
    reader->source = NULL;
}

static nlt_status end_split(nlt_scan_reader *reader, nlt_error *err)
{
    int64_t split = reader->split;
    stop_reading(reader);
    reader->split = -1;
    reader->report.is_complete = reader->is_ended;
    return nlt__scan_file_report(reader->scan, split, &reader->report, err);
}

void nlt__scan_reader_close(nlt_scan_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->split >= 0) {
        nlt_status ignored = end_split(reader, NULL);
        (void)ignored; /* the run is over; what was read is in the report */
    }
    nlt__builder_free(reader->builder);
    nlt__builder_free(reader->probe);
    nlt__marks_close(&reader->marks);
    nlt_free(reader->ctx.state);
    nlt_free(reader->buf);
    nlt_free(reader);
}

bool nlt__scan_reader_is_reading(const nlt_scan_reader *reader)
{
    return reader->split >= 0 && !reader->is_ended;
}

nlt_status nlt__scan_reader_file(nlt_scan_reader *reader, nlt_error *err)
{
    return end_split(reader, err);
}

void nlt__scan_reader_abandon(nlt_scan_reader *reader)
{
    stop_reading(reader);
    atomic_fetch_sub_explicit(&reader->scan->bytes_done, reader->consumed, memory_order_relaxed);
    reader->split = -1;
}

nlt_builder *nlt__scan_reader_builder(nlt_scan_reader *reader)
{
    return reader->builder;
}

nlt_status nlt__scan_reader_part(nlt_scan_reader *reader, nlt_scan_parcel *parcel, nlt_error *err)
{
    if (parcel->builder == NULL) {
        NLT_TRY(nlt__builder_like(
            reader->builder, reader->scan->connector->table, &parcel->builder, err));
    }
    if (parcel->cap < reader->cap) {
        char *grown = nlt_realloc(parcel->buf, reader->cap + PAD_BYTES);
        if (grown == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        parcel->buf = grown;
        parcel->cap = reader->cap;
    }
    /* what is not read yet stays where it is: all places count from the buffer's beginning */
    memcpy(parcel->buf + reader->pos, reader->buf + reader->pos,
        reader->len - reader->pos + PAD_BYTES);
    nlt_scan_parcel spare = *parcel;
    parcel->view = *nlt__scan_reader_view(reader);
    parcel->builder = reader->builder;
    parcel->buf = reader->buf;
    parcel->cap = reader->cap;
    reader->builder = spare.builder;
    reader->buf = spare.buf;
    reader->cap = spare.cap;
    reader->view = *reader->builder->batch;
    reader->view.n_cols = parcel->view.n_cols;
    return NLT_OK;
}

const nlt_batch *nlt__scan_reader_view(nlt_scan_reader *reader)
{
    reader->view.n_rows = reader->builder->row;
    return &reader->view;
}

static const char *reader_path(const nlt_scan_reader *reader)
{
    return reader->scan->files[reader->scan->splits[reader->split].file].entry->path;
}

/* Failures of a file are damage, which the report tells; others stop the run. */
static nlt_status take_damage(
    nlt_scan_reader *reader, nlt_status status, const nlt_error *cause, nlt_error *err)
{
    bool is_lost = status == NLT_ERR_NOT_FOUND && reader->scan->is_part;
    if (is_lost
        || (status != NLT_ERR_DAMAGED && status != NLT_ERR_IO && status != NLT_ERR_NOT_FOUND)) {
        if (err != NULL) {
            *err = *cause;
            if (is_lost) {
                nlt_error_hint(err, "every worker must see the files under the same path");
            }
        }
        return status;
    }
    reader->report.is_damaged = true;
    reader->report.damage = *cause;
    reader->at_end = true;
    return NLT_OK;
}

/* ---- bytes of a split ---- */

/* Not far behind the end of the split, which the next one reads; twice as far each time. */
static size_t bytes_to_read(const nlt_scan_reader *reader)
{
    size_t room = reader->cap - reader->len;
    int64_t at = reader->base + (int64_t)reader->len;
    if (reader->end == INT64_MAX) {
        return room;
    }
    int64_t wanted = (reader->end > at ? reader->end - at : 0) + TAIL_BYTES + (int64_t)reader->len;
    return (uint64_t)wanted < room ? (size_t)wanted : room;
}

/* Fewer splits are left than there are threads: one that would rest can decompress. */
static bool has_idle_thread(const nlt_scan_reader *reader)
{
    const nlt_scan *scan = reader->scan;
    int64_t end = reader->split < scan->first_split ? scan->first_split : scan->n_splits;
    int64_t to_come = end - reader->split - 1;
    return to_come + atomic_load_explicit(&scan->n_reading, memory_order_relaxed) < scan->threads;
}

/* More bytes behind those in the buffer, which has room. */
static nlt_status read_more(nlt_scan_reader *reader, nlt_error *err)
{
    if (atomic_load_explicit(&reader->scan->is_cancelled, memory_order_relaxed)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
    }
    if (has_idle_thread(reader)) {
        nlt__source_read_ahead(reader->source);
    }
    size_t n = 0;
    nlt_error cause = NLT_ERROR_INIT;
    nlt_status status = nlt__source_read(
        reader->source, reader->buf + reader->len, bytes_to_read(reader), &n, &cause);
    reader->at_end = n == 0;
    if (status != NLT_OK) {
        NLT_TRY(take_damage(reader, status, &cause, err));
    }
    reader->len += n;
    memset(reader->buf + reader->len, ' ', PAD_BYTES);
    int64_t consumed = nlt__source_consumed(reader->source);
    atomic_fetch_add_explicit(
        &reader->scan->bytes_done, consumed - reader->consumed, memory_order_relaxed);
    reader->consumed = consumed;
    return NLT_OK;
}

/* All of the split, from reader->base on. */
static nlt_status read_whole(nlt_scan_reader *reader, size_t size, nlt_error *err)
{
    if (reader->cap < size + TAIL_BYTES) {
        char *grown = nlt_realloc(reader->buf, size + TAIL_BYTES + PAD_BYTES);
        if (grown == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        reader->buf = grown;
        reader->cap = size + TAIL_BYTES;
    }
    while (!reader->at_end && reader->len < size) {
        NLT_TRY(read_more(reader, err));
    }
    return NLT_OK;
}

/* Finds the header lines that begin in the split, unless that is done or left to others. */
static nlt_status look_through(nlt_scan_reader *reader, nlt_error *err)
{
    int64_t size = reader->end - reader->base;
    if (size > WHOLE_MAX || !nlt__headers_claim(reader->scan, reader->split)) {
        return NLT_OK;
    }
    nlt_header_search search;
    nlt__headers_begin(reader->scan, reader->split, &search);
    nlt_status status = read_whole(reader, (size_t)size, err);
    if (status == NLT_OK) {
        status = nlt__headers_search(&search, reader->buf, reader->len, (size_t)size, err);
    }
    bool is_found = status == NLT_OK && (search.is_done || reader->at_end);
    nlt__headers_tell(reader->scan, reader->split, &search, is_found);
    return status;
}

/* ---- starting ---- */

/* How the packets of a capture are framed behind its first one; format 0: it does not tell. */
static void read_head(nlt_scan_reader *reader, const nlt_scan_file *file)
{
    nlt_capture *capture = &reader->began.capture;
    nlt_capture_record record = {.consumed = 0};
    nlt_source *source = NULL;
    size_t n = 0;
    if (nlt__source_open(nlt__scan_place(file), 0, NULL, &source, NULL) != NLT_OK) {
        return;
    }
    bool is_read = nlt__source_read(source, reader->buf, HEAD_BYTES, &n, NULL) == NLT_OK;
    nlt__source_close(source);
    if (!is_read
        || nlt__capture_begin(capture, (nlt_bytes){reader->buf, n}, true, &record.consumed)
            != NLT_CAPTURE_RECORD) {
        capture->format = 0;
        return;
    }
    nlt_bytes rest = {reader->buf + record.consumed, n - record.consumed};
    (void)nlt__capture_next(capture, rest, true, &record);
}

/* Packets begin where those before have ended. A line that begins exactly at `begin` is ours: look at
 * the byte before it. */
static void begin_at(nlt_scan_reader *reader, const nlt_split *range, const nlt_capture_place *from)
{
    reader->in_skipped_line = from == NULL && range->begin > 0;
    reader->base = range->begin - reader->in_skipped_line;
    reader->began = from != NULL ? *from : (nlt_capture_place){.at = range->begin};
    if (from == NULL) {
        return;
    }
    if (from->at == NLT_PLACE_UNKNOWN && from->capture.format == 0) {
        read_head(reader, &reader->scan->files[range->file]);
    }
    reader->base = from->at == NLT_PLACE_UNKNOWN ? range->begin : from->at;
    reader->capture = reader->began.capture;
}

static nlt_status start(nlt_scan_reader *reader, int64_t split, const nlt_capture_place *from,
    nlt_records *records, nlt_error *err)
{
    if (reader->split >= 0) {
        NLT_TRY(end_split(reader, err));
    }
    const nlt_split *range = &reader->scan->splits[split];
    reader->report = (nlt_split_report){.n_examples = 0};
    reader->split = split;
    atomic_fetch_add(&reader->scan->n_reading, 1);
    const nlt_scan_file *file = &reader->scan->files[range->file];
    reader->connector = file->connector;
    reader->row_key = (reader->scan->file_number + range->file) * (INT64_C(1) << 40);
    reader->puts_rows =
        file->connector == reader->scan->connector && file->connector->pairing == NULL;
    reader->n_probed = 0;
    reader->n_passed = 0;
    reader->is_probing = reader->probe != NULL && reader->puts_rows && !reader->scan->filter_rows
        && file->connector->is_repeatable;
    reader->ctx.records = records;
    reader->ctx.file_day = file->entry->day;
    memset(reader->ctx.state, 0, reader->connector->state_size);
    reader->end = range->end;
    reader->len = 0;
    reader->pos = 0;
    reader->next_line = 0;
    reader->n_shown = 0;
    nlt__marks_begin(&reader->marks, file->connector->marking);
    reader->ctx.cuts = (nlt_cuts){.at = NULL};
    reader->consumed = 0;
    reader->at_end = false;
    reader->is_ended = false;
    reader->is_head_judged = range->begin > 0 || range->end <= NLT_SCAN_HEAD_BYTES;
    begin_at(reader, range, from);
    if (reader->base + reader->in_skipped_line >= range->end) { /* another one reads it */
        reader->at_end = true;
        return NLT_OK;
    }
    nlt_error cause = NLT_ERROR_INIT;
    const nlt_scan *scan = reader->scan;
    nlt_bytes head = {scan->head, scan->head_len};
    nlt_status status = scan->head != NULL
        ? nlt__source_open_behind(head, false, &scan->is_cancelled, &reader->source, &cause)
        : nlt__source_open(
            nlt__scan_place(file), reader->base, &scan->is_cancelled, &reader->source, &cause);
    if (status != NLT_OK) {
        return take_damage(reader, status, &cause, err);
    }
    NLT_TRY(look_through(reader, err));
    return nlt__headers_state(reader->scan, split, &reader->ctx, reader->builder, err);
}

nlt_status nlt__scan_reader_start(
    nlt_scan_reader *reader, int64_t split, nlt_records *records, nlt_error *err)
{
    return start(reader, split, NULL, records, err);
}

nlt_status nlt__scan_reader_start_packets(nlt_scan_reader *reader, int64_t split,
    const nlt_capture_place *from, nlt_records *records, nlt_error *err)
{
    return start(reader, split, from, records, err);
}

/* ---- bytes ---- */

static void note_reject(
    nlt_scan_reader *reader, nlt_reject_reason reason, nlt_bytes line, int64_t offset)
{
    nlt_split_report *report = &reader->report;
    report->counts.skipped++;
    report->counts.by_reason[reason]++;
    if (report->n_examples < NLT_SCAN_EXAMPLES) {
        nlt_example *example = &report->examples[report->n_examples++];
        example->split = reader->split;
        example->line = report->counts.lines - 1;
        example->offset = offset;
        example->reason = reason;
        example->len = line.len < NLT_SCAN_EXCERPT_BYTES ? line.len : NLT_SCAN_EXCERPT_BYTES;
        memcpy(example->text, line.ptr, example->len);
    }
}

/* The first bytes of the buffer go. */
static void drop_bytes(nlt_scan_reader *reader, size_t n)
{
    reader->len -= n;
    memmove(reader->buf, reader->buf + n, reader->len);
    nlt__marks_drop(&reader->marks, n);
    reader->base += (int64_t)n;
    reader->pos = 0;
    reader->next_line = 0;
    reader->n_shown = 0;
}

/* Moves the unread bytes to the front; makes room if they are a long line's. */
static nlt_status make_room(nlt_scan_reader *reader, nlt_error *err)
{
    size_t left = reader->len - reader->pos;
    drop_bytes(reader, reader->pos);
    if (left <= reader->cap / 2) {
        return NLT_OK;
    }
    if (left > NLT_SCAN_LINE_MAX && reader->connector->packet == NULL) {
        reader->report.counts.lines++;
        note_reject(reader, NLT_REJECT_OTHER, (nlt_bytes){reader->buf, left}, reader->base);
        reader->in_skipped_line = true;
        drop_bytes(reader, left);
        return NLT_OK;
    }
    char *grown = nlt_realloc(reader->buf, reader->cap * 2 + PAD_BYTES);
    if (grown == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory for a line of %zu bytes",
            reader_path(reader), left);
    }
    reader->buf = grown;
    reader->cap *= 2;
    return NLT_OK;
}

static nlt_status fill(nlt_scan_reader *reader, nlt_error *err)
{
    NLT_TRY(make_room(reader, err));
    return read_more(reader, err);
}

/* ---- lines ---- */

static void count_verdict(nlt_scan_reader *reader, nlt_row verdict, nlt_bytes line, int64_t offset)
{
    nlt_builder *out = reader->builder;
    nlt_line_counts *counts = &reader->report.counts;
    if (verdict == NLT_ROW_USED) {
        counts->used++;
        if (reader->puts_rows) {
            bool is_kept = nlt__row_end(out, reader->ctx.row_key);
            counts->rows += is_kept;
            counts->filtered += !is_kept;
        }
        return;
    }
    if (verdict == NLT_ROW_REJECTED) {
        note_reject(reader, reader->ctx.reason, line, offset);
    } else if (verdict != NLT_ROW_HELD) {
        counts->ignored++;
    }
    nlt__builder_undo(out);
}

/* Only the columns of the conditions are made. True: the line is a row that is not asked for. */
static bool is_pruned(nlt_scan_reader *reader, nlt_bytes line, nlt_row *verdict)
{
    nlt_builder *probe = reader->probe;
    probe->is_clean = reader->builder->is_clean;
    *verdict = reader->connector->line(&reader->ctx, line, probe);
    bool is_row = *verdict == NLT_ROW_USED && probe->failed == NLT_OK;
    bool is_out = is_row && nlt__row_is_pruned(probe, reader->prune);
    nlt__builder_undo(probe);
    if (probe->arena.head != NULL) {
        nlt__arena_reset(&probe->arena);
    }
    reader->n_passed += is_row && !is_out;
    if (++reader->n_probed == PROBES) {
        /* a line that passes is looked at twice */
        reader->is_probing = reader->n_passed < PROBES / 4;
        reader->n_probed = 0;
        reader->n_passed = 0;
    }
    return is_out;
}

static void take_line(nlt_scan_reader *reader, nlt_bytes line, int64_t offset)
{
    nlt_builder *out = reader->builder;
    nlt_line_counts *counts = &reader->report.counts;
    size_t mark = offset == 0 ? nlt__bom_length(line) : 0;
    if (mark > 0) {
        line = (nlt_bytes){line.ptr + mark, line.len - mark};
        reader->ctx.cuts.at = NULL; /* the first one is before it */
    }
    counts->lines++;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
        reader->ctx.cuts.at = NULL; /* the last one is behind it */
    }
    if (line.len == 0) {
        counts->ignored++;
        return;
    }
    nlt_line_ctx *ctx = &reader->ctx;
    ctx->reason = NLT_REJECT_OTHER;
    ctx->row_key = reader->row_key + offset;
    nlt_row verdict = NLT_ROW_REJECTED;
    if (line.len <= NLT_SCAN_LINE_MAX) {
        out->is_clean = (size_t)(line.ptr - reader->buf) >= reader->marks.clean_from
            || nlt__text_is_ascii(line);
        bool is_probed = reader->is_probing;
        if (is_probed && is_pruned(reader, line, &verdict)) {
            counts->used++;
            counts->rows++;
            return;
        }
        if (!is_probed || verdict == NLT_ROW_USED) {
            verdict = reader->connector->line(ctx, line, out);
        }
    }
    count_verdict(reader, verdict, line, offset);
}

/* The marks of a line that has been found. */
static nlt_cuts cuts_of(const nlt_scan_reader *reader, size_t line)
{
    const nlt_marks *marks = &reader->marks;
    uint32_t begin = line == 0 ? 0 : marks->lines[line - 1].marks_end;
    return (nlt_cuts){reader->buf, marks->at + begin, marks->lines[line].marks_end - begin,
        marks->marking.separators[0]};
}

/* Shows the connector the lines that come next. */
static void look_ahead(nlt_scan_reader *reader)
{
    nlt_bytes lines[NLT_AHEAD_MAX];
    nlt_cuts cuts[NLT_AHEAD_MAX];
    int n = 0;
    const char *begin = reader->buf + reader->pos;
    for (; reader->n_shown < reader->marks.n_lines && n < NLT_AHEAD_MAX; reader->n_shown++) {
        const char *end = reader->buf + reader->marks.lines[reader->n_shown].end;
        lines[n] = (nlt_bytes){begin, (size_t)(end - begin)};
        cuts[n++] = cuts_of(reader, reader->n_shown);
        begin = end + 1;
    }
    reader->connector->ahead(&reader->ctx, lines, cuts, n);
}

/* The next newline of the block; NULL: none. */
static const char *next_newline(nlt_scan_reader *reader)
{
    while (reader->next_line == reader->marks.n_lines) {
        if (reader->marks.known == reader->len || reader->builder->failed != NLT_OK) {
            return NULL;
        }
        reader->builder->failed =
            nlt__marks_step(&reader->marks, (nlt_bytes){reader->buf, reader->len}, NULL);
        reader->next_line = 0;
        reader->n_shown = 0;
    }
    if (reader->connector->ahead != NULL && reader->next_line == reader->n_shown) {
        look_ahead(reader);
    }
    return reader->buf + reader->marks.lines[reader->next_line++].end;
}

/* Bytes of a line that is not to be parsed: up to its newline, or all there are. */
static void skip_line(nlt_scan_reader *reader)
{
    const char *newline = next_newline(reader);
    if (newline == NULL && !reader->at_end) {
        reader->pos = reader->len;
        return;
    }
    reader->pos = newline == NULL ? reader->len : (size_t)(newline + 1 - reader->buf);
    reader->in_skipped_line = false;
}

/* The last line, which has no newline. In a damaged stream it is not finished. */
static void take_last_line(nlt_scan_reader *reader)
{
    nlt_bytes line = {reader->buf + reader->pos, reader->len - reader->pos};
    int64_t offset = reader->base + (int64_t)reader->pos;
    reader->pos = reader->len;
    reader->ctx.cuts.at = NULL;
    if (reader->report.is_damaged) {
        reader->report.counts.lines++;
        note_reject(reader, NLT_REJECT_OTHER, line, offset);
    } else {
        take_line(reader, line, offset);
    }
}

/* Lines of the block until the batch is full. False: more bytes are needed, or none are left. */
static bool take_lines(nlt_scan_reader *reader)
{
    while (reader->builder->row < NLT_BATCH_ROWS) {
        if (reader->in_skipped_line) {
            skip_line(reader);
            if (reader->pos == reader->len) {
                return false;
            }
            continue;
        }
        int64_t offset = reader->base + (int64_t)reader->pos;
        if (offset >= reader->end) {
            return false;
        }
        const char *start = reader->buf + reader->pos;
        const char *newline = next_newline(reader);
        if (newline == NULL) {
            if (reader->at_end && reader->pos < reader->len) {
                take_last_line(reader);
            }
            return false;
        }
        reader->pos = (size_t)(newline + 1 - reader->buf);
        reader->ctx.cuts = cuts_of(reader, reader->next_line - 1);
        take_line(reader, (nlt_bytes){start, (size_t)(newline - start)}, offset);
    }
    return true;
}

/* ---- packets ---- */

static void take_packet(nlt_scan_reader *reader, const nlt_capture_record *record, int64_t offset)
{
    nlt_line_ctx *ctx = &reader->ctx;
    nlt_bytes frame = {(const char *)record->data, record->data_len};
    reader->report.counts.lines++;
    ctx->reason = NLT_REJECT_OTHER;
    ctx->row_key = reader->row_key + offset;
    nlt_row verdict = reader->connector->packet(ctx, record, reader->builder);
    if (verdict == NLT_ROW_HELD) {
        nlt_record head = {.time = record->time_ns,
            .row_key = ctx->row_key,
            .kind = (record->link_type & NLT_PIECE_LINK_MASK)
                | (record->is_big_endian ? NLT_PIECE_BIG_ENDIAN : 0)
                | (record->has_time ? NLT_PIECE_HAS_TIME : 0)};
        nlt__record_add_piece(ctx->records, head, frame);
    } else if (verdict == NLT_ROW_UNKNOWN_LINK) {
        reader->report.counts.unknown_links++;
        reader->report.unknown_link = record->link_type;
    }
    count_verdict(reader, verdict, frame, offset);
}

/* The file does not go on as a capture does. */
static void end_capture(nlt_scan_reader *reader, const char *why, int64_t offset)
{
    if (!reader->report.is_damaged) {
        reader->report.is_damaged = true;
        nlt_fail(&reader->report.damage, NLT_ERR_DAMAGED, "%s: offset %lld: %s",
            reader_path(reader), (long long)offset, why);
    }
    reader->pos = reader->len;
    reader->at_end = true;
}

/* A packet that the file's end cuts: what is there of it counts as captured. */
static void take_cut_packet(
    nlt_scan_reader *reader, const nlt_capture_record *record, int64_t offset)
{
    if (record->data_len > 0) {
        take_packet(reader, record, offset);
    } else {
        reader->report.counts.lines++;
        note_reject(reader, NLT_REJECT_OTHER, (nlt_bytes){"", 0}, offset);
    }
    end_capture(reader, "the file ends inside a packet", offset);
}

/* Where the first packet seems to begin. False: nothing is known of the bytes that are there. */
static bool find_packet(nlt_scan_reader *reader)
{
    size_t at = 0;
    if (reader->len == 0) {
        return false;
    }
    if (!nlt__capture_find(&reader->capture, (nlt_bytes){reader->buf, reader->len}, &at)) {
        reader->pos = reader->len;
        reader->at_end = true;
        return false;
    }
    reader->pos = at;
    reader->began.at = reader->base + (int64_t)at;
    return true;
}

bool nlt__scan_reader_began(const nlt_scan_reader *reader, const nlt_capture_place *reached)
{
    return reader->began.at == reached->at
        && nlt__capture_is_same(&reader->began.capture, &reached->capture);
}

void nlt__scan_reader_reached(const nlt_scan_reader *reader, nlt_capture_place *place)
{
    place->at = reader->report.is_damaged ? INT64_MAX : reader->base + (int64_t)reader->pos;
    place->capture = reader->capture;
}

/* As take_lines. */
static bool take_packets(nlt_scan_reader *reader)
{
    if (reader->began.at == NLT_PLACE_UNKNOWN && !find_packet(reader)) {
        return false;
    }
    while (reader->builder->row < NLT_BATCH_ROWS) {
        int64_t offset = reader->base + (int64_t)reader->pos;
        if (offset >= reader->end) {
            return false;
        }
        nlt_bytes window = {reader->buf + reader->pos, reader->len - reader->pos};
        nlt_capture_record record = {.data = NULL};
        bool is_begin = reader->capture.format == 0;
        nlt_capture_status status = is_begin
            ? nlt__capture_begin(&reader->capture, window, reader->at_end, &record.consumed)
            : nlt__capture_next(&reader->capture, window, reader->at_end, &record);
        reader->pos += record.consumed;
        if (status == NLT_CAPTURE_RECORD && !is_begin) {
            take_packet(reader, &record, offset);
        } else if (status == NLT_CAPTURE_DAMAGED) {
            end_capture(reader, reader->capture.why, offset + (int64_t)record.consumed);
            return false;
        } else if (status == NLT_CAPTURE_TRUNCATED && is_begin) {
            end_capture(reader, "the file ends inside the header of a capture", offset);
            return false;
        } else if (status == NLT_CAPTURE_TRUNCATED) {
            take_cut_packet(reader, &record, offset + (int64_t)record.before);
            return false;
        } else if (status != NLT_CAPTURE_RECORD) {
            return false;
        }
    }
    return true;
}

static bool is_past_end(const nlt_scan_reader *reader)
{
    return reader->base + (int64_t)reader->pos >= reader->end
        || (reader->at_end && reader->pos == reader->len);
}

/* A file of which the first part is hopeless is not read to its end. */
static nlt_status judge_head(nlt_scan_reader *reader, nlt_error *err)
{
    if (reader->is_head_judged || reader->base < NLT_SCAN_HEAD_BYTES) {
        return NLT_OK;
    }
    reader->is_head_judged = true;
    const nlt_line_counts *counts = &reader->report.counts;
    return nlt__scan_judge(
        reader->scan, reader->scan->splits[reader->split].file, counts->used, counts->skipped, err);
}

static int64_t count_record_bytes(const nlt_records *records)
{
    size_t bytes = records == NULL ? 0 : records->pieces.len;
    for (int i = 0; records != NULL && i < NLT_SHARES; i++) {
        bytes += records->shares[i].len;
    }
    return (int64_t)bytes;
}

nlt_status nlt__scan_reader_next(nlt_scan_reader *reader, const nlt_batch **batch, nlt_error *err)
{
    *batch = NULL;
    if (!nlt__scan_reader_is_reading(reader)) {
        return NLT_OK;
    }
    nlt__builder_reset(reader->builder);
    int64_t before = count_record_bytes(reader->ctx.records);
    bool (*take)(nlt_scan_reader *) = reader->connector->packet != NULL ? take_packets : take_lines;
    while (!take(reader) && reader->builder->row == 0 && reader->builder->failed == NLT_OK) {
        if (reader->ctx.records != NULL && reader->ctx.records->failed != NLT_OK) {
            return nlt_fail(err, reader->ctx.records->failed, "%s: out of memory for its records",
                reader_path(reader));
        }
        if (is_past_end(reader)) {
            stop_reading(reader);
            reader->is_ended = true;
            return reader->ctx.records == NULL ? end_split(reader, err) : NLT_OK;
        }
        if (count_record_bytes(reader->ctx.records) - before >= reader->scan->part_bytes) {
            return NLT_OK;
        }
        nlt__arena_reset(&reader->builder->arena); /* of rows that were not kept */
        NLT_TRY(fill(reader, err));
        NLT_TRY(judge_head(reader, err));
    }
    if (reader->builder->failed != NLT_OK) {
        return nlt_fail(err, reader->builder->failed, "%s: out of memory for a batch of rows",
            reader_path(reader));
    }
    atomic_fetch_add_explicit(&reader->scan->rows_done, reader->builder->row, memory_order_relaxed);
    *batch = nlt__scan_reader_view(reader);
    return NLT_OK;
}
