/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time zones from the system's database, version 2+ files (RFC 8536): transitions in 64 bits,
 * then those that the file's rule makes up to the year LAST_YEAR. */

#include "core/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/time.h"
#include "core/zone_rule.h"

enum {
    FILE_MAX = 256 << 10,
    HEADER_BYTES = 44,
    TYPE_BYTES = 6,
    FIRST_YEAR = 1970,
    LAST_YEAR = 2199
};

/* From `at` (UTC seconds) on, local = UTC + offset. */
typedef struct zone_period {
    int64_t at;
    int32_t offset;
} zone_period;

struct nlt_zone {
    zone_period *periods; /* sorted; the first begins at INT64_MIN */
    int64_t n;
};

/* ---- fixed offsets ---- */

static bool two_digits(const char *text, int max, int *out)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return false;
    }
    *out = (text[0] - '0') * 10 + (text[1] - '0');
    return *out <= max;
}

/* "+HH:MM", "UTC", "Z". */
static bool parse_fixed(const char *name, int32_t *offset)
{
    int hours = 0;
    int minutes = 0;
    *offset = 0;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0) {
        return true;
    }
    if ((name[0] != '+' && name[0] != '-') || strlen(name) != 6 || name[3] != ':'
        || !two_digits(name + 1, 23, &hours) || !two_digits(name + 4, 59, &minutes)) {
        return false;
    }
    *offset = (hours * 60 + minutes) * 60 * (name[0] == '-' ? -1 : 1);
    return true;
}

/* ---- the database ---- */

typedef struct zone_file {
    uint8_t *bytes;
    size_t len;
} zone_file;

static int64_t big_endian(const uint8_t *bytes, int n)
{
    uint64_t value = (bytes[0] & 0x80) != 0 ? ~UINT64_C(0) : 0;
    for (int i = 0; i < n; i++) {
        value = value << 8 | bytes[i];
    }
    return (int64_t)value;
}

/* A name of the database and nothing else below or beside its folder. */
static bool is_safe_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '/' || name[0] == '.' || strlen(name) > 100) {
        return false;
    }
    for (const char *at = name; *at != '\0'; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        bool is_other = (*at >= '0' && *at <= '9') || strchr("/_+-", *at) != NULL;
        if (!is_letter && !is_other) {
            return false;
        }
    }
    return true;
}

