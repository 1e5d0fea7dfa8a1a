/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that an instance of a WHAT kernel has seen, and rows that it emits. */

#include <string.h>

#include "algos/web/what.h"
#include "algos/web/what_name.h"
#include "core/alloc.h"

enum { NAMES_BYTES_MAX = 4 << 20 };

const char *const nlt__what_keys[1] = {"c_ip"};
const char *const nlt__what_order[2] = {"time_start", NLT_ROW_KEY_COLUMN};

/* ---- names ---- */

static bool reserve_text(nlt_what_names *names, size_t len)
{
    if (len <= names->text_cap && names->text != NULL) {
        return true;
    }
    char *text = nlt_realloc(names->text, len + 256);
    if (text == NULL) {
        return false;
    }
    names->text = text;
    names->text_cap = len + 256;
    return true;
}

static bool reserve_seen(nlt_what_names *names)
{
    if (names->raw.n < names->cap) {
        return true;
    }
    uint32_t cap = names->cap == 0 ? 64 : names->cap * 2;
    nlt_what_seen *seen = nlt_realloc_array(names->seen, cap, sizeof *seen);
    if (seen == NULL) {
        return false;
    }
    names->seen = seen;
    names->cap = cap;
    return true;
}

uint32_t nlt__what_name_put(nlt_what_names *names, nlt_bytes name)
{
    uint32_t known = names->raw.n;
    if (!reserve_seen(names)) {
        return NLT_TEXT_ID_NONE;
    }
    uint32_t id = nlt__text_id_put(&names->raw, name);
    if (id < known || id == NLT_TEXT_ID_NONE) {
        return id;
    }
    if (!reserve_text(names, name.len)) {
        return NLT_TEXT_ID_NONE; /* the instance ends: what is half known does not matter */
    }
    names->seen[id] = (nlt_what_seen){-1, NLT_WHAT_UNNAMED};
    if (!nlt__what_is_unnamed(name)) {
        nlt_bytes plain = {names->text, nlt__what_plain_name(name, names->text)};
        uint32_t core = nlt__text_id_find(&names->settings->cores, plain);
        names->seen[id] =
            (nlt_what_seen){core == NLT_TEXT_ID_NONE ? -1 : (int32_t)core, NLT_WHAT_NOT_YET};
    }
    return id;
}

int32_t nlt__what_name_normal(nlt_what_names *names, uint32_t raw)
{
    nlt_what_seen *seen = &names->seen[raw];
    if (seen->normal == NLT_WHAT_NOT_YET) {
        nlt_bytes name = names->raw.texts[raw];
        if (!reserve_text(names, name.len)) {
            return NLT_WHAT_NOT_YET;
        }
        nlt_bytes normal = {names->text, nlt__what_normal_name(name, names->text)};
        uint32_t id = nlt__text_id_put(&names->normal, normal);
        seen->normal = id == NLT_TEXT_ID_NONE ? NLT_WHAT_NOT_YET : (int32_t)id;
    }
    return seen->normal;
}

bool nlt__what_names_are_many(const nlt_what_names *names)
{
    return names->raw.bytes + names->normal.bytes > NAMES_BYTES_MAX;
}

void nlt__what_names_clear(nlt_what_names *names)
{
    nlt__text_ids_clear(&names->raw);
    nlt__text_ids_clear(&names->normal);
    nlt_free(names->seen);
    nlt_free(names->text);
    *names = (nlt_what_names){.settings = names->settings};
}

nlt_status nlt__what_client_take(nlt_what_client *client, const nlt_batch *rows, int column,
    int64_t row, bool *is_new, nlt_error *err)
{
    nlt_bytes text = nlt__what_text(rows, column, row);
    bool is_null = text.ptr == NULL;
    *is_new = !client->is_known || client->is_null != is_null || client->text.len != text.len
        || (text.len > 0 && memcmp(client->text.ptr, text.ptr, text.len) != 0);
    if (!*is_new) {
        return NLT_OK;
    }
    client->is_known = true;
    client->is_null = is_null;
    client->text.len = 0;
    return text.len > 0 ? nlt__buf_append(&client->text, text.ptr, text.len, err) : NLT_OK;
}

/* ---- rows out ---- */

static nlt_status open_batch(nlt_what_out *out, nlt_error *err)
{
    nlt_dtype dtypes[NLT_KERNEL_COLUMNS_MAX];
    for (int i = 0; i < out->n_columns; i++) {
        dtypes[i] = out->columns[i].dtype;
    }
    return nlt__batch_new(dtypes, out->n_columns, NLT_BATCH_ROWS, &out->batch, err);
}

nlt_status nlt__what_out_row(nlt_what_out *out, nlt_emit *emit, int64_t *row, nlt_error *err)
{
    if (out->batch == NULL) {
        NLT_TRY(open_batch(out, err));
    } else if (out->batch->n_rows == NLT_BATCH_ROWS) {
        NLT_TRY(nlt__what_out_flush(out, emit, err));
    }
    *row = out->batch->n_rows++;
    return NLT_OK;
}

nlt_status nlt__what_out_flush(nlt_what_out *out, nlt_emit *emit, nlt_error *err)
{
    if (out->batch == NULL || out->batch->n_rows == 0) {
        return NLT_OK;
    }
    nlt_status status = emit->rows(emit->ctx, out->batch, err);
    nlt__batch_reset(out->batch, NLT_BATCH_ROWS);
    return status;
}

void nlt__what_out_clear(nlt_what_out *out)
{
    nlt__batch_free(out->batch);
    out->batch = NULL;
}

void nlt__what_put_text(nlt_what_out *out, int column, int64_t row, nlt_bytes text)
{
    nlt_vec *vec = &out->batch->cols[column];
    nlt__str_set((nlt_str *)vec->data + row, text.ptr, text.len);
    nlt__set_valid(vec->valid, row);
}

void nlt__what_put_i64(nlt_what_out *out, int column, int64_t row, int64_t value)
{
    nlt_vec *vec = &out->batch->cols[column];
    ((int64_t *)vec->data)[row] = value;
    nlt__set_valid(vec->valid, row);
}

void nlt__what_put_real(nlt_what_out *out, int column, int64_t row, double value)
{
    nlt_vec *vec = &out->batch->cols[column];
    ((double *)vec->data)[row] = value;
    nlt__set_valid(vec->valid, row);
}
