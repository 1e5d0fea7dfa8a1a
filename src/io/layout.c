/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files a dataset request means.
 *
 * A pattern is walked one segment at a time; directories whose name already lies outside the range
 * are not opened, segments without wildcard are looked up instead of listed. Depth is the number of
 * segments, so links that form a ring do no harm. */

#include "io/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/time.h"
#include "io/fs.h"

enum {
    FILES_MAX = 10 * 1000 * 1000,
    DAYS_MAX = 4 * 1000 * 1000, /* more than the years 0..9999 hold */
    SEGMENTS_MAX = 32,
    STEPS_MAX = 100 * 1000 /* of matching one name */
};

/* What a name tells of its day; -1: not (yet). */
typedef struct name_date {
    int year;
    int month;
    int day;
} name_date;

#define NAME_DATE_NONE {-1, -1, -1}

typedef struct token_spec {
    char letter;
    int min_digits;
    int max_digits;
    const char *shown; /* in messages, when the day is open */
} token_spec;

static const token_spec tokens[] = {
    {'Y', 4, 4, "YYYY"}, {'m', 2, 2, "MM"}, {'d', 2, 2, "DD"}, {'H', 2, 2, "HH"},
    {'M', 2, 2, "MM"}, {'S', 2, 2, "SS"}, {'u', 1, 6, "uSec"},
};

/* In the order of their bytes: the first of several compressed twins wins. */
static const char *const suffixes[] = {".bz2", ".gz", ".xz", ".zst"};
enum { N_SUFFIXES = sizeof suffixes / sizeof suffixes[0] };

static const token_spec *token_find(char letter)
{
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (tokens[i].letter == letter) {
            return &tokens[i];
        }
    }
    return NULL;
}

/* --- one name against one segment -------------------------------------------------------------- */

/* Sets the part of the date that a token names; a part met twice must agree. */
static bool date_put(name_date *date, char letter, const char *digits)
{
    int *part = letter == 'Y' ? &date->year : letter == 'm' ? &date->month
        : letter == 'd' ? &date->day : NULL;
    if (part == NULL) {
        return true;
    }
    int value = 0;
    for (int i = 0; i < (letter == 'Y' ? 4 : 2); i++) {
        value = value * 10 + (digits[i] - '0');
    }
    if (*part >= 0 && *part != value) {
        return false;
    }
    *part = value;
    return true;
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

static bool match_right(nlt_bytes pattern, nlt_bytes name, name_date *date, int *steps);

/* The longest run of digits first. */
static bool match_token(const token_spec *token, nlt_bytes pattern, nlt_bytes name,
    name_date *date, int *steps)
{
    size_t n = digits_at_end(name, (size_t)token->max_digits);
    for (; n >= (size_t)token->min_digits; n--) {
        nlt_bytes rest = {name.ptr, name.len - n};
        name_date tried = *date;
        if (date_put(&tried, token->letter, name.ptr + rest.len)
            && match_right(pattern, rest, &tried, steps)) {
            *date = tried;
            return true;
        }
    }
    return false;
}

/* From the right, because a `*` on the left may hold dots and digits; shortest run first. */
static bool match_right(nlt_bytes pattern, nlt_bytes name, name_date *date, int *steps)
{
    while (pattern.len > 0) {
        if (--*steps < 0) {
            return false;
        }
        char last = pattern.ptr[pattern.len - 1];
        if (pattern.len >= 2 && pattern.ptr[pattern.len - 2] == '%') {
            pattern.len -= 2;
            return match_token(token_find(last), pattern, name, date, steps);
        }
        pattern.len--;
        if (last == '*') {
            for (;; name.len--) {
                name_date tried = *date;
                if (match_right(pattern, name, &tried, steps)) {
                    *date = tried;
                    return true;
                }
                if (name.len == 0) {
                    return false;
                }
            }
        }
        if (name.len == 0 || name.ptr[name.len - 1] != last) {
            return false;
        }
        name.len--;
    }
    return name.len == 0;
}

/* Hidden names are matched by a `*` in front as little as in a shell. */
static bool match_segment(nlt_bytes pattern, nlt_bytes name, name_date *date)
{
    if (name.len > 0 && name.ptr[0] == '.' && pattern.len > 0 && pattern.ptr[0] == '*') {
        return false;
    }
    int steps = STEPS_MAX;
    name_date tried = *date;
    if (!match_right(pattern, name, &tried, &steps)) {
        return false;
    }
    *date = tried;
    return true;
}

/* Index of the compressed suffix a name ends with, -1: none. */
static int suffix_of(nlt_bytes name)
{
    for (int i = 0; i < N_SUFFIXES; i++) {
        size_t len = strlen(suffixes[i]);
        if (name.len > len && memcmp(name.ptr + name.len - len, suffixes[i], len) == 0) {
            return i;
        }
    }
    return -1;
}

static nlt_bytes without_suffix(nlt_bytes name)
{
    int suffix = suffix_of(name);
    if (suffix >= 0) {
        name.len -= strlen(suffixes[suffix]);
    }
    return name;
}

static bool match_file_name(nlt_bytes pattern, nlt_bytes name, name_date *date)
{
    return match_segment(pattern, name, date)
        || (suffix_of(name) >= 0 && match_segment(pattern, without_suffix(name), date));
}

/* --- days -------------------------------------------------------------------------------------- */

/* First and last day that what is known of a date leaves open; false: it is impossible. */
static bool date_span(const name_date *date, int64_t *first, int64_t *last)
{
    *first = INT64_MIN;
    *last = INT64_MAX;
    bool has_month = date->month >= 0;
    bool has_day = date->day >= 0;
    if ((has_month && (date->month < 1 || date->month > 12))
        || (has_day && (date->day < 1 || date->day > 31))) {
        return false;
    }
    if (date->year < 0) {
        return true;
    }
    nlt_civil from = {date->year, has_month ? date->month : 1,
        has_month && has_day ? date->day : 1};
    nlt_civil to = {date->year, has_month ? date->month : 12, from.day};
    if (!nlt__civil_is_valid(from)) {
        return false;
    }
    *first = nlt__days_from_civil(from);
    *last = *first;
    if (!has_month || !has_day) {
        to.day = 31;
        while (!nlt__civil_is_valid(to)) {
            to.day--;
        }
        *last = nlt__days_from_civil(to);
    }
    return true;
}

static int64_t date_day(const name_date *date)
{
    int64_t first = 0;
    int64_t last = 0;
    bool is_complete = date->year >= 0 && date->month >= 0 && date->day >= 0;
    return is_complete && date_span(date, &first, &last) ? first : NLT_DAY_OPEN;
}

static bool date_in_range(const name_date *date, int64_t first, int64_t last)
{
    int64_t from = 0;
    int64_t to = 0;
    return date_span(date, &from, &to) && (first == NLT_DAY_OPEN || to >= first)
        && (last == NLT_DAY_OPEN || from <= last);
}

/* --- the list ---------------------------------------------------------------------------------- */

static nlt_status fail_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
}

