/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Data Tables as data: what engines, writers, help and documentation know about columns. */

#include "table/tables.h"

#include "core/strings.h"

#define INT                                                                                        \
    {                                                                                              \
        NLT_TYPE_INT64, NLT_TYPE_INT64, 0                                                          \
    }
#define REAL                                                                                       \
    {                                                                                              \
        NLT_TYPE_DOUBLE, NLT_TYPE_DOUBLE, 0                                                        \
    }
#define TEXT                                                                                       \
    {                                                                                              \
        NLT_TYPE_STRING, NLT_TYPE_STRING, 0                                                        \
    }
#define INTS                                                                                       \
    {                                                                                              \
        NLT_TYPE_LIST, NLT_TYPE_INT64, 0                                                           \
    }
#define TEXTS                                                                                      \
    {                                                                                              \
        NLT_TYPE_LIST, NLT_TYPE_STRING, 0                                                          \
    }

static const nlt_column_desc dns_columns[NLT_DNS_COLUMN_COUNT] = {
    [NLT_DNS_ANSWER_TTLS] = {"answer_ttls", INTS, false, "s", "time to live of each answer"},
    [NLT_DNS_ANSWER_TYPES] = {"answer_types", TEXTS, false, "", "record type of each answer"},
    [NLT_DNS_ANSWERS] = {"answers", TEXTS, false, "", "addresses, names and texts of the answer"},
    [NLT_DNS_C_IP] = {"c_ip", TEXT, false, "", "client address"},
    [NLT_DNS_C_PORT] = {"c_port", INT, false, "", "client port"},
    [NLT_DNS_FLAGS_REQ] = {"flags_req", INT, false, "",
        "query flags: AA 32, TC 16, RD 8, RA 4, AD 2, CD 1"},
    [NLT_DNS_FLAGS_RESP] = {"flags_resp", INT, false, "", "response flags, same bits"},
    [NLT_DNS_QUERY] = {"query", TEXT, false, "", "name asked for, lower case, no trailing dot"},
    [NLT_DNS_REQ_CLASS] = {"req_class", TEXT, false, "", "class asked for (IN)"},
    [NLT_DNS_REQ_TIME] = {"req_time", REAL, false, "s", "time of the query, since 1970 UTC"},
    [NLT_DNS_REQ_TYPE] = {"req_type", TEXT, false, "", "record type asked for (A, AAAA, ...)"},
    [NLT_DNS_RESP_CODE] = {"resp_code", TEXT, false, "",
        "NOERROR, NXDOMAIN, ...; null: no response"},
    [NLT_DNS_RESP_TIME] = {"resp_time", REAL, false, "s", "time of the response, since 1970 UTC"},
    [NLT_DNS_S_IP] = {"s_ip", TEXT, false, "", "resolver address"},
    [NLT_DNS_S_PORT] = {"s_port", INT, false, "", "resolver port"},
    [NLT_DNS_TRANS_ID] = {"trans_id", TEXT, false, "", "transaction identifier"},
};

static const nlt_column_desc http_columns[NLT_HTTP_COLUMN_COUNT] = {
    [NLT_HTTP_C_IP] = {"c_ip", TEXT, false, "", "client address"},
    [NLT_HTTP_C_PORT] = {"c_port", INT, false, "", "client port"},
    [NLT_HTTP_CONTENT_RANGE] = {"content_range", TEXT, false, "", "Content-Range of the response"},
    [NLT_HTTP_CONTENT_TYPE] = {"content_type", TEXT, false, "", "media type of the response"},
    [NLT_HTTP_HOST] = {"host", TEXT, false, "", "host of the request, as logged"},
    [NLT_HTTP_METHOD] = {"method", TEXT, false, "", "request method (GET, CONNECT, ...)"},
    [NLT_HTTP_PATH] = {"path", TEXT, false, "", "path and query of the request, as logged"},
    [NLT_HTTP_REFERRER] = {"referrer", TEXT, false, "", "Referer of the request"},
    [NLT_HTTP_REQ_COOKIE] = {"req_cookie", TEXT, false, "", "Cookie of the request"},
    [NLT_HTTP_REQ_TIME] = {"req_time", REAL, false, "s", "time of the request, since 1970 UTC"},
    [NLT_HTTP_REQUEST_BODY_LEN] = {"request_body_len", INT, false, "bytes",
        "size of the request body"},
    [NLT_HTTP_RESP_TIME] = {"resp_time", REAL, false, "s", "time of the response, since 1970 UTC"},
    [NLT_HTTP_RESPONSE_BODY_LEN] = {"response_body_len", INT, false, "bytes",
        "size of the response body (Squid: of the reply with its headers)"},
    [NLT_HTTP_S_IP] = {"s_ip", TEXT, false, "", "server address (Squid: next hop)"},
    [NLT_HTTP_S_PORT] = {"s_port", INT, false, "", "server port"},
    [NLT_HTTP_SERVER] = {"server", TEXT, false, "", "Server of the response"},
    [NLT_HTTP_SET_COOKIE] = {"set_cookie", TEXT, false, "", "Set-Cookie of the response"},
    [NLT_HTTP_STATUS_CODE] = {"status_code", INT, false, "", "status of the response"},
    [NLT_HTTP_USER_AGENT] = {"user_agent", TEXT, false, "", "User-Agent of the request"},
};

