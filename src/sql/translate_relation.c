/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What FROM brings into scope: tables, queries, VALUES, functions, joins, views.
 *
 * Every relation gets a name of our own ("t1"), every column is written with it, so that DuckDB's
 * rules for names never come to bear. */

#include <string.h>

#include "sql/text.h"
#include "sql/translate.h"

enum { SQL_MAX = 16 << 20 };

const char nlt__sql_level_name[] = "level#";

/* ---- scopes ---- */

static nlt_status reserve_columns(nlt_sql_translator *tr, nlt_sql_scope *scope, int extra)
{
    nlt_sql_column *columns =
        nlt__sql_alloc(tr, (size_t)(scope->n_columns + extra) + 1, sizeof *columns);
    if (columns == NULL) {
        return nlt__sql_oom(tr);
    }
    if (scope->n_columns > 0) {
        memcpy(columns, scope->columns, (size_t)scope->n_columns * sizeof *columns);
    }
    scope->columns = columns;
    return NLT_OK;
}

/* The columns of an answer, known as `alias`, with `columns` for its names if there are any. */
static nlt_status add_columns(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_answer *answer, const char *sql_name, const nlt_sql_relation_node *node,
    const char *alias)
{
    if (node->n_columns > 0 && node->n_columns != answer->n_columns) {
        return nlt__sql_wrong(
            tr, node->place, "%d names for %d columns", node->n_columns, answer->n_columns);
    }
    NLT_TRY(reserve_columns(tr, scope, answer->n_columns));
    for (int i = 0; i < answer->n_columns; i++) {
        nlt_sql_column *column = &scope->columns[scope->n_columns++];
        const char *inner = NULL;
        column->qualifier = alias;
        column->name = node->n_columns > 0 ? node->columns[i] : answer->names[i];
        column->type = answer->types[i];
        NLT_TRY(nlt__sql_quoted(tr, answer->inner_names[i], '"', &inner));
        NLT_TRY(nlt__sql_text(tr, &column->sql, "%s.%s", sql_name, inner));
    }
    return NLT_OK;
}

nlt_status nlt__sql_new_relation(nlt_sql_translator *tr, const char **out)
{
    return nlt__sql_text(tr, out, "\"t%d\"", ++tr->n_names);
}

/* ---- relations ---- */

static nlt_status unknown_table(nlt_sql_translator *tr, const nlt_sql_relation_node *node)
{
    const char *names[64];
    size_t n = 0;
    for (const nlt_sql_known_cte *cte = tr->ctes; cte != NULL && n < 32; cte = cte->before) {
        names[n++] = cte->name;
    }
    for (int i = 0; i < tr->n_relations && n < 64; i++) {
        names[n++] = tr->relations[i].name;
    }
    nlt_status status = nlt__sql_wrong(tr, node->place, "there is no table %s", node->parts[0]);
    const char *near = nlt_closest(node->parts[0], names, n);
    if (near != NULL) {
        nlt_error_hint(tr->err, "did you mean %s?", near);
    } else if (n > 0) {
        nlt_error_hint(tr->err, "the table is called %s", names[n - 1]);
    }
    return status;
}

static nlt_status table_answer(
    nlt_sql_translator *tr, const nlt_sql_relation *relation, nlt_sql_answer *out)
{
    *out = (nlt_sql_answer){.n_columns = relation->n_columns};
    NLT_TRY(nlt__sql_quoted(tr, relation->name, '"', &out->sql));
    size_t n = (size_t)relation->n_columns;
    out->names = nlt__sql_alloc(tr, n + 1, sizeof *out->names);
    out->types = nlt__sql_alloc(tr, n + 1, sizeof *out->types);
    if (out->names == NULL || out->types == NULL) {
        return nlt__sql_oom(tr);
    }
    memcpy(out->names, relation->columns, n * sizeof *out->names);
    memcpy(out->types, relation->types, n * sizeof *out->types);
    out->inner_names = out->names;
    return NLT_OK;
}

