/* The threads that a host runs game code on: workers that share a loop or take background jobs, and
 * threads with a name of their own. Game code comes as steps (platform_api.h), so that between two of
 * them no frame of the library is on any stack; there all of them can be brought to rest. It must never
 * know libraries, the heap, or why rest is wanted. No thread exists before the first call that needs
 * one. */
#ifndef MOLT_THREADS_H
#define MOLT_THREADS_H

#include <molt/platform_api.h>
#include <molt/status.h>

typedef struct MoltThreads MoltThreads;

/* Zero means the default. */
typedef struct MoltThreadsDesc {
    uint32_t count;       /* threads of parallel_for, the caller's included; default: processors */
    uint32_t deadline_ms; /* how long rest and end wait for steps to return; default 2,000 */
} MoltThreadsDesc;

MoltStatus molt_threads_create(const MoltThreadsDesc *desc, MoltThreads **out, MoltError *error);
/* Ends what still runs. Where that does not succeed within the deadline the memory stays, because a
 * thread uses it. NULL allowed. */
void molt_threads_destroy(MoltThreads *threads);

/* ---- for games: as platform_api.h says, from any thread */

void molt_threads_parallel_for(MoltThreads *threads, uint32_t count, MoltTask task, void *context);
uint32_t molt_threads_count(const MoltThreads *threads);
bool molt_threads_job_start(MoltThreads *threads, const char *name, MoltStep step, void *context);
void molt_threads_job_wait(MoltThreads *threads, const char *name);
bool molt_threads_start(MoltThreads *threads, const char *name, MoltStep step, void *context);
void molt_threads_stop(MoltThreads *threads, const char *name);
bool molt_threads_running(MoltThreads *threads, const char *name);
bool molt_threads_pending(const MoltThreads *threads);

/* ---- for hosts: from the thread that runs main_loop(), between frames */

/* Without workers: one step of each background job. */
void molt_threads_turn(MoltThreads *threads);

/* Waits until no step runs, and lets none begin until molt_threads_go_on, which every success must be
 * followed by; calls may be nested. False after the deadline: all goes on, and molt_threads_late names
 * who did not return. NULL is always at rest. */
bool molt_threads_rest(MoltThreads *threads);
void molt_threads_go_on(MoltThreads *threads);

/* Asks every step to return (reload_pending) until it is called with false, beyond the calls above. */
void molt_threads_ask(MoltThreads *threads, bool pending);

/* The thread or job that the last molt_threads_rest or molt_threads_end waited for in vain; "" when it
 * succeeded. Valid until the next of them. */
const char *molt_threads_late(const MoltThreads *threads);
/* It is still in the step that was waited for. */
bool molt_threads_is_late(MoltThreads *threads);

/* Ends all threads and jobs, each after the step it is in, and joins them. False after the deadline:
 * some still run, molt_threads_late names one, and no further step begins on any. */
bool molt_threads_end(MoltThreads *threads);

#endif
