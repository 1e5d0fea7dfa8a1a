/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows whose names other files tell, where no process sees all files: lines become records by the
 * flow's identifier, and rows where those of a flow meet.
 *
 * What tellers tell is a record anyway. Of the flows the connector's own line function runs, with facts
 * that only listen (flow_names_tap): of which flow a line asks goes into its record. A line that asks
 * is taken for one without a name; where that makes it no row, as a datagram's without TLS, it is asked
 * again as one that has, and the record says that it needs that. */

#include "connectors/flows_apart.h"

#include "connectors/flow_names.h"
#include "core/alloc.h"
#include "core/hash.h"

/* The last: a row only if TLS has told a name. */
enum { KIND_FLOW = FLOW_NAME_KIND + 1, KIND_TLS_FLOW };

enum { COLUMN_MAX = 1 + 8, FLOW_COLUMNS = NLT_FLOW_COLUMN_COUNT };

/* ---- bodies: an identifier, then values ---- */

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static uint8_t *put_bytes(uint8_t *at, nlt_bytes bytes)
{
    uint32_t len = (uint32_t)bytes.len;
    memcpy(at, &len, sizeof len);
    if (len > 0) {
        memcpy(at + sizeof len, bytes.ptr, len);
    }
    return at + sizeof len + len;
}

static nlt_bytes take_bytes(cursor *c)
{
    uint32_t len = 0;
    nlt_bytes bytes = {"", 0};
    if ((size_t)(c->end - c->at) >= sizeof len) {
        memcpy(&len, c->at, sizeof len);
        c->at += sizeof len;
        bytes.len = len <= (size_t)(c->end - c->at) ? len : 0;
        bytes.ptr = (const char *)c->at;
        c->at += bytes.len;
    }
    return bytes;
}

static int64_t take_i64(cursor *c)
{
    int64_t value = 0;
    if ((size_t)(c->end - c->at) >= sizeof value) {
        memcpy(&value, c->at, sizeof value);
        c->at += sizeof value;
    }
    return value;
}

