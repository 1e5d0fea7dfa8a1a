/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that appear whole or not at all: written under a temporary name beside the target, renamed
 * at the end; local or on HDFS. Standard output, pipes and devices are written as it comes. A link
 * stays: what it leads to is written. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/num.h"
#include "io/fs.h"
#include "netlytics/storage.h"
#include "output/writer.h"

enum { NAME_TRIES = 100, NAME_EXTRA = 64 };

struct nlt_outfile {
    nlt_fs_file file;
    bool is_broken_pipe;
    char *path; /* NULL: standard output */
    char *temp; /* NULL: `path` is no regular file and is written itself */
    char *kept; /* where nlt__outfiles_commit put what `path` was; NULL: nowhere */
};

static nlt_status fail_output(nlt_error *err, const char *path, int code)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be written: %s", path, strerror(code));
}

static void outfile_free(nlt_outfile *file)
{
    nlt_free(file->path);
    nlt_free(file->temp);
    nlt_free(file->kept);
    nlt_free(file);
}

char *nlt__temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash + 1 - path) : 0;
    size_t cap = strlen(path) + NAME_EXTRA;
    char *name = nlt_alloc(cap);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (name != NULL) {
        (void)snprintf(name, cap, "%.*s.%s" NLT_TEMPORARY_MARK "%lld%09ld", folder, path,
            path + folder, (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
    }
    return name;
}

static nlt_status create_temporary(nlt_outfile *file, nlt_error *err)
{
    nlt_status status = NLT_ERR_OUTPUT;
    for (int i = 0; i < NAME_TRIES && status == NLT_ERR_OUTPUT; i++) {
        nlt_free(file->temp);
        file->temp = nlt__temporary_name(file->path);
        if (file->temp == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        errno = 0;                    /* other file systems leave it alone */
        file->file.name = file->path; /* in messages */
        status = file->file.fs->create(file->temp, &file->file, err);
        if (status == NLT_ERR_OUTPUT && errno != EEXIST) {
            break;
        }
    }
    return status;
}

/* The descriptor of this process that a path stands for, whatever is behind it; -1: none. */
static int own_descriptor(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0) {
        return path[sizeof "/dev/std" - 1] == 'o' ? STDOUT_FILENO : STDERR_FILENO;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t len = strlen(folders[i]);
        int64_t fd = -1;
        if (strncmp(path, folders[i], len) == 0
            && nlt__parse_i64((nlt_bytes){path + len, strlen(path + len)}, &fd) && fd >= 0
            && fd <= INT_MAX) {
            return (int)fd;
        }
    }
    return -1;
}

/* A pipe or a device: opened as it is. */
static nlt_status open_special(nlt_outfile *file, nlt_error *err)
{
    int own = own_descriptor(file->path);
    int fd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 0) : open(file->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_output(err, file->path, errno);
    }
    file->file.handle = fd;
    file->file.name = file->path;
    return NLT_OK;
}

static bool is_local(const nlt_outfile *file)
{
    return file->file.fs->scheme[0] == '\0';
}

/* What a link leads to, or else the path itself. Owned; NULL: no memory. */
static char *behind_links(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) {
        return nlt_strdup(path);
    }
    char *real = nlt_alloc(PATH_MAX);
    if (real != NULL && realpath(path, real) == NULL) {
        nlt_free(real);
        return nlt_strdup(path); /* to nowhere: the link is replaced */
    }
    return real;
}

