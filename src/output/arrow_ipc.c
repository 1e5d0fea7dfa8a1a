/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow IPC stream (Arrow columnar format 1.5, "Serialization and Interprocess Communication"): a
 * Schema message, a RecordBatch message per batch, an end mark. No dictionaries, no compression,
 * every column nullable.
 *
 * What a RecordBatch message says is as long for every batch of a schema; so it is written first, the
 * columns behind it, and lengths and places are filled in. */

#include "core/alloc.h"
#include "core/num.h"
#include "output/flat.h"
#include "output/formats.h"

enum {
    ALIGN = 8,
    BATCH_TEXT_MAX = 256 << 20, /* offsets have 31 bits: batches of longer texts are divided */
    VERSION_5 = 4,
    HEADER_SCHEMA = 1,
    HEADER_RECORD_BATCH = 3,
    PREFIX_BYTES = 8 /* mark, size of the metadata */
};

/* Numbers of Arrow's union Type (Schema.fbs). */
enum {
    ARROW_INT = 2,
    ARROW_FLOATING_POINT = 3,
    ARROW_UTF8 = 5,
    ARROW_BOOL = 6,
    ARROW_DECIMAL = 7,
    ARROW_DATE = 8,
    ARROW_TIMESTAMP = 10,
    ARROW_LIST = 12
};

static nlt_dtype item_of(nlt_dtype dtype)
{
    return (nlt_dtype){dtype.item, dtype.item, dtype.scale};
}

/* ---- messages ---- */

typedef struct message {
    nlt_flat flat;
    nlt_flat_table table;
    size_t start; /* in the output */
} message;

/* Everything of a message up to its header table, to which table.at[2] is to point. */
static nlt_status message_begin(message *m, uint8_t header, nlt_buf *out, nlt_error *err)
{
    static const uint8_t sizes[] = {2, 1, 4, 8}; /* version, header type, header, body length */
    m->start = out->len;
    NLT_TRY(nlt__buf_append(out, "\xff\xff\xff\xff\0\0\0\0", PREFIX_BYTES, err));
    NLT_TRY(nlt__flat_begin(&m->flat, out, err));
    NLT_TRY(nlt__flat_table(&m->flat, 0, sizes, 4, &m->table, err));
    nlt__flat_set16(&m->flat, m->table.at[0], VERSION_5);
    nlt__flat_set8(&m->flat, m->table.at[1], header);
    return NLT_OK;
}

/* The metadata is whole: the body begins here. */
static nlt_status message_body(message *m, nlt_error *err)
{
    NLT_TRY(nlt__flat_pad(&m->flat, ALIGN, err));
    nlt_flat prefix = {m->flat.out, m->start};
    nlt__flat_set32(&prefix, 4, (uint32_t)(m->flat.out->len - m->start - PREFIX_BYTES));
    return NLT_OK;
}

/* ---- schema ---- */

/* Places the table of a type; what its fields mean is said by Schema.fbs. */
static nlt_status put_type(nlt_flat *flat, size_t ref, nlt_dtype dtype, nlt_error *err)
{
    static const uint8_t int_sizes[] = {4, 1};        /* bit width, is signed */
    static const uint8_t unit_sizes[] = {2, 4};       /* unit or precision, time zone */
    static const uint8_t decimal_sizes[] = {4, 4, 4}; /* precision, scale, bit width */
    nlt_flat_table table = {{0}};
    switch (dtype.type) {
    case NLT_TYPE_INT64:
        NLT_TRY(nlt__flat_table(flat, ref, int_sizes, 2, &table, err));
        nlt__flat_set32(flat, table.at[0], 64);
        nlt__flat_set8(flat, table.at[1], 1);
        return NLT_OK;
    case NLT_TYPE_DOUBLE:
        NLT_TRY(nlt__flat_table(flat, ref, unit_sizes, 1, &table, err));
        nlt__flat_set16(flat, table.at[0], 2); /* double */
        return NLT_OK;
    case NLT_TYPE_DATE: /* 0: days */
        return nlt__flat_table(flat, ref, unit_sizes, 1, &table, err);
    case NLT_TYPE_TIMESTAMP:
        NLT_TRY(nlt__flat_table(flat, ref, unit_sizes, 2, &table, err));
        nlt__flat_set16(flat, table.at[0], 2); /* microseconds */
        return nlt__flat_string(flat, table.at[1], "UTC", err);
    case NLT_TYPE_DECIMAL:
        NLT_TRY(nlt__flat_table(flat, ref, decimal_sizes, 3, &table, err));
        nlt__flat_set32(flat, table.at[0], 38);
        nlt__flat_set32(flat, table.at[1], dtype.scale);
        nlt__flat_set32(flat, table.at[2], 128);
        return NLT_OK;
    case NLT_TYPE_BOOL:
    case NLT_TYPE_STRING:
    case NLT_TYPE_LIST:
    case NLT_TYPE_COUNT:
    default:
        return nlt__flat_table(flat, ref, NULL, 0, &table, err);
    }
}

