/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of several lines become rows.
 *
 * Splits are decoded by all workers, each into one buffer per share of the keys, and long ones (files
 * that are packed, pipes) in parts, of which the next is decoded when all shares have taken the one
 * before. A split in parts belongs to no worker, so that none waits for one that is elsewhere. Where
 * the packets of a split begin is known once the split before it is decoded; until then it is guessed,
 * and what was decoded from elsewhere is decoded again. A share's records
 * are taken in dataset order of their splits, by one worker at a time, whichever has nothing better
 * to do. Records wait until time has moved on by HOLD_NS, so that files whose times step back a little
 * are put in order; memory follows the keys that are open. A record older than what was taken
 * already shows that the input is no stream: the run fails, and the next one sorts: each share keeps
 * its records, on disk where they are many, and takes them in order at the end. The rows are the
 * same. Whether the input is a stream is known once all of it is decoded; who cannot take rows back
 * asks nlt__scan_sort_unknown before the first are given away. */

#include <string.h>

#include "core/alloc.h"
#include "scan/scan_types.h"
#include "scan/spill.h"

enum {
    WINDOW = 16,                /* splits that are decoded and not yet taken by all shares */
    AHEAD = 8,                  /* records that are on their way from memory */
    SHARE_HELD_BYTES = 4 << 20, /* held back for order; more goes through early */
    RECORDS_MAX = 1 << 30,      /* bytes of one split's records of one share */
    SPARE_MAX = 1 << 20,        /* room of one share that is kept for later parts */
    AHEAD_MAX = 48 << 20        /* bytes of records of splits whose turn has not come */
};
#define HOLD_NS INT64_C(5000000000)

/* A part's records of one share. When the last of them was taken, its room is the share's spare. */
typedef struct block {
    nlt_buf bytes;
    int64_t n_left;
} block;

typedef struct share {
    void *state; /* of the connector's pairing */
    bool is_busy;
    bool is_taking;  /* in the middle of a split: records up to n_ready are to be taken */
    bool is_flushed; /* its last row was put */
    int64_t next_split;
    int64_t next_part;
    int64_t file;            /* is_by_file: of the records taken last */
    nlt_record_ref *records; /* sorted; those before `pos` are done */
    int64_t n, cap, pos, n_ready;
    size_t bytes;
    int64_t last_time; /* of the record taken last */
    int64_t last_key;
    nlt_line_counts counts;
    _Atomic(block *) spare; /* owned; empty; whoever exchanges it has it */
    nlt_spill *spill;       /* sorting: what does not fit */
} share;

/* A split, of which one part is here at a time. */
typedef struct slot {
    nlt_records records;
    nlt_scan_reader
        *reader; /* owned; decodes the split; NULL: all of it is complete, or not begun */
    nlt_capture_place from; /* of captures: where it began to be decoded, if that was known */
    int64_t max_time;       /* of all parts up to this one, once all of those are decoded */
    int64_t ahead;          /* bytes that count as run->ahead */
    int64_t n_parts;        /* that are complete */
    int n_left;             /* shares that have yet to take the last one of those */
    bool is_busy;           /* being decoded: records and reader are the decoding thread's */
    bool is_decoded;        /* a part that is not yet complete */
    bool is_whole;          /* it is the split's last one */
} slot;

struct nlt_pairing_run {
    nlt_scan *scan;
    const nlt_pairing *pairing;
    bool is_sorting;
    bool is_unproved; /* a part may still come that must have been taken before */
    int n_wanted;
    int wanted[NLT_BUILDER_COLUMNS_MAX];
    void *assembly; /* of the file whose pieces come next; NULL: none yet */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int64_t next_split;        /* to be decoded */
    int64_t decoded;           /* all splits before it are, and their pieces assembled */
    bool is_assembling;        /* a worker is about that, for as long as there are splits to do */
    int64_t taken;             /* all splits before it are taken by all shares */
    nlt_capture_place reached; /* of captures: where split `decoded` begins */
    int64_t max_time;
    int64_t n_parts;                /* that are complete, of all splits */
    int64_t ahead;                  /* bytes of records of splits whose turn has not come */
    nlt_scan_reader *spare[WINDOW]; /* owned */
    int n_spare;
    nlt_error failure; /* the first one; ends the run for all workers */
    slot slots[WINDOW];
    share shares[NLT_SHARES];
};

/* ---- life ---- */

