/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spark's parse_url.
 *
 * It is java.net.URI that takes the text apart: RFC 2396 with the addresses of RFC 2732, characters
 * beyond ASCII allowed where escapes are. What is no URI gives NULL. */

#include <string.h>

#include "core/ip.h"
#include "sql/scalar.h"

/* ptr NULL: not there. */
typedef struct uri {
    nlt_bytes scheme, authority, user, host, path, query, fragment;
} uri;

static const nlt_bytes none = {NULL, 0};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Only unreserved characters, escapes, what `more` lists, and text beyond ASCII without controls and
 * blanks. */
static bool is_made_of(nlt_bytes text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            if (i + 2 >= text.len || !is_hex(text.ptr[i + 1]) || !is_hex(text.ptr[i + 2])) {
                return false;
            }
            i += 2;
        } else if ((signed char)c < 0) {
            bool is_c1 = (unsigned char)c == 0xc2 && i + 1 < text.len
                && (unsigned char)text.ptr[i + 1] <= 0xa0;
            if (is_c1) {
                return false;
            }
        } else if (!is_alnum(c) && (c == '\0' || strchr("-_.!~*'()", c) == NULL)
            && (c == '\0' || strchr(more, c) == NULL)) {
            return false;
        }
    }
    return true;
}

/* Up to the first of `marks`; `rest` is what begins there. */
static nlt_bytes cut(nlt_bytes text, const char *marks, nlt_bytes *rest)
{
    size_t i = 0;
    while (i < text.len && strchr(marks, text.ptr[i]) == NULL) {
        i++;
    }
    *rest = (nlt_bytes){text.ptr + i, text.len - i};
    return (nlt_bytes){text.ptr, i};
}

/* Four numbers of 0 to 255. */
static bool is_v4(nlt_bytes host)
{
    int n_parts = 0;
    for (size_t i = 0; i < host.len;) {
        nlt_bytes rest;
        nlt_bytes part = cut((nlt_bytes){host.ptr + i, host.len - i}, ".", &rest);
        int value = 0;
        for (size_t j = 0; j < part.len && part.len <= 3; j++) {
            bool is_digit = part.ptr[j] >= '0' && part.ptr[j] <= '9';
            value = is_digit ? value * 10 + (part.ptr[j] - '0') : 256;
        }
        n_parts++;
        if (part.len == 0 || part.len > 3 || value > 255 || (n_parts == 4) != (rest.len == 0)) {
            return false;
        }
        i += part.len + 1;
    }
    return n_parts == 4;
}

static bool is_host_name(nlt_bytes host)
{
    nlt_bytes name = host;
    name.len -= name.len > 1 && name.ptr[name.len - 1] == '.';
    if (name.len == 0) {
        return false;
    }
    size_t begin = 0;
    for (size_t i = 0; i <= name.len; i++) {
        bool is_end = i == name.len || name.ptr[i] == '.';
        if (!is_end && !is_alnum(name.ptr[i]) && name.ptr[i] != '-') {
            return false;
        }
        if (is_end) {
            if (i == begin || name.ptr[begin] == '-' || name.ptr[i - 1] == '-') {
                return false;
            }
            bool is_last = i == name.len;
            if (is_last && begin > 0 && !is_alpha(name.ptr[begin])) {
                return false; /* RFC 2396 3.2.2: the top label begins with a letter */
            }
            begin = i + 1;
        }
    }
    return true;
}

static bool is_port(nlt_bytes text)
{
    const int64_t most = INT32_MAX;
    int64_t port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        port = port * 10 + (text.ptr[i] - '0');
        if (port > most) {
            return false;
        }
    }
    return true;
}

/* "[...]": false if it is no address of IPv6, with a zone or not. */
static bool is_bracketed(nlt_bytes host)
{
    if (host.len < 4 || host.ptr[host.len - 1] != ']') {
        return false;
    }
    nlt_bytes inner = {host.ptr + 1, host.len - 2};
    const char *zone = memchr(inner.ptr, '%', inner.len);
    if (zone != NULL) {
        size_t len = (size_t)(zone - inner.ptr);
        if (len + 1 == inner.len) {
            return false; /* its name is missing */
        }
        inner.len = len;
    }
    nlt_ip ip;
    return nlt__ip_parse(inner, &ip) && ip.family == 6;
}

/* user@host:port, or a name of a registry, which has neither. False: no URI. */
static bool read_authority(uri *out)
{
    nlt_bytes rest = out->authority;
    const char *at = memchr(rest.ptr, '@', rest.len);
    nlt_bytes user = none;
    if (at != NULL) {
        user = (nlt_bytes){rest.ptr, (size_t)(at - rest.ptr)};
        rest = (nlt_bytes){at + 1, rest.len - user.len - 1};
    }
    bool has_bracket = rest.len > 0 && rest.ptr[0] == '[';
    nlt_bytes port;
    nlt_bytes host;
    if (has_bracket) {
        host = cut(rest, "]", &port);
        host.len += port.len > 0;
        port = (nlt_bytes){rest.ptr + host.len, rest.len - host.len};
        if (!is_bracketed(host)) {
            return false;
        }
    } else {
        host = cut(rest, ":", &port);
    }
    bool is_server = (has_bracket || is_v4(host) || is_host_name(host))
        && (port.len == 0
            || (port.ptr[0] == ':' && is_port((nlt_bytes){port.ptr + 1, port.len - 1})))
        && (user.ptr == NULL || is_made_of(user, ";:&=+$,"));
    if (is_server) {
        out->host = host;
        out->user = user;
        return true;
    }
    return !has_bracket && is_made_of(out->authority, "$,;:@&=+");
}

