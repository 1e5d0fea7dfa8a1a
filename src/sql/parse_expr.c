/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expressions, from OR down to names and calls. */

#include "sql/parser.h"
#include "sql/text.h"

/* ---- orders and windows ---- */

nlt_status nlt__parser_list(nlt_parser *p, nlt_sql_expr *into)
{
    do {
        nlt_sql_expr *arg;
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, into, arg));
    } while (take_symbol(p, ","));
    return NLT_OK;
}

/* [ASC | DESC] [NULLS FIRST | LAST] */
nlt_status nlt__parser_direction(nlt_parser *p, bool *is_descending, bool *is_nulls_last)
{
    *is_descending = !take_word(p, "asc") && take_word(p, "desc");
    *is_nulls_last = *is_descending;
    if (take_word(p, "nulls")) {
        *is_nulls_last = take_word(p, "last");
        return *is_nulls_last ? NLT_OK : need_word(p, "first");
    }
    return NLT_OK;
}

nlt_status nlt__parser_order(nlt_parser *p, nlt_sql_order **order, int *n)
{
    do {
        NLT_TRY(nlt__parser_grow(p, order, *n, sizeof **order));
        nlt_sql_order *item = &(*order)[*n];
        NLT_TRY(nlt__parser_expr(p, &item->expr));
        NLT_TRY(nlt__parser_direction(p, &item->is_descending, &item->is_nulls_last));
        ++*n;
    } while (take_symbol(p, ","));
    return NLT_OK;
}

static nlt_status parse_bound(nlt_parser *p, const char **bound, nlt_sql_expr **value)
{
    if (take_words(p, "current", "row")) {
        *bound = "CURRENT ROW";
        return NLT_OK;
    }
    bool is_unbounded = take_word(p, "unbounded");
    if (!is_unbounded) {
        NLT_TRY(nlt__parser_value(p, 0, value));
    }
    if (take_word(p, "preceding")) {
        *bound = is_unbounded ? "UNBOUNDED PRECEDING" : "PRECEDING";
        return NLT_OK;
    }
    *bound = is_unbounded ? "UNBOUNDED FOLLOWING" : "FOLLOWING";
    return need_word(p, "following");
}

static nlt_status parse_frame(nlt_parser *p, nlt_sql_window *window)
{
    window->frame_unit = take_word(p, "rows") ? "ROWS" : take_word(p, "range") ? "RANGE" : NULL;
    if (window->frame_unit == NULL) {
        return NLT_OK;
    }
    if (!take_word(p, "between")) {
        window->frame_end = "CURRENT ROW";
        return parse_bound(p, &window->frame_start, &window->start_value);
    }
    NLT_TRY(parse_bound(p, &window->frame_start, &window->start_value));
    NLT_TRY(need_word(p, "and"));
    return parse_bound(p, &window->frame_end, &window->end_value);
}

/* name | ( [name] [PARTITION BY ...] [ORDER BY ...] [frame] ) */
nlt_status nlt__parser_window(nlt_parser *p, nlt_sql_window **out)
{
    NLT_TRY(nlt__parser_make(p, sizeof **out, out));
    nlt_sql_window *window = *out;
    if (nlt__parser_is_name(peek(p, 0))) {
        window->name = peek(p, 0)->text;
        advance(p);
        return NLT_OK;
    }
    NLT_TRY(need_symbol(p, "("));
    if (take_words(p, "partition", "by") || take_words(p, "distribute", "by")) {
        do {
            NLT_TRY(nlt__parser_grow(
                p, &window->partition, window->n_partition, sizeof *window->partition));
            NLT_TRY(nlt__parser_expr(p, &window->partition[window->n_partition]));
            window->n_partition++;
        } while (take_symbol(p, ","));
    } else if (nlt__parser_is_name(peek(p, 0)) && is_symbol(peek(p, 1), ")")) {
        window->name = peek(p, 0)->text;
        advance(p);
    }
    if (take_words(p, "order", "by") || take_words(p, "sort", "by")) {
        NLT_TRY(nlt__parser_order(p, &window->order, &window->n_order));
    }
    NLT_TRY(parse_frame(p, window));
    return need_symbol(p, ")");
}

/* ---- calls ---- */

