/* The versions that a session had: the schema of a running state remembers them, so that an edit that goes
 * back or on to one of them is known as such, however many versions lie between. Then what a thing is
 * follows from the lines of the two (version.h), whatever names and notes say now. It must never know plans
 * or heaps.
 *
 * Invariant: only the commit of a migration writes the list, of the schema that then describes the state;
 * its first item is that schema's own version. */
#ifndef MOLT_LINEAGE_H
#define MOLT_LINEAGE_H

#include "version.h"

/* The version that a running state's session had with that schema, or NULL. */
MoltVersion *molt__lineage_find(const MoltSchema *running, const MoltSchema *schema);
/* A state of `before`, which is version `from`, became one of `after`, which is `to`. */
void molt__lineage_follow(const MoltSchema *before, const MoltSchema *after, MoltVersion *from,
                          MoltVersion *to);
/* Drops the list. */
void molt__lineage_forget(MoltSchema *schema);

#endif