static nlt_status list_add(nlt_file_list *list, const char *path, int64_t day, int64_t size,
    int pattern, nlt_error *err)
{
    if (list->n == list->cap) {
        if (list->n >= FILES_MAX) {
            return nlt_fail(err, NLT_ERR_LIMIT, "more than %d files match", (int)FILES_MAX);
        }
        int64_t cap = list->cap == 0 ? 64 : list->cap * 2;
        nlt_file *items = nlt_realloc_array(list->items, (size_t)cap, sizeof *items);
        if (items == NULL) {
            return fail_memory(err);
        }
        list->items = items;
        list->cap = cap;
    }
    char *copy = nlt_strdup(path);
    if (copy == NULL) {
        return fail_memory(err);
    }
    list->items[list->n++] = (nlt_file){copy, day, size, pattern};
    return NLT_OK;
}

static int compare_path(const void *left, const void *right)
{
    const nlt_file *a = left;
    const nlt_file *b = right;
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

static int compare_day(const void *left, const void *right)
{
    const nlt_file *a = left;
    const nlt_file *b = right;
    int order = (a->day > b->day) - (a->day < b->day);
    return order != 0 ? order : compare_path(left, right);
}

static void list_sort(nlt_file_list *list, int (*compare)(const void *, const void *))
{
    if (list->n > 1) {
        qsort(list->items, (size_t)list->n, sizeof *list->items, compare);
    }
}

/* A file that several patterns match counts for the first. The list is in path order. */
static void list_drop_repeats(nlt_file_list *list)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < list->n; i++) {
        if (kept > 0 && strcmp(list->items[kept - 1].path, list->items[i].path) == 0) {
            nlt_free(list->items[i].path);
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->n = kept;
}

static bool list_has(const nlt_file_list *list, const char *path)
{
    int64_t low = 0;
    int64_t high = list->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(list->items[middle].path, path);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* Is the same name there plain, or with a suffix that comes first? The list is in path order. */
static bool list_has_better_twin(const nlt_file_list *list, const char *path)
{
    nlt_bytes whole = {path, strlen(path)};
    int suffix = suffix_of(whole);
    char twin[NLT_FS_PATH_MAX];
    if (suffix < 0 || whole.len >= sizeof twin) {
        return false;
    }
    int stem = (int)without_suffix(whole).len;
    for (int i = -1; i < suffix; i++) {
        (void)snprintf(twin, sizeof twin, "%.*s%s", stem, path, i < 0 ? "" : suffixes[i]);
        if (list_has(list, twin)) {
            return true;
        }
    }
    return false;
}

static nlt_status list_move_shadowed(nlt_file_list *list, nlt_error *err)
{
    int64_t n_shadowed = 0;
    bool *is_shadowed = nlt_alloc_zero((size_t)list->n + 1, sizeof *is_shadowed);
    if (is_shadowed == NULL) {
        return fail_memory(err);
    }
    for (int64_t i = 0; i < list->n; i++) {
        is_shadowed[i] = list_has_better_twin(list, list->items[i].path);
        n_shadowed += is_shadowed[i];
    }
    if (n_shadowed > 0) {
        list->shadowed = nlt_alloc_zero((size_t)n_shadowed, sizeof *list->shadowed);
        if (list->shadowed == NULL) {
            nlt_free(is_shadowed);
            return fail_memory(err);
        }
        int64_t kept = 0;
        for (int64_t i = 0; i < list->n; i++) {
            if (is_shadowed[i]) {
                list->shadowed[list->n_shadowed++] = list->items[i].path;
            } else {
                list->items[kept++] = list->items[i];
            }
        }
        list->n = kept;
    }
    nlt_free(is_shadowed);
    return NLT_OK;
}

/* Days of [first, last] that no item has. The list is in day order. */
static nlt_status list_find_missing(nlt_file_list *list, int64_t first, int64_t last,
    nlt_error *err)
{
    if (first == NLT_DAY_OPEN || last == NLT_DAY_OPEN || first > last) {
        return NLT_OK;
    }
    list->missing_days = nlt_alloc_zero((size_t)(last - first) + 1, sizeof *list->missing_days);
    if (list->missing_days == NULL) {
        return fail_memory(err);
    }
    int64_t i = 0;
    for (int64_t day = first; day <= last; day++) {
        while (i < list->n && list->items[i].day < day) {
            i++;
        }
        if (i == list->n || list->items[i].day != day) {
            list->missing_days[list->n_missing++] = day;
        }
    }
    return NLT_OK;
}

static nlt_status list_finish(nlt_file_list *list, nlt_error *err)
{
    list_sort(list, compare_path);
    list_drop_repeats(list);
    NLT_TRY(list_move_shadowed(list, err));
    list_sort(list, compare_day);
    return NLT_OK;
}

void nlt__file_list_clear(nlt_file_list *list)
{
    for (int64_t i = 0; i < list->n; i++) {
        nlt_free(list->items[i].path);
    }
    for (int64_t i = 0; i < list->n_shadowed; i++) {
        nlt_free(list->shadowed[i]);
    }
    nlt_free(list->items);
    nlt_free(list->shadowed);
    nlt_free(list->missing_days);
    nlt_free(list->tried);
    *list = (nlt_file_list){0};
}

/* --- patterns ---------------------------------------------------------------------------------- */

typedef struct pattern_segments {
    nlt_bytes items[SEGMENTS_MAX];
    int n;
} pattern_segments;

static nlt_status pattern_check(const char *pattern, nlt_error *err)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '%') {
            at++;
            if (token_find(*at) == NULL) {
                return nlt_fail(err, NLT_ERR_ARG,
                    "layout \"%s\": after %% comes one of Y m d H M S u", pattern);
            }
        }
    }
    return NLT_OK;
}

