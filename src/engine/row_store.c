/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores of rows: parts of packed blocks, writers with their dictionaries, what goes to disk.
 *
 * A writer fills one stage per part and packs it when it is full. When the session's budget is
 * passed, the largest parts of the store that grows are written to its temporary file, each in one
 * piece, and are read back piece by piece. */

#define _GNU_SOURCE

#include "engine/row_store.h"

#include <unistd.h>

#include "core/alloc.h"
#include "core/assert.h"
#include "core/hash.h"
#include "core/num.h"
#include "core/temp_file.h"
#include "engine/row_block.h"
#include "engine/row_texts.h"

enum {
    EVICT_SHARE = 8,     /* of the budget a store keeps in memory, */
    EVICT_MIN = 8 << 20, /* at most so much: pieces on disk are not too small */
    WRITE_BYTES = 1 << 20,
    TEXTS_MAX = 256 << 10, /* of a stage: then it is packed */
    DICT_BYTES_MIN = 4 << 20,
    DICT_SHARE = 6, /* of the budget: all dictionaries of a store */
    BUF_MAX = 1 << 30
};

typedef struct block {
    struct block *next;
    char data[]; /* packed, and the padding */
} block;

typedef struct extent {
    int64_t offset, bytes;
} extent;

typedef struct part {
    pthread_mutex_t lock;
    block *first, *last;   /* behind the extents in order */
    int64_t bytes, n_rows; /* bytes: of the blocks */
    extent *extents;
    int n_extents, cap_extents;
} part;

struct nlt_row_store {
    nlt_budget *budget;
    nlt_block_shape shape;
    nlt_dtype dtypes[NLT_STORE_COLUMNS_MAX];
    int lane_of[NLT_STORE_COLUMNS_MAX];
    int keys[NLT_STORE_COLUMNS_MAX];
    int n_keys;
    int n_parts;
    int64_t dict_max;
    part parts[NLT_STORE_PARTS];
    pthread_mutex_t lock; /* guards the list of writers, the file and its end */
    nlt_row_writer **writers;
    int n_writers, cap_writers;
    int fd; /* -1: nothing was written */
    int64_t file_end;
};

struct nlt_row_writer {
    nlt_row_store *store;
    int number;
    nlt_dict dict;
    int64_t dict_counted; /* bytes of it that the budget knows */
    nlt_row_stage *stages[NLT_STORE_PARTS];
    uint64_t *spare_lanes;   /* of a stage that was given up */
    uint64_t *lanes;         /* n_lanes x NLT_BATCH_ROWS: the batch being added */
    uint64_t *hashes;        /* NLT_BATCH_ROWS */
    uint64_t inline_columns; /* bit c: the batch has texts of column c outside the dictionary */
    nlt_buf packed;
};

/* ---- stores ---- */

static nlt_status no_memory(nlt_error *err)
{
    nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the rows of a step");
    nlt_error_hint(err, "give more with --memory, or use fewer threads");
    return NLT_ERR_NOMEM;
}

static void add_column(nlt_row_store *store, nlt_dtype dtype)
{
    int c = store->shape.n_cols++;
    int lane = store->shape.n_lanes;
    store->dtypes[c] = dtype;
    store->lane_of[c] = lane;
    store->shape.n_lanes += dtype.type == NLT_TYPE_DECIMAL ? 2 : 1;
    if (dtype.type == NLT_TYPE_STRING || dtype.type == NLT_TYPE_LIST) {
        store->shape.text_lanes[lane >> 6] |= UINT64_C(1) << (lane & 63);
    }
}

nlt_status nlt__row_store_new(const nlt_dtype *dtypes, int n_cols, const int *keys, int n_keys,
    int n_parts, int threads, nlt_budget *budget, nlt_row_store **out, nlt_error *err)
{
    *out = NULL;
    NLT_ASSERT(n_parts >= 1 && n_parts <= NLT_STORE_PARTS);
    if (n_cols < 1 || n_cols > NLT_STORE_COLUMNS_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "%d columns between two steps; 1 to %d are possible",
            n_cols, NLT_STORE_COLUMNS_MAX);
    }
    nlt_row_store *store = nlt_alloc_zero(1, sizeof *store);
    if (store == NULL) {
        return no_memory(err);
    }
    store->budget = budget;
    store->n_parts = n_parts;
    store->n_keys = n_keys;
    store->fd = -1;
    store->dict_max = budget->memory_max / DICT_SHARE / (threads > 0 ? threads : 1);
    store->dict_max = store->dict_max < DICT_BYTES_MIN ? DICT_BYTES_MIN : store->dict_max;
    for (int i = 0; i < n_cols; i++) {
        add_column(store, dtypes[i]);
    }
    for (int i = 0; i < n_keys; i++) {
        NLT_ASSERT(dtypes[keys[i]].type != NLT_TYPE_LIST);
        int at = i; /* by column: the order in which their hashes are folded */
        for (; at > 0 && store->keys[at - 1] > keys[i]; at--) {
            store->keys[at] = store->keys[at - 1];
        }
        store->keys[at] = keys[i];
    }
    pthread_mutex_init(&store->lock, NULL);
    for (int i = 0; i < n_parts; i++) {
        pthread_mutex_init(&store->parts[i].lock, NULL);
    }
    *out = store;
    return NLT_OK;
}

/* Frees a chain; what it held is given back to the budget. */
static void free_blocks(nlt_row_store *store, block *first, int64_t bytes)
{
    while (first != NULL) {
        block *next = first->next;
        nlt_free(first);
        first = next;
    }
    atomic_fetch_sub(&store->budget->memory, bytes);
}

