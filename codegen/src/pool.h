/* MOLT_POOL on fields and variables: the name that the schema gives the type it names. It must never know
 * allocations. */
#ifndef MOLT_CODEGEN_POOL_H
#define MOLT_CODEGEN_POOL_H

#include "type_reader.h"

/* What the note's text, "Ant" or "Ant, Header", names; `header` is "" where it names none. */
typedef struct MoltPoolNames {
    const char *type, *header;
} MoltPoolNames;
MoltPoolNames molt__pool_names(MoltArena *arena, const char *text);
const char *molt__pool_text(MoltArena *arena, MoltPoolNames names);

/* Where there is one, it gets the schema's names of the types, as far as this source can see it. */
void molt__pool_read(MoltTypeReader *reader, MoltPlace place, MoltModelNotes *notes);

#endif
