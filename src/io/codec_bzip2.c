/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bzip2: all streams of a file (pbzip2 writes many). */

#include <bzlib.h>

#include "core/alloc.h"
#include "io/codec.h"

typedef struct bzip2_state {
    bz_stream stream;
    bool is_open; /* the library holds memory for `stream` */
    bool is_done;
} bzip2_state;

static void *bzip2_alloc(void *opaque, int count, int size)
{
    (void)opaque;
    return count < 0 || size < 0 ? NULL : nlt_alloc_zero((size_t)count, (size_t)size);
}

static void bzip2_free(void *opaque, void *ptr)
{
    (void)opaque;
    nlt_free(ptr);
}

static void bzip2_end_stream(bzip2_state *bzip2)
{
    if (bzip2->is_open) {
        (void)BZ2_bzDecompressEnd(&bzip2->stream);
        bzip2->is_open = false;
    }
}

static nlt_status bzip2_open(void **state, nlt_error *err)
{
    *state = nlt_alloc_zero(1, sizeof(bzip2_state));
    return *state != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static void bzip2_close(void *state)
{
    if (state != NULL) {
        bzip2_end_stream(state);
        nlt_free(state);
    }
}

static nlt_status bzip2_next_stream(bzip2_state *bzip2, nlt_input *in, nlt_error *err)
{
    bool has_next = false;
    NLT_TRY(nlt__input_next_stream(in, &nlt__codec_bzip2, &has_next, err));
    bzip2->is_done = !has_next;
    if (!has_next) {
        return NLT_OK;
    }
    bzip2->stream = (bz_stream){.bzalloc = bzip2_alloc, .bzfree = bzip2_free};
    if (BZ2_bzDecompressInit(&bzip2->stream, 0, 0) != BZ_OK) {
        return nlt__input_no_memory(in, err);
    }
    bzip2->is_open = true;
    return NLT_OK;
}

static nlt_status bzip2_step(
    bzip2_state *bzip2, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    bz_stream *stream = &bzip2->stream;
    size_t given = nlt__input_left(in);
    size_t room = cap - *n;
    stream->next_in = (char *)(in->buf + in->pos);
    stream->avail_in = (unsigned)given;
    stream->next_out = (char *)(out + *n);
    stream->avail_out = (unsigned)room;
    int code = BZ2_bzDecompress(stream);
    size_t used = given - stream->avail_in;
    size_t made = room - stream->avail_out;
    in->pos += used;
    *n += made;
    if (code == BZ_STREAM_END) {
        bzip2_end_stream(bzip2);
        return NLT_OK;
    }
    if (code == BZ_MEM_ERROR) {
        return nlt__input_no_memory(in, err);
    }
    if (code != BZ_OK) {
        return nlt__input_damaged(in, &nlt__codec_bzip2, "invalid data", err);
    }
    if (used == 0 && made == 0) {
        return nlt__input_damaged(in, &nlt__codec_bzip2, "it is cut off", err);
    }
    return NLT_OK;
}

static nlt_status bzip2_read(
    void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    bzip2_state *bzip2 = state;
    while (*n < cap && !bzip2->is_done) {
        if (!bzip2->is_open) {
            NLT_TRY(bzip2_next_stream(bzip2, in, err));
        } else {
            NLT_TRY(nlt__input_fill(in, 1, err));
            NLT_TRY(bzip2_step(bzip2, in, out, cap, n, err));
        }
    }
    return NLT_OK;
}

const nlt_codec_row nlt__codec_bzip2 = {
    .name = "bzip2",
    .magics = {{{'B', 'Z', 'h', 0x30}, {0xff, 0xff, 0xff, 0xf0}, 4}},
    .open = bzip2_open,
    .read = bzip2_read,
    .close = bzip2_close,
};
