/* What the types of a library's units are called in the library. A struct, union or enum that a
 * source defines for itself keeps its name; when other sources define another type of that name, each
 * is called after its file: "ground.c:Cell". It must never know how units are merged. */
#ifndef MOLT_CODEGEN_LIBRARY_NAMES_H
#define MOLT_CODEGEN_LIBRARY_NAMES_H

#include "output.h"
#include "unit.h"

/* Per unit and type id of its schema, the name in the library. */
typedef struct MoltLibraryNames {
    MoltArena *arena;
    const MoltUnit *units;
    uint32_t unit_count;
    const char ***names;
} MoltLibraryNames;

/* Names in the arena, which also serves as scratch memory. */
MoltLibraryNames molt__library_names(MoltArena *arena, const MoltUnit *units, uint32_t count);

static inline const char *molt__library_name(const MoltLibraryNames *names, uint32_t unit,
                                             MoltTypeId id)
{
    return names->names[unit][id];
}

/* Everything that two units must agree on about a type, as text with the library's names. */
const char *molt__library_describe(const MoltLibraryNames *names, uint32_t unit, MoltTypeId id);

/* The source of a unit as schemas record it. */
const char *molt__library_source(const MoltLibraryNames *names, uint32_t unit);

#endif
