/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of JSON lines takes the objects that jansson takes; what it keeps lies in the line. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/zeek_line.h"

enum { DEPTH_SAFE = 32, PAD_BYTES = 64 };

static const zeek_field fields[] = {
    {{"ts"}, 0}, {{"uid"}, 1}, {{"id.orig_h", "id_orig_h"}, 2}, {{"answers"}, 3}};
static const zeek_log log_of_four = {fields, sizeof fields / sizeof fields[0], 4};

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* Deeper nesting is refused by one of them. */
static bool is_shallow(nlt_bytes line)
{
    int depth = 0;
    for (size_t i = 0; i < line.len && depth < DEPTH_SAFE; i++) {
        char c = line.ptr[i];
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    }
    return depth < DEPTH_SAFE;
}

static void take_values(const zeek_value *value, nlt_bytes line)
{
    if (value->kind == ZEEK_ABSENT) {
        return;
    }
    check(value->kind == ZEEK_JSON_TEXT || value->kind == ZEEK_JSON_OTHER);
    check(value->text.ptr >= line.ptr);
    check(value->text.len <= (size_t)(line.ptr + line.len - value->text.ptr));
    nlt_line_ctx ctx = {.state = NULL};
    zeek_value item;
    for (size_t at = 0, before = 0; zeek_next_item(value, &ctx, &at, &item); before = at) {
        check(at > before);
    }
    int64_t number = 0;
    bool has = false;
    (void)zeek_time(value, &number);
    (void)zeek_interval(value, &number);
    (void)zeek_integer(value, 0, INT64_MAX, &number, &has);
}

static void take_line(nlt_bytes line)
{
    zeek_value values[ZEEK_FIELDS_MAX] = {{{NULL, 0}, ZEEK_ABSENT}};
    bool is_object = zeek_json_split(&log_of_four, line, values);
    for (int i = 0; i < log_of_four.n_fields && is_object; i++) {
        take_values(&values[i], line);
    }
    /* Left open by ours: encoding, the range of numbers, surrogates. jansson loses a NUL behind a
     * number. */
    if (memchr(line.ptr, '\0', line.len) != NULL) {
        return;
    }
    json_error_t error;
    json_t *other = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, &error);
    check(!json_is_object(other) || is_object);
    check(!is_object || other != NULL || json_error_code(&error) != json_error_invalid_syntax
        || memmem(line.ptr, line.len, "\\u", 2) != NULL);
    json_decref(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + PAD_BYTES); /* readers of numbers look behind the line */
    check(copy != NULL);
    memcpy(copy, data, size);
    memset(copy + size, '7', PAD_BYTES);
    nlt_bytes line = {copy, size};
    if (memchr(copy, '\n', size) == NULL && is_shallow(line)) {
        take_line(line);
    }
    free(copy);
    return 0;
}
