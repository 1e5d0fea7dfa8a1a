/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --cache: each log file once as Parquet.
 *
 * A unit is a file, or all files of a request where rows come from several (pairings, names of flows). It
 * has a slot, named by what it is (device, inode, connector, options): SLOT.json with the identity of
 * its files (size, time of change, hashes of head and tail), the report of their lines, and the name, times
 * and hash of the file with the rows. Both files get their names by rename, the JSON last, so who sees
 * it sees whole rows; a changed log takes its slot over. Rows of a slot that was taken over are removed once
 * nobody holds the lock that all readers share.
 *
 * Rows are believed as long as their file has not changed since they were written; if it has, its hash
 * decides. The folder is the user's own, or it is refused. */

#define _GNU_SOURCE

#include "engine/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/thread.h"
#include "netlytics/storage.h"
#include "scan/saved.h"

enum {
    FORMAT = 1, /* of the entries; others are not read */
    ENDS_BYTES = 64 << 10,
    BLOCK_BYTES = 1 << 20,
    NAME_BYTES = 64,
    HASH_LINE = 17, /* 16 digits and a newline */
    JSON_MAX = 256 << 20,
    SQL_MAX = 64 << 20,
    POLL_NS = 50 * 1000 * 1000
};

static const char rows_suffix[] = ".rows";
static const char json_suffix[] = ".json";

typedef struct unit {
    int64_t file; /* NLT_SAVED_ALL: the whole request */
    char slot[NAME_BYTES];
    char *identity; /* owned */
    json_t *entry;  /* a valid one; owned; NULL: to be converted */
} unit;

typedef struct cache {
    nlt_session *session;
    nlt_scan *scan;
    int index;
    char *folder;  /* real path; owned */
    char *options; /* owned */
    unit *units;
    int64_t n_units;
    int64_t n_converted;
    int lock_fd;

    atomic_llong next; /* unit to be converted */
    atomic_int n_named;
} cache;

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* FOLDER/NAME+SUFFIX; NULL: no memory. */
static char *path_of(const cache *c, const char *name, const char *suffix)
{
    size_t cap = strlen(c->folder) + strlen(name) + strlen(suffix) + 2;
    char *path = nlt_alloc(cap);
    if (path != NULL) {
        (void)snprintf(path, cap, "%s/%s%s", c->folder, name, suffix);
    }
    return path;
}

/* ---- the folder ---- */

static nlt_status open_folder(cache *c, const char *path, nlt_error *err)
{
    struct stat info;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "--cache: %s: %s", path, strerror(errno));
    }
    char *real = realpath(path, NULL);
    c->folder = real != NULL ? nlt_strdup(real) : NULL;
    free(real);
    if (c->folder == NULL || stat(c->folder, &info) != 0) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "--cache: %s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "--cache: %s is not a folder", path);
    }
    if (info.st_uid != geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        nlt_fail(err, NLT_ERR_OUTPUT, "--cache: others can write into %s", path);
        nlt_error_hint(err, "what is in it is believed: chmod 700 a folder of your own");
        return NLT_ERR_OUTPUT;
    }
    if (access(c->folder, R_OK | W_OK | X_OK) != 0) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "--cache: %s: %s", path, strerror(errno));
    }
    return NLT_OK;
}

/* File systems without locks: nothing is removed then but by one's own hand. */
static int open_lock(const cache *c, const char *name)
{
    char *path = path_of(c, name, "");
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    nlt_free(path);
    return fd;
}

/* Waits for other programs that convert into the same folder. */
static nlt_status wait_for_lock(const cache *c, int fd, nlt_error *err)
{
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        const struct timespec pause = {0, POLL_NS};
        (void)nanosleep(&pause, NULL);
        if (atomic_load(&c->session->is_cancelled)) {
            return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
        }
    }
    return NLT_OK;
}

/* ---- identities ---- */

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool hash_range(int fd, int64_t offset, char *block, uint64_t *hash)
{
    ssize_t n = pread(fd, block, ENDS_BYTES, offset);
    if (n >= 0) {
        *hash = nlt__hash((nlt_bytes){block, (size_t)n}, *hash);
    }
    return n >= 0;
}

/* Appends "device:inode" to `name` and what the file is now to `identity`. False: it is no file that can
 * be known again. */
