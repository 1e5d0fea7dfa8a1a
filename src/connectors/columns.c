/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "connectors/columns.h"

#include "core/simd.h"

static const char *find_separator(const nlt_separator *separator, const char *at, const char *end)
{
    return at >= end ? NULL : memmem(at, (size_t)(end - at), separator->bytes, separator->len);
}

static void need(nlt_columns *columns, int field, int32_t column)
{
    for (int i = 0; i < columns->n_needs; i++) {
        if (columns->needs[i].field == field) {
            return;
        }
    }
    columns->needs[columns->n_needs].field = field;
    columns->needs[columns->n_needs++].column = column;
}

void nlt__columns_set(nlt_columns *columns, const nlt_separator *separator, nlt_bytes names,
    nlt_column_field_fn field_of, const void *ctx)
{
    const char *at = names.ptr;
    const char *end = names.ptr + names.len;
    *columns = (nlt_columns){.is_known = true};
    for (;;) {
        const char *stop = find_separator(separator, at, end);
        int field = field_of(ctx, (nlt_bytes){at, (size_t)((stop == NULL ? end : stop) - at)});
        if (field >= 0 && field < NLT_COLUMNS_FIELDS_MAX) {
            need(columns, field, columns->n);
        }
        columns->n++;
        if (stop == NULL) {
            return;
        }
        at = stop + separator->len;
    }
}

int32_t nlt__columns_count(const nlt_separator *separator, nlt_bytes line)
{
    const char *end = line.ptr + line.len;
    int32_t n = 1;
    if (separator->len != 1) {
        for (const char *at = line.ptr; (at = find_separator(separator, at, end)) != NULL; n++) {
            at += separator->len;
        }
        return n;
    }
    for (const char *at = line.ptr; at < end; at += 64) {
        uint64_t bits = nlt__byte_bits(at, separator->bytes[0]);
        bits &= end - at < 64 ? ~(~UINT64_C(0) << (end - at)) : ~UINT64_C(0);
        n += __builtin_popcountll(bits);
    }
    return n;
}

/* Separators of a line, one after the other. One byte: 64 bytes are looked at at once. */
typedef struct cursor {
    const nlt_separator *separator;
    const char *at; /* the block, or behind the last separator */
    const char *end;
    uint64_t bits;
} cursor;

static inline const char *next_separator(cursor *c)
{
    if (c->separator->len != 1) {
        const char *found = find_separator(c->separator, c->at, c->end);
        c->at = found == NULL ? c->end : found + c->separator->len;
        return found == NULL ? c->end : found;
    }
    while (c->bits == 0) {
        c->at += 64;
        if (c->at >= c->end) {
            return c->end;
        }
        c->bits = nlt__byte_bits(c->at, c->separator->bytes[0]);
    }
    const char *found = c->at + __builtin_ctzll(c->bits);
    c->bits &= c->bits - 1;
    return found < c->end ? found : c->end;
}

static inline cursor cursor_at(const nlt_separator *separator, nlt_bytes line)
{
    cursor c = {separator, line.ptr, line.ptr + line.len, 0};
    if (separator->len == 1) {
        c.bits = nlt__byte_bits(line.ptr, separator->bytes[0]);
    }
    return c;
}

int32_t nlt__columns_find(const nlt_columns *columns, int field)
{
    for (int i = 0; i < columns->n_needs; i++) {
        if (columns->needs[i].field == field) {
            return columns->needs[i].column;
        }
    }
    return -1;
}

nlt_bytes nlt__columns_one(
    const nlt_columns *columns, const nlt_separator *separator, nlt_bytes line, int field)
{
    int32_t wanted = nlt__columns_find(columns, field);
    if (wanted < 0) {
        return (nlt_bytes){"", 0};
    }
    cursor c = cursor_at(separator, line);
    const char *begin = line.ptr;
    for (int32_t column = 0; column < wanted && begin < c.end; column++) {
        begin = next_separator(&c) + separator->len;
    }
    return begin < c.end ? (nlt_bytes){begin, (size_t)(next_separator(&c) - begin)}
                         : (nlt_bytes){"", 0};
}

