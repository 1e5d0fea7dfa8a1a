/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_IP_H
#define NLT_CORE_IP_H

/* IP addresses as text and as bytes. */

#include "core/simd.h"
#include "netlytics/base.h"

typedef struct nlt_ip {
    uint8_t bytes[16]; /* network order; IPv4: the first 4, the rest zero */
    uint8_t family;    /* 4 or 6 */
} nlt_ip;

enum { NLT_IP_TEXT_MAX = 46 };

/* Dotted decimal of four numbers without leading zeros, or RFC 4291 2.2 text (all forms, no zone, no
 * brackets). Reads no byte behind the text. */
NLT_API bool nlt__ip_parse(nlt_bytes text, nlt_ip *out);
/* As inet_ntop writes it (RFC 5952 but for "::ffff:1.2.3.4" and "::1.2.3.4"); no NUL; returns the
 * length, at most NLT_IP_TEXT_MAX. */
NLT_API size_t nlt__ip_format(const nlt_ip *ip, char *out);

/* Whether text is an address at all; "1.2.3.4" is decided in a few ns. */
static inline bool nlt__ip_is_text(nlt_bytes text)
{
    nlt_ip ip;
    return nlt__is_v4_text(text.ptr, text.len) || nlt__ip_parse(text, &ip);
}

#endif
