/* The tables of a heap as a value: copied, and put in the place of others. Shared by snapshot.c and
 * checkpoint.c. It must never know where the bytes of the blocks are kept. */
#ifndef MOLT_SNAPSHOT_TABLES_H
#define MOLT_SNAPSHOT_TABLES_H

#include "heap_span.h"

/* Copies everything but what belongs to the address range. `to` is a heap of zeroes but allocator. On
 * failure it holds what there was memory for, to be freed with molt__heap_free_tables. */
bool molt__tables_copy(const MoltHeap *from, MoltHeap *to);

/* Moves the tables of `fresh` into the heap, which keeps range, faults and API and whose own tables were
 * freed before (molt__heap_free_tables). The caller sees to the free ranges. */
void molt__tables_take(MoltHeap *heap, const MoltHeap *fresh);

#endif
