/* Where a loaded library has the variables that its metadata lists: from DWARF, which knows function
 * and file of each static, else from the symbol table. It must never know values, or the heap. */
#ifndef MOLT_CORE_VARIABLES_H
#define MOLT_CORE_VARIABLES_H

#include <molt/schema.h>

#include "symbols.h"

typedef struct MoltVariable {
    bool found;
    bool thread_local;
    uintptr_t at; /* address; of a thread-local the offset in the library's block of them */
} MoltVariable;

/* Fills variables[i] for field i of the schema's globals type from the library file `path` that is
 * loaded at `base`. What has no memory is not found: the compiler saw that nothing uses it.
 * MOLT_INVALID names a variable that is kept in pieces, in two places or in another size: it could
 * not be carried over. */
MoltStatus molt__variables_locate(const char *path, uintptr_t base, const MoltSymbols *symbols,
                                  const MoltSchema *schema, MoltVariable *variables,
                                  MoltError *error);

#endif
