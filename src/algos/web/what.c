/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHAT: bytes per web service, the flows to its support domains included.
 *
 * A visit to a core domain is followed by flows to support domains (CDNs, trackers). Training learns for
 * each core which names follow it; classification gives every flow to the core visit that explains it.
 *
 *   flows -> train -> sums -> weights -> bags.json
 *   flows, weights -> classify -> sums -> report
 *
 * Both passes read the flows of each client in time order, from the same sorted rows. */

#include <float.h>
#include <math.h>

#include "algos/algo.h"
#include "algos/exact_sum.h"
#include "algos/simple/ranking.h"
#include "algos/web/what.h"
#include "core/alloc.h"
#include "core/num.h"
#include "table/tables.h"

#define SECONDS(key, fallback_text, low, text)                                                     \
    {                                                                                              \
        .name = key, .type = NLT_PARAM_REAL, .fallback = fallback_text, .minimum = low,            \
        .maximum = HUGE_VAL, .special = (double)NAN, .unit = "s", .help = text                     \
    }

static const nlt_param_desc parameters[] = {
    {.name = "CORES",
        .type = NLT_PARAM_JSON,
        .minimum = -HUGE_VAL,
        .maximum = HUGE_VAL,
        .special = (double)NAN,
        .unit = "",
        .help = "List of the services' host names, compared exactly (list www. "
                "forms, too), or an object {\"service\": [\"host\", ...]}."},
    SECONDS("OW", "10", DBL_MIN, "Length of a training window."),
    SECONDS("GAP", "10", 0, "Silence of a client before a core flow opens a training window."),
    SECONDS("EW", "5", DBL_MIN, "How long a visit stays open without flows of its bag."),
    {.name = "MINFREQ",
        .type = NLT_PARAM_REAL,
        .fallback = "0.05",
        .minimum = 0,
        .maximum = 1,
        .special = (double)NAN,
        .unit = "",
        .help = "Share of a core's windows in which a name of its bag occurs."},
    NLT_PARAM_N_TOP("services", "Services to report, the largest first; -1 = all."),
    {.name = "BAG_COUNT",
        .type = NLT_PARAM_CHOICE,
        .fallback = "\"windows\"",
        .choices = "windows|flows",
        .special = (double)NAN,
        .unit = "",
        .help = "Count a name once per window, or every flow as the original did."},
    {.name = "TRIGGER",
        .type = NLT_PARAM_CHOICE,
        .fallback = "\"history\"",
        .choices = "history|future",
        .special = (double)NAN,
        .unit = "",
        .help =
            "What may hold a core flow in an open visit: its past and future flows as the original "
            "did, or (advised: more bytes go to the right service) the future alone."},
    {.name = "SAVE_FLOWS",
        .type = NLT_PARAM_BOOLEAN,
        .fallback = "false",
        .special = (double)NAN,
        .unit = "",
        .help = "Write flows.csv, too: every flow with its service."},
    {.name = "USE_SAVED",
        .type = NLT_PARAM_BOOLEAN,
        .fallback = "false",
        .special = (double)NAN,
        .unit = "",
        .help = "Do not train: take bags.json from the persistent directory."},
};

/* ---- the report ---- */

enum { IN_SERVICE, IN_C_BYTES, IN_S_BYTES, IN_COUNT };
enum { OUT_COUNT = 2 };

static const nlt_column_desc sum_columns[IN_COUNT] = {
    {.name = "service", .dtype = {.type = NLT_TYPE_STRING}, .unit = "", .help = "service"},
    {.name = "c_bytes", .dtype = {.type = NLT_TYPE_DECIMAL}, .unit = "bytes", .help = "by clients"},
    {.name = "s_bytes", .dtype = {.type = NLT_TYPE_DECIMAL}, .unit = "bytes", .help = "by servers"},
};

