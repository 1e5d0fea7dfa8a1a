/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table in shards, one per share of records, each with its lock while they are handed in.
 *
 * Tables are far larger than caches: slots hold the hashes, so that one line of memory decides most
 * look-ups, and those of some dozen flows are asked for at once. An entry lies beside its texts, in two
 * lines of memory as a rule. */

#include "connectors/flow_names.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/hash.h"

enum { FIRST_SLOTS = 64, CACHE_LINE = 64 };

typedef struct entry {
    int64_t time; /* which is not looked at when names are found, as row_key */
    int64_t row_key;
    uint32_t uid_len;
    uint32_t name_len;
    uint8_t rank;
    bool has_tls;
    atomic_bool is_used;
    char texts[]; /* uid, name */
} entry;

typedef struct slot {
    uint64_t hash;
    entry *at; /* NULL: free */
} slot;

typedef struct shard {
    pthread_mutex_t lock;
    nlt_arena arena;
    slot *slots;    /* owned */
    size_t n_slots; /* a power of two, or 0 */
    size_t n;
} shard;

/* The body of a record. */
typedef struct told {
    int64_t time;
    uint32_t rank;
    uint32_t uid_len;
    uint32_t name_len;
    char texts[]; /* uid, name */
} told;

typedef struct flow_names {
    shard shards[NLT_SHARES];
    bool is_tap;
    flow_names_tap tap;
} flow_names;

static nlt_status names_open(void **facts, nlt_error *err)
{
    flow_names *names = nlt_alloc_zero(1, sizeof *names);
    *facts = names;
    if (names == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; i < NLT_SHARES; i++) {
        pthread_mutex_init(&names->shards[i].lock, NULL);
        names->shards[i].arena = (nlt_arena)NLT_ARENA_INIT;
    }
    return NLT_OK;
}

static void names_close(void *facts)
{
    flow_names *names = facts;
    for (int i = 0; names != NULL && i < NLT_SHARES; i++) {
        pthread_mutex_destroy(&names->shards[i].lock);
        nlt__arena_clear(&names->shards[i].arena);
        nlt_free(names->shards[i].slots);
    }
    nlt_free(names);
}

static int64_t names_unused(const void *facts)
{
    const flow_names *names = facts;
    int64_t n = 0;
    for (int i = 0; i < NLT_SHARES; i++) {
        const shard *s = &names->shards[i];
        for (size_t j = 0; j < s->n_slots; j++) {
            const entry *at = s->slots[j].at;
            n += at != NULL && !atomic_load_explicit(&at->is_used, memory_order_relaxed);
        }
    }
    return n;
}

static shard *shard_of(flow_names *names, uint64_t hash)
{
    return &names->shards[nlt__share_of(hash)];
}

/* The flow's slot, or the free one where it belongs. The table is never full. */
static slot *find_slot(const shard *s, uint64_t hash, nlt_bytes uid)
{
    size_t i = hash & (s->n_slots - 1);
    for (;;) {
        slot *at = &s->slots[i];
        if (at->at == NULL
            || (at->hash == hash && at->at->uid_len == uid.len
                && memcmp(at->at->texts, uid.ptr, uid.len) == 0)) {
            return at;
        }
        i = (i + 1) & (s->n_slots - 1);
    }
}

static void move_slots(slot *to, size_t n_to, const slot *from, size_t n_from)
{
    for (size_t i = 0; i < n_from; i++) {
        if (from[i].at == NULL) {
            continue;
        }
        size_t j = from[i].hash & (n_to - 1);
        while (to[j].at != NULL) {
            j = (j + 1) & (n_to - 1);
        }
        to[j] = from[i];
    }
}

