/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Link layer, IP and transport headers. Every layer is a function from a slice to a smaller slice;
 * a slice without bytes means "not IP". `wire_len` is what IP says, `len` what was captured.
 */

#include "wire/packet.h"

#include "wire/load.h"

enum {
    TYPE_VLAN = 0x8100,
    TYPE_QINQ = 0x88a8,
    TYPE_OLD_QINQ = 0x9100,
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_MPLS = 0x8847,
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_PPPOE = 0x8864,
    TYPE_LENGTH_MAX = 1500
};

enum { LINK_ETHERNET = 1 };
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281 };

/* IPv6 extension headers (RFC 8200 4, RFC 4302) and fragments. */
enum {
    IP_HOP_BY_HOP = 0,
    IP_ROUTING = 43,
    IP_FRAGMENT = 44,
    IP_AUTHENTICATION = 51,
    IP_DESTINATION = 60,
    IP_MOBILITY = 135,
    IP_HIP = 139,
    IP_SHIM6 = 140
};

typedef struct slice {
    const uint8_t *p;
    size_t len;
} slice;

static const slice not_ip = {NULL, 0};

static slice drop(slice s, size_t n)
{
    return n <= s.len ? (slice){s.p + n, s.len - n} : not_ip;
}

/* RFC 3032: labels of four bytes up to the one with the bottom bit. */
static slice after_mpls(slice s)
{
    while (s.len >= 4) {
        bool is_bottom = (s.p[2] & 1) != 0;
        s = drop(s, 4);
        if (is_bottom) {
            return s;
        }
    }
    return not_ip;
}

/* RFC 1661: the protocol has one byte if that is odd; address and control may stand before it. */
static slice after_ppp(slice s)
{
    if (s.len >= 2 && s.p[0] == 0xff && s.p[1] == 0x03) {
        s = drop(s, 2);
    }
    if (s.len < 2) {
        return not_ip;
    }
    bool is_short = (s.p[0] & 1) != 0;
    uint16_t protocol = is_short ? s.p[0] : nlt__load_be16(s.p);
    s = drop(s, is_short ? 1 : 2);
    if (protocol == PPP_MPLS) {
        return after_mpls(s);
    }
    return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? s : not_ip;
}

/* What an EtherType announces; `s` begins behind the type. */
static slice after_ether_type(uint16_t type, slice s)
{
    for (;;) {
        switch (type) {
        case TYPE_IPV4:
        case TYPE_IPV6:
            return s;
        case TYPE_VLAN:
        case TYPE_QINQ:
        case TYPE_OLD_QINQ:
            if (s.len < 4) {
                return not_ip;
            }
            type = nlt__load_be16(s.p + 2);
            s = drop(s, 4);
            break;
        case TYPE_MPLS:
        case TYPE_MPLS_MULTICAST:
            return after_mpls(s);
        case TYPE_PPPOE: /* RFC 2516: version 1, type 1, code 0 (session data) */
            return s.len >= 6 && s.p[0] == 0x11 && s.p[1] == 0 ? after_ppp(drop(s, 6)) : not_ip;
        default:
            /* IEEE 802.3: a length, then LLC with the SNAP form of an EtherType. */
            if (type > TYPE_LENGTH_MAX || s.len < 8 || s.p[0] != 0xaa || s.p[1] != 0xaa
                || s.p[2] != 3) {
                return not_ip;
            }
            type = nlt__load_be16(s.p + 6);
            s = drop(s, 8);
            if (type <= TYPE_LENGTH_MAX) {
                return not_ip;
            }
            break;
        }
    }
}

static slice after_ethernet(slice s, bool is_big_endian)
{
    (void)is_big_endian;
    return s.len < 14 ? not_ip : after_ether_type(nlt__load_be16(s.p + 12), drop(s, 14));
}

static slice after_nothing(slice s, bool is_big_endian)
{
    (void)is_big_endian;
    return s;
}

/* Four bytes of address family: in the writer's order (NULL) or big endian (LOOP). */
static slice after_loopback(slice s, bool is_big_endian)
{
    static const uint8_t families[] = {2, 10, 24, 28, 30};
    (void)is_big_endian;
    if (s.len < 4) {
        return not_ip;
    }
    uint32_t little = nlt__load_le32(s.p);
    uint32_t big = nlt__load_be32(s.p);
    for (size_t i = 0; i < sizeof families; i++) {
        if (families[i] == little || families[i] == big) {
            return drop(s, 4);
        }
    }
    return not_ip;
}

