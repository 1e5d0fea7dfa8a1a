/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Credential files as "hadoop dtutil import" of Hadoop 3.5.0 writes them, of invented tokens. Each is
 * read from a block of exactly its size. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/hadoop_token.h"

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define X200 X50 X50 X50 X50

#define PASSWORD "\360\361\362\363\364\365\366\367\370\371\372\373\374\375\376\377\000\001\002\003"

static const char writables[] =
    "HDTS\000\002\006alias2\217\310" X200 "\000\025HDFS_DELEGATION_TOKEN\006alias2"
    "\006alias1\010who: ann\024" PASSWORD "\022WEBHDFS delegation\006alias1\000";

static const char protobuf[] =
    "HDTS\001\302\002\012\367\001\012\006alias2\022\354\001\012\310\001" X200
    "\022\000\032\025HDFS_DELEGATION_TOKEN\042\006alias2"
    "\012F\012\006alias1\022<\012\010who: ann\022\024" PASSWORD
    "\032\022WEBHDFS delegation\042\006alias1";

typedef struct found {
    char text[1024]; /* "KIND of SERVICE: identifier of N, password of N;" of each */
    size_t len;
} found;

static nlt_status keep(void *ctx, const nlt_hadoop_token *token, nlt_error *err)
{
    (void)err;
    found *all = ctx;
    all->len += (size_t)snprintf(all->text + all->len, sizeof all->text - all->len,
        "%.*s of %.*s: %zu, %zu; ", (int)token->kind.len, token->kind.ptr, (int)token->service.len,
        token->service.ptr, token->identifier.len, token->password.len);
    return NLT_OK;
}

static nlt_status read_tokens(const char *file, size_t len, found *all, nlt_error *err)
{
    char *block = malloc(len > 0 ? len : 1);
    assert_non_null(block);
    memcpy(block, file, len);
    *all = (found){{0}, 0};
    nlt_status status = nlt__hadoop_tokens_read((nlt_bytes){block, len}, keep, all, err);
    free(block);
    return status;
}

static void both_versions(void **state)
{
    (void)state;
    static const char expected[] =
        "HDFS_DELEGATION_TOKEN of alias2: 200, 0; WEBHDFS delegation of alias1: 8, 20; ";
    found all;
    assert_int_equal(read_tokens(writables, sizeof writables - 1, &all, NULL), NLT_OK);
    assert_string_equal(all.text, expected);
    assert_int_equal(read_tokens(protobuf, sizeof protobuf - 1, &all, NULL), NLT_OK);
    assert_string_equal(all.text, expected);
}

/* The count of the secrets at the end, and what comes behind, is not looked at. */
static void every_cut_is_refused(void **state)
{
    (void)state;
    found all;
    for (size_t len = 0; len < sizeof writables - 2; len++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(read_tokens(writables, len, &all, &err), NLT_ERR_FORMAT);
        assert_in_range(err.offset, 0, len);
    }
    for (size_t len = 0; len < sizeof protobuf - 1; len++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(read_tokens(protobuf, len, &all, &err), NLT_ERR_FORMAT);
        assert_in_range(err.offset, 0, len);
    }
}

static void what_is_no_file_of_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *word;
    } cases[] = {
        {"", 0, "HDTS"},
        {"HDTX\000\000\000", 7, "HDTS"},
        {"HDTS\002\000", 6, "version"},
        {"HDTS\000\377", 6, "below zero"},                                  /* -1 */
        {"HDTS\000\207\001\002\003\004\005\006\007\010", 14, "below zero"}, /* ~n of eight bytes */
        {"HDTS\000\210\377\377\377\377\377\377\377\377", 14, "middle"},     /* 2^64-1 tokens */
        {"HDTS\000\001\210\377\377\377\377\377\377\377\377", 15, "middle"}, /* such an alias */
        {"HDTS\001\377\377\377\377\377\377\377\377\377\377\001", 16, "63 bits"},
        {"HDTS\001\001\003", 7, "kind of field"},
        {"HDTS\001\004\012\002\022\000", 10, "all its parts"},
    };
    found all;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(read_tokens(cases[i].bytes, cases[i].len, &all, &err), NLT_ERR_FORMAT);
        assert_non_null(strstr(err.message, cases[i].word));
    }
}

/* Fields of later versions: a number, 8 and 4 bytes, and bytes. */
static void unknown_fields(void **state)
{
    (void)state;
    static const char file[] = "HDTS\001\033"
                               "\050\226\001"
                               "\061********"
                               "\075****"
                               "\102\002hi"
                               "\012\004\050\001\032\000";
    found all;
    assert_int_equal(read_tokens(file, sizeof file - 1, &all, NULL), NLT_OK);
    assert_string_equal(all.text, "");
}

/* Texts that "hadoop dtutil import" takes for these tokens. */
static void as_text(void **state)
{
    (void)state;
    static const nlt_hadoop_token token = {
        {"who: ann", 8}, {PASSWORD, 20}, {"WEBHDFS delegation", 18}, {"10.0.0.1:9870", 13}};
    static const nlt_hadoop_token large = {
        {X200, 200}, {"", 0}, {"HDFS_DELEGATION_TOKEN", 21}, {"ha-hdfs:prod", 12}};
    nlt_buf out = NLT_BUF_INIT(4096);
    assert_int_equal(nlt__hadoop_token_text(&token, &out, NULL), NLT_OK);
    assert_string_equal(nlt__buf_cstr(&out),
        "CHdobzogYW5uFPDx8vP09fb3-Pn6-_z9_v8AAQIDEldFQkhERlMgZGVsZWdhdGlvbg0xMC4wLjAuMTo5ODcw");
    out.len = 0;
    assert_int_equal(nlt__hadoop_token_text(&large, &out, NULL), NLT_OK);
    assert_int_equal(out.len, (2 + 200 + 1 + 1 + 21 + 1 + 12) / 3 * 4 + 2); /* 238 = 79 x 3 + 1 */
    assert_memory_equal(out.ptr, "j8h4eHh4", 8);
    assert_memory_equal(
        out.ptr + out.len - 50, "eAAVSERGU19ERUxFR0FUSU9OX1RPS0VODGhhLWhkZnM6cHJvZA", 50);
    nlt__buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(what_is_no_file_of_tokens),
        cmocka_unit_test(unknown_fields),
        cmocka_unit_test(as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
