/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters: what a table of them admits, and how a refusal says what is wrong. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "plan/params.h"

static const nlt_param_desc table[] = {
    {.name = "N_TOP",
        .alias = "N",
        .type = NLT_PARAM_INTEGER,
        .fallback = "50",
        .minimum = 1,
        .maximum = HUGE_VAL,
        .special = -1,
        .unit = "",
        .help = ""},
    {.name = "eps",
        .type = NLT_PARAM_REAL,
        .fallback = "0.5",
        .minimum = 0,
        .maximum = 1,
        .special = (double)NAN,
        .unit = "",
        .help = ""},
    {.name = "plot",
        .type = NLT_PARAM_BOOLEAN,
        .fallback = "false",
        .special = (double)NAN,
        .unit = "",
        .help = ""},
    {.name = "title",
        .type = NLT_PARAM_TEXT,
        .fallback = "\"none\"",
        .special = (double)NAN,
        .unit = "",
        .help = ""},
    {.name = "side",
        .type = NLT_PARAM_CHOICE,
        .fallback = "\"pos\"",
        .special = (double)NAN,
        .choices = "pos|neg|both",
        .unit = "",
        .help = ""},
    {.name = "list",
        .type = NLT_PARAM_JSON,
        .fallback = "[]",
        .special = (double)NAN,
        .unit = "",
        .help = ""},
};
enum { N = sizeof table / sizeof table[0] };

static nlt_params *parse(const char *json)
{
    nlt_params *params = NULL;
    nlt_error err = NLT_ERROR_INIT;
    if (nlt__params_parse("algos.x.X", table, N, json, &params, &err) != NLT_OK) {
        fail_msg("%s: %s", json, err.message);
    }
    return params;
}

static void defaults(void **state)
{
    (void)state;
    static const char *const empty[] = {NULL, "", "{}", " {\n} "};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        nlt_params *params = parse(empty[i]);
        assert_int_equal(nlt__params_i64(params, "N_TOP"), 50);
        assert_true(nlt__params_real(params, "eps") == 0.5);
        assert_false(nlt__params_bool(params, "plot"));
        assert_string_equal(nlt__params_text(params, "title"), "none");
        assert_string_equal(nlt__params_text(params, "side"), "pos");
        nlt__params_free(params);
    }
    nlt__params_free(NULL);
}

static void values(void **state)
{
    (void)state;
    nlt_params *params =
        parse("{\"N\": 9007199254740993, \"eps\": 1, \"plot\": true, "
              "\"title\": \"a \\u00e9\", \"side\": \"both\", \"list\": {\"a\": [1]}}");
    assert_int_equal(nlt__params_i64(params, "N_TOP"), INT64_C(9007199254740993));
    assert_true(nlt__params_real(params, "eps") == 1.0);
    assert_true(nlt__params_bool(params, "plot"));
    assert_string_equal(nlt__params_text(params, "title"), "a \xc3\xa9");
    assert_string_equal(nlt__params_text(params, "side"), "both");
    assert_non_null(strstr(nlt__params_json(params), "9007199254740993"));
    assert_null(strstr(nlt__params_json(params), "\"N\""));
    nlt__params_free(params);
    params = parse("{\"N_TOP\": -1}");
    assert_int_equal(nlt__params_i64(params, "N_TOP"), -1);
    nlt__params_free(params);
    params = parse("{\"N_TOP\": 3, \"N\": 3}");
    assert_int_equal(nlt__params_i64(params, "N_TOP"), 3);
    nlt__params_free(params);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *json, *message, *hint;
    } bad[] = {
        {"{\"N\": 0}", "N = 0 is not allowed for algos.x.X", ">= 1 or -1"},
        {"{\"N\": -2}", "N = -2", ">= 1 or -1"},
        {"{\"N_TOP\": 1.5}", "N_TOP = 1.5", "integer"},
        {"{\"N_TOP\": \"7\"}", "N_TOP = \"7\"", "integer"},
        {"{\"N_TOP\": null}", "N_TOP = null", "50"},
        {"{\"N_TOP\": 9223372036854775808}", "", ""},
        {"{\"eps\": 1.01}", "eps = 1.01", "0..1"},
        {"{\"eps\": true}", "eps = true", "0..1"},
        {"{\"plot\": 1}", "plot = 1", "true or false"},
        {"{\"title\": 1}", "title = 1", "text"},
        {"{\"side\": \"up\"}", "side = \"up\"", "pos|neg|both"},
        {"{\"n_top\": 1}", "unknown key \"n_top\" for algos.x.X", "N_TOP"},
        {"{\"N\": 1, \"N_TOP\": 2}", "one parameter", ""},
        {"{\"N\": 1, \"N\": 2}", "", ""},
        {"[1]", "not a JSON object", "{"},
        {"{\"N\": 1", "line 1, column", "JSON object"},
        {"{\"N\":\n 1,}", "line 2, column", "JSON object"},
        {"{'N': 1}", "line 1, column", "JSON object"},
        {"{\"N\": 1} x", "line 1, column", "JSON object"},
        {"{\"title\": \"a\\u0000b\"}", "", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nlt_params *params = NULL;
        nlt_error err = NLT_ERROR_INIT;
        nlt_status status = nlt__params_parse("algos.x.X", table, N, bad[i].json, &params, &err);
        if (status != NLT_ERR_ARG || params != NULL || strstr(err.message, bad[i].message) == NULL
            || strstr(err.hint, bad[i].hint) == NULL) {
            fail_msg("%s: %d %s / %s", bad[i].json, (int)status, err.message, err.hint);
        }
    }
}

static void what_is_required(void **state)
{
    (void)state;
    static const nlt_param_desc required[] = {{.name = "k",
        .type = NLT_PARAM_INTEGER,
        .minimum = 2,
        .maximum = 10,
        .special = (double)NAN,
        .unit = "",
        .help = ""}};
    nlt_params *params = NULL;
    nlt_error err = NLT_ERROR_INIT;
    assert_int_equal(nlt__params_parse("algos.x.X", required, 1, "{}", &params, &err), NLT_ERR_ARG);
    assert_non_null(strstr(err.message, "needs \"k\""));
    assert_int_equal(
        nlt__params_parse("algos.x.X", required, 1, "{\"k\": 11}", &params, &err), NLT_ERR_ARG);
    assert_int_equal(
        nlt__params_parse("algos.x.X", required, 1, "{\"k\": 10}", &params, &err), NLT_OK);
    assert_int_equal(nlt__params_i64(params, "k"), 10);
    nlt__params_free(params);
    assert_int_equal(
        nlt__params_parse("algos.x.X", NULL, 0, "{\"k\": 1}", &params, &err), NLT_ERR_ARG);
    assert_non_null(strstr(err.hint, "no parameters"));
}

static void ranges(void **state)
{
    (void)state;
    static const char *const shown[N] = {">= 1 or -1", "0..1", "", "", "pos|neg|both", ""};
    for (int i = 0; i < N; i++) {
        char range[NLT_PARAM_RANGE_MAX];
        nlt__param_range(&table[i], range);
        if (table[i].type != NLT_PARAM_BOOLEAN) {
            assert_string_equal(range, shown[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(values),
        cmocka_unit_test(refusals),
        cmocka_unit_test(what_is_required),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
