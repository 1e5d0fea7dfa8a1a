/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hadoop's client configuration, as far as finding WebHDFS needs it.
 *
 * Source: Hadoop 3 Configuration (name and value of each <property>; the last one wins unless an
 * earlier one is final, which does not matter to a client that reads two files), HDFS High
 * Availability (dfs.nameservices, dfs.ha.namenodes.*), hdfs-default.xml (ports 9870 and 9871).
 * Variables (${...}) and included files are not followed: a value that needs them is said to. */

#include "io/hadoop_conf.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/num.h"

enum {
    FILE_MAX = 16 << 20,
    PROPERTIES_MAX = 100000,
    TEXT_MAX = 64 << 10,
    NAME_MAX_BYTES = 512,
    TRIES_DEFAULT = 10,
    TRIES_MAX = 100,
    DEPTH_VALUE = 3 /* configuration, property, name or value */
};

typedef struct property {
    char *name, *value; /* owned */
} property;

struct nlt_hadoop_conf {
    property *items;
    size_t n, cap;
};

/* ---- reading ---- */

typedef struct reading {
    nlt_hadoop_conf *conf;
    XML_Parser parser;
    int depth;
    nlt_buf text;
    char *name, *value; /* of the property that is open; owned */
    nlt_status status;
    nlt_error *err;
} reading;

static void stop_reading(reading *r, nlt_status status)
{
    if (r->status == NLT_OK) {
        r->status = status;
        (void)XML_StopParser(r->parser, XML_FALSE);
    }
}

static void on_start(void *ctx, const XML_Char *tag, const XML_Char **attributes)
{
    (void)tag;
    (void)attributes;
    reading *r = ctx;
    r->depth++;
    r->text.len = 0;
}

static void on_text(void *ctx, const XML_Char *text, int len)
{
    reading *r = ctx;
    nlt_status status = nlt__buf_append(&r->text, text, (size_t)len, r->err);
    if (status != NLT_OK) {
        stop_reading(r, status);
    }
}

/* The text without the blanks around it; NULL when memory is short. */
static char *trimmed(const nlt_buf *text)
{
    const char *blanks = " \t\r\n";
    size_t begin = 0;
    size_t end = text->len;
    while (begin < end && strchr(blanks, text->ptr[begin]) != NULL) {
        begin++;
    }
    while (end > begin && strchr(blanks, text->ptr[end - 1]) != NULL) {
        end--;
    }
    return nlt_strndup(end > begin ? text->ptr + begin : "", end - begin);
}

static nlt_status keep_text(reading *r, char **slot)
{
    nlt_free(*slot);
    *slot = trimmed(&r->text);
    return *slot != NULL ? NLT_OK : nlt_fail(r->err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_status keep_property(reading *r)
{
    nlt_hadoop_conf *conf = r->conf;
    if (r->name == NULL || r->value == NULL) {
        return NLT_OK;
    }
    if (conf->n == PROPERTIES_MAX) {
        return nlt_fail(r->err, NLT_ERR_LIMIT, "more than %d properties", PROPERTIES_MAX);
    }
    if (conf->n == conf->cap) {
        size_t cap = conf->cap == 0 ? 64 : conf->cap * 2;
        property *items = nlt_realloc_array(conf->items, cap, sizeof *items);
        if (items == NULL) {
            return nlt_fail(r->err, NLT_ERR_NOMEM, "out of memory");
        }
        conf->items = items;
        conf->cap = cap;
    }
    conf->items[conf->n++] = (property){r->name, r->value};
    r->name = r->value = NULL;
    return NLT_OK;
}

static void on_end(void *ctx, const XML_Char *tag)
{
    reading *r = ctx;
    nlt_status status = NLT_OK;
    if (r->depth == DEPTH_VALUE && strcmp(tag, "name") == 0) {
        status = keep_text(r, &r->name);
    } else if (r->depth == DEPTH_VALUE && strcmp(tag, "value") == 0) {
        status = keep_text(r, &r->value);
    } else if (r->depth == DEPTH_VALUE - 1 && strcmp(tag, "property") == 0) {
        status = keep_property(r);
    }
    r->depth--;
    r->text.len = 0;
    if (status != NLT_OK) {
        stop_reading(r, status);
    }
}

static nlt_status parse(reading *r, FILE *file, const char *path)
{
    char block[2048];
    size_t total = 0;
    for (size_t n = 1; n > 0 && r->status == NLT_OK;) {
        n = fread(block, 1, sizeof block, file);
        total += n;
        if (ferror(file) || total > FILE_MAX) {
            return nlt_fail(r->err, NLT_ERR_IO, "%s: cannot be read", path);
        }
        if (XML_Parse(r->parser, block, (int)n, n == 0) == XML_STATUS_ERROR
            && r->status == NLT_OK) {
            return nlt_fail(r->err, NLT_ERR_ARG, "%s: line %lu: %s", path,
                (unsigned long)XML_GetCurrentLineNumber(r->parser),
                XML_ErrorString(XML_GetErrorCode(r->parser)));
        }
    }
    return r->status;
}

static nlt_status load_file(
    nlt_hadoop_conf *conf, const char *dir, const char *name, nlt_error *err)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (len < 0 || (size_t)len >= sizeof path) {
        return nlt_fail(err, NLT_ERR_ARG, "$HADOOP_CONF_DIR is too long");
    }
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return errno == ENOENT ? NLT_OK
                               : nlt_fail(err, NLT_ERR_IO, "%s: %s", path, strerror(errno));
    }
    reading r = {
        .conf = conf, .text = NLT_BUF_INIT(TEXT_MAX), .err = err, .parser = XML_ParserCreate(NULL)};
    nlt_status status = NLT_OK;
    if (r.parser == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    } else {
        XML_SetUserData(r.parser, &r);
        XML_SetElementHandler(r.parser, on_start, on_end);
        XML_SetCharacterDataHandler(r.parser, on_text);
        status = parse(&r, file, path);
        XML_ParserFree(r.parser);
    }
    nlt__buf_clear(&r.text);
    nlt_free(r.name);
    nlt_free(r.value);
    (void)fclose(file);
    return status;
}