static uint8_t *put_i64(uint8_t *at, int64_t value)
{
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

/* Text of the row being written; len 0 if it has none there. */
static nlt_bytes text_at(const nlt_builder *out, int slot)
{
    const nlt_vec *vec = &out->batch->cols[slot];
    return nlt__valid(vec->valid, out->row) ? nlt__str_bytes((const nlt_str *)vec->data + out->row)
                                            : (nlt_bytes){"", 0};
}

static size_t row_size(const nlt_builder *out)
{
    size_t size = 0;
    for (int column = 0; column < FLOW_COLUMNS; column++) {
        int slot = out->slot[column];
        if (slot >= 0) {
            bool is_text = out->batch->cols[slot].dtype.type == NLT_TYPE_STRING;
            size += COLUMN_MAX + (is_text ? text_at(out, slot).len : 0);
        }
    }
    return size;
}

/* Values of the row being written, each behind a byte that says whether there is one. */
static uint8_t *put_row(uint8_t *at, const nlt_builder *out)
{
    for (int column = 0; column < FLOW_COLUMNS; column++) {
        int slot = out->slot[column];
        if (slot < 0) {
            continue;
        }
        const nlt_vec *vec = &out->batch->cols[slot];
        bool has_value = nlt__valid(vec->valid, out->row);
        *at++ = has_value;
        if (has_value && vec->dtype.type == NLT_TYPE_STRING) {
            at = put_bytes(at, text_at(out, slot));
        } else if (has_value) {
            at = put_i64(at, ((const int64_t *)vec->data)[out->row]); /* or a double's bits */
        }
    }
    return at;
}

static void take_row(cursor *c, nlt_builder *out)
{
    for (int column = 0; column < FLOW_COLUMNS; column++) {
        int slot = out->slot[column];
        if (slot < 0 || c->at == c->end || *c->at++ == 0) {
            continue;
        }
        nlt_type type = out->batch->cols[slot].dtype.type;
        if (type == NLT_TYPE_STRING) {
            nlt_put_copy(out, column, take_bytes(c));
        } else if (type == NLT_TYPE_DOUBLE) {
            int64_t bits = take_i64(c);
            double value;
            memcpy(&value, &bits, sizeof value);
            nlt_put_double(out, column, value);
        } else {
            nlt_put_i64(out, column, take_i64(c));
        }
    }
}

/* ---- lines ---- */

static void put_flow(nlt_line_ctx *ctx, const flow_names_tap *tap, uint32_t kind, nlt_builder *out)
{
    size_t size = tap->uid.len + sizeof(uint32_t) + row_size(out);
    uint64_t hash = tap->has_asked ? nlt__hash(tap->uid, 0) : (uint64_t)ctx->row_key << 20;
    nlt_record *record =
        size <= NLT_RECORD_MAX ? nlt__record_begin(ctx->records, hash, size) : NULL;
    if (record != NULL) {
        uint8_t *at = put_row(put_bytes(record->body, tap->uid), out);
        record->time = 0;
        record->row_key = ctx->row_key;
        record->kind = kind;
        nlt__record_end(ctx->records, record, (uint32_t)(at - record->body));
    }
    nlt__builder_undo(out);
}

nlt_row nlt__flow_apart_line(
    const nlt_connector *flows, nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    flow_names_tap *tap = flow_names_tap_of(ctx->facts);
    *tap = (flow_names_tap){.has_asked = false};
    nlt_row row = flows->line(ctx, line, out);
    if (row == NLT_ROW_USED) {
        put_flow(ctx, tap, KIND_FLOW, out);
    } else if (row == NLT_ROW_IGNORED && tap->has_asked) {
        nlt__builder_undo(out);
        tap->assumes_tls = true;
        if (flows->line(ctx, line, out) != NLT_ROW_USED) {
            return row; /* no row either way, or a damaged one of no TLS that is known */
        }
        put_flow(ctx, tap, KIND_TLS_FLOW, out);
        row = NLT_ROW_USED;
    }
    return row;
}

/* ---- where those of a flow meet ---- */

static nlt_status pair_open(const nlt_builder *out, void **state, nlt_error *err)
{
    (void)out;
    return flow_names_facts.open(state, err);
}

static bool pair_expire(void *state, int64_t now, nlt_builder *out)
{
    (void)state;
    (void)now;
    (void)out;
    return false; /* names are kept to the end */
}

static nlt_row pair_take(void *state, const nlt_record *record, nlt_builder *out)
{
    cursor body = {record->body, record->body + record->len};
    if (record->kind == FLOW_NAME_KIND) {
        out->failed = flow_names_take(state, record) == NLT_OK ? out->failed : NLT_ERR_NOMEM;
        return NLT_ROW_USED;
    }
    bool has_tls = false;
    nlt_bytes uid = take_bytes(&body);
    nlt_bytes name = uid.len > 0 ? flow_names_find(state, uid, &has_tls) : (nlt_bytes){NULL, 0};
    if (record->kind == KIND_TLS_FLOW && !has_tls) {
        return NLT_ROW_IGNORED;
    }
    take_row(&body, out);
    if (name.ptr != NULL && nlt_wants(out, NLT_FLOW_NAME)) {
        nlt_put_clean_copy(out, NLT_FLOW_NAME, name);
    }
    (void)nlt__row_end(out, record->row_key);
    return NLT_ROW_USED;
}

static void pair_close(void *state)
{
    flow_names_facts.close(state);
}

static int64_t pair_unused(const void *state)
{
    return flow_names_facts.unused(state);
}

const nlt_pairing nlt__flow_apart_pairing = {.open = pair_open,
    .close = pair_close,
    .expire = pair_expire,
    .take = pair_take,
    .unused = pair_unused};
