/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/line_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "support/cell_text.h"

enum { TEXT_MAX = 64 << 20, PAD_BYTES = 64, LINE_STEP = 1000 };

static void must(bool is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "line_rows: %s\n", what);
        abort();
    }
}

static void put(line_rows *rows, const char *bytes, size_t len)
{
    must(nlt__buf_append(&rows->text, bytes, len, NULL) == NLT_OK, "out of memory");
}

void line_rows_open(
    line_rows *rows, const char *connector, const int *wanted, int n_wanted, const char *zone)
{
    *rows = (line_rows){.line = NLT_BUF_INIT(TEXT_MAX), .text = NLT_BUF_INIT(TEXT_MAX)};
    must(nlt__connector_find(connector, &rows->connector, NULL) == NLT_OK, connector);
    const nlt_connector *c = rows->connector;
    int all[NLT_BUILDER_COLUMNS_MAX];
    for (int i = 0; i < c->table->n_columns; i++) {
        all[i] = i;
    }
    must(nlt__builder_new(c->table, wanted != NULL ? wanted : all,
             wanted != NULL ? n_wanted : c->table->n_columns, &rows->out, NULL)
            == NLT_OK,
        "out of memory");
    nlt_zone *opened = NULL;
    must(zone == NULL || nlt__zone_open(zone, &opened, NULL) == NLT_OK, "zone");
    rows->ctx = (nlt_line_ctx){.zone = opened,
        .file_day = NLT_DAY_OPEN,
        .state = nlt_alloc_zero(1, c->state_size + 1),
        .records = c->pairing != NULL ? &rows->records : NULL};
    for (int i = 0; i < NLT_SHARES; i++) {
        rows->records.shares[i] = (nlt_buf)NLT_BUF_INIT(TEXT_MAX);
    }
    if (c->facts != NULL) {
        must(c->facts->open(&rows->ctx.facts, NULL) == NLT_OK, "out of memory");
    }
}

void line_rows_close(line_rows *rows)
{
    if (rows->ctx.facts != NULL) {
        rows->connector->facts->close(rows->ctx.facts);
    }
    for (int i = 0; i < NLT_SHARES; i++) {
        nlt__buf_clear(&rows->records.shares[i]);
    }
    nlt__zone_close((nlt_zone *)(uintptr_t)rows->ctx.zone);
    nlt_free(rows->ctx.state);
    nlt__builder_free(rows->out);
    nlt__buf_clear(&rows->line);
    nlt__buf_clear(&rows->text);
}

static void put_row(line_rows *rows, int64_t row)
{
    const nlt_table_desc *table = rows->connector->table;
    const char *blank = "";
    for (int i = 0; i < table->n_columns; i++) {
        const nlt_vec *vec =
            rows->out->slot[i] < 0 ? NULL : &rows->out->batch->cols[rows->out->slot[i]];
        if (vec == NULL || !nlt__valid(vec->valid, row)) {
            continue;
        }
        put(rows, blank, strlen(blank));
        put(rows, table->columns[i].name, strlen(table->columns[i].name));
        put(rows, "=", 1);
        cell_text(&rows->text, vec, row);
        blank = " ";
    }
}

/* The line where 64 bytes behind it can be read, and mean something else each time. */
static nlt_bytes padded(line_rows *rows, nlt_bytes line)
{
    static unsigned char filler = 0;
    rows->line.len = 0;
    must(nlt__buf_reserve(&rows->line, line.len + PAD_BYTES, NULL) == NLT_OK, "out of memory");
    nlt__buf_put(&rows->line, line.ptr, line.len);
    memset(rows->line.ptr + line.len, filler, PAD_BYTES);
    filler += 7;
    return (nlt_bytes){rows->line.ptr, line.len};
}

const char *line_rows_take(line_rows *rows, nlt_bytes line)
{
    rows->text.len = 0;
    rows->ctx.row_key = rows->offset;
    rows->offset += LINE_STEP;
    nlt__builder_reset(rows->out);
    nlt_bytes copy = padded(rows, line);
    rows->out->is_clean = nlt__text_is_ascii(copy);
    rows->ctx.reason = NLT_REJECT_OTHER;
    nlt_row row = rows->connector->line(&rows->ctx, copy, rows->out);
    must(rows->out->failed == NLT_OK && rows->records.failed == NLT_OK, "out of memory");
    if (row == NLT_ROW_IGNORED) {
        return "ignored";
    }
    if (row == NLT_ROW_REJECTED) {
        const char *reason = nlt__reject_name(rows->ctx.reason);
        put(rows, "rejected ", 9);
        put(rows, reason, strlen(reason));
        return nlt__buf_cstr(&rows->text);
    }
    if (rows->connector->pairing != NULL) {
        return "used";
    }
    put_row(rows, 0);
    return nlt__buf_cstr(&rows->text);
}

