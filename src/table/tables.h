/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_TABLE_TABLES_H
#define NLT_TABLE_TABLES_H

/* The three Data Tables: column positions (= output order, alphabetical) and descriptions. */

#include "netlytics/table.h"

enum {
    NLT_DNS_ANSWER_TTLS,
    NLT_DNS_ANSWER_TYPES,
    NLT_DNS_ANSWERS,
    NLT_DNS_C_IP,
    NLT_DNS_C_PORT,
    NLT_DNS_FLAGS_REQ,
    NLT_DNS_FLAGS_RESP,
    NLT_DNS_QUERY,
    NLT_DNS_REQ_CLASS,
    NLT_DNS_REQ_TIME,
    NLT_DNS_REQ_TYPE,
    NLT_DNS_RESP_CODE,
    NLT_DNS_RESP_TIME,
    NLT_DNS_S_IP,
    NLT_DNS_S_PORT,
    NLT_DNS_TRANS_ID,
    NLT_DNS_COLUMN_COUNT
};

enum {
    NLT_HTTP_C_IP,
    NLT_HTTP_C_PORT,
    NLT_HTTP_CONTENT_RANGE,
    NLT_HTTP_CONTENT_TYPE,
    NLT_HTTP_HOST,
    NLT_HTTP_METHOD,
    NLT_HTTP_PATH,
    NLT_HTTP_REFERRER,
    NLT_HTTP_REQ_COOKIE,
    NLT_HTTP_REQ_TIME,
    NLT_HTTP_REQUEST_BODY_LEN,
    NLT_HTTP_RESP_TIME,
    NLT_HTTP_RESPONSE_BODY_LEN,
    NLT_HTTP_S_IP,
    NLT_HTTP_S_PORT,
    NLT_HTTP_SERVER,
    NLT_HTTP_SET_COOKIE,
    NLT_HTTP_STATUS_CODE,
    NLT_HTTP_USER_AGENT,
    NLT_HTTP_COLUMN_COUNT
};

enum {
    NLT_FLOW_C_BYTES,
    NLT_FLOW_C_IP,
    NLT_FLOW_C_PKT,
    NLT_FLOW_C_PORT,
    NLT_FLOW_NAME,
    NLT_FLOW_S_BYTES,
    NLT_FLOW_S_IP,
    NLT_FLOW_S_PKT,
    NLT_FLOW_S_PORT,
    NLT_FLOW_TIME_END,
    NLT_FLOW_TIME_START,
    NLT_FLOW_COLUMN_COUNT
};

extern NLT_API const nlt_table_desc nlt_table_dns;
extern NLT_API const nlt_table_desc nlt_table_http;
extern NLT_API const nlt_table_desc nlt_table_named_flows;

#endif
