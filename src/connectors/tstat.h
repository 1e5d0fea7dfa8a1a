/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_TSTAT_H
#define NLT_CONNECTORS_TSTAT_H

/* What Tstat's logs have in common: columns that a header line names, and the lines of one
 * transaction on their way to each other. */

#include "connectors/columns.h"
#include "connectors/connector.h"

/* Fields that every log has, first. */
enum { TSTAT_C_IP, TSTAT_C_PORT, TSTAT_S_IP, TSTAT_S_PORT, TSTAT_ID_FIELDS };

enum { TSTAT_FIELDS_MAX = NLT_COLUMNS_FIELDS_MAX, TSTAT_PORT_MAX = 65535 };

/* The columns of a log, or of one kind of its lines, that a table uses. */
typedef struct tstat_log {
    char separator;
    int n_fields;
    int n_required; /* a header without one of the first ones is that of another log */
    const char *fields[TSTAT_FIELDS_MAX];
} tstat_log;

/* ---- lines ---- */

/* The names of a header line "#TAG#c_ip:1 c_port:2 ..." or "#c_ip:1 ...", and its tag (len = 0:
 * none). */
nlt_bytes tstat_header_names(nlt_bytes line, nlt_bytes *tag);
/* Makes the map of a header's names, unless it is no header of this log. */
void tstat_take_header(const tstat_log *log, nlt_columns *columns, nlt_bytes names);
/* The fields of a line, in the order of the log; ptr = NULL: the header does not name it. False: no
 * header came before, or it names more columns. */
bool tstat_split(const tstat_log *log, const nlt_columns *columns, nlt_bytes line,
    nlt_bytes values[TSTAT_FIELDS_MAX]);
/* The whole way of a line of a log with one kind of lines: USED, or why it has no fields. */
nlt_row tstat_fields(const tstat_log *log, nlt_columns *columns, nlt_line_ctx *ctx, nlt_bytes line,
    nlt_bytes values[TSTAT_FIELDS_MAX]);
/* Nothing but blanks. */
bool tstat_is_blank(nlt_bytes line);

/* ---- values ---- */

bool tstat_is(nlt_bytes text, const char *word);
/* One of Tstat's marks of "nothing": "", "-", "--", "---". */
bool tstat_is_missing(nlt_bytes text);
/* Milliseconds with any number of decimals, as ns. */
bool tstat_ms(nlt_bytes text, int64_t *ns);
/* An integer between 0 and max. */
bool tstat_number(nlt_bytes text, int64_t max, int64_t *number);
bool tstat_are_addresses(const nlt_bytes *values);
bool tstat_ports(const nlt_bytes *values, int64_t *c_port, int64_t *s_port);

/* ---- records ---- */

/* Numbers and texts that a line gives to a row. Those of the key come first: the two ports, the two
 * addresses. */
enum { TSTAT_NUMBERS = 4, TSTAT_TEXTS = 8, TSTAT_ABSENT = -1 /* a number that is NULL */ };

typedef struct tstat_parts {
    int64_t numbers[TSTAT_NUMBERS];
    nlt_bytes texts[TSTAT_TEXTS]; /* ptr = NULL: NULL */
} tstat_parts;

/* As above, packed: the body of a record. */
typedef struct tstat_body {
    int64_t numbers[TSTAT_NUMBERS];
    uint32_t ends[TSTAT_TEXTS]; /* of each text in `texts` */
    uint32_t present;           /* bit i: text i is not NULL */
    char texts[];
} tstat_body;

/* Puts a record whose key is the ports and the first `n_key` texts within `scope`. USED, or
 * rejected since it is too long. */
nlt_row tstat_put_record(nlt_line_ctx *ctx, const tstat_parts *parts, int n_key, uint32_t scope,
    uint32_t kind, int64_t time);
nlt_bytes tstat_body_text(const tstat_body *body, int text);
bool tstat_has_same_key(const tstat_body *a, const tstat_body *b, int n_key);
/* Puts a text unless it is NULL. */
void tstat_put_text(nlt_builder *out, int column, const tstat_body *body, int text);

static inline const tstat_body *tstat_record_body(const nlt_record *record)
{
    return (const void *)record->body;
}

/* Records that are kept, first in first out. */
typedef struct tstat_kept {
    struct tstat_kept *next;
    int64_t time;
    int64_t row_key;
    uint32_t kind;
    const tstat_body *body; /* behind this, in the same memory */
} tstat_kept;

typedef struct tstat_queue {
    tstat_kept *first;
    tstat_kept *last;
} tstat_queue;

/* Copies the record. False: out of memory. */
bool tstat_queue_push(tstat_queue *queue, const nlt_record *record);
void tstat_queue_pop(tstat_queue *queue); /* frees the first */
void tstat_queue_clear(tstat_queue *queue);

#endif
