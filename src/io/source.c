/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of a file in order, whatever it is packed with.
 *
 * The first bytes choose a row of the codec table. Files are read at a running offset, plain ones
 * straight into the caller's buffer. Of a pipe the first bytes cannot be read again: they stay in the
 * input buffer, from which every codec starts. */

#include "io/source.h"

#include <string.h>

#include "core/alloc.h"
#include "io/ahead.h"
#include "io/codec.h"

enum { OUT_MAX = 1 << 30 }; /* libraries count output in 32 bits */

struct nlt_source {
    nlt_input in;
    nlt_codec codec;
    void *state;      /* of the codec; owned */
    char *path;       /* owned */
    int64_t start;    /* offset that was asked for */
    nlt_ahead *ahead; /* owned; has what is above but path and codec; NULL: the reader has it */
    int64_t consumed; /* by what `ahead` gave */
};

/* --- input ------------------------------------------------------------------------------------- */

static nlt_status input_read(nlt_input *in, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    NLT_TRY(in->file.fs->read(&in->file, in->offset, buf, cap, n, err));
    in->offset += (int64_t)*n;
    in->at_end = *n == 0;
    return NLT_OK;
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
        size_t n = 0;
        NLT_TRY(input_read(in, in->buf + in->len, NLT_INPUT_BYTES - in->len, &n, err));
        in->len += n;
    }
    return NLT_OK;
}

nlt_status nlt__input_damaged(
    const nlt_input *in, const nlt_codec_row *codec, const char *why, nlt_error *err)
{
    int64_t at = in->offset - (int64_t)nlt__input_left(in);
    nlt_fail(err, NLT_ERR_DAMAGED, "%s: damaged %s stream near byte %lld: %s", in->file.name,
        codec->name, (long long)at, why);
    if (err != NULL) {
        err->offset = at;
    }
    return NLT_ERR_DAMAGED;
}

nlt_status nlt__input_no_memory(const nlt_input *in, nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", in->file.name);
}

static bool magic_matches(const nlt_magic *magic, const uint8_t *head, size_t len)
{
    if (magic->len == 0 || len < magic->len) {
        return false;
    }
    for (size_t i = 0; i < magic->len; i++) {
        if ((head[i] & magic->mask[i]) != magic->bytes[i]) {
            return false;
        }
    }
    return true;
}

static bool codec_matches(const nlt_codec_row *codec, const uint8_t *head, size_t len)
{
    return magic_matches(&codec->magics[0], head, len)
        || magic_matches(&codec->magics[1], head, len);
}

nlt_status nlt__input_next_stream(
    nlt_input *in, const nlt_codec_row *codec, bool *has_next, nlt_error *err)
{
    NLT_TRY(nlt__input_fill(in, NLT_MAGIC_MAX, err));
    *has_next = codec_matches(codec, in->buf + in->pos, nlt__input_left(in));
    if (*has_next) {
        return NLT_OK;
    }
    while (nlt__input_left(in) > 0) {
        if (in->buf[in->pos] != 0) {
            return nlt__input_damaged(in, codec, "what follows is no stream", err);
        }
        in->pos++;
        NLT_TRY(nlt__input_fill(in, 1, err));
    }
    return NLT_OK;
}

/* --- the table --------------------------------------------------------------------------------- */

static nlt_status plain_open(void **state, nlt_error *err)
{
    (void)err;
    *state = NULL;
    return NLT_OK;
}

