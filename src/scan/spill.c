/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "scan/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"

enum { HELD_MAX = 8 << 20 };

struct nlt_spill {
    nlt_buf held; /* behind what is in the file */
    int fd;       /* -1: there is none yet */
    int64_t written;
};

static nlt_status spill_failure(const char *what, nlt_error *err)
{
    nlt_fail(err, NLT_ERR_OUTPUT, "temporary file: cannot %s it: %s", what, strerror(errno));
    nlt_error_hint(err, "TMPDIR names the folder for temporary files");
    return NLT_ERR_OUTPUT;
}

static nlt_status open_file(nlt_spill *spill, nlt_error *err)
{
    const char *folder = getenv("TMPDIR");
    folder = folder != NULL && folder[0] != '\0' ? folder : "/tmp";
    spill->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return spill->fd >= 0 ? NLT_OK : spill_failure("make", err);
}

static nlt_status write_held(nlt_spill *spill, nlt_error *err)
{
    if (spill->fd < 0) {
        NLT_TRY(open_file(spill, err));
    }
    for (size_t done = 0; done < spill->held.len;) {
        ssize_t n = pwrite(spill->fd, spill->held.ptr + done, spill->held.len - done,
            spill->written);
        if (n < 0 && errno != EINTR) {
            return spill_failure("write", err);
        }
        done += n > 0 ? (size_t)n : 0;
        spill->written += n > 0 ? n : 0;
    }
    spill->held.len = 0;
    return NLT_OK;
}

nlt_status nlt__spill_add(nlt_spill **spill, nlt_buf *bytes, nlt_error *err)
{
    if (*spill == NULL) {
        *spill = nlt_alloc_zero(1, sizeof **spill);
        if (*spill == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        **spill = (nlt_spill){NLT_BUF_INIT(SIZE_MAX / 2), -1, 0};
    }
    NLT_TRY(nlt__buf_append(&(*spill)->held, bytes->ptr, bytes->len, err));
    nlt__buf_clear(bytes);
    return (*spill)->held.len < HELD_MAX ? NLT_OK : write_held(*spill, err);
}

nlt_status nlt__spill_load(nlt_spill *spill, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_reserve(out, (size_t)spill->written + spill->held.len, err));
    while (out->len < (size_t)spill->written) {
        ssize_t n = pread(spill->fd, out->ptr + out->len, (size_t)spill->written - out->len,
            (off_t)out->len);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return spill_failure("read", err);
        }
        out->len += n > 0 ? (size_t)n : 0;
    }
    nlt__buf_put(out, spill->held.ptr, spill->held.len);
    return NLT_OK;
}

void nlt__spill_close(nlt_spill *spill)
{
    if (spill != NULL) {
        nlt__buf_clear(&spill->held);
        if (spill->fd >= 0) {
            (void)close(spill->fd);
        }
        nlt_free(spill);
    }
}
