/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every connector promises, tested for each row of connectors.def.
 *
 * tests/samples/<row> holds small logs in the folder layout of the connector and `rows`: where the
 * expected rows come from, what becomes of the lines, then the rows. */

#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/connector.h"
#include "core/alloc.h"
#include "netlytics/probe.h"
#include "support/pack.h"
#include "support/scan_rows.h"

enum { FILES_MAX = 8, FILE_MAX_BYTES = 16 << 10, PATH_BYTES = 512, ROWS_MAX = 64, MUTATIONS = 150 };

#define X(name) #name,
static const char *const row_names[] = {
#include "connectors/connectors.def"
};
#undef X
enum { CONNECTORS = sizeof row_names / sizeof row_names[0] };

typedef struct sample_file {
    char path[PATH_BYTES]; /* below logs/ */
    char bytes[FILE_MAX_BYTES];
    size_t len;
} sample_file;

typedef struct sample {
    const nlt_connector *connector;
    char root[PATH_BYTES];        /* the copy that tests read */
    sample_file files[FILES_MAX]; /* in the order of their paths */
    int n_files;
    char counts[256]; /* "lines=12 used=9 ..." */
    char *rows[ROWS_MAX];
    size_t n_rows;
} sample;

/* ---- samples ---- */

static size_t read_file(const char *path, char *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, FILE_MAX_BYTES, file);
    assert_true(len < FILE_MAX_BYTES);
    assert_int_equal(fclose(file), 0);
    return len;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* All files below `folder`/`below`; their folders are made below the root. */
static void collect_files(sample *s, const char *folder, const char *below)
{
    char path[2 * PATH_BYTES];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", s->root, below);
    assert_true(mkdir(path, 0700) == 0 || below[0] == '\0');
    (void)snprintf(path, sizeof path, "%s/%s", folder, below);
    int n = scandir(path, &entries, NULL, alphasort);
    assert_true(n > 2);
    for (int i = 0; i < n; i++) {
        char inner[PATH_BYTES];
        (void)snprintf(inner, sizeof inner, "%.200s%s%.200s", below, below[0] != '\0' ? "/" : "",
            entries[i]->d_name);
        (void)snprintf(path, sizeof path, "%s/%s", folder, inner);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        if (entries[i]->d_name[0] == '.') {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            collect_files(s, folder, inner);
        } else {
            assert_true(s->n_files < FILES_MAX);
            sample_file *file = &s->files[s->n_files++];
            (void)snprintf(file->path, sizeof file->path, "%s", inner);
            file->len = read_file(path, file->bytes);
        }
    }
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
}

static void read_expected(sample *s, const char *path)
{
    char bytes[FILE_MAX_BYTES];
    bytes[read_file(path, bytes)] = '\0';
    char *rest = bytes;
    int n_notes = 0;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (line[0] == '#') {
            n_notes++;
        } else if (s->counts[0] == '\0') {
            (void)snprintf(s->counts, sizeof s->counts, "%s", line);
        } else if (line[0] != '\0') {
            assert_true(s->n_rows < ROWS_MAX);
            s->rows[s->n_rows++] = strdup(line);
        }
    }
    assert_true(n_notes > 0); /* where the rows come from */
}

static void sample_path(const sample *s, int file, nlt_codec codec, char path[2 * PATH_BYTES])
{
    (void)snprintf(
        path, 2 * PATH_BYTES, "%s/%s%s", s->root, s->files[file].path, pack_suffix(codec));
}

/* Writes `len` bytes as what the file holds, packed. */
static void write_sample(const sample *s, int file, nlt_codec codec, const char *bytes, size_t len)
{
    char path[2 * PATH_BYTES];
    uint8_t *packed = malloc(2 * FILE_MAX_BYTES);
    assert_non_null(packed);
    sample_path(s, file, codec, path);
    write_file(path, packed, pack(codec, bytes, len, packed, 2 * FILE_MAX_BYTES));
    free(packed);
}

