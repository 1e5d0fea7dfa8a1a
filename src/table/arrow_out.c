/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches as Arrow arrays: one copy, then the consumer owns it.
 *
 * Every schema and array is one tree of our own nodes; the release callback of the root frees all,
 * and children that were moved out free themselves. */

#include <stdio.h>

#include "core/alloc.h"
#include "core/num.h"
#include "table/arrow_node.h"
#include "table/batch.h"

enum { FORMAT_MAX = 16, BUFFERS_MAX = 3 };

/* ---- schemas ---- */

typedef struct schema_node {
    char format[FORMAT_MAX];
    char *name; /* owned */
} schema_node;

static void schema_release(struct ArrowSchema *schema)
{
    schema_node *node = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i] != NULL && schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
        nlt_free(schema->children[i]);
    }
    nlt_free(schema->children);
    nlt_free(node->name);
    nlt_free(node);
    schema->release = NULL;
}

static void type_format(nlt_dtype dtype, char out[FORMAT_MAX])
{
    static const char *const formats[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = "b",
        [NLT_TYPE_INT64] = "l",
        [NLT_TYPE_DOUBLE] = "g",
        [NLT_TYPE_STRING] = "u",
        [NLT_TYPE_DATE] = "tdD",
        [NLT_TYPE_TIMESTAMP] = "tsu:UTC",
        [NLT_TYPE_LIST] = "+l"};
    if (dtype.type == NLT_TYPE_DECIMAL) {
        (void)snprintf(out, FORMAT_MAX, "d:38,%d", dtype.scale);
    } else {
        (void)snprintf(out, FORMAT_MAX, "%s", formats[dtype.type]);
    }
}

/* Fills a node with room for its children, which are all zero. False: no memory, nothing to free. */
static bool schema_node_init(
    struct ArrowSchema *schema, const char *format, const char *name, int64_t n_children)
{
    memset(schema, 0, sizeof *schema);
    schema_node *node = nlt_alloc_zero(1, sizeof *node);
    if (node == NULL) {
        return false;
    }
    schema->private_data = node;
    schema->release = schema_release;
    schema->flags = ARROW_FLAG_NULLABLE;
    (void)snprintf(node->format, FORMAT_MAX, "%s", format);
    node->name = nlt_strdup(name);
    schema->format = node->format;
    schema->name = node->name;
    schema->children = nlt_alloc_zero((size_t)n_children + 1, sizeof(struct ArrowSchema *));
    bool is_ok = node->name != NULL && schema->children != NULL;
    for (int64_t i = 0; is_ok && i < n_children; i++) {
        schema->children[i] = nlt_alloc_zero(1, sizeof(struct ArrowSchema));
        schema->n_children = i + 1;
        is_ok = schema->children[i] != NULL;
    }
    if (!is_ok) {
        schema_release(schema);
    }
    return is_ok;
}

static bool column_schema(struct ArrowSchema *schema, nlt_dtype dtype, const char *name)
{
    char format[FORMAT_MAX];
    type_format(dtype, format);
    bool is_list = dtype.type == NLT_TYPE_LIST;
    if (!schema_node_init(schema, format, name, is_list)) {
        return false;
    }
    nlt_dtype item = {dtype.item, dtype.item, dtype.scale};
    if (is_list && !column_schema(schema->children[0], item, "item")) {
        schema_release(schema);
        return false;
    }
    return true;
}

nlt_status nlt__arrow_schema(
    const nlt_column_desc *columns, int n_columns, struct ArrowSchema *out, nlt_error *err)
{
    bool is_ok = schema_node_init(out, "+s", "", n_columns);
    if (is_ok) {
        out->flags = 0;
        for (int i = 0; i < n_columns && is_ok; i++) {
            is_ok = column_schema(out->children[i], columns[i].dtype, columns[i].name);
        }
        if (!is_ok) {
            schema_release(out);
        }
    }
    return is_ok ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a schema");
}

/* ---- arrays ---- */

typedef struct array_node {
    void *buffers[BUFFERS_MAX]; /* owned */
} array_node;

static void array_release(struct ArrowArray *array)
{
    array_node *node = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i] != NULL && array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
        nlt_free(array->children[i]);
    }
    for (int i = 0; i < BUFFERS_MAX; i++) {
        nlt_free(node->buffers[i]);
    }
    nlt_free(array->children);
    nlt_free(array->buffers);
    nlt_free(node);
    array->release = NULL;
}

bool nlt__arrow_node_init(
    struct ArrowArray *array, int64_t length, int64_t n_buffers, int64_t n_children)
{
    memset(array, 0, sizeof *array);
    array_node *node = nlt_alloc_zero(1, sizeof *node);
    if (node == NULL) {
        return false;
    }
    array->private_data = node;
    array->release = array_release;
    array->length = length;
    array->n_buffers = n_buffers;
    array->buffers = nlt_alloc_zero(BUFFERS_MAX, sizeof(void *));
    array->children = nlt_alloc_zero((size_t)n_children + 1, sizeof(struct ArrowArray *));
    bool is_ok = array->buffers != NULL && array->children != NULL;
    for (int64_t i = 0; is_ok && i < n_children; i++) {
        array->children[i] = nlt_alloc_zero(1, sizeof(struct ArrowArray));
        array->n_children = i + 1;
        is_ok = array->children[i] != NULL;
    }
    if (!is_ok) {
        array_release(array);
    }
    return is_ok;
}