static bool identify(const char *path, char *block, nlt_buf *name, nlt_buf *identity)
{
    struct stat info;
    uint64_t hash = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_ok = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)
        && hash_range(fd, 0, block, &hash)
        && hash_range(fd, info.st_size > ENDS_BYTES ? info.st_size - ENDS_BYTES : 0, block, &hash)
        && nlt__buf_printf(name, NULL, "|%llx:%llx", (unsigned long long)info.st_dev,
               (unsigned long long)info.st_ino)
            == NLT_OK
        && nlt__buf_printf(identity, NULL, "|%lld:%lld:%016llx", (long long)info.st_size,
               (long long)nanoseconds(info.st_mtim), (unsigned long long)hash)
            == NLT_OK;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_ok;
}

/* Slot and identity of a unit. *unknown: the path of a file that cannot be cached. */
static nlt_status identify_unit(
    const cache *c, unit *u, char *block, const char **unknown, nlt_error *err)
{
    nlt_buf name = NLT_BUF_INIT(JSON_MAX);
    nlt_buf identity = NLT_BUF_INIT(JSON_MAX);
    int64_t first = u->file == NLT_SAVED_ALL ? 0 : u->file;
    int64_t end = u->file == NLT_SAVED_ALL ? INT64_MAX : u->file + 1;
    nlt_status status = nlt__buf_printf(&name, err, "%d|%s|%s", FORMAT, NLT_VERSION, c->options);
    const char *path = NULL;
    for (int64_t i = first; status == NLT_OK && *unknown == NULL && i < end
         && (path = nlt__scan_file_path(c->scan, i)) != NULL;
         i++) {
        status = nlt__buf_printf(&name, err, "|%lld", (long long)nlt__scan_file_day(c->scan, i));
        if (status == NLT_OK && !identify(path, block, &name, &identity)) {
            *unknown = path;
        }
    }
    if (status == NLT_OK && *unknown == NULL) {
        nlt_bytes text = {name.ptr, name.len};
        (void)snprintf(u->slot, sizeof u->slot, "%016llx%016llx",
            (unsigned long long)nlt__hash(text, 1), (unsigned long long)nlt__hash(text, 2));
        status = nlt__buf_append(&name, identity.ptr, identity.len, err);
        const char *whole = status == NLT_OK ? nlt__buf_cstr(&name) : NULL;
        u->identity = whole != NULL ? nlt_strdup(whole) : NULL;
        status = u->identity != NULL ? NLT_OK : no_memory(err);
    }
    nlt__buf_clear(&name);
    nlt__buf_clear(&identity);
    return status;
}

static nlt_status identify_units(cache *c, const char **unknown, nlt_error *err)
{
    const nlt_connector *connector = nlt__scan_connector(c->scan);
    bool is_whole = connector->pairing != NULL || connector->n_tellers > 0;
    int64_t n_files = nlt__scan_file_count(c->scan);
    c->n_units = is_whole ? 1 : n_files;
    c->units = nlt_alloc_zero((size_t)c->n_units, sizeof *c->units);
    char *block = nlt_alloc(ENDS_BYTES);
    nlt_status status = c->units != NULL && block != NULL ? NLT_OK : no_memory(err);
    for (int64_t i = 0; i < c->n_units && status == NLT_OK && *unknown == NULL; i++) {
        c->units[i].file = is_whole ? NLT_SAVED_ALL : i;
        status = identify_unit(c, &c->units[i], block, unknown, err);
    }
    nlt_free(block);
    return status;
}

/* ---- entries ---- */

/* Hash of a whole file. */
static bool hash_file(int fd, uint64_t *hash)
{
    char *block = nlt_alloc(BLOCK_BYTES);
    ssize_t n = -1;
    int64_t offset = 0;
    *hash = 0;
    while (block != NULL && (n = pread(fd, block, BLOCK_BYTES, offset)) > 0) {
        *hash = nlt__hash((nlt_bytes){block, (size_t)n}, *hash);
        offset += n;
    }
    nlt_free(block);
    return n == 0;
}

/* The times of a file that no write leaves as they were. */
static void put_stamp(const struct stat *info, char out[NAME_BYTES * 2])
{
    (void)snprintf(out, NAME_BYTES * 2, "%llx:%lld:%lld:%lld", (unsigned long long)info->st_ino,
        (long long)info->st_size, (long long)nanoseconds(info->st_mtim),
        (long long)nanoseconds(info->st_ctim));
}

