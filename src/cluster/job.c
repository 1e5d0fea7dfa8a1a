/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The driver's side: scans that are listed and cut but never read here, a plan over them, and the
 * reports of those who read. */

#include <stdio.h>
#include <string.h>

#include "cluster/columns.h"
#include "cluster/job.h"
#include "cluster/statement.h"
#include "cluster/task.h"
#include "core/alloc.h"
#include "plan/append.h"
#include "plan/explain.h"
#include "scan/headers.h"
#include "scan/saved.h"
#include "scan/scan_types.h"
#include "scan/split_text.h"
#include "sql/combine.h"
#include "sql/table_name.h"

enum { TEXT_MAX = 1 << 30, LIST_THREADS = 4 };

/* What a task gives is held at the driver, if it is the answer; combined rows are few. */
#define SPLIT_BYTES (INT64_C(64) << 20)
#define COMBINED_SPLIT_BYTES (INT64_C(256) << 20)

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

nlt_status nlt_job_open(nlt_job **out, nlt_error *err)
{
    *out = nlt_alloc_zero(1, sizeof **out);
    if (*out == NULL) {
        return no_memory(err);
    }
    nlt__plan_init(&(*out)->plan);
    return NLT_OK;
}

void nlt_job_close(nlt_job *job)
{
    if (job == NULL) {
        return;
    }
    for (int i = 0; i < job->n_scans; i++) {
        nlt__scan_close(job->scans[i]);
        nlt_free(job->timezones[i]);
    }
    nlt__strings_clear(&job->warnings);
    nlt__plan_clear(&job->plan);
    nlt__params_free(job->params);
    nlt_free(job);
}

/* ---- datasets ---- */

static nlt_status check_name(const nlt_job *job, const char *name, nlt_error *err)
{
    NLT_TRY(nlt__table_name_check(name, err));
    for (int i = 0; i < job->n_scans; i++) {
        if (nlt__equal_ignore_case(nlt__scan_name(job->scans[i]), name)) {
            return nlt_fail(err, NLT_ERR_ARG, "two tables are called \"%s\"", name);
        }
    }
    return NLT_OK;
}

static nlt_status check_connector(const nlt_connector *connector, nlt_error *err)
{
    if (connector->n_tellers == 0 || connector->apart != NULL) {
        return NLT_OK;
    }
    nlt_fail(
        err, NLT_ERR_ARG, "%s does not run on a cluster in this version", connector->class_name);
    nlt_error_hint(err, "leave out --engine spark");
    return NLT_ERR_ARG;
}

/* Where packets hold pieces of messages a split is a whole file (task_records.c). */
static nlt_status choose_split_bytes(
    const nlt_dataset_request *request, int64_t *bytes, nlt_error *err)
{
    const nlt_connector *connector = NULL;
    if (request->connector == NULL) {
        return NLT_OK; /* told when the scan is opened */
    }
    NLT_TRY(nlt__connector_find(request->connector, &connector, err));
    NLT_TRY(check_connector(connector, err));
    bool is_whole = connector->pairing != NULL && connector->pairing->assembly != NULL;
    *bytes = is_whole ? INT64_MAX / 4 : *bytes > 0 ? *bytes : SPLIT_BYTES;
    return NLT_OK;
}

static nlt_status add_scan(nlt_job *job, nlt_scan *scan, const char *timezone, nlt_error *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, NLT_PLAN_INPUT "_%d", job->n_scans + 1);
    NLT_TRY(check_name(job, nlt__scan_name(scan), err));
    NLT_TRY(nlt__plan_scan(&job->plan, name, job->n_scans, err));
    job->timezones[job->n_scans] = nlt_strdup(timezone != NULL ? timezone : "UTC");
    return job->timezones[job->n_scans] != NULL ? NLT_OK : no_memory(err);
}

nlt_status nlt_job_dataset(
    nlt_job *job, const nlt_dataset_request *request, int64_t split_bytes, nlt_error *err)
{
    nlt_scan *scan = NULL;
    if (job->n_scans == JOB_SCANS_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %d datasets in a job", JOB_SCANS_MAX);
    }
    job->has_own_splits[job->n_scans] = split_bytes > 0;
    NLT_TRY(choose_split_bytes(request, &split_bytes, err));
    NLT_TRY(nlt__scan_open(request, LIST_THREADS, split_bytes, &job->warnings, &scan, err));
    nlt_status status = add_scan(job, scan, request->timezone, err);
    if (status != NLT_OK) {
        nlt__scan_close(scan);
        return status;
    }
    job->scans[job->n_scans++] = scan;
    return NLT_OK;
}

