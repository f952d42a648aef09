/* The pointers of a state that lead into a range of addresses: asked before a library is closed, of its
 * image. It must never know why the range is about to go. */
#ifndef MOLT_STALE_POINTER_H
#define MOLT_STALE_POINTER_H

#include "heap.h"

/* What was found. `path` is "" when nothing was. */
typedef struct MoltStalePointers {
    uint64_t count;  /* pointers that lead there */
    uint64_t looked; /* pointers looked at */
    char path[300];  /* of the first one: "Ant.act, in Ant:17" */
} MoltStalePointers;

/* Looks at every pointer of every live block that a type declares, also at those that MOLT_EXTERNAL leaves
 * alone and at all words of unions that nobody tags, and at the variables as they are now. Types without
 * pointers cost nothing. Integers and bytes are no pointers here: what an edit does to addresses in
 * those is decided by a migration. The addresses in [begin, end) count. MOLT_OUT_OF_MEMORY, in which case
 * nothing is known, is the only failure. */
MoltStatus molt_heap_find_stale(const MoltHeap *heap, uintptr_t begin, uintptr_t end,
                                MoltStalePointers *out, MoltError *error);

#endif