nlt_status nlt__hadoop_conf_load(nlt_hadoop_conf **out, nlt_error *err)
{
    *out = NULL;
    nlt_hadoop_conf *conf = nlt_alloc_zero(1, sizeof *conf);
    if (conf == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    char below_home[4096];
    const char *dir = getenv("HADOOP_CONF_DIR");
    const char *home = getenv("HADOOP_HOME");
    if (dir == NULL && home != NULL) {
        int len = snprintf(below_home, sizeof below_home, "%s/etc/hadoop", home);
        dir = len > 0 && (size_t)len < sizeof below_home ? below_home : NULL;
    }
    nlt_status status = NLT_OK;
    if (dir != NULL) {
        status = load_file(conf, dir, "core-site.xml", err);
        if (status == NLT_OK) {
            status = load_file(conf, dir, "hdfs-site.xml", err);
        }
    }
    if (status != NLT_OK) {
        nlt__hadoop_conf_free(conf);
        return status;
    }
    *out = conf;
    return NLT_OK;
}

void nlt__hadoop_conf_free(nlt_hadoop_conf *conf)
{
    if (conf == NULL) {
        return;
    }
    for (size_t i = 0; i < conf->n; i++) {
        nlt_free(conf->items[i].name);
        nlt_free(conf->items[i].value);
    }
    nlt_free(conf->items);
    nlt_free(conf);
}

const char *nlt__hadoop_conf_get(const nlt_hadoop_conf *conf, const char *name)
{
    for (size_t i = conf->n; i > 0; i--) {
        if (strcmp(conf->items[i - 1].name, name) == 0) {
            return conf->items[i - 1].value;
        }
    }
    return NULL;
}

/* ---- NameNodes ---- */

/* "hdfs://AUTHORITY[/...]" -> AUTHORITY; empty: another scheme. */
static nlt_bytes authority_of(const char *url)
{
    static const char scheme[] = "hdfs://";
    if (url == NULL || strncmp(url, scheme, strlen(scheme)) != 0) {
        return (nlt_bytes){"", 0};
    }
    const char *begin = url + strlen(scheme);
    return (nlt_bytes){begin, strcspn(begin, "/")};
}

/* Host without its port; brackets of an IPv6 address stay. */
static nlt_bytes host_of(nlt_bytes authority)
{
    size_t len = authority.len;
    while (len > 0 && authority.ptr[len - 1] >= '0' && authority.ptr[len - 1] <= '9') {
        len--;
    }
    return len > 0 && authority.ptr[len - 1] == ':' ? (nlt_bytes){authority.ptr, len - 1}
                                                    : authority;
}

static nlt_status add_namenode(nlt_namenodes *out, nlt_bytes host, const char *port, nlt_error *err)
{
    if (out->n == NLT_HADOOP_NAMENODES_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %d NameNodes of a name service",
            NLT_HADOOP_NAMENODES_MAX);
    }
    int len =
        snprintf(out->hosts[out->n], NLT_HADOOP_HOST_MAX, "%.*s%s", (int)host.len, host.ptr, port);
    if (host.len == 0 || len < 0 || len >= NLT_HADOOP_HOST_MAX) {
        return nlt_fail(err, NLT_ERR_ARG, "\"%.*s\" is no NameNode", (int)host.len, host.ptr);
    }
    out->n++;
    return NLT_OK;
}

