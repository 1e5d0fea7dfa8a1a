/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans with kernels, run by the embedded engine: sessions per client over a generated Squid log.
 * Expected rows come from a plain sort and loop over the generated lines. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/plan_table.h"
#include "netlytics/netlytics.h"

enum { N_FILES = 4, PATH_BYTES = 256, LINE_BYTES = 160, GAP_S = 30 };

/* ---- a log ---- */

typedef struct line {
    int client;
    int64_t end_ms, elapsed_ms, bytes;
    int host;
} line;

typedef struct fixture {
    char folder[64];
    line *lines;
    int n_lines;
} fixture;

static void make_name(int client, char out[LINE_BYTES])
{
    (void)snprintf(out, LINE_BYTES, "10.0.%d.%d", client / 250, client % 250 + 1);
}

static void write_log(fixture *f)
{
    for (int file = 0; file < N_FILES; file++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/access.log-2017030%d", f->folder, file + 1);
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        int from = f->n_lines * file / N_FILES;
        int to = f->n_lines * (file + 1) / N_FILES;
        for (int i = from; i < to; i++) {
            const line *l = &f->lines[i];
            char client[LINE_BYTES];
            make_name(l->client, client);
            (void)fprintf(out,
                "%lld.%03d %lld %s TCP_MISS/200 %lld GET "
                "http://host-with-a-long-name-%d.example.com/x - HIER_DIRECT/192.0.2.1 text/html\n",
                (long long)(l->end_ms / 1000), (int)(l->end_ms % 1000), (long long)l->elapsed_ms,
                client, (long long)l->bytes, l->host);
        }
        assert_int_equal(fclose(out), 0);
    }
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* `n` lines of `n_clients` clients; a share of `skew` percent belongs to client 0. */
static void make_log(fixture *f, int n, int n_clients, int skew)
{
    uint32_t seed = 7;
    memset(f, 0, sizeof *f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/nlt-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->n_lines = n;
    f->lines = calloc((size_t)n + 1, sizeof *f->lines);
    assert_non_null(f->lines);
    int64_t now_ms = INT64_C(1488326400000);
    for (int i = 0; i < n; i++) {
        line *l = &f->lines[i];
        now_ms += next_random(&seed) % 400;
        bool is_skewed = (int)(next_random(&seed) % 100) < skew;
        l->client = is_skewed ? 0 : (int)(next_random(&seed) % (uint32_t)n_clients);
        l->end_ms = now_ms;
        l->elapsed_ms = next_random(&seed) % 20000; /* so starts are out of order */
        l->bytes = next_random(&seed) % 100000;
        l->host = (int)(next_random(&seed) % 5000);
    }
    write_log(f);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void drop_log(fixture *f)
{
    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f->lines);
}

/* ---- the kernel: sessions of a client, cut where it is silent ---- */

enum { IN_CLIENT, IN_START, IN_BYTES, IN_NAME, IN_COUNT };
enum { OUT_CLIENT, OUT_START_MS, OUT_FLOWS, OUT_BYTES, OUT_LAST_NAME, OUT_COUNT };

static const nlt_column_desc in_columns[IN_COUNT] = {
    {.name = "c_ip", .dtype = {.type = NLT_TYPE_STRING}},
    {.name = "time_start", .dtype = {.type = NLT_TYPE_DOUBLE}},
    {.name = "s_bytes", .dtype = {.type = NLT_TYPE_INT64}},
    {.name = "name", .dtype = {.type = NLT_TYPE_STRING}},
};

static const nlt_column_desc out_columns[OUT_COUNT] = {
    {.name = "client", .dtype = {.type = NLT_TYPE_STRING}},
    {.name = "start_ms", .dtype = {.type = NLT_TYPE_INT64}},
    {.name = "flows", .dtype = {.type = NLT_TYPE_INT64}},
    {.name = "bytes", .dtype = {.type = NLT_TYPE_INT64}},
    {.name = "last_name", .dtype = {.type = NLT_TYPE_STRING}},
};

typedef struct sessions {
    char client[LINE_BYTES];
    char name[LINE_BYTES];
    double start, last;
    int64_t flows, bytes;
    nlt_batch *out;
    int64_t fail_after; /* rows; 0: never */
    int64_t n_rows;
} sessions;

static nlt_status sessions_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    sessions *s = nlt_alloc_zero(1, sizeof *s);
    *state = s;
    if (s == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    (void)env;
    nlt_dtype dtypes[OUT_COUNT];
    for (int i = 0; i < OUT_COUNT; i++) {
        dtypes[i] = out_columns[i].dtype;
    }
    return nlt__batch_new(dtypes, OUT_COUNT, NLT_BATCH_ROWS, &s->out, err);
}

static nlt_status failing_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    NLT_TRY(sessions_open(env, state, err));
    ((sessions *)*state)->fail_after = 5;
    return NLT_OK;
}

static nlt_status flush_sessions(sessions *s, nlt_emit *emit, nlt_error *err)
{
    nlt_status status = s->out->n_rows > 0 ? emit->rows(emit->ctx, s->out, err) : NLT_OK;
    nlt__batch_reset(s->out, NLT_BATCH_ROWS);
    return status;
}

static nlt_status end_session(sessions *s, nlt_emit *emit, nlt_error *err)
{
    if (s->flows == 0) {
        return NLT_OK;
    }
    int64_t row = s->out->n_rows++;
    nlt__str_set((nlt_str *)s->out->cols[OUT_CLIENT].data + row, s->client, strlen(s->client));
    ((int64_t *)s->out->cols[OUT_START_MS].data)[row] = (int64_t)(s->start * 1000 + 0.5);
    ((int64_t *)s->out->cols[OUT_FLOWS].data)[row] = s->flows;
    ((int64_t *)s->out->cols[OUT_BYTES].data)[row] = s->bytes;
    nlt__str_set((nlt_str *)s->out->cols[OUT_LAST_NAME].data + row, s->name, strlen(s->name));
    for (int i = 0; i < OUT_COUNT; i++) {
        nlt__set_valid(s->out->cols[i].valid, row);
    }
    s->flows = 0;
    s->bytes = 0;
    /* texts of the state are borrowed until the batch is emitted: one row at a time */
    return flush_sessions(s, emit, err);
}

static nlt_status sessions_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    sessions *s = state;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        nlt_bytes client = nlt__str_bytes((const nlt_str *)rows->cols[IN_CLIENT].data + row);
        nlt_bytes name = nlt__str_bytes((const nlt_str *)rows->cols[IN_NAME].data + row);
        double start = ((const double *)rows->cols[IN_START].data)[row];
        if (++s->n_rows == s->fail_after) {
            return nlt_fail(err, NLT_ERR_LIMIT, "the kernel has seen enough");
        }
        bool is_same =
            strlen(s->client) == client.len && memcmp(s->client, client.ptr, client.len) == 0;
        assert_true(!is_same || start >= s->last);
        if (!is_same || start - s->last > GAP_S) {
            NLT_TRY(end_session(s, emit, err));
            (void)snprintf(s->client, sizeof s->client, "%.*s", (int)client.len, client.ptr);
            s->start = start;
        }
        (void)snprintf(s->name, sizeof s->name, "%.*s", (int)name.len, name.ptr);
        s->last = start;
        s->flows++;
        s->bytes += ((const int64_t *)rows->cols[IN_BYTES].data)[row];
    }
    return NLT_OK;
}