/* The hidden column of a recursive CTE. */
static nlt_status add_level(nlt_sql_translator *tr, nlt_sql_scope *scope, const char *sql_name)
{
    NLT_TRY(reserve_columns(tr, scope, 1));
    nlt_sql_column *column = &scope->columns[scope->n_columns++];
    *column = (nlt_sql_column){.name = nlt__sql_level_name,
        .type = nlt__sql_plain(NLT_SQL_INT),
        .is_qualified_only = true};
    return nlt__sql_text(tr, &column->sql, "%s.\"%s\"", sql_name, nlt__sql_level_name);
}

static nlt_status table(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    const char *alias = node->alias != NULL ? node->alias : node->parts[0];
    const char *name = NULL;
    if (node->n_parts > 1) {
        return nlt__sql_wrong(
            tr, node->place, "files and other databases cannot be read from a query");
    }
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    for (const nlt_sql_known_cte *cte = tr->ctes; cte != NULL; cte = cte->before) {
        if (nlt__sql_equal_names(cte->name, node->parts[0])) {
            NLT_TRY(nlt__sql_text(tr, out, "%s AS %s", cte->sql_name, name));
            NLT_TRY(add_columns(tr, scope, cte->answer, name, node, alias));
            return cte->has_level ? add_level(tr, scope, name) : NLT_OK;
        }
    }
    for (int i = 0; i < tr->n_relations; i++) {
        if (nlt__sql_equal_names(tr->relations[i].name, node->parts[0])) {
            nlt_sql_answer answer;
            NLT_TRY(table_answer(tr, &tr->relations[i], &answer));
            NLT_TRY(nlt__sql_text(tr, out, "%s AS %s", answer.sql, name));
            return add_columns(tr, scope, &answer, name, node, alias);
        }
    }
    return unknown_table(tr, node);
}

/* Names "col1" ... of VALUES. */
static nlt_status value_names(nlt_sql_translator *tr, nlt_sql_answer *answer)
{
    answer->names = nlt__sql_alloc(tr, (size_t)answer->n_columns + 1, sizeof *answer->names);
    answer->types = nlt__sql_alloc(tr, (size_t)answer->n_columns + 1, sizeof *answer->types);
    if (answer->names == NULL || answer->types == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = 0; i < answer->n_columns; i++) {
        NLT_TRY(nlt__sql_text(tr, &answer->names[i], "col%d", i + 1));
    }
    answer->inner_names = answer->names;
    return NLT_OK;
}

static nlt_status put_rows(const nlt_sql_translator *tr, const nlt_sql_value *values, int n_rows,
    int n_columns, nlt_buf *out)
{
    NLT_TRY(nlt__buf_printf(out, tr->err, "(VALUES "));
    for (int i = 0; i < n_rows; i++) {
        for (int j = 0; j < n_columns; j++) {
            NLT_TRY(nlt__buf_printf(out, tr->err, "%s%s",
                j > 0       ? ", "
                    : i > 0 ? ", ("
                            : "(",
                values[j * n_rows + i].sql));
        }
        NLT_TRY(nlt__buf_append(out, ")", 1, tr->err));
    }
    return nlt__buf_append(out, ")", 1, tr->err);
}

