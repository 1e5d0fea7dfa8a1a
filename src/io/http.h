/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_HTTP_H
#define NLT_IO_HTTP_H

/* HTTP as a stream that is pulled or pushed, one exchange at a time: what WebHDFS needs of libcurl.
 *
 * Redirects are not followed but told, since the caller has to know where they lead. Nothing is
 * retried here. Used by one thread at a time. */

#include <stdatomic.h>

#include "core/buf.h"

typedef struct nlt_http nlt_http;

typedef enum nlt_http_method {
    NLT_HTTP_GET,
    NLT_HTTP_PUT,
    NLT_HTTP_POST,
    NLT_HTTP_DELETE
} nlt_http_method;

typedef struct nlt_http_request {
    nlt_http_method method;
    const char *url;         /* http: or https: */
    bool has_body;           /* bytes follow by nlt__http_write, chunked */
    bool is_negotiated;      /* answer a Kerberos challenge (SPNEGO) with the user's tickets */
    const atomic_bool *stop; /* true: give up (NLT_ERR_CANCELLED); NULL: never. Borrowed */
} nlt_http_request;

typedef struct nlt_http_reply {
    int code;             /* 200, 307, ... */
    int64_t length;       /* of the body in bytes; -1: not told */
    const char *location; /* of a redirect; NULL: none. Borrowed until the next start */
} nlt_http_reply;

NLT_API nlt_status nlt__http_open(nlt_http **out, nlt_error *err) NLT_MUST_CHECK;
/* Ends what is under way. NULL is fine. */
NLT_API void nlt__http_close(nlt_http *http);

/* Starts an exchange; what was under way is dropped. Without a body of ours, returns when the
 * reply's headers are there. With one, returns at once (*reply is zero): write, then
 * nlt__http_answer. NLT_ERR_IO: no connection, or it broke; NLT_ERR_CANCELLED; NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__http_start(nlt_http *http, const nlt_http_request *request,
    nlt_http_reply *reply, nlt_error *err) NLT_MUST_CHECK;
NLT_API nlt_status nlt__http_write(
    nlt_http *http, const void *bytes, size_t len, nlt_error *err) NLT_MUST_CHECK;
/* True if the reply is there already, though the body of ours is not over: mostly a failure. */
NLT_API bool nlt__http_has_reply(const nlt_http *http);
/* Ends the body of ours and waits for the reply's headers. */
NLT_API nlt_status nlt__http_answer(
    nlt_http *http, nlt_http_reply *reply, nlt_error *err) NLT_MUST_CHECK;
/* Next bytes of the reply's body; *n = 0 at its end. NLT_ERR_IO also for a body that is cut. */
NLT_API nlt_status nlt__http_read(
    nlt_http *http, void *buf, size_t cap, size_t *n, nlt_error *err) NLT_MUST_CHECK;
/* The whole rest of the body; NLT_ERR_LIMIT above the buffer's maximum. */
NLT_API nlt_status nlt__http_read_all(nlt_http *http, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
