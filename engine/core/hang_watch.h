/* The timers by which a call without an end is found on the thread that makes it. It must never know what is
 * called, or what becomes of it.
 *
 * A call that computes is judged by its processor time, for a process that is stopped or starved does not
 * hang. One that mostly sleeps, `while (true) usleep(1);`, would get away with that for minutes; so the
 * clock counts, too, for as long as the thread is neither waiting for a processor nor reading files, and
 * uses the processor again and again. Who waits for one thing uses none and is left alone. */
#ifndef MOLT_CORE_HANG_WATCH_H
#define MOLT_CORE_HANG_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Zero-initialised: watches nothing. */
typedef struct MoltHangWatch {
    uint64_t hang_ns; /* processor time of one call; 0: no watch */
    bool timed, clocked;
    timer_t busy, clock;
    unsigned retries;
    uint64_t found_ns; /* how long the call has gone on that has no end */
    /* of the window of the clock that is open */
    uint64_t window_start_ns, window_busy_ns, window_starved_ns;
    long window_blocks;
    unsigned windows; /* in a row, in which the call went on and on */
} MoltHangWatch;

/* Makes timers that send `number` to `thread`. Without any the watch watches nothing. */
void molt__hang_watch_create(MoltHangWatch *watch, uint64_t hang_ns, int number, pid_t thread);
void molt__hang_watch_destroy(MoltHangWatch *watch);

/* Around a call, by that thread. */
void molt__hang_watch_begin(MoltHangWatch *watch);
void molt__hang_watch_end(MoltHangWatch *watch);

/* In the handler of the signal: how long the call has gone on when it has no end, else 0. */
uint64_t molt__hang_watch_judge(MoltHangWatch *watch, const siginfo_t *info);
/* In that handler: the signal comes again in a moment, when the thread may be in other code. False when that
 * was tried often enough. */
bool molt__hang_watch_again(MoltHangWatch *watch);

#endif
