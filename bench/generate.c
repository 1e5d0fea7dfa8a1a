/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netlytics-generate: log sets that look like real ones, for demos, benchmarks and tests.
 *
 *   netlytics-generate squid --bytes N [--seed S] [--odd F] > access.log
 *   netlytics-generate squid --days FIRST LAST --bytes-per-day N [--gzip-every K] [--seed S] DIR
 *   netlytics-generate LOG --bytes N | --items N [--seed S] > file      (LOG: generate_logs.c)
 *   netlytics-generate visits-LOG --items SESSIONS [--overlap F] [--embed F] [--seed S] > file
 *
 * Same arguments, same bytes. What was written is told on stderr as one JSON line, so that a test
 * can compare: lines, native (well-formed native lines) and one count per kind of odd line. */

#define _GNU_SOURCE

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <isa-l/igzip_lib.h>

#include "generator.h"

enum { LINE_MAX = 1024, BUFFER = 1 << 20 };

typedef enum odd_kind {
    ODD_SHORT,
    ODD_TIME,
    ODD_NUMBER,
    ODD_URL,
    ODD_BLANK,
    ODD_COMMENT,
    ODD_COMBINED,
    ODD_MIME,
    ODD_ERROR,
    ODD_UTF8,
    ODD_COUNT
} odd_kind;

_Static_assert((int)ODD_COUNT == (int)ODD_KINDS, "one count per kind");

static const char *const odd_names[ODD_COUNT] = {"too_few_fields", "bad_time", "bad_number",
    "bad_url", "blank", "comment", "combined", "mime", "error_url", "invalid_utf8"};

/* ---- numbers: xoroshiro128+ (Blackman and Vigna 2018), seeded by splitmix64 ---- */

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t next(generator *g)
{
    uint64_t a = g->state[0];
    uint64_t b = g->state[1];
    uint64_t result = a + b;
    b ^= a;
    g->state[0] = rotate(a, 24) ^ b ^ b << 16;
    g->state[1] = rotate(b, 37);
    return result;
}

void seed(generator *g, uint64_t value)
{
    for (int i = 0; i < 2; i++) {
        value += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = value;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        g->state[i] = z ^ z >> 31;
    }
}

uint32_t below(generator *g, uint32_t n)
{
    return (uint32_t)((next(g) >> 32) * n >> 32);
}

double uniform(generator *g)
{
    return (double)(next(g) >> 11) * 0x1p-53;
}

/* ---- hosts ---- */

static void make_hosts(generator *g)
{
    static const char *const first[] = {"www", "cdn", "static", "api", "img", "ads", "m", "news"};
    static const char *const middle[] = {"index", "media", "shop", "cloud", "video", "forum",
        "game", "bank", "travel", "photo", "mail", "search", "social", "music", "sport"};
    static const char *const last[] = {"com", "net", "org", "it", "de", "io", "fr", "example"};
    for (int i = 0; i < HOSTS; i++) {
        (void)snprintf(g->hosts[i], NAME_MAX_BYTES, "%s.%s%s%d.%s", PICK(g, first), PICK(g, middle),
            PICK(g, middle), i, PICK(g, last));
    }
}

/* Walker's alias method (Vose 1991): one draw and one comparison per host. */
static void make_zipf(generator *g)
{
    const double exponent = 1.05;
    static double weight[HOSTS];
    static uint32_t small[HOSTS];
    static uint32_t large[HOSTS];
    int n_small = 0;
    int n_large = 0;
    double sum = 0.0;
    for (int i = 0; i < HOSTS; i++) {
        weight[i] = pow(i + 1, -exponent);
        sum += weight[i];
    }
    for (int i = 0; i < HOSTS; i++) {
        weight[i] *= HOSTS / sum;
        *(weight[i] < 1.0 ? &small[n_small++] : &large[n_large++]) = (uint32_t)i;
        g->keep[i] = 1.0;
        g->alias[i] = (uint32_t)i;
    }
    while (n_small > 0 && n_large > 0) {
        uint32_t s = small[--n_small];
        uint32_t l = large[n_large - 1];
        g->keep[s] = weight[s];
        g->alias[s] = l;
        weight[l] -= 1.0 - weight[s];
        if (weight[l] < 1.0) {
            n_large--;
            small[n_small++] = l;
        }
    }
}

