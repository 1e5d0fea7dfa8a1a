/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans are small: an array of nodes and an arena for their texts. */

#include "plan/plan.h"

#include <string.h>

void nlt__plan_init(nlt_plan *plan)
{
    memset(plan, 0, sizeof *plan);
}

void nlt__plan_clear(nlt_plan *plan)
{
    nlt__arena_clear(&plan->arena);
    plan->n_nodes = 0;
}

static const char *copy_text(nlt_plan *plan, const char *text)
{
    return nlt__arena_copy(&plan->arena, (nlt_bytes){text, strlen(text)});
}

static nlt_status add_node(nlt_plan *plan, const char *name, nlt_node_kind kind, nlt_node **out,
    nlt_error *err)
{
    if (plan->n_nodes == NLT_PLAN_NODES_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "a plan of more than %d nodes", NLT_PLAN_NODES_MAX);
    }
    nlt_node node = {.name = copy_text(plan, name), .kind = kind, .scan = -1, .limit = -1};
    if (node.name == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
    }
    plan->nodes[plan->n_nodes] = node;
    *out = &plan->nodes[plan->n_nodes++];
    return NLT_OK;
}

nlt_status nlt__plan_scan(nlt_plan *plan, const char *name, int scan, nlt_error *err)
{
    nlt_node *node = NULL;
    NLT_TRY(add_node(plan, name, NLT_NODE_SCAN, &node, err));
    node->scan = scan;
    return NLT_OK;
}

nlt_status nlt__plan_sql(nlt_plan *plan, const char *name, const char *sql, nlt_error *err)
{
    nlt_node *node = NULL;
    NLT_TRY(add_node(plan, name, NLT_NODE_SQL, &node, err));
    node->sql = copy_text(plan, sql);
    return node->sql != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
}

nlt_status nlt__plan_bind(nlt_plan *plan, int index, const char *alias, const char *relation,
    nlt_error *err)
{
    nlt_node *node = &plan->nodes[index];
    size_t n = (size_t)node->n_bindings;
    nlt_binding *grown = nlt__arena_alloc(&plan->arena, (n + 1) * sizeof *grown);
    nlt_binding added = {copy_text(plan, alias), copy_text(plan, relation)};
    if (grown == NULL || added.alias == NULL || added.relation == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
    }
    if (n > 0) {
        memcpy(grown, node->bindings, n * sizeof *grown);
    }
    grown[n] = added;
    node->bindings = grown;
    node->n_bindings++;
    return NLT_OK;
}

nlt_status nlt__plan_kernel(nlt_plan *plan, const char *name, const nlt_kernel *kernel,
    const nlt_params *params, const char *input, nlt_error *err)
{
    nlt_node *node = NULL;
    NLT_TRY(add_node(plan, name, NLT_NODE_KERNEL, &node, err));
    node->kernel = kernel;
    node->params = params;
    node->input = copy_text(plan, input);
    return node->input != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
}

const nlt_node *nlt__plan_find(const nlt_plan *plan, const char *name)
{
    for (int i = 0; i < plan->n_nodes; i++) {
        if (strcmp(plan->nodes[i].name, name) == 0) {
            return &plan->nodes[i];
        }
    }
    return NULL;
}
