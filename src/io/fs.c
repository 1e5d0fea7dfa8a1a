/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of file systems and its row for local paths.
 *
 * Files are read with pread at the caller's offset, never mapped: a file that shrinks while it is
 * read ends early instead of raising SIGBUS. */

#define _DEFAULT_SOURCE 1

#include "io/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/webhdfs.h"

enum {
    READ_MAX = 1 << 30, /* bytes asked of the kernel at once */
    STOP_POLL_MS = 100,
    FILE_MODE = 0666,
    FOLDER_MODE = 0777
};

static nlt_fs_info info_from_stat(const struct stat *st)
{
    if (S_ISREG(st->st_mode)) {
        return (nlt_fs_info){NLT_FS_FILE, (int64_t)st->st_size};
    }
    return (nlt_fs_info){S_ISDIR(st->st_mode) ? NLT_FS_DIRECTORY : NLT_FS_STREAM, -1};
}

static bool is_absent(int code)
{
    return code == ENOENT || code == ENOTDIR;
}

static nlt_status fail_path(nlt_error *err, const char *what, const char *path, int code)
{
    if (is_absent(code)) {
        return nlt_fail(err, NLT_ERR_NOT_FOUND, "%s: no such file or directory", path);
    }
    return nlt_fail(err, NLT_ERR_IO, "%s: cannot %s: %s", path, what, strerror(code));
}

static nlt_status local_stat(const char *path, nlt_fs_info *info, nlt_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return fail_path(err, "look at it", path, errno);
    }
    *info = info_from_stat(&st);
    return NLT_OK;
}

/* What a link that leads nowhere is, too: opening it tells. */
static const nlt_fs_info file_unknown = {NLT_FS_FILE, -1};

/* Kind of a directory entry, without a system call where the directory tells it. */
static nlt_fs_info local_entry_info(int dir_fd, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type == DT_REG) {
        return file_unknown;
    }
    if (entry->d_type == DT_DIR) {
        return (nlt_fs_info){NLT_FS_DIRECTORY, -1};
    }
    return fstatat(dir_fd, entry->d_name, &st, 0) == 0 ? info_from_stat(&st) : file_unknown;
}

static nlt_status local_list(const char *path, nlt_fs_visit visit, void *ctx, nlt_error *err)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return fail_path(err, "list it", path, errno);
    }
    nlt_status status = NLT_OK;
    while (status == NLT_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0) {
                status = fail_path(err, "list it", path, errno);
            }
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = visit(ctx, entry->d_name, local_entry_info(dirfd(dir), entry), err);
        }
    }
    closedir(dir);
    return status;
}

static nlt_status local_glob(const char *pattern, nlt_fs_visit visit, void *ctx, nlt_error *err)
{
    glob_t found;
    int code = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (code == GLOB_NOMATCH) {
        return NLT_OK;
    }
    if (code != 0) {
        return code == GLOB_NOSPACE ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
                                    : nlt_fail(err, NLT_ERR_IO, "%s: cannot list", pattern);
    }
    nlt_status status = NLT_OK;
    for (size_t i = 0; i < found.gl_pathc && status == NLT_OK; i++) {
        struct stat st;
        bool is_known = stat(found.gl_pathv[i], &st) == 0;
        status = visit(ctx, found.gl_pathv[i], is_known ? info_from_stat(&st) : file_unknown, err);
    }
    globfree(&found);
    return status;
}

static nlt_status local_open(const char *path, nlt_fs_file *file, nlt_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                      : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return fail_path(err, "open it", path, errno);
    }
    struct stat st;
    int failure = fstat(fd, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    if (failure != 0) {
        close(fd);
        return nlt_fail(err, NLT_ERR_IO, "%s: cannot read it: %s", path, strerror(failure));
    }
    nlt_fs_info info = info_from_stat(&st);
    if (is_stdin) {
        info = (nlt_fs_info){NLT_FS_STREAM, -1}; /* a redirected file may stand past its start */
    } else if (info.kind == NLT_FS_FILE) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    file->handle = fd;
    file->name = is_stdin ? "(standard input)" : path;
    file->info = info;
    return NLT_OK;
}

/* Waits until a pipe has bytes, or its end. */
static nlt_status await_bytes(const nlt_fs_file *file, nlt_error *err)
{
    struct pollfd wait = {(int)file->handle, POLLIN, 0};
    while (file->info.kind != NLT_FS_FILE && poll(&wait, 1, STOP_POLL_MS) <= 0) {
        if (file->stop != NULL && atomic_load_explicit(file->stop, memory_order_relaxed)) {
            return nlt_fail(err, NLT_ERR_CANCELLED, "interrupted");
        }
    }
    return NLT_OK;
}