static slice after_ppp_link(slice s, bool is_big_endian)
{
    (void)is_big_endian;
    return after_ppp(s);
}

static slice after_cooked(slice s, bool is_big_endian)
{
    (void)is_big_endian;
    return s.len < 16 ? not_ip : after_ether_type(nlt__load_be16(s.p + 14), drop(s, 16));
}

static slice after_cooked2(slice s, bool is_big_endian)
{
    (void)is_big_endian;
    return s.len < 20 ? not_ip : after_ether_type(nlt__load_be16(s.p), drop(s, 20));
}

/* Whether radiotap's flags say that the 802.11 header is padded to four bytes. */
static bool radiotap_pads(slice s)
{
    size_t at = 4;
    uint32_t present = nlt__load_le32(s.p + at);
    for (uint32_t word = present; (word & UINT32_C(0x80000000)) != 0;) {
        at += 4;
        if (s.len < at + 4) {
            return false;
        }
        word = nlt__load_le32(s.p + at);
    }
    at += 4;
    if ((present & 2) == 0) {
        return false;
    }
    if ((present & 1) != 0) {
        at = ((at + 7) & ~(size_t)7) + 8;
    }
    return at < s.len && (s.p[at] & 0x20) != 0;
}

/* IEEE 802.11 data frames, not encrypted, behind a radiotap header. */
static slice after_radiotap(slice s, bool is_big_endian)
{
    (void)is_big_endian;
    if (s.len < 8 || nlt__load_le16(s.p + 2) < 8 || nlt__load_le16(s.p + 2) > s.len) {
        return not_ip;
    }
    size_t header = nlt__load_le16(s.p + 2);
    bool is_padded = radiotap_pads((slice){s.p, header});
    s = drop(s, header);
    if (s.len < 24) {
        return not_ip;
    }
    bool is_data = (s.p[0] & 0x0f) == 0x08;
    bool has_no_data = (s.p[0] & 0x40) != 0;
    bool has_qos = (s.p[0] & 0x80) != 0;
    bool is_later_or_encrypted = (s.p[1] & 0x40) != 0 || (nlt__load_le16(s.p + 22) & 0x0f) != 0;
    if (!is_data || has_no_data || is_later_or_encrypted) {
        return not_ip;
    }
    size_t len = 24 + ((s.p[1] & 3) == 3 ? 6 : 0);
    if (has_qos) {
        bool is_aggregate = s.len > len && (s.p[len] & 0x80) != 0;
        len += (s.p[1] & 0x80) != 0 ? 6 : 2;
        if (is_aggregate) {
            return not_ip;
        }
    }
    return after_ether_type(0, drop(s, is_padded ? (len + 3) & ~(size_t)3 : len));
}

/* Attributes of Linux's netfilter log; number 9 is the packet. */
static slice after_nflog(slice s, bool is_big_endian)
{
    enum { NFLOG_PAYLOAD = 9 };
    if (s.len < 4 || s.p[1] != 0) {
        return not_ip;
    }
    s = drop(s, 4);
    while (s.len >= 4) {
        size_t len = nlt__load_16(s.p, is_big_endian);
        if (len < 4 || len > s.len) {
            return not_ip;
        }
        if ((nlt__load_16(s.p + 2, is_big_endian) & 0x7fff) == NFLOG_PAYLOAD) {
            return (slice){s.p + 4, len - 4};
        }
        s = drop(s, (len + 3) & ~(size_t)3);
    }
    return not_ip;
}

static const struct {
    uint32_t link_type;
    slice (*strip)(slice frame, bool is_big_endian);
} links[] = {
    {LINK_ETHERNET, after_ethernet},
    {101, after_nothing},
    {113, after_cooked},
    {276, after_cooked2},
    {0, after_loopback},
    {108, after_loopback},
    {12, after_nothing},
    {14, after_nothing},
    {228, after_nothing},
    {229, after_nothing},
    {9, after_ppp_link},
    {127, after_radiotap},
    {239, after_nflog},
};

