/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_CONNECTOR_H
#define NLT_CONNECTORS_CONNECTOR_H

/* What a connector is: one row of data and a function that turns one line into one row.
 *
 * A connector knows no file, no thread and no engine. The scan cuts files into lines and hands each
 * over; the connector puts values into the builder and says what became of the line. Every check
 * that can reject a line runs whatever columns are asked for; only their making is skipped. */

#include "connectors/record.h"
#include "core/marks.h"
#include "core/time.h"
#include "core/zone.h"
#include "table/builder.h"
#include "table/tables.h"

/* The closed list of reasons for which a line is rejected; names in connectors.c. */
typedef enum nlt_reject {
    NLT_REJECT_TOO_FEW_FIELDS = 0,
    NLT_REJECT_BAD_TIME,
    NLT_REJECT_BAD_NUMBER,
    NLT_REJECT_BAD_ADDRESS,
    NLT_REJECT_BAD_URL,
    NLT_REJECT_TRUNCATED_PACKET,
    NLT_REJECT_NOT_DNS,
    NLT_REJECT_OTHER,
    NLT_REJECT_COUNT
} nlt_reject_reason;

NLT_API const char *nlt__reject_name(nlt_reject_reason reason);

/* What became of a line or packet. */
typedef enum nlt_row {
    NLT_ROW_USED,    /* one row was put, or a record */
    NLT_ROW_IGNORED, /* a comment, a header, another category: no loss */
    NLT_ROW_REJECTED,
    NLT_ROW_HELD,        /* packets: a piece of a message, which nlt_assembly judges later */
    NLT_ROW_UNKNOWN_LINK /* packets: ignored, and worth a warning */
} nlt_row;

/* What a line function is given besides the line. */
typedef struct nlt_line_ctx {
    nlt_reject_reason reason; /* set by nlt_reject */
    void *state;              /* nlt_connector.state_size bytes; all zero where a file begins */
    void *facts;              /* of the request (nlt_connector.facts); NULL: none */
    nlt_records *records;     /* where paired connectors and tellers put theirs; NULL: it is none */
    nlt_cuts cuts;            /* of the line, if they are known */
    const nlt_zone *zone;     /* of times that name none */
    int64_t row_key;          /* of the line: file index * 2^40 + its offset in the file */
    int64_t file_day;         /* days since 1970-01-01 in the file's name; NLT_DAY_OPEN: none */
} nlt_line_ctx;

static inline nlt_row nlt_reject(nlt_line_ctx *ctx, nlt_reject_reason reason)
{
    ctx->reason = reason;
    return NLT_ROW_REJECTED;
}

/* Facts: what the lines of some files tell about the rows of others (names of flows). Files of
 * `nlt_connector.tellers` are read first, by all threads, and their records handed in; then the facts do
 * not change any more. */
typedef struct nlt_facts {
    nlt_status (*open)(void **facts, nlt_error *err);
    /* Records of a part of a file, in any order, from any thread. NLT_ERR_NOMEM. */
    nlt_status (*take)(void *facts, const nlt_records *records);
    void (*close)(void *facts);           /* NULL is fine */
    int64_t (*unused)(const void *facts); /* told, but of no row */
    const char *unused_key;               /* what report.json calls them */
} nlt_facts;

/* What became of the packets of a file that were held. */
typedef struct nlt_piece_counts {
    int64_t used;
    int64_t ignored;
    int64_t by_reason[NLT_REJECT_COUNT];
} nlt_piece_counts;

/* Packets that hold pieces of messages: one instance per file, given its pieces in order. */
typedef struct nlt_assembly {
    nlt_status (*open)(const nlt_builder *out, void **state, nlt_error *err);
    void (*close)(void *state); /* NULL is fine */
    /* Takes the frame in the piece's body; messages that are whole go to `records`. */
    nlt_status (*take)(void *state, const nlt_record *piece, nlt_records *records, nlt_error *err);
    /* The file is over. The counts sum up to the number of pieces taken. */
    nlt_status (*end)(void *state, nlt_records *records, nlt_piece_counts *counts, nlt_error *err);
} nlt_assembly;

/* How a packet's piece says what its frame is: bits of nlt_record.kind. */
enum { NLT_PIECE_LINK_MASK = 0xffff, NLT_PIECE_BIG_ENDIAN = 1 << 16, NLT_PIECE_HAS_TIME = 1 << 17 };

