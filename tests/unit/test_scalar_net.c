/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and addresses in SQL. Registered domains: the test data of publicsuffix.org's algorithm, in
 * our own words; Punycode: RFC 3492 7.1; networks by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "core/thread.h"
#include "support/scalar_rows.h"

#define CHECK(cases)                                                                               \
    assert_int_equal(scalar_rows_check((cases), sizeof(cases) / sizeof(cases)[0], NULL), 0)

static void registered_domains(void **state)
{
    (void)state;
    static const scalar_case cases[] = {
        {"registered_domain('example.com')", "example.com"},
        {"registered_domain('WwW.Example.COM')", "example.com"},
        {"registered_domain('www.example.co.uk.')", "example.co.uk"},
        {"registered_domain('a.b.c.example.co.uk')", "example.co.uk"},
        {"registered_domain('com')", "NULL"},
        {"registered_domain('co.uk')", "NULL"},
        {"registered_domain('localhost')", "NULL"},
        {"registered_domain('printer.local')", "printer.local"}, /* the rule "*" */
        {"registered_domain('a.b.unlisted')", "b.unlisted"},
        /* wildcard *.ck with exception !www.ck */
        {"registered_domain('b.ck')", "NULL"},
        {"registered_domain('a.b.ck')", "a.b.ck"},
        {"registered_domain('x.a.b.ck')", "a.b.ck"},
        {"registered_domain('www.ck')", "www.ck"},
        {"registered_domain('x.www.ck')", "www.ck"},
        /* *.kawasaki.jp with !city.kawasaki.jp */
        {"registered_domain('c.kawasaki.jp')", "NULL"},
        {"registered_domain('b.c.kawasaki.jp')", "b.c.kawasaki.jp"},
        {"registered_domain('x.city.kawasaki.jp')", "city.kawasaki.jp"},
        /* internationalised, in both forms */
        {"registered_domain('www.食狮.公司.cn')", "食狮.公司.cn"},
        {"registered_domain('www.xn--85x722f.xn--55qx5d.cn')", "xn--85x722f.xn--55qx5d.cn"},
        {"registered_domain('公司.cn')", "NULL"},
        {"registered_domain('www.食狮.中国')", "食狮.中国"},
        {"registered_domain('xn--fiqs8s')", "NULL"},
        /* no names */
        {"registered_domain('')", "NULL"},
        {"registered_domain('.')", "NULL"},
        {"registered_domain('.example.com')", "NULL"},
        {"registered_domain('a..example.com')", "NULL"},
        {"registered_domain('example.com..')", "NULL"},
        {"registered_domain('1.2.3.4')", "NULL"},
        {"registered_domain('1.2.3.4.')", "NULL"},
        {"registered_domain('2001:db8::1')", "NULL"},
        {"registered_domain('example.com:443')", "NULL"},
        {"registered_domain('http://example.com/')", "NULL"},
        {"registered_domain('two words.com')", "NULL"},
        {"registered_domain('-')", "NULL"},
        {"registered_domain(NULL)", "NULL"},
        {"registered_domain('_dmarc.example.com')", "example.com"},
        {"registered_domain('*.example.com')", "example.com"},
        {"registered_domain('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com')",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com"},
        {"registered_domain('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com')",
            "NULL"},
    };
    CHECK(cases);
}

static void names_as_text(void **state)
{
    (void)state;
    static const scalar_case cases[] = {
        {"idn('xn--bcher-kva.de')", "bücher.de"},
        {"idn('www.xn--bcher-kva.de.')", "www.bücher.de."},
        {"idn('XN--BCHER-KVA.DE')", "bücher.DE"},
        {"idn('www.example.com')", "www.example.com"},
        {"idn('bücher.de')", "bücher.de"},
        {"idn('')", ""},
        {"idn(NULL)", "NULL"},
        {"idn('xn--fiqs8s')", "中国"},
        /* RFC 3492 7.1: (A) Arabic, (B) Chinese, (D) Czech, (I) Russian, (L), (P) Japanese */
        {"idn('xn--egbpdaj6bu4bxfgehfvwxn')", "ليهمابتكلموشعربي؟"},
        {"idn('xn--ihqwcrb4cv8a8dqg056pqjye')", "他们为什么不说中文"},
        {"idn('xn--Proprostnemluvesky-uyb24dma41a')", "pročprostěnemluvíčesky"},
        {"idn('xn--b1abfaaepdrnnbgefbadotcwatmq2g4l')", "почемужеонинеговорятпорусски"},
        {"idn('xn--3B-ww4c5e180e575a65lsy2b')", "3年b組金八先生"},
        {"idn('xn--MajiKoi5-783gue6qz075azm5e')", "majiでkoiする5秒前"},
        {"idn('xn--d9juau41awczczp.xn--p1ai')", "そのスピードで.рф"},
        /* what is no Punycode stays */
        {"idn('xn--')", "xn--"},
        {"idn('xn--a')", "xn--a"},
        {"idn('xn--abc-')", "xn--abc-"},
        {"idn('xn--99999999.com')", "xn--99999999.com"},
        {"idn('xn--ä.com')", "xn--ä.com"},
        {"idn('xn--bcher-kv!.de')", "xn--bcher-kv!.de"},
        {"idn('a--b.xn.c')", "a--b.xn.c"},
        /* U+202E, which turns text around: "abc" with it at the end, by Python's punycode codec */
        {"idn('xn--abc-7q0a.com')", "xn--abc-7q0a.com"},
    };
    CHECK(cases);
}

static void networks(void **state)
{
    (void)state;
    static const scalar_case cases[] = {
        {"ip_in('10.1.2.3', '10.0.0.0/8')", "true"},
        {"ip_in('11.1.2.3', '10.0.0.0/8')", "false"},
        {"ip_in('10.1.2.3', '10.99.99.99/8')", "true"},
        {"ip_in('10.1.2.3', '10.1.2.3')", "true"},
        {"ip_in('10.1.2.3', '10.1.2.2/31')", "true"},
        {"ip_in('10.1.2.4', '10.1.2.2/31')", "false"},
        {"ip_in('255.255.255.255', '0.0.0.0/0')", "true"},
        {"ip_in('::ffff:10.1.2.3', '10.0.0.0/8')", "true"},
        {"ip_in('10.1.2.3', '::ffff:10.0.0.0/104')", "true"},
        {"ip_in('10.1.2.3', '::/0')", "false"},
        {"ip_in('2001:db8::1', '::/0')", "true"},
        {"ip_in('2001:db8::1', '0.0.0.0/0')", "false"},
        {"ip_in('2001:db8:1::1', '2001:db8::/32')", "true"},
        {"ip_in('2001:db9::1', '2001:db8::/32')", "false"},
        {"ip_in('2001:db8::1', '2001:db8::1/128')", "true"},
        {"ip_in('2001:db8::1', '2001:DB8:0::1')", "true"},
        {"ip_in('x', '10.0.0.0/8')", "NULL"},
        {"ip_in('10.1.2.3', '10.0.0.0/33')", "NULL"},
        {"ip_in('10.1.2.3', '10.0.0.0/-1')", "NULL"},
        {"ip_in('10.1.2.3', '10.0.0.0/')", "NULL"},
        {"ip_in('10.1.2.3', '10.0.0/8')", "NULL"},
        {"ip_in('10.1.2.3', '')", "NULL"},
        {"ip_in('10.1.2.3', '2001:db8::/129')", "NULL"},
        {"ip_in(NULL, '10.0.0.0/8')", "NULL"},
        {"ip_in('10.1.2.3', NULL)", "NULL"},
        {"ip_prefix('10.1.2.3', 8)", "10.0.0.0/8"},
        {"ip_prefix('10.1.2.3', 0)", "0.0.0.0/0"},
        {"ip_prefix('10.1.2.255', 25)", "10.1.2.128/25"},
        {"ip_prefix('10.1.2.3', 32)", "10.1.2.3/32"},
        {"ip_prefix('10.1.2.3', 33)", "NULL"},
        {"ip_prefix('10.1.2.3', -1)", "NULL"},
        {"ip_prefix('2001:db8:ff00::1', 36)", "2001:db8:f000::/36"},
        {"ip_prefix('2001:db8::1', 128)", "2001:db8::1/128"},
        {"ip_prefix('2001:db8::1', 0)", "::/0"},
        {"ip_prefix('2001:db8::1', 129)", "NULL"},
        {"ip_prefix('::ffff:10.1.2.3', 16)", "10.1.0.0/16"},
        {"ip_prefix('10.1.2.3', 24, 48)", "10.1.2.0/24"},
        {"ip_prefix('2001:db8:1:2::3', 24, 48)", "2001:db8:1::/48"},
        {"ip_prefix('host', 24)", "NULL"},
        {"ip_prefix('10.1.2.3 ', 24)", "NULL"},
    };
    CHECK(cases);
}

/* A function whose memo holds one network is right when the network changes from row to row. */
static void changing_networks(void **state)
{
    (void)state;
    enum { N = 300 };
    static const char *const networks_of[] = {"10.0.0.0/8", "bad", "10.0.0.0/9", "192.168.0.0/16"};
    const nlt_dtype text = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0};
    const nlt_scalar *scalar = nlt__scalar_find("IP_IN");
    nlt_batch *input = NULL;
    nlt_batch *output = NULL;
    nlt_arena arena = NLT_ARENA_INIT;
    assert_int_equal(nlt__batch_new((nlt_dtype[]){text, text}, 2, N, &input, NULL), NLT_OK);
    assert_int_equal(nlt__batch_new(&scalar->result, 1, N, &output, NULL), NLT_OK);
    for (int i = 0; i < N; i++) {
        const char *net = networks_of[i % 4];
        nlt__str_set((nlt_str *)input->cols[0].data + i, "10.200.0.1", 10);
        nlt__str_set((nlt_str *)input->cols[1].data + i, net, strlen(net));
        nlt__set_valid(input->cols[0].valid, i);
        nlt__set_valid(input->cols[1].valid, i);
    }
    assert_int_equal(
        nlt__scalar_call(scalar, NULL, input->cols, 2, N, &output->cols[0], &arena, NULL), NLT_OK);
    for (int i = 0; i < N; i++) {
        assert_int_equal(nlt__valid(output->cols[0].valid, i), i % 4 != 1);
        if (i % 4 != 1) {
            assert_int_equal(((const uint8_t *)output->cols[0].data)[i], i % 4 == 0);
        }
    }
    nlt__batch_free(input);
    nlt__batch_free(output);
    nlt__arena_clear(&arena);
}

