/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_OPEN_ROWS_H
#define NLT_CONNECTORS_OPEN_ROWS_H

/* Rows of a pairing that wait for more records: found by key, let go by age.
 *
 * The table owns no row: a row of the connector begins with an nlt_open_row, is added, and is the
 * connector's again once it was removed. Memory follows the rows that are open. */

#include "netlytics/base.h"

typedef struct nlt_open_row nlt_open_row;

struct nlt_open_row {
    nlt_open_row *older;
    nlt_open_row *newer;
    uint64_t hash; /* of the key */
    int64_t time;  /* ns; when it was touched last */
};

typedef struct nlt_open_slot {
    uint64_t hash;
    nlt_open_row *row; /* NULL: free */
} nlt_open_slot;

/* All zero: empty. */
typedef struct nlt_open_rows {
    nlt_open_slot *slots; /* owned; a power of two */
    size_t n_slots;
    size_t n; /* <= n_slots / 2 */
    nlt_open_row *oldest;
    nlt_open_row *newest;
} nlt_open_rows;

/* Does a row have this key? Asked only where the hashes agree. */
typedef bool (*nlt_open_row_is_fn)(const nlt_open_row *row, const void *key);

/* NULL: no such row is open. */
NLT_API nlt_open_row *nlt__open_rows_find(
    const nlt_open_rows *rows, uint64_t hash, nlt_open_row_is_fn is_key, const void *key);
/* A row of this hash will soon be looked for: what finds it is fetched from memory meanwhile. */
static inline void nlt__open_rows_fetch(const nlt_open_rows *rows, uint64_t hash)
{
    if (rows->n_slots > 0) {
        __builtin_prefetch(&rows->slots[hash & (rows->n_slots - 1)]);
    }
}

/* Opens a row whose key no other has, as the newest: times do not step back. False: out of memory,
 * and the row was not added. */
NLT_API bool nlt__open_rows_add(
    nlt_open_rows *rows, nlt_open_row *row, uint64_t hash, int64_t time) NLT_MUST_CHECK;
/* Makes a row the newest. */
NLT_API void nlt__open_rows_touch(nlt_open_rows *rows, nlt_open_row *row, int64_t time);
NLT_API void nlt__open_rows_remove(nlt_open_rows *rows, nlt_open_row *row);
/* The oldest row if it was touched more than `age` ns before `now`; at INT64_MAX any. NULL: none. */
static inline nlt_open_row *nlt__open_rows_expired(
    const nlt_open_rows *rows, int64_t now, int64_t age)
{
    int64_t until = 0;
    if (rows->oldest == NULL || now == INT64_MAX) {
        return rows->oldest;
    }
    bool is_any = !__builtin_sub_overflow(now, age, &until) && rows->oldest->time < until;
    return is_any ? rows->oldest : NULL;
}
/* Removes all rows, each given to `free_row`, and frees the table. */
NLT_API void nlt__open_rows_clear(nlt_open_rows *rows, void (*free_row)(nlt_open_row *row));

#endif
