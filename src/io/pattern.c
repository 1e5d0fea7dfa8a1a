/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matching names against layout patterns.
 *
 * From the right, because a `*` on the left may hold dots and digits (<base>.YYYYMMDD.HHmmSS.uSec).
 * A date that does not exist is no match, so matching goes on to the next way of reading a name. */

#include "io/pattern.h"

#include <string.h>

#include "core/time.h"
#include "io/layout.h"

enum { STEPS_MAX = 100 * 1000 }; /* of matching one name; two `*` stay far below */

typedef struct token_spec {
    char letter;
    size_t min_digits;
    size_t max_digits;
    const char *shown; /* in messages, when there is no value */
} token_spec;

static const token_spec tokens[] = {
    {'Y', 4, 4, "YYYY"},
    {'m', 2, 2, "MM"},
    {'d', 2, 2, "DD"},
    {'H', 2, 2, "HH"},
    {'M', 2, 2, "MM"},
    {'S', 2, 2, "SS"},
    {'u', 1, 6, "uSec"},
};

static const char *const endings[] = {"", ".bz2", ".gz", ".xz", ".zst"};

static const token_spec *token_find(char letter)
{
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (tokens[i].letter == letter) {
            return &tokens[i];
        }
    }
    return NULL;
}

/* --- dates ------------------------------------------------------------------------------------- */

/* The part of a date that a token tells; NULL: none. */
static int *date_part(nlt_date *date, char letter)
{
    switch (letter) {
    case 'Y':
        return &date->year;
    case 'm':
        return &date->month;
    case 'd':
        return &date->day;
    default:
        return NULL;
    }
}

static bool date_is_complete(const nlt_date *date)
{
    return date->year >= 0 && date->month >= 0 && date->day >= 0;
}

static nlt_civil date_civil(const nlt_date *date)
{
    return (nlt_civil){date->year, date->month, date->day};
}

static bool date_is_possible(const nlt_date *date)
{
    if (date_is_complete(date)) {
        return nlt__civil_is_valid(date_civil(date));
    }
    return date->month != 0 && date->month <= 12 && date->day != 0 && date->day <= 31;
}

int64_t nlt__date_day(const nlt_date *date)
{
    return date_is_complete(date) ? nlt__days_from_civil(date_civil(date)) : NLT_DAY_OPEN;
}

/* YYYYMMDD as a number, for comparisons. */
static int date_key(int year, int month, int day)
{
    return (year * 100 + month) * 100 + day;
}

static int day_key(int64_t day)
{
    nlt_civil civil = nlt__civil_from_days(day);
    return date_key(civil.year, civil.month, civil.day);
}

bool nlt__date_may_lie_in(const nlt_date *date, int64_t first, int64_t last)
{
    if (date->year < 0) {
        return true;
    }
    int low = date_key(date->year, date->month < 0 ? 0 : date->month,
        date->month < 0 || date->day < 0 ? 0 : date->day);
    int high = date_key(date->year, date->month < 0 ? 99 : date->month,
        date->month < 0 || date->day < 0 ? 99 : date->day);
    return (first == NLT_DAY_OPEN || high >= day_key(first))
        && (last == NLT_DAY_OPEN || low <= day_key(last));
}

/* --- one name against one segment -------------------------------------------------------------- */

typedef struct matcher {
    nlt_date date;
    int steps_left;
} matcher;

static bool match_right(matcher *m, nlt_bytes pattern, nlt_bytes name);

/* The rest in front of the pattern's last part, which took what follows `name`. */
static bool match_rest(matcher *m, nlt_bytes pattern, nlt_bytes name, const nlt_date *before)
{
    if (match_right(m, pattern, name)) {
        return true;
    }
    m->date = *before;
    return false;
}

static size_t digits_at_end(nlt_bytes text, size_t max)
{
    size_t n = 0;
    while (n < max && n < text.len && text.ptr[text.len - 1 - n] >= '0'
        && text.ptr[text.len - 1 - n] <= '9') {
        n++;
    }
    return n;
}

/* A part that is met twice must agree. */
static bool date_put(nlt_date *date, char letter, nlt_bytes digits)
{
    int value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        value = value * 10 + (digits.ptr[i] - '0');
    }
    int *part = date_part(date, letter);
    if (part == NULL || *part == value) {
        return true;
    }
    bool is_new = *part < 0;
    *part = is_new ? value : *part;
    return is_new;
}

/* The longest run of digits first. */
static bool match_token(matcher *m, const token_spec *token, nlt_bytes pattern, nlt_bytes name)
{
    nlt_date before = m->date;
    for (size_t n = digits_at_end(name, token->max_digits); n >= token->min_digits; n--) {
        nlt_bytes rest = {name.ptr, name.len - n};
        if (date_put(&m->date, token->letter, (nlt_bytes){name.ptr + rest.len, n})
            && match_rest(m, pattern, rest, &before)) {
            return true;
        }
    }
    return false;
}

/* The shortest run first. */
static bool match_star(matcher *m, nlt_bytes pattern, nlt_bytes name)
{
    nlt_date before = m->date;
    for (;; name.len--) {
        if (match_rest(m, pattern, name, &before)) {
            return true;
        }
        if (name.len == 0) {
            return false;
        }
    }
}

