/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that are combined before an engine sees them: which statements bear it, how they read then, and
 * what tasks make of rows, beside sums over the rows one by one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/columns.h"
#include "core/alloc.h"
#include "sql/combine.h"
#include "table/tables.h"

/* ---- statements ---- */

static const char *const names[] = {"name", "c_bytes", "s_bytes", "time", "tags"};

static nlt_status combine(const char *sql, nlt_arena *arena, nlt_sql_combined *out, nlt_error *err)
{
    static const nlt_sql_type item = {.kind = NLT_SQL_STRING};
    static const nlt_sql_type types[] = {{.kind = NLT_SQL_STRING}, {.kind = NLT_SQL_BIGINT},
        {.kind = NLT_SQL_BIGINT}, {.kind = NLT_SQL_DOUBLE}, {.kind = NLT_SQL_ARRAY, .item = &item}};
    static const nlt_sql_relation relation = {"netlytics", names, types, 5};
    return nlt__sql_combine(sql, &relation, arena, out, err);
}

static void statements(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *combined, *columns;
    } cases[] = {
        {"SELECT COUNT(*) FROM netlytics",
            "SELECT coalesce(sum(`count *`), 0) AS `count(1)` FROM netlytics", "count *\n"},
        {"select name, count( 1 ) as n from netlytics group by name",
            "select name, coalesce(sum(`count *`), 0) as n from netlytics group by name",
            "name\ncount *\n"},
        {"SELECT name, SUM(s_bytes) FROM netlytics GROUP BY name ORDER BY SUM(s_bytes) DESC LIMIT 5",
            "SELECT name, sum(`sum s_bytes`) AS `sum(s_bytes)` FROM netlytics GROUP BY name ORDER BY "
            "sum(`sum s_bytes`) DESC LIMIT 5",
            "name\nsum s_bytes\n"},
        {"SELECT name, sum(c_bytes + n.s_bytes) AS c_bytes FROM netlytics n WHERE name <> 'x' GROUP "
         "BY name HAVING c_bytes > 7 ORDER BY c_bytes",
            "SELECT name, sum(`sum c_bytes s_bytes +`) AS c_bytes FROM netlytics n WHERE name <> 'x' "
            "GROUP BY name HAVING c_bytes > 7 ORDER BY c_bytes",
            "name\nsum c_bytes s_bytes +\n"},
        {"SELECT SUM(coalesce(c_bytes, 0) >> 32) AS a, SUM((c_bytes & 4294967295) * 2) AS b FROM "
         "netlytics",
            "SELECT sum(`sum c_bytes 0 coalesce 32 >>`) AS a, sum(`sum c_bytes 4294967295 & 2 *`) AS "
            "b FROM netlytics",
            "sum c_bytes 0 coalesce 32 >>\nsum c_bytes 4294967295 & 2 *\n"},
        {"SELECT avg(c_bytes) AS m FROM netlytics",
            "SELECT ((CAST(sum(`sum c_bytes 32 >>`) AS DOUBLE) * 4294967296D + CAST(sum(`sum c_bytes "
            "4294967295 &`) AS DOUBLE)) / sum(`count c_bytes`)) AS m FROM netlytics",
            "sum c_bytes 32 >>\nsum c_bytes 4294967295 &\ncount c_bytes\n"},
        {"SELECT upper(name), min(time), max(name), count(tags), count(DISTINCT s_bytes) d FROM "
         "netlytics GROUP BY ROLLUP(upper(name))",
            "SELECT upper(name), min(`min time`) AS `min(time)`, max(`max name`) AS `max(name)`, "
            "coalesce(sum(`count tags`), 0) AS `count(tags)`, count(DISTINCT s_bytes) d FROM "
            "netlytics GROUP BY ROLLUP(upper(name))",
            "name\ns_bytes\nmin time\nmax name\ncount tags\n"},
        {"SELECT name, count(*) n, sum(count(*)) OVER (ORDER BY name) AS running FROM netlytics GROUP "
         "BY name",
            "SELECT name, coalesce(sum(`count *`), 0) n, sum(coalesce(sum(`count *`), 0)) OVER (ORDER "
            "BY name) AS running FROM netlytics GROUP BY name",
            "name\ncount *\n"},
        {"SELECT name IS DISTINCT FROM 'x' AS other, count(*) AS n FROM netlytics GROUP BY 1",
            "SELECT name IS DISTINCT FROM 'x' AS other, coalesce(sum(`count *`), 0) AS n FROM "
            "netlytics GROUP BY 1",
            "name\ncount *\n"},
        {"SELECT COUNT(DISTINCT name) AS n FROM netlytics",
            "SELECT COUNT(DISTINCT name) AS n FROM netlytics", "name\ncount *\n"},
        {"SELECT DISTINCT lower(name) AS n, c_bytes FROM netlytics",
            "SELECT DISTINCT lower(name) AS n, c_bytes FROM netlytics", "name\nc_bytes\ncount *\n"},
        {"SELECT name FROM netlytics GROUP BY ALL", "SELECT name FROM netlytics GROUP BY ALL",
            "name\ncount *\n"},
        /* those that are left as they are */
        {"SELECT DISTINCT name, row_number() OVER (ORDER BY name) AS r FROM netlytics", NULL, NULL},
        {"SELECT * FROM netlytics", NULL, NULL},
        {"SELECT name FROM netlytics WHERE c_bytes > 0", NULL, NULL},
        {"SELECT name, count(*) OVER (PARTITION BY name) FROM netlytics", NULL, NULL},
        {"SELECT sum(c_bytes / 2) FROM netlytics", NULL, NULL},
        {"SELECT sum(time) FROM netlytics", NULL, NULL},
        {"SELECT sum(DISTINCT c_bytes) FROM netlytics", NULL, NULL},
        {"SELECT count(*) FILTER (WHERE c_bytes > 0) FROM netlytics", NULL, NULL},
        {"SELECT collect_list(name) FROM netlytics", NULL, NULL},
        {"SELECT percentile(c_bytes, 0.5), count(*) FROM netlytics", NULL, NULL},
        {"SELECT date_trunc('hour', timestamp_seconds(time)), count(*) FROM netlytics GROUP BY 1",
            NULL, NULL},
        {"SELECT explode(tags), count(*) FROM netlytics GROUP BY 1", NULL, NULL},
        {"SELECT size(tags), count(*) FROM netlytics GROUP BY 1", NULL, NULL},
        {"SELECT count(*) FROM netlytics a JOIN netlytics b ON a.name = b.name", NULL, NULL},
        {"SELECT count(*) FROM (SELECT name FROM netlytics)", NULL, NULL},
        {"WITH a AS (SELECT * FROM netlytics) SELECT count(*) FROM a", NULL, NULL},
        {"SELECT count(*) FROM netlytics WHERE name IN (SELECT name FROM netlytics)", NULL, NULL},
        {"SELECT count(*) FROM netlytics UNION ALL SELECT count(*) FROM netlytics", NULL, NULL},
        {"SELECT count(*) FROM elsewhere", NULL, NULL},
        {"SELECT sum(c_bytes) AS s_bytes FROM netlytics ORDER BY sum(s_bytes)", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nlt_arena arena = NLT_ARENA_INIT;
        nlt_error err = NLT_ERROR_INIT;
        nlt_sql_combined found;
        if (combine(cases[i].sql, &arena, &found, &err) != NLT_OK) {
            fail_msg("%s: %s", cases[i].sql, err.message);
        }
        if ((found.sql != NULL) != (cases[i].combined != NULL)) {
            fail_msg("%s: %s", cases[i].sql, found.sql != NULL ? found.sql : "not combined");
        }
        char columns[512] = "";
        for (int j = 0; j < found.n_columns; j++) {
            strcat(strcat(columns, found.columns[j].name), "\n");
        }
        if (found.sql != NULL) {
            assert_string_equal(found.sql, cases[i].combined);
            assert_string_equal(columns, cases[i].columns);
        }
        nlt__arena_clear(&arena);
    }
}

