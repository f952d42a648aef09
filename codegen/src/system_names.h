/* The macros, types and enumerators of precompiled system headers by name, as a file beside
 * them, by header. Not their functions and variables, of which an expression tells whether it
 * means them. It must never know for whom the names matter. */
#ifndef MOLT_CODEGEN_SYSTEM_NAMES_H
#define MOLT_CODEGEN_SYSTEM_NAMES_H

#include "prelude.h"

typedef struct MoltSystemName {
    const char *header, *name;
} MoltSystemName;

typedef struct MoltSystemNames {
    MoltSystemName *items; /* those of one header behind each other */
    uint32_t count, capacity;
} MoltSystemNames;

/* Writes those of the open unit, which is the headers of `files`, for the set that is called so.
 * False when it cannot. */
bool molt__system_names_write(MoltPreludes *preludes, const char *set, MoltTranslationUnit *unit,
                              const MoltInclusions *files);

/* Reads them for the headers of `prelude`; false when they are not there. */
bool molt__system_names_read(const MoltPreludes *preludes, const MoltPrelude *prelude,
                             MoltSystemNames *out);

#endif
