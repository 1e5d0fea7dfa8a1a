/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records kept on disk come back in order, all of them, as a plain sort of an array says. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/alloc.h"
#include "scan/spill.h"

enum { BODY_MAX = 600, BUFFER_BYTES = 128 << 10 };

/* What is compared of a record; the body is made from its number. */
typedef struct made {
    int64_t time;
    int64_t row_key;
    uint32_t number;
} made;

static uint64_t seed;

static uint64_t next_random(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed >> 33;
}

static uint32_t body_len(uint32_t number)
{
    return number % 997 == 5 ? NLT_RECORD_MAX - number % 7 : number * 7 % BODY_MAX;
}

static void put_record(nlt_buf *bytes, const made *one)
{
    uint32_t len = body_len(one->number);
    size_t size = nlt__record_size(len);
    assert_int_equal(nlt__buf_reserve(bytes, size, NULL), NLT_OK);
    nlt_record *record = (void *)(bytes->ptr + bytes->len);
    memset((void *)record, 0, size);
    *record = (nlt_record){.hash = one->number,
        .time = one->time,
        .row_key = one->row_key,
        .len = len,
        .kind = one->number};
    memset(record->body, (int)(one->number & 0xff), len);
    bytes->len += size;
}

static int by_order(const void *left, const void *right)
{
    const made *a = left;
    const made *b = right;
    if (a->time != b->time) {
        return a->time < b->time ? -1 : 1;
    }
    if (a->row_key != b->row_key) {
        return a->row_key < b->row_key ? -1 : 1;
    }
    return a->number < b->number ? -1 : 1;
}

static nlt_temp_space no_limit = {.bytes_max = -1};

/* Times that go on, step back, repeat, in buffers of some size. */
static made *add_records(nlt_spill **spill, uint32_t n)
{
    made *all = calloc(n + 1, sizeof *all);
    assert_non_null(all);
    nlt_buf bytes = NLT_BUF_INIT(SIZE_MAX / 2);
    for (uint32_t i = 0; i < n; i++) {
        int64_t back = next_random() % 5 == 0 ? (int64_t)(next_random() % 100000) : 0;
        all[i] = (made){(int64_t)i / 3 - back, (int64_t)(next_random() % 4), i};
        put_record(&bytes, &all[i]);
        if (bytes.len > BUFFER_BYTES || i + 1 == n) {
            assert_int_equal(nlt__spill_add(spill, &no_limit, &bytes, NULL), NLT_OK);
            assert_int_equal(bytes.len, 0);
        }
    }
    nlt__buf_clear(&bytes);
    qsort(all, n, sizeof *all, by_order);
    return all;
}

static void check_record(const nlt_record *record, const made *expected)
{
    assert_int_equal(record->time, expected->time);
    assert_int_equal(record->row_key, expected->row_key);
    assert_int_equal(record->kind, expected->number);
    assert_int_equal(record->len, body_len(expected->number));
    for (uint32_t i = 0; i < record->len; i++) {
        if (record->body[i] != (expected->number & 0xff)) {
            fail_msg("byte %u of record %u", i, expected->number);
        }
    }
}

static void check_all(nlt_spill *spill, const made *all, uint32_t n)
{
    uint32_t at = 0;
    for (int64_t given = 1; given > 0;) {
        nlt_buf bytes = NLT_BUF_INIT(SIZE_MAX / 2);
        assert_int_equal(nlt__spill_next(spill, &bytes, &given, NULL), NLT_OK);
        assert_int_equal(given, nlt__record_count(&bytes));
        assert_true(bytes.len < 3 * NLT_RECORD_MAX);
        for (size_t pos = 0; pos < bytes.len;) {
            const nlt_record *record = (const void *)(bytes.ptr + pos);
            assert_true(at < n);
            check_record(record, &all[at++]);
            pos += nlt__record_size(record->len);
        }
        nlt__buf_clear(&bytes);
    }
    assert_int_equal(at, n);
}

static void records_come_back_in_order(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 3000, 120000}; /* the last: ten runs on disk */
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        nlt_spill *spill = NULL;
        seed = i;
        made *all = add_records(&spill, counts[i]);
        check_all(spill, all, counts[i]);
        nlt__spill_close(spill);
        free(all);
    }
}

/* Refs of records with the given times; the place in the array decides among equals. */
static void check_sort(const int64_t *times, int64_t sorted, int64_t n)
{
    static const nlt_record record = {.hash = 1};
    nlt_record_ref *refs = calloc((size_t)n + 1, sizeof *refs);
    made *expected = calloc((size_t)n + 1, sizeof *expected);
    assert_true(refs != NULL && expected != NULL);
    for (int64_t i = 0; i < n; i++) {
        refs[i] = (nlt_record_ref){times[i], 0, &record, (void *)&expected[i]};
        expected[i] = (made){times[i], 0, (uint32_t)i};
    }
    assert_int_equal(nlt__record_sort(refs, sorted, n, NULL), NLT_OK);
    for (int64_t i = 0; i < n; i++) {
        refs[i].row_key = (made *)refs[i].home - expected;
    }
    qsort(expected, (size_t)n, sizeof *expected, by_order);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(refs[i].time, expected[i].time);
        assert_int_equal(refs[i].row_key, expected[i].number);
    }
    free(refs);
    free(expected);
}

