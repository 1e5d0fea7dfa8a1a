/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capture files put together byte by byte after the pcap and pcapng drafts, in both byte orders. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/capture.h"

enum { FILE_MAX = 4096 };

typedef struct file {
    uint8_t bytes[FILE_MAX];
    size_t len;
    bool is_big;
} file;

static void put(file *f, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        unsigned shift = 8 * (f->is_big ? size - 1 - i : i);
        f->bytes[f->len++] = (uint8_t)(value >> shift);
    }
}

static void put_text(file *f, const char *text)
{
    memcpy(f->bytes + f->len, text, strlen(text));
    f->len += strlen(text);
}

static void begin_pcap(file *f, bool is_big, uint32_t magic, uint32_t link)
{
    *f = (file){.is_big = is_big};
    put(f, magic, 4);
    put(f, 2, 2);
    put(f, 4, 2);
    put(f, 0, 8);
    put(f, 65535, 4);
    put(f, link, 4);
}

static void put_record(file *f, uint32_t s, uint32_t fraction, uint32_t original, const char *text)
{
    put(f, s, 4);
    put(f, fraction, 4);
    put(f, strlen(text), 4);
    put(f, original, 4);
    put_text(f, text);
}

static nlt_bytes rest_of(const file *f, size_t at)
{
    return (nlt_bytes){(const char *)f->bytes + at, f->len - at};
}

/* Begins and gives the offset of the first record. */
static size_t begin(const file *f, nlt_capture *state)
{
    size_t at;
    assert_true(nlt__capture_probe(rest_of(f, 0)));
    assert_int_equal(nlt__capture_begin(state, rest_of(f, 0), true, &at), NLT_CAPTURE_RECORD);
    return at;
}

static void expect(const file *f, nlt_capture *state, size_t *at, const char *text, int64_t time_ns)
{
    nlt_capture_record record;
    assert_int_equal(nlt__capture_next(state, rest_of(f, *at), true, &record), NLT_CAPTURE_RECORD);
    assert_int_equal(record.data_len, strlen(text));
    assert_memory_equal(record.data, text, record.data_len);
    assert_true(record.has_time);
    assert_int_equal(record.time_ns, time_ns);
    assert_int_equal(record.is_big_endian, f->is_big);
    *at += record.consumed;
}

static void expect_last(const file *f, nlt_capture *state, size_t at, nlt_capture_status last)
{
    nlt_capture_record record;
    assert_int_equal(nlt__capture_next(state, rest_of(f, at), true, &record), last);
}

static void pcap_variants(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t magic;
        int64_t ns;
        const char *extra;
    } cases[] = {{UINT32_C(0xa1b2c3d4), 123000, ""}, {UINT32_C(0xa1b23c4d), 123, ""},
        {UINT32_C(0xa1b2cd34), 123000, "12345678"}};
    for (int i = 0; i < 6; i++) {
        file f;
        nlt_capture state;
        begin_pcap(&f, i % 2 == 1, cases[i / 2].magic, 0xf0000071);
        for (uint32_t k = 0; k < 2; k++) {
            put(&f, UINT32_C(4000000000) + k, 4);
            put(&f, 123, 4);
            put(&f, 3, 4);
            put(&f, 99, 4);
            put_text(&f, cases[i / 2].extra);
            put_text(&f, "abc");
        }
        size_t at = begin(&f, &state);
        assert_int_equal(at, 24);
        assert_int_equal(state.link_type, 0x71);
        expect(&f, &state, &at, "abc", INT64_C(4000000000000000000) + cases[i / 2].ns);
        expect(&f, &state, &at, "abc", INT64_C(4000000001000000000) + cases[i / 2].ns);
        expect_last(&f, &state, at, NLT_CAPTURE_END);
    }
}