static bool match_right(matcher *m, nlt_bytes pattern, nlt_bytes name)
{
    while (pattern.len > 0) {
        if (--m->steps_left < 0) {
            return false;
        }
        char last = pattern.ptr[--pattern.len];
        if (pattern.len > 0 && pattern.ptr[pattern.len - 1] == '%') {
            pattern.len--;
            return match_token(m, token_find(last), pattern, name);
        }
        if (last == '*') {
            return match_star(m, pattern, name);
        }
        if (name.len == 0 || name.ptr[--name.len] != last) {
            return false;
        }
    }
    return name.len == 0 && date_is_possible(&m->date);
}

static bool match_segment(nlt_bytes segment, nlt_bytes name, nlt_date *date)
{
    if (segment.ptr[0] == '*' && name.len > 0 && name.ptr[0] == '.') {
        return false; /* hidden, as in a shell */
    }
    matcher m = {*date, STEPS_MAX};
    if (!match_right(&m, segment, name)) {
        return false;
    }
    *date = m.date;
    return true;
}

int nlt__packed_ending(nlt_bytes name, size_t *stem_len)
{
    int rank = (int)(sizeof endings / sizeof endings[0]) - 1;
    for (; rank > 0; rank--) {
        size_t len = strlen(endings[rank]);
        if (name.len > len && memcmp(name.ptr + name.len - len, endings[rank], len) == 0) {
            break;
        }
    }
    *stem_len = name.len - strlen(endings[rank]);
    return rank;
}

bool nlt__pattern_match(const nlt_pattern *pattern, int depth, nlt_bytes name, nlt_date *date)
{
    nlt_bytes segment = pattern->segments[depth];
    if (match_segment(segment, name, date)) {
        return true;
    }
    nlt_bytes stem = name;
    bool is_file = depth == pattern->n - 1;
    return is_file && nlt__packed_ending(name, &stem.len) > 0 && match_segment(segment, stem, date);
}

/* --- whole patterns ---------------------------------------------------------------------------- */

/* Cuts the last name off a path; empty: there is none. */
static nlt_bytes path_pop(nlt_bytes *path)
{
    while (path->len > 0 && path->ptr[path->len - 1] == '/') {
        path->len--;
    }
    size_t end = path->len;
    while (path->len > 0 && path->ptr[path->len - 1] != '/') {
        path->len--;
    }
    return (nlt_bytes){path->ptr + path->len, end - path->len};
}

bool nlt__pattern_match_end(const nlt_pattern *pattern, const char *path, nlt_date *date)
{
    nlt_date found = *date;
    nlt_bytes rest = {path, strlen(path)};
    for (int depth = pattern->n - 1; depth >= 0; depth--) {
        nlt_bytes name = path_pop(&rest);
        if (name.len == 0) {
            break;
        }
        if (!nlt__pattern_match(pattern, depth, name, &found)) {
            return false;
        }
    }
    *date = found;
    return true;
}

static nlt_status check_tokens(const char *text, nlt_error *err)
{
    for (const char *at = strchr(text, '%'); at != NULL; at = strchr(at + 2, '%')) {
        if (token_find(at[1]) == NULL) {
            return nlt_fail(
                err, NLT_ERR_ARG, "layout \"%s\": after %% comes one of Y m d H M S u", text);
        }
    }
    return NLT_OK;
}

nlt_status nlt__pattern_parse(const char *text, nlt_pattern *out, nlt_error *err)
{
    NLT_TRY(check_tokens(text, err));
    out->n = 0;
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "/");
        if (len > 0 && out->n == NLT_PATTERN_SEGMENTS_MAX) {
            return nlt_fail(err, NLT_ERR_ARG, "layout \"%s\": more than %d levels", text,
                (int)NLT_PATTERN_SEGMENTS_MAX);
        }
        if (len > 0) {
            out->segments[out->n++] = (nlt_bytes){at, len};
        }
        at += len + (at[len] == '/');
    }
    return out->n > 0 ? NLT_OK : nlt_fail(err, NLT_ERR_ARG, "empty layout");
}

nlt_status nlt__pattern_describe(const char *text, int64_t day, nlt_buf *out, nlt_error *err)
{
    nlt_date date = NLT_DATE_NONE;
    if (day != NLT_DAY_OPEN) {
        nlt_civil civil = nlt__civil_from_days(day);
        date = (nlt_date){civil.year, civil.month, civil.day};
    }
    NLT_TRY(check_tokens(text, err));
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%') {
            NLT_TRY(nlt__buf_append(out, at, 1, err));
            continue;
        }
        const token_spec *token = token_find(*++at);
        const int *part = date_part(&date, token->letter);
        if (part != NULL && *part >= 0) {
            NLT_TRY(nlt__buf_printf(out, err, "%0*d", (int)token->max_digits, *part));
        } else {
            NLT_TRY(nlt__buf_append(out, token->shown, strlen(token->shown), err));
        }
    }
    return NLT_OK;
}
