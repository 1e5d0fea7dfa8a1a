/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table with linear probing (Knuth, TAOCP 6.4, algorithms L and R), and a list of the rows in
 * order of time. Hashes lie in the slots: rows that wait for long are cache misses, and others than
 * those that are asked for are not looked at. */

#include "connectors/open_rows.h"

#include "core/alloc.h"
#include "core/assert.h"

enum { FIRST_SLOTS = 64, FETCH_LINES = 3 };

static size_t home_of(const nlt_open_rows *rows, uint64_t hash)
{
    return hash & (rows->n_slots - 1);
}

static size_t next_of(const nlt_open_rows *rows, size_t slot)
{
    return (slot + 1) & (rows->n_slots - 1);
}

nlt_open_row *nlt__open_rows_find(
    const nlt_open_rows *rows, uint64_t hash, nlt_open_row_is_fn is_key, const void *key)
{
    if (rows->n == 0) {
        return NULL;
    }
    size_t i = home_of(rows, hash);
    while (rows->slots[i].row != NULL
        && !(rows->slots[i].hash == hash && is_key(rows->slots[i].row, key))) {
        i = next_of(rows, i);
    }
    return rows->slots[i].row;
}

static void put_in(nlt_open_rows *rows, nlt_open_row *row)
{
    size_t i = home_of(rows, row->hash);
    while (rows->slots[i].row != NULL) {
        i = next_of(rows, i);
    }
    rows->slots[i] = (nlt_open_slot){row->hash, row};
}

/* Twice as many slots once every other has a row. */
static bool make_room(nlt_open_rows *rows)
{
    if (rows->n < rows->n_slots / 2) {
        return true;
    }
    size_t n_slots = rows->n_slots == 0 ? FIRST_SLOTS : rows->n_slots * 2;
    nlt_open_slot *slots = nlt_alloc_zero(n_slots, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    nlt_free(rows->slots);
    rows->slots = slots;
    rows->n_slots = n_slots;
    for (nlt_open_row *row = rows->oldest; row != NULL; row = row->newer) {
        put_in(rows, row);
    }
    return true;
}

/* Frees a row's slot; rows behind it that would not be found over a gap move up. */
static void clear_slot(nlt_open_rows *rows, const nlt_open_row *row)
{
    size_t mask = rows->n_slots - 1;
    size_t gap = home_of(rows, row->hash);
    while (rows->slots[gap].row != row) {
        NLT_ASSERT(rows->slots[gap].row != NULL);
        gap = next_of(rows, gap);
    }
    for (size_t i = next_of(rows, gap); rows->slots[i].row != NULL; i = next_of(rows, i)) {
        size_t home = home_of(rows, rows->slots[i].hash);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            rows->slots[gap] = rows->slots[i];
            gap = i;
        }
    }
    rows->slots[gap].row = NULL;
}

static void append(nlt_open_rows *rows, nlt_open_row *row, int64_t time)
{
    row->time = time;
    row->newer = NULL;
    row->older = rows->newest;
    *(rows->newest == NULL ? &rows->oldest : &rows->newest->newer) = row;
    rows->newest = row;
}

static void take_out(nlt_open_rows *rows, const nlt_open_row *row)
{
    *(row->older == NULL ? &rows->oldest : &row->older->newer) = row->newer;
    *(row->newer == NULL ? &rows->newest : &row->newer->older) = row->older;
}

bool nlt__open_rows_add(nlt_open_rows *rows, nlt_open_row *row, uint64_t hash, int64_t time)
{
    if (!make_room(rows)) {
        return false;
    }
    row->hash = hash;
    put_in(rows, row);
    append(rows, row, time);
    rows->n++;
    return true;
}

void nlt__open_rows_touch(nlt_open_rows *rows, nlt_open_row *row, int64_t time)
{
    take_out(rows, row);
    append(rows, row, time);
}

/* The rows that will go next, after long, are fetched from memory meanwhile. */
static void fetch_next(const nlt_open_rows *rows, const nlt_open_row *next)
{
    nlt__open_rows_fetch(rows, next->hash);
    for (int i = 0; next->newer != NULL && i < FETCH_LINES; i++) {
        __builtin_prefetch((const char *)next->newer + i * 64);
    }
}

void nlt__open_rows_remove(nlt_open_rows *rows, nlt_open_row *row)
{
    clear_slot(rows, row);
    if (row->older == NULL && row->newer != NULL) {
        fetch_next(rows, row->newer);
    }
    take_out(rows, row);
    rows->n--;
}

void nlt__open_rows_clear(nlt_open_rows *rows, void (*free_row)(nlt_open_row *row))
{
    for (nlt_open_row *row = rows->oldest; row != NULL;) {
        nlt_open_row *newer = row->newer;
        free_row(row);
        row = newer;
    }
    nlt_free(rows->slots);
    *rows = (nlt_open_rows){0};
}
