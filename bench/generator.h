/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_BENCH_GENERATOR_H
#define NLT_BENCH_GENERATOR_H

/* What the generators of all logs share: numbers, and names by a Zipf distribution. */

#include <stdbool.h>
#include <stdint.h>

enum { HOSTS = 50000, CLIENTS = 4000, NAME_MAX_BYTES = 64, ODD_KINDS = 10 };

typedef struct generator {
    uint64_t state[2];
    uint32_t alias[HOSTS]; /* Walker's tables of a Zipf distribution */
    double keep[HOSTS];
    char hosts[HOSTS][NAME_MAX_BYTES];
    double odd_share;
    uint64_t seed_value;
    double overlap_share, embed_share; /* of visits: simulate_visits.c */
    int64_t time_ms;
    int64_t lines, native, odd[ODD_KINDS];
} generator;

void seed(generator *g, uint64_t value);
uint64_t next(generator *g);
uint32_t below(generator *g, uint32_t n);
double uniform(generator *g); /* [0, 1) */
const char *draw_host(generator *g);

#define PICK(g, words) ((words)[below((g), sizeof(words) / sizeof((words)[0]))])

/* ---- simulate_visits.c ---- */

enum { SERVICES = 40, HOST_MAX = 96, SESSION_FLOWS_MAX = 512 };

/* A flow, and the service whose visit caused it ("UNKNOWN": none). */
typedef struct visit_flow {
    char client[48], host[HOST_MAX];
    const char *service;
    int64_t start_us, end_us, c_bytes, s_bytes;
} visit_flow;

/* The flows of session `number` in the order of their start; how many, at most SESSION_FLOWS_MAX. */
int draw_session(generator *g, uint64_t seed_value, int64_t number, visit_flow *out);
/* Core domain of service `number`. */
const char *service_name(generator *g, uint64_t seed_value, int number);

/* Writes `bytes` (or a little more) or `items` of a log to stdout. False: no such log, or writing
 * failed. */
bool write_log(generator *g, const char *log, uint64_t seed_value, int64_t bytes, int64_t items);
const char *log_names(void);

#endif