static nlt_status sessions_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    return end_session(state, emit, err);
}

static void sessions_close(void *state)
{
    sessions *s = state;
    if (s != NULL) {
        nlt__batch_free(s->out);
        nlt_free(s);
    }
}

static const char *const session_keys[] = {"c_ip"};
static const char *const session_order[] = {"time_start"};

static const nlt_kernel sessions_kernel = {
    .name = "test.sessions",
    .input = in_columns,
    .n_input = IN_COUNT,
    .output = out_columns,
    .n_output = OUT_COUNT,
    .keys = session_keys,
    .n_keys = 1,
    .order = session_order,
    .n_order = 1,
    .open = sessions_open,
    .push = sessions_push,
    .finish = sessions_finish,
    .close = sessions_close,
};

static nlt_status sessions_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    return nlt__plan_kernel(plan, "sessions", &sessions_kernel, params, "netlytics", err);
}

static nlt_status sessions_sum_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    NLT_TRY(sessions_plan(params, plan, err));
    return nlt__plan_sql(plan, "sums",
        "SELECT count(*) AS sessions, "
        "CAST(sum(flows) AS BIGINT) AS flows, CAST(sum(bytes) AS BIGINT) AS bytes FROM sessions",
        err);
}

/* ---- what must come out ---- */

static const line *compared_lines; /* qsort has no context */