static nlt_status local_read(
    const nlt_fs_file *file, int64_t offset, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    int fd = (int)file->handle;
    *n = 0;
    if (cap > READ_MAX) {
        cap = READ_MAX;
    }
    for (;;) {
        NLT_TRY(await_bytes(file, err));
        ssize_t got = file->info.kind == NLT_FS_FILE ? pread(fd, buf, cap, (off_t)offset)
                                                     : read(fd, buf, cap);
        if (got >= 0) {
            *n = (size_t)got;
            return NLT_OK;
        }
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
            return nlt_fail(err, NLT_ERR_IO, "%s: cannot read it: %s", file->name, strerror(errno));
        }
    }
}

static void local_close(nlt_fs_file *file)
{
    if (file->handle >= 0) {
        close((int)file->handle);
    }
    file->handle = -1;
}

/* ---- writing ---- */

static nlt_status fail_output(nlt_error *err, const char *path, int code)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be written: %s", path, strerror(code));
}

static nlt_status local_create(const char *path, nlt_fs_file *file, nlt_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    file->name = file->name != NULL ? file->name : path;
    if (fd < 0) {
        return fail_output(err, file->name, errno);
    }
    file->handle = fd;
    file->info = (nlt_fs_info){NLT_FS_FILE, -1};
    return NLT_OK;
}

static nlt_status local_write(nlt_fs_file *file, const void *bytes, size_t len, nlt_error *err)
{
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = write((int)file->handle, p, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail_output(err, file->name, errno);
        }
        p += n;
        len -= (size_t)n;
    }
    return NLT_OK;
}

static nlt_status local_finish(nlt_fs_file *file, nlt_error *err)
{
    int failure = close((int)file->handle) != 0 ? errno : 0;
    file->handle = -1;
    return failure == 0 ? NLT_OK : fail_output(err, file->name, failure);
}

static nlt_status local_rename(const char *from, const char *to, nlt_error *err)
{
    return rename(from, to) == 0 ? NLT_OK : fail_output(err, to, errno);
}

static nlt_status local_remove(const char *path, nlt_error *err)
{
    return remove(path) == 0 || is_absent(errno)
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be removed: %s", path, strerror(errno));
}

static nlt_status local_make_folder(const char *path, nlt_error *err)
{
    char part[NLT_FS_PATH_MAX];
    size_t len = strlen(path);
    struct stat st;
    if (len >= sizeof part) {
        return fail_output(err, path, ENAMETOOLONG);
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST) {
            int failure = errno;
            if (stat(part, &st) != 0 || !S_ISDIR(st.st_mode)) {
                return fail_output(err, part, failure);
            }
        }
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return fail_output(err, path, ENOTDIR);
    }
    return NLT_OK;
}

/* ---- the table ---- */

static const nlt_fs fs_local = {
    .scheme = "",
    .stat = local_stat,
    .list = local_list,
    .glob = local_glob,
    .open = local_open,
    .read = local_read,
    .close = local_close,
    .create = local_create,
    .write = local_write,
    .finish = local_finish,
    .rename = local_rename,
    .remove = local_remove,
    .make_folder = local_make_folder,
};

static const nlt_fs *const fs_table[] = {
    &nlt__fs_hdfs,
    &nlt__fs_webhdfs,
    &nlt__fs_swebhdfs,
    &fs_local,
};

nlt_status nlt__fs_output(nlt_status status, nlt_error *err)
{
    if (status == NLT_OK || status == NLT_ERR_NOMEM || status == NLT_ERR_CANCELLED
        || status == NLT_ERR_ARG) {
        return status;
    }
    if (err != NULL) {
        err->code = NLT_ERR_OUTPUT;
    }
    return NLT_ERR_OUTPUT;
}

bool nlt_path_is_hdfs(const char *path)
{
    return nlt__fs_for(path) != &fs_local;
}

nlt_status nlt_path_to_hdfs(const char *path, char *out, size_t cap, nlt_error *err)
{
    bool has_scheme = nlt_path_is_hdfs(path);
    if (!has_scheme && path[0] != '/') {
        nlt_fail(err, NLT_ERR_ARG, "\"%s\" is no path on HDFS", path);
        nlt_error_hint(err, "hdfs://HOST/PATH, or /PATH of the usual file system (fs.defaultFS)");
        return NLT_ERR_ARG;
    }
    int len = snprintf(out, cap, "%s%s", has_scheme ? "" : "hdfs://", path);
    return len >= 0 && (size_t)len < cap
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_ARG, "\"%.100s...\" is too long a path", path);
}

char *nlt__fs_join(const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;
    char *path = nlt_alloc(len);
    if (path != NULL) {
        (void)snprintf(path, len, "%s/%s", folder, name);
    }
    return path;
}

const nlt_fs *nlt__fs_for(const char *path)
{
    size_t i = 0;
    while (strncmp(path, fs_table[i]->scheme, strlen(fs_table[i]->scheme)) != 0) {
        i++; /* the last row matches all */
    }
    return fs_table[i];
}
