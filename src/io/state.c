/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States of algorithms in files: sealing, reading, locking.
 *
 * Locally a lock is flock(2) on the lock file, so a run that was killed holds none; its text is for
 * people. A file system without it has the lock as long as the file is there: creating is atomic. */

#define _GNU_SOURCE

#include "io/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/fs.h"

enum { HOLDER_MAX = 512, READ_BYTES = 1 << 20, LOCK_TRIES = 100, CHECKSUM_DIGITS = 16 };

#define VERSION_KEY "{\"version\":"
#define CHECKSUM_KEY ",\"checksum\":\""
#define CHECKSUM_END "\","

/* ---- sealing ---- */

/* FNV-1a: the same on every machine and in every version. */
static uint64_t checksum_of(nlt_bytes bytes)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.len; i++) {
        sum = (sum ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

nlt_status nlt__state_seal(int version, nlt_bytes object, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, VERSION_KEY "%d" CHECKSUM_KEY "%016llx" CHECKSUM_END, version,
        (unsigned long long)checksum_of(object)));
    return nlt__buf_append(out, object.ptr + 1, object.len - 1, err);
}

static bool skip(nlt_bytes *rest, const char *text)
{
    size_t len = strlen(text);
    bool is_there = rest->len >= len && memcmp(rest->ptr, text, len) == 0;
    if (is_there) {
        *rest = (nlt_bytes){rest->ptr + len, rest->len - len};
    }
    return is_there;
}

static nlt_status fail_damaged(const char *path, const char *why, nlt_error *err)
{
    nlt_status status = nlt_fail(err, NLT_ERR_DAMAGED, "%s: %s", path, why);
    nlt_error_hint(err, "train again: a run that is not told to use it writes it anew");
    return status;
}

/* At most nine digits; -1: none. */
static int take_version(nlt_bytes *rest)
{
    int version = -1;
    for (int i = 0; i < 9 && rest->len > 0 && *rest->ptr >= '0' && *rest->ptr <= '9'; i++) {
        version = (version < 0 ? 0 : version) * 10 + (*rest->ptr - '0');
        *rest = (nlt_bytes){rest->ptr + 1, rest->len - 1};
    }
    return version;
}

nlt_status nlt__state_unseal(
    const char *path, int version, nlt_buf *file, nlt_bytes *object, nlt_error *err)
{
    nlt_bytes rest = {file->ptr, file->len};
    char expected[CHECKSUM_DIGITS + 1];
    int found = skip(&rest, VERSION_KEY) ? take_version(&rest) : -1;
    if (found < 0 || !skip(&rest, CHECKSUM_KEY) || rest.len <= CHECKSUM_DIGITS + 2
        || memcmp(rest.ptr + CHECKSUM_DIGITS, CHECKSUM_END, 2) != 0) {
        return fail_damaged(path, "does not begin as a state that this program keeps", err);
    }
    if (found != version) {
        char why[96];
        (void)snprintf(why, sizeof why, "a state of version %d, this program knows version %d",
            found, version);
        return fail_damaged(path, why, err);
    }
    size_t at = (size_t)(rest.ptr - file->ptr) + CHECKSUM_DIGITS + 1; /* of the comma */
    file->ptr[at] = '{';
    *object = (nlt_bytes){file->ptr + at, file->len - at};
    (void)snprintf(expected, sizeof expected, "%016llx", (unsigned long long)checksum_of(*object));
    return memcmp(expected, rest.ptr, CHECKSUM_DIGITS) == 0
        ? NLT_OK
        : fail_damaged(path, "wrong checksum: cut short, damaged or edited", err);
}

/* ---- reading ---- */

static nlt_status read_all(const nlt_fs_file *file, nlt_buf *out, nlt_error *err)
{
    size_t n = 1;
    for (int64_t offset = 0; n > 0; offset += (int64_t)n) {
        NLT_TRY(nlt__buf_reserve(out, READ_BYTES, err));
        NLT_TRY(file->fs->read(file, offset, out->ptr + out->len, READ_BYTES, &n, err));
        out->len += n;
    }
    return NLT_OK;
}

nlt_status nlt__state_read(const char *path, nlt_buf *out, nlt_error *err)
{
    nlt_fs_file file = {.fs = nlt__fs_for(path), .handle = -1, .name = path};
    NLT_TRY(file.fs->open(path, &file, err));
    nlt_status status = read_all(&file, out, err);
    file.fs->close(&file);
    return status;
}

/* FOLDER/.NAME.lock. Owned; NULL: no memory. */
static char *lock_path(const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + sizeof "/..lock";
    char *path = nlt_alloc(len);
    if (path != NULL) {
        (void)snprintf(path, len, "%s/.%s.lock", folder, name);
    }
    return path;
}