/* At most two thirds of the slots are taken. */
static bool make_room(shard *s)
{
    if ((s->n + 1) * 3 <= s->n_slots * 2) {
        return true;
    }
    size_t n_slots = s->n_slots == 0 ? FIRST_SLOTS : s->n_slots * 2;
    slot *slots = nlt_alloc_table(n_slots, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    move_slots(slots, n_slots, s->slots, s->n_slots);
    nlt_free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    return true;
}

/* ---- telling ---- */

nlt_row flow_names_tell(nlt_line_ctx *ctx, const flow_name *name)
{
    size_t size = sizeof(told) + name->uid.len + name->name.len;
    if (size > NLT_RECORD_MAX) {
        return nlt_reject(ctx, NLT_REJECT_OTHER);
    }
    nlt_record *record = nlt__record_begin(ctx->records, nlt__hash(name->uid, 0), size);
    if (record != NULL) {
        told *body = (told *)(void *)record->body;
        *body = (told){.time = name->time,
            .rank = (uint32_t)name->rank,
            .uid_len = (uint32_t)name->uid.len,
            .name_len = (uint32_t)name->name.len};
        memcpy(body->texts, name->uid.ptr, name->uid.len);
        memcpy(body->texts + name->uid.len, name->name.ptr, name->name.len);
        record->time = INT64_MIN;
        record->row_key = ctx->row_key;
        record->kind = FLOW_NAME_KIND;
        nlt__record_end(ctx->records, record, (uint32_t)size);
    }
    return NLT_ROW_USED;
}

static bool is_better(const told *name, int64_t row_key, const entry *than)
{
    if (name->rank != than->rank) {
        return name->rank < than->rank;
    }
    return name->time != than->time ? name->time < than->time : row_key < than->row_key;
}

/* NULL: no memory. */
static entry *new_entry(shard *s, const told *name, int64_t row_key)
{
    size_t len = (size_t)name->uid_len + name->name_len;
    entry *made = nlt__arena_alloc(&s->arena, sizeof *made + len);
    if (made != NULL) {
        *made = (entry){.time = name->time,
            .row_key = row_key,
            .uid_len = name->uid_len,
            .name_len = name->name_len,
            .rank = (uint8_t)name->rank};
        memcpy(made->texts, name->texts, len);
    }
    return made;
}

/* False: no memory. */
static bool take(shard *s, const nlt_record *record)
{
    const told *name = (const told *)(const void *)record->body;
    bool is_whole = record->len >= sizeof *name
        && (uint64_t)name->uid_len + name->name_len <= record->len - sizeof *name;
    if (!is_whole) {
        return true; /* none of ours */
    }
    if (!make_room(s)) {
        return false;
    }
    slot *place = find_slot(s, record->hash, (nlt_bytes){name->texts, name->uid_len});
    entry *before = place->at;
    if (before == NULL || is_better(name, record->row_key, before)) {
        entry *made = new_entry(s, name, record->row_key);
        if (made == NULL) {
            return false;
        }
        made->has_tls = before != NULL && before->has_tls;
        *place = (slot){record->hash, made};
        s->n += before == NULL;
    }
    place->at->has_tls |= name->rank == FLOW_NAME_TLS;
    return true;
}

nlt_status flow_names_take(void *facts, const nlt_record *record)
{
    return take(shard_of(facts, record->hash), record) ? NLT_OK : NLT_ERR_NOMEM;
}

/* ---- handing in ---- */

/* Begins to fetch the slot of the record at `at`; where the next one is. */
static size_t fetch_slot(const shard *s, const nlt_buf *records, size_t at)
{
    const nlt_record *record = (const nlt_record *)(const void *)(records->ptr + at);
    if (s->n_slots > 0) {
        __builtin_prefetch(&s->slots[record->hash & (s->n_slots - 1)]);
    }
    return at + nlt__record_size(record->len);
}

static bool take_share(shard *s, const nlt_buf *records)
{
    size_t fetched = 0;
    for (int i = 0; i < NLT_AHEAD_MAX && fetched < records->len; i++) {
        fetched = fetch_slot(s, records, fetched);
    }
    for (size_t at = 0; at < records->len;) {
        const nlt_record *record = (const nlt_record *)(const void *)(records->ptr + at);
        if (!take(s, record)) {
            return false;
        }
        at += nlt__record_size(record->len);
        fetched = fetched < records->len ? fetch_slot(s, records, fetched) : fetched;
    }
    return true;
}

static nlt_status names_take(void *facts, const nlt_records *records)
{
    flow_names *names = facts;
    bool is_taken = true;
    for (int i = 0; is_taken && i < NLT_SHARES; i++) {
        pthread_mutex_lock(&names->shards[i].lock);
        is_taken = take_share(&names->shards[i], &records->shares[i]);
        pthread_mutex_unlock(&names->shards[i].lock);
    }
    return is_taken ? NLT_OK : NLT_ERR_NOMEM;
}

const nlt_facts flow_names_facts = {.open = names_open,
    .take = names_take,
    .close = names_close,
    .unused = names_unused,
    .unused_key = "orphan_names"};

/* ---- asking ---- */

static nlt_status tap_open(void **facts, nlt_error *err)
{
    NLT_TRY(names_open(facts, err));
    ((flow_names *)*facts)->is_tap = true;
    return NLT_OK;
}

const nlt_facts flow_names_tap_facts = {.open = tap_open,
    .take = names_take,
    .close = names_close,
    .unused = names_unused,
    .unused_key = "orphan_names"};

flow_names_tap *flow_names_tap_of(void *facts)
{
    return &((flow_names *)facts)->tap;
}

nlt_bytes flow_names_find(void *facts, nlt_bytes uid, bool *has_tls)
{
    flow_names *names = facts;
    if (names->is_tap) {
        names->tap.has_asked = true;
        names->tap.uid = uid;
        *has_tls = names->tap.assumes_tls;
        return (nlt_bytes){NULL, 0};
    }
    uint64_t hash = nlt__hash(uid, 0);
    const shard *s = shard_of(facts, hash);
    entry *at = s->n == 0 ? NULL : find_slot(s, hash, uid)->at;
    *has_tls = at != NULL && at->has_tls;
    if (at == NULL) {
        return (nlt_bytes){NULL, 0};
    }
    atomic_store_explicit(&at->is_used, true, memory_order_relaxed);
    return (nlt_bytes){at->texts + at->uid_len, at->name_len};
}

void flow_names_expect(void *facts, const nlt_bytes *uids, int n)
{
    uint64_t hashes[NLT_AHEAD_MAX];
    for (int i = 0; i < n; i++) {
        hashes[i] = nlt__hash(uids[i], 0);
        const shard *s = shard_of(facts, hashes[i]);
        if (s->n > 0) {
            __builtin_prefetch(&s->slots[hashes[i] & (s->n_slots - 1)]);
        }
    }
    for (int i = 0; i < n; i++) {
        const shard *s = shard_of(facts, hashes[i]);
        const entry *at = s->n == 0 ? NULL : s->slots[hashes[i] & (s->n_slots - 1)].at;
        if (at != NULL) {
            __builtin_prefetch(&at->uid_len);
            __builtin_prefetch((const char *)&at->uid_len + CACHE_LINE - 1);
        }
    }
}