static nlt_status pattern_split(const char *pattern, pattern_segments *out, nlt_error *err)
{
    NLT_TRY(pattern_check(pattern, err));
    out->n = 0;
    for (const char *at = pattern; *at != '\0';) {
        size_t len = strcspn(at, "/");
        if (len > 0) {
            if (out->n == SEGMENTS_MAX) {
                return nlt_fail(err, NLT_ERR_LIMIT, "layout \"%s\": more than %d levels", pattern,
                    (int)SEGMENTS_MAX);
            }
            out->items[out->n++] = (nlt_bytes){at, len};
        }
        at += len + (at[len] == '/');
    }
    return out->n > 0 ? NLT_OK : nlt_fail(err, NLT_ERR_ARG, "empty layout");
}

static bool segment_is_literal(nlt_bytes segment)
{
    return memchr(segment.ptr, '*', segment.len) == NULL
        && memchr(segment.ptr, '%', segment.len) == NULL;
}

/* What a token shows in `tried`; `text` holds 12 bytes. */
static const char *token_text(const token_spec *token, int64_t day, char text[12])
{
    if (day == NLT_DAY_OPEN) {
        return token->shown;
    }
    nlt_civil civil = nlt__civil_from_days(day);
    switch (token->letter) {
    case 'Y':
        (void)snprintf(text, 12, "%04d", civil.year);
        return text;
    case 'm':
        (void)snprintf(text, 12, "%02d", civil.month);
        return text;
    case 'd':
        (void)snprintf(text, 12, "%02d", civil.day);
        return text;
    default:
        return token->shown;
    }
}

