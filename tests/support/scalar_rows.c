/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/scalar_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/utf8.h"
#include "sql/spark_cast.h"

/* The row of the call lies among others, in a batch that is not a multiple of 64. */
enum { ROWS = 131, TEXT_MAX_BYTES = 1 << 20 };

struct scalar_rows {
    const nlt_scalar_env *env;
    nlt_arena arena; /* arguments and results of one call */
    nlt_buf text;
};

static void must(bool ok, const char *what, const char *where)
{
    if (!ok) {
        (void)fprintf(stderr, "%s: %s\n", where, what);
        abort();
    }
}

scalar_rows *scalar_rows_open(const nlt_scalar_env *env)
{
    static const nlt_scalar_env empty = {0};
    scalar_rows *rows = calloc(1, sizeof *rows);
    must(rows != NULL, "memory", "scalar_rows");
    rows->env = env != NULL ? env : &empty;
    rows->text = (nlt_buf)NLT_BUF_INIT(TEXT_MAX_BYTES);
    return rows;
}

void scalar_rows_close(scalar_rows *rows)
{
    nlt__arena_clear(&rows->arena);
    nlt__buf_clear(&rows->text);
    free(rows);
}

/* ---- literals ---- */

typedef struct literal {
    nlt_type type; /* NLT_TYPE_COUNT: NULL of any type */
    nlt_bytes text;
    int64_t i64;
    double real;
} literal;

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == ',') {
        p++;
    }
    return p;
}

/* 'text' from its quote on. */
static const char *read_text(scalar_rows *rows, const char *p, nlt_bytes *out)
{
    char *copy = nlt__arena_alloc(&rows->arena, strlen(p));
    must(copy != NULL, "memory", p);
    size_t n = 0;
    for (p++; *p != '\0'; p++) {
        if (*p == '\'' && *++p != '\'') {
            *out = (nlt_bytes){copy, n};
            return p;
        }
        copy[n++] = *p;
    }
    must(false, "a text does not end", p);
    return p;
}

static bool starts(const char *p, const char *word)
{
    return strncmp(p, word, strlen(word)) == 0;
}

static const char *read_literal(scalar_rows *rows, const char *p, literal *out)
{
    *out = (literal){.type = NLT_TYPE_COUNT};
    if (starts(p, "DATE '") || starts(p, "TIMESTAMP '")) {
        out->type = *p == 'D' ? NLT_TYPE_DATE : NLT_TYPE_TIMESTAMP;
        p = read_text(rows, strchr(p, '\''), &out->text);
        int32_t days = 0;
        bool is_time = out->type == NLT_TYPE_DATE ? nlt__spark_date(out->text, &days)
                                                  : nlt__spark_timestamp(out->text, 0, &out->i64);
        must(is_time, "no time", out->text.ptr);
        out->i64 += days;
        return p;
    }
    if (*p == '\'') {
        out->type = NLT_TYPE_STRING;
        return read_text(rows, p, &out->text);
    }
    size_t len = strcspn(p, ", )");
    nlt_bytes word = {p, len};
    if (starts(p, "true") || starts(p, "false")) {
        out->type = NLT_TYPE_BOOL;
        out->i64 = *p == 't';
    } else if (starts(p, "NaN") || starts(p, "inf") || starts(p, "-inf")) {
        out->type = NLT_TYPE_DOUBLE;
        out->real = *p == 'N' ? (double)__builtin_nanf("")
            : *p == 'i'       ? (double)__builtin_inff()
                              : -(double)__builtin_inff();
    } else if (nlt__parse_i64(word, &out->i64)) {
        out->type = NLT_TYPE_INT64;
    } else if (nlt__parse_double(word, &out->real)) {
        out->type = NLT_TYPE_DOUBLE;
    } else {
        must(starts(p, "NULL"), "not a literal", p);
    }
    return p + len;
}

/* ---- calls ---- */

static bool takes(const nlt_scalar *scalar, literal *args, int n)
{
    if (n > scalar->n_args || n < scalar->n_args - scalar->n_optional) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (args[i].type != NLT_TYPE_COUNT && (scalar->args[i] >> args[i].type & 1) == 0) {
            return false;
        }
    }
    return true;
}

static const nlt_scalar *find(const char *name, literal *args, int n, const char *call)
{
    const nlt_scalar *found = NULL;
    for (int i = 0; i < nlt__scalar_count() && found == NULL; i++) {
        const nlt_scalar *scalar = nlt__scalar_at(i);
        if (strcmp(scalar->name, name) == 0 && takes(scalar, args, n)) {
            found = scalar;
        }
    }
    must(found != NULL, "no such function", call);
    for (int i = 0; i < n; i++) {
        for (int type = 0; args[i].type == NLT_TYPE_COUNT && type < NLT_TYPE_COUNT; type++) {
            if ((found->args[i] >> type & 1) != 0) {
                args[i].type = (nlt_type)type;
                args[i].i64 = INT64_MIN; /* marks NULL */
                args[i].text = (nlt_bytes){NULL, 0};
            }
        }
    }
    return found;
}