static int compare_places(const void *a, const void *b)
{
    const line *x = &compared_lines[*(const int *)a];
    const line *y = &compared_lines[*(const int *)b];
    int64_t start_x = x->end_ms - x->elapsed_ms;
    int64_t start_y = y->end_ms - y->elapsed_ms;
    if (x->client != y->client) {
        return x->client < y->client ? -1 : 1;
    }
    if (start_x != start_y) {
        return start_x < start_y ? -1 : 1;
    }
    return *(const int *)a < *(const int *)b ? -1 : 1; /* the order of the files */
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text, sorted, joined again; the first line is left out. */
static char *sorted_lines(char *text)
{
    size_t len = strlen(text);
    char **lines = calloc(len + 1, sizeof *lines);
    char *out = calloc(len + 1, 1);
    size_t n = 0;
    assert_true(lines != NULL && out != NULL);
    for (char *at = strtok(text, "\n"); at != NULL; at = strtok(NULL, "\n")) {
        lines[n++] = at;
    }
    if (n > 1) {
        qsort(lines + 1, n - 1, sizeof *lines, compare_texts);
    }
    char *to = out;
    for (size_t i = 1; i < n; i++) {
        to = stpcpy(stpcpy(to, lines[i]), "\n");
    }
    free(lines);
    return out;
}

static char *expected_lines(const fixture *f)
{
    int *places = calloc((size_t)f->n_lines + 1, sizeof *places);
    size_t len = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &len);
    assert_true(places != NULL && out != NULL);
    for (int i = 0; i < f->n_lines; i++) {
        places[i] = i;
    }
    compared_lines = f->lines;
    qsort(places, (size_t)f->n_lines, sizeof *places, compare_places);
    (void)fputs("header\n", out);
    for (int i = 0; i < f->n_lines;) {
        const line *first = &f->lines[places[i]];
        int64_t last = first->end_ms - first->elapsed_ms;
        int64_t flows = 0;
        int64_t bytes = 0;
        int host = 0;
        for (; i < f->n_lines; i++) {
            const line *l = &f->lines[places[i]];
            int64_t start = l->end_ms - l->elapsed_ms;
            if (l->client != first->client || start - last > GAP_S * 1000) {
                break;
            }
            last = start;
            flows++;
            bytes += l->bytes;
            host = l->host;
        }
        char client[LINE_BYTES];
        make_name(first->client, client);
        (void)fprintf(out, "%s,%lld,%lld,%lld,host-with-a-long-name-%d.example.com\n", client,
            (long long)(first->end_ms - first->elapsed_ms), (long long)flows, (long long)bytes,
            host);
    }
    assert_int_equal(fclose(out), 0);
    free(places);
    char *sorted = sorted_lines(text);
    free(text);
    return sorted;
}

/* ---- runs ---- */

typedef struct setup {
    int threads;
    int64_t row_memory, sort_memory; /* 0: as the session has them */
    nlt_plan_fn plan;
    const char *before;   /* a statement between the log and the plan; NULL: none */
    int64_t spilled;      /* out */
    nlt_session *session; /* while it runs */
} setup;

