/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads Squid logs of some days as the table NamedFlows and prints the busiest domains.
 *
 *   domain_traffic LOG_DIR START END        e.g. domain_traffic logs/squid 2017_03_01 2017_03_31
 *
 * The answer is taken twice to show both ways out of the library: as an Arrow stream, whose rows
 * are counted, and as CSV on standard output. */

#include <stdio.h>

#include "netlytics/netlytics.h"

static void print_warning(void *ctx, const char *message)
{
    (void)ctx;
    (void)fprintf(stderr, "warning: %s\n", message);
}

/* Any consumer of Arrow (pyarrow, polars, DuckDB, R) can take such a stream as it is. */
static nlt_status count_rows(nlt_table *table, int64_t *n_rows, nlt_error *err)
{
    struct ArrowArrayStream stream;
    NLT_TRY(nlt_table_arrow_stream(table, &stream, err));
    int failed = 0;
    *n_rows = 0;
    for (;;) {
        struct ArrowArray batch;
        failed = stream.get_next(&stream, &batch);
        if (failed != 0 || batch.release == NULL) {
            break;
        }
        *n_rows += batch.length;
        batch.release(&batch);
    }
    nlt_status status = NLT_OK;
    if (failed != 0) {
        const char *why = stream.get_last_error(&stream);
        status = nlt_fail(err, NLT_ERR_INTERNAL, "%s", why != NULL ? why : "the stream failed");
    }
    stream.release(&stream);
    return status;
}

static nlt_status print_traffic(
    nlt_session *session, const nlt_dataset_request *request, nlt_error *err)
{
    nlt_table *flows = NULL;
    nlt_table *traffic = NULL;
    int64_t n_rows = 0;
    nlt_status status = nlt_dataset(session, request, &flows, err);
    if (status == NLT_OK) {
        status = nlt_run(flows, "algos.domain_traffic.DomainTraffic", "{\"N\": 10}", &traffic, err);
    }
    if (status == NLT_OK) {
        status = count_rows(traffic, &n_rows, err);
    }
    if (status == NLT_OK) {
        (void)fprintf(stderr, "%lld domains in %d columns\n", (long long)n_rows,
            nlt_table_column_count(traffic));
        status = nlt_table_write(traffic, "csv", "-", NULL, err);
    }
    nlt_table_free(traffic);
    nlt_table_free(flows);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fprintf(stderr, "usage: %s LOG_DIR START END\n", argv[0]);
        return nlt_status_exit_code(NLT_ERR_ARG);
    }
    nlt_dataset_request request = NLT_DATASET_REQUEST_INIT;
    request.connector = "squid:flows";
    request.input_path = argv[1];
    request.start_day = argv[2];
    request.end_day = argv[3];

    nlt_session_options options = NLT_SESSION_OPTIONS_INIT;
    options.hooks.warning = print_warning;

    nlt_session *session = NULL;
    nlt_error err = NLT_ERROR_INIT;
    nlt_status status = nlt_session_open(&options, &session, &err);
    if (status == NLT_OK) {
        status = print_traffic(session, &request, &err);
    }
    nlt_session_close(session);
    if (status != NLT_OK) {
        (void)fprintf(
            stderr, "error: %s\n%s%s", err.message, err.hint, err.hint[0] != '\0' ? "\n" : "");
    }
    return nlt_status_exit_code(status);
}