static void pcap_more_and_cut(void **unused)
{
    (void)unused;
    file f;
    nlt_capture state;
    nlt_capture_record record;
    size_t at;
    begin_pcap(&f, false, UINT32_C(0xa1b2c3d4), 1);
    put_record(&f, 1, 2, 50, "packet");
    const char *text = (const char *)f.bytes;
    assert_int_equal(
        nlt__capture_begin(&state, (nlt_bytes){text, 23}, false, &at), NLT_CAPTURE_MORE);
    assert_int_equal(
        nlt__capture_begin(&state, (nlt_bytes){text, 23}, true, &at), NLT_CAPTURE_TRUNCATED);
    assert_int_equal(nlt__capture_begin(&state, (nlt_bytes){text, 0}, true, &at), NLT_CAPTURE_END);
    at = begin(&f, &state);
    for (size_t len = 0; len < 22; len++) {
        nlt_bytes window = {text + at, len};
        assert_int_equal(nlt__capture_next(&state, window, false, &record), NLT_CAPTURE_MORE);
        assert_int_equal(record.consumed, 0);
        nlt_capture_status cut = len == 0 ? NLT_CAPTURE_END : NLT_CAPTURE_TRUNCATED;
        assert_int_equal(nlt__capture_next(&state, window, true, &record), cut);
        assert_int_equal(record.data_len, len < 16 ? 0 : len - 16);
        assert_int_equal(record.consumed, len);
        if (len >= 16) {
            assert_int_equal(record.captured_len, 6);
            assert_int_equal(record.original_len, 50);
        }
    }
    f.bytes[24 + 8 + 2] = 5; /* 327 686 bytes */
    assert_int_equal(
        nlt__capture_next(&state, rest_of(&f, at), true, &record), NLT_CAPTURE_DAMAGED);
    assert_non_null(state.why);
}

static void other_files(void **unused)
{
    (void)unused;
    nlt_capture state;
    size_t at;
    nlt_bytes text = {"1488326400.500 200 10.0.0.1", 27};
    assert_false(nlt__capture_probe(text));
    assert_int_equal(nlt__capture_begin(&state, text, true, &at), NLT_CAPTURE_DAMAGED);
    assert_false(nlt__capture_probe((nlt_bytes){"\x0a\x0d\x0d\x0a 28 not its magic", 20}));
    assert_false(nlt__capture_probe((nlt_bytes){"\xd4\xc3\xb2", 3}));
}

static size_t open_block(file *f, uint32_t type)
{
    put(f, type, 4);
    put(f, 0, 4);
    return f->len - 8;
}

static void close_block(file *f, size_t start)
{
    while (f->len % 4 != 0) {
        put(f, 0, 1);
    }
    uint32_t length = (uint32_t)(f->len - start + 4);
    put(f, length, 4);
    size_t end = f->len;
    f->len = start + 4;
    put(f, length, 4);
    f->len = end;
}

static void put_section(file *f)
{
    size_t start = open_block(f, UINT32_C(0x0a0d0d0a));
    put(f, UINT32_C(0x1a2b3c4d), 4);
    put(f, 1, 2);
    put(f, 0, 2);
    put(f, UINT64_MAX, 8);
    close_block(f, start);
}

/* resol 0, offset 0: without these options. */
static void put_interface(file *f, uint16_t link, uint32_t snaplen, uint8_t resol, int64_t offset_s)
{
    size_t start = open_block(f, 1);
    put(f, link, 2);
    put(f, 0, 2);
    put(f, snaplen, 4);
    put(f, 2, 2); /* if_name, of a length that needs padding */
    put(f, 5, 2);
    put_text(f, "wlan0");
    put(f, 0, 3);
    if (resol != 0) {
        put(f, 9, 2);
        put(f, 1, 2);
        put(f, resol, 1);
        put(f, 0, 3);
    }
    if (offset_s != 0) {
        put(f, 14, 2);
        put(f, 8, 2);
        put(f, (uint64_t)offset_s, 8);
    }
    put(f, 0, 4);
    close_block(f, start);
}

static void put_enhanced(file *f, uint32_t interface, uint64_t units, const char *text)
{
    size_t start = open_block(f, 6);
    put(f, interface, 4);
    put(f, units >> 32, 4);
    put(f, units & UINT32_MAX, 4);
    put(f, strlen(text), 4);
    put(f, strlen(text) + 7, 4);
    put_text(f, text);
    close_block(f, start);
}

static void put_simple(file *f, uint32_t original, const char *text)
{
    size_t start = open_block(f, 3);
    put(f, original, 4);
    put_text(f, text);
    close_block(f, start);
}

