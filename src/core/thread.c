/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parallel regions over POSIX threads, and what the machine has. */

#define _GNU_SOURCE

#include "core/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/num.h"
#include "netlytics/session.h"

typedef struct worker {
    pthread_t thread;
    nlt_thread_fn fn;
    void *ctx;
    int number;
    bool is_started;
    nlt_status status;
    nlt_error error;
} worker;

static void *run_worker(void *arg)
{
    worker *w = arg;
    w->status = w->fn(w->ctx, w->number, &w->error);
    return NULL;
}

nlt_status nlt__parallel(int n, nlt_thread_fn fn, void *ctx, nlt_error *err)
{
    worker *workers = nlt_alloc_zero((size_t)n, sizeof *workers);
    if (workers == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %d threads", n);
    }
    for (int i = 0; i < n; i++) {
        worker *w = &workers[i];
        w->fn = fn;
        w->ctx = ctx;
        w->number = i;
        w->is_started = i > 0 && pthread_create(&w->thread, NULL, run_worker, w) == 0;
    }
    /* What could not be started runs here, one after the other: slower, not wrong. */
    for (int i = 0; i < n; i++) {
        if (!workers[i].is_started) {
            run_worker(&workers[i]);
        }
    }
    nlt_status status = NLT_OK;
    for (int i = 0; i < n; i++) {
        if (workers[i].is_started) {
            pthread_join(workers[i].thread, NULL);
        }
        if (status == NLT_OK && workers[i].status != NLT_OK) {
            status = workers[i].status;
            if (err != NULL) {
                *err = workers[i].error;
            }
        }
    }
    nlt_free(workers);
    return status;
}

int nlt__cpu_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

/* The number that a cgroup file holds; INT64_MAX: none ("max", no such file). */
static int64_t read_limit(const char *path)
{
    char text[64];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return INT64_MAX;
    }
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    int64_t limit = 0;
    return nlt__parse_i64((nlt_bytes){text, len}, &limit) && limit > 0 ? limit : INT64_MAX;
}

int64_t nlt__memory_total(void)
{
    int64_t total = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
    static const char *const limits[] = {
        "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int64_t limit = read_limit(limits[i]);
        total = limit < total ? limit : total;
    }
    return total;
}

int64_t nlt__memory_peak(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

int64_t nlt_memory_peak(void)
{
    return nlt__memory_peak();
}

int nlt_cpu_count(void)
{
    return nlt__cpu_count();
}

void nlt_text_free(char *text)
{
    nlt_free(text);
}
