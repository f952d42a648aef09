#include "runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fault_signals.h"

#define DEADLINE_MS 2000u
#define THREADS_MOST 256u

/* ---- the list ------------------------------------------------------------------------------ */

static MoltRunner *find(const MoltThreads *threads, const char *name)
{
    MoltRunner *runner = threads->first;
    while (runner != NULL && (runner->ended || strcmp(runner->name, name) != 0)) {
        runner = runner->next;
    }
    return runner;
}

static void take_out(MoltThreads *threads, const MoltRunner *runner)
{
    MoltRunner **link = &threads->first;
    while (*link != runner) {
        link = &(*link)->next;
    }
    *link = runner->next;
}

static void append(MoltThreads *threads, MoltRunner *runner)
{
    MoltRunner **link = &threads->first;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    runner->next = NULL;
    *link = runner;
}

bool molt__runner_is_self(const MoltRunner *runner)
{
    return runner->inside && pthread_equal(runner->in, pthread_self());
}

void molt__threads_update_pending(MoltThreads *threads)
{
    atomic_store(&threads->pending, threads->asked || atomic_load(&threads->waiting) > 0);
}

/* Frees what has ended, the lock held. A thread that has ended holds no lock and takes none, so that
 * joining it here waits for nobody. */
void molt__threads_reap(MoltThreads *threads)
{
    for (MoltRunner **link = &threads->first; *link != NULL;) {
        MoltRunner *runner = *link;
        bool done =
            runner->ended && !(runner->own && pthread_equal(runner->thread, pthread_self()));
        if (!done) {
            link = &runner->next;
            continue;
        }
        *link = runner->next;
        if (runner->own && !runner->absent) {
            pthread_join(runner->thread, NULL);
        }
        free(runner);
    }
}

/* Steps that take longer than the deadline would be met inside by every rest. So who was late waits
 * between two steps for the next rest, for a while: the frame in progress may wait for it. */
static bool is_parked(const MoltThreads *threads, const MoltRunner *runner)
{
    return threads->asked && runner->late && molt__clock_ns() < runner->parked_until;
}

void molt__threads_wait_until(MoltThreads *threads, pthread_cond_t *condition, uint64_t end, bool *over)
{
    struct timespec until = {.tv_sec = (time_t)(end / 1000000000u),
                             .tv_nsec = (long)(end % 1000000000u)};
    *over = pthread_cond_timedwait(condition, &threads->lock, &until) == ETIMEDOUT;
}

/* ---- steps --------------------------------------------------------------------------------- */

/* Calls the step once, the lock held before and after. */
static void run_step(MoltThreads *threads, MoltRunner *runner)
{
    MoltStep step = runner->step;
    void *context = runner->context;
    runner->inside = true;
    runner->in = pthread_self();
    runner->steps++;
    pthread_mutex_unlock(&threads->lock);
    bool again = step(context);
    if (atomic_load_explicit(&threads->waiting, memory_order_relaxed) > 0) {
        sched_yield(); /* else short steps keep the lock from who waits for them */
    }
    pthread_mutex_lock(&threads->lock);
    runner->inside = false;
    runner->parked_until = runner->late ? molt__clock_ns() + threads->deadline_ns : 0;
    runner->stop = runner->stop || !again;
    if (!runner->own) {
        runner->ended = runner->stop;
        take_out(threads, runner); /* the others have their turn first */
        append(threads, runner);
    }
    pthread_cond_broadcast(&threads->quiet);
}

/* What a thread of its own is started with. */
typedef struct Start {
    MoltThreads *threads;
    MoltRunner *runner;
} Start;

