/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages: decodes, walks the answers, writes every text within its stated limit. */

#include <stdlib.h>
#include <string.h>

#include "wire/dns.h"

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        check(text[i] >= 0x20 && text[i] <= 0x7e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nlt_bytes message = {(const char *)data, size};
    char query[NLT_DNS_NAME_TEXT_MAX + 16];
    nlt_dns dns = {.query = query};
    char storage[NLT_DNS_MNEMONIC_MAX];
    if (nlt__dns_decode(message, size % 2 == 1, &dns) != NLT_DNS_OK) {
        return 0;
    }
    check(dns.query_len <= NLT_DNS_NAME_TEXT_MAX);
    check(dns.has_question == (dns.query_len > 0));
    check_text(dns.query, dns.query_len);
    check(nlt__dns_type_name(dns.qtype, storage).len <= NLT_DNS_MNEMONIC_MAX);
    check(nlt__dns_class_name(dns.qclass, storage).len <= NLT_DNS_MNEMONIC_MAX);
    check(nlt__dns_rcode_name(dns.rcode, storage).len <= NLT_DNS_MNEMONIC_MAX);
    uint32_t at = dns.answers_at;
    for (unsigned i = 0; i < dns.n_answers; i++) {
        nlt_dns_record record;
        nlt__dns_next_answer(&dns, &at, &record);
        check(at <= dns.answers_end);
        char *text = malloc(nlt__dns_rdata_text_max(&record));
        check(text != NULL);
        check_text(text, nlt__dns_rdata_text(&dns, &record, text));
        free(text);
        char name[NLT_DNS_NAME_TEXT_MAX + 16];
        size_t end;
        check(nlt__dns_name(message, record.at, name, &end) > 0 && end + 10 == record.rdata_at);
    }
    check(at == dns.answers_end && at <= size);
    return 0;
}
