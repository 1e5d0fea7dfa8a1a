/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of some keys become rows, as one share of the embedded engine's pairing does it with an
 * input that is sorted first. */

#include <string.h>

#include "cluster/records.h"
#include "cluster/row_input.h"
#include "core/alloc.h"
#include "scan/split_text.h"

typedef struct pair_task {
    nlt_scan *scan;          /* of any split; tells what the rows depend on; owned */
    nlt_scan_reader *reader; /* whose builder makes the rows; owned */
    const nlt_pairing *pairing;
    void *state;
    bool is_open;
    nlt_row_input rows;
    nlt_named_columns columns;
    nlt_named_rows out;
    nlt_buf record; /* the one that is taken */
    int64_t file;   /* of the record taken last; -1: none */
    int64_t n_rows, n_filtered, n_unused;
} pair_task;

static void close_pair(void *state)
{
    pair_task *p = state;
    if (p == NULL) {
        return;
    }
    if (p->is_open) {
        p->pairing->close(p->state);
    }
    nlt__named_rows_clear(&p->out);
    nlt__row_input_clear(&p->rows);
    nlt__buf_clear(&p->record);
    nlt__scan_reader_close(p->reader);
    nlt__scan_close(p->scan);
    nlt_free(p);
}

/* Rows that were made leave the builder. */
static nlt_status give_rows(nlt_task *task, pair_task *p, nlt_error *err)
{
    nlt_builder *out = nlt__scan_reader_builder(p->reader);
    const nlt_batch *batch = nlt__scan_reader_view(p->reader);
    if (out->failed != NLT_OK) {
        return nlt_fail(err, out->failed, "out of memory for a batch of rows");
    }
    p->n_rows += batch->n_rows;
    p->n_filtered += out->n_filtered;
    nlt_status status = nlt__named_rows_add(&p->out, batch, task->gather, err);
    nlt__builder_reset(out);
    out->n_filtered = 0;
    return status;
}

/* Puts all rows that records from `now` on cannot change. */
static nlt_status expire(nlt_task *task, pair_task *p, int64_t now, nlt_error *err)
{
    nlt_builder *out = nlt__scan_reader_builder(p->reader);
    while (p->pairing->expire(p->state, now, out) || nlt__is_full(out)) {
        NLT_TRY(give_rows(task, p, err));
    }
    return NLT_OK;
}

static int64_t integer(const nlt_batch *batch, int column, int64_t row)
{
    return ((const int64_t *)batch->cols[column].data)[row];
}

/* Row `row` as the record that it was. */
static nlt_status read_record(
    pair_task *p, const nlt_batch *batch, int64_t row, const nlt_record **out, nlt_error *err)
{
    nlt_bytes body = nlt__str_bytes((const nlt_str *)batch->cols[NLT_RECORD_BODY].data + row);
    if (body.len > NLT_RECORD_MAX) {
        return nlt_fail(err, NLT_ERR_FORMAT, "a record of %zu bytes", body.len);
    }
    p->record.len = 0;
    NLT_TRY(nlt__buf_reserve(&p->record, nlt__record_size((uint32_t)body.len), err));
    nlt_record *record = (nlt_record *)(void *)p->record.ptr;
    *record = (nlt_record){.hash = (uint64_t)integer(batch, NLT_RECORD_HASH, row) ^ NLT_RECORD_FLIP,
        .time = integer(batch, NLT_RECORD_TIME, row),
        .row_key = integer(batch, NLT_RECORD_ROW_KEY, row),
        .len = (uint32_t)body.len,
        .kind = (uint32_t)integer(batch, NLT_RECORD_KIND, row)};
    memcpy(record->body, body.ptr, body.len);
    *out = record;
    return NLT_OK;
}

static nlt_status take(nlt_task *task, pair_task *p, const nlt_record *record, nlt_error *err)
{
    int64_t file = record->row_key >> 40;
    bool is_next_file = p->pairing->is_by_file && p->file >= 0 && file != p->file;
    NLT_TRY(expire(task, p, is_next_file ? INT64_MAX : record->time, err));
    p->file = file;
    p->n_unused +=
        p->pairing->take(p->state, record, nlt__scan_reader_builder(p->reader)) == NLT_ROW_IGNORED;
    return NLT_OK;
}

static nlt_status step_pair(nlt_task *task, nlt_error *err)
{
    pair_task *p = task->state;
    const nlt_batch *batch = NULL;
    const nlt_record *record = NULL;
    NLT_TRY(nlt__row_input_next(&p->rows, &batch, err));
    if (batch == NULL) {
        task->is_done = true;
        NLT_TRY(expire(task, p, INT64_MAX, err));
        NLT_TRY(give_rows(task, p, err));
        return nlt__named_rows_end(&p->out, task->gather, err);
    }
    for (int64_t row = 0; row < batch->n_rows; row++) {
        NLT_TRY(read_record(p, batch, row, &record, err));
        NLT_TRY(take(task, p, record, err));
    }
    return NLT_OK;
}

static nlt_status report_pair(nlt_task *task, json_t **out, nlt_error *err)
{
    const pair_task *p = task->state;
    int64_t facts = p->pairing->unused != NULL ? p->pairing->unused(p->state) : 0;
    *out = json_pack("{s:I, s:I, s:I, s:I}", "facts_unused", (json_int_t)facts, "rows",
        (json_int_t)p->n_rows, "filtered", (json_int_t)p->n_filtered, "unused",
        (json_int_t)p->n_unused);
    return *out != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static const nlt_task_kind pair_kind = {step_pair, report_pair, close_pair};

static nlt_status open_pair(pair_task *p, const char *split, const char *names, nlt_error *err)
{
    NLT_TRY(nlt__split_open(split, &p->scan, err));
    p->pairing = nlt__scan_connector(p->scan)->pairing;
    if (p->pairing == NULL) {
        return nlt_fail(
            err, NLT_ERR_ARG, "%s pairs no records", nlt__scan_connector(p->scan)->class_name);
    }
    NLT_TRY(
        nlt__row_input_expect(&p->rows, nlt__record_columns, NLT_RECORD_COLUMNS, "a pairing", err));
    NLT_TRY(nlt__named_columns(nlt__scan_table(p->scan), names, &p->columns, err));
    NLT_TRY(nlt__named_rows_open(&p->out, &p->columns, err));
    NLT_TRY(
        nlt__scan_reader_open(p->scan, p->columns.wanted, p->columns.n_wanted, &p->reader, err));
    nlt__builder_reset(nlt__scan_reader_builder(p->reader));
    p->is_open = true;
    return p->pairing->open(nlt__scan_reader_builder(p->reader), &p->state, err);
}

nlt_status nlt_task_pair(const char *split, const char *columns, struct ArrowArrayStream *records,
    nlt_task **out, nlt_error *err)
{
    *out = NULL;
    pair_task *p = nlt_alloc_zero(1, sizeof *p);
    if (p == NULL) {
        records->release(records);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    p->file = -1;
    p->record = (nlt_buf)NLT_BUF_INIT(2 * NLT_RECORD_MAX);
    nlt_status status = nlt__row_input_open(&p->rows, records, err);
    if (status == NLT_OK) {
        status = open_pair(p, split, columns, err);
    }
    if (status != NLT_OK) {
        close_pair(p);
        return status;
    }
    nlt_column_desc descs[NLT_NAMED_COLUMNS_MAX];
    nlt__named_descs(&p->columns, descs);
    return nlt__task_new(&pair_kind, p, descs, p->columns.n_columns, out, err);
}
