/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_WIRE_PACKET_H
#define NLT_WIRE_PACKET_H

/**
 * From a captured frame to a UDP datagram, a TCP segment or an IP fragment.
 *
 * Link types: NULL (0), Ethernet (1), PPP (9), raw IP (12, 14, 101, 228, 229), LOOP (108), Linux
 * cooked (113, 276), radiotap (127), NFLOG (239). Between link and IP: 802.1Q/ad tags, MPLS,
 * PPPoE, LLC/SNAP. Tunnels are not entered. The IP version is that of the first four bits; the IP
 * length rules (frames may carry padding), but an IPv6 length of 0 means "to the end".
 *
 * @source RFC 791, 8200, 768, 9293, 3032, 2516, 1661, 4302; tcpdump.org/linktypes
 * @thread safe; pure functions
 */

#include "core/ip.h"

enum { NLT_IP_TCP = 6, NLT_IP_UDP = 17, NLT_PORT_DNS = 53, NLT_PORT_MDNS = 5353 };

enum {
    NLT_TCP_FIN = 0x01,
    NLT_TCP_SYN = 0x02,
    NLT_TCP_RST = 0x04,
    NLT_TCP_PSH = 0x08,
    NLT_TCP_ACK = 0x10
};

/** What a frame turned out to be, and what the report says of it. */
typedef enum nlt_packet_status {
    NLT_PACKET_UDP = 0,  /**< datagram for a DNS port; payload is set */
    NLT_PACKET_TCP,      /**< segment for a DNS port (payload may be empty) */
    NLT_PACKET_FRAGMENT, /**< for nlt__fragments_add; payload is the fragment's piece */
    NLT_PACKET_IGNORED,  /**< no DNS ports, no IP, no UDP or TCP, or an IP or TCP header or fragment
                              that does not add up: an ignored packet */
    NLT_PACKET_LINK,     /**< link type not known: an ignored packet, and worth one warning */
    NLT_PACKET_CUT,      /**< DNS port, but IP or UDP length beyond the captured bytes: skipped as
                              truncated_packet */
    NLT_PACKET_SHORT     /**< DNS port, UDP length below 8: skipped as not_dns */
} nlt_packet_status;

/** Addresses are always set but for LINK and IGNORED; ports for UDP, TCP, CUT, SHORT. */
typedef struct nlt_packet {
    const uint8_t *payload; /* of UDP or TCP, or the piece of a fragment; borrows from the frame */
    size_t payload_len;
    nlt_ip src;
    nlt_ip dst;
    uint16_t src_port;
    uint16_t dst_port;
    uint8_t protocol;        /* IP protocol number; of an IPv6 fragment: its next header */
    uint8_t tcp_flags;       /* NLT_TCP_ bits */
    bool has_more_fragments; /* fragments: more follow */
    uint32_t tcp_seq;
    uint32_t fragment_id;     /* fragments: identification, 16 or 32 bits */
    uint32_t fragment_offset; /* fragments: bytes, a multiple of 8, below 65536 */
} nlt_packet;

/**
 * Decodes one frame.
 *
 * @param link_type     LINKTYPE_ value
 * @param frame         captured bytes; need not be the whole frame
 * @param is_big_endian byte order of the file's writer (NFLOG)
 * @param packet        [out] see nlt_packet
 * @cost  about 10 ns for UDP in IPv4 in Ethernet
 */
NLT_API nlt_packet_status nlt__packet_decode(
    uint32_t link_type, nlt_bytes frame, bool is_big_endian, nlt_packet *packet);

/**
 * Decodes the reassembled payload of an IP datagram (remaining IPv6 extension headers, then UDP or
 * TCP). `packet` has its addresses and protocol already (from a fragment); ports and payload are
 * set. Never returns FRAGMENT or LINK.
 */
NLT_API nlt_packet_status nlt__packet_transport(nlt_bytes payload, nlt_packet *packet);

/** A port that DNS messages are looked for on. */
static inline bool nlt__packet_is_dns_port(uint16_t port)
{
    return port == NLT_PORT_DNS || port == NLT_PORT_MDNS;
}

/** Whether one of the two ports is that of multicast DNS (top bit of a class is masked then). */
static inline bool nlt__packet_is_mdns(const nlt_packet *packet)
{
    return packet->src_port == NLT_PORT_MDNS || packet->dst_port == NLT_PORT_MDNS;
}

#endif