void nlt__row_store_drop(nlt_row_store *store, int p)
{
    part *from = &store->parts[p];
    free_blocks(store, from->first, from->bytes);
    from->first = NULL;
    from->last = NULL;
    from->bytes = 0;
    from->n_extents = 0;
}

static void stage_free(nlt_row_stage *stage)
{
    if (stage != NULL) {
        nlt_free(stage->lanes);
        nlt__buf_clear(&stage->texts);
        nlt_free(stage);
    }
}

static void writer_free(nlt_row_writer *writer)
{
    atomic_fetch_sub(&writer->store->budget->memory, writer->dict_counted);
    nlt__dict_clear(&writer->dict);
    for (int i = 0; i < NLT_STORE_PARTS; i++) {
        stage_free(writer->stages[i]);
    }
    nlt_free(writer->spare_lanes);
    nlt_free(writer->lanes);
    nlt_free(writer->hashes);
    nlt__buf_clear(&writer->packed);
    nlt_free(writer);
}

void nlt__row_store_free(nlt_row_store *store)
{
    if (store == NULL) {
        return;
    }
    for (int i = 0; i < store->n_writers; i++) {
        writer_free(store->writers[i]);
    }
    nlt_free(store->writers);
    for (int i = 0; i < store->n_parts; i++) {
        nlt__row_store_drop(store, i);
        nlt_free(store->parts[i].extents);
        pthread_mutex_destroy(&store->parts[i].lock);
    }
    if (store->fd >= 0) {
        (void)close(store->fd);
        nlt__temp_space_give_back(&store->budget->disk, store->file_end);
    }
    pthread_mutex_destroy(&store->lock);
    nlt_free(store);
}

int nlt__row_store_parts(const nlt_row_store *store)
{
    return store->n_parts;
}

int64_t nlt__row_store_rows(const nlt_row_store *store, int p)
{
    int64_t n_rows = 0;
    for (int i = p < 0 ? 0 : p; i < (p < 0 ? store->n_parts : p + 1); i++) {
        n_rows += store->parts[i].n_rows;
    }
    return n_rows;
}

int64_t nlt__row_store_bytes(nlt_row_store *store)
{
    int64_t bytes = 0;
    for (int i = 0; i < store->n_parts; i++) {
        const part *p = &store->parts[i];
        bytes += p->bytes;
        for (int e = 0; e < p->n_extents; e++) {
            bytes += p->extents[e].bytes;
        }
    }
    return bytes;
}

const nlt_dtype *nlt__row_store_dtypes(const nlt_row_store *store, int *n_cols)
{
    *n_cols = store->shape.n_cols;
    return store->dtypes;
}

int nlt__row_lane(const nlt_row_store *store, int column)
{
    return store->lane_of[column];
}

int nlt__row_lane_count(const nlt_row_store *store)
{
    return store->shape.n_lanes;
}

/* ---- to disk ---- */

/* Room for `bytes` in the store's file, which is made first if need be. */
static nlt_status reserve_file(nlt_row_store *store, int64_t bytes, int64_t *offset, nlt_error *err)
{
    nlt_temp_space *disk = &store->budget->disk;
    NLT_TRY(nlt__temp_space_take(disk, bytes, err));
    pthread_mutex_lock(&store->lock);
    nlt_status status =
        store->fd >= 0 ? NLT_OK : nlt__temp_file_open(disk->folder, &store->fd, err);
    *offset = store->file_end;
    store->file_end += status == NLT_OK ? bytes : 0;
    pthread_mutex_unlock(&store->lock);
    if (status != NLT_OK) {
        nlt__temp_space_give_back(disk, bytes);
    }
    return status;
}

static nlt_status write_chain(
    const nlt_row_store *store, const block *first, int64_t offset, nlt_error *err)
{
    nlt_buf out = NLT_BUF_INIT(BUF_MAX);
    nlt_status status = NLT_OK;
    for (const block *b = first; status == NLT_OK && b != NULL; b = b->next) {
        status = nlt__buf_append(&out, b->data, nlt__block_size(b->data), err);
        if (status == NLT_OK && (out.len >= WRITE_BYTES || b->next == NULL)) {
            status = nlt__temp_file_write(store->fd, out.ptr, out.len, offset, err);
            offset += (int64_t)out.len;
            out.len = 0;
        }
    }
    nlt__buf_clear(&out);
    return status;
}

static int64_t chain_size(const block *first)
{
    int64_t bytes = 0;
    for (const block *b = first; b != NULL; b = b->next) {
        bytes += (int64_t)nlt__block_size(b->data);
    }
    return bytes;
}

/* Under the part's lock, so that its pieces keep their order. */
static nlt_status evict_part(nlt_row_store *store, part *p, nlt_error *err)
{
    if (p->first == NULL) {
        return NLT_OK;
    }
    if (p->n_extents == p->cap_extents) {
        int cap = p->cap_extents == 0 ? 8 : p->cap_extents * 2;
        extent *extents = nlt_realloc_array(p->extents, (size_t)cap, sizeof *extents);
        if (extents == NULL) {
            return no_memory(err);
        }
        p->extents = extents;
        p->cap_extents = cap;
    }
    extent piece = {0, chain_size(p->first)};
    NLT_TRY(reserve_file(store, piece.bytes, &piece.offset, err));
    NLT_TRY(write_chain(store, p->first, piece.offset, err));
    p->extents[p->n_extents++] = piece;
    atomic_fetch_add(&store->budget->spilled, piece.bytes);
    free_blocks(store, p->first, p->bytes);
    p->first = NULL;
    p->last = NULL;
    p->bytes = 0;
    return NLT_OK;
}

