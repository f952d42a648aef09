#include "game_timers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "clock.h"
#include "fault_signals.h"

/* Until its timer is deleted and no call of it runs. */
typedef struct GameTimer {
    struct GameTimer *next;
    uintptr_t number;
    timer_t timer;
    void (*function)(union sigval value);
    union sigval value;
    unsigned calls; /* under way */
    bool deleted, stranded;
} GameTimer;

/* Invariant: all is guarded by `lock`. No call begins while `held`. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a call has ended, or calls may begin */
    GameTimer *first;       /* the newest */
    uintptr_t numbers;
    bool held;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- the list -------------------------------------------------------------------------------- */

static GameTimer *find(uintptr_t number)
{
    GameTimer *timer = all.first;
    while (timer != NULL && timer->number != number) {
        timer = timer->next;
    }
    return timer;
}

/* Nothing is left of it; the lock held. */
static void take_out_if_done(GameTimer *timer)
{
    if (!timer->deleted || timer->calls > 0) {
        return;
    }
    GameTimer **link = &all.first;
    while (*link != timer) {
        link = &(*link)->next;
    }
    *link = timer->next;
    free(timer);
}

/* ---- a call, on a thread of libc ------------------------------------------------------------- */

typedef struct Call {
    GameTimer *timer;
    MoltSignalStack stack;
} Call;

/* The timer of that number, when it is to be called. */
static bool begin(Call *call, uintptr_t number)
{
    pthread_mutex_lock(&all.lock);
    while (all.held) {
        pthread_cond_wait(&all.changed, &all.lock);
    }
    GameTimer *timer = call->timer = find(number);
    bool wanted = timer != NULL && !timer->deleted;
    if (wanted) {
        timer->calls++;
    }
    pthread_mutex_unlock(&all.lock);
    return wanted;
}

/* However it ends: return, pthread_exit() or cancellation. */
static void end(void *context)
{
    Call *call = context;
    molt__signal_stack_give(&call->stack);
    pthread_mutex_lock(&all.lock);
    call->timer->calls--;
    take_out_if_done(call->timer);
    pthread_cond_broadcast(&all.changed);
    pthread_mutex_unlock(&all.lock);
}

static void run(union sigval value)
{
    Call call;
    sigset_t others;
    if (!begin(&call, (uintptr_t)value.sival_ptr)) {
        return;
    }
    molt__signal_stack_take(&call.stack);
    molt__fault_signals_others(&others);
    pthread_sigmask(SIG_SETMASK, &others, NULL);
    pthread_cleanup_push(end, &call);
    call.timer->function(call.timer->value);
    pthread_cleanup_pop(1);
}

/* ---- what the game calls --------------------------------------------------------------------- */

int molt__game_timers_make(clockid_t clock, struct sigevent *event, timer_t *out)
{
    if (event == NULL || event->sigev_notify != SIGEV_THREAD) {
        return timer_create(clock, event, out);
    }
    GameTimer *timer = calloc(1, sizeof *timer);
    struct sigevent through = *event;
    if (timer == NULL) {
        errno = EAGAIN;
        return -1;
    }
    timer->function = event->sigev_notify_function;
    timer->value = event->sigev_value;
    through.sigev_notify_function = run;
    pthread_mutex_lock(&all.lock);
    timer->number = ++all.numbers;
    pthread_mutex_unlock(&all.lock);
    through.sigev_value.sival_ptr = (void *)timer->number; /* NOLINT: a number */
    if (timer_create(clock, &through, &timer->timer) != 0) {
        free(timer);
        return -1;
    }
    *out = timer->timer; /* it runs once it is set, by who has it */
    pthread_mutex_lock(&all.lock);
    timer->next = all.first;
    all.first = timer;
    pthread_mutex_unlock(&all.lock);
    return 0;
}

