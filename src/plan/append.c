/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Algorithms write their nodes for any input; here the input gets its real name in them. */

#include "plan/append.h"

#include <string.h>

/* "NAME with row key" */
static const char *keyed_name(nlt_plan *plan, const char *name)
{
    size_t len = strlen(name);
    char *keyed = nlt__arena_alloc(&plan->arena, len + sizeof NLT_WITH_ROW_KEY);
    if (keyed != NULL) {
        memcpy(keyed, name, len);
        memcpy(keyed + len, NLT_WITH_ROW_KEY, sizeof NLT_WITH_ROW_KEY);
    }
    return keyed;
}

static bool wants_row_key(const nlt_node *node)
{
    if (node->kind == NLT_NODE_SQL) {
        return strstr(node->sql, NLT_PLAN_INPUT NLT_WITH_ROW_KEY) != NULL;
    }
    return node->kind == NLT_NODE_KERNEL && strcmp(node->input, NLT_PLAN_INPUT) == 0
        && nlt__column_find(node->kernel->input, node->kernel->n_input, NLT_ROW_KEY_COLUMN) >= 0;
}

/* What the algorithm calls NLT_PLAN_INPUT is `name`. */
static nlt_status bind_node(
    nlt_plan *plan, int index, const char *name, bool is_scan, const char *keyed, nlt_error *err)
{
    nlt_node *node = &plan->nodes[index];
    if (node->kind == NLT_NODE_SQL) {
        if (wants_row_key(node)) {
            NLT_TRY(nlt__plan_bind(plan, index, NLT_PLAN_INPUT NLT_WITH_ROW_KEY, keyed, err));
        }
        return nlt__plan_bind(plan, index, NLT_PLAN_INPUT, name, err);
    }
    bool is_numbered = wants_row_key(node) && !is_scan;
    if (node->kind == NLT_NODE_KERNEL && strcmp(node->input, NLT_PLAN_INPUT) == 0) {
        NLT_TRY(nlt__plan_input(plan, index, is_numbered ? keyed : name, err));
    }
    for (int i = 0; node->kind == NLT_NODE_KERNEL && i < node->kernel->n_sides; i++) {
        if (node->sides[i] != NULL && strcmp(node->sides[i], NLT_PLAN_INPUT) == 0) {
            NLT_TRY(nlt__plan_side(plan, index, i, name, err));
        }
    }
    return NLT_OK;
}

nlt_status nlt__plan_append(nlt_plan *plan, nlt_plan_fn write, const nlt_params *params, int *first,
    const char **numbered, nlt_error *err)
{
    const char *name = plan->nodes[plan->n_nodes - 1].name;
    bool is_scan = plan->nodes[plan->n_nodes - 1].kind == NLT_NODE_SCAN;
    bool is_wanted = false;
    const char *keyed = keyed_name(plan, name);
    *first = plan->n_nodes;
    *numbered = NULL;
    if (keyed == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    NLT_TRY(write(params, plan, err));
    for (int i = *first; i < plan->n_nodes; i++) {
        is_wanted |= wants_row_key(&plan->nodes[i]);
        NLT_TRY(bind_node(plan, i, name, is_scan, keyed, err));
    }
    *numbered = is_wanted && !is_scan ? keyed : NULL;
    return NLT_OK;
}
