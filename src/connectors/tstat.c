/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tstat logs: what all of them share, and log_tcp_complete. Source: Tstat's LOG manual.
 *
 * Which columns a log has depends on Tstat's version and its settings, so that positions are read
 * from the header; a line without header before it says nothing. */

#include "connectors/tstat.h"

#include "connectors/fields.h"
#include "connectors/name.h"
#include "connectors/tstat_probe.h"
#include "core/alloc.h"
#include "core/hash.h"
#include "core/ip.h"

/* ---- lines ---- */

static nlt_separator separator_of(const tstat_log *log)
{
    return (nlt_separator){.len = 1, .bytes = {log->separator}};
}

static bool is_letter_or_digit(char c)
{
    char lower = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

nlt_bytes tstat_header_names(nlt_bytes line, nlt_bytes *tag)
{
    nlt_bytes names = {line.ptr + 1, line.len - 1};
    size_t n = 0;
    while (n < names.len && is_letter_or_digit(names.ptr[n])) {
        n++;
    }
    bool has_tag = n > 0 && n < names.len && names.ptr[n] == '#';
    *tag = (nlt_bytes){names.ptr, has_tag ? n : 0};
    return has_tag ? (nlt_bytes){names.ptr + n + 1, names.len - n - 1} : names;
}

/* The field of "name:position". */
static int field_of(const void *ctx, nlt_bytes name)
{
    const tstat_log *log = ctx;
    const char *colon = name.len == 0 ? NULL : memchr(name.ptr, ':', name.len);
    name.len = colon == NULL ? name.len : (size_t)(colon - name.ptr);
    for (int i = 0; i < log->n_fields; i++) {
        if (tstat_is(name, log->fields[i])) {
            return i;
        }
    }
    return -1;
}

void tstat_take_header(const tstat_log *log, nlt_columns *columns, nlt_bytes names)
{
    nlt_separator separator = separator_of(log);
    while (names.len > 0 && names.ptr[names.len - 1] == log->separator) {
        names.len--;
    }
    nlt_columns named;
    nlt__columns_set(&named, &separator, names, field_of, log);
    int n_required = 0;
    for (int i = 0; i < named.n_needs; i++) {
        n_required += named.needs[i].field < log->n_required;
    }
    if (n_required == log->n_required) {
        *columns = named;
    }
}

bool tstat_split(const tstat_log *log, const nlt_columns *columns, nlt_bytes line,
    nlt_bytes values[TSTAT_FIELDS_MAX])
{
    nlt_separator separator = separator_of(log);
    if (!columns->is_known) {
        return false;
    }
    memset(values, 0, (size_t)log->n_fields * sizeof *values);
    return nlt__columns_split(columns, &separator, line, values);
}

nlt_row tstat_fields(const tstat_log *log, nlt_columns *columns, nlt_line_ctx *ctx, nlt_bytes line,
    nlt_bytes values[TSTAT_FIELDS_MAX])
{
    if (line.ptr[0] == '#') {
        nlt_bytes tag;
        tstat_take_header(log, columns, tstat_header_names(line, &tag));
        return NLT_ROW_IGNORED;
    }
    if (tstat_is_blank(line)) {
        return NLT_ROW_IGNORED;
    }
    return tstat_split(log, columns, line, values) ? NLT_ROW_USED
                                                   : nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
}

bool tstat_is_blank(nlt_bytes line)
{
    size_t n = 0;
    while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t')) {
        n++;
    }
    return n == line.len;
}

/* ---- values ---- */

bool tstat_is_missing(nlt_bytes text)
{
    return text.len == 0 || (text.len <= 3 && memcmp(text.ptr, "---", text.len) == 0);
}

bool tstat_number(nlt_bytes text, int64_t max, int64_t *number)
{
    return nlt__field_i64(text, number) && *number >= 0 && *number <= max;
}

bool tstat_are_addresses(const nlt_bytes *values)
{
    return nlt__ip_is_text(values[TSTAT_C_IP]) && nlt__ip_is_text(values[TSTAT_S_IP]);
}

bool tstat_ports(const nlt_bytes *values, uint16_t ports[2])
{
    static const int fields[] = {TSTAT_C_PORT, TSTAT_S_PORT};
    for (int i = 0; i < 2; i++) {
        int64_t number = 0;
        if (!tstat_number(values[fields[i]], TSTAT_PORT_MAX, &number)) {
            return false;
        }
        ports[i] = (uint16_t)number;
    }
    return true;
}

