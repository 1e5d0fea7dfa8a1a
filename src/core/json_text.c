/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts in JSON: the short escapes where there are some, bytes above ASCII as they are. */

#include "core/json_text.h"

nlt_status nlt__json_text(nlt_bytes text, nlt_buf *out, nlt_error *err)
{
    static const char escapes[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char hex[] = "0123456789abcdef";
    if (text.len > SIZE_MAX / 8) {
        return nlt_fail(err, NLT_ERR_LIMIT, "a text of %zu bytes", text.len);
    }
    NLT_TRY(nlt__buf_reserve(out, text.len * 6 + 2, err));
    nlt__buf_put_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            nlt__buf_put_char(out, (char)c);
        } else if (c >= 0x20 || escapes[c] != 0) {
            nlt__buf_put_char(out, '\\');
            nlt__buf_put_char(out, c >= 0x20 ? (char)c : escapes[c]);
        } else {
            nlt__buf_put(out, "\\u00", 4);
            nlt__buf_put_char(out, hex[c >> 4]);
            nlt__buf_put_char(out, hex[c & 15]);
        }
    }
    nlt__buf_put_char(out, '"');
    return NLT_OK;
}
