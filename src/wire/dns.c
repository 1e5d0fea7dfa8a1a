/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS messages. One function walks a name (RFC 1035 4.1.4); with a target it writes the text on the
 * way. Work is bounded: labels by 255 octets a name, pointers by a number, and the targets of
 * pointers only ever go down.
 */

#include "wire/dns.h"

#include <string.h>

#include "core/ip.h"
#include "core/num.h"
#include "core/simd.h"
#include "wire/load.h"

enum {
    NAME_MAX_OCTETS = 255,
    LABEL_MAX = 63,
    SHORT_LABEL_MAX = '-' - 1,
    WORD = 16, /* bytes that nlt__lower_name reads at once */
    POINTER_BITS = 0xc0,
    QUESTION_FIXED = 4,
    RECORD_FIXED = 10
};

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_DNAME = 39,
    TYPE_OPT = 41,
    TYPE_SPF = 99
};

/* Text of an octet that stands for itself, lower case; 0: it needs an escape. */
#define SELF(c) [c] = (c)
#define LOWER(c) [c] = (c) + 32
static const char plain_text[256] = {SELF('!'), SELF('#'), SELF('%'), SELF('&'), SELF('\''),
    SELF('*'), SELF('+'), SELF(','), SELF('-'), SELF('/'), SELF('0'), SELF('1'), SELF('2'),
    SELF('3'), SELF('4'), SELF('5'), SELF('6'), SELF('7'), SELF('8'), SELF('9'), SELF(':'),
    SELF('<'), SELF('='), SELF('>'), SELF('?'), LOWER('A'), LOWER('B'), LOWER('C'), LOWER('D'),
    LOWER('E'), LOWER('F'), LOWER('G'), LOWER('H'), LOWER('I'), LOWER('J'), LOWER('K'), LOWER('L'),
    LOWER('M'), LOWER('N'), LOWER('O'), LOWER('P'), LOWER('Q'), LOWER('R'), LOWER('S'), LOWER('T'),
    LOWER('U'), LOWER('V'), LOWER('W'), LOWER('X'), LOWER('Y'), LOWER('Z'), SELF('['), SELF(']'),
    SELF('^'), SELF('_'), SELF('`'), SELF('a'), SELF('b'), SELF('c'), SELF('d'), SELF('e'),
    SELF('f'), SELF('g'), SELF('h'), SELF('i'), SELF('j'), SELF('k'), SELF('l'), SELF('m'),
    SELF('n'), SELF('o'), SELF('p'), SELF('q'), SELF('r'), SELF('s'), SELF('t'), SELF('u'),
    SELF('v'), SELF('w'), SELF('x'), SELF('y'), SELF('z'), SELF('{'), SELF('|'), SELF('}'),
    SELF('~')};

static size_t put_decimal_escape(uint8_t octet, char *out)
{
    out[0] = '\\';
    out[1] = (char)('0' + octet / 100);
    out[2] = (char)('0' + octet / 10 % 10);
    out[3] = (char)('0' + octet % 10);
    return 4;
}

static size_t put_escaped_label(const uint8_t *p, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (plain_text[p[i]] != 0) {
            out[n++] = plain_text[p[i]];
        } else if (p[i] > 0x20 && p[i] < 0x7f) {
            out[n++] = '\\';
            out[n++] = (char)p[i];
        } else {
            n += put_decimal_escape(p[i], out + n);
        }
    }
    return n;
}

/* Most names: no pointers, short labels, only a-z 0-9 - _. The octets that tell labels' lengths are
 * below all of these, so that points can be written for them wherever they are; they are if there are
 * as many as labels. 0: another kind of name. */
static inline size_t put_host_name(const uint8_t *p, size_t len, size_t at, char *out, size_t *end)
{
    size_t stop = at;
    unsigned n_labels = 0;
    while (stop < len && p[stop] - 1U < SHORT_LABEL_MAX) {
        stop += p[stop] + (size_t)1;
        n_labels++;
    }
    size_t n = stop - at - 1;
    unsigned n_points = 0;
    if (n_labels == 0 || stop >= len || p[stop] != 0 || n + 2 > NAME_MAX_OCTETS || stop < WORD) {
        return 0;
    }
    bool is_host = nlt__lower_name(p + at + 1, n, out, &n_points);
    *end = stop + 1;
    return is_host && n_points + 1 == n_labels ? n : 0;
}

