/* String literals with a NUL inside of them ("Low\0High\0"): state may point at one, and where it ends its
 * bytes do not say, nor a library. It must never know who points there. */
#ifndef MOLT_CODEGEN_SPLIT_TEXTS_H
#define MOLT_CODEGEN_SPLIT_TEXTS_H

#include <cjson/cJSON.h>
#include <clang-c/Index.h>

#include "output.h"
#include "unit.h"

/* Adds the literal to the unit's, if it is of plain characters and has a NUL inside. */
void molt__split_text_see(MoltArena *arena, MoltUnit *out, CXCursor literal);

cJSON *molt__split_texts_to_json(MoltArena *arena, const MoltUnit *unit);
/* False where the text is not what the other one wrote. */
bool molt__split_texts_from_json(MoltArena *arena, const cJSON *json, MoltUnit *out);

/* Those of all units, each once. */
void molt__split_texts_link(MoltArena *arena, const MoltUnit *units, uint32_t count, MoltUnit *library);

/* Writes their tables for meta.h; nothing when there is none. */
void molt__split_texts_write(MoltText *text, const MoltUnit *library);

#endif
