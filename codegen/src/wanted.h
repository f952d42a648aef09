/* The types that a schema is made of without a game: those named by --root, or every record of a
 * source for --all-records. It must never know how types are read, only which. */
#ifndef MOLT_CODEGEN_WANTED_H
#define MOLT_CODEGEN_WANTED_H

#include "type_reader.h"

typedef struct MoltWanted {
    const char *const *roots; /* as C names types: "Ant", "struct Ant" */
    uint32_t root_count;
    bool all_records;
} MoltWanted;

/* False for a game, whose MOLT_ROOT and allocations say what it holds. */
static inline bool molt__is_wanted(const MoltWanted *wanted)
{
    return wanted->root_count > 0 || wanted->all_records;
}

/* What a root is called in schemas: the name without "struct", "union" or "enum". */
const char *molt__wanted_name(const char *root);

/* The type that C code at the end of the source means by a name such as "Ant" or "struct Ant". */
bool molt__wanted_find(const MoltTypeReader *reader, const char *name, CXType *out);

/* Queues the wanted types that the translation unit defines and makes the named ones roots of the
 * model. A name that is not there is no failure: another source may have it. */
void molt__wanted_read(MoltTypeReader *reader, const MoltWanted *wanted);

#endif
