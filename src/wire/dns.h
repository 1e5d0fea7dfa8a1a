/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_WIRE_DNS_H
#define NLT_WIRE_DNS_H

/**
 * DNS messages: header, questions, answers, the upper bits of the result code from EDNS.
 *
 * nlt__dns_decode makes every check that can reject a message, so that what is asked for afterwards
 * never changes which messages count: all questions and all records of the answer section must lie
 * within the message, with names that decode. Data of records are not looked at: what does not fit
 * its type is written as RFC 3597 does. Authority and additional records are read as far as they
 * decode, for the OPT record only. Trailing bytes do not matter.
 *
 * Names: a pointer must lead below the start of its name, a further one below the last target; at
 * most 255 octets, labels at most 63, at most NLT_DNS_POINTERS_MAX pointers (a name of 127 labels
 * needs less). Text: bytes 0x21-0x7e as they are, with "\" before . " \ ( ) ; @ $ inside a label,
 * all others \DDD; lower case; no final dot; the root is ".".
 *
 * @source RFC 1035, 3596, 2782, 6672, 6891, 6895, 3597, 4343; formats.md 6
 * @thread safe; pure functions, no allocation
 */

#include "netlytics/base.h"

enum {
    NLT_DNS_HEADER_BYTES = 12,
    NLT_DNS_NAME_TEXT_MAX = 1008, /* of a name in text form: 250 octets as \DDD and three dots */
    NLT_DNS_MNEMONIC_MAX = 16,
    NLT_DNS_POINTERS_MAX = 256
};

/** Bits of the columns flags_req and flags_resp. */
enum {
    NLT_DNS_AA = 0x20,
    NLT_DNS_TC = 0x10,
    NLT_DNS_RD = 0x08,
    NLT_DNS_RA = 0x04,
    NLT_DNS_AD = 0x02,
    NLT_DNS_CD = 0x01
};

/** Why a message is none; all but OK count as not_dns. */
typedef enum nlt_dns_status {
    NLT_DNS_OK = 0,
    NLT_DNS_SHORT,        /**< less than 12 bytes */
    NLT_DNS_BAD_QUESTION, /**< a question is not within the message, or its name does not decode */
    NLT_DNS_BAD_ANSWER    /**< the same of a record of the answer section */
} nlt_dns_status;

/** A decoded message; caller's storage, no clean-up. */
typedef struct nlt_dns {
    char *query; /* [in] room for NLT_DNS_NAME_TEXT_MAX + 16 bytes, where the text of the first
                    question's name is put; no NUL */
    const uint8_t *bytes; /* borrows the message */
    size_t len;
    uint32_t answers_at;  /* offset of the answer section */
    uint32_t answers_end; /* behind it */
    uint16_t id;
    uint16_t flags_raw; /* third and fourth octet of the header */
    uint16_t n_questions;
    uint16_t n_answers;   /* all of them are there */
    uint16_t n_authority; /* as claimed */
    uint16_t n_additional;
    uint16_t rcode;  /* OPT's upper bits included */
    uint16_t qtype;  /* of the first question; 0 without one */
    uint16_t qclass; /* top bit masked for multicast DNS */
    uint16_t query_len;
    uint8_t opcode;
    uint8_t flags; /* NLT_DNS_AA ... */
    bool is_response;
    bool has_question; /* false: query is empty, type and class are null */
    bool has_edns;     /* an OPT record was found (looked for in responses only) */
} nlt_dns;

/** One resource record of the answer section. */
typedef struct nlt_dns_record {
    uint32_t at;       /* offset of its owner name in the message */
    uint32_t rdata_at; /* offset of its data */
    uint32_t ttl_s;
    uint16_t rdata_len;
    uint16_t type;
    uint16_t class_;
} nlt_dns_record;

/**
 * Decodes and checks a message.
 *
 * @param message bytes behind the UDP header, or behind the length in TCP; borrowed while `out` is
 *                used
 * @param is_mdns one of the ports is 5353 (nlt__packet_is_mdns)
 * @param out     [in,out] `query` is the caller's; all else is undefined unless NLT_DNS_OK
 * @cost  a query 20-40 ns, a response with three answers 60-100 ns
 */
NLT_API nlt_dns_status nlt__dns_decode(nlt_bytes message, bool is_mdns, nlt_dns *out);

/**
 * The same without the search for the OPT record, for those who do not ask for the result code:
 * the same messages are rejected, but rcode has its lower four bits only and has_edns is false.
 */
NLT_API nlt_dns_status nlt__dns_decode_basic(nlt_bytes message, bool is_mdns, nlt_dns *out);

/**
 * Walks the answer section: *at starts as dns->answers_at. Call exactly dns->n_answers times.
 */
NLT_API void nlt__dns_next_answer(const nlt_dns *dns, uint32_t *at, nlt_dns_record *record);

/** Bytes that nlt__dns_rdata_text may write for this record: at most 4 * rdata_len + 2304. */
static inline size_t nlt__dns_rdata_text_max(const nlt_dns_record *record)
{
    return (size_t)record->rdata_len * 4 + 2304;
}

/**
 * The column `answers`: A, AAAA as inet_ntop; CNAME, NS, PTR, DNAME the name; MX, SRV, SOA, TXT,
 * SPF in their fields; all other types, and data that do not fit their type exactly, as
 * "\# LENGTH HEX".
 *
 * @param out [out] room for nlt__dns_rdata_text_max bytes; no NUL
 * @return length of the text
 */
NLT_API size_t nlt__dns_rdata_text(const nlt_dns *dns, const nlt_dns_record *record, char *out);

/**
 * Decodes one name at `at` into text.
 *
 * @param out  [out] room for NLT_DNS_NAME_TEXT_MAX + 16 bytes, or NULL to check only
 * @param end  [out] offset behind the name where it stands
 * @return length of the text (1 or more; with out == NULL: 1); 0 if the name is not sound
 */
NLT_API size_t nlt__dns_name(nlt_bytes message, size_t at, char *out, size_t *end);

/**
 * Mnemonics of the columns answer_types, req_type ("A", "*", "TYPE731"), req_class ("IN",
 * "CLASS7"), resp_code ("NOERROR", "RCODE77").
 *
 * @param storage [out] used for numbers without a name
 * @return static text, or borrows from `storage`
 */
NLT_API nlt_bytes nlt__dns_type_name(uint16_t type, char storage[NLT_DNS_MNEMONIC_MAX]);
NLT_API nlt_bytes nlt__dns_class_name(uint16_t class_, char storage[NLT_DNS_MNEMONIC_MAX]);
NLT_API nlt_bytes nlt__dns_rcode_name(uint16_t rcode, char storage[NLT_DNS_MNEMONIC_MAX]);

#endif