static inline size_t put_label(const uint8_t *p, size_t at, size_t len, char *out)
{
    unsigned n_points = 0;
    bool is_host = at + len >= WORD && nlt__lower_name(p + at, len, out, &n_points);
    return is_host && n_points == 0 ? len : put_escaped_label(p + at, len, out);
}

/* The name at `at`: its text to `out` unless NULL. 0: not sound; else the length (1 for none). */
static inline size_t walk_name(const uint8_t *p, size_t len, size_t at, char *out, size_t *end)
{
    size_t octets = 1; /* the root's */
    size_t n = 0;
    size_t limit = at; /* the next target must be below */
    unsigned n_pointers = 0;
    size_t n_host = out != NULL ? put_host_name(p, len, at, out, end) : 0;
    if (n_host > 0) {
        return n_host;
    }
    *end = 0;
    while (at < len) {
        size_t size = p[at++];
        if (size == 0) {
            *end = n_pointers == 0 ? at : *end;
            if (out == NULL || n == 0) {
                n = 2;
                if (out != NULL) {
                    out[0] = '.';
                }
            }
            return n - 1; /* the last dot is none of the text */
        }
        if (size <= LABEL_MAX) {
            octets += size + 1;
            if (octets > NAME_MAX_OCTETS || size > len - at) {
                return 0;
            }
            if (out != NULL) {
                n += put_label(p, at, size, out + n);
                out[n++] = '.';
            }
            at += size;
            continue;
        }
        if ((size & POINTER_BITS) != POINTER_BITS || at == len) {
            return 0;
        }
        size_t target = (size & LABEL_MAX) << 8 | p[at];
        *end = n_pointers == 0 ? at + 1 : *end;
        if (target >= limit || ++n_pointers > NLT_DNS_POINTERS_MAX) {
            return 0;
        }
        limit = target;
        at = target;
    }
    return 0;
}

size_t nlt__dns_name(nlt_bytes message, size_t at, char *out, size_t *end)
{
    return walk_name((const uint8_t *)message.ptr, message.len, at, out, end);
}

static uint8_t flag_bits(uint16_t raw)
{
    return (uint8_t)((raw >> 5 & 0x38) /* AA TC RD: bits 10 to 8 */
        | (raw >> 5 & NLT_DNS_RA)      /* bit 7 */
        | (raw >> 4 & 0x03));          /* AD CD: bits 5 and 4 */
}

/* Fixed fields of a record whose owner name ends at `at`; false: beyond the message. */
static inline bool read_fixed(const uint8_t *p, size_t len, size_t at, nlt_dns_record *record)
{
    if (len - at < RECORD_FIXED) {
        return false;
    }
    record->type = nlt__load_be16(p + at);
    record->class_ = nlt__load_be16(p + at + 2);
    record->ttl_s = nlt__load_be32(p + at + 4);
    record->rdata_len = nlt__load_be16(p + at + 8);
    record->rdata_at = (uint32_t)(at + RECORD_FIXED);
    return record->rdata_len <= len - at - RECORD_FIXED;
}

/* Checks and reads the record at *at and moves behind it. `sound` is a name known to be sound. */
static bool read_record(
    const uint8_t *p, size_t len, size_t sound, size_t *at, nlt_dns_record *record)
{
    size_t end;
    if (len - *at >= 2 && p[*at] == POINTER_BITS && p[*at + 1] == sound) {
        end = *at + 2;
    } else if (walk_name(p, len, *at, NULL, &end) == 0) {
        return false;
    }
    if (!read_fixed(p, len, end, record)) {
        return false;
    }
    record->at = (uint32_t)*at;
    *at = (size_t)record->rdata_at + record->rdata_len;
    return true;
}

/* Most owners are a pointer to the first question, whose name has been found sound. */
static size_t sound_name(const nlt_dns *dns)
{
    return dns->has_question ? NLT_DNS_HEADER_BYTES : SIZE_MAX;
}

