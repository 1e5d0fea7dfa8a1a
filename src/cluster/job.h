/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_JOB_H
#define NLT_CLUSTER_JOB_H

/* The inside of a job. */

#include "algos/algo.h"
#include "core/strings.h"
#include "netlytics/cluster.h"
#include "scan/scan.h"

enum { JOB_SCANS_MAX = 64 };

struct nlt_job {
    nlt_scan *scans[JOB_SCANS_MAX];     /* owned */
    char *timezones[JOB_SCANS_MAX];     /* of their requests; owned */
    bool has_own_splits[JOB_SCANS_MAX]; /* who asks has said how long they are */
    int n_scans;
    bool is_cut;     /* the splits are final */
    bool keeps_rows; /* scans are not combined */
    nlt_plan plan;
    struct {
        nlt_column_desc *columns; /* owned by the plan */
        int n_columns;            /* 0: rows are not combined */
    } combined[JOB_SCANS_MAX];    /* what tasks give of scans (sql/combine.h) */
    const nlt_algo *algo;         /* NULL: none */
    nlt_params *params;           /* its own; owned */
    nlt_strings warnings;
};

#endif
