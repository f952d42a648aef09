#include "hang_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

/* A call has no end after this many windows in a row, each of so many times the processor time that it may
 * take, in which it used a hundredth of the time. The first one is opened when it has gone on for as
 * long as it may compute, for most calls are over long before. */
enum { WINDOWS = 2, WINDOW = 2, SHARE = 100 };

#define SECOND_NS UINT64_C(1000000000)
#define RETRY_NS UINT64_C(2000000)
#define RETRIES 500

enum { BY_BUSY, BY_CLOCK };

static void arm(timer_t timer, uint64_t nanoseconds)
{
    const struct itimerspec time = {
        .it_value = {(time_t)(nanoseconds / SECOND_NS), (long)(nanoseconds % SECOND_NS)}};
    timer_settime(timer, 0, &time, NULL);
}

void molt__hang_watch_create(MoltHangWatch *watch, uint64_t hang_ns, int number, pid_t thread)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number};
    event._sigev_un._tid = thread;
    *watch = (MoltHangWatch){.hang_ns = hang_ns};
    event.sigev_value.sival_int = BY_BUSY;
    watch->timed = hang_ns > 0 && timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch->busy) == 0;
    event.sigev_value.sival_int = BY_CLOCK;
    watch->clocked = watch->timed && timer_create(CLOCK_MONOTONIC, &event, &watch->clock) == 0;
}

void molt__hang_watch_destroy(MoltHangWatch *watch)
{
    if (watch->timed) {
        timer_delete(watch->busy);
    }
    if (watch->clocked) {
        timer_delete(watch->clock);
    }
    watch->timed = watch->clocked = false;
}

/* ---- windows of the clock -------------------------------------------------------------------- */

static uint64_t busy_ns(void)
{
    struct timespec time = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* How long the thread has waited for a processor; false where the system does not count that. */
static bool read_starved(uint64_t *out)
{
    char text[96];
    int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : 0;
    if (file >= 0) {
        close(file);
    }
    text[length > 0 ? length : 0] = 0;
    const char *second = strchr(text, ' ');
    *out = 0;
    for (second += second != NULL; second != NULL && *second >= '0' && *second <= '9'; second++) {
        *out = *out * 10 + (uint64_t)(*second - '0');
    }
    return length > 0;
}

static long read_blocks(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_inblock + usage.ru_oublock;
}

static void open_window(MoltHangWatch *watch)
{
    watch->window_start_ns = molt__clock_ns();
    watch->window_busy_ns = busy_ns();
    watch->window_blocks = read_blocks();
    (void)read_starved(&watch->window_starved_ns);
    arm(watch->clock, watch->hang_ns * WINDOW);
}

static bool is_busy_window(const MoltHangWatch *watch)
{
    uint64_t starved = 0, passed = molt__clock_ns() - watch->window_start_ns;
    if (watch->window_start_ns == 0 || !read_starved(&starved) ||
        read_blocks() != watch->window_blocks) {
        return false;
    }
    uint64_t waited = starved - watch->window_starved_ns;
    uint64_t awake = busy_ns() - watch->window_busy_ns;
    return waited < passed / 2 && awake * SHARE >= passed;
}

/* ---- a call ---------------------------------------------------------------------------------- */

void molt__hang_watch_begin(MoltHangWatch *watch)
{
    watch->retries = watch->windows = 0;
    watch->window_start_ns = 0;
    if (watch->timed) {
        arm(watch->busy, watch->hang_ns);
    }
    if (watch->clocked) {
        arm(watch->clock, watch->hang_ns);
    }
}

void molt__hang_watch_end(MoltHangWatch *watch)
{
    if (watch->timed) {
        arm(watch->busy, 0);
    }
    if (watch->clocked) {
        arm(watch->clock, 0);
    }
}

uint64_t molt__hang_watch_judge(MoltHangWatch *watch, const siginfo_t *info)
{
    if (watch->retries > 0) {
        return watch->found_ns;
    }
    if (info->si_value.sival_int == BY_BUSY) {
        return watch->found_ns = watch->hang_ns;
    }
    watch->windows = is_busy_window(watch) ? watch->windows + 1 : 0;
    if (watch->windows < WINDOWS) {
        open_window(watch);
        return 0;
    }
    return watch->found_ns = watch->hang_ns * (1 + WINDOW * WINDOWS);
}

bool molt__hang_watch_again(MoltHangWatch *watch)
{
    if (watch->retries >= RETRIES) {
        return false;
    }
    watch->retries++;
    arm(watch->clocked ? watch->clock : watch->busy, RETRY_NS);
    return true;
}
