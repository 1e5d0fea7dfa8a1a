/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connectors/record.h"

nlt_record *nlt__record_begin(nlt_records *records, uint64_t hash, size_t cap)
{
    nlt_buf *share = &records->shares[nlt__share_of(hash)];
    nlt_status status = nlt__buf_reserve(share, nlt__record_size((uint32_t)cap), NULL);
    if (status != NLT_OK) {
        records->failed = status;
        return NULL;
    }
    nlt_record *record = (nlt_record *)(void *)(share->ptr + share->len);
    record->hash = hash;
    return record;
}

void nlt__record_end(nlt_records *records, nlt_record *record, uint32_t len)
{
    record->len = len;
    records->shares[nlt__share_of(record->hash)].len += nlt__record_size(len);
}