nlt_status nlt__pairing_open(
    nlt_scan *scan, const int *wanted, int n_wanted, nlt_pairing_run **out, nlt_error *err)
{
    nlt_pairing_run *run = nlt_alloc_zero(1, sizeof *run);
    *out = run;
    if (run == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory");
    }
    run->scan = scan;
    run->pairing = scan->connector->pairing;
    run->is_sorting = nlt__scan_must_sort(scan);
    run->is_unproved = !run->is_sorting && !run->pairing->is_by_file;
    run->n_wanted = n_wanted;
    for (int i = 0; i < n_wanted; i++) {
        run->wanted[i] = wanted[i];
    }
    atomic_fetch_add(&scan->n_unproved, run->is_unproved);
    if (run->is_sorting) { /* what a run before this one has done counts no more */
        atomic_store(&scan->bytes_done, 0);
        atomic_store(&scan->rows_done, 0);
    }
    run->failure = (nlt_error)NLT_ERROR_INIT;
    run->next_split = run->decoded = run->taken = scan->first_split;
    run->max_time = INT64_MIN;
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->moved, NULL);
    for (int i = 0; i < NLT_SHARES; i++) {
        run->shares[i].next_split = scan->first_split;
        run->shares[i].file = -1;
        run->shares[i].last_time = INT64_MIN;
    }
    return NLT_OK;
}

static bool is_capture(const nlt_pairing_run *run)
{
    return run->scan->connector->packet != NULL;
}

/* It is clear whether the run has to sort. */
static void end_doubt(nlt_pairing_run *run)
{
    atomic_fetch_sub(&run->scan->n_unproved, run->is_unproved);
    run->is_unproved = false;
}

static void free_block(block *one)
{
    if (one != NULL) {
        nlt__buf_clear(&one->bytes);
        nlt_free(one);
    }
}

static void release(share *s, const nlt_record_ref *one)
{
    block *home = one->home;
    if (--home->n_left == 0) {
        home->bytes.len = 0;
        free_block(home->bytes.cap <= SPARE_MAX ? atomic_exchange(&s->spare, home) : home);
    }
}

/* Room that was used before, if there is any. */
static void take_spare(share *s, nlt_buf *bytes)
{
    block *spare = bytes->ptr == NULL ? atomic_exchange(&s->spare, NULL) : NULL;
    if (spare != NULL) {
        *bytes = spare->bytes;
        nlt_free(spare);
    }
}

void nlt__pairing_close(nlt_pairing_run *run)
{
    if (run == NULL) {
        return;
    }
    end_doubt(run);
    for (int i = 0; i < NLT_SHARES; i++) {
        share *s = &run->shares[i];
        for (; s->pos < s->n; s->pos++) {
            release(s, &s->records[s->pos]);
        }
        free_block(s->spare);
        nlt_free(s->records);
        nlt__spill_close(s->spill);
        if (s->state != NULL) {
            run->pairing->close(s->state);
        }
        for (int j = 0; j < WINDOW; j++) {
            nlt__buf_clear(&run->slots[j].records.shares[i]);
        }
    }
    bool is_made_again = !run->is_sorting && nlt__scan_must_sort(run->scan);
    for (int j = 0; j < WINDOW; j++) {
        nlt__buf_clear(&run->slots[j].records.pieces);
        bool is_ahead = j != run->decoded % WINDOW; /* perhaps from a wrong place */
        if ((is_made_again || is_ahead) && run->slots[j].reader != NULL) {
            nlt__scan_reader_abandon(run->slots[j].reader);
        }
        nlt__scan_reader_close(run->slots[j].reader);
        nlt__scan_reader_close(j < run->n_spare ? run->spare[j] : NULL);
    }
    if (run->assembly != NULL) {
        run->pairing->assembly->close(run->assembly);
    }
    pthread_cond_destroy(&run->moved);
    pthread_mutex_destroy(&run->lock);
    nlt_free(run);
}

/* ---- order ---- */

/* Room for `extra` more. Those that are done are forgotten once there are more of them than others: to
 * move the others costs no more than it did to add them. */