static void write_all(const sample *s, nlt_codec codec)
{
    for (int i = 0; i < s->n_files; i++) {
        write_sample(s, i, codec, s->files[i].bytes, s->files[i].len);
    }
}

static void remove_all(const sample *s, nlt_codec codec)
{
    char path[2 * PATH_BYTES];
    for (int i = 0; i < s->n_files; i++) {
        sample_path(s, i, codec, path);
        assert_int_equal(unlink(path), 0);
    }
}

static sample *open_sample(int index)
{
    sample *s = calloc(1, sizeof *s);
    char path[PATH_BYTES];
    assert_non_null(s);
    s->connector = nlt__connector_at(index);
    (void)snprintf(s->root, sizeof s->root, "/tmp/test_contract.XXXXXX");
    assert_non_null(mkdtemp(s->root));
    (void)snprintf(path, sizeof path, "%s/%s/logs", NLT_SAMPLES, row_names[index]);
    collect_files(s, path, "");
    (void)snprintf(path, sizeof path, "%s/%s/rows", NLT_SAMPLES, row_names[index]);
    read_expected(s, path);
    write_all(s, NLT_CODEC_PLAIN);
    return s;
}

/* Removes the files that are left and all folders. */
static void close_sample(sample *s)
{
    char command[PATH_BYTES + 32];
    (void)snprintf(command, sizeof command, "rm -r '%s'", s->root);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < s->n_rows; i++) {
        free(s->rows[i]);
    }
    free(s);
}

/* ---- readings ---- */

static nlt_dataset_request request_for(const sample *s)
{
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    request.connector = s->connector->class_name;
    request.input_path = s->root;
    request.start_day = "2017_03_01";
    request.end_day = strncmp(s->connector->alias, "squid", 5) == 0 ? "2017_03_03" : "2017_03_02";
    request.max_bad_fraction = 1.0;
    return request;
}

static int64_t reported(const json_t *report, const char *key)
{
    return json_integer_value(json_object_get(report, key));
}

/* Every line is accounted for, in the totals and in the report. */
static void check_accounts(const scan_rows *rows)
{
    const nlt_scan_totals *totals = &rows->totals;
    int64_t reasons = 0;
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        reasons += totals->by_reason[i];
    }
    assert_int_equal(totals->lines, totals->used + totals->ignored + totals->skipped);
    assert_int_equal(totals->skipped, reasons);
    assert_int_equal(totals->rows, (int64_t)rows->n);
    assert_true(totals->is_complete);
    json_t *report = json_loadb(rows->report.ptr, rows->report.len, 0, NULL);
    assert_non_null(report);
    assert_int_equal(reported(report, "lines"), totals->lines);
    assert_int_equal(reported(report, "used"), totals->used);
    assert_int_equal(reported(report, "rows"), totals->rows);
    assert_int_equal(reported(report, "ignored"), totals->ignored);
    assert_int_equal(reported(report, "skipped"), totals->skipped);
    json_decref(report);
}

static void read_sample(const sample *s, scan_how how, scan_rows *rows)
{
    nlt_dataset_request request = request_for(s);
    nlt_status status = scan_rows_read(&request, &how, rows);
    if (status != NLT_OK) {
        fail_msg("%s: %s", s->connector->alias, rows->err.message);
    }
    check_accounts(rows);
}

/* "lines=12 used=9 ...", as the sample's `rows` says it. */
static void show_counts(const sample *s, const scan_rows *rows, char *out, size_t cap)
{
    const nlt_scan_totals *t = &rows->totals;
    int len = snprintf(out, cap, "lines=%lld used=%lld ignored=%lld skipped=%lld",
        (long long)t->lines, (long long)t->used, (long long)t->ignored, (long long)t->skipped);
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        if (t->by_reason[i] > 0) {
            len += snprintf(out + len, cap - (size_t)len, " %s=%lld",
                nlt__reject_name((nlt_reject_reason)i), (long long)t->by_reason[i]);
        }
    }
    if (s->connector->facts != NULL) {
        const char *key = s->connector->facts->unused_key;
        json_t *report = json_loadb(rows->report.ptr, rows->report.len, 0, NULL);
        (void)snprintf(
            out + len, cap - (size_t)len, " %s=%lld", key, (long long)reported(report, key));
        json_decref(report);
    }
}

