/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP fragments in every order, with contradictions and within bounds (RFC 791, 8200, 5722). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "wire/fragments.h"

static const nlt_fragments_options ordinary = NLT_FRAGMENTS_OPTIONS_INIT;

static nlt_fragments *fragments_new(const nlt_fragments_options *options)
{
    nlt_fragments *f;
    assert_int_equal(nlt__fragments_new(options, &f, NULL), NLT_OK);
    return f;
}

/* A piece of "abcdefghijklmnopqrstuvwx...": bytes offset to offset + len. */
static nlt_packet piece(uint32_t id, uint32_t offset, size_t len, bool more)
{
    static uint8_t text[65536];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)('a' + i % 26);
    }
    return (nlt_packet){.payload = text + offset,
        .payload_len = len,
        .src = {{192, 0, 2, 1}, 4},
        .dst = {{192, 0, 2, 2}, 4},
        .protocol = 17,
        .fragment_id = id,
        .fragment_offset = offset,
        .has_more_fragments = more};
}

static nlt_fragments_status add(
    nlt_fragments *f, nlt_packet packet, int64_t time_ns, nlt_datagram *whole)
{
    nlt_fragments_status status;
    assert_int_equal(nlt__fragments_add(f, &packet, time_ns, &status, whole, NULL), NLT_OK);
    return status;
}

static void every_order(void **state)
{
    (void)state;
    static const int orders[6][3] = {
        {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    nlt_fragments *f = fragments_new(&ordinary);
    nlt_packet pieces[3] = {piece(7, 0, 16, true), piece(7, 16, 8, true), piece(7, 24, 3, false)};
    for (int i = 0; i < 6; i++) {
        nlt_datagram whole;
        assert_int_equal(add(f, pieces[orders[i][0]], 0, &whole), NLT_FRAGMENTS_HELD);
        assert_int_equal(add(f, pieces[orders[i][1]], 0, &whole), NLT_FRAGMENTS_HELD);
        assert_int_equal(add(f, pieces[orders[i][2]], 0, &whole), NLT_FRAGMENTS_WHOLE);
        assert_int_equal(whole.payload.len, 27);
        assert_memory_equal(whole.payload.ptr, "abcdefghijklmnopqrstuvwxyza", 27);
        assert_int_equal(whole.n_fragments, 3);
        assert_int_equal(whole.protocol, 17);
        assert_int_equal(nlt__fragments_bytes(f), 0);
    }
    nlt__fragments_free(f);
}

/* The key: addresses, identification, and for IPv4 the protocol. */
static void keys(void **state)
{
    (void)state;
    nlt_fragments *f = fragments_new(&ordinary);
    nlt_datagram whole;
    nlt_packet last = piece(7, 8, 8, false);
    assert_int_equal(add(f, piece(7, 0, 8, true), 0, &whole), NLT_FRAGMENTS_HELD);
    for (int i = 0; i < 4; i++) {
        nlt_packet other = last;
        other.fragment_id += i == 0;
        other.protocol = i == 1 ? 6 : 17;
        other.src.bytes[3] ^= i == 2;
        other.dst.bytes[0] ^= i == 3;
        assert_int_equal(add(f, other, 0, &whole), NLT_FRAGMENTS_HELD);
    }
    assert_int_equal(add(f, last, 0, &whole), NLT_FRAGMENTS_WHOLE);
    /* IPv6: the protocol is that of the first piece, whatever the others say. */
    nlt_packet six[2] = {piece(9, 0, 8, true), piece(9, 8, 8, false)};
    six[0].src.family = six[1].src.family = 6;
    six[0].protocol = 60;
    six[1].protocol = 17;
    assert_int_equal(add(f, six[0], 0, &whole), NLT_FRAGMENTS_HELD);
    nlt_fragments_status status;
    assert_int_equal(nlt__fragments_add(f, &six[1], 0, &status, &whole, NULL), NLT_OK);
    assert_int_equal(status, NLT_FRAGMENTS_WHOLE);
    assert_int_equal(whole.protocol, 60);
    assert_int_equal(six[1].protocol, 60);
    nlt__fragments_free(f);
}

static void repetitions_and_overlaps(void **state)
{
    (void)state;
    nlt_fragments *f = fragments_new(&ordinary);
    nlt_datagram whole;
    assert_int_equal(add(f, piece(1, 0, 16, true), 0, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 0, 16, true), 0, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 8, 16, true), 0, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 16, 12, false), 0, &whole), NLT_FRAGMENTS_WHOLE);
    assert_int_equal(whole.payload.len, 28);
    assert_int_equal(whole.n_fragments, 3); /* not the repetition */
    /* The same with other bytes: gone, with all that follows. */
    nlt_packet other = piece(1, 8, 8, true);
    other.payload++;
    assert_int_equal(add(f, piece(1, 0, 16, true), 0, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, other, 0, &whole), NLT_FRAGMENTS_DROPPED);
    assert_int_equal(add(f, piece(1, 16, 8, false), 0, &whole), NLT_FRAGMENTS_DROPPED);
    assert_int_equal(add(f, piece(1, 0, 16, true), 0, &whole), NLT_FRAGMENTS_DROPPED);
    nlt__fragments_free(f);
}