static nlt_status reserve(share *s, int64_t extra, nlt_error *err)
{
    if (s->pos > s->n - s->pos) {
        memcpy(s->records, s->records + s->pos, (size_t)(s->n - s->pos) * sizeof *s->records);
        s->n -= s->pos;
        s->n_ready -= s->pos;
        s->pos = 0;
    }
    if (s->n + extra <= s->cap) {
        return NLT_OK;
    }
    int64_t cap = s->cap * 2 > s->n + extra ? s->cap * 2 : s->n + extra;
    nlt_record_ref *grown = nlt_realloc_array(s->records, (size_t)cap, sizeof *grown);
    if (grown == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld records", (long long)cap);
    }
    s->records = grown;
    s->cap = cap;
    return NLT_OK;
}

/* Adds the `n` records of a buffer, which is then the share's. */
static nlt_status add_block(share *s, nlt_buf *bytes, int64_t n, nlt_error *err)
{
    if (n == 0) {
        return NLT_OK;
    }
    block *home = nlt_alloc(sizeof *home);
    if (home == NULL || reserve(s, n, err) != NLT_OK) {
        nlt_free(home);
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %lld records", (long long)n);
    }
    *home = (block){*bytes, n};
    s->bytes += bytes->len;
    *bytes = (nlt_buf)NLT_BUF_INIT(RECORDS_MAX);
    nlt__record_refs(&home->bytes, home, s->records + s->n);
    s->n += n;
    return NLT_OK;
}

/* How many records may be taken: those that later splits can hardly come before. */
static int64_t count_ready(const nlt_pairing_run *run, const share *s, int64_t max_time)
{
    if (run->pairing->is_by_file) {
        return s->n;
    }
    int64_t low = s->pos;
    int64_t high = s->n;
    int64_t until = max_time < INT64_MIN + HOLD_NS ? INT64_MIN : max_time - HOLD_NS;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (s->records[middle].time <= until) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return s->bytes <= SHARE_HELD_BYTES || low > s->pos + (s->n - s->pos) / 2
        ? low
        : s->pos + (s->n - s->pos) / 2;
}

static bool is_late(const share *s)
{
    const nlt_record_ref *first = &s->records[s->pos];
    return first->time < s->last_time
        || (first->time == s->last_time && first->row_key < s->last_key);
}

/* ---- shares ---- */

/* What a share has to do next with a part that is complete: its records come to the others. */
static nlt_status begin_part(nlt_pairing_run *run, share *s, int64_t max_time, nlt_error *err)
{
    slot *from = &run->slots[s->next_split % WINDOW];
    int index = (int)(s - run->shares);
    nlt_buf *bytes = &from->records.shares[index];
    if (run->is_sorting) {
        return nlt__spill_add(&s->spill, run->scan->spill_space, bytes, err);
    }
    int64_t n = from->records.counts[index];
    NLT_TRY(add_block(s, bytes, n, err));
    if (run->pairing->is_by_file) {
        s->n_ready = s->n;
        return NLT_OK;
    }
    NLT_TRY(nlt__record_sort(s->records + s->pos, s->n - s->pos - n, s->n - s->pos, err));
    if (s->n > s->pos && is_late(s)) {
        atomic_store_explicit(&run->scan->must_sort, true, memory_order_relaxed);
        return nlt_fail(err, NLT_ERR_LIMIT, "times step back: all has to be sorted first");
    }
    s->n_ready = count_ready(run, s, max_time);
    return NLT_OK;
}

/* All splits were taken: the next records of those that were kept. */
static nlt_status add_sorted(share *s, nlt_error *err)
{
    nlt_buf bytes = NLT_BUF_INIT(SIZE_MAX / 2);
    int64_t n = 0;
    nlt_status status = nlt__spill_next(s->spill, &bytes, &n, err);
    if (status == NLT_OK) {
        status = add_block(s, &bytes, n, err);
    }
    nlt__buf_clear(&bytes);
    if (status == NLT_OK && n == 0) {
        nlt__spill_close(s->spill);
        s->spill = NULL;
    }
    return status;
}

