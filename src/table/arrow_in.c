/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One copy of plain values, none of texts. What producers may leave out (validity of columns
 * without NULL, offsets of empty ones) is read as such; nothing behind the end of a buffer is
 * touched. */

#include "table/arrow_in.h"

#include <string.h>

#include "core/alloc.h"
#include "core/num.h"

/* How a column lies in memory. */
typedef struct layout {
    const char *format;
    nlt_type type;
    uint8_t width;
} layout;

static const layout layouts[] = {
    {"b", NLT_TYPE_BOOL, 0},
    {"c", NLT_TYPE_INT64, 1},
    {"s", NLT_TYPE_INT64, 2},
    {"i", NLT_TYPE_INT64, 4},
    {"l", NLT_TYPE_INT64, 8},
    {"f", NLT_TYPE_DOUBLE, 4},
    {"g", NLT_TYPE_DOUBLE, 8},
    {"u", NLT_TYPE_STRING, 4},
    {"z", NLT_TYPE_STRING, 4},
    {"U", NLT_TYPE_STRING, 8},
    {"Z", NLT_TYPE_STRING, 8},
    {"tdD", NLT_TYPE_DATE, 4},
    {"tsu:", NLT_TYPE_TIMESTAMP, 8},
    {"d:", NLT_TYPE_DECIMAL, 16},
    {"+l", NLT_TYPE_LIST, 4},
};

struct nlt_arrow_in {
    nlt_arena arena; /* names */
    int n;
    nlt_column_desc *columns; /* owned */
    const layout **layouts;   /* owned */
    const layout **items;     /* owned; of lists */
    nlt_batch *batch;         /* owned */
};

/* ---- schemas ---- */

/* Formats with parameters end in ':'. */
static const layout *find_layout(const char *format)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        size_t len = strlen(layouts[i].format);
        bool has_more = layouts[i].format[len - 1] == ':';
        if (strncmp(format, layouts[i].format, len) == 0 && (has_more || format[len] == '\0')) {
            return &layouts[i];
        }
    }
    return NULL;
}

/* "d:38,2" has scale 2; "d:38,2,256" is no decimal of ours. */
static bool read_scale(const char *format, uint8_t *scale)
{
    const char *comma = strchr(format, ',');
    const char *at = comma != NULL ? comma + 1 : "";
    unsigned value = 0;
    for (; *at >= '0' && *at <= '9' && value <= 38; at++) {
        value = value * 10 + (unsigned)(*at - '0');
    }
    *scale = (uint8_t)value;
    return comma != NULL && value <= 38 && (*at == '\0' || strcmp(at, ",128") == 0);
}

static bool read_type(
    const struct ArrowSchema *schema, const layout **out, const layout **item, nlt_dtype *dtype)
{
    const layout *found = find_layout(schema->format);
    if (found == NULL || schema->dictionary != NULL) {
        return false;
    }
    *out = found;
    *dtype = (nlt_dtype){found->type, found->type, 0};
    if (found->type == NLT_TYPE_DECIMAL) {
        return read_scale(schema->format, &dtype->scale);
    }
    if (found->type != NLT_TYPE_LIST) {
        return true;
    }
    nlt_dtype inner;
    const layout *none = NULL;
    bool is_ok = schema->n_children == 1 && read_type(schema->children[0], item, &none, &inner)
        && inner.type != NLT_TYPE_LIST;
    if (is_ok) {
        dtype->item = inner.type;
        dtype->scale = inner.scale;
    }
    return is_ok;
}

