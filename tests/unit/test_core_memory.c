/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heap's door, arenas, buffers and lists of texts, with and without memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/strings.h"

static int memory_is_back(void **state)
{
    (void)state;
    nlt__alloc_fail_at(0);
    return 0;
}

static bool is_aligned(const void *ptr, uintptr_t to)
{
    return (uintptr_t)ptr % to == 0;
}

static void blocks_are_aligned(void **state)
{
    (void)state;
    for (size_t size = 0; size < 300; size += 7) {
        void *plain = nlt_alloc(size);
        void *aligned = nlt_alloc_aligned(size);
        assert_non_null(plain);
        assert_non_null(aligned);
        assert_true(is_aligned(plain, 16));
        assert_true(is_aligned(aligned, 64));
        memset(plain, 1, size);
        memset(aligned, 1, size);
        nlt_free(plain);
        nlt_free(aligned);
    }
    nlt_free(NULL);
}

static void zeroed_and_grown(void **state)
{
    (void)state;
    static const char zeros[40];
    char *ptr = nlt_alloc_zero(5, 8);
    assert_memory_equal(ptr, zeros, 40);
    memset(ptr, 'x', 40);
    char *grown = nlt_realloc_array(ptr, 1000, 8);
    assert_non_null(grown);
    assert_int_equal(grown[39], 'x');
    nlt_free(grown);
    void *empty = nlt_alloc_zero(0, 0);
    assert_non_null(empty);
    nlt_free(empty);
}

static void tables_are_zeroed(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 100, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t count = sizes[i];
        char *used = nlt_alloc(count); /* memory that may be given again */
        assert_non_null(used);
        memset(used, 1, count);
        nlt_free(used);
        char *table = nlt_alloc_table(count, 1);
        assert_non_null(table);
        size_t set = 0;
        for (size_t j = 0; j < count; j++) {
            set += table[j] != 0;
        }
        assert_int_equal(set, 0);
        nlt_free(table);
    }
    assert_null(nlt_alloc_table(SIZE_MAX / 2, 3));
    nlt__alloc_fail_at(1);
    assert_null(nlt_alloc_table(5 << 20, 1));
}

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    char *ptr = nlt_strdup("kept");
    /* 2^63 + 1 times 2 is 2 */
    assert_null(nlt_alloc_zero(SIZE_MAX / 2 + 2, 2));
    assert_null(nlt_realloc_array(ptr, SIZE_MAX / 2 + 2, 2));
    assert_string_equal(ptr, "kept");
    nlt_free(ptr);
}

static void copies_of_texts(void **state)
{
    (void)state;
    char *part = nlt_strndup("abcdef", 3);
    char *none = nlt_strndup(NULL, 0);
    assert_string_equal(part, "abc");
    assert_string_equal(none, "");
    nlt_free(part);
    nlt_free(none);
}

static void the_nth_allocation_fails(void **state)
{
    (void)state;
    nlt__alloc_fail_at(3);
    void *first = nlt_alloc(1);
    void *second = nlt_alloc_zero(1, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(nlt_alloc(1));
    assert_null(nlt_alloc_zero(1, 1)); /* and every later one */
    assert_null(nlt_alloc_aligned(1));
    assert_null(nlt_realloc(first, 100));
    assert_null(nlt_strdup("x"));
    nlt__alloc_fail_at(0);
    void *third = nlt_alloc(1);
    assert_non_null(third);
    nlt_free(first);
    nlt_free(second);
    nlt_free(third);
}

static void arena_items_do_not_overlap(void **state)
{
    (void)state;
    enum { N = 2000 };
    static unsigned char *items[N];
    nlt_arena arena = NLT_ARENA_INIT;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            size_t size = i % 100 == 99 ? 50000 : i % 50;
            items[i] = nlt__arena_alloc(&arena, size);
            assert_non_null(items[i]);
            assert_true(is_aligned(items[i], 8));
            memset(items[i], (int)(i % 251), size);
        }
        for (size_t i = 0; i < N; i++) {
            size_t size = i % 100 == 99 ? 50000 : i % 50;
            for (size_t k = 0; k < size; k++) {
                assert_true(items[i][k] == i % 251);
            }
        }
        nlt__arena_reset(&arena);
    }
    nlt__arena_clear(&arena);
    assert_null(arena.head);
}

