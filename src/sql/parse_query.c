/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries, and the relations of FROM. */

#include "sql/parser.h"

/* ---- relations ---- */

static nlt_status new_relation(
    nlt_parser *p, nlt_sql_relation_kind kind, nlt_sql_relation_node **out)
{
    NLT_TRY(nlt__parser_make(p, sizeof **out, out));
    (*out)->kind = kind;
    (*out)->place = peek(p, 0)->text;
    (*out)->depth = 1;
    return NLT_OK;
}

/* [AS] name [(column, ...)] */
static nlt_status parse_table_alias(nlt_parser *p, nlt_sql_relation_node *relation)
{
    bool has_as = take_word(p, "as");
    if (!has_as && !nlt__parser_is_alias(peek(p, 0))) {
        return NLT_OK;
    }
    NLT_TRY(nlt__parser_name(p, &relation->alias));
    if (take_symbol(p, "(")) {
        NLT_TRY(nlt__parser_names(p, &relation->columns, &relation->n_columns));
        return need_symbol(p, ")");
    }
    return NLT_OK;
}

/* VALUES row, ...: a row is one expression or (a, b). */
static nlt_status parse_values(nlt_parser *p, nlt_sql_relation_node *relation)
{
    NLT_TRY(need_word(p, "values"));
    do {
        nlt_sql_expr *row;
        nlt_sql_expr *tuple;
        NLT_TRY(nlt__parser_grow(p, &relation->rows, relation->n_rows, sizeof *relation->rows));
        NLT_TRY(nlt__parser_expr(p, &row));
        tuple = row;
        if (row->kind != NLT_SQL_EXPR_TUPLE) {
            NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, row->place, &tuple));
            NLT_TRY(nlt__parser_add_arg(p, tuple, row));
        }
        if (relation->n_rows > 0 && relation->rows[0]->n_args != tuple->n_args) {
            return nlt__sql_error(
                p->sql, tuple->place, p->err, "rows of VALUES differ in their number of columns");
        }
        relation->rows[relation->n_rows++] = tuple;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_relation(nlt_parser *p, nlt_sql_relation_node **out);
static nlt_status parse_from(nlt_parser *p, nlt_sql_relation_node **out);

static nlt_status parse_table(nlt_parser *p, nlt_sql_relation_node **out)
{
    if (peek(p, 0)->kind == NLT_TOKEN_STRING) {
        return fail_here(p, "files cannot be read from a query");
    }
    bool is_call = nlt__parser_is_name(peek(p, 0)) && is_symbol(peek(p, 1), "(");
    NLT_TRY(new_relation(p, is_call ? NLT_SQL_RELATION_FUNCTION : NLT_SQL_RELATION_TABLE, out));
    if (is_call) {
        return nlt__parser_function(p, &(*out)->call);
    }
    do {
        NLT_TRY(nlt__parser_grow(p, &(*out)->parts, (*out)->n_parts, sizeof *(*out)->parts));
        NLT_TRY(nlt__parser_name(p, &(*out)->parts[(*out)->n_parts]));
        (*out)->n_parts++;
    } while (take_symbol(p, "."));
    return NLT_OK;
}

static nlt_status parse_item(nlt_parser *p, nlt_sql_item *item);

