/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages, written by hand after RFC 1035 4, 2782, 3597, 6891. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/dns.h"

/* Literals with octal escapes: hexadecimal ones swallow letters that follow. */
#define MESSAGE(text) ((nlt_bytes){(text), sizeof(text) - 1})
#define QUERY_HEAD "\x12\x34\001\000\000\001\000\000\000\000\000\000"
#define WWW_EXAMPLE_COM "\003www\007example\003com\000" /* 17 octets, at 12; "example" at 16 */
#define A_IN "\000\001\000\001"
#define ONE_ANSWER "\x12\x34\x81\x80\000\001\000\001\000\000\000\000" WWW_EXAMPLE_COM A_IN
#define ONE_ANSWER_NO_QUESTION "\000\001\x80\000\000\000\000\001\000\000\000\000"

static void assert_text(const char *text, size_t len, const char *expected)
{
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
}

/* Decodes from a block of exactly its size, so that a sanitizer sees a read behind it. */
static nlt_dns_status decode(nlt_bytes message, bool is_mdns, nlt_dns *out)
{
    static char *block;
    static char name[NLT_DNS_NAME_TEXT_MAX + 16];
    free(block);
    block = malloc(message.len > 0 ? message.len : 1);
    assert_non_null(block);
    memcpy(block, message.ptr, message.len);
    out->query = name;
    return nlt__dns_decode((nlt_bytes){block, message.len}, is_mdns, out);
}

static void query(void **state)
{
    (void)state;
    nlt_dns dns;
    nlt_bytes message = MESSAGE(QUERY_HEAD "\003WwW\007eXample\003COM\000" A_IN);
    assert_int_equal(decode(message, false, &dns), NLT_DNS_OK);
    assert_int_equal(dns.id, 0x1234);
    assert_false(dns.is_response);
    assert_true(dns.has_question);
    assert_int_equal(dns.flags, NLT_DNS_RD);
    assert_int_equal(dns.qtype, 1);
    assert_int_equal(dns.qclass, 1);
    assert_int_equal(dns.opcode, 0);
    assert_int_equal(dns.n_answers, 0);
    assert_text(dns.query, dns.query_len, "www.example.com");
}

static void flags(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        uint8_t flags;
    } cases[] = {{"\004\000", NLT_DNS_AA}, {"\002\000", NLT_DNS_TC}, {"\001\000", NLT_DNS_RD},
        {"\000\x80", NLT_DNS_RA}, {"\000\x20", NLT_DNS_AD}, {"\000\x10", NLT_DNS_CD},
        {"\x80\x4f", 0}, {"\xff\xff", 0x3f}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[12] = {0};
        nlt_dns dns;
        memcpy(head + 2, cases[i].octets, 2);
        assert_int_equal(decode((nlt_bytes){head, 12}, false, &dns), NLT_DNS_OK);
        assert_int_equal(dns.flags, cases[i].flags);
        assert_false(dns.has_question);
        assert_int_equal(dns.query_len, 0);
    }
}

static void names(void **state)
{
    (void)state;
    const struct {
        nlt_bytes wire;
        const char *text; /* NULL: not sound */
        size_t end;
    } cases[] = {
        {MESSAGE("\000"), ".", 1}, {MESSAGE("\001a\000zz"), "a", 3},
        {MESSAGE("\012.\"\\();@$ \177\000"), "\\.\\\"\\\\\\(\\)\\;\\@\\$\\032\\127", 12},
        {MESSAGE("\004\000\001\xffZ\000"), "\\000\\001\\255z", 6},
        {MESSAGE("\005!#~[_\000"), "!#~[_", 7}, {MESSAGE(""), NULL, 0}, {MESSAGE("\001"), NULL, 0},
        {MESSAGE("\001a"), NULL, 0}, {MESSAGE("\002a\000"), NULL, 0},
        {MESSAGE("\100a\000"), NULL, 0},                            /* label type 01 */
        {MESSAGE("\200a\000"), NULL, 0},                            /* label type 10 */
        {MESSAGE("\300"), NULL, 0}, {MESSAGE("\300\000"), NULL, 0}, /* at itself */
        {MESSAGE("\300\002\000"), NULL, 0},                         /* forward */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[NLT_DNS_NAME_TEXT_MAX + 16];
        size_t end;
        size_t len = nlt__dns_name(cases[i].wire, 0, text, &end);
        size_t checked = nlt__dns_name(cases[i].wire, 0, NULL, &end);
        if (cases[i].text == NULL) {
            assert_int_equal(len, 0);
            assert_int_equal(checked, 0);
        } else {
            assert_text(text, len, cases[i].text);
            assert_int_equal(checked, 1);
            assert_int_equal(end, cases[i].end);
        }
    }
}