/* The address that a property gives. A host of 0.0.0.0 (bind to all) is the one of the file system.
 */
static nlt_status add_address(
    nlt_namenodes *out, const char *key, const char *value, nlt_bytes host, nlt_error *err)
{
    static const char all[] = "0.0.0.0:";
    if (strstr(value, "${") != NULL) {
        nlt_fail(err, NLT_ERR_ARG,
            "Hadoop's configuration: %s is \"%s\": variables are not followed", key, value);
        nlt_error_hint(err, "name the NameNode itself: webhdfs://HOST:PORT/PATH");
        return NLT_ERR_ARG;
    }
    if (strncmp(value, all, strlen(all)) == 0) {
        return add_namenode(out, host, value + strlen(all) - 1, err);
    }
    return add_namenode(out, (nlt_bytes){value, strlen(value)}, "", err);
}

/* Every NameNode of a name service "nn1,nn2"; n = 0: it has none. */
static nlt_status add_service(const nlt_hadoop_conf *conf, nlt_bytes service, const char *prefix,
    nlt_namenodes *out, nlt_error *err)
{
    char name[NAME_MAX_BYTES];
    (void)snprintf(name, sizeof name, "dfs.ha.namenodes.%.*s", (int)service.len, service.ptr);
    const char *ids = nlt__hadoop_conf_get(conf, name);
    while (ids != NULL && *ids != '\0') {
        size_t len = strcspn(ids, ", ");
        (void)snprintf(name, sizeof name, "%s.%.*s.%.*s", prefix, (int)service.len, service.ptr,
            (int)len, ids);
        const char *value = nlt__hadoop_conf_get(conf, name);
        if (len > 0 && value != NULL) {
            NLT_TRY(add_address(out, name, value, service, err));
        }
        ids += len;
        ids += strspn(ids, ", ");
    }
    if (out->n == 0) { /* a federated service without a stand-by */
        (void)snprintf(name, sizeof name, "%s.%.*s", prefix, (int)service.len, service.ptr);
        const char *value = nlt__hadoop_conf_get(conf, name);
        if (value != NULL) {
            NLT_TRY(add_address(out, name, value, service, err));
        }
    }
    return NLT_OK;
}

nlt_status nlt__hadoop_namenodes(
    const nlt_hadoop_conf *conf, nlt_bytes authority, nlt_namenodes *out, nlt_error *err)
{
    const char *tries = nlt__hadoop_conf_get(conf, "dfs.http.client.retry.max.attempts");
    int64_t n_tries = TRIES_DEFAULT;
    if (tries != NULL
        && (!nlt__parse_i64((nlt_bytes){tries, strlen(tries)}, &n_tries) || n_tries < 1
            || n_tries > TRIES_MAX)) {
        return nlt_fail(err, NLT_ERR_ARG,
            "Hadoop's configuration: dfs.http.client.retry.max.attempts is \"%s\", not 1 to %d",
            tries, TRIES_MAX);
    }
    *out = (nlt_namenodes){.tries = (int)n_tries};
    const char *policy = nlt__hadoop_conf_get(conf, "dfs.http.policy");
    const char *authentication = nlt__hadoop_conf_get(conf, "hadoop.security.authentication");
    out->is_https = policy != NULL && strcmp(policy, "HTTPS_ONLY") == 0;
    out->is_kerberos = authentication != NULL && strcmp(authentication, "kerberos") == 0;
    const char *prefix = out->is_https ? "dfs.namenode.https-address" : "dfs.namenode.http-address";

    nlt_bytes usual = authority_of(nlt__hadoop_conf_get(conf, "fs.defaultFS"));
    if (authority.len == 0) {
        authority = usual;
    }
    if (authority.len == 0) {
        nlt_fail(err, NLT_ERR_ARG, "hdfs:///: there is no fs.defaultFS in Hadoop's configuration");
        nlt_error_hint(err, "set HADOOP_CONF_DIR, or name the host: hdfs://HOST/PATH");
        return NLT_ERR_ARG;
    }
    NLT_TRY(add_service(conf, authority, prefix, out, err));
    bool is_usual = usual.len == authority.len && memcmp(usual.ptr, authority.ptr, usual.len) == 0;
    const char *address = nlt__hadoop_conf_get(conf, prefix);
    if (out->n == 0 && is_usual && address != NULL) {
        NLT_TRY(add_address(out, prefix, address, host_of(authority), err));
    }
    if (out->n == 0) {
        NLT_TRY(add_namenode(out, host_of(authority), out->is_https ? ":9871" : ":9870", err));
    }
    return NLT_OK;
}