/* The part that holds most; *total = what all hold. Sizes may be a little old. */
static part *largest_part(nlt_row_store *store, int64_t *total)
{
    part *largest = &store->parts[0];
    *total = 0;
    int64_t most = -1;
    for (int i = 0; i < store->n_parts; i++) {
        part *p = &store->parts[i];
        pthread_mutex_lock(&p->lock);
        int64_t bytes = p->bytes;
        pthread_mutex_unlock(&p->lock);
        *total += bytes;
        if (bytes > most) {
            most = bytes;
            largest = p;
        }
    }
    return largest;
}

static nlt_status keep_budget(nlt_row_store *store, nlt_error *err)
{
    int64_t least = store->budget->memory_max / EVICT_SHARE;
    least = least < EVICT_MIN ? least : EVICT_MIN;
    while (atomic_load(&store->budget->memory) > store->budget->memory_max) {
        int64_t total = 0;
        part *p = largest_part(store, &total);
        if (total <= least) {
            return NLT_OK;
        }
        pthread_mutex_lock(&p->lock);
        nlt_status status = evict_part(store, p, err);
        pthread_mutex_unlock(&p->lock);
        NLT_TRY(status);
    }
    return NLT_OK;
}

nlt_status nlt__row_store_trim(nlt_row_store *store, nlt_error *err)
{
    return keep_budget(store, err);
}

/* ---- writing ---- */

nlt_status nlt__row_writer_open(nlt_row_store *store, nlt_row_writer **out, nlt_error *err)
{
    *out = NULL;
    nlt_row_writer *writer = nlt_alloc_zero(1, sizeof *writer);
    if (writer == NULL) {
        return no_memory(err);
    }
    size_t n_lanes = (size_t)store->shape.n_lanes;
    writer->store = store;
    writer->dict.bytes_max = store->dict_max;
    writer->packed = (nlt_buf)NLT_BUF_INIT(BUF_MAX);
    writer->lanes = nlt_alloc_zero(n_lanes * NLT_BATCH_ROWS, sizeof *writer->lanes);
    writer->hashes = nlt_alloc_zero(NLT_BATCH_ROWS, sizeof *writer->hashes);
    bool is_ok = writer->lanes != NULL && writer->hashes != NULL;
    pthread_mutex_lock(&store->lock);
    if (is_ok && store->n_writers == store->cap_writers) {
        int cap = store->cap_writers == 0 ? 8 : store->cap_writers * 2;
        nlt_row_writer **writers =
            nlt_realloc_array(store->writers, (size_t)cap, sizeof(nlt_row_writer *));
        is_ok = writers != NULL;
        if (is_ok) {
            store->writers = writers;
            store->cap_writers = cap;
        }
    }
    if (is_ok) {
        writer->number = store->n_writers;
        store->writers[store->n_writers++] = writer;
    }
    pthread_mutex_unlock(&store->lock);
    if (!is_ok) {
        writer_free(writer);
        return no_memory(err);
    }
    *out = writer;
    return NLT_OK;
}

static nlt_row_stage *stage_of(nlt_row_writer *writer, int p)
{
    nlt_row_stage *stage = writer->stages[p];
    if (stage != NULL) {
        return stage;
    }
    stage = nlt_alloc_zero(1, sizeof *stage);
    if (stage == NULL) {
        return NULL;
    }
    size_t n_lanes = (size_t)writer->store->shape.n_lanes;
    stage->texts = (nlt_buf)NLT_BUF_INIT(BUF_MAX);
    stage->lanes = writer->spare_lanes != NULL
        ? writer->spare_lanes
        : nlt_alloc_zero(n_lanes * NLT_BLOCK_ROWS, sizeof *stage->lanes);
    writer->spare_lanes = NULL;
    if (stage->lanes == NULL) {
        stage_free(stage);
        return NULL;
    }
    writer->stages[p] = stage;
    return stage;
}

static void stage_reset(nlt_row_stage *stage)
{
    for (uint64_t left = stage->null_columns; left != 0; left &= left - 1) {
        memset(stage->nulls[__builtin_ctzll(left)], 0, sizeof stage->nulls[0]);
    }
    stage->null_columns = 0;
    stage->n_rows = 0;
    stage->texts.len = 0;
}

/* Packs a stage and puts the block behind those of its part. */
static nlt_status seal(nlt_row_writer *writer, int p, nlt_error *err)
{
    nlt_row_store *store = writer->store;
    nlt_row_stage *stage = writer->stages[p];
    if (stage == NULL || stage->n_rows == 0) {
        return NLT_OK;
    }
    writer->packed.len = 0;
    NLT_TRY(nlt__buf_reserve(&writer->packed, nlt__block_bound(&store->shape, stage), err));
    size_t size = nlt__block_pack(&store->shape, stage, writer->number, writer->packed.ptr);
    block *b = nlt_alloc(sizeof *b + size + NLT_BLOCK_PAD);
    if (b == NULL) {
        return no_memory(err);
    }
    b->next = NULL;
    memcpy(b->data, writer->packed.ptr, size);
    memset(b->data + size, 0, NLT_BLOCK_PAD);
    int64_t held = (int64_t)(sizeof *b + size + NLT_BLOCK_PAD);
    part *to = &store->parts[p];
    pthread_mutex_lock(&to->lock);
    *(to->last != NULL ? &to->last->next : &to->first) = b;
    to->last = b;
    to->bytes += held;
    to->n_rows += stage->n_rows;
    pthread_mutex_unlock(&to->lock);
    stage_reset(stage);
    atomic_fetch_add(&store->budget->memory, held);
    return keep_budget(store, err);
}

/* ---- values to lanes ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    nlt_u128 product =
        (nlt_u128)(hash ^ value ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t text_hash(nlt_bytes text)
{
    return nlt__hash(text, 0);
}

/* Equal for equal values: one zero, one NaN. */
static uint64_t plain_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    if (value == 0) {
        return 0;
    }
    return value != value ? UINT64_C(0x7ff8000000000000) : bits;
}