/* ---- rows that are combined before they leave a task ---- */

void nlt_job_keep_rows(nlt_job *job)
{
    job->keeps_rows = true;
}

/* The columns as tasks have them; false: they cannot make them. */
static nlt_status keep_combined(
    nlt_job *job, int scan, const nlt_sql_combined *found, bool *is_kept, nlt_error *err)
{
    const nlt_table_desc *table = nlt__scan_table(job->scans[scan]);
    nlt_column_desc descs[NLT_NAMED_COLUMNS_MAX];
    nlt_named_columns named;
    nlt_buf names = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status = NLT_OK;
    for (int i = 0; status == NLT_OK && i < found->n_columns; i++) {
        status = nlt__buf_printf(&names, err, "%s\n", found->columns[i].name);
    }
    const char *text = status == NLT_OK ? nlt__buf_cstr(&names) : NULL;
    *is_kept = text != NULL && nlt__named_columns(table, text, &named, NULL) == NLT_OK;
    nlt__buf_clear(&names);
    NLT_TRY(text != NULL ? NLT_OK : no_memory(err));
    if (!*is_kept) {
        return NLT_OK;
    }
    size_t n = (size_t)named.n_columns;
    nlt_column_desc *kept = nlt__arena_alloc(&job->plan.arena, n * sizeof *kept);
    nlt__named_descs(&named, descs);
    for (size_t i = 0; kept != NULL && i < n; i++) {
        kept[i] = descs[i];
        kept[i].name =
            nlt__arena_copy(&job->plan.arena, (nlt_bytes){descs[i].name, strlen(descs[i].name)});
        kept = kept[i].name != NULL ? kept : NULL;
    }
    job->combined[scan].columns = kept;
    job->combined[scan].n_columns = kept != NULL ? named.n_columns : 0;
    return kept != NULL ? NLT_OK : no_memory(err);
}

/* What the statement of a node calls a scan. */
static const char *name_of_scan(const nlt_plan *plan, const nlt_node *node, int scan)
{
    const char *name = plan->nodes[scan].name;
    for (int i = 0; i < node->n_bindings; i++) {
        if (strcmp(node->bindings[i].relation, name) == 0) {
            return node->bindings[i].alias;
        }
    }
    return name;
}

/* A scan that one statement alone reads, and nothing else. */
static nlt_status combine_scan(nlt_job *job, int scan, nlt_node *reader, nlt_error *err)
{
    const nlt_table_desc *table = nlt__scan_table(job->scans[scan]);
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_sql_relation relation;
    nlt_sql_combined found = {.sql = NULL};
    bool is_kept = false;
    nlt_status status = nlt__statement_relation(name_of_scan(&job->plan, reader, scan),
        table->columns, table->n_columns, &arena, &relation, err);
    if (status == NLT_OK) {
        status = nlt__sql_combine(reader->sql, &relation, &arena, &found, err);
    }
    if (status == NLT_OK && found.sql != NULL) {
        status = keep_combined(job, scan, &found, &is_kept, err);
    }
    if (status == NLT_OK && is_kept) {
        reader->sql = nlt__arena_copy(&job->plan.arena, (nlt_bytes){found.sql, strlen(found.sql)});
        status = reader->sql != NULL ? NLT_OK : no_memory(err);
    }
    nlt__arena_clear(&arena);
    return status;
}

static nlt_status combine_scans(nlt_job *job, nlt_error *err)
{
    nlt_plan *plan = &job->plan;
    for (int scan = 0; scan < job->n_scans && !job->keeps_rows; scan++) {
        int n_readers = nlt__plan_readers(plan, scan);
        for (int i = job->n_scans; n_readers == 1 && i < plan->n_nodes; i++) {
            nlt_node *node = &plan->nodes[i];
            if (node->kind == NLT_NODE_SQL && nlt__plan_reads(plan, i, scan)) {
                NLT_TRY(combine_scan(job, scan, node, err));
            }
        }
    }
    return NLT_OK;
}

/* ---- what is asked of them ---- */

