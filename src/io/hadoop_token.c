/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hadoop's credential files, of both versions that there are.
 *
 * Source: org.apache.hadoop.security.Credentials and token.Token, WritableUtils.writeVLong,
 * Security.proto (Hadoop 3). A file is "HDTS", a version byte, and
 *   0  "Writables": count, {alias, token}; count, {alias, secret}. A token is identifier, password,
 *      kind and service, each a length and bytes; lengths are variable-length integers.
 *   1  a protocol buffer in front of which its length stands: CredentialsProto.
 * As text a token is the Writable form in base64 for URLs, without padding. */

#include "io/hadoop_token.h"

enum {
    MAGIC_BYTES = 4,
    VERSION_WRITABLE = 0,
    VERSION_PROTOBUF = 1,
    VARINT_BITS = 63 /* more would be no length */
};

static const char magic[] = "HDTS";

/* Bytes still to be read, and where they lie in the file. */
typedef struct cursor {
    const char *start; /* of the file */
    const char *at, *end;
    nlt_error *err;
} cursor;

static nlt_status fail_at(const cursor *c, const char *what)
{
    long long offset = (long long)(c->at - c->start);
    nlt_fail(c->err, NLT_ERR_FORMAT, "byte %lld: %s", offset, what);
    if (c->err != NULL) {
        c->err->offset = offset;
    }
    return NLT_ERR_FORMAT;
}

static nlt_status take(cursor *c, uint64_t len, nlt_bytes *out)
{
    if (len > (uint64_t)(c->end - c->at)) {
        return fail_at(c, "it ends in the middle");
    }
    *out = (nlt_bytes){c->at, (size_t)len};
    c->at += len;
    return NLT_OK;
}

static nlt_status take_byte(cursor *c, uint8_t *out)
{
    nlt_bytes byte;
    NLT_TRY(take(c, 1, &byte));
    *out = (uint8_t)byte.ptr[0];
    return NLT_OK;
}

/* ---- version 0 ---- */

/* WritableUtils.readVLong, of which only lengths and counts occur. -112 to 127 is the number
 * itself; -113 to -120: it is positive and in the next 1 to 8 bytes, the highest first. */
static nlt_status take_length(cursor *c, uint64_t *out)
{
    uint8_t first = 0;
    NLT_TRY(take_byte(c, &first));
    *out = first;
    if (first < 0x80) {
        return NLT_OK;
    }
    int n_bytes = 0x90 - first;
    if (n_bytes < 1 || n_bytes > 8) {
        return fail_at(c, "a length below zero");
    }
    *out = 0;
    for (int i = 0; i < n_bytes; i++) {
        uint8_t byte = 0;
        NLT_TRY(take_byte(c, &byte));
        *out = *out << 8 | byte;
    }
    return NLT_OK;
}

static nlt_status take_text(cursor *c, nlt_bytes *out)
{
    uint64_t len = 0;
    NLT_TRY(take_length(c, &len));
    return take(c, len, out);
}

static nlt_status read_writables(cursor *c, nlt_hadoop_token_fn visit, void *ctx)
{
    uint64_t n = 0;
    NLT_TRY(take_length(c, &n));
    for (; n > 0; n--) { /* each takes bytes: ends with them at the latest */
        nlt_bytes alias;
        nlt_hadoop_token token;
        NLT_TRY(take_text(c, &alias));
        NLT_TRY(take_text(c, &token.identifier));
        NLT_TRY(take_text(c, &token.password));
        NLT_TRY(take_text(c, &token.kind));
        NLT_TRY(take_text(c, &token.service));
        NLT_TRY(visit(ctx, &token, c->err));
    }
    return NLT_OK;
}

/* ---- version 1 ---- */

typedef struct field {
    uint64_t number;
    nlt_bytes bytes; /* of strings, bytes and messages; empty: another kind of field */
} field;

static nlt_status take_varint(cursor *c, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < VARINT_BITS; shift += 7) {
        uint8_t byte = 0;
        NLT_TRY(take_byte(c, &byte));
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return NLT_OK;
        }
    }
    return fail_at(c, "a number of more than 63 bits");
}

static nlt_status take_field(cursor *c, field *out)
{
    enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };
    uint64_t tag = 0;
    uint64_t number = 0;
    NLT_TRY(take_varint(c, &tag));
    *out = (field){tag >> 3, {c->at, 0}};
    switch (tag & 7) {
    case VARINT:
        return take_varint(c, &number);
    case FIXED64:
        return take(c, 8, &(nlt_bytes){NULL, 0});
    case FIXED32:
        return take(c, 4, &(nlt_bytes){NULL, 0});
    case BYTES:
        NLT_TRY(take_varint(c, &number));
        return take(c, number, &out->bytes);
    default:
        return fail_at(c, "an unknown kind of field");
    }
}

