/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of texts, and did-you-mean by the optimal-string-alignment distance. */

#include "core/strings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

enum { WORD_MAX = 128 };

static NLT_PRINTF(1, 0) char *format_text(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len < 0 ? NULL : nlt_alloc((size_t)len + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)len + 1, format, args);
    }
    return text;
}

nlt_status nlt__strings_add(nlt_strings *list, nlt_error *err, const char *format, ...)
{
    if (list == NULL) {
        return NLT_OK;
    }
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        char **items = nlt_realloc_array(list->items, cap, sizeof *items);
        if (items == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        list->items = items;
        list->cap = cap;
    }
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    if (text == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    list->items[list->n++] = text;
    return NLT_OK;
}

void nlt__strings_clear(nlt_strings *list)
{
    for (size_t i = 0; i < list->n; i++) {
        nlt_free(list->items[i]);
    }
    nlt_free(list->items);
    *list = (nlt_strings)NLT_STRINGS_INIT;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool nlt__equal_ignore_case(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Edits (insert, delete, replace, swap neighbours) between two words, both <= WORD_MAX bytes. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= b_len; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool is_equal = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + !is_equal);
            bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2])
                && lower(a[i - 2]) == lower(b[j - 1]);
            if (is_swap && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

const char *nlt_closest(const char *word, const char *const *candidates, size_t n)
{
    size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX) {
        return NULL;
    }
    const char *best = NULL;
    size_t best_distance = len / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        size_t candidate_len = strlen(candidates[i]);
        if (candidate_len > WORD_MAX) {
            continue;
        }
        size_t edits = distance(word, len, candidates[i], candidate_len);
        if (edits < best_distance) {
            best = candidates[i];
            best_distance = edits;
        }
    }
    return best;
}