static void fill(nlt_vec *vec, const literal *value, bool is_null)
{
    for (int64_t row = 0; row < ROWS; row++) {
        if (value->type == NLT_TYPE_STRING) {
            nlt__str_set(
                (nlt_str *)vec->data + row, is_null ? "" : value->text.ptr, value->text.len);
        } else if (value->type == NLT_TYPE_DOUBLE) {
            ((double *)vec->data)[row] = value->real;
        } else if (value->type == NLT_TYPE_BOOL) {
            ((uint8_t *)vec->data)[row] = value->i64 == 1;
        } else if (value->type == NLT_TYPE_DATE) {
            ((int32_t *)vec->data)[row] = (int32_t)value->i64;
        } else {
            ((int64_t *)vec->data)[row] = value->i64;
        }
        /* every third row is NULL, so that no function counts on whole words */
        if (!is_null && row % 3 != 2) {
            nlt__set_valid(vec->valid, row);
        }
    }
}

static void put(scalar_rows *rows, const char *text, size_t len)
{
    must(nlt__buf_append(&rows->text, text, len, NULL) == NLT_OK, "memory", "put");
}

static void show_value(scalar_rows *rows, const nlt_vec *vec, int64_t row)
{
    char text[NLT_SPARK_TEXT_MAX];
    size_t len = 0;
    if (!nlt__valid(vec->valid, row)) {
        put(rows, "NULL", 4);
    } else if (vec->dtype.type == NLT_TYPE_LIST) {
        const nlt_list *list = (const nlt_list *)vec->data + row;
        put(rows, "[", 1);
        for (uint64_t i = 0; i < list->length; i++) {
            put(rows, ",", i > 0);
            show_value(rows, vec->child, (int64_t)(list->offset + i));
        }
        put(rows, "]", 1);
    } else if (vec->dtype.type == NLT_TYPE_STRING) {
        nlt_bytes value = nlt__str_bytes((const nlt_str *)vec->data + row);
        must(nlt__text_is_clean(value), "no valid UTF-8", "result");
        put(rows, value.ptr, value.len);
    } else if (vec->dtype.type == NLT_TYPE_DOUBLE) {
        len = nlt__spark_double_text(((const double *)vec->data)[row], text);
        put(rows, text, len);
    } else if (vec->dtype.type == NLT_TYPE_BOOL) {
        bool value = ((const uint8_t *)vec->data)[row] != 0;
        put(rows, value ? "true" : "false", value ? 4 : 5);
    } else if (vec->dtype.type == NLT_TYPE_DATE) {
        len = nlt__spark_date_text(((const int32_t *)vec->data)[row], text);
        put(rows, text, len);
    } else if (vec->dtype.type == NLT_TYPE_TIMESTAMP) {
        len = nlt__spark_timestamp_text(((const int64_t *)vec->data)[row], text);
        put(rows, text, len);
    } else {
        len = nlt__format_i64(((const int64_t *)vec->data)[row], text);
        put(rows, text, len);
    }
}

static const char *run(scalar_rows *rows, const nlt_scalar *scalar, const literal *args, int n)
{
    nlt_dtype dtypes[NLT_SCALAR_ARGS_MAX] = {{NLT_TYPE_BOOL, NLT_TYPE_BOOL, 0}};
    nlt_batch *input = NULL;
    nlt_batch *output = NULL;
    for (int i = 0; i < n; i++) {
        dtypes[i] = (nlt_dtype){args[i].type, args[i].type, 0};
    }
    must(nlt__batch_new(dtypes, n > 0 ? n : 1, ROWS, &input, NULL) == NLT_OK
            && nlt__batch_new(&scalar->result, 1, ROWS, &output, NULL) == NLT_OK,
        "memory", scalar->name);
    for (int i = 0; i < n; i++) {
        fill(&input->cols[i], &args[i], args[i].i64 == INT64_MIN && args[i].text.ptr == NULL);
    }
    nlt_error err = NLT_ERROR_INIT;
    nlt_status status = nlt__scalar_call(
        scalar, rows->env, input->cols, n, ROWS, &output->cols[0], &rows->arena, &err);
    rows->text.len = 0;
    if (status == NLT_OK) {
        show_value(rows, &output->cols[0], ROWS - 1); /* 130 % 3 = 1 */
    } else {
        put(rows, "error: ", 7);
        put(rows, err.message, strlen(err.message));
    }
    nlt__batch_free(input);
    nlt__batch_free(output);
    const char *text = nlt__buf_cstr(&rows->text);
    must(text != NULL, "memory", scalar->name);
    return text;
}

const char *scalar_rows_eval(scalar_rows *rows, const char *call)
{
    char name[64];
    literal args[NLT_SCALAR_ARGS_MAX];
    int n = 0;
    nlt__arena_reset(&rows->arena);
    size_t len = strcspn(call, "(");
    must(call[len] == '(' && len < sizeof name, "no call", call);
    memcpy(name, call, len);
    name[len] = '\0';
    const char *p = skip_blanks(call + len + 1);
    while (*p != ')') {
        must(n < NLT_SCALAR_ARGS_MAX && *p != '\0', "too many arguments, or no end", call);
        p = skip_blanks(read_literal(rows, p, &args[n++]));
    }
    return run(rows, find(name, args, n, call), args, n);
}

int scalar_rows_check(const scalar_case *cases, size_t n, const nlt_scalar_env *env)
{
    scalar_rows *rows = scalar_rows_open(env);
    int n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        const char *result = scalar_rows_eval(rows, cases[i].call);
        if (strcmp(result, cases[i].result) != 0) {
            (void)fprintf(stderr, "%s = %s, not %s\n", cases[i].call, result, cases[i].result);
            n_bad++;
        }
    }
    scalar_rows_close(rows);
    return n_bad;
}