/* What follows the arguments of a call. */
static nlt_status parse_call_tail(nlt_parser *p, nlt_sql_call *call)
{
    if (take_words(p, "within", "group")) {
        NLT_TRY(need_symbol(p, "("));
        NLT_TRY(need_word(p, "order"));
        NLT_TRY(need_word(p, "by"));
        NLT_TRY(nlt__parser_order(p, &call->within, &call->n_within));
        NLT_TRY(need_symbol(p, ")"));
    }
    if (at_word(p, "filter") && is_symbol(peek(p, 1), "(") && is_word(peek(p, 2), "where")) {
        p->pos += 3;
        NLT_TRY(nlt__parser_expr(p, &call->filter));
        NLT_TRY(need_symbol(p, ")"));
    }
    if (take_words(p, "ignore", "nulls")) {
        call->ignores_nulls = true;
    } else {
        (void)take_words(p, "respect", "nulls");
    }
    return take_word(p, "over") ? nlt__parser_window(p, &call->over) : NLT_OK;
}

static nlt_status new_call(nlt_parser *p, nlt_bytes place, const char *name, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_CALL, place, out));
    NLT_TRY(nlt__parser_make(p, sizeof *(*out)->call, &(*out)->call));
    (*out)->text = name;
    return NLT_OK;
}

static nlt_status new_literal(
    nlt_parser *p, nlt_bytes place, nlt_sql_kind kind, nlt_bytes text, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, place, out));
    (*out)->type = nlt__sql_plain(kind);
    return copy_text(p, text, &(*out)->text);
}

/* EXTRACT(field FROM x) as date_part('field', x). */
static nlt_status parse_extract(nlt_parser *p, nlt_sql_expr *call)
{
    const nlt_token *field = peek(p, 0);
    nlt_sql_expr *arg;
    if (field->kind != NLT_TOKEN_WORD) {
        return fail_here(p, "a field of a time is expected");
    }
    advance(p);
    NLT_TRY(new_literal(p, field->text, NLT_SQL_STRING, field->text, &arg));
    NLT_TRY(nlt__parser_add_arg(p, call, arg));
    NLT_TRY(need_word(p, "from"));
    NLT_TRY(nlt__parser_expr(p, &arg));
    NLT_TRY(nlt__parser_add_arg(p, call, arg));
    call->text = "date_part";
    return need_symbol(p, ")");
}

/* TRIM([BOTH | LEADING | TRAILING] [chars] FROM x); false in *is_done: a plain call. */
static nlt_status parse_trim(nlt_parser *p, nlt_sql_expr *call, bool *is_done)
{
    static const struct {
        const char *word, *function;
    } sides[] = {{"both", "btrim"}, {"leading", "ltrim_chars"}, {"trailing", "rtrim_chars"}};
    *is_done = false;
    const char *function = "btrim";
    bool has_side = false;
    for (size_t i = 0; i < 3 && !has_side; i++) {
        if (at_word(p, sides[i].word) && !is_symbol(peek(p, 1), ",")
            && !is_symbol(peek(p, 1), ")")) {
            has_side = true;
            function = sides[i].function;
            advance(p);
        }
    }
    nlt_sql_expr *chars = NULL;
    nlt_sql_expr *value = NULL;
    if (has_side && at_word(p, "from")) {
        NLT_TRY(new_literal(p, peek(p, 0)->text, NLT_SQL_STRING, (nlt_bytes){" ", 1}, &chars));
    } else {
        NLT_TRY(nlt__parser_expr(p, &chars));
    }
    if (!at_word(p, "from")) {
        return has_side ? fail_here(p, "FROM is expected") : nlt__parser_add_arg(p, call, chars);
    }
    advance(p);
    NLT_TRY(nlt__parser_expr(p, &value));
    NLT_TRY(nlt__parser_add_arg(p, call, value));
    NLT_TRY(nlt__parser_add_arg(p, call, chars));
    call->text = function;
    *is_done = true;
    return need_symbol(p, ")");
}

/* OVERLAY(x PLACING y FROM n [FOR n]), behind x. */
static nlt_status parse_overlay(nlt_parser *p, nlt_sql_expr *call)
{
    static const char *const words[] = {"placing", "from", "for"};
    for (size_t i = 0; i < 3; i++) {
        nlt_sql_expr *arg;
        if (i == 2 && !at_word(p, words[i])) {
            break;
        }
        NLT_TRY(need_word(p, words[i]));
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, call, arg));
    }
    return NLT_OK;
}

