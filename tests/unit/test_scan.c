/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files to rows: splits, order, long lines, damage, the report. Expected rows are written by the
 * same loop that writes the log, never taken from a scan. */

#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/alloc.h"
#include "core/num.h"
#include "scan/scan.h"
#include "support/pack.h"

#define FLOWS "connectors.squid_to_named_flows.Squid_To_Named_Flows"

enum { LINE_MAX = 256, LIMIT_16_MIB = 16 << 20 };

typedef struct fixture {
    char dir[64];
    char path[128]; /* dir/access.log-20170301 */
} fixture;

static void remove_files(const char *dir)
{
    static const char *const names[] = {"access.log-20170301", "access.log-20170302",
        "access.log-20170303", "access.log-20170301.gz", "conn.log"};
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/nlt-test-scan-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/access.log-20170301", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    remove_files(f->dir);
    free(f);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* A native line of client 10.0.0.X with `bytes`, X = i % 250. */
static int native_line(char *out, int i, long second)
{
    return snprintf(out, LINE_MAX,
        "%ld.500 %6d 10.0.0.%d TCP_MISS/200 %d GET http://h%d.example/%0*d - "
        "HIER_DIRECT/192.0.2.1 text/html",
        second, 100, i % 250, 1000 + i, i % 7, 1 + i % 90, i);
}

/* "10.0.0.X bytes\n", what `format_row` gives for the line. */
static int expected_row(char *out, int i)
{
    return snprintf(out, LINE_MAX, "10.0.0.%d %d\n", i % 250, 1000 + i);
}

static const int wanted_columns[] = {NLT_FLOW_C_IP, NLT_FLOW_S_BYTES};

static nlt_status format_rows(void *ctx, const nlt_batch *batch, nlt_buf *out, nlt_error *err)
{
    (void)ctx;
    assert_int_equal(batch->n_cols, 2);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        nlt_bytes ip = nlt__str_bytes((const nlt_str *)batch->cols[0].data + row);
        long long bytes = ((const int64_t *)batch->cols[1].data)[row];
        nlt_status status = nlt__buf_printf(out, err, "%.*s %lld\n", (int)ip.len, ip.ptr, bytes);
        if (status != NLT_OK) {
            return status;
        }
    }
    return NLT_OK;
}

static nlt_status collect(void *ctx, const void *bytes, size_t len, nlt_error *err)
{
    return nlt__buf_append(ctx, bytes, len, err);
}

typedef struct result {
    nlt_buf text;
    int64_t n_rows;
    nlt_scan_totals totals;
    nlt_buf report;
    nlt_strings warnings;
    nlt_status finish;
} result;

static void result_clear(result *r)
{
    nlt__buf_clear(&r->text);
    nlt__buf_clear(&r->report);
    nlt__strings_clear(&r->warnings);
}

/* Runs a request and collects all there is to know. */
static nlt_status run(const nlt_dataset_request *request, int64_t split_bytes, int threads,
    int64_t limit, result *r, nlt_error *err)
{
    *r = (result){.text = NLT_BUF_INIT(1 << 28), .report = NLT_BUF_INIT(1 << 24)};
    nlt_scan *scan = NULL;
    nlt_status status = nlt__scan_open(request, threads, split_bytes, &r->warnings, &scan, err);
    if (status != NLT_OK) {
        return status;
    }
    nlt_scan_ordered job = {.wanted = wanted_columns,
        .n_wanted = 2,
        .threads = threads,
        .limit = limit,
        .format = format_rows,
        .write = collect,
        .ctx = &r->text};
    status = nlt__scan_run_ordered(scan, &job, &r->n_rows, err);
    nlt__scan_totals(scan, &r->totals);
    assert_int_equal(nlt__scan_report_json(scan, &r->report, NULL), NLT_OK);
    r->finish = nlt__scan_finish(scan, &r->warnings, status == NLT_OK ? err : NULL);
    nlt__scan_close(scan);
    return status;
}

/* Reads the scan as far as `limit` rows on some threads. */
static int64_t read_some(nlt_scan *scan, int threads, int64_t limit)
{
    nlt_buf text = NLT_BUF_INIT(1 << 28);
    int64_t n_rows = 0;
    nlt_scan_ordered job = {.wanted = wanted_columns,
        .n_wanted = 2,
        .threads = threads,
        .limit = limit,
        .format = format_rows,
        .write = collect,
        .ctx = &text};
    assert_int_equal(nlt__scan_run_ordered(scan, &job, &n_rows, NULL), NLT_OK);
    nlt__buf_clear(&text);
    return n_rows;
}

