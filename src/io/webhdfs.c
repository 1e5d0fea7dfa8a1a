/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HDFS over its REST interface, without a JVM. Source: WebHDFS REST API, Hadoop 3.
 *
 * The NameNode answers questions itself and redirects reads and writes to a DataNode. It goes on
 * doing so for minutes after a DataNode has died, and a body that is cut may look like the end of
 * the file. So the length of a file is asked first, and whatever ends early is opened again through
 * the NameNode at the same offset, without the DataNode that failed, with growing pauses. A file
 * that is being read keeps one stream open; reads that follow each other go on in it.
 *
 * Failures are told apart by the name of the exception in the reply: codes are not distinct (403 is
 * a missing right, safe mode, a stand-by NameNode, or an offset past the end). */

#define _GNU_SOURCE

#include "io/webhdfs.h"

#include <fnmatch.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "io/hadoop_conf.h"
#include "io/http.h"
#include "io/webhdfs_user.h"

enum {
    URL_MAX = 64 << 10,
    REPLY_MAX = 256 << 20, /* a listing of about a million files */
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 5000,
    PAUSE_STEP_MS = 50,
    EXCLUDED_MAX = 512, /* bytes of the list of DataNodes that failed */
    HEAD_BYTES = 64,    /* kept of a file's beginning, which is looked at before it is read */
    GLOB_DEPTH_MAX = 64
};

/* How much a DataNode is asked for at once. What it has sent and nobody reads is lost work, and so
 * is each asking: little of a file whose beginning is looked at, then as much as a split is long
 * with the end of its last line, then ever more of who reads on. */
#define STREAM_HEAD INT64_C(0x40000)
#define STREAM_FIRST INT64_C(0x1010000)
#define STREAM_MAX INT64_C(0x10000000)

/* ---- addresses ---- */

/* A path taken apart, and where its NameNodes are. */
typedef struct target {
    const char *name;    /* the path as the user wrote it; borrowed */
    const char *path;    /* in it: from the first / on, or "/" */
    nlt_bytes authority; /* in it */
    nlt_namenodes nodes;
    int active;   /* the NameNode that is asked next */
    nlt_buf user; /* "&user.name=..." or "&delegation=..." or "" */
    bool is_negotiated;
    nlt_buf url; /* of the exchange under way */
    nlt_http *http;
} target;

/* Hadoop's configuration does not change while a process runs, and thousands of files are opened:
 * it is read once. */
static struct {
    pthread_once_t once;
    nlt_hadoop_conf *conf;
    nlt_error failure;
} configuration = {.once = PTHREAD_ONCE_INIT, .failure = NLT_ERROR_INIT};

static void load_configuration(void)
{
    if (nlt__hadoop_conf_load(&configuration.conf, &configuration.failure) != NLT_OK) {
        configuration.conf = NULL;
    }
}

static nlt_status get_configuration(const nlt_hadoop_conf **out, nlt_error *err)
{
    (void)pthread_once(&configuration.once, load_configuration);
    if (configuration.conf == NULL && err != NULL) {
        *err = configuration.failure;
    }
    *out = configuration.conf;
    return configuration.conf != NULL ? NLT_OK : configuration.failure.code;
}

static nlt_status find_nodes(target *t, nlt_error *err)
{
    const char *authority = strstr(t->name, "://") + 3; /* the table matched the scheme */
    const char *path = strchr(authority, '/');
    nlt_bytes host = {authority, path != NULL ? (size_t)(path - authority) : strlen(authority)};
    const nlt_hadoop_conf *conf = NULL;
    t->path = path != NULL ? path : "/";
    t->authority = host;
    NLT_TRY(get_configuration(&conf, err));
    if (strncmp(t->name, "hdfs:", strlen("hdfs:")) == 0) {
        return nlt__hadoop_namenodes(conf, host, &t->nodes, err);
    }
    if (host.len == 0 || host.len >= NLT_HADOOP_HOST_MAX) {
        return nlt_fail(err, NLT_ERR_ARG, "%s: there is no host in it", t->name);
    }
    NLT_TRY(nlt__hadoop_namenodes(conf, host, &t->nodes, err)); /* for its authentication */
    t->nodes.n = 1;
    t->nodes.is_https = t->name[0] == 's';
    (void)snprintf(t->nodes.hosts[0], NLT_HADOOP_HOST_MAX, "%.*s", (int)host.len, host.ptr);
    return NLT_OK;
}

