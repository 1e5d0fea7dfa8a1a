/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_FS_H
#define NLT_IO_FS_H

/* File systems as rows of one table: what reading datasets and writing results need from one, and no
 * more. The row is chosen by the beginning of the path; `local` is the one that takes what is left. */

#include <stdatomic.h>

#include "netlytics/storage.h"

enum { NLT_FS_PATH_MAX = NLT_PATH_BYTES };

typedef enum nlt_fs_kind {
    NLT_FS_FILE,
    NLT_FS_DIRECTORY,
    NLT_FS_STREAM /* pipe, socket, device: read once, in order */
} nlt_fs_kind;

typedef struct nlt_fs_info {
    nlt_fs_kind kind;
    int64_t size; /* bytes; -1: unknown */
} nlt_fs_info;

typedef struct nlt_fs nlt_fs;

typedef struct nlt_fs_file {
    const nlt_fs *fs;
    int64_t handle;          /* local: the descriptor; -1: not open */
    void *state;             /* of the others; owned by them; NULL: not open */
    const char *name;        /* for messages; borrows the path */
    const atomic_bool *stop; /* true: give up waiting for a pipe; NULL: wait for ever */
    nlt_fs_info info;
} nlt_fs_file;

/* Called for each name; `name` is borrowed until it returns. A failure ends the walk. */
typedef nlt_status (*nlt_fs_visit)(void *ctx, const char *name, nlt_fs_info info, nlt_error *err);

struct nlt_fs {
    const char *scheme; /* what its paths begin with; "" matches all */
    bool is_far;        /* each place that reading begins at costs round trips */
    /* Symlinks followed. NLT_ERR_NOT_FOUND, NLT_ERR_IO. */
    nlt_status (*stat)(const char *path, nlt_fs_info *info, nlt_error *err);
    /* Names of a directory without "." and "..", in no order; sizes may be -1. Symlinks followed,
     * dangling ones told as files. NLT_ERR_NOT_FOUND, NLT_ERR_IO. */
    nlt_status (*list)(const char *path, nlt_fs_visit visit, void *ctx, nlt_error *err);
    /* Whole paths that a glob means, in no order, as `list` tells them; none is no error. */
    nlt_status (*glob)(const char *pattern, nlt_fs_visit visit, void *ctx, nlt_error *err);
    /* For reading; "-" is standard input. `path` is borrowed until `close`. NLT_ERR_NOT_FOUND;
     * NLT_ERR_IO, which a directory is, too. */
    nlt_status (*open)(const char *path, nlt_fs_file *file, nlt_error *err);
    /* Bytes at `offset` (streams: the next ones); *n = 0 only at the end. NLT_ERR_IO. */
    nlt_status (*read)(
        const nlt_fs_file *file, int64_t offset, void *buf, size_t cap, size_t *n, nlt_error *err);
    void (*close)(nlt_fs_file *file);

    /* A file that must not be there yet, for writing in order. `path` is borrowed until the end, as
     * is `name`, which messages call it by; both it and `stop` may be set before, else they are `path`
     * and none.
     * NLT_ERR_OUTPUT, as for all that follow. */
    nlt_status (*create)(const char *path, nlt_fs_file *file, nlt_error *err);
    nlt_status (*write)(nlt_fs_file *file, const void *bytes, size_t len, nlt_error *err);
    /* Its bytes are whole and with the file system. Takes the file; `close` instead gives it up. */
    nlt_status (*finish)(nlt_fs_file *file, nlt_error *err);
    /* Replaces a file that is there. */
    nlt_status (*rename)(const char *from, const char *to, nlt_error *err);
    /* A file or an empty folder; one that is not there is fine. */
    nlt_status (*remove)(const char *path, nlt_error *err);
    /* A folder and those above it; one that is there is fine. */
    nlt_status (*make_folder)(const char *path, nlt_error *err);
};

/* What goes wrong while writing is NLT_ERR_OUTPUT, but for memory, interruption and arguments. */
NLT_API nlt_status nlt__fs_output(nlt_status status, nlt_error *err) NLT_MUST_CHECK;

/* FOLDER/NAME. Owned: nlt_free; NULL: no memory. */
NLT_API char *nlt__fs_join(const char *folder, const char *name);

/* The row for a path; never NULL. */
NLT_API const nlt_fs *nlt__fs_for(const char *path);

#endif
