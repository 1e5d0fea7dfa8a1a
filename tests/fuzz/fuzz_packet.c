/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of every link type, one after another; fragments are put together. A frame is: number of
 * the link type, length (2 bytes, little endian), bytes. */

#include <stdlib.h>
#include <string.h>

#include "wire/fragments.h"

static const uint32_t link_types[] = {1, 0, 9, 12, 14, 101, 108, 113, 127, 228, 229, 239, 276, 7};

enum { N_LINK_TYPES = sizeof link_types / sizeof link_types[0] };

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static uint8_t sum(const nlt_packet *packet)
{
    uint8_t total = 0;
    for (size_t i = 0; i < packet->payload_len; i++) {
        total = (uint8_t)(total + packet->payload[i]);
    }
    return total;
}

static void one_frame(nlt_fragments *fragments, uint8_t kind, nlt_bytes frame, int64_t *n_open)
{
    nlt_packet packet;
    memset(&packet, 0, sizeof packet);
    nlt_packet_status status =
        nlt__packet_decode(link_types[kind % N_LINK_TYPES], frame, kind >= 128, &packet);
    volatile uint8_t total = status <= NLT_PACKET_FRAGMENT ? sum(&packet) : 0;
    (void)total;
    if (status != NLT_PACKET_FRAGMENT) {
        return;
    }
    nlt_fragments_status held;
    nlt_datagram whole;
    (*n_open)++;
    if (nlt__fragments_add(fragments, &packet, kind, &held, &whole, NULL) != NLT_OK
        || held != NLT_FRAGMENTS_WHOLE) {
        return;
    }
    *n_open -= whole.n_fragments;
    check(*n_open >= 0 && whole.payload.len <= 65535);
    status = nlt__packet_transport(whole.payload, &packet);
    check(status != NLT_PACKET_FRAGMENT);
    total = status <= NLT_PACKET_TCP ? sum(&packet) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const nlt_fragments_options options = {(size_t)1 << 18, 4, 40};
    nlt_fragments *fragments;
    int64_t n_open = 0;
    if (nlt__fragments_new(&options, &fragments, NULL) != NLT_OK) {
        return 0;
    }
    while (size >= 3) {
        size_t len = (size_t)data[1] | (size_t)data[2] << 8;
        uint8_t kind = data[0];
        data += 3;
        size -= 3;
        len = len < size ? len : size;
        char *copy = malloc(len > 0 ? len : 1);
        check(copy != NULL);
        memcpy(copy, data, len);
        one_frame(fragments, kind, (nlt_bytes){copy, len}, &n_open);
        check(nlt__fragments_bytes(fragments) <= options.max_bytes);
        free(copy);
        data += len;
        size -= len;
    }
    nlt__fragments_free(fragments);
    return 0;
}