static const nlt_column_desc report_columns[OUT_COUNT] = {
    {.name = "service",
        .dtype = {.type = NLT_TYPE_STRING},
        .is_required = true,
        .unit = "",
        .help = "service, or " NLT_WHAT_UNKNOWN},
    {.name = "bytes",
        .dtype = {.type = NLT_TYPE_INT64},
        .is_required = true,
        .unit = "bytes",
        .help = "bytes in both directions"},
};

typedef struct report {
    nlt_what_settings settings;
    nlt_i128 *bytes; /* by service, UNKNOWN last; owned */
    bool has_rows;
    nlt_ranking ranking;
    nlt_strings *warnings; /* borrowed */
} report;

static nlt_status warn_of_milliseconds(
    const nlt_what_settings *settings, nlt_strings *warnings, nlt_error *err)
{
    const struct {
        const char *name;
        double value;
    } times[] = {{"OW", settings->window}, {"GAP", settings->gap}, {"EW", settings->extend}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (times[i].value >= 1000) {
            NLT_TRY(nlt__strings_add(warnings, err,
                "WHAT: %s = %g: seconds expected, looks like milliseconds", times[i].name,
                times[i].value));
        }
    }
    return NLT_OK;
}

static nlt_status report_open(const nlt_kernel_env *env, void **state, nlt_error *err)
{
    report *r = nlt_alloc_zero(1, sizeof *r);
    *state = r;
    if (r == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    r->warnings = env->warnings;
    NLT_TRY(nlt__what_settings_read(env->params, &r->settings, err));
    r->ranking = (nlt_ranking){.limit = r->settings.n_top, .order = nlt__compare_bytes};
    r->bytes = nlt_alloc_zero((size_t)r->settings.services.n + 1, sizeof *r->bytes);
    return r->bytes != NULL ? warn_of_milliseconds(&r->settings, r->warnings, err)
                            : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_i128 sum_at(const nlt_batch *rows, int column, int64_t row)
{
    const nlt_vec *vec = &rows->cols[column];
    return nlt__valid(vec->valid, row) ? ((const nlt_i128 *)vec->data)[row] : 0;
}

static nlt_status report_push(void *state, const nlt_batch *rows, nlt_emit *emit, nlt_error *err)
{
    (void)emit;
    (void)err;
    report *r = state;
    r->has_rows |= rows->n_rows > 0;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        uint32_t service =
            nlt__text_id_find(&r->settings.services, nlt__what_text(rows, IN_SERVICE, row));
        service = service == NLT_TEXT_ID_NONE ? r->settings.services.n : service;
        r->bytes[service] += sum_at(rows, IN_C_BYTES, row) + sum_at(rows, IN_S_BYTES, row);
    }
    return NLT_OK;
}

static nlt_status report_finish(void *state, nlt_emit *emit, nlt_error *err)
{
    report *r = state;
    for (uint32_t i = 0; i <= r->settings.services.n; i++) {
        nlt_bytes service = nlt__what_service(&r->settings, (int32_t)i);
        if (r->bytes[i] > INT64_MAX || r->bytes[i] < INT64_MIN) {
            return nlt_fail(err, NLT_ERR_SQL, "bytes of service \"%.*s\" do not fit into 64 bits",
                service.len < 253 ? (int)service.len : 253, service.ptr);
        }
        NLT_TRY(nlt__ranking_add(&r->ranking, service, (int64_t)r->bytes[i], err));
    }
    if (!r->has_rows) {
        NLT_TRY(nlt__strings_add(r->warnings, err, "the table has no rows"));
    }
    return nlt__ranking_emit(&r->ranking, report_columns, emit, err);
}

static void report_close(void *state)
{
    report *r = state;
    if (r == NULL) {
        return;
    }
    nlt__ranking_clear(&r->ranking);
    nlt__what_settings_clear(&r->settings);
    nlt_free(r->bytes);
    nlt_free(r);
}

const nlt_kernel nlt__what_report = {
    .name = "what.report",
    .input = sum_columns,
    .n_input = IN_COUNT,
    .output = report_columns,
    .n_output = OUT_COUNT,
    .open = report_open,
    .push = report_push,
    .finish = report_finish,
    .close = report_close,
};

/* ---- the plan ---- */

static const char count_statement[] = "SELECT core, domain, CAST(SUM(n) AS BIGINT) AS n "
                                      "FROM what_counts GROUP BY core, domain";
static const char sum_statement[] =
    "SELECT service, CAST(SUM(c_bytes) AS DECIMAL(38,0)) AS c_bytes, "
    "CAST(SUM(s_bytes) AS DECIMAL(38,0)) AS s_bytes FROM what_sums GROUP BY service";
static const char flow_statement[] = "SELECT service, " NLT_EXACT_SUM("c_bytes") ", " NLT_EXACT_SUM(
    "s_bytes") " FROM what_flows GROUP BY service";

static nlt_status plan_training(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    NLT_TRY(nlt__plan_kernel(plan, "what_counts", &nlt__what_train, params, "netlytics", err));
    NLT_TRY(nlt__plan_sql(plan, "what_count_sums", count_statement, err));
    NLT_TRY(
        nlt__plan_kernel(plan, "what_weights", &nlt__what_weights, params, "what_count_sums", err));
    NLT_TRY(nlt__plan_kernel(plan, "what_bags", &nlt__what_bags, params, "what_weights", err));
    return nlt__plan_output(plan,
        (nlt_output){
            NLT_WHAT_STATE, NLT_OUTPUT_STATE, "what_bags", "number", NLT_WHAT_STATE_VERSION},
        err);
}

static nlt_status plan_classification(
    const nlt_params *params, bool is_saved, bool is_labelling, nlt_plan *plan, nlt_error *err)
{
    const nlt_kernel *kernel = is_labelling ? is_saved ? &nlt__what_label_saved : &nlt__what_label
        : is_saved                          ? &nlt__what_classify_saved
                                            : &nlt__what_classify;
    NLT_TRY(nlt__plan_kernel(
        plan, is_labelling ? "what_flows" : "what_sums", kernel, params, "netlytics", err));
    int node = plan->n_nodes - 1;
    if (is_saved) {
        NLT_TRY(nlt__plan_resource(plan, node, 0,
            (nlt_resource){NLT_WHAT_STATE, NLT_RESOURCE_STATE, NLT_WHAT_STATE_VERSION}, err));
    } else {
        NLT_TRY(nlt__plan_side(plan, node, 0, "what_weights", err));
    }
    return is_labelling ? nlt__plan_output(plan,
               (nlt_output){"flows.csv", NLT_OUTPUT_CSV, "what_flows", NLT_ROW_KEY_COLUMN, 0}, err)
                        : NLT_OK;
}

static nlt_status what_plan(const nlt_params *params, nlt_plan *plan, nlt_error *err)
{
    nlt_what_settings settings;
    nlt_status status = nlt__what_settings_read(params, &settings, err);
    nlt__what_settings_clear(&settings);
    NLT_TRY(status);
    bool is_saved = nlt__params_bool(params, "USE_SAVED");
    bool is_labelling = nlt__params_bool(params, "SAVE_FLOWS");
    if (!is_saved) {
        NLT_TRY(plan_training(params, plan, err));
    }
    NLT_TRY(plan_classification(params, is_saved, is_labelling, plan, err));
    NLT_TRY(nlt__plan_sql(
        plan, "what_service_sums", is_labelling ? flow_statement : sum_statement, err));
    return nlt__plan_kernel(plan, "what", &nlt__what_report, params, "what_service_sums", err);
}

static const char *const read_columns[] = {
    "c_bytes", "c_ip", "name", "s_bytes", "time_end", "time_start"};

const nlt_algo nlt_algo_what = {
    .class_name = "algos.WHAT.WHAT",
    .alias = "what",
    .summary = "Bytes per web service, its support domains included",
    .input = &nlt_table_named_flows,
    .columns = read_columns,
    .n_columns = sizeof read_columns / sizeof read_columns[0],
    .params = parameters,
    .n_params = sizeof parameters / sizeof parameters[0],
    .output = "report.csv",
    .plan = what_plan,
};