/* What follows the first argument where Spark has a syntax of its own: FROM, IN, FOR. */
static nlt_status parse_special_separator(nlt_parser *p, nlt_sql_expr *call)
{
    nlt_sql_expr *arg;
    if (strcmp(call->text, "overlay") == 0 && at_word(p, "placing")) {
        return parse_overlay(p, call);
    }
    bool is_substring = strcmp(call->text, "substring") == 0 || strcmp(call->text, "substr") == 0;
    if (is_substring && take_word(p, "from")) {
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, call, arg));
        if (take_word(p, "for")) {
            NLT_TRY(nlt__parser_expr(p, &arg));
            NLT_TRY(nlt__parser_add_arg(p, call, arg));
        }
    }
    return NLT_OK;
}

/* DATEADD(unit, n, time), DATEDIFF(unit, start, end): the unit becomes a text. */
static nlt_status parse_unit(nlt_parser *p, nlt_sql_expr *call)
{
    static const struct {
        const char *name, *function;
    } names[] = {{"dateadd", "timestampadd"}, {"date_add", "timestampadd"},
        {"timestampadd", "timestampadd"}, {"datediff", "timestampdiff"},
        {"date_diff", "timestampdiff"}, {"timestampdiff", "timestampdiff"}};
    static const char *const units[] = {"microsecond", "millisecond", "second", "minute", "hour",
        "day", "dayofyear", "week", "month", "quarter", "year"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(call->text, names[i].name) != 0) {
            continue;
        }
        for (size_t j = 0; j < sizeof units / sizeof units[0]; j++) {
            if (at_word(p, units[j]) && is_symbol(peek(p, 1), ",")) {
                nlt_sql_expr *unit;
                NLT_TRY(new_literal(p, peek(p, 0)->text, NLT_SQL_STRING, peek(p, 0)->text, &unit));
                NLT_TRY(nlt__parser_add_arg(p, call, unit));
                call->text = names[i].function;
                p->pos += 2;
                return NLT_OK;
            }
        }
    }
    return NLT_OK;
}

/* STRUCT(value [AS name], ...) as named_struct('name', value, ...). */
static nlt_status parse_struct(nlt_parser *p, nlt_sql_expr *call)
{
    for (int i = 1;; i++) {
        nlt_sql_expr *value;
        nlt_sql_expr *name;
        char number[16];
        const char *text = number;
        (void)snprintf(number, sizeof number, "col%d", i);
        NLT_TRY(nlt__parser_expr(p, &value));
        if (value->kind == NLT_SQL_EXPR_STAR) {
            return nlt__parser_refuse(p, "struct(*)");
        }
        if (take_word(p, "as")) {
            NLT_TRY(nlt__parser_name(p, &text));
        } else if (value->kind == NLT_SQL_EXPR_COLUMN) {
            text = value->parts[value->n_parts - 1];
        } else if (value->kind == NLT_SQL_EXPR_FIELD) {
            text = value->text;
        }
        NLT_TRY(
            new_literal(p, value->place, NLT_SQL_STRING, (nlt_bytes){text, strlen(text)}, &name));
        NLT_TRY(nlt__parser_add_arg(p, call, name));
        NLT_TRY(nlt__parser_add_arg(p, call, value));
        if (!take_symbol(p, ",")) {
            return need_symbol(p, ")");
        }
    }
}

