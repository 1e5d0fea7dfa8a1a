/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders that appear whole or not at all, local or on HDFS: filled under a hidden name; then the
 * folder, or what is in it if the target exists already, is renamed. */

#define _GNU_SOURCE

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/strings.h"
#include "io/fs.h"
#include "netlytics/storage.h"
#include "output/writer.h"

enum { DEPTH_MAX = 8 };

struct nlt_folder {
    const nlt_fs *fs;
    char *path;        /* owned; without / at its end */
    char *place;       /* beside `path`, or in it; owned */
    nlt_strings names; /* of the options */
    size_t made_at;    /* length of the topmost folder above `path` that was made; 0: none */
    bool exists;       /* when it was opened */
    bool overwrites;
    bool is_whole;
    bool is_in_place;
};

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* ---- removing ---- */

typedef struct removal {
    const nlt_fs *fs;
    const char *folder;
    int depth; /* folders that may follow below */
} removal;

static void remove_below(const nlt_fs *fs, const char *path, int depth);

static nlt_status remove_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    (void)info;
    (void)err;
    const removal *r = ctx;
    char *path = nlt__fs_join(r->folder, name);
    if (path != NULL && r->fs->remove(path, NULL) != NLT_OK && r->depth > 0) {
        remove_below(r->fs, path, r->depth - 1);
    }
    nlt_free(path);
    return NLT_OK;
}

static void remove_below(const nlt_fs *fs, const char *path, int depth)
{
    removal r = {fs, path, depth};
    if (fs->list(path, remove_name, &r, NULL) != NLT_OK || fs->remove(path, NULL) != NLT_OK) {
        return; /* nothing more can be done */
    }
}

void nlt__folder_remove(const char *path)
{
    remove_below(nlt__fs_for(path), path, DEPTH_MAX);
}

/* ---- what was begun ---- */

typedef struct begun {
    const char *folder;
    char mark[32]; /* in the temporary names of this process */
} begun;

static nlt_status drop_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    (void)info;
    (void)err;
    const begun *b = ctx;
    char *path =
        name[0] == '.' && strstr(name, b->mark) != NULL ? nlt__fs_join(b->folder, name) : NULL;
    if (path != NULL && nlt__fs_for(path)->remove(path, NULL) != NLT_OK) {
        nlt__folder_remove(path);
    }
    nlt_free(path);
    return NLT_OK;
}

void nlt_drop_begun(const char *path)
{
    char above[NLT_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    if (nlt_path_is_hdfs(path) || strlen(path) >= sizeof above) {
        return;
    }
    (void)snprintf(above, sizeof above, "%.*s", len, slash == NULL ? "." : path);
    const char *folders[] = {above, path};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        begun b = {.folder = folders[i]};
        (void)snprintf(b.mark, sizeof b.mark, NLT_TEMPORARY_MARK, (long)getpid());
        (void)!nlt__fs_for(path)->list(folders[i], drop_name, &b, NULL);
    }
}

/* ---- paths ---- */

/* Length of the folder above the first `len` bytes of a path; 0: there is none to be made. */
static size_t length_above(const char *path, size_t len)
{
    const char *authority = nlt_path_is_hdfs(path) ? strstr(path, "://") + 3 : path;
    size_t root = (size_t)(authority - path) + (authority == path ? 0 : strcspn(authority, "/"));
    while (len > root && path[len - 1] != '/') {
        len--;
    }
    while (len > root && path[len - 1] == '/') {
        len--;
    }
    return len > root ? len : 0;
}

/* Looks for the topmost folder above that is not there. */
static nlt_status find_made(nlt_folder *folder, nlt_error *err)
{
    char *part = nlt_strdup(folder->path);
    if (part == NULL) {
        return no_memory(err);
    }
    nlt_status status = NLT_ERR_NOT_FOUND;
    size_t first = folder->is_in_place ? strlen(part) : length_above(part, strlen(part));
    for (size_t len = first; len > 0 && status == NLT_ERR_NOT_FOUND;
         len = length_above(part, len)) {
        nlt_fs_info info;
        part[len] = '\0';
        status = folder->fs->stat(part, &info, NULL);
        if (status == NLT_ERR_NOT_FOUND) {
            folder->made_at = len;
        }
    }
    nlt_free(part);
    return NLT_OK; /* what else is wrong with them is told when the folder is made */
}

static void remove_made(const nlt_folder *folder)
{
    char *part = folder->made_at > 0 ? nlt_strdup(folder->path) : NULL;
    nlt_status status = NLT_OK;
    size_t first = part == NULL ? 0
        : folder->is_in_place   ? strlen(part)
                                : length_above(part, strlen(part));
    for (size_t len = first; len >= folder->made_at && len > 0 && status == NLT_OK;
         len = length_above(part, len)) {
        part[len] = '\0';
        status = folder->fs->remove(part, NULL); /* stays if others have put something there */
    }
    nlt_free(part);
}

/* ---- messages ---- */

