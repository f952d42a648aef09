/* The boundary around a call of game code: a fault, an abort or an endless loop in it ends the call
 * instead of the process, where that is safe. It must never know what the code did, or how a state is
 * put back.
 *
 * Safe is: every frame of the interrupted stack, up to the boundary, lies in the game's image, on the
 * thread that entered it. Then no lock of the host, of SDL or of libc can be held, and the stack can
 * be dropped. abort(), raise() and a failed assert called by the game itself count as the game's: libc
 * holds no lock while such a handler runs, because handlers may jump out of it. What other threads do is
 * the owner's to find out, once the call has ended. In any other case the
 * owner's last resort is called, on the thread and in the state that the signal found; when it returns
 * the process dies as it would have without a guard.
 *
 * One guard a process, because signals have one handler. */
#ifndef MOLT_CORE_GUARD_H
#define MOLT_CORE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/hook.h>
#include <molt/platform_api.h>
#include <molt/status.h>

#include "retired_code.h"

typedef struct MoltGuard MoltGuard;

typedef enum MoltCrashKind {
    MOLT_CRASH_SIGNAL,
    MOLT_CRASH_ABORT,    /* abort(), assert */
    MOLT_CRASH_OVERFLOW, /* of the stack */
    MOLT_CRASH_HANG,     /* the watchdog */
    MOLT_CRASH_MISUSE    /* of the heap; `text` says how */
} MoltCrashKind;

#define MOLT__CRASH_FRAMES 16

/* What happened; no pointers, so that it can go to a file as it is. */
typedef struct MoltCrash {
    int32_t signal;   /* 0: none was involved */
    uint32_t kind;    /* MoltCrashKind */
    uint64_t address; /* of the fault, where the signal has one */
    uint64_t hang_ns; /* HANG: how long was waited */
    uint32_t frame_count;
    uint64_t frames[MOLT__CRASH_FRAMES]; /* in the game's image, innermost first; of callers the
                                            address of the call, not that of the return */
    char thread[16]; /* name of another thread than the one that runs main_loop(); else "" */
    char text[200];  /* of misuse: how; of an abort: what libc said about it, else "" */
    bool outside;    /* it was not in the game's code, but in what the first frame calls */
    char called[48]; /* what that is, once somebody has found out; else "" */
    MoltRetiredPlace retired; /* a library that has left: `address` lies where that was */
    bool retired_call;        /* as code that was to run, else as memory */
    uint64_t base;   /* of the image that `frames` are of */
    char file[512];  /* of that image; "" when nothing was called yet */
} MoltCrash;

/* What to call, in the image [begin, end): the one of the functions that is not NULL. */
typedef struct MoltGuardedCall {
    uintptr_t begin, end;
    const char *file; /* of that image, for messages */
    uint64_t base;
    bool (*loop)(void *state);
    void (*notice)(void *state);
    void *(*start)(const MoltPlatformApi *api);
    bool (*hook)(const MoltOld *old, void *now);
    void *state; /* of loop and notice; `now` of hook */
    const MoltPlatformApi *api;
    const MoltOld *old;
    bool going; /* what loop and hook gave */
    void *made; /* what start gave */
} MoltGuardedCall;

typedef struct MoltGuardDesc {
    uint64_t hang_ns; /* processor time of one call; 0: no watchdog */
    /* Async-signal-safe, on whatever thread; may exec. NULL: none. */
    void (*last_resort)(void *context, const MoltCrash *crash);
    void *context;
    /* Async-signal-safe: the last words before the process dies of a crash, one line. NULL: none. */
    void (*dying)(void *context, const char *text);
    void *dying_context;
} MoltGuardDesc;

/* False, with *reason for people, where signals belong to somebody else: under sanitizers, and on
 * machines whose registers this does not know. */
bool molt__guard_possible(const char **reason);

/* Takes the signals, and a stack of its own for the calling thread's handlers. MOLT_INVALID when there
 * is a guard already or none is possible, MOLT_SYSTEM. */
MoltStatus molt__guard_create(const MoltGuardDesc *desc, MoltGuard **out, MoltError *error);
void molt__guard_destroy(MoltGuard *guard); /* gives the signals back; NULL allowed */
/* A crash that cannot be ended is the end of the process from now on. */
void molt__guard_renounce(MoltGuard *guard);

/* The guard of this process, when the calling thread is the one that created it; else NULL. */
MoltGuard *molt__guard_mine(void);

/* Makes the call, on the thread that created the guard; not from inside of another one. True when it
 * returned; false when it crashed, with *crash. */
bool molt__guard_call(MoltGuard *guard, MoltGuardedCall *call, MoltCrash *crash);

/* Which image is the game's from now on, as in MoltGuardedCall: threads may run it before the next call. */
void molt__guard_image(MoltGuard *guard, uintptr_t begin, uintptr_t end, const char *file,
                       uint64_t base);

/* Other code of the game on this thread, below functions of the host: a loop without end in it is a crash
 * that goes to the last resort. Not around molt__guard_call. */
void molt__guard_watch(MoltGuard *guard, bool on);

/* The game misused the host, which found out in a function that the game called and holds no lock. Ends
 * the call that runs as a crash, or calls the last resort; returns when neither can be done. */
void molt__guard_misuse(MoltGuard *guard, const char *text);

/* There is a guard in this process, which is no fork of one that has. Async-signal-safe, from any thread. */
bool molt__guard_is_on(void);

/* A debugger is attached to this process: it wants to see faults first and alone. Async-signal-safe. */
bool molt__guard_is_traced(void);

/* "SIGSEGV"; "signal 42" has no name: "a signal". */
const char *molt__crash_signal_name(int signal);

#endif
