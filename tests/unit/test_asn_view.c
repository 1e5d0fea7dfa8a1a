/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks against a search of all of them; views of autonomous systems from small files. */

#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "core/ip_map.h"
#include "io/asn_view.h"

static nlt_ip ip_of(const char *text)
{
    nlt_ip ip;
    assert_true(nlt__ip_parse((nlt_bytes){text, strlen(text)}, &ip));
    return ip;
}

/* ---- networks ---- */

static void networks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *first; /* NULL: no network */
        int bits;
    } cases[] = {
        {"10.1.2.3/8", "10.0.0.0", 104},
        {"10.1.2.3", "10.1.2.3", 128},
        {"0.0.0.0/0", "0.0.0.0", 96},
        {"2001:db8:ffff::1/32", "2001:db8::", 32},
        {"::/0", "::", 0},
        {"::1", "::1", 128},
        {"::ffff:10.1.2.3/112", "10.1.0.0", 112},
        {"10.0.0.0/33", NULL, 0},
        {"/8", NULL, 0},
        {"10.0.0.0/", NULL, 0},
        {"10.0.0.0/+8", NULL, 0},
        {"10.0.0.0/8/8", NULL, 0},
        {"", NULL, 0},
        {"::/129", NULL, 0},
        {"10.0.0.0/18446744073709551617", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_ip_net net;
        bool is_net = nlt__ip_net_parse((nlt_bytes){cases[i].text, strlen(cases[i].text)}, &net);
        assert_int_equal(is_net, cases[i].first != NULL);
        if (is_net) {
            nlt_ip first = ip_of(cases[i].first);
            assert_true(net.key == nlt__ip_key(&first));
            assert_int_equal(net.bits, cases[i].bits);
            nlt_ip back = nlt__ip_from_key(net.key);
            assert_memory_equal(&back, &first, sizeof first);
        }
    }
}

/* ---- maps ---- */

enum { N_NETS = 3000, N_LOOKUPS = 20000 };

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 32;
}

/* Few distinct bits, so that prefixes nest, touch and repeat. */
static nlt_u128 random_key(uint64_t *seed, bool is_v4)
{
    nlt_u128 key = 0;
    for (int i = 0; i < (is_v4 ? 4 : 16); i++) {
        static const uint8_t bytes[] = {0, 1, 127, 128, 254, 255};
        key = key << 8 | bytes[next_random(seed) % 6];
    }
    return is_v4 ? key | (nlt_u128)0xffff << 32 : key;
}

static uint32_t search(const nlt_ip_net *nets, int n, nlt_u128 key)
{
    int best = -1;
    for (int i = 0; i < n; i++) {
        if (nlt__ip_net_has(&nets[i], key) && (best < 0 || nets[i].bits >= nets[best].bits)) {
            best = i;
        }
    }
    return (uint32_t)(best + 1);
}

static void compare(const nlt_ip_map *map, const nlt_ip_net *nets, int n, nlt_u128 key)
{
    nlt_ip ip = nlt__ip_from_key(key);
    assert_int_equal(nlt__ip_map_find(map, &ip), search(nets, n, key));
}

static void maps_against_search(void **state)
{
    (void)state;
    uint64_t seed = 7;
    nlt_ip_net *nets = malloc(N_NETS * sizeof *nets);
    nlt_ip_map *map = NULL;
    assert_non_null(nets);
    assert_int_equal(nlt__ip_map_new(&map, NULL), NLT_OK);
    for (int i = 0; i < N_NETS; i++) {
        bool is_v4 = i % 2 == 0;
        int bits = (int)(next_random(&seed) % (is_v4 ? 33 : 129)) + (is_v4 ? 96 : 0);
        nets[i] = (nlt_ip_net){random_key(&seed, is_v4) & nlt__ip_mask(bits), (uint8_t)bits, is_v4};
        assert_int_equal(nlt__ip_map_add(map, &nets[i], (uint32_t)i + 1, NULL), NLT_OK);
    }
    assert_int_equal(nlt__ip_map_seal(map, NULL), NLT_OK);
    for (int i = 0; i < N_LOOKUPS / 10; i++) {
        nlt_u128 key = random_key(&seed, i % 2 == 0);
        if (nlt__ip_key_is_v4(key) == (i % 2 == 0)) {
            compare(map, nets, N_NETS, key);
        }
    }
    for (int i = 0; i < N_NETS; i += 2) { /* where networks begin and end */
        nlt_u128 last = nets[i].key | ~nlt__ip_mask(nets[i].bits);
        compare(map, nets, N_NETS, nets[i].key);
        compare(map, nets, N_NETS, last);
        if (nlt__ip_key_is_v4(last + 1)) {
            compare(map, nets, N_NETS, last + 1);
        }
    }
    nlt__ip_map_free(map);
    free(nets);
}