static void pointers(void **state)
{
    (void)state;
    const struct {
        nlt_bytes wire;
        size_t at;
        const char *text;
        size_t end;
    } cases[] = {
        {MESSAGE("\001a\000\001b\300\000"), 3, "b.a", 7},
        {MESSAGE("\001a\000\001b\300\000\300\003"), 7, "b.a", 9},
        /* A pointer to a pointer, each further down. */
        {MESSAGE("\001a\000\300\000\300\003\300\005"), 7, "a", 9},
        /* The second target must be below the first. */
        {MESSAGE("\300\002\300\000\300\002"), 4, NULL, 0},
        {MESSAGE("\001a\300\000"), 2, NULL, 0}, /* a.a.a... */
        {MESSAGE("\001a\300\000"), 0, NULL, 0}, /* at its own start */
        {MESSAGE("\001a\000\300\004"), 3, NULL, 0},
        {MESSAGE("\001a\000\377\377"), 3, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[NLT_DNS_NAME_TEXT_MAX + 16];
        size_t end;
        size_t len = nlt__dns_name(cases[i].wire, cases[i].at, text, &end);
        assert_int_equal(len > 0, cases[i].text != NULL);
        if (cases[i].text != NULL) {
            assert_text(text, len, cases[i].text);
            assert_int_equal(end, cases[i].end);
        }
    }
}

/* 63 + 63 + 63 + 61 octets, their lengths and the root: 255. All of them need \DDD. */
static void longest_name(void **state)
{
    (void)state;
    uint8_t wire[300];
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t len = i < 3 ? 63 : 61;
        wire[n++] = len;
        memset(wire + n, 1, len);
        n += len;
    }
    wire[n++] = 0;
    assert_int_equal(n, 255);
    char text[NLT_DNS_NAME_TEXT_MAX + 16];
    size_t end;
    assert_int_equal(nlt__dns_name((nlt_bytes){(char *)wire, n}, 0, text, &end), 250 * 4 + 3);
    wire[3 * 64] = 62; /* 256 octets */
    wire[n - 1] = 1;
    wire[n++] = 0;
    assert_int_equal(nlt__dns_name((nlt_bytes){(char *)wire, n}, 0, text, &end), 0);
}

/* The text of a name octet by octet, as dns.h says. */
static size_t plain_name(const uint8_t *wire, char *out)
{
    size_t n = 0;
    while (*wire != 0) {
        for (unsigned left = *wire++; left > 0; left--) {
            uint8_t octet = *wire++;
            if (octet >= 'A' && octet <= 'Z') {
                out[n++] = (char)(octet + 32);
            } else if (octet > 0x20 && octet < 0x7f) {
                if (strchr(".\"\\();@$", octet) != NULL) {
                    out[n++] = '\\';
                }
                out[n++] = (char)octet;
            } else {
                n += (size_t)snprintf(out + n, 5, "\\%03u", octet);
            }
        }
        out[n++] = '.';
    }
    return n - 1;
}

