/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that appear whole or not at all: written under a temporary name beside the target, renamed
 * at the end; local or on HDFS. Standard output, pipes and devices are written as it comes. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/fs.h"
#include "netlytics/session.h"
#include "output/writer.h"

enum { NAME_TRIES = 100, NAME_EXTRA = 64 };

struct nlt_outfile {
    nlt_fs_file file;
    bool is_broken_pipe;
    char *path; /* NULL: standard output */
    char *temp; /* NULL: `path` is no regular file and is written itself */
};

static nlt_status fail_output(nlt_error *err, const char *path, int code)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be written: %s", path, strerror(code));
}

static void outfile_free(nlt_outfile *file)
{
    nlt_free(file->path);
    nlt_free(file->temp);
    nlt_free(file);
}

/* Creates DIR/.NAME.tmp-PID-CLOCK: a name that neither Hadoop nor a glob takes for data. */
static nlt_status create_temporary(nlt_outfile *file, nlt_error *err)
{
    const char *slash = strrchr(file->path, '/');
    int folder = slash != NULL ? (int)(slash + 1 - file->path) : 0;
    size_t cap = strlen(file->path) + NAME_EXTRA;
    file->temp = nlt_alloc(cap);
    if (file->temp == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = NLT_ERR_OUTPUT;
    for (int i = 0; i < NAME_TRIES && status == NLT_ERR_OUTPUT; i++) {
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)snprintf(file->temp, cap, "%.*s.%s.tmp-%ld-%lld%09ld", folder, file->path,
            file->path + folder, (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
        status = file->file.fs->create(file->temp, &file->file, err);
        file->file.name = file->path; /* in messages */
        if (status == NLT_ERR_OUTPUT && errno != EEXIST) {
            break;
        }
    }
    return status;
}

/* A pipe or a device: opened as it is. */
static nlt_status open_special(nlt_outfile *file, nlt_error *err)
{
    int fd = open(file->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_output(err, file->path, errno);
    }
    file->file.handle = fd;
    file->file.name = file->path;
    return NLT_OK;
}

static nlt_status outfile_start(nlt_outfile *file, const char *path, nlt_error *err)
{
    file->path = nlt_strdup(path);
    if (file->path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_fs_info info = {NLT_FS_FILE, -1};
    nlt_status status = file->file.fs->stat(path, &info, err);
    if (status == NLT_OK && info.kind == NLT_FS_DIRECTORY) {
        return fail_output(err, path, EISDIR);
    }
    return status == NLT_OK && info.kind == NLT_FS_STREAM ? open_special(file, err)
                                                          : create_temporary(file, err);
}

nlt_status nlt__outfile_open(const char *path, nlt_outfile **out, nlt_error *err)
{
    *out = NULL;
    nlt_outfile *file = nlt_alloc_zero(1, sizeof *file);
    if (file == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    file->file = (nlt_fs_file){
        .fs = nlt__fs_for(path), .handle = STDOUT_FILENO, .name = "standard output"};
    nlt_status status = strcmp(path, "-") == 0 ? NLT_OK : outfile_start(file, path, err);
    if (status != NLT_OK) {
        outfile_free(file);
        return status;
    }
    *out = file;
    return NLT_OK;
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
