/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Java's patterns (java.util.regex.Pattern) in RE2's syntax. What RE2 does not have (lookaround,
 * back references, possessive quantifiers) or reads otherwise is refused or written so that it
 * means the same: \s, \h, the dot, which stops at any line end, and $, which may stand before the
 * last one. */

#include <stdio.h>
#include <string.h>

#include "sql/text.h"
#include "sql/translate.h"

enum { GROUPS_DEEP_MAX = 64 };

typedef struct regex {
    const char *pattern, *at;
    nlt_buf *out, *literal;
    nlt_java_regex *info;
    nlt_error *err;
    bool is_search;
    bool is_dot_all; /* (?s) in front */
    bool is_multi_line;
    int depth;
} regex;

static nlt_status unlike(const regex *r, const char *what)
{
    return nlt_fail(r->err, NLT_ERR_SQL, "the pattern '%.200s' has %s, which is not supported",
        r->pattern, what);
}

static nlt_status put(const regex *r, const char *text, size_t len)
{
    return nlt__buf_append(r->out, text, len, r->err);
}

static nlt_status put_text(const regex *r, const char *text)
{
    return put(r, text, strlen(text));
}

/* A character that stands for itself. */
static nlt_status put_plain(const regex *r, char c)
{
    static const char special[] = "\\^$.|?*+()[]{}-&~#";
    NLT_TRY(nlt__buf_append(r->literal, &c, 1, r->err));
    NLT_TRY(put(r, "\\", strchr(special, c) != NULL && c != '\0'));
    return put(r, &c, 1);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* \xhh, \uhhhh at r->at (behind the letter). */
static nlt_status put_code(regex *r, int digits)
{
    char text[16];
    for (int i = 0; i < digits; i++) {
        if (!is_hex(r->at[i])) {
            return unlike(r, "an unfinished escape");
        }
    }
    r->info->is_literal = false;
    (void)snprintf(text, sizeof text, "\\x{%.*s}", digits, r->at);
    r->at += digits;
    return put_text(r, text);
}

typedef struct class_name {
    const char *java, *re2; /* inside brackets */
} class_name;

static const class_name property_names[] = {{"Lower", "a-z"}, {"Upper", "A-Z"},
    {"ASCII", "\\x00-\\x7f"}, {"Alpha", "a-zA-Z"}, {"Digit", "0-9"}, {"Alnum", "0-9a-zA-Z"},
    {"Punct", "[:punct:]"}, {"Graph", "[:graph:]"}, {"Print", "[:print:]"}, {"Blank", " \\t"},
    {"Cntrl", "[:cntrl:]"}, {"XDigit", "0-9a-fA-F"}, {"Space", " \\t\\n\\x0b\\f\\r"}, {"L", "\\pL"},
    {"Lu", "\\p{Lu}"}, {"Ll", "\\p{Ll}"}, {"N", "\\pN"}, {"Nd", "\\p{Nd}"}, {"P", "\\pP"},
    {"S", "\\pS"}, {"Z", "\\pZ"}, {"M", "\\pM"}, {"IsAlphabetic", NULL}};

/* \p{Name} or \P{Name} at r->at (behind the p). */
static nlt_status put_property(regex *r, bool is_negated, bool is_in_class)
{
    char name[32];
    size_t len = 1;
    bool is_braced = r->at[0] == '{';
    if (is_braced) {
        const char *end = strchr(r->at, '}');
        len = end != NULL ? (size_t)(end - r->at - 1) : 0;
    }
    if (len == 0 || len >= sizeof name || r->at[0] == '\0') {
        return unlike(r, "an unfinished \\p");
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)len, r->at + is_braced);
    r->at += len + (is_braced ? 2 : 0);
    for (size_t i = 0; i < sizeof property_names / sizeof property_names[0]; i++) {
        const class_name *known = &property_names[i];
        if (strcmp(known->java, name) != 0 || known->re2 == NULL) {
            continue;
        }
        if (is_in_class) {
            return is_negated ? unlike(r, "\\P within brackets") : put_text(r, known->re2);
        }
        NLT_TRY(put_text(r, is_negated ? "[^" : "["));
        NLT_TRY(put_text(r, known->re2));
        return put_text(r, "]");
    }
    return unlike(r, "a class of \\p");
}