static uint64_t value_hash(nlt_dtype dtype, const uint64_t *low, const uint64_t *high)
{
    switch (dtype.type) {
    case NLT_TYPE_DOUBLE:
        return plain_double(*low);
    case NLT_TYPE_DECIMAL:
        return mix(*low, *high);
    case NLT_TYPE_BOOL:
    case NLT_TYPE_INT64:
    case NLT_TYPE_DATE:
    case NLT_TYPE_TIMESTAMP:
    case NLT_TYPE_STRING:
    case NLT_TYPE_LIST:
    case NLT_TYPE_COUNT:
    default:
        return *low;
    }
}

static const uint64_t null_hash = UINT64_C(0x5bd1e9955bd1e995);

static void text_lanes(
    nlt_row_writer *writer, int column, const nlt_vec *vec, int64_t n, uint64_t *out)
{
    bool is_key = false;
    for (int i = 0; i < writer->store->n_keys; i++) {
        is_key |= writer->store->keys[i] == column;
    }
    for (int64_t i = 0; i < n; i++) {
        if (!nlt__valid(vec->valid, i)) {
            continue;
        }
        nlt_bytes text = nlt__str_bytes((const nlt_str *)vec->data + i);
        uint64_t hash = text_hash(text);
        uint32_t place = nlt__dict_place(&writer->dict, text, hash);
        out[i] = (uint64_t)place << 1;
        if (place == UINT32_MAX) {
            out[i] = 1;
            writer->inline_columns |= UINT64_C(1) << column;
        }
        if (is_key) { /* keys fold their hashes below */
            writer->hashes[i] = mix(writer->hashes[i], hash);
        }
    }
}

static void fill_lanes(nlt_row_writer *writer, int column, const nlt_vec *vec, int64_t n)
{
    uint64_t *out = writer->lanes + (size_t)writer->store->lane_of[column] * NLT_BATCH_ROWS;
    switch (vec->dtype.type) {
    case NLT_TYPE_BOOL:
        for (int64_t i = 0; i < n; i++) {
            out[i] = ((const uint8_t *)vec->data)[i];
        }
        break;
    case NLT_TYPE_DATE:
        for (int64_t i = 0; i < n; i++) {
            out[i] = (uint64_t)(int64_t)((const int32_t *)vec->data)[i];
        }
        break;
    case NLT_TYPE_DECIMAL:
        for (int64_t i = 0; i < n; i++) {
            memcpy(&out[i], (const char *)vec->data + i * 16, 8);
            memcpy(&out[NLT_BATCH_ROWS + i], (const char *)vec->data + i * 16 + 8, 8);
        }
        break;
    case NLT_TYPE_STRING:
        text_lanes(writer, column, vec, n, out);
        break;
    case NLT_TYPE_LIST:
        for (int64_t i = 0; i < n; i++) {
            out[i] = 1;
        }
        writer->inline_columns |= UINT64_C(1) << column;
        break;
    case NLT_TYPE_INT64:
    case NLT_TYPE_DOUBLE:
    case NLT_TYPE_TIMESTAMP:
    case NLT_TYPE_COUNT:
    default:
        memcpy(out, vec->data, (size_t)n * sizeof *out);
    }
}

/* Folds the hashes of the keys; texts have done so while they were looked up. */
static void fold_key(nlt_row_writer *writer, int column, const nlt_vec *vec, int64_t n)
{
    const uint64_t *low = writer->lanes + (size_t)writer->store->lane_of[column] * NLT_BATCH_ROWS;
    for (int64_t i = 0; i < n; i++) {
        if (!nlt__valid(vec->valid, i)) {
            writer->hashes[i] = mix(writer->hashes[i], null_hash);
        } else if (vec->dtype.type != NLT_TYPE_STRING) {
            writer->hashes[i] =
                mix(writer->hashes[i], value_hash(vec->dtype, &low[i], &low[i + NLT_BATCH_ROWS]));
        }
    }
}

/* ---- lists as bytes: u32 items; each: u8 valid, then its bytes (texts: u32 length first) ---- */

static nlt_status put_list(nlt_buf *out, const nlt_vec *vec, int64_t row, nlt_error *err)
{
    const nlt_list *list = (const nlt_list *)vec->data + row;
    const nlt_vec *child = vec->child;
    size_t size = nlt__dtype_size(child->dtype);
    uint32_t n = (uint32_t)list->length;
    NLT_TRY(nlt__buf_append(out, &n, sizeof n, err));
    for (int64_t i = (int64_t)list->offset; i < (int64_t)(list->offset + list->length); i++) {
        uint8_t is_valid = nlt__valid(child->valid, i);
        NLT_TRY(nlt__buf_append(out, &is_valid, 1, err));
        if (!is_valid) {
            continue;
        }
        if (child->dtype.type == NLT_TYPE_STRING) {
            nlt_bytes text = nlt__str_bytes((const nlt_str *)child->data + i);
            uint32_t len = (uint32_t)text.len;
            NLT_TRY(nlt__buf_append(out, &len, sizeof len, err));
            NLT_TRY(nlt__buf_append(out, text.ptr, text.len, err));
        } else {
            NLT_TRY(nlt__buf_append(out, (const char *)child->data + (size_t)i * size, size, err));
        }
    }
    return NLT_OK;
}

