/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nlt_table_explain: a table's plan with its datasets as they were asked for. */

#include <string.h>

#include "core/alloc.h"
#include "engine/engine.h"
#include "output/value.h"
#include "plan/explain.h"

enum { TEXT_MAX = 512 << 20 };

typedef struct describe {
    const nlt_session *session;
    bool with_splits;
} describe;

static nlt_status put_text(nlt_buf *out, const char *text, nlt_error *err)
{
    return nlt__json_text((nlt_bytes){text, strlen(text)}, out, err);
}

/* "key": "text", with a comma before it; nothing for NULL. */
static nlt_status put_member(nlt_buf *out, const char *key, const char *text, nlt_error *err)
{
    if (text == NULL) {
        return NLT_OK;
    }
    NLT_TRY(nlt__buf_printf(out, err, ", \"%s\": ", key));
    return put_text(out, text, err);
}

static nlt_status put_flag(nlt_buf *out, const char *key, bool value, nlt_error *err)
{
    return nlt__buf_printf(out, err, ", \"%s\": %s", key, value ? "true" : "false");
}

static nlt_status put_request(
    const nlt_dataset_request *request, const nlt_scan *scan, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "{\"connector\": "));
    NLT_TRY(put_text(out, nlt__scan_connector(scan)->class_name, err));
    NLT_TRY(put_member(out, "table", nlt__scan_table(scan)->name, err));
    NLT_TRY(put_member(out, "path", request->input_path, err));
    NLT_TRY(put_member(out, "from", request->start_day, err));
    NLT_TRY(put_member(out, "to", request->end_day, err));
    NLT_TRY(put_member(out, "timezone", request->timezone, err));
    NLT_TRY(nlt__buf_printf(out, err, ", \"max_bad_fraction\": %g", request->max_bad_fraction));
    NLT_TRY(put_flag(out, "filter_rows", request->filter_rows, err));
    NLT_TRY(put_flag(out, "strict_days", request->strict_days, err));
    return put_flag(out, "strict_files", request->strict_files, err);
}

nlt_status nlt__explain_keep_request(
    nlt_session *session, int scan, const nlt_dataset_request *request, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status = put_request(request, session->scans[scan], &text, err);
    session->requests[scan] = status == NLT_OK ? nlt_strndup(text.ptr, text.len) : NULL;
    nlt__buf_clear(&text);
    return status == NLT_OK && session->requests[scan] == NULL
        ? nlt_fail(err, NLT_ERR_NOMEM, "out of memory")
        : status;
}

static nlt_status put_columns(const nlt_table_desc *table, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, ", \"columns\": ["));
    for (int i = 0; i < table->n_columns; i++) {
        NLT_TRY(nlt__buf_printf(out, err, "%s{\"name\": \"%s\", \"type\": \"%s\"}",
            i > 0 ? ", " : "", table->columns[i].name, nlt_dtype_name(table->columns[i].dtype)));
    }
    return nlt__buf_append(out, "]", 1, err);
}

static nlt_status put_splits(const nlt_scan *scan, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, ", \"splits\": ["));
    for (int64_t i = 0; i < nlt__scan_split_count(scan); i++) {
        nlt_split_place range;
        nlt__scan_split_place(scan, i, &range);
        NLT_TRY(nlt__buf_printf(out, err, "%s{\"file\": ", i > 0 ? ", " : ""));
        NLT_TRY(put_text(out, range.path, err));
        NLT_TRY(nlt__buf_printf(out, err, ", \"begin\": %lld", (long long)range.begin));
        NLT_TRY(range.end == INT64_MAX
                ? nlt__buf_printf(out, err, ", \"end\": null}")
                : nlt__buf_printf(out, err, ", \"end\": %lld}", (long long)range.end));
    }
    return nlt__buf_append(out, "]", 1, err);
}

static nlt_status put_dataset(void *ctx, int index, nlt_buf *out, nlt_error *err)
{
    const describe *d = ctx;
    const nlt_scan *scan = d->session->scans[index];
    NLT_TRY(nlt__buf_printf(out, err, "%s", d->session->requests[index]));
    NLT_TRY(nlt__buf_printf(out, err, ", \"files\": %lld", (long long)nlt__scan_file_count(scan)));
    if (nlt__scan_bytes(scan) >= 0) {
        NLT_TRY(nlt__buf_printf(out, err, ", \"bytes\": %lld", (long long)nlt__scan_bytes(scan)));
    }
    NLT_TRY(put_columns(nlt__scan_table(scan), out, err));
    if (d->with_splits) {
        NLT_TRY(put_splits(scan, out, err));
    }
    return nlt__buf_append(out, "}", 1, err);
}

/* What scans have read is known to themselves. */
static void complete_stats(const nlt_table *table, nlt_node_stats *stats)
{
    const nlt_session *session = table->session;
    for (int i = 0; i < table->plan.n_nodes; i++) {
        const nlt_node *node = &table->plan.nodes[i];
        stats[i] = session->stats[i];
        if (node->kind == NLT_NODE_SCAN) {
            nlt_scan_totals totals;
            nlt__scan_totals(session->scans[node->scan], &totals);
            stats[i].rows = totals.rows;
            stats[i].bytes = nlt__scan_bytes_done(session->scans[node->scan]);
        }
    }
}

nlt_status nlt_table_explain(const nlt_table *table, unsigned what, char **text, nlt_error *err)
{
    *text = NULL;
    describe d = {table->session, (what & NLT_EXPLAIN_SPLITS) != 0};
    nlt_node_stats stats[NLT_PLAN_NODES_MAX];
    nlt_explain explain = {.plan = &table->plan,
        .columns = table->columns,
        .n_columns = table->n_columns,
        .dataset = put_dataset,
        .ctx = &d};
    if ((what & NLT_EXPLAIN_RAN) != 0) {
        if (table->session->stats_of != table) {
            return nlt_fail(err, NLT_ERR_ARG, "the plan was not the last one that was run");
        }
        complete_stats(table, stats);
        explain.stats = stats;
    }
    nlt_buf buf = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status = (what & NLT_EXPLAIN_JSON) != 0 ? nlt__explain_json(&explain, &buf, err)
                                                       : nlt__explain_text(&explain, &buf, err);
    if (status == NLT_OK && nlt__buf_cstr(&buf) == NULL) {
        status = nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    if (status != NLT_OK) {
        nlt__buf_clear(&buf);
        return status;
    }
    *text = buf.ptr; /* taken by the caller */
    return NLT_OK;
}
