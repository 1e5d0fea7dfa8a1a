/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_CODEC_H
#define NLT_IO_CODEC_H

/* What a decompressor is to source.c: one row of a table over one reused input buffer. A codec
 * writes only into the caller's buffer, so a bomb costs time but never memory. */

#include "io/fs.h"
#include "io/source.h"

enum { NLT_MAGIC_MAX = 6, NLT_INPUT_BYTES = 256 * 1024 };

/* The compressed side. Unread bytes are buf[pos..len). */
typedef struct nlt_input {
    nlt_fs_file file;
    uint8_t *buf; /* NLT_INPUT_BYTES; owned */
    size_t pos;
    size_t len;
    int64_t offset; /* of the file, where buf[len] would come from */
    bool at_end;    /* nothing follows buf[len] */
} nlt_input;

/* First bytes of a stream, to be compared under the mask. */
typedef struct nlt_magic {
    uint8_t bytes[NLT_MAGIC_MAX];
    uint8_t mask[NLT_MAGIC_MAX];
    size_t len; /* 0: none */
} nlt_magic;

typedef struct nlt_codec_row {
    const char *name;
    nlt_magic magics[2];
    nlt_status (*open)(void **state, nlt_error *err);
    /* As nlt__source_read; *n is 0 on entry and counts what is valid whatever is returned. `cap` is
     * at most 1 GiB. */
    nlt_status (*read)(
        void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err);
    void (*close)(void *state); /* NULL is fine */
} nlt_codec_row;

static inline size_t nlt__input_left(const nlt_input *in)
{
    return in->len - in->pos;
}

/* Makes `want` (at most NLT_INPUT_BYTES) bytes unread unless the file ends before. */
nlt_status nlt__input_fill(nlt_input *in, size_t want, nlt_error *err) NLT_MUST_CHECK;
/* Behind a complete stream: does another one begin? Zero bytes up to the end of the file are padding,
 * any other rest is damage. */
nlt_status nlt__input_next_stream(
    nlt_input *in, const nlt_codec_row *codec, bool *has_next, nlt_error *err) NLT_MUST_CHECK;
/* NLT_ERR_DAMAGED at the present place. */
nlt_status nlt__input_damaged(const nlt_input *in, const nlt_codec_row *codec, const char *why,
    nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__input_no_memory(const nlt_input *in, nlt_error *err) NLT_MUST_CHECK;

extern const nlt_codec_row nlt__codec_gzip;
extern const nlt_codec_row nlt__codec_zstd;
extern const nlt_codec_row nlt__codec_bzip2;
extern const nlt_codec_row nlt__codec_xz;

#endif