static nlt_dataset_request request_for(const fixture *f)
{
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    request.connector = FLOWS;
    request.input_path = f->dir;
    return request;
}

/* `n` lines into `log`, their rows into `rows`; every seventh followed by a blank or bad line. */
static void make_log(nlt_buf *log, nlt_buf *rows, int n, int first, long second)
{
    char line[LINE_MAX];
    for (int i = first; i < first + n; i++) {
        int len = native_line(line, i, second + i);
        const char *end = i % 11 == 0 ? "\r\n" : i == first + n - 1 ? "" : "\n";
        assert_int_equal(nlt__buf_append(log, line, (size_t)len, NULL), NLT_OK);
        assert_int_equal(nlt__buf_append(log, end, strlen(end), NULL), NLT_OK);
        const char *odd = i % 7 != 0 ? "" : i % 2 == 0 ? "\n" : "# comment\n";
        odd = i % 13 == 0 && i != first + n - 1 ? "1488326400.500 too short\n" : odd;
        if (i != first + n - 1) {
            assert_int_equal(nlt__buf_append(log, odd, strlen(odd), NULL), NLT_OK);
        }
        len = expected_row(line, i);
        assert_int_equal(nlt__buf_append(rows, line, (size_t)len, NULL), NLT_OK);
    }
}

static void assert_same_text(const nlt_buf *got, const nlt_buf *expected)
{
    assert_int_equal(got->len, expected->len);
    assert_memory_equal(got->ptr, expected->ptr, expected->len);
}

static void splits_change_nothing(void **state)
{
    const fixture *f = *state;
    nlt_buf log = NLT_BUF_INIT(1 << 24);
    nlt_buf rows = NLT_BUF_INIT(1 << 24);
    make_log(&log, &rows, 60, 0, 1488326400);
    write_file(f->path, log.ptr, log.len);
    nlt_dataset_request request = request_for(f);
    nlt_scan_totals first = {0};
    for (int64_t split = 1; split <= 400; split += split < 150 ? 1 : 50) {
        result r;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(run(&request, split, 1 + (int)(split % 3), -1, &r, &err), NLT_OK);
        assert_same_text(&r.text, &rows);
        assert_int_equal(r.n_rows, 60);
        assert_int_equal(r.totals.rows, 60);
        assert_int_equal(r.totals.used, 60);
        assert_int_equal(r.totals.skipped, 5); /* 0, 13, 26, 39, 52 */
        assert_int_equal(r.totals.ignored, 8); /* 7, 14, ..., 56 */
        assert_int_equal(r.totals.ignored + 60 + 5, r.totals.lines);
        assert_true(r.totals.is_complete);
        if (split == 1) {
            first = r.totals;
        }
        assert_memory_equal(&r.totals, &first, sizeof first);
        result_clear(&r);
    }
    nlt__buf_clear(&log);
    nlt__buf_clear(&rows);
}

static void order_is_that_of_the_dataset(void **state)
{
    const fixture *f = *state;
    nlt_buf rows = NLT_BUF_INIT(1 << 26);
    for (int day = 1; day <= 3; day++) {
        nlt_buf log = NLT_BUF_INIT(1 << 26);
        char path[160];
        make_log(&log, &rows, 20000, day * 100000, 1488326400);
        snprintf(path, sizeof path, "%s/access.log-2017030%d", f->dir, day);
        write_file(path, log.ptr, log.len);
        nlt__buf_clear(&log);
    }
    nlt_dataset_request request = request_for(f);
    request.start_day = "2017_03_01";
    request.end_day = "2017_03_03";
    for (int threads = 1; threads <= 8; threads *= 2) {
        result r;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(run(&request, 100000, threads, -1, &r, &err), NLT_OK);
        assert_same_text(&r.text, &rows);
        assert_int_equal(r.totals.files, 3);
        result_clear(&r);
    }
    request.end_day = "2017_03_04";
    result r;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(run(&request, 0, 2, 10, &r, &err), NLT_OK);
    assert_int_equal(r.n_rows, 10);
    assert_memory_equal(r.text.ptr, rows.ptr, r.text.len);
    assert_false(r.totals.is_complete);
    assert_int_equal(r.warnings.n, 1);
    assert_string_equal(r.warnings.items[0], "no file for 2017-03-04");
    result_clear(&r);
    request.strict_days = true;
    assert_int_equal(run(&request, 0, 2, 10, &r, &err), NLT_ERR_NOT_FOUND);
    result_clear(&r);
    nlt__buf_clear(&rows);
}

