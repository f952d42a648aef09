/* The named constants of a library with static storage, tables above all: what their elements are, and
 * what their rows are called where the source says so. State may hold pointers into them, which a reload
 * turns to the same rows of the next library. They add no type to a schema. It must never know values. */
#ifndef MOLT_CODEGEN_CONSTANTS_H
#define MOLT_CODEGEN_CONSTANTS_H

#include <cjson/cJSON.h>

#include "library_names.h"
#include "output.h"
#include "type_reader.h"
#include "unit.h"

/* Adds the variable, which is const and has static storage, to the unit's constants where it is defined.
 * `name` is what a variable would be called ("ground.c:castes"); `index` the enum of its MOLT_INDEX, or
 * of kind CXType_Invalid. */
void molt__constant_read(MoltTypeReader *reader, MoltUnit *out, CXCursor variable, const char *name,
                         const MoltModelNotes *notes, CXType index);

cJSON *molt__constants_to_json(const MoltUnit *unit);
/* False where the text is not what the other one wrote. */
bool molt__constants_from_json(MoltArena *arena, const cJSON *json, MoltUnit *out);

/* Those of all units, with their types' names in the library. */
void molt__constants_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library);

/* Writes their tables for meta.h, of those whose types the library's schema has; how many these are. */
uint32_t molt__constants_write(MoltText *text, const MoltUnit *library);

#endif