static nlt_status parse_pivot_items(nlt_parser *p, nlt_sql_item **items, int *n)
{
    do {
        NLT_TRY(nlt__parser_grow(p, items, *n, sizeof **items));
        NLT_TRY(parse_item(p, &(*items)[*n]));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

/* PIVOT (aggregate, ... FOR column IN (value, ...)), UNPIVOT [INCLUDE NULLS] (value FOR name IN
 * (column, ...)) behind a relation. */
static nlt_status parse_pivot(nlt_parser *p, nlt_sql_relation_node **relation)
{
    nlt_sql_relation_node *node;
    bool is_pivot = at_word(p, "pivot");
    NLT_TRY(new_relation(p, is_pivot ? NLT_SQL_RELATION_PIVOT : NLT_SQL_RELATION_UNPIVOT, &node));
    NLT_TRY(nlt__parser_make(p, sizeof *node->pivot, &node->pivot));
    nlt_sql_pivot *pivot = node->pivot;
    advance(p);
    pivot->includes_nulls = !is_pivot && take_words(p, "include", "nulls");
    if (!is_pivot && !pivot->includes_nulls) {
        (void)take_words(p, "exclude", "nulls");
    }
    NLT_TRY(need_symbol(p, "("));
    if (is_pivot) {
        NLT_TRY(parse_pivot_items(p, &pivot->items, &pivot->n_items));
    } else {
        NLT_TRY(nlt__parser_name(p, &pivot->value_name));
    }
    NLT_TRY(need_word(p, "for"));
    if (is_pivot) {
        NLT_TRY(nlt__parser_value(p, 0, &pivot->on));
    } else {
        NLT_TRY(nlt__parser_name(p, &pivot->name_name));
    }
    NLT_TRY(need_word(p, "in"));
    NLT_TRY(need_symbol(p, "("));
    NLT_TRY(parse_pivot_items(p, &pivot->values, &pivot->n_values));
    NLT_TRY(need_symbol(p, ")"));
    NLT_TRY(need_symbol(p, ")"));
    node->left = *relation;
    node->depth = node->left->depth + 1;
    *relation = node;
    if (node->depth > NLT_PARSER_DEPTH_MAX) {
        return fail_here(p, "too many pivots");
    }
    return parse_table_alias(p, node);
}

static nlt_status parse_primary_relation(nlt_parser *p, nlt_sql_relation_node **out)
{
    bool is_lateral = take_word(p, "lateral");
    if (at_word(p, "values")) {
        NLT_TRY(new_relation(p, NLT_SQL_RELATION_VALUES, out));
        NLT_TRY(parse_values(p, *out));
    } else if (at_symbol(p, "(")) {
        nlt_bytes place = peek(p, 0)->text;
        advance(p);
        if (!nlt__parser_at_query(p)) { /* (a JOIN b) */
            NLT_TRY(parse_from(p, out));
            NLT_TRY(need_symbol(p, ")"));
            return nlt__parser_is_alias(peek(p, 0))
                ? nlt__parser_refuse(p, "an alias for a join in parentheses")
                : NLT_OK;
        }
        NLT_TRY(new_relation(p, NLT_SQL_RELATION_QUERY, out));
        (*out)->place = place;
        NLT_TRY(nlt__parser_query(p, &(*out)->query));
        NLT_TRY(need_symbol(p, ")"));
    } else {
        NLT_TRY(parse_table(p, out));
    }
    (*out)->is_lateral = is_lateral;
    if (at_word(p, "tablesample")) {
        return nlt__parser_refuse(p, "TABLESAMPLE");
    }
    NLT_TRY(parse_table_alias(p, *out));
    while (at_word(p, "pivot") || at_word(p, "unpivot")) {
        NLT_TRY(parse_pivot(p, out));
    }
    return NLT_OK;
}

/* The kind of a join whose words begin here; false: there is none. */
static bool take_join(nlt_parser *p, nlt_sql_join *join, bool *is_natural)
{
    static const struct {
        const char *words[3];
        nlt_sql_join join;
    } kinds[] = {
        {{"join"}, NLT_SQL_JOIN_INNER},
        {{"inner", "join"}, NLT_SQL_JOIN_INNER},
        {{"cross", "join"}, NLT_SQL_JOIN_CROSS},
        {{"left", "join"}, NLT_SQL_JOIN_LEFT},
        {{"left", "outer", "join"}, NLT_SQL_JOIN_LEFT},
        {{"right", "join"}, NLT_SQL_JOIN_RIGHT},
        {{"right", "outer", "join"}, NLT_SQL_JOIN_RIGHT},
        {{"full", "join"}, NLT_SQL_JOIN_FULL},
        {{"full", "outer", "join"}, NLT_SQL_JOIN_FULL},
        {{"semi", "join"}, NLT_SQL_JOIN_SEMI},
        {{"left", "semi", "join"}, NLT_SQL_JOIN_SEMI},
        {{"anti", "join"}, NLT_SQL_JOIN_ANTI},
        {{"left", "anti", "join"}, NLT_SQL_JOIN_ANTI},
    };
    int natural = at_word(p, "natural");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int n = 0;
        while (n < 3 && kinds[i].words[n] != NULL
            && is_word(peek(p, natural + n), kinds[i].words[n])) {
            n++;
        }
        if (n == 3 || kinds[i].words[n] == NULL) {
            p->pos += natural + n;
            *join = kinds[i].join;
            *is_natural = natural != 0;
            return true;
        }
    }
    return false;
}

static nlt_status join_relations(nlt_parser *p, nlt_sql_relation_node *left,
    nlt_sql_relation_node *right, nlt_sql_relation_node **out)
{
    NLT_TRY(new_relation(p, NLT_SQL_RELATION_JOIN, out));
    (*out)->left = left;
    (*out)->right = right;
    (*out)->join = NLT_SQL_JOIN_CROSS;
    (*out)->depth = 1 + (left->depth > right->depth ? left->depth : right->depth);
    return (*out)->depth <= NLT_PARSER_DEPTH_MAX ? NLT_OK : fail_here(p, "too many joins");
}

static nlt_status parse_relation(nlt_parser *p, nlt_sql_relation_node **out)
{
    NLT_TRY(parse_primary_relation(p, out));
    nlt_sql_join kind;
    bool is_natural;
    while (take_join(p, &kind, &is_natural)) {
        nlt_sql_relation_node *left = *out;
        nlt_sql_relation_node *right;
        NLT_TRY(parse_primary_relation(p, &right));
        NLT_TRY(join_relations(p, left, right, out));
        (*out)->join = kind;
        (*out)->is_natural = is_natural;
        if (take_word(p, "on")) {
            NLT_TRY(nlt__parser_expr(p, &(*out)->on));
        } else if (take_word(p, "using")) {
            NLT_TRY(need_symbol(p, "("));
            NLT_TRY(nlt__parser_names(p, &(*out)->using_columns, &(*out)->n_using));
            NLT_TRY(need_symbol(p, ")"));
        }
    }
    return NLT_OK;
}

/* LATERAL VIEW [OUTER] function(...) [table] [AS column, ...] */
static nlt_status parse_lateral_view(nlt_parser *p, nlt_sql_relation_node **from)
{
    nlt_sql_relation_node *view;
    NLT_TRY(new_relation(p, NLT_SQL_RELATION_VIEW, &view));
    p->pos += 2;
    view->is_outer = take_word(p, "outer");
    view->left = *from;
    view->depth = (*from)->depth + 1;
    if (!nlt__parser_is_name(peek(p, 0)) || !is_symbol(peek(p, 1), "(")) {
        return fail_here(p, "a function is expected");
    }
    NLT_TRY(nlt__parser_function(p, &view->call));
    if (!at_word(p, "as") && nlt__parser_is_alias(peek(p, 0))) {
        NLT_TRY(nlt__parser_name(p, &view->alias));
    }
    if (take_word(p, "as")) {
        NLT_TRY(nlt__parser_names(p, &view->columns, &view->n_columns));
    }
    *from = view;
    return view->depth <= NLT_PARSER_DEPTH_MAX ? NLT_OK : fail_here(p, "too many views");
}

static nlt_status parse_from(nlt_parser *p, nlt_sql_relation_node **out)
{
    if (++p->depth > NLT_PARSER_DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    NLT_TRY(parse_relation(p, out));
    while (take_symbol(p, ",")) {
        nlt_sql_relation_node *left = *out;
        nlt_sql_relation_node *right;
        NLT_TRY(parse_relation(p, &right));
        NLT_TRY(join_relations(p, left, right, out));
    }
    while (at_words(p, "lateral", "view")) {
        NLT_TRY(parse_lateral_view(p, out));
    }
    p->depth--;
    return NLT_OK;
}

/* ---- queries ---- */

bool nlt__parser_at_query(const nlt_parser *p)
{
    int ahead = 0;
    while (is_symbol(peek(p, ahead), "(")) {
        ahead++;
    }
    const nlt_token *token = peek(p, ahead);
    return is_word(token, "select") || is_word(token, "with")
        || (is_word(token, "values") && !is_symbol(peek(p, ahead + 1), ","))
        || (is_word(token, "from") && ahead > 0);
}

static nlt_status parse_item(nlt_parser *p, nlt_sql_item *item)
{
    NLT_TRY(nlt__parser_expr(p, &item->expr));
    if (take_word(p, "as")) {
        if (take_symbol(p, "(")) {
            NLT_TRY(nlt__parser_names(p, &item->aliases, &item->n_aliases));
            return need_symbol(p, ")");
        }
    } else if (!nlt__parser_is_alias(peek(p, 0))) {
        return NLT_OK;
    }
    NLT_TRY(nlt__parser_grow(p, &item->aliases, 0, sizeof *item->aliases));
    NLT_TRY(nlt__parser_name(p, &item->aliases[0]));
    item->n_aliases = 1;
    return NLT_OK;
}

/* ((a, b), a, ()) */
static nlt_status parse_sets(nlt_parser *p, nlt_sql_group *group)
{
    NLT_TRY(need_symbol(p, "("));
    do {
        nlt_sql_expr *set;
        NLT_TRY(nlt__parser_grow(p, &group->exprs, group->n_exprs, sizeof *group->exprs));
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, peek(p, 0)->text, &set));
        if (at_symbol(p, "(")) {
            advance(p);
            if (!at_symbol(p, ")")) {
                NLT_TRY(nlt__parser_list(p, set));
            }
            NLT_TRY(need_symbol(p, ")"));
        } else {
            nlt_sql_expr *one;
            NLT_TRY(nlt__parser_expr(p, &one));
            NLT_TRY(nlt__parser_add_arg(p, set, one));
        }
        group->exprs[group->n_exprs++] = set;
    } while (take_symbol(p, ","));
    return need_symbol(p, ")");
}