const char *line_rows_text(line_rows *rows, const char *line)
{
    return line_rows_take(rows, (nlt_bytes){line, strlen(line)});
}

void line_rows_check(const line_rows *rows)
{
    const nlt_batch *batch = rows->out->batch;
    for (int i = 0; i < batch->n_cols; i++) {
        if (batch->cols[i].dtype.type != NLT_TYPE_STRING || !nlt__valid(batch->cols[i].valid, 0)) {
            continue;
        }
        nlt_bytes text = nlt__str_bytes((const nlt_str *)batch->cols[i].data);
        must(nlt__text_is_clean(text), "a text is not UTF-8, or holds NUL");
    }
}

/* ---- pairing ---- */

typedef struct row_place {
    int64_t key;
    size_t begin, end; /* in `text` */
} row_place;

typedef struct row_list {
    row_place *rows;
    size_t n;
    nlt_buf text;
} row_list;

static int by_key(const void *left, const void *right)
{
    const row_place *a = left;
    const row_place *b = right;
    return (a->key > b->key) - (a->key < b->key);
}

static int by_time(const void *left, const void *right)
{
    const nlt_record *a = *(const nlt_record *const *)left;
    const nlt_record *b = *(const nlt_record *const *)right;
    int order = (a->time > b->time) - (a->time < b->time);
    return order != 0 ? order : (a->row_key > b->row_key) - (a->row_key < b->row_key);
}

static void drain(line_rows *rows, row_list *list)
{
    for (int64_t i = 0; i < rows->out->row; i++) {
        row_place *grown = realloc(list->rows, (list->n + 1) * sizeof *grown);
        must(grown != NULL, "out of memory");
        list->rows = grown;
        rows->text.len = 0;
        put_row(rows, i);
        put(rows, "\n", 1);
        size_t begin = list->text.len;
        must(nlt__buf_append(&list->text, rows->text.ptr, rows->text.len, NULL) == NLT_OK,
            "out of memory");
        list->rows[list->n++] = (row_place){rows->out->batch->row_key[i], begin, list->text.len};
    }
    nlt__builder_reset(rows->out);
}

static void pair_share(line_rows *rows, const nlt_buf *share, row_list *list)
{
    const nlt_pairing *pairing = rows->connector->pairing;
    const nlt_record **records = calloc(share->len / sizeof **records + 1, sizeof *records);
    must(records != NULL, "out of memory");
    size_t n = 0;
    for (size_t at = 0; at < share->len;) {
        records[n] = (const void *)(share->ptr + at);
        at += nlt__record_size(records[n++]->len);
    }
    if (!pairing->is_by_file) {
        qsort((void *)records, n, sizeof *records, by_time);
    }
    void *state = NULL;
    must(pairing->open(rows->out, &state, NULL) == NLT_OK, "out of memory");
    for (size_t i = 0; i < n; i++) {
        while (pairing->expire(state, records[i]->time, rows->out)) {
            drain(rows, list);
        }
        drain(rows, list);
        (void)pairing->take(state, records[i], rows->out);
        must(rows->out->failed == NLT_OK, "out of memory");
        drain(rows, list);
    }
    while (pairing->expire(state, INT64_MAX, rows->out)) {
        drain(rows, list);
    }
    drain(rows, list);
    pairing->close(state);
    free((void *)records);
}

const char *line_rows_finish(line_rows *rows)
{
    row_list list = {.text = NLT_BUF_INIT(TEXT_MAX)};
    nlt__builder_reset(rows->out);
    for (int i = 0; i < NLT_SHARES; i++) {
        pair_share(rows, &rows->records.shares[i], &list);
        rows->records.shares[i].len = 0;
    }
    if (list.n > 0) {
        qsort(list.rows, list.n, sizeof *list.rows, by_key);
    }
    rows->text.len = 0;
    for (size_t i = 0; i < list.n; i++) {
        put(rows, list.text.ptr + list.rows[i].begin, list.rows[i].end - list.rows[i].begin);
    }
    free(list.rows);
    nlt__buf_clear(&list.text);
    return nlt__buf_cstr(&rows->text);
}
