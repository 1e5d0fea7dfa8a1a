/* SPDX-License-Identifier: GPL-3.0-or-later */
/* User, delegation token or tickets for WebHDFS.
 *
 * A token names the service that it is for: address or host of a NameNode with its port of WebHDFS
 * (kind "WEBHDFS delegation") or of HDFS itself ("HDFS_DELEGATION_TOKEN", which WebHDFS takes as
 * well), or "ha-SCHEME:NAME" for a name service. Source: SecurityUtil.buildTokenService,
 * HAUtilClient.buildTokenServiceForLogicalUri, JspHelper.getTokenUGI (Hadoop 3). A token for
 * another service is never sent. */

#define _GNU_SOURCE

#include "io/webhdfs_user.h"

#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/hadoop_token.h"

enum { TOKEN_FILE_MAX = 16 << 20, TOKEN_TEXT_MAX = 48 << 10, READ_STEP = 64 << 10 };

nlt_status nlt__put_escaped(nlt_buf *out, const char *text, const char *kept, nlt_error *err)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || strchr(kept, c) != NULL;
        NLT_TRY(nlt__buf_printf(out, err, is_plain ? "%c" : "%%%02X", c));
    }
    return NLT_OK;
}

/* ---- which token ---- */

/* How well a token fits, from 1 on; 0: it is for another service. */
typedef enum rank { NOT_OURS = 0, SAME_HOST, SAME_RPC, SAME_SERVICE } rank;

typedef struct search {
    const nlt_namenodes *nodes;
    nlt_bytes authority;
    rank best;
    nlt_buf text; /* of the best one so far */
} search;

static bool equals(nlt_bytes text, const char *other)
{
    return text.len == strlen(other) && strncasecmp(text.ptr, other, text.len) == 0;
}

/* "HOST:PORT" taken apart; no colon: no port. */
static void split_port(nlt_bytes place, nlt_bytes *host, nlt_bytes *port)
{
    size_t len = place.len;
    while (len > 0 && place.ptr[len - 1] != ':') {
        len--;
    }
    *host = len > 0 ? (nlt_bytes){place.ptr, len - 1} : place;
    *port = len > 0 ? (nlt_bytes){place.ptr + len, place.len - len} : (nlt_bytes){"", 0};
}

/* True if `host`, as a token has it, is `name`: by its letters, or one of its addresses. */
static bool is_host(nlt_bytes host, nlt_bytes name)
{
    char text[NLT_HADOOP_HOST_MAX];
    if (host.len == name.len && strncasecmp(host.ptr, name.ptr, host.len) == 0) {
        return true;
    }
    bool is_address = host.len > 0;
    for (size_t i = 0; i < host.len; i++) {
        is_address &= (host.ptr[i] >= '0' && host.ptr[i] <= '9') || host.ptr[i] == '.';
    }
    if (!is_address || name.len >= sizeof text) {
        return false;
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr);
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *all = NULL;
    bool is_found = false;
    if (getaddrinfo(text, NULL, &hints, &all) != 0) {
        return false;
    }
    for (const struct addrinfo *one = all; one != NULL && !is_found; one = one->ai_next) {
        char address[64];
        is_found = getnameinfo(one->ai_addr, one->ai_addrlen, address, sizeof address, NULL, 0,
                       NI_NUMERICHOST)
                == 0
            && equals(host, address);
    }
    freeaddrinfo(all);
    return is_found;
}

static bool is_logical(const search *s, nlt_bytes service)
{
    static const char *const schemes[] = {"ha-hdfs:", "ha-webhdfs:", "ha-swebhdfs:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (service.len == len + s->authority.len && strncmp(service.ptr, schemes[i], len) == 0
            && memcmp(service.ptr + len, s->authority.ptr, s->authority.len) == 0) {
            return true;
        }
    }
    return false;
}

