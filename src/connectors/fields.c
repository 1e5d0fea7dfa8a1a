/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connectors/fields.h"

/* Finds more edges. What is behind the line counts as blank. */
void nlt__fields_fill(nlt_fields *fields)
{
    if (fields->left.len == 0) {
        return;
    }
    if (fields->next < fields->n) {
        fields->own[0] = fields->own[fields->next]; /* a field whose end is not known */
    }
    fields->n -= fields->next;
    fields->next = 0;
    while (fields->n < NLT_FIELDS_AHEAD && fields->left.len > 0) {
        size_t n = fields->left.len < 64 ? fields->left.len : 64;
        uint64_t blanks = nlt__byte_bits(fields->left.ptr, fields->blanks[0])
            | nlt__byte_bits(fields->left.ptr, fields->blanks[1]);
        blanks |= n < 64 ? ~UINT64_C(0) << n : 0;
        uint64_t edges = blanks ^ (blanks << 1 | fields->carry);
        fields->carry = blanks >> 63;
        fields->n += nlt__push_bits(
            edges, (uint32_t)(fields->left.ptr - fields->base), fields->own + fields->n);
        fields->left.ptr += n;
        fields->left.len -= n;
    }
    if (fields->n % 2 != 0 && fields->left.len == 0) {
        fields->own[fields->n++] = (uint32_t)(fields->left.ptr - fields->base);
    }
}
