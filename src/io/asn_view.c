/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of autonomous systems: texts of pyasn, their names, and what is common to both readers.
 *
 * Prefixes go into a map of networks (core/ip_map.h); its numbers are positions in a table of systems,
 * plus one, so that a number that many prefixes share is stored, and named, once. */

#include "io/asn_view.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/num.h"
#include "io/asn_build.h"
#include "io/lines.h"

enum { NAMES_MAX = 64 << 20, EXAMPLE_MAX = 60 };

/* ---- systems ---- */

static size_t slot_of(const nlt_asn_view *view, uint32_t number)
{
    size_t at = (size_t)(number * UINT32_C(2654435769)) & (view->n_slots - 1);
    while (view->slots[at] != 0 && view->systems[view->slots[at] - 1].number != number) {
        at = (at + 1) & (view->n_slots - 1);
    }
    return at;
}

static nlt_status grow_slots(nlt_asn_view *view, nlt_error *err)
{
    enum { SLOTS_MIN = 1024 };
    size_t n = view->n_slots == 0 ? SLOTS_MIN : view->n_slots * 2;
    uint32_t *slots = nlt_alloc_zero(n, sizeof *slots);
    nlt_asn_system *systems = nlt_realloc_array(view->systems, n / 2, sizeof *systems);
    view->systems = systems != NULL ? systems : view->systems;
    if (slots == NULL || systems == NULL) {
        nlt_free(slots);
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", view->path);
    }
    nlt_free(view->slots);
    view->slots = slots;
    view->n_slots = n;
    for (uint32_t i = 0; i < view->n_systems; i++) {
        slots[slot_of(view, systems[i].number)] = i + 1;
    }
    return NLT_OK;
}

nlt_status nlt__asn_system(nlt_asn_view *view, uint32_t number, uint32_t *out, nlt_error *err)
{
    if (2 * (size_t)view->n_systems >= view->n_slots) {
        NLT_TRY(grow_slots(view, err));
    }
    size_t at = slot_of(view, number);
    if (view->slots[at] == 0) {
        view->systems[view->n_systems] = (nlt_asn_system){.number = number};
        view->slots[at] = ++view->n_systems;
    }
    *out = view->slots[at] - 1;
    return NLT_OK;
}

nlt_status nlt__asn_set_name(nlt_asn_view *view, uint32_t system, nlt_bytes name, nlt_error *err)
{
    nlt_bytes *to = &view->systems[system].name;
    if (name.len == 0 || to->ptr != NULL) {
        return NLT_OK;
    }
    nlt_bytes clean = {"", 0};
    nlt_status status = nlt__text_escape(&view->arena, name, &clean);
    if (status == NLT_OK && clean.ptr == name.ptr) {
        clean.ptr = nlt__arena_copy(&view->arena, name);
    }
    if (status != NLT_OK || clean.ptr == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "%s: out of memory", view->path);
    }
    *to = clean;
    view->n_names++;
    return NLT_OK;
}

nlt_status nlt__asn_add(nlt_asn_view *view, const nlt_ip_net *net, uint32_t system, nlt_error *err)
{
    NLT_TRY(nlt__ip_map_add(view->map, net, system + 1, err));
    view->n_prefixes++;
    return NLT_OK;
}

/* ---- text ---- */

/* The word at the beginning of a line; `line` moves behind it and the blanks that follow. */
static nlt_bytes next_word(nlt_bytes *line)
{
    size_t len = 0;
    while (len < line->len && line->ptr[len] != ' ' && line->ptr[len] != '\t') {
        len++;
    }
    nlt_bytes word = {line->ptr, len};
    *line = nlt__line_trim((nlt_bytes){line->ptr + len, line->len - len});
    return word;
}