static void *run_own(void *context)
{
    Start start = *(Start *)context;
    MoltThreads *threads = start.threads;
    MoltRunner *runner = start.runner;
    MoltSignalStack stack;
    free(context);
    molt__signal_stack_take(&stack);
    pthread_mutex_lock(&threads->lock);
    while (!runner->stop) {
        bool over;
        if (threads->holds > 0) {
            pthread_cond_wait(&threads->work, &threads->lock);
        } else if (is_parked(threads, runner)) {
            molt__threads_wait_until(threads, &threads->work, runner->parked_until, &over);
        } else {
            run_step(threads, runner);
        }
    }
    runner->ended = true;
    pthread_cond_broadcast(&threads->quiet);
    pthread_mutex_unlock(&threads->lock);
    molt__signal_stack_give(&stack);
    return NULL;
}

static MoltRunner *next_job(const MoltThreads *threads)
{
    MoltRunner *runner = threads->first;
    while (runner != NULL && (runner->own || runner->inside || runner->stop || runner->ended ||
                              is_parked(threads, runner))) {
        runner = runner->next;
    }
    return runner;
}

/* ---- batches ------------------------------------------------------------------------------- */

static void run_serially(uint32_t count, MoltTask task, void *context)
{
    for (uint32_t i = 0; i < count; i++) {
        task(context, i);
    }
}

/* Takes chunks of the batch until none is left, the lock not held. */
static void run_batch(MoltThreads *threads, MoltTask task, void *context, uint32_t count,
                      uint32_t chunk)
{
    for (;;) {
        uint64_t from = atomic_fetch_add(&threads->batch.taken, chunk);
        for (uint64_t i = from; i < count && i < from + chunk; i++) {
            task(context, (uint32_t)i);
        }
        if (from >= count) {
            return;
        }
    }
}

static bool batch_waits(MoltThreads *threads)
{
    return threads->batch.task != NULL && atomic_load(&threads->batch.taken) < threads->batch.count;
}

static void help_batch(MoltThreads *threads)
{
    MoltBatch *batch = &threads->batch;
    MoltTask task = batch->task;
    void *context = batch->context;
    uint32_t count = batch->count, chunk = batch->chunk;
    MoltHelper self = {.next = batch->helpers, .thread = pthread_self()};
    batch->helpers = &self;
    pthread_mutex_unlock(&threads->lock);
    run_batch(threads, task, context, count, chunk);
    pthread_mutex_lock(&threads->lock);
    MoltHelper **link = &batch->helpers;
    while (*link != &self) {
        link = &(*link)->next;
    }
    *link = self.next;
    pthread_cond_broadcast(&threads->quiet);
}

static void *run_worker(void *context)
{
    MoltThreads *threads = context;
    MoltSignalStack stack;
    molt__signal_stack_take(&stack);
    pthread_mutex_lock(&threads->lock);
    while (!threads->closing) {
        MoltRunner *job = threads->holds == 0 ? next_job(threads) : NULL;
        if (batch_waits(threads)) {
            help_batch(threads);
        } else if (job != NULL) {
            run_step(threads, job);
        } else {
            bool over; /* now and then while something may be parked */
            molt__threads_wait_until(threads, &threads->work,
                       threads->asked ? molt__clock_ns() + threads->deadline_ns : UINT64_MAX / 2,
                       &over);
        }
    }
    pthread_mutex_unlock(&threads->lock);
    molt__signal_stack_give(&stack);
    return NULL;
}

/* ---- starting ------------------------------------------------------------------------------ */

