/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which statements bear it that rows are combined before, and how they read then.
 *
 * COUNT(*) becomes the sum of counts, SUM(a + b) the sum of sums; columns beside such aggregates stay as
 * they are, and rows are only combined if they agree in them. So WHERE, GROUP BY and all functions of
 * rows mean what they meant. */

#include "sql/combine.h"

#include <stdlib.h>
#include <string.h>

#include "sql/parser.h"
#include "sql/text.h"
#include "sql/translate.h"

enum { COLUMNS_MAX = 64, PATCHES_MAX = 256, TEXT_MAX = 1 << 20, NAME_MAX = 250 };

/* What is written in place of a call. */
typedef struct patch {
    const char *at; /* the first byte of its name */
    const char *text;
} patch;

typedef struct combiner {
    nlt_sql_translator tr;
    const nlt_sql_relation *relation;
    const nlt_sql_query *query;
    bool is_key[COLUMNS_MAX];
    nlt_sql_combined_column values[COLUMNS_MAX];
    int n_values;
    patch patches[PATCHES_MAX];
    int n_patches;
    bool has_aggregates;
    bool has_windows;
    bool prefers_aliases; /* HAVING, ORDER BY */
    bool fits;
} combiner;

static void refuse(combiner *c)
{
    c->fits = false;
}

/* ---- columns ---- */

static int find_column(const combiner *c, const nlt_sql_expr *expr)
{
    const nlt_sql_relation_node *from = c->query->select.from;
    const char *qualifier = from->alias != NULL ? from->alias : c->relation->name;
    bool is_known = expr->n_parts == 1
        || (expr->n_parts == 2 && nlt__sql_equal_names(expr->parts[0], qualifier));
    for (int i = 0; is_known && i < c->relation->n_columns; i++) {
        if (nlt__sql_equal_names(expr->parts[expr->n_parts - 1], c->relation->columns[i])) {
            return i;
        }
    }
    return -1;
}

static bool is_alias(const combiner *c, const nlt_sql_expr *expr)
{
    const nlt_sql_select *select = &c->query->select;
    for (int i = 0; expr->n_parts == 1 && i < select->n_items; i++) {
        for (int j = 0; j < select->items[i].n_aliases; j++) {
            if (nlt__sql_equal_names(expr->parts[0], select->items[i].aliases[j])) {
                return true;
            }
        }
    }
    return false;
}

/* A column that all rows of a group agree in. Real numbers (times) would leave nothing to combine. */
static void use_column(combiner *c, const nlt_sql_expr *expr)
{
    int column = find_column(c, expr);
    bool is_other = is_alias(c, expr) && (c->prefers_aliases || column < 0);
    if (is_other) {
        return;
    }
    bool is_plain = column >= 0 && nlt__sql_is_atomic(c->relation->types[column].kind)
        && !nlt__sql_is_real(c->relation->types[column].kind);
    if (is_plain) {
        c->is_key[column] = true;
    } else {
        refuse(c);
    }
}

/* A combined column, once for all that use it. */
static nlt_status use_value(combiner *c, const char *name, int type_of)
{
    for (int i = 0; i < c->n_values; i++) {
        if (strcmp(c->values[i].name, name) == 0) {
            return NLT_OK;
        }
    }
    if (c->n_values == COLUMNS_MAX || strlen(name) > NAME_MAX) {
        refuse(c);
        return NLT_OK;
    }
    c->values[c->n_values++] = (nlt_sql_combined_column){name, type_of};
    return NLT_OK;
}

/* ---- what is summed ---- */

static nlt_status put_word(const combiner *c, const char *word, nlt_buf *out)
{
    return nlt__buf_printf(out, c->tr.err, "%s%s", out->len > 0 ? " " : "", word);
}

static bool is_integer_literal(const nlt_sql_expr *expr)
{
    return expr->kind == NLT_SQL_EXPR_LITERAL && nlt__sql_is_integer(expr->type.kind)
        && expr->text[0] != '-';
}

/* Has the operands' own type, which is BIGINT as long as one of them is a column. */
static bool is_operator(const nlt_sql_expr *expr)
{
    static const char *const operators[] = {"+", "-", "*", "&", "|", "^"};
    bool is_shift = expr->kind == NLT_SQL_EXPR_BINARY && strcmp(expr->text, ">>") == 0
        && expr->n_args == 2 && is_integer_literal(expr->args[1]);
    if (expr->n_args != 2 || is_integer_literal(expr->args[0])) {
        return false;
    }
    if (expr->kind == NLT_SQL_EXPR_CALL) {
        return strcmp(expr->text, "coalesce") == 0;
    }
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (expr->kind == NLT_SQL_EXPR_BINARY && strcmp(expr->text, operators[i]) == 0) {
            return true;
        }
    }
    return is_shift;
}

