/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of connectors and how users name its rows. */

#define _DEFAULT_SOURCE

#include "connectors/connector.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/strings.h"
#include "netlytics/catalog.h"

#define X(name) extern const nlt_connector nlt_connector_##name;
#include "connectors/connectors.def"
#undef X

static const nlt_connector *const connectors[] = {
#define X(name) &nlt_connector_##name,
#include "connectors/connectors.def"
#undef X
};

enum { CONNECTOR_COUNT = sizeof connectors / sizeof connectors[0], NAME_MAX_BYTES = 128 };

const char *nlt__reject_name(nlt_reject_reason reason)
{
    static const char *const names[NLT_REJECT_COUNT] = {
        [NLT_REJECT_TOO_FEW_FIELDS] = "too_few_fields",
        [NLT_REJECT_BAD_TIME] = "bad_time",
        [NLT_REJECT_BAD_NUMBER] = "bad_number",
        [NLT_REJECT_BAD_ADDRESS] = "bad_address",
        [NLT_REJECT_BAD_URL] = "bad_url",
        [NLT_REJECT_TRUNCATED_PACKET] = "truncated_packet",
        [NLT_REJECT_NOT_DNS] = "not_dns",
        [NLT_REJECT_OTHER] = "other",
    };
    return names[reason];
}

int nlt__connector_count(void)
{
    return CONNECTOR_COUNT;
}

const nlt_connector *nlt__connector_at(int index)
{
    return index >= 0 && index < CONNECTOR_COUNT ? connectors[index] : NULL;
}

/* True if `name` is the alias, with "bro" for "zeek" and "flows" for "NamedFlows" allowed. */
static bool is_alias(const char *name, const char *alias)
{
    static const struct {
        const char *other, *plain;
    } words[] = {{"bro:", "zeek:"}, {":flows", ":NamedFlows"}};
    char text[NAME_MAX_BYTES];
    if (strlen(name) + sizeof "NamedFlows" >= sizeof text) {
        return false;
    }
    (void)snprintf(text, sizeof text, "%s", name);
    size_t bro = strlen(words[0].other);
    if (strncasecmp(text, words[0].other, bro) == 0) {
        (void)snprintf(text, sizeof text, "%s%s", words[0].plain, name + bro);
    }
    const char *colon = strchr(text, ':');
    if (colon != NULL && nlt__equal_ignore_case(colon, words[1].other)) {
        size_t tool = (size_t)(colon - text);
        (void)snprintf(text + tool, sizeof text - tool, "%s", words[1].plain);
    }
    return nlt__equal_ignore_case(text, alias);
}

static nlt_status fail_unknown(const char *name, nlt_error *err)
{
    /* the last ones are read by the engine itself */
    const char *names[3 * CONNECTOR_COUNT + 6] = {[3 * CONNECTOR_COUNT] = "csv",
        "ndjson",
        "parquet",
        "parquet:DNS",
        "parquet:HTTP",
        "parquet:NamedFlows"};
    char shorter[CONNECTOR_COUNT][NAME_MAX_BYTES]; /* "squid:flows" */
    char list[512];
    size_t len = 0;
    for (int i = 0; i < CONNECTOR_COUNT; i++) {
        const char *alias = connectors[i]->alias;
        bool is_flows = connectors[i]->table == &nlt_table_named_flows;
        (void)snprintf(shorter[i], sizeof shorter[i], "%.*s%s", (int)strcspn(alias, ":"), alias,
            is_flows ? ":flows" : strchr(alias, ':'));
        names[3 * i] = connectors[i]->class_name;
        names[3 * i + 1] = alias;
        names[3 * i + 2] = shorter[i];
        int n = snprintf(
            list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "", connectors[i]->alias);
        len = (size_t)n < sizeof list - len ? len + (size_t)n : sizeof list - 1;
    }
    nlt_fail(err, NLT_ERR_ARG, "--connector: unknown connector \"%.200s\"", name);
    const char *closest = nlt_closest(name, names, sizeof names / sizeof names[0]);
    if (closest != NULL) {
        nlt_error_hint(err, "did you mean %s? `netlytics connectors` lists all", closest);
    } else {
        nlt_error_hint(err, "known are %s; `netlytics connectors` tells more", list);
    }
    return NLT_ERR_ARG;
}

nlt_status nlt__connector_find(const char *name, const nlt_connector **out, nlt_error *err)
{
    for (int i = 0; i < CONNECTOR_COUNT; i++) {
        if (strcmp(name, connectors[i]->class_name) == 0 || is_alias(name, connectors[i]->alias)) {
            *out = connectors[i];
            return NLT_OK;
        }
    }
    *out = NULL;
    return fail_unknown(name, err);
}

/* ---- for front ends ---- */

int nlt_connector_count(void)
{
    return nlt__connector_count();
}

nlt_status nlt_connector_get(int index, nlt_connector_info *out)
{
    const nlt_connector *connector = nlt__connector_at(index);
    if (connector == NULL) {
        return NLT_ERR_ARG;
    }
    *out = (nlt_connector_info){
        .class_name = connector->class_name,
        .alias = connector->alias,
        .table = connector->table->name,
        .layout = connector->layouts[0],
        .summary = connector->summary,
        .note = connector->note,
    };
    return NLT_OK;
}