/* Takes records until the batch is full (true), or all that are ready are taken. */
static bool take_records(nlt_pairing_run *run, share *s, nlt_builder *out)
{
    const nlt_pairing *pairing = run->pairing;
    while (s->pos < s->n_ready) {
        if (s->n_ready - s->pos > AHEAD) {
            const char *next = (const char *)s->records[s->pos + AHEAD].record;
            __builtin_prefetch(next);
            __builtin_prefetch(next + 64);
            if (pairing->fetch != NULL) {
                pairing->fetch(s->state, s->records[s->pos + AHEAD / 2].record->hash);
            }
        }
        const nlt_record_ref *one = &s->records[s->pos];
        const nlt_record *record = one->record;
        int64_t file = record->row_key >> 40;
        bool is_next_file = pairing->is_by_file && file != s->file && s->file >= 0;
        if (pairing->expire(s->state, is_next_file ? INT64_MAX : record->time, out)
            || nlt__is_full(out)) {
            return true;
        }
        s->file = file;
        if (pairing->take(s->state, record, out) == NLT_ROW_IGNORED) {
            s->counts.used--;
            s->counts.ignored++;
        }
        s->last_time = record->time;
        s->last_key = record->row_key;
        s->bytes -= nlt__record_size(record->len);
        s->pos++;
        release(s, one);
    }
    return false;
}

/* Puts the rows of a share until the batch is full (true). */
static nlt_status work_on(nlt_pairing_run *run, share *s, bool is_end, int64_t max_time,
    nlt_builder *out, bool *is_full, nlt_error *err)
{
    *is_full = false;
    if (s->state == NULL) {
        NLT_TRY(run->pairing->open(out, &s->state, err));
    }
    if (!is_end && !s->is_taking) {
        NLT_TRY(begin_part(run, s, max_time, err));
        s->is_taking = true;
    }
    int64_t filtered = out->n_filtered;
    int64_t rows = out->row;
    s->n_ready = is_end ? s->n : s->n_ready;
    *is_full = take_records(run, s, out);
    while (is_end && !*is_full && s->spill != NULL) {
        NLT_TRY(add_sorted(s, err));
        s->n_ready = s->n;
        *is_full = take_records(run, s, out);
    }
    if (!*is_full && is_end) {
        *is_full = run->pairing->expire(s->state, INT64_MAX, out);
    }
    s->counts.filtered += out->n_filtered - filtered;
    s->counts.rows += out->row - rows;
    return out->failed == NLT_OK ? NLT_OK
                                 : nlt_fail(err, out->failed, "out of memory for a batch of rows");
}

/* ---- workers ---- */

static bool is_all_decoded(const nlt_pairing_run *run)
{
    return run->decoded == run->scan->n_splits;
}

static bool has_part(const nlt_pairing_run *run, const share *s)
{
    return s->next_split < run->decoded
        || (s->next_split == run->decoded && run->decoded < run->next_split
            && s->next_part < run->slots[run->decoded % WINDOW].n_parts);
}

/* A share that some work waits for; -1: none. Holding the lock. */
static int find_share(const nlt_pairing_run *run)
{
    int best = -1;
    for (int i = 0; i < NLT_SHARES; i++) {
        const share *s = &run->shares[i];
        bool has_next = has_part(run, s);
        bool has_end = is_all_decoded(run) && !has_next && !s->is_flushed;
        if (!s->is_busy && (has_next || has_end)
            && (best < 0 || s->next_split < run->shares[best].next_split)) {
            best = i;
        }
    }
    return best;
}

static void set_in_order(nlt_pairing_run *run)
{
    end_doubt(run);
    atomic_store(&run->scan->is_in_order, true);
}

/* The part is taken by one more share; splits that all have taken make room. */
static void end_part(nlt_pairing_run *run, share *s)
{
    slot *from = &run->slots[s->next_split % WINDOW];
    s->is_taking = false;
    s->next_part++;
    from->n_left--;
    if (s->next_split < run->decoded && s->next_part == from->n_parts) {
        s->next_split++;
        s->next_part = 0;
    }
    while (run->taken < run->decoded && run->slots[run->taken % WINDOW].n_left == 0) {
        run->taken++;
    }
    if (run->taken == run->scan->n_splits) {
        set_in_order(run);
    }
}

static void count_once(nlt_pairing_run *run)
{
    nlt_scan *scan = run->scan;
    pthread_mutex_lock(&scan->lock);
    for (int i = 0; i < NLT_SHARES && !scan->are_pairs_counted; i++) {
        const nlt_line_counts *counts = &run->shares[i].counts;
        scan->report.counts.rows += counts->rows;
        scan->report.counts.filtered += counts->filtered;
        scan->report.counts.used += counts->used;
        scan->report.counts.ignored += counts->ignored;
    }
    scan->are_pairs_counted = true;
    pthread_mutex_unlock(&scan->lock);
}

