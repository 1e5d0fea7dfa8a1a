/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_ASN_BUILD_H
#define NLT_IO_ASN_BUILD_H

/* The inside of a view of autonomous systems, for its readers. */

#include "core/arena.h"
#include "core/ip_map.h"
#include "core/utf8.h"
#include "io/asn_view.h"

typedef struct nlt_asn_system {
    uint32_t number;
    nlt_bytes name; /* arena; ptr NULL: none */
} nlt_asn_system;

struct nlt_asn_view {
    const char *path;        /* while it is read; borrowed */
    nlt_ip_map *map;         /* owned; values are positions in `systems` + 1 */
    nlt_asn_system *systems; /* owned */
    uint32_t *slots;         /* hash table of numbers: positions + 1, 0 = free; owned */
    size_t n_slots;          /* a power of two, at least twice n_systems */
    uint32_t n_systems;
    int64_t n_names, n_prefixes, n_bad;
    nlt_arena arena; /* names */
};

/* Position of a system, which is added if it is new. */
nlt_status nlt__asn_system(
    nlt_asn_view *view, uint32_t number, uint32_t *out, nlt_error *err) NLT_MUST_CHECK;
/* Names it unless it has a name; copies. */
nlt_status nlt__asn_set_name(
    nlt_asn_view *view, uint32_t system, nlt_bytes name, nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__asn_add(
    nlt_asn_view *view, const nlt_ip_net *net, uint32_t system, nlt_error *err) NLT_MUST_CHECK;
/* "15169" or "AS15169" */
bool nlt__asn_parse(nlt_bytes text, uint32_t *out);

/* asn_mmdb.c */
nlt_status nlt__asn_read_mmdb(nlt_asn_view *view, nlt_error *err) NLT_MUST_CHECK;

#endif
