/* Which sources are parsed together (joint.h): found out by trying when there is time, and kept
 * as a file beside the units. It must never decide whether that is still sound: that is looked
 * at in every parse. */
#ifndef MOLT_CODEGEN_TOGETHER_H
#define MOLT_CODEGEN_TOGETHER_H

#include "joint.h"
#include "unit_reader.h"

/* For each source the number of its group, from 0, or -1: it is parsed alone. What was found for
 * another state of its preprocessor's lines, flags or system headers does not count. */
int *molt__together_read(const MoltPreludes *preludes, const MoltJointSource *sources,
                         uint32_t count);

/* Sees to it that there is a group for each of the sources: those that fit are put together one
 * by one, and whoever does not give the same unit in its group, to the byte, is parsed alone.
 * `descs` has one for each source, with its prelude. */
void molt__together_make(MoltPreludes *preludes, const MoltJointSource *sources,
                         const MoltUnitDesc *descs, uint32_t count);

/* Has them found anew. */
void molt__together_forget(const MoltPreludes *preludes);

#endif
