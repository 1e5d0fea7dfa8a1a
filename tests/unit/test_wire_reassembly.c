/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP streams by hand: order, overlap, holes, restarts, bounds. Messages are letters; one that
 * begins with '!' is "no DNS". */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "wire/reassembly.h"

static const nlt_reassembly_options ordinary = NLT_REASSEMBLY_OPTIONS_INIT;

/* What came out: "abc@5 " is message abc, completed by packet 5. */
typedef struct fixture {
    nlt_reassembly *r;
    char log[4096];
    size_t len;
    int64_t n_added;
} fixture;

static nlt_status take(void *user, const nlt_stream_message *message, bool *is_dns, nlt_error *err)
{
    fixture *f = user;
    (void)err;
    assert_false(*is_dns);
    assert_int_equal(message->time_ns, message->number * 10);
    if (f->len + 64 < sizeof f->log) {
        int shown = message->bytes.len < 32 ? (int)message->bytes.len : 32;
        f->len += (size_t)snprintf(f->log + f->len, sizeof f->log - f->len, "%.*s@%d ", shown,
            message->bytes.ptr, (int)message->number);
    }
    *is_dns = message->bytes.len > 0 && message->bytes.ptr[0] != '!';
    return NLT_OK;
}

static void begin(fixture *f, const nlt_reassembly_options *options)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(nlt__reassembly_new(options, take, f, &f->r, NULL), NLT_OK);
}

static void segment(
    fixture *f, uint16_t port, uint8_t flags, uint32_t seq, const void *bytes, size_t len)
{
    nlt_packet packet = {.payload = bytes,
        .payload_len = len,
        .src = {{192, 0, 2, 1}, 4},
        .dst = {{192, 0, 2, 2}, 4},
        .src_port = port,
        .dst_port = 53,
        .protocol = 6,
        .tcp_flags = flags,
        .tcp_seq = seq};
    int64_t number = ++f->n_added;
    assert_int_equal(nlt__reassembly_add(f->r, &packet, number * 10, true, number, NULL), NLT_OK);
}

#define DATA(f, seq, text) segment((f), 1000, NLT_TCP_ACK, (seq), (text), sizeof(text) - 1)

static void end(
    fixture *f, const char *log, int64_t used, int64_t not_dns, int64_t truncated, int64_t lost)
{
    assert_int_equal(nlt__reassembly_end(f->r, NULL), NLT_OK);
    nlt_reassembly_counts counts = nlt__reassembly_totals(f->r);
    assert_string_equal(f->log, log);
    assert_int_equal(counts.used, used);
    assert_int_equal(counts.not_dns, not_dns);
    assert_int_equal(counts.truncated, truncated);
    assert_int_equal(counts.lost_messages, lost);
    assert_int_equal(counts.ignored, f->n_added - used - not_dns - truncated);
    assert_int_equal(nlt__reassembly_bytes(f->r), 0);
    nlt__reassembly_free(f->r);
}

static void in_order(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    segment(&f, 1000, NLT_TCP_SYN, 99, NULL, 0);
    segment(&f, 1000, NLT_TCP_ACK, 100, NULL, 0);
    DATA(&f, 100, "\000\003abc");
    DATA(&f, 105, "\000\002de\000\001f\000");
    DATA(&f, 113, "\004g");
    DATA(&f, 115, "hij");
    segment(&f, 1000, NLT_TCP_FIN | NLT_TCP_ACK, 118, NULL, 0);
    end(&f, "abc@3 de@4 f@4 ghij@6 ", 4, 0, 0, 0);
}

static void byte_by_byte(void **state)
{
    (void)state;
    static const char stream[] = "\000\003abc\000\000\000\001d";
    fixture f;
    begin(&f, &ordinary);
    for (uint32_t i = 0; i < sizeof stream - 1; i++) {
        segment(&f, 1000, NLT_TCP_ACK, UINT32_MAX - 3 + i, stream + i, 1); /* over the wrap */
    }
    end(&f, "abc@5 @7 d@10 ", 5 + 3, 2, 0, 0);
}

