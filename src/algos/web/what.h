/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ALGOS_WEB_WHAT_H
#define NLT_ALGOS_WEB_WHAT_H

/* What the kernels of WHAT share: parameters, names seen, and the kernels for the plan. */

#include "core/buf.h"
#include "core/text_ids.h"
#include "plan/plan.h"

#define NLT_WHAT_UNKNOWN "UNKNOWN" /* the service of flows that no visit explains */
#define NLT_WHAT_STATE "bags.json"

enum { NLT_WHAT_STATE_VERSION = 1 };

/* ---- parameters ---- */

/* Host names by number in the order of their bytes; services likewise. */
typedef struct nlt_what_settings {
    nlt_text_ids cores;
    int32_t *service_of; /* by core; owned */
    nlt_text_ids services;
    double window, gap, extend; /* OW, GAP, EW: seconds */
    double min_freq;
    bool counts_flows; /* BAG_COUNT */
    bool is_future;    /* TRIGGER */
    bool is_saved;     /* USE_SAVED */
    int64_t n_top;
} nlt_what_settings;

/* NLT_ERR_ARG: CORES. Clear it whatever is returned. */
nlt_status nlt__what_settings_read(
    const nlt_params *params, nlt_what_settings *out, nlt_error *err) NLT_MUST_CHECK;
void nlt__what_settings_clear(nlt_what_settings *settings);
/* Name of a service; NLT_WHAT_UNKNOWN for one past the last. */
nlt_bytes nlt__what_service(const nlt_what_settings *settings, int32_t service);

/* ---- names that an instance has seen ---- */

enum { NLT_WHAT_UNNAMED = -2, NLT_WHAT_NOT_YET = -1 };

typedef struct nlt_what_seen {
    int32_t core;   /* -1: none */
    int32_t normal; /* number of N(name) or one of the above */
} nlt_what_seen;

typedef struct nlt_what_names {
    const nlt_what_settings *settings; /* borrowed */
    nlt_text_ids raw;                  /* as they stand in the flows */
    nlt_what_seen *seen;               /* by raw name; owned */
    uint32_t cap;
    nlt_text_ids normal; /* N(name) */
    char *text;          /* room for one name; owned */
    size_t text_cap;
} nlt_what_names;

/* Number of a raw name; NLT_TEXT_ID_NONE: no memory. */
uint32_t nlt__what_name_put(nlt_what_names *names, nlt_bytes name);
/* Number of N(name), at once or later: NLT_WHAT_UNNAMED; NLT_WHAT_NOT_YET: no memory. */
int32_t nlt__what_name_normal(nlt_what_names *names, uint32_t raw);
/* True if so many names are kept that they are better forgotten. */
bool nlt__what_names_are_many(const nlt_what_names *names);
void nlt__what_names_clear(nlt_what_names *names);

/* The client whose rows come. */
typedef struct nlt_what_client {
    nlt_buf text;
    bool is_known, is_null;
} nlt_what_client;

#define NLT_WHAT_CLIENT_INIT                                                                       \
    {                                                                                              \
        NLT_BUF_INIT(SIZE_MAX / 4), false, false                                                   \
    }

/* *is_new: it is another than before. */
nlt_status nlt__what_client_take(nlt_what_client *client, const nlt_batch *rows, int column,
    int64_t row, bool *is_new, nlt_error *err) NLT_MUST_CHECK;

/* ---- a column of texts or numbers ---- */

static inline nlt_bytes nlt__what_text(const nlt_batch *rows, int column, int64_t row)
{
    const nlt_vec *vec = &rows->cols[column];
    return nlt__valid(vec->valid, row) ? nlt__str_bytes((const nlt_str *)vec->data + row)
                                       : (nlt_bytes){NULL, 0};
}

static inline int64_t nlt__what_i64(const nlt_batch *rows, int column, int64_t row)
{
    const nlt_vec *vec = &rows->cols[column];
    return nlt__valid(vec->valid, row) ? ((const int64_t *)vec->data)[row] : 0;
}

static inline double nlt__what_real(const nlt_batch *rows, int column, int64_t row, double null)
{
    const nlt_vec *vec = &rows->cols[column];
    return nlt__valid(vec->valid, row) ? ((const double *)vec->data)[row] : null;
}

/* Rows on their way out of a kernel: texts are borrowed until they are emitted. */
typedef struct nlt_what_out {
    nlt_batch *batch; /* owned; NULL until the first row */
    const nlt_column_desc *columns;
    int n_columns;
} nlt_what_out;

/* The number of a new row, all NULL; emits those before it if the batch is full. */
nlt_status nlt__what_out_row(
    nlt_what_out *out, nlt_emit *emit, int64_t *row, nlt_error *err) NLT_MUST_CHECK;
nlt_status nlt__what_out_flush(nlt_what_out *out, nlt_emit *emit, nlt_error *err) NLT_MUST_CHECK;
void nlt__what_out_clear(nlt_what_out *out);
void nlt__what_put_text(nlt_what_out *out, int column, int64_t row, nlt_bytes text);
void nlt__what_put_i64(nlt_what_out *out, int column, int64_t row, int64_t value);
void nlt__what_put_real(nlt_what_out *out, int column, int64_t row, double value);

/* ---- the kernels ---- */

/* core, domain (NULL: of the core itself), n: windows with the domain; windows at all. */
extern const nlt_kernel nlt__what_train;
/* core, domain (NULL: of the core itself), windows, freq, weight. */
extern const nlt_kernel nlt__what_weights;
/* number, line: the text of bags.json. */
extern const nlt_kernel nlt__what_bags;
/* service, c_bytes, s_bytes: sums over some clients; from bags of this run, and saved ones. */
extern const nlt_kernel nlt__what_classify;
extern const nlt_kernel nlt__what_classify_saved;
/* Every flow with its service. */
extern const nlt_kernel nlt__what_label;
extern const nlt_kernel nlt__what_label_saved;
extern const nlt_kernel nlt__what_report;

/* Keys and order of all kernels over flows: equal ones share the sorted rows. */
extern const char *const nlt__what_keys[1];
extern const char *const nlt__what_order[2];

/* The columns of what nlt__what_weights emits. */
enum {
    NLT_WHAT_BAG_CORE,
    NLT_WHAT_BAG_DOMAIN,
    NLT_WHAT_BAG_WINDOWS,
    NLT_WHAT_BAG_FREQ,
    NLT_WHAT_BAG_WEIGHT,
    NLT_WHAT_BAG_COUNT
};
extern const nlt_column_desc nlt__what_bag_columns[NLT_WHAT_BAG_COUNT];

#endif