/* Appends an expression over BIGINT columns in postfix form. */
static nlt_status put_sum(const combiner *c, const nlt_sql_expr *expr, nlt_buf *out, bool *is_sum)
{
    if (expr->kind == NLT_SQL_EXPR_COLUMN) {
        int column = find_column(c, expr);
        *is_sum &= column >= 0 && c->relation->types[column].kind == NLT_SQL_BIGINT;
        return *is_sum ? put_word(c, c->relation->columns[column], out) : NLT_OK;
    }
    if (is_integer_literal(expr)) {
        return put_word(c, expr->text, out);
    }
    *is_sum &= is_operator(expr);
    for (int i = 0; *is_sum && i < expr->n_args; i++) {
        NLT_TRY(put_sum(c, expr->args[i], out, is_sum));
    }
    return *is_sum ? put_word(c, expr->text, out) : NLT_OK;
}

/* The expression of a sum; NULL: it cannot be combined. */
static nlt_status sum_text(combiner *c, const nlt_sql_expr *expr, const char **out)
{
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    bool is_sum = !is_integer_literal(expr);
    *out = NULL;
    nlt_status status = put_sum(c, expr, &text, &is_sum);
    if (is_sum && status == NLT_OK) {
        status = nlt__sql_keep(&c->tr, &text, out);
    }
    nlt__buf_clear(&text);
    return status;
}

/* ---- aggregates ---- */

static nlt_status add_patch(combiner *c, const nlt_sql_expr *call, const char *text)
{
    if (c->n_patches == PATCHES_MAX) {
        refuse(c);
        return NLT_OK;
    }
    c->patches[c->n_patches++] = (patch){call->place.ptr, text};
    return NLT_OK;
}

static nlt_status replace_count(combiner *c, const nlt_sql_expr *call, bool *is_done)
{
    const nlt_sql_expr *arg = call->args[0];
    bool is_all = (arg->kind == NLT_SQL_EXPR_STAR && arg->n_parts == 0 && arg->n_args == 0)
        || is_integer_literal(arg);
    int column = arg->kind == NLT_SQL_EXPR_COLUMN ? find_column(c, arg) : -1;
    const char *name = NULL;
    const char *text = NULL;
    *is_done = is_all || column >= 0;
    if (!*is_done) {
        return NLT_OK;
    }
    NLT_TRY(
        nlt__sql_text(&c->tr, &name, "count %s", column >= 0 ? c->relation->columns[column] : "*"));
    NLT_TRY(use_value(c, name, -1));
    NLT_TRY(nlt__sql_text(&c->tr, &text, "coalesce(sum(`%s`), 0)", name));
    return add_patch(c, call, text);
}

static nlt_status replace_sum(combiner *c, const nlt_sql_expr *call, bool *is_done)
{
    const char *sum = NULL;
    const char *name = NULL;
    const char *text = NULL;
    NLT_TRY(sum_text(c, call->args[0], &sum));
    *is_done = sum != NULL;
    if (!*is_done) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_text(&c->tr, &name, "sum %s", sum));
    NLT_TRY(use_value(c, name, -1));
    NLT_TRY(nlt__sql_text(&c->tr, &text, "sum(`%s`)", name));
    return add_patch(c, call, text);
}

/* The mean of integers, whose sum may be too large for 64 bits: both halves are summed. */
static nlt_status replace_avg(combiner *c, const nlt_sql_expr *call, bool *is_done)
{
    const nlt_sql_expr *arg = call->args[0];
    int column = arg->kind == NLT_SQL_EXPR_COLUMN ? find_column(c, arg) : -1;
    *is_done = column >= 0 && c->relation->types[column].kind == NLT_SQL_BIGINT;
    if (!*is_done) {
        return NLT_OK;
    }
    const char *of = c->relation->columns[column];
    const char *high = NULL;
    const char *low = NULL;
    const char *count = NULL;
    const char *text = NULL;
    NLT_TRY(nlt__sql_text(&c->tr, &high, "sum %s 32 >>", of));
    NLT_TRY(nlt__sql_text(&c->tr, &low, "sum %s 4294967295 &", of));
    NLT_TRY(nlt__sql_text(&c->tr, &count, "count %s", of));
    NLT_TRY(use_value(c, high, -1));
    NLT_TRY(use_value(c, low, -1));
    NLT_TRY(use_value(c, count, -1));
    NLT_TRY(nlt__sql_text(&c->tr, &text,
        "((CAST(sum(`%s`) AS DOUBLE) * 4294967296D + CAST(sum(`%s`) AS DOUBLE)) / sum(`%s`))", high,
        low, count));
    return add_patch(c, call, text);
}

