/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Visits to web services: what a client's flows look like when it is known which visit caused them.
 *
 * A session is one client's chain of visits to services drawn by Zipf's law. A visit is a flow to the
 * service's core domain, then, within some seconds, flows to its own support domains and to domains that
 * services share, each with a probability of its own. The next visit begins while this one lasts (a share
 * `overlap` of them) or after a pause. A share `embed` of the visits loads something from the core of
 * another service. Some flows have no visit behind them. */

#define _GNU_SOURCE

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generator.h"

enum { SHARED = 24, OWN_MAX = 5, SHARED_MAX = 8, VISITS_MAX = 6 };

#define PERIOD_US INT64_C(600000000) /* sessions of one client begin this far apart */
#define BEGIN_US INT64_C(1488326400000000)

typedef struct service {
    char core[48];
    double weight; /* of this service and those before it, up to 1 */
    int n_own, n_shared;
    double own_chance[OWN_MAX], shared_chance[SHARED_MAX];
    int shared[SHARED_MAX];
} service;

typedef struct world {
    uint64_t seed;
    bool is_made;
    service services[SERVICES];
} world;

/* "bocadu": no digits, which names are compared without. */
static void put_word(int number, char out[16])
{
    static const char consonants[] = "bcdfghklmnprstvz";
    static const char vowels[] = "aeiou";
    for (int i = 0; i < 3; i++) {
        out[2 * i] = consonants[(number + 5 * i) % 16];
        out[2 * i + 1] = vowels[(number / 16 + 2 * i + number) % 5];
    }
    (void)snprintf(out + 6, 10, "%c", consonants[number / 3 % 16]);
}

static void make_world(generator *g, world *w, uint64_t seed_value)
{
    double sum = 0.0;
    seed(g, seed_value ^ UINT64_C(0x5e41ce5));
    for (int i = 0; i < SERVICES; i++) {
        service *s = &w->services[i];
        char word[16];
        put_word(i, word);
        (void)snprintf(s->core, sizeof s->core, "%s%s.example", i % 3 == 0 ? "www." : "", word);
        s->n_own = 2 + (int)below(g, OWN_MAX - 1);
        s->n_shared = 3 + (int)below(g, SHARED_MAX - 2);
        for (int k = 0; k < s->n_own; k++) {
            s->own_chance[k] = 0.4 + 0.6 * uniform(g);
        }
        for (int k = 0; k < s->n_shared; k++) {
            s->shared_chance[k] = 0.2 + 0.7 * uniform(g);
            s->shared[k] = (int)below(g, SHARED);
        }
        sum += 1.0 / (i + 1);
        s->weight = sum;
    }
    for (int i = 0; i < SERVICES; i++) {
        w->services[i].weight /= sum;
    }
    w->seed = seed_value;
    w->is_made = true;
}

static world *world_of(generator *g, uint64_t seed_value)
{
    static world w;
    if (!w.is_made || w.seed != seed_value) {
        make_world(g, &w, seed_value);
    }
    return &w;
}

const char *service_name(generator *g, uint64_t seed_value, int number)
{
    return world_of(g, seed_value)->services[number].core;
}

/* ---- names ---- */

static void put_own(generator *g, const service *s, int number, char out[HOST_MAX])
{
    static const char *const forms[OWN_MAX] = {
        "static.%s", "img%u.cdn-%s", "api-%u.%s", "%u.media.%s", "v%u.edge.%s"};
    const char *site = strncmp(s->core, "www.", 4) == 0 ? s->core + 4 : s->core;
    if (number == 0) {
        (void)snprintf(out, HOST_MAX, "static.%s", site);
    } else {
        char form[32];
        (void)snprintf(form, sizeof form, "%s", forms[number]);
        char *at = strstr(form, "%u");
        (void)snprintf(out, HOST_MAX, "%.*s%u%.*s%s", (int)(at - form), form, below(g, 30),
            (int)(strstr(at, "%s") - at - 2), at + 2, site);
    }
}

static void put_shared(generator *g, int number, char out[HOST_MAX])
{
    char word[16];
    put_word(200 + number, word);
    switch (number % 4) {
    case 0:
        (void)snprintf(
            out, HOST_MAX, "r%u---sn-%s%u.googlevideo.com", 1 + below(g, 20), word, below(g, 99));
        break;
    case 1:
        (void)snprintf(
            out, HOST_MAX, "e%u.%c.%scdn.net", below(g, 9999), 'a' + (int)below(g, 6), word);
        break;
    case 2:
        (void)snprintf(out, HOST_MAX, "ads.%s.com", word);
        break;
    default:
        (void)snprintf(out, HOST_MAX, "cdn%u.%s.net", below(g, 8), word);
        break;
    }
}