/* False: the link type is not known. */
static bool strip_link(uint32_t link_type, bool is_big_endian, slice *s)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        if (links[i].link_type == link_type) {
            *s = links[i].strip(*s, is_big_endian);
            return true;
        }
    }
    return false;
}

/* Whether the first four bytes behind IP are there and name a DNS port. */
static bool has_dns_port(slice s, nlt_packet *packet)
{
    if (s.len < 4) {
        return false;
    }
    packet->src_port = nlt__load_be16(s.p);
    packet->dst_port = nlt__load_be16(s.p + 2);
    return nlt__packet_is_dns_port(packet->src_port) || nlt__packet_is_dns_port(packet->dst_port);
}

static inline nlt_packet_status decode_udp(slice s, bool is_cut, nlt_packet *packet)
{
    if (!has_dns_port(s, packet)) {
        return NLT_PACKET_IGNORED;
    }
    if (is_cut) {
        return NLT_PACKET_CUT;
    }
    size_t len = s.len >= 6 ? nlt__load_be16(s.p + 4) : 0;
    if (len < 8) {
        return NLT_PACKET_SHORT;
    }
    if (len > s.len) {
        return NLT_PACKET_CUT;
    }
    packet->payload = s.p + 8;
    packet->payload_len = len - 8;
    return NLT_PACKET_UDP;
}

static nlt_packet_status decode_tcp(slice s, size_t wire_len, nlt_packet *packet)
{
    if (!has_dns_port(s, packet)) {
        return NLT_PACKET_IGNORED;
    }
    size_t header = s.len > 12 ? (size_t)(s.p[12] >> 4) * 4 : 20;
    if (wire_len < 20 || header < 20 || header > wire_len) {
        return NLT_PACKET_IGNORED;
    }
    if (s.len < wire_len) {
        return NLT_PACKET_CUT;
    }
    packet->tcp_seq = nlt__load_be32(s.p + 4);
    packet->tcp_flags = s.p[13];
    packet->payload = s.p + header;
    packet->payload_len = s.len - header;
    return NLT_PACKET_TCP;
}

/* `wire_len`: bytes of the IP payload as IP says, at least s.len. */
static inline nlt_packet_status decode_transport(slice s, size_t wire_len, nlt_packet *packet)
{
    if (packet->protocol == NLT_IP_UDP) {
        return decode_udp(s, s.len < wire_len, packet);
    }
    return packet->protocol == NLT_IP_TCP ? decode_tcp(s, wire_len, packet) : NLT_PACKET_IGNORED;
}

static nlt_packet_status set_fragment(slice s, size_t wire_len, nlt_packet *packet)
{
    /* All but the last are multiples of 8; none reaches beyond 64 KiB (RFC 8200 4.5). */
    if (s.len < wire_len || s.len == 0 || (packet->has_more_fragments && s.len % 8 != 0)
        || packet->fragment_offset + s.len > 65535) {
        return NLT_PACKET_IGNORED;
    }
    packet->payload = s.p;
    packet->payload_len = s.len;
    return NLT_PACKET_FRAGMENT;
}

/* In one store: who copies the address soon would wait for several. */
static nlt_ip ipv4_at(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    const uint32_t words[4] = {word};
    nlt_ip ip = {.family = 4};
    memcpy(ip.bytes, words, sizeof ip.bytes);
    return ip;
}

static nlt_packet_status decode_ipv4(slice s, nlt_packet *packet)
{
    if (s.len < 20) {
        return NLT_PACKET_IGNORED;
    }
    size_t header = (size_t)(s.p[0] & 15) * 4;
    size_t total = nlt__load_be16(s.p + 2);
    if (header < 20 || total < header || s.len < header) {
        return NLT_PACKET_IGNORED;
    }
    packet->protocol = s.p[9];
    uint16_t fragment = nlt__load_be16(s.p + 6);
    packet->src = ipv4_at(s.p + 12);
    packet->dst = ipv4_at(s.p + 16);
    size_t captured = s.len < total ? s.len : total;
    slice rest = {s.p + header, captured - header};
    if ((fragment & 0x3fff) == 0) {
        return decode_transport(rest, total - header, packet);
    }
    packet->has_more_fragments = (fragment & 0x2000) != 0;
    packet->fragment_offset = (uint32_t)(fragment & 0x1fff) * 8;
    packet->fragment_id = nlt__load_be16(s.p + 4);
    return set_fragment(rest, total - header, packet);
}

