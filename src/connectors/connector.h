/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_CONNECTOR_H
#define NLT_CONNECTORS_CONNECTOR_H

/* What a connector is: one row of data and a function that turns one line into one row.
 *
 * A connector knows no file, no thread and no engine. The scan cuts files into lines and hands each
 * over; the connector puts values into the builder and says what became of the line. Every check
 * that can reject a line runs whatever columns are asked for; only their making is skipped. */

#include "table/builder.h"
#include "table/tables.h"

/* The closed list of reasons for which a line is rejected; names in connectors.c. */
typedef enum nlt_reject {
    NLT_REJECT_TOO_FEW_FIELDS = 0,
    NLT_REJECT_BAD_TIME,
    NLT_REJECT_BAD_NUMBER,
    NLT_REJECT_BAD_ADDRESS,
    NLT_REJECT_BAD_URL,
    NLT_REJECT_TRUNCATED_PACKET,
    NLT_REJECT_NOT_DNS,
    NLT_REJECT_OTHER,
    NLT_REJECT_COUNT
} nlt_reject_reason;

NLT_API const char *nlt__reject_name(nlt_reject_reason reason);

/* What became of a line. */
typedef enum nlt_row {
    NLT_ROW_USED,    /* one row was put */
    NLT_ROW_IGNORED, /* a comment, a header, another category: no loss */
    NLT_ROW_REJECTED
} nlt_row;

/* What a line function is given besides the line. */
typedef struct nlt_line_ctx {
    nlt_reject_reason reason; /* set by nlt_reject */
} nlt_line_ctx;

static inline nlt_row nlt_reject(nlt_line_ctx *ctx, nlt_reject_reason reason)
{
    ctx->reason = reason;
    return NLT_ROW_REJECTED;
}

typedef struct nlt_connector {
    const char *class_name; /* documented: "connectors.squid_to_HTTP.Squid_To_HTTP" */
    const char *alias;      /* "squid:HTTP" */
    const char *tool;       /* "Squid" */
    const nlt_table_desc *table;
    const char *const *layouts; /* folder layouts below the input path (io/layout.h) */
    int n_layouts;
    /* One line without its newline (a CR before it is cut) that is not empty. The bytes up to 64
     * behind its end may be read but have no meaning. */
    nlt_row (*line)(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out);
    const char *summary; /* one line for lists and help */
    const char *note;    /* what a user must know about days or times; "" if nothing */
} nlt_connector;

/* All connectors, in the order of connectors.def. */
NLT_API int nlt__connector_count(void);
NLT_API const nlt_connector *nlt__connector_at(int index);
/* By class name (exact) or alias (any case; "flows" = "NamedFlows", "bro" = "zeek").
 * NLT_ERR_ARG with a hint that names the nearest, or lists all. */
NLT_API nlt_status nlt__connector_find(const char *name, const nlt_connector **out,
    nlt_error *err) NLT_MUST_CHECK;

#endif