/* Every `from` in a message becomes `to`. */
static void replace_words(nlt_error *err, const char *from, const char *to)
{
    char text[sizeof err->message];
    size_t len = 0;
    const char *rest = err->message;
    for (const char *hit = strstr(rest, from); hit != NULL && len < sizeof text;
         hit = strstr(rest, from)) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%.*s%s", (int)(hit - rest), rest, to);
        rest = hit + strlen(from);
    }
    if (len < sizeof text) {
        (void)snprintf(text + len, sizeof text - len, "%s", rest);
    }
    memcpy(err->message, text, sizeof text);
}

/* The user knows the folder by its own name. */
static nlt_status name_folder(const nlt_folder *folder, nlt_status status, nlt_error *err)
{
    if (err == NULL || folder->place == NULL) {
        return status;
    }
    if (folder->is_in_place) {
        return status;
    }
    size_t len = strlen(folder->path);
    bool is_inside = strncmp(folder->place, folder->path, len) == 0 && folder->place[len] == '/';
    const char *hidden = strrchr(folder->place, '/');
    const char *shown = strrchr(folder->path, '/');
    if (is_inside) {
        replace_words(err, hidden, "");
    } else {
        replace_words(err, hidden != NULL ? hidden + 1 : folder->place,
            shown != NULL ? shown + 1 : folder->path);
    }
    return status;
}

/* ---- what is there ---- */

