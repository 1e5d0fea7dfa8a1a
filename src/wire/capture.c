/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Framing of pcap and pcapng. One function per format looks at the next record or block of the
 * window and says how far it reaches; nothing is kept but the byte order and the interfaces.
 */

#include "wire/capture.h"

#include <math.h>

#include "wire/load.h"

enum { FORMAT_PCAP = 1, FORMAT_PCAPNG = 2 };
enum { PCAP_FILE_HEADER = 24, BLOCK_MIN = 12, SECTION_MIN = 28, INTERFACE_MIN = 20 };
enum { OPTION_TIME_RESOL = 9, OPTION_TIME_OFFSET = 14 };
enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6
};
/* Records in the middle of a file. */
enum {
    LIKELY_MIN = 3,             /* records in a row that are no accident */
    LIKELY_LOOKS_MAX = 1 << 20, /* at headers, in all */
    LIKELY_GAP_S = 86400
};

#define BLOCK_SECTION UINT32_C(0x0a0d0d0a)
#define SECTION_MAGIC UINT32_C(0x1a2b3c4d)
#define BLOCK_LOCAL UINT32_C(0xc0000000)      /* bits of types that are not the standard's */
#define BLOCK_LIKELY_MAX UINT32_C(0x00000fff) /* all that were given out, and many more */
#define NS_PER_S INT64_C(1000000000)
#define LINK_TYPE_MASK UINT32_C(0x03ffffff) /* the bits above tell of frame check sequences */

__extension__ typedef unsigned __int128 u128;

static const struct {
    uint32_t magic;
    uint32_t header_bytes;
    bool is_nano;
} pcap_kinds[] = {
    {UINT32_C(0xa1b2c3d4), 16, false},
    {UINT32_C(0xa1b23c4d), 16, true},
    {UINT32_C(0xa1b2cd34), 24, false},
};

enum { N_PCAP_KINDS = sizeof pcap_kinds / sizeof pcap_kinds[0] };

static nlt_capture_status damaged(nlt_capture *state, const char *why)
{
    state->why = why;
    return NLT_CAPTURE_DAMAGED;
}

static bool find_pcap_kind(const uint8_t *p, nlt_capture *state)
{
    uint32_t little = nlt__load_le32(p);
    uint32_t big = nlt__load_be32(p);
    for (int i = 0; i < N_PCAP_KINDS; i++) {
        if (pcap_kinds[i].magic == little || pcap_kinds[i].magic == big) {
            state->format = FORMAT_PCAP;
            state->is_big_endian = pcap_kinds[i].magic == big;
            state->header_bytes = pcap_kinds[i].header_bytes;
            state->is_nano = pcap_kinds[i].is_nano;
            return true;
        }
    }
    return false;
}

bool nlt__capture_probe(nlt_bytes head)
{
    const uint8_t *p = (const uint8_t *)head.ptr;
    nlt_capture state;
    if (head.len < 4) {
        return false;
    }
    if (nlt__load_le32(p) == BLOCK_SECTION) {
        return head.len < 12 || nlt__load_le32(p + 8) == SECTION_MAGIC
            || nlt__load_be32(p + 8) == SECTION_MAGIC;
    }
    return find_pcap_kind(p, &state);
}

nlt_capture_status nlt__capture_begin(
    nlt_capture *state, nlt_bytes window, bool at_end, size_t *consumed)
{
    const uint8_t *p = (const uint8_t *)window.ptr;
    memset(state, 0, sizeof *state);
    *consumed = 0;
    if (window.len < PCAP_FILE_HEADER && !at_end) {
        return NLT_CAPTURE_MORE;
    }
    if (window.len == 0) {
        return NLT_CAPTURE_END;
    }
    if (window.len < 4) {
        return NLT_CAPTURE_TRUNCATED;
    }
    if (nlt__load_le32(p) == BLOCK_SECTION) {
        state->format = FORMAT_PCAPNG;
        return NLT_CAPTURE_RECORD;
    }
    if (!find_pcap_kind(p, state)) {
        return damaged(state, "not a capture file: neither pcap nor pcapng by its first bytes");
    }
    if (window.len < PCAP_FILE_HEADER) {
        return NLT_CAPTURE_TRUNCATED;
    }
    state->link_type = nlt__load_32(p + 20, state->is_big_endian) & LINK_TYPE_MASK;
    *consumed = PCAP_FILE_HEADER;
    return NLT_CAPTURE_RECORD;
}