/* A column of names and one of results, for one thread. */
typedef struct columns {
    nlt_batch *input, *output;
    nlt_arena arena;
} columns;

enum { N_NAMES = 500 };

static void open_columns(columns *c, const nlt_scalar *scalar)
{
    const nlt_dtype text = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0};
    *c = (columns){NULL, NULL, NLT_ARENA_INIT};
    assert_int_equal(nlt__batch_new(&text, 1, N_NAMES, &c->input, NULL), NLT_OK);
    assert_int_equal(nlt__batch_new(&scalar->result, 1, N_NAMES, &c->output, NULL), NLT_OK);
    for (int i = 0; i < N_NAMES; i++) {
        static const char *const names[] = {"www.a-rather-long-name.example.co.uk",
            "host.xn--bcher-kva-and-more-of-it.example.org", "x.b.c.kawasaki.jp"};
        const char *name = names[i % 3];
        nlt__str_set((nlt_str *)c->input->cols[0].data + i, name, strlen(name));
        nlt__set_valid(c->input->cols[0].valid, i);
    }
}

static void close_columns(columns *c)
{
    nlt__batch_free(c->input);
    nlt__batch_free(c->output);
    nlt__arena_clear(&c->arena);
}

static nlt_status call_columns(columns *c, const nlt_scalar *scalar)
{
    nlt__arena_reset(&c->arena);
    return nlt__scalar_call(
        scalar, NULL, c->input->cols, 1, N_NAMES, &c->output->cols[0], &c->arena, NULL);
}

