/* Going on after a crash in the game: keeps the way back to the code and state before a reload while
 * the new code is on probation, and a checkpoint of the state afterwards. It must never know who polls,
 * builds or draws.
 *
 *   reload: checkpoint, swap -> probation (old library kept) -> old library leaves, checkpoints by time
 *                                   | crash                                       | crash
 *                     old code, state before the reload            same code, state of the checkpoint
 *
 * The files for a new process are of the checkpoint, too: at a swap they are written of old code and the
 * state before, so that one reload after the other leaves none behind.
 *
 * The old library is kept loaded: its variables, functions and constants are where the checkpoint's
 * pointers say, and nothing has to be found again. A checkpoint is made, and gone back to, only while all
 * threads of the game rest; where they do not, the last resort is a new process. */
#ifndef MOLT_CORE_RECOVERY_H
#define MOLT_CORE_RECOVERY_H

#include <molt/checkpoint.h>
#include <molt/lookout.h>
#include <molt/migrate.h>
#include <molt/reload.h>

#include "game_threads.h"
#include "guard.h"
#include "held_library.h"
#include "library.h"
#include "restart.h"

typedef struct MoltRecovery MoltRecovery;

typedef struct MoltRecoveryDesc {
    bool wanted;
    uint32_t probation; /* frames, but no more than two seconds of play */
    uint64_t every_ns;  /* between checkpoints */
    uint64_t hang_ns;
    MoltThreads *threads;          /* that run the game's steps; NULL: none */
    MoltGameThreads *game_threads; /* of the game's own: while one lives there is no checkpoint */
    MoltHeldLibraries *held;       /* takes the old library when its probation has ended */
    char *const *restart; /* NULL: a crash that cannot be ended is the end of the process */
    int lock, kept;       /* as in MoltRestartDesc */
    const void *host;     /* goes into the files */
    size_t host_size;
    void (*fault)(void *context,
                  const char *text); /* of the heap, when it is misused outside of a frame */
    void *fault_context;
    void (*dying)(void *context, const char *text); /* as in MoltGuardDesc */
    void *dying_context;
} MoltRecoveryDesc;

/* What runs; a crash changes it. */
typedef struct MoltRunning {
    MoltLibrary *library;
    MoltHeap *heap;
    void *state;
    uint32_t generation;
    bool stopped; /* the state is as begin_reload() left it, which is not to be called again */
} MoltRunning;

/* What became of a crash. Texts are the recovery's, until the next one. */
typedef struct MoltRecovered {
    const char *headline, *detail;
    MoltLibrary *crashed; /* in probation: the caller's to close, with its schema; else NULL */
    uint64_t frames;      /* finished since the moment that the state is of */
} MoltRecovered;

/* What a host asked for, with defaults; the game's own threads, `held` and `lock` are for the caller to fill
 * in. */
MoltRecoveryDesc molt__recovery_describe(const MoltReloadDesc *desc);
/* Takes the faults of the heap, too, which must outlive it. `directory` is the private folder. MOLT_OK
 * with nothing made when it is not wanted, MOLT_INVALID where there can be no guard. */
MoltStatus molt__recovery_open(const MoltRecoveryDesc *desc, const char *directory, MoltHeap *heap,
                               MoltRecovery **out, MoltError *error);
/* NULL allowed. */
void molt__recovery_close(MoltRecovery *recovery);
/* The game is about to end: a crash from now on does not begin anything anew. NULL allowed. */
void molt__recovery_renounce(MoltRecovery *recovery);

/* The state came from elsewhere: there is nothing to go back to before the next frame. NULL allowed. */
void molt__recovery_reset(MoltRecovery *recovery);

/* ---- reloads: between frames, with the threads of the host at rest; NULL allowed */

/* New code is to take over: what is there now is what a crash goes back to; `stopped` as in MoltRunning.
 * Ends a probation. */
void molt__recovery_before_swap(MoltRecovery *recovery, MoltHeap *heap, bool stopped);
/* begin_reload() of the old code has returned: from now on it is this state that a crash goes back to, in
 * which the game has let go of what lies outside of it. */
void molt__recovery_stopped(MoltRecovery *recovery, MoltHeap *heap);
/* begin_reload() has crashed: the state is again that of before. Ends as molt__recovery_go_back. */
void molt__recovery_undo(MoltRecovery *recovery, MoltHeap *heap);
/* As molt_lookout_begin, with the checkpoints that are made here. NULL where there are none. */
MoltLookout *molt__recovery_lookout(MoltRecovery *recovery, MoltHeap *heap);
/* The migration is about to be committed. */
void molt__recovery_before_commit(MoltRecovery *recovery, const MoltMigration *migration);
/* The new code took over from `old`, which was generation `generation`. Takes the library over; false when
 * it stays the caller's, as there is no way back. */
bool molt__recovery_swapped(MoltRecovery *recovery, MoltHeap *heap, MoltLibrary *old,
                            uint32_t generation);

/* Threads of the game run this code from now on. */
void molt__recovery_runs(MoltRecovery *recovery, const MoltLibrary *library);

/* ---- crashes. After each of them the threads of the host rest, until molt_threads_go_on */

/* One main_loop() of what runs, and a checkpoint before where one is due. True when it returned, with
 * *result; else `running` is what to go on with. Ends the process (or does what the last resort does)
 * when there is no way back. */
bool molt__recovery_frame(MoltRecovery *recovery, MoltRunning *running, bool *result,
                          MoltRecovered *recovered);
/* Other code of the game crashed, and that was ended; `what` says it. `running` is what to go on with; ends
 * the process like molt__recovery_frame. */
void molt__recovery_go_back(MoltRecovery *recovery, MoltRunning *running, const char *what,
                            MoltRecovered *recovered);
/* This process goes on for one that crashed: a checkpoint, and files to start again with, at once. `missing`
 * is a line about what could not be brought along; "". */
void molt__recovery_left(MoltRecovery *recovery, const MoltRunning *running, const MoltLeft *left,
                         const char *missing, MoltRecovered *recovered);
/* As molt__restart_problem. NULL allowed. */
bool molt__recovery_problem(MoltRecovery *recovery, char *text, size_t size);
/* As molt__restart_newest. NULL allowed. */
bool molt__recovery_newest(const MoltRecovery *recovery, char path[MOLT__RESTART_PATH]);
/* What the next process is to know; NULL where there will be none. `recovery` may be NULL. */
MoltRestartWork *molt__recovery_work(const MoltRecovery *recovery);

/* The steps that the host calls on the thread of main_loop() itself, which are no part of it: they can be
 * caught, by a new process. NULL allowed. */
void molt__recovery_turn(MoltRecovery *recovery, MoltThreads *threads);

/* How long the last checkpoint took, with the fork for its files when there was one. */
uint64_t molt__recovery_cost_ns(const MoltRecovery *recovery);

#endif
