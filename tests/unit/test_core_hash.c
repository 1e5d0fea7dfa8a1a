/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash is judged by what tables need of it: no dependence on where the bytes lie, no byte
 * without effect, no collisions among likely keys, and an even spread over the low bits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"

enum { LEN_MAX = 130, KEYS = 200000, BUCKETS = 1 << 12 };

static void the_place_does_not_matter(void **state)
{
    (void)state;
    char text[LEN_MAX + 8];
    for (size_t len = 0; len <= LEN_MAX; len++) {
        char *exact = malloc(len > 0 ? len : 1);
        memset(exact, 0, len > 0 ? len : 1);
        for (size_t i = 0; i < len; i++) {
            exact[i] = (char)(i * 37 + len);
        }
        uint64_t hash = nlt__hash((nlt_bytes){exact, len}, 1);
        for (size_t shift = 0; shift < 8; shift++) {
            memset(text, (int)shift, sizeof text); /* what is around differs */
            memcpy(text + shift, exact, len);
            assert_true(nlt__hash((nlt_bytes){text + shift, len}, 1) == hash);
        }
        assert_true(nlt__hash((nlt_bytes){exact, len}, 2) != hash);
        free(exact);
    }
}

static void every_bit_has_an_effect(void **state)
{
    (void)state;
    char text[LEN_MAX] = {0};
    for (size_t len = 1; len <= LEN_MAX; len++) {
        uint64_t hash = nlt__hash((nlt_bytes){text, len}, 0);
        assert_true(hash != nlt__hash((nlt_bytes){text, len - 1}, 0)); /* zeros of each length */
        for (size_t bit = 0; bit < len * 8; bit++) {
            text[bit / 8] = (char)(1U << bit % 8);
            uint64_t changed = hash ^ nlt__hash((nlt_bytes){text, len}, 0);
            text[bit / 8] = 0;
            int n = __builtin_popcountll(changed);
            assert_true(n >= 8 && n <= 56);
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check_spread(uint64_t *hashes)
{
    static int counts[BUCKETS];
    memset(counts, 0, sizeof counts);
    double chi2 = 0.0;
    const double mean = (double)KEYS / BUCKETS;
    for (size_t i = 0; i < KEYS; i++) {
        counts[hashes[i] % BUCKETS]++;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        chi2 += (counts[i] - mean) * (counts[i] - mean) / mean;
    }
    /* 4095 degrees of freedom: mean 4095, deviation 90 */
    assert_true(chi2 > 4095 - 6 * 90 && chi2 < 4095 + 6 * 90);
    qsort(hashes, KEYS, sizeof hashes[0], compare);
    for (size_t i = 1; i < KEYS; i++) {
        assert_true(hashes[i] != hashes[i - 1]);
    }
}

static void likely_keys_spread(void **state)
{
    (void)state;
    uint64_t *hashes = malloc(KEYS * sizeof *hashes);
    static const char *const formats[] = {"%d", "10.%d.0.1", "host%d.example.org",
        "https://www.example.org/a/rather/long/path/%d/index.html?with=query&and=more"};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        for (int i = 0; i < KEYS; i++) {
            char text[128];
            size_t at = strcspn(formats[f], "%");
            int len = snprintf(
                text, sizeof text, "%.*s%d%s", (int)at, formats[f], i, formats[f] + at + 2);
            hashes[i] = nlt__hash((nlt_bytes){text, (size_t)len}, 0);
        }
        check_spread(hashes);
    }
    for (int64_t i = 0; i < KEYS; i++) {
        hashes[i] = nlt__hash((nlt_bytes){(const char *)&i, sizeof i}, 0);
    }
    check_spread(hashes);
    free(hashes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_does_not_matter),
        cmocka_unit_test(every_bit_has_an_effect),
        cmocka_unit_test(likely_keys_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