static void a_reset_arena_reuses_its_block(void **state)
{
    (void)state;
    nlt_arena arena = NLT_ARENA_INIT;
    nlt__arena_reset(&arena); /* nothing to do */
    assert_non_null(nlt__arena_alloc(&arena, 100));
    assert_non_null(nlt__arena_alloc(&arena, 100000));
    assert_non_null(nlt__arena_alloc(&arena, 10));
    nlt__arena_reset(&arena);
    nlt__alloc_fail_at(1);
    assert_non_null(nlt__arena_alloc(&arena, 100000)); /* from the largest block */
    nlt__alloc_fail_at(0);
    nlt__arena_clear(&arena);
}

static void an_arena_without_memory(void **state)
{
    (void)state;
    nlt_arena arena = NLT_ARENA_INIT;
    char *text = nlt__arena_copy(&arena, (nlt_bytes){"abcdef", 3});
    assert_string_equal(text, "abc");
    nlt__alloc_fail_at(1);
    assert_null(nlt__arena_alloc(&arena, 1 << 20));
    assert_null(nlt__arena_alloc(&arena, SIZE_MAX));
    assert_null(nlt__arena_alloc(&arena, SIZE_MAX / 2));
    assert_non_null(nlt__arena_alloc(&arena, 8)); /* what is there is still good */
    nlt__alloc_fail_at(0);
    assert_null(nlt__arena_alloc(&arena, SIZE_MAX - 3));
    assert_non_null(nlt__arena_alloc(&arena, 0));
    assert_string_equal(nlt__arena_copy(&arena, (nlt_bytes){NULL, 0}), "");
    assert_string_equal(text, "abc");
    nlt__arena_clear(&arena);
}

static void a_buffer_grows(void **state)
{
    (void)state;
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_error err = NLT_ERROR_INIT;
    assert_string_equal(nlt__buf_cstr(&buf), "");
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(nlt__buf_append(&buf, "0123456789", 10, &err), NLT_OK);
    }
    assert_int_equal(nlt__buf_append(&buf, NULL, 0, &err), NLT_OK);
    assert_int_equal(nlt__buf_printf(&buf, &err, "%d-%s", 42, "x"), NLT_OK);
    assert_int_equal(buf.len, 100004);
    assert_string_equal(nlt__buf_cstr(&buf) + 99990, "012345678942-x");
    nlt__buf_clear(&buf);
    assert_null(buf.ptr);
    assert_int_equal(buf.len, 0);
    assert_int_equal(nlt__buf_append(&buf, "again", 5, &err), NLT_OK);
    nlt__buf_clear(&buf);
}

static void a_buffer_ends_at_its_maximum(void **state)
{
    (void)state;
    for (size_t max = 1; max < 2000; max += 97) {
        nlt_buf buf = NLT_BUF_INIT(max);
        nlt_error err = NLT_ERROR_INIT;
        while (buf.len < max) {
            assert_int_equal(nlt__buf_append(&buf, "x", 1, &err), NLT_OK);
        }
        assert_int_equal(nlt__buf_append(&buf, "x", 1, &err), NLT_ERR_LIMIT);
        assert_int_equal(err.code, NLT_ERR_LIMIT);
        assert_int_equal(nlt__buf_printf(&buf, &err, "%s", "x"), NLT_ERR_LIMIT);
        assert_int_equal(nlt__buf_reserve(&buf, SIZE_MAX, &err), NLT_ERR_LIMIT);
        assert_int_equal(strlen(nlt__buf_cstr(&buf)), max); /* the NUL is not counted */
        assert_int_equal(nlt__buf_append(&buf, "x", 1, &err), NLT_ERR_LIMIT);
        assert_int_equal(buf.len, max);
        nlt__buf_clear(&buf);
    }
}

static void printed_text_fills_a_buffer(void **state)
{
    (void)state;
    nlt_buf buf = NLT_BUF_INIT(5);
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__buf_printf(&buf, &err, "%s", "12345"), NLT_OK);
    assert_string_equal(nlt__buf_cstr(&buf), "12345");
    nlt__buf_clear(&buf);
    assert_int_equal(nlt__buf_printf(&buf, &err, "%s", "123456"), NLT_ERR_LIMIT);
    nlt__buf_clear(&buf);
}

