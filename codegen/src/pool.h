/* MOLT_POOL on fields and variables: which declarations may have it, and the name that the schema gives
 * the type it names. It must never know allocations. */
#ifndef MOLT_CODEGEN_POOL_H
#define MOLT_CODEGEN_POOL_H

#include "type_reader.h"

/* Refuses MOLT_POOL on a declaration `path` whose type holds no pointer; elsewhere its note gets the
 * schema's name of the type, as far as this source can see it. */
bool molt__pool_check(MoltTypeReader *reader, MoltPlace place, const char *path,
                      const MoltModelType *type, MoltModelNotes *notes);

#endif
