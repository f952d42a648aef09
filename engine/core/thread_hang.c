#include "runner.h"

#include <time.h>

#include "clock.h"
#include "fault_signals.h"

#define LOOK_NS (100 * MOLT__MILLISECOND)

/* Processor time of a thread, never 0: one that waits or is starved does not hang. */
static uint64_t time_of(pthread_t thread)
{
    clockid_t clock;
    struct timespec time = {0};
    if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        return 1;
    }
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec + 1;
}

void molt__threads_watch(MoltThreads *threads, uint64_t hang_ns)
{
    if (threads == NULL) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    threads->hang_ns = hang_ns;
    pthread_mutex_unlock(&threads->lock);
}

/* While the lock is held the thread cannot leave what it is in, so that the signal finds it there. */
void molt__threads_look(MoltThreads *threads)
{
    uint64_t now = molt__clock_ns();
    if (threads->hang_ns == 0 || now - threads->hang_looked < LOOK_NS) {
        return;
    }
    threads->hang_looked = now;
    for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
        if (!runner->inside || pthread_equal(runner->in, pthread_self())) {
            continue;
        }
        uint64_t time = time_of(runner->in);
        if (runner->hang_step != runner->steps) {
            runner->hang_step = runner->steps;
            runner->hang_cpu = time;
        } else if (time - runner->hang_cpu > threads->hang_ns) {
            pthread_kill(runner->in, MOLT__HANG_SIGNAL);
        }
    }
    for (MoltHelper *helper = threads->batch.helpers; helper != NULL; helper = helper->next) {
        uint64_t time = time_of(helper->thread);
        if (helper->began_cpu == 0) {
            helper->began_cpu = time;
        } else if (time - helper->began_cpu > threads->hang_ns) {
            pthread_kill(helper->thread, MOLT__HANG_SIGNAL);
        }
    }
}

void molt__threads_wait_quiet(MoltThreads *threads)
{
    uint64_t end = molt__clock_ns() + LOOK_NS;
    struct timespec until = {.tv_sec = (time_t)(end / 1000000000u),
                             .tv_nsec = (long)(end % 1000000000u)};
    if (threads->hang_ns == 0) {
        pthread_cond_wait(&threads->quiet, &threads->lock);
    } else {
        pthread_cond_timedwait(&threads->quiet, &threads->lock, &until);
        molt__threads_look(threads); /* also when others wake it all the time */
    }
}
