/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reassembly of IP fragments. All offsets are multiples of 8, so a bit per 8 bytes tells what has
 * arrived. Datagrams lie in a pool; a hash table finds them, a list keeps them in order of age.
 */

#include "wire/fragments.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

enum {
    UNIT = 8,
    CAP_MIN = 4096,
    DATAGRAM_MAX = 65535,
    DATAGRAMS_LIMIT = 65536,
    NODE_BYTES = 128 /* what a datagram costs beside its bytes, roughly */
};

#define NONE UINT32_MAX

typedef struct fragment_key {
    uint8_t src[16];
    uint8_t dst[16];
    uint32_t id;
    uint8_t family;
    uint8_t protocol; /* IPv4 only */
    uint8_t zero[2];
} fragment_key;

typedef struct datagram {
    fragment_key key;
    uint8_t *bytes; /* owned: `cap` bytes, then cap / 64 bytes of bits; NULL: dead */
    size_t cap;
    int64_t first_ns;
    int64_t n_fragments;
    uint32_t end;     /* behind the highest byte so far */
    uint32_t total;   /* NONE: the last piece has not come */
    uint32_t n_units; /* arrived */
    uint32_t chain;   /* next of the same slot, or of the free list */
    uint32_t older;
    uint32_t newer;
    uint32_t slot;
    uint8_t protocol; /* of the first piece */
} datagram;

struct nlt_fragments {
    nlt_fragments_options options;
    uint32_t *slots; /* owned; a power of two */
    uint32_t n_slots;
    datagram *pool; /* owned; grows up to max_datagrams */
    uint32_t n_pool;
    uint32_t pool_cap;
    uint32_t free_list;
    uint32_t oldest;
    uint32_t newest;
    size_t bytes;
    uint8_t *whole; /* owned until the next call */
};

static size_t block_bytes(size_t cap)
{
    return cap + cap / (UNIT * 8);
}

