/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_WIRE_REASSEMBLY_H
#define NLT_WIRE_REASSEMBLY_H

/**
 * DNS messages out of TCP segments: streams put in order, then cut by their two-byte lengths.
 *
 * Each direction of a connection is a stream of its own. It starts at its SYN, or at its first data
 * segment. Bytes behind a hole wait; the hole is given up at the end of the file, or when a segment
 * arrives that begins more than 64 KiB behind the next byte expected (or when more than 4096
 * segments wait). An incomplete message before it is lost, and the next segment held is taken as
 * the start of a message. Of overlapping bytes those that were delivered first count. A SYN with a
 * new number ends the old stream and starts a new one. FIN and RST end nothing: later bytes are
 * retransmissions, or fill a hole.
 *
 * @source RFC 9293, RFC 1035 4.2.2, RFC 7766; formats.md 6 for giving up
 * @thread an object belongs to one thread at a time
 */

#include "wire/packet.h"

enum { NLT_REASSEMBLY_GAP_MAX = 65536 };

typedef struct nlt_reassembly nlt_reassembly;

typedef struct nlt_reassembly_options {
    size_t max_bytes;   /* held in all; the streams longest unused are given up (as at the end) */
    size_t max_streams; /* remembered at a time; at most 1 << 20 */
} nlt_reassembly_options;

#define NLT_REASSEMBLY_OPTIONS_INIT                                                                \
    {                                                                                              \
        (size_t)64 << 20, 65536                                                                    \
    }

/** One message, without its two-byte length. */
typedef struct nlt_stream_message {
    nlt_bytes bytes; /* 0 to 65535; borrows until the callback returns */
    nlt_ip src;
    nlt_ip dst;
    uint16_t src_port;
    uint16_t dst_port;
    int64_t time_ns; /* of the packet that completed it */
    int64_t number;  /* of that packet, as given to nlt__reassembly_add */
    bool has_time;
} nlt_stream_message;

/**
 * Receives a message. Sets *is_dns (false on entry) if it makes a row: that decides what its
 * packets count as. A status other than NLT_OK stops the call and is passed on.
 */
typedef nlt_status (*nlt_reassembly_sink)(
    void *user, const nlt_stream_message *message, bool *is_dns, nlt_error *err);

/**
 * What became of the packets given in: after nlt__reassembly_end their sum is the number of calls
 * of nlt__reassembly_add. Before it, packets that wait are in none.
 */
typedef struct nlt_reassembly_counts {
    int64_t used;          /* with bytes of at least one message that is DNS */
    int64_t not_dns;       /* with bytes of complete messages only that are not */
    int64_t truncated;     /* with bytes of a message that a hole or the end of the file cut */
    int64_t ignored;       /* no payload, or nothing new in it */
    int64_t messages;      /* given to the sink */
    int64_t lost_messages; /* cut by a hole or the end */
} nlt_reassembly_counts;

/** @return NLT_OK; NLT_ERR_ARG; NLT_ERR_NOMEM. `*out` is owned: nlt__reassembly_free. */
NLT_API nlt_status nlt__reassembly_new(const nlt_reassembly_options *options,
    nlt_reassembly_sink sink, void *user, nlt_reassembly **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__reassembly_free(nlt_reassembly *reassembly); /* NULL is fine */

/**
 * Takes a segment (status NLT_PACKET_TCP, in the order of the file; copies what it must keep) and
 * gives every message that it completes to the sink.
 *
 * @param number any number by which the caller knows the packet
 * @return NLT_OK; NLT_ERR_NOMEM; what the sink returned
 */
NLT_API nlt_status nlt__reassembly_add(nlt_reassembly *reassembly, const nlt_packet *packet,
    int64_t time_ns, bool has_time, int64_t number, nlt_error *err) NLT_MUST_CHECK;

/** End of the file: holes are given up, in the order in which streams began; all streams end. */
NLT_API nlt_status nlt__reassembly_end(nlt_reassembly *reassembly, nlt_error *err) NLT_MUST_CHECK;

NLT_API nlt_reassembly_counts nlt__reassembly_totals(const nlt_reassembly *reassembly);

/** Bytes held now (for tests and reports). */
NLT_API size_t nlt__reassembly_bytes(const nlt_reassembly *reassembly);

#endif
