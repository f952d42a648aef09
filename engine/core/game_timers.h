/* The timers of a game that call a function (timer_create() with SIGEV_THREAD), on threads of libc
 * that nobody sees otherwise: which there are, and whether one of them is in the game's code. libc
 * blocks all signals on such threads; for the call those of a fault are let through, so that a
 * crash in it is one. It must never know libraries, or why somebody asks.
 *
 * A call finds its timer by number: libc may make one after timer_delete() has returned. The list
 * is the process's, for the same reason. */
#ifndef MOLT_CORE_GAME_TIMERS_H
#define MOLT_CORE_GAME_TIMERS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "clock.h"

/* As the C functions of these names, from any thread. Timers of other kinds are libc's alone. */
int molt__game_timers_make(clockid_t clock, struct sigevent *event, timer_t *out);
int molt__game_timers_delete(timer_t timer);

/* How long a call may take when somebody waits for it whom nothing but that keeps. */
#define MOLT__TIMERS_NS (500 * MOLT__MILLISECOND)

/* Deletes all, which ends a rest, too. False when one is still in a call after `wait_ns`. */
bool molt__game_timers_end(uint64_t wait_ns);

/* True while there are some, *function being what the oldest calls; those with a function in
 * [begin, end) do not count. A deleted one counts while it is in a call that began before, for
 * which this waits `wait_ns` at most. */
bool molt__game_timers_live(uintptr_t begin, uintptr_t end, uint64_t wait_ns, uintptr_t *function);

/* As molt__game_threads_strand. */
bool molt__game_timers_strand(uintptr_t begin, uintptr_t end);

/* No call begins, and those under way have returned; until molt__game_timers_go_on. False after
 * `wait_ns`: they go on. */
bool molt__game_timers_rest(uint64_t wait_ns);
void molt__game_timers_go_on(void);

/* Around a fork, so that the child, which has none of the timers, finds the list whole. */
void molt__game_timers_before_fork(void);
void molt__game_timers_after_fork(void);

#endif