static nlt_status parse_arguments(nlt_parser *p, nlt_sql_expr *call)
{
    if (take_symbol(p, ")")) {
        return NLT_OK;
    }
    bool is_done = false;
    if (strcmp(call->text, "struct") == 0) {
        return parse_struct(p, call);
    }
    NLT_TRY(parse_unit(p, call));
    if (strcmp(call->text, "extract") == 0) {
        return parse_extract(p, call);
    }
    call->call->is_distinct = take_word(p, "distinct");
    if (!call->call->is_distinct && at_word(p, "all") && !is_symbol(peek(p, 1), ")")
        && !is_symbol(peek(p, 1), ",") && !is_symbol(peek(p, 1), ".")) {
        advance(p);
    }
    if (strcmp(call->text, "position") == 0) {
        nlt_sql_expr *needle;
        NLT_TRY(nlt__parser_value(p, 0, &needle));
        NLT_TRY(nlt__parser_add_arg(p, call, needle));
        if (!take_word(p, "in")) {
            NLT_TRY(need_symbol(p, ","));
        }
    } else if (strcmp(call->text, "trim") == 0) {
        NLT_TRY(parse_trim(p, call, &is_done));
        if (is_done) {
            return NLT_OK;
        }
        return take_symbol(p, ",") ? nlt__parser_refuse(p, "trim with two arguments")
                                   : need_symbol(p, ")");
    }
    NLT_TRY(nlt__parser_list(p, call));
    NLT_TRY(parse_special_separator(p, call));
    return need_symbol(p, ")");
}

static nlt_status parse_cast(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_CAST, peek(p, 0)->text, out));
    nlt_sql_expr *value;
    p->pos += 2;
    NLT_TRY(nlt__parser_expr(p, &value));
    NLT_TRY(nlt__parser_add_arg(p, *out, value));
    NLT_TRY(need_word(p, "as"));
    NLT_TRY(nlt__parser_type(p, &(*out)->type));
    return need_symbol(p, ")");
}

static nlt_status parse_case(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_CASE, peek(p, 0)->text, out));
    nlt_sql_expr *arg;
    advance(p);
    if (!at_word(p, "when")) {
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, *out, arg));
        (*out)->has_operand = true;
    }
    do {
        NLT_TRY(need_word(p, "when"));
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, *out, arg));
        NLT_TRY(need_word(p, "then"));
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, *out, arg));
    } while (at_word(p, "when"));
    if (take_word(p, "else")) {
        NLT_TRY(nlt__parser_expr(p, &arg));
        NLT_TRY(nlt__parser_add_arg(p, *out, arg));
        (*out)->has_else = true;
    }
    return need_word(p, "end");
}

nlt_status nlt__parser_function(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    const char *name = NULL;
    if (at_word(p, "like") || at_word(p, "rlike")) { /* reserved, but functions, too */
        NLT_TRY(copy_text(p, token->text, &name));
        advance(p);
    } else {
        NLT_TRY(nlt__parser_name(p, &name));
    }
    char *lower = (char *)(uintptr_t)name;
    nlt__sql_lower((nlt_bytes){name, strlen(name)}, lower);
    NLT_TRY(new_call(p, token->text, lower, out));
    NLT_TRY(need_symbol(p, "("));
    NLT_TRY(parse_arguments(p, *out));
    return parse_call_tail(p, (*out)->call);
}

/* ---- primaries ---- */

/* (x, y) -> body, if that is what follows. */
static bool at_lambda(const nlt_parser *p)
{
    if (nlt__parser_is_name(peek(p, 0))) {
        return is_symbol(peek(p, 1), "->");
    }
    int ahead = 1;
    while (at_symbol(p, "(") && nlt__parser_is_name(peek(p, ahead))
        && is_symbol(peek(p, ahead + 1), ",")) {
        ahead += 2;
    }
    return at_symbol(p, "(") && nlt__parser_is_name(peek(p, ahead))
        && is_symbol(peek(p, ahead + 1), ")") && is_symbol(peek(p, ahead + 2), "->");
}

static nlt_status parse_lambda(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LAMBDA, peek(p, 0)->text, out));
    nlt_sql_expr *body;
    if (take_symbol(p, "(")) {
        NLT_TRY(nlt__parser_names(p, &(*out)->parts, &(*out)->n_parts));
        NLT_TRY(need_symbol(p, ")"));
    } else {
        NLT_TRY(nlt__parser_grow(p, &(*out)->parts, 0, sizeof *(*out)->parts));
        NLT_TRY(nlt__parser_name(p, &(*out)->parts[0]));
        (*out)->n_parts = 1;
    }
    NLT_TRY(need_symbol(p, "->"));
    NLT_TRY(nlt__parser_expr(p, &body));
    return nlt__parser_add_arg(p, *out, body);
}

