/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/pack.h"

#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static void must(bool is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "pack: %s\n", what);
        abort();
    }
}

static size_t pack_plain(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    (void)cap;
    memcpy(out, in, len);
    return len;
}

static size_t pack_gzip(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    static uint8_t level[ISAL_DEF_LVL1_DEFAULT];
    struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.gzip_flag = IGZIP_GZIP;
    stream.level = 1;
    stream.level_buf = level;
    stream.level_buf_size = sizeof level;
    stream.next_in = (uint8_t *)(uintptr_t)in;
    stream.avail_in = (uint32_t)len;
    stream.end_of_stream = 1;
    stream.next_out = out;
    stream.avail_out = (uint32_t)cap;
    must(isal_deflate(&stream) == COMP_OK, "gzip");
    return stream.total_out;
}

static size_t pack_zstd(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    must(ctx != NULL, "zstd");
    (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(ctx, out, cap, in, len);
    must(!ZSTD_isError(n), "zstd");
    ZSTD_freeCCtx(ctx);
    return n;
}

static size_t pack_bzip2(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    unsigned int n = (unsigned int)cap;
    must(
        BZ2_bzBuffToBuffCompress((char *)out, &n, (char *)(uintptr_t)in, (unsigned int)len, 1, 0, 0)
            == BZ_OK,
        "bzip2");
    return n;
}

static size_t pack_xz(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    size_t n = 0;
    must(
        lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, in, len, out, &n, cap) == LZMA_OK, "xz");
    return n;
}

static const struct {
    const char *suffix;
    size_t (*pack)(const uint8_t *in, size_t len, uint8_t *out, size_t cap);
} codecs[NLT_CODEC_COUNT] = {
    [NLT_CODEC_PLAIN] = {"", pack_plain},
    [NLT_CODEC_GZIP] = {".gz", pack_gzip},
    [NLT_CODEC_ZSTD] = {".zst", pack_zstd},
    [NLT_CODEC_BZIP2] = {".bz2", pack_bzip2},
    [NLT_CODEC_XZ] = {".xz", pack_xz},
};

const char *pack_suffix(nlt_codec codec)
{
    return codecs[codec].suffix;
}

size_t pack(nlt_codec codec, const void *in, size_t len, uint8_t *out, size_t cap)
{
    return codecs[codec].pack(in, len, out, cap);
}