nlt_status nlt__state_load(const char *folder, const char *name, int version, nlt_buf *file,
    nlt_bytes *object, nlt_error *err)
{
    char *path = nlt__fs_join(folder, name);
    if (path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = nlt__state_read(path, file, err);
    if (status == NLT_OK) {
        status = nlt__state_unseal(path, version, file, object, err);
    }
    nlt_free(path);
    return status;
}

/* ---- locking ---- */

struct nlt_state_lock {
    const nlt_fs *fs;
    char *path; /* owned */
    int fd;     /* local */
};

static void put_holder(char out[HOLDER_MAX])
{
    char host[256] = "?";
    char clock[32] = "?";
    time_t now = time(NULL);
    struct tm utc;
    (void)gethostname(host, sizeof host - 1);
    if (gmtime_r(&now, &utc) != NULL) {
        (void)strftime(clock, sizeof clock, "%Y-%m-%d %H:%M:%S", &utc);
    }
    (void)snprintf(out, HOLDER_MAX, "process %ld on %s since %s UTC", (long)getpid(), host, clock);
}

static void read_holder(const char *path, char out[HOLDER_MAX])
{
    nlt_buf text = NLT_BUF_INIT((READ_BYTES + 1) * 2);
    bool is_read = nlt__state_read(path, &text, NULL) == NLT_OK && text.len > 0;
    int len = text.len < HOLDER_MAX - 1 ? (int)text.len : HOLDER_MAX - 1;
    if (is_read) {
        (void)snprintf(out, HOLDER_MAX, "%.*s", len, text.ptr);
    } else {
        (void)snprintf(out, HOLDER_MAX, "another run");
    }
    nlt__buf_clear(&text);
}

static nlt_status fail_held(
    const nlt_state_lock *lock, const char *name, bool must_remove, nlt_error *err)
{
    char holder[HOLDER_MAX];
    read_holder(lock->path, holder);
    nlt_status status = nlt_fail(err, NLT_ERR_IO, "%s is being written by %s", name, holder);
    if (must_remove) {
        nlt_error_hint(err, "if that run is gone, remove %s", lock->path);
    } else {
        nlt_error_hint(err, "wait for it, or use another --persistent_dir_local");
    }
    return status;
}

static nlt_status fail_lock(const nlt_state_lock *lock, nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be written: %s", lock->path, strerror(errno));
}

/* True if the name still means the file that is locked: who had it removes it at the end. */
static bool is_current(const nlt_state_lock *lock)
{
    struct stat here;
    struct stat there;
    return fstat(lock->fd, &here) == 0 && stat(lock->path, &there) == 0
        && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static nlt_status lock_local(
    nlt_state_lock *lock, const char *name, const char *holder, nlt_error *err)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (lock->fd < 0) {
            return fail_lock(lock, err);
        }
        if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
            return errno == EWOULDBLOCK ? fail_held(lock, name, false, err) : fail_lock(lock, err);
        }
        if (is_current(lock)) {
            size_t len = strlen(holder);
            bool is_written =
                ftruncate(lock->fd, 0) == 0 && write(lock->fd, holder, len) == (ssize_t)len;
            return is_written ? NLT_OK : fail_lock(lock, err);
        }
        close(lock->fd);
        lock->fd = -1;
    }
    return fail_held(lock, name, false, err);
}

static nlt_status lock_by_name(
    nlt_state_lock *lock, const char *name, const char *holder, nlt_error *err)
{
    nlt_fs_info info;
    if (lock->fs->stat(lock->path, &info, NULL) == NLT_OK) {
        return fail_held(lock, name, true, err);
    }
    nlt_fs_file file = {.fs = lock->fs, .handle = -1, .name = lock->path};
    NLT_TRY(lock->fs->create(lock->path, &file, err));
    nlt_status status = lock->fs->write(&file, holder, strlen(holder), err);
    if (status != NLT_OK) {
        lock->fs->close(&file);
        return status;
    }
    return lock->fs->finish(&file, err);
}

static void free_lock(nlt_state_lock *lock)
{
    if (lock->fd >= 0) {
        close(lock->fd);
    }
    nlt_free(lock->path);
    nlt_free(lock);
}

nlt_status nlt__state_lock(
    const char *folder, const char *name, nlt_state_lock **out, nlt_error *err)
{
    *out = NULL;
    char holder[HOLDER_MAX];
    const nlt_fs *fs = nlt__fs_for(folder);
    NLT_TRY(fs->make_folder(folder, err));
    nlt_state_lock *lock = nlt_alloc_zero(1, sizeof *lock);
    if (lock == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *lock = (nlt_state_lock){fs, lock_path(folder, name), -1};
    put_holder(holder);
    nlt_status status = lock->path == NULL ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
        : fs->scheme[0] == '\0'            ? lock_local(lock, name, holder, err)
                                           : lock_by_name(lock, name, holder, err);
    if (status != NLT_OK) {
        free_lock(lock);
        return status;
    }
    *out = lock;
    return NLT_OK;
}

void nlt__state_unlock(nlt_state_lock *lock)
{
    if (lock != NULL) {
        nlt_status ignored = lock->fs->remove(lock->path, NULL); /* nothing more can be done */
        (void)ignored;
        free_lock(lock);
    }
}
