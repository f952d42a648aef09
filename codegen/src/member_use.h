/* Where the functions of a source name members of structs (molt/usage.h): read while the bodies are
 * walked, kept for the structs that the metadata knows, merged over all sources. It must never know what
 * the evidence is for. */
#ifndef MOLT_CODEGEN_MEMBER_USE_H
#define MOLT_CODEGEN_MEMBER_USE_H

#include <cjson/cJSON.h>
#include <molt/usage.h>

#include "library_names.h"
#include "model.h"
#include "output.h"
#include "translation_unit.h"
#include "unit.h"

typedef struct MoltSeenUse {
    CXCursor cursor;      /* that names the member */
    const char *function; /* "" outside of any */
} MoltSeenUse;

typedef struct MoltSeenUses {
    MoltSeenUse *items;
    uint32_t count, capacity;
} MoltSeenUses;

/* Notes `cursor` when it names a member. `function` is that of the body; NULL: none. */
void molt__use_see(MoltArena *arena, MoltSeenUses *seen, CXCursor cursor, const char *function);

/* Once all types are followed: appends to out->uses those of members of the model's structs. */
void molt__uses_read(MoltTranslationUnit *unit, const MoltModel *model, const MoltSeenUses *seen,
                     MoltUnit *out);

/* All units' uses with the library's names, sorted as in molt/usage.h, each once. */
void molt__uses_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library);

/* The uses as an array of a unit's file; false when the array is none that was written so. */
cJSON *molt__uses_to_json(MoltArena *arena, const MoltUnit *unit);
bool molt__uses_from_json(MoltArena *arena, const cJSON *list, MoltUnit *out);

/* The uses of a library as molt_usage_from_text reads them. */
const char *molt__uses_text(MoltArena *arena, const MoltUnit *library);

#endif
