/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip (RFC 1952) through ISA-L: all members of a file, checksums checked.
 *
 * ISA-L decodes straight into the caller's buffer but for the beginning of each stretch, which goes
 * through its own. When damage is found there, the bytes in front of it are handed out first. */

#include <string.h>

#include <isa-l/igzip_lib.h>

#include "core/alloc.h"
#include "io/codec.h"

typedef struct gzip_state {
    struct inflate_state inflate;
    const char *problem; /* why the stream ends here; reported when all decoded bytes are out */
    bool is_in_member;
    bool is_done;
} gzip_state;

static nlt_status gzip_open(void **state, nlt_error *err)
{
    gzip_state *gzip = nlt_alloc_zero(1, sizeof *gzip);
    if (gzip == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    isal_inflate_init(&gzip->inflate);
    *state = gzip;
    return NLT_OK;
}

static void gzip_close(void *state)
{
    nlt_free(state);
}

static nlt_status gzip_next_member(gzip_state *gzip, nlt_input *in, nlt_error *err)
{
    NLT_TRY(nlt__input_next_stream(in, &nlt__codec_gzip, &gzip->is_in_member, err));
    gzip->is_done = !gzip->is_in_member;
    isal_inflate_reset(&gzip->inflate);
    gzip->inflate.crc_flag = ISAL_GZIP;
    return NLT_OK;
}

static const char *gzip_problem(int code)
{
    switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
        return "wrong checksum";
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
        return "bad member header";
    default:
        return "invalid data";
    }
}

/* Bytes ISA-L decoded in front of the damage but had no room for. */
static size_t gzip_drain(gzip_state *gzip, uint8_t *out, size_t cap)
{
    struct inflate_state *inflate = &gzip->inflate;
    int32_t pending = inflate->tmp_out_valid - inflate->tmp_out_processed;
    if (pending <= 0 || (size_t)inflate->tmp_out_valid > sizeof inflate->tmp_out_buffer) {
        return 0;
    }
    size_t take = (size_t)pending < cap ? (size_t)pending : cap;
    memcpy(out, inflate->tmp_out_buffer + inflate->tmp_out_processed, take);
    inflate->tmp_out_processed += (int32_t)take;
    return take;
}

static size_t gzip_step(gzip_state *gzip, nlt_input *in, uint8_t *out, size_t cap)
{
    struct inflate_state *inflate = &gzip->inflate;
    size_t given = nlt__input_left(in);
    inflate->next_in = in->buf + in->pos;
    inflate->avail_in = (uint32_t)given;
    inflate->next_out = out;
    inflate->avail_out = (uint32_t)cap;
    int code = isal_inflate(inflate);
    size_t used = given - inflate->avail_in;
    size_t made = cap - inflate->avail_out;
    in->pos += used;
    if (code < 0) {
        gzip->problem = gzip_problem(code);
    } else if (inflate->block_state == ISAL_BLOCK_FINISH) {
        gzip->is_in_member = false;
    } else if (used == 0 && made == 0) {
        gzip->problem = in->at_end ? "it is cut off" : "invalid data";
    }
    return made;
}

static nlt_status gzip_read(
    void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    gzip_state *gzip = state;
    while (*n < cap && !gzip->is_done) {
        if (gzip->problem != NULL) {
            size_t got = gzip_drain(gzip, out + *n, cap - *n);
            *n += got;
            if (got == 0) {
                return nlt__input_damaged(in, &nlt__codec_gzip, gzip->problem, err);
            }
        } else if (!gzip->is_in_member) {
            NLT_TRY(gzip_next_member(gzip, in, err));
        } else {
            NLT_TRY(nlt__input_fill(in, 1, err));
            *n += gzip_step(gzip, in, out + *n, cap - *n);
        }
    }
    return NLT_OK;
}

const nlt_codec_row nlt__codec_gzip = {
    .name = "gzip",
    .magics = {{{0x1f, 0x8b}, {0xff, 0xff}, 2}},
    .open = gzip_open,
    .read = gzip_read,
    .close = gzip_close,
};
