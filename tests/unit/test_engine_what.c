/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT run by the embedded engine over a Squid log made here: the same answer and the same bags for any
 * threads and memory, and an orderly end when memory is short. What the answer must be is tested against
 * a second implementation by the integration tests. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/plan_table.h"
#include "netlytics/netlytics.h"

enum { PATH_BYTES = 128, TEXT_BYTES = 1 << 16, N_LINES = 20000, N_CLIENTS = 60 };

#define CORES "\"CORES\": [\"news.example\", \"shop.example\", \"mail.example\"]"

typedef struct fixture {
    char folder[64];
    char log[PATH_BYTES];
} fixture;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void make_log(fixture *f, int n)
{
    static const char *const names[] = {"news.example", "shop.example", "mail.example",
        "img1.cdn.net", "img2.cdn.net", "d12ab.cloudfront.net", "ads.tracker.net",
        "a.static.example", "192.0.2.9"};
    uint32_t seed = 11;
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/nlt-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->log, sizeof f->log, "%s/access.log", f->folder);
    FILE *out = fopen(f->log, "w");
    assert_non_null(out);
    int64_t now_ms = INT64_C(1488326400000);
    for (int i = 0; i < n; i++) {
        now_ms += next_random(&seed) % 200;
        uint32_t client = next_random(&seed) % N_CLIENTS;
        (void)fprintf(out,
            "%lld.%03d %u 10.0.0.%u TCP_TUNNEL/200 %u CONNECT %s:443 - HIER_NONE/- -\n",
            (long long)(now_ms / 1000), (int)(now_ms % 1000), next_random(&seed) % 3000,
            client * client / N_CLIENTS, next_random(&seed) % 100000,
            names[next_random(&seed) % (sizeof names / sizeof names[0])]);
    }
    assert_int_equal(fclose(out), 0);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_folder(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

typedef struct setup {
    const char *params;
    int threads;
    int64_t row_memory; /* 0: of the session */
    bool is_keeping;    /* there is a persistent directory */
    bool must_spill;
} setup;

/* Runs a job into FOLDER/out, which is new. */
static nlt_status run_job(const fixture *f, const setup *s, nlt_error *err)
{
    char out[PATH_BYTES];
    char kept[PATH_BYTES];
    (void)snprintf(out, sizeof out, "%s/out", f->folder);
    (void)snprintf(kept, sizeof kept, "%s/kept", f->folder);
    remove_folder(out);
    assert_int_equal(mkdir(out, 0777), 0);
    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_session *session = NULL;
    nlt_table *flows = NULL;
    nlt_table *answer = NULL;
    options.threads = s->threads;
    options.memory_bytes = INT64_C(256) << 20;
    options.persistent_dir = s->is_keeping ? kept : NULL;
    request.connector = "squid:flows";
    request.input_path = f->log;
    nlt_status status = nlt_session_open(&options, &session, err);
    if (status == NLT_OK && s->row_memory > 0) {
        nlt__session_row_memory(session, s->row_memory, 1 << 20);
    }
    status = status == NLT_OK ? nlt_dataset(session, &request, &flows, err) : status;
    status = status == NLT_OK ? nlt_run(flows, "what", s->params, &answer, err) : status;
    status = status == NLT_OK ? nlt_job_write(answer, out, NULL, false, NULL, err) : status;
    if (status == NLT_OK && s->must_spill) {
        assert_true(nlt__session_spilled(session) > 0);
    }
    nlt_table_free(answer);
    nlt_table_free(flows);
    nlt_session_close(session);
    return status;
}

static void read_output(const fixture *f, const char *name, char out[TEXT_BYTES])
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(out, 1, TEXT_BYTES - 1, file);
    out[len] = '\0';
    assert_int_equal(fclose(file), 0);
}

static void expect_run(const fixture *f, const setup *s, const char *report, const char *bags)
{
    static char text[TEXT_BYTES];
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(run_job(f, s, &err), NLT_OK);
    read_output(f, "out/report.csv", text);
    assert_string_equal(text, report);
    if (bags != NULL) {
        read_output(f, "out/bags.json", text);
        assert_string_equal(text, bags);
    }
}

static void any_threads_and_memory(void **state)
{
    (void)state;
    static char report[TEXT_BYTES];
    static char bags[TEXT_BYTES];
    fixture f;
    make_log(&f, N_LINES);
    setup s = {.params = "{" CORES ", \"GAP\": 2}", .threads = 1, .is_keeping = true};
    assert_int_equal(run_job(&f, &s, NULL), NLT_OK);
    read_output(&f, "out/report.csv", report);
    read_output(&f, "kept/bags.json", bags);
    assert_non_null(strstr(report, "\nnews.example,"));
    assert_non_null(strstr(bags, "\"X.cloudfront.net\":{\"freq\":"));
    assert_non_null(strstr(bags, "\"imgD.cdn.net\":{\"freq\":"));
    for (s.threads = 1; s.threads <= 4; s.threads++) {
        s.row_memory = s.threads % 2 == 0 ? 64 << 10 : 0;
        s.must_spill = s.row_memory > 0;
        s.is_keeping = s.threads > 2;
        expect_run(&f, &s, report, bags);
    }
    s = (setup){.params = "{" CORES ", \"SAVE_FLOWS\": true, \"GAP\": 2}",
        .threads = 2,
        .row_memory = 64 << 10,
        .must_spill = true};
    expect_run(&f, &s, report, bags);
    s = (setup){.params = "{" CORES ", \"USE_SAVED\": true}", .threads = 2, .is_keeping = true};
    expect_run(&f, &s, report, NULL);
    remove_folder(f.folder);
}

/* Whatever allocation fails, there are all outputs or none. */
static void memory_is_short(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 600);
    static const char *const all_params[] = {
        "{" CORES ", \"GAP\": 1}", "{" CORES ", \"GAP\": 1, \"SAVE_FLOWS\": true}"};
    for (size_t i = 0; i < 2; i++) {
        setup s = {.params = all_params[i], .threads = 2, .is_keeping = true};
        bool is_done = false;
        for (int64_t n = 1; !is_done; n += 1 + n / 5) {
            char path[PATH_BYTES];
            nlt__alloc_fail_at(n);
            nlt_status status = run_job(&f, &s, NULL);
            nlt__alloc_fail_at(0);
            is_done = status == NLT_OK;
            assert_true(status == NLT_OK || status == NLT_ERR_NOMEM || status == NLT_ERR_OUTPUT
                || status == NLT_ERR_SQL);
            static const char *const names[] = {
                "out/report.csv", "out/bags.json", "kept/bags.json"};
            for (size_t k = 0; k < 3; k++) {
                (void)snprintf(path, sizeof path, "%s/%s", f.folder, names[k]);
                assert_int_equal(access(path, F_OK) == 0, is_done);
                (void)unlink(path);
            }
        }
    }
    remove_folder(f.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_threads_and_memory),
        cmocka_unit_test(memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
