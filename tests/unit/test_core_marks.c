/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks of random texts, read piece by piece, against a loop over bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/marks.h"

enum { TEXT_MAX = 100000, ROUNDS = 200 };

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* Letters, and `share` of 1000 bytes other ones. */
static void make_text(char *text, size_t len, uint32_t share, uint64_t *seed)
{
    static const char others[] = "\n\n \t\t  \"\r\x80\xff";
    for (size_t i = 0; i < len; i++) {
        bool is_other = next_random(seed) % 1000 < share;
        text[i] = is_other ? others[next_random(seed) % sizeof others] : (char)('a' + i % 26);
    }
}

static bool is_separator(const nlt_marking *marking, char c)
{
    return c == '\n' || c == marking->separators[0] || c == marking->separators[1];
}

/* The marks of the line at text[begin..end]. */
static void check_line(
    const nlt_marks *marks, const char *text, size_t begin, size_t end, const nlt_cuts *cuts)
{
    uint32_t n = 0;
    for (size_t i = begin; i <= end; i++) {
        bool is_mark = is_separator(&marks->marking, text[i]);
        if (marks->marking.kind == NLT_MARKING_BLANKS) {
            bool before = i == begin || is_separator(&marks->marking, text[i - 1]);
            is_mark = is_mark != before;
        }
        if (is_mark && marks->marking.kind != NLT_MARKING_NONE) {
            assert_true(n < cuts->n);
            assert_int_equal(cuts->at[n++], i);
        }
    }
    assert_int_equal(n, cuts->n);
}

static void check_clean(const nlt_marks *marks, const char *text)
{
    for (size_t i = marks->clean_from; i < marks->known; i++) {
        assert_true((signed char)text[i] > 0);
    }
}

/* The buffer is given the text in pieces; lines that are used go. Returns how many there were. */
static size_t walk(nlt_marks *marks, const char *text, size_t len, uint64_t *seed)
{
    char *buf = malloc(TEXT_MAX + NLT_MARKS_PAD);
    size_t n_lines = 0;
    size_t held = 0;
    size_t given = 0;
    assert_non_null(buf);
    while (given < len) {
        size_t piece = 1 + next_random(seed) % 30000;
        piece = piece < len - given ? piece : len - given;
        memcpy(buf + held, text + given, piece);
        held += piece;
        given += piece;
        memset(buf + held, ' ', NLT_MARKS_PAD);
        size_t begin = 0;
        while (marks->known < held) {
            assert_int_equal(nlt__marks_step(marks, (nlt_bytes){buf, held}, NULL), NLT_OK);
            check_clean(marks, buf);
            uint32_t first = 0;
            for (size_t i = 0; i < marks->n_lines; i++) {
                const nlt_marked_line *line = &marks->lines[i];
                const char *newline = memchr(buf + begin, '\n', held - begin);
                assert_ptr_equal(newline, buf + line->end);
                nlt_cuts cuts = {.at = marks->at + first, .n = line->marks_end - first};
                check_line(marks, buf, begin, line->end, &cuts);
                first = line->marks_end;
                begin = (size_t)line->end + 1;
                n_lines++;
            }
        }
        held -= begin;
        memmove(buf, buf + begin, held);
        nlt__marks_drop(marks, begin);
        assert_int_equal(marks->known, held);
    }
    free(buf);
    return n_lines;
}

static void check_kernel(nlt_marks_kernel kernel)
{
    static const nlt_marking markings[] = {{NLT_MARKING_NONE, "\t\t"}, {NLT_MARKING_EACH, "\t\t"},
        {NLT_MARKING_EACH, "\" "}, {NLT_MARKING_BLANKS, " \t"}, {NLT_MARKING_BLANKS, "  "}};
    static const uint32_t shares[] = {5, 150, 900};
    char *text = malloc(TEXT_MAX);
    nlt_marks marks;
    uint64_t seed = 7;
    assert_non_null(text);
    assert_int_equal(nlt__marks_open(&marks, NULL), NLT_OK);
    marks.kernel = kernel;
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t len = next_random(&seed) % (i % 8 == 0 ? TEXT_MAX : 1000);
        size_t expected = 0;
        make_text(text, len, shares[i % 3], &seed);
        for (size_t j = 0; j < len; j++) {
            expected += text[j] == '\n';
        }
        nlt__marks_begin(&marks, markings[i % 5]);
        assert_int_equal(walk(&marks, text, len, &seed), expected);
    }
    nlt__marks_close(&marks);
    free(text);
}

static void test_kernels(void **state)
{
    (void)state;
    for (nlt_marks_kernel kernel = NLT_MARKS_PLAIN; kernel < NLT_MARKS_KERNELS; kernel++) {
        if (nlt__marks_has_kernel(kernel)) {
            check_kernel(kernel);
        }
    }
}

/* More marks in one line than room was made for at first. */
static void test_long_line(void **state)
{
    (void)state;
    char *text = malloc(TEXT_MAX);
    nlt_marks marks;
    uint64_t seed = 3;
    assert_non_null(text);
    memset(text, '\t', TEXT_MAX);
    text[TEXT_MAX - 1] = '\n';
    assert_int_equal(nlt__marks_open(&marks, NULL), NLT_OK);
    nlt__marks_begin(&marks, (nlt_marking){NLT_MARKING_EACH, "\t\t"});
    assert_int_equal(walk(&marks, text, TEXT_MAX, &seed), 1);
    nlt__marks_close(&marks);
    free(text);
}

static void test_column(void **state)
{
    (void)state;
    const char text[] = "x\nab\t\tc\n";
    const uint32_t at[] = {4, 5, 7};
    const nlt_cuts cuts = {text, at, 3, '\t'};
    static const struct {
        size_t begin, len;
    } columns[] = {{2, 2}, {5, 0}, {6, 1}};
    for (uint32_t i = 0; i < 3; i++) {
        nlt_bytes column = nlt__cuts_column(&cuts, text + 2, i);
        assert_ptr_equal(column.ptr, text + columns[i].begin);
        assert_int_equal(column.len, columns[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
