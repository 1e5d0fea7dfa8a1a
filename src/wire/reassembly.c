/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS over TCP. A stream keeps the next sequence number, the beginning of an incomplete message,
 * and the segments behind a hole in order. Messages that lie within one segment are handed on
 * without a copy. Each packet with new bytes is settled exactly once: see `open` and deliver().
 */

#include "wire/reassembly.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "wire/load.h"

enum {
    LENGTH_BYTES = 2,
    HELD_MAX = 4096, /* segments behind a hole: more give it up, so that keeping order is cheap */
    STREAMS_LIMIT = 1 << 20
};

#define NONE UINT32_MAX
#define BYTES_LEAST ((size_t)1 << 20)

/* Where bytes came from. */
typedef struct origin {
    int64_t arrival; /* counts packets, so that "later" is well defined */
    int64_t time_ns;
    int64_t number;
    bool has_time;
} origin;

typedef struct segment {
    origin from;
    uint32_t seq;
    uint32_t len;
    uint8_t bytes[];
} segment;

typedef struct stream_key {
    uint8_t src[16];
    uint8_t dst[16];
    uint16_t src_port;
    uint16_t dst_port;
    uint32_t family;
} stream_key;

typedef struct stream {
    stream_key key;
    uint8_t *partial; /* owned: an incomplete message with its length; NULL: none */
    segment **held;   /* owned, as its items: behind a hole, in order of sequence, then arrival */
    origin latest;    /* of the partial message */
    int64_t birth;
    uint32_t partial_len;
    uint32_t partial_cap;
    uint32_t n_held;
    uint32_t held_cap;
    uint32_t next_seq;
    uint32_t start_seq;
    uint32_t open; /* packets with bytes in the partial message that no message made "used" */
    uint32_t slot;
    uint32_t chain; /* of the same slot, or of the free list */
    uint32_t older; /* by last use */
    uint32_t newer;
} stream;

struct nlt_reassembly {
    nlt_reassembly_options options;
    nlt_reassembly_sink sink;
    void *user;
    nlt_reassembly_counts counts;
    uint32_t *slots; /* owned; a power of two */
    uint32_t n_slots;
    stream *pool; /* owned; grows up to max_streams */
    uint32_t n_pool;
    uint32_t pool_cap;
    uint32_t free_list;
    uint32_t oldest;
    uint32_t newest;
    size_t bytes;
    int64_t n_arrivals;
    int64_t n_births;
};

