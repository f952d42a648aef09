#include "game_threads.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "fault_signals.h"
#include "game_signals.h"
#include "game_timers.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif

/* Rounds of destructors after which no more can come. In the last one the thread sanitizer takes down what
 * its functions need, and that may be before the destructor here is called. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - 1 };
#else
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS };
#endif

/* One thread of the game. It is on the list from before it is created until its last destructor of
 * thread-specific data has run: after that only libc's code runs on it. */
typedef struct GameThread {
    struct GameThread *next;
    MoltGameThreads *all;
    void *(*run)(void *);
    int (*run_c11)(void *);
    void *argument;
    unsigned rounds; /* of destructors */
    bool stranded;   /* in a library that stays for it */
    MoltSignalStack stack;
} GameThread;

/* Invariant: `route` is first, so that what a library passes back is the registry. */
struct MoltGameThreads {
    MoltThreadRoute route;
    pthread_mutex_t lock;
    pthread_key_t key; /* of each thread: its GameThread */
    GameThread *first; /* the newest */
};

/* Of whom constructors of libraries are: a process has one host. */
static _Atomic(MoltGameThreads *) newest;

static void add(GameThread *thread)
{
    MoltGameThreads *all = thread->all;
    pthread_mutex_lock(&all->lock);
    thread->next = all->first;
    all->first = thread;
    pthread_mutex_unlock(&all->lock);
}

static void take_out(GameThread *thread)
{
    MoltGameThreads *all = thread->all;
    pthread_mutex_lock(&all->lock);
    GameThread **link = &all->first;
    while (*link != thread) {
        link = &(*link)->next;
    }
    *link = thread->next;
    pthread_mutex_unlock(&all->lock);
    free(thread);
}

/* Called however the thread ends: return, pthread_exit() or cancellation. Destructors of the game may
 * run after this one, as long as there are further rounds, so it comes back in each. */
static void leave(void *context)
{
    GameThread *thread = context;
    if (++thread->rounds < ROUNDS && pthread_setspecific(thread->all->key, thread) == 0) {
        return;
    }
    molt__signal_stack_give(&thread->stack);
    take_out(thread);
}

/* Without the thread-specific value nobody would hear of the end, and the thread counts for ever: too
 * long is safe. */
static void *run(void *context)
{
    GameThread *thread = context;
    molt__signal_stack_take(&thread->stack);
    pthread_setspecific(thread->all->key, thread);
    return thread->run(thread->argument);
}

static int run_c11(void *context)
{
    GameThread *thread = context;
    molt__signal_stack_take(&thread->stack);
    pthread_setspecific(thread->all->key, thread);
    return thread->run_c11(thread->argument);
}

static GameThread *make(const MoltThreadRoute *route, void *argument)
{
    GameThread *thread = calloc(1, sizeof *thread);
    if (thread != NULL) {
        thread->all = (MoltGameThreads *)(uintptr_t)route; /* NOLINT: its first member, not const */
        thread->argument = argument;
    }
    return thread;
}

static uintptr_t function_of(const GameThread *thread)
{
    return thread->run != NULL ? (uintptr_t)thread->run : (uintptr_t)thread->run_c11;
}

static int create(const MoltThreadRoute *route, pthread_t *thread, const pthread_attr_t *attributes,
                  void *(*function)(void *), void *argument)
{
    GameThread *made = make(route, argument);
    if (made == NULL) {
        return EAGAIN;
    }
    made->run = function;
    add(made);
    int wrong = pthread_create(thread, attributes, run, made);
    if (wrong != 0) {
        take_out(made);
    }
    return wrong;
}

static int create_c11(const MoltThreadRoute *route, void *thread, int (*function)(void *),
                      void *argument)
{
    GameThread *made = make(route, argument);
    if (made == NULL) {
        return thrd_nomem;
    }
    made->run_c11 = function;
    add(made);
    int result = thrd_create(thread, run_c11, made);
    if (result != thrd_success) {
        take_out(made);
    }
    return result;
}

/* ---- what else comes the same way ------------------------------------------------------------ */

static int create_timer(const MoltThreadRoute *route, int clock, void *event, void *timer)
{
    (void)route;
    return molt__game_timers_make(clock, event, timer);
}

static int delete_timer(const MoltThreadRoute *route, void *timer)
{
    (void)route;
    return molt__game_timers_delete(timer);
}

static int mask(const MoltThreadRoute *route, int how, const void *set, void *before)
{
    (void)route;
    return molt__game_signals_mask(how, set, before);
}

static int action(const MoltThreadRoute *route, int number, const void *wanted, void *before)
{
    (void)route;
    return molt__game_signals_action(number, wanted, before);
}

/* ---- the registry ---------------------------------------------------------------------------- */

MoltStatus molt__game_threads_create(MoltGameThreads **out, MoltError *error)
{
    MoltGameThreads *threads = calloc(1, sizeof *threads);
    if (threads == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to watch the game's threads.");
    }
    int wrong = pthread_key_create(&threads->key, leave);
    if (wrong != 0) {
        free(threads);
        return molt_error(error, MOLT_SYSTEM, "Cannot watch the game's threads: %s.",
                          strerror(wrong));
    }
    threads->route = (MoltThreadRoute){.size = sizeof threads->route,
                                       .create = create,
                                       .create_c11 = create_c11,
                                       .create_timer = create_timer,
                                       .delete_timer = delete_timer,
                                       .mask = mask,
                                       .action = action};
    pthread_mutex_init(&threads->lock, NULL);
    atomic_store(&newest, threads);
    *out = threads;
    return MOLT_OK;
}

void molt__game_threads_destroy(MoltGameThreads *threads)
{
    MoltGameThreads *mine = threads;
    if (threads == NULL || threads->first != NULL) {
        return;
    }
    atomic_compare_exchange_strong(&newest, &mine, NULL);
    pthread_key_delete(threads->key);
    pthread_mutex_destroy(&threads->lock);
    free(threads);
}

const MoltThreadRoute *molt__game_threads_route(const MoltGameThreads *threads)
{
    return &threads->route;
}

const MoltThreadRoute *molt_host_thread_route(void)
{
    const MoltGameThreads *threads = atomic_load(&newest);
    return threads != NULL ? &threads->route : NULL;
}

bool molt__game_threads_live(MoltGameThreads *threads, uintptr_t begin, uintptr_t end,
                             uintptr_t *function)
{
    const GameThread *oldest = NULL;
    pthread_mutex_lock(&threads->lock);
    for (const GameThread *thread = threads->first; thread != NULL; thread = thread->next) {
        if (!thread->stranded && function_of(thread) - begin >= end - begin) {
            oldest = thread;
        }
    }
    *function = oldest != NULL ? function_of(oldest) : *function;
    pthread_mutex_unlock(&threads->lock);
    return oldest != NULL;
}

bool molt__game_threads_strand(uintptr_t begin, uintptr_t end)
{
    MoltGameThreads *threads = atomic_load(&newest);
    bool any = false;
    if (threads == NULL) {
        return false;
    }
    pthread_mutex_lock(&threads->lock);
    for (GameThread *thread = threads->first; thread != NULL; thread = thread->next) {
        if (function_of(thread) - begin < end - begin) {
            any = thread->stranded = true;
        }
    }
    pthread_mutex_unlock(&threads->lock);
    return any;
}
