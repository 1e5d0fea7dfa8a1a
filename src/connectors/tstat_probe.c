/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of Tstat's logs it is, and with which columns: told by the header line, which the line
 * function has taken. Source: Tstat's LOG manual. */

#include <string.h>

#include "connectors/tstat_probe.h"

enum { SURE = 98, DNS_OLD_COLUMNS = 13 };

/* Optional sets of columns: bits of the tag in front of log_tcp_complete's names. */
static const struct {
    int bit;
    const char *name;
} column_sets[] = {{1, "end-to-end"}, {4, "P2P"}, {8, "options"}, {2, "layer 7"}, {16, "advanced"}};

static const nlt_feed dns_feeds[] = {
    {NLT_DNS_ANSWER_TTLS, "{ttl} of RESP lines"},
    {NLT_DNS_ANSWER_TYPES, "{type} of RESP lines"},
    {NLT_DNS_ANSWERS, "{answer} of RESP lines"},
    {NLT_DNS_C_IP, "{c_ip}"},
    {NLT_DNS_C_PORT, "{c_port}"},
    {NLT_DNS_FLAGS_REQ, "{flags} of the REQ line"},
    {NLT_DNS_FLAGS_RESP, "{flags} of the first response"},
    {NLT_DNS_QUERY, "{query}"},
    {NLT_DNS_REQ_CLASS, "{class}"},
    {NLT_DNS_REQ_TIME, "{time} of the REQ line"},
    {NLT_DNS_REQ_TYPE, "{type}"},
    {NLT_DNS_RESP_CODE, "{entry}; {answer} of RESP_ERR"},
    {NLT_DNS_RESP_TIME, "{time} of the first response"},
    {NLT_DNS_S_IP, "{s_ip}"},
    {NLT_DNS_S_PORT, "{s_port}"},
    {NLT_DNS_TRANS_ID, "{trans_id}"},
};

static const nlt_feed flow_feeds[] = {
    {NLT_FLOW_C_BYTES, "{c_bytes_all}"},
    {NLT_FLOW_C_IP, "{c_ip}"},
    {NLT_FLOW_C_PKT, "{c_pkts_all}"},
    {NLT_FLOW_C_PORT, "{c_port}"},
    {NLT_FLOW_NAME, "first of {http_hostname}, {c_tls_SNI}, {fqdn}, {s_ip}"},
    {NLT_FLOW_S_BYTES, "{s_bytes_all}"},
    {NLT_FLOW_S_IP, "{s_ip}"},
    {NLT_FLOW_S_PKT, "{s_pkts_all}"},
    {NLT_FLOW_S_PORT, "{s_port}"},
    {NLT_FLOW_TIME_END, "{last}"},
    {NLT_FLOW_TIME_START, "{first}"},
};

static const nlt_feed request_feeds[] = {
    {NLT_HTTP_C_IP, "{c_ip}"},
    {NLT_HTTP_C_PORT, "{c_port}"},
    {NLT_HTTP_HOST, "{hostname}"},
    {NLT_HTTP_METHOD, "{method}"},
    {NLT_HTTP_PATH, "{path}"},
    {NLT_HTTP_REFERRER, "{referer}"},
    {NLT_HTTP_REQ_COOKIE, "{cookie}"},
    {NLT_HTTP_REQ_TIME, "{time_abs}"},
    {NLT_HTTP_S_IP, "{s_ip}"},
    {NLT_HTTP_S_PORT, "{s_port}"},
    {NLT_HTTP_USER_AGENT, "{user_agent}"},
};

static const nlt_feed response_feeds[] = {
    {NLT_HTTP_CONTENT_RANGE, "{range} of the response"},
    {NLT_HTTP_CONTENT_TYPE, "{content_type} of the response"},
    {NLT_HTTP_RESP_TIME, "{time_abs} of the response"},
    {NLT_HTTP_RESPONSE_BODY_LEN, "{content_len} of the response"},
    {NLT_HTTP_SERVER, "{server} of the response"},
    {NLT_HTTP_SET_COOKIE, "{set_cookie} of the response"},
    {NLT_HTTP_STATUS_CODE, "{response} of the response"},
};