static void check_documented(const sample *s, const scan_rows *rows)
{
    char counts[256];
    show_counts(s, rows, counts, sizeof counts);
    for (size_t i = 0; i < rows->n && i < s->n_rows; i++) {
        char *text = scan_row_text(rows, i);
        assert_string_equal(text, s->rows[i]);
        free(text);
    }
    assert_int_equal(rows->n, s->n_rows);
    assert_string_equal(counts, s->counts);
}

static bool is_same_cell(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_row(const scan_rows *all, const scan_row *a, const scan_row *b)
{
    bool is_same = a->key == b->key;
    for (int c = 0; c < all->table->n_columns; c++) {
        is_same = is_same && is_same_cell(a->cells[c], b->cells[c]);
    }
    return is_same;
}

static bool is_paired_or_joined(const sample *s)
{
    return s->connector->pairing != NULL || s->connector->facts != NULL;
}

/* One that is read beside the connector's own files. */
static bool is_teller(const sample *s, int file)
{
    return s->connector->stem != NULL && strstr(s->files[file].path, s->connector->stem) == NULL;
}

/* Not one that only looks like its neighbours. */
static bool is_read(const sample *s, int file)
{
    return strstr(s->files[file].path, "-summary") == NULL;
}

/* Runs a test for the sample of each connector. */
static void for_each_sample(void (*test)(sample *s))
{
    for (int i = 0; i < CONNECTORS; i++) {
        sample *s = open_sample(i);
        test(s);
        close_sample(s);
    }
}

/* ---- names ---- */

static void rows_have_names_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(nlt__connector_count(), CONNECTORS);
    assert_null(nlt__connector_at(CONNECTORS));
    assert_null(nlt__connector_at(-1));
    for (int i = 0; i < CONNECTORS; i++) {
        const nlt_connector *one = nlt__connector_at(i);
        const nlt_connector *found = NULL;
        assert_int_equal(nlt__connector_find(one->class_name, &found, NULL), NLT_OK);
        assert_ptr_equal(found, one);
        assert_int_equal(nlt__connector_find(one->alias, &found, NULL), NLT_OK);
        assert_ptr_equal(found, one);
        assert_non_null(strstr(one->class_name, "connectors."));
        assert_true(one->summary[0] != '\0' && one->tool[0] != '\0' && one->n_layouts > 0);
        assert_true((one->line != NULL) != (one->packet != NULL));
        assert_true(one->state_size < 1 << 20);
        for (int j = 0; j < i; j++) {
            const nlt_connector *other = nlt__connector_at(j);
            assert_int_not_equal(strcmp(one->class_name, other->class_name), 0);
            assert_int_not_equal(strcasecmp(one->alias, other->alias), 0);
        }
    }
}

/* Two connectors that read the same files are of one tool and give different tables. */
static void layouts_say_whose_files_they_are(void **state)
{
    (void)state;
    for (int i = 0; i < CONNECTORS; i++) {
        const nlt_connector *one = nlt__connector_at(i);
        for (int j = 0; j < i; j++) {
            const nlt_connector *other = nlt__connector_at(j);
            for (int k = 0; k < one->n_layouts * other->n_layouts; k++) {
                bool is_same =
                    strcmp(one->layouts[k % one->n_layouts], other->layouts[k / one->n_layouts])
                    == 0;
                assert_true(!is_same || strcmp(one->tool, other->tool) == 0);
                assert_true(!is_same || one->table != other->table);
            }
        }
    }
}

