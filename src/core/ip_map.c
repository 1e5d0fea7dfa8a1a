/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Longest prefix match over ranges.
 *
 * Nested prefixes are flattened once: sorted by first address, then by length, they open and close
 * like parentheses, and every change of the innermost one begins a range. A lookup is a search for
 * the last range that begins at or before the address, between the two bounds that a table of the
 * address's first 16 bits gives. IPv4 and IPv6 have a table and an array each. */

#include "core/ip_map.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/assert.h"

enum { ROOT_BITS = 16, ROOTS = 1 << ROOT_BITS };

/* ---- keys and networks ---- */

nlt_u128 nlt__ip_key(const nlt_ip *ip)
{
    nlt_u128 key = ip->family == 4 ? 0xffff : 0;
    for (int i = 0; i < (ip->family == 4 ? 4 : 16); i++) {
        key = key << 8 | ip->bytes[i];
    }
    return key;
}

nlt_ip nlt__ip_from_key(nlt_u128 key)
{
    nlt_ip ip = {{0}, nlt__ip_key_is_v4(key) ? 4 : 6};
    int n = ip.family == 4 ? 4 : 16;
    for (int i = n - 1; i >= 0; i--, key >>= 8) {
        ip.bytes[i] = (uint8_t)key;
    }
    return ip;
}

bool nlt__ip_net_parse(nlt_bytes text, nlt_ip_net *out)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
    nlt_bytes host = {text.ptr, slash == NULL ? text.len : (size_t)(slash - text.ptr)};
    nlt_ip ip;
    if (!nlt__ip_parse(host, &ip)) {
        return false;
    }
    int64_t most = ip.family == 4 ? NLT_IP_V4_BITS : NLT_IP_BITS;
    int64_t bits = most;
    if (slash != NULL) {
        nlt_bytes number = {slash + 1, text.len - host.len - 1};
        if (!nlt__parse_i64(number, &bits) || bits < 0 || bits > most) {
            return false;
        }
    }
    bits += ip.family == 4 ? NLT_IP_MAPPED_BITS : 0;
    out->bits = (uint8_t)bits;
    out->key = nlt__ip_key(&ip) & nlt__ip_mask((int)bits);
    out->is_v4 = bits >= NLT_IP_MAPPED_BITS && nlt__ip_key_is_v4(out->key);
    return true;
}

/* ---- maps ---- */

typedef struct entry {
    nlt_u128 key;
    uint32_t value;
    uint32_t order; /* of being added */
    uint8_t bits;
} entry;

typedef struct range4 {
    uint32_t first, value;
} range4;

struct nlt_ip_map {
    entry *entries[2]; /* IPv6, IPv4; freed by sealing */
    size_t n_entries[2], cap_entries[2];

    /* The first range begins at address 0. root[h]: the first range that begins at or behind the
     * addresses whose first bits are h. */
    range4 *ranges4;
    nlt_u128 *firsts6;
    uint32_t *values6;
    size_t n_ranges[2];
    uint32_t *roots[2]; /* ROOTS + 1 each */
};

nlt_status nlt__ip_map_new(nlt_ip_map **out, nlt_error *err)
{
    *out = nlt_alloc_zero(1, sizeof **out);
    return *out != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

void nlt__ip_map_free(nlt_ip_map *map)
{
    if (map == NULL) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        nlt_free(map->entries[i]);
        nlt_free(map->roots[i]);
    }
    nlt_free(map->ranges4);
    nlt_free(map->firsts6);
    nlt_free(map->values6);
    nlt_free(map);
}