bool nlt__asn_parse(nlt_bytes text, uint32_t *out)
{
    int64_t number = 0;
    bool has_prefix = text.len > 2 && (text.ptr[0] | 0x20) == 'a' && (text.ptr[1] | 0x20) == 's';
    if (has_prefix) {
        text = (nlt_bytes){text.ptr + 2, text.len - 2};
    }
    if (!nlt__parse_i64(text, &number) || number < 0 || number > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

/* "PREFIX/LEN ASN [NAME]" */
static nlt_status take_line(nlt_asn_view *view, nlt_bytes line, bool *is_good, nlt_error *err)
{
    nlt_bytes rest = line;
    nlt_bytes prefix = next_word(&rest);
    nlt_bytes number = next_word(&rest);
    nlt_ip_net net;
    uint32_t asn = 0;
    uint32_t system = 0;
    *is_good = memchr(prefix.ptr, '/', prefix.len) != NULL && nlt__ip_net_parse(prefix, &net)
        && nlt__asn_parse(number, &asn);
    if (!*is_good) {
        return NLT_OK;
    }
    NLT_TRY(nlt__asn_system(view, asn, &system, err));
    NLT_TRY(nlt__asn_set_name(view, system, rest, err));
    return nlt__asn_add(view, &net, system, err);
}

typedef struct bad_lines {
    int64_t n, first;
    char example[EXAMPLE_MAX + 1];
} bad_lines;

static void count_bad(bad_lines *bad, int64_t number, nlt_bytes line)
{
    if (bad->n++ > 0) {
        return;
    }
    bad->first = number;
    size_t len = line.len < EXAMPLE_MAX ? line.len : EXAMPLE_MAX;
    for (size_t i = 0; i < len; i++) { /* it may be anything */
        bad->example[i] = line.ptr[i] >= ' ' && line.ptr[i] <= '~' ? line.ptr[i] : '?';
    }
    bad->example[len] = '\0';
}

static bool is_comment(nlt_bytes line)
{
    return line.len == 0 || line.ptr[0] == ';' || line.ptr[0] == '#';
}

static nlt_status read_lines(nlt_asn_view *view, nlt_lines *lines, bad_lines *bad, nlt_error *err)
{
    for (;;) {
        nlt_bytes line;
        bool is_good = true;
        NLT_TRY(nlt__lines_next(lines, &line, err));
        if (line.ptr == NULL) {
            return NLT_OK;
        }
        line = nlt__line_trim(line);
        if (!is_comment(line)) {
            NLT_TRY(take_line(view, line, &is_good, err));
        }
        if (!is_good) {
            count_bad(bad, lines->number, line);
        }
    }
}

static nlt_status read_text(nlt_asn_view *view, nlt_strings *warnings, nlt_error *err)
{
    nlt_lines lines;
    bad_lines bad = {0};
    nlt_status status = nlt__lines_open(view->path, &lines, err);
    if (status == NLT_OK) {
        status = read_lines(view, &lines, &bad, err);
    }
    nlt__lines_close(&lines);
    view->n_bad = bad.n;
    if (status == NLT_ERR_LIMIT && err != NULL) {
        char why[sizeof err->message];
        memcpy(why, err->message, sizeof why);
        return nlt_fail(err, NLT_ERR_LIMIT, "%s: %.500s", view->path, why);
    }
    NLT_TRY(status);
    if (view->n_prefixes == 0) {
        nlt_fail(err, NLT_ERR_FORMAT, "%s: no line holds a prefix and the number of a system",
            view->path);
        nlt_error_hint(err, bad.n > 0 ? "line %lld is: %s" : "the file is empty",
            (long long)bad.first, bad.example);
        return NLT_ERR_FORMAT;
    }
    return bad.n == 0
        ? NLT_OK
        : nlt__strings_add(warnings, err,
            "%s: %lld line%s of no prefix and number; the first is line %lld: %s", view->path,
            (long long)bad.n, bad.n == 1 ? "" : "s", (long long)bad.first, bad.example);
}

/* ---- names ---- */

static nlt_status name_system(nlt_asn_view *view, nlt_bytes number, nlt_bytes name, nlt_error *err)
{
    uint32_t asn = 0;
    if (!nlt__asn_parse(number, &asn)) {
        return NLT_OK;
    }
    uint32_t system = view->slots[slot_of(view, asn)];
    return system == 0 ? NLT_OK : nlt__asn_set_name(view, system - 1, name, err);
}

static nlt_status names_of_json(
    nlt_asn_view *view, nlt_bytes text, const char *path, nlt_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(text.ptr, text.len, 0, &why);
    if (root == NULL || !json_is_object(root)) {
        nlt_status status = nlt_fail(err, NLT_ERR_FORMAT, "%s: line %d: %s", path,
            root == NULL ? why.line : 1, root == NULL ? why.text : "not a JSON object");
        json_decref(root);
        return status;
    }
    nlt_status status = NLT_OK;
    for (void *it = json_object_iter(root); it != NULL && status == NLT_OK;
         it = json_object_iter_next(root, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        if (json_is_string(value)) {
            status = name_system(view, (nlt_bytes){key, strlen(key)},
                (nlt_bytes){json_string_value(value), json_string_length(value)}, err);
        }
    }
    json_decref(root);
    return status;
}

static nlt_status names_of_lines(nlt_asn_view *view, nlt_bytes text, nlt_error *err)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
        nlt_bytes line = {text.ptr, len > 0 && text.ptr[len - 1] == '\r' ? len - 1 : len};
        line = nlt__line_trim(line);
        if (!is_comment(line)) {
            nlt_bytes number = next_word(&line);
            NLT_TRY(name_system(view, number, line, err));
        }
        len += end != NULL;
        text = (nlt_bytes){text.ptr + len, text.len - len};
    }
    return NLT_OK;
}

static nlt_status read_all(const char *path, nlt_buf *out, nlt_error *err)
{
    enum { STEP = 64 << 10 };
    nlt_source *source = NULL;
    size_t n = 1;
    NLT_TRY(nlt__source_open(path, 0, NULL, &source, err));
    nlt_status status = NLT_OK;
    while (status == NLT_OK && n > 0) {
        status = nlt__buf_reserve(out, STEP, err);
        if (status == NLT_OK) {
            status = nlt__source_read(source, out->ptr + out->len, STEP, &n, err);
            out->len += n;
        }
    }
    nlt__source_close(source);
    return status;
}

static nlt_status read_names(nlt_asn_view *view, const char *path, nlt_error *err)
{
    nlt_buf buf = NLT_BUF_INIT(NAMES_MAX);
    nlt_status status = read_all(path, &buf, err);
    if (status == NLT_OK) {
        size_t at = 0;
        while (at < buf.len && strchr(" \t\r\n", buf.ptr[at]) != NULL) {
            at++;
        }
        nlt_bytes text = {buf.ptr, buf.len};
        status = at < buf.len && buf.ptr[at] == '{' ? names_of_json(view, text, path, err)
                                                    : names_of_lines(view, text, err);
    }
    nlt__buf_clear(&buf);
    if (status == NLT_OK && view->n_names == 0) {
        nlt_fail(err, NLT_ERR_FORMAT, "%s: names none of the systems in %s", path, view->path);
        nlt_error_hint(err, "it should be JSON, {\"ASN\": \"name\"}, or lines of number and name");
        return NLT_ERR_FORMAT;
    }
    return status;
}

/* ---- views ---- */

/* Texts hold no NUL, which an .mmdb file has near its beginning. */
static nlt_status is_binary(const char *path, bool *out, nlt_error *err)
{
    char head[4096];
    size_t n = 0;
    nlt_source *source = NULL;
    NLT_TRY(nlt__source_open(path, 0, NULL, &source, err));
    nlt_status status = nlt__source_read(source, head, sizeof head, &n, err);
    nlt__source_close(source);
    *out = n > 0 && memchr(head, '\0', n) != NULL;
    return status;
}

static nlt_status read_view(
    nlt_asn_view *view, const char *names, nlt_strings *warnings, nlt_error *err)
{
    bool is_mmdb = false;
    NLT_TRY(nlt__ip_map_new(&view->map, err));
    NLT_TRY(grow_slots(view, err));
    NLT_TRY(is_binary(view->path, &is_mmdb, err));
    NLT_TRY(is_mmdb ? nlt__asn_read_mmdb(view, err) : read_text(view, warnings, err));
    if (names != NULL) {
        NLT_TRY(read_names(view, names, err));
    }
    return nlt__ip_map_seal(view->map, err);
}

nlt_status nlt__asn_view_open(
    const char *path, const char *names, nlt_strings *warnings, nlt_asn_view **out, nlt_error *err)
{
    *out = NULL;
    nlt_asn_view *view = nlt_alloc_zero(1, sizeof *view);
    if (view == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    view->path = path;
    nlt_status status = read_view(view, names, warnings, err);
    view->path = NULL;
    if (status != NLT_OK) {
        nlt__asn_view_close(view);
        return status;
    }
    *out = view;
    return NLT_OK;
}

void nlt__asn_view_close(nlt_asn_view *view)
{
    if (view == NULL) {
        return;
    }
    nlt__ip_map_free(view->map);
    nlt__arena_clear(&view->arena);
    nlt_free(view->systems);
    nlt_free(view->slots);
    nlt_free(view);
}

bool nlt__asn_find(const nlt_asn_view *view, const nlt_ip *ip, uint32_t *system)
{
    uint32_t value = nlt__ip_map_find(view->map, ip);
    *system = value - 1;
    return value > 0;
}

uint32_t nlt__asn_number(const nlt_asn_view *view, uint32_t system)
{
    return view->systems[system].number;
}

nlt_bytes nlt__asn_name(const nlt_asn_view *view, uint32_t system)
{
    return view->systems[system].name;
}

bool nlt__asn_has_names(const nlt_asn_view *view)
{
    return view->n_names > 0;
}

int64_t nlt__asn_prefix_count(const nlt_asn_view *view)
{
    return view->n_prefixes;
}

int64_t nlt__asn_bad_count(const nlt_asn_view *view)
{
    return view->n_bad;
}
