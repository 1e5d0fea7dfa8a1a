/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders that appear whole or not at all: filled under a temporary name; then the folder, or what is
 * in it if the target exists already, is renamed. */

#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "output/writer.h"

enum { NAME_TRIES = 1000, DEPTH_MAX = 8 };

struct nlt_outfolder {
    char *path;
    char *temp;      /* beside `path`, or in it if it exists */
    bool is_new;     /* `path` did not exist */
    bool overwrites; /* names that exist are replaced */
};

static nlt_status fail_folder(const char *path, const char *why, nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: %s", path, why);
}

/* "a/b"; NULL: no memory. */
static char *join(const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;
    char *path = nlt_alloc(len);
    if (path != NULL) {
        (void)snprintf(path, len, "%s/%s", folder, name);
    }
    return path;
}

/* "a/b.old" */
static char *beside(const char *path, const char *ending)
{
    size_t len = strlen(path) + strlen(ending) + 1;
    char *name = nlt_alloc(len);
    if (name != NULL) {
        (void)snprintf(name, len, "%s%s", path, ending);
    }
    return name;
}

/* Calls `visit` for each name of a folder until one fails. */
typedef nlt_status (*visit_fn)(void *ctx, const char *folder, const char *name, nlt_error *err);

static nlt_status walk(const char *folder, visit_fn visit, void *ctx, nlt_error *err)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return fail_folder(folder, strerror(errno), err);
    }
    nlt_status status = NLT_OK;
    for (const struct dirent *entry = readdir(dir); entry != NULL && status == NLT_OK;
         entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = visit(ctx, folder, entry->d_name, err);
        }
    }
    (void)closedir(dir);
    return status;
}

static nlt_status remove_entry(void *ctx, const char *folder, const char *name, nlt_error *err)
{
    (void)err;
    int depth = *(const int *)ctx;
    char *path = join(folder, name);
    if (path != NULL && unlink(path) != 0 && depth > 0) {
        depth--;
        (void)walk(path, remove_entry, &depth, NULL);
        (void)rmdir(path);
    }
    nlt_free(path);
    return NLT_OK;
}

void nlt__folder_remove(const char *path)
{
    int depth = DEPTH_MAX;
    (void)walk(path, remove_entry, &depth, NULL);
    (void)rmdir(path);
}

static void outfolder_free(nlt_outfolder *folder)
{
    nlt_free(folder->path);
    nlt_free(folder->temp);
    nlt_free(folder);
}

/* Makes the first free PATH.tmp-PID-N, or PATH/.tmp-PID-N. */
static nlt_status make_temporary(nlt_outfolder *folder, nlt_error *err)
{
    size_t cap = strlen(folder->path) + 48;
    folder->temp = nlt_alloc(cap);
    if (folder->temp == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; i < NAME_TRIES; i++) {
        (void)snprintf(folder->temp, cap, "%s%s.tmp-%ld-%d", folder->path,
            folder->is_new ? "" : "/", (long)getpid(), i);
        if (mkdir(folder->temp, 0777) == 0) {
            return NLT_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return fail_folder(folder->path, strerror(errno), err);
}

static nlt_status open_folder(nlt_outfolder *folder, const char *path, nlt_error *err)
{
    struct stat info;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    folder->path = nlt_strndup(path, len);
    if (folder->path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    folder->is_new = stat(folder->path, &info) != 0;
    if (!folder->is_new && !S_ISDIR(info.st_mode)) {
        return fail_folder(folder->path, "is a file, not a folder", err);
    }
    return make_temporary(folder, err);
}

nlt_status nlt__outfolder_open(const char *path, bool overwrites, nlt_outfolder **out,
    nlt_error *err)
{
    *out = NULL;
    nlt_outfolder *folder = nlt_alloc_zero(1, sizeof *folder);
    if (folder == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    folder->overwrites = overwrites;
    nlt_status status = open_folder(folder, path, err);
    if (status != NLT_OK) {
        outfolder_free(folder);
        return status;
    }
    *out = folder;
    return NLT_OK;
}

const char *nlt__outfolder_place(const nlt_outfolder *folder)
{
    return folder->temp;
}

static nlt_status check_name(void *ctx, const char *temp, const char *name, nlt_error *err)
{
    (void)temp;
    const nlt_outfolder *folder = ctx;
    struct stat info;
    char *target = join(folder->path, name);
    nlt_status status = NLT_OK;
    if (target == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    } else if (lstat(target, &info) == 0) {
        status = fail_folder(target, "exists already", err);
        nlt_error_hint(err, "choose another folder, or give --overwrite to replace it");
    }
    nlt_free(target);
    return status;
}

/* What the name stood for goes away first, since a folder is not renamed over one that holds files. */
static nlt_status move_name(void *ctx, const char *temp, const char *name, nlt_error *err)
{
    const nlt_outfolder *folder = ctx;
    char *source = join(temp, name);
    char *target = join(folder->path, name);
    nlt_status status = NLT_OK;
    if (source == NULL || target == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    } else if (rename(source, target) != 0) {
        char *old = beside(folder->temp, ".old");
        if (old == NULL || rename(target, old) != 0 || rename(source, target) != 0) {
            status = fail_folder(target, strerror(errno), err);
        }
        if (old != NULL && unlink(old) != 0) {
            nlt__folder_remove(old);
        }
        nlt_free(old);
    }
    nlt_free(source);
    nlt_free(target);
    return status;
}

static nlt_status commit(nlt_outfolder *folder, nlt_error *err)
{
    if (folder->is_new) {
        return rename(folder->temp, folder->path) == 0
            ? NLT_OK
            : fail_folder(folder->path, strerror(errno), err);
    }
    if (!folder->overwrites) {
        NLT_TRY(walk(folder->temp, check_name, folder, err));
    }
    return walk(folder->temp, move_name, folder, err);
}

nlt_status nlt__outfolder_commit(nlt_outfolder *folder, nlt_error *err)
{
    nlt_status status = commit(folder, err);
    if (status != NLT_OK || !folder->is_new) {
        nlt__folder_remove(folder->temp);
    }
    outfolder_free(folder);
    return status;
}

void nlt__outfolder_discard(nlt_outfolder *folder)
{
    if (folder != NULL) {
        nlt__folder_remove(folder->temp);
        outfolder_free(folder);
    }
}
