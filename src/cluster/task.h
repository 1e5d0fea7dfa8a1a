/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CLUSTER_TASK_H
#define NLT_CLUSTER_TASK_H

/* The inside of tasks: what all kinds share. */

#include <jansson.h>

#include "core/arena.h"
#include "netlytics/cluster.h"
#include "table/arrow_gather.h"

typedef struct nlt_task_kind {
    /* Adds rows to task->gather, or sets is_done. */
    nlt_status (*step)(nlt_task *task, nlt_error *err);
    /* What became of them; after the end. */
    nlt_status (*report)(nlt_task *task, json_t **out, nlt_error *err);
    void (*close)(void *state);
} nlt_task_kind;

struct nlt_task {
    const nlt_task_kind *kind;
    void *state; /* the kind's; owned */
    nlt_arena arena;
    const nlt_column_desc *columns; /* of its rows; owned by the arena */
    int n_columns;
    int bytes_column;         /* a text that is any bytes; -1: none */
    nlt_arrow_gather *gather; /* owned */
    bool is_done;
    bool has_failed;
    nlt_error error;
};

/* A task whose rows have these columns; their names are copied. Takes the state, which is closed on
 * failure, too. */
nlt_status nlt__task_new(const nlt_task_kind *kind, void *state, const nlt_column_desc *columns,
    int n_columns, nlt_task **out, nlt_error *err) NLT_MUST_CHECK;

/* JSON as a text that nlt_text_free() frees; takes `json`, which may be NULL. */
nlt_status nlt__cluster_text(json_t *json, char **text, nlt_error *err) NLT_MUST_CHECK;

#endif
