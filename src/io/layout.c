/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files a dataset request means.
 *
 * A pattern is walked one segment at a time; folders whose names already lie outside the range are
 * not opened. Depth is the number of segments, so links that form a ring do no harm. The
 * list is then sorted by name without ending: the same name in several packings and the same file by
 * several patterns stand side by side. */

#include "io/layout.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/fs.h"
#include "io/pattern.h"

enum {
    PATH_BYTES_MAX = 64 * 1024, /* the file system's own limit is below */
    DAY_MIN = -719528,          /* 0000-01-01 */
    DAY_MAX = 2932896           /* 9999-12-31 */
};

static nlt_status fail_memory(nlt_error *err)
{
    return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for the list of files");
}

/* --- the list ---------------------------------------------------------------------------------- */

static nlt_status list_add(
    nlt_file_list *list, const char *path, int64_t day, int64_t size, int pattern, nlt_error *err)
{
    if (list->n == NLT_FILES_MAX) {
        nlt_fail(err, NLT_ERR_LIMIT, "more than %d files match", (int)NLT_FILES_MAX);
        nlt_error_hint(err, "ask for fewer days at a time");
        return NLT_ERR_LIMIT;
    }
    if (list->n == list->cap) {
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

typedef struct packed_name {
    nlt_bytes stem;
    int ending;
} packed_name;

static packed_name packed_name_of(const char *path)
{
    nlt_bytes whole = {path, strlen(path)};
    packed_name name = {whole, 0};
    name.ending = nlt__packed_ending(whole, &name.stem.len);
    return name;
}

static int compare_bytes(nlt_bytes a, nlt_bytes b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By stem, then the packing that is preferred, then the pattern that comes first. */
static int compare_packed_name(const void *left, const void *right)
{
    const nlt_file *file_a = left;
    const nlt_file *file_b = right;
    packed_name a = packed_name_of(file_a->path);
    packed_name b = packed_name_of(file_b->path);
    int order = compare_bytes(a.stem, b.stem);
    if (order == 0) {
        order = a.ending - b.ending;
    }
    return order != 0 ? order : file_a->pattern - file_b->pattern;
}

static int compare_day(const void *left, const void *right)
{
    const nlt_file *a = left;
    const nlt_file *b = right;
    int order = (a->day > b->day) - (a->day < b->day);
    return order != 0 ? order : strcmp(a->path, b->path);
}

static void list_sort(nlt_file_list *list, int (*compare)(const void *, const void *))
{
    if (list->n > 1) {
        qsort(list->items, (size_t)list->n, sizeof *list->items, compare);
    }
}

static nlt_status list_shadow(nlt_file_list *list, char *path, nlt_error *err)
{
    size_t n = (size_t)list->n_shadowed;
    if ((n & (n - 1)) == 0) { /* capacity: the next power of two */
        char **grown = nlt_realloc_array(list->shadowed, n == 0 ? 1 : 2 * n, sizeof *grown);
        if (grown == NULL) {
            return fail_memory(err);
        }
        list->shadowed = grown;
    }
    list->shadowed[list->n_shadowed++] = path;
    return NLT_OK;
}

/* Leaves one file of each stem, and sorts by day. */
static nlt_status list_finish(nlt_file_list *list, nlt_error *err)
{
    nlt_status status = NLT_OK;
    int64_t kept = 0;
    const char *last_path = "";
    list_sort(list, compare_packed_name);
    for (int64_t i = 0; i < list->n; i++) {
        nlt_file file = list->items[i];
        bool is_twin = kept > 0
            && compare_bytes(
                   packed_name_of(list->items[kept - 1].path).stem, packed_name_of(file.path).stem)
                == 0;
        bool is_repeat = is_twin && strcmp(last_path, file.path) == 0;
        if (is_repeat) {
            nlt_free(file.path);
            continue;
        }
        last_path = file.path;
        if (is_twin && status == NLT_OK) {
            status = list_shadow(list, file.path, err);
        }
        if (!is_twin || status != NLT_OK) {
            list->items[kept++] = file; /* on failure kept for the clean-up */
        }
    }
    list->n = kept;
    list_sort(list, compare_day);
    return status;
}

/* The list is in order of days, open ones first. */
static nlt_status list_find_missing(
    nlt_file_list *list, int64_t first, int64_t last, nlt_error *err)
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

/* --- a request --------------------------------------------------------------------------------- */

typedef struct request {
    const char *path; /* the base, or what was given directly */
    const nlt_fs *fs;
    const char *const *patterns;
    int n_patterns;
    int64_t first;
    int64_t last;
    nlt_file_list *out;
} request;

static bool day_is_possible(int64_t day)
{
    return day == NLT_DAY_OPEN || (day >= DAY_MIN && day <= DAY_MAX);
}

static nlt_status request_check(const request *r, nlt_error *err)
{
    *r->out = (nlt_file_list){0};
    return day_is_possible(r->first) && day_is_possible(r->last)
        ? NLT_OK
        : nlt_fail(err, NLT_ERR_ARG, "days lie in the years 0000 to 9999");
}

static nlt_status request_stat(const request *r, nlt_fs_info *info, nlt_error *err)
{
    nlt_status status = r->fs->stat(r->path, info, err);
    if (status == NLT_ERR_NOT_FOUND) {
        nlt_fail(err, status, "input path does not exist: %s", r->path);
        if (strstr(r->path, "://") != NULL && !nlt_path_is_hdfs(r->path)) {
            nlt_error_hint(
                err, "paths are local, or begin with hdfs://, webhdfs:// or swebhdfs://");
        }
    }
    return status;
}

/* --- the walk ---------------------------------------------------------------------------------- */

typedef struct walk {
    const request *request;
    nlt_pattern pattern;
    int index;    /* of the pattern */
    nlt_buf path; /* of the folder or file in hand */
} walk;

/* A folder being listed for segment `depth`. */
typedef struct walk_level {
    walk *walk;
    int depth;
    nlt_date date; /* from the names above */
} walk_level;

static nlt_status walk_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err);

static nlt_status walk_folder(walk_level *level, nlt_error *err)
{
    const nlt_fs *fs = level->walk->request->fs;
    const char *path = nlt__buf_cstr(&level->walk->path);
    if (path == NULL) {
        return fail_memory(err);
    }
    nlt_status status = fs->list(path, walk_name, level, err);
    return status == NLT_ERR_NOT_FOUND ? NLT_OK : status; /* removed meanwhile */
}

static nlt_status walk_file(walk *w, const nlt_date *date, nlt_fs_info info, nlt_error *err)
{
    const char *path = nlt__buf_cstr(&w->path);
    if (path == NULL) {
        return fail_memory(err);
    }
    if (info.size < 0 && w->request->fs->stat(path, &info, NULL) != NLT_OK) {
        info.size = -1; /* whoever opens it will tell why */
    }
    return list_add(w->request->out, path, nlt__date_day(date), info.size, w->index, err);
}

static nlt_status walk_push(walk *w, nlt_bytes name, nlt_error *err)
{
    if (w->path.len > 0 && w->path.ptr[w->path.len - 1] != '/') {
        NLT_TRY(nlt__buf_append(&w->path, "/", 1, err));
    }
    return nlt__buf_append(&w->path, name.ptr, name.len, err);
}

static nlt_status walk_name(void *ctx, const char *name, nlt_fs_info info, nlt_error *err)
{
    const walk_level *level = ctx;
    walk *w = level->walk;
    walk_level below = {w, level->depth + 1, level->date};
    nlt_bytes bytes = {name, strlen(name)};
    bool is_leaf = below.depth == w->pattern.n;
    if (info.kind != (is_leaf ? NLT_FS_FILE : NLT_FS_DIRECTORY)
        || !nlt__pattern_match(&w->pattern, level->depth, bytes, &below.date)
        || !nlt__date_may_lie_in(&below.date, w->request->first, w->request->last)) {
        return NLT_OK;
    }
    size_t len_before = w->path.len;
    nlt_status status = walk_push(w, bytes, err);
    if (status == NLT_OK) {
        status = is_leaf ? walk_file(w, &below.date, info, err) : walk_folder(&below, err);
    }
    w->path.len = len_before;
    return status;
}

static nlt_status walk_pattern(const request *r, int index, nlt_error *err)
{
    walk w = {.request = r, .index = index, .path = NLT_BUF_INIT(PATH_BYTES_MAX)};
    walk_level top = {&w, 0, NLT_DATE_NONE};
    nlt_status status = nlt__pattern_parse(r->patterns[index], &w.pattern, err);
    if (status == NLT_OK) {
        status = nlt__buf_append(&w.path, r->path, strlen(r->path), err);
    }
    if (status == NLT_OK) {
        status = walk_folder(&top, err);
    }
    nlt__buf_clear(&w.path);
    return status;
}

static nlt_status describe_tried(const request *r, nlt_error *err)
{
    nlt_buf text = NLT_BUF_INIT(PATH_BYTES_MAX);
    size_t len = strlen(r->path);
    bool needs_slash = len > 0 && r->path[len - 1] != '/';
    nlt_status status = nlt__buf_printf(&text, err, "%s%s", r->path, needs_slash ? "/" : "");
    if (status == NLT_OK && r->n_patterns > 0) {
        status = nlt__pattern_describe(r->patterns[0], r->first, &text, err);
    }
    if (status == NLT_OK) {
        r->out->tried = nlt_strndup(text.ptr, text.len);
        status = r->out->tried != NULL ? NLT_OK : fail_memory(err);
    }
    nlt__buf_clear(&text);
    return status;
}

static nlt_status list_below(const request *r, nlt_error *err)
{
    nlt_fs_info info;
    NLT_TRY(request_check(r, err));
    NLT_TRY(request_stat(r, &info, err));
    if (info.kind != NLT_FS_DIRECTORY) {
        return nlt_fail(err, NLT_ERR_NOT_FOUND, "input path is no folder: %s", r->path);
    }
    for (int i = 0; i < r->n_patterns; i++) {
        NLT_TRY(walk_pattern(r, i, err));
    }
    NLT_TRY(list_finish(r->out, err));
    NLT_TRY(list_find_missing(r->out, r->first, r->last, err));
    return describe_tried(r, err);
}

nlt_status nlt__layout_list(const char *base, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err)
{
    request r = {base, nlt__fs_for(base), patterns, n_patterns, first, last, out};
    nlt_status status = list_below(&r, err);
    if (status != NLT_OK) {
        nlt__file_list_clear(out);
    }
    return status;
}

/* --- paths given directly ---------------------------------------------------------------------- */

typedef struct direct {
    const request *request;
    bool has_files; /* whatever their days */
    bool has_undated;
} direct;

/* The first pattern that tells the day, else the first one that matches, else 0. */
static nlt_status direct_match(
    const request *r, const char *path, int64_t *day, int *index, nlt_error *err)
{
    bool has_match = false;
    *day = NLT_DAY_OPEN;
    *index = 0;
    for (int i = 0; i < r->n_patterns && *day == NLT_DAY_OPEN; i++) {
        nlt_pattern pattern;
        nlt_date date = NLT_DATE_NONE;
        NLT_TRY(nlt__pattern_parse(r->patterns[i], &pattern, err));
        if (nlt__pattern_match_end(&pattern, path, &date)) {
            *day = nlt__date_day(&date);
            *index = has_match && *day == NLT_DAY_OPEN ? *index : i;
            has_match = true;
        }
    }
    return NLT_OK;
}

static nlt_status direct_add(void *ctx, const char *path, nlt_fs_info info, nlt_error *err)
{
    direct *d = ctx;
    const request *r = d->request;
    if (info.kind == NLT_FS_DIRECTORY) {
        return NLT_OK;
    }
    d->has_files = true;
    int64_t day = 0;
    int index = 0;
    NLT_TRY(direct_match(r, path, &day, &index, err));
    bool is_undated = day == NLT_DAY_OPEN;
    d->has_undated |= is_undated;
    bool is_early = r->first != NLT_DAY_OPEN && day < r->first;
    bool is_late = r->last != NLT_DAY_OPEN && day > r->last;
    if (!is_undated && (is_early || is_late)) {
        return NLT_OK;
    }
    return list_add(r->out, path, day, info.size, index, err);
}

/* Standard input, a file, or, where nothing has that very name, a glob. */
static nlt_status direct_find(direct *d, nlt_error *err)
{
    const request *r = d->request;
    nlt_fs_info info = {NLT_FS_STREAM, -1};
    if (strcmp(r->path, "-") == 0) {
        return direct_add(d, r->path, info, err);
    }
    nlt_status status = request_stat(r, &info, err);
    if (status == NLT_ERR_NOT_FOUND && strpbrk(r->path, "*?[") != NULL) {
        NLT_TRY(r->fs->glob(r->path, direct_add, d, err));
        return d->has_files ? NLT_OK
                            : nlt_fail(err, NLT_ERR_NOT_FOUND, "no file matches %s", r->path);
    }
    NLT_TRY(status);
    return direct_add(d, r->path, info, err);
}

static nlt_status list_direct(const request *r, nlt_error *err)
{
    direct d = {.request = r};
    NLT_TRY(request_check(r, err));
    NLT_TRY(direct_find(&d, err));
    if (!d.has_files) {
        return NLT_OK; /* a folder */
    }
    if (r->out->n == 0) {
        return nlt_fail(err, NLT_ERR_NOT_FOUND, "no file of the days asked for: %s", r->path);
    }
    NLT_TRY(list_finish(r->out, err));
    if (!d.has_undated) {
        NLT_TRY(list_find_missing(r->out, r->first, r->last, err));
    }
    r->out->tried = nlt_strdup(r->path);
    return r->out->tried != NULL ? NLT_OK : fail_memory(err);
}

nlt_status nlt__layout_direct(const char *path, const char *const *patterns, int n_patterns,
    int64_t first, int64_t last, nlt_file_list *out, nlt_error *err)
{
    request r = {path, nlt__fs_for(path), patterns, n_patterns, first, last, out};
    nlt_status status = list_direct(&r, err);
    if (status != NLT_OK) {
        nlt__file_list_clear(out);
    }
    return status;
}
