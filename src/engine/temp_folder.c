/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Temporary folders of sessions.
 *
 * A folder is locked as long as its session lives, and the system unlocks it whatever becomes of the
 * process. One that nobody has locked was left by a process that was killed: the next session beside it
 * removes it. Only where locks of other machines cannot be missed: on file systems of this one. */

#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "io/fs.h"
#include "output/writer.h"

#define PREFIX "netlytics-run-"

enum { AGE_MIN_S = 60 }; /* a younger one may be about to be locked */

/* statfs(2): ext2 to ext4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ZFS. */
static const uint32_t local_types[] = {
    0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1};

static bool is_local(int folder)
{
    struct statfs info;
    if (fstatfs(folder, &info) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof local_types / sizeof local_types[0]; i++) {
        if ((uint32_t)info.f_type == local_types[i]) {
            return true;
        }
    }
    return false;
}

static void remove_left(int base, const char *base_path, const char *name)
{
    struct stat info;
    int folder = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        return;
    }
    bool is_left = fstat(folder, &info) == 0 && info.st_uid == geteuid()
        && info.st_mtime + AGE_MIN_S < time(NULL) && flock(folder, LOCK_EX | LOCK_NB) == 0;
    char *path = is_left ? nlt__fs_join(base_path, name) : NULL;
    if (path != NULL) {
        nlt__folder_remove(path);
        nlt_free(path);
    }
    (void)close(folder);
}

static void remove_all_left(const char *base_path)
{
    DIR *base = opendir(base_path);
    const struct dirent *entry = NULL;
    while (base != NULL && is_local(dirfd(base)) && (entry = readdir(base)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0) {
            remove_left(dirfd(base), base_path, entry->d_name);
        }
    }
    if (base != NULL) {
        (void)closedir(base);
    }
}

static nlt_status fail(const char *base, int code, nlt_error *err)
{
    nlt_fail(
        err, NLT_ERR_OUTPUT, "%s: no temporary folder can be made there: %s", base, strerror(code));
    nlt_error_hint(err, "choose another with --temp_dir_local");
    return NLT_ERR_OUTPUT;
}

nlt_status nlt__temp_folder_make(const char *base, nlt_temp_folder *out, nlt_error *err)
{
    *out = (nlt_temp_folder){.lock = -1};
    base = base == NULL ? getenv("TMPDIR") : base;
    base = base == NULL || base[0] == '\0' ? "/tmp" : base;
    remove_all_left(base);
    char *path = nlt__fs_join(base, PREFIX "XXXXXX");
    if (path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (mkdtemp(path) == NULL) {
        int code = errno;
        nlt_free(path);
        return fail(base, code, err);
    }
    out->path = path;
    out->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->lock >= 0) {
        (void)flock(out->lock, LOCK_EX | LOCK_NB); /* where it cannot be locked, nobody else can */
    }
    return NLT_OK;
}

void nlt__temp_folder_remove(nlt_temp_folder *folder)
{
    if (folder->path != NULL) {
        nlt__folder_remove(folder->path);
        nlt_free(folder->path);
        folder->path = NULL;
        if (folder->lock >= 0) {
            (void)close(folder->lock);
        }
    }
}
