/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of any bytes: read at once and in small pieces it gives the same, up to the same damage.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/source.h"

enum { OUT_MAX = 1 << 20, SMALL_STEP = 97 };

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* Each piece goes to a buffer of exactly its size. */
static nlt_status read_all(const char *path, size_t step, uint8_t *out, size_t *n)
{
    nlt_source *source = NULL;
    nlt_error err = NLT_ERROR_INIT;
    *n = 0;
    nlt_status status = nlt__source_open(path, 0, NULL, &source, &err);
    size_t got = 1;
    while (status == NLT_OK && got > 0 && *n < OUT_MAX) {
        size_t room = OUT_MAX - *n < step ? OUT_MAX - *n : step;
        uint8_t *piece = malloc(room);
        check(piece != NULL);
        status = nlt__source_read(source, piece, room, &got, &err);
        check(got <= room);
        memcpy(out + *n, piece, got);
        *n += got;
        free(piece);
    }
    check(status == NLT_OK || status == NLT_ERR_DAMAGED);
    check(status == NLT_OK || err.message[0] != '\0');
    nlt__source_close(source);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t whole[OUT_MAX];
    static uint8_t small[OUT_MAX];
    char path[64];
    int fd = memfd_create("fuzz_source", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    nlt_codec codec = NLT_CODEC_PLAIN;
    int64_t file_size = 0;
    check(nlt__source_probe(path, &codec, &file_size, NULL) == NLT_OK);
    check(file_size == (int64_t)size);
    size_t n_whole = 0;
    size_t n_small = 0;
    nlt_status status = read_all(path, OUT_MAX, whole, &n_whole);
    check(codec != NLT_CODEC_PLAIN || (status == NLT_OK && n_whole == size));
    nlt_status other = read_all(path, SMALL_STEP, small, &n_small);
    size_t n_both = n_small < n_whole ? n_small : n_whole;
    check(memcmp(whole, small, n_both) == 0);
    if (n_whole < OUT_MAX && n_small < OUT_MAX) { /* a bad block of bzip2 shows sooner at once */
        check(other == status && (n_small == n_whole || status != NLT_OK));
    }
    close(fd);
    return 0;
}
