/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connectors/zeek_line.h"

#include "connectors/fields.h"
#include "core/arena.h"
#include "core/num.h"
#include "core/simd.h"

enum { NS_DIGITS = 9 };
#define NS_PER_S INT64_C(1000000000)

/* ---- header lines ---- */

/* "\x09" -> TAB; other bytes as they are. */
static void unescape_marker(nlt_bytes text, nlt_separator *marker)
{
    uint8_t n = 0;
    for (size_t i = 0; i < text.len && n < ZEEK_MARKER_MAX; i++) {
        unsigned value = 0;
        if (text.len - i >= 4 && text.ptr[i] == '\\' && text.ptr[i + 1] == 'x') {
            for (size_t j = i + 2; j < i + 4; j++) {
                char c = text.ptr[j];
                unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
                value = value << 4 | (digit & 15);
            }
            marker->bytes[n++] = (char)value;
            i += 3;
        } else {
            marker->bytes[n++] = text.ptr[i];
        }
    }
    marker->len = n;
}

static void use_defaults(zeek_state *state)
{
    if (!state->has_settings) {
        state->has_settings = true;
        state->set_separator = ',';
        unescape_marker((nlt_bytes){"\t", 1}, &state->separator);
        unescape_marker((nlt_bytes){"-", 1}, &state->unset);
        unescape_marker((nlt_bytes){"(empty)", 7}, &state->empty);
    }
}

int zeek_field_of(const void *ctx, nlt_bytes name)
{
    const zeek_log *log = ctx;
    for (int i = 0; i < log->n_fields; i++) {
        const char *const *names = log->fields[i].names;
        for (int j = 0; j < ZEEK_NAMES_MAX && names[j] != NULL; j++) {
            if (strlen(names[j]) == name.len && memcmp(names[j], name.ptr, name.len) == 0) {
                return i;
            }
        }
    }
    return -1;
}

/* The text behind "#word" and one separator; false: another line. */
static bool header_value(
    const zeek_state *state, nlt_bytes line, const char *word, nlt_bytes *value)
{
    size_t len = strlen(word);
    if (line.len <= len || memcmp(line.ptr, word, len) != 0) {
        return false;
    }
    size_t skip = state->separator.len;
    bool is_separator =
        line.len >= len + skip && memcmp(line.ptr + len, state->separator.bytes, skip) == 0;
    skip = is_separator ? skip : 1;
    if (!is_separator && line.ptr[len] != ' ' && line.ptr[len] != '\t') {
        return false;
    }
    *value = (nlt_bytes){line.ptr + len + skip, line.len - len - skip};
    return true;
}

static void take_header(const zeek_log *log, zeek_state *state, nlt_bytes line)
{
    nlt_bytes value;
    use_defaults(state);
    if (header_value(state, line, "#separator", &value) && value.len > 0) {
        unescape_marker(value, &state->separator);
    } else if (header_value(state, line, "#set_separator", &value) && value.len > 0) {
        state->set_separator = value.ptr[0];
    } else if (header_value(state, line, "#empty_field", &value)) {
        unescape_marker(value, &state->empty);
    } else if (header_value(state, line, "#unset_field", &value)) {
        unescape_marker(value, &state->unset);
    } else if (header_value(state, line, "#fields", &value)) {
        nlt__columns_set(&state->columns, &state->separator, value, zeek_field_of, log);
    }
}

/* ---- TSV ---- */

bool zeek_is_long_marker(nlt_bytes text, const nlt_separator *marker)
{
    return memcmp(text.ptr, marker->bytes, marker->len) == 0;
}

static inline zeek_value tsv_value(nlt_bytes text, const nlt_separator *unset)
{
    bool is_set = text.ptr != NULL && !zeek_is_marker(text, unset);
    return (zeek_value){text, is_set ? ZEEK_TSV : ZEEK_ABSENT};
}