/* \d, \s ...: false in *is_class if `c` names none. */
static nlt_status put_class_escape(regex *r, char c, bool is_in_class, bool *is_class)
{
    static const struct {
        char java;
        const char *inside, *outside;
    } classes[] = {
        {'d', "0-9", "[0-9]"},
        {'D', NULL, "[^0-9]"},
        {'w', "a-zA-Z_0-9", "[a-zA-Z_0-9]"},
        {'W', NULL, "[^a-zA-Z_0-9]"},
        {'s', " \\t\\n\\x0b\\f\\r", "[ \\t\\n\\x0b\\f\\r]"},
        {'S', NULL, "[^ \\t\\n\\x0b\\f\\r]"},
        {'h', " \\t\\x{a0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}",
            "[ \\t\\x{a0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]"},
    };
    *is_class = false;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].java == c) {
            *is_class = true;
            r->info->is_literal = false;
            if (is_in_class && classes[i].inside == NULL) {
                /* RE2 has these two with the same meaning */
                return c == 'D' ? put_text(r, "\\D")
                    : c == 'W'  ? put_text(r, "\\W")
                                : unlike(r, "\\S within brackets");
            }
            return put_text(r, is_in_class ? classes[i].inside : classes[i].outside);
        }
    }
    return NLT_OK;
}

/* An escape that is one character; r->at behind the backslash. */
static nlt_status put_character_escape(regex *r)
{
    static const char from[] = "tnrfae";
    static const char to[] = "\t\n\r\f\a\x1b";
    char c = *r->at++;
    if (c == 'x' || c == 'u') {
        return r->at[0] == '{' ? unlike(r, "\\x{...}") : put_code(r, c == 'x' ? 2 : 4);
    }
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    if (known != NULL) {
        char hex[8];
        char value = to[known - from];
        NLT_TRY(nlt__buf_append(r->literal, &value, 1, r->err));
        (void)snprintf(hex, sizeof hex, "\\x%02x", (unsigned)value);
        return put_text(r, hex);
    }
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_letter || c == '\0') {
        char what[16];
        (void)snprintf(what, sizeof what, "\\%c", c != '\0' ? c : ' ');
        return unlike(r, what);
    }
    return put_plain(r, c);
}

/* \Q...\E */
static nlt_status put_quoted(regex *r)
{
    const char *end = strstr(r->at, "\\E");
    end = end != NULL ? end : r->at + strlen(r->at);
    while (r->at < end) {
        NLT_TRY(put_plain(r, *r->at++));
    }
    r->at += *end != '\0' ? 2 : 0;
    return NLT_OK;
}

/* What is behind a backslash outside of brackets; *is_empty: it takes no character. */
static nlt_status put_escape(regex *r, bool *is_empty)
{
    char c = *r->at;
    bool is_class = false;
    if (c >= '1' && c <= '9') {
        return unlike(r, "a back reference");
    }
    if (c == 'Q') {
        r->at++;
        return put_quoted(r);
    }
    if (c == 'p' || c == 'P') {
        r->at++;
        r->info->is_literal = false;
        return put_property(r, c == 'P', false);
    }
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z') {
        char text[3] = {'\\', c, '\0'};
        r->at++;
        r->info->is_literal = false;
        *is_empty = true;
        return put_text(r, text);
    }
    NLT_TRY(put_class_escape(r, c, false, &is_class));
    if (is_class) {
        r->at++;
        return NLT_OK;
    }
    return put_character_escape(r);
}

/* [...]: r->at behind the bracket. */
static nlt_status put_brackets(regex *r)
{
    r->info->is_literal = false;
    NLT_TRY(put_text(r, "["));
    if (*r->at == '^') {
        r->at++;
        NLT_TRY(put_text(r, "^"));
    }
    for (bool is_first = true; *r->at != ']' || is_first; is_first = false) {
        char c = *r->at++;
        bool is_class = false;
        if (c == '\0') {
            return unlike(r, "brackets that do not end");
        }
        if (c == '[' || (c == '&' && *r->at == '&') || (c == ']' && is_first)) {
            return unlike(r, c == '[' ? "brackets in brackets" : "&& or ] within brackets");
        }
        if (c == '-') {
            NLT_TRY(put_text(r, *r->at == ']' || is_first ? "\\-" : "-"));
            continue;
        }
        if (c != '\\') {
            NLT_TRY(put(r, "\\", c == '^'));
            NLT_TRY(put(r, &c, 1));
            continue;
        }
        c = *r->at;
        if (c == 'p' || c == 'P') {
            r->at++;
            NLT_TRY(put_property(r, c == 'P', true));
            continue;
        }
        if (c == 'Q' || c == 'b') {
            return unlike(r, "this escape within brackets");
        }
        NLT_TRY(put_class_escape(r, c, true, &is_class));
        r->at += is_class;
        if (!is_class) {
            NLT_TRY(put_character_escape(r));
        }
    }
    r->at++;
    return put_text(r, "]");
}