/* (query), (expression) or (a, b) */
static nlt_status parse_parentheses(nlt_parser *p, nlt_sql_expr **out)
{
    nlt_bytes place = peek(p, 0)->text;
    advance(p);
    if (nlt__parser_at_query(p)) {
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_SUBQUERY, place, out));
        NLT_TRY(nlt__parser_query(p, &(*out)->query));
        return need_symbol(p, ")");
    }
    nlt_sql_expr *tuple;
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_TUPLE, place, &tuple));
    NLT_TRY(nlt__parser_list(p, tuple));
    *out = tuple->n_args == 1 ? tuple->args[0] : tuple;
    return need_symbol(p, ")");
}

/* * EXCEPT (column, ...), behind the star */
static nlt_status parse_star_except(nlt_parser *p, nlt_sql_expr *star)
{
    if (!at_word(p, "except") || !is_symbol(peek(p, 1), "(") || !nlt__parser_is_name(peek(p, 2))) {
        return NLT_OK;
    }
    p->pos += 2;
    do {
        nlt_sql_expr *column;
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_COLUMN, peek(p, 0)->text, &column));
        NLT_TRY(nlt__parser_grow(p, &column->parts, 0, sizeof *column->parts));
        NLT_TRY(nlt__parser_name(p, &column->parts[0]));
        column->n_parts = 1;
        NLT_TRY(nlt__parser_add_arg(p, star, column));
    } while (take_symbol(p, ","));
    return need_symbol(p, ")");
}

/* name(.name)*[.*] */
static nlt_status parse_column(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_COLUMN, peek(p, 0)->text, out));
    do {
        if (take_symbol(p, "*")) {
            (*out)->kind = NLT_SQL_EXPR_STAR;
            return parse_star_except(p, *out);
        }
        NLT_TRY(nlt__parser_grow(p, &(*out)->parts, (*out)->n_parts, sizeof *(*out)->parts));
        const char **part = &(*out)->parts[(*out)->n_parts];
        NLT_TRY((*out)->n_parts > 0 ? nlt__parser_field(p, part) : nlt__parser_name(p, part));
        (*out)->n_parts++;
    } while (take_symbol(p, "."));
    return NLT_OK;
}

static nlt_status parse_typed_text(nlt_parser *p, nlt_sql_kind kind, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, peek(p, 0)->text, out));
    (*out)->type = nlt__sql_plain(kind);
    advance(p);
    return nlt__parser_text(p, &(*out)->text);
}

/* X'1F' as unhex('1F') */
static nlt_status parse_bytes(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    nlt_sql_expr *digits;
    advance(p);
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, token->text, &digits));
    digits->type = nlt__sql_plain(NLT_SQL_STRING);
    NLT_TRY(nlt__parser_text(p, &digits->text));
    if (strspn(digits->text, "0123456789abcdefABCDEF") != strlen(digits->text)) {
        return nlt__parser_fail_at(p, token, "only hexadecimal digits are expected");
    }
    NLT_TRY(new_call(p, token->text, "unhex", out));
    return nlt__parser_add_arg(p, *out, digits);
}

static nlt_status parse_exists(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, NLT_SQL_EXPR_EXISTS, peek(p, 0)->text, out));
    p->pos += 2;
    NLT_TRY(nlt__parser_query(p, &(*out)->query));
    return need_symbol(p, ")");
}

