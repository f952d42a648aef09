/* Takes the jobs and threads of a host, at rest, into a new library: the function of the same name, and
 * the context where it is in the new state. It must never know what else a reload does. */
#ifndef MOLT_CORE_FOLLOW_THREADS_H
#define MOLT_CORE_FOLLOW_THREADS_H

#include <molt/code_map.h>
#include <molt/migrate.h>
#include <molt/threads.h>

#include "library.h"

/* What stands in the way, for people; "" when nothing does. */
typedef struct MoltThreadName {
    char text[96]; /* "the thread pump" */
} MoltThreadName;

/* `threads` NULL: there are none. Both refuse with MOLT_REFUSED, name who it is, and change nothing that
 * a step sees; both must succeed, for the same library, before commit. */
MoltStatus molt__follow_threads_code(MoltThreads *threads, const MoltCodeMap *code,
                                     const MoltLibrary *next, MoltThreadName *name,
                                     MoltError *error);
/* Before the migration is committed. */
MoltStatus molt__follow_threads_state(MoltThreads *threads, MoltMigration *migration,
                                      const MoltHeap *heap, MoltThreadName *name, MoltError *error);
void molt__follow_threads_commit(MoltThreads *threads);

#endif
