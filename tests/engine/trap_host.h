/* A host for the trap (fixtures/trap.c): what the game gets of it, and how its reloads begin. It must
 * never know what a test does to the game. */
#ifndef MOLT_TEST_TRAP_HOST_H
#define MOLT_TEST_TRAP_HOST_H

#include <molt/reload.h>

#include "fixtures/trap.h"

/* Invariant: `api` is first, so that what the game passes back is the host. */
typedef struct TrapHost {
    MoltPlatformApi api;
    MoltThreads *threads; /* NULL: the game plays on one */
} TrapHost;

static inline MoltThreads *trap_threads(const MoltPlatformApi *api)
{
    return ((const TrapHost *)api)->threads;
}

static inline void trap_parallel_for(const MoltPlatformApi *api, uint32_t count, MoltTask task,
                                     void *context)
{
    molt_threads_parallel_for(trap_threads(api), count, task, context);
}

static inline bool trap_job_start(const MoltPlatformApi *api, const char *name, MoltStep step,
                                  void *context)
{
    return molt_threads_job_start(trap_threads(api), name, step, context);
}

static inline bool trap_thread_start(const MoltPlatformApi *api, const char *name, MoltStep step,
                                     void *context)
{
    return molt_threads_start(trap_threads(api), name, step, context);
}

static inline void trap_thread_stop(const MoltPlatformApi *api, const char *name)
{
    molt_threads_stop(trap_threads(api), name);
}

/* Begins with a game that plays on two threads or, without `threaded`, on one. `how` says all but the host;
 * what was made stays when it fails, for the caller to end. */
static inline MoltStatus trap_host_start(TrapHost *host, bool threaded, const MoltReloadDesc *how,
                                         MoltReload **out, MoltError *error)
{
    const MoltThreadsDesc threads = {.count = 2, .deadline_ms = 300};
    MoltReloadDesc desc = *how;
    MoltStatus status = MOLT_OK;
    *host = (TrapHost){.api = {.size = sizeof host->api, .version = MOLT_PLATFORM_VERSION}};
    if (threaded) {
        host->api.parallel_for = trap_parallel_for;
        host->api.job_start = trap_job_start;
        host->api.thread_start = trap_thread_start;
        host->api.thread_stop = trap_thread_stop;
        status = molt_threads_create(&threads, &host->threads, error);
    }
    desc.api = &host->api;
    desc.threads = host->threads;
    if (status == MOLT_OK) {
        status = molt_reload_create(&desc, out, error);
    }
    return status == MOLT_OK ? molt_reload_start(*out, error) : status;
}

static inline TrapHead *trap_head(const MoltReload *reload)
{
    return molt_reload_state(reload);
}

#endif
