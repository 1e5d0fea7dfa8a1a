/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_RECORD_H
#define NLT_CONNECTORS_RECORD_H

/* Records: one line or message of several that make a row, on its way to where it meets the others.
 *
 * A record is packed into the buffer of its share (some bits of its key's hash), body and all, so
 * that a share can be kept, put in order and spilled without knowing what is in it. */

#include "core/buf.h"

enum { NLT_SHARES = 16, NLT_RECORD_MAX = 1 << 20 };

typedef struct nlt_record {
    uint64_t hash;   /* of the key */
    int64_t time;    /* ns since 1970-01-01 UTC; records of a key are taken in this order */
    int64_t row_key; /* of the line or packet */
    uint32_t len;    /* of the body */
    uint32_t kind;   /* the connector's */
    uint8_t body[];  /* padded to 8 bytes */
} nlt_record;

typedef struct nlt_records {
    nlt_buf shares[NLT_SHARES]; /* records one behind the other, each padded to 8 bytes */
    int64_t counts[NLT_SHARES]; /* records of each share */
    int64_t max_time;           /* of all of them */
    nlt_buf pieces;             /* likewise: packets for nlt_assembly, in the order of the file */
    nlt_status failed;          /* first shortage of memory; checked by the scan */
} nlt_records;

/* Empty ones, with room for `max` bytes in each share. */
NLT_API void nlt__records_init(nlt_records *records, size_t max);
/* Empties them; their memory stays for the next ones. */
NLT_API void nlt__records_rewind(nlt_records *records);
NLT_API void nlt__records_clear(nlt_records *records);

static inline int nlt__share_of(uint64_t hash)
{
    return (int)(hash >> 60);
}

static inline size_t nlt__record_size(uint32_t len)
{
    return (sizeof(nlt_record) + len + 7) & ~(size_t)7;
}

/* Makes room in a buffer. False: no memory, which the scan tells. */
NLT_API bool nlt__record_reserve(nlt_records *records, nlt_buf *buf, size_t size);

/* Room for a record whose body has at most `cap` (<= NLT_RECORD_MAX) bytes; the caller fills it and
 * calls nlt__record_end. NULL: no memory, which the scan tells. */
static inline nlt_record *nlt__record_begin(nlt_records *records, uint64_t hash, size_t cap)
{
    nlt_buf *buf = &records->shares[nlt__share_of(hash)];
    size_t size = nlt__record_size((uint32_t)cap);
    if (buf->cap - buf->len < size && !nlt__record_reserve(records, buf, size)) {
        return NULL;
    }
    nlt_record *record = (nlt_record *)(void *)(buf->ptr + buf->len);
    record->hash = hash;
    return record;
}

/* Counts the record that was begun last, with `len` bytes of body. */
static inline void nlt__record_end(nlt_records *records, nlt_record *record, uint32_t len)
{
    int share = nlt__share_of(record->hash);
    record->len = len;
    records->shares[share].len += nlt__record_size(len);
    records->counts[share]++;
    records->max_time = record->time > records->max_time ? record->time : records->max_time;
}

/* Adds a piece: a record without key whose body is a copy of `bytes` (at most NLT_RECORD_MAX). */
NLT_API void nlt__record_add_piece(nlt_records *records, nlt_record head, nlt_bytes bytes);

#endif