void nlt__pairing_count_rows(nlt_scan *scan, const nlt_line_counts *counts, int64_t facts_unused)
{
    pthread_mutex_lock(&scan->lock);
    scan->report.counts.rows += counts->rows;
    scan->report.counts.filtered += counts->filtered;
    scan->report.counts.used += counts->used;
    scan->report.counts.ignored += counts->ignored;
    scan->are_pairs_counted = true;
    scan->has_unused = true;
    scan->unused += facts_unused;
    pthread_mutex_unlock(&scan->lock);
}

static bool is_finished(const nlt_pairing_run *run)
{
    for (int i = 0; i < NLT_SHARES; i++) {
        if (!run->shares[i].is_flushed) {
            return false;
        }
    }
    return true;
}

/* Works on a share; holding the lock before and after. */
static nlt_status serve_share(
    nlt_pairing_run *run, int index, nlt_builder *out, bool *is_full, nlt_error *err)
{
    share *s = &run->shares[index];
    s->is_busy = true;
    bool is_end = !has_part(run, s);
    int64_t max_time = is_end ? INT64_MAX : run->slots[s->next_split % WINDOW].max_time;
    pthread_mutex_unlock(&run->lock);
    nlt_status status = work_on(run, s, is_end, max_time, out, is_full, err);
    pthread_mutex_lock(&run->lock);
    s->is_busy = false;
    if (status == NLT_OK && !*is_full && is_end) {
        s->is_flushed = true;
        if (is_finished(run)) {
            count_once(run);
        }
    } else if (status == NLT_OK && !*is_full) {
        end_part(run, s);
    }
    pthread_cond_broadcast(&run->moved);
    return status;
}

/* ---- pieces ---- */

void nlt__pairing_count_pieces(nlt_scan *scan, int64_t index, const nlt_piece_counts *counts)
{
    nlt_scan_file *file = &scan->files[index];
    pthread_mutex_lock(&scan->lock);
    if (!file->are_pieces_counted) {
        file->are_pieces_counted = true;
        file->used += counts->used;
        scan->report.counts.used += counts->used;
        scan->report.counts.ignored += counts->ignored;
        for (int i = 0; i < NLT_REJECT_COUNT; i++) {
            file->skipped += counts->by_reason[i];
            scan->report.counts.skipped += counts->by_reason[i];
            scan->report.counts.by_reason[i] += counts->by_reason[i];
        }
    }
    pthread_mutex_unlock(&scan->lock);
}

static nlt_status end_assembly(
    nlt_pairing_run *run, int64_t file, nlt_records *records, nlt_error *err)
{
    nlt_piece_counts counts = {.used = 0};
    nlt_status status = run->pairing->assembly->end(run->assembly, records, &counts, err);
    run->pairing->assembly->close(run->assembly);
    run->assembly = NULL;
    nlt__pairing_count_pieces(run->scan, file, &counts);
    return status;
}

/* Messages in the pieces of a part become records of it. */
static nlt_status assemble(
    nlt_pairing_run *run, int64_t split, const nlt_builder *out, nlt_error *err)
{
    const nlt_assembly *assembly = run->pairing->assembly;
    slot *to = &run->slots[split % WINDOW];
    nlt_buf *pieces = &to->records.pieces;
    const nlt_scan *scan = run->scan;
    if (pieces->len > 0 && run->assembly == NULL) {
        NLT_TRY(assembly->open(out, &run->assembly, err));
    }
    for (size_t at = 0; at < pieces->len;) {
        const nlt_record *piece = (const void *)(pieces->ptr + at);
        NLT_TRY(assembly->take(run->assembly, piece, &to->records, err));
        at += nlt__record_size(piece->len);
    }
    nlt__buf_clear(pieces);
    int64_t file = scan->splits[split].file;
    bool is_last = split + 1 == scan->n_splits || scan->splits[split + 1].file != file;
    if (is_last && to->is_whole && run->assembly != NULL) {
        NLT_TRY(end_assembly(run, file, &to->records, err));
    }
    return to->records.failed == NLT_OK
        ? NLT_OK
        : nlt_fail(err, to->records.failed, "out of memory for records");
}

/* The split whose turn it is is complete. Holding the lock. */
static void end_whole(nlt_pairing_run *run, slot *whole)
{
    const nlt_split *splits = run->scan->splits;
    int64_t next = ++run->decoded;
    run->spare[run->n_spare++] = whole->reader;
    bool is_same_file = next < run->scan->n_splits && splits[next].file == splits[next - 1].file;
    if (is_same_file && is_capture(run)) {
        nlt__scan_reader_reached(whole->reader, &run->reached);
    } else {
        run->reached = (nlt_capture_place){.at = 0};
    }
    whole->reader = NULL;
}