const char *draw_host(generator *g)
{
    uint32_t i = below(g, HOSTS);
    return g->hosts[uniform(g) < g->keep[i] ? i : g->alias[i]];
}

/* ---- lines ---- */

static int put_client(generator *g, char *out, size_t cap)
{
    uint32_t client = below(g, CLIENTS);
    return client % 16 == 0
        ? snprintf(out, cap, "2001:db8:%x::%x", client / 256, client % 256 + 1)
        : snprintf(out, cap, "10.%u.%u.%u", client / 65536, client / 256 % 256, client % 256);
}

static int put_url(generator *g, char *out, size_t cap, bool is_connect)
{
    static const char *const folders[] = {"articles", "static", "images", "assets", "api/v1",
        "api/v2", "products", "user/profile", "media/2017/03", "js/lib"};
    static const char *const suffixes[] = {
        ".html", ".jpg", ".png", ".js", ".css", ".json", "", ".mp4", "?"};
    const char *host = draw_host(g);
    if (is_connect) {
        return below(g, 64) == 0 ? snprintf(out, cap, "[2001:db8::%x]:443", below(g, 4096))
                                 : snprintf(out, cap, "%s:443", host);
    }
    uint32_t kind = below(g, 20);
    const char *port = kind == 0 ? ":8080" : "";
    return snprintf(out, cap, "http://%s%s/%s/%08x%s", host, port, PICK(g, folders),
        (unsigned)(next(g) & 0xffffffff), PICK(g, suffixes));
}

static void put_peer(generator *g, char *out, size_t cap)
{
    uint32_t address = below(g, 1U << 24);
    if (below(g, 5) == 0) {
        (void)snprintf(out, cap, "HIER_NONE/-");
    } else {
        (void)snprintf(out, cap, "HIER_DIRECT/198.%u.%u.%u", address >> 16 & 255,
            address >> 8 & 255, address & 255);
    }
}

/* A well-formed native line without its newline. */
static int native_line(generator *g, char *out)
{
    static const char *const types[] = {"text/html", "image/jpeg", "image/png", "text/css",
        "application/javascript", "application/json", "video/mp4", "-"};
    static const char *const results[] = {"TCP_MISS/200", "TCP_HIT/200", "TCP_MEM_HIT/200",
        "TCP_MISS/304", "TCP_MISS/404", "TCP_REFRESH_UNMODIFIED/304", "TCP_MISS_ABORTED/000"};
    char client[64];
    char url[256];
    char peer[64];
    bool is_connect = below(g, 100) < 35;
    g->time_ms += below(g, 20);
    (void)put_client(g, client, sizeof client);
    (void)put_url(g, url, sizeof url, is_connect);
    put_peer(g, peer, sizeof peer);
    int64_t size = 300 + (int64_t)(exp(uniform(g) * 9.0) * 40.0);
    return snprintf(out, LINE_MAX, "%lld.%03d %6u %s %s %lld %s %s - %s %s",
        (long long)(g->time_ms / 1000), (int)(g->time_ms % 1000), below(g, 3000), client,
        is_connect ? "TCP_TUNNEL/200" : PICK(g, results), (long long)size,
        is_connect ? "CONNECT" : "GET", url, peer, is_connect ? "-" : PICK(g, types));
}

