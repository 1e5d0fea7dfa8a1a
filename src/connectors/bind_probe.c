/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which age and which settings a BIND query log comes from: told by what its query lines have. */

#define _GNU_SOURCE
#include <string.h>

#include "connectors/probe.h"

enum { SURE = 95, ISO_CLOCK_END = 19 /* "2026-11-23T03:29:59" */ };

/* Marks of a query line; the first group names the age, newest first. */
typedef struct bind_mark {
    const char *bytes;
    const char *said;
} bind_mark;

static const bind_mark ages[] = {
    {"client @0x", "of 9.11 or later"},
    {" (", "of 9.9 - 9.10"}, /* (QNAME) behind the client */
    {"", "older than 9.9"},
};

static const bind_mark parts[] = {
    {"queries: ", "category"},
    {"info: ", "severity"},
    {": view ", "views"},
    {"/key ", "signed queries"},
    {"[ECS ", "client subnets"},
};

enum { N_AGES = sizeof ages / sizeof ages[0], N_PARTS = sizeof parts / sizeof parts[0] };

typedef struct bind_seen {
    bool ages[N_AGES];
    bool parts[N_PARTS];
    bool has_time, has_zone, is_iso, is_syslog, has_server;
} bind_seen;

static bool has(nlt_bytes text, const char *what)
{
    return text.len > 0 && memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What stands before `client`. */
static void look_at_time(nlt_bytes head, bind_seen *seen)
{
    const char *blank = head.len == 0 ? NULL : memchr(head.ptr, ' ', head.len);
    nlt_bytes word = {head.ptr, blank == NULL ? head.len : (size_t)(blank - head.ptr)};
    bool is_clock = word.len > 0 && is_digit(word.ptr[0]);
    bool is_iso = is_clock && memchr(word.ptr, 'T', word.len) != NULL;
    seen->has_time |= is_clock;
    seen->is_iso |= is_iso;
    for (size_t i = ISO_CLOCK_END; is_iso && i < word.len; i++) {
        seen->has_zone |= memchr("Z+-", word.ptr[i], 3) != NULL;
    }
    seen->is_syslog |= word.len == 3 && nlt__month_from_name(word) > 0;
}

static void look_at_line(nlt_bytes line, bind_seen *seen)
{
    static const char mark[] = ": query: ";
    const char *client = line.len == 0 ? NULL : memmem(line.ptr, line.len, "client ", 7);
    const char *query = line.len == 0 ? NULL : memmem(line.ptr, line.len, mark, sizeof mark - 1);
    if (client == NULL || query == NULL || query < client) {
        return;
    }
    nlt_bytes middle = {client, (size_t)(query - client)};
    nlt_bytes head = {line.ptr, (size_t)(client - line.ptr)};
    nlt_bytes rest = {query, (size_t)(line.ptr + line.len - query)};
    int age = 0;
    while (!has(middle, ages[age].bytes) && ages[age].bytes[0] != '\0') {
        age++;
    }
    seen->ages[age] = true;
    for (int i = 0; i < N_PARTS; i++) {
        seen->parts[i] |= has(line, parts[i].bytes);
    }
    look_at_time(head, seen);
    seen->has_server |= has(rest, " (");
}

static const nlt_feed feeds[] = {
    {NLT_DNS_C_IP, "address of client"},
    {NLT_DNS_C_PORT, "port of client"},
    {NLT_DNS_FLAGS_REQ, "flags: + (RD), C (CD)"},
    {NLT_DNS_QUERY, "name behind query:"},
    {NLT_DNS_REQ_CLASS, "class behind the name"},
    {NLT_DNS_REQ_TYPE, "type behind the class"},
};

static void say_time(nlt_finding *finding, const bind_seen *seen)
{
    const char *time = seen->is_iso && seen->has_zone ? "ISO 8601 times with zone"
        : seen->is_iso                                ? "ISO 8601 times without zone"
        : seen->has_time                              ? "local times"
        : seen->is_syslog                             ? "syslog times"
                                                      : "no times";
    nlt__finding_say(finding, ", %s", time);
}

int bind_probe(const nlt_sample *sample, const void *state, nlt_finding *finding)
{
    (void)state;
    bind_seen seen = {.has_time = false};
    size_t at = 0;
    nlt_bytes line;
    if (finding->used == 0) {
        return 0;
    }
    while (nlt__sample_line(sample, &at, &line)) {
        look_at_line(line, &seen);
    }
    int age = 0;
    while (age < N_AGES - 1 && !seen.ages[age]) {
        age++;
    }
    nlt__finding_say(finding, "BIND query log %s", ages[age].said);
    say_time(finding, &seen);
    for (int i = 0; i < N_PARTS; i++) {
        nlt__finding_say(
            finding, "%s%s", seen.parts[i] ? ", " : "", seen.parts[i] ? parts[i].said : "");
    }
    nlt__finding_feeds(finding, feeds, sizeof feeds / sizeof feeds[0], NULL, NULL);
    nlt__finding_feed(finding,
        (nlt_feed){
            NLT_DNS_REQ_TIME, seen.has_time || seen.is_syslog ? "date and time before client" : ""},
        NULL, NULL);
    nlt__finding_feed(finding,
        (nlt_feed){NLT_DNS_S_IP, seen.has_server ? "(address) behind the flags" : ""}, NULL, NULL);
    return SURE;
}
