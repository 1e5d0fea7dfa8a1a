/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zstandard (RFC 8878): all frames, skippable ones too, windows up to 128 MiB.
 *
 * ZSTD_decompressStream forgets to count what it wrote when it fails later in the same call.
 * Therefore it is given one block at a time (its own hint says how much that is) and, when it
 * holds back output, nothing until that is out: whatever a failing call wrote is then nothing. */

#include <zstd.h>
#include <zstd_errors.h>

#include "core/alloc.h"
#include "io/codec.h"

enum { ZSTD_WINDOW_LOG_MAX = 27 };

typedef struct zstd_state {
    ZSTD_DCtx *ctx;
    size_t hint;     /* bytes to give next; 0: between frames */
    bool is_holding; /* output may be waiting inside */
} zstd_state;

static void zstd_close(void *state)
{
    zstd_state *zstd = state;
    if (zstd != NULL) {
        ZSTD_freeDCtx(zstd->ctx);
        nlt_free(zstd);
    }
}

static nlt_status zstd_open(void **state, nlt_error *err)
{
    zstd_state *zstd = nlt_alloc_zero(1, sizeof *zstd);
    if (zstd != NULL) {
        zstd->ctx = ZSTD_createDCtx();
    }
    if (zstd == NULL || zstd->ctx == NULL
        || ZSTD_isError(
            ZSTD_DCtx_setParameter(zstd->ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) {
        zstd_close(zstd);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    *state = zstd;
    return NLT_OK;
}

/* One call of the library; *n grows. */
static nlt_status zstd_step(
    zstd_state *zstd, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    /* 5 bytes are the shortest start of a frame; more could hold a whole one. */
    size_t want = zstd->is_holding ? 0 : zstd->hint > 0 ? zstd->hint : 5;
    size_t left = nlt__input_left(in);
    ZSTD_inBuffer input = {in->buf + in->pos, want < left ? want : left, 0};
    ZSTD_outBuffer output = {out + *n, cap - *n, 0};
    bool was_holding = zstd->is_holding;
    size_t code = ZSTD_decompressStream(zstd->ctx, &output, &input);
    if (ZSTD_isError(code)) {
        if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation) {
            return nlt__input_no_memory(in, err);
        }
        return nlt__input_damaged(in, &nlt__codec_zstd, ZSTD_getErrorName(code), err);
    }
    in->pos += input.pos;
    *n += output.pos;
    zstd->hint = code;
    zstd->is_holding = *n == cap && code != 0;
    if (input.pos == 0 && output.pos == 0 && !was_holding) {
        return nlt__input_damaged(
            in, &nlt__codec_zstd, in->at_end ? "it is cut off" : "no progress", err);
    }
    return NLT_OK;
}

static nlt_status zstd_read(
    void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    zstd_state *zstd = state;
    while (*n < cap) {
        bool has_next = true;
        if (zstd->hint == 0) {
            NLT_TRY(nlt__input_next_stream(in, &nlt__codec_zstd, &has_next, err));
        }
        if (!has_next) {
            return NLT_OK;
        }
        NLT_TRY(nlt__input_fill(in, 1, err));
        NLT_TRY(zstd_step(zstd, in, out, cap, n, err));
    }
    return NLT_OK;
}

const nlt_codec_row nlt__codec_zstd = {
    .name = "zstd",
    .magics = {{{0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}, 4},
        {{0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, 4}}, /* skippable: pzstd's first */
    .open = zstd_open,
    .read = zstd_read,
    .close = zstd_close,
};
