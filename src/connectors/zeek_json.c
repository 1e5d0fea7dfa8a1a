/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One JSON object (RFC 8259) per line: the whole line is checked, only the fields that a table uses
 * are kept. No memory; nesting is bounded. Keys are compared as they are written: none that is used
 * needs an escape. */

#include "connectors/zeek_line.h"

enum { DEPTH_MAX = 64, KEY_MAX = 64 };

typedef struct json_reader {
    const char *at;
    const char *end;
    const zeek_log *log;
    zeek_value *values;
} json_reader;

static void skip_blanks(json_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) {
        r->at++;
    }
}

static bool take(json_reader *r, char c)
{
    bool is_there = r->at < r->end && *r->at == c;
    r->at += is_there;
    return is_there;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool read_escape(json_reader *r)
{
    if (r->at == r->end || memchr("\"\\/bfnrtu", *r->at, 9) == NULL) {
        return false;
    }
    if (*r->at++ != 'u') {
        return true;
    }
    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end || !is_hex(*r->at)) {
            return false;
        }
    }
    return true;
}

/* Behind the opening quote. */
static bool read_string(json_reader *r, nlt_bytes *text)
{
    const char *begin = r->at;
    while (r->at < r->end) {
        unsigned char c = (unsigned char)*r->at++;
        if (c == '"') {
            *text = (nlt_bytes){begin, (size_t)(r->at - 1 - begin)};
            return true;
        }
        if (c < 0x20 || (c == '\\' && !read_escape(r))) {
            return false;
        }
    }
    return false;
}

static bool read_digits(json_reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return r->at > begin;
}

static bool read_number(json_reader *r)
{
    (void)take(r, '-');
    if (!take(r, '0') && !read_digits(r)) {
        return false;
    }
    if (take(r, '.') && !read_digits(r)) {
        return false;
    }
    if (r->at < r->end && (*r->at | 0x20) == 'e') {
        r->at++;
        r->at += r->at < r->end && (*r->at == '+' || *r->at == '-');
        return read_digits(r);
    }
    return true;
}

static bool read_word(json_reader *r, const char *word)
{
    size_t len = strlen(word);
    bool is_there = (size_t)(r->end - r->at) >= len && memcmp(r->at, word, len) == 0;
    r->at += is_there ? len : 0;
    return is_there;
}

/* Brackets are counted instead of calling oneself: bit i of `objects` tells what depth i is. */
static bool skip_nested(json_reader *r)
{
    uint64_t objects = 0;
    int depth = 0;
    bool wants_value = true;
    do {
        skip_blanks(r);
        nlt_bytes text;
        if (wants_value && (take(r, '[') || take(r, '{'))) {
            if (depth == DEPTH_MAX) {
                return false;
            }
            bool is_object = r->at[-1] == '{';
            objects = (objects & ~(UINT64_C(1) << depth)) | (uint64_t)is_object << depth;
            depth++;
            skip_blanks(r);
            if (take(r, is_object ? '}' : ']')) {
                depth--;
                wants_value = false;
                continue;
            }
        } else if (wants_value) {
            bool is_good = take(r, '"') ? read_string(r, &text)
                                        : read_word(r, "true") || read_word(r, "false")
                    || read_word(r, "null") || read_number(r);
            if (!is_good) {
                return false;
            }
            wants_value = false;
            continue;
        } else if (take(r, (objects >> (depth - 1) & 1) != 0 ? '}' : ']')) {
            depth--;
            continue;
        } else if (!take(r, ',')) {
            return false;
        }
        if ((objects >> (depth - 1) & 1) != 0) { /* a key comes first */
            skip_blanks(r);
            if (!take(r, '"') || !read_string(r, &text)) {
                return false;
            }
            skip_blanks(r);
            if (!take(r, ':')) {
                return false;
            }
        }
        wants_value = true;
    } while (depth > 0);
    return true;
}

static bool read_value(json_reader *r, zeek_value *value)
{
    skip_blanks(r);
    const char *begin = r->at;
    *value = (zeek_value){{NULL, 0}, ZEEK_JSON_OTHER};
    if (take(r, '"')) {
        value->kind = ZEEK_JSON_TEXT;
        return read_string(r, &value->text);
    }
    bool is_null = read_word(r, "null");
    if (!is_null && !skip_nested(r)) {
        return false;
    }
    value->text = (nlt_bytes){begin, (size_t)(r->at - begin)};
    value->kind = is_null ? ZEEK_ABSENT : ZEEK_JSON_OTHER;
    return true;
}

static void keep(json_reader *r, const char *prefix, nlt_bytes key, const zeek_value *value)
{
    char name[KEY_MAX];
    size_t prefix_len = strlen(prefix);
    if (prefix_len + key.len > sizeof name) {
        return;
    }
    memcpy(name, prefix, prefix_len);
    memcpy(name + prefix_len, key.ptr, key.len);
    int field = zeek_field_of(r->log, (nlt_bytes){name, prefix_len + key.len});
    if (field >= 0) {
        r->values[field] = *value;
    }
}

/* Members of an object behind its brace, with the names of those of "id" below "id.". */
static bool read_members(json_reader *r, const char *prefix)
{
    skip_blanks(r);
    if (take(r, '}')) {
        return true;
    }
    do {
        nlt_bytes key;
        zeek_value value;
        skip_blanks(r);
        if (!take(r, '"') || !read_string(r, &key)) {
            return false;
        }
        skip_blanks(r);
        if (!take(r, ':')) {
            return false;
        }
        skip_blanks(r);
        bool is_id = prefix[0] == '\0' && key.len == 2 && memcmp(key.ptr, "id", 2) == 0;
        if (is_id && take(r, '{')) {
            if (!read_members(r, "id.")) {
                return false;
            }
        } else if (read_value(r, &value)) {
            keep(r, prefix, key, &value);
        } else {
            return false;
        }
        skip_blanks(r);
    } while (take(r, ','));
    return take(r, '}');
}

bool zeek_json_split(const zeek_log *log, nlt_bytes line, zeek_value values[ZEEK_FIELDS_MAX])
{
    json_reader r = {line.ptr, line.ptr + line.len, log, values};
    skip_blanks(&r);
    if (!take(&r, '{') || !read_members(&r, "")) {
        return false;
    }
    skip_blanks(&r);
    return r.at == r.end;
}
