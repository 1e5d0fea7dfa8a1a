/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_UTF8_H
#define NLT_CORE_UTF8_H

/* Text checks: engines need valid UTF-8 without NUL. */

#include "core/arena.h"

/* Only bytes 0x01..0x7f. SIMD; reads nothing outside the range. */
NLT_API bool nlt__text_is_ascii(nlt_bytes text);
/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF) without NUL. */
NLT_API bool nlt__text_is_clean(nlt_bytes text);
/* Text with each NUL and each byte that is no part of valid UTF-8 as "\xNN" (lower-case hex).
 * The text itself if it is clean; else memory of the arena. NLT_ERR_NOMEM. */
NLT_API nlt_status nlt__text_escape(
    nlt_arena *arena, nlt_bytes text, nlt_bytes *out) NLT_MUST_CHECK;

/* Length of the byte order mark that some editors put before a text: 3, or 0. */
NLT_API size_t nlt__bom_length(nlt_bytes text);

#endif