static char *describe_tried(const char *base, const char *pattern, int64_t first)
{
    char text[NLT_FS_PATH_MAX + 64];
    size_t base_len = strlen(base);
    bool has_slash = base_len > 0 && base[base_len - 1] == '/';
    int at = snprintf(text, NLT_FS_PATH_MAX, "%s%s", base, has_slash ? "" : "/");
    for (const char *p = pattern; *p != '\0' && at >= 0 && at < NLT_FS_PATH_MAX; p++) {
        char number[12];
        if (*p == '%') {
            p++;
            at += snprintf(text + at, 16, "%s", token_text(token_find(*p), first, number));
        } else {
            text[at++] = *p;
            text[at] = '\0';
        }
    }
    return nlt_strdup(text);
}

static nlt_status check_days(int64_t first, int64_t last, nlt_error *err)
{
    int64_t bound = 2 * (int64_t)DAYS_MAX;
    if ((first != NLT_DAY_OPEN && (first < -bound || first > bound))
        || (last != NLT_DAY_OPEN && (last < -bound || last > bound))) {
        return nlt_fail(err, NLT_ERR_ARG, "day out of range");
    }
    if (first != NLT_DAY_OPEN && last != NLT_DAY_OPEN && last - first > DAYS_MAX) {
        return nlt_fail(err, NLT_ERR_LIMIT, "more than %d days", (int)DAYS_MAX);
    }
    return NLT_OK;
}

/* --- the walk ---------------------------------------------------------------------------------- */

typedef struct walk {
    const nlt_fs *fs;
    const pattern_segments *segments;
    int64_t first;
    int64_t last;
    int pattern;
    nlt_file_list *out;
    char path[NLT_FS_PATH_MAX]; /* of the directory or file in hand */
    size_t len;
} walk;

/* A directory being listed, or looked into, for segment `depth`. */
typedef struct walk_level {
    walk *walk;
    int depth;
    name_date date; /* from the segments above */
} walk_level;

static nlt_status walk_directory(const walk_level *level, nlt_error *err);

static nlt_status walk_push(walk *w, nlt_bytes name, const char *suffix, size_t *old_len,
    nlt_error *err)
{
    *old_len = w->len;
    bool needs_slash = w->len > 0 && w->path[w->len - 1] != '/';
    size_t suffix_len = strlen(suffix);
    if (w->len + needs_slash + name.len + suffix_len >= sizeof w->path) {
        return nlt_fail(err, NLT_ERR_LIMIT, "path is longer than %d bytes: %.200s...",
            (int)sizeof w->path - 1, w->path);
    }
    if (needs_slash) {
        w->path[w->len++] = '/';
    }
    memcpy(w->path + w->len, name.ptr, name.len);
    w->len += name.len;
    memcpy(w->path + w->len, suffix, suffix_len + 1);
    w->len += suffix_len;
    return NLT_OK;
}

static void walk_pop(walk *w, size_t old_len)
{
    w->len = old_len;
    w->path[old_len] = '\0';
}