/* All lengths of labels, with octets as hosts have them and one that they have not. */
static void kinds_of_names(void **state)
{
    (void)state;
    static const char usual[] = "abcXYZ019-_";
    static const uint8_t others[] = {'a', 1, 2, 3, 44, 43, '.', '\\', ' ', 0, 0x80, 0xae, 0xe1, 255,
        '/', '@', '[', '`', '{', '+'};
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        uint8_t wire[300];
        size_t from = round % 5 == 0 ? 0 : NLT_DNS_HEADER_BYTES; /* as in a message */
        size_t n = from;
        memset(wire, 0xff, from);
        for (int labels = 1 + round % 4; labels > 0; labels--) {
            random = random * 1664525 + 1013904223;
            unsigned len = 1 + (random >> 8) % (round % 7 == 0 ? 63 : 12);
            len = n - from + 1 + len > 250 ? 1 : len;
            wire[n++] = (uint8_t)len;
            for (unsigned i = 0; i < len; i++) {
                wire[n++] = (uint8_t)usual[((random >> 10) + i * 7) % (sizeof usual - 1)];
            }
        }
        if (round % 3 == 0) {
            wire[from + 1 + (random >> 9) % wire[from]] = others[(random >> 16) % sizeof others];
        }
        wire[n++] = 0;
        size_t behind = round % 2 == 0 ? 9U : (unsigned)round % 9;
        memset(wire + n, 0xff, behind);
        char expected[NLT_DNS_NAME_TEXT_MAX + 16];
        char text[NLT_DNS_NAME_TEXT_MAX + 16];
        size_t end = 0;
        size_t len = nlt__dns_name((nlt_bytes){(char *)wire, n + behind}, from, text, &end);
        assert_int_equal(len, plain_name(wire + from, expected));
        assert_memory_equal(text, expected, len);
        assert_int_equal(end, n);
    }
}

static void pointer_chains(void **state)
{
    (void)state;
    uint8_t wire[2 + 2 * 300] = {0};
    char text[NLT_DNS_NAME_TEXT_MAX + 16];
    size_t end;
    for (unsigned i = 1; i <= 300; i++) {
        unsigned target = 2 * (i - 1);
        wire[2 * i] = (uint8_t)(0xc0 | target >> 8);
        wire[2 * i + 1] = (uint8_t)target;
    }
    nlt_bytes message = {(char *)wire, sizeof wire};
    assert_int_equal(nlt__dns_name(message, 2 * NLT_DNS_POINTERS_MAX, text, &end), 1);
    assert_int_equal(nlt__dns_name(message, 2 * NLT_DNS_POINTERS_MAX + 2, text, &end), 0);
}

static void questions(void **state)
{
    (void)state;
    nlt_dns dns;
    nlt_bytes two = MESSAGE("\000\001\000\000\000\002\000\000\000\000\000\000"
                            "\001a\000\000\001\x80\001\001b\300\014\000\034\000\001trailing");
    assert_int_equal(decode(two, true, &dns), NLT_DNS_OK);
    assert_text(dns.query, dns.query_len, "a");
    assert_int_equal(dns.qclass, 1); /* the top bit is masked with port 5353 only */
    assert_int_equal(decode(two, false, &dns), NLT_DNS_OK);
    assert_int_equal(dns.qclass, 0x8001);
    assert_int_equal(dns.answers_at, 12 + 7 + 8);
    nlt_bytes lying = MESSAGE("\000\001\000\000\377\377\000\000\000\000\000\000\001a\000" A_IN);
    assert_int_equal(decode(lying, false, &dns), NLT_DNS_BAD_QUESTION);
    nlt_bytes loop = MESSAGE(QUERY_HEAD "\300\014" A_IN);
    assert_int_equal(decode(loop, false, &dns), NLT_DNS_BAD_QUESTION);
    nlt_bytes shorter = MESSAGE(QUERY_HEAD "\001a\000\000\001\000");
    assert_int_equal(decode(shorter, false, &dns), NLT_DNS_BAD_QUESTION);
    nlt_bytes no_header = MESSAGE("\000\001\000\000\000\000\000\000\000\000\000");
    assert_int_equal(decode(no_header, false, &dns), NLT_DNS_SHORT);
    assert_int_equal(decode(MESSAGE(""), false, &dns), NLT_DNS_SHORT);
}

/* One record of the answer section as text. */
static void assert_answer(nlt_bytes message, const char *type, uint32_t ttl_s, const char *expected)
{
    nlt_dns dns;
    nlt_dns_record record;
    char storage[NLT_DNS_MNEMONIC_MAX];
    assert_int_equal(decode(message, false, &dns), NLT_DNS_OK);
    assert_true(dns.is_response);
    assert_int_equal(dns.n_answers, 1);
    uint32_t at = dns.answers_at;
    nlt__dns_next_answer(&dns, &at, &record);
    assert_int_equal(at, dns.answers_end);
    assert_int_equal(record.ttl_s, ttl_s);
    nlt_bytes name = nlt__dns_type_name(record.type, storage);
    assert_text(name.ptr, name.len, type);
    char *text = malloc(nlt__dns_rdata_text_max(&record));
    assert_non_null(text);
    assert_text(text, nlt__dns_rdata_text(&dns, &record, text), expected);
    free(text);
}