static int odd_line(generator *g, odd_kind kind, char *out)
{
    long long seconds = g->time_ms / 1000;
    int len = 0;
    switch (kind) {
    case ODD_SHORT:
        return snprintf(out, LINE_MAX, "%lld.123 17 10.0.0.1 TCP_MISS/200", seconds);
    case ODD_TIME:
        len = native_line(g, out);
        out[3] = 'x';
        return len;
    case ODD_NUMBER:
        return snprintf(out, LINE_MAX,
            "%lld.123 17 10.0.0.1 TCP_MISS/200 12z GET http://a.example/ - HIER_NONE/- text/html",
            seconds);
    case ODD_URL:
        return snprintf(out, LINE_MAX,
            "%lld.123 17 10.0.0.1 TCP_MISS/200 12 GET http://[::1/ - HIER_NONE/- text/html",
            seconds);
    case ODD_BLANK:
        return 0;
    case ODD_COMMENT:
        return snprintf(out, LINE_MAX, "# rotated");
    case ODD_COMBINED:
        return snprintf(out, LINE_MAX,
            "10.0.0.2 - - [01/Mar/2017:01:00:%02u +0100] \"GET http://%s/c HTTP/1.1\" 200 %u "
            "\"http://r.example/\" \"agent \"quoted\" 1.0\" TCP_MISS:HIER_DIRECT",
            below(g, 60), draw_host(g), below(g, 100000));
    case ODD_MIME:
        len = native_line(g, out);
        return len
            + snprintf(
                out + len, LINE_MAX - (size_t)len, " [Host: a b\\r\\n] [HTTP/1.1 200 OK\\r\\n]");
    case ODD_ERROR:
        return snprintf(out, LINE_MAX,
            "%lld.734 0 10.0.0.1 NONE_NONE/000 0 - error:transaction-end-before-headers - "
            "HIER_NONE/- -",
            seconds);
    case ODD_UTF8:
        return snprintf(out, LINE_MAX,
            "%lld.123 17 10.0.0.1 TCP_MISS/200 12 GET http://a.example/\xff\xc3\xa9 - HIER_NONE/- -",
            seconds);
    case ODD_COUNT:
        break;
    }
    return 0;
}

static int line(generator *g, char *out)
{
    g->lines++;
    int len = 0;
    if (uniform(g) < g->odd_share) {
        odd_kind kind = (odd_kind)below(g, ODD_COUNT);
        g->odd[kind]++;
        len = odd_line(g, kind, out);
    } else {
        g->native++;
        len = native_line(g, out);
    }
    out[len] = '\n';
    return len + 1;
}

/* ---- files ---- */

/* Writes `bytes` of lines, packed as one gzip stream if asked for. False: writing failed. */
static bool write_lines(generator *g, FILE *file, int64_t bytes, bool is_packed)
{
    static char text[BUFFER];
    static uint8_t packed[BUFFER];
    static uint8_t level[ISAL_DEF_LVL1_DEFAULT];
    static struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.gzip_flag = IGZIP_GZIP;
    stream.level = 1;
    stream.level_buf = level;
    stream.level_buf_size = sizeof level;
    for (int64_t left = bytes; left > 0;) {
        size_t len = 0;
        while (len + LINE_MAX < sizeof text && (int64_t)len < left) {
            len += (size_t)line(g, text + len);
        }
        left -= (int64_t)len;
        if (!is_packed) {
            if (fwrite(text, 1, len, file) != len) {
                return false;
            }
            continue;
        }
        stream.next_in = (uint8_t *)text;
        stream.avail_in = (uint32_t)len;
        stream.end_of_stream = left <= 0;
        do {
            stream.next_out = packed;
            stream.avail_out = sizeof packed;
            (void)isal_deflate(&stream);
            size_t n = sizeof packed - stream.avail_out;
            if (fwrite(packed, 1, n, file) != n) {
                return false;
            }
        } while (stream.avail_out == 0 || (left <= 0 && stream.internal_state.state != ZSTATE_END));
    }
    return true;
}

static void report(const generator *g)
{
    (void)fprintf(
        stderr, "{\"lines\": %lld, \"native\": %lld", (long long)g->lines, (long long)g->native);
    for (int i = 0; i < ODD_COUNT; i++) {
        (void)fprintf(stderr, ", \"%s\": %lld", odd_names[i], (long long)g->odd[i]);
    }
    (void)fprintf(stderr, "}\n");
}

