/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of SQL over texts: the bytes are arguments, separated by NUL. Whatever they are, the result
 * is valid UTF-8, and equal rows have equal results. */

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "sql/java_time.h"
#include "sql/scalar.h"

enum { ROWS = 3 };

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* The next argument as clean text in memory of its own length. */
static nlt_bytes next_text(const uint8_t **data, size_t *size, nlt_arena *arena)
{
    const uint8_t *end = *size == 0 ? NULL : memchr(*data, 0, *size);
    size_t len = end == NULL ? *size : (size_t)(end - *data);
    nlt_bytes text = {"", 0};
    check(nlt__text_escape(arena, (nlt_bytes){(const char *)*data, len}, &text) == NLT_OK);
    char *own = malloc(text.len + (text.len == 0));
    check(own != NULL);
    memcpy(own, text.ptr, text.len);
    *data += len + (end != NULL);
    *size -= len + (end != NULL);
    return (nlt_bytes){own, text.len};
}

static void check_column(const nlt_vec *vec)
{
    if (vec->dtype.type != NLT_TYPE_STRING) {
        return;
    }
    const nlt_str *texts = vec->data;
    for (int64_t i = 0; i < ROWS; i++) {
        check(nlt__valid(vec->valid, i) == nlt__valid(vec->valid, 0));
        if (nlt__valid(vec->valid, i)) {
            nlt_bytes text = nlt__str_bytes(&texts[i]);
            check(nlt__text_is_clean(text));
            check(nlt__bytes_equal(text, nlt__str_bytes(&texts[0])));
        }
    }
}

/* A function whose arguments may be texts or integers. */
static void call_row(
    const nlt_scalar *scalar, const nlt_bytes *texts, int64_t number, nlt_arena *arena)
{
    static const nlt_scalar_env env = {NULL};
    nlt_dtype dtypes[NLT_SCALAR_ARGS_MAX];
    nlt_batch *input = NULL;
    nlt_batch *output = NULL;
    for (int i = 0; i < scalar->n_args; i++) {
        bool is_text = (scalar->args[i] & NLT_ARG_STRING) != 0;
        if (!is_text && (scalar->args[i] & NLT_ARG_INT64) == 0) {
            return;
        }
        nlt_type type = is_text ? NLT_TYPE_STRING : NLT_TYPE_INT64;
        dtypes[i] = (nlt_dtype){type, type, 0};
    }
    check(nlt__batch_new(dtypes, scalar->n_args, ROWS, &input, NULL) == NLT_OK);
    check(nlt__batch_new(&scalar->result, 1, ROWS, &output, NULL) == NLT_OK);
    for (int i = 0; i < scalar->n_args; i++) {
        for (int64_t row = 0; row < ROWS; row++) {
            if (dtypes[i].type == NLT_TYPE_STRING) {
                nlt__str_set((nlt_str *)input->cols[i].data + row, texts[i].ptr, texts[i].len);
            } else {
                ((int64_t *)input->cols[i].data)[row] = number;
            }
            nlt__set_valid(input->cols[i].valid, row);
        }
    }
    nlt_error err = NLT_ERROR_INIT;
    nlt_status status = nlt__scalar_call(
        scalar, &env, input->cols, scalar->n_args, ROWS, &output->cols[0], arena, &err);
    check(status == NLT_OK || (status == NLT_ERR_SQL && err.message[0] != '\0'));
    if (status == NLT_OK) {
        check_column(&output->cols[0]);
    }
    nlt__batch_free(input);
    nlt__batch_free(output);
}

/* A time that a pattern writes can be read by it, unless the pattern is ambiguous. */
static void call_pattern(nlt_bytes pattern_text, nlt_bytes text, int64_t number)
{
    nlt_time_pattern pattern;
    char out[NLT_PATTERN_TEXT_MAX];
    int64_t us = 0;
    if (nlt__time_pattern_compile(pattern_text, false, &pattern, NULL) == NLT_OK) {
        check(nlt__time_pattern_format(&pattern, number, out) <= sizeof out);
    }
    if (nlt__time_pattern_compile(pattern_text, true, &pattern, NULL) == NLT_OK) {
        (void)nlt__time_pattern_parse(&pattern, text, &us);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { TEXTS = 3 };
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_bytes texts[NLT_SCALAR_ARGS_MAX] = {{"", 0}};
    int64_t number = (int64_t)size;
    if (size > 0) {
        memcpy(&number, data, size < sizeof number ? size : sizeof number);
    }
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = next_text(&data, &size, &arena);
    }
    for (int i = 0; i < nlt__scalar_count(); i++) {
        call_row(nlt__scalar_at(i), texts, i % 2 == 0 ? number : number % 40, &arena);
    }
    call_pattern(texts[1], texts[0], number);
    for (int i = 0; i < TEXTS; i++) {
        free((void *)(uintptr_t)texts[i].ptr);
    }
    nlt__arena_clear(&arena);
    return 0;
}
