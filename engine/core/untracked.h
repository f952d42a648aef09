/* Variables of a library that no metadata describes: those of sources that the generator was not given,
 * and arrays and structs without a name. A reload starts them anew, so what the game did to them has to
 * be told. This must never know the heap. */
#ifndef MOLT_CORE_UNTRACKED_H
#define MOLT_CORE_UNTRACKED_H

#include <molt/globals.h>
#include <molt/plan.h>

#include "symbols.h"
#include "variables.h"

typedef struct MoltUntracked MoltUntracked;

/* Finds them in the library file `path` that is loaded at `base`. `sources` are the game's own (see
 * MoltModule), whose other variables need no metadata: they are constant or MOLT_TRANSIENT. `variables`
 * are those that metadata describes. A library without a symbol table has none. MOLT_OUT_OF_MEMORY,
 * MOLT_SYSTEM. */
MoltStatus molt__untracked_open(const char *path, uintptr_t base, const MoltSymbols *symbols,
                                const char *sources, const MoltVariable *variables, uint32_t count,
                                MoltUntracked **out, MoltError *error);
void molt__untracked_close(MoltUntracked *untracked); /* NULL allowed */

/* Takes what they hold now for what they start with. `globals` are those of the same library, settled:
 * what has no name is called after the variable that points at it. */
void molt__untracked_settle(MoltUntracked *untracked, const MoltGlobals *globals);

/* Adds a finding for each that holds something else by now. MOLT_REFUSED under a policy that allows no
 * loss, with the first of them in *error; MOLT_OUT_OF_MEMORY. */
MoltStatus molt__untracked_report(const MoltUntracked *untracked, MoltPolicy policy,
                                  MoltReport *report, MoltError *error);

#endif
