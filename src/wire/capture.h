/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_WIRE_CAPTURE_H
#define NLT_WIRE_CAPTURE_H

/**
 * Framing of capture files: classic pcap (us, ns, Kuznetzov's variant) and pcapng (sections,
 * interfaces, time resolutions), in both byte orders. No file is opened here: bytes come in,
 * records go out, and the state between two calls is a plain struct. A copy of it, taken where a
 * record ends, lets another thread go on from that offset.
 *
 * Loop of a caller, with a window that holds a piece of the file:
 *
 *     nlt_capture capture;
 *     status = nlt__capture_begin(&capture, window, at_end, &consumed);
 *     while ((status = nlt__capture_next(&capture, window, at_end, &record)) ...) {
 *         drop record.consumed bytes of the window, whatever the status;
 *         NLT_CAPTURE_MORE: the window must be longer than it was after dropping; read on
 *     }
 *
 * @source draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; libpcap for the limits
 * @thread a state belongs to one thread at a time; copies are independent
 */

#include "netlytics/base.h"

enum {
    NLT_CAPTURE_PACKET_MAX = 262144,    /* captured bytes of one packet, as in libpcap */
    NLT_CAPTURE_BLOCK_MAX = 16 << 20,   /* bytes of one pcapng block, as in Wireshark */
    NLT_CAPTURE_WINDOW_MIN = 65536 * 5, /* a window that holds every ordinary record */
    NLT_CAPTURE_RUNS_MAX = 64           /* groups of equal pcapng interfaces in one section */
};

typedef enum nlt_capture_status {
    NLT_CAPTURE_RECORD = 0, /**< begin: header understood; next: a packet */
    NLT_CAPTURE_MORE,       /**< needs more bytes than the window has; never when at_end */
    NLT_CAPTURE_END,        /**< the file ends between two records */
    NLT_CAPTURE_TRUNCATED,  /**< the file ends inside a record; nothing follows. What is there of
                                 the packet is in `data` (empty: not even its header is) */
    NLT_CAPTURE_DAMAGED     /**< bytes break the format; `why` tells; nothing after them is safe */
} nlt_capture_status;

/** One or more consecutive pcapng interfaces with equal properties. */
typedef struct nlt_capture_run {
    int64_t offset_s;   /* if_tsoffset */
    uint32_t first;     /* number of the first interface of the run */
    uint32_t snaplen;   /* 0: no limit */
    uint16_t link_type; /* LINKTYPE_ value */
    uint8_t time_resol; /* if_tsresol as in the file: 6, 9, or 0x80 | power of two */
} nlt_capture_run;

/** Everything that reading on from the end of a record needs; about 1.6 KB, no pointers owned. */
typedef struct nlt_capture {
    const char *why;       /* set with NLT_CAPTURE_DAMAGED; static text */
    uint32_t format;       /* 0: none, 1: pcap, 2: pcapng */
    uint32_t header_bytes; /* pcap: of a record header, 16 or 24 */
    uint32_t link_type;    /* pcap */
    uint32_t n_interfaces; /* pcapng, in this section */
    uint32_t n_runs;
    bool is_big_endian; /* of the file, or of this section */
    bool is_nano;       /* pcap: fraction in ns, else us */
    nlt_capture_run runs[NLT_CAPTURE_RUNS_MAX];
} nlt_capture;

typedef struct nlt_capture_record {
    const uint8_t *data;   /* borrows from the window; NULL only if data_len is 0 */
    size_t data_len;       /* bytes captured (TRUNCATED: that are there) */
    size_t consumed;       /* bytes of the window that are done with, blocks before included */
    size_t before;         /* TRUNCATED: how many of them are blocks before this record */
    int64_t time_ns;       /* since 1970-01-01 UTC; finer resolutions are cut to ns */
    uint32_t captured_len; /* as the file says */
    uint32_t original_len; /* on the wire, as the file says */
    uint32_t link_type;    /* LINKTYPE_ value */
    bool has_time;         /* false: simple packet block, or beyond int64 ns (time_ns is 0) */
    bool is_big_endian;    /* byte order of the writer; NFLOG headers follow it */
} nlt_capture_record;

/**
 * Whether the first bytes of a file (4 are enough, 12 are better) begin a capture file.
 */
NLT_API bool nlt__capture_probe(nlt_bytes head);

/**
 * Recognises the header and sets the state.
 *
 * @param at_end   the window reaches the end of the file
 * @param consumed [out] bytes of the header (pcap 24; pcapng 0, as sections are blocks like others)
 * @return RECORD; MORE; END for an empty file; TRUNCATED for a cut header; DAMAGED for other files
 */
NLT_API nlt_capture_status nlt__capture_begin(
    nlt_capture *state, nlt_bytes window, bool at_end, size_t *consumed);

/**
 * The next packet. Section, interface and unknown blocks before it are taken in silently. On every
 * status `record->consumed` bytes are to be dropped from the window (with MORE: blocks before the
 * incomplete one). After TRUNCATED, END and DAMAGED there is nothing more to ask for.
 *
 * @cost a few ns; no copy
 */
NLT_API nlt_capture_status nlt__capture_next(
    nlt_capture *state, nlt_bytes window, bool at_end, nlt_capture_record *record);

/**
 * Looks for where a record begins, in bytes from the middle of a file: the first place from which
 * records that may be real follow one another to the end of the window. That is likely, not certain:
 * it is known to whoever reads up to there from the beginning.
 *
 * @param state as of the file's beginning
 * @param at    [out] offset in the window
 * @return false: no such place is found
 * @cost  a few ns for each record of the window; at most some ms
 */
NLT_API bool nlt__capture_find(const nlt_capture *state, nlt_bytes window, size_t *at);

/** Whether what follows is read alike from both states. */
NLT_API bool nlt__capture_is_same(const nlt_capture *a, const nlt_capture *b);

/** Seconds since 1970: the double nearest to the exact value time_ns / 10^9. */
NLT_API double nlt__capture_seconds(int64_t time_ns);

#endif
