#include "runner.h"

#include <string.h>

#include "clock.h"

static MoltRunner *find_inside(const MoltThreads *threads)
{
    MoltRunner *runner = threads->first;
    while (runner != NULL && (!runner->inside || molt__runner_is_self(runner))) {
        runner = runner->next;
    }
    return runner;
}

/* Who does not count as at rest: in a step, or, while ending, with a thread that has not left. */
static MoltRunner *find_busy(const MoltThreads *threads, bool ending)
{
    MoltRunner *runner = find_inside(threads);
    if (runner == NULL && ending) {
        for (runner = threads->first; runner != NULL && runner->ended;) {
            runner = runner->next;
        }
    }
    return runner;
}

/* Until nobody is busy, the lock held. Who is after the deadline; NULL: all rest. */
static MoltRunner *wait_for_all(MoltThreads *threads, bool ending, uint64_t wait_ns)
{
    uint64_t end = molt__clock_ns() + wait_ns;
    MoltRunner *busy;
    bool over = false;
    while ((busy = find_busy(threads, ending)) != NULL && !over) {
        molt__threads_wait_until(threads, &threads->quiet, end, &over);
    }
    return busy;
}

/* Remembers who was late, or that nobody is; true then. */
static bool note_late(MoltThreads *threads, MoltRunner *busy)
{
    if (busy != NULL) {
        busy->late = true;
        memcpy(threads->late, busy->name, sizeof threads->late);
        threads->late_serial = busy->serial;
        threads->late_step = busy->steps;
        return false;
    }
    threads->late[0] = 0;
    for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
        runner->late = false;
    }
    return true;
}

static bool rest(MoltThreads *threads, uint64_t wait_ns, bool noting)
{
    atomic_fetch_add(&threads->waiting, 1);
    atomic_store(&threads->pending, true); /* also for who keeps the lock */
    pthread_mutex_lock(&threads->lock);
    threads->holds++;
    MoltRunner *busy = wait_for_all(threads, false, wait_ns);
    bool rested = noting ? note_late(threads, busy) : busy == NULL;
    if (!rested) {
        threads->holds--;
        pthread_cond_broadcast(&threads->work);
    }
    atomic_fetch_sub(&threads->waiting, 1);
    molt__threads_update_pending(threads);
    pthread_mutex_unlock(&threads->lock);
    return rested;
}

bool molt_threads_rest(MoltThreads *threads)
{
    return threads == NULL || rest(threads, threads->deadline_ns, true);
}

bool molt__threads_rest_within(MoltThreads *threads, uint64_t wait_ns)
{
    return threads == NULL || rest(threads, wait_ns, false);
}

void molt_threads_go_on(MoltThreads *threads)
{
    if (threads == NULL) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    threads->holds--;
    pthread_cond_broadcast(&threads->work);
    pthread_mutex_unlock(&threads->lock);
}

void molt_threads_ask(MoltThreads *threads, bool pending)
{
    if (threads == NULL) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    threads->asked = pending;
    molt__threads_update_pending(threads);
    pthread_cond_broadcast(&threads->work);
    pthread_mutex_unlock(&threads->lock);
}

const char *molt_threads_late(const MoltThreads *threads)
{
    return threads != NULL ? threads->late : "";
}

/* Who was waited for in vain is still in that step; the lock held. */
static bool is_late(const MoltThreads *threads)
{
    const MoltRunner *runner = threads->first;
    while (runner != NULL && runner->serial != threads->late_serial) {
        runner = runner->next;
    }
    return threads->late[0] != 0 && runner != NULL && runner->inside &&
           runner->steps == threads->late_step;
}

bool molt_threads_is_late(MoltThreads *threads)
{
    if (threads == NULL) {
        return false;
    }
    pthread_mutex_lock(&threads->lock);
    bool late = is_late(threads);
    pthread_mutex_unlock(&threads->lock);
    return late;
}

bool molt_threads_end(MoltThreads *threads)
{
    if (threads == NULL) {
        return true;
    }
    atomic_fetch_add(&threads->waiting, 1);
    atomic_store(&threads->pending, true);
    pthread_mutex_lock(&threads->lock);
    for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
        runner->stop = true;
        runner->ended = runner->ended || (!runner->own && !runner->inside);
    }
    pthread_cond_broadcast(&threads->work);
    bool hopeless = threads->gave_up && is_late(threads); /* nobody waits twice for one step */
    bool ended = !hopeless && note_late(threads, wait_for_all(threads, true, threads->deadline_ns));
    threads->gave_up = !ended;
    molt__threads_reap(threads);
    atomic_fetch_sub(&threads->waiting, 1);
    molt__threads_update_pending(threads);
    pthread_mutex_unlock(&threads->lock);
    return ended;
}