static void put_old_packet(file *f, uint16_t interface, uint64_t units, const char *text)
{
    size_t start = open_block(f, 2);
    put(f, interface, 2);
    put(f, 3, 2);
    put(f, units >> 32, 4);
    put(f, units & UINT32_MAX, 4);
    put(f, strlen(text), 4);
    put(f, strlen(text), 4);
    put_text(f, text);
    close_block(f, start);
}

static void put_unknown(file *f)
{
    size_t start = open_block(f, 0xbad);
    put_text(f, "whatever");
    close_block(f, start);
}

/* Two sections of different byte order, interfaces of every time resolution. */
static void pcapng(void **unused)
{
    (void)unused;
    file f = {.len = 0};
    nlt_capture state;
    size_t order_at = 0;
    for (int i = 0; i < 2; i++) {
        order_at = i == 1 ? f.len : 0;
        f.is_big = i == 1;
        put_section(&f);
        put_interface(&f, 1, 0, 0, 0);
        put_interface(&f, 101, 0, 9, 1000);
        put_unknown(&f);
        put_interface(&f, 113, 0, 0x80 | 10, -5);
        put_interface(&f, 276, 0, 12, 0);
        put_interface(&f, 0, 0, 3, 0);
        put_enhanced(&f, 0, UINT64_C(1500000000123456), "e");
        put_enhanced(&f, 1, UINT64_C(1500000000123456789), "");
        put_unknown(&f);
        put_enhanced(&f, 2, UINT64_C(1500000000) << 10 | 256, "raw");
        put_enhanced(&f, 3, UINT64_C(1500000000123456789), "cooked");
        put_enhanced(&f, 4, UINT64_C(1500000000123), "null");
        put_old_packet(&f, 1, 5, "old");
    }
    size_t at = begin(&f, &state);
    assert_int_equal(at, 0);
    for (int i = 0; i < 2; i++) {
        f.is_big = i == 1;
        assert_true(i == 0 || at == order_at);
        expect(&f, &state, &at, "e", INT64_C(1500000000123456000));
        expect(&f, &state, &at, "", INT64_C(1500001000123456789));
        expect(&f, &state, &at, "raw", INT64_C(1499999995250000000));
        expect(&f, &state, &at, "cooked", INT64_C(1500000000123456));
        expect(&f, &state, &at, "null", INT64_C(1500000000123000000));
        expect(&f, &state, &at, "old", INT64_C(1000000000005));
    }
    expect_last(&f, &state, at, NLT_CAPTURE_END);
}

static void simple_packets(void **unused)
{
    (void)unused;
    file f = {.len = 0};
    nlt_capture state;
    nlt_capture_record record;
    put_section(&f);
    put_interface(&f, 1, 6, 0, 0);
    put_simple(&f, 5, "12345");
    put_simple(&f, 80, "123456");
    put_simple(&f, 80, "1234567890ab");
    size_t at = begin(&f, &state);
    static const char *const texts[] = {"12345", "123456", "123456"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            nlt__capture_next(&state, rest_of(&f, at), true, &record), NLT_CAPTURE_RECORD);
        assert_int_equal(record.data_len, strlen(texts[i]));
        assert_memory_equal(record.data, texts[i], record.data_len);
        assert_false(record.has_time);
        assert_int_equal(record.original_len, i == 0 ? 5 : 80);
        at += record.consumed;
    }
    expect_last(&f, &state, at, NLT_CAPTURE_END);
}

static void pcapng_times_beyond(void **unused)
{
    (void)unused;
    file f = {.len = 0};
    nlt_capture state;
    nlt_capture_record record;
    put_section(&f);
    put_interface(&f, 1, 0, 0, 0);
    put_interface(&f, 1, 0, 0, INT64_MAX);
    put_enhanced(&f, 0, UINT64_MAX, "a");
    put_enhanced(&f, 1, 1, "b");
    size_t at = begin(&f, &state);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            nlt__capture_next(&state, rest_of(&f, at), true, &record), NLT_CAPTURE_RECORD);
        assert_false(record.has_time);
        assert_int_equal(record.time_ns, 0);
        at += record.consumed;
    }
}

