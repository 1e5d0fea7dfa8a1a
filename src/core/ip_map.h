/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_IP_MAP_H
#define NLT_CORE_IP_MAP_H

/* Networks, and the longest prefix that holds an address.
 *
 * A key is an address in 128 bits: IPv4 lies at ::ffff:0:0/96 (RFC 4291 2.5.5.2), so a v4-mapped
 * address is the IPv4 address that it stands for. */

#include "core/ip.h"
#include "core/num.h"

enum { NLT_IP_BITS = 128, NLT_IP_V4_BITS = 32, NLT_IP_MAPPED_BITS = NLT_IP_BITS - NLT_IP_V4_BITS };

NLT_API nlt_u128 nlt__ip_key(const nlt_ip *ip);
NLT_API nlt_ip nlt__ip_from_key(nlt_u128 key);

/* Whether a key is an IPv4 address. */
static inline bool nlt__ip_key_is_v4(nlt_u128 key)
{
    return key >> NLT_IP_V4_BITS == 0xffff;
}

/* The first `bits` (0..128) bits set. */
static inline nlt_u128 nlt__ip_mask(int bits)
{
    return bits == 0 ? 0 : ~(nlt_u128)0 << (NLT_IP_BITS - bits);
}

/* A network of the 128-bit space: an IPv4 one has `bits` >= 96. */
typedef struct nlt_ip_net {
    nlt_u128 key; /* zeros behind the prefix */
    uint8_t bits; /* 0..128 */
    bool is_v4;
} nlt_ip_net;

/* "ADDRESS/BITS", or an address, which is a network of one; bits behind the prefix are cleared. */
NLT_API bool nlt__ip_net_parse(nlt_bytes text, nlt_ip_net *out);
/* No address of one family lies in a network of the other, even in ::/0. */
static inline bool nlt__ip_net_has(const nlt_ip_net *net, nlt_u128 key)
{
    return net->is_v4 == nlt__ip_key_is_v4(key) && (key & nlt__ip_mask(net->bits)) == net->key;
}

/* Networks with a number each. Built by one thread, then read by any. */
typedef struct nlt_ip_map nlt_ip_map;

enum { NLT_IP_MAP_MAX = 1 << 23 }; /* networks */

/* Owned: nlt__ip_map_free. */
NLT_API nlt_status nlt__ip_map_new(nlt_ip_map **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__ip_map_free(nlt_ip_map *map);
/* Of equal networks the last counts. `value` > 0. NLT_ERR_LIMIT, NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__ip_map_add(
    nlt_ip_map *map, const nlt_ip_net *net, uint32_t value, nlt_error *err) NLT_MUST_CHECK;
/* Ends the building: nothing is added any more. O(n log n). */
NLT_API nlt_status nlt__ip_map_seal(nlt_ip_map *map, nlt_error *err) NLT_MUST_CHECK;
/* The value of the longest prefix that holds the address; 0: there is none. Sealed maps only. */
NLT_API uint32_t nlt__ip_map_find(const nlt_ip_map *map, const nlt_ip *ip);
/* The same of an IPv4 address in host order. */
NLT_API uint32_t nlt__ip_map_find4(const nlt_ip_map *map, uint32_t address);
/* Bytes of a sealed map. */
NLT_API size_t nlt__ip_map_bytes(const nlt_ip_map *map);

#endif
