/* Types whose values may lie in memory without a type: in blocks of which no call says what they hold, and
 * in arrays of bytes. Found over all sources from their flow of pointers. It must never know how sources are
 * read. */
#ifndef MOLT_CODEGEN_ERASED_H
#define MOLT_CODEGEN_ERASED_H

#include "allocation_table.h"

/* Fills library->erased, under the library's names of types. Blocks of bytes into which structs are put
 * lose their type in library->allocations. After molt__allocations_link. */
void molt__erased_link(MoltArena *arena, const MoltLibraryNames *names,
                       const MoltWrappers *wrappers, MoltUnit *library);

#endif
