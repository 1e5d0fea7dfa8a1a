/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* open_memstream */
#include "support/scan_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/thread.h"
#include "support/cell_text.h"

enum { REPORT_MAX = 16 << 20, CELL_MAX = 1 << 28 };

/* What the threads of a run share. */
typedef struct reading {
    nlt_scan_run *run;
    const scan_how *how;
    const int *wanted;
    int n_wanted;
    scan_rows *out;
    pthread_mutex_t lock; /* of out->rows */
} reading;

static void *must_have(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "scan_rows: out of memory\n");
        abort();
    }
    return memory;
}

static char *copy_cell(const nlt_vec *vec, int64_t row)
{
    nlt_buf text = NLT_BUF_INIT(CELL_MAX);
    cell_text(&text, vec, row);
    char *copy = must_have(malloc(text.len + 1));
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    copy[text.len] = '\0';
    nlt__buf_clear(&text);
    return copy;
}

static void add_rows(reading *r, const nlt_batch *batch)
{
    scan_rows *out = r->out;
    pthread_mutex_lock(&r->lock);
    out->rows =
        must_have(realloc(out->rows, (out->n + (size_t)batch->n_rows + 1) * sizeof *out->rows));
    for (int64_t i = 0; i < batch->n_rows; i++) {
        scan_row *row = &out->rows[out->n++];
        row->key = batch->row_key[i];
        row->cells = must_have(calloc((size_t)out->table->n_columns, sizeof *row->cells));
        for (int c = 0; c < batch->n_cols && !r->how->without_cells; c++) {
            if (nlt__valid(batch->cols[c].valid, i)) {
                row->cells[r->wanted[c]] = copy_cell(&batch->cols[c], i);
            }
        }
    }
    pthread_mutex_unlock(&r->lock);
}

static nlt_status read_thread(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    reading *r = ctx;
    nlt_scan_worker *worker = NULL;
    nlt_status status = nlt__scan_worker_open(r->run, &worker, err);
    const nlt_batch *batch = NULL;
    do {
        status = status == NLT_OK ? nlt__scan_worker_next(worker, &batch, err) : status;
        if (status == NLT_OK && batch != NULL) {
            add_rows(r, batch);
        }
    } while (status == NLT_OK && batch != NULL);
    nlt__scan_worker_close(worker);
    return status;
}

static void clear_rows(scan_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        for (int c = 0; c < rows->table->n_columns; c++) {
            free(rows->rows[i].cells[c]);
        }
        free(rows->rows[i].cells);
    }
    free(rows->rows);
    rows->rows = NULL;
    rows->n = 0;
}

static int by_key(const void *left, const void *right)
{
    const scan_row *a = left;
    const scan_row *b = right;
    return (a->key > b->key) - (a->key < b->key);
}

static nlt_status read_once(nlt_scan *scan, const scan_how *how, scan_rows *out)
{
    int all[NLT_BUILDER_COLUMNS_MAX];
    for (int i = 0; i < out->table->n_columns; i++) {
        all[i] = i;
    }
    reading r = {.how = how,
        .wanted = how->wanted != NULL ? how->wanted : all,
        .n_wanted = how->wanted != NULL ? how->n_wanted : out->table->n_columns,
        .out = out};
    nlt_status status = nlt__scan_run_open(scan, r.wanted, r.n_wanted, &r.run, &out->err);
    if (status != NLT_OK) {
        return status;
    }
    pthread_mutex_init(&r.lock, NULL);
    status = nlt__parallel(how->threads, read_thread, &r, &out->err);
    pthread_mutex_destroy(&r.lock);
    nlt__scan_run_close(r.run);
    return status;
}

nlt_status scan_rows_read(const nlt_dataset_request *request, const scan_how *how, scan_rows *out)
{
    *out = (scan_rows){.report = NLT_BUF_INIT(REPORT_MAX), .err = NLT_ERROR_INIT};
    nlt_scan *scan = NULL;
    nlt_status status =
        nlt__scan_open(request, how->threads, how->split_bytes, &out->warnings, &scan, &out->err);
    if (status != NLT_OK) {
        return status;
    }
    out->table = nlt__scan_table(scan);
    status = read_once(scan, how, out);
    out->had_to_sort = nlt__scan_must_sort(scan);
    if (status == NLT_ERR_LIMIT && out->had_to_sort) {
        clear_rows(out);
        status = read_once(scan, how, out);
    }
    if (out->n > 0) {
        qsort(out->rows, out->n, sizeof *out->rows, by_key);
    }
    nlt__scan_totals(scan, &out->totals);
    if (status == NLT_OK) {
        status = nlt__scan_report_json(scan, &out->report, &out->err);
    }
    out->finish = nlt__scan_finish(scan, &out->warnings, status == NLT_OK ? &out->err : NULL);
    nlt__scan_close(scan);
    return status;
}

void scan_rows_clear(scan_rows *rows)
{
    clear_rows(rows);
    nlt__buf_clear(&rows->report);
    nlt__strings_clear(&rows->warnings);
}

char *scan_row_text(const scan_rows *rows, size_t row)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = must_have(open_memstream(&text, &len));
    const char *blank = "";
    for (int c = 0; c < rows->table->n_columns; c++) {
        if (rows->rows[row].cells[c] != NULL) {
            fprintf(out, "%s%s=%s", blank, rows->table->columns[c].name, rows->rows[row].cells[c]);
            blank = " ";
        }
    }
    fclose(out);
    return text;
}
