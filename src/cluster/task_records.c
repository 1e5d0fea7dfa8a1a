/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A split of a paired connector as a task: its records as rows. Packets that hold pieces of
 * messages are put together here, so a split of such a connector is a whole file. */

#include <string.h>

#include "cluster/records.h"
#include "core/alloc.h"
#include "scan/saved.h"

enum { RECORDS_MAX = 1 << 30 };

#define INTEGER                                                                                    \
    {                                                                                              \
        NLT_TYPE_INT64, NLT_TYPE_INT64, 0                                                          \
    }

const nlt_column_desc nlt__record_columns[NLT_RECORD_COLUMNS] = {
    [NLT_RECORD_FILE] = {.name = "file", .dtype = INTEGER, .unit = "", .help = ""},
    [NLT_RECORD_HASH] = {.name = "hash", .dtype = INTEGER, .unit = "", .help = ""},
    [NLT_RECORD_TIME] = {.name = "time", .dtype = INTEGER, .unit = "ns", .help = ""},
    [NLT_RECORD_ROW_KEY] = {.name = "row_key", .dtype = INTEGER, .unit = "", .help = ""},
    [NLT_RECORD_ORDINAL] = {.name = "ordinal", .dtype = INTEGER, .unit = "", .help = ""},
    [NLT_RECORD_KIND] = {.name = "kind", .dtype = INTEGER, .unit = "", .help = ""},
    [NLT_RECORD_BODY] = {.name = "body",
        .dtype = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
        .unit = "",
        .help = ""},
};

typedef struct records_task {
    nlt_scan *scan;          /* owned */
    nlt_scan_reader *reader; /* owned */
    nlt_records records;
    void *assembly;   /* NULL: no piece has come */
    nlt_batch *batch; /* owned */
    int64_t ordinal;
    bool has_begun;
} records_task;

static void close_records(void *state)
{
    records_task *r = state;
    if (r == NULL) {
        return;
    }
    if (r->assembly != NULL) {
        nlt__scan_connector(r->scan)->pairing->assembly->close(r->assembly);
    }
    nlt__records_clear(&r->records);
    nlt__scan_reader_close(r->reader);
    nlt__scan_close(r->scan);
    nlt__batch_free(r->batch);
    nlt_free(r);
}

static void put_record(records_task *r, const nlt_record *record)
{
    nlt_batch *batch = r->batch;
    int64_t row = batch->n_rows++;
    const int64_t values[NLT_RECORD_BODY] = {record->row_key >> 40,
        (int64_t)(record->hash ^ NLT_RECORD_FLIP), record->time, record->row_key, r->ordinal++,
        record->kind};
    for (int i = 0; i < NLT_RECORD_BODY; i++) {
        ((int64_t *)batch->cols[i].data)[row] = values[i];
        nlt__set_valid(batch->cols[i].valid, row);
    }
    nlt__str_set((nlt_str *)batch->cols[NLT_RECORD_BODY].data + row, (const char *)record->body,
        record->len);
    nlt__set_valid(batch->cols[NLT_RECORD_BODY].valid, row);
}

static nlt_status give_batch(nlt_task *task, records_task *r, nlt_error *err)
{
    nlt_status status = nlt__arrow_gather_add(task->gather, r->batch, err);
    nlt__batch_reset(r->batch, NLT_BATCH_ROWS);
    return status;
}

/* All records of a share. */
static nlt_status give_share(nlt_task *task, records_task *r, nlt_buf *share, nlt_error *err)
{
    for (size_t at = 0; at < share->len;) {
        const nlt_record *record = (const void *)(share->ptr + at);
        put_record(r, record);
        at += nlt__record_size(record->len);
        if (r->batch->n_rows == NLT_BATCH_ROWS) {
            NLT_TRY(give_batch(task, r, err));
        }
    }
    NLT_TRY(give_batch(task, r, err));
    share->len = 0;
    return NLT_OK;
}

/* Messages in the pieces that have come become records. */
static nlt_status assemble(records_task *r, bool is_end, nlt_error *err)
{
    const nlt_assembly *assembly = nlt__scan_connector(r->scan)->pairing->assembly;
    nlt_buf *pieces = &r->records.pieces;
    if (assembly == NULL) {
        return NLT_OK;
    }
    if (pieces->len > 0 && r->assembly == NULL) {
        NLT_TRY(assembly->open(nlt__scan_reader_builder(r->reader), &r->assembly, err));
    }
    for (size_t at = 0; at < pieces->len;) {
        const nlt_record *piece = (const void *)(pieces->ptr + at);
        NLT_TRY(assembly->take(r->assembly, piece, &r->records, err));
        at += nlt__record_size(piece->len);
    }
    pieces->len = 0;
    if (is_end && r->assembly != NULL) {
        nlt_piece_counts counts = {.used = 0};
        NLT_TRY(assembly->end(r->assembly, &r->records, &counts, err));
        nlt__pairing_count_pieces(r->scan, 0, &counts);
    }
    return NLT_OK;
}

static nlt_status step_records(nlt_task *task, nlt_error *err)
{
    records_task *r = task->state;
    const nlt_batch *none = NULL;
    if (!r->has_begun) {
        r->has_begun = true;
        NLT_TRY(nlt__split_begin(r->reader, &r->records, err));
    }
    NLT_TRY(nlt__scan_reader_next(r->reader, &none, err));
    task->is_done = !nlt__scan_reader_is_reading(r->reader);
    if (task->is_done) {
        NLT_TRY(nlt__scan_reader_file(r->reader, err));
    }
    NLT_TRY(assemble(r, task->is_done, err));
    for (int i = 0; i < NLT_SHARES; i++) {
        NLT_TRY(give_share(task, r, &r->records.shares[i], err));
        r->records.counts[i] = 0;
    }
    return r->records.failed == NLT_OK
        ? NLT_OK
        : nlt_fail(err, r->records.failed, "out of memory for records");
}

static nlt_status report_records(nlt_task *task, json_t **out, nlt_error *err)
{
    const records_task *r = task->state;
    return nlt__scan_save(r->scan, NLT_SAVED_ALL, out, err);
}

static const nlt_task_kind records_kind = {step_records, report_records, close_records};

static nlt_status open_records(records_task *r, const int *wanted, int n_wanted, nlt_error *err)
{
    nlt_dtype dtypes[NLT_RECORD_COLUMNS];
    for (int i = 0; i < NLT_RECORD_COLUMNS; i++) {
        dtypes[i] = nlt__record_columns[i].dtype;
    }
    nlt__records_init(&r->records, RECORDS_MAX);
    r->records.max_time = INT64_MIN;
    NLT_TRY(nlt__batch_new(dtypes, NLT_RECORD_COLUMNS, NLT_BATCH_ROWS, &r->batch, err));
    nlt__batch_reset(r->batch, NLT_BATCH_ROWS);
    return nlt__scan_reader_open(r->scan, wanted, n_wanted, &r->reader, err);
}

nlt_status nlt__task_records(
    nlt_scan *scan, const int *wanted, int n_wanted, nlt_task **out, nlt_error *err)
{
    *out = NULL;
    records_task *r = nlt_alloc_zero(1, sizeof *r);
    if (r == NULL) {
        nlt__scan_close(scan);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    r->scan = scan;
    nlt_status status = open_records(r, wanted, n_wanted, err);
    if (status != NLT_OK) {
        close_records(r);
        return status;
    }
    NLT_TRY(nlt__task_new(&records_kind, r, nlt__record_columns, NLT_RECORD_COLUMNS, out, err));
    (*out)->bytes_column = NLT_RECORD_BODY;
    return NLT_OK;
}