static void a_line_above_the_limit_is_skipped(void **state)
{
    const fixture *f = *state;
    char first[LINE_MAX];
    char last[LINE_MAX];
    int first_len = native_line(first, 1, 1488326400);
    int last_len = native_line(last, 2, 1488326400);
    for (int over = 0; over < 2; over++) {
        size_t long_len = over ? (size_t)LIMIT_16_MIB * 3 : (size_t)LIMIT_16_MIB + 1;
        size_t len = (size_t)first_len + (size_t)last_len + long_len + 3;
        char *log = malloc(len);
        memcpy(log, first, (size_t)first_len);
        log[first_len] = '\n';
        memset(log + first_len + 1, 'x', long_len);
        log[(size_t)first_len + 1 + long_len] = '\n';
        memcpy(log + (size_t)first_len + 2 + long_len, last, (size_t)last_len);
        log[len - 1] = '\n';
        write_file(f->path, log, len);
        free(log);
        for (int64_t split = 1 << 20; split <= 1 << 26; split *= 8) {
            nlt_dataset_request request = request_for(f);
            result r;
            nlt_error err = NLT_ERROR_INIT;
            assert_int_equal(run(&request, split, 2, -1, &r, &err), NLT_OK);
            assert_int_equal(r.totals.rows, 2);
            assert_int_equal(r.totals.skipped, 1);
            assert_int_equal(r.totals.by_reason[NLT_REJECT_OTHER], 1);
            assert_int_equal(r.totals.lines, 3);
            json_t *report = json_loads(nlt__buf_cstr(&r.report), 0, NULL);
            const json_t *example = json_array_get(json_object_get(report, "examples"), 0);
            assert_int_equal(json_integer_value(json_object_get(example, "line")), 2);
            assert_int_equal(json_integer_value(json_object_get(example, "offset")), first_len + 1);
            json_decref(report);
            result_clear(&r);
        }
    }
}

static void examples_carry_their_line(void **state)
{
    const fixture *f = *state;
    nlt_buf log = NLT_BUF_INIT(1 << 24);
    nlt_buf rows = NLT_BUF_INIT(1 << 24);
    char line[LINE_MAX];
    for (int i = 1; i <= 40; i++) { /* lines 5, 10, 15, ... are bad */
        int len = i % 5 == 0 ? snprintf(line, sizeof line, "bad\x01\xff%d", i)
                             : native_line(line, i, 1488326400);
        line[len] = '\n';
        assert_int_equal(nlt__buf_append(&log, line, (size_t)len + 1, NULL), NLT_OK);
    }
    write_file(f->path, log.ptr, log.len);
    nlt_dataset_request request = request_for(f);
    for (int64_t split = 50; split <= 5000; split *= 10) {
        result r;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(run(&request, split, 2, -1, &r, &err), NLT_OK);
        json_t *report = json_loads(nlt__buf_cstr(&r.report), 0, NULL);
        assert_non_null(report);
        const json_t *examples = json_object_get(report, "examples");
        assert_int_equal(json_array_size(examples), 5);
        for (size_t i = 0; i < 5; i++) {
            const json_t *example = json_array_get(examples, i);
            char text[32];
            snprintf(text, sizeof text, "bad\x01\\xff%d", (int)(i + 1) * 5);
            assert_int_equal(json_integer_value(json_object_get(example, "line")), (i + 1) * 5);
            assert_string_equal(json_string_value(json_object_get(example, "file")), f->path);
            assert_string_equal(json_string_value(json_object_get(example, "text")), text);
            assert_string_equal(
                json_string_value(json_object_get(example, "reason")), "too_few_fields");
        }
        assert_int_equal(json_integer_value(json_object_get(
                             json_object_get(report, "by_reason"), "too_few_fields")),
            8);
        json_decref(report);
        result_clear(&r);
    }
    nlt__buf_clear(&log);
    nlt__buf_clear(&rows);
}