static void target_close(target *t)
{
    if (t != NULL) {
        nlt__http_close(t->http);
        nlt__buf_clear(&t->user);
        nlt__buf_clear(&t->url);
        nlt_free(t);
    }
}

/* `name` is borrowed until target_close. */
static nlt_status target_open(const char *name, target **out, nlt_error *err)
{
    *out = NULL;
    target *t = nlt_alloc_zero(1, sizeof *t);
    if (t == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", name);
    }
    t->name = name;
    t->user = (nlt_buf)NLT_BUF_INIT(URL_MAX);
    t->url = (nlt_buf)NLT_BUF_INIT(URL_MAX);
    nlt_status status = find_nodes(t, err);
    if (status == NLT_OK) {
        status = nlt__webhdfs_user(&t->nodes, t->authority, &t->user, &t->is_negotiated, err);
    }
    if (status == NLT_OK) {
        status = nlt__http_open(&t->http, err);
    }
    if (status != NLT_OK) {
        target_close(t);
        return status;
    }
    *out = t;
    return NLT_OK;
}

/* The URL of an operation on the path at the NameNode that is asked now. */
static nlt_status make_url(target *t, const char *op, nlt_error *err)
{
    t->url.len = 0;
    NLT_TRY(nlt__buf_printf(&t->url, err, "%s://%s/webhdfs/v1",
        t->nodes.is_https ? "https" : "http", t->nodes.hosts[t->active]));
    NLT_TRY(nlt__put_escaped(&t->url, t->path, "-._~/", err));
    NLT_TRY(nlt__buf_printf(
        &t->url, err, "?op=%s%.*s", op, (int)t->user.len, t->user.ptr != NULL ? t->user.ptr : ""));
    return nlt__buf_cstr(&t->url) != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* ---- failures ---- */

/* What a failed exchange means for the next step. */
typedef enum verdict { FINAL, AGAIN, AGAIN_TO_READ, OTHER_NAMENODE } verdict;

static const struct {
    const char *exception;
    nlt_status status;
    verdict verdict;
    const char *words; /* instead of the server's; NULL: the server's */
    const char *hint;
} exceptions[] = {
    {"FileNotFoundException", NLT_ERR_NOT_FOUND, FINAL, "no such file or directory", NULL},
    {"AccessControlException", NLT_ERR_IO, FINAL, NULL,
        "the user is $HADOOP_USER_NAME, or the ticket's"},
    /* Of reads only while the NameNode starts and does not know yet where the blocks are. */
    {"SafeModeException", NLT_ERR_IO, AGAIN_TO_READ, "the NameNode is in safe mode",
        "wait until it has left it: hdfs dfsadmin -safemode wait"},
    {"StandbyException", NLT_ERR_IO, OTHER_NAMENODE, "the NameNode is a stand-by",
        "name the active one, or the name service of Hadoop's configuration"},
    {"RetriableException", NLT_ERR_IO, AGAIN, NULL, NULL},
    {"InvalidToken", NLT_ERR_IO, FINAL, NULL, "get a new token: it has expired or was cancelled"},
};

enum { N_EXCEPTIONS = sizeof exceptions / sizeof exceptions[0] };

/* A failure out of an exchange that ended with a code that is none of success. */
static verdict judge(const target *t, const char *op, int code, const nlt_buf *body, nlt_error *err)
{
    json_t *reply = json_loadb(body->ptr != NULL ? body->ptr : "", body->len, 0, NULL);
    const json_t *remote = json_object_get(reply, "RemoteException");
    const char *name = json_string_value(json_object_get(remote, "exception"));
    const char *message = json_string_value(json_object_get(remote, "message"));
    const char *token = strstr(message != NULL ? message : "", "InvalidToken: ");
    if (token != NULL) { /* inside of another exception, behind names of classes */
        name = "InvalidToken";
        message = token + strlen("InvalidToken: ");
    }
    verdict found = code >= 500 ? AGAIN : FINAL;
    if (name == NULL && code == 401) {
        nlt_fail(err, NLT_ERR_IO, "%s: WebHDFS does not know who asks (code 401)", t->name);
        nlt_error_hint(err,
            "get a ticket with kinit, or name a file of delegation tokens with "
            "$HADOOP_TOKEN_FILE_LOCATION");
    } else if (name == NULL) {
        nlt_fail(err, NLT_ERR_IO, "%s: WebHDFS %.*s answered with code %d", t->name,
            (int)strcspn(op, "&"), op, code);
    } else {
        int row = 0;
        while (row < N_EXCEPTIONS && strcmp(name, exceptions[row].exception) != 0) {
            row++;
        }
        bool is_known = row < N_EXCEPTIONS;
        const char *words = is_known ? exceptions[row].words : NULL;
        size_t line = strcspn(message != NULL ? message : "", "\n");
        nlt_fail(err, is_known ? exceptions[row].status : NLT_ERR_IO, "%s: %.*s", t->name,
            words != NULL ? (int)strlen(words) : (int)(line < 600 ? line : 600),
            words != NULL         ? words
                : message != NULL ? message
                                  : name);
        if (is_known && exceptions[row].hint != NULL) {
            nlt_error_hint(err, "%s", exceptions[row].hint);
        }
        /* Others that come with 403 are a server's own trouble: a DataNode passes on that it has
         * lost its NameNode, a NameNode that it knows no DataNode yet. */
        found = is_known ? exceptions[row].verdict : code == 403 ? AGAIN_TO_READ : found;
    }
    json_decref(reply);
    return found;
}

/* Adds where it failed to a message of the connection itself. */
static void name_failure(const target *t, nlt_error *err)
{
    if (err != NULL && err->code == NLT_ERR_IO) {
        char why[sizeof err->message];
        (void)snprintf(why, sizeof why, "%s", err->message);
        nlt_fail(err, NLT_ERR_IO, "%s: %s", t->name, why);
    }
}

static nlt_status pause_before(int attempt, const atomic_bool *stop, nlt_error *err)
{
    long ms = PAUSE_MIN_MS;
    for (int i = 1; i < attempt && ms < PAUSE_MAX_MS; i++) {
        ms *= 2;
    }
    ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
    for (; ms > 0; ms -= PAUSE_STEP_MS) {
        if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed)) {
            return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
        }
        (void)nanosleep(&(struct timespec){0, PAUSE_STEP_MS * 1000000L}, NULL);
    }
    return NLT_OK;
}

