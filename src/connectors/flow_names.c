/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table in shards, each with its lock while names are told.
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

/* Not more shards: their tables shall be of several huge pages each. */
enum { SHARD_BITS = 4, SHARDS = 1 << SHARD_BITS, FIRST_SLOTS = 64, CACHE_LINE = 64 };

typedef struct entry {
    int64_t time;
    int64_t row_key;
    const char *name; /* of the shard's arena, at first behind the uid */
    uint32_t uid_len;
    uint32_t name_len;
    uint8_t rank;
    bool has_tls;
    atomic_bool is_used;
    char uid[];
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
    atomic_uintptr_t hint;    /* where the slots are, for whoever does not hold the lock */
    atomic_size_t hint_slots; /* how many */
} shard;

typedef struct flow_names {
    shard shards[SHARDS];
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
            const entry *at = s->slots[j].at;
            n += at != NULL && !atomic_load_explicit(&at->is_used, memory_order_relaxed);
        }
    }
    return n;
}

const nlt_facts flow_names_facts = {names_open, names_close, names_unused, "orphan_names"};

static shard *shard_of(flow_names *names, uint64_t hash)
{
    return &names->shards[hash >> (64 - SHARD_BITS)];
}

/* The flow's slot, or the free one where it belongs. The table is never full. */
static slot *find_slot(const shard *s, uint64_t hash, nlt_bytes uid)
{
    size_t i = hash & (s->n_slots - 1);
    for (;;) {
        slot *at = &s->slots[i];
        if (at->at == NULL
            || (at->hash == hash && at->at->uid_len == uid.len
                && memcmp(at->at->uid, uid.ptr, uid.len) == 0)) {
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
    atomic_store_explicit(&s->hint, (uintptr_t)slots, memory_order_relaxed);
    atomic_store_explicit(&s->hint_slots, n_slots, memory_order_relaxed);
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
    slot *place = find_slot(s, hash, uid);
    entry *at = place->at;
    if (at == NULL) {
        at = nlt__arena_alloc(&s->arena, sizeof *at + uid.len);
        if (at == NULL) {
            return false;
        }
        *at = (entry){.uid_len = (uint32_t)uid.len};
        memcpy(at->uid, uid.ptr, uid.len);
        if (!set_name(s, at, name)) {
            return false;
        }
        *place = (slot){hash, at};
        s->n++;
    } else if (is_better(name, at) && !set_name(s, at, name)) {
        return false;
    }
    at->has_tls |= name->rank == FLOW_NAME_TLS;
    return true;
}

static nlt_status tap_open(void **facts, nlt_error *err)
{
    NLT_TRY(names_open(facts, err));
    ((flow_names *)*facts)->is_tap = true;
    return NLT_OK;
}

const nlt_facts flow_names_tap_facts = {tap_open, names_close, names_unused, "orphan_names"};

flow_names_tap *flow_names_tap_of(void *facts)
{
    return &((flow_names *)facts)->tap;
}

nlt_status flow_names_tell(void *facts, nlt_bytes uid, const flow_name *name)
{
    flow_names *names = facts;
    if (names->is_tap) {
        names->tap.has_told = true;
        names->tap.uid = uid;
        names->tap.name = *name;
        return NLT_OK;
    }
    uint64_t hash = nlt__hash(uid, 0);
    shard *s = shard_of(facts, hash);
    pthread_mutex_lock(&s->lock);
    bool is_told = tell_locked(s, hash, uid, name);
    pthread_mutex_unlock(&s->lock);
    return is_told ? NLT_OK : NLT_ERR_NOMEM;
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
    return (nlt_bytes){at->name, at->name_len};
}

/* Where the flow's slot is, or was a moment ago: the two hints may be of different tables. */
static uintptr_t slot_hint(shard *s, uint64_t hash)
{
    uintptr_t base = atomic_load_explicit(&s->hint, memory_order_relaxed);
    size_t n = atomic_load_explicit(&s->hint_slots, memory_order_relaxed);
    return base + (hash & (n - 1)) * sizeof(slot);
}

void flow_names_expect(void *facts, const nlt_bytes *uids, int n, bool is_told)
{
    uint64_t hashes[NLT_AHEAD_MAX];
    for (int i = 0; i < n; i++) {
        hashes[i] = nlt__hash(uids[i], 0);
        __builtin_prefetch((const void *)slot_hint(shard_of(facts, hashes[i]), hashes[i]));
    }
    for (int i = 0; is_told && i < n; i++) {
        const shard *s = shard_of(facts, hashes[i]);
        const entry *at = s->n == 0 ? NULL : s->slots[hashes[i] & (s->n_slots - 1)].at;
        __builtin_prefetch(at);
        __builtin_prefetch((const char *)at + CACHE_LINE);
    }
}
