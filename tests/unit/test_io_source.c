/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of every codec, read whole, in small pieces, cut and damaged; by the reader's thread, by one
 * that runs ahead, and from one to the other. */

#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/source.h"
#include "support/pack.h"

enum { TEXT_BYTES = 3 << 20, PACKED_MAX = 4 << 20 };

static char folder[] = "/tmp/test_io_source.XXXXXX";
static char path[64];
static uint8_t text[TEXT_BYTES];
static uint8_t unpacked[2 * TEXT_BYTES + 1];

/* Lines of numbers that differ enough not to pack to nothing. */
static void make_text(void)
{
    uint64_t x = 1;
    for (size_t i = 0; i < TEXT_BYTES; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        text[i] = (uint8_t)(i % 40 == 39 ? '\n' : '0' + (x >> 60));
    }
}

/* ---- files ---- */

static void write_file(const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static const size_t never = SIZE_MAX;
static size_t ahead_from; /* bytes behind which all reading is done ahead */

/* Reads to the end or to a failure, by `step` bytes; returns the status. */
static nlt_status read_all(size_t step, size_t *n, nlt_error *err)
{
    nlt_source *source = NULL;
    *n = 0;
    nlt_status status = nlt__source_open(path, 0, NULL, &source, err);
    size_t got = 1;
    while (status == NLT_OK && got > 0 && *n < sizeof unpacked) {
        size_t room = sizeof unpacked - *n;
        if (*n >= ahead_from) {
            nlt__source_read_ahead(source);
        }
        status = nlt__source_read(source, unpacked + *n, room < step ? room : step, &got, err);
        *n += got;
    }
    nlt__source_close(source);
    return status;
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/test_io_source.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/file", folder);
    make_text();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

/* ---- tests ---- */

static void whole_files(void **state)
{
    (void)state;
    static const size_t steps[] = {sizeof unpacked, 65536, 4099};
    static const size_t lens[] = {0, 1, TEXT_BYTES};
    uint8_t *out = malloc(PACKED_MAX);
    assert_non_null(out);
    for (int c = 0; c < NLT_CODEC_COUNT; c++) {
        for (size_t l = 0; l < sizeof lens / sizeof lens[0]; l++) {
            write_file(out, pack((nlt_codec)c, text, lens[l], out, PACKED_MAX));
            for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
                size_t n = 0;
                nlt_error err = NLT_ERROR_INIT;
                assert_int_equal(read_all(steps[s], &n, &err), NLT_OK);
                assert_int_equal(n, lens[l]);
                assert_memory_equal(unpacked, text, n);
            }
            nlt_codec codec = NLT_CODEC_COUNT;
            int64_t size = -1;
            assert_int_equal(nlt__source_probe(path, &codec, &size, NULL), NLT_OK);
            assert_int_equal(codec, c);
        }
    }
    free(out);
}

/* Streams one behind the other, as rotation and parallel packers leave them; zero padding. */
static void several_streams(void **state)
{
    (void)state;
    uint8_t *out = calloc(1, 2 * PACKED_MAX);
    assert_non_null(out);
    for (int c = 1; c < NLT_CODEC_COUNT; c++) {
        size_t first = pack((nlt_codec)c, text, 1000, out, PACKED_MAX);
        size_t empty = pack((nlt_codec)c, text, 0, out + first, PACKED_MAX - first);
        size_t second =
            pack((nlt_codec)c, text + 1000, TEXT_BYTES - 1000, out + first + empty, PACKED_MAX);
        size_t len = first + empty + second;
        memset(out + len, 0, 512);
        for (size_t padding = 0; padding <= 512; padding += 512) {
            size_t n = 0;
            nlt_error err = NLT_ERROR_INIT;
            write_file(out, len + padding);
            assert_int_equal(read_all(70000, &n, &err), NLT_OK);
            assert_int_equal(n, TEXT_BYTES);
            assert_memory_equal(unpacked, text, n);
        }
        size_t n = 0;
        nlt_error err = NLT_ERROR_INIT;
        memcpy(out + len, "rest", 4);
        write_file(out, len + 4);
        assert_int_equal(read_all(70000, &n, &err), NLT_ERR_DAMAGED);
        assert_int_equal(n, TEXT_BYTES);
        assert_non_null(strstr(err.message, path));
    }
    free(out);
}

/* What lies before the cut is there, and is right; a cut file is never taken for a whole one. */
static void cut_files(void **state)
{
    (void)state;
    static const int percents[] = {1, 10, 50, 90, 99};
    uint8_t *out = malloc(PACKED_MAX);
    assert_non_null(out);
    for (int c = 1; c < NLT_CODEC_COUNT; c++) {
        size_t len = pack((nlt_codec)c, text, TEXT_BYTES, out, PACKED_MAX);
        size_t last = 0;
        for (size_t p = 0; p <= sizeof percents / sizeof percents[0]; p++) {
            size_t cut = p < sizeof percents / sizeof percents[0] ? len / 100 * (size_t)percents[p]
                                                                  : len - 1;
            size_t n = 0;
            nlt_error err = NLT_ERROR_INIT;
            write_file(out, cut);
            assert_int_equal(read_all(50000, &n, &err), NLT_ERR_DAMAGED);
            assert_true(n <= TEXT_BYTES && n >= last);
            assert_memory_equal(unpacked, text, n);
            last = n;
        }
        assert_true(last > TEXT_BYTES / 2);
    }
    free(out);
}

static void flipped_bytes(void **state)
{
    (void)state;
    uint8_t *out = malloc(PACKED_MAX);
    assert_non_null(out);
    for (int c = 1; c < NLT_CODEC_COUNT; c++) {
        size_t len = pack((nlt_codec)c, text, TEXT_BYTES, out, PACKED_MAX);
        for (int i = 1; i < 8; i++) {
            size_t at = len / 8 * (size_t)i;
            size_t n = 0;
            nlt_error err = NLT_ERROR_INIT;
            out[at] ^= 0x5a;
            write_file(out, len);
            assert_int_equal(read_all(50000, &n, &err), NLT_ERR_DAMAGED);
            out[at] ^= 0x5a;
        }
    }
    free(out);
}

static void parts_of_plain_files(void **state)
{
    (void)state;
    write_file(text, 1000);
    nlt_source *source = NULL;
    size_t n = 0;
    assert_int_equal(nlt__source_open(path, 990, NULL, &source, NULL), NLT_OK);
    assert_int_equal(nlt__source_read(source, unpacked, 100, &n, NULL), NLT_OK);
    assert_int_equal(n, 10);
    assert_memory_equal(unpacked, text + 990, 10);
    assert_int_equal(nlt__source_consumed(source), 10);
    nlt__source_close(source);
    uint8_t *out = malloc(PACKED_MAX);
    assert_non_null(out);
    nlt_error err = NLT_ERROR_INIT;
    write_file(out, pack(NLT_CODEC_GZIP, text, 1000, out, PACKED_MAX));
    assert_int_equal(nlt__source_open(path, 5, NULL, &source, &err), NLT_ERR_ARG);
    free(out);
}

static void what_is_no_file(void **state)
{
    (void)state;
    nlt_source *source = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(
        nlt__source_open("/nowhere/at/all", 0, NULL, &source, &err), NLT_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    nlt_status status = nlt__source_open(folder, 0, NULL, &source, &err);
    assert_int_equal(status, NLT_ERR_IO);
    assert_null(source);
    nlt__source_close(NULL);
}

static void closed_before_the_end(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 1000, 700000}; /* the last one frees blocks of the ring */
    uint8_t *out = malloc(PACKED_MAX);
    assert_non_null(out);
    write_file(out, pack(NLT_CODEC_GZIP, text, TEXT_BYTES, out, PACKED_MAX));
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        nlt_source *source = NULL;
        nlt_error err = NLT_ERROR_INIT;
        size_t n = 0;
        assert_int_equal(nlt__source_open(path, 0, NULL, &source, &err), NLT_OK);
        nlt__source_read_ahead(source);
        assert_int_equal(nlt__source_consumed(source), 0);
        assert_int_equal(nlt__source_read(source, unpacked, steps[s], &n, &err), NLT_OK);
        assert_true(n > 0 && nlt__source_consumed(source) > 0);
        assert_memory_equal(unpacked, text, n);
        nlt__source_close(source);
    }
    free(out);
}

int main(void)
{
    const size_t modes[] = {never, 0, 100000};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files),
        cmocka_unit_test(several_streams),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(flipped_bytes),
        cmocka_unit_test(parts_of_plain_files),
        cmocka_unit_test(what_is_no_file),
        cmocka_unit_test(closed_before_the_end),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ahead_from = modes[i];
        failed += cmocka_run_group_tests(tests, set_up, tear_down);
    }
    return failed;
}