/* A record header that the file cuts, or that is not yet in the window. */
static nlt_capture_status cut(size_t left, bool at_end, size_t *consumed)
{
    if (!at_end) {
        return NLT_CAPTURE_MORE;
    }
    *consumed = left;
    return left == 0 ? NLT_CAPTURE_END : NLT_CAPTURE_TRUNCATED;
}

/* `is_big`: of the file; a constant where it is called, as loads would each ask for it. */
static inline nlt_capture_status pcap_record(
    nlt_capture *state, bool is_big, nlt_bytes window, bool at_end, nlt_capture_record *record)
{
    const uint8_t *p = (const uint8_t *)window.ptr;
    size_t header = state->header_bytes;
    if (window.len < header) {
        return cut(window.len, at_end, &record->consumed);
    }
    uint32_t captured = nlt__load_32(p + 8, is_big);
    if (captured > NLT_CAPTURE_PACKET_MAX) {
        return damaged(state, "packet record longer than 262144 bytes");
    }
    bool is_whole = window.len - header >= captured;
    if (!is_whole && !at_end) {
        return NLT_CAPTURE_MORE;
    }
    int64_t fraction = nlt__load_32(p + 4, is_big);
    record->time_ns = nlt__load_32(p, is_big) * NS_PER_S + fraction * (state->is_nano ? 1 : 1000);
    record->has_time = true;
    record->data = p + header;
    record->data_len = is_whole ? captured : window.len - header;
    record->captured_len = captured;
    record->original_len = nlt__load_32(p + 12, is_big);
    record->link_type = state->link_type;
    record->is_big_endian = is_big;
    record->consumed = header + record->data_len;
    return is_whole ? NLT_CAPTURE_RECORD : NLT_CAPTURE_TRUNCATED;
}

static nlt_capture_status pcap_next(
    nlt_capture *state, nlt_bytes window, bool at_end, nlt_capture_record *record)
{
    return state->is_big_endian ? pcap_record(state, true, window, at_end, record)
                                : pcap_record(state, false, window, at_end, record);
}

static const uint64_t powers_of_10[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
    100000000, 1000000000, UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
    UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
    UINT64_C(10000000000000000), UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000)};

/* Units of 10^-n or 2^-n seconds as ns, cut; false above int64. */
static bool units_to_ns(uint64_t units, uint8_t resol, int64_t *out)
{
    unsigned n = resol & 0x7f;
    u128 ns;
    if ((resol & 0x80) != 0) {
        ns = (u128)units * (u128)NS_PER_S >> n;
    } else if (n <= 9) {
        ns = (u128)units * powers_of_10[9 - n];
    } else {
        ns = n - 9 <= 19 ? units / powers_of_10[n - 9] : 0;
    }
    if (ns > INT64_MAX) {
        return false;
    }
    *out = (int64_t)ns;
    return true;
}

static void set_block_time(
    const nlt_capture_run *run, const uint8_t *p, bool is_big, nlt_capture_record *record)
{
    uint64_t units = (uint64_t)nlt__load_32(p, is_big) << 32 | nlt__load_32(p + 4, is_big);
    int64_t ns = 0;
    int64_t offset = 0;
    record->has_time = units_to_ns(units, run->time_resol, &ns)
        && !__builtin_mul_overflow(run->offset_s, NS_PER_S, &offset)
        && !__builtin_add_overflow(ns, offset, &ns);
    record->time_ns = record->has_time ? ns : 0;
}

static const nlt_capture_run *find_run(const nlt_capture *state, uint32_t interface)
{
    if (interface >= state->n_interfaces) {
        return NULL;
    }
    uint32_t i = state->n_runs - 1;
    while (state->runs[i].first > interface) {
        i--;
    }
    return &state->runs[i];
}

static bool is_same_run(const nlt_capture_run *a, const nlt_capture_run *b)
{
    return a->offset_s == b->offset_s && a->snaplen == b->snaplen && a->link_type == b->link_type
        && a->time_resol == b->time_resol;
}

