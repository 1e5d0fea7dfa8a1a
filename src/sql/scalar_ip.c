/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and networks in SQL.
 *
 * An address is 128 bits: IPv4 lies at ::ffff:0:0/96 (RFC 4291 2.5.5.2), so that a v4-mapped address
 * counts as the IPv4 address that it is. Texts that are no address give NULL. */

#include "core/ip.h"
#include "core/num.h"
#include "sql/scalar.h"

enum { V4_BITS = 32, ALL_BITS = 128, MAPPED_BITS = ALL_BITS - V4_BITS };

static const nlt_u128 mapped_prefix = (nlt_u128)0xffff << V4_BITS;

/* An address in the 128-bit space. */
typedef struct address {
    nlt_u128 bits;
    bool is_v4;
} address;

static bool read_address(nlt_bytes text, address *out)
{
    nlt_ip ip;
    if (!nlt__ip_parse(text, &ip)) {
        return false;
    }
    int n = ip.family == 4 ? 4 : 16;
    out->bits = 0;
    for (int i = 0; i < n; i++) {
        out->bits = out->bits << 8 | ip.bytes[i];
    }
    if (ip.family == 4) {
        out->bits |= mapped_prefix;
    }
    out->is_v4 = out->bits >> V4_BITS == mapped_prefix >> V4_BITS;
    return true;
}

static nlt_u128 mask_of(int bits)
{
    return bits == 0 ? 0 : ~(nlt_u128)0 << (ALL_BITS - bits);
}

/* ---- ip_in ---- */

typedef struct network {
    nlt_u128 bits, mask;
    bool is_v4;
} network;

/* "ADDRESS/BITS" or "ADDRESS"; bits behind the prefix do not matter. */
static bool read_network(nlt_bytes text, network *out)
{
    const char *slash = memchr(text.ptr, '/', text.len);
    nlt_bytes host = {text.ptr, slash == NULL ? text.len : (size_t)(slash - text.ptr)};
    address at;
    if (!read_address(host, &at)) {
        return false;
    }
    bool is_v4_text = memchr(host.ptr, ':', host.len) == NULL;
    int64_t bits = is_v4_text ? V4_BITS : ALL_BITS;
    if (slash != NULL) {
        nlt_bytes number = {slash + 1, text.len - host.len - 1};
        int64_t given = 0;
        if (!nlt__parse_i64(number, &given) || given < 0 || given > bits) {
            return false;
        }
        bits = given;
    }
    bits += is_v4_text ? MAPPED_BITS : 0;
    out->mask = mask_of((int)bits);
    out->bits = at.bits & out->mask;
    out->is_v4 = at.is_v4 && bits >= MAPPED_BITS;
    return true;
}

/* The network of the last row: mostly the same text for all rows. */
typedef struct network_memo {
    bool is_set, is_good;
    nlt_bytes text;
    network net;
} network_memo;

static nlt_status ip_in(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    (void)err;
    network_memo *memo = call->memo;
    nlt_bytes text = nlt__arg_text(call, 1, row);
    if (!memo->is_set || !nlt__bytes_equal(memo->text, text)) {
        *memo = (network_memo){.is_set = true, .text = text};
        memo->is_good = read_network(text, &memo->net);
    }
    address at;
    if (memo->is_good && read_address(nlt__arg_text(call, 0, row), &at)) {
        nlt__put_bool(call, row, at.is_v4 == memo->net.is_v4
            && (at.bits & memo->net.mask) == memo->net.bits);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_ip_in = {
    .name = "ip_in", .usage = "ip_in(ip, cidr)",
    .summary = "whether an address lies in a network: '10.0.0.0/8', '2001:db8::/32' or one address; "
               "NULL if either is none. An IPv4 address is in no IPv6 network, a v4-mapped one "
               "(::ffff:1.2.3.4) counts as IPv4",
    .n_args = 2, .args = {NLT_ARG_STRING, NLT_ARG_STRING},
    .result = {NLT_TYPE_BOOL, NLT_TYPE_BOOL, 0},
    .memo_bytes = sizeof(network_memo), .row = ip_in,
};

/* ---- ip_prefix ---- */

static nlt_status ip_prefix(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    address at;
    if (!read_address(nlt__arg_text(call, 0, row), &at)) {
        return NLT_OK;
    }
    int64_t n = nlt__arg_i64(call, call->n_args == 3 && !at.is_v4 ? 2 : 1, row);
    if (n < 0 || n > (at.is_v4 ? V4_BITS : ALL_BITS)) {
        return NLT_OK;
    }
    nlt_u128 bits = at.bits & mask_of((int)n + (at.is_v4 ? MAPPED_BITS : 0));
    nlt_ip ip = {{0}, at.is_v4 ? 4 : 6};
    for (int i = 0; i < (at.is_v4 ? 4 : 16); i++) {
        ip.bytes[i] = (uint8_t)(bits >> ((at.is_v4 ? 24 : 120) - 8 * i));
    }
    char text[NLT_IP_TEXT_MAX + 1 + NLT_NUM_TEXT_MAX];
    size_t len = nlt__ip_format(&ip, text);
    text[len++] = '/';
    len += nlt__format_i64(n, text + len);
    return nlt__put_copy(call, row, (nlt_bytes){text, len}, err);
}

const nlt_scalar nlt_scalar_ip_prefix = {
    .name = "ip_prefix", .usage = "ip_prefix(ip, n [, n6])",
    .summary = "the network of an address, of the first n bits (IPv6: of n6, where given): "
               "ip_prefix('10.1.2.3', 8) = '10.0.0.0/8'; NULL if it is no address or has fewer bits. "
               "A v4-mapped address counts as IPv4",
    .n_args = 3, .n_optional = 1, .args = {NLT_ARG_STRING, NLT_ARG_INT64, NLT_ARG_INT64},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0}, .row = ip_prefix,
};
