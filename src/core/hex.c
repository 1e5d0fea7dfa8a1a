/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/hex.h"

#include <string.h>

void nlt__hex_write(nlt_bytes bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        out[2 * i] = digits[c >> 4];
        out[2 * i + 1] = digits[c & 15];
    }
}

static int value_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool nlt__hex_read(const char *text, void *out, size_t cap)
{
    size_t n = strlen(text) / 2;
    if (strlen(text) % 2 != 0 || n > cap) {
        return false;
    }
    unsigned char *bytes = out;
    for (size_t i = 0; i < n; i++) {
        int high = value_of(text[2 * i]);
        int low = value_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
