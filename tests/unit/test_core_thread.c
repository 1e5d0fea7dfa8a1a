/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parallel regions: who runs, whose failure is told; what the machine has. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "core/thread.h"
#include "netlytics/session.h"

enum { THREADS_MAX = 16 };

typedef struct region {
    atomic_int runs[THREADS_MAX];
    bool fails[THREADS_MAX];
    pthread_t caller;
    atomic_bool is_caller_zero;
} region;

static nlt_status run(void *ctx, int thread, nlt_error *err)
{
    region *r = ctx;
    atomic_fetch_add(&r->runs[thread], 1);
    if (thread == 0) {
        atomic_store(&r->is_caller_zero, pthread_equal(r->caller, pthread_self()) != 0);
    }
    if (r->fails[thread]) {
        return nlt_fail(err, thread % 2 == 0 ? NLT_ERR_IO : NLT_ERR_FORMAT, "thread %d", thread);
    }
    return NLT_OK;
}

static void every_thread_runs_once(void **state)
{
    (void)state;
    for (int n = 1; n <= THREADS_MAX; n++) {
        region r = {.caller = pthread_self()};
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt__parallel(n, run, &r, &err), NLT_OK);
        assert_int_equal(err.code, NLT_OK);
        assert_true(r.is_caller_zero);
        for (int i = 0; i < THREADS_MAX; i++) {
            assert_int_equal(r.runs[i], i < n);
        }
    }
}

static void the_lowest_failure_is_told(void **state)
{
    (void)state;
    for (int lowest = 0; lowest < THREADS_MAX; lowest++) {
        region r = {.caller = pthread_self()};
        for (int i = lowest; i < THREADS_MAX; i += 3) {
            r.fails[i] = true;
        }
        nlt_error err = NLT_ERROR_INIT;
        nlt_status expected = lowest % 2 == 0 ? NLT_ERR_IO : NLT_ERR_FORMAT;
        char message[32];
        (void)snprintf(message, sizeof message, "thread %d", lowest);
        assert_int_equal(nlt__parallel(THREADS_MAX, run, &r, &err), expected);
        assert_int_equal(err.code, expected);
        assert_string_equal(err.message, message);
        assert_int_equal(nlt__parallel(THREADS_MAX, run, &r, NULL), expected);
    }
}

static void one_thread_fails_alone(void **state)
{
    (void)state;
    region r = {.fails = {true}, .caller = pthread_self()};
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__parallel(1, run, &r, &err), NLT_ERR_IO);
    assert_string_equal(err.message, "thread 0");
}

static void a_region_without_memory(void **state)
{
    (void)state;
    region r = {.caller = pthread_self()};
    nlt_error err = NLT_ERROR_INIT;
    nlt__alloc_fail_at(1);
    nlt_status status = nlt__parallel(4, run, &r, &err);
    nlt__alloc_fail_at(0);
    assert_int_equal(status, NLT_ERR_NOMEM);
    for (int i = 0; i < THREADS_MAX; i++) {
        assert_int_equal(r.runs[i], 0);
    }
}

static nlt_status allocate(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    (void)err;
    atomic_int *granted = ctx;
    for (int i = 0; i < 1000; i++) {
        void *ptr = nlt_alloc(1);
        if (ptr != NULL) {
            atomic_fetch_add(granted, 1);
        }
        nlt_free(ptr);
    }
    return NLT_OK;
}

/* The count of allocations until the failing one is shared by all threads. */
static void failing_allocations_are_counted_once(void **state)
{
    (void)state;
    atomic_int granted = 0;
    nlt__alloc_fail_at(1 + 1 + 500); /* the region's own comes first */
    nlt_status status = nlt__parallel(4, allocate, &granted, NULL);
    nlt__alloc_fail_at(0);
    assert_int_equal(status, NLT_OK);
    assert_int_equal(granted, 500);
}

static void the_machine(void **state)
{
    (void)state;
    enum { MEBIBYTES_64 = 64 << 20 };
    assert_true(nlt_cpu_count() >= 1);
    assert_true(nlt__memory_total() >= MEBIBYTES_64);
    char *block = nlt_alloc(MEBIBYTES_64);
    assert_non_null(block);
    memset(block, 1, MEBIBYTES_64);
    assert_int_equal(block[MEBIBYTES_64 / 2], 1);
    nlt_free(block);
    assert_true(nlt_memory_peak() >= MEBIBYTES_64);
    assert_true(nlt_memory_peak() < nlt__memory_total());
    nlt_text_free(nlt_strdup("owned by the caller"));
    nlt_text_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_runs_once),
        cmocka_unit_test(the_lowest_failure_is_told),
        cmocka_unit_test(one_thread_fails_alone),
        cmocka_unit_test(a_region_without_memory),
        cmocka_unit_test(failing_allocations_are_counted_once),
        cmocka_unit_test(the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
