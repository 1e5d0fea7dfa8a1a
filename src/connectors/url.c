/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs as proxies log them (RFC 3986, with everything that real logs have instead). Nothing is
 * decoded; the table of cases is that of the Squid format's description. */

#include "connectors/url.h"

#include <string.h>

#include "connectors/fields.h"
#include "core/num.h"

enum { PORT_MAX = 65535, CONNECT_PORT_DIGITS = 5 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of the scheme in "scheme://"; 0: the text does not begin so. */
static size_t scheme_len(nlt_bytes text)
{
    size_t i = 0;
    if (text.len == 0 || !is_letter(text.ptr[0])) {
        return 0;
    }
    while (i < text.len
        && (is_letter(text.ptr[i]) || is_digit(text.ptr[i]) || text.ptr[i] == '+'
            || text.ptr[i] == '-' || text.ptr[i] == '.' || text.ptr[i] == '_')) {
        i++;
    }
    return text.len - i >= 3 && memcmp(text.ptr + i, "://", 3) == 0 ? i : 0;
}

static int default_port(nlt_bytes scheme)
{
    static const struct {
        const char *scheme;
        size_t len;
        int port;
    } rows[] = {{"http", 4, 80}, {"https", 5, 443}, {"ftp", 3, 21}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        size_t i = 0;
        while (scheme.len == rows[r].len && i < scheme.len
            && (scheme.ptr[i] | 0x20) == rows[r].scheme[i]) {
            i++;
        }
        if (i == rows[r].len) {
            return rows[r].port;
        }
    }
    return -1;
}

/* A port number; -1: not one. */
static int parse_port(nlt_bytes text)
{
    uint64_t port = 0;
    return nlt__parse_u64(text, &port) && port <= PORT_MAX ? (int)port : -1;
}

static nlt_bytes between(const char *begin, const char *end)
{
    return (nlt_bytes){begin, (size_t)(end - begin)};
}

static nlt_bytes or_absent(nlt_bytes text)
{
    return text.len > 0 ? text : (nlt_bytes){NULL, 0};
}

/* What lies between "://" and the path. */
typedef struct authority {
    const char *begin, *end; /* without userinfo */
    const char *colon;       /* the last one; NULL: none */
    int n_colons;
} authority;

/* Reads up to 64 bytes behind the text. */
static inline authority find_authority(const char *p, const char *end)
{
    authority a = {p, end, NULL, 0};
    for (; p < end; p += 64) {
        uint64_t bits = nlt__authority_bits(p);
        bits &= end - p < 64 ? ~(~UINT64_C(0) << (end - p)) : ~UINT64_C(0);
        for (; bits != 0; bits &= bits - 1) {
            const char *at = p + __builtin_ctzll(bits);
            if (*at == ':') {
                a.colon = at;
                a.n_colons++;
            } else if (*at == '@') {
                a.begin = at + 1;
                a.colon = NULL;
                a.n_colons = 0;
            } else {
                a.end = at;
                return a;
            }
        }
    }
    return a;
}

/* Host and port of an authority. False: a bracket is not closed. */
static bool split_authority(const authority *a, int fallback_port, nlt_url *out)
{
    const char *host_end = a->end;
    const char *host = a->begin;
    if (host < a->end && *host == '[') {
        host_end = memchr(host, ']', (size_t)(a->end - host));
        if (host_end == NULL) {
            return false;
        }
        host++;
    } else if (a->n_colons == 1) { /* more of them: an address without brackets */
        host_end = a->colon;
    }
    const char *port = host_end + (host > a->begin);
    out->host = or_absent(between(host, host_end));
    if (a->end - port <= 1) {
        out->port = a->end > a->begin ? fallback_port : -1;
    } else {
        out->port = *port == ':' ? parse_port(between(port + 1, a->end)) : -1;
    }
    return true;
}

static bool split_absolute(nlt_bytes text, size_t scheme, nlt_url *out)
{
    const char *end = text.ptr + text.len;
    authority a = find_authority(text.ptr + scheme + 3, end);
    out->path = or_absent(between(a.end, end));
    return split_authority(&a, default_port((nlt_bytes){text.ptr, scheme}), out);
}

/* `text:port` with one colon, no slash and 1-5 digits: where the colon is, else NULL. */
static const char *connect_colon(nlt_bytes text)
{
    const char *end = text.ptr + text.len;
    const char *p = end;
    while (p > text.ptr && end - p < CONNECT_PORT_DIGITS + 1 && is_digit(p[-1])) {
        p--;
    }
    size_t digits = (size_t)(end - p);
    if (digits < 1 || digits > CONNECT_PORT_DIGITS || p - text.ptr < 2 || p[-1] != ':') {
        return NULL;
    }
    return p - 1;
}

/* What most proxies are asked to connect to, `name:port` in up to 64 bytes. False: it may be another
 * target. */
static inline bool split_usual_target(nlt_bytes text, nlt_url *out)
{
    uint64_t bits = nlt__byte_bits(text.ptr, ':') | nlt__byte_bits(text.ptr, '/');
    bits &= text.len < 64 ? ~(~UINT64_C(0) << text.len) : ~UINT64_C(0);
    size_t host = bits != 0 ? (size_t)__builtin_ctzll(bits) : 0;
    size_t digits = text.len - host - 1;
    uint64_t port = 0;
    if (text.len > 64 || host == 0 || (bits & (bits - 1)) != 0 || text.ptr[host] != ':'
        || text.ptr[0] == '[' || digits - 1 >= CONNECT_PORT_DIGITS
        || !nlt__digits8(text.ptr + host + 1, digits, &port)) {
        return false;
    }
    out->host = (nlt_bytes){text.ptr, host};
    out->port = port <= PORT_MAX ? (int)port : -1;
    return true;
}

static bool is_plain_target(nlt_bytes host)
{
    return memchr(host.ptr, ':', host.len) == NULL && memchr(host.ptr, '/', host.len) == NULL;
}

/* `[v6]:port` or `text:port`. False: it is neither. */
static bool split_target(nlt_bytes text, nlt_url *out)
{
    const char *colon = connect_colon(text);
    if (colon == NULL) {
        return false;
    }
    nlt_bytes host = between(text.ptr, colon);
    bool is_v6 = host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (!is_v6 && (host.ptr[0] == '[' || !is_plain_target(host))) {
        return false;
    }
    out->host = or_absent(is_v6 ? between(host.ptr + 1, colon - 1) : host);
    out->port = parse_port(between(colon + 1, text.ptr + text.len));
    return true;
}

bool nlt__url_split(nlt_bytes text, nlt_url *out)
{
    *out = (nlt_url){{NULL, 0}, {NULL, 0}, -1};
    if (text.len == 0 || nlt__is_dash(text)) {
        return true;
    }
    if (text.len > 7 && memcmp(text.ptr, "http://", 7) == 0) { /* never a target */
        return split_absolute(text, 4, out);
    }
    if (split_usual_target(text, out)) {
        return true;
    }
    if (text.ptr[0] == '[' && memchr(text.ptr, ']', text.len) == NULL) {
        return false;
    }
    if (split_target(text, out)) {
        return true;
    }
    size_t scheme = scheme_len(text);
    if (scheme > 0) {
        return split_absolute(text, scheme, out);
    }
    out->path = text;
    return true;
}