static nlt_status read_columns(
    nlt_arrow_in *in, const struct ArrowSchema *schema, nlt_dtype *dtypes, nlt_error *err)
{
    for (int i = 0; i < in->n; i++) {
        const struct ArrowSchema *child = schema->children[i];
        const char *name = child->name != NULL ? child->name : "";
        char *copy = nlt__arena_copy(&in->arena, (nlt_bytes){name, strlen(name)});
        if (copy == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        if (!read_type(child, &in->layouts[i], &in->items[i], &dtypes[i])) {
            return nlt_fail(err, NLT_ERR_ARG, "column \"%s\" is of a type (Arrow's \"%s\") that %s",
                name, child->format, "has no place in a table");
        }
        in->columns[i] =
            (nlt_column_desc){.name = copy, .dtype = dtypes[i], .unit = "", .help = ""};
    }
    return NLT_OK;
}

static nlt_status read_schema(nlt_arrow_in *in, const struct ArrowSchema *schema, nlt_error *err)
{
    size_t n = (size_t)schema->n_children;
    if (strcmp(schema->format, "+s") != 0) {
        return nlt_fail(
            err, NLT_ERR_ARG, "rows are not a struct but Arrow's \"%s\"", schema->format);
    }
    in->n = (int)n;
    in->columns = nlt_alloc_zero(n + 1, sizeof *in->columns);
    in->layouts = nlt_alloc_zero(n + 1, sizeof(const layout *));
    in->items = nlt_alloc_zero(n + 1, sizeof(const layout *));
    nlt_dtype *dtypes = nlt_alloc_zero(n + 1, sizeof *dtypes);
    nlt_status status =
        in->columns == NULL || in->layouts == NULL || in->items == NULL || dtypes == NULL
        ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
        : read_columns(in, schema, dtypes, err);
    if (status == NLT_OK) {
        status = nlt__batch_new(dtypes, in->n, NLT_BATCH_ROWS, &in->batch, err);
    }
    nlt_free(dtypes);
    return status;
}

nlt_status nlt__arrow_in_new(const struct ArrowSchema *schema, nlt_arrow_in **out, nlt_error *err)
{
    nlt_arrow_in *in = nlt_alloc_zero(1, sizeof *in);
    *out = in;
    if (in == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = read_schema(in, schema, err);
    if (status != NLT_OK) {
        nlt__arrow_in_free(in);
        *out = NULL;
    }
    return status;
}

void nlt__arrow_in_free(nlt_arrow_in *in)
{
    if (in != NULL) {
        nlt__arena_clear(&in->arena);
        nlt__batch_free(in->batch);
        nlt_free(in->columns);
        nlt_free(in->layouts);
        nlt_free(in->items);
        nlt_free(in);
    }
}

int nlt__arrow_in_count(const nlt_arrow_in *in)
{
    return in->n;
}

const nlt_column_desc *nlt__arrow_in_columns(const nlt_arrow_in *in)
{
    return in->columns;
}

/* ---- rows ---- */

static bool bit_at(const uint8_t *bits, int64_t i)
{
    return (bits[i >> 3] >> (i & 7)) & 1;
}

static void read_valid(const struct ArrowArray *array, int64_t first, int64_t n, uint64_t *out)
{
    const uint8_t *bits = array->n_buffers > 0 ? array->buffers[0] : NULL;
    size_t words = (size_t)((n + 63) / 64);
    if (bits == NULL) {
        memset(out, 0xff, words * sizeof *out);
        return;
    }
    memset(out, 0, words * sizeof *out);
    for (int64_t i = 0; i < n; i++) {
        out[i >> 6] |= (uint64_t)bit_at(bits, first + i) << (i & 63);
    }
}

static int64_t load_integer(const char *at, uint8_t width)
{
    int64_t value = 0;
    memcpy(&value, at, width);
    int shift = 64 - width * 8;
    return (int64_t)((uint64_t)value << shift) >> shift;
}

/* Offset `i` of texts or lists. */
static int64_t offset_at(const struct ArrowArray *array, uint8_t width, int64_t i)
{
    const char *offsets = array->buffers[1];
    return offsets == NULL ? 0 : load_integer(offsets + i * width, width);
}

static void read_texts(
    const struct ArrowArray *array, uint8_t width, int64_t first, int64_t n, nlt_vec *out)
{
    const char *bytes = array->buffers[2];
    nlt_str *texts = out->data;
    for (int64_t i = 0; i < n; i++) {
        if (nlt__valid(out->valid, i)) {
            int64_t begin = offset_at(array, width, first + i);
            int64_t end = offset_at(array, width, first + i + 1);
            nlt__str_set(&texts[i], bytes != NULL ? bytes + begin : "", (size_t)(end - begin));
        }
    }
}

static void read_numbers(const char *data, const layout *from, int64_t n, nlt_vec *out)
{
    int64_t *integers = out->data;
    double *reals = out->data;
    for (int64_t i = 0; i < n; i++) {
        const char *at = data + i * from->width;
        if (from->type == NLT_TYPE_DOUBLE) {
            float value;
            memcpy(&value, at, sizeof value);
            reals[i] = (double)value;
        } else {
            integers[i] = load_integer(at, from->width);
        }
    }
}

static nlt_status read_column(const struct ArrowArray *array, const layout *from,
    const layout *item, int64_t first, int64_t n, nlt_vec *out, nlt_error *err);

static nlt_status read_lists(const struct ArrowArray *array, const layout *from, const layout *item,
    int64_t first, int64_t n, nlt_vec *out, nlt_error *err)
{
    nlt_list *lists = out->data;
    int64_t begin = n > 0 ? offset_at(array, from->width, first) : 0;
    int64_t end = n > 0 ? offset_at(array, from->width, first + n) : 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = offset_at(array, from->width, first + i);
        lists[i] = (nlt_list){
            (uint64_t)(at - begin), (uint64_t)(offset_at(array, from->width, first + i + 1) - at)};
    }
    out->n_child = 0;
    NLT_TRY(nlt__vec_reserve_child(out, end - begin, err));
    out->n_child = end - begin;
    const struct ArrowArray *child = array->children[0];
    return read_column(child, item, NULL, child->offset + begin, end - begin, out->child, err);
}

/* `first` counts from the beginning of the buffers. */
static nlt_status read_column(const struct ArrowArray *array, const layout *from,
    const layout *item, int64_t first, int64_t n, nlt_vec *out, nlt_error *err)
{
    read_valid(array, first, n, out->valid);
    const char *data = array->n_buffers > 1 ? array->buffers[1] : NULL;
    if (from->type == NLT_TYPE_LIST) {
        return read_lists(array, from, item, first, n, out, err);
    }
    if (n == 0 || data == NULL) {
        return NLT_OK;
    }
    if (from->type == NLT_TYPE_STRING) {
        read_texts(array, from->width, first, n, out);
    } else if (from->type == NLT_TYPE_BOOL) {
        for (int64_t i = 0; i < n; i++) {
            ((uint8_t *)out->data)[i] = bit_at((const uint8_t *)data, first + i);
        }
    } else if (from->width == nlt__dtype_size(out->dtype)) {
        memcpy(out->data, data + first * from->width, (size_t)n * from->width);
    } else {
        read_numbers(data + first * from->width, from, n, out);
    }
    return NLT_OK;
}

nlt_status nlt__arrow_in_rows(nlt_arrow_in *in, const struct ArrowArray *array, int64_t first,
    int64_t n, const nlt_batch **out, nlt_error *err)
{
    in->batch->n_rows = n;
    for (int i = 0; i < in->n; i++) {
        const struct ArrowArray *child = array->children[i];
        NLT_TRY(read_column(child, in->layouts[i], in->items[i],
            child->offset + array->offset + first, n, &in->batch->cols[i], err));
    }
    *out = in->batch;
    return NLT_OK;
}