/* A list's items at `p` into the child of `vec`. */
static nlt_status take_list(nlt_vec *vec, const char *p, nlt_list *out, nlt_error *err)
{
    nlt_vec *child = vec->child;
    size_t size = nlt__dtype_size(child->dtype);
    uint32_t n;
    memcpy(&n, p, sizeof n);
    p += sizeof n;
    *out = (nlt_list){(uint64_t)vec->n_child, n};
    NLT_TRY(nlt__vec_reserve_child(vec, n, err));
    for (uint32_t i = 0; i < n; i++) {
        int64_t at = vec->n_child++;
        if (*p++ == 0) {
            continue;
        }
        nlt__set_valid(child->valid, at);
        uint32_t len;
        if (child->dtype.type == NLT_TYPE_STRING) {
            memcpy(&len, p, sizeof len);
            nlt__str_set((nlt_str *)child->data + at, p + sizeof len, len);
            p += sizeof len + len;
        } else {
            memcpy((char *)child->data + (size_t)at * size, p, size);
            p += size;
        }
    }
    return NLT_OK;
}

/* ---- adding ---- */

/* A text or list that goes into the stage's own texts; its lane. */
static nlt_status put_inline(
    nlt_row_stage *stage, const nlt_vec *vec, int64_t row, uint64_t *lane, nlt_error *err)
{
    nlt_buf *out = &stage->texts;
    size_t start = out->len;
    uint64_t hash = 0;
    uint32_t len = 0;
    NLT_TRY(nlt__buf_append(out, &hash, sizeof hash, err));
    NLT_TRY(nlt__buf_append(out, &len, sizeof len, err));
    if (vec->dtype.type == NLT_TYPE_LIST) {
        NLT_TRY(put_list(out, vec, row, err));
    } else {
        nlt_bytes text = nlt__str_bytes((const nlt_str *)vec->data + row);
        hash = text_hash(text);
        NLT_TRY(nlt__buf_append(out, text.ptr, text.len, err));
    }
    len = (uint32_t)(out->len - start - NLT_ROW_TEXT_HEADER);
    memcpy(out->ptr + start, &hash, sizeof hash);
    memcpy(out->ptr + start + sizeof hash, &len, sizeof len);
    *lane = (uint64_t)start << 1 | 1;
    return NLT_OK;
}

static void put_null(const nlt_row_store *store, nlt_row_stage *stage, int column)
{
    int at = stage->n_rows;
    stage->nulls[column][at >> 6] |= UINT64_C(1) << (at & 63);
    stage->null_columns |= UINT64_C(1) << column;
    /* its lanes repeat the row before, which costs nothing once packed */
    int n_lanes = store->dtypes[column].type == NLT_TYPE_DECIMAL ? 2 : 1;
    for (int l = store->lane_of[column]; l < store->lane_of[column] + n_lanes; l++) {
        uint64_t *lane = stage->lanes + (size_t)l * NLT_BLOCK_ROWS;
        lane[at] = at > 0 ? lane[at - 1] : 0;
    }
}

static nlt_status put_special(nlt_row_writer *writer, nlt_row_stage *stage, const nlt_batch *rows,
    int64_t row, uint64_t columns, nlt_error *err)
{
    const nlt_row_store *store = writer->store;
    for (; columns != 0; columns &= columns - 1) {
        int c = __builtin_ctzll(columns);
        uint64_t *lane =
            &stage->lanes[(size_t)store->lane_of[c] * NLT_BLOCK_ROWS + (size_t)stage->n_rows];
        if (!nlt__valid(rows->cols[c].valid, row)) {
            put_null(store, stage, c);
        } else if (nlt__is_text_lane(&store->shape, store->lane_of[c]) && (*lane & 1) != 0) {
            NLT_TRY(put_inline(stage, &rows->cols[c], row, lane, err));
        }
    }
    return NLT_OK;
}

/* Columns with a NULL or a text outside the dictionary among the rows. */
static uint64_t special_columns(const nlt_row_writer *writer, const nlt_batch *rows)
{
    uint64_t columns = writer->inline_columns;
    for (int c = 0; c < rows->n_cols; c++) {
        uint64_t missing = 0;
        for (int64_t i = 0; i < rows->n_rows; i += 64) {
            int64_t left = rows->n_rows - i;
            uint64_t all = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
            missing |= ~rows->cols[c].valid[i >> 6] & all;
        }
        columns |= missing != 0 ? UINT64_C(1) << c : 0;
    }
    return columns;
}

static nlt_status add_row(nlt_row_writer *writer, const nlt_batch *rows, int64_t row, int p,
    uint64_t special, nlt_error *err)
{
    nlt_row_stage *stage = stage_of(writer, p);
    if (stage == NULL) {
        return no_memory(err);
    }
    int n_lanes = writer->store->shape.n_lanes;
    uint64_t *to = stage->lanes + stage->n_rows;
    const uint64_t *from = writer->lanes + row;
    for (int l = 0; l < n_lanes; l++) {
        *to = *from;
        to += NLT_BLOCK_ROWS;
        from += NLT_BATCH_ROWS;
    }
    if (special != 0) {
        NLT_TRY(put_special(writer, stage, rows, row, special, err));
    }
    stage->n_rows++;
    return stage->n_rows == NLT_BLOCK_ROWS || stage->texts.len > TEXTS_MAX ? seal(writer, p, err)
                                                                           : NLT_OK;
}

nlt_status nlt__row_writer_add(nlt_row_writer *writer, const nlt_batch *rows, int p, nlt_error *err)
{
    const nlt_row_store *store = writer->store;
    NLT_ASSERT(rows->n_cols == store->shape.n_cols && rows->n_rows <= NLT_BATCH_ROWS);
    writer->inline_columns = 0;
    memset(writer->hashes, 0, (size_t)rows->n_rows * sizeof *writer->hashes);
    for (int c = 0; c < rows->n_cols; c++) {
        fill_lanes(writer, c, &rows->cols[c], rows->n_rows);
    }
    for (int k = 0; k < store->n_keys; k++) {
        fold_key(writer, store->keys[k], &rows->cols[store->keys[k]], rows->n_rows);
    }
    int64_t dict_bytes = writer->dict.bytes;
    atomic_fetch_add(&store->budget->memory, dict_bytes - writer->dict_counted);
    writer->dict_counted = dict_bytes;
    uint64_t special = special_columns(writer, rows);
    for (int64_t row = 0; row < rows->n_rows; row++) {
        int to = p >= 0 ? p : (int)(writer->hashes[row] >> 58) % store->n_parts;
        NLT_TRY(add_row(writer, rows, row, to, special, err));
    }
    return NLT_OK;
}