static void a_cut_gzip_keeps_the_rows_before(void **state)
{
    const fixture *f = *state;
    nlt_buf log = NLT_BUF_INIT(1 << 24);
    nlt_buf rows = NLT_BUF_INIT(1 << 24);
    make_log(&log, &rows, 5000, 1, 1488326400);
    uint8_t *packed = malloc(log.len + 4096);
    size_t len = pack(NLT_CODEC_GZIP, log.ptr, log.len, packed, log.len + 4096);
    char path[160];
    snprintf(path, sizeof path, "%s.gz", f->path);
    nlt_dataset_request request = request_for(f);
    result r;
    nlt_error err = NLT_ERROR_INIT;

    write_file(path, packed, len);
    assert_int_equal(run(&request, 0, 2, -1, &r, &err), NLT_OK);
    assert_same_text(&r.text, &rows);
    assert_int_equal(r.totals.damaged_files, 0);
    result_clear(&r);

    write_file(path, packed, len / 2);
    assert_int_equal(run(&request, 0, 2, -1, &r, &err), NLT_OK);
    assert_int_equal(r.finish, NLT_OK);
    assert_int_equal(r.totals.damaged_files, 1);
    assert_true(r.totals.rows > 1000 && r.totals.rows < 4000);
    assert_memory_equal(r.text.ptr, rows.ptr, r.text.len);
    assert_true(r.totals.by_reason[NLT_REJECT_OTHER] <= 1);
    assert_int_equal(r.totals.lines, r.totals.used + r.totals.ignored + r.totals.skipped);
    assert_int_equal(r.warnings.n, 1);
    result_clear(&r);

    request.strict_files = true;
    assert_int_equal(run(&request, 0, 2, -1, &r, &err), NLT_ERR_DAMAGED);
    result_clear(&r);

    request.strict_files = false;
    write_file(path, packed, 12);
    assert_int_equal(run(&request, 0, 2, -1, &r, &err), NLT_OK);
    assert_int_equal(r.finish, NLT_ERR_DAMAGED); /* all files damaged, no row */
    result_clear(&r);
    free(packed);
    nlt__buf_clear(&log);
    nlt__buf_clear(&rows);
}

/* A statement may read a table twice and stop one reading early, before or after the other. */
static void readings_that_stop_early_count_once(void **state)
{
    enum { LINES = 30000 };
    const fixture *f = *state;
    nlt_buf log = NLT_BUF_INIT(1 << 26);
    nlt_buf rows = NLT_BUF_INIT(1 << 26);
    make_log(&log, &rows, LINES, 1, 1488326400);
    write_file(f->path, log.ptr, log.len);
    int64_t n_bad = (LINES - 1) / 13; /* none behind the last line */
    int64_t n_ignored = (LINES - 1) / 7 - (LINES - 1) / 91;
    static const int64_t limits[][4] = {
        {10, -1, 0, 0}, {-1, 10, 0, 0}, {10, 20000, 10, -1}, {20000, 10, -1, 10}};
    nlt_dataset_request request = request_for(f);
    result whole;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(run(&request, 0, 1, -1, &whole, &err), NLT_OK);
    for (size_t i = 0; i < 4 * 4; i++) {
        nlt_scan *scan = NULL;
        nlt_scan_totals totals;
        nlt_buf report = NLT_BUF_INIT(1 << 20);
        int threads = 1 + (int)(i / 4 % 2);
        int64_t split_bytes = i < 8 ? 0 : 200000;
        assert_int_equal(nlt__scan_open(&request, threads, split_bytes, NULL, &scan, &err), NLT_OK);
        for (int j = 0; j < 4 && limits[i % 4][j] != 0; j++) {
            int64_t limit = limits[i % 4][j];
            assert_int_equal(read_some(scan, threads, limit), limit < 0 ? LINES : limit);
        }
        nlt__scan_totals(scan, &totals);
        assert_true(totals.is_complete);
        assert_int_equal(totals.rows, LINES);
        assert_int_equal(totals.used, LINES);
        assert_int_equal(totals.skipped, n_bad);
        assert_int_equal(totals.ignored, n_ignored);
        assert_int_equal(totals.lines, LINES + n_bad + n_ignored);
        assert_int_equal(nlt__scan_report_json(scan, &report, NULL), NLT_OK);
        assert_string_equal(nlt__buf_cstr(&report), nlt__buf_cstr(&whole.report));
        nlt__buf_clear(&report);
        nlt__scan_close(scan);
    }
    result_clear(&whole);
    nlt__buf_clear(&log);
    nlt__buf_clear(&rows);
}