static nlt_status parse_word(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    const nlt_token *next = peek(p, 1);
    bool is_call = is_symbol(next, "(");
    bool is_text = next->kind == NLT_TOKEN_STRING;
    if (at_word(p, "case")) {
        return parse_case(p, out);
    }
    if (is_call && (at_word(p, "cast") || at_word(p, "try_cast"))) {
        return parse_cast(p, out);
    }
    if (at_word(p, "exists") && is_call) {
        nlt_parser inside = *p;
        inside.pos += 2;
        if (nlt__parser_at_query(&inside)) {
            return parse_exists(p, out);
        }
    }
    if (is_text && at_word(p, "date")) {
        return parse_typed_text(p, NLT_SQL_DATE, out);
    }
    if (is_text && (at_word(p, "timestamp") || at_word(p, "timestamp_ltz"))) {
        return parse_typed_text(p, NLT_SQL_TIMESTAMP, out);
    }
    if (is_text && at_word(p, "x")) {
        return parse_bytes(p, out);
    }
    if (at_word(p, "interval")
        && (is_text || next->kind == NLT_TOKEN_NUMBER || is_symbol(next, "-"))) {
        return nlt__parser_interval(p, out);
    }
    if (!is_call && at_word(p, "null")) {
        advance(p);
        return new_literal(p, token->text, NLT_SQL_NULL, (nlt_bytes){"NULL", 4}, out);
    }
    if (!is_call && (at_word(p, "true") || at_word(p, "false"))) {
        advance(p);
        NLT_TRY(new_literal(p, token->text, NLT_SQL_BOOLEAN, token->text, out));
        nlt__sql_lower(token->text, (char *)(uintptr_t)(*out)->text);
        return NLT_OK;
    }
    if (!is_call && (at_word(p, "current_date") || at_word(p, "current_timestamp"))) {
        NLT_TRY(new_call(p, token->text,
            at_word(p, "current_date") ? "current_date" : "current_timestamp", out));
        advance(p);
        return NLT_OK;
    }
    if (is_call && (nlt__parser_is_name(token) || at_word(p, "like") || at_word(p, "rlike"))) {
        return nlt__parser_function(p, out);
    }
    return parse_column(p, out);
}

static nlt_status parse_primary(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    if (at_lambda(p)) {
        return parse_lambda(p, out);
    }
    switch (token->kind) {
    case NLT_TOKEN_NUMBER:
        return nlt__parser_number(p, false, token->text, out);
    case NLT_TOKEN_STRING:
        NLT_TRY(new_expr(p, NLT_SQL_EXPR_LITERAL, token->text, out));
        (*out)->type = nlt__sql_plain(NLT_SQL_STRING);
        return nlt__parser_text(p, &(*out)->text);
    case NLT_TOKEN_WORD:
    case NLT_TOKEN_BACKQUOTED:
        return parse_word(p, out);
    case NLT_TOKEN_SYMBOL:
        if (at_symbol(p, "(")) {
            return parse_parentheses(p, out);
        }
        if (take_symbol(p, "*")) {
            NLT_TRY(new_expr(p, NLT_SQL_EXPR_STAR, token->text, out));
            return parse_star_except(p, *out);
        }
        break;
    case NLT_TOKEN_QUOTED:
    case NLT_TOKEN_BAD:
    case NLT_TOKEN_END:
        break;
    }
    return fail_here(p, "an expression is expected");
}

static nlt_status wrap(nlt_parser *p, nlt_sql_expr_kind kind, const char *text, nlt_sql_expr *first,
    nlt_sql_expr **out)
{
    NLT_TRY(new_expr(p, kind, first->place, out));
    (*out)->text = text;
    return nlt__parser_add_arg(p, *out, first);
}

/* a[i], s.f, x::type */
static nlt_status parse_postfix(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(parse_primary(p, out));
    for (;;) {
        nlt_sql_expr *arg;
        nlt_sql_expr *value = *out;
        if (take_symbol(p, "[")) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_INDEX, "[", value, out));
            NLT_TRY(nlt__parser_value(p, 0, &arg));
            NLT_TRY(nlt__parser_add_arg(p, *out, arg));
            NLT_TRY(need_symbol(p, "]"));
        } else if (take_symbol(p, "::")) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_CAST, NULL, value, out));
            NLT_TRY(nlt__parser_type(p, &(*out)->type));
        } else if (value->kind != NLT_SQL_EXPR_STAR && take_symbol(p, ".")) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_FIELD, NULL, value, out));
            NLT_TRY(nlt__parser_field(p, &(*out)->text));
        } else {
            return NLT_OK;
        }
    }
}

/* ---- operators ---- */

static nlt_status parse_unary(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    static const char *const signs[] = {"-", "+", "~"};
    for (size_t i = 0; i < 3; i++) {
        if (!at_symbol(p, signs[i])) {
            continue;
        }
        if (++p->depth > NLT_PARSER_DEPTH_MAX) {
            return fail_here(p, "nested too deeply");
        }
        advance(p);
        nlt_sql_expr *arg;
        if (i == 0 && peek(p, 0)->kind == NLT_TOKEN_NUMBER) {
            NLT_TRY(nlt__parser_number(p, true, token->text, out));
        } else {
            NLT_TRY(parse_unary(p, &arg));
            NLT_TRY(wrap(p, NLT_SQL_EXPR_UNARY, signs[i], arg, out));
            (*out)->place = token->text;
        }
        p->depth--;
        return NLT_OK;
    }
    return parse_postfix(p, out);
}

