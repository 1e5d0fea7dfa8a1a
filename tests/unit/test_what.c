/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT's names: the examples of its description, and edges of each rule; texts numbered. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "algos/web/what_name.h"
#include "core/alloc.h"
#include "core/text_ids.h"

/* In memory of exactly the name's size, so that a sanitizer sees a write behind it. */
static void expect_normal(const char *name, const char *expected)
{
    size_t len = strlen(name);
    char *out = nlt_alloc(len + (len == 0));
    assert_non_null(out);
    size_t n = nlt__what_normal_name((nlt_bytes){name, len}, out);
    assert_true(n <= len);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(out, expected, n);
    nlt_free(out);
}

static void documented_names(void **state)
{
    (void)state;
    expect_normal("d3ag4hukkh62yn.cloudfront.net", "X.cloudfront.net");
    expect_normal("d1.profile.fra2.cloudfront.net", "X.cloudfront.net");
    expect_normal("sub.d111.cloudfront.net", "sub.X.cloudfront.net");
    expect_normal("r4---sn-hpa7kn7s.googlevideo.com", "CD---sn-X.googlevideo.com");
    expect_normal("img-12-x.cdn77.org", "img-D-C.cdnD.org");
    expect_normal("e1234.g.akamaiedge.net", "CD.C.akamaiedge.net");
    expect_normal("a.b.c.example.com", "C.C.C.example.com");
    expect_normal("www.example.com", "www.example.com");
}

static void edges_of_the_rules(void **state)
{
    (void)state;
    expect_normal("", "");
    expect_normal(".", "");
    expect_normal("WWW.Example.COM.", "www.example.com");
    expect_normal("example.com..", "example.com.");
    expect_normal("D3AG4.CloudFront.NET.", "X.cloudfront.net");
    expect_normal(".cloudfront.net", ".cloudfront.net");
    expect_normal("a-b.cloudfront.net", "C-C.cloudfront.net"); /* no label of letters and digits */
    expect_normal("x.cloudfront.net.example", "C.cloudfront.net.example");
    expect_normal("sub.d1.profile.fra2.x.cloudfront.net", "sub.X.cloudfront.net");
    expect_normal("d1.profile.cloudfront.net", "CD.X.cloudfront.net");
    expect_normal("r3---sn-4g5e.x.c.pack.google.com", "CD---sn-X.C.pack.google.com");
    expect_normal("r3---sn-.googlevideo.com", "CD---sn-.googlevideo.com");
    expect_normal("1.2.3", "D.D.D");
    expect_normal("a_b-c1d", "C_C-CDd"); /* the last letter has nothing after it */
    expect_normal("x", "x");
    expect_normal("1a2b3", "DCDCD");
    expect_normal("ab1c.d", "abDC.d");
    expect_normal("\xc3\xa9.a.\xc3\xa9", "\xc3\xa9.C.\xc3\xa9");
}

static void nameless(void **state)
{
    (void)state;
    static const char *const none[] = {
        "", "-", ".", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"};
    static const char *const some[] = {"a", "--", "192.0.2.1.example", "192.0.2", "1.2.3.4.5"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_true(nlt__what_is_unnamed((nlt_bytes){none[i], strlen(none[i])}));
    }
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        assert_false(nlt__what_is_unnamed((nlt_bytes){some[i], strlen(some[i])}));
    }
}

static void numbered_texts(void **state)
{
    (void)state;
    enum { N = 5000 };
    nlt_text_ids ids = NLT_TEXT_IDS_INIT;
    char text[32];
    assert_int_equal(nlt__text_id_find(&ids, (nlt_bytes){"x", 1}), NLT_TEXT_ID_NONE);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < N; i++) {
            int len = snprintf(text, sizeof text, "%u", i);
            assert_int_equal(nlt__text_id_put(&ids, (nlt_bytes){text, (size_t)len}), i);
        }
    }
    assert_int_equal(ids.n, N);
    assert_int_equal(nlt__text_id_find(&ids, (nlt_bytes){"4999", 4}), 4999);
    assert_int_equal(nlt__text_id_find(&ids, (nlt_bytes){"5000", 4}), NLT_TEXT_ID_NONE);
    assert_int_equal(nlt__text_id_put(&ids, (nlt_bytes){"", 0}), N);
    nlt__text_ids_clear(&ids);
}

static void numbered_texts_without_memory(void **state)
{
    (void)state;
    for (int fail_at = 1; fail_at < 12; fail_at++) {
        nlt_text_ids ids = NLT_TEXT_IDS_INIT;
        nlt__alloc_fail_at(fail_at);
        for (uint32_t i = 0; i < 100; i++) {
            char text[2] = {(char)(i + 1), 'x'};
            uint32_t id = nlt__text_id_put(&ids, (nlt_bytes){text, 2});
            assert_true(id == i || id == NLT_TEXT_ID_NONE);
        }
        nlt__alloc_fail_at(0);
        nlt__text_ids_clear(&ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_names),
        cmocka_unit_test(edges_of_the_rules),
        cmocka_unit_test(nameless),
        cmocka_unit_test(numbered_texts),
        cmocka_unit_test(numbered_texts_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