#define ANSWER(type, len, data)                                                                    \
    MESSAGE(ONE_ANSWER "\300\014\000" type "\000\001\000\000\001\054\000" len data)

static void answers(void **state)
{
    (void)state;
    assert_answer(ANSWER("\001", "\004", "\300\000\002\001"), "A", 300, "192.0.2.1");
    assert_answer(
        ANSWER("\034", "\020", "\x20\001\x0d\xb8\000\000\000\000\000\000\000\000\000\000\000\001"),
        "AAAA", 300, "2001:db8::1");
    assert_answer(ANSWER("\005", "\004", "\001B\300\020"), "CNAME", 300, "b.example.com");
    assert_answer(ANSWER("\002", "\001", "\000"), "NS", 300, ".");
    assert_answer(ANSWER("\014", "\002", "\300\014"), "PTR", 300, "www.example.com");
    assert_answer(ANSWER("\047", "\002", "\300\030"), "DNAME", 300, "com");
    assert_answer(ANSWER("\017", "\007", "\001\000\002Mx\300\030"), "MX", 300, "256 mx.com");
    assert_answer(ANSWER("\041", "\010", "\000\001\377\377\000\065\300\020"), "SRV", 300,
        "1 65535 53 example.com");
    assert_answer(ANSWER("\006", "\030",
                      "\300\014\300\020\000\000\000\001\000\000\000\002\000\000\000\003"
                      "\000\000\000\004\377\377\377\377"),
        "SOA", 300, "www.example.com example.com 1 2 3 4 4294967295");
    assert_answer(ANSWER("\020", "\012", "\006a\"b\\ \007\000\001C"), "TXT", 300,
        "\"a\\\"b\\\\ \\007\" \"\" \"C\"");
    assert_answer(ANSWER("\143", "\002", "\001x"), "SPF", 300, "\"x\"");
    assert_answer(ANSWER("\056", "\002", "\xAB\001"), "RRSIG", 300, "\\# 2 ab01");
    assert_answer(ANSWER("\066", "\000", ""), "TYPE54", 300, "\\# 0");
}

static void misfits(void **state)
{
    (void)state;
    assert_answer(ANSWER("\001", "\003", "\001\002\003"), "A", 300, "\\# 3 010203");
    assert_answer(ANSWER("\001", "\000", ""), "A", 300, "\\# 0");
    assert_answer(ANSWER("\034", "\001", "\377"), "AAAA", 300, "\\# 1 ff");
    assert_answer(ANSWER("\005", "\003", "\300\014\000"), "CNAME", 300, "\\# 3 c00c00");
    assert_answer(ANSWER("\005", "\002", "\300\377"), "CNAME", 300, "\\# 2 c0ff");
    assert_answer(ANSWER("\005", "\002", "\001a"), "CNAME", 300, "\\# 2 0161");
    assert_answer(ANSWER("\017", "\001", "\001"), "MX", 300, "\\# 1 01");
    assert_answer(ANSWER("\017", "\002", "\000\001"), "MX", 300, "\\# 2 0001");
    assert_answer(ANSWER("\006", "\005", "\300\014\300\014\000"), "SOA", 300, "\\# 5 c00cc00c00");
    assert_answer(ANSWER("\020", "\002", "\002a"), "TXT", 300, "\\# 2 0261");
    assert_answer(ANSWER("\020", "\000", ""), "TXT", 300, "\\# 0");
}