/* The columns are cut already. */
static void take_cuts(const nlt_columns *columns, const nlt_separator *unset, nlt_bytes line,
    const nlt_cuts *cuts, zeek_value *values)
{
    const bool is_usual = unset->len == 1;
    const char mark = unset->bytes[0];
    for (int i = 0; i < columns->n_needs; i++) {
        nlt_bytes text = nlt__cuts_column(cuts, line.ptr, (uint32_t)columns->needs[i].column);
        /* no branches, which would go now here, now there; what is behind the line can be read */
        bool is_unset =
            is_usual ? (text.len == 1) & (text.ptr[0] == mark) : zeek_is_marker(text, unset);
        values[columns->needs[i].field] = (zeek_value){text, is_unset ? ZEEK_ABSENT : ZEEK_TSV};
    }
}

static bool split_tsv(const zeek_log *log, const zeek_state *state, nlt_bytes line,
    const nlt_cuts *cuts, zeek_value values[ZEEK_FIELDS_MAX])
{
    const nlt_columns *columns = &state->columns;
    if (nlt__columns_are_cut(&state->separator, cuts)) {
        if ((int64_t)cuts->n < columns->n) {
            return false;
        }
        if (columns->n_needs < log->n_fields) {
            memset(values, 0, (size_t)log->n_fields * sizeof *values);
        }
        take_cuts(columns, &state->unset, line, cuts, values);
        return true;
    }
    nlt_bytes texts[ZEEK_FIELDS_MAX];
    memset(texts, 0, (size_t)log->n_fields * sizeof *texts);
    if (!nlt__columns_split(columns, &state->separator, line, texts)) {
        return false;
    }
    for (int i = 0; i < log->n_fields; i++) {
        values[i] = tsv_value(texts[i], &state->unset);
    }
    return true;
}

/* A file without header: the layout that has as many columns. */
static bool use_layout(const zeek_log *log, zeek_state *state, nlt_bytes line)
{
    use_defaults(state);
    if (nlt__columns_count(&state->separator, line) != log->n_columns) {
        return false;
    }
    nlt_columns *columns = &state->columns;
    *columns = (nlt_columns){.is_known = true, .n = log->n_columns};
    for (int32_t column = 0; column < log->n_columns; column++) {
        for (int i = 0; i < log->n_fields; i++) {
            if (log->fields[i].column == column) {
                columns->needs[columns->n_needs].column = column;
                columns->needs[columns->n_needs++].field = i;
            }
        }
    }
    return true;
}

nlt_row zeek_split(
    const zeek_log *log, nlt_line_ctx *ctx, nlt_bytes line, zeek_value values[ZEEK_FIELDS_MAX])
{
    zeek_state *state = ctx->state;
    if (line.ptr[0] == '#') {
        take_header(log, state, line);
        return NLT_ROW_IGNORED;
    }
    size_t blank = 0;
    while (blank < line.len && (line.ptr[blank] == ' ' || line.ptr[blank] == '\t')) {
        blank++;
    }
    if (blank == line.len) {
        return NLT_ROW_IGNORED;
    }
    if (line.ptr[blank] == '{') {
        memset(values, 0, (size_t)log->n_fields * sizeof *values);
        return zeek_json_split(log, line, values) ? NLT_ROW_USED
                                                  : nlt_reject(ctx, NLT_REJECT_OTHER);
    }
    bool is_known = state->columns.is_known || use_layout(log, state, line);
    return is_known && split_tsv(log, state, line, &ctx->cuts, values)
        ? NLT_ROW_USED
        : nlt_reject(ctx, NLT_REJECT_TOO_FEW_FIELDS);
}

/* ---- numbers ---- */

/* The number in units of 10^-scale, as nlt__parse_fixed, but its exponent moves the point: others print
 * 1.398382067286885E9. */
static bool parse_scientific(nlt_bytes text, int scale, int64_t *out)
{
    enum { SCALE_MAX = 18 };
    size_t mark = 0;
    while (mark < text.len && (text.ptr[mark] | 0x20) != 'e') {
        mark++;
    }
    size_t digits = mark + 1;
    digits += digits < text.len && text.ptr[digits] == '+';
    int64_t exponent = 0;
    return digits < text.len
        && nlt__parse_i64((nlt_bytes){text.ptr + digits, text.len - digits}, &exponent)
        && exponent >= -scale && exponent <= SCALE_MAX - scale
        && nlt__parse_fixed((nlt_bytes){text.ptr, mark}, scale + (int)exponent, out);
}

