/* Generations that no longer run, from then on to the moment at which nothing of the state leads into them:
 * only then a library is closed, because whoever followed a pointer into it later would land in whatever
 * lies there by then. It must never know why a generation was left. */
#ifndef MOLT_CORE_HELD_LIBRARY_H
#define MOLT_CORE_HELD_LIBRARY_H

#include <molt/heap.h>

#include "library.h"

/* Invariant: `text` is "" unless a library has been held since it was taken. */
typedef struct MoltHeldLibraries {
    MoltLibrary **items;
    uint32_t count, slots;
    char text[900];
} MoltHeldLibraries;

/* Closes `library`, which has left, and each one held before it, unless a pointer of `heap`, whose schema
 * is not of them, leads there. One that stays loaded is named in `text`, with the first such pointer;
 * so is one that could not be looked for. NULL allowed. */
void molt__held_library_leave(MoltHeldLibraries *held, const MoltHeap *heap, MoltLibrary *library);

/* What there is to tell of it, once; the buffer is of `text`'s size. False when there is nothing. */
bool molt__held_library_tell(MoltHeldLibraries *held, char *buffer, size_t size);

/* Closes all: the state is gone, or about to go unread. */
void molt__held_library_clear(MoltHeldLibraries *held);

#endif