static void shortage_of_memory(void **state)
{
    (void)state;
    nlt_status status = NLT_ERR_NOMEM;
    for (int n = 1; status != NLT_OK; n++) {
        nlt_arena arena = NLT_ARENA_INIT;
        nlt_sql_combined found;
        nlt__alloc_fail_at(n);
        status = combine("SELECT name, avg(c_bytes), min(name) FROM netlytics GROUP BY name",
            &arena, &found, NULL);
        nlt__alloc_fail_at(0);
        assert_true(status == NLT_OK || status == NLT_ERR_NOMEM);
        nlt__arena_clear(&arena);
    }
}

/* ---- names of columns ---- */

static void columns_that_cannot_be(void **state)
{
    (void)state;
    static const char *const wrong[] = {"nosuch\n", "sum\n", "sum name\n", "sum c_bytes s_bytes\n",
        "sum c_bytes +\n", "sum +\n", "count nosuch\n", "mean c_bytes\n", "min\n", "min answers\n",
        "sum c_bytes 99999999999999999999 +\n", "count *\nnetlytics row key\n", "name\nname\n",
        "sum c_bytes c_bytes c_bytes c_bytes c_bytes c_bytes c_bytes + + + + + +\n",
        "sum c_bytes 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 +\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        nlt_named_columns found;
        nlt_error err = NLT_ERROR_INIT;
        if (nlt__named_columns(&nlt_table_named_flows, wrong[i], &found, &err) != NLT_ERR_ARG) {
            fail_msg("%s is taken", wrong[i]);
        }
        assert_true(err.message[0] != '\0');
    }
}

