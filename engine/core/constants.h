/* Where a loaded library has the named constants that its metadata lists, from its symbol table. It must
 * never know values, the heap, or another library. */
#ifndef MOLT_CORE_CONSTANTS_H
#define MOLT_CORE_CONSTANTS_H

#include <molt/constants.h>
#include <molt/schema.h>

#include "symbols.h"

/* Those whose place is sure: one symbol of that name, of the size that the metadata says. Names and keys
 * are the module's. MOLT_OUT_OF_MEMORY is the only failure. */
MoltStatus molt__constants_locate(const MoltModule *module, const MoltSchema *schema,
                                  const MoltSymbols *symbols, MoltConstants *out, MoltError *error);
void molt__constants_free(MoltConstants *constants);

#endif
