/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP segments of four streams in any order: flags and stream (1 byte), sequence number (2 bytes
 * and a shift), length (1 byte), bytes. Every packet is counted once, and no memory is left. */

#include <stdlib.h>
#include <string.h>

#include "wire/reassembly.h"

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static nlt_status take(void *user, const nlt_stream_message *message, bool *is_dns, nlt_error *err)
{
    int64_t *n_added = user;
    (void)err;
    check(message->bytes.len <= 65535 && message->number < *n_added);
    *is_dns = message->bytes.len > 0 && message->bytes.ptr[message->bytes.len - 1] % 2 == 0;
    return NLT_OK;
}

static void segment(nlt_reassembly *reassembly, const uint8_t *head, const uint8_t *bytes,
    size_t len, int64_t *n_added)
{
    nlt_packet packet;
    memset(&packet, 0, sizeof packet);
    packet.src.family = packet.dst.family = 4;
    packet.src_port = NLT_PORT_DNS;
    packet.dst_port = head[0] & 3;
    packet.tcp_flags = head[0] >> 2 & 7; /* FIN SYN RST */
    packet.tcp_seq = ((uint32_t)head[1] << 8 | head[2]) << (head[0] >> 5);
    packet.payload = bytes;
    packet.payload_len = len;
    int64_t number = (*n_added)++;
    check(nlt__reassembly_add(reassembly, &packet, number, true, number, NULL) == NLT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const nlt_reassembly_options options = {(size_t)1 << 20, 3};
    nlt_reassembly *reassembly;
    int64_t n_added = 0;
    if (nlt__reassembly_new(&options, take, &n_added, &reassembly, NULL) != NLT_OK) {
        return 0;
    }
    while (size >= 4) {
        size_t len = data[3];
        len = len < size - 4 ? len : size - 4;
        segment(reassembly, data, data + 4, len, &n_added);
        data += 4 + len;
        size -= 4 + len;
    }
    check(nlt__reassembly_end(reassembly, NULL) == NLT_OK);
    nlt_reassembly_counts counts = nlt__reassembly_totals(reassembly);
    check(counts.used + counts.not_dns + counts.truncated + counts.ignored == n_added);
    check(nlt__reassembly_bytes(reassembly) == 0);
    nlt__reassembly_free(reassembly);
    return 0;
}