/* ---- records ---- */

enum {
    STEP = 16,
    TEXT_BYTES_MAX = NLT_RECORD_MAX - 72 /* of a record; the rest, and a step, fit */
};

static uint64_t hash_key(const tstat_parts *parts, int n_key, uint32_t scope)
{
    uint64_t hash =
        (uint64_t)scope << 32 | (uint64_t)parts->ports[0] << 16 | (uint64_t)parts->ports[1];
    for (int i = 0; i < n_key; i++) {
        hash = nlt__hash(parts->texts[i], hash);
    }
    return hash;
}

/* Texts of a line, behind which more can be read, to where more can be written. */
static void copy_text(char *to, nlt_bytes text)
{
    for (size_t done = 0; done < text.len; done += STEP) {
        memcpy(to + done, text.ptr + done, STEP);
    }
}

nlt_row tstat_put_record(nlt_line_ctx *ctx, const tstat_parts *parts, int n_key, uint32_t scope,
    uint32_t kind, int64_t time)
{
    size_t len = 0;
    for (int i = 0; i < TSTAT_TEXTS; i++) {
        len += parts->texts[i].len;
    }
    if (len > TEXT_BYTES_MAX) {
        return nlt_reject(ctx, NLT_REJECT_OTHER);
    }
    nlt_record *record = nlt__record_begin(
        ctx->records, hash_key(parts, n_key, scope), sizeof(tstat_body) + len + STEP);
    if (record == NULL) {
        return NLT_ROW_USED; /* the scan stops */
    }
    record->time = time;
    record->row_key = ctx->row_key;
    record->kind = kind;
    tstat_body *body = (void *)record->body;
    memcpy(body->numbers, parts->numbers, sizeof body->numbers);
    memcpy(body->ports, parts->ports, sizeof body->ports);
    body->present = parts->kept & TSTAT_CLEAN;
    uint32_t end = 0;
    for (int i = 0; i < TSTAT_TEXTS; i++) {
        nlt_bytes text = parts->texts[i];
        if (text.ptr != NULL && (parts->kept >> i & 1) != 0) {
            copy_text(body->texts + end, text);
            body->present |= UINT32_C(1) << i;
            end += (uint32_t)text.len;
        }
        body->ends[i] = end;
    }
    nlt__record_end(ctx->records, record, (uint32_t)(sizeof *body + end));
    return NLT_ROW_USED;
}

bool tstat_has_same_key(const tstat_body *a, const tstat_body *b, int n_key)
{
    size_t n = (size_t)n_key;
    return memcmp(a->ports, b->ports, sizeof a->ports) == 0
        && memcmp(a->ends, b->ends, n * sizeof a->ends[0]) == 0
        && memcmp(a->texts, b->texts, a->ends[n - 1]) == 0;
}

void tstat_put_text(nlt_builder *out, int column, const tstat_body *body, int text)
{
    if (!nlt_wants(out, column)) {
        return;
    }
    nlt_bytes value = tstat_body_text(body, text);
    if (value.ptr == NULL) {
        return;
    }
    if ((body->present & TSTAT_CLEAN) == 0) {
        nlt_put_copy(out, column, value);
        return;
    }
    if (value.len > NLT_STR_INLINE) {
        value.ptr = nlt__arena_copy(&out->arena, value);
        if (value.ptr == NULL) {
            out->failed = NLT_ERR_NOMEM;
            return;
        }
    }
    nlt_put_clean(out, column, value);
}

void tstat_keep(const nlt_record *record, tstat_kept *kept, void *body)
{
    memcpy(body, record->body, record->len);
    *kept = (tstat_kept){
        .time = record->time, .row_key = record->row_key, .kind = record->kind, .body = body};
}

/* ---- log_tcp_complete ---- */

enum {
    FLOW_C_PKT = TSTAT_ID_FIELDS,
    FLOW_C_BYTES,
    FLOW_S_PKT,
    FLOW_S_BYTES,
    FLOW_FIRST,
    FLOW_LAST,
    FLOW_REQUIRED,
    FLOW_HOST = FLOW_REQUIRED, /* names, the best one first */
    FLOW_SNI,
    FLOW_FQDN,
    FLOW_FIELDS
};