static nlt_capture_status add_interface(nlt_capture *state, nlt_capture_run run)
{
    const nlt_capture_run *last = state->n_runs > 0 ? &state->runs[state->n_runs - 1] : NULL;
    if (last != NULL && is_same_run(last, &run)) {
        state->n_interfaces++;
        return NLT_CAPTURE_RECORD;
    }
    if (state->n_runs == NLT_CAPTURE_RUNS_MAX) {
        return damaged(state, "more than 64 kinds of interfaces in one pcapng section");
    }
    run.first = state->n_interfaces++;
    state->runs[state->n_runs++] = run;
    return NLT_CAPTURE_RECORD;
}

/* Interface description block; `len` bytes without the second length field. */
static nlt_capture_status interface_block(nlt_capture *state, const uint8_t *p, size_t len)
{
    bool is_big = state->is_big_endian;
    if (len < INTERFACE_MIN - 4) {
        return damaged(state, "pcapng interface block too short");
    }
    nlt_capture_run run = {0, 0, nlt__load_32(p + 12, is_big), nlt__load_16(p + 8, is_big), 6};
    size_t at = INTERFACE_MIN - 4;
    while (len - at >= 4) {
        uint16_t code = nlt__load_16(p + at, is_big);
        size_t size = nlt__load_16(p + at + 2, is_big);
        at += 4;
        if (code == 0 || size > len - at) {
            break;
        }
        if (code == OPTION_TIME_RESOL && size == 1) {
            run.time_resol = p[at];
        } else if (code == OPTION_TIME_OFFSET && size == 8) {
            size_t high = is_big ? at : at + 4;
            size_t low = is_big ? at + 4 : at;
            run.offset_s = (int64_t)((uint64_t)nlt__load_32(p + high, is_big) << 32
                | nlt__load_32(p + low, is_big));
        }
        size_t padded = (size + 3) & ~(size_t)3;
        at = padded < len - at ? at + padded : len;
    }
    return add_interface(state, run);
}

static nlt_capture_status section_block(nlt_capture *state, const uint8_t *p)
{
    if (nlt__load_16(p + 12, state->is_big_endian) != 1) {
        return damaged(state, "pcapng section of a version other than 1");
    }
    state->n_interfaces = 0;
    state->n_runs = 0;
    return NLT_CAPTURE_RECORD;
}

/* Sets the byte order at a section header, so that its length can be read. */
static bool section_order(nlt_capture *state, const uint8_t *p)
{
    bool is_little = nlt__load_le32(p + 8) == SECTION_MAGIC;
    state->is_big_endian = !is_little;
    return is_little || nlt__load_be32(p + 8) == SECTION_MAGIC;
}

/* Enhanced, obsolete and simple packet blocks differ in where their fields are. */
typedef struct packet_layout {
    uint32_t type;
    uint32_t header; /* bytes before the data, type and length included */
    uint32_t sizes;  /* offset of captured and original length; 0: simple */
} packet_layout;

static const packet_layout packet_layouts[] = {
    {BLOCK_ENHANCED, 28, 20},
    {BLOCK_SIMPLE, 12, 0},
    {BLOCK_PACKET, 28, 20},
};

static const packet_layout *find_layout(uint32_t type)
{
    for (size_t i = 0; i < sizeof packet_layouts / sizeof packet_layouts[0]; i++) {
        if (packet_layouts[i].type == type) {
            return &packet_layouts[i];
        }
    }
    return NULL;
}

/* Fills the record from a packet block of `block` bytes, of which `have` are there. */
static nlt_capture_status packet_block(nlt_capture *state, const packet_layout *layout,
    const uint8_t *p, size_t block, size_t have, nlt_capture_record *record)
{
    bool is_big = state->is_big_endian;
    if (block < layout->header + 4) {
        return damaged(state, "pcapng packet block too short");
    }
    uint32_t interface = 0;
    if (layout->type == BLOCK_ENHANCED) {
        interface = nlt__load_32(p + 8, is_big);
    } else if (layout->type == BLOCK_PACKET) {
        interface = nlt__load_16(p + 8, is_big);
    }
    const nlt_capture_run *run = find_run(state, interface);
    if (run == NULL) {
        return damaged(state, "pcapng packet of an interface that is not described");
    }
    size_t room = block - layout->header - 4;
    size_t captured;
    if (layout->sizes != 0) {
        captured = nlt__load_32(p + layout->sizes, is_big);
        record->original_len = nlt__load_32(p + layout->sizes + 4, is_big);
        set_block_time(run, p + 12, is_big, record);
    } else {
        record->original_len = nlt__load_32(p + 8, is_big);
        captured = record->original_len < room ? record->original_len : room;
        captured = run->snaplen != 0 && run->snaplen < captured ? run->snaplen : captured;
    }
    if (captured > room || captured > NLT_CAPTURE_PACKET_MAX) {
        return damaged(state, "pcapng packet longer than its block, or than 262144 bytes");
    }
    size_t there = have - layout->header;
    record->data = p + layout->header;
    record->data_len = captured < there ? captured : there;
    record->captured_len = (uint32_t)captured;
    record->link_type = run->link_type;
    record->is_big_endian = is_big;
    return NLT_CAPTURE_RECORD;
}

