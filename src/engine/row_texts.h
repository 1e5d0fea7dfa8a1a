/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_ENGINE_ROW_TEXTS_H
#define NLT_ENGINE_ROW_TEXTS_H

/* A dictionary of short texts, each kept once and known by a small number. One owner at a time. */

#include "netlytics/base.h"

enum { NLT_DICT_TEXT_MAX = 1024 }; /* longer ones are not worth a search */

typedef struct nlt_dict {
    char **blocks; /* texts: hash, length, bytes; owned */
    uint32_t n_blocks, cap_blocks;
    uint32_t used;   /* of the last block, in units of 8 bytes */
    uint64_t *slots; /* upper half of the hash, place + 1; owned */
    uint32_t n_slots, n_texts;
    int64_t bytes, bytes_max;
} nlt_dict;

void nlt__dict_clear(nlt_dict *dict);
/* Place of a text, which is added if there is room; UINT32_MAX: it is not and cannot be in it. */
uint32_t nlt__dict_place(nlt_dict *dict, nlt_bytes text, uint64_t hash);
/* Address of the text's header (nlt__row_text). */
const char *nlt__dict_at(const nlt_dict *dict, uint32_t place);

#endif