static nlt_status put_field(
    nlt_flat *flat, size_t ref, const char *name, nlt_dtype dtype, nlt_error *err)
{
    static const uint8_t types[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = ARROW_BOOL,
        [NLT_TYPE_INT64] = ARROW_INT,
        [NLT_TYPE_DOUBLE] = ARROW_FLOATING_POINT,
        [NLT_TYPE_STRING] = ARROW_UTF8,
        [NLT_TYPE_DATE] = ARROW_DATE,
        [NLT_TYPE_TIMESTAMP] = ARROW_TIMESTAMP,
        [NLT_TYPE_DECIMAL] = ARROW_DECIMAL,
        [NLT_TYPE_LIST] = ARROW_LIST};
    /* name, is nullable, type's kind, type, dictionary, children */
    static const uint8_t sizes[] = {4, 1, 1, 4, 0, 4};
    nlt_flat_table table;
    size_t children = 0;
    bool is_list = dtype.type == NLT_TYPE_LIST;
    NLT_TRY(nlt__flat_table(flat, ref, sizes, 6, &table, err));
    NLT_TRY(nlt__flat_string(flat, table.at[0], name, err));
    nlt__flat_set8(flat, table.at[1], 1);
    nlt__flat_set8(flat, table.at[2], types[dtype.type]);
    NLT_TRY(put_type(flat, table.at[3], dtype, err));
    NLT_TRY(nlt__flat_vector(flat, table.at[5], is_list, 4, &children, err));
    return is_list ? put_field(flat, children, "item", item_of(dtype), err) : NLT_OK;
}

static nlt_status arrow_begin(
    const nlt_column_desc *columns, int n_columns, nlt_buf *out, nlt_error *err)
{
    static const uint8_t sizes[] = {2, 4}; /* endianness (0: little), fields */
    message m;
    nlt_flat_table schema;
    size_t fields = 0;
    NLT_TRY(message_begin(&m, HEADER_SCHEMA, out, err));
    NLT_TRY(nlt__flat_table(&m.flat, m.table.at[2], sizes, 2, &schema, err));
    NLT_TRY(nlt__flat_vector(&m.flat, schema.at[1], (size_t)n_columns, 4, &fields, err));
    for (int i = 0; i < n_columns; i++) {
        NLT_TRY(put_field(&m.flat, fields + 4 * (size_t)i, columns[i].name, columns[i].dtype, err));
    }
    return message_body(&m, err);
}

/* ---- rows ---- */

/* Which rows of a vector, in which order. */
typedef struct selection {
    const int64_t *rows; /* NULL: those from `first` on */
    int64_t first;
    int64_t n;
} selection;

static int64_t row_at(const selection *rows, int64_t i)
{
    return rows->rows != NULL ? rows->rows[i] : rows->first + i;
}

/* A record batch being written: where the next node and buffer are to be told. */
typedef struct body {
    nlt_flat *flat;
    size_t node, buffer;
    size_t start; /* in the output */
} body;

/* Tells the buffer that began at `from`, and pads it. */
static nlt_status end_buffer(body *b, size_t from, nlt_error *err)
{
    nlt_buf *out = b->flat->out;
    nlt__flat_set64(b->flat, b->buffer, from - b->start);
    nlt__flat_set64(b->flat, b->buffer + 8, out->len - from);
    b->buffer += 16;
    nlt_flat aligned = {out, b->start};
    return nlt__flat_pad(&aligned, ALIGN, err);
}

/* Room for a buffer of known size, all zero. */
static nlt_status reserve(body *b, size_t bytes, char **at, nlt_error *err)
{
    nlt_buf *out = b->flat->out;
    NLT_TRY(nlt__buf_reserve(out, bytes, err));
    *at = out->ptr + out->len;
    memset(*at, 0, bytes);
    out->len += bytes;
    return NLT_OK;
}

static void set_bit(char *bits, int64_t i)
{
    bits[i >> 3] = (char)(bits[i >> 3] | 1 << (i & 7));
}