/* As the embedded engine would take it. */
static nlt_status check_query(const nlt_job *job, const char *query, nlt_error *err)
{
    nlt_sql_relation relations[JOB_SCANS_MAX];
    nlt_arena arena = NLT_ARENA_INIT;
    nlt_status status = NLT_OK;
    for (int i = 0; status == NLT_OK && i < job->n_scans; i++) {
        const nlt_table_desc *table = nlt__scan_table(job->scans[i]);
        status = nlt__statement_relation(nlt__scan_name(job->scans[i]), table->columns,
            table->n_columns, &arena, &relations[i], err);
    }
    if (status == NLT_OK) {
        status = nlt__statement_check(query, relations, job->n_scans, err);
    }
    nlt__arena_clear(&arena);
    return status;
}

static nlt_status check_is_new(const nlt_job *job, nlt_error *err)
{
    return job->plan.n_nodes == job->n_scans
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_ARG, "a job has one query or one algorithm");
}

nlt_status nlt_job_query(nlt_job *job, const char *query, nlt_error *err)
{
    char name[32];
    NLT_TRY(check_is_new(job, err));
    NLT_TRY(check_query(job, query, err));
    (void)snprintf(name, sizeof name, NLT_PLAN_INPUT "_%d", job->n_scans + 1);
    NLT_TRY(nlt__plan_sql(&job->plan, name, query, err));
    for (int i = 0; i < job->n_scans; i++) {
        NLT_TRY(nlt__plan_bind(
            &job->plan, job->n_scans, nlt__scan_name(job->scans[i]), job->plan.nodes[i].name, err));
    }
    return combine_scans(job, err);
}

static nlt_status check_input(const nlt_job *job, const nlt_algo *algo, nlt_error *err)
{
    const nlt_table_desc *table = nlt__scan_table(job->scans[0]);
    if (algo->input == NULL || table == algo->input) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_ARG, "%s needs the table %s, the connector gives %s", algo->class_name,
        algo->input->name, table->name);
    nlt_error_hint(err, "`netlytics connectors` tells which connectors give %s", algo->input->name);
    return NLT_ERR_ARG;
}

nlt_status nlt_job_algorithm(nlt_job *job, const char *algo, const char *params, nlt_error *err)
{
    int first = 0;
    const char *numbered = NULL;
    NLT_TRY(check_is_new(job, err));
    if (job->n_scans != 1) {
        return nlt_fail(err, NLT_ERR_ARG, "an algorithm reads one dataset, not %d", job->n_scans);
    }
    NLT_TRY(nlt__algo_find(algo, &job->algo, err));
    NLT_TRY(nlt__params_parse(
        job->algo->class_name, job->algo->params, job->algo->n_params, params, &job->params, err));
    NLT_TRY(check_input(job, job->algo, err));
    NLT_TRY(nlt__plan_append(&job->plan, job->algo->plan, job->params, &first, &numbered, err));
    return combine_scans(job, err);
}

/* What makes rows of records; NULL: tasks of splits give rows. */
static const nlt_pairing *pairing_of(const nlt_scan *scan)
{
    const nlt_connector *connector = nlt__scan_connector(scan);
    return connector->apart != NULL ? connector->apart[0]->pairing : connector->pairing;
}

/* ---- the plan as JSON ---- */

static nlt_status put_split(
    const nlt_job *job, int dataset, int64_t split, json_t *list, nlt_error *err)
{
    const nlt_scan *scan = job->scans[dataset];
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    nlt_split_place place;
    nlt__scan_split_place(scan, split, &place);
    int64_t size = nlt__scan_split_bytes(scan, split);
    nlt_status status = nlt__split_put(scan, split, job->timezones[dataset], &text, err);
    if (status == NLT_OK) {
        json_t *item = json_pack("{s:I, s:o, s:s}", "bytes", (json_int_t)size, "split",
            json_stringn(text.ptr, text.len), "path", place.path);
        status = json_array_append_new(list, item) == 0 ? NLT_OK : no_memory(err);
    }
    nlt__buf_clear(&text);
    return status;
}

/* Of the rows that tasks give. */
static json_t *columns_json(const nlt_job *job, int scan)
{
    const nlt_table_desc *table = nlt__scan_table(job->scans[scan]);
    bool is_combined = job->combined[scan].n_columns > 0;
    const nlt_column_desc *columns = is_combined ? job->combined[scan].columns : table->columns;
    int n = is_combined ? job->combined[scan].n_columns : table->n_columns;
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list,
            json_pack(
                "{s:s, s:s}", "name", columns[i].name, "type", nlt_dtype_name(columns[i].dtype)));
    }
    return list;
}

