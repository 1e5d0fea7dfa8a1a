/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host names in SQL: registered domains by the public suffix list, internationalised names as text.
 *
 * Sources: publicsuffix.org (algorithm and list; the list is the one that libpsl carries inside, so
 * that the same name gives the same domain on every machine), RFC 3492 (Punycode), RFC 5890. */

#define _GNU_SOURCE

#include <libpsl.h>

#include "core/ip.h"
#include "sql/scalar.h"

enum { NAME_MAX_BYTES = 255, LABEL_MAX_BYTES = 63, NAME_TEXT_MAX = 4 * NAME_MAX_BYTES };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* ---- registered_domain ---- */

/* Lower-case copy with a NUL and without a last dot. False: no host name, which is 1 to 255 bytes in
 * labels of 1 to 63 characters, with nothing that a URL or an address with port would have. */
static bool read_name(nlt_bytes name, char out[NAME_MAX_BYTES + 1])
{
    if (name.len > 0 && name.ptr[name.len - 1] == '.') {
        name.len--;
    }
    if (name.len == 0 || name.len > NAME_MAX_BYTES) {
        return false;
    }
    size_t label = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_odd = (unsigned char)c <= ' ' || c == 0x7f || strchr("/:?#[]@%\"", c) != NULL;
        label = c == '.' ? 0 : label + ((c & 0xc0) != 0x80); /* not for a byte that continues one */
        if (is_odd || label > LABEL_MAX_BYTES || (c == '.' && (i == 0 || name.ptr[i - 1] == '.'))) {
            return false;
        }
        out[i] = lower(c);
    }
    out[name.len] = '\0';
    return label > 0;
}

static nlt_status registered_domain(nlt_scalar_call *call, nlt_error *err)
{
    const psl_ctx_t *psl = psl_builtin();
    if (psl == NULL) {
        return nlt_fail(err, NLT_ERR_SQL, "registered_domain: libpsl carries no list");
    }
    for (int64_t i = 0; i < call->n_rows; i++) {
        char name[NAME_MAX_BYTES + 1];
        if (!nlt__arg_valid(call, 0, i)) {
            continue;
        }
        nlt_bytes text = nlt__arg_text(call, 0, i);
        if (!read_name(text, name) || nlt__ip_is_text((nlt_bytes){name, strlen(name)})) {
            continue;
        }
        const char *domain = psl_registrable_domain(psl, name);
        if (domain != NULL) {
            NLT_TRY(nlt__put_copy(call, i, (nlt_bytes){domain, strlen(domain)}, err));
        }
    }
    return NLT_OK;
}

const nlt_scalar nlt_scalar_registered_domain = {
    .name = "registered_domain",
    .usage = "registered_domain(name)",
    .summary = "the part of a host name that can be registered, by the public suffix list: "
               "registered_domain('www.example.co.uk') = 'example.co.uk', in lower case, without a "
               "last dot; NULL for a public suffix itself, an address, or what is no name. A last "
               "label that the list does not know counts as a suffix",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .batch = registered_domain,
};

/* ---- idn ---- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 0x80 };

static int punycode_digit(char c)
{
    c = lower(c);
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

/* RFC 3492 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t n, bool is_first)
{
    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / n;
    uint32_t k = 0;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE) {
        delta /= BASE - T_MIN;
    }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* What may be shown: no controls, no surrogates, nothing that turns the direction of text around or
 * cannot be seen. */
static bool is_shown(uint32_t c)
{
    return c >= 0xa0 && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) && c != 0xad
        && (c < 0x200b || c > 0x200f) && (c < 0x2028 || c > 0x202e) && (c < 0x2060 || c > 0x206f)
        && c != 0x3000 && c != 0x3002 && c != 0xfeff && c != 0xff0e && c != 0xff61 && c != 0x61c
        && (c & 0xfffe) != 0xfffe && (c < 0xe0000 || c > 0xe0fff);
}

/* One number of variable length (RFC 3492 6.2, the inner loop), added to *i. */
static bool read_delta(nlt_bytes text, size_t *at, uint32_t bias, uint32_t *i)
{
    uint32_t weight = 1;
    for (uint32_t k = BASE;; k += BASE) {
        int digit = *at < text.len ? punycode_digit(text.ptr[(*at)++]) : -1;
        uint32_t step = 0;
        if (digit < 0 || __builtin_mul_overflow((uint32_t)digit, weight, &step)
            || __builtin_add_overflow(*i, step, i)) {
            return false;
        }
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if ((uint32_t)digit < t) {
            return true;
        }
        if (__builtin_mul_overflow(weight, BASE - t, &weight)) {
            return false;
        }
    }
}