/* The path in hand has matched the segments up to `depth`. */
static nlt_status walk_matched(const walk_level *level, name_date date, nlt_fs_info info,
    nlt_error *err)
{
    walk *w = level->walk;
    if (level->depth + 1 < w->segments->n) {
        walk_level below = {w, level->depth + 1, date};
        return info.kind == NLT_FS_DIRECTORY ? walk_directory(&below, err) : NLT_OK;
    }
    if (info.kind != NLT_FS_FILE) {
        return NLT_OK;
    }
    if (info.size < 0) {
        nlt_status status = w->fs->stat(w->path, &info, err);
        if (status == NLT_ERR_NOT_FOUND) {
            return NLT_OK; /* removed since it was listed */
        }
        NLT_TRY(status);
    }
    return list_add(w->out, w->path, date_day(&date), info.size, w->pattern, err);
}

static nlt_status walk_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    const walk_level *level = ctx;
    walk *w = level->walk;
    nlt_bytes pattern = w->segments->items[level->depth];
    nlt_bytes bytes = {name, strlen(name)};
    bool is_last = level->depth + 1 == w->segments->n;
    name_date date = level->date;
    bool is_match = is_last ? match_file_name(pattern, bytes, &date)
                            : match_segment(pattern, bytes, &date);
    if (!is_match || !date_in_range(&date, w->first, w->last)) {
        return NLT_OK;
    }
    size_t old_len = 0;
    NLT_TRY(walk_push(w, bytes, "", &old_len, err));
    nlt_status status = walk_matched(level, date, info, err);
    walk_pop(w, old_len);
    return status;
}

/* A segment without wildcard: one look, for the last one also at the compressed names. */
static nlt_status walk_literal(const walk_level *level, nlt_error *err)
{
    walk *w = level->walk;
    bool is_last = level->depth + 1 == w->segments->n;
    for (int i = -1; i < (is_last ? N_SUFFIXES : 0); i++) {
        size_t old_len = 0;
        NLT_TRY(walk_push(w, w->segments->items[level->depth], i < 0 ? "" : suffixes[i], &old_len,
            err));
        nlt_fs_info info;
        nlt_status status = w->fs->stat(w->path, &info, err);
        if (status == NLT_OK) {
            status = walk_matched(level, level->date, info, err);
        } else if (status == NLT_ERR_NOT_FOUND) {
            status = NLT_OK;
        }
        walk_pop(w, old_len);
        NLT_TRY(status);
    }
    return NLT_OK;
}

static nlt_status walk_directory(const walk_level *level, nlt_error *err)
{
    walk *w = level->walk;
    if (segment_is_literal(w->segments->items[level->depth])) {
        return walk_literal(level, err);
    }
    walk_level copy = *level;
    nlt_status status = w->fs->list(w->path, walk_name, &copy, err);
    return status == NLT_ERR_NOT_FOUND ? NLT_OK : status; /* removed meanwhile */
}

static nlt_status list_pattern(walk *w, const char *base, const char *pattern, nlt_error *err)
{
    pattern_segments segments;
    NLT_TRY(pattern_split(pattern, &segments, err));
    w->segments = &segments;
    w->len = 0;
    w->path[0] = '\0';
    size_t old_len = 0;
    NLT_TRY(walk_push(w, (nlt_bytes){base, strlen(base)}, "", &old_len, err));
    walk_level top = {w, 0, NAME_DATE_NONE};
    return walk_directory(&top, err);
}

static nlt_status fail_no_path(const char *path, nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOT_FOUND, "input path does not exist: %s", path);
}

/* NLT_OK with *info, or "input path does not exist". */
static nlt_status stat_input(const char *path, nlt_fs_info *info, nlt_error *err)
{
    nlt_status status = nlt__fs_for(path)->stat(path, info, err);
    return status == NLT_ERR_NOT_FOUND ? fail_no_path(path, err) : status;
}

static nlt_status layout_list(const char *base, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err)
{
    NLT_TRY(check_days(first, last, err));
    nlt_fs_info info;
    NLT_TRY(stat_input(base, &info, err));
    if (info.kind != NLT_FS_DIRECTORY) {
        return nlt_fail(err, NLT_ERR_NOT_FOUND, "input path is not a directory: %s", base);
    }
    walk *w = nlt_alloc_zero(1, sizeof *w);
    if (w == NULL) {
        return fail_memory(err);
    }
    w->fs = nlt__fs_for(base);
    w->first = first;
    w->last = last;
    w->out = out;
    nlt_status status = NLT_OK;
    for (int i = 0; i < n_patterns && status == NLT_OK; i++) {
        w->pattern = i;
        status = list_pattern(w, base, patterns[i], err);
    }
    nlt_free(w);
    NLT_TRY(status);
    NLT_TRY(list_finish(out, err));
    NLT_TRY(list_find_missing(out, first, last, err));
    out->tried = n_patterns > 0 ? describe_tried(base, patterns[0], first) : nlt_strdup(base);
    return out->tried != NULL ? NLT_OK : fail_memory(err);
}