static bool read_scheme(nlt_bytes *rest, uri *out)
{
    nlt_bytes behind;
    nlt_bytes head = cut(*rest, "/?#:", &behind);
    if (behind.len == 0 || behind.ptr[0] != ':') {
        return true;
    }
    if (head.len == 0 || !is_alpha(head.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < head.len; i++) {
        if (!is_alnum(head.ptr[i]) && strchr("+-.", head.ptr[i]) == NULL) {
            return false;
        }
    }
    out->scheme = head;
    *rest = (nlt_bytes){behind.ptr + 1, behind.len - 1};
    return rest->len > 0;
}

static bool read_uri(nlt_bytes text, uri *out)
{
    static const char in_query[] = ";/?:@&=+$,[]";
    *out = (uri){none, none, none, none, none, none, none};
    nlt_bytes rest = text;
    const char *hash = text.len == 0 ? NULL : memchr(text.ptr, '#', text.len);
    if (hash != NULL) {
        rest.len = (size_t)(hash - text.ptr);
        out->fragment = (nlt_bytes){hash + 1, text.len - rest.len - 1};
        if (!is_made_of(out->fragment, in_query)) {
            return false;
        }
    }
    if (!read_scheme(&rest, out)) {
        return false;
    }
    if (out->scheme.ptr != NULL && rest.ptr[0] != '/') {
        return is_made_of(rest, in_query); /* "mailto:..." has no parts */
    }
    if (rest.len >= 2 && rest.ptr[0] == '/' && rest.ptr[1] == '/') {
        nlt_bytes behind;
        rest = (nlt_bytes){rest.ptr + 2, rest.len - 2};
        out->authority = cut(rest, "/?", &behind);
        if (out->authority.len == 0) {
            out->authority = none;
            if (behind.len == 0 && out->fragment.ptr == NULL) {
                return false; /* an authority was promised */
            }
        } else if (!read_authority(out)) {
            return false;
        }
        rest = behind;
    }
    out->path = cut(rest, "?", &rest);
    if (rest.len > 0) {
        out->query = (nlt_bytes){rest.ptr + 1, rest.len - 1};
    }
    return is_made_of(out->path, ":@&=+$,;/")
        && (out->query.ptr == NULL || is_made_of(out->query, in_query));
}

static nlt_bytes join(nlt_bytes first, nlt_bytes last)
{
    return (nlt_bytes){first.ptr, (size_t)(last.ptr + last.len - first.ptr)};
}

static nlt_bytes part_of(const uri *u, nlt_bytes name)
{
    const struct {
        const char *name;
        nlt_bytes part;
    } parts[] = {{"HOST", u->host}, {"PATH", u->path}, {"QUERY", u->query}, {"REF", u->fragment},
        {"PROTOCOL", u->scheme}, {"AUTHORITY", u->authority}, {"USERINFO", u->user},
        {"FILE", u->query.ptr != NULL ? join(u->path, u->query) : u->path}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (nlt__bytes_equal(name, (nlt_bytes){parts[i].name, strlen(parts[i].name)})) {
            return parts[i].part;
        }
    }
    return none;
}

/* What follows "key=" at the beginning or behind '&'. */
static nlt_bytes value_of(nlt_bytes query, nlt_bytes key)
{
    for (size_t at = 0; at < query.len;) {
        nlt_bytes rest;
        nlt_bytes pair = cut((nlt_bytes){query.ptr + at, query.len - at}, "&", &rest);
        if (pair.len > key.len && pair.ptr[key.len] == '='
            && nlt__bytes_equal((nlt_bytes){pair.ptr, key.len}, key)) {
            return (nlt_bytes){pair.ptr + key.len + 1, pair.len - key.len - 1};
        }
        at += pair.len + 1;
    }
    return none;
}

/* Spark takes the key as a pattern: only those that stand for themselves are known here. */
static nlt_status check_key(nlt_bytes key, nlt_error *err)
{
    for (size_t i = 0; i < key.len; i++) {
        if (!is_alnum(key.ptr[i])
            && (key.ptr[i] == '\0' || strchr("_-=,;:@%~!/<> ", key.ptr[i]) == NULL)
            && (signed char)key.ptr[i] >= 0) {
            nlt_fail(err, NLT_ERR_SQL, "parse_url: the key \"%.*s\" would be a pattern",
                (int)(key.len < 100 ? key.len : 100), key.ptr);
            nlt_error_hint(err, "take regexp_extract(parse_url(url, 'QUERY'), ...) for that");
            return NLT_ERR_SQL;
        }
    }
    return NLT_OK;
}

static nlt_status parse_url(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    uri u;
    nlt_bytes name = nlt__arg_text(call, 1, row);
    nlt_bytes part = none;
    if (call->n_args == 3) {
        NLT_TRY(check_key(nlt__arg_text(call, 2, row), err));
        if (!nlt__bytes_equal(name, (nlt_bytes){"QUERY", 5})) {
            return NLT_OK;
        }
    }
    if (read_uri(nlt__arg_text(call, 0, row), &u)) {
        part = part_of(&u, name);
    }
    if (part.ptr != NULL && call->n_args == 3) {
        part = value_of(part, nlt__arg_text(call, 2, row));
    }
    if (part.ptr != NULL) {
        nlt__put_text(call, row, part);
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_parse_url = {
    .name = "nlt_parse_url",
    .usage = "nlt_parse_url(url, part [, key])",
    .is_spark = true,
    .summary =
        "parse_url: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of a URL, or "
        "the value of a key of its QUERY; NULL if it is not there or the text is no URI",
    .n_args = 3,
    .n_optional = 1,
    .args = {NLT_ARG_STRING, NLT_ARG_STRING, NLT_ARG_STRING},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = parse_url,
};
