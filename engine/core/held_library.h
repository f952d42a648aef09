/* Generations that no longer run, from then on to the moment at which nothing of the state leads into them:
 * only then a library is closed, because whoever followed a pointer into it later would land in whatever
 * lies there by then. It must never know why a generation was left. */
#ifndef MOLT_CORE_HELD_LIBRARY_H
#define MOLT_CORE_HELD_LIBRARY_H

#include <molt/heap.h>
#include <molt/threads.h>

#include "library.h"

/* Invariant: the last `fresh` items have not been looked for yet. `text` is "" unless a library has been
 * held since it was taken. */
typedef struct MoltHeldLibraries {
    MoltLibrary **items;
    uint32_t count, slots, fresh;
    char text[900];
} MoltHeldLibraries;

/* Takes a library that has left; it stays loaded for good when memory is out. NULL allowed. */
void molt__held_library_add(MoltHeldLibraries *held, MoltLibrary *library);

/* Once more have been added: closes each that no pointer of `heap` leads into, which has the schema of
 * `current`; a pointer that a reload passed over is turned to `current` before (NULL: none runs). A fresh one
 * that stays loaded is named in `text`, with the first such pointer; so is one that could not be looked for.
 * The threads that run game code are brought to rest for it; where they do not rest at once, the next call
 * tries again. */
void molt__held_library_look(MoltHeldLibraries *held, MoltHeap *heap, const MoltLibrary *current,
                             MoltThreads *threads);

/* What there is to tell of it, once; the buffer is of `text`'s size. False when there is nothing. */
bool molt__held_library_tell(MoltHeldLibraries *held, char *buffer, size_t size);

/* Closes all: the state is gone, or about to go unread. */
void molt__held_library_clear(MoltHeldLibraries *held);
/* Leaves all in the process, where somebody is still in one of them, and removes their files. */
void molt__held_library_abandon(MoltHeldLibraries *held);

#endif
