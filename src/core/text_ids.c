/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open addressing, at most half full; a slot has enough of the hash that few texts are compared. */

#include "core/text_ids.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

enum { SLOTS_MIN = 64, IDS_MAX = 1 << 30 };

#define HIGH(hash) ((hash) & ~UINT64_C(0xffffffff))

static bool grow_slots(nlt_text_ids *ids)
{
    uint32_t n = ids->n_slots == 0 ? SLOTS_MIN : ids->n_slots * 2;
    uint64_t *slots = nlt_alloc_zero(n, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t id = 0; id < ids->n; id++) {
        uint64_t hash = nlt__hash(ids->texts[id], 0);
        uint32_t at = (uint32_t)hash & (n - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (n - 1);
        }
        slots[at] = HIGH(hash) | (id + 1);
    }
    nlt_free(ids->slots);
    ids->slots = slots;
    ids->bytes += (n - ids->n_slots) * sizeof *slots;
    ids->n_slots = n;
    return true;
}

static bool grow_texts(nlt_text_ids *ids)
{
    uint32_t cap = ids->cap == 0 ? SLOTS_MIN / 2 : ids->cap * 2;
    nlt_bytes *texts = cap <= IDS_MAX ? nlt_realloc_array(ids->texts, cap, sizeof *texts) : NULL;
    if (texts == NULL) {
        return false;
    }
    ids->bytes += (cap - ids->cap) * sizeof *texts;
    ids->texts = texts;
    ids->cap = cap;
    return true;
}

/* The slot of a text, or the empty one where it belongs. */
static uint32_t slot_of(const nlt_text_ids *ids, nlt_bytes text, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (ids->n_slots - 1);
    for (; ids->slots[at] != 0; at = (at + 1) & (ids->n_slots - 1)) {
        if (HIGH(ids->slots[at]) == HIGH(hash)) {
            nlt_bytes kept = ids->texts[(uint32_t)ids->slots[at] - 1];
            if (kept.len == text.len
                && (text.len == 0 || memcmp(kept.ptr, text.ptr, text.len) == 0)) {
                break;
            }
        }
    }
    return at;
}

uint32_t nlt__text_id_find(const nlt_text_ids *ids, nlt_bytes text)
{
    uint32_t at = ids->n_slots > 0 ? slot_of(ids, text, nlt__hash(text, 0)) : 0;
    return ids->n_slots > 0 && ids->slots[at] != 0 ? (uint32_t)ids->slots[at] - 1
                                                   : NLT_TEXT_ID_NONE;
}

uint32_t nlt__text_id_put(nlt_text_ids *ids, nlt_bytes text)
{
    if (ids->n * 2 >= ids->n_slots && !grow_slots(ids)) {
        return NLT_TEXT_ID_NONE;
    }
    uint64_t hash = nlt__hash(text, 0);
    uint32_t at = slot_of(ids, text, hash);
    if (ids->slots[at] != 0) {
        return (uint32_t)ids->slots[at] - 1;
    }
    if (ids->n == ids->cap && !grow_texts(ids)) {
        return NLT_TEXT_ID_NONE;
    }
    char *copy = nlt__arena_copy(&ids->arena, text);
    if (copy == NULL) {
        return NLT_TEXT_ID_NONE;
    }
    ids->bytes += text.len + 1;
    ids->texts[ids->n] = (nlt_bytes){copy, text.len};
    ids->slots[at] = HIGH(hash) | (ids->n + 1);
    return ids->n++;
}

void nlt__text_ids_clear(nlt_text_ids *ids)
{
    nlt__arena_clear(&ids->arena);
    nlt_free(ids->texts);
    nlt_free(ids->slots);
    *ids = (nlt_text_ids)NLT_TEXT_IDS_INIT;
}