static void write_bad_share(const fixture *f, int good, int bad)
{
    nlt_buf log = NLT_BUF_INIT(1 << 28);
    char line[LINE_MAX];
    for (int i = 0; i < good; i++) {
        int len = native_line(line, i, 1488326400);
        line[len] = '\n';
        assert_int_equal(nlt__buf_append(&log, line, (size_t)len + 1, NULL), NLT_OK);
    }
    for (int i = 0; i < bad; i++) {
        assert_int_equal(nlt__buf_append(&log, "junk\n", 5, NULL), NLT_OK);
    }
    write_file(f->path, log.ptr, log.len);
    nlt__buf_clear(&log);
}

static void too_many_bad_lines_stop_the_run(void **state)
{
    static const struct {
        int good, bad;
        double limit;
        nlt_status expected;
    } cases[] = {
        {50, 50, 0.5, NLT_OK}, /* not above the limit */
        {49, 51, 0.5, NLT_ERR_DAMAGED},
        {48, 51, 0.5, NLT_OK}, /* 99 lines say nothing */
        {0, 200, 1.0, NLT_OK},
        {199, 1, 0.0, NLT_ERR_DAMAGED},
        {200, 0, 0.0, NLT_OK},
    };
    const fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_bad_share(f, cases[i].good, cases[i].bad);
        for (int64_t split = 64; split <= 1 << 20; split *= 64) {
            nlt_dataset_request request = request_for(f);
            request.max_bad_fraction = cases[i].limit;
            result r;
            nlt_error err = NLT_ERROR_INIT;
            assert_int_equal(run(&request, split, 2, -1, &r, &err), cases[i].expected);
            result_clear(&r);
        }
    }
}

static void rows_outside_the_days_are_filtered(void **state)
{
    const fixture *f = *state;
    nlt_buf log = NLT_BUF_INIT(1 << 20);
    char line[LINE_MAX];
    /* Starts are 0.1 s before the end that is logged: 2017-03-01 00:00:00 is 1488326400. */
    static const long seconds[] = {1488326398, 1488326399, 1488326400, 1488412799, 1488412800};
    for (int i = 0; i < 5; i++) {
        int len = native_line(line, i, seconds[i]);
        line[len] = '\n';
        assert_int_equal(nlt__buf_append(&log, line, (size_t)len + 1, NULL), NLT_OK);
    }
    write_file(f->path, log.ptr, log.len);
    nlt__buf_clear(&log);
    nlt_dataset_request request = request_for(f);
    request.start_day = request.end_day = "2017_03_01";
    request.filter_rows = true;
    result r;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(run(&request, 0, 1, -1, &r, &err), NLT_OK);
    assert_string_equal(nlt__buf_cstr(&r.text), "10.0.0.2 1002\n10.0.0.3 1003\n");
    assert_int_equal(r.totals.filtered, 3);
    assert_int_equal(r.totals.used, 5);
    result_clear(&r);
}

