/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_CORE_TEXT_IDS_H
#define NLT_CORE_TEXT_IDS_H

/* Texts numbered in the order in which they were first seen: 0, 1, 2, ... One owner at a time. */

#include "core/arena.h"

typedef struct nlt_text_ids {
    nlt_arena arena;  /* of the texts */
    nlt_bytes *texts; /* by number; owned */
    uint32_t n, cap;
    uint64_t *slots; /* upper half of the hash, number + 1; owned */
    uint32_t n_slots;
    size_t bytes; /* of texts and tables */
} nlt_text_ids;

#define NLT_TEXT_IDS_INIT                                                                          \
    {                                                                                              \
        NLT_ARENA_INIT, NULL, 0, 0, NULL, 0, 0                                                     \
    }
#define NLT_TEXT_ID_NONE UINT32_MAX

/* Number of a text, which is copied if it is new; NLT_TEXT_ID_NONE: no memory. */
NLT_API uint32_t nlt__text_id_put(nlt_text_ids *ids, nlt_bytes text);
/* Number of a text; NLT_TEXT_ID_NONE: it was not put. */
NLT_API uint32_t nlt__text_id_find(const nlt_text_ids *ids, nlt_bytes text);
NLT_API void nlt__text_ids_clear(nlt_text_ids *ids);

#endif