/* ---- asking the NameNode ---- */

/* Asks until there is an answer that counts: 2xx or a redirect (*reply, and the body in the
 * target), or a failure that will not pass. */
static nlt_status ask(target *t, nlt_http_method method, const char *op, const atomic_bool *stop,
    nlt_http_reply *reply, nlt_error *err)
{
    nlt_error own = NLT_ERROR_INIT;
    if (err == NULL) {
        err = &own;
    }
    int asked = 0; /* NameNodes since the last pause */
    for (int attempt = 0;;) {
        NLT_TRY(make_url(t, op, err));
        nlt_http_request request = {method, t->url.ptr, false, t->is_negotiated, stop};
        verdict next = AGAIN;
        nlt_status status = nlt__http_start(t->http, &request, reply, err);
        if (status == NLT_OK && reply->code >= 200 && reply->code < 400) {
            return NLT_OK;
        }
        if (status == NLT_OK) {
            nlt_buf body = NLT_BUF_INIT(REPLY_MAX);
            status = nlt__http_read_all(t->http, &body, err);
            if (status == NLT_OK) {
                next = judge(t, op, reply->code, &body, err);
                status = err->code;
            }
            nlt__buf_clear(&body);
        } else {
            name_failure(t, err);
            next = OTHER_NAMENODE;
        }
        bool is_final = next == FINAL || (next == AGAIN_TO_READ && method != NLT_HTTP_GET);
        if ((status != NLT_ERR_IO && status != NLT_ERR_NOT_FOUND) || is_final) {
            return status;
        }
        asked++;
        if (next == OTHER_NAMENODE && asked < t->nodes.n) {
            t->active = (t->active + 1) % t->nodes.n;
            continue;
        }
        if (++attempt == t->nodes.tries) {
            return status;
        }
        asked = 0;
        t->active = (t->active + 1) % t->nodes.n;
        NLT_TRY(pause_before(attempt, stop, err));
    }
}

/* Asks for a JSON object; *out is owned. */
static nlt_status ask_json(
    target *t, nlt_http_method method, const char *op, json_t **out, nlt_error *err)
{
    *out = NULL;
    nlt_http_reply reply;
    nlt_buf body = NLT_BUF_INIT(REPLY_MAX);
    nlt_status status = ask(t, method, op, NULL, &reply, err);
    if (status == NLT_OK) {
        status = nlt__http_read_all(t->http, &body, err);
        if (status == NLT_ERR_IO) {
            name_failure(t, err);
        }
    }
    if (status == NLT_OK) {
        *out = json_loadb(body.len > 0 ? body.ptr : "{}", body.len > 0 ? body.len : 2, 0, NULL);
        if (!json_is_object(*out)) {
            json_decref(*out);
            *out = NULL;
            status =
                nlt_fail(err, NLT_ERR_IO, "%s: the answer of WebHDFS to %.*s is no JSON object",
                    t->name, (int)strcspn(op, "&"), op);
        }
    }
    nlt__buf_clear(&body);
    return status;
}

