/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CONNECTORS_TSTAT_H
#define NLT_CONNECTORS_TSTAT_H

/* What Tstat's logs have in common: columns that a header line names, and the lines of one
 * transaction on their way to each other. */

#include "connectors/columns.h"
#include "connectors/connector.h"
#include "connectors/fields.h"

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

static inline bool tstat_is(nlt_bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

/* One of Tstat's marks of "nothing": "", "-", "--", "---". */
bool tstat_is_missing(nlt_bytes text);
/* An integer between 0 and max. */
bool tstat_number(nlt_bytes text, int64_t max, int64_t *number);
bool tstat_are_addresses(const nlt_bytes *values);
bool tstat_ports(const nlt_bytes *values, uint16_t ports[2]);

/* Milliseconds with any number of decimals, as ns. */
static inline bool tstat_ms(nlt_bytes text, int64_t *ns)
{
    return nlt__field_millionths(text, ns);
}

/* ---- records ---- */

/* Numbers and texts that a line gives to a row. */
enum { TSTAT_NUMBERS = 2, TSTAT_TEXTS = 8, TSTAT_ABSENT = -1 /* a number that is NULL */ };

typedef struct tstat_parts {
    int64_t numbers[TSTAT_NUMBERS];
    uint16_t ports[2];
    uint32_t kept;                /* bit i: text i goes into the record, if it is there */
    nlt_bytes texts[TSTAT_TEXTS]; /* of the line; ptr = NULL: NULL. Those of the key come first. */
} tstat_parts;

/* As above, packed: the body of a record, which is padded to 8 bytes. */
typedef struct tstat_body {
    int64_t numbers[TSTAT_NUMBERS];
    uint16_t ports[2];
    uint32_t present;           /* bit i: text i is here; TSTAT_CLEAN */
    uint32_t ends[TSTAT_TEXTS]; /* of each text in `texts` */
    char texts[];
} tstat_body;

enum { TSTAT_CLEAN = 1 << 30 /* all texts are ASCII without NUL */ };

/* Puts a record whose key is the ports and the first `n_key` texts within `scope`. USED, or
 * rejected since its texts are too long, whether they are kept or not. */
nlt_row tstat_put_record(nlt_line_ctx *ctx, const tstat_parts *parts, int n_key, uint32_t scope,
    uint32_t kind, int64_t time);
bool tstat_has_same_key(const tstat_body *a, const tstat_body *b, int n_key);
/* Puts a text unless it is NULL. */
void tstat_put_text(nlt_builder *out, int column, const tstat_body *body, int text);

static inline nlt_bytes tstat_body_text(const tstat_body *body, int text)
{
    uint32_t begin = text == 0 ? 0 : body->ends[text - 1];
    bool is_present = (body->present >> text & 1) != 0;
    return (nlt_bytes){is_present ? body->texts + begin : NULL, body->ends[text] - begin};
}

static inline const tstat_body *tstat_record_body(const nlt_record *record)
{
    return (const void *)record->body;
}

/* A record that is kept: a list of them, first in first out, is ended by NULL. */
typedef struct tstat_kept {
    struct tstat_kept *next;
    int64_t time;
    int64_t row_key;
    uint32_t kind;
    const tstat_body *body; /* behind this, in the same memory */
} tstat_kept;

/* Fills `kept` and copies the body, record->len bytes, to `body`. */
void tstat_keep(const nlt_record *record, tstat_kept *kept, void *body);

#endif