/* The node, and the validity bits unless no row is NULL. */
static nlt_status put_validity(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err)
{
    size_t from = b->flat->out->len;
    char *bits = NULL;
    int64_t n_null = 0;
    NLT_TRY(reserve(b, (size_t)(rows->n + 7) / 8, &bits, err));
    for (int64_t i = 0; i < rows->n; i++) {
        if (nlt__valid(vec->valid, row_at(rows, i))) {
            set_bit(bits, i);
        } else {
            n_null++;
        }
    }
    nlt__flat_set64(b->flat, b->node, (uint64_t)rows->n);
    nlt__flat_set64(b->flat, b->node + 8, (uint64_t)n_null);
    b->node += 16;
    if (n_null == 0) {
        b->flat->out->len = from;
    }
    return end_buffer(b, from, err);
}

static nlt_status put_bools(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err)
{
    size_t from = b->flat->out->len;
    char *bits = NULL;
    NLT_TRY(reserve(b, (size_t)(rows->n + 7) / 8, &bits, err));
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = row_at(rows, i);
        if (nlt__valid(vec->valid, row) && ((const uint8_t *)vec->data)[row] != 0) {
            set_bit(bits, i);
        }
    }
    return end_buffer(b, from, err);
}

/* Values of one size; zero where NULL is. */
static nlt_status put_plain(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err)
{
    size_t size = nlt__dtype_size(vec->dtype);
    size_t from = b->flat->out->len;
    char *values = NULL;
    NLT_TRY(reserve(b, (size_t)rows->n * size, &values, err));
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = row_at(rows, i);
        if (nlt__valid(vec->valid, row)) {
            memcpy(values + (size_t)i * size, (const char *)vec->data + (size_t)row * size, size);
        }
    }
    return end_buffer(b, from, err);
}

static void set_offset(body *b, size_t offsets, int64_t i, size_t value)
{
    nlt_flat at = {b->flat->out, offsets};
    nlt__flat_set32(&at, (size_t)i * 4, (uint32_t)value);
}

static nlt_status put_texts(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err)
{
    const nlt_str *texts = vec->data;
    nlt_buf *out = b->flat->out;
    size_t offsets = out->len;
    char *zeros = NULL;
    NLT_TRY(reserve(b, ((size_t)rows->n + 1) * 4, &zeros, err));
    NLT_TRY(end_buffer(b, offsets, err));
    size_t from = out->len;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = row_at(rows, i);
        if (nlt__valid(vec->valid, row)) {
            nlt_bytes text = nlt__str_bytes(&texts[row]);
            NLT_TRY(nlt__buf_append(out, text.ptr, text.len, err));
        }
        set_offset(b, offsets, i + 1, out->len - from);
    }
    return end_buffer(b, from, err);
}

static nlt_status put_column(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err);

/* The items of the lists one behind the other, however they lie in the child vector. */
static nlt_status put_items(
    body *b, const nlt_vec *vec, const selection *rows, int64_t n_items, nlt_error *err)
{
    int64_t *items = nlt_alloc(((size_t)n_items + 1) * sizeof *items);
    if (items == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld items", (long long)n_items);
    }
    int64_t n = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = row_at(rows, i);
        const nlt_list *list = (const nlt_list *)vec->data + row;
        for (uint64_t k = 0; nlt__valid(vec->valid, row) && k < list->length; k++) {
            items[n++] = (int64_t)(list->offset + k);
        }
    }
    const selection chosen = {items, 0, n_items};
    nlt_status status = put_column(b, vec->child, &chosen, err);
    nlt_free(items);
    return status;
}

static nlt_status put_lists(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err)
{
    size_t offsets = b->flat->out->len;
    char *zeros = NULL;
    int64_t n_items = 0;
    NLT_TRY(reserve(b, ((size_t)rows->n + 1) * 4, &zeros, err));
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = row_at(rows, i);
        if (nlt__valid(vec->valid, row)) {
            n_items += (int64_t)((const nlt_list *)vec->data)[row].length;
        }
        if (n_items > INT32_MAX) {
            return nlt_fail(err, NLT_ERR_LIMIT, "lists of more than 2^31 items in %lld rows",
                (long long)rows->n);
        }
        set_offset(b, offsets, i + 1, (size_t)n_items);
    }
    NLT_TRY(end_buffer(b, offsets, err));
    return put_items(b, vec, rows, n_items, err);
}

static nlt_status put_column(body *b, const nlt_vec *vec, const selection *rows, nlt_error *err)
{
    NLT_TRY(put_validity(b, vec, rows, err));
    if (vec->dtype.type == NLT_TYPE_STRING) {
        return put_texts(b, vec, rows, err);
    }
    if (vec->dtype.type == NLT_TYPE_LIST) {
        return put_lists(b, vec, rows, err);
    }
    return vec->dtype.type == NLT_TYPE_BOOL ? put_bools(b, vec, rows, err)
                                            : put_plain(b, vec, rows, err);
}

