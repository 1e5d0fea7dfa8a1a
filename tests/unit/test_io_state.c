/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States in files: what is sealed comes back, anything else is refused; one lock at a time; files that
 * are committed together appear together. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/state.h"
#include "output/writer.h"

enum { PATH_BYTES = 256 };

static nlt_bytes bytes_of(const char *text)
{
    return (nlt_bytes){text, strlen(text)};
}

static nlt_status unseal(
    const char *text, size_t len, int version, char *out, size_t cap, nlt_error *err)
{
    nlt_buf file = NLT_BUF_INIT(1 << 20);
    nlt_bytes object = {NULL, 0};
    assert_int_equal(nlt__buf_append(&file, text, len, NULL), NLT_OK);
    nlt_status status = nlt__state_unseal("bags.json", version, &file, &object, err);
    if (status == NLT_OK) {
        assert_true(object.len < cap);
        memcpy(out, object.ptr, object.len);
        out[object.len] = '\0';
    }
    nlt__buf_clear(&file);
    return status;
}

/* Sum of "{"a":1}\n" by the published definition of FNV-1a (offset basis and prime of 64 bits), worked
 * out with another program. */
static const char sealed[] = "{\"version\":1,\"checksum\":\"49211944f5c975c1\",\"a\":1}\n";

static void sealed_text(void **state)
{
    (void)state;
    nlt_buf out = NLT_BUF_INIT(1 << 20);
    assert_int_equal(nlt__state_seal(1, bytes_of("{\"a\":1}\n"), &out, NULL), NLT_OK);
    assert_string_equal(nlt__buf_cstr(&out), sealed);
    nlt__buf_clear(&out);
    char object[64];
    assert_int_equal(unseal(sealed, strlen(sealed), 1, object, sizeof object, NULL), NLT_OK);
    assert_string_equal(object, "{\"a\":1}\n");
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    char object[64];
    for (size_t len = 0; len < strlen(sealed); len++) {
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(unseal(sealed, len, 1, object, sizeof object, &err), NLT_ERR_DAMAGED);
        assert_non_null(strstr(err.message, "bags.json"));
    }
}

static void every_changed_bit_is_refused(void **state)
{
    (void)state;
    char object[64];
    char text[sizeof sealed];
    for (size_t i = 0; i < strlen(sealed); i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(text, sealed, sizeof sealed);
            text[i] = (char)(text[i] ^ 1 << bit);
            assert_int_equal(
                unseal(text, strlen(sealed), 1, object, sizeof object, NULL), NLT_ERR_DAMAGED);
        }
    }
}

static void other_versions_are_named(void **state)
{
    (void)state;
    char object[64];
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(
        unseal(sealed, strlen(sealed), 2, object, sizeof object, &err), NLT_ERR_DAMAGED);
    assert_non_null(strstr(err.message, "version 1, this program knows version 2"));
}

/* ---- locks ---- */

static void make_folder(char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "/tmp/nlt-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

static void one_holder(void **state)
{
    (void)state;
    char folder[PATH_BYTES];
    char below[2 * PATH_BYTES];
    char holder[64];
    nlt_error err = NLT_ERROR_INIT;
    nlt_state_lock *first = NULL;
    nlt_state_lock *second = NULL;
    make_folder(folder);
    (void)snprintf(below, sizeof below, "%s/a/b", folder);
    assert_int_equal(nlt__state_lock(below, "bags.json", &first, NULL), NLT_OK);
    assert_int_equal(nlt__state_lock(below, "bags.json", &second, &err), NLT_ERR_IO);
    assert_null(second);
    (void)snprintf(holder, sizeof holder, "process %ld on ", (long)getpid());
    assert_non_null(strstr(err.message, holder));
    assert_int_equal(nlt__state_lock(below, "other.json", &second, NULL), NLT_OK);
    nlt__state_unlock(second);
    nlt__state_unlock(first);
    assert_int_equal(nlt__state_lock(below, "bags.json", &first, NULL), NLT_OK);
    nlt__state_unlock(first);
    assert_int_equal(rmdir(below), 0); /* nothing is left */
    (void)snprintf(below, sizeof below, "%s/a", folder);
    assert_int_equal(rmdir(below), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void killed_holders_hold_nothing(void **state)
{
    (void)state;
    char folder[PATH_BYTES];
    make_folder(folder);
    pid_t child = fork();
    if (child == 0) {
        nlt_state_lock *lock = NULL;
        _exit(nlt__state_lock(folder, "bags.json", &lock, NULL) == NLT_OK ? 0 : 1);
    }
    int code = -1;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    nlt_state_lock *lock = NULL;
    assert_int_equal(nlt__state_lock(folder, "bags.json", &lock, NULL), NLT_OK);
    nlt__state_unlock(lock);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- files together ---- */

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect(const char *path, const char *text)
{
    char got[64] = "";
    FILE *file = fopen(path, "r");
    if (text == NULL) {
        assert_null(file);
        return;
    }
    assert_non_null(file);
    got[fread(got, 1, sizeof got - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(got, text);
}

/* Three files, of which the first is there already; the last one cannot be renamed if `is_blocked`:
 * a folder that is not empty has its name. */
static void commit_three(bool is_blocked)
{
    char folder[PATH_BYTES];
    char paths[3][PATH_BYTES + 16];
    nlt_outfile *files[3] = {NULL, NULL, NULL};
    make_folder(folder);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%d", folder, i);
    }
    put(paths[0], "old");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(nlt__outfile_open(paths[i], &files[i], NULL), NLT_OK);
        assert_int_equal(nlt__outfile_write(files[i], "new", 3, NULL), NLT_OK);
    }
    char inside[PATH_BYTES + 32];
    (void)snprintf(inside, sizeof inside, "%s/x", paths[2]);
    if (is_blocked) {
        assert_int_equal(mkdir(paths[2], 0777), 0);
        put(inside, "");
    }
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__outfiles_commit(files, 3, &err), is_blocked ? NLT_ERR_OUTPUT : NLT_OK);
    expect(paths[0], is_blocked ? "old" : "new");
    expect(paths[1], is_blocked ? NULL : "new");
    (void)unlink(inside);
    for (int i = 0; i < 3; i++) {
        (void)remove(paths[i]);
    }
    assert_int_equal(rmdir(folder), 0); /* no temporary names */
}

static void files_appear_together(void **state)
{
    (void)state;
    commit_three(false);
    commit_three(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_text),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(every_changed_bit_is_refused),
        cmocka_unit_test(other_versions_are_named),
        cmocka_unit_test(one_holder),
        cmocka_unit_test(killed_holders_hold_nothing),
        cmocka_unit_test(files_appear_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