static void ends_that_contradict(void **state)
{
    (void)state;
    const struct {
        nlt_packet first;
        nlt_packet second;
    } cases[] = {
        {piece(1, 8, 8, false), piece(1, 8, 4, false)},
        {piece(1, 8, 8, false), piece(1, 16, 8, true)},
        {piece(1, 16, 8, true), piece(1, 8, 8, false)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_fragments *f = fragments_new(&ordinary);
        nlt_datagram whole;
        assert_int_equal(add(f, cases[i].first, 0, &whole), NLT_FRAGMENTS_HELD);
        assert_int_equal(add(f, cases[i].second, 0, &whole), NLT_FRAGMENTS_DROPPED);
        assert_int_equal(add(f, piece(1, 0, 8, true), 0, &whole), NLT_FRAGMENTS_DROPPED);
        nlt__fragments_free(f);
    }
}

static void impossible_pieces(void **state)
{
    (void)state;
    nlt_fragments *f = fragments_new(&ordinary);
    nlt_datagram whole;
    nlt_packet beyond = piece(1, 0, 16, false);
    beyond.fragment_offset = 65528;
    assert_int_equal(add(f, beyond, 0, &whole), NLT_FRAGMENTS_DROPPED);
    assert_int_equal(add(f, piece(1, 0, 0, true), 0, &whole), NLT_FRAGMENTS_DROPPED);
    assert_int_equal(add(f, piece(1, 0, 9, true), 0, &whole), NLT_FRAGMENTS_DROPPED);
    assert_int_equal(nlt__fragments_bytes(f), 0);
    /* The largest possible. */
    assert_int_equal(add(f, piece(1, 32768, 32767, false), 0, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 0, 32768, true), 0, &whole), NLT_FRAGMENTS_WHOLE);
    assert_int_equal(whole.payload.len, 65535);
    assert_int_equal(whole.payload.ptr[65534], 'a' + 65534 % 26);
    nlt__fragments_free(f);
}

static void age(void **state)
{
    (void)state;
    nlt_fragments_options options = ordinary;
    options.max_age_ns = 100;
    nlt_fragments *f = fragments_new(&options);
    nlt_datagram whole;
    assert_int_equal(add(f, piece(1, 0, 8, true), 1000, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 8, 8, false), 1100, &whole), NLT_FRAGMENTS_WHOLE);
    assert_int_equal(add(f, piece(1, 0, 8, true), 1000, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 8, 8, false), 1101, &whole), NLT_FRAGMENTS_HELD);
    assert_int_equal(add(f, piece(1, 0, 8, true), 1102, &whole), NLT_FRAGMENTS_WHOLE);
    nlt__fragments_free(f);
}

static void bounds(void **state)
{
    (void)state;
    nlt_fragments_options options = {(size_t)1 << 18, 3, INT64_MAX};
    nlt_fragments *f = fragments_new(&options);
    nlt_datagram whole;
    for (uint32_t id = 1; id <= 4; id++) {
        assert_int_equal(add(f, piece(id, 0, 8, true), 0, &whole), NLT_FRAGMENTS_HELD);
    }
    assert_int_equal(add(f, piece(2, 8, 8, false), 0, &whole), NLT_FRAGMENTS_WHOLE);
    assert_int_equal(add(f, piece(1, 8, 8, false), 0, &whole), NLT_FRAGMENTS_HELD); /* forgotten */
    for (uint32_t id = 10; id < 1000; id++) {
        assert_int_equal(add(f, piece(id, 60000, 5535, false), 0, &whole), NLT_FRAGMENTS_HELD);
        assert_true(nlt__fragments_bytes(f) <= options.max_bytes);
    }
    nlt__fragments_free(f);
    assert_int_equal(nlt__fragments_new(&(nlt_fragments_options){0, 1, 0}, &f, NULL), NLT_ERR_ARG);
    assert_null(f);
}

static void memory_short(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 8; n++) {
        nlt_fragments *f = NULL;
        nlt_datagram whole;
        nlt_fragments_status held;
        nlt__alloc_fail_at(n);
        nlt_status status = nlt__fragments_new(&ordinary, &f, NULL);
        nlt_packet first = piece(1, 0, 8, true);
        nlt_packet far = piece(1, 40000, 8, false);
        if (status == NLT_OK) {
            status = nlt__fragments_add(f, &first, 0, &held, &whole, NULL);
        }
        if (status == NLT_OK) {
            status = nlt__fragments_add(f, &far, 0, &held, &whole, NULL);
        }
        nlt__alloc_fail_at(0);
        assert_true(status == NLT_ERR_NOMEM || n > 5);
        nlt__fragments_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),
        cmocka_unit_test(keys),
        cmocka_unit_test(repetitions_and_overlaps),
        cmocka_unit_test(ends_that_contradict),
        cmocka_unit_test(impossible_pieces),
        cmocka_unit_test(age),
        cmocka_unit_test(bounds),
        cmocka_unit_test(memory_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
