/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --params JSON and -p KEY=VALUE become one JSON object.
 *
 * Only the values of -p are understood here: one that reads as JSON (a number, true, an array)
 * stays as it is, any other is a text. The algorithm's own table checks everything else. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* RFC 8259 6: -? int frac? exp? */
static bool is_json_number(const char *text)
{
    text += text[0] == '-';
    size_t whole = count_digits(text);
    if (whole == 0 || (whole > 1 && text[0] == '0')) {
        return false;
    }
    text += whole;
    if (text[0] == '.') {
        size_t part = count_digits(text + 1);
        if (part == 0) {
            return false;
        }
        text += 1 + part;
    }
    if (text[0] == 'e' || text[0] == 'E') {
        text += 1 + (text[1] == '+' || text[1] == '-');
        size_t exponent = count_digits(text);
        if (exponent == 0) {
            return false;
        }
        text += exponent;
    }
    return text[0] == '\0';
}

static bool is_json(const char *text)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return is_json_number(text) || text[0] == '[' || text[0] == '{' || text[0] == '"';
}

/* True if the algorithm's table says that this parameter is a text, which may look like JSON. */
static bool is_text_parameter(const char *algo, const char *key, size_t key_len)
{
    int index;
    nlt_algorithm_info info;
    if (algo == NULL || nlt_algorithm_find(algo, &index, NULL) != NLT_OK
        || nlt_algorithm_get(index, &info) != NLT_OK) {
        return false;
    }
    for (int i = 0; i < info.n_parameters; i++) {
        nlt_parameter_info parameter;
        if (nlt_algorithm_parameter(index, i, &parameter) == NLT_OK
            && strncmp(parameter.name, key, key_len) == 0 && parameter.name[key_len] == '\0') {
            return strcmp(parameter.type, "text") == 0 || strcmp(parameter.type, "choice") == 0;
        }
    }
    return false;
}

static nlt_status print_parameter(FILE *out, const char *algo, const char *text, nlt_error *err)
{
    size_t key_len = strcspn(text, "=");
    if (key_len == 0 || text[key_len] != '=') {
        return nlt_fail(err, NLT_ERR_ARG, "-p: \"%s\" is not KEY=VALUE", text);
    }
    char *key = strndup(text, key_len);
    if (key == NULL) {
        return cli_no_memory(err);
    }
    cli_print_json(out, key);
    free(key);
    (void)fputs(": ", out);
    const char *value = text + key_len + 1;
    if (is_json(value) && !is_text_parameter(algo, text, key_len)) {
        (void)fputs(value, out);
    } else {
        cli_print_json(out, value);
    }
    return NLT_OK;
}

/* The inside of the JSON object `text`, without its braces. */
static nlt_status print_members(FILE *out, const char *text, bool *is_empty, nlt_error *err)
{
    static const char blanks[] = " \t\r\n";
    const char *start = text + strspn(text, blanks);
    const char *end = text + strlen(text);
    while (end > start && strchr(blanks, end[-1]) != NULL) {
        end--;
    }
    if (end - start < 2 || start[0] != '{' || end[-1] != '}') {
        nlt_status status =
            nlt_fail(err, NLT_ERR_ARG, "--params: \"%s\" is not a JSON object", text);
        nlt_error_hint(err, "for example --params '{\"N\": 40}'");
        return status;
    }
    start++;
    start += strspn(start, blanks);
    *is_empty = start >= end - 1;
    if (!*is_empty) {
        (void)fwrite(start, 1, (size_t)(end - 1 - start), out);
    }
    return NLT_OK;
}

static nlt_status print_object(FILE *out, const cli_options *options, nlt_error *err)
{
    bool is_empty = true;
    (void)fputc('{', out);
    if (options->values[CLI_OPT_PARAMS] != NULL) {
        NLT_TRY(print_members(out, options->values[CLI_OPT_PARAMS], &is_empty, err));
    }
    for (int i = 0; i < options->n_parameters; i++) {
        (void)fputs(is_empty ? "" : ", ", out);
        NLT_TRY(print_parameter(out, options->values[CLI_OPT_ALGO], options->parameters[i], err));
        is_empty = false;
    }
    (void)fputc('}', out);
    return NLT_OK;
}

nlt_status cli_params_json(const cli_options *options, char **out, nlt_error *err)
{
    *out = NULL;
    if (options->n_parameters == 0) {
        const char *params = options->values[CLI_OPT_PARAMS];
        if (params != NULL) {
            *out = strdup(params);
        }
        return params != NULL && *out == NULL ? cli_no_memory(err) : NLT_OK;
    }
    size_t len = 0;
    FILE *stream = open_memstream(out, &len);
    if (stream == NULL) {
        return cli_no_memory(err);
    }
    nlt_status status = print_object(stream, options, err);
    if (fclose(stream) != 0 && status == NLT_OK) {
        status = cli_no_memory(err);
    }
    if (status != NLT_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}