static bool are_rows_sound(const cache *c, const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "rows"));
    const char *stamp = json_string_value(json_object_get(entry, "stamp"));
    const char *hash_text = json_string_value(json_object_get(entry, "hash"));
    if (name == NULL || stamp == NULL || hash_text == NULL || strchr(name, '/') != NULL) {
        return false;
    }
    char now[NAME_BYTES * 2];
    char hash_now[NAME_BYTES];
    struct stat info;
    uint64_t hash = 0;
    char *path = path_of(c, name, "");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    nlt_free(path);
    bool is_sound = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (is_sound) {
        put_stamp(&info, now);
        if (strcmp(now, stamp) != 0) {
            is_sound = hash_file(fd, &hash);
            (void)snprintf(hash_now, sizeof hash_now, "%016llx", (unsigned long long)hash);
            is_sound = is_sound && strcmp(hash_now, hash_text) == 0;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_sound;
}

/* Messages about damage name the file: it must be called as it was. */
static bool is_damage_named(const cache *c, const unit *u, const json_t *entry)
{
    const json_t *report = json_object_get(entry, "report");
    const json_t *files = json_object_get(report, "files");
    const json_t *paths = json_object_get(entry, "paths");
    for (size_t i = 0; i < json_array_size(files); i++) {
        int64_t file = (u->file == NLT_SAVED_ALL ? 0 : u->file) + (int64_t)i;
        const char *path = nlt__scan_file_path(c->scan, file);
        const char *was = json_string_value(json_array_get(paths, i));
        if (json_is_string(json_object_get(json_array_get(files, i), "damage"))
            && (path == NULL || was == NULL || strcmp(path, was) != 0)) {
            return false;
        }
    }
    return true;
}

/* Bytes of a small file of the folder. */
static bool read_file(const cache *c, const char *slot, nlt_buf *out)
{
    char *path = path_of(c, slot, json_suffix);
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    struct stat info;
    bool is_ok = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)
        && info.st_size <= JSON_MAX && nlt__buf_reserve(out, (size_t)info.st_size, NULL) == NLT_OK;
    if (is_ok) {
        ssize_t n = pread(fd, out->ptr, (size_t)info.st_size, 0);
        is_ok = n == info.st_size;
        out->len = is_ok ? (size_t)n : 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    nlt_free(path);
    return is_ok;
}

static void put_hash(nlt_bytes text, char out[HASH_LINE + 1])
{
    (void)snprintf(out, HASH_LINE + 1, "%016llx\n", (unsigned long long)nlt__hash(text, FORMAT));
}

/* An entry: its hash, a newline, JSON. NULL: there is none, or it is not as it was written. */
static json_t *load_json(const cache *c, const char *slot)
{
    nlt_buf text = NLT_BUF_INIT(JSON_MAX);
    json_t *json = NULL;
    char line[HASH_LINE + 1];
    if (read_file(c, slot, &text) && text.len > HASH_LINE) {
        nlt_bytes rest = {text.ptr + HASH_LINE, text.len - HASH_LINE};
        put_hash(rest, line);
        json = memcmp(text.ptr, line, HASH_LINE) == 0
            ? json_loadb(rest.ptr, rest.len, JSON_REJECT_DUPLICATES, NULL)
            : NULL;
    }
    nlt__buf_clear(&text);
    return json;
}

/* The unit's entry if it is there, whole, and of the file as it is now. */
static void look_up(const cache *c, unit *u)
{
    json_t *entry = load_json(c, u->slot);
    const char *identity = json_string_value(json_object_get(entry, "identity"));
    if (identity != NULL && strcmp(identity, u->identity) == 0 && are_rows_sound(c, entry)
        && is_damage_named(c, u, entry)) {
        u->entry = entry;
        return;
    }
    json_decref(entry);
}

/* ---- conversion ---- */

static nlt_status put_copy(
    const cache *c, const unit *u, const char *path, nlt_buf *sql, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(sql, err, "COPY (SELECT * FROM netlytics_scan(%d", c->index));
    if (u->file != NLT_SAVED_ALL) {
        NLT_TRY(nlt__buf_printf(sql, err, ", file := %lld", (long long)u->file));
    }
    NLT_TRY(nlt__buf_printf(sql, err, ")) TO "));
    NLT_TRY(nlt__duck_literal(path, sql, err));
    /* the second version's encodings: measured smaller and faster to read than zstd in the first */
    return nlt__buf_printf(
        sql, err, " (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION V2, USE_TMP_FILE false)");
}

