/* SPDX-License-Identifier: GPL-3.0-or-later */
/* N(name), in four steps over the plain name. Every step makes a name shorter or leaves its length, so
 * all work in place. Placeholders are upper case and cannot clash with what is left. */

#include "algos/web/what_name.h"

#include <string.h>

#include "core/ip.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

size_t nlt__what_plain_name(nlt_bytes name, char *out)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return name.len > 0 && out[name.len - 1] == '.' ? name.len - 1 : name.len;
}

bool nlt__what_is_unnamed(nlt_bytes name)
{
    bool is_none = name.len == 0 || (name.len == 1 && (name.ptr[0] == '-' || name.ptr[0] == '.'));
    return is_none || nlt__ip_is_text(name);
}

/* Length of the name before `ending`; 0: it has another end, or nothing else. */
static size_t before_ending(const char *name, size_t len, const char *ending)
{
    size_t n = strlen(ending);
    return len > n && memcmp(name + len - n, ending, n) == 0 ? len - n : 0;
}

/* Puts `text` in the place of name[from..to). */
static size_t replace(char *name, size_t len, size_t from, size_t to, const char *text)
{
    size_t n = strlen(text);
    memmove(name + from + n, name + to, len - to);
    memcpy(name + from, text, n);
    return len - (to - from) + n;
}

/* ---- 1: cloudfront ---- */

/* Where the label that ends before `end` begins, if it is one of letters and digits; else `end`. */
static size_t label_start(const char *name, size_t end)
{
    size_t at = end;
    while (at > 0 && (is_lower(name[at - 1]) || is_digit(name[at - 1]))) {
        at--;
    }
    return at == 0 || name[at - 1] == '.' ? at : end;
}

static size_t fold_cloudfront(char *name, size_t len)
{
    static const char profile[] = ".profile.";
    size_t end = before_ending(name, len, ".cloudfront.net");
    for (size_t at = 1; at + sizeof profile - 1 < end; at++) { /* something must follow */
        if (memcmp(name + at, profile, sizeof profile - 1) == 0 && label_start(name, at) < at) {
            return replace(name, len, label_start(name, at), end, "X");
        }
    }
    size_t start = label_start(name, end);
    return start < end ? replace(name, len, start, end, "X") : len;
}

/* ---- 2: Google's video caches ---- */

static size_t fold_cache(char *name, size_t len, const char *ending)
{
    static const char mark[] = "---sn-";
    size_t end = before_ending(name, len, ending);
    for (size_t at = 0; at + sizeof mark - 1 < end; at++) {
        if (memcmp(name + at, mark, sizeof mark - 1) == 0) {
            return replace(name, len, at + sizeof mark - 1, end, "X");
        }
    }
    return len;
}

/* ---- 3, 4: digits and letters ---- */

static size_t fold_digits(char *name, size_t len)
{
    size_t n = 0;
    bool was_digit = false;
    for (size_t i = 0; i < len; i++) {
        bool is_number = is_digit(name[i]);
        if (!is_number || !was_digit) {
            name[n++] = is_number ? 'D' : name[i];
        }
        was_digit = is_number;
    }
    return n;
}

static bool is_edge(char c)
{
    return c == '-' || c == '.' || c == '_' || c == 'D';
}

/* What is put is no edge and no letter a-z: the order of places does not matter. */
static void fold_letters(char *name, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (is_lower(name[i]) && (i == 0 || is_edge(name[i - 1])) && is_edge(name[i + 1])) {
            name[i] = 'C';
        }
    }
}

size_t nlt__what_normal_name(nlt_bytes name, char *out)
{
    size_t len = nlt__what_plain_name(name, out);
    len = fold_cloudfront(out, len);
    len = fold_cache(out, len, ".googlevideo.com");
    len = fold_cache(out, len, ".c.pack.google.com");
    len = fold_digits(out, len);
    fold_letters(out, len);
    return len;
}
