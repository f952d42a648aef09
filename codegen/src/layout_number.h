/* Integers of the state that may be the size of a type or the offset of a field, and types of which
 * addresses select elements, found over all sources from what numbers are given. It must never know how
 * sources are read. */
#ifndef MOLT_CODEGEN_LAYOUT_NUMBER_H
#define MOLT_CODEGEN_LAYOUT_NUMBER_H

#include "library_names.h"

/* Fills library->sized, under the library's names of types, and makes notes of library->hashed. After
 * molt__erased_link. */
void molt__layout_numbers_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library);

#endif
