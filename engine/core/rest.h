/* Whether the threads that run game code let the state alone, in words for people. It must never know what
 * is done with the state meanwhile. */
#ifndef MOLT_CORE_REST_H
#define MOLT_CORE_REST_H

#include <molt/threads.h>

#include "follow_threads.h"
#include "game_threads.h"

/* The state is the caller's alone until molt__rest_end: steps rest, and calls of the game's timers
 * wait. `wish`: "saved". MOLT_BUSY names who does not return; all go on then. */
MoltStatus molt__rest_begin(MoltThreads *threads, const char *wish, MoltError *error);
void molt__rest_end(MoltThreads *threads);

/* After the threads were ended: MOLT_BUSY names one that still runs in the library, which may be NULL. */
MoltStatus molt__rest_left(MoltThreads *threads, MoltGameThreads *game_threads,
                           const MoltLibrary *library, MoltError *error);

/* While a thread that the game started by itself lives, MOLT_REFUSED names what it runs: nobody can bring
 * it to rest, and it may come back to the library any time. Those that constructors
 * of `next`, the library that comes, have started are no hindrance. */
MoltStatus molt__rest_check(MoltGameThreads *game_threads, const MoltLibrary *library,
                            const MoltLibrary *next, MoltThreadName *name, MoltError *error);

#endif