nlt_status nlt__row_writer_flush(nlt_row_writer *writer, int p, nlt_error *err)
{
    for (int i = p < 0 ? 0 : p; i < (p < 0 ? writer->store->n_parts : p + 1); i++) {
        NLT_TRY(seal(writer, i, err));
        if (writer->stages[i] != NULL && writer->spare_lanes == NULL) {
            writer->spare_lanes = writer->stages[i]->lanes;
            writer->stages[i]->lanes = NULL;
        }
        stage_free(writer->stages[i]);
        writer->stages[i] = NULL;
    }
    return NLT_OK;
}

nlt_status nlt__row_store_flush(nlt_row_store *store, nlt_error *err)
{
    for (int i = 0; i < store->n_writers; i++) {
        NLT_TRY(nlt__row_writer_flush(store->writers[i], -1, err));
    }
    return NLT_OK;
}

/* ---- reading ---- */

struct nlt_row_cursor {
    nlt_row_store *store;
    const part *part;
    int extent;
    int64_t extent_at; /* bytes of the extent that were handed out */
    nlt_buf loaded;    /* part of an extent */
    size_t loaded_at;
    const block *block; /* the next one in memory */
    nlt_row_lanes rows;
    uint64_t *lanes;               /* owned; rows points into it */
    uint64_t *nulls;               /* owned */
    const char *texts, *texts_end; /* of the present block */
    bool is_loaded;                /* which is not in memory for good */
};

nlt_status nlt__row_cursor_open(nlt_row_store *store, int p, nlt_row_cursor **out, nlt_error *err)
{
    *out = NULL;
    nlt_row_cursor *cursor = nlt_alloc_zero(1, sizeof *cursor);
    if (cursor == NULL) {
        return no_memory(err);
    }
    const nlt_block_shape *shape = &store->shape;
    size_t null_words = NLT_BLOCK_ROWS / 64;
    cursor->store = store;
    cursor->part = &store->parts[p];
    cursor->block = cursor->part->first;
    cursor->loaded = (nlt_buf)NLT_BUF_INIT(BUF_MAX);
    cursor->lanes = nlt_alloc_zero((size_t)shape->n_lanes * NLT_BLOCK_ROWS, sizeof *cursor->lanes);
    cursor->nulls = nlt_alloc_zero((size_t)shape->n_cols * null_words, sizeof *cursor->nulls);
    if (cursor->lanes == NULL || cursor->nulls == NULL) {
        nlt__row_cursor_close(cursor);
        return no_memory(err);
    }
    for (int l = 0; l < shape->n_lanes; l++) {
        cursor->rows.lanes[l] = cursor->lanes + (size_t)l * NLT_BLOCK_ROWS;
    }
    for (int c = 0; c < shape->n_cols; c++) {
        cursor->rows.nulls[c] = cursor->nulls + (size_t)c * null_words;
    }
    *out = cursor;
    return NLT_OK;
}

void nlt__row_cursor_close(nlt_row_cursor *cursor)
{
    if (cursor != NULL) {
        nlt__buf_clear(&cursor->loaded);
        nlt_free(cursor->lanes);
        nlt_free(cursor->nulls);
        nlt_free(cursor);
    }
}

/* At least `want` bytes of the extent behind loaded_at, and the padding. */
static nlt_status load_more(
    nlt_row_cursor *cursor, const extent *piece, size_t want, nlt_error *err)
{
    nlt_buf *loaded = &cursor->loaded;
    size_t left = loaded->len - cursor->loaded_at;
    if (left >= want) {
        return NLT_OK;
    }
    int64_t rest = piece->bytes - cursor->extent_at - (int64_t)left;
    size_t more = want - left > WRITE_BYTES ? want - left : WRITE_BYTES;
    more = rest < (int64_t)more ? (size_t)rest : more;
    if (left > 0) {
        memmove(loaded->ptr, loaded->ptr + cursor->loaded_at, left);
    }
    loaded->len = left;
    cursor->loaded_at = 0;
    NLT_TRY(nlt__buf_reserve(loaded, more + NLT_BLOCK_PAD, err));
    NLT_TRY(nlt__temp_file_read(cursor->store->fd, loaded->ptr + left, more,
        piece->offset + cursor->extent_at + (int64_t)left, err));
    loaded->len += more;
    return NLT_OK;
}

static nlt_status next_loaded(nlt_row_cursor *cursor, const char **out, nlt_error *err)
{
    const extent *piece = &cursor->part->extents[cursor->extent];
    NLT_TRY(load_more(cursor, piece, NLT_BLOCK_HEADER, err));
    size_t size = nlt__block_size(cursor->loaded.ptr + cursor->loaded_at);
    NLT_TRY(load_more(cursor, piece, size, err));
    *out = cursor->loaded.ptr + cursor->loaded_at;
    cursor->loaded_at += size;
    cursor->extent_at += (int64_t)size;
    if (cursor->extent_at == piece->bytes) {
        cursor->extent++;
        cursor->extent_at = 0;
    }
    return NLT_OK;
}

