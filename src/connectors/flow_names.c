/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table in shards, each with its lock while names are told. */

#include "connectors/flow_names.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/hash.h"

enum { SHARDS = 64, FIRST_SLOTS = 64 };

typedef struct entry {
    uint64_t hash;
    int64_t time;
    int64_t row_key;
    const char *uid; /* of the shard's arena, as name */
    const char *name;
    uint32_t uid_len;
    uint32_t name_len;
    uint8_t rank;
    bool has_tls;
    atomic_bool is_used;
} entry;

typedef struct shard {
    pthread_mutex_t lock;
    nlt_arena arena;
    entry **slots; /* a power of two; NULL: free */
    size_t n_slots;
    size_t n;
} shard;

typedef struct flow_names {
    shard shards[SHARDS];
} flow_names;

static nlt_status names_open(void **facts, nlt_error *err)
{
    flow_names *names = nlt_alloc_zero(1, sizeof *names);
    *facts = names;
    if (names == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&names->shards[i].lock, NULL);
        names->shards[i].arena = (nlt_arena)NLT_ARENA_INIT;
    }
    return NLT_OK;
}

static void names_close(void *facts)
{
    flow_names *names = facts;
    for (int i = 0; names != NULL && i < SHARDS; i++) {
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
    for (int i = 0; i < SHARDS; i++) {
        const shard *s = &names->shards[i];
        for (size_t j = 0; j < s->n_slots; j++) {
            n += s->slots[j] != NULL
                && !atomic_load_explicit(&s->slots[j]->is_used, memory_order_relaxed);
        }
    }
    return n;
}

const nlt_facts flow_names_facts = {names_open, names_close, names_unused, "orphan_names"};

/* The flow's place, or the free one where it belongs. The table is never full. */
static entry **find_slot(const shard *s, uint64_t hash, nlt_bytes uid)
{
    size_t i = hash & (s->n_slots - 1);
    for (;;) {
        entry *at = s->slots[i];
        if (at == NULL
            || (at->hash == hash && at->uid_len == uid.len
                && memcmp(at->uid, uid.ptr, uid.len) == 0)) {
            return &s->slots[i];
        }
        i = (i + 1) & (s->n_slots - 1);
    }
}

/* At most two thirds of the slots are taken. */
static bool make_room(shard *s)
{
    if ((s->n + 1) * 3 <= s->n_slots * 2) {
        return true;
    }
    shard grown = {.n_slots = s->n_slots == 0 ? FIRST_SLOTS : s->n_slots * 2};
    grown.slots = nlt_alloc_zero(grown.n_slots, sizeof *grown.slots);
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < s->n_slots; i++) {
        const entry *at = s->slots[i];
        if (at != NULL) {
            *find_slot(&grown, at->hash, (nlt_bytes){at->uid, at->uid_len}) = s->slots[i];
        }
    }
    nlt_free(s->slots);
    s->slots = grown.slots;
    s->n_slots = grown.n_slots;
    return true;
}

static bool is_better(const flow_name *name, const entry *than)
{
    if (name->rank != than->rank) {
        return (int)name->rank < than->rank;
    }
    return name->time != than->time ? name->time < than->time : name->row_key < than->row_key;
}

static bool set_name(shard *s, entry *at, const flow_name *name)
{
    at->name = nlt__arena_copy(&s->arena, name->name);
    at->name_len = (uint32_t)name->name.len;
    at->rank = (uint8_t)name->rank;
    at->time = name->time;
    at->row_key = name->row_key;
    return at->name != NULL;
}

static bool tell_locked(shard *s, uint64_t hash, nlt_bytes uid, const flow_name *name)
{
    if (!make_room(s)) {
        return false;
    }
    entry **slot = find_slot(s, hash, uid);
    entry *at = *slot;
    if (at == NULL) {
        at = nlt__arena_alloc(&s->arena, sizeof *at);
        const char *copy = at == NULL ? NULL : nlt__arena_copy(&s->arena, uid);
        if (copy == NULL) {
            return false;
        }
        *at = (entry){.hash = hash, .uid = copy, .uid_len = (uint32_t)uid.len};
        if (!set_name(s, at, name)) {
            return false;
        }
        *slot = at;
        s->n++;
    } else if (is_better(name, at) && !set_name(s, at, name)) {
        return false;
    }
    at->has_tls |= name->rank == FLOW_NAME_TLS;
    return true;
}

nlt_status flow_names_tell(void *facts, nlt_bytes uid, const flow_name *name)
{
    flow_names *names = facts;
    uint64_t hash = nlt__hash(uid, 0);
    shard *s = &names->shards[hash >> 58];
    pthread_mutex_lock(&s->lock);
    bool is_told = tell_locked(s, hash, uid, name);
    pthread_mutex_unlock(&s->lock);
    return is_told ? NLT_OK : NLT_ERR_NOMEM;
}

nlt_bytes flow_names_find(void *facts, nlt_bytes uid, bool *has_tls)
{
    flow_names *names = facts;
    uint64_t hash = nlt__hash(uid, 0);
    const shard *s = &names->shards[hash >> 58];
    entry *at = s->n == 0 ? NULL : *find_slot(s, hash, uid);
    *has_tls = at != NULL && at->has_tls;
    if (at == NULL) {
        return (nlt_bytes){NULL, 0};
    }
    atomic_store_explicit(&at->is_used, true, memory_order_relaxed);
    return (nlt_bytes){at->name, at->name_len};
}
