/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample in front of every connector's probe, whole and cut: counts add up, texts end. */

#include <stdlib.h>
#include <string.h>

#include "connectors/probe.h"

enum { PAD_BYTES = 64 };

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_finding(const nlt_finding *finding)
{
    check(finding->score >= 0 && finding->score <= NLT_FINDING_SURE);
    check(finding->evidence >= finding->score && finding->evidence <= NLT_FINDING_SURE);
    check(finding->lines == finding->used + finding->ignored + finding->skipped);
    check(memchr(finding->what, '\0', sizeof finding->what) != NULL);
    check(finding->score == 0 || finding->what[0] != '\0');
    check(finding->n_rejects <= NLT_FINDING_REJECTS && finding->n_rejects <= finding->skipped);
    for (int i = 0; i < finding->n_columns; i++) {
        const nlt_finding_column *column = &finding->columns[i];
        check(memchr(column->source, '\0', sizeof column->source) != NULL);
        check(column->column >= 0);
    }
}

static void look(
    const nlt_connector *connector, const nlt_connector *owner, const nlt_sample *sample)
{
    nlt_finding finding;
    check(nlt__probe(connector, owner, sample, &finding, NULL) == NLT_OK);
    check_finding(&finding);
    for (int i = 0; i < finding.n_columns; i++) {
        check(finding.columns[i].column < owner->table->n_columns);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + PAD_BYTES);
    check(bytes != NULL);
    memcpy(bytes, data, size);
    memset(bytes + size, '\n', PAD_BYTES);
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        nlt_sample sample = {.head = {bytes, size}, .is_whole = is_whole != 0};
        for (int i = 0; i < nlt__connector_count(); i++) {
            const nlt_connector *connector = nlt__connector_at(i);
            look(connector, connector, &sample);
            for (int j = 0; j < connector->n_tellers; j++) {
                look(connector->tellers[j], connector, &sample);
            }
        }
        check(nlt__other_format(&sample).what[0] != '\0');
    }
    free(bytes);
    return 0;
}