/* ---- files and folders ---- */

static nlt_fs_info info_of(const json_t *status)
{
    const char *type = json_string_value(json_object_get(status, "type"));
    if (type != NULL && strcmp(type, "DIRECTORY") == 0) {
        return (nlt_fs_info){NLT_FS_DIRECTORY, -1};
    }
    const json_t *length = json_object_get(status, "length");
    bool is_file = type != NULL && strcmp(type, "FILE") == 0 && json_is_integer(length);
    return (nlt_fs_info){NLT_FS_FILE, is_file ? (int64_t)json_integer_value(length) : -1};
}

static nlt_status target_stat(target *t, nlt_fs_info *info, nlt_error *err)
{
    json_t *reply = NULL;
    NLT_TRY(ask_json(t, NLT_HTTP_GET, "GETFILESTATUS", &reply, err));
    const json_t *status = json_object_get(reply, "FileStatus");
    *info = info_of(status);
    bool is_known = info->kind == NLT_FS_DIRECTORY || info->size >= 0;
    json_decref(reply);
    return is_known ? NLT_OK
                    : nlt_fail(err, NLT_ERR_IO, "%s: WebHDFS does not tell what it is", t->name);
}

static nlt_status web_stat(const char *path, nlt_fs_info *info, nlt_error *err)
{
    target *t = NULL;
    NLT_TRY(target_open(path, &t, err));
    nlt_status status = target_stat(t, info, err);
    target_close(t);
    return status;
}

static nlt_status target_list(target *t, nlt_fs_visit visit, void *ctx, nlt_error *err)
{
    json_t *reply = NULL;
    NLT_TRY(ask_json(t, NLT_HTTP_GET, "LISTSTATUS", &reply, err));
    const json_t *all = json_object_get(json_object_get(reply, "FileStatuses"), "FileStatus");
    nlt_status status = json_is_array(all)
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_IO, "%s: the answer of WebHDFS is no listing", t->name);
    size_t index = 0;
    const json_t *entry = NULL;
    json_array_foreach(all, index, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "pathSuffix"));
        if (status != NLT_OK) {
            break;
        }
        if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL) {
            status = nlt_fail(err, NLT_ERR_IO, "%s: cannot list it: it is no folder", t->name);
        } else {
            status = visit(ctx, name, info_of(entry), err);
        }
    }
    json_decref(reply);
    return status;
}

static nlt_status web_list(const char *path, nlt_fs_visit visit, void *ctx, nlt_error *err)
{
    target *t = NULL;
    NLT_TRY(target_open(path, &t, err));
    nlt_status status = target_list(t, visit, ctx, err);
    target_close(t);
    return status;
}

/* ---- globs: as glob(3), one segment at a time ---- */

typedef struct glob_walk {
    nlt_fs_visit visit;
    void *ctx;
} glob_walk;

typedef struct glob_level {
    const glob_walk *walk;
    const char *folder;  /* the path so far, without a / at its end */
    const char *segment; /* that names here have to match */
    const char *rest;    /* behind the segment: "" or "/..." */
    int depth;
} glob_level;

static nlt_status glob_below(
    const glob_walk *walk, const char *folder, const char *rest, int depth, nlt_error *err);

static nlt_status glob_match(
    const glob_level *level, const char *path, nlt_fs_info info, nlt_error *err)
{
    if (level->rest[0] == '\0') {
        return level->walk->visit(level->walk->ctx, path, info, err);
    }
    return info.kind == NLT_FS_DIRECTORY
        ? glob_below(level->walk, path, level->rest, level->depth + 1, err)
        : NLT_OK;
}

static nlt_status glob_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    const glob_level *level = ctx;
    if (fnmatch(level->segment, name, FNM_PERIOD) != 0) {
        return NLT_OK;
    }
    nlt_buf path = NLT_BUF_INIT(NLT_FS_PATH_MAX);
    nlt_status status = nlt__buf_printf(&path, err, "%s/%s", level->folder, name);
    if (status == NLT_OK) {
        const char *text = nlt__buf_cstr(&path);
        status = text != NULL ? glob_match(level, text, info, err)
                              : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt__buf_clear(&path);
    return status;
}

