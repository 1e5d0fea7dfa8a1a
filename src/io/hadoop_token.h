/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_IO_HADOOP_TOKEN_H
#define NLT_IO_HADOOP_TOKEN_H

/* Delegation tokens: what Hadoop puts into the file that $HADOOP_TOKEN_FILE_LOCATION names, and the
 * text that WebHDFS takes a token as. */

#include "core/buf.h"

typedef struct nlt_hadoop_token {
    nlt_bytes identifier, password;
    nlt_bytes kind;    /* "WEBHDFS delegation", "HDFS_DELEGATION_TOKEN", ... */
    nlt_bytes service; /* whom it is for: "10.0.0.1:9870", "ha-hdfs:prod" */
} nlt_hadoop_token;

/* Called for each token, which borrows from the file's bytes. A failure ends the reading. */
typedef nlt_status (*nlt_hadoop_token_fn)(void *ctx, const nlt_hadoop_token *token, nlt_error *err);

/* The tokens in the bytes of a file, in its order; its secrets are passed over. NLT_ERR_FORMAT with
 * the byte offset. */
NLT_API nlt_status nlt__hadoop_tokens_read(
    nlt_bytes file, nlt_hadoop_token_fn visit, void *ctx, nlt_error *err) NLT_MUST_CHECK;

/* Appends a token as the parameter `delegation` wants it. */
NLT_API nlt_status nlt__hadoop_token_text(
    const nlt_hadoop_token *token, nlt_buf *out, nlt_error *err) NLT_MUST_CHECK;

#endif