/* Bytes of the extension header of this kind at p, of which at least 8 are there; 0: another. */
static size_t extension_bytes(uint8_t kind, const uint8_t *p)
{
    switch (kind) {
    case IP_HOP_BY_HOP:
    case IP_ROUTING:
    case IP_DESTINATION:
    case IP_MOBILITY:
    case IP_HIP:
    case IP_SHIM6:
        return ((size_t)p[1] + 1) * 8;
    case IP_AUTHENTICATION:
        return ((size_t)p[1] + 2) * 4;
    default:
        return 0;
    }
}

/* Extension headers from the one that packet->protocol names, then transport or fragment. */
static nlt_packet_status decode_extensions(slice s, size_t wire_len, nlt_packet *packet)
{
    while (s.len >= 8) {
        size_t len = extension_bytes(packet->protocol, s.p);
        if (packet->protocol == IP_FRAGMENT) {
            uint16_t field = nlt__load_be16(s.p + 2);
            packet->has_more_fragments = (field & 1) != 0;
            packet->fragment_offset = field & 0xfff8;
            packet->fragment_id = nlt__load_be32(s.p + 4);
            len = 8;
        } else if (len == 0) {
            break;
        }
        if (len > s.len) {
            return NLT_PACKET_IGNORED;
        }
        bool is_piece = packet->protocol == IP_FRAGMENT
            && (packet->has_more_fragments || packet->fragment_offset > 0);
        packet->protocol = s.p[0];
        s = drop(s, len);
        wire_len -= len;
        if (is_piece) {
            return set_fragment(s, wire_len, packet);
        }
    }
    return decode_transport(s, wire_len, packet);
}

static nlt_packet_status decode_ipv6(slice s, nlt_packet *packet)
{
    if (s.len < 40) {
        return NLT_PACKET_IGNORED;
    }
    packet->protocol = s.p[6];
    packet->src.family = 6;
    packet->dst.family = 6;
    memcpy(packet->src.bytes, s.p + 8, 16);
    memcpy(packet->dst.bytes, s.p + 24, 16);
    size_t wire_len = nlt__load_be16(s.p + 4);
    s = drop(s, 40);
    if (wire_len == 0) { /* jumbogram, or segmented by the network card after the capture */
        wire_len = s.len;
    }
    s.len = s.len < wire_len ? s.len : wire_len;
    return decode_extensions(s, wire_len, packet);
}

nlt_packet_status nlt__packet_decode(
    uint32_t link_type, nlt_bytes frame, bool is_big_endian, nlt_packet *packet)
{
    slice s = {(const uint8_t *)frame.ptr, frame.len};
    if (link_type == LINK_ETHERNET && s.len >= 14 && nlt__load_be16(s.p + 12) == TYPE_IPV4) {
        s = drop(s, 14); /* most frames; after_ethernet says the same of them */
    } else if (!strip_link(link_type, is_big_endian, &s)) {
        return NLT_PACKET_LINK;
    }
    if (s.len == 0) {
        return NLT_PACKET_IGNORED;
    }
    packet->payload = NULL;
    packet->payload_len = 0;
    packet->src_port = 0;
    packet->dst_port = 0;
    packet->tcp_flags = 0;
    packet->tcp_seq = 0;
    packet->has_more_fragments = false;
    packet->fragment_id = 0;
    packet->fragment_offset = 0;
    switch (s.p[0] >> 4) {
    case 4:
        return decode_ipv4(s, packet);
    case 6:
        return decode_ipv6(s, packet);
    default:
        return NLT_PACKET_IGNORED;
    }
}

nlt_packet_status nlt__packet_transport(nlt_bytes payload, nlt_packet *packet)
{
    slice s = {(const uint8_t *)payload.ptr, payload.len};
    nlt_packet_status status;
    if (packet->src.family == 6) {
        status = decode_extensions(s, s.len, packet);
    } else {
        status = decode_transport(s, s.len, packet);
    }
    return status == NLT_PACKET_FRAGMENT ? NLT_PACKET_IGNORED : status;
}