static bool is_result(const columns *c, int row, const char *wanted)
{
    const nlt_vec *vec = &c->output->cols[0];
    return nlt__valid(vec->valid, row)
        && nlt__bytes_equal(
            nlt__str_bytes((const nlt_str *)vec->data + row), (nlt_bytes){wanted, strlen(wanted)});
}

static void short_memory(void **state)
{
    (void)state;
    const nlt_scalar *scalar = nlt__scalar_find("registered_domain");
    columns c;
    open_columns(&c, scalar);
    nlt__alloc_fail_at(1);
    nlt_status status = call_columns(&c, scalar);
    nlt__alloc_fail_at(0);
    assert_int_equal(status, NLT_ERR_NOMEM);
    assert_int_equal(call_columns(&c, scalar), NLT_OK);
    assert_true(is_result(&c, 0, "example.co.uk") && is_result(&c, N_NAMES - 1, "example.org"));
    close_columns(&c);
}

static nlt_status name_thread(void *ctx, int thread, nlt_error *err)
{
    const nlt_scalar *scalar = nlt__scalar_find(thread % 2 == 0 ? "registered_domain" : "idn");
    columns *c = (columns *)ctx + thread;
    for (int round = 0; round < 20; round++) {
        NLT_TRY(call_columns(c, scalar));
        if (thread % 2 == 0 && !is_result(c, 2, "b.c.kawasaki.jp")) {
            return nlt_fail(err, NLT_ERR_INTERNAL, "another domain");
        }
    }
    return NLT_OK;
}