nlt_status nlt__fragments_new(
    const nlt_fragments_options *options, nlt_fragments **out, nlt_error *err)
{
    *out = NULL;
    if (options->max_datagrams == 0 || options->max_datagrams > DATAGRAMS_LIMIT
        || options->max_bytes < (size_t)1 << 18) {
        return nlt_fail(
            err, NLT_ERR_ARG, "fragments: 1 to 65536 datagrams and at least 256 KiB are needed");
    }
    nlt_fragments *f = nlt_alloc_zero(1, sizeof *f);
    uint32_t n_slots = 16;
    while (n_slots < options->max_datagrams) {
        n_slots *= 2;
    }
    uint32_t *slots = nlt_alloc_zero(n_slots, sizeof *slots);
    if (f == NULL || slots == NULL) {
        nlt_free(f);
        nlt_free(slots);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    memset(slots, 0xff, n_slots * sizeof *slots);
    f->options = *options;
    f->slots = slots;
    f->n_slots = n_slots;
    f->free_list = f->oldest = f->newest = NONE;
    *out = f;
    return NLT_OK;
}

void nlt__fragments_free(nlt_fragments *fragments)
{
    if (fragments == NULL) {
        return;
    }
    for (uint32_t i = fragments->oldest; i != NONE; i = fragments->pool[i].newer) {
        nlt_free(fragments->pool[i].bytes);
    }
    nlt_free(fragments->pool);
    nlt_free(fragments->slots);
    nlt_free(fragments->whole);
    nlt_free(fragments);
}

size_t nlt__fragments_bytes(const nlt_fragments *fragments)
{
    return fragments->bytes;
}

static void kill_bytes(nlt_fragments *f, datagram *d)
{
    if (d->bytes != NULL) {
        f->bytes -= block_bytes(d->cap);
        nlt_free(d->bytes);
        d->bytes = NULL;
    }
}

static void remove_datagram(nlt_fragments *f, uint32_t i)
{
    datagram *d = &f->pool[i];
    kill_bytes(f, d);
    uint32_t *link = &f->slots[d->slot];
    while (*link != i) {
        link = &f->pool[*link].chain;
    }
    *link = d->chain;
    *(d->older != NONE ? &f->pool[d->older].newer : &f->oldest) = d->newer;
    *(d->newer != NONE ? &f->pool[d->newer].older : &f->newest) = d->older;
    d->chain = f->free_list;
    f->free_list = i;
    f->bytes -= NODE_BYTES;
}

/* Ages out and makes room for `extra` bytes; `keep` is not touched. */
static void make_room(nlt_fragments *f, size_t extra, uint32_t keep)
{
    while (f->oldest != NONE && f->bytes + extra > f->options.max_bytes) {
        uint32_t i = f->oldest;
        if (i == keep) {
            i = f->pool[i].newer;
            if (i == NONE) {
                return;
            }
        }
        remove_datagram(f, i);
    }
}

static bool take_node(nlt_fragments *f, uint32_t *out)
{
    if (f->free_list == NONE && f->n_pool == f->options.max_datagrams) {
        remove_datagram(f, f->oldest);
    }
    if (f->free_list != NONE) {
        *out = f->free_list;
        f->free_list = f->pool[*out].chain;
        return true;
    }
    if (f->n_pool == f->pool_cap) {
        uint32_t cap = f->pool_cap > 0 ? f->pool_cap * 2 : 64;
        datagram *pool = nlt_realloc_array(f->pool, cap, sizeof *pool);
        if (pool == NULL) {
            return false;
        }
        f->pool = pool;
        f->pool_cap = cap;
    }
    *out = f->n_pool++;
    return true;
}

static void make_key(const nlt_packet *packet, fragment_key *key)
{
    memset(key, 0, sizeof *key);
    memcpy(key->src, packet->src.bytes, 16);
    memcpy(key->dst, packet->dst.bytes, 16);
    key->id = packet->fragment_id;
    key->family = packet->src.family;
    key->protocol = packet->src.family == 4 ? packet->protocol : 0;
}

/* The datagram of this key, not too old; a new one if there is none. NONE: out of memory. */
static uint32_t find_datagram(nlt_fragments *f, const fragment_key *key, int64_t time_ns)
{
    uint64_t hash = nlt__hash((nlt_bytes){(const char *)key, sizeof *key}, 0);
    uint32_t slot = (uint32_t)hash & (f->n_slots - 1);
    uint32_t i = f->slots[slot];
    while (i != NONE && memcmp(&f->pool[i].key, key, sizeof *key) != 0) {
        i = f->pool[i].chain;
    }
    if (i != NONE) {
        int64_t age;
        if (!__builtin_sub_overflow(time_ns, f->pool[i].first_ns, &age)
            && age <= f->options.max_age_ns) {
            return i;
        }
        remove_datagram(f, i);
    }
    make_room(f, NODE_BYTES, NONE);
    if (!take_node(f, &i)) {
        return NONE;
    }
    f->pool[i] = (datagram){.key = *key,
        .first_ns = time_ns,
        .total = NONE,
        .slot = slot,
        .chain = f->slots[slot],
        .older = f->newest,
        .newer = NONE};
    f->slots[slot] = i;
    *(f->newest != NONE ? &f->pool[f->newest].newer : &f->oldest) = i;
    f->newest = i;
    f->bytes += NODE_BYTES;
    return i;
}

static bool reserve(nlt_fragments *f, uint32_t i, size_t end)
{
    size_t cap = f->pool[i].cap > 0 ? f->pool[i].cap : CAP_MIN;
    while (cap < end) {
        cap *= 2;
    }
    if (f->pool[i].bytes != NULL && cap == f->pool[i].cap) {
        return true;
    }
    uint8_t *bytes = nlt_alloc_zero(1, block_bytes(cap));
    if (bytes == NULL) {
        return false;
    }
    make_room(f, block_bytes(cap), i);
    datagram *d = &f->pool[i];
    if (d->bytes != NULL) {
        memcpy(bytes, d->bytes, d->cap);
        memcpy(bytes + cap, d->bytes + d->cap, d->cap / (UNIT * 8));
        kill_bytes(f, d);
    }
    d->bytes = bytes;
    d->cap = cap;
    f->bytes += block_bytes(cap);
    return true;
}

/* Copies what is new; false: some of what was there differs. */
static bool merge(datagram *d, const nlt_packet *packet)
{
    uint8_t *bits = d->bytes + d->cap;
    uint32_t before = d->n_units;
    for (size_t at = 0; at < packet->payload_len; at += UNIT) {
        size_t left = packet->payload_len - at;
        size_t n = left < UNIT ? left : UNIT;
        size_t to = packet->fragment_offset + at;
        size_t unit = to / UNIT;
        if ((bits[unit / 8] >> unit % 8 & 1) != 0) {
            if (memcmp(d->bytes + to, packet->payload + at, n) != 0) {
                return false;
            }
            continue;
        }
        memcpy(d->bytes + to, packet->payload + at, n);
        bits[unit / 8] = (uint8_t)(bits[unit / 8] | 1U << unit % 8);
        d->n_units++;
    }
    d->n_fragments += d->n_units > before;
    return true;
}

/* Whether this piece fits what is known about the end; notes the end. */
static bool fits_end(datagram *d, const nlt_packet *packet)
{
    uint32_t end = packet->fragment_offset + (uint32_t)packet->payload_len;
    if (!packet->has_more_fragments) {
        if (d->total != NONE && d->total != end) {
            return false;
        }
        d->total = end;
    }
    d->end = d->end > end ? d->end : end;
    return d->total == NONE || d->end <= d->total;
}

nlt_status nlt__fragments_add(nlt_fragments *fragments, nlt_packet *packet, int64_t time_ns,
    nlt_fragments_status *status, nlt_datagram *whole, nlt_error *err)
{
    nlt_free(fragments->whole);
    fragments->whole = NULL;
    *status = NLT_FRAGMENTS_DROPPED;
    if (packet->payload_len == 0 || packet->payload_len > DATAGRAM_MAX
        || packet->fragment_offset + packet->payload_len > DATAGRAM_MAX
        || packet->fragment_offset % UNIT != 0
        || (packet->has_more_fragments && packet->payload_len % UNIT != 0)) {
        return NLT_OK;
    }
    fragment_key key;
    make_key(packet, &key);
    uint32_t i = find_datagram(fragments, &key, time_ns);
    if (i == NONE) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    datagram *d = &fragments->pool[i];
    bool is_dead = d->bytes == NULL && d->end > 0;
    if (is_dead || !fits_end(d, packet)) {
        d->end = DATAGRAM_MAX;
        kill_bytes(fragments, d);
        return NLT_OK;
    }
    if (!reserve(fragments, i, packet->fragment_offset + packet->payload_len)) {
        remove_datagram(fragments, i);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    d = &fragments->pool[i];
    if (!merge(d, packet)) {
        kill_bytes(fragments, d);
        return NLT_OK;
    }
    if (packet->fragment_offset == 0) {
        d->protocol = packet->protocol;
    }
    *status = NLT_FRAGMENTS_HELD;
    if (d->total == NONE || d->n_units != (d->total + UNIT - 1) / UNIT) {
        return NLT_OK;
    }
    *status = NLT_FRAGMENTS_WHOLE;
    *whole = (nlt_datagram){{(const char *)d->bytes, d->total}, d->protocol, d->n_fragments};
    packet->protocol = d->protocol;
    fragments->bytes -= block_bytes(d->cap);
    fragments->whole = d->bytes;
    d->bytes = NULL;
    remove_datagram(fragments, i);
    return NLT_OK;
}
