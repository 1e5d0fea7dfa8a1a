/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_SOURCE_H
#define NLT_IO_SOURCE_H

/* Bytes of a file in order, decompressed: gzip (ISA-L, all members), zstd (all frames), bzip2 (all
 * streams), xz (all streams), plain; decided by the first bytes, never by the name. */

#include <stdatomic.h>

#include "netlytics/base.h"

typedef enum nlt_codec {
    NLT_CODEC_PLAIN = 0,
    NLT_CODEC_GZIP,
    NLT_CODEC_ZSTD,
    NLT_CODEC_BZIP2,
    NLT_CODEC_XZ,
    NLT_CODEC_COUNT
} nlt_codec;

enum { NLT_SOURCE_HEAD_MAX = 256 << 10 };

typedef struct nlt_source nlt_source;

/* `stop`, where not NULL, ends the waiting for a pipe: NLT_ERR_CANCELLED.
 * `offset` > 0 is allowed for plain files only (NLT_ERR_ARG; not looked at where that costs round trips). "-" is standard input.
 * NLT_ERR_NOT_FOUND: no such file; NLT_ERR_IO: not readable, a directory. */
NLT_API nlt_status nlt__source_open(const char *path, int64_t offset, const atomic_bool *stop,
    nlt_source **out, nlt_error *err) NLT_MUST_CHECK;
/* The same for standard input of which `head` (at most NLT_SOURCE_HEAD_MAX bytes; copied) has been read
 * already. `is_all`: nothing follows it, or is to be read. */
NLT_API nlt_status nlt__source_open_behind(nlt_bytes head, bool is_all, const atomic_bool *stop,
    nlt_source **out, nlt_error *err) NLT_MUST_CHECK;
/* The first bytes of standard input as they are; *is_all: it ends there. NLT_ERR_IO. */
NLT_API nlt_status nlt__source_read_head(
    char *buf, size_t cap, size_t *n, bool *is_all, nlt_error *err) NLT_MUST_CHECK;
/* Fills up to `cap` bytes; *n = 0 at the end. As many as can be had: fewer than `cap` only at the
 * end or (pipes) when less is there. NLT_ERR_DAMAGED: the compressed stream is corrupt or cut; *n
 * bytes before the damage are valid (also for every other failure). NLT_ERR_IO, NLT_ERR_NOMEM, NLT_ERR_CANCELLED. After a
 * failure: only close. */
NLT_API nlt_status nlt__source_read(
    nlt_source *source, void *buf, size_t cap, size_t *n, nlt_error *err) NLT_MUST_CHECK;
/* From now on the source is decompressed ahead of its reader, on a thread of its own (a few blocks far).
 * Plain ones, pipes, and where there is no memory for it: nothing changes. */
NLT_API void nlt__source_read_ahead(nlt_source *source);
/* Bytes of the file itself consumed so far (progress), counted from `offset`. */
NLT_API int64_t nlt__source_consumed(const nlt_source *source);
NLT_API nlt_codec nlt__source_codec(const nlt_source *source);
NLT_API void nlt__source_close(nlt_source *source);

/* Codec by magic bytes of a file (size of the file is returned too). Pipes and "-" cannot be looked
 * at without loss: plain, size -1. */
NLT_API nlt_status nlt__source_probe(
    const char *path, nlt_codec *codec, int64_t *size, nlt_error *err) NLT_MUST_CHECK;

#endif