/* *, +, ?, {n,m} behind an atom, lazy or not. */
static nlt_status put_quantifier(regex *r, bool *is_optional)
{
    enum { REPEAT_MAX = 1000 };
    char text[64];
    size_t len = 1;
    *is_optional = *r->at == '*' || *r->at == '?';
    if (*r->at == '{') {
        int low = 0;
        int high = 0;
        len = strspn(r->at + 1, "0123456789,") + 1;
        if (r->at[len] != '}' || len >= sizeof text - 2
            || sscanf(r->at, "{%4d,%4d}", &low, &high) < 1 || low > REPEAT_MAX
            || high > REPEAT_MAX) {
            return unlike(r, "a repetition that is too large or not understood");
        }
        *is_optional = low == 0;
        len++;
    } else if (strchr("*+?", *r->at) == NULL || *r->at == '\0') {
        return NLT_OK;
    }
    r->info->is_literal = false;
    NLT_TRY(put(r, r->at, len));
    r->at += len;
    if (*r->at == '+') {
        return unlike(r, "a possessive quantifier");
    }
    if (*r->at == '?') {
        r->at++;
        NLT_TRY(put_text(r, "?"));
    }
    return strchr("*+?{", *r->at) != NULL && *r->at != '\0' ? unlike(r, "a double quantifier")
                                                            : NLT_OK;
}

static nlt_status put_alternatives(regex *r, bool *is_empty);

/* Flags: (?i) to the end of the group, (?i:...). */
static nlt_status put_flags(regex *r, bool *is_flags_only)
{
    size_t len = strspn(r->at, "ism");
    *is_flags_only = r->at[len] == ')';
    if (len == 0 || (r->at[len] != ')' && r->at[len] != ':')) {
        return unlike(r, "flags other than i, s, m");
    }
    for (size_t i = 0; i < len; i++) {
        if (r->at[i] != 'i' && (r->depth > 0 || !*is_flags_only)) {
            return unlike(r, "the flag s or m within a group");
        }
        r->is_dot_all = r->is_dot_all || r->at[i] == 's';
        r->is_multi_line = r->is_multi_line || r->at[i] == 'm';
    }
    NLT_TRY(put_text(r, "(?"));
    NLT_TRY(put(r, r->at, len + 1));
    r->at += len + 1;
    return NLT_OK;
}

/* A group: r->at behind the parenthesis. */
static const char letters_and_digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static nlt_status put_group(regex *r, bool *is_empty)
{
    r->info->is_literal = false;
    if (++r->depth > GROUPS_DEEP_MAX) {
        return unlike(r, "groups nested too deeply");
    }
    if (r->at[0] != '?') {
        r->info->n_groups++;
        NLT_TRY(put_text(r, "("));
    } else if (r->at[1] == ':') {
        r->at += 2;
        NLT_TRY(put_text(r, "(?:"));
    } else if (r->at[1] == '<' && r->at[2] != '=' && r->at[2] != '!') {
        size_t len = strspn(r->at + 2, letters_and_digits);
        if (len == 0 || r->at[2 + len] != '>') {
            return unlike(r, "a name of a group that does not end");
        }
        r->info->n_groups++;
        NLT_TRY(put_text(r, "(?P"));
        NLT_TRY(put(r, r->at + 1, len + 2));
        r->at += len + 3;
    } else if (strchr("=!<>", r->at[1]) != NULL && r->at[1] != '\0') {
        return unlike(r, r->at[1] == '>' ? "an atomic group" : "lookahead or lookbehind");
    } else {
        bool is_flags_only = false;
        r->at++;
        r->depth--;
        NLT_TRY(put_flags(r, &is_flags_only));
        r->depth++;
        if (is_flags_only) {
            r->depth--;
            *is_empty = true;
            return NLT_OK;
        }
    }
    NLT_TRY(put_alternatives(r, is_empty));
    if (*r->at != ')') {
        return unlike(r, "a group that does not end");
    }
    r->at++;
    r->depth--;
    return put_text(r, ")");
}

