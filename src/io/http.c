/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcurl turned into a stream that the caller pulls or pushes.
 *
 * Each nlt_http owns a multi handle with one transfer. A call runs the transfer just until it has
 * what the caller waits for: libcurl's callbacks take bytes while there is room and pause it
 * otherwise, so memory is bounded by one inbox. Waiting is done in short steps, in which `stop` is
 * looked at. */

#include "io/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/assert.h"

enum {
    POLL_MS = 100,
    CONNECT_MS = 10 * 1000,
    SILENT_SECONDS = 60, /* a transfer without a byte for so long is given up */
    READ_ALL_STEP = 64 << 10,
    RECEIVE_BYTES = 256 << 10,
    INBOX_BYTES = RECEIVE_BYTES /* takes all that a step receives: pausing makes libcurl copy it */
};

struct nlt_http {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    bool is_added; /* easy is in multi */
    bool is_done;  /* the transfer ended with `result` */
    CURLcode result;
    char why[CURL_ERROR_SIZE];
    const atomic_bool *stop;

    bool has_headers; /* of the final reply */
    bool has_body;
    char *location; /* owned */

    /* From the other side: first into the caller's buffer, then into the inbox. */
    uint8_t *inbox; /* INBOX_BYTES; owned */
    size_t inbox_pos, inbox_len;
    uint8_t *dest;
    size_t dest_cap, dest_len;
    bool is_paused;

    /* To the other side. */
    const uint8_t *outbox;
    size_t outbox_len;
    bool is_body_over;
    bool is_upload_paused;
};

/* ---- callbacks ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    nlt_http *http = ctx;
    size_t len = size * count;
    size_t direct = http->inbox_len > 0 ? 0 : http->dest_cap - http->dest_len;
    direct = direct < len ? direct : len;
    if (http->inbox_len + (len - direct) > INBOX_BYTES) {
        http->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    http->has_headers = true;
    if (direct > 0) {
        memcpy(http->dest + http->dest_len, bytes, direct);
        http->dest_len += direct;
    }
    memcpy(http->inbox + http->inbox_len, bytes + direct, len - direct);
    http->inbox_len += len - direct;
    return len;
}

/* An empty line ends the headers; those of interim replies (1xx, 401 before the tickets) are
 * followed by others. */
static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    nlt_http *http = ctx;
    size_t len = size * count;
    long code = 0;
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &code);
    bool is_end = len <= 2 && (len == 0 || bytes[0] == '\r' || bytes[0] == '\n');
    if (is_end && code >= 200 && code != 401) {
        http->has_headers = true;
    }
    return len;
}

static size_t on_upload(char *room, size_t size, size_t count, void *ctx)
{
    nlt_http *http = ctx;
    size_t cap = size * count;
    if (http->outbox_len == 0) {
        if (http->is_body_over) {
            return 0;
        }
        http->is_upload_paused = true;
        return CURL_READFUNC_PAUSE;
    }
    size_t n = http->outbox_len < cap ? http->outbox_len : cap;
    memcpy(room, http->outbox, n);
    http->outbox += n;
    http->outbox_len -= n;
    return n;
}

/* ---- running the transfer ---- */

static nlt_status fail_transfer(const nlt_http *http, CURLcode code, nlt_error *err)
{
    if (code == CURLE_OUT_OF_MEMORY) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    return nlt_fail(
        err, NLT_ERR_IO, "%s", http->why[0] != '\0' ? http->why : curl_easy_strerror(code));
}

static void resume(nlt_http *http)
{
    if (http->is_paused || http->is_upload_paused) {
        http->is_paused = false;
        http->is_upload_paused = false;
        (void)curl_easy_pause(http->easy, CURLPAUSE_CONT);
    }
}

/* One step: what can be done now, and a short wait if there was nothing. */
static nlt_status step(nlt_http *http, nlt_error *err)
{
    int running = 0;
    CURLMcode code = curl_multi_perform(http->multi, &running);
    for (CURLMsg *message = NULL; code == CURLM_OK;) {
        int left = 0;
        message = curl_multi_info_read(http->multi, &left);
        if (message == NULL) {
            break;
        }
        if (message->msg == CURLMSG_DONE) {
            http->is_done = true;
            http->result = message->data.result;
        }
    }
    if (code != CURLM_OK) {
        return nlt_fail(err, code == CURLM_OUT_OF_MEMORY ? NLT_ERR_NOMEM : NLT_ERR_IO, "%s",
            curl_multi_strerror(code));
    }
    return NLT_OK;
}