/* Signals for the process go to the thread that runs main_loop(), those of a fault to who caused it. */
static bool start_thread(pthread_t *thread, void *(*run)(void *), void *context, const char *name)
{
    char title[16];
    sigset_t blocked, before;
    molt__fault_signals_others(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    bool started = pthread_create(thread, NULL, run, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    snprintf(title, sizeof title, "%s", name);
    if (started) {
        pthread_setname_np(*thread, title); /* for debuggers */
    }
    return started;
}

/* Where the system gives no more, fewer do the work. */
static void start_workers(MoltThreads *threads)
{
    uint32_t wanted = threads->count - 1;
    while (threads->worker_count < wanted && start_thread(&threads->workers[threads->worker_count],
                                                          run_worker, threads, "molt-worker")) {
        threads->worker_count++;
    }
}

static bool start_own(MoltThreads *threads, MoltRunner *runner)
{
    Start *start = malloc(sizeof *start);
    if (start == NULL) {
        return false;
    }
    *start = (Start){threads, runner};
    if (!start_thread(&runner->thread, run_own, start, runner->name)) {
        free(start);
        return false;
    }
    return true;
}

static bool start(MoltThreads *threads, const char *name, MoltStep step, void *context, bool own)
{
    size_t length = strlen(name);
    bool started = false;
    MoltRunner *runner = NULL;
    pthread_mutex_lock(&threads->lock);
    molt__threads_reap(threads);
    MoltRunner *other = find(threads, name);
    if (molt__threads_is_sealed(threads, own ? "thread_start" : "job_start", name)) {
        goto cleanup;
    }
    if (other != NULL) {
        started =
            other->step == step && other->context == context && other->own == own && !other->stop;
        goto cleanup;
    }
    if (threads->closing || length == 0 || length >= sizeof runner->name ||
        (runner = calloc(1, sizeof *runner)) == NULL) {
        goto cleanup;
    }
    memcpy(runner->name, name, length + 1);
    runner->step = step;
    runner->context = context;
    runner->own = own;
    runner->serial = ++threads->serials;
    if (own && !start_own(threads, runner)) {
        goto cleanup;
    }
    append(threads, runner);
    runner = NULL;
    started = true;
    if (!own) {
        start_workers(threads);
        pthread_cond_broadcast(&threads->work);
    }
cleanup:
    free(runner);
    pthread_mutex_unlock(&threads->lock);
    return started;
}

bool molt_threads_job_start(MoltThreads *threads, const char *name, MoltStep step, void *context)
{
    return start(threads, name, step, context, false);
}

bool molt_threads_start(MoltThreads *threads, const char *name, MoltStep step, void *context)
{
    return start(threads, name, step, context, true);
}

/* ---- for games ----------------------------------------------------------------------------- */

void molt_threads_parallel_for(MoltThreads *threads, uint32_t count, MoltTask task, void *context)
{
    MoltBatch *batch = &threads->batch;
    uint32_t chunk = count / (threads->count * 8) + 1;
    if (threads->count == 1 || count < 2) {
        run_serially(count, task, context);
        return;
    }
    pthread_mutex_lock(&threads->lock);
    bool free_to_use = batch->task == NULL;
    if (free_to_use) {
        start_workers(threads);
        batch->task = task;
        batch->context = context;
        batch->count = count;
        batch->chunk = chunk;
        atomic_store(&batch->taken, 0);
        pthread_cond_broadcast(&threads->work);
    }
    pthread_mutex_unlock(&threads->lock);
    if (!free_to_use) {
        run_serially(count, task, context);
        return;
    }
    run_batch(threads, task, context, count, chunk);
    pthread_mutex_lock(&threads->lock);
    while (batch->helpers != NULL) {
        molt__threads_wait_quiet(threads);
    }
    batch->task = NULL;
    pthread_mutex_unlock(&threads->lock);
}

uint32_t molt_threads_count(const MoltThreads *threads)
{
    return threads->count;
}

/* Who is not there is neither waited for nor stopped, whoever asks. */
static MoltRunner *find_to_wait(MoltThreads *threads, const char *name, const char *call)
{
    MoltRunner *runner = find(threads, name);
    return runner != NULL && molt__threads_is_sealed(threads, call, name) ? NULL : runner;
}

void molt_threads_job_wait(MoltThreads *threads, const char *name)
{
    pthread_mutex_lock(&threads->lock);
    MoltRunner *runner = find_to_wait(threads, name, "job_wait");
    uint64_t serial = runner != NULL ? runner->serial : 0;
    while (runner != NULL && runner->serial == serial && !runner->own && !molt__runner_is_self(runner)) {
        if (runner->inside) {
            molt__threads_wait_quiet(threads);
        } else {
            run_step(threads, runner);
        }
        runner = find(threads, name);
    }
    molt__threads_reap(threads);
    pthread_mutex_unlock(&threads->lock);
}

void molt_threads_stop(MoltThreads *threads, const char *name)
{
    pthread_mutex_lock(&threads->lock);
    MoltRunner *runner = find_to_wait(threads, name, "thread_stop");
    uint64_t serial = runner != NULL ? runner->serial : 0;
    while (runner != NULL && runner->serial == serial) {
        runner->stop = true;
        pthread_cond_broadcast(&threads->work);
        if (molt__runner_is_self(runner)) {
            break;
        }
        if ((!runner->own || runner->absent) && !runner->inside) {
            runner->ended = true;
            pthread_cond_broadcast(&threads->quiet);
        } else {
            molt__threads_wait_quiet(threads);
        }
        runner = find(threads, name);
    }
    molt__threads_reap(threads);
    pthread_mutex_unlock(&threads->lock);
}

bool molt_threads_running(MoltThreads *threads, const char *name)
{
    pthread_mutex_lock(&threads->lock);
    bool running = find(threads, name) != NULL;
    pthread_mutex_unlock(&threads->lock);
    return running;
}

bool molt_threads_pending(const MoltThreads *threads)
{
    return atomic_load_explicit(&threads->pending, memory_order_relaxed);
}

/* ---- turns --------------------------------------------------------------------------------- */

void molt_threads_turn(MoltThreads *threads)
{
    if (threads == NULL) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    uint64_t last = threads->serials; /* not those that these steps start */
    uint32_t turns = 0;
    for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
        turns += !runner->own;
    }
    for (; turns > 0 && threads->worker_count == 0; turns--) {
        MoltRunner *job = next_job(threads);
        if (job != NULL && job->serial <= last) {
            run_step(threads, job);
        }
    }
    molt__threads_look(threads);
    molt__threads_reap(threads);
    pthread_mutex_unlock(&threads->lock);
}

/* ---- life ---------------------------------------------------------------------------------- */

static uint32_t count_of(const MoltThreadsDesc *desc)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count = desc->count;
    if (count == 0) {
        count = processors > 0 ? (uint32_t)processors : 1;
    }
    return count < THREADS_MOST ? count : THREADS_MOST;
}

