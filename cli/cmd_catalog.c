/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics connectors, algos, schema, functions: what there is, as text or as JSON, from the same tables
 * that the library works with. */

#include <string.h>

#include "cli.h"

static bool is_json(const cli_options *options)
{
    const char *format = options->values[CLI_OPT_FORMAT];
    return format != NULL && strcmp(format, "json") == 0;
}

/* ---- JSON: objects of texts, from pairs ---- */

typedef struct pair {
    const char *key, *value;
} pair;

/* The members of an object; its braces are the caller's. */
static void print_pairs(const pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)printf("%s\"%s\": ", i > 0 ? ", " : "", pairs[i].key);
        cli_print_json(stdout, pairs[i].value);
    }
}

static void open_list(bool with_json)
{
    (void)fputs(with_json ? "[" : "", stdout);
}

static void next_item(bool with_json, bool is_first)
{
    if (with_json) {
        (void)fputs(is_first ? "\n  {" : ",\n  {", stdout);
    } else {
        (void)fputs(is_first ? "" : "\n", stdout);
    }
}

static nlt_status close_list(bool with_json, nlt_error *err)
{
    (void)fputs(with_json ? "\n]\n" : "", stdout);
    return cli_flush(err);
}

static bool has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void print_field(const char *label, const char *text)
{
    if (has_text(text)) {
        (void)printf("  %-7s %s\n", label, text);
    }
}

/* ---- connectors ---- */

static void connector_text(const nlt_connector_info *info)
{
    (void)printf("%s\n", info->class_name);
    print_field("alias", info->alias);
    print_field("table", info->table);
    print_field("files", info->layout);
    print_field("reads", info->summary);
    print_field("note", info->note);
}

static void connector_json(const nlt_connector_info *info)
{
    const pair pairs[] = {
        {"class_name", info->class_name},
        {"alias", info->alias},
        {"table", info->table},
        {"layout", info->layout},
        {"summary", info->summary},
        {"note", info->note},
    };
    print_pairs(pairs, sizeof pairs / sizeof pairs[0]);
    (void)fputc('}', stdout);
}

nlt_status cli_cmd_connectors(const cli_options *options, nlt_error *err)
{
    bool with_json = is_json(options);
    open_list(with_json);
    for (int i = 0; i < nlt_connector_count(); i++) {
        nlt_connector_info info;
        NLT_TRY(nlt_connector_get(i, &info));
        next_item(with_json, i == 0);
        if (with_json) {
            connector_json(&info);
        } else {
            connector_text(&info);
        }
    }
    return close_list(with_json, err);
}

/* ---- algorithms ---- */

static void parameter_text(const nlt_parameter_info *info)
{
    (void)printf("    %s", info->name);
    if (has_text(info->alias)) {
        (void)printf(" (or %s)", info->alias);
    }
    (void)printf(": %s", info->type);
    if (has_text(info->range)) {
        (void)printf(" %s", info->range);
    }
    if (has_text(info->fallback)) {
        (void)printf(", default %s", info->fallback);
    }
    if (has_text(info->unit)) {
        (void)printf(", in %s", info->unit);
    }
    (void)printf("\n      %s\n", info->help);
}

static void parameter_json(const nlt_parameter_info *info)
{
    const pair pairs[] = {
        {"name", info->name},
        {"alias", info->alias},
        {"type", info->type},
        {"default", info->fallback},
        {"range", info->range},
        {"unit", info->unit},
        {"help", info->help},
    };
    (void)fputs("\n    {", stdout);
    print_pairs(pairs, sizeof pairs / sizeof pairs[0]);
    (void)fputc('}', stdout);
}

static void algorithm_text(const nlt_algorithm_info *info)
{
    (void)printf("%s\n", info->class_name);
    print_field("alias", info->alias);
    print_field("table", info->table);
    print_field("output", info->output);
    print_field("does", info->summary);
    (void)printf("  parameters\n");
}

static void algorithm_json(const nlt_algorithm_info *info)
{
    const pair pairs[] = {
        {"class_name", info->class_name},
        {"alias", info->alias},
        {"table", info->table},
        {"output", info->output},
        {"summary", info->summary},
    };
    print_pairs(pairs, sizeof pairs / sizeof pairs[0]);
    (void)fputs(", \"parameters\": [", stdout);
}

static nlt_status print_algorithm(int index, bool with_json)
{
    nlt_algorithm_info info;
    NLT_TRY(nlt_algorithm_get(index, &info));
    (with_json ? algorithm_json : algorithm_text)(&info);
    for (int i = 0; i < info.n_parameters; i++) {
        nlt_parameter_info parameter;
        NLT_TRY(nlt_algorithm_parameter(index, i, &parameter));
        (void)fputs(with_json && i > 0 ? "," : "", stdout);
        (with_json ? parameter_json : parameter_text)(&parameter);
    }
    (void)fputs(with_json ? "]}" : "", stdout);
    return NLT_OK;
}

