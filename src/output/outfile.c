/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that appear whole or not at all: written under a temporary name beside the target, renamed
 * at the end. Standard output is written as it comes. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "netlytics/session.h"
#include "output/writer.h"

enum { NAME_TRIES = 1000, MODE = 0666 };

struct nlt_outfile {
    int fd;
    bool is_broken_pipe;
    char *path; /* NULL: standard output */
    char *temp; /* NULL: `path` is no regular file and is written itself */
};

static nlt_status fail_output(nlt_error *err, const char *path, int code)
{
    return nlt_fail(err, NLT_ERR_OUTPUT, "%s: cannot be written: %s", path, strerror(code));
}

static const char *name_of(const nlt_outfile *file)
{
    return file->path != NULL ? file->path : "standard output";
}

static void outfile_free(nlt_outfile *file)
{
    nlt_free(file->path);
    nlt_free(file->temp);
    nlt_free(file);
}

/* Opens the first free PATH.tmp-PID-N. */
static int open_temporary(nlt_outfile *file, const char *path)
{
    size_t cap = strlen(path) + 48;
    file->temp = nlt_alloc(cap);
    if (file->temp == NULL) {
        errno = ENOMEM;
        return -1;
    }
    int fd = -1;
    for (int i = 0; i < NAME_TRIES; i++) {
        (void)snprintf(file->temp, cap, "%s.tmp-%ld-%d", path, (long)getpid(), i);
        fd = open(file->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);
        if (fd >= 0 || errno != EEXIST) {
            break;
        }
    }
    return fd;
}

static nlt_status outfile_start(nlt_outfile *file, const char *path, nlt_error *err)
{
    struct stat st;
    file->path = nlt_strdup(path);
    if (file->path == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode)) {
        return fail_output(err, path, EISDIR);
    }
    file->fd = exists && !S_ISREG(st.st_mode) ? open(path, O_WRONLY | O_CLOEXEC)
                                              : open_temporary(file, path);
    return file->fd >= 0 ? NLT_OK : fail_output(err, path, errno);
}

nlt_status nlt__outfile_open(const char *path, nlt_outfile **out, nlt_error *err)
{
    *out = NULL;
    nlt_outfile *file = nlt_alloc_zero(1, sizeof *file);
    if (file == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    file->fd = STDOUT_FILENO;
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
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = write(file->fd, p, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            file->is_broken_pipe = errno == EPIPE;
            return fail_output(err, name_of(file), errno);
        }
        p += n;
        len -= (size_t)n;
    }
    return NLT_OK;
}

const char *nlt__outfile_place(const nlt_outfile *file)
{
    return file->temp;
}

nlt_status nlt__outfile_commit(nlt_outfile *file, nlt_error *err)
{
    nlt_status status = NLT_OK;
    if (file->path != NULL && close(file->fd) != 0) {
        status = fail_output(err, file->path, errno);
    }
    if (status == NLT_OK && file->temp != NULL && rename(file->temp, file->path) != 0) {
        status = fail_output(err, file->path, errno);
    }
    if (status != NLT_OK && file->temp != NULL) {
        (void)unlink(file->temp);
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
        (void)close(file->fd);
    }
    if (file->temp != NULL) {
        (void)unlink(file->temp);
    }
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