/* Text lanes become addresses. NULLs may hold anything: they are left alone by readers. */
static void resolve_texts(nlt_row_cursor *cursor, const char *packed, int n)
{
    const nlt_row_store *store = cursor->store;
    const nlt_dict *dict = &store->writers[nlt__block_writer(packed)]->dict;
    for (int c = 0; c < store->shape.n_cols; c++) {
        if (!nlt__is_text_lane(&store->shape, store->lane_of[c])) {
            continue;
        }
        uint64_t *lane = cursor->rows.lanes[store->lane_of[c]];
        const uint64_t *nulls = cursor->rows.nulls[c];
        for (int i = 0; i < n; i++) {
            if (!nlt__valid(nulls, i)) {
                const char *at = (lane[i] & 1) != 0 ? cursor->texts + (lane[i] >> 1)
                                                    : nlt__dict_at(dict, (uint32_t)(lane[i] >> 1));
                lane[i] = (uintptr_t)at;
            }
        }
    }
}

nlt_status nlt__row_cursor_next(
    nlt_row_cursor *cursor, const nlt_row_lanes **rows, int *n, nlt_error *err)
{
    const char *packed = NULL;
    *rows = &cursor->rows;
    *n = 0;
    cursor->is_loaded = cursor->extent < cursor->part->n_extents;
    if (cursor->is_loaded) {
        if (cursor->extent_at == 0) { /* a new piece */
            cursor->loaded.len = 0;
            cursor->loaded_at = 0;
        }
        NLT_TRY(next_loaded(cursor, &packed, err));
    } else if (cursor->block != NULL) {
        packed = cursor->block->data;
        cursor->block = cursor->block->next;
    } else {
        return NLT_OK;
    }
    nlt__block_unpack(&cursor->store->shape, packed, &cursor->rows, &cursor->texts);
    cursor->texts_end = packed + nlt__block_size(packed);
    *n = nlt__block_rows(packed);
    resolve_texts(cursor, packed, *n);
    return NLT_OK;
}

nlt_status nlt__row_keep_texts(const nlt_row_cursor *cursor, nlt_row_lanes *rows, int64_t first,
    int64_t n, nlt_arena *arena, nlt_error *err)
{
    const nlt_row_store *store = cursor->store;
    if (!cursor->is_loaded || cursor->texts == cursor->texts_end) {
        return NLT_OK;
    }
    for (int c = 0; c < store->shape.n_cols; c++) {
        int l = store->lane_of[c];
        for (int64_t i = first; nlt__is_text_lane(&store->shape, l) && i < first + n; i++) {
            const char *at = (const char *)(uintptr_t)rows->lanes[l][i];
            if (nlt__valid(rows->nulls[c], i) || at < cursor->texts || at >= cursor->texts_end) {
                continue;
            }
            size_t size = NLT_ROW_TEXT_HEADER + nlt__row_text(rows->lanes[l][i]).len;
            const char *copy = nlt__arena_copy(arena, (nlt_bytes){at, size});
            if (copy == NULL) {
                return no_memory(err);
            }
            rows->lanes[l][i] = (uintptr_t)copy;
        }
    }
    return NLT_OK;
}

/* ---- order ---- */

uint64_t nlt__row_hash(const nlt_row_store *store, const nlt_row_lanes *rows, int64_t row)
{
    uint64_t hash = 0;
    for (int k = 0; k < store->n_keys; k++) { /* texts first, as they are written */
        int c = store->keys[k];
        if (store->dtypes[c].type == NLT_TYPE_STRING && !nlt__valid(rows->nulls[c], row)) {
            uint64_t text;
            memcpy(
                &text, (const char *)(uintptr_t)rows->lanes[store->lane_of[c]][row], sizeof text);
            hash = mix(hash, text);
        }
    }
    for (int k = 0; k < store->n_keys; k++) {
        int c = store->keys[k];
        int l = store->lane_of[c];
        bool is_decimal = store->dtypes[c].type == NLT_TYPE_DECIMAL;
        if (nlt__valid(rows->nulls[c], row)) {
            hash = mix(hash, null_hash);
        } else if (store->dtypes[c].type != NLT_TYPE_STRING) {
            hash = mix(hash,
                value_hash(store->dtypes[c], &rows->lanes[l][row],
                    &rows->lanes[is_decimal ? l + 1 : l][row]));
        }
    }
    return hash;
}

/* An unsigned number that orders as the value does. */
static uint64_t ordered(nlt_dtype dtype, uint64_t lane)
{
    const uint64_t top = UINT64_C(1) << 63;
    if (dtype.type != NLT_TYPE_DOUBLE) {
        return lane ^ top; /* as signed */
    }
    uint64_t bits = plain_double(lane);
    return (bits & top) != 0 ? ~bits : bits | top;
}

static uint64_t text_prefix(nlt_bytes text)
{
    unsigned char bytes[8] = {0};
    memcpy(bytes, text.ptr, text.len < 8 ? text.len : 8);
    uint64_t prefix = 0;
    for (int i = 0; i < 8; i++) {
        prefix = prefix << 8 | bytes[i];
    }
    return prefix;
}

