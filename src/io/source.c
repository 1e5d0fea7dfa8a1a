/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of a file in order, whatever it is packed with.
 *
 * The first bytes choose a row of the codec table. Regular files are read at a running offset;
 * pipes in order, which is why the first bytes stay in the input buffer and are not read again. */

#include "io/source.h"

#include <string.h>

#include "core/alloc.h"
#include "io/codec.h"

enum { OUT_MAX = 1 << 30 }; /* libraries count output in 32 bits */

struct nlt_source {
    nlt_input in;
    nlt_codec codec;
    void *state;       /* of the codec; owned */
    int64_t start;     /* offset that was asked for */
};

static nlt_status plain_open(void **state, nlt_error *err)
{
    (void)err;
    *state = NULL;
    return NLT_OK;
}

/* Buffered first bytes, then straight into the caller's buffer. */
static nlt_status plain_read(void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n,
    nlt_error *err)
{
    (void)state;
    size_t head = nlt__input_left(in) < cap ? nlt__input_left(in) : cap;
    if (head > 0) {
        memcpy(out, in->buf + in->pos, head);
        in->pos += head;
        *n = head;
    }
    while (*n < cap && !in->at_end) {
        if (*n > 0 && in->file.info.kind != NLT_FS_FILE) {
            return NLT_OK; /* a pipe may have no more for a long time */
        }
        size_t got = 0;
        NLT_TRY(in->file.fs->read(&in->file, in->offset, out + *n, cap - *n, &got, err));
        in->offset += (int64_t)got;
        in->at_end = got == 0;
        *n += got;
    }
    return NLT_OK;
}

static void plain_close(void *state)
{
    (void)state;
}

static const nlt_codec_row codec_plain = {
    .name = "plain", .open = plain_open, .read = plain_read, .close = plain_close};

static const nlt_codec_row *const codec_table[NLT_CODEC_COUNT] = {
    [NLT_CODEC_PLAIN] = &codec_plain,
    [NLT_CODEC_GZIP] = &nlt__codec_gzip,
    [NLT_CODEC_ZSTD] = &nlt__codec_zstd,
    [NLT_CODEC_BZIP2] = &nlt__codec_bzip2,
    [NLT_CODEC_XZ] = &nlt__codec_xz,
};

static bool codec_matches(const nlt_codec_row *row, const uint8_t *head, size_t len)
{
    if (len < row->magic_len) {
        return false;
    }
    for (size_t i = 0; i < row->magic_len; i++) {
        if ((head[i] & row->mask[i]) != row->magic[i]) {
            return false;
        }
    }
    return true;
}

static nlt_codec codec_of_head(const uint8_t *head, size_t len)
{
    for (int i = NLT_CODEC_PLAIN + 1; i < NLT_CODEC_COUNT; i++) {
        if (codec_matches(codec_table[i], head, len)) {
            return (nlt_codec)i;
        }
    }
    return NLT_CODEC_PLAIN;
}

nlt_status nlt__input_fill(nlt_input *in, size_t want, nlt_error *err)
{
    if (nlt__input_left(in) >= want || in->at_end) {
        return NLT_OK;
    }
    memmove(in->buf, in->buf + in->pos, nlt__input_left(in));
    in->len -= in->pos;
    in->pos = 0;
    while (in->len < want && !in->at_end) {
        size_t got = 0;
        NLT_TRY(in->file.fs->read(&in->file, in->offset, in->buf + in->len,
            NLT_INPUT_BYTES - in->len, &got, err));
        in->offset += (int64_t)got;
        in->at_end = got == 0;
        in->len += got;
    }
    return NLT_OK;
}

nlt_status nlt__input_damaged(const nlt_input *in, const char *codec, const char *why,
    nlt_error *err)
{
    int64_t at = in->offset - (int64_t)nlt__input_left(in);
    nlt_status status = nlt_fail(err, NLT_ERR_DAMAGED, "%s: damaged %s stream near byte %lld: %s",
        in->name, codec, (long long)at, why);
    if (err != NULL) {
        err->offset = at;
    }
    return status;
}

