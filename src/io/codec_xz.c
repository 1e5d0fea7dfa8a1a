/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xz through liblzma: all streams and their padding; a dictionary may take 256 MiB at most. */

#include <lzma.h>

#include "core/alloc.h"
#include "io/codec.h"

#define XZ_MEMORY_MAX (UINT64_C(256) << 20)

typedef struct xz_state {
    lzma_stream stream;
    bool is_done;
} xz_state;

static void *xz_alloc(void *opaque, size_t count, size_t size)
{
    (void)opaque;
    return nlt_alloc_zero(count, size);
}

static void xz_free(void *opaque, void *ptr)
{
    (void)opaque;
    nlt_free(ptr);
}

static const lzma_allocator xz_allocator = {xz_alloc, xz_free, NULL};

static void xz_close(void *state)
{
    xz_state *xz = state;
    if (xz != NULL) {
        lzma_end(&xz->stream);
        nlt_free(xz);
    }
}

static nlt_status xz_open(void **state, nlt_error *err)
{
    xz_state *xz = nlt_alloc(sizeof *xz);
    if (xz == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *xz = (xz_state){.stream = LZMA_STREAM_INIT};
    xz->stream.allocator = &xz_allocator;
    if (lzma_stream_decoder(&xz->stream, XZ_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK) {
        xz_close(xz);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *state = xz;
    return NLT_OK;
}

static const char *xz_problem(lzma_ret code)
{
    switch ((int)code) {
    case LZMA_MEMLIMIT_ERROR:
        return "it needs more than 256 MiB of memory";
    case LZMA_BUF_ERROR:
        return "it is cut off";
    case LZMA_OPTIONS_ERROR:
        return "unsupported options";
    case LZMA_FORMAT_ERROR:
        return "what follows is no stream";
    default:
        return "invalid data";
    }
}

static nlt_status xz_read(
    void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    xz_state *xz = state;
    while (*n < cap && !xz->is_done) {
        NLT_TRY(nlt__input_fill(in, 1, err));
        xz->stream.next_in = in->buf + in->pos;
        xz->stream.avail_in = nlt__input_left(in);
        xz->stream.next_out = out + *n;
        xz->stream.avail_out = cap - *n;
        /* LZMA_FINISH may not be taken back, so it waits until the buffer is empty too. */
        lzma_ret code = lzma_code(&xz->stream, xz->stream.avail_in == 0 ? LZMA_FINISH : LZMA_RUN);
        in->pos = in->len - xz->stream.avail_in;
        *n = cap - xz->stream.avail_out;
        if (code == LZMA_STREAM_END) {
            xz->is_done = true;
        } else if (code == LZMA_MEM_ERROR) {
            return nlt__input_no_memory(in, err);
        } else if (code != LZMA_OK) {
            return nlt__input_damaged(in, &nlt__codec_xz, xz_problem(code), err);
        }
    }
    return NLT_OK;
}

const nlt_codec_row nlt__codec_xz = {
    .name = "xz",
    .magics = {{{0xfd, '7', 'z', 'X', 'Z', 0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 6}},
    .open = xz_open,
    .read = xz_read,
    .close = xz_close,
};