/* MIN and MAX, of a column that has an order. */
static nlt_status replace_extreme(combiner *c, const nlt_sql_expr *call, bool *is_done)
{
    const nlt_sql_expr *arg = call->args[0];
    int column = arg->kind == NLT_SQL_EXPR_COLUMN ? find_column(c, arg) : -1;
    nlt_sql_kind kind = column >= 0 ? c->relation->types[column].kind : NLT_SQL_NULL;
    const char *name = NULL;
    const char *text = NULL;
    *is_done = nlt__sql_is_atomic(kind) && kind != NLT_SQL_DECIMAL && kind != NLT_SQL_BINARY;
    if (!*is_done) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_text(&c->tr, &name, "%s %s", call->text, c->relation->columns[column]));
    NLT_TRY(use_value(c, name, column));
    NLT_TRY(nlt__sql_text(&c->tr, &text, "%s(`%s`)", call->text, name));
    return add_patch(c, call, text);
}

/* True if what a name in ORDER BY means is not clear: a column, or an item of SELECT. */
static bool has_alias(const combiner *c, const nlt_sql_expr *expr)
{
    bool is_found = expr->kind == NLT_SQL_EXPR_COLUMN && is_alias(c, expr);
    for (int i = 0; !is_found && i < expr->n_args; i++) {
        is_found = has_alias(c, expr->args[i]);
    }
    return is_found;
}

/* Aggregates that are put together from parts, as far as they can be. */
static nlt_status replace_call(combiner *c, const nlt_sql_expr *call, bool *is_done)
{
    static const struct {
        const char *name;
        nlt_status (*replace)(combiner *c, const nlt_sql_expr *call, bool *is_done);
    } rows[] = {{"count", replace_count}, {"sum", replace_sum}, {"avg", replace_avg},
        {"mean", replace_avg}, {"min", replace_extreme}, {"max", replace_extreme}};
    bool is_simple = call->n_args == 1 && !call->call->is_distinct && call->call->filter == NULL;
    *is_done = false;
    for (size_t i = 0; is_simple && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(call->text, rows[i].name) == 0) {
            return rows[i].replace(c, call, is_done);
        }
    }
    return NLT_OK;
}

/* True if it does not matter how often a row is there. */
static bool is_of_set(const nlt_sql_expr *call)
{
    static const char *const names[] = {
        "min", "max", "approx_count_distinct", "bool_and", "bool_or", "every", "any", "some"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(call->text, names[i]) == 0) {
            return true;
        }
    }
    return strcmp(call->text, "count") == 0 && call->call->is_distinct;
}

/* ---- the tree ---- */

static nlt_status look(combiner *c, const nlt_sql_expr *expr);

static nlt_status look_at_all(combiner *c, nlt_sql_expr *const *exprs, int n)
{
    for (int i = 0; i < n; i++) {
        NLT_TRY(look(c, exprs[i]));
    }
    return NLT_OK;
}

static nlt_status look_at_order(combiner *c, const nlt_sql_order *order, int n)
{
    for (int i = 0; i < n; i++) {
        NLT_TRY(look(c, order[i].expr));
    }
    return NLT_OK;
}

static nlt_status look_at_window(combiner *c, const nlt_sql_window *window)
{
    NLT_TRY(look_at_all(c, window->partition, window->n_partition));
    return look_at_order(c, window->order, window->n_order);
}

static nlt_status look_at_call(combiner *c, const nlt_sql_expr *expr)
{
    const nlt_sql_call *call = expr->call;
    if (call->over != NULL) { /* over groups */
        c->has_windows = true;
        NLT_TRY(look_at_window(c, call->over));
    } else if (nlt__sql_is_aggregate(expr->text)) {
        bool is_done = false;
        c->has_aggregates = true;
        c->fits &= !c->prefers_aliases || !has_alias(c, expr);
        NLT_TRY(replace_call(c, expr, &is_done));
        if (is_done) {
            return NLT_OK;
        }
        c->fits &= is_of_set(expr);
    }
    if (nlt__sql_is_generator(expr) || call->n_within > 0) {
        refuse(c);
    }
    if (call->filter != NULL) {
        NLT_TRY(look(c, call->filter));
    }
    return look_at_all(c, expr->args, expr->n_args);
}