static nlt_status copy_rows(
    cache *c, const unit *u, duckdb_connection con, const char *path, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    int64_t n_rows = 0;
    nlt_status status = put_copy(c, u, path, &sql, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (status == NLT_OK) {
        status = text != NULL ? nlt__parquet_copy(c->session, con, text, path, &n_rows, err)
                              : no_memory(err);
    }
    nlt__buf_clear(&sql);
    return status;
}

static json_t *unit_paths(const cache *c, const unit *u)
{
    json_t *paths = json_array();
    int64_t first = u->file == NLT_SAVED_ALL ? 0 : u->file;
    int64_t end = u->file == NLT_SAVED_ALL ? nlt__scan_file_count(c->scan) : u->file + 1;
    for (int64_t i = first; i < end; i++) {
        const char *path = nlt__scan_file_path(c->scan, i);
        json_t *text = json_string(path); /* NULL where the name is no UTF-8 */
        json_array_append_new(paths, text != NULL ? text : json_null());
    }
    return paths;
}

/* The JSON of rows that lie at `path` under their final name. */
static nlt_status make_entry(
    const cache *c, unit *u, const char *name, const char *path, nlt_error *err)
{
    char stamp[NAME_BYTES * 2];
    char hash_text[NAME_BYTES];
    struct stat info;
    uint64_t hash = 0;
    json_t *report = NULL;
    NLT_TRY(nlt__scan_save(c->scan, u->file, &report, err));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !hash_file(fd, &hash) || fstat(fd, &info) != 0) {
        int code = errno;
        json_decref(report);
        if (fd >= 0) {
            (void)close(fd);
        }
        return nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(code));
    }
    (void)close(fd);
    put_stamp(&info, stamp);
    (void)snprintf(hash_text, sizeof hash_text, "%016llx", (unsigned long long)hash);
    u->entry = json_pack("{s:s, s:o, s:s, s:s, s:s, s:o}", "identity", u->identity, "paths",
        unit_paths(c, u), "rows", name, "stamp", stamp, "hash", hash_text, "report", report);
    return u->entry != NULL ? NLT_OK : no_memory(err);
}

static nlt_status write_entry(const cache *c, const unit *u, nlt_error *err)
{
    nlt_buf whole = NLT_BUF_INIT(JSON_MAX);
    char line[HASH_LINE + 1];
    char *path = path_of(c, u->slot, json_suffix);
    char *text = json_dumps(u->entry, JSON_COMPACT);
    nlt_status status = path != NULL && text != NULL ? NLT_OK : no_memory(err);
    if (status == NLT_OK) {
        put_hash((nlt_bytes){text, strlen(text)}, line);
        status = nlt__buf_printf(&whole, err, "%s%s", line, text);
    }
    if (status == NLT_OK) {
        struct stat st;
        const char *bytes = nlt__buf_cstr(&whole);
        if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
            (void)unlink(path); /* not to write where it leads */
        }
        status = bytes != NULL ? nlt_file_write(path, bytes, err) : no_memory(err);
    }
    nlt__buf_clear(&whole);
    free(text); /* jansson's own allocation */
    nlt_free(path);
    return status;
}

static nlt_status convert_to(
    cache *c, unit *u, duckdb_connection con, const char *name, const char *path, nlt_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, strerror(errno));
    }
    (void)close(fd);
    nlt_status status = copy_rows(c, u, con, path, err);
    if (status == NLT_OK) {
        status = make_entry(c, u, name, path, err);
    }
    if (status == NLT_OK) {
        status = write_entry(c, u, err);
    }
    if (status != NLT_OK) {
        (void)unlink(path);
    }
    return status;
}

/* The file with the rows has a name of its own for ever: readers of older rows keep theirs. */
static nlt_status convert(cache *c, unit *u, duckdb_connection con, nlt_error *err)
{
    char name[NAME_BYTES * 2];
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(name, sizeof name, "%s-%llx-%ld-%d%s", u->slot,
        (unsigned long long)nanoseconds(now), (long)getpid(), atomic_fetch_add(&c->n_named, 1),
        rows_suffix);
    char *path = path_of(c, name, "");
    nlt_status status = path != NULL ? convert_to(c, u, con, name, path, err) : no_memory(err);
    nlt_free(path);
    return status;
}

