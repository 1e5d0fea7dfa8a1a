/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "connectors/zeek_probe.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 64,
    HEADER_BASE = 60, /* a score is this plus the share of the fields of its own that are there */
    JSON_BASE = 55,
    SHARE = 40,
    NO_HEADER = 75
};

#define FEEDS(array) .feeds = array, .n_feeds = (int)(sizeof(array) / sizeof(array)[0])

/* ---- the logs ---- */

static const nlt_feed dns_feeds[] = {
    {NLT_DNS_ANSWER_TTLS, "{TTLs}"},
    {NLT_DNS_ANSWER_TYPES, "from {qtype_name} and {answers}"},
    {NLT_DNS_ANSWERS, "{answers}"},
    {NLT_DNS_C_IP, "{id.orig_h}"},
    {NLT_DNS_C_PORT, "{id.orig_p}"},
    {NLT_DNS_FLAGS_REQ, "{RD}"},
    {NLT_DNS_FLAGS_RESP, "{AA}, {TC}, {RD}, {RA}"},
    {NLT_DNS_QUERY, "{query}"},
    {NLT_DNS_REQ_CLASS, "{qclass_name}"},
    {NLT_DNS_REQ_TIME, "{ts}"},
    {NLT_DNS_REQ_TYPE, "{qtype_name}"},
    {NLT_DNS_RESP_CODE, "{rcode_name}"},
    {NLT_DNS_RESP_TIME, "{ts} + {rtt}"},
    {NLT_DNS_S_IP, "{id.resp_h}"},
    {NLT_DNS_S_PORT, "{id.resp_p}"},
    {NLT_DNS_TRANS_ID, "{trans_id}"},
};

const zeek_shape zeek_dns_shape = {
    .name = "dns.log",
    .no_header = "2.5 - 8.0",
    .keys = {"query", "qtype_name", "rcode_name", "AA", "answers", "TTLs"},
    .ages = {{"opcode", "8.1 or later"}, {"rtt", "2.5 - 8.0"}, {"rejected", "2.2 - 2.4"},
        {"QR", "2.0"}, {"auth", "2.1"}},
    FEEDS(dns_feeds),
};

static const nlt_feed http_feeds[] = {
    {NLT_HTTP_C_IP, "{id.orig_h}"},
    {NLT_HTTP_C_PORT, "{id.orig_p}"},
    {NLT_HTTP_CONTENT_TYPE, "{resp_mime_types}"},
    {NLT_HTTP_HOST, "{host}"},
    {NLT_HTTP_METHOD, "{method}"},
    {NLT_HTTP_PATH, "{uri}"},
    {NLT_HTTP_REFERRER, "{referrer}"},
    {NLT_HTTP_REQ_TIME, "{ts}"},
    {NLT_HTTP_REQUEST_BODY_LEN, "{request_body_len}"},
    {NLT_HTTP_RESP_TIME, "{ts}"},
    {NLT_HTTP_RESPONSE_BODY_LEN, "{response_body_len}"},
    {NLT_HTTP_S_IP, "{id.resp_h}"},
    {NLT_HTTP_S_PORT, "{id.resp_p}"},
    {NLT_HTTP_STATUS_CODE, "{status_code}"},
    {NLT_HTTP_USER_AGENT, "{user_agent}"},
};

const zeek_shape zeek_http_shape = {
    .name = "http.log",
    .no_header = "2.5 - 2.6",
    .keys = {"method", "host", "uri", "user_agent", "request_body_len", "response_body_len"},
    .ages = {{"origin", "3.0 or later"}, {"version", "2.5 - 2.6"}, {"resp_fuids", "2.2 - 2.4"},
        {"filename", "2.0 - 2.1"}},
    FEEDS(http_feeds),
};

static const nlt_feed conn_feeds[] = {
    {NLT_FLOW_C_BYTES, "{orig_bytes}"},
    {NLT_FLOW_C_IP, "{id.orig_h}"},
    {NLT_FLOW_C_PKT, "{orig_pkts}"},
    {NLT_FLOW_C_PORT, "{id.orig_p}"},
    {NLT_FLOW_NAME, "host of http.log or server_name of ssl.log by {uid}; {id.resp_h}"},
    {NLT_FLOW_S_BYTES, "{resp_bytes}"},
    {NLT_FLOW_S_IP, "{id.resp_h}"},
    {NLT_FLOW_S_PKT, "{resp_pkts}"},
    {NLT_FLOW_S_PORT, "{id.resp_p}"},
    {NLT_FLOW_TIME_END, "{ts} + {duration}"},
    {NLT_FLOW_TIME_START, "{ts}"},
};