/* The part of the first split that is not complete becomes so. Holding the lock. */
static void end_complete(nlt_pairing_run *run, slot *next)
{
    int64_t max_time = next->records.max_time;
    run->max_time = max_time > run->max_time ? max_time : run->max_time;
    run->ahead -= next->ahead;
    next->ahead = 0;
    next->max_time = run->max_time;
    next->is_decoded = false;
    next->n_left = NLT_SHARES;
    next->n_parts++;
    run->n_parts++;
    if (next->is_whole) {
        end_whole(run, next);
    }
    if (is_all_decoded(run) && run->n_parts == 1) {
        set_in_order(run);
    }
    pthread_cond_broadcast(&run->moved);
}

/* A split whose turn has not come may be decoded further if there is memory. */
static bool may_go_on(nlt_pairing_run *run, int64_t split)
{
    pthread_mutex_lock(&run->lock);
    bool is_allowed = split != run->decoded && run->ahead < AHEAD_MAX;
    if (is_allowed) {
        run->slots[split % WINDOW].ahead += run->scan->part_bytes;
        run->ahead += run->scan->part_bytes;
    }
    pthread_mutex_unlock(&run->lock);
    return is_allowed;
}

static void empty(nlt_pairing_run *run, nlt_records *records)
{
    for (int i = 0; i < NLT_SHARES; i++) {
        take_spare(&run->shares[i], &records->shares[i]);
        records->shares[i].max = RECORDS_MAX;
        records->shares[i].len = 0;
        records->counts[i] = 0;
    }
    records->pieces.max = RECORDS_MAX;
    records->pieces.len = 0;
    records->max_time = INT64_MIN;
}

/* Decodes the next part of a split. */
static nlt_status read_part(nlt_pairing_run *run, int64_t split, nlt_error *err)
{
    slot *to = &run->slots[split % WINDOW];
    empty(run, &to->records);
    if (to->reader == NULL) {
        NLT_TRY(nlt__scan_reader_open(run->scan, run->wanted, run->n_wanted, &to->reader, err));
    }
    if (to->n_parts == 0) {
        NLT_TRY(is_capture(run)
                ? nlt__scan_reader_start_packets(to->reader, split, &to->from, &to->records, err)
                : nlt__scan_reader_start(to->reader, split, &to->records, err));
    }
    do {
        const nlt_batch *batch = NULL;
        NLT_TRY(nlt__scan_reader_next(to->reader, &batch, err));
        to->is_whole = !nlt__scan_reader_is_reading(to->reader);
    } while (!to->is_whole && may_go_on(run, split));
    return NLT_OK;
}

/* Packets that were decoded before it was known where those before them end are decoded again if it
 * was not where they seemed to begin. */
static nlt_status settle(nlt_pairing_run *run, int64_t split, nlt_error *err)
{
    slot *to = &run->slots[split % WINDOW];
    if (!is_capture(run) || to->n_parts > 0 || nlt__scan_reader_began(to->reader, &run->reached)) {
        return NLT_OK;
    }
    nlt__scan_reader_abandon(to->reader);
    to->from = run->reached;
    return read_part(run, split, err);
}

/* What is to be done with a part that is decoded when its turn has come. */
static nlt_status complete(
    nlt_pairing_run *run, int64_t split, const nlt_builder *out, nlt_error *err)
{
    const slot *to = &run->slots[split % WINDOW];
    NLT_TRY(settle(run, split, err));
    if (run->pairing->assembly != NULL) {
        NLT_TRY(assemble(run, split, out, err));
    }
    return to->is_whole ? nlt__scan_reader_file(to->reader, err) : NLT_OK;
}

/* Parts that are decoded become complete, in their order; holding the lock before and after. */
static nlt_status complete_parts(nlt_pairing_run *run, const nlt_builder *out, nlt_error *err)
{
    nlt_status status = NLT_OK;
    if (run->is_assembling) {
        return NLT_OK; /* whoever is about it goes on until none is left */
    }
    run->is_assembling = true;
    while (run->decoded < run->next_split && run->slots[run->decoded % WINDOW].is_decoded) {
        pthread_mutex_unlock(&run->lock);
        status = complete(run, run->decoded, out, err);
        pthread_mutex_lock(&run->lock);
        if (status != NLT_OK) {
            break;
        }
        end_complete(run, &run->slots[run->decoded % WINDOW]);
    }
    run->is_assembling = false;
    return status;
}