nlt_status nlt__sql_values(nlt_sql_translator *tr, nlt_sql_scope *outer,
    const nlt_sql_relation_node *node, nlt_sql_answer *out)
{
    int n_rows = node->n_rows;
    *out = (nlt_sql_answer){.n_columns = node->rows[0]->n_args};
    NLT_TRY(value_names(tr, out));
    nlt_sql_scope scope = {.parent = outer};
    nlt_sql_value *cells =
        nlt__sql_alloc(tr, (size_t)n_rows * (size_t)out->n_columns + 1, sizeof *cells);
    if (cells == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int j = 0; j < out->n_columns; j++) {
        nlt_sql_value *column = cells + (ptrdiff_t)j * n_rows;
        for (int i = 0; i < n_rows; i++) {
            NLT_TRY(nlt__sql_expr(tr, &scope, node->rows[i]->args[j], &column[i]));
        }
        NLT_TRY(nlt__sql_unify(
            tr, NLT_SQL_MEET_WIDEN, column, n_rows, node->rows[0]->args[j], &out->types[j]));
        /* the first row tells DuckDB the type */
        NLT_TRY(nlt__sql_text(tr, &column[0].sql, "CAST(%s AS %s)", column[0].sql,
            nlt__sql_type_text(tr, out->types[j])));
    }
    nlt_buf buf = NLT_BUF_INIT(SQL_MAX);
    nlt_status status = put_rows(tr, cells, n_rows, out->n_columns, &buf);
    if (status == NLT_OK) {
        status = nlt__sql_keep(tr, &buf, &out->sql);
    }
    nlt__buf_clear(&buf);
    return status;
}

/* "t1"("col1", "col2") */
nlt_status nlt__sql_named_columns(
    nlt_sql_translator *tr, const nlt_sql_answer *answer, const char **out)
{
    const char *list = "";
    for (int i = 0; i < answer->n_columns; i++) {
        const char *name = NULL;
        NLT_TRY(nlt__sql_quoted(tr, answer->inner_names[i], '"', &name));
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s%s", list, i > 0 ? ", " : "", name));
    }
    *out = list;
    return NLT_OK;
}

static nlt_status values_relation(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    nlt_sql_answer answer;
    const char *name = NULL;
    const char *columns = NULL;
    NLT_TRY(nlt__sql_values(tr, scope->parent, node, &answer));
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    NLT_TRY(nlt__sql_named_columns(tr, &answer, &columns));
    NLT_TRY(nlt__sql_text(tr, out, "%s AS %s(%s)", answer.sql, name, columns));
    return add_columns(tr, scope, &answer, name, node, node->alias);
}

static nlt_status query_relation(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    nlt_sql_answer answer;
    const char *name = NULL;
    NLT_TRY(
        nlt__sql_query(tr, node->is_lateral ? scope : scope->parent, node->query, false, &answer));
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    NLT_TRY(nlt__sql_text(
        tr, out, "%s(%s) AS %s", node->is_lateral ? "LATERAL " : "", answer.sql, name));
    return add_columns(tr, scope, &answer, name, node, node->alias);
}

/* The columns of a generator as an answer, whose text selects them FROM `from`. */
static nlt_status generated_answer(
    nlt_sql_translator *tr, const nlt_sql_generated *generated, nlt_sql_answer *out)
{
    *out = (nlt_sql_answer){.n_columns = generated->n_values};
    NLT_TRY(value_names(tr, out));
    out->inner_names = nlt__sql_alloc(tr, (size_t)out->n_columns + 1, sizeof *out->inner_names);
    if (out->inner_names == NULL) {
        return nlt__sql_oom(tr);
    }
    const char *list = "";
    for (int i = 0; i < generated->n_values; i++) {
        out->names[i] = generated->names[i];
        out->types[i] = generated->values[i].type;
        NLT_TRY(nlt__sql_text(tr, &out->inner_names[i], "g%d", i + 1));
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s%s AS \"g%d\"", list, i > 0 ? ", " : "",
            generated->values[i].sql, i + 1));
    }
    out->sql = list;
    return NLT_OK;
}

