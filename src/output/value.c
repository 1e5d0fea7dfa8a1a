/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values as text (spec: "Conventions"): shortest doubles, dates, decimals with their scale, JSON. */

#include "output/value.h"

#include <math.h>

#include "core/num.h"
#include "core/time.h"

static nlt_status put_literal(nlt_buf *out, const char *text, nlt_error *err)
{
    return nlt__buf_append(out, text, strlen(text), err);
}

static nlt_status put_list(const nlt_vec *vec, int64_t row, nlt_buf *out, nlt_error *err)
{
    const nlt_list *list = (const nlt_list *)vec->data + row;
    NLT_TRY(put_literal(out, "[", err));
    for (uint64_t i = 0; i < list->length; i++) {
        if (i > 0) {
            NLT_TRY(put_literal(out, ",", err));
        }
        NLT_TRY(nlt__value_json(vec->child, (int64_t)(list->offset + i), out, err));
    }
    return put_literal(out, "]", err);
}

/* A value that is not NULL. `is_json`: texts and what JSON has no numbers for in quotes. */
static nlt_status put_value(
    const nlt_vec *vec, int64_t row, bool is_json, nlt_buf *out, nlt_error *err)
{
    char text[NLT_NUM_TEXT_MAX + 2];
    const char *quote = is_json ? "\"" : "";
    NLT_TRY(nlt__buf_reserve(out, sizeof text, err));
    switch (vec->dtype.type) {
    case NLT_TYPE_BOOL:
        return put_literal(out, ((const uint8_t *)vec->data)[row] != 0 ? "true" : "false", err);
    case NLT_TYPE_INT64:
        out->len += nlt__format_i64(((const int64_t *)vec->data)[row], out->ptr + out->len);
        return NLT_OK;
    case NLT_TYPE_DOUBLE: {
        double value = ((const double *)vec->data)[row];
        quote = isfinite(value) ? "" : quote;
        size_t len = nlt__format_double(value, text);
        return nlt__buf_printf(out, err, "%s%.*s%s", quote, (int)len, text, quote);
    }
    case NLT_TYPE_STRING: {
        nlt_bytes bytes = nlt__str_bytes((const nlt_str *)vec->data + row);
        return is_json ? nlt__json_text(bytes, out, err)
                       : nlt__buf_append(out, bytes.ptr, bytes.len, err);
    }
    case NLT_TYPE_DATE:
        nlt__format_date(((const int32_t *)vec->data)[row], text);
        return nlt__buf_printf(out, err, "%s%s%s", quote, text, quote);
    case NLT_TYPE_TIMESTAMP:
        nlt__format_timestamp_us(((const int64_t *)vec->data)[row], text);
        return nlt__buf_printf(out, err, "%s%s%s", quote, text, quote);
    case NLT_TYPE_DECIMAL:
        out->len += nlt__format_i128(
            ((const nlt_i128 *)vec->data)[row], vec->dtype.scale, out->ptr + out->len);
        return NLT_OK;
    case NLT_TYPE_LIST:
        return put_list(vec, row, out, err);
    case NLT_TYPE_COUNT:
        break;
    }
    return nlt_fail(err, NLT_ERR_INTERNAL, "a value of unknown type");
}

nlt_status nlt__value_json(const nlt_vec *vec, int64_t row, nlt_buf *out, nlt_error *err)
{
    return nlt__valid(vec->valid, row) ? put_value(vec, row, true, out, err)
                                       : put_literal(out, "null", err);
}

nlt_status nlt__value_plain(const nlt_vec *vec, int64_t row, nlt_buf *out, nlt_error *err)
{
    return nlt__valid(vec->valid, row) ? put_value(vec, row, false, out, err) : NLT_OK;
}