/* ---- flows ---- */

typedef struct session {
    generator *g;
    const world *w;
    char client[48];
    visit_flow *flows;
    int n;
} session;

static void add_flow(
    session *s, const char *host, const char *truth, int64_t start_us, double scale)
{
    if (s->n == SESSION_FLOWS_MAX) {
        return;
    }
    visit_flow *f = &s->flows[s->n++];
    (void)snprintf(f->client, sizeof f->client, "%s", s->client);
    (void)snprintf(f->host, sizeof f->host, "%s", host);
    f->service = truth;
    f->start_us = start_us;
    f->end_us = start_us + (int64_t)(-log(1.0 - uniform(s->g)) * 1.5e6);
    f->s_bytes = (int64_t)(scale * exp(uniform(s->g) * 5.0) * 100.0);
    f->c_bytes = f->s_bytes / 16 + below(s->g, 900);
}

/* Exponential, in seconds. */
static int64_t soon_us(generator *g, double mean_s)
{
    return (int64_t)(-log(1.0 - uniform(g)) * mean_s * 1e6);
}

static int draw_service(generator *g, const world *w)
{
    double at = uniform(g);
    int i = 0;
    while (i + 1 < SERVICES && w->services[i].weight < at) {
        i++;
    }
    return i;
}

/* Returns when the visit has loaded all. */
static int64_t add_visit(session *s, int number, int64_t start_us)
{
    const service *v = &s->w->services[number];
    char host[HOST_MAX];
    int64_t last_us = start_us;
    add_flow(s, v->core, v->core, start_us, 1.0);
    int n = v->n_own + v->n_shared;
    for (int k = 0; k < n; k++) {
        bool is_own = k < v->n_own;
        double chance = is_own ? v->own_chance[k] : v->shared_chance[k - v->n_own];
        int n_flows = uniform(s->g) < chance ? 1 + (int)below(s->g, 3) : 0;
        for (int i = 0; i < n_flows; i++) {
            int64_t at_us = start_us + soon_us(s->g, 2.0);
            if (is_own) {
                put_own(s->g, v, k, host);
            } else {
                put_shared(s->g, v->shared[k - v->n_own], host);
            }
            add_flow(s, host, v->core, at_us, is_own ? 4.0 : 6.0);
            last_us = at_us > last_us ? at_us : last_us;
        }
    }
    for (uint32_t i = below(s->g, 3); i > 0; i--) {
        add_flow(s, v->core, v->core, start_us + soon_us(s->g, 2.0), 1.0);
    }
    if (uniform(s->g) < s->g->embed_share) {
        int other = draw_service(s->g, s->w);
        add_flow(s, s->w->services[other].core, v->core, start_us + soon_us(s->g, 1.5), 2.0);
    }
    return last_us;
}

static int by_start(const void *a, const void *b)
{
    const visit_flow *one = a;
    const visit_flow *other = b;
    return (one->start_us > other->start_us) - (one->start_us < other->start_us);
}

int draw_session(generator *g, uint64_t seed_value, int64_t number, visit_flow *out)
{
    session s = {g, world_of(g, seed_value), "", out, 0};
    seed(g, seed_value * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)number);
    int64_t client = number % CLIENTS;
    (void)snprintf(s.client, sizeof s.client, "10.%d.%d.%d", (int)(client / 65536),
        (int)(client / 256 % 256), (int)(client % 256));
    int64_t now_us = BEGIN_US + number / CLIENTS * PERIOD_US + client * (PERIOD_US / CLIENTS);
    int n = 2 + (int)below(g, VISITS_MAX - 1);
    for (int i = 0; i < n; i++) {
        int64_t last_us = add_visit(&s, draw_service(g, s.w), now_us);
        if (uniform(g) < g->overlap_share) {
            now_us += (int64_t)((0.3 + 0.7 * uniform(g)) * 6e6);
            continue;
        }
        now_us = (last_us > now_us ? last_us : now_us) + 11000000 + soon_us(g, 12.0);
        if (below(g, 4) == 0) {
            add_flow(&s, draw_host(g), "UNKNOWN", now_us - 1000000 - below(g, 9000000), 4.0);
        }
    }
    qsort(out, (size_t)s.n, sizeof *out, by_start);
    return s.n;
}
