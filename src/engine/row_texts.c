/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open addressing over texts in blocks of 1 MiB; a place is an address in them in units of 8. */

#include "engine/row_texts.h"

#include "core/alloc.h"
#include "engine/row_store.h"

enum { BLOCK_UNITS = 1 << 17, UNIT = 8, SLOTS_MIN = 1024 };

void nlt__dict_clear(nlt_dict *dict)
{
    for (uint32_t i = 0; i < dict->n_blocks; i++) {
        nlt_free(dict->blocks[i]);
    }
    nlt_free(dict->blocks);
    nlt_free(dict->slots);
    *dict = (nlt_dict){.bytes_max = dict->bytes_max};
}

const char *nlt__dict_at(const nlt_dict *dict, uint32_t place)
{
    return dict->blocks[place / BLOCK_UNITS] + (size_t)(place % BLOCK_UNITS) * UNIT;
}

static uint64_t hash_at(const nlt_dict *dict, uint32_t place)
{
    uint64_t hash;
    memcpy(&hash, nlt__dict_at(dict, place), sizeof hash);
    return hash;
}

static bool grow_slots(nlt_dict *dict)
{
    uint32_t n = dict->n_slots == 0 ? SLOTS_MIN : dict->n_slots * 2;
    int64_t more = (int64_t)(n - dict->n_slots) * (int64_t)sizeof *dict->slots;
    uint64_t *slots =
        dict->bytes + more <= dict->bytes_max ? nlt_alloc_zero(n, sizeof *slots) : NULL;
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < dict->n_slots; i++) {
        if (dict->slots[i] == 0) {
            continue;
        }
        uint64_t hash = hash_at(dict, (uint32_t)dict->slots[i] - 1);
        uint32_t at = (uint32_t)hash & (n - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (n - 1);
        }
        slots[at] = dict->slots[i];
    }
    nlt_free(dict->slots);
    dict->slots = slots;
    dict->n_slots = n;
    dict->bytes += more;
    return true;
}

static bool add_block(nlt_dict *dict)
{
    int64_t size = (int64_t)BLOCK_UNITS * UNIT;
    if (dict->bytes + size > dict->bytes_max) {
        return false;
    }
    if (dict->n_blocks == dict->cap_blocks) {
        uint32_t cap = dict->cap_blocks == 0 ? 16 : dict->cap_blocks * 2;
        char **blocks = nlt_realloc_array(dict->blocks, cap, sizeof *blocks);
        if (blocks == NULL) {
            return false;
        }
        dict->blocks = blocks;
        dict->cap_blocks = cap;
    }
    char *block = nlt_alloc((size_t)size);
    if (block == NULL) {
        return false;
    }
    dict->blocks[dict->n_blocks++] = block;
    dict->used = 0;
    dict->bytes += size;
    return true;
}

static uint32_t add_text(nlt_dict *dict, nlt_bytes text, uint64_t hash)
{
    uint32_t units = (uint32_t)((NLT_ROW_TEXT_HEADER + text.len + UNIT - 1) / UNIT);
    if ((dict->n_blocks == 0 || dict->used + units > BLOCK_UNITS) && !add_block(dict)) {
        return UINT32_MAX;
    }
    uint32_t place = (dict->n_blocks - 1) * BLOCK_UNITS + dict->used;
    char *at = dict->blocks[dict->n_blocks - 1] + (size_t)dict->used * UNIT;
    uint32_t len = (uint32_t)text.len;
    memcpy(at, &hash, sizeof hash);
    memcpy(at + sizeof hash, &len, sizeof len);
    if (len > 0) {
        memcpy(at + NLT_ROW_TEXT_HEADER, text.ptr, len);
    }
    dict->used += units;
    dict->n_texts++;
    return place;
}

static bool is_text(const nlt_dict *dict, uint32_t place, nlt_bytes text)
{
    nlt_bytes kept = nlt__row_text((uintptr_t)nlt__dict_at(dict, place));
    return kept.len == text.len && (text.len == 0 || memcmp(kept.ptr, text.ptr, text.len) == 0);
}

uint32_t nlt__dict_place(nlt_dict *dict, nlt_bytes text, uint64_t hash)
{
    if (text.len > NLT_DICT_TEXT_MAX) {
        return UINT32_MAX;
    }
    bool is_full = dict->n_texts >= dict->n_slots / 2 && !grow_slots(dict);
    if (dict->n_slots == 0) {
        return UINT32_MAX;
    }
    uint64_t high = hash & ~UINT64_C(0xffffffff);
    uint32_t at = (uint32_t)hash & (dict->n_slots - 1);
    while (dict->slots[at] != 0) {
        uint64_t slot = dict->slots[at];
        uint32_t place = (uint32_t)slot - 1;
        if ((slot & ~UINT64_C(0xffffffff)) == high && is_text(dict, place, text)) {
            return place;
        }
        at = (at + 1) & (dict->n_slots - 1);
    }
    uint32_t place = is_full ? UINT32_MAX : add_text(dict, text, hash);
    if (place != UINT32_MAX) {
        dict->slots[at] = high | (place + 1);
    }
    return place;
}