/* The length of the block at p, of which at least 12 bytes are there; 0: not sound. */
static size_t block_length(nlt_capture *state, const uint8_t *p, bool is_section)
{
    if (is_section && !section_order(state, p)) {
        return 0;
    }
    uint32_t length = nlt__load_32(p + 4, state->is_big_endian);
    size_t least = is_section ? SECTION_MIN : BLOCK_MIN;
    return length < least || length % 4 != 0 || length > NLT_CAPTURE_BLOCK_MAX ? 0 : length;
}

/* A block of which only the first `have` bytes are in the file. */
static nlt_capture_status cut_block(nlt_capture *state, const packet_layout *layout,
    const uint8_t *p, size_t block, size_t have, nlt_capture_record *record)
{
    if (layout != NULL && have >= layout->header) {
        nlt_capture_status status = packet_block(state, layout, p, block, have, record);
        if (status != NLT_CAPTURE_RECORD) {
            return status;
        }
    }
    record->before = record->consumed;
    record->consumed += have;
    return NLT_CAPTURE_TRUNCATED;
}

static nlt_capture_status pcapng_next(
    nlt_capture *state, nlt_bytes window, bool at_end, nlt_capture_record *record)
{
    for (;;) {
        const uint8_t *p = (const uint8_t *)window.ptr + record->consumed;
        size_t left = window.len - record->consumed;
        if (left < BLOCK_MIN) {
            nlt_capture_status status = cut(left, at_end, &left);
            record->before = record->consumed;
            record->consumed += status == NLT_CAPTURE_MORE ? 0 : left;
            return status;
        }
        bool is_section = nlt__load_le32(p) == BLOCK_SECTION;
        /* The order of a section counts only once all of it is there: a copy of the state may be
         * taken when MORE was said. */
        bool old_order = state->is_big_endian;
        size_t length = block_length(state, p, is_section);
        uint32_t type = nlt__load_32(p, state->is_big_endian);
        if (length == 0) {
            return damaged(state, "pcapng block with an impossible length or byte order");
        }
        const packet_layout *layout = find_layout(type);
        if (left < length) {
            if (at_end) {
                return cut_block(state, layout, p, length, left, record);
            }
            state->is_big_endian = old_order;
            return NLT_CAPTURE_MORE;
        }
        if (nlt__load_32(p + length - 4, state->is_big_endian) != length) {
            return damaged(state, "pcapng block of which the two lengths differ");
        }
        nlt_capture_status status = NLT_CAPTURE_RECORD;
        if (layout != NULL) {
            status = packet_block(state, layout, p, length, length - 4, record);
        } else if (is_section) {
            status = section_block(state, p);
        } else if (type == BLOCK_INTERFACE) {
            status = interface_block(state, p, length - 4);
        }
        record->consumed += status == NLT_CAPTURE_RECORD ? length : 0;
        if (status != NLT_CAPTURE_RECORD || layout != NULL) {
            return status;
        }
    }
}

nlt_capture_status nlt__capture_next(
    nlt_capture *state, nlt_bytes window, bool at_end, nlt_capture_record *record)
{
    memset(record, 0, sizeof *record);
    if (state->format == FORMAT_PCAP) {
        return pcap_next(state, window, at_end, record);
    }
    if (state->format == FORMAT_PCAPNG) {
        return pcapng_next(state, window, at_end, record);
    }
    return damaged(state, "no capture header was read");
}

/* ---- in the middle of a file ---- */

/* The length of what may be a packet's record; 0: it is none. `before`: the record before it, whose
 * time is not far; NULL: none. */
