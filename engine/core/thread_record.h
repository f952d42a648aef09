/* The jobs and named threads of a moment as a file, for another process that has the same library and the
 * same state: which step, as a place in the library, on which context. It must never know who writes such a
 * file or why, and not how a state is written.
 *
 * A context is NULL, a place in the library, a thread-local variable of the main thread, or a place in a
 * block of the heap, which goes by its type and number. Foreign memory is not there in the other process, so
 * who works on that cannot be brought along. */
#ifndef MOLT_CORE_THREAD_RECORD_H
#define MOLT_CORE_THREAD_RECORD_H

#include <molt/heap.h>
#include <molt/threads.h>

#include "library.h"
#include "thread_moment.h"

/* Those of `moment`, or where that is NULL those that `threads` has now; NULL, too: none. False when the
 * file cannot be written, or memory is out. */
bool molt__thread_record_write(const char *path, MoltThreads *threads, const MoltThreadMoment *moment,
                               const MoltLibrary *library, const MoltHeap *heap);

/* Starts those of the file, with the threads at rest: their first steps come after molt_threads_go_on. No
 * file is as one without any. `missing` gets a line for people that names those which could not be started;
 * "". */
void molt__thread_record_start(const char *path, MoltThreads *threads, const MoltLibrary *library,
                               const MoltHeap *heap, char *missing, size_t size);

#endif