void nlt__arrow_node_take(struct ArrowArray *array, int index, void *buffer)
{
    array_node *node = array->private_data;
    node->buffers[index] = buffer;
    array->buffers[index] = buffer;
}

/* Buffer `index` of `size` bytes, all zero; NULL: no memory. Never empty, as some readers need. */
static void *add_buffer(struct ArrowArray *array, int index, size_t size)
{
    void *buffer = nlt_alloc_aligned(size + 8);
    if (buffer != NULL) {
        memset(buffer, 0, size + 8);
    }
    nlt__arrow_node_take(array, index, buffer);
    return buffer;
}

static bool put_validity(struct ArrowArray *array, const nlt_vec *vec)
{
    size_t bytes = ((size_t)array->length + 7) / 8;
    uint8_t *bits = add_buffer(array, 0, bytes);
    if (bits == NULL) {
        return false;
    }
    memcpy(bits, vec->valid, bytes);
    for (int64_t i = 0; i < array->length; i++) {
        array->null_count += !nlt__valid(vec->valid, i);
    }
    return true;
}

static bool put_strings(struct ArrowArray *array, const nlt_vec *vec)
{
    const nlt_str *texts = vec->data;
    int64_t n = array->length;
    size_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        total += nlt__valid(vec->valid, i) ? texts[i].len : 0;
    }
    if (total > INT32_MAX) {
        return false;
    }
    int32_t *offsets = add_buffer(array, 1, ((size_t)n + 1) * sizeof *offsets);
    char *bytes = add_buffer(array, 2, total);
    if (offsets == NULL || bytes == NULL) {
        return false;
    }
    int32_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        if (nlt__valid(vec->valid, i)) {
            nlt_bytes text = nlt__str_bytes(&texts[i]);
            memcpy(bytes + at, text.ptr, text.len);
            at += (int32_t)text.len;
        }
        offsets[i + 1] = at;
    }
    return true;
}

static bool put_bools(struct ArrowArray *array, const nlt_vec *vec)
{
    uint8_t *bits = add_buffer(array, 1, ((size_t)array->length + 7) / 8);
    const uint8_t *values = vec->data;
    for (int64_t i = 0; bits != NULL && i < array->length; i++) {
        bool is_true = nlt__valid(vec->valid, i) && values[i] != 0;
        bits[i >> 3] = (uint8_t)(bits[i >> 3] | is_true << (i & 7));
    }
    return bits != NULL;
}

static bool put_plain(struct ArrowArray *array, const nlt_vec *vec)
{
    size_t bytes = (size_t)array->length * nlt__dtype_size(vec->dtype);
    void *values = add_buffer(array, 1, bytes);
    if (values != NULL && bytes > 0) {
        memcpy(values, vec->data, bytes);
    }
    return values != NULL;
}

static bool column_array(struct ArrowArray *array, const nlt_vec *vec, int64_t n);

/* Arrow's lists lie one behind the other; so do the builder's and DuckDB's, in order of rows. */
static bool put_list(struct ArrowArray *array, const nlt_vec *vec)
{
    const nlt_list *lists = vec->data;
    int32_t *offsets = add_buffer(array, 1, ((size_t)array->length + 1) * sizeof *offsets);
    if (offsets == NULL || !column_array(array->children[0], vec->child, vec->n_child)) {
        return false;
    }
    int32_t at = 0;
    for (int64_t i = 0; i < array->length; i++) {
        offsets[i] = nlt__valid(vec->valid, i) ? (int32_t)lists[i].offset : at;
        at = offsets[i] + (nlt__valid(vec->valid, i) ? (int32_t)lists[i].length : 0);
        offsets[i + 1] = at;
    }
    return true;
}

static bool column_array(struct ArrowArray *array, const nlt_vec *vec, int64_t n)
{
    bool is_list = vec->dtype.type == NLT_TYPE_LIST;
    bool is_string = vec->dtype.type == NLT_TYPE_STRING;
    if (!nlt__arrow_node_init(array, n, is_string ? 3 : 2, is_list)) {
        return false;
    }
    bool is_ok = put_validity(array, vec);
    if (is_ok && is_list) {
        is_ok = put_list(array, vec);
    } else if (is_ok && is_string) {
        is_ok = put_strings(array, vec);
    } else if (is_ok) {
        is_ok = vec->dtype.type == NLT_TYPE_BOOL ? put_bools(array, vec) : put_plain(array, vec);
    }
    if (!is_ok) {
        array_release(array);
    }
    return is_ok;
}

nlt_status nlt__arrow_from_batch(const nlt_batch *batch, struct ArrowArray *out, nlt_error *err)
{
    bool is_ok = nlt__arrow_node_init(out, batch->n_rows, 1, batch->n_cols);
    if (is_ok) {
        for (int i = 0; i < batch->n_cols && is_ok; i++) {
            is_ok = column_array(out->children[i], &batch->cols[i], batch->n_rows);
        }
        if (!is_ok) {
            array_release(out);
        }
    }
    return is_ok ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for Arrow rows");
}