/* Fields between separators of one byte. 64 bytes at a time are looked at; where none of their
 * separators bounds a field that is needed, they are only counted. */
static bool split_by_byte(
    const nlt_columns *columns, char separator, nlt_bytes line, nlt_bytes *values)
{
    const char *end = line.ptr + line.len;
    const char *begin = line.ptr;
    int32_t seen = 0; /* separators in the blocks before */
    int i = 0;
    bool is_inside = columns->n_needs > 0 && columns->needs[0].column == 0;
    /* the separator that bounds the next field, from 1; one that is never there behind the last */
    int32_t wanted = columns->n_needs == 0 ? INT32_MAX : is_inside ? 1 : columns->needs[0].column;
    for (const char *at = line.ptr; at < end; at += 64) {
        uint64_t bits = nlt__byte_bits(at, separator);
        bits &= end - at < 64 ? ~(~UINT64_C(0) << (end - at)) : ~UINT64_C(0);
        int32_t behind = seen + __builtin_popcountll(bits);
        for (int32_t next = seen + 1; wanted <= behind; next++) {
            for (; next < wanted; next++) {
                bits &= bits - 1;
            }
            const char *stop = at + __builtin_ctzll(bits);
            bits &= bits - 1;
            if (is_inside) {
                values[columns->needs[i++].field] = (nlt_bytes){begin, (size_t)(stop - begin)};
            }
            begin = stop + 1;
            is_inside = i < columns->n_needs && columns->needs[i].column == wanted;
            wanted = is_inside         ? wanted + 1
                : i < columns->n_needs ? columns->needs[i].column
                                       : INT32_MAX;
        }
        seen = behind;
    }
    if (is_inside) { /* the last column */
        values[columns->needs[i].field] = (nlt_bytes){begin, (size_t)(end - begin)};
    }
    return seen + 1 >= columns->n;
}

enum { DENSE_MAX = 64 };

/* Where most columns are needed: all separators first, then the fields. */
static bool split_dense(
    const nlt_columns *columns, char separator, nlt_bytes line, nlt_bytes *values)
{
    /* field i lies behind stops[i] and before stops[i + 1] */
    uint32_t stops[1 + DENSE_MAX + 64 + NLT_PUSH_STEP];
    unsigned n = 1;
    stops[0] = UINT32_MAX;
    for (size_t base = 0; base < line.len && n <= (unsigned)columns->n; base += 64) {
        uint64_t bits = nlt__byte_bits(line.ptr + base, separator);
        size_t left = line.len - base;
        bits &= left < 64 ? ~(~UINT64_C(0) << left) : ~UINT64_C(0);
        n += nlt__push_bits(bits, (uint32_t)base, stops + n);
    }
    stops[n] = (uint32_t)line.len;
    if (n < (unsigned)columns->n) {
        return false;
    }
    for (int i = 0; i < columns->n_needs; i++) {
        const uint32_t *stop = stops + columns->needs[i].column;
        uint32_t begin = stop[0] + 1;
        values[columns->needs[i].field] = (nlt_bytes){line.ptr + begin, stop[1] - begin};
    }
    return true;
}

bool nlt__columns_split(
    const nlt_columns *columns, const nlt_separator *separator, nlt_bytes line, nlt_bytes *values)
{
    if (separator->len == 1) {
        bool is_dense = columns->n <= DENSE_MAX && columns->n < 3 * columns->n_needs;
        return is_dense ? split_dense(columns, separator->bytes[0], line, values)
                        : split_by_byte(columns, separator->bytes[0], line, values);
    }
    if (nlt__columns_count(separator, line) < columns->n) {
        return false;
    }
    cursor c = cursor_at(separator, line);
    const char *begin = line.ptr;
    int32_t column = 0;
    for (int i = 0; i < columns->n_needs; i++) {
        for (; column < columns->needs[i].column; column++) {
            begin = next_separator(&c) + separator->len;
        }
        const char *stop = next_separator(&c);
        values[columns->needs[i].field] = (nlt_bytes){begin, (size_t)(stop - begin)};
        begin = stop + separator->len;
        column++;
    }
    return true;
}
