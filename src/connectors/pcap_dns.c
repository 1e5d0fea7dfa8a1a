/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages in captures: one row per query and its response.
 *
 * Packets that hold a whole message become records at once, on all threads; fragments and TCP
 * segments are put together file by file first. Then queries wait for their responses. */

#include <stddef.h>
#include <string.h>

#include "connectors/connector.h"
#include "connectors/open_rows.h"
#include "connectors/probe.h"
#include "core/alloc.h"
#include "core/hash.h"
#include "core/num.h"
#include "wire/capture.h"
#include "wire/dns.h"
#include "wire/fragments.h"
#include "wire/reassembly.h"

#define QUERY_AGE_NS INT64_C(10000000000)

/* ---- messages ---- */

/* The body of a record: what rows need of a message. Behind it stand its key and the raw message. */
typedef struct message {
    uint32_t answers_at; /* in the raw message */
    uint16_t qclass;
    uint16_t rcode;
    uint16_t n_answers;
    uint16_t key_len;
    uint16_t raw_len; /* 0: the answers are not asked for, or there are none */
    uint8_t flags;
    uint8_t traits; /* HAS_TIME ... */
} message;

enum { HAS_TIME = 1, HAS_QUESTION = 2, IS_RESPONSE = 4, IS_IPV6 = 8 };

/* How a key begins; then come the addresses of client and server, 4 or 16 bytes each, and the query. */
typedef struct key_head {
    uint16_t c_port;
    uint16_t s_port;
    uint16_t id;
    uint16_t qtype;
} key_head;

enum { KEY_MAX = sizeof(key_head) + 2 * 16 + NLT_DNS_NAME_TEXT_MAX };

static size_t ip_bytes(const message *m)
{
    return (m->traits & IS_IPV6) != 0 ? 16 : 4;
}

static const char *key_of(const message *m)
{
    return (const char *)(m + 1);
}

static nlt_bytes query_of(const message *m)
{
    size_t before = sizeof(key_head) + 2 * ip_bytes(m);
    return (nlt_bytes){key_of(m) + before, m->key_len - before};
}

static const uint8_t *raw_of(const message *m)
{
    return (const uint8_t *)key_of(m) + m->key_len;
}

/* Eight bytes at a time, up to seven more than `len`; no call. */
static inline void copy_words(void *to, const void *from, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word;
        memcpy(&word, (const char *)from + i, sizeof word);
        memcpy((char *)to + i, &word, sizeof word);
    }
}

/* What rows are asked to tell. */
typedef struct wanted {
    bool answers;
    bool rcode;
} wanted;

static wanted wanted_of(const nlt_builder *out)
{
    return (wanted){.answers = nlt_wants(out, NLT_DNS_ANSWERS)
            || nlt_wants(out, NLT_DNS_ANSWER_TYPES) || nlt_wants(out, NLT_DNS_ANSWER_TTLS),
        .rcode = nlt_wants(out, NLT_DNS_RESP_CODE)};
}

/* A DNS message and where it was seen. The ports are apart: side by side they would be copied as one
 * word from where they were stored as two, for which the processor waits. */
typedef struct sighting {
    nlt_bytes bytes;
    const nlt_ip *src;
    uint16_t src_port;
    const nlt_ip *dst;
    uint16_t dst_port;
    bool has_time;
    int64_t time_ns;
    int64_t row_key;
} sighting;

