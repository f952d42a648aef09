/* Starting the host again after a crash that cannot be ended inside of the process: state and code go to
 * files now and then, and a crashed process becomes a new host that begins with them. It must never know
 * how a crash is judged, or how a file of the state looks.
 *
 * The files are written by a child, a fork of the process at that moment, so that the game waits for the
 * fork alone. In the reload's private folder:
 *
 *   restart            the number N of the last ones that are complete
 *   restart-N.so       the code
 *   restart-N.molt     its state
 *   crash              what happened, and in which file */
#ifndef MOLT_CORE_RESTART_H
#define MOLT_CORE_RESTART_H

#include <molt/heap.h>
#include <molt/threads.h>

#include "guard.h"
#include "library.h"

typedef struct MoltRestart MoltRestart;

#define MOLT__RESTART_PATH 512

/* What goes into the files. */
typedef struct MoltRestartState {
    const MoltLibrary *library;
    const MoltHeap *heap;
    void *state;
    bool
        stopped; /* begin_reload() has been called for it; else the files are as that leaves the state */
    const void *host;
    size_t host_size;
} MoltRestartState;

/* `command`: the host's command line, NULL at its end; it must outlive this. What a process before has
 * appended is left out. `threads`: that run code of the game in this process; NULL: none. */
MoltStatus molt__restart_create(const char *directory, char *const *command, MoltThreads *threads,
                                MoltRestart **out, MoltError *error);
/* Waits for a child, and removes the files. NULL allowed. */
void molt__restart_destroy(MoltRestart *restart);

/* The code that runs: a crash is one of it. */
void molt__restart_running(MoltRestart *restart, const MoltLibrary *library);
/* Writes files of this moment, unless a child still writes some. Between frames, the threads at rest. */
void molt__restart_write(MoltRestart *restart, const MoltRestartState *state);
/* What the last fork took. */
uint64_t molt__restart_cost_ns(const MoltRestart *restart);
/* The last resort of a guard. Async-signal-safe. Returns when there are no files yet. */
void molt__restart_now(void *restart, const MoltCrash *crash);

/* What a process left. */
typedef struct MoltLeft {
    char library[MOLT__RESTART_PATH], state[MOLT__RESTART_PATH];
    bool crashed;
    MoltCrash crash;
    uint64_t base;                 /* that the code had which crashed */
    uint32_t idle; /* processes in a row that crashed before a frame of the game */
    char file[MOLT__RESTART_PATH]; /* of that code */
} MoltLeft;

/* This process goes on for that one. One that crashes before molt__restart_running has been called is begun
 * again a few times only. */
void molt__restart_go_on(MoltRestart *restart, const MoltLeft *left);

/* MOLT_NOT_FOUND, MOLT_INVALID. */
MoltStatus molt__restart_left(const char *directory, MoltLeft *out, MoltError *error);
/* Removes the folder with all its files. */
void molt__restart_clean(const char *directory);

#endif
