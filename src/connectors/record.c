/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connectors/record.h"

#include <string.h>

static nlt_record *reserve(nlt_records *records, nlt_buf *buf, size_t cap)
{
    nlt_status status = nlt__buf_reserve(buf, nlt__record_size((uint32_t)cap), NULL);
    if (status != NLT_OK) {
        records->failed = status;
        return NULL;
    }
    return (nlt_record *)(void *)(buf->ptr + buf->len);
}

nlt_record *nlt__record_begin(nlt_records *records, uint64_t hash, size_t cap)
{
    nlt_record *record = reserve(records, &records->shares[nlt__share_of(hash)], cap);
    if (record != NULL) {
        record->hash = hash;
    }
    return record;
}

void nlt__record_end(nlt_records *records, nlt_record *record, uint32_t len)
{
    int share = nlt__share_of(record->hash);
    record->len = len;
    records->shares[share].len += nlt__record_size(len);
    records->counts[share]++;
    records->max_time = record->time > records->max_time ? record->time : records->max_time;
}

void nlt__record_add_piece(nlt_records *records, nlt_record head, nlt_bytes bytes)
{
    nlt_record *piece = reserve(records, &records->pieces, bytes.len);
    if (piece == NULL) {
        return;
    }
    *piece = head;
    piece->len = (uint32_t)bytes.len;
    if (bytes.len > 0) {
        memcpy(piece->body, bytes.ptr, bytes.len);
    }
    records->pieces.len += nlt__record_size(piece->len);
}