/* Bits that all messages of a key share, whichever way they go: known before the name is. */
static uint64_t hash_before_name(const sighting *seen)
{
    uint64_t src[2];
    uint64_t dst[2];
    uint16_t id;
    memcpy(src, seen->src->bytes, sizeof src);
    memcpy(dst, seen->dst->bytes, sizeof dst);
    memcpy(&id, seen->bytes.ptr, sizeof id);
    uint64_t both = src[0] + dst[0] + (src[1] ^ dst[1]);
    uint64_t ports = (uint64_t)seen->src_port + seen->dst_port;
    return (both ^ ports << 40 ^ (uint64_t)id << 16) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Writes what stands in a key before the name; its length. */
static size_t write_ends(const sighting *seen, bool is_response, char *key)
{
    const nlt_ip *client = is_response ? seen->dst : seen->src;
    const nlt_ip *server = is_response ? seen->src : seen->dst;
    size_t n = client->family == 6 ? 16 : 4;
    memcpy(key + sizeof(key_head), client->bytes, 16); /* of which 4 may count */
    memcpy(key + sizeof(key_head) + n, server->bytes, 16);
    return sizeof(key_head) + 2 * n;
}

static void write_head(const sighting *seen, const nlt_dns *dns, char *key)
{
    bool is_response = dns->is_response;
    key_head head = {.c_port = is_response ? seen->dst_port : seen->src_port,
        .s_port = is_response ? seen->src_port : seen->dst_port,
        .id = dns->id,
        .qtype = dns->qtype};
    memcpy(key, &head, sizeof head);
}

/* The hash of a key; its share is that of the bits that were known before. */
static uint64_t hash_of(const char *key, size_t len, uint64_t before)
{
    const uint64_t share = UINT64_C(0xf) << 60;
    return (before & share) | (nlt__hash((nlt_bytes){key, len}, 0) & ~share);
}

/* Puts a record. The name is decoded where its record will have it. False: the bytes are no DNS
 * message. */
static bool put_message(const sighting *seen, wanted want, nlt_records *records)
{
    if (seen->bytes.len < NLT_DNS_HEADER_BYTES) {
        return false;
    }
    bool is_mdns = seen->src_port == NLT_PORT_MDNS || seen->dst_port == NLT_PORT_MDNS;
    uint64_t before = hash_before_name(seen);
    nlt_record *record = nlt__record_begin(
        records, before, sizeof(message) + KEY_MAX + 16 + (want.answers ? seen->bytes.len : 0));
    if (record == NULL) {
        return true;
    }
    message *body = (message *)(void *)record->body;
    char *key = (char *)(body + 1);
    bool is_response = ((uint8_t)seen->bytes.ptr[2] & 0x80) != 0;
    size_t key_len = write_ends(seen, is_response, key);
    nlt_dns dns;
    dns.query = key + key_len;
    nlt_dns_status status = want.rcode ? nlt__dns_decode(seen->bytes, is_mdns, &dns)
                                       : nlt__dns_decode_basic(seen->bytes, is_mdns, &dns);
    if (status != NLT_DNS_OK) {
        return false;
    }
    write_head(seen, &dns, key);
    key_len += dns.query_len;
    bool keeps_raw = want.answers && is_response && dns.n_answers > 0;
    size_t raw_len = keeps_raw ? seen->bytes.len : 0;
    record->time = seen->time_ns;
    record->row_key = seen->row_key;
    record->kind = 0;
    *body = (message){.qclass = dns.qclass,
        .rcode = dns.rcode,
        .n_answers = dns.n_answers,
        .key_len = (uint16_t)key_len,
        .raw_len = (uint16_t)raw_len,
        .answers_at = dns.answers_at,
        .flags = dns.flags,
        .traits = (uint8_t)((seen->has_time ? HAS_TIME : 0) | (dns.has_question ? HAS_QUESTION : 0)
            | (is_response ? IS_RESPONSE : 0) | (seen->src->family == 6 ? IS_IPV6 : 0))};
    if (keeps_raw) {
        memcpy(key + key_len, seen->bytes.ptr, raw_len);
    }
    record->hash = hash_of(key, key_len, before);
    nlt__record_end(records, record, (uint32_t)(sizeof(message) + key_len + raw_len));
    return true;
}

/* ---- packets ---- */

static nlt_row reject(nlt_row row, nlt_reject_reason *reason, nlt_reject_reason why)
{
    *reason = why;
    return row;
}

static sighting sighting_of(const nlt_packet *packet)
{
    return (sighting){.bytes = {(const char *)packet->payload, packet->payload_len},
        .src = &packet->src,
        .dst = &packet->dst,
        .src_port = packet->src_port,
        .dst_port = packet->dst_port};
}

/* A decoded packet that is no fragment and not TCP. */
static nlt_row judge_packet(nlt_packet_status status, const sighting *seen, wanted want,
    nlt_records *records, nlt_reject_reason *reason)
{
    switch (status) {
    case NLT_PACKET_UDP:
        return put_message(seen, want, records)
            ? NLT_ROW_USED
            : reject(NLT_ROW_REJECTED, reason, NLT_REJECT_NOT_DNS);
    case NLT_PACKET_CUT:
        return reject(NLT_ROW_REJECTED, reason, NLT_REJECT_TRUNCATED_PACKET);
    case NLT_PACKET_SHORT:
        return reject(NLT_ROW_REJECTED, reason, NLT_REJECT_NOT_DNS);
    case NLT_PACKET_LINK:
        return NLT_ROW_UNKNOWN_LINK;
    case NLT_PACKET_TCP:
    case NLT_PACKET_FRAGMENT:
    case NLT_PACKET_IGNORED:
        break;
    }
    return NLT_ROW_IGNORED;
}

static nlt_row pcap_dns_packet(
    nlt_line_ctx *ctx, const nlt_capture_record *record, nlt_builder *out)
{
    nlt_packet packet;
    nlt_bytes frame = {(const char *)record->data, record->data_len};
    nlt_packet_status status =
        nlt__packet_decode(record->link_type, frame, record->is_big_endian, &packet);
    if (status == NLT_PACKET_TCP || status == NLT_PACKET_FRAGMENT) {
        return NLT_ROW_HELD;
    }
    sighting seen = sighting_of(&packet);
    seen.has_time = record->has_time;
    seen.time_ns = record->time_ns;
    seen.row_key = ctx->row_key;
    return judge_packet(status, &seen, wanted_of(out), ctx->records, &ctx->reason);
}

/* ---- fragments and streams ---- */

typedef struct assembly {
    nlt_fragments *fragments;
    nlt_reassembly *streams;
    wanted want;
    nlt_records *records;    /* of the call */
    nlt_piece_counts counts; /* without those of the streams */
    int64_t n_pieces;
    int64_t number;     /* of the packet whose messages came last */
    int64_t n_messages; /* in it so far */
} assembly;

/* Several messages of a packet: each has a place of its own in the dataset's order. */
static nlt_status take_stream_message(
    void *user, const nlt_stream_message *seen, bool *is_dns, nlt_error *err)
{
    (void)err; /* a shortage of memory is left in the records */
    assembly *a = user;
    a->n_messages = seen->number == a->number ? a->n_messages + 1 : 0;
    a->number = seen->number;
    sighting sighted = {.bytes = seen->bytes,
        .src = &seen->src,
        .dst = &seen->dst,
        .src_port = seen->src_port,
        .dst_port = seen->dst_port,
        .has_time = seen->has_time,
        .time_ns = seen->time_ns,
        .row_key = seen->number + a->n_messages};
    *is_dns = put_message(&sighted, a->want, a->records);
    return NLT_OK;
}

static void assembly_close(void *state)
{
    assembly *a = state;
    if (a != NULL) {
        nlt__fragments_free(a->fragments);
        nlt__reassembly_free(a->streams);
        nlt_free(a);
    }
}

static nlt_status assembly_open(const nlt_builder *out, void **state, nlt_error *err)
{
    static const nlt_fragments_options fragments = NLT_FRAGMENTS_OPTIONS_INIT;
    static const nlt_reassembly_options streams = NLT_REASSEMBLY_OPTIONS_INIT;
    *state = NULL;
    assembly *a = nlt_alloc_zero(1, sizeof *a);
    if (a == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    a->want = wanted_of(out);
    a->number = -1;
    nlt_status status = nlt__fragments_new(&fragments, &a->fragments, err);
    if (status == NLT_OK) {
        status = nlt__reassembly_new(&streams, take_stream_message, a, &a->streams, err);
    }
    if (status != NLT_OK) {
        assembly_close(a);
        return status;
    }
    *state = a;
    return NLT_OK;
}

static nlt_status take_segment(
    assembly *a, const nlt_packet *packet, const nlt_record *piece, nlt_error *err)
{
    return nlt__reassembly_add(a->streams, packet, piece->time,
        (piece->kind & NLT_PIECE_HAS_TIME) != 0, piece->row_key, err);
}

/* A datagram of several fragments: of a segment's, all but one count as ignored. */
static nlt_status take_datagram(assembly *a, const nlt_datagram *whole, nlt_packet *packet,
    const nlt_record *piece, nlt_error *err)
{
    nlt_packet_status status = nlt__packet_transport(whole->payload, packet);
    if (status == NLT_PACKET_TCP) {
        return take_segment(a, packet, piece, err);
    }
    sighting seen = sighting_of(packet);
    seen.has_time = (piece->kind & NLT_PIECE_HAS_TIME) != 0;
    seen.time_ns = piece->time;
    seen.row_key = piece->row_key;
    nlt_reject_reason reason = NLT_REJECT_OTHER;
    nlt_row verdict = judge_packet(status, &seen, a->want, a->records, &reason);
    if (verdict == NLT_ROW_USED) {
        a->counts.used += whole->n_fragments;
    } else if (verdict == NLT_ROW_REJECTED) {
        a->counts.by_reason[reason] += whole->n_fragments;
    }
    return NLT_OK;
}

static nlt_status assembly_take(
    void *state, const nlt_record *piece, nlt_records *records, nlt_error *err)
{
    assembly *a = state;
    nlt_packet packet;
    nlt_bytes frame = {(const char *)piece->body, piece->len};
    a->records = records;
    a->n_pieces++;
    if (nlt__packet_decode(piece->kind & NLT_PIECE_LINK_MASK, frame,
            (piece->kind & NLT_PIECE_BIG_ENDIAN) != 0, &packet)
        == NLT_PACKET_TCP) {
        return take_segment(a, &packet, piece, err);
    }
    nlt_fragments_status status = NLT_FRAGMENTS_HELD;
    nlt_datagram whole = {.n_fragments = 0};
    NLT_TRY(nlt__fragments_add(a->fragments, &packet, piece->time, &status, &whole, err));
    return status == NLT_FRAGMENTS_WHOLE ? take_datagram(a, &whole, &packet, piece, err) : NLT_OK;
}

static nlt_status assembly_end(
    void *state, nlt_records *records, nlt_piece_counts *counts, nlt_error *err)
{
    assembly *a = state;
    a->records = records;
    NLT_TRY(nlt__reassembly_end(a->streams, err));
    nlt_reassembly_counts streams = nlt__reassembly_totals(a->streams);
    *counts = a->counts;
    counts->used += streams.used;
    counts->by_reason[NLT_REJECT_NOT_DNS] += streams.not_dns;
    counts->by_reason[NLT_REJECT_TRUNCATED_PACKET] += streams.truncated;
    counts->ignored = a->n_pieces - counts->used;
    for (int i = 0; i < NLT_REJECT_COUNT; i++) {
        counts->ignored -= counts->by_reason[i];
    }
    return NLT_OK;
}

static const nlt_assembly dns_assembly = {
    .open = assembly_open, .close = assembly_close, .take = assembly_take, .end = assembly_end};

/* ---- rows ---- */

/* A query that waits for its response. */
typedef struct open_query {
    nlt_open_row open; /* its time is the first query's; newer: the next spare one */
    int64_t row_key;
    message query; /* and its key: room for SHORT_KEY bytes or more */
} open_query;

enum { SHORT_KEY = 96 };

typedef struct dns_state {
    nlt_open_rows open;
    nlt_open_row *spare; /* not in use, for keys of up to SHORT_KEY bytes */
    nlt_buf text;        /* of one answer's data */
} dns_state;

static void put_ip(nlt_builder *out, int column, const message *m, size_t at)
{
    char text[NLT_IP_TEXT_MAX];
    if (nlt_wants(out, column)) {
        nlt_ip ip = {.family = (m->traits & IS_IPV6) != 0 ? 6 : 4};
        memcpy(ip.bytes, key_of(m) + at, ip_bytes(m));
        nlt_put_clean_copy(out, column, (nlt_bytes){text, nlt__ip_format(&ip, text)});
    }
}

/* Texts are ASCII. */
static void put_ids(nlt_builder *out, const message *m)
{
    char storage[32];
    key_head head;
    memcpy(&head, key_of(m), sizeof head);
    put_ip(out, NLT_DNS_C_IP, m, sizeof head);
    put_ip(out, NLT_DNS_S_IP, m, sizeof head + ip_bytes(m));
    nlt_put_i64(out, NLT_DNS_C_PORT, head.c_port);
    nlt_put_i64(out, NLT_DNS_S_PORT, head.s_port);
    if (nlt_wants(out, NLT_DNS_TRANS_ID)) {
        nlt_put_clean_copy(
            out, NLT_DNS_TRANS_ID, (nlt_bytes){storage, nlt__format_i64(head.id, storage)});
    }
    if ((m->traits & HAS_QUESTION) == 0) {
        return;
    }
    nlt_put_clean_copy(out, NLT_DNS_QUERY, query_of(m));
    if (nlt_wants(out, NLT_DNS_REQ_TYPE)) {
        nlt_put_clean_copy(out, NLT_DNS_REQ_TYPE, nlt__dns_type_name(head.qtype, storage));
    }
    if (nlt_wants(out, NLT_DNS_REQ_CLASS)) {
        nlt_put_clean_copy(out, NLT_DNS_REQ_CLASS, nlt__dns_class_name(m->qclass, storage));
    }
}

static void add_rdata(
    dns_state *state, const nlt_dns *dns, const nlt_dns_record *answer, nlt_builder *out)
{
    state->text.len = 0;
    nlt_status status = nlt__buf_reserve(&state->text, nlt__dns_rdata_text_max(answer), NULL);
    if (status != NLT_OK) {
        out->failed = status;
        return;
    }
    size_t len = nlt__dns_rdata_text(dns, answer, state->text.ptr);
    nlt_add_clean_copy(out, NLT_DNS_ANSWERS, (nlt_bytes){state->text.ptr, len});
}

static void put_answers(dns_state *state, const message *m, nlt_builder *out)
{
    if (m->raw_len == 0) {
        return;
    }
    nlt_dns dns;
    dns.bytes = raw_of(m);
    dns.len = m->raw_len;
    dns.n_answers = m->n_answers;
    dns.answers_at = m->answers_at;
    uint32_t at = m->answers_at;
    for (int i = 0; i < m->n_answers; i++) {
        char storage[NLT_DNS_MNEMONIC_MAX];
        nlt_dns_record answer;
        nlt__dns_next_answer(&dns, &at, &answer);
        nlt_add_i64(out, NLT_DNS_ANSWER_TTLS, answer.ttl_s);
        nlt_add_clean_copy(out, NLT_DNS_ANSWER_TYPES, nlt__dns_type_name(answer.type, storage));
        if (nlt_wants(out, NLT_DNS_ANSWERS)) {
            add_rdata(state, &dns, &answer, out);
        }
    }
}

static void put_time(nlt_builder *out, int column, const message *m, int64_t time_ns)
{
    if ((m->traits & HAS_TIME) != 0 && nlt_wants(out, column)) {
        nlt_put_double(out, column, nlt__capture_seconds(time_ns));
    }
}

static void put_response(dns_state *state, const nlt_record *record, nlt_builder *out)
{
    char storage[NLT_DNS_MNEMONIC_MAX];
    const message *m = (const message *)(const void *)record->body;
    put_time(out, NLT_DNS_RESP_TIME, m, record->time);
    nlt_put_i64(out, NLT_DNS_FLAGS_RESP, m->flags);
    if (nlt_wants(out, NLT_DNS_RESP_CODE)) {
        nlt_put_clean_copy(out, NLT_DNS_RESP_CODE, nlt__dns_rcode_name(m->rcode, storage));
    }
    put_answers(state, m, out);
}

/* A row of a query, a response (`record`), or both; one of them may be NULL. */
static void put_row(
    dns_state *state, const open_query *query, const nlt_record *record, nlt_builder *out)
{
    nlt_put_list(out, NLT_DNS_ANSWERS);
    nlt_put_list(out, NLT_DNS_ANSWER_TYPES);
    nlt_put_list(out, NLT_DNS_ANSWER_TTLS);
    if (query != NULL) {
        put_ids(out, &query->query);
        put_time(out, NLT_DNS_REQ_TIME, &query->query, query->open.time);
        nlt_put_i64(out, NLT_DNS_FLAGS_REQ, query->query.flags);
    }
    if (record != NULL && query == NULL) {
        const message *m = (const message *)(const void *)record->body;
        put_ids(out, m);
        put_time(out, NLT_DNS_REQ_TIME, m, record->time);
    }
    if (record != NULL) {
        put_response(state, record, out);
    }
    (void)nlt__row_end(out, query != NULL ? query->row_key : record->row_key);
}

/* ---- pairing ---- */

static nlt_status dns_open(const nlt_builder *out, void **state, nlt_error *err)
{
    (void)out;
    dns_state *opened = nlt_alloc_zero(1, sizeof *opened);
    *state = opened;
    if (opened == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    opened->text = (nlt_buf)NLT_BUF_INIT(1 << 20);
    return NLT_OK;
}

static void free_query(nlt_open_row *row)
{
    nlt_free(row);
}

static open_query *new_query(dns_state *state, size_t key_len)
{
    open_query *query = (open_query *)state->spare;
    if (key_len > SHORT_KEY || query == NULL) {
        size_t room = key_len > SHORT_KEY ? key_len : SHORT_KEY;
        return nlt_alloc(sizeof *query + room + 8);
    }
    state->spare = query->open.newer;
    return query;
}

static void end_query(dns_state *state, open_query *query)
{
    if (query->query.key_len > SHORT_KEY) {
        nlt_free(query);
    } else {
        query->open.newer = state->spare;
        state->spare = &query->open;
    }
}

static void dns_close(void *state)
{
    dns_state *s = state;
    if (s != NULL) {
        nlt__open_rows_clear(&s->open, free_query);
        while (s->spare != NULL) {
            nlt_open_row *next = s->spare->newer;
            nlt_free(s->spare);
            s->spare = next;
        }
        nlt__buf_clear(&s->text);
        nlt_free(s);
    }
}

static bool is_of_key(const nlt_open_row *row, const void *key)
{
    const message *a = &((const open_query *)row)->query;
    const message *b = key;
    return a->key_len == b->key_len && ((a->traits ^ b->traits) & IS_IPV6) == 0
        && memcmp(key_of(a), key_of(b), a->key_len) == 0;
}

static void open_a_query(dns_state *state, const nlt_record *record, nlt_builder *out)
{
    const message *m = (const message *)(const void *)record->body;
    open_query *query = new_query(state, m->key_len);
    if (query == NULL) {
        out->failed = NLT_ERR_NOMEM;
        return;
    }
    query->row_key = record->row_key;
    char *to = (char *)query + offsetof(open_query, query); /* its key comes behind it */
    copy_words(to, m, sizeof *m + m->key_len);              /* records are padded to words */
    if (!nlt__open_rows_add(&state->open, &query->open, record->hash, record->time)) {
        end_query(state, query);
        out->failed = NLT_ERR_NOMEM;
    }
}

static bool dns_expire(void *state, int64_t now, nlt_builder *out)
{
    dns_state *s = state;
    nlt_open_row *row = NULL;
    while ((row = nlt__open_rows_expired(&s->open, now, QUERY_AGE_NS)) != NULL) {
        if (nlt__is_full(out)) {
            return true;
        }
        put_row(s, (open_query *)row, NULL, out);
        nlt__open_rows_remove(&s->open, row);
        end_query(s, (open_query *)row);
    }
    return false;
}

static void dns_fetch(const void *state, uint64_t hash)
{
    nlt__open_rows_fetch(&((const dns_state *)state)->open, hash);
}

/* A query that is open is at most QUERY_AGE_NS old: older ones have expired. */
static nlt_row dns_take(void *state, const nlt_record *record, nlt_builder *out)
{
    dns_state *s = state;
    const message *m = (const message *)(const void *)record->body;
    open_query *query = (open_query *)nlt__open_rows_find(&s->open, record->hash, is_of_key, m);
    if ((m->traits & IS_RESPONSE) != 0) {
        put_row(s, query, record, out);
        if (query != NULL) {
            nlt__open_rows_remove(&s->open, &query->open);
            end_query(s, query);
        }
    } else if (query == NULL) {
        open_a_query(s, record, out);
    }
    return NLT_ROW_USED;
}

static const nlt_pairing dns_pairing = {.open = dns_open,
    .close = dns_close,
    .expire = dns_expire,
    .take = dns_take,
    .fetch = dns_fetch,
    .assembly = &dns_assembly};

static const char *const pcap_layouts[] = {"*.%Y%m%d.%H%M%S.%u"};
static const char *const tstat_layouts[] = {"*/*/%Y_%m_%d*/*/udp_dns.pcap*"};

const nlt_connector nlt_connector_pcap_dns = {
    .class_name = "connectors.PCAP_to_DNS.PCAP_To_DNS",
    .alias = "pcap:DNS",
    .tool = "dnscap, tcpdump or Wireshark",
    .table = &nlt_table_dns,
    .layouts = pcap_layouts,
    .n_layouts = 1,
    .packet = pcap_dns_packet,
    .probe = pcap_probe,
    .pairing = &dns_pairing,
    .summary = "captures (pcap, pcapng): one row per DNS query, with its response",
    .note = "UDP and TCP, ports 53 and 5353. Days are those in the files' names: the UTC day on "
            "which each file begins.",
};

const nlt_connector nlt_connector_tstat_pcap_dns = {
    .class_name = "connectors.PCAP_to_DNS.TSTAT_PCAP_To_DNS",
    .alias = "tstat_pcap:DNS",
    .tool = "Tstat",
    .table = &nlt_table_dns,
    .layouts = tstat_layouts,
    .n_layouts = 1,
    .packet = pcap_dns_packet,
    .probe = pcap_probe,
    .pairing = &dns_pairing,
    .summary = "udp_dns.pcap of Tstat's runs: one row per DNS query, with its response",
    .note = "Days are those in the names of the runs' folders: the probe's local days.",
};
