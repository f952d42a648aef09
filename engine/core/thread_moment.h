/* The jobs and named threads that a game has at a moment, to be brought back when its state is; and what a
 * fork of the process needs to be told of them. It must never know libraries, the heap, or why somebody
 * goes back. Everything but the fork wants the threads at rest; a NULL for them is allowed. */
#ifndef MOLT_CORE_THREAD_MOMENT_H
#define MOLT_CORE_THREAD_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <molt/threads.h>

typedef struct MoltThreadMark {
    char name[MOLT_THREAD_NAME];
    MoltStep step;
    void *context;
    bool own;
} MoltThreadMark;

/* Zero-initialised: of a game without any. */
typedef struct MoltThreadMoment {
    MoltThreadMark *items;
    uint32_t count;
} MoltThreadMoment;

/* In the place of what the moment held; false, with that untouched, when memory is out. */
bool molt__thread_moment_take(MoltThreadMoment *moment, MoltThreads *threads);
/* Those of the moment go on with their steps and contexts of then, those that came since end, and what has
 * ended since is started again. False when the system gives no thread for it: some are missing. */
bool molt__thread_moment_restore(const MoltThreadMoment *moment, MoltThreads *threads);
/* Names those of the moment that do not run now, for people: "the thread pump, the job search". False when
 * there are none. */
bool molt__thread_moment_missing(const MoltThreadMoment *moment, MoltThreads *threads, char *text,
                                 size_t size);
void molt__thread_moment_clear(MoltThreadMoment *moment);

/* Around a fork, so that the child finds the set whole. The child has none of the threads: there named ones
 * take no step, but can be stopped, and jobs have their steps from who waits for them. */
void molt__threads_before_fork(MoltThreads *threads);
void molt__threads_after_fork(MoltThreads *threads, bool child);

#endif
