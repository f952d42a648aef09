/* Writes the metadata of one library as a C source: the schema as constant tables, and assertions
 * by which the game's own compiler confirms every size and offset that it can name. It must never
 * know where the schema came from. */
#ifndef MOLT_CODEGEN_METADATA_H
#define MOLT_CODEGEN_METADATA_H

#include "unit.h"

#define MOLT_CODEGEN_GENERATOR "molt-codegen 0.1.0"

/* The source as text in the arena. The unit's headers are included by the names it has for them. */
const char *molt__metadata_write(MoltArena *arena, const MoltUnit *library);

#endif
