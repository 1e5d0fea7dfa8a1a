/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are born unlinked (O_TMPFILE), or unlinked at once where the file system cannot. */

#define _GNU_SOURCE

#include "core/temp_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096 };

static nlt_status fail(const char *what, int code, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_OUTPUT, "temporary file: cannot %s it: %s", what, strerror(code));
    nlt_error_hint(err, "--temp_dir_local (or TMPDIR) names the folder for temporary files");
    return NLT_ERR_OUTPUT;
}

static int open_named(const char *folder)
{
    char path[PATH_MAX_BYTES];
    int len = snprintf(path, sizeof path, "%s/netlytics-spill-XXXXXX", folder);
    if (len < 0 || len >= PATH_MAX_BYTES) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        (void)unlink(path);
    }
    return fd;
}

nlt_status nlt__temp_file_open(const char *folder, int *fd, nlt_error *err)
{
    if (folder == NULL) {
        folder = getenv("TMPDIR");
        folder = folder != NULL && folder[0] != '\0' ? folder : "/tmp";
    }
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        *fd = open_named(folder);
    }
    if (*fd >= 0) {
        return NLT_OK;
    }
    int code = errno;
    nlt_fail(
        err, NLT_ERR_OUTPUT, "%s: no temporary file can be made there: %s", folder, strerror(code));
    nlt_error_hint(err, "--temp_dir_local (or TMPDIR) names the folder for temporary files");
    return NLT_ERR_OUTPUT;
}

nlt_status nlt__temp_file_write(
    int fd, const void *bytes, size_t len, int64_t offset, nlt_error *err)
{
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = pwrite(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return fail("write", n < 0 ? errno : ENOSPC, err);
        }
        p += n;
        len -= (size_t)n;
        offset += n;
    }
    return NLT_OK;
}

nlt_status nlt__temp_file_read(int fd, void *bytes, size_t len, int64_t offset, nlt_error *err)
{
    char *p = bytes;
    while (len > 0) {
        ssize_t n = pread(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return fail("read", n < 0 ? errno : EIO, err);
        }
        p += n;
        len -= (size_t)n;
        offset += n;
    }
    return NLT_OK;
}

int64_t nlt__temp_folder_bytes(const char *folder)
{
    int64_t bytes = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct stat info;
        if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(info.st_mode)) {
            bytes += (int64_t)info.st_blocks * 512;
        }
    }
    (void)closedir(dir);
    return bytes;
}

nlt_status nlt__temp_space_check(nlt_temp_space *space, nlt_error *err)
{
    int64_t used = atomic_load(&space->bytes);
    if (space->bytes_max < 0 || used == 0) {
        return NLT_OK;
    }
    used += space->folder != NULL ? nlt__temp_folder_bytes(space->folder) : 0;
    if (used <= space->bytes_max) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_OUTPUT, NLT_TEMP_LIMIT_TEXT, (long long)(space->bytes_max / 1000000));
    nlt_error_hint(err, "give more with --temp_limit or --memory");
    return NLT_ERR_OUTPUT;
}

nlt_status nlt__temp_space_take(nlt_temp_space *space, int64_t bytes, nlt_error *err)
{
    atomic_fetch_add(&space->bytes, bytes);
    nlt_status status = nlt__temp_space_check(space, err);
    if (status != NLT_OK) {
        nlt__temp_space_give_back(space, bytes);
    }
    return status;
}

void nlt__temp_space_give_back(nlt_temp_space *space, int64_t bytes)
{
    atomic_fetch_sub(&space->bytes, bytes);
}