static cursor inside(const cursor *c, nlt_bytes message)
{
    return (cursor){c->start, message.ptr, message.ptr + message.len, c->err};
}

/* TokenProto. */
static nlt_status read_token_proto(cursor c, nlt_hadoop_token_fn visit, void *ctx)
{
    nlt_hadoop_token token = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    nlt_bytes *const slots[] = {&token.identifier, &token.password, &token.kind, &token.service};
    while (c.at < c.end) {
        field f;
        NLT_TRY(take_field(&c, &f));
        if (f.number >= 1 && f.number <= 4) {
            *slots[f.number - 1] = f.bytes;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        if (slots[i]->ptr == NULL) {
            return fail_at(&c, "a token without all its parts");
        }
    }
    return visit(ctx, &token, c.err);
}

/* CredentialsKVProto. */
static nlt_status read_entry_proto(cursor c, nlt_hadoop_token_fn visit, void *ctx)
{
    while (c.at < c.end) {
        field f;
        NLT_TRY(take_field(&c, &f));
        if (f.number == 2) {
            NLT_TRY(read_token_proto(inside(&c, f.bytes), visit, ctx));
        }
    }
    return NLT_OK;
}

static nlt_status read_protobuf(cursor *c, nlt_hadoop_token_fn visit, void *ctx)
{
    uint64_t len = 0;
    nlt_bytes message;
    NLT_TRY(take_varint(c, &len));
    NLT_TRY(take(c, len, &message));
    cursor below = inside(c, message);
    while (below.at < below.end) {
        field f;
        NLT_TRY(take_field(&below, &f));
        if (f.number == 1) {
            NLT_TRY(read_entry_proto(inside(&below, f.bytes), visit, ctx));
        }
    }
    return NLT_OK;
}

/* ---- both ---- */

nlt_status nlt__hadoop_tokens_read(
    nlt_bytes file, nlt_hadoop_token_fn visit, void *ctx, nlt_error *err)
{
    cursor c = {file.ptr, file.ptr, file.ptr + file.len, err};
    nlt_bytes head;
    uint8_t version = 0;
    if (file.len < MAGIC_BYTES || memcmp(file.ptr, magic, MAGIC_BYTES) != 0) {
        return fail_at(&c, "it does not begin with \"HDTS\", as credentials of Hadoop do");
    }
    NLT_TRY(take(&c, MAGIC_BYTES, &head));
    NLT_TRY(take_byte(&c, &version));
    switch (version) {
    case VERSION_WRITABLE:
        return read_writables(&c, visit, ctx);
    case VERSION_PROTOBUF:
        return read_protobuf(&c, visit, ctx);
    default:
        return fail_at(&c, "credentials of an unknown version");
    }
}

/* ---- as text ---- */

static nlt_status put_length(size_t len, nlt_buf *out, nlt_error *err)
{
    uint8_t bytes[9];
    size_t n = 0;
    for (size_t rest = len; rest > 0; rest >>= 8) {
        n++;
    }
    if (len < 0x80) {
        bytes[0] = (uint8_t)len;
        return nlt__buf_append(out, bytes, 1, err);
    }
    bytes[0] = (uint8_t)(0x90 - n);
    for (size_t i = 0; i < n; i++) {
        bytes[1 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
    }
    return nlt__buf_append(out, bytes, n + 1, err);
}

static nlt_status put_text(nlt_bytes text, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(put_length(text.len, out, err));
    return nlt__buf_append(out, text.ptr, text.len, err);
}

/* RFC 4648 5, without padding. */
static nlt_status put_base64(nlt_bytes bytes, nlt_buf *out, nlt_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    NLT_TRY(nlt__buf_reserve(out, bytes.len / 3 * 4 + 4, err));
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (k < n ? (uint8_t)bytes.ptr[i + k] : 0u);
        }
        for (size_t k = 0; k <= n; k++) {
            nlt__buf_put_char(out, digits[group >> (18 - 6 * k) & 63]);
        }
    }
    return NLT_OK;
}

nlt_status nlt__hadoop_token_text(const nlt_hadoop_token *token, nlt_buf *out, nlt_error *err)
{
    const nlt_bytes parts[] = {token->identifier, token->password, token->kind, token->service};
    nlt_buf bytes = NLT_BUF_INIT(out->max);
    nlt_status status = NLT_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == NLT_OK; i++) {
        status = put_text(parts[i], &bytes, err);
    }
    if (status == NLT_OK) {
        status = put_base64((nlt_bytes){bytes.ptr, bytes.len}, out, err);
    }
    nlt__buf_clear(&bytes);
    return status;
}