/* Code points of what stands behind "xn--"; their number, 0 if it is no Punycode of text that
 * may be shown. */
static uint32_t decode_label(nlt_bytes text, uint32_t out[LABEL_MAX_BYTES])
{
    const char *dash = memrchr(text.ptr, '-', text.len);
    size_t n_basic = dash == NULL ? 0 : (size_t)(dash - text.ptr);
    for (size_t j = 0; j < n_basic; j++) {
        out[j] = (unsigned char)lower(text.ptr[j]);
        if (out[j] >= FIRST) {
            return 0;
        }
    }
    uint32_t n = (uint32_t)n_basic;
    uint32_t code = FIRST;
    uint32_t bias = BIAS;
    uint32_t i = 0;
    size_t at = dash == NULL ? 0 : n_basic + 1;
    while (at < text.len) {
        uint32_t before = i;
        if (n == LABEL_MAX_BYTES || !read_delta(text, &at, bias, &i)) {
            return 0;
        }
        bias = adapt(i - before, n + 1, before == 0);
        if (__builtin_add_overflow(code, i / (n + 1), &code) || !is_shown(code)) {
            return 0;
        }
        i %= n + 1;
        memmove(out + i + 1, out + i, (n - i) * sizeof *out);
        out[i++] = code;
        n++;
    }
    return n > n_basic ? n : 0;
}

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char heads[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(heads[len] | c);
    return len;
}

static bool is_ace(nlt_bytes label)
{
    return label.len > 4 && label.len <= LABEL_MAX_BYTES && lower(label.ptr[0]) == 'x'
        && lower(label.ptr[1]) == 'n' && label.ptr[2] == '-' && label.ptr[3] == '-';
}

/* One label as text; the label itself if it is no "xn--" one or cannot be shown. */
static size_t put_label(nlt_bytes label, char *out)
{
    uint32_t codes[LABEL_MAX_BYTES];
    uint32_t n = is_ace(label) ? decode_label((nlt_bytes){label.ptr + 4, label.len - 4}, codes) : 0;
    if (n == 0) {
        memcpy(out, label.ptr, label.len);
        return label.len;
    }
    size_t len = 0;
    for (uint32_t i = 0; i < n; i++) {
        len += put_utf8(codes[i], out + len);
    }
    return len;
}

static bool has_ace(nlt_bytes name)
{
    for (const char *p = name.ptr; name.len >= 4;) {
        const char *dashes = memmem(p, name.len - (size_t)(p - name.ptr), "--", 2);
        if (dashes == NULL) {
            return false;
        }
        if (dashes - name.ptr >= 2 && lower(dashes[-1]) == 'n' && lower(dashes[-2]) == 'x') {
            return true;
        }
        p = dashes + 1;
    }
    return false;
}

static nlt_status idn(nlt_scalar_call *call, int64_t row, nlt_error *err)
{
    nlt_bytes name = nlt__arg_text(call, 0, row);
    char text[NAME_TEXT_MAX];
    if (name.len > NAME_MAX_BYTES || !has_ace(name)) {
        nlt__put_text(call, row, name);
        return NLT_OK;
    }
    size_t len = 0;
    for (size_t at = 0; at <= name.len; at++) {
        const char *dot = memchr(name.ptr + at, '.', name.len - at);
        size_t end = dot == NULL ? name.len : (size_t)(dot - name.ptr);
        len += put_label((nlt_bytes){name.ptr + at, end - at}, text + len);
        if (dot != NULL) {
            text[len++] = '.';
        }
        at = end;
    }
    return nlt__put_copy(call, row, (nlt_bytes){text, len}, err);
}

const nlt_scalar nlt_scalar_idn = {
    .name = "idn",
    .usage = "idn(name)",
    .summary =
        "a host name with its xn-- labels as readable text: idn('xn--bcher-kva.de') = "
        "'bücher.de'. Other labels, and those that are no Punycode or hold characters that are "
        "not to be seen, stay as they are",
    .n_args = 1,
    .args = {NLT_ARG_STRING},
    .result = {NLT_TYPE_STRING, NLT_TYPE_STRING, 0},
    .row = idn,
};
