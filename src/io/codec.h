/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_CODEC_H
#define NLT_IO_CODEC_H

/* What a decompressor is to source.c: one row of a table over one reused input buffer. A codec
 * writes only into the caller's buffer, so a bomb costs time but never memory. */

#include "io/fs.h"
#include "io/source.h"

enum { NLT_CODEC_MAGIC_MAX = 6, NLT_INPUT_BYTES = 256 * 1024 };

/* The compressed side. Unread bytes are buf[pos..len). */
typedef struct nlt_input {
    nlt_fs_file file;
    char *name;     /* for messages; owned */
    uint8_t *buf;   /* NLT_INPUT_BYTES; owned */
    size_t pos;
    size_t len;
    int64_t offset; /* of the file, where buf[len] would come from */
    bool at_end;    /* nothing follows buf[len] */
} nlt_input;

/* Makes `want` (at most NLT_INPUT_BYTES) bytes unread unless the file ends before. */
nlt_status nlt__input_fill(nlt_input *in, size_t want, nlt_error *err) NLT_MUST_CHECK;
/* NLT_ERR_DAMAGED at the present place. */
nlt_status nlt__input_damaged(const nlt_input *in, const char *codec, const char *why,
    nlt_error *err) NLT_MUST_CHECK;

static inline size_t nlt__input_left(const nlt_input *in)
{
    return in->len - in->pos;
}

typedef struct nlt_codec_row {
    const char *name;
    uint8_t magic[NLT_CODEC_MAGIC_MAX];
    uint8_t mask[NLT_CODEC_MAGIC_MAX];
    size_t magic_len;
    nlt_status (*open)(void **state, nlt_error *err);
    /* As nlt__source_read; *n is 0 on entry and counts what is valid whatever is returned. `cap` is
     * at most 1 GiB. */
    nlt_status (*read)(void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n,
        nlt_error *err);
    void (*close)(void *state); /* NULL is fine */
} nlt_codec_row;

extern const nlt_codec_row nlt__codec_gzip;
extern const nlt_codec_row nlt__codec_zstd;
extern const nlt_codec_row nlt__codec_bzip2;
extern const nlt_codec_row nlt__codec_xz;

#endif