static nlt_status put_dataset(void *ctx, int scan, nlt_buf *out, nlt_error *err)
{
    const nlt_job *job = ctx;
    const nlt_scan *s = job->scans[scan];
    json_t *splits = json_array();
    nlt_status status = NLT_OK;
    for (int64_t i = 0; status == NLT_OK && i < nlt__scan_split_count(s); i++) {
        status = put_split(job, scan, i, splits, err);
    }
    const nlt_pairing *pairing = pairing_of(s);
    const char *pairs = pairing == NULL ? "" : pairing->is_by_file ? "by file" : "by time";
    json_t *json = json_pack("{s:i, s:s, s:b, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "dataset", scan,
        "pairs", pairs, "combines", job->combined[scan].n_columns > 0, "name", nlt__scan_name(s),
        "connector", nlt__scan_connector(s)->class_name, "table", nlt__scan_table(s)->name, "files",
        (json_int_t)nlt__scan_file_count(s), "bytes", (json_int_t)nlt__scan_bytes(s), "columns",
        columns_json(job, scan), "splits", splits);
    char *text = NULL;
    if (status == NLT_OK) {
        status = nlt__cluster_text(json, &text, err);
    } else {
        json_decref(json);
    }
    if (status == NLT_OK) {
        status = nlt__buf_append(out, text, strlen(text), err);
    }
    nlt_free(text);
    return status;
}

/* What nlt_task_kernel() finds the kernel by. */
static nlt_status put_task(const nlt_job *job, json_t *node, nlt_error *err)
{
    char *text = NULL;
    NLT_TRY(nlt__cluster_text(
        json_pack("{s:s, s:O, s:s}", "algorithm", job->algo->class_name, "node",
            json_object_get(node, "name"), "params", nlt__params_json(job->params)),
        &text, err));
    int failed = json_object_set_new(node, "task", json_string(text));
    nlt_free(text);
    return failed == 0 ? NLT_OK : no_memory(err);
}

static nlt_status add_tasks(const nlt_job *job, json_t *plan, nlt_error *err)
{
    size_t i;
    json_t *node;
    json_array_foreach(json_object_get(plan, "nodes"), i, node)
    {
        if (json_object_get(node, "kernel") != NULL) {
            NLT_TRY(put_task(job, node, err));
        }
    }
    json_t *output = job->algo != NULL ? json_string(job->algo->output) : json_null();
    return json_object_set_new(plan, "output", output) == 0 ? NLT_OK : no_memory(err);
}

/* Once it is known what tasks give. */
static nlt_status cut_scans(nlt_job *job, nlt_error *err)
{
    for (int i = 0; i < job->n_scans && !job->is_cut; i++) {
        bool is_longer = job->combined[i].n_columns > 0 && !job->has_own_splits[i]
            && pairing_of(job->scans[i]) == NULL;
        if (is_longer) {
            NLT_TRY(nlt__scan_cut(job->scans[i], LIST_THREADS, COMBINED_SPLIT_BYTES, err));
        }
        NLT_TRY(nlt__headers_find_all(job->scans[i], LIST_THREADS, err));
    }
    job->is_cut = true;
    return NLT_OK;
}

nlt_status nlt_job_plan(nlt_job *job, char **text, nlt_error *err)
{
    *text = NULL;
    NLT_TRY(cut_scans(job, err));
    nlt_buf buf = NLT_BUF_INIT(TEXT_MAX);
    const nlt_explain explain = {.plan = &job->plan, .dataset = put_dataset, .ctx = job};
    nlt_status status = nlt__explain_json(&explain, &buf, err);
    json_t *plan = status == NLT_OK ? json_loadb(buf.ptr, buf.len, 0, NULL) : NULL;
    nlt__buf_clear(&buf);
    if (status == NLT_OK) {
        status = plan != NULL ? add_tasks(job, plan, err) : no_memory(err);
    }
    if (status != NLT_OK) {
        json_decref(plan);
        return status;
    }
    return nlt__cluster_text(plan, text, err);
}

/* ---- reports ---- */

