/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses against inet_pton and inet_ntop, which are another implementation. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "core/ip.h"
#include "core/simd.h"

/* In memory that ends where the text does. */
static void check_v4(const char *text, bool is_good)
{
    size_t len = strlen(text);
    char *alone = malloc(len > 0 ? len : 1);
    assert_non_null(alone);
    memcpy(alone, text, len);
    if (nlt__is_v4_text(alone, len) != is_good) {
        fail_msg("\"%s\": inet_pton says %d", text, is_good);
    }
    free(alone);
}

static void check(const char *text)
{
    nlt_ip ip;
    uint8_t bytes[16] = {0};
    int family = strchr(text, ':') != NULL ? 6 : 4;
    bool is_good = inet_pton(family == 4 ? AF_INET : AF_INET6, text, bytes) == 1;
    bool is_parsed = nlt__ip_parse((nlt_bytes){text, strlen(text)}, &ip);
    check_v4(text, is_good && family == 4);
    if (is_parsed != is_good) {
        fail_msg("\"%s\": %d, inet_pton says %d", text, is_parsed, is_good);
    }
    if (!is_good) {
        return;
    }
    assert_int_equal(ip.family, family);
    assert_memory_equal(ip.bytes, bytes, 16);
    char ours[NLT_IP_TEXT_MAX + 1];
    char theirs[INET6_ADDRSTRLEN];
    ours[nlt__ip_format(&ip, ours)] = '\0';
    assert_string_equal(
        ours, inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, theirs, sizeof theirs));
}

static void test_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.0.0.0", "1.2.3.4", "255.255.255.255", "256.1.1.1",
        "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4", "1..3.4", "a.2.3.4", "-1.2.3.4",
        "1.2.3.4 ", "", "1", ":", "::", ":::", "::1", "1::", "1::2::3", "2001:db8::1",
        "2001:DB8:0:0:8:800:200C:417A", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4::5:6:7:8",
        "12345::", "::ffff:1.2.3.4", "::1.2.3.4", "::1.2.3", "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4", "64:ff9b::192.0.2.33", "::ffff:0:1.2.3.4", "::1.2.3.4:5",
        "fe80::1%eth0", "g::", "1:", ":1", "0:0:1:0:0:0:1:0", "0:0:0:1:0:0:0:1", "1:0:0:2:0:0:0:3",
        "::0.0.0.1", "::0.1.0.0"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check(texts[i]);
    }
}

/* Texts made of what addresses are made of. */
static void test_random_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        ":", "::", ".", "0", "1", "12", "255", "ffff", "a", "1.2.3.4", "db8", ":0:"};
    uint64_t seed = 1;
    for (int i = 0; i < 300000; i++) {
        char text[64] = "";
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int n = (int)(seed >> 60) + 1;
        uint64_t bits = seed;
        for (int j = 0; j < n && strlen(text) < 40; j++) {
            bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407u;
            strncat(text, pieces[(bits >> 33) % 12], 8);
        }
        check(text);
    }
}

/* Four of what numbers may look like. */
static void test_v4_numbers(void **state)
{
    (void)state;
    static const char *const numbers[] = {"0", "00", "5", "05", "10", "99", "100", "199", "200",
        "209", "249", "250", "255", "256", "260", "300", "999", "1000", "", "1a", "-1", ":1"};
    const size_t n = sizeof numbers / sizeof numbers[0];
    for (size_t i = 0; i < n * n * n * n; i++) {
        char text[32];
        uint8_t bytes[4];
        (void)snprintf(text, sizeof text, "%s.%s.%s.%s", numbers[i % n], numbers[i / n % n],
            numbers[i / n / n % n], numbers[i / n / n / n]);
        check_v4(text, inet_pton(AF_INET, text, bytes) == 1);
    }
}

/* All patterns of zero and other groups. */
static void test_zero_runs(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 256; bits++) {
        nlt_ip ip = {{0}, 6};
        for (unsigned i = 0; i < 8; i++) {
            ip.bytes[2 * i + 1] = (bits >> i & 1) != 0 ? (uint8_t)(i + 1) : 0;
        }
        char ours[NLT_IP_TEXT_MAX + 1];
        char theirs[INET6_ADDRSTRLEN];
        ours[nlt__ip_format(&ip, ours)] = '\0';
        assert_string_equal(ours, inet_ntop(AF_INET6, ip.bytes, theirs, sizeof theirs));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_v4_numbers),
        cmocka_unit_test(test_zero_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