static nlt_status look(combiner *c, const nlt_sql_expr *expr)
{
    if (expr == NULL || !c->fits) {
        return NLT_OK;
    }
    switch (expr->kind) {
    case NLT_SQL_EXPR_COLUMN:
        use_column(c, expr);
        return NLT_OK;
    case NLT_SQL_EXPR_CALL:
        return look_at_call(c, expr);
    case NLT_SQL_EXPR_STAR:
    case NLT_SQL_EXPR_EXISTS:
    case NLT_SQL_EXPR_SUBQUERY:
    case NLT_SQL_EXPR_LAMBDA:
        refuse(c);
        return NLT_OK;
    case NLT_SQL_EXPR_LITERAL:
    case NLT_SQL_EXPR_UNARY:
    case NLT_SQL_EXPR_BINARY:
    case NLT_SQL_EXPR_CAST:
    case NLT_SQL_EXPR_CASE:
    case NLT_SQL_EXPR_BETWEEN:
    case NLT_SQL_EXPR_IN:
    case NLT_SQL_EXPR_LIKE:
    case NLT_SQL_EXPR_IS:
    case NLT_SQL_EXPR_INDEX:
    case NLT_SQL_EXPR_FIELD:
    case NLT_SQL_EXPR_TUPLE:
    case NLT_SQL_EXPR_INTERVAL:
        break;
    }
    c->fits &= expr->query == NULL;
    return look_at_all(c, expr->args, expr->n_args);
}

/* SELECT ... FROM the relation, and nothing else that has rows. */
static bool is_of_relation(const nlt_sql_query *query, const nlt_sql_relation *relation)
{
    const nlt_sql_relation_node *from = query->select.from;
    return query->kind == NLT_SQL_QUERY_SELECT && query->n_ctes == 0 && from != NULL
        && from->kind == NLT_SQL_RELATION_TABLE && from->n_parts == 1 && from->n_columns == 0
        && nlt__sql_equal_names(from->parts[0], relation->name)
        && relation->n_columns <= COLUMNS_MAX;
}

static nlt_status look_at_query(combiner *c)
{
    const nlt_sql_query *query = c->query;
    const nlt_sql_select *select = &query->select;
    for (int i = 0; i < select->n_items; i++) {
        NLT_TRY(look(c, select->items[i].expr));
    }
    NLT_TRY(look(c, select->where));
    for (int i = 0; i < select->n_groups; i++) {
        NLT_TRY(look_at_all(c, select->groups[i].exprs, select->groups[i].n_exprs));
    }
    for (int i = 0; i < select->n_windows; i++) {
        NLT_TRY(look_at_window(c, select->windows[i].window));
    }
    c->prefers_aliases = true;
    NLT_TRY(look(c, select->having));
    NLT_TRY(look(c, select->qualify));
    NLT_TRY(look_at_order(c, query->order, query->n_order));
    bool is_grouped = c->has_aggregates || select->n_groups > 0 || select->is_group_all;
    c->fits &= is_grouped || (select->is_distinct && !c->has_windows);
    return c->n_values > 0 ? NLT_OK : use_value(c, "count *", -1); /* what makes rows combined */
}

/* ---- the text ---- */

static bool has_aggregate(const nlt_sql_expr *expr)
{
    bool is_found = expr->kind == NLT_SQL_EXPR_CALL && expr->call->over == NULL
        && nlt__sql_is_aggregate(expr->text);
    for (int i = 0; !is_found && i < expr->n_args; i++) {
        is_found = has_aggregate(expr->args[i]);
    }
    return is_found;
}

/* Behind an item that has got another text: the name that it would have had. */
static nlt_status put_old_name(combiner *c, int index, nlt_buf *out)
{
    const nlt_sql_select *select = &c->query->select;
    const char *name = NULL;
    if (index >= select->n_items || select->items[index].n_aliases > 0
        || !has_aggregate(select->items[index].expr)) {
        return NLT_OK;
    }
    NLT_TRY(nlt__sql_name(&c->tr, select->items[index].expr, &name));
    NLT_TRY(nlt__buf_printf(out, c->tr.err, " AS `"));
    for (const char *p = name; *p != '\0'; p++) {
        NLT_TRY(nlt__buf_printf(out, c->tr.err, *p == '`' ? "``" : "%c", *p));
    }
    return nlt__buf_printf(out, c->tr.err, "`");
}

static const patch *find_patch(const combiner *c, const char *at)
{
    for (int i = 0; i < c->n_patches; i++) {
        if (c->patches[i].at == at) {
            return &c->patches[i];
        }
    }
    return NULL;
}