nlt_status nlt__reassembly_new(const nlt_reassembly_options *options, nlt_reassembly_sink sink,
    void *user, nlt_reassembly **out, nlt_error *err)
{
    *out = NULL;
    if (options->max_streams == 0 || options->max_streams > STREAMS_LIMIT
        || options->max_bytes < BYTES_LEAST) {
        return nlt_fail(
            err, NLT_ERR_ARG, "reassembly: 1 to 1048576 streams and at least 1 MiB are needed");
    }
    nlt_reassembly *r = nlt_alloc_zero(1, sizeof *r);
    uint32_t n_slots = 16;
    while (n_slots < options->max_streams) {
        n_slots *= 2;
    }
    uint32_t *slots = nlt_alloc_zero(n_slots, sizeof *slots);
    if (r == NULL || slots == NULL) {
        nlt_free(r);
        nlt_free(slots);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    memset(slots, 0xff, n_slots * sizeof *slots);
    r->options = *options;
    r->sink = sink;
    r->user = user;
    r->slots = slots;
    r->n_slots = n_slots;
    r->free_list = r->oldest = r->newest = NONE;
    *out = r;
    return NLT_OK;
}

static void drop_partial(nlt_reassembly *r, stream *s)
{
    nlt_free(s->partial);
    r->bytes -= s->partial_cap;
    s->partial = NULL;
    s->partial_len = 0;
    s->partial_cap = 0;
}

static void drop_segment(nlt_reassembly *r, segment *item)
{
    r->bytes -= sizeof *item + item->len;
    nlt_free(item);
}

static void clear_stream(nlt_reassembly *r, stream *s)
{
    drop_partial(r, s);
    for (uint32_t i = 0; i < s->n_held; i++) {
        drop_segment(r, s->held[i]);
    }
    r->bytes -= s->held_cap * sizeof *s->held;
    nlt_free(s->held);
    s->held = NULL;
    s->n_held = 0;
    s->held_cap = 0;
}

void nlt__reassembly_free(nlt_reassembly *reassembly)
{
    if (reassembly == NULL) {
        return;
    }
    for (uint32_t i = reassembly->oldest; i != NONE; i = reassembly->pool[i].newer) {
        clear_stream(reassembly, &reassembly->pool[i]);
    }
    nlt_free(reassembly->pool);
    nlt_free(reassembly->slots);
    nlt_free(reassembly);
}

nlt_reassembly_counts nlt__reassembly_totals(const nlt_reassembly *reassembly)
{
    return reassembly->counts;
}

size_t nlt__reassembly_bytes(const nlt_reassembly *reassembly)
{
    return reassembly->bytes;
}

/* Gives one message to the sink and settles the packets that waited for it. */
static nlt_status emit(nlt_reassembly *r, stream *s, const uint8_t *bytes, size_t len,
    const origin *from, bool *is_dns, nlt_error *err)
{
    bool is_earlier = s->partial != NULL && s->latest.arrival > from->arrival;
    const origin *last = is_earlier ? &s->latest : from;
    nlt_stream_message message = {.bytes = {(const char *)bytes, len},
        .src_port = s->key.src_port,
        .dst_port = s->key.dst_port,
        .time_ns = last->time_ns,
        .number = last->number,
        .has_time = last->has_time};
    message.src.family = message.dst.family = (uint8_t)s->key.family;
    memcpy(message.src.bytes, s->key.src, 16);
    memcpy(message.dst.bytes, s->key.dst, 16);
    *is_dns = false;
    r->counts.messages++;
    NLT_TRY(r->sink(r->user, &message, is_dns, err));
    *(*is_dns ? &r->counts.used : &r->counts.not_dns) += s->open;
    s->open = 0;
    return NLT_OK;
}

static nlt_status append_partial(nlt_reassembly *r, stream *s, const uint8_t *bytes, size_t len,
    const origin *from, nlt_error *err)
{
    size_t need = s->partial_len + len;
    size_t cap = s->partial_cap > 0 ? s->partial_cap : 64;
    while (cap < need) {
        cap *= 2;
    }
    if (cap != s->partial_cap) {
        uint8_t *grown = nlt_realloc(s->partial, cap);
        if (grown == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        r->bytes += cap - s->partial_cap;
        s->partial = grown;
        s->partial_cap = (uint32_t)cap;
    }
    if (s->partial_len == 0 || from->arrival > s->latest.arrival) {
        s->latest = *from;
    }
    memcpy(s->partial + s->partial_len, bytes, len);
    s->partial_len = (uint32_t)need;
    return NLT_OK;
}

/* Bytes that the partial message still needs to its length, or then to its end. */
static size_t partial_needs(const stream *s)
{
    size_t whole = LENGTH_BYTES;
    if (s->partial_len >= LENGTH_BYTES) {
        whole += nlt__load_be16(s->partial);
    }
    return whole - s->partial_len;
}

/* Takes bytes off the front that end or lengthen the partial message. */
static nlt_status feed_partial(
    nlt_reassembly *r, stream *s, nlt_bytes *rest, const origin *from, bool *is_dns, nlt_error *err)
{
    while (rest->len > 0 && partial_needs(s) > 0) {
        size_t needs = partial_needs(s);
        size_t n = needs < rest->len ? needs : rest->len;
        NLT_TRY(append_partial(r, s, (const uint8_t *)rest->ptr, n, from, err));
        rest->ptr += n;
        rest->len -= n;
    }
    if (s->partial_len >= LENGTH_BYTES && partial_needs(s) == 0) {
        bool ok = false;
        size_t len = s->partial_len - LENGTH_BYTES;
        NLT_TRY(emit(r, s, s->partial + LENGTH_BYTES, len, from, &ok, err));
        *is_dns = *is_dns || ok;
        drop_partial(r, s);
    }
    return NLT_OK;
}

/* Bytes that are next in order, all of one packet. The packet is settled here, or with the message
 * that its last bytes begin (unless an earlier one made it used). */
static nlt_status deliver(
    nlt_reassembly *r, stream *s, nlt_bytes rest, const origin *from, nlt_error *err)
{
    bool is_dns = false;
    s->next_seq += (uint32_t)rest.len;
    while (rest.len > 0) {
        const uint8_t *p = (const uint8_t *)rest.ptr;
        size_t whole = SIZE_MAX;
        if (rest.len >= LENGTH_BYTES) {
            whole = LENGTH_BYTES + (size_t)nlt__load_be16(p);
        }
        if (s->partial == NULL && whole <= rest.len) {
            bool ok = false;
            NLT_TRY(emit(r, s, p + LENGTH_BYTES, whole - LENGTH_BYTES, from, &ok, err));
            is_dns = is_dns || ok;
            rest = (nlt_bytes){rest.ptr + whole, rest.len - whole};
        } else {
            NLT_TRY(feed_partial(r, s, &rest, from, &is_dns, err));
        }
    }
    if (is_dns) {
        r->counts.used++;
    } else if (s->partial != NULL) {
        s->open++;
    } else {
        r->counts.not_dns++;
    }
    return NLT_OK;
}

/* The part of a segment at or behind the next number; false: nothing of it is new. */
static bool trim(const stream *s, uint32_t seq, nlt_bytes *bytes)
{
    size_t old = s->next_seq - seq; /* the caller knows that seq is not ahead */
    if (old >= bytes->len) {
        return false;
    }
    bytes->ptr += old;
    bytes->len -= old;
    return true;
}

static int64_t ahead(const stream *s, uint32_t seq)
{
    return (int32_t)(seq - s->next_seq);
}

/* Delivers what is held and no longer behind a hole. */
static nlt_status drain(nlt_reassembly *r, stream *s, nlt_error *err)
{
    nlt_status status = NLT_OK;
    uint32_t n = 0;
    while (status == NLT_OK && n < s->n_held && ahead(s, s->held[n]->seq) <= 0) {
        segment *item = s->held[n++];
        nlt_bytes bytes = {(const char *)item->bytes, item->len};
        if (trim(s, item->seq, &bytes)) {
            status = deliver(r, s, bytes, &item->from, err);
        } else {
            r->counts.ignored++;
        }
        drop_segment(r, item);
    }
    if (n > 0) {
        s->n_held -= n;
        memmove(s->held, s->held + n, s->n_held * sizeof *s->held);
    }
    return status;
}

/* An incomplete message is lost; the next segment held starts a message. */
static nlt_status give_up(nlt_reassembly *r, stream *s, nlt_error *err)
{
    if (s->partial != NULL) {
        r->counts.truncated += s->open;
        r->counts.lost_messages++;
        s->open = 0;
        drop_partial(r, s);
    }
    if (s->n_held == 0) {
        return NLT_OK;
    }
    s->next_seq = s->held[0]->seq;
    return drain(r, s, err);
}

static nlt_status flush(nlt_reassembly *r, stream *s, nlt_error *err)
{
    do {
        NLT_TRY(give_up(r, s, err));
    } while (s->n_held > 0 || s->partial != NULL);
    return NLT_OK;
}

static nlt_status hold(nlt_reassembly *r, stream *s, const nlt_packet *packet, uint32_t seq,
    const origin *from, nlt_error *err)
{
    uint32_t low = 0;
    for (uint32_t high = s->n_held; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (ahead(s, s->held[middle]->seq) <= ahead(s, seq)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0 && s->held[low - 1]->seq == seq && s->held[low - 1]->len >= packet->payload_len) {
        r->counts.ignored++;
        return NLT_OK;
    }
    if (s->n_held == s->held_cap) {
        uint32_t cap = s->held_cap > 0 ? s->held_cap * 2 : 4;
        segment **grown = nlt_realloc_array(s->held, cap, sizeof *grown);
        if (grown == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        r->bytes += (cap - s->held_cap) * sizeof *grown;
        s->held = grown;
        s->held_cap = cap;
    }
    segment *item = nlt_alloc(sizeof *item + packet->payload_len);
    if (item == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    item->from = *from;
    item->seq = seq;
    item->len = (uint32_t)packet->payload_len;
    memcpy(item->bytes, packet->payload, packet->payload_len);
    memmove(s->held + low + 1, s->held + low, (s->n_held - low) * sizeof *s->held);
    s->held[low] = item;
    s->n_held++;
    r->bytes += sizeof *item + item->len;
    while (s->n_held > 0
        && (s->n_held > HELD_MAX
            || ahead(s, s->held[s->n_held - 1]->seq) > NLT_REASSEMBLY_GAP_MAX)) {
        NLT_TRY(give_up(r, s, err));
    }
    return NLT_OK;
}

static void unlink_use(nlt_reassembly *r, const stream *s)
{
    *(s->older != NONE ? &r->pool[s->older].newer : &r->oldest) = s->newer;
    *(s->newer != NONE ? &r->pool[s->newer].older : &r->newest) = s->older;
}

static void link_newest(nlt_reassembly *r, uint32_t i)
{
    r->pool[i].older = r->newest;
    r->pool[i].newer = NONE;
    *(r->newest != NONE ? &r->pool[r->newest].newer : &r->oldest) = i;
    r->newest = i;
}

static nlt_status end_stream(nlt_reassembly *r, uint32_t i, nlt_error *err)
{
    stream *s = &r->pool[i];
    nlt_status status = flush(r, s, err);
    clear_stream(r, s);
    unlink_use(r, s);
    uint32_t *link = &r->slots[s->slot];
    while (*link != i) {
        link = &r->pool[*link].chain;
    }
    *link = s->chain;
    s->chain = r->free_list;
    r->free_list = i;
    r->bytes -= sizeof *s;
    return status;
}

static nlt_status take_stream(nlt_reassembly *r, uint32_t *out, nlt_error *err)
{
    if (r->free_list == NONE && r->n_pool == r->options.max_streams) {
        NLT_TRY(end_stream(r, r->oldest, err));
    }
    if (r->free_list != NONE) {
        *out = r->free_list;
        r->free_list = r->pool[*out].chain;
        return NLT_OK;
    }
    if (r->n_pool == r->pool_cap) {
        uint32_t cap = r->pool_cap > 0 ? r->pool_cap * 2 : 64;
        stream *pool = nlt_realloc_array(r->pool, cap, sizeof *pool);
        if (pool == NULL) {
            return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
        }
        r->pool = pool;
        r->pool_cap = cap;
    }
    *out = r->n_pool++;
    return NLT_OK;
}

/* The stream of this packet, made the newest; *is_new if it was none. */
static nlt_status find_stream(
    nlt_reassembly *r, const nlt_packet *packet, uint32_t *out, bool *is_new, nlt_error *err)
{
    stream_key key;
    memcpy(key.src, packet->src.bytes, 16);
    memcpy(key.dst, packet->dst.bytes, 16);
    key.src_port = packet->src_port;
    key.dst_port = packet->dst_port;
    key.family = packet->src.family;
    uint32_t slot =
        (uint32_t)nlt__hash((nlt_bytes){(const char *)&key, sizeof key}, 0) & (r->n_slots - 1);
    uint32_t i = r->slots[slot];
    while (i != NONE && memcmp(&r->pool[i].key, &key, sizeof key) != 0) {
        i = r->pool[i].chain;
    }
    *is_new = i == NONE;
    if (*is_new) {
        NLT_TRY(take_stream(r, &i, err));
        r->pool[i] =
            (stream){.key = key, .slot = slot, .chain = r->slots[slot], .birth = r->n_births++};
        r->slots[slot] = i;
        r->bytes += sizeof(stream);
    } else {
        unlink_use(r, &r->pool[i]);
    }
    link_newest(r, i);
    *out = i;
    return NLT_OK;
}

/* A SYN starts a stream, unless it is the one that started this. */
static nlt_status start_at_syn(
    nlt_reassembly *r, stream *s, bool is_new, uint32_t seq, nlt_error *err)
{
    if (!is_new && s->start_seq == seq) {
        return NLT_OK;
    }
    if (!is_new) {
        NLT_TRY(flush(r, s, err));
        s->birth = r->n_births++;
    }
    s->start_seq = seq;
    s->next_seq = seq;
    return NLT_OK;
}

/* Streams give way, oldest first, until what is held is within the limit. */
static nlt_status keep_limit(nlt_reassembly *r, nlt_error *err)
{
    while (r->bytes > r->options.max_bytes && r->oldest != NONE) {
        NLT_TRY(end_stream(r, r->oldest, err));
    }
    return NLT_OK;
}

nlt_status nlt__reassembly_add(nlt_reassembly *reassembly, const nlt_packet *packet,
    int64_t time_ns, bool has_time, int64_t number, nlt_error *err)
{
    nlt_reassembly *r = reassembly;
    origin from = {r->n_arrivals++, time_ns, number, has_time};
    bool is_syn = (packet->tcp_flags & NLT_TCP_SYN) != 0;
    bool is_reset = (packet->tcp_flags & NLT_TCP_RST) != 0;
    bool has_bytes = packet->payload_len > 0 && !is_reset;
    if (is_reset || (!is_syn && !has_bytes)) {
        r->counts.ignored++;
        return NLT_OK;
    }
    uint32_t i;
    bool is_new;
    NLT_TRY(find_stream(r, packet, &i, &is_new, err));
    stream *s = &r->pool[i];
    uint32_t seq = packet->tcp_seq + (is_syn ? 1 : 0);
    if (is_syn) {
        NLT_TRY(start_at_syn(r, s, is_new, seq, err));
    } else if (is_new) {
        s->start_seq = s->next_seq = seq;
    }
    nlt_bytes bytes = {(const char *)packet->payload, packet->payload_len};
    if (!has_bytes || (ahead(s, seq) <= 0 && !trim(s, seq, &bytes))) {
        r->counts.ignored++;
    } else if (ahead(s, seq) <= 0) {
        NLT_TRY(deliver(r, s, bytes, &from, err));
        NLT_TRY(drain(r, s, err));
    } else {
        NLT_TRY(hold(r, s, packet, seq, &from, err));
    }
    return keep_limit(r, err);
}

static int compare_births(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

nlt_status nlt__reassembly_end(nlt_reassembly *reassembly, nlt_error *err)
{
    nlt_reassembly *r = reassembly;
    int64_t(*order)[2] = nlt_alloc_zero((size_t)r->n_pool + 1, sizeof *order);
    if (order == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    size_t n = 0;
    for (uint32_t i = r->oldest; i != NONE; i = r->pool[i].newer) {
        order[n][0] = r->pool[i].birth;
        order[n++][1] = i;
    }
    qsort(order, n, sizeof *order, compare_births);
    nlt_status status = NLT_OK;
    for (size_t i = 0; i < n && status == NLT_OK; i++) {
        status = end_stream(r, (uint32_t)order[i][1], err);
    }
    nlt_free(order);
    return status;
}