static bool is_result(const nlt_folder *folder, const char *name)
{
    for (size_t i = 0; i < folder->names.n; i++) {
        if (fnmatch(folder->names.items[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static nlt_status fail_exists(const char *path, const char *name, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_OUTPUT, "%s%s%s exists already", path, name[0] != '\0' ? "/" : "", name);
    nlt_error_hint(err, "choose another folder, or give --overwrite to replace it");
    return NLT_ERR_OUTPUT;
}

static nlt_status check_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    (void)info;
    const nlt_folder *folder = ctx;
    bool is_ours = is_result(folder, name);
    if (is_ours && !folder->is_whole) {
        return fail_exists(folder->path, name, err);
    }
    if (!is_ours && folder->is_whole) {
        nlt_fail(err, NLT_ERR_OUTPUT, "%s: holds %s, too: it is not replaced", folder->path, name);
        nlt_error_hint(err, "choose another folder");
        return NLT_ERR_OUTPUT;
    }
    return NLT_OK;
}

static nlt_status check_path(nlt_folder *folder, nlt_error *err)
{
    nlt_fs_info info;
    nlt_status status = folder->fs->stat(folder->path, &info, err);
    folder->exists = status == NLT_OK;
    if (status != NLT_OK) {
        return status == NLT_ERR_NOT_FOUND ? NLT_OK : nlt__fs_output(status, err);
    }
    if (info.kind != NLT_FS_DIRECTORY) {
        return nlt_fail(err, NLT_ERR_OUTPUT, "%s: is a file, not a folder", folder->path);
    }
    if (folder->is_whole && !folder->overwrites) {
        return fail_exists(folder->path, "", err);
    }
    bool is_free = folder->is_whole ? false : folder->overwrites || folder->names.n == 0;
    return is_free ? NLT_OK
                   : nlt__fs_output(folder->fs->list(folder->path, check_name, folder, err), err);
}

/* ---- opening ---- */

static void folder_free(nlt_folder *folder)
{
    nlt__strings_clear(&folder->names);
    nlt_free(folder->path);
    nlt_free(folder->place);
    nlt_free(folder);
}

static nlt_status take_options(
    nlt_folder *folder, const char *path, const nlt_folder_options *options, nlt_error *err)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    folder->fs = nlt__fs_for(path);
    folder->path = nlt_strndup(path, len);
    folder->overwrites = options->overwrites;
    folder->is_whole = options->is_whole;
    folder->is_in_place = options->is_in_place;
    for (int i = 0; i < options->n_names; i++) {
        NLT_TRY(nlt__strings_add(&folder->names, err, "%s", options->names[i]));
    }
    return folder->path != NULL ? NLT_OK : no_memory(err);
}

/* A folder whose path was looked at. */
static nlt_status folder_new(
    const char *path, const nlt_folder_options *options, nlt_folder **out, nlt_error *err)
{
    static const nlt_folder_options defaults = NLT_FOLDER_OPTIONS_INIT;
    *out = NULL;
    nlt_folder *folder = nlt_alloc_zero(1, sizeof *folder);
    if (folder == NULL) {
        return no_memory(err);
    }
    nlt_status status = take_options(folder, path, options != NULL ? options : &defaults, err);
    if (status == NLT_OK) {
        status = check_path(folder, err);
    }
    if (status != NLT_OK) {
        folder_free(folder);
        return status;
    }
    *out = folder;
    return NLT_OK;
}

nlt_status nlt_folder_check(const char *path, const nlt_folder_options *options, nlt_error *err)
{
    nlt_folder *folder = NULL;
    NLT_TRY(folder_new(path, options, &folder, err));
    folder_free(folder);
    return NLT_OK;
}

static nlt_status make_place(nlt_folder *folder, nlt_error *err)
{
    bool is_inside = folder->exists && !folder->is_whole;
    char *path = is_inside ? nlt__fs_join(folder->path, "result") : NULL;
    if (folder->is_in_place) {
        folder->place = nlt_strdup(folder->path);
    } else if (!is_inside || path != NULL) {
        folder->place = nlt__temporary_name(is_inside ? path : folder->path);
    }
    nlt_free(path);
    if (folder->place == NULL) {
        return no_memory(err);
    }
    NLT_TRY(find_made(folder, err));
    return name_folder(folder, folder->fs->make_folder(folder->place, err), err);
}

nlt_status nlt_folder_open(
    const char *path, const nlt_folder_options *options, nlt_folder **out, nlt_error *err)
{
    nlt_folder *folder = NULL;
    *out = NULL;
    NLT_TRY(folder_new(path, options, &folder, err));
    nlt_status status = make_place(folder, err);
    if (status != NLT_OK) {
        remove_made(folder);
        folder_free(folder);
        return status;
    }
    *out = folder;
    return NLT_OK;
}

const char *nlt_folder_place(const nlt_folder *folder)
{
    return folder->place;
}

/* ---- the end ---- */

static nlt_status keep_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    (void)info;
    return nlt__strings_add(ctx, err, "%s", name);
}

/* `to` comes to be `from`, though a folder is not renamed over one that holds files. */
static nlt_status move_over(const nlt_fs *fs, const char *from, const char *to, nlt_error *err)
{
    if (fs->rename(from, to, err) == NLT_OK) {
        return NLT_OK;
    }
    char *old = nlt__temporary_name(to);
    if (old == NULL) {
        return no_memory(err);
    }
    nlt_status status = NLT_ERR_OUTPUT;
    if (fs->rename(to, old, NULL) == NLT_OK) {
        status = fs->rename(from, to, err);
        if (status != NLT_OK) {
            (void)(fs->rename(old, to, NULL) == NLT_OK); /* as it was, if that can be */
        } else if (fs->remove(old, NULL) != NLT_OK) {
            nlt__folder_remove(old);
        }
    }
    nlt_free(old);
    return status;
}

static nlt_status move_name(const nlt_folder *folder, const char *name, nlt_error *err)
{
    char *from = nlt__fs_join(folder->place, name);
    char *to = nlt__fs_join(folder->path, name);
    nlt_status status =
        from != NULL && to != NULL ? move_over(folder->fs, from, to, err) : no_memory(err);
    nlt_free(from);
    nlt_free(to);
    return status;
}

static nlt_status check_free(const nlt_folder *folder, const nlt_strings *written, nlt_error *err)
{
    for (size_t i = 0; i < written->n; i++) {
        nlt_fs_info info;
        char *path = nlt__fs_join(folder->path, written->items[i]);
        nlt_status status = path != NULL ? folder->fs->stat(path, &info, NULL) : no_memory(err);
        nlt_free(path);
        if (status == NLT_OK) {
            return fail_exists(folder->path, written->items[i], err);
        }
        if (status == NLT_ERR_NOMEM) {
            return status;
        }
    }
    return NLT_OK;
}

/* Those that the options do not name first. */
static nlt_status move_names(const nlt_folder *folder, const nlt_strings *written, nlt_error *err)
{
    for (size_t i = 0; i < written->n; i++) {
        if (!is_result(folder, written->items[i])) {
            NLT_TRY(move_name(folder, written->items[i], err));
        }
    }
    for (size_t k = 0; k < folder->names.n; k++) {
        for (size_t i = 0; i < written->n; i++) {
            if (fnmatch(folder->names.items[k], written->items[i], 0) == 0) {
                NLT_TRY(move_name(folder, written->items[i], err));
            }
        }
    }
    return NLT_OK;
}

static nlt_status commit(nlt_folder *folder, nlt_error *err)
{
    if (!folder->exists) {
        return folder->fs->rename(folder->place, folder->path, err);
    }
    if (folder->is_whole) {
        return move_over(folder->fs, folder->place, folder->path, err);
    }
    nlt_strings written = NLT_STRINGS_INIT;
    nlt_status status = folder->fs->list(folder->place, keep_name, &written, err);
    if (status == NLT_OK && !folder->overwrites) {
        status = check_free(folder, &written, err);
    }
    if (status == NLT_OK) {
        status = move_names(folder, &written, err);
    }
    nlt__strings_clear(&written);
    return nlt__fs_output(status, err);
}

nlt_status nlt_folder_commit(nlt_folder *folder, nlt_error *err)
{
    nlt_status status = folder->is_in_place ? NLT_OK : commit(folder, err);
    if (status != NLT_OK) {
        nlt_folder_discard(folder, err);
        return status;
    }
    if (folder->exists && !folder->is_whole && !folder->is_in_place) {
        nlt__folder_remove(folder->place);
    }
    folder_free(folder);
    return NLT_OK;
}

void nlt_folder_discard(nlt_folder *folder, nlt_error *err)
{
    if (folder == NULL) {
        return;
    }
    if (!folder->is_in_place) {
        nlt__folder_remove(folder->place);
    }
    remove_made(folder);
    (void)name_folder(folder, NLT_OK, err);
    folder_free(folder);
}