static nlt_status wait(nlt_http *http, nlt_error *err)
{
    if (http->stop != NULL && atomic_load_explicit(http->stop, memory_order_relaxed)) {
        return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
    }
    (void)curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
    return NLT_OK;
}

/* Steps until `is_reached` or the transfer is over. */
static nlt_status run_until(nlt_http *http, bool (*is_reached)(const nlt_http *), nlt_error *err)
{
    for (;;) {
        resume(http);
        NLT_TRY(step(http, err));
        if (is_reached(http) || http->is_done) {
            return NLT_OK;
        }
        NLT_TRY(wait(http, err));
    }
}

static bool has_reply(const nlt_http *http)
{
    return http->has_headers;
}

static bool has_bytes(const nlt_http *http)
{
    return http->dest_len > 0;
}

static bool has_sent(const nlt_http *http)
{
    return http->outbox_len == 0 || http->has_headers; /* an early reply: the rest is not wanted */
}

/* ---- exchanges ---- */

static void drop(nlt_http *http)
{
    if (http->is_added) {
        (void)curl_multi_remove_handle(http->multi, http->easy);
    }
    nlt_free(http->location);
    http->location = NULL;
    http->is_added = false;
    http->is_done = false;
    http->has_headers = false;
    http->has_body = false;
    http->is_paused = http->is_upload_paused = false;
    http->is_body_over = false;
    http->inbox_pos = http->inbox_len = 0;
    http->dest_cap = http->dest_len = 0;
    http->outbox_len = 0;
    http->why[0] = '\0';
}

/* The file of the authorities that are trusted; NULL: libcurl's own. The variables are those of
 * OpenSSL and of the curl program. A libcurl that was built on another system than it runs on, as in
 * a wheel, looks for a file that is not there: then it is where this system has it. */
static const char *find_authorities(void)
{
    static const char *const variables[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE"};
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Red Hat */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/ca-bundle.pem", /* SUSE */
        "/etc/ssl/cert.pem",
    };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    const char *built_in = curl_version_info(CURLVERSION_NOW)->cainfo;
    if (built_in == NULL || access(built_in, R_OK) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (access(files[i], R_OK) == 0) {
            return files[i];
        }
    }
    return NULL;
}

static bool set_options(nlt_http *http, const nlt_http_request *request)
{
    static const char *const words[] = {[NLT_HTTP_GET] = "GET",
        [NLT_HTTP_PUT] = "PUT",
        [NLT_HTTP_POST] = "POST",
        [NLT_HTTP_DELETE] = "DELETE"};
    CURL *easy = http->easy;
    curl_easy_reset(easy);
    bool is_set = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK /* as Hadoop: none */
        && curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->why) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SILENT_SECONDS) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERDATA, http) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, words[request->method]) == CURLE_OK;
    if (is_set && request->has_body) {
        is_set = curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK
            && curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload) == CURLE_OK
            && curl_easy_setopt(easy, CURLOPT_READDATA, http) == CURLE_OK;
    }
    bool is_https = strncmp(request->url, "https:", strlen("https:")) == 0;
    const char *authorities = is_https ? find_authorities() : NULL;
    if (is_set && authorities != NULL) {
        is_set = curl_easy_setopt(easy, CURLOPT_CAINFO, authorities) == CURLE_OK;
    }
    if (is_set && request->is_negotiated) {
        is_set = curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_NEGOTIATE) == CURLE_OK
            && curl_easy_setopt(easy, CURLOPT_USERPWD, ":") == CURLE_OK;
    }
    return is_set;
}