static rank rank_of(const search *s, const nlt_hadoop_token *token)
{
    static const char rpc_default[] = "8020";
    bool is_hdfs = equals(token->kind, "HDFS_DELEGATION_TOKEN");
    nlt_bytes host, port, our_host, our_port;
    if (!is_hdfs && !equals(token->kind, "WEBHDFS delegation")
        && !equals(token->kind, "SWEBHDFS delegation")) {
        return NOT_OURS;
    }
    if (is_logical(s, token->service)) {
        return SAME_SERVICE;
    }
    rank best = NOT_OURS;
    split_port(token->service, &host, &port);
    for (int i = 0; i < s->nodes->n; i++) {
        split_port(
            (nlt_bytes){s->nodes->hosts[i], strlen(s->nodes->hosts[i])}, &our_host, &our_port);
        bool is_port = our_port.len == port.len && memcmp(our_port.ptr, port.ptr, port.len) == 0;
        if ((is_port || is_hdfs) && is_host(host, our_host)) {
            best = is_port && !is_hdfs ? SAME_SERVICE : best > SAME_HOST ? best : SAME_HOST;
        }
    }
    split_port(s->authority, &our_host, &our_port);
    if (our_port.len == 0) {
        our_port = (nlt_bytes){rpc_default, strlen(rpc_default)};
    }
    bool is_rpc = is_hdfs && best == SAME_HOST && our_port.len == port.len
        && memcmp(our_port.ptr, port.ptr, port.len) == 0;
    return is_rpc ? SAME_RPC : best;
}

static nlt_status keep_best(void *ctx, const nlt_hadoop_token *token, nlt_error *err)
{
    search *s = ctx;
    rank found = rank_of(s, token);
    if (found <= s->best) {
        return NLT_OK;
    }
    s->best = found;
    s->text.len = 0;
    return nlt__hadoop_token_text(token, &s->text, err);
}

/* ---- the file ---- */

static nlt_status read_file(const char *path, nlt_buf *out, nlt_error *err)
{
    FILE *file = fopen(path, "rbe");
    nlt_status status = file != NULL
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_ARG, "%s: cannot be read: %s", path, strerror(errno));
    for (size_t n = 1; status == NLT_OK && n > 0;) {
        status = nlt__buf_reserve(out, READ_STEP, err);
        if (status == NLT_OK) {
            n = fread(out->ptr + out->len, 1, READ_STEP, file);
            out->len += n;
        }
    }
    if (status == NLT_OK && ferror(file)) {
        status = nlt_fail(err, NLT_ERR_ARG, "%s: cannot be read", path);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return status;
}

/* The text of the token that fits best; empty: there is none. */
static nlt_status find_token(const char *path, search *s, nlt_error *err)
{
    nlt_buf file = NLT_BUF_INIT(TOKEN_FILE_MAX);
    nlt_error why = NLT_ERROR_INIT;
    nlt_status status = read_file(path, &file, err);
    if (status == NLT_OK) {
        status = nlt__hadoop_tokens_read((nlt_bytes){file.ptr, file.len}, keep_best, s, &why);
        if (status != NLT_OK && status != NLT_ERR_NOMEM) {
            status = nlt_fail(err, NLT_ERR_ARG, "%s: %s", path, why.message);
        }
    }
    if (status == NLT_ERR_ARG || status == NLT_ERR_LIMIT) {
        nlt_error_hint(err, "$HADOOP_TOKEN_FILE_LOCATION names this file");
        status = NLT_ERR_ARG;
    }
    nlt__buf_clear(&file);
    return status;
}

/* ---- together ---- */

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static nlt_status put_parameter(nlt_buf *out, const char *name, const char *value, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "&%s=", name));
    return nlt__put_escaped(out, value, "-._~", err);
}

static nlt_status put_user(nlt_buf *out, nlt_error *err)
{
    const char *user = setting("HADOOP_USER_NAME");
    char room[1024];
    struct passwd entry;
    struct passwd *found = NULL;
    if (user == NULL) {
        (void)getpwuid_r(geteuid(), &entry, room, sizeof room, &found);
        user = found != NULL ? entry.pw_name : setting("USER");
    }
    return user != NULL ? put_parameter(out, "user.name", user, err) : NLT_OK;
}

nlt_status nlt__webhdfs_user(const nlt_namenodes *nodes, nlt_bytes authority, nlt_buf *out,
    bool *is_negotiated, nlt_error *err)
{
    const char *token = setting("NETLYTICS_HDFS_TOKEN");
    const char *file = setting("HADOOP_TOKEN_FILE_LOCATION");
    *is_negotiated = false;
    if (token != NULL) {
        return put_parameter(out, "delegation", token, err);
    }
    search s = {.nodes = nodes, .authority = authority, .text = NLT_BUF_INIT(TOKEN_TEXT_MAX)};
    nlt_status status = file != NULL ? find_token(file, &s, err) : NLT_OK;
    if (status == NLT_OK && s.best != NOT_OURS) {
        const char *text = nlt__buf_cstr(&s.text);
        status = text != NULL ? put_parameter(out, "delegation", text, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    } else if (status == NLT_OK && nodes->is_kerberos) {
        *is_negotiated = true;
    } else if (status == NLT_OK) {
        status = put_user(out, err);
    }
    nlt__buf_clear(&s.text);
    return status;
}
