/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_ASN_VIEW_H
#define NLT_IO_ASN_VIEW_H

/* Which autonomous system announces an address: a file of prefixes, read once.
 *
 * Text as pyasn writes it (packed or not): "PREFIX/LEN<TAB>ASN" per line, IPv4 and IPv6 mixed, `;` and
 * `#` begin comments; what follows the number is the system's name. Of equal prefixes the last
 * counts. Or an .mmdb file (MaxMind DB 2.0). Names may also come from a file of their own: JSON
 * {"ASN": "name"}, as pyasn has it, or lines of number and name. */

#include "core/ip.h"
#include "core/strings.h"

typedef struct nlt_asn_view nlt_asn_view;

/* `names`: NULL if there is no such file. `warnings` (may be NULL) are told of lines that could not
 * be used. Owned: nlt__asn_view_close. NLT_ERR_NOT_FOUND; NLT_ERR_IO; NLT_ERR_DAMAGED; NLT_ERR_FORMAT:
 * no line can be used, or no names; NLT_ERR_LIMIT; NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__asn_view_open(const char *path, const char *names, nlt_strings *warnings,
    nlt_asn_view **out, nlt_error *err) NLT_MUST_CHECK;
NLT_API void nlt__asn_view_close(nlt_asn_view *view);

/* An open view is only read: any number of threads. */

/* The system of the longest prefix that holds the address, for the functions below. False: none. */
NLT_API bool nlt__asn_find(const nlt_asn_view *view, const nlt_ip *ip, uint32_t *system);
NLT_API uint32_t nlt__asn_number(const nlt_asn_view *view, uint32_t system);
/* {NULL, 0}: it has no name. Clean UTF-8; borrowed from the view. */
NLT_API nlt_bytes nlt__asn_name(const nlt_asn_view *view, uint32_t system);
NLT_API bool nlt__asn_has_names(const nlt_asn_view *view);

NLT_API int64_t nlt__asn_prefix_count(const nlt_asn_view *view); /* with repeated ones */
NLT_API int64_t nlt__asn_bad_count(const nlt_asn_view *view);    /* lines or records not used */

#endif