static void threads(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    columns all[THREADS];
    for (int i = 0; i < THREADS; i++) {
        open_columns(&all[i], nlt__scalar_find("registered_domain"));
    }
    assert_int_equal(nlt__parallel(THREADS, name_thread, all, NULL), NLT_OK);
    for (int i = 0; i < THREADS; i++) {
        close_columns(&all[i]);
    }
}

/* What every row of the table promises. */
static void table_of_functions(void **state)
{
    (void)state;
    for (int i = 0; i < nlt__scalar_count(); i++) {
        const nlt_scalar *scalar = nlt__scalar_at(i);
        assert_non_null(nlt__scalar_find(scalar->name));
        assert_int_equal(strncmp(scalar->usage, scalar->name, strlen(scalar->name)), 0);
        assert_true(strlen(scalar->summary) > 10);
        assert_true(scalar->n_args <= NLT_SCALAR_ARGS_MAX && scalar->n_optional <= scalar->n_args);
        assert_true((scalar->row == NULL) != (scalar->batch == NULL));
        for (int a = 0; a < NLT_SCALAR_ARGS_MAX; a++) {
            assert_int_equal(scalar->args[a] != 0, a < scalar->n_args);
        }
        /* rows that share a name stand together */
        bool is_new = i == 0 || strcmp(nlt__scalar_at(i - 1)->name, scalar->name) != 0;
        assert_true(!is_new || nlt__scalar_find(scalar->name) == scalar);
    }
    assert_null(nlt__scalar_at(-1));
    assert_null(nlt__scalar_at(nlt__scalar_count()));
    assert_null(nlt__scalar_find("no_such_function"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_domains),
        cmocka_unit_test(names_as_text),
        cmocka_unit_test(networks),
        cmocka_unit_test(changing_networks),
        cmocka_unit_test(short_memory),
        cmocka_unit_test(threads),
        cmocka_unit_test(table_of_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