nlt_status nlt_job_warnings(nlt_job *job, char **text, nlt_error *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < job->warnings.n; i++) {
        const char *warning = job->warnings.items[i];
        json_array_append_new(list, nlt__report_text((nlt_bytes){warning, strlen(warning)}));
    }
    nlt__strings_clear(&job->warnings);
    return nlt__cluster_text(list, text, err);
}

nlt_status nlt_job_take(
    nlt_job *job, int dataset, int64_t split, const char *report, nlt_error *err)
{
    if (dataset < 0 || dataset >= job->n_scans) {
        return nlt_fail(err, NLT_ERR_ARG, "the job has no dataset %d", dataset);
    }
    json_t *json = json_loads(report, 0, NULL);
    nlt_status status = json == NULL ? nlt_fail(err, NLT_ERR_FORMAT, "not the report of a task")
                                     : nlt__scan_take_split(job->scans[dataset], split, json, err);
    json_decref(json);
    return status;
}

nlt_status nlt_job_take_pairs(nlt_job *job, int dataset, const char *report, nlt_error *err)
{
    if (dataset < 0 || dataset >= job->n_scans) {
        return nlt_fail(err, NLT_ERR_ARG, "the job has no dataset %d", dataset);
    }
    json_t *json = json_loads(report, 0, NULL);
    const json_t *rows = json_object_get(json, "rows");
    const json_t *filtered = json_object_get(json, "filtered");
    const json_t *unused = json_object_get(json, "unused");
    nlt_status status = NLT_OK;
    if (json_is_integer(rows) && json_is_integer(filtered) && json_is_integer(unused)) {
        const nlt_line_counts counts = {.rows = json_integer_value(rows),
            .filtered = json_integer_value(filtered),
            .used = -json_integer_value(unused),
            .ignored = json_integer_value(unused)};
        nlt__pairing_count_rows(job->scans[dataset], &counts,
            json_integer_value(json_object_get(json, "facts_unused")));
    } else {
        status = nlt_fail(err, NLT_ERR_FORMAT, "not the report of a pairing");
    }
    json_decref(json);
    return status;
}

nlt_status nlt_job_finish(nlt_job *job, nlt_error *err)
{
    for (int i = 0; i < job->n_scans; i++) {
        NLT_TRY(nlt__scan_finish(job->scans[i], &job->warnings, err));
    }
    return NLT_OK;
}

/* One dataset: its report. Several: {"datasets": [report, ...]}. */
static nlt_status put_reports(const nlt_job *job, nlt_buf *out, nlt_error *err)
{
    int n = job->n_scans;
    if (n != 1) {
        NLT_TRY(nlt__buf_printf(out, err, "{\"datasets\": ["));
    }
    for (int i = 0; i < n; i++) {
        NLT_TRY(nlt__buf_printf(out, err, n == 1 ? "" : i > 0 ? ",\n" : "\n"));
        NLT_TRY(nlt__scan_report_json(job->scans[i], out, err));
    }
    return n != 1 ? nlt__buf_printf(out, err, "]}\n") : NLT_OK;
}

nlt_status nlt_job_report(nlt_job *job, char **text, nlt_error *err)
{
    *text = NULL;
    nlt_buf buf = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status = put_reports(job, &buf, err);
    if (status == NLT_OK && nlt__buf_cstr(&buf) == NULL) {
        status = no_memory(err);
    }
    if (status != NLT_OK) {
        nlt__buf_clear(&buf);
        return status;
    }
    *text = buf.ptr; /* taken by the caller */
    return NLT_OK;
}

nlt_status nlt_job_totals(nlt_job *job, char **text, nlt_error *err)
{
    nlt_scan_totals sum = {0};
    int64_t bytes = 0;
    for (int i = 0; i < job->n_scans; i++) {
        nlt_scan_totals totals;
        nlt__scan_totals(job->scans[i], &totals);
        sum.files += totals.files;
        sum.lines += totals.lines;
        sum.used += totals.used;
        sum.rows += totals.rows;
        sum.ignored += totals.ignored;
        sum.skipped += totals.skipped;
        bytes += nlt__scan_bytes(job->scans[i]);
    }
    return nlt__cluster_text(
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "files", (json_int_t)sum.files, "lines",
            (json_int_t)sum.lines, "used", (json_int_t)sum.used, "rows", (json_int_t)sum.rows,
            "ignored", (json_int_t)sum.ignored, "skipped", (json_int_t)sum.skipped, "bytes",
            (json_int_t)bytes),
        text, err);
}