/* Days since 1970 and back (Hinnant's algorithms), without the library: this program stands alone. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = y / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void name_of_day(int64_t days, char out[16])
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    (void)snprintf(out, 16, "%04d%02d%02d", (int)(yoe + era * 400 + (month <= 2)), month,
        (int)(doy - (153 * mp + 2) / 5 + 1));
}

static bool parse_day(const char *text, int64_t *days)
{
    unsigned part[3] = {0, 0, 0};
    const char *p = text;
    for (int i = 0; i < 3; i++) {
        char *end = NULL;
        part[i] = (unsigned)strtoul(p, &end, 10);
        if (end == p || (i < 2 && *end != '_') || part[i] > 9999) {
            return false;
        }
        p = end + 1;
    }
    *days = days_of((int)part[0], (int)part[1], (int)part[2]);
    return true;
}

typedef struct options {
    int64_t bytes, items, bytes_per_day, first, last, gzip_every;
    uint64_t seed;
    double odd, overlap, embed;
    const char *dir;
} options;

/* One file per day; the lines of a file are of the day before, as after a rotation. */
static bool write_days(generator *g, const options *o)
{
    (void)mkdir(o->dir, 0777);
    for (int64_t day = o->first; day <= o->last; day++) {
        bool is_packed = o->gzip_every > 0 && (day - o->first + 1) % o->gzip_every == 0;
        char name[16];
        char path[4096];
        name_of_day(day, name);
        (void)snprintf(
            path, sizeof path, "%s/access.log-%s%s", o->dir, name, is_packed ? ".gz" : "");
        g->time_ms = (day - 1) * 86400000;
        FILE *file = fopen(path, "wb");
        bool is_ok = file != NULL && write_lines(g, file, o->bytes_per_day, is_packed);
        is_ok = file != NULL && fclose(file) == 0 && is_ok;
        if (!is_ok) {
            perror(path);
            return false;
        }
    }
    return true;
}

static bool parse_options(int argc, char **argv, options *o)
{
    *o = (options){.seed = 1, .odd = 0.001, .overlap = 0.15};
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--bytes") == 0) {
            o->bytes = strtoll(value, NULL, 10);
        } else if (strcmp(argv[i], "--items") == 0) {
            o->items = strtoll(value, NULL, 10);
        } else if (strcmp(argv[i], "--bytes-per-day") == 0) {
            o->bytes_per_day = strtoll(value, NULL, 10);
        } else if (strcmp(argv[i], "--gzip-every") == 0) {
            o->gzip_every = strtoll(value, NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            o->seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "--odd") == 0) {
            o->odd = strtod(value, NULL);
        } else if (strcmp(argv[i], "--overlap") == 0) {
            o->overlap = strtod(value, NULL);
        } else if (strcmp(argv[i], "--embed") == 0) {
            o->embed = strtod(value, NULL);
        } else if (strcmp(argv[i], "--days") == 0 && i + 2 < argc) {
            if (!parse_day(value, &o->first) || !parse_day(argv[++i + 1], &o->last)) {
                return false;
            }
        } else if (argv[i][0] != '-') {
            o->dir = argv[i];
            continue;
        } else {
            return false;
        }
        i++;
    }
    if (argc > 2 && strcmp(argv[1], "squid") != 0) {
        return (o->bytes > 0) != (o->items > 0);
    }
    return argc > 2 && (o->bytes > 0) != (o->bytes_per_day > 0 && o->dir != NULL);
}

int main(int argc, char **argv)
{
    static generator g;
    options o;
    if (!parse_options(argc, argv, &o)) {
        (void)fprintf(stderr,
            "usage: netlytics-generate squid --bytes N [--seed S] [--odd F]\n"
            "       netlytics-generate squid --days FIRST LAST --bytes-per-day N "
            "[--gzip-every K] [--seed S] [--odd F] DIR\n"
            "       netlytics-generate LOG --bytes N | --items N [--seed S] [--overlap F] [--embed F]\n"
            "LOG is one of: %s\n",
            log_names());
        return 2;
    }
    seed(&g, o.seed);
    g.odd_share = o.odd;
    g.overlap_share = o.overlap;
    g.embed_share = o.embed;
    make_hosts(&g);
    make_zipf(&g);
    if (strcmp(argv[1], "squid") != 0) {
        return write_log(&g, argv[1], o.seed, o.bytes, o.items) ? 0 : 1;
    }
    g.time_ms = INT64_C(1488326400000);
    bool is_ok = o.bytes > 0 ? write_lines(&g, stdout, o.bytes, false) && fflush(stdout) == 0
                             : write_days(&g, &o);
    report(&g);
    return is_ok ? 0 : 1;
}