nlt_status cli_cmd_algos(const cli_options *options, nlt_error *err)
{
    bool with_json = is_json(options);
    open_list(with_json);
    for (int i = 0; i < nlt_algorithm_count(); i++) {
        next_item(with_json, i == 0);
        NLT_TRY(print_algorithm(i, with_json));
    }
    return close_list(with_json, err);
}

/* ---- tables ---- */

static void column_text(const nlt_column_desc *column)
{
    (void)printf("  %-18s %-14s %-6s %s\n", column->name, nlt_dtype_name(column->dtype),
        has_text(column->unit) ? column->unit : "", has_text(column->help) ? column->help : "");
}

static void column_json(const nlt_column_desc *column)
{
    const pair pairs[] = {
        {"name", column->name},
        {"type", nlt_dtype_name(column->dtype)},
        {"unit", column->unit},
        {"help", column->help},
    };
    (void)fputs("\n    {", stdout);
    print_pairs(pairs, sizeof pairs / sizeof pairs[0]);
    (void)printf(", \"required\": %s}", column->is_required ? "true" : "false");
}

static void print_table(const nlt_table_desc *table, bool with_json)
{
    const pair pairs[] = {{"name", table->name}, {"help", table->help}};
    if (with_json) {
        print_pairs(pairs, sizeof pairs / sizeof pairs[0]);
        (void)fputs(", \"columns\": [", stdout);
    } else {
        (void)printf("%s: %s\n", table->name, table->help);
    }
    for (int i = 0; i < table->n_columns; i++) {
        (void)fputs(with_json && i > 0 ? "," : "", stdout);
        (with_json ? column_json : column_text)(&table->columns[i]);
    }
    (void)fputs(with_json ? "]}" : "", stdout);
}

static nlt_status fail_table(const char *name, nlt_error *err)
{
    enum { NAMES_MAX = 8 };
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (int i = 0; i < nlt_table_desc_count() && i < NAMES_MAX; i++) {
        names[n++] = nlt_table_desc_at(i)->name;
    }
    const char *near = nlt_closest(name, names, n);
    nlt_status status = nlt_fail(err, NLT_ERR_ARG, "unknown table \"%s\"", name);
    if (near != NULL) {
        nlt_error_hint(err, "did you mean \"%s\"?", near);
    } else {
        nlt_error_hint(err, "\"netlytics schema\" lists the tables");
    }
    return status;
}

nlt_status cli_cmd_schema(const cli_options *options, nlt_error *err)
{
    const nlt_table_desc *wanted = NULL;
    if (options->n_words > 0) {
        wanted = nlt_table_desc_find(options->words[0]);
        if (wanted == NULL) {
            return fail_table(options->words[0], err);
        }
    }
    bool with_json = is_json(options);
    bool is_first = true;
    open_list(with_json);
    for (int i = 0; i < nlt_table_desc_count(); i++) {
        const nlt_table_desc *table = nlt_table_desc_at(i);
        if (wanted == NULL || table == wanted) {
            next_item(with_json, is_first);
            print_table(table, with_json);
            is_first = false;
        }
    }
    return close_list(with_json, err);
}

/* ---- functions ---- */

static void function_text(const nlt_function_info *info)
{
    enum { USAGE_WIDTH = 40 };
    bool is_refused = info->args == NULL;
    int width = printf("  %s%s", info->name, is_refused ? "" : info->args);
    int blanks = width < USAGE_WIDTH ? USAGE_WIDTH - width : 1;
    (void)printf("%*s%s%s\n", blanks, "", is_refused ? "refused: " : "", info->help);
}

static void function_json(const nlt_function_info *info)
{
    const pair pairs[] = {
        {"name", info->name},
        {"arguments", info->args},
        {"kind", info->kind},
        {"group", info->group},
        {"dialect", info->dialect},
        {"help", info->help},
    };
    print_pairs(pairs, sizeof pairs / sizeof pairs[0]);
    (void)fputc('}', stdout);
}

static nlt_status print_functions(const char *part, bool with_json, int *n_printed)
{
    const char *group = "";
    for (int i = 0; i < nlt_function_count(); i++) {
        nlt_function_info info;
        NLT_TRY(nlt_function_get(i, &info));
        if (strstr(info.name, part) == NULL) {
            continue;
        }
        if (with_json) {
            next_item(true, *n_printed == 0);
            function_json(&info);
        } else {
            if (strcmp(group, info.group) != 0) {
                (void)printf("%s%s\n", *n_printed > 0 ? "\n" : "", info.group);
            }
            function_text(&info);
        }
        group = info.group;
        ++*n_printed;
    }
    return NLT_OK;
}

nlt_status cli_cmd_functions(const cli_options *options, nlt_error *err)
{
    bool with_json = is_json(options);
    const char *part = options->n_words > 0 ? options->words[0] : "";
    int n_printed = 0;
    open_list(with_json);
    NLT_TRY(print_functions(part, with_json, &n_printed));
    NLT_TRY(close_list(with_json, err));
    if (n_printed > 0) {
        return NLT_OK;
    }
    nlt_fail(err, NLT_ERR_ARG, "no function's name holds \"%s\"", part);
    nlt_error_hint(err, "\"netlytics functions\" lists them all");
    return NLT_ERR_ARG;
}
