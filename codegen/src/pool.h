/* MOLT_POOL on fields and variables: the name that the schema gives the type it names. It must never know
 * allocations. */
#ifndef MOLT_CODEGEN_POOL_H
#define MOLT_CODEGEN_POOL_H

#include "type_reader.h"

/* Where there is one, it gets the schema's name of the type, as far as this source can see it. */
void molt__pool_read(MoltTypeReader *reader, MoltPlace place, MoltModelNotes *notes);

#endif
