/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Credential files of Hadoop. A token that is read comes out of its own text again. */

#include <stdlib.h>
#include <string.h>

#include "io/hadoop_token.h"

enum { TEXT_MAX = 1 << 20 };

static nlt_status visit(void *ctx, const nlt_hadoop_token *token, nlt_error *err)
{
    size_t *sum = ctx;
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    size_t len = token->identifier.len + token->password.len + token->kind.len + token->service.len;
    if (nlt__hadoop_token_text(token, &text, err) == NLT_OK && text.len * 3 / 4 < len) {
        abort();
    }
    *sum += text.len;
    nlt__buf_clear(&text);
    return NLT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nlt_error err = NLT_ERROR_INIT;
    size_t sum = 0;
    char *block = malloc(size > 0 ? size : 1); /* ends where the bytes end */
    if (block == NULL) {
        return 0;
    }
    memcpy(block, data, size);
    if (nlt__hadoop_tokens_read((nlt_bytes){block, size}, visit, &sum, &err) != NLT_OK
        && (err.code != NLT_ERR_FORMAT || err.offset < 0 || err.offset > (int64_t)size)) {
        abort();
    }
    free(block);
    return 0;
}
