/* Starting the host again after a crash that cannot be ended inside of the process: state and code go to
 * files now and then, and a crashed process becomes a new host that begins with them. It must never know
 * how a crash is judged, or how a file of the state looks.
 *
 * The files are written by a child, a fork of the process at that moment, so that the game waits for the
 * fork alone. In the reload's private folder:
 *
 *   restart            the number N of the last ones that are complete, and of which moment they are
 *   restart-N.so       the code
 *   restart-N.molt     its state
 *   restart-N.threads  jobs and named threads of it
 *   restart-N.words    addresses in it that no file of a state can keep
 *   restart-N.kept     what its edits keep: values that they took away, and what they left unsaid
 *   restart-N.lost     what is not brought along, for people
 *   problem            why the last ones could not be written; not there when they could
 *   crash              what happened, in which file, and what was under way */
#ifndef MOLT_CORE_RESTART_H
#define MOLT_CORE_RESTART_H

#include <molt/heap.h>
#include <molt/threads.h>

#include "file_stamp.h"
#include "guard.h"
#include "library.h"
#include "thread_moment.h"

typedef struct MoltRestart MoltRestart;

#define MOLT__RESTART_PATH 512
#define MOLT__RESTART_GENERATIONS 64

/* Of which moment files are. */
typedef struct MoltRestartMoment {
    uint64_t taken_ns;   /* by molt__clock_ns() */
    uint64_t frames;     /* of MoltRestartWork then */
    int64_t built;       /* when the code's file was written, in seconds by the wall clock */
} MoltRestartMoment;

/* What goes into the files. */
typedef struct MoltRestartState {
    const MoltLibrary *library;
    const MoltHeap *heap;
    bool
        stopped; /* begin_reload() has been called for it; else the files are as that leaves the state */
    const void *host;
    size_t host_size;
    uint64_t taken_ns; /* the moment, by molt__clock_ns() */
    uint64_t frames;   /* of MoltRestartWork then */
    /* Brings the heap to the moment, in the child, which may have none of its memory before. False when it
     * cannot; NULL: it is that of now. */
    bool (*go_back)(void *context);
    void *context;
    const MoltThreadMoment *threads; /* of then; NULL: those that there are */
} MoltRestartState;

/* What a process knows of saves and builds, for the one that goes on. No pointers: it goes to a file as it
 * is. Stamps are all zero where there is none. */
typedef struct MoltRestartWork {
    MoltFileStamp running; /* of the library's file when the code that ran was read from it */
    MoltFileStamp tried;   /* one that is not to be loaded by itself */
    MoltFileStamp attempt; /* one that was being loaded */
    MoltFileStamp suspect; /* one that was being loaded when the process before crashed */
    int64_t seen_seconds, seen_nanoseconds; /* all saves before have been heard of, by the files' clock; 0:
                                               nobody listens */
    uint64_t frames;   /* of the game, that this process has seen return */
    uint64_t saved_ns; /* of a save that no build has brought to its end, by molt__clock_ns(); 0: none */
    char saved[MOLT__RESTART_PATH];
    uint32_t generations[MOLT__RESTART_GENERATIONS]; /* that are kept as files in the folder, oldest first */
    uint32_t generation_count, last_generation;      /* last: the number of the last one that was new */
    int32_t build;    /* leader of the session of processes that build; 0: none */
    int32_t resident; /* the generator in memory; 0: none */
} MoltRestartWork;

typedef struct MoltRestartDesc {
    const char *directory; /* the private folder */
    char *const *command;  /* the host's command line, NULL at its end; must outlive this. What a process
                              before has appended is left out */
    MoltThreads *threads;  /* that run code of the game in this process; NULL: none */
    /* Descriptors that the next process has under the same numbers: the lock of the private folder, and one
     * of the host's. 0: none. */
    int lock, kept;
} MoltRestartDesc;

MoltStatus molt__restart_create(const MoltRestartDesc *desc, MoltRestart **out, MoltError *error);
/* Waits for a child, and removes the files. NULL allowed. */
void molt__restart_destroy(MoltRestart *restart);

/* To be kept up to date by who knows, between frames; `running` is molt__restart_running's. Lives as long as
 * `restart`. */
MoltRestartWork *molt__restart_work(MoltRestart *restart);
/* The code that runs: a crash is one of it. */
void molt__restart_running(MoltRestart *restart, const MoltLibrary *library);
/* A child still writes files. */
bool molt__restart_writes(MoltRestart *restart);
/* Has files of the moment written. Between frames, the threads at rest. False when a child still writes
 * others, or there can be none now. */
bool molt__restart_write(MoltRestart *restart, const MoltRestartState *state);
/* True when files can no longer be written, with a line for people; once, until they can again. */
bool molt__restart_problem(MoltRestart *restart, char *text, size_t size);
/* The state of the last files that are complete; false when there are none yet. On any thread. */
bool molt__restart_newest(const MoltRestart *restart, char path[MOLT__RESTART_PATH]);
/* What the last fork took. */
uint64_t molt__restart_cost_ns(const MoltRestart *restart);
/* The last resort of a guard. Async-signal-safe. Returns when there are no files yet. */
void molt__restart_now(void *restart, const MoltCrash *crash);

/* What a process left. */
typedef struct MoltLeft {
    char library[MOLT__RESTART_PATH], state[MOLT__RESTART_PATH], threads[MOLT__RESTART_PATH],
        words[MOLT__RESTART_PATH], kept_file[MOLT__RESTART_PATH], lost[MOLT__RESTART_PATH];
    MoltRestartMoment moment;
    bool crashed;
    MoltCrash crash;
    MoltRestartWork work; /* when it crashed */
    uint64_t crash_ns;    /* by molt__clock_ns() */
    int lock, kept;       /* of MoltRestartDesc; this process has them now */
    uint64_t base;                 /* that the code had which crashed */
    uint32_t idle; /* processes in a row that crashed before a frame of the game */
    char file[MOLT__RESTART_PATH]; /* of that code */
} MoltLeft;

/* This process goes on for that one. One that crashes before molt__restart_running has been called is begun
 * again a few times only. */
void molt__restart_go_on(MoltRestart *restart, const MoltLeft *left);

/* MOLT_NOT_FOUND, MOLT_INVALID. */
MoltStatus molt__restart_left(const char *directory, MoltLeft *out, MoltError *error);
/* Removes the folder with all its files, and lets go of its lock. */
void molt__restart_clean(const char *directory, const MoltLeft *left);

#endif