/* `rest` is "" or "/segment..." below `folder`. */
static nlt_status glob_below(
    const glob_walk *walk, const char *folder, const char *rest, int depth, nlt_error *err)
{
    if (depth > GLOB_DEPTH_MAX) {
        return nlt_fail(
            err, NLT_ERR_LIMIT, "%s: more than %d folders deep", folder, GLOB_DEPTH_MAX);
    }
    rest += strspn(rest, "/");
    size_t len = strcspn(rest, "/");
    char *segment = nlt_strndup(rest, len);
    if (segment == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    rest += len;
    glob_level level = {walk, folder, segment, rest[strspn(rest, "/")] == '\0' ? "" : rest, depth};
    nlt_status status = web_list(folder, glob_name, &level, err);
    nlt_free(segment);
    return status == NLT_ERR_NOT_FOUND ? NLT_OK : status;
}

static nlt_status web_glob(const char *pattern, nlt_fs_visit visit, void *ctx, nlt_error *err)
{
    /* The folder in front of the first segment with a wildcard needs no listing. */
    const char *root = strchr(strstr(pattern, "://") + 3, '/');
    const char *wild = pattern + strcspn(pattern, "*?[");
    if (root == NULL || wild < root) {
        return nlt_fail(err, NLT_ERR_ARG, "%s: no pattern of files", pattern);
    }
    while (*wild != '/') {
        wild--;
    }
    char *folder = nlt_strndup(pattern, (size_t)(wild - pattern));
    if (folder == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    glob_walk walk = {visit, ctx};
    nlt_status status = glob_below(&walk, folder, wild, 0, err);
    nlt_free(folder);
    return status;
}

/* ---- reading ---- */

typedef struct web_reader {
    target *target; /* owned */
    int64_t size;
    int64_t at;                     /* of the file, where the stream stands; -1: there is none */
    int64_t end, asked;             /* where the last stream ends, and its length */
    char node[NLT_HADOOP_HOST_MAX]; /* DataNode that it comes from: "host:port" of its HTTP */
    char excluded[EXCLUDED_MAX];    /* "ip:port,ip:port" of those that failed */
    uint8_t head[HEAD_BYTES];       /* the file's first bytes, once read */
    size_t head_len;
} web_reader;

static void reader_free(web_reader *reader)
{
    if (reader != NULL) {
        target_close(reader->target);
        nlt_free(reader);
    }
}

static nlt_status web_open(const char *path, nlt_fs_file *file, nlt_error *err)
{
    web_reader *reader = nlt_alloc_zero(1, sizeof *reader);
    if (reader == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", path);
    }
    nlt_fs_info info = {NLT_FS_FILE, -1};
    nlt_status status = target_open(path, &reader->target, err);
    if (status == NLT_OK) {
        status = target_stat(reader->target, &info, err);
    }
    if (status == NLT_OK && info.kind == NLT_FS_DIRECTORY) {
        status = nlt_fail(err, NLT_ERR_IO, "%s: cannot read it: it is a folder", path);
    }
    if (status != NLT_OK) {
        reader_free(reader);
        return status;
    }
    reader->size = info.size;
    reader->at = -1;
    file->state = reader;
    file->name = path;
    file->info = info;
    return NLT_OK;
}

/* "http://HOST:PORT/..." -> "HOST:PORT" */
static void keep_node(web_reader *reader, const char *location)
{
    const char *host = strstr(location, "://");
    host = host != NULL ? host + 3 : "";
    (void)snprintf(reader->node, sizeof reader->node, "%.*s", (int)strcspn(host, "/?"), host);
}

/* True if "host:port" is the HTTP address of a DataNode as the NameNode describes it. */
static bool is_node(const json_t *location, const char *node)
{
    static const char *const hosts[] = {"ipAddr", "hostName"};
    static const char *const ports[] = {"infoPort", "infoSecurePort"};
    for (size_t i = 0; i < 4; i++) {
        char text[NLT_HADOOP_HOST_MAX];
        const char *host = json_string_value(json_object_get(location, hosts[i / 2]));
        (void)snprintf(text, sizeof text, "%s:%lld", host != NULL ? host : "",
            (long long)json_integer_value(json_object_get(location, ports[i % 2])));
        if (strcmp(text, node) == 0) {
            return true;
        }
    }
    return false;
}

/* Notes the DataNode that failed, by the address that WebHDFS calls it by. Where the NameNode does
 * not tell (HttpFS, Knox), only the pauses help. */
static void exclude_node(web_reader *reader, int64_t offset)
{
    char op[160];
    json_t *reply = NULL;
    (void)snprintf(op, sizeof op, "GET_BLOCK_LOCATIONS&offset=%lld&length=1", (long long)offset);
    if (reader->node[0] == '\0'
        || ask_json(reader->target, NLT_HTTP_GET, op, &reply, NULL) != NLT_OK) {
        return;
    }
    const json_t *blocks =
        json_object_get(json_object_get(reply, "LocatedBlocks"), "locatedBlocks");
    const json_t *locations = json_object_get(json_array_get(blocks, 0), "locations");
    size_t index = 0;
    const json_t *location = NULL;
    bool is_other_left = false;
    char address[NLT_HADOOP_HOST_MAX] = "";
    json_array_foreach(locations, index, location)
    {
        char name[NLT_HADOOP_HOST_MAX];
        const char *ip = json_string_value(json_object_get(location, "ipAddr"));
        (void)snprintf(name, sizeof name, "%s:%lld", ip != NULL ? ip : "",
            (long long)json_integer_value(json_object_get(location, "xferPort")));
        if (is_node(location, reader->node)) {
            (void)snprintf(address, sizeof address, "%s", name);
        } else if (strstr(reader->excluded, name) == NULL) {
            is_other_left = true;
        }
    }
    size_t len = strlen(reader->excluded);
    if (!is_other_left) {
        reader->excluded[0] = '\0'; /* all have failed: try any again */
    } else if (address[0] != '\0' && strstr(reader->excluded, address) == NULL
        && len + strlen(address) + 2 <= sizeof reader->excluded) {
        (void)snprintf(reader->excluded + len, sizeof reader->excluded - len, "%s%s",
            len > 0 ? "," : "", address);
    }
    json_decref(reply);
}

/* Follows a NameNode's redirect. NLT_ERR_IO: that DataNode does not answer. */
static nlt_status follow(
    target *t, nlt_http_request *request, nlt_http_reply *reply, nlt_error *err)
{
    const char *scheme = t->nodes.is_https ? "https://" : "http";
    const char *location = reply->location != NULL ? reply->location : "";
    if (strncmp(location, scheme, strlen(scheme)) != 0) {
        return nlt_fail(err, NLT_ERR_IO, "%s: WebHDFS redirects to \"%.*s\"", t->name,
            (int)strcspn(location, "?"), location); /* what follows may be a token */
    }
    t->url.len = 0;
    NLT_TRY(nlt__buf_append(&t->url, location, strlen(location) + 1, err));
    request->url = t->url.ptr;
    return nlt__http_start(t->http, request, reply, err);
}

static int64_t choose_length(const web_reader *reader, int64_t offset)
{
    if (offset == 0) {
        return STREAM_HEAD;
    }
    bool goes_on = offset == reader->end && reader->asked >= STREAM_FIRST;
    return !goes_on                      ? STREAM_FIRST
        : reader->asked < STREAM_MAX / 4 ? reader->asked * 4
                                         : STREAM_MAX;
}

/* Opens the stream at `offset`. *is_final: no use to try again. */
static nlt_status open_stream(
    web_reader *reader, int64_t offset, const atomic_bool *stop, bool *is_final, nlt_error *err)
{
    char op[EXCLUDED_MAX + 128];
    nlt_http_reply reply;
    int64_t length = choose_length(reader, offset);
    length = length < reader->size - offset ? length : reader->size - offset;
    (void)snprintf(op, sizeof op, "OPEN&offset=%lld&length=%lld%s%s", (long long)offset,
        (long long)length, reader->excluded[0] != '\0' ? "&excludedatanodes=" : "",
        reader->excluded);
    reader->at = -1;
    *is_final = true;
    NLT_TRY(ask(reader->target, NLT_HTTP_GET, op, stop, &reply, err));
    if (reply.code >= 300) {
        keep_node(reader, reply.location != NULL ? reply.location : "");
        nlt_http_request request = {NLT_HTTP_GET, NULL, false, false, stop};
        *is_final = false;
        NLT_TRY(follow(reader->target, &request, &reply, err));
    }
    *is_final = false;
    if (reply.code != 200 && reply.code != 206) {
        nlt_buf body = NLT_BUF_INIT(REPLY_MAX);
        nlt_status status = nlt__http_read_all(reader->target->http, &body, err);
        if (status == NLT_OK) {
            *is_final = judge(reader->target, "OPEN", reply.code, &body, err) == FINAL
                && reply.code >= 400 && reply.code < 500;
            status = NLT_ERR_IO;
        }
        nlt__buf_clear(&body);
        return status;
    }
    reader->at = offset;
    reader->end = offset + length;
    reader->asked = length;
    return NLT_OK;
}

/* The next bytes at `offset`, from the stream that stands there or a new one; never none. */
static nlt_status stream_read(web_reader *reader, int64_t offset, const atomic_bool *stop,
    void *buf, size_t cap, size_t *n, nlt_error *err)
{
    nlt_error own = NLT_ERROR_INIT;
    if (err == NULL) {
        err = &own;
    }
    for (int attempt = 1;; attempt++) {
        bool is_final = false;
        nlt_status status = NLT_OK;
        if (reader->at != offset || reader->at == reader->end) {
            status = open_stream(reader, offset, stop, &is_final, err);
        }
        if (status == NLT_OK) {
            status = nlt__http_read(reader->target->http, buf, cap, n, err);
        }
        if (status == NLT_OK && *n > 0) {
            reader->at += (int64_t)*n;
            return NLT_OK;
        }
        if (status == NLT_OK) {
            status = nlt_fail(err, NLT_ERR_IO, "it ends at byte %lld of %lld", (long long)offset,
                (long long)reader->size);
        }
        reader->at = -1;
        if (status != NLT_ERR_IO || is_final || attempt == reader->target->nodes.tries) {
            if (strstr(err->message, reader->target->name) == NULL) {
                name_failure(reader->target, err);
            }
            return status;
        }
        exclude_node(reader, offset);
        if (attempt > 1) { /* the first time there is mostly another DataNode */
            NLT_TRY(pause_before(attempt, stop, err));
        }
    }
}

static nlt_status fill_head(web_reader *reader, const atomic_bool *stop, nlt_error *err)
{
    int64_t want = reader->size < HEAD_BYTES ? reader->size : HEAD_BYTES;
    while ((int64_t)reader->head_len < want) {
        size_t n = 0;
        NLT_TRY(stream_read(reader, (int64_t)reader->head_len, stop,
            reader->head + reader->head_len, (size_t)want - reader->head_len, &n, err));
        reader->head_len += n;
    }
    return NLT_OK;
}

static nlt_status web_read(
    const nlt_fs_file *file, int64_t offset, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    web_reader *reader = file->state;
    *n = 0;
    if (offset >= reader->size || cap == 0) {
        return NLT_OK;
    }
    if (offset < HEAD_BYTES) {
        NLT_TRY(fill_head(reader, file->stop, err));
        size_t left = reader->head_len - (size_t)offset;
        *n = left < cap ? left : cap;
        memcpy(buf, reader->head + offset, *n);
        return NLT_OK;
    }
    int64_t left = reader->size - offset;
    return stream_read(
        reader, offset, file->stop, buf, (int64_t)cap < left ? cap : (size_t)left, n, err);
}

/* ---- writing ---- */

/* The state is a reader, or a target that is written to: `handle` tells. */
enum { HANDLE_WRITER = 1 };

static void web_close(nlt_fs_file *file)
{
    if (file->handle == HANDLE_WRITER) {
        target_close(file->state);
    } else {
        reader_free(file->state);
    }
    file->state = NULL;
    file->handle = -1;
}

static nlt_status start_upload(target *t, const atomic_bool *stop, nlt_error *err)
{
    nlt_http_reply reply;
    NLT_TRY(ask(t, NLT_HTTP_PUT, "CREATE&overwrite=false", stop, &reply, err));
    nlt_http_request request = {NLT_HTTP_PUT, NULL, true, false, stop};
    return follow(t, &request, &reply, err);
}

static nlt_status web_create(const char *path, nlt_fs_file *file, nlt_error *err)
{
    target *t = NULL;
    file->name = file->name != NULL ? file->name : path;
    nlt_status status = target_open(path, &t, err);
    if (status == NLT_OK) {
        t->name = file->name;
        status = start_upload(t, file->stop, err);
    }
    if (status != NLT_OK) {
        target_close(t);
        return nlt__fs_output(status, err);
    }
    file->state = t;
    file->handle = HANDLE_WRITER;
    file->info = (nlt_fs_info){NLT_FS_FILE, -1};
    return NLT_OK;
}

/* What the DataNode says to the bytes that it was sent. */
static nlt_status take_answer(target *t, nlt_error *err)
{
    nlt_http_reply reply;
    nlt_buf body = NLT_BUF_INIT(REPLY_MAX);
    nlt_status status = nlt__http_answer(t->http, &reply, err);
    if (status == NLT_OK && (reply.code < 200 || reply.code > 299)) {
        status = nlt__http_read_all(t->http, &body, err);
        if (status == NLT_OK) {
            (void)judge(t, "CREATE", reply.code, &body, err);
            status = NLT_ERR_OUTPUT;
        }
    } else if (status != NLT_OK) {
        name_failure(t, err);
    }
    nlt__buf_clear(&body);
    return status;
}

static nlt_status web_write(nlt_fs_file *file, const void *bytes, size_t len, nlt_error *err)
{
    target *t = file->state;
    t->name = file->name;
    nlt_status status = nlt__http_write(t->http, bytes, len, err);
    if (status != NLT_OK) {
        name_failure(t, err);
    } else if (nlt__http_has_reply(t->http)) {
        status = take_answer(t, err);
        if (status == NLT_OK) {
            status =
                nlt_fail(err, NLT_ERR_OUTPUT, "%s: WebHDFS took it for whole too early", t->name);
        }
    }
    return nlt__fs_output(status, err);
}

static nlt_status web_finish(nlt_fs_file *file, nlt_error *err)
{
    target *t = file->state;
    t->name = file->name;
    nlt_status status = take_answer(t, err);
    web_close(file);
    return nlt__fs_output(status, err);
}

/* An operation that answers {"boolean": done}. `shown` is what messages call the path. */
static nlt_status ask_boolean(const char *path, const char *shown, nlt_http_method method,
    const char *op, bool is_false_fine, nlt_error *err)
{
    target *t = NULL;
    json_t *reply = NULL;
    nlt_status status = target_open(path, &t, err);
    if (status == NLT_OK) {
        t->name = shown;
        status = ask_json(t, method, op, &reply, err);
    }
    if (status == NLT_OK && json_is_false(json_object_get(reply, "boolean")) && !is_false_fine) {
        status = nlt_fail(
            err, NLT_ERR_OUTPUT, "%s: HDFS refuses to %.*s it", shown, (int)strcspn(op, "&"), op);
    }
    json_decref(reply);
    target_close(t);
    return nlt__fs_output(status, err);
}

static nlt_status web_rename(const char *from, const char *to, nlt_error *err)
{
    const char *authority = strstr(to, "://");
    const char *path = authority != NULL ? strchr(authority + 3, '/') : NULL;
    nlt_buf op = NLT_BUF_INIT(URL_MAX);
    nlt_status status = path != NULL
        ? nlt__buf_printf(&op, err, "RENAME&renameoptions=OVERWRITE&destination=")
        : nlt_fail(err, NLT_ERR_OUTPUT, "%s: there is no path in it", to);
    if (status == NLT_OK) {
        status = nlt__put_escaped(&op, path, "-._~/", err);
    }
    if (status == NLT_OK && nlt__buf_cstr(&op) == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status == NLT_OK) {
        status = ask_boolean(from, to, NLT_HTTP_PUT, op.ptr, false, err);
    }
    nlt__buf_clear(&op);
    return nlt__fs_output(status, err);
}

static nlt_status web_remove(const char *path, nlt_error *err)
{
    return ask_boolean(path, path, NLT_HTTP_DELETE, "DELETE&recursive=false", true, err);
}

static nlt_status web_make_folder(const char *path, nlt_error *err)
{
    return ask_boolean(path, path, NLT_HTTP_PUT, "MKDIRS", false, err);
}

#define WEB_ROW(scheme_text)                                                                       \
    {                                                                                              \
        .scheme = (scheme_text), .is_far = true, .stat = web_stat, .list = web_list,               \
        .glob = web_glob, .open = web_open, .read = web_read, .close = web_close,                  \
        .create = web_create, .write = web_write, .finish = web_finish, .rename = web_rename,      \
        .remove = web_remove, .make_folder = web_make_folder                                       \
    }

const nlt_fs nlt__fs_hdfs = WEB_ROW("hdfs://");
const nlt_fs nlt__fs_webhdfs = WEB_ROW("webhdfs://");
const nlt_fs nlt__fs_swebhdfs = WEB_ROW("swebhdfs://");
