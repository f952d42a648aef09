/* What a game does to signals, as far as it would keep the host from hearing of its crashes: the
 * kernel ends a process in which a fault comes while its signal is blocked or ignored, and nobody
 * can be told any more. It must never know what a fault leads to. Everything may be called on any
 * thread. */
#ifndef MOLT_CORE_GAME_SIGNALS_H
#define MOLT_CORE_GAME_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* As pthread_sigmask(); while there is a guard, the signals of faults are not blocked. */
int molt__game_signals_mask(int how, const sigset_t *set, sigset_t *before);
/* As sigaction(); while there is a guard, what is to be done about a fault stays the guard's. The
 * game is told what it has set itself. */
int molt__game_signals_action(int number, const struct sigaction *action, struct sigaction *before);

/* For people, once for each such signal: what the game wanted of it is left out. False when there
 * is nothing. */
bool molt__game_signals_tell(char *text, size_t size);

#endif