int molt__game_timers_delete(timer_t wanted)
{
    int result = timer_delete(wanted);
    pthread_mutex_lock(&all.lock);
    GameTimer *timer = all.first;
    while (timer != NULL && (timer->deleted || timer->timer != wanted)) {
        timer = timer->next;
    }
    if (result == 0 && timer != NULL) {
        timer->deleted = true;
        take_out_if_done(timer);
    }
    pthread_mutex_unlock(&all.lock);
    return result;
}

/* ---- questions ------------------------------------------------------------------------------- */

/* Until `end_ns` by molt__clock_ns(); the lock held. False when that has passed. */
static bool wait_for_change(uint64_t end_ns)
{
    struct timespec until = {.tv_sec = (time_t)(end_ns / 1000000000u),
                             .tv_nsec = (long)(end_ns % 1000000000u)};
    return pthread_cond_clockwait(&all.changed, &all.lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
}

/* The oldest that counts; those that are deleted only with `deleted`, and the others only without. */
static const GameTimer *find_oldest(uintptr_t begin, uintptr_t end, bool deleted)
{
    const GameTimer *oldest = NULL;
    for (const GameTimer *timer = all.first; timer != NULL; timer = timer->next) {
        bool outside = (uintptr_t)timer->function - begin >= end - begin;
        if (!timer->stranded && timer->deleted == deleted && outside) {
            oldest = timer;
        }
    }
    return oldest;
}

bool molt__game_timers_live(uintptr_t begin, uintptr_t end, uint64_t wait_ns, uintptr_t *function)
{
    uint64_t end_ns = molt__clock_ns() + wait_ns;
    pthread_mutex_lock(&all.lock);
    const GameTimer *oldest = find_oldest(begin, end, false);
    while (oldest == NULL && (oldest = find_oldest(begin, end, true)) != NULL &&
           wait_for_change(end_ns)) {
        oldest = NULL;
    }
    *function = oldest != NULL ? (uintptr_t)oldest->function : *function;
    pthread_mutex_unlock(&all.lock);
    return oldest != NULL;
}

bool molt__game_timers_strand(uintptr_t begin, uintptr_t end)
{
    bool any = false;
    pthread_mutex_lock(&all.lock);
    for (GameTimer *timer = all.first; timer != NULL; timer = timer->next) {
        if ((uintptr_t)timer->function - begin < end - begin) {
            any = timer->stranded = true;
        }
    }
    pthread_mutex_unlock(&all.lock);
    return any;
}

static bool is_called(void)
{
    const GameTimer *timer = all.first;
    while (timer != NULL && timer->calls == 0) {
        timer = timer->next;
    }
    return timer != NULL;
}

bool molt__game_timers_rest(uint64_t wait_ns)
{
    uint64_t end_ns = molt__clock_ns() + wait_ns;
    pthread_mutex_lock(&all.lock);
    all.held = true;
    while (is_called() && wait_for_change(end_ns)) {
    }
    all.held = !is_called();
    bool rests = all.held;
    pthread_cond_broadcast(&all.changed);
    pthread_mutex_unlock(&all.lock);
    return rests;
}

void molt__game_timers_go_on(void)
{
    pthread_mutex_lock(&all.lock);
    all.held = false;
    pthread_cond_broadcast(&all.changed);
    pthread_mutex_unlock(&all.lock);
}

bool molt__game_timers_end(uint64_t wait_ns)
{
    uintptr_t function;
    pthread_mutex_lock(&all.lock);
    for (GameTimer *timer = all.first, *next; timer != NULL; timer = next) {
        next = timer->next;
        if (!timer->deleted) {
            timer_delete(timer->timer);
            timer->deleted = true;
            take_out_if_done(timer);
        }
    }
    all.held = false; /* who waits finds that it is not to be called */
    pthread_cond_broadcast(&all.changed);
    pthread_mutex_unlock(&all.lock);
    return !molt__game_timers_live(0, 0, wait_ns, &function);
}

void molt__game_timers_before_fork(void)
{
    pthread_mutex_lock(&all.lock);
}

void molt__game_timers_after_fork(void)
{
    pthread_mutex_unlock(&all.lock);
}