static void init_locks(MoltThreads *threads)
{
    pthread_condattr_t steady;
    pthread_mutex_init(&threads->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC); /* as molt__clock_ns */
    pthread_cond_init(&threads->quiet, &steady);
    pthread_cond_init(&threads->work, &steady);
    pthread_condattr_destroy(&steady);
}

MoltStatus molt_threads_create(const MoltThreadsDesc *desc, MoltThreads **out, MoltError *error)
{
    MoltThreads *threads = calloc(1, sizeof *threads);
    uint32_t count = count_of(desc);
    if (threads == NULL || (threads->workers = calloc(count, sizeof *threads->workers)) == NULL) {
        free(threads);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for %u threads.", count);
    }
    threads->count = count;
    uint32_t deadline = desc->deadline_ms != 0 ? desc->deadline_ms : DEADLINE_MS;
    threads->deadline_ns = deadline * MOLT__MILLISECOND;
    init_locks(threads);
    *out = threads;
    return MOLT_OK;
}

void molt_threads_destroy(MoltThreads *threads)
{
    if (threads == NULL || !molt_threads_end(threads)) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    threads->closing = true;
    pthread_cond_broadcast(&threads->work);
    pthread_mutex_unlock(&threads->lock);
    for (uint32_t i = 0; i < threads->worker_count; i++) {
        pthread_join(threads->workers[i], NULL);
    }
    pthread_cond_destroy(&threads->work);
    pthread_cond_destroy(&threads->quiet);
    pthread_mutex_destroy(&threads->lock);
    free(threads->workers);
    free(threads);
}