static void impossible_requests_are_refused(void **state)
{
    const fixture *f = *state;
    write_bad_share(f, 1, 0);
    static const struct {
        const char *start, *end, *connector;
        double limit;
        nlt_status expected;
    } cases[] = {
        {"2017_02_30", NULL, FLOWS, 0.5, NLT_ERR_ARG},
        {NULL, "2017-03-01", FLOWS, 0.5, NLT_ERR_ARG},
        {"2017_03_02", "2017_03_01", FLOWS, 0.5, NLT_ERR_ARG},
        {"2017_03_02", NULL, FLOWS, 0.5, NLT_ERR_NOT_FOUND},
        {NULL, NULL, "squid:nothing", 0.5, NLT_ERR_ARG},
        {NULL, NULL, FLOWS, 1.5, NLT_ERR_ARG},
        {NULL, NULL, FLOWS, 0.5, NLT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_dataset_request request = request_for(f);
        request.start_day = cases[i].start;
        request.end_day = cases[i].end;
        request.connector = cases[i].connector;
        request.max_bad_fraction = cases[i].limit;
        result r;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(run(&request, 0, 1, -1, &r, &err), cases[i].expected);
        assert_true(cases[i].expected == NLT_OK || err.message[0] != '\0');
        result_clear(&r);
    }
}

static nlt_status cancel_on_write(void *ctx, const void *bytes, size_t len, nlt_error *err)
{
    (void)bytes;
    (void)len;
    (void)err;
    nlt__scan_cancel(ctx);
    return NLT_OK;
}

static void a_cancelled_scan_stops(void **state)
{
    const fixture *f = *state;
    write_bad_share(f, 200000, 0);
    nlt_dataset_request request = request_for(f);
    nlt_scan *scan = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__scan_open(&request, 2, 1 << 20, NULL, &scan, &err), NLT_OK);
    nlt_scan_ordered job = {.wanted = wanted_columns,
        .n_wanted = 2,
        .threads = 2,
        .limit = -1,
        .format = format_rows,
        .write = cancel_on_write,
        .ctx = scan};
    int64_t n_rows = 0;
    assert_int_equal(nlt__scan_run_ordered(scan, &job, &n_rows, &err), NLT_ERR_CANCELLED);
    assert_true(n_rows < 200000);
    nlt__scan_close(scan);
}

static nlt_status fail_write(void *ctx, const void *bytes, size_t len, nlt_error *err)
{
    (void)bytes;
    (void)len;
    ++*(int *)ctx;
    return nlt_fail(err, NLT_ERR_OUTPUT, "full");
}

/* Whichever threads have rows ready by then. */
static void a_failed_write_is_the_last(void **state)
{
    const fixture *f = *state;
    write_bad_share(f, 20000, 0);
    nlt_dataset_request request = request_for(f);
    for (int repeat = 0; repeat < 100; repeat++) {
        nlt_scan *scan = NULL;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt__scan_open(&request, 8, 20000, NULL, &scan, &err), NLT_OK);
        int n_writes = 0;
        nlt_scan_ordered job = {.wanted = wanted_columns,
            .n_wanted = 2,
            .threads = 8,
            .limit = -1,
            .format = format_rows,
            .write = fail_write,
            .ctx = &n_writes};
        int64_t n_rows = 0;
        assert_int_equal(nlt__scan_run_ordered(scan, &job, &n_rows, &err), NLT_ERR_OUTPUT);
        assert_string_equal(err.message, "full");
        assert_int_equal(n_writes, 1);
        nlt__scan_close(scan);
    }
}

/* ---- header lines inside files ---- */

enum { FLOWS_MAX = 400 };

/* A conn.log whose header changes every few lines: where the responder's bytes stand, and how many
 * columns there are. The longest headers and some comments are longer than the smallest splits. */
static void make_conn_log(nlt_buf *log, nlt_buf *rows, int n, int change)
{
    bool is_last = false;
    for (int i = 0; i < n; i++) {
        if (i % change == 0) {
            is_last = i / change % 2 == 1;
            assert_int_equal(
                nlt__buf_printf(log, NULL, "#close\t2017\n#fields\t%sid.orig_h\tproto\tts\t%s\n",
                    is_last ? "" : "resp_bytes\t", is_last ? "orig_bytes\tresp_bytes" : "extra"),
                NLT_OK);
        }
        assert_int_equal(nlt__buf_printf(log, NULL, "#%0*d\n", i % 90, i), NLT_OK);
        assert_int_equal(is_last
                ? nlt__buf_printf(log, NULL, "10.0.0.%d\ttcp\t%d.5\t77\t%d\n", i % 250, i, 1000 + i)
                : nlt__buf_printf(log, NULL, "%d\t10.0.0.%d\ttcp\t%d.5\tx\n", 1000 + i, i % 250, i),
            NLT_OK);
        assert_int_equal(nlt__buf_printf(rows, NULL, "10.0.0.%d %d\n", i % 250, 1000 + i), NLT_OK);
    }
}

static void write_conn_log(const fixture *f, int n, int change, char path[160], nlt_buf *rows)
{
    nlt_buf log = NLT_BUF_INIT(1 << 26);
    make_conn_log(&log, rows, n, change);
    snprintf(path, 160, "%s/conn.log", f->dir);
    write_file(path, log.ptr, log.len);
    nlt__buf_clear(&log);
}