/* How records become rows: one instance per share of the keys, whose records come ordered by time
 * (then by row_key), or as they lie in their files if `is_by_file`. Instances never meet. */
typedef struct nlt_pairing {
    bool is_by_file; /* a key means another thing in another file */
    nlt_status (*open)(const nlt_builder *out, void **state, nlt_error *err);
    void (*close)(void *state); /* NULL is fine */
    /* Puts rows that records from `now` on cannot change (INT64_MAX: all), each followed by
     * nlt__row_end, until the batch is full. True: more are waiting. */
    bool (*expire)(void *state, int64_t now, nlt_builder *out);
    /* The next record; puts at most one row. IGNORED: its line was not used after all. A shortage
     * of memory is left in out->failed. */
    nlt_row (*take)(void *state, const nlt_record *record, nlt_builder *out);
    /* A record of this key will soon be taken. NULL: nothing is to be done for it. */
    void (*fetch)(const void *state, uint64_t hash);
    const nlt_assembly *assembly; /* of packets that were held; NULL: none are */
    int64_t (*unused)(
        const void *state); /* as nlt_facts.unused, at the end; NULL: nothing to say */
} nlt_pairing;

struct nlt_capture_record;
struct nlt_sample;
struct nlt_finding;

enum { NLT_AHEAD_MAX = 64 };

typedef struct nlt_connector nlt_connector;

struct nlt_connector {
    const char *class_name; /* documented: "connectors.squid_to_HTTP.Squid_To_HTTP" */
    const char *alias;      /* "squid:HTTP" */
    const char *tool;       /* "Squid" */
    const nlt_table_desc *table;
    const char *const *layouts; /* folder layouts below the input path (io/layout.h) */
    int n_layouts;
    /* One line without its newline (a CR before it is cut) that is not empty. The bytes up to 64
     * behind its end may be read but have no meaning. */
    nlt_row (*line)(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out);
    nlt_marking marking; /* how its fields are found, as nlt_line_ctx.cuts tells them */
    /* Lines that come next, at most NLT_AHEAD_MAX, as they lie in the file: what they will need can
     * be fetched from memory meanwhile. Nothing else may follow from it. NULL: none are shown. */
    void (*ahead)(nlt_line_ctx *ctx, const nlt_bytes *lines, const nlt_cuts *cuts, int n);
    /* Instead of `line`, where files are captures: one packet. Pairing is needed if any are held. */
    nlt_row (*packet)(nlt_line_ctx *ctx, const struct nlt_capture_record *record, nlt_builder *out);
    /* Lines that tell how later lines of their file are to be read begin so ('#'). Every split of a
     * file is given those before it first, through `line`. 0: there are none. */
    char header_mark;
    size_t state_size; /* of nlt_line_ctx.state */
    bool
        is_repeatable; /* a line may be given twice on end: the second time tells and changes the same */
    /* Files must be read from their beginning, by one thread (NULL: never). */
    bool (*is_sequential)(const nlt_zone *zone);
    const nlt_connector *const
        *tellers; /* of the files that are read first; their lines put records */
    int n_tellers;
    const char *stem; /* how their names begin ("http"), where the request names files ("conn") */
    const nlt_facts *facts;
    /* The connectors that read the same files where no process sees all of them: of the tellers, in
     * their order, then of the files themselves. All pair. NULL: there are none. */
    const nlt_connector *const *apart;
    const nlt_pairing *pairing; /* lines put records instead of rows */
    /* How surely a sample whose lines have been taken is of this format (0..100), whatever share of
     * them was accepted; says what it is and what feeds the columns. `state` is the line function's,
     * or the nlt_capture. See probe.h. */
    int (*probe)(const struct nlt_sample *sample, const void *state, struct nlt_finding *finding);
    const char *summary; /* one line for lists and help */
    const char *note;    /* what a user must know about days or times; "" if nothing */
};

/* All connectors, in the order of connectors.def. */
NLT_API int nlt__connector_count(void);
NLT_API const nlt_connector *nlt__connector_at(int index);
/* By class name (exact) or alias (any case; "flows" = "NamedFlows", "bro" = "zeek").
 * NLT_ERR_ARG with a hint that names the nearest, or lists all. */
NLT_API nlt_status nlt__connector_find(
    const char *name, const nlt_connector **out, nlt_error *err) NLT_MUST_CHECK;

#endif