static void empty_map(void **state)
{
    (void)state;
    nlt_ip_map *map = NULL;
    assert_int_equal(nlt__ip_map_new(&map, NULL), NLT_OK);
    assert_int_equal(nlt__ip_map_seal(map, NULL), NLT_OK);
    static const char *const texts[] = {
        "0.0.0.0", "1.2.3.4", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        nlt_ip ip = ip_of(texts[i]);
        assert_int_equal(nlt__ip_map_find(map, &ip), 0);
    }
    nlt__ip_map_free(map);
}

/* ---- views ---- */

static char folder[] = "/tmp/test_asn_view_XXXXXX";

static const char *write_file(const char *name, const char *text, size_t len)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static nlt_asn_view *open_text(const char *text, nlt_strings *warnings)
{
    nlt_asn_view *view = NULL;
    nlt_error err = NLT_ERROR_INIT;
    const char *path = write_file("view", text, strlen(text));
    if (nlt__asn_view_open(path, NULL, warnings, &view, &err) != NLT_OK) {
        fail_msg("%s", err.message);
    }
    return view;
}

/* -1: none */
static int64_t number_at(const nlt_asn_view *view, const char *address)
{
    nlt_ip ip = ip_of(address);
    uint32_t system = 0;
    return nlt__asn_find(view, &ip, &system) ? (int64_t)nlt__asn_number(view, system) : -1;
}

static void views_from_text(void **state)
{
    (void)state;
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_asn_view *view =
        open_text("; IP-ASN-DAT\n# comment\r\n\n"
                  "10.0.0.0/8\t64512\r\n10.1.0.0/16 64513\n  10.1.2.0/24\t4294967295\t\n"
                  "10.9.0.0/16\t1\n10.9.0.0/16\t2\n"
                  "2001:db8::/32\tAS64512\n::ffff:11.0.0.0/104\t7\n0.0.0.0/1\t9",
            &warnings);
    assert_int_equal(warnings.n, 0);
    assert_int_equal(nlt__asn_prefix_count(view), 8);
    assert_int_equal(number_at(view, "10.200.0.1"), 64512);
    assert_int_equal(number_at(view, "10.1.200.1"), 64513);
    assert_int_equal(number_at(view, "10.1.2.200"), 4294967295);
    assert_int_equal(number_at(view, "10.1.3.0"), 64513);
    assert_int_equal(number_at(view, "10.2.0.0"), 64512);
    assert_int_equal(number_at(view, "10.9.1.1"), 2);
    assert_int_equal(number_at(view, "11.0.0.1"), 7);
    assert_int_equal(number_at(view, "12.0.0.1"), 9);
    assert_int_equal(number_at(view, "128.0.0.1"), -1);
    assert_int_equal(number_at(view, "::ffff:10.1.2.200"), 4294967295);
    assert_int_equal(number_at(view, "2001:db8:1::1"), 64512);
    assert_int_equal(number_at(view, "2001:db9::1"), -1);
    assert_int_equal(number_at(view, "::"), -1);
    assert_false(nlt__asn_has_names(view));
    nlt__asn_view_close(view);
}

static void bad_lines(void **state)
{
    (void)state;
    static const char *const bad[] = {"junk", "10.0.0.0\t5", "10.0.0.0/33\t5", "10.0.0.0/8",
        "10.0.0.0/8\tx", "10.0.0.0/8\t4294967296", "10.0.0.0/8\t-1", "10.0.0.0/8\t1.10",
        "\x01\xff/8\t5", "10.0.0.0/8\tAS"};
    char text[1024] = "10.0.0.0/8\t64512\n";
    size_t n = sizeof bad / sizeof bad[0];
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", bad[i]);
    }
    nlt_strings warnings = NLT_STRINGS_INIT;
    nlt_asn_view *view = open_text(text, &warnings);
    assert_int_equal(nlt__asn_prefix_count(view), 1);
    assert_int_equal(nlt__asn_bad_count(view), n);
    assert_int_equal(warnings.n, 1);
    assert_non_null(strstr(warnings.items[0], "10 lines"));
    assert_non_null(strstr(warnings.items[0], "line 2: junk"));
    nlt__strings_clear(&warnings);
    nlt__asn_view_close(view);
}

static void check_refused(const char *text, size_t len, nlt_status status, const char *message)
{
    nlt_asn_view *view = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(
        nlt__asn_view_open(write_file("view", text, len), NULL, NULL, &view, &err), status);
    assert_null(view);
    assert_non_null(strstr(err.message, message));
    assert_non_null(strstr(err.message, "/view"));
}