static const nlt_column_desc flow_columns[NLT_FLOW_COLUMN_COUNT] = {
    [NLT_FLOW_C_BYTES] = {"c_bytes", INT, false, "bytes", "payload sent by the client"},
    [NLT_FLOW_C_IP] = {"c_ip", TEXT, true, "", "client address"},
    [NLT_FLOW_C_PKT] = {"c_pkt", INT, false, "packets", "packets sent by the client"},
    [NLT_FLOW_C_PORT] = {"c_port", INT, false, "", "client port"},
    [NLT_FLOW_NAME] = {"name", TEXT, false, "", "server name, lower case, no port"},
    [NLT_FLOW_S_BYTES] = {"s_bytes", INT, false, "bytes", "payload sent by the server"},
    [NLT_FLOW_S_IP] = {"s_ip", TEXT, false, "", "server address"},
    [NLT_FLOW_S_PKT] = {"s_pkt", INT, false, "packets", "packets sent by the server"},
    [NLT_FLOW_S_PORT] = {"s_port", INT, false, "", "server port"},
    [NLT_FLOW_TIME_END] = {"time_end", REAL, false, "s", "end of the flow, since 1970 UTC"},
    [NLT_FLOW_TIME_START] = {"time_start", REAL, true, "s", "start of the flow, since 1970 UTC"},
};

const nlt_table_desc nlt_table_dns = {
    "DNS", "one row per DNS transaction", dns_columns, NLT_DNS_COLUMN_COUNT, NLT_DNS_REQ_TIME};
const nlt_table_desc nlt_table_http = {
    "HTTP", "one row per HTTP request", http_columns, NLT_HTTP_COLUMN_COUNT, NLT_HTTP_REQ_TIME};
const nlt_table_desc nlt_table_named_flows = {"NamedFlows",
    "one row per flow, with its server's name", flow_columns, NLT_FLOW_COLUMN_COUNT,
    NLT_FLOW_TIME_START};

static const struct {
    const char *name;
    const nlt_table_desc *table;
} tables[] = {
    {"DNS", &nlt_table_dns}, {"HTTP", &nlt_table_http}, {"NamedFlows", &nlt_table_named_flows},
    {"flows", &nlt_table_named_flows}, /* a second name */
};

enum { TABLE_COUNT = 3 };

int nlt_table_desc_count(void)
{
    return TABLE_COUNT;
}

const nlt_table_desc *nlt_table_desc_at(int index)
{
    return index >= 0 && index < TABLE_COUNT ? tables[index].table : NULL;
}

const nlt_table_desc *nlt_table_desc_find(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (nlt__equal_ignore_case(name, tables[i].name)) {
            return tables[i].table;
        }
    }
    return NULL;
}

const char *nlt_dtype_name(nlt_dtype dtype)
{
    static const char *const scalars[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = "boolean",
        [NLT_TYPE_INT64] = "bigint",
        [NLT_TYPE_DOUBLE] = "double",
        [NLT_TYPE_STRING] = "string",
        [NLT_TYPE_DATE] = "date",
        [NLT_TYPE_TIMESTAMP] = "timestamp",
        [NLT_TYPE_LIST] = "array"};
    static const char *const lists[NLT_TYPE_COUNT] = {[NLT_TYPE_BOOL] = "array<boolean>",
        [NLT_TYPE_INT64] = "array<bigint>",
        [NLT_TYPE_DOUBLE] = "array<double>",
        [NLT_TYPE_STRING] = "array<string>",
        [NLT_TYPE_DATE] = "array<date>",
        [NLT_TYPE_TIMESTAMP] = "array<timestamp>",
        [NLT_TYPE_DECIMAL] = "array<decimal>",
        [NLT_TYPE_LIST] = "array<array>"};
    static const char *const decimals[39] = {"decimal(38,0)", "decimal(38,1)", "decimal(38,2)",
        "decimal(38,3)", "decimal(38,4)", "decimal(38,5)", "decimal(38,6)", "decimal(38,7)",
        "decimal(38,8)", "decimal(38,9)", "decimal(38,10)", "decimal(38,11)", "decimal(38,12)",
        "decimal(38,13)", "decimal(38,14)", "decimal(38,15)", "decimal(38,16)", "decimal(38,17)",
        "decimal(38,18)", "decimal(38,19)", "decimal(38,20)", "decimal(38,21)", "decimal(38,22)",
        "decimal(38,23)", "decimal(38,24)", "decimal(38,25)", "decimal(38,26)", "decimal(38,27)",
        "decimal(38,28)", "decimal(38,29)", "decimal(38,30)", "decimal(38,31)", "decimal(38,32)",
        "decimal(38,33)", "decimal(38,34)", "decimal(38,35)", "decimal(38,36)", "decimal(38,37)",
        "decimal(38,38)"};
    if (dtype.type == NLT_TYPE_LIST) {
        return lists[dtype.item];
    }
    return dtype.type == NLT_TYPE_DECIMAL ? decimals[dtype.scale > 38 ? 38 : dtype.scale]
                                          : scalars[dtype.type];
}