/* range(end), range(start, end[, step]): column id. */
static nlt_status range_relation(
    nlt_sql_translator *tr, const nlt_sql_expr *call, nlt_sql_answer *out)
{
    const char *list = "";
    if (call->n_args < 1 || call->n_args > 3) {
        return nlt__sql_wrong(tr, call->place, "range takes an end, or start, end and step");
    }
    for (int i = 0; i < call->n_args; i++) {
        nlt_sql_scope scope = {0};
        nlt_sql_value value;
        NLT_TRY(nlt__sql_expr(tr, &scope, call->args[i], &value));
        NLT_TRY(nlt__sql_cast(tr, &value, nlt__sql_plain(NLT_SQL_BIGINT)));
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s%s", list, i > 0 ? ", " : "", value.sql));
    }
    *out = (nlt_sql_answer){.n_columns = 1};
    NLT_TRY(value_names(tr, out));
    out->names[0] = "id";
    out->types[0] = nlt__sql_plain(NLT_SQL_BIGINT);
    return nlt__sql_text(tr, &out->sql, "SELECT range AS \"id\" FROM range(%s)", list);
}

static nlt_status function_relation(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    nlt_sql_answer answer;
    const char *name = NULL;
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    if (strcmp(node->call->text, "range") == 0) {
        NLT_TRY(range_relation(tr, node->call, &answer));
    } else if (nlt__sql_is_generator(node->call)) {
        nlt_sql_generated generated;
        NLT_TRY(nlt__sql_generate(
            tr, node->is_lateral ? scope : scope->parent, node->call, false, &generated));
        NLT_TRY(generated_answer(tr, &generated, &answer));
        NLT_TRY(nlt__sql_text(tr, &answer.sql, "SELECT %s", answer.sql));
    } else {
        return nlt__sql_wrong(tr, node->place, "%s is not to be had in a query", node->call->text);
    }
    NLT_TRY(nlt__sql_text(
        tr, out, "%s(%s) AS %s", node->is_lateral ? "LATERAL " : "", answer.sql, name));
    return add_columns(
        tr, scope, &answer, name, node, node->alias != NULL ? node->alias : node->call->text);
}

/* LATERAL VIEW: a query over what is there, with the columns that are made. */
static nlt_status view(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    const char *from = NULL;
    const char *list = "";
    const char *name = NULL;
    nlt_sql_generated generated;
    nlt_sql_answer answer;
    int first = scope->n_columns;
    NLT_TRY(nlt__sql_relation_text(tr, scope, node->left, &from));
    if (!nlt__sql_is_generator(node->call)) {
        return nlt__sql_refuse(tr, node->call->place, "LATERAL VIEW of %s", node->call->text);
    }
    NLT_TRY(nlt__sql_generate(tr, scope, node->call, node->is_outer, &generated));
    NLT_TRY(generated_answer(tr, &generated, &answer));
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    for (int i = first; i < scope->n_columns; i++) {
        nlt_sql_column *column = &scope->columns[i];
        NLT_TRY(nlt__sql_text(tr, &list, "%s%s AS \"c%d\", ", list, column->sql, i + 1));
        NLT_TRY(nlt__sql_text(tr, &column->sql, "%s.\"c%d\"", name, i + 1));
    }
    NLT_TRY(nlt__sql_text(tr, out, "(SELECT %s%s FROM %s) AS %s", list, answer.sql, from, name));
    return add_columns(tr, scope, &answer, name, node, node->alias);
}

static nlt_status pivot(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    nlt_sql_scope inner = {.parent = scope->parent};
    nlt_sql_answer answer;
    const char *from = NULL;
    const char *name = NULL;
    NLT_TRY(nlt__sql_relation_text(tr, &inner, node->left, &from));
    NLT_TRY(nlt__sql_pivot(tr, &inner, from, node, &answer));
    NLT_TRY(nlt__sql_new_relation(tr, &name));
    NLT_TRY(nlt__sql_text(tr, out, "(%s) AS %s", answer.sql, name));
    return add_columns(tr, scope, &answer, name, node, node->alias);
}

/* ---- joins ---- */