/* Every prefix of a file says MORE or gives what is before the cut. */
static void pcapng_prefixes(void **unused)
{
    (void)unused;
    file f = {.len = 0};
    put_section(&f);
    put_interface(&f, 1, 0, 0, 0);
    size_t packet_at = f.len;
    put_enhanced(&f, 0, 1, "abcd");
    for (size_t len = 0; len <= f.len; len++) {
        nlt_capture state;
        nlt_capture_record record;
        nlt_bytes window = {(const char *)f.bytes, len};
        size_t header;
        (void)begin(&f, &state);
        nlt_capture_status status = nlt__capture_next(&state, window, false, &record);
        assert_int_equal(status, len == f.len ? NLT_CAPTURE_RECORD : NLT_CAPTURE_MORE);
        assert_true(record.consumed <= len);
        assert_int_equal(nlt__capture_begin(&state, window, true, &header),
            len == 0      ? NLT_CAPTURE_END
                : len < 4 ? NLT_CAPTURE_TRUNCATED
                          : NLT_CAPTURE_RECORD);
        if (len <= packet_at || len == f.len) {
            continue;
        }
        assert_int_equal(nlt__capture_next(&state, window, true, &record), NLT_CAPTURE_TRUNCATED);
        assert_int_equal(record.before, packet_at);
        size_t there = len < packet_at + 28 ? 0 : len - packet_at - 28;
        assert_int_equal(record.data_len, there < 4 ? there : 4);
    }
}

static void pcapng_damage(void **unused)
{
    (void)unused;
    for (int i = 0; i < 6; i++) {
        file f = {.len = 0};
        nlt_capture state;
        nlt_capture_record record;
        put_section(&f);
        put_interface(&f, 1, 0, 0, 0);
        size_t packet_at = f.len;
        put_enhanced(&f, i == 0 ? 1 : 0, 1, "abcd"); /* interface not described */
        switch (i) {
        case 1:
            f.bytes[packet_at + 20] = 5;
            break; /* longer than its block */
        case 2:
            f.bytes[packet_at + 4] = 8;
            break; /* block length below 12 */
        case 3:
            f.bytes[packet_at + 4] = 37;
            break; /* not a multiple of four */
        case 4:
            f.bytes[f.len - 4] = 40;
            break; /* the two lengths differ */
        case 5:
            f.bytes[8] = 0;
            break; /* byte-order magic */
        default:
            break;
        }
        size_t header;
        assert_int_equal(
            nlt__capture_begin(&state, rest_of(&f, 0), true, &header), NLT_CAPTURE_RECORD);
        assert_int_equal(
            nlt__capture_next(&state, rest_of(&f, 0), true, &record), NLT_CAPTURE_DAMAGED);
        assert_non_null(state.why);
        assert_int_equal(record.consumed, i == 5 ? 0 : packet_at);
    }
}

/* Many equal interfaces are one run; the number of different ones is limited. */
static void many_interfaces(void **unused)
{
    (void)unused;
    file f = {.len = 0};
    nlt_capture state;
    put_section(&f);
    for (int i = 0; i < 30; i++) {
        put_interface(&f, i < 20 ? 1 : 101, 0, i < 20 ? 6 : 9, 0);
    }
    put_enhanced(&f, 19, 7, "us");
    put_enhanced(&f, 20, 7, "ns");
    size_t at = begin(&f, &state);
    expect(&f, &state, &at, "us", 7000);
    expect(&f, &state, &at, "ns", 7);
    assert_int_equal(state.n_interfaces, 30);
    assert_int_equal(state.n_runs, 2);
}

/* From every offset, the next of the records is found, as long as three are behind it. */
static void expect_found(const file *f, const nlt_capture *state, const size_t *begins, int n)
{
    int next = 0;
    for (size_t at = begins[0]; at < f->len; at++) {
        size_t found = 0;
        next += at > begins[next] && next + 1 < n;
        bool is_seen = at <= begins[next] && next + 3 <= n;
        assert_int_equal(nlt__capture_find(state, rest_of(f, at), &found), is_seen);
        assert_true(!is_seen || at + found == begins[next]);
    }
}

