/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans printed. One tree of JSON values is made; the text says the same in the order of the nodes. */

#include "plan/explain.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DATASET_MAX = 256 << 20 };

static nlt_status no_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for a plan");
}

/* ---- the tree; json_*_new functions take their values and fail if those are NULL ---- */

static json_t *columns_json(const nlt_column_desc *columns, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_t *column = json_pack(
            "{s:s, s:s}", "name", columns[i].name, "type", nlt_dtype_name(columns[i].dtype));
        if (json_array_append_new(list, column) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *names_json(const char *const *names, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        if (json_array_append_new(list, json_string(names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *inputs_json(const nlt_plan *plan, int node)
{
    const char *names[NLT_PLAN_NODES_MAX];
    int n = 0;
    for (int i = 0; i < node; i++) {
        if (nlt__plan_reads(plan, node, i)) {
            names[n++] = plan->nodes[i].name;
        }
    }
    return names_json(names, n);
}

static int set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static nlt_status dataset_json(const nlt_explain *explain, int scan, json_t **out, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(DATASET_MAX);
    nlt_status status = explain->dataset(explain->ctx, scan, &text, err);
    if (status == NLT_OK) {
        *out = json_loadb(text.ptr, text.len, 0, NULL);
        status = *out != NULL ? NLT_OK : no_memory(err);
    }
    nlt__buf_clear(&text);
    return status;
}

static bool put_sql(json_t *object, const nlt_plan *plan, int index)
{
    const nlt_node *node = &plan->nodes[index];
    json_t *bindings = json_object();
    bool is_ok = true;
    for (int i = 0; is_ok && i < node->n_bindings; i++) {
        is_ok = set(bindings, node->bindings[i].alias, json_string(node->bindings[i].relation));
    }
    is_ok &= set(object, "sql", json_string(node->sql));
    is_ok &= set(object, "bindings", bindings);
    return is_ok & set(object, "kept", json_boolean(nlt__plan_readers(plan, index) > 1));
}

static json_t *resources_json(const nlt_node *node)
{
    static const char *const kinds[NLT_RESOURCE_KIND_COUNT] = {"state", "file"};
    json_t *list = json_array();
    for (int i = 0; i < node->kernel->n_resources; i++) {
        const nlt_resource *resource = &node->resources[i];
        if (json_array_append_new(list,
                json_pack("{s:s, s:s, s:i}", "name", resource->name, "kind", kinds[resource->kind],
                    "version", resource->version))
            != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *side_reads_json(const nlt_kernel *kernel)
{
    json_t *list = json_array();
    for (int i = 0; i < kernel->n_sides; i++) {
        if (json_array_append_new(
                list, columns_json(kernel->sides[i].columns, kernel->sides[i].n_columns))
            != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *outputs_json(const nlt_plan *plan)
{
    static const char *const kinds[NLT_OUTPUT_KIND_COUNT] = {"csv", "state"};
    json_t *list = json_array();
    for (int i = 0; i < plan->n_outputs; i++) {
        const nlt_output *output = &plan->outputs[i];
        if (json_array_append_new(list,
                json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", output->name, "kind",
                    kinds[output->kind], "relation", output->relation, "order", output->order,
                    "version", output->version))
            != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static bool put_kernel(json_t *object, const nlt_node *node)
{
    const nlt_kernel *kernel = node->kernel;
    const char *instances = kernel->n_keys > 0 ? "by key"
        : kernel->is_row_wise                  ? "row by row"
                                               : "one";
    json_t *params =
        node->params != NULL ? json_loads(nlt__params_json(node->params), 0, NULL) : json_object();
    return set(object, "kernel", json_string(kernel->name)) & set(object, "params", params)
        & set(object, "input", json_string(node->input))
        & set(object, "sides", names_json(node->sides, kernel->n_sides))
        & set(object, "side_reads", side_reads_json(kernel))
        & set(object, "resources", resources_json(node))
        & set(object, "instances", json_string(instances))
        & set(object, "keys", names_json(kernel->keys, kernel->n_keys))
        & set(object, "order", names_json(kernel->order, kernel->n_order))
        & set(object, "reads", columns_json(kernel->input, kernel->n_input))
        & set(object, "emits", columns_json(kernel->output, kernel->n_output));
}

static json_t *count_json(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static bool put_stats(json_t *object, const nlt_node_stats *stats)
{
    json_t *ran = json_object();
    bool is_ok = set(ran, "rows_in", count_json(stats->rows_in))
        & set(ran, "rows", count_json(stats->rows)) & set(ran, "bytes", count_json(stats->bytes))
        & set(ran, "seconds", stats->seconds < 0 ? json_null() : json_real(stats->seconds))
        & set(ran, "spilled_bytes", count_json(stats->spilled_bytes));
    return set(object, "ran", ran) & is_ok;
}

static nlt_status put_node(const nlt_explain *explain, int index, json_t *object, nlt_error *err)
{
    static const char *const kinds[] = {"scan", "sql", "kernel"};
    const nlt_node *node = &explain->plan->nodes[index];
    bool is_ok = set(object, "name", json_string(node->name))
        & set(object, "kind", json_string(kinds[node->kind]))
        & set(object, "inputs", inputs_json(explain->plan, index))
        & set(object, "readers", json_integer(nlt__plan_readers(explain->plan, index)));
    if (node->kind == NLT_NODE_SCAN) {
        json_t *dataset = NULL;
        NLT_TRY(dataset_json(explain, node->scan, &dataset, err));
        is_ok &= set(object, "dataset", dataset)
            & set(object, "ordered", json_boolean(node->is_ordered))
            & set(object, "limit", json_integer(node->limit));
    } else if (node->kind == NLT_NODE_SQL) {
        is_ok &= put_sql(object, explain->plan, index);
    } else {
        is_ok &= put_kernel(object, node);
    }
    if (explain->stats != NULL) {
        is_ok &= put_stats(object, &explain->stats[index]);
    }
    return is_ok ? NLT_OK : no_memory(err);
}

static nlt_status make_tree(const nlt_explain *explain, json_t **out, nlt_error *err)
{
    const nlt_plan *plan = explain->plan;
    json_t *tree = json_object();
    json_t *nodes = json_array();
    bool is_ok = set(tree, "nodes", nodes);
    for (int i = 0; is_ok && i < plan->n_nodes; i++) {
        json_t *object = json_object();
        nlt_status status = put_node(explain, i, object, err);
        if (status != NLT_OK) {
            json_decref(object);
            json_decref(tree);
            return status;
        }
        is_ok = json_array_append_new(nodes, object) == 0;
    }
    is_ok = is_ok && set(tree, "answer", json_string(plan->nodes[plan->n_nodes - 1].name))
        && set(tree, "columns", columns_json(explain->columns, explain->n_columns))
        && set(tree, "outputs", outputs_json(plan));
    if (!is_ok) {
        json_decref(tree);
        return no_memory(err);
    }
    *out = tree;
    return NLT_OK;
}

/* ---- JSON ---- */

static int put_bytes(const char *bytes, size_t len, void *ctx)
{
    return nlt__buf_append(ctx, bytes, len, NULL) == NLT_OK ? 0 : -1;
}

nlt_status nlt__explain_json(const nlt_explain *explain, nlt_buf *out, nlt_error *err)
{
    json_t *tree = NULL;
    NLT_TRY(make_tree(explain, &tree, err));
    int failed = json_dump_callback(tree, put_bytes, out, JSON_INDENT(2));
    json_decref(tree);
    return failed == 0 ? nlt__buf_append(out, "\n", 1, err) : no_memory(err);
}

/* ---- text ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* What is said of a named thing: its type, where it comes from, what it is. */
static const char *second_of(const json_t *item)
{
    static const char *const keys[] = {"type", "relation", "kind"};
    const char *text = "";
    for (size_t i = 0; text[0] == '\0' && i < sizeof keys / sizeof keys[0]; i++) {
        text = text_of(item, keys[i]);
    }
    return text;
}

/* "a, b": names; columns with their types, outputs with their relation. Nothing for an empty list. */
static nlt_status print_list(const char *label, const json_t *list, nlt_buf *out, nlt_error *err)
{
    size_t i;
    json_t *item;
    if (json_array_size(list) == 0) {
        return NLT_OK;
    }
    NLT_TRY(nlt__buf_printf(out, err, "  %-9s", label));
    json_array_foreach(list, i, item)
    {
        bool is_column = json_is_object(item);
        NLT_TRY(nlt__buf_printf(out, err, "%s%s%s%s", i > 0 ? ", " : " ",
            is_column ? text_of(item, "name") : json_string_value(item), is_column ? " " : "",
            is_column ? second_of(item) : ""));
    }
    return nlt__buf_append(out, "\n", 1, err);
}

/* A statement, its lines below each other. */
static nlt_status print_sql(const char *sql, nlt_buf *out, nlt_error *err)
{
    const char *label = "sql";
    while (*sql != '\0') {
        size_t len = strcspn(sql, "\n");
        NLT_TRY(nlt__buf_printf(out, err, "  %-9s %.*s\n", label, (int)len, sql));
        label = "";
        sql += len + (sql[len] == '\n');
    }
    return NLT_OK;
}

/* Values of a dataset, as far as they say something. */
static nlt_status print_dataset(json_t *dataset, nlt_buf *out, nlt_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(dataset, key, value)
    {
        if (json_is_string(value)) {
            NLT_TRY(nlt__buf_printf(out, err, "  %-9s %s\n", key, json_string_value(value)));
        } else if (json_is_integer(value)) {
            NLT_TRY(nlt__buf_printf(
                out, err, "  %-9s %lld\n", key, (long long)json_integer_value(value)));
        } else if (json_is_true(value)) {
            NLT_TRY(nlt__buf_printf(out, err, "  %s\n", key));
        }
    }
    return print_list("columns", json_object_get(dataset, "columns"), out, err);
}

static nlt_status print_stats(json_t *ran, nlt_buf *out, nlt_error *err)
{
    static const struct {
        const char *key, *before, *behind;
    } items[] = {{"rows_in", "", " rows in"}, {"rows", "", " rows"}, {"bytes", "", " bytes"},
        {"spilled_bytes", "spilled ", " bytes"}};
    const char *comma = "";
    NLT_TRY(nlt__buf_printf(out, err, "  ran       "));
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        const json_t *value = json_object_get(ran, items[i].key);
        if (json_is_integer(value)) {
            NLT_TRY(nlt__buf_printf(out, err, "%s%s%lld%s", comma, items[i].before,
                (long long)json_integer_value(value), items[i].behind));
            comma = ", ";
        }
    }
    const json_t *seconds = json_object_get(ran, "seconds");
    return json_is_real(seconds)
        ? nlt__buf_printf(out, err, "%s%.3f s\n", comma, json_real_value(seconds))
        : nlt__buf_printf(out, err, "%s\n", comma[0] == '\0' ? "within what reads it" : "");
}

static nlt_status print_node(json_t *node, nlt_buf *out, nlt_error *err)
{
    NLT_TRY(nlt__buf_printf(out, err, "%s: %s%s%s\n", text_of(node, "name"), text_of(node, "kind"),
        json_object_get(node, "kernel") != NULL ? " " : "", text_of(node, "kernel")));
    NLT_TRY(print_list("inputs", json_object_get(node, "inputs"), out, err));
    if (json_object_get(node, "dataset") != NULL) {
        NLT_TRY(print_dataset(json_object_get(node, "dataset"), out, err));
    }
    if (json_integer_value(json_object_get(node, "limit")) > 0) {
        NLT_TRY(nlt__buf_printf(out, err, "  limit     %lld\n",
            (long long)json_integer_value(json_object_get(node, "limit"))));
    }
    if (json_is_true(json_object_get(node, "kept"))) {
        NLT_TRY(nlt__buf_printf(out, err, "  kept\n"));
    }
    NLT_TRY(print_sql(text_of(node, "sql"), out, err));
    if (json_object_get(node, "kernel") != NULL) {
        char *params = json_dumps(json_object_get(node, "params"), JSON_COMPACT);
        nlt_status status = params == NULL
            ? no_memory(err)
            : nlt__buf_printf(
                out, err, "  instances %s\n  params    %s\n", text_of(node, "instances"), params);
        free(params);
        NLT_TRY(status);
    }
    static const char *const lists[] = {"sides", "resources", "keys", "order", "reads", "emits"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        NLT_TRY(print_list(lists[i], json_object_get(node, lists[i]), out, err));
    }
    json_t *ran = json_object_get(node, "ran");
    return ran != NULL ? print_stats(ran, out, err) : NLT_OK;
}

nlt_status nlt__explain_text(const nlt_explain *explain, nlt_buf *out, nlt_error *err)
{
    json_t *tree = NULL;
    NLT_TRY(make_tree(explain, &tree, err));
    json_t *nodes = json_object_get(tree, "nodes");
    size_t i;
    json_t *node;
    nlt_status status = NLT_OK;
    json_array_foreach(nodes, i, node)
    {
        status = status == NLT_OK ? print_node(node, out, err) : status;
    }
    if (status == NLT_OK) {
        status = nlt__buf_printf(out, err, "answer: %s\n", text_of(tree, "answer"));
    }
    if (status == NLT_OK) {
        status = print_list("columns", json_object_get(tree, "columns"), out, err);
    }
    if (status == NLT_OK) {
        status = print_list("outputs", json_object_get(tree, "outputs"), out, err);
    }
    json_decref(tree);
    return status;
}
