/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chained hash table whose links lie in the rows, and a list of the rows in order of time. */

#include "connectors/open_rows.h"

#include "core/alloc.h"
#include "core/assert.h"

enum { FIRST_SLOTS = 64 };

static nlt_open_row **slot_of(const nlt_open_rows *rows, uint64_t hash)
{
    return &rows->slots[hash & (rows->n_slots - 1)];
}

nlt_open_row *nlt__open_rows_find(const nlt_open_rows *rows, uint64_t hash,
    nlt_open_row_is_fn is_key, const void *key)
{
    nlt_open_row *row = rows->n == 0 ? NULL : *slot_of(rows, hash);
    while (row != NULL && !(row->hash == hash && is_key(row, key))) {
        row = row->chain;
    }
    return row;
}

static void chain_in(const nlt_open_rows *rows, nlt_open_row *row)
{
    nlt_open_row **slot = slot_of(rows, row->hash);
    row->chain = *slot;
    *slot = row;
}

/* Twice as many slots once every other has a row: the rows of a chain are far apart in memory. */
static bool make_room(nlt_open_rows *rows)
{
    if (rows->n < rows->n_slots / 2) {
        return true;
    }
    size_t n_slots = rows->n_slots == 0 ? FIRST_SLOTS : rows->n_slots * 2;
    nlt_open_row **slots = nlt_alloc_zero(n_slots, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    nlt_free(rows->slots);
    rows->slots = slots;
    rows->n_slots = n_slots;
    for (nlt_open_row *row = rows->oldest; row != NULL; row = row->newer) {
        chain_in(rows, row);
    }
    return true;
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
    chain_in(rows, row);
    append(rows, row, time);
    rows->n++;
    return true;
}

void nlt__open_rows_touch(nlt_open_rows *rows, nlt_open_row *row, int64_t time)
{
    take_out(rows, row);
    append(rows, row, time);
}

void nlt__open_rows_remove(nlt_open_rows *rows, nlt_open_row *row)
{
    nlt_open_row **link = slot_of(rows, row->hash);
    while (*link != row) {
        NLT_ASSERT(*link != NULL);
        link = &(*link)->chain;
    }
    *link = row->chain;
    take_out(rows, row);
    rows->n--;
}

nlt_open_row *nlt__open_rows_expired(const nlt_open_rows *rows, int64_t now, int64_t age)
{
    int64_t until = 0;
    if (rows->oldest == NULL || now == INT64_MAX) {
        return rows->oldest;
    }
    bool is_any = !__builtin_sub_overflow(now, age, &until) && rows->oldest->time < until;
    return is_any ? rows->oldest : NULL;
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