typedef struct binary_operator {
    const char *token; /* a symbol or a word */
    const char *name;
    int level; /* higher binds tighter */
} binary_operator;

enum { LEVEL_COMPARISON = 1, LEVEL_MAX = 8 };

static const binary_operator binary_operators[] = {{"*", "*", 7}, {"/", "/", 7}, {"%", "%", 7},
    {"div", "div", 7}, {"+", "+", 6}, {"-", "-", 6}, {"||", "||", 6}, {"<<", "<<", 5},
    {">>", ">>", 5}, {">>>", ">>>", 5}, {"&", "&", 4}, {"^", "^", 3}, {"|", "|", 2}, {"=", "=", 1},
    {"==", "=", 1}, {"<=>", "<=>", 1}, {"<>", "<>", 1}, {"!=", "<>", 1}, {"<", "<", 1},
    {"<=", "<=", 1}, {"!>", "<=", 1}, {">", ">", 1}, {">=", ">=", 1}, {"!<", ">=", 1}};

static const binary_operator *at_operator(const nlt_parser *p, int level)
{
    const nlt_token *token = peek(p, 0);
    if (token->kind != NLT_TOKEN_SYMBOL && !is_word(token, "div")) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof binary_operators / sizeof binary_operators[0]; i++) {
        if (binary_operators[i].level == level && nlt__token_is(token, binary_operators[i].token)) {
            return &binary_operators[i];
        }
    }
    return NULL;
}

nlt_status nlt__parser_value(nlt_parser *p, int level, nlt_sql_expr **out)
{
    level = level < LEVEL_COMPARISON ? LEVEL_COMPARISON : level;
    if (level == LEVEL_MAX) {
        return parse_unary(p, out);
    }
    NLT_TRY(nlt__parser_value(p, level + 1, out));
    for (;;) {
        const nlt_token *token = peek(p, 0);
        const binary_operator *op = at_operator(p, level);
        if (op == NULL) {
            return NLT_OK;
        }
        nlt_sql_expr *left = *out;
        nlt_sql_expr *right;
        advance(p);
        NLT_TRY(nlt__parser_value(p, level + 1, &right));
        NLT_TRY(wrap(p, NLT_SQL_EXPR_BINARY, op->name, left, out));
        (*out)->place = token->text;
        NLT_TRY(nlt__parser_add_arg(p, *out, right));
    }
}

/* ---- predicates ---- */

static nlt_status parse_in(nlt_parser *p, nlt_sql_expr *value, nlt_sql_expr **out)
{
    NLT_TRY(wrap(p, NLT_SQL_EXPR_IN, NULL, value, out));
    NLT_TRY(need_symbol(p, "("));
    if (nlt__parser_at_query(p)) {
        NLT_TRY(nlt__parser_query(p, &(*out)->query));
    } else {
        NLT_TRY(nlt__parser_list(p, *out));
    }
    return need_symbol(p, ")");
}

static nlt_status parse_like(
    nlt_parser *p, nlt_sql_expr *value, const char *kind, nlt_sql_expr **out)
{
    NLT_TRY(wrap(p, NLT_SQL_EXPR_LIKE, kind, value, out));
    nlt_sql_expr *pattern;
    (*out)->escape = '\\';
    bool is_any = at_word(p, "any") || at_word(p, "some") || at_word(p, "all");
    if (is_any && is_symbol(peek(p, 1), "(") && strcmp(kind, "rlike") != 0) {
        (*out)->is_all = at_word(p, "all");
        p->pos += 2;
        NLT_TRY(nlt__parser_list(p, *out));
        return need_symbol(p, ")");
    }
    NLT_TRY(nlt__parser_value(p, 0, &pattern));
    NLT_TRY(nlt__parser_add_arg(p, *out, pattern));
    if (take_word(p, "escape")) {
        const char *escape = "";
        const nlt_token *token = peek(p, 0);
        NLT_TRY(nlt__parser_text(p, &escape));
        if (strlen(escape) != 1 || escape[0] == '%' || escape[0] == '_') {
            return nlt__parser_fail_at(p, token, "ESCAPE takes one character, neither % nor _");
        }
        (*out)->escape = escape[0];
    }
    return NLT_OK;
}