static nlt_status outfile_start(nlt_outfile *file, const char *path, nlt_error *err)
{
    bool is_own = is_local(file) && own_descriptor(path) >= 0;
    file->path = is_local(file) && !is_own ? behind_links(path) : nlt_strdup(path);
    if (file->path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (is_own) {
        return open_special(file, err);
    }
    nlt_fs_info info = {NLT_FS_FILE, -1};
    nlt_status status = file->file.fs->stat(path, &info, err);
    if (status == NLT_OK && info.kind == NLT_FS_DIRECTORY) {
        return fail_output(err, path, EISDIR);
    }
    return status == NLT_OK && info.kind == NLT_FS_STREAM ? open_special(file, err)
                                                          : create_temporary(file, err);
}

nlt_status nlt__outfile_open_until(
    const char *path, const atomic_bool *stop, nlt_outfile **out, nlt_error *err)
{
    *out = NULL;
    nlt_outfile *file = nlt_alloc_zero(1, sizeof *file);
    if (file == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    file->file = (nlt_fs_file){
        .fs = nlt__fs_for(path), .handle = STDOUT_FILENO, .name = "standard output", .stop = stop};
    nlt_status status = strcmp(path, "-") == 0 ? NLT_OK : outfile_start(file, path, err);
    if (status != NLT_OK) {
        outfile_free(file);
        return status;
    }
    *out = file;
    return NLT_OK;
}

nlt_status nlt__outfile_open(const char *path, nlt_outfile **out, nlt_error *err)
{
    return nlt__outfile_open_until(path, NULL, out, err);
}

nlt_status nlt__outfile_write(nlt_outfile *file, const void *bytes, size_t len, nlt_error *err)
{
    nlt_status status = file->file.fs->write(&file->file, bytes, len, err);
    if (status != NLT_OK && file->temp == NULL) {
        file->is_broken_pipe = errno == EPIPE;
    }
    return status;
}

const char *nlt__outfile_place(const nlt_outfile *file)
{
    return file->file.fs->scheme[0] == '\0' ? file->temp : NULL;
}

static void remove_temporary(const nlt_outfile *file)
{
    if (file->temp != NULL && file->file.fs->remove(file->temp, NULL) != NLT_OK) {
        return; /* nothing more can be done */
    }
}

nlt_status nlt__outfile_commit(nlt_outfile *file, nlt_error *err)
{
    const nlt_fs *fs = file->file.fs;
    nlt_status status = NLT_OK;
    if (file->path != NULL) {
        status = fs->finish(&file->file, err);
    }
    if (status == NLT_OK && file->temp != NULL) {
        status = fs->rename(file->temp, file->path, err);
    }
    if (status != NLT_OK) {
        remove_temporary(file);
    }
    outfile_free(file);
    return status;
}

void nlt__outfile_discard(nlt_outfile *file)
{
    if (file == NULL) {
        return;
    }
    if (file->path != NULL) {
        file->file.fs->close(&file->file);
    }
    remove_temporary(file);
    outfile_free(file);
}

/* ---- files that appear together ---- */

/* Its bytes are whole and on the disk. */
static nlt_status finish_synced(nlt_outfile *file, nlt_error *err)
{
    if (file->path == NULL) {
        return NLT_OK;
    }
    if (file->temp != NULL && is_local(file) && fsync((int)file->file.handle) != 0) {
        nlt_status status = fail_output(err, file->path, errno);
        file->file.fs->close(&file->file);
        return status;
    }
    return file->file.fs->finish(&file->file, err);
}

/* Moves what the path is now aside. */
static nlt_status keep_old(nlt_outfile *file, nlt_error *err)
{
    nlt_fs_info info;
    if (file->file.fs->stat(file->path, &info, NULL) != NLT_OK) {
        return NLT_OK;
    }
    size_t cap = strlen(file->temp) + sizeof ".old";
    file->kept = nlt_alloc(cap);
    if (file->kept == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    (void)snprintf(file->kept, cap, "%s.old", file->temp);
    nlt_status status = file->file.fs->rename(file->path, file->kept, err);
    if (status != NLT_OK) {
        nlt_free(file->kept);
        file->kept = NULL;
    }
    return status;
}

/* A rename is whole only when the folder is on the disk. */
static void sync_folder(const nlt_outfile *file)
{
    char folder[NLT_FS_PATH_MAX];
    const char *slash = strrchr(file->path, '/');
    int len = slash != NULL ? (int)(slash - file->path) : 0;
    (void)snprintf(folder, sizeof folder, "%.*s", len, file->path);
    int fd = open(slash == NULL ? "."
            : len == 0          ? "/"
                                : folder,
        O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static nlt_status rename_all(nlt_outfile **files, int n, int *n_renamed, nlt_error *err)
{
    for (*n_renamed = 0; *n_renamed < n; ++*n_renamed) {
        nlt_outfile *file = files[*n_renamed];
        if (file->temp == NULL) {
            continue;
        }
        if (*n_renamed + 1 < n) { /* after the last one nothing can fail: it replaces at once */
            NLT_TRY(keep_old(file, err));
        }
        NLT_TRY(file->file.fs->rename(file->temp, file->path, err));
        if (is_local(file)) {
            sync_folder(file);
        }
    }
    return NLT_OK;
}

/* Undoes what rename_all has done; what fails now cannot be helped. */
static void take_back(nlt_outfile *file, bool is_renamed)
{
    const nlt_fs *fs = file->file.fs;
    nlt_status status = NLT_OK;
    if (is_renamed && file->temp != NULL && file->kept == NULL) {
        status = fs->remove(file->path, NULL);
    }
    if (file->kept != NULL) {
        status = fs->rename(file->kept, file->path, NULL);
    }
    (void)status;
}

nlt_status nlt__outfiles_commit(nlt_outfile **files, int n, nlt_error *err)
{
    nlt_status status = NLT_OK;
    int n_finished = 0;
    int n_renamed = 0;
    for (; status == NLT_OK && n_finished < n; n_finished++) {
        status = finish_synced(files[n_finished], err);
    }
    if (status == NLT_OK) {
        status = rename_all(files, n, &n_renamed, err);
    }
    for (int i = 0; i < n; i++) {
        nlt_outfile *file = files[i];
        if (i >= n_finished) {
            nlt__outfile_discard(file);
            continue;
        }
        if (status != NLT_OK) {
            take_back(file, i < n_renamed);
            remove_temporary(file);
        } else if (file->kept != NULL) {
            nlt_status ignored = file->file.fs->remove(file->kept, NULL);
            (void)ignored; /* the new file is there */
        }
        outfile_free(file);
    }
    return status;
}

bool nlt__outfile_is_broken_pipe(const nlt_outfile *file)
{
    return file->is_broken_pipe;
}

nlt_status nlt_file_write(const char *path, const char *text, nlt_error *err)
{
    nlt_outfile *file = NULL;
    NLT_TRY(nlt__outfile_open(path, &file, err));
    nlt_status status = nlt__outfile_write(file, text, strlen(text), err);
    if (status != NLT_OK) {
        nlt__outfile_discard(file);
        return status;
    }
    return nlt__outfile_commit(file, err);
}

nlt_status nlt_file_remove(const char *path, nlt_error *err)
{
    return nlt__fs_for(path)->remove(path, err);
}