static nlt_status read_file(const char *name, zone_file *file, nlt_error *err)
{
    char path[512];
    const char *folder = getenv("TZDIR");
    int n =
        snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", name);
    FILE *in = is_safe_name(name) && n > 0 && (size_t)n < sizeof path ? fopen(path, "rbe") : NULL;
    if (in == NULL) {
        nlt_fail(err, NLT_ERR_ARG, "--timezone: there is no zone \"%.100s\"", name);
        nlt_error_hint(err, "zones are written UTC, +HH:MM or as in Europe/Rome");
        return NLT_ERR_ARG;
    }
    file->bytes = nlt_alloc(FILE_MAX);
    file->len = file->bytes != NULL ? fread(file->bytes, 1, FILE_MAX, in) : 0;
    (void)fclose(in);
    return file->bytes != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

/* Counts of a data block's header, in its order. */
enum { ISUT, ISSTD, LEAPS, TIMES, TYPES, CHARS, COUNTS };

static bool read_header(const uint8_t *at, size_t left, int64_t counts[COUNTS])
{
    if (left < HEADER_BYTES || memcmp(at, "TZif", 4) != 0 || at[4] < '2') {
        return false;
    }
    for (int i = 0; i < COUNTS; i++) {
        counts[i] = big_endian(at + 20 + 4 * i, 4);
        if (counts[i] < 0 || counts[i] > FILE_MAX) {
            return false;
        }
    }
    return true;
}

static int64_t block_bytes(const int64_t counts[COUNTS], int time_bytes)
{
    return counts[TIMES] * (time_bytes + 1) + counts[TYPES] * TYPE_BYTES + counts[CHARS]
        + counts[LEAPS] * (time_bytes + 4) + counts[ISSTD] + counts[ISUT];
}

static bool read_periods(nlt_zone *zone, const uint8_t *at, const int64_t counts[COUNTS])
{
    const uint8_t *types = at + counts[TIMES] * 8;
    const uint8_t *offsets = types + counts[TIMES];
    zone->periods[zone->n++] = (zone_period){INT64_MIN, (int32_t)big_endian(offsets, 4)};
    for (int64_t i = 0; i < counts[TIMES]; i++) {
        int64_t from = big_endian(at + i * 8, 8);
        if (types[i] >= counts[TYPES] || (i > 0 && from <= zone->periods[zone->n - 1].at)) {
            return false;
        }
        int32_t offset = (int32_t)big_endian(offsets + types[i] * TYPE_BYTES, 4);
        zone->periods[zone->n++] = (zone_period){from, offset};
    }
    return true;
}

/* A period behind all others; one of no length gives way. */
static void add_period(nlt_zone *zone, int64_t at, int32_t offset)
{
    zone_period *last = &zone->periods[zone->n - 1];
    if (at > last->at) {
        zone->periods[zone->n++] = (zone_period){at, offset};
    } else if (at == last->at) {
        last->offset = offset;
    }
}

/* The line behind the data: the rule for what lies behind the last transition. An empty one says
 * nothing. */
static bool read_footer(nlt_zone *zone, const uint8_t *at, size_t left)
{
    const char *text = (const char *)at;
    const char *newline = left > 1 && text[0] == '\n' ? memchr(text + 1, '\n', left - 1) : NULL;
    if (newline == NULL) {
        return false;
    }
    nlt_bytes line = {text + 1, (size_t)(newline - text) - 1};
    nlt_zone_rule rule;
    if (line.len == 0) {
        return true;
    }
    if (!nlt__zone_rule_parse(line, &rule)) {
        return false;
    }
    int64_t last = zone->periods[zone->n - 1].at;
    int year = FIRST_YEAR;
    if (zone->n > 1 && last / 86400 > nlt__days_from_civil((nlt_civil){FIRST_YEAR, 1, 1})) {
        year = nlt__civil_from_days(last / 86400).year;
    }
    for (; rule.has_summer && year <= LAST_YEAR; year++) {
        int64_t begin = nlt__zone_rule_begin(&rule, year);
        int64_t end = nlt__zone_rule_end(&rule, year);
        add_period(zone, begin < end ? begin : end, begin < end ? rule.summer : rule.standard);
        add_period(zone, begin < end ? end : begin, begin < end ? rule.standard : rule.summer);
    }
    return true;
}

static nlt_status parse_file(
    nlt_zone *zone, const zone_file *file, const char *name, nlt_error *err)
{
    int64_t counts[COUNTS];
    bool is_good = read_header(file->bytes, file->len, counts);
    int64_t at = is_good ? HEADER_BYTES + block_bytes(counts, 4) : 0;
    is_good = is_good && (size_t)at < file->len
        && read_header(file->bytes + at, file->len - (size_t)at, counts);
    at += HEADER_BYTES;
    is_good = is_good && counts[TYPES] > 0 && (size_t)(at + block_bytes(counts, 8)) <= file->len;
    if (is_good) {
        zone->periods = nlt_alloc_zero(
            (size_t)counts[TIMES] + 1 + 2 * (LAST_YEAR - FIRST_YEAR + 1), sizeof *zone->periods);
        if (zone->periods == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        size_t footer = (size_t)(at + block_bytes(counts, 8));
        is_good = read_periods(zone, file->bytes + at, counts)
            && read_footer(zone, file->bytes + footer, file->len - footer);
    }
    return is_good ? NLT_OK
                   : nlt_fail(err, NLT_ERR_DAMAGED, "zone \"%s\": its file is damaged", name);
}

/* ---- zones ---- */

nlt_status nlt__zone_open(const char *name, nlt_zone **out, nlt_error *err)
{
    *out = NULL;
    nlt_zone *zone = nlt_alloc_zero(1, sizeof *zone);
    if (zone == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    nlt_status status = NLT_OK;
    int32_t offset = 0;
    if (parse_fixed(name, &offset)) {
        zone->periods = nlt_alloc_zero(1, sizeof *zone->periods);
        zone->n = 1;
        status = zone->periods != NULL ? NLT_OK : nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        if (status == NLT_OK) {
            zone->periods[0] = (zone_period){INT64_MIN, offset};
        }
    } else {
        zone_file file = {NULL, 0};
        status = read_file(name, &file, err);
        if (status == NLT_OK) {
            status = parse_file(zone, &file, name, err);
        }
        nlt_free(file.bytes);
    }
    if (status != NLT_OK) {
        nlt__zone_close(zone);
        return status;
    }
    *out = zone;
    return NLT_OK;
}

void nlt__zone_close(nlt_zone *zone)
{
    if (zone != NULL) {
        nlt_free(zone->periods);
        nlt_free(zone);
    }
}

bool nlt__zone_is_fixed(const nlt_zone *zone)
{
    return zone == NULL || zone->n == 1;
}

/* The last period that begins at or before `utc`. */
static int64_t period_of(const nlt_zone *zone, int64_t utc)
{
    int64_t low = 0;
    int64_t high = zone->n - 1;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (zone->periods[middle].at <= utc) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

int64_t nlt__zone_to_utc(const nlt_zone *zone, int64_t local, int64_t not_before)
{
    if (zone == NULL || zone->n == 1) {
        return local - (zone == NULL ? 0 : zone->periods[0].offset);
    }
    /* Candidates are the periods around the reading; a day is more than any offset. */
    int64_t first = period_of(zone, local - 86400 * 2);
    int64_t best = INT64_MIN;
    for (int64_t i = first; i < zone->n && zone->periods[i].at <= local + 86400 * 2; i++) {
        int64_t utc = local - zone->periods[i].offset;
        bool is_begun = utc >= zone->periods[i].at;
        bool is_over = i + 1 < zone->n && utc >= zone->periods[i + 1].at;
        if (is_begun && !is_over && (best == INT64_MIN || best < not_before)) {
            best = utc;
        }
    }
    if (best != INT64_MIN) {
        return best;
    }
    /* A gap: the reading with the offset before it lies as far behind the gap as it was inside. */
    for (int64_t i = first; i + 1 < zone->n; i++) {
        int64_t utc = local - zone->periods[i].offset;
        if (utc >= zone->periods[i + 1].at
            && local - zone->periods[i + 1].offset < zone->periods[i + 1].at) {
            return utc;
        }
    }
    return local - zone->periods[zone->n - 1].offset;
}

int32_t nlt__zone_offset(const nlt_zone *zone, int64_t utc)
{
    return zone == NULL ? 0 : zone->periods[zone->n == 1 ? 0 : period_of(zone, utc)].offset;
}
