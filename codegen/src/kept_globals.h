/* The variables that all sources of a library share, to which the metadata refers from outside of what is
 * optimised at link time: an optimiser that sees all uses of a variable but this one may not take it apart.
 * It must never know types or values. */
#ifndef MOLT_CODEGEN_KEPT_GLOBALS_H
#define MOLT_CODEGEN_KEPT_GLOBALS_H

#include <cjson/cJSON.h>
#include <clang-c/Index.h>

#include "arena.h"
#include "output.h"
#include "unit.h"

/* Adds the variable, defined in the source, unless it is there or no other source can name it. */
void molt__kept_global_read(MoltArena *arena, MoltUnit *out, CXCursor variable);

cJSON *molt__kept_globals_to_json(const MoltUnit *unit);
/* False where the text is not what the other one wrote. */
bool molt__kept_globals_from_json(MoltArena *arena, const cJSON *json, MoltUnit *out);

/* Adds those of a source to those of the library. */
void molt__kept_globals_link(MoltArena *arena, const MoltUnit *unit, MoltUnit *library);

/* Writes the references: to addresses in a section that is not loaded, so they cost nothing there. For clang
 * alone; gcc has flags that keep variables whole when it links, too. */
void molt__kept_globals_write(MoltText *text, const MoltUnit *library);

#endif