static void tables_are_whole(void **state)
{
    (void)state;
    for (int i = 0; i < CONNECTORS; i++) {
        const nlt_table_desc *table = nlt__connector_at(i)->table;
        assert_true(table->n_columns > 0 && table->n_columns <= NLT_BUILDER_COLUMNS_MAX);
        assert_true(table->time_column < table->n_columns);
        for (int c = 0; c < table->n_columns; c++) {
            for (int d = 0; d < c; d++) {
                assert_int_not_equal(strcmp(table->columns[c].name, table->columns[d].name), 0);
            }
        }
    }
}

/* ---- samples ---- */

static void check_splits(sample *s)
{
    static const int64_t splits[] = {0, 1, 7, 64, 1000};
    static const int threads[] = {1, 2, 8};
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        for (size_t j = 0; j < sizeof threads / sizeof threads[0]; j++) {
            scan_rows rows;
            read_sample(s, (scan_how){.threads = threads[j], .split_bytes = splits[i]}, &rows);
            check_documented(s, &rows);
            scan_rows_clear(&rows);
        }
    }
}

static void samples_give_their_rows_however_cut(void **state)
{
    (void)state;
    for_each_sample(check_splits);
}

static void check_columns(
    sample *s, const scan_rows *all, const int *wanted, int n_wanted, int threads)
{
    scan_rows some;
    read_sample(s, (scan_how){.wanted = wanted, .n_wanted = n_wanted, .threads = threads}, &some);
    assert_int_equal(some.n, all->n);
    assert_memory_equal(&some.totals, &all->totals, sizeof some.totals);
    assert_int_equal(some.report.len, all->report.len);
    assert_memory_equal(some.report.ptr, all->report.ptr, all->report.len);
    for (size_t row = 0; row < all->n; row++) {
        assert_int_equal(some.rows[row].key, all->rows[row].key);
        for (int i = 0; i < n_wanted; i++) {
            assert_true(
                is_same_cell(some.rows[row].cells[wanted[i]], all->rows[row].cells[wanted[i]]));
        }
    }
    scan_rows_clear(&some);
}

static void check_projections(sample *s)
{
    scan_rows all;
    read_sample(s, (scan_how){.threads = 1}, &all);
    const int none[1] = {0};
    check_columns(s, &all, none, 0, 1);
    int n = all.table->n_columns;
    for (int c = 0; c < n; c++) {
        int two[2] = {n - 1 - c, c}; /* in another order than the table's */
        check_columns(s, &all, two, two[0] == two[1] ? 1 : 2, 1 + c % 2);
        check_columns(s, &all, &two[1], 1, 1);
    }
    scan_rows_clear(&all);
}

static void columns_asked_for_change_nothing_else(void **state)
{
    (void)state;
    for_each_sample(check_projections);
}

static void check_codecs(sample *s)
{
    remove_all(s, NLT_CODEC_PLAIN);
    for (int codec = NLT_CODEC_PLAIN + 1; codec < NLT_CODEC_COUNT; codec++) {
        write_all(s, (nlt_codec)codec);
        for (int threads = 1; threads <= 8; threads *= 8) {
            scan_rows rows;
            read_sample(s, (scan_how){.threads = threads, .split_bytes = 64}, &rows);
            check_documented(s, &rows);
            scan_rows_clear(&rows);
        }
        remove_all(s, (nlt_codec)codec);
    }
}

static void packed_files_give_the_same(void **state)
{
    (void)state;
    for_each_sample(check_codecs);
}

/* A byte order mark at the beginning of a text is no part of its first line. */
static void check_marked(sample *s)
{
    if (s->connector->packet != NULL) {
        return;
    }
    for (int i = 0; i < s->n_files; i++) {
        char *text = malloc(s->files[i].len + 3);
        assert_non_null(text);
        memcpy(text, "\xef\xbb\xbf", 3);
        memcpy(text + 3, s->files[i].bytes, s->files[i].len);
        write_sample(s, i, NLT_CODEC_PLAIN, text, s->files[i].len + 3);
        free(text);
    }
    for (int threads = 1; threads <= 8; threads *= 8) {
        for (int64_t split = 0; split <= 64; split += 32) {
            scan_rows rows;
            read_sample(s, (scan_how){.threads = threads, .split_bytes = split}, &rows);
            check_documented(s, &rows);
            scan_rows_clear(&rows);
        }
    }
}