static nlt_status parse_group_element(nlt_parser *p, nlt_sql_group *group)
{
    static const char *const kinds[][2] = {{"rollup", "ROLLUP"}, {"cube", "CUBE"}};
    for (size_t i = 0; i < 2; i++) {
        if (at_word(p, kinds[i][0]) && is_symbol(peek(p, 1), "(")) {
            advance(p);
            group->kind = kinds[i][1];
            return parse_sets(p, group);
        }
    }
    if (at_words(p, "grouping", "sets")) {
        p->pos += 2;
        group->kind = "GROUPING SETS";
        return parse_sets(p, group);
    }
    NLT_TRY(nlt__parser_grow(p, &group->exprs, 0, sizeof *group->exprs));
    NLT_TRY(nlt__parser_expr(p, &group->exprs[0]));
    group->n_exprs = 1;
    return NLT_OK;
}

/* Each expression of GROUP BY a, b WITH ROLLUP becomes a set of its own. */
static nlt_status merge_groups(nlt_parser *p, nlt_sql_select *select, const char *kind)
{
    nlt_sql_group merged = {.kind = kind};
    for (int i = 0; i < select->n_groups; i++) {
        nlt_sql_expr *set;
        if (select->groups[i].kind != NULL) {
            return fail_here(p, "it cannot follow another grouping");
        }
        NLT_TRY(nlt__parser_grow(p, &merged.exprs, i, sizeof *merged.exprs));
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, select->groups[i].exprs[0]->place, &set));
        NLT_TRY(nlt__parser_add_arg(p, set, select->groups[i].exprs[0]));
        merged.exprs[merged.n_exprs++] = set;
    }
    select->groups[0] = merged;
    select->n_groups = 1;
    return NLT_OK;
}

