/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames by hand after RFC 791, 8200, 768, 9293 and the link-type pages of tcpdump.org. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/packet.h"

typedef struct bytes {
    uint8_t b[512];
    size_t n;
} bytes;

/* Appends numbers; a negative one ends the list. */
static void add(bytes *to, const int *values)
{
    for (; *values >= 0; values++) {
        to->b[to->n++] = (uint8_t)*values;
    }
}

#define ADD(to, ...) add((to), (const int[]){__VA_ARGS__, -1})

static void add_bytes(bytes *to, const bytes *from)
{
    memcpy(to->b + to->n, from->b, from->n);
    to->n += from->n;
}

/* UDP 4660 -> 53, "abcd". */
static bytes udp(void)
{
    bytes u = {.n = 0};
    ADD(&u, 0x12, 0x34, 0, 53, 0, 12, 0, 0, 'a', 'b', 'c', 'd');
    return u;
}

static bytes ipv4(int protocol, int fragment, const bytes *payload)
{
    bytes p = {.n = 0};
    int total = 20 + (int)payload->n;
    ADD(&p, 0x45, 0, total >> 8, total & 255, 0xab, 0xcd, fragment >> 8, fragment & 255, 64,
        protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2);
    add_bytes(&p, payload);
    return p;
}

static bytes ipv6(int next, const bytes *payload)
{
    bytes p = {.n = 0};
    ADD(&p, 0x60, 0, 0, 0, 0, (int)payload->n, next, 64);
    ADD(&p, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    ADD(&p, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
    add_bytes(&p, payload);
    return p;
}

/* Decodes from a block of exactly its size. */
static nlt_packet_status decode(uint32_t link, const bytes *frame, bool is_big, nlt_packet *packet)
{
    static char *block;
    free(block);
    block = malloc(frame->n > 0 ? frame->n : 1);
    assert_non_null(block);
    memcpy(block, frame->b, frame->n);
    return nlt__packet_decode(link, (nlt_bytes){block, frame->n}, is_big, packet);
}

static void assert_udp(uint32_t link, const bytes *frame, bool is_big)
{
    nlt_packet packet;
    assert_int_equal(decode(link, frame, is_big, &packet), NLT_PACKET_UDP);
    assert_int_equal(packet.src_port, 0x1234);
    assert_int_equal(packet.dst_port, 53);
    assert_int_equal(packet.protocol, 17);
    assert_int_equal(packet.payload_len, 4);
    assert_memory_equal(packet.payload, "abcd", 4);
    if (packet.src.family == 4) {
        assert_memory_equal(packet.src.bytes, "\300\000\002\001\000\000\000\000", 8);
        assert_memory_equal(packet.dst.bytes, "\306\063\144\002\000\000\000\000", 8);
    } else {
        assert_int_equal(packet.src.family, 6);
        assert_int_equal(packet.src.bytes[15], 1);
        assert_int_equal(packet.dst.bytes[15], 2);
    }
}

/* `count` numbers, then the IP packet. */
#define FRAME(ip, ...) frame_of((ip), (const int[]){__VA_ARGS__, -1})

static bytes frame_of(const bytes *ip, const int *head)
{
    bytes f = {.n = 0};
    add(&f, head);
    add_bytes(&f, ip);
    return f;
}

#define MAC 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

static void links(void **state)
{
    (void)state;
    bytes u = udp();
    bytes v4 = ipv4(17, 0, &u);
    bytes v6 = ipv6(17, &u);
    const struct {
        uint32_t link;
        bytes frame;
    } cases[] = {
        {1, FRAME(&v4, MAC, 8, 0)},
        {1, FRAME(&v6, MAC, 0x86, 0xdd)},
        {1, FRAME(&v6, MAC, 8, 0)}, /* the four bits count, not the type */
        {1, FRAME(&v4, MAC, 0x81, 0, 0, 5, 8, 0)},
        {1, FRAME(&v4, MAC, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd)},
        {1, FRAME(&v4, MAC, 0x88, 0x47, 0, 0, 0x10, 64, 0, 0, 0x21, 64)},
        {1, FRAME(&v4, MAC, 0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0, 0x21)},
        {1, FRAME(&v6, MAC, 0x88, 0x64, 0x11, 0, 0, 1, 0, 62, 0, 0x57)},
        {1, FRAME(&v4, MAC, 0, 48, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0)},
        {0, FRAME(&v4, 2, 0, 0, 0)},
        {0, FRAME(&v6, 0, 0, 0, 30)},
        {108, FRAME(&v6, 0, 0, 0, 24)},
        {9, FRAME(&v4, 0xff, 3, 0, 0x21)},
        {9, FRAME(&v6, 0x57)},
        {12, v4},
        {14, v6},
        {101, v6},
        {228, v4},
        {229, v6},
        {113, FRAME(&v4, 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0)},
        {113, FRAME(&v4, 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 9, 8, 0)},
        {276, FRAME(&v6, 0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_udp(cases[i].link, &cases[i].frame, false);
        nlt_packet packet;
        for (bytes cut = cases[i].frame; cut.n > 0;) {
            cut.n--; /* no prefix is a datagram */
            assert_true(decode(cases[i].link, &cut, false, &packet) > NLT_PACKET_FRAGMENT);
        }
    }
}

/* QoS data from an access point, 802.11 header padded to 28 (radiotap flag 0x20) or not. */
static void radiotap(void **state)
{
    (void)state;
    bytes u = udp();
    bytes v4 = ipv4(17, 0, &u);
    for (int pad = 0; pad < 2; pad++) {
        bytes f = {.n = 0};
        ADD(&f, 0, 0, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, pad * 0x20);
        ADD(&f, 0x88, 2, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0x10, 0, 0, 0);
        if (pad == 1) {
            ADD(&f, 0, 0);
        }
        ADD(&f, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
        add_bytes(&f, &v4);
        assert_udp(127, &f, false);
        nlt_packet packet;
        f.b[18] |= 0x40; /* encrypted */
        assert_int_equal(decode(127, &f, false, &packet), NLT_PACKET_IGNORED);
        f.b[18] = 2;
        f.b[17] = 0x80; /* beacon */
        assert_int_equal(decode(127, &f, false, &packet), NLT_PACKET_IGNORED);
    }
}

static void nflog(void **state)
{
    (void)state;
    bytes u = udp();
    bytes v4 = ipv4(17, 0, &u);
    bytes little = FRAME(&v4, 2, 0, 0, 7, 9, 0, 1, 0, 1, 2, 3, 4, 5, 0, 0, 0, 36, 0, 9, 0);
    bytes big = FRAME(&v4, 2, 0, 0, 7, 0, 9, 0, 1, 1, 2, 3, 4, 5, 0, 0, 0, 0, 36, 0, 9);
    assert_udp(239, &little, false);
    assert_udp(239, &big, true);
}

static void ipv4_header(void **state)
{
    (void)state;
    bytes u = udp();
    bytes v4 = ipv4(17, 0x4000, &u); /* do not fragment */
    nlt_packet packet;
    assert_udp(101, &v4, false);
    bytes padded = v4;
    ADD(&padded, 0, 0, 0, 0, 0, 0);
    assert_udp(101, &padded, false);
    bytes options = {.n = 0};
    ADD(&options, 0x46, 0, 0, 36, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2);
    ADD(&options, 1, 1, 1, 0);
    add_bytes(&options, &u);
    assert_udp(101, &options, false);
    static const struct {
        uint8_t at;
        uint8_t value;
        nlt_packet_status status;
    } cases[] = {
        {0, 0x44, NLT_PACKET_IGNORED}, /* header below 20 */
        {0, 0x4f, NLT_PACKET_IGNORED}, /* header beyond the total */
        {0, 0x55, NLT_PACKET_IGNORED}, /* version */
        {3, 19, NLT_PACKET_IGNORED},   /* total below the header */
        {3, 33, NLT_PACKET_CUT},       /* total beyond what was captured */
        {3, 31, NLT_PACKET_CUT},       /* UDP length beyond the total */
        {3, 23, NLT_PACKET_IGNORED},   /* no ports */
        {3, 25, NLT_PACKET_SHORT},     /* ports, but no length */
        {9, 1, NLT_PACKET_IGNORED},    /* ICMP */
        {9, 4, NLT_PACKET_IGNORED},    /* a tunnel */
        {23, 80, NLT_PACKET_IGNORED},  /* another port */
        {25, 7, NLT_PACKET_SHORT},     /* UDP length below 8 */
        {25, 0, NLT_PACKET_SHORT},
        {25, 13, NLT_PACKET_CUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes f = v4;
        f.b[cases[i].at] = cases[i].value;
        assert_int_equal(decode(101, &f, false, &packet), cases[i].status);
    }
    bytes shorter = v4;
    shorter.b[25] = 10; /* UDP length rules over IP's */
    assert_int_equal(decode(101, &shorter, false, &packet), NLT_PACKET_UDP);
    assert_int_equal(packet.payload_len, 2);
}

static void ipv6_extensions(void **state)
{
    (void)state;
    bytes u = udp();
    bytes chain = {.n = 0};
    ADD(&chain, 60, 0, 1, 4, 0, 0, 0, 0); /* hop by hop */
    ADD(&chain, 43, 1, 0, 0, 0, 0, 0, 0); /* destination options, 16 bytes */
    ADD(&chain, 0, 0, 0, 0, 0, 0, 0, 0);
    ADD(&chain, 51, 0, 0, 0, 0, 0, 0, 0); /* routing */
    ADD(&chain, 44, 2, 0, 0, 0, 0, 0, 1); /* authentication, 16 bytes */
    ADD(&chain, 0, 0, 0, 1, 0, 0, 0, 0);
    ADD(&chain, 17, 0, 0, 0, 0, 0, 0, 9); /* atomic fragment (RFC 6946) */
    size_t headers = chain.n;
    add_bytes(&chain, &u);
    bytes v6 = ipv6(0, &chain);
    assert_udp(101, &v6, false);
    nlt_packet packet;
    bytes zero = v6;
    zero.b[4] = zero.b[5] = 0; /* length 0: to the end */
    assert_udp(101, &zero, false);
    bytes f = v6;
    f.b[5]++;
    assert_int_equal(decode(101, &f, false, &packet), NLT_PACKET_CUT);
    f = v6;
    f.b[41] = 255; /* an extension header beyond the packet */
    assert_int_equal(decode(101, &f, false, &packet), NLT_PACKET_IGNORED);
    f = v6;
    f.b[40 + headers - 8] = 50; /* encrypted */
    assert_int_equal(decode(101, &f, false, &packet), NLT_PACKET_IGNORED);
    f.b[40 + headers - 8] = 59; /* no next header */
    assert_int_equal(decode(101, &f, false, &packet), NLT_PACKET_IGNORED);
}

static void fragments(void **state)
{
    (void)state;
    bytes u = udp();
    nlt_packet packet;
    u.n = 8;
    bytes first = ipv4(17, 0x2000, &u);
    assert_int_equal(decode(101, &first, false, &packet), NLT_PACKET_FRAGMENT);
    assert_true(packet.has_more_fragments);
    assert_int_equal(packet.fragment_offset, 0);
    assert_int_equal(packet.fragment_id, 0xabcd);
    assert_int_equal(packet.payload_len, 8);
    first.b[3]++; /* not all captured */
    assert_int_equal(decode(101, &first, false, &packet), NLT_PACKET_IGNORED);
    u.n = 4;
    bytes last = ipv4(17, 5, &u);
    assert_int_equal(decode(101, &last, false, &packet), NLT_PACKET_FRAGMENT);
    assert_false(packet.has_more_fragments);
    assert_int_equal(packet.fragment_offset, 40);
    bytes odd = ipv4(17, 0x2005, &u); /* more follow, but no multiple of 8 */
    assert_int_equal(decode(101, &odd, false, &packet), NLT_PACKET_IGNORED);
    bytes beyond = ipv4(17, 0x1fff, &u); /* 65528 + 4 is possible, with 8 it is not */
    assert_int_equal(decode(101, &beyond, false, &packet), NLT_PACKET_FRAGMENT);
    u.n = 8;
    beyond = ipv4(17, 0x1fff, &u);
    assert_int_equal(decode(101, &beyond, false, &packet), NLT_PACKET_IGNORED);
    bytes six = {.n = 0};
    ADD(&six, 17, 0, 0, 0x29, 1, 2, 3, 4); /* offset 40, more follow */
    add_bytes(&six, &u);
    bytes v6 = ipv6(44, &six);
    assert_int_equal(decode(101, &v6, false, &packet), NLT_PACKET_FRAGMENT);
    assert_true(packet.has_more_fragments);
    assert_int_equal(packet.fragment_offset, 40);
    assert_int_equal(packet.fragment_id, 0x01020304);
    assert_int_equal(packet.protocol, 17);
    assert_int_equal(packet.payload_len, 8);
}

static void tcp(void **state)
{
    (void)state;
    bytes t = {.n = 0};
    nlt_packet packet;
    ADD(&t, 0x14, 0xe9, 1, 2, 0xff, 0, 0, 1, 0, 0, 0, 0, 0x60, 0x18, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0);
    ADD(&t, 'x', 'y');
    bytes v4 = ipv4(6, 0, &t);
    assert_int_equal(decode(101, &v4, false, &packet), NLT_PACKET_TCP);
    assert_int_equal(packet.src_port, NLT_PORT_MDNS);
    assert_true(nlt__packet_is_mdns(&packet));
    assert_int_equal(packet.tcp_seq, UINT32_C(0xff000001));
    assert_int_equal(packet.tcp_flags, NLT_TCP_ACK | NLT_TCP_PSH);
    assert_int_equal(packet.payload_len, 2);
    assert_memory_equal(packet.payload, "xy", 2);
    v4.b[32] = 0x40; /* header below 20 */
    assert_int_equal(decode(101, &v4, false, &packet), NLT_PACKET_IGNORED);
    v4.b[32] = 0x70; /* beyond the packet */
    assert_int_equal(decode(101, &v4, false, &packet), NLT_PACKET_IGNORED);
    v4.b[32] = 0x60;
    v4.n--;
    assert_int_equal(decode(101, &v4, false, &packet), NLT_PACKET_CUT);
    v4.n = 24; /* just the ports */
    assert_int_equal(decode(101, &v4, false, &packet), NLT_PACKET_CUT);
    v4.n = 23;
    assert_int_equal(decode(101, &v4, false, &packet), NLT_PACKET_IGNORED);
}

static void others(void **state)
{
    (void)state;
    bytes u = udp();
    bytes v4 = ipv4(17, 0, &u);
    nlt_packet packet;
    const bytes cases[] = {
        FRAME(&v4, MAC, 8, 6),                                         /* ARP */
        FRAME(&v4, MAC, 0x88, 0x63, 0x11, 9, 0, 0, 0, 0, 0, 0x21),     /* PPPoE discovery */
        FRAME(&v4, MAC, 0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0xc0, 0x21), /* LCP */
        FRAME(&v4, MAC, 0, 40, 0x42, 0x42, 3, 0, 0, 0, 8, 0),          /* LLC, not SNAP */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(decode(1, &cases[i], false, &packet), NLT_PACKET_IGNORED);
    }
    assert_int_equal(decode(147, &v4, false, &packet), NLT_PACKET_LINK);
    bytes nothing = {.n = 0};
    assert_int_equal(decode(101, &nothing, false, &packet), NLT_PACKET_IGNORED);
}

static void transport(void **state)
{
    (void)state;
    bytes u = udp();
    nlt_packet packet = {.src = {{0}, 4}, .dst = {{0}, 4}, .protocol = 17};
    nlt_bytes payload = {(const char *)u.b, u.n};
    assert_int_equal(nlt__packet_transport(payload, &packet), NLT_PACKET_UDP);
    assert_int_equal(packet.dst_port, 53);
    assert_int_equal(packet.payload_len, 4);
    bytes options = {.n = 0};
    ADD(&options, 17, 0, 0, 0, 0, 0, 0, 0);
    add_bytes(&options, &u);
    packet = (nlt_packet){.src = {{0}, 6}, .dst = {{0}, 6}, .protocol = 60};
    payload = (nlt_bytes){(const char *)options.b, options.n};
    assert_int_equal(nlt__packet_transport(payload, &packet), NLT_PACKET_UDP);
    options.b[0] = 44; /* a fragment within a datagram */
    options.b[11] = 1;
    packet.protocol = 60;
    assert_int_equal(nlt__packet_transport(payload, &packet), NLT_PACKET_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links),
        cmocka_unit_test(radiotap),
        cmocka_unit_test(nflog),
        cmocka_unit_test(ipv4_header),
        cmocka_unit_test(ipv6_extensions),
        cmocka_unit_test(fragments),
        cmocka_unit_test(tcp),
        cmocka_unit_test(others),
        cmocka_unit_test(transport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
