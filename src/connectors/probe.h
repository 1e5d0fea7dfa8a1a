/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_PROBE_H
#define NLT_CONNECTORS_PROBE_H

/* What a connector makes of the first bytes of a file.
 *
 * A sample goes through the connector's own line or packet function, so that what is accepted here is
 * what a run accepts; the connector's `probe` then says what else speaks for its format, what exactly
 * the format is, and which of its fields feed which columns of the table. */

#include "connectors/connector.h"

enum {
    NLT_FINDING_WHAT_MAX = 200,
    NLT_FINDING_SOURCE_MAX = 120,
    NLT_FINDING_REJECTS = 5,
    NLT_FINDING_EXCERPT_BYTES = 160,
    NLT_FINDING_SURE = 100,
    NLT_FINDING_MATCH = 50 /* a lower score is no match */
};

/* The first bytes of a file, decompressed. */
typedef struct nlt_sample {
    nlt_bytes head;   /* 64 more bytes can be read behind it, without meaning */
    bool is_whole;    /* the file ends where the head does */
    const char *name; /* last part of its path; NULL: it has none */
} nlt_sample;

/* A line that the connector rejects. */
typedef struct nlt_finding_reject {
    int64_t line; /* or packet, from 1 */
    nlt_reject_reason reason;
    size_t len;
    char text[NLT_FINDING_EXCERPT_BYTES]; /* raw bytes, cut; of packets none */
} nlt_finding_reject;

typedef struct nlt_finding_column {
    int column;                          /* of the table */
    char source[NLT_FINDING_SOURCE_MAX]; /* "ts:1 + rtt:9"; "": nothing in this file feeds it */
} nlt_finding_column;

typedef struct nlt_finding {
    const nlt_connector *connector;
    int score;    /* 0..NLT_FINDING_SURE; 0: it does not read this file */
    int evidence; /* what it would be if every line were accepted */
    char what
        [NLT_FINDING_WHAT_MAX]; /* tool, format, its version: "Zeek TSV, dns.log of 2.5 - 8.0" */
    int64_t lines, used, ignored, skipped; /* of the sample; packets of captures */
    int n_rejects;
    nlt_finding_reject rejects[NLT_FINDING_REJECTS]; /* the first ones */
    int n_columns;
    nlt_finding_column columns[NLT_BUILDER_COLUMNS_MAX];
} nlt_finding;

/* Lets `connector` look at a sample. `owner` has the facts that its lines are told to: itself, or the
 * connector that it is a teller of. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__probe(const nlt_connector *connector, const nlt_connector *owner,
    const nlt_sample *sample, nlt_finding *out, nlt_error *err) NLT_MUST_CHECK;

/* What a file is that no connector reads: "CSV, separated by commas", with what can be done about it
 * ("": nothing). Both are static. */
typedef struct nlt_other_format {
    const char *what;
    const char *hint;
} nlt_other_format;

NLT_API nlt_other_format nlt__other_format(const nlt_sample *sample);

/* ---- for the probes of connectors ---- */

/* The next line without its newline and a CR before it; *at = 0 for the first. A last line without
 * newline only counts if the file ends there. */
NLT_API bool nlt__sample_line(const nlt_sample *sample, size_t *at, nlt_bytes *line);

/* Appends to the finding's `what`. */
void nlt__finding_say(nlt_finding *finding, const char *format, ...) NLT_PRINTF(2, 3);

/* A column of the table and what it is made of: names of fields in braces stand for those of the
 * file, with their places: "{ts} + {rtt}". */
typedef struct nlt_feed {
    int column;
    const char *source;
} nlt_feed;

/* Where a file has a field: `name` may be replaced by what the file calls it; *place is its number
 * from 1 (0: it has none). False: the file has no such field. */
typedef bool (*nlt_field_place_fn)(const void *ctx, nlt_bytes *name, int *place);

/* Adds a column. A source whose fields are all missing is "". `place` NULL: all are there. */
void nlt__finding_feed(
    nlt_finding *finding, nlt_feed feed, nlt_field_place_fn place, const void *ctx);
void nlt__finding_feeds(
    nlt_finding *finding, const nlt_feed *feeds, int n, nlt_field_place_fn place, const void *ctx);

/* The probes: see nlt_connector.probe. */
int squid_probe(const nlt_sample *sample, const void *state, nlt_finding *finding);
int bind_probe(const nlt_sample *sample, const void *state, nlt_finding *finding);
int pcap_probe(const nlt_sample *sample, const void *state, nlt_finding *finding);

#endif