static nlt_status put_dollar(const regex *r)
{
    r->info->is_literal = false;
    if (r->is_multi_line) {
        return unlike(r, "$ with the flag m");
    }
    return put_text(
        r, r->is_search ? "(?:(?:\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}])?\\z)" : "\\z");
}

/* One atom with its quantifier; *is_empty: it may take nothing. */
static nlt_status put_atom(regex *r, bool *is_empty)
{
    char c = *r->at++;
    bool is_optional = false;
    *is_empty = false;
    switch (c) {
    case '\\':
        NLT_TRY(put_escape(r, is_empty));
        break;
    case '[':
        NLT_TRY(put_brackets(r));
        break;
    case '(':
        NLT_TRY(put_group(r, is_empty));
        break;
    case '.':
        r->info->is_literal = false;
        NLT_TRY(put_text(r, r->is_dot_all ? "." : "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]"));
        break;
    case '^':
        r->info->is_literal = false;
        *is_empty = true;
        NLT_TRY(r->is_multi_line ? unlike(r, "^ with the flag m") : put_text(r, "^"));
        break;
    case '$':
        *is_empty = true;
        NLT_TRY(put_dollar(r));
        break;
    case '*':
    case '+':
    case '?':
    case '{':
        return unlike(r, "a quantifier with nothing before it");
    case ']':
    case '}':
        NLT_TRY(put_plain(r, c));
        break;
    default:
        if ((signed char)c < 0) { /* a whole character, so that a quantifier takes all of it */
            size_t len = 1;
            while ((r->at[len - 1] & 0xc0) == 0x80) {
                len++;
            }
            NLT_TRY(nlt__buf_append(r->literal, r->at - 1, len, r->err));
            NLT_TRY(put(r, r->at - 1, len));
            r->at += len - 1;
            break;
        }
        NLT_TRY(put_plain(r, c));
        break;
    }
    NLT_TRY(put_quantifier(r, &is_optional));
    *is_empty = *is_empty || is_optional;
    return NLT_OK;
}

static nlt_status put_alternatives(regex *r, bool *is_empty)
{
    bool is_all_empty = true; /* of this alternative so far */
    *is_empty = false;
    for (;;) {
        if (*r->at == '\0' || *r->at == ')' || *r->at == '|') {
            *is_empty = *is_empty || is_all_empty;
            if (*r->at != '|') {
                return NLT_OK;
            }
            r->info->is_literal = false;
            r->at++;
            is_all_empty = true;
            NLT_TRY(put_text(r, "|"));
            continue;
        }
        bool is_atom_empty = false;
        NLT_TRY(put_atom(r, &is_atom_empty));
        is_all_empty = is_all_empty && is_atom_empty;
    }
}

nlt_status nlt__java_regex(const char *pattern, bool is_search, nlt_buf *out, nlt_buf *literal,
    nlt_java_regex *info, nlt_error *err)
{
    *info = (nlt_java_regex){false, true, 0};
    regex r = {.pattern = pattern,
        .at = pattern,
        .out = out,
        .literal = literal,
        .info = info,
        .err = err,
        .is_search = is_search};
    NLT_TRY(put_alternatives(&r, &info->matches_empty));
    return *r.at == '\0' ? NLT_OK : unlike(&r, "a ) too many");
}

nlt_status nlt__java_replacement(const char *text, int n_groups, nlt_buf *out, nlt_error *err)
{
    for (const char *p = text; *p != '\0'; p++) {
        char group[4];
        if (*p == '\\' && p[1] != '\0') {
            p++;
            NLT_TRY(nlt__buf_append(out, "\\", *p == '\\', err));
            NLT_TRY(nlt__buf_append(out, p, 1, err));
        } else if (*p == '$') {
            p++;
            /* Java takes a second digit if there are so many groups, RE2 has nine */
            bool is_group = *p >= '0' && *p <= '9' && *p - '0' <= n_groups;
            bool is_longer = p[0] != '\0' && p[1] >= '0' && p[1] <= '9' && n_groups > 9;
            if (!is_group || is_longer) {
                return nlt_fail(err, NLT_ERR_SQL,
                    "the replacement '%.200s': $ is followed by no group of the pattern", text);
            }
            (void)snprintf(group, sizeof group, "\\%c", *p);
            NLT_TRY(nlt__buf_append(out, group, 2, err));
        } else {
            NLT_TRY(nlt__buf_append(out, p, 1, err));
        }
    }
    return NLT_OK;
}
