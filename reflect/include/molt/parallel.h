/* Threads that somebody lends for work in equal pieces. What the work leaves does not depend on how many
 * there are, or on which of them takes what. It must never know whose threads they are. */
#ifndef MOLT_PARALLEL_H
#define MOLT_PARALLEL_H

#include <stdint.h>

typedef void MoltParallelTask(void *context, uint32_t index);

typedef struct MoltParallel {
    uint32_t threads; /* that run() has, the caller's included; below 2 it is not called */
    /* Calls task(task_context, i) once for each i below `count`, in any order, on any of them, and
     * returns when all calls have. */
    void (*run)(void *context, uint32_t count, MoltParallelTask *task, void *task_context);
    void *context;
    uint64_t least; /* bytes of objects in one place of the heap for which it pays; 0: what the engine
                     * has measured */
} MoltParallel;

#endif