static nlt_status plain_read(
    void *state, nlt_input *in, uint8_t *out, size_t cap, size_t *n, nlt_error *err)
{
    (void)state;
    size_t head = nlt__input_left(in) < cap ? nlt__input_left(in) : cap;
    memcpy(out, in->buf + in->pos, head);
    in->pos += head;
    *n = head;
    while (*n < cap && !in->at_end) {
        if (*n > 0 && in->file.info.kind != NLT_FS_FILE) {
            return NLT_OK; /* a pipe may have no more for a long time */
        }
        size_t got = 0;
        NLT_TRY(input_read(in, out + *n, cap - *n, &got, err));
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

static nlt_codec codec_of_head(const uint8_t *head, size_t len)
{
    for (int i = NLT_CODEC_PLAIN + 1; i < NLT_CODEC_COUNT; i++) {
        if (codec_matches(codec_table[i], head, len)) {
            return (nlt_codec)i;
        }
    }
    return NLT_CODEC_PLAIN;
}

/* --- sources ----------------------------------------------------------------------------------- */

/* The codec of a file that can be read anywhere. */
static nlt_status look_at_head(const nlt_fs_file *file, nlt_codec *codec, nlt_error *err)
{
    uint8_t head[NLT_MAGIC_MAX];
    size_t len = 0;
    size_t n = 1;
    while (n > 0 && len < sizeof head) {
        NLT_TRY(file->fs->read(file, (int64_t)len, head + len, sizeof head - len, &n, err));
        len += n;
    }
    *codec = codec_of_head(head, len);
    return NLT_OK;
}

/* Finds the codec and goes to `offset`. */
static nlt_status source_begin(nlt_source *source, int64_t offset, nlt_error *err)
{
    nlt_input *in = &source->in;
    bool is_file = in->file.info.kind == NLT_FS_FILE;
    if (is_file && in->file.fs->is_far && offset > 0) {
        source->codec = NLT_CODEC_PLAIN; /* who knows the offset has looked at the head */
    } else if (is_file) {
        NLT_TRY(look_at_head(&in->file, &source->codec, err));
    } else {
        NLT_TRY(nlt__input_fill(in, NLT_MAGIC_MAX, err));
        source->codec = codec_of_head(in->buf, in->len);
    }
    if (offset > 0 && (source->codec != NLT_CODEC_PLAIN || !is_file)) {
        return nlt_fail(err, NLT_ERR_ARG, "%s: only a plain file can be read from byte %lld",
            in->file.name, (long long)offset);
    }
    in->offset += offset;
    source->start = offset;
    return codec_table[source->codec]->open(&source->state, err);
}

_Static_assert((int)NLT_SOURCE_HEAD_MAX <= (int)NLT_INPUT_BYTES, "a head fills the input buffer");

/* `head`: bytes in front of what is read; `is_all`: there is nothing else. */
static nlt_status open_source(const char *path, int64_t offset, nlt_bytes head, bool is_all,
    const atomic_bool *stop, nlt_source **out, nlt_error *err)
{
    *out = NULL;
    nlt_source *source = nlt_alloc_zero(1, sizeof *source);
    if (source == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", path);
    }
    nlt_input *in = &source->in;
    in->file = (nlt_fs_file){.fs = nlt__fs_for(path), .handle = -1};
    in->buf = nlt_alloc(NLT_INPUT_BYTES);
    source->path = nlt_strdup(path);
    nlt_status status = in->buf == NULL || source->path == NULL
        ? nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", path)
        : in->file.fs->open(source->path, &in->file, err);
    in->file.stop = stop;
    if (status == NLT_OK && head.len > 0) {
        memcpy(in->buf, head.ptr, head.len);
        in->len = head.len;
        in->offset = (int64_t)head.len;
    }
    in->at_end = is_all;
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

nlt_status nlt__source_open(
    const char *path, int64_t offset, const atomic_bool *stop, nlt_source **out, nlt_error *err)
{
    *out = NULL;
    if (offset < 0) {
        return nlt_fail(err, NLT_ERR_ARG, "%s: negative offset %lld", path, (long long)offset);
    }
    return open_source(path, offset, (nlt_bytes){NULL, 0}, false, stop, out, err);
}

nlt_status nlt__source_open_behind(
    nlt_bytes head, bool is_all, const atomic_bool *stop, nlt_source **out, nlt_error *err)
{
    return open_source("-", 0, head, is_all, stop, out, err);
}

nlt_status nlt__source_read_head(char *buf, size_t cap, size_t *n, bool *is_all, nlt_error *err)
{
    const nlt_fs *fs = nlt__fs_for("-");
    nlt_fs_file file = {.fs = fs, .handle = -1};
    size_t got = 1;
    *n = 0;
    NLT_TRY(fs->open("-", &file, err));
    nlt_status status = NLT_OK;
    while (status == NLT_OK && got > 0 && *n < cap) {
        status = fs->read(&file, (int64_t)*n, buf + *n, cap - *n, &got, err);
        *n += got;
    }
    *is_all = status == NLT_OK && got == 0;
    fs->close(&file);
    return status;
}

static nlt_status decode(nlt_source *source, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    *n = 0;
    if (cap > OUT_MAX) {
        cap = OUT_MAX;
    }
    return codec_table[source->codec]->read(source->state, &source->in, buf, cap, n, err);
}

static int64_t bytes_consumed(const nlt_source *source)
{
    const nlt_input *in = &source->in;
    return in->offset - (int64_t)nlt__input_left(in) - source->start;
}

static nlt_status decode_ahead(
    void *ctx, void *buf, size_t cap, size_t *n, int64_t *consumed, nlt_error *err)
{
    nlt_source *source = ctx;
    nlt_status status = decode(source, buf, cap, n, err);
    *consumed = bytes_consumed(source);
    return status;
}

void nlt__source_read_ahead(nlt_source *source)
{
    bool is_file = source->in.file.info.kind == NLT_FS_FILE;
    if (source->ahead == NULL && source->codec != NLT_CODEC_PLAIN && is_file) {
        nlt_status ignored = nlt__ahead_open(decode_ahead, source, &source->ahead, NULL);
        (void)ignored; /* slower, not wrong */
    }
}

nlt_status nlt__source_read(nlt_source *source, void *buf, size_t cap, size_t *n, nlt_error *err)
{
    return source->ahead != NULL
        ? nlt__ahead_read(source->ahead, buf, cap, n, &source->consumed, err)
        : decode(source, buf, cap, n, err);
}

int64_t nlt__source_consumed(const nlt_source *source)
{
    return source->ahead != NULL ? source->consumed : bytes_consumed(source);
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
    nlt__ahead_close(source->ahead);
    codec_table[source->codec]->close(source->state);
    source->in.file.fs->close(&source->in.file);
    nlt_free(source->in.buf);
    nlt_free(source->path);
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
        return NLT_OK; /* opening it could wait, looking would consume */
    }
    nlt_fs_file file = {.fs = fs, .handle = -1};
    NLT_TRY(fs->open(path, &file, err));
    nlt_status status = look_at_head(&file, codec, err);
    *size = file.info.size;
    fs->close(&file);
    return status;
}