static nlt_status take_reply(nlt_http *http, nlt_http_reply *reply, nlt_error *err)
{
    if (http->is_done && http->result != CURLE_OK) {
        return fail_transfer(http, http->result, err);
    }
    long code = 0;
    curl_off_t length = -1;
    char *location = NULL;
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &code);
    (void)curl_easy_getinfo(http->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    (void)curl_easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &location);
    if (location != NULL) {
        nlt_free(http->location);
        http->location = nlt_strdup(location);
        if (http->location == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
    }
    *reply = (nlt_http_reply){(int)code, (int64_t)length, http->location};
    return NLT_OK;
}

nlt_status nlt__http_start(
    nlt_http *http, const nlt_http_request *request, nlt_http_reply *reply, nlt_error *err)
{
    *reply = (nlt_http_reply){0, -1, NULL};
    drop(http);
    http->stop = request->stop;
    if (!set_options(http, request) || curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
        return nlt_fail(err, NLT_ERR_IO, "%.*s: the request cannot be made",
            (int)strcspn(request->url, "?"), request->url); /* what follows may be a token */
    }
    http->is_added = true;
    http->has_body = request->has_body;
    if (request->has_body) {
        return NLT_OK;
    }
    NLT_TRY(run_until(http, has_reply, err));
    return take_reply(http, reply, err);
}

nlt_status nlt__http_write(nlt_http *http, const void *bytes, size_t len, nlt_error *err)
{
    NLT_ASSERT(http->has_body && !http->is_body_over);
    http->outbox = bytes;
    http->outbox_len = len;
    NLT_TRY(run_until(http, has_sent, err));
    if (http->is_done && http->result != CURLE_OK) {
        return fail_transfer(http, http->result, err);
    }
    return NLT_OK;
}

bool nlt__http_has_reply(const nlt_http *http)
{
    return http->has_headers;
}

nlt_status nlt__http_answer(nlt_http *http, nlt_http_reply *reply, nlt_error *err)
{
    *reply = (nlt_http_reply){0, -1, NULL};
    http->is_body_over = true;
    http->outbox_len = 0;
    NLT_TRY(run_until(http, has_reply, err));
    return take_reply(http, reply, err);
}

static size_t take_inbox(nlt_http *http, void *buf, size_t cap)
{
    size_t left = http->inbox_len - http->inbox_pos;
    size_t n = left < cap ? left : cap;
    memcpy(buf, http->inbox + http->inbox_pos, n);
    http->inbox_pos += n;
    if (http->inbox_pos == http->inbox_len) {
        http->inbox_pos = http->inbox_len = 0;
    }
    return n;
}

nlt_status nlt__http_read(nlt_http *http, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    *n = take_inbox(http, buf, cap);
    if (*n > 0 || cap == 0) {
        return NLT_OK;
    }
    if (!http->is_done) {
        http->dest = buf;
        http->dest_cap = cap;
        http->dest_len = 0;
        nlt_status status = run_until(http, has_bytes, err);
        *n = http->dest_len;
        http->dest_cap = http->dest_len = 0;
        NLT_TRY(status);
    }
    if (*n == 0 && http->is_done && http->result != CURLE_OK) {
        return fail_transfer(http, http->result, err);
    }
    return NLT_OK;
}

nlt_status nlt__http_read_all(nlt_http *http, nlt_buf *out, nlt_error *err)
{
    for (size_t n = 1; n > 0;) {
        NLT_TRY(nlt__buf_reserve(out, READ_ALL_STEP, err));
        NLT_TRY(nlt__http_read(http, out->ptr + out->len, READ_ALL_STEP, &n, err));
        out->len += n;
    }
    return NLT_OK;
}

nlt_status nlt__http_open(nlt_http **out, nlt_error *err)
{
    *out = NULL;
    nlt_http *http = nlt_alloc_zero(1, sizeof *http);
    if (http == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    http->inbox = nlt_alloc(INBOX_BYTES);
    http->headers = curl_slist_append(NULL, "Expect:"); /* no round trip before a body */
    if (http->multi == NULL || http->easy == NULL || http->inbox == NULL || http->headers == NULL) {
        nlt__http_close(http);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *out = http;
    return NLT_OK;
}

void nlt__http_close(nlt_http *http)
{
    if (http == NULL) {
        return;
    }
    drop(http);
    curl_easy_cleanup(http->easy);
    (void)curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    nlt_free(http->inbox);
    nlt_free(http);
}