/* ---- rows ---- */

enum { N_NAMES = 70000, N_ROWS = 300000 }; /* more names than a task keeps groups */

typedef struct sums {
    int64_t n, n_sums, sum, n_first, halves;
    double least;
    char greatest[24];
    bool has_least;
} sums;

static sums expected[N_NAMES + 1]; /* the last one: rows without name */
static sums combined[N_NAMES + 1];

static uint64_t random_bits(void)
{
    static uint64_t x = 88172645463325252U;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void take_least(sums *s, double value)
{
    if (!s->has_least || value < s->least) {
        s->least = value;
    }
    s->has_least = true;
}

/* A batch of name, c_bytes, s_bytes, time_start; and what it adds to what is expected. */
static void fill(nlt_batch *batch, char (*texts)[24], int64_t n)
{
    batch->n_rows = n;
    for (int64_t row = 0; row < n; row++) {
        uint64_t bits = random_bits();
        int name = (int)(bits % N_NAMES);
        bool is_null = bits >> 60 == 0;
        sums *s = &expected[is_null ? N_NAMES : name];
        int64_t bytes[2] = {(int64_t)random_bits(), (int64_t)(bits >> 20 & 0xffff)};
        double time = (double)(bits >> 40);
        if (!is_null) {
            int len = snprintf(texts[row], sizeof *texts, name % 2 ? "%d" : "www.example.%d", name);
            nlt__str_set((nlt_str *)batch->cols[0].data + row, texts[row], (size_t)len);
            nlt__set_valid(batch->cols[0].valid, row);
            if (strcmp(texts[row], s->greatest) > 0) {
                strcpy(s->greatest, texts[row]);
            }
        }
        bool has_first = (bits >> 56 & 7) != 0;
        bool has_second = (bits >> 53 & 7) != 0;
        for (int i = 0; i < 2; i++) {
            ((int64_t *)batch->cols[1 + i].data)[row] = bytes[i];
            if (i == 0 ? has_first : has_second) {
                nlt__set_valid(batch->cols[1 + i].valid, row);
            }
        }
        ((double *)batch->cols[3].data)[row] = time;
        nlt__set_valid(batch->cols[3].valid, row);
        take_least(s, time);
        s->n++;
        s->n_first += has_first;
        s->halves = (int64_t)((uint64_t)s->halves + (uint64_t)(has_first ? bytes[0] >> 3 : -1));
        if (has_first && has_second) {
            s->n_sums++;
            s->sum = (int64_t)((uint64_t)s->sum + (uint64_t)bytes[0] + (uint64_t)bytes[1]);
        }
    }
}

static bool is_valid(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *bits = column->buffers[0];
    return bits == NULL || (bits[row / 8] >> (row % 8) & 1) != 0;
}

static int64_t integer_at(const struct ArrowArray *column, int64_t row)
{
    return is_valid(column, row) ? ((const int64_t *)column->buffers[1])[row] : 0;
}

static void text_at(const struct ArrowArray *column, int64_t row, char *out)
{
    const int32_t *offsets = column->buffers[1];
    size_t len = (size_t)(offsets[row + 1] - offsets[row]);
    assert_true(len < 24);
    memcpy(out, (const char *)column->buffers[2] + offsets[row], len);
    out[len] = '\0';
}

/* Groups that went on are added up, as an engine does it. */
static int64_t add_up(nlt_arrow_gather *gather)
{
    struct ArrowArray array;
    if (nlt__arrow_gather_rows(gather) == 0) {
        return 0;
    }
    assert_int_equal(nlt__arrow_gather_take(gather, &array, NULL), NLT_OK);
    for (int64_t row = 0; row < array.length; row++) {
        char text[24] = "";
        int name = N_NAMES;
        if (is_valid(array.children[0], row)) {
            text_at(array.children[0], row, text);
            name = atoi(text[0] == 'w' ? text + strlen("www.example.") : text);
        }
        sums *s = &combined[name];
        s->n += integer_at(array.children[1], row);
        s->n_sums += is_valid(array.children[2], row);
        s->sum = (int64_t)((uint64_t)s->sum + (uint64_t)integer_at(array.children[2], row));
        s->n_first += integer_at(array.children[3], row);
        take_least(s, ((const double *)array.children[4]->buffers[1])[row]);
        s->halves = (int64_t)((uint64_t)s->halves + (uint64_t)integer_at(array.children[5], row));
        if (is_valid(array.children[6], row)) {
            text_at(array.children[6], row, text);
            if (strcmp(text, s->greatest) > 0) {
                strcpy(s->greatest, text);
            }
        }
    }
    int64_t n = array.length;
    array.release(&array);
    return n;
}

static void rows_are_combined(void **state)
{
    (void)state;
    static char texts[NLT_BATCH_ROWS][24];
    nlt_named_columns columns;
    nlt_named_rows rows = {.columns = NULL};
    nlt_column_desc descs[NLT_NAMED_COLUMNS_MAX];
    nlt_dtype dtypes[NLT_NAMED_COLUMNS_MAX];
    nlt_arrow_gather *gather = NULL;
    nlt_batch *batch = NULL;
    int64_t n_groups = 0;
    assert_int_equal(nlt__named_columns(&nlt_table_named_flows,
                         "name\ncount *\nsum c_bytes s_bytes +\ncount c_bytes\nmin time_start\n"
                         "sum c_bytes 3 >> -1 coalesce\nmax name",
                         &columns, NULL),
        NLT_OK);
    assert_int_equal(columns.n_wanted, 4);
    nlt__named_descs(&columns, descs);
    assert_string_equal(descs[2].name, "sum c_bytes s_bytes +");
    for (int i = 0; i < columns.n_columns; i++) {
        dtypes[i] = descs[i].dtype;
    }
    assert_int_equal(nlt__arrow_gather_new(dtypes, columns.n_columns, &gather, NULL), NLT_OK);
    assert_int_equal(nlt__named_rows_open(&rows, &columns, NULL), NLT_OK);
    nlt_dtype wanted[4];
    for (int i = 0; i < 4; i++) {
        wanted[i] = nlt_table_named_flows.columns[columns.wanted[i]].dtype;
    }
    assert_int_equal(nlt__batch_new(wanted, 4, NLT_BATCH_ROWS, &batch, NULL), NLT_OK);
    for (int64_t done = 0; done < N_ROWS;) {
        int64_t n = 1 + (int64_t)(random_bits() % NLT_BATCH_ROWS);
        nlt__batch_reset(batch, NLT_BATCH_ROWS);
        fill(batch, texts, n);
        assert_int_equal(nlt__named_rows_add(&rows, batch, gather, NULL), NLT_OK);
        n_groups += add_up(gather);
        done += n;
    }
    assert_int_equal(nlt__named_rows_end(&rows, gather, NULL), NLT_OK);
    n_groups += add_up(gather);
    assert_true(n_groups > N_NAMES && n_groups < N_ROWS / 2);
    for (int i = 0; i <= N_NAMES; i++) {
        const sums *a = &expected[i];
        const sums *b = &combined[i];
        assert_int_equal(a->n, b->n);
        assert_int_equal(a->sum, b->sum);
        assert_int_equal(a->n_sums > 0, b->n_sums > 0);
        assert_int_equal(a->n_first, b->n_first);
        assert_int_equal(a->halves, b->halves);
        assert_true(!a->has_least || fabs(a->least - b->least) < 0.5);
        assert_string_equal(a->greatest, b->greatest);
    }
    nlt__named_rows_clear(&rows);
    nlt__batch_free(batch);
    nlt__arrow_gather_free(gather);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements),
        cmocka_unit_test(shortage_of_memory),
        cmocka_unit_test(columns_that_cannot_be),
        cmocka_unit_test(rows_are_combined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