static void texts_may_begin_with_a_mark(void **state)
{
    (void)state;
    for_each_sample(check_marked);
}

/* ---- probes ---- */

/* The score of a connector for a file, 0: it is none of those that read it; and the best one's. */
static int score_of(const char *path, const char *class_name, int *best)
{
    nlt_probe *probe = NULL;
    nlt_probe_info info;
    int score = 0;
    assert_int_equal(nlt_probe_open(path, NULL, &probe, NULL), NLT_OK);
    nlt_probe_get(probe, &info);
    for (int i = 0; i < info.n_matches; i++) {
        nlt_probe_match match;
        assert_int_equal(nlt_probe_match_get(probe, i, &match), NLT_OK);
        *best = i == 0 ? match.score : *best;
        score = strcmp(match.class_name, class_name) == 0 ? match.score : score;
    }
    nlt_probe_close(probe);
    return score;
}

/* No other connector takes a file for more its own. Not every file is known: samples hold more that is
 * odd than logs do. */
static void check_probes(sample *s)
{
    int n_known = 0;
    for (int file = 0; file < s->n_files; file++) {
        char path[2 * PATH_BYTES];
        int best = 0;
        sample_path(s, file, NLT_CODEC_PLAIN, path);
        int score = score_of(path, s->connector->class_name, &best);
        assert_true(score == best || is_teller(s, file));
        n_known += score > 0;
    }
    assert_true(n_known > 0);
}

static void samples_are_known_by_their_connector(void **state)
{
    (void)state;
    for_each_sample(check_probes);
}

/* ---- damage ---- */

/* Rows of lines that are whole are there, and no others. `all` are the rows of the whole files. */
static void check_rows_before(const scan_rows *all, const scan_rows *some)
{
    size_t at = 0;
    for (size_t i = 0; i < some->n; i++) {
        while (at < all->n && all->rows[at].key < some->rows[i].key) {
            at++;
        }
        assert_true(at < all->n && is_same_row(all, &all->rows[at], &some->rows[i]));
    }
}

static size_t next_cut(size_t cut, size_t len)
{
    size_t step = len / 200 + 1;
    return cut < 40 || len - cut < 40 ? cut + 1 : cut + step;
}

static void check_cuts(sample *s)
{
    scan_rows all;
    read_sample(s, (scan_how){.threads = 1}, &all);
    for (int file = 0; file < s->n_files; file++) {
        const sample_file *f = &s->files[file];
        for (size_t cut = 0; cut < f->len; cut = next_cut(cut, f->len)) {
            scan_rows rows;
            write_sample(s, file, NLT_CODEC_PLAIN, f->bytes, cut);
            read_sample(s, (scan_how){.threads = 1, .split_bytes = cut % 3 == 0 ? 100 : 0}, &rows);
            assert_true(rows.n <= all.n + 1); /* the answer to a question that is cut off */
            bool is_capture = s->connector->packet != NULL;
            assert_true(is_capture || rows.totals.damaged_files == 0);
            assert_true(rows.finish == NLT_OK || (is_capture && rows.finish == NLT_ERR_DAMAGED));
            scan_rows_clear(&rows);
        }
        write_sample(s, file, NLT_CODEC_PLAIN, f->bytes, f->len);
    }
    scan_rows_clear(&all);
}

static void files_may_end_anywhere(void **state)
{
    (void)state;
    for_each_sample(check_cuts);
}