bool zeek_seconds(nlt_bytes text, int64_t *ns)
{
    if (nlt__parse_fixed(text, NS_DIGITS, ns) || parse_scientific(text, NS_DIGITS, ns)) {
        return true;
    }
    double seconds = 0.0;
    if (!nlt__parse_double(text, &seconds) || !(seconds > -9.2e9 && seconds < 9.2e9)) {
        return false;
    }
    double scaled = seconds * 1e9;
    *ns = (int64_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
    return true;
}

/* "2018-03-24T17:15:20.615923Z" */
static bool parse_iso(nlt_bytes text, int64_t *ns)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    const size_t len = sizeof shape - 1;
    int parts[6] = {0};
    int part = 0;
    if (text.len < len + 1 || text.ptr[text.len - 1] != 'Z') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text.ptr[i];
        if (shape[i] == 'd' ? c < '0' || c > '9' : c != shape[i]) {
            return false;
        }
        if (shape[i] == 'd') {
            parts[part] = parts[part] * 10 + (c - '0');
        } else {
            part++;
        }
    }
    nlt_civil day = {parts[0], parts[1], parts[2]};
    int64_t fraction = 0;
    if (!nlt__civil_is_valid(day) || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) {
        return false;
    }
    if (text.len > len + 1) { /* ".ffffff" as "0.ffffff" */
        char digits[32] = "0";
        size_t n = text.len - len - 1;
        if (text.ptr[len] != '.' || n < 2 || n > sizeof digits - 2) {
            return false;
        }
        memcpy(digits + 1, text.ptr + len, n);
        if (!nlt__parse_fixed((nlt_bytes){digits, n + 1}, NS_DIGITS, &fraction)) {
            return false;
        }
    }
    int64_t seconds =
        nlt__days_from_civil(day) * 86400 + (int64_t)parts[3] * 3600 + parts[4] * 60 + parts[5];
    return !__builtin_mul_overflow(seconds, NS_PER_S, ns)
        && !__builtin_add_overflow(*ns, fraction, ns);
}

bool zeek_other_time(const zeek_value *value, int64_t *ns)
{
    if (value->kind == ZEEK_ABSENT || value->text.len == 0) {
        return false;
    }
    if (value->kind == ZEEK_JSON_TEXT && memchr(value->text.ptr, 'T', value->text.len) != NULL) {
        return parse_iso(value->text, ns);
    }
    double number = 0.0;
    if (value->kind != ZEEK_TSV && nlt__parse_double(value->text, &number)
        && (number > 1e11 || number < -1e11)) {
        /* ms: 10^-6 of them are ns */
        return nlt__parse_fixed(value->text, 6, ns) || parse_scientific(value->text, 6, ns);
    }
    return zeek_seconds(value->text, ns);
}

bool zeek_other_integer(const zeek_value *value, int64_t *number)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    double real = 0.0;
    if (value->kind != ZEEK_JSON_OTHER || !nlt__parse_double(value->text, &real)
        || !(real > -exact && real < exact)) {
        return false;
    }
    *number = (int64_t)real;
    return (double)*number == real;
}

/* ---- texts ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* \xNN and \\ of TSV; other backslashes stay. */
static nlt_bytes unescape_tsv(nlt_bytes text, nlt_arena *arena)
{
    char *copy = nlt__arena_alloc(arena, text.len);
    size_t n = 0;
    for (size_t i = 0; copy != NULL && i < text.len; i++) {
        size_t left = text.len - i;
        copy[n] = text.ptr[i];
        if (text.ptr[i] == '\\' && left >= 2 && text.ptr[i + 1] == '\\') {
            i++;
        } else if (text.ptr[i] == '\\' && left >= 4 && text.ptr[i + 1] == 'x') {
            int high = hex_digit(text.ptr[i + 2]);
            int low = hex_digit(text.ptr[i + 3]);
            if (high >= 0 && low >= 0) {
                copy[n] = (char)(high << 4 | low);
                i += 3;
            }
        }
        n++;
    }
    return (nlt_bytes){copy, n};
}

static size_t put_utf8(unsigned code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static unsigned hex4(const char *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        value = value << 4 | ((unsigned)hex_digit(p[i]) & 15);
    }
    return value;
}