/* An ordered run, what was added in order, and a few late ones: as records of packets, and then of
 * streams, come to those that wait. */
static void late_records_find_their_places(void **state)
{
    (void)state;
    int64_t times[1200];
    for (seed = 0; seed < 400;) {
        uint64_t number = ++seed;
        int64_t sorted = (int64_t)(next_random() % 500);
        int64_t added = (int64_t)(next_random() % 500);
        int64_t late = (int64_t)(next_random() % (number % 2 == 0 ? 100 : 5));
        int64_t n = sorted + added + late;
        int64_t range = number % 3 == 0 ? 10 : 2000; /* many are equal */
        for (int64_t i = 0; i < sorted + added; i++) {
            times[i] = i * range / 1000;
        }
        int64_t first = (int64_t)(next_random() % 1500) - 100; /* even before all others */
        for (int64_t i = sorted + added; i < n; i++) {
            first += number % 5 == 0 ? -(int64_t)(next_random() % 3) : (int64_t)(next_random() % 9);
            times[i] = first * range / 1000;
        }
        check_sort(times, sorted, n);
        seed = number;
    }
}

static void nothing_added(void **state)
{
    (void)state;
    nlt_spill *spill = NULL;
    nlt_buf bytes = NLT_BUF_INIT(1000);
    int64_t n = 1;
    assert_int_equal(nlt__spill_add(&spill, &no_limit, &bytes, NULL), NLT_OK);
    assert_int_equal(nlt__spill_next(spill, &bytes, &n, NULL), NLT_OK);
    assert_int_equal(n, 0);
    assert_int_equal(bytes.len, 0);
    nlt__spill_close(spill);
    nlt__spill_close(NULL);
}

/* Adds and takes back until a call fails. */
static nlt_status try_all_in(nlt_temp_space *space, uint32_t n, nlt_error *err)
{
    nlt_spill *spill = NULL;
    nlt_buf bytes = NLT_BUF_INIT(SIZE_MAX / 2);
    nlt_status status = NLT_OK;
    for (uint32_t i = 0; i < n && status == NLT_OK; i++) {
        const made one = {(int64_t)(next_random() % 1000), i, i};
        uint32_t len = body_len(i);
        status = nlt__buf_reserve(&bytes, nlt__record_size(len), err);
        if (status == NLT_OK) {
            put_record(&bytes, &one);
            status = bytes.len > BUFFER_BYTES ? nlt__spill_add(&spill, space, &bytes, err) : NLT_OK;
        }
    }
    if (status == NLT_OK) {
        status = nlt__spill_add(&spill, space, &bytes, err);
    }
    for (int64_t given = 1; status == NLT_OK && given > 0;) {
        nlt__buf_clear(&bytes);
        status = nlt__spill_next(spill, &bytes, &given, err);
    }
    nlt__buf_clear(&bytes);
    nlt__spill_close(spill);
    return status;
}

static nlt_status try_all(uint32_t n, nlt_error *err)
{
    return try_all_in(&no_limit, n, err);
}

static void no_place_for_the_file(void **state)
{
    (void)state;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_int_equal(try_all(1000, &err), NLT_OK); /* it is not needed */
    assert_int_equal(try_all(40000, &err), NLT_ERR_OUTPUT);
    assert_non_null(strstr(err.message, "temporary file"));
    assert_non_null(strstr(err.hint, "TMPDIR"));
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

/* What others have written counts; what is closed does not any more. */
static void the_limit_is_for_all(void **state)
{
    (void)state;
    nlt_error err = NLT_ERROR_INIT;
    nlt_temp_space space = {.bytes_max = 200 << 20};
    assert_int_equal(try_all_in(&space, 40000, &err), NLT_OK);
    assert_int_equal(space.bytes, 0);
    assert_int_equal(nlt__temp_space_take(&space, 197 << 20, &err), NLT_OK);
    assert_int_equal(try_all_in(&space, 40000, &err), NLT_ERR_OUTPUT);
    assert_non_null(strstr(err.message, "--temp_limit, 209 MB"));
    assert_non_null(strstr(err.hint, "--temp_limit"));
    assert_int_equal(space.bytes, 197 << 20);
    nlt__temp_space_give_back(&space, 197 << 20);
    assert_int_equal(try_all_in(&space, 40000, &err), NLT_OK);
}

static void the_file_may_not_grow(void **state)
{
    (void)state;
    struct rlimit before;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit less = {6 << 20, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    assert_int_equal(try_all(80000, &err), NLT_ERR_OUTPUT);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(try_all(80000, &err), NLT_OK);
}

static void memory_is_short(void **state)
{
    (void)state;
    nlt_status status = NLT_ERR_NOMEM;
    for (int64_t n = 1; status != NLT_OK; n += n / 4 + 1) {
        nlt__alloc_fail_at(n);
        status = try_all(40000, NULL);
        nlt__alloc_fail_at(0);
        assert_true(status == NLT_OK || status == NLT_ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_in_order),
        cmocka_unit_test(late_records_find_their_places),
        cmocka_unit_test(nothing_added),
        cmocka_unit_test(no_place_for_the_file),
        cmocka_unit_test(the_limit_is_for_all),
        cmocka_unit_test(the_file_may_not_grow),
        cmocka_unit_test(memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
