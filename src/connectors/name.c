/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connectors/name.h"

/* Without the port of "name:digits"; a text with more colons is an IPv6 address. */
static nlt_bytes cut_port(nlt_bytes text)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[text.len - 1 - digits] >= '0'
        && text.ptr[text.len - 1 - digits] <= '9') {
        digits++;
    }
    if (digits == 0 || digits == text.len || text.ptr[text.len - 1 - digits] != ':') {
        return text;
    }
    size_t colon = text.len - 1 - digits;
    return memchr(text.ptr, ':', colon) == NULL ? (nlt_bytes){text.ptr, colon} : text;
}

static nlt_bytes strip(nlt_bytes text)
{
    if (text.len >= 2 && text.ptr[0] == '[') {
        const char *close = memchr(text.ptr, ']', text.len);
        if (close != NULL) {
            text = (nlt_bytes){text.ptr + 1, (size_t)(close - text.ptr - 1)};
        }
    } else {
        text = cut_port(text);
    }
    if (text.len > 0 && text.ptr[text.len - 1] == '.') {
        text.len--;
    }
    return text;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Bytes at the beginning among which no letter is upper case: all, or some. Eight at a time: above 'A'
 * - 1 and not above 'Z' shows in the top bits, where no byte has its own. */
static size_t skip_lower(nlt_bytes name)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones << 7;
    size_t i = 0;
    while (i + 8 <= name.len) {
        uint64_t word;
        memcpy(&word, name.ptr + i, sizeof word);
        uint64_t low = word & ~tops;
        uint64_t is_upper_bits =
            (low + ones * (0x80 - 'A')) & ~(low + ones * (0x7f - 'Z')) & ~word & tops;
        if (is_upper_bits != 0) {
            break;
        }
        i = i + 16 > name.len && i + 8 < name.len ? name.len - 8 : i + 8;
    }
    return i;
}

static nlt_bytes lower_case(nlt_arena *arena, nlt_bytes name)
{
    size_t upper = skip_lower(name);
    while (upper < name.len && !is_upper(name.ptr[upper])) {
        upper++;
    }
    if (upper == name.len) {
        return name;
    }
    char *lower = nlt__arena_copy(arena, name);
    for (size_t i = upper; lower != NULL && i < name.len; i++) {
        lower[i] = is_upper(lower[i]) ? (char)(lower[i] | 0x20) : lower[i];
    }
    return (nlt_bytes){lower, name.len};
}

nlt_bytes nlt__name_normalise(nlt_arena *arena, nlt_bytes candidate)
{
    nlt_bytes name = strip(candidate);
    return name.len == 0 ? name : lower_case(arena, name);
}

nlt_bytes nlt__domain_normalise(nlt_arena *arena, nlt_bytes name)
{
    if (name.len > 1 && name.ptr[name.len - 1] == '.') {
        name.len--;
    }
    return lower_case(arena, name);
}

bool nlt__name_put(nlt_builder *out, int column, nlt_bytes candidate)
{
    nlt_bytes name = strip(candidate);
    if (name.len == 0) {
        return false;
    }
    if (nlt_wants(out, column)) {
        name = lower_case(&out->arena, name);
        if (name.ptr == NULL) {
            out->failed = NLT_ERR_NOMEM;
            return true;
        }
        nlt_put_text(out, column, name);
    }
    return true;
}