nlt_status nlt__layout_list(const char *base, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err)
{
    *out = (nlt_file_list){0};
    nlt_status status = layout_list(base, patterns, n_patterns, first, last, out, err);
    if (status != NLT_OK) {
        nlt__file_list_clear(out);
    }
    return status;
}

/* --- paths given directly ---------------------------------------------------------------------- */

typedef struct direct {
    const char *const *patterns;
    int n_patterns;
    int64_t first;
    int64_t last;
    nlt_file_list *out;
    bool has_undated;
    int64_t n_seen; /* files, whatever their day */
} direct;

/* Does the end of `path` look like the end of the pattern? Segments that the path does not have
 * are not asked for. */
static bool match_path_end(const pattern_segments *segments, const char *path, name_date *date)
{
    nlt_bytes rest = {path, strlen(path)};
    for (int i = segments->n - 1; i >= 0 && rest.len > 0; i--) {
        size_t start = rest.len;
        while (start > 0 && rest.ptr[start - 1] != '/') {
            start--;
        }
        nlt_bytes name = {rest.ptr + start, rest.len - start};
        bool is_last = i == segments->n - 1;
        if (!(is_last ? match_file_name(segments->items[i], name, date)
                      : match_segment(segments->items[i], name, date))) {
            return false;
        }
        rest.len = start;
        while (rest.len > 0 && rest.ptr[rest.len - 1] == '/') {
            rest.len--;
        }
    }
    return true;
}

static nlt_status direct_add(void *ctx, const char *path, nlt_fs_info info, nlt_error *err)
{
    direct *d = ctx;
    if (info.kind == NLT_FS_DIRECTORY) {
        return NLT_OK;
    }
    d->n_seen++;
    int64_t day = NLT_DAY_OPEN;
    int pattern = 0;
    for (int i = 0; i < d->n_patterns && day == NLT_DAY_OPEN; i++) {
        pattern_segments segments;
        name_date date = NAME_DATE_NONE;
        NLT_TRY(pattern_split(d->patterns[i], &segments, err));
        if (match_path_end(&segments, path, &date)) {
            day = date_day(&date);
            pattern = i;
        }
    }
    if (day == NLT_DAY_OPEN) {
        d->has_undated = true;
    } else if ((d->first != NLT_DAY_OPEN && day < d->first)
        || (d->last != NLT_DAY_OPEN && day > d->last)) {
        return NLT_OK;
    }
    return list_add(d->out, path, day, info.size, pattern, err);
}

static nlt_status layout_direct(direct *d, const char *path, nlt_error *err)
{
    NLT_TRY(check_days(d->first, d->last, err));
    const nlt_fs *fs = nlt__fs_for(path);
    nlt_fs_info info = {NLT_FS_STREAM, -1};
    nlt_status status = strcmp(path, "-") == 0 ? NLT_OK : fs->stat(path, &info, err);
    if (status == NLT_ERR_NOT_FOUND && strpbrk(path, "*?[") != NULL) {
        NLT_TRY(fs->glob(path, direct_add, d, err));
        if (d->n_seen == 0) {
            return fail_no_path(path, err);
        }
    } else if (status == NLT_ERR_NOT_FOUND) {
        return fail_no_path(path, err);
    } else {
        NLT_TRY(status);
        if (info.kind == NLT_FS_DIRECTORY) {
            return NLT_OK;
        }
        NLT_TRY(direct_add(d, path, info, err));
    }
    if (d->out->n == 0) {
        return nlt_fail(err, NLT_ERR_NOT_FOUND, "no file of the days asked for: %s", path);
    }
    NLT_TRY(list_finish(d->out, err));
    if (!d->has_undated) {
        NLT_TRY(list_find_missing(d->out, d->first, d->last, err));
    }
    d->out->tried = nlt_strdup(path);
    return d->out->tried != NULL ? NLT_OK : fail_memory(err);
}

nlt_status nlt__layout_direct(const char *path, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err)
{
    *out = (nlt_file_list){0};
    direct d = {patterns, n_patterns, first, last, out, false, 0};
    nlt_status status = layout_direct(&d, path, err);
    if (status != NLT_OK) {
        nlt__file_list_clear(out);
    }
    return status;
}
