/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a part, sorted in any memory: as one sort of all of them says, and no more in memory than that. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/key_sort.h"

enum { KEY, TIME, NUMBER, COLUMNS };

enum { ROWS = 40000 };

static const nlt_dtype dtypes[COLUMNS] = {
    {.type = NLT_TYPE_STRING}, {.type = NLT_TYPE_DOUBLE}, {.type = NLT_TYPE_INT64}};
static const int keys[] = {KEY};
static const int order_columns[] = {TIME, NUMBER};

typedef struct row {
    char key[16];
    double time;
    int64_t number;
} row;

/* What a sort is given: `big` of a hundred rows have one key, times have `span` values. */
typedef struct shape {
    int big;
    int64_t span;
    double scale; /* of times */
} shape;

static row *make_rows(shape how)
{
    uint64_t seed = 7;
    row *rows = calloc(ROWS, sizeof *rows);
    assert_non_null(rows);
    for (int i = 0; i < ROWS; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bool is_big = (int)(seed >> 40) % 100 < how.big;
        (void)snprintf(
            rows[i].key, sizeof rows[i].key, "k%d", is_big ? 0 : (int)(seed >> 50) % 500);
        rows[i].time = (double)((int64_t)(seed >> 33) % how.span) * how.scale;
        rows[i].number = i;
    }
    return rows;
}

static nlt_row_store *store_of(const row *rows, nlt_budget *budget)
{
    nlt_row_store *store = NULL;
    nlt_row_writer *writer = NULL;
    nlt_batch *batch = NULL;
    assert_int_equal(
        nlt__row_store_new(dtypes, COLUMNS, keys, 1, 1, 1, budget, &store, NULL), NLT_OK);
    assert_int_equal(nlt__row_writer_open(store, &writer, NULL), NLT_OK);
    assert_int_equal(nlt__batch_new(dtypes, COLUMNS, NLT_BATCH_ROWS, &batch, NULL), NLT_OK);
    for (int i = 0; i < ROWS; i++) {
        int64_t at = batch->n_rows++;
        nlt__str_set(
            (nlt_str *)batch->cols[KEY].data + at, rows[i].key, (uint32_t)strlen(rows[i].key));
        ((double *)batch->cols[TIME].data)[at] = rows[i].time;
        ((int64_t *)batch->cols[NUMBER].data)[at] = rows[i].number;
        for (int c = 0; c < COLUMNS; c++) {
            nlt__set_valid(batch->cols[c].valid, at);
        }
        if (batch->n_rows == NLT_BATCH_ROWS || i + 1 == ROWS) {
            assert_int_equal(nlt__row_writer_add(writer, batch, 0, NULL), NLT_OK);
            nlt__batch_reset(batch, NLT_BATCH_ROWS);
        }
    }
    assert_int_equal(nlt__row_store_flush(store, NULL), NLT_OK);
    nlt__batch_free(batch);
    return store;
}

typedef struct taken {
    const nlt_row_store *store;
    int64_t numbers[ROWS];
    int64_t n;
    int64_t largest_pass; /* rows that were there at once */
} taken;

static nlt_status take_rows(
    void *ctx, const nlt_row_lanes *rows, const uint32_t *index, int64_t n, nlt_error *err)
{
    (void)err;
    taken *t = ctx;
    int lane = nlt__row_lane(t->store, NUMBER);
    for (int64_t i = 0; i < n; i++) {
        assert_true(t->n < ROWS);
        t->numbers[t->n++] = (int64_t)rows->lanes[lane][index[i]];
        t->largest_pass = index[i] + 1 > t->largest_pass ? index[i] + 1 : t->largest_pass;
    }
    return NLT_OK;
}

static taken *sort_rows(nlt_row_store *store, int64_t memory_max)
{
    taken *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->store = store;
    nlt_key_order order = {keys, 1, order_columns, 2, NULL};
    assert_int_equal(nlt__key_sort(store, 0, &order, memory_max, take_rows, t, NULL), NLT_OK);
    assert_int_equal(t->n, ROWS);
    return t;
}

/* Keys are not split, and in each of them time and number rise. */
static void check_order(const row *rows, const taken *t)
{
    bool *seen = calloc(1000, sizeof *seen);
    assert_non_null(seen);
    for (int i = 0; i < ROWS; i++) {
        const row *now = &rows[t->numbers[i]];
        const row *before = i > 0 ? &rows[t->numbers[i - 1]] : NULL;
        if (before == NULL || strcmp(now->key, before->key) != 0) {
            int key = atoi(now->key + 1);
            assert_false(seen[key]);
            seen[key] = true;
        } else {
            assert_true(now->time > before->time
                || (now->time == before->time && now->number > before->number));
        }
    }
    free(seen);
}

/* Whatever the memory, the order is the same; where times differ, so few rows are there at once. */
static void test_any_memory(void **state)
{
    (void)state;
    static const shape shapes[] = {{0, 1000000, 1.0}, {60, 1000000, 1.0}, {100, 1000000, 1e-300},
        {100, 1000000, -1e300}, {90, 3, 1.0}, {100, 1, 0.0}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        nlt_budget budget = {.memory_max = 1 << 30, .disk = {.bytes_max = -1}};
        row *rows = make_rows(shapes[i]);
        nlt_row_store *store = store_of(rows, &budget);
        int64_t row_bytes = 64 + 8 * nlt__row_lane_count(store);
        taken *all = sort_rows(store, row_bytes * ROWS * 2);
        check_order(rows, all);
        for (int64_t n = ROWS; n > ROWS / 50; n /= 3) {
            taken *some = sort_rows(store, row_bytes * n);
            assert_memory_equal(some->numbers, all->numbers, sizeof all->numbers);
            if (shapes[i].span > ROWS) {
                assert_true(some->largest_pass <= 2 * n + 2 + NLT_BLOCK_ROWS);
            }
            free(some);
        }
        free(all);
        nlt__row_store_free(store);
        free(rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