static void files_that_are_no_view(void **state)
{
    (void)state;
    check_refused("", 0, NLT_ERR_FORMAT, "no line holds");
    check_refused("; only\n# comments\n", 18, NLT_ERR_FORMAT, "no line holds");
    check_refused("a,b\n1,2\n", 8, NLT_ERR_FORMAT, "no line holds");
    check_refused("\0\1\2\3", 4, NLT_ERR_FORMAT, "MaxMind");
    char *line = malloc(200000);
    assert_non_null(line);
    memset(line, 'x', 200000);
    check_refused(line, 200000, NLT_ERR_LIMIT, "line 1 has more than");
    free(line);
    nlt_asn_view *view = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(
        nlt__asn_view_open("/nowhere/view", NULL, NULL, &view, &err), NLT_ERR_NOT_FOUND);
    assert_int_equal(nlt__asn_view_open(folder, NULL, NULL, &view, &err), NLT_ERR_IO);
}

static const char *name_at(const nlt_asn_view *view, const char *address)
{
    static char text[64];
    nlt_ip ip = ip_of(address);
    uint32_t system = 0;
    assert_true(nlt__asn_find(view, &ip, &system));
    nlt_bytes name = nlt__asn_name(view, system);
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr == NULL ? "" : name.ptr);
    return text;
}

static void names(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{\"64512\": \"Private One\", \"AS64513\": \"Zw\\u00f6lf\", \"1\": \"other\", \"x\": 3, \"64514\": null}",
        "; names\n64512 Private One\nAS64513\tZw\xc3\xb6lf \r\n1 other\nx y\n64514\n",
    };
    static const char view_text[] = "10.0.0.0/8\t64512\n11.0.0.0/8\t64513\n12.0.0.0/8\t64514\n";
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        nlt_asn_view *view = NULL;
        (void)snprintf(
            path, sizeof path, "%s", write_file("view", view_text, sizeof view_text - 1));
        const char *other = write_file("names", files[i], strlen(files[i]));
        assert_int_equal(nlt__asn_view_open(path, other, NULL, &view, NULL), NLT_OK);
        assert_true(nlt__asn_has_names(view));
        assert_string_equal(name_at(view, "10.0.0.1"), "Private One");
        assert_string_equal(name_at(view, "11.0.0.1"), "Zw\xc3\xb6lf");
        assert_string_equal(name_at(view, "12.0.0.1"), "");
        nlt__asn_view_close(view);
        nlt_error err = NLT_ERROR_INIT;
        static const char *const no_names[] = {
            "", "{}", "{\"7\": \"x\"}", "{\"7\": ", "[1]", "7 seven\n"};
        for (size_t j = 0; j < sizeof no_names / sizeof no_names[0]; j++) {
            other = write_file("names", no_names[j], strlen(no_names[j]));
            assert_int_equal(nlt__asn_view_open(path, other, NULL, &view, &err), NLT_ERR_FORMAT);
            assert_non_null(strstr(err.message, "/names"));
        }
    }
    /* in the view itself; the first counts; bytes that are no UTF-8 */
    nlt_asn_view *view =
        open_text("10.0.0.0/8\t1\tFirst Net\n11.0.0.0/8 1 Second\n12.0.0.0/8\t2\tB\xff"
                  "d\n",
            NULL);
    assert_string_equal(name_at(view, "11.0.0.1"), "First Net");
    assert_string_equal(name_at(view, "12.0.0.1"), "B\\xffd");
    nlt__asn_view_close(view);
}

/* Enough systems and prefixes for every table to grow; memory that is short at any moment. */
static void growing_and_short_memory(void **state)
{
    (void)state;
    enum { N = 5000 };
    char *text = malloc(N * 32);
    assert_non_null(text);
    size_t len = 0;
    for (int i = 0; i < N; i++) {
        len += (size_t)snprintf(
            text + len, 32, "%d.%d.%d.0/24\t%d\n", i >> 16, i >> 8 & 255, i & 255, i * 7);
    }
    const char *path = write_file("view", text, len);
    nlt_asn_view *view = NULL;
    assert_int_equal(nlt__asn_view_open(path, NULL, NULL, &view, NULL), NLT_OK);
    for (int i = 0; i < N; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "%d.%d.%d.77", i >> 16, i >> 8 & 255, i & 255);
        assert_int_equal(number_at(view, address), i * 7);
    }
    nlt__asn_view_close(view);
    for (int n = 1; n < 60; n++) {
        nlt__alloc_fail_at(n);
        nlt_status status = nlt__asn_view_open(path, NULL, NULL, &view, NULL);
        nlt__alloc_fail_at(0);
        assert_true(status == NLT_OK || status == NLT_ERR_NOMEM);
        nlt__asn_view_close(view);
    }
    free(text);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const files[] = {"view", "names"};
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks),
        cmocka_unit_test(maps_against_search),
        cmocka_unit_test(empty_map),
        cmocka_unit_test(views_from_text),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(files_that_are_no_view),
        cmocka_unit_test(names),
        cmocka_unit_test(growing_and_short_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
