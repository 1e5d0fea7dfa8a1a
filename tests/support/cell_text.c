/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cell_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/num.h"

static void put(nlt_buf *out, const char *bytes, size_t len)
{
    if (nlt__buf_append(out, bytes, len, NULL) != NLT_OK) {
        fprintf(stderr, "cell_text: out of memory\n");
        abort();
    }
}

static void put_value(nlt_buf *out, const nlt_vec *vec, int64_t i)
{
    char number[NLT_NUM_TEXT_MAX];
    nlt_bytes text = {number, 0};
    if (vec->dtype.type == NLT_TYPE_STRING) {
        text = nlt__str_bytes((const nlt_str *)vec->data + i);
    } else if (vec->dtype.type == NLT_TYPE_DOUBLE) {
        text.len = nlt__format_double(((const double *)vec->data)[i], number);
    } else {
        text.len = nlt__format_i64(((const int64_t *)vec->data)[i], number);
    }
    put(out, text.ptr, text.len);
}

void cell_text(nlt_buf *out, const nlt_vec *vec, int64_t row)
{
    if (vec->child == NULL) {
        put_value(out, vec, row);
        return;
    }
    nlt_list list = ((const nlt_list *)vec->data)[row];
    put(out, "[", 1);
    for (uint64_t i = 0; i < list.length; i++) {
        put(out, ",", i > 0);
        put_value(out, vec->child, (int64_t)(list.offset + i));
    }
    put(out, "]", 1);
}