static const tstat_log flow_log = {' ', FLOW_FIELDS, FLOW_REQUIRED,
    {"c_ip", "c_port", "s_ip", "s_port", "c_pkts_all", "c_bytes_all", "s_pkts_all", "s_bytes_all",
        "first", "last", "http_hostname", "c_tls_SNI", "fqdn"}};

static const struct {
    int field;
    int column;
    int64_t max;
} flow_numbers[] = {{TSTAT_C_PORT, NLT_FLOW_C_PORT, TSTAT_PORT_MAX},
    {TSTAT_S_PORT, NLT_FLOW_S_PORT, TSTAT_PORT_MAX}, {FLOW_C_PKT, NLT_FLOW_C_PKT, INT64_MAX},
    {FLOW_C_BYTES, NLT_FLOW_C_BYTES, INT64_MAX}, {FLOW_S_PKT, NLT_FLOW_S_PKT, INT64_MAX},
    {FLOW_S_BYTES, NLT_FLOW_S_BYTES, INT64_MAX}};

static bool put_flow_numbers(nlt_builder *out, const nlt_bytes *values)
{
    for (size_t i = 0; i < sizeof flow_numbers / sizeof flow_numbers[0]; i++) {
        int64_t number = 0;
        if (!tstat_number(values[flow_numbers[i].field], flow_numbers[i].max, &number)) {
            return false;
        }
        nlt_put_i64(out, flow_numbers[i].column, number);
    }
    return true;
}

static void put_flow_name(nlt_builder *out, const nlt_bytes *values)
{
    for (int i = FLOW_HOST; i <= FLOW_FQDN; i++) {
        if (!tstat_is_missing(values[i]) && nlt__name_put(out, NLT_FLOW_NAME, values[i])) {
            return;
        }
    }
    (void)nlt__name_put(out, NLT_FLOW_NAME, values[TSTAT_S_IP]);
}

static nlt_row tstat_flow_line(nlt_line_ctx *ctx, nlt_bytes line, nlt_builder *out)
{
    nlt_bytes values[TSTAT_FIELDS_MAX];
    nlt_row row = tstat_fields(&flow_log, ctx->state, ctx, line, values);
    if (row != NLT_ROW_USED) {
        return row;
    }
    int64_t first = 0;
    int64_t last = 0;
    if (!tstat_ms(values[FLOW_FIRST], &first) || !tstat_ms(values[FLOW_LAST], &last)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_TIME);
    }
    if (!tstat_are_addresses(values)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_ADDRESS);
    }
    if (!put_flow_numbers(out, values)) {
        return nlt_reject(ctx, NLT_REJECT_BAD_NUMBER);
    }
    nlt_put_double(out, NLT_FLOW_TIME_START, nlt__seconds_from_ns(first));
    nlt_put_double(out, NLT_FLOW_TIME_END, nlt__seconds_from_ns(last));
    nlt_put_text(out, NLT_FLOW_C_IP, values[TSTAT_C_IP]);
    nlt_put_text(out, NLT_FLOW_S_IP, values[TSTAT_S_IP]);
    if (nlt_wants(out, NLT_FLOW_NAME)) {
        put_flow_name(out, values);
    }
    return NLT_ROW_USED;
}

static int flow_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)
{
    return tstat_probe_flows(&flow_log, state, sample, finding);
}

static const char *const flow_layouts[] = {"*/*/%Y_%m_%d_*/log_tcp_complete"};

const nlt_connector nlt_connector_tstat_named_flows = {
    .class_name = "connectors.tstat_to_named_flows.Tstat_To_Named_Flows",
    .alias = "tstat:NamedFlows",
    .tool = "Tstat",
    .table = &nlt_table_named_flows,
    .layouts = flow_layouts,
    .n_layouts = 1,
    .line = tstat_flow_line,
    .is_repeatable = true,
    .probe = flow_probe,
    .header_mark = '#',
    .state_size = sizeof(nlt_columns),
    .summary = "Tstat log_tcp_complete: one row per TCP flow",
    .note = "Any set of columns; names by HTTP host, TLS name, DNS. Days are those in the names of "
            "the runs' folders: the probe's local days.",
};