/* RFC 6891 6.1.3: the upper eight bits of the result code. */
static void read_edns(nlt_dns *out)
{
    size_t n = (size_t)out->n_authority + out->n_additional;
    size_t sound = sound_name(out);
    size_t at = out->answers_end;
    for (size_t i = 0; i < n; i++) {
        nlt_dns_record record;
        if (!read_record(out->bytes, out->len, sound, &at, &record)) {
            return;
        }
        if (record.type == TYPE_OPT && i >= out->n_authority) {
            out->rcode = (uint16_t)(out->rcode | (record.ttl_s >> 24 << 4));
            out->has_edns = true;
            return;
        }
    }
}

/* All questions; the first one is kept. */
static bool read_questions(nlt_dns *out, bool is_mdns, size_t *at)
{
    out->has_question = false;
    out->query_len = 0;
    out->qtype = 0;
    out->qclass = 0;
    for (size_t i = 0; i < out->n_questions; i++) {
        size_t end;
        size_t n = walk_name(out->bytes, out->len, *at, i == 0 ? out->query : NULL, &end);
        if (n == 0 || out->len - end < QUESTION_FIXED) {
            return false;
        }
        if (i == 0) {
            out->has_question = true;
            out->query_len = (uint16_t)n;
            out->qtype = nlt__load_be16(out->bytes + end);
            uint16_t mask = is_mdns ? 0x7fff : 0xffff;
            out->qclass = nlt__load_be16(out->bytes + end + 2) & mask;
        }
        *at = end + QUESTION_FIXED;
    }
    return true;
}

nlt_dns_status nlt__dns_decode_basic(nlt_bytes message, bool is_mdns, nlt_dns *out)
{
    const uint8_t *p = (const uint8_t *)message.ptr;
    if (message.len < NLT_DNS_HEADER_BYTES) {
        return NLT_DNS_SHORT;
    }
    out->bytes = p;
    out->len = message.len;
    out->id = nlt__load_be16(p);
    out->flags_raw = nlt__load_be16(p + 2);
    out->n_questions = nlt__load_be16(p + 4);
    out->n_answers = nlt__load_be16(p + 6);
    out->n_authority = nlt__load_be16(p + 8);
    out->n_additional = nlt__load_be16(p + 10);
    out->is_response = (out->flags_raw & 0x8000) != 0;
    out->opcode = out->flags_raw >> 11 & 15;
    out->flags = flag_bits(out->flags_raw);
    out->rcode = out->flags_raw & 15;
    out->has_edns = false;
    size_t at = NLT_DNS_HEADER_BYTES;
    if (!read_questions(out, is_mdns, &at)) {
        return NLT_DNS_BAD_QUESTION;
    }
    size_t sound = sound_name(out);
    out->answers_at = (uint32_t)at;
    for (size_t i = 0; i < out->n_answers; i++) {
        nlt_dns_record record;
        if (!read_record(p, message.len, sound, &at, &record)) {
            return NLT_DNS_BAD_ANSWER;
        }
    }
    out->answers_end = (uint32_t)at;
    return NLT_DNS_OK;
}

nlt_dns_status nlt__dns_decode(nlt_bytes message, bool is_mdns, nlt_dns *out)
{
    nlt_dns_status status = nlt__dns_decode_basic(message, is_mdns, out);
    if (status == NLT_DNS_OK && out->is_response) {
        read_edns(out);
    }
    return status;
}

void nlt__dns_next_answer(const nlt_dns *dns, uint32_t *at, nlt_dns_record *record)
{
    const uint8_t *p = dns->bytes;
    size_t end = *at;
    while (p[end] != 0 && p[end] <= LABEL_MAX) {
        end += (size_t)p[end] + 1;
    }
    end += p[end] == 0 ? 1 : 2;
    (void)read_fixed(p, dns->len, end, record);
    record->at = *at;
    *at = record->rdata_at + record->rdata_len;
}