static void bad_answers(void **state)
{
    (void)state;
    nlt_dns dns;
    const nlt_bytes cases[] = {
        MESSAGE(ONE_ANSWER),
        MESSAGE(ONE_ANSWER "\300\014\000\001\000\001\000\000\001\054\000"),
        MESSAGE(ONE_ANSWER "\300\014\000\001\000\001\000\000\001\054\000\004\001\002\003"),
        MESSAGE(ONE_ANSWER "\300\041\000\001\000\001\000\000\001\054\000\000"),     /* itself */
        MESSAGE(ONE_ANSWER "\300\050\000\001\000\001\000\000\001\054\000\001\000"), /* forward */
        MESSAGE(ONE_ANSWER "\100\000\001\000\001\000\000\001\054\000\000\000\000"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(decode(cases[i], false, &dns), NLT_DNS_BAD_ANSWER);
    }
    nlt_bytes no_question = MESSAGE(
        ONE_ANSWER_NO_QUESTION "\000\000\001\000\001\x80\000\000\000\000\004\001\002\003\004");
    assert_answer(no_question, "A", UINT32_C(0x80000000), "1.2.3.4");
    assert_int_equal(decode(no_question, false, &dns), NLT_DNS_OK);
    assert_false(dns.has_question);
}

/* RFC 6891 6.1.3: the upper octet of the TTL is the upper octet of the code. */
static void edns(void **state)
{
    (void)state;
    nlt_dns dns;
    char message[] = "\000\001\x80\000\000\001\000\000\000\001\000\001" WWW_EXAMPLE_COM A_IN
                     "\300\014\000\002\000\001\000\000\000\000\000\000"
                     "\000\000\051\020\000\001\000\000\000\000\000";
    size_t len = sizeof message - 1;
    assert_int_equal(decode((nlt_bytes){message, len}, false, &dns), NLT_DNS_OK);
    assert_true(dns.has_edns);
    assert_int_equal(dns.rcode, 16);
    assert_int_equal(decode((nlt_bytes){message, len - 1}, false, &dns), NLT_DNS_OK);
    assert_false(dns.has_edns);
    assert_int_equal(dns.rcode, 0);
    message[2] = 0; /* a query */
    assert_int_equal(decode((nlt_bytes){message, len}, false, &dns), NLT_DNS_OK);
    assert_false(dns.has_edns);
}

static void mnemonics(void **state)
{
    (void)state;
    char storage[NLT_DNS_MNEMONIC_MAX];
    static const struct {
        nlt_bytes (*name)(uint16_t number, char storage[NLT_DNS_MNEMONIC_MAX]);
        uint16_t number;
        const char *text;
    } cases[] = {{nlt__dns_type_name, 1, "A"}, {nlt__dns_type_name, 255, "*"},
        {nlt__dns_type_name, 65, "HTTPS"}, {nlt__dns_type_name, 257, "CAA"},
        {nlt__dns_type_name, 0, "TYPE0"}, {nlt__dns_type_name, 65535, "TYPE65535"},
        {nlt__dns_type_name, 32769, "DLV"}, {nlt__dns_type_name, 51, "NSEC3PARAM"},
        {nlt__dns_class_name, 1, "IN"}, {nlt__dns_class_name, 3, "CH"},
        {nlt__dns_class_name, 4, "HS"}, {nlt__dns_class_name, 254, "NONE"},
        {nlt__dns_class_name, 255, "ANY"}, {nlt__dns_class_name, 2, "CLASS2"},
        {nlt__dns_rcode_name, 0, "NOERROR"}, {nlt__dns_rcode_name, 3, "NXDOMAIN"},
        {nlt__dns_rcode_name, 16, "BADVERS"}, {nlt__dns_rcode_name, 23, "BADCOOKIE"},
        {nlt__dns_rcode_name, 12, "RCODE12"}, {nlt__dns_rcode_name, 4095, "RCODE4095"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_bytes name = cases[i].name(cases[i].number, storage);
        assert_text(name.ptr, name.len, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query),
        cmocka_unit_test(flags),
        cmocka_unit_test(names),
        cmocka_unit_test(pointers),
        cmocka_unit_test(longest_name),
        cmocka_unit_test(kinds_of_names),
        cmocka_unit_test(pointer_chains),
        cmocka_unit_test(questions),
        cmocka_unit_test(answers),
        cmocka_unit_test(misfits),
        cmocka_unit_test(bad_answers),
        cmocka_unit_test(edns),
        cmocka_unit_test(mnemonics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
