/* Room: the pages of what a migration will make, got from the system while the game still runs, so that none
 * of them is faulted in and zeroed inside of the pause. It must never know what a migration does beyond the
 * sizes of its spans, nor change anything that the heap holds.
 *
 * Nothing is taken: a room foresees where the migration's spans will lie, which is where the lowest free
 * ranges fit, and asks the system for the pages there. What the game takes of them meanwhile it may take, for
 * no byte is written. So a room that foresaw wrongly costs time, and never a reload.
 *
 *   look -> prepare (any thread, beside the game) -> the migration, or none -> free -> trim, by and by */
#ifndef MOLT_HEAP_ROOM_H
#define MOLT_HEAP_ROOM_H

#include "heap.h"
#include "plan.h"

typedef struct MoltHeapRoom MoltHeapRoom;

/* Notes what spans a heap has and where it has room. Until the room is freed, memory that the heap lets go
 * stays with it: giving it back takes time, too. On the thread that migrates and goes back to checkpoints;
 * others may allocate. Takes time by the span. NULL, which the other functions allow, where there is little
 * to migrate or memory is out. */
MoltHeapRoom *molt_heap_room_look(MoltHeap *heap);

/* Asks the system for pages for the live blocks of all types that the plan changes, in their new layout: huge
 * ones where the migration would have these. Free addresses that the heap has not used yet become writable
 * for that. Once, on any thread, and not after molt_heap_room_free; the heap is not looked at. Returns the
 * bytes, 0 where they are too few to be worth it, or where the plan is not of the schema that the heap had.
 * Memory that is out, and a system older than Linux 5.14, end it early. */
uint64_t molt_heap_room_prepare(MoltHeapRoom *room, const MoltPlan *plan);

/* Gives the system back what is still free of the pages, and frees the room. On the thread of
 * molt_heap_room_look, while no migration is between prepare and commit. The heap may hold something else by
 * then. */
void molt_heap_room_free(MoltHeapRoom *room, MoltHeap *heap);

/* Gives the system back some of what the heap let go while there was a room, beyond what it keeps for
 * reuse. To be called in each frame after the room was freed until it is false: then nothing is left. Any
 * thread. */
bool molt_heap_room_trim(MoltHeap *heap);

#endif