const zeek_shape zeek_conn_shape = {
    .name = "conn.log",
    .no_header = "2.4 - 7.0",
    .keys = {"duration", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts"},
    .ages = {{"ip_proto", "7.1 or later"}, {"local_resp", "2.4 - 7.0"},
        {"tunnel_parents", "2.1 - 2.3"}, {"orig_pkts", "2.0"}},
    FEEDS(conn_feeds),
};

/* Only names of flows are taken from it. */
static const nlt_feed ssl_feeds[] = {{NLT_FLOW_NAME, "{server_name} by {uid}"}};

const zeek_shape zeek_ssl_shape = {
    .name = "ssl.log",
    .no_header = "",
    .keys = {"server_name", "cipher", "established"},
    .ages = {{"ssl_history", "4.1 or later"}, {"next_protocol", "2.4 - 4.0"}, {"curve", "2.3"},
        {"server_name", "2.1 - 2.2"}},
    FEEDS(ssl_feeds),
};

/* ---- which fields are there ---- */

/* A name is there if `fields` has it between separators, or JSON between quotes. */
typedef struct zeek_fields {
    const zeek_log *log;
    const zeek_state *state;
    nlt_bytes fields; /* of the last header line; len = 0: none */
    nlt_bytes text;   /* the sample */
    uint64_t present; /* JSON: bit i: field i of the log was seen */
    bool is_json;
} zeek_fields;

static bool is_json_line(nlt_bytes line)
{
    size_t blank = 0;
    while (blank < line.len && (line.ptr[blank] == ' ' || line.ptr[blank] == '\t')) {
        blank++;
    }
    return blank < line.len && line.ptr[blank] == '{';
}

static void look_at_lines(zeek_fields *fields, const nlt_sample *sample)
{
    static const char header[] = "#fields";
    size_t at = 0;
    nlt_bytes line;
    while (nlt__sample_line(sample, &at, &line)) {
        if (line.len > sizeof header && memcmp(line.ptr, header, sizeof header - 1) == 0) {
            fields->fields = (nlt_bytes){line.ptr + sizeof header, line.len - sizeof header};
        }
        zeek_value values[ZEEK_FIELDS_MAX] = {0};
        if (is_json_line(line) && zeek_json_split(fields->log, line, values)) {
            fields->is_json = true;
            for (int i = 0; i < fields->log->n_fields; i++) {
                fields->present |= (uint64_t)(values[i].kind != ZEEK_ABSENT) << i;
            }
        }
    }
}

/* Column `index` of the header line. */
static nlt_bytes name_at(const zeek_fields *fields, int index)
{
    const nlt_separator *separator = &fields->state->separator;
    nlt_bytes rest = fields->fields;
    for (;;) {
        const char *end =
            rest.len == 0 ? NULL : memmem(rest.ptr, rest.len, separator->bytes, separator->len);
        nlt_bytes name = {rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
        if (index-- == 0 || end == NULL) {
            return index < 0 ? name : (nlt_bytes){rest.ptr, 0};
        }
        rest.ptr += name.len + separator->len;
        rest.len -= name.len + separator->len;
    }
}

/* Any field by its name, also such that no table needs. */
static bool has_field(const zeek_fields *fields, const char *name)
{
    size_t len = strlen(name);
    if (fields->is_json) {
        char key[NAME_MAX_BYTES];
        int n = snprintf(key, sizeof key, "\"%s\"", name);
        return fields->text.len > 0
            && memmem(fields->text.ptr, fields->text.len, key, (size_t)n) != NULL;
    }
    nlt_bytes found = {NULL, 0};
    for (int i = 0; (found = name_at(fields, i)).len > 0; i++) {
        if (found.len == len && memcmp(found.ptr, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_place(const void *ctx, nlt_bytes *name, int *place)
{
    const zeek_fields *fields = ctx;
    const nlt_columns *columns = &fields->state->columns;
    int field = zeek_field_of(fields->log, *name);
    if (fields->is_json) {
        return field >= 0 && (fields->present >> field & 1) != 0;
    }
    for (int i = 0; i < columns->n_needs; i++) {
        if (columns->needs[i].field == field) {
            nlt_bytes own = name_at(fields, columns->needs[i].column);
            *name = own.len > 0 ? own : *name;
            *place = columns->needs[i].column + 1;
            return true;
        }
    }
    return false;
}

/* ---- the verdict ---- */

/* How many of the shape's own fields there are, and how many of them this file has. */
static int count_keys(const zeek_shape *shape, const zeek_fields *fields, int *n_there)
{
    int n = 0;
    *n_there = 0;
    for (; n < ZEEK_KEYS_MAX && shape->keys[n] != NULL; n++) {
        nlt_bytes key = {shape->keys[n], strlen(shape->keys[n])};
        int place = 0;
        bool is_used = zeek_field_of(fields->log, key) >= 0;
        *n_there += is_used ? find_place(fields, &key, &place) : has_field(fields, shape->keys[n]);
    }
    return n;
}

static void say_age(nlt_finding *finding, const zeek_shape *shape, const zeek_fields *fields)
{
    const zeek_age *age = shape->ages;
    while (age->field != NULL && !has_field(fields, age->field)) {
        age++;
    }
    /* In JSON a field may only be unset: what is missing proves nothing. */
    if (age->field != NULL && (!fields->is_json || age == shape->ages)) {
        nlt__finding_say(finding, " of %s", age->versions);
    }
}

int zeek_probe(const zeek_log *log, const zeek_shape *shape, const nlt_sample *sample,
    const zeek_state *state, nlt_finding *finding)
{
    zeek_fields fields = {.log = log, .state = state, .text = sample->head};
    look_at_lines(&fields, sample);
    bool has_header = fields.fields.len > 0;
    if (!has_header && !fields.is_json && !state->columns.is_known) {
        return 0;
    }
    int n_there = 0;
    int n_keys = count_keys(shape, &fields, &n_there);
    if (2 * n_there < n_keys) {
        return 0;
    }
    nlt__finding_say(finding, "Zeek %s, %s", fields.is_json ? "JSON" : "TSV", shape->name);
    if (has_header || fields.is_json) {
        say_age(finding, shape, &fields);
    } else {
        nlt__finding_say(finding, " without header, as of %s", shape->no_header);
    }
    nlt__finding_feeds(finding, shape->feeds, shape->n_feeds, find_place, &fields);
    int base = fields.is_json ? JSON_BASE : HEADER_BASE;
    return !has_header && !fields.is_json ? NO_HEADER : base + SHARE * n_there / n_keys;
}
