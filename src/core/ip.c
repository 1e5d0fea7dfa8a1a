/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ip.h"

#include <string.h>

enum { GROUPS = 8, V4_GROUPS = 2 };

/* ---- text to address ---- */

/* Four numbers 0..255, without leading zeros, with points between. */
static bool parse_v4(const char *p, const char *end, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && (p == end || *p++ != '.')) {
            return false;
        }
        const char *begin = p;
        unsigned value = 0;
        while (p < end && (unsigned char)(*p - '0') <= 9 && p - begin < 3) {
            value = value * 10 + (unsigned)(*p++ - '0');
        }
        if (p == begin || value > 255 || (p - begin > 1 && *begin == '0')) {
            return false;
        }
        out[i] = (uint8_t)value;
    }
    return p == end;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Up to four hexadecimal digits; NULL: there are none. */
static const char *parse_group(const char *p, const char *end, unsigned *value)
{
    const char *begin = p;
    *value = 0;
    while (p < end && p - begin < 4 && hex_value(*p) >= 0) {
        *value = *value << 4 | (unsigned)hex_value(*p++);
    }
    return p == begin ? NULL : p;
}

/* Groups from the front; `gap` is where "::" stands, -1: nowhere. */
static bool parse_v6(const char *p, const char *end, uint8_t out[16])
{
    int n = 0;
    int gap = -1;
    if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
        gap = 0;
        p += 2;
    }
    while (p < end) {
        unsigned value = 0;
        const char *next = parse_group(p, end, &value);
        if (next == NULL || n == GROUPS) {
            return false;
        }
        if (next < end && *next == '.') { /* the last 32 bits as IPv4 */
            if (n > GROUPS - V4_GROUPS || !parse_v4(p, end, out + (ptrdiff_t)2 * n)) {
                return false;
            }
            n += V4_GROUPS;
            p = end;
            break;
        }
        out[2 * n] = (uint8_t)(value >> 8);
        out[2 * n + 1] = (uint8_t)value;
        n++;
        p = next;
        if (p == end) {
            break;
        }
        if (*p++ != ':' || p == end) {
            return false;
        }
        if (*p == ':') {
            if (gap >= 0) {
                return false;
            }
            gap = n;
            p++;
        }
    }
    if (gap < 0) {
        return n == GROUPS;
    }
    if (n == GROUPS) {
        return false;
    }
    size_t behind = (size_t)(n - gap) * 2;
    memmove(out + 16 - behind, out + (ptrdiff_t)2 * gap, behind);
    memset(out + (ptrdiff_t)2 * gap, 0, (size_t)(GROUPS - n) * 2);
    return true;
}

bool nlt__ip_parse(nlt_bytes text, nlt_ip *out)
{
    const char *end = text.ptr + text.len;
    if (text.len < 2 || text.len >= NLT_IP_TEXT_MAX) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->family = memchr(text.ptr, ':', text.len < 5 ? text.len : 5) == NULL ? 4 : 6;
    return out->family == 4 ? parse_v4(text.ptr, end, out->bytes)
                            : parse_v6(text.ptr, end, out->bytes);
}

/* ---- address to text ---- */

static char *format_byte(unsigned value, char *out)
{
    if (value >= 100) {
        *out++ = (char)('0' + value / 100);
    }
    if (value >= 10) {
        *out++ = (char)('0' + value / 10 % 10);
    }
    *out++ = (char)('0' + value % 10);
    return out;
}

static char *format_v4(const uint8_t bytes[4], char *out)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            *out++ = '.';
        }
        out = format_byte(bytes[i], out);
    }
    return out;
}

static char *format_group(unsigned value, char *out)
{
    static const char digits[] = "0123456789abcdef";
    int shift = value >= 0x1000 ? 12 : value >= 0x100 ? 8 : value >= 0x10 ? 4 : 0;
    for (; shift >= 0; shift -= 4) {
        *out++ = digits[value >> shift & 15];
    }
    return out;
}

static char *format_v6(const uint8_t bytes[16], char *out)
{
    unsigned groups[GROUPS];
    int best = -1; /* the longest run of zeros, the first of equals, at least two */
    int best_len = 1;
    for (int i = 0; i < GROUPS; i++) {
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    }
    for (int i = 0; i < GROUPS; i++) {
        int len = 0;
        while (i + len < GROUPS && groups[i + len] == 0) {
            len++;
        }
        if (len > best_len) {
            best = i;
            best_len = len;
        }
        i += len;
    }
    /* inet_ntop shows IPv4 in ::a.b.c.d and ::ffff:a.b.c.d */
    bool has_v4 = best == 0 && (best_len == 6 || (best_len == 5 && groups[5] == 0xffff));
    for (int i = 0; i < GROUPS; i++) {
        if (i == best) {
            *out++ = ':';
            i += best_len - 1;
            if (i == GROUPS - 1) {
                *out++ = ':';
            }
            continue;
        }
        if (i > 0) {
            *out++ = ':';
        }
        if (has_v4 && i == GROUPS - V4_GROUPS) {
            return format_v4(bytes + 12, out);
        }
        out = format_group(groups[i], out);
    }
    return out;
}

size_t nlt__ip_format(const nlt_ip *ip, char *out)
{
    char *end = ip->family == 4 ? format_v4(ip->bytes, out) : format_v6(ip->bytes, out);
    return (size_t)(end - out);
}