nlt_status nlt__ip_map_add(nlt_ip_map *map, const nlt_ip_net *net, uint32_t value, nlt_error *err)
{
    enum { CAP_MIN = 1024 };
    NLT_ASSERT(value > 0 && map->roots[0] == NULL);
    size_t n = map->n_entries[net->is_v4];
    size_t cap = map->cap_entries[net->is_v4];
    if (n == cap) {
        if (n >= NLT_IP_MAP_MAX) {
            return nlt_fail(err, NLT_ERR_LIMIT, "more than %d networks", NLT_IP_MAP_MAX);
        }
        cap = cap == 0 ? CAP_MIN : cap * 2;
        entry *grown = nlt_realloc_array(map->entries[net->is_v4], cap, sizeof *grown);
        if (grown == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %zu networks", cap);
        }
        map->entries[net->is_v4] = grown;
        map->cap_entries[net->is_v4] = cap;
    }
    map->entries[net->is_v4][n] = (entry){net->key, value, (uint32_t)n, net->bits};
    map->n_entries[net->is_v4] = n + 1;
    return NLT_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a;
    const entry *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->bits != y->bits) {
        return x->bits < y->bits ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- flattening ---- */

typedef struct flat {
    nlt_u128 *firsts;
    uint32_t *values;
    size_t n;
} flat;

static void flat_put(flat *out, nlt_u128 first, uint32_t value)
{
    if (out->n > 0 && out->firsts[out->n - 1] == first) {
        out->n--; /* an inner prefix that begins at the same address */
    }
    if (out->n > 0 && out->values[out->n - 1] == value) {
        return;
    }
    out->firsts[out->n] = first;
    out->values[out->n++] = value;
}

/* Addresses of one family: `begin` to before `end` (0: the end of the 128-bit space). */
typedef struct space {
    nlt_u128 begin, end;
} space;

static const space spaces[2] = {
    {0, 0},
    {(nlt_u128)0xffff << NLT_IP_V4_BITS, (nlt_u128)0x10000 << NLT_IP_V4_BITS},
};

typedef struct open_net {
    nlt_u128 last;
    uint32_t value;
} open_net;

static bool is_same_net(const entry *a, const entry *b)
{
    return a->key == b->key && a->bits == b->bits;
}

static void flatten(const entry *entries, size_t n, space all, flat *out)
{
    open_net open[NLT_IP_BITS + 2];
    int depth = 0;
    flat_put(out, all.begin, 0);
    for (size_t i = 0; i <= n; i++) {
        /* what ends before the next one begins is closed; at the end, all */
        while (depth > 0 && (i == n || open[depth - 1].last < entries[i].key)) {
            nlt_u128 next = open[--depth].last + 1;
            if (next != all.end) {
                flat_put(out, next, depth > 0 ? open[depth - 1].value : 0);
            }
        }
        if (i < n) {
            depth -= i > 0 && is_same_net(&entries[i - 1], &entries[i]); /* the last one counts */
            open[depth].last = entries[i].key | ~nlt__ip_mask(entries[i].bits);
            open[depth++].value = entries[i].value;
            flat_put(out, entries[i].key, entries[i].value);
        }
    }
}

/* Where the ranges of each first 16 bits begin. */
static void fill_roots(const flat *ranges, int shift, uint32_t *roots)
{
    size_t at = 0;
    for (uint32_t h = 0; h < ROOTS; h++) {
        while (at < ranges->n && (uint32_t)(ranges->firsts[at] >> shift & (ROOTS - 1)) < h) {
            at++;
        }
        roots[h] = (uint32_t)at;
    }
    roots[ROOTS] = (uint32_t)ranges->n;
}

static bool keep_ranges(nlt_ip_map *map, int family, flat *ranges)
{
    map->n_ranges[family] = ranges->n;
    if (family == 0) {
        map->firsts6 = ranges->firsts; /* taken */
        map->values6 = ranges->values;
        *ranges = (flat){NULL, NULL, 0};
        return true;
    }
    map->ranges4 = nlt_alloc(ranges->n * sizeof *map->ranges4);
    for (size_t i = 0; map->ranges4 != NULL && i < ranges->n; i++) {
        map->ranges4[i] = (range4){(uint32_t)ranges->firsts[i], ranges->values[i]};
    }
    return map->ranges4 != NULL;
}

static bool seal_family(nlt_ip_map *map, int family)
{
    size_t n = map->n_entries[family];
    size_t cap = 2 * n + 1; /* every network begins and ends */
    flat ranges = {nlt_alloc_zero(cap, sizeof(nlt_u128)), nlt_alloc_zero(cap, sizeof(uint32_t)), 0};
    map->roots[family] = nlt_alloc((ROOTS + 1) * sizeof(uint32_t));
    bool is_ok = ranges.firsts != NULL && ranges.values != NULL && map->roots[family] != NULL;
    if (is_ok) {
        if (n > 0) {
            qsort(map->entries[family], n, sizeof(entry), compare_entries);
        }
        flatten(map->entries[family], n, spaces[family], &ranges);
        fill_roots(&ranges, family == 1 ? NLT_IP_V4_BITS - ROOT_BITS : NLT_IP_BITS - ROOT_BITS,
            map->roots[family]);
        is_ok = keep_ranges(map, family, &ranges);
    }
    nlt_free(ranges.firsts);
    nlt_free(ranges.values);
    nlt_free(map->entries[family]);
    map->entries[family] = NULL;
    return is_ok;
}

nlt_status nlt__ip_map_seal(nlt_ip_map *map, nlt_error *err)
{
    return seal_family(map, 0) && seal_family(map, 1)
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %zu networks",
            map->n_entries[0] + map->n_entries[1]);
}

/* ---- lookups ---- */

uint32_t nlt__ip_map_find4(const nlt_ip_map *map, uint32_t address)
{
    const uint32_t *root = map->roots[1] + (address >> ROOT_BITS);
    const range4 *base = map->ranges4 + root[0];
    uint32_t n = root[1] - root[0];
    while (n > 0) { /* counts the ranges that begin at or before the address */
        uint32_t half = (n + 1) / 2;
        base += base[half - 1].first <= address ? half : 0;
        n -= half;
    }
    return base[-1].value;
}

static uint32_t find6(const nlt_ip_map *map, nlt_u128 key)
{
    const uint32_t *root = map->roots[0] + (uint32_t)(key >> (NLT_IP_BITS - ROOT_BITS));
    size_t from = root[0];
    size_t to = root[1];
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (map->firsts6[middle] <= key) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return map->values6[from - 1];
}

uint32_t nlt__ip_map_find(const nlt_ip_map *map, const nlt_ip *ip)
{
    nlt_u128 key = nlt__ip_key(ip);
    return nlt__ip_key_is_v4(key) ? nlt__ip_map_find4(map, (uint32_t)key) : find6(map, key);
}

size_t nlt__ip_map_bytes(const nlt_ip_map *map)
{
    return sizeof *map + 2 * (ROOTS + 1) * sizeof(uint32_t) + map->n_ranges[1] * sizeof(range4)
        + map->n_ranges[0] * (sizeof(nlt_u128) + sizeof(uint32_t));
}