static nlt_status run_plan(const fixture *f, setup *s, char **text, nlt_error *err)
{
    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_session *session = NULL;
    nlt_table *tables[3] = {NULL, NULL, NULL};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/answer.csv", f->folder);
    options.threads = s->threads;
    options.memory_bytes = INT64_C(1) << 30;
    options.temp_dir = f->folder;
    request.connector = "squid:flows";
    request.input_path = f->folder;
    *text = NULL;
    nlt_status status = nlt_session_open(&options, &session, err);
    if (status == NLT_OK && s->row_memory > 0) {
        nlt__session_row_memory(session, s->row_memory, s->sort_memory);
    }
    s->session = session;
    status = status == NLT_OK ? nlt_dataset(session, &request, &tables[0], err) : status;
    if (status == NLT_OK && s->before != NULL) {
        status = nlt_transform(tables[0], s->before, &tables[1], err);
    }
    if (status == NLT_OK) {
        status =
            nlt__table_from_plan(tables[s->before != NULL ? 1 : 0], s->plan, NULL, &tables[2], err);
    }
    status = status == NLT_OK ? nlt_table_write(tables[2], "csv", path, NULL, err) : status;
    if (session != NULL) {
        s->spilled = nlt__session_spilled(session);
    }
    s->session = NULL;
    for (int i = 2; i >= 0; i--) {
        nlt_table_free(tables[i]);
    }
    nlt_session_close(session);
    if (status == NLT_OK) {
        FILE *in = fopen(path, "r");
        size_t cap = 0;
        assert_non_null(in);
        ssize_t len = getdelim(text, &cap, '\0', in);
        assert_true(len > 0);
        assert_int_equal(fclose(in), 0);
        (void)unlink(path);
    }
    return status;
}

static char *run_ok(const fixture *f, setup *s)
{
    nlt_error err = NLT_ERROR_INIT;
    char *text = NULL;
    nlt_status status = run_plan(f, s, &text, &err);
    if (status != NLT_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, NLT_OK);
    return text;
}

/* The same bytes for any number of threads, with and without spill; the rows that must be. */
static void check_sessions(int n, int n_clients, int skew)
{
    static const struct {
        int threads;
        int64_t row_memory, sort_memory;
    } ways[] = {{1, 0, 0}, {2, 0, 0}, {8, 0, 0}, {1, 1, 1 << 16}, {2, 1, 1 << 20}, {8, 1, 1 << 14}};
    fixture f;
    make_log(&f, n, n_clients, skew);
    char *expected = expected_lines(&f);
    char *first = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        setup s = {.threads = ways[i].threads,
            .row_memory = ways[i].row_memory,
            .sort_memory = ways[i].sort_memory,
            .plan = sessions_plan};
        char *text = run_ok(&f, &s);
        assert_true((s.spilled > 0) == (ways[i].row_memory > 0));
        if (first == NULL) {
            first = strdup(text);
            char *sorted = sorted_lines(text);
            assert_string_equal(sorted, expected);
            free(sorted);
        } else {
            assert_string_equal(text, first);
        }
        free(text);
    }
    free(first);
    free(expected);
    drop_log(&f);
}

static void test_many_clients(void **state)
{
    (void)state;
    check_sessions(40000, 700, 0);
}

static void test_one_client(void **state)
{
    (void)state;
    check_sessions(20000, 1, 0);
}

static void test_skewed_clients(void **state)
{
    (void)state;
    check_sessions(20000, 300, 80);
}

static void test_no_rows(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 0, 1, 0);
    for (int threads = 1; threads <= 2; threads++) {
        setup s = {.threads = threads, .plan = sessions_plan};
        char *text = run_ok(&f, &s);
        assert_string_equal(text, "client,start_ms,flows,bytes,last_name\n");
        free(text);
    }
    drop_log(&f);
}

/* A statement reads what a kernel made. */
static void test_statement_behind(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 5000, 90, 0);
    char *lines = expected_lines(&f);
    char expected[128];
    int64_t bytes = 0;
    int n = 0;
    for (const char *p = lines; *p != '\0'; p++) {
        n += *p == '\n';
    }
    for (int i = 0; i < f.n_lines; i++) {
        bytes += f.lines[i].bytes;
    }
    (void)snprintf(expected, sizeof expected, "sessions,flows,bytes\n%d,%d,%lld\n", n, f.n_lines,
        (long long)bytes);
    setup s = {.threads = 2, .plan = sessions_sum_plan};
    char *text = run_ok(&f, &s);
    assert_string_equal(text, expected);
    free(text);
    free(lines);
    drop_log(&f);
}