/* 100: abc, 105: efgh, 111: i. */
static void out_of_order(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    segment(&f, 1000, NLT_TCP_SYN, 99, NULL, 0);
    DATA(&f, 109, "gh\000\001i");
    DATA(&f, 105, "\000\004ef");
    DATA(&f, 100, "\000\003abc");
    DATA(&f, 105, "\000\004ef");
    end(&f, "abc@4 efgh@3 i@2 ", 3, 0, 0, 0);
}

/* Bytes that were delivered first count. */
static void overlaps(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    DATA(&f, 0, "\000\006abc");
    DATA(&f, 3, "XYdef");
    DATA(&f, 0, "\000\006zzz");
    DATA(&f, 12, "jk");
    DATA(&f, 11, "iJ");
    DATA(&f, 8, "\000\004h");
    end(&f, "abcdef@2 hiJk@6 ", 5, 0, 0, 0);
}

static void hole_at_the_end(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    DATA(&f, 0, "\000\003abc");
    DATA(&f, 5, "\000\005de");
    DATA(&f, 20, "\000\001z");
    DATA(&f, 20, "\000\001z");
    DATA(&f, 23, "\000\002y");
    end(&f, "abc@1 z@3 ", 2, 0, 2, 2);
}

/* 64 KiB between are still waited for, one byte more is not. */
static void hole_given_up(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    DATA(&f, 0, "\000\001a");
    DATA(&f, 10, "\000\001b");
    DATA(&f, 3 + 65536, "\000\001c");
    assert_string_equal(f.log, "a@1 ");
    DATA(&f, 6 + 65536, "\000\001d");
    assert_string_equal(f.log, "a@1 b@2 ");
    DATA(&f, 13, "\000\001e");
    end(&f, "a@1 b@2 e@5 c@3 d@4 ", 5, 0, 0, 0);
}

static void not_dns(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    DATA(&f, 0, "\000\001!");
    DATA(&f, 3, "\000\001!\000\001a");
    DATA(&f, 9, "\000\002!x\000\002");
    DATA(&f, 15, "bc");
    end(&f, "!@1 !@2 a@2 !x@3 bc@4 ", 3, 1, 0, 0);
}

static void restarts(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    segment(&f, 1000, NLT_TCP_SYN, 99, NULL, 0);
    DATA(&f, 100, "\000\003abc");
    segment(&f, 1000, NLT_TCP_SYN, 99, NULL, 0); /* the same again */
    DATA(&f, 105, "\000\005x");
    segment(&f, 1000, NLT_TCP_SYN, 4999, "\000\001y", 3); /* data with the SYN */
    DATA(&f, 5003, "\000\001z");
    segment(&f, 1000, NLT_TCP_RST, 5006, "closed", 6);
    segment(&f, 1000, NLT_TCP_FIN | NLT_TCP_ACK, 5006, "\000\001w", 3);
    end(&f, "abc@2 y@5 z@6 w@8 ", 4, 0, 1, 1);
}

static void first_segment_starts(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    DATA(&f, 500, "\000\001a");
    DATA(&f, 400, "\000\001b"); /* before the start */
    DATA(&f, 503, "\000\001c");
    end(&f, "a@1 c@3 ", 2, 0, 0, 0);
}

static void streams_apart(void **state)
{
    (void)state;
    fixture f;
    begin(&f, &ordinary);
    segment(&f, 2000, 0, 0, "\000\003ab", 4);
    segment(&f, 1000, 0, 0, "\000\003de", 4);
    segment(&f, 3000, 0, 0, "\000\003gh", 4);
    segment(&f, 2000, 0, 4, "c", 1);
    segment(&f, 1000, 0, 4, "f", 1);
    segment(&f, 1000, 0, 9, "\000\001x", 3);
    segment(&f, 2000, 0, 9, "\000\001y", 3);
    end(&f, "abc@4 def@5 y@7 x@6 ", 6, 0, 1, 1);
}

static void largest_message_backwards(void **state)
{
    (void)state;
    static uint8_t bytes[2 + 65535];
    memset(bytes, 'q', sizeof bytes);
    bytes[0] = bytes[1] = 255;
    fixture f;
    begin(&f, &ordinary);
    segment(&f, 1000, NLT_TCP_SYN, 6, NULL, 0);
    for (uint32_t i = 66; i-- > 0;) {
        uint32_t at = i * 1000;
        size_t len = sizeof bytes - at < 1000 ? sizeof bytes - at : 1000;
        segment(&f, 1000, 0, 7 + at, bytes + at, len);
    }
    end(&f, "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq@67 ", 66, 0, 0, 0);
}