static void a_buffer_without_memory(void **state)
{
    (void)state;
    nlt_buf buf = NLT_BUF_INIT(1 << 20);
    nlt_error err = NLT_ERROR_INIT;
    nlt__alloc_fail_at(1);
    assert_null(nlt__buf_cstr(&buf));
    assert_int_equal(nlt__buf_append(&buf, "abc", 3, &err), NLT_ERR_NOMEM);
    nlt__alloc_fail_at(0);
    assert_int_equal(nlt__buf_append(&buf, "abc", 3, &err), NLT_OK);
    nlt__alloc_fail_at(1);
    assert_int_equal(nlt__buf_reserve(&buf, 10000, &err), NLT_ERR_NOMEM);
    assert_int_equal(err.code, NLT_ERR_NOMEM);
    assert_int_equal(nlt__buf_printf(&buf, NULL, "%5000d", 1), NLT_ERR_NOMEM);
    nlt__alloc_fail_at(0);
    assert_string_equal(nlt__buf_cstr(&buf), "abc");
    nlt__buf_clear(&buf);
}

static void texts_are_listed(void **state)
{
    (void)state;
    nlt_strings list = NLT_STRINGS_INIT;
    nlt_error err = NLT_ERROR_INIT;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(nlt__strings_add(&list, &err, "text %d", i), NLT_OK);
    }
    assert_int_equal(list.n, 100);
    assert_string_equal(list.items[0], "text 0");
    assert_string_equal(list.items[99], "text 99");
    nlt__strings_clear(&list);
    assert_int_equal(list.n, 0);
    assert_null(list.items);
    assert_int_equal(nlt__strings_add(NULL, &err, "dropped"), NLT_OK);
}

/* Whichever allocation fails, the list keeps what it had. */
static void a_list_without_memory(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 12; n++) {
        nlt_strings list = NLT_STRINGS_INIT;
        nlt_error err = NLT_ERROR_INIT;
        size_t added = 0;
        nlt__alloc_fail_at(n);
        while (nlt__strings_add(&list, &err, "%zu", added) == NLT_OK) {
            added++;
        }
        nlt__alloc_fail_at(0);
        assert_int_equal(err.code, NLT_ERR_NOMEM);
        assert_int_equal(list.n, added);
        assert_int_equal(nlt__strings_add(&list, &err, "last"), NLT_OK);
        assert_string_equal(list.items[added], "last");
        nlt__strings_clear(&list);
    }
}

static void letters_are_equal_in_either_case(void **state)
{
    (void)state;
    assert_true(nlt__equal_ignore_case("", ""));
    assert_true(nlt__equal_ignore_case("Tstat:TCP", "tSTAT:tcp"));
    assert_false(nlt__equal_ignore_case("a", ""));
    assert_false(nlt__equal_ignore_case("", "a"));
    assert_false(nlt__equal_ignore_case("ab", "abc"));
    assert_false(nlt__equal_ignore_case("[", "{")); /* 0x20 apart like letters */
    assert_false(nlt__equal_ignore_case("\xc3\x89", "\xc3\xa9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned),
        cmocka_unit_test(zeroed_and_grown),
        cmocka_unit_test_teardown(tables_are_zeroed, memory_is_back),
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(copies_of_texts),
        cmocka_unit_test_teardown(the_nth_allocation_fails, memory_is_back),
        cmocka_unit_test(arena_items_do_not_overlap),
        cmocka_unit_test_teardown(a_reset_arena_reuses_its_block, memory_is_back),
        cmocka_unit_test_teardown(an_arena_without_memory, memory_is_back),
        cmocka_unit_test(a_buffer_grows),
        cmocka_unit_test(a_buffer_ends_at_its_maximum),
        cmocka_unit_test(printed_text_fills_a_buffer),
        cmocka_unit_test_teardown(a_buffer_without_memory, memory_is_back),
        cmocka_unit_test(texts_are_listed),
        cmocka_unit_test_teardown(a_list_without_memory, memory_is_back),
        cmocka_unit_test(letters_are_equal_in_either_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
