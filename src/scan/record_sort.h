/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_RECORD_SORT_H
#define NLT_SCAN_RECORD_SORT_H

/* Records in the order in which pairings take them: by time, then by row_key. */

#include "connectors/record.h"

/* A record, with what it is put in order by at hand. */
typedef struct nlt_record_ref {
    int64_t time;
    int64_t row_key;
    const nlt_record *record;
    void *home; /* its owner's */
} nlt_record_ref;

/* Messages of one packet share time and row_key; their keys put them in one order. */
static inline bool nlt__ref_is_before(const nlt_record_ref *a, const nlt_record_ref *b)
{
    if (a->time != b->time) {
        return a->time < b->time;
    }
    return a->row_key != b->row_key ? a->row_key < b->row_key : a->record->hash < b->record->hash;
}

/* One ref for each record of a buffer, in its order; `refs` has room for all. */
void nlt__record_refs(const nlt_buf *records, void *home, nlt_record_ref *refs);
int64_t nlt__record_count(const nlt_buf *records);
/* Stable. The first `sorted` refs are in order. Linear where there are few ordered runs, as in what
 * was read in order. NLT_ERR_NOMEM. */
nlt_status nlt__record_sort(
    nlt_record_ref *refs, int64_t sorted, int64_t n, nlt_error *err) NLT_MUST_CHECK;

#endif