static nlt_sql_column *find_plain(
    nlt_sql_scope *scope, int begin, int end, const char *name, bool *is_ambiguous)
{
    nlt_sql_column *found = NULL;
    *is_ambiguous = false;
    for (int i = begin; i < end; i++) {
        nlt_sql_column *column = &scope->columns[i];
        if (!column->is_qualified_only && nlt__sql_equal_names(column->name, name)) {
            *is_ambiguous = found != NULL;
            found = column;
        }
    }
    return found;
}

/* One column of USING: the condition, and the column that both become. */
static nlt_status merge_column(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char *name, int begin, int middle,
    nlt_sql_column *merged, const char **condition)
{
    bool is_ambiguous[2];
    nlt_sql_column *left = find_plain(scope, begin, middle, name, &is_ambiguous[0]);
    nlt_sql_column *right = find_plain(scope, middle, scope->n_columns, name, &is_ambiguous[1]);
    if (left == NULL || right == NULL || is_ambiguous[0] || is_ambiguous[1]) {
        return nlt__sql_wrong(tr, node->place, "USING: column %s is not in both tables once", name);
    }
    nlt_sql_expr *expr = nlt__sql_alloc(tr, 1, sizeof *expr);
    nlt_sql_value equal;
    if (expr == NULL) {
        return nlt__sql_oom(tr);
    }
    expr->place = node->place;
    nlt_sql_value values[2] = {{left->sql, left->type, expr}, {right->sql, right->type, expr}};
    NLT_TRY(nlt__sql_compare(tr, "=", values[0], values[1], expr, &equal));
    *condition = equal.sql;
    *merged = (nlt_sql_column){.name = left->name, .sql = left->sql, .type = left->type};
    if (node->join == NLT_SQL_JOIN_RIGHT) {
        merged->sql = right->sql;
        merged->type = right->type;
    } else if (node->join == NLT_SQL_JOIN_FULL) {
        NLT_TRY(nlt__sql_unify(tr, NLT_SQL_MEET_WIDEN, values, 2, expr, &merged->type));
        NLT_TRY(nlt__sql_text(tr, &merged->sql, "coalesce(%s, %s)", values[0].sql, values[1].sql));
    }
    left->is_qualified_only = true;
    right->is_qualified_only = true;
    return NLT_OK;
}

/* USING: the merged columns come first, as in Spark. */
static nlt_status merge_columns(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char *const *names, int n, int begin, int middle,
    const char **condition)
{
    nlt_sql_column *merged = nlt__sql_alloc(tr, (size_t)n + 1, sizeof *merged);
    if (merged == NULL) {
        return nlt__sql_oom(tr);
    }
    *condition = "";
    for (int i = 0; i < n; i++) {
        const char *one = NULL;
        NLT_TRY(merge_column(tr, scope, node, names[i], begin, middle, &merged[i], &one));
        NLT_TRY(nlt__sql_text(tr, condition, "%s%s%s", *condition, i > 0 ? " AND " : "", one));
    }
    NLT_TRY(reserve_columns(tr, scope, n));
    memmove(scope->columns + begin + n, scope->columns + begin,
        (size_t)(scope->n_columns - begin) * sizeof *merged);
    memcpy(scope->columns + begin, merged, (size_t)n * sizeof *merged);
    scope->n_columns += n;
    return NLT_OK;
}

static nlt_status common_names(nlt_sql_translator *tr, nlt_sql_scope *scope, int begin, int middle,
    const char ***names, int *n)
{
    *n = 0;
    *names = nlt__sql_alloc(tr, (size_t)(middle - begin) + 1, sizeof **names);
    if (*names == NULL) {
        return nlt__sql_oom(tr);
    }
    for (int i = begin; i < middle; i++) {
        bool is_ambiguous;
        const nlt_sql_column *column = &scope->columns[i];
        if (!column->is_qualified_only
            && find_plain(scope, middle, scope->n_columns, column->name, &is_ambiguous) != NULL) {
            (*names)[(*n)++] = column->name;
        }
    }
    return NLT_OK;
}

