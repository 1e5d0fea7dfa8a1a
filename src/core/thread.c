/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parallel regions over POSIX threads, and what the machine has. */

#define _GNU_SOURCE

#include "core/thread.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/assert.h"
#include "core/num.h"
#include "netlytics/session.h"

/* Sanitizers allocate far more than they use. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SANITIZED 0
#endif

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
    NLT_ASSERT(n > 0);
    if (n == 1) {
        return fn(ctx, 0, err);
    }
    worker *workers = nlt_alloc_zero((size_t)n, sizeof *workers);
    if (workers == NULL) {
        return nlt_fail(err, NLT_ERR_NOMEM, "out of memory for %d threads", n);
    }
    for (int i = 0; i < n; i++) {
        worker *w = &workers[i];
        w->fn = fn;
        w->ctx = ctx;
        w->number = i;
        w->error.offset = -1;
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

enum { FILE_MAX = 2048, GROUP_MAX = 1024, NUMBER_MAX = 64 };

/* The beginning of a small file of the kernel as a text; empty: there is none. */
static void read_small(const char *path, char *out, size_t size)
{
    size_t len = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    while (file >= 0 && len < size - 1) {
        ssize_t n = read(file, out + len, size - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    out[len] = '\0';
    if (file >= 0) {
        (void)close(file);
    }
}

/* The number that a text begins with, behind blanks; INT64_MAX: none, as in "max". */
static int64_t leading_number(const char *text)
{
    text += strspn(text, " \t");
    int64_t value = 0;
    nlt_bytes digits = {text, strspn(text, "0123456789")};
    return nlt__parse_i64(digits, &value) ? value : INT64_MAX;
}

/* The least limit of the group `path` (changed) and of all groups around it. */
static int64_t group_limit(const char *root, char *path, const char *name)
{
    char file[FILE_MAX];
    char text[NUMBER_MAX];
    int64_t least = INT64_MAX;
    for (;;) {
        int len = snprintf(file, sizeof file, "%s%s/%s", root, path, name);
        NLT_ASSERT(len > 0 && len < FILE_MAX);
        read_small(file, text, sizeof text);
        int64_t limit = leading_number(text);
        least = limit > 0 && limit < least ? limit : least;
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return least;
        }
        *slash = '\0';
    }
}

/* Lines of /proc/self/cgroup are "number:controllers:/path" (cgroups(7)). */
static int64_t cgroup_limit(void)
{
    static const struct {
        const char *controllers, *root, *name;
    } versions[] = {
        {"::/", "/sys/fs/cgroup", "memory.max"},
        {":memory:/", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
    };
    char groups[FILE_MAX];
    char path[GROUP_MAX];
    int64_t least = INT64_MAX;
    read_small("/proc/self/cgroup", groups, sizeof groups);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        const char *found = strstr(groups, versions[i].controllers);
        const char *from = found == NULL ? "" : strchr(found, '/');
        size_t len = strcspn(from, "\n");
        if (len >= GROUP_MAX) {
            continue;
        }
        memcpy(path, from, len);
        path[len] = '\0';
        int64_t limit = group_limit(versions[i].root, path, versions[i].name);
        least = limit < least ? limit : least;
    }
    return least;
}

int64_t nlt__memory_total(void)
{
    int64_t total = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
    int64_t limit = cgroup_limit();
    return limit < total ? limit : total;
}

void nlt__memory_cap(int64_t bytes)
{
    struct rlimit limit;
    if (!IS_SANITIZED && getrlimit(RLIMIT_DATA, &limit) == 0 && (rlim_t)bytes < limit.rlim_cur) {
        limit.rlim_cur = (rlim_t)bytes;
        (void)setrlimit(RLIMIT_DATA, &limit);
    }
}

int64_t nlt__memory_peak(void)
{
    static const char label[] = "VmHWM:";
    char text[FILE_MAX];
    read_small("/proc/self/status", text, sizeof text);
    const char *line = strstr(text, label);
    int64_t kib = line == NULL ? INT64_MAX : leading_number(line + strlen(label));
    if (kib <= INT64_MAX / 1024) {
        return kib * 1024;
    }
    /* Second choice, because it also counts what ran before exec(). */
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