static nlt_status convert_thread(void *ctx, int thread, nlt_error *err)
{
    (void)thread;
    cache *c = ctx;
    duckdb_connection con = NULL;
    nlt_status status = NLT_OK;
    if (duckdb_connect(c->session->db, &con) != DuckDBSuccess) {
        return no_memory(err);
    }
    for (;;) {
        int64_t i = atomic_fetch_add(&c->next, 1);
        if (i >= c->n_units) {
            break;
        }
        if (c->units[i].entry == NULL) {
            status = convert(c, &c->units[i], con, err);
            if (status != NLT_OK) {
                atomic_store(&c->next, c->n_units);
                break;
            }
        }
    }
    duckdb_disconnect(&con);
    return status;
}

static int64_t count_missing(const cache *c)
{
    int64_t n = 0;
    for (int64_t i = 0; i < c->n_units; i++) {
        n += c->units[i].entry == NULL;
    }
    return n;
}

static nlt_status convert_locked(cache *c, nlt_error *err)
{
    for (int64_t i = 0; i < c->n_units; i++) {
        if (c->units[i].entry == NULL) { /* another program may have made it meanwhile */
            look_up(c, &c->units[i]);
        }
    }
    c->n_converted = count_missing(c);
    if (c->n_converted == 0) {
        return NLT_OK;
    }
    if (c->units[0].file != NLT_SAVED_ALL) {
        nlt__scan_keep_reports(c->scan);
    }
    NLT_TRY(nlt__duck_open(c->session, err));
    int threads = c->session->threads < c->n_converted ? c->session->threads : (int)c->n_converted;
    return nlt__parallel(threads, convert_thread, c, err);
}

