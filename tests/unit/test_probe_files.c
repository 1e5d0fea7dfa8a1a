/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes of files and folders through the public calls: what is handed out, what is refused, and what
 * happens when memory is short anywhere on the way. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "io/source.h"
#include "netlytics/probe.h"
#include "scan/scan.h"

static const char squid_line[] =
    "1488326400.500    200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/192.0.2.1 text/html\n";

/* A folder with access.log-20170301 (two good lines and a bad one) and access.log-20170303. */
typedef struct folder {
    char path[64];
    char file[128];
    char glob[128];
} folder;

static void write_file(const char *path, int n_good, const char *more)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    for (int i = 0; i < n_good; i++) {
        assert_true(fputs(squid_line, out) >= 0);
    }
    assert_true(fputs(more, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int make_folder(void **state)
{
    folder *made = test_calloc(1, sizeof *made);
    char other[128];
    (void)snprintf(made->path, sizeof made->path, "/tmp/netlytics-probe-XXXXXX");
    assert_non_null(mkdtemp(made->path));
    (void)snprintf(made->file, sizeof made->file, "%s/access.log-20170301", made->path);
    (void)snprintf(made->glob, sizeof made->glob, "%s/access*", made->path);
    (void)snprintf(other, sizeof other, "%s/access.log-20170303", made->path);
    write_file(made->file, 2, "bad\n");
    write_file(other, 1, "");
    *state = made;
    return 0;
}

static int remove_folder(void **state)
{
    folder *made = *state;
    char other[128];
    (void)snprintf(other, sizeof other, "%s/access.log-20170303", made->path);
    (void)unlink(made->file);
    (void)unlink(other);
    (void)rmdir(made->path);
    test_free(made);
    return 0;
}

static void test_file(void **state)
{
    const folder *made = *state;
    nlt_probe *probe = NULL;
    nlt_probe_info info;
    nlt_probe_match match;
    nlt_probe_column column;
    nlt_probe_reject reject;
    assert_int_equal(nlt_probe_open(made->file, NULL, &probe, NULL), NLT_OK);
    nlt_probe_get(probe, &info);
    assert_string_equal(info.path, made->file);
    assert_false(info.is_folder);
    assert_string_equal(info.what, "Squid access.log, native");
    assert_string_equal(info.packing, "plain");
    assert_string_equal(info.damage, "");
    assert_string_equal(info.hint, "");
    assert_int_equal(info.size, 2 * (sizeof squid_line - 1) + 4);
    assert_int_equal(info.n_matches, 2);
    assert_int_equal(nlt_probe_match_get(probe, 0, &match), NLT_OK);
    assert_string_equal(match.class_name, "connectors.squid_to_HTTP.Squid_To_HTTP");
    assert_string_equal(match.table, "HTTP");
    assert_string_equal(match.unit, "lines");
    assert_int_equal(match.lines, 3);
    assert_int_equal(match.used, 2);
    assert_int_equal(match.skipped, 1);
    assert_int_equal(match.score, 63); /* two thirds of 95 */
    assert_string_equal(match.layout, "");
    assert_string_equal(match.first_day, "");
    assert_int_equal(nlt_probe_reject_get(probe, 0, 0, &reject), NLT_OK);
    assert_int_equal(reject.line, 3);
    assert_string_equal(reject.reason, "too_few_fields");
    assert_string_equal(reject.text, "bad");
    assert_int_equal(nlt_probe_column_get(probe, 0, 0, &column), NLT_OK);
    assert_string_equal(column.column, "c_ip");
    assert_string_equal(column.source, "client:3");
    assert_int_equal(nlt_probe_match_get(probe, 1, &match), NLT_OK);
    assert_string_equal(match.table, "NamedFlows");
    nlt_probe_close(probe);
}

static void test_outside_of_the_range(void **state)
{
    const folder *made = *state;
    nlt_probe *probe = NULL;
    nlt_probe_match match;
    nlt_probe_column column;
    nlt_probe_reject reject;
    assert_int_equal(nlt_probe_open(made->file, NULL, &probe, NULL), NLT_OK);
    assert_int_equal(nlt_probe_match_get(probe, -1, &match), NLT_ERR_ARG);
    assert_int_equal(nlt_probe_match_get(probe, 2, &match), NLT_ERR_ARG);
    assert_int_equal(nlt_probe_column_get(probe, 2, 0, &column), NLT_ERR_ARG);
    assert_int_equal(nlt_probe_column_get(probe, 0, -1, &column), NLT_ERR_ARG);
    assert_int_equal(nlt_probe_column_get(probe, 0, 64, &column), NLT_ERR_ARG);
    assert_int_equal(nlt_probe_reject_get(probe, 0, 1, &reject), NLT_ERR_ARG);
    nlt_probe_close(probe);
    nlt_probe_close(NULL);
}

static void test_folder(void **state)
{
    const folder *made = *state;
    const nlt_probe_options late = {sizeof late, 0, "2017_03_02", NULL};
    nlt_probe *probe = NULL;
    nlt_probe_info info;
    nlt_probe_match match;
    assert_int_equal(nlt_probe_open(made->path, NULL, &probe, NULL), NLT_OK);
    nlt_probe_get(probe, &info);
    assert_true(info.is_folder);
    assert_int_equal(info.n_matches, 2);
    assert_int_equal(nlt_probe_match_get(probe, 0, &match), NLT_OK);
    assert_string_equal(match.layout, "access.log-%Y%m%d");
    assert_int_equal(match.n_files, 2);
    assert_int_equal(match.n_bytes, 3 * (sizeof squid_line - 1) + 4);
    assert_string_equal(match.first_day, "2017-03-01");
    assert_string_equal(match.last_day, "2017-03-03");
    nlt_probe_close(probe);
    assert_int_equal(nlt_probe_open(made->path, &late, &probe, NULL), NLT_OK);
    assert_int_equal(nlt_probe_match_get(probe, 0, &match), NLT_OK);
    assert_int_equal(match.n_files, 1);
    nlt_probe_close(probe);
}

static void test_small_sample(void **state)
{
    const folder *made = *state;
    const nlt_probe_options first_line = {sizeof first_line, sizeof squid_line - 1, NULL, NULL};
    nlt_probe *probe = NULL;
    nlt_probe_match match;
    assert_int_equal(nlt_probe_open(made->file, &first_line, &probe, NULL), NLT_OK);
    assert_int_equal(nlt_probe_match_get(probe, 0, &match), NLT_OK);
    assert_int_equal(match.lines, 1);
    nlt_probe_close(probe);
}

static void test_refused(void **state)
{
    const folder *made = *state;
    const nlt_probe_options bad_day = {sizeof bad_day, 0, "2017_02_30", NULL};
    nlt_probe *probe = NULL;
    nlt_error err = NLT_ERROR_INIT;
    char missing[160];
    (void)snprintf(missing, sizeof missing, "%s/none", made->path);
    assert_int_equal(nlt_probe_open(missing, NULL, &probe, &err), NLT_ERR_NOT_FOUND);
    assert_null(probe);
    assert_int_equal(nlt_probe_open(made->path, &bad_day, &probe, &err), NLT_ERR_ARG);
    assert_null(probe);
}

static void test_choice(void **state)
{
    const folder *made = *state;
    const char *const paths[] = {made->file, made->glob, made->path};
    nlt_probe_choice choice;
    nlt_error err = NLT_ERROR_INIT;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(nlt_probe_choose(paths[i], NULL, NULL, &choice, &err), NLT_OK);
        assert_string_equal(choice.alias, "squid:HTTP");
        assert_int_equal(choice.n_files, i == 0 ? 1 : 2);
        assert_string_equal(choice.what, "Squid access.log, native");
        assert_int_equal(nlt_probe_choose(paths[i], NULL, "namedflows", &choice, &err), NLT_OK);
        assert_string_equal(choice.alias, "squid:NamedFlows");
        assert_int_equal(nlt_probe_choose(paths[i], NULL, "DNS", &choice, &err), NLT_ERR_ARG);
        assert_null(choice.alias);
    }
}

/* What was read already belongs in front of standard input and nothing else. */
static void test_head_of_a_file(void **state)
{
    const folder *made = *state;
    static char bytes[NLT_SOURCE_HEAD_MAX + 1];
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_scan *scan = NULL;
    request.connector = "squid:HTTP";
    request.input_path = made->file;
    request.head = (nlt_bytes){bytes, 1};
    assert_int_equal(nlt__scan_open(&request, 1, 0, NULL, &scan, NULL), NLT_ERR_ARG);
    request.input_path = "-";
    request.head.len = sizeof bytes;
    assert_int_equal(nlt__scan_open(&request, 1, 0, NULL, &scan, NULL), NLT_ERR_ARG);
    assert_null(scan);
}

/* The n-th allocation fails, for every n: an error and nothing else. */
static void test_no_memory(void **state)
{
    const folder *made = *state;
    const char *const paths[] = {made->file, made->path, made->glob};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        nlt_status status = NLT_ERR_NOMEM;
        int n = 0;
        while (status == NLT_ERR_NOMEM && n < 20000) {
            nlt_probe_choice choice;
            nlt__alloc_fail_at(++n);
            status = nlt_probe_choose(paths[i], NULL, NULL, &choice, NULL);
            nlt__alloc_fail_at(0);
            n += n / 16; /* the first ones one by one */
        }
        assert_int_equal(status, NLT_OK);
        assert_in_range(n, 10, 20000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_outside_of_the_range, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_folder, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_small_sample, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_choice, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_head_of_a_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_no_memory, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