static void bounds(void **state)
{
    (void)state;
    static const uint8_t zeros[1400];
    nlt_reassembly_options options = {(size_t)1 << 20, 2};
    fixture f;
    begin(&f, &options);
    segment(&f, 1, 0, 0, "\000\002a", 3);
    segment(&f, 2, 0, 0, "\000\002b", 3);
    segment(&f, 1, 0, 3, "c", 1);
    segment(&f, 3, 0, 0, "\000\002d", 3); /* stream 2 was used longest ago */
    assert_int_equal(nlt__reassembly_totals(f.r).truncated, 1);
    segment(&f, 3, 0, 3, "e", 1);
    end(&f, "ac@3 de@5 ", 4, 0, 1, 1);
    options.max_streams = 1000;
    begin(&f, &options);
    for (uint32_t i = 0; i < 3000; i++) {
        segment(&f, (uint16_t)(i % 100), 0, (i / 100) * 2000, zeros, sizeof zeros);
        assert_true(nlt__reassembly_bytes(f.r) <= options.max_bytes);
    }
    assert_int_equal(nlt__reassembly_end(f.r, NULL), NLT_OK);
    nlt_reassembly_counts counts = nlt__reassembly_totals(f.r);
    assert_int_equal(counts.used + counts.not_dns + counts.truncated + counts.ignored, 3000);
    nlt__reassembly_free(f.r);
    options.max_streams = 0;
    assert_int_equal(nlt__reassembly_new(&options, take, NULL, &f.r, NULL), NLT_ERR_ARG);
    assert_null(f.r);
}

static nlt_status refuse(
    void *user, const nlt_stream_message *message, bool *is_dns, nlt_error *err)
{
    (void)user;
    (void)is_dns;
    return nlt_fail(err, NLT_ERR_CANCELLED, "%d bytes", (int)message->bytes.len);
}

static void sink_fails(void **state)
{
    (void)state;
    nlt_reassembly *r;
    assert_int_equal(nlt__reassembly_new(&ordinary, refuse, NULL, &r, NULL), NLT_OK);
    nlt_packet packet = {.payload = (const uint8_t *)"\000\001ab",
        .payload_len = 4,
        .src = {{0}, 4},
        .dst = {{0}, 4},
        .tcp_seq = 8};
    assert_int_equal(nlt__reassembly_add(r, &packet, 0, true, 1, NULL), NLT_ERR_CANCELLED);
    packet.tcp_seq = 50;
    assert_int_equal(nlt__reassembly_add(r, &packet, 0, true, 2, NULL), NLT_OK);
    assert_int_equal(nlt__reassembly_end(r, NULL), NLT_ERR_CANCELLED);
    nlt__reassembly_free(r);
}

static void memory_short(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 12; n++) {
        fixture f = {.r = NULL};
        static const uint32_t seqs[] = {0, 10, 20, 3};
        nlt__alloc_fail_at(n);
        nlt_status status = nlt__reassembly_new(&ordinary, take, &f, &f.r, NULL);
        for (int i = 0; i < 4 && status == NLT_OK; i++) {
            nlt_packet packet = {.payload = (const uint8_t *)"\000\011a",
                .payload_len = 3,
                .src = {{0}, 4},
                .dst = {{0}, 4},
                .tcp_seq = seqs[i]};
            status = nlt__reassembly_add(f.r, &packet, 0, true, 0, NULL);
        }
        if (status == NLT_OK) {
            status = nlt__reassembly_end(f.r, NULL);
        }
        nlt__alloc_fail_at(0);
        assert_true(status == NLT_ERR_NOMEM || n > 7);
        nlt__reassembly_free(f.r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(out_of_order),
        cmocka_unit_test(overlaps),
        cmocka_unit_test(hole_at_the_end),
        cmocka_unit_test(hole_given_up),
        cmocka_unit_test(not_dns),
        cmocka_unit_test(restarts),
        cmocka_unit_test(first_segment_starts),
        cmocka_unit_test(streams_apart),
        cmocka_unit_test(largest_message_backwards),
        cmocka_unit_test(bounds),
        cmocka_unit_test(sink_fails),
        cmocka_unit_test(memory_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