/* ---- what is left over ---- */

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* Names of files in the folder. */
static nlt_status list_names(const cache *c, nlt_strings *out, nlt_error *err)
{
    DIR *dir = opendir(c->folder);
    nlt_status status = NLT_OK;
    for (const struct dirent *entry = dir != NULL ? readdir(dir) : NULL;
         entry != NULL && status == NLT_OK; entry = readdir(dir)) {
        status = nlt__strings_add(out, err, "%s", entry->d_name);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return status;
}

/* A log that is gone, all of a request's: its entry will not be asked for again. */
static bool are_logs_gone(const json_t *entry)
{
    const json_t *paths = json_object_get(entry, "paths");
    bool is_gone = json_array_size(paths) > 0;
    for (size_t i = 0; i < json_array_size(paths) && is_gone; i++) {
        const char *path = json_string_value(json_array_get(paths, i));
        is_gone = path != NULL && path[0] == '/' && access(path, F_OK) != 0 && errno == ENOENT;
    }
    return is_gone;
}

static bool is_own_slot(const cache *c, const char *name)
{
    for (int64_t i = 0; i < c->n_units; i++) {
        if (strncmp(name, c->units[i].slot, strlen(c->units[i].slot)) == 0) {
            return true;
        }
    }
    return false;
}

static void remove_name(const cache *c, const char *name)
{
    char *path = path_of(c, name, "");
    if (path != NULL) {
        (void)unlink(path);
    }
    nlt_free(path);
}

/* Only with the lock that nobody shares. Entries whose logs are gone, then rows of no entry. */
static void clean_locked(const cache *c)
{
    nlt_strings names = NLT_STRINGS_INIT;
    json_t *kept = json_object();
    nlt_status status = list_names(c, &names, NULL);
    for (size_t i = 0; i < names.n && status == NLT_OK; i++) {
        if (!has_suffix(names.items[i], json_suffix)) {
            continue;
        }
        names.items[i][strlen(names.items[i]) - strlen(json_suffix)] = '\0';
        json_t *entry = load_json(c, names.items[i]);
        names.items[i][strlen(names.items[i])] = json_suffix[0];
        const char *rows = json_string_value(json_object_get(entry, "rows"));
        if (rows == NULL || (are_logs_gone(entry) && !is_own_slot(c, names.items[i]))) {
            remove_name(c, names.items[i]);
        } else {
            json_object_set_new(kept, rows, json_true());
        }
        json_decref(entry);
    }
    for (size_t i = 0; i < names.n && status == NLT_OK; i++) {
        bool is_temporary = strstr(names.items[i], ".json.tmp-") != NULL;
        bool is_rows = has_suffix(names.items[i], rows_suffix);
        if (is_temporary || (is_rows && json_object_get(kept, names.items[i]) == NULL)) {
            remove_name(c, names.items[i]);
        }
    }
    json_decref(kept);
    nlt__strings_clear(&names);
}

static void clean(const cache *c)
{
    if (c->lock_fd >= 0 && flock(c->lock_fd, LOCK_EX | LOCK_NB) == 0) {
        clean_locked(c);
        (void)flock(c->lock_fd, LOCK_SH);
    } else if (c->lock_fd >= 0) {
        (void)flock(c->lock_fd, LOCK_SH); /* a failed change of a lock may have lost it */
    }
}

static int64_t folder_bytes(const cache *c)
{
    nlt_strings names = NLT_STRINGS_INIT;
    nlt_status status = list_names(c, &names, NULL);
    int64_t total = 0;
    for (size_t i = 0; i < names.n && status == NLT_OK; i++) {
        struct stat info;
        char *path = path_of(c, names.items[i], "");
        if (path != NULL && lstat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            total += info.st_size;
        }
        nlt_free(path);
    }
    nlt__strings_clear(&names);
    return total;
}

/* ---- reading ---- */

static nlt_status put_relation(const cache *c, nlt_buf *sql, nlt_error *err)
{
    bool is_whole = c->units[0].file == NLT_SAVED_ALL;
    NLT_TRY(nlt__buf_printf(sql, err,
        is_whole ? "SELECT * FROM read_parquet(["
                 : "SELECT * REPLACE ((file_index << 40) | (\"" NLT_ROW_KEY_COLUMN
                   "\" & 1099511627775) "
                   "AS \"" NLT_ROW_KEY_COLUMN "\") FROM read_parquet(["));
    for (int64_t i = 0; i < c->n_units; i++) {
        const char *name = json_string_value(json_object_get(c->units[i].entry, "rows"));
        char *path = name != NULL ? path_of(c, name, "") : NULL;
        if (path == NULL) {
            return no_memory(err);
        }
        nlt_status status = nlt__buf_append(sql, ", ", i > 0 ? 2 : 0, err);
        if (status == NLT_OK) {
            status = nlt__duck_literal(path, sql, err);
        }
        nlt_free(path);
        NLT_TRY(status);
    }
    return nlt__buf_printf(sql, err, "], hive_partitioning = false)");
}

static nlt_status restore_reports(cache *c, nlt_error *err)
{
    for (int64_t i = 0; i < c->n_units; i++) {
        const unit *u = &c->units[i];
        bool is_read = u->file == NLT_SAVED_ALL && c->n_converted > 0;
        if (!is_read) {
            NLT_TRY(nlt__scan_restore(c->scan, u->file, json_object_get(u->entry, "report"), err));
        }
    }
    return NLT_OK;
}

static nlt_status take_rows(cache *c, nlt_error *err)
{
    nlt_buf sql = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_relation(c, &sql, err);
    nlt_cached *cached = nlt_alloc_zero(1, sizeof *cached);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
    if (cached != NULL && text != NULL) {
        *cached = (nlt_cached){.sql = nlt_strdup(text),
            .lock_fd = c->lock_fd,
            .files = nlt__scan_file_count(c->scan),
            .bytes = folder_bytes(c)};
        cached->converted = c->units[0].file != NLT_SAVED_ALL ? c->n_converted
            : c->n_converted > 0                              ? cached->files
                                                              : 0;
        c->lock_fd = -1; /* the session's now */
        c->session->cached[c->index] = cached;
        status = cached->sql != NULL ? NLT_OK : no_memory(err);
    } else if (status == NLT_OK) {
        status = no_memory(err);
        nlt_free(cached);
    } else {
        nlt_free(cached);
    }
    nlt__buf_clear(&sql);
    return status;
}

void nlt__cached_free(nlt_cached *cached)
{
    if (cached != NULL) {
        if (cached->lock_fd >= 0) {
            (void)close(cached->lock_fd);
        }
        nlt_free(cached->sql);
        nlt_free(cached);
    }
}

#define CACHED_VIEW "\"netlytics cached %d\""

void nlt__scan_text(const nlt_session *session, int scan, char out[NLT_SCAN_TEXT_MAX])
{
    (void)snprintf(out, NLT_SCAN_TEXT_MAX,
        session->is_followed[scan]          ? "\"netlytics followed %d\""
            : session->cached[scan] != NULL ? CACHED_VIEW
                                            : "netlytics_scan(%d)",
        scan);
}

nlt_status nlt__cache_install(nlt_session *session, nlt_error *err)
{
    nlt_status status = NLT_OK;
    for (int i = 0; i < session->n_scans && status == NLT_OK; i++) {
        if (session->cached[i] == NULL) {
            continue;
        }
        nlt_buf sql = NLT_BUF_INIT(SQL_MAX + 1024);
        status = nlt__buf_printf(
            &sql, err, "CREATE VIEW " CACHED_VIEW " AS %s", i, session->cached[i]->sql);
        const char *text = status == NLT_OK ? nlt__buf_cstr(&sql) : NULL;
        if (status == NLT_OK) {
            status = text != NULL ? nlt__duck_run(session, text, err) : no_memory(err);
        }
        nlt__buf_clear(&sql);
    }
    return status;
}

/* ---- all ---- */

static nlt_status fill(cache *c, nlt_error *err)
{
    for (int64_t i = 0; i < c->n_units; i++) {
        look_up(c, &c->units[i]);
    }
    if (count_missing(c) == 0) {
        return NLT_OK;
    }
    int fd = open_lock(c, "convert.lock");
    nlt_status status = wait_for_lock(c, fd, err);
    if (status == NLT_OK) {
        status = convert_locked(c, err);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (status == NLT_OK) {
        clean(c);
    }
    return status;
}

static nlt_status open_cache(cache *c, const nlt_dataset_request *request, bool *is_used,
    bool *is_spent, nlt_strings *warnings, nlt_error *err)
{
    const char *unknown = NULL;
    nlt_buf options = NLT_BUF_INIT(1 << 16);
    NLT_TRY(open_folder(c, request->cache_dir, err));
    nlt_status status = nlt__scan_describe(c->scan, request->timezone, &options, err);
    const char *text = status == NLT_OK ? nlt__buf_cstr(&options) : NULL;
    c->options = text != NULL ? nlt_strdup(text) : NULL;
    nlt__buf_clear(&options);
    if (c->options == NULL) {
        return no_memory(err);
    }
    NLT_TRY(identify_units(c, &unknown, err));
    if (unknown != NULL) {
        return nlt__strings_add(warnings, err, "--cache: %s is no file that can be known again; %s",
            unknown, "nothing is cached");
    }
    c->lock_fd = open_lock(c, "lock");
    if (c->lock_fd >= 0) {
        (void)flock(c->lock_fd, LOCK_SH);
    }
    char *folder = path_of(c, "", "");
    status = folder != NULL ? nlt__duck_allow(c->session, folder, err) : no_memory(err);
    nlt_free(folder);
    NLT_TRY(status);
    nlt_error failure = NLT_ERROR_INIT;
    status = fill(c, &failure);
    *is_spent = status != NLT_OK;
    if (status == NLT_ERR_OUTPUT) {
        return nlt__strings_add(
            warnings, err, "--cache: %s; the logs are read instead", failure.message);
    }
    if (status != NLT_OK) {
        if (err != NULL) {
            *err = failure;
        }
        return status;
    }
    NLT_TRY(restore_reports(c, err));
    *is_used = true;
    NLT_TRY(take_rows(c, err));
    nlt__duck_shut(c->session); /* the next one knows the rows */
    return NLT_OK;
}

nlt_status nlt__cache_open(nlt_session *session, int index, const nlt_dataset_request *request,
    bool *is_used, bool *is_spent, nlt_strings *warnings, nlt_error *err)
{
    cache c = {.session = session, .scan = session->scans[index], .index = index, .lock_fd = -1};
    *is_used = false;
    *is_spent = false;
    nlt_status status = open_cache(&c, request, is_used, is_spent, warnings, err);
    for (int64_t i = 0; c.units != NULL && i < c.n_units; i++) {
        nlt_free(c.units[i].identity);
        json_decref(c.units[i].entry);
    }
    if (c.lock_fd >= 0) {
        (void)close(c.lock_fd);
    }
    nlt_free(c.units);
    nlt_free(c.folder);
    nlt_free(c.options);
    return status;
}
