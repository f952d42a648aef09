/* Pointers into a library that has left which its reload passed over, because the sources show nothing that
 * makes pointers of their type lead there (MoltCodeMap.apart), and something that sources do not show did. It
 * must never know who found them. */
#ifndef MOLT_CORE_LATE_POINTERS_H
#define MOLT_CORE_LATE_POINTERS_H

#include <molt/heap.h>

#include "library.h"

/* Turns all pointers of the state that lead into `left` to the same places of `current`, whose schema is
 * the heap's, and takes their types out of current->apart. The game and its threads rest. After a failure
 * nothing is changed; pointers that no migration follows stay as they are after MOLT_OK, too. */
MoltStatus molt__late_pointers_follow(const MoltLibrary *left, const MoltLibrary *current,
                                      MoltHeap *heap, MoltError *error);

#endif
