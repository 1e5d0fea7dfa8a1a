/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that wait for more: found by key, oldest first. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "connectors/open_rows.h"
#include "core/alloc.h"

typedef struct waiting {
    nlt_open_row open;
    int key;
} waiting;

static bool is_key(const nlt_open_row *row, const void *key)
{
    return ((const waiting *)row)->key == *(const int *)key;
}

static waiting *find(const nlt_open_rows *rows, uint64_t hash, int key)
{
    return (waiting *)nlt__open_rows_find(rows, hash, is_key, &key);
}

static void add(nlt_open_rows *rows, uint64_t hash, int key, int64_t time)
{
    waiting *row = test_malloc(sizeof *row);
    row->key = key;
    assert_true(nlt__open_rows_add(rows, &row->open, hash, time));
}

static void free_row(nlt_open_row *row)
{
    test_free(row);
}

static void test_find(void **state)
{
    (void)state;
    nlt_open_rows rows = {0};
    assert_null(find(&rows, 1, 1));
    add(&rows, 1, 1, 10);
    add(&rows, 1, 2, 11);      /* same hash, other key */
    add(&rows, 1 + 64, 3, 12); /* same slot, other hash */
    assert_int_equal(find(&rows, 1, 1)->key, 1);
    assert_int_equal(find(&rows, 1, 2)->key, 2);
    assert_int_equal(find(&rows, 65, 3)->key, 3);
    assert_null(find(&rows, 1, 3));
    assert_null(find(&rows, 2, 1));
    waiting *two = find(&rows, 1, 2);
    nlt__open_rows_remove(&rows, &two->open);
    test_free(two);
    assert_null(find(&rows, 1, 2));
    assert_non_null(find(&rows, 1, 1));
    assert_non_null(find(&rows, 65, 3));
    nlt__open_rows_clear(&rows, free_row);
    assert_int_equal(rows.n, 0);
}

static int oldest_key(const nlt_open_rows *rows, int64_t now, int64_t age)
{
    const nlt_open_row *row = nlt__open_rows_expired(rows, now, age);
    return row == NULL ? 0 : ((const waiting *)row)->key;
}

/* Age is counted from the last touch, and must be passed. */
static void test_expired(void **state)
{
    (void)state;
    nlt_open_rows rows = {0};
    assert_int_equal(oldest_key(&rows, INT64_MAX, 5), 0);
    add(&rows, 1, 1, 10);
    add(&rows, 2, 2, 11);
    add(&rows, 3, 3, 12);
    assert_int_equal(oldest_key(&rows, 15, 5), 0);
    assert_int_equal(oldest_key(&rows, 16, 5), 1);
    nlt__open_rows_touch(&rows, &find(&rows, 1, 1)->open, 13);
    assert_int_equal(oldest_key(&rows, 16, 5), 0);
    assert_int_equal(oldest_key(&rows, 17, 5), 2);
    nlt__open_rows_touch(&rows, &find(&rows, 3, 3)->open, 13); /* in the middle */
    nlt__open_rows_touch(&rows, &find(&rows, 3, 3)->open, 14); /* the newest itself */
    static const int order[] = {2, 1, 3};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(oldest_key(&rows, INT64_MAX, 5), order[i]);
        waiting *row = (waiting *)nlt__open_rows_expired(&rows, INT64_MAX, 5);
        nlt__open_rows_remove(&rows, &row->open);
        test_free(row);
    }
    assert_null(rows.oldest);
    assert_null(rows.newest);
    add(&rows, 4, 4, INT64_MIN);
    assert_int_equal(oldest_key(&rows, INT64_MIN + 1, 5), 0); /* now - age is no number */
    nlt__open_rows_clear(&rows, free_row);
}

/* More rows than slots; every second one goes. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    nlt_open_rows rows = {0};
    for (int i = 0; i < MANY; i++) {
        add(&rows, (uint64_t)i * 7919, i, i);
    }
    for (int i = 0; i < MANY; i += 2) {
        waiting *row = find(&rows, (uint64_t)i * 7919, i);
        nlt__open_rows_remove(&rows, &row->open);
        test_free(row);
    }
    assert_int_equal(rows.n, MANY / 2);
    int n = 0;
    for (const nlt_open_row *row = rows.oldest; row != NULL; row = row->newer) {
        assert_int_equal(((const waiting *)row)->key, 2 * n + 1);
        n++;
    }
    assert_int_equal(n, MANY / 2);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(find(&rows, (uint64_t)i * 7919, i) != NULL, i % 2);
    }
    nlt__open_rows_clear(&rows, free_row);
}

/* Hashes of few slots, at the end of the table and its beginning: rows stand in each other's way. */
static void test_crowded_slots(void **state)
{
    (void)state;
    enum { KEYS = 30, ROUNDS = 20000 };
    nlt_open_rows rows = {0};
    bool is_open[KEYS] = {false};
    uint64_t seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int key = (int)(seed >> 33) % KEYS;
        if (is_open[key]) {
            waiting *row = find(&rows, (uint64_t)(key % 7) - 4, key);
            assert_int_equal(row->key, key);
            nlt__open_rows_remove(&rows, &row->open);
            test_free(row);
        } else {
            add(&rows, (uint64_t)(key % 7) - 4, key, round);
        }
        is_open[key] = !is_open[key];
        for (int i = 0; i < KEYS; i++) {
            assert_int_equal(find(&rows, (uint64_t)(i % 7) - 4, i) != NULL, is_open[i]);
        }
    }
    nlt__open_rows_clear(&rows, free_row);
}

static void test_no_memory(void **state)
{
    (void)state;
    nlt_open_rows rows = {0};
    waiting row = {.key = 1};
    nlt__alloc_fail_at(1);
    bool is_added = nlt__open_rows_add(&rows, &row.open, 1, 1);
    nlt__alloc_fail_at(0);
    assert_false(is_added);
    assert_null(find(&rows, 1, 1));
    nlt__open_rows_clear(&rows, free_row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_crowded_slots),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