static int depth_change(const nlt_token *token)
{
    bool is_symbol = token->kind == NLT_TOKEN_SYMBOL && token->text.len == 1;
    char symbol = is_symbol ? token->text.ptr[0] : ' ';
    return (symbol == '(' || symbol == '[') - (symbol == ')' || symbol == ']');
}

/* Moves over the parentheses of a call, whose name was the last token. */
static const char *end_of_call(nlt_lexer *lexer)
{
    int depth = 0;
    nlt_token token;
    do {
        token = nlt__lexer_next(lexer);
        depth += depth_change(&token);
    } while (depth > 0 && token.kind != NLT_TOKEN_END);
    return token.text.ptr + token.text.len;
}

static nlt_status copy_until(const combiner *c, const char **copied, const char *end, nlt_buf *out)
{
    nlt_status status = nlt__buf_append(out, *copied, (size_t)(end - *copied), c->tr.err);
    *copied = end;
    return status;
}

/* The statement with its patches, and names behind the items of SELECT. */
static nlt_status write_text(combiner *c, nlt_buf *out)
{
    nlt_lexer lexer = {.sql = c->tr.sql, .is_spark = true};
    const char *copied = c->tr.sql.ptr;
    const char *last = copied; /* the end of the token before */
    int item = 0;              /* of SELECT; -1: they are over */
    int depth = 0;
    bool was_distinct = false; /* IS DISTINCT FROM */
    for (;;) {
        nlt_token token = nlt__lexer_next(&lexer);
        const patch *found = find_patch(c, token.text.ptr);
        bool is_comma = nlt__token_is(&token, ",");
        bool is_end = token.kind == NLT_TOKEN_END;
        if (item >= 0 && depth == 0
            && (is_end || is_comma || (!was_distinct && is_word(&token, "from")))) {
            NLT_TRY(copy_until(c, &copied, last, out));
            NLT_TRY(put_old_name(c, item, out));
            item = is_comma ? item + 1 : -1;
        }
        if (is_end) {
            return copy_until(c, &copied, c->tr.sql.ptr + c->tr.sql.len, out);
        }
        last = token.text.ptr + token.text.len;
        if (found != NULL) {
            NLT_TRY(copy_until(c, &copied, token.text.ptr, out));
            NLT_TRY(nlt__buf_append(out, found->text, strlen(found->text), c->tr.err));
            copied = last = end_of_call(&lexer);
        }
        depth += depth_change(&token);
        was_distinct = is_word(&token, "distinct");
    }
}

static nlt_status put_columns(combiner *c, nlt_sql_combined *out)
{
    nlt_sql_combined_column *columns = nlt__sql_alloc(&c->tr, 2 * COLUMNS_MAX, sizeof *columns);
    if (columns == NULL) {
        return nlt__sql_oom(&c->tr);
    }
    for (int i = 0; i < c->relation->n_columns; i++) {
        if (c->is_key[i]) {
            columns[out->n_columns++] = (nlt_sql_combined_column){c->relation->columns[i], i};
        }
    }
    memcpy(columns + out->n_columns, c->values, (size_t)c->n_values * sizeof *columns);
    out->n_columns += c->n_values;
    out->columns = columns;
    return NLT_OK;
}

static nlt_status put_statement(combiner *c, nlt_sql_combined *out)
{
    nlt_buf text = NLT_BUF_INIT(TEXT_MAX);
    nlt_status status = write_text(c, &text);
    if (status == NLT_OK) {
        status = nlt__sql_keep(&c->tr, &text, &out->sql);
    }
    nlt__buf_clear(&text);
    return status == NLT_OK ? put_columns(c, out) : status;
}

nlt_status nlt__sql_combine(const char *query, const nlt_sql_relation *relation, nlt_arena *arena,
    nlt_sql_combined *out, nlt_error *err)
{
    combiner c = {.tr = {.sql = {query, strlen(query)},
                      .arena = arena,
                      .err = err,
                      .relations = relation,
                      .n_relations = 1},
        .relation = relation,
        .fits = true};
    nlt_sql_query *parsed = NULL;
    *out = (nlt_sql_combined){.sql = NULL};
    NLT_TRY(nlt__sql_parse(c.tr.sql, arena, &parsed, err));
    if (!is_of_relation(parsed, relation)) {
        return NLT_OK;
    }
    c.query = parsed;
    NLT_TRY(look_at_query(&c));
    return c.fits ? put_statement(&c, out) : NLT_OK;
}