#define COUNT(feeds) ((int)(sizeof(feeds) / sizeof(feeds)[0]))

/* ---- where fields are ---- */

typedef struct tstat_map {
    const tstat_log *log;
    const nlt_columns *columns;
} tstat_map;

static bool find_place(const void *ctx, nlt_bytes *name, int *place)
{
    const tstat_map *map = ctx;
    for (int i = 0; i < map->columns->n_needs; i++) {
        if (tstat_is(*name, map->log->fields[map->columns->needs[i].field])) {
            *place = map->columns->needs[i].column + 1;
            return true;
        }
    }
    return false;
}

/* ---- the logs ---- */

int tstat_probe_dns(const tstat_log *log, const nlt_columns *columns, nlt_finding *finding)
{
    if (!columns->is_known) {
        return 0;
    }
    nlt__finding_say(finding, "Tstat log_dns_complete %s, %d columns",
        columns->n == DNS_OLD_COLUMNS ? "older than 3.2" : "of 3.2 or later", columns->n);
    nlt__finding_feeds(
        finding, dns_feeds, COUNT(dns_feeds), find_place, &(tstat_map){log, columns});
    return SURE;
}

/* The sets that the tag of the last header line names: "#15#c_ip:1 ...". */
static void say_sets(nlt_finding *finding, const nlt_sample *sample)
{
    int sets = 0;
    size_t at = 0;
    nlt_bytes line;
    while (nlt__sample_line(sample, &at, &line)) {
        nlt_bytes tag = {line.ptr, 0};
        if (line.len > 0 && line.ptr[0] == '#') {
            (void)tstat_header_names(line, &tag);
        }
        for (size_t i = 0; i < tag.len; i++) {
            bool is_digit = tag.ptr[i] >= '0' && tag.ptr[i] <= '9' && i < 2;
            sets = !is_digit ? 0 : (i == 0 ? 0 : sets * 10) + (tag.ptr[i] - '0');
        }
    }
    for (size_t i = 0; i < sizeof column_sets / sizeof column_sets[0]; i++) {
        if ((sets & column_sets[i].bit) != 0) {
            nlt__finding_say(finding, ", %s", column_sets[i].name);
        }
    }
}

int tstat_probe_flows(const tstat_log *log, const nlt_columns *columns, const nlt_sample *sample,
    nlt_finding *finding)
{
    static const char aborted[] = "log_tcp_nocomplete";
    if (!columns->is_known) {
        return 0;
    }
    bool is_aborted =
        sample->name != NULL && strncmp(sample->name, aborted, sizeof aborted - 1) == 0;
    nlt__finding_say(
        finding, "Tstat %s, %d columns", is_aborted ? aborted : "log_tcp_complete", columns->n);
    if (!is_aborted) { /* those have the core set alone, whatever the tag says */
        say_sets(finding, sample);
    }
    nlt__finding_feeds(
        finding, flow_feeds, COUNT(flow_feeds), find_place, &(tstat_map){log, columns});
    return SURE;
}

int tstat_probe_http(
    const tstat_log *const logs[2], const nlt_columns *const columns[2], nlt_finding *finding)
{
    if (!columns[0]->is_known && !columns[1]->is_known) {
        return 0;
    }
    nlt__finding_say(finding, "Tstat log_http_complete, %d columns of requests, %d of responses",
        columns[0]->n, columns[1]->n);
    nlt__finding_feeds(finding, request_feeds, COUNT(request_feeds), find_place,
        &(tstat_map){logs[0], columns[0]});
    nlt__finding_feeds(finding, response_feeds, COUNT(response_feeds), find_place,
        &(tstat_map){logs[1], columns[1]});
    return SURE;
}