static nlt_status parse_group_by(nlt_parser *p, nlt_sql_select *select)
{
    if (at_word(p, "all") && !is_symbol(peek(p, 1), ",") && !is_symbol(peek(p, 1), "(")) {
        advance(p);
        select->is_group_all = true;
        return NLT_OK;
    }
    do {
        NLT_TRY(nlt__parser_grow(p, &select->groups, select->n_groups, sizeof *select->groups));
        NLT_TRY(parse_group_element(p, &select->groups[select->n_groups]));
        select->n_groups++;
    } while (take_symbol(p, ","));
    if (take_words(p, "with", "rollup")) {
        return merge_groups(p, select, "ROLLUP");
    }
    if (take_words(p, "with", "cube")) {
        return merge_groups(p, select, "CUBE");
    }
    if (at_words(p, "grouping", "sets")) { /* GROUP BY a, b GROUPING SETS (...) */
        p->pos += 2;
        select->groups[0] = (nlt_sql_group){.kind = "GROUPING SETS"};
        select->n_groups = 1;
        return parse_sets(p, &select->groups[0]);
    }
    return NLT_OK;
}

static nlt_status parse_windows(nlt_parser *p, nlt_sql_select *select)
{
    do {
        NLT_TRY(nlt__parser_grow(p, &select->windows, select->n_windows, sizeof *select->windows));
        nlt_sql_named_window *window = &select->windows[select->n_windows];
        NLT_TRY(nlt__parser_name(p, &window->name));
        NLT_TRY(need_word(p, "as"));
        NLT_TRY(nlt__parser_window(p, &window->window));
        select->n_windows++;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_select(nlt_parser *p, nlt_sql_select *select)
{
    NLT_TRY(need_word(p, "select"));
    select->is_distinct = take_word(p, "distinct");
    if (!select->is_distinct && at_word(p, "all") && !is_symbol(peek(p, 1), ",")) {
        advance(p);
    }
    do {
        NLT_TRY(nlt__parser_grow(p, &select->items, select->n_items, sizeof *select->items));
        NLT_TRY(parse_item(p, &select->items[select->n_items]));
        select->n_items++;
    } while (take_symbol(p, ","));
    if (take_word(p, "from")) {
        NLT_TRY(parse_from(p, &select->from));
    }
    if (take_word(p, "where")) {
        NLT_TRY(nlt__parser_expr(p, &select->where));
    }
    if (take_words(p, "group", "by")) {
        NLT_TRY(parse_group_by(p, select));
    }
    if (take_word(p, "having")) {
        NLT_TRY(nlt__parser_expr(p, &select->having));
    }
    if (take_word(p, "window")) {
        NLT_TRY(parse_windows(p, select));
    }
    return take_word(p, "qualify") ? nlt__parser_expr(p, &select->qualify) : NLT_OK;
}

static nlt_status new_query(nlt_parser *p, nlt_sql_query_kind kind, nlt_sql_query **out)
{
    NLT_TRY(nlt__parser_make(p, sizeof **out, out));
    (*out)->kind = kind;
    (*out)->place = peek(p, 0)->text;
    (*out)->depth = 1;
    return NLT_OK;
}

static nlt_status parse_query_primary(nlt_parser *p, nlt_sql_query **out)
{
    if (at_symbol(p, "(")) {
        NLT_TRY(new_query(p, NLT_SQL_QUERY_NESTED, out));
        advance(p);
        NLT_TRY(nlt__parser_query(p, &(*out)->left));
        (*out)->depth = (*out)->left->depth + 1;
        return need_symbol(p, ")");
    }
    if (at_word(p, "values")) {
        NLT_TRY(new_query(p, NLT_SQL_QUERY_VALUES, out));
        NLT_TRY(new_relation(p, NLT_SQL_RELATION_VALUES, &(*out)->values));
        NLT_TRY(parse_values(p, (*out)->values));
        return parse_table_alias(p, (*out)->values);
    }
    if (!at_word(p, "select")) {
        return fail_here(p, "only a SELECT is run");
    }
    NLT_TRY(new_query(p, NLT_SQL_QUERY_SELECT, out));
    return parse_select(p, &(*out)->select);
}

/* UNION and EXCEPT from left to right; INTERSECT binds tighter. */
static nlt_status parse_sets_of(nlt_parser *p, bool is_intersect, nlt_sql_query **out)
{
    NLT_TRY(is_intersect ? parse_query_primary(p, out) : parse_sets_of(p, true, out));
    for (;;) {
        const char *set = NULL;
        if (is_intersect) {
            set = at_word(p, "intersect") ? "INTERSECT" : NULL;
        } else {
            bool is_except = at_word(p, "except") || at_word(p, "minus");
            set = at_word(p, "union") ? "UNION" : is_except ? "EXCEPT" : NULL;
        }
        if (set == NULL) {
            return NLT_OK;
        }
        nlt_sql_query *left = *out;
        NLT_TRY(new_query(p, NLT_SQL_QUERY_SET, out));
        nlt_sql_query *node = *out;
        advance(p);
        node->set = set;
        node->is_all = take_word(p, "all");
        if (!node->is_all) {
            (void)take_word(p, "distinct");
        }
        node->left = left;
        NLT_TRY(is_intersect ? parse_query_primary(p, &node->right)
                             : parse_sets_of(p, true, &node->right));
        int depth = left->depth > node->right->depth ? left->depth : node->right->depth;
        node->depth = depth + 1;
        if (node->depth > NLT_PARSER_DEPTH_MAX) {
            return fail_here(p, "too many set operations");
        }
    }
}

static nlt_status parse_ctes(nlt_parser *p, nlt_sql_query *query, nlt_sql_cte **ctes, int *n)
{
    (void)query;
    bool is_recursive = take_word(p, "recursive");
    do {
        NLT_TRY(nlt__parser_grow(p, ctes, *n, sizeof **ctes));
        nlt_sql_cte *cte = &(*ctes)[*n];
        cte->is_recursive = is_recursive;
        NLT_TRY(nlt__parser_name(p, &cte->name));
        if (take_symbol(p, "(")) {
            NLT_TRY(nlt__parser_names(p, &cte->columns, &cte->n_columns));
            NLT_TRY(need_symbol(p, ")"));
        }
        (void)take_word(p, "as");
        NLT_TRY(need_symbol(p, "("));
        NLT_TRY(nlt__parser_query(p, &cte->query));
        NLT_TRY(need_symbol(p, ")"));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_ordering(nlt_parser *p, nlt_sql_query *query)
{
    if (take_words(p, "order", "by")) {
        if (at_word(p, "all") && !is_symbol(peek(p, 1), ",")) {
            advance(p);
            query->is_order_all = true;
            return nlt__parser_direction(
                p, &query->is_order_all_descending, &query->is_order_all_nulls_last);
        }
        return nlt__parser_order(p, &query->order, &query->n_order);
    }
    if (at_words(p, "cluster", "by") || at_words(p, "distribute", "by")) {
        /* where rows lie: no part of the answer */
        nlt_sql_expr *ignored;
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, peek(p, 0)->text, &ignored));
        p->pos += 2;
        NLT_TRY(nlt__parser_list(p, ignored));
    }
    if (take_words(p, "sort", "by")) { /* one partition: the whole order */
        return nlt__parser_order(p, &query->order, &query->n_order);
    }
    return NLT_OK;
}

static nlt_status parse_query_inside(nlt_parser *p, nlt_sql_query **out)
{
    nlt_sql_cte *ctes = NULL;
    int n_ctes = 0;
    if (take_word(p, "with")) {
        NLT_TRY(parse_ctes(p, NULL, &ctes, &n_ctes));
    }
    NLT_TRY(parse_sets_of(p, false, out));
    nlt_sql_query *query = *out;
    query->ctes = ctes;
    query->n_ctes = n_ctes;
    NLT_TRY(parse_ordering(p, query));
    if (take_word(p, "window")) {
        return nlt__parser_refuse(p, "WINDOW behind ORDER BY");
    }
    if (take_word(p, "limit") && !take_word(p, "all")) {
        NLT_TRY(nlt__parser_expr(p, &query->limit));
    }
    return take_word(p, "offset") ? nlt__parser_expr(p, &query->offset) : NLT_OK;
}

nlt_status nlt__parser_query(nlt_parser *p, nlt_sql_query **out)
{
    enum { COST = 4 }; /* a query's frames are many */
    p->depth += COST;
    if (p->depth > NLT_PARSER_DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    NLT_TRY(parse_query_inside(p, out));
    p->depth -= COST;
    return NLT_OK;
}
