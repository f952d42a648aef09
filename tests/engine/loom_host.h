/* A host for the loom (fixtures/loom.c): what the game gets of it. It must never know what a test does to the
 * game. */
#ifndef MOLT_TEST_LOOM_HOST_H
#define MOLT_TEST_LOOM_HOST_H

#include <stdatomic.h>
#include <stdio.h>

#include <molt/threads.h>

#include "fixtures/loom.h"

/* Invariant: `api` is first, so that what the game passes back is the host. */
typedef struct LoomHost {
    MoltPlatformApi api;
    MoltThreads *threads;
    atomic_uint wish; /* enum LoomWish */
    char logged[600]; /* the last line */
} LoomHost;

static inline LoomHost *loom_host(const MoltPlatformApi *api)
{
    return (LoomHost *)(uintptr_t)api; /* NOLINT: its first member, not const */
}

static inline uint64_t loom_seed(const MoltPlatformApi *api)
{
    return atomic_load(&loom_host(api)->wish);
}

static inline void loom_log(const MoltPlatformApi *api, const char *text)
{
    LoomHost *host = loom_host(api);
    snprintf(host->logged, sizeof host->logged, "%s", text);
}

static inline void loom_parallel_for(const MoltPlatformApi *api, uint32_t count, MoltTask task, void *context)
{
    molt_threads_parallel_for(loom_host(api)->threads, count, task, context);
}

static inline bool loom_job_start(const MoltPlatformApi *api, const char *name, MoltStep step,
                                  void *context)
{
    return molt_threads_job_start(loom_host(api)->threads, name, step, context);
}

static inline void loom_job_wait(const MoltPlatformApi *api, const char *name)
{
    molt_threads_job_wait(loom_host(api)->threads, name);
}

static inline bool loom_thread_start(const MoltPlatformApi *api, const char *name, MoltStep step,
                                     void *context)
{
    return molt_threads_start(loom_host(api)->threads, name, step, context);
}

static inline void loom_thread_stop(const MoltPlatformApi *api, const char *name)
{
    molt_threads_stop(loom_host(api)->threads, name);
}

static inline bool loom_thread_running(const MoltPlatformApi *api, const char *name)
{
    return molt_threads_running(loom_host(api)->threads, name);
}

/* Without threads yet, which are the caller's to make. */
static inline void loom_host_init(LoomHost *host)
{
    *host = (LoomHost){.api = {.size = sizeof host->api,
                               .version = MOLT_PLATFORM_VERSION,
                               .seed = loom_seed,
                               .log = loom_log,
                               .parallel_for = loom_parallel_for,
                               .job_start = loom_job_start,
                               .job_wait = loom_job_wait,
                               .thread_start = loom_thread_start,
                               .thread_stop = loom_thread_stop,
                               .thread_running = loom_thread_running}};
    atomic_init(&host->wish, LOOM_GO);
}

#endif
