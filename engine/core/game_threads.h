/* The threads that game libraries start by themselves, with pthread_create() or thrd_create(): which of
 * them live. Nobody can bring them to rest, so a library stays as long as one does. It must never know
 * libraries or the threads of the host (threads.h). */
#ifndef MOLT_CORE_GAME_THREADS_H
#define MOLT_CORE_GAME_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/status.h>
#include <molt/thread_route.h>

typedef struct MoltGameThreads MoltGameThreads;

MoltStatus molt__game_threads_create(MoltGameThreads **out, MoltError *error);
/* Where threads live, the memory that they refer to stays. NULL allowed. */
void molt__game_threads_destroy(MoltGameThreads *threads);

/* For libraries; valid as long as `threads`. */
const MoltThreadRoute *molt__game_threads_route(const MoltGameThreads *threads);

/* True while some live; *function is what the one that lives longest was started with. Those that were
 * started with a function in [begin, end) do not count: constructors of the library that comes may start
 * some. */
bool molt__game_threads_live(MoltGameThreads *threads, uintptr_t begin, uintptr_t end,
                             uintptr_t *function);

/* True while some live that were started with a function in the image [begin, end), of any registry. The
 * library has to stay in the process then, although nobody runs it: from now on they do not count. */
bool molt__game_threads_strand(uintptr_t begin, uintptr_t end);

#endif