/* The character of \uXXXX at `p`, with its second half if it has one; a lone half is U+FFFD. */
static unsigned json_escape(const char *p, size_t left, size_t *used)
{
    unsigned code = hex4(p + 2);
    *used = 6;
    if (code < 0xd800 || code > 0xdfff) {
        return code;
    }
    if (code < 0xdc00 && left >= 12 && p[6] == '\\' && p[7] == 'u') {
        unsigned low = hex4(p + 8);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *used = 12;
            return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd;
}

/* Escapes have been checked when the line was split. */
static nlt_bytes unescape_json(nlt_bytes text, nlt_arena *arena)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    char *copy = nlt__arena_alloc(arena, text.len);
    size_t n = 0;
    for (size_t i = 0; copy != NULL && i < text.len;) {
        if (text.ptr[i] != '\\') {
            copy[n++] = text.ptr[i++];
        } else if (text.ptr[i + 1] == 'u') {
            size_t used = 0;
            unsigned code = json_escape(text.ptr + i, text.len - i, &used);
            n += put_utf8(code, copy + n);
            i += used;
        } else {
            const char *at = memchr(from, text.ptr[i + 1], sizeof from - 1);
            copy[n++] = at != NULL ? to[at - from] : text.ptr[i + 1];
            i += 2;
        }
    }
    return (nlt_bytes){copy, n};
}

nlt_bytes zeek_text(const zeek_value *value, const nlt_line_ctx *ctx, nlt_arena *arena)
{
    const zeek_state *state = ctx->state;
    if (value->kind == ZEEK_TSV && zeek_is_marker(value->text, &state->empty)) {
        return (nlt_bytes){value->text.ptr, 0};
    }
    if (value->kind == ZEEK_JSON_OTHER || value->text.len == 0
        || nlt__find_byte(value->text.ptr, value->text.len, '\\') == NULL) {
        return value->text;
    }
    return value->kind == ZEEK_TSV ? unescape_tsv(value->text, arena)
                                   : unescape_json(value->text, arena);
}

void zeek_put_text(nlt_builder *out, int column, const zeek_value *value, const nlt_line_ctx *ctx)
{
    nlt_bytes text = zeek_text(value, ctx, &out->arena);
    if (text.ptr == NULL) {
        out->failed = NLT_ERR_NOMEM;
    } else if (text.ptr == value->text.ptr) {
        nlt_put_text(out, column, text);
    } else {
        nlt__put_dirty(out, column, text);
    }
}

/* ---- lists ---- */

/* The array's text is good JSON. */
bool zeek_next_json_item(const zeek_value *list, size_t *at, zeek_value *item)
{
    nlt_bytes text = list->text;
    if (text.len == 0 || text.ptr[0] != '[') { /* one value for a list of one */
        *item = *list;
        return (*at)++ == 0;
    }
    size_t i = *at == 0 ? 1 : *at;
    while (i < text.len && memchr(" \t,", text.ptr[i], 3) != NULL) {
        i++;
    }
    if (i >= text.len || text.ptr[i] == ']') {
        return false;
    }
    size_t begin = i;
    if (text.ptr[i] == '"') {
        for (i++; i < text.len && text.ptr[i] != '"'; i++) {
            i += text.ptr[i] == '\\';
        }
        *item = (zeek_value){{text.ptr + begin + 1, i - begin - 1}, ZEEK_JSON_TEXT};
        *at = i + 1;
        return true;
    }
    int depth = 0;
    while (i < text.len && (depth > 0 || memchr(" \t,]", text.ptr[i], 4) == NULL)) {
        depth += text.ptr[i] == '[' || text.ptr[i] == '{';
        depth -= text.ptr[i] == ']' || text.ptr[i] == '}';
        i++;
    }
    nlt_bytes text_of_item = {text.ptr + begin, i - begin};
    bool is_null = text_of_item.len == 4 && memcmp(text_of_item.ptr, "null", 4) == 0;
    *item = (zeek_value){text_of_item, is_null ? ZEEK_ABSENT : ZEEK_JSON_OTHER};
    *at = i;
    return true;
}