static size_t likely_record(const nlt_capture *state, const uint8_t *p, const uint8_t *before)
{
    bool is_big = state->is_big_endian;
    uint32_t captured = nlt__load_32(p + 8, is_big);
    uint32_t original = nlt__load_32(p + 12, is_big);
    uint32_t fraction = nlt__load_32(p + 4, is_big);
    bool is_likely = captured > 0 && captured <= original && original <= NLT_CAPTURE_PACKET_MAX
        && fraction < (state->is_nano ? UINT32_C(1000000000) : UINT32_C(1000000));
    if (is_likely && before != NULL) {
        uint32_t gap = nlt__load_32(p, is_big) - nlt__load_32(before, is_big);
        is_likely = gap + LIKELY_GAP_S <= 2 * LIKELY_GAP_S;
    }
    return is_likely ? state->header_bytes + captured : 0;
}

/* The same of a pcapng block, of which `left` bytes are there. Behind a section header all may be
 * otherwise: what is there is not looked at. */
static size_t likely_block(const nlt_capture *state, const uint8_t *p, size_t left)
{
    bool is_big = state->is_big_endian;
    uint32_t type = nlt__load_32(p, is_big);
    size_t length = nlt__load_32(p + 4, is_big);
    if (type == BLOCK_SECTION) {
        return left;
    }
    bool is_likely = (type & ~BLOCK_LOCAL) <= BLOCK_LIKELY_MAX && length >= BLOCK_MIN
        && length % 4 == 0 && length <= NLT_CAPTURE_BLOCK_MAX
        && (length > left || nlt__load_32(p + length - 4, is_big) == length);
    return is_likely ? length : 0;
}

/* Whether records may follow one another from `at` to the end of the window. */
static bool is_chain(const nlt_capture *state, nlt_bytes window, size_t at, int *n_looks)
{
    const uint8_t *p = (const uint8_t *)window.ptr;
    const uint8_t *before = NULL;
    bool is_pcap = state->format == FORMAT_PCAP;
    size_t header = is_pcap ? state->header_bytes : BLOCK_MIN;
    int n = 0;
    while (at < window.len && window.len - at >= header) {
        size_t len = is_pcap ? likely_record(state, p + at, before)
                             : likely_block(state, p + at, window.len - at);
        if (len == 0 || --*n_looks <= 0) {
            return false;
        }
        before = p + at;
        at += len;
        n++;
    }
    return n >= LIKELY_MIN;
}

bool nlt__capture_find(const nlt_capture *state, nlt_bytes window, size_t *at)
{
    int n_looks = LIKELY_LOOKS_MAX;
    for (*at = 0; state->format != 0 && *at < window.len && n_looks > 0; ++*at, n_looks--) {
        if (is_chain(state, window, *at, &n_looks)) {
            return true;
        }
    }
    return false;
}

bool nlt__capture_is_same(const nlt_capture *a, const nlt_capture *b)
{
    bool is_same = a->format == b->format && a->is_big_endian == b->is_big_endian
        && a->header_bytes == b->header_bytes && a->is_nano == b->is_nano
        && a->link_type == b->link_type && a->n_interfaces == b->n_interfaces
        && a->n_runs == b->n_runs;
    for (uint32_t i = 0; is_same && i < a->n_runs; i++) {
        is_same = a->runs[i].first == b->runs[i].first && is_same_run(&a->runs[i], &b->runs[i]);
    }
    return is_same;
}

double nlt__capture_seconds(int64_t time_ns)
{
    const uint64_t billion = (uint64_t)NS_PER_S;
    if (time_ns % 1000 == 0 && time_ns / 1000 < INT64_C(1) << 53
        && time_ns / 1000 > -(INT64_C(1) << 53)) {
        return (double)(time_ns / 1000) / 1e6; /* both exact, so one rounding */
    }
    uint64_t n = time_ns < 0 ? 0 - (uint64_t)time_ns : (uint64_t)time_ns;
    uint64_t whole = n / billion;
    double value;
    if (whole < UINT64_C(1) << 23) {
        value = (double)n / 1e9; /* below 2^53 */
    } else {
        /* 53 bits of the quotient in integers, rounded half to even. */
        int shift = 53 - (64 - __builtin_clzll(whole));
        uint64_t scaled = n % billion << shift;
        uint64_t bits = (whole << shift) + scaled / billion;
        uint64_t twice = 2 * (scaled % billion);
        bits += twice > billion || (twice == billion && (bits & 1) != 0) ? 1 : 0;
        value = ldexp((double)bits, -shift);
    }
    return time_ns < 0 ? -value : value;
}