static void finding_records(void **unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        file f;
        nlt_capture state;
        size_t begins[8];
        begin_pcap(&f, i == 1, i == 1 ? UINT32_C(0xa1b23c4d) : UINT32_C(0xa1b2c3d4), 1);
        for (uint32_t k = 0; k < 8; k++) {
            begins[k] = f.len;
            put_record(
                &f, UINT32_C(1500000000) + k / 2, 999999, 100 + k, &"some bytes of a packet"[k]);
        }
        (void)begin(&f, &state);
        expect_found(&f, &state, begins, 8);
        memset(f.bytes + begins[6] + 4, 0xff, 4); /* a second has not so many parts */
        size_t found;
        assert_false(nlt__capture_find(&state, rest_of(&f, begins[2]), &found));
        state.format = 0;
        assert_false(nlt__capture_find(&state, rest_of(&f, begins[0]), &found));
    }
}

static void finding_blocks(void **unused)
{
    (void)unused;
    file f = {.len = 0};
    nlt_capture state;
    nlt_capture other;
    size_t begins[6];
    put_section(&f);
    put_interface(&f, 1, 0, 0, 0);
    for (uint32_t k = 0; k < 6; k++) {
        begins[k] = f.len;
        put_enhanced(&f, 0, k, &"packet"[k]);
    }
    size_t at = begin(&f, &state);
    expect(&f, &state, &at, "packet", 0);
    expect_found(&f, &state, begins, 6);
    (void)begin(&f, &other);
    assert_false(nlt__capture_is_same(&state, &other));
    other = state;
    assert_true(nlt__capture_is_same(&state, &other));
    other.runs[0].time_resol = 9;
    assert_false(nlt__capture_is_same(&state, &other));
}

/* Bytes of which every place may begin a record take no longer than others. */
static void finding_nothing(void **unused)
{
    (void)unused;
    enum { WINDOW = 256 << 10 };
    static char bytes[WINDOW];
    file f;
    nlt_capture state;
    size_t found;
    begin_pcap(&f, true, UINT32_C(0xa1b2c3d4), 1);
    (void)begin(&f, &state);
    assert_false(nlt__capture_find(&state, (nlt_bytes){bytes, WINDOW}, &found));
    memset(bytes, 1, WINDOW);
    assert_false(nlt__capture_find(&state, (nlt_bytes){bytes, WINDOW}, &found));
    for (size_t i = 0; i < WINDOW; i++) { /* captured and original length 1, and then not */
        bytes[i] = (char)(i % 17 == 11 || i % 17 == 15);
    }
    memset(bytes + WINDOW - (70 << 10), 0xff, 70 << 10);
    assert_false(nlt__capture_find(&state, (nlt_bytes){bytes, WINDOW}, &found));
}

/* The decimal literal is the exact value; the compiler rounds it to the nearest double. */
static void seconds(void **unused)
{
    (void)unused;
    static const struct {
        int64_t ns;
        double s;
    } cases[] = {{0, 0.0}, {1, 1e-9}, {-1, -1e-9}, {1500000000123456000, 1500000000.123456},
        {1500000000123456789, 1500000000.123456789}, {1515583363313596010, 1515583363.313596010},
        {4294967295999999999, 4294967295.999999999}, {INT64_MAX, 9223372036.854775807},
        {INT64_MIN, -9223372036.854775808}, {8388608000000001, 8388608.000000001},
        {8388607999999999, 8388607.999999999}, {-1500000000123456789, -1500000000.123456789},
        {1073741823999999911, 1073741823.999999911}, {2147483647999999881, 2147483647.999999881}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = nlt__capture_seconds(cases[i].ns);
        assert_memory_equal(&got, &cases[i].s, sizeof got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_variants),
        cmocka_unit_test(pcap_more_and_cut),
        cmocka_unit_test(other_files),
        cmocka_unit_test(pcapng),
        cmocka_unit_test(simple_packets),
        cmocka_unit_test(pcapng_times_beyond),
        cmocka_unit_test(pcapng_prefixes),
        cmocka_unit_test(pcapng_damage),
        cmocka_unit_test(many_interfaces),
        cmocka_unit_test(finding_records),
        cmocka_unit_test(finding_blocks),
        cmocka_unit_test(finding_nothing),
        cmocka_unit_test(seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
