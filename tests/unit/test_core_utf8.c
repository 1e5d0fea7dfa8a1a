/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 checks against a decoder that computes the code point and asks whether this is its
 * shortest form. Texts end where their memory ends, so that a read behind them is seen. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "core/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static nlt_bytes bytes_of(const char *text)
{
    return (nlt_bytes){text, strlen(text)};
}

/* Bytes of the character at p; 0: none. RFC 3629 section 3 by arithmetic. */
static size_t decode(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    static const size_t lens[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
        0, 0, 0, 2, 2, 2, 2, 3, 3, 4, 0};
    size_t len = lens[p[0] >> 3];
    if (len == 0 || len > left) {
        return 0;
    }
    uint32_t point = len == 1 ? p[0] : p[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return 0;
        }
        point = point << 6 | (p[i] & 0x3fU);
    }
    bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < least[len] || point > 0x10ffff || is_surrogate ? 0 : len;
}

static bool is_clean(const unsigned char *p, size_t len)
{
    size_t i = 0;
    while (i < len) {
        size_t n = decode(p + i, len - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

/* `before` letters, the sequence, `after` letters, in memory of just that size. */
static void check_sequence(const unsigned char *sequence, size_t n, size_t before, size_t after)
{
    size_t len = before + n + after;
    char *text = malloc(len > 0 ? len : 1);
    memset(text, 'a', len);
    memcpy(text + before, sequence, n);
    bool expected = is_clean(sequence, n);
    if (nlt__text_is_clean((nlt_bytes){text, len}) != expected) {
        fail_msg("%02x %02x %02x %02x behind %zu bytes: not %d", sequence[0], sequence[1],
            sequence[2], sequence[3], before, expected);
    }
    free(text);
}

static void edges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        bool is_clean;
    } rows[] = {{"", 0, true}, {"plain", 5, true}, {"\x7f", 1, true}, {"\0", 1, false},
        {"a\0b", 3, false}, {"\x80", 1, false}, {"\xbf", 1, false}, {"\xc3\xa9", 2, true},
        {"\xc2\x80", 2, true}, {"\xdf\xbf", 2, true}, {"\xc3", 1, false}, {"\xc3z", 2, false},
        {"\xc0\x80", 2, false}, {"\xc1\xbf", 2, false}, {"\xe0\x80\x80", 3, false},
        {"\xe0\x9f\xbf", 3, false}, {"\xe0\xa0\x80", 3, true}, {"\xe2\x82\xac", 3, true},
        {"\xe2\x82", 2, false}, {"\xe2", 1, false}, {"\xed\x9f\xbf", 3, true},
        {"\xed\xa0\x80", 3, false}, {"\xed\xbf\xbf", 3, false}, {"\xee\x80\x80", 3, true},
        {"\xef\xbf\xbf", 3, true}, {"\xef\xbb\xbf", 3, true}, {"\xf0\x80\x80\x80", 4, false},
        {"\xf0\x8f\xbf\xbf", 4, false}, {"\xf0\x90\x80\x80", 4, true},
        {"\xf0\x9f\x92\xa9", 4, true}, {"\xf0\x9f\x92", 3, false}, {"\xf0\x9f", 2, false},
        {"\xf4\x8f\xbf\xbf", 4, true}, {"\xf4\x90\x80\x80", 4, false},
        {"\xf5\x80\x80\x80", 4, false}, {"\xf8\x88\x80\x80\x80", 5, false}, {"\xfe", 1, false},
        {"\xff", 1, false}, {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9", 9, true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        nlt_bytes text = {rows[i].text, rows[i].len};
        if (nlt__text_is_clean(text) != rows[i].is_clean) {
            fail_msg("row %zu: not %d", i, rows[i].is_clean);
        }
    }
    assert_true(nlt__text_is_clean((nlt_bytes){NULL, 0}));
    assert_true(nlt__text_is_ascii((nlt_bytes){NULL, 0}));
}

static void all_sequences_of_three_bytes(void **state)
{
    (void)state;
    for (uint32_t v = 0; v < 1U << 24; v++) {
        unsigned char s[3] = {(unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v};
        if (nlt__text_is_clean((nlt_bytes){(const char *)s, 3}) != is_clean(s, 3)) {
            fail_msg("%02x %02x %02x", s[0], s[1], s[2]);
        }
    }
}

static void sequences_at_all_places(void **state)
{
    (void)state;
    static const unsigned char seconds[] = {
        0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc3, 0xff};
    static const unsigned char thirds[] = {0x7f, 0x80, 0xbf, 0xc2};
    for (int first = 0x41; first < 256; first += first < 0xbf ? 21 : 1) {
        for (size_t second = 0; second < COUNT(seconds); second++) {
            for (size_t third = 0; third < COUNT(thirds) * COUNT(thirds); third++) {
                unsigned char s[4] = {(unsigned char)first, seconds[second],
                    thirds[third / COUNT(thirds)], thirds[third % COUNT(thirds)]};
                for (size_t before = 0; before < 70; before += before < 33 ? 1 : 5) {
                    check_sequence(s, 1 + third % 4, before, 0);
                    check_sequence(s, 4, before, (size_t)first % 40);
                }
            }
        }
    }
}

/* Long texts of characters of all lengths, one byte of which is changed. */
static void one_bad_byte_is_found(void **state)
{
    (void)state;
    static const char unit[] =
        "ab\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9xyz\xed\x9f\xbf\xf4\x8f\xbf\xbf";
    static const unsigned char bytes[] = {0, 'a', 0x80, 0xa9, 0xc0, 0xc3, 0xe2, 0xf0, 0xf5};
    for (size_t len = 1; len < 300; len += 1 + len / 16) {
        unsigned char *text = malloc(len);
        for (size_t i = 0; i < len; i++) {
            text[i] = (unsigned char)unit[i % (sizeof unit - 1)];
        }
        for (size_t at = 0; at < len; at++) {
            unsigned char was = text[at];
            for (size_t b = 0; b < COUNT(bytes); b++) {
                text[at] = bytes[b];
                nlt_bytes range = {(const char *)text, len};
                assert_true(nlt__text_is_clean(range) == is_clean(text, len));
            }
            text[at] = was;
        }
        free(text);
    }
}

static void ascii_at_all_places(void **state)
{
    (void)state;
    static const unsigned char odd[] = {0, 0x80, 0xc3, 0xff};
    for (size_t len = 0; len < 300; len += 1 + len / 32) {
        char *text = malloc(len > 0 ? len : 1);
        memset(text, 'a', len);
        if (len > 1) {
            text[0] = 0x01;
            text[len - 1] = 0x7f;
        }
        assert_true(nlt__text_is_ascii((nlt_bytes){text, len}));
        assert_true(nlt__text_is_clean((nlt_bytes){text, len}));
        for (size_t at = 0; at < len; at++) {
            char was = text[at];
            for (size_t b = 0; b < COUNT(odd); b++) {
                text[at] = (char)odd[b];
                assert_false(nlt__text_is_ascii((nlt_bytes){text, len}));
            }
            text[at] = was;
        }
        free(text);
    }
}

static void bad_bytes_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *escaped;
    } rows[] = {{"a\0b", 3, "a\\x00b"}, {"\xff", 1, "\\xff"}, {"caf\xe9", 4, "caf\\xe9"},
        {"\xc3\xa9\xe9", 3, "\xc3\xa9\\xe9"}, {"\xc0\x80", 2, "\\xc0\\x80"},
        {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"}, {"\xf4\x90\x80\x80z", 5, "\\xf4\\x90\\x80\\x80z"},
        {"\xe2\x82", 2, "\\xe2\\x82"}, {"\xe2\x82Z\xc3\xa9", 5, "\\xe2\\x82Z\xc3\xa9"},
        {"\xf0\x9f\x92\xa9\x92", 5, "\xf0\x9f\x92\xa9\\x92"}};
    nlt_arena arena = NLT_ARENA_INIT;
    for (size_t i = 0; i < COUNT(rows); i++) {
        nlt_bytes out = {NULL, 0};
        assert_int_equal(
            nlt__text_escape(&arena, (nlt_bytes){rows[i].text, rows[i].len}, &out), NLT_OK);
        assert_int_equal(out.len, strlen(rows[i].escaped));
        assert_memory_equal(out.ptr, rows[i].escaped, out.len);
        assert_true(nlt__text_is_clean(out));
    }
    nlt__arena_clear(&arena);
}

static void clean_text_is_not_copied(void **state)
{
    (void)state;
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_bytes text = bytes_of("caf\xc3\xa9 \\x00");
    nlt_bytes out = {NULL, 0};
    assert_int_equal(nlt__text_escape(&arena, text, &out), NLT_OK);
    assert_ptr_equal(out.ptr, text.ptr);
    assert_int_equal(out.len, text.len);
    assert_null(arena.head);
}

static void escaping_without_memory(void **state)
{
    (void)state;
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_bytes out = {NULL, 0};
    nlt__alloc_fail_at(1);
    nlt_status status = nlt__text_escape(&arena, (nlt_bytes){"\xff", 1}, &out);
    nlt__alloc_fail_at(0);
    assert_int_equal(status, NLT_ERR_NOMEM);
    nlt__arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),
        cmocka_unit_test(all_sequences_of_three_bytes),
        cmocka_unit_test(sequences_at_all_places),
        cmocka_unit_test(one_bad_byte_is_found),
        cmocka_unit_test(ascii_at_all_places),
        cmocka_unit_test(bad_bytes_are_escaped),
        cmocka_unit_test(clean_text_is_not_copied),
        cmocka_unit_test(escaping_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