static nlt_status parse_is(nlt_parser *p, nlt_sql_expr *value, nlt_sql_expr **out)
{
    static const char *const words[] = {"null", "true", "false", "unknown"};
    bool is_not = take_word(p, "not");
    nlt_sql_expr *right;
    for (size_t i = 0; i < 4; i++) {
        if (take_word(p, words[i])) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_IS, words[i], value, out));
            (*out)->is_not = is_not;
            return NLT_OK;
        }
    }
    NLT_TRY(need_word(p, "distinct"));
    NLT_TRY(need_word(p, "from"));
    NLT_TRY(nlt__parser_value(p, 0, &right));
    NLT_TRY(wrap(p, NLT_SQL_EXPR_BINARY, is_not ? "<=>" : "distinct", value, out));
    return nlt__parser_add_arg(p, *out, right);
}

static nlt_status parse_predicate(nlt_parser *p, nlt_sql_expr **out)
{
    NLT_TRY(nlt__parser_value(p, 0, out));
    nlt_sql_expr *value = *out;
    nlt_sql_expr *arg;
    if (take_word(p, "is")) {
        return parse_is(p, value, out);
    }
    bool is_not = at_word(p, "not");
    const nlt_token *next = peek(p, is_not);
    if (is_word(next, "in")) {
        p->pos += 1 + is_not;
        NLT_TRY(parse_in(p, value, out));
    } else if (is_word(next, "between")) {
        p->pos += 1 + is_not;
        NLT_TRY(wrap(p, NLT_SQL_EXPR_BETWEEN, NULL, value, out));
        NLT_TRY(nlt__parser_value(p, 0, &arg));
        NLT_TRY(nlt__parser_add_arg(p, *out, arg));
        NLT_TRY(need_word(p, "and"));
        NLT_TRY(nlt__parser_value(p, 0, &arg));
        NLT_TRY(nlt__parser_add_arg(p, *out, arg));
    } else if (is_word(next, "like") || is_word(next, "ilike") || is_word(next, "rlike")
        || is_word(next, "regexp")) {
        p->pos += 1 + is_not;
        const char *kind = is_word(next, "like") ? "like"
            : is_word(next, "ilike")             ? "ilike"
                                                 : "rlike";
        NLT_TRY(parse_like(p, value, kind, out));
    } else {
        return NLT_OK;
    }
    (*out)->is_not = is_not;
    return NLT_OK;
}

static nlt_status parse_not(nlt_parser *p, nlt_sql_expr **out)
{
    const nlt_token *token = peek(p, 0);
    if (!at_word(p, "not") && !at_symbol(p, "!")) {
        return parse_predicate(p, out);
    }
    if (++p->depth > NLT_PARSER_DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    advance(p);
    nlt_sql_expr *arg;
    NLT_TRY(parse_not(p, &arg));
    NLT_TRY(wrap(p, NLT_SQL_EXPR_UNARY, "not", arg, out));
    (*out)->place = token->text;
    p->depth--;
    return NLT_OK;
}

/* AND and OR are one node for a chain of any length. */
static nlt_status parse_chain(nlt_parser *p, bool is_or, nlt_sql_expr **out)
{
    const char *word = is_or ? "or" : "and";
    NLT_TRY(is_or ? parse_chain(p, false, out) : parse_not(p, out));
    nlt_sql_expr *first = *out;
    for (bool is_first = true; take_word(p, word); is_first = false) {
        nlt_sql_expr *next;
        NLT_TRY(is_or ? parse_chain(p, false, &next) : parse_not(p, &next));
        if (is_first) {
            NLT_TRY(wrap(p, NLT_SQL_EXPR_BINARY, word, first, out));
        }
        NLT_TRY(nlt__parser_add_arg(p, *out, next));
    }
    return NLT_OK;
}

nlt_status nlt__parser_expr(nlt_parser *p, nlt_sql_expr **out)
{
    if (++p->depth > NLT_PARSER_DEPTH_MAX) {
        return fail_here(p, "nested too deeply");
    }
    NLT_TRY(parse_chain(p, true, out));
    p->depth--;
    return NLT_OK;
}
