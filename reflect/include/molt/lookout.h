/* A lookout: which pointers of the state lead to what an edit is about to move, found out while the game
 * still runs. A migration has to change all of them, and reads every object that could hold one; with a
 * lookout it reads those of which somebody has written the page meanwhile, and knows the others. It must
 * never know why something moves, nor write anything that the heap holds.
 *
 *   begin -> run (any thread, beside the game) -> settle -> the migration, or none -> end
 *
 * Whether a page was written says the checkpoint, where the kernel tells it (molt/checkpoint.h). What is
 * known of a page counts only as long as nobody wrote to it from before it was read on, so that it does not
 * matter when it was read, nor what the game did meanwhile. Where nothing tells that, there is no lookout,
 * and a migration reads everything. */
#ifndef MOLT_LOOKOUT_H
#define MOLT_LOOKOUT_H

#include "checkpoint.h"
#include "plan.h"

typedef struct MoltLookout MoltLookout;

/* To read fewer bytes than this takes less than to find out what need not be read. */
#define MOLT_LOOKOUT_LEAST ((uint64_t)4 << 20)

/* Notes what spans a heap has. `least`: of fewer bytes of objects nothing is listed. On the thread that
 * takes its checkpoints, between two of the game's frames; others may allocate. Takes time by the span.
 * `checkpoint` is that of the heap, and may be freed before. NULL, which the other functions allow, where
 * the checkpoint does not track pages or another lookout uses it, or memory is out. */
MoltLookout *molt_lookout_begin(MoltHeap *heap, MoltCheckpoint *checkpoint, uint64_t least);

/* Reads the objects of types that the plan leaves as they are and that may point at what it changes, and
 * lists the pointers that the migration has to look at. Once, on any thread; the game may write all the
 * time. Returns the bytes of objects that are listed, 0 also where the plan is not of the schema that the
 * heap had. */
uint64_t molt_lookout_run(MoltLookout *lookout, const MoltPlan *plan);

/* Gives the next migration by that plan what the lookout found, which has to live until its commit; NULL:
 * nothing. One migration uses it, any further one reads everything. */
void molt_plan_set_lookout(MoltPlan *plan, MoltLookout *lookout);

/* From now until the migration nobody writes to the heap but the migration: asks for the last time what was
 * written, and then has the kernel let all pages be written that the migration may write, as each would
 * have a fault. It is for who makes checkpoints and has stopped the game for that; without it the migration
 * asks itself, and the pages are among its stretches (molt_migrate_stretches). On the thread of
 * molt_lookout_begin. */
void molt_lookout_settle(MoltLookout *lookout);

/* The heap is about to lose its address range to another one: what was found counts no more, and nothing of
 * it is read any more when this returns. On the thread of molt_lookout_begin. */
void molt_lookout_stop(MoltLookout *lookout);

/* On the thread of molt_lookout_begin, when nobody runs it. */
void molt_lookout_end(MoltLookout *lookout);

#endif
