/* A job or named thread, and the set of them, as threads.c keeps it and follow_threads.c moves it into a
 * new library. It must never know why steps rest.
 *
 * Invariant: everything is guarded by `lock`, but what is atomic. A runner is `inside` exactly while its
 * step may be on a stack; while `holds` is not 0 and no main-loop call asks for it, nobody becomes so.
 * A batch is done before the frame or step that asked for it goes on, so whoever is at rest has none. */
#ifndef MOLT_CORE_RUNNER_H
#define MOLT_CORE_RUNNER_H

#include <pthread.h>
#include <stdatomic.h>

#include <molt/threads.h>

typedef struct MoltRunner {
    struct MoltRunner *next;
    char name[MOLT_THREAD_NAME];
    MoltStep step;
    void *context;
    MoltStep new_step; /* in the library that comes; valid from follow to commit */
    void *new_context;
    pthread_t thread; /* of its own; valid when `own` */
    pthread_t in;     /* whose stack the step is on; valid when `inside` */
    uint64_t serial;
    uint64_t steps; /* begun */
    bool own;       /* has a thread of its own */
    bool absent;    /* which is not in this process, a fork of that one */
    bool stop;      /* no further step */
    bool inside;
    uint64_t hang_step, hang_cpu; /* a step that was seen, and its thread's time then, for the watchdog */
    bool late;             /* was waited for in vain since the last rest */
    uint64_t parked_until; /* of what is late: no step before, while steps are asked to return */
    bool ended; /* only its thread is left to be joined, by who takes it out of the list */
} MoltRunner;

#define MOLT__SEALED_CALL (MOLT_THREAD_NAME + 32)

/* A worker in a batch. */
typedef struct MoltHelper {
    struct MoltHelper *next;
    pthread_t thread;
    uint64_t began_cpu; /* its time when it joined; 0: not asked for yet */
} MoltHelper;

/* A parallel_for under way. `task` NULL: none. */
typedef struct MoltBatch {
    MoltTask task;
    void *context;
    uint32_t count, chunk;
    MoltHelper *helpers;    /* workers that are in it */
    _Atomic uint64_t taken; /* of `count`; may be beyond it */
} MoltBatch;

struct MoltThreads {
    uint32_t count; /* the caller of parallel_for included */
    uint64_t deadline_ns;
    pthread_mutex_t lock;
    pthread_cond_t work;  /* for who could do something: steps, a batch, ending */
    pthread_cond_t quiet; /* for who waits: a step returned, a helper left, a thread ended */
    pthread_t *workers;
    uint32_t worker_count; /* that were started */
    bool closing;          /* workers are to end */
    MoltRunner *first;     /* in the order of their turns */
    uint64_t serials;
    uint32_t holds;
    MoltBatch batch;
    atomic_bool pending;
    atomic_uint waiting; /* molt_threads_rest and _end that have not succeeded yet */
    bool asked;          /* by molt_threads_ask */
    char late[MOLT_THREAD_NAME];
    uint64_t late_serial, late_step;
    bool gave_up; /* the last molt_threads_end failed */
    uint64_t hang_ns;       /* processor time after which a step has no end; 0: nobody looks */
    uint64_t hang_looked;   /* when somebody did last */
    bool sealed;
    char sealed_call[MOLT__SEALED_CALL]; /* the first call since then that was not made; "" */
};

/* ---- thread_hang.c: steps without end */

/* Looks from now on, from whatever waits for steps and from molt_threads_turn; 0: no more. */
void molt__threads_watch(MoltThreads *threads, uint64_t hang_ns);
/* Sends MOLT__HANG_SIGNAL to a thread whose step has had more processor time than that. The lock held. */
void molt__threads_look(MoltThreads *threads);
/* Waits for `quiet`, and looks meanwhile. The lock held. */
void molt__threads_wait_quiet(MoltThreads *threads);

/* ---- threads.c */

/* The calling thread is in a step of it. The lock held, as below. */
bool molt__runner_is_self(const MoltRunner *runner);
/* Tells steps whether they should return. */
void molt__threads_update_pending(MoltThreads *threads);
/* Waits until `end` at most, by molt__clock_ns; *over says that it is past. */
void molt__threads_wait_until(MoltThreads *threads, pthread_cond_t *condition, uint64_t end, bool *over);
/* Frees what has ended. */
void molt__threads_reap(MoltThreads *threads);

/* ---- thread_seal.c: while code of the game runs whose effects may have to be undone */

/* No job or thread is started, stopped or waited for from now on, by whoever asks. NULL allowed, as below. */
void molt__threads_seal(MoltThreads *threads);
/* Ends that. True when somebody has asked meanwhile, with the first call: `thread_stop("pump")`. */
bool molt__threads_unseal(MoltThreads *threads, char call[MOLT__SEALED_CALL]);
/* The call is not to be made, and that is noted. The lock held. */
bool molt__threads_is_sealed(MoltThreads *threads, const char *call, const char *name);

/* ---- thread_rest.c */

/* As molt_threads_rest with another deadline, but nobody counts as late, and nobody hears of it. */
bool molt__threads_rest_within(MoltThreads *threads, uint64_t wait_ns);

#endif
