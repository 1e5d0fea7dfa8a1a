/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and networks in SQL. A v4-mapped address counts as the IPv4 address that it is; texts that
 * are no address give NULL. */

#include "core/ip_map.h"
#include "io/asn_view.h"
#include "sql/scalar.h"

static bool read_address(nlt_scalar_call *call, int64_t row, nlt_ip *out)
{
    return nlt__ip_parse(nlt__arg_text(call, 0, row), out);
}

/* ---- ip_in ---- */

/* The network of the last row: mostly the same text for all rows. */
typedef struct network_memo {
    bool is_set, is_good;
    nlt_bytes text;
    nlt_ip_net net;
} network_memo;

static nlt_status ip_in(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    network_memo *memo = call->memo;
    nlt_bytes text = nlt__arg_text(call, 1, row);
    if (!memo->is_set || !nlt__bytes_equal(memo->text, text)) {
        *memo = (network_memo){.is_set = true, .text = text};
        memo->is_good = nlt__ip_net_parse(text, &memo->net);
    }
    nlt_ip ip;
    if (memo->is_good && read_address(call, row, &ip)) {
        nlt__put_bool(call, row, nlt__ip_net_has(&memo->net, nlt__ip_key(&ip)));
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_ip_in = {
    .name = "ip_in",
    .usage = "ip_in(ip, cidr)",
    .summary =
        "whether an address lies in a network: '10.0.0.0/8', '2001:db8::/32' or one address; "
        "NULL if either is none. An IPv4 address is in no IPv6 network, a v4-mapped one "
        "(::ffff:1.2.3.4) counts as IPv4",
    .n_args = 2,
    .args = {NLT_ARG_STRING, NLT_ARG_STRING},
    .result = {NLT_TYPE_BOOL, NLT_TYPE_BOOL, 0},
    .memo_bytes = sizeof(network_memo),
    .row = ip_in,
};

/* ---- ip_prefix ---- */

static nlt_status ip_prefix(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    nlt_ip ip;
    if (!read_address(call, row, &ip)) {
        return NLT_OK;
    }
    nlt_u128 key = nlt__ip_key(&ip);
    bool is_v4 = nlt__ip_key_is_v4(key);
    int64_t n = nlt__arg_i64(call, call->n_args == 3 && !is_v4 ? 2 : 1, row);
    if (n < 0 || n > (is_v4 ? NLT_IP_V4_BITS : NLT_IP_BITS)) {
        return NLT_OK;
    }
    key &= nlt__ip_mask((int)n + (is_v4 ? NLT_IP_MAPPED_BITS : 0));
    char text[NLT_IP_TEXT_MAX + 1 + NLT_NUM_TEXT_MAX];
    ip = nlt__ip_from_key(key);
    size_t len = nlt__ip_format(&ip, text);
    text[len++] = '/';
    len += nlt__format_i64(n, text + len);
    return nlt__put_copy(call, row, (nlt_bytes){text, len}, err);
}

const nlt_scalar nlt_scalar_ip_prefix = {
    .name = "ip_prefix",
    .usage = "ip_prefix(ip, n [, n6])",
    .summary =
        "the network of an address, of the first n bits (IPv6: of n6, where given): "
        "ip_prefix('10.1.2.3', 8) = '10.0.0.0/8'; NULL if it is no address or has fewer bits. "
        "A v4-mapped address counts as IPv4",
    .n_args = 3,
    .n_optional = 1,
    .args = {NLT_ARG_STRING, NLT_ARG_INT64, NLT_ARG_INT64},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = ip_prefix,
};

/* ---- asn, as_name ---- */

static nlt_status need_view(const nlt_scalar_call *call, const char *name, nlt_error *err)
{
    if (call->env != NULL && call->env->asn != NULL) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_SQL, "%s: no view of autonomous systems was given", name);
    nlt_error_hint(err,
        "give one with --asn FILE: prefixes and numbers as pyasn writes them, or a "
        ".mmdb file");
    return NLT_ERR_SQL;
}

/* Calls `put` for the rows whose address lies in a known prefix. */
static nlt_status find_rows(
    nlt_scalar_call *call, void (*put)(nlt_scalar_call *call, int64_t row, uint32_t system))
{
    for (int64_t i = 0; i < call->n_rows; i++) {
        nlt_ip ip;
        uint32_t system = 0;
        if (nlt__arg_valid(call, 0, i) && read_address(call, i, &ip)
            && nlt__asn_find(call->env->asn, &ip, &system)) {
            put(call, i, system);
        }
    }
    return NLT_OK;
}

static void put_number(nlt_scalar_call *call, int64_t row, uint32_t system)
{
    nlt__put_i64(call, row, nlt__asn_number(call->env->asn, system));
}

static nlt_status asn(nlt_scalar_call *call, nlt_error *err)
{
    NLT_TRY(need_view(call, "asn", err));
    return find_rows(call, put_number);
}

const nlt_scalar nlt_scalar_asn = {
    .name = "asn",
    .usage = "asn(ip)",
    .summary =
        "number of the autonomous system that announces the longest prefix of an address; NULL "
        "if there is none or it is no address. Needs --asn FILE",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_INT64, NLT_TYPE_INT64, 0},
    .batch = asn,
};

static void put_name(nlt_scalar_call *call, int64_t row, uint32_t system)
{
    nlt_bytes name = nlt__asn_name(call->env->asn, system);
    if (name.ptr != NULL) {
        nlt__put_text(call, row, name);
    }
}

static nlt_status as_name(nlt_scalar_call *call, nlt_error *err)
{
    NLT_TRY(need_view(call, "as_name", err));
    if (!nlt__asn_has_names(call->env->asn)) {
        nlt_fail(err, NLT_ERR_SQL, "as_name: the view of autonomous systems has no names");
        nlt_error_hint(err,
            "give them with --asn_names FILE: JSON as pyasn writes it, or lines of "
            "number and name");
        return NLT_ERR_SQL;
    }
    return find_rows(call, put_name);
}

const nlt_scalar nlt_scalar_as_name = {
    .name = "as_name",
    .usage = "as_name(ip)",
    .summary =
        "name of the system whose number is asn(ip); NULL if it has none. Needs --asn FILE, and "
        "--asn_names FILE unless the first holds names",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .batch = as_name,
};
