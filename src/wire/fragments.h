/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_WIRE_FRAGMENTS_H
#define NLT_WIRE_FRAGMENTS_H

/**
 * IP fragments put together, IPv4 and IPv6, in any order, with bounds.
 *
 * A datagram is known by (source, destination, identification, for IPv4 the protocol too). Pieces
 * that overlap and agree are fine (retransmissions); a datagram of which two pieces contradict each
 * other, or whose ends contradict each other, is dropped with all its later pieces (RFC 5722, and
 * Linux for IPv4). The time and ports of the whole are those of the piece that completes it.
 *
 * @source RFC 791 3.2, RFC 8200 4.5, RFC 5722, RFC 815
 * @thread an object belongs to one thread at a time
 */

#include "wire/packet.h"

typedef struct nlt_fragments nlt_fragments;

typedef struct nlt_fragments_options {
    size_t max_bytes;     /* held in all; the oldest datagrams give way */
    size_t max_datagrams; /* open at a time; at most 65536 */
    int64_t max_age_ns;   /* from the first piece of a datagram to its last */
} nlt_fragments_options;

/* RFC 8200 4.5: 60 s. */
#define NLT_FRAGMENTS_OPTIONS_INIT                                                                 \
    {                                                                                              \
        (size_t)16 << 20, 8192, INT64_C(60000000000)                                               \
    }

typedef enum nlt_fragments_status {
    NLT_FRAGMENTS_HELD = 0, /**< kept (or an agreeing repetition of what is kept) */
    NLT_FRAGMENTS_WHOLE,    /**< this piece completes its datagram */
    NLT_FRAGMENTS_DROPPED   /**< of a contradictory datagram, or not a possible piece */
} nlt_fragments_status;

/** A whole datagram. */
typedef struct nlt_datagram {
    nlt_bytes payload;   /* for nlt__packet_transport; borrows until the next call */
    uint8_t protocol;    /* of the first piece (IPv6: its next header) */
    int64_t n_fragments; /* pieces that it took, this one included: all are "used" packets if the
                            message is, and none has been counted before */
} nlt_datagram;

/** @return NLT_OK; NLT_ERR_ARG; NLT_ERR_NOMEM. `*out` is owned: nlt__fragments_free. */
NLT_API nlt_status nlt__fragments_new(
    const nlt_fragments_options *options, nlt_fragments **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__fragments_free(nlt_fragments *fragments); /* NULL is fine */

/**
 * Takes one fragment (a packet of status NLT_PACKET_FRAGMENT); copies its bytes.
 *
 * Pieces that never make a datagram are nowhere counted: whoever calls knows how many went in, and
 * how many came back in n_fragments; the others are ignored packets.
 *
 * @param packet  [in,out] WHOLE: `protocol` becomes that of the datagram
 * @param whole   [out] set with WHOLE
 * @return NLT_OK; NLT_ERR_NOMEM
 */
NLT_API nlt_status nlt__fragments_add(nlt_fragments *fragments, nlt_packet *packet, int64_t time_ns,
    nlt_fragments_status *status, nlt_datagram *whole, nlt_error *err) NLT_MUST_CHECK;

/** Bytes held now (for tests and reports). */
NLT_API size_t nlt__fragments_bytes(const nlt_fragments *fragments);

#endif
