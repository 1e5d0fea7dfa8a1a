/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Autonomous systems from a MaxMind DB file (MaxMind DB format 2.0), by libmaxminddb.
 *
 * The search tree is walked once, so that lookups are those of every other view. In a tree of IPv6
 * addresses, those of IPv4 are the subtree below 96 zero bits, to which ::ffff:0:0/96, 2002::/16 and
 * others are aliases: it is entered in the first place only. */

#include <maxminddb.h>
#include <string.h>

#include "core/alloc.h"
#include "io/asn_build.h"

enum { STACK_MAX = NLT_IP_BITS + 2 };

typedef struct place {
    nlt_u128 path; /* bits from the top */
    uint32_t node;
    uint8_t depth;
} place;

typedef struct walk {
    nlt_asn_view *view;
    MMDB_s *db;
    uint32_t v4_node; /* not entered when walking IPv6; node_count: there is none */
    bool is_v4;
    int64_t n_left; /* nodes that may still be visited: damaged trees may have loops */
    place stack[STACK_MAX];
    int n_stack;

    /* The last record: neighbours share theirs. */
    uint32_t last_offset, last_system;
    bool has_last, is_last_good;
} walk;

/* What vendors call a system's number and name. */
static const char *const number_names[] = {"autonomous_system_number", "asn", "as_number"};
static const char *const name_names[] = {
    "autonomous_system_organization", "as_name", "name", "organization", "org"};

static bool get(MMDB_entry_s *entry, const char *const *names, size_t n, MMDB_entry_data_s *out)
{
    for (size_t i = 0; i < n; i++) {
        const char *path[] = {names[i], NULL};
        if (MMDB_aget_value(entry, out, path) == MMDB_SUCCESS && out->has_data) {
            return true;
        }
    }
    return false;
}

static bool number_of(const MMDB_entry_data_s *data, uint32_t *out)
{
    if (data->type == MMDB_DATA_TYPE_UTF8_STRING) {
        return nlt__asn_parse((nlt_bytes){data->utf8_string, data->data_size}, out);
    }
    uint64_t number = data->type == MMDB_DATA_TYPE_UINT16 ? data->uint16
        : data->type == MMDB_DATA_TYPE_UINT32             ? data->uint32
        : data->type == MMDB_DATA_TYPE_UINT64             ? data->uint64
                                                          : UINT64_MAX;
    *out = (uint32_t)number;
    return number <= UINT32_MAX;
}

static nlt_status read_record(walk *w, MMDB_entry_s *entry, nlt_error *err)
{
    if (w->has_last && w->last_offset == entry->offset) {
        return NLT_OK;
    }
    MMDB_entry_data_s data;
    uint32_t number = 0;
    w->has_last = true;
    w->last_offset = entry->offset;
    w->is_last_good = get(entry, number_names, sizeof number_names / sizeof *number_names, &data)
        && number_of(&data, &number);
    if (!w->is_last_good) {
        return NLT_OK;
    }
    NLT_TRY(nlt__asn_system(w->view, number, &w->last_system, err));
    bool has_name = get(entry, name_names, sizeof name_names / sizeof *name_names, &data)
        && data.type == MMDB_DATA_TYPE_UTF8_STRING;
    return has_name ? nlt__asn_set_name(
               w->view, w->last_system, (nlt_bytes){data.utf8_string, data.data_size}, err)
                    : NLT_OK;
}

/* One side of a node. */
static nlt_status take_side(walk *w, const place *at, bool is_right, uint64_t record, uint8_t type,
    MMDB_entry_s *entry, nlt_error *err)
{
    place side = {at->path, (uint32_t)record, (uint8_t)(at->depth + 1)};
    int bits = side.depth + (w->is_v4 ? NLT_IP_MAPPED_BITS : 0);
    side.path |= (nlt_u128)is_right << (NLT_IP_BITS - bits);
    if (type == MMDB_RECORD_TYPE_SEARCH_NODE && bits < NLT_IP_BITS) {
        if (record != w->v4_node || w->is_v4) {
            w->stack[w->n_stack++] = side;
        }
        return NLT_OK;
    }
    if (type != MMDB_RECORD_TYPE_DATA) {
        w->view->n_bad += type != MMDB_RECORD_TYPE_EMPTY;
        return NLT_OK;
    }
    NLT_TRY(read_record(w, entry, err));
    if (!w->is_last_good) {
        w->view->n_bad++;
        return NLT_OK;
    }
    nlt_ip_net net = {side.path, (uint8_t)bits, w->is_v4};
    return nlt__asn_add(w->view, &net, w->last_system, err);
}

/* Depth first, left sides first, so neighbours come together. */
static nlt_status walk_tree(walk *w, place root, nlt_error *err)
{
    w->stack[w->n_stack++] = root;
    while (w->n_stack > 0) {
        place at = w->stack[--w->n_stack];
        MMDB_search_node_s node;
        if (w->n_left-- <= 0 || MMDB_read_node(w->db, at.node, &node) != MMDB_SUCCESS) {
            return nlt_fail(
                err, NLT_ERR_DAMAGED, "%s: its tree is damaged at node %u", w->view->path, at.node);
        }
        NLT_TRY(take_side(w, &at, true, node.right_record, node.right_record_type,
            &node.right_record_entry, err));
        NLT_TRY(take_side(
            w, &at, false, node.left_record, node.left_record_type, &node.left_record_entry, err));
    }
    return NLT_OK;
}

static nlt_status walk_families(walk *w, nlt_error *err)
{
    const place v4_root = {(nlt_u128)0xffff << NLT_IP_V4_BITS, 0, 0};
    const place root = {0, 0, 0};
    w->is_v4 = true;
    if (w->db->metadata.ip_version == 4) {
        return walk_tree(w, v4_root, err);
    }
    const MMDB_ipv4_start_node_s *start = &w->db->ipv4_start_node;
    w->v4_node = w->db->metadata.node_count;
    if (start->node_value < w->db->metadata.node_count && start->netmask == NLT_IP_MAPPED_BITS) {
        w->v4_node = start->node_value;
        NLT_TRY(walk_tree(w, (place){v4_root.path, start->node_value, 0}, err));
    }
    w->is_v4 = false;
    return walk_tree(w, root, err);
}

nlt_status nlt__asn_read_mmdb(nlt_asn_view *view, nlt_error *err)
{
    MMDB_s db;
    int code = MMDB_open(view->path, MMDB_MODE_MMAP, &db);
    if (code != MMDB_SUCCESS) {
        nlt_fail(err, NLT_ERR_FORMAT, "%s: %s", view->path, MMDB_strerror(code));
        nlt_error_hint(err, "it is no text: it should be an unpacked .mmdb file");
        return NLT_ERR_FORMAT;
    }
    walk *w = nlt_alloc_zero(1, sizeof *w);
    nlt_status status = NLT_OK;
    if (w == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", view->path);
    } else {
        *w = (walk){.view = view, .db = &db, .n_left = 4 * (int64_t)db.metadata.node_count + 4};
        status = walk_families(w, err);
    }
    nlt_free(w);
    MMDB_close(&db);
    if (status == NLT_OK && view->n_prefixes == 0) {
        nlt_fail(err, NLT_ERR_FORMAT, "%s: holds no numbers of autonomous systems", view->path);
        nlt_error_hint(err, "it should be an ASN database, not one of countries or cities");
        return NLT_ERR_FORMAT;
    }
    return status;
}