static void headers_hold_for_all_later_splits(void **state)
{
    const fixture *f = *state;
    nlt_buf rows = NLT_BUF_INIT(1 << 26);
    char path[160];
    write_conn_log(f, FLOWS_MAX, 17, path, &rows);
    nlt_dataset_request request = {
        .struct_size = sizeof request, .connector = "zeek:NamedFlows", .input_path = path};
    for (int64_t split = 1; split <= 70000; split += split < 100 ? 7 : split) {
        result r;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(run(&request, split, 1 + (int)(split % 4), -1, &r, &err), NLT_OK);
        assert_same_text(&r.text, &rows);
        assert_int_equal(r.totals.used, FLOWS_MAX);
        assert_int_equal(r.totals.ignored, FLOWS_MAX + 2 * ((FLOWS_MAX + 16) / 17));
        assert_int_equal(r.totals.skipped, 0);
        result_clear(&r);
    }
    nlt__buf_clear(&rows);
}

/* Splits of the usual size; some are read again, after a reading that stopped early. */
static void headers_are_found_once(void **state)
{
    const fixture *f = *state;
    nlt_buf rows = NLT_BUF_INIT(1 << 26);
    char path[160];
    write_conn_log(f, 60000, 9001, path, &rows);
    nlt_dataset_request request = {
        .struct_size = sizeof request, .connector = "zeek:NamedFlows", .input_path = path};
    for (int threads = 1; threads <= 4; threads *= 2) {
        nlt_scan *scan = NULL;
        nlt_error err = NLT_ERROR_INIT;
        assert_int_equal(nlt__scan_open(&request, threads, 0, NULL, &scan, &err), NLT_OK);
        assert_true(nlt__scan_split_count(scan) > 3);
        assert_int_equal(read_some(scan, threads, 100), 100);
        assert_int_equal(read_some(scan, threads, 30000), 30000);
        assert_int_equal(read_some(scan, threads, -1), 60000);
        nlt_scan_totals totals;
        nlt__scan_totals(scan, &totals);
        assert_int_equal(totals.used, 60000);
        assert_int_equal(totals.skipped, 0);
        nlt__scan_close(scan);
        result r;
        assert_int_equal(run(&request, 0, threads, -1, &r, &err), NLT_OK);
        assert_same_text(&r.text, &rows);
        result_clear(&r);
    }
    nlt__buf_clear(&rows);
}

static void headers_survive_a_shortage_of_memory(void **state)
{
    const fixture *f = *state;
    nlt_buf rows = NLT_BUF_INIT(1 << 26);
    char path[160];
    write_conn_log(f, 40, 7, path, &rows);
    nlt_dataset_request request = {
        .struct_size = sizeof request, .connector = "zeek:NamedFlows", .input_path = path};
    nlt_status status = NLT_ERR_NOMEM;
    for (int n = 1; status != NLT_OK; n++) {
        nlt_scan *scan = NULL;
        int64_t n_rows = 0;
        nlt_buf text = NLT_BUF_INIT(1 << 20);
        nlt_scan_ordered job = {.wanted = wanted_columns,
            .n_wanted = 2,
            .threads = 2,
            .limit = -1,
            .format = format_rows,
            .write = collect,
            .ctx = &text};
        nlt__alloc_fail_at(n);
        status = nlt__scan_open(&request, 2, 200, NULL, &scan, NULL);
        if (status == NLT_OK) {
            status = nlt__scan_run_ordered(scan, &job, &n_rows, NULL);
        }
        nlt__alloc_fail_at(0);
        assert_true(status == NLT_ERR_NOMEM || status == NLT_OK);
        if (status == NLT_OK) {
            assert_same_text(&text, &rows);
        }
        nlt__buf_clear(&text);
        nlt__scan_close(scan);
    }
    nlt__buf_clear(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(splits_change_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(order_is_that_of_the_dataset, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_above_the_limit_is_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(examples_carry_their_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_gzip_keeps_the_rows_before, setup, teardown),
        cmocka_unit_test_setup_teardown(readings_that_stop_early_count_once, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_bad_lines_stop_the_run, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_outside_the_days_are_filtered, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_requests_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_scan_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_write_is_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_hold_for_all_later_splits, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_are_found_once, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_survive_a_shortage_of_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