/* Without a row key, ties are broken by the columns: still the same bytes. */
static void test_statement_before(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 20000, 50, 0);
    const char *sql = "SELECT c_ip, floor(time_start / 100) * 100.0 AS time_start, s_bytes, name "
                      "FROM netlytics WHERE s_bytes > 10";
    setup one = {.threads = 1, .plan = sessions_plan, .before = sql};
    setup many = {.threads = 8,
        .plan = sessions_plan,
        .before = sql,
        .row_memory = 1,
        .sort_memory = 1 << 15};
    char *a = run_ok(&f, &one);
    char *b = run_ok(&f, &many);
    assert_string_equal(a, b);
    free(a);
    free(b);
    drop_log(&f);
}

/* ---- failures ---- */

static nlt_status failing_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    static nlt_kernel kernel;
    kernel = sessions_kernel;
    kernel.open = failing_open;
    return nlt__plan_kernel(plan, "sessions", &kernel, params, "netlytics", err);
}

static void test_failing_kernel(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 20000, 100, 0);
    for (int threads = 1; threads <= 4; threads *= 2) {
        nlt_error err = NLT_ERROR_INIT;
        setup s = {.threads = threads, .plan = failing_plan};
        char *text = NULL;
        assert_int_equal(run_plan(&f, &s, &text, &err), NLT_ERR_LIMIT);
        assert_string_equal(err.message, "the kernel has seen enough");
    }
    drop_log(&f);
}

static void test_memory_is_short(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 3000, 40, 0);
    setup s = {.threads = 2, .plan = sessions_sum_plan};
    bool is_done = false;
    for (int64_t n = 1; !is_done; n += 1 + n / 6) {
        nlt_error err = NLT_ERROR_INIT;
        char *text = NULL;
        nlt__alloc_fail_at(n);
        nlt_status status = run_plan(&f, &s, &text, &err);
        nlt__alloc_fail_at(0);
        is_done = status == NLT_OK;
        assert_true(status == NLT_OK || status == NLT_ERR_NOMEM || status == NLT_ERR_OUTPUT
            || status == NLT_ERR_SQL);
        free(text);
    }
    drop_log(&f);
}

static void *cancel_soon(void *arg)
{
    setup *s = arg;
    (void)usleep(20000);
    nlt_session_cancel(s->session);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    fixture f;
    make_log(&f, 10, 2, 0);
    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    nlt_session *session = NULL;
    nlt_table *log = NULL;
    nlt_table *many = NULL;
    nlt_table *answer = NULL;
    request.connector = "squid:flows";
    request.input_path = f.folder;
    options.temp_dir = f.folder;
    assert_int_equal(nlt_session_open(&options, &session, NULL), NLT_OK);
    assert_int_equal(nlt_dataset(session, &request, &log, NULL), NLT_OK);
    /* 10^9 rows: it ends only because it is told to */
    assert_int_equal(
        nlt_transform(log,
            "SELECT n.* FROM netlytics n, netlytics a, netlytics b, "
            "netlytics c, netlytics d, netlytics e, netlytics f, netlytics g, netlytics h",
            &many, NULL),
        NLT_OK);
    assert_int_equal(nlt__table_from_plan(many, sessions_plan, NULL, &answer, NULL), NLT_OK);
    setup s = {.session = session};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &s), 0);
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt_table_write(answer, "csv", "/dev/null", NULL, &err), NLT_ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    nlt_table_free(answer);
    nlt_table_free(many);
    nlt_table_free(log);
    nlt_session_close(session);
    drop_log(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_clients),
        cmocka_unit_test(test_one_client),
        cmocka_unit_test(test_skewed_clients),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_statement_behind),
        cmocka_unit_test(test_statement_before),
        cmocka_unit_test(test_failing_kernel),
        cmocka_unit_test(test_memory_is_short),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
