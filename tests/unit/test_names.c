/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of logged URLs and server names: the tables of cases of the formats' description. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "connectors/name.h"
#include "connectors/url.h"

enum { PAD = 64 };

/* NULL: absent. */
static void check(const char *what, nlt_bytes found, const char *expected)
{
    bool is_same = expected == NULL ? found.ptr == NULL
                                    : found.ptr != NULL && found.len == strlen(expected)
            && memcmp(found.ptr, expected, found.len) == 0;
    if (!is_same) {
        fail_msg("%s: \"%.*s\", not %s", what, (int)found.len, found.ptr != NULL ? found.ptr : "",
            expected != NULL ? expected : "null");
    }
}

static bool split(const char *text, char padded[256], nlt_url *url)
{
    size_t len = strlen(text);
    assert_true(len + PAD <= 256);
    memset(padded, '#', 256);
    memcpy(padded, text, len);
    return nlt__url_split((nlt_bytes){padded, len}, url);
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *path;
        int port;
    } cases[] = {
        {"-", NULL, NULL, -1},
        {"http://a.org", "a.org", NULL, 80},
        {"http://a.org/", "a.org", "/", 80},
        {"https://a.org/x?y#z", "a.org", "/x?y#z", 443},
        {"HTTPS://A.org?y", "A.org", "?y", 443},
        {"ftp://user@host:2121/", "host", "/", 2121},
        {"ftp://user:pass@host/", "host", "/", 21},
        {"ws://a.org/", "a.org", "/", -1},
        {"ws://a.org:80/", "a.org", "/", 80},
        {"http://a.org#x", "a.org", "#x", 80},
        {"http://[2001:db8::1]/x", "2001:db8::1", "/x", 80},
        {"http://[::1]:3980/", "::1", "/", 3980},
        {"http://a.org:0/", "a.org", "/", 0},
        {"http://a.org:65535/", "a.org", "/", 65535},
        {"http://a.org:65536/", "a.org", "/", -1},
        {"http:///x", NULL, "/x", -1},
        {"http://:80*", NULL, NULL, -1},
        {"cache_object://localhost/info", "localhost", "/info", -1},
        {"/a/b", NULL, "/a/b", -1},
        {"a.org:443", "a.org", NULL, 443},
        {"[::1]:443", "::1", NULL, 443},
        {"a:b:443", NULL, "a:b:443", -1},
        {"a.org:443444", NULL, "a.org:443444", -1},
        {"urn:isbn:12", NULL, "urn:isbn:12", -1},
        {"error:transaction-end-before-headers", NULL, "error:transaction-end-before-headers", -1},
        {"*", NULL, "*", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char padded[256];
        nlt_url url;
        assert_true(split(cases[i].url, padded, &url));
        check(cases[i].url, url.host, cases[i].host);
        check(cases[i].url, url.path, cases[i].path);
        if (url.port != cases[i].port) {
            fail_msg("%s: port %d, not %d", cases[i].url, url.port, cases[i].port);
        }
    }
}

static void urls_with_open_brackets(void **state)
{
    (void)state;
    static const char *const bad[] = {"http://[::1/x", "http://[", "[::1:443", "ftp://u@[::1/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char padded[256];
        nlt_url url;
        if (split(bad[i], padded, &url)) {
            fail_msg("%s passes", bad[i]);
        }
    }
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *candidate, *name;
    } cases[] = {{"a.org", "a.org"}, {"WWW.A.Org.", "www.a.org"}, {"a.org:8080", "a.org"},
        {"[2001:DB8::1]:443", "2001:db8::1"}, {"2001:db8::1", "2001:db8::1"}, {"", ""},
        {"10.0.0.1:80", "10.0.0.1"}};
    nlt_arena arena = NLT_ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char padded[256] = {0};
        size_t len = strlen(cases[i].candidate);
        memcpy(padded, cases[i].candidate, len);
        nlt_bytes name = nlt__name_normalise(&arena, (nlt_bytes){padded, len});
        check(cases[i].candidate, name, cases[i].name);
    }
    nlt__arena_clear(&arena);
}

static void domains(void **state)
{
    (void)state;
    static const struct {
        const char *text, *domain;
    } cases[] = {{"Example.ORG.", "example.org"}, {".", "."}, {"a", "a"}, {"a..", "a."},
        {"\xc3\x89.Org", "\xc3\x89.org"}};
    nlt_arena arena = NLT_ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char padded[256] = {0};
        size_t len = strlen(cases[i].text);
        memcpy(padded, cases[i].text, len);
        nlt_bytes domain = nlt__domain_normalise(&arena, (nlt_bytes){padded, len});
        check(cases[i].text, domain, cases[i].domain);
    }
    nlt__arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(urls_with_open_brackets),
        cmocka_unit_test(names),
        cmocka_unit_test(domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
