/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_URL_H
#define NLT_CONNECTORS_URL_H

#include "netlytics/base.h"

/* Parts of a logged URL; borrowed from it. An absent text has ptr = NULL. */
typedef struct nlt_url {
    nlt_bytes host; /* without userinfo, port and brackets */
    nlt_bytes path; /* path, query and fragment as logged */
    int port;       /* -1: none, or not a port */
} nlt_url;

/* Splits what proxies log as URL: `scheme://...`, `/path`, `host:port`, anything else (a path).
 * False: a bracket is not closed. Up to 64 bytes behind the text may be read. */
NLT_API bool nlt__url_split(nlt_bytes text, nlt_url *out);

#endif
