/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel as a task. Kernels are found through the algorithm whose plan has them: its plan is
 * written again, which costs nothing and always gives the same nodes. */

#include <string.h>

#include "algos/algo.h"
#include "cluster/row_input.h"
#include "cluster/task.h"
#include "core/alloc.h"
#include "core/strings.h"

typedef struct kernel_task {
    nlt_plan plan;
    nlt_params *params;   /* owned */
    const nlt_node *node; /* of the plan */
    const nlt_kernel *kernel;
    nlt_strings warnings;
    void *shared;
    bool has_shared;
    void *state;
    bool is_open;
    nlt_row_input rows;
} kernel_task;

static void close_kernel(void *state)
{
    kernel_task *k = state;
    if (k == NULL) {
        return;
    }
    if (k->is_open) {
        k->kernel->close(k->state);
    }
    if (k->has_shared) {
        k->kernel->share->close(k->shared);
    }
    nlt__row_input_clear(&k->rows);
    nlt__strings_clear(&k->warnings);
    nlt__plan_clear(&k->plan);
    nlt__params_free(k->params);
    nlt_free(k);
}

static nlt_status take_rows(void *ctx, const nlt_batch *batch, nlt_error *err)
{
    nlt_task *task = ctx;
    return nlt__arrow_gather_add(task->gather, batch, err);
}

static nlt_status step_kernel(nlt_task *task, nlt_error *err)
{
    kernel_task *k = task->state;
    const nlt_batch *batch = NULL;
    nlt_emit emit = {take_rows, task};
    NLT_TRY(nlt__row_input_next(&k->rows, &batch, err));
    if (batch != NULL) {
        return k->kernel->push(k->state, batch, &emit, err);
    }
    task->is_done = true;
    return k->kernel->finish(k->state, &emit, err);
}

static nlt_status report_kernel(nlt_task *task, json_t **out, nlt_error *err)
{
    const kernel_task *k = task->state;
    json_t *warnings = json_array();
    for (size_t i = 0; i < k->warnings.n; i++) {
        json_array_append_new(warnings, json_string(k->warnings.items[i]));
    }
    *out = json_pack("{s:o}", "warnings", warnings);
    return *out != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static const nlt_task_kind kernel_kind = {step_kernel, report_kernel, close_kernel};

/* ---- opening ---- */

static nlt_status find_node(kernel_task *k, const json_t *json, nlt_error *err)
{
    const char *name = json_string_value(json_object_get(json, "algorithm"));
    const char *node = json_string_value(json_object_get(json, "node"));
    const char *params = json_string_value(json_object_get(json, "params"));
    const nlt_algo *algo = NULL;
    if (name == NULL || node == NULL || params == NULL) {
        return nlt_fail(err, NLT_ERR_FORMAT, "not a kernel");
    }
    NLT_TRY(nlt__algo_find(name, &algo, err));
    NLT_TRY(
        nlt__params_parse(algo->class_name, algo->params, algo->n_params, params, &k->params, err));
    NLT_TRY(nlt__plan_scan(&k->plan, "netlytics", 0, err));
    NLT_TRY(algo->plan(k->params, &k->plan, err));
    k->node = nlt__plan_find(&k->plan, node);
    if (k->node == NULL || k->node->kind != NLT_NODE_KERNEL) {
        return nlt_fail(err, NLT_ERR_FORMAT, "%s has no kernel \"%s\"", algo->class_name, node);
    }
    k->kernel = k->node->kernel;
    return NLT_OK;
}

static nlt_status read_side(
    kernel_task *k, int side, struct ArrowArrayStream *stream, nlt_error *err)
{
    const nlt_kernel_side *desc = &k->kernel->sides[side];
    nlt_row_input rows;
    nlt_status status = nlt__row_input_open(&rows, stream, err);
    if (status == NLT_OK) {
        status = nlt__row_input_expect(&rows, desc->columns, desc->n_columns, k->kernel->name, err);
    }
    while (status == NLT_OK) {
        const nlt_batch *batch = NULL;
        status = nlt__row_input_next(&rows, &batch, err);
        if (status != NLT_OK || batch == NULL) {
            break;
        }
        status = k->kernel->share->rows(k->shared, side, batch, err);
    }
    nlt__row_input_clear(&rows);
    return status;
}

static nlt_status check_inputs(
    const kernel_task *k, const nlt_kernel_inputs *inputs, nlt_error *err)
{
    const nlt_kernel *kernel = k->kernel;
    if (inputs->n_sides != kernel->n_sides || inputs->n_resources != kernel->n_resources) {
        return nlt_fail(err, NLT_ERR_ARG,
            "%s reads %d further relations and %d resources, not %d and %d", kernel->name,
            kernel->n_sides, kernel->n_resources, inputs->n_sides, inputs->n_resources);
    }
    return nlt__row_input_expect(&k->rows, kernel->input, kernel->n_input, kernel->name, err);
}

static nlt_status open_shared(kernel_task *k, const nlt_kernel_inputs *inputs, nlt_error *err)
{
    const nlt_kernel_share *share = k->kernel->share;
    const nlt_kernel_env env = {k->params, &k->warnings, NULL};
    if (share == NULL) {
        return NLT_OK;
    }
    k->has_shared = true;
    if (share->open != NULL) {
        NLT_TRY(share->open(&env, &k->shared, err));
    }
    for (int i = 0; i < inputs->n_sides; i++) {
        NLT_TRY(read_side(k, i, &inputs->sides[i], err));
    }
    for (int i = 0; i < inputs->n_resources; i++) {
        NLT_TRY(share->bytes(k->shared, i, inputs->resources[i], err));
    }
    return share->finish != NULL ? share->finish(k->shared, err) : NLT_OK;
}

static nlt_status open_kernel(
    kernel_task *k, const char *text, const nlt_kernel_inputs *inputs, nlt_error *err)
{
    NLT_TRY(nlt__row_input_open(&k->rows, inputs->rows, err));
    json_t *json = json_loads(text, 0, NULL);
    nlt_status status = find_node(k, json, err);
    json_decref(json);
    NLT_TRY(status);
    NLT_TRY(check_inputs(k, inputs, err));
    NLT_TRY(open_shared(k, inputs, err));
    const nlt_kernel_env env = {k->params, &k->warnings, k->shared};
    k->is_open = true;
    return k->kernel->open(&env, &k->state, err);
}

static void release_stream(struct ArrowArrayStream *stream)
{
    if (stream->release != NULL) {
        stream->release(stream);
    }
}

nlt_status nlt_task_kernel(
    const char *kernel, const nlt_kernel_inputs *inputs, nlt_task **out, nlt_error *err)
{
    *out = NULL;
    kernel_task *k = nlt_alloc_zero(1, sizeof *k);
    nlt_status status = k != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    if (status == NLT_OK) {
        nlt__plan_init(&k->plan);
        status = open_kernel(k, kernel, inputs, err);
    }
    release_stream(inputs->rows); /* what was not taken */
    for (int i = 0; i < inputs->n_sides; i++) {
        release_stream(&inputs->sides[i]);
    }
    if (status != NLT_OK) {
        close_kernel(k);
        return status;
    }
    return nlt__task_new(&kernel_kind, k, k->kernel->output, k->kernel->n_output, out, err);
}