static void cut_packed(const sample *s, int file, nlt_codec codec, const scan_rows *all)
{
    char path[2 * PATH_BYTES];
    uint8_t packed[2 * FILE_MAX_BYTES];
    const sample_file *f = &s->files[file];
    size_t len = pack(codec, f->bytes, f->len, packed, sizeof packed);
    sample_path(s, file, codec, path);
    for (size_t cut = 8; cut < len; cut += len / 40 + 1) {
        scan_rows rows;
        write_file(path, packed, cut);
        read_sample(s, (scan_how){.threads = 1}, &rows);
        assert_int_equal(rows.totals.damaged_files, 1);
        if (!is_paired_or_joined(s)) {
            check_rows_before(all, &rows);
        }
        scan_rows_clear(&rows);
    }
    write_file(path, packed, len);
}

static void check_cut_codecs(sample *s)
{
    scan_rows all;
    read_sample(s, (scan_how){.threads = 1}, &all);
    remove_all(s, NLT_CODEC_PLAIN);
    for (int codec = NLT_CODEC_PLAIN + 1; codec < NLT_CODEC_COUNT; codec++) {
        write_all(s, (nlt_codec)codec);
        for (int file = 0; file < s->n_files; file++) {
            if (is_read(s, file)) {
                cut_packed(s, file, (nlt_codec)codec, &all);
            }
        }
        remove_all(s, (nlt_codec)codec);
    }
    scan_rows_clear(&all);
}