uint64_t nlt__row_prefix(
    const nlt_row_store *store, int column, const nlt_row_lanes *rows, int64_t row)
{
    if (nlt__valid(rows->nulls[column], row)) {
        return 0;
    }
    nlt_dtype dtype = store->dtypes[column];
    uint64_t lane = rows->lanes[store->lane_of[column]][row];
    if (dtype.type == NLT_TYPE_DECIMAL) {
        lane = rows->lanes[store->lane_of[column] + 1][row];
    }
    return dtype.type == NLT_TYPE_STRING ? text_prefix(nlt__row_text(lane)) : ordered(dtype, lane);
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(uint64_t a, uint64_t b)
{
    if (a == b) {
        return 0;
    }
    nlt_bytes x = nlt__row_text(a);
    nlt_bytes y = nlt__row_text(b);
    size_t len = x.len < y.len ? x.len : y.len;
    int order = len > 0 ? memcmp(x.ptr, y.ptr, len) : 0;
    return order != 0 ? order : compare_u64(x.len, y.len);
}

int nlt__row_compare(const nlt_row_store *store, int column, const nlt_row_lanes *a, int64_t i,
    const nlt_row_lanes *b, int64_t j)
{
    bool is_null_a = nlt__valid(a->nulls[column], i);
    bool is_null_b = nlt__valid(b->nulls[column], j);
    if (is_null_a || is_null_b) {
        return is_null_b - is_null_a;
    }
    nlt_dtype dtype = store->dtypes[column];
    int l = store->lane_of[column];
    if (dtype.type == NLT_TYPE_STRING || dtype.type == NLT_TYPE_LIST) {
        return compare_texts(a->lanes[l][i], b->lanes[l][j]);
    }
    if (dtype.type == NLT_TYPE_DECIMAL) {
        int order =
            compare_u64(ordered(dtype, a->lanes[l + 1][i]), ordered(dtype, b->lanes[l + 1][j]));
        return order != 0 ? order : compare_u64(a->lanes[l][i], b->lanes[l][j]);
    }
    return compare_u64(ordered(dtype, a->lanes[l][i]), ordered(dtype, b->lanes[l][j]));
}

/* ---- lanes to values ---- */

static int64_t row_at(const uint32_t *index, int64_t i)
{
    return index != NULL ? (int64_t)index[i] : i;
}

/* Bits 0..n-1 of zeros. */
static void set_valid(uint64_t *valid, int64_t n)
{
    memset(valid, 0xff, (size_t)(n / 64) * sizeof *valid);
    if (n % 64 > 0) {
        valid[n / 64] = (UINT64_C(1) << n % 64) - 1;
    }
}

static void take_valid(uint64_t *valid, const uint64_t *nulls, const uint32_t *index, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!nlt__valid(nulls, row_at(index, i))) {
            nlt__set_valid(valid, i);
        }
    }
}

static void gather_words(uint64_t *out, const uint64_t *lane, const uint32_t *index, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        out[i] = lane[row_at(index, i)];
    }
}

/* Sorted rows have their texts anywhere in the dictionaries: those to come are fetched ahead. */
static void gather_texts(nlt_vec *vec, const uint64_t *lane, const uint32_t *index, int64_t n)
{
    enum { AHEAD = 16 };
    nlt_str *out = vec->data;
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            __builtin_prefetch((const char *)(uintptr_t)lane[row_at(index, i + AHEAD)]);
        }
        if (nlt__valid(vec->valid, i)) {
            nlt_bytes text = nlt__row_text(lane[row_at(index, i)]);
            nlt__str_set(&out[i], text.ptr, text.len);
        }
    }
}

/* A value of the other types. */
static nlt_status gather_one(
    nlt_vec *vec, const nlt_row_lanes *rows, int l, int64_t row, int64_t i, nlt_error *err)
{
    const uint64_t *lane = rows->lanes[l];
    switch (vec->dtype.type) {
    case NLT_TYPE_BOOL:
        ((uint8_t *)vec->data)[i] = (uint8_t)lane[row];
        return NLT_OK;
    case NLT_TYPE_DATE:
        ((int32_t *)vec->data)[i] = (int32_t)(int64_t)lane[row];
        return NLT_OK;
    case NLT_TYPE_DECIMAL:
        memcpy((char *)vec->data + i * 16, &lane[row], 8);
        memcpy((char *)vec->data + i * 16 + 8, &rows->lanes[l + 1][row], 8);
        return NLT_OK;
    case NLT_TYPE_LIST:
    case NLT_TYPE_STRING:
    case NLT_TYPE_INT64:
    case NLT_TYPE_DOUBLE:
    case NLT_TYPE_TIMESTAMP:
    case NLT_TYPE_COUNT:
    default:
        break;
    }
    ((nlt_list *)vec->data)[i] = (nlt_list){0, 0};
    return nlt__valid(vec->valid, i)
        ? take_list(vec, nlt__row_text(lane[row]).ptr, (nlt_list *)vec->data + i, err)
        : NLT_OK;
}

static nlt_status gather(nlt_vec *vec, const nlt_row_lanes *rows, int l, const uint32_t *index,
    int64_t n, nlt_error *err)
{
    nlt_type type = vec->dtype.type;
    if (type == NLT_TYPE_INT64 || type == NLT_TYPE_DOUBLE || type == NLT_TYPE_TIMESTAMP) {
        gather_words(vec->data, rows->lanes[l], index, n);
        return NLT_OK;
    }
    if (type == NLT_TYPE_STRING) {
        gather_texts(vec, rows->lanes[l], index, n);
        return NLT_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        NLT_TRY(gather_one(vec, rows, l, row_at(index, i), i, err));
    }
    return NLT_OK;
}

nlt_status nlt__row_to_batch(const nlt_row_store *store, const nlt_row_lanes *rows,
    const uint32_t *index, int64_t n, const int *columns, nlt_batch *out, nlt_error *err)
{
    NLT_ASSERT(n <= NLT_BATCH_ROWS);
    nlt__batch_reset(out, NLT_BATCH_ROWS);
    for (int c = 0; c < out->n_cols; c++) {
        int column = columns != NULL ? columns[c] : c;
        if (rows->whole_columns >> column & 1) {
            set_valid(out->cols[c].valid, n);
        } else {
            take_valid(out->cols[c].valid, rows->nulls[column], index, n);
        }
        NLT_TRY(gather(&out->cols[c], rows, store->lane_of[column], index, n, err));
    }
    out->n_rows = n;
    return NLT_OK;
}
