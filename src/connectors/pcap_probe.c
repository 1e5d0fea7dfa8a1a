/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of capture it is: by its own headers, as framing has read them. */

#include "connectors/probe.h"
#include "wire/capture.h"

enum { FORMAT_PCAP = 1, N_LINKS = 14, DAMAGED = 60 };

/* LINKTYPE_ values and what they are called (https://www.tcpdump.org/linktypes.html). */
static const struct {
    uint32_t type;
    const char *name;
} links[N_LINKS] = {
    {0, "BSD loopback"},
    {1, "Ethernet"},
    {9, "PPP"},
    {12, "raw IP"},
    {14, "raw IP"},
    {101, "raw IP"},
    {105, "802.11"},
    {108, "OpenBSD loopback"},
    {113, "Linux cooked"},
    {127, "802.11 with radiotap"},
    {228, "raw IPv4"},
    {229, "raw IPv6"},
    {239, "NFLOG"},
    {276, "Linux cooked v2"},
};

static void say_link(nlt_finding *finding, uint32_t type)
{
    for (int i = 0; i < N_LINKS; i++) {
        if (links[i].type == type) {
            nlt__finding_say(finding, ", %s", links[i].name);
            return;
        }
    }
    nlt__finding_say(finding, ", link type %u", type);
}

/* Each link type of the section's interfaces once. */
static void say_interfaces(nlt_finding *finding, const nlt_capture *capture)
{
    nlt__finding_say(
        finding, ", %u interface%s", capture->n_interfaces, capture->n_interfaces == 1 ? "" : "s");
    for (uint32_t i = 0; i < capture->n_runs; i++) {
        uint32_t first = 0;
        while (capture->runs[first].link_type != capture->runs[i].link_type) {
            first++;
        }
        if (first == i) {
            say_link(finding, capture->runs[i].link_type);
        }
    }
}

static const nlt_feed feeds[] = {
    {NLT_DNS_ANSWER_TTLS, "TTLs of the response's answers"},
    {NLT_DNS_ANSWER_TYPES, "types of the response's answers"},
    {NLT_DNS_ANSWERS, "data of the response's answers"},
    {NLT_DNS_C_IP, "IP source of the query"},
    {NLT_DNS_C_PORT, "port it comes from"},
    {NLT_DNS_FLAGS_REQ, "flags of the query"},
    {NLT_DNS_FLAGS_RESP, "flags of the response"},
    {NLT_DNS_QUERY, "name of the first question"},
    {NLT_DNS_REQ_CLASS, "class of the first question"},
    {NLT_DNS_REQ_TIME, "time of the query's packet"},
    {NLT_DNS_REQ_TYPE, "type of the first question"},
    {NLT_DNS_RESP_CODE, "rcode of the response"},
    {NLT_DNS_RESP_TIME, "time of the response's packet"},
    {NLT_DNS_S_IP, "IP destination of the query"},
    {NLT_DNS_S_PORT, "port it goes to"},
    {NLT_DNS_TRANS_ID, "id of the message"},
};

int pcap_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)
{
    const nlt_capture *capture = state;
    if (!nlt__capture_probe(sample->head) || capture->format == 0) {
        return 0;
    }
    bool is_pcap = capture->format == FORMAT_PCAP;
    nlt__finding_say(finding, is_pcap ? "pcap" : "pcapng");
    if (is_pcap) {
        nlt__finding_say(finding, ", %s", capture->is_nano ? "nanoseconds" : "microseconds");
    }
    nlt__finding_say(finding, ", %s-endian", capture->is_big_endian ? "big" : "little");
    if (is_pcap) {
        say_link(finding, capture->link_type);
    } else {
        say_interfaces(finding, capture);
    }
    if (finding->used == 0) {
        nlt__finding_say(
            finding, finding->lines == 0 ? ", no packets" : ", no DNS in its first packets");
    }
    nlt__finding_feeds(finding, feeds, sizeof feeds / sizeof feeds[0], NULL, NULL);
    return capture->why != NULL ? DAMAGED : NLT_FINDING_SURE;
}