static nlt_status join_condition(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, int begin, int middle, const char **out)
{
    const char **names = node->using_columns;
    int n = node->n_using;
    *out = "";
    if (node->is_natural) {
        NLT_TRY(common_names(tr, scope, begin, middle, &names, &n));
    }
    if (n > 0) {
        return merge_columns(tr, scope, node, names, n, begin, middle, out);
    }
    if (node->on == NULL) {
        return NLT_OK;
    }
    /* only the two sides are in scope, and the query around */
    nlt_sql_scope sides = {.parent = scope->parent,
        .columns = scope->columns + begin,
        .n_columns = scope->n_columns - begin};
    return nlt__sql_condition(tr, &sides, node->on, "ON", out);
}

static nlt_status join(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    static const char *const words[] = {[NLT_SQL_JOIN_INNER] = "JOIN",
        [NLT_SQL_JOIN_CROSS] = "CROSS JOIN",
        [NLT_SQL_JOIN_LEFT] = "LEFT JOIN",
        [NLT_SQL_JOIN_RIGHT] = "RIGHT JOIN",
        [NLT_SQL_JOIN_FULL] = "FULL JOIN",
        [NLT_SQL_JOIN_SEMI] = "SEMI JOIN",
        [NLT_SQL_JOIN_ANTI] = "ANTI JOIN"};
    const char *left = NULL;
    const char *right = NULL;
    const char *condition = NULL;
    int begin = scope->n_columns;
    NLT_TRY(nlt__sql_relation_text(tr, scope, node->left, &left));
    int middle = scope->n_columns;
    NLT_TRY(nlt__sql_relation_text(tr, scope, node->right, &right));
    int n_right = scope->n_columns - middle;
    NLT_TRY(join_condition(tr, scope, node, begin, middle, &condition));
    bool is_nested = node->right->kind == NLT_SQL_RELATION_JOIN;
    nlt_sql_join kind = node->join;
    if (condition[0] == '\0' && kind == NLT_SQL_JOIN_INNER) {
        kind = NLT_SQL_JOIN_CROSS;
    } else if (condition[0] == '\0' && kind != NLT_SQL_JOIN_CROSS) {
        condition = "true";
    } else if (condition[0] != '\0' && kind == NLT_SQL_JOIN_CROSS) {
        kind = NLT_SQL_JOIN_INNER;
    }
    NLT_TRY(nlt__sql_text(tr, out, "%s %s %s%s%s%s%s", left, words[kind], is_nested ? "(" : "",
        right, is_nested ? ")" : "", condition[0] != '\0' ? " ON " : "", condition));
    if (kind == NLT_SQL_JOIN_SEMI || kind == NLT_SQL_JOIN_ANTI) {
        scope->n_columns -= n_right; /* they lie last */
    }
    return NLT_OK;
}

nlt_status nlt__sql_relation_text(nlt_sql_translator *tr, nlt_sql_scope *scope,
    const nlt_sql_relation_node *node, const char **out)
{
    switch (node->kind) {
    case NLT_SQL_RELATION_TABLE:
        return table(tr, scope, node, out);
    case NLT_SQL_RELATION_QUERY:
        return query_relation(tr, scope, node, out);
    case NLT_SQL_RELATION_VALUES:
        return values_relation(tr, scope, node, out);
    case NLT_SQL_RELATION_FUNCTION:
        return function_relation(tr, scope, node, out);
    case NLT_SQL_RELATION_JOIN:
        return join(tr, scope, node, out);
    case NLT_SQL_RELATION_VIEW:
        return view(tr, scope, node, out);
    case NLT_SQL_RELATION_PIVOT:
    case NLT_SQL_RELATION_UNPIVOT:
        return pivot(tr, scope, node, out);
    }
    return nlt_fail(tr->err, NLT_ERR_INTERNAL, "an unknown relation");
}
