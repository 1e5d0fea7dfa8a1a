/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connectors/record.h"

#include <string.h>

void nlt__records_init(nlt_records *records, size_t max)
{
    *records = (nlt_records){.pieces = NLT_BUF_INIT(max)};
    for (int i = 0; i < NLT_SHARES; i++) {
        records->shares[i] = (nlt_buf)NLT_BUF_INIT(max);
    }
}

void nlt__records_rewind(nlt_records *records)
{
    records->pieces.len = 0;
    for (int i = 0; i < NLT_SHARES; i++) {
        records->shares[i].len = 0;
        records->counts[i] = 0;
    }
}

void nlt__records_clear(nlt_records *records)
{
    nlt__buf_clear(&records->pieces);
    for (int i = 0; i < NLT_SHARES; i++) {
        nlt__buf_clear(&records->shares[i]);
    }
}

bool nlt__record_reserve(nlt_records *records, nlt_buf *buf, size_t size)
{
    nlt_status status = nlt__buf_reserve(buf, size, NULL);
    records->failed = status != NLT_OK ? status : records->failed;
    return status == NLT_OK;
}

void nlt__record_add_piece(nlt_records *records, nlt_record head, nlt_bytes bytes)
{
    nlt_buf *pieces = &records->pieces;
    if (!nlt__record_reserve(records, pieces, nlt__record_size((uint32_t)bytes.len))) {
        return;
    }
    nlt_record *piece = (nlt_record *)(void *)(pieces->ptr + pieces->len);
    *piece = head;
    piece->len = (uint32_t)bytes.len;
    if (bytes.len > 0) {
        memcpy(piece->body, bytes.ptr, bytes.len);
    }
    records->pieces.len += nlt__record_size(piece->len);
}
