/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SCAN_PROBE_TYPES_H
#define NLT_SCAN_PROBE_TYPES_H

/* The inside of a probe: what the connectors find in a file or below a folder. */

#include "connectors/probe.h"
#include "io/layout.h"
#include "io/source.h"
#include "netlytics/probe.h"

enum {
    NLT_PROBE_SAMPLE_BYTES = 256 << 10,
    NLT_PROBE_SAMPLE_MAX = 16 << 20,
    NLT_PROBE_SMALL_SAMPLE = 64 << 10, /* where many files are looked at */
    NLT_PROBE_MATCHES_MAX = 32
};

/* A connector that reads it. */
typedef struct nlt_probe_entry {
    nlt_finding finding;
    const nlt_connector *owner; /* the finding's connector, or that of which it is a teller */
    bool is_side;
    const char *reject_texts[NLT_FINDING_REJECTS]; /* clean; owned by the arena */
    const char *layout;                            /* of a folder; static */
    int64_t n_files, n_bytes;
    int64_t first_day, last_day;
} nlt_probe_entry;

struct nlt_probe {
    nlt_arena arena;                                   /* texts */
    const char *path, *what, *packing, *damage, *hint; /* owned by the arena, or static */
    int64_t size;
    bool is_folder;
    bool is_empty; /* not a byte is in it */
    int near;      /* evidence of the connector whose lines are rejected; `what` says so */
    int n;
    nlt_probe_entry *entries[NLT_PROBE_MATCHES_MAX]; /* owned; by score, best first */
};

/* The first bytes of a file. Clear it whatever is returned. */
typedef struct nlt_file_sample {
    char *bytes; /* owned */
    nlt_sample sample;
    nlt_codec codec;
    nlt_error damage; /* code NLT_OK: none */
} nlt_file_sample;

/* NLT_ERR_NOT_FOUND, NLT_ERR_IO, NLT_ERR_NOMEM. Damage of a packed stream is none of them. */
nlt_status nlt__file_sample_read(
    const char *path, size_t max_bytes, nlt_file_sample *out, nlt_error *err) NLT_MUST_CHECK;
void nlt__file_sample_clear(nlt_file_sample *sample);

/* Adds an entry at its place by score; later ones of equal score stand behind. NLT_ERR_NOMEM. */
nlt_status nlt__probe_add(
    nlt_probe *probe, const nlt_probe_entry *entry, nlt_error *err) NLT_MUST_CHECK;
/* Text of the arena, clean UTF-8. NULL: out of memory. */
const char *nlt__probe_text(nlt_probe *probe, nlt_bytes bytes);
const char *nlt__probe_printf(nlt_probe *probe, const char *format, ...) NLT_PRINTF(2, 3);
nlt_status nlt__probe_no_memory(nlt_error *err);

/* The i-th of at most `wanted` of `n` items, spread evenly, the first and the last among them. */
int64_t nlt__probe_spread(int64_t n, int64_t wanted, int64_t i);
/* A probe of bytes that were read already. `is_all`: nothing follows them. Owned: nlt_probe_close. */
nlt_status nlt__probe_head(
    nlt_bytes head, bool is_all, nlt_probe **out, nlt_error *err) NLT_MUST_CHECK;
/* Fills the probe of a folder. */
nlt_status nlt__probe_folder(
    nlt_probe *probe, const char *path, int64_t first, int64_t last, nlt_error *err) NLT_MUST_CHECK;

/* Says in the hint of `err` what a file is that `connector` cannot read; leaves it alone if nothing
 * is known. Standard input and pipes are not looked at. */
void nlt__probe_hint(const char *path, const nlt_connector *connector, nlt_error *err);

/* True, with a hint, if another connector reads a file that `connector` has read without complaint:
 * Zeek's logs have times and addresses in common, so that any of them makes rows, if empty ones. */
bool nlt__probe_is_other(const char *path, const nlt_connector *connector, nlt_error *err);

#endif
