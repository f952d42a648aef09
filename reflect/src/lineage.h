/* The versions that a session went through: the schema of a running state remembers which ones it came
 * from, so that an edit that goes back to one of them is known as such. Then what a thing is follows from
 * the way that led away from there, whatever names and notes say now. It must never know plans or heaps.
 *
 * Invariant: only the commit of a migration writes marks, into the schema that then describes the state. */
#ifndef MOLT_LINEAGE_H
#define MOLT_LINEAGE_H

#include "molt/schema.h"

/* Hash of the notes that decide what a plan maps, of which layouts know nothing. */
uint64_t molt__lineage_notes(const MoltSchema *schema);
/* How many edits lead from `after`, which the state had once, to `before`; 0 when none is known. */
uint32_t molt__lineage_edits(const MoltSchema *before, const MoltSchema *after);
/* A state of `before` became one of `after`. */
void molt__lineage_follow(const MoltSchema *before, const MoltSchema *after);

#endif