/* Decodes the next part of a split; holding the lock before and after. */
static nlt_status decode(
    nlt_pairing_run *run, int64_t split, const nlt_builder *out, nlt_error *err)
{
    slot *to = &run->slots[split % WINDOW];
    to->is_busy = true;
    pthread_mutex_unlock(&run->lock);
    nlt_status status = read_part(run, split, err);
    pthread_mutex_lock(&run->lock);
    to->is_busy = false;
    to->is_decoded = status == NLT_OK;
    if (status == NLT_OK) {
        status = complete_parts(run, out, err);
    }
    pthread_cond_broadcast(&run->moved);
    return status;
}

/* Where a split begins, as far as it is known. Holding the lock. */
static nlt_capture_place place_of(const nlt_pairing_run *run, int64_t split)
{
    const nlt_split *splits = run->scan->splits;
    nlt_capture_place place = {.at = 0};
    if (splits[split].begin > 0) {
        bool is_same_file = run->decoded < split && splits[run->decoded].file == splits[split].file;
        place = split == run->decoded || is_same_file ? run->reached : place;
        place.at = split == run->decoded ? place.at : NLT_PLACE_UNKNOWN;
    }
    return place;
}

/* The next split; holding the lock before and after. */
static nlt_status decode_next(nlt_pairing_run *run, const nlt_builder *out, nlt_error *err)
{
    int64_t split = run->next_split++;
    slot *to = &run->slots[split % WINDOW];
    to->n_parts = 0;
    to->n_left = 0;
    to->reader = run->n_spare > 0 ? run->spare[--run->n_spare] : NULL;
    to->from = place_of(run, split);
    return decode(run, split, out, err);
}

/* All shares have taken what there is of the split whose turn it is. */
static bool can_go_on(const nlt_pairing_run *run)
{
    const slot *first = &run->slots[run->decoded % WINDOW];
    return run->decoded < run->next_split && !first->is_busy && !first->is_decoded
        && first->n_left == 0 && first->reader != NULL;
}

static bool can_decode(const nlt_pairing_run *run)
{
    return run->next_split < run->scan->n_splits && run->next_split < run->taken + WINDOW;
}

/* One step; false: nothing is left to do for this worker. Holding the lock. */
static bool step(nlt_pairing_run *run, nlt_scan_reader *reader, bool *is_full, nlt_status *status,
    nlt_error *err)
{
    nlt_builder *out = nlt__scan_reader_builder(reader);
    int index = find_share(run);
    if (index >= 0) {
        *status = serve_share(run, index, out, is_full, err);
    } else if (out->row > 0) {
        *is_full = true; /* rather than wait with rows in hand, or clear them */
    } else if (can_go_on(run)) {
        *status = decode(run, run->decoded, out, err);
    } else if (can_decode(run)) {
        *status = decode_next(run, out, err);
    } else if (is_finished(run)) {
        return false;
    } else {
        pthread_cond_wait(&run->moved, &run->lock);
    }
    return true;
}

nlt_status nlt__pairing_next(
    nlt_pairing_run *run, nlt_scan_reader *reader, const nlt_batch **batch, nlt_error *err)
{
    nlt_error failure = NLT_ERROR_INIT;
    nlt_status status = NLT_OK;
    bool is_full = false;
    *batch = NULL;
    nlt__builder_reset(nlt__scan_reader_builder(reader));
    pthread_mutex_lock(&run->lock);
    while (status == NLT_OK && !is_full && run->failure.code == NLT_OK
        && step(run, reader, &is_full, &status, &failure)) {
    }
    if (status != NLT_OK && run->failure.code == NLT_OK) {
        run->failure = failure;
        pthread_cond_broadcast(&run->moved);
    }
    status = run->failure.code;
    if (status != NLT_OK && err != NULL) {
        *err = run->failure;
    }
    pthread_mutex_unlock(&run->lock);
    if (status == NLT_OK && is_full) {
        *batch = nlt__scan_reader_view(reader);
        atomic_fetch_add_explicit(&run->scan->rows_done, (*batch)->n_rows, memory_order_relaxed);
    }
    return status;
}