static size_t buffers_of(nlt_dtype dtype)
{
    if (dtype.type == NLT_TYPE_LIST) {
        return 2 + buffers_of(item_of(dtype));
    }
    return dtype.type == NLT_TYPE_STRING ? 3 : 2;
}

static nlt_status put_batch(
    const nlt_batch *batch, const selection *rows, nlt_buf *out, nlt_error *err)
{
    static const uint8_t sizes[] = {8, 4, 4}; /* length, nodes, buffers */
    message m;
    nlt_flat_table header;
    size_t n_nodes = 0;
    size_t n_buffers = 0;
    for (int i = 0; i < batch->n_cols; i++) {
        n_nodes += batch->cols[i].dtype.type == NLT_TYPE_LIST ? 2 : 1;
        n_buffers += buffers_of(batch->cols[i].dtype);
    }
    body b = {.flat = &m.flat};
    NLT_TRY(message_begin(&m, HEADER_RECORD_BATCH, out, err));
    NLT_TRY(nlt__flat_table(&m.flat, m.table.at[2], sizes, 3, &header, err));
    nlt__flat_set64(&m.flat, header.at[0], (uint64_t)rows->n);
    NLT_TRY(nlt__flat_vector(&m.flat, header.at[1], n_nodes, 16, &b.node, err));
    NLT_TRY(nlt__flat_vector(&m.flat, header.at[2], n_buffers, 16, &b.buffer, err));
    NLT_TRY(message_body(&m, err));
    b.start = out->len;
    for (int i = 0; i < batch->n_cols; i++) {
        NLT_TRY(put_column(&b, &batch->cols[i], rows, err));
    }
    nlt__flat_set64(&m.flat, m.table.at[3], out->len - b.start);
    return NLT_OK;
}

static size_t text_len(const nlt_vec *texts, int64_t row)
{
    return nlt__valid(texts->valid, row) ? ((const nlt_str *)texts->data)[row].len : 0;
}

static size_t list_text_len(const nlt_vec *lists, int64_t row)
{
    size_t total = 0;
    const nlt_list *list = (const nlt_list *)lists->data + row;
    for (uint64_t i = 0; nlt__valid(lists->valid, row) && i < list->length; i++) {
        total += text_len(lists->child, (int64_t)(list->offset + i));
    }
    return total;
}

/* Bytes of texts, those in lists included. */
static size_t text_bytes(const nlt_batch *batch, const selection *rows)
{
    size_t total = 0;
    for (int i = 0; i < batch->n_cols; i++) {
        const nlt_vec *vec = &batch->cols[i];
        bool is_text = vec->dtype.type == NLT_TYPE_STRING;
        bool is_texts = vec->dtype.type == NLT_TYPE_LIST && vec->dtype.item == NLT_TYPE_STRING;
        for (int64_t k = 0; (is_text || is_texts) && k < rows->n; k++) {
            int64_t row = row_at(rows, k);
            total += is_text ? text_len(vec, row) : list_text_len(vec, row);
        }
    }
    return total;
}

static nlt_status put_rows(const nlt_batch *batch, selection rows, nlt_buf *out, nlt_error *err)
{
    while (rows.n > 0) {
        selection some = rows;
        while (some.n > 1 && text_bytes(batch, &some) > BATCH_TEXT_MAX) {
            some.n /= 2;
        }
        NLT_TRY(put_batch(batch, &some, out, err));
        rows.first += some.n;
        rows.n -= some.n;
    }
    return NLT_OK;
}

static nlt_status arrow_rows(const nlt_column_desc *columns, const nlt_batch *batch,
    int64_t first_row, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)first_row;
    return put_rows(batch, (selection){NULL, 0, batch->n_rows}, out, err);
}

static nlt_status arrow_end(
    const nlt_column_desc *columns, int n_columns, int64_t n_rows, nlt_buf *out, nlt_error *err)
{
    (void)columns;
    (void)n_columns;
    (void)n_rows;
    return nlt__buf_append(out, "\xff\xff\xff\xff\0\0\0\0", PREFIX_BYTES, err);
}

const nlt_format nlt__format_arrow = {
    .name = "arrow",
    .suffix = ".arrow",
    .help = "Arrow IPC stream",
    .begin = arrow_begin,
    .rows = arrow_rows,
    .end = arrow_end,
};
