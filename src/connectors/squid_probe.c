/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of access.log it is. The line function has told which lines are good; here those are
 * told apart by their date and by what stands behind it. */

#include <string.h>

#include "connectors/fields.h"
#include "connectors/probe.h"

enum { DATE_FIELD = 3, FIELDS_MAX = 64, SURE = 95, APACHE = 60 };

typedef enum squid_form { FORM_NATIVE, FORM_COMMON, FORM_COMBINED, FORM_COUNT } squid_form;

static const char *const form_names[FORM_COUNT] = {"native", "common", "combined"};

/* Native fields by their places; those of the others are found by their quotes and brackets. */
static const char *const native_fields[] = {
    "time", "elapsed", "client", "code", "bytes", "method", "URL", "user", "hierarchy", "type"};

/* What feeds the columns of the two tables; -1: no such column. NULL: the format does not tell it. */
static const struct {
    int http, flow;
    const char *native, *other;
} feeds[] = {
    {NLT_HTTP_C_IP, NLT_FLOW_C_IP, "{client}", "{client}"},
    {NLT_HTTP_CONTENT_TYPE, -1, "{type}", NULL},
    {NLT_HTTP_HOST, -1, "host of {URL}", "host of {request}"},
    {NLT_HTTP_METHOD, -1, "{method}", "method of {request}"},
    {NLT_HTTP_PATH, -1, "path of {URL}", "path of {request}"},
    {NLT_HTTP_REFERRER, -1, NULL, "{referrer}"},
    {NLT_HTTP_REQ_TIME, NLT_FLOW_TIME_START, "{time} - {elapsed}", "{date}"},
    {NLT_HTTP_RESP_TIME, NLT_FLOW_TIME_END, "{time}", "{date}"},
    {NLT_HTTP_RESPONSE_BODY_LEN, NLT_FLOW_S_BYTES, "{bytes}", "{size}"},
    {NLT_HTTP_S_IP, NLT_FLOW_S_IP, "peer of {hierarchy}", NULL},
    {NLT_HTTP_S_PORT, NLT_FLOW_S_PORT, "port of {URL}", "port of {request}"},
    {NLT_HTTP_STATUS_CODE, -1, "status of {code}", "{status}"},
    {NLT_HTTP_USER_AGENT, -1, NULL, "{agent}"},
    {-1, NLT_FLOW_NAME, "host of {URL}, else peer of {hierarchy}", "host of {request}"},
};

static bool native_place(const void *ctx, nlt_bytes *name, int *place)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof native_fields / sizeof native_fields[0]; i++) {
        if (strlen(native_fields[i]) == name->len
            && memcmp(native_fields[i], name->ptr, name->len) == 0) {
            *place = (int)i + 1;
        }
    }
    return true;
}

/* "TCP_MISS:HIER_DIRECT" at the end of a line: Squid's own, which Apache's logs do not have. */
static bool is_result(nlt_bytes word)
{
    bool has_colon = false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        has_colon |= c == ':';
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= ':') || c == '_')) {
            return false;
        }
    }
    return has_colon;
}

static squid_form form_of(nlt_bytes line, bool *has_result)
{
    static const nlt_marking blanks = {NLT_MARKING_BLANKS, {' ', '\t'}};
    nlt_fields fields;
    nlt_bytes word = {line.ptr, 0};
    bool has_date = false;
    int n_quotes = 0;
    nlt__fields_init(&fields, line, &(nlt_cuts){.at = NULL}, &blanks);
    for (int i = 0; nlt__fields_next(&fields, &word); i++) {
        has_date |= i == DATE_FIELD && word.ptr[0] == '[';
        n_quotes += word.ptr[0] == '"';
    }
    *has_result = has_date && is_result(word);
    return !has_date ? FORM_NATIVE : n_quotes > 1 ? FORM_COMBINED : FORM_COMMON;
}

static void say_form(
    nlt_finding *finding, const int64_t counts[FORM_COUNT], squid_form main, bool is_squid)
{
    nlt__finding_say(
        finding, is_squid ? "Squid access.log, %s" : "web server log, %s", form_names[main]);
    for (int i = 0; i < FORM_COUNT; i++) {
        if (i != (int)main && counts[i] > 0) {
            nlt__finding_say(finding, ", with %lld %s lines", (long long)counts[i], form_names[i]);
        }
    }
}

int squid_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)
{
    (void)state;
    int64_t counts[FORM_COUNT] = {0};
    int64_t n_results = 0;
    size_t at = 0;
    nlt_bytes line;
    while (nlt__sample_line(sample, &at, &line)) {
        bool has_result = false;
        if (line.len > 0 && line.ptr[0] != '#') {
            counts[form_of(line, &has_result)]++;
            n_results += has_result;
        }
    }
    if (finding->used == 0) {
        return 0;
    }
    squid_form main = FORM_NATIVE;
    for (int i = 1; i < FORM_COUNT; i++) {
        main = counts[i] > counts[main] ? (squid_form)i : main;
    }
    bool is_native = main == FORM_NATIVE;
    bool is_squid = is_native || n_results > 0;
    bool is_flow = finding->connector->table == &nlt_table_named_flows;
    say_form(finding, counts, main, is_squid);
    for (size_t i = 0; i < sizeof feeds / sizeof feeds[0]; i++) {
        int column = is_flow ? feeds[i].flow : feeds[i].http;
        const char *source = is_native ? feeds[i].native : feeds[i].other;
        if (column >= 0 && source != NULL && (main != FORM_COMMON || feeds[i].native != NULL)) {
            nlt__finding_feed(
                finding, (nlt_feed){column, source}, is_native ? native_place : NULL, NULL);
        }
    }
    return is_squid ? SURE : APACHE;
}
