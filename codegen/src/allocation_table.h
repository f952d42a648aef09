/* The allocations of a library: which functions are wrappers is decided over all units, and what
 * remains is written as a table. It must never know how sources were read. */
#ifndef MOLT_CODEGEN_ALLOCATION_TABLE_H
#define MOLT_CODEGEN_ALLOCATION_TABLE_H

#include "library_names.h"

/* Takes the calls of all units that allocate into `library`, under the library's names of types, each
 * place once, in order of file, line and column. */
void molt__allocations_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library);

/* The table and its text as C; false, with nothing written, when there is no allocation. */
bool molt__allocations_write(MoltText *text, const MoltUnit *library);

#endif
