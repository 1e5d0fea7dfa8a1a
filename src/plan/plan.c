/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans are small: an array of nodes and an arena for their texts. */

#include "plan/plan.h"

#include <string.h>

#include "core/assert.h"

void nlt__plan_init(nlt_plan *plan)
{
    memset(plan, 0, sizeof *plan);
}

void nlt__plan_clear(nlt_plan *plan)
{
    nlt__arena_clear(&plan->arena);
    plan->n_nodes = 0;
    plan->n_outputs = 0;
}

static const char *copy_text(nlt_plan *plan, const char *text)
{
    return nlt__arena_copy(&plan->arena, (nlt_bytes){text, strlen(text)});
}

static nlt_status add_node(
    nlt_plan *plan, const char *name, nlt_node_kind kind, nlt_node **out, nlt_error *err)
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

nlt_status nlt__plan_bind(
    nlt_plan *plan, int index, const char *alias, const char *relation, nlt_error *err)
{
    nlt_node *node = &plan->nodes[index];
    size_t n = (size_t)node->n_bindings;
    nlt_binding *grown = nlt__arena_alloc(&plan->arena, (n + 1) * sizeof *grown);
    nlt_binding added = {copy_text(plan, alias), copy_text(plan, relation), NULL};
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

/* A relation that a node reads, copied. */
static nlt_status set_name(nlt_plan *plan, const char **name, const char *relation, nlt_error *err)
{
    *name = copy_text(plan, relation);
    return *name != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
}

nlt_status nlt__plan_input(nlt_plan *plan, int index, const char *relation, nlt_error *err)
{
    return set_name(plan, &plan->nodes[index].input, relation, err);
}

nlt_status nlt__plan_side(nlt_plan *plan, int index, int side, const char *relation, nlt_error *err)
{
    nlt_node *node = &plan->nodes[index];
    NLT_ASSERT(node->kind == NLT_NODE_KERNEL && side >= 0 && side < node->kernel->n_sides);
    return set_name(plan, &node->sides[side], relation, err);
}

nlt_status nlt__plan_resource(
    nlt_plan *plan, int index, int resource, nlt_resource given, nlt_error *err)
{
    nlt_node *node = &plan->nodes[index];
    NLT_ASSERT(
        node->kind == NLT_NODE_KERNEL && resource >= 0 && resource < node->kernel->n_resources);
    node->resources[resource] = given;
    return set_name(plan, &node->resources[resource].name, given.name, err);
}

nlt_status nlt__plan_output(nlt_plan *plan, nlt_output output, nlt_error *err)
{
    if (plan->n_outputs == NLT_PLAN_OUTPUTS_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "a plan of more than %d outputs", NLT_PLAN_OUTPUTS_MAX);
    }
    nlt_output *added = &plan->outputs[plan->n_outputs];
    *added = output;
    NLT_TRY(set_name(plan, &added->name, output.name, err));
    NLT_TRY(set_name(plan, &added->relation, output.relation, err));
    NLT_TRY(set_name(plan, &added->order, output.order, err));
    plan->n_outputs++;
    return NLT_OK;
}

bool nlt__plan_reads_state(const nlt_plan *plan)
{
    bool is_read = false;
    for (int i = 0; i < plan->n_nodes; i++) {
        const nlt_node *node = &plan->nodes[i];
        for (int r = 0; node->kind == NLT_NODE_KERNEL && r < node->kernel->n_resources; r++) {
            is_read |= node->resources[r].kind == NLT_RESOURCE_STATE;
        }
    }
    return is_read;
}

void nlt__plan_move(nlt_plan *plan, int from, int to)
{
    nlt_node moved = plan->nodes[from];
    memmove(&plan->nodes[to + 1], &plan->nodes[to], (size_t)(from - to) * sizeof moved);
    plan->nodes[to] = moved;
}

/* ---- who reads whom ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* True if the statement has the name, as a word or in quotes, with or without the row key. A text
 * or a column of that name counts, too: then more is kept than needed, never less. */
static bool statement_names(const char *sql, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = strstr(sql, name); at != NULL; at = strstr(at + 1, name)) {
        char before = at > sql ? at[-1] : ' ';
        char behind = at[len];
        bool is_word = !is_word_char(before) && !is_word_char(behind);
        if (is_word) {
            return true;
        }
    }
    return false;
}

/* With or without the row key. */
static bool is_relation(const char *relation, const char *name)
{
    size_t len = strlen(name);
    return strncmp(relation, name, len) == 0
        && (relation[len] == '\0' || strcmp(relation + len, NLT_WITH_ROW_KEY) == 0);
}

bool nlt__plan_reads(const nlt_plan *plan, int node, int from)
{
    const nlt_node *reader = &plan->nodes[node];
    const char *name = plan->nodes[from].name;
    if (node <= from || reader->kind == NLT_NODE_SCAN) {
        return false;
    }
    if (reader->kind == NLT_NODE_SQL) {
        bool is_bound = false;
        for (int i = 0; i < reader->n_bindings; i++) {
            is_bound |= is_relation(reader->bindings[i].relation, name);
        }
        return is_bound || statement_names(reader->sql, name);
    }
    bool is_read = is_relation(reader->input, name);
    for (int i = 0; i < reader->kernel->n_sides; i++) {
        is_read |= reader->sides[i] != NULL && is_relation(reader->sides[i], name);
    }
    return is_read;
}

int nlt__plan_readers(const nlt_plan *plan, int from)
{
    int n = 0;
    for (int i = from + 1; i < plan->n_nodes; i++) {
        n += nlt__plan_reads(plan, i, from);
    }
    for (int i = 0; i < plan->n_outputs; i++) {
        n += is_relation(plan->outputs[i].relation, plan->nodes[from].name);
    }
    return n;
}

int nlt__column_find(const nlt_column_desc *columns, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}
