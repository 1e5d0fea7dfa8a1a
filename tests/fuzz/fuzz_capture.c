/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Framing of captures: a file read at once, in small windows, and from a state saved by a skip
 * gives the same packets. */

#include <stdlib.h>
#include <string.h>

#include "wire/capture.h"

typedef struct summary {
    nlt_capture_status last;
    uint64_t n_packets;
    uint64_t sum;
} summary;

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void add(summary *s, const nlt_capture_record *record)
{
    check(record->data_len <= record->captured_len || record->captured_len == 0);
    s->n_packets++;
    s->sum = s->sum * 31 + (uint64_t)record->time_ns + record->link_type + record->data_len;
    for (size_t i = 0; i < record->data_len; i++) {
        s->sum = s->sum * 31 + record->data[i];
    }
}

/* Reads on from `at` in windows that begin at `step` bytes and grow when asked. Each window is a
 * copy of exactly its size. */
static summary read_windows(
    nlt_capture *state, const uint8_t *data, size_t size, size_t at, size_t step)
{
    summary s = {NLT_CAPTURE_RECORD, 0, 0};
    size_t window = step;
    for (;;) {
        size_t len = window < size - at ? window : size - at;
        char *copy = malloc(len > 0 ? len : 1);
        nlt_capture_record record;
        check(copy != NULL);
        memcpy(copy, data + at, len);
        s.last = nlt__capture_next(state, (nlt_bytes){copy, len}, at + len == size, &record);
        check(record.consumed <= len);
        if (s.last == NLT_CAPTURE_RECORD || s.last == NLT_CAPTURE_TRUNCATED) {
            add(&s, &record);
        }
        free(copy);
        at += record.consumed;
        check(s.last != NLT_CAPTURE_MORE || len < size - at + record.consumed);
        window = s.last == NLT_CAPTURE_MORE ? window + step : step;
        if (s.last != NLT_CAPTURE_RECORD && s.last != NLT_CAPTURE_MORE) {
            return s;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nlt_bytes all = {(const char *)data, size};
    nlt_capture state;
    size_t header;
    (void)nlt__capture_probe(all);
    if (nlt__capture_begin(&state, all, true, &header) != NLT_CAPTURE_RECORD) {
        return 0;
    }
    nlt_capture start = state;
    summary whole = read_windows(&state, data, size, header, size + 1);
    state = start;
    summary small = read_windows(&state, data, size, header, 13);
    check(small.last == whole.last && small.n_packets == whole.n_packets && small.sum == whole.sum);
    state = start;
    size_t found;
    nlt_bytes rest = {all.ptr + header, size - header};
    check(!nlt__capture_find(&state, rest, &found) || found < rest.len);
    return 0;
}
