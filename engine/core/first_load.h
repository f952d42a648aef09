/* The first generation: no state to carry over yet, so start_up() makes it. It must never know
 * reloads. */
#ifndef MOLT_CORE_FIRST_LOAD_H
#define MOLT_CORE_FIRST_LOAD_H

#include <molt/heap.h>

#include "game_threads.h"
#include "library.h"

/* Binds the library's allocation sites and the empty heap to its schema, calls start_up(api) and
 * checks that it gave the start of a live block of the root type, which becomes the heap's root
 * and *state. On failure the heap may hold blocks of the game and is good for nothing but being
 * destroyed. */
MoltStatus molt__first_load(MoltLibrary *library, MoltHeap *heap, const MoltPlatformApi *api,
                            const MoltGameThreads *game_threads, void **state, MoltError *error);

#endif
