/* The allocations of a library: which functions are wrappers is decided over all units, and what
 * remains is written as a table. It must never know how sources were read. */
#ifndef MOLT_CODEGEN_ALLOCATION_TABLE_H
#define MOLT_CODEGEN_ALLOCATION_TABLE_H

#include "library_names.h"

/* A function that gives on the block it got; the file of a static one, else "". */
typedef struct MoltWrapper {
    const char *name, *file;
    bool adds; /* its blocks are larger than what its callers say */
} MoltWrapper;

typedef struct MoltWrappers {
    MoltWrapper *items;
    uint32_t count, capacity;
} MoltWrappers;

MoltWrappers molt__wrappers_find(MoltArena *arena, const MoltLibraryNames *names);

/* NULL when the function is none. */
MoltWrapper *molt__wrapper(const MoltWrappers *wrappers, const char *name, const char *file);

/* Takes the calls of all units that allocate into `library`, under the library's names of types, each
 * place once, in order of file, line and column. */
void molt__allocations_link(MoltArena *arena, const MoltLibraryNames *names,
                            const MoltWrappers *wrappers, MoltUnit *library);

/* The table and its text as C; false, with nothing written, when there is no allocation. */
bool molt__allocations_write(MoltText *text, const MoltUnit *library);

#endif
