/* Names of a library that is not there: each function, constant and literal that is asked for gets an
 * address that nothing else has and that cannot be read, and the address has that name. So a state can
 * be read from JSON and be saved where there is no game. It must never know which names a library
 * really has: the one that loads the state finds out. */
#ifndef MOLT_CODE_NAMES_H
#define MOLT_CODE_NAMES_H

#include "code_map.h"
#include "status.h"

typedef struct MoltCodeNames MoltCodeNames;

/* Without names; freed with molt_code_names_free. NULL allocator: the default one. NULL when memory is
 * out. */
MoltCodeNames *molt_code_names_create(const MoltAllocator *allocator);
void molt_code_names_free(MoltCodeNames *names); /* NULL allowed */

/* Its `resolve` takes every name that a snapshot file can hold: 0 for others and when memory is out.
 * Of a constant it keeps the size and the number that the name came with first. Owned by `names`,
 * which must stay as long as a heap with such addresses is used. */
const MoltCodeMap *molt_code_names_map(const MoltCodeNames *names);

#endif
