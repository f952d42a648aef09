/* Makes preludes: precompiles the system headers that a source includes, when nothing in the game's
 * own files can mean anything to them, and tries whether the source gives the same unit with them.
 * It must never know when that is done. */
#ifndef MOLT_CODEGEN_PRELUDE_MAKER_H
#define MOLT_CODEGEN_PRELUDE_MAKER_H

#include "prelude.h"
#include "unit_reader.h"

/* Sees to it that it is known which prelude the source of `desc` has, whose own is ignored. Reads
 * the source as often as that takes; a source that cannot be read, or that changes meanwhile, is
 * left as it was. */
void molt__prelude_make(MoltPreludes *preludes, const MoltUnitDesc *desc);

#endif