static void packed_files_that_are_cut_are_damaged(void **state)
{
    (void)state;
    for_each_sample(check_cut_codecs);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* The lines of a file in another order, with its last line ended. */
static size_t shuffle_lines(const sample_file *f, uint64_t *seed, char *out)
{
    const char *lines[FILE_MAX_BYTES / 2];
    size_t lens[FILE_MAX_BYTES / 2];
    size_t n = 0;
    for (size_t at = 0; at < f->len; n++) {
        const char *newline = memchr(f->bytes + at, '\n', f->len - at);
        lines[n] = f->bytes + at;
        lens[n] = newline == NULL ? f->len - at : (size_t)(newline - lines[n]);
        at += lens[n] + 1;
    }
    size_t len = 0;
    for (size_t i = n; i > 0; i--) {
        size_t pick = next_random(seed) % i;
        memcpy(out + len, lines[pick], lens[pick]);
        len += lens[pick];
        out[len++] = '\n';
        lines[pick] = lines[i - 1];
        lens[pick] = lens[i - 1];
    }
    return len;
}

static void check_shuffles(sample *s)
{
    uint64_t seed = 1;
    char bytes[FILE_MAX_BYTES + 1];
    scan_rows all;
    read_sample(s, (scan_how){.threads = 1}, &all);
    for (int round = 0; round < 30 && s->connector->packet == NULL; round++) {
        scan_rows rows;
        for (int file = 0; file < s->n_files; file++) {
            write_sample(
                s, file, NLT_CODEC_PLAIN, bytes, shuffle_lines(&s->files[file], &seed, bytes));
        }
        read_sample(s, (scan_how){.threads = 1 + round % 3, .split_bytes = round % 2 * 50}, &rows);
        assert_int_equal(rows.totals.lines, all.totals.lines);
        scan_rows_clear(&rows);
    }
    scan_rows_clear(&all);
}

static void lines_may_come_in_any_order(void **state)
{
    (void)state;
    for_each_sample(check_shuffles);
}

static void check_mutations(sample *s)
{
    uint64_t seed = 2;
    char bytes[FILE_MAX_BYTES];
    for (int round = 0; round < MUTATIONS; round++) {
        const sample_file *f = &s->files[round % s->n_files];
        memcpy(bytes, f->bytes, f->len);
        for (int i = 0; i < 1 + round % 9; i++) {
            bytes[next_random(&seed) % f->len] = (char)next_random(&seed);
        }
        scan_rows one;
        scan_rows other;
        write_sample(s, round % s->n_files, NLT_CODEC_PLAIN, bytes, f->len);
        read_sample(s, (scan_how){.threads = 1}, &one);
        read_sample(s, (scan_how){.threads = 3, .split_bytes = 90}, &other);
        assert_int_equal(one.n, other.n);
        for (size_t i = 0; i < one.n; i++) {
            assert_true(is_same_row(&one, &one.rows[i], &other.rows[i]));
        }
        assert_memory_equal(&one.totals, &other.totals, sizeof one.totals);
        scan_rows_clear(&one);
        scan_rows_clear(&other);
        write_sample(s, round % s->n_files, NLT_CODEC_PLAIN, f->bytes, f->len);
    }
}

static void bytes_may_be_anything(void **state)
{
    (void)state;
    for_each_sample(check_mutations);
}

static void check_empty(sample *s)
{
    for (int file = 0; file < s->n_files; file++) {
        write_sample(s, file, NLT_CODEC_PLAIN, "", 0);
    }
    scan_rows rows;
    read_sample(s, (scan_how){.threads = 2}, &rows);
    assert_int_equal(rows.n, 0);
    assert_int_equal(rows.totals.lines, 0);
    assert_int_equal(rows.finish, NLT_OK);
    assert_int_equal(rows.totals.empty_files, rows.totals.files);
    scan_rows_clear(&rows);
}

static void files_may_be_empty(void **state)
{
    (void)state;
    for_each_sample(check_empty);
}

/* ---- memory ---- */

/* Fails the n-th allocation and all behind it; true: there are not so many. */
static bool survives(const sample *s, int64_t n, const scan_how *how)
{
    nlt_dataset_request request = request_for(s);
    scan_rows rows;
    nlt__alloc_fail_at(n);
    nlt_status status = scan_rows_read(&request, how, &rows);
    nlt__alloc_fail_at(0);
    if (status != NLT_OK && status != NLT_ERR_NOMEM) {
        fail_msg("%s: allocation %lld: %s", s->connector->alias, (long long)n, rows.err.message);
    }
    if (status == NLT_OK) {
        check_accounts(&rows);
        assert_int_equal(rows.n, s->n_rows);
    } else {
        assert_true(rows.err.message[0] != '\0');
    }
    scan_rows_clear(&rows);
    return status == NLT_OK;
}

static void check_memory(sample *s)
{
    static const nlt_codec codecs[] = {
        NLT_CODEC_PLAIN, NLT_CODEC_GZIP, NLT_CODEC_ZSTD, NLT_CODEC_BZIP2, NLT_CODEC_XZ};
    remove_all(s, NLT_CODEC_PLAIN);
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        write_all(s, codecs[i]);
        for (int threads = 1; threads <= 3; threads += 2) {
            scan_how how = {.threads = threads, .split_bytes = 500, .without_cells = true};
            int64_t n = 1;
            while (!survives(s, n, &how)) {
                n += n / 100 + 1;
                assert_true(n < 100000);
            }
            assert_true(n > 10);
        }
        remove_all(s, codecs[i]);
    }
}

static void memory_may_be_short_at_any_time(void **state)
{
    (void)state;
    for_each_sample(check_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_names_of_their_own),
        cmocka_unit_test(layouts_say_whose_files_they_are),
        cmocka_unit_test(tables_are_whole),
        cmocka_unit_test(samples_give_their_rows_however_cut),
        cmocka_unit_test(columns_asked_for_change_nothing_else),
        cmocka_unit_test(packed_files_give_the_same),
        cmocka_unit_test(texts_may_begin_with_a_mark),
        cmocka_unit_test(samples_are_known_by_their_connector),
        cmocka_unit_test(files_may_end_anywhere),
        cmocka_unit_test(packed_files_that_are_cut_are_damaged),
        cmocka_unit_test(lines_may_come_in_any_order),
        cmocka_unit_test(bytes_may_be_anything),
        cmocka_unit_test(files_may_be_empty),
        cmocka_unit_test(memory_may_be_short_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