/* "\# LENGTH HEX" of RFC 3597 5. */
static size_t put_generic(const uint8_t *p, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 3;
    memcpy(out, "\\# ", 3);
    n += nlt__format_u64(len, out + n);
    if (len > 0) {
        out[n++] = ' ';
    }
    for (size_t i = 0; i < len; i++) {
        out[n++] = digits[p[i] >> 4];
        out[n++] = digits[p[i] & 15];
    }
    return n;
}

static size_t put_strings(const uint8_t *p, size_t len, char *out)
{
    size_t n = 0;
    for (size_t at = 0; at < len;) {
        size_t size = p[at++];
        if (size > len - at) {
            return 0;
        }
        if (n > 0) {
            out[n++] = ' ';
        }
        out[n++] = '"';
        for (const uint8_t *end = p + at + size; p + at < end; at++) {
            if (p[at] < 0x20 || p[at] > 0x7e) {
                n += put_decimal_escape(p[at], out + n);
                continue;
            }
            if (p[at] == '"' || p[at] == '\\') {
                out[n++] = '\\';
            }
            out[n++] = (char)p[at];
        }
        out[n++] = '"';
    }
    return n;
}

static size_t put_address(const uint8_t *p, size_t len, uint8_t family, char *out)
{
    nlt_ip ip = {{0}, family};
    if (len != (family == 4 ? 4 : 16)) {
        return 0;
    }
    memcpy(ip.bytes, p, len);
    return nlt__ip_format(&ip, out);
}

/* Types that are 16-bit numbers, names and 32-bit numbers in this order. */
static const struct {
    uint16_t type;
    uint8_t n_shorts;
    uint8_t n_names;
    uint8_t n_longs;
} name_layouts[] = {
    {TYPE_CNAME, 0, 1, 0},
    {TYPE_NS, 0, 1, 0},
    {TYPE_PTR, 0, 1, 0},
    {TYPE_DNAME, 0, 1, 0},
    {TYPE_MX, 1, 1, 0},
    {TYPE_SRV, 3, 1, 0},
    {TYPE_SOA, 0, 2, 5},
};

static size_t put_fields(const nlt_dns *dns, const nlt_dns_record *record, size_t layout, char *out)
{
    const uint8_t *p = dns->bytes;
    size_t at = record->rdata_at;
    size_t rdata_end = at + record->rdata_len;
    size_t n = 0;
    for (unsigned i = 0; i < name_layouts[layout].n_shorts; i++, at += 2) {
        if (rdata_end - at < 2) {
            return 0;
        }
        n += nlt__format_u64(nlt__load_be16(p + at), out + n);
        out[n++] = ' ';
    }
    for (unsigned i = 0; i < name_layouts[layout].n_names; i++) {
        size_t len = walk_name(p, dns->len, at, out + n, &at);
        if (len == 0 || at > rdata_end) {
            return 0;
        }
        n += len;
        out[n++] = ' ';
    }
    for (unsigned i = 0; i < name_layouts[layout].n_longs; i++, at += 4) {
        if (rdata_end - at < 4) {
            return 0;
        }
        n += nlt__format_u64(nlt__load_be32(p + at), out + n);
        out[n++] = ' ';
    }
    return at == rdata_end ? n - 1 : 0;
}

/* 0: the data do not fit the type, or it has no form of its own. */
static size_t put_typed(const nlt_dns *dns, const nlt_dns_record *record, char *out)
{
    const uint8_t *p = dns->bytes + record->rdata_at;
    switch (record->type) {
    case TYPE_A:
        return put_address(p, record->rdata_len, 4, out);
    case TYPE_AAAA:
        return put_address(p, record->rdata_len, 6, out);
    case TYPE_TXT:
    case TYPE_SPF:
        return put_strings(p, record->rdata_len, out);
    default:
        break;
    }
    for (size_t i = 0; i < sizeof name_layouts / sizeof name_layouts[0]; i++) {
        if (name_layouts[i].type == record->type) {
            return put_fields(dns, record, i, out);
        }
    }
    return 0;
}

size_t nlt__dns_rdata_text(const nlt_dns *dns, const nlt_dns_record *record, char *out)
{
    size_t n = put_typed(dns, record, out);
    return n > 0 ? n : put_generic(dns->bytes + record->rdata_at, record->rdata_len, out);
}