/* Looks at the first bytes and goes to `offset`. */
static nlt_status source_begin(nlt_source *source, int64_t offset, nlt_error *err)
{
    nlt_input *in = &source->in;
    NLT_TRY(nlt__input_fill(in, NLT_CODEC_MAGIC_MAX, err));
    source->codec = codec_of_head(in->buf, in->len);
    if (offset > 0) {
        if (source->codec != NLT_CODEC_PLAIN || in->file.info.kind != NLT_FS_FILE) {
            return nlt_fail(err, NLT_ERR_ARG, "%s: only a plain file can be read from byte %lld",
                in->name, (long long)offset);
        }
        in->pos = in->len = 0;
        in->offset = offset;
        in->at_end = false;
        source->start = offset;
    }
    return codec_table[source->codec]->open(&source->state, err);
}

nlt_status nlt__source_open(const char *path, int64_t offset, nlt_source **out, nlt_error *err)
{
    *out = NULL;
    if (offset < 0) {
        return nlt_fail(err, NLT_ERR_ARG, "%s: negative offset %lld", path, (long long)offset);
    }
    nlt_source *source = nlt_alloc_zero(1, sizeof *source);
    if (source == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", path);
    }
    nlt_input *in = &source->in;
    in->name = nlt_strdup(strcmp(path, "-") == 0 ? "(standard input)" : path);
    in->buf = nlt_alloc(NLT_INPUT_BYTES);
    in->file.handle = -1;
    in->file.fs = nlt__fs_for(path);
    nlt_status status = NLT_OK;
    if (in->name == NULL || in->buf == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", path);
    }
    if (status == NLT_OK) {
        status = in->file.fs->open(path, &in->file, err);
    }
    if (status == NLT_OK) {
        status = source_begin(source, offset, err);
    }
    if (status != NLT_OK) {
        nlt__source_close(source);
        return status;
    }
    *out = source;
    return NLT_OK;
}

nlt_status nlt__source_read(nlt_source *source, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    *n = 0;
    if (cap > OUT_MAX) {
        cap = OUT_MAX;
    }
    return codec_table[source->codec]->read(source->state, &source->in, buf, cap, n, err);
}

int64_t nlt__source_consumed(const nlt_source *source)
{
    const nlt_input *in = &source->in;
    return in->offset - (int64_t)nlt__input_left(in) - source->start;
}

nlt_codec nlt__source_codec(const nlt_source *source)
{
    return source->codec;
}

void nlt__source_close(nlt_source *source)
{
    if (source == NULL) {
        return;
    }
    codec_table[source->codec]->close(source->state);
    source->in.file.fs->close(&source->in.file);
    nlt_free(source->in.buf);
    nlt_free(source->in.name);
    nlt_free(source);
}

nlt_status nlt__source_probe(const char *path, nlt_codec *codec, int64_t *size, nlt_error *err)
{
    *codec = NLT_CODEC_PLAIN;
    *size = -1;
    if (strcmp(path, "-") == 0) {
        return NLT_OK;
    }
    const nlt_fs *fs = nlt__fs_for(path);
    nlt_fs_info info;
    NLT_TRY(fs->stat(path, &info, err));
    if (info.kind == NLT_FS_STREAM) {
        return NLT_OK; /* looking would consume */
    }
    nlt_fs_file file = {.fs = fs, .handle = -1};
    NLT_TRY(fs->open(path, &file, err));
    uint8_t head[NLT_CODEC_MAGIC_MAX];
    size_t len = 0;
    size_t got = 1;
    nlt_status status = NLT_OK;
    while (status == NLT_OK && got > 0 && len < sizeof head) {
        status = fs->read(&file, (int64_t)len, head + len, sizeof head - len, &got, err);
        len += got;
    }
    fs->close(&file);
    if (status == NLT_OK) {
        *codec = codec_of_head(head, len);
        *size = file.info.size;
    }
    return status;
}
